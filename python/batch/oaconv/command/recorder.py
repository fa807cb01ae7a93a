# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes what is finished last, every few seconds, while the work goes on."""

import contextlib
import threading
import time

from .errors import Failed
from .sections import coalesced

SECONDS = 2.0  # between two records: what a crash can cost; also how soon the disk begins to work


class Recorder:
    """A thread that records finished sections; a context that records the last of them.

    Where the system gives no thread, add() records when it is time.
    """

    def __init__(self, workplace):
        self.workplace = workplace
        self.finished = []
        self.lock = threading.Lock()  # of `finished`
        self.ends = threading.Event()
        self.error = None
        self.last = time.monotonic()  # when add() recorded
        self.thread = threading.Thread(target=self.work, name="recorder", daemon=True)

    def add(self, section):
        """Takes a finished section; raises what recording an earlier one has raised."""
        with self.lock:
            self.finished.append(tuple(section))
        if self.thread is None and time.monotonic() - self.last >= SECONDS:
            self.try_record()
            self.last = time.monotonic()
        if self.error:
            raise self.error

    def work(self):
        while not self.error and not self.ends.wait(SECONDS):
            self.try_record()

    def try_record(self):
        try:
            self.record()
        except BaseException as error:  # raised again where the job can end
            self.error = error

    def record(self):
        with self.lock:
            sections, self.finished = self.finished, []
        if sections:
            self.workplace.record(coalesced(sections))

    def __enter__(self):
        try:
            self.thread.start()
        except (RuntimeError, MemoryError):
            self.thread = None
        return self

    def __exit__(self, kind, error, trace):
        """Also after an error: the samples before it are as good as any.

        But not after an error of the recorder: the system tells only once that it has lost data.
        """
        self.ends.set()
        if self.thread is not None:
            self.thread.join()
        if error is None and self.error is not None:
            raise self.error
        if self.error is None:
            with contextlib.suppress(*(() if error is None else (Failed,))):
                self.record()
