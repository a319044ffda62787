"""What changed in a dataset, in a few words. Names of columns and files are escaped."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from .output import escape
from .render import counted

if TYPE_CHECKING:
    from ..cas.format.names import FileName
    from ..cas.operations.contentdiff import Rows, TableDiff
    from ..cas.operations.contentsides import FolderDiff

_MOST_LINES: Final = 8
_MOST_NAMES: Final = 5
_MOST_RANGES: Final = 3


def change_lines(change: TableDiff | FolderDiff) -> Iterator[str]:
    """One thing a line, the first few of them."""
    from ..cas.operations.contentsides import FolderDiff

    told = list(_folder(change) if isinstance(change, FolderDiff) else _table(change))
    if not told:
        yield "the same cells, in other bytes"
    yield from told[:_MOST_LINES]
    if len(told) > _MOST_LINES:
        yield f"and {counted(len(told) - _MOST_LINES, 'more change')}"


def _table(change: TableDiff) -> Iterator[str]:
    if change.appended:
        # Where the common rows could not be compared, nobody knows where the new ones stand.
        how = "appended" if change.unknown is None else "more"
        yield f"{_rows(change.appended)} {how} ({change.rows_before:,} before)"
    if change.removed:
        yield f"{_rows(change.removed)} fewer ({change.rows_before:,} before)"
    for names, what in ((change.columns_added, "added"), (change.columns_removed, "removed")):
        if names:
            yield f"{_named('column', names)} {what}"
    for before, after in change.columns_renamed:
        yield f"column {escape(before)} renamed to {escape(after)}"
    if change.reordered:
        yield "columns in another order"
    for name, old, new in change.columns_retyped:
        yield f"column {escape(name)} was {old} and is {new}"
    for column in change.changed:
        where = f" in {_ranges(column.rows)}" if column.rows else ""
        yield f"column {escape(column.name)} changed{where}"
    if change.formatting_only:
        yield f"{_named('column', change.formatting_only)} written otherwise, with the same values"
    if change.unknown is not None:
        yield f"rows {change.unknown.first:,}-{change.unknown.last:,} could not be compared"


def _folder(change: FolderDiff) -> Iterator[str]:
    for names, what in (
        (change.added, "added"),
        (change.removed, "removed"),
        (change.changed, "changed"),
    ):
        if names:
            yield f"{_named('table', names)} {what}"
    for before, after in change.renamed:
        yield f"table {escape(before)} renamed to {escape(after)}"


def _named(what: str, names: Sequence[FileName]) -> str:
    shown = ", ".join(map(escape, names[:_MOST_NAMES]))
    more = f" and {len(names) - _MOST_NAMES:,} more" if len(names) > _MOST_NAMES else ""
    return f"{what}{'' if len(names) == 1 else 's'} {shown}{more}"


def _rows(count: int) -> str:
    return f"{count:,} row{'' if count == 1 else 's'}"


def _ranges(rows: Sequence[Rows]) -> str:
    shown = ", ".join(f"{one.first:,}-{one.last:,}" for one in rows[:_MOST_RANGES])
    more = f" and {counted(len(rows) - _MOST_RANGES, 'more range')}" if len(rows) > _MOST_RANGES else ""
    return f"rows {shown}{more}"
