# SPDX-License-Identifier: GPL-3.0-or-later
"""The programs in examples/: on the path to be imported, and run as a user would."""
import os
import pathlib
import re
import shlex
import subprocess
import sys

import matplotlib.image
import numpy as np
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
TIMEOUT = 300  # seconds, for one process

sys.path.insert(0, str(EXAMPLES))


def run(command, folder, **environment):
    return subprocess.run(
        list(map(str, command)), cwd=folder, text=True, timeout=TIMEOUT, check=False,
        env=dict(os.environ, OACONV_COST_TABLE="nominal", **environment),
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def run_example(name, folder, *arguments):
    return run([sys.executable, EXAMPLES / f"{name}.py", *arguments], folder)


def readme_commands(name):
    """The arguments of every command of this program in the README."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    lines = re.findall(rf"^    examples/{name}\.py(.*)$", readme, re.M)
    assert lines
    return [shlex.split(line, comments=True) for line in lines]


def run_without_screen(command, folder):
    """For what opens a window: Qt draws it in memory."""
    pytest.importorskip("PyQt5.QtWidgets", reason="no PyQt5")
    pytest.importorskip("gnuradio.qtgui", reason="no gr-qtgui")
    paths = os.pathsep.join([str(EXAMPLES), os.environ.get("PYTHONPATH", "")])
    return run(command, folder, QT_QPA_PLATFORM="offscreen", PYTHONPATH=paths,
               XDG_RUNTIME_DIR=str(folder))


def assert_shows_something(picture):
    pixels = matplotlib.image.imread(picture)
    assert pixels.shape[0] > 400 and pixels.shape[1] > 600
    assert len(np.unique(pixels.reshape(-1, pixels.shape[2]), axis=0)) > 50
