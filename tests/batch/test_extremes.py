# SPDX-License-Identifier: GPL-3.0-or-later
"""No argument ends the process, hangs it or gives wrong numbers; errors name the argument."""

import inspect
import os
import re

import child
import oaconv
import pytest

CHILD = """
import sys
sys.path.insert(0, sys.argv[1])
if sys.argv[2].startswith("dask"):
    import oaconv.dask
import extremes
extremes.run(sys.argv[2], sys.argv[3:])
"""
KINDS = ("ValueError", "TypeError", "MemoryError")


def names_it(message, argument):
    """Or says that rows along that axis do not pair up."""
    if argument in ("a", "b"):
        return re.search(rf"(^| of | and ){argument}\b", message)
    return re.search(rf"\b{argument}\b", message) or argument == "axis" and "pair up" in message


def test_the_functions_are_known():
    assert sorted(oaconv.__all__) == ["backends", "convolve", "correlate"]
    assert not inspect.signature(oaconv.backends).parameters


@pytest.mark.parametrize("function", ["convolve", "correlate", "dask.convolve", "dask.correlate"])
def test_every_argument_at_its_extremes(function):
    package = oaconv
    if function.startswith("dask"):
        package = pytest.importorskip("oaconv.dask", reason="python3-dask is not installed")
    signature = inspect.signature(getattr(package, function.rpartition(".")[2]))
    with child.start(CHILD, os.path.dirname(__file__), function, *signature.parameters) as process:
        try:
            out, _ = process.communicate(timeout=200)
        finally:
            process.kill()
    lines = out.splitlines()
    assert process.returncode == 0, f"status {process.returncode} at {lines[-1]}"
    ends = [re.match(r"(\w+) = (.+?): (\w+)(?:: )?(.*)", line).groups() for line in lines]
    assert {end[0] for end in ends} == set(signature.parameters)
    bad = [
        end
        for end in ends
        if end[2] != "right"
        and not (end[2] in KINDS and (end[2] == "MemoryError" or names_it(end[3], end[0])))
    ]
    assert not bad, "\n".join(": ".join(end)[:300] for end in bad)
    assert max(map(len, lines)) < 1000
    print("\n".join(": ".join(end)[:200] for end in ends))
