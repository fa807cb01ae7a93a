# SPDX-License-Identifier: GPL-3.0-or-later
"""Arguments that do not fit are refused by name, before anything is written."""

import expected
import numpy as np
import oaconv
import pytest

ONES = np.ones((3, 20))
TAPS = np.ones((3, 4))

SHAPES = [
    ((3, 20), (3, 0), "b has no taps"),
    ((3, 20), (0,), "b has no taps"),
    ((3, 0), (3, 0), "b has no taps"),
    ((), (4,), "a is a single number"),
    ((20,), (), "b is a single number"),
    ((), (), "dimensions"),
    ((3, 20), (2, 4), r"rows of a, \(3,\), and of b, \(2,\)"),
    ((2, 3, 20), (3, 2, 4), r"rows of a, \(2, 3\), and of b, \(3, 2\)"),
    ((2, 3, 20), (3, 4), "a has 3 dimensions and b has 2"),
    ((3, 20), (2, 3, 4), "a has 2 dimensions and b has 3"),
]

NOT_NUMBERS = [
    np.full((3, 4), None),
    np.full((3, 4), "1.5"),
    np.full((3, 4), b"1"),
    np.zeros((3, 4), "datetime64[s]"),
    np.zeros((3, 4), "timedelta64[s]"),
    np.zeros((3, 4), [("re", "f4"), ("im", "f4")]),
]


@pytest.fixture(params=[oaconv.convolve, oaconv.correlate], ids=["convolve", "correlate"])
def function(request):
    return request.param


@pytest.fixture
def refused(function):
    """Calls with an out that must stay as it is."""

    def check(error, message, a=ONES, b=TAPS, dtype="f8", **keywords):
        out = np.full((3, 23), 0.5, dtype)
        with pytest.raises(error, match=message):
            function(a, b, **{"mode": "full", "out": out, **keywords})
        assert (out == 0.5).all()

    return check


@pytest.mark.parametrize("a_shape, b_shape, message", SHAPES)
def test_shapes(refused, a_shape, b_shape, message):
    refused(ValueError, message, np.ones(a_shape), np.ones(b_shape))
    refused(ValueError, message, np.ones(a_shape), np.ones(b_shape), out=None)


@pytest.mark.parametrize("array", NOT_NUMBERS, ids=lambda array: str(array.dtype))
def test_arrays_of_other_things_than_numbers(refused, array):
    refused(TypeError, "^a has dtype .*must hold numbers", a=array)
    refused(TypeError, "^b has dtype .*must hold numbers", b=array)


@pytest.mark.parametrize("dtype", [np.longdouble, np.clongdouble])
def test_more_than_double_precision(refused, dtype):
    refused(TypeError, "^a has dtype .*more than double", a=ONES.astype(dtype))
    refused(TypeError, "^b has dtype .*more than double", b=TAPS.astype(dtype))


def test_masked_arrays(refused):
    """Samples that are not there have no convolution."""
    refused(TypeError, "^a is a masked array", a=np.ma.masked_less(ONES, 0))
    refused(TypeError, "^b is a masked array", b=np.ma.masked_less(TAPS, 0))
    refused(TypeError, "^out is a masked array", out=np.ma.zeros((3, 23)))
    refused(TypeError, "^a is a masked array", a=[np.ma.masked_less(row, 0) for row in ONES])
    refused(TypeError, "^b is a masked array", b=[[1.0, np.ma.masked, 2.0, 3.0]] * 3)

    class Masked:
        def __array__(self, dtype=None, copy=None):
            return np.ma.masked_less(ONES, 0)

    refused(TypeError, "^a is a masked array", a=Masked())
    refused(TypeError, "^b is a masked array", b=Masked())


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", "c8", "c16"])
@pytest.mark.parametrize("row", [0, 2])
def test_taps_that_are_not_finite(refused, bad, dtype, row):
    b = TAPS.astype(dtype)
    for value in [bad] if b.dtype.kind == "f" else [bad, complex(0, bad)]:
        b[row, 3] = value
        refused(ValueError, "^b .*finite", b=b, dtype=expected.result_dtype(ONES, b))


def test_taps_that_are_not_finite_in_the_last_of_many_rows(function):
    a, b = np.ones((600, 2000), np.float32), np.ones((600, 9), np.float32)
    b[-1, -1] = np.nan
    out = np.full((600, 2008), 0.5, np.float32)
    with pytest.raises(ValueError, match="^b .*finite"):
        function(a, b, "full", out=out)
    assert (out == 0.5).all()


@pytest.mark.parametrize("mode", ["Full", "", None, 0, ["full"], b"full", {}])
def test_modes(refused, mode):
    refused(ValueError, "^mode is", mode=mode)


@pytest.mark.parametrize("axis", [2, -3, 100])
def test_an_axis_that_is_not_there(refused, axis):
    refused(ValueError, f"^axis is {axis}, but there are 2 dimensions", axis=axis)


@pytest.mark.parametrize("axis", [None, 0.0, "0", (0, 1), [0], True, np.True_])
def test_an_axis_that_is_no_integer(refused, axis):
    refused(TypeError, "^axis is", axis=axis)


@pytest.mark.parametrize("axis", [1, -2])
def test_an_axis_of_single_rows(refused, axis):
    refused(ValueError, "^axis is", np.ones(20), np.ones(4), axis=axis)


def test_backends(refused):
    refused(ValueError, 'backend "abacus"', backend="abacus")
    single = {"a": ONES.astype("f4"), "b": TAPS.astype("f4"), "out": None}
    refused(ValueError, 'backend "abacus"', **single, backend="abacus")
    for name, usable, reason in oaconv.backends():
        if not usable:
            refused(ValueError, f'"{name}"', **single, backend=name)


@pytest.mark.parametrize("backend", [None, 0, b"auto", ["auto"]])
def test_backends_that_are_no_names(refused, backend):
    refused(TypeError, "^backend is", backend=backend)


@pytest.mark.parametrize("backend", ["auto\0", "äuto", "\ud800"])
def test_backends_that_only_begin_like_one(refused, backend):
    refused(ValueError, "^backend is", backend=backend)


@pytest.mark.parametrize("progress", [1, "yes", [], np.ones(2)])
def test_progress_that_is_no_function(refused, progress):
    refused(TypeError, "^progress is", progress=progress)


@pytest.mark.parametrize("backend", ["simd", "gpu", "cuda"])
def test_backends_that_do_not_compute_in_double_precision(refused, backend):
    refused(ValueError, f'backend "{backend}" computes in single precision only', backend=backend)


@pytest.mark.parametrize("threads", [-1, -100])
def test_threads(refused, threads):
    refused(ValueError, "^threads is", threads=threads)


@pytest.mark.parametrize("threads", [1.5, "2", None, False, np.ma.array(2, mask=True)])
def test_threads_that_are_no_integer(refused, threads):
    refused(TypeError, "^threads is", threads=threads)


def test_empty_arrays_are_no_excuse(refused):
    """What would be refused with samples is refused without."""
    for a in (np.ones((3, 0)), np.ones((0, 20))):
        b = np.ones((len(a), 4))
        refused(ValueError, "^mode is", a, b, out=None, mode="all")
        refused(ValueError, "^out has shape", a, b)
        refused(ValueError, "^threads is", a, b, out=None, threads=-1)
        refused(ValueError, "^b has taps that are NaN", a, np.full(4, np.nan), out=None)
        refused(ValueError, 'backend "abacus"', a, b, out=None, backend="abacus")
        refused(ValueError, 'backend "simd" computes in single', a, b, out=None, backend="simd")


@pytest.mark.parametrize("shape", [(3, 22), (3, 24), (2, 23), (69,), (1, 3, 23), (23, 3)])
def test_out_of_another_shape(refused, shape):
    refused(ValueError, r"^out has shape .*\(3, 23\)", out=np.zeros(shape))


@pytest.mark.parametrize("dtype", ["f4", "c16", "i8", ">f8", "f2"])
def test_out_of_another_dtype(refused, dtype):
    refused(ValueError, "^out has dtype .*float64", out=np.zeros((3, 23), dtype))


def test_out_that_is_no_array(refused):
    refused(TypeError, "^out is a list", out=[[0.0] * 23] * 3)


def test_out_that_is_read_only(refused):
    out = np.zeros((3, 23))
    out.flags.writeable = False
    refused(ValueError, "^out is read-only", out=out)


@pytest.mark.parametrize("mode", ["full", "same", "valid"])
@pytest.mark.parametrize("shift", [-1, 0, 1, 19])
def test_out_in_the_memory_of_a(function, mode, shift, rng):
    n = expected.length_of(20, 4, mode)
    memory = rng.standard_normal(200)
    a, out = memory[60:120].reshape(3, 20), memory[60 + shift :][: 3 * n].reshape(3, n)
    before = memory.copy()
    with pytest.raises(ValueError, match="^out shares memory with a or b"):
        function(a, TAPS, mode, out=out)
    expected.assert_same_bits(memory, before)


def test_out_in_the_memory_of_b(function, rng):
    memory = rng.standard_normal(100)
    b, out = memory[:12].reshape(3, 4), memory[11:80].reshape(3, 23)
    before = memory.copy()
    with pytest.raises(ValueError, match="^out shares memory with a or b"):
        function(ONES, b, "full", out=out)
    expected.assert_same_bits(memory, before)


@pytest.mark.parametrize("strides", [(0, 8), (8, 0), (8, 8), (22 * 8, 8), (-8, 8), (8, 16)])
def test_out_with_samples_in_one_place(refused, strides):
    memory = np.zeros(1000)[500:]
    out = np.lib.stride_tricks.as_strided(memory, (3, 23), strides)
    refused(ValueError, "^out has several samples in one place", out=out)
    assert not memory.any()


@pytest.mark.parametrize("shape, mode", [((3, 0), "full"), ((0, 20), "full"), ((2, 3, 0), "same")])
def test_out_of_no_samples_fits(function, shape, mode):
    out = np.empty(function(np.empty(shape), np.ones(4), mode).shape)
    assert function(np.empty(shape), np.ones(4), mode, out=out) is out


def test_out_in_another_map_of_the_same_file(refused, tmp_path, rng):
    """Addresses differ, and what is written to one is read from the other."""
    first = np.memmap(tmp_path / "x", np.float64, "w+", shape=(6, 23))
    first[:] = samples = rng.standard_normal(first.shape)
    half = np.memmap(tmp_path / "x", np.float64, "r+", shape=(3, 23))
    other = np.memmap(tmp_path / "x", np.float64, "r+", offset=3 * 23 * 8, shape=(3, 23))
    for a in (first[:3, :20], np.asarray(first)[:3, 20:0:-1]):
        refused(ValueError, "^out shares memory with a or b", a=a, out=half)
    refused(ValueError, "^out shares memory with a or b", b=first[:3, :4], out=half)
    expected.assert_same_bits(first, samples)
    expected.assert_convolved(oaconv.convolve(half[:, :20], TAPS, out=other), samples[:3, :20], TAPS)


@pytest.mark.parametrize("removed", ["ab", "a", "b"])
def test_maps_of_files_without_a_name(refused, tmp_path, rng, removed):
    """Scratch files are often removed as soon as they are open."""
    samples = rng.standard_normal((3, 20))
    a = np.memmap(tmp_path / "a", np.float64, "w+", shape=(3, 20))
    again = np.memmap(tmp_path / "a", np.float64, "r+", shape=(3, 20))
    out = np.memmap(tmp_path / "b", np.float64, "w+", shape=(3, 23))
    a[:] = samples
    for name in removed:
        (tmp_path / name).unlink()
    expected.assert_convolved(oaconv.convolve(a, TAPS, out=out), samples, TAPS)
    if "a" in removed:
        refused(ValueError, "^out shares memory with a or b", a=a[:, :17], out=again)


def test_out_between_the_samples_of_a_is_no_overlap(rng):
    """As the imaginary parts lie between the real ones, and columns between columns."""
    z = rng.standard_normal((3, 40)) + 0j
    b = rng.standard_normal((3, 5))
    wanted = oaconv.convolve(z.real.copy(), b, "same")
    expected.assert_same_bits(oaconv.convolve(z.real, b, "same", out=z.imag), wanted)
    columns = rng.standard_normal((50, 2, 3))
    wanted = oaconv.convolve(columns[:, 0].copy(), b.T.copy(), "same", axis=0)
    c = oaconv.convolve(columns[:, 0], b.T, "same", axis=0, out=columns[:, 1])
    expected.assert_same_bits(c, wanted)


def test_rows_of_taps_may_differ_in_length(function, rng):
    a, rows = rng.standard_normal((3, 20)), [[1.0, 2.0, 3.0], np.float32([4]), (5, 6j)]
    filled_up = np.array([[1, 2, 3], [4, 0, 0], [5, 6j, 0]])
    expected.assert_same_bits(function(a, rows), function(a, filled_up))
    expected.assert_same_bits(function(a, tuple(rows), "same", 1), function(a, filled_up, "same"))
    for axis in (0, -2):
        with pytest.raises(ValueError, match="^b does not make an array"):
            function(a, rows, axis=axis)
    for bad in ([[1.0], []], [[1.0], 2.0], [[[1.0]], [[1.0], [2.0]]]):
        with pytest.raises(ValueError, match="^b"):
            function(a[: len(bad)], bad)
    with pytest.raises(TypeError, match="^b, row 1, has dtype"):
        function(a[:2], [[1.0, 2.0], ["3"]])


def test_a_and_b_may_be_the_same_memory(rng):
    a = rng.standard_normal((3, 40))
    expected.assert_convolved(oaconv.convolve(a, a), a, a)
    expected.assert_convolved(oaconv.convolve(a, a[:, 1:9]), a, a[:, 1:9])
