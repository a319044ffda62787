"""The columns of a dataset, from its header alone: enough to say whether the label is there.

Which format a file has is told by its name, and nothing is guessed: `.csv`, `.tsv`, `.tab`,
`.jsonl`, `.ndjson` (each also as `.gz`, `.bz2`, `.zst`), `.parquet`, `.pq`, `.feather`, `.arrow`,
`.ipc`. What cannot be read gives a reason and never an error: a dataset is recorded by its bytes,
whatever they are.
"""

from __future__ import annotations

import io
import os
import re
from collections.abc import Iterator
from functools import partial
from typing import IO, Any, Final, Literal, Protocol, cast

from ..errors import OperatingSystemRefused
from ..format.frozen import row
from ..format.names import FileName
from .files import OpenedFile, open_folder, walk_folder

HEADER_BYTES: Final = 16 << 20
"""No header is longer; of a compressed file no more than this is decompressed."""
_FIRST_BYTES: Final = 64 << 10
_GROWTH: Final = 16
_PACKED_BYTES: Final = 2 * HEADER_BYTES
"""No more than this is read of a compressed file: it may go on for ever without giving a byte."""
_COMPRESSIONS: Final[dict[str, Literal["gzip", "bz2", "zstd"]]] = {
    ".gz": "gzip",
    ".bz2": "bz2",
    ".zst": "zstd",
}
_DELIMITERS: Final = {".csv": ",", ".tsv": "\t", ".tab": "\t"}
_LINES: Final = (".jsonl", ".ndjson")
_ARROW: Final = (".feather", ".arrow", ".ipc")
_PARQUET: Final = (".parquet", ".pq")
_ENDINGS: Final = (
    *_ARROW,
    *_PARQUET,
    *(f"{kind}{packed}" for kind in (*_DELIMITERS, *_LINES) for packed in ("", ".gz", ".bz2", ".zst")),
)
_MODELS: Final = frozenset({".dill", ".joblib", ".pickle", ".pkl", ".sav", ".skops"})
_MAGICS: Final = (b"PAR1", b"ARROW1")
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_BOM: Final = b"\xef\xbb\xbf"


class _Parse(Protocol):
    """Finds the columns in the beginning of a file (`whole`: all of it); None asks for more of it."""

    def __call__(self, data: bytes, *, whole: bool) -> tuple[str, ...] | NoHeader | None: ...


@row
class NoHeader:
    """Why the columns could not be read: a code, the same on every machine.

    OPAQUE_FORMAT (obs does not read the format), EMPTY, BAD_HEADER, BAD_UTF8, UTF16, NUL_BYTE,
    BAD_COMPRESSION, BAD_FILE.
    """

    reason: str


@row
class DatasetFormat:
    """How a dataset is written. `delimiter` is that of delimited text, else empty."""

    kind: Literal["delimited", "json lines", "parquet", "arrow"]
    delimiter: str = ""
    compression: Literal["gzip", "bz2", "zstd"] | None = None


def dataset_format(name: str, delimiter: str | None = None) -> DatasetFormat | None:
    """What a file's name says, in any case of letters; None where it says of no dataset.

    `delimiter`, one character, makes any file one of delimited text.
    """
    stem, last = os.path.splitext(name.lower())
    compression = _COMPRESSIONS.get(last)
    kind = last if compression is None else os.path.splitext(stem)[1]
    if delimiter is not None or kind in _DELIMITERS:
        return DatasetFormat("delimited", delimiter or _DELIMITERS[kind], compression)
    if kind in _LINES:
        return DatasetFormat("json lines", compression=compression)
    if compression is None and kind in (*_ARROW, *_PARQUET):
        return DatasetFormat("parquet" if kind in _PARQUET else "arrow")
    return None


def is_dataset_name(name: str) -> bool:
    """Whether a file is called as datasets are."""
    return dataset_format(name) is not None


def may_be_dataset(name: FileName) -> bool:
    """The same, asked of very many names: most end as no dataset does, and that costs little to see."""
    text = name if isinstance(name, str) else os.fsdecode(name)
    return text.lower().endswith(_ENDINGS) and is_dataset_name(text)


def is_model_name(name: str) -> bool:
    """Whether a file is called as model files are."""
    return os.path.splitext(name)[1].lower() in _MODELS


def looks_like_dataset(name: str, first_bytes: bytes) -> bool:
    """Whether a file is called as datasets are, or begins as Parquet and Arrow files do."""
    return is_dataset_name(name) or first_bytes.startswith(_MAGICS)


def read_columns(opened: OpenedFile, *, delimiter: str | None = None) -> tuple[str, ...] | NoHeader:
    """The column names in order, duplicates and empty ones kept; NoHeader where they cannot be read.

    Of JSON Lines: the keys of the first object. `delimiter`, one character, makes any file one of
    delimited text. The position of the descriptor is left alone. Raises OperatingSystemRefused.
    """
    found = dataset_format(opened.path, delimiter)
    if found is None:
        return NoHeader("OPAQUE_FORMAT")
    if found.kind in {"parquet", "arrow"}:
        return _arrow_columns(opened, parquet=found.kind == "parquet")
    parse: _Parse = (
        _json_columns if found.kind == "json lines" else partial(_csv_columns, delimiter=found.delimiter)
    )
    try:
        with _stream(opened, found.compression) as stream:
            return _grow(stream, parse)
    except _damaged():
        return NoHeader("BAD_COMPRESSION")
    except OSError as error:
        return _unreadable(opened, error, "BAD_COMPRESSION")


def read_folder_columns(path: str) -> tuple[str, ...] | NoHeader:
    """The columns of the first data file, in byte order of the names, beneath a folder.

    Raises FileMissing, WrongFileType, FileChanged, OperatingSystemRefused.
    """
    with open_folder(path) as root:
        for entry in walk_folder(root):
            if is_dataset_name(entry.found.name):
                with entry.open() as opened:
                    return read_columns(opened)
    return NoHeader("OPAQUE_FORMAT")


def _damaged() -> tuple[type[Exception], ...]:
    """What the decompressors raise for bytes that mean nothing (OSError apart)."""
    import zlib

    return EOFError, ValueError, zlib.error


def _unreadable(opened: OpenedFile, error: OSError, reason: str) -> NoHeader:
    """Of a system call that failed, the error; of bytes that mean nothing, the reason.

    (gzip, bz2 and pyarrow raise OSError for both; only a system call's has a number.)
    """
    if error.errno:
        why = os.strerror(error.errno)
        raise OperatingSystemRefused(action="read", path=opened.path, reason=why) from None
    return NoHeader(reason)


class PositionedFile(io.RawIOBase):
    """A descriptor read from the beginning by `pread`, so that its own position stays where it is."""

    def __init__(self, descriptor: int, most_bytes: int | None = None) -> None:
        self._descriptor = descriptor
        self._at = 0
        size = os.fstat(descriptor).st_size
        self._end = size if most_bytes is None else min(size, most_bytes)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = 0) -> int:
        self._at = max(0, offset + (0, self._at, self._end)[whence])
        return self._at

    def readinto(self, buffer: Any) -> int:
        with memoryview(buffer) as view, view.cast("B") as into:
            count = os.preadv(self._descriptor, [into[: max(0, self._end - self._at)]], self._at)
        self._at += count
        return count


class PositionedReader(io.BufferedReader):
    """A whole `PositionedFile` with a buffer. No read makes room for more than there is, whatever lengths a
    file makes up."""

    def __init__(self, descriptor: int) -> None:
        super().__init__(PositionedFile(descriptor))
        self._most = os.fstat(descriptor).st_size

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(size if size is None else min(size, self._most))


def _stream(opened: OpenedFile, compression: str | None) -> IO[bytes]:
    if compression is None:
        return io.BufferedReader(PositionedFile(opened.fd), _FIRST_BYTES)
    raw = io.BufferedReader(PositionedFile(opened.fd, _PACKED_BYTES), _FIRST_BYTES)
    if compression == "gzip":
        import gzip

        return cast("IO[bytes]", gzip.GzipFile(fileobj=raw))
    if compression == "bz2":
        import bz2

        return bz2.BZ2File(raw)
    import pyarrow as pa

    stream: IO[bytes] = pa.CompressedInputStream(pa.PythonFile(raw, mode="r"), "zstd")
    return stream


def _grow(stream: IO[bytes], parse: _Parse) -> tuple[str, ...] | NoHeader:
    """Reads as much of the beginning as the header needs: most are over in the first 64 KiB."""
    data, wanted, whole = bytearray(), _FIRST_BYTES, False
    while True:
        while not whole and len(data) < wanted:
            more = stream.read(wanted - len(data))
            whole = not more
            data += more
        found = parse(bytes(data), whole=whole)
        if found is not None:
            return found
        if whole or wanted >= HEADER_BYTES:
            return NoHeader("BAD_HEADER")
        wanted *= _GROWTH


class _Lines:
    """The lines of a text with their ends, so that a quoted line end stays in its cell.

    `end` is how many characters were taken; `exhausted`: one more line was asked for than there is.
    """

    def __init__(self, text: str) -> None:
        self._lines = io.StringIO(text, newline="")
        self.end = 0
        self.exhausted = False

    def __iter__(self) -> Iterator[str]:
        for line in self._lines:
            self.end += len(line)
            yield line
        self.exhausted = True


def _csv_columns(data: bytes, *, delimiter: str, whole: bool) -> tuple[str, ...] | NoHeader | None:
    found = csv_header(data, delimiter=delimiter, whole=whole)
    return found if found is None or isinstance(found, NoHeader) else found[0]


def csv_header(
    data: bytes,
    *,
    delimiter: str,
    whole: bool,
) -> tuple[tuple[str, ...], int] | NoHeader | None:
    """The first row that is not blank, and where the text goes on behind it; None if that is beyond `data`.

    `data` is the beginning of a file, all of it if `whole`. Quotes inside a cell are taken as pyarrow's
    reader takes them; a quote that is never closed is an error.
    """
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return NoHeader("UTF16")
    import csv

    # Bad UTF-8 further down does not hide the header, nor does a character that `data` ends within.
    body = data.removeprefix(_BOM)
    text = body.decode("utf-8", "surrogateescape")
    lines = _Lines(text)
    try:
        row = next((row for row in csv.reader(lines, delimiter=delimiter) if row), None)
    except csv.Error:  # a cell of more than 128 KiB
        return NoHeader("BAD_HEADER")
    # A carriage return at the end of what is there may be one half of a line end.
    if not whole and (row is None or lines.exhausted or (lines.end == len(text) and text[-1] != "\n")):
        return None
    if row is None:
        return NoHeader("EMPTY")
    if lines.exhausted:
        return NoHeader("BAD_HEADER")
    if any("\0" in name for name in row):
        return NoHeader("NUL_BYTE")
    if any(_SURROGATE.search(name) for name in row):
        return NoHeader("BAD_UTF8")
    end = len(text[: lines.end].encode("utf-8", "surrogateescape"))
    return tuple(row), len(data) - len(body) + end


def _json_columns(data: bytes, *, whole: bool) -> tuple[str, ...] | NoHeader | None:
    """The keys of the object in the first line that is not blank; None if it goes on beyond `data`."""
    head = data.removeprefix(_BOM).lstrip(b" \t\r\n")
    line, end, _ = head.partition(b"\n")
    if not end and not whole:
        return None
    if not line:
        return NoHeader("EMPTY")
    import json

    try:
        first: object = json.loads(line.decode())
    except UnicodeDecodeError:
        return NoHeader("BAD_UTF8")
    except (ValueError, RecursionError):
        return NoHeader("BAD_HEADER")
    if not isinstance(first, dict):
        return NoHeader("BAD_HEADER")
    names = tuple(cast("dict[str, object]", first))
    return NoHeader("BAD_UTF8") if any(_SURROGATE.search(name) for name in names) else names


def _arrow_columns(opened: OpenedFile, *, parquet: bool) -> tuple[str, ...] | NoHeader:
    import pyarrow as pa

    try:
        with PositionedReader(opened.fd) as raw:
            if parquet:
                import pyarrow.parquet as pq

                with pq.ParquetFile(raw, pre_buffer=False) as file:
                    return tuple(file.schema_arrow.names)
            from pyarrow import ipc

            return tuple(ipc.open_file(raw).schema.names)
    except OSError as error:
        return _unreadable(opened, error, "BAD_FILE")
    except (pa.ArrowException, ValueError):
        return NoHeader("BAD_FILE")
