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


def indices_of(first, end, array):
    """Where rows first..end of an array (..., N) are, numbered as numpy.ravel() has them."""
    return np.unravel_index(np.arange(first, end), array.shape[:-1])


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

    def _place(self, first, end, begin, stop):
        """An array, and the index of this part of it."""
        if self._matrix is not None:
            return self._matrix, (slice(first, end), slice(begin, stop))
        return self._array, (*indices_of(first, end, self._array), slice(begin, stop))


class ArraySource(_Rows):
    def read(self, first, end, begin, stop, scratch):
        view = self._view(first, end, begin, stop)
        if view is not None:
            return view
        array, place = self._place(first, end, begin, stop)
        scratch[...] = array[place]
        return scratch


class ArraySink(_Rows):
    def room(self, first, end, begin, stop):
        return self._view(first, end, begin, stop)

    def write(self, first, begin, block):
        array, place = self._place(first, first + len(block), begin, begin + block.shape[1])
        array[place] = block
