"""Identity: against the vectors that the BLAKE3 project publishes, and against its own `b3sum`."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
from blake3 import blake3
from format_samples import PUBLISHED, needs_b3sum
from hypothesis import given
from hypothesis import strategies as st
from obs.cas.errors import InvalidField
from obs.cas.format.ids import BlobId, Digest, ObjectId, Sha256, blob_id, context_of, derive_object_id
from obs.cas.format.objects import KINDS as OBS_KINDS

CASES: list[Any] = PUBLISHED["cases"]
KINDS = [
    "claims",
    "content",
    "content-part",
    "environment",
    "file",
    "inspection",
    "manifest",
    "metrics",
    "params",
    "part",
    "report",
    "run",
    "tree",
]


def input_of(case: Any) -> bytes:
    return bytes(index % 251 for index in range(case["input_len"]))


def b3sum(path: Path, *options: str) -> str:
    """What the BLAKE3 project's program says."""
    done = subprocess.run(
        ["b3sum", "--no-names", *options, str(path)], check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['input_len']} bytes")
def test_published_vectors(case: Any) -> None:
    data = input_of(case)
    assert blob_id(data).hex == case["hash"]
    derived: bytes = blake3(data, derive_key_context=PUBLISHED["context_string"]).digest()
    assert derived.hex() == case["derive_key"]


@needs_b3sum
def test_a_blob_id_is_what_b3sum_prints(tmp_path: Path) -> None:
    path = tmp_path / "file"
    for case in CASES[::3]:
        path.write_bytes(input_of(case))
        assert b3sum(path) == blob_id(input_of(case)).hex


@needs_b3sum
@pytest.mark.parametrize("kind", KINDS)
def test_an_object_id_is_what_b3sum_derives(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "object"
    path.write_bytes(b"\x81\xa1a\x01")
    by_hand = b3sum(path, "--derive-key", f"obs 2026-11-24 {kind} object")
    assert derive_object_id(kind, b"\x81\xa1a\x01").hex == by_hand


def test_every_kind_has_a_context_of_its_own() -> None:
    assert set(KINDS) <= set(OBS_KINDS)
    assert len({context_of(kind) for kind in OBS_KINDS}) == len(OBS_KINDS)


@given(st.binary(max_size=200))
def test_the_same_bytes_never_have_the_same_id_in_two_kinds(data: bytes) -> None:
    raws = {derive_object_id(kind, data).raw for kind in KINDS} | {blob_id(data).raw}
    assert len(raws) == len(KINDS) + 1


@given(st.binary(min_size=32, max_size=32))
def test_the_text_form_is_the_only_one(raw: bytes) -> None:
    for kind in (BlobId, ObjectId, Sha256):
        digest = kind(raw)
        assert kind.parse(digest.hex) == digest
        assert str(digest) == digest.hex == digest.hex.lower()
        assert len(digest.hex) == 64
        assert digest.hex.startswith(digest.short)
        assert len(digest.short) == 12


@given(st.binary(min_size=32, max_size=32), st.binary(min_size=32, max_size=32))
def test_the_order_is_that_of_the_bytes(one: bytes, two: bytes) -> None:
    assert (ObjectId(one) < ObjectId(two)) == (one < two)


def test_an_id_of_one_sort_is_not_equal_to_one_of_another() -> None:
    ids: list[Digest] = [BlobId(b"x" * 32), ObjectId(b"x" * 32), Sha256(b"x" * 32)]
    assert len({*ids}) == 3


@pytest.mark.parametrize(
    "text",
    ["", "ab", "A" * 64, "g" * 64, "a" * 63, "a" * 65, "a" * 64 + "\n", " " + "a" * 63, "٣" * 64],
    ids=["empty", "prefix", "upper case", "no hex", "63", "65", "line end", "space", "other digits"],
)
def test_anything_else_is_no_id(text: str) -> None:
    with pytest.raises(InvalidField):
        ObjectId.parse(text)


@pytest.mark.parametrize("raw", [b"", b"x" * 31, b"x" * 33, bytearray(32), "x" * 32])
def test_a_digest_has_32_bytes(raw: Any) -> None:
    with pytest.raises(InvalidField):
        BlobId(raw)
