#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Convolves rows with the package oaconv that is installed in a prefix: rows.py PREFIX"""
import pathlib
import sys

import numpy as np
import oaconv


def main(prefix):
    c = oaconv.convolve([[1.0, 2.0, 3.0], [0.0, 1.0, 0.0]], [[1.0, -1.0], [0.5, 0.25]])
    assert np.allclose(c, [[1, 1, 1, -3], [0, 0.5, 0.25, 0]]), c
    maps = pathlib.Path("/proc/self/maps").read_text(encoding="utf-8").splitlines()
    loaded = {line.split(maxsplit=5)[5] for line in maps if "oaconv" in line}
    print("\n".join(sorted(loaded)))
    assert all(pathlib.Path(prefix).resolve() in pathlib.Path(path).parents for path in loaded)
    assert "gnuradio" not in sys.modules


if __name__ == "__main__":
    main(*sys.argv[1:])
