"""`record`: one finished run into the history.

    read      every file once: digests, and the copy of what is kept, in the same pass
    describe  the run (bytes and what was said), then the report (what obs saw)
    publish   everything durable under its name
    append    under the lock: the manifest, then HEAD

Nothing names what is not yet durable, so whoever stops this at any moment leaves leftovers or
orphans and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable

from ..errors import BrokenChain, FormatError, IntegrityError
from ..format.canonical import Value
from ..format.frozen import frozen, replace
from ..format.ids import ObjectId
from ..format.manifests import Manifest
from ..format.objects import object_id
from ..format.reports import Diagnostic, Environment, Report
from ..format.runs import Document, Link, Run, Status
from ..store.chain import Entry, Position
from ..store.store import Store
from .crosschecks import cross_checks
from .facts import derived_counts, facts_of
from .inputs import DocumentInput, Input
from .labels import check_label
from .reader import Reader
from .requests import RecordRequest
from .views import FileView, count_of


@frozen
class Recorded:
    """What `record` did. `created` is False where the run was recorded already and no manifest was added.

    After a dry run `manifest`, `sequence` and `parent` are None unless the run was recorded before.
    """

    manifest: ObjectId | None
    run: ObjectId
    sequence: int | None
    parent: ObjectId | None
    created: bool
    dry_run: bool
    recorded_at: str | None
    message: str | None
    run_id: str | None
    status: Status
    label: str | None
    num_samples: int | None
    num_features: int | None
    dropped_rows: int | None
    metrics: dict[str, Value] | None
    datasets: tuple[FileView, ...]
    artifacts: tuple[FileView, ...]
    diagnostics: tuple[Diagnostic, ...]
    notes: tuple[str, ...]


def record(
    store: Store,
    request: RecordRequest,
    *,
    environment: Callable[[], Environment],
    now: Callable[[], str],
    progress: Callable[[int], None] | None = None,
) -> Recorded:
    """Records a run.

    `environment` describes the environment that the run is said to have run in; `now` is the stored
    time, asked when the manifest is made; `progress` is told how many bytes were read.
    Raises BadArgument, InvalidRunFolder, LabelNotFound, InvalidDocument, FileMissing, WrongFileType,
    FileChanged, OperatingSystemRefused, LockTimeout, IntegrityError; nothing is recorded then.
    """
    if request.run_dir is not None:
        from .run_folders import complete  # and the adapters

        request = complete(request, store.home)
    diagnostics: list[Diagnostic] = list(request.diagnostics)
    with store.batch() as batch:
        with Reader(store, batch, request, progress) as reader:
            reader.open_all()
            check_label(request, reader, diagnostics)
            reader.read_all(diagnostics)
        run = _run(request, reader)
        run_id = object_id(run)
        seen = environment()
        facts = facts_of(request, reader, seen)
        diagnostics += cross_checks(facts)
        report = Report(
            run=run_id,
            obs=request.obs_version,
            environment=object_id(seen),
            counts=derived_counts(facts),
            observations=reader.observations(),
            diagnostics=tuple(sorted(diagnostics, key=lambda found: found.order)),
        )
        for value in (*reader.objects, run, seen, report):
            batch.add(value)
        head = store.chain.head()
        # The object comes before its manifest: where there is none, no manifest names it.
        previous = _recorded(store, run_id) if store.objects.has(run_id) else None
        wanted = _is_repeated(request)
        if not wanted and previous is not None and not request.only_new:
            wanted = _says_more(store, request, report, previous)
        entry, created = previous, False
        if not request.dry_run:
            batch.publish()
            if previous is None or wanted:
                entry, created = _append(store, request, report, reader, head, now)
            if not created:
                store.chain.settle()
    return _result(store, request, run, run_id, report, reader, entry, created)


def _run(request: RecordRequest, reader: Reader) -> Run:
    def links(inputs: list[Input]) -> tuple[Link, ...]:
        return tuple(sorted((given.link() for given in inputs), key=lambda link: link.order))

    def document(given: DocumentInput | None) -> Document | None:
        return given.document() if given is not None else None

    return Run(
        datasets=links(reader.datasets),
        artifacts=links(reader.artifacts),
        metrics=document(reader.metrics),
        params=document(reader.params),
        record=reader.record.link() if reader.record is not None else None,
        label=request.label,
        run_id=request.run_id,
        status=request.status,
    )


def _recorded(store: Store, run: ObjectId, until: ObjectId | None = None) -> Entry | None:
    """The newest manifest of `run`, looking from HEAD down to `until` (not included)."""
    for entry in store.chain.entries():
        if entry.id == until:
            return None
        if entry.manifest.run == run:
            return entry
    return None


def _is_repeated(request: RecordRequest) -> bool:
    """Whether a run that is recorded already is to get another manifest in any case."""
    return request.force or (request.message is not None and not request.only_new)


def _says_more(store: Store, request: RecordRequest, report: Report, entry: Entry) -> bool:
    """Whether a report says anything that the one of a manifest does not. One that was told to look at less
    (`--no-inspect`, `--no-content`) and saw the same else does not: whoever knows less raises no other
    diagnostics, but may say less in one."""
    if entry.manifest.report == object_id(report):
        return False
    try:
        before = store.objects.get(Report, entry.manifest.report, f"manifest {entry.id.short}")
    except (IntegrityError, FormatError):
        return True
    same = replace(
        report, **{name: getattr(before, name) for name in ("counts", "observations", "diagnostics")}
    )
    if request.inspect and request.content:
        known = all(found in before.diagnostics for found in report.diagnostics)
    else:
        known = {found.code for found in report.diagnostics} <= {found.code for found in before.diagnostics}
    return not (
        same == before
        and known
        and report.counts.items() <= before.counts.items()
        and set(report.observations) <= set(before.observations)
    )


def _append(
    store: Store,
    request: RecordRequest,
    report: Report,
    reader: Reader,
    seen: ObjectId | None,
    now: Callable[[], str],
) -> tuple[Entry, bool]:
    """Adds the manifest, unless another process recorded the same since HEAD was `seen`."""
    report_id = object_id(report)
    files, notes = reader.places(), tuple(sorted(reader.remarks))

    def build(position: Position) -> Manifest:
        return Manifest(
            sequence=position.sequence,
            recorded_at=now(),
            run=report.run,
            report=report_id,
            parent=position.parent,
            message=request.message,
            files=files,
            notes=notes,
            history=position.history,
        )

    repeat = _is_repeated(request)
    with store.chain.locked(request.lock_timeout_seconds):
        if not repeat:
            newest = _recorded(store, report.run, until=seen)
            if newest is not None and (request.only_new or not _says_more(store, request, report, newest)):
                return newest, False
        entry = store.chain.append(build, store.chain.head())
    if entry is None:
        raise BrokenChain(problem="HEAD moved while the lock was held: something writes without it")
    return entry, True


def _result(
    store: Store,
    request: RecordRequest,
    run: Run,
    run_id: ObjectId,
    report: Report,
    reader: Reader,
    entry: Entry | None,
    created: bool,
) -> Recorded:
    manifest = entry.manifest if entry is not None else None
    metrics = reader.metrics.values if reader.metrics is not None else None
    views = {given.role: given.view() for given in (*reader.datasets, *reader.artifacts)}
    return Recorded(
        manifest=entry.id if entry is not None else None,
        run=run_id,
        sequence=manifest.sequence if manifest is not None else None,
        parent=manifest.parent if manifest is not None else None,
        created=created,
        dry_run=request.dry_run,
        recorded_at=manifest.recorded_at if manifest is not None else None,
        message=manifest.message if manifest is not None else request.message,
        run_id=request.run_id,
        status=request.status,
        label=request.label,
        num_samples=count_of(report, metrics, "num_samples"),
        num_features=count_of(report, metrics, "num_features"),
        dropped_rows=report.counts.get("dropped_rows"),
        metrics=metrics,
        datasets=tuple(views[link.role] for link in run.datasets),
        artifacts=tuple(views[link.role] for link in run.artifacts),
        diagnostics=report.diagnostics,
        notes=tuple(sorted(reader.remarks)),
    )
