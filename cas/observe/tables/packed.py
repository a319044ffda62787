"""Compressed files as streams of what is in them, under limits: a small file may expand without end."""

from __future__ import annotations

from math import inf
from typing import Final, Literal

from ..pickles.limits import Deadline, Limits, Stopped
from ..pickles.streams import Expansion
from .content import Place, Unavailable
from .streams import FileStream

_LIMITS: Final = Limits(expanded_bytes=1 << 42, ratio=500, ratio_from_bytes=1 << 30, seconds=inf)
"""gzip reaches 1,032, which no table does of which every gigabyte is worth reading. No clock: what is found
depends on the file alone."""
_CODES: Final = {"EXPANDED": "EXPANDS_TOO_FAR", "RATIO": "EXPANDS_TOO_FAR"}


class PackedStream:
    """What is in a compressed file: all its members or frames, one behind the other.

    It ends where the bytes mean nothing, or a limit is reached; `problem` says why, if it ended early.
    """

    def __init__(self, file: FileStream, compression: Literal["gzip", "bz2", "zstd"]) -> None:
        self._file = file
        self._compression = compression
        self.rewind()

    def rewind(self) -> None:
        """See `ByteStream`."""
        self._file.rewind()
        self._expansion = Expansion(
            lambda count, offset: self._file.read(count),
            self._compression,
            _LIMITS,
            Deadline(_LIMITS.seconds),
        )
        self.problem: Unavailable | None = None

    def read(self, size: int) -> bytes:
        """See `ByteStream`."""
        if self.problem is not None:
            return b""
        expansion = self._expansion
        try:
            data = expansion.more(size)
        except Stopped as stopped:
            code, message = _CODES.get(stopped.problem.code, "BAD_COMPRESSION"), stopped.problem.message
        else:
            if data or not expansion.trailing:
                return data
            code, message = "BAD_COMPRESSION", "bytes follow the compressed stream"
        self.problem = Unavailable(code, message, Place("byte", expansion.expanded))
        return b""

    def drain(self) -> None:
        """See `ByteStream`. What nobody read is not expanded."""
        self._file.drain()
