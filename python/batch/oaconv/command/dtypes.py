# SPDX-License-Identifier: GPL-3.0-or-later
"""Which type the numbers of a file are computed in."""

import numpy as np

from .._shapes import number_dtype
from .errors import Refused

SINGLE = (np.dtype(np.float32), np.dtype(np.complex64))


def promoted(dtype, name):
    """What a dtype counts as: the rule of oaconv.convolve()."""
    try:
        return number_dtype(name, np.empty(0, dtype))
    except TypeError as error:
        raise Refused(str(error)) from None


def is_complex(dtype):
    return dtype.kind == "c"


def is_single(dtype):
    return dtype in SINGLE


def in_single(dtype):
    """The same kind of number in single precision."""
    return SINGLE[is_complex(dtype)]
