#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the tables of costs that test_plans_follow_costs pins plans to: make_costs.py

Transforms cost a multiple of n log2(n). In `even` all do alike, and nothing else matters. In the
others one thing is dear, or cheap, so that a plan must avoid, or seek, it.
"""
import math
import pathlib

SIZES = [points << octave for octave in range(12) for points in (64, 80, 96)][:34]


def n_log_n(n, odd=1):
    """Sizes that are no power of two cost `odd` times as much."""
    return n * math.log2(n) * (1 if n & (n - 1) == 0 else odd)


def write(name, pairs, folded, product=0.1, far_byte=0.001, near_bytes=1e12, odd=1):
    """Nanoseconds: factors of n log2(n) for "volk" and "simd"; then as in lib/core/cost.h."""
    lines = ["oaconv costs 1"]
    for method, factor in ("pairs", pairs), ("folded", folded):
        for kind in "complex", "real":
            lines += [f"block {method} {kind} {n} {factor * n_log_n(n, odd):.6g}" for n in SIZES]
    lines += [f"product {product}", f"far_byte {far_byte}", f"near_bytes {near_bytes:.6g}"]
    path = pathlib.Path(__file__).with_name(f"{name}.txt")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


write("even", pairs=0.25, folded=0.25)
write("volk_cheap", pairs=0.1, folded=0.4)
write("odd_dear", pairs=0.5, folded=0.25, odd=1.5)
write("partitions_dear", pairs=0.5, folded=0.25, product=20)
write("far_dear", pairs=0.5, folded=0.25, far_byte=1, near_bytes=65536)
