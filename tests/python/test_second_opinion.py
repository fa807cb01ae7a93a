# SPDX-License-Identifier: GPL-3.0-or-later
"""Others agree: GNU Radio's own FFT filters where they give samples, and SciPy everywhere."""
import numpy as np
import pytest
import scipy.signal
from gnuradio import filter as stock
from gnuradio import gr

import helpers as h

KIND = pytest.mark.parametrize("kind", h.KINDS)


def run_stock(kind, x, row):
    tb = gr.top_block()
    block, sink = getattr(stock, "fft_filter_" + kind)(1, row, 1), h.sink(kind)
    tb.connect(h.source(kind, x), block, sink)
    h.run(tb)
    return h.received(kind, [sink])[0]


@KIND
def test_the_stock_fft_filters_agree_as_far_as_they_go(kind, rng):
    for n_taps in [1, 2, 64, 65, *map(int, rng.integers(3, 1000, 6))]:
        streams = h.signals(rng, kind, 2, 20011)
        taps = h.rows(rng, kind, [n_taps, 1 + n_taps // 2])
        got = h.run_graph(kind, streams, taps)
        h.assert_lengths(got, 20011)
        for m in range(2):
            want = run_stock(kind, streams[m], taps[m])
            assert 15000 < len(want) <= 20011
            h.assert_close(got[m][:len(want)], want, 2 * h.tolerance(streams[m], taps[m]),
                           f"P={n_taps} channel {m}")


@KIND
def test_the_stock_fir_filters_agree_to_the_last_sample(kind, rng):
    x, row = h.signal(rng, kind, 5011), h.row(rng, kind, 129)
    tb = gr.top_block()
    sink = h.sink(kind)
    tb.connect(h.source(kind, x), getattr(stock, "fir_filter_" + kind)(1, row), sink)
    h.run(tb)
    want = h.received(kind, [sink])[0]
    got, = h.run_graph(kind, [x], [row])
    assert len(got) == len(want) == 5011
    h.assert_close(got, want, 2 * h.tolerance(x, row))


@KIND
def test_scipy_oaconvolve_agrees_to_the_end_of_the_tail(kind, rng):
    for n_taps in map(int, rng.integers(1, 3000, 6)):
        streams, taps = h.signals(rng, kind, 3, 10007), h.rows(rng, kind, [n_taps] * 3)
        got = h.run_graph(kind, streams, taps, flush=True)
        wide = np.complex128 if kind != "fff" else np.float64
        want = scipy.signal.oaconvolve(np.array(streams, wide), np.array(taps, wide), axes=1)
        assert np.shape(got) == want.shape
        for m in range(3):
            h.assert_close(got[m], want[m], h.tolerance(streams[m], taps[m]), f"P={n_taps}, {m}")


@KIND
def test_an_impulse_brings_out_the_taps(kind, rng):
    taps = h.rows(rng, kind, [200, 77])
    impulse = np.zeros(1000, h.dtype(kind))
    impulse[123] = 1
    got = h.run_graph(kind, [impulse] * 2, taps, flush=True)
    h.assert_lengths(got, 1199)
    for y, row in zip(got, taps):
        want = np.zeros(1199, complex)
        want[123:123 + len(row)] = row
        h.assert_close(y, want, h.tolerance(impulse, row))


@pytest.mark.parametrize("backend", ["direct", "volk", "simd"])
def test_the_real_path_is_the_complex_path(backend, rng):
    """fff, ccf and ccc on the same real numbers."""
    streams, taps = h.signals(rng, "fff", 2, 3001), h.rows(rng, "fff", [99, 31])
    got = {}
    for kind in h.KINDS:
        same = [x.astype(h.dtype(kind)) for x in streams]
        got[kind] = h.run_graph(kind, same, taps, flush=True, backend=backend)
        h.assert_lengths(got[kind], 3099)
    for m in range(2):
        for kind in ("ccf", "ccc"):
            h.assert_close(got[kind][m], got["fff"][m], 2 * h.tolerance(streams[m], taps[m]))
