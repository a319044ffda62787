"""`export`: a run's metadata in one document of canonical bytes, for other programs to keep and compare.

The whole document depends on the manifest and on what it links to; with `run_only` on the run alone. Neither
depends on the store, the machine, the time or the version of Python, so that `cmp` compares two exports. The
bytes: keys in the order of their code points, `,` and `:` without spaces, UTF-8 (no stored text has a lone
surrogate), one newline at the end. Floats are written in Python's shortest form that reads back as the
same; those that are not finite are the strings "NaN", "Infinity", "-Infinity". A file name that is no UTF-8
has `\\xff` for each byte that does not belong, as in every other command.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal, TypeAlias, get_args

from ..errors import BadArgument, CorruptObject
from ..format.canonical import Value
from ..format.claims import Claims
from ..format.frozen import frozen
from ..format.ids import ObjectId
from ..format.manifests import Manifest
from ..format.names import FileName, role_from_name
from ..format.reports import Diagnostic, Report
from ..format.runs import Metrics, Params, Run
from ..store.chain import Entry
from ..store.store import Store
from .revisions import Target
from .show import ShownEnvironment, ShownFile, ShownRun, show
from .views import claimed_count

ExportFormat: TypeAlias = Literal["json", "markdown"]
FORMATS: Final[tuple[ExportFormat, ...]] = get_args(ExportFormat)
SCHEMA_VERSION: Final = 1


@frozen
class ExportedRun:
    """What an export is made of. `claims` are those of the trainer's own record, if it left one."""

    run: ShownRun
    entry: Entry
    claims: Claims | None


def export(store: Store, entry: Entry, *, form: ExportFormat = "json", run_only: bool = False) -> bytes:
    """The export of the run that a manifest records.

    Raises BadArgument for a page of `run_only`, MissingObject, CorruptObject where a part is damaged: what is
    exported is whole.
    """
    found = read_run(store, entry)
    if form == "json":
        return canonical_json(run_document(found) if run_only else document(found))
    if run_only:
        raise BadArgument(what="--run-only is about JSON: a page tells where in history the run stands")
    from .exportpage import page

    return page(found).encode()


def export_all(store: Store, *, run_only: bool = False) -> Iterator[bytes]:
    """A line a manifest, oldest first; with `run_only` a line a run, in the order of their first manifests.

    Raises IntegrityError at the first part that is damaged.
    """
    done: set[ObjectId] = set()
    for entry in reversed(list(store.chain.entries())):  # the chain can only be walked back
        if run_only and entry.manifest.run in done:
            continue
        done.add(entry.manifest.run)
        yield export(store, entry, run_only=run_only)


# ------------------------------------------------------------------------------------------ what is read


def read_run(store: Store, entry: Entry) -> ExportedRun:
    """A run with all its parts. Raises MissingObject, CorruptObject."""
    run = store.objects.get(Run, entry.manifest.run, f"manifest {entry.id.short}")
    # `show` tells a run whose parts are damaged as far as it goes; an export of it would look whole.
    if run.metrics is not None:
        store.objects.get(Metrics, run.metrics.values, "the run")
    if run.params is not None:
        store.objects.get(Params, run.params.values, "the run")
    report = store.objects.get(Report, entry.manifest.report, f"manifest {entry.id.short}")
    seen = [one.id for one in report.observations if one.role == "record" and one.kind == Claims.KIND]
    claims = store.objects.get(Claims, seen[0], "the report") if seen else None
    shown = show(store, Target(id=entry.id, kind=Manifest.KIND, entry=entry))
    if not isinstance(shown, ShownRun) or shown.problems:
        problems = shown.problems if isinstance(shown, ShownRun) else ()
        problem = problems[0].message if problems else "it is no run"
        raise CorruptObject(id=(problems[0].id if problems else None) or entry.id.hex, problem=problem)
    return ExportedRun(run=shown, entry=entry, claims=claims)


# ------------------------------------------------------------------------------------------ the documents


def document(found: ExportedRun) -> dict[str, Value]:
    """The keys of `obs export --format json`."""
    run, claims = found.run, found.claims
    claimed_at = claims.created_at if claims is not None else None
    datasets = [_dataset(file) for file in run.datasets]
    return {
        **run_document(found),
        "created_at": claimed_at or found.entry.manifest.recorded_at,
        "created_at_source": "trainer" if claimed_at else "recorded_at",
        "dataset": _chosen(
            datasets, ("path", "fingerprint_blake3", "fingerprint_sha256", "content_fingerprint")
        ),
        "datasets": list(datasets),
        "artifacts": {
            key: {**_file(file), "path": _name(file.path), "fingerprint_sha256": _hex(file.sha256)}
            for key, file in artifact_keys(run.artifacts).items()
        },
        "num_samples": count(found, "num_samples"),
        "num_features": count(found, "num_features"),
        "dropped_rows_missing_values": dropped_rows(found),
        "diagnostics": [_diagnostic(one) for one in run.diagnostics],
        "environment": _environment(run.environment),
        "provenance": {
            "manifest": found.entry.id.hex,
            "run": run.run.hex,
            "parent": _hex(run.parent),
            "sequence": run.sequence,
        },
    }


def run_document(found: ExportedRun) -> dict[str, Value]:
    """The keys of `--run-only`: what the run itself holds, in any store, at any time."""
    run = found.run
    datasets = [_file(file) for file in run.datasets]
    return {
        "schema_version": SCHEMA_VERSION,
        "run_id": run.run_id or run.run.hex,
        "status": run.status,
        "label_column": run.label,
        "num_samples": claimed_count(run.metrics, "num_samples"),
        "num_features": claimed_count(run.metrics, "num_features"),
        "dropped_rows_missing_values": claimed_count(run.metrics, "dropped_rows_missing_values"),
        "metrics": run.metrics,
        "params": run.params,
        "dataset": _chosen(datasets, ("fingerprint_blake3",)),
        "datasets": list(datasets),
        "artifacts": {key: _file(file) for key, file in artifact_keys(run.artifacts).items()},
    }


def count(found: ExportedRun, name: Literal["num_samples", "num_features"]) -> int | None:
    """A count as the metrics file has it, else as the trainer's record does; None if neither does."""
    stated = claimed_count(found.run.metrics, name)
    if stated is None and found.claims is not None:
        return found.claims.num_samples if name == "num_samples" else found.claims.num_features
    return stated


def dropped_rows(found: ExportedRun) -> int | None:
    """The rows left out for a missing value: as stated, else as the comparison with the data showed."""
    stated = claimed_count(found.run.metrics, "dropped_rows_missing_values")
    if stated is None and found.claims is not None:
        stated = found.claims.dropped_rows
    explained = any(one.code == "MISSING_VALUES_DROPPED" for one in found.run.diagnostics)
    if stated is None and (explained or found.run.dropped_rows == 0):
        return found.run.dropped_rows
    return stated


def artifact_keys(artifacts: tuple[ShownFile, ...]) -> dict[str, ShownFile]:
    """The model under its file name in the form of a role (`model.pkl` is `model_pkl`), the others under
    their roles; a model whose name is the role of another stays `model`."""
    roles = {file.role for file in artifacts}

    def key(file: ShownFile) -> str:
        name = role_from_name(file.name)
        return name if file.role == "model" and name not in roles else file.role

    return {key(file): file for file in artifacts}


def _file(file: ShownFile) -> dict[str, Value]:
    """What the run itself says of a file. A folder's fingerprint is null; its tree object names it."""
    return {
        "role": file.role,
        "name": _name(file.name),
        "size_bytes": file.size,
        "fingerprint_blake3": _hex(file.blake3),
        "tree": file.id.hex if file.kind == "tree" else None,
    }


def _dataset(file: ShownFile) -> dict[str, Value]:
    content = file.content
    return {
        **_file(file),
        "path": _name(file.path),
        "fingerprint_sha256": _hex(file.sha256),
        "content_fingerprint": content.content_fingerprint.hex if content is not None else None,
        "num_rows": content.num_rows if content is not None else None,
    }


def _chosen(datasets: list[dict[str, Value]], keys: tuple[str, ...]) -> dict[str, Value] | None:
    """The dataset in the role `data`, else the first."""
    if not datasets:
        return None
    chosen = next((one for one in datasets if one["role"] == "data"), datasets[0])
    return {key: chosen[key] for key in keys}


def _diagnostic(found: Diagnostic) -> Value:
    return {
        "code": found.code,
        "severity": found.severity,
        "message": found.message,
        "details": found.details,
    }


def _environment(found: ShownEnvironment | None) -> Value:
    if found is None:
        return None
    source = found.source
    return {
        "whose": found.whose,
        "python": found.python,
        "implementation": found.implementation,
        "system": found.system,
        "machine": found.machine,
        "packages": dict[str, Value](found.packages),
        "source": {"commit": source.commit, "dirty": source.dirty} if source is not None else None,
    }


def _hex(digest: object) -> str | None:
    return str(digest) if digest is not None else None


def _name(name: FileName | None) -> str | None:
    return name.decode("utf-8", "backslashreplace") if isinstance(name, bytes) else name


# ------------------------------------------------------------------------------------------ the bytes


def canonical_json(value: Value) -> bytes:
    """The one form of a document, as the module says, with its newline."""
    import json

    text = json.dumps(
        _finite(value), ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":")
    )
    return text.encode() + b"\n"


def _finite(value: Value) -> Value:
    """The value with text for what JSON has no number for. Nesting is bounded by the stored format."""
    if isinstance(value, float) and value - value != 0:
        return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, bytes):
        return _name(value)
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    return [_finite(item) for item in value] if isinstance(value, list) else value
