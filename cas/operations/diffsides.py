"""The sides of a diff: files and folders on disk, which are read now, and files of runs, as stored."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ..errors import CorruptBlob, FileChanged, FormatError, IntegrityError
from ..format.contents import Content, members_of
from ..format.data import File, Tree
from ..format.ids import ObjectId
from ..format.inspections import Inspection
from ..format.names import FileName
from ..format.objects import object_id
from ..format.reports import Report
from ..format.runs import Link, Run
from ..format.trees import TreeBuilder
from ..observe.files import OpenedFile, Stamp, open_regular, path_kind
from ..observe.headers import is_dataset_name, is_model_name
from ..observe.reading import read_file
from ..store.store import Store
from .contents import Described, Seen, settled, stored_content, unavailable
from .contentsides import described_side, diff_with_file, stored_members, stored_side
from .filediff import FileFacts, FileSide, Form, Inside, problem_of
from .inputs import base_name
from .show import file_object
from .views import Problem

if TYPE_CHECKING:
    from ..observe.reading import Progress
    from .contentdiff import Side, TableDiff

_CODES = {
    "INSPECTION_NEEDS_MODULE": "it is packed in a way that needs a package which is not installed",
    "INSPECTION_TIMED_OUT": "it took too long to inspect",
}


def side_on_disk(path: str, *, threads: int = 1, progress: Progress | None = None) -> FileSide:
    """What lies at `path`, read once: this is where a file is read.

    Raises FileMissing, WrongFileType, FileChanged, OperatingSystemRefused.
    """
    if path_kind(path) == "folder":
        return _folder_on_disk(path, progress)
    stamp: Stamp | None = None
    with open_regular(path) as opened:
        if is_dataset_name(os.fsdecode(os.path.basename(path))):
            from ..observe.tables.reading import read_dataset

            digests, table = read_dataset(opened, sha256=False, threads=threads, progress=progress)
            form: Form = "dataset"
            inside = _table_inside(table)
            stamp = Stamp.of(opened.stat)
        else:
            form, inside = _looked_into(opened)
            digests = read_file(opened, sha256=False, progress=progress)
    file = File(size=digests.size, blake3=digests.blake3)
    facts, after = facts_of(base_name(path), file), inside.table
    if after is None or stamp is None:
        return FileSide(facts=facts, form=form, look=lambda: inside)

    def against(before: Side) -> TableDiff:
        with open_regular(path) as again:
            if Stamp.of(again.stat) != stamp:
                raise FileChanged(path=path, problem="was changed")
            return diff_with_file(before, again, after=after, threads=threads)

    return FileSide(facts=facts, form=form, look=lambda: inside, against=against)


def _folder_on_disk(path: str, progress: Progress | None) -> FileSide:
    from ..observe.tables.folders import read_folder_tables

    reading = read_folder_tables(path, jobs=1, progress=progress)
    builder = TreeBuilder()
    for file in reading.files:
        builder.add(file.entry)
    inside = _table_inside(reading.content)
    form: Form = "dataset" if reading.content is not None else "file"
    return FileSide(facts=facts_of(base_name(path), builder.finish()), form=form, look=lambda: inside)


def _table_inside(seen: Seen) -> Inside:
    """A table that was just read."""
    found = settled(seen, None)
    if not isinstance(found, Described):
        return Inside(missing=unavailable(found, {}).message)
    parts = (part for part in found.parts if part.members)
    members = tuple(members_of(found.content, parts)) if found.content.tables is not None else None
    return Inside(table=described_side(found), members=members)


def _looked_into(opened: OpenedFile) -> tuple[Form, Inside]:
    """A file that is no dataset by its name: a model, if it is one."""
    from .inspect import inspect_for_record

    found = inspect_for_record(opened)
    if found is None:
        return "file", Inside(missing="it is no model file")
    return "model", Inside(missing=_CODES[found]) if isinstance(found, str) else Inside(model=found)


def facts_of(name: FileName, found: File | Tree) -> FileFacts:
    """A file or a folder that is known."""
    return FileFacts(
        name=name,
        kind="tree" if isinstance(found, Tree) else "file",
        size=found.size,
        count=found.count if isinstance(found, Tree) else 1,
        blake3=None if isinstance(found, Tree) else found.blake3,
        id=object_id(found),
    )


# ------------------------------------------------------------------ of runs


def side_of_run(
    store: Store, run: Run, link: Link, report: Report | None, problems: list[Problem]
) -> FileSide:
    """A file of a run. If its object is damaged, that is a problem, and its id is known all the same."""
    try:
        facts = facts_of(link.name, file_object(store, link.id))
    except (IntegrityError, FormatError) as error:
        problems.append(problem_of(error))
        facts = FileFacts(name=link.name, kind=link.kind, size=None, count=None, blake3=None, id=link.id)
    seen = {one.kind: one.id for one in (report.observations if report else ()) if one.role == link.role}
    name = link.name if isinstance(link.name, str) else os.fsdecode(link.name)
    if Content.KIND in seen or is_dataset_name(name) or (link in run.datasets and link.kind == "tree"):
        return FileSide(
            facts=facts, form="dataset", look=lambda: _stored_table(store, seen.get(Content.KIND))
        )
    if link.kind == "file" and (Inspection.KIND in seen or link.role == "model" or is_model_name(name)):
        return FileSide(
            facts=facts, form="model", look=lambda: _stored_model(store, facts, seen.get(Inspection.KIND))
        )
    return FileSide(facts=facts, form="file", look=Inside)


def _stored_table(store: Store, content: ObjectId | None) -> Inside:
    if content is None:
        return Inside(missing="nothing was recorded of its content")
    found = stored_content(store, content)
    members = tuple(stored_members(store, found)) if found.content.tables is not None else None
    return Inside(table=stored_side(store, content), members=members)


def _stored_model(store: Store, facts: FileFacts, inspection: ObjectId | None) -> Inside:
    """Kept bytes are looked into, by the rules of today; else it is what was found when it was recorded."""
    blob = facts.blake3
    descriptor = store.blobs.open(blob) if blob is not None else None
    if blob is None or descriptor is None:
        if inspection is None:
            return Inside(missing="it was neither kept nor looked into when it was recorded")
        found = store.objects.get(Inspection, inspection, "the report")
        if found.file != facts.id:
            return Inside(missing="what was recorded of its inside is about another file")
        return Inside(model=found.document())
    with OpenedFile(f"blob {blob.hex}", descriptor, os.fstat(descriptor)) as opened:
        _, inside = _looked_into(opened)
        if read_file(opened, sha256=False).blake3 != blob:
            raise CorruptBlob(id=blob.hex, problem="its bytes do not hash to its id")
    return inside
