# SPDX-License-Identifier: GPL-3.0-or-later
"""Taps from .npy, .npz, raw and text files."""

import warnings

import numpy as np

from .._shapes import stack_taps
from . import magic, npy, raw
from .dtypes import in_single, is_single, promoted
from .errors import Refused, one_line, os_error
from .fileio import InputFile
from .source import RowSource, raw_dtype
from .text import load_rows


class Taps:
    """Rows of taps as the file holds them.

    matrix: (M, P); dtype: what they count as; exact: whether the file has a type at all (text has
    none).
    """

    def __init__(self, file, matrix, n_dimensions, exact=True):
        self.name = file.path
        self.identity = file.identity
        self.matrix = matrix
        self.n_dimensions = n_dimensions
        self.exact = exact
        self.dtype = promoted(matrix.dtype, self.name)

    def as_array(self, dtype):
        """The taps in a native dtype, row after row; what was read is given up."""
        matrix, self.matrix = self.matrix, None
        with np.errstate(over="ignore"):
            array = np.ascontiguousarray(matrix, dtype)
        for m, row in enumerate(array):
            bad = np.flatnonzero(~np.isfinite(row))
            if len(bad):
                raise Refused(f"{self.name}: taps row {m}, tap {bad[0]} is {row[bad[0]]}")
        return array


def load_taps(path, memory):
    """Reads the taps a name stands for, by its ending; anything else is text.

    memory: bytes that the process may take; more would not do.
    """
    file = InputFile(path)
    try:
        refuse_too_many(path, file.size, memory)
        if path.lower().endswith((".npy", ".npz")):
            return load_arrays(file, memory)
        return load_raw(file) if raw.format_of(path) else load_text(file)
    except (Refused, MemoryError):
        raise
    except OSError as error:
        raise Refused(os_error(error, path)) from None
    except Exception as error:  # of a damaged file, NumPy and zipfile raise what comes
        raise Refused(f"{path}: cannot be read as taps: {one_line(error)}") from None
    finally:
        file.close()


def refuse_too_many(path, size, memory):
    """Before they are read: a recording that was taken for taps does not fit into memory."""
    if size > memory:
        raise Refused(
            f"{path}: {size / 1e6:.1f} MB of taps do not fit into --memory; taps come second, "
            "behind the signal"
        )


def load_arrays(file, memory):
    """An array; or one of several: a matrix alone, or each a row, in the order stored."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # that Python 2 has written it
        stored = load_stored(file.path, memory)
    if isinstance(stored, np.ndarray):
        return Taps(file, as_matrix(stored), stored.ndim)
    names, arrays = list(stored), list(stored.values())
    if len(arrays) == 1:
        return Taps(file, as_matrix(arrays[0]), arrays[0].ndim)
    for name, array in zip(names, arrays):
        if array.ndim != 1 or not len(array):
            raise ValueError(f"array {name} has shape {array.shape}; each must be a row of taps")
    if not arrays:
        raise ValueError("there are none")
    return Taps(file, stack_taps(arrays), 2)


def load_stored(path, memory):
    """The array of a .npy, or those of a .npz by name. Headers first: NumPy believes them."""
    with open(path, "rb") as stream:
        is_zip = stream.read(2) == b"PK"
        stream.seek(0)
        if not is_zip:
            npy.parse_header(stream)
            stream.seek(0)
            array = np.load(stream, allow_pickle=False)
            if stream.read(1):
                raise ValueError("it is longer than its header tells")
            return array
        with np.load(stream, allow_pickle=False) as stored:
            refuse_too_many(path, sum(info.file_size for info in stored.zip.infolist()), memory)
            for name in stored.zip.namelist():
                with stored.zip.open(name) as member:
                    npy.parse_header(member)
            return {name: stored[name] for name in stored.files}


def load_raw(file):
    """One row of bare samples."""
    form = raw.format_of(file.path)
    head = magic.head_of(file)
    what = magic.header_of(head)
    if magic.is_text(head) or magic.may_be_numbers(head):
        what = "text"
    if what:
        raise Refused(f"{file.path}: is {what}, not bare samples, as its ending says")
    layout = raw.read_layout([file], form, 1)
    taps = np.empty((1, layout.n_samples), raw_dtype(form))
    RowSource([file], layout, taps.dtype).read(0, 1, 0, layout.n_samples, taps)
    return Taps(file, as_matrix(taps), 1)


def load_text(file):
    """A row each line; a single column is one row."""
    header = magic.header_of(magic.head_of(file))
    if header:
        raise Refused(f"{file.path}: is {header}, not text; taps of other kinds have other endings")
    rows = load_rows(file)
    if not rows:
        raise ValueError("there are none")
    if len(rows) > 1 and all(len(row) == 1 for row in rows):
        rows = [np.concatenate(rows)]
    values = stack_taps(rows)
    if not values.imag.any():
        values = values.real
    return Taps(file, values, min(len(values), 2), exact=False)


def as_matrix(array):
    if array.ndim not in (1, 2):
        raise ValueError(f"{array.ndim} dimensions; there must be 1 or 2")
    if array.size == 0:
        raise ValueError("there are none")
    return np.atleast_2d(array)


def result_dtype(signal_dtype, taps):
    """What NumPy makes of signal and taps; text has no type, its taps follow the signal's."""
    follows = is_single(signal_dtype) and not taps.exact
    return np.result_type(signal_dtype, in_single(taps.dtype) if follows else taps.dtype)
