# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes blocks of the result and puts them into files, as the layout of the files wants them."""

import threading

import numpy as np

from .layout import transpose_into
from .source import BLOCK_BYTES


def make_sink(part):
    """A sink for the files of a result that is being written."""
    kind = TimeMajorSink if part.result.layout.time_major else RowSink
    return kind(part)


class FileSink:
    """What writing has in common. Several threads may write at once."""

    def __init__(self, part):
        self.part = part
        self.layout = part.result.layout
        self.local = threading.local()

    def room(self, first, end, begin, stop):
        """No memory of the file: results go through write()."""
        return None

    def block(self, shape):
        """Numbers as in the file: this thread's own memory."""
        size = int(np.prod(shape)) * self.layout.sample_size
        memory = getattr(self.local, "memory", None)
        if memory is None or len(memory) < size:
            memory = self.local.memory = np.empty(max(size, BLOCK_BYTES), np.uint8)
        return memory[:size].view(self.layout.dtype).reshape(shape)

    def put(self, samples, row, begin):
        """Writes samples, contiguous and as in the file, from one place on."""
        index, offset = self.layout.locate(row, begin)
        self.part.write(index, memoryview(samples).cast("B"), offset)


class RowSink(FileSink):
    """Rows one after the other, or each in a file of its own."""

    def write(self, first, begin, block):
        """Takes block (rows, samples): rows first.., samples begin.. of the result."""
        if self.layout.rows_follow(block.shape[1]) and block.flags.c_contiguous:
            self.write_row(first, 0, block.reshape(-1))  # one long row
            return
        for i, samples in enumerate(block):
            self.write_row(first + i, begin, samples)

    def write_row(self, row, begin, samples):
        if samples.dtype == self.layout.dtype:
            self.put(np.ascontiguousarray(samples), row, begin)
            return
        step = BLOCK_BYTES // self.layout.sample_size
        for at in range(0, len(samples), step):
            part = samples[at : at + step]
            block = self.block((len(part),))
            block[...] = part
            self.put(block, row, begin + at)


class TimeMajorSink(FileSink):
    """Samples of all rows side by side."""

    def __init__(self, part):
        super().__init__(part)
        self.merging = threading.Lock()  # of rows that arrive apart

    def write(self, first, begin, block):
        """Takes block (rows, samples): rows first.., samples begin.. of the result."""
        n_rows = self.layout.n_rows
        step = max(1, BLOCK_BYTES // (n_rows * self.layout.sample_size))
        for at in range(0, block.shape[1], step):
            part = block[:, at : at + step]
            whole = self.block((part.shape[1], n_rows))
            if len(part) == n_rows:
                transpose_into(whole, part)
                self.put(whole, 0, begin + at)
            else:
                self.merge(whole, first, begin + at, part)

    def merge(self, whole, first, begin, part):
        """Some rows only: what the file has of the others stays."""
        index, offset = self.layout.locate(0, begin)
        with self.merging:
            self.part.read_into(whole, index, offset)
            transpose_into(whole[:, first : first + len(part)], part)
            self.put(whole, 0, begin)
