# SPDX-License-Identifier: GPL-3.0-or-later
"""However long the rows are, convolve() takes little memory beside its arguments, and lets Python
go on meanwhile."""

import os
import threading
import time
import tracemalloc

import child
import numpy as np
import oaconv
import pytest
from oaconv import _core

BOUND = 64 << 20
SLACK = 2 << 20  # bytes: stacks of threads, tables of transforms, Python's own

# Prints by how many bytes the process grew, at most, during convolve().
CHILD = """
import sys
import numpy as np, oaconv

dtype, n_rows, n, n_taps, axis, threads = sys.argv[1], *map(int, sys.argv[2:])
shape = (n_rows, n) if axis else (n, n_rows)
full = (n_rows, n + n_taps - 1) if axis else (n + n_taps - 1, n_rows)
a = np.ones(shape, dtype)
b = np.ones((n_rows, n_taps) if axis else (n_taps, n_rows), "f4" if dtype == "f4" else "f8")
out = np.ones(full, b.dtype)
warm = np.ones(10000, dtype)
oaconv.convolve(warm, b[:1].ravel()[:5], threads=threads)  # what is loaded once

def status(key):
    with open("/proc/self/status") as lines:
        return next(int(line.split()[1]) << 10 for line in lines if line.startswith(key))

with open("/proc/self/clear_refs", "w") as reset:
    reset.write("5")
before = status("VmRSS")
oaconv.convolve(a, b, axis=axis, out=out, threads=threads)
print(status("VmHWM") - before)
"""


def peak(*arguments):
    if not os.path.exists("/proc/self/clear_refs"):
        pytest.skip("no /proc/self/clear_refs to measure memory with")
    return int(child.output(CHILD, *arguments))


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("dtype, axis", [("f4", 1), ("i2", 1), ("f4", 0), ("f8", 1)])
def test_rows_ten_times_as_long_take_no_more(dtype, axis, threads):
    n_taps = 1000
    spectra = threads * 8 * 16 * 8 * n_taps
    for n in (300_000, 3_000_000):
        grown = peak(dtype, 2, n, n_taps, axis, threads)
        print(f"{dtype}, axis {axis}, {threads} threads, {n} samples: {grown / 2**20:.1f} MB")
        assert grown <= BOUND + spectra + SLACK


@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_long_taps_take_a_few_spectra(dtype):
    n_taps = 100_000
    n_fft = _core.Filter("fff", np.ones((1, n_taps), dtype), 1, row_length=1_000_000).n_fft
    spectrum = n_fft * 2 * np.dtype(dtype).itemsize
    grown = peak(dtype, 4, 1_000_000, n_taps, 1, 2)
    print(f"{dtype}: {grown / 2**20:.1f} MB, a spectrum {spectrum / 2**20:.1f} MB")
    assert grown <= BOUND + 2 * 8 * spectrum + SLACK


def test_with_out_no_second_result_is_allocated():
    """Where address space for one more is not left."""
    code = """
import resource
import numpy as np, oaconv
a, out = np.zeros((4, 1 << 25), np.float32), np.zeros((4, 1 << 25), np.float32)
with open("/proc/self/statm") as sizes:
    used = int(sizes.read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + (400 << 20),) * 2)
oaconv.convolve(a[:, :5000], np.ones(3, np.float32), "same", out=out[:, :5000])
oaconv.convolve(np.broadcast_to(a[:1, :1], a.shape), np.ones(3, np.float32), "same", out=out, threads=1)
print("done")
"""
    assert child.output(code) == "done\n"


def test_python_goes_on_while_the_engine_works():
    """Another thread counts during one call of the engine, of a second or so."""
    filter_ = _core.Filter("fff", np.ones((1, 2000), np.float32), 1, "direct", row_length=1 << 20)
    n = (1 << 19) // filter_.hop * filter_.hop
    x, y = np.ones((1, n), np.float32), np.empty((1, n), np.float32)
    working, counts = threading.Event(), [0]

    def count():
        working.wait()
        while working.is_set():
            counts[0] += 1
            time.sleep(0.001)

    thread = threading.Thread(target=count)
    thread.start()
    working.set()
    filter_.process(x, y)
    n_counted = counts[0]
    working.clear()
    thread.join()
    assert y[0, -1] == 2000
    assert n_counted > 3  # before it and after it, one


def test_taps_for_many_rows_are_not_copied_for_each():
    """5000 rows share 3000 taps; the copies would be 120 MB."""
    a, b = np.ones((2, 5000, 4), np.float32), np.ones((2, 1, 3000), np.float32)
    tracemalloc.start()
    try:
        oaconv.convolve(a, b, "same")
        assert tracemalloc.get_traced_memory()[1] < 20 << 20
    finally:
        tracemalloc.stop()
