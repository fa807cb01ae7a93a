# SPDX-License-Identifier: GPL-3.0-or-later
"""Multichannel FIR filters by FFT overlap-add, as GNU Radio blocks.

One block with M inputs, M rows of taps and M outputs takes the place of M filter blocks:

    from gnuradio import oaconv
    block = oaconv.multichannel_fft_filter_ccc(taps)  # taps: M rows
"""

from .oaconv_python import (
    multichannel_fft_filter_ccc,
    multichannel_fft_filter_ccf,
    multichannel_fft_filter_fff,
)

__all__ = [
    "multichannel_fft_filter_ccc",
    "multichannel_fft_filter_ccf",
    "multichannel_fft_filter_fff",
]
