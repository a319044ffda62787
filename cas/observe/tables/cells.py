"""A run of one column's cells, read out of Arrow's buffers without a copy: which are null, and their text.

A run begins at the beginning of a page. `numpy` looks at the buffers themselves: an Arrow array that is
handed over to it as such imports pandas.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from itertools import pairwise
from typing import TYPE_CHECKING, Any, TypeAlias

from .digests import PAGE_ROWS, Bytes, Kind, null_page_digest, page_digest

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray


Payload: TypeAlias = Callable[[int, int], tuple[int, tuple[Bytes, ...]]]
"""The encoding and the bytes of the cells from one number up to another."""


def buffer_array(buffer: pa.Buffer | None, dtype: Any, start: int, count: int) -> NDArray[Any]:
    """`count` items of a buffer from item `start` on, not copied."""
    import numpy as np

    if buffer is None or count == 0:
        return np.zeros(count, dtype)
    return np.frombuffer(memoryview(buffer), np.dtype(dtype), count, start * np.dtype(dtype).itemsize)


def valid_mask(array: pa.Array) -> NDArray[np.bool_] | None:
    """True where an array has a value; None if it has one everywhere."""
    import numpy as np

    if array.null_count == 0:
        return None
    bitmap = array.buffers()[0]
    if bitmap is None:  # an array of the null type has no bitmap
        return np.zeros(len(array), np.bool_)
    first, count = array.offset // 8, array.offset % 8 + len(array)
    packed = buffer_array(bitmap, np.uint8, first, (count + 7) // 8)
    return np.unpackbits(packed, count=count, bitorder="little")[array.offset % 8 :].view(np.bool_)


def raw(array: NDArray[Any]) -> NDArray[np.uint8]:
    """The bytes of an array of numbers, in little-endian order on every machine."""
    import numpy as np

    if sys.byteorder == "big":
        array = array.byteswap()
    return array.view(np.uint8)


class Cells:
    """`rows` cells, of which `valid` says which are values (None: all of them)."""

    __slots__ = ("nulls", "rows", "valid")

    def __init__(self, rows: int, valid: NDArray[np.bool_] | None) -> None:
        import numpy as np

        self.rows = rows
        self.nulls = 0 if valid is None else rows - int(np.count_nonzero(valid))
        self.valid = valid if self.nulls else None

    def page_digests(self, kind: Kind, payload: Payload) -> list[bytes]:
        """The digest of each page of these cells."""
        import numpy as np

        digests: list[bytes] = []
        for start in range(0, self.rows, PAGE_ROWS):
            stop = min(start + PAGE_ROWS, self.rows)
            rows, nulls = stop - start, 0
            validity: tuple[Bytes, ...] = ()
            if self.valid is not None:
                valid = self.valid[start:stop]
                nulls = rows - int(np.count_nonzero(valid))
                if nulls == rows:
                    digests.append(null_page_digest(rows))
                    continue
                if nulls:
                    validity = (np.packbits(valid, bitorder="little"),)
            encoding, parts = payload(start, stop)
            digests.append(page_digest(kind, encoding, rows, nulls, *validity, *parts))
        return digests


class TextCells(Cells):
    """Cells of text or of bytes. Those that are null have no bytes.

    `array` is an Arrow array of (large) string or binary; cell i is `data[offsets[i]:offsets[i + 1]]`.
    """

    __slots__ = ("array", "data", "lengths", "offsets")

    def __init__(self, array: pa.Array) -> None:
        import numpy as np
        import pyarrow as pa

        super().__init__(len(array), valid_mask(array))
        self._read(array)
        if self.valid is not None and np.any(self.lengths[~self.valid]):
            # Arrow lets a null have bytes. What they are says nothing.
            filled = array.fill_null(pa.scalar(b"", pa.binary()).cast(array.type))
            bitmap = pa.py_buffer(np.packbits(self.valid, bitorder="little"))
            self._read(pa.Array.from_buffers(array.type, len(array), [bitmap, *filled.buffers()[1:]]))

    def _read(self, array: pa.Array) -> None:
        import numpy as np
        import pyarrow as pa

        large = array.type.id in {pa.lib.Type_LARGE_STRING, pa.lib.Type_LARGE_BINARY}
        _, offsets, data = array.buffers()
        self.array = array
        self.offsets = buffer_array(offsets, np.int64 if large else np.int32, array.offset, len(array) + 1)
        self.data = buffer_array(data, np.uint8, 0, int(self.offsets[-1]))[int(self.offsets[0]) :]
        if self.offsets[0]:
            self.offsets = self.offsets - self.offsets[0]
        lengths = self.offsets[1:] - self.offsets[:-1]
        self.lengths: NDArray[np.uint32] = lengths.astype(np.uint32, copy=False)

    def cell(self, number: int) -> bytes:
        """The bytes of one cell."""
        return self.data[self.offsets[number] : self.offsets[number + 1]].tobytes()

    def to_list(self) -> list[bytes]:
        """The bytes of all cells."""
        data, ends = self.data.tobytes(), self.offsets.tolist()
        return [data[start:end] for start, end in pairwise(ends)]

    def text_digests(self, kind: Kind = Kind.TEXT) -> list[bytes]:
        """The digest of each page of these cells, as they are written."""
        lengths, size = raw(self.lengths), self.lengths.itemsize

        def payload(start: int, stop: int) -> tuple[int, tuple[Bytes, ...]]:
            cells = self.data[self.offsets[start] : self.offsets[stop]]
            return 0, (lengths[start * size : stop * size], cells)

        return self.page_digests(kind, payload)
