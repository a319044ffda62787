"""Objects: every kind there and back, and every rule of docs/format.md, each time with the second reader."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
import standalone
from format_samples import (
    accepts_object,
    mutated,
    name_of,
    named,
    same,
    standalone_accepts_object,
    texts,
    values,
)
from hypothesis import given
from hypothesis import strategies as st
from obs.cas import errors
from obs.cas.errors import DuplicateKey, FormatError, InvalidField, UnknownKey, UnknownVersion, UnsortedKeys
from obs.cas.format.canonical import Value, decode, encode
from obs.cas.format.claims import Claims
from obs.cas.format.contents import COLUMN_KINDS, Column, Content, ContentPart, Label, Member
from obs.cas.format.data import File, Part, Tree, TreeEntry
from obs.cas.format.frozen import replace
from obs.cas.format.ids import BlobId, ObjectId, Sha256, derive_object_id
from obs.cas.format.inspections import Inspection
from obs.cas.format.manifests import FileNote, Manifest
from obs.cas.format.names import FileName, name_bytes, name_from_bytes
from obs.cas.format.objects import KINDS, Object, decode_object, encode_object, object_id
from obs.cas.format.reports import Diagnostic, Environment, Observation, Report, Severity, Source
from obs.cas.format.runs import Document, Link, LinkKind, Metrics, Params, Run, Status
from obs.cas.format.trees import TreeBuilder

GOLDEN = [bytes.fromhex(vector["bytes"]) for vector in named("objects")]

# ---------------------------------------------------------------------- strategies

raw_ids = st.binary(min_size=32, max_size=32)
ids = raw_ids.map(ObjectId)
sizes = st.integers(0, 2**40)
roles = st.from_regex(r"[a-z][a-z0-9_-]{0,8}", fullmatch=True)
free_roles = roles.filter(lambda role: role not in {"metrics", "params", "record"})
parts_of_names = st.binary(min_size=1, max_size=6).filter(
    lambda raw: raw not in {b".", b".."} and not {0, 0x2F} & set(raw)
)
base_names = parts_of_names.map(name_from_bytes)
paths = st.lists(parts_of_names, min_size=1, max_size=3).map(b"/".join).map(name_from_bytes)
maps = st.dictionaries(texts, values, max_size=4)
times = st.datetimes().map(lambda moment: moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ").rjust(27, "0"))
codes = st.from_regex(r"[A-Z][A-Z0-9_]{0,8}", fullmatch=True)
statuses: st.SearchStrategy[Status] = st.sampled_from(["ok", "failed", "cancelled"])
severities: st.SearchStrategy[Severity] = st.sampled_from(["info", "warning", "error"])
link_kinds: st.SearchStrategy[LinkKind] = st.sampled_from(["file", "tree"])

files = st.builds(File, size=sizes, blake3=raw_ids.map(BlobId))


@st.composite
def entry_lists(draw: st.DrawFn, least: int = 0) -> tuple[TreeEntry, ...]:
    names = draw(st.lists(paths, unique_by=name_bytes, min_size=least, max_size=6))
    return tuple(
        TreeEntry(name, draw(sizes), BlobId(draw(raw_ids))) for name in sorted(names, key=name_bytes)
    )


@st.composite
def links(draw: st.DrawFn, role: str) -> Link:
    return Link(role=role, name=draw(base_names), kind=draw(link_kinds), id=draw(ids))


@st.composite
def documents(draw: st.DrawFn) -> Document:
    if draw(st.booleans()):
        return Document(values=draw(ids))
    return Document(values=draw(ids), name=draw(base_names), file=draw(ids))


@st.composite
def runs(draw: st.DrawFn) -> Run:
    names = draw(st.lists(free_roles, unique=True, max_size=5))
    cut = draw(st.integers(0, len(names)))
    record = Link(role="record", name=draw(base_names), kind="file", id=draw(ids))
    return Run(
        datasets=tuple(draw(links(role)) for role in sorted(names[:cut])),
        artifacts=tuple(draw(links(role)) for role in sorted(names[cut:])),
        metrics=draw(st.none() | documents()),
        params=draw(st.none() | documents()),
        record=draw(st.none() | st.just(record)),
        label=draw(st.none() | texts),
        run_id=draw(st.none() | texts.filter(bool)),
        status=draw(statuses),
    )


@st.composite
def manifests(draw: st.DrawFn) -> Manifest:
    sequence = draw(st.integers(0, 2**20))
    named_files = draw(st.lists(st.tuples(roles, base_names), unique_by=lambda pair: pair[0], max_size=4))
    notes: list[FileNote] = []
    for role, name in sorted(named_files, key=lambda pair: pair[0]):
        outside = draw(st.booleans())
        path: FileName = draw(base_names if outside else paths)
        sha256 = draw(st.none() | raw_ids.map(Sha256))
        cached = draw(st.integers(0, 3))
        notes.append(FileNote(role=role, name=name, path=path, outside=outside, sha256=sha256, cached=cached))
    count = sequence.bit_count()
    return Manifest(
        sequence=sequence,
        recorded_at=draw(times),
        run=draw(ids),
        report=draw(ids),
        parent=draw(ids) if sequence else None,
        message=draw(st.none() | texts.filter(bool)),
        files=tuple(notes),
        notes=tuple(sorted(draw(st.sets(codes, max_size=3)))),
        history=tuple(draw(st.lists(raw_ids, min_size=count, max_size=count))),
    )


@st.composite
def reports(draw: st.DrawFn) -> Report:
    seen = sorted(draw(st.sets(st.tuples(roles, roles), max_size=3)))
    found: dict[tuple[bytes, bytes], Diagnostic] = {}
    for code in draw(st.lists(codes, max_size=3)):
        severity = draw(severities)
        one = Diagnostic(code=code, severity=severity, message=draw(texts), details=draw(maps))
        found[one.order] = one
    return Report(
        run=draw(ids),
        obs=draw(texts),
        environment=draw(st.none() | ids),
        counts=draw(st.dictionaries(st.sampled_from(["num_samples", "rows", "a_1"]), sizes)),
        observations=tuple(Observation(role=role, kind=kind, id=draw(ids)) for role, kind in seen),
        diagnostics=tuple(found[order] for order in sorted(found)),
    )


environments = st.builds(
    Environment,
    whose=st.sampled_from(["prefix", "virtual-env", "conda", "obs"]),
    python=st.none() | texts,
    implementation=st.none() | texts,
    system=st.none() | texts,
    machine=st.none() | texts,
    packages=st.sets(st.tuples(texts, texts), max_size=4).map(
        lambda pairs: tuple(sorted(pairs, key=lambda pair: (pair[0].encode(), pair[1].encode())))
    ),
    source=st.none()
    | st.builds(
        Source, commit=st.from_regex("[0-9a-f]{40}", fullmatch=True), dirty=st.none() | st.booleans()
    ),
)
atoms: dict[str, st.SearchStrategy[Any]] = {
    "text": texts,
    "uint": sizes,
    "bool": st.booleans(),
    "grade": st.sampled_from(["dangerous", "unknown", "known"]),
    "any": st.recursive(
        st.none() | st.booleans() | st.integers(-5, 2**63) | st.floats() | texts,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
        max_leaves=6,
    ),
}


@st.composite
def shaped(draw: st.DrawFn, kind: str, levels: int = 3) -> Any:
    """A value of a type that the second reader's table describes."""
    if kind in atoms:
        return draw(atoms[kind])
    if kind[0] in "[{":
        count = draw(st.integers(0, 2)) if levels else 0
        items = [draw(shaped(kind[1:-1], levels - 1)) for _ in range(count)]
        return items if kind[0] == "[" else {str(number): item for number, item in enumerate(items)}
    if kind == "attribute":
        array = draw(st.booleans())
        return {key: draw(atoms["text"]) for key in ("name", "type")} | (
            {"dtype": draw(texts), "shape": draw(st.lists(sizes, max_size=3)), "bytes": draw(sizes)}
            if array
            else {}
        )
    found: dict[str, Any] = {}
    for key, optional, inner in re.findall(r"([a-z_0-9]+)([:?])(\S+)", standalone.MAPS[kind]):
        if optional == ":" or (levels and draw(st.booleans())):
            found[key] = draw(shaped(inner, levels - 1))
    return found


kinds = st.sampled_from(COLUMN_KINDS)


@st.composite
def columns(draw: st.DrawFn) -> Column:
    return Column(
        name=draw(texts),
        kind=draw(kinds),
        nulls=draw(sizes),
        distinct=draw(st.integers(0, 10_000)),
        more=draw(st.booleans()),
        value=draw(ids),
        text=draw(st.none() | ids),
    )


@st.composite
def members(draw: st.DrawFn) -> tuple[Member, ...]:
    names = draw(st.lists(paths, unique_by=name_bytes, max_size=3))
    return tuple(
        Member(name=name, rows=draw(sizes), table=draw(ids)) for name in sorted(names, key=name_bytes)
    )


@st.composite
def contents(draw: st.DrawFn) -> Content:
    width = draw(st.sampled_from([0, 1, 2, 1024, 1025, 3000]))
    small = width <= 2
    held = [draw(columns()) for _ in range(width)] if small else [draw(columns())] * width
    listed = draw(st.none() | members())
    rows = draw(sizes)
    classes = sorted(draw(st.lists(st.integers(1, 99), max_size=3)), reverse=True)
    return Content(
        rules=draw(st.integers(1, 9)),
        rows=rows,
        width=width,
        rows_with_missing=draw(st.integers(0, rows)),
        schema=draw(ids),
        table=draw(ids),
        columns=tuple(held) if width <= 1024 else (),
        column_parts=tuple(draw(ids) for _ in range(-(-width // 1024))) if width > 1024 else (),
        digests=draw(raw_ids.map(BlobId)) if listed is None and rows and width else None,
        label=draw(
            st.none()
            | st.builds(Label, name=texts, nulls=sizes, classes=st.just(tuple(classes)) | st.none())
            | st.builds(
                Label,
                name=texts,
                nulls=sizes,
                classes=st.just((*classes, 1)),
                classes_digest=st.none() | ids,
                fractions=st.booleans(),
            )
        ),
        tables=None if listed is None else len(listed),
        members=listed or (),
    )


@st.composite
def claims(draw: st.DrawFn) -> Claims:
    def maybe(values: st.SearchStrategy[Any]) -> Any:
        return draw(st.none() | values)

    filled = texts.filter(lambda text: 0 < len(text.encode()) <= 4096)
    return Claims(
        adapter=draw(st.sampled_from(["runforge", "mlflow", "a"])),
        trainer=maybe(filled),
        created_at=maybe(st.sampled_from(["2026-01-31T09:30:00.000000Z", "0001-01-01T00:00:00.000000Z"])),
        dataset_path=maybe(filled),
        dataset_sha256=maybe(raw_ids.map(Sha256)),
        label=maybe(filled),
        num_samples=maybe(sizes),
        num_features=maybe(sizes),
        dropped_rows=maybe(sizes),
        metrics=maybe(maps.filter(bool)),
    )


OBJECTS: dict[str, st.SearchStrategy[Object]] = {
    "file": files,
    "tree": entry_lists().map(lambda entries: Tree.of(entries, ())),
    "part": entry_lists(least=1).map(lambda entries: Part(entries=entries)),
    "metrics": st.builds(Metrics, source=st.none() | raw_ids.map(BlobId), values=maps),
    "params": st.builds(Params, source=raw_ids.map(BlobId), values=st.none() | maps),
    "run": runs(),
    "content": contents(),
    "content-part": st.lists(columns(), min_size=1, max_size=3).map(
        lambda found: ContentPart(columns=tuple(found))
    )
    | members().filter(bool).map(lambda found: ContentPart(members=found)),
    "claims": claims(),
    "inspection": st.builds(Inspection, file=ids, found=shaped("found")),
    "environment": environments,
    "report": reports(),
    "manifest": manifests(),
}

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


# ---------------------------------------------------------------------- constructors

ID = ObjectId(b"\x01" * 32)
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
