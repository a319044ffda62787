"""Names of things: digests, each with one text form (64 lower-case hex digits).

A blob is any file's bytes; its id is their plain BLAKE3-256, as `b3sum FILE` prints it. An
object is a structured value; its id is BLAKE3 in key-derivation mode over its canonical bytes,
with a context string for its kind, so that a blob can never pass for a manifest, nor a manifest
for a run. `b3sum --derive-key CONTEXT` computes it by hand.

Source: J. O'Connor, J.-P. Aumasson, S. Neves, Z. Wilcox-O'Hearn, "BLAKE3: one function, fast
everywhere", 2.3 (modes) and 5.1 (key derivation contexts).
"""

from __future__ import annotations

from typing import Final, Self

from blake3 import blake3

from ..errors import InvalidField

DIGEST_BYTES: Final = 32
SHORT_DIGITS: Final = 12
"""How many digits are shown where nobody has to keep them."""


def is_hex(text: str, digits: int) -> bool:
    """Whether `text` is so many lower-case hex digits."""
    return len(text) == digits and not text.strip("0123456789abcdef")


class Digest:
    """32 bytes that name something. Laws: `parse(d.hex) == d`, `d.hex` is 64 lower-case digits.

    Equal and hashed by class and bytes: a blob's id is never an object's.
    """

    __slots__ = ("raw",)
    raw: bytes

    def __init__(self, raw: bytes) -> None:
        if type(raw) is not bytes or len(raw) != DIGEST_BYTES:
            raise InvalidField(problem=f"a digest has {DIGEST_BYTES} bytes")
        _set_raw(self, raw)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("an id cannot be changed")

    def __delattr__(self, name: str) -> None:
        raise AttributeError("an id cannot be changed")

    def __reduce__(self) -> tuple[type[Self], tuple[bytes]]:
        return type(self), (self.raw,)

    def __eq__(self, other: object) -> bool:
        return self.raw == other.raw if isinstance(other, Digest) and type(self) is type(other) else False

    def __hash__(self) -> int:
        return hash(self.raw)

    def __lt__(self, other: Self) -> bool:
        return self.raw < other.raw

    @classmethod
    def parse(cls, text: str) -> Self:
        """The inverse of `hex`. Raises InvalidField for anything but 64 lower-case hex digits."""
        if not is_hex(text, 2 * DIGEST_BYTES):
            raise InvalidField(problem="an id is 64 lower-case hex digits")
        return cls(bytes.fromhex(text))

    @property
    def hex(self) -> str:
        """The one text form."""
        return self.raw.hex()

    @property
    def short(self) -> str:
        """The first digits of it, for people."""
        return self.raw.hex()[:SHORT_DIGITS]

    def __str__(self) -> str:
        return self.hex

    def __repr__(self) -> str:
        return f"{type(self).__name__}.parse({self.hex!r})"


_set_raw: Final = Digest.__dict__["raw"].__set__
"""How a slot is set although `__setattr__` refuses: there is an id for each file of a large folder."""


class BlobId(Digest):
    """Plain BLAKE3-256 of a file's bytes."""

    __slots__ = ()


class ObjectId(Digest):
    """BLAKE3-256 in key-derivation mode of an object's canonical bytes."""

    __slots__ = ()


class Sha256(Digest):
    """SHA-256 of a file's bytes (FIPS 180-4): said in manifests, never an identity."""

    __slots__ = ()


def context_of(kind: str) -> str:
    """The key-derivation context of an object kind: fixed for ever, one for each kind."""
    return f"obs 2026-11-24 {kind} object"


def blob_id(data: bytes) -> BlobId:
    """The id of a blob that is at hand in memory."""
    return BlobId(blake3(data).digest())


def derive_object_id(kind: str, data: bytes) -> ObjectId:
    """The id of the object of `kind` whose canonical bytes are `data`."""
    return ObjectId(blake3(data, derive_key_context=context_of(kind)).digest())
