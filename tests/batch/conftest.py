# SPDX-License-Identifier: GPL-3.0-or-later
"""Seeds what is random, ends the process when a test hangs, and gets NumPy 2 for child processes."""

import faulthandler
import os
import subprocess
import sys
import zlib

import numpy as np
import pytest

# On every machine the CPU computes.
os.environ.setdefault("OACONV_CUDA_MODULE", "/no GPU in these tests.so")

# The same plans on every machine, however busy it is.
os.environ.setdefault("OACONV_COST_TABLE", "nominal")

pytest.register_assert_rewrite("expected")

try:
    from hypothesis import HealthCheck, settings
except ImportError:  # the files that need it say so
    pass
else:
    settings.register_profile(
        "repeatable",
        derandomize=True,
        deadline=None,
        database=None,
        print_blob=True,
        suppress_health_check=[HealthCheck.too_slow],
    )
    settings.load_profile("repeatable")

LONGEST_TEST = 300  # seconds
stderr_fd = None


def pytest_configure(config):
    global stderr_fd
    stderr_fd = os.dup(2)  # the real one: pytest captures it later


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_protocol(item):
    """Covers what no timeout in a test can: a call into C++ that never ends."""
    faulthandler.dump_traceback_later(LONGEST_TEST, exit=True, file=stderr_fd)
    yield
    faulthandler.cancel_dump_traceback_later()


@pytest.fixture
def rng(request):
    """Seeded by the name of the test: the same data in every run."""
    return np.random.default_rng(zlib.crc32(request.node.name.encode()))


@pytest.fixture(scope="session")
def newest_numpy(tmp_path_factory):
    """A folder with NumPy 2 or later for PYTHONPATH; None where Python has it anyway."""
    if int(np.__version__.split(".")[0]) >= 2:
        return None
    if subprocess.run([sys.executable, "-m", "pip", "--version"], capture_output=True).returncode:
        pytest.skip("python3-pip is not installed, to get NumPy 2 with")
    folder = tmp_path_factory.mktemp("numpy")
    pip = "-m pip install --quiet --no-compile --no-deps --only-binary :all:".split()
    quick = "--retries 1 --timeout 20".split()  # where there is no network
    command = [sys.executable, *pip, *quick, "--target", str(folder), "numpy>=2"]
    try:
        ran = subprocess.run(command, capture_output=True, text=True, timeout=200)
    except subprocess.TimeoutExpired:
        pytest.skip("NumPy 2 did not arrive in 200 s")
    if ran.returncode:
        reason = (ran.stderr.strip().splitlines() or ["?"])[-1]
        pytest.skip(f"pip could not install NumPy 2: {reason}")
    return folder


@pytest.fixture
def numpy_2(newest_numpy, monkeypatch):
    """Lets child processes have NumPy 2, and modules in more folders."""

    def let(*folders):
        paths = [newest_numpy, *folders, os.environ.get("PYTHONPATH")]
        monkeypatch.setenv("PYTHONPATH", os.pathsep.join(str(path) for path in paths if path))

    return let
