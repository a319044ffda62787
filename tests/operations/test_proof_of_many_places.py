"""A proof about a run that is made up to name one file very often: what is told of it stays bounded."""

from __future__ import annotations

from pathlib import Path

import obs as package
import pytest
from obs.cas.format.canonical import encode
from obs.cas.format.data import File, Tree, TreeEntry
from obs.cas.format.evidence import Leaf
from obs.cas.format.ids import blob_id
from obs.cas.format.manifests import FileNote, Manifest
from obs.cas.format.objects import Object, encode_object, object_id
from obs.cas.format.reports import Report
from obs.cas.format.runs import Link, Run
from obs.cas.format.tlog import Checkpoint, ProofFile

FILE = File(size=1, blake3=blob_id(b"x"))
TREE = Tree.of(tuple(TreeEntry(f"{number:04}", 1, FILE.blake3) for number in range(4096)), ())


def write_proof(folder: Path, datasets: tuple[Link, ...], artifacts: tuple[Link, ...], *more: Object) -> None:
    """`x`, a file, and `proof`, about manifest 0 of a made-up history."""
    run = Run(datasets=datasets, artifacts=artifacts)
    report = Report(run=object_id(run), obs="0")
    manifest = encode_object(
        Manifest(
            sequence=0,
            recorded_at="2026-01-01T00:00:00.000000Z",
            run=object_id(run),
            report=object_id(report),
            files=tuple(FileNote(role=link.role, name=link.name, path="p") for link in datasets),
        )
    )
    leaf = Leaf.of(manifest)
    objects = sorted(encode_object(each) for each in (run, *more))
    made = ProofFile(
        index=0,
        path=(),
        checkpoint=Checkpoint(origin=f"obs/{leaf.id.hex}", size=1, root=leaf.root),
        extra=encode({"manifest": manifest, "objects": list(objects), "version": 1}),
    )
    (folder / "x").write_bytes(b"x")
    (folder / "proof").write_bytes(made.encode())


def links(count: int, of: Object, kind: str = "file") -> tuple[Link, ...]:
    name = "r" if kind == "file" else "t"
    identity = object_id(of)
    return tuple(
        Link(role=f"{name}{number:05}", name="n", kind="file" if kind == "file" else "tree", id=identity)
        for number in range(count)
    )


@pytest.mark.parametrize(
    ("datasets", "artifacts", "more"),
    [
        (links(2000, FILE), (), (FILE,)),
        (links(300, FILE), links(300, TREE, "tree"), (FILE, TREE)),
    ],
    ids=["as many inputs", "files of folders"],
)
def test_the_answer_stays_small(
    tmp_path: Path, datasets: tuple[Link, ...], artifacts: tuple[Link, ...], more: tuple[Object, ...]
) -> None:
    write_proof(tmp_path, datasets, artifacts, *more)
    found = package.verify_proof(tmp_path / "x", tmp_path / "proof")
    assert (found.verdict, len(found.runs) >= 1) == ("UNANCHORED-PROOF", True)
    assert len(found.runs[0].datasets) == len(datasets)
    assert sum(len(told.datasets) for told in found.runs) < 20_000


def test_a_folder_of_equal_files_is_told_a_thousand_times(tmp_path: Path) -> None:
    write_proof(tmp_path, (), links(1, TREE, "tree"), TREE)
    found = package.verify_proof(tmp_path / "x", tmp_path / "proof")
    assert 1000 < len(found.runs) < len(TREE.entries)
    assert [told.member for told in found.runs[:2]] == ["0000", "0001"]
    assert {told.direction for told in found.runs} == {"output"}


def test_each_place_of_an_honest_run_is_told(tmp_path: Path) -> None:
    few = Tree.of(TREE.entries[:3], ())
    write_proof(tmp_path, links(1, FILE), links(1, few, "tree"), FILE, few)
    found = package.verify_proof(tmp_path / "x", tmp_path / "proof")
    assert [(told.role, told.member, told.direction) for told in found.runs] == [
        ("r00000", None, "input"),
        *(("t00000", f"000{number}", "output") for number in range(3)),
    ]
