"""Record batches cut anew: a unit is whole pages of all columns, so that a page is always hashed at once.

A unit has up to 16 pages, fewer where rows are large. Which it is depends on the pieces that the reader
gives; the pages do not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final

from .content import Refusal, Unavailable
from .digests import BLOCK_ROWS, PAGE_ROWS

if TYPE_CHECKING:
    import pyarrow as pa

_ENOUGH_BYTES: Final = 32 << 20
_MOST_BYTES: Final = 1 << 30
"""Of one page of all columns: all of it has to be in memory at a time."""


class Unit:
    """`rows` rows in some record batches. A column is put together when it is asked for."""

    __slots__ = ("_batches", "rows")

    def __init__(self, batches: list[pa.RecordBatch]) -> None:
        self._batches = batches
        self.rows = sum(batch.num_rows for batch in batches)

    def release(self) -> None:
        """Lets go of the cells, whoever may still hold this unit."""
        self._batches.clear()

    def column(self, number: int) -> pa.Array:
        """All cells of one column."""
        import pyarrow as pa

        arrays = [batch.column(number) for batch in self._batches]
        return arrays[0] if len(arrays) == 1 else pa.concat_arrays(arrays)


class Cutter:
    """Takes record batches and gives units. Raises Refusal if one page is too large."""

    __slots__ = ("_batches", "_bytes", "_rows")

    def __init__(self) -> None:
        self._batches: list[pa.RecordBatch] = []
        self._rows = 0
        self._bytes = 0

    def add(self, batch: pa.RecordBatch) -> Iterator[Unit]:
        """The units that are complete with this batch."""
        at = 0
        while at < batch.num_rows:
            piece = batch.slice(at, min(batch.num_rows - at, BLOCK_ROWS - self._rows))
            at += piece.num_rows
            self._batches.append(piece)
            self._rows += piece.num_rows
            self._bytes += _size(piece)
            if self._rows == BLOCK_ROWS or (self._rows >= PAGE_ROWS and self._bytes >= _ENOUGH_BYTES):
                yield self._cut(self._rows - self._rows % PAGE_ROWS)
            if self._bytes > _MOST_BYTES:
                message = f"{PAGE_ROWS:,} rows hold more than {_MOST_BYTES >> 30} GiB"
                raise Refusal(Unavailable("PAGE_TOO_LARGE", message))

    def whole_pages(self) -> Iterator[Unit]:
        """The pages that are complete, for whoever turns to another cutter now."""
        if self._rows >= PAGE_ROWS:
            yield self._cut(self._rows - self._rows % PAGE_ROWS)

    def end(self) -> Iterator[Unit]:
        """What is left."""
        if self._rows:
            yield self._cut(self._rows)

    def _cut(self, rows: int) -> Unit:
        over = self._rows - rows
        whole, self._batches, self._rows, self._bytes = self._batches, [], over, 0
        while over:
            last = whole.pop()
            inside = max(0, last.num_rows - over)
            if inside:
                whole.append(last.slice(0, inside))
            rest = _copied(last.slice(inside))
            self._batches.insert(0, rest)
            self._bytes += _size(rest)
            over -= rest.num_rows
        return Unit(whole)


def _size(batch: pa.RecordBatch) -> int:
    """The bytes that a batch takes, or more."""
    import pyarrow as pa

    try:
        size: int = batch.nbytes
    except pa.ArrowTypeError:  # pyarrow before 22 does not know how much of a buffer belongs to some views
        size = batch.get_total_buffer_size()
    return size


def _copied(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The same rows in memory of their own: a slice keeps all of what it was cut from."""
    import pyarrow as pa

    half = batch.num_rows // 2
    halves = [(array.slice(0, half), array.slice(half)) for array in batch.columns]
    return pa.RecordBatch.from_arrays([pa.concat_arrays(pair) for pair in halves], schema=batch.schema)


def first_rows(batches: Iterable[pa.RecordBatch], rows: int | None) -> Iterator[pa.RecordBatch]:
    """The batches up to so many rows (None: all); what follows is not asked for."""
    if rows is None:
        yield from batches
        return
    left = rows
    for batch in batches if left else ():
        yield batch.slice(0, left)
        left -= min(left, batch.num_rows)
        if not left:
            return


def cut(batches: Iterable[pa.RecordBatch], rows: int | None = None) -> Iterator[tuple[int, Unit]]:
    """The units of all batches, or of their first `rows`, in one group, 0. Raises Refusal, and what reading
    the batches raises."""
    cutter = Cutter()
    for batch in first_rows(batches, rows):
        for unit in cutter.add(batch):
            yield 0, unit
    for unit in cutter.end():
        yield 0, unit
