"""How stored things are told: the pieces that the results of several operations share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import FormatError, IntegrityError
from ..format.canonical import Value
from ..format.data import File, Tree
from ..format.frozen import frozen
from ..format.ids import BlobId, ObjectId, Sha256
from ..format.manifests import Manifest
from ..format.names import FileName
from ..format.runs import Document, Link, Metrics, Params, Run, Status
from ..store.chain import Entry, Gap
from ..store.store import Store

if TYPE_CHECKING:  # a list of runs needs none
    from ..format.reports import Report


@frozen
class Problem:
    """Something that is not as it has to be; `runs` are the runs that it touches."""

    code: str
    id: str | None
    message: str
    runs: tuple[ObjectId, ...] = ()


def problem_at(gap: Gap) -> Problem:
    """What is wrong at a place where the history cannot be read."""
    digits = gap.id.hex if gap.id is not None else None
    return Problem(code=gap.error.code, id=digits, message=str(gap.error))


@frozen
class FileView:
    """One input or output. `id` is its file or tree object; `blake3` is None for folders.

    `size` is in bytes (None: the object cannot be read), `count` the number of files.
    """

    role: str
    name: FileName
    kind: str
    size: int | None
    count: int | None
    blake3: BlobId | None
    sha256: Sha256 | None
    id: ObjectId


@frozen
class RunView:
    """A run as one manifest tells it."""

    manifest: ObjectId
    sequence: int
    recorded_at: str
    message: str | None
    run: ObjectId
    run_id: str | None
    status: Status
    label: str | None
    metrics: dict[str, Value] | None
    datasets: tuple[FileView, ...]
    artifacts: tuple[FileView, ...]


def file_view(store: Store, link: Link, manifest: Manifest | None) -> FileView:
    """A link with what its object says. A damaged object leaves its facts unknown."""
    found: File | Tree | None
    try:
        if link.kind == "file":
            found = store.objects.get(File, link.id, "a run")
        else:
            found = store.objects.get(Tree, link.id, "a run")
    except (IntegrityError, FormatError):
        found = None  # `verify` names what is wrong with it; here the rest of the run is still worth telling
    return view_of(link, found, manifest)


def view_of(link: Link, found: File | Tree | None, manifest: Manifest | None) -> FileView:
    """A link with what its object says (None: it cannot be read)."""
    note = manifest.note_of(link.role) if manifest is not None else None
    return FileView(
        role=link.role,
        name=link.name,
        kind=link.kind,
        size=found.size if found is not None else None,
        count=found.count if isinstance(found, Tree) else 1 if found is not None else None,
        blake3=found.blake3 if isinstance(found, File) else None,
        sha256=note.sha256 if note is not None else None,
        id=link.id,
    )


def document_values(
    store: Store, document: Document | None, kind: type[Metrics | Params]
) -> dict[str, Value] | None:
    """The values of a run's metrics or params; None if there are none, or they cannot be read."""
    if document is None:
        return None
    try:
        return store.objects.get(kind, document.values, "a run").values
    except (IntegrityError, FormatError):
        return None


def run_view(store: Store, entry: Entry, run: Run) -> RunView:
    """The run that a manifest records."""
    manifest = entry.manifest
    return RunView(
        manifest=entry.id,
        sequence=manifest.sequence,
        recorded_at=manifest.recorded_at,
        message=manifest.message,
        run=manifest.run,
        run_id=run.run_id,
        status=run.status,
        label=run.label,
        metrics=document_values(store, run.metrics, Metrics),
        datasets=tuple(file_view(store, link, manifest) for link in run.datasets),
        artifacts=tuple(file_view(store, link, manifest) for link in run.artifacts),
    )


def count_of(report: Report | None, metrics: dict[str, Value] | None, name: str) -> int | None:
    """A count as the metrics state it, else as the report knows it from the trainer's own record."""
    stated = claimed_count(metrics, name)
    return stated if stated is not None or report is None else report.counts.get(name)


def claimed_count(metrics: dict[str, Value] | None, name: str) -> int | None:
    """A count that the metrics file states, None if it states none."""
    value = (metrics or {}).get(name)
    return value if type(value) is int and value >= 0 else None
