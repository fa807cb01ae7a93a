# SPDX-License-Identifier: GPL-3.0-or-later
"""Slots of Qt that may fail, for the examples with a window."""

import sys


def keep_window_open(program):
    """From now on an exception in a slot is one line; by default PyQt5 ends the program."""
    def report(kind, error, trace):
        if issubclass(kind, Exception):
            print(f"{program}: {kind.__name__}:", *str(error).split(), file=sys.stderr)
        else:
            sys.__excepthook__(kind, error, trace)
    sys.excepthook = report
