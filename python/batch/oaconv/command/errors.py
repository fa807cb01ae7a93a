# SPDX-License-Identifier: GPL-3.0-or-later
"""How the command ends when it cannot do what it was asked for."""


class Refused(Exception):
    """The request or a file cannot be right; nothing was written."""


class Failed(Exception):
    """Something went wrong while working; the target is as it was."""


class Terminated(KeyboardInterrupt):
    """SIGTERM came: stop as for Ctrl-C."""


def os_error(error, name=None):
    """The sentence for an OSError: which file, and what the system says."""
    name = error.filename if error.filename is not None else name
    reason = error.strerror or str(error)
    return f"{name}: {reason}" if name else reason


def printable(text):
    """The text in one line, without control characters, whatever a name in it holds."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def one_line(error):
    """What any library says of a file that it cannot read."""
    return " ".join(str(error).split()) or type(error).__name__
