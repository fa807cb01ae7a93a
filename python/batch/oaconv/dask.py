# SPDX-License-Identifier: GPL-3.0-or-later
"""convolve() and correlate() of dask arrays: rows apart, long rows cut along time, overlap-add."""
import numpy as np

import oaconv

from ._arguments import as_n_threads, check_backend, refuse_masked
from ._shapes import as_axis, as_taps, broadcast, number_dtype, wanted_samples

try:
    import dask.array as da
    from dask.base import tokenize
    from dask.highlevelgraph import HighLevelGraph
except ImportError as error:
    raise ImportError(
        "oaconv.dask needs dask: apt install python3-dask, or pip install 'dask[array]'"
    ) from error

__all__ = ["convolve", "correlate"]


def convolve(a, b, mode="full", axis=-1, backend="auto", threads=1):
    """oaconv.convolve() as a lazy dask array, equal to it to rounding.

    Parameters
    ----------
    a : dask array (..., N), or whatever dask.array.asarray() takes
        In any chunks of known size.
    b : dask array (..., P) or (P,), or whatever numpy.asarray() takes
        Chunks along the taps are merged, those of the rows are made to follow a.
    mode, axis
        As for oaconv.convolve().
    backend : str
        As for oaconv.convolve(); of the process that runs the task.
    threads : int
        Of each task. One is enough: dask runs as many tasks at once as it has threads.

    Returns
    -------
    dask array
        Shape and dtype are those of oaconv.convolve(); the chunks are those of a. With "full" the
        last one along time is P - 1 samples longer; "same" and "valid" are cut out of that.

    A chunk of time hands P - 1 samples per row on to the next, and takes P - 1 samples of memory on
    top of its own: chunks should be longer than taps.

    Raises
    ------
    ValueError, TypeError
        At once for shapes, dtypes, masks, mode, axis and threads, as oaconv.convolve() does, and
        for chunks of unknown size; in the tasks for taps that are not finite and for the backend.
    """
    return _convolve(_lazy("a", a), _lazy_taps(b, axis), mode, axis, backend, threads)


def correlate(a, b, mode="valid", axis=-1, backend="auto", threads=1):
    """oaconv.correlate() as a lazy dask array; everything else is as in convolve()."""
    a, b = _lazy("a", a), _lazy_taps(b, axis)
    axis = as_axis(a, b, axis)
    row_axis = axis if b.ndim > 1 else -1
    if isinstance(b, da.Array) and b.ndim and not np.isnan(b.shape).any():
        b = b.rechunk({row_axis: -1})  # before it is reversed: dask loses empty chunks then
    reversed_b = np.flip(b, row_axis if b.ndim else None)
    return _convolve(a, reversed_b, mode, axis, backend, threads)


def _lazy(name, x):
    """A dask array of numbers."""
    if not isinstance(x, da.Array):
        refuse_masked(name, x)
        if isinstance(x, np.ndarray):
            number_dtype(name, x)  # dask has other words for some
        try:
            x = da.asarray(x)
        except MemoryError:
            raise
        except Exception as error:  # dask's are of many types
            raise ValueError(f"{name} does not make a dask array: {error}") from error
    refuse_masked(name, x._meta)
    number_dtype(name, x)
    return x


def _lazy_taps(b, axis):
    """A dask array of numbers, or a plain one."""
    return _lazy("b", b) if isinstance(b, da.Array) else as_taps(b, axis)


def _convolve(a, b, mode, axis, backend, threads):
    axis = as_axis(a, b, axis)
    as_n_threads(threads)
    check_backend(backend)
    rows, taps = _time_last("a", a, axis), _time_last("b", b, axis)
    n, n_taps = rows.shape[-1], taps.shape[-1]
    if n_taps == 0:
        raise ValueError(f"b has no taps, its shape is {b.shape}")
    broadcast(rows, taps)
    dtype = np.result_type(number_dtype("a", a), number_dtype("b", b))
    start, stop = wanted_samples(mode, n, n_taps)

    result = _pieces(*_aligned(rows, taps), dtype, {"backend": backend, "threads": threads})
    if rows.numblocks[-1] > 1:
        result = _overlap_add(result, rows.chunks[-1], n_taps - 1)
    result = result[..., start:stop]
    return result if _is_last(axis, result) else da.moveaxis(result, -1, axis)


def _is_last(axis, x):
    return x.ndim == 1 or axis in (-1, x.ndim - 1)


def _time_last(name, x, axis):
    if x.ndim == 0:
        raise ValueError(f"{name} is a single number; it must have rows")
    if np.isnan(x.shape).any():
        raise ValueError(f"{name} has chunks of unknown size; call compute_chunk_sizes() first")
    return x if _is_last(axis, x) else np.moveaxis(x, axis, -1)


def _aligned(rows, taps):
    """Both with as many dimensions, and the taps in one chunk for each chunk of rows."""
    rows = rows[(None,) * (taps.ndim - rows.ndim)]
    taps = taps[(None,) * (rows.ndim - taps.ndim)]
    rows = rows.rechunk({d: 1 for d, m in enumerate(rows.shape[:-1]) if m == 1})
    chunks = {d: 1 for d, m in enumerate(taps.shape[:-1]) if m == 1}
    chunks |= {d: r for d, r in enumerate(rows.chunks[:-1]) if sum(r) == taps.shape[d]}
    chunks[taps.ndim - 1] = -1
    if isinstance(taps, da.Array):
        return rows, taps.rechunk(chunks)
    return rows, da.from_array(taps, chunks=chunks)


def _pieces(rows, taps, dtype, keywords):
    """The full convolution of every chunk: chunks of n + P - 1 samples for chunks of n."""
    lead = (r if sum(r) != 1 else t for r, t in zip(rows.chunks[:-1], taps.chunks[:-1]))
    time = tuple(n + taps.shape[-1] - 1 for n in rows.chunks[-1])
    meta = np.empty((0,) * rows.ndim, dtype)
    return da.map_blocks(_piece, rows, taps, **keywords, chunks=(*lead, time), meta=meta)


def _piece(chunk, taps, **keywords):
    full = oaconv.convolve(chunk, taps, **keywords)
    if chunk.shape[-1] == 0:  # but what comes after it needs its P - 1 samples
        full = np.zeros(full.shape[:-1] + (taps.shape[-1] - 1,), full.dtype)
    return full


def _overlap_add(pieces, time, reach):
    """The sum of the pieces, each `reach` samples into the next or, where that is short, beyond.

    pieces: array with chunks of n + reach samples along time, n of `time`."""
    name = "overlap-add-" + tokenize(pieces.name)
    chunks = pieces.chunks[:-1] + (time[:-1] + (time[-1] + reach,),)
    graph = {}
    for block in np.ndindex(*pieces.numblocks[:-1]):
        carry = None
        for i, n in enumerate(time):
            piece = (pieces.name, *block, i)
            graph[(name, *block, i)] = (_add, piece, carry, chunks[-1][i])
            # In a list, because dask fuses lists with nothing. Fused with the _add() that needs it
            # (as optimization.fuse.ave-width > 1 does), the whole piece would travel there.
            beyond = carry if n < reach else None
            carry = ("carry-" + name, *block, i)
            graph[carry] = [(_carry, piece, beyond, n)]
    graph = HighLevelGraph.from_collections(name, graph, dependencies=[pieces])
    return da.Array(graph, name, chunks, meta=pieces._meta)


def _add(piece, carry, n):
    """The n samples of the sum that no later piece adds to, from where this piece begins.

    carry: [array], what earlier pieces add from there on; None for the first piece."""
    if carry is None:
        return piece[..., :n]
    result = piece[..., :n].copy()
    owed = carry[0][..., :n]
    result[..., : owed.shape[-1]] += owed
    return result


def _carry(piece, carry, n):
    """What this piece and earlier ones add to the next, which begins n samples into this one.

    carry: as in _add(), None too where it does not reach that far."""
    owed = piece[..., n:].copy()  # a view would keep the piece
    if carry is not None:
        beyond = carry[0][..., n:]
        owed[..., : beyond.shape[-1]] += beyond
    return owed
