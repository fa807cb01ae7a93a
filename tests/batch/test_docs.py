# SPDX-License-Identifier: GPL-3.0-or-later
"""What the documentation shows can be run, and gives what it says."""

import os
import re
from pathlib import Path

import numpy as np
import oaconv
import pytest
from scipy import signal

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


def rows_of_differences():
    """The first cells of the table."""
    table = PAGE.read_text(encoding="utf-8").split("| case |")[1].split("\n\n")[0]
    return re.findall(r"^\| (.*?) \|", table, re.M)


DIFFERENCES = {}


def differs(case):
    def add(function):
        DIFFERENCES[case] = function
        return function

    return add


@pytest.mark.parametrize("case", rows_of_differences())
def test_what_differs(case):
    DIFFERENCES[case]()


def test_every_difference_is_in_the_table():
    assert list(DIFFERENCES) == rows_of_differences()


@differs("integers")
def integers():
    a, b = np.array([2**31] * 3), np.array([2**31] * 3)
    wrapped = [2**62, -(2**63), -(2**62), -(2**63), 2**62]
    assert np.convolve(a, b).tolist() == signal.convolve(a, b).tolist() == wrapped
    for c in (signal.oaconvolve(a, b), oaconv.convolve(a, b)):
        assert c.dtype == np.float64
        np.testing.assert_allclose(c, [2.0**62, 2.0**63, 3 * 2.0**62, 2.0**63, 2.0**62])
    rng = np.random.default_rng(1)
    a, b = rng.integers(-(2**23), 2**23, 5000), rng.integers(-(2**23), 2**23, 100)
    np.testing.assert_array_equal(oaconv.convolve(a, b, backend="direct"), np.convolve(a, b))


@differs("P = 0")
def no_taps():
    with pytest.raises(ValueError):
        np.convolve(np.ones(5), [])
    assert signal.oaconvolve(np.ones(5), np.ones(0)).size == 0
    with pytest.raises(ValueError, match="no taps"):
        oaconv.convolve(np.ones(5), [])


@differs("N = 0")
def no_samples():
    with pytest.raises(ValueError):
        np.convolve([], np.ones(5))
    assert signal.oaconvolve(np.ones((2, 0)), np.ones((2, 5)), axes=1).shape == (0,)
    assert oaconv.convolve(np.ones((2, 0)), np.ones((2, 5))).shape == (2, 0)


@differs("N < P, `\"valid\"`")
def few_samples_valid():
    rng = np.random.default_rng(1)
    a, b = rng.standard_normal((2, 5)), rng.standard_normal((2, 8))
    wanted = [np.convolve(x, h, "valid") for x, h in zip(a, b)]
    for convolved in (oaconv.convolve(a, b, "valid"), signal.oaconvolve(a, b, "valid", axes=1)):
        assert convolved.shape == (2, 4)
        np.testing.assert_allclose(convolved, wanted)


@differs("N < P, `\"same\"`")
def few_samples_same():
    rng = np.random.default_rng(1)
    for a, b in [(rng.standard_normal(5), rng.standard_normal(n_taps)) for n_taps in (8, 9)]:
        assert len(np.convolve(a, b, "same")) == len(np.correlate(a, b, "same")) == len(b)
        for ours, theirs in [(oaconv.convolve, signal.convolve), (oaconv.correlate, signal.correlate)]:
            wanted = theirs(a, b)[(len(b) - 1) // 2 :][:5]
            np.testing.assert_allclose(theirs(a, b, "same"), wanted)
            np.testing.assert_allclose(ours(a, b, "same"), wanted)


@differs("`\"same\"`, one row of `a` with M rows of taps")
def one_row_of_samples():
    rng = np.random.default_rng(1)
    a, b = rng.standard_normal((1, 20)), rng.standard_normal((4, 3))
    assert signal.oaconvolve(a, b, "same", axes=1).shape == (1, 20)
    wanted = [np.convolve(a[0], h, "same") for h in b]
    np.testing.assert_allclose(oaconv.convolve(a, b, "same"), wanted)


@differs("`correlate`, `\"same\"`, even P")
def the_middle_of_even_taps():
    a, b = np.array([1.0, 2.0, 3.0]), np.array([4.0, 5.0])
    full = oaconv.correlate(a, b, "full")
    for correlate in (np.correlate, signal.correlate, oaconv.correlate):
        np.testing.assert_allclose(correlate(a, b, "same"), full[:3])
    torch = pytest.importorskip("torch", reason="python3-torch is not installed")
    tensors = (torch.from_numpy(x)[None, None] for x in (a, b))
    by_torch = torch.nn.functional.conv1d(*tensors, padding="same")[0, 0].numpy()
    np.testing.assert_allclose(by_torch, full[1:])


@differs("every D-th sample of n")
def decimation():
    n, taps = 10, np.ones(4)
    ceil = -(-n // 3)
    by_upfirdn = signal.upfirdn(taps, np.arange(n), 1, 3)[:ceil]
    np.testing.assert_allclose(oaconv.convolve(np.arange(n), taps)[:n:3], by_upfirdn, atol=1e-5)
    gr = pytest.importorskip("gnuradio.gr", reason="GNU Radio is not installed")
    block = pytest.importorskip("gnuradio.oaconv", reason="built without GNU Radio")
    from gnuradio import blocks, filter as gr_filter

    def output(filter_block):
        top, sink = gr.top_block(), blocks.vector_sink_f()
        top.connect(blocks.vector_source_f(list(range(n))), filter_block, sink)
        top.run()
        return sink.data()

    make = block.multichannel_fft_filter_fff
    np.testing.assert_allclose(output(make([taps], decimation=3)), by_upfirdn, atol=1e-5)
    by_fir = output(gr_filter.fir_filter_fff(3, taps))
    assert len(by_fir) == n // 3
