# SPDX-License-Identifier: GPL-3.0-or-later
"""What the command says, to people, to terminals and to logs."""

import errno
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import command_helpers as h
import numpy as np
import oaconv
import pytest

DEFAULT = ("a.npy", "b.npy", "-o", "c.npy")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rng = h.seeded("interface")
    np.save("a.npy", h.random(rng, (4, 1000), "f4"))
    np.save("b.npy", h.random(rng, (4, 9), "f4"))
    return tmp_path


@pytest.mark.parametrize("option", ["-h", "--help"])
def test_help_fits_a_screen(capsys, monkeypatch, option):
    """24 lines of 80 columns, of which the prompt takes one, however wide the terminal is."""
    for columns in "80", "200":
        monkeypatch.setenv("COLUMNS", columns)
        assert h.run(option) == 0
        lines = capsys.readouterr().out.splitlines()
        assert len(lines) <= 23 and max(map(len, lines)) < 80


def test_help_names_every_option(capsys):
    h.run("--help")
    text = capsys.readouterr().out
    for option in "-o --mode --rows --threads --backend --memory --resume --quiet --check".split():
        assert f"  {option} " in text
    for option in "--channels --format --version --help".split():
        assert option in text


def test_version(capsys):
    assert h.run("--version") == 0
    assert capsys.readouterr().out == f"oaconv {oaconv.__version__}\n"


def test_as_a_module(folder):
    command = [sys.executable, "-m", "oaconv", *DEFAULT]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0 and done.stdout == ""
    assert os.path.exists("c.npy")


def test_as_a_program(folder):
    """The launcher finds the package beside it, whatever the path says."""
    command = [Path(os.environ["OACONV_BUILD_DIR"]) / "bin" / "oaconv", *DEFAULT]
    environment = {name: x for name, x in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert done.returncode == 0 and done.stdout == "", done.stderr
    assert os.path.exists("c.npy")


def test_the_last_line_sums_up(folder, capsys):
    assert h.run(*DEFAULT) == 0
    out, err = capsys.readouterr()
    assert out == ""
    line = (
        r"oaconv: c.npy: 4032 samples in [0-9.]+ s, [0-9.]+ MS/s, \w+, FFT of \d+ points \(.+\)\n"
    )
    assert re.fullmatch(line, err)


def test_why_a_backend(folder, capsys):
    assert h.run(*DEFAULT, "--backend", "direct") == 0
    assert re.search("MS/s, direct .asked for by name.", capsys.readouterr().err)


def test_quiet(folder, capsys):
    assert h.run(*DEFAULT, "--quiet", "--check") == 0
    assert capsys.readouterr() == ("", "")
    assert h.run("no.npy", *DEFAULT[1:], "--quiet") == 2
    assert capsys.readouterr().err == "oaconv: no.npy: No such file or directory\n"


def test_plain_lines_in_a_log(folder, capsys, monkeypatch):
    from oaconv.command import console

    monkeypatch.setattr(console, "LINE_SECONDS", 0)
    assert h.run(*DEFAULT) == 0
    lines = capsys.readouterr().err.splitlines()
    assert re.fullmatch(r"oaconv: \d+ %, [0-9.]+ MS/s, \d+ s left", lines[0])


@pytest.fixture
def on_terminal(folder):
    """Runs the command on a terminal; what it prints there."""

    def run(*arguments, **keywords):
        ours, theirs = pty.openpty()
        child = h.start(*arguments, stderr=theirs, **keywords)
        os.close(theirs)
        text = b""
        try:
            while piece := os.read(ours, 1000):
                text += piece
        except OSError:  # how a terminal ends
            pass
        os.close(ours)
        assert h.end(child).status == 0, text
        return text.decode()

    return run


def test_a_bar_on_a_terminal(on_terminal):
    pytest.importorskip("tqdm")
    np.save("a.npy", np.ones((4, 140_000), "f4"))
    text = on_terminal(*DEFAULT, pause=0.3)
    assert re.search(r"\d+%.*S/s\]", text), text


def test_lines_on_a_terminal_without_tqdm(on_terminal, folder, monkeypatch):
    (folder / "tqdm.py").write_text("raise ImportError('not here')\n")
    monkeypatch.setenv("PYTHONPATH", f"{folder}:{os.environ.get('PYTHONPATH', '')}")
    text = on_terminal(*DEFAULT)
    assert "S/s]" not in text and "MS/s" in text


def test_quiet_on_a_terminal(on_terminal):
    assert "S/s" not in on_terminal(*DEFAULT, "--quiet")


def test_more_channels_than_files_may_be_open(folder):
    """Up to the limit that the system sets."""
    import resource

    n_rows = 200
    np.save("a.npy", np.ones((n_rows, 10), "f4"))
    np.save("b.npy", np.ones((1, 3), "f4"))

    def limit(hard):
        return lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (50, hard))

    arguments = "a.npy", "b.npy", "-o", "c{}.f32"
    ended = h.run_child(*arguments, preexec_fn=limit(100))
    assert ended.status == 2 and "Too many open files" in ended.err
    assert h.names_in(folder) == ["a.npy", "b.npy"]
    assert h.run_child(*arguments, preexec_fn=limit(1000)).status == 0
    assert len(h.names_in(folder)) == 2 + n_rows


def test_the_documentation_shows_this_help(capsys):
    page = Path(os.environ["OACONV_SOURCE_DIR"]) / "docs" / "command.md"
    h.run("--help")
    assert f"```\n{capsys.readouterr().out}```\n" in page.read_text(encoding="utf-8")


# ---- nobody listens ----


def shell(line, folder):
    """The exit status of the command with redirections."""
    command = f"{sys.executable} -m oaconv a.npy b.npy -o c.npy {line}"
    return subprocess.run(["bash", "-c", command], cwd=folder, timeout=h.LIMIT).returncode


def assert_computed(folder):
    h.assert_close(np.load(folder / "c.npy"), np.load("a.npy"), np.load("b.npy"))
    assert h.names_in(folder) == ["a.npy", "b.npy", "c.npy"]


@pytest.mark.parametrize(
    "closed", ["2>&-", "0<&-", "1>&-", "0<&- 1>&- 2>&-", "2>/dev/full", "2> >(exec true)"]
)
def test_no_message_needs_to_be_read(folder, closed):
    assert shell(closed, folder) == 0
    assert_computed(folder)


@pytest.mark.parametrize("closed", ["2>&-", "2>/dev/full"])
def test_the_status_tells_when_messages_cannot(folder, closed):
    os.unlink("a.npy")
    assert shell(closed, folder) == 2
    assert shell("--fast " + closed, folder) == 2


class Full:
    """A stream on a full disk."""

    def __init__(self, is_terminal):
        self.isatty = lambda: is_terminal

    def write(self, text):
        raise OSError(errno.ENOSPC, "No space left on device")

    def flush(self):
        pass


@pytest.mark.filterwarnings("ignore:.*tqdm.__del__")  # of a bar that could not begin
@pytest.mark.parametrize("is_terminal", [False, True])
def test_progress_that_cannot_be_written(folder, monkeypatch, is_terminal):
    from oaconv.command import console

    monkeypatch.setattr(console, "LINE_SECONDS", 0)
    monkeypatch.setattr(sys, "stderr", Full(is_terminal))
    assert h.run(*DEFAULT) == 0
    assert_computed(folder)
