# SPDX-License-Identifier: GPL-3.0-or-later
"""The same numbers in memory in many ways: as inputs, and as room for outputs amid guarded bytes."""

import numpy as np


def _strided(shape, dtype, order, steps, lead_in=0):
    """A buffer, and a view of it that takes steps[i] places for each index i, in the memory order
    of the dimensions that `order` gives, `lead_in` bytes after the beginning."""
    dtype = np.dtype(dtype)
    buffer_shape = [0] * len(shape)
    for i, n in enumerate(shape):
        buffer_shape[i] = n * abs(steps[i])
    n_bytes = int(np.prod(buffer_shape)) * dtype.itemsize
    buffer = np.full(lead_in + n_bytes, 0xA5, np.uint8)
    in_memory = np.ndarray([buffer_shape[i] for i in order], dtype, buffer.data, lead_in)
    return buffer, in_memory.transpose(np.argsort(order))[tuple(slice(None, None, s) for s in steps)]


def _forward(ndim):
    return list(range(ndim))


ROOMS = {
    "contiguous": lambda s, t: _strided(s, t, _forward(len(s)), [1] * len(s)),
    "fortran": lambda s, t: _strided(s, t, _forward(len(s))[::-1], [1] * len(s)),
    "every_second": lambda s, t: _strided(s, t, _forward(len(s)), [2] * len(s)),
    "rows_apart": lambda s, t: _strided(s, t, _forward(len(s)), [3] * (len(s) - 1) + [1]),
    "backwards": lambda s, t: _strided(s, t, _forward(len(s)), [-1] * len(s)),
    "rows_backwards": lambda s, t: _strided(s, t, _forward(len(s)), [-2] * (len(s) - 1) + [1]),
    "unaligned": lambda s, t: _strided(s, t, _forward(len(s)), [1] * len(s), lead_in=1),
    "odd_place": lambda s, t: _strided(s, t, _forward(len(s)), [1] * len(s), np.dtype(t).itemsize),
}


def room(name, shape, dtype):
    """A buffer filled with a pattern, and an array in it."""
    return ROOMS[name](shape, dtype)


def _copied(name):
    def lay_out(x):
        _, view = room(name, x.shape, x.dtype)
        view[...] = x
        return view

    return lay_out


def _read_only(x):
    x = x.copy()
    x.flags.writeable = False
    return x


def _in_records(x):
    records = np.zeros(x.shape, [("flag", "u1"), ("x", x.dtype)])
    records["x"] = x
    return records["x"]


def _repeated(x):
    """Other numbers: the first row, or sample, again and again without being copied."""
    return np.broadcast_to(x[:1], x.shape)


INPUTS = {name: _copied(name) for name in ROOMS}
INPUTS |= {
    "read_only": _read_only,
    "in_records": _in_records,
    "byte_swapped": lambda x: x.astype(x.dtype.newbyteorder()),
    "repeated": _repeated,
}
