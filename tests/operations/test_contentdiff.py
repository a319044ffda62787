"""What a diff of two contents says, compared with the cells themselves: a byte each, and our own digests."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from blake3 import blake3
from hypothesis import given
from hypothesis import strategies as st
from obs.cas.format.contents import BLOCK_ROWS, PAGE_ROWS, Column, ColumnKind, Content
from obs.cas.format.frozen import replace
from obs.cas.format.ids import BlobId, ObjectId
from obs.cas.operations.contentdiff import Renamed, Retyped, Rows, Side, TableDiff, diff_tables


def leaves(cells: bytes) -> tuple[bytes, bytes]:
    """The digests of all blocks, and of the pages of a last one that is not full."""
    blocks = [cells[at : at + BLOCK_ROWS] for at in range(0, len(cells), BLOCK_ROWS)]
    last = blocks[-1] if blocks and len(blocks[-1]) < BLOCK_ROWS else b""
    pages = [last[at : at + PAGE_ROWS] for at in range(0, len(last), PAGE_ROWS)]
    return b"".join(blake3(part).digest() for part in blocks), b"".join(
        blake3(part).digest() for part in pages
    )


def whole(cells: bytes, kind: str) -> ObjectId:
    return ObjectId(blake3(kind.encode() + cells).digest())


def side(table: Sequence[tuple[str, ColumnKind, bytes, bytes | None]], *, kept: bool = True) -> Side:
    """A table of (name, kind, cells, cells as written or None)."""
    columns: list[Column] = []
    digests = b""
    rows = len(table[0][2]) if table else 0
    for name, kind, cells, text in table:
        written = None if text is None else whole(text, "text")
        columns.append(
            Column(name=name, kind=kind, nulls=0, distinct=1, value=whole(cells, kind), text=written)
        )
        digests += b"".join(leaves(cells)) + (b"".join(leaves(text)) if text is not None else b"")
    content = Content(
        rules=1,
        rows=rows,
        width=len(columns),
        rows_with_missing=0,
        schema=ObjectId(bytes(32)),
        table=ObjectId(bytes(32)),
        columns=tuple(columns),
        digests=BlobId(bytes(32)) if rows and columns else None,
    )
    return Side(content=content, columns=tuple(columns), digests=digests if kept and digests else None)


def numbers(cells: bytes, name: str = "x") -> tuple[str, ColumnKind, bytes, bytes | None]:
    return name, "number", cells, None


def one(before: bytes, after: bytes) -> TableDiff:
    """The diff of two tables of one column."""
    return diff_tables(side([numbers(before)]), side([numbers(after)]))


sizes = st.one_of(
    st.integers(0, 3 * BLOCK_ROWS),
    st.sampled_from(
        [0, 1, PAGE_ROWS, PAGE_ROWS + 1, BLOCK_ROWS - 1, BLOCK_ROWS, BLOCK_ROWS + 1, 2 * BLOCK_ROWS]
    ),
)


@given(
    rows=sizes, more=sizes | st.just(0), places=st.lists(st.integers(0, 2**20), max_size=4), cut=st.booleans()
)
def test_every_changed_row_is_in_a_range_and_no_page_is_told_in_vain(
    rows: int, more: int, places: list[int], cut: bool
) -> None:
    before = bytes(rows)
    changed = bytearray(before)
    wrong = sorted({place % rows for place in places}) if rows else []
    for place in wrong:
        changed[place] = 1
    after = bytes(changed[: max(0, rows - more)]) if cut else bytes(changed) + b"\x02" * more
    found = one(before, after)
    common = min(len(before), len(after))
    assert found.appended == max(0, len(after) - rows)
    assert found.removed == max(0, rows - len(after))
    assert found.equal == (before == after)
    known = common if found.unknown is None else found.unknown.first - 1
    assert found.unknown is None or found.unknown.last == common
    assert common - known < BLOCK_ROWS
    assert found.unknown is None or rows != len(after)
    ranges = found.changed[0].rows or () if found.changed else ()
    told = {row for part in ranges for row in range(part.first, part.last + 1)}
    in_reach = {place + 1 for place in wrong if place < known}
    assert in_reach <= told
    assert all(0 < row <= known for row in told)
    # Each block, or page of the last block, that is told of holds a change.
    grains = {
        (row - 1) // PAGE_ROWS
        if row > len(before) // BLOCK_ROWS * BLOCK_ROWS
        else ("block", (row - 1) // BLOCK_ROWS)
        for row in told
    }
    held = {
        (row - 1) // PAGE_ROWS
        if row > len(before) // BLOCK_ROWS * BLOCK_ROWS
        else ("block", (row - 1) // BLOCK_ROWS)
        for row in in_reach
    }
    if rows == len(after):
        assert grains == held


def test_the_story_of_the_documentation() -> None:
    """A column changed in one block, two columns new, 50,000 rows appended, all else identical."""
    rows = 4 * BLOCK_ROWS
    age = bytearray(rows)
    age[140_000] = 1
    before = side([numbers(bytes(rows), "age"), numbers(bytes(rows), "income")])
    more = bytes(50_000)
    after = side(
        [
            numbers(bytes(age) + more, "age"),
            numbers(bytes(rows) + more, "income"),
            numbers(b"\x01" * (rows + 50_000), "a"),
            numbers(b"\x02" * (rows + 50_000), "b"),
        ]
    )
    found = diff_tables(before, after)
    (change,) = found.changed
    assert (change.name, change.rows) == ("age", (Rows(131_073, 196_608),))
    assert found.columns_added == ("a", "b")
    assert (found.appended, found.removed, found.unknown, found.identical) == (50_000, 0, None, 1)


def test_names_kinds_order_and_formatting() -> None:
    cells, other = b"\x01" * 10, b"\x02" * 10
    before = side(
        [("a", "number", cells, b"1" * 10), ("b", "text", other, None), ("c", "number", other, b"2" * 10)]
    )
    same = diff_tables(before, before)
    assert same.equal
    assert same.identical == 3
    written = diff_tables(before, side([("a", "number", cells, b"+" * 10), *table(before)[1:]]))
    assert (written.formatting_only, written.equal, written.identical) == (("a",), True, 2)
    moved = diff_tables(before, side([table(before)[1], table(before)[0], table(before)[2]]))
    assert moved.reordered
    assert not moved.changed
    renamed = diff_tables(before, side([("z", "number", cells, b"1" * 10), *table(before)[1:]]))
    assert renamed.columns_renamed == (Renamed("a", "z"),)
    assert (renamed.columns_added, renamed.columns_removed) == ((), ())
    retyped = diff_tables(before, side([("a", "text", b"1" * 9 + b"x", None), *table(before)[1:]]))
    assert retyped.columns_retyped == (Retyped("a", "number", "text"),)
    assert [change.rows for change in retyped.changed] == [(Rows(1, 10),)]
    text_only = diff_tables(before, side([("a", "text", b"1" * 10, None), *table(before)[1:]]))
    assert text_only.columns_retyped == (Retyped("a", "number", "text"),)
    assert not text_only.changed  # the cells are written as they were


def table(of: Side) -> list[tuple[str, ColumnKind, bytes, bytes | None]]:
    """What the test above made `before` of."""
    cells, other = b"\x01" * 10, b"\x02" * 10
    made: list[tuple[str, ColumnKind, bytes, bytes | None]] = [
        ("a", "number", cells, b"1" * 10),
        ("b", "text", other, None),
        ("c", "number", other, b"2" * 10),
    ]
    assert [column.name for column in of.columns] == [name for name, *_ in made]
    return made


def test_a_change_of_kind_is_placed_by_the_cells_as_written() -> None:
    before = b"1" * (BLOCK_ROWS + 5)
    after = before[:-1] + b"x"
    found = diff_tables(
        side([("a", "number", bytes(len(before)), before)]), side([("a", "text", after, None)])
    )
    assert [change.rows for change in found.changed] == [(Rows(BLOCK_ROWS + 1, BLOCK_ROWS + 5),)]


def test_of_columns_with_one_name_the_first_goes_with_the_first() -> None:
    before = side([numbers(b"\x01", "x"), numbers(b"\x02", "x")])
    after = side([numbers(b"\x01", "x"), numbers(b"\x03", "x"), numbers(b"\x04", "x")])
    found = diff_tables(before, after)
    assert (found.identical, len(found.changed), found.columns_added) == (1, 1, ("x",))


@pytest.mark.parametrize("kept", [(True, False), (False, True), (False, False)], ids=str)
def test_without_the_digests_less_is_said_and_nothing_wrong(kept: tuple[bool, bool]) -> None:
    before, after = (
        [numbers(bytes(9), "x"), numbers(bytes(9), "y")],
        [numbers(b"\x01" * 9, "x"), numbers(bytes(9), "y")],
    )
    found = diff_tables(side(before, kept=kept[0]), side(after, kept=kept[1]))
    assert [(change.name, change.rows) for change in found.changed] == [("x", None)]
    assert found.identical == 1
    longer = diff_tables(
        side(before, kept=kept[0]), side([numbers(bytes(10), "x"), numbers(bytes(10), "y")], kept=kept[1])
    )
    assert (longer.unknown, longer.appended, longer.changed) == (Rows(1, 9), 1, ())


def test_tables_without_rows_or_columns() -> None:
    empty, nothing = side([numbers(b"")]), side([])
    assert diff_tables(empty, empty).equal
    assert diff_tables(nothing, empty).columns_added == ("x",)
    assert diff_tables(empty, side([numbers(b"\x01")])).appended == 1
    assert replace(empty, digests=None) == empty
