"""Reading a file once: BLAKE3, SHA-256 and a copy in the same pass, in bounded memory.

A small file is read, hashed and copied in one thread; a large one goes round a ring (`ring.py`).

Files are read by descriptor, never through a memory map (a file that shrinks kills the process that
maps it, by SIGBUS). Size, inode, mtime and ctime are compared before and after.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from blake3 import blake3

from ..errors import FileChanged, OperatingSystemRefused
from ..format.ids import BlobId, Sha256
from ..format.sha256 import hasher_of
from .files import OpenedFile, Stamp

if TYPE_CHECKING:
    from mmap import mmap

Sink: TypeAlias = Callable[[memoryview], object]
"""Takes each chunk in order; must not keep it."""
Progress: TypeAlias = Callable[[int], None]
"""Is told the bytes of each chunk."""

SMALL_BYTES: Final = 1 << 20
"""Up to here threads cost more than they give."""
_BUFFER_BYTES: Final = 1 << 20
_HASHER_THREADS: Final = 2
"""For one file. More of them wait for each other: a buffer of the ring is hashed in 0.2 ms."""


class FileDigests(NamedTuple):
    """What one pass over a file gave. `size` is in bytes; `sha256` is None where it was not wanted."""

    size: int
    blake3: BlobId
    sha256: Sha256 | None
    stamp: Stamp


def read_file(
    opened: OpenedFile,
    *,
    sha256: bool,
    sink: Sink | None = None,
    progress: Progress | None = None,
    threads: bool = True,
) -> FileDigests:
    """Reads an open file from its beginning to its end, each byte once.

    `threads`: a large file may be read by several. Raises FileChanged, OperatingSystemRefused, and
    whatever the sink or `progress` raises.
    """
    # Where nothing else keeps the second processor busy, BLAKE3 takes it (it is a tree).
    alone = threads and not sha256 and sink is None and opened.stat.st_size > SMALL_BYTES
    hasher = blake3(max_threads=_HASHER_THREADS if alone else 1)
    secure = hasher_of(opened.stat.st_size) if sha256 else None
    stages: list[Sink] = [hasher.update]
    if secure is not None:
        stages.append(secure.update)
    if sink is not None:
        stages.append(sink)
    size = read_through(opened, stages, progress=progress, threads=threads)
    stamp = check_unchanged(opened, size)
    digest = Sha256(secure.digest()) if secure is not None else None
    return FileDigests(size, BlobId(hasher.digest()), digest, stamp)


def read_through(
    opened: OpenedFile, stages: list[Sink], *, progress: Progress | None = None, threads: bool = True
) -> int:
    """Gives every chunk of an open file to each of `stages`; the number of bytes. Raises as `read_file`.

    Whether the file is still the one that was opened, `check_unchanged` says.
    """
    if opened.stat.st_size <= SMALL_BYTES:
        return _read_small(opened, stages, progress)
    if threads:
        from .ring import read_ring

        return read_ring(lambda buffer: _fill(opened, buffer), opened.stat.st_size, stages, progress)
    return _read_in_turns(opened, stages, progress)


def check_unchanged(opened: OpenedFile, size: int) -> Stamp:
    """The stamp of a file of which `size` bytes were read, if it still is the one that was opened.

    A file that was replaced lost a name, which its ctime tells. A path that the user typed may have
    been led elsewhere (a symlink on its way): it is asked again. Raises FileChanged.
    """
    before, after = opened.stat, os.fstat(opened.fd)
    if size != before.st_size or after.st_size != before.st_size:
        problem = change_of_size(before.st_size, max(size, after.st_size))
        raise FileChanged(path=opened.path, problem=problem)
    stamp = Stamp.of(after)
    if stamp != Stamp.of(before):
        raise FileChanged(path=opened.path, problem="was changed")
    if opened.typed:
        try:
            now = os.stat(opened.path)
        except OSError:
            raise FileChanged(path=opened.path, problem="was removed") from None
        if (now.st_dev, now.st_ino) != (before.st_dev, before.st_ino):
            raise FileChanged(path=opened.path, problem="was replaced")
    return stamp


def change_of_size(before: int, now: int) -> str:
    """What happened to a file, from its sizes in bytes."""
    return "grew" if now > before else "shrank"


def _read_small(opened: OpenedFile, stages: list[Sink], progress: Progress | None) -> int:
    size = opened.stat.st_size
    try:
        data = os.read(opened.fd, size + 1)
        while len(data) < size and (more := os.read(opened.fd, size + 1 - len(data))):
            data += more
    except OSError as error:
        raise read_refused(opened.path, error) from None
    if data:
        view = memoryview(data)
        for stage in stages:
            stage(view)
        if progress is not None:
            progress(len(data))
    return len(data)


def _fill(opened: OpenedFile, buffer: bytearray | mmap) -> int:
    try:
        return os.readv(opened.fd, [buffer])
    except OSError as error:
        raise read_refused(opened.path, error) from None


def _read_in_turns(opened: OpenedFile, stages: list[Sink], progress: Progress | None) -> int:
    buffer = bytearray(_BUFFER_BYTES)
    total = 0
    while total <= opened.stat.st_size and (count := _fill(opened, buffer)):
        total += count
        with memoryview(buffer)[:count] as view:
            for stage in stages:
                stage(view)
        if progress is not None:
            progress(count)
    return total


def read_refused(path: str, error: OSError) -> OperatingSystemRefused:
    reason = os.strerror(error.errno) if error.errno else str(error)
    return OperatingSystemRefused(action="read", path=path, reason=reason)
