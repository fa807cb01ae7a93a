# SPDX-License-Identifier: GPL-3.0-or-later
"""The package works with the newest NumPy, as in a virtual environment, whatever built its binding."""

import os

import child

# Every dtype and layout, in and out, beside NumPy's own convolution of rows in double precision.
CHILD = """
import itertools, sys
import numpy as np, oaconv
import layouts

assert int(np.__version__.split(".")[0]) >= 2, np.__version__
rng = np.random.default_rng(2)
n_calls = 0

def check(c, a, b, mode="full"):
    global n_calls
    wide = np.result_type(a, b, np.float64)
    lead = np.broadcast_shapes(a.shape[:-1], b.shape[:-1])
    pairs = [np.broadcast_to(x, lead + x.shape[-1:]).reshape(-1, x.shape[-1]) for x in (a, b)]
    rows = [np.convolve(x.astype(wide), h.astype(wide), mode) for x, h in zip(*pairs)]
    wanted = np.array(rows).reshape(*lead, -1)
    assert c.shape == wanted.shape, (c.shape, wanted.shape)
    limit = 100 * np.finfo(c.dtype).eps * (1 + np.abs(wanted).max(initial=0))
    assert np.abs(c - wanted).max(initial=0) <= limit, (a.dtype, b.dtype, mode)
    n_calls += 1

dtypes = "? i1 u2 i4 u8 f2 f4 f8 c8 c16".split()
for t, u in itertools.product(dtypes, dtypes):
    a, b = (9 * rng.standard_normal(shape) for shape in [(3, 50), (3, 7)])
    a, b = abs(a).astype(t), abs(b).astype(u)
    for mode in ("full", "same", "valid"):
        check(oaconv.convolve(a, b, mode), a, b, mode)
for layout, t in itertools.product(layouts.INPUTS, ["f2", "f4", "f8", "c8", "c16"]):
    for shapes in [((3, 50), (3, 7)), ((2, 3, 50), (2, 1, 7)), ((50,), (7,)), ((3, 50), (7,))]:
        a, b = (layouts.INPUTS[layout](rng.standard_normal(shape).astype(t)) for shape in shapes)
        check(oaconv.convolve(a, b), a, b)
        check(oaconv.correlate(a, b), a, b[..., ::-1], "valid")
for layout, t in itertools.product(layouts.ROOMS, ["f4", "f8", "c8", "c16"]):
    a, b = (rng.standard_normal(shape).astype(t) for shape in [(3, 50), (3, 7)])
    _, out = layouts.room(layout, (3, 56), t)
    check(oaconv.convolve(a, b, out=out), a, b)
a, b = rng.standard_normal((4, 5000)).astype("f4"), rng.standard_normal((4, 30)).astype("f4")
np.save("a.npy", a)
out = np.lib.format.open_memmap("c.npy", "w+", np.float32, (4, 5029))
check(oaconv.convolve(np.load("a.npy", mmap_mode="r"), b, out=out, threads=2), a, b)
assert oaconv.convolve(np.zeros((3, 0)), b[:1]).shape == (3, 0)
assert oaconv.convolve(np.zeros((0, 5)), b[:1]).shape == (0, 34)
for bad in (np.ma.zeros((4, 30)), np.full((4, 30), None)):
    try:
        oaconv.convolve(a, bad)
        raise AssertionError("taken")
    except TypeError as error:
        assert str(error).startswith("b "), error
knotted = dict(shape=(20,) * 5, strides=[8 * n for n in (1003, 997, 991, 983, 977)])
memory = np.zeros(100000)
knots = [np.lib.stride_tricks.as_strided(memory[i:], **knotted) for i in (0, 1)]
try:  # it is too hard to say whether they share memory
    oaconv.convolve(knots[0], [1.0], out=knots[1])
    raise AssertionError("taken")
except ValueError as error:
    assert str(error).startswith("out "), error
print(n_calls)
"""


def test_every_dtype_and_layout(numpy_2, tmp_path, monkeypatch):
    numpy_2(os.path.dirname(__file__))
    monkeypatch.chdir(tmp_path)
    assert int(child.output(CHILD)) == 300 + 12 * 5 * 8 + 8 * 4 + 1
