# SPDX-License-Identifier: GPL-3.0-or-later
"""Tags stay on their channel and on their sample."""
import time

import numpy as np
import pmt
import pytest
from gnuradio import gr

import helpers as h

KIND = pytest.mark.parametrize("kind", h.KINDS)
N_CHANNELS, N = 3, 20011


def random_tags(rng, n, how_many=40):
    """For every channel: tags at the first, the last and random samples, some on one sample."""
    of_channel = []
    for m in range(N_CHANNELS):
        offsets = sorted([0, 0, n - 1, *rng.integers(0, n, how_many)])
        of_channel.append([(int(at), f"channel{m}", i) for i, at in enumerate(offsets)])
    return of_channel


def assert_tags(got, want):
    for m, (g, w) in enumerate(zip(got, map(sorted, want))):
        lost, extra = [t for t in w if t not in g], [t for t in g if t not in w]
        assert not lost and not extra, f"channel {m} of {len(w)} tags lost {lost}, got {extra}"
        assert g == w


def run_tagged(kind, streams, tags, flush, above_max=None, block_max=None, rate=None, delay=0):
    block = h.make(kind, TAPS, flush=flush)
    block.declare_sample_delay(delay)
    sinks = h.run_tagged(kind, streams, tags, block, above_max, block_max, rate)
    got = h.received(kind, sinks)
    h.assert_lengths(got, N + (max(map(len, TAPS)) - 1) * flush)
    return [h.tags_of(s, but=("taps", "rx_time", "rx_rate")) for s in sinks]


TAPS = [np.ones(65, np.float32), np.ones(3, np.float32), np.ones(500, np.float32)]


@KIND
@pytest.mark.parametrize("flush", [False, True], ids=["cut", "flush"])
@pytest.mark.parametrize("steps", [{}, {"above_max": 77}, {"block_max": 50}, {"block_max": 1000},
                                   {"above_max": 1, "block_max": 9}, {"rate": 200000}], ids=str)
def test_every_tag_stays_on_its_channel_and_sample(steps, flush, kind, rng):
    tags = random_tags(rng, N)
    got = run_tagged(kind, h.signals(rng, kind, N_CHANNELS, N), tags, flush, **steps)
    assert_tags(got, tags)


@KIND
def test_tags_on_every_sample(kind, rng):
    tags = [[(i, f"channel{m}", i * N_CHANNELS + m) for i in range(0, N, m + 1)][:5000]
            for m in range(N_CHANNELS)]
    got = run_tagged(kind, h.signals(rng, kind, N_CHANNELS, N), tags, True)
    assert_tags(got, tags)


@KIND
@pytest.mark.parametrize("block_max", [None, 60])
@pytest.mark.parametrize("delay", [1, 32, 400])
def test_a_declared_delay_moves_tags(delay, block_max, kind, rng):
    tags = random_tags(rng, N - 1000, 100)
    got = run_tagged(kind, h.signals(rng, kind, N_CHANNELS, N), tags, True, block_max=block_max,
                     delay=delay)
    assert_tags(got, [[(at + delay, key, i) for at, key, i in t] for t in tags])


def test_tags_and_tap_changes_do_not_disturb_each_other(rng):
    kind, tags = "ccf", random_tags(rng, N)
    streams = h.signals(rng, kind, N_CHANNELS, N)
    tb = gr.top_block()
    block = h.make(kind, TAPS, flush=True)
    gates = [h.Gate(kind) for _ in streams]
    sinks = h.connect_all(tb, kind, block, gates)
    for gate, of_channel in zip(gates, tags):
        gate.feed([], [(at, key, pmt.from_long(i)) for at, key, i in of_channel])
    with h.Running(tb, gates):
        for first, n_taps in ((0, 65), (5000, 30), (10000, 900), (15000, None)):
            for gate, x in zip(gates, streams):
                gate.feed(x[first:first + 5000] if n_taps else x[first:])
            if n_taps:
                h.until(lambda: block.nitems_written(0) > first, f"sample {first}")
                block.set_taps([np.ones(n_taps, np.float32)])
        for gate in gates:
            gate.close()
    assert all(h.changes_of(s) == h.changes_of(sinks[0]) for s in sinks)
    assert h.changes_of(sinks[0])
    got = [h.tags_of(s, but=("taps", "rx_time", "rx_rate")) for s in sinks]
    assert_tags(got, tags)


def test_no_tag_where_taps_did_not_change(rng):
    tb = gr.top_block()
    sinks = h.connect_all(tb, "fff", h.make("fff", TAPS),
                          [h.source("fff", x) for x in h.signals(rng, "fff", N_CHANNELS, N)])
    h.run(tb)
    assert [len(s.tags()) for s in sinks] == [0] * N_CHANNELS


@KIND
def test_the_policy_can_be_read(kind):
    assert h.make(kind, TAPS).tag_propagation_policy() == gr.TPP_ONE_TO_ONE


class Counter(gr.sync_block):
    """A gate for numbers that count up, with a tag on every 50th of them that names it."""

    def __init__(self):
        gr.sync_block.__init__(self, "counter", in_sig=None, out_sig=[np.float32])
        self.n = self.allowed = 0

    def work(self, input_items, output_items):
        n = min(len(output_items[0]), self.allowed - self.n)
        if n <= 0:
            time.sleep(0.002)
            return 0
        for i in range(-self.n % 50, n, 50):
            self.add_item_tag(0, self.nitems_written(0) + i, pmt.intern("number"),
                              pmt.from_long(self.n + i))
        output_items[0][:n] = np.arange(self.n, self.n + n)
        self.n += n
        return n


class Reader(gr.sync_block):
    """Compares tags with the numbers they lie on."""

    def __init__(self):
        gr.sync_block.__init__(self, "reader", in_sig=[np.float32], out_sig=None)
        self.n, self.right, self.wrong = 0, 0, []

    def work(self, input_items, output_items):
        x = input_items[0]
        for tag in self.get_tags_in_window(0, 0, len(x), pmt.intern("number")):
            on, number = round(float(x[tag.offset - self.nitems_read(0)])), pmt.to_long(tag.value)
            if on == number:
                self.right += 1
            else:
                self.wrong.append((number, on))
        self.n += len(x)
        return len(x)


@pytest.mark.parametrize("block_max", [None, 100])
def test_tags_stay_on_their_samples_when_the_graph_is_unlocked(block_max):
    """With a limit below the hop the block holds samples of its own across the unlock."""
    block = h.make("fff", [[1.0]], hop=300)
    if block_max:
        block.set_max_noutput_items(block_max)
    source, reader, tb = Counter(), Reader(), gr.top_block()
    tb.connect(source, block, reader)
    tb.start()
    try:
        source.allowed = 1130
        h.until(lambda: reader.n == 900, "the first hops")
        h.until_quiet(block)
        tb.lock()
        tb.unlock()
        source.allowed = 6030
        h.until(lambda: reader.n >= 5400, "the hops after the unlock")
    finally:
        tb.stop()
        tb.wait()
    assert not reader.wrong
    assert reader.right >= 5400 // 50 - 300 // 50  # unread samples may go at the unlock
