# SPDX-License-Identifier: GPL-3.0-or-later
"""FFTW's wisdom that GNU Radio has collected is read again, whoever plans first in a process."""
import os
import subprocess
import sys

import pytest

STEPS = {
    "stock": "from gnuradio import fft; fft.fft_vcc(SIZE, True, [], False, 1)",
    "block": "from gnuradio import oaconv;"
    " oaconv.multichannel_fft_filter_ccc([[1] * 50], backend='volk')",
    "arrays": "import numpy, oaconv; oaconv.convolve(numpy.ones(5000, 'c8'), numpy.ones(50, 'c8'),"
    " backend='volk')",
    "double": "import numpy, oaconv; oaconv.convolve(numpy.ones(5000), numpy.ones(50))",
}
ORDERS = ["stock block", "block stock", "arrays stock", "double stock", "arrays stock block"]


def run(home, steps, size):
    """What a process says that does these steps."""
    code = "\n".join(STEPS[step].replace("SIZE", str(size)) for step in steps.split())
    environment = {**os.environ, "OACONV_COST_TABLE": "nominal", "HOME": str(home)}
    for name in "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "GR_PREFS_PATH":
        environment[name] = str(home)
    ended = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=60
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout + ended.stderr


def wisdom(home):
    """The plans that are kept; FFTW writes each on a line."""
    files = [path for path in home.rglob("*wisdom*") if path.stat().st_size]
    assert len(files) == 1
    return set(files[0].read_text().splitlines())


@pytest.mark.parametrize("order", ORDERS)
def test_plans_are_kept(tmp_path, order):
    run(tmp_path, "stock", 1000)
    before = wisdom(tmp_path)
    assert "wisdom" not in run(tmp_path, order, 384)
    assert before < wisdom(tmp_path)
