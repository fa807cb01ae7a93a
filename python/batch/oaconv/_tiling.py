# SPDX-License-Identifier: GPL-3.0-or-later
"""How a job is cut: into pieces that threads take, and those into calls of the engine."""

from typing import NamedTuple

from ._job import Section

# Samples, of all rows together.
USUAL_CALL = 1 << 18  # a call costs nothing beside its work, and caches hold it
LARGE_CALL = 1 << 22  # for a GPU
LARGEST_PIECE = 1 << 24

LONGEST_CALL = 20e6  # nanoseconds, so that an interrupt does not wait
LONGEST_PIECE = 200e6  # likewise for progress

PIECES_PER_THREAD = 4
WORTH_WARMING_UP = 16  # times what comes before a piece is computed again


class Tiling(NamedTuple):
    """n_threads that filter n_rows at a time, n_call samples a call and n_piece samples a piece."""

    n_threads: int
    n_rows: int
    n_call: int
    n_piece: int


class Costs(NamedTuple):
    """Nanoseconds for a sample, bytes for one filter and for each of its rows."""

    sample: float
    filter: int
    row: int


def costs(job, plan, estimate):
    """The planner's estimate of time, or a guess where it has none; upper bounds for bytes."""
    complex_bytes = 16 if job.is_double else 8
    spectrum = plan.n_fft * complex_bytes
    return Costs(
        sample=estimate or 0.5 * job.n_taps,
        filter=4 * spectrum + (spectrum if job.shares_taps else 0),
        row=3 * job.n_taps * complex_bytes + (0 if job.shares_taps else spectrum),
    )


def least_memory(job, plan, estimate):
    """Bytes without which not even one thread can filter one row."""
    cost = costs(job, plan, estimate)
    return cost.filter + cost.row + 2 * plan.hop * job.sample_dtype.itemsize


def _rows_at_a_time(job, cost, hop, budget, time_major, on_gpu):
    buffers = 2 * hop * job.sample_dtype.itemsize
    fit = max(1, budget // 2 // max(cost.row, buffers))
    if time_major or on_gpu:
        return min(job.n_rows, fit)
    return min(job.n_rows, fit, max(1, USUAL_CALL // max(job.length, job.n_samples)))


def _whole_hops(n, hop):
    return max(1, n // hop) * hop


def make_tiling(job, plan, estimate, *, n_threads, memory, time_major):
    """For a job that is not empty. Uses fewer threads where memory is short."""
    cost = costs(job, plan, estimate)
    on_gpu = plan.backend == "cuda"
    n_threads = 1 if on_gpu else n_threads
    n_threads = max(1, min(n_threads, memory // least_memory(job, plan, estimate)))
    budget = max(memory // n_threads - cost.filter, 1)
    n_rows = _rows_at_a_time(job, cost, plan.hop, budget, time_major, on_gpu)

    sample = 2 * job.sample_dtype.itemsize
    fit = max(budget - n_rows * cost.row, 0) // (sample * n_rows)
    good = LARGE_CALL if on_gpu else USUAL_CALL
    quick = int(LONGEST_CALL / cost.sample)
    n_call = _whole_hops(min(fit, min(good, quick) // n_rows), plan.hop)

    n_groups = -(-job.n_rows // n_rows)
    n_pieces = PIECES_PER_THREAD * n_threads if n_threads > 1 else n_groups
    fair = -(-job.length * n_groups // n_pieces)
    quick = int(LONGEST_PIECE / (cost.sample * n_rows))
    worth = WORTH_WARMING_UP * (job.n_taps + plan.hop)
    n_piece = _whole_hops(max(min(fair, quick, LARGEST_PIECE // n_rows), worth, n_call), plan.hop)
    return Tiling(n_threads, n_rows, n_call, n_piece)


def cut(sections, job, plan, tiling):
    """The pieces of the sections: borders in time are whole hops of the full convolution."""
    for section in sections:
        for first in range(section.first, section.end, tiling.n_rows):
            end = min(section.end, first + tiling.n_rows)
            begin = section.begin
            while begin < section.stop:
                border = (job.start + begin) // plan.hop * plan.hop + tiling.n_piece
                stop = min(section.stop, border - job.start)
                yield Section(first, end, begin, stop)
                begin = stop


def calls(begin, stop, hop, n_call, edges):
    """Whole hops begin..stop in calls of n_call; the hops that hold an edge are calls of their own."""
    borders = {begin, stop}
    for edge in edges:
        if edge % hop and begin <= edge < stop:
            borders |= {edge // hop * hop, edge // hop * hop + hop}
        elif begin < edge < stop:
            borders.add(edge)
    borders = sorted(borders)
    for low, high in zip(borders, borders[1:]):
        for at in range(low, high, n_call):
            yield at, min(high, at + n_call)
