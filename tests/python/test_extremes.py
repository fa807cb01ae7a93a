# SPDX-License-Identifier: GPL-3.0-or-later
"""Every argument of the constructor and of the setters at its extremes, the others at their
defaults: right, or refused by an exception that changes nothing; and the process lives."""
import array
import collections
import decimal
import fractions
import functools
import re

import numpy as np
import pytest

import helpers as h
import survival

GOOD = [1.0, 2.0]
NAN, INF = float("nan"), float("inf")
REFUSED = (TypeError, ValueError)


class Masked:
    def __array__(self, dtype=None, copy=None):
        return np.ma.array(GOOD, mask=[True, False])


class Raises:
    def __array__(self, dtype=None, copy=None):
        raise RuntimeError("no array today")


class Endless:
    def __len__(self):
        return 2**40

    def __getitem__(self, index):
        return 1.0


class Frame:
    """As of pandas: NumPy sees rows, an index finds columns."""

    def __array__(self, dtype=None, copy=None):
        return np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])

    def __len__(self):
        return 2

    def __getitem__(self, column):
        return self.__array__()[:, column]


def endless(*shape):
    return np.broadcast_to(np.float32(1), shape)


def inside_itself():
    rows = []
    rows.append(rows)
    return rows


# ---- rows ----

# name: (a function that makes the row, what it raises)
REFUSED_ROWS = {
    "empty": (lambda: [], ValueError),
    "an empty array": (lambda: np.zeros(0), ValueError),
    "NaN": (lambda: [1.0, NAN], ValueError),
    "infinite": (lambda: [-INF], ValueError),
    "too large for single precision": (lambda: [1e39], ValueError),
    "an integer too large for single precision": (lambda: [10**39], REFUSED),
    "too large for double precision": (lambda: np.array([np.longdouble("1e4000")]), ValueError),
    "None": (lambda: None, TypeError),
    "None inside": (lambda: [1.0, None], TypeError),
    "two dimensions": (lambda: np.ones((2, 2)), ValueError),
    "lists inside": (lambda: [GOOD, GOOD], ValueError),
    "ragged": (lambda: [[1.0], GOOD], REFUSED),
    "inside itself": (inside_itself, REFUSED),
    "text": (lambda: "12", TypeError),
    "bytes": (lambda: b"12", TypeError),
    "a bytearray": (lambda: bytearray(b"12"), TypeError),
    "texts": (lambda: ["1", "2"], TypeError),
    "a text inside": (lambda: [1.0, "2"], TypeError),
    "an array of text": (lambda: np.array(["1", "2"]), TypeError),
    "an array of bytes": (lambda: np.array([b"1", b"2"]), TypeError),
    "objects": (lambda: [object()], TypeError),
    "an array of objects": (lambda: np.array(GOOD, object), TypeError),
    "fractions": (lambda: [fractions.Fraction(1, 2)], TypeError),
    "decimals": (lambda: [decimal.Decimal("0.1")], TypeError),
    "fields": (lambda: np.zeros(2, [("re", "f4"), ("im", "f4")]), TypeError),
    "times": (lambda: np.zeros(2, "datetime64[s]"), TypeError),
    "spans of time": (lambda: np.zeros(2, "timedelta64[s]"), TypeError),
    "a dict": (lambda: {0: 1.0}, TypeError),
    "a set": (lambda: {1.0}, TypeError),
    "a generator": (lambda: (tap for tap in GOOD), TypeError),
    "a function": (lambda: print, TypeError),
    "masked": (lambda: np.ma.array(GOOD, mask=[False, True]), TypeError),
    "masked nowhere": (lambda: np.ma.array(GOOD), TypeError),
    "a masked tap": (lambda: [1.0, np.ma.masked], TypeError),
    "a masked integer": (lambda: [1, np.ma.array(2, mask=True)], TypeError),
    "masked behind __array__": (Masked, TypeError),
    "what raises": (Raises, RuntimeError),
    "a range that never ends": (lambda: range(2**40), ValueError),
    "an array that never ends": (lambda: endless(2**40), ValueError),
    "a sequence that never ends": (Endless, ValueError),
}

NUMBERS = {  # of several they are a row
    "a number": lambda: 1.0,
    "a number of NumPy": lambda: np.float32(1),
    "an array of no dimension": lambda: np.array(1.0),
}

COMPLEX_ROWS = {
    "complex": lambda: [1j],
    "complex and real": lambda: [1 + 0j],
    "complex64": lambda: np.ones(2, np.complex64),
    "a complex number among others": lambda: [1.0, np.complex128(2)],
    "long complex": lambda: np.array([1 + 2j], np.clongdouble),
}

# name: (a function that makes the row, the taps that it is)
GOOD_ROWS = {
    "integers": (lambda: [1, -2], [1, -2]),
    "booleans": (lambda: [True, False], [1, 0]),
    "an array of booleans": (lambda: np.array([True, False]), [1, 0]),
    "a tuple": (lambda: (1.0, 2), [1, 2]),
    "a range": (lambda: range(3), [0, 1, 2]),
    "a deque": (lambda: collections.deque(GOOD), GOOD),
    "numbers of NumPy": (lambda: [np.float32(1), np.int8(-2), np.float64(3)], [1, -2, 3]),
    "arrays of no dimension": (lambda: [np.array(1.0), np.array(2)], [1, 2]),
    "float16": (lambda: np.array([0.5, 65504], np.float16), [0.5, 65504]),
    "longdouble": (lambda: np.array([0.1], np.longdouble), [0.1]),
    "the largest": (lambda: [np.finfo(np.float32).max], [np.finfo(np.float32).max]),
    "the smallest": (lambda: [1e-45, 1e-300], [1e-45, 0]),
    "int8": (lambda: np.array([-128, 127], np.int8), [-128, 127]),
    "uint64": (lambda: np.array([2**64 - 1], np.uint64), [2.0**64]),
    # In double precision the last bit is lost, and with it which of two singles is nearer.
    "int64": (lambda: np.array([2**60 + 2**36 + 1, -2**63]), [2.0**60 + 2.0**37, -2.0**63]),
    "a large integer": (lambda: [2**60 + 2**36 + 1], [2.0**60 + 2.0**37]),
    "the other byte order": (lambda: np.array(GOOD, ">f8"), GOOD),
    "the other byte order, integers": (lambda: np.array([1, 256], ">i4"), [1, 256]),
    "backwards": (lambda: np.arange(6.0)[::-2], [5, 3, 1]),
    "strides of 0": (lambda: endless(3), [1, 1, 1]),
    "not aligned": (lambda: np.frombuffer(b"x" + np.array(GOOD).tobytes(), "f8", 2, 1), GOOD),
    "array.array": (lambda: array.array("h", [1, -2]), [1, -2]),
    "a memoryview": (lambda: memoryview(np.array(GOOD)), GOOD),
    "a column of a matrix": (lambda: np.arange(6.0).reshape(2, 3)[:, 1], [1, 4]),
}


def expect_refused(error, call, *arguments, **keywords):
    try:
        call(*arguments, **keywords)
    except error as refusal:
        assert str(refusal), "without a reason"
    else:
        raise AssertionError("not refused")


def assert_rows(block, rows, kind):
    got = block.taps()
    want = [np.array(row, h.dtype("c" if kind[2] == "c" else "f")) for row in rows]
    assert [len(row) for row in got] == [len(row) for row in want], got
    for a, b in zip(got, want):
        assert a.dtype == b.dtype and (a == b).all(), (a, b)


def a_row_is_refused(kind, make_row, error, alone=True):
    if alone:
        expect_refused(error, h.make, kind, [make_row()])
    expect_refused(error, h.make, kind, [GOOD, make_row()])
    block = h.make(kind, [GOOD, GOOD])
    expect_refused(error, block.set_taps, [GOOD, make_row()])
    expect_refused(error, block.set_channel_taps, 1, make_row())
    assert_rows(block, [GOOD, GOOD], kind)


def a_row_is_taken(kind, make_row, row):
    assert_rows(h.make(kind, [GOOD, make_row()]), [GOOD, row], kind)
    block = h.make(kind, [GOOD, GOOD])
    block.set_channel_taps(0, make_row())
    assert_rows(block, [row, GOOD], kind)
    block.set_taps((make_row(), make_row()))
    assert_rows(block, [row, row], kind)


def row_cases():
    cases = {}
    for kind in h.KINDS:
        for name, (row, error) in REFUSED_ROWS.items():
            cases[f"{kind}, {name}"] = functools.partial(a_row_is_refused, kind, row, error)
        for name, (row, taps) in GOOD_ROWS.items():
            cases[f"{kind}, {name}"] = functools.partial(a_row_is_taken, kind, row, taps)
        for name, row in NUMBERS.items():
            cases[f"{kind}, {name}"] = functools.partial(a_row_is_refused, kind, row, ValueError, False)
        for name, row in COMPLEX_ROWS.items():
            cases[f"{kind}, {name}"] = (
                functools.partial(a_row_is_taken, kind, row, row()) if kind == "ccc" else
                functools.partial(a_row_is_refused, kind, row, TypeError))
    return cases


# ---- all taps ----

REFUSED_TAPS = {
    "no rows": (lambda: [], ValueError),
    "a tuple without rows": (lambda: (), ValueError),
    "an array without rows": (lambda: np.empty((0, 5)), ValueError),
    "an array without rows or taps": (lambda: np.empty((0, 0)), ValueError),
    "rows without taps": (lambda: np.empty((5, 0)), ValueError),
    "an array without numbers": (lambda: np.empty(0), ValueError),
    "an array of objects without rows": (lambda: np.empty(0, object), ValueError),
    "None": (lambda: None, TypeError),
    "a number": (lambda: 1.0, TypeError),
    "a number of NumPy": (lambda: np.float64(1), REFUSED),
    "a boolean": (lambda: True, TypeError),
    "no dimension": (lambda: np.array(1.0), REFUSED),
    "three dimensions": (lambda: np.ones((2, 2, 2)), ValueError),
    "lists in lists in lists": (lambda: [[GOOD]], ValueError),
    "text": (lambda: "12", TypeError),
    "bytes": (lambda: b"12", TypeError),
    "a bytearray": (lambda: bytearray(b"12"), TypeError),
    "a dict": (lambda: {0: GOOD}, TypeError),
    "a set": (lambda: {1.0}, TypeError),
    "a generator": (lambda: (row for row in [GOOD]), TypeError),
    "a class": (lambda: list, TypeError),
    "masked": (lambda: np.ma.array([GOOD], mask=[[False, True]]), TypeError),
    "masked nowhere": (lambda: np.ma.array([GOOD]), TypeError),
    "one masked row": (lambda: np.ma.array(GOOD, mask=[False, True]), TypeError),
    "a masked tap": (lambda: [1.0, np.ma.masked], TypeError),
    "a masked row among others": (lambda: [GOOD, np.ma.array(GOOD, mask=True)], TypeError),
    "masked rows in a tuple": (lambda: (np.ma.array(GOOD, mask=True),), TypeError),
    "masked behind __array__": (Masked, TypeError),
    "what raises": (Raises, RuntimeError),
    "objects": (lambda: np.array([GOOD], object), TypeError),
    "inside itself": (inside_itself, REFUSED),
    "rows that never end": (lambda: endless(2**40, 3), ValueError),
    "taps that never end": (lambda: endless(3, 2**40), ValueError),
    "numbers that never end": (lambda: range(2**40), ValueError),
    "a sequence that never ends": (Endless, ValueError),
    "very many rows": (lambda: [GOOD] * (2**20 + 1), ValueError),
}

GOOD_TAPS = {
    "one row": (lambda: GOOD, [GOOD]),
    "one row as an array": (lambda: np.array(GOOD), [GOOD]),
    "a matrix": (lambda: np.matrix([[1, 2], [3, 4]]), [[1, 2], [3, 4]]),
    "a frame": (Frame, [[1, 2, 3], [4, 5, 6]]),
    "rows in an array of objects": (lambda: np.array([np.ones(1), np.ones(2)], object),
                                    [[1], [1, 1]]),
    "Fortran's order": (lambda: np.array([[1, 2, 3], [4, 5, 6]], order="F"), [[1, 2, 3], [4, 5, 6]]),
    "backwards": (lambda: np.arange(6.0).reshape(3, 2)[::-1, ::-1], [[5, 4], [3, 2], [1, 0]]),
    "strides of 0": (lambda: endless(2, 3), [[1, 1, 1]] * 2),
    "read-only": (lambda: np.frombuffer(np.array(GOOD)).reshape(2, 1), [[1], [2]]),
    "a memoryview": (lambda: memoryview(np.array([GOOD, GOOD])), [GOOD, GOOD]),
}


def taps_are_refused(kind, make_taps, error):
    expect_refused(error, h.make, kind, make_taps())
    expect_refused(error, h.make, kind, make_taps(), n_channels=2)
    block = h.make(kind, [GOOD, GOOD])
    expect_refused(error, block.set_taps, make_taps())
    assert_rows(block, [GOOD, GOOD], kind)


def taps_are_taken(kind, make_taps, rows):
    assert_rows(h.make(kind, make_taps()), rows, kind)
    block = h.make(kind, [GOOD], n_channels=len(rows))
    block.set_taps(make_taps())
    assert_rows(block, rows, kind)


def taps_cases():
    cases = {}
    for kind in h.KINDS:
        for name, (taps, error) in REFUSED_TAPS.items():
            cases[f"{kind}, taps: {name}"] = functools.partial(taps_are_refused, kind, taps, error)
        for name, (taps, rows) in GOOD_TAPS.items():
            cases[f"{kind}, taps: {name}"] = functools.partial(taps_are_taken, kind, taps, rows)
    return cases


# ---- all other arguments ----

NO_INTEGERS = [
    None, "", "2", b"2", 1.5, 2.0, NAN, INF, 2j, [2], (2,), {}, print, np.float32(2.7),
    np.float64(2), np.complex64(2), np.longdouble(2), np.array(2.7), np.array([2.7]), np.ma.masked,
    np.array([2, 2]), fractions.Fraction(5, 2), decimal.Decimal("2.5"), 2**31, -2**31 - 1, 2**63,
    2**64, -2**64, 10**400, np.uint64(2**64 - 1), np.int64(2**40)
]
REFUSED_VALUES = {
    "n_channels": [-1, -2**31, 2, 2**20 + 1, 2**31 - 1, *NO_INTEGERS],  # there are 3 rows
    "hop": [-1, -2**31, 2**28 + 1, 2**31 - 1, *NO_INTEGERS],
    "threads": [-1, -2**31, *NO_INTEGERS],
    "max_batch": [-1, -2**31, *NO_INTEGERS],
    "device": [-2, -2**31, *NO_INTEGERS],
    "decimation": [0, -1, -2**31, 65537, 2**31 - 1, *NO_INTEGERS],
    "flush": ["", "False", [], {}, print, np.array([0, 1])],
    "max_latency": [-1, -1e-300, 3601, NAN, INF, -INF, 1e300, None, "", "1", b"1", 1j, [1], {}, print,
                    10**400, np.float32(NAN), np.array([1.0, 2.0]), np.ma.masked],
    "backend": ["", "AUTO", "auto ", "auto\0", "auto\0volk", "\0", "x" * 10**6, "%s%n", "\u00e4",
                "\ud800", None, 1, ["auto"], print],
}
TAKEN_VALUES = {
    "n_channels": [0, 3, np.int64(3)],
    "hop": [0, 1, True, 2**20, np.int64(64), np.uint8(64)],
    "threads": [0, 1, 2**31 - 1, np.int64(1)],
    "max_batch": [0, 1, 2**31 - 1, np.int16(100)],
    "device": [-1, 0, 2**31 - 1, np.int32(-1)],
    "decimation": [1, 2, True, 65536, np.uint16(3)],
    "flush": [False, 0, np.bool_(False)],
    "max_latency": [0, -0.0, 1e-300, 3600, True, np.float16(1), fractions.Fraction(1, 3)],
    "backend": ["auto", "cpu", "volk", b"volk", np.str_("direct")],
}
ROWS = [[1.0, 2.0], [3.0], [-1.0, 0.5, 0.25]]


def a_value_is_refused(kind, name, value):
    expect_refused(REFUSED, h.make, kind, ROWS, **{name: value})


def a_value_is_taken(kind, name, value):
    block = h.make(kind, ROWS, **{name: value})
    if name in ("hop", "decimation") and value:
        assert getattr(block, name)() == value
    streams = [np.arange(1, 300, dtype=h.dtype(kind))] * len(ROWS)
    got = h.run_graph(kind, streams, ROWS, block=block)
    h.assert_filtered(got, streams, [np.array(row) for row in ROWS], decimation=block.decimation())


def a_channel_is_refused(kind, value):
    block = h.make(kind, ROWS)
    expect_refused(REFUSED, block.set_channel_taps, value, GOOD)
    assert_rows(block, ROWS, kind)


def value_cases():
    cases = {}

    def add(function, kind, *arguments):
        text = ", ".join(repr(argument)[:60] for argument in arguments)
        cases[f"{kind}, {function.__name__}: {text}, {len(cases)}"] = functools.partial(
            function, kind, *arguments)

    for kind in h.KINDS:
        for name, values in REFUSED_VALUES.items():
            for value in values:
                add(a_value_is_refused, kind, name, value)
        for name, values in TAKEN_VALUES.items():
            for value in values:
                add(a_value_is_taken, kind, name, value)
        for value in [-1, 3, -2**31, 2**31 - 1, *NO_INTEGERS]:
            if not (isinstance(value, (int, np.integer)) and 0 <= value < len(ROWS)):
                add(a_channel_is_refused, kind, value)
    return cases


GROUPS = {"rows": row_cases(), "taps": taps_cases(), "values": value_cases()}


def test_no_argument_is_forgotten():
    signature = h.make("fff", [GOOD]).__init__.__doc__.splitlines()[0]
    arguments = set(re.findall(r"(\w+): ", signature))
    assert arguments == {"self", "taps", *REFUSED_VALUES} == {"self", "taps", *TAKEN_VALUES}


@pytest.mark.parametrize("group", GROUPS)
def test_no_argument_ends_the_process_or_is_misread(group):
    survival.expect(__file__, GROUPS, group)


if __name__ == "__main__":
    survival.run(GROUPS)
