"""What an expression asks of a run, read from the store: no object that it does not need."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING

from ..errors import FormatError, IntegrityError
from ..format.canonical import Value
from ..format.runs import Document, Metrics, Params, Run
from ..store.chain import Entry
from ..store.store import Store
from .expressions import DIAGNOSTICS
from .matching import UNREADABLE, Known, Subject, Unreadable
from .views import claimed_count, count_of

if TYPE_CHECKING:
    from ..format.reports import Report

_COUNTS = frozenset({"num_samples", "num_features"})
_OF_METRICS = _COUNTS | {"metrics"}
_OF_REPORT = _COUNTS | {DIAGNOSTICS, "dropped_rows"}


def subject_of(store: Store, entry: Entry, needed: AbstractSet[str]) -> Subject:
    """The run of a manifest, as far as the `needed` fields go; their names are those of `obs show --json`.

    Metrics, params or a report that cannot be read leave unknown what they tell. Raises MissingObject,
    CorruptObject where the run itself is damaged.
    """
    manifest = entry.manifest
    run = store.objects.get(Run, manifest.run, f"manifest {entry.id.short}")
    values: dict[str, Known] = {
        "manifest": entry.id.hex,
        "sequence": manifest.sequence,
        "recorded_at": manifest.recorded_at,
        "message": manifest.message,
        "run": manifest.run.hex,
        "run_id": run.run_id,
        "status": run.status,
        "label": run.label,
    }
    report = _report(store, entry) if needed & _OF_REPORT else None
    if needed & _OF_METRICS:
        metrics = _values(store, run.metrics, Metrics)
        values["metrics"] = metrics
        for name in _COUNTS & needed:
            if isinstance(metrics, Unreadable):
                values[name] = metrics
            elif isinstance(report, Unreadable):
                stated = claimed_count(metrics, name)
                values[name] = stated if stated is not None else report
            else:
                values[name] = count_of(report, metrics, name)
    if "params" in needed:
        values["params"] = _values(store, run.params, Params)
    if report is None or isinstance(report, Unreadable):
        values["dropped_rows"] = report
        return Subject(values=values, codes=None)
    values["dropped_rows"] = report.counts.get("dropped_rows")
    return Subject(values=values, codes=frozenset(found.code for found in report.diagnostics))


def _report(store: Store, entry: Entry) -> Report | Unreadable:
    from ..format.reports import Report  # most questions need none

    try:
        return store.objects.get(Report, entry.manifest.report, "the manifest")
    except (IntegrityError, FormatError):
        return UNREADABLE


def _values(
    store: Store, document: Document | None, kind: type[Metrics | Params]
) -> dict[str, Value] | Unreadable:
    if document is None:
        return {}
    try:
        return store.objects.get(kind, document.values, "a run").values or {}
    except (IntegrityError, FormatError):
        return UNREADABLE
