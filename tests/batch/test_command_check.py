# SPDX-License-Identifier: GPL-3.0-or-later
"""--check sees a wrong sample before the result gets its name, and is content with right ones."""

import os
import re

import command_helpers as h
import numpy as np
import pytest

OLD = b"what the target held before"
DEFAULT = ("a.npy", "b.npy", "-o", "c.npy", "--check")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "c.npy").write_bytes(OLD)
    return tmp_path


def make_input(shape, n_taps, dtype="f4", taps_dtype=None, scale=1.0):
    rng = h.seeded("check")
    np.save("a.npy", (h.random(rng, shape, dtype) * scale).astype(dtype))
    np.save("b.npy", h.random(rng, (shape[0], n_taps), taps_dtype or dtype))


def spoil_writes(monkeypatch, at, change):
    """The byte that goes to position `at` of the result comes out otherwise."""
    real = os.pwrite

    def pwrite(fd, data, offset):
        is_result = os.readlink(f"/proc/self/fd/{fd}").endswith(".part")
        if is_result and offset <= at < offset + len(data):
            data = bytearray(data)
            data[at - offset] ^= change
        return real(fd, data, offset)

    monkeypatch.setattr(os, "pwrite", pwrite)


@pytest.mark.parametrize("at", [128, 128 + 4 * 50, 128 + 4 * 118])
@pytest.mark.parametrize("bit", [0x01, 0x40])
def test_a_planted_wrong_byte(folder, capsys, monkeypatch, at, bit):
    """All samples of a small result are looked at; the highest byte is beyond rounding."""
    make_input((1, 100), 20)
    np.save("a.npy", np.load("a.npy").reshape(-1))
    np.save("b.npy", np.load("b.npy").reshape(-1))
    with monkeypatch.context() as patch:
        spoil_writes(patch, at + 3, bit)
        assert h.run(*DEFAULT) == 1
    err = capsys.readouterr().err
    sample = (at - 128) // 4
    assert re.search(f"c.npy.part: row 0, sample {sample} is .*, but the sum gives ", err), err
    assert (folder / "c.npy").read_bytes() == OLD
    assert h.names_in(folder) == ["a.npy", "b.npy", "c.npy"]
    assert h.run(*DEFAULT) == 0


def test_a_wrong_row_among_many(folder, capsys, monkeypatch):
    make_input((5, 100_000), 30)
    with monkeypatch.context() as patch:
        from oaconv.command import sink

        real = sink.RowSink.write_row
        patch.setattr(
            sink.RowSink,
            "write_row",
            lambda self, row, begin, x: real(self, row, begin, x * (1.001 if row == 3 else 1)),
        )
        assert h.run(*DEFAULT) == 1
    assert "row 3, sample" in capsys.readouterr().err
    assert (folder / "c.npy").read_bytes() == OLD


@pytest.mark.parametrize("size, status", [(0.1, 0), (3, 1)])
def test_errors_count_in_units_of_the_bound(folder, monkeypatch, size, status):
    """That of an FFT of at least 512 points, single precision."""
    from oaconv.command import sink

    make_input((1, 50_000), 200)
    taps, signal = np.load("b.npy"), np.load("a.npy")
    error = size * h.EPS["f"] * 10 * abs(taps).sum() * abs(signal).max()
    real = sink.RowSink.write_row
    monkeypatch.setattr(
        sink.RowSink,
        "write_row",
        lambda self, row, begin, x: real(self, row, begin, x + np.float32(error)),
    )
    assert h.run(*DEFAULT) == status


def test_wrong_rows_are_done_again(folder, monkeypatch):
    """A job with wrong rows takes them back, not those of others."""
    make_input((4, 100), 20)
    os.unlink("c.npy")
    assert h.run(*DEFAULT, "--rows", "0:2") == 0
    with monkeypatch.context() as patch:
        spoil_writes(patch, 128 + (3 * 119 + 50) * 4 + 3, 0x40)
        assert h.run(*DEFAULT, "--rows", "2:4") == 1
    assert h.names_in(folder) == ["a.npy", "b.npy", "c.npy.journal", "c.npy.part"]
    assert h.run(*DEFAULT, "--rows", "2:4") == 0
    h.assert_close(np.load("c.npy"), np.load("a.npy"), np.load("b.npy"))


def check(capsys, *options):
    """Runs with --check; how many samples it looked at, and the largest error."""
    assert h.run(*DEFAULT, *options) == 0
    found = re.search(
        "([0-9]+) samples checked, the largest error is ([0-9.]+) of", capsys.readouterr().err
    )
    return int(found.group(1)), float(found.group(2))


@pytest.mark.parametrize("backend", ["simd", "volk", "direct"])
@pytest.mark.parametrize("dtype, taps", [("f4", "f4"), ("c8", "f4"), ("c8", "c8")])
@pytest.mark.parametrize("n_taps", [1, 17, 1000])
def test_right_samples_single(folder, capsys, backend, dtype, taps, n_taps):
    make_input((3, 20_000), n_taps, dtype, taps)
    n, largest = check(capsys, "--backend", backend)
    assert n >= 300 and largest < 1


@pytest.mark.parametrize("backend", ["volk", "direct"])
@pytest.mark.parametrize("dtype, taps", [("f8", "f8"), ("c16", "f8"), ("c16", "c16")])
@pytest.mark.parametrize("n_taps", [1, 17, 1000])
def test_right_samples_double(folder, capsys, backend, dtype, taps, n_taps):
    make_input((3, 20_000), n_taps, dtype, taps)
    n, largest = check(capsys, "--backend", backend)
    assert n >= 300 and largest < 1


@pytest.mark.parametrize("mode", ["full", "same", "valid"])
def test_right_samples_of_a_mode(folder, capsys, mode):
    make_input((3, 2000), 300)
    assert check(capsys, "--mode", mode)[1] < 1


@pytest.mark.parametrize("scale", [1e-30, 1e30])
def test_large_and_small_signals(folder, capsys, scale):
    make_input((3, 2000), 300, scale=scale)
    assert check(capsys)[1] < 1


def test_nan_and_inf_in_the_signal_are_no_error(folder, capsys):
    make_input((2, 5000), 30)
    a = np.load("a.npy")
    a[0, 2500], a[1, 2500] = np.nan, np.inf
    np.save("a.npy", a)
    assert check(capsys)[1] < 1


def test_silence(folder, capsys):
    make_input((2, 5000), 30, scale=0)
    assert check(capsys)[1] == 0


def test_long_taps_get_fewer_samples(folder, capsys):
    make_input((2, 5000), 2_000_000)
    n, largest = check(capsys, "--memory", "2G")
    assert 8 <= n < 100 and largest < 1
