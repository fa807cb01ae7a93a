#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes Markdown tables and a plot of what the benchmark measured: engine_report.py engine.json

Writes engine.md and engine.png beside the JSON, and prints the tables. A speed of ours is the
median of all rounds, that of a peer the median of the process in which it was fastest: FFTW plans
anew in each, with more or less luck. A ratio is taken within each round of that process, then comes
its median (least - most). Timings in which the processor worked for us for less than UNDISTURBED of
the time are left out.
"""
import json
import sys
from collections import defaultdict
from pathlib import Path
from statistics import geometric_mean, median
from typing import NamedTuple

from tables import machine_text, plotting, ratio_text, table, write_text

UNDISTURBED = 0.95
MEAN_TAPS = (16, 64, 256, 1024, 4096, 16384)
STOCK, FFTW = "fft_filter", ("fftw", "fftw r2c")
PEERS = {STOCK: (STOCK,), "FFTW alone": FFTW, "liquid": ("liquid",), "zita": ("zita",),
         "memcpy": ("memcpy",)}
VARIANTS = ("avx512", "avx2", "generic")
COLORS = {"simd avx512": "tab:blue", "simd avx2": "tab:cyan", "simd generic": "tab:purple",
          "volk": "tab:green", STOCK: "tab:orange", "FFTW alone": "tab:red", "liquid": "tab:brown",
          "zita": "tab:pink"}


class Case(NamedTuple):
    """What is measured; hop 0: everyone takes what suits it."""
    measure: str
    type: str
    channels: int
    taps: int
    hop: int


class Ours(NamedTuple):
    """One of our columns: a variant of backend simd, or volk."""
    variant: str
    implementation: str

    def __str__(self):
        return self.implementation.replace("simd", f"simd {self.variant}")


class Results:
    """Speeds by case, variant of the process, implementation, process and round."""

    def __init__(self, measured):
        self._speeds = defaultdict(lambda: defaultdict(dict))
        self.skipped = defaultdict(dict)
        self.cases, self.n_timings, self.n_left_out = [], 0, 0
        for row in measured:
            case = Case(*(row[key] for key in ("measure", "type", "channels", "taps", "given_hop")))
            if case not in self.cases:
                self.cases.append(case)
            if "skipped" in row:
                self.skipped[case][row["implementation"]] = row["skipped"]
            else:
                self._add(case, row)
        self.variants = [v for v in VARIANTS if any(key[1] == v for key in self._speeds)]

    def _add(self, case, row):
        timings = enumerate(zip(row["megasamples_per_second"], row["core_share"]))
        kept = {i: speed for i, (speed, share) in timings if share >= UNDISTURBED}
        self.n_timings += len(row["core_share"])
        self.n_left_out += len(row["core_share"]) - len(kept)
        if kept:
            self._speeds[case, row["variant"], row["implementation"]][row["process"]] = kept

    def of(self, case, variant, implementation):
        """Dicts by round, by process; empty where it was not measured."""
        return self._speeds.get((case, variant, implementation), {})

    def ours(self, case, who):
        """Median, or None."""
        speeds = [speed for rounds in self.of(case, *who).values() for speed in rounds.values()]
        return median(speeds) if speeds else None

    def peer(self, case, names):
        """Best of all processes and names, or None."""
        return max((median(rounds.values()) for name in names for variant in (*VARIANTS, "")
                    for rounds in self.of(case, variant, name).values()), default=None)

    def ratios(self, case, who, peer):
        """Ours / theirs in the rounds of the peer's best process among those with both."""
        ours, theirs = self.of(case, *who), self.of(case, who.variant, peer)
        shared = [process for process in theirs if process in ours]
        if not shared:
            return []
        best = max(shared, key=lambda process: median(theirs[process].values()))
        mine, other = ours[best], theirs[best]
        return [mine[i] / other[i] for i in mine if i in other]

    def columns(self, cases):
        """Our columns that have a value in one of the cases; volk once, from the first variant."""
        wanted = [Ours(v, name) for v in self.variants for name in ("simd", "simd free hop")]
        wanted += [Ours(next(iter(self.variants), ""), name) for name in ("volk", "volk free hop")]
        return [who for who in wanted if any(self.of(case, *who) for case in cases)]


def number(value):
    return "" if value is None else f"{value:.0f}"


def skipped_lines(results, cases):
    """Who did not take part, and why."""
    reasons = defaultdict(list)
    for case in cases:
        for implementation, reason in results.skipped[case].items():
            if implementation not in FFTW[1:]:  # stands in the column of the first
                reasons[implementation, reason].append(str(case.taps))
    lines = [f"- {implementation}: {reason}"
             + (f" (P = {', '.join(taps)})" if len(taps) < len(cases) else "")
             for (implementation, reason), taps in reasons.items()]
    return ["Not measured:", "", *lines, ""] if lines else []


def mean_rows(results, cases, columns):
    """Geometric mean over MEAN_TAPS and the least of the ratios to the stock filter."""
    chosen = [case for case in cases if case.taps in MEAN_TAPS]
    mean = [f"**geometric mean**, P = {', '.join(str(case.taps) for case in chosen)}"]
    least = ["least of these"]
    for who in columns:
        middles = [median(ratios) for ratios in (results.ratios(case, who, STOCK)
                                                 for case in chosen) if ratios]
        part = f" ({len(middles)} of {len(chosen)})" if len(middles) < len(chosen) else ""
        mean.append(f"**{geometric_mean(middles):.2f}**{part}" if middles else "")
        least.append(f"{min(middles):.2f}" if middles else "")
    return [mean, least] if chosen else []


def throughput_tables(results, kind, channels):
    cases = [case for case in results.cases
             if case.measure == "throughput" and (case.type, case.channels) == (kind, channels)]
    columns = results.columns(cases)
    speeds = [[str(case.taps), *[number(results.ours(case, who)) for who in columns],
               *[number(results.peer(case, names)) for names in PEERS.values()]] for case in cases]
    ratios = [[str(case.taps), *[ratio_text(results.ratios(case, who, STOCK)) for who in columns]]
              for case in cases]
    heads = [str(who) for who in columns]
    return [f"### {kind}, M = {channels}, MS/s", "", *table(["P", *heads, *PEERS], speeds),
            f"Ratio to {STOCK}:", "",
            *table(["P", *heads], ratios + mean_rows(results, cases, columns)),
            *skipped_lines(results, cases)]


def partitioned_table(results):
    cases = [case for case in results.cases if case.measure == "partitioned"]
    rows = [[case.type, str(case.channels), str(case.taps), str(case.hop), str(who),
             number(results.ours(case, who)), number(results.peer(case, ("zita",))),
             ratio_text(results.ratios(case, who, "zita")),
             number(results.peer(case, ("memcpy",)))]
            for case in cases for who in results.columns([case])]
    return ["### Long taps, small hop, MS/s", "",
            *table(["type", "M", "P", "hop", "ours", "MS/s", "zita", "ours / zita", "memcpy"],
                   rows),
            *skipped_lines(results, cases)]


def steps_columns(results):
    """Ours and the stock filter: what to call it, the speeds by process by P."""
    cases = [case for case in results.cases if case.measure == "steps"]
    variant = next(iter(results.variants), "")
    for who in (Ours(variant, "simd" if variant else "volk"), Ours(variant, STOCK)):
        by_taps = {case.taps: results.of(case, *who) for case in cases if results.of(case, *who)}
        if by_taps:
            yield str(who), by_taps


def all_medians(by_taps):
    return {taps: median(speed for rounds in processes.values() for speed in rounds.values())
            for taps, processes in by_taps.items()}


def largest_step(speeds):
    """The largest speed(Q) / speed(P) with P < Q, P and Q; of speeds by P."""
    best = (0, 0, 0)
    for q in speeds:
        for p in speeds:
            if p < q:
                best = max(best, (speeds[q] / speeds[p], p, q))
    return best


def steps_table(results):
    rows = []
    for name, by_taps in steps_columns(results):
        ratio, p, q = largest_step(all_medians(by_taps))
        processes = {process for each in by_taps.values() for process in each}
        single = [largest_step({taps: median(each[process].values())
                                for taps, each in by_taps.items() if process in each})[0]
                  for process in processes]
        rows.append([name, f"**{ratio:.2f}**", f"{p} to {q}",
                     f"{min(single):.2f} - {max(single):.2f}", str(len(by_taps))])
    case = next(case for case in results.cases if case.measure == "steps")
    return [f"### Steps: {case.type}, M = {case.channels}, P = 1 to 4096", "",
            "The most by which the speed rises when P grows, throughput(Q) / throughput(P) with "
            "P < Q, of the medians of all rounds, and of those of single processes:", "",
            *table(["", "largest rise", "from P to Q", "single processes", "values of P"], rows)]


def heading(data, results):
    circumstances = data["circumstances"]
    return [
        f"{circumstances['date']}, {circumstances['processes']} processes of each variant, "
        f"{circumstances['rounds']} rounds in each, load before the run "
        f"{circumstances['load_before']:.1f}. {machine_text(data['machine'])}. One core, one "
        "thread.", "",
        "MS/s: million samples per second, all channels together. Ours: the median of all rounds; "
        "peers: the median of their best process. Ratios: median (least - most) of the rounds in "
        "the peer's best process. The output of every implementation was compared with a convolution in "
        "double precision in the process and on the objects and buffers that were timed; all "
        f"agreed. {results.n_left_out} of {results.n_timings} timings, during which the processor "
        f"worked for us less than {UNDISTURBED:.0%} of the time, are in the JSON but left out "
        "here.", ""]


def draw_throughput(panel, results, kind, channels):
    cases = [case for case in results.cases
             if case.measure == "throughput" and (case.type, case.channels) == (kind, channels)]
    lines = {str(who): [results.ours(case, who) for case in cases]
             for who in results.columns(cases)}
    lines.update({name: [results.peer(case, names) for case in cases]
                  for name, names in PEERS.items() if name != "memcpy"})
    for name, speeds in lines.items():
        points = [(case.taps, speed) for case, speed in zip(cases, speeds) if speed]
        if points:
            base = name.replace(" free hop", "")
            panel.plot(*zip(*points), label=name, color=COLORS[base], marker=".",
                       linestyle=":" if name != base else "--" if base == "FFTW alone" else "-")
    panel.set_title(f"{kind}, M = {channels}", fontsize=9)


def draw_steps(panel, results):
    for name, by_taps in steps_columns(results):
        speeds = sorted(all_medians(by_taps).items())
        panel.plot(*zip(*speeds), label=name, color=COLORS[name], marker=".")
    case = next(case for case in results.cases if case.measure == "steps")
    panel.set_title(f"steps: {case.type}, M = {case.channels}, default plan", fontsize=9)
    panel.legend(frameon=False)


def draw(results, path):
    pyplot = plotting()
    kinds = sorted({(case.type, case.channels) for case in results.cases
                    if case.measure == "throughput"})
    types = sorted({kind for kind, _ in kinds})
    width = max(sum(kind == each for each, _ in kinds) for kind in types)
    figure = pyplot.figure(figsize=(4.6 * max(width, 2), 3.6 * (len(types) + 1)))
    grid = figure.add_gridspec(len(types) + 1, width)
    for row, kind in enumerate(types):
        for column, channels in enumerate(m for each, m in kinds if each == kind):
            panel = figure.add_subplot(grid[row, column])
            draw_throughput(panel, results, kind, channels)
            finish(panel)
    last = figure.add_subplot(grid[len(types), :])
    draw_steps(last, results)
    finish(last)
    figure.legend(*legend_of(figure), ncol=5, loc="lower center", frameon=False, fontsize=8)
    figure.tight_layout(rect=(0, 0.06, 1, 1))
    figure.savefig(path, dpi=90)


def legend_of(figure):
    """Every label once."""
    entries = {}
    for panel in figure.axes:
        for handle, label in zip(*panel.get_legend_handles_labels()):
            entries.setdefault(label, handle)
    return entries.values(), entries.keys()


def finish(panel):
    panel.set_xscale("log", base=2)
    panel.set(xlabel="taps P", ylabel="MS/s, all channels together")
    panel.set_ylim(bottom=0)
    panel.grid(alpha=0.3)


def main(arguments):
    if len(arguments) != 1:
        sys.exit(__doc__.splitlines()[0])
    path = Path(arguments[0])
    data = json.loads(path.read_text())
    results = Results(data["measured"])
    measures = {case.measure for case in results.cases}
    lines = heading(data, results)
    for kind, channels in sorted({(case.type, case.channels) for case in results.cases
                                  if case.measure == "throughput"}):
        lines += throughput_tables(results, kind, channels)
    if "partitioned" in measures:
        lines += partitioned_table(results)
    if "steps" in measures:
        lines += steps_table(results)
    write_text(path.with_suffix(".md"), lines)
    if {"throughput", "steps"} <= measures:
        draw(results, path.with_suffix(".png"))


if __name__ == "__main__":
    main(sys.argv[1:])
