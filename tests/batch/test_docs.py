# SPDX-License-Identifier: GPL-3.0-or-later
"""What the documentation shows can be run, and gives what it says."""

import os
import re
from pathlib import Path

import numpy as np
import pytest

PAGE = Path(os.environ["OACONV_SOURCE_DIR"]) / "docs" / "from_numpy_scipy_and_torch.md"


def run_block(names, number):
    blocks = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.S | re.M)
    exec(compile(blocks[number], PAGE.name, "exec"), names)  # pylint: disable=exec-used
    return names


def expect_alike(names, *others):
    expected = names["by_numpy"]
    for other in others:
        assert names[other].shape == expected.shape == (16, 20063), other
        np.testing.assert_allclose(names[other], expected, atol=1e-4, err_msg=other)


def test_the_same_job_in_numpy_and_scipy():
    expect_alike(run_block({}, 0), "by_loop", "by_scipy", "c")


def test_the_same_job_in_torch():
    pytest.importorskip("torch")
    names = run_block(run_block({}, 0), 1)
    expect_alike(names, "by_torch")
    reversed_taps = np.vstack([np.convolve(x, h[::-1]) for x, h in zip(names["a"], names["b"])])
    np.testing.assert_allclose(names["as_torch"], reversed_taps, atol=1e-4)


def test_what_to_write_instead():
    names = run_block({}, 0)
    convolve, a, h = names["oaconv"].convolve, names["a"], names["b"][0]
    signal = names["scipy"].signal
    for mode in ("full", "same", "valid"):
        expected = signal.oaconvolve(a, names["b"], mode, axes=1)
        np.testing.assert_allclose(convolve(a, names["b"], mode, 1), expected, atol=1e-4)
    np.testing.assert_allclose(convolve(a, h), np.apply_along_axis(np.convolve, 1, a, h), atol=1e-4)
    lfilter = signal.lfilter(h, 1, a)
    np.testing.assert_allclose(convolve(a, h)[:, : a.shape[1]], lfilter, atol=1e-4)
