"""The cells of JSON Lines: what the parser gives as text, and the columns where they wait for their page."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from types import NoneType
from typing import TYPE_CHECKING, Final, NoReturn, cast

from .cells import buffer_array, valid_mask
from .columns import TextColumn
from .content import Place, Refusal, Unavailable
from .digests import PAGE_ROWS, Kind, null_page_digest
from .nested import text_array

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

MOST_LEVELS: Final = 32
_SURROGATE: Final = re.compile("[\ud800-\udfff]")


class Number(str):
    """A number as it is written."""

    __slots__ = ()


_NAN: Final = Number("NaN")
CONSTANTS: Final = {"NaN": _NAN, "Infinity": Number("Infinity"), "-Infinity": Number("-Infinity")}


def refuse(code: str, message: str, line: int) -> NoReturn:
    """Raises Refusal."""
    raise Refusal(Unavailable(code, message, Place("line", line)))


def too_deep(line: int) -> NoReturn:
    """Raises Refusal."""
    refuse("NESTED_TOO_DEEPLY", f"a line has more than {MOST_LEVELS} levels", line)


def _cell(value: object, line: int) -> str | None:
    """What a cell is as text; None for null. Raises Refusal."""
    if value is None or value is _NAN:
        return None
    if isinstance(value, str):
        return value
    try:
        return _text(value, 2)
    except RecursionError:
        too_deep(line)


def check_surrogates(texts: Sequence[str | None], lines: Sequence[int]) -> None:
    """Raises Refusal if a text has one: half of a pair is no character, and UTF-8 cannot hold it."""
    written = "".join(text for text in texts if text)
    if written.isascii() or _SURROGATE.search(written) is None:
        return
    line = next(line for text, line in zip(texts, lines, strict=True) if text and _SURROGATE.search(text))
    refuse("BAD_UTF8", "a string has half of a surrogate pair", line)


def _text(value: object, level: int) -> str:
    """A value within a line as JSON. Raises RecursionError beyond 32 levels."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Number):
        return f'"{value}"' if value[-1] in "Ny" else value
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if level > MOST_LEVELS:
        raise RecursionError
    if isinstance(value, dict):
        pairs = cast("dict[str, object]", value).items()
        return f"{{{','.join(f'{_text(key, 0)}:{_text(below, level + 1)}' for key, below in pairs)}}}"
    return f"[{','.join(_text(below, level + 1) for below in cast('list[object]', value))}]"


class JsonColumn(TextColumn):
    """A column, and its cells that wait until their unit is whole; absent ones are not among them."""

    def __init__(self, most: int) -> None:
        super().__init__(most)
        self._texts: list[str | None] = []
        self._places: list[Sequence[int] | NDArray[np.int32]] = []
        self._packed: list[pa.Array] = []

    @property
    def waits(self) -> bool:
        """Whether it has any cell of this unit."""
        return bool(self._places)

    def take(
        self, values: list[object], lines: Sequence[int], places: Sequence[int] | NDArray[np.int32]
    ) -> None:
        """Cells of the unit, and in which of its rows they stand. Raises Refusal."""
        kinds = set(map(type, values))
        if self.kind is not Kind.TEXT and kinds & {str, dict, list}:
            self._become(Kind.TEXT)
        if kinds <= {Number, str, NoneType} and _NAN not in values:
            texts = cast("list[str | None]", values)
        else:
            texts = [_cell(value, line) for value, line in zip(values, lines, strict=True)]
        if str in kinds or dict in kinds or list in kinds:
            check_surrogates(texts, lines)
        self._texts += texts
        self._places.append(places)

    def pack(self) -> None:
        """Makes less of the cells that wait."""
        import numpy as np

        if self._texts:
            self._packed.append(text_array(self._texts))
            self._texts = []
            self._places = [np.concatenate([np.asarray(run, np.int32) for run in self._places])]

    def flush(self, before: int, rows: int) -> NDArray[np.bool_] | None:
        """Adds what waits, of a unit of `rows` rows that has `before` of them before it. See `Column.add`."""
        import numpy as np
        import pyarrow as pa

        self.skip_to(before)
        self.pack()
        array = pa.concat_arrays(self._packed)
        if len(array) < rows:
            array = _spread(array, np.asarray(self._places[0]), rows)
        self._packed, self._places = [], []
        return self.add(array)

    def skip_to(self, rows: int) -> None:
        """The column has been absent up to here."""
        absent = rows - self.rows
        if not absent:
            return
        pages, rest = divmod(absent, PAGE_ROWS)
        digests = [null_page_digest(PAGE_ROWS)] * pages + ([null_page_digest(rest)] if rest else [])
        self._text.add(list(digests))
        if self.value is not self._text:
            self.value.add(digests)
        self.rows += absent
        self.nulls += absent


def _spread(cells: pa.Array, places: NDArray[np.int32], rows: int) -> pa.Array:
    """So many rows, the cells (of `text_array`) in their places, nulls in all others."""
    import numpy as np
    import pyarrow as pa

    _, offsets, data = cells.buffers()
    own = buffer_array(offsets, np.int64, 0, len(cells) + 1)
    ends = np.zeros(rows + 1, np.int64)
    ends[places + 1] = own[1:] - own[:-1]
    valid = valid_mask(cells)
    present = np.zeros(rows, np.bool_)
    present[places] = True if valid is None else valid
    buffers = [
        pa.py_buffer(np.packbits(present, bitorder="little")),
        pa.py_buffer(np.cumsum(ends)),
        data,
    ]
    return pa.Array.from_buffers(cells.type, rows, buffers)
