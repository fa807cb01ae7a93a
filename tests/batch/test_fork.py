# SPDX-License-Identifier: GPL-3.0-or-later
"""A child of fork() can convolve, whatever another thread was doing in the parent."""

import os
import threading
import warnings

import child
import numpy as np
import oaconv
import pytest


# What each call imports that was not imported with the package.
IMPORTS = """
import sys, threading
import numpy as np, oaconv
if "dask" in sys.argv:
    import dask.array as da, oaconv.dask
    lazy = da.from_array(np.ones((2, 300)), chunks=(1, 100))
    lazy.sum().compute(scheduler="synchronous")

a, b, long = np.ones((2, 300)), np.ones((2, 5)), np.ones((8, 300000), np.float32)

def call(name, *arguments, **keywords):
    before = set(sys.modules)
    try:
        function = oaconv
        for part in name.split("."):
            function = getattr(function, part)
        result = function(*arguments, **keywords)
        if hasattr(result, "compute"):
            result.compute(scheduler="synchronous")
    except (TypeError, ValueError):
        pass
    for module in sorted(set(sys.modules) - before):
        print(name, arguments and type(arguments[0]), list(keywords), module)

def refuse(thread):
    raise RuntimeError("can't start new thread")

call("backends")
for name in ("dask.convolve", "dask.correlate") if "dask" in sys.argv else ("convolve", "correlate"):
    x = lazy if "dask" in sys.argv else a
    for taps in (b, b.tolist(), b[0], 1j * b, b * np.nan, [[1.0, 2.0], [1.0]], "taps", None):
        call(name, x, taps)
    for mode in ("full", "same", "valid", "all"):
        call(name, x, b, mode=mode)
    call(name, x, b, axis=0)
    for signal in (a, a.tolist(), a[0], a.astype(">f4"), a[:, ::-1], "signal"):
        call(name, signal, b)
    for backend in ("direct", "volk", "simd", "cpu", "gpu", "auto", "abacus"):
        call(name, np.float32(x), np.float32(b), backend=backend)
    if "dask" not in sys.argv:
        call(name, a, b, out=a)
        call(name, a, b, mode="same", out=np.empty_like(a))
        call(name, a, b, progress=lambda done, total: None)
        call(name, long, b[:1], threads=2)
threading.Thread.start = refuse
call("convolve", long, b[:1], threads=2)
call("convolve", np.ma.zeros((2, 5)), b)  # last: that imports np.ma, if nothing else has
"""

# A bar that is imported slowly, in a thread, when a child is forked that needs it, too.
BAR = """
import os, sys, threading, time, types
import numpy as np, oaconv

class Finder:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name == "tqdm":
            begun.set()
            time.sleep(0.5)

def work():
    try:
        oaconv.convolve(np.ones(50), np.ones(5), progress=True)
    except ImportError:
        pass

sys.stderr = open(os.devnull, "w")
begun = threading.Event()
sys.meta_path.insert(0, Finder)
thread = threading.Thread(target=work)
thread.start()
begun.wait()
pid = os.fork()
if pid == 0:
    work()
    os._exit(0)
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
thread.join()
"""


def convolve_on(dtype, stopping):
    """Ever other taps: plans and tables are made all the time."""
    n_taps = 1
    while not stopping.is_set():
        n_taps = n_taps * 7 % 4001
        oaconv.convolve(np.ones(3000, dtype), np.ones(n_taps, dtype))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_child_can_convolve(dtype):
    stopping = threading.Event()
    thread = threading.Thread(target=convolve_on, args=(dtype, stopping))
    thread.start()
    try:
        for i in range(20):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)  # of threads and fork
                pid = os.fork()
            if pid == 0:
                c = oaconv.convolve(np.ones(3000, dtype), np.ones(500 + 300 * i, dtype))
                os._exit(0 if abs(c[499] - 500) < 1 else 1)
            assert child.end_of(pid) == 0, f"child {i}"
    finally:
        stopping.set()
        thread.join()


@pytest.mark.parametrize("arrays", ["numpy", "dask"])
def test_no_call_imports_anything(arrays):
    """A child that is forked meanwhile would wait for the rest of the module for ever."""
    if arrays == "dask":
        pytest.importorskip("oaconv.dask", reason="python3-dask is not installed")
    assert child.output(IMPORTS, arrays) == ""


def test_no_call_imports_anything_with_numpy_2(numpy_2):
    numpy_2()
    assert child.output(IMPORTS, "numpy") == ""


def test_a_child_forked_while_the_bar_is_imported():
    assert child.output(BAR) == "0\n"
