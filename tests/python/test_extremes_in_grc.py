# SPDX-License-Identifier: GPL-3.0-or-later
"""Fields of GNU Radio Companion whose values are good while the graph is drawn, and at an extreme
when it runs: the program filters, or ends by an error that says why, never by a signal."""
import json
import os
import subprocess
import sys

import pytest
import yaml

from test_grc import BLOCK, entry, grcc, needs_grcc

# What every field is while the graph is drawn.
DRAWN = {"num_chans": 2, "taps": [[1.0, 2.0], [3.0]], "backend": "auto", "hop": 0, "flush": False,
         "threads": 0, "max_latency": 0.01, "max_batch": 16384, "decimation": 1, "device": -1}

# Only these fields differ when the program runs; how its last line begins, None: it filters.
RUNS = [
    ({}, None),
    ({"taps": []}, "ValueError: no taps"),
    ({"taps": [], "num_chans": 0}, "ValueError: no taps"),
    ({"taps": [[1.0], []]}, "ValueError: taps row 1 is empty"),
    ({"taps": [[1.0], [float("nan")]]}, "ValueError: taps row 1, tap 0 is NaN"),
    ({"taps": None}, "TypeError: taps must be"),
    ({"taps": [[1.0]] * 3}, "ValueError: 3 rows of taps for 2 channels"),
    ({"num_chans": 2**31 - 1, "taps": [[1.0]]}, "ValueError: 2147483647 channels"),
    ({"num_chans": -1, "hop": 2**31 - 1}, "ValueError: "),
    ({"num_chans": 2**40}, "TypeError: "),
    ({"backend": "", "threads": 2**31 - 1}, "ValueError: unknown backend"),
    ({"hop": 2**31 - 1, "max_batch": 2**31 - 1}, "ValueError: a hop of 2147483647 samples"),
    ({"decimation": 0}, "ValueError: decimation is 0"),
    ({"max_latency": float("inf"), "flush": True}, "ValueError: max_latency is inf"),
    ({"device": -2**31}, "ValueError: device is -2147483648"),
    ({"threads": 2**31 - 1, "max_batch": 2**31 - 1, "max_latency": 0, "device": 2**31 - 1}, None),
]


def flowgraph():
    """Every field is a variable that takes its value from the environment, where it has one."""
    parts = [entry("read", "import", imports="import json, os")]
    for name, value in DRAWN.items():
        text = f"json.loads(os.environ.get('FIELD_{name}', {json.dumps(value)!r}))"
        parts.append(entry(f"the_{name}", "variable", value=text))
    parts.append(entry("filters", BLOCK, type="fff", **{name: f"the_{name}" for name in DRAWN}))
    wires = []
    for m in range(DRAWN["num_chans"]):
        parts += [entry(f"source_{m}", "blocks_vector_source_x", type="float", vector="range(1000)",
                        repeat="False"),
                  entry(f"sink_{m}", "blocks_null_sink", type="float")]
        wires += [[f"source_{m}", "0", "filters", str(m)], ["filters", str(m), f"sink_{m}", "0"]]
    options = {"id": "extreme", "generate_options": "no_gui", "run_options": "run"}
    return {"options": {"parameters": options, "states": {"state": "enabled"}},
            "blocks": parts, "connections": wires, "metadata": {"file_format": 1}}


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    folder = tmp_path_factory.mktemp("extremes")
    drawing = folder / "extreme.grc"
    drawing.write_text(yaml.safe_dump(flowgraph()), encoding="utf-8")
    grcc(folder, drawing)
    return folder / "extreme.py"


# Makes the graph again for each of the given environments, and runs it.
CHILD = """
import importlib.util, json, os, sys
spec = importlib.util.spec_from_file_location("extreme", sys.argv[1])
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
usual = dict(os.environ)
for fields in json.loads(sys.argv[2]):
    os.environ.clear()
    os.environ.update(usual, **{f"FIELD_{name}": json.dumps(v) for name, v in fields.items()})
    print("case:", fields, flush=True)
    try:
        module.extreme().run()
        print("it filters")
    except Exception as error:
        print(f"{type(error).__name__}: {error}", flush=True)
"""


def run(*command, **environment):
    return subprocess.run([sys.executable, *command], env={**os.environ, **environment}, text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False)


@needs_grcc
def test_every_field_at_its_extremes_when_the_graph_runs(program):
    text = "".join(program.read_text(encoding="utf-8").split())
    assert all(f"the_{name}" in text.split("multichannel_fft_filter_fff(")[1] for name in DRAWN)
    assert set(DRAWN) == {name for fields, _ in RUNS for name in fields}
    done = run("-c", CHILD, program, json.dumps([fields for fields, _ in RUNS]))
    assert done.returncode == 0, done.stdout[-2000:]
    ends = [part.splitlines()[1:] for part in done.stdout.split("case: ")[1:]]
    for (fields, words), lines in zip(RUNS, ends, strict=True):
        assert any(line.startswith(words or "it filters") for line in lines), (fields, lines)


@needs_grcc
@pytest.mark.parametrize("taps,status,words", [("[[1.0], [2.0]]", 0, None),
                                               ("[]", 1, "ValueError: no taps")])
def test_the_program_ends_by_a_readable_error(taps, status, words, program):
    done = run(program, FIELD_taps=taps)
    assert done.returncode == status, done.stdout
    assert words is None or done.stdout.splitlines()[-1].startswith(words), done.stdout
