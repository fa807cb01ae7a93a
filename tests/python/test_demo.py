# SPDX-License-Identifier: GPL-3.0-or-later
"""The eight-channel receiver, as a script and as a flowgraph: it selects, it loses nothing, and its
check can fail."""
import importlib.util
import os
import pathlib
import re
import shutil
import subprocess
import sys

import matplotlib.image
import numpy as np
import pytest
import scipy.signal
import yaml
from scipy.io import wavfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "examples" / "eight_channel_receiver.py"
FLOWGRAPH = SCRIPT.with_suffix(".grc")
TIMEOUT = 300  # seconds, for one process
LEAST_GAIN = 10  # dB that the filters must bring
LEAST_CORRELATION = 0.99  # of received speech with the recording, both within the audio band


def load_script():
    spec = importlib.util.spec_from_file_location(SCRIPT.stem, SCRIPT)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look it up
    spec.loader.exec_module(module)
    return module


receiver = load_script()
try:
    RECORDINGS = receiver.find_recordings()
except receiver.ReceiverError as error:
    RECORDINGS, WHY = [], str(error)
else:
    WHY = ""
needs_recordings = pytest.mark.skipif(not RECORDINGS, reason=WHY)
needs_grcc = pytest.mark.skipif(not shutil.which("grcc"), reason="no grcc")


def run(*command, env=None):
    return subprocess.run([str(word) for word in command], env=env, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=TIMEOUT, check=False)


def n_received(recordings):
    """Samples that each WAV file must have: of the longest recording, and of the longest tail."""
    longest = max(len(wavfile.read(path)[1]) for path in recordings)
    tail = max(map(len, receiver.channel_taps())) - 1
    return (receiver.UPSAMPLING * longest + tail) // receiver.UPSAMPLING


def correlation(received, recording):
    """The largest of normalised correlation, over all delays, within the audio band."""
    sent = receiver.upsample(recording[np.newaxis] / 32768)[0, ::receiver.UPSAMPLING]
    received = received / 32768
    products = scipy.signal.correlate(received, sent)
    return products.max() / np.linalg.norm(received) / np.linalg.norm(sent)


def assert_speech(folder):
    """Eight WAV files of the right length, each of them the right recording."""
    paths = sorted(folder.glob("*.wav"))
    assert [path.stem for path in paths] == [f"{m}_{p.stem}" for m, p in enumerate(RECORDINGS)]
    for path, recording in zip(paths, RECORDINGS):
        rate, received = wavfile.read(path)
        assert (rate, received.dtype, received.shape) == (48000, np.int16,
                                                          (n_received(RECORDINGS),))
        assert correlation(received, wavfile.read(recording)[1]) > LEAST_CORRELATION, path.name


# ---- the script ----


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """A complete run of the script, as a user starts it: what it printed, and its folder."""
    folder = tmp_path_factory.mktemp("demo")
    done = run(sys.executable, SCRIPT, "--out", folder)
    assert done.returncode == 0, done.stdout
    return done.stdout, folder


@needs_recordings
def test_every_channel_gains(demo):
    rows = re.findall(r"^ *(\d) +(\S+) +(\d+) +(\S+) +(\S+) +(\S+) +(\S+) +(\d+) +(\d+)$", demo[0],
                      re.M)
    assert [row[1] for row in rows] == [path.stem for path in RECORDINGS], demo[0]
    n_taps = [len(row) for row in receiver.channel_taps()]
    for m, row in enumerate(rows):
        assert int(row[0]) == m and int(row[2]) == n_taps[m]
        before, after, speech_before, speech_after = map(float, row[3:7])
        assert after >= before + LEAST_GAIN
        assert speech_after >= speech_before + LEAST_GAIN
        assert int(row[8]) == int(row[7]) + max(n_taps) - 1


@needs_recordings
def test_the_wav_files_hold_the_recordings(demo):
    assert_speech(demo[1])


@needs_recordings
def test_the_picture_shows_something(demo):
    picture = matplotlib.image.imread(demo[1] / "eight_channel_receiver.png")
    assert picture.shape[0] > 300 and picture.shape[1] > 800
    assert len(np.unique(picture.reshape(-1, picture.shape[2]), axis=0)) > 50


@needs_recordings
def test_a_damaged_stream_fails_the_run(monkeypatch, capsys, tmp_path):
    receive = receiver.receive

    def receive_damaged(*arguments):
        filtered = receive(*arguments)
        filtered[5][1234] += 1e-3
        return filtered

    monkeypatch.setattr(receiver, "receive", receive_damaged)
    assert receiver.main(["--out", str(tmp_path), "--samples", "9600"]) == 1
    assert "channel 5: sample 1234 of" in capsys.readouterr().err


def test_too_few_recordings_are_refused(capsys, tmp_path):
    assert receiver.main(["--out", str(tmp_path / "out"), "--recordings", str(tmp_path)]) == 1
    assert "need 8 WAV recordings" in capsys.readouterr().err


# ---- its check ----

DAMAGES = {
    "one sample": lambda y: y[3].__setitem__(77, y[3][77] + 1e-3),
    "last sample of the tail": lambda y: y[0].__setitem__(-1, 1e-3),
    "not a number": lambda y: y[7].__setitem__(0, np.nan),
    "one sample short": lambda y: y.__setitem__(6, y[6][:-1]),
    "tail cut off": lambda y: y.__setitem__(2, y[2][:1000]),
    "one sample late": lambda y: y.__setitem__(1, np.roll(y[1], 1)),
    "channels exchanged": lambda y: y.__setitem__(slice(4, 6), [y[5], y[4]]),
    "scaled": lambda y: y.__setitem__(4, y[4] * np.float32(1.0001)),
    "silent": lambda y: y.__setitem__(0, y[0] * 0),
    "channel missing": lambda y: y.pop(),
}


def filtered_exactly(rng):
    """Streams, taps and what the block should make of them."""
    taps = receiver.channel_taps()
    x = rng.standard_normal((len(taps), 1000, 2)).astype(np.float32).view(np.complex64)[..., 0]
    n = x.shape[1] + max(map(len, taps)) - 1
    y = [receiver.pad(np.convolve(row, h.astype(complex)), n) for row, h in zip(x, taps)]
    return x, taps, [row.astype(np.complex64) for row in y]


def test_the_check_passes_what_is_right(rng):
    x, taps, y = filtered_exactly(rng)
    assert max(receiver.check_filtered(y, x, taps, 1024)) < 1


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
def test_the_check_fails_for_what_is_wrong(damage, rng):
    x, taps, y = filtered_exactly(rng)
    damage(y)
    with pytest.raises((receiver.ReceiverError, ValueError)):
        receiver.check_filtered(y, x, taps, 1024)


# ---- the flowgraph ----


def grcc(text, folder):
    """Compiles the text of a flowgraph, whose default is another folder of recordings perhaps."""
    flowgraph = folder / FLOWGRAPH.name
    flowgraph.write_text(text.replace("/usr/share/sounds/alsa", str(RECORDINGS[0].parent)))
    env = dict(os.environ, GRC_BLOCKS_PATH=str(ROOT / "grc"), HOME=str(folder))
    return run("grcc", "-o", folder, flowgraph, env=env)


@needs_recordings
@needs_grcc
def test_the_flowgraph_receives_the_recordings(tmp_path):
    done = grcc(FLOWGRAPH.read_text(), tmp_path)
    assert done.returncode == 0, done.stdout
    out = tmp_path / "out"
    out.mkdir()
    done = run(sys.executable, tmp_path / "eight_channel_receiver_flowgraph.py", "--out-dir", out)
    assert done.returncode == 0, done.stdout
    assert_speech(out)


@needs_recordings
@needs_grcc
def test_a_row_of_taps_too_few_is_refused_by_grc(tmp_path):
    graph = yaml.safe_load(FLOWGRAPH.read_text())
    taps = next(block for block in graph["blocks"] if block["name"] == "channel_taps")
    taps["parameters"]["value"] += "[:7]"
    done = grcc(yaml.safe_dump(graph), tmp_path)
    assert done.returncode != 0
    assert 'Assertion "len(taps) in (1, num_chans)" failed' in done.stdout
    assert "1 errors from flowgraph" in done.stdout
    assert not list(tmp_path.glob("*.py"))
