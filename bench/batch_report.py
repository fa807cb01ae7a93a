#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes Markdown tables and a plot of what batch.py measured: batch_report.py FILE.json

Writes FILE.md and FILE.png beside the JSON, and prints the tables. Seconds are medians of the
rounds; a ratio is taken within each round, then comes its median (least - most).
"""
import json
import sys
from pathlib import Path
from statistics import median

from tables import plotting, ratio_text, table, write_text

BASELINE = "scipy.oaconvolve"
COLORS = {"simd": "tab:blue", "volk": "tab:cyan"}


def rate(row):
    """Millions of samples per second, of all rows together."""
    return row["rows"] * row["samples"] / median(row["seconds"]) / 1e6


def ratios(baseline, row):
    return [theirs / ours for theirs, ours in zip(baseline["seconds"], row["seconds"])]


def heading(data):
    machine = data["machine"]
    versions = ", ".join(f"{name} {what}" for name, what in machine["versions"].items() if what)
    return [
        f"{data['date']}, load before the run {data['load_before']:.1f}. {machine['cpu']}, "
        f"{machine['cores']} cores, Linux {machine['kernel']}; simd: {machine['simd']}. {versions}. "
        "float32, distinct random rows; peers on one thread. Each result was compared with sums in "
        "double precision before anything was timed.",
        "",
    ]


def speed_table(rows, n_taps):
    chosen = {row["name"]: row for row in rows if row["taps"] == n_taps}
    baseline, torch = chosen[BASELINE], chosen.get("torch conv1d")
    lines = [
        [
            name,
            f"{1e3 * median(row['seconds']):.1f}",
            f"{rate(row):.0f}",
            ratio_text(ratios(baseline, row)),
            ratio_text(ratios(torch, row)) if torch else "",
        ]
        for name, row in chosen.items()
    ]
    example = next(iter(chosen.values()))
    return [
        f"### In memory: {example['rows']} rows of {example['samples']} samples, P = {n_taps}",
        "",
    ] + table(["", "ms", "MS/s", f"times {BASELINE}", "times torch conv1d"], lines)


def threads_table(rows):
    lines = []
    for n_taps in sorted({row["taps"] for row in rows}):
        named = {row["name"]: row for row in rows if row["taps"] == n_taps}
        pairs = [(f"simd, 1 thread{what}", f"simd, 2 threads{what}") for what in ("", ", out=")]
        lines.append([str(n_taps), *[ratio_text(ratios(named[one], named[two])) for one, two in pairs]])
    return ["### Two threads, times one", ""] + table(["P", "new result", "out="], lines)


def memory_table(rows):
    lines = [[row["name"], f"{row['peak'] / 2**20:.0f}"] for row in rows]
    return ["### Peak memory of a call on top of its inputs, P = 64", ""] + table(["", "MiB"], lines)


def disk_table(rows):
    ours = next(row for row in rows if row["name"] == "oaconv")
    lines = []
    for row in rows:
        taken = [one["seconds"] for one in row["rounds"]]
        speeds = [
            theirs / mine["seconds"] for theirs, mine in zip(taken, ours["rounds"])
        ]
        lines.append(
            [
                row["name"],
                f"{median(taken):.1f}",
                f"{row['bytes'] / median(taken) / 1e9:.2f}",
                ratio_text(speeds) if row is not ours else "",
                f"{max(one['peak'] for one in row['rounds']) / 2**20:.0f}",
            ]
        )
    return [f"### Disk to disk: {ours['bytes'] / 1e9:.1f} GB, P = {ours['taps']}", ""] + table(
        ["", "s", "GB/s", "speed of oaconv, times this", "resident, MiB"], lines
    )


def draw(rows, path):
    pyplot = plotting()
    taps = sorted({row["taps"] for row in rows})
    figure, panels = pyplot.subplots(1, len(taps), figsize=(4 * len(taps), 3.6), sharey=True, squeeze=False)
    for panel, n_taps in zip(panels[0], taps):
        chosen = [row for row in rows if row["taps"] == n_taps][::-1]
        colors = [COLORS.get(row["name"].split(",")[0], "tab:orange") for row in chosen]
        panel.barh([row["name"] for row in chosen], [rate(row) for row in chosen], color=colors)
        panel.set(xscale="log", xlabel="MS/s, all rows together", title=f"P = {n_taps}")
    figure.tight_layout()
    figure.savefig(path, dpi=90)


def main():
    path = Path(sys.argv[1])
    data = json.loads(path.read_text())
    lines = heading(data)
    for n_taps in sorted({row["taps"] for row in data["speed"]}):
        lines += speed_table(data["speed"], n_taps)
    if data["speed"]:
        lines += threads_table(data["speed"])
        draw(data["speed"], path.with_suffix(".png"))
    if data["memory"]:
        lines += memory_table(data["memory"])
    if data["disk"]:
        lines += disk_table(data["disk"])
    write_text(path.with_suffix(".md"), lines)


if __name__ == "__main__":
    main()
