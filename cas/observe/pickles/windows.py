"""Where the machine's bytes come from: windows of at most 64 KiB, wherever it asks for them.

A file is read by `pread`, never through a memory map (one that shrinks would kill the process); what
lies between two windows is never read. A compressed stream goes forward only: what is skipped is
expanded, chunk by chunk, and dropped. A length that a file states allocates nothing in either.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Final, Protocol, TypeAlias

from ...errors import OperatingSystemRefused
from ..files import OpenedFile
from .limits import Stopped

WINDOW: Final = 64 << 10
_FIRST_WINDOW: Final = 4 << 10
"""After a jump: often a few opcodes and the next jump follow."""
_GROWTH: Final = 4

Read: TypeAlias = Callable[[int, int], bytes]
"""`read(count, offset)`: so many bytes from there, fewer only at the end."""


class Windows(Protocol):
    """Bytes from 0 to an end that may not be known before it is reached."""

    def at(self, offset: int, need: int) -> bytes:
        """Bytes from `offset` on: at least `need` (or all that are left), and not many more.

        A stream is never asked for what lies before an earlier `offset`. Raises OperatingSystemRefused.
        """
        ...

    def reaches(self, offset: int) -> bool:
        """Whether there are `offset` bytes. A stream goes there. Raises as `at`."""
        ...

    def part(self, offset: int, length: int) -> Windows | None:
        """A view that ends after `length` bytes from `offset`; None where one cannot go back."""
        ...

    @property
    def size(self) -> int | None:
        """Where the bytes end, if that is known beforehand."""
        ...

    @property
    def fault(self) -> Stopped | None:
        """Why they ended early, if they did: to be raised when what came before has been looked at."""
        ...


def pread(opened: OpenedFile, count: int, offset: int) -> bytes:
    """`count` bytes of a file, fewer only at its end. Raises OperatingSystemRefused."""
    try:
        data = os.pread(opened.fd, count, offset)
        while len(data) < count and (more := os.pread(opened.fd, count - len(data), offset + len(data))):
            data += more
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise OperatingSystemRefused(action="read", path=opened.path, reason=reason) from None
    return data


class FileWindows:
    """The bytes of a file, as long as it was when it was opened (what changes is found out at the end)."""

    fault: Stopped | None = None

    def __init__(self, opened: OpenedFile, end: int | None = None) -> None:
        self._opened = opened
        self._end = opened.stat.st_size if end is None else end
        self._window = _FIRST_WINDOW
        self._last = range(0)

    @property
    def size(self) -> int:
        return self._end

    def at(self, offset: int, need: int) -> bytes:
        goes_on = offset in self._last or offset == self._last.stop
        self._window = min(WINDOW, self._window * _GROWTH) if goes_on else _FIRST_WINDOW
        count = min(max(need, self._window), self._end - offset)
        if count <= 0:
            return b""
        self._last = range(offset, offset + count)
        return pread(self._opened, count, offset)

    def reaches(self, offset: int) -> bool:
        return offset <= self._end

    def part(self, offset: int, length: int) -> FileWindows:
        return FileWindows(self._opened, offset + length)


class MemoryWindows:
    """Bytes that are in memory; they stand at `start`, so that offsets stay those of the whole."""

    fault: Stopped | None = None

    def __init__(self, data: bytes, start: int = 0, end: int | None = None) -> None:
        self._data = data
        self._start = start
        self.size = start + len(data) if end is None else end

    def at(self, offset: int, need: int) -> bytes:
        begin = offset - self._start
        return self._data[begin : min(begin + max(need, WINDOW), self.size - self._start)]

    def reaches(self, offset: int) -> bool:
        return offset <= self.size

    def part(self, offset: int, length: int) -> MemoryWindows:
        return MemoryWindows(self._data, self._start, min(offset + length, self.size))


class StreamWindows:
    """What a decompressor gives. `more(n)` is its next bytes, at most about `n`; none at the end."""

    size: int | None = None
    _SMALL: Final = 8 << 10
    """What precedes damage should be seen, and a decompressor that fails gives nothing of that call."""
    _LARGE: Final = 256 << 10

    def __init__(self, more: Callable[[int], bytes]) -> None:
        self._more = more
        self._base = 0
        self._data = b""
        self.fault: Stopped | None = None

    def at(self, offset: int, need: int) -> bytes:
        self.reaches(offset)
        cut = min(offset - self._base, len(self._data))
        pieces, have = [self._data[cut:]], len(self._data) - cut
        while have < need and (chunk := self._next(self._SMALL)):
            pieces.append(chunk)
            have += len(chunk)
        self._base += cut
        self._data = b"".join(pieces)
        return self._data

    def reaches(self, offset: int) -> bool:
        end = self._base + len(self._data)
        while end < offset:
            chunk = self._next(self._LARGE if offset - end > self._LARGE else self._SMALL)
            if not chunk:
                return False
            self._base, self._data = end, chunk
            end += len(chunk)
        return True

    def part(self, offset: int, length: int) -> None:
        return None

    def _next(self, count: int) -> bytes:
        """The next bytes; none at the end and at a fault, for what came before is looked at first."""
        if self.fault is None:
            try:
                return self._more(count)
            except Stopped as fault:
                self.fault = fault
        return b""
