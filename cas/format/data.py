"""What was there: files, and folders of files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from typing import ClassVar, Final, NamedTuple, Self, TypeVar

from ..errors import InvalidField
from .canonical import Path, Value
from .fields import Fields, Misplaced, check_order, present
from .frozen import frozen
from .ids import DIGEST_BYTES, BlobId, ObjectId
from .names import FileName, check_name, check_names, name_bytes

T = TypeVar("T")

ENTRIES_PER_PART: Final = 4096


@frozen
class File:
    """The bytes of one file and nothing else, so that its id follows from the file alone."""

    KIND: ClassVar[str] = "file"
    size: int
    blake3: BlobId

    def __post_init__(self) -> None:
        if self.size < 0:
            raise InvalidField(problem="a size is not negative")

    def to_value(self) -> dict[str, Value]:
        """The map of the fields."""
        return {"size": self.size, "blake3": self.blake3.raw}

    @classmethod
    def from_fields(cls, fields: Fields) -> Self:
        """The inverse of `to_value`."""
        size, digest = fields.uint("size"), fields.digest("blake3", BlobId)
        return fields.built(lambda: cls(size=size, blake3=digest))


class TreeEntry(NamedTuple):
    """One file of a folder: stored as the array [name, size, blake3].

    No more than a tuple, since a folder may have very many: the part or tree that it goes into checks it.
    """

    name: FileName
    size: int
    blake3: BlobId

    @property
    def file(self) -> File:
        """The file by itself, as it would be recorded alone."""
        return File(size=self.size, blake3=self.blake3)

    def to_value(self) -> Value:
        """The array [name, size, blake3]."""
        return [self.name, self.size, self.blake3.raw]


def _read_entries(fields: Fields) -> tuple[TreeEntry, ...]:
    """The entries of a folder or of a part of one, whose names are yet to be checked, all at once."""
    found: list[TreeEntry] = []
    for index, item in enumerate(fields.array("entries")):
        match item:
            case [name, size, bytes() as raw] if (
                (type(name) is str or type(name) is bytes)
                and type(size) is int
                and size >= 0
                and len(raw) == DIGEST_BYTES
            ):
                found.append(TreeEntry(name, size, BlobId(raw)))
            case _:
                problem = "a tree entry is [name, size, blake3]"
                raise Misplaced(fields.place("entries", index), InvalidField(problem=problem))
    return tuple(found)


def _built(fields: Fields, entries: tuple[TreeEntry, ...], build: Callable[[], T]) -> T:
    """`fields.built`; a complaint about a name gets the place of its entry."""
    try:
        return fields.built(build)
    except Misplaced:
        for index, entry in enumerate(entries):
            try:
                check_name(entry.name)
            except InvalidField as error:
                raise Misplaced(fields.place("entries", index), error) from None
        raise


def _check_entries(entries: tuple[TreeEntry, ...]) -> None:
    """Whether they are what a folder may hold, in order. Raises InvalidField, UnsortedKeys, DuplicateKey."""
    names = check_names([entry.name for entry in entries])
    if any(before >= after for before, after in pairwise(names)):
        check_order([(name,) for name in names], "the entries of a folder")
    if min((entry.size for entry in entries), default=0) < 0:
        raise InvalidField(problem="a size is not negative")


@frozen
class Part:
    """4,096 entries of a large folder (the last part: what is left)."""

    KIND: ClassVar[str] = "part"
    entries: tuple[TreeEntry, ...]

    def __post_init__(self) -> None:
        if not 0 < len(self.entries) <= ENTRIES_PER_PART:
            raise InvalidField(problem=f"a part has 1 to {ENTRIES_PER_PART} entries")
        _check_entries(self.entries)

    def to_value(self) -> dict[str, Value]:
        """The map of the fields."""
        return {"entries": [entry.to_value() for entry in self.entries]}

    @classmethod
    def from_fields(cls, fields: Fields) -> Self:
        """The inverse of `to_value`."""
        entries = _read_entries(fields)
        return _built(fields, entries, lambda: cls(entries=entries))


@frozen
class Tree:
    """A folder of files: `count` files of `size` bytes together, in byte order of their names.

    Up to 4,096 entries stand in the tree itself; beyond that all stand in parts of 4,096. Empty
    folders leave no trace, as in git.
    """

    KIND: ClassVar[str] = "tree"
    count: int
    size: int
    entries: tuple[TreeEntry, ...] = ()
    parts: tuple[ObjectId, ...] = ()

    def __post_init__(self) -> None:
        if self.count <= ENTRIES_PER_PART:
            if len(self.entries) != self.count or self.parts:
                raise InvalidField(problem="a tree of up to 4,096 files holds `count` entries and no parts")
            if sum(entry.size for entry in self.entries) != self.size:
                raise InvalidField(problem="the sizes of a tree's entries do not add up to its size")
            _check_entries(self.entries)
        elif self.entries or len(self.parts) != -(-self.count // ENTRIES_PER_PART):
            raise InvalidField(
                problem="a tree beyond 4,096 files holds ceil(count / 4096) parts and no entries"
            )

    @classmethod
    def of(cls, entries: tuple[TreeEntry, ...], parts: tuple[ObjectId, ...]) -> Self:
        """The tree of all `entries`; `parts` are the ids of what `split` makes of them."""
        size = sum(entry.size for entry in entries)
        kept = entries if len(entries) <= ENTRIES_PER_PART else ()
        return cls(count=len(entries), size=size, entries=kept, parts=parts)

    @staticmethod
    def split(entries: tuple[TreeEntry, ...]) -> tuple[Part, ...]:
        """The parts that a tree of `entries` needs: none up to 4,096."""
        if len(entries) <= ENTRIES_PER_PART:
            return ()
        starts = range(0, len(entries), ENTRIES_PER_PART)
        return tuple(Part(entries=entries[start : start + ENTRIES_PER_PART]) for start in starts)

    def all_entries(self, parts: Iterable[Part]) -> Iterator[TreeEntry]:
        """Every entry in its order; `parts` are this tree's, in theirs.

        Raises InvalidField, at the latest after the last entry, if they are not what `split` makes.
        """
        yield from self.entries
        if not self.parts:
            return
        count, size, last = 0, 0, b""
        for part in parts:
            expected = min(ENTRIES_PER_PART, self.count - count)
            if len(part.entries) != expected or name_bytes(part.entries[0].name) <= last:
                raise InvalidField(problem="the parts of a tree hold 4,096 entries each, in order of names")
            yield from part.entries
            count += expected
            size += sum(entry.size for entry in part.entries)
            last = name_bytes(part.entries[-1].name)
        if (count, size) != (self.count, self.size):
            raise InvalidField(problem="the parts of a tree do not add up to its count and size")

    def to_value(self) -> dict[str, Value]:
        """The map of the fields."""
        return present(
            (
                ("count", self.count),
                ("size", self.size),
                ("entries", [entry.to_value() for entry in self.entries]),
                ("parts", [part.raw for part in self.parts]),
            )
        )

    @classmethod
    def from_fields(cls, fields: Fields) -> Self:
        """The inverse of `to_value`."""
        count, size = fields.uint("count"), fields.uint("size")
        entries, parts = _read_entries(fields), fields.items("parts", read_object_id)
        return _built(fields, entries, lambda: cls(count=count, size=size, entries=entries, parts=parts))


def read_object_id(value: Value, path: Path) -> ObjectId:
    """An object id that stands in an array."""
    if not isinstance(value, bytes) or len(value) != 32:
        raise Misplaced(path, InvalidField(problem="an id is a bin of 32 bytes"))
    return ObjectId(value)
