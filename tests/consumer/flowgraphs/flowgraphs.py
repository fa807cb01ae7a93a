# SPDX-License-Identifier: GPL-3.0-or-later
"""What generated C++ flowgraphs are fed with and should give, in the folder of each:

flowgraphs.py write FOLDER        writes x0.bin and so on, and checks how the filters are made
flowgraphs.py check FOLDER        compares y0.bin and so on with the sum in double precision
flowgraphs.py check FOLDER set    the same after set_variables.cc has set variables"""
import collections
import pathlib
import sys

import numpy as np

N = 20000  # samples of every stream

# arguments: how make() is called; taps: a row for every channel; set: these after set_variables.cc
Filter = collections.namedtuple("Filter", "name arguments taps set flush decimation",
                                defaults=[1])

ROW = [(0.5j) ** k for k in range(4)]
DEFAULTS = ["0", "false", "0", "0.01", "16384", "-1", "1"]  # of what follows the backend

GRAPHS = {
    "values": (np.float32, [
        Filter("filters", ["3", '"direct"', "48", "true", "2", "0.004", "4096", "0", "3"],
               [[0.5, -1.25, 3], [2.0], [1e-3, 0, 0, 0, 0.75]],
               [[1, -1], [0.5, 0, 0, 0, 0, 0, 0.25], [4]], True, 3)]),
    "variables": (np.complex64, [
        Filter("filters", ["channels", "backend", "(2*short_hop)", "flush", "threads", "latency",
                           "batch", "device", "decimation"],
               [[1.5, 0.25, -2.0], [2, -0.5, 3, 3]], [[0.125], [-3, -0.5, -7, 3]], True, 4)]),
    "complex_taps": (np.complex64, [
        Filter("filters", ["2", '"auto"', *DEFAULTS],
               [[1 + 2j, -3.5 + 4j, 1j], [1j, 5, 2 - 2j]], [[1j, 2], [1 + 1j]], False),
        Filter("in_place", ["2", '"auto"', "0", "true", *DEFAULTS[2:]],
               [[1, 2.5 - 1j], [0.5j]], [[1, 2.5 - 1j], [0.5j]], True),
        Filter("worked_out", ["2", '"volk"', *DEFAULTS], [ROW, ROW], [ROW, ROW], False)]),
}


def streams(n, dtype):
    rng = np.random.default_rng(1)
    x = rng.standard_normal((n, N)) + 1j * rng.standard_normal((n, N))
    return (x if np.dtype(dtype).kind == "c" else x.real).astype(dtype)


def write(folder, dtype, filters):
    text = "".join((folder / f"{folder.name}.cpp").read_text(encoding="utf-8").split())
    for block in filters:
        arguments = ",".join([f"rows_for_{block.name}()", *block.arguments])
        assert f"this->{block.name}=gr::oaconv::multichannel_fft_filter_" in text
        assert f"::make({arguments});" in text, arguments
    for m, x in enumerate(streams(sum(len(block.taps) for block in filters), dtype)):
        x.tofile(folder / f"x{m}.bin")


def check(folder, dtype, filters, after=""):
    rows = [(block, m) for block in filters for m in range(len(block.taps))]
    for number, (x, (block, m)) in enumerate(zip(streams(len(rows), dtype), rows)):
        taps = block.set if after else block.taps
        y = np.fromfile(folder / f"y{number}.bin", dtype)
        n = N + max(map(len, taps)) - 1 if block.flush else N
        n_kept = -(-n // block.decimation)
        where = f"{folder.name} {after}: {block.name}, channel {m}"
        assert len(y) == n_kept, f"{where}: {len(y)} samples, not {n_kept}"
        want = np.zeros(n, np.result_type(x.dtype, np.complex128 if x.dtype.kind == "c" else float))
        full = np.convolve(x.astype(want.dtype), taps[m])[:n]
        want[:len(full)] = full
        limit = 1e-5 * np.sum(np.abs(taps[m])) * np.max(np.abs(x))
        error = np.max(np.abs(y - want[::block.decimation]))
        assert error < limit, f"{where}: off by {error}"
    print(f"{folder.name}: {len(rows)} channels are right {after}")


def main(command, folder, *after):
    folder = pathlib.Path(folder)
    {"write": write, "check": check}[command](folder, *GRAPHS[folder.name], *after)


if __name__ == "__main__":
    main(*sys.argv[1:])
