"""SHA-256 (FIPS 180-4): Python's own for a few bytes, OpenSSL's for many.

OpenSSL is six times as fast, and takes longer to load than Python's own takes for a small model.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from typing import Final, Protocol, TypeAlias

FEW_BYTES: Final = 512 * 1024


class Hasher(Protocol):
    """What hashlib's are, as far as anybody here goes."""

    def update(self, data: bytes | memoryview, /) -> None: ...

    def digest(self) -> bytes: ...


_Make: TypeAlias = Callable[..., Hasher]


def _find() -> _Make:
    with suppress(ImportError):
        found: _Make = import_module("_sha2" if sys.version_info >= (3, 12) else "_sha256").sha256
        return found
    from hashlib import sha256

    return sha256


sha256: Final = _find()
"""Python's own."""


def hasher_of(size: int) -> Hasher:
    """A hasher for so many bytes: for more or fewer of them it is as right, and slower."""
    if size <= FEW_BYTES:
        return sha256()
    import hashlib

    return hashlib.sha256()
