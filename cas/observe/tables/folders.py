"""A folder of part files as one table: its parts side by side, on this machine or on a cluster.

Parts are the files that are called as datasets are (with a delimiter: all files), in byte order of their
relative names. Nothing that begins with `.` or `_`, or lies in a folder that does, is one: Spark, Hive and
Hadoop leave `_SUCCESS`, `_metadata` and `.part-0.crc` behind. All other files are opaque: they have bytes
and no content.

The files are handed out in batches through joblib, in threads unless another backend is active (as within
`joblib.parallel_config("dask")`). What goes to a worker is the folder's path and the names and stats of some
files; what comes back is digests and counts. A worker opens the files beneath the folder itself, and refuses
one that is not what was handed out; in the end every file is asked again whether it still is what it was.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from fnmatch import fnmatchcase
from functools import partial
from typing import Final, NamedTuple

from ...errors import FileChanged
from ...format.data import TreeEntry
from ...format.names import FileName, name_from_bytes
from ..files import OpenedFile, Stamp, open_beneath, open_folder, walk_folder
from ..headers import is_dataset_name
from ..reading import FileDigests, Progress, read_file
from ..trees import TreeFile
from .content import Unavailable
from .merging import FolderContent, FolderDigests, MemberDigests, Totals, folder_content
from .reading import Content, read_dataset

_BATCH_BYTES: Final = 8 << 20
_BATCH_FILES: Final = 256
_MAGIC: Final = re.compile(r"[*?[]")


class FolderReading(NamedTuple):
    """What one reading of a folder gave: its files in byte order of the names, and its content.

    The content is None where no file is a table.
    """

    files: tuple[TreeFile, ...]
    content: FolderContent | Unavailable | None


class Asked(NamedTuple):
    """What is wanted to know of each part."""

    delimiter: str | None
    label: str | None
    threads: int


class PartFile(NamedTuple):
    """A file to be read, as it was when the folder was listed. `part`: it is to be read as a table."""

    name: bytes
    part: bool
    stamp: Stamp


class Found(NamedTuple):
    """What a worker found in a file. `content` is None if it is opaque."""

    digests: FileDigests
    content: MemberDigests | Unavailable | None
    names: tuple[str, ...]
    """Of its columns, if it is a table."""


class BatchFound(NamedTuple):
    """What a worker found in its files, and the totals of the tables with the same names as the first one."""

    files: list[Found]
    totals: Totals | None


def read_folder_tables(
    path: str,
    *,
    pattern: str | None = None,
    delimiter: str | None = None,
    label: str | None = None,
    jobs: int | None = None,
    threads: int = 1,
    progress: Progress | None = None,
) -> FolderReading:
    """Reads every file beneath a folder that the user named, once, for its digest and for its content.

    `pattern`: only the files whose relative name it matches, part by part (`*/part-*.csv`). `jobs`: how many
    files are read at a time; None is what the active joblib backend says, 1 without one. `threads` may
    work at each. Neither changes the result. Progress is told from this thread, batch by batch.

    Raises FileMissing, WrongFileType, FileChanged, OperatingSystemRefused, BadArgument, and what a backend
    of joblib raises for a worker that died.
    """
    root = os.path.abspath(path)  # a worker may be in another folder
    listed = list_files(path, pattern, delimiter)
    asked = Asked(delimiter, label, threads)
    batches = _batches(listed)
    merging = _Merging(sum(file.part for file in listed), label)
    files: list[TreeFile] = []
    for batch, found in zip(batches, _run(root, batches, asked, jobs), strict=True):
        merging.add_totals(found.totals)
        for file, one in zip(batch, found.files, strict=True):
            name = name_from_bytes(file.name)
            entry = TreeEntry(name, one.digests.size, one.digests.blake3)
            files.append(TreeFile(entry, False, file.stamp))
            merging.add(name, one)
            if progress is not None:
                progress(entry.size)
    for before, after in zip(listed, now := list_files(path, pattern, delimiter), strict=False):
        if before != after:
            raise FileChanged(path=os.path.join(path, os.fsdecode(before.name)), problem="was changed")
    if len(now) != len(listed):
        raise FileChanged(path=path, problem="gained or lost files")
    return FolderReading(tuple(files), merging.content())


class _Merging:
    """Takes what was found in file after file."""

    def __init__(self, parts: int, label: str | None) -> None:
        self._parts = parts
        self._label = label
        self._totals: Totals | None = None
        self._digests: FolderDigests | None = None
        self._opaque: list[FileName] = []
        self._problem: Unavailable | None = None

    def add(self, name: FileName, found: Found) -> None:
        """A file, of a batch whose totals were added."""
        content = found.content
        if content is None:
            self._opaque.append(name)
        elif self._problem is not None:
            pass  # the first one is told
        elif isinstance(content, Unavailable):
            self._problem = Unavailable(content.code, content.message, content.place, name)
        elif self._totals is not None and found.names != self._totals.names:
            message = "a file has other columns than the first one of the folder, or in another order"
            self._problem = Unavailable("MIXED_SCHEMAS", message, None, name)
        else:
            if self._digests is None:
                self._digests = FolderDigests(self._parts, len(found.names))
            self._digests.add(name, content)

    def add_totals(self, totals: Totals | None) -> None:
        """Those of a batch; of other names than all before, they are left out, and `add` sees why."""
        if self._totals is None:
            self._totals = totals
        elif totals is not None and totals.names == self._totals.names:
            self._totals.add(totals, self._label)

    def content(self) -> FolderContent | Unavailable | None:
        """Of all files."""
        if self._problem is not None or self._totals is None or self._digests is None:
            return self._problem
        return folder_content(self._totals, self._digests, tuple(self._opaque), self._label)


def list_files(path: str, pattern: str | None, delimiter: str | None) -> list[PartFile]:
    """The files of a folder. Raises as `walk_folder`."""
    parts = None if pattern is None else os.fsencode(pattern).split(b"/")
    wanted = None if parts is None else partial(_begins, parts)
    with open_folder(path) as root:
        return [
            PartFile(entry.name, _is_part(entry.name, delimiter), Stamp.of(entry.stat()))
            for entry in walk_folder(root, wanted)
            if parts is None or entry.name.count(b"/") == len(parts) - 1
        ]


def split_pattern(path: str) -> tuple[str, str | None]:
    """A path with `*`, `?` or `[` in it as the folder above and the pattern beneath; any other path as it is.

    What exists under that very name is no pattern.
    """
    if os.path.lexists(path) or not _MAGIC.search(path):
        return path, None
    parts = path.split("/")
    first = next(number for number, part in enumerate(parts) if _MAGIC.search(part))
    return "/".join(parts[:first]) or ("/" if first else "."), "/".join(parts[first:])


def _begins(pattern: Sequence[bytes], name: bytes) -> bool:
    """Whether a file or folder of that name matches the pattern as far as the name goes."""
    parts = name.split(b"/")
    return len(parts) <= len(pattern) and all(map(fnmatchcase, parts, pattern))


def _is_part(name: bytes, delimiter: str | None) -> bool:
    folders_and_name = name.split(b"/")
    if any(part.startswith((b".", b"_")) for part in folders_and_name):
        return False
    return delimiter is not None or is_dataset_name(os.fsdecode(folders_and_name[-1]))


def _batches(files: Iterable[PartFile]) -> list[list[PartFile]]:
    """Small files together, since handing out costs more than the reading of one."""
    batches: list[list[PartFile]] = []
    size = _BATCH_BYTES
    for file in files:
        if size >= _BATCH_BYTES or len(batches[-1]) == _BATCH_FILES:
            batches.append([])
            size = 0
        batches[-1].append(file)
        size += file.stamp.size
    return batches


def _run(root: str, batches: list[list[PartFile]], asked: Asked, jobs: int | None) -> Iterator[BatchFound]:
    """What is found in each batch, in their order."""
    if jobs == 1:
        yield from (read_batch(root, batch, asked) for batch in batches)
        return
    from joblib import Parallel, delayed

    if jobs is not None:
        jobs = max(1, min(jobs, len(batches)))  # joblib allocates by this number, and refuses large ones
    calls = (delayed(read_batch)(root, batch, asked) for batch in batches)
    try:
        parallel = Parallel(n_jobs=jobs, prefer="threads", batch_size=1, return_as="generator")
    except ValueError:  # a backend that gives all results at the end
        parallel = Parallel(n_jobs=jobs, prefer="threads", batch_size=1)
    with _short_turns():
        yield from parallel(calls)


@contextmanager
def _short_turns() -> Generator[None]:
    """Threads wait for Python's lock for half a millisecond at most, not for five.

    They hold it for many short steps between those of pyarrow and BLAKE3, which do without it: with turns of
    5 ms two threads were 1.57 times as fast as one, with these 1.73 times.
    """
    before = sys.getswitchinterval()
    sys.setswitchinterval(min(before, 0.0005))
    try:
        yield
    finally:
        sys.setswitchinterval(before)


def read_batch(root: str, files: Sequence[PartFile], asked: Asked) -> BatchFound:
    """What a worker does. Raises as `read_folder_tables`."""
    found: list[Found] = []
    totals: Totals | None = None
    with open_folder(root) as folder:
        for file in files:
            with open_beneath(folder.fd, file.name) as opened:
                opened.path = os.path.join(root, opened.path)
                digests, content = _read_one(opened, file, asked)
            if content is None or isinstance(content, Unavailable):
                found.append(Found(digests, content, ()))
                continue
            own = Totals(content)
            if totals is None:
                totals = own
            elif own.names == totals.names:
                totals.add(own, asked.label)
            # Tables of one batch share the names of their columns, so that they travel once.
            names = totals.names if own.names == totals.names else own.names
            found.append(Found(digests, MemberDigests.of(content), names))
    return BatchFound(found, totals)


def _read_one(opened: OpenedFile, file: PartFile, asked: Asked) -> tuple[FileDigests, Content]:
    now = Stamp.of(opened.stat)
    # Another machine may know a shared file system under other device and inode numbers.
    if (now.size, now.mtime_ns) != (file.stamp.size, file.stamp.mtime_ns):
        raise FileChanged(path=opened.path, problem="was changed")
    if not file.part:
        return read_file(opened, sha256=False, threads=asked.threads > 1), None
    return read_dataset(
        opened, sha256=False, delimiter=asked.delimiter, label=asked.label, threads=asked.threads
    )
