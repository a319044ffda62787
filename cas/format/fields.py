"""Reading the fields of an object: strict, and with the place of whatever is wrong.

A decoded object is a map. `Fields` takes its values out one by one, checks each, and refuses what
is left over. What it raises knows its path inside the object; the reader of the whole object turns
that path into an offset.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from typing import TypeVar

from ..errors import DuplicateKey, FormatError, InvalidField, MissingKey, UnknownKey, UnsortedKeys
from .canonical import Path, Value
from .ids import Digest
from .names import FileName

T = TypeVar("T")
D = TypeVar("D", bound=Digest)


class Misplaced(Exception):
    """A FormatError on its way up, with the path to what it is about. Never leaves the format room."""

    def __init__(self, path: Path, error: FormatError) -> None:
        super().__init__(path, error)
        self.path = path
        self.error = error


class Fields:
    """The values of one map. Every `take` removes a key; `done` refuses the rest."""

    def __init__(self, value: Value, path: Path = (), what: str = "object") -> None:
        if not isinstance(value, dict):
            raise Misplaced(path, InvalidField(problem=f"{what} is not a map"))
        self._left = dict(value)
        self._path = path
        self._what = what

    def done(self) -> None:
        """Refuses keys that nobody took."""
        for key in self._left:
            raise Misplaced((*self._path, key), UnknownKey(problem=f"{self._what} has no key '{key[:64]}'"))

    def has(self, key: str) -> bool:
        """Whether an optional key is there."""
        return key in self._left

    def _take(self, key: str) -> Value:
        try:
            return self._left.pop(key)
        except KeyError:
            problem = f"{self._what} lacks the key '{key}'"
            raise Misplaced(self._path, MissingKey(problem=problem)) from None

    def _wrong(self, key: str, needed: str) -> Misplaced:
        return Misplaced((*self._path, key), InvalidField(problem=f"'{key}' of {self._what} is not {needed}"))

    def text(self, key: str) -> str:
        """A str."""
        if not isinstance(value := self._take(key), str):
            raise self._wrong(key, "a str")
        return value

    def uint(self, key: str) -> int:
        """An int that is not negative."""
        value = self._take(key)
        if type(value) is not int or value < 0:
            raise self._wrong(key, "an unsigned int")
        return value

    def boolean(self, key: str) -> bool:
        """A bool."""
        if not isinstance(value := self._take(key), bool):
            raise self._wrong(key, "a bool")
        return value

    def flag(self, key: str) -> bool:
        """Whether an optional key is there, whose only value is true: false is an absent key."""
        if not self.has(key):
            return False
        if self._take(key) is not True:
            raise self._wrong(key, "true (false is an absent key)")
        return True

    def name(self, key: str) -> FileName:
        """A file's name: str, or bin where it is no UTF-8."""
        if not isinstance(value := self._take(key), (str, bytes)):
            raise self._wrong(key, "a name")
        return value

    def digest(self, key: str, kind: type[D]) -> D:
        """An id: bin of 32 bytes."""
        value = self._take(key)
        if not isinstance(value, bytes) or len(value) != 32:
            raise self._wrong(key, "a bin of 32 bytes")
        return kind(value)

    def values(self, key: str) -> dict[str, Value]:
        """A map of anything."""
        if not isinstance(value := self._take(key), dict):
            raise self._wrong(key, "a map")
        return value

    def array(self, key: str) -> list[Value]:
        """An array. An empty one is an absent key."""
        if not self.has(key):
            return []
        value = self._take(key)
        if not isinstance(value, list) or not value:
            raise self._wrong(key, "a non-empty array")
        return value

    def place(self, key: str, index: int) -> Path:
        """Where an item of an array stands."""
        return (*self._path, key, index)

    def items(self, key: str, read: Callable[[Value, Path], T]) -> tuple[T, ...]:
        """An array, each item read by `read(value, path)`."""
        return tuple(read(item, self.place(key, index)) for index, item in enumerate(self.array(key)))

    def one_of(self, key: str, choices: tuple[T, ...]) -> T:
        """One of a few words."""
        value = self._take(key)
        for choice in choices:
            if choice == value:
                return choice
        raise self._wrong(key, f"one of {', '.join(map(str, choices))}")

    def within(self, key: str, read: Callable[[Value, Path], T]) -> T:
        """A nested value, read by `read(value, path)`."""
        return read(self._take(key), (*self._path, key))

    def built(self, build: Callable[[], T]) -> T:
        """What `build` makes of the fields taken; its complaints get this map's place."""
        self.done()
        try:
            return build()
        except FormatError as error:
            raise Misplaced(self._path, error) from None


def check_order(keys: Sequence[tuple[bytes, ...]], what: str) -> None:
    """Refuses a list that is a set but is not sorted and unique. Raises UnsortedKeys, DuplicateKey."""
    for before, after in pairwise(keys):
        if before == after:
            raise DuplicateKey(problem=f"{what} name the same thing twice")
        if before > after:
            raise UnsortedKeys(problem=f"{what} are out of order")


def text_order(text: str) -> bytes:
    """The order of texts. A lone surrogate is let through here: the encoder refuses it."""
    return text.encode("utf-8", "surrogatepass")


def present(pairs: Iterable[tuple[str, Value]]) -> dict[str, Value]:
    """The map of `pairs`, without those that are None or empty: an absent field is an absent key."""
    return {key: value for key, value in pairs if value is not None and value != [] and value != {}}
