"""One door to the tables. Which format a file has is told by its name, as `headers.py` says.

Every byte of the file goes to the sinks (hashers, a copy) once and in order, whatever becomes of the
content: in the same pass where the format is a stream, in a pass of their own for Parquet and Arrow, of
which the end is read first.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from blake3 import blake3

from ...format.ids import BlobId, Sha256
from ...format.sha256 import hasher_of
from ..files import Stamp
from ..headers import DatasetFormat, dataset_format
from ..reading import FileDigests, check_unchanged, read_through
from .content import TableContent, Unavailable
from .streams import FileStream

if TYPE_CHECKING:
    from ..files import OpenedFile
    from ..reading import Progress, Sink

Content: TypeAlias = TableContent | Unavailable | None
"""None: the file is called as no dataset is, and is bytes to obs."""


class DatasetReading(NamedTuple):
    """What one reading of a dataset gave."""

    digests: FileDigests
    content: Content


def read_dataset(
    opened: OpenedFile,
    *,
    sha256: bool,
    delimiter: str | None = None,
    label: str | None = None,
    threads: int = 1,
    sink: Sink | None = None,
    progress: Progress | None = None,
) -> DatasetReading:
    """The digests of an open file's bytes, as `read_file` gives them, and its content. See `read_table`."""
    hasher = blake3()
    secure = hasher_of(opened.stat.st_size) if sha256 else None
    sinks: list[Sink] = [hasher.update]
    if secure is not None:
        sinks.append(secure.update)
    if sink is not None:
        sinks.append(sink)
    content = read_table(
        opened, delimiter=delimiter, label=label, threads=threads, sinks=sinks, progress=progress
    )
    digest = Sha256(secure.digest()) if secure is not None else None
    stamp = Stamp.of(opened.stat)
    return DatasetReading(FileDigests(stamp.size, BlobId(hasher.digest()), digest, stamp), content)


def read_table(
    opened: OpenedFile,
    *,
    delimiter: str | None = None,
    label: str | None = None,
    threads: int = 1,
    sinks: Sequence[Sink] = (),
    progress: Progress | None = None,
    rows: int | None = None,
) -> Content:
    """What the table in an open file, or only its first `rows` (1 or more), holds.

    `delimiter`, one character, makes any file one of delimited text. `threads` may work at a time; the
    content does not depend on how many. Raises FileChanged if the file is not what it was when it was
    opened, BadArgument for a delimiter that is none, OperatingSystemRefused, and what the sinks and
    `progress` raise.
    """
    found = dataset_format(opened.path, delimiter)
    content: Content
    if found is not None and found.kind in {"delimited", "json lines"}:
        file = FileStream(opened, sinks, progress)
        content = _read_stream(file, found, label, threads, rows)
        file.drain()
        size = file.size
    else:
        content = None if found is None else _read_arrow(opened, found, label, threads, rows)
        size = read_through(opened, list(sinks), progress=progress, threads=threads > 1)
    check_unchanged(opened, size)
    return content


def _read_stream(
    file: FileStream, found: DatasetFormat, label: str | None, threads: int, rows: int | None
) -> Content:
    from .csvfiles import read_csv
    from .jsonlines import read_json_lines
    from .packed import PackedStream

    packed = None if found.compression is None else PackedStream(file, found.compression)
    stream = packed or file
    if found.kind == "delimited":
        content = read_csv(stream, delimiter=found.delimiter, label=label, threads=threads, rows=rows)
    else:
        content = read_json_lines(stream, label=label, rows=rows)
    # A stream that broke off has ended for whoever read it.
    return content if packed is None or packed.problem is None else packed.problem


def _read_arrow(
    opened: OpenedFile, found: DatasetFormat, label: str | None, threads: int, rows: int | None
) -> Content:
    from .arrowfiles import read_arrow, read_parquet

    read = read_parquet if found.kind == "parquet" else read_arrow
    return read(opened, label=label, threads=threads, rows=rows)
