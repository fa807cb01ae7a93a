# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands around the block in a graph, and when it came there, does not show in the samples."""
import numpy as np
import pmt
import pytest
from gnuradio import blocks, gr

import helpers as h

KIND = pytest.mark.parametrize("kind", h.KINDS)
FLUSH = pytest.mark.parametrize("flush", [False, True], ids=["cut", "flush"])


@KIND
@FLUSH
def test_a_buffer_above_that_was_made_before_the_block_came(flush, kind, rng):
    """The buffer of a running source is not made anew for a block that needs a larger one."""
    taps, x = h.rows(rng, kind, [300]), h.signal(rng, kind, 90000)
    block, sink, gate = h.make(kind, taps, hop=20000, flush=flush), h.sink(kind), h.Gate(kind)
    tb = gr.top_block()
    tb.connect(gate, h.sink(kind))
    with h.Running(tb, [gate]):
        gate.pause()
        tb.lock()
        tb.connect(gate, block, sink)
        tb.unlock()
        gate.feed(x)
        gate.close()
    h.assert_filtered([np.array(sink.data(), h.dtype(kind))], [x], taps, flush)


@KIND
@FLUSH
def test_a_sink_that_sets_the_pace(flush, kind, rng):
    taps, streams = h.rows(rng, kind, [65, 300]), h.signals(rng, kind, 2, 60000)
    block, tb = h.make(kind, taps, flush=flush), gr.top_block()
    sinks = [h.sink(kind) for _ in streams]
    for m, (x, sink) in enumerate(zip(streams, sinks)):
        tb.connect(h.source(kind, x), (block, m))
        tb.connect((block, m), h.throttle(kind, 200e3), sink)
    h.run(tb)
    h.assert_filtered(h.received(kind, sinks), streams, taps, flush)


@KIND
def test_messages_beside(kind, rng):
    """A graph that goes on for its messages' sake after the streams have ended."""
    taps, streams = h.rows(rng, kind, [65, 300]), h.signals(rng, kind, 2, 60000)
    block, tb = h.make(kind, taps, flush=True), gr.top_block()
    strobe, store = blocks.message_strobe(pmt.intern("hello"), 1), blocks.message_debug()
    tb.msg_connect((strobe, "strobe"), (store, "store"))
    sinks = h.connect_all(tb, kind, block, [h.source(kind, x) for x in streams])
    tb.start()
    try:
        h.until(lambda: all(len(sink.data()) == 60000 + 299 for sink in sinks), "the tails")
        n_messages = store.num_messages()
        h.until(lambda: store.num_messages() > n_messages, "more messages")
    finally:
        tb.stop()
        tb.wait()
    h.assert_filtered(h.received(kind, sinks), streams, taps, True)


@KIND
def test_several_blocks_one_behind_another_and_side_by_side(kind, rng):
    """Tails of tails: each flushes what the one above has flushed."""
    streams = h.signals(rng, kind, 2, 30000)
    above, below = h.rows(rng, kind, [65, 300]), h.rows(rng, kind, [1000, 5])
    tb = gr.top_block()
    first, second = h.make(kind, above, flush=True), h.make(kind, below, flush=True)
    beside = h.make(kind, below, max_batch=100)
    sources = [h.source(kind, x) for x in streams]
    sinks, others = [h.sink(kind) for _ in streams], [h.sink(kind) for _ in streams]
    for m, source in enumerate(sources):
        tb.connect(source, (first, m))
        tb.connect((first, m), (second, m))
        tb.connect((second, m), sinks[m])
        tb.connect(source, (beside, m))
        tb.connect((beside, m), others[m])
    h.run(tb)
    h.assert_filtered(h.received(kind, others), streams, below)
    both = [np.convolve(a.astype(complex), b.astype(complex)) for a, b in zip(above, below)]
    got = h.received(kind, sinks)
    h.assert_lengths(got, 30000 + 299 + 999)
    for y, x, taps, a, b in zip(got, streams, both, above, below):
        want = np.convolve(x.astype(complex), taps)
        limit = 2 * h.tolerance(x, a) * np.abs(b).sum()
        h.assert_close(y[:len(want)], want, limit)
        h.assert_close(y[len(want):], np.zeros(len(y) - len(want)), limit)
