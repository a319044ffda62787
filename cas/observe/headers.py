"""The columns of a dataset, from its header alone: enough to say whether the label is there."""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import json
import os
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Final, cast

from ..errors import ObsError
from .files import OpenedFile, open_beneath, open_folder, walk_folder

HEADER_BYTES: Final = 16 << 20
"""No header is longer; of a compressed file no more than this is decompressed."""
_COMPRESSED: Final = (".gz", ".bz2", ".zst")
_DELIMITERS: Final = {".csv": ",", ".tsv": "\t", ".tab": "\t"}
_LINES: Final = (".jsonl", ".ndjson")
_ARROW: Final = (".feather", ".arrow", ".ipc")
_PARQUET: Final = (".parquet", ".pq")
_MAGICS: Final = (b"PAR1", b"ARROW1")


@dataclass(frozen=True, slots=True)
class NoHeader:
    """Why the columns could not be read: a code, the same on every machine."""

    reason: str


def _kind(name: str) -> tuple[str, str]:
    """The extension that says what a file is, and the one that says how it is compressed."""
    stem, last = os.path.splitext(name.lower())
    if last in _COMPRESSED:
        return os.path.splitext(stem)[1], last
    return last, ""


def is_dataset_name(name: str) -> bool:
    """Whether a file is called as datasets are."""
    kind, _ = _kind(name)
    return kind in (*_DELIMITERS, *_LINES, *_ARROW, *_PARQUET)


def looks_like_dataset(name: str, first_bytes: bytes) -> bool:
    """Whether a file is called as datasets are, or begins as one does."""
    return is_dataset_name(name) or first_bytes.startswith(_MAGICS)


def read_columns(opened: OpenedFile, *, delimiter: str | None = None) -> tuple[str, ...] | NoHeader:
    """The column names in order, duplicates and empty ones kept; NoHeader where they cannot be read."""
    kind, compression = _kind(opened.path)
    if delimiter is None and kind not in _DELIMITERS and kind not in _LINES:
        if compression or kind not in (*_ARROW, *_PARQUET):
            return NoHeader("OPAQUE_FORMAT")
        return _arrow_columns(opened, parquet=kind in _PARQUET)
    try:
        with _head(opened, compression) as stream:
            data = stream.read(HEADER_BYTES + 1)
    except (OSError, EOFError, zlib.error, ValueError):
        return NoHeader("BAD_COMPRESSION")
    whole = len(data) <= HEADER_BYTES
    if kind in _LINES:
        return _json_columns(data, whole)
    return _csv_columns(data, delimiter or _DELIMITERS[kind], whole)


def read_folder_columns(path: str) -> tuple[str, ...] | NoHeader:
    """The columns of the first data file, in byte order of the names, beneath a folder."""
    with open_folder(path) as root:
        for name, _ in walk_folder(root):
            if is_dataset_name(os.fsdecode(name)):
                with open_beneath(root.fd, name) as opened:
                    return read_columns(opened)
    return NoHeader("OPAQUE_FORMAT")


class _Positioned(io.RawIOBase):
    """A descriptor read from the beginning by `pread`, so that its own position stays where it is."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._at = 0
        self._end = os.fstat(descriptor).st_size

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = 0) -> int:
        self._at = offset + (0, self._at, self._end)[whence]
        return self._at

    def readinto(self, buffer: object) -> int:
        count = os.preadv(self._descriptor, [memoryview(buffer).cast("B")], self._at)  # type: ignore[arg-type]
        self._at += count
        return count


def _head(opened: OpenedFile, compression: str) -> IO[bytes]:
    raw = io.BufferedReader(_Positioned(opened.fd), 1 << 20)
    if compression == ".gz":
        return cast("IO[bytes]", gzip.GzipFile(fileobj=raw))
    if compression == ".bz2":
        return bz2.BZ2File(raw)
    if compression == ".zst":
        import pyarrow as pa

        stream: IO[bytes] = pa.CompressedInputStream(pa.PythonFile(raw), "zstd")
        return stream
    return raw


def _csv_columns(data: bytes, delimiter: str, whole: bool) -> tuple[str, ...] | NoHeader:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return NoHeader("UTF16")
    try:
        head: str | None = data.decode("utf-8-sig") if whole else data.decode("utf-8-sig", "ignore")
    except UnicodeDecodeError:
        head = _first_record(data)
    if head is None:
        return NoHeader("BAD_UTF8")
    limit = csv.field_size_limit(HEADER_BYTES)
    try:
        rows = csv.reader(_lines(head), delimiter=delimiter, strict=True)
        row = next((row for row in rows if row), None)
    except csv.Error:
        return NoHeader("BAD_HEADER")
    finally:
        csv.field_size_limit(limit)
    if row is None:
        return NoHeader("EMPTY")
    if any("\0" in name for name in row):
        return NoHeader("NUL_BYTE")
    return tuple(row)


def _first_record(data: bytes) -> str | None:
    """The first line alone: bad UTF-8 further down does not hide the header."""
    try:
        return data.split(b"\n", 1)[0].decode("utf-8-sig")
    except UnicodeDecodeError:
        return None


def _lines(text: str) -> Iterator[str]:
    """The lines with their ends, so that a quoted line end stays in its cell."""
    return iter(io.StringIO(text, newline=""))


def _json_columns(data: bytes, whole: bool) -> tuple[str, ...] | NoHeader:
    line = next((line for line in data.split(b"\n") if line.strip()), b"")
    if not line:
        return NoHeader("EMPTY")
    if not whole and len(line) > HEADER_BYTES:
        return NoHeader("BAD_HEADER")
    try:
        first = json.loads(line)
    except (ValueError, RecursionError):
        return NoHeader("BAD_HEADER")
    return tuple(cast("dict[str, object]", first)) if isinstance(first, dict) else NoHeader("BAD_HEADER")


def _arrow_columns(opened: OpenedFile, *, parquet: bool) -> tuple[str, ...] | NoHeader:
    import pyarrow as pa

    try:
        with io.BufferedReader(_Positioned(opened.fd)) as raw:
            if parquet:
                import pyarrow.parquet as pq

                names = pq.ParquetFile(raw, pre_buffer=False).schema_arrow.names
            else:
                from pyarrow import ipc

                names = ipc.open_file(raw).schema.names
    except (pa.ArrowException, OSError, ValueError, ObsError):
        return NoHeader("BAD_FILE")
    return tuple(names)
