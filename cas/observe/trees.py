"""Reading a folder: every file beneath it, in byte order of the names.

Small files are read one after the other: a thread costs more than the reading of one (20,000 files
of 4 KiB take 0.2 s in one thread, 0.8 s in four). Large ones are read several at once if that was
asked for, and come out in their order all the same.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from itertools import islice
from typing import Final, NamedTuple, TypeAlias

import msgpack
from blake3 import blake3

from ..errors import FileChanged
from ..format.data import TreeEntry
from ..format.ids import BlobId
from ..format.names import FileName, name_from_bytes
from .files import Entry, OpenedFile, Stamp, open_folder, open_folder_beneath, walk_folder
from .reading import SMALL_BYTES, FileDigests, Progress, Sink, change_of_size, read_file, read_refused

Known: TypeAlias = Callable[[Stamp], BlobId | None]
"""The digest of a file by its stat, if it is known for certain."""
SinkFor: TypeAlias = Callable[[bytes], Sink | None]
"""The place for a copy of the file with this relative name."""

_ROWS: Final = 1024
_BATCH_FILES: Final = 32
"""Large files that are open at once."""


class TreeFile(NamedTuple):
    """One file of a folder; `from_cache`: its digest was known and it was not read."""

    entry: TreeEntry
    from_cache: bool
    stamp: Stamp


def read_folder(
    path: str,
    *,
    known: Known | None = None,
    sink_for: SinkFor | None = None,
    jobs: int = 1,
    progress: Progress | None = None,
) -> Iterator[TreeFile]:
    """Every file beneath a folder that the user named, in byte order of the names.

    `jobs` large files are read at once, where no copies are made; the result does not depend on it.
    Raises FileMissing, WrongFileType, FileChanged, OperatingSystemRefused.
    """
    with open_folder(path) as root:
        if jobs > 1 and sink_for is None:
            yield from _read_many(root, known, jobs, progress)
        else:
            yield from _read(root, known, sink_for, progress)


def read_folder_beneath(root: int, name: bytes) -> Iterator[TreeFile]:
    """The same for a relative path beneath a folder's descriptor, no symlink followed on the way.

    Raises as `read_folder`, and InvalidField for `..` and the like.
    """
    with open_folder_beneath(root, name) as folder:
        yield from _read(folder, None, None, None)


class FolderState:
    """A digest of the names and stats of all files of a folder, added in their order.

    Equal states mean equal files as far as a stat can tell (see the stat cache, which this is for).
    """

    def __init__(self) -> None:
        self._hasher = blake3()
        self._rows: list[tuple[FileName, Stamp]] = []

    def add(self, name: FileName, stamp: Stamp) -> None:
        """Takes the next file."""
        self._rows.append((name, stamp))
        if len(self._rows) == _ROWS:
            self._flush()

    def digest(self) -> bytes:
        """32 bytes."""
        self._flush()
        return self._hasher.digest()

    def _flush(self) -> None:
        self._hasher.update(msgpack.packb(self._rows, use_bin_type=True))
        self._rows.clear()


def state_of_folder(path: str) -> bytes:
    """The state of a folder that the user named, for which no file is opened. Raises as `read_folder`."""
    state = FolderState()
    with open_folder(path) as root:
        for entry in walk_folder(root):
            state.add(name_from_bytes(entry.name), Stamp.of(entry.stat()))
    return state.digest()


def some_names(path: str, most: int) -> Iterator[str]:
    """The names of some files beneath a folder, in no order: of `most` files and folders at most.

    A folder that cannot be listed has none. Whoever reads it is told why.
    """
    folders = [path]
    while folders and most > 0:
        with suppress(OSError), os.scandir(folders.pop()) as entries:
            for entry in islice(entries, most):
                most -= 1
                if entry.is_dir(follow_symlinks=False):
                    folders.append(entry.path)
                else:
                    yield entry.name


def _find(entry: Entry, known: Known) -> TreeFile | None:
    stamp = Stamp.of(entry.stat())
    digest = known(stamp)
    if digest is None:
        return None
    return TreeFile(TreeEntry(name_from_bytes(entry.name), stamp.size, digest), True, stamp)


def _found(name: bytes, read: FileDigests) -> TreeFile:
    return TreeFile(TreeEntry(name_from_bytes(name), read.size, read.blake3), False, read.stamp)


def _read_small(entry: Entry, progress: Progress | None) -> TreeFile | None:
    """A file of at most SMALL_BYTES; None (nothing was read) if it is none.

    A folder may hold very many of them, and what `read_file` prepares for each would cost more than the
    reading: this is as few steps as it can be. Raises as `Entry.open` and `read_file`.
    """
    descriptor = entry.descriptor()
    try:
        before = os.fstat(descriptor)
        size = before.st_size
        if not stat.S_ISREG(before.st_mode) or size > SMALL_BYTES:
            return None
        # One byte more than the stat said: a file that grew is noticed without a second call.
        data = os.read(descriptor, size + 1)
        while len(data) < size and (more := os.read(descriptor, size + 1 - len(data))):
            data += more
        after = os.fstat(descriptor)
    except OSError as error:
        raise read_refused(entry.path, error) from None
    finally:
        os.close(descriptor)
    if not len(data) == size == after.st_size:
        raise FileChanged(path=entry.path, problem=change_of_size(size, max(len(data), after.st_size)))
    if after.st_mtime_ns != before.st_mtime_ns or after.st_ctime_ns != before.st_ctime_ns:
        raise FileChanged(path=entry.path, problem="was changed")
    if progress is not None:
        progress(size)
    found = TreeEntry(name_from_bytes(entry.name), size, BlobId(blake3(data).digest()))
    return TreeFile(found, False, Stamp.of(after))


def _read(
    root: OpenedFile, known: Known | None, sink_for: SinkFor | None, progress: Progress | None
) -> Iterator[TreeFile]:
    for entry in walk_folder(root):
        file = _find(entry, known) if known is not None else None
        if file is None:
            sink = sink_for(entry.name) if sink_for is not None else None
            file = _read_small(entry, progress) if sink is None else None
            if file is None:
                with entry.open() as opened:
                    read = read_file(opened, sha256=False, sink=sink, progress=progress)
                file = _found(entry.name, read)
        yield file


class _Batch:
    """Files in their order: those that are done, and those (opened) that are still to be read."""

    def __init__(self) -> None:
        self.files: list[TreeFile | tuple[bytes, OpenedFile]] = []
        self.open = 0


def _read_many(
    root: OpenedFile, known: Known | None, jobs: int, progress: Progress | None
) -> Iterator[TreeFile]:
    with ExitStack() as stack:
        batch = _Batch()
        for entry in walk_folder(root):
            file = _find(entry, known) if known is not None else None
            file = file or _read_small(entry, progress)
            if file is not None:
                batch.files.append(file)
                continue
            batch.files.append((entry.name, stack.enter_context(entry.open())))
            batch.open += 1
            if batch.open == _BATCH_FILES:
                yield from _finished(batch, jobs, progress)
                stack.pop_all().close()
                batch = _Batch()
        yield from _finished(batch, jobs, progress)


def _finished(batch: _Batch, jobs: int, progress: Progress | None) -> Iterator[TreeFile]:
    waiting = [item[1] for item in batch.files if not isinstance(item, TreeFile)]
    if len(waiting) > 1:
        from joblib import Parallel, delayed

        # Threads, whatever backend is active: a descriptor means nothing to another process.
        reading = Parallel(n_jobs=min(jobs, len(waiting)), require="sharedmem")
        calls = (delayed(read_file)(opened, sha256=False, threads=False) for opened in waiting)
        digests: Iterator[FileDigests] = iter(reading(calls))
    else:
        digests = (read_file(opened, sha256=False, progress=progress) for opened in waiting)
    for item in batch.files:
        if isinstance(item, TreeFile):
            yield item
            continue
        read = next(digests)
        if progress is not None and len(waiting) > 1:
            progress(read.size)  # told here and not by the threads: it need not be safe for them
        yield _found(item[0], read)
