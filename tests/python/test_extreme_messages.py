# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever comes in by message or tag: a wrong value costs one line in the log, the old taps stay,
the stream goes on, and the process lives."""
import functools
import itertools
import os
import sys
import tempfile

import numpy as np
import pmt
import pytest
from gnuradio import blocks, gr

import helpers as h
import survival

TAPS = [[1.0, 2.0], [3.0, -1.0, 0.5]]
NAN, INF = float("nan"), float("inf")
DEPTH = 40000  # more than a stack holds of functions that call themselves, and little enough that
# GNU Radio itself can let go of it

ROW = pmt.init_f32vector(2, [5.0, 6.0])
LONG, U64, F64, NIL = pmt.from_long, pmt.from_uint64, pmt.from_double, pmt.PMT_NIL
NUMBERS = [LONG(0), LONG(-1), LONG(2), LONG(2**31), LONG(2**62), LONG(-2**63), U64(2**63),
           U64(2**64 - 1), F64(0), F64(NAN), F64(INF), pmt.from_complex(1, NAN)]


def vector(*values):
    made = pmt.make_vector(len(values), NIL)
    for i, value in enumerate(values):
        pmt.vector_set(made, i, value)
    return made


def dictionary(*items):
    made = pmt.make_dict()
    for key, value in items:
        made = pmt.dict_add(made, pmt.intern(key) if isinstance(key, str) else key, value)
    return made


def spoiled(change, value):
    made = dictionary(("other", ROW))
    change(made, value)
    return made


def nested(make):
    value = NIL
    for _ in range(DEPTH):
        value = make(value)
    return value


ATOMS = {
    "nil": lambda: NIL,
    "true": lambda: pmt.PMT_T,
    "false": lambda: pmt.PMT_F,
    "the end of a file": lambda: pmt.PMT_EOF,
    "a symbol": lambda: pmt.intern("taps"),
    "no symbol": lambda: pmt.intern(""),
    "a symbol of several lines": lambda: pmt.intern("a\nb\r\n\tc"),
    "a symbol with a format": lambda: pmt.intern("%s%n{}{:d}"),
    "a very long symbol": lambda: pmt.intern("x" * 10**6),
    "an empty tuple": lambda: pmt.make_tuple(),
    "a tuple": lambda: pmt.make_tuple(ROW, ROW),
    "tuples in tuples": lambda: nested(pmt.make_tuple),
    **{f"number {i}": functools.partial(lambda value: value, n) for i, n in enumerate(NUMBERS)},
}

UNIFORM = {
    **{f"{kind} vector": functools.partial(getattr(pmt, f"init_{kind}vector"), 2, [1, 2])
       for kind in ("u8", "s8", "u16", "s16", "u32", "s32", "u64", "s64")},
    **{f"empty {kind} vector": functools.partial(getattr(pmt, f"init_{kind}vector"), 0, [])
       for kind in ("u8", "s64", "f32", "f64", "c32", "c64")},
    **{f"{kind} of {value}": functools.partial(getattr(pmt, f"init_{kind}vector"), 2, [1, value])
       for kind in ("f32", "f64", "c32", "c64") for value in (NAN, INF, -INF)},
    "imaginary NaN": lambda: pmt.init_c64vector(1, [complex(0, NAN)]),
    "too large for single precision": lambda: pmt.init_f64vector(1, [1e300]),
    "complex and too large": lambda: pmt.init_c64vector(1, [1e300j]),
}

COMPOSED = {
    "a row alone": lambda: ROW,
    "pair of nothing": lambda: pmt.cons(NIL, NIL),
    "pair of true": lambda: pmt.cons(pmt.PMT_T, pmt.PMT_T),
    "channel without row": lambda: pmt.cons(LONG(1), NIL),
    "two rows": lambda: pmt.cons(ROW, ROW),
    "a list of rows": lambda: pmt.list2(ROW, ROW),
    "a list of channel and row": lambda: pmt.list2(LONG(1), ROW),
    "a list of three": lambda: pmt.list3(LONG(1), ROW, ROW),
    "an improper list": lambda: pmt.cons(LONG(0), pmt.cons(LONG(1), ROW)),
    "pairs in first places": lambda: nested(lambda value: pmt.cons(value, NIL)),
    "an end that is no list": lambda: pmt.cons(LONG(0), pmt.PMT_EOF),
    "a channel that is a dict": lambda: pmt.cons(pmt.make_dict(), ROW),
    "a channel that is a vector": lambda: pmt.cons(vector(LONG(1)), ROW),
    "a channel that is a tuple": lambda: pmt.cons(nested(pmt.make_tuple), ROW),
    **{f"channel {i}": functools.partial(pmt.cons, n, ROW) for i, n in enumerate(NUMBERS[1:], 1)},
    "a vector of rows for a channel": lambda: pmt.cons(LONG(1), vector(ROW)),
    "a tuple for a channel": lambda: pmt.cons(LONG(1), pmt.make_tuple(ROW)),
    "an empty dict": pmt.make_dict,
    "a dict of nothing": lambda: dictionary((NIL, NIL)),
    "a dict of a number": lambda: dictionary((LONG(1), ROW)),
    "a dict with other keys": lambda: dictionary(("Taps", vector(ROW)), ("channels", LONG(1))),
    "a dict of taps that are nothing": lambda: dictionary(("taps", NIL)),
    "a dict of taps that are a number": lambda: dictionary(("taps", LONG(1))),
    "a dict of one row": lambda: dictionary(("taps", ROW)),
    "a dict of no rows": lambda: dictionary(("taps", vector())),
    "a dict of many rows": lambda: dictionary(("taps", vector(*[ROW] * 99))),
    "a dict of a channel": lambda: dictionary(("channel", LONG(1))),
    "a dict of a channel and rows": lambda: dictionary(("channel", LONG(1)), ("taps", vector(ROW))),
    **{f"a dict of channel {i}": functools.partial(
        lambda n: dictionary(("channel", n), ("taps", ROW)), n)
       for i, n in enumerate(NUMBERS[1:], 1)},
    "a channel that is text": lambda: dictionary(("channel", pmt.intern("1")), ("taps", ROW)),
    "a channel that is true": lambda: dictionary(("channel", pmt.PMT_T), ("taps", ROW)),
    "a dict of what is no pair": lambda: spoiled(pmt.set_car, pmt.PMT_T),
    "a dict that ends in a number": lambda: spoiled(pmt.set_cdr, LONG(1)),
    "no rows": vector,
    "rows that are nothing": lambda: vector(NIL, NIL),
    "numbers": lambda: vector(F64(1), F64(2)),
    "a number among rows": lambda: vector(ROW, F64(2)),
    "vectors in vectors": lambda: vector(vector(F64(1)), vector(F64(2))),
    "dicts": lambda: vector(pmt.make_dict(), dictionary(("taps", ROW))),
    "tuples": lambda: vector(nested(pmt.make_tuple), ROW),
    "a million rows": lambda: pmt.make_vector(10**6, ROW),
    "three rows": lambda: vector(ROW, ROW, ROW),
}


def logged(run):
    """Lines of the log that warn or worse, written while run() runs."""
    with tempfile.TemporaryFile() as file:
        sys.stdout.flush()
        kept = [(fd, os.dup(fd)) for fd in (1, 2)]
        for fd, _ in kept:
            os.dup2(file.fileno(), fd)
        try:
            run()
        finally:
            for fd, copy in kept:
                os.dup2(copy, fd)
                os.close(copy)
        file.seek(0)
        lines = file.read().decode(errors="replace").splitlines()
    return [line for line in lines if ":info:" not in line and line.strip()]


def streams(kind):
    return h.signals(h.seeded("extreme messages"), kind, len(TAPS), 500)


def run_with_messages(kind, block, messages):
    """Messages that come to a stopped block are handled at its start."""
    x = streams(kind)
    for message in messages:
        block.to_basic_block()._post(pmt.intern("taps"), message)
    got = []
    lines = logged(lambda: got.extend(h.run_graph(kind, x, None, block=block)))
    h.assert_filtered(got, x, [np.array(row) for row in TAPS])
    assert [list(row) for row in block.taps()] == TAPS and block.tap_changes() == 0
    return lines


def a_message_is_refused(kind, make_message):
    block = h.make(kind, TAPS)
    lines = run_with_messages(kind, block, [make_message()])
    assert len(lines) == 1, lines
    assert ":warning: message on port taps ignored: " in lines[0], lines
    assert len(lines[0]) < 300, lines


def a_tag_is_refused(kind, make_value, n_lines=1):
    """It is passed on, like any other tag."""
    block, x, value, sinks = h.make(kind, TAPS), streams(kind), make_value(), []
    lines = logged(lambda: sinks.extend(h.run_tagged(
        kind, x, [[(100, "taps", value)], []], block)))
    h.assert_filtered(h.received(kind, sinks), x, [np.array(row) for row in TAPS])
    assert len(lines) == n_lines, lines
    assert all(":warning: tag taps ignored: " in line and len(line) < 300 for line in lines), lines
    assert [list(row) for row in block.taps()] == TAPS and block.tap_changes() == 0
    assert [t.offset for t in sinks[0].tags()] == [100] and not sinks[1].tags()


def a_flush_flushes(kind, make_value):
    block, x = h.make(kind, TAPS), streams(kind)
    sinks = h.run_tagged(kind, x, [[], [(100, "flush", make_value()), (499, "flush", NIL)]], block)
    h.assert_filtered(h.received(kind, sinks), x, [np.array(row) for row in TAPS])
    assert [t.offset for t in sinks[1].tags()] == [100, 499] and not sinks[0].tags()


def every_request_is_answered(kind, make_request):
    block, x = h.make(kind, TAPS), streams(kind)
    tb, debug, port = gr.top_block(), blocks.message_debug(), pmt.intern("status")
    for _ in range(2):
        block.to_basic_block()._post(port, make_request())
    tb.msg_connect(block, "status", debug, "store")
    sinks = h.connect_all(tb, kind, block, [h.source(kind, row) for row in x])
    h.run(tb)
    h.assert_filtered(h.received(kind, sinks), x, [np.array(row) for row in TAPS])
    assert debug.num_messages() == 2
    assert all(pmt.is_dict(debug.get_message(i)) for i in range(2))


def message_cases():
    made, inside = {}, {"row": lambda value: vector(ROW, value()),
                        "channel": lambda value: pmt.cons(LONG(1), value()),
                        "taps": lambda value: dictionary(("taps", vector(value())))}
    for kind in ("fff", "ccc"):
        for name, value in {**ATOMS, **COMPOSED, **UNIFORM}.items():
            made[f"{kind}, {name}"] = functools.partial(a_message_is_refused, kind, value)
        for (name, value), (where, message) in itertools.product(UNIFORM.items(), inside.items()):
            made[f"{kind}, {where}: {name}"] = functools.partial(
                a_message_is_refused, kind, functools.partial(message, value))
    return made


def tag_cases():
    made = {}
    for kind, (name, value) in itertools.product(("fff", "ccc"),
                                                 {**ATOMS, **COMPOSED, **UNIFORM}.items()):
        # A count of changes, which a filter above has put there, is no order.
        n_lines = 0 if pmt.is_uint64(value()) else 1
        if name != "a row alone":
            made[f"{kind}, {name}"] = functools.partial(a_tag_is_refused, kind, value, n_lines)
    return made


GROUPS = {
    "messages": message_cases(),
    "taps by tag": tag_cases(),
    "flush by tag": {name: functools.partial(a_flush_flushes, "ccf", value)
                     for name, value in {**ATOMS, **UNIFORM}.items()},
    "status": {name: functools.partial(every_request_is_answered, "ccf", value)
               for name, value in {**ATOMS, **COMPOSED, **UNIFORM}.items()},
}


@pytest.mark.parametrize("group", GROUPS)
def test_no_message_or_tag_ends_the_process(group):
    survival.expect(__file__, GROUPS, group)


if __name__ == "__main__":
    survival.run(GROUPS)
