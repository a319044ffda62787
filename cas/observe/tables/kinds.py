"""Cells of text as values: what `grammar.py` says of each cell, for thousands of cells at a time.

A fast way is taken only where it cannot give anything else than the grammar. What cells are made of is
told by their bytes first, so that nothing depends on what else a version of Arrow would take for a number
(`0x10`, `infinity`); of floats only the large ones, which may be integers that binary64 does not hold,
are looked at again.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final, cast

from . import grammar
from .cells import TextCells, buffer_array
from .digests import PAGE_ROWS, Kind
from .timestamps import instants
from .values import Booleans, Instants, Numbers, Values, encode_numbers, from_integers, from_reals

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_POINT: Final = ord(".")
_PLAIN: Final = (ord("-"), ord("9"))
"""Between them lie `-`, `.`, `/` and the digits."""
_PLUS: Final = ord("+")
_EXPONENT: Final = ord("e")
_UPPER_TO_LOWER: Final = 0x20
_INEXACT: Final = 2.0**53


def convert(cells: TextCells, kind: Kind) -> Values | None:
    """The values of cells that all match the grammar of `kind`; None if one does not.

    Also None for numbers of which a page has no encoding that holds them all.
    """
    if kind is Kind.NUMBER:
        return _numbers(cells)
    if kind is Kind.BOOLEAN:
        return _one_by_one(cells)
    return instants(cells, kind)


def spread(
    cells: TextCells, kind: Kind, codes: NDArray[np.int32], vocabulary: list[grammar.Value]
) -> Values | None:
    """The values of cells of which each says by its code which of few values it is (nulls: any code).

    None where the values of a page would have to be looked at together (see `convert`).
    """
    import numpy as np

    if kind is Kind.NUMBER:
        table = np.array([_exact_real(value) for value in vocabulary])
        return None if np.isnan(table).any() else from_reals(cells, table[codes])
    if kind is Kind.BOOLEAN:
        bits = np.array(vocabulary, np.uint8)[codes]
        return Booleans(cells, bits if cells.valid is None else bits * cells.valid)
    times = cast("list[grammar.Timestamp]", vocabulary)
    micros = np.array([micro for micro, _ in times], np.int64)[codes]
    nanos = np.array([nano for _, nano in times], np.uint16)[codes]
    if cells.valid is not None:
        micros, nanos = micros * cells.valid, nanos * cells.valid
    return Instants(kind, cells, micros, nanos if nanos.any() else None)


def _exact_real(value: grammar.Value) -> float:
    """A number as binary64; NaN, which no cell is, if it cannot hold it."""
    real = float(cast("grammar.Number", value))
    return real if isinstance(value, float) or int(real) == value else float("nan")


def _numbers(cells: TextCells) -> Numbers | None:
    import pyarrow as pa
    import pyarrow.compute as pc

    data = cells.data
    try:
        if len(data) == 0 or (int(data.min()) >= _PLAIN[0] and int(data.max()) <= _PLAIN[1]):
            if not (data == _POINT).any():
                array = cells.array.cast(pa.int64())
                return from_integers(cells, buffer_array(array.buffers()[1], "i8", array.offset, len(array)))
            return _reals(cells)
        others = data[~_numeric(data)].tobytes()
        if not others and not ((data == _PLUS).any() and b"+-" in data.tobytes()):
            return _reals(cells)
        if others and not others.translate(None, grammar.BLANKS):
            return _numbers(TextCells(pc.utf8_trim(cells.array, grammar.BLANKS.decode())))
    except pa.ArrowInvalid:
        pass  # a cell is no number, or an integer beyond 63 bits: the slow way finds it
    return _page_by_page(cells, Numbers(cells, _zeros(cells.rows), {}), range(0, cells.rows, PAGE_ROWS))


def _numeric(data: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Where a number may have such a byte. In steps that let other threads work, unlike `bytes.translate`."""
    plain = data - _PLAIN[0] <= _PLAIN[1] - _PLAIN[0]
    plain |= data == _PLUS
    plain |= (data | _UPPER_TO_LOWER) == _EXPONENT
    return plain


def _zeros(rows: int) -> NDArray[np.float64]:
    import numpy as np

    return np.zeros(rows)


def _reals(cells: TextCells) -> Numbers | None:
    """Raises pyarrow.ArrowInvalid if a cell is no number."""
    import numpy as np
    import pyarrow as pa

    array = cells.array.cast(pa.float64())
    numbers = from_reals(cells, buffer_array(array.buffers()[1], "f8", array.offset, len(array)))
    large = np.flatnonzero(np.abs(numbers.reals) >= _INEXACT)
    if not len(large):
        return numbers
    return _page_by_page(cells, numbers, sorted({place // PAGE_ROWS * PAGE_ROWS for place in large.tolist()}))


def _page_by_page(cells: TextCells, numbers: Numbers, starts: Iterable[int]) -> Numbers | None:
    """Reads the pages that begin at `starts` cell by cell, into `numbers`."""
    for start in starts:
        values: list[grammar.Number] = []
        for place in range(start, min(start + PAGE_ROWS, cells.rows)):
            if cells.valid is None or cells.valid[place]:
                value = grammar.number(cells.cell(place))
                if value is None:
                    return None
                values.append(value)
            else:
                values.append(0)
        page = encode_numbers(values)
        if page is None:
            return None
        if page[0]:
            numbers.wide[start // PAGE_ROWS] = page
        else:
            numbers.reals[start : start + PAGE_ROWS] = page[1]
    return numbers


def _one_by_one(cells: TextCells) -> Booleans | None:
    import numpy as np

    bits = np.zeros(cells.rows, np.uint8)
    for place in range(cells.rows):
        if cells.valid is None or cells.valid[place]:
            value = grammar.BOOLEANS.get(cells.cell(place))
            if value is None:
                return None
            bits[place] = value
    return Booleans(cells, bits)
