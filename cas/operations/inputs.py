"""The files of a record as values: where each lies, what it is called, and, once it was read, what it was."""

from __future__ import annotations

import os
from collections.abc import Mapping

from ..errors import BadArgument, WrongFileType
from ..format.canonical import Value
from ..format.data import File, Tree
from ..format.frozen import frozen
from ..format.ids import ObjectId, Sha256
from ..format.names import FileName, name_from_bytes
from ..format.objects import object_id
from ..format.runs import Document, Link, LinkKind, Metrics, Params
from ..format.trees import TreeBuilder
from ..observe.files import OpenedFile, open_beneath, open_folder, open_regular, path_kind
from ..observe.reading import read_file
from ..observe.trees import read_folder
from .contents import Described
from .views import FileView


def base_name(path: str) -> FileName:
    """The base name of a path as the user wrote it (of `.`: the name of that folder)."""
    name = os.path.basename(os.path.normpath(path))
    if name in ("", ".", ".."):
        name = os.path.basename(os.path.realpath(path)) or "root"
    return name_from_bytes(os.fsencode(name))


def place_of(path: str, home: str) -> tuple[FileName, bool]:
    """Where `path` lies: relative to `home`, or (base name, True) if it lies outside.

    Absolute paths leak user names, so none is ever stored.
    """
    real, root = os.path.realpath(path), os.path.realpath(home)
    if real != root and os.path.commonpath((real, root)) == root:
        return name_from_bytes(os.fsencode(os.path.relpath(real, root))), False
    return base_name(path), True


def open_input(path: str, found: Mapping[str, str]) -> OpenedFile | None:
    """A file of a run, open; None for a folder. What was found in a run folder is opened beneath it, no
    symlink followed. Raises FileMissing, WrongFileType, OperatingSystemRefused."""
    root = found.get(path)
    if root is None:
        return open_regular(path) if path_kind(path) == "file" else None
    name = os.fsencode(os.path.relpath(path, root))
    with open_folder(root) as folder:
        try:
            return open_beneath(folder.fd, name, path)
        except WrongFileType as wrong:
            if wrong.found != "a folder":
                raise
        return None


class Input:
    """A dataset or an artifact on its way into the run; `object` is None until it was read."""

    def __init__(
        self, *, path: str, role: str, name: FileName, kind: LinkKind, opened: OpenedFile | None
    ) -> None:
        self.path = path
        self.role = role
        self.name = name
        self.kind: LinkKind = kind
        self.opened = opened
        self.object: File | Tree | None = None
        self.sha256: Sha256 | None = None
        self.cached = 0
        self.inspection: ObjectId | None = None
        self.document: dict[str, Value] | None = None
        """What stands in the inspection."""
        self.content: Described | None = None

    def recorded(self) -> File | Tree:
        """What it was, once it was read."""
        if self.object is None:
            raise BadArgument(what=f"{self.path} was not read")  # a bug, told as an error and not as None
        return self.object

    def link(self) -> Link:
        """The link from the run to it."""
        return Link(role=self.role, name=self.name, kind=self.kind, id=object_id(self.recorded()))

    def view(self) -> FileView:
        """What the result of `record` says of it."""
        seen = self.recorded()
        return FileView(
            role=self.role,
            name=self.name,
            kind=self.kind,
            size=seen.size,
            count=seen.count if isinstance(seen, Tree) else 1,
            blake3=seen.blake3 if isinstance(seen, File) else None,
            sha256=self.sha256,
            id=object_id(seen),
        )


@frozen
class DocumentInput:
    """Metrics or params that were read; `file` is None for params given one by one."""

    role: str
    values: dict[str, Value] | None
    object: Metrics | Params
    path: str | None = None
    file: File | None = None
    sha256: Sha256 | None = None

    def document(self) -> Document:
        """What the run says of it."""
        if self.file is None or self.path is None:
            return Document(values=object_id(self.object))
        return Document(values=object_id(self.object), name=base_name(self.path), file=object_id(self.file))


def fingerprint_path(path: str) -> File | Tree:
    """The file or tree object of what lies at `path`. Raises as `open_regular` and `read_folder`."""
    if path_kind(path) == "file":
        with open_regular(path) as opened:
            digests = read_file(opened, sha256=False)
        return File(size=digests.size, blake3=digests.blake3)
    builder = TreeBuilder()
    for file in read_folder(path):
        builder.add(file.entry)
    return builder.finish()
