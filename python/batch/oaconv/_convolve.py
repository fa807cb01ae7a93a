# SPDX-License-Identifier: GPL-3.0-or-later
"""convolve() and correlate() of arrays."""

import numpy as np

from . import _progress
from ._arguments import as_n_threads, check_backend, check_out
from ._arrays import ArraySink, ArraySource
from ._job import Job
from ._plan import make_plan
from ._run import run
from ._shapes import (
    as_array,
    as_axis,
    as_taps,
    broadcast,
    check_taps,
    new_rows,
    number_dtype,
    rows_last,
    wanted_samples,
)


def _taps(b, lead, dtype):
    """Rows of taps as a Job takes them; what is broadcast is not copied."""
    taps = np.ascontiguousarray(b, dtype)
    one_for_all = all(n == 1 for n in b.shape[:-1])
    return taps if one_for_all else np.broadcast_to(taps, lead + b.shape[-1:])


def _with_rows(lead, n, axis):
    """A shape with n samples at the axis of the rows."""
    shape = list(lead)
    shape.insert(axis % (len(lead) + 1), n)
    return tuple(shape)


def _kind(taps, dtype):
    """What the engine calls such taps and samples, and the dtype of the taps."""
    if taps.dtype.kind == "c":
        return "ccc", dtype
    return ("ccf" if dtype.kind == "c" else "fff"), np.empty(0, dtype).real.dtype


def _check_that_it_runs(kind, dtype, backend):
    """Refuses what would be refused if there were samples."""
    make_plan(Job(kind, np.ones((1, 1), dtype), 1, 1, 0, 1), backend)


def _convolve(a, b, mode, axis, out, backend, threads, progress):
    """Of plain arrays."""
    axis = as_axis(a, b, axis)
    threads = as_n_threads(threads)
    check_backend(backend)
    _progress.check(progress)
    a, b = rows_last("a", a, axis), rows_last("b", b, axis)
    check_taps(b)
    n, lead = a.shape[-1], broadcast(a, b)
    dtype = np.result_type(number_dtype("a", a), number_dtype("b", b))
    start, stop = wanted_samples(mode, n, b.shape[-1])
    kind, taps_dtype = _kind(b, dtype)

    if out is None:
        rows = new_rows(lead + (stop - start,), dtype)
        result = rows if rows.ndim == 1 else np.moveaxis(rows, -1, axis)
    else:
        check_out(out, _with_rows(lead, stop - start, axis), dtype, (a, b))
        result, rows = out, rows_last("out", np.asarray(out), axis)
    if rows.size == 0:
        _check_that_it_runs(kind, taps_dtype, backend)
        return result
    job = Job(kind, _taps(b, lead, taps_dtype), rows.size // (stop - start), n, start, stop)
    source = ArraySource(np.broadcast_to(a, lead + (n,)), dtype)
    with _progress.reporting(progress, job) as done:
        run(job, source, ArraySink(rows, dtype), backend=backend, threads=threads, done=done)
    return result


def convolve(a, b, mode="full", axis=-1, out=None, backend="auto", threads=0, progress=None):
    """Convolves each row of a with the row of b that it is paired with.

    As scipy.signal.oaconvolve(a, b, mode, axes=axis), without the loop over rows and without
    copies of a: beside the result it takes at most 64 MB and, for each thread, a few spectra of one
    row of taps, however long the rows are.

    Parameters
    ----------
    a : array (..., N)
        Signals; any strides, read-only arrays and memory maps are fine. N = 0 gives empty rows.
    b : array (..., P) or (P,)
        FIR taps, P > 0, all finite. The dimensions other than `axis` are broadcast against those
        of a; a 1-D array is one row for all, and so may a be. Rows in a list may differ in length:
        shorter ones end in zeros.
    mode : {"full", "same", "valid"}
        "full": N + P - 1 samples. "same": the N from sample (P - 1) // 2 on. "valid": those that
        see no edge, |N - P| + 1.
    axis : int
        The axis of the rows, in all arrays.
    out : array, optional
        Receives the result: of its shape and dtype, and without memory in common with a or b; for
        example numpy.lib.format.open_memmap(..., "w+").
    backend : str
        "auto", "cpu", "gpu", or a name of oaconv.backends().
    threads : int
        0: one for every core; never more than cores. Where the system allows fewer to be started,
        those do the work, or the caller's own, and a RuntimeWarning says so once. No bit of the
        result depends on it.
    progress : callable or bool, optional
        Called as progress(done, total) with samples of all rows, in the calling thread; or True
        for a bar of tqdm.

    Returns
    -------
    array
        Integers count as float64 and float16 as float32; then the wider type of a and b, float32,
        float64, complex64 or complex128. Single precision is computed in single, double in double.

    Raises
    ------
    ValueError
        Shapes that do not pair up, no taps, taps that are NaN or infinite, an unknown mode or
        backend, a backend that cannot run here or not in double precision, an `out` that does not
        fit or shares memory, or the part of a file, with a or b.
    TypeError
        Arrays of something else than numbers, masked ones, or of more than double precision; other
        arguments of the wrong type.
    MemoryError

    KeyboardInterrupt, and what progress raises, stops the work within a tenth of a second; only
    millions of taps, and FFTs in double precision that are measured when a size is first used, take
    up to a second. `out` is then partly filled. Any thread; the interpreter lock is released
    during the work.
    """
    a, b = as_array("a", a), as_taps(b, axis)
    return _convolve(a, b, mode, axis, out, backend, threads, progress)


def correlate(a, b, mode="valid", axis=-1, out=None, backend="auto", threads=0, progress=None):
    """Correlates each row of a with the row of b that it is paired with, as torch's conv1d does.

    c[t] = sum over k of b[k] a[t + k]: what machine learning calls a convolution. b is not reversed
    and not conjugated; scipy.signal.correlate conjugates it. The modes are SciPy's: "full" begins
    at t = 1 - P, "same" at t = -(P // 2), and "valid" at t = 0, or N - P if there are more taps than
    samples. "valid" is conv1d with padding=0, "full" with padding=P-1, and "same" with
    padding="same" for an odd P; for an even P that begins a sample later. Rows are paired, as with
    groups=M.

    Everything else is as in convolve().
    """
    a, b = as_array("a", a), as_taps(b, axis)
    reversed_b = np.flip(b, as_axis(a, b, axis) if b.ndim > 1 else None)
    return _convolve(a, reversed_b, mode, axis, out, backend, threads, progress)
