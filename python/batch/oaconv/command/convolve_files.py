# SPDX-License-Identifier: GPL-3.0-or-later
"""The command from one end to the other: look, begin, compute, check, complete."""

import contextlib
import os
import resource
import time

from .._job import Section
from .._run import run
from . import console
from .check import Checker
from .errors import Failed, Refused
from .memory import for_driver, give_back_what_is_freed
from .recorder import Recorder
from .request import Request
from .sections import missing, n_samples
from .sink import make_sink
from .workplace import Workplace


def convolve_files(options):
    """Does what the options ask for; raises Refused, Failed, OSError or KeyboardInterrupt."""
    allow_many_files()
    give_back_what_is_freed()
    request = Request(options)
    place = Workplace(request)
    start = place.begin()
    if start.starts_over:
        console.say(f"{request.result.path}: starting over; --resume would go on", options.quiet)
    try:
        if start.plan is not None:
            Work(request, place, start).do()
        else:
            console.say(f"{request.result.path}: was complete but for its name", options.quiet)
        left = place.complete()
    except BaseException as error:
        error.hint = what_is_left(place)
        raise
    finally:
        place.close()
    if left:
        n_rows = len({m for s in left for m in range(s[0], s[1])})
        console.say(f"{request.result.path}: {n_rows} rows are still missing", options.quiet)


def allow_many_files():
    """As many open files as the system lets us have: there may be two for each channel."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def what_is_left(place):
    """After a failure: how to go on; removes what is of no use."""
    with contextlib.suppress(Refused, Failed, OSError):
        if place.abandon():
            return f"what is done is kept in {place.part.names[0]}; --resume goes on with it"
    return ""


class Work:
    """What one process does of a result."""

    def __init__(self, request, place, start):
        self.request = request
        self.options = request.options
        self.job = request.job
        self.place = place
        self.plan = start.plan
        self.reason = start.reason
        rows = request.rows
        self.wanted = (rows.start, max(rows.stop, rows.start), 0, self.job.length)
        self.left = missing(self.wanted, start.finished)
        self.source = request.signal.source(self.job.sample_dtype)
        # Channels that are written side by side must be computed side by side.
        self.source.time_major |= request.result.layout.time_major

    def do(self):
        if self.left:
            self.refuse_full_disk()
            began = time.monotonic()
            self.compute()
            self.summarize(time.monotonic() - began)
        if self.options.check and self.wanted[0] < self.wanted[1] and self.job.length:
            self.check()

    def refuse_full_disk(self):
        """Before the work, as far as one can know; a sparse signal gives a sparse result."""
        needed = n_samples(self.left) * self.request.result.layout.sample_size
        system = os.statvfs(self.request.result.folder)
        free = system.f_bavail * system.f_frsize
        if system.f_blocks and free < needed and not self.request.signal.sparse:
            raise Refused(
                f"{self.place.part.names[0]}: {needed / 1e6:.1f} MB are needed, "
                f"{free / 1e6:.1f} MB are free"
            )

    def compute(self):
        options = self.options
        memory, n_threads = for_driver(options.memory, self.job, self.plan, options.threads)
        total = n_samples([self.wanted])
        progress = console.make_progress(total, total - n_samples(self.left), options.quiet)
        try:
            with Recorder(self.place) as recorder, console.warnings_as_lines(options.quiet):

                def done(section):
                    recorder.add(section)
                    progress.advance(n_samples([section]))

                run(
                    self.job,
                    self.source,
                    make_sink(self.place.part),
                    plan=self.plan,
                    threads=n_threads,
                    memory=memory,
                    sections=[Section(*section) for section in self.left],
                    done=done,
                )
        except RuntimeError as error:
            raise Failed(f"backend {self.plan.backend}: {error}") from None
        finally:
            progress.close()

    def summarize(self, seconds):
        n = n_samples(self.left)
        points = f", FFT of {self.plan.n_fft} points" if self.plan.n_fft else ""
        reason = f" ({self.reason})" if self.reason else ""
        console.say(
            f"{self.request.result.path}: {n} samples in {seconds:.1f} s, "
            f"{n / 1e6 / max(seconds, 1e-3):.1f} MS/s, {self.plan.backend}{points}{reason}",
            self.options.quiet,
        )

    def check(self):
        first, end = self.wanted[:2]
        checker = Checker(self.job, self.plan, self.source, self.place.part, first, end)
        try:
            findings = checker.check()
        except Failed:
            self.place.forget(first, end)
            raise
        console.say(
            f"{findings.n_spots} samples checked, the largest error is "
            f"{findings.largest:.2f} of what it may be",
            self.options.quiet,
        )
