# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a text of numbers can be read in another way, too.

Everything in it is a number between separators, a point its decimal mark. That is how to read it
unless all of it could be numbers in another notation.
"""

import re

EITHER_WAY = (
    "this comma may separate numbers or be part of one; write a blank after commas that separate, "
    "and a point for decimals"
)

UNSIGNED = r"[0-9]+(?:,[0-9]+)?(?:[eE][-+]?[0-9]+)?"
DECIMAL_COMMA = re.compile(rf"[-+]?{UNSIGNED}(?:[ijIJ]|[-+]{UNSIGNED}[ijIJ])?")  # 0,5
GROUPED = re.compile(r"[-+]?(?:[1-9][0-9]{0,2}(?:,[0-9]{3})+|[0-9]{1,3})(?:\.[0-9]*)?")  # 1,000.5
WITH_GROUPS = re.compile(r"(?<![0-9.])[1-9][0-9]{0,2},[0-9]{3}\.")
ROW_WITH_GROUPS = re.compile(  # 1,000.5,2,000.5
    "{0}(?:,{0})*".format(r"[-+]?(?:0|[1-9][0-9]{0,2}(?:,[0-9]{3})*)\.[0-9]+")
)
GROUPED_BY_POINTS = re.compile(  # 1.000,5
    r"[-+]?(?:[1-9][0-9]{0,2}(?:\.[0-9]{3})+|[0-9]{1,3})(?:,[0-9]+)?"
)
GROUP = re.compile(r"[-+]?[0-9]{1,3}(?:\.[0-9]*)?")  # all that blanks leave of 1 000.5
BETWEEN_GROUPS = re.compile(r"(?<![^ \t\n+-])[1-9][0-9]{0,2}( )0[0-9]{2}(?![0-9])")
CELL_OF_GROUPS = re.compile(r"[-+]?[1-9][0-9]{0,2}(?: [0-9]{3})+(?:\.[0-9]*)?")  # 1 234.5
BETWEEN_DIGITS = re.compile(r"(?<=[0-9])( )(?=[0-9])")
PADDED_FIRST = re.compile(r"(?:^[ \t]*|\t|  )[-+]?0[0-9]", re.MULTILINE)  # 001 is in no groups
WHOLE = re.compile("[-+]?[0-9]+")
FRACTION = re.compile("[0-9]+(?:[eE][-+]?[0-9]+)?")
ZERO = re.compile("[-+]?0")

PADDED = re.compile(r",(?=0[0-9])")  # 1,050
SIGNED_ZERO = re.compile(r"(?<![0-9eE])[-+]0,(?=[0-9])")  # -0,5
INSIDE = re.compile(r"(?<=[^ \t\n,]),(?=[^ \t\n,])")
BESIDE_BLANK = re.compile(r",[ \t]+|[ \t]+,")  # commas that separate, whatever else commas do

REAL = r"[-+]?[0-9.]+(?:[eE][-+]?[0-9]+)?"
SIGNED = REAL.replace("?", "", 1)
TORN = re.compile(  # 1 +2j and 2j -1
    rf"(?<![^ \t\n]){REAL}(?: +{SIGNED}[ijIJ]|[ijIJ] +{SIGNED})(?![^ \t\n])"
)


def ambiguous_comma(text):
    """The place of a comma that may be part of a number, and the reason; or None."""
    has_point = "." in text
    part = PADDED.search(text) or not has_point and SIGNED_ZERO.search(text)
    if part:
        return part.end() - 1, EITHER_WAY
    inside = INSIDE.search(text)
    if inside is None:
        return None
    if has_point:
        may_be = all_match(GROUPED, text) or all_match(GROUPED_BY_POINTS, text)
        in_rows = WITH_GROUPS.search(text)
        may_be = may_be or in_rows and all(map(ROW_WITH_GROUPS.fullmatch, lines(text)))
    else:
        may_be = all_match(DECIMAL_COMMA, text) or all(map(alternates, lines(text)))
    return (inside.start(), EITHER_WAY) if may_be else None


def ambiguous_blank(text):
    """The place of a blank that may be inside a number, and the reason; or None."""
    torn = any(unit in text for unit in "ijIJ") and TORN.search(text)
    if torn:
        return torn.start(), (
            f"{torn.group()!r} may be one number or two; write complex numbers without blanks, "
            "and commas between numbers"
        )
    group = BETWEEN_GROUPS.search(text)
    if group and (PADDED_FIRST.search(text) or not all(map(GROUP.fullmatch, text.split()))):
        group = None
    if group is None and groups_between_tabs(text):
        group = BETWEEN_DIGITS.search(text)
    if group is None:
        return None
    return group.end(1), "a blank may group digits here; write numbers without blanks"


def groups_between_tabs(text):
    """Whether tabs separate cells, and blanks inside of them could all group digits."""
    rows = [line.split("\t") for line in lines(text)]
    if all(len(row) == 1 for row in rows):
        return False
    cells = [cell.strip(" ") for row in rows for cell in row]
    grouped = [cell for cell in cells if " " in cell]
    return bool(grouped) and all(map(CELL_OF_GROUPS.fullmatch, grouped))


def lines(text):
    """Those that hold something, without what is at their ends."""
    return filter(None, (line.strip(" \t,") for line in text.split("\n")))


def all_match(notation, text):
    """Whether everything between commas beside blanks is a number in that notation."""
    pieces = (piece for line in lines(text) for piece in BESIDE_BLANK.split(line))
    return all(map(notation.fullmatch, pieces))


def alternates(line):
    """Whether it looks like 0,5,0,25: commas between numbers and inside them."""
    cells = line.split(",")
    whole, fractions = cells[::2], cells[1::2]
    if len(whole) > len(fractions):
        return False
    if not (all(map(WHOLE.fullmatch, whole)) and all(map(FRACTION.fullmatch, fractions))):
        return False
    widths = set(map(len, fractions))
    return (
        all(map(ZERO.fullmatch, whole))
        or all("e" in cell.lower() for cell in fractions)
        or len(widths) == 1 and 3 <= max(widths) > max(map(len, whole))
    )
