# SPDX-License-Identifier: GPL-3.0-or-later
"""What cannot be is refused with status 2 and a line that names the file and the reason, before
anything is written."""

import os
import re
import zipfile

import command_helpers as h
import numpy as np
import pytest

OLD = b"what the target held before"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A signal of 4 rows, taps for them, and a target that holds something."""
    monkeypatch.chdir(tmp_path)
    rng = h.seeded("bad input")
    np.save("a.npy", h.random(rng, (4, 100), "f4"))
    np.save("b.npy", h.random(rng, (4, 9), "f4"))
    (tmp_path / "c.npy").write_bytes(OLD)
    return tmp_path


@pytest.fixture
def no_root(folder):
    """Root may read and write everything: it is somebody else meanwhile."""
    was_root = os.geteuid() == 0
    if was_root:
        os.chown(folder, 65534, 65534)
        for name in os.listdir():
            os.chown(name, 65534, 65534)
        os.seteuid(65534)
    yield
    if was_root:
        os.seteuid(0)


def assert_refused(capsys, reason, *arguments):
    """Status 2, one line with that reason, and not one file more or changed."""
    before = {name: os.stat(name).st_mtime_ns for name in os.listdir()}
    assert h.run(*arguments) == 2
    lines = capsys.readouterr().err.splitlines()
    assert lines[-1].startswith("oaconv: ") and re.search(reason, lines[-1]), lines
    assert len(lines) == 1 or lines[0].startswith("usage: ")
    assert {name: os.stat(name).st_mtime_ns for name in os.listdir()} == before
    if os.path.exists("c.npy"):
        with open("c.npy", "rb") as stream:
            assert stream.read() == OLD


def cut(name, size):
    os.truncate(name, os.path.getsize(name) - size)


# ---- signals ----


def broken_header():
    with open("a.npy", "r+b") as stream:
        stream.seek(12)
        stream.write(b"nonsense")


def unknown_version():
    with open("a.npy", "r+b") as stream:
        stream.seek(6)
        stream.write(b"\7")


def header_of(text):
    """An array of any header, with plenty of data."""
    with open("a.npy", "wb") as stream:
        stream.write(b"\x93NUMPY\1\0" + len(text).to_bytes(2, "little") + text.encode("latin1"))
        stream.write(bytes(100_000))


def with_header(descr="'<f4'", shape="(4, 9)"):
    header_of(f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}}}\n")


BAD_HEADERS = {
    "nothing": lambda: header_of(""),
    "no end of a string": lambda: header_of("{'descr"),
    "brackets": lambda: header_of("(" * 300),
    "no dict": lambda: header_of("[1]\n"),
    "list as key": lambda: header_of("{[]: 1}\n"),
    "signs": lambda: header_of("~" * 3000 + "1\n"),
    "strange dtype": lambda: with_header(descr="'<f4' * 3"),
    "arrays as numbers": lambda: with_header(descr="('<f4', (3,))"),
    "negative": lambda: with_header(shape="(4, -9)"),
    "any length": lambda: with_header(shape="(-1,)"),
    "huge": lambda: with_header(shape=f"({1 << 64},)"),
    "huge product": lambda: with_header(shape=f"({1 << 40}, {1 << 40})"),
    "huge and empty": lambda: with_header(shape=f"(0, {1 << 62})"),
}


@pytest.mark.parametrize("spoil", BAD_HEADERS.values(), ids=BAD_HEADERS)
def test_bad_headers(folder, capsys, spoil):
    spoil()
    assert_refused(capsys, "a.npy: is not a .npy file: .", "a.npy", "b.npy", "-o", "c.npy")
    reason = "a.npy: cannot be read as taps: ."
    assert_refused(capsys, reason, "b.npy", "a.npy", "-o", "c.npy")
    with zipfile.ZipFile("b.npz", "w") as stored:
        stored.write("a.npy")
    reason = "b.npz: cannot be read as taps: ."
    assert_refused(capsys, reason, "b.npy", "b.npz", "-o", "c.npy")


BAD_SIGNALS = {
    "missing": (lambda: os.unlink("a.npy"), "a.npy: No such file"),
    "a folder": (lambda: (os.unlink("a.npy"), os.mkdir("a.npy")), "a.npy: is not a regular file"),
    "a pipe": (lambda: (os.unlink("a.npy"), os.mkfifo("a.npy")), "a.npy: is not a regular file"),
    "empty": (lambda: os.truncate("a.npy", 0), "a.npy: is not a .npy file"),
    "cut in the header": (lambda: os.truncate("a.npy", 40), "a.npy: is not a .npy file"),
    "cut in the data": (lambda: cut("a.npy", 1), "a.npy: is truncated: 1727 bytes, .* 1728"),
    "broken header": (broken_header, "a.npy: is not a .npy file"),
    "unknown version": (unknown_version, "a.npy: is not a .npy file: version 7.0"),
    "text": (lambda: np.save("a.npy", np.array(["x", "y"])), "a.npy has dtype <U1"),
    "objects": (lambda: np.save("a.npy", np.array([{}])), "a.npy has dtype object"),
    "fields": (lambda: np.save("a.npy", np.zeros(3, "f4, i2")), "a.npy has dtype"),
    "dates": (lambda: np.save("a.npy", np.zeros(3, "M8[s]")), "a.npy has dtype"),
    "long double": (
        lambda: np.save("a.npy", np.zeros(3, np.longdouble)),
        "a.npy has dtype .*more than double precision",
    ),
    "3 dimensions": (lambda: np.save("a.npy", np.zeros((2, 2, 2))), "a.npy: has 3 dimensions"),
    "no dimension": (lambda: np.save("a.npy", np.array(1.0)), "a.npy: has 0 dimensions"),
    "too few rows": (
        lambda: np.save("a.npy", np.zeros((3, 100))),
        "b.npy: has 4 rows, a.npy has 3",
    ),
    "one row": (lambda: np.save("a.npy", np.zeros(100)), "b.npy: has 4 rows, a.npy has 1"),
}


@pytest.mark.parametrize("spoil, reason", BAD_SIGNALS.values(), ids=BAD_SIGNALS)
def test_bad_signals(folder, capsys, spoil, reason):
    spoil()
    assert_refused(capsys, reason, "a.npy", "b.npy", "-o", "c.npy")


def test_a_signal_that_may_not_be_read(folder, capsys, no_root):
    os.chmod("a.npy", 0)
    assert_refused(capsys, "a.npy: Permission denied", "a.npy", "b.npy", "-o", "c.npy")


@pytest.mark.parametrize(
    "size, channels, reason",
    [
        (801, 1, "a.cf32: 801 bytes are not a whole number of cf32 samples, 8 bytes each"),
        (800, 3, "a.cf32: 800 bytes are not a whole .* samples of 3 channels, 24 bytes each"),
    ],
)
def test_raw_signals_of_a_wrong_size(folder, capsys, size, channels, reason):
    (folder / "a.cf32").write_bytes(bytes(size))
    assert_refused(capsys, reason, "a.cf32", "b.npy", "-o", "c.npy", "--channels", channels)


def test_channels_of_different_lengths(folder, capsys):
    for m, size in enumerate((80, 80, 88, 80)):
        (folder / f"a{m}.cf32").write_bytes(bytes(size))
    reason = "a2.cf32: holds 11 samples, but a0.cf32 holds 10"
    assert_refused(capsys, reason, "a{}.cf32", "b.npy", "-o", "c.npy", "--channels", 4)


def test_a_missing_channel(folder, capsys):
    (folder / "a0.cf32").write_bytes(bytes(80))
    reason = "a1.cf32: No such file"
    assert_refused(capsys, reason, "a{}.cf32", "b.npy", "-o", "c.npy", "--channels", 4)


@pytest.mark.parametrize("digits", ["0999", "0" + "9" * 20, "9" * 5000], ids=len)
def test_names_of_too_many_digits(folder, capsys, digits):
    np.save("a.npy", np.zeros((4, 100), "f4"))
    name, reason = f"x{{:{digits}d}}.f32", "no name has so many digits"
    assert_refused(capsys, reason, name, "b.npy", "-o", "c.npy", "--channels", 4)
    assert_refused(capsys, reason, "a.npy", "b.npy", "-o", name)


@pytest.mark.parametrize("name", ["a.cf32", "a{}.cf32"])
@pytest.mark.parametrize("channels", [2**20 + 1, 10**12, 10**30])
def test_too_many_channels(folder, capsys, name, channels):
    for present in "a.cf32", "a0.cf32":
        (folder / present).write_bytes(b"")
    reason = f"--channels: {channels} are too many; 1048576 are possible"
    assert_refused(capsys, reason, name, "b.npy", "-o", "c.npy", "--channels", channels)


def test_the_first_file_is_looked_at_before_others_get_names(folder, capsys, monkeypatch):
    from oaconv.command import raw

    asked, names = [], raw.channel_names
    monkeypatch.setattr(raw, "channel_names", lambda p, n: asked.append(n) or names(p, n))
    arguments = "a{}.cf32", "b.npy", "-o", "c.npy", "--channels", 2**20
    assert_refused(capsys, "a0.cf32: No such file", *arguments)
    assert asked == [1]


def test_unknown_endings(folder, capsys):
    os.rename("a.npy", "a.wav")
    assert_refused(capsys, "a.wav: unknown ending.*--format", "a.wav", "b.npy", "-o", "c.npy")


def test_channels_of_an_npy(folder, capsys):
    reason = "a.npy: --channels is for raw files"
    assert_refused(capsys, reason, "a.npy", "b.npy", "-o", "c.npy", "--channels", 4)


# ---- taps ----


def with_value(value):
    taps = np.ones((4, 9))
    taps[2, 5] = value
    return taps


BAD_TAPS = {
    "missing": ("b.npy", lambda: os.unlink("b.npy"), "b.npy: No such file"),
    "truncated": ("b.npy", lambda: cut("b.npy", 1), "b.npy: cannot be read as taps"),
    "no numbers": (
        "b.txt",
        lambda: open("b.txt", "w").write("one two"),
        "b.txt: line 1, column 1: 'one' is not a number",
    ),
    "no text": ("b.txt", lambda: open("b.txt", "wb").write(b"\xff\x00"), "b.txt: is no text"),
    "empty text": ("b.txt", lambda: open("b.txt", "w").close(), "b.txt: .*there are none"),
    "no taps": ("b.npy", lambda: np.save("b.npy", np.zeros((4, 0))), "b.npy: .*there are none"),
    "no rows": ("b.npy", lambda: np.save("b.npy", np.zeros((0, 9))), "b.npy: .*there are none"),
    "objects": (
        "b.npy",
        lambda: np.save("b.npy", np.array([[1], [1, 2]], object)),
        "b.npy: cannot be read as taps: Object arrays",
    ),
    "letters": ("b.npy", lambda: np.save("b.npy", np.array(["x"])), "b.npy has dtype <U1"),
    "too many rows": (
        "b.npy",
        lambda: np.save("b.npy", np.ones((5, 9))),
        "b.npy: has 5 rows, a.npy has 4",
    ),
    "3 dimensions": ("b.npy", lambda: np.save("b.npy", np.ones((4, 1, 9))), "3 dimensions"),
    "NaN": ("b.npy", lambda: np.save("b.npy", with_value(np.nan)), "taps row 2, tap 5 is nan"),
    "Inf": ("b.npy", lambda: np.save("b.npy", with_value(np.inf)), "taps row 2, tap 5 is inf"),
    "no zip": (
        "b.npz",
        lambda: open("b.npz", "w").write("no zip"),
        "b.npz: cannot be read as taps",
    ),
    "empty zip": (
        "b.npz",
        lambda: zipfile.ZipFile("b.npz", "w").close(),
        "b.npz: cannot be read as taps: there are none",
    ),
    "matrices in a zip": (
        "b.npz",
        lambda: np.savez("b.npz", np.ones(3), np.ones((2, 3))),
        r"b.npz: cannot be read as taps: array arr_1 has shape \(2, 3\)",
    ),
}


@pytest.mark.parametrize("name, spoil, reason", BAD_TAPS.values(), ids=BAD_TAPS)
def test_bad_taps(folder, capsys, name, spoil, reason):
    spoil()
    assert_refused(capsys, reason, "a.npy", name, "-o", "c.npy")


def test_text_that_is_too_large_for_single_precision(folder, capsys):
    (folder / "b.txt").write_text("1 1e39\n")
    assert_refused(capsys, "b.txt: taps row 0, tap 1 is inf", "a.npy", "b.txt", "-o", "c.npy")


def test_a_damaged_zip(folder, capsys):
    """Whatever byte is wrong: taps, or a line."""
    np.savez_compressed("b.npz", np.ones(9), np.ones(3))
    whole = (folder / "b.npz").read_bytes()
    (folder / "a.npy").unlink()
    np.save("a.npy", np.zeros((2, 10), "f4"))
    for at in range(len(whole)):
        (folder / "b.npz").write_bytes(whole[:at] + bytes([whole[at] ^ 0x55]) + whole[at + 1 :])
        status = h.run("a.npy", "b.npz", "-o", "d.npy", "--quiet")
        lines = capsys.readouterr().err.splitlines()
        assert status == 0 and not lines or status == 2 and len(lines) == 1, (at, lines)
        assert status == 0 or "b.npz" in lines[0]


def test_text_that_begins_with_a_byte_order_mark(folder):
    (folder / "b.txt").write_text("1 2\n", encoding="utf-8-sig")
    assert h.run("a.npy", "b.txt", "-o", "c.npy") == 0
    h.assert_close(np.load("c.npy"), np.load("a.npy"), np.array([1.0, 2.0]))


# ---- results ----


@pytest.mark.parametrize("result", ["a.npy", "b.npy", "./a.npy", "hard.npy", "soft.npy"])
def test_the_result_would_be_an_input(folder, capsys, result):
    os.link("a.npy", "hard.npy")
    os.symlink("a.npy", "soft.npy")
    assert_refused(capsys, "would overwrite [ab].npy", "a.npy", "b.npy", "-o", result)


@pytest.mark.parametrize("ending", ["part", "journal"])
def test_a_working_file_would_be_an_input(folder, capsys, ending):
    os.rename("a.npy", f"c.npy.{ending}")
    np.arange(400, dtype="f4").tofile(f"c.npy.{ending}")
    options = "--format", "f32", "--channels", 4
    reason = f"c.npy.{ending}: would overwrite"
    assert_refused(capsys, reason, f"c.npy.{ending}", "b.npy", "-o", "c.npy", *options)


def test_a_channel_would_be_an_input(folder, capsys):
    for m in range(4):
        (folder / f"x{m}.f32").write_bytes(bytes(80))
    arguments = "x{}.f32", "b.npy", "-o", "x{:01d}.f32", "--channels", 4
    assert_refused(capsys, "x0.f32: would overwrite x0.f32", *arguments)


BAD_RESULTS = {
    "integers": ("c.ci16", "c.ci16: results are not rounded to integers; use .cf32"),
    "unknown ending": ("c.wav", "c.wav: unknown ending"),
    "no folder": ("none/c.npy", "none/c.npy.journal: No such file"),
    "a folder": ("dir.npy", "dir.npy: is not a regular file"),
    "a device": ("null.npy", "/dev/null: unknown ending"),
}


@pytest.mark.parametrize("result, reason", BAD_RESULTS.values(), ids=BAD_RESULTS)
def test_bad_results(folder, capsys, result, reason):
    os.mkdir("dir.npy")
    os.symlink("/dev/null", "null.npy")
    assert_refused(capsys, reason, "a.npy", "b.npy", "-o", result)


def test_no_rows_in_a_file_each(folder, capsys):
    np.save("a.npy", np.zeros((0, 100), "f4"))
    np.save("b.npy", np.ones((1, 3), "f4"))
    assert_refused(capsys, "a.npy: has no rows", "a.npy", "b.npy", "-o", "c{}.f32")


def test_a_complex_result_is_no_f32(folder, capsys):
    np.save("a.npy", np.zeros((4, 100), "c8"))
    assert_refused(capsys, "c.f32: the result is complex", "a.npy", "b.npy", "-o", "c.f32")


def test_a_folder_that_may_not_be_written(folder, capsys, no_root):
    os.mkdir("locked")
    os.chmod("locked", 0o500)
    reason = "locked/c.npy.journal: Permission denied"
    assert_refused(capsys, reason, "a.npy", "b.npy", "-o", "locked/c.npy")


def test_rows_of_channels_side_by_side(folder, capsys):
    arguments = "a.npy", "b.npy", "-o", "c.f32", "--rows", "0:2"
    assert_refused(capsys, "c.f32: with --rows .*use .npy, or {}", *arguments)


def test_no_room(folder, capsys, monkeypatch):
    real = os.statvfs

    def full(path):
        values = list(real(path))
        values[3] = values[4] = 0  # free blocks
        return os.statvfs_result(values)

    monkeypatch.setattr(os, "statvfs", full)
    assert_refused(capsys, "c.npy.part: 0.0 MB are needed, 0.0 MB are free", *DEFAULT)


DEFAULT = ("a.npy", "b.npy", "-o", "c.npy")


def test_a_foreign_journal_is_not_touched(folder, capsys):
    (folder / "c.npy.journal").write_text("Dear diary")
    assert_refused(capsys, "c.npy.journal: is not a journal of oaconv", *DEFAULT)


# ---- usage ----

BAD_USAGE = {
    "nothing": ((), "required: A, B, -o"),
    "no result": (("a.npy", "b.npy"), "required: -o"),
    "unknown option": ((*DEFAULT, "--fast"), "unrecognized arguments: --fast"),
    "abbreviated option": ((*DEFAULT, "--res"), "unrecognized arguments: --res"),
    "unknown mode": ((*DEFAULT, "--mode", "half"), "--mode: invalid choice"),
    "unknown format": ((*DEFAULT, "--format", "wav"), "--format: invalid choice"),
    "rows with a step": ((*DEFAULT, "--rows", "0:4:2"), "'0:4:2' is not a range of rows"),
    "a row": ((*DEFAULT, "--rows", "3"), "'3' is not a range of rows"),
    "no threads": ((*DEFAULT, "--threads", "0"), "'0' is not a number from 1 on"),
    "strange memory": ((*DEFAULT, "--memory", "lots"), "'lots' is not a size"),
    "empty name": (("", "b.npy", "-o", "c.npy"), "a name is empty"),
    "little memory": ((*DEFAULT, "--memory", "1M"), "--memory: 1M is too little .* would do"),
    "unknown backend": ((*DEFAULT, "--backend", "abacus"), 'unknown backend "abacus"'),
    "no GPU": ((*DEFAULT, "--backend", "gpu"), 'backend "gpu" cannot run here'),
}


@pytest.mark.parametrize("arguments, reason", BAD_USAGE.values(), ids=BAD_USAGE)
def test_bad_usage(folder, capsys, arguments, reason):
    assert_refused(capsys, reason, *arguments)


def test_what_is_said_to_be_enough_memory_is(folder, capsys):
    assert h.run(*DEFAULT, "--memory", "1M") == 2
    least = re.search("([0-9]+)M would do", capsys.readouterr().err).group(1)
    assert h.run(*DEFAULT, "--memory", f"{int(least) + 1}M") == 0


def test_many_cores_need_no_memory(folder, monkeypatch, capsys):
    """Threads there is no memory for are left out; more threads than cores take nothing."""
    assert h.run(*DEFAULT, "--memory", "1M", "--threads", 1) == 2
    least = int(re.search("([0-9]+)M would do", capsys.readouterr().err).group(1)) + 2
    assert h.run(*DEFAULT, "--memory", f"{least}M", "--threads", 10**6) == 0
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: set(range(1000)))
    assert h.run(*DEFAULT, "--memory", f"{least}M") == 0
    h.assert_close(np.load("c.npy"), np.load("a.npy"), np.load("b.npy"))
