"""Checkpoints and proof files: golden ones, every way to write them wrong, every byte of them changed."""

from __future__ import annotations

import importlib.util
import json
from base64 import b64encode
from collections.abc import Callable
from hashlib import sha256
from typing import Any, Final

import pytest
import standalone
import standalone_proof
from format_samples import VECTORS
from hypothesis import given
from hypothesis import strategies as st
from obs.cas.errors import FormatError
from obs.cas.format.canonical import Value, decode, encode
from obs.cas.format.data import File
from obs.cas.format.evidence import Proven, check_proof
from obs.cas.format.frozen import replace
from obs.cas.format.ids import blob_id
from obs.cas.format.objects import encode_object
from obs.cas.format.proofs import check_consistency
from obs.cas.format.tlog import MAX_CHECKPOINT_BYTES, MAX_PATH, MAX_PROOF_BYTES, Checkpoint, ProofFile
from pymerkle import InclusionProof, InmemoryTree, verify_inclusion

FOLDER: Final = VECTORS / "tlog"
GOLDEN: Final[dict[str, list[dict[str, Any]]]] = json.loads((FOLDER / "tlog.json").read_text("ascii"))
HELD: Final = (FOLDER / "4.checkpoint").read_bytes()
PROOF: Final = (FOLDER / "2-of-4.tlog-proof").read_bytes()
MODEL: Final = (FOLDER / "model.pkl").read_bytes()
ROOTS: Final = {row["size"]: bytes.fromhex(row["root"]) for row in GOLDEN["checkpoints"]}


def refuses(proof: bytes) -> bool:
    """Whether both checkers refuse it; they have to agree."""
    try:
        check_proof(proof)
        ours = False
    except FormatError:
        ours = True
    assert (standalone_proof.verdict(MODEL, proof) == "MALFORMED") == ours
    return ours


# ------------------------------------------------------------------ golden files, and other implementations


def test_the_golden_files_are_what_make_vectors_writes() -> None:
    spec = importlib.util.spec_from_file_location("make_tlog", VECTORS / "make_tlog.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert {path.name: path.read_bytes() for path in FOLDER.iterdir()} == module.golden_files()


def test_golden_checkpoints_are_what_the_description_says() -> None:
    for row in GOLDEN["checkpoints"]:
        data = (FOLDER / row["file"]).read_bytes()
        found = Checkpoint.parse(data)
        assert found.encode() == data
        assert (found.size, found.root.hex(), found.signed) == (row["size"], row["root"], False)
        assert found.origin == f"obs/{GOLDEN['leaves'][0]['manifest']}"
        assert standalone_proof.read_checkpoint(data) == (found.origin, found.size, found.root)


@pytest.fixture(scope="module")
def oracle() -> InmemoryTree:
    tree = InmemoryTree(algorithm="sha256")
    for row in GOLDEN["leaves"]:
        tree.append_entry(bytes.fromhex(row["bytes"]))
    return tree


def test_the_roots_are_pymerkles(oracle: InmemoryTree) -> None:
    assert {size: oracle.get_root(size) for size in ROOTS} == ROOTS
    for row in GOLDEN["leaves"]:
        assert sha256(b"\0" + bytes.fromhex(row["bytes"])).hexdigest() == row["hash"]


@pytest.mark.parametrize("row", GOLDEN["consistency"], ids=lambda row: f"{row['old']} of {row['new']}")
def test_golden_consistency_proofs(row: dict[str, Any]) -> None:
    path = [bytes.fromhex(digits) for digits in row["path"]]
    assert check_consistency(path, row["old"], row["new"], ROOTS[row["old"]], ROOTS[row["new"]])


@pytest.mark.parametrize("row", GOLDEN["proofs"], ids=lambda row: row["file"])
def test_golden_proofs_in_both_checkers_and_pymerkle(row: dict[str, Any], oracle: InmemoryTree) -> None:
    data = (FOLDER / row["file"]).read_bytes()
    file, proven = ProofFile.parse(data), check_proof(data)
    assert file.encode() == data
    index: int = row["index"]
    leaf = GOLDEN["leaves"][index]
    assert proven.proved.id.hex == leaf["manifest"]
    assert proven.proved.leaf.hex() == leaf["hash"]
    assert proven.head.id.hex == GOLDEN["leaves"][row["size"] - 1]["manifest"]
    assert [node.hex() for node in file.path] == row["path"]
    told = oracle.prove_inclusion(row["index"] + 1, row["size"]).serialize()
    told["path"] = [leaf["hash"], *row["path"]]  # ours in place of theirs
    theirs = InclusionProof.deserialize(told)
    verify_inclusion(bytes.fromhex(leaf["hash"]), ROOTS[row["size"]], theirs)
    kept = (FOLDER / f"{row['size']}.checkpoint").read_bytes()
    expected = "PROVEN-AGAINST" if row["has_model"] else "NOT-RECORDED"
    assert standalone_proof.verdict(MODEL, data, kept) == expected
    assert standalone_proof.verdict(MODEL, data, proven.head.id.hex) == expected


# ------------------------------------------------------------------ checkpoints

ORIGIN, SIZE, ROOT, _ = HELD.split(b"\n")
SIGNATURES = "\n— example.com/log Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp8=\n— witness mJirIklj\n".encode()


@given(
    origin=st.text(st.sampled_from("obs/0f.ä—\U0001f600"), min_size=1, max_size=255),
    size=st.integers(1, 2**63 - 1),
    root=st.binary(min_size=32, max_size=32),
)
def test_a_checkpoint_comes_back(origin: str, size: int, root: bytes) -> None:
    held = Checkpoint(origin=origin, size=size, root=root)
    assert Checkpoint.parse(held.encode()) == held
    assert standalone_proof.read_checkpoint(held.encode()) == (held.origin, size, root)


def test_signatures_are_passed_over_and_said_to_be_there() -> None:
    found = Checkpoint.parse(HELD + SIGNATURES)
    assert found.signed
    assert found.encode() == HELD
    assert check_proof(PROOF + SIGNATURES).checkpoint.signed
    assert standalone_proof.verdict(MODEL, PROOF + SIGNATURES, HELD) == "PROVEN-AGAINST"


def lines(*given: bytes) -> bytes:
    return b"".join(line + b"\n" for line in given)


CHECKPOINTS: dict[str, bytes] = {
    "empty": b"",
    "CRLF": HELD.replace(b"\n", b"\r\n"),
    "CR": HELD.replace(b"\n", b"\r"),
    "no last line end": HELD[:-1],
    "one line": lines(ORIGIN),
    "without origin": lines(SIZE, ROOT),
    "without size": lines(ORIGIN, ROOT),
    "without root": lines(ORIGIN, SIZE),
    "reordered": lines(SIZE, ORIGIN, ROOT),
    "an empty origin": lines(b"", SIZE, ROOT),
    "a blank in the origin": lines(b"obs/a b", SIZE, ROOT),
    "a wide blank in the origin": lines("obs/a\u3000b".encode(), SIZE, ROOT),
    "a + in the origin": lines(b"obs/a+b", SIZE, ROOT),
    "an escape in the origin": lines(b"obs/\x1b[31m", SIZE, ROOT),
    "text turned around in the origin": lines("obs/\u202e".encode(), SIZE, ROOT),
    "a long origin": lines(b"o" * 256, SIZE, ROOT),
    "not UTF-8": lines(b"obs/\xff", SIZE, ROOT),
    "a byte order mark": b"\xef\xbb\xbf" + HELD,
    "size 0": lines(ORIGIN, b"0", ROOT),
    "a negative size": lines(ORIGIN, b"-4", ROOT),
    "a sign": lines(ORIGIN, b"+4", ROOT),
    "leading zeroes": lines(ORIGIN, b"04", ROOT),
    "blanks": lines(ORIGIN, b" 4", ROOT),
    "hexadecimal": lines(ORIGIN, b"0x4", ROOT),
    "underscores": lines(ORIGIN, b"1_0", ROOT),
    "other digits": lines(ORIGIN, "\u0664".encode(), ROOT),
    "2^63": lines(ORIGIN, b"%d" % 2**63, ROOT),
    "2^64 and more": lines(ORIGIN, b"9" * 5000, ROOT),
    "a size of no digits": lines(ORIGIN, b"", ROOT),
    "no base64": lines(ORIGIN, SIZE, b"!" * 44),
    "url-safe base64": lines(ORIGIN, SIZE, ROOT.replace(b"6", b"_")),
    "no padding": lines(ORIGIN, SIZE, ROOT[:-1]),
    "more padding": lines(ORIGIN, SIZE, ROOT + b"="),
    "bits left over": lines(ORIGIN, SIZE, ROOT[:-2] + b"t="),
    "31 bytes": lines(ORIGIN, SIZE, b64encode(bytes(31))),
    "33 bytes": lines(ORIGIN, SIZE, b64encode(bytes(33))),
    "a root in hex": lines(ORIGIN, SIZE, ROOTS[4].hex().encode()),
    "an extension line": lines(ORIGIN, SIZE, ROOT, b"more"),
    "an empty line and nothing": HELD + b"\n",
    "no signature": HELD + b"\nsigned by me\n",
    "a signature without line end": (HELD + SIGNATURES)[:-1],
    "a hyphen for a dash": HELD + SIGNATURES.replace("—".encode(), b"-"),
    "something behind the signatures": HELD + SIGNATURES + b"more\n",
    "too long": HELD + SIGNATURES * 2 + b"x" * MAX_CHECKPOINT_BYTES,
}


@pytest.mark.parametrize("data", CHECKPOINTS.values(), ids=CHECKPOINTS)
def test_a_checkpoint_that_is_none(data: bytes) -> None:
    with pytest.raises(FormatError):
        Checkpoint.parse(data)
    with pytest.raises(standalone.Bad):
        standalone_proof.read_checkpoint(data)
    assert refuses(PROOF.replace(HELD, data))


def test_every_byte_of_a_checkpoint() -> None:
    """Refused, or another checkpoint: what is read is what is written."""
    held = Checkpoint.parse(HELD)
    for at in range(len(HELD)):
        with pytest.raises(FormatError):
            Checkpoint.parse(HELD[:at])
        for mask in range(1, 256):
            changed = HELD[:at] + bytes([HELD[at] ^ mask]) + HELD[at + 1 :]
            try:
                found = Checkpoint.parse(changed)
            except FormatError:
                continue
            assert found != held
            assert found.encode() == changed


# ------------------------------------------------------------------ proof files

FIRST, EXTRA, INDEX, *PATH = PROOF.split(b"\n\n")[0].split(b"\n")
TOLD: Final[dict[str, Value]] = decode(ProofFile.parse(PROOF).extra)  # type: ignore[assignment]  # it is a map


def proof(*above: bytes, held: bytes = HELD) -> bytes:
    return b"\n".join(above) + b"\n\n" + held


def with_extra(data: bytes) -> bytes:
    return proof(FIRST, b"extra " + b64encode(data), INDEX, *PATH)


def telling(**changed: Value) -> bytes:
    """The proof with other keys in its extra data; None takes one away."""
    return with_extra(encode({key: value for key, value in (TOLD | changed).items() if value is not None}))


def other(name: str) -> dict[str, Value]:
    """The extra data of another golden proof."""
    found = decode(ProofFile.parse((FOLDER / name).read_bytes()).extra)
    assert isinstance(found, dict)
    return found


def objects() -> list[Value]:
    found = TOLD["objects"]
    assert isinstance(found, list)
    return found


def sized(data: Value) -> bytes:
    assert isinstance(data, bytes)
    return data


STRAY = encode_object(File(size=1, blake3=blob_id(b"1")))
RAW: Final = encode(TOLD)
MANIFEST_KEY: Final = b"\xa8manifest"

PROOFS: dict[str, Callable[[], bytes]] = {
    "empty": lambda: b"",
    "another version": lambda: PROOF.replace(b"proof@v1", b"proof@v2"),
    "another file": lambda: b"c2sp.org/tlog-checkpoint@v1\n" + PROOF,
    "CRLF": lambda: PROOF.replace(b"\n", b"\r\n"),
    "a byte order mark": lambda: b"\xef\xbb\xbf" + PROOF,
    "a blank behind a line": lambda: PROOF.replace(b"@v1\n", b"@v1 \n"),
    "without extra": lambda: proof(FIRST, INDEX, *PATH),
    "without index": lambda: proof(FIRST, EXTRA, *PATH),
    "extra behind index": lambda: proof(FIRST, INDEX, EXTRA, *PATH),
    "extra twice": lambda: proof(FIRST, EXTRA, EXTRA, INDEX, *PATH),
    "index twice": lambda: proof(FIRST, EXTRA, INDEX, INDEX, *PATH),
    "index behind the path": lambda: proof(FIRST, EXTRA, *PATH, INDEX),
    "another index": lambda: proof(FIRST, EXTRA, b"index 3", *PATH),
    "an index beyond the tree": lambda: proof(FIRST, EXTRA, b"index 4", *PATH),
    "a negative index": lambda: proof(FIRST, EXTRA, b"index -2", *PATH),
    "an index with zeroes": lambda: proof(FIRST, EXTRA, b"index 02", *PATH),
    "an index without end": lambda: proof(FIRST, EXTRA, b"index " + b"9" * 100_000, *PATH),
    "no index": lambda: proof(FIRST, EXTRA, b"index ", *PATH),
    "no path": lambda: proof(FIRST, EXTRA, INDEX),
    "a path that is too short": lambda: proof(FIRST, EXTRA, INDEX, *PATH[1:]),
    "a path that is too long": lambda: proof(FIRST, EXTRA, INDEX, *PATH, PATH[0]),
    "a path without end": lambda: proof(FIRST, EXTRA, INDEX, *PATH * 100),
    "a path of too many lines": lambda: proof(FIRST, EXTRA, INDEX, *PATH, *[b"x"] * MAX_PATH),
    "a path turned around": lambda: proof(FIRST, EXTRA, INDEX, *reversed(PATH)),
    "a hash of 31 bytes": lambda: proof(FIRST, EXTRA, INDEX, b64encode(bytes(31)), *PATH[1:]),
    "another hash": lambda: proof(FIRST, EXTRA, INDEX, b64encode(bytes(32)), *PATH[1:]),
    "no empty line": lambda: b"\n".join([FIRST, EXTRA, INDEX, *PATH]) + b"\n" + HELD,
    "two empty lines": lambda: PROOF.replace(b"\n\n", b"\n\n\n"),
    "no checkpoint": lambda: proof(FIRST, EXTRA, INDEX, *PATH, held=b""),
    "two checkpoints": lambda: PROOF + HELD,
    "another root": lambda: proof(FIRST, EXTRA, INDEX, *PATH, held=lines(ORIGIN, SIZE, b64encode(bytes(32)))),
    "another size": lambda: proof(FIRST, EXTRA, INDEX, *PATH, held=lines(ORIGIN, b"5", ROOT)),
    "an older checkpoint": lambda: PROOF.replace(HELD, (FOLDER / "3.checkpoint").read_bytes()),
    "an origin of others": lambda: PROOF.replace(ORIGIN, b"example.com/log"),
    "an origin in upper case": lambda: PROOF.replace(ORIGIN, ORIGIN.upper()),
    "another manifest 0": lambda: (
        (FOLDER / "0-of-4.tlog-proof").read_bytes().replace(ORIGIN, b"obs/" + b"0" * 64)
    ),
    "extra without base64": lambda: PROOF.replace(EXTRA, b"extra ?"),
    "extra without bytes": lambda: PROOF.replace(EXTRA, b"extra "),
    "extra in another base64": lambda: (
        PROOF.replace(EXTRA, EXTRA.replace(b"=", b"")) if b"=" in EXTRA else b""
    ),
    "extra cut short": lambda: with_extra(RAW[:-1]),
    "extra with more behind": lambda: with_extra(RAW + b"\xc0"),
    "no map": lambda: with_extra(encode([TOLD])),
    "a length that lies": lambda: with_extra(b"\xdf\xff\xff\xff\xff" + RAW[1:]),
    "an array that lies": lambda: with_extra(RAW.replace(b"\xa7objects", b"\xa7objects\xdd\x7f\xff\xff\xff")),
    "keys twice": lambda: with_extra(
        bytes([RAW[0] + 1]) + RAW[1:].replace(MANIFEST_KEY, b"\xa8manifest\xc0\xa8manifest", 1)
    ),
    "keys out of order": lambda: with_extra(b"\x82\xa7version\x01\xa8manifest\xc4\x00"),
    "another version of extra": lambda: telling(version=2),
    "version true": lambda: telling(version=True),
    "no version": lambda: telling(version=None),
    "an unknown key": lambda: telling(note="trust me"),
    "no manifest": lambda: telling(manifest=None),
    "a manifest that is text": lambda: telling(manifest="x"),
    "a manifest of another kind": lambda: telling(manifest=STRAY),
    "another manifest": lambda: telling(manifest=other("0-of-4.tlog-proof")["manifest"]),
    "no head": lambda: telling(head=None),
    "another head": lambda: telling(head=other("1-of-3.tlog-proof")["head"]),
    "the manifest as head": lambda: telling(head=TOLD["manifest"]),
    "the manifest as head, in its own tree": lambda: (
        (FOLDER / "3-of-4.tlog-proof")
        .read_bytes()
        .replace(
            b64encode(encode(other("3-of-4.tlog-proof"))),
            b64encode(encode(other("3-of-4.tlog-proof") | {"head": other("3-of-4.tlog-proof")["manifest"]})),
        )
    ),
    "too many objects": lambda: telling(objects=[bytes([at // 256, at % 256]) for at in range(8193)]),
    "a map inside": lambda: telling(objects=[{}]),
    "no objects": lambda: telling(objects=None),
    "an empty list": lambda: telling(objects=[]),
    "objects out of order": lambda: telling(objects=objects()[::-1]),
    "an object twice": lambda: telling(objects=sorted([*objects(), objects()[0]], key=sized)),
    "an object that nothing names": lambda: telling(objects=sorted([*objects(), STRAY], key=sized)),
    "an object that is none": lambda: telling(objects=sorted([*objects(), b"\xc0"], key=sized)),
    "objects of another run": lambda: telling(objects=other("1-of-4.tlog-proof")["objects"]),
}


@pytest.mark.parametrize("made", PROOFS.values(), ids=PROOFS)
def test_a_proof_that_is_none(made: Callable[[], bytes]) -> None:
    assert made() != PROOF
    assert refuses(made())


def test_each_object_is_needed() -> None:
    for at in range(len(objects())):
        assert refuses(telling(objects=objects()[:at] + objects()[at + 1 :]))
    whole = (FOLDER / "2-of-4-with-report.tlog-proof").read_bytes()
    kept = other("2-of-4-with-report.tlog-proof")["objects"]
    assert isinstance(kept, list)
    assert not refuses(whole)
    assert len(kept) > len(objects())
    for at in range(len(kept)):
        assert refuses(telling(objects=kept[:at] + kept[at + 1 :]))


def test_too_much() -> None:
    with pytest.raises(FormatError, match="at most"):
        ProofFile.parse(b"\n" * (MAX_PROOF_BYTES + 1))
    assert refuses(b"\n" * 100_000)
    crowded = b"\x81\xa7objects\xdd" + (4 << 20).to_bytes(4, "big") + b"\x80" * (4 << 20)
    with pytest.raises(FormatError, match="more than 8192 entries"):
        check_proof(with_extra(crowded))
    assert refuses(FIRST + b"\nextra " + b"A" * (23 << 20) + b"\nindex 0\n\n" + HELD)


def test_cut_short_anywhere() -> None:
    for at in range(len(PROOF)):
        assert refuses(PROOF[:at])


def claim(data: bytes) -> Proven:
    """What a proof says; its origin is no part of it, since only an anchor confirms that."""
    found = check_proof(data)
    return replace(found, checkpoint=replace(found.checkpoint, origin="obs/"))


@pytest.mark.parametrize("quarter", range(4))
def test_every_byte_of_a_proof(quarter: int) -> None:
    """Changed to everything: refused, or the same claim, and then only the origin is another, which no anchor
    has. (In quarters, for as many processes.)"""
    small = (FOLDER / "1-of-2.tlog-proof").read_bytes()
    said = claim(small)
    origin = range(small.index(b"\nobs/") + 5, small.index(b"\nobs/") + 69)
    for at in range(quarter, len(small), 4):
        for mask in range(1, 256):
            changed = small[:at] + bytes([small[at] ^ mask]) + small[at + 1 :]
            try:
                found = claim(changed)
            except FormatError:
                continue
            assert at in origin
            assert found == said
            assert check_proof(changed).checkpoint.origin != check_proof(small).checkpoint.origin
