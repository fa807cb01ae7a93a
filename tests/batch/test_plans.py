# SPDX-License-Identifier: GPL-3.0-or-later
"""With the plan of another process the same samples come out with the same bits."""

import json
import subprocess
import sys

import oaconv
import pytest
from oaconv import _core

CHILD = """
import hashlib, json, sys
import numpy as np
from oaconv._arrays import ArraySink, ArraySource
from oaconv._job import Job, Plan
from oaconv._run import run

backend, dtype, plan = json.load(sys.stdin)
rng = np.random.default_rng(1)
a, b = (rng.standard_normal((2, n)).astype(dtype) for n in (20000, 100))
c = np.empty(a.shape, dtype)
plan = run(
    Job("fff", b, 2, 20000, 0, 20000),
    ArraySource(a, a.dtype),
    ArraySink(c, c.dtype),
    backend=backend,
    plan=plan and Plan(*plan),
)
print(json.dumps([plan, hashlib.sha256(c.tobytes()).hexdigest()]))
"""


def filter_elsewhere(backend, dtype, plan=None):
    """The plan and a hash of the result, in a process of its own."""
    child = subprocess.run(
        [sys.executable, "-c", CHILD],
        input=json.dumps([backend, dtype, plan]),
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(child.stdout)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("backend", ["simd", "volk", "direct"])
def test_a_plan_from_elsewhere_rounds_alike(backend, dtype):
    if backend == "simd" and dtype == "float64":
        backend = "auto"
    plan, bits = filter_elsewhere(backend, dtype)
    for _ in range(3):
        assert filter_elsewhere(backend, dtype, plan) == [plan, bits]


def test_simd_rounds_alike_everywhere():
    if not dict((name, usable) for name, usable, _ in oaconv.backends())["simd"]:
        pytest.skip("backend simd cannot run here")
    assert len({filter_elsewhere("simd", "float32")[1] for _ in range(3)}) == 1


@pytest.mark.parametrize("in_double", [False, True])
def test_wisdom_that_is_none_is_refused(in_double):
    with pytest.raises(ValueError, match="wisdom"):
        _core.import_wisdom(in_double, "(no wisdom)")
    _core.import_wisdom(in_double, _core.export_wisdom(in_double))
