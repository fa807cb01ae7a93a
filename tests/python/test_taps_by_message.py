# SPDX-License-Identifier: GPL-3.0-or-later
"""New taps by message: every form, and every wrong one is a warning that changes nothing."""
import numpy as np
import pmt
import pytest
from gnuradio import blocks, gr

import helpers as h

KIND = pytest.mark.parametrize("kind", h.KINDS)
TAPS = pmt.intern("taps")


def vector(*rows):
    v = pmt.make_vector(len(rows), pmt.PMT_NIL)
    for i, row in enumerate(rows):
        pmt.vector_set(v, i, row)
    return v


def dictionary(**items):
    d = pmt.make_dict()
    for key, value in items.items():
        d = pmt.dict_add(d, pmt.intern(key), value)
    return d


def rows_vector(rows):
    return vector(*map(h.uniform, rows))


class Fed:
    """A running graph that rests at `first` samples until the body of the `with` has ended, and
    then gets the rest."""

    def __init__(self, kind, streams, block, first):
        self.kind, self.streams, self.block, self.first = kind, streams, block, first
        self.gates, self.tb = [h.Gate(kind) for _ in streams], gr.top_block()
        self.sinks = h.connect_all(self.tb, kind, block, self.gates)
        self.running = h.Running(self.tb, self.gates)

    def __enter__(self):
        self.running.__enter__()
        for gate, x in zip(self.gates, self.streams):
            gate.feed(x[:self.first])
        h.until_quiet(self.block)
        return self

    def send(self, message):
        """Returns when the block has handled it: messages of one port are handled in order."""
        self.block.to_basic_block()._post(TAPS, message)
        h.until(lambda: self.block.nmsgs(TAPS) == 0, "the message has been handled")

    def __exit__(self, *error):
        if error[0] is None:
            for gate, x in zip(self.gates, self.streams):
                gate.feed(x[self.first:])
                gate.close()
        self.running.__exit__(*error)
        self.got = h.received(self.kind, self.sinks)


def assert_changed(fed, before, after):
    """One change, at the sample that the tags tell."""
    (at, count), = changes = h.changes_of(fed.sinks[0])
    assert count == 1 and at <= fed.first
    assert all(h.changes_of(s) == changes for s in fed.sinks)
    n = len(fed.streams[0])
    h.assert_lengths(fed.got, n)
    for m, (y, x) in enumerate(zip(fed.got, fed.streams)):
        pieces = [(0, before[m]), (at, after[m])]
        h.assert_close(y, h.oracle(x, pieces, n), 2 * h.tolerance(x, before[m], after[m]))


FORMS = {
    "rows": lambda new: rows_vector(new),
    "dict of rows": lambda new: dictionary(taps=rows_vector(new), unknown=pmt.PMT_T),
    "one row": lambda new: rows_vector(new[:1]),
    "pair": lambda new: pmt.cons(pmt.from_long(1), h.uniform(new[1])),
    "pair of uint64": lambda new: pmt.cons(pmt.from_uint64(1), h.uniform(new[1])),
    "dict of one": lambda new: dictionary(channel=pmt.from_long(1), taps=h.uniform(new[1])),
}


@KIND
@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_message(form, kind, rng, capfd):
    before, new = h.rows(rng, kind, [65, 10]), h.rows(rng, kind, [30, 900])
    fed = Fed(kind, h.signals(rng, kind, 2, 9011), h.make(kind, before), 4000)
    with fed:
        fed.send(FORMS[form](new))
    changed = {"rows": new, "dict of rows": new, "one row": [new[0]] * 2}
    after = changed.get(form, [before[0], new[1]])
    assert_changed(fed, before, after)
    assert all(map(np.array_equal, fed.block.taps(), after))
    assert h.warnings(capfd) == []


@pytest.mark.parametrize("kind,types", [("fff", "fd"), ("ccf", "fd"), ("ccc", "fdFD")])
def test_rows_of_every_type(kind, types, rng):
    before = h.rows(rng, kind, [65] * len(types))
    new = [h.normal(rng, "c" if t in "FD" else "f", 30).astype(t) for t in types]
    fed = Fed(kind, h.signals(rng, kind, len(types), 9011), h.make(kind, before), 4000)
    with fed:
        fed.send(rows_vector(new))
    single = [row.astype(np.complex64 if row.dtype.char in "FD" else np.float32) for row in new]
    assert_changed(fed, before, single)


ROW, NAN = pmt.init_f32vector(2, [1.0, 2.0]), pmt.init_f32vector(2, [1.0, np.nan])
BYTES, EMPTY = pmt.init_u8vector(2, [1, 2]), pmt.init_f32vector(0, [])
COMPLEX, ONE = pmt.init_c32vector(1, [1j]), pmt.from_long(1)
BAD = [
    (pmt.PMT_NIL, "expected a vector of rows"),
    (pmt.PMT_T, "it is #t; expected a vector of rows"),
    (pmt.intern("low"), "it is low; expected"),
    (ROW, "it is f32 vector; expected a vector of rows"),
    (vector(), "0 rows of taps for 2 channels; expected 1 or 2"),
    (vector(ROW, ROW, ROW), "3 rows of taps for 2 channels; expected 1 or 2"),
    (vector(ROW, EMPTY), "taps row 1 is empty"),
    (vector(NAN, ROW), "taps row 0, tap 1 is NaN or infinite"),
    (vector(ROW, BYTES), "taps row 1 is u8 vector; expected a vector of f32 or f64"),
    (vector(ROW, ONE), "taps row 1 is 1; expected a vector of f32"),
    (vector(COMPLEX), "taps row 0 is c32 vector; expected a vector of f32 or f64"),
    (vector(pmt.init_f64vector(1, [1e39])), "taps row 0, tap 0 is NaN or infinite"),
    (pmt.make_tuple(ROW, ROW), "expected a vector of rows"),
    (pmt.cons(pmt.from_long(2), ROW), "channel 2 does not exist; there are 2"),
    (pmt.cons(pmt.from_long(-1), ROW), "channel -1 does not exist; there are 2"),
    (pmt.cons(pmt.from_uint64(2**64 - 1), ROW), "channel 18446744073709551615 does not exist"),
    (pmt.cons(pmt.from_double(1), ROW), "the channel is 1; expected an integer"),
    (pmt.cons(pmt.intern("taps"), ROW), "the channel is taps; expected an integer"),
    (pmt.cons(ONE, NAN), "the row of channel 1, tap 1 is NaN"),
    (pmt.cons(ONE, EMPTY), "the row of channel 1 is empty"),
    (pmt.cons(ONE, COMPLEX), "the row of channel 1 is c32 vector; expected"),
    (pmt.cons(ONE, vector(ROW)), "the row of channel 1 is a vector of 1 values"),
    (pmt.cons(pmt.make_dict(), ROW), "the channel is (); expected an integer"),
    (dictionary(channel=ONE), "the row of channel 1 is (); expected"),
    (dictionary(taps=ROW), "`taps` of a dict without `channel` is f32 vector"),
    (dictionary(other=ROW), "`taps` of a dict without `channel` is ()"),
    (dictionary(channel=ROW, taps=ROW), "the channel is f32 vector; expected an integer"),
    (dictionary(channel=pmt.from_long(7), taps=ROW), "channel 7 does not exist"),
    (dictionary(taps=vector(ROW, BYTES)), "taps row 1 is u8 vector"),
]


def test_a_wrong_message_costs_one_warning(rng, capfd):
    """The old taps stay, and a good message after it works."""
    for kind in ("fff", "ccf"):
        before, after = h.rows(rng, kind, [65, 10]), h.rows(rng, kind, [30, 900])
        fed = Fed(kind, h.signals(rng, kind, 2, 9011), h.make(kind, before), 4000)
        with fed:
            for message, words in BAD:
                fed.send(message)
                h.until(lambda: fed.block.nmsgs(TAPS) == 0, "handled")
                fed.send(dictionary(channel=pmt.from_long(99), taps=ROW))  # a fence
                lines = []
                h.until(lambda: lines.extend(h.warnings(capfd)) or len(lines) >= 2, words)
                assert len(lines) == 2 and "message on port taps ignored: " in lines[0]
                assert words in lines[0], lines
                assert all(map(np.array_equal, fed.block.taps(), before))
            assert fed.block.tap_changes() == 0
            fed.send(rows_vector(after))
        assert_changed(fed, before, after)
        assert h.warnings(capfd) == []


# ---- while stopped, and when a neighbour ends ----


@KIND
def test_a_message_while_stopped_takes_effect_at_the_next_start(kind, rng, capfd):
    streams, first = h.signals(rng, kind, 2, 9011), h.rows(rng, kind, [65, 10])
    block = h.make(kind, first)
    second, third = h.rows(rng, kind, [20, 700]), h.row(rng, kind, 5)
    for _ in range(2):
        block.to_basic_block()._post(TAPS, rows_vector(second))
        block.to_basic_block()._post(TAPS, pmt.cons(pmt.from_long(0), h.uniform(third)))
        block.to_basic_block()._post(TAPS, pmt.intern("wrong"))
        block.to_basic_block()._post(pmt.intern("status"), pmt.PMT_NIL)
        assert h.warnings(capfd) == []
        got = h.run_graph(kind, streams, None, block=block)
        h.assert_filtered(got, streams, [third, second[1]])
        assert len(h.warnings(capfd)) == 1
        block.set_taps(first)


class Sender(gr.basic_block):
    """Sends messages when told to, and ends."""

    def __init__(self):
        gr.basic_block.__init__(self, "sender", in_sig=None, out_sig=None)
        self.message_port_register_out(pmt.intern("out"))

    def send(self, message):
        self.message_port_pub(pmt.intern("out"), message)

    def end(self):
        self.to_basic_block()._post(pmt.intern("system"),
                                    pmt.cons(pmt.intern("done"), pmt.from_long(1)))


@pytest.mark.parametrize("steps", [{}, {"most": 10}], ids=str)
def test_a_message_neighbour_that_ends_does_not_end_the_stream(steps, rng):
    """Calls of work that give nothing come after it in plenty: GNU Radio takes such a call for the
    end of a block that has no streams."""
    kind, before, after = "fff", h.rows(rng, "fff", [65]), h.rows(rng, "fff", [300])
    x, block, sender = h.signal(rng, kind, 9011), h.make(kind, before, hop=500), Sender()
    if steps:
        block.set_max_noutput_items(steps["most"])
    gate, tb = h.Gate(kind), gr.top_block()
    tb.msg_connect(sender, "out", block, "taps")
    sink, = h.connect_all(tb, kind, block, [gate])
    beside = blocks.head(4, 100)  # flags our input done: we are called with less than we want
    tb.connect(gate, beside, blocks.null_sink(4))
    with h.Running(tb, [gate]):
        gate.feed(x[:1100])
        h.until(lambda: len(sink.data()) == 1000, "two hops")
        sender.send(rows_vector(after))
        sender.end()
        h.until(lambda: block.tap_changes() == 1, "the change")
        h.until_quiet(block)
        for i in range(1100, 9000, 7):
            gate.feed(x[i:i + 7])
        gate.feed(x[i + 7:])
        gate.close()
    got, = h.received(kind, [sink])
    (at, _), = h.changes_of(sink)
    h.assert_lengths([got], len(x))
    h.assert_close(got, h.oracle(x, [(0, before[0]), (at, after[0])], len(x)),
                   2 * h.tolerance(x, before[0], after[0]))
