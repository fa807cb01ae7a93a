# SPDX-License-Identifier: GPL-3.0-or-later
"""What the SigMF metadata beside a recording says of its samples."""

import json

from .errors import Failed, Refused
from .fileio import InputFile

ENDING, META = ".sigmf-data", ".sigmf-meta"
MOST_BYTES = 1 << 24  # of metadata
DATATYPES = {"cf32": "cf32", "rf32": "f32", "ci16": "ci16"}


def refuse_contradiction(path, form, n_channels):
    """Refuses options that the metadata contradicts, should there be any."""
    if not path.lower().endswith(ENDING):
        return
    name = path[: -len(ENDING)] + META
    said, captures = read(name)
    datatype = said.get("core:datatype")
    if isinstance(datatype, str) and named(datatype) != form.name:
        raise Refused(f"{path}: its samples are {datatype}, says {name}, not {form.name}")
    n_said = said.get("core:num_channels", 1)
    if type(n_said) is int and n_said != n_channels:
        raise Refused(f"{path}: has {n_said} channels, says {name}; --channels is {n_channels}")
    parts = [said.get("core:trailing_bytes"), *(c.get("core:header_bytes") for c in captures)]
    if any(type(n) is int and n > 0 for n in parts):
        raise Refused(f"{path}: holds more than samples, says {name}")


def named(datatype):
    """Our name of a datatype; of the two byte orders little endian is the one to leave out."""
    datatype = datatype.lower()
    return DATATYPES.get(datatype[:-3] if datatype.endswith("_le") else datatype)


def read(name):
    """Its global object, and its captures that are objects."""
    try:
        file = InputFile(name)
    except Refused:
        return {}, []
    try:
        content = bytearray(min(file.size, MOST_BYTES))
        file.read_into(content, 0)
        meta = json.loads(content)
    except (Failed, ValueError, RecursionError):
        return {}, []
    finally:
        file.close()
    meta = meta if isinstance(meta, dict) else {}
    said, captures = meta.get("global"), meta.get("captures")
    captures = captures if isinstance(captures, list) else []
    return said if isinstance(said, dict) else {}, [c for c in captures if isinstance(c, dict)]
