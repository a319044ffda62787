"""A proof file that would take much memory: its values are counted before they are held."""

from __future__ import annotations

import tracemalloc
from base64 import b64encode

import pytest
import standalone
import standalone_proof
from format_samples import VECTORS
from obs.cas.errors import TooLong
from obs.cas.format import evidence
from obs.cas.format.canonical import encode
from obs.cas.format.evidence import check_proof
from obs.cas.format.tlog import ProofFile

PROOF = (VECTORS / "tlog" / "2-of-4.tlog-proof").read_bytes()
MODEL = (VECTORS / "tlog" / "model.pkl").read_bytes()
EXTRA = ProofFile.parse(PROOF).extra


def parts() -> tuple[bytes, bytes, list[bytes]]:
    """The manifest, the head and the objects of the proof."""
    told = standalone.unpack(EXTRA)
    return told["manifest"], told["head"], told["objects"]


def test_as_many_values_as_are_read_and_one_more(monkeypatch: pytest.MonkeyPatch) -> None:
    manifest, head, objects = parts()
    found = sum(standalone_proof.count(standalone.unpack(part)) for part in (manifest, head, *objects))
    assert found > len(objects) * 5
    monkeypatch.setattr(evidence, "MAX_VALUES", found)
    monkeypatch.setattr(standalone_proof, "MOST_VALUES", found)
    check_proof(PROOF)
    assert standalone_proof.verdict(MODEL, PROOF) != "MALFORMED"
    monkeypatch.setattr(evidence, "MAX_VALUES", found - 1)
    monkeypatch.setattr(standalone_proof, "MOST_VALUES", found - 1)
    with pytest.raises(TooLong, match="more values"):
        check_proof(PROOF)
    assert standalone_proof.verdict(MODEL, PROOF) == "MALFORMED"


def test_many_small_values_are_not_held(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a million empty lists have half a megabyte, and would take 28."""
    many = 1 << 19
    params = encode({"kind": "params", "values": {"a": []}, "version": 1})
    crowded = params.replace(b"\xa1a\x90", b"\xa1a\xdd" + many.to_bytes(4, "big") + b"\x90" * many)
    manifest, head, objects = parts()
    objects = sorted([*objects, crowded])
    extra = encode({"head": head, "manifest": manifest, "objects": list(objects), "version": 1})
    made = PROOF.replace(b64encode(EXTRA), b64encode(extra))
    monkeypatch.setattr(evidence, "MAX_VALUES", 1 << 12)
    tracemalloc.start()
    try:
        with pytest.raises(TooLong, match="more values"):
            check_proof(made)
        assert tracemalloc.get_traced_memory()[1] < 8 * len(made)
    finally:
        tracemalloc.stop()
