# SPDX-License-Identifier: GPL-3.0-or-later
"""Python in a process of its own."""

import os
import subprocess
import sys
import time


def start(code, *arguments):
    """A process that runs this code; its standard output is a pipe."""
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def output(code, *arguments, timeout=120):
    """What the code prints."""
    with start(code, *arguments) as process:
        try:
            out, _ = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
    assert process.returncode == 0
    return out


def end_of(pid, timeout=60):
    """The exit status of a child of fork(); None where it hangs."""
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.01)
    os.kill(pid, 9)
    os.waitpid(pid, 0)
    return None
