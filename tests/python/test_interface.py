# SPDX-License-Identifier: GPL-3.0-or-later
"""What Python sees: arguments, getters, documentation, and who holds the interpreter lock."""
import os
import subprocess
import sys
import threading

import numpy as np
import pytest
from gnuradio import gr, oaconv

import helpers as h

KIND = pytest.mark.parametrize("kind", h.KINDS)
METHODS = ["set_taps", "set_channel_taps", "taps", "backend", "backend_reason", "gpu_calls",
           "fft_size", "hop", "tap_changes", "last_tap_change"]


def block_class(kind):
    return getattr(oaconv, "multichannel_fft_filter_" + kind)


# ---- arguments ----


@KIND
def test_keywords_follow_the_taps(kind):
    block = block_class(kind)([[1, 2]], n_channels=3, backend="direct", hop=7, flush=True)
    assert (block.backend(), block.hop()) == ("direct", 7)
    assert block.input_signature().max_streams() == 3
    block = block_class(kind)(flush=False, hop=5, taps=[[1], [2]])
    assert (block.hop(), block.output_signature().min_streams()) == (5, 2)
    with pytest.raises(TypeError):
        block_class(kind)()


@KIND
def test_defaults(kind):
    block = block_class(kind)([[1, 2], [3]])
    assert block.input_signature().min_streams() == block.input_signature().max_streams() == 2
    assert block.backend() in h.FAST and "auto" in block.backend_reason()
    assert block.hop() > 0 and block.fft_size() >= 2
    assert (block.tap_changes(), block.last_tap_change(), block.gpu_calls()) == (0, 0, 0)
    x = np.ones(1000, h.dtype(kind))
    got = h.run_graph(kind, [x, x], None, block=block)
    h.assert_lengths(got, 1000)  # flush is off


@KIND
@pytest.mark.parametrize("name,exact", [("auto", h.FAST), ("cpu", h.FAST), ("simd", ["simd"]),
                                        ("volk", ["volk"]), ("direct", ["direct"])])
def test_the_backend_in_use_has_an_exact_name_and_a_reason(name, exact, kind):
    block = h.make(kind, [[1, 2]], backend=name)
    assert block.backend() in exact
    assert block.backend_reason()
    assert (block.fft_size() > 0) == (name != "direct")


def test_the_environment_fills_in_for_auto_only(monkeypatch):
    for variable, argument, exact in (("volk", "auto", "volk"), ("direct", "auto", "direct"),
                                      ("volk", "direct", "direct"), ("gpu", "volk", "volk")):
        monkeypatch.setenv("OACONV_BACKEND", variable)
        assert h.make("fff", [[1, 2]], backend=argument).backend() == exact
    for variable, message in (("gpu", "cannot run here"), ("fastest", "unknown backend")):
        monkeypatch.setenv("OACONV_BACKEND", variable)
        with pytest.raises(ValueError, match=message):
            h.make("fff", [[1, 2]])


@KIND
def test_a_device_is_of_no_use_to_the_cpu(kind, rng):
    streams, taps = h.signals(rng, kind, 2, 5000), h.rows(rng, kind, [30, 7])
    for device in (-1, 0, 5):
        block = h.make(kind, taps, backend="cpu", device=device)
        h.assert_filtered(h.run_graph(kind, streams, None, block=block), streams, taps)
        assert block.backend() in h.FAST and block.gpu_calls() == 0


SHAPES = {
    "2-D array": lambda a: a,
    "float64 or complex128": lambda a: a.astype(np.complex128 if np.iscomplexobj(a) else float),
    "Fortran order": np.asfortranarray,
    "every second column": lambda a: np.repeat(a, 2, axis=1)[:, ::2],
    "backwards twice": lambda a: a[::-1, ::-1].copy()[::-1, ::-1],
    "read only": lambda a: np.frombuffer(a.tobytes(), a.dtype).reshape(a.shape),
    "big endian": lambda a: a.astype(a.dtype.newbyteorder(">")),
    "list of arrays": list,
    "tuple of arrays": tuple,
    "list of lists": lambda a: a.tolist(),
    "tuple of tuples": lambda a: tuple(map(tuple, a.tolist())),
    "list of NumPy numbers": lambda a: [list(row) for row in a],
    "object array of rows": lambda a: ragged(a),
}


def ragged(a):
    rows = np.empty(len(a), object)
    rows[:] = list(a)
    return rows


@KIND
@pytest.mark.parametrize("shape", SHAPES)
def test_rows_of_taps_in_any_form(shape, kind, rng):
    taps = np.array(h.rows(rng, kind, [12] * 3))
    given = SHAPES[shape](taps)
    block = h.make(kind, given)
    assert np.array_equal(block.taps(), taps)
    block.set_taps(h.rows(rng, kind, [5] * 3))
    block.set_taps(given)
    assert np.array_equal(block.taps(), taps)
    for m in range(3):
        block.set_channel_taps(m, given[2 - m])
    assert np.array_equal(block.taps(), taps[::-1])


@KIND
@pytest.mark.parametrize("dtype", ["int8", "uint16", "int32", "int64", "float16", "float64",
                                   "bool"])
def test_other_numbers_are_converted(dtype, kind):
    taps = np.array([[1, 0, 1], [0, 1, 1]]).astype(dtype)
    for given in (taps, taps.tolist(), list(taps)):
        assert np.array_equal(h.make(kind, given).taps(), taps.astype(float))


@KIND
def test_rows_may_differ_in_length(kind, rng):
    taps = h.rows(rng, kind, [1, 100, 33])
    for given in (taps, tuple(taps), [list(row) for row in taps], ragged(taps)):
        block = h.make(kind, given)
        assert all(map(np.array_equal, block.taps(), taps))


@KIND
def test_one_row_serves_all_channels(kind, rng):
    row = h.row(rng, kind, 40)
    streams = h.signals(rng, kind, 3, 2000)
    want = h.run_graph(kind, streams, [row] * 3, flush=True)
    h.assert_filtered(want, streams, [row] * 3, True)
    for given in (row, [row], row.tolist(), tuple(row.tolist()), row[np.newaxis]):
        h.assert_same_bits(h.run_graph(kind, streams, given, flush=True), want)
    assert h.make(kind, row).input_signature().max_streams() == 1


@KIND
def test_taps_come_back_as_they_were_set(kind, rng):
    taps = h.rows(rng, kind, [3, 7])
    block = h.make(kind, taps)
    back = block.taps()
    assert isinstance(back, list)
    assert all(row.dtype == (np.complex64 if kind == "ccc" else np.float32) for row in back)
    assert all(map(np.array_equal, back, taps))
    back[0][:] = 0  # a copy
    taps[1][:] = 0  # ours was one, too
    assert np.any(block.taps()[0]) and np.any(block.taps()[1])
    block.set_taps(block.taps())
    assert [len(row) for row in block.taps()] == [3, 7]


# ---- names and words ----


@KIND
def test_everything_is_documented(kind):
    cls = block_class(kind)
    assert len(cls.__doc__) > 200
    for word in ("taps", "n_channels", "backend", "hop", "flush", "threads", "max_latency",
                 "max_batch", "device"):
        assert word in cls.__init__.__doc__
    for method in METHODS:
        own_words = getattr(cls, method).__doc__.split("\n", 1)[1].strip()  # after the signature
        assert len(own_words) > 15, method
    assert oaconv.__doc__


def test_names():
    """The blocks, and all of the package oaconv."""
    blocks = {"multichannel_fft_filter_" + kind for kind in ("ccc", "ccf", "fff")}
    assert sorted(oaconv.__all__) == sorted(blocks | {"backends", "convolve", "correlate"})
    assert all(hasattr(oaconv, name) for name in oaconv.__all__)


@KIND
def test_names_of_a_block(kind):
    block = h.make(kind, [[1]])
    assert block.name() == "multichannel_fft_filter_" + kind
    assert block.symbol_name().startswith(block.name())
    assert "multichannel_fft_filter_" + kind in repr(block)
    assert isinstance(block, block_class(kind))
    block.set_block_alias("bank")
    assert block.alias() == "bank"


@KIND
def test_it_is_a_block_like_others(kind):
    block = h.make(kind, [[1]] * 3)
    assert block.to_basic_block() is not None
    assert block.input_signature().sizeof_stream_items() == [h.item_size(kind)]
    assert block.output_signature().sizeof_stream_items() == [h.item_size(kind)]
    tb = gr.top_block()
    tb.connect(h.source(kind, [1]), (block, 0))
    with pytest.raises(Exception):
        tb.connect(h.source(kind, [1]), (block, 3))
    with pytest.raises(Exception):
        tb.connect(h.source("fff" if kind != "fff" else "ccc", [1]), (block, 1))


def test_a_graph_with_an_open_port_is_refused():
    tb = gr.top_block()
    block = h.make("fff", [[1]] * 2)
    tb.connect(h.source("fff", [1, 2, 3]), (block, 0), h.sink("fff"))
    with pytest.raises(RuntimeError):
        h.start(tb)


# ---- time and threads ----


def test_getters_and_setters_from_many_threads_while_running(rng):
    x = h.signal(rng, "ccf", 60000)
    taps = h.rows(rng, "ccf", [65, 65])
    block = h.make("ccf", taps, flush=True)
    tb = gr.top_block()
    slow = [h.throttle("ccf", 100000) for _ in range(2)]
    for t in slow:
        t.set_max_noutput_items(1000)
        tb.connect(h.source("ccf", x), t)
    sinks = h.connect_all(tb, "ccf", block, slow)
    stop, errors = threading.Event(), []

    def ask():
        try:
            while not stop.is_set():
                assert len(block.taps()) == 2 and block.hop() > 0 and block.fft_size() > 0
                assert block.backend() in h.FAST and block.last_tap_change() <= 60000
                block.set_channel_taps(block.tap_changes() % 2, taps[0])
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for t in threads:
        t.start()
    try:
        h.run(tb)
    finally:
        stop.set()
        for t in threads:
            t.join()
    assert not errors
    got = h.received("ccf", sinks)
    h.assert_lengths(got, 60064)
    assert np.all(np.isfinite(got))


def test_blocks_can_be_made_and_forgotten(rng):
    """Made, set and never run, or run without a reference of ours."""
    for n in range(200):
        block = h.make("fff", [np.ones(1 + n % 50)] * 2)
        if n % 3:
            block.set_taps([np.ones(5)])
    del block
    tb = gr.top_block()
    sink = h.sink("fff")
    tb.connect(h.source("fff", np.ones(500)), h.make("fff", [[2]]), sink)
    h.run(tb)
    assert np.allclose(sink.data(), 2) and len(sink.data()) == 500


@pytest.mark.parametrize("home", ["/dev/null/none", "/proc/none", None])
def test_making_a_block_needs_no_home(home):
    environment = {k: v for k, v in os.environ.items() if k not in ("HOME", "GR_PREFS_PATH")}
    if home:
        environment["HOME"] = home
    code = ("from gnuradio import oaconv; "
            "b = oaconv.multichannel_fft_filter_ccc([[1, 2, 3]]); b.set_taps([[4, 5]]); "
            "print(b.fft_size() > 0)")
    result = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True,
                            text=True, timeout=60)
    assert (result.returncode, h.last_line(result.stdout)) == (0, "True"), result.stderr
