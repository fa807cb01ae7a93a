# SPDX-License-Identifier: GPL-3.0-or-later
"""Files for the command, ways to run it, and what it must give."""

import contextlib
import os
import re
import subprocess
import sys
import time
import zlib
from typing import NamedTuple

import numpy as np
import scipy.signal
from oaconv.command import main

EPS = {"f": float(np.finfo(np.float32).eps), "d": float(np.finfo(np.float64).eps)}
LIMIT = 120  # seconds that a child may take

# The command in a child: CHILD EVERY HOLD PAUSE ARGUMENT... It records what is finished every EVERY
# seconds. To be disturbed it stops working when HOLD sections are finished, if that is not 0, until
# its standard input ends, and takes PAUSE seconds longer for each write. At the end it tells how much
# memory it had at most.
CHILD = """
import os, signal, sys, time
from oaconv.command import main, recorder

signal.signal(signal.SIGINT, signal.default_int_handler)  # shells ignore it in the background
recorder.SECONDS = float(sys.argv.pop(1))
hold, pause = int(sys.argv.pop(1)), float(sys.argv.pop(1))
add, pwrite, finished = recorder.Recorder.add, os.pwrite, []

def add_and_wait(self, section):
    add(self, section)
    finished.append(section)
    if len(finished) >= hold:
        os.read(0, 1)  # nothing comes, but it ends

def slow_pwrite(fd, data, offset):
    time.sleep(pause if len(data) > 10000 else 0)
    return pwrite(fd, data, offset)

if hold:
    recorder.Recorder.add = add_and_wait
if pause:
    os.pwrite = slow_pwrite
status = main()
with open("/proc/self/status") as lines:
    print(*(line for line in lines if line.startswith("VmHWM")), end="", file=sys.stderr)
sys.exit(status)
"""


def seeded(name):
    return np.random.default_rng(zlib.crc32(name.encode()))


def random(rng, shape, dtype):
    """Numbers of any dtype, integers of the size of a thousand."""
    dtype = np.dtype(dtype)
    values = rng.standard_normal(shape)
    if dtype.kind == "c":
        values = values + 1j * rng.standard_normal(shape)
    if dtype.kind == "u":
        values = abs(values)
    return (values * 1000 if dtype.kind in "iu" else values).astype(dtype)


def rows_of(array):
    return np.atleast_2d(array)


# ---- running ----


def run(*arguments):
    """The exit status of the command, run in this process."""
    try:
        return main([str(argument) for argument in arguments])
    except SystemExit as end:
        return end.code


class Ended(NamedTuple):
    status: int
    err: str
    peak: int  # bytes resident at most


def start(*arguments, every=2, hold=0, pause=0, stderr=subprocess.PIPE, **keywords):
    """The command in a child process; end() lets one go on that is held."""
    settings = map(str, (every, hold, pause))
    command = [sys.executable, "-c", CHILD, *settings, *map(str, arguments)]
    pipes = {"stdin": subprocess.PIPE, "stderr": stderr}
    return subprocess.Popen(command, text=True, **pipes, **keywords)


def end(child):
    """Waits for a child; kills one that hangs."""
    with child:
        try:
            err = child.communicate(timeout=LIMIT)[1] or ""
        except subprocess.TimeoutExpired:
            child.kill()
            raise
    peak = re.search(r"VmHWM:\s*([0-9]+) kB\n", err)
    if peak is None:
        return Ended(child.returncode, err, 0)
    return Ended(child.returncode, err.replace(peak.group(), ""), int(peak.group(1)) * 1024)


def run_child(*arguments, **keywords):
    return end(start(*arguments, **keywords))


def wait_until(true, child=None, seconds=LIMIT):
    """Polls; fails when the child ends before."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "waited in vain"
        assert child is None or child.poll() is None, child.stderr.read()
        time.sleep(0.005)


@contextlib.contextmanager
def started(*arguments, **keywords):
    """A child that is killed at the end, should it still be there."""
    child = start(*arguments, **keywords)
    try:
        yield child
    finally:
        if child.returncode is None:
            child.kill()
            end(child)


def n_recorded(path):
    """Records in the journal of a result."""
    try:
        return max(0, (path.parent / (path.name + ".journal")).read_text().count("\n") - 1)
    except FileNotFoundError:
        return 0


def names_in(folder):
    return sorted(os.listdir(folder))


# ---- what must come out ----


def expected(a, b, mode="full"):
    """Row by row in double precision."""
    a, b = rows_of(a), rows_of(b)
    wide = [np.complex128 if x.dtype.kind == "c" else np.float64 for x in (a, b)]
    b = np.broadcast_to(b, (len(a), b.shape[1]))
    rows = [scipy.signal.convolve(x.astype(wide[0]), h.astype(wide[1]), mode) for x, h in zip(a, b)]
    return np.array(rows)


def assert_close(actual, a, b, mode="full"):
    """Lengths first; errors within twice the bound of the engine, as SciPy has its own."""
    wanted = expected(a, b, mode)
    actual = rows_of(actual)
    assert actual.shape == wanted.shape
    eps = EPS["f" if actual.dtype in (np.float32, np.complex64) else "d"]
    size = abs(rows_of(b)).sum(axis=1).max() * float(abs(a).max())
    np.testing.assert_allclose(actual, wanted, rtol=0, atol=2 * eps * 20 * size)
