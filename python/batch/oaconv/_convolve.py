# SPDX-License-Identifier: GPL-3.0-or-later
"""convolve() and correlate(): shapes, dtypes and modes; what does not fit is refused here."""

import operator

import numpy as np
from numpy import ma  # NumPy 2 would import it when it is first used

from . import _progress
from ._arrays import ArraySink, ArraySource
from ._job import Job
from ._run import run

try:
    from numpy.exceptions import TooHardError
except ImportError:  # before NumPy 1.25
    from numpy import TooHardError


def _number_dtype(name, array):
    """What the numbers of an array count as: at least float32, integers as float64."""
    kind, dtype = array.dtype.kind, array.dtype
    if kind in "biu":
        return np.dtype(np.float64)
    if kind not in "fc":
        raise TypeError(f"{name} has dtype {dtype}; it must hold numbers")
    if dtype.itemsize > (16 if kind == "c" else 8):
        raise TypeError(f"{name} has dtype {dtype}, which is more than double precision")
    return np.result_type(dtype.newbyteorder("="), np.float32)


def _rows_last(name, x, axis):
    """The axis of the rows moved to the end; one row alone has no other axis."""
    if isinstance(x, ma.MaskedArray):
        raise TypeError(f"{name} is a masked array; fill it first")
    array = np.asarray(x)
    if array.ndim == 0:
        raise ValueError(f"{name} is a single number; it must have rows")
    return array if array.ndim == 1 else np.moveaxis(array, axis, -1)


def _check_axis(a, b, axis):
    ndim = max(np.ndim(a), np.ndim(b))
    try:
        axis = operator.index(axis)
    except TypeError:
        raise TypeError(f"axis is {axis!r}; it must be one axis, an integer") from None
    if not -ndim <= axis < ndim:
        raise ValueError(f"axis is {axis}, but there are {ndim} dimensions")
    if np.ndim(a) != np.ndim(b) and min(np.ndim(a), np.ndim(b)) > 1:
        raise ValueError(
            f"a has {np.ndim(a)} dimensions and b has {np.ndim(b)}; one row or as many"
        )


def _broadcast(a, b):
    """The shape of all dimensions but that of the rows."""
    try:
        return np.broadcast_shapes(a.shape[:-1], b.shape[:-1])
    except ValueError:
        raise ValueError(
            f"rows of a, {a.shape[:-1]}, and of b, {b.shape[:-1]}, do not pair up"
        ) from None


def _wanted(mode, n, n_taps):
    """Which samples of the full convolution a mode wants."""
    start_of_same = (n_taps - 1) // 2
    wanted = {
        "full": (0, n + n_taps - 1),
        "same": (start_of_same, start_of_same + n),
        "valid": (min(n, n_taps) - 1, max(n, n_taps)),
    }
    if mode not in wanted:
        raise ValueError(f'mode is {mode!r}; there are "full", "same" and "valid"')
    return wanted[mode] if n else (0, 0)


def _taps(b, lead, dtype):
    """Rows of taps as a Job takes them; what is broadcast is not copied."""
    taps = np.ascontiguousarray(b, dtype)
    if not np.isfinite(taps).all():
        raise ValueError("b has taps that are NaN or infinite")
    one_for_all = all(n == 1 for n in b.shape[:-1])
    return taps if one_for_all else np.broadcast_to(taps, lead + b.shape[-1:])


def _with_rows(lead, n, axis):
    """A shape with n samples at the axis of the rows."""
    shape = list(lead)
    shape.insert(axis % (len(lead) + 1), n)
    return tuple(shape)


def _rows_of_out(out, shape, dtype, axis, inputs):
    """The array out with its rows last, once it has been found to fit."""
    if not isinstance(out, np.ndarray):
        raise TypeError(f"out is a {type(out).__name__}; it must be an array")
    if out.shape != shape:
        raise ValueError(f"out has shape {out.shape}; the result has {shape}")
    if out.dtype != dtype:
        raise ValueError(f"out has dtype {out.dtype}; the result has {dtype}")
    if not out.flags.writeable:
        raise ValueError("out is read-only")
    if any(_overlap(out, array) for array in inputs):
        raise ValueError("out shares memory with a or b")
    return _rows_last("out", out, axis)


def _overlap(x, y):
    try:
        return np.shares_memory(x, y, max_work=10000)
    except TooHardError:
        return True


def _kind(taps, dtype):
    """What the engine calls such taps and samples, and the dtype of the taps."""
    if taps.dtype.kind == "c":
        return "ccc", dtype
    return ("ccf" if dtype.kind == "c" else "fff"), np.empty(0, dtype).real.dtype


def _convolve(a, b, mode, axis, out, backend, threads, progress):
    _check_axis(a, b, axis)
    a, b = _rows_last("a", a, axis), _rows_last("b", b, axis)
    n, n_taps = a.shape[-1], b.shape[-1]
    if n_taps == 0:
        raise ValueError(f"b has no taps, its shape is {b.shape}")
    lead = _broadcast(a, b)
    dtype = np.result_type(_number_dtype("a", a), _number_dtype("b", b))
    start, stop = _wanted(mode, n, n_taps)

    if out is None:
        rows = np.empty(lead + (stop - start,), dtype)
        result = rows if rows.ndim == 1 else np.moveaxis(rows, -1, axis)
    else:
        shape = _with_rows(lead, stop - start, axis)
        result, rows = out, _rows_of_out(out, shape, dtype, axis, (a, b))
    if rows.size == 0:
        return result
    kind, taps_dtype = _kind(b, dtype)
    taps = _taps(b, lead, taps_dtype)
    job = Job(kind, taps, rows.size // (stop - start), n, start, stop)
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
        of a; a 1-D array is one row for all, and so may a be.
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
        fit.
    TypeError
        Arrays of something else than numbers, masked ones, or of more than double precision.
    MemoryError

    KeyboardInterrupt, and what progress raises, stops the work within a tenth of a second; only
    millions of taps, and FFTs in double precision that are measured when a size is first used, take
    up to a second. `out` is then partly filled. Any thread; the interpreter lock is released
    during the work.
    """
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
    _check_axis(a, b, axis)
    b = b if isinstance(b, np.ndarray) else np.asarray(b)
    reversed_b = np.flip(b, axis if b.ndim > 1 else None)
    return _convolve(a, reversed_b, mode, axis, out, backend, threads, progress)
