# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows of an array of any shape, as source and as sink."""

import math

import numpy as np


def _as_matrix(array):
    """A 2-D view of an array (..., N), or None where only a copy would do."""
    view = array.view()
    try:
        view.shape = math.prod(array.shape[:-1]), array.shape[-1]
    except AttributeError:
        return None
    return view


class _Rows:
    """The rows of an array (..., N), numbered as numpy.ravel() has them."""

    time_major = False

    def __init__(self, array, dtype):
        self._array, self._matrix = array, _as_matrix(array)
        contiguous = array.shape[-1] <= 1 or array.strides[-1] == array.itemsize
        self._as_it_is = (
            self._matrix is not None
            and array.dtype == dtype
            and array.dtype.isnative
            and array.flags.aligned
            and contiguous
        )

    def _view(self, first, end, begin, stop):
        return self._matrix[first:end, begin:stop] if self._as_it_is else None

    def _each(self, first, end, begin, stop):
        """Pairs of an index into a block, and the part of the array that it is for."""
        if self._matrix is not None:
            yield slice(None), self._matrix[first:end, begin:stop]
            return
        for row in range(first, end):
            yield row - first, self._array[np.unravel_index(row, self._array.shape[:-1])][begin:stop]


class ArraySource(_Rows):
    def read(self, first, end, begin, stop, scratch):
        view = self._view(first, end, begin, stop)
        if view is not None:
            return view
        for index, part in self._each(first, end, begin, stop):
            scratch[index] = part
        return scratch


class ArraySink(_Rows):
    def room(self, first, end, begin, stop):
        return self._view(first, end, begin, stop)

    def write(self, first, begin, block):
        for index, part in self._each(first, first + len(block), begin, begin + block.shape[1]):
            part[...] = block[index]
