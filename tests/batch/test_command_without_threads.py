# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the system gives no threads the command works without: same bytes, said once."""

import errno
import os
import pty
import subprocess
import sys
import threading
from pathlib import Path

import command_helpers as h
import numpy as np
import pytest

DEFAULT = ("a.npy", "b.npy", "-o", "c.npy")

# The command where the limit of processes is used up, as in a container; on eight cores.
NO_THREADS = """
import os, resource, sys, threading
from oaconv.command import main

os.sched_getaffinity = lambda process: set(range(8))
if os.geteuid() == 0:
    os.setuid(65534)  # the limit does not bind root
resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
try:
    threading.Thread(target=int).start()
except RuntimeError:
    sys.exit(main())
sys.exit(77)
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    tmp_path.chmod(0o777)
    rng = h.seeded("no threads")
    np.save("a.npy", h.random(rng, (8, 40_000), "f4"))
    np.save("b.npy", h.random(rng, (8, 64), "f4"))
    return tmp_path


def refuse(thread):
    raise RuntimeError("can't start new thread")


def run_without_threads(*arguments, stderr=subprocess.PIPE):
    command = [sys.executable, "-c", NO_THREADS, *DEFAULT, *map(str, arguments)]
    done = subprocess.run(command, stderr=stderr, text=True, timeout=h.LIMIT)
    if done.returncode == 77:
        pytest.skip("the limit of processes does not bind here")
    return done


def assert_same_bytes(folder, *arguments):
    """As a run with threads gives."""
    actual = (folder / "c.npy").read_bytes()
    assert h.names_in(folder) == ["a.npy", "b.npy", "c.npy"]
    assert h.run(*DEFAULT, *arguments, "--quiet") == 0
    assert actual == (folder / "c.npy").read_bytes()


@pytest.mark.parametrize("mode", ["full", "valid"])
@pytest.mark.parametrize("threads", [(), ("--threads", 8)])
def test_threads_that_were_asked_for_are_missed_once(folder, threads, mode):
    options = "--backend", "simd", "--mode", mode, "--check"
    done = run_without_threads(*threads, *options)
    assert done.returncode == 0, done.stderr
    lines = done.stderr.splitlines()
    assert all(line.startswith("oaconv: ") for line in lines), lines
    assert sum("thread" in line for line in lines) == 1, lines
    assert_same_bytes(folder, *options)


def test_one_thread_is_what_there_is(folder):
    done = run_without_threads("--threads", 1, "--backend", "simd")
    assert done.returncode == 0 and "thread" not in done.stderr, done.stderr
    assert_same_bytes(folder, "--backend", "simd")


def test_quiet(folder):
    done = run_without_threads("--quiet")
    assert done.returncode == 0 and done.stderr == ""


def test_a_bar_needs_none(folder):
    """tqdm would warn that it could not start its own."""
    pytest.importorskip("tqdm")
    ours, theirs = pty.openpty()
    done = run_without_threads("--threads", 1, stderr=theirs)
    os.close(theirs)
    text = os.read(ours, 100_000).decode()
    os.close(ours)
    assert done.returncode == 0, text
    assert "S/s]" in text and "monitor" not in text and "thread" not in text, text


def test_what_is_finished_is_recorded_all_the_same(folder, monkeypatch):
    """By the thread that works: a crash costs as little as ever."""
    from oaconv.command import recorder, workplace

    recorded, record = [], workplace.Workplace.record

    def count(place, sections):
        recorded.append(h.n_recorded(folder / "c.npy"))
        record(place, sections)

    monkeypatch.setattr(threading.Thread, "start", refuse)
    monkeypatch.setattr(recorder, "SECONDS", 0)
    monkeypatch.setattr(workplace.Workplace, "record", count)
    assert h.run(*DEFAULT, "--threads", 1) == 0
    assert len(recorded) > 1 and recorded[-1] > 0
    h.assert_close(np.load("c.npy"), np.load("a.npy"), np.load("b.npy"))


def test_what_the_disk_has_lost_is_not_recorded(folder, monkeypatch, capsys):
    """It tells only once."""
    from oaconv.command import recorder

    reports = [OSError(errno.EIO, os.strerror(errno.EIO))]

    def fdatasync(fd):
        if reports:
            raise reports.pop()

    monkeypatch.setattr(threading.Thread, "start", refuse)
    monkeypatch.setattr(recorder, "SECONDS", 0)
    monkeypatch.setattr(os, "fdatasync", fdatasync)
    assert h.run(*DEFAULT, "--threads", 1) == 1
    assert "c.npy.part: Input/output error" in capsys.readouterr().err
    assert h.names_in(folder) == ["a.npy", "b.npy"]


def test_numpy_is_kept_from_starting_threads(folder):
    """OpenBLAS interrupts the import when it gets none."""
    (folder / "numpy.py").write_text(
        "import os, sys\nsys.exit(os.environ.get('OPENBLAS_NUM_THREADS') != '1')\n"
    )
    command = [sys.executable, Path(os.environ["OACONV_BUILD_DIR"]) / "bin" / "oaconv", *DEFAULT]
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    environment.pop("OPENBLAS_NUM_THREADS", None)
    assert subprocess.run(command, env=environment, timeout=h.LIMIT).returncode == 0
