# SPDX-License-Identifier: GPL-3.0-or-later
"""Python in a process of its own."""

import subprocess
import sys


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
