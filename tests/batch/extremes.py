# SPDX-License-Identifier: GPL-3.0-or-later
"""Each argument of every public function at its extremes, one call after another.

Run by test_extremes.py as a process of its own. A line tells which call begins, and one how it
ended: right, wrong and why, or what was raised."""

import array
import resource
import tempfile

import expected
import numpy as np
import oaconv

SHAPES = {"a": (3, 20), "b": (3, 4)}
ADDRESS_SPACE = 8 << 30  # bytes: more than any call may want that does not end in a MemoryError


class NoRepr:
    def __repr__(self):
        raise RuntimeError("no repr")


def endless_list():
    x = [1.0]
    x.append(x)
    return x


def deep_list(depth):
    x = [1.0]
    for _ in range(depth):
        x = [x]
    return x


def memory_map(x):
    m = np.memmap(tempfile.TemporaryFile(), x.dtype, "w+", shape=x.shape)
    m[:] = x
    return m


# Of every type; none of them is an array.
SCALARS = {
    "None": None,
    "0": 0,
    "1": 1,
    "-1": -1,
    "2**31": 2**31,
    "2**63": 2**63,
    "2**64": 2**64,
    "-2**63 - 1": -(2**63) - 1,
    "10**400": 10**400,
    "10**5000": 10**5000,
    "-10**5000": -(10**5000),
    "1.0": 1.0,
    "NaN": float("nan"),
    "inf": float("inf"),
    "1j": 1j,
    "True": True,
    "False": False,
    "np.True_": np.True_,
    "np.int64(1)": np.int64(1),
    "np.uint8(1)": np.uint8(1),
    "np.float32(1)": np.float32(1),
    "np.datetime64": np.datetime64(1, "s"),
    "np.array(1)": np.array(1),
    "np.array([1])": np.array([1]),
    "masked": np.ma.masked,
    "masked 1": np.ma.array(1, mask=True),
    "empty string": "",
    "string": "abacus",
    "long string": "x" * 100_000,
    "NUL": "\0",
    "surrogate": "\ud800",
    "accent": "é",
    "bytes": b"auto",
    "bytes full": b"full",
    "np.array('auto')": np.array("auto"),
    "auto and NUL": "auto\0",
    "full and NUL": "full\0",
    "empty list": [],
    "empty tuple": (),
    "dict": {},
    "set": {1},
    "object": object(),
    "no repr": NoRepr(),
    "type": float,
    "long list": [1] * 100_000,
}

# What becomes an array, or should not.
ARRAYS = {
    "list of empty": [[]],
    "lists of empty": [[], [], []],
    "no rows": np.empty((0, 5)),
    "no samples": np.empty((3, 0)),
    "nothing": np.empty((0, 0)),
    "0 rows of 2**62": np.empty((0, 2**62), np.int8),
    "2**40 empty rows": np.empty((2**40, 0)),
    "2**40 samples": np.broadcast_to(np.int8(1), (2**40,)),
    "2**62 samples": np.broadcast_to(np.int8(1), (2**62,)),
    "32 dimensions": np.ones((1,) * 32),
    "3 dimensions": np.ones((1, 3, 5)),
    "other rows": np.ones((2, 5)),
    "a list 100 deep": deep_list(100),
    "a list that holds itself": endless_list(),
    "rows of different depth": [[1.0, 2.0], 3.0],
    "strings": np.full((3, 5), "1.5"),
    "list of strings": [["1", "2"]] * 3,
    "bytes": np.full((3, 5), b"1"),
    "objects": np.full((3, 5), None),
    "numbers as objects": np.ones((3, 5), object),
    "dates": np.zeros((3, 5), "M8[s]"),
    "records": np.zeros((3, 5), [("re", "f4"), ("im", "f4")]),
    "masked": np.ma.masked_less(np.ones((3, 5)), 2),
    "masked, nothing hidden": np.ma.ones((3, 5)),
    "masked rows in a list": [np.ma.masked_less(np.ones(5), 2)] * 3,
    "masked number in a list": [[1.0, np.ma.masked]] * 3,
    "bool": np.ones((3, 5), bool),
    "largest int64": np.full((3, 5), 2**63 - 1),
    "smallest int64": np.full((3, 5), -(2**63)),
    "largest uint64": np.full((3, 5), 2**64 - 1, np.uint64),
    "integers beyond 64 bits": [[2**64, 1]] * 3,
    "largest float16": np.full((3, 5), np.finfo("f2").max),
    "largest float32": np.full((3, 5), np.finfo("f4").max),
    "largest float64": np.full((3, 5), np.finfo("f8").max),
    "smallest float64": np.full((3, 5), 5e-324),
    "longdouble": np.ones((3, 5), np.longdouble),
    "clongdouble": np.ones((3, 5), np.clongdouble),
    "complex": np.full((3, 5), 1j),
    "NaN": np.array([[1, 2, np.nan, 4]] * 3),
    "inf": np.array([[1, 2, np.inf, 4]] * 3),
    "complex NaN": np.array([[1, 2, complex(0, np.nan), 4]] * 3, np.complex64),
    "byte swapped": np.ones((3, 5), ">f4" if np.little_endian else "<f4"),
    "backwards": np.arange(15.0).reshape(3, 5)[::-1, ::-1],
    "matrix": np.ones((3, 5)).view(np.matrix),
    "memory map": memory_map(np.ones((3, 5), np.float32)),
    "memoryview": memoryview(np.ones((3, 5))),
    "array.array": array.array("f", [1, 2, 3]),
    "bytearray": bytearray(b"abc"),
    "range": range(5),
}

# dask reads or prints all of them, to name what it makes of them.
NOT_FOR_DASK = ("2**40 samples", "2**62 samples", "10**5000")

RAGGED = [[1.0, 2.0, 3.0], [4.0], [5, 6]]  # as taps; shorter rows end in zeros
FILLED_UP = [[1.0, 2.0, 3.0], [4.0, 0, 0], [5, 6, 0]]


def outs(shape):
    """Values for out=, where the result has this shape."""
    good = np.empty(shape)
    repeated = np.lib.stride_tricks.as_strided(good, shape, (0, 8))
    nested = np.lib.stride_tricks.as_strided(good, shape, (8, 8))
    return {
        "right": good,
        "Fortran": np.empty(shape, order="F"),
        "matrix": np.empty(shape).view(np.matrix),
        "one row for all": repeated,
        "rows that overlap": nested,
        "read-only": np.broadcast_to(0.0, shape),
        "transposed": np.empty(shape[::-1]),
        "masked of this shape": np.ma.zeros(shape),
        "float32": np.empty(shape, "f4"),
        "byte swapped": np.empty(shape, ">f8" if np.little_endian else "<f8"),
        "list": [[0.0] * shape[1]] * shape[0],
    }


def wrong(c, a, b, arguments, is_correlate):
    """Why c is not the result, or None. What is not finite, or overflows, may not look finite."""
    mode = arguments.get("mode", "valid" if is_correlate else "full")
    axis = arguments.get("axis", -1)
    a, b = np.asarray(a), np.asarray(b)
    if is_correlate:
        b = np.flip(b, axis if b.ndim > 1 else None)
    if c.dtype != expected.result_dtype(a, b):
        return f"dtype {c.dtype}"
    with np.errstate(all="ignore"):
        sums = expected.convolution(a, b, mode, axis)
        finite = np.where(np.isfinite(a), a, 0)
        limit = expected.bound(finite, b, axis) + np.finfo(c.dtype).tiny
        largest = 1000.0 * np.abs(finite).max(initial=0) * float(np.abs(b).sum(dtype="g"))
    if c.shape != sums.shape:
        return f"shape {c.shape}, not {sums.shape}"
    may_overflow = not largest < np.finfo(c.dtype).max or not np.isfinite(a).all()
    with np.errstate(all="ignore"):
        good = np.abs(c - sums) <= limit
    if may_overflow:
        good |= ~np.isfinite(c)
    return None if good.all() else f"{(~good).sum()} of {c.size} samples"


def end_of(function, arguments, as_numbers):
    """How a call ends, in one line."""
    try:
        c = function(**arguments)
        if hasattr(c, "compute"):
            c = c.compute(scheduler="synchronous")
    except Exception as error:
        return f"{type(error).__name__}: {error}".replace("\n", " ")
    if "out" in arguments and arguments["out"] is not None and c is not arguments["out"]:
        return "wrong: not out"
    why = wrong(np.asarray(c), *as_numbers, arguments, function.__name__ == "correlate")
    return f"wrong: {why}" if why else "right"


def calls(argument, function):
    """Names, values and, where NumPy sees other numbers in them, these."""
    values = dict(SCALARS)
    if argument in ("a", "b", "out"):
        values |= ARRAYS
        values["rows of different length"] = RAGGED
    if argument == "out":
        values |= outs((3, 23) if function.__name__ == "convolve" else (3, 17))
    if argument == "backend":
        values |= {name: name for name, _, _ in oaconv.backends()} | {"cpu": "cpu", "gpu": "gpu"}
        values |= {"np.str_": np.str_("auto")}
    if argument == "mode":
        values |= {mode: mode for mode in ("full", "same", "valid")} | {"np.str_": np.str_("same")}
    if argument == "progress":
        values["type"] = complex  # that may be called with two numbers
        values["function"] = lambda done, total: None
    return values


def run(name, arguments):
    """name: of the function, below oaconv; arguments: those to be tried"""
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    function = oaconv
    for part in name.split("."):
        function = getattr(function, part)
    rng = np.random.default_rng(3)
    usual = {key: rng.standard_normal(shape) for key, shape in SHAPES.items()}
    for argument in arguments:
        for label, value in calls(argument, function).items():
            if name.startswith("dask") and label in NOT_FOR_DASK:
                continue
            print(f"{argument} = {label}: ", end="", flush=True)
            given = {**usual, argument: value}
            as_numbers = [FILLED_UP if given[key] is RAGGED else given[key] for key in "ab"]
            print(end_of(function, given, as_numbers), flush=True)
