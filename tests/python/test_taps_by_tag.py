# SPDX-License-Identifier: GPL-3.0-or-later
"""New taps by stream tag meet the tagged sample, whatever the scheduler does."""
import numpy as np
import pmt
import pytest
from gnuradio import gr

import helpers as h

KIND = pytest.mark.parametrize("kind", h.KINDS)
FLUSH = pytest.mark.parametrize("flush", [False, True], ids=["cut", "flush"])
STEPS = [{}, {"above_max": 77}, {"block_max": 50}, {"block_max": 1000}, {"above_max": 7},
         {"above_max": 100, "block_max": 9}, {"rate": 400000}]
N = 8011


def taps_tag(offset, row):
    return offset, "taps", h.uniform(row)


def pieces_of(first, changes):
    """What the oracle wants: the last of the rows that are tagged on one sample counts."""
    return [(0, first)] + sorted(dict(changes).items()) if 0 not in dict(changes) else sorted(
        dict(changes).items())


def expected(streams, pieces, flush):
    n = len(streams[0])
    n_out = h.flushed_length(n, pieces) if flush else n
    return [h.oracle(x, of_channel, n_out) for x, of_channel in zip(streams, pieces)]


def assert_expected(got, streams, pieces, flush, where=""):
    want = expected(streams, pieces, flush)
    assert [len(y) for y in got] == [len(y) for y in want], where
    for m, (y, w) in enumerate(zip(got, want)):
        limit = 2 * h.tolerance(streams[m], *(row for _, row in pieces[m]))
        h.assert_close(y, w, limit, f"{where} channel {m}")


def random_changes(rng, kind, hop, how_many):
    """Offsets anywhere and around the borders of hops, two of them equal."""
    near = [o for o in (0, 1, hop - 1, hop, hop + 1, 2 * hop, N - 1) if o < N]
    offsets = [int(o) for o in rng.choice(near, 3)] + [int(o) for o in rng.integers(0, N, how_many)]
    offsets.append(offsets[-1])
    return [(o, h.row(rng, kind, int(rng.integers(1, 500)))) for o in sorted(offsets)]


@KIND
@FLUSH
@pytest.mark.parametrize("n_channels", [1, 3])
def test_taps_belong_to_samples(n_channels, flush, kind, rng):
    """In every chunking, to the bit; with flushes at random samples."""
    first = h.rows(rng, kind, [65, 3, 300][:n_channels])
    streams = h.signals(rng, kind, n_channels, N)
    hop = h.make(kind, first).hop()
    changes = [random_changes(rng, kind, hop, 3) for _ in range(n_channels)]
    if n_channels > 1:  # two channels on one sample
        changes[1] = sorted(changes[1] + [(changes[0][2][0], h.row(rng, kind, 40))],
                            key=lambda change: change[0])
    tags = [[taps_tag(*change) for change in of_channel] for of_channel in changes]
    for of_channel in tags:
        of_channel += [(int(o), "flush", pmt.PMT_T) for o in rng.integers(0, N, 4)]
        of_channel += [(int(o), "other", int(o)) for o in rng.integers(0, N, 20)]
    tags[0].append((N - 1, "flush", pmt.from_long(1)))
    pieces = [pieces_of(row, of_channel) for row, of_channel in zip(first, changes)]
    marks = sorted({o for of_channel in changes for o, _ in of_channel})
    reference = None
    for steps in STEPS:
        block = h.make(kind, first, flush=flush)
        sinks = h.run_tagged(kind, streams, tags, block, **steps)
        got = h.received(kind, sinks)
        assert_expected(got, streams, pieces, flush, str(steps))
        for s, of_channel in zip(sinks, tags):
            assert sorted(h.changes_of(s)) == list(zip(marks, range(1, len(marks) + 1))), steps
            passed = [(o, key) for o, key, _ in h.tags_of(s, but=("taps", "rx_time", "rx_rate"))]
            assert passed == sorted((o, key) for o, key, _ in of_channel if key != "taps"), steps
        assert (block.tap_changes(), block.last_tap_change()) == (len(marks), marks[-1])
        reference = reference or got
        h.assert_same_bits(got, reference, str(steps))


@pytest.mark.parametrize("kind,types", [("fff", "fd"), ("ccf", "fd"), ("ccc", "fdFD")])
def test_rows_of_every_type(kind, types, rng):
    x, first = h.signal(rng, kind, N), h.row(rng, kind, 10)
    changes = [(1000 * (i + 1), h.normal(rng, "c" if t in "FD" else "f", 30 + i).astype(t))
               for i, t in enumerate(types)]
    sink, = h.run_tagged(kind, [x], [[taps_tag(*change) for change in changes]],
                         h.make(kind, [first]))
    single = [(o, row.astype(np.complex64 if row.dtype.char in "FD" else np.float32))
              for o, row in changes]
    assert_expected(h.received(kind, [sink]), [x], [pieces_of(first, single)], False)


def test_of_several_rows_on_one_sample_the_last_counts(rng):
    x, rows = h.signal(rng, "fff", N), h.rows(rng, "fff", [5, 700, 1, 60])
    for at in (0, 3001):
        tags = [taps_tag(at, row) for row in rows[1:]]
        sink, = h.run_tagged("fff", [x], [tags], h.make("fff", rows[:1]))
        assert h.changes_of(sink) == [(at, 1)]
        pieces = [pieces_of(rows[0], [(at, rows[-1])])]
        assert_expected(h.received("fff", [sink]), [x], pieces, False)


def test_changes_by_tag_and_by_setter_add_up(rng):
    """The tag brings one row, and finds the other rows as the setter has left them."""
    streams, first, second = (h.signals(rng, "ccc", 2, N), h.rows(rng, "ccc", [65, 64]),
                              h.rows(rng, "ccc", [30, 31]))
    block = h.make("ccc", first)
    gates, tb = [h.Gate("ccc"), h.Gate("ccc")], gr.top_block()
    sinks = h.connect_all(tb, "ccc", block, gates)
    third = h.row(rng, "ccc", 99)
    with h.Running(tb, gates):
        for gate, x in zip(gates, streams):
            gate.feed(x[:3000])
        h.until_quiet(block)
        block.set_taps(second)
        gates[1].feed(streams[1][3000:], [taps_tag(5000, third)])
        gates[0].feed(streams[0][3000:])
        for gate in gates:
            gate.close()
    (at, _), _ = changes = h.changes_of(sinks[0])
    assert changes == [(at, 1), (5000, 2)] and at <= 3000
    assert_expected(h.received("ccc", sinks), streams,
                    [[(0, first[0]), (at, second[0])],
                     [(0, first[1]), (at, second[1]), (5000, third)]], False)


# ---- tags that are wrong, or for others ----


BAD = [("fff", pmt.from_long(3), "is 3; expected"),
       ("fff", pmt.intern("low"), "is low; expected"),
       ("fff", pmt.init_u8vector(2, [1, 2]), "is u8 vector; expected"),
       ("fff", pmt.make_vector(1, pmt.init_f32vector(1, [1.0])), "expected a vector of f32"),
       ("fff", pmt.init_f32vector(0, []), "is empty"),
       ("ccc", pmt.init_c32vector(2, [1.0, complex(0, np.nan)]), "tap 1 is NaN or infinite"),
       ("ccf", pmt.init_f64vector(3, [1.0, 2.0, 1e300]), "tap 2 is NaN or infinite"),
       ("ccf", pmt.init_c32vector(1, [1.0]), "real taps"),
       ("fff", pmt.init_c64vector(1, [1.0]), "real taps")]


@pytest.mark.parametrize("steps", [{}, {"block_max": 50}, {"above_max": 77}], ids=str)
@pytest.mark.parametrize("kind,value,words", BAD, ids=[str(i) for i in range(len(BAD))])
def test_a_malformed_tag_costs_one_warning(kind, value, words, steps, rng, capfd):
    """It leaves no trace in the samples, and is passed on like any other tag."""
    streams, first, row = (h.signals(rng, kind, 2, N), h.rows(rng, kind, [65, 3]),
                           h.row(rng, kind, 7))
    bad = (3000, "taps", value)
    for good in ([], [taps_tag(3000, row)]):
        sinks = h.run_tagged(kind, streams, [[], good], h.make(kind, first), **steps)
        want = h.received(kind, sinks)
        assert h.warnings(capfd) == []
        sinks = h.run_tagged(kind, streams, [[], good + [bad]], h.make(kind, first), **steps)
        h.assert_same_bits(h.received(kind, sinks), want)
        line, = h.warnings(capfd)
        assert "tag taps ignored: its value on channel 1" in line and words in line
        assert [pmt.equal(t.value, value) for t in sinks[1].tags()].count(True) == 1
        assert len(sinks[1].tags()) == 1 + len(good) and len(sinks[0].tags()) == len(good)


def test_the_notice_of_a_filter_above_is_no_order(rng, capfd):
    """The first filter is retuned by the tag, the second is not, and both mark their changes."""
    kind = "ccf"
    x, a, b, c = (h.signal(rng, kind, N), *h.rows(rng, kind, [65, 20, 300]))
    first, second = h.make(kind, [a], flush=True), h.make(kind, [c], flush=True)
    tb, sink = gr.top_block(), h.sink(kind)
    tags = [h.tag(*taps_tag(4567, b)), h.tag(100, "flush", 0)]
    tb.connect(h.source(kind, x, tags), first, second, sink)
    h.run(tb)
    between = expected([x], [[(0, a), (4567, b)]], True)
    got, = h.received(kind, [sink])
    assert len(got) == len(between[0]) + len(c) - 1
    h.assert_close(got, h.full(between[0], c), 4 * h.tolerance(between[0], c))
    assert h.changes_of(sink) == [(4567, 1)]
    assert h.tags_of(sink) == [(100, "flush", 0)]
    assert (first.tap_changes(), second.tap_changes()) == (1, 0)
    assert h.warnings(capfd) == []


@pytest.mark.parametrize("block_max", [None, 60])
def test_a_declared_delay_moves_tags_but_not_what_they_do(block_max, rng):
    x, first, row = h.signal(rng, "fff", N), h.row(rng, "fff", 65), h.row(rng, "fff", 30)
    for delay in (1, 32, 5000):
        block = h.make("fff", [first])
        block.declare_sample_delay(delay)
        tags = [taps_tag(2500, row), (2500, "other", 5), (1000, "flush", 6), (10, "other", 7)]
        sink, = h.run_tagged("fff", [x], [tags], block, block_max=block_max)
        assert_expected(h.received("fff", [sink]), [x], [pieces_of(first, [(2500, row)])], False)
        assert h.changes_of(sink) == [(2500, 1)]
        assert h.tags_of(sink) == [(10 + delay, "other", 7), (1000 + delay, "flush", 6),
                                   (2500 + delay, "other", 5)]


@pytest.mark.parametrize("policy,outputs", [(gr.TPP_ONE_TO_ONE, ([0], [1])),
                                            (gr.TPP_DONT, ([], [])),
                                            (gr.TPP_ALL_TO_ALL, ([0, 1], [0, 1]))])
@pytest.mark.parametrize("block_max", [None, 60])
def test_the_policy_of_the_user_is_respected(policy, outputs, block_max, rng):
    streams, first = h.signals(rng, "fff", 2, N), h.rows(rng, "fff", [65, 30])
    block, row = h.make("fff", first), h.row(rng, "fff", 5)
    block.set_tag_propagation_policy(policy)
    tags = [[(70, "other", 0), taps_tag(3000, row)], [(70, "other", 1)]]
    for _ in range(2):
        sinks = h.run_tagged("fff", streams, tags, block, block_max=block_max)
        assert [[v for _, _, v in h.tags_of(s)] for s in sinks] == list(outputs)
        assert [h.changes_of(s) for s in sinks] == [[(3000, 1)]] * 2
        assert block.tag_propagation_policy() == policy
        block.set_taps(first)


def test_a_change_longer_than_every_hop_by_tag(rng):
    """The row outgrows the buffers of a running graph, and shrinks again."""
    x, short, long = h.signal(rng, "fff", 60011), h.row(rng, "fff", 5), h.row(rng, "fff", 30000)
    changes = [(5001, long), (20003, short), (20004, long), (20010, short)]
    for block_max in (None, 100):
        sink, = h.run_tagged("fff", [x], [[taps_tag(*change) for change in changes]],
                             h.make("fff", [short], flush=True), block_max=block_max)
        assert_expected(h.received("fff", [sink]), [x], [pieces_of(short, changes)], True)


@FLUSH
@KIND
@pytest.mark.parametrize("at", [0, 40])
def test_a_tag_behind_one_whose_row_outgrows_the_buffers(at, kind, flush, rng):
    """Both act, also where all that is left of the stream lies before the block, and is less than a hop."""
    n = 300
    streams, first = h.signals(rng, kind, 2, n), h.rows(rng, kind, [5, 9])
    long, short = h.row(rng, kind, 5000), h.row(rng, kind, 3)
    block, gate = h.make(kind, first, flush=flush, backend="volk"), h.Gate(kind)
    block.set_max_output_buffer(1100)
    tb = gr.top_block()
    whole = h.source(kind, streams[0], [h.tag(*taps_tag(o, row)) for o, row in [(at, long), (100, short), (200, long)]])
    sinks = h.connect_all(tb, kind, block, [whole, gate])
    with h.Running(tb, [gate]):
        h.until(lambda: whole.nitems_written(0) == n, "the samples of the port that ends")
        h.until_quiet(whole)
        gate.feed(streams[1])  # now there is all of it at once, and the end is known
        gate.close()
    assert_expected(h.received(kind, sinks), streams,
                    [pieces_of(first[0], [(at, long), (100, short), (200, long)]), [(0, first[1])]], flush)
    assert [offset for offset, _ in h.changes_of(sinks[0])] == [at, 100, 200]
