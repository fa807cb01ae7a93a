# SPDX-License-Identifier: GPL-3.0-or-later
"""A child of fork() can convolve, whatever another thread was doing in the parent."""

import os
import threading
import warnings

import child
import numpy as np
import oaconv
import pytest


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
