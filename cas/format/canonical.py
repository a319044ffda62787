"""Canonical MessagePack: exactly one byte string for a value, exactly one value for a byte string.

The types are nil, bool, int (-2^63 .. 2^64-1), float (always 64 bits), str (UTF-8), bin, array
and map; no extension types. Integers take the shortest form, unsigned when not negative; NaN is
7ff8000000000000 and nothing else; map keys are str, unique, sorted by their bytes; lengths take
the shortest form.

Laws:  decode(encode(v)) == v (with -0.0 and NaN kept);  encode(decode(b)) == b, or decode raises.

Decoding lets the C unpacker read, packs the result again and compares. That rejects every other
spelling, since the packer has only one (but for the order of keys, and NaN, which are looked at).
What it rejects, and whatever is too large for the C unpacker's narrow limits, goes to a slow pure
reader that allocates nothing on a length's word and names the first error and its offset.

Source: the MessagePack specification, https://github.com/msgpack/msgpack/blob/master/spec.md
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from struct import unpack_from
from typing import Final, Never, TypeAlias

import msgpack

from ..errors import (
    BadText,
    DuplicateKey,
    ForbiddenType,
    ForeignNaN,
    FormatError,
    InvalidField,
    NotCanonical,
    TooDeep,
    TooLong,
    TrailingBytes,
    Truncated,
    UnsortedKeys,
)

Value: TypeAlias = "bool | int | float | str | bytes | list[Value] | dict[str, Value] | None"
Path: TypeAlias = tuple[str | int, ...]

MAX_OBJECT_BYTES: Final = 16 * 1024 * 1024
MAX_DEPTH: Final = 64
"""How many arrays and maps may stand inside one another."""
_CANONICAL_NAN: Final = math.nan
_NAN_BYTES: Final = bytes.fromhex("7ff8000000000000")
_ANY_NAN: Final = re.compile(rb"\xcb[\x7f\xff][\xf0-\xff]")
_CONTAINERS: Final = frozenset({dict, list})
_TEXT: Final = frozenset({str})
_SCALARS: Final = frozenset({bytes, bool, float, int, str, type(None)})
_FAST_ENTRIES: Final = 8192
"""The C unpacker allocates an array of the length it reads: more entries than this go to the slow reader."""
_MIN_INT: Final = -(2**63)
_MAX_INT: Final = 2**64 - 1


def encode(value: Value) -> bytes:
    """The canonical bytes of `value`.

    Raises InvalidField for a value outside the types above, TooDeep, TooLong.
    """
    ordered = _ordered(value, 1)
    try:
        packed = msgpack.packb(ordered, use_bin_type=True, strict_types=True)
        if _ANY_NAN.search(packed) and _holds_nan(ordered):
            packed = msgpack.packb(_with_one_nan(ordered), use_bin_type=True, strict_types=True)
    except UnicodeEncodeError:
        raise InvalidField(problem="a str may hold no lone surrogate") from None
    except OverflowError:
        raise InvalidField(problem="an integer has at most 64 bits") from None
    if len(packed) > MAX_OBJECT_BYTES:
        raise TooLong(problem=f"an object has at most {MAX_OBJECT_BYTES} bytes")
    return packed


def decode(data: bytes) -> Value:
    """The value whose canonical bytes are `data`.

    Raises a FormatError that names what is wrong and at which offset.
    """
    if len(data) > MAX_OBJECT_BYTES:
        raise TooLong(problem=f"an object has at most {MAX_OBJECT_BYTES} bytes", offset=MAX_OBJECT_BYTES)
    try:
        value: Value = msgpack.unpackb(
            data,
            raw=False,
            strict_map_key=True,
            max_str_len=len(data),
            max_bin_len=len(data),
            max_array_len=min(len(data), _FAST_ENTRIES),
            max_map_len=min(len(data), _FAST_ENTRIES),
            max_ext_len=0,
            ext_hook=_no_extension,
        )
        if _is_canonical(value, data):
            return value
    except (ValueError, FormatError, msgpack.exceptions.UnpackException):
        pass  # the slow reader says what is wrong, or finds that only the fast limits were too narrow
    return _SlowReader(data).whole()


def decode_flat(data: bytes, most_entries: int) -> Value:
    """The same for a map of scalars and arrays of scalars, none of which has more than so many entries.

    For what a stranger sends: whatever is larger or deeper is refused before it takes any room.
    """
    return _SlowReader(data, most_depth=2, most_entries=most_entries).whole()


def count_values(data: bytes, most_values: int) -> int:
    """How many values stand in canonical bytes: arrays, maps, what is in them, keys.

    For what a stranger sends: the values may take fifty times the room of their bytes, and no more of them
    than `most_values` are made to count them. Raises TooLong beyond that, and what `decode` raises.
    """
    reader = _SlowReader(data, most_values=most_values)
    reader.whole()
    return most_values - reader.values_left


def _no_extension(code: int, data: bytes) -> Never:
    raise ForbiddenType(problem="extension types are not used")


def _is_canonical(value: Value, data: bytes) -> bool:
    """Whether `data`, from which `value` was read, is its canonical spelling.

    The packer's own spelling is: it takes the shortest forms, and keeps the order of the keys and the bits
    of a NaN, so that these two and the depth are what is left to look at.
    """
    if not _in_order(value, 1):
        return False
    if _ANY_NAN.search(data) and _holds_nan(value):
        return encode(value) == data
    return bool(msgpack.packb(value, use_bin_type=True, strict_types=True) == data)


def _in_order(value: Value, depth: int) -> bool:
    """Whether all maps in it are in the order of their keys, and none is too deep.

    The order of code points is that of the bytes of their UTF-8 (The Unicode Standard, 2.5).
    """
    if isinstance(value, dict):
        keys = list(value)
        if depth > MAX_DEPTH or not _TEXT.issuperset(map(type, keys)) or keys != sorted(keys):
            return False
        items: Iterable[Value] = value.values()
    elif isinstance(value, list):
        if depth > MAX_DEPTH:
            return False
        items = value
    else:
        return True
    for item in items:
        if type(item) not in _CONTAINERS:
            continue  # told apart here and not by a call for each: most values are neither
        if not _in_order(item, depth + 1):
            return False
    return True


def locate(data: bytes, path: Path) -> int | None:
    """The offset in canonical `data` of the value at `path` (map keys and list indices), or None."""
    reader = _SlowReader(data, wanted=path)
    try:
        reader.whole()
    except FormatError:
        return reader.found
    return reader.found


def _ordered(value: Value, depth: int) -> Value:
    """`value` with its maps in key order; checks types and depth. (The packer checks ranges and texts.)"""
    kind = type(value)
    if kind in _SCALARS:
        return value
    if depth > MAX_DEPTH and kind in _CONTAINERS:
        raise TooDeep(problem=f"more than {MAX_DEPTH} levels of nesting")
    # Scalars are passed over here and not by a call for each: most values are some.
    if isinstance(value, list) and kind is list:
        if _SCALARS.issuperset(map(type, value)):
            return value
        return [item if type(item) in _SCALARS else _ordered(item, depth + 1) for item in value]
    if isinstance(value, dict) and kind is dict:
        if not _TEXT.issuperset(map(type, value)):
            raise InvalidField(problem="a map key is a str")
        items = ((key, value[key]) for key in sorted(value))  # as their UTF-8 sorts, see _in_order
        return {key: item if type(item) in _SCALARS else _ordered(item, depth + 1) for key, item in items}
    raise InvalidField(problem=f"{kind.__name__} is no type of the format")


def _holds_nan(value: Value) -> bool:
    """Whether there is a NaN: any bytes may look like one."""
    if isinstance(value, dict):
        items: Iterable[Value] = value.values()
    else:
        items = value if isinstance(value, list) else (value,)
    return any(_holds_nan(item) if type(item) in _CONTAINERS else item != item for item in items)


def _with_one_nan(value: Value) -> Value:
    """`value` with every NaN made the canonical one."""
    if isinstance(value, list):
        return [_with_one_nan(item) for item in value]
    if isinstance(value, dict):
        return {key: _with_one_nan(item) for key, item in value.items()}
    return _CANONICAL_NAN if value != value else value


class _SlowReader:
    """Reads one canonical value, names the first departure from the format and its offset."""

    def __init__(
        self,
        data: bytes,
        wanted: Path | None = None,
        most_depth: int = MAX_DEPTH,
        most_entries: int = 1 << 32,
        most_values: int = MAX_OBJECT_BYTES,
    ) -> None:
        self._data = data
        self._at = 0
        self._wanted = wanted
        self._most_depth = most_depth
        self._most_entries = most_entries
        self.values_left = most_values
        self.found: int | None = None

    def whole(self) -> Value:
        value = self._value(1, ())
        if self._at != len(self._data):
            raise TrailingBytes(problem="bytes follow the value", offset=self._at)
        return value

    def _take(self, count: int) -> int:
        """Moves over `count` bytes and returns where they begin."""
        start = self._at
        if len(self._data) - start < count:
            raise Truncated(problem=f"the bytes end inside a value that needs {count} more", offset=start)
        self._at = start + count
        return start

    def _unsigned(self, width: int) -> int:
        return int.from_bytes(self._data[(start := self._take(width)) : start + width], "big")

    def _length(self, width: int, smallest: int, start: int) -> int:
        length = self._unsigned(width)
        if length < smallest:
            raise NotCanonical(problem=f"the length {length} has a shorter form", offset=start)
        return length

    def _value(self, depth: int, path: Path) -> Value:
        start = self._at
        if not self.values_left:
            raise TooLong(problem="more values than may stand here", offset=start)
        self.values_left -= 1
        if path == self._wanted:
            self.found = start
        tag = self._data[self._take(1)]
        if tag <= 0x7F:
            return tag
        if tag >= 0xE0:
            return tag - 256
        if tag <= 0x8F:
            return self._map(tag & 0x0F, depth, path, start)
        if tag <= 0x9F:
            return self._array(tag & 0x0F, depth, path, start)
        if tag <= 0xBF:
            return self._text(tag & 0x1F, start)
        match tag:
            case 0xC0:
                return None
            case 0xC2 | 0xC3:
                return tag == 0xC3
            case 0xC4 | 0xC5 | 0xC6:
                length = self._length(1 << (tag - 0xC4), (0, 1 << 8, 1 << 16)[tag - 0xC4], start)
                return self._data[(begin := self._take(length)) : begin + length]
            case 0xCB:
                return self._float(start)
            case 0xCC | 0xCD | 0xCE | 0xCF:
                return self._uint(tag - 0xCC, start)
            case 0xD0 | 0xD1 | 0xD2 | 0xD3:
                return self._sint(tag - 0xD0, start)
            case 0xD9 | 0xDA | 0xDB:
                length = self._length(1 << (tag - 0xD9), (1 << 5, 1 << 8, 1 << 16)[tag - 0xD9], start)
                return self._text(length, start)
            case 0xDC | 0xDD:
                length = self._length(2 << (tag - 0xDC), (1 << 4, 1 << 16)[tag - 0xDC], start)
                return self._array(length, depth, path, start)
            case 0xDE | 0xDF:
                length = self._length(2 << (tag - 0xDE), (1 << 4, 1 << 16)[tag - 0xDE], start)
                return self._map(length, depth, path, start)
            case 0xCA:
                raise ForbiddenType(problem="a float has 64 bits, and this one has 32", offset=start)
            case _:
                raise ForbiddenType(problem=f"type byte 0x{tag:02x} is not used by the format", offset=start)

    def _uint(self, power: int, start: int) -> int:
        value = self._unsigned(1 << power)
        if value < (0x80, 1 << 8, 1 << 16, 1 << 32)[power]:
            raise NotCanonical(problem=f"the integer {value} has a shorter form", offset=start)
        return value

    def _sint(self, power: int, start: int) -> int:
        width = 1 << power
        value = int.from_bytes(self._data[(at := self._take(width)) : at + width], "big", signed=True)
        if value >= (-32, -(1 << 7), -(1 << 15), -(1 << 31))[power]:
            raise NotCanonical(problem=f"the integer {value} has another form", offset=start)
        return value

    def _float(self, start: int) -> float:
        at = self._take(8)
        (value,) = unpack_from(">d", self._data, at)
        if value != value and self._data[at : at + 8] != _NAN_BYTES:
            raise ForeignNaN(problem="a NaN is 7ff8000000000000 and nothing else", offset=start)
        return float(value)

    def _text(self, length: int, start: int) -> str:
        at = self._take(length)
        try:
            return self._data[at : at + length].decode()
        except UnicodeDecodeError as error:
            raise BadText(problem="a str is not valid UTF-8", offset=at + error.start) from None

    def _check_room(self, length: int, depth: int, start: int) -> None:
        if depth > self._most_depth:
            raise TooDeep(problem=f"more than {self._most_depth} levels of nesting", offset=start)
        if length > self._most_entries:
            raise TooLong(problem=f"more than {self._most_entries} entries", offset=start)

    def _array(self, length: int, depth: int, path: Path, start: int) -> Value:
        self._check_room(length, depth, start)
        return [self._value(depth + 1, (*path, index)) for index in range(length)]

    def _map(self, length: int, depth: int, path: Path, start: int) -> Value:
        self._check_room(length, depth, start)
        result: dict[str, Value] = {}
        last: bytes | None = None
        for _ in range(length):
            key_at = self._at
            key = self._value(depth + 1, (*path, -1))
            if not isinstance(key, str):
                raise ForbiddenType(problem="a map key is a str", offset=key_at)
            spelled = key.encode()
            if last is not None and spelled == last:
                raise DuplicateKey(problem=f"the key '{key[:64]}' stands twice", offset=key_at)
            if last is not None and spelled < last:
                raise UnsortedKeys(problem=f"the key '{key[:64]}' is out of byte order", offset=key_at)
            last = spelled
            result[key] = self._value(depth + 1, (*path, key))
        return result
