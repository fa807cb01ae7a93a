# SPDX-License-Identifier: GPL-3.0-or-later
"""n samples in give n out, or n + P - 1 with flush: whatever n, the graph and the scheduler."""
import time

import numpy as np
import pytest
from gnuradio import blocks, gr

import helpers as h

FLUSH = pytest.mark.parametrize("flush", [False, True], ids=["cut", "flush"])
KIND = pytest.mark.parametrize("kind", h.KINDS)


# ---- lengths ----


@KIND
@FLUSH
def test_every_length_around_the_borders_of_the_planned_hop(kind, flush, rng):
    taps = h.rows(rng, kind, [65, 20])
    hop = h.make(kind, taps).hop()
    assert hop > 0
    for n in h.borders(hop) + list(rng.integers(3, 3 * hop, 5)):
        streams = h.signals(rng, kind, 2, n)
        got = h.run_graph(kind, streams, taps, flush=flush)
        h.assert_filtered(got, streams, taps, flush, f"n={n}")


@FLUSH
def test_every_length_up_to_three_hops(flush, rng):
    taps = h.rows(rng, "fff", [9])
    assert h.make("fff", taps, hop=32).hop() == 32
    for n in range(3 * 32 + 1):
        x = h.signal(rng, "fff", n)
        got = h.run_graph("fff", [x], taps, flush=flush, hop=32)
        h.assert_filtered(got, [x], taps, flush, f"n={n}")


@FLUSH
@pytest.mark.parametrize("hop", [1, 7, 100, 5000])
def test_every_hop(hop, flush, rng):
    taps = h.rows(rng, "ccf", [33])
    assert h.make("ccf", taps, hop=hop).hop() == hop
    for n in {1, hop - 1, hop, hop + 1, 777}:
        streams = h.signals(rng, "ccf", 2, n)
        got = h.run_graph("ccf", streams, taps, flush=flush, hop=hop)
        h.assert_filtered(got, streams, taps, flush, f"hop={hop} n={n}")


@KIND
@FLUSH
def test_lengths_that_fill_the_buffers(kind, flush, rng):
    taps = h.rows(rng, kind, [300, 1, 47])
    streams = h.signals(rng, kind, 3, 100003)
    h.assert_filtered(h.run_graph(kind, streams, taps, flush=flush), streams, taps, flush)


@KIND
@pytest.mark.parametrize("n_taps", [1, 2, 64, 5000, 40000])
def test_a_tail_longer_than_stream_and_buffers(kind, n_taps, rng):
    taps = h.rows(rng, kind, [n_taps, 3])
    for n in (0, 1, 10, 700):
        streams = h.signals(rng, kind, 2, n)
        got = h.run_graph(kind, streams, taps, flush=True)
        h.assert_filtered(got, streams, taps, True, f"P={n_taps} n={n}")


@FLUSH
@pytest.mark.parametrize("backend", ["direct", "volk", "simd", "cpu"])
def test_every_backend(backend, flush, rng):
    taps = h.rows(rng, "ccc", [31, 12])
    block = h.make("ccc", taps, backend=backend)
    for n in (1, block.hop(), 3 * block.hop() + 5, 1000):
        streams = h.signals(rng, "ccc", 2, n)
        got = h.run_graph("ccc", streams, taps, flush=flush, backend=backend)
        h.assert_filtered(got, streams, taps, flush, f"n={n}")


# ---- ports ----


@KIND
@FLUSH
@pytest.mark.parametrize("n_channels", range(1, 9))
def test_every_number_of_channels(n_channels, kind, flush, rng):
    taps = h.rows(rng, kind, rng.integers(1, 90, n_channels))
    streams = h.signals(rng, kind, n_channels, 1234)
    h.assert_filtered(h.run_graph(kind, streams, taps, flush=flush), streams, taps, flush)


@FLUSH
def test_512_channels(flush, rng):
    n_channels, n = 512, 700
    taps = h.rows(rng, "ccf", rng.integers(1, 66, n_channels))
    streams = np.array(h.signals(rng, "ccf", n_channels, n))
    tb = gr.top_block()
    across = blocks.vector_source_c(streams.T.ravel(), False, n_channels)
    split = blocks.vector_to_streams(8, n_channels)
    block = h.make("ccf", taps, flush=flush)
    join = blocks.streams_to_vector(8, n_channels)
    sink = blocks.vector_sink_c(n_channels)
    tb.connect(across, split)
    for m in range(n_channels):
        tb.connect((split, m), (block, m))
        tb.connect((block, m), (join, m))
    tb.connect(join, sink)
    h.run(tb)
    got = np.array(sink.data(), np.complex64).reshape(-1, n_channels).T
    h.assert_filtered(got, streams, taps, flush)


@FLUSH
def test_one_source_into_512_ports(flush, rng):
    n_channels = 512
    taps = h.rows(rng, "fff", rng.integers(1, 66, n_channels))
    x = h.signal(rng, "fff", 1500)
    tb = gr.top_block()
    source, block = h.source("fff", x), h.make("fff", taps, flush=flush)
    sinks = h.connect_all(tb, "fff", block, [source] * n_channels)
    h.run(tb)
    h.assert_filtered(h.received("fff", sinks), [x] * n_channels, taps, flush)


@KIND
@FLUSH
@pytest.mark.parametrize("via", ["directly", "copy", "head"])
def test_one_source_into_all_ports(via, kind, flush, rng):
    taps = h.rows(rng, kind, [65, 7, 120, 1])
    for n in (1, 100, 5001):
        x = h.signal(rng, kind, n + 1000 * (via == "head"))
        tb = gr.top_block()
        end = h.source(kind, x)
        if via != "directly":
            between = h.copy(kind) if via == "copy" else h.head(kind, n)
            tb.connect(end, between)
            end = between
        block = h.make(kind, taps, flush=flush)
        sinks = h.connect_all(tb, kind, block, [end] * 4)
        h.run(tb)
        h.assert_filtered(h.received(kind, sinks), [x[:n]] * 4, taps, flush, f"n={n}")


@KIND
@FLUSH
def test_the_shortest_of_unequal_inputs_rules(kind, flush, rng):
    taps = h.rows(rng, kind, [65, 33, 100])
    hop = h.make(kind, taps).hop()
    lengths = [(10, 5000, 5000), (5000, 10, 300), (hop, hop + 1, 2 * hop), (0, 100, 100),
               (3 * hop, 3 * hop, 3 * hop - 1), (50000, 20001, 40000), (90000, 1, 90000)]
    for each in lengths:
        for rate in (None, 200000):
            streams = [h.signal(rng, kind, n) for n in each]
            got = h.run_graph(kind, streams, taps, flush=flush, rate=rate)
            h.assert_filtered(got, streams, taps, flush, f"n={each} rate={rate}")


# ---- the scheduler ----


@KIND
@FLUSH
def test_a_slow_source(kind, flush, rng):
    taps = h.rows(rng, kind, [65, 11])
    for n, rate in ((1, 10), (100, 1000), (997, 5000), (20011, 100000)):
        streams = h.signals(rng, kind, 2, n)
        got = h.run_graph(kind, streams, taps, flush=flush, rate=rate)
        h.assert_filtered(got, streams, taps, flush, f"n={n} rate={rate}")


@KIND
@FLUSH
def test_max_noutput_items_below_and_above_a_hop(kind, flush, rng):
    taps = h.rows(rng, kind, [65, 30])
    hop = h.make(kind, taps).hop()
    streams = h.signals(rng, kind, 2, 5 * hop + 17)
    want = h.run_graph(kind, streams, taps, flush=flush)
    h.assert_filtered(want, streams, taps, flush)
    for most in (1, 2, 100, hop - 1, hop, hop + 1, 3 * hop, 100000):
        got = h.run_graph(kind, streams, taps, flush=flush, block_max=most)
        h.assert_same_bits(got, want, f"max_noutput_items={most}")


@FLUSH
@pytest.mark.parametrize("n_taps,largest", [(65, 1), (65, 100), (3000, 512), (3000, 4096)])
def test_output_buffers_smaller_than_a_hop(n_taps, largest, flush, rng):
    taps = h.rows(rng, "ccf", [n_taps, 5])
    block = h.make("ccf", taps, flush=flush)
    block.set_max_output_buffer(largest)
    for n in (10, 50021):
        streams = h.signals(rng, "ccf", 2, n)
        got = h.run_graph("ccf", streams, taps,
                          block=block if n == 10 else with_output_buffer(taps, flush, largest))
        h.assert_filtered(got, streams, taps, flush, f"n={n}")


def with_output_buffer(taps, flush, largest):
    block = h.make("ccf", taps, flush=flush)
    for port in range(2):
        block.set_max_output_buffer(port, largest)
    return block


@FLUSH
@pytest.mark.parametrize("hop, least", [(5000, 8000), (8000, 8000), (1, 8192), (4096, 4097)])
def test_min_noutput_items_beside_a_hop(hop, least, flush, rng):
    """Half an output buffer has 8192 samples; less of it than the least in whole hops would hang the graph."""
    x, taps = h.signal(rng, "fff", 30011), h.rows(rng, "fff", [50])
    block = h.make("fff", taps, hop=hop, max_batch=1, flush=flush)
    block.set_min_noutput_items(least)
    got = h.run_graph("fff", [x], taps, block=block)
    h.assert_filtered(got, [x], taps, flush)


@FLUSH
@pytest.mark.parametrize("setting", ["set_min_output_buffer", "set_max_output_buffer"])
def test_buffer_wishes_of_the_block_above(setting, flush, rng):
    taps = h.rows(rng, "fff", [500, 65])
    for size in (1, 1000, 300000):
        streams = h.signals(rng, "fff", 2, 30011)
        tb = gr.top_block()
        sources = [h.source("fff", x) for x in streams]
        getattr(sources[0], setting)(size)
        block = h.make("fff", taps, flush=flush)
        sinks = h.connect_all(tb, "fff", block, sources)
        h.run(tb)
        h.assert_filtered(h.received("fff", sinks), streams, taps, flush, f"{setting}({size})")


@FLUSH
def test_small_steps_of_the_block_below(flush, rng):
    taps = h.rows(rng, "ccc", [700])
    x = h.signal(rng, "ccc", 20011)
    for most in (1, 63, 5000):
        tb = gr.top_block()
        block, after, sink = h.make("ccc", taps, flush=flush), h.copy("ccc"), h.sink("ccc")
        after.set_max_noutput_items(most)
        tb.connect(h.source("ccc", x), block, after, sink)
        h.run(tb)
        h.assert_filtered(h.received("ccc", [sink]), [x], taps, flush, f"steps of {most}")


# ---- again and in between ----


@KIND
@FLUSH
def test_three_runs_of_one_graph(kind, flush, rng):
    taps = h.rows(rng, kind, [300, 65])
    for n in (50, 30011):
        streams = h.signals(rng, kind, 2, n)
        tb = gr.top_block()
        sources = [h.source(kind, x) for x in streams]
        block = h.make(kind, taps, flush=flush)
        sinks = h.connect_all(tb, kind, block, sources)
        for i in range(3):
            h.run(tb)
            h.assert_filtered(h.received(kind, sinks), streams, taps, flush, f"n={n} run {i}")
            for s in sources:
                s.rewind()
            for s in sinks:
                s.reset()


@FLUSH
def test_one_block_in_three_graphs(flush, rng):
    taps = h.rows(rng, "ccf", [300, 65])
    block = h.make("ccf", taps, flush=flush)
    for n in (30011, 50, 2000):
        streams = h.signals(rng, "ccf", 2, n)
        got = h.run_graph("ccf", streams, taps, block=block)
        h.assert_filtered(got, streams, taps, flush, f"n={n}")


@FLUSH
def test_stop_in_the_middle_and_start_begins_anew(flush, rng):
    """What a recorder beside us gets in the second run is what is filtered, from sample 0 on."""
    taps = h.rows(rng, "fff", [800])
    x = h.signal(rng, "fff", 300000)
    tb = gr.top_block()
    source, slow, recorder, sink = (h.source("fff", x), h.throttle("fff", 10000), h.sink("fff"),
                                    h.sink("fff"))  # half a minute; later faster
    slow.set_max_noutput_items(1000)
    block = h.make("fff", taps, flush=flush)
    tb.connect(source, slow, block, sink)
    tb.connect(slow, recorder)
    h.start(tb)
    h.until(lambda: len(sink.data()) > 1000, "1000 samples")
    h.within(h.GRAPH_TIMEOUT, "tb.stop()", tb.stop)
    h.wait(tb)
    first = h.received("fff", [sink])[0]
    h.assert_close(first, h.oracle(x, [(0, taps[0])], len(first)), h.tolerance(x, taps[0]))
    sink.reset()
    recorder.reset()
    slow.set_sample_rate(1e6)
    h.run(tb)
    rest = h.received("fff", [recorder])[0]
    assert 0 < len(rest) < len(x) - 1000
    h.assert_filtered(h.received("fff", [sink]), [rest], taps, flush)


class Branch:
    """Something unrelated that is connected and disconnected while the graph runs."""

    def __init__(self, tb):
        self.tb, self.connected = tb, False
        self.blocks = blocks.null_source(4), blocks.head(4, 1000), blocks.null_sink(4)

    def switch(self):
        h.within(h.GRAPH_TIMEOUT, "tb.lock()", self.tb.lock)
        (self.tb.disconnect if self.connected else self.tb.connect)(*self.blocks)
        self.connected = not self.connected
        h.within(h.GRAPH_TIMEOUT, "tb.unlock()", self.tb.unlock)


@KIND
@FLUSH
@pytest.mark.parametrize("hop", [0, 64])
def test_lock_and_unlock_in_the_middle_keep_the_state(hop, kind, flush, rng):
    """GNU Radio drops what lies unread in any buffer at unlock (stock blocks, too), so nothing
    does: what must survive is the ring-out and the count of samples."""
    taps = h.rows(rng, kind, [700, 65])
    block = h.make(kind, taps, flush=flush, hop=hop)
    steps = [k * block.hop() for k in (1, 3, 2, 1)] + [777]
    streams = h.signals(rng, kind, 2, sum(steps))
    gates = [h.Gate(kind), h.Gate(kind)]
    tb = gr.top_block()
    sinks = h.connect_all(tb, kind, block, gates)
    branch = Branch(tb)
    with h.Running(tb, gates):
        first = 0
        for step in steps:
            for gate, x in zip(gates, streams):
                gate.feed(x[first:first + step])
            first += step
            if first < len(streams[0]):
                h.until(lambda: all(len(s.data()) == first for s in sinks), f"sample {first}")
                for gate in gates:
                    gate.pause()
                branch.switch()
        for gate in gates:
            gate.close()
    h.assert_filtered(h.received(kind, sinks), streams, taps, flush)


@FLUSH
@pytest.mark.parametrize("slow_side", ["above", "below"])
def test_lock_and_unlock_while_samples_flow(slow_side, flush, rng):
    """Channel 0 numbers the samples: with P numbers in a row, channel 1 is what the taps say."""
    n_taps, n = 129, 250011
    taps = [np.ones(1, np.float32), h.row(rng, "fff", n_taps)]
    x = np.array([np.arange(n), h.signal(rng, "fff", n)], np.float32)
    tb = gr.top_block()
    above = slow_side == "above"
    slow = blocks.throttle(8, 10000 if above else 400000)  # 25 s, but later it is faster
    slow.set_max_noutput_items(200 if above else 1000)
    split, join, sink = (blocks.vector_to_streams(4, 2), blocks.streams_to_vector(4, 2),
                         blocks.vector_sink_f(2))
    block = h.make("fff", taps, flush=flush)
    before, after = ([slow], []) if above else ([], [slow])
    tb.connect(blocks.vector_source_f(x.T.ravel(), False, 2), *before, split)
    tb.connect(join, *after, sink)
    for m in range(2):
        tb.connect((split, m), (block, m), (join, m))
    branch = Branch(tb)
    with h.Running(tb):
        for _ in range(6):
            time.sleep(0.03)
            branch.switch()
        assert not above or len(sink.data()) < x.size
        slow.set_sample_rate(1e6)
    number, y = np.array(sink.data()).reshape(-1, 2).T
    number = np.round(number).astype(int)
    in_a_row = np.nonzero(number[n_taps:] - number[:-n_taps] == n_taps)[0] + n_taps
    assert len(in_a_row) > 20000
    if above:  # else the stream has passed us before the last unlock
        assert number.max() == n - 1
    want = h.oracle(x[1], [(0, taps[1])], n)
    h.assert_close(y[in_a_row], want[number[in_a_row]], h.tolerance(x[1], taps[1]))


# ---- neighbours ----


@FLUSH
@pytest.mark.parametrize("rate", [None, 100000])
def test_a_head_beside_us(rate, flush, rng):
    """A reader that finishes beside us marks the shared buffer as done. The source may stop early
    then (GNU Radio's rule), but everything it wrote comes through."""
    taps = h.rows(rng, "fff", [65])
    for n, n_head in ((2000, 10), (2000, 1999), (50011, 1), (50011, 20000)):
        x = h.signal(rng, "fff", n)
        tb = gr.top_block()
        source = h.source("fff", x)
        end = source
        if rate:
            end = h.throttle("fff", rate)
            tb.connect(source, end)
        beside, block = h.head("fff", n_head), h.make("fff", taps, flush=flush)
        tb.connect(end, beside, h.sink("fff"))
        sinks = h.connect_all(tb, "fff", block, [end])
        h.run(tb)
        written = end.nitems_written(0)
        assert n_head <= written <= n
        if n == 2000:
            assert written == n  # fits the buffer
        h.assert_filtered(h.received("fff", sinks), [x[:written]], taps, flush, f"{n} {n_head}")


@FLUSH
@pytest.mark.parametrize("n_head", [1, 100, 4000, 20000])
def test_a_head_after_one_output_ends_all(n_head, flush, rng):
    taps = h.rows(rng, "ccf", [65, 30])
    streams = h.signals(rng, "ccf", 2, 100000)
    tb = gr.top_block()
    block, cut = h.make("ccf", taps, flush=flush), h.head("ccf", n_head)
    sinks = [h.sink("ccf"), h.sink("ccf")]
    for m in range(2):
        tb.connect(h.source("ccf", streams[m]), (block, m))
    tb.connect((block, 0), cut, sinks[0])
    tb.connect((block, 1), sinks[1])
    h.run(tb)
    got = h.received("ccf", sinks)
    assert len(got[0]) == n_head
    assert n_head <= len(got[1]) <= 100000 + 64 * flush
    for m in range(2):
        h.assert_close(got[m], h.oracle(streams[m], [(0, taps[m])], len(got[m])),
                       h.tolerance(streams[m], taps[m]))


@KIND
@FLUSH
def test_two_blocks_in_series(kind, flush, rng):
    first, second = h.rows(rng, kind, [65, 20]), h.rows(rng, kind, [300, 300])
    for n in (1, 5011, 60011):
        streams = h.signals(rng, kind, 2, n)
        tb = gr.top_block()
        a, b = h.make(kind, first, flush=flush), h.make(kind, second, flush=flush)
        between = []
        sinks = h.connect_all(tb, kind, b, [(a, 0), (a, 1)])
        for m in range(2):
            tb.connect(h.source(kind, streams[m]), (a, m))
            between.append(h.sink(kind))
            tb.connect((a, m), between[m])
        h.run(tb)
        middle = h.received(kind, between)
        h.assert_filtered(middle, streams, first, flush, f"first, n={n}")
        h.assert_filtered(h.received(kind, sinks), middle, second, flush, f"second, n={n}")


@FLUSH
def test_inside_a_hierarchical_block(flush, rng):
    class Bank(gr.hier_block2):
        def __init__(self, taps):
            ports = gr.io_signature(len(taps), len(taps), 8)
            gr.hier_block2.__init__(self, "bank", ports, ports)
            self.filter = h.make("ccc", taps, flush=flush)
            for m in range(len(taps)):
                self.connect((self, m), (self.filter, m), (self, m))

    taps = h.rows(rng, "ccc", [65, 20, 1])
    for n in (7, 30011):
        streams = h.signals(rng, "ccc", 3, n)
        tb = gr.top_block()
        bank = Bank(taps)
        sinks = h.connect_all(tb, "ccc", bank, [h.source("ccc", x) for x in streams])
        h.run(tb)
        h.assert_filtered(h.received("ccc", sinks), streams, taps, flush, f"n={n}")


def test_tagged_stream_and_message_neighbours_change_nothing(rng):
    """A message neighbour that finishes turns calls without output into the end (GNU Radio)."""
    taps = h.rows(rng, "fff", [65])
    x = h.signal(rng, "fff", 20011)
    tb = gr.top_block()
    to_tagged = blocks.stream_to_tagged_stream(4, 1, 100, "packet_len")
    block, sink = h.make("fff", taps, flush=True), h.sink("fff")
    strobe, debug = blocks.message_strobe(gr.pmt.from_long(1), 1), blocks.message_debug(False)
    tb.msg_connect(strobe, "strobe", debug, "store")
    tb.connect(h.source("fff", x), h.throttle("fff", 200000), to_tagged, block, sink)
    h.start(tb)
    h.until(lambda: len(sink.data()) == len(x) + 64, "all samples")
    h.abort(tb)  # a strobe never ends
    h.assert_filtered(h.received("fff", [sink]), [x], taps, True)


# ---- waiting ----


def cpu_seconds(seconds):
    before = time.process_time()
    time.sleep(seconds)
    return time.process_time() - before


@FLUSH
@pytest.mark.parametrize("waiting", ["all ports", "one port", "before the first sample"])
def test_a_stalled_source_costs_no_time(waiting, flush, rng):
    taps = h.rows(rng, "fff", [65, 65])
    streams = h.signals(rng, "fff", 2, 40011)
    gates = [h.Gate("fff"), h.Gate("fff")]
    tb = gr.top_block()
    block = h.make("fff", taps, flush=flush)
    sinks = h.connect_all(tb, "fff", block, gates)
    fed = {"all ports": (999, 999), "one port": (40011, 999)}.get(waiting, (0, 0))
    with h.Running(tb, gates):
        for gate, x, n in zip(gates, streams, fed):
            gate.feed(x[:n])
        h.until_quiet(block)
        assert cpu_seconds(1) < 0.3
        for gate, x, n in zip(gates, streams, fed):
            gate.feed(x[n:])
            gate.close()
    h.assert_filtered(h.received("fff", sinks), streams, taps, flush)


def test_a_finished_head_beside_a_trickling_source(rng):
    """More samples may come between the scheduler's look at the flagged buffer and ours."""
    taps, x = h.rows(rng, "fff", [65]), h.signal(rng, "fff", 20000)
    for _ in range(8):
        gate, beside, block = h.Gate("fff"), h.head("fff", 10), h.make("fff", taps, hop=500)
        gate.set_max_noutput_items(3)
        tb = gr.top_block()
        tb.connect(gate, beside, h.sink("fff"))
        sinks = h.connect_all(tb, "fff", block, [gate])
        with h.Running(tb, [gate]):
            gate.feed(x)
            gate.close()
        h.assert_filtered(h.received("fff", sinks), [x], taps)


def test_a_finished_head_beside_a_stalled_source_costs_no_time(rng):
    taps = h.rows(rng, "fff", [65])
    x = h.signal(rng, "fff", 2000)
    gate, beside, block = h.Gate("fff"), h.head("fff", 10), h.make("fff", taps, flush=True)
    tb = gr.top_block()
    tb.connect(gate, beside, h.sink("fff"))
    sinks = h.connect_all(tb, "fff", block, [gate])
    with h.Running(tb, [gate]):
        gate.feed(x[:777])
        h.until_quiet(block)
        assert cpu_seconds(1) < 0.3
        gate.feed(x[777:])
        gate.close()
    h.assert_filtered(h.received("fff", sinks), [x], taps, True)


def test_a_full_output_costs_no_time(rng):
    """The block below takes nothing: we wait."""
    taps = h.rows(rng, "ccf", [65])
    x = h.signal(rng, "ccf", 100000)
    tb = gr.top_block()
    block, slow, cut = h.make("ccf", taps), h.throttle("ccf", 3000), h.head("ccf", 6000)
    slow.set_max_noutput_items(300)
    sink = h.sink("ccf")
    tb.connect(h.source("ccf", x), block, slow, cut, sink)
    with h.Running(tb):
        h.until(lambda: len(sink.data()) > 300, "the first samples")
        assert cpu_seconds(1) < 0.3
    got = h.received("ccf", [sink])[0]
    h.assert_close(got, h.oracle(x, [(0, taps[0])], 6000), h.tolerance(x, taps[0]))


@KIND
@FLUSH
def test_a_source_that_trickles(kind, flush, rng):
    taps = h.rows(rng, kind, [65, 20])
    n = 3011
    streams = h.signals(rng, kind, 2, n)
    gates = [h.Gate(kind), h.Gate(kind)]
    tb = gr.top_block()
    sinks = h.connect_all(tb, kind, h.make(kind, taps, flush=flush), gates)
    with h.Running(tb, gates):
        for gate, x, step in zip(gates, streams, (13, 257)):
            for first in range(0, n, step):
                gate.feed(x[first:first + step])
                if first % 3 == 0:
                    time.sleep(0.002)
            gate.close()
    h.assert_filtered(h.received(kind, sinks), streams, taps, flush)


@KIND
@FLUSH
def test_a_new_source_after_the_end_begins_a_new_stream(flush, kind, rng):
    """With another branch that keeps the graph running; the new source has a second reader."""
    taps = h.rows(rng, kind, [65])
    first, second = h.signal(rng, kind, 2000), h.signal(rng, kind, 30000)
    block, sink, beside = h.make(kind, taps, flush=flush), h.sink(kind), h.sink(kind)
    gate, old, new = h.Gate(kind), h.source(kind, first), h.source(kind, second)
    tb = gr.top_block()
    tb.connect(gate, h.sink(kind))
    tb.connect(old, block, sink)
    tail = 64 * flush
    with h.Running(tb, [gate]):
        h.until(lambda: len(sink.data()) == 2000 + tail, "the first stream")
        gate.pause()
        tb.lock()
        tb.disconnect(old, block)
        tb.connect(new, block)
        tb.connect(new, beside)
        tb.unlock()
        h.until(lambda: len(sink.data()) == 32000 + 2 * tail, "the second stream")
        h.until(lambda: len(beside.data()) == 30000, "the other reader")
        gate.close()
    got = np.array(sink.data(), h.dtype(kind))
    h.assert_filtered([got[:2000 + tail]], [first], taps, flush)
    h.assert_filtered([got[2000 + tail:]], [second], taps, flush)


@KIND
def test_unlock_after_the_end_adds_nothing(kind, rng):
    taps, x = h.rows(rng, kind, [65]), h.signal(rng, kind, 2000)
    block, sink, gate = h.make(kind, taps, flush=True), h.sink(kind), h.Gate(kind)
    tb = gr.top_block()
    tb.connect(gate, h.sink(kind))
    tb.connect(h.source(kind, x), block, sink)
    with h.Running(tb, [gate]):
        h.until(lambda: len(sink.data()) == 2064, "the stream")
        gate.pause()
        tb.lock()
        tb.unlock()
        gate.close()
    h.assert_filtered([np.array(sink.data(), h.dtype(kind))], [x], taps, True)
