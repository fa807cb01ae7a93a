# SPDX-License-Identifier: GPL-3.0-or-later
"""Where threads cannot be started, the others or the caller's do the work: same bits, said once."""

import operator
import os
import threading
import warnings

import child
import expected
import numpy as np
import oaconv
import pytest
from oaconv import _run

N_CORES = 8

# Uses up the limit of processes, then calls everything that could start threads.
NO_THREADS = """
import os, resource, sys, threading
import numpy as np, oaconv

os.sched_getaffinity = lambda pid: set(range(8))
a, b = np.random.default_rng(1).standard_normal((8, 300000)), np.ones((8, 64))
wanted = {f: f(a, b, threads=1) for f in (oaconv.convolve, oaconv.correlate)}
sys.stderr = sys.stdout
if os.geteuid() == 0:
    os.setuid(65534)
resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
try:
    threading.Thread(target=print).start()
    print("no limit")
except RuntimeError:
    for f, c in wanted.items():
        for threads in (0, 2, 8):
            seen = []
            got = f(a, b, threads=threads, progress=lambda *n: seen.append(n))
            assert np.array_equal(got, c)
            assert seen[-1] == (c.size, c.size)
    print("equal")
"""

AT_THE_END = """
import os, sys
import numpy as np, oaconv

os.sched_getaffinity = lambda pid: set(range(8))
oaconv.convolve([1.0], [1.0])  # what NumPy looks up when it first needs it

class Last:
    def __del__(self, convolve=oaconv.convolve, a=np.ones((8, 300000)), b=np.ones((8, 64))):
        print(sys.is_finalizing(), convolve(a, b).shape, flush=True)

sys.modules["kept until Python ends"] = Last()
"""


def test_a_container_that_allows_no_threads():
    lines = child.output(NO_THREADS).splitlines()
    if lines[-1] == "no limit":
        pytest.skip("RLIMIT_NPROC does not bind here")
    assert lines[-1] == "equal"
    told = [line for line in lines if "RuntimeWarning" in line]
    assert len(told) == 1 and "no threads beside the caller's" in told[0], lines


def test_python_ends_while_it_convolves():
    """A thread that is started then never runs: to wait for it is to wait for ever."""
    assert child.output(AT_THE_END) == "True (8, 300063)\n"


@pytest.fixture
def allow(monkeypatch):
    """Lets so many threads of each call start, on a machine of N_CORES."""
    start = threading.Thread.start
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(N_CORES)))
    monkeypatch.setattr(_run, "_untold", threading.Lock())

    def check(n_allowed):
        names = []

        def start_or_not(thread):
            if len(names) >= n_allowed:
                raise RuntimeError("can't start new thread")
            names.append(thread.name)
            start(thread)

        monkeypatch.setattr(threading.Thread, "start", start_or_not)
        return names

    return check


@pytest.mark.parametrize("n_allowed", [0, 1, 3, 7])
@pytest.mark.parametrize("function", ["convolve", "correlate", "dask.convolve", "dask.correlate"])
def test_as_many_as_could_be_started_do_the_work(allow, function, n_allowed, rng):
    if function.startswith("dask"):
        pytest.importorskip("oaconv.dask", reason="python3-dask is not installed")

    def call(threads):
        c = operator.attrgetter(function)(oaconv)(a, b, threads=threads)
        return c if isinstance(c, np.ndarray) else c.compute(scheduler="synchronous")

    a, b = rng.standard_normal((8, 300000)), rng.standard_normal((8, 64))
    wanted = call(1)
    names, n_before = allow(n_allowed), threading.active_count()
    how_many = f"with {n_allowed or 'no'} threads beside the caller's, not with {N_CORES}"
    with pytest.warns(RuntimeWarning, match=how_many):
        got = call(N_CORES)
    assert len(names) == n_allowed
    expected.assert_same_bits(got, wanted)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        expected.assert_same_bits(call(N_CORES), wanted)
    assert threading.active_count() == n_before


def test_a_child_forked_by_progress_is_refused_and_does_not_wait(monkeypatch):
    """It has none of the threads that its call waits for."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(N_CORES)))
    parent, children = os.getpid(), []

    def fork(done, total):
        if not children:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)  # of threads and fork
                children.append(os.fork())

    a, b, c, message = np.ones((8, 300000)), np.ones((8, 64)), None, ""
    try:
        c = oaconv.convolve(a, b, threads=2, progress=fork)
    except RuntimeError as error:
        message = str(error)
    finally:
        if os.getpid() != parent:
            os._exit("fork" in message)
    assert child.end_of(children[0]) == 1
    expected.assert_same_bits(c, oaconv.convolve(a, b, threads=1))
