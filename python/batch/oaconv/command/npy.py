# SPDX-License-Identifier: GPL-3.0-or-later
"""Headers of .npy files, by NumPy's own functions."""

import io
import math
import os
import warnings

import numpy as np
from numpy.lib import format as npy_format

from .errors import Refused, one_line, os_error
from .layout import Layout

# Version 3 is version 2 with names of fields in UTF-8, and arrays with fields are refused anyway.
READERS = {
    (1, 0): npy_format.read_array_header_1_0,
    (2, 0): npy_format.read_array_header_2_0,
    (3, 0): npy_format.read_array_header_2_0,
}

MOST_BYTES = (1 << 63) - 1


def read_header(file):
    """Shape, whether in Fortran order, dtype, and bytes before the data."""
    with os.fdopen(os.dup(file.fd), "rb") as stream:
        try:
            stream.seek(0)
            return (*parse_header(stream), stream.tell())
        except MemoryError:
            raise
        except OSError as error:
            raise Refused(os_error(error, file.path)) from None
        except Exception as error:  # of a damaged header, NumPy raises what comes
            raise Refused(f"{file.path}: is not a .npy file: {one_line(error)}") from None


def parse_header(stream):
    """Shape, whether in Fortran order, and dtype; raises anything for a damaged header."""
    version = npy_format.read_magic(stream)
    if version not in READERS:
        raise ValueError(f"version {version[0]}.{version[1]} of the format is unknown")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # that Python 2 has written it
        shape, fortran, dtype = READERS[version](stream)
    if dtype.subdtype is not None:
        raise ValueError(f"its numbers are arrays, {dtype}")
    size = math.prod(max(n, 1) for n in shape) * max(dtype.itemsize, 1)
    if min(shape, default=0) < 0 or size > MOST_BYTES:
        raise ValueError(f"no array has the shape {one_line(shape)}")
    return shape, fortran, dtype


def read_layout(file):
    """The rows of an array of one or two dimensions, and its number of dimensions."""
    shape, fortran, dtype, offset = read_header(file)
    if len(shape) not in (1, 2):
        raise Refused(f"{file.path}: has {len(shape)} dimensions; 1 or 2 are possible")
    n_rows, n_samples = (1,) * (2 - len(shape)) + shape
    time_major = fortran and n_rows > 1
    layout = Layout(dtype, 1, n_rows, n_samples, offset, time_major)
    if dtype.kind == "O":
        return layout, len(shape)
    if file.size < layout.file_size:
        raise Refused(
            f"{file.path}: is truncated: {file.size} bytes, "
            f"but its header tells of {layout.file_size}"
        )
    if file.size > layout.file_size:  # a second array, or more than a recorder could tell of
        raise Refused(
            f"{file.path}: {file.size} bytes, but its header tells of {layout.file_size} only"
        )
    return layout, len(shape)


def header(shape, dtype):
    """The bytes before the data, as numpy.save() writes them."""
    stream = io.BytesIO()
    descr = npy_format.dtype_to_descr(np.dtype(dtype))
    fields = {"descr": descr, "fortran_order": False, "shape": tuple(shape)}
    npy_format.write_array_header_1_0(stream, fields)
    return stream.getvalue()
