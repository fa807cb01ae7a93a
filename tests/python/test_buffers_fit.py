# SPDX-License-Identifier: GPL-3.0-or-later
"""Where there is little memory for GNU Radio's buffers, as in containers, they are made to fit, or the
graph is refused by a sentence; no bus error, nothing lost without a word."""
import json
import os
import subprocess
import sys

import pytest

import helpers as h

SHARED, FILES, SYSTEM_V = "mmap_shm_open", "mmap_tmpfile", "sysv_shm"

CHILD = """
import json, sys
import numpy as np
from gnuradio import blocks, gr, oaconv

n_channels, n_filters, together, arguments, least = json.loads(sys.argv[1])
n = 40000
x = np.random.default_rng(1).standard_normal(n).astype(np.float32)
graph, sinks = gr.top_block(), []
taps = [[m + 1.0] for m in range(n_channels)]
filters = [oaconv.multichannel_fft_filter_fff(taps, **arguments) for _ in range(n_filters)]
D = filters[0].decimation() ** n_filters
if least:
    filters[0].set_min_output_buffer(least)
source = blocks.vector_source_f(x)
for m in range(n_channels):
    end = source if together else blocks.vector_source_f(x)
    for block in filters:
        graph.connect(end, (block, m))
        end = block, m
    sinks.append(blocks.vector_sink_f() if m in (0, n_channels - 1) else blocks.null_sink(4))
    graph.connect(end, sinks[-1])
try:
    graph.start()
except RuntimeError as error:
    print("refused:", error)
    sys.exit()
graph.wait()
for m in (0, n_channels - 1):
    y, want = np.array(sinks[m].data()), x[::D] * (m + 1.0) ** n_filters
    assert len(y) == len(want), (m, len(y))
    assert np.max(np.abs(y / (m + 1.0) ** n_filters - x[::D])) < 1e-5
print("ran")
"""


@pytest.fixture(scope="module")
def namespaces():
    """Whether this user may mount file systems for a process alone."""
    if os.geteuid() or subprocess.run(["unshare", "-m", "-i", "true"], check=False).returncode:
        pytest.skip("mounts no file systems: not root, or a container without the right to")


def run(folder, kind, setup, n_channels, n_filters=1, together=False, least=0, **arguments):
    """Output of the child, with buffers of this kind and what the shell command sets up for it."""
    preferences = folder / ".gnuradio" / "prefs"
    preferences.mkdir(parents=True)
    factory = f"gr::vmcircbuf_{kind}_factory" if kind else ""
    (preferences / "vmcircbuf_default_factory").write_text(factory, encoding="utf-8")
    (folder / "child.py").write_text(CHILD, encoding="utf-8")
    graph = json.dumps([n_channels, n_filters, together, {"backend": "simd", **arguments}, least])
    done = subprocess.run(
        ["unshare", "-m", "-i", "sh", "-c", f'{setup} && exec "$0" "$@"', sys.executable,
         "child.py", graph], cwd=folder, text=True, timeout=100, check=False,
        env=dict(os.environ, HOME=str(folder), TMP=str(folder / "tmp"),
                 OACONV_COST_TABLE="nominal"),
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert done.returncode == 0, (done.returncode, done.stdout[-2000:])
    return done.stdout


def memory(size, folder="/dev/shm"):
    return f"mount -t tmpfs -o size={size} tmpfs {folder}"


FITS = {
    "300 channels in 64 MB": (SHARED, memory("64m"), {"n_channels": 300}),
    "300 channels of one source": (SHARED, memory("64m"), {"n_channels": 300, "together": True}),
    "two filters in a row": (SHARED, memory("32m"), {"n_channels": 80, "n_filters": 2}),
    "three filters in a row": (SHARED, memory("16m"), {"n_channels": 30, "n_filters": 3}),
    "hops that are longer than buffers": (
        SHARED, memory("6m"), {"n_channels": 20, "hop": 40000}),
    "with decimation": (SHARED, memory("16m"), {"n_channels": 60, "decimation": 5}),
    "16 channels in files of 8 MB": (
        FILES, "mkdir tmp && " + memory("8m", "tmp"), {"n_channels": 16, "max_batch": 10**6}),
    "few pages of System V memory": (
        SYSTEM_V, "echo 1500 > /proc/sys/kernel/shmall", {"n_channels": 16}),
    "short segments of System V memory": (
        SYSTEM_V, "echo 150000 > /proc/sys/kernel/shmmax", {"n_channels": 16}),
    "no preference": ("", memory("64m"), {"n_channels": 30}),
    "no preference, and little of both": (
        "", memory("24m") + " && echo 500 > /proc/sys/kernel/shmall", {"n_channels": 60}),
}


@pytest.mark.parametrize("case", FITS)
def test_buffers_are_made_to_fit(case, namespaces, tmp_path):
    kind, setup, graph = FITS[case]
    assert h.last_line(run(tmp_path, kind, setup, **graph)) == "ran"


REFUSED = {
    "too little for outputs": (
        SHARED, memory("1m"), {"n_channels": 32}, "in /dev/shm: 32 ports need at least 2.0 MB of it"),
    "too little for what was asked for": (
        SHARED, memory("16m"), {"n_channels": 8, "least": 10**6}, "need at least 30.5 MB"),
    "nothing can be written": (
        SHARED, "mount -t tmpfs -o ro tmpfs /dev/shm", {"n_channels": 2},
        "in /dev/shm: Read-only file system; give /dev/shm more memory"),
    "too small a folder for files": (
        FILES, "mkdir tmp && " + memory("1m", "tmp"), {"n_channels": 32}, "larger folder by the"),
    "no folder for files": (FILES, "true", {"n_channels": 2}, "tmp: No such file or directory"),
    "too few pages of System V memory": (
        SYSTEM_V, "echo 300 > /proc/sys/kernel/shmall", {"n_channels": 32}, "raise kernel.shmall"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_does_not_fit_is_refused_by_a_sentence(case, namespaces, tmp_path):
    kind, setup, graph, words = REFUSED[case]
    line = h.last_line(run(tmp_path, kind, setup, **graph))
    assert line.startswith("refused: no room for GNU Radio's buffers in ") and words in line
    assert str(tmp_path / ".gnuradio/prefs/vmcircbuf_default_factory") in line


def test_the_stream_ends_with_an_error_where_inputs_leave_no_room(namespaces, tmp_path):
    """A block cannot know before how many buffers there are before it."""
    code = CHILD.replace("    assert len(y) == len(want), (m, len(y))\n",
                         "    if not len(y):\n        print('ended')\n        sys.exit()\n")
    assert code != CHILD
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(globals(), "CHILD", code)
        output = run(tmp_path, SHARED, memory("3m"), n_channels=32)
    assert h.last_line(output) == "ended"
    assert output.count(":error: no room for the buffers of 32 channels in /dev/shm") == 1
