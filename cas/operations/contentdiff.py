"""What changed between two contents, told from their digests: the data itself need not be there.

Columns are paired by name, the first of a name with the first, and what is left by equal digests: a column
that was renamed. Two columns are equal if their values are (same kind), or if their cells were written
alike; equal values that were written in another way differ in their formatting only.

Rows are compared block by block (65,536 rows) and, in a last block that is not full, page by page (4,096).
A digest covers all rows of its page, so a change is told as the range of rows of the pages that differ. Of
tables of different lengths the rows that both have are compared as far as both have digests of the same
rows. What is left of them, always fewer than a block, is told as unknown.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, TypeAlias

from ..format.contents import BLOCK_ROWS, DIGEST_BYTES, PAGE_ROWS, Column, ColumnKind, Content, pages_of
from ..format.frozen import frozen, replace

_Digests: TypeAlias = tuple[Sequence[bytes], Sequence[bytes]]
"""Of the blocks of a column, and of the pages of a last block that is not full."""


class Rows(NamedTuple):
    """Rows `first` to `last`, both included, counted from 1."""

    first: int
    last: int


class Renamed(NamedTuple):
    """An equal column under another name."""

    before: str
    after: str


class Retyped(NamedTuple):
    """A column of another kind."""

    name: str
    before: ColumnKind
    after: ColumnKind


@frozen
class ColumnChange:
    """A column whose cells differ: in which of the rows that both tables have (None: it is not known)."""

    name: str
    rows: tuple[Rows, ...] | None


@frozen
class TableDiff:
    """What differs. `appended` and `removed` rows lie at the end; `formatting_only` and `changed` are about
    the rows that both have, but for those `unknown` ones whose digests could not be compared. `identical`
    counts the columns of which nothing is told."""

    rows_before: int
    rows_after: int
    columns_added: tuple[str, ...]
    columns_removed: tuple[str, ...]
    columns_renamed: tuple[Renamed, ...]
    columns_retyped: tuple[Retyped, ...]
    reordered: bool
    formatting_only: tuple[str, ...]
    changed: tuple[ColumnChange, ...]
    unknown: Rows | None
    identical: int
    appended: int
    removed: int

    @property
    def equal(self) -> bool:
        """Whether the tables hold the same, formatting aside."""
        return not (
            self.columns_added
            or self.columns_removed
            or self.columns_renamed
            or self.columns_retyped
            or self.reordered
            or self.changed
            or self.rows_before != self.rows_after
        )


@frozen
class Side:
    """One table: its content, all its columns, and the blob of digests (None: it is not there)."""

    content: Content
    columns: tuple[Column, ...]
    digests: bytes | None


class _Pair(NamedTuple):
    before: int
    after: int


def diff_tables(before: Side, after: Side) -> TableDiff:
    """What changed from one table to another."""
    pairs, added, removed, renamed = _paired(before, after)
    formatting: list[str] = []
    retyped: list[Retyped] = []
    changed: list[ColumnChange] = []
    identical = 0
    leaves = _Leaves(before), _Leaves(after)
    rows = before.content.rows, after.content.rows
    unknown = _unknown(before, after)
    for pair in pairs:
        old, new = before.columns[pair.before], after.columns[pair.after]
        if old.kind != new.kind and "null" not in {old.kind, new.kind}:
            retyped.append(Retyped(new.name, old.kind, new.kind))
        if rows[0] == rows[1] and _equal(old, new):
            if _written(old) and _written(new) and _text_of(old) != _text_of(new):
                formatting.append(new.name)
            else:
                identical += old.kind == new.kind
            continue
        change = _change(new.name, leaves[0].of(pair.before), leaves[1].of(pair.after), rows)
        if change is None:
            identical += old.kind == new.kind
        else:
            changed.append(change)
    order = [pair.after for pair in pairs]
    return TableDiff(
        rows_before=rows[0],
        rows_after=rows[1],
        columns_added=tuple(after.columns[at].name for at in added),
        columns_removed=tuple(before.columns[at].name for at in removed),
        columns_renamed=tuple(
            Renamed(before.columns[pair.before].name, after.columns[pair.after].name) for pair in renamed
        ),
        columns_retyped=tuple(retyped),
        reordered=order != sorted(order),
        formatting_only=tuple(formatting),
        changed=tuple(changed),
        unknown=unknown,
        identical=identical,
        appended=max(rows[1] - rows[0], 0),
        removed=max(rows[0] - rows[1], 0),
    )


def diff_appended(before: Side, start: Side, after: Side) -> TableDiff:
    """The same if `after` is the longer one and `start` is its first rows, as many as `before` has: exact.

    The kinds are those of all rows, and so are the columns that only later rows have.
    """
    found = diff_tables(before, start)
    told = {one.name for one in found.columns_retyped}
    retyped = [one for one in diff_tables(before, after).columns_retyped if one.name not in told]
    told.update(found.formatting_only)
    told.update(one.name for one in found.changed)
    later = Counter(column.name for column in after.columns)
    later.subtract(column.name for column in start.columns)
    return replace(
        found,
        rows_after=after.content.rows,
        columns_added=(*found.columns_added, *later.elements()),
        columns_retyped=(*found.columns_retyped, *retyped),
        identical=found.identical - sum(one.name not in told for one in retyped),
        appended=after.content.rows - before.content.rows,
    )


def _paired(before: Side, after: Side) -> tuple[list[_Pair], list[int], list[int], list[_Pair]]:
    """Columns of one name; what is only in one of the tables; and of these, those that are equal."""
    places: dict[str, list[int]] = {}
    for at, column in enumerate(after.columns):
        places.setdefault(column.name, []).append(at)
    for found in places.values():
        found.reverse()
    pairs: list[_Pair] = []
    lost: list[int] = []
    for at, column in enumerate(before.columns):
        left = places.get(column.name)
        if left:
            pairs.append(_Pair(at, left.pop()))
        else:
            lost.append(at)
    new = sorted(at for found in places.values() for at in found)
    renamed: list[_Pair] = []
    by_digest: dict[tuple[object, ...], list[int]] = {}
    for at in reversed(new):
        for key in _keys(after.columns[at]):
            by_digest.setdefault(key, []).append(at)
    taken: set[int] = set()
    gone: list[int] = []
    for at in lost:
        keys = _keys(before.columns[at])
        match = next((free for key in keys if (free := _free(by_digest.get(key), taken)) is not None), None)
        if match is None:
            gone.append(at)
        else:
            taken.add(match)
            renamed.append(_Pair(at, match))
    return pairs, [at for at in new if at not in taken], gone, renamed


def _free(places: list[int] | None, taken: set[int]) -> int | None:
    """The last of some columns that is not taken yet; those that are go, lest they be asked again."""
    while places and places[-1] in taken:
        places.pop()
    return places[-1] if places else None


def _keys(column: Column) -> Iterator[tuple[object, ...]]:
    """What an equal column has one of. A column without values is equal to too many others."""
    if column.kind != "null":
        yield column.kind, column.value.raw
        if _written(column):
            yield "written", _text_of(column)


def _written(column: Column) -> bool:
    """Whether it is known how its cells are written."""
    return column.text is not None or column.kind == "text"


def _text_of(column: Column) -> bytes:
    return column.value.raw if column.text is None else column.text.raw


def _equal(old: Column, new: Column) -> bool:
    same = old.kind == new.kind and old.value == new.value
    return same or (_written(old) and _written(new) and _text_of(old) == _text_of(new))


# ------------------------------------------------------------------ rows


class _Lists(NamedTuple):
    """The digests of one column, by value and by text."""

    column: Column
    value: _Digests
    text: _Digests | None


class _Leaves:
    """The blob of digests, cut into those of each column."""

    def __init__(self, side: Side) -> None:
        self._side = side
        blocks, pages = pages_of(side.content.rows)
        self._blocks, self._all = blocks, blocks + pages
        self._starts: list[int] = []
        at = 0
        for column in side.columns:
            self._starts.append(at)
            at += self._all * (1 + (column.text is not None))

    def of(self, at: int) -> _Lists | None:
        """None where the blob is not there."""
        data = self._side.digests
        if data is None:
            return None
        start, column = self._starts[at], self._side.columns[at]
        value = self._list(data, start)
        text = self._list(data, start + self._all) if column.text is not None else None
        return _Lists(column, value, value if column.kind == "text" else text)

    def _list(self, data: bytes, start: int) -> _Digests:
        found = [
            data[DIGEST_BYTES * number : DIGEST_BYTES * (number + 1)]
            for number in range(start, start + self._all)
        ]
        return found[: self._blocks], found[self._blocks :]


def _unknown(before: Side, after: Side) -> Rows | None:
    """The rows that both have and nobody can compare. Of tables of one length there are none."""
    old, new = before.content.rows, after.content.rows
    common = min(old, new)
    if old == new or not common:
        return None
    compared = 0 if before.digests is None or after.digests is None else _comparable(old, new)
    return Rows(compared + 1, common) if compared < common else None


def _comparable(old: int, new: int) -> int:
    """How many rows two tables of different lengths have digests of that are about the same rows."""
    full = min(old, new) // BLOCK_ROWS
    if max(old, new) // BLOCK_ROWS != full:  # pages are known of the last block alone
        return full * BLOCK_ROWS
    return min(old, new) // PAGE_ROWS * PAGE_ROWS


def _change(name: str, old: _Lists | None, new: _Lists | None, rows: tuple[int, int]) -> ColumnChange | None:
    """Where two columns differ that are not equal or not of one length; None if no difference is known."""
    same_length = rows[0] == rows[1]
    if old is None or new is None:
        return ColumnChange(name=name, rows=None) if same_length else None
    if old.text is not None and new.text is not None and old.column.kind != new.column.kind:
        lists = old.text, new.text  # by value, the pages of two kinds never agree
    else:
        lists = old.value, new.value
    wrong = list(_joined(_differing(lists, *rows)))
    return ColumnChange(name=name, rows=tuple(wrong)) if wrong or same_length else None


def _differing(lists: tuple[_Digests, _Digests], rows_before: int, rows_after: int) -> Iterator[Rows]:
    """The blocks that differ, and the pages of a last block that both end in."""
    (old_blocks, old_pages), (new_blocks, new_pages) = lists
    common = min(rows_before, rows_after)
    full = common // BLOCK_ROWS
    for number in range(full):
        if old_blocks[number] != new_blocks[number]:
            yield Rows(number * BLOCK_ROWS + 1, (number + 1) * BLOCK_ROWS)
    at = full * BLOCK_ROWS
    compared = common if rows_before == rows_after else _comparable(rows_before, rows_after)
    for number in range(-(-(compared - at) // PAGE_ROWS)):
        if old_pages[number] != new_pages[number]:
            first = at + number * PAGE_ROWS + 1
            yield Rows(first, min(first + PAGE_ROWS - 1, compared))


def _joined(ranges: Iterable[Rows]) -> Iterator[Rows]:
    """Ranges that touch, as one."""
    held: Rows | None = None
    for one in ranges:
        if held is not None and one.first == held.last + 1:
            held = Rows(held.first, one.last)
            continue
        if held is not None:
            yield held
        held = one
    if held is not None:
        yield held
