# SPDX-License-Identifier: GPL-3.0-or-later
"""What should come out: dtypes, rows by SciPy in extended precision, and how far off they may be."""

import numpy as np
import oaconv
from oaconv import _core
from scipy import signal

SINGLE = ("float16", "float32", "complex64")  # what does not make a result double
DTYPES = (
    "bool int8 uint8 int16 uint16 int32 uint32 int64 uint64 "
    "float16 float32 float64 complex64 complex128"
).split()


def numbers(rng, shape, dtype):
    """Random numbers: integers from all of their range."""
    dtype = np.dtype(dtype)
    if dtype.kind == "b":
        return rng.integers(0, 2, shape).astype(dtype)
    if dtype.kind in "iu":
        limits = np.iinfo(dtype)
        return rng.integers(limits.min, limits.max, shape, dtype, endpoint=True)
    x = rng.standard_normal(shape)
    if dtype.kind == "c":
        x = x + 1j * rng.standard_normal(shape)
    return x.astype(dtype)


def backends(dtype):
    """Those of the CPU that compute in the precision of this dtype."""
    names = [name for name, usable, _ in oaconv.backends() if usable and name != "cuda"]
    is_double = np.dtype(dtype).name not in SINGLE
    return [name for name in names if not (is_double and name == "simd")]


def result_dtype(a, b):
    is_single = a.dtype.name in SINGLE and b.dtype.name in SINGLE
    is_complex = "c" in (a.dtype.kind, b.dtype.kind)
    return np.dtype({(1, 0): "f4", (1, 1): "c8", (0, 0): "f8", (0, 1): "c16"}[is_single, is_complex])


def kind_of(a, b):
    if b.dtype.kind == "c":
        return "ccc"
    return "ccf" if a.dtype.kind == "c" else "fff"


def taps_dtype(a, b):
    dtype = result_dtype(a, b)
    return dtype if b.dtype.kind == "c" else np.empty(0, dtype).real.dtype


def _extended(x):
    """In extended precision, but no integer more exactly than double precision has it."""
    if x.dtype.kind == "c":
        return x.astype(np.clongdouble)
    return x.astype(np.float64).astype(np.longdouble)


def rows_last(x, axis):
    return x if x.ndim == 1 else np.moveaxis(x, axis, -1)


def paired(a, b, axis):
    """Both with rows last and all other dimensions broadcast."""
    a, b = rows_last(a, axis), rows_last(b, axis)
    lead = np.broadcast_shapes(a.shape[:-1], b.shape[:-1])
    return np.broadcast_to(a, lead + a.shape[-1:]), np.broadcast_to(b, lead + b.shape[-1:])


def length_of(n, n_taps, mode):
    if n == 0:
        return 0
    return {"full": n + n_taps - 1, "same": n, "valid": abs(n - n_taps) + 1}[mode]


def convolution(a, b, mode, axis=-1):
    """SciPy's direct sum, row by row."""
    a, b = paired(a, b, axis)
    shape = a.shape[:-1] + (length_of(a.shape[-1], b.shape[-1], mode),)
    rows = np.zeros(shape, np.result_type(_extended(a[:0]), _extended(b[:0])))
    for m in np.ndindex(shape[:-1] if rows.size else (0,)):
        rows[m] = signal.convolve(_extended(a[m]), _extended(b[m]), mode, method="direct")
    return rows if rows.ndim == 1 else np.moveaxis(rows, -1, axis)


def _n_fft(a, b, backend):
    """Of the plan for these rows; 2 where there is no transform."""
    taps = np.ones((1, b.shape[-1]), taps_dtype(a, b))
    plan = _core.Filter(kind_of(a, b), taps, 1, backend, row_length=max(a.shape[-1], 1))
    return max(plan.n_fft, 2)


def bound(a, b, axis=-1, backend="auto"):
    """eps log2(N_fft) |h|_1 max|x| of each row, as tests/core/compare.h explains it."""
    dtype = result_dtype(a, b)
    a, b = paired(a, b, axis)
    rows = np.abs(_extended(b)).sum(axis=-1, keepdims=True)
    rows = rows * np.abs(_extended(a)).max(axis=-1, keepdims=True, initial=0)
    rows = rows * np.finfo(dtype).eps * np.log2(_n_fft(a, b, backend))
    return rows if rows.ndim == 1 else np.moveaxis(rows, -1, axis)


def assert_close(actual, wanted, limit):
    """Shapes first; then no sample is further off than its limit."""
    assert actual.shape == wanted.shape
    error = np.abs(actual - wanted)
    wrong = np.argwhere(~(error <= limit))
    assert len(wrong) == 0, (
        f"{len(wrong)} of {error.size} samples are off, the first at {tuple(wrong[0])}: "
        f"{actual[tuple(wrong[0])]}, not {wanted[tuple(wrong[0])]}"
    )


def assert_convolved(actual, a, b, mode="full", axis=-1, backend="auto"):
    """The dtype, the shape and the values that convolve() promises."""
    assert actual.dtype == result_dtype(a, b)
    assert_close(actual, convolution(a, b, mode, axis), bound(a, b, axis, backend))


def assert_same_bits(actual, wanted):
    assert actual.dtype == wanted.dtype
    assert actual.shape == wanted.shape
    one, other = (np.ascontiguousarray(x).reshape(-1).view(np.uint8) for x in (actual, wanted))
    differ = np.flatnonzero(one != other)
    assert len(differ) == 0, f"first difference at sample {differ[0] // actual.itemsize}, raveled"
