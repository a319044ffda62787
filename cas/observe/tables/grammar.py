"""What a cell of text means: null, number, boolean, timestamp or text. It is decided here, by its bytes.

`kinds.py` reads a thousand cells at a time where that gives the same, and asks here where it may not.
No cell matches two of the grammars, so the first value of a column says what all of them have to be.
"""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache
from typing import Final, TypeAlias

from .digests import Kind

NULLS: Final = (
    "",
    "#N/A",
    "#N/A N/A",
    "#NA",
    "-1.#IND",
    "-1.#QNAN",
    "-NaN",
    "-nan",
    "1.#IND",
    "1.#QNAN",
    "<NA>",
    "N/A",
    "NA",
    "NULL",
    "NaN",
    "None",
    "n/a",
    "nan",
    "null",
)
"""Cells that are null, quoted or not; exactly these (the list that pandas.read_csv has)."""

BOOLEANS: Final = {
    b"True": True,
    b"TRUE": True,
    b"true": True,
    b"False": False,
    b"FALSE": False,
    b"false": False,
}
BLANKS: Final = b" \t"
"""What is trimmed at both ends of a number."""
SMALLEST_INTEGER: Final = -(1 << 63)
LARGEST_INTEGER: Final = (1 << 64) - 1

_NUMBER: Final = re.compile(rb"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")
_INFINITY: Final = re.compile(rb"[+-]?inf(inity)?", re.IGNORECASE)
TIMESTAMP: Final = re.compile(
    rb"(?P<year>[0-9]{4})-(?P<month>[0-9]{2})-(?P<day>[0-9]{2})"
    rb"(?:[T ](?P<hour>[0-9]{2}):(?P<minute>[0-9]{2})"
    rb"(?::(?P<second>[0-9]{2})(?:\.(?P<fraction>[0-9]{1,9}))?)?"
    rb"(?P<zone>Z|(?P<sign>[+-])(?P<zone_hour>[0-9]{2})(?::?(?P<zone_minute>[0-9]{2}))?)?)?"
)
_SHORT: Final = 64
_EPOCH_DAY: Final = date(1970, 1, 1).toordinal()

Number: TypeAlias = int | float
Timestamp: TypeAlias = tuple[int, int]
"""Whole microseconds since 1970-01-01T00:00:00, and the nanoseconds beyond them (0 to 999)."""
Value: TypeAlias = Number | Timestamp | None


def number(cell: bytes) -> Number | None:
    """The number that a cell is: an int if it has no point and no exponent, else the nearest binary64.

    None for what is no number, an integer outside of -2^63 … 2^64-1, and a finite literal that overflows.
    """
    cell = cell.strip(BLANKS)
    if _NUMBER.fullmatch(cell):
        digits = cell.lstrip(b"+-")
        if not digits.isdigit():
            real = float(cell)
            return real if abs(real) != float("inf") else None
        digits = digits.lstrip(b"0") or b"0"
        if len(digits) > len(str(LARGEST_INTEGER)):
            return None
        value = -int(digits) if cell.startswith(b"-") else int(digits)
        return value if SMALLEST_INTEGER <= value <= LARGEST_INTEGER else None
    return float(cell) if _INFINITY.fullmatch(cell) else None


def timestamp(cell: bytes) -> tuple[Kind, Timestamp] | None:
    """The instant that a cell is, and whether it has a zone; None if it is no timestamp."""
    found = TIMESTAMP.fullmatch(cell)
    if found is None:
        return None
    part = {name: int(found[name] or 0) for name in ("hour", "minute", "second", "zone_hour", "zone_minute")}
    if (
        part["hour"] > 23
        or part["zone_hour"] > 23
        or max(part["minute"], part["second"], part["zone_minute"]) > 59
    ):
        return None
    try:
        day = date(int(found["year"]), int(found["month"]), int(found["day"])).toordinal() - _EPOCH_DAY
    except ValueError:
        return None
    west = -1 if found["sign"] == b"-" else 1
    minutes = day * 1440 + part["hour"] * 60 + part["minute"]
    minutes -= west * (part["zone_hour"] * 60 + part["zone_minute"])
    nanoseconds = int((found["fraction"] or b"").ljust(9, b"0"))
    kind = Kind.TIMESTAMP if found["zone"] is None else Kind.ZONED_TIMESTAMP
    return kind, ((minutes * 60 + part["second"]) * 1_000_000 + nanoseconds // 1000, nanoseconds % 1000)


def kind_of(cell: bytes) -> Kind:
    """The one kind whose grammar a cell, which is not null, matches; else text."""
    if number(cell) is not None:
        return Kind.NUMBER
    if cell in BOOLEANS:
        return Kind.BOOLEAN
    found = timestamp(cell)
    return Kind.TEXT if found is None else found[0]


def value_of(cell: bytes, kind: Kind) -> Value:
    """The value of a cell under a kind that has a grammar; None if the cell does not match it."""
    return (_value_of if len(cell) <= _SHORT else _value_of.__wrapped__)(cell, kind)


@lru_cache(maxsize=1 << 13)  # few values come again in every piece of a column, and in every part of a folder
def _value_of(cell: bytes, kind: Kind) -> Value:
    if kind is Kind.NUMBER:
        return number(cell)
    if kind is Kind.BOOLEAN:
        return BOOLEANS.get(cell)
    found = timestamp(cell)
    return found[1] if found is not None and found[0] is kind else None
