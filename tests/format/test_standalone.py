"""The second reader, tests/standalone.py: what it says of a whole store, and of every sort of damage."""

from __future__ import annotations

import os
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest
import standalone
from blake3 import blake3
from format_samples import manifest_of
from obs.cas.format.canonical import Value, encode
from obs.cas.format.data import File, Tree, TreeEntry
from obs.cas.format.ids import ObjectId, blob_id, derive_object_id
from obs.cas.format.manifests import Manifest
from obs.cas.format.merkle import extend, leaf_hash
from obs.cas.format.objects import Object, encode_object, object_id
from obs.cas.format.reports import Observation, Report
from obs.cas.format.runs import Document, Link, Metrics, Run

HEAD = "4fd5e3e21b91c4e02b99d029e789be2db4b49d23d5a6f1b9ab8739a9c6f71526"


def verdict(store: Path) -> int:
    return standalone.main([str(store)])


def place(store: Path, digits: str, folder: str = "objects") -> Path:
    return store / folder / digits[:2] / digits[2:]


def put_bytes(store: Path, new: ObjectId, data: bytes) -> ObjectId:
    path = place(store, new.hex)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return new


def put(store: Path, value: Object) -> ObjectId:
    return put_bytes(store, object_id(value), encode_object(value))


def append(store: Path, run: Run, report: Report | None = None, *, times: int = 1) -> None:
    """Records a run by hand, as the page says."""
    for _ in range(times):
        run_id = put(store, run)
        report_id = put(store, report or Report(run=run_id, obs="1"))
        head = ObjectId.parse((store / "HEAD").read_text(encoding="ascii").strip())
        data = place(store, head.hex).read_bytes()
        parent = manifest_of(data)
        new = put(
            store,
            Manifest(
                sequence=parent.sequence + 1,
                recorded_at="2026-11-24T12:00:00.000000Z",
                run=run_id,
                report=report_id,
                parent=head,
                history=extend(parent.history, parent.sequence, leaf_hash(data)),
            ),
        )
        (store / "HEAD").write_text(f"{new.hex}\n", encoding="ascii")


def test_as_a_program(example_store: Path) -> None:
    # -I: no PYTHONPATH and no current folder, so that nothing of this checkout can be imported.
    done = subprocess.run(
        [sys.executable, "-I", standalone.__file__, str(example_store)],
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stdout == f"intact: 4 manifests, 15 objects, 4 blobs kept and 1 not, head {HEAD}\n"


def test_it_imports_nothing_of_obs() -> None:
    code = f"import sys, runpy; runpy.run_path({standalone.__file__!r}); sys.exit('obs' in sys.modules)"
    subprocess.run([sys.executable, "-I", "-c", code], check=True)


def test_an_empty_store(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "format").write_bytes(b"obs 1\n")
    assert verdict(tmp_path) == 0
    assert capsys.readouterr().out == "intact: 0 manifests, 0 objects, 0 blobs kept and 0 not, no head\n"


def test_blobs_may_be_absent(example_store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for path in list((example_store / "blobs").rglob("*/*")):
        path.unlink()
    assert verdict(example_store) == 0
    assert "0 blobs kept and 5 not" in capsys.readouterr().out


def test_every_object_is_needed(example_store: Path) -> None:
    for path in sorted((example_store / "objects").glob("*/*")):
        data = path.read_bytes()
        path.unlink()
        assert verdict(example_store) == 3, path
        path.write_bytes(data)
    assert verdict(example_store) == 0


def test_one_bit_anywhere(example_store: Path) -> None:
    for path in sorted(path for path in example_store.rglob("*") if path.is_file()):
        data = path.read_bytes()
        for at in {0, len(data) // 2, len(data) - 1}:
            path.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
            assert verdict(example_store) == 3, (path, at)
        path.write_bytes(data[:-1])
        assert verdict(example_store) == 3, path
        path.write_bytes(data + b"\n")
        assert verdict(example_store) == 3, path
        path.write_bytes(data)
    assert verdict(example_store) == 0


@pytest.mark.parametrize("name", ["HEAD", "format", "objects", "blobs", "tags", "tags/baseline"])
def test_links_are_refused(example_store: Path, name: str) -> None:
    moved = example_store.parent / "moved"
    os.rename(example_store / name, moved)
    (example_store / name).symlink_to(moved)
    assert verdict(example_store) == 3


def test_orphans_and_leftovers_are_normal(example_store: Path) -> None:
    put(example_store, File(size=3, blake3=blob_id(b"abc")))
    (example_store / "tmp").mkdir()
    (example_store / "tmp" / "1-2").write_bytes(b"half")
    (example_store / "cache").mkdir()
    (example_store / "lock").touch()
    assert verdict(example_store) == 0


def test_long_histories(example_store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    append(example_store, Run(), times=40)
    assert verdict(example_store) == 0
    assert "44 manifests" in capsys.readouterr().out


def test_a_tree_of_parts(example_store: Path) -> None:
    entries = tuple(TreeEntry(f"{index:05}", index, blob_id(b"%d" % index)) for index in range(4100))
    parts = [put(example_store, part) for part in Tree.split(entries)]
    tree = put(example_store, Tree.of(entries, tuple(parts)))
    append(example_store, Run(datasets=(Link(role="data", name="d", kind="tree", id=tree),)))
    assert verdict(example_store) == 0
    swapped = put(example_store, Tree.of(entries, tuple(reversed(parts))))
    append(example_store, Run(datasets=(Link(role="data", name="d", kind="tree", id=swapped),)))
    assert verdict(example_store) == 3


@pytest.mark.parametrize(("count", "size"), [(4101, 8402950), (4100, 8402951)])
def test_a_tree_that_says_other_than_its_parts(example_store: Path, count: int, size: int) -> None:
    entries = tuple(TreeEntry(f"{index:05}", index, blob_id(b"%d" % index)) for index in range(4100))
    parts = tuple(put(example_store, part) for part in Tree.split(entries))
    tree = put(example_store, Tree(count=count, size=size, parts=parts))
    append(example_store, Run(datasets=(Link(role="data", name="d", kind="tree", id=tree),)))
    assert verdict(example_store) == 3


def lying_run(store: Path, wrong: str) -> None:
    """Adds a run whose objects are all intact, and one of whose links is wrong."""
    file, other = File(size=1, blake3=blob_id(b"1")), File(size=2, blake3=blob_id(b"22"))
    run_id = put(store, Run())
    match wrong:
        case "a link to another kind":
            append(store, Run(datasets=(Link(role="data", name="d", kind="tree", id=put(store, file)),)))
        case "metrics from another file":
            values = put(store, Metrics(source=file.blake3, values={}))
            append(store, Run(metrics=Document(values=values, name="m", file=put(store, other))))
        case "params as metrics":
            params = derive_object_id("params", b"")
            append(store, Run(metrics=Document(values=params)))
        case "a report on another run":
            append(store, Run(label="x"), Report(run=run_id, obs="1"))
        case "a blob of another size":
            path = place(store, file.blake3.hex, "blobs")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"1")
            wrong_file = put(store, File(size=9, blake3=file.blake3))
            append(store, Run(artifacts=(Link(role="model", name="m", kind="file", id=wrong_file),)))
        case "a history that is not the parent's":
            head = ObjectId.parse(HEAD)
            parent = manifest_of(place(store, HEAD).read_bytes())
            new = put(
                store,
                Manifest(
                    sequence=4,
                    recorded_at="2026-11-24T12:00:00.000000Z",
                    run=parent.run,
                    report=parent.report,
                    parent=head,
                    history=(b"x" * 32,),
                ),
            )
            (store / "HEAD").write_text(f"{new.hex}\n", encoding="ascii")
        case _:  # a sequence that leaves one out: 5 on 3
            parent = manifest_of(place(store, HEAD).read_bytes())
            leaf = leaf_hash(place(store, HEAD).read_bytes())
            new = put(
                store,
                Manifest(
                    sequence=5,
                    recorded_at="2026-11-24T12:00:00.000000Z",
                    run=parent.run,
                    report=parent.report,
                    parent=ObjectId.parse(HEAD),
                    history=(*extend(parent.history, 3, leaf), leaf),
                ),
            )
            (store / "HEAD").write_text(f"{new.hex}\n", encoding="ascii")


@pytest.mark.parametrize(
    "wrong",
    [
        "a link to another kind",
        "metrics from another file",
        "params as metrics",
        "a report on another run",
        "a blob of another size",
        "a history that is not the parent's",
        "a sequence that leaves one out",
    ],
)
def test_lies_among_intact_objects(example_store: Path, wrong: str) -> None:
    lying_run(example_store, wrong)
    assert verdict(example_store) == 3


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ({"kind": "later", "version": 9, "anything": [1]}, 0),
        ({"kind": "other", "version": 1}, 3),
        ({"version": 1}, 3),
        ([], 3),
    ],
    ids=["of its kind", "of another", "of none", "no map"],
)
def test_an_observation_of_a_later_kind(example_store: Path, value: Value, code: int) -> None:
    data = encode(value)
    new = put_bytes(example_store, derive_object_id("later", data), data)
    run = Run(label="x")
    report = Report(
        run=object_id(run), obs="1", observations=(Observation(role="data", kind="later", id=new),)
    )
    append(example_store, run, report)
    assert verdict(example_store) == code


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("format", b"obs 2\n"),
        ("format", b"obs 1"),
        ("HEAD", HEAD.encode()),
        ("HEAD", HEAD.upper().encode() + b"\n"),
        ("HEAD", b"0" * 64 + b"\n"),
        ("HEAD", b""),
        ("tags/v1", b"0" * 64 + b"\n"),
    ],
    ids=["format 2", "format", "no line end", "upper case", "unknown head", "empty head", "unknown tag"],
)
def test_references(example_store: Path, name: str, content: bytes) -> None:
    (example_store / name).write_bytes(content)
    assert verdict(example_store) == 3


def test_a_folder_that_is_no_store(tmp_path: Path) -> None:
    assert verdict(tmp_path) == 3


def test_the_history_by_hand(example_store: Path) -> None:
    # The page's definition, without either reader: leaves from the chain, split at the largest power of two.
    entries: list[bytes] = []
    digits = HEAD
    while digits:
        data = place(example_store, digits).read_bytes()
        derived: bytes = blake3(data, derive_key_context="obs 2026-11-24 manifest object").digest()
        assert derived.hex() == digits
        entries.insert(0, data)
        parent = manifest_of(data).parent
        digits = parent.hex if parent else ""
    leaves = [sha256(b"\x00" + entry).digest() for entry in entries]
    assert manifest_of(entries[3]).history == (
        sha256(b"\x01" + leaves[0] + leaves[1]).digest(),
        leaves[2],
    )
    assert manifest_of(entries[0]).history == ()
