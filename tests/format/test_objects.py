"""Objects: every kind there and back, and every rule of docs/format.md, each time with the second reader."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
import standalone
from format_samples import accepts_object, mutated, name_of, named, same, standalone_accepts_object
from hypothesis import given
from hypothesis import strategies as st
from objectstrategies import ID, OBJECTS, shaped
from obs.cas import errors
from obs.cas.errors import FormatError, UnknownKey, UnknownVersion
from obs.cas.format.canonical import Value, decode, encode
from obs.cas.format.ids import derive_object_id
from obs.cas.format.inspections import Inspection
from obs.cas.format.objects import KINDS, decode_object, encode_object, object_id

GOLDEN = [bytes.fromhex(vector["bytes"]) for vector in named("objects")]

# ---------------------------------------------------------------------- there and back


def test_every_kind_of_the_page_is_tested_here() -> None:
    assert set(OBJECTS) == set(standalone.KINDS) <= set(KINDS)


@pytest.mark.parametrize("kind", OBJECTS)
@given(data=st.data())
def test_there_and_back(kind: str, data: st.DataObject) -> None:
    value = data.draw(OBJECTS[kind])
    stored = encode_object(value)
    again = decode_object(stored)
    assert type(again) is type(value)
    assert encode_object(again) == stored
    assert same(again.to_value(), value.to_value())
    assert object_id(value) == derive_object_id(kind, stored)
    assert standalone.check_object(stored)[0] == kind


@given(shaped("found"))
def test_an_inspection_is_the_document_without_its_nulls(found: Any) -> None:
    inspection = Inspection(file=ID, found=found)
    document = inspection.document()
    assert same(Inspection.of(ID, document).to_value(), inspection.to_value())
    assert set(document) == {re.split("[:?]", field)[0] for field in standalone.MAPS["found"].split()}


@given(mutated(GOLDEN))
def test_mutations_are_objects_to_both_readers_or_to_none(data: bytes) -> None:
    assert accepts_object(data) == standalone_accepts_object(data)
    if accepts_object(data):
        assert encode_object(decode_object(data)) == data


# ---------------------------------------------------------------------- every key of every golden object

SCALARS: tuple[Value, ...] = (
    *(None, True, False, 0, 1, -1, 2, 4097, 1.0, "", "a", "ok", "file", "record", "../a", "0" * 40, "0" * 41),
    *("a" * 4097, "2026-01-31T09:30:00.000000Z", b"", b"a", b"\xff", b"\x00" * 32, b"\x00" * 31),
)
LISTS: tuple[list[Value], ...] = (
    [],
    [None],
    [[]],
    [{}],
    ["b", "a"],
    ["a", "a"],
    [b"\x00" * 32],
    [b"\x00" * 32, b"\x00" * 32],
)
MAPS: tuple[dict[str, Value], ...] = ({}, {"": 1}, {"a": 0}, {"a": True})


def places(value: Value, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """The paths of everything inside `value`."""
    found: list[tuple[str | int, ...]] = []
    if isinstance(value, dict):
        for key, item in value.items():
            found += [(*path, key), *places(item, (*path, key))]
    if isinstance(value, list):
        for index, item in enumerate(value):
            found += [(*path, index), *places(item, (*path, index))]
    return found


def changed(value: Value, path: tuple[str | int, ...], change: Callable[[Any, Any], None]) -> bytes:
    """The bytes of `value` after `change(container, key)` at `path`."""
    copy: Any = decode(encode(value))
    container = copy
    for step in path[:-1]:
        container = container[step]
    change(container, path[-1])
    return encode(copy)


def remove(container: Any, key: Any) -> None:
    del container[key]


def repeat(container: Any, key: Any) -> None:
    if isinstance(key, int):  # of a list
        container.insert(key, container[key])
    else:
        container[f"{key}_"] = container[key]


def replace_by(value: Value) -> Callable[[Any, Any], None]:
    def change(container: Any, key: Any) -> None:
        container[key] = value

    return change


@pytest.mark.parametrize("vector", named("objects"), ids=name_of)
def test_every_change_of_a_golden_object_has_one_verdict(vector: Any) -> None:
    value = decode(bytes.fromhex(vector["bytes"]))
    for path in places(value):
        for change in (remove, repeat, *map(replace_by, (*SCALARS, *LISTS, *MAPS))):
            data = changed(value, path, change)
            assert accepts_object(data) == standalone_accepts_object(data), (path, data)


@pytest.mark.parametrize("vector", named("objects"), ids=name_of)
def test_unknown_keys_and_versions_of_every_kind(vector: Any) -> None:
    value: Any = decode(bytes.fromhex(vector["bytes"]))
    more = encode({**value, "zzz": None})  # sorts last: its value is the last byte
    with pytest.raises(UnknownKey) as unknown:
        decode_object(more)
    assert unknown.value.offset == len(more) - 1
    newer = encode({**value, "version": 2})
    with pytest.raises(UnknownVersion) as version:
        decode_object(newer)
    assert version.value.offset == newer.index(b"version") + len(b"version")
    assert "newer obs" in str(version.value)
    assert version.value.exit_code == 3


@pytest.mark.parametrize("vector", named("invalid_objects"), ids=name_of)
def test_what_is_refused_and_where(vector: Any) -> None:
    data = bytes.fromhex(vector["bytes"])
    with pytest.raises(FormatError) as caught:
        decode_object(data)
    assert type(caught.value) is getattr(errors, vector["error"])
    assert caught.value.offset == vector["offset"]
    assert not standalone_accepts_object(data)
