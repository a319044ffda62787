"""The set of classes that a label column has, as one digest: so that it can be compared with the classes of a
model later, without the data, and without a value being stored.

    class   = u8 what | u32 bytes | bytes
    classes = BLAKE3("obsL1" | u32 number of classes | the classes in byte order)

Little-endian. What a class is does not depend on the type that holds it: 1, 1.0, true and the text `1.0` are
the number 1. `what` is 0 for a number (bytes: its decimal digits if it is an integer, else the shortest text
that gives the same binary64; `inf`, `-inf`), 1 for another text (its UTF-8), 2 for one of more than 64
bytes, whatever it says (their BLAKE3).
"""

from __future__ import annotations

import struct
from collections.abc import Collection, Hashable
from typing import Final, cast

from blake3 import blake3

from . import grammar
from .digests import Kind
from .distinct import MOST_CLASSES, key_of

_NUMBER, _TEXT, _LONG = range(3)
_CLASSED: Final = frozenset({Kind.BOOLEAN, Kind.NUMBER, Kind.TEXT})
"""Kinds whose values may be classes."""


def classes_digest(values: Collection[Hashable]) -> bytes | None:
    """Of values, each a bool, int, float or str, or as a column counts it: the UTF-8 of a text, a tuple with
    the digest of a longer one. None if there are none, or more than are counted."""
    if not 0 < len(values) <= MOST_CLASSES:
        return None
    classes = sorted({_class(value) for value in values})
    return blake3(b"obsL1" + struct.pack("<I", len(classes)) + b"".join(classes)).digest()


def digest_of_column(kind: Kind, values: Collection[Hashable] | None) -> bytes | None:
    """Of the values of a label column; None if they are none that a class could have."""
    return classes_digest(values) if values is not None and kind in _CLASSED else None


def has_fractions(kind: Kind, values: Collection[Hashable] | None) -> bool:
    """Whether a column holds numbers, and not only integers."""
    if values is None or kind is not Kind.NUMBER:
        return False
    return any(isinstance(value, float) and not value.is_integer() for value in values)


def _class(value: Hashable) -> bytes:
    if isinstance(value, str):
        value = key_of(value.encode("utf-8", "surrogatepass"))
    if isinstance(value, bytes):
        number: grammar.Value = grammar.BOOLEANS.get(value)
        number = grammar.number(value) if number is None else number
        return _entry(_TEXT, value) if number is None else _number(cast("grammar.Number", number))
    if isinstance(value, tuple):
        (digest,) = cast("tuple[bytes]", value)
        return _entry(_LONG, digest)
    return _number(cast("grammar.Number", value))


def _number(value: grammar.Number) -> bytes:
    if isinstance(value, int) or value.is_integer():
        value = int(value)  # a bool, too
    return _entry(_NUMBER, repr(value).encode())


def _entry(what: int, data: bytes) -> bytes:
    return struct.pack("<BI", what, len(data)) + data
