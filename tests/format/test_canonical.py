"""Canonical MessagePack: the laws, the second reader, the msgpack library, and what is refused where."""

from __future__ import annotations

import math
import struct
import tracemalloc
from typing import Any

import msgpack
import pytest
import standalone
from format_samples import (
    accepts,
    mutated,
    name_of,
    named,
    plain,
    same,
    sorted_deep,
    standalone_accepts,
    values,
)
from hypothesis import example, given, settings
from hypothesis import strategies as st
from obs.cas import errors
from obs.cas.errors import ForeignNaN, FormatError, InvalidField, TooDeep, TooLong, Truncated
from obs.cas.format.canonical import MAX_DEPTH, MAX_OBJECT_BYTES, Path, Value, decode, encode, locate


def nested(levels: int) -> Value:
    value: Value = []
    for _ in range(levels - 1):
        value = [value]
    return value


@given(values)
def test_decode_is_the_inverse_of_encode(value: Value) -> None:
    assert same(decode(encode(value)), value)


@given(values)
def test_the_msgpack_library_agrees(value: Value) -> None:
    assert encode(value) == msgpack.packb(sorted_deep(value), use_bin_type=True)
    assert same(msgpack.unpackb(encode(value), strict_map_key=False), value)


@given(values)
def test_the_second_reader_reads_the_same_value(value: Value) -> None:
    assert same(plain(standalone.unpack(encode(value))), value)


@given(st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=5), st.integers(0, 9)))
def test_the_order_of_insertion_does_not_matter(value: dict[str, int]) -> None:
    forwards: Value = dict(value)
    backwards: Value = dict(reversed(value.items()))
    assert encode(forwards) == encode(backwards)


FOREIGN_NAN: float = struct.unpack(">d", bytes.fromhex("7ff8000000000001"))[0]
LOOKS_LIKE_ONE = b"\xcb" + bytes.fromhex("7ff8000000000001")


@given(
    st.recursive(
        st.sampled_from([FOREIGN_NAN, LOOKS_LIKE_ONE, LOOKS_LIKE_ONE[:3], "\x7f", 1.5, None]),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from("abc"), inner),
        max_leaves=8,
    )
)
@example([LOOKS_LIKE_ONE])
@example([LOOKS_LIKE_ONE, {"a": [FOREIGN_NAN]}])
def test_a_nan_has_one_spelling_and_what_only_looks_like_one_is_left_alone(value: Value) -> None:
    data, foreign = encode(value), msgpack.packb(in_order(value), use_bin_type=True)
    assert same(decode(data), value)
    assert encode(decode(data)) == data
    if any(map(math.isnan, floats_in(value))):
        with pytest.raises(ForeignNaN):
            decode(foreign)
    else:
        assert foreign == data


def in_order(value: Value) -> Value:
    if isinstance(value, dict):
        return {key: in_order(value[key]) for key in sorted(value)}
    return [in_order(item) for item in value] if isinstance(value, list) else value


def floats_in(value: Value) -> list[float]:
    if isinstance(value, dict):
        return [found for item in value.values() for found in floats_in(item)]
    if isinstance(value, list):
        return [found for item in value for found in floats_in(item)]
    return [value] if isinstance(value, float) else []


@given(st.binary(max_size=24))
@example(b"\xd1\x01\x00")
@example(b"\xcb\x7f\xf8\x00\x00\x00\x00\x00\x01")
@example(b"\x82\xa1a\xc0\xa1a\xc0")
@example(b"\x81\x90\xc0")
@example(b"\xd6\xff\x00\x00\x00\x00")
def test_random_bytes_are_accepted_by_both_readers_or_by_none(data: bytes) -> None:
    check_one_spelling(data)


CANONICAL = [bytes.fromhex(vector["bytes"]) for vector in named("values") + named("objects")]
INVALID = [bytes.fromhex(vector["bytes"]) for vector in named("invalid_values") + named("invalid_objects")]


@given(mutated(CANONICAL + INVALID))
def test_mutations_are_accepted_by_both_readers_or_by_none(data: bytes) -> None:
    check_one_spelling(data)


@given(st.data())
def test_mutations_of_random_values_too(data: st.DataObject) -> None:
    check_one_spelling(data.draw(mutated([encode(data.draw(values))])))


def check_one_spelling(data: bytes) -> None:
    assert accepts(data) == standalone_accepts(data)
    if accepts(data):
        assert encode(decode(data)) == data


@pytest.mark.parametrize("vector", named("invalid_values"), ids=name_of)
def test_what_is_refused_and_where(vector: Any) -> None:
    with pytest.raises(FormatError) as caught:
        decode(bytes.fromhex(vector["bytes"]))
    assert type(caught.value) is getattr(errors, vector["error"])
    assert caught.value.offset == vector["offset"]
    assert str(vector["offset"]) in str(caught.value)


@pytest.mark.parametrize(
    "value",
    [
        2**64,
        -(2**63) - 1,
        "\ud800",
        {"\udfff": 1},
        {1: 2},
        {b"a": 1},
        (1, 2),
        {1, 2},
        bytearray(b"x"),
        1j,
        object(),
        [{"a": [(0,)]}],
        type("Text", (str,), {})("x"),
        type("Number", (int,), {})(1),
    ],
    ids=[
        *("2^64", "-2^63 - 1", "a surrogate", "a surrogate as key", "an int as key", "bytes as key", "tuple"),
        *(
            "set",
            "bytearray",
            "complex",
            "object",
            "a tuple deep down",
            "a str of its own",
            "an int of its own",
        ),
    ],
)
def test_what_cannot_be_encoded(value: Any) -> None:
    with pytest.raises(InvalidField):
        encode(value)


def test_nesting_is_bounded_in_both_directions() -> None:
    assert decode(encode(nested(MAX_DEPTH))) == nested(MAX_DEPTH)
    with pytest.raises(TooDeep):
        encode(nested(MAX_DEPTH + 1))
    for levels in (MAX_DEPTH, MAX_DEPTH + 1):
        data = b"\x91" * (levels - 1) + b"\x90"
        assert accepts(data) == standalone_accepts(data) == (levels <= MAX_DEPTH)


def test_size_is_bounded_in_both_directions() -> None:
    largest = b"x" * (MAX_OBJECT_BYTES - 5)  # 5: the head of a bin32
    data = encode(largest)
    assert len(data) == MAX_OBJECT_BYTES
    assert decode(data) == largest
    with pytest.raises(TooLong):
        encode(largest + b"x")
    longer = b"\xc6" + (len(largest) + 1).to_bytes(4, "big") + largest + b"x"
    with pytest.raises(TooLong) as caught:
        decode(longer)
    assert caught.value.offset == MAX_OBJECT_BYTES
    assert not standalone_accepts(longer)


def test_long_arrays_are_read_by_the_same_rules() -> None:
    # More entries than the C unpacker is allowed: everything inside goes through the slow reader.
    array: list[Value] = [decode(bytes.fromhex(vector["bytes"])) for vector in named("values")]
    array += [None] * 10_000
    assert same(decode(encode(array)), array)


@settings(max_examples=25)
@given(st.lists(values, max_size=4))
def test_the_slow_reader_obeys_the_same_law(items: list[Value]) -> None:
    array: list[Value] = [*items, *[None] * 8192, 0]
    assert same(decode(encode(array)), array)


@pytest.mark.parametrize("size", [65535, 65536])
def test_the_longest_lengths(size: int) -> None:
    array: list[Value] = [None] * size
    entries: dict[str, Value] = {f"{key:05}": key for key in range(size)}
    for value in ("x" * size, b"x" * size, array, entries):
        data = encode(value)
        assert decode(data) == value
        assert standalone_accepts(data)


@pytest.mark.parametrize(
    "data",
    [
        bytes.fromhex("ddffffffff"),
        bytes.fromhex("dfffffffff"),
        bytes.fromhex("dbffffffff"),
        bytes.fromhex("c6ffffffff"),
        bytes.fromhex("dd00ffffff") * 60,
        bytes.fromhex("dc2000") * 60,
        bytes.fromhex("dc4e1f") * 60 + bytes(40_000),
        bytes.fromhex("81a161") * 63 + bytes.fromhex("dfffffffff"),
    ],
    ids=[
        "array32",
        "map32",
        "str32",
        "bin32",
        "arrays in arrays",
        "arrays of 8192 in arrays",
        "lengths below that of the data",
        "a map deep down",
    ],
)
def test_a_length_allocates_nothing(data: bytes) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(Truncated):
            decode(data)
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak_bytes < 8 * 1024 * 1024


@pytest.mark.parametrize("data", [b"\x91" * (1 << 20), b"\x81\xa0" * (1 << 19), b"\xdc\x20\x00" * 100_000])
def test_deep_bombs_are_refused_at_the_65th_level(data: bytes) -> None:
    with pytest.raises(TooDeep):
        decode(data)


def test_a_long_key_is_not_repeated_in_the_message() -> None:
    key = encode("k" * 100_000)
    with pytest.raises(errors.DuplicateKey) as caught:
        decode(b"\x82" + key + b"\xc0" + key + b"\xc0")
    assert len(str(caught.value)) < 1000


@pytest.mark.parametrize(
    ("path", "offset"),
    [
        ((), 0),
        (("a",), 3),
        (("a", 0), 4),
        (("a", 1), 5),
        (("b",), 10),
        (("b", "c"), 13),
        (("b", "d"), None),
        (("x",), None),
    ],
)
def test_locate(path: Path, offset: int | None) -> None:
    #        0  1   3  4  5    8   10 11  13
    data = b"\x82\xa1a\x92\x05\xa2hi\xa1b\x81\xa1c\xc3"
    assert locate(data, path) == offset
