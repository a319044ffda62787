"""The digests of a table: pages of 4,096 rows of one column, blocks of 16 pages, columns, the whole.

    page   = BLAKE3("obsP1" | u8 kind | u8 encoding | u8 0 | u32 rows | u32 nulls | validity | payload)
    block  = BLAKE3("obsB1" | its page digests)
    column = BLAKE3("obsC1" | u8 kind | u32 65536 | u64 rows | its block digests)
    schema = BLAKE3("obsS1" | u32 columns | for each: u8 kind | u32 bytes of the name | name)
    table  = BLAKE3("obsT1" | u64 rows | u32 columns | for each: u8 kind | u32 … | name | column)
    column of a folder = BLAKE3("obsD1" | u64 members | their column digests)
    table of a folder  = BLAKE3("obsF1" | u64 members | their table digests)

All integers are little-endian. `validity` is there only if nulls > 0: bit i % 8 of byte i // 8 is 1 where
cell i is a value, spare bits are 0. A page without any value is of kind null, whatever its column's kind,
and ends behind its nulls.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from enum import IntEnum
from functools import lru_cache
from typing import Any, Final, TypeAlias

from blake3 import blake3

Bytes: TypeAlias = Any
"""What has a buffer of bytes: before Python 3.12 there is no type for it."""

PAGE_ROWS: Final = 4096
BLOCK_PAGES: Final = 16
BLOCK_ROWS: Final = PAGE_ROWS * BLOCK_PAGES
DIGEST_BYTES: Final = 32


class Kind(IntEnum):
    """What all values of a column are. The numbers stand in the digests."""

    NULL = 0
    BOOLEAN = 1
    NUMBER = 2
    TIMESTAMP = 3
    ZONED_TIMESTAMP = 4
    TEXT = 5
    BINARY = 6


def page_digest(kind: Kind, encoding: int, rows: int, nulls: int, *parts: Bytes) -> bytes:
    """Of a page with at least one value. `parts`: the validity if there are nulls, then the payload."""
    hasher = blake3(b"obsP1" + struct.pack("<BBBII", kind, encoding, 0, rows, nulls))
    for part in parts:
        hasher.update(part)
    return hasher.digest()


@lru_cache(maxsize=4)
def null_page_digest(rows: int) -> bytes:
    """Of a page without any value."""
    return page_digest(Kind.NULL, 0, rows, rows)


def column_digest(kind: Kind, rows: int, blocks: bytes) -> bytes:
    """Of the digests of all its blocks."""
    return blake3(b"obsC1" + struct.pack("<BIQ", kind, BLOCK_ROWS, rows) + blocks).digest()


def schema_digest(columns: Iterable[tuple[Kind, str]]) -> bytes:
    """Of the kinds and names, in order."""
    entries = [_named(kind, name) for kind, name in columns]
    return blake3(b"obsS1" + struct.pack("<I", len(entries)) + b"".join(entries)).digest()


def table_digest(rows: int, columns: Iterable[tuple[Kind, str, bytes]]) -> bytes:
    """Of the number of rows and each column's kind, name and value digest, in order."""
    entries = [_named(kind, name) + digest for kind, name, digest in columns]
    return blake3(b"obsT1" + struct.pack("<QI", rows, len(entries)) + b"".join(entries)).digest()


def folder_hasher(what: bytes, members: int) -> blake3:
    """Takes the digests of all members of a folder in order: obsD1 of one column, obsF1 of the tables."""
    return blake3(what + struct.pack("<Q", members))


def _named(kind: Kind, name: str) -> bytes:
    encoded = name.encode()
    return struct.pack("<BI", kind, len(encoded)) + encoded


class Leaves:
    """The page digests of one column, folded into block digests as the blocks become full."""

    __slots__ = ("blocks", "pages")

    def __init__(self) -> None:
        self.blocks = bytearray()
        """32 bytes for each full block."""
        self.pages: list[bytes] = []
        """Of the last block, as long as it is not full: fewer than 16."""

    def add(self, pages: list[bytes]) -> None:
        """The digests of the pages that follow."""
        self.pages += pages
        while len(self.pages) >= BLOCK_PAGES:
            self.blocks += _block_digest(self.pages[:BLOCK_PAGES])
            del self.pages[:BLOCK_PAGES]

    def block_digests(self) -> bytes:
        """32 bytes for each block, the last one included that has fewer pages."""
        return bytes(self.blocks) + (_block_digest(self.pages) if self.pages else b"")


def _block_digest(pages: list[bytes]) -> bytes:
    return blake3(b"obsB1" + b"".join(pages)).digest()
