# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the samples of M rows lie in files."""

from typing import NamedTuple

import numpy as np


class Layout(NamedTuple):
    """M rows of N samples in one file, or in one file for each row.

    A sample is `width` numbers of `dtype`: 2 for pairs of integers, else 1. Row by row, or sample
    by sample with those of all rows side by side (`time_major`).
    """

    dtype: np.dtype
    width: int
    n_rows: int
    n_samples: int
    offset: int = 0  # bytes before the first sample
    time_major: bool = False
    file_per_row: bool = False

    @property
    def sample_size(self):
        """Bytes of one sample of one row."""
        return self.dtype.itemsize * self.width

    @property
    def file_size(self):
        """Bytes of each file."""
        n_rows = 1 if self.file_per_row else self.n_rows
        return self.offset + n_rows * self.n_samples * self.sample_size

    def locate(self, row, sample):
        """Number of the file, and the position in it."""
        if self.file_per_row:
            return row, self.offset + sample * self.sample_size
        index = sample * self.n_rows + row if self.time_major else row * self.n_samples + sample
        return 0, self.offset + index * self.sample_size

    def rows_follow(self, n_samples):
        """Whether rows of that many samples lie one after the other in one file."""
        return n_samples == self.n_samples and not (self.time_major or self.file_per_row)


def numbers(samples, width):
    """Samples [..., n] as the numbers they are made of, [..., n, width], without a copy."""
    if width == 1:
        return samples[..., np.newaxis]
    parts = samples.view(samples.real.dtype)
    return parts.reshape(samples.shape + (2,))


def transpose_into(target, source):
    """target[j, i] = source[i, j], with the longer axis in NumPy's inner loop."""
    if len(source) >= len(target):
        target[...] = source.T
        return
    for i, row in enumerate(source):
        target[:, i] = row
