"""What the tests of the format share: golden vectors, strategies, the verdicts of both readers."""

from __future__ import annotations

import json
import math
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
import standalone
from hypothesis import strategies as st
from obs.cas.errors import FormatError
from obs.cas.format.canonical import Value, decode
from obs.cas.format.manifests import Manifest
from obs.cas.format.objects import decode_object

needs_b3sum = pytest.mark.skipif(
    shutil.which("b3sum") is None and not os.environ.get("CI"),
    reason="b3sum is not installed (on Debian: apt-get install b3sum); continuous integration has it",
)
"""For tests that ask the BLAKE3 project's own program. With CI set they fail without it."""

VECTORS = Path(__file__).parent / "vectors"
GOLDEN: dict[str, Any] = json.loads((VECTORS / "format-1.json").read_text(encoding="ascii"))
PUBLISHED: dict[str, Any] = json.loads((VECTORS / "blake3.json").read_text(encoding="ascii"))


def named(section: str) -> list[Any]:
    """The vectors of a section of format-1.json."""
    return list(GOLDEN[section])


def name_of(vector: Any) -> str:
    """The id of a parametrised test."""
    return str(vector["name"])


def restored(value: Any) -> Value:
    """The inverse of the JSON rendering of a value."""
    items: list[Any] = value
    entries: dict[str, Any] = value
    if type(value) is list:
        return [restored(item) for item in items]
    if type(value) is not dict:
        scalar: Value = value
        return scalar
    if set(entries) == {"$bin"}:
        return bytes.fromhex(entries["$bin"])
    if set(entries) == {"$float"}:
        return float(entries["$float"])
    return {key: restored(item) for key, item in entries.items()}


def plain(value: Any) -> Value:
    """A value of the second reader, with dicts for its maps."""
    items: list[Any] = value
    entries: dict[str, Any] = value
    if type(value) is list:
        return [plain(item) for item in items]
    if type(value) is standalone.Map:
        return {key: plain(item) for key, item in entries.items()}
    scalar: Value = value
    return scalar


def same(one: Value, two: Value) -> bool:
    """Equality that tells 1 from 1.0 and True, and 0.0 from -0.0, and takes a NaN for itself."""
    if type(one) is not type(two):
        return False
    if isinstance(one, float) and isinstance(two, float):
        both_nan = math.isnan(one) and math.isnan(two)
        return both_nan or (one == two and math.copysign(1, one) == math.copysign(1, two))
    if isinstance(one, list) and isinstance(two, list):
        return len(one) == len(two) and all(map(same, one, two))
    if isinstance(one, dict) and isinstance(two, dict):
        return one.keys() == two.keys() and all(same(one[key], two[key]) for key in one)
    return one == two


def sorted_deep(value: Value) -> Value:
    """`value` with the keys of its maps in byte order, and every NaN the same."""
    if isinstance(value, dict):
        return {key: sorted_deep(value[key]) for key in sorted(value, key=str.encode)}
    if isinstance(value, list):
        return [sorted_deep(item) for item in value]
    return math.nan if isinstance(value, float) and math.isnan(value) else value


def manifest_of(data: bytes) -> Manifest:
    """The manifest whose canonical bytes are `data`."""
    value = decode_object(data)
    assert isinstance(value, Manifest)
    return value


def accepts(data: bytes) -> bool:
    """Whether obs takes `data` for canonical; the reader by itself has to say the same."""
    try:
        decode(data)
    except FormatError:
        return False
    return True


def accepts_object(data: bytes) -> bool:
    """Whether obs takes `data` for an object."""
    try:
        decode_object(data)
    except FormatError:
        return False
    return True


def standalone_accepts(data: bytes) -> bool:
    """Whether the second reader takes `data` for canonical."""
    try:
        standalone.unpack(data)
    except standalone.Bad:
        return False
    return True


def standalone_accepts_object(data: bytes) -> bool:
    """Whether the second reader takes `data` for an object."""
    try:
        standalone.check_object(data)
    except standalone.Bad:
        return False
    return True


texts = st.text(st.characters(codec="utf-8"), max_size=40)
scalars: st.SearchStrategy[Value] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**64 - 1),
    st.sampled_from(
        [
            sign * (1 << bits) + by
            for bits in (5, 7, 8, 15, 16, 31, 32)
            for sign in (1, -1)
            for by in (-1, 0, 1)
        ]
    ),
    st.floats(),
    texts,
    st.binary(max_size=300),
)
values: st.SearchStrategy[Value] = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=18) | st.dictionaries(texts, inner, max_size=18),
    max_leaves=40,
)


@st.composite
def mutated(draw: st.DrawFn, originals: list[bytes]) -> bytes:
    """Canonical bytes with a few bytes replaced, taken out or put in: mostly almost right."""
    data = bytearray(draw(st.sampled_from(originals)))
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, max(len(data) - 1, 0)))
        match draw(st.integers(0, 3)):
            case 0:
                data[at : at + 1] = bytes([draw(st.integers(0, 255))])
            case 1:
                del data[at : at + draw(st.integers(1, 4))]
            case 2:
                data[at:at] = draw(st.binary(min_size=1, max_size=4))
            case _:
                data[at : at + 1] = bytes([(data[at] if data else 0) ^ (1 << draw(st.integers(0, 7)))])
    return bytes(data)
