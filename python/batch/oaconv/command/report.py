# SPDX-License-Identifier: GPL-3.0-or-later
"""What the user sees of a job while it works: a bar on a terminal, else a line now and then."""

import sys
import time

LINE_SECONDS = 10.0  # between two lines


def say(text, quiet=False):
    """A line on standard error."""
    if quiet:
        return
    print(f"oaconv: {text}", file=sys.stderr, flush=True)


def make_progress(total, done, quiet):
    """Progress over `total` samples, of which `done` are finished already."""
    if quiet:
        return Silence()
    if sys.stderr.isatty():
        try:
            return Bar(total, done)
        except ImportError:
            pass
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

        self.bar = tqdm(
            total=total, initial=done, unit="S", unit_scale=True, file=sys.stderr, leave=False
        )

    def advance(self, n):
        self.bar.update(n)

    def close(self):
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
