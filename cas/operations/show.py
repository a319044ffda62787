"""`show`: one manifest, run or object with its links resolved."""

from __future__ import annotations

from typing import Final

from ..errors import FormatError, IntegrityError, MissingObject
from ..format.canonical import Value
from ..format.claims import Claims
from ..format.contents import Content
from ..format.data import File, Tree
from ..format.frozen import frozen
from ..format.ids import BlobId, ObjectId, Sha256
from ..format.inspections import Inspection
from ..format.manifests import Manifest
from ..format.names import FileName
from ..format.objects import object_id
from ..format.reports import Diagnostic, Environment, Report, Source, Whose
from ..format.runs import Metrics, Params, Run, Status
from ..store.chain import Entry
from ..store.store import Store
from .comparison import Comparison, compare_with_parent
from .contents import ShownContent, shown_content, stored_content
from .revisions import Target, links_of
from .views import FileView, Problem, count_of, document_values, file_view


@frozen
class ShownFile(FileView):
    """A file of the run: where it lay when it was recorded, whether its bytes were kept, and of a model file
    what was found in it, as `obs inspect --json` tells it; of a table its content."""

    path: FileName | None
    outside: bool
    cached: int
    kept: bool | None
    content: ShownContent | None
    inspection: dict[str, Value] | None


_LIBRARIES: Final = (
    *("scikit-learn", "numpy", "pandas", "scipy", "joblib", "pyarrow"),
    *("xgboost", "lightgbm", "catboost", "torch", "tensorflow", "skops"),
)


@frozen
class ShownEnvironment:
    """The environment that was recorded with the run."""

    id: ObjectId
    whose: Whose
    python: str | None
    implementation: str | None
    system: str | None
    machine: str | None
    packages: dict[str, str]
    source: Source | None

    @property
    def libraries(self) -> dict[str, str]:
        """Those of the packages that a model depends on most, in the order in which they are told."""
        return {name: self.packages[name] for name in _LIBRARIES if name in self.packages}


@frozen
class ShownRun:
    """A run as one manifest tells it; the manifest's own fields are None for a run without one."""

    kind: str
    manifest: ObjectId | None
    sequence: int | None
    parent: ObjectId | None
    recorded_at: str | None
    message: str | None
    tags: tuple[str, ...]
    run: ObjectId
    report: ObjectId | None
    run_id: str | None
    status: Status
    label: str | None
    num_samples: int | None
    num_features: int | None
    dropped_rows: int | None
    metrics: dict[str, Value] | None
    params: dict[str, Value] | None
    datasets: tuple[ShownFile, ...]
    artifacts: tuple[ShownFile, ...]
    documents: tuple[ShownFile, ...]
    environment: ShownEnvironment | None
    obs: str | None
    notes: tuple[str, ...]
    diagnostics: tuple[Diagnostic, ...]
    claims: Claims | None
    comparison: Comparison | None
    problems: tuple[Problem, ...]


@frozen
class ShownObject:
    """Any other object: its kind and its fields as they are stored, ids as 64 digits."""

    kind: str
    id: ObjectId
    value: dict[str, Value]


def show(store: Store, target: Target) -> ShownRun | ShownObject:
    """What a revision names. A part of a run that is damaged is a problem of the result, not an error.

    Raises MissingObject, CorruptObject where the object itself cannot be read.
    """
    if target.entry is not None:
        return _show_run(store, target.entry.manifest.run, target.entry, target.kind)
    found = store.objects.find(target.id)
    if found is None:
        raise MissingObject(id=target.id.hex, wanted_by="the revision")
    if isinstance(found[0], Run):
        return _show_run(store, target.id, None, target.kind)
    return ShownObject(kind=found[0].KIND, id=target.id, value=_with_digits(found[0].to_value()))


def _with_digits(value: dict[str, Value]) -> dict[str, Value]:
    """The fields of an object with its ids as text. What else is bin there is a name that is no UTF-8."""

    def shown(key: str, item: Value) -> Value:
        if isinstance(item, bytes):
            return item if key in ("name", "path") else item.hex()
        if isinstance(item, dict):
            return {name: shown(name, inner) for name, inner in item.items()}
        if isinstance(item, list) and key == "entries":  # of a tree: [path, size, blake3]
            rows = [row for row in item if isinstance(row, list)]
            return [[row[0], row[1], shown("blake3", row[2])] for row in rows]
        return [shown(key, inner) for inner in item] if isinstance(item, list) else item

    return {name: shown(name, item) for name, item in value.items()}


def raw_bytes(store: Store, target: Target) -> bytes:
    """The canonical bytes of the object: `b3sum --derive-key` over them gives its id."""
    found = store.objects.find(target.id)
    if found is None:
        raise MissingObject(id=target.id.hex, wanted_by="the revision")
    return found[1]


def _show_run(store: Store, run_id: ObjectId, entry: Entry | None, kind: str) -> ShownRun:
    manifest = entry.manifest if entry is not None else None
    who = f"manifest {entry.id.short}" if entry is not None else "the revision"
    run = store.objects.get(Run, run_id, who)
    problems: list[Problem] = []
    report = _report(store, manifest, problems)
    metrics = document_values(store, run.metrics, Metrics)
    documents = {link.role: link for link in links_of(run) if link.role in ("metrics", "params", "record")}
    return ShownRun(
        kind=kind,
        manifest=entry.id if entry is not None else None,
        sequence=manifest.sequence if manifest is not None else None,
        parent=manifest.parent if manifest is not None else None,
        recorded_at=manifest.recorded_at if manifest is not None else None,
        message=manifest.message if manifest is not None else None,
        tags=_tags_of(store, entry.id) if entry is not None else (),
        run=run_id,
        report=manifest.report if manifest is not None else None,
        run_id=run.run_id,
        status=run.status,
        label=run.label,
        num_samples=count_of(report, metrics, "num_samples"),
        num_features=count_of(report, metrics, "num_features"),
        dropped_rows=report.counts.get("dropped_rows") if report is not None else None,
        metrics=metrics,
        params=document_values(store, run.params, Params),
        datasets=tuple(
            _file(store, file_view(store, link, manifest), manifest, report, problems)
            for link in run.datasets
        ),
        artifacts=tuple(
            _file(store, file_view(store, link, manifest), manifest, report, problems)
            for link in run.artifacts
        ),
        documents=tuple(
            _file(store, file_view(store, link, manifest), manifest, report, problems)
            for link in documents.values()
        ),
        environment=_environment(store, report, problems),
        obs=report.obs if report is not None else None,
        notes=manifest.notes if manifest is not None else (),
        diagnostics=report.diagnostics if report is not None else (),
        claims=_claims(store, report, problems),
        comparison=compare_with_parent(store, manifest, metrics),
        problems=tuple(problems),
    )


def _report(store: Store, manifest: Manifest | None, problems: list[Problem]) -> Report | None:
    if manifest is None:
        return None
    try:
        return store.objects.get(Report, manifest.report, "the manifest")
    except (IntegrityError, FormatError) as error:
        problems.append(_problem(error, manifest.report, manifest.run))
        return None


def _environment(store: Store, report: Report | None, problems: list[Problem]) -> ShownEnvironment | None:
    if report is None or report.environment is None:
        return None
    try:
        seen = store.objects.get(Environment, report.environment, "the report")
    except (IntegrityError, FormatError) as error:
        problems.append(_problem(error, report.environment, report.run))
        return None
    return ShownEnvironment(
        id=report.environment,
        whose=seen.whose,
        python=seen.python,
        implementation=seen.implementation,
        system=seen.system,
        machine=seen.machine,
        packages=dict(seen.packages),
        source=seen.source,
    )


def _file(
    store: Store,
    view: FileView,
    manifest: Manifest | None,
    report: Report | None,
    problems: list[Problem],
) -> ShownFile:
    if view.size is None:
        text = f"the {view.kind} object {view.id.hex} of '{view.role}' is missing or damaged"
        problems.append(Problem(code="OBJECT_CORRUPT", id=view.id.hex, message=text))
    note = manifest.note_of(view.role) if manifest is not None else None
    sha256: Sha256 | None = note.sha256 if note is not None else None
    kept = store.blobs.size_of(view.blake3) is not None if isinstance(view.blake3, BlobId) else None
    return ShownFile(
        role=view.role,
        name=view.name,
        kind=view.kind,
        size=view.size,
        count=view.count,
        blake3=view.blake3,
        sha256=sha256,
        id=view.id,
        path=note.path if note is not None else None,
        outside=note.outside if note is not None else False,
        cached=note.cached if note is not None else 0,
        kept=kept,
        content=_content(store, report, view.role, problems),
        inspection=_inspection(store, report, view.role, problems),
    )


def _inspection(
    store: Store, report: Report | None, role: str, problems: list[Problem]
) -> dict[str, Value] | None:
    """What was found in a model file, None if nothing was stored of it."""
    if report is None:
        return None
    for seen in report.observations:
        if seen.role == role and seen.kind == Inspection.KIND:
            try:
                return store.objects.get(Inspection, seen.id, "the report").document()
            except (IntegrityError, FormatError) as error:
                problems.append(_problem(error, seen.id, report.run))
    return None


def _claims(store: Store, report: Report | None, problems: list[Problem]) -> Claims | None:
    """What the trainer's own record says, None if the run has none."""
    if report is None:
        return None
    for seen in report.observations:
        if seen.kind == Claims.KIND:
            try:
                return store.objects.get(Claims, seen.id, "the report")
            except (IntegrityError, FormatError) as error:
                problems.append(_problem(error, seen.id, report.run))
    return None


def _content(store: Store, report: Report | None, role: str, problems: list[Problem]) -> ShownContent | None:
    """What a dataset held, None if nothing is known of that."""
    if report is None:
        return None
    for seen in report.observations:
        if seen.role == role and seen.kind == Content.KIND:
            try:
                return shown_content(stored_content(store, seen.id))
            except (IntegrityError, FormatError) as error:
                problems.append(_problem(error, seen.id, report.run))
    return None


def _problem(error: IntegrityError, wanted: ObjectId, run: ObjectId) -> Problem:
    return Problem(code=error.code, id=wanted.hex, message=str(error), runs=(run,))


def _tags_of(store: Store, wanted: ObjectId) -> tuple[str, ...]:
    names: list[str] = []
    for name in store.tags.names():
        try:
            if store.tags.get(name) == wanted:
                names.append(name)
        except IntegrityError:
            continue  # `fsck` names a damaged tag
    return tuple(names)


def file_object(store: Store, wanted: ObjectId) -> File | Tree:
    """The file or tree that a member of a run is. Raises MissingObject, CorruptObject."""
    found = store.objects.find(wanted)
    if found is None:
        raise MissingObject(id=wanted.hex, wanted_by="the run")
    if not isinstance(found[0], (File, Tree)):
        raise FormatError(problem=f"object {wanted.hex} ({object_id(found[0]).short}) is no file or tree")
    return found[0]
