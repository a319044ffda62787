"""How a dataset changed since it was recorded: what lies there now, compared with the stored content."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, TypeAlias

from ..errors import FileChanged, FileMissing, FormatError, IntegrityError, WrongFileType
from ..format.contents import Content, ContentPart, members_of
from ..format.ids import ObjectId
from ..format.names import FileName, name_bytes
from ..format.objects import object_id
from ..format.reports import Report
from ..format.runs import Link
from ..observe.files import open_beneath, open_folder
from ..store.store import Store
from .contents import Described, settled, stored_content

if TYPE_CHECKING:
    from .contentdiff import TableDiff
    from .contentsides import FolderDiff

Change: TypeAlias = "TableDiff | FolderDiff | None"


def change_of(store: Store, report: ObjectId, link: Link, path: FileName) -> Change:
    """What changed in the dataset at `path` below the store's home, which is read for it. None where that is
    not known: no content was recorded, or what lies there cannot be read as a table."""
    try:
        recorded = next(
            (
                seen.id
                for seen in store.objects.get(Report, report, "HEAD").observations
                if seen.role == link.role and seen.kind == Content.KIND
            ),
            None,
        )
        if recorded is None:
            return None
        before = stored_content(store, recorded)
        change = _change_of_file if link.kind == "file" else _change_of_folder
        return change(store, before, name_bytes(path))
    except (IntegrityError, FormatError, FileMissing, FileChanged, WrongFileType):
        return None  # that it changed is known and told; how is more than was asked for


def _change_of_file(store: Store, before: Described, path: bytes) -> Change:
    """Of a table, whose place comes from the store: no symlink on it is followed."""
    from ..observe.tables.reading import read_dataset
    from .contentsides import described_side, diff_with_file, stored_side

    with open_folder(store.home) as home, open_beneath(home.fd, path) as opened:
        after = settled(read_dataset(opened, sha256=False).content, None)
        if not isinstance(after, Described) or before.content.tables is not None:
            return None
        return diff_with_file(stored_side(store, before.id), opened, after=described_side(after))


def _change_of_folder(store: Store, before: Described, path: bytes) -> Change:
    """Of a folder of tables. The same holds for its place."""
    from ..observe.tables.folders import read_folder_tables
    from .contentsides import diff_folders, stored_members

    place = os.path.join(os.path.realpath(store.home), os.fsdecode(path))
    if os.path.realpath(place) != os.path.normpath(place):
        return None
    after = settled(read_folder_tables(place, jobs=1).content, None)
    if not isinstance(after, Described) or before.content.tables is None or after.content.tables is None:
        return None
    return diff_folders(stored_members(store, before), members_of(after.content, _member_parts(after)))


def _member_parts(found: Described) -> Iterator[ContentPart]:
    """Of a folder that was just read, whose parts are not stored."""
    wanted = set(found.content.member_parts)
    return (part for part in found.parts if object_id(part) in wanted)
