"""Bytes in memory as what `read_csv` reads."""

from __future__ import annotations


class Stream:
    """Bytes in memory, given in pieces of at most `most`."""

    def __init__(self, data: bytes, most: int = 1 << 30) -> None:
        self._data = data
        self._most = most
        self._at = 0
        self.furthest = 0

    def read(self, size: int) -> bytes:
        piece = self._data[self._at : self._at + min(size, self._most)]
        self._at += len(piece)
        self.furthest = max(self.furthest, self._at)
        return piece

    def rewind(self) -> None:
        self._at = 0

    def drain(self) -> None:
        self.furthest = len(self._data)
