"""What an expression of `log --where` asks of a run, read from no more objects than it needs."""

from __future__ import annotations

from collections.abc import Iterable

from ..errors import FormatError, IntegrityError
from ..format.canonical import Value
from ..format.reports import Report
from ..format.runs import Metrics, Params, Run
from ..store.chain import Entry
from ..store.store import Store
from .views import claimed_count, document_values
from .where import Expression, Subject, conditions_of


def subject_of(store: Store, entry: Entry, run: Run, where: Iterable[Expression]) -> Subject:
    """What is known of a run. What is damaged is not known."""
    needed = {asked.field.name for expression in where for asked in conditions_of(expression)}
    wants_metrics = needed & {"metrics", "num_samples", "num_features"}
    metrics = document_values(store, run.metrics, Metrics) if wants_metrics else None
    params = document_values(store, run.params, Params) if "params" in needed else None
    report = _report(store, entry) if needed & {"diagnostics", "dropped_rows"} else None
    fields: dict[str, Value] = {
        "status": run.status,
        "label": run.label,
        "run_id": run.run_id,
        "message": entry.manifest.message,
        "recorded_at": entry.manifest.recorded_at,
        "sequence": entry.manifest.sequence,
        "num_samples": claimed_count(metrics, "num_samples"),
        "num_features": claimed_count(metrics, "num_features"),
        "dropped_rows": report.counts.get("dropped_rows") if report is not None else None,
    }
    codes = frozenset(found.code for found in report.diagnostics) if report is not None else None
    return Subject(fields=fields, metrics=metrics, params=params, diagnostics=codes)


def _report(store: Store, entry: Entry) -> Report | None:
    try:
        return store.objects.get(Report, entry.manifest.report, f"manifest {entry.id.short}")
    except (IntegrityError, FormatError):
        return None
