"""Timestamps, a thousand cells at a time: cells of one length and one layout are a matrix of characters."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final

from . import grammar
from .cells import TextCells
from .digests import Kind
from .values import Instants

if TYPE_CHECKING:
    import re

    import numpy as np
    from numpy.typing import NDArray

_ZERO: Final = ord("0")
_T: Final = len("YYYY-MM-DD")
_ALTERNATIVES: Final = {b"T": ord(" "), b" ": ord("T"), b"+": ord("-"), b"-": ord("+")}
"""What else may stand where a date ends, and before a zone."""
_MONTHS: Final = 12
_FIRST_YEAR, _LAST_YEAR = 1, 9999


def instants(cells: TextCells, kind: Kind) -> Instants | None:
    """The instants of all cells that are not null; None if one is none of this kind (naive or zoned)."""
    import numpy as np

    micros = np.zeros(cells.rows, np.int64)
    nanos = np.zeros(cells.rows, np.uint16)
    for length in np.unique(cells.lengths if cells.valid is None else cells.lengths[cells.valid]).tolist():
        if length < len("0001-01-01"):
            return None
        chosen = cells.lengths == length
        if cells.valid is not None:
            chosen &= cells.valid
        numbers = np.flatnonzero(chosen)
        found = grammar.TIMESTAMP.fullmatch(cells.cell(int(numbers[0])))
        if found is None:
            return None
        if len(numbers) == cells.rows:
            matrix = cells.data.reshape(cells.rows, length)
        else:
            matrix = cells.data[cells.offsets[numbers][:, None] + np.arange(length)]
        parsed = _matrix(matrix, found) if (found["zone"] is None) == (kind is Kind.TIMESTAMP) else None
        if parsed is None:
            parsed = _one_by_one(cells, numbers, kind)
        if parsed is None:
            return None
        micros[numbers], nanos[numbers] = parsed
    return Instants(kind, cells, micros, nanos if nanos.any() else None)


def _one_by_one(
    cells: TextCells, numbers: NDArray[np.int64], kind: Kind
) -> tuple[NDArray[np.int64], NDArray[np.uint16]] | None:
    """The slow way, for cells of one length that are not all written alike."""
    import numpy as np

    found: list[grammar.Timestamp] = []
    for number in numbers.tolist():
        value = grammar.timestamp(cells.cell(number))
        if value is None or value[0] is not kind:
            return None
        found.append(value[1])
    return np.array([micro for micro, _ in found], np.int64), np.array([nano for _, nano in found], np.uint16)


def _matrix(
    matrix: NDArray[np.uint8], layout: re.Match[bytes]
) -> tuple[NDArray[np.int64], NDArray[np.uint16]] | None:
    """Cells that are written as `layout` is, one a row; None if one may not be, or is out of range."""
    import numpy as np

    columns = np.ascontiguousarray(matrix.T)
    digits = columns - _ZERO  # what is no digit wraps around to more than 9
    is_digit = np.array([48 <= character <= 57 for character in layout[0]])
    if digits[is_digit].max() > 9:
        return None
    for place in np.flatnonzero(~is_digit).tolist():
        same = columns[place] == layout[0][place]
        if not same.all():
            other = _ALTERNATIVES.get(layout[0][place : place + 1], -1)
            if (place != _T and place != layout.start("sign")) or not (
                same | (columns[place] == other)
            ).all():
                return None

    def field(name: str, most: int) -> NDArray[Any] | None:
        total = np.zeros(len(matrix), np.int64)
        for place in range(*layout.span(name)) if layout[name] is not None else ():
            total = total * 10 + digits[place]
        return total if not len(total) or total.max() <= most else None

    year, month, day = field("year", _LAST_YEAR), field("month", _MONTHS), field("day", 31)
    hour, minute, second = field("hour", 23), field("minute", 59), field("second", 59)
    zone_hour, zone_minute = field("zone_hour", 23), field("zone_minute", 59)
    if (
        year is None or month is None or day is None or hour is None or minute is None or second is None
        or zone_hour is None or zone_minute is None
        or year.min() < _FIRST_YEAR or month.min() < 1 or day.min() < 1
    ):  # fmt: skip
        return None
    firsts = _first_days()
    months = (year - _FIRST_YEAR) * _MONTHS + month - 1
    first = firsts[months]
    if (day > firsts[months + 1] - first).any():
        return None
    offset = zone_hour * 60 + zone_minute
    if layout["sign"] is not None:
        offset = np.where(columns[layout.start("sign")] == ord("-"), -offset, offset)
    seconds = (((first + day - 1) * 24 + hour) * 60 + minute - offset) * 60 + second
    fraction = np.zeros(len(matrix), np.int64)
    if layout["fraction"] is not None:
        for place in range(*layout.span("fraction")):
            fraction = fraction * 10 + digits[place]
        fraction *= 10 ** (9 - len(layout["fraction"]))
    return seconds * 1_000_000 + fraction // 1000, (fraction % 1000).astype(np.uint16)


@cache
def _first_days() -> NDArray[np.int64]:
    """The day, counted from 1970-01-01, on which each month begins, from January of the year 1 on."""
    import numpy as np

    months = np.arange(np.datetime64("0001-01", "M"), np.datetime64("9999-12", "M") + np.timedelta64(2, "M"))
    return months.astype("datetime64[D]").astype(np.int64)
