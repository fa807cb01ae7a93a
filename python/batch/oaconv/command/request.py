# SPDX-License-Identifier: GPL-3.0-or-later
"""What the options ask for: the signal, the taps, the job, and the result to be."""

import os

import numpy as np

from .. import __version__
from .._job import Job
from .._shapes import wanted_samples
from . import raw
from .dtypes import is_complex
from .errors import Refused
from .fileio import same_file
from .journal import SUFFIX as JOURNAL_SUFFIX
from .part import SUFFIX as PART_SUFFIX
from .result import form_of, plan_result
from .source import open_signal
from .taps import load_taps, result_dtype


class Request:
    """Options that were found possible, as far as files tell. Nothing is written yet."""

    def __init__(self, options):
        self.options = options
        form = form_of(options.result)
        self.signal = open_signal(options.signal, raw.FORMATS.get(options.format), options.channels)
        self.taps = load_taps(options.taps, options.memory)
        dtype = form.dtype(result_dtype(self.signal.dtype, self.taps))
        self.job = self.make_job(dtype)
        self.result = plan_result(form, dtype, self.shape())
        self.rows = range(self.job.n_rows)[options.rows or slice(None)]
        self.shared = options.rows is not None  # with jobs for other rows
        self.goes_on = self.shared or options.resume  # with what is there already
        self.refuse_what_cannot_be()

    def make_job(self, dtype):
        layout, taps = self.signal.layout, self.taps
        if len(taps.matrix) not in (1, layout.n_rows):
            raise Refused(
                f"{taps.name}: has {len(taps.matrix)} rows, {self.signal.name} has "
                f"{layout.n_rows}; there must be as many, or one for all"
            )
        kind = "ccc" if is_complex(taps.dtype) else "ccf" if is_complex(dtype) else "fff"
        n_taps = taps.matrix.shape[1]
        start, stop = wanted_samples(self.options.mode, layout.n_samples, n_taps)
        taps_dtype = dtype if kind == "ccc" else np.empty(0, dtype).real.dtype
        return Job(kind, taps.as_array(taps_dtype), layout.n_rows, layout.n_samples, start, stop)

    def shape(self):
        """Of the result: one dimension only where signal and taps have only one."""
        if max(self.signal.n_dimensions, self.taps.n_dimensions) == 1:
            return (self.job.length,)
        return (self.job.n_rows, self.job.length)

    def refuse_what_cannot_be(self):
        if not self.result.names:
            raise Refused(f"{self.signal.name}: has no rows, so there are no files to write")
        if self.shared and self.result.layout.time_major:
            raise Refused(
                f"{self.result.path}: with --rows channels cannot lie side by side in one file; "
                "use .npy, or {} in the name for one file each"
            )
        inputs = [file.path for file in self.signal.files] + [self.taps.name]
        written = [name + suffix for name in self.result.names for suffix in ("", PART_SUFFIX)]
        for name in written + [self.result.path + JOURNAL_SUFFIX]:
            if os.path.exists(name) and not os.path.isfile(name):
                raise Refused(f"{name}: is not a regular file")
            for path in inputs:
                if same_file(name, path):
                    raise Refused(f"{name}: would overwrite {path}")

    def header(self):
        """What all jobs on this result, and those that go on with it, have in common."""
        layout = self.signal.layout
        return {
            "version": __version__,
            "mode": self.options.mode,
            "backend": self.options.backend,
            "signal": {
                "dtype": layout.dtype.str,
                "shape": [layout.n_rows, layout.n_samples],
                "order": "time" if layout.time_major else "rows",
                "size and time": [file.identity for file in self.signal.files],
            },
            "taps": {"shape": list(self.job.taps.shape), "size and time": self.taps.identity},
            "result": {
                "dtype": self.result.layout.dtype.str,
                "shape": list(self.shape()),
                "computed in": "double" if self.job.is_double else "single",
            },
        }
