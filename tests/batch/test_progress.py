# SPDX-License-Identifier: GPL-3.0-or-later
"""progress hears how far the work is, in the caller's thread."""

import sys
import threading

import expected
import numpy as np
import oaconv
import pytest


@pytest.fixture
def arrays(rng):
    return expected.numbers(rng, (4, 300_000), "f4"), expected.numbers(rng, (4, 100), "f4")


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("mode", ["full", "same", "valid"])
@pytest.mark.parametrize("shape", [(4, 300_000), (4000, 300)])
def test_it_rises_to_the_total(shape, threads, mode, rng):
    arrays = expected.numbers(rng, shape, "f4"), expected.numbers(rng, (shape[0], 100), "f4")
    calls, callers = [], set()

    def tell(done, total):
        calls.append((done, total))
        callers.add(threading.get_ident())

    c = oaconv.convolve(*arrays, mode, threads=threads, progress=tell)
    done, totals = zip(*calls)
    assert set(totals) == {c.size}
    assert list(done) == sorted(done) and done[0] > 0 and done[-1] == c.size
    assert len(calls) > 1
    assert callers == {threading.get_ident()}


def test_it_changes_no_bit(arrays):
    wanted = oaconv.convolve(*arrays)
    for progress in (None, False, lambda done, total: None):
        expected.assert_same_bits(oaconv.convolve(*arrays, progress=progress), wanted)


def test_true_is_the_bar_of_tqdm(arrays, capfd):
    pytest.importorskip("tqdm", reason="python3-tqdm is not installed")
    c = oaconv.correlate(*arrays, progress=True)
    assert c.shape == (4, 299_901)
    assert "100%" in capfd.readouterr().err


def test_true_without_tqdm_says_what_is_missing(arrays, monkeypatch):
    for name in ("tqdm", "tqdm.auto"):
        monkeypatch.setitem(sys.modules, name, None)  # as if it were not installed
    out = np.full((4, 300_099), 0.5, np.float32)
    with pytest.raises(ImportError, match="progress=True needs tqdm"):
        oaconv.convolve(*arrays, out=out, progress=True)
    assert (out == 0.5).all()
