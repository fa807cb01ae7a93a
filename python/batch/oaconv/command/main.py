# SPDX-License-Identifier: GPL-3.0-or-later
"""Entry: what went wrong becomes a line on standard error and an exit status."""

import signal

from . import console
from .convolve_files import convolve_files
from .errors import Failed, Refused, Terminated, os_error
from .options import parse

DONE, FAILED, USAGE, INTERRUPTED, TERMINATED = 0, 1, 2, 130, 143


def main(arguments=None):
    """Runs the command; returns its exit status. Wrong usage raises SystemExit(2)."""
    console.open_standard_files()
    try:
        try:
            options = parse(arguments)
        except OSError:  # what is wrong could not be written
            return USAGE
        return work(options)
    finally:
        console.drop_unwritten()


def work(options):
    """Does it; returns the exit status."""
    before = signal.signal(signal.SIGTERM, terminate)
    try:
        convolve_files(options)
        return DONE
    except (Exception, KeyboardInterrupt) as error:
        status, text = judge(error)
        console.say(text)
        if getattr(error, "hint", ""):
            console.say(error.hint)
        return status
    finally:
        signal.signal(signal.SIGTERM, before)


def terminate(number, frame):
    raise Terminated


def judge(error):
    """Exit status and message for an error that can be foreseen; raises any other."""
    if isinstance(error, Refused):
        return USAGE, str(error)
    if isinstance(error, Failed):
        return FAILED, str(error)
    if isinstance(error, Terminated):
        return TERMINATED, "terminated"
    if isinstance(error, KeyboardInterrupt):
        return INTERRUPTED, "interrupted"
    if isinstance(error, OSError):
        return FAILED, os_error(error)
    if isinstance(error, MemoryError):
        return FAILED, f"out of memory: {error}"
    raise error
