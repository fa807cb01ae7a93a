# SPDX-License-Identifier: GPL-3.0-or-later
"""A change of taps neither clicks nor drops what rings, and the block says where it took effect."""
import os
import subprocess
import sys
import threading

import numpy as np
import pytest
from gnuradio import blocks, gr

import helpers as h

KIND = pytest.mark.parametrize("kind", h.KINDS)
FLUSH = pytest.mark.parametrize("flush", [False, True], ids=["cut", "flush"])


class Run:
    """Feeds the streams piece by piece, changes taps in between, and keeps what came out.

    script   [(samples to feed, change)]: change(block) is called when the block rests, that is,
             when it holds back less than a hop; None: no change
    windows  [(written, fed)] of the changes: the change belongs to a sample between the two"""

    def __init__(self, kind, streams, block, script):
        gates = [h.Gate(kind) for _ in streams]
        tb = gr.top_block()
        self.block, self.sinks = block, []
        self.sinks = h.connect_all(tb, kind, block, gates)
        self.windows, fed = [], 0
        with h.Running(tb, gates):
            for n, change in script:
                for gate, x in zip(gates, streams):
                    gate.feed(x[fed:fed + n])
                fed += n
                if change:
                    n_before = len(self.windows)
                    h.until(lambda: block.tap_changes() == n_before, f"change {n_before}")
                    h.until(lambda: fed - block.nitems_written(0) < block.hop(), "whole hops")
                    written = block.nitems_written(0)
                    change(block)
                    self.windows.append((written, fed))
            for gate, x in zip(gates, streams):
                gate.feed(x[fed:])
                gate.close()
        self.got = h.received(kind, self.sinks)

    def changes(self):
        """The samples at which changes took effect, by the tags, which agree on all ports. A change
        after the last sample has none to carry its tag."""
        tags = [h.changes_of(sink) for sink in self.sinks]
        assert tags == [tags[0]] * len(tags)
        assert [count for _, count in tags[0]] == list(range(1, len(tags[0]) + 1))
        offsets = [offset for offset, _ in tags[0]]
        n_changes, last = self.block.tap_changes(), self.block.last_tap_change()
        if n_changes == len(offsets) + 1 and last == len(self.got[0]):
            offsets.append(last)
        assert n_changes == len(offsets)
        assert last == (offsets[-1] if offsets else 0)
        return offsets

    def check(self, streams, sets_of_taps, flush):
        """Every set of taps was in force from the change of its number on."""
        offsets = self.changes()
        assert len(offsets) == len(sets_of_taps) - 1
        for offset, (written, fed) in zip(offsets, self.windows):
            assert written <= offset <= fed
        assert_pieces(self.got, streams, list(zip([0] + offsets, sets_of_taps)), flush)


def assert_pieces(got, streams, pieces, flush, where=""):
    """pieces: [(first sample, rows in force from there on), ...]"""
    n = len(streams[0])
    of_channel = [[(first, taps[m]) for first, taps in pieces] for m in range(len(streams))]
    n_out = h.flushed_length(n, of_channel) if flush else n
    assert [len(y) for y in got] == [n_out] * len(streams), where
    for m, (y, x) in enumerate(zip(got, streams)):
        limit = 2 * h.tolerance(x, *(row for _, row in of_channel[m]))
        h.assert_close(y, h.oracle(x, of_channel[m], n_out), limit, f"{where} channel {m}")


def setting(taps):
    return lambda block: block.set_taps(taps)


# ---- one change ----


@KIND
@FLUSH
@pytest.mark.parametrize("before,after", [(65, 65), (65, 20), (20, 65), (65, 3000), (3000, 5),
                                          (1, 100), (100, 1), (1, 1)])
def test_a_change_keeps_what_rings(before, after, kind, flush, rng):
    first = h.rows(rng, kind, [before, max(before // 2, 1)])
    second = h.rows(rng, kind, [max(after // 3, 1), after])
    streams = h.signals(rng, kind, 2, 40011)
    run = Run(kind, streams, h.make(kind, first, flush=flush), [(13333, setting(second))])
    run.check(streams, [first, second], flush)


@KIND
@FLUSH
def test_long_taps_ring_beyond_the_end(kind, flush, rng):
    """n samples, of which the long taps met the first: their ring-out is the longest."""
    long, short = h.rows(rng, kind, [4000, 100]), h.rows(rng, kind, [3, 5])
    block = h.make(kind, long, flush=flush)
    n = 2 * block.hop()
    streams = h.signals(rng, kind, 2, n + 700)
    run = Run(kind, streams, block, [(n, setting(short))])
    run.check(streams, [long, short], flush)
    assert len(run.got[0]) == n + 700 + (4000 - 1 - 700) * flush


@FLUSH
def test_taps_that_would_outgrow_the_buffers(flush, rng):
    """The new filter alone would take longer hops than the buffers of a running graph can hold."""
    kind = "ccc"
    before, after = h.rows(rng, kind, [65, 65]), h.rows(rng, kind, [30000, 10])
    assert h.make(kind, after).hop() > 16384
    streams = h.signals(rng, kind, 2, 100000)
    block = h.make(kind, before, flush=flush)
    run = Run(kind, streams, block, [(5000, setting(after)), (60000, None)])
    assert block.hop() <= 16384
    run.check(streams, [before, after], flush)


@FLUSH
@pytest.mark.parametrize("more", [0, 1, 2, 3])
def test_a_change_at_the_very_end(more, flush, rng):
    first, second = h.rows(rng, "fff", [65]), h.rows(rng, "fff", [300])
    for n in (0, 1, 200, 5000):
        x = h.signal(rng, "fff", n + more)
        run = Run("fff", [x], h.make("fff", first, flush=flush), [(n, setting(second))])
        offsets = run.changes()
        pieces = list(zip([0] + offsets, [first, second]))
        assert_pieces(run.got, [x], pieces, flush, f"n={n}")


@KIND
@pytest.mark.parametrize("backend", h.FAST)
def test_the_change_ends_a_segment_and_starts_a_grid(backend, kind, rng):
    """From its first sample on, what the new taps do is bit for bit what a new block does."""
    first, second = h.rows(rng, kind, [65]), h.rows(rng, kind, [130])
    x = h.signal(rng, kind, 9000)
    x[:4000] = 0  # so that nothing rings
    run = Run(kind, [x], h.make(kind, first, backend=backend), [(4000, setting(second))])
    offset, = run.changes()
    alone = h.run_graph(kind, [x[offset:]], second, backend=backend)
    h.assert_same_bits([run.got[0][offset:]], alone)


# ---- several changes ----


@KIND
@FLUSH
def test_ten_changes(kind, flush, rng):
    lengths = [65, 65, 1, 3000, 64, 700, 2, 2, 1500, 9, 33]
    sets = [h.rows(rng, kind, [n, 40]) for n in lengths]
    streams = h.signals(rng, kind, 2, 13000 * 11)
    run = Run(kind, streams, h.make(kind, sets[0], flush=flush),
              [(13000, setting(taps)) for taps in sets[1:]])
    run.check(streams, sets, flush)


@KIND
def test_of_changes_between_two_samples_the_last_counts(kind, rng):
    sets = [h.rows(rng, kind, [n, 40]) for n in (65, 3000, 7, 65, 300)]
    streams = h.signals(rng, kind, 2, 20000)

    def all_at_once(block):
        for taps in sets[1:]:
            block.set_taps(taps)
            assert all(map(np.array_equal, block.taps(), taps))

    block = h.make(kind, sets[0], flush=True)
    run = Run(kind, streams, block, [(3 * block.hop(), all_at_once)])
    offsets = run.changes()
    assert set(offsets) == {3 * block_hop(kind, sets[0])}
    assert_pieces(run.got, streams, [(0, sets[0]), (offsets[0], sets[-1])], True)


def block_hop(kind, taps):
    return h.make(kind, taps).hop()


def which(y, x, pieces, first, end, candidates):
    """The one of the candidates that explains samples first to end, and how well it does."""
    errors = [np.max(np.abs(y[first:end] - h.oracle(x[:end], pieces + [(first, c)], end)[first:]))
              for c in candidates]
    best = int(np.argmin(errors))
    return best, errors[best]


@KIND
@FLUSH
def test_changes_from_another_thread_at_any_time(kind, flush, rng):
    """Which set met which samples is told by the samples; where it began, by the tags."""
    lengths = [65, 65, 20, 3000, 64, 700, 2, 65, 1500, 9, 33]
    sets = [h.rows(rng, kind, [n, 1 + n // 2]) for n in lengths]
    streams = h.signals(rng, kind, 2, 60011)
    block = h.make(kind, sets[0], flush=flush)
    tb, gates, n_set = gr.top_block(), [h.Gate(kind) for _ in streams], [0]
    sinks = h.connect_all(tb, kind, block, gates)

    def change():
        for i, taps in enumerate(sets[1:]):
            h.until(lambda: block.nitems_written(0) >= 4000 * i, f"sample {4000 * i}")
            block.set_taps(taps)
            n_set[0] += 1

    changing = threading.Thread(target=change)
    with h.Running(tb, gates):
        changing.start()
        for first in range(0, 60011, 500):  # never much further than the changes are
            h.until(lambda: first < 24000 + 4000 * n_set[0], f"change {n_set[0]}")
            for gate, x in zip(gates, streams):
                gate.feed(x[first:first + 500])
        for gate in gates:
            gate.close()
    changing.join()
    got, tags = h.received(kind, sinks), [h.changes_of(s) for s in sinks]
    assert tags[0] == tags[1]
    assert len(tags[0]) >= 3
    assert block.tap_changes() >= len(tags[0])
    pieces, known = [(0, sets[0])], 0
    ends = [offset for offset, _ in tags[0][1:]] + [60011]
    for (first, _), end in zip(tags[0], ends):
        if first == end:
            continue
        of_channel = [(at, taps[0]) for at, taps in pieces]
        later = [taps[0] for taps in sets[known + 1:]]
        best, error = which(got[0], streams[0], of_channel, first, end, later)
        assert error <= 2 * h.tolerance(streams[0], *(taps[0] for taps in sets))
        known += 1 + best
        pieces.append((first, sets[known]))
    assert_pieces(got, streams, pieces, flush)


def test_changes_under_all_conditions_of_the_scheduler(rng):
    """Small steps, so that hops are gathered, and lock/unlock right after a change."""
    sets = [h.rows(rng, "fff", [n]) for n in (65, 2000, 5, 300)]
    x = h.signal(rng, "fff", 40011)
    for most in (1, 50, 600):
        block = h.make("fff", sets[0], flush=True)
        block.set_max_noutput_items(most)
        run = Run("fff", [x], block, [(9000, setting(taps)) for taps in sets[1:]])
        run.check([x], sets, True)


@FLUSH
def test_a_change_right_before_unlock(flush, rng):
    first, second = h.rows(rng, "ccf", [700, 65]), h.rows(rng, "ccf", [65, 1000])
    block = h.make("ccf", first, flush=flush)
    n = 2 * block.hop()
    streams = h.signals(rng, "ccf", 2, n + 30000)
    gates = [h.Gate("ccf"), h.Gate("ccf")]
    tb = gr.top_block()
    sinks = h.connect_all(tb, "ccf", block, gates)
    branch = blocks.null_source(4), blocks.head(4, 10), blocks.null_sink(4)
    with h.Running(tb, gates):
        for gate, x in zip(gates, streams):
            gate.feed(x[:n])
        h.until(lambda: all(len(s.data()) == n for s in sinks), "two hops")
        for gate in gates:
            gate.pause()
        h.within(h.GRAPH_TIMEOUT, "tb.lock()", tb.lock)
        tb.connect(*branch)
        block.set_taps(second)
        h.within(h.GRAPH_TIMEOUT, "tb.unlock()", tb.unlock)
        for gate, x in zip(gates, streams):
            gate.feed(x[n:])
            gate.close()
    assert (block.tap_changes(), block.last_tap_change()) == (1, n)
    assert_pieces(h.received("ccf", sinks), streams, [(0, first), (n, second)], flush)


# ---- one channel ----


@KIND
@FLUSH
def test_the_taps_of_one_channel(kind, flush, rng):
    first, row = h.rows(rng, kind, [65, 30, 100]), h.row(rng, kind, 500)
    streams = h.signals(rng, kind, 3, 20011)
    run = Run(kind, streams, h.make(kind, first, flush=flush),
              [(7777, lambda block: block.set_channel_taps(1, row))])
    run.check(streams, [first, [first[0], row, first[2]]], flush)


@KIND
def test_the_taps_of_one_channel_where_one_row_served_all(kind, rng):
    common, row = h.row(rng, kind, 65), h.row(rng, kind, 90)
    streams = h.signals(rng, kind, 3, 20011)
    block = h.make(kind, [common], n_channels=3, flush=True)
    run = Run(kind, streams, block, [(7777, lambda b: b.set_channel_taps(2, row)),
                                     (7777, lambda b: b.set_channel_taps(0, row))])
    run.check(streams, [[common] * 3, [common, common, row], [row, common, row]], True)
    assert [len(r) for r in block.taps()] == [90, 65, 90]


# ---- not running ----


@KIND
@FLUSH
def test_taps_set_before_the_start_are_there_from_the_first_sample(kind, flush, rng):
    first, second = h.rows(rng, kind, [65, 20]), h.rows(rng, kind, [30, 800])
    streams = h.signals(rng, kind, 2, 5011)
    block = h.make(kind, first, flush=flush)
    block.set_taps(second)
    h.assert_filtered(h.run_graph(kind, streams, None, block=block), streams, second, flush)
    block.set_channel_taps(0, first[0])
    got = h.run_graph(kind, streams, None, block=block)
    h.assert_filtered(got, streams, [first[0], second[1]], flush)
    assert (block.tap_changes(), block.last_tap_change()) == (0, 0)


def test_a_restart_forgets_changes_but_keeps_the_taps(rng):
    first, second = h.rows(rng, "fff", [65]), h.rows(rng, "fff", [300])
    x = h.signal(rng, "fff", 9000)
    block = h.make("fff", first, flush=True)
    Run("fff", [x], block, [(4000, setting(second))]).check([x], [first, second], True)
    again = Run("fff", [x], block, [])
    again.check([x], [second], True)


# ---- refusals ----


@KIND
def test_refused_taps_change_nothing(kind, rng):
    taps = h.rows(rng, kind, [65, 20])
    streams = h.signals(rng, kind, 2, 9000)
    nan = [np.ones(3), np.array([1, np.nan])]

    def refused(block):
        for bad in ([], [taps[0], []], [taps[0]] * 3, nan):
            with pytest.raises(ValueError):
                block.set_taps(bad)
        with pytest.raises(ValueError):
            block.set_channel_taps(0, [])
        for m in (-1, 2):
            with pytest.raises(ValueError):
                block.set_channel_taps(m, taps[0])
        assert all(map(np.array_equal, block.taps(), taps))

    want = h.run_graph(kind, streams, taps, flush=True)
    run = Run(kind, streams, h.make(kind, taps, flush=True), [(4000, refused)])
    assert run.changes() == []
    h.assert_filtered(run.got, streams, taps, True)
    h.assert_same_bits(run.got, want)


# ---- beside GNU Radio's own FFTs ----

BESIDE_STOCK_BLOCKS = """
import itertools, threading, time
import numpy as np
from gnuradio import blocks, fft, filter, gr, oaconv

planned = threading.Event()
made = [0, 0]

def make_stock(which):
    for i in itertools.count():
        if planned.is_set():
            break
        fft.fft_vcc(16 + i % 50, True, [], False, 1)
        filter.fft_filter_ccc(1, np.ones(5 + 11 * (i % 20)), 1)
        made[which] += 1

tb = gr.top_block()
block = oaconv.multichannel_fft_filter_ccc([np.ones(5)], n_channels=2, backend="volk")
source = blocks.null_source(8)
for m in range(2):
    tb.connect(source, blocks.throttle(8, 1e6), (block, m), blocks.null_sink(8))
threads = [threading.Thread(target=make_stock, args=(which,)) for which in range(2)]
for t in threads:
    t.start()
tb.start()
sizes = set()
for n_taps in np.unique(np.geomspace(1, 20000, 120).astype(int)):  # a plan is made once per size
    block.set_taps([np.ones(n_taps), np.ones(3)])
    sizes.add(oaconv.multichannel_fft_filter_fff([np.ones(n_taps)], backend="volk").fft_size())
end = time.monotonic() + 60
while (min(made) <= 5 or block.tap_changes() <= 3) and time.monotonic() < end:
    time.sleep(0.01)
planned.set()
for t in threads:
    t.join()
changes = block.tap_changes()
tb.stop()
tb.wait()
assert min(made) > 5 and len(sizes) > 10 and changes > 3, (made, sizes, changes)
print("both planned")
"""


def test_planning_beside_stock_fft_blocks():
    """FFTW's planner is one for the process; two locks would be none, and crash."""
    result = subprocess.run([sys.executable, "-c", BESIDE_STOCK_BLOCKS], timeout=200,
                            env=os.environ, capture_output=True, text=True)
    last_line = h.last_line(result.stdout)
    assert (result.returncode, last_line) == (0, "both planned"), result.stderr


HOLDING_THE_LOCK = """
import ctypes, ctypes.util, threading
from gnuradio import fft, oaconv

with open("/proc/self/maps") as maps:
    path = next(line.split()[-1] for line in maps if "libgnuradio-fft" in line)
mutex = ctypes.CDLL(path)._ZN2gr3fft7planner5mutexEv  # gr::fft::planner::mutex()
mutex.restype = ctypes.c_void_p
c = ctypes.CDLL(None)
lock, unlock = c.pthread_mutex_lock, c.pthread_mutex_unlock
lock.argtypes = unlock.argtypes = [ctypes.c_void_p]

make = oaconv.multichannel_fft_filter_ccc
block = make([[1, 2]], backend="volk")
for call in (lambda: block.set_taps([[1.0] * 300]),  # other sizes, quickly planned
             lambda: block.set_channel_taps(0, [1.0] * 3000),
             lambda: make([[1.0] * 30000], backend="volk")):
    planned = threading.Event()
    thread = threading.Thread(target=lambda: (call(), planned.set()))
    assert lock(mutex()) == 0
    thread.start()
    waited = not planned.wait(1)
    unlock(mutex())
    assert planned.wait(60)
    thread.join()
    assert waited, "planned while GNU Radio's planner was locked"
print("waited")
"""


def test_planning_takes_the_planner_lock_of_gnuradio():
    """And other threads of Python run meanwhile: one of them gives the lock back."""
    result = subprocess.run([sys.executable, "-c", HOLDING_THE_LOCK], timeout=100, env=os.environ,
                            capture_output=True, text=True)
    assert (result.returncode, result.stdout.strip()) == (0, "waited"), result.stderr
