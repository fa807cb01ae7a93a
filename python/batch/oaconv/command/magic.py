# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that are not the bare samples they are taken for: what their first bytes say."""

import re

HEAD_BYTES = 300

# Enough of each that no samples begin like this by chance.
HEADERS = [
    (name, re.compile(pattern, re.DOTALL))
    for name, pattern in (
        ("a NumPy array (.npy)", rb"\x93NUMPY"),
        ("a zip archive, as .npz is", rb"PK\x03\x04[\x0a-\x3f]\x00|PK\x05\x06\x00\x00\x00\x00"),
        ("a WAV file", rb"(RIFF|RIFX|RF64|BW64).{4}WAVE|riff\x2e\x91\xcf\x11\xa5\xd6"),
        ("an AIFF file", rb"FORM.{4}AIF[FC]"),
        ("an AU file", rb"\.snd\x00.{7}\x00{3}[\x01-\x1b]|dns\..{3}\x00.{4}[\x01-\x1b]\x00{3}"),
        ("a FLAC file", rb"fLaC[\x00\x80]\x00\x00\x22"),
        ("an Ogg file", rb"OggS\x00[\x00-\x07]"),
        ("an MP3 file", rb"ID3[\x02-\x04]\x00[\x00-\xf0][\x00-\x7f]{4}"),
        ("a CAF file", rb"caff\x00\x01\x00\x00"),
        ("a BLUE file", rb"BLUE(EEEI|IEEE)"),
        ("a file with GNU Radio's metadata", rb"\t\x07\x02\x00[\x01-\x7f][A-Za-z_]{4}"),
        ("a MATLAB file", rb"MATLAB [57]\.[0-9] MAT-file"),
        ("an HDF5 file", rb"\x89HDF\r\n\x1a\n"),
        ("a gzip file", rb"\x1f\x8b\x08[\x00-\x1f].{4}[\x00\x02\x04][\x00-\x0d\xff]"),
        ("a bzip2 file", rb"BZh[1-9]1AY&SY"),
        ("an xz file", rb"\xfd7zXZ\x00"),
        ("a Zstandard file", rb"\x28\xb5\x2f\xfd"),
        ("a 7z archive", rb"7z\xbc\xaf\x27\x1c"),
        ("a tar archive", rb".{257}ustar[\x00 ]"),
    )
]

NUMBERS = re.compile(rb"[-+0-9.,;eEijnaf()# \t\r\n]+")
BETWEEN = set(b",; \t\n")
PRINTABLE = re.compile(rb"[ -~\t\r\n\x80-\xff]+")  # in Latin-1 or UTF-8, too
FOREIGN = re.compile(rb"[\x80-\xff]")
TEXT_16 = re.compile(rb"\xff\xfe(?:[ -~\t\r\n]\x00){15}|\xfe\xff(?:\x00[ -~\t\r\n]){15}")


def head_of(file):
    """The first bytes of an InputFile."""
    head = bytearray(min(file.size, HEAD_BYTES))
    file.read_into(head, 0)
    return bytes(head)


def header_of(head):
    """What has a header that begins so; "" where there is none that is known."""
    return next((name for name, pattern in HEADERS if pattern.match(head)), "")


def is_text(head):
    """Whether this is text for certain: samples that vary are not all printable."""
    halves = set(head[::2]), set(head[1::2])  # of 16-bit samples that vary little one half is alike
    if len(head) >= 16 and NUMBERS.fullmatch(head):
        return len(set(head)) >= 4 and all(len(half) > 2 or half & BETWEEN for half in halves)
    if TEXT_16.match(head):
        return True
    if len(head) < 32 or not PRINTABLE.fullmatch(head) or min(map(len, halves)) < 5:
        return False
    n_foreign = len(FOREIGN.findall(head))
    return n_foreign == 0 or len(head) >= 100 and 8 * n_foreign <= len(head)


def may_be_numbers(head):
    """Whether it could be text of numbers, however short."""
    return NUMBERS.fullmatch(head) is not None
