# SPDX-License-Identifier: GPL-3.0-or-later
"""Ctrl-C and exceptions stop all threads and come out; nothing stays locked."""

import json
import signal
import threading
import time

import child
import expected
import numpy as np
import oaconv
import pytest
from oaconv._job import Job
from oaconv._run import _join, run

# Convolves for minutes, in a thread that says when it has begun.
CHILD = """
import json, signal, sys, threading, time
import numpy as np, oaconv

signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored in jobs of a shell's background

def begun(done, total):
    if done < total:
        print("begun", flush=True)

a = np.broadcast_to(np.float32(1), (64, 1 << 22))
b = np.ones((64, 1500), np.float32)
result = {"raised": False}
try:
    oaconv.convolve(a, b, backend="direct", threads=int(sys.argv[1]), progress=begun)
except KeyboardInterrupt:
    result = {"raised": True, "at": time.monotonic(), "threads": threading.active_count()}

def again(threads):
    c = oaconv.convolve(np.arange(50000.0), [0.0, 2.0], threads=threads)
    return bool(np.abs(c[1:] - 2 * np.arange(50000)).max() < 1e-8)

works = []
other = threading.Thread(target=lambda: works.append(again(2)))
other.start()
works.append(again(1))
other.join()
print(json.dumps({**result, "works": works}))
"""


@pytest.mark.parametrize("threads", [1, 2])
def test_an_interrupt_stops_the_work_and_all_goes_on(threads):
    with child.start(CHILD, threads) as process:
        try:
            assert process.stdout.readline() == "begun\n"
            time.sleep(0.05)  # to somewhere in the middle
            interrupted = time.monotonic()
            process.send_signal(signal.SIGINT)
            out, _ = process.communicate(timeout=120)
        finally:
            process.kill()
    result = json.loads(out.splitlines()[-1])
    assert result["raised"]
    assert result["threads"] == 1
    assert result["works"] == [True, True]
    print(f"stopped {result['at'] - interrupted:.3f} s after the signal, {threads} threads")


class Mine(Exception):
    pass


@pytest.fixture
def stops():
    """Checks that work which would take minutes raises this very exception soon, threads ended."""

    def check(error, work):
        n_threads = threading.active_count()
        with pytest.raises(type(error)) as raised:
            work()
        assert raised.value is error
        assert threading.active_count() == n_threads
        a = np.arange(1000.0)
        expected.assert_convolved(oaconv.convolve(a, a[:9]), a, a[:9])

    return check


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("error", [Mine(), KeyboardInterrupt(), SystemExit()], ids=repr)
def test_what_progress_raises(stops, threads, error):
    def tell(done, total):
        raise error

    a, b = np.broadcast_to(np.float32(1), (64, 1 << 22)), np.ones(500, np.float32)
    stops(error, lambda: oaconv.convolve(a, b, backend="direct", threads=threads, progress=tell))


class Failing:
    """A source and a sink for rows of ones, one of which fails after a few calls."""

    time_major = False

    def __init__(self, error, fails):
        self._error, self._fails, self._n = error, fails, 0

    def _may_fail(self, what):
        self._n += what == self._fails
        if self._n > 5:
            raise self._error

    def read(self, first, end, begin, stop, scratch):
        self._may_fail("read")
        scratch[...] = 1
        return scratch

    def room(self, first, end, begin, stop):
        self._may_fail("room")

    def write(self, first, begin, block):
        self._may_fail("write")


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("fails", ["read", "room", "write"])
@pytest.mark.parametrize("error", [Mine(), MemoryError(), KeyboardInterrupt()], ids=repr)
def test_what_a_source_or_a_sink_raises(stops, threads, fails, error):
    ends = Failing(error, fails)
    job = Job("fff", np.ones((1, 500), np.float32), 64, 1 << 22, 0, 1 << 22)
    stops(error, lambda: run(job, ends, ends, backend="direct", threads=threads))


def test_a_second_interrupt_leaves_no_thread_behind():
    """Or it would write to `out` when that is the caller's again."""
    may_end = threading.Event()

    class Interrupted(threading.Thread):
        n_interrupts = 0

        def join(self, timeout=None):
            if self.n_interrupts < 3:
                self.n_interrupts += 1
                raise KeyboardInterrupt
            may_end.set()
            super().join(timeout)

    thread = Interrupted(target=may_end.wait)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        _join([thread])
    assert thread.n_interrupts == 3 and not thread.is_alive()
