# SPDX-License-Identifier: GPL-3.0-or-later
"""Random flowgraphs: filters in series and in branches that rejoin, with limits, decimation, control tags, second
readers, heads, unequal inputs, and taps that are set while they run.

    PYTHONPATH=build/python python3 tests/python/random_graphs.py 0:2000 [--timeout 60]

runs the graphs of these seeds in child processes, prints what hangs, dies or comes out wrong, and ends with status 1
if anything did."""
import argparse
import faulthandler
import os
import random
import subprocess
import sys
import time

if __name__ == "__main__" and "GR_PREFS_PATH" not in os.environ:
    import conftest  # noqa: F401  (an empty home, before GNU Radio reads it)

import numpy as np
import pmt
from gnuradio import blocks, gr

import helpers as h

LONGEST = 20011  # samples of an input
BACKENDS = ("auto", "simd", "volk", "direct")


def choose(rng, *chances):
    """One of [(weight, value or function of rng)]."""
    value = rng.choices([v for _, v in chances], [w for w, _ in chances])[0]
    return value(rng) if callable(value) else value


# ---- what a graph is: numbers only, all from the seed ----


def taps_length(rng):
    return choose(rng, (1, 1), (2, 2), (8, lambda r: r.randint(3, 120)), (4, lambda r: r.randint(120, 900)))


def filter_of(rng, kind, n_channels):
    """The arguments of a block, and what is set on it before the start."""
    decimation = choose(rng, (6, 1), (3, lambda r: r.randint(2, 16)), (1, lambda r: r.randint(17, 200)))
    lengths = [taps_length(rng) for _ in range(choose(rng, (3, n_channels), (1, 1)))]
    wanted = {
        "backend": rng.choice(BACKENDS),
        "flush": rng.random() < 0.5,
        "decimation": decimation,
        "hop": choose(rng, (3, 0), (1, lambda r: decimation * r.randint(1, 700))),
        "max_batch": choose(rng, (3, 16384), (1, 0), (2, 1), (1, 100), (1, lambda r: r.randint(2, 3000)),
                            (1, 70000)),
        "max_latency": choose(rng, (2, 0.010), (2, 0.0), (1, 0.001)),
        "threads": choose(rng, (3, 0), (1, 1), (1, 2)),
    }
    limits = {}
    if rng.random() < 0.25:
        limits["set_max_noutput_items"] = choose(rng, (1, 1), (2, lambda r: r.randint(2, 60)),
                                                 (2, lambda r: r.randint(60, 5000)))
    if rng.random() < 0.15:
        limits["set_min_noutput_items"] = rng.randint(1, 300)
    if rng.random() < 0.2:
        limits["set_max_output_buffer"] = choose(rng, (1, lambda r: r.randint(600, 3000)),
                                                 (1, lambda r: r.randint(3000, 40000)))
    if limits.get("set_max_noutput_items", 1 << 30) < limits.get("set_min_noutput_items", 0):
        del limits["set_min_noutput_items"]  # a contradiction: the runtime calls no block so
    return {"kind": kind, "lengths": lengths, "keywords": wanted, "limits": limits}


def borders_of(rng, n, how_many):
    return [choose(rng, (4, lambda r: r.randrange(n)), (1, 0), (1, n - 1)) for _ in range(how_many)]


def tags_of_port(rng, n):
    """[(offset, key, length of the row or 0)]; several may lie on one sample and in one call."""
    near = borders_of(rng, n, rng.randint(1, 3))
    offsets = near + [min(n - 1, o + rng.choice([0, 1, 3, 100])) for o in near if rng.random() < 0.5]
    found = []
    for offset in sorted(offsets):
        key = choose(rng, (5, "taps"), (2, "flush"), (2, "other"))
        length = choose(rng, (9, taps_length), (1, lambda r: r.randint(900, 6000)))  # these outgrow small buffers
        found.append((offset, key, length if key == "taps" else 0))
    return found


def tags_of_ports(rng, n, n_channels):
    return [tags_of_port(rng, n) if n > 50 and rng.random() < 0.7 else [] for _ in range(n_channels)]


def description(seed):
    """Everything about the graph of a seed but its samples and taps, which are seeded as well."""
    rng = random.Random(seed)
    family = rng.choice("fc")
    n_channels = choose(rng, (3, 1), (3, 2), (2, lambda r: r.randint(3, 8)))
    kinds = ["fff"] if family == "f" else ["ccf", "ccc"]
    shape = choose(rng, (4, "single"), (4, "series"), (2, "rejoin"))
    n = choose(rng, (1, lambda r: r.randint(0, 5)), (2, lambda r: r.randint(50, 500)),
               (4, lambda r: r.randint(6, 4000)), (1, lambda r: r.randint(4000, LONGEST)))
    if shape == "rejoin":
        n_channels = 1
    filters = [filter_of(rng, rng.choice(kinds), n_channels)
               for _ in range({"single": 1, "rejoin": 1, "series": rng.randint(2, 3)}[shape])]
    joined = None
    if shape == "rejoin":
        filters[0]["keywords"]["decimation"] = 1
        if filters[0]["keywords"]["hop"]:
            filters[0]["keywords"]["hop"] = rng.randint(1, 700)
        joined = filter_of(rng, rng.choice(kinds), 2)
    unequal = rng.random() < 0.3
    return {
        "seed": seed,
        "family": family,
        "n": [n if not unequal else max(0, n + rng.randint(-40, 40)) for _ in range(n_channels)],
        "between": choose(rng, (3, None), (1, lambda r: r.randint(1, 100)), (1, lambda r: r.randint(100, 5000))),
        "filters": filters,
        "joined": joined,
        "tags": tags_of_ports(rng, n, n_channels) if rng.random() < 0.6 else None,
        "second_reader": choose(rng, (2, None), (1, "sink"), (1, "copy")),
        "head": choose(rng, (5, None), (1, ("beside", rng.randint(1, 1500))), (1, ("below", rng.randint(1, 1500)))),
        "setter": choose(rng, (2, None), (1, "set_taps"), (1, "message"), (1, "storm")),
        "setter_length": taps_length(rng),
        "relock": rng.random() < 0.15,
    }


# ---- the graph, and what must come out of it ----


class Stage:
    """A filter with its rows; knows what comes out for what goes in."""

    def __init__(self, wanted, rng):
        self.kind, self.keywords = wanted["kind"], wanted["keywords"]
        self.rows = h.rows(rng, self.kind, wanted["lengths"])
        self.block = None
        self.wanted = wanted
        self.changes = []  # [(input sample, rows of all channels)]

    def make(self, n_channels):
        self.n_channels = n_channels
        self.block = h.make(self.kind, self.rows, n_channels=n_channels, **self.keywords)
        for name, value in self.wanted["limits"].items():
            getattr(self.block, name)(value)
        if len(self.rows) == 1:
            self.rows = self.rows * n_channels
        return self.block

    def expected(self, streams, limits):
        """limits: allowed errors of the streams; returns the same of what comes out."""
        n, D = min(map(len, streams)), self.keywords["decimation"]
        pieces = [[(0, row)] for row in self.rows]
        for offset, rows in sorted(self.changes, key=lambda change: change[0]):
            for m, row in enumerate(rows):
                if row is not None:
                    pieces[m] = [p for p in pieces[m] if p[0] != offset] + [(offset, row)]
        n_all = h.flushed_length(n, pieces) if self.keywords["flush"] else n
        outs, errors = [], []
        for x, of_channel, error in zip(streams, pieces, limits):
            taps = [row for _, row in of_channel]
            outs.append(h.oracle(x[:n], of_channel, n_all)[::D])
            norm = max(float(np.sum(np.abs(row))) for row in taps)
            errors.append(2 * len(taps) * (h.tolerance(x[:n], *taps) + error * norm))
        return outs, errors


class Graph:
    def __init__(self, wanted):
        self.wanted = wanted
        rng = np.random.default_rng(wanted["seed"])
        self.letter = wanted["family"]
        kind = self.kind = "fff" if self.letter == "f" else "ccc"
        self.streams = [h.signal(rng, kind, n) for n in wanted["n"]]
        self.stages = [Stage(f, rng) for f in wanted["filters"]]
        self.tb = gr.top_block()
        M = len(self.streams)
        first = self.stages[0]
        ends = []
        gr_tags, self.changes = self.make_tags(first, rng)
        for x, tags in zip(self.streams, gr_tags):
            end = h.source(kind, x, tags)
            if wanted["between"]:
                between = h.copy(kind)
                between.set_max_noutput_items(wanted["between"])
                end = h.followed(self.tb, end, between)
            ends.append((end, 0))
        sources = ends
        for stage in self.stages:
            block = stage.make(M)
            for m, end in enumerate(ends):
                self.tb.connect(end, (block, m))
            ends = [(block, m) for m in range(M)]
            self.second_readers(ends)
            ends = self.heads(ends)
        if wanted["joined"]:
            joined = Stage(wanted["joined"], rng)
            block = joined.make(2)
            self.tb.connect(sources[0], (block, 0))
            self.tb.connect(ends[0], (block, 1))
            ends = [(block, 0), (block, 1)]
            self.joined = joined
        else:
            self.joined = None
        self.sinks = [h.sink(kind) for _ in ends]
        for end, sink in zip(ends, self.sinks):
            self.tb.connect(end, sink)
        self.new_rows = h.rows(rng, first.kind, [wanted["setter_length"]] * M)

    def make_tags(self, first, rng):
        """The tags of every port, and the changes of taps that they bring."""
        if not self.wanted["tags"]:
            return [[] for _ in self.streams], []
        gr_tags, by_offset = [], {}
        n = min(self.wanted["n"])
        for m, (wanted, of_port) in enumerate(zip(self.wanted["n"], self.wanted["tags"])):
            tags = []
            for offset, key, length in of_port:
                if offset >= wanted:
                    continue
                value = pmt.PMT_T
                if key == "taps":
                    row = h.row(rng, first.kind, length)
                    value = h.uniform(row)
                    if offset < n:
                        by_offset.setdefault(offset, [None] * len(self.streams))[m] = row
                tags.append(h.tag(offset, key, value))
            gr_tags.append(tags)
        return gr_tags, sorted(by_offset.items())

    def second_readers(self, ends):
        kind = self.kind
        for m, end in enumerate(ends):
            if self.wanted["second_reader"] == "sink":
                self.tb.connect(end, blocks.null_sink(h.item_size(kind)))
            elif self.wanted["second_reader"] == "copy":
                self.tb.connect(end, h.copy(kind), blocks.null_sink(h.item_size(kind)))

    def heads(self, ends):
        """A head behind one output: as a further reader, or in the place of the one there is."""
        if not self.wanted["head"]:
            return ends
        where, n = self.wanted["head"]
        m = n % len(ends)
        head = h.head(self.kind, n)
        self.tb.connect(ends[m], head)
        if where == "below":
            return ends[:m] + [(head, 0)] + ends[m + 1:]
        self.tb.connect(head, blocks.null_sink(h.item_size(self.kind)))
        return ends

    def disturb(self):
        """What a user does while the graph runs."""
        first = self.stages[0]
        if self.wanted["setter"] == "storm":
            rng, draws = random.Random(self.wanted["seed"]), np.random.default_rng(self.wanted["seed"])
            for _ in range(rng.randint(3, 30)):
                stage = rng.choice(self.stages)
                lengths = [taps_length(rng)] * rng.choice([1, stage.n_channels])
                stage.block.set_taps(h.rows(draws, stage.kind, lengths))
                time.sleep(rng.choice([0, 0, 1e-4, 1e-3]))
        if self.wanted["setter"] == "set_taps":
            first.block.set_taps(self.new_rows)
        elif self.wanted["setter"] == "message":
            message = pmt.make_vector(len(self.new_rows), pmt.PMT_NIL)
            for m, row in enumerate(self.new_rows):
                pmt.vector_set(message, m, h.uniform(row))
            first.block.to_basic_block()._post(pmt.intern("taps"), message)
        if self.wanted["relock"]:
            self.tb.lock()
            self.tb.unlock()

    def run(self, timeout):
        self.tb.start()
        self.disturb()
        h.wait(self.tb, timeout)

    def check(self):
        """Raises AssertionError where a sample is wrong or missing."""
        first = self.stages[0]
        if self.wanted["relock"]:
            return  # stock blocks lose samples, too; that the graph has ended is what counts
        if self.wanted["setter"] == "storm" or self.wanted["setter"] and self.wanted["tags"]:
            return  # which came first is not told
        first.changes = list(self.changes)
        if self.joined:  # its first input has the tags of the source as well
            takes = "fd" if self.joined.kind[2] == "f" else "fdFD"
            self.joined.changes = [(offset, [row, None]) for offset, (row,) in self.changes
                                   if row.dtype.char in takes]
        if self.wanted["setter"]:
            n_changes = first.block.tap_changes()
            if n_changes and first.block.last_tap_change() >= min(map(len, self.streams)):
                return  # behind the last sample, before or after the tail
            if n_changes:
                first.changes.append((first.block.last_tap_change(), self.new_rows))
            else:
                first.rows = [np.array(row) for row in first.block.taps()]
                if len(first.rows) == 1:
                    first.rows = first.rows * first.n_channels
        streams, limits = self.streams, [0.0] * len(self.streams)
        for stage in self.stages:
            streams, limits = stage.expected(streams, limits)
        if self.joined:
            streams, limits = self.joined.expected([self.streams[0], streams[0]], [0.0, limits[0]])
        got = h.received(self.kind, self.sinks)
        if self.wanted["head"]:  # it ends the streams early, and what comes then is a tail
            stages = self.stages + ([self.joined] if self.joined else [])
            n_tails = sum(len(row) for stage in stages
                          for rows in [stage.rows] + [rows for _, rows in stage.changes]
                          for row in rows if row is not None)
            got = [y[:max(len(y) - n_tails, 0)] for y in got]
        lengths, wanted = [len(y) for y in got], [len(y) for y in streams]
        if self.wanted["head"]:
            assert max(lengths) <= wanted[0], f"{lengths} samples, not a part of {wanted}"
        else:
            assert lengths == wanted, f"{lengths} samples, not {wanted}"
        for m, (y, want, limit) in enumerate(zip(got, streams, limits)):
            h.assert_close(y, want[:len(y)], limit + 1e-30, f"channel {m}")
        plain = len(self.stages) == 1 and not (self.joined or self.wanted["head"] or self.wanted["setter"])
        if self.wanted["tags"] and plain and (first.keywords["hop"] or first.keywords["decimation"] == 1):
            self.check_tags(first, len(streams[0]))

    def check_tags(self, stage, n_out):
        """Tags that pass come out where the law says, which is told for a hop that does not change."""
        n, D, hop = min(self.wanted["n"]), stage.keywords["decimation"], stage.keywords["hop"] or 1
        ports = [[tag for tag in of_port if tag[0] < n] for of_port in self.wanted["tags"]]
        flushes = {offset + 1 for of_port in ports for offset, key, _ in of_port if key == "flush"}
        starts = {0, *flushes, *(offset for offset, _ in self.changes)}
        ends = [(end, -(-end // D)) for end in flushes] + [(n, n_out)]
        for m, (of_port, sink) in enumerate(zip(ports, self.sinks)):
            want = sorted((h.destination(tag, starts, ends, hop, D), tag[1]) for tag in of_port if tag[1] != "taps")
            got = sorted((offset, key) for offset, key, _ in h.tags_of(sink))
            assert got == [tag for tag in want if tag[0] < n_out], f"channel {m}: tags {got}, not {want}"


def run_seed(seed, timeout):
    graph = Graph(description(seed))
    graph.run(timeout)
    graph.check()


# ---- many of them, in child processes ----


def child(begin, end, timeout):
    for seed in range(begin, end):
        print(f"seed {seed}", flush=True)
        faulthandler.dump_traceback_later(3 * timeout, exit=True)
        try:
            run_seed(seed, timeout)
        except Exception as error:
            print(f"failed {seed} {type(error).__name__}: {error}", flush=True)
            if h.cannot_stop or "has not come back" in str(error):
                os._exit(1)
    faulthandler.cancel_dump_traceback_later()
    os._exit(0)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("seeds", help="BEGIN:END, or one seed")
    parser.add_argument("--timeout", type=float, default=30, help="seconds for a graph (%(default)s)")
    parser.add_argument("--child", action="store_true", help="in this process")
    arguments = parser.parse_args()
    begin, _, end = arguments.seeds.partition(":")
    begin, end = int(begin), int(end or int(begin) + 1)
    if arguments.child:
        child(begin, end, arguments.timeout)
    failures, since = [], time.monotonic()
    while begin < end:
        part = [f"{begin}:{min(end, begin + 100)}", "--child", "--timeout", str(arguments.timeout)]
        done = subprocess.run([sys.executable, __file__, *part], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, check=False)
        lines = done.stdout.splitlines()
        seeds = [int(line.split()[1]) for line in lines if line.startswith("seed ")] or [begin]
        failed = [line for line in lines if line.startswith("failed ")]
        if done.returncode and not any(line.startswith(f"failed {seeds[-1]} ") for line in failed):
            failed.append(f"failed {seeds[-1]} status {done.returncode}: " + " | ".join(lines[-8:]))
        for line in failed:
            print(line, flush=True)
            print("   ", description(int(line.split()[1])), flush=True)
        failures += failed
        begin = seeds[-1] + 1
    print(f"{len(failures)} failed, in {time.monotonic() - since:.0f} s")
    sys.exit(bool(failures))


if __name__ == "__main__":
    main()
