# SPDX-License-Identifier: GPL-3.0-or-later
"""The block in GNU Radio Companion: what its graphs do, and what is refused before they run."""
import importlib.util
import os
import pathlib
import shutil
import subprocess
import sys

import numpy as np
import pytest
import yaml
from gnuradio import gr

import example_programs as programs
import helpers as h

SOURCE = pathlib.Path(os.environ.get("OACONV_SOURCE_DIR", pathlib.Path(__file__).parents[2]))
BLOCK = "oaconv_multichannel_fft_filter"
KIND = pytest.mark.parametrize("kind", h.KINDS)
needs_grcc = pytest.mark.skipif(not shutil.which("grcc"), reason="no grcc")

N = 20000  # samples of every stream
RATE = 20e3
LENGTHS, NEW_LENGTHS = [65, 1, 30], [7, 200, 64]  # of the rows of taps
EVERYTHING = {  # no parameter has its default
    "num_chans": "3", "taps": "taps", "backend": "direct", "hop": "48", "flush": "True",
    "threads": "2", "max_latency": "0.004", "max_batch": "4096", "device": "0",
    "decimation": "3", "maxoutbuf": "12"}  # every block has the last; here it is less than a hop
D = 3


# ---- graphs that grcc compiles ----


def entry(name, key, **parameters):
    return {"name": name, "id": key, "parameters": parameters, "states": {"state": "enabled"}}


def flowgraph(name, kind, taps, recording):
    """Throttled sources of the recording's rows, the block with every parameter, sinks."""
    port = "float" if kind[0] == "f" else "complex"
    parts = [
        entry("taps", "variable", value=repr([row.tolist() for row in taps])),
        entry("streams", "variable", value=f"__import__('numpy').load({str(recording)!r})"),
        entry("filters", BLOCK, type=kind, **EVERYTHING), entry("debug", "blocks_message_debug")]
    wires = [["filters", "status", "debug", "store"], ["filters", "status", "filters", "taps"],
             ["filters", "status", "filters", "status"]]  # nobody sends anything here
    for m in range(len(taps)):
        parts += [
            entry(f"source_{m}", "blocks_vector_source_x", type=port, vector=f"streams[{m}]",
                  repeat="False"),
            entry(f"throttle_{m}", "blocks_throttle", type=port, samples_per_second=str(RATE)),
            entry(f"sink_{m}", "blocks_vector_sink_x", type=port)]
        wires += [[f"source_{m}", "0", f"throttle_{m}", "0"],
                  [f"throttle_{m}", "0", "filters", str(m)],
                  ["filters", str(m), f"sink_{m}", "0"]]
    options = {"id": name, "generate_options": "no_gui", "run_options": "run"}
    return {"options": {"parameters": options, "states": {"state": "enabled"}},
            "blocks": parts, "connections": wires, "metadata": {"file_format": 1}}


def grcc(folder, *flowgraphs):
    environment = dict(os.environ, GRC_BLOCKS_PATH=str(SOURCE / "grc"), HOME=str(folder))
    done = subprocess.run(["grcc", "-o", folder, *flowgraphs], env=environment, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300, check=False)
    assert done.returncode == 0, done.stdout


class Compiled:
    """The Python text of one graph, a graph of that class, what it filters and how."""

    def __init__(self, kind, path, streams, taps):
        self.kind, self.path, self.streams, self.taps = kind, path, streams, taps

    def make(self):
        spec = importlib.util.spec_from_file_location(self.path.stem, self.path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        graph = getattr(module, self.path.stem)()
        return graph, [getattr(graph, f"sink_{m}") for m in range(len(self.streams))]


@pytest.fixture(scope="module")
def compiled(tmp_path_factory):
    """By kind; one run of grcc makes them all, its start takes the longest."""
    folder = tmp_path_factory.mktemp("grcc")
    rng, graphs, files = h.seeded("graphs"), {}, []
    for kind in h.KINDS:
        streams, taps = h.signals(rng, kind, 3, N), h.rows(rng, kind, LENGTHS)
        np.save(folder / f"{kind}.npy", streams)
        files.append(folder / f"{kind}.grc")
        text = yaml.safe_dump(flowgraph(f"graph_{kind}", kind, taps, folder / f"{kind}.npy"))
        files[-1].write_text(text, encoding="utf-8")
        graphs[kind] = Compiled(kind, folder / f"graph_{kind}.py", streams, taps)
    grcc(folder, *files)
    return graphs


@needs_grcc
@KIND
def test_a_compiled_graph_filters_with_every_parameter(kind, compiled):
    graph, sinks = compiled[kind].make()
    assert (graph.filters.backend(), graph.filters.hop()) == ("direct", 48)
    assert graph.filters.threads() == min(2, len(os.sched_getaffinity(0)))
    assert (graph.filters.decimation(), graph.filters.max_output_buffer(0)) == (D, 12)
    h.run(graph)
    h.assert_filtered(h.received(kind, sinks), compiled[kind].streams, compiled[kind].taps, True,
                      decimation=D)


@needs_grcc
@KIND
def test_the_compiled_call_has_every_parameter(kind, compiled):
    text = "".join(compiled[kind].path.read_text(encoding="utf-8").split())
    assert (f"oaconv.multichannel_fft_filter_{kind}(taps,n_channels=3,backend='direct',hop=48,"
            "flush=True,threads=2,max_latency=0.004,max_batch=4096,device=0,decimation=3)") in text
    assert "self.filters.try_set_taps(lambda:self.taps)" in text
    for there in ("self.debug,'store'", "self.filters,'taps'", "self.filters,'status'"):
        assert f"self.msg_connect((self.filters,'status'),({there}))" in text


@needs_grcc
@KIND
def test_taps_change_while_a_compiled_graph_runs(kind, compiled, rng):
    old, streams = compiled[kind].taps, compiled[kind].streams
    new = h.rows(rng, kind, NEW_LENGTHS)
    graph, sinks = compiled[kind].make()
    throttles = [getattr(graph, f"throttle_{m}") for m in range(len(old))]
    for throttle in throttles:  # ten seconds, but after the change it is faster
        throttle.set_sample_rate(2000)
        throttle.set_max_noutput_items(200)
    with h.Running(graph):
        h.until(lambda: graph.filters.nitems_written(0) > 1000, "the first samples")
        graph.set_taps(new)  # as a slider in the window would
        h.until(lambda: graph.filters.tap_changes() == 1, "the change of taps")
        for throttle in throttles:
            throttle.set_sample_rate(1e6)
    first = graph.filters.last_tap_change()
    assert 1000 < first < N
    pieces = [[(0, a), (first, b)] for a, b in zip(old, new)]
    n = h.flushed_length(N, pieces)
    got = h.received(kind, sinks)
    h.assert_lengths(got, -(-n // D))
    for m, (y, x, p, sink) in enumerate(zip(got, streams, pieces, sinks)):
        h.assert_close(y, h.oracle(x, p, n)[::D], h.tolerance(x, old[m], new[m]), f"channel {m}")
        assert h.changes_of(sink) == [(-(-first // D), 1)]


# ---- a slider in a window ----

# What a position of the slider makes of the taps; an exception in a slot of Qt ends the program.
POSITIONS = {
    "taps to start with": "[[1.0], [0.5]]",
    "too few rows": "[]",
    "too many rows": "[[1.0]] * 3",
    "an empty row": "[[2.0], []]",
    "NaN": "[[float('nan')], [1.0]]",
    "infinity": "[[1.0], [float('inf')]]",
    "complex taps for real signals": "[[1.0], [1j]]",
    "text": "'taps'",
    "nothing": "None",
    "a number": "3.0",
    "ragged rows": "[[1.0, [2.0]], [3.0]]",
    "what is too large": "[[1e39], [1.0]]",
    "an array with a third dimension": "np.ones((2, 2, 2))",
    "a filter that cannot be designed": "[firdes.low_pass(1.0, 1.0, 2.0, 0.1)] * 2",
    "a fault in the field": "[[1.0 / (n - n)]]",
    "other taps": "[[2.0, 2.0], [3.0]]",
}

AT_THE_SLIDER = """
import sys
from PyQt5 import QtCore, QtWidgets
import with_slider

program = QtWidgets.QApplication(sys.argv)
graph = with_slider.with_slider()
graph.start()
graph.show()
slider, = graph.findChildren(QtWidgets.QSlider)
state = {"position": 0, "seen": 0}

def levels():
    return round(graph.probe_0.level(), 3), round(graph.probe_1.level(), 3)

def look():
    if graph.filters.nitems_written(0) < state["seen"] + 500:
        return
    last = state["position"] == slider.maximum()
    if last and levels() != (4.0, 3.0):
        return  # until the change has come through
    assert last or levels() == (1.0, 0.5), (state, levels())
    if last:
        print("filtered at", state["position"])
        return graph.close() or program.quit()
    state.update(position=state["position"] + 1, seen=graph.filters.nitems_written(0))
    slider.setValue(state["position"])

timer = QtCore.QTimer()
timer.timeout.connect(look)
timer.start(10)
sys.exit(program.exec_())
"""


def graph_with_a_slider():
    choices = ", ".join(f"lambda n: {rows}" for rows in POSITIONS.values())
    parts = [
        entry("import_numpy", "import", imports="import numpy as np"),
        entry("import_firdes", "import", imports="from gnuradio.filter import firdes"),
        entry("choices", "variable", value=f"[{choices}]"),
        entry("position", "variable_qtgui_range", value="0", start="0", step="1",
              stop=str(len(POSITIONS) - 1), widget="slider", rangeType="int"),
        entry("filters", BLOCK, type="fff", num_chans="2", backend="simd", hop="64",
              taps="choices[position](position)"),
        entry("ones", "blocks_vector_source_x", type="float", vector="[1.0]", repeat="True"),
        entry("throttle", "blocks_throttle", type="float", samples_per_second="100e3")]
    wires = [["ones", "0", "throttle", "0"]]
    for m in range(2):
        parts.append(entry(f"probe_{m}", "blocks_probe_signal_x", type="float"))
        wires += [["throttle", "0", "filters", str(m)], ["filters", str(m), f"probe_{m}", "0"]]
    options = {"id": "with_slider", "generate_options": "qt_gui"}
    return {"options": {"parameters": options, "states": {"state": "enabled"}},
            "blocks": parts, "connections": wires, "metadata": {"file_format": 1}}


@needs_grcc
def test_a_slider_that_makes_bad_taps_ends_nothing(tmp_path):
    flowgraph = tmp_path / "with_slider.grc"
    flowgraph.write_text(yaml.safe_dump(graph_with_a_slider()), encoding="utf-8")
    grcc(tmp_path, flowgraph)
    (tmp_path / "slider.py").write_text(AT_THE_SLIDER, encoding="utf-8")
    done = programs.run_without_screen([sys.executable, "slider.py"], tmp_path)
    assert done.returncode == 0, done.stdout
    assert f"filtered at {len(POSITIONS) - 1}" in done.stdout
    warnings = [line for line in done.stdout.splitlines() if "taps stay as they were:" in line]
    assert len(warnings) == len(POSITIONS) - 2, done.stdout


# ---- what is refused while a graph is drawn ----


@pytest.fixture(scope="module")
def platform():
    """GRC without its window, as grcc uses it."""
    grc = pytest.importorskip("gnuradio.grc.core.platform", reason="no GNU Radio Companion")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRC_BLOCKS_PATH", str(SOURCE / "grc"))
        made = grc.Platform(
            name="GRC in a test", prefs=gr.prefs(), version=gr.version(),
            version_parts=(gr.major_version(), gr.api_version(), gr.minor_version()))
        made.build_library()
    assert BLOCK in made.blocks
    return made


def complaints(platform, **parameters):
    """What GRC says of the block's parameters; that its ports are open is not of interest here."""
    graph = platform.make_flow_graph()
    block = graph.new_block(BLOCK)
    for name, value in {"id": "filters", **parameters}.items():
        block.params[name].set_value(value)
    graph.rewrite()
    graph.validate()
    return [text for element, text in graph.iter_error_messages()
            if element is block or element in block.params.values()]


ROWS_ARE_LISTS = "'rows are lists' and all(hasattr(row, '__len__') for row in taps)"
N_ROWS = "len(taps) in (1, num_chans)"
NOT_EMPTY = "all(len(row) > 0 for row in taps if hasattr(row, '__len__'))"
FINITE = "all(__import__('numpy').isfinite(row).all() for row in taps)"
REAL = "str(type) == 'ccc' or not any(__import__('numpy').iscomplexobj(row) for row in taps)"
BACKEND = "backend in ('auto', 'cpu', 'gpu', 'simd', 'volk', 'direct', 'cuda')"

# name: (parameters, the assertion that fails)
REFUSED = {
    "no channels": ({"num_chans": "0", "taps": "[[1.0]]"}, "num_chans > 0"),
    "no rows": ({"taps": "[]"}, N_ROWS),
    "too few rows": ({"num_chans": "3"}, N_ROWS),
    "too many rows": ({"taps": "[[1], [2], [3]]"}, N_ROWS),
    "too many rows of an array": ({"taps": "__import__('numpy').ones((3, 5))"}, N_ROWS),
    "flat taps": ({"taps": "[1.0, 2.0]"}, ROWS_ARE_LISTS),
    "a flat array": ({"taps": "__import__('numpy').ones(2)"}, ROWS_ARE_LISTS),
    "a number among rows": ({"taps": "[[1.0], 2.0]"}, ROWS_ARE_LISTS),
    "an empty row": ({"taps": "[[1.0], []]"}, NOT_EMPTY),
    "an empty array": ({"taps": "__import__('numpy').ones((2, 0))"}, NOT_EMPTY),
    "NaN": ({"taps": "[[1.0], [2.0, float('nan')]]"}, FINITE),
    "Inf": ({"taps": "[[1.0], [-float('inf'), 3.0]]"}, FINITE),
    "NaN in an imaginary part": ({"taps": "[[1.0], [complex(1, float('nan'))]]"}, FINITE),
    "complex taps for fff": ({"type": "fff", "taps": "[[1.0], [2.0, 1j]]"}, REAL),
    "complex taps for ccf": ({"type": "ccf", "taps": "[[1.0, 1j], [2.0]]"}, REAL),
    "complex numbers that are real": ({"type": "fff", "taps": "[[1.0], [2.0, 1 + 0j]]"}, REAL),
    "a complex64 that is real": (
        {"type": "ccf", "taps": "[[__import__('numpy').complex64(1)], [2.0]]"}, REAL),
    "a complex128 that is real": (
        {"type": "fff", "taps": "[[1.0], [__import__('numpy').complex128(1)]]"}, REAL),
    "a complex array": ({"type": "ccf", "taps": "__import__('numpy').ones((2, 5), 'F')"}, REAL),
    "an unknown backend": ({"backend": "fastest"}, BACKEND),
    "a backend without a name": ({"backend": ""}, BACKEND),
    "a negative hop": ({"hop": "-1"}, "0 <= hop <= 2**28"),
    "too large a hop": ({"hop": "2**28 + 1"}, "0 <= hop <= 2**28"),
    "negative threads": ({"threads": "-1"}, "threads >= 0"),
    "a negative latency": ({"max_latency": "-0.001"}, "0 <= max_latency <= 3600"),
    "too long a latency": ({"max_latency": "3601"}, "0 <= max_latency <= 3600"),
    "a negative batch": ({"max_batch": "-1"}, "max_batch >= 0"),
    "no decimation": ({"decimation": "0"}, "1 <= decimation <= 2**16"),
    "a negative decimation": ({"decimation": "-8"}, "1 <= decimation <= 2**16"),
    "a decimation that is too large": ({"decimation": "65537"}, "1 <= decimation <= 2**16"),
    "a hop that is no multiple": (
        {"decimation": "8", "hop": "100"}, "decimation < 1 or hop % decimation == 0"),
    "a device below -1": ({"device": "-2"}, "device >= -1"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_one_assertion_names_what_is_wrong(case, platform):
    parameters, assertion = REFUSED[case]
    assert complaints(platform, **parameters) == [f'Assertion "{assertion}" failed.']


# Rows that no loop in Python can walk: a graph is validated at every click, rows may be long.
ONLY_WHOLE = ("[row.view(type('OnlyWhole', (type(row),), {'__iter__': None}))"
              " for row in __import__('numpy').ones((2, 9))]")

ACCEPTED = {
    "what it starts with": {},
    "all parameters": {**EVERYTHING, "taps": "[[1, 2], [3.5], [True]]"},
    "one row for all": {"num_chans": "500", "taps": "[[1.0, 2.0]]"},
    "tuples": {"taps": "((1.0, 2.0), (3.0,))"},
    "complex taps": {"type": "ccc", "taps": "[[1j], [1.0, 2 + 1j]]"},
    "whole numbers": {"type": "fff", "taps": "[[1, 2], [3]]"},
    "numbers of NumPy": {"type": "ccf", "taps": "[list(__import__('numpy').ones(3, 'f'))] * 2"},
    "an array": {"type": "fff", "taps": "__import__('numpy').ones((2, 5), 'f')"},
    "a complex array": {"type": "ccc", "taps": "__import__('numpy').ones((2, 5), 'F')"},
    "real rows that are not walked": {"type": "fff", "taps": ONLY_WHOLE},
    "the largest hop": {"hop": "2**28"},
    "no latency, no batch": {"max_latency": "0", "max_batch": "0"},
    "a second GPU": {"backend": "gpu", "device": "1"},
    **{f"backend {name}": {"backend": name}
       for name in ("auto", "cpu", "gpu", "simd", "volk", "direct", "cuda")},
}


@pytest.mark.parametrize("case", ACCEPTED)
def test_what_the_block_takes_is_not_refused(case, platform):
    assert complaints(platform, **ACCEPTED[case]) == []
