# SPDX-License-Identifier: GPL-3.0-or-later
"""On dask arrays comes out what NumPy arrays give, and only P - 1 samples cross a chunk border."""
import itertools
import pathlib
import pickle
import re
import subprocess
import sys

import numpy as np
import pytest
import scipy.signal

pytest.importorskip("dask.array", reason="python3-dask is not installed")
pytest.importorskip("hypothesis", reason="python3-hypothesis is not installed")
import dask
import dask.array as da
from dask.callbacks import Callback
from dask.core import get_dependencies, istask
from hypothesis import given, settings
from hypothesis import strategies as st

import oaconv
import oaconv.dask

MODES = ("full", "same", "valid")
DTYPES = [np.dtype(t) for t in "? b i8 e f d F D".split()]
SINGLE = ("e", "f", "F")  # those that leave the result in single precision


@pytest.fixture
def rng():
    return np.random.default_rng(6)


def normal(rng, shape, dtype):
    """Whole numbers for an integer dtype, both parts for a complex one."""
    x = 9 * rng.standard_normal(shape)
    if np.dtype(dtype).kind == "c":
        x = x + 9j * rng.standard_normal(shape)
    return x.astype(dtype)


def oracle(a, b, mode="full", axis=-1):
    """A loop over rows in double precision."""
    a, b = (x if x.ndim == 1 else np.moveaxis(x, axis, -1) for x in (a, b))
    lead = np.broadcast_shapes(a.shape[:-1], b.shape[:-1])
    a, b = (np.broadcast_to(x, lead + x.shape[-1:]) for x in (a, b))
    wide = np.result_type(a, b, np.float64)
    one = scipy.signal.convolve(*(np.ones(x.shape[-1]) for x in (a, b)), mode)
    result = np.zeros(lead + one.shape, wide)
    for m in np.ndindex(*lead):
        row = a[m].astype(wide), b[m].astype(wide)
        result[m] = scipy.signal.convolve(*row, mode, method="direct")
    return result if result.ndim == 1 else np.moveaxis(result, -1, axis)


def wanted_dtype(a, b):
    single = a.dtype.char in SINGLE and b.dtype.char in SINGLE
    is_complex = "c" in (a.dtype.kind, b.dtype.kind)
    return np.dtype({(1, 0): "f", (1, 1): "F", (0, 0): "d", (0, 1): "D"}[single, is_complex])


def assert_close(got, want, a, b):
    """To rounding in the precision of got; a and b bound how large the sums are."""
    assert got.shape == want.shape
    size = np.abs(a).max(initial=0) * np.abs(b).astype(float).sum(-1).max(initial=0)
    np.testing.assert_allclose(got, want, rtol=0, atol=30 * np.finfo(got.dtype).eps * float(size))


def assert_same(y, a, b, mode="full", axis=-1, **keywords):
    """y is, lazily and computed, the convolution of the NumPy arrays a and b."""
    want = oracle(a, b, mode, axis)
    assert isinstance(y, da.Array) and y.shape == want.shape and y.dtype == wanted_dtype(a, b)
    assert type(y._meta) is np.ndarray and y._meta.dtype == y.dtype and y._meta.ndim == y.ndim
    got = y.compute(**{"scheduler": "synchronous", **keywords})
    assert got.dtype == y.dtype
    assert_close(got, want, a, b if b.ndim == 1 else np.moveaxis(b, axis, -1))
    (blocks,) = dask.compute(y.to_delayed().ravel().tolist(), scheduler="synchronous")
    assert [block.shape for block in blocks] == list(itertools.product(*y.chunks))


@st.composite
def cuts(draw, n):
    """n as a sum of one to five chunks, some of them empty."""
    ends = sorted(draw(st.lists(st.integers(0, n), max_size=4)))
    return tuple(int(size) for size in np.diff([0, *ends, n]))


@st.composite
def jobs(draw):
    """Two arrays, an axis, and chunks for both."""
    lead = draw(st.lists(st.integers(1, 4), max_size=2))
    n, n_taps = draw(st.integers(1, 60)), draw(st.integers(1, 30))
    few = [draw(st.sampled_from([m, m, 1])) for m in lead]
    shapes = draw(st.permutations([lead, few]))
    shapes = [list(shape) + [length] for shape, length in zip(shapes, (n, n_taps))]
    axis = draw(st.integers(-1 - len(lead), len(lead)))
    rng = np.random.default_rng(draw(st.integers(0, 1 << 20)))
    arrays = [normal(rng, shape, draw(st.sampled_from(DTYPES))) for shape in shapes]
    arrays = [np.moveaxis(x, -1, axis) for x in arrays]
    alone = draw(st.sampled_from([None, 0, 1]))
    if alone is not None:  # one row for all
        arrays[alone] = normal(rng, (n, n_taps)[alone], arrays[alone].dtype)
    return arrays, axis, [tuple(draw(cuts(length)) for length in x.shape) for x in arrays]


@settings(max_examples=120, deadline=None, derandomize=True)
@given(jobs(), st.sampled_from(MODES), st.booleans())
def test_chunks_do_not_show(job, mode, taps_are_lazy):
    (a, b), axis, (chunks_a, chunks_b) = job
    taps = da.from_array(b, chunks=chunks_b) if taps_are_lazy else b
    y = oaconv.dask.convolve(da.from_array(a, chunks=chunks_a), taps, mode, axis)
    assert_same(y, a, b, mode, axis)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    "time",
    [(40, 40, 20), (3,) * 33 + (1,), (1,) * 100, (0, 50, 0, 0, 1, 2, 47, 0), (5, 95), (99, 1)],
    ids=lambda time: f"{len(time)} chunks, {min(time)} to {max(time)}",
)
def test_chunks_may_be_shorter_than_the_taps(mode, time, rng):
    for n_taps in [1, 2, 3, 4, 5, 20, 100, 101, 130]:
        a, b = normal(rng, (2, 100), "d"), normal(rng, (2, n_taps), "d")
        y = oaconv.dask.convolve(da.from_array(a, chunks=(1, time)), b, mode)
        assert_same(y, a, b, mode)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("time", [(0,), (0, 0, 0)])
def test_nothing_in_nothing_out(mode, time, rng):
    a, b = np.zeros((3, 0), "f"), normal(rng, (3, 5), "f")
    y = oaconv.dask.convolve(da.from_array(a, chunks=((2, 1), time)), b, mode)
    assert y.shape == (3, 0) and y.dtype == np.float32
    assert y.compute().shape == oaconv.convolve(a, b, mode).shape == (3, 0)


def test_no_rows_give_no_rows(rng):
    for time in [(30,), (10, 20)]:
        a = da.from_array(np.zeros((0, 30), "f"), chunks=((0,), time))
        assert oaconv.dask.convolve(a, normal(rng, 4, "f")).compute().shape == (0, 33)


@pytest.mark.parametrize("one", [(1,), (0, 1), (1, 0)])
def test_one_row_for_all_may_stand_beside_empty_chunks(one, rng):
    a, b = normal(rng, (3, 50), "d"), normal(rng, (1, 9), "d")
    y = oaconv.dask.convolve(da.from_array(a, chunks=(2, 20)), da.from_array(b, chunks=(one, 4)))
    assert_same(y, a, b)
    y = oaconv.dask.convolve(da.from_array(b, chunks=(one, 4)), da.from_array(a, chunks=(2, 20)))
    assert_same(y, b, a)


def test_the_result_has_the_chunks_of_the_signal(rng):
    a = da.zeros((7, 100), chunks=((3, 4), (50, 20, 30)), dtype="f")
    b = normal(rng, (7, 11), "f")
    assert oaconv.dask.convolve(a, b).chunks == ((3, 4), (50, 20, 40))
    assert oaconv.dask.convolve(a, b, "same").chunks == ((3, 4), (45, 20, 35))
    assert oaconv.dask.convolve(a, b, "valid").chunks == ((3, 4), (40, 20, 30))
    assert oaconv.dask.convolve(a.T, b.T, axis=0).chunks == ((50, 20, 40), (3, 4))


def test_what_is_no_array_becomes_one(rng):
    y = oaconv.dask.convolve([1.0, 2.0, 3.0], [1.0, 1.0])
    assert_same(y, np.array([1.0, 2.0, 3.0]), np.array([1.0, 1.0]))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("n_taps", [7, 8])
def test_correlate_has_the_orientation_of_oaconv_correlate(mode, n_taps, rng):
    a, b = normal(rng, (3, 50), "F"), normal(rng, (3, n_taps), "F")
    for axis, x, taps in [(-1, a, b), (0, a.T, b.T), (0, a.T, b[0])]:
        want = oaconv.correlate(x, taps, mode, axis)
        for chunks in (50, 13):
            y = oaconv.dask.correlate(da.from_array(x, chunks=chunks), taps, mode, axis)
            assert y.dtype == want.dtype
            assert_close(y.compute(), want, a, b)


def test_correlate_gives_what_is_valid_unless_told_otherwise(rng):
    a, b = normal(rng, (3, 50), "f"), normal(rng, (3, 7), "f")
    y = oaconv.dask.correlate(da.from_array(a, chunks=(2, 13)), da.from_array(b, chunks=2))
    assert_close(y.compute(), oaconv.correlate(a, b), a, b)


def signal_that_counts(rng, shape, chunks, calls):
    """A dask array of which every chunk, when it is made, is appended to calls."""
    data = normal(rng, shape, "f")

    def chunk_at(block_info=None):
        place = block_info[None]["array-location"]
        calls.append(place)
        return data[tuple(slice(*ends) for ends in place)]

    meta = np.empty((0, 0), "f")
    return data, da.map_blocks(chunk_at, chunks=da.core.normalize_chunks(chunks, shape), meta=meta)


def test_nothing_is_computed_before_it_is_asked_for(rng):
    calls = []
    data, a = signal_that_counts(rng, (4, 90), (2, 30), calls)
    taps, b = signal_that_counts(rng, (4, 9), (2, 4), calls)
    y = oaconv.dask.convolve(a, b, "same")
    z = oaconv.dask.correlate(a, b)
    assert not calls
    assert_same(y, data, taps, "same")
    calls.clear()
    z.compute(scheduler="synchronous")
    assert len(calls) == 6 + 6  # each chunk of the signal and of the taps once


def test_only_what_is_asked_for_is_computed(rng):
    calls = []
    data, a = signal_that_counts(rng, (4, 90), (2, 30), calls)
    y = oaconv.dask.convolve(a, np.ones(9, "f"))[:2, 60:90]
    y.compute(scheduler="synchronous")
    assert sorted(calls) == [[(0, 2), (30, 60)], [(0, 2), (60, 90)]]


class Sizes(Callback):
    """Bytes that are kept by what every task returns, by key."""

    def __init__(self):
        super().__init__()
        self.n_bytes = {}

    def _posttask(self, key, result, dsk, state, worker_id):
        arrays = result if isinstance(result, list) else [result]
        arrays = [x for x in arrays if isinstance(x, np.ndarray)]
        self.n_bytes[key] = sum((x if x.base is None else x.base).nbytes for x in arrays)


@pytest.mark.parametrize("width", [1, 8])
@pytest.mark.parametrize("n_taps", [2, 21, 2001])
def test_only_the_tails_cross_a_border(width, n_taps, rng):
    """In the graph that is executed, no task depends on two tasks that return whole chunks."""
    data, a = signal_that_counts(rng, (4, 8000), (2, 1000), [])
    taps = normal(rng, n_taps, "f")
    with dask.config.set({"optimization.fuse.ave-width": width}):
        (y,) = dask.optimize(oaconv.dask.convolve(2 * a, taps) + 1)
    graph, tail = dict(y.dask), 2 * 4 * (n_taps - 1)
    with Sizes() as sizes, dask.config.set({"optimization.fuse.active": False}):
        got = y.compute(scheduler="synchronous")
    assert_close(got, oracle(2 * data, taps) + 1, 2 * data, taps)
    carries = [key for key in graph if str(key[0]).startswith("carry")]
    assert len(carries) == 2 * 7  # two chunks of rows, seven borders
    assert all(sizes.n_bytes[key] == tail for key in carries)
    for key in graph:
        signals = [
            other
            for other in get_dependencies(graph, key)
            if other not in carries and sizes.n_bytes.get(other, 0) >= 2 * 4 * 1000
        ]
        assert len(signals) <= 1, key


def get_twice(graph, keys, **keywords):
    """A scheduler that runs every task twice, as after the loss of a worker."""

    def twice(function, *arguments):
        function(*arguments)
        return function(*arguments)

    def doubled(value):
        if isinstance(value, list):
            return [doubled(part) for part in value]
        return (twice, *value) if istask(value) else value

    return dask.get({key: doubled(value) for key, value in graph.items()}, keys)


def test_tasks_may_run_twice(rng):
    a, b = normal(rng, (2, 100), "d"), normal(rng, (2, 15), "d")
    y = oaconv.dask.convolve(da.from_array(a, chunks=(1, (40, 3, 50, 7))), b)
    with dask.config.set({"optimization.fuse.active": False}):
        assert_same(y, a, b, scheduler=get_twice)


def test_chunks_as_long_as_the_taps_do_not_wait_for_each_other(rng):
    a = da.zeros((1, 400), chunks=(1, 100), dtype="f")
    for n_taps, chained in [(101, False), (102, True)]:
        graph = dict(dask.optimize(oaconv.dask.convolve(a, np.ones(n_taps, "f")))[0].dask)
        carries = {key for key in graph if str(key[0]).startswith("carry")}
        links = [key for key in carries if carries & get_dependencies(graph, key)]
        assert bool(links) == chained


def test_taps_are_in_the_graph_once(rng):
    taps = normal(rng, (8, 5000), "d")
    for time in (100000, 10000):
        a = da.zeros((8, 100000), chunks=(2, time), dtype="d")
        y = oaconv.dask.convolve(a, taps)
        (optimized,) = dask.optimize(y)
        for graph in (dict(y.dask), dict(optimized.dask)):
            held = [len(pickle.dumps(x)) for x in graph.values() if isinstance(x, np.ndarray)]
            assert len(held) == 4 and taps.nbytes <= sum(held) < 1.1 * taps.nbytes
            tasks = [x for x in graph.values() if not isinstance(x, np.ndarray)]
            assert all(len(pickle.dumps(x)) < 5000 for x in tasks)


def test_a_task_has_one_thread_unless_more_are_wished(monkeypatch):
    seen, real = [], oaconv.convolve

    def convolve(a, b, **keywords):
        seen.append(keywords.pop("threads", None))
        return real(a, b, **keywords)

    monkeypatch.setattr(oaconv, "convolve", convolve)
    for time in (30, 10):
        a = da.ones((2, 30), chunks=(1, time))
        for keywords, threads in [({}, 1), ({"threads": 3}, 3)]:
            y = oaconv.dask.convolve(a, np.ones(2), **keywords)
            seen.clear()
            y.compute(scheduler="synchronous")
            assert seen == [threads] * a.npartitions


@pytest.mark.parametrize("scheduler", ["threads", "processes"])
def test_every_scheduler_of_dask_will_do(scheduler, rng):
    a, b = normal(rng, (4, 3000), "F"), normal(rng, (4, 33), "f")
    y = oaconv.dask.convolve(da.from_array(a, chunks=(2, 700)), b)
    assert_same(y, a, b, scheduler=scheduler, num_workers=2)


def test_two_worker_processes_share_the_rows_and_the_time(rng):
    distributed = pytest.importorskip("distributed", reason="python3-distributed is not installed")
    a, b = normal(rng, (4, 50000), "f"), normal(rng, (4, 333), "f")
    cluster = distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
    )
    n_at_work = []
    with cluster, distributed.Client(cluster) as client:
        for time in (50000, 7000, 100):
            part = a[:, : 50 * time]
            y = client.persist(oaconv.dask.convolve(da.from_array(part, chunks=(2, time)), b))
            distributed.wait(y)
            n_at_work.append(sum(map(bool, client.has_what().values())))
            assert_close(client.compute(y).result(), oracle(part, b), a, b)
    assert max(n_at_work) == 2


def refused(error, message, *args, **keywords):
    with pytest.raises(error, match=message):
        oaconv.dask.convolve(*args, **keywords)


def test_chunks_of_unknown_size_are_refused():
    a = da.ones((3, 30), chunks=(3, 10))
    unknown = a[:, a[0] > 0]
    refused(ValueError, "unknown size.*compute_chunk_sizes", unknown, np.ones(3))
    refused(ValueError, "unknown size.*compute_chunk_sizes", a, unknown)


def test_what_oaconv_refuses_is_refused_before_anything_is_computed(rng):
    calls = []
    _, a = signal_that_counts(rng, (3, 30), (3, 10), calls)
    refused(ValueError, "mode", a, np.ones(3), mode="ful")
    refused(ValueError, "no taps", a, np.ones((3, 0)))
    refused(ValueError, "do not pair up", a, np.ones((2, 3)))
    refused(ValueError, "one row or as many", a, np.ones((1, 3, 3)))
    refused(ValueError, "axis is 2", a, np.ones(3), axis=2)
    refused(ValueError, "a is a single number", da.from_array(np.float32(1)), np.ones(3))
    refused(ValueError, "b is a single number", a, np.float32(1))
    refused(TypeError, "a has dtype float128", a.astype("g"), np.ones(3))
    refused(TypeError, "b has dtype <U1", a, ["a", "b"])
    refused(TypeError, "backend is None", a, np.ones(3), backend=None)
    refused(ValueError, "threads is -1", a, np.ones(3), threads=-1)
    assert not calls


def test_masked_arrays_are_refused_before_anything_is_computed():
    ones, masked = np.ones((3, 5)), np.ma.masked_less(np.ones((3, 5)), 2)
    lazy = da.ma.masked_array(da.from_array(ones, chunks=2), mask=True)
    for x in (masked, list(masked), lazy, da.from_array(masked, chunks=2)):
        for function in (oaconv.dask.convolve, oaconv.dask.correlate):
            with pytest.raises(TypeError, match="^a is a masked array"):
                function(x, ones)
            with pytest.raises(TypeError, match="^b is a masked array"):
                function(ones, x)


def test_rows_of_taps_may_differ_in_length(rng):
    a = normal(rng, (2, 100), "d")
    y = oaconv.dask.convolve(da.from_array(a, chunks=(1, 30)), [[1.0, 2.0, 3.0], [4.0]])
    assert_same(y, a, np.array([[1.0, 2.0, 3.0], [4.0, 0.0, 0.0]]))


def test_the_example_in_the_docs_works(tmp_path, rng):
    pytest.importorskip("distributed", reason="python3-distributed is not installed")
    page = pathlib.Path(__file__).parents[2] / "docs" / "more_than_one_machine.md"
    (example,) = re.findall("```python\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    example = example.replace("2**22", "3000").replace("(n_", "(dashboard_address=None, n_")
    (tmp_path / "example.py").write_text(example, encoding="utf-8")
    a, b = normal(rng, (3, 10000), "f"), normal(rng, (3, 65), "f")
    np.save(tmp_path / "A.npy", a)
    np.save(tmp_path / "B.npy", b)
    ran = python("example.py", cwd=tmp_path)
    assert ran.returncode == 0, ran.stderr
    assert_close(np.load(tmp_path / "C.npy"), oracle(a, b), a, b)


def python(*arguments, **keywords):
    keywords = {"capture_output": True, "text": True, "timeout": 100, **keywords}
    return subprocess.run([sys.executable, *arguments], **keywords)


def test_oaconv_alone_does_not_import_dask():
    ran = python("-c", "import oaconv, sys; sys.exit('dask' in sys.modules)")
    assert ran.returncode == 0, ran.stderr


def test_without_dask_the_error_says_how_to_get_it():
    ran = python("-c", "import sys; sys.modules['dask'] = None; import oaconv.dask")
    assert ran.returncode != 0
    assert "ImportError: oaconv.dask needs dask: apt install python3-dask" in ran.stderr


@pytest.mark.parametrize("chunks", [(29, 0, 1), (0, 30), (30, 0), (1, 0, 0, 29)])
def test_taps_may_have_empty_chunks(chunks, rng):
    a, b = rng.standard_normal((2, 100)), rng.standard_normal((2, 30))
    for function in ("convolve", "correlate"):
        y = getattr(oaconv.dask, function)(da.asarray(a), da.from_array(b, chunks=(2, chunks)))
        assert y.shape == y.compute().shape
        np.testing.assert_allclose(y, getattr(oaconv, function)(a, b), atol=1e-12)
