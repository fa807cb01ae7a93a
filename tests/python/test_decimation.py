# SPDX-License-Identifier: GPL-3.0-or-later
"""With decimation, what comes out is every D-th sample of what would have come out."""
import numpy as np
import pmt
import pytest
from gnuradio import filter as stock
from gnuradio import blocks, gr

import helpers as h

KIND = pytest.mark.parametrize("kind", h.KINDS)
FLUSH = pytest.mark.parametrize("flush", [False, True], ids=["cut", "flush"])
DECIMATION = pytest.mark.parametrize("decimation", [2, 3, 8, 100])
STEPS = [{}, {"above_max": 77}, {"block_max": 50}, {"block_max": 3}, {"above_max": 7},
         {"above_max": 100, "block_max": 1}, {"rate": 400000}]
N = 8011


def expected(streams, pieces, flush, decimation):
    n = len(streams[0])
    n_all = h.flushed_length(n, pieces) if flush else n
    return [h.oracle(x, of_channel, n_all)[::decimation] for x, of_channel in zip(streams, pieces)]


def assert_expected(got, streams, pieces, flush, decimation, where=""):
    want = expected(streams, pieces, flush, decimation)
    assert [len(y) for y in got] == [len(y) for y in want], where
    for m, (y, w) in enumerate(zip(got, want)):
        limit = 2 * h.tolerance(streams[m], *(row for _, row in pieces[m]))
        h.assert_close(y, w, limit, f"{where} channel {m}")


@KIND
@FLUSH
@DECIMATION
def test_nothing_is_lost(decimation, flush, kind, rng):
    """ceil(n / D) samples for n, and with the tail ceil((n + P - 1) / D)."""
    taps = h.rows(rng, kind, [65, 3, 300])
    hop = h.make(kind, taps, decimation=decimation).hop()
    assert hop % decimation == 0
    lengths = [0, 1, 2, decimation - 1, decimation, decimation + 1, hop - 1, hop, hop + 1, 20011]
    for n in lengths:
        streams = h.signals(rng, kind, 3, n)
        got = h.run_graph(kind, streams, taps, flush=flush, decimation=decimation)
        n_out = -(-(n + 299 if flush else n) // decimation)
        h.assert_lengths(got, n_out)
        assert_expected(got, streams, [[(0, row)] for row in taps], flush, decimation, f"n={n}")


@KIND
@FLUSH
@DECIMATION
@pytest.mark.parametrize("n_channels", [1, 3])
def test_taps_belong_to_samples(n_channels, decimation, flush, kind, rng):
    """Changes and flushes on any sample move neither the grid of D nor a bit of what comes out,
    however the scheduler cuts the streams; tags land where they should."""
    first = h.rows(rng, kind, [65, 3, 300][:n_channels])
    streams, hop = h.signals(rng, kind, n_channels, N), decimation * 40
    near = [0, 1, decimation - 1, decimation, hop - 1, hop, hop + 1, N - 1]
    changes = [[(int(o), h.row(rng, kind, int(rng.integers(1, 500))))
                for o in sorted([*rng.choice(near, 2), *rng.integers(0, N, 3)])]
               for _ in range(n_channels)]
    flushes = [int(o) for o in rng.integers(0, N, 3)] + [N - 1]
    others = [int(o) for o in rng.integers(0, N, 30)]
    tags = [[(o, "taps", h.uniform(row)) for o, row in of_channel] for of_channel in changes]
    tags[-1] += [(o, "flush", pmt.PMT_T) for o in flushes] + [(o, "other", o) for o in others]
    pieces = [[(0, row)] * (0 not in dict(of_channel)) + sorted(dict(of_channel).items())
              for row, of_channel in zip(first, changes)]
    marks = sorted({o for of_channel in changes for o, _ in of_channel})
    starts = {0, *marks, *(o + 1 for o in flushes)}
    n_out = len(expected(streams, pieces, flush, decimation)[0])
    ends = [(o + 1, -(-(o + 1) // decimation)) for o in flushes] + [(N, n_out)]
    changed = [(-(-o // decimation), i + 1) for i, o in enumerate(marks)]
    passed = sorted((h.destination(tag, starts, ends, hop, decimation), tag[1])
                    for tag in tags[-1] if tag[1] != "taps")
    reference = None
    for steps in STEPS:
        block = h.make(kind, first, flush=flush, hop=hop, decimation=decimation)
        sinks = h.run_tagged(kind, streams, tags, block, **steps)
        got = h.received(kind, sinks)
        assert_expected(got, streams, pieces, flush, decimation, str(steps))
        for sink in sinks:
            assert sorted(h.changes_of(sink)) == [c for c in changed if c[0] < n_out], steps
        found = [(o, key) for o, key, _ in h.tags_of(sinks[-1], but=("taps", "rx_time", "rx_rate"))]
        assert sorted(found) == [tag for tag in passed if tag[0] < n_out], steps
        assert (block.tap_changes(), block.last_tap_change()) == (len(marks), marks[-1])
        reference = reference or got
        h.assert_same_bits(got, reference, str(steps))


@KIND
@DECIMATION
def test_tags_move_to_the_nearest_sample(decimation, kind, rng):
    """As GNU Radio moves them, with the delay that is declared."""
    streams, taps = h.signals(rng, kind, 2, N), h.rows(rng, kind, [65, 30])
    tags = [[(o, "other", o) for o in (0, 1, 49, 50, 51, 1000, 4001, N - 200)],
            [(77, "another", 3)]]
    for delay in (0, 1, 32):
        block = h.make(kind, taps, decimation=decimation)
        block.declare_sample_delay(delay)
        sinks = h.run_tagged(kind, streams, tags, block)
        for sink, of_channel in zip(sinks, tags):
            assert h.tags_of(sink) == [
                ((2 * (o + delay) + decimation) // (2 * decimation), key, value)
                for o, key, value in of_channel]
    assert block.relative_rate() == pytest.approx(1 / decimation)


@KIND
@FLUSH
@DECIMATION
@pytest.mark.parametrize("hop_out", [1, 6])
def test_no_tag_is_lost_behind_the_last_sample(hop_out, decimation, flush, kind, rng):
    """One that would move behind it stays with it, wherever the stream ends and however it is cut."""
    taps = h.rows(rng, kind, [40])
    hop = decimation * hop_out
    for n in (1, decimation - 1, decimation, 2 * hop - 1, 2 * hop, 2 * hop + 1, 2 * hop + decimation - 1):
        x, tags = h.signal(rng, kind, n), [(o, "other", o) for o in range(max(0, n - decimation), n)]
        n_out = -(-(n + 39 if flush else n) // decimation)
        want = [(min((2 * o + decimation) // (2 * decimation), n_out - 1), key, value) for o, key, value in tags]
        for steps in STEPS:
            block = h.make(kind, taps, flush=flush, hop=hop, decimation=decimation)
            sink, = h.run_tagged(kind, [x], [tags], block, **steps)
            h.assert_filtered(h.received(kind, [sink]), [x], taps, flush, str(steps), decimation)
            assert h.tags_of(sink, but=("rx_time", "rx_rate")) == sorted(want), (n, steps)


@KIND
@pytest.mark.parametrize("limits", [{}, {"block_max": 1}], ids=str)
@pytest.mark.parametrize("end", ["end", "flush", "more"])
def test_a_tag_that_waits_for_a_sample(end, limits, kind, rng):
    """While nobody knows whether there is a next sample, the last one waits with its tag; nothing else does, and a
    flush tells that there is none to wait for."""
    taps, x, decimation = h.rows(rng, kind, [40]), h.signal(rng, kind, 960), 8
    block, sink, gate = h.make(kind, taps, hop=48, decimation=decimation), h.sink(kind), h.Gate(kind)
    if limits:
        block.set_max_noutput_items(limits["block_max"])
    tb = gr.top_block()
    tb.connect(gate, block, sink)
    tags = [(477, "other", pmt.from_long(1))] + [(479, "flush", pmt.PMT_T)] * (end == "flush")
    with h.Running(tb, [gate]):
        gate.feed(x[:480], tags)
        n_before = 60 if end == "flush" else 59
        h.until(lambda: len(sink.data()) == n_before, "all but the sample that waits")
        assert h.until_quiet(block) == n_before
        if end == "more":
            block.set_taps(taps)
            gate.feed(x[480:481])
            h.until(lambda: len(sink.data()) == 60, "the sample that has waited")
            gate.feed(x[481:])
        gate.close()
    streams = [x if end == "more" else x[:480]]
    h.assert_filtered(h.received(kind, [sink]), streams, taps, decimation=decimation)
    assert h.tags_of(sink, but=("flush", "taps")) == [(60 if end == "more" else 59, "other", 1)]
    assert h.changes_of(sink) == [(60, 1)] * (end == "more")


@KIND
def test_a_sample_that_waits_at_a_restart_is_gone(kind, rng):
    """And so is its tag: a new stream begins with its own."""
    taps, streams, decimation = h.rows(rng, kind, [40]), h.signals(rng, kind, 2, 480), 8
    block = h.make(kind, taps, hop=48, decimation=decimation)
    for x in streams:
        sink, gate, tb = h.sink(kind), h.Gate(kind), gr.top_block()
        tb.connect(gate, block, sink)
        h.start(tb)
        gate.feed(x, [(478, "other", pmt.from_long(1))])
        h.until(lambda: len(sink.data()) == 59, "all but the sample that waits")
        gate.close() if x is streams[-1] else h.abort(tb, [gate])
        h.wait(tb)
    h.assert_filtered(h.received(kind, [sink]), streams[-1:], taps, decimation=decimation)
    assert h.tags_of(sink) == [(59, "other", 1)]


@KIND
def test_a_sample_that_waits_while_the_graph_is_changed(kind, rng):
    """It comes out next, whose number is 0 then."""
    taps, x, decimation = h.rows(rng, kind, [40]), h.signal(rng, kind, 960), 8
    block, sink, gate = h.make(kind, taps, hop=48, decimation=decimation), h.sink(kind), h.Gate(kind)
    tb = gr.top_block()
    tb.connect(gate, block, sink)
    with h.Running(tb, [gate]):
        gate.feed(x[:480], [(478, "other", pmt.from_long(1))])
        h.until(lambda: len(sink.data()) == 59, "all but the sample that waits")
        gate.pause()
        tb.lock()
        tb.unlock()
        gate.tags.clear()  # it counts from 0 again, too
        gate.feed(x[480:])
        gate.close()
    h.assert_filtered(h.received(kind, [sink]), [x], taps, decimation=decimation)
    assert h.tags_of(sink) == [(1, "other", 1)]


@KIND
def test_a_tag_waits_while_samples_are_gathered(kind, rng):
    """Behind a change of taps on no multiple of D, samples are taken that give none; they release nothing."""
    first, second, x = h.row(rng, kind, 40), h.row(rng, kind, 7), h.signal(rng, kind, 8)
    block, sink, gate = h.make(kind, [first], hop=16, decimation=8), h.sink(kind), h.Gate(kind)
    block.set_max_noutput_items(1)
    tb = gr.top_block()
    tb.connect(gate, block, sink)
    tb.connect(gate, h.head(kind, 1), blocks.null_sink(h.item_size(kind)))  # as it ends, the block takes what there is
    with h.Running(tb, [gate]):
        gate.feed(x, [(5, "other", pmt.from_long(1)), (7, "taps", h.uniform(second))])
        h.until(lambda: block.tap_changes() == 1, "the new taps")
        assert h.until_quiet(block) == 0
        gate.close()
    h.assert_filtered(h.received(kind, [sink]), [x], [first], decimation=8)
    assert h.tags_of(sink) == [(0, "other", 1)]


@KIND
@pytest.mark.parametrize("limits", [{}, {"block_max": 5}], ids=str)
def test_a_setter_in_the_middle(limits, kind, rng):
    """The change is on no multiple of D, where the source has stopped for it."""
    streams, first, second = (h.signals(rng, kind, 2, N), h.rows(rng, kind, [65, 64]),
                              h.rows(rng, kind, [700, 31]))
    block = h.make(kind, first, hop=64, flush=True, decimation=8)
    if limits:
        block.set_max_noutput_items(limits["block_max"])
    gates, tb = [h.Gate(kind), h.Gate(kind)], gr.top_block()
    sinks = h.connect_all(tb, kind, block, gates)
    with h.Running(tb, gates):
        for gate, x in zip(gates, streams):
            gate.feed(x[:3004], [(3002, "flush", pmt.PMT_T)])
        h.until(lambda: block.nitems_written(0) == 376, "376 samples")
        block.set_taps(second)
        for gate, x in zip(gates, streams):
            gate.feed(x[3004:])
            gate.close()
    assert (block.tap_changes(), block.last_tap_change()) == (1, 3003)
    assert h.changes_of(sinks[0]) == [(376, 1)]
    pieces = [[(0, a), (3003, b)] for a, b in zip(first, second)]
    assert_expected(h.received(kind, sinks), streams, pieces, True, 8)


@KIND
@pytest.mark.parametrize("block_max", [None, 4], ids=str)
def test_the_grid_outlives_lock_and_unlock(block_max, kind, rng):
    """A graph that is changed in the middle goes on where it was, tags included; one that is
    stopped begins anew."""
    x, row = h.signal(rng, kind, N), h.row(rng, kind, 65)
    block, gate, tb, sink = (h.make(kind, [row], hop=80, flush=True, decimation=8), h.Gate(kind),
                             gr.top_block(), h.sink(kind))
    if block_max:
        block.set_max_noutput_items(block_max)
    tb.connect(gate, block, sink)
    with h.Running(tb, [gate]):
        gate.feed(x[:1003], [(1002, "flush", pmt.PMT_T)])
        h.until(lambda: block.nitems_written(0) == 126, "126 samples")
        gate.pause()
        h.within(h.GRAPH_TIMEOUT, "tb.lock()", tb.lock)
        tb.connect(blocks.null_source(4), blocks.head(4, 10), blocks.null_sink(4))
        h.within(h.GRAPH_TIMEOUT, "tb.unlock()", tb.unlock)
        gate.tags.clear()  # it counts anew: what follows is on samples 1008 and 2003
        gate.feed(x[1003:], [(o, "other", pmt.from_long(o)) for o in (5, 1000)])
        gate.close()
    got = h.received(kind, [sink])
    assert_expected(got, [x], [[(0, row)]], True, 8)
    assert [(o, v) for o, key, v in h.tags_of(sink) if key == "other"] == [
        (1008 // 8 - 126, 5), ((2003 + 4) // 8 - 126, 1000)]
    again = h.run_graph(kind, [x], [row], block=block)
    h.assert_same_bits(again, h.run_graph(kind, [x], [row], hop=80, flush=True, decimation=8))


@KIND
@DECIMATION
def test_channels_do_not_touch(decimation, kind, rng):
    taps, streams = h.rows(rng, kind, [65, 30, 300]), h.signals(rng, kind, 3, N)
    clean = h.run_graph(kind, streams, taps, hop=decimation * 64, decimation=decimation)
    streams[1] = streams[1].copy()
    streams[1][4000:4010] = np.nan
    tainted = h.run_graph(kind, streams, taps, hop=decimation * 64, decimation=decimation)
    h.assert_same_bits(tainted[::2], clean[::2])
    n_bad = np.isnan(tainted[1]).sum()
    assert 0 < n_bad <= 3 * 64 + 310 // decimation
    h.assert_same_bits([tainted[1][:4000 // decimation // 64 * 64]],
                       [clean[1][:4000 // decimation // 64 * 64]])


@KIND
@DECIMATION
def test_the_stock_fft_filters_agree_as_far_as_they_go(decimation, kind, rng):
    for n_taps in (1, 64, 257):
        x, row = h.signal(rng, kind, 400011), h.row(rng, kind, n_taps)
        tb, sink = gr.top_block(), h.sink(kind)
        tb.connect(h.source(kind, x), getattr(stock, "fft_filter_" + kind)(decimation, row, 1), sink)
        h.run(tb)
        want, = h.received(kind, [sink])
        got, = h.run_graph(kind, [x], [row], decimation=decimation)
        assert len(got) == -(-400011 // decimation)
        assert 200000 // decimation < len(want) <= len(got)
        h.assert_close(got[:len(want)], want, 2 * h.tolerance(x, row), f"P={n_taps}")


@pytest.mark.parametrize("backend", ["direct", *h.FAST])
def test_every_backend_decimates(backend, rng):
    for decimation in (1, 5, 16):
        streams, taps = h.signals(rng, "ccc", 2, N), h.rows(rng, "ccc", [200, 3])
        block = h.make("ccc", taps, backend=backend, flush=True, decimation=decimation)
        assert (block.backend(), block.decimation()) == (backend, decimation)
        got = h.run_graph("ccc", streams, taps, block=block)
        assert_expected(got, streams, [[(0, row)] for row in taps], True, decimation)


def test_limits_on_the_buffers_behind_us(rng):
    """Shorter than what a hop gives: the block gathers."""
    streams, taps = h.signals(rng, "ccf", 2, 60011), h.rows(rng, "ccf", [300, 20])
    for limit in (None, 600):
        block = h.make("ccf", taps, hop=16000, decimation=8)
        if limit:
            block.set_max_output_buffer(limit)
        got = h.run_graph("ccf", streams, taps, block=block)
        assert_expected(got, streams, [[(0, row)] for row in taps], False, 8, str(limit))


def test_two_in_a_row_with_short_buffers(rng):
    """The one above gives 100 samples at a time and finds no room for the last part of its buffer."""
    x, (a, b) = h.signal(rng, "ccc", 60011), h.rows(rng, "ccc", [30, 300])
    above, below = h.make("ccc", [a], hop=100), h.make("ccc", [b], hop=3072, decimation=64)
    above.set_max_output_buffer(300)
    below.set_max_output_buffer(33)
    below.set_max_noutput_items(40)
    tb, sink = gr.top_block(), h.sink("ccc")
    tb.connect(h.source("ccc", x), above, below, sink)
    h.run(tb)
    between = h.full(x, a)[:len(x)]
    want = h.full(between, b)[:len(x):64]
    got, = h.received("ccc", [sink])
    h.assert_close(got, want, 4 * h.tolerance(between, b))


@KIND
def test_what_cannot_be_is_refused(kind, rng):
    taps = h.rows(rng, kind, [5])
    for bad in (0, -1, -8):
        with pytest.raises(ValueError, match=f"decimation is {bad}; it must be at least 1"):
            h.make(kind, taps, decimation=bad)
    with pytest.raises(ValueError, match="decimation is 65537; at most 65536 is possible"):
        h.make(kind, taps, decimation=65537)
    with pytest.raises(ValueError, match="hop of 100 samples is no multiple of the decimation, 8"):
        h.make(kind, taps, hop=100, decimation=8)
    with pytest.raises(TypeError):
        h.make(kind, taps, decimation=2.5)
