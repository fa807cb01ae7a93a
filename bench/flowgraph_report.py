#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes Markdown tables and a plot of what the benchmark measured: flowgraph_report.py FILE.json

Writes FILE.md and FILE.png beside the JSON, and prints the table. A value is the median
of the rounds; a ratio is taken within each round, then comes its median (least - most).
Measurements during which other processes used more than DISTURBED processors are left out.
"""
import json
import sys
from collections import defaultdict
from pathlib import Path
from statistics import median

from tables import machine_text, plotting, ratio_text, table, write_text

OURS, LARGE, SMALL = "ours", "ours max_batch=65536", "ours max_batch=4096"
STOCK, COPY = "fft_filter", "copy"
ALONE = " threads=1"
DECIMATING = "decimating"
DISTURBED = 0.25
COLORS = {OURS: "tab:blue", LARGE: "tab:cyan", STOCK: "tab:orange", COPY: "0.5"}
LABELS = {OURS: "ours, default settings", LARGE: "ours, max_batch=65536",
          STOCK: "M × fft_filter_ccc", COPY: "M × copy (no filter)"}
TITLES = {"bare": "source → X → null sink", "copies": "source → copy → X → copy → null sink",
          "demo": "source → X → quadrature demod → null sink"}


class Results:
    """Values by measurement, setting and round."""

    def __init__(self, measured):
        self._values = defaultdict(dict)
        for row in measured:
            # A copy has no taps: its rows stand beside those of every P.
            taps = None if row["variant"] == COPY else row["taps"]
            key = row["graph"], row["channels"], taps, row["variant"]
            if row["processors_of_others"] <= DISTURBED:
                self._values[key][row["round"]] = row
        self.cases = sorted({key[:3] for key in self._values if key[2]})

    def rows(self, case, variant):
        """Dicts by round; empty where the variant was not measured."""
        graph, channels, taps = case
        return self._values.get((graph, channels, None if variant == COPY else taps, variant), {})

    def values(self, case, variant, what):
        return [row[what] for row in self.rows(case, variant).values()]

    def text(self, case, variant, what, form="{:.0f}"):
        """The median as text; "" where the variant was not measured."""
        values = self.values(case, variant, what)
        return form.format(median(values)) if values else ""

    def ratio(self, case, variant, baseline, what):
        """Median and spread of variant / baseline, round by round, as text."""
        ours, theirs = self.rows(case, variant), self.rows(case, baseline)
        ratios = [ours[r][what] / theirs[r][what] for r in ours if r in theirs and theirs[r][what]]
        return ratio_text(ratios)


def throughput_table(results, graph):
    speed = "megasamples_per_second"
    variants = (OURS, LARGE, STOCK, COPY)
    rows = []
    for case in results.cases:
        if case[0] != graph:
            continue
        rows.append([str(case[1]), str(case[2])]
                    + [results.text(case, variant, speed) for variant in variants]
                    + [results.ratio(case, variant, baseline, speed)
                       for baseline in (STOCK, COPY) for variant in (OURS, LARGE)]
                    + [" / ".join(results.text(case, variant, "processors", "{:.1f}")
                                  for variant in variants),
                       " / ".join(str(len(results.rows(case, variant))) for variant in variants)])
    return [f"### {graph}: {TITLES[graph]}, MS/s", ""] + table(
        ["M", "P", "ours", "ours 64Ki", "fft_filter", "copy", "ours / fft_filter",
         "ours 64Ki / fft_filter", "ours / copy", "ours 64Ki / copy", "processors used",
         "rounds undisturbed"], rows)


def threads_table(results):
    speed = "megasamples_per_second"
    rows = []
    for case in results.cases:
        for variant in (OURS, LARGE):
            if not results.rows(case, variant + ALONE):
                continue
            threads = str(results.values(case, variant, "threads")[0])
            rows.append([str(case[1]), str(case[2]), LABELS[variant], threads,
                         results.text(case, variant + ALONE, speed),
                         results.text(case, variant, speed),
                         results.ratio(case, variant, variant + ALONE, speed),
                         results.text(case, variant + ALONE, "processors", "{:.1f}") + " / "
                         + results.text(case, variant, "processors", "{:.1f}")])
    return ["### Threads, bare graph, MS/s", ""] + table(
        ["M", "P", "settings", "threads by default", "threads=1", "default", "default / threads=1",
         "processors used"], rows)


def decimation_table(results):
    speed = "megasamples_per_second"
    rows = []
    for case in results.cases:
        for n in (1, 2, 8) if case[0] == DECIMATING else ():
            ours, large, stock = [name + (f" decimation={n}" if n > 1 else "")
                                  for name in (OURS, LARGE, STOCK)]
            rows.append([str(case[1]), str(case[2]), str(n)]
                        + [results.text(case, variant, speed) for variant in (ours, large, stock)]
                        + [results.ratio(case, variant, whole, speed) if n > 1 else ""
                           for variant, whole in ((ours, OURS), (large, LARGE))]
                        + [results.ratio(case, variant, stock, speed)
                           for variant in (ours, large)]
                        + [" / ".join(str(len(results.rows(case, variant)))
                                      for variant in (ours, large, stock))])
    return ["### Decimation: source → X → null sink, MS/s into X", ""] + table(
        ["M", "P", "D", "ours", "ours 64Ki", "fft_filter", "ours / with D = 1",
         "ours 64Ki / with D = 1", "ours / fft_filter", "ours 64Ki / fft_filter",
         "rounds undisturbed"], rows)


def live_table(results):
    rows = []
    for case in results.cases:
        for variant in (OURS, STOCK, COPY):
            measured = list(results.rows(case, variant).values())
            if case[0] != "live" or not measured:
                continue
            rate, hop = measured[0]["rate"], measured[0].get("hop", 0)
            waits = [median(results.values(case, variant, what))
                     for what in ("waiting_median", "waiting_99_percent")]
            rows.append([variant, str(hop), *[f"{wait:.0f}" for wait in waits],
                         *[f"{(wait - hop) * 1e3 / rate:.1f}" for wait in waits],
                         results.text(case, variant, "processors", "{:.3f}"),
                         "" if variant == STOCK
                         else results.ratio(case, variant, STOCK, "processors")])
    return ["### Live: 8 × (source → throttle 48 kS/s, packets of 1 ms → X → null sink), P = 256",
            ""] + table(
        ["X", "hop", "waiting, median (samples)", "99 %", "median minus hop (ms)",
         "99 % minus hop (ms)", "processors used", "of fft_filter's"], rows)


def backlog_table(results):
    rows = []
    for case in results.cases:
        for variant in (OURS, SMALL, STOCK):
            measured = list(results.rows(case, variant).values())
            if case[0] != "sink-paced" or not measured:
                continue
            samples = [median(results.values(case, variant, what))
                       for what in ("backlog_median", "backlog_most")]
            rows.append([variant, *[f"{n:.0f} ({n / measured[0]['rate']:.2f} s)" for n in samples],
                         results.ratio(case, variant, STOCK, "backlog_median")])
    return ["### Sink-paced: 8 × (free source → X → throttle 48 kS/s → null sink), P = 256", ""
            ] + table(["X", "backlog, median", "most", "of fft_filter's"], rows)


def heading(data, measured):
    circumstances = data["circumstances"]
    backends = sorted({row["backend"] for row in measured if "backend" in row})
    return [
        f"{circumstances['date']}, {circumstances['rounds']} rounds, load before the run "
        f"{circumstances['load_before']:.1f}. {machine_text(data['machine'])}, backend "
        f"{', '.join(backends)}.", "",
        "MS/s: million complex samples per second, all channels together, medians. Ratios: median "
        "(least - most) of the rounds. Each round runs in a process of its own without FFTW "
        f"wisdom. {len(data['verified'])} settings were compared with a convolution in double "
        "precision before anything was timed, lengths first; all agreed. "
        f"{sum(row['processors_of_others'] > DISTURBED for row in measured)} of {len(measured)} "
        f"measurements, during which other processes used more than {DISTURBED} processors, are in "
        "the JSON but left out here.", ""]


def draw(results, path):
    pyplot = plotting()
    graphs = [g for g in TITLES if any(case[0] == g for case in results.cases)]
    figure, panels = pyplot.subplots(2, len(graphs), figsize=(4.6 * len(graphs), 7), sharey=True,
                                     squeeze=False)
    for column, graph in enumerate(graphs):
        for row, taps in enumerate((64, 1024)):
            draw_panel(panels[row][column], results, graph, taps)
    for row in panels:
        row[0].set_ylabel("MS/s, all channels together")
    handles, labels = panels[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, ncol=2, loc="lower center", frameon=False)
    figure.tight_layout(rect=(0, 0.08, 1, 1))
    figure.savefig(path, dpi=90)


def draw_panel(panel, results, graph, taps):
    cases = [case for case in results.cases if case[0] == graph and case[2] == taps
             and all(results.rows(case, variant) for variant in LABELS)]
    channels = [case[1] for case in cases]
    for variant, label in LABELS.items():
        speeds = [results.values(case, variant, "megasamples_per_second") for case in cases]
        middle = [median(values) for values in speeds]
        spread = [[m - min(values) for m, values in zip(middle, speeds)],
                  [max(values) - m for m, values in zip(middle, speeds)]]
        panel.errorbar(channels, middle, spread, label=label, color=COLORS[variant], marker="o",
                       capsize=3, linestyle="--" if variant == COPY else "-")
    panel.set_xscale("log", base=2)
    panel.set_xticks(channels, [str(m) for m in channels])
    panel.set(title=f"{graph}: {TITLES[graph]}\nP = {taps}", xlabel="channels M")
    panel.title.set_fontsize(9)
    panel.set_ylim(bottom=0)
    panel.grid(alpha=0.3)


def main(arguments):
    if len(arguments) != 1:
        sys.exit(__doc__.splitlines()[0])
    path = Path(arguments[0])
    data = json.loads(path.read_text())
    results = Results(data["measured"])
    graphs = {case[0] for case in results.cases}
    lines = heading(data, data["measured"])
    for graph in TITLES:
        if graph in graphs:
            lines += throughput_table(results, graph)
    if "bare" in graphs:
        lines += threads_table(results)
    if DECIMATING in graphs:
        lines += decimation_table(results)
    if "live" in graphs:
        lines += live_table(results)
    if "sink-paced" in graphs:
        lines += backlog_table(results)
    write_text(path.with_suffix(".md"), lines)
    if graphs & set(TITLES):
        draw(results, path.with_suffix(".png"))


if __name__ == "__main__":
    main(sys.argv[1:])
