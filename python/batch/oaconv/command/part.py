# SPDX-License-Identifier: GPL-3.0-or-later
"""The unfinished result: files under temporary names, written at any place, renamed at the end.

Blocks of zeros stay holes. A recording of bursts is often a sparse file, far larger than the disk
has room; its result is then as sparse, and fits where the recording did (docs/command.md promises
it). A resumed run writes zeros over what a crash has left, as it may be no zeros.
"""

import contextlib
import errno
import fcntl
import os

import numpy as np

from .errors import Failed, Refused, os_error
from .fileio import is_hole, lock, sync_folder, write_at

SUFFIX = ".part"
HOLE_BYTES = 256 << 10  # zeros of such a block, on a grid in the file, are not written


class Part:
    """Files C.part beside the files C. Several threads may write and read at once."""

    def __init__(self, result):
        self.result = result
        self.names = [name + SUFFIX for name in result.names]
        self.fds = []
        self.fresh = True  # whether all is holes that this process has not written to

    # ---- opening ----

    def open(self):
        """Opens the files; those that are missing are made, empty. All, or none are made."""
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        try:
            for name in self.names:
                with self.naming(name, Refused):
                    self.fds.append(os.open(name, flags, 0o666))
        except Refused:
            for name, fd in zip(self.names, self.fds):
                if os.fstat(fd).st_size == 0:
                    os.unlink(name)
            raise

    def missing(self):
        """The first of the files that is not there with its full size, or None."""
        for name in self.names:
            try:
                if os.stat(name).st_size == self.result.layout.file_size:
                    continue
            except FileNotFoundError:
                pass
            return name
        return None

    def lock(self, shared):
        """Whether this process may work: with others that share, or alone. Ends with the process.

        Call it only while the journal is locked: changing a lock lets it go for a moment.
        """
        kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
        try:
            lock(self.fds[0], kind | fcntl.LOCK_NB, needed=shared)
        except OSError as error:
            if error.errno in (errno.EWOULDBLOCK, errno.EACCES):
                return False
            raise Failed(os_error(error, self.names[0])) from None
        return True

    def clear(self):
        """All holes, full size."""
        for name, fd in zip(self.names, self.fds):
            with self.naming(name, Refused):
                os.ftruncate(fd, 0)
                os.ftruncate(fd, self.result.layout.file_size)
                write_at(fd, memoryview(self.result.head), 0)

    # ---- working ----

    def write(self, index, view, offset):
        """Writes a memoryview of bytes to file `index`; blocks of zeros become holes."""
        with self.naming(self.names[index], Failed):
            for begin, end in self.spans(index, view, offset):
                write_at(self.fds[index], view[begin:end], offset + begin)

    def spans(self, index, view, offset):
        """The parts of the view to write, as few as possible."""
        begin = at = 0
        while at < len(view):
            end = min(len(view), (offset + at) // HOLE_BYTES * HOLE_BYTES + HOLE_BYTES - offset)
            if is_zero(view[at:end]) and (
                self.fresh or is_hole(self.fds[index], offset + at, offset + end)
            ):
                if at > begin:
                    yield begin, at
                begin = end
            at = end
        if at > begin:
            yield begin, at

    def read_into(self, array, index, offset):
        """Fills a C-contiguous array with what was written."""
        view = memoryview(array).cast("B")
        with self.naming(self.names[index], Failed):
            if os.preadv(self.fds[index], [view], offset) != len(view):
                raise Failed(f"{self.names[index]}: somebody shortened it")

    def sync(self):
        """What was written lasts, whatever happens."""
        for name, fd in zip(self.names, self.fds):
            with self.naming(name, Failed):
                os.fdatasync(fd)

    # ---- the end ----

    def rename(self):
        """Gives the files their names, those that have not got them yet."""
        for name, final in zip(self.names, self.result.names):
            with self.naming(final, Failed), contextlib.suppress(FileNotFoundError):
                os.replace(name, final)
        sync_folder(self.result.folder)

    def is_renamed(self):
        """Whether somebody else has finished these files."""
        status = os.fstat(self.fds[0])
        try:
            final = os.stat(self.result.names[0])
        except FileNotFoundError:
            return False
        return os.path.samestat(status, final)

    def remove(self):
        for name in self.names:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(name)

    def close(self):
        while self.fds:
            os.close(self.fds.pop())

    @staticmethod
    @contextlib.contextmanager
    def naming(name, kind):
        """Turns an OSError into an error of the command that names the file."""
        try:
            yield
        except OSError as error:
            raise kind(os_error(error, name)) from None


def is_zero(view):
    """Whether all bits are 0, so that a hole reads the same: -0.0 does not count."""
    if len(view) == 0 or view[0] or view[-1]:
        return False
    whole = len(view) // 8 * 8
    return not np.frombuffer(view[:whole], np.uint64).any() and not any(view[whole:])
