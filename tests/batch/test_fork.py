# SPDX-License-Identifier: GPL-3.0-or-later
"""A child of fork() can convolve, whatever another thread was doing in the parent."""

import os
import threading
import time
import warnings

import numpy as np
import oaconv
import pytest

LONGEST = 60  # seconds for one child


def convolve_on(dtype, stopping):
    """Ever other taps: plans and tables are made all the time."""
    n_taps = 1
    while not stopping.is_set():
        n_taps = n_taps * 7 % 4001
        oaconv.convolve(np.ones(3000, dtype), np.ones(n_taps, dtype))


def end_of(child):
    """Its exit status; None where it hangs."""
    end = time.monotonic() + LONGEST
    while time.monotonic() < end:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.01)
    os.kill(child, 9)
    os.waitpid(child, 0)
    return None


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_child_can_convolve(dtype):
    stopping = threading.Event()
    thread = threading.Thread(target=convolve_on, args=(dtype, stopping))
    thread.start()
    try:
        for i in range(20):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)  # of threads and fork
                child = os.fork()
            if child == 0:
                c = oaconv.convolve(np.ones(3000, dtype), np.ones(500 + 300 * i, dtype))
                os._exit(0 if abs(c[499] - 500) < 1 else 1)
            assert end_of(child) == 0, f"child {i}"
    finally:
        stopping.set()
        thread.join()
