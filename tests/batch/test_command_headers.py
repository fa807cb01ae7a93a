# SPDX-License-Identifier: GPL-3.0-or-later
"""A header is not filtered: what is not the bare samples it is taken for is refused."""

import bz2
import gzip
import io
import json
import lzma
import tarfile
import wave

import command_helpers as h
import numpy as np
import pytest
import scipy.io
from oaconv.command import magic

RAW = ("f32", "cf32", "ci16")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.save("b.npy", np.ones(3, "f4"))
    return tmp_path


# ---- files that have a header ----


def saved(save, *arguments, **keywords):
    stream = io.BytesIO()
    save(stream, *arguments, **keywords)
    return stream.getvalue()


def wav():
    stream = io.BytesIO()
    with wave.open(stream, "wb") as file:
        file.setparams((2, 2, 48000, 0, "NONE", ""))
        file.writeframes(SAMPLES)
    return stream.getvalue()


def tar():
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        info = tarfile.TarInfo("a.sigmf-data")
        info.size = len(SAMPLES)
        archive.addfile(info, io.BytesIO(SAMPLES))
    return stream.getvalue()


def metadata():
    """What GNU Radio's file_meta_sink writes, as far as it matters."""
    return b"\t\7\2\0\5bytes\13" + bytes(8) + b"\t\7\2\0\4strt\13" + bytes(8) + SAMPLES


SAMPLES = h.random(h.seeded("headers"), 600, "<f4").tobytes()
SIZE = len(SAMPLES).to_bytes(4, "big")
WITH_HEADER = {
    "npy": saved(np.save, np.ones((2, 100))),
    "npy 2.0": saved(np.lib.format.write_array, np.ones(50, "f4"), (2, 0)),
    "npz": saved(np.savez, np.ones(100)),
    "npz compressed": saved(np.savez_compressed, np.arange(100)),
    "wav": wav(),
    "wav, big endian": wav().replace(b"RIFF", b"RIFX", 1),
    "rf64": wav().replace(b"RIFF", b"RF64", 1),
    "bw64": wav().replace(b"RIFF", b"BW64", 1),
    "w64": bytes.fromhex("726966662e91cf11a5d628db04c10000") + SAMPLES,
    "aiff": b"FORM" + SIZE + b"AIFFCOMM" + SAMPLES,
    "au": b".snd\0\0\0\x18" + SIZE + bytes([0, 0, 0, 6, 0, 0, 0xBB, 0x80, 0, 0, 0, 2]) + SAMPLES,
    "flac": b"fLaC\0\0\0\x22" + SAMPLES,
    "ogg": b"OggS\0\2" + bytes(8) + SAMPLES,
    "caf": b"caff\0\1\0\0desc" + SAMPLES,
    "blue": b"BLUEEEEIEEEI" + bytes(500) + SAMPLES,
    "metadata": metadata(),
    "mat": saved(scipy.io.savemat, {"a": np.ones(100)}),
    "hdf5": b"\x89HDF\r\n\x1a\n" + SAMPLES,
    "gzip": gzip.compress(SAMPLES),
    "bzip2": bz2.compress(SAMPLES),
    "xz": lzma.compress(SAMPLES),
    "zstd": b"\x28\xb5\x2f\xfd" + SAMPLES,
    "7z": b"7z\xbc\xaf\x27\x1c\0\4" + SAMPLES,
    "tar": tar(),
    "text": b"0.125\n-0.25\n0.5\n" * 30,
    "text with a mark": "\ufeff0,125;-0,25\n0,5;0,25\n".encode() * 6,
    "text in UTF-8": "# Dämpfung in µs\n0.125\n-0.25\n0.5\n".encode() * 4,
    "text in Latin-1": "# Dämpfung in µs\n0.125\n-0.25\n0.5\n".encode("latin-1") * 4,
    "text in UTF-16": "0.125\t-0.25\t0.5\n".encode("utf-16") * 3,
    "a short text": b"0.1,0.2,0.3,0.4\n",
    "a pointer of git": b"version https://git-lfs.github.com/spec/v1\noid sha256:%b\n" % (b"0a" * 32),
}


def whole(content):
    """Padded to a whole number of samples of any format: the size does not give it away."""
    padding = b"\n" if content.endswith(b"\n") else b"\0"
    return content + padding * (-len(content) % 8)


def assert_refused(capsys, folder, name, *arguments):
    before = h.names_in(folder)
    assert h.run(*arguments, "--quiet") == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1 and lines[0].startswith(f"oaconv: {name}: "), lines
    assert " is " in lines[0]
    assert h.names_in(folder) == before


@pytest.mark.parametrize("form", RAW)
@pytest.mark.parametrize("content", WITH_HEADER.values(), ids=WITH_HEADER)
def test_neither_format_nor_ending_makes_a_header_samples(folder, capsys, content, form):
    for name in f"a.{form}", "a.wav", "a.npy", "a1.dat":
        (folder / name).write_bytes(whole(content))
    assert_refused(capsys, folder, f"a.{form}", f"a.{form}", "b.npy", "-o", "c.npy")
    for name in "a.wav", "a.npy":
        options = "--format", form, "-o", "c.npy"
        assert_refused(capsys, folder, name, name, "b.npy", *options)
    # A file of several.
    (folder / "a0.dat").write_bytes(bytes(len(whole(content))))
    options = "--format", form, "-o", "c.npy", "--channels", 2
    assert_refused(capsys, folder, "a1.dat", "a{}.dat", "b.npy", *options)


@pytest.mark.parametrize("content", WITH_HEADER.values(), ids=WITH_HEADER)
def test_taps_neither(folder, capsys, content):
    np.save("a.npy", np.ones(20, "f4"))
    is_text = magic.is_text(content[: magic.HEAD_BYTES])
    for ending in RAW if is_text else (*RAW, "txt", "csv"):
        (folder / f"b.{ending}").write_bytes(whole(content))
        assert_refused(capsys, folder, f"b.{ending}", "a.npy", f"b.{ending}", "-o", "c.npy")


@pytest.mark.parametrize("name", sorted(set(WITH_HEADER) - {"npy", "npy 2.0"}))
def test_npy_by_its_ending_alone(folder, capsys, name):
    (folder / "a.npy").write_bytes(WITH_HEADER[name])
    assert_refused(capsys, folder, "a.npy", "a.npy", "b.npy", "-o", "c.npy")


def test_a_second_array_behind_the_first(folder, capsys):
    """numpy.load() reads the first; so does a header that a recorder could not write again."""
    for name in "a.npy", "taps.npy":
        with open(name, "wb") as stream:
            np.save(stream, np.ones(20, "f4"))
            np.save(stream, np.ones(20, "f4"))
    assert h.run("a.npy", "b.npy", "-o", "c.npy") == 2
    assert "a.npy: 416 bytes, but its header tells of 208 only" in capsys.readouterr().err
    assert h.run("b.npy", "taps.npy", "-o", "c.npy") == 2
    assert "taps.npy: cannot be read as taps: it is longer" in capsys.readouterr().err


# ---- files that have none ----


def plain_samples():
    """What recordings and generators make, byte patterns that repeat included."""
    rng = h.seeded("plain")
    t = np.arange(2000)
    yield from (np.full(2000, x, "<i2") for x in (0, 1, -1, 0x2020, 0x302E, 0x4141, 0x7E7E))
    yield from (np.full(2000, x, "<f4") for x in (0, 1, 12690.33, 0.1, 1e-19, np.nan))
    yield from (t.astype(dtype) for dtype in ("<i2", "<f4"))
    yield from ((a * np.sin(t / p)).astype("<i2") for a in (3, 3e4) for p in (1.1, 5, 100))
    yield from (np.exp(2j * np.pi * t * f).astype("<c8") for f in (0, 0.01, 0.25, 0.5))
    # An offset and a little noise: bytes that are all printable, or all those of numbers.
    for offset in 0x2E32, 0x2F40, 0x3136, 0x4C50, 0x2850, 0x8050 - 0x10000:
        yield from (np.round(rng.normal(offset, 3, 2000)).astype("<i2") for _ in range(20))
        both = rng.normal([offset, 0x5560], 2, (1000, 2))  # I and Q
        yield np.round(both).astype("<i2").reshape(-1)
    for scale in 1, 1000:
        yield from (h.random(rng, 2000, "<f4") * scale for _ in range(100))
        yield from ((h.random(rng, 2000, "<f8") * scale).astype("<i2") for _ in range(100))
    yield from (rng.integers(0, 256, 4000, dtype="u1") for _ in range(500))


def test_samples_are_not_taken_for_anything_else(folder):
    for samples in plain_samples():
        for head in samples.tobytes()[: magic.HEAD_BYTES], samples.tobytes()[:40]:
            assert not magic.header_of(head) and not magic.is_text(head), samples[:10]


@pytest.mark.parametrize("form", RAW)
@pytest.mark.parametrize("n", [0, 1, 2, 50])
def test_short_files_of_samples(folder, form, n):
    dtype = {"f32": "<f4", "cf32": "<c8", "ci16": "<i2"}[form]
    samples = h.random(h.seeded("short"), n * (2 if form == "ci16" else 1), dtype)
    samples.tofile(f"a.{form}")
    samples.tofile("a.npy")  # whatever its ending
    for arguments in ([f"a.{form}"], ["a.npy", "--format", form]):
        assert h.run(*arguments, "b.npy", "-o", "c.npy") == 0
        assert np.load("c.npy").shape == (n + 2 if n else 0,)


# ---- raw taps ----


@pytest.mark.parametrize("ending", ["f32", "float", "cf32", "fc32", "cfile", "ci16", "sc16"])
def test_raw_taps_are_one_row(folder, rng, ending):
    pairs = ending in ("ci16", "sc16")
    dtype = "<i2" if pairs else "<f4" if ending.startswith("f") and ending != "fc32" else "<c8"
    taps = h.random(rng, (40, 2) if pairs else 40, dtype)
    taps.tofile(f"b.{ending}")
    taps = taps[:, 0] + 1j * taps[:, 1] if pairs else taps
    a = h.random(rng, (3, 500), "f4")
    np.save("a.npy", a)
    assert h.run("a.npy", f"b.{ending}", "-o", "c.npy", "--check") == 0
    c = np.load("c.npy")
    assert c.dtype == (np.float32 if dtype == "<f4" else np.complex64)
    h.assert_close(c, a, taps)


BAD_RAW_TAPS = {
    "none": (b"", "b.cf32: cannot be read as taps: there are none"),
    "a part of one": (bytes(12), "b.cf32: 12 bytes are not a whole number of cf32 samples"),
    "NaN": (np.array([1, np.nan], "<c8").tobytes(), "b.cf32: taps row 0, tap 1 is"),
    "text": (b"1 2\n3 4\n", "b.cf32: is text, not bare samples"),
}


@pytest.mark.parametrize("content, reason", BAD_RAW_TAPS.values(), ids=BAD_RAW_TAPS)
def test_bad_raw_taps(folder, capsys, content, reason):
    (folder / "b.cf32").write_bytes(content)
    assert h.run("b.npy", "b.cf32", "-o", "c.npy") == 2
    assert reason in capsys.readouterr().err


@pytest.mark.parametrize("name", ["b.f32", "b.npy", "b.npz", "b.txt"])
def test_a_recording_in_the_place_of_taps(folder, capsys, name):
    """Is refused before it fills the memory."""
    np.save("a.npy", np.ones(20, "f4"))
    if name == "b.npz":
        np.savez_compressed(name, np.zeros(100 << 18))
    else:
        with open(name, "wb") as stream:
            stream.truncate(200 << 20)
    assert h.run("a.npy", name, "-o", "c.npy", "--memory", "180M") == 2
    assert f"{name}: 209.7 MB of taps do not fit" in capsys.readouterr().err


# ---- SigMF ----


def write_sigmf(folder, captures=(), **said):
    meta = {"global": {f"core:{key}": value for key, value in said.items()}, "captures": captures}
    (folder / "a.sigmf-meta").write_text(json.dumps(meta))
    np.ones(200, "<c8").tofile("a.sigmf-data")


def run_sigmf(*options):
    return h.run("a.sigmf-data", "b.npy", "-o", "c.npy", "--format", "cf32", *options)


CONTRADICTIONS = {
    "another type": ({"datatype": "ci16_le"}, "its samples are ci16_le, says a.sigmf-meta"),
    "big endian": ({"datatype": "cf32_be"}, "its samples are cf32_be, says a.sigmf-meta"),
    "channels": ({"datatype": "cf32_le", "num_channels": 2}, "has 2 channels, says a.sigmf-meta"),
    "trailing bytes": ({"trailing_bytes": 8}, "holds more than samples, says a.sigmf-meta"),
    "headers": ({"captures": [{"core:header_bytes": 64}]}, "holds more than samples"),
}


@pytest.mark.parametrize("said, reason", CONTRADICTIONS.values(), ids=CONTRADICTIONS)
def test_options_that_sigmf_contradicts(folder, capsys, said, reason):
    write_sigmf(folder, **said)
    assert run_sigmf() == 2
    assert f"oaconv: a.sigmf-data: {reason}" in capsys.readouterr().err


@pytest.mark.parametrize("said", [{"datatype": "cf32_le", "num_channels": 2}, {"num_channels": 2}])
def test_options_that_it_confirms(folder, said):
    write_sigmf(folder, captures=[{"core:sample_start": 0}], **said)
    assert run_sigmf("--channels", 2) == 0


@pytest.mark.parametrize("datatype", ["cf32", "CF32_LE"])
def test_names_of_the_same_datatype(folder, datatype):
    write_sigmf(folder, datatype=datatype)
    assert run_sigmf() == 0


def test_metadata_of_a_file_for_each_channel(folder, capsys):
    arguments = ("a{}.sigmf-data", "b.npy", "-o", "c.npy", "--format", "cf32", "--channels", 2)
    for m in range(2):
        np.ones(200, "<c8").tofile(f"a{m}.sigmf-data")
        meta = {"global": {"core:datatype": "cf32_le", "core:num_channels": 1}}
        (folder / f"a{m}.sigmf-meta").write_text(json.dumps(meta))
    assert h.run(*arguments) == 0
    (folder / "a1.sigmf-meta").write_text('{"global": {"core:datatype": "ci16_le"}}')
    assert h.run(*arguments) == 2
    assert "oaconv: a1.sigmf-data: its samples are ci16_le" in capsys.readouterr().err


@pytest.mark.parametrize("meta", ["", "{", "[]", "7", '{"global": 3, "captures": 1}', "[" * 9999])
def test_metadata_that_says_nothing(folder, meta):
    write_sigmf(folder)
    (folder / "a.sigmf-meta").write_text(meta)
    assert run_sigmf() == 0
