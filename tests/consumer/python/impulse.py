# SPDX-License-Identifier: GPL-3.0-or-later
"""A user of the block in Python: an impulse in each channel gives back the taps, in a flowgraph made
by hand or by grcc: impulse.py PREFIX [MODULE]. Nothing of ours may come from outside of the prefix."""
import importlib
import pathlib
import sys

from gnuradio import blocks, gr, oaconv

TAPS = [[1 + 2j, -3 + 4j, 1j], [1j, 5, 2 - 2j]]


def by_hand():
    graph = gr.top_block()
    filters = oaconv.multichannel_fft_filter_ccc(TAPS, flush=True)
    sinks = [blocks.vector_sink_c() for _ in TAPS]
    for m, sink in enumerate(sinks):
        graph.connect(blocks.vector_source_c([1]), (filters, m), sink)
    graph.run()
    return sinks


def by_grcc(module):
    graph = getattr(importlib.import_module(module), module)()
    graph.run()
    return [graph.sink_0, graph.sink_1]


def check_origin(prefix):
    maps = pathlib.Path("/proc/self/maps").read_text(encoding="utf-8").splitlines()
    loaded = {line.split(maxsplit=5)[5] for line in maps if "oaconv" in line}
    print("\n".join(sorted(loaded)))
    kinds = {pathlib.Path(path).name.split(".")[0] for path in loaded} - {"liboaconv-cuda"}
    assert kinds == {"oaconv_python", "_core", "libgnuradio-oaconv", "liboaconv"}
    assert all(pathlib.Path(prefix).resolve() in pathlib.Path(path).parents for path in loaded)


def main(prefix, *module):
    outputs = [list(sink.data()) for sink in (by_grcc(*module) if module else by_hand())]
    assert [len(y) for y in outputs] == [3, 3], outputs
    for y, row in zip(outputs, TAPS):
        assert all(abs(a - b) < 1e-5 for a, b in zip(y, row)), outputs
    check_origin(prefix)


if __name__ == "__main__":
    main(*sys.argv[1:])
