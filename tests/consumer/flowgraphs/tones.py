# SPDX-License-Identifier: GPL-3.0-or-later
"""The C++ example has left the low tone in one file, the high one in the other: tones.py FOLDER"""
import pathlib
import sys

import numpy as np

RATE = 32000  # of a second


def main(folder):
    for name, tone in (("low", 1000), ("high", 9000)):
        y = np.fromfile(pathlib.Path(folder, f"{name}.f32"), np.float32)
        assert len(y) == RATE, f"{name}: {len(y)} samples"
        spectrum = np.abs(np.fft.rfft(y[-RATE // 2:])) / (RATE // 4)  # amplitudes, in bins of 2 Hz
        assert np.argmax(spectrum) == tone // 2 and abs(spectrum[tone // 2] - 1) < 0.01, name
        spectrum[tone // 2] = 0
        assert np.max(spectrum) < 0.01, f"{name}: {2 * np.argmax(spectrum)} Hz is left"


if __name__ == "__main__":
    main(*sys.argv[1:])
