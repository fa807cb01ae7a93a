# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows of signals with rows of FIR taps, convolved pair by pair by FFT overlap-add.

    import numpy as np, oaconv
    c = oaconv.convolve(a, b)  # a: (M, N), b: (M, P); c: (M, N + P - 1)

It needs NumPy and the library liboaconv, no GNU Radio. Arrays may be memory maps.
"""

from ._convolve import convolve, correlate
from ._core import backends as _backends
from ._core import version as _version

__version__ = _version()
__all__ = ["backends", "convolve", "correlate"]


def backends():
    """What can compute: a list of (name, whether it can run here, what it is or why not)."""
    return _backends()
