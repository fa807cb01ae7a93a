# SPDX-License-Identifier: GPL-3.0-or-later
"""A tag `flush` lets everything out at once, also where the source never ends."""
import pmt
import pytest
from gnuradio import blocks, gr

import helpers as h

KIND = pytest.mark.parametrize("kind", h.KINDS)
N = 9011


def flush(offset):
    return offset, "flush", pmt.PMT_T


def positions(hop):
    """Tagged samples of a stream: alone, in a row, around borders of hops, the last."""
    return sorted({0, 1, 10, hop, 2 * hop - 1, 2 * hop + 12, 3 * hop + 5, N - 1})


@KIND
@pytest.mark.parametrize("most", [None, 3000, 100, 1], ids=str)
@pytest.mark.parametrize("n_channels,tagged", [(1, 0), (3, 2)])
def test_samples_come_out_while_the_source_is_silent(n_channels, tagged, most, kind, rng):
    """All of them up to the tagged one, and what follows is what it would have been."""
    taps = h.rows(rng, kind, [65, 300, 1][:n_channels])
    streams = h.signals(rng, kind, n_channels, N)
    block = h.make(kind, taps, flush=True, max_latency=0.001)
    if most:
        block.set_max_noutput_items(most)
    gates, tb, fed = [h.Gate(kind) for _ in streams], gr.top_block(), 0
    sinks = h.connect_all(tb, kind, block, gates)
    tags = [flush(o) for o in positions(block.hop())]
    with h.Running(tb, gates):
        for tag in tags:
            for m, (gate, x) in enumerate(zip(gates, streams)):
                gate.feed(x[fed:tag[0] + 1], [tag] if m == tagged else [])
            fed = tag[0] + 1
            h.until(lambda: all(block.nitems_written(m) >= fed for m in range(n_channels)),
                    f"all {fed} samples")
            assert [block.nitems_written(m) for m in range(n_channels)] == [fed] * n_channels
        for gate in gates:
            gate.close()
    h.assert_filtered(h.received(kind, sinks), streams, taps, True)
    assert [h.tags_of(s) for s in sinks] == [
        [(o, "flush", True) for o, _, _ in tags] if m == tagged else [] for m in range(n_channels)]


def test_a_tag_on_one_channel_waits_for_the_others(rng):
    """Ports run in lockstep: the tag acts when every port has its samples."""
    taps, streams = h.rows(rng, "fff", [65, 30]), h.signals(rng, "fff", 2, N)
    block, gates, tb = h.make("fff", taps, hop=1000), [h.Gate("fff"), h.Gate("fff")], gr.top_block()
    sinks = h.connect_all(tb, "fff", block, gates)
    with h.Running(tb, gates):
        gates[0].feed(streams[0][:300], [flush(99)])
        gates[1].feed(streams[1][:99])
        assert h.until_quiet(block) == 0
        gates[1].feed(streams[1][99:100])
        h.until(lambda: block.nitems_written(1) == 100, "the flushed samples")
        gates[0].feed(streams[0][300:])
        gates[1].feed(streams[1][100:])
        for gate in gates:
            gate.close()
    h.assert_filtered(h.received("fff", sinks), streams, taps)


@pytest.mark.parametrize("first,second", [({}, {}), ({"hop": 100}, {"hop": 777}),
                                          ({"hop": 2000}, {"hop": 300})], ids=str)
def test_filters_in_a_row_all_flush(first, second, rng):
    x, a, b = h.signal(rng, "fff", N), h.row(rng, "fff", 65), h.row(rng, "fff", 40)
    one, two = h.make("fff", [a], **first), h.make("fff", [b], **second)
    gate, tb, sink, fed = h.Gate("fff"), gr.top_block(), h.sink("fff"), 0
    tb.connect(gate, one, two, sink)
    with h.Running(tb, [gate]):
        for at in (3, 1200, 1201, 5000):
            gate.feed(x[fed:at + 1], [flush(at)])
            fed = at + 1
            h.until(lambda: len(sink.data()) >= fed, f"{fed} samples behind both")
            assert len(sink.data()) == fed
        gate.feed(x[fed:])
        gate.close()
    got, = h.received("fff", [sink])
    between = h.oracle(x, [(0, a)], N)
    h.assert_lengths([got], N)
    h.assert_close(got, h.oracle(between, [(0, b)], N), 4 * h.tolerance(between, b))


@pytest.mark.parametrize("where", ["beside", "behind"])
def test_a_flush_near_a_head(where, rng):
    """A head beside us flags our input done; one behind us ends us."""
    x, taps, tb = h.signal(rng, "fff", N), h.rows(rng, "fff", [65]), gr.top_block()
    block, gate, sink, head = h.make("fff", taps, hop=1000), h.Gate("fff"), h.sink("fff"), None
    tb.connect(gate, block)
    head = h.head("fff", 100 if where == "beside" else 700)
    if where == "beside":
        tb.connect(gate, head, blocks.null_sink(4))
        tb.connect(block, sink)
    else:
        tb.connect(block, head, sink)
    with h.Running(tb, [gate]):
        gate.feed(x[:300], [flush(299)])
        h.until(lambda: len(sink.data()) == 300, "the flushed samples")
        gate.feed(x[300:700], [flush(699)])
        h.until(lambda: len(sink.data()) == 700, "the flushed samples")
        gate.feed(x[700:])
        gate.close()
    n = N if where == "beside" else 700
    got, = h.received("fff", [sink])
    h.assert_lengths([got], n)
    h.assert_close(got, h.oracle(x, [(0, taps[0])], n), h.tolerance(x, taps[0]))


def test_a_tag_that_comes_later_than_its_sample(rng):
    """As those do which the runtime passes on for blocks that call produce()."""
    x, taps, tb = h.signal(rng, "fff", N), h.rows(rng, "fff", [65]), gr.top_block()
    block, gate, sink = h.make("fff", taps, hop=1000), h.Gate("fff"), h.sink("fff")
    tb.connect(gate, block, sink)
    with h.Running(tb, [gate]):
        gate.feed(x[:301])
        h.until(lambda: gate.nitems_written(0) == 301, "the samples")
        assert h.until_quiet(block) == 0
        gate.add_item_tag(0, 300, pmt.intern("flush"), pmt.PMT_T)
        h.until(lambda: len(sink.data()) == 301, "the flushed samples")
        gate.feed(x[301:])
        gate.close()
    h.assert_filtered(h.received("fff", [sink]), [x], taps)
