# SPDX-License-Identifier: GPL-3.0-or-later
"""Real recordings: four satellites through one block decode as well as through SciPy."""
import os
import pathlib
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import scipy.io.wavfile
import scipy.signal

import helpers as h

SATELLITES = {"ao27.wav": "AO-27", "us01.wav": "US01", "duchifat_3.wav": "DUCHIFAT-3",
              "il01.wav": "IL01"}
RATE = 48000
PROJECT = pathlib.Path(__file__).resolve().parents[2]
RECORDINGS = pathlib.Path(os.environ.get("OACONV_RECORDINGS")
                          or PROJECT.parent / "shared" / "recordings")


def n_frames(decoder, path, home):
    """Frames that gr_satellites finds in a recording: lines that start with six asterisks."""
    environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "GR_PREFS_PATH")}
    environment["HOME"] = str(home)
    result = subprocess.run(
        ["gr_satellites", decoder, "--wavfile", str(path), "--samp_rate", "48e3", "--hexdump"],
        env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=100)
    assert result.returncode == 0, result.stderr
    return sum(line.startswith("*" * 6) for line in result.stdout.splitlines())


@pytest.fixture(scope="module")
def recordings():
    missing = [name for name in SATELLITES if not (RECORDINGS / name).is_file()]
    if missing:
        pytest.skip(f"no recordings {missing} in {RECORDINGS}")
    signals = []
    for name in SATELLITES:
        rate, samples = scipy.io.wavfile.read(RECORDINGS / name)
        assert rate == RATE and samples.ndim == 1 and samples.dtype == np.int16
        signals.append((samples / 32768).astype(np.float32))
    assert len({len(x) for x in signals}) > 1
    longest = max(map(len, signals))
    return [np.pad(x, (0, longest - len(x))) for x in signals]


@pytest.fixture(scope="module")
def filtered(recordings):
    """By our block and by SciPy."""
    taps = scipy.signal.firwin(255, 20000, fs=RATE).astype(np.float32)
    ours = h.run_graph("fff", recordings, taps, flush=True)
    scipys = scipy.signal.oaconvolve(np.array(recordings, float), taps[np.newaxis].astype(float),
                                     axes=1)
    return recordings, taps, ours, scipys


def test_four_recordings_filtered_as_by_scipy(filtered):
    recordings, taps, ours, scipys = filtered
    assert np.shape(ours) == scipys.shape
    for x, y, want in zip(recordings, ours, scipys):
        assert np.max(np.abs(x)) > 0.01
        h.assert_close(y, want, h.tolerance(x, taps))


def test_as_many_frames_decode_as_after_scipy(filtered, tmp_path):
    if not shutil.which("gr_satellites"):
        pytest.skip("gr_satellites is not installed (Debian package gr-satellites)")
    _, _, ours, scipys = filtered
    jobs = []
    for whose, outputs in (("ours", ours), ("scipy", scipys)):
        for (name, decoder), y in zip(SATELLITES.items(), outputs):
            path, home = tmp_path / f"{whose}-{name}", tmp_path / f"home-{whose}-{name}"
            home.mkdir()
            scipy.io.wavfile.write(path, RATE, np.asarray(y, np.float32))
            jobs.append((decoder, path, home))
    with ThreadPoolExecutor(2) as pool:
        counts = list(pool.map(lambda job: n_frames(*job), jobs))
    counts = dict(zip(SATELLITES.values(), zip(counts[:4], counts[4:])))
    print("frames (ours, SciPy):", counts)
    for decoder, (got, want) in counts.items():
        assert got == want >= 1, f"{decoder}: {got} frames, {want} after SciPy"
