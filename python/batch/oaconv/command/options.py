# SPDX-License-Identifier: GPL-3.0-or-later
"""What the command line asks for."""

import argparse
import os
import re

from .. import __version__
from . import raw
from .errors import printable

DESCRIPTION = "Convolves every row of A with its row of the taps B, along time, disk to disk."

EPILOG = """\
A  .npy, or raw .cf32 .f32 .ci16; raw with {} in the name: a file per channel
B  .npy, .npz, raw, or text with a row each line; one row, or as many as in A
C  .npy, or raw .cf32 .f32; appears when it is complete, until then C.part
Exit status: 0 done, 1 failed while working, 2 bad usage or input, 130 stopped;
after 1, 2 and 130 C is as it was before."""

UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30}


class Parser(argparse.ArgumentParser):
    def error(self, message):
        super().error(printable(message))


def parse(arguments):
    """Options as a namespace; wrong usage ends the process with status 2."""
    parser = Parser(
        prog="oaconv",
        usage="oaconv A B -o C [options]",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=lambda prog: argparse.RawDescriptionHelpFormatter(
            prog, max_help_position=18, width=80
        ),
        allow_abbrev=False,
        add_help=False,
    )
    parser.add_argument("signal", metavar="A", help=argparse.SUPPRESS, type=path)
    parser.add_argument("taps", metavar="B", help=argparse.SUPPRESS, type=path)
    add_options(parser)
    return parser.parse_args(arguments)


def add_options(parser):
    add = parser.add_argument_group().add_argument
    add("-o", dest="result", metavar="C", required=True, type=path, help="the file to write")
    add("--mode", choices=("full", "same", "valid"), default="full", metavar="MODE",
        help="full (default), same or valid, as in scipy.signal.convolve")  # fmt: skip
    add("--rows", type=row_range, metavar="a:b",
        help="only these rows of C: several jobs fill one C")  # fmt: skip
    add("--resume", action="store_true", help="go on where an earlier run was stopped")
    add("--check", action="store_true", help="compute random samples again before C appears")
    add("--format", choices=sorted(raw.FORMATS), metavar="F",
        help="what A holds, whatever its ending: cf32, f32 or ci16")  # fmt: skip
    add("--channels", type=count, metavar="M", help="channels of a raw A (default 1)")
    add("--threads", type=count, default=0, metavar="N", help="default: one for every core")
    add("--backend", type=word, default="auto", metavar="NAME",
        help="auto (default), cpu, gpu, simd, volk, direct or cuda")  # fmt: skip
    add("--memory", type=size, default=256 << 20, metavar="SIZE",
        help="bound of resident memory, as in 512M or 2G (default 256M)")  # fmt: skip
    add("--quiet", action="store_true", help="print errors only")
    add("--version", action="version", version=f"oaconv {__version__}", help="print the version")
    add("-h", "--help", action="help", help="print this")


def path(text):
    if not text:
        raise argparse.ArgumentTypeError("a name is empty")
    if "\0" in text:
        raise argparse.ArgumentTypeError("a name has a zero byte")
    return os.fspath(text)


def word(text):
    if not (text.isascii() and text.isprintable()):
        raise argparse.ArgumentTypeError(f"{text!r} is not a name")
    return text


def count(text):
    if not re.fullmatch("[0-9]+", text) or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 on")
    return int(text)


def size(text):
    match = re.fullmatch(r"([0-9]+)([KMG]?)", text.upper())
    if not match:
        raise argparse.ArgumentTypeError(f"{text!r} is not a size such as 512M")
    return int(match.group(1)) * UNITS[match.group(2)]


def row_range(text):
    """A slice as Python has it, without a step; it fits the rows later."""
    match = re.fullmatch(r"(-?[0-9]+)?:(-?[0-9]+)?", text)
    if not match:
        raise argparse.ArgumentTypeError(f"{text!r} is not a range of rows such as 0:8")
    return slice(*(None if part is None else int(part) for part in match.groups()))
