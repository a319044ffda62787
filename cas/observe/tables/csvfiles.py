"""Delimited text: one pass over a stream of bytes, every cell as it is written.

pyarrow splits the text into rows and cells and does nothing else: all columns are text, the header is read
here (so that names may repeat), and so are the errors that it would pass over in silence. Behind the last
row it is given one more, which must come back as a row of its own: if it does not, a quote was never closed.

The encoding is UTF-8, with or without a byte order mark. Rows end in LF, CR LF or CR. A cell that begins
with `"` ends with one, and may hold delimiters, line ends and `""` for `"`. Blank lines are passed over.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

from ...errors import BadArgument
from ..headers import HEADER_BYTES, NoHeader, csv_header
from .columns import Column, TextColumn
from .content import (
    MissingRows,
    Place,
    Refusal,
    TableContent,
    Unavailable,
    most_distinct,
    table_content,
)
from .grammar import NULLS
from .passes import observe
from .units import cut

if TYPE_CHECKING:
    import pyarrow as pa

    from .streams import ByteStream

_BLOCK_BYTES: Final = 1 << 20
"""Read at a time for each 64 columns: rows of wide files are long."""
_COLUMNS_A_BLOCK: Final = 64
_LARGEST_BLOCK_BYTES: Final = 4 << 20
_MOST_ROW_BYTES: Final = 64 << 20
_HEADER_BYTES: Final = 4 << 10
"""Looked at first: most headers are no longer."""
_BOM: Final = b"\xef\xbb\xbf"
_UTF16: Final = (b"\xff\xfe", b"\xfe\xff")


def read_csv(
    stream: ByteStream,
    *,
    delimiter: str,
    label: str | None = None,
    threads: int = 1,
    rows: int | None = None,
) -> TableContent | Unavailable:
    """What a table of delimited text holds. The first row that is not blank has the names.

    With `rows`: what its first ones hold; whether the others can be read may go unseen. The stream is read
    to its end, whatever becomes of the content. Raises BadArgument for a delimiter that is not one ASCII
    character, or is a quote or a line end, and what the stream raises.
    """
    if len(delimiter) != 1 or not delimiter.isascii() or delimiter in '"\r\n\0':
        raise BadArgument(what="a delimiter is one ASCII character, and no quote or line end")
    block_bytes = _BLOCK_BYTES
    while True:
        text = _Text(stream)
        result: TableContent | Unavailable | None
        try:
            result = _read(text, delimiter, label, threads, block_bytes, rows)
        except Refusal as refusal:
            result = refusal.why
        text.drain()
        # Bad bytes anywhere are told before bad rows: what the rows are depends on the bytes.
        if text.problem is not None:
            return text.problem
        if result is not None:
            return result
        if block_bytes >= _MOST_ROW_BYTES:
            return _TOO_LONG
        stream.rewind()
        block_bytes *= 8


_TOO_LONG: Final = Unavailable(
    "ROW_TOO_LONG", f"a row has more than {_MOST_ROW_BYTES >> 20} MiB, or a quote in it is never closed"
)


class _Text:
    """A stream as UTF-8 text in bytes, without its byte order mark. It ends where the text does.

    `problem` says why it ended early.
    """

    def __init__(self, stream: ByteStream) -> None:
        self._stream = stream
        self._ahead = b""
        self._checked = 0
        self._tail = b""
        self.problem: Unavailable | None = None
        first = b""
        while len(first) < len(_BOM) and (piece := self._more(_BLOCK_BYTES)):
            first += piece
        if first.startswith(_UTF16):
            self.problem = Unavailable("UTF16", "the text is UTF-16 or UTF-32, not UTF-8", Place("byte", 0))
            first = b""
        self._ahead = self._check(first).removeprefix(_BOM)

    def read(self, size: int) -> bytes:
        """At least `size` bytes, fewer only at the end."""
        pieces, total = [self._ahead], len(self._ahead)
        self._ahead = b""
        while total < size and (piece := self._check(self._more(size - total))):
            pieces.append(piece)
            total += len(piece)
        return b"".join(pieces)

    def put_back(self, data: bytes) -> None:
        """What is read next."""
        self._ahead = data

    def drain(self) -> None:
        """Looks at the bytes that nobody wanted."""
        while self._check(self._more(_BLOCK_BYTES)):
            pass
        self._stream.drain()

    def _more(self, size: int) -> bytes:
        return b"" if self.problem is not None else self._stream.read(size)

    def _check(self, data: bytes) -> bytes:
        """The bytes, if they go on in UTF-8; nothing if they do not."""
        if self._tail or not data.isascii():
            import codecs

            text = self._tail + data
            try:
                _, used = codecs.utf_8_decode(text, "strict", not data)
            except UnicodeDecodeError as error:
                place = Place("byte", self._checked - len(self._tail) + error.start)
                self.problem = Unavailable("BAD_UTF8", "the text is not UTF-8", place)
                return b""
            self._tail = text[used:]
        self._checked += len(data)
        return data


class _Blocks(io.RawIOBase):
    """The text behind the header in the blocks in which pyarrow is to take it, then the row that is ours.

    pyarrow reads ahead in a thread of its own, and goes on for a while after it has given up: nobody else
    may read the text before `stop`.
    """

    def __init__(self, text: _Text, block_bytes: int, last_row: bytes) -> None:
        self._text = text
        self._block_bytes = block_bytes
        self._last_row = last_row
        self._ended = False
        self._lock = Lock()
        self.too_long = False

    def stop(self) -> None:
        """From here on there is no more text. Waits for a block that is being read."""
        with self._lock:
            self._ended = True

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        """The next block, whatever `size`. It has a line end: only a row with quoted ones is cut twice."""
        with self._lock:
            return b"" if self._ended else self._next()

    def _next(self) -> bytes:
        block = self._text.read(self._block_bytes)
        while b"\n" not in block and b"\r" not in block:
            more = self._text.read(max(len(block), self._block_bytes))
            block += more
            if not more:
                break
            if len(block) > _MOST_ROW_BYTES:
                self.too_long = True
                return b""
        if block:
            return block
        self._ended = True
        return self._last_row


def _header(text: _Text, delimiter: str) -> tuple[str, ...]:
    """The names; the text goes on behind them. Raises Refusal."""
    wanted = _HEADER_BYTES
    data = b""
    while True:
        data += text.read(wanted - len(data))
        whole = len(data) < wanted
        found = csv_header(data[:wanted], delimiter=delimiter, whole=whole)
        if found is not None and not isinstance(found, NoHeader):
            names, end = found
            text.put_back(data[end:])
            return names
        if found is not None or whole or wanted >= HEADER_BYTES:
            code = found.reason if found is not None else "BAD_HEADER"
            raise Refusal(Unavailable(code, _HEADER_PROBLEMS.get(code, "the header cannot be read")))
        wanted *= 16


_HEADER_PROBLEMS: Final = {
    "EMPTY": "there is no header: the file has nothing but blank lines",
    "NUL_BYTE": "the header has a NUL byte",
    "UNCLOSED_QUOTE": "a quote in the header is never closed",
}


def _read(
    text: _Text, delimiter: str, label: str | None, threads: int, block_bytes: int, most: int | None
) -> TableContent | Unavailable | None:
    """None if a row is longer than two blocks."""
    import pyarrow as pa
    import pyarrow.csv as pc

    names = _header(text, delimiter)
    mark = "x" if delimiter != "x" else "y"
    last_row = mark + delimiter * (len(names) - 1)
    wide = min(_LARGEST_BLOCK_BYTES, _BLOCK_BYTES * max(1, len(names) // _COLUMNS_A_BLOCK))
    blocks = _Blocks(text, max(block_bytes, wide), f"\n{last_row}\n".encode())
    columns: list[Column] = [TextColumn(most_distinct(name, label)) for name in names]
    missing = MissingRows()
    bad_rows: list[Any] = []

    def note(bad: Any) -> str:
        bad_rows.append(bad)
        return "error"

    numbered = [str(number) for number in range(len(names))]
    try:
        reader = pc.open_csv(
            pa.PythonFile(blocks, mode="r"),
            pc.ReadOptions(column_names=numbered, use_threads=False, block_size=2 * _MOST_ROW_BYTES),
            pc.ParseOptions(delimiter=delimiter, newlines_in_values=True, invalid_row_handler=note),
            pc.ConvertOptions(
                column_types=dict.fromkeys(numbered, pa.string()),
                null_values=list(NULLS),
                strings_can_be_null=True,
                quoted_strings_can_be_null=True,
                check_utf8=False,
            ),
        )
        rows = observe(cut(_without_last(reader, mark), most), [columns], missing, threads)
    except (pa.ArrowInvalid, Refusal) as error:
        if blocks.too_long:
            return _TOO_LONG
        if isinstance(error, Refusal):
            raise
        if bad_rows:
            return _bad_row(bad_rows[0], last_row)
        if "straddl" in str(error):
            return None
        return Unavailable("BAD_ROWS", "the rows cannot be told apart")
    finally:
        blocks.stop()
    return table_content(names, columns, rows=rows, rows_with_missing=missing.count, label=label)


def _bad_row(bad: Any, last_row: str) -> Unavailable:
    place = None if bad.number is None else Place("row", bad.number)
    if bad.text.rstrip("\n").endswith(f"\n{last_row}"):  # a row of ours, within one of theirs
        return Unavailable("UNCLOSED_QUOTE", "a quote is never closed", place)
    message = f"a row has {bad.actual_columns} cells where the header has {bad.expected_columns}"
    return Unavailable("RAGGED_ROW", message, place)


def _without_last(reader: Any, mark: str) -> Iterator[pa.RecordBatch]:
    """All batches without the row that was added. Raises Refusal if that row is not there."""
    rows = 0
    held = None
    for batch in reader:
        if held is not None:
            yield held
        held = batch if batch.num_rows else held and None
        rows += batch.num_rows
    last = held.slice(held.num_rows - 1) if held is not None else None
    if (
        held is None
        or last is None
        or last.column(0)[0].as_py() != mark
        or (last.num_columns > 1 and last.column(last.num_columns - 1)[0].is_valid)
    ):
        raise Refusal(Unavailable("UNCLOSED_QUOTE", "a quote is never closed", Place("row", rows)))
    yield held.slice(0, held.num_rows - 1)
