"""Objects: what their constructors refuse, folders of many files, and what an id depends on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from format_samples import standalone_accepts_object
from objectstrategies import ID
from obs.cas.errors import DuplicateKey, FormatError, InvalidField, UnsortedKeys
from obs.cas.format.canonical import Value, decode
from obs.cas.format.data import File, Part, Tree, TreeEntry
from obs.cas.format.frozen import replace
from obs.cas.format.ids import BlobId, ObjectId
from obs.cas.format.manifests import FileNote, Manifest
from obs.cas.format.names import FileName
from obs.cas.format.objects import Object, decode_object, encode_object, object_id
from obs.cas.format.reports import Diagnostic, Environment, Observation, Report, Source
from obs.cas.format.runs import Document, Link, Metrics, Params, Run
from obs.cas.format.trees import TreeBuilder

# ---------------------------------------------------------------------- constructors

BLOB = BlobId(b"\x02" * 32)
TIME = "2026-11-24T00:00:00.000000Z"


def link(role: str, name: FileName = "x") -> Link:
    return Link(role=role, name=name, kind="file", id=ID)


def entries(*names: FileName) -> tuple[TreeEntry, ...]:
    return tuple(TreeEntry(name, 1, BLOB) for name in names)


def manifest(**fields: Any) -> Manifest:
    given: dict[str, Any] = {"sequence": 0, "recorded_at": TIME, "run": ID, "report": ID, **fields}
    return Manifest(**given)


def note(**fields: Any) -> FileNote:
    given: dict[str, Any] = {"role": "a", "name": "x", "path": "x", **fields}
    return FileNote(**given)


def diagnostic(code: str, **details: Value) -> Diagnostic:
    return Diagnostic(code=code, severity="info", message="", details=details)


def observation(role: str, kind: str) -> Observation:
    return Observation(role=role, kind=kind, id=ID)


REFUSED: dict[str, tuple[type[FormatError], Callable[[], object]]] = {
    "a negative size": (InvalidField, lambda: File(size=-1, blake3=BLOB)),
    "an entry of a negative size": (InvalidField, lambda: Part(entries=(TreeEntry("a", -1, BLOB),))),
    "an entry above its folder": (InvalidField, lambda: Part(entries=(TreeEntry("../a", 1, BLOB),))),
    "an empty part": (InvalidField, lambda: Part(entries=())),
    "a part of 4097": (InvalidField, lambda: Part(entries=entries(*(f"{n:04}" for n in range(4097))))),
    "a part out of order": (UnsortedKeys, lambda: Part(entries=entries("b", "a"))),
    "names in another order than their bytes": (UnsortedKeys, lambda: Part(entries=entries(b"\xff", "é"))),
    "a tree with a name twice": (DuplicateKey, lambda: Tree(count=2, size=2, entries=entries("a", "a"))),
    "a tree of too few": (InvalidField, lambda: Tree(count=2, size=1, entries=entries("a"))),
    "a tree of a wrong size": (InvalidField, lambda: Tree(count=1, size=2, entries=entries("a"))),
    "a small tree with parts": (
        InvalidField,
        lambda: Tree(count=1, size=1, entries=entries("a"), parts=(ID,)),
    ),
    "a large tree without parts": (InvalidField, lambda: Tree(count=4097, size=1)),
    "a large tree with a part more": (InvalidField, lambda: Tree(count=8192, size=1, parts=(ID,) * 3)),
    "metrics of nothing": (InvalidField, Metrics),
    "a link with a path": (InvalidField, lambda: link("a", "x/y")),
    "a link with a wrong role": (InvalidField, lambda: link("A")),
    "a document with half a file": (InvalidField, lambda: Document(values=ID, name="x")),
    "a run out of order": (UnsortedKeys, lambda: Run(datasets=(link("b"), link("a")))),
    "a run with a link twice": (DuplicateKey, lambda: Run(datasets=(link("a"), link("a")))),
    "a role twice": (DuplicateKey, lambda: Run(datasets=(link("a"),), artifacts=(link("a"),))),
    "a role twice with two names": (DuplicateKey, lambda: Run(datasets=(link("a", "x"), link("a", "y")))),
    "a reserved role": (InvalidField, lambda: Run(artifacts=(link("metrics"),))),
    "a record in another role": (InvalidField, lambda: Run(record=link("data"))),
    "a long label": (InvalidField, lambda: Run(label="é" * 2049)),
    "an empty run_id": (InvalidField, lambda: Run(run_id="")),
    "a commit that is none": (InvalidField, lambda: Source(commit="abc")),
    "packages out of order": (
        UnsortedKeys,
        lambda: Environment(whose="obs", packages=(("b", "1"), ("a", "1"))),
    ),
    "a package twice": (DuplicateKey, lambda: Environment(whose="obs", packages=(("a", "1"),) * 2)),
    "a code in lower case": (InvalidField, lambda: diagnostic("a")),
    "diagnostics out of order": (
        UnsortedKeys,
        lambda: Report(run=ID, obs="1", diagnostics=(diagnostic("A", a=1), diagnostic("A"))),
    ),
    "a diagnostic twice": (DuplicateKey, lambda: Report(run=ID, obs="1", diagnostics=(diagnostic("A"),) * 2)),
    "observations out of order": (
        UnsortedKeys,
        lambda: Report(run=ID, obs="1", observations=(observation("a", "y"), observation("a", "x"))),
    ),
    "a negative count": (InvalidField, lambda: Report(run=ID, obs="1", counts={"a": -1})),
    "a count that is true": (InvalidField, lambda: Report(run=ID, obs="1", counts={"a": True})),
    "a count with a space": (InvalidField, lambda: Report(run=ID, obs="1", counts={"a b": 1})),
    "manifest 0 with a parent": (InvalidField, lambda: manifest(parent=ID)),
    "manifest 1 without a parent": (InvalidField, lambda: manifest(sequence=1, history=(b"x" * 32,))),
    "a negative sequence": (InvalidField, lambda: manifest(sequence=-1, parent=ID, history=(b"x" * 32,))),
    "a history that is too long": (InvalidField, lambda: manifest(history=(b"x" * 32,))),
    "a history that is too short": (
        InvalidField,
        lambda: manifest(sequence=3, parent=ID, history=(b"x" * 32,)),
    ),
    "an empty message": (InvalidField, lambda: manifest(message="")),
    "a long message": (InvalidField, lambda: manifest(message="é" * 32769)),
    "a time without microseconds": (InvalidField, lambda: manifest(recorded_at="2026-11-24T00:00:00Z")),
    "files out of order": (UnsortedKeys, lambda: manifest(files=(note(role="b"), note(role="a")))),
    "notes out of order": (UnsortedKeys, lambda: manifest(notes=("B", "A"))),
    "a note twice": (DuplicateKey, lambda: manifest(notes=("A", "A"))),
    "a note in lower case": (InvalidField, lambda: manifest(notes=("a",))),
    "a note that is no text": (InvalidField, lambda: manifest(notes=("\ud800",))),
    "an outside file with a folder": (InvalidField, lambda: note(path="a/x", outside=True)),
    "a file above the store": (InvalidField, lambda: note(path="../x")),
    "an absolute path": (InvalidField, lambda: note(path="/x")),
    "a negative count of cached files": (InvalidField, lambda: note(cached=-1)),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_constructor_gives_a_valid_value_or_none(name: str) -> None:
    error, build = REFUSED[name]
    with pytest.raises(error):
        build()


@pytest.mark.parametrize(
    "value",
    [
        Run(label="\ud800"),
        Environment(whose="obs", packages=(("\ud800", "1"),)),
        manifest(message="\udfff"),
        File(size=2**64, blake3=BLOB),
        Params(values={"a": 2**64}),
    ],
    ids=["label", "package", "message", "size", "value"],
)
def test_what_no_object_can_hold_is_refused_when_it_is_encoded(value: Object) -> None:
    with pytest.raises(InvalidField):
        encode_object(value)


# ---------------------------------------------------------------------- folders of many files


@pytest.mark.parametrize("count", [0, 1, 4096, 4097, 8192, 8193])
def test_trees_and_parts(count: int) -> None:
    all_entries = tuple(TreeEntry(f"{index:05}", index, BLOB) for index in range(count))
    parts = Tree.split(all_entries)
    tree = Tree.of(all_entries, tuple(object_id(part) for part in parts))
    assert len(parts) == (0 if count <= 4096 else -(-count // 4096))
    kept: list[Part] = []

    def keep(part: Part) -> ObjectId:
        kept.append(part)
        return object_id(part)

    builder = TreeBuilder(keep)
    for entry in all_entries:
        builder.add(entry)
    assert (builder.finish(), tuple(kept)) == (tree, parts)
    assert tree.entries + tuple(entry for part in parts for entry in part.entries) == all_entries
    assert (tree.count, tree.size) == (count, sum(range(count)))
    stored: tuple[Object, ...] = (tree, *parts)
    for value in stored:
        assert decode_object(encode_object(value)) == value
        assert standalone_accepts_object(encode_object(value))


def test_parts_that_are_not_those_of_their_tree_are_refused() -> None:
    entries = tuple(TreeEntry(f"{index:05}", index, BLOB) for index in range(4096 + 10))
    full, rest = Tree.split(entries)
    tree = Tree.of(entries, (ID, ID))
    assert tuple(tree.all_entries([full, rest])) == entries
    shorter, heavier = (
        Part(entries=rest.entries[:-1]),
        Part(entries=(*rest.entries[:-1], TreeEntry("9", 0, BLOB))),
    )
    overlapping = Part(entries=(TreeEntry("00000", 0, BLOB), *rest.entries[1:]))
    for parts in ([full], [rest, full], [full, shorter], [full, heavier], [full, overlapping], [full, full]):
        with pytest.raises(InvalidField):
            list(tree.all_entries(parts))
    for wrong in (replace(tree, size=tree.size + 1), replace(tree, count=tree.count + 1)):
        with pytest.raises(InvalidField):
            list(wrong.all_entries([full, rest]))


def test_a_run_of_many_artifacts_is_read_in_linear_time() -> None:
    # Quadratic work over 20,000 roles is 400,000,000 comparisons: this would not come back while one waits.
    run = Run(artifacts=tuple(link(f"r{index:05}") for index in range(20_000)))
    assert decode_object(encode_object(run)) == run


# ---------------------------------------------------------------------- what an id depends on


def test_a_file_id_follows_from_the_file_alone() -> None:
    assert TreeEntry("somewhere/else", 5, BLOB).file == File(size=5, blake3=BLOB)
    assert object_id(TreeEntry("a", 5, BLOB).file) == object_id(File(size=5, blake3=BLOB))


def test_an_absent_field_is_an_absent_key() -> None:
    assert decode(encode_object(Run())) == {"kind": "run", "version": 1, "status": "ok"}
    assert decode(encode_object(Report(run=ID, obs="1"))) == {
        "kind": "report",
        "version": 1,
        "run": ID.raw,
        "obs": "1",
    }
    assert decode(encode_object(Params(values={}))) == {"kind": "params", "version": 1, "values": {}}


def test_an_int_and_a_float_are_two_values() -> None:
    one, other = Metrics(values={"a": 1}), Metrics(values={"a": 1.0})
    assert object_id(one) != object_id(other)
