# SPDX-License-Identifier: GPL-3.0-or-later
"""Every argument of the command at its extremes: done, and right, or refused with a line; never a
traceback, a signal, a wait without end, or a number that is wrong."""

import json
import os
import subprocess
import sys
from pathlib import Path

import command_extremes
import command_helpers as h
import numpy as np
import pytest


@pytest.mark.parametrize("group", command_extremes.GROUPS)
def test_extremes(group):
    command = [sys.executable, command_extremes.__file__, group]
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    lines = list(map(json.loads, done.stdout.splitlines()))
    cases, ends = lines[::2], lines[1::2]
    assert done.returncode == 0, (cases[-1:], done.stderr)
    assert len(cases) == len(ends) > 50
    wrong = [(case, status, said, why) for case, (status, said, why) in zip(cases, ends) if why]
    assert not wrong, f"{len(wrong)} cases, the first: {wrong[0]}"
    assert {status for status, _, _ in ends} == {0, 2}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.save("a.npy", np.ones((2, 10), "f4"))
    np.save("b.npy", np.ones((2, 3), "f4"))
    os.mkfifo("fifo.npy")
    return tmp_path


COMMAND_LINES = {
    "nothing": ([], 2),
    "bytes that are no text": ([b"\xff.npy", b"b.npy", b"-o", b"c.npy"], 2),
    "of an option": ([b"a.npy", b"b.npy", b"-o", b"c.npy", b"--backend", b"\xff\xfe"], 2),
    "of the result": ([b"a.npy", b"b.npy", b"-o", b"\xff\n.npy", b"--check"], 0),
    "a pipe": (["fifo.npy", "b.npy", "-o", "c.npy"], 2),
    "a pipe of taps": (["a.npy", "fifo.npy", "-o", "c.npy"], 2),
    "a pipe to": (["a.npy", "b.npy", "-o", "fifo.npy"], 2),
    "a terminal's control characters": (["\33[2J.npy", "b.npy", "-o", "c.npy"], 2),
    "numbers without end": (["a.npy", "b.npy", "-o", "c.npy", "--threads", "9" * 100_000], 2),
}


@pytest.mark.parametrize("arguments, status", COMMAND_LINES.values(), ids=COMMAND_LINES)
def test_command_lines(folder, arguments, status):
    launcher = Path(os.environ["OACONV_BUILD_DIR"]) / "bin" / "oaconv"
    done = subprocess.run([launcher, *arguments], capture_output=True, timeout=h.LIMIT)
    assert done.returncode == status, done.stderr
    assert done.stdout == b"" and b"Traceback" not in done.stderr
    last = done.stderr.decode().splitlines()[-1]
    assert last.startswith("oaconv: ") and last.isprintable()
