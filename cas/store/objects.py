"""Objects on disk: `objects/ab/cdef…`, canonical MessagePack, one file an object.

What is read is checked on the way: canonical, known, and hashing to its name. An object that is
not there is missing; one with other bytes is corrupt; the two are never confused.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Final, TypeVar

from ..errors import CorruptObject, FormatError, MissingObject, NewerObject
from ..format.canonical import MAX_OBJECT_BYTES, decode
from ..format.ids import ObjectId, derive_object_id, is_hex
from ..format.objects import Object, decode_object
from .files import StoreFiles

AnyObject = TypeVar("AnyObject", bound="Object")

FOLDER: Final = "objects"
_SMALL_BYTES: Final = 4096
_MOST_RECENT: Final = 128
"""Some 20 runs: a question looks at each of its objects more than once, and at those of its neighbours."""


def name_of(folder: str, digits: str) -> str:
    """Where the thing with these 64 digits lies: the first two name a folder."""
    return f"{folder}/{digits[:2]}/{digits[2:]}"


def list_ids(files: StoreFiles, folder: str, prefix: str = "") -> Iterator[str]:
    """The ids (64 digits) under `folder` that begin with `prefix`, in order. Other names are passed over."""
    for fan in [prefix[:2]] if len(prefix) >= 2 else files.list_folder(folder):
        if is_hex(fan, 2) and fan.startswith(prefix[:2]):
            for rest in files.list_folder(f"{folder}/{fan}"):
                if is_hex(rest, 62) and rest.startswith(prefix[2:]):
                    yield fan + rest


class Objects:
    """The objects of one store."""

    def __init__(self, files: StoreFiles) -> None:
        self._files = files
        self._recent: dict[ObjectId, tuple[Object, bytes]] | None = None

    @contextmanager
    def remembering(self) -> Generator[None]:
        """Within it a small object that was read and found sound is not read again soon.

        For the length of one question, and not longer: the next one is about what lies on the disk then.
        """
        self._recent = {}
        try:
            yield
        finally:
            self._recent = None

    def has(self, wanted: ObjectId) -> bool:
        """Whether there is a file for this id; its bytes are not looked at."""
        return self._files.size_of(name_of(FOLDER, wanted.hex)) is not None

    def read_bytes(self, wanted: ObjectId) -> bytes | None:
        """The bytes in the object's file as they are, unchecked; None where there is no file."""
        return self._files.read(name_of(FOLDER, wanted.hex), MAX_OBJECT_BYTES)

    def find(self, wanted: ObjectId) -> tuple[Object, bytes] | None:
        """The object and its canonical bytes, checked; None where there is no file.

        Raises CorruptObject; UnknownKind, UnknownVersion for intact bytes that this obs cannot read.
        """
        recent = self._recent
        if recent is not None and (known := recent.get(wanted)) is not None:
            return known
        data = self.read_bytes(wanted)
        if data is None:
            return None
        try:
            value = decode_object(data)
        except NewerObject as error:
            self._check_foreign(wanted, data)
            raise type(error)(problem=error.problem, offset=error.offset, id=wanted.hex) from None
        except FormatError as error:
            raise CorruptObject(id=wanted.hex, problem=str(error)) from None
        if derive_object_id(value.KIND, data) != wanted:
            raise CorruptObject(id=wanted.hex, problem="its bytes do not hash to its id")
        if recent is not None and len(data) <= _SMALL_BYTES:
            if len(recent) >= _MOST_RECENT:
                recent.clear()
            recent[wanted] = value, data
        return value, data

    def get(self, expected: type[AnyObject], wanted: ObjectId, wanted_by: str) -> AnyObject:
        """The object that a link leads to. Raises MissingObject, CorruptObject, FormatError."""
        return self.get_with_bytes(expected, wanted, wanted_by)[0]

    def get_with_bytes(
        self, expected: type[AnyObject], wanted: ObjectId, wanted_by: str
    ) -> tuple[AnyObject, bytes]:
        """`get`, with the canonical bytes."""
        found = self.find(wanted)
        if found is None:
            raise MissingObject(id=wanted.hex, wanted_by=wanted_by)
        value, data = found
        if not isinstance(value, expected):
            problem = f"it is a {value.KIND}, and {wanted_by} links to it as a {expected.KIND}"
            raise CorruptObject(id=wanted.hex, problem=problem)
        return value, data

    def ids(self, prefix: str = "") -> Iterator[ObjectId]:
        """The ids of all objects, or of those that begin with a prefix, in order."""
        for digits in list_ids(self._files, FOLDER, prefix):
            yield ObjectId.parse(digits)

    def _check_foreign(self, wanted: ObjectId, data: bytes) -> None:
        """An unknown kind or version still has to hash to its id. Raises CorruptObject."""
        value = decode(data)
        kind = value.get("kind") if isinstance(value, dict) else None
        if not isinstance(kind, str) or derive_object_id(kind, data) != wanted:
            raise CorruptObject(id=wanted.hex, problem="its bytes do not hash to its id")
