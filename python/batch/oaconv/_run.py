# SPDX-License-Identifier: GPL-3.0-or-later
"""Does a job: pieces of it in several threads, each piece in calls of the engine.

Segments lie on a grid of whole hops from sample 0 of each row on, and a piece that begins later
first computes what the hops before it still owe to it. So every sample comes out with the same bits
however the job is cut.
"""

import os
import queue
import sys
import threading
import warnings

import numpy as np

from ._arguments import as_n_threads
from ._job import Section
from ._plan import adopt, make_filter, plan_and_cost
from ._tiling import calls, cut, make_tiling

DEFAULT_MEMORY = 64 << 20


class _Worker:
    """Computes pieces, one after another, in one thread."""

    def __init__(self, job, source, sink, plan, tiling, device, stopping):
        self._job, self._source, self._sink = job, source, sink
        self._plan, self._tiling, self._device = plan, tiling, device
        self._stopping = stopping
        self._filter, self._rows, self._at = None, None, 0
        self._scratch = {}

    def _filter_of(self, first, end):
        """The filter of these rows, whatever it has filtered before."""
        if self._rows != (first, end):
            self._filter = None  # frees its memory before more is taken
            batch = self._tiling.n_call
            self._filter = make_filter(self._job, self._plan, first, end, self._device, batch)
            self._rows, self._at = (first, end), 0
        return self._filter

    def _room(self, name, n_rows, n):
        """Scratch memory of that shape, kept for the next call."""
        size = n_rows * n
        if name not in self._scratch or self._scratch[name].size < size:
            self._scratch[name] = np.empty(size, self._job.sample_dtype)
        return self._scratch[name][:size].reshape(n_rows, n)

    def _read(self, begin, stop):
        first, end = self._rows
        return self._source.read(first, end, begin, stop, self._room("in", end - first, stop - begin))

    def _put(self, fill, begin, stop, wanted):
        """Has samples begin..stop of the full convolution filled in, and hands on those wanted."""
        first, end = self._rows
        low, high = max(begin, wanted[0]), min(stop, wanted[1])
        start = self._job.start
        if (low, high) == (begin, stop):
            room = self._sink.room(first, end, begin - start, stop - start)
            if room is not None:
                fill(room)
                return
        block = self._room("out", end - first, stop - begin)
        fill(block)
        if low < high:
            self._hand_on(block[:, low - begin : high - begin], low - start)

    def _hand_on(self, block, begin):
        first, end = self._rows
        room = self._sink.room(first, end, begin, begin + block.shape[1])
        if room is not None:
            room[...] = block
        else:
            self._sink.write(first, begin, block)

    def _process(self, begin, stop, wanted):
        hop, n_call = self._plan.hop, self._tiling.n_call
        for low, high in calls(begin, stop, hop, n_call, wanted):
            if self._stopping.is_set():
                raise _Stopped
            x = self._read(low, high)
            self._put(lambda y: self._filter.process(x, y), low, high, wanted)
            self._at = high

    def _end(self, begin, wanted):
        """The last, shorter hop, and the tail."""
        n = self._job.n_samples
        if begin < n:
            x = self._read(begin, n)
            self._put(lambda y: self._filter.finish(x, y), begin, n, wanted)
        else:
            nothing = self._room("in", self._rows[1] - self._rows[0], 0)
            self._filter.finish(nothing, nothing)
        for low in range(n, wanted[1], self._tiling.n_call):
            high = min(wanted[1], low + self._tiling.n_call)
            self._put(self._filter.read_tail, low, high, wanted)
        self._at = 0  # of no use to what comes next

    def compute(self, piece):
        job, hop = self._job, self._plan.hop
        wanted = job.start + piece.begin, job.start + piece.stop
        reaches_it = max(0, wanted[0] - (job.n_taps - 1)) // hop * hop
        begin = min(reaches_it, job.n_samples // hop * hop)
        whole = min(-(-wanted[1] // hop), job.n_samples // hop) * hop
        filter_ = self._filter_of(piece.first, piece.end)
        if begin <= self._at <= wanted[0] and self._at % hop == 0 and self._at:
            begin = self._at  # right where the last piece ended
        else:
            filter_.reset()
        self._process(begin, whole, wanted)
        if wanted[1] > whole:
            self._end(whole, wanted)


class _Stopped(Exception):
    """Another thread has failed, or the caller."""


def _in_this_thread(make_worker, pieces, done):
    worker = make_worker(threading.Event())
    for piece in pieces:
        worker.compute(piece)
        done(piece)


def _in_threads(make_worker, pieces, done, n_threads):
    stopping, lock, results = threading.Event(), threading.Lock(), queue.SimpleQueue()

    def next_piece():
        with lock:
            return next(pieces, None)

    def work():
        try:
            worker = make_worker(stopping)
            while not stopping.is_set() and (piece := next_piece()) is not None:
                worker.compute(piece)
                results.put(piece)
            results.put(None)
        except BaseException as error:  # raised again in the caller's thread
            results.put(error)

    threads = [threading.Thread(target=work, name="oaconv rows") for _ in range(n_threads)]
    try:
        n_working = _start(threads)
        if n_working == 0:
            _in_this_thread(make_worker, pieces, done)
        process = os.getpid()
        while n_working:
            result = results.get()
            if result is None:
                n_working -= 1
            elif isinstance(result, BaseException):
                raise result
            else:
                done(result)
                if os.getpid() != process:
                    raise RuntimeError("fork() in progress: the child has none of the threads at work")
    finally:
        stopping.set()
        _join(threads)


_untold = threading.Lock()  # taken by the first who tells that threads are missing


def _start(threads):
    """Starts as many as the system allows; returns how many these are."""
    for n_started, thread in enumerate(threads):
        try:
            thread.start()
        except (RuntimeError, MemoryError) as error:
            if _untold.acquire(blocking=False):
                warnings.warn(
                    f"oaconv works with {n_started or 'no'} threads beside the caller's, not with "
                    f"{len(threads)}: {error}. The results are the same. This is said once.",
                    RuntimeWarning,
                    stacklevel=2,
                )
            return n_started
    return len(threads)


def _join(threads):
    """Waits for those that have been started, through further interrupts."""
    interrupt = None
    for thread in threads:
        while thread.is_alive():
            try:
                thread.join()
            except KeyboardInterrupt as another:
                interrupt = another
    if interrupt is not None:
        raise interrupt


def run(
    job,
    source,
    sink,
    *,
    plan=None,
    backend="auto",
    device=-1,
    threads=0,
    memory=DEFAULT_MEMORY,
    sections=None,
    done=None,
):
    """Computes sections of a job, all of it by default; returns the plan.

    No bit of the result depends on sections, threads or memory.

    plan:    that of an earlier run; backend and device are for making one
    threads: 0: one for every core; never more than cores
    memory:  bytes for filters and buffers, as far as one thread and one row need no more
    done:    called in the caller's thread with each Section that is finished

    What source, sink and done raise, and KeyboardInterrupt, stops all threads at the end of the
    calls they are in and is raised.
    """
    if plan is None:
        plan, estimate = plan_and_cost(job, backend, device)
    else:
        estimate = adopt(job, plan, device)
    n_threads = as_n_threads(threads)
    if job.n_rows == 0 or job.length == 0:
        return plan
    tiling = make_tiling(
        job, plan, estimate, n_threads=n_threads, memory=memory, time_major=source.time_major
    )
    if sections is None:
        sections = [Section(0, job.n_rows, 0, job.length)]
    pieces = list(cut(sections, job, plan, tiling))

    def make_worker(stopping):
        return _Worker(job, source, sink, plan, tiling, device, stopping)

    done = done or (lambda piece: None)
    # A thread started while Python ends would never run.
    if tiling.n_threads == 1 or len(pieces) == 1 or sys.is_finalizing():
        _in_this_thread(make_worker, pieces, done)
    else:
        _in_threads(make_worker, iter(pieces), done, min(tiling.n_threads, len(pieces)))
    return plan
