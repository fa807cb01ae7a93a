# SPDX-License-Identifier: GPL-3.0-or-later
"""The signal: rows of samples read from files as the job wants them."""

import threading

import numpy as np

from . import magic, npy, raw, sigmf
from .dtypes import promoted
from .errors import Refused
from .fileio import InputFile
from .layout import numbers, transpose_into

BLOCK_BYTES = 256 << 10  # converted at a time, in the second-level cache


class Signal:
    """Open files with M rows of N samples; `dtype` is what their numbers count as."""

    def __init__(self, name, files, layout, dtype, n_dimensions):
        self.name = name
        self.files = files
        self.layout = layout
        self.dtype = dtype
        self.n_dimensions = n_dimensions

    @property
    def sparse(self):
        return any(file.sparse for file in self.files)

    def source(self, dtype):
        """The samples in a native dtype, for the driver."""
        kind = TimeMajorSource if self.layout.time_major else RowSource
        return kind(self.files, self.layout, dtype)


def open_signal(path, form=None, n_channels=None):
    """Opens the signal that a name stands for.

    form: a raw.Format, or None for what the ending says; n_channels: of raw files, None for 1.
    """
    if form is None and path.lower().endswith(".npy"):
        if n_channels is not None:
            raise Refused(f"{path}: --channels is for raw files; the header of a .npy tells them")
        file = InputFile(path)
        layout, n_dimensions = npy.read_layout(file)
        return Signal(path, [file], layout, promoted(layout.dtype, path), n_dimensions)
    form = form or raw.format_of(path)
    if form is None:
        endings = " ".join(raw.ENDINGS)
        raise Refused(f"{path}: unknown ending; known are .npy {endings}; or give --format")
    n_channels = n_channels or 1
    if n_channels > raw.MOST_CHANNELS:
        raise Refused(f"--channels: {n_channels} are too many; {raw.MOST_CHANNELS} are possible")
    files = open_raw(path, n_channels)
    for file in files:
        sigmf.refuse_contradiction(file.path, form, 1 if raw.is_pattern(path) else n_channels)
        refuse_other_than_samples(file)
    layout = raw.read_layout(files, form, n_channels)
    return Signal(path, files, layout, raw_dtype(form), 1 if n_channels == 1 else 2)


def raw_dtype(form):
    """What samples of a raw.Format count as."""
    return np.dtype(np.complex64 if form.complex else np.float32)


def open_raw(path, n_channels):
    """The file, or one for each channel; where the first is missing, others need no names."""
    if not raw.is_pattern(path):
        return [InputFile(path)]
    first = InputFile(raw.channel_names(path, 1)[0])
    return [first, *map(InputFile, raw.channel_names(path, n_channels)[1:])]


def refuse_other_than_samples(file):
    """A header would be filtered, too."""
    head = magic.head_of(file)
    header = magic.header_of(head)
    if header:
        hint = "; name it .npy and leave out --format" if ".npy" in header else ""
        raise Refused(f"{file.path}: is {header}, not bare samples{hint}")
    if magic.is_text(head):
        raise Refused(f"{file.path}: is text, not bare samples")


class FileSource:
    """What reading has in common. Several threads may read at once."""

    def __init__(self, files, layout, dtype):
        self.files = files
        self.layout = layout
        self.dtype = dtype
        self.time_major = layout.time_major
        self.local = threading.local()

    def block(self, n_samples, n_rows):
        """Numbers [n_samples, n_rows, width] as in the file: this thread's own memory."""
        layout = self.layout
        shape = (n_samples, n_rows, layout.width)
        size = n_samples * n_rows * layout.sample_size
        memory = getattr(self.local, "memory", None)
        if memory is None or len(memory) < size:
            memory = self.local.memory = np.empty(max(size, BLOCK_BYTES), np.uint8)
        return memory[:size].view(layout.dtype).reshape(shape)

    def block_length(self, n_rows):
        """Samples of that many rows in a block."""
        return max(1, BLOCK_BYTES // (n_rows * self.layout.sample_size))


class RowSource(FileSource):
    """Rows one after the other, or each in a file of its own."""

    def read(self, first, end, begin, stop, scratch):
        """Samples begin..stop of rows first..end: fills scratch and returns it."""
        if self.layout.rows_follow(stop - begin) and scratch.flags.c_contiguous:
            self.read_row(first, 0, scratch.reshape(-1))  # one long row
        else:
            for m in range(first, end):
                self.read_row(m, begin, scratch[m - first])
        return scratch

    def read_row(self, row, begin, samples):
        index, offset = self.layout.locate(row, begin)
        file, layout = self.files[index], self.layout
        if layout.dtype == self.dtype:
            file.read_into(samples, offset)
            return
        step = self.block_length(1)
        for at in range(0, len(samples), step):
            part = samples[at : at + step]
            block = self.block(len(part), 1)
            file.read_into(block, offset + at * layout.sample_size)
            # Flat where it can be: NumPy is slow with an inner axis of 2.
            target = part.view(part.real.dtype) if layout.width == 2 else part
            with np.errstate(over="ignore"):
                target[...] = block.reshape(-1)


class TimeMajorSource(FileSource):
    """Samples of all rows side by side: always reads all rows, and picks."""

    def read(self, first, end, begin, stop, scratch):
        """Samples begin..stop of rows first..end: fills scratch and returns it."""
        layout = self.layout
        target = numbers(scratch, layout.width)
        step = self.block_length(layout.n_rows)
        for at in range(begin, stop, step):
            n = min(step, stop - at)
            block = self.block(n, layout.n_rows)
            index, offset = layout.locate(0, at)
            self.files[index].read_into(block, offset)
            with np.errstate(over="ignore"):
                for i in range(layout.width):
                    there = target[:, at - begin : at - begin + n, i]
                    transpose_into(there, block[:, first:end, i])
        return scratch
