# SPDX-License-Identifier: GPL-3.0-or-later
"""The same samples come out bit for bit, however the scheduler cuts the stream."""
import time

import numpy as np
import pytest
from gnuradio import gr

import helpers as h

KIND = pytest.mark.parametrize("kind", h.KINDS)
LENGTHS = [65, 1, 200]


@pytest.fixture
def case(kind, rng):
    """Streams, taps, and the output of an unhindered run, which is right."""
    streams, taps = h.signals(rng, kind, len(LENGTHS), 20011), h.rows(rng, kind, LENGTHS)
    want = h.run_graph(kind, streams, taps, flush=True)
    h.assert_filtered(want, streams, taps, True)
    assert all(np.any(y) for y in want)
    return streams, taps, want


@KIND
def test_the_same_again(kind, case):
    streams, taps, want = case
    for i in range(3):
        h.assert_same_bits(h.run_graph(kind, streams, taps, flush=True), want, f"run {i}")


@KIND
def test_steps_of_the_source(kind, case):
    streams, taps, want = case
    for most in (1, 3, 64, 1000, 4096):
        got = h.run_graph(kind, streams, taps, flush=True, source_max=most)
        h.assert_same_bits(got, want, f"source steps of {most}")


@KIND
def test_steps_of_the_block(kind, case):
    streams, taps, want = case
    hop = h.make(kind, taps).hop()
    for most in (1, 64, hop - 1, hop, hop + 1, 2 * hop, 4096):
        got = h.run_graph(kind, streams, taps, flush=True, block_max=most)
        h.assert_same_bits(got, want, f"block steps of {most}")


@KIND
def test_steps_of_both(kind, case):
    streams, taps, want = case
    for source_max, block_max in ((1, 7), (77, 5000), (1500, 100)):
        got = h.run_graph(kind, streams, taps, flush=True, source_max=source_max,
                          block_max=block_max)
        h.assert_same_bits(got, want, f"steps of {source_max} and {block_max}")


@KIND
def test_different_steps_at_every_port(kind, case):
    streams, taps, want = case
    tb = gr.top_block()
    heads = []
    for x, most in zip(streams, (5, 1111, 300)):
        heads.append(h.head(kind, len(x)))
        heads[-1].set_max_noutput_items(most)
        tb.connect(h.source(kind, x), heads[-1])
    sinks = h.connect_all(tb, kind, h.make(kind, taps, flush=True), heads)
    h.run(tb)
    h.assert_same_bits(h.received(kind, sinks), want)


@KIND
@pytest.mark.parametrize("rate", [50000, 1000000])
def test_throttled(rate, kind, case):
    streams, taps, want = case
    h.assert_same_bits(h.run_graph(kind, streams, taps, flush=True, rate=rate), want)


@KIND
def test_trickling(kind, case, rng):
    streams, taps, want = case
    gates = [h.Gate(kind) for _ in streams]
    tb = gr.top_block()
    sinks = h.connect_all(tb, kind, h.make(kind, taps, flush=True), gates)
    with h.Running(tb, gates):
        first = 0
        while first < len(streams[0]):
            n = int(rng.integers(1, 700))
            for gate, x in zip(gates, streams):
                gate.feed(x[first:first + n])
            first += n
            if first % 2:
                time.sleep(0.001)
        for gate in gates:
            gate.close()
    h.assert_same_bits(h.received(kind, sinks), want)


@KIND
def test_tb_start_with_a_limit(kind, case):
    streams, taps, want = case
    for most in (1, 50, 3000):
        tb = gr.top_block()
        block = h.make(kind, taps, flush=True)
        sinks = h.connect_all(tb, kind, block, [h.source(kind, x) for x in streams])
        h.within(h.GRAPH_TIMEOUT, "tb.start()", tb.start, most)
        h.wait(tb)
        h.assert_same_bits(h.received(kind, sinks), want, f"tb.start({most})")


@KIND
@pytest.mark.parametrize("hop", [1, 50, 4000])
def test_a_hop_that_was_asked_for(hop, kind, case):
    """Another hop is another grid: its bits may differ from those of the planned one, but not with
    the steps."""
    streams, taps, _ = case
    streams = [x[:5003] for x in streams]
    want = h.run_graph(kind, streams, taps, flush=True, hop=hop)
    h.assert_filtered(want, streams, taps, True)
    for source_max, block_max in ((1, None), (None, 7), (333, 100)):
        got = h.run_graph(kind, streams, taps, flush=True, hop=hop, source_max=source_max,
                          block_max=block_max)
        h.assert_same_bits(got, want, f"steps of {source_max} and {block_max}")


@KIND
def test_without_flush_it_is_the_beginning_of_the_same(kind, case):
    streams, taps, want = case
    got = h.run_graph(kind, streams, taps)
    h.assert_lengths(got, len(streams[0]))
    h.assert_same_bits(got, [y[:len(streams[0])] for y in want])


@KIND
def test_beside_other_channels(kind, case):
    """One block of three and three blocks of one agree: to rounding, as their plans may differ."""
    streams, taps, want = case
    for m, (x, row) in enumerate(zip(streams, taps)):
        alone = h.run_graph(kind, [x], [row], flush=True)[0]
        h.assert_lengths([alone], len(x) + len(row) - 1)
        h.assert_close(alone, want[m][:len(alone)], 2 * h.tolerance(x, row), f"channel {m}")
