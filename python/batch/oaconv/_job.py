# SPDX-License-Identifier: GPL-3.0-or-later
"""What is to be convolved: pure data, and what samples are read from and written to."""

from typing import NamedTuple, Protocol

import numpy as np

from ._arrays import indices_of


class Job(NamedTuple):
    """Row m of a source with row m of the taps: samples start..stop of each full convolution.

    kind:      "fff" (real signal and taps), "ccf" (complex signal, real taps) or "ccc"
    taps:      (M, P), or any other shape (..., P) with M rows, or one row for all: float32 or
               complex64; float64 or complex128 have everything computed in double precision
    n_rows:    M
    n_samples: N of each row
    start, stop: of the N + P - 1 samples of the full convolution those that are wanted
    """

    kind: str
    taps: np.ndarray
    n_rows: int
    n_samples: int
    start: int
    stop: int

    @property
    def n_taps(self):
        return self.taps.shape[-1]

    @property
    def shares_taps(self):
        """Whether one row of taps is for all."""
        return self.taps.size == self.n_taps

    def taps_of(self, first, end):
        """The taps for rows first..end: (end - first, P), or (1, P) where all share them."""
        if self.shares_taps:
            return self.taps.reshape(1, -1)
        if self.taps.ndim == 2:
            return self.taps[first:end]
        return self.taps[indices_of(first, end, self.taps)]

    @property
    def is_double(self):
        return self.taps.dtype.itemsize == (16 if self.kind == "ccc" else 8)

    @property
    def sample_dtype(self):
        """Of the signal, and of the result."""
        if self.kind == "fff":
            return np.dtype(np.float64 if self.is_double else np.float32)
        return np.dtype(np.complex128 if self.is_double else np.complex64)

    @property
    def length(self):
        """Samples that are wanted of each row."""
        return self.stop - self.start


class Plan(NamedTuple):
    """Everything that decides how a result is rounded.

    backend: exact name
    n_fft, segment, hop: as in oaconv.h; 0 for the first two where the backend needs none
    wisdom: FFTW's, where the backend uses it
    """

    backend: str
    n_fft: int
    segment: int
    hop: int
    wisdom: str = ""


class Section(NamedTuple):
    """Of what is wanted: rows first..end, samples begin..stop, 0 being the job's start."""

    first: int
    end: int
    begin: int
    stop: int


class Source(Protocol):
    """Where samples come from. Methods are called from several threads at once."""

    time_major: bool
    """Whether a few rows cost as much to read as all."""

    def read(self, first, end, begin, stop, scratch):
        """Samples begin..stop of rows first..end.

        Returns an array of that shape and the job's sample dtype, contiguous along its rows: a view
        of what there is, or scratch, filled. It is only read, and before scratch is used again.
        """


class Sink(Protocol):
    """Where results go. Methods are called from several threads at once, for disjoint sections."""

    def room(self, first, end, begin, stop):
        """A writable array for this section, contiguous along its rows; or None."""

    def write(self, first, begin, block):
        """Takes the results for rows first.., samples begin.., where there was no room."""
