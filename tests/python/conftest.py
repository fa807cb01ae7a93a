# SPDX-License-Identifier: GPL-3.0-or-later
"""Gives every test an empty home, and ends the process when one of them hangs."""
import faulthandler
import os
import tempfile

import pytest

# GNU Radio reads preferences and the stock filter writes FFTW wisdom below these. ctest names
# folders in the build tree; a pytest run by hand gets its own.
if "GR_PREFS_PATH" not in os.environ:
    os.environ["HOME"] = os.environ["GR_PREFS_PATH"] = tempfile.mkdtemp(prefix="oaconv-home-")

# On every machine the CPU filters, but where test_gpu.py has another process filter.
os.environ.setdefault("OACONV_CUDA_MODULE", "/no GPU in these tests.so")

# The same plans on every machine, however busy it is.
os.environ.setdefault("OACONV_COST_TABLE", "nominal")

pytest.register_assert_rewrite("helpers")
import helpers  # noqa: E402  (imports gnuradio, which reads the environment)

LONGEST_TEST = 300  # seconds; graphs have shorter limits of their own
stderr_fd = None


def pytest_configure(config):
    global stderr_fd
    stderr_fd = os.dup(2)  # the real one: pytest captures it later


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_protocol(item):
    """Covers what no timeout in the test can: a call into C++ that keeps the GIL and never ends."""
    faulthandler.dump_traceback_later(LONGEST_TEST, exit=True, file=stderr_fd)
    yield
    faulthandler.cancel_dump_traceback_later()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session, exitstatus):
    session.config.oaconv_exit = int(exitstatus)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config):
    """A graph that could not be stopped would block the end of the interpreter, too."""
    if helpers.cannot_stop:
        os._exit(getattr(config, "oaconv_exit", 1) or 1)


@pytest.fixture
def rng(request):
    """Seeded by the name of the test: the same data in every run."""
    return helpers.seeded(request.node.name)
