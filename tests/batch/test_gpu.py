# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows on a GPU, here the double of CUDA that OACONV_CUDA_MODULE is linked to."""

import os
import subprocess
import sys

import numpy as np
import oaconv
import pytest
from oaconv._arrays import ArraySink, ArraySource
from oaconv._job import Job, Section
from oaconv._plan import make_plan
from oaconv._run import run
from scipy import signal

USABLE = {name: usable for name, usable, _ in oaconv.backends()}["cuda"]
pytestmark = pytest.mark.skipif(not USABLE, reason="no GPU, nor a double of one")

EPS = 2.0**-23


def make_rows(seed, n_rows, n, n_taps, dtype=np.float32):
    rng = np.random.default_rng(seed)
    a, b = rng.standard_normal((n_rows, n)), rng.standard_normal((n_rows, n_taps))
    if np.dtype(dtype).kind == "c":
        a = a + 1j * rng.standard_normal(a.shape)
    return a.astype(dtype), b.astype(np.float32)


def expect_close(c, a, b, mode="full"):
    expected = signal.oaconvolve(a.astype(complex), b.astype(float), mode, axes=1)
    assert c.shape == expected.shape
    bound = EPS * 20 * np.abs(b).sum(axis=1).max() * np.abs(a).max()
    assert np.abs(c - expected).max() <= bound


@pytest.mark.parametrize("mode", ["full", "same", "valid"])
@pytest.mark.parametrize("dtype", [np.float32, np.complex64])
@pytest.mark.parametrize("n_rows, n, n_taps", [(3, 5000, 77), (1, 300000, 64), (100, 50, 60)])
def test_rows(n_rows, n, n_taps, dtype, mode):
    a, b = make_rows(n, n_rows, n, n_taps, dtype)
    expect_close(oaconv.convolve(a, b, mode, backend="gpu"), a, b, mode)


def test_views_and_one_row_of_taps_for_all():
    a, b = make_rows(5, 4, 9000, 30)
    c = oaconv.convolve(a[:, ::-3], b[0], backend="gpu")
    expect_close(c, a[:, ::-3], np.repeat(b[:1], 4, axis=0))


def test_sections_of_a_row():
    a, b = make_rows(6, 2, 40000, 500)
    job = Job("fff", b, 2, 40000, 0, 40499)
    plan = make_plan(job, "gpu")
    assert plan.backend == "cuda"
    c = np.zeros((2, 40499), np.float32)
    sections = [Section(0, 2, 20001, 40499), Section(1, 2, 0, 20001), Section(0, 1, 0, 20001)]
    run(job, ArraySource(a, a.dtype), ArraySink(c, c.dtype), plan=plan, sections=sections)
    expect_close(c, a, b)


def test_double_precision_is_refused():
    a, b = make_rows(7, 2, 100, 10)
    with pytest.raises(ValueError, match="single precision only"):
        oaconv.convolve(a.astype(float), b, backend="gpu")


def test_the_command(tmp_path):
    a, b = make_rows(8, 3, 20000, 40, np.complex64)
    np.save(tmp_path / "a.npy", a)
    np.save(tmp_path / "b.npy", b)
    names = [str(tmp_path / name) for name in ("a.npy", "b.npy", "c.npy")]
    command = [sys.executable, "-m", "oaconv", *names[:2], "-o", names[2], "--backend", "gpu", "--check"]
    ended = subprocess.run(command, capture_output=True, text=True, env=os.environ, check=True)
    assert "cuda" in ended.stderr
    expect_close(np.load(names[2]), a, b)
