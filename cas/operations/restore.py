"""`cat` and `restore`: kept bytes back, verified on the way."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from typing import TypeVar

from ..errors import BadArgument, ContentAbsent, CorruptObject, FileExists, WrongFileType
from ..format.data import File, Tree, TreeEntry
from ..format.frozen import frozen
from ..format.ids import BlobId, ObjectId
from ..format.names import name_bytes
from ..store.files import refused
from ..store.store import Store
from .lineage import tree_entries
from .placing import umask, write_atomically
from .revisions import Member
from .show import file_object

T = TypeVar("T")


@frozen
class Restored:
    """What was written where. `size` is in bytes, `count` the number of files."""

    path: str
    manifest: ObjectId
    run: ObjectId
    role: str
    size: int
    count: int
    blake3: BlobId | None


def cat(store: Store, member: Member, text: str) -> Iterator[bytes]:
    """The kept bytes of one file, in pieces; damage is raised before the last piece is given out.

    `text` is how the user named it. Raises ContentAbsent, WrongFileType, CorruptBlob.
    """
    file = file_object(store, member.file)
    if isinstance(file, Tree):
        raise WrongFileType(path=text, found="a folder", needed="a file")
    return _chunks(store, file.blake3, text)


def restore(store: Store, member: Member, text: str, target: str, *, force: bool) -> Restored:
    """Writes the kept bytes to `target`, which appears only when all of them were verified.

    A folder is restored as a folder that is not there yet.
    Raises ContentAbsent, CorruptBlob, FileExists, OperatingSystemRefused.
    """
    if not target:
        raise BadArgument(what="an empty path names no file to write to")
    seen = file_object(store, member.file)
    if isinstance(seen, File):
        if os.path.isdir(target):
            raise WrongFileType(path=target, found="a folder", needed="the name of a file")
        if os.path.lexists(target) and not force:
            raise FileExists(path=target)
        write_atomically(target, _chunks(store, seen.blake3, text), replace=force)
        count = 1
    else:
        count = _restore_tree(store, member, text, target)
    return Restored(
        path=target,
        manifest=member.entry.id,
        run=member.entry.manifest.run,
        role=member.role,
        size=seen.size,
        count=count,
        blake3=seen.blake3 if isinstance(seen, File) else None,
    )


def _chunks(store: Store, blob: BlobId, text: str) -> Iterator[bytes]:
    chunks = store.blobs.chunks(blob)
    if chunks is None:
        raise ContentAbsent(revision=text, id=blob.hex)
    return chunks


def _restore_tree(store: Store, member: Member, text: str, target: str) -> int:
    if os.path.lexists(target):
        raise FileExists(path=target)
    entries = list(tree_entries(store, member.file))
    names = {name_bytes(entry.name) for entry in entries}
    for entry in entries:
        above = name_bytes(entry.name)
        while above := above.rpartition(b"/")[0]:
            if above in names:
                problem = f"it names {os.fsdecode(above)!r} as a file and as a folder"
                raise CorruptObject(id=member.file.hex, problem=problem)
        if store.blobs.size_of(entry.blake3) is None:
            raise ContentAbsent(revision=f"{text} ({_shown(entry)})", id=entry.blake3.hex)
    # Built beside the target and renamed at the end: the target is whole or not there.
    folder = os.path.dirname(os.path.abspath(target))
    made = _system(folder, lambda: tempfile.mkdtemp(prefix=".obs-restore-", dir=folder))
    try:
        os.chmod(made, 0o777 & ~umask())
        for entry in entries:
            path = os.path.join(made, os.fsdecode(name_bytes(entry.name)))
            _make_folders(path)
            write_atomically(path, _chunks(store, entry.blake3, text), replace=False)
        _system(target, lambda: os.rename(made, target))
    except BaseException:
        _remove_tree(made)
        raise
    return len(entries)


def _make_folders(path: str) -> None:
    _system(path, lambda: os.makedirs(os.path.dirname(path), exist_ok=True))


def _shown(entry: TreeEntry) -> str:
    return os.fsdecode(name_bytes(entry.name))


def _remove_tree(path: str) -> None:
    import shutil

    shutil.rmtree(path, ignore_errors=True)


def _system(path: str, call: Callable[[], T]) -> T:
    try:
        return call()
    except OSError as error:
        raise refused("write", path, error) from None
