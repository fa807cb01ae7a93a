# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows of arrays come out as SciPy convolves them one by one."""

import numpy as np
import oaconv
import pytest
from scipy import signal


@pytest.mark.parametrize("mode, shape", [("full", (4, 29)), ("same", (4, 10)), ("valid", (4, 11))])
def test_short_rows_with_longer_taps(mode, shape):
    rng = np.random.default_rng(1)
    a, b = rng.standard_normal((4, 10)), rng.standard_normal((4, 20))
    c = oaconv.convolve(a, b, mode)
    assert c.shape == shape and c.dtype == np.float64
    if mode == "full":
        expected = np.vstack([signal.convolve(x, h, "full") for x, h in zip(a, b)])
    else:
        expected = signal.oaconvolve(a, b, mode, axes=1)
    np.testing.assert_allclose(c, expected, atol=1e-13)
