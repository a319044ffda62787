"""Hypothesis strategies for every kind of object; `OBJECTS` has them by kind."""

from __future__ import annotations

import re
from typing import Any

import standalone
from format_samples import texts, values
from hypothesis import strategies as st
from obs.cas.format.claims import Claims
from obs.cas.format.contents import COLUMN_KINDS, Column, Content, ContentPart, Label, Member
from obs.cas.format.data import File, Part, Tree, TreeEntry
from obs.cas.format.ids import BlobId, ObjectId, Sha256
from obs.cas.format.inspections import Inspection
from obs.cas.format.manifests import FileNote, Manifest
from obs.cas.format.names import FileName, name_bytes, name_from_bytes
from obs.cas.format.objects import Object
from obs.cas.format.reports import Diagnostic, Environment, Observation, Report, Severity, Source
from obs.cas.format.runs import Document, Link, LinkKind, Metrics, Params, Run, Status

ID = ObjectId(b"\x01" * 32)
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
