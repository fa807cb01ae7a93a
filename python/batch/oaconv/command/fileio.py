# SPDX-License-Identifier: GPL-3.0-or-later
"""Files by explicit reads and writes at a position: no mapped pages, no shared file offset."""

import errno
import fcntl
import os
import stat

import numpy as np

from .errors import Failed, Refused, os_error


class InputFile:
    """A regular file, open for reading. Any number of threads may read at once."""

    def __init__(self, path):
        self.path = path
        try:
            # Non-blocking: opening a pipe must not wait for its writer.
            self.fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        except OSError as error:
            raise Refused(os_error(error)) from None
        self.status = os.fstat(self.fd)
        if not stat.S_ISREG(self.status.st_mode):
            self.close()
            raise Refused(f"{path}: is not a regular file")
        os.posix_fadvise(self.fd, 0, 0, os.POSIX_FADV_SEQUENTIAL)

    @property
    def size(self):
        return self.status.st_size

    @property
    def sparse(self):
        """Whether the file has holes: it takes less room than its size."""
        return self.status.st_blocks * 512 < self.size

    @property
    def identity(self):
        """What changes when somebody writes to the file."""
        return [self.size, self.status.st_mtime_ns]

    def read_into(self, array, offset):
        """Fills a C-contiguous array with the bytes from `offset` on."""
        view = memoryview(array).cast("B")
        done = 0
        if self.sparse and self.is_hole(offset, offset + len(view)):
            np.frombuffer(view, np.uint8)[:] = 0  # reading would fill the page cache with zeros
            return
        while done < len(view):
            try:
                count = os.preadv(self.fd, [view[done:]], offset + done)
            except OSError as error:
                raise Failed(os_error(error, self.path)) from None
            if count == 0:
                raise Failed(f"{self.path}: ends at byte {offset + done}; somebody shortened it")
            done += count

    def is_hole(self, begin, end):
        return end <= self.size and is_hole(self.fd, begin, end)

    def close(self):
        os.close(self.fd)


def is_hole(fd, begin, end):
    """Whether the file has no data there: it reads as zeros."""
    try:
        return os.lseek(fd, begin, os.SEEK_DATA) >= end
    except OSError as error:
        return error.errno == errno.ENXIO  # no data up to the end of the file


def lock(fd, kind, needed):
    """As fcntl.flock(); where the file system has no locks, only those who need one mind."""
    try:
        fcntl.flock(fd, kind)
    except OSError as error:
        if needed or error.errno not in (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP):
            raise


def write_at(fd, view, offset):
    """Writes all bytes of a memoryview, however few the system takes at a time."""
    done = 0
    while done < len(view):
        done += os.pwrite(fd, view[done:], offset + done)


def sync_folder(path):
    """Makes created, renamed and removed names in a folder last."""
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def same_file(path, other):
    """Whether both names lead to one file; a name without a file leads nowhere."""
    try:
        return os.path.samefile(path, other)
    except OSError:
        return False
