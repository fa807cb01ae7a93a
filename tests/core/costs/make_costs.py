#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes tables of costs whose plans are far from the nominal ones: make_costs.py

Transforms cost a multiple of n log2(n); one thing is dear, or cheap, so that a plan must avoid, or seek, it. With these
plans, which some processor may have, tests have failed that passed with the nominal ones.
"""
import math
import pathlib

SIZES = [points << octave for octave in range(12) for points in (64, 80, 96)][:34]


def write(name, pairs, folded, product=0.1):
    """Nanoseconds: factors of n log2(n) for "volk" and "simd"; then as in lib/core/plan/cost.h."""
    lines = ["oaconv costs 1"]
    for method, factor in ("pairs", pairs), ("folded", folded):
        for kind in "complex", "real":
            lines += [f"block {method} {kind} {n} {factor * n * math.log2(n):.6g}" for n in SIZES]
    lines += [f"product {product}", "far_byte 0.001", "near_bytes 1e+12"]
    path = pathlib.Path(__file__).with_name(f"{name}.txt")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


write("volk_cheap", pairs=0.1, folded=0.4)
write("partitions_dear", pairs=0.5, folded=0.25, product=20)
