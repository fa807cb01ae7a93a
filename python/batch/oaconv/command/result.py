# SPDX-License-Identifier: GPL-3.0-or-later
"""What is to be written: format, files and layout of the result."""

import os
from typing import NamedTuple

from . import npy, raw
from .dtypes import in_single, is_complex
from .errors import Refused
from .layout import Layout


class Form(NamedTuple):
    """What the name of the result says about it."""

    path: str
    raw: object  # raw.Format, or None for .npy
    file_per_row: bool

    def dtype(self, natural):
        """Of the result, given what NumPy would make it: raw files hold single precision."""
        if self.raw is None:
            return natural
        if is_complex(natural) and not self.raw.complex:
            raise Refused(f"{self.path}: the result is complex, .f32 is not; use .cf32 or .npy")
        return in_single(natural)


class Result(NamedTuple):
    """The files to be, under their final names."""

    path: str
    names: list
    layout: Layout
    head: bytes  # before the first sample

    @property
    def folder(self):
        return os.path.dirname(self.names[0]) or "."


def form_of(path):
    """Reads the name of the result; a link is followed, so that the link stays."""
    if os.path.islink(path):
        path = os.path.realpath(path)
    if path.lower().endswith(".npy"):
        return Form(path, None, False)
    form = raw.format_of(path)
    if form is None:
        raise Refused(f"{path}: unknown ending; results are .npy, .cf32 or .f32")
    if form is raw.CI16:
        raise Refused(f"{path}: results are not rounded to integers; use .cf32")
    return Form(path, form, raw.is_pattern(path))


def plan_result(form, dtype, shape):
    """The files for an array of a native dtype and of one or two dimensions."""
    n_rows, n_samples = (1,) * (2 - len(shape)) + tuple(shape)
    if form.raw is None:
        head = npy.header(shape, dtype)
        layout = Layout(dtype, 1, n_rows, n_samples, len(head))
        return Result(form.path, [form.path], layout, head)
    make = raw.one_each if form.file_per_row else raw.interleaved
    layout = make(form.raw, n_rows, n_samples)
    names = raw.channel_names(form.path, n_rows) if form.file_per_row else [form.path]
    return Result(form.path, names, layout, b"")
