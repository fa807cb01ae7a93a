# SPDX-License-Identifier: GPL-3.0-or-later
"""In rows long enough for many pieces and threads, samples anywhere are the sums they should be."""

import expected
import numpy as np
import oaconv
import pytest
from oaconv._job import Job, Section
from oaconv._tiling import cut, make_tiling
from oaconv._plan import plan_and_cost

N = (1 << 20) + 7


def _sum(a, b, t):
    """Sample t of the full convolution, in extended precision."""
    k = np.arange(max(0, t - len(a) + 1), min(len(b), t + 1))
    return np.sum(expected._extended(b[k]) * expected._extended(a[t - k]))


def _seams(a, b, mode):
    """Where pieces begin, in samples of the full convolution."""
    taps = np.ascontiguousarray(b, expected.taps_dtype(a, b))
    full = N + b.shape[1] - 1
    job = Job(expected.kind_of(a, b), taps, len(a), N, 0, full)
    plan, cost = plan_and_cost(job, "auto", -1)
    tiling = make_tiling(job, plan, cost, n_threads=2, memory=64 << 20, time_major=False)
    pieces = cut([Section(0, len(a), 0, full)], job, plan, tiling)
    return sorted({piece.begin for piece in pieces}), plan.hop


@pytest.mark.parametrize("dtype", ["f4", "f8", "c8", "c16"])
@pytest.mark.parametrize("n_taps", [1, 64, 1000])
@pytest.mark.parametrize("mode", ["full", "same", "valid"])
def test_samples_around_seams_and_anywhere(dtype, n_taps, mode, rng):
    a, b = expected.numbers(rng, (2, N), dtype), expected.numbers(rng, (2, n_taps), dtype)
    c = oaconv.convolve(a, b, mode, threads=2)
    n = expected.length_of(N, n_taps, mode)
    assert c.shape == (2, n) and c.dtype == dtype
    begins, hop = _seams(a, b, mode)
    assert len(begins) > 2
    spots = {t + d for t in begins for d in (-hop, -1, 0, 1, hop - 1, hop, n_taps - 1)}
    spots |= {N - 1, N, N + n_taps - 2, *map(int, rng.integers(0, N, 100))}
    start = {"full": 0, "same": (n_taps - 1) // 2, "valid": n_taps - 1}[mode]
    spots = np.array(sorted(t - start for t in spots if 0 <= t - start < n))
    wanted = np.array([[_sum(x, h, t + start) for t in spots] for x, h in zip(a, b)])
    expected.assert_close(c[:, spots], wanted, expected.bound(a, b))
