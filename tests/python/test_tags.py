# SPDX-License-Identifier: GPL-3.0-or-later
"""Tags stay on their channel and on their sample."""
import time

import numpy as np
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
    tb = gr.top_block()
    block = h.make(kind, TAPS, flush=flush)
    block.declare_sample_delay(delay)
    if block_max:
        block.set_max_noutput_items(block_max)
    ends = []
    for x, of_channel in zip(streams, tags):
        end = h.source(kind, x, [h.tag(*t) for t in of_channel])
        if above_max:  # not of the source: with tags it wants to give all at once
            between = h.copy(kind)
            between.set_max_noutput_items(above_max)
            tb.connect(end, between)
            end = between
        if rate:
            slow = h.throttle(kind, rate)
            tb.connect(end, slow)
            end = slow
        ends.append(end)
    sinks = h.connect_all(tb, kind, block, ends)
    h.run(tb)
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
    slow = [h.throttle(kind, 40000) for _ in streams]
    for x, t, of_channel in zip(streams, slow, tags):
        t.set_max_noutput_items(500)
        tb.connect(h.source(kind, x, [h.tag(*each) for each in of_channel]), t)
    sinks = h.connect_all(tb, kind, block, slow)
    with h.Running(tb):
        for n_taps in (65, 30, 900):
            time.sleep(0.1)
            block.set_taps([np.ones(n_taps, np.float32)])
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
