# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows of taps as text: what they are is certain, or they are refused with line and column."""

import codecs
import itertools
import re

import numpy as np

from .ambiguity import EITHER_WAY, ambiguous_blank, ambiguous_comma
from .errors import Refused

BLOCK_BYTES = 1 << 20
CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1f\x7f]")  # no text has these
ENCODINGS = {  # UTF-32 first: it begins as UTF-16 does
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}

FOREIGN = re.compile(r"[^-+0-9.,;()eEijIJ \t\n]")  # to any number and to what is between them
TAB_BETWEEN = re.compile(r"(?<=[^ \t\n,;]) *\t[ \t]*(?=[^ \t\n,;])")
CELL_BEHIND = re.compile(r";[ \t]*[^ \t\n;]")

POINT = r"(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?"
COMMA = r"(?:[0-9]+(?:,[0-9]+)?|,[0-9]+)(?:[eE][-+]?[0-9]+)?"
TO_PYTHON = str.maketrans({",": ".", "(": None, ")": None, "i": "j", "I": "j", "J": "j"})


def number(unsigned):
    """A pattern of a number, complex or not, in parentheses or not."""
    plain = rf"[-+]?{unsigned}(?:[ijIJ]|[-+]{unsigned}[ijIJ])?"
    return rf"(?:{plain}|\({plain}\))"


def load_rows(file):
    """The rows in a file of text, each 1-D; of one dtype, and complex where a number is."""
    return Text(file.path, decoded(file)).rows()


def decoded(file):
    """What the file says, without comments."""
    data = bytearray(file.size)
    encoding = "utf-8-sig"
    for at in range(0, len(data), BLOCK_BYTES):
        file.read_into(memoryview(data)[at : at + BLOCK_BYTES], at)
        if at == 0:
            marks = (name for mark, name in ENCODINGS.items() if data.startswith(mark))
            encoding = next(marks, encoding)
        control = encoding == "utf-8-sig" and CONTROL.search(data, at, at + BLOCK_BYTES)
        if control:
            raise Refused(
                f"{file.path}: is no text: byte {control.start()} is 0x{control.group()[0]:02x}"
            )
    # A comment may be in any encoding.
    errors = "surrogateescape" if encoding == "utf-8-sig" else "strict"
    text = data.decode(encoding, errors).replace("\r\n", "\n").replace("\r", "\n")
    return re.sub("#[^\n]*", "", text)


class Text:
    """Numbers in lines; between them `separator`: a semicolon, a comma, or "" for blanks."""

    def __init__(self, path, text):
        self.path = path
        self.text = text
        self.refuse_foreign()
        self.separator = ";" if ";" in text else "," if "," in text else ""
        self.has_decimal_commas = self.separator == ";" and "," in text
        self.between = f" \t\n{self.separator}"
        self.word = re.compile(f"[^{self.between}]+")
        self.refuse_mixtures()
        self.refuse_empty_cells()
        self.refuse_words()

    def refuse(self, at, reason):
        """Because of what stands at that place of the text."""
        line, column = self.text.count("\n", 0, at) + 1, at - self.text.rfind("\n", 0, at)
        raise Refused(f"{self.path}: line {line}, column {column}: {reason}")

    def refuse_foreign(self):
        foreign = FOREIGN.search(self.text)
        if foreign:
            at = foreign.start()
            before = re.search(r"[^ \t\n,;]*\Z", self.text[max(0, at - 100) : at]).group()
            behind = re.compile(r"[^ \t\n,;]*").match(self.text, at).group()
            self.refuse(at - len(before), not_a_number(before + behind))

    def refuse_mixtures(self):
        """Of what separates, and of decimal commas and points."""
        apart = f"(?<=[^{self.between}])[ \t]+(?=[^{self.between}])"
        blanks = self.separator and re.search(apart, self.text)
        if blanks:
            name = {",": "commas", ";": "semicolons"}[self.separator]
            self.refuse(
                blanks.start(),
                f"a blank separates, and {name} do elsewhere; it must be one of them, and "
                "decimals need a point",
            )
        if self.has_decimal_commas:
            point = self.text.find(".")
            if point >= 0:
                self.refuse(point, "a point, but there are decimal commas")
            if not CELL_BEHIND.search(self.text):
                self.refuse(self.text.index(","), EITHER_WAY)

    def refuse_empty_cells(self):
        """But for those at the ends of rows. Tabs may be a spreadsheet's, too."""
        mark = self.separator or ("\t" if TAB_BETWEEN.search(self.text) else "")
        if not mark:
            return
        at = 0
        for line in self.text.split("\n"):
            if mark in line and not line.strip(self.between):
                self.refuse(at, "a row of empty cells; it must have one tap at least")
            at += len(line) + 1
        # Lines and columns stay what they are.
        self.text = "\n".join(line.rstrip(self.between) for line in self.text.split("\n"))
        blank = " " if mark == "\t" else " \t"
        cell = re.search(rf"(?:^|{mark})[{blank}]*{mark}", self.text, re.MULTILINE)
        if cell:
            self.refuse(cell.end() - 1, "a cell is empty; write 0 for a tap of 0")

    def refuse_words(self):
        """That are not a number, or perhaps not the one they seem to be."""
        cell = number(COMMA if self.has_decimal_commas else POINT)
        end = f"(?![^{self.between}])"
        wrong = re.search(f"(?<![^{self.between}])(?!{cell}{end})[^{self.between}]+", self.text)
        if wrong:
            self.refuse(wrong.start(), not_a_number(wrong.group()))
        find = {"": ambiguous_blank, ",": ambiguous_comma, ";": lambda text: None}[self.separator]
        at, reason = find(self.text) or (0, "")
        if reason:
            self.refuse(at, reason)

    def rows(self):
        """Each 1-D."""
        text = self.text.replace(self.separator, " ") if self.separator else self.text
        lengths = [n for n in (len(line.split()) for line in text.split("\n")) if n]
        values = self.numbers(text)
        finite = np.isfinite(values)
        if not finite.all():
            index = int(np.flatnonzero(~finite)[0])
            word = next(itertools.islice(self.word.finditer(self.text), index, None))
            self.refuse(word.start(), f"{shortened(word.group())} is too large")
        ends = list(itertools.accumulate(lengths))
        return [values[end - n : end] for n, end in zip(lengths, ends)]

    def numbers(self, text):
        """All of them, from words apart by blanks."""
        if any(unit in text for unit in "ijIJ("):
            words = text.translate(TO_PYTHON).split()
            return np.fromiter(map(complex, words), np.complex128, len(words))
        return np.fromstring(text.replace(",", "."), sep=" ")


def not_a_number(word):
    """The sentence for something that stands in the place of a number."""
    hint = "; decimals need a point" if "," in word else ""
    return f"{shortened(word)} is not a number{hint}"


def shortened(word):
    return repr(word if len(word) <= 20 else word[:17] + "...")
