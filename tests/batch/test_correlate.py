# SPDX-License-Identifier: GPL-3.0-or-later
"""correlate() is oriented as torch's conv1d, with the modes of SciPy and the options of convolve()."""

import expected
import layouts
import numpy as np
import oaconv
import pytest
from scipy import signal

MODES = ("full", "same", "valid")


def _sum_of_products(a, b, t):
    """c[t] = sum over k of b[k] a[t + k], a being zero where there is none."""
    k = np.arange(max(0, -t), min(len(b), len(a) - t))
    return np.sum(b[k] * a[t + k])


def _first(mode, n, n_taps):
    """The t of the first sample."""
    return {"full": 1 - n_taps, "same": -(n_taps // 2), "valid": min(0, n - n_taps)}[mode]


@pytest.mark.parametrize("n, n_taps", [(20, 5), (20, 6), (7, 1), (1, 1), (5, 12), (6, 12), (0, 3)])
@pytest.mark.parametrize("mode", MODES)
def test_the_formula(mode, n, n_taps, rng):
    a, b = (expected.numbers(rng, (2, m), "complex128") for m in (n, n_taps))
    c = oaconv.correlate(a, b, mode)
    n_samples, first = expected.length_of(n, n_taps, mode), _first(mode, n, n_taps)
    assert c.shape == (2, n_samples)
    wanted = [
        [_sum_of_products(x, h, t) for t in range(first, first + n_samples)] for x, h in zip(a, b)
    ]
    expected.assert_close(c, np.reshape(wanted, c.shape), 2 * expected.bound(a, b))


def test_valid_is_what_one_gets_unasked(rng):
    a, b = rng.standard_normal((2, 30)), rng.standard_normal((2, 7))
    expected.assert_same_bits(oaconv.correlate(a, b), oaconv.correlate(a, b, "valid"))


@pytest.mark.parametrize(
    "n, n_taps", [(3, 2), (20, 5), (20, 6), (4, 4), (2, 1), (5, 11), (5, 12), (6, 12)]
)
@pytest.mark.parametrize("dtype", ["float64", "complex128"])
@pytest.mark.parametrize("mode", MODES)
def test_scipy_and_numpy_agree(mode, dtype, n, n_taps, rng):
    """They conjugate the second argument; NumPy's "same" has as many samples as the longer one."""
    a, b = (expected.numbers(rng, m, dtype) for m in (n, n_taps))
    by_scipy, by_numpy = (f.correlate(a, b.conj(), mode) for f in (signal, np))
    expected.assert_close(oaconv.correlate(a, b, mode), by_scipy, 2 * expected.bound(a, b))
    if n >= n_taps or mode != "same":
        expected.assert_close(oaconv.correlate(a, b, mode), by_numpy, 2 * expected.bound(a, b))
    lazy = pytest.importorskip("oaconv.dask", reason="python3-dask is not installed")
    chunks = lazy.da.from_array(a, chunks=3)
    expected.assert_close(lazy.correlate(chunks, b, mode).compute(), by_scipy, 2 * expected.bound(a, b))


def test_the_middle_of_an_even_number_of_taps():
    np.testing.assert_allclose(oaconv.correlate([1, 2, 3], [4, 5], "same"), [5, 14, 23], rtol=1e-12)


@pytest.mark.parametrize("n_taps", [1, 2, 3, 8, 9, 64])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("mode", MODES)
def test_torch_agrees(mode, dtype, n_taps, rng):
    torch = pytest.importorskip("torch", reason="python3-torch is not installed")
    a, b = expected.numbers(rng, (3, 200), dtype), expected.numbers(rng, (3, n_taps), dtype)
    padding = {"valid": 0, "same": n_taps // 2, "full": n_taps - 1}[mode]
    signals, kernels = (torch.from_numpy(x.astype("f8")) for x in (a[None], b[:, None]))
    wanted = torch.nn.functional.conv1d(signals, kernels, padding=padding, groups=3)[0].numpy()
    if mode == "same":
        wanted = wanted[:, :200]  # for an even n_taps padding="same" pads one less on the left
    c = oaconv.correlate(a, b, mode)
    assert c.dtype == dtype
    expected.assert_close(c, wanted, 2 * expected.bound(a, b))


@pytest.mark.parametrize("b_shape", [(9,), (1, 9), (4, 9)])
def test_one_row_of_taps_for_all_or_one_for_each(b_shape, rng):
    a, b = rng.standard_normal((4, 50)), rng.standard_normal(b_shape)
    c = oaconv.correlate(a, b)
    assert c.shape == (4, 42)
    expected.assert_convolved(c, a, b[..., ::-1], "valid")


@pytest.mark.parametrize("axis", [0, 1, 2, -1, -2, -3])
@pytest.mark.parametrize("layout", ["contiguous", "fortran", "backwards", "in_records"])
def test_any_axis_and_layout(axis, layout, rng):
    a_shape, b_shape = [3, 2, 2], [3, 1, 2]
    a_shape[axis], b_shape[axis] = 40, 7
    a, b = (layouts.INPUTS[layout](rng.standard_normal(s)) for s in (a_shape, b_shape))
    out = np.empty_like(oaconv.correlate(a, b, "same", axis))
    assert oaconv.correlate(a, b, "same", axis, out) is out
    expected.assert_convolved(out, a, np.flip(b, axis), "same", axis)


def test_nothing_is_conjugated():
    c = oaconv.correlate(np.array([1j, 2, 3]), np.array([1j]))
    expected.assert_close(c, np.array([-1, 2j, 3j]), 1e-15 * np.ones(3))


class Tensor:
    """As torch's: NumPy can make an array of it, and negative steps are refused."""

    ndim, shape = 2, (2, 5)

    def __init__(self, array):
        self.array = array

    def __array__(self, dtype=None):
        return self.array

    def __getitem__(self, index):
        raise ValueError("step must be greater than zero")


def test_whatever_numpy_takes_for_an_array(rng):
    a, b = rng.standard_normal((2, 50)), rng.standard_normal((2, 5))
    expected = oaconv.correlate(a, b)
    np.testing.assert_array_equal(oaconv.correlate(a.tolist(), b.tolist()), expected)
    np.testing.assert_array_equal(oaconv.correlate(a, Tensor(b)), expected)
