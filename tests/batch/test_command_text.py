# SPDX-License-Identifier: GPL-3.0-or-later
"""Taps from text are understood for certain, or refused with line and column."""

import re
import time

import command_helpers as h
import numpy as np
import pytest
from oaconv.command.errors import Refused
from oaconv.command.taps import load_taps


@pytest.fixture
def load(tmp_path):
    """The rows of taps in a file of that text, or None and the message it is refused with."""

    def load(text, encoding="utf-8"):
        path = tmp_path / "b.txt"
        path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
        try:
            return load_taps(str(path), 1 << 30).matrix, ""
        except Refused as refused:
            return None, str(refused).replace(f"{tmp_path}/", "")

    return load


UNDERSTOOD = {
    "blanks": ("1 2.5 -3\n", [[1, 2.5, -3]]),
    "many blanks": ("  .5   5. \n -1e-3    +2E+2\n", [[0.5, 5], [-1e-3, 200]]),
    "tabs": ("1\t2\n3\t4\t\n", [[1, 2], [3, 4]]),
    "indented by tabs": ("\t1, 2,\n\t3, 4\n", [[1, 2], [3, 4]]),
    "commas": ("1,2,3\n4,5,6\n", [[1, 2, 3], [4, 5, 6]]),
    "commas and points": ("0.5,1\n0.25,2\n", [[0.5, 1], [0.25, 2]]),
    "commas and blanks": ("1, 2\n3 , 4\n5\t,6\n", [[1, 2], [3, 4], [5, 6]]),
    "a comma before a sign": ("1,-2\n", [[1, -2]]),
    "a comma behind an exponent": ("1e3,2\n", [[1000, 2]]),
    "integers of three digits": ("128,256,128\n", [[128, 256, 128]]),
    "semicolons": ("0.5;1\n0.25;2;\n", [[0.5, 1], [0.25, 2]]),
    "decimal commas": ("0,5;-0,25 ; 1\n2;1,5e-3\n", [[0.5, -0.25, 1], [2, 1.5e-3, 0]]),
    "complex decimal commas": ("1,5+2,5j;3\n", [[1.5 + 2.5j, 3]]),
    "integers padded with zeros": ("001 002\n100 050\n", [[1, 2], [100, 50]]),
    "blanks and tabs": ("128 256\t64 1.5\n100\t200\n", [[128, 256, 64, 1.5], [100, 200, 0, 0]]),
    "columns of one width": ("128 256  64\n100 200 300\n", [[128, 256, 64], [100, 200, 300]]),
    "hundreds beside tabs": ("\t100 200\t\n\t300 400\n", [[100, 200], [300, 400]]),
    "points before hundreds": ("0.25,100.5\n-12.5,999.25\n", [[0.25, 100.5], [-12.5, 999.25]]),
    "integers before hundreds": ("1,100.5,2\n", [[1, 100.5, 2]]),
    "zeros between blanks": ("1 0 100 0\n5 0.25\n", [[1, 0, 100, 0], [5, 0.25, 0, 0]]),
    "longer words beside groups": ("1000 000.5 1 000\n", [[1000, 0.5, 1, 0]]),
    "complex": ("1+2j (1-2j)\n3i -1.5e-1j\n", [[1 + 2j, 1 - 2j], [3j, -0.15j]]),
    "parentheses": ("(1.5) 2\n", [[1.5, 2]]),
    "a column": ("1\n2\n\n3\n", [[1, 2, 3]]),
    "a column with commas": ("1,\n2,\n3\n", [[1, 2, 3]]),
    "a column of a wide sheet": ("1,,\n2,,\n3,,\n", [[1, 2, 3]]),
    "a column and more": ("1\n2 3\n", [[1, 0], [2, 3]]),
    "shorter rows": ("1 2 3\n4 5\n6\n", [[1, 2, 3], [4, 5, 0], [6, 0, 0]]),
    "shorter rows by commas": ("1,2,3\n4,5\n", [[1, 2, 3], [4, 5, 0]]),
    "filled up by a spreadsheet": ("1,2,3\n4,5,\n6,,\n", [[1, 2, 3], [4, 5, 0], [6, 0, 0]]),
    "filled up to the widest of others": ("1;2;;;\n3;;;;\n", [[1, 2], [3, 0]]),
    "comments": ("# low-pass; a, b\n1 2 # c\n#\n", [[1, 2]]),
    "a comment in another encoding": (b"# Tiefpa\xdf\n1 2\n", [[1, 2]]),
    "lines of Windows": ("1;2\r\n3;4\r\n", [[1, 2], [3, 4]]),
    "lines of old": ("1 2\r3 4\r", [[1, 2], [3, 4]]),
    "no end": ("1 2\n3 4", [[1, 2], [3, 4]]),
}


@pytest.mark.parametrize("text, rows", UNDERSTOOD.values(), ids=UNDERSTOOD)
def test_understood(load, text, rows):
    matrix, refused = load(text)
    assert not refused
    assert matrix.shape == np.shape(rows) and np.iscomplexobj(matrix) == np.iscomplexobj(rows)
    np.testing.assert_array_equal(matrix, rows)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_encodings_that_say_which_they_are(load, encoding):
    matrix, refused = load("# Größe\r\n0,5;0,25\r\n1;2\r\n", encoding)
    assert not refused
    np.testing.assert_array_equal(matrix, [[0.5, 0.25], [1, 2]])


NO_NUMBERS = (
    "nan NaN inf -inf Infinity 0x1F 1_000 1D-3 1d3 1e e5 . - + -- +-1 1..2 1.2.3 1e5.5 j -j 1+j "
    "1j2 1+2 1+2j3 (1+2j 1) () (1)(2) 5% $1 1'000 0.5f 1/3 \u22120.5 \u0661 \uff11 \u00bd 1\u00a02 "
    '[1 1] {1} "0.5" tap0 % // \ufeff1 \udce9'
).split(" ")


@pytest.mark.parametrize("word", NO_NUMBERS, ids=ascii)
@pytest.mark.parametrize("separator", [" ", "\t", ", ", ",", ";"])
def test_words_that_are_no_numbers(load, word, separator):
    """Refused where they stand, and the word is shown."""
    line = separator.join(["-1.5", word, "2.25"])
    column = len("-1.5" + separator) + 1
    text = f"# comment\n1.5{separator}-2{separator}3\n{line}\n"
    matrix, refused = load(text.encode("utf-8", "surrogateescape"))
    assert matrix is None
    assert refused.startswith(f"b.txt: line 3, column {column}: {word!r} is not a number"), refused


REFUSED = {
    "decimal commas and blanks": ("1\n0,5   0,25\n", 2, 4, "a blank separates, and commas do"),
    "decimal commas and tabs": ("0,5\t0,25\n", 1, 4, "a blank separates"),
    "decimal commas in a column": ("0,5\n0,25\n", 1, 2, "may separate numbers or be part"),
    "and an integer": ("0,5\n1\n-0,25\n", 3, 3, "may separate numbers or be part"),
    "and exponents": ("1,5e-3\n2,5e-3\n", 1, 2, "may separate numbers or be part"),
    "and complex": ("1,5j\n1,5-2j\n", 1, 2, "may separate numbers or be part"),
    "and commas between": ("0,5, 0,25\n", 1, 2, "may separate numbers or be part"),
    "and commas without blanks": ("0,5,-0,25\n0,125,1\n", 1, 7, "may separate numbers or be part"),
    "and as many digits": ("1,500,0,250\n", 1, 2, "may separate numbers or be part"),
    "zeros behind a comma": ("1,05,3\n", 1, 2, "may separate numbers or be part"),
    "decimal commas and points": ("0,5;1\n0.25;2\n", 2, 2, "a point, but there are decimal commas"),
    "semicolons at ends only": ("0,5;\n0,25;\n", 1, 2, "may separate numbers or be part"),
    "thousands": ("1,000.5\n", 1, 2, "may separate numbers or be part"),
    "thousands in a column": ("1,250.5\n2,300\n7\n", 1, 2, "may separate numbers or be part"),
    "millions": ("1,000,000\n", 1, 2, "may separate numbers or be part"),
    "thousands by points": ("1.000,5\n2.250,25\n", 1, 6, "may separate numbers or be part"),
    "thousands by blanks": ("1 000\n2 000.5\n", 1, 3, "a blank may group digits"),
    "thousands by blanks, and tabs": ("1 000\t2 000\n", 1, 3, "a blank may group digits"),
    "thousands by blanks, and blanks": ("7  -12 000.5  0.25\n", 1, 8, "a blank may group digits"),
    "groups between tabs": ("7\t1 234.5\n -12 345\t3\n", 1, 5, "a blank may group digits"),
    "thousands between commas": ("8,738.6,3,920.4\n0.5\n", 1, 2, "may separate numbers or be"),
    "thousands by blanks here and there": ("1 000\n7\n", 1, 3, "a blank may group digits"),
    "thousands, and blanks": ("1,000.5 2,000\n", 1, 8, "a blank separates"),
    "semicolons and blanks": ("1 2;3 4\n", 1, 2, "a blank separates, and semicolons do"),
    "a list of MATLAB": ("1, 2; 3, 4\n", 1, 3, "a blank separates, and semicolons do"),
    "two separators": ("1 2 3\n4,5,6\n", 1, 2, "a blank separates, and commas do"),
    "commas in cells": ("1,2,3;4\n", 1, 1, "'1,2,3' is not a number; decimals need a point"),
    "pairs": ("0.5,0.25 0.1,0.2\n", 1, 9, "a blank separates"),
    "pairs in parentheses": ("(1,2) (3,4)\n", 1, 6, "a blank separates"),
    "an empty cell": ("1,2,3\n1,,3\n", 2, 3, "a cell is empty; write 0"),
    "an empty cell behind those at ends": ("1,2,,,,\n1,2\n1,,3\n", 3, 3, "a cell is empty"),
    "too large behind those at ends": ("1;2;;\n3;1e999;;\n", 2, 3, "is too large"),
    "an empty cell of blanks": ("1;2\n1; ;3\n", 2, 4, "a cell is empty"),
    "an empty cell first": ("1,2,3\n ,2\n", 2, 2, "a cell is empty"),
    "an empty cell between tabs": ("1\t2\n1\t\t3\n", 2, 3, "a cell is empty"),
    "an empty cell before a tab": ("1\t2\n\t3\n", 2, 1, "a cell is empty"),
    "a row of empty cells": ("1,2\n,,\n3,4,5\n", 2, 1, "a row of empty cells"),
    "a last row of empty cells": ("1;2\n;\n", 2, 1, "a row of empty cells"),
    "a row of tabs": ("1\t2\n\t\n3\t4\n", 2, 1, "a row of empty cells"),
    "complex with blanks": ("1 + 2j\n", 1, 3, "'+' is not a number"),
    "complex with a blank": ("1 +2j\n", 1, 1, "may be one number or two"),
    "complex the other way round": ("0 1\n1j -2\n", 2, 1, "may be one number or two"),
    "too large": ("1 2\n3 -1e999\n", 2, 3, "'-1e999' is too large"),
    "too large and complex": ("1\n(2+1e999j)\n", 2, 1, "is too large"),
    "a header": ("tap0,tap1\n1,2\n", 1, 1, "'tap0' is not a number"),
    "a header with blanks": ("First Tap;Second Tap\n", 1, 1, "'First' is not a number"),
    "a long word": ("1 " + "x" * 1000, 1, 3, "'xxxxxxxxxxxxxxxxx...' is not a number"),
    "behind old lines": ("1 2\r3 x\r", 2, 3, "'x' is not a number"),
}


@pytest.mark.parametrize("text, line, column, reason", REFUSED.values(), ids=REFUSED)
def test_refused(load, text, line, column, reason):
    matrix, refused = load(text)
    assert matrix is None
    assert refused.startswith(f"b.txt: line {line}, column {column}: "), refused
    assert reason in refused and "\n" not in refused, refused


@pytest.mark.parametrize("text", ["", "\n \n", "# 1 2\n", b"\xef\xbb\xbf", b"\xff\xfe"], ids=ascii)
def test_no_taps(load, text):
    assert load(text) == (None, "b.txt: cannot be read as taps: there are none")


def test_no_text(load):
    assert load(b"1 2\n3 \x004") == (None, "b.txt: is no text: byte 6 is 0x00")
    assert "is no text" in load("1 2\n", "utf-16-le")[1]
    assert "utf-16" in load("1 2\n".encode("utf-16") + b"\x00")[1]


SEPARATORS = [" ", "   ", "\t", ",", ", ", " ,", ";", "; "]
FORMATS = ["%g", "%.3f", "%+.2e", "%d", "%.18e"]


def written(rng, form, mark):
    """A few rows of a few words, numbers in that notation."""
    scale = 30 if form == "%d" else 1
    rows = [rng.uniform(-scale, scale, n) for n in rng.integers(1, 5, rng.integers(1, 4))]
    return [[(form % x).replace(".", mark) for x in row] for row in rows]


@pytest.mark.parametrize("separator", SEPARATORS)
@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("mark", [".", ","])
def test_no_notation_is_misunderstood(load, rng, separator, form, mark):
    """Rows of any lengths, as people and programs write them: their numbers, or refused."""
    for _ in range(20):
        rows = written(rng, form, mark)
        text = "\n".join(map(separator.join, rows))
        matrix, refused = load(text)
        if refused:
            assert separator == "," or mark == "," and ";" not in text, (text, refused)
            continue
        if all(len(row) == 1 for row in rows):
            rows = [sum(rows, [])]
        assert matrix.shape == (len(rows), max(map(len, rows)))
        for taps, words in zip(matrix, rows):
            numbers = [float(word.replace(mark, ".")) for word in words]
            np.testing.assert_array_equal(taps, numbers + [0] * (len(taps) - len(numbers)))


def test_whatever_the_characters(load, rng):
    """Taps that are finite, or a line that names the place."""
    letters = list("0123456789+-.,;eEijn() \t\r\n#_x") + ["\u2212"]
    place = re.compile(r"b.txt: (line \d+, column \d+: .|cannot be read as taps: there are none)")
    for n in rng.integers(1, 12, 400):
        text = "".join(rng.choice(letters, n))
        matrix, refused = load(text)
        if matrix is None:
            assert place.match(refused) and "\n" not in refused, (text, refused)
        else:
            assert matrix.ndim == 2 and matrix.size and np.isfinite(matrix).all(), text


@pytest.mark.parametrize("separator", [" ", "\n", ",", ";"])
def test_many_taps_take_seconds(load, rng, separator):
    """A million takes about two; not a step is of second order."""
    taps = rng.standard_normal(100_000)
    began = time.process_time()
    matrix, refused = load(separator.join(map(repr, taps.tolist())))
    assert not refused
    np.testing.assert_array_equal(matrix, taps[np.newaxis])
    assert time.process_time() - began < 10


RUNS = ["\t", " ", ",", ";", " ,", "; ", "\n", "1", "1,", "1 ", "0,5;", "-", "."]


@pytest.mark.parametrize("run", RUNS, ids=ascii)
def test_runs_of_anything_take_no_longer(load, run):
    began = time.process_time()
    for end in "", "1", "x", "\n1", " 1", ",1", ";1", "\t1", ",,", "e5", "1e", "j", "\n,":
        load("1 2\n" + run * 20_000 + end)
        load(run * 20_000 + end)
    assert time.process_time() - began < 10


def test_shorter_rows_are_shorter_filters(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = [[1, -2.5, 3], [4, 5], [6]]
    a = h.random(h.seeded("shorter rows"), (3, 500), "f4")
    np.save("a.npy", a)
    (tmp_path / "b.csv").write_text("1;-2,5;3\n4;5;\n6;;\n")
    assert h.run("a.npy", "b.csv", "-o", "c.npy", "--check") == 0
    c = np.load("c.npy")
    assert c.dtype == np.float32 and c.shape == (3, 502)
    for m, row in enumerate(rows):
        h.assert_close(c[m, : 500 + len(row) - 1], a[m], np.array(row, float))
        np.testing.assert_allclose(c[m, 500 + len(row) - 1 :], 0, atol=1e-5)
