# SPDX-License-Identifier: GPL-3.0-or-later
"""Arguments of convolve() and correlate(): what they become, and the refusal of what does not fit."""

import operator
import os
import reprlib

import numpy as np
from numpy import ma  # NumPy 2 would import it when it is first used

from ._job import stack_taps

try:
    from numpy.exceptions import TooHardError
except ImportError:  # before NumPy 1.25
    from numpy import TooHardError


def shown(value):
    """A value in a message: short, and whatever it is."""
    try:
        return reprlib.repr(value)
    except Exception:  # of its own repr(), or an integer of thousands of digits
        return f"some {type(value).__name__}"


def number_dtype(name, array):
    """What the numbers of an array count as: at least float32, integers as float64."""
    kind, dtype = array.dtype.kind, array.dtype
    if kind in "biu":
        return np.dtype(np.float64)
    if kind not in "fc":
        raise TypeError(f"{name} has dtype {dtype}; it must hold numbers")
    if dtype.itemsize > (16 if kind == "c" else 8):
        raise TypeError(f"{name} has dtype {dtype}, which is more than double precision")
    return np.result_type(dtype.newbyteorder("="), np.float32)


def refuse_masked(name, x):
    """Refuses masked arrays, and lists that hold some: NumPy would read what is under the mask."""
    left, seen = [x], set()
    while left:
        x = left.pop()
        if isinstance(x, ma.MaskedArray):
            raise TypeError(f"{name} is a masked array; fill it first")
        if isinstance(x, (list, tuple)) and id(x) not in seen:
            seen.add(id(x))
            left += [part for part in x if isinstance(part, (list, tuple, ma.MaskedArray))]


def as_array(name, x):
    """A plain array of numbers."""
    refuse_masked(name, x)
    try:
        array = np.asanyarray(x)
    except (TypeError, ValueError) as error:
        raise type(error)(f"{name} does not make an array: {error}") from None
    refuse_masked(name, array)  # which an object with __array__() may have become
    number_dtype(name, array)
    return np.asarray(array)


def as_taps(b, axis):
    """As as_array(), but rows in a list may differ in length: shorter ones end in zeros."""
    try:
        return as_array("b", b)
    except ValueError:
        if not isinstance(b, (list, tuple)) or _as_axis(axis) not in (-1, 1):
            raise
        rows = [as_array(f"b, row {m},", row) for m, row in enumerate(b)]
        if any(row.ndim != 1 or row.size == 0 for row in rows):
            raise
        return stack_taps(rows)


def rows_last(name, array, axis):
    """The axis of the rows moved to the end; one row alone has no other axis."""
    if array.ndim == 0:
        raise ValueError(f"{name} is a single number; it must have rows")
    return array if array.ndim == 1 else np.moveaxis(array, axis, -1)


def _as_integer(name, value, what):
    try:
        if isinstance(value, (bool, np.bool_, ma.MaskedArray)):  # which Python takes for integers
            raise TypeError
        return operator.index(value)
    except TypeError:
        raise TypeError(f"{name} is {shown(value)}; it must be {what}") from None


def _as_axis(axis):
    return _as_integer("axis", axis, "one axis, an integer")


def as_axis(a, b, axis):
    """The axis of the rows of two arrays, an integer."""
    ndim = max(a.ndim, b.ndim)
    axis = _as_axis(axis)
    if not -ndim <= axis < ndim:
        raise ValueError(f"axis is {shown(axis)}, but there are {ndim} dimensions")
    if a.ndim != b.ndim and min(a.ndim, b.ndim) > 1:
        raise ValueError(f"a has {a.ndim} dimensions and b has {b.ndim}; one row or as many")
    return axis


def as_n_threads(threads):
    """Threads that are worth starting here."""
    threads = _as_integer("threads", threads, "an integer")
    if threads < 0:
        raise ValueError(
            f"threads is {shown(threads)}; it must be a number of threads, or 0 for all cores"
        )
    n_cores = len(os.sched_getaffinity(0))
    return min(threads, n_cores) if threads else n_cores


def check_backend(backend):
    """Refuses what can be no name; whether there is one of that name the engine knows."""
    if not isinstance(backend, str):
        raise TypeError(f"backend is {shown(backend)}; it must be a name")
    if not backend.isascii() or "\0" in backend:
        raise ValueError(f"backend is {shown(backend)}; oaconv.backends() has the names")


def broadcast(a, b):
    """The shape of all dimensions but that of the rows."""
    try:
        return np.broadcast_shapes(a.shape[:-1], b.shape[:-1])
    except ValueError:
        raise ValueError(
            f"rows of a, {a.shape[:-1]}, and of b, {b.shape[:-1]}, do not pair up"
        ) from None


def wanted_samples(mode, n, n_taps):
    """Which samples of the full convolution a mode wants."""
    start_of_same = (n_taps - 1) // 2
    wanted = {
        "full": (0, n + n_taps - 1),
        "same": (start_of_same, start_of_same + n),
        "valid": (min(n, n_taps) - 1, max(n, n_taps)),
    }
    if not isinstance(mode, str) or mode not in wanted:
        raise ValueError(f'mode is {shown(mode)}; there are "full", "same" and "valid"')
    return wanted[mode] if n else (0, 0)


def check_taps(b):
    """Refuses rows of no taps, and taps that are not finite."""
    if b.shape[-1] == 0:
        raise ValueError(f"b has no taps, its shape is {b.shape}")
    if not np.isfinite(b).all():
        raise ValueError("b has taps that are NaN or infinite")


def new_rows(shape, dtype):
    """Room for a result."""
    try:
        return np.empty(shape, dtype)
    except ValueError as error:
        raise ValueError(f"a and b give a result of shape {shape}: {error}") from None


def check_out(out, shape, dtype, inputs):
    """Refuses an array that is no place for the result."""
    refuse_masked("out", out)
    if not isinstance(out, np.ndarray):
        raise TypeError(f"out is a {type(out).__name__}; it must be an array")
    if out.shape != shape:
        raise ValueError(f"out has shape {out.shape}; the result has {shape}")
    if out.dtype != dtype:
        raise ValueError(f"out has dtype {out.dtype}; the result has {dtype}")
    if not out.flags.writeable:
        raise ValueError("out is read-only")
    if any(_share_memory(out, array) for array in inputs):
        raise ValueError("out shares memory with a or b")
    if _may_overlap_itself(out):
        raise ValueError("out has several samples in one place of memory")


def _share_memory(x, y):
    try:
        return np.shares_memory(x, y, max_work=10000) or _share_file(x, y)
    except TooHardError:
        return True


def _share_file(x, y):
    """Whether two memory maps have a part of a file in common."""
    x, y = _map_of(x), _map_of(y)
    if x is None or y is None or x is y or not _same_file(x.filename, y.filename):
        return False
    return x.offset < y.offset + y.nbytes and y.offset < x.offset + x.nbytes


def _same_file(x, y):
    try:
        return os.path.samefile(x, y)
    except OSError:  # a map outlives the name of its file
        return os.fspath(x) == os.fspath(y)


def _map_of(array):
    """The memory map of a file that an array is part of, or None."""
    found = None
    while isinstance(array, np.ndarray):
        if isinstance(array, np.memmap) and array.filename is not None:
            found = array
        array = array.base
    return found


def _may_overlap_itself(array):
    """Whether an index may lead to where another does, as after numpy.broadcast_arrays()."""
    if array.size == 0:  # NumPy gives these strides of 0
        return False
    end = array.itemsize
    for stride, n in sorted((abs(s), n) for s, n in zip(array.strides, array.shape) if n > 1):
        if stride < end:
            return True
        end += stride * (n - 1)
    return False
