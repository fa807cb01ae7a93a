# SPDX-License-Identifier: GPL-3.0-or-later
"""Seeds what is random, and ends the process when a test hangs."""

import faulthandler
import os
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
