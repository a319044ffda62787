"""Many tables of the same columns, one after the other: what is known of all of them together.

Columns add up: a column's kind is the one that all members have, those apart that have no value in it; if
they differ it is text. Digests are not made anew from the cells, which are gone: those of the members are
hashed, in their order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from ...format.frozen import frozen
from .content import ColumnContent, LabelContent, TableContent, label_content, most_distinct
from .digests import Kind, folder_hasher, schema_digest

if TYPE_CHECKING:
    from ...format.names import FileName
    from .values import Counts

_COLUMN: Final = b"obsD1"
_TABLE: Final = b"obsF1"


@frozen
class Member:
    """One table of a folder: its name there, its rows, and its own digest."""

    name: FileName
    rows: int
    table: bytes


@frozen
class FolderContent:
    """All tables of a folder as one. Columns have no blocks and no pages; `opaque` are the files that are no
    tables."""

    rows: int
    columns: tuple[ColumnContent, ...]
    schema: bytes
    table: bytes
    rows_with_missing: int
    label: LabelContent | None
    members: tuple[Member, ...]
    opaque: tuple[FileName, ...]


class MemberDigests(NamedTuple):
    """What the folder's digests are made of: of each column `value` and `text`."""

    rows: int
    table: bytes
    columns: tuple[tuple[bytes, bytes | None], ...]

    @classmethod
    def of(cls, content: TableContent) -> MemberDigests:
        """Those of a table."""
        columns = tuple((column.value, column.text) for column in content.columns)
        return cls(content.rows, content.table, columns)


class _Column:
    """A column of some tables. `counts` are None where they are too many, or of different kinds (`mixed`)."""

    __slots__ = ("counts", "kind", "largest", "mixed", "nulls")

    def __init__(self, content: ColumnContent) -> None:
        self.kind = content.kind
        self.mixed = False
        self.nulls = content.nulls
        self.largest = content.distinct
        """The most distinct values that a single table has."""
        self.counts: Counts | None = content.counts

    def add(self, other: _Column, most: int) -> None:
        """Takes the same column of the tables that follow; up to `most` distinct values are counted."""
        self.nulls += other.nulls
        self.largest = max(self.largest, other.largest)
        if other.kind is Kind.NULL:
            return
        if self.kind is Kind.NULL:
            self.kind, self.mixed, self.counts = other.kind, other.mixed, other.counts
            return
        self.mixed |= other.mixed or self.kind is not other.kind
        if self.mixed:
            self.kind = Kind.TEXT
        if self.mixed or self.counts is None or other.counts is None:
            self.counts = None
            return
        total = dict(self.counts)
        for value, count in other.counts.items():
            total[value] = total.get(value, 0) + count
        self.counts = total if len(total) <= most else None

    def distinct(self, most: int) -> int:
        """As `ColumnContent` has it."""
        if self.counts is not None:
            return len(self.counts)
        return self.largest if self.mixed else most


class Totals:
    """What some tables of the same names hold together: small, and the same however they were grouped."""

    __slots__ = ("columns", "names", "rows", "rows_with_missing")

    def __init__(self, content: TableContent) -> None:
        self.names = tuple(column.name for column in content.columns)
        self.rows = content.rows
        self.rows_with_missing = content.rows_with_missing
        self.columns = [_Column(column) for column in content.columns]

    def add(self, other: Totals, label: str | None) -> None:
        """Takes the totals of the tables that follow."""
        self.rows += other.rows
        self.rows_with_missing += other.rows_with_missing
        for name, column, more in zip(self.names, self.columns, other.columns, strict=True):
            column.add(more, most_distinct(name, label))


class FolderDigests:
    """Takes the digests of a known number of members, one after the other."""

    def __init__(self, count: int, columns: int) -> None:
        self.table = folder_hasher(_TABLE, count)
        self.values = [folder_hasher(_COLUMN, count) for _ in range(columns)]
        self.texts = [folder_hasher(_COLUMN, count) for _ in range(columns)]
        self.have_text = [True] * columns
        self.members: list[Member] = []

    def add(self, name: FileName, member: MemberDigests) -> None:
        """The next one."""
        self.members.append(Member(name=name, rows=member.rows, table=member.table))
        self.table.update(member.table)
        for number, (value, text) in enumerate(member.columns):
            self.values[number].update(value)
            if text is None:
                self.have_text[number] = False
            else:
                self.texts[number].update(text)


def folder_content(
    totals: Totals, digests: FolderDigests, opaque: tuple[FileName, ...], label: str | None
) -> FolderContent:
    """Of all members whose totals and digests these are."""
    columns = tuple(
        ColumnContent(
            name=name,
            kind=column.kind,
            nulls=column.nulls,
            distinct=column.distinct(most_distinct(name, label)),
            distinct_exact=column.counts is not None,
            value=digests.values[number].digest(),
            value_blocks=b"",
            value_pages=b"",
            text=digests.texts[number].digest() if digests.have_text[number] else None,
            text_blocks=b"",
            text_pages=b"",
            counts=column.counts,
        )
        for number, (name, column) in enumerate(zip(totals.names, totals.columns, strict=True))
    )
    labels = [column for name, column in zip(totals.names, totals.columns, strict=True) if name == label]
    return FolderContent(
        rows=totals.rows,
        columns=columns,
        schema=schema_digest((column.kind, column.name) for column in columns),
        table=digests.table.digest(),
        rows_with_missing=totals.rows_with_missing,
        label=label_content(labels[0].kind, labels[0].nulls, labels[0].counts) if len(labels) == 1 else None,
        members=tuple(digests.members),
        opaque=opaque,
    )
