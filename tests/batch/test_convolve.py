# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows of arrays of any shape, dtype and layout come out as SciPy convolves them one by one."""

import itertools
from typing import NamedTuple

import expected
import layouts
import numpy as np
import oaconv
import pytest
from scipy import signal

pytest.importorskip("hypothesis", reason="python3-hypothesis is not installed")
from hypothesis import example, given, settings
from hypothesis import strategies as st

MODES = ("full", "same", "valid")
LENGTHS = st.one_of(st.integers(0, 40), st.sampled_from([64, 100, 257, 1000]))
TAPS = st.one_of(st.integers(1, 20), st.sampled_from([64, 100, 300]))


class Problem(NamedTuple):
    """How to make arguments of convolve(); prints as something to call again."""

    a_shape: tuple
    b_shape: tuple
    axis: int
    a_dtype: str = "float64"
    b_dtype: str = "float64"
    a_layout: str = "contiguous"
    b_layout: str = "contiguous"
    seed: int = 0

    def arrays(self):
        rng = np.random.default_rng(self.seed)
        a = expected.numbers(rng, self.a_shape, self.a_dtype)
        b = expected.numbers(rng, self.b_shape, self.b_dtype)
        return layouts.INPUTS[self.a_layout](a), layouts.INPUTS[self.b_layout](b)


def _shape(lead, n, axis):
    """A shape with n at `axis`, counted in all dimensions, and lead in the others."""
    shape = list(lead)
    shape.insert(axis if axis >= 0 else len(lead) + 1 + axis, n)
    return tuple(shape)


@st.composite
def shapes(draw):
    """Two shapes of up to 4 dimensions that pair up, and the axis of the rows."""
    lead = draw(st.lists(st.integers(0, 3), max_size=3))
    axis = draw(st.integers(-len(lead) - 1, len(lead)))
    a_lead, b_lead = ([draw(st.sampled_from([n, n, 1])) for n in lead] for _ in "ab")
    a_shape, b_shape = _shape(a_lead, draw(LENGTHS), axis), _shape(b_lead, draw(TAPS), axis)
    alone = draw(st.sampled_from(["neither", "neither", "a", "b"]))
    if alone == "a":
        a_shape = (draw(LENGTHS),)
    elif alone == "b":
        b_shape = (draw(TAPS),)
    return a_shape, b_shape, axis


def problems(dtypes=("float32", "float64", "complex64", "complex128"), layouts=("contiguous",)):
    dtype, layout = st.sampled_from(dtypes), st.sampled_from(layouts)
    seed = st.integers(0, 1 << 30)
    return st.tuples(shapes(), dtype, dtype, layout, layout, seed).map(
        lambda drawn: Problem(*drawn[0], *drawn[1:])
    )


def _shape_by_scipy(a, b, mode, axis):
    """What oaconvolve() makes of these shapes; its "same" is the shape of a, for all rows of b."""
    if mode == "same":
        a = np.moveaxis(expected.paired(a, b, axis)[0], -1, axis)
    ndim = max(a.ndim, b.ndim)
    ones = [np.ones(x.shape if x.ndim > 1 else _shape([1] * (ndim - 1), len(x), axis)) for x in (a, b)]
    return signal.oaconvolve(*ones, mode, axes=axis).shape


@pytest.mark.parametrize("mode, shape", [("full", (4, 29)), ("same", (4, 10)), ("valid", (4, 11))])
def test_short_rows_with_longer_taps(mode, shape, rng):
    a, b = rng.standard_normal((4, 10)), rng.standard_normal((4, 20))
    c = oaconv.convolve(a, b, mode)
    assert c.shape == shape and c.dtype == np.float64
    if mode == "full":
        wanted = np.vstack([signal.convolve(x, h, "full") for x, h in zip(a, b)])
    else:
        wanted = signal.oaconvolve(a, b, mode, axes=1)
    expected.assert_close(c, wanted, 2 * expected.bound(a, b))


@settings(max_examples=250)
@given(problems(), st.sampled_from(MODES))
@example(Problem((1,), (1, 2), 0), "same")  # one row of samples for several of taps
@example(Problem((5,), (2, 3, 2), -1), "same")
def test_shapes_broadcast_and_any_axis_holds_the_rows(problem, mode):
    a, b = problem.arrays()
    c = oaconv.convolve(a, b, mode, problem.axis)
    expected.assert_convolved(c, a, b, mode, problem.axis)
    if c.size:
        assert c.shape == _shape_by_scipy(a, b, mode, problem.axis)


@pytest.mark.parametrize("a_dtype, b_dtype", itertools.product(expected.DTYPES, repeat=2))
def test_every_pair_of_dtypes(a_dtype, b_dtype, rng):
    a, b = expected.numbers(rng, (2, 37), a_dtype), expected.numbers(rng, (2, 9), b_dtype)
    for mode in MODES:
        expected.assert_convolved(oaconv.convolve(a, b, mode), a, b, mode)


@pytest.mark.parametrize("n, n_taps", [(0, 1), (0, 5), (1, 1), (1, 7), (7, 1), (1, 2), (2, 1), (8, 8)])
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("dtype", ["float32", "complex128"])
def test_the_shortest_rows(n, n_taps, mode, dtype, rng):
    a, b = expected.numbers(rng, (3, n), dtype), expected.numbers(rng, (3, n_taps), dtype)
    c = oaconv.convolve(a, b, mode)
    assert c.shape == (3, expected.length_of(n, n_taps, mode))
    expected.assert_convolved(c, a, b, mode)


@pytest.mark.parametrize("a_dtype, b_dtype", itertools.product(["f4", "f8", "c8", "c16"], repeat=2))
@pytest.mark.parametrize("n, n_taps", [(3000, 40), (300, 500), (5000, 1), (10007, 99)])
def test_every_backend(n, n_taps, a_dtype, b_dtype, rng):
    a, b = expected.numbers(rng, (2, n), a_dtype), expected.numbers(rng, (2, n_taps), b_dtype)
    wanted = expected.convolution(a, b, "full")
    for backend in ["auto", "cpu", *expected.backends(expected.result_dtype(a, b))]:
        c = oaconv.convolve(a, b, backend=backend)
        assert c.dtype == expected.result_dtype(a, b)
        expected.assert_close(c, wanted, expected.bound(a, b, backend=backend))


@settings(max_examples=200)
@given(problems(expected.DTYPES, list(layouts.INPUTS)), st.sampled_from(MODES))
def test_no_layout_shows_and_no_input_changes(problem, mode):
    a, b = problem.arrays()
    before = a.copy(), b.copy()
    c = oaconv.convolve(a, b, mode, problem.axis)
    expected.assert_same_bits(a, before[0])
    expected.assert_same_bits(b, before[1])
    expected.assert_convolved(c, a, b, mode, problem.axis)
    plain = oaconv.convolve(np.array(a, a.dtype.newbyteorder("=")), b, mode, problem.axis)
    expected.assert_same_bits(c, plain)


@settings(max_examples=200)
@given(problems(), st.sampled_from(MODES), st.sampled_from(list(layouts.ROOMS)))
def test_out_takes_the_result_and_nothing_beside_it_changes(problem, mode, layout):
    a, b = problem.arrays()
    wanted = oaconv.convolve(a, b, mode, problem.axis)
    memory, out = layouts.room(layout, wanted.shape, wanted.dtype)
    memory_wanted, out_wanted = layouts.room(layout, wanted.shape, wanted.dtype)
    out_wanted[...] = wanted
    assert oaconv.convolve(a, b, mode, problem.axis, out) is out
    np.testing.assert_array_equal(memory, memory_wanted)


@pytest.mark.parametrize("fortran", [False, True])
@pytest.mark.parametrize("axis", [0, 1])
def test_memory_maps_in_and_out(fortran, axis, tmp_path, rng):
    b = rng.standard_normal((30, 4) if axis == 0 else (4, 30)).astype("f4")
    np.save(tmp_path / "a.npy", rng.standard_normal((2000, 4) if axis == 0 else (4, 2000)).astype("f4"))
    a = np.load(tmp_path / "a.npy", mmap_mode="r")
    shape = (2029, 4) if axis == 0 else (4, 2029)
    out = np.lib.format.open_memmap(
        tmp_path / "c.npy", "w+", np.float32, shape, fortran_order=fortran
    )
    assert oaconv.convolve(a, b, axis=axis, out=out) is out
    out.flush()
    expected.assert_convolved(np.load(tmp_path / "c.npy"), np.asarray(a), b, axis=axis)


def test_lists_and_subclasses_of_arrays_do(rng):
    a, b = rng.standard_normal((3, 12)), rng.standard_normal(5)
    wanted = oaconv.convolve(a, b)
    expected.assert_convolved(wanted, a, b)
    for same in (a.tolist(), a.view(np.recarray), a.view(type("Array", (np.ndarray,), {}))):
        c = oaconv.convolve(same, b.tolist())
        assert type(c) is np.ndarray
        expected.assert_same_bits(c, wanted)


def test_whole_numbers_come_out_whole_to_rounding():
    a, b = np.arange(20).reshape(2, 10), np.array([True, False, True])
    c = oaconv.convolve(a, b)
    assert c.dtype == np.float64
    wanted = np.array([np.convolve(row, [1, 0, 1]) for row in a])
    np.testing.assert_array_equal(np.rint(c), wanted)
    expected.assert_close(c, wanted, expected.bound(a, b))


def test_samples_that_are_not_finite_stay_in_their_row(rng):
    a, b = rng.standard_normal((3, 500)), rng.standard_normal((3, 20))
    a[1, 100], a[1, 300] = np.nan, np.inf
    c = oaconv.convolve(a, b)
    assert np.isnan(c[1, 100])
    for m in (0, 2):
        expected.assert_convolved(c[m], a[m], b[m])
