# SPDX-License-Identifier: GPL-3.0-or-later
"""Multichannel FIR filters by FFT overlap-add: as GNU Radio blocks, and for arrays.

One block with M inputs, M rows of taps and M outputs takes the place of M filter blocks:

    from gnuradio import oaconv
    block = oaconv.multichannel_fft_filter_ccc(taps)  # taps: M rows

For arrays it has all of the package oaconv, which needs no GNU Radio:

    c = oaconv.convolve(a, b)  # rows of a with rows of b
"""

import oaconv as _batch
from oaconv import *  # noqa: F403

from .oaconv_python import (
    multichannel_fft_filter_ccc,
    multichannel_fft_filter_ccf,
    multichannel_fft_filter_fff,
)

__all__ = [
    "multichannel_fft_filter_ccc",
    "multichannel_fft_filter_ccf",
    "multichannel_fft_filter_fff",
    *_batch.__all__,
]
