"""JSON Lines: one object a line, its keys the columns.

A column has one kind if its values have one JSON type: numbers (as they are written: an integer is exact,
anything else the nearest binary64, by the rules for cells of text), booleans, or strings, which are never
parsed. A column of several types, of objects or of arrays, is text: a string as it is, anything else as JSON
without blanks, numbers as they are written, the keys in the order of the file. null and a key that is absent
are null.

`NaN` is null and `Infinity` a number, as Python writes them (in an object or an array they are strings).
A key that comes twice in an object, a lone surrogate, more than 32 levels: the content is unavailable.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import TYPE_CHECKING, Final, cast

from .content import MissingRows, Place, Refusal, TableContent, Unavailable, most_distinct, table_content
from .digests import BLOCK_ROWS, PAGE_ROWS
from .jsoncells import CONSTANTS, MOST_LEVELS, JsonColumn, Number, check_surrogates, refuse, too_deep

if TYPE_CHECKING:
    from .streams import ByteStream

_READ_BYTES: Final = 1 << 20
_MOST_LINE_BYTES: Final = 16 << 20
_MOST_COLUMNS: Final = 1 << 17
_MANY_COLUMNS: Final = 1 << 14
"""From here on a row has to have one key in `_LEAST_DENSE` on average: every column has every row."""
_LEAST_DENSE: Final = 256
_MOST_VALUES: Final = 1 << 20
"""In one line."""
_CHUNK_BYTES: Final = 4 << 20
"""Of lines that are Python objects at a time: those take up to 40 times what they are written in."""
_CHUNK_CELLS: Final = 1 << 22
_TEXTS_BYTES: Final = 16 << 20
"""Of lines whose cells are Python strings at a time."""
_SPARSE: Final = 8
"""One cell in so many has a key, or fewer: only those are looked at."""
_WIDE_COLUMNS: Final = 1024
"""Of more than so many one page is looked at at a time: most of them may be absent in most rows."""
_ENOUGH_BYTES: Final = 32 << 20
_MOST_BYTES: Final = 512 << 20
"""Of one page of lines: all of it has to be in memory at a time."""
_BLANKS: Final = b" \t\r\n"
_BOM: Final = b"\xef\xbb\xbf"
_UTF16: Final = (b"\xff\xfe", b"\xfe\xff")
_STRING: Final = re.compile(rb'"(?:[^"\\]|\\.)*"?', re.DOTALL)
_VALUE_ENDS: Final = re.compile(rb"[],}]")
_BRACKET: Final = re.compile(rb"[][{}]")


class _Repeated(ValueError):
    """A key stands twice in one object."""


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _Repeated
    return found


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=Number, parse_float=Number, parse_constant=CONSTANTS.__getitem__
)


def read_json_lines(
    stream: ByteStream, *, label: str | None = None, rows: int | None = None
) -> TableContent | Unavailable:
    """What a table of JSON Lines, or its first `rows`, holds: UTF-8, a byte order mark or none.

    Blank lines are passed over. The columns are in the order in which their keys are first seen.
    Raises what the stream raises.
    """
    table = _Table(label)
    chunk = _Chunk()
    try:
        for number, line in enumerate(_lines(stream), 1):
            text = line.strip(_BLANKS)
            if not text:
                continue
            chunk.rows.append(_parse(text, number))
            chunk.lines.append(number)
            chunk.size += len(text)
            if rows is not None and table.rows + len(chunk.rows) >= rows:
                break
            if chunk.size >= _CHUNK_BYTES or len(chunk.rows) == table.room():
                table.add(chunk)
                chunk = _Chunk()
        table.add(chunk)
        return table.end()
    except Refusal as refusal:
        return refusal.why


class _Chunk:
    """Some rows, the numbers of their lines, and how many bytes those have."""

    __slots__ = ("lines", "rows", "size")

    def __init__(self) -> None:
        self.rows: list[dict[str, object]] = []
        self.lines: list[int] = []
        self.size = 0


def _lines(stream: ByteStream) -> Iterator[bytes]:
    """Raises Refusal for a line that is too long."""
    rest = stream.read(_READ_BYTES)
    while 0 < len(rest) < len(_BOM) and (more := stream.read(_READ_BYTES)):
        rest += more
    if rest.startswith(_UTF16):
        raise Refusal(Unavailable("UTF16", "the text is UTF-16 or UTF-32, not UTF-8", Place("byte", 0)))
    rest = rest.removeprefix(_BOM)
    pieces: list[bytes] = []
    waiting = count = 0
    while rest:
        first, *others = rest.split(b"\n")
        pieces.append(first)
        waiting += len(first)
        if waiting > _MOST_LINE_BYTES:
            refuse("LINE_TOO_LONG", f"a line has more than {_MOST_LINE_BYTES >> 20} MiB", count + 1)
        if others:
            yield b"".join(pieces)
            yield from others[:-1]
            count += len(others)
            pieces, waiting = [others[-1]], len(others[-1])
        rest = stream.read(_READ_BYTES)
    yield b"".join(pieces)


def _parse(line: bytes, number: int) -> dict[str, object]:
    """The object that a line is. Raises Refusal."""
    try:
        text = line.decode()
    except UnicodeDecodeError:
        refuse("BAD_UTF8", "the text is not UTF-8", number)
    if len(line) > _MOST_VALUES and len(_VALUE_ENDS.findall(_STRING.sub(b"", line))) > _MOST_VALUES:
        refuse("LINE_TOO_LONG", f"a line has more than {_MOST_VALUES:,} values", number)
    try:
        found, end = _DECODER.raw_decode(text)
    except (ValueError, RecursionError) as error:
        # How deep the parser goes depends on the version of Python; what is said must not.
        if isinstance(error, RecursionError) or _levels(line) > MOST_LEVELS:
            too_deep(number)
        if isinstance(error, _Repeated):
            refuse("REPEATED_KEY", "a key comes twice in one object", number)
        refuse("BAD_JSON", "a line is no JSON", number)
    if end != len(text) or not isinstance(found, dict):
        refuse("BAD_JSON", "a line is no JSON object", number)
    return cast("dict[str, object]", found)


def _levels(line: bytes) -> int:
    """How deeply the brackets outside of strings are nested."""
    level = most = 0
    for bracket in _BRACKET.findall(_STRING.sub(b"", line)):
        level += 1 if bracket in b"[{" else -1
        most = max(most, level)
    return most


class _Table:
    """Takes the rows, and gives whole pages of them to the columns."""

    def __init__(self, label: str | None) -> None:
        self._label = label
        self._columns: dict[str, JsonColumn] = {}
        self._missing = MissingRows()
        self._before = 0
        self._rows = self._bytes = 0
        """Of the unit that is not whole yet."""
        self._texts_bytes = 0
        self._cells = 0
        """Keys of all rows together."""
        self._grew = False

    @property
    def rows(self) -> int:
        """All that were added."""
        return self._before + self._rows

    def room(self) -> int:
        """How many rows the next chunk may have."""
        return min(PAGE_ROWS - self._rows % PAGE_ROWS, max(16, _CHUNK_CELLS // (len(self._columns) + 1)))

    def add(self, chunk: _Chunk) -> None:
        """The rows that follow, up to the end of a page. Raises Refusal."""
        names = dict.fromkeys(chain.from_iterable(chunk.rows))
        cells = sum(map(len, chunk.rows))
        if cells * _SPARSE < len(names) * len(chunk.rows):
            self._take_present(chunk)
        else:
            self._take_all(names, chunk)
        self._rows += len(chunk.rows)
        self._cells += cells
        if self._rows % PAGE_ROWS == 0:
            self._check_density()
        self._bytes += chunk.size
        self._texts_bytes += chunk.size
        enough = self._bytes >= _ENOUGH_BYTES or len(self._columns) > _WIDE_COLUMNS
        if self._rows % PAGE_ROWS == 0 and (self._rows == BLOCK_ROWS or enough):
            self._flush()
        elif self._bytes > _MOST_BYTES:
            message = f"{PAGE_ROWS:,} rows hold more than {_MOST_BYTES >> 20} MiB"
            raise Refusal(Unavailable("PAGE_TOO_LARGE", message))
        elif self._texts_bytes >= _TEXTS_BYTES:
            for column in self._columns.values():
                column.pack()
            self._texts_bytes = 0

    def _check_density(self) -> None:
        """Looked at behind every page, so that nothing depends on chunks."""
        width, rows = len(self._columns), self.rows
        if width > _MANY_COLUMNS and self._cells * _LEAST_DENSE < rows * width:
            message = (
                f"there are {width:,} different keys, and a row has fewer than one in {_LEAST_DENSE} of them"
            )
            raise Refusal(Unavailable("TOO_MANY_COLUMNS", message, Place("row", rows)))

    def _take_all(self, names: Iterable[str], chunk: _Chunk) -> None:
        import numpy as np

        places = np.arange(self._rows, self._rows + len(chunk.rows), dtype=np.int32)
        for name in names:
            column = self._columns.get(name)
            if column is None:
                seen = zip(chunk.rows, chunk.lines, strict=True)
                column = self._new_column(name, next(line for row, line in seen if name in row))
            column.take([row.get(name) for row in chunk.rows], chunk.lines, places)

    def _take_present(self, chunk: _Chunk) -> None:
        """The same where most keys are absent in most rows."""
        found: dict[str, tuple[list[object], list[int], list[int]]] = {}
        for place, (row, line) in enumerate(zip(chunk.rows, chunk.lines, strict=True), self._rows):
            for name, value in row.items():
                values, lines, places = found.setdefault(name, ([], [], []))
                values.append(value)
                lines.append(line)
                places.append(place)
        for name, (values, lines, places) in found.items():
            column = self._columns.get(name) or self._new_column(name, lines[0])
            column.take(values, lines, places)

    def _new_column(self, name: str, line: int) -> JsonColumn:
        if len(self._columns) == _MOST_COLUMNS:
            refuse("TOO_MANY_COLUMNS", f"there are more than {_MOST_COLUMNS:,} different keys", line)
        check_surrogates([name], [line])
        column = self._columns[name] = JsonColumn(most_distinct(name, self._label))
        self._grew = True
        return column

    def end(self) -> TableContent | Unavailable:
        """The table. Raises Refusal."""
        self._check_density()
        self._flush()
        if not self._before:
            return Unavailable("EMPTY", "the file has nothing but blank lines")
        for column in self._columns.values():
            column.skip_to(self._before)
        return table_content(
            list(self._columns),
            list(self._columns.values()),
            rows=self._before,
            rows_with_missing=self._missing.count,
            label=self._label,
        )

    def _flush(self) -> None:
        if not self._rows:
            return
        if self._grew:  # all rows before lack what is new
            self._missing.count = self._before
        present = [column for column in self._columns.values() if column.waits]
        valid = [column.flush(self._before, self._rows) for column in present]
        if len(present) < len(self._columns):
            self._missing.count += self._rows
        else:
            self._missing.add(0, self._rows, valid)
        self._before += self._rows
        self._rows = self._bytes = self._texts_bytes = 0
        self._grew = False
