# SPDX-License-Identifier: GPL-3.0-or-later
"""try_set_taps(): in a callback wrong taps are one line in the log, and the old taps stay."""
import threading

import numpy as np
import pytest

import helpers as h

KIND = pytest.mark.parametrize("kind", h.KINDS)


def fail(error):
    raise error


def missing_argument(rows):
    return rows


class Array:
    """Looks like an array until it is asked for its values."""

    def __array__(self, *_, **__):
        raise RuntimeError("no values\nat all")


# Wrong for a filter of two channels, whatever its taps are.
WRONG = {
    "no rows": [], "no rows in a tuple": (), "an empty array": np.ones((0, 5)),
    "one row, empty": [[]], "a second row, empty": [[1.0], []], "rows of nothing": np.ones((2, 0)),
    "too many rows": [[1.0]] * 3, "an array with too many rows": np.ones((5, 4)),
    "NaN": [[1.0], [float("nan")]], "infinity": [[float("-inf")], [1.0]],
    "too large": [[1e39], [1.0]], "too large for a double": [[10**400], [1.0]],
    "nothing": None, "a number": 3.0, "text": "taps", "bytes": b"taps", "a dict": {0: [1.0]},
    "an iterator": iter([[1.0], [2.0]]), "an object": object(), "rows of text": ["ab", "cd"],
    "numbers as text": [["1.0"], ["2.0"]], "rows of nothing at all": [None, None],
    "ragged rows": [[1.0, [2.0]], [3.0]], "deep rows": [[[1.0]], [[2.0]]],
    "three dimensions": np.ones((2, 2, 2)), "objects in an array": np.array([[None], [1.0]]),
    "what fails as an array": [Array(), [1.0]],
    "a function of nothing": lambda: None, "a function of too many rows": lambda: [[1.0]] * 3,
    "a function that raises": lambda: fail(ValueError("cutoff\nis too high")),
    "a function that divides by 0": lambda: [[1 / 0]], "a function that wants more": missing_argument,
    "a function that is short of memory": lambda: fail(MemoryError()),
}


def assert_kept(block, wrong, taps, capfd):
    capfd.readouterr()
    assert block.try_set_taps(wrong) is False
    lines = h.warnings(capfd)
    assert len(lines) == 1 and "taps stay as they were: " in lines[0], lines
    assert len(lines[0].split("were: ")[1].strip()) > 3
    got = block.taps()
    assert len(got) == len(taps) and all(map(np.array_equal, got, taps))


@pytest.mark.parametrize("case", WRONG)
def test_wrong_taps_are_one_line_in_the_log(case, rng, capfd):
    for kind in h.KINDS:
        taps = h.rows(rng, kind, [5, 3])
        assert_kept(h.make(kind, taps), WRONG[case], taps, capfd)


@pytest.mark.parametrize("kind", ["fff", "ccf"])
def test_complex_taps_are_wrong_where_taps_are_real(kind, rng, capfd):
    taps = h.rows(rng, kind, [5, 3])
    block = h.make(kind, taps)
    for wrong in ([[1j], [1.0]], np.ones((2, 3), complex), lambda: [[1 + 0j], [2.0]]):
        assert_kept(block, wrong, taps, capfd)


@KIND
def test_right_taps_are_set(kind, rng, capfd):
    block = h.make(kind, h.rows(rng, kind, [5, 3]))
    capfd.readouterr()
    for taps in (h.rows(rng, kind, [70, 1]), h.rows(rng, kind, [9])):
        for given in (taps, lambda taps=taps: taps, tuple(map(tuple, taps))):
            block.set_taps(h.rows(rng, kind, [2, 2]))
            assert block.try_set_taps(given) is True
            assert len(block.taps()) == len(taps)
            assert all(map(np.array_equal, block.taps(), taps))
    assert h.warnings(capfd) == []


def test_set_taps_still_raises():
    block = h.make("fff", [[1.0], [2.0]])
    for wrong in ([], [[1.0], []], [[1.0]] * 3, [[float("nan")]]):
        with pytest.raises(ValueError):
            block.set_taps(wrong)
        with pytest.raises(ValueError):
            block.set_channel_taps(2, [1.0])
    for wrong in (None, "taps", [[1j], [1.0]]):
        with pytest.raises(TypeError):
            block.set_taps(wrong)


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, SystemExit])
def test_who_wants_to_end_the_program_can(interruption):
    block = h.make("fff", [[1.0], [2.0]])
    with pytest.raises(interruption):
        block.try_set_taps(lambda: fail(interruption()))


@KIND
def test_the_stream_goes_on_with_the_old_taps(kind, rng, capfd):
    """Wrong taps between right ones, while samples are filtered."""
    streams = h.signals(rng, kind, 2, 6000)
    old, new = h.rows(rng, kind, [20, 30]), h.rows(rng, kind, [40, 3])
    block, tb = h.make(kind, old, hop=64), h.gr.top_block()
    gates = [h.Gate(kind) for _ in streams]
    sinks = h.connect_all(tb, kind, block, gates)
    with h.Running(tb, gates):
        for first in range(0, 6000, 1000):
            for gate, x in zip(gates, streams):
                gate.feed(x[first:first + 1000])
            h.until_quiet(block)
            if first == 3000:
                assert block.try_set_taps(new)
                h.until(lambda: block.taps()[1].size == 3, "the new taps")
            else:
                assert not block.try_set_taps([[1.0], []])
        for gate in gates:
            gate.close()
    assert block.tap_changes() == 1
    first = block.last_tap_change()
    got = h.received(kind, sinks)
    h.assert_lengths(got, 6000)
    for y, x, a, b in zip(got, streams, old, new):
        h.assert_close(y, h.oracle(x, [(0, a), (first, b)], 6000), h.tolerance(x, a, b))
    assert len(h.warnings(capfd)) == 5


def test_other_threads_run_while_taps_are_prepared():
    """The function runs in the caller's thread, with the interpreter lock; the rest without it."""
    block, seen = h.make("fff", [[1.0], [2.0]]), []
    block.try_set_taps(lambda: seen.append(threading.get_ident()) or [[3.0], [4.0]])
    assert seen == [threading.get_ident()]
    threads = [threading.Thread(target=block.try_set_taps, args=([[float(k)], [1.0]],))
               for k in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        h.within(10, "a thread that sets taps", thread.join)
    assert block.taps()[0][0] in range(8)
