# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of bare samples, little endian: what they hold, by their ending, and where the rows lie."""

import os
import re
from typing import NamedTuple

import numpy as np

from .errors import Refused
from .layout import Layout


class Format(NamedTuple):
    """A sample is `width` numbers of `dtype` in the file."""

    name: str
    dtype: np.dtype
    width: int
    complex: bool

    @property
    def sample_size(self):
        return self.dtype.itemsize * self.width


CF32 = Format("cf32", np.dtype("<c8"), 1, True)
F32 = Format("f32", np.dtype("<f4"), 1, False)
CI16 = Format("ci16", np.dtype("<i2"), 2, True)
FORMATS = {form.name: form for form in (CF32, F32, CI16)}
ENDINGS = {
    ".cf32": CF32,
    ".fc32": CF32,
    ".cfile": CF32,
    ".f32": F32,
    ".float": F32,
    ".ci16": CI16,
    ".sc16": CI16,
}

CHANNEL = re.compile(r"\{(?::0?([0-9]+)d)?\}")  # {} or {:02d}: the number of the channel
MOST_DIGITS = 255  # as long as a name may be
MOST_CHANNELS = 1 << 20


def format_of(path):
    """The format that a name promises, or None."""
    return ENDINGS.get(os.path.splitext(path)[1].lower())


def is_pattern(path):
    """Whether the name stands for one file for each channel."""
    return len(CHANNEL.findall(os.path.basename(path))) == 1


def channel_names(pattern, n_channels):
    """The names of the files of channels 0, 1, ..."""
    folder, name = os.path.split(pattern)
    place = CHANNEL.search(name)
    digits = (place.group(1) or "").lstrip("0")
    if len(digits) > 4 or int(digits or 0) > MOST_DIGITS:
        raise Refused(f"{pattern}: no name has so many digits; at most {MOST_DIGITS} are possible")
    if n_channels > MOST_CHANNELS:
        raise Refused(f"{pattern}: there cannot be files for {n_channels} channels")
    before, after = name[: place.start()], name[place.end() :]
    numbers = [place.group().format(m) for m in range(n_channels)]
    return [os.path.join(folder, before + number + after) for number in numbers]


def interleaved(form, n_channels, n_samples):
    """Sample 0 of all channels, sample 1 of all channels, ... in one file."""
    return Layout(form.dtype, form.width, n_channels, n_samples, 0, n_channels > 1)


def one_each(form, n_channels, n_samples):
    """A file for each channel."""
    return Layout(form.dtype, form.width, n_channels, n_samples, file_per_row=True)


def read_layout(files, form, n_channels):
    """The rows of one file with all channels, or of as many files as channels."""
    if len(files) == 1:
        return interleaved(form, n_channels, samples_in(files[0], form, n_channels))
    lengths = [samples_in(file, form, 1) for file in files]
    for file, length in zip(files, lengths):
        if length != lengths[0]:
            raise Refused(
                f"{file.path}: holds {length} samples, but {files[0].path} holds {lengths[0]}"
            )
    return one_each(form, n_channels, lengths[0])


def samples_in(file, form, n_channels):
    """Samples per channel of a file; all channels must have as many."""
    size = form.sample_size * n_channels
    if file.size % size:
        of_channels = f" of {n_channels} channels" if n_channels > 1 else ""
        raise Refused(
            f"{file.path}: {file.size} bytes are not a whole number of {form.name} samples"
            f"{of_channels}, {size} bytes each"
        )
    return file.size // size
