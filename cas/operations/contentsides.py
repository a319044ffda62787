"""The two sides of a diff of contents, stored or just read; and the diff of two folders of tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..errors import ContentUnreadable, IntegrityError
from ..format.contents import ContentPart, Member, digest_bytes, members_of
from ..format.frozen import frozen
from ..format.ids import ObjectId
from ..format.names import FileName, name_bytes
from ..observe.files import OpenedFile
from ..store.store import Store
from .contentdiff import Side, TableDiff, diff_appended, diff_tables
from .contents import Described, describe, stored_content


@frozen
class FolderDiff:
    """Which tables of a folder differ. Those that are equal and lie in the same place are counted only."""

    added: tuple[FileName, ...]
    removed: tuple[FileName, ...]
    renamed: tuple[tuple[FileName, FileName], ...]
    changed: tuple[FileName, ...]
    identical: int

    @property
    def equal(self) -> bool:
        """Whether both folders have the same tables in the same places."""
        return not (self.added or self.removed or self.renamed or self.changed)


def described_side(found: Described) -> Side:
    """The side of a table that was just read."""
    return Side(content=found.content, columns=found.columns, digests=found.digests or None)


def stored_side(store: Store, wanted: ObjectId) -> Side:
    """The side of a stored content. A blob of digests that is absent, damaged or of another size is none.

    Raises MissingObject, CorruptObject, InvalidField.
    """
    found = stored_content(store, wanted)
    digests = None
    blob = found.content.digests
    size = digest_bytes(found.content, found.columns)
    if blob is not None and store.blobs.size_of(blob) == size:
        try:
            digests = b"".join(store.blobs.chunks(blob) or ()) or None
        except IntegrityError:
            digests = None
    return Side(content=found.content, columns=found.columns, digests=digests)


def diff_with_file(
    before: Side,
    opened: OpenedFile,
    *,
    after: Side | None = None,
    delimiter: str | None = None,
    threads: int = 1,
) -> TableDiff:
    """What changed from a stored table to the one in an open file, whose side is `after` if it was just read.

    Of a longer file the first rows are read by themselves, so that appended rows are told exactly (if they
    can be: a row that is wrong may spoil the rows before it). Raises ContentUnreadable for a file that is no
    table, FileChanged, OperatingSystemRefused, BadArgument.
    """
    if after is None:
        after = _file_side(opened, delimiter, threads, None)
    rows = before.content.rows
    if not 0 < rows < after.content.rows:
        return diff_tables(before, after)
    try:
        start = _file_side(opened, delimiter, threads, rows)
    except ContentUnreadable:
        return diff_tables(before, after)
    return diff_appended(before, start, after)


def _file_side(opened: OpenedFile, delimiter: str | None, threads: int, rows: int | None) -> Side:
    from ..observe.tables.content import TableContent
    from ..observe.tables.reading import read_table

    found = read_table(opened, delimiter=delimiter, threads=threads, rows=rows)
    if isinstance(found, TableContent):
        return described_side(describe(found, None))
    if found is None:
        raise ContentUnreadable(reason="OPAQUE_FORMAT", problem="by its name the file is no table")
    raise ContentUnreadable(reason=found.code, problem=found.message)


def stored_members(store: Store, found: Described) -> Iterator[Member]:
    """The tables of a folder, in byte order of their names. Raises as `stored_side`."""
    parts = (store.objects.get(ContentPart, part, "a content") for part in found.content.member_parts)
    return members_of(found.content, parts)


def diff_folders(before: Iterable[Member], after: Iterable[Member]) -> FolderDiff:
    """What changed from one folder of tables to another. A table that is gone from one place and stands in
    another, cell by cell the same, was renamed."""
    old = {name_bytes(member.name): member for member in before}
    new = {name_bytes(member.name): member for member in after}
    gone = [name for name in old if name not in new]
    come = [name for name in new if name not in old]
    places: dict[ObjectId, list[bytes]] = {}
    for name in reversed(come):
        places.setdefault(new[name].table, []).append(name)
    renamed: list[tuple[FileName, FileName]] = []
    moved: set[bytes] = set()
    for name in gone:
        free = places.get(old[name].table)
        if free:
            target = free.pop()
            renamed.append((old[name].name, new[target].name))
            moved |= {name, target}
    both = [name for name in old if name in new]
    changed = [name for name in both if old[name].table != new[name].table]
    return FolderDiff(
        added=tuple(new[name].name for name in come if name not in moved),
        removed=tuple(old[name].name for name in gone if name not in moved),
        renamed=tuple(renamed),
        changed=tuple(new[name].name for name in changed),
        identical=len(both) - len(changed),
    )
