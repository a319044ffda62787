"""A file read from its beginning for whoever parses it, while its bytes go to the hashers as well."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, Protocol

from ..reading import Progress, Sink, read_refused

if TYPE_CHECKING:
    from ..files import OpenedFile

_DRAIN_BYTES: Final = 1 << 20


class ByteStream(Protocol):
    """Bytes that can be read again from their beginning."""

    def read(self, size: int) -> bytes:
        """Up to `size` bytes, none only at the end. Raises OperatingSystemRefused."""
        ...

    def rewind(self) -> None:
        """Back to the first byte."""
        ...

    def drain(self) -> None:
        """Reads what was not read yet: the hashers see all of it. Raises OperatingSystemRefused."""
        ...


class FileStream:
    """A regular file by its descriptor, whose own position stays where it is.

    Each byte goes to every sink once, in order, however often it is read. `size` is how many did.
    """

    def __init__(
        self,
        opened: OpenedFile,
        sinks: Sequence[Sink] = (),
        progress: Progress | None = None,
    ) -> None:
        self._opened = opened
        self._sinks = sinks
        self._progress = progress
        self._at = 0
        self.size = 0

    def read(self, size: int) -> bytes:
        """See `ByteStream`."""
        if self._at > self._opened.stat.st_size:
            return b""  # it grew, and may go on growing: what else is in it does not matter
        try:
            data = os.pread(self._opened.fd, size, self._at)
        except OSError as error:
            raise read_refused(self._opened.path, error) from None
        self._at += len(data)
        new = self._at - self.size
        if new > 0:
            self.size = self._at
            fresh = memoryview(data)[len(data) - new :]
            for sink in self._sinks:
                sink(fresh)
            if self._progress is not None:
                self._progress(new)
        return data

    def rewind(self) -> None:
        """See `ByteStream`."""
        self._at = 0

    def drain(self) -> None:
        """See `ByteStream`."""
        self._at = self.size
        while self.read(_DRAIN_BYTES):
            pass
