# SPDX-License-Identifier: GPL-3.0-or-later
"""How signals, taps and results fit together: dtypes, shapes, and which samples are wanted."""

import numpy as np

from ._arguments import as_integer, refuse_masked, shown


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


def stack_taps(rows):
    """Rows of taps, each 1-D, as one array: shorter rows end in zeros."""
    taps = np.zeros((len(rows), max(len(row) for row in rows)), np.result_type(*rows))
    for to, row in zip(taps, rows):
        to[: len(row)] = row
    return taps


def rows_last(name, array, axis):
    """The axis of the rows moved to the end; one row alone has no other axis."""
    if array.ndim == 0:
        raise ValueError(f"{name} is a single number; it must have rows")
    return array if array.ndim == 1 else np.moveaxis(array, axis, -1)


def _as_axis(axis):
    return as_integer("axis", axis, "one axis, an integer")


def as_axis(a, b, axis):
    """The axis of the rows of two arrays, an integer."""
    ndim = max(a.ndim, b.ndim)
    axis = _as_axis(axis)
    if not -ndim <= axis < ndim:
        raise ValueError(f"axis is {shown(axis)}, but there are {ndim} dimensions")
    if a.ndim != b.ndim and min(a.ndim, b.ndim) > 1:
        raise ValueError(f"a has {a.ndim} dimensions and b has {b.ndim}; one row or as many")
    return axis


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
