# SPDX-License-Identifier: GPL-3.0-or-later
"""Single arguments of convolve() and correlate(): what they become, and what is refused."""

import operator
import os
import reprlib

import numpy as np
from numpy import ma  # NumPy 2 would import it when it is first used

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


def as_integer(name, value, what):
    try:
        if isinstance(value, (bool, np.bool_, ma.MaskedArray)):  # which Python takes for integers
            raise TypeError
        return operator.index(value)
    except TypeError:
        raise TypeError(f"{name} is {shown(value)}; it must be {what}") from None


def as_n_threads(threads):
    """Threads that are worth starting here."""
    threads = as_integer("threads", threads, "an integer")
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
