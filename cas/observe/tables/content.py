"""What is known of a table when its last page has gone by, or why nothing is."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING, Final

from ...format.frozen import frozen, row
from .classes import digest_of_column, has_fractions
from .columns import Column
from .digests import Kind, column_digest, schema_digest, table_digest
from .distinct import MOST, MOST_CLASSES

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ...format.names import FileName
    from .values import Counts


@row
class Place:
    """Where something is: the `number` of a `unit`.

    A "row" is counted from 1, the header and blank lines not; a "line" and a "column" from 1; a "byte" from
    0, in the decompressed text.
    """

    unit: str
    number: int


@row
class Unavailable:
    """Why a content is not known. `code` is the same on every machine; `message` is a sentence for people.

    EMPTY, BAD_HEADER, BAD_UTF8, UTF16, NUL_BYTE (in the header), RAGGED_ROW, UNCLOSED_QUOTE, ROW_TOO_LONG,
    PAGE_TOO_LARGE, BAD_FILE. Compressed files: BAD_COMPRESSION, EXPANDS_TOO_FAR. JSON Lines: BAD_JSON,
    REPEATED_KEY, NESTED_TOO_DEEPLY, LINE_TOO_LONG, TOO_MANY_COLUMNS. Frames: UNREADABLE_VALUES. Folders:
    MIXED_SCHEMAS; `file` is the one that it is about, by its name within the folder.
    """

    code: str
    message: str
    place: Place | None = None
    file: FileName | None = None


class Refusal(Exception):
    """Ends a pass from within; no caller of this room meets it."""

    def __init__(self, why: Unavailable) -> None:
        super().__init__(why.message)
        self.why = why


@frozen
class ColumnContent:
    """One column. Digests are 32 bytes each; `…_blocks` are the digests of its blocks, one behind the other,
    `…_pages` those of the pages of its last block, if that is not full (what an append is told by).

    `text` is None where the source has typed cells and the kind is not text. `distinct` counts the values of
    the column's kind that are not null; if `distinct_exact` is false there are more.

    `counts` says how often each value occurs, if there are not too many. It is what the counts of several
    tables are added up by, and goes nowhere else: values are neither stored nor shown.
    """

    name: str
    kind: Kind
    nulls: int
    distinct: int
    distinct_exact: bool
    value: bytes
    value_blocks: bytes
    value_pages: bytes
    text: bytes | None
    text_blocks: bytes
    text_pages: bytes
    counts: Counts | None


@row
class LabelClass:
    """One value of the label and its rows. `name` is None where it is longer than what is kept."""

    name: str | None
    rows: int


@row
class LabelContent:
    """The label's values, the most frequent first; `classes` is None if there are more than 10,000. `digest`
    is that of the set of them (see `classes.py`); `fractions`: they are numbers, and not all integers."""

    nulls: int
    classes: tuple[LabelClass, ...] | None
    digest: bytes | None = None
    fractions: bool = False


@frozen
class TableContent:
    """A table. `label` is None unless exactly one column is called as was asked."""

    rows: int
    columns: tuple[ColumnContent, ...]
    schema: bytes
    table: bytes
    rows_with_missing: int
    label: LabelContent | None


class MissingRows:
    """Counts the rows in which any cell is null, over columns that come in groups, each at its own pace."""

    __slots__ = ("_at", "_base", "_complete", "count")

    def __init__(self, groups: int = 1) -> None:
        self.count = 0
        self._at = [0] * groups
        self._base = 0
        self._complete: NDArray[np.bool_] | None = None

    def add(self, group: int, rows: int, valid: Sequence[NDArray[np.bool_] | None]) -> None:
        """The next `rows` rows of a group: where each of its columns has values (None: everywhere)."""
        import numpy as np

        whole = np.ones(rows, np.bool_)
        for column in valid:
            if column is not None:
                whole &= column
        if len(self._at) == 1:
            self.count += rows - int(np.count_nonzero(whole))
            return
        start = self._at[group] - self._base
        window = self._complete if self._complete is not None else np.ones(0, np.bool_)
        if start + rows > len(window):
            window = np.concatenate([window, np.ones(start + rows - len(window), np.bool_)])
        window[start : start + rows] &= whole
        self._at[group] += rows
        done = min(self._at) - self._base
        self.count += done - int(np.count_nonzero(window[:done]))
        self._complete = window[done:].copy() if done else window
        self._base += done


def most_distinct(name: str, label: str | None) -> int:
    """How many distinct values are counted of a column."""
    return MOST_CLASSES if name == label else MOST


def table_content(
    names: Sequence[str], columns: Sequence[Column], *, rows: int, rows_with_missing: int, label: str | None
) -> TableContent:
    """Of columns to which all cells were given."""
    found = tuple(_column(name, column, label) for name, column in zip(names, columns, strict=True))
    labels = [column for name, column in zip(names, columns, strict=True) if name == label]
    return TableContent(
        rows=rows,
        columns=found,
        schema=schema_digest((column.kind, column.name) for column in found),
        table=table_digest(rows, ((column.kind, column.name, column.value) for column in found)),
        rows_with_missing=rows_with_missing,
        label=label_content(labels[0].kind, labels[0].nulls, labels[0].counts())
        if len(labels) == 1
        else None,
    )


def _column(name: str, column: Column, label: str | None) -> ColumnContent:
    counts = column.counts()
    text = column.text
    value_blocks = column.value.block_digests()
    text_blocks = b"" if text is None else text.block_digests()
    return ColumnContent(
        name=name,
        kind=column.kind,
        nulls=column.nulls,
        distinct=most_distinct(name, label) if counts is None else len(counts),
        distinct_exact=counts is not None,
        value=column_digest(column.kind, column.rows, value_blocks),
        value_blocks=value_blocks,
        value_pages=b"".join(column.value.pages),
        text=None if text is None else column_digest(Kind.TEXT, column.rows, text_blocks),
        text_blocks=text_blocks,
        text_pages=b"" if text is None else b"".join(text.pages),
        counts=counts,
    )


def label_content(kind: Kind, nulls: int, counts: Counts | None) -> LabelContent:
    """Of how often each value of the label occurs; None: there are too many."""
    if counts is None:
        return LabelContent(nulls, None)
    classes = [LabelClass(_name(value), count) for value, count in counts.items()]
    classes.sort(key=lambda found: (-found.rows, found.name or ""))
    return LabelContent(nulls, tuple(classes), digest_of_column(kind, counts), has_fractions(kind, counts))


_WHOLE: Final = 1 << 53


def _name(value: Hashable) -> str | None:
    """A value for people: `1` also where it was written `1.0`."""
    if isinstance(value, bytes):
        return value.decode(errors="backslashreplace")
    if isinstance(value, float) and abs(value) < _WHOLE and value.is_integer():
        value = int(value)
    return str(value) if isinstance(value, int | float | bool) else None
