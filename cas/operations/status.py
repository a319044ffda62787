"""`status`: what the last run's files are now, by their bytes; of changed datasets what changed in them."""

from __future__ import annotations

import os
from typing import Literal

from ..errors import FileMissing, ObsError
from ..format.data import File, Tree
from ..format.frozen import frozen
from ..format.ids import ObjectId
from ..format.names import FileName
from ..format.objects import object_id
from ..format.runs import Run
from ..store.store import Store
from .changes import Change, change_of
from .inputs import fingerprint_path, place_of
from .lineage import roles_of
from .revisions import links_of
from .verify import compare_with_disk

State = Literal["unchanged", "changed", "absent", "outside", "never-recorded", "recorded"]


@frozen
class FileStatus:
    """One file of the last run, or one that the configuration names.

    `outside`: it lay outside the folder that holds `.obs/`, so where it is now is not known.
    `recorded`: it is no file of the last run, but an earlier run has its bytes.
    `change` is of a dataset that changed, None where what it holds is not known.
    """

    role: str
    name: FileName
    path: FileName
    state: State
    change: Change = None


@frozen
class Status:
    """The files, and the run that they are compared with (None before the first record)."""

    manifest: ObjectId | None
    run: ObjectId | None
    sequence: int | None
    files: tuple[FileStatus, ...]

    @property
    def exit_code(self) -> int:
        """0 all unchanged, 1 something differs."""
        return 1 if any(f.state in ("changed", "absent", "never-recorded") for f in self.files) else 0


def status(store: Store, configured: tuple[tuple[str, str], ...] = ()) -> Status:
    """Reads every file of the last run that still lies where it lay, and the `configured` (role, path) files
    and folders that are not among them; a dataset that changed once more, for its content.

    Raises IntegrityError, FileChanged, OperatingSystemRefused.
    """
    head = store.chain.head()
    files: list[FileStatus] = []
    places: set[FileName] = set()
    entry = store.chain.entry(head, "HEAD") if head is not None else None
    if entry is not None:
        run = store.objects.get(Run, entry.manifest.run, "HEAD")
        links = {link.role: link for link in links_of(run)}
        for note in entry.manifest.files:
            link = links.get(note.role)
            if link is None:
                continue
            if note.outside:
                files.append(FileStatus(role=note.role, name=note.name, path=note.path, state="outside"))
                continue
            places.add(note.path)
            compared = compare_with_disk(store, link, note.path)
            state: State = (
                "unchanged" if compared == "unchanged" else "absent" if compared == "absent" else "changed"
            )
            change = None
            if state == "changed" and link in run.datasets:
                change = change_of(store, entry.manifest.report, link, note.path)
            files.append(
                FileStatus(role=note.role, name=note.name, path=note.path, state=state, change=change)
            )
    for role, path in configured:
        place, _ = place_of(path, store.home)
        if place not in places:
            files.append(_configured(store, role, path, place))
    return Status(
        manifest=head,
        run=entry.manifest.run if entry is not None else None,
        sequence=entry.manifest.sequence if entry is not None else None,
        files=tuple(files),
    )


def _configured(store: Store, role: str, path: str, place: FileName) -> FileStatus:
    name = os.path.basename(os.path.normpath(path))
    try:
        found = fingerprint_path(path)
    except FileMissing:
        return FileStatus(role=role, name=name, path=place, state="absent")
    state: State = "recorded" if _is_recorded(store, found) else "never-recorded"
    return FileStatus(role=role, name=name, path=place, state=state)


def _is_recorded(store: Store, found: File | Tree) -> bool:
    """Whether any run of the history has these bytes."""
    trees: dict[ObjectId, tuple[FileName, ...]] = {}
    wanted = object_id(found)
    for entry in store.chain.entries():
        try:
            run = store.objects.get(Run, entry.manifest.run, f"manifest {entry.id.short}")
        except ObsError:
            continue  # `fsck` names it
        if any(link.id == wanted for link in links_of(run)):
            return True
        if isinstance(found, File) and roles_of(store, run, found, wanted, trees):
            return True
    return False
