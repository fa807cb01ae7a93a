# SPDX-License-Identifier: GPL-3.0-or-later
"""Sections, threads, memory, and where samples lie: no bit of a result depends on them."""

import threading
from concurrent.futures import ThreadPoolExecutor

import expected
import numpy as np
import oaconv
import pytest
from oaconv._job import Job, Plan, Section
from oaconv._plan import make_plan
from oaconv._run import run
from oaconv._tiling import costs, least_memory, make_tiling

pytest.importorskip("hypothesis", reason="python3-hypothesis is not installed")
from hypothesis import example, given, settings
from hypothesis import strategies as st

CASES = [
    (kind, precision, backend)
    for precision, dtype in (("single", "f4"), ("double", "f8"))
    for backend in expected.backends(dtype)
    for kind in ("fff", "ccf", "ccc")
]


class Rows:
    """A source that hands out views, or copies; some samples into its memory."""

    def __init__(self, x, staged=False, time_major=False, offset=0):
        memory = np.zeros((len(x), x.shape[1] + offset), x.dtype)
        self._x = memory[:, offset:]
        self._x[...] = x
        self._staged, self.time_major = staged, time_major
        self._lock, self._scratch_of = threading.Lock(), {}

    @property
    def most_scratch(self):
        return sum(self._scratch_of.values())

    def read(self, first, end, begin, stop, scratch):
        assert 0 <= first < end <= len(self._x) and 0 <= begin <= stop <= self._x.shape[1]
        assert scratch.shape == (end - first, stop - begin) and scratch.dtype == self._x.dtype
        with self._lock:
            me = threading.get_ident()
            self._scratch_of[me] = max(scratch.nbytes, self._scratch_of.get(me, 0))
        if not self._staged:
            return self._x[first:end, begin:stop]
        scratch[...] = self._x[first:end, begin:stop]
        return scratch


class Results:
    """A sink with room of its own, or without, that counts how often each sample comes."""

    def __init__(self, job, has_room=True, offset=0):
        self._memory = np.zeros((job.n_rows, job.length + offset), job.sample_dtype)
        self.y = self._memory[:, offset:]
        self.n_times = np.zeros(self.y.shape, int)
        self._has_room = has_room

    def room(self, first, end, begin, stop):
        assert 0 <= first < end <= self.y.shape[0] and 0 <= begin < stop <= self.y.shape[1]
        if not self._has_room:
            return None
        self.n_times[first:end, begin:stop] += 1
        return self.y[first:end, begin:stop]

    def write(self, first, begin, block):
        place = np.s_[first : first + block.shape[0], begin : begin + block.shape[1]]
        self.n_times[place] += 1
        self.y[place] = block


def make_job(kind, precision, n_rows, n, n_taps, seed=0, shared_taps=False, start=0, stop=None):
    rng = np.random.default_rng(seed)
    sample, tap = {"fff": "ff", "ccf": "Ff", "ccc": "FF"}[kind]
    if precision == "double":
        sample, tap = {"f": "d", "F": "D"}[sample], {"f": "d", "F": "D"}[tap]
    taps = expected.numbers(rng, (1 if shared_taps else n_rows, n_taps), tap)
    stop = n + n_taps - 1 if stop is None else stop
    return Job(kind, taps, n_rows, n, start, stop), expected.numbers(rng, (n_rows, n), sample)


def small_plan(job, backend, n):
    """A plan with a hop for rows of n samples, so that short rows have many hops."""
    return make_plan(job._replace(n_samples=n), backend)


def plain(job, x, plan):
    sink = Results(job)
    run(job, Rows(x), sink, plan=plan, threads=1)
    assert (sink.n_times == 1).all()
    return sink.y


def assert_filtered(job, x, y, backend):
    a, b = x, job.taps
    wanted = expected.convolution(a, b, "full")[:, job.start : job.stop]
    limit = expected.bound(a, b, backend=backend)
    assert y.dtype == job.sample_dtype
    expected.assert_close(y, wanted, limit)


@st.composite
def cuts(draw, job, hop):
    """Sections that together are all of the job, in any order."""
    borders = st.one_of(
        st.integers(0, job.length),
        st.sampled_from([-2, -1, 0, 1, 2]).map(lambda d: job.length - job.n_taps + d),
        st.integers(0, job.stop // hop).map(lambda k: k * hop - job.start),
        st.integers(0, job.stop // hop).map(lambda k: k * hop - job.start + 1),
    )
    sections = [Section(0, job.n_rows, 0, job.length)]
    for _ in range(draw(st.integers(0, 6))):
        first, end, begin, stop = sections.pop(draw(st.integers(0, len(sections) - 1)))
        middle = min(max(draw(borders), begin), stop)
        if draw(st.booleans()) and end - first > 1:
            row = draw(st.integers(first + 1, end - 1))
            sections += [Section(first, row, begin, stop), Section(row, end, begin, stop)]
        elif begin < middle < stop:
            width = draw(st.sampled_from([0, 0, 1]))  # of a section between the two
            last = min(middle + width, stop)
            parts = [(begin, middle), (middle, last), (last, stop)]
            sections += [Section(first, end, *part) for part in parts if part[0] < part[1]]
        else:
            sections.append(Section(first, end, begin, stop))
    return draw(st.one_of(st.just(sorted(sections)), st.permutations(sections)))


@settings(max_examples=250)
@given(st.data())
def test_any_cut_gives_the_bits_of_a_plain_run(data):
    draw = data.draw
    kind, precision, backend = draw(st.sampled_from(CASES))
    n_rows = draw(st.integers(1, 5))
    n_taps = draw(st.one_of(st.integers(1, 9), st.sampled_from([33, 150])))
    n = draw(st.sampled_from([1, 2, 7, 30, 59, 512, 1000, 2345, 3999]))
    full = n + n_taps - 1
    start = draw(st.one_of(st.just(0), st.integers(0, full - 1)))
    stop = draw(st.one_of(st.just(full), st.integers(start + 1, full)))
    job, x = make_job(kind, precision, n_rows, n, n_taps, 1, draw(st.booleans()), start, stop)
    plan = small_plan(job, backend, draw(st.sampled_from([1, 30, n])))
    wanted = plain(job, x, plan)

    offset = draw(st.integers(0, 3))
    source = Rows(x, draw(st.booleans()), draw(st.booleans()), offset)
    sink = Results(job, draw(st.booleans()), draw(st.integers(0, 3)))
    pieces, threads = [], draw(st.integers(1, 2))
    memory = draw(st.sampled_from([1, 1 << 14, 1 << 17, 1 << 20, 64 << 20]))
    used = run(
        job,
        source,
        sink,
        plan=plan,
        threads=threads,
        memory=memory,
        sections=draw(cuts(job, plan.hop)),
        done=pieces.append,
    )
    assert used == plan
    assert (sink.n_times == 1).all()
    assert sum((s.end - s.first) * (s.stop - s.begin) for s in pieces) == sink.y.size
    expected.assert_same_bits(sink.y, wanted)


@pytest.mark.parametrize("kind, precision, backend", CASES)
@pytest.mark.parametrize("n_taps", [1, 40])
def test_a_plain_run_is_right(kind, precision, backend, n_taps):
    for start, stop in [(0, None), (17, 2900)]:
        job, x = make_job(kind, precision, 2, 3000, n_taps, start=start, stop=stop)
        for n in (30, 3000):
            plan = small_plan(job, backend, n)
            assert_filtered(job, x, plain(job, x, plan), backend)


@pytest.mark.parametrize("kind, precision, backend", CASES)
def test_the_plan_of_another_run_gives_its_bits(kind, precision, backend):
    job, x = make_job(kind, precision, 3, 20000, 70)
    sink = Results(job)
    plan = run(job, Rows(x), sink, backend=backend)
    assert isinstance(plan, Plan) and plan.backend == backend
    assert plan == make_plan(job, backend)
    again = Results(job)
    assert run(job, Rows(x), again, plan=plan, backend="no such") == plan
    expected.assert_same_bits(again.y, sink.y)


@pytest.mark.parametrize("kind, precision, backend", CASES)
def test_parts_of_a_result_are_computed_alone(kind, precision, backend):
    job, x = make_job(kind, precision, 3, 3000, 50)
    plan = small_plan(job, backend, 100)
    wanted = plain(job, x, plan)
    for section in [(1, 2, 1234, 1235), (0, 3, 3010, 3049), (2, 3, 3048, 3049), (0, 1, 0, 1)]:
        sink = Results(job)
        run(job, Rows(x), sink, plan=plan, sections=[Section(*section)])
        first, end, begin, stop = section
        assert sink.n_times.sum() == (end - first) * (stop - begin)
        place = np.s_[first:end, begin:stop]
        expected.assert_same_bits(sink.y[place], wanted[place])


def test_no_sections_are_no_work():
    job, x = make_job("fff", "single", 2, 100, 5)
    sink = Results(job)
    run(job, Rows(x), sink, sections=[])
    assert sink.n_times.sum() == 0


@pytest.mark.parametrize("time_major", [False, True])
@pytest.mark.parametrize("n_rows, n, n_taps", [(3000, 4000, 1), (50, 100000, 200), (4, 300000, 5000)])
@pytest.mark.parametrize("memory", [1 << 20, 4 << 20, 64 << 20])
def test_buffers_stay_within_the_memory_given(time_major, n_rows, n, n_taps, memory):
    """Of a few sections only, and of rows that are all the same memory."""
    taps = np.ones((1, n_taps), np.float32)
    job = Job("fff", taps, n_rows, n, 0, n + n_taps - 1)
    plan = make_plan(job, "volk")
    assert least_memory(job, plan, 0) < memory or n_taps > 1000

    source = Rows(np.zeros((1, 1), np.float32), True, time_major)
    source._x = np.broadcast_to(np.float32(0), (n_rows, n))
    sink = Results(job._replace(n_rows=1))
    sink.room = lambda first, end, begin, stop: None
    sink.write = lambda first, begin, block: None
    sections = [Section(0, n_rows, 0, 1)]
    run(job, source, sink, plan=plan, threads=1, memory=memory, sections=sections)
    assert 2 * source.most_scratch <= max(memory, least_memory(job, plan, 0))


@settings(max_examples=200)
@given(
    n_taps=st.integers(0, 19).map(lambda k: 2**k + 3),
    n=st.integers(0, 24).map(lambda k: 2**k + 5),
    n_rows=st.integers(1, 3000),
    dtype=st.sampled_from(["f4", "f8"]),
    size=st.sampled_from([2, 4, 16]),
    memory=st.integers(1 << 18, 1 << 28),
    threads=st.integers(1, 64),
    time_major=st.booleans(),
)
@example(  # a row of taps that takes more than half of what the filter leaves
    n_taps=8195,
    n=131077,
    n_rows=973,
    dtype="f4",
    size=2,
    memory=918012,
    threads=1,
    time_major=False,
)
def test_no_tiling_takes_more_memory_than_it_may(
    n_taps, n, n_rows, dtype, size, memory, threads, time_major
):
    taps = np.broadcast_to(np.ones(1, dtype), (n_rows, n_taps))
    job = Job("fff", taps, n_rows, n, 0, n + n_taps - 1)
    n_fft = size * n_taps
    plan = Plan("volk", n_fft, n_fft - n_taps + 1, n_fft - n_taps + 1)
    tiling = make_tiling(job, plan, 1.0, n_threads=threads, memory=memory, time_major=time_major)
    cost = costs(job, plan, 1.0)
    buffers = 2 * tiling.n_call * tiling.n_rows * job.sample_dtype.itemsize
    used = tiling.n_threads * (cost.filter + tiling.n_rows * cost.row + buffers)
    assert used <= max(memory, least_memory(job, plan, 1.0))


def test_callers_in_many_threads(rng):
    a, b = expected.numbers(rng, (8, 50_000), "f8"), expected.numbers(rng, (8, 30), "f8")
    wanted = oaconv.convolve(a, b)
    with ThreadPoolExecutor(8) as pool:
        for c, row in zip(pool.map(lambda m: oaconv.convolve(a[m], b[m]), range(8)), wanted):
            expected.assert_same_bits(c, row)


@pytest.mark.parametrize("dtype", ["f4", "f8", "c8", "c16"])
@pytest.mark.parametrize("mode", ["full", "same", "valid"])
def test_threads_do_not_show_in_arrays(dtype, mode, rng):
    a, b = expected.numbers(rng, (3, 200_003), dtype), expected.numbers(rng, (3, 60), dtype)
    wanted = oaconv.convolve(a, b, mode, threads=1)
    for threads in (0, 2, 7):
        expected.assert_same_bits(oaconv.convolve(a, b, mode, threads=threads), wanted)
    out = np.empty(wanted.shape[::-1], dtype).T
    expected.assert_same_bits(oaconv.convolve(np.asfortranarray(a), b, mode, out=out), wanted)
