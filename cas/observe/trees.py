"""Reading a folder: every file beneath it, in byte order of the names."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ..format.ids import BlobId
from ..format.names import FileName, name_from_bytes
from .files import OpenedFile, Stamp, open_beneath, open_folder, open_folder_beneath, walk_folder
from .reading import Sink, read_file


@dataclass(frozen=True, slots=True)
class TreeFile:
    """One file of a folder. `size` is in bytes; `from_cache`: its digest was known and it was not read."""

    name: FileName
    size: int
    blake3: BlobId
    from_cache: bool
    stamp: Stamp


def read_folder(
    path: str,
    *,
    known: Callable[[Stamp], BlobId | None] | None = None,
    sink_for: Callable[[bytes], Sink | None] | None = None,
    jobs: int = 1,
    progress: Callable[[int], None] | None = None,
) -> Iterator[TreeFile]:
    """Every file beneath a folder that the user named, in byte order of the names.

    `known` tells the digest of a file by its stat, if it is known for certain; `sink_for` gives the
    place for a copy of a file's bytes; `jobs` files are read at once, and the result does not depend on it.
    Raises FileMissing, WrongFileType, FileChanged, OperatingSystemRefused.
    """
    del jobs  # a large file is already read by several threads, and small ones gain nothing from them
    with open_folder(path) as root:
        yield from _read(root, known, sink_for, progress)


def read_folder_beneath(root: int, name: bytes) -> Iterator[TreeFile]:
    """The same for a relative path beneath a folder's descriptor, no symlink followed on the way."""
    with open_folder_beneath(root, name) as folder:
        yield from _read(folder, None, None, None)


def _read(
    root: OpenedFile,
    known: Callable[[Stamp], BlobId | None] | None,
    sink_for: Callable[[bytes], Sink | None] | None,
    progress: Callable[[int], None] | None,
) -> Iterator[TreeFile]:
    for name, status in walk_folder(root):
        stamp = Stamp.of(status)
        digest = known(stamp) if known is not None else None
        if digest is not None:
            yield TreeFile(name_from_bytes(name), stamp.size, digest, True, stamp)
            continue
        with open_beneath(root.fd, name) as opened:
            sink = sink_for(name) if sink_for is not None else None
            read = read_file(opened, sha256=False, sink=sink, progress=progress)
        yield TreeFile(name_from_bytes(name), read.size, read.blake3, False, read.stamp)
