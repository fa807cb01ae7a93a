# SPDX-License-Identifier: GPL-3.0-or-later
"""Bad arguments are refused, in constructors and setters, by an error that names the place."""
import os
import pathlib
import re
import subprocess
import sys

import numpy as np
import pytest

import helpers as h

pytestmark = pytest.mark.filterwarnings("ignore:overflow encountered in cast")
KIND = pytest.mark.parametrize("kind", h.KINDS)
ROW = [0.5, -1.0, 2.0]


def with_value(value):
    row = np.ones(5)
    row[2] = value
    return row


BAD_TAPS = {
    "no rows": ([], ValueError, "no taps"),
    "an array without rows": (np.zeros((0, 5)), ValueError, "no taps"),
    "rows without taps": (np.zeros((4, 0)), ValueError, "taps row 0 is empty"),
    "an empty row": ([ROW, ROW, ROW, []], ValueError, "taps row 3 is empty"),
    "an empty array as row": ([ROW, np.zeros(0), ROW, ROW], ValueError, "taps row 1 is empty"),
    "NaN": ([ROW, with_value(np.nan), ROW, ROW], ValueError, "taps row 1, tap 2 is NaN"),
    "Inf": ([ROW, ROW, with_value(np.inf), ROW], ValueError, "taps row 2, tap 2 is inf"),
    "-Inf": ([with_value(-np.inf), ROW, ROW, ROW], ValueError, "taps row 0, tap 2 is inf"),
    "too large for single precision": ([ROW, [1e39], ROW, ROW], ValueError,
                                       "taps row 1, tap 0 is too large for single precision"),
    "too few rows": ([ROW] * 2, ValueError, "2 rows of taps for 4 channels"),
    "too many rows": ([ROW] * 5, ValueError, "5 rows of taps for 4 channels"),
    "three dimensions": (np.ones((4, 3, 2)), (TypeError, ValueError), "dimensions"),
    "no dimension": (np.array(1.0), (TypeError, ValueError), "dimension|sequence"),
    "a row of two dimensions": ([ROW, np.ones((2, 2)), ROW, ROW], (TypeError, ValueError), "row 1"),
    "a number": (3.0, TypeError, "taps"),
    "None": (None, TypeError, "taps"),
    "text": ("1, 2, 3", TypeError, "taps"),
    "bytes": (b"123", TypeError, "taps"),
    "text as a row": ([ROW, "text", ROW, ROW], TypeError, "row 1"),
    "an array of text": (np.array([["a", "b"]] * 4), TypeError, "row 0"),
    "an array of objects": (np.array([[object()] * 2] * 4), TypeError, "row 0"),
    "None in a row": ([ROW, [1.0, None], ROW, ROW], TypeError, "row 1"),
    "None as a row": ([ROW, None, ROW, ROW], TypeError, "row 1"),
    "ragged rows within a row": ([ROW, [[1], [2, 3]], ROW, ROW], (TypeError, ValueError), "row 1"),
    "dates": (np.zeros((4, 2), "datetime64[s]"), TypeError, "row 0"),
}


def assert_alive(kind):
    """After a refusal a good block can be made, and runs."""
    x = np.arange(1, 100, dtype=h.dtype(kind))
    got = h.run_graph(kind, [x] * 2, [ROW, [1]], flush=True)
    h.assert_filtered(got, [x] * 2, [np.array(ROW), np.array([1.0])], True)


@KIND
@pytest.mark.parametrize("case", BAD_TAPS)
def test_bad_taps_are_refused(case, kind):
    taps, error, message = BAD_TAPS[case]
    with pytest.raises(error, match=message):
        h.make(kind, taps, n_channels=4)
    block = h.make(kind, [ROW] * 4)
    with pytest.raises(error, match=message):
        block.set_taps(taps)
    assert [list(row) for row in block.taps()] == [ROW] * 4
    assert_alive(kind)


@KIND
@pytest.mark.parametrize("row,error,message", [
    ([], ValueError, "row 2 is empty"), (with_value(np.nan), ValueError, "row 2, tap 2 is NaN"),
    (np.ones((2, 2)), (TypeError, ValueError), "dimensions"), ("abc", TypeError, "taps"),
    (None, TypeError, "taps"), (1.0, (TypeError, ValueError), "taps")],
    ids=["empty", "NaN", "2-D", "text", "None", "number"])
def test_bad_taps_of_one_channel_are_refused(row, error, message, kind):
    block = h.make(kind, [ROW] * 4)
    with pytest.raises(error, match=message):
        block.set_channel_taps(2, row)
    assert [list(r) for r in block.taps()] == [ROW] * 4


@KIND
@pytest.mark.parametrize("channel", [-1, 4, 1000])
def test_a_channel_that_does_not_exist_is_refused(channel, kind):
    block = h.make(kind, [ROW] * 4)
    with pytest.raises(ValueError, match=f"{channel}.*4"):
        block.set_channel_taps(channel, ROW)
    assert [list(r) for r in block.taps()] == [ROW] * 4


@pytest.mark.parametrize("kind", ["fff", "ccf"])
@pytest.mark.parametrize("taps", [np.ones((2, 3), np.complex64), [ROW, [1, 2j]],
                                  [ROW, np.ones(3, complex)], np.ones((2, 3), complex)],
                         ids=["complex64", "list", "a row", "complex128"])
def test_complex_taps_for_real_filters_are_refused(taps, kind):
    with pytest.raises(TypeError, match="complex"):
        h.make(kind, taps)
    block = h.make(kind, [ROW] * 2)
    with pytest.raises(TypeError, match="complex"):
        block.set_taps(taps)
    with pytest.raises(TypeError, match="complex"):
        block.set_channel_taps(1, taps[1])
    assert_alive(kind)


@KIND
def test_rows_are_one_or_as_many_as_channels(kind):
    for n_rows, n_channels in ((2, 1), (3, 2), (2, 3), (7, 8)):
        with pytest.raises(ValueError, match=f"{n_rows} rows of taps for {n_channels} channels"):
            h.make(kind, [ROW] * n_rows, n_channels=n_channels)
    h.make(kind, [ROW], n_channels=5)
    h.make(kind, [ROW] * 5, n_channels=5)
    assert h.make(kind, [ROW] * 5, n_channels=0).input_signature().max_streams() == 5


@KIND
@pytest.mark.parametrize("name", ["n_channels", "hop"])
def test_negative_numbers_are_refused(name, kind):
    for value in (-1, -1000):
        with pytest.raises(ValueError, match=f"{name}.*{value}"):
            h.make(kind, [ROW], **{name: value})
    for value in (1.5, "2", None, 2**40):
        with pytest.raises(TypeError):
            h.make(kind, [ROW], **{name: value})


@KIND
def test_a_hop_too_large_is_refused(kind):
    with pytest.raises(ValueError, match="hop"):
        h.make(kind, [ROW], hop=2**31 - 1)
    assert_alive(kind)


@KIND
@pytest.mark.parametrize("name", ["", "fast", "VOLK", "volk ", "x" * 1000])
def test_an_unknown_backend_is_refused_with_the_usable_ones(name, kind):
    with pytest.raises(ValueError, match="unknown backend") as error:
        h.make(kind, [ROW], backend=name)
    for usable in ("auto", "cpu", "simd", "volk", "direct"):
        assert re.search(rf"usable here:.*\b{usable}\b", str(error.value))
    assert "cuda" not in str(error.value)


@KIND
@pytest.mark.parametrize("name", ["cuda", "gpu"])
def test_a_backend_that_cannot_run_is_refused_with_the_reason(name, kind):
    with pytest.raises(ValueError, match=f'"{name}" cannot run here: /no GPU in these tests.so: '):
        h.make(kind, [ROW], backend=name)
    assert_alive(kind)


@KIND
@pytest.mark.parametrize("backend", ["auto", "cpu", "simd"])
def test_a_device_that_is_no_number_of_a_gpu_is_refused(backend, kind):
    for device in (-2, -1000):
        with pytest.raises(ValueError, match=f"device is {device}"):
            h.make(kind, [ROW], backend=backend, device=device)
    for device in ("x", "0", 0.5, None, 2**40):
        with pytest.raises(TypeError):
            h.make(kind, [ROW], backend=backend, device=device)
    assert_alive(kind)


@KIND
def test_unknown_keywords_are_refused(kind):
    for keywords in ({"nthreads": 2}, {"tap": 1}):
        with pytest.raises(TypeError):
            h.make(kind, [ROW], **keywords)


def n_segments():
    with open("/proc/sys/kernel/shmmni") as file:
        return int(file.read())


@KIND
def test_more_ports_than_shared_memory_allows_are_refused_with_the_fix(kind):
    n_ports = n_segments() // 4 + 1
    if n_ports > 1 << 16:
        pytest.skip(f"this machine allows {n_segments()} shared memory segments")
    with pytest.raises(ValueError, match="vmcircbuf_mmap_shm_open") as error:
        h.make(kind, [ROW], n_channels=n_ports)
    assert str(n_ports) in str(error.value)
    assert "vmcircbuf_default_factory" in str(error.value)
    assert_alive(kind)


MANY_PORTS = """
import sys
from gnuradio import blocks, gr, oaconv

n_ports = int(sys.argv[1])
tb = gr.top_block()
block = oaconv.multichannel_fft_filter_fff([[2.0]], n_channels=n_ports)
source = blocks.vector_source_f(range(1000))
sinks = [blocks.vector_sink_f() for _ in (0, n_ports - 1)]
tb.connect(source, (block, 0), sinks[0])
for m in range(1, n_ports - 1):
    tb.connect(source, (block, m), blocks.null_sink(4))
tb.connect(source, (block, n_ports - 1), sinks[1])
tb.run()
for sink in sinks:
    assert len(sink.data()) == 1000 and abs(sink.data()[-1] - 1998) < 0.1, sink.data()[-5:]
print("ran")
"""


def test_the_fix_for_many_ports_works(tmp_path):
    """What the message says, done."""
    n_ports = n_segments() // 4 + 1
    if n_ports > 2000:
        pytest.skip(f"this machine allows {n_segments()} shared memory segments")
    environment = dict(os.environ, HOME=str(tmp_path), GR_PREFS_PATH=str(tmp_path))

    def run():
        return subprocess.run([sys.executable, "-c", MANY_PORTS, str(n_ports)], env=environment,
                              capture_output=True, text=True, timeout=120)

    refused = run()
    assert refused.returncode == 1
    words = re.search(r"write (gr::\w+) into (\S+)", refused.stderr)
    assert words, refused.stderr
    path = pathlib.Path(words[2])
    assert tmp_path in path.parents
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(words[1])
    result = run()
    assert (result.returncode, h.last_line(result.stdout)) == (0, "ran"), result.stderr[-2000:]
