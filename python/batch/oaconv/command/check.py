# SPDX-License-Identifier: GPL-3.0-or-later
"""Computes some samples of a written result again: the sum itself, from the signal's file.

A sample may be off by eps log2(N) |h|_1 max|x|: N points of the FFT (2 without one), |h|_1 the sum
of the taps' magnitudes, max|x| over the samples that share a transform with it. Single precision is
compared with sums in double, double precision with sums in long double.
"""

import math
from typing import NamedTuple

import numpy as np

from .errors import Failed

N_SPOTS = 300
MOST_READ = 1 << 28  # samples of all rows; long taps get fewer spots, FEWEST_SPOTS at least
FEWEST_SPOTS = 8
CHUNK = 1 << 16  # samples at a time
SEED = 1


class Findings(NamedTuple):
    """How many samples were compared, and the largest error in units of its bound."""

    n_spots: int
    largest: float


class Checker:
    """Compares samples of rows first..end of a result with sums."""

    def __init__(self, job, plan, source, part, first, end):
        self.job = job
        self.plan = plan
        self.source = source
        self.part = part
        self.first = first
        self.end = end
        self.wide = np.dtype(np.clongdouble if job.is_double else np.complex128)

    def check(self):
        """Raises Failed for a sample that is wrong, else returns Findings."""
        spots = self.spots()
        largest = 0.0
        for row, sample in spots:
            largest = max(largest, self.compare(row, sample))
        return Findings(len(spots), largest)

    def spots(self):
        """Rows and samples: all of a small result, else random ones and the corners."""
        n_rows, length = self.end - self.first, self.job.length
        width = self.job.n_taps + 2 * self.plan.n_fft
        width *= self.job.n_rows if self.source.layout.time_major else 1
        n_spots = max(FEWEST_SPOTS, min(N_SPOTS, MOST_READ // width))
        if n_rows * length <= n_spots:
            return [(m, t) for m in range(self.first, self.end) for t in range(length)]
        rng = np.random.default_rng(SEED)
        rows = rng.integers(self.first, self.end, n_spots)
        samples = rng.integers(0, length, n_spots)
        corners = {(m, t) for m in (self.first, self.end - 1) for t in (0, length - 1)}
        return sorted(corners | set(zip(rows.tolist(), samples.tolist())))

    def compare(self, row, sample):
        """The error of one sample in units of its bound; 0 where NaN or Inf reach it."""
        expected, bound = self.expect(row, self.job.start + sample)
        if not math.isfinite(bound):
            return 0.0
        actual = self.read_result(row, sample)
        error = abs(self.wide.type(actual) - expected)
        if not error <= bound:
            raise Failed(
                f"{self.part.names[self.part.result.layout.locate(row, sample)[0]]}: row {row}, "
                f"sample {sample} is {actual:g}, but the sum gives {self.plain(expected):g}"
            )
        return float(error / bound) if bound else 0.0

    def expect(self, row, t):
        """Sample t of the full convolution of a row, and how far off it may be."""
        taps = self.job.taps[row if len(self.job.taps) > 1 else 0]
        n_taps, reach = len(taps), self.plan.n_fft
        total, loudest = self.wide.type(0), 0.0
        begin, stop = max(0, t - n_taps + 1 - reach), min(self.job.n_samples, t + 1 + reach)
        for at in range(begin, stop, CHUNK):
            x = self.read_signal(row, at, min(stop, at + CHUNK))
            loudest = np.maximum(loudest, np.abs(x).max())  # a NaN stays
            low, high = max(at, t - n_taps + 1), min(at + len(x), t + 1)
            if low < high:
                h = taps[t + 1 - high : t + 1 - low][::-1]
                total += np.dot(x[low - at : high - at].astype(self.wide), h.astype(self.wide))
        kind = np.finfo(self.job.sample_dtype)
        passes = math.log2(max(self.plan.n_fft, 2))
        size = float(np.abs(taps.astype(self.wide)).sum()) * float(loudest)
        return total, float(kind.eps) * passes * size + float(kind.tiny) * max(self.plan.n_fft, 1)

    def plain(self, value):
        """As Python has it, real where the result is."""
        return complex(value) if self.job.kind != "fff" else float(value.real)

    def read_signal(self, row, begin, stop):
        scratch = np.empty((1, stop - begin), self.job.sample_dtype)
        return self.source.read(row, row + 1, begin, stop, scratch)[0]

    def read_result(self, row, sample):
        layout = self.part.result.layout
        stored = np.empty(1, layout.dtype)
        self.part.read_into(stored, *layout.locate(row, sample))
        return stored[0]
