# SPDX-License-Identifier: GPL-3.0-or-later
"""What the user sees of a job while it works: a bar on a terminal, else a line now and then."""

import contextlib
import os
import sys
import time
import warnings

from .errors import printable

LINE_SECONDS = 10.0  # between two lines


def say(text, quiet=False):
    """A line on standard error; one that cannot be written is no reason to fail."""
    if quiet or sys.stderr is None:
        return
    with contextlib.suppress(OSError):
        print(f"oaconv: {printable(text)}", file=sys.stderr, flush=True)


@contextlib.contextmanager
def warnings_as_lines(quiet):
    """What the package warns of is said as the command says things."""
    with warnings.catch_warnings():
        warnings.simplefilter("default", RuntimeWarning)
        warnings.showwarning = lambda warning, *place: say(str(warning), quiet)
        yield


def open_standard_files():
    """Files 0, 1 and 2 lead nowhere where they are closed: else data files get these numbers."""
    for fd in range(3):
        try:
            os.fstat(fd)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # gets the lowest number that is free
    for fd, name in (1, "stdout"), (2, "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(fd, "w", encoding="utf-8", closefd=False))


def drop_unwritten():
    """Throws away what standard error still has not taken: Python would exit with status 120."""
    if sys.stderr is None:
        return
    try:
        sys.stderr.flush()
    except OSError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stderr.fileno())
        os.close(nowhere)


def make_progress(total, done, quiet):
    """Progress over `total` samples, of which `done` are finished already."""
    if quiet or sys.stderr is None:
        return Silence()
    if sys.stderr.isatty():
        with contextlib.suppress(ImportError, OSError):
            return Bar(total, done)
    return Lines(total, done)


class Silence:
    def advance(self, n):
        pass

    def close(self):
        pass


class Bar:
    """tqdm's, with rate and time left."""

    def __init__(self, total, done):
        from tqdm import tqdm

        class Threadless(tqdm):
            monitor_interval = 0  # else it starts a thread, which the system may not give

        self.bar = Threadless(
            total=total,
            initial=done,
            miniters=1,  # what the thread looks after
            unit="S",
            unit_scale=True,
            file=sys.stderr,
            leave=False,
        )

    def advance(self, n):
        with contextlib.suppress(OSError):
            self.bar.update(n)

    def close(self):
        with contextlib.suppress(OSError):
            self.bar.close()


class Lines:
    """Plain lines, for logs."""

    def __init__(self, total, done):
        self.total = total
        self.done = self.done_before = done
        self.began = self.last = time.monotonic()

    def advance(self, n):
        self.done += n
        now = time.monotonic()
        if now - self.last < LINE_SECONDS:
            return
        self.last = now
        rate = (self.done - self.done_before) / (now - self.began)
        left = (self.total - self.done) / rate
        say(f"{percent(self.done, self.total)}, {rate / 1e6:.1f} MS/s, {left:.0f} s left")

    def close(self):
        pass


def percent(done, total):
    return f"{100 * done / total if total else 100:.0f} %"
