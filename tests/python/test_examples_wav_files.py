# SPDX-License-Identifier: GPL-3.0-or-later
"""The examples hear in a WAV file what is in it, whatever its samples are made of, or refuse it."""
import struct

import numpy as np
import pytest
from scipy.io import wavfile

import example_programs as programs  # before what it brings into the path
import eight_channel_receiver
import equaliser

RATE = 48000
PCM, FLOAT, A_LAW, EXTENSIBLE = 1, 3, 6, 0xFFFE
GUID = bytes.fromhex("000000001000800000aa00389b71")  # behind the format, where it is extensible


def whole(x, bits):
    """Integers of so many bits, full scale being 1."""
    return np.round(x * 2 ** (bits - 1)).astype(np.int64)


def encode(x, bits, kind=PCM):
    """Little-endian samples of a WAV file."""
    if kind == FLOAT:
        return x.astype(f"<f{bits // 8}").tobytes()
    if bits == 8:
        return (whole(x, 8) + 128).astype(np.uint8).tobytes()
    return b"".join(int(value).to_bytes(bits // 8, "little", signed=True)
                    for value in whole(x, bits))


def chunk(name, data):
    return name + struct.pack("<I", len(data)) + data


def wav(data, bits, kind=PCM, extensible=False, rate=RATE, n_channels=1):
    size = bits // 8 * n_channels
    form = struct.pack("<HHIIHH", EXTENSIBLE if extensible else kind, n_channels, rate, rate * size,
                       size, bits)
    if extensible:
        form += struct.pack("<HHIH", 22, bits, 4, kind) + GUID
    return chunk(b"RIFF", b"WAVE" + chunk(b"fmt ", form) + chunk(b"data", data))


WIDTHS = [(8, PCM), (16, PCM), (24, PCM), (32, PCM), (64, PCM), (32, FLOAT), (64, FLOAT)]


@pytest.mark.parametrize("extensible", [False, True])
@pytest.mark.parametrize("bits,kind", WIDTHS)
def test_samples_of_every_width_are_as_loud(bits, kind, extensible, tmp_path, rng):
    x = np.append(rng.uniform(-0.9, 0.9, 100), [0, -1])
    path = tmp_path / "x.wav"
    path.write_bytes(wav(encode(x, bits, kind), bits, kind, extensible))
    y = eight_channel_receiver.read_mono(path, RATE)
    assert (y.shape, y.dtype) == (x.shape, np.float64)
    exact = bits if kind == PCM else 24
    assert np.max(np.abs(y - x)) <= 0.51 / 2 ** (min(exact, 50) - 1)
    assert (y[-2], y[-1]) == (0, -1)


SOUND = encode(np.linspace(-0.5, 0.5, 100), 16)
REFUSED = {
    "stereo": (wav(SOUND, 16, n_channels=2), "want 48000 Hz, mono, not 48000 Hz, (50, 2)"),
    "another rate": (wav(SOUND, 16, rate=44100), "want 48000 Hz, mono, not 44100 Hz, (100,)"),
    "A-law": (wav(bytes(100), 8, A_LAW), "cannot be read as WAV"),
    "no samples": (wav(b"", 16), "no samples, or some"),
    "samples of no bits": (wav(SOUND, 0), "cannot be read as WAV"),
    "NaN": (wav(encode(np.array([0, np.nan]), 32, FLOAT), 32, FLOAT), "no samples, or some"),
    "infinity": (wav(encode(np.array([0, -np.inf]), 64, FLOAT), 64, FLOAT), "no samples, or some"),
    "cut in its head": (wav(SOUND, 16)[:30], "cannot be read as WAV"),
    "cut in a sample": (wav(encode(np.zeros(9), 24), 24)[:-1], "cannot be read as WAV"),
    "no format": (chunk(b"RIFF", b"WAVE" + chunk(b"data", SOUND)), "cannot be read as WAV"),
    "an empty file": (b"", "cannot be read as WAV"),
    "another format": (b"\x93NUMPY" + bytes(100), "cannot be read as WAV"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_such_sound_is_refused_with_its_name(case, tmp_path, capsys):
    data, words = REFUSED[case]
    paths = [tmp_path / f"{m}.wav" for m in range(8)]
    for path in paths:
        path.write_bytes(data)
    with pytest.raises(eight_channel_receiver.ReceiverError, match="0.wav") as refusal:
        eight_channel_receiver.read_mono(paths[0], RATE)
    assert words in str(refusal.value)
    assert equaliser.main(list(map(str, paths[:4]))) == 1
    out = str(tmp_path / "out")
    assert eight_channel_receiver.main(["--out", out, "--recordings", str(tmp_path)]) == 1
    assert capsys.readouterr().err.count(f"0.wav: {words}") == 2


def test_eight_bits_sound_as_sixteen(tmp_path):
    x = 0.4 * np.sin(2 * np.pi * 440 / RATE * np.arange(6000))
    names = [f"{m}.wav" for m in range(4)]
    for name, bits in zip(names, (8, 16, 16, 16)):
        (tmp_path / name).write_bytes(wav(encode(x, bits), bits))
    flat = [f"--gains={m}:flat" for m in range(4)]
    done = programs.run_example("equaliser", tmp_path, *names, *flat, "--out", "out")
    assert done.returncode == 0, done.stdout
    eight, sixteen = (wavfile.read(tmp_path / "out" / name)[1] for name in names[:2])
    assert len(eight) == len(sixteen) == len(x) + equaliser.P - 1
    assert np.max(np.abs(eight - sixteen)) < 0.01 < 0.3 < np.max(np.abs(sixteen))
