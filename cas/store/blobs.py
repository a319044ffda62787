"""Kept file bytes: `blobs/ab/cdef…`, exactly the file that was recorded.

`b3sum` checks a blob and `cp` recovers it, without obs. Absent is never corruption: whether bytes
are kept was somebody's choice. Present with other bytes is.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Final

from blake3 import blake3

from ..errors import CorruptBlob
from ..format.ids import BlobId
from .files import StoreFiles, refused
from .objects import list_ids, name_of

FOLDER: Final = "blobs"
_CHUNK_BYTES: Final = 1 << 20


class Blobs:
    """The blobs of one store."""

    def __init__(self, files: StoreFiles) -> None:
        self._files = files

    def size_of(self, wanted: BlobId) -> int | None:
        """The size in bytes of a kept blob, None if it was not kept."""
        return self._files.size_of(name_of(FOLDER, wanted.hex))

    def open(self, wanted: BlobId) -> int | None:
        """A descriptor of a blob, None if it was not kept. Whether its bytes are those of its id is not
        checked: whoever reads them compares."""
        return self._files.open_file(name_of(FOLDER, wanted.hex))

    def chunks(self, wanted: BlobId) -> Iterator[bytes] | None:
        """The bytes of a blob, read in pieces, None if it was not kept.

        The last piece comes after the whole was hashed: raises CorruptBlob instead of it. A reader
        that must not pass on wrong bytes writes to a temporary file, and renames it at the end.
        """
        name = name_of(FOLDER, wanted.hex)
        descriptor = self._files.open_file(name)
        return None if descriptor is None else self._read(wanted, name, descriptor)

    def _read(self, wanted: BlobId, name: str, descriptor: int) -> Iterator[bytes]:
        try:
            hasher = blake3()
            held = b""
            while chunk := os.read(descriptor, _CHUNK_BYTES):
                hasher.update(chunk)
                if held:
                    yield held
                held = chunk
            if hasher.digest() != wanted.raw:
                raise CorruptBlob(id=wanted.hex, problem="its bytes do not hash to its id")
            if held:
                yield held
        except OSError as error:
            raise refused("read", self._files.full(name), error) from None
        finally:
            os.close(descriptor)

    def check(self, wanted: BlobId) -> bool:
        """Whether a blob is kept; reads and hashes all of it. Raises CorruptBlob."""
        chunks = self.chunks(wanted)
        if chunks is None:
            return False
        for _ in chunks:
            pass
        return True

    def ids(self) -> Iterator[BlobId]:
        """The ids of all kept blobs, in order."""
        for digits in list_ids(self._files, FOLDER):
            yield BlobId.parse(digits)
