"""What a run left behind, compared: its data with its model, its metrics, the trainer's own record, and the
environment. docs/diagnostics.md says what each code means.

Each check is independent of the trainer, and of the others: what is not known is not compared. So whoever
knows less (`--no-inspect`, `--no-content`) raises no other codes. `info` is what an honest run may well have,
`warning` what nothing here explains, `error` what makes the record one of other data.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Final

from ..format.canonical import Value
from ..format.contents import MAX_DISTINCT, Column
from ..format.reports import Diagnostic, Severity
from .facts import Facts, Rows, samples_of
from .findings import missing_values, shown_names
from .modelchecks import model_checks

_COUNTS: Final = frozenset({"num_samples", "num_features"})
_INDEX_NAMES: Final = frozenset({"", "Unnamed: 0"})
"""Of a first column that pandas wrote and reads as the index."""


def cross_checks(facts: Facts) -> list[Diagnostic]:
    """The diagnostics of all checks, in order; no two have the same code and details."""
    checks: tuple[Callable[[Facts], Iterable[Diagnostic]], ...] = (
        _samples,
        _claimed_samples,
        _feature_count,
        _feature_names,
        _classes,
        _dataset_fingerprint,
        _claimed_metrics,
        _metrics_contract,
        model_checks,
    )
    return sorted((found for check in checks for found in check(facts)), key=lambda found: found.order)


# ------------------------------------------------------------------ rows


def _samples(facts: Facts) -> Iterator[Diagnostic]:
    """The rows of the data against the samples that are claimed."""
    samples = samples_of(facts)
    rows, claimed, dropped = samples.rows, samples.claimed, samples.dropped
    if rows is None or claimed is None or dropped == 0:
        return
    if dropped is not None and rows.explains(claimed):
        yield _explained(rows, dropped, facts.label)
        return
    surplus = claimed - rows.rows
    difference = f"{surplus} more" if surplus > 0 else f"{-surplus} fewer"
    yield Diagnostic(
        code="SAMPLE_COUNT_MISMATCH",
        severity="warning",
        message=f"{claimed} samples are {difference} than the {rows.rows} rows, which is not explained: "
        f"{rows.missing} rows have a missing value",
        details={
            **_roles(rows),
            "rows": rows.rows,
            "num_samples": claimed,
            "rows_with_missing": rows.missing,
        },
    )


def _explained(rows: Rows, dropped: int, label: str | None) -> Diagnostic:
    """Exactly the rows with a missing value, or those without a label, are no samples."""
    anywhere = dropped == rows.missing
    what = "a missing value" if anywhere else "no label"
    columns = [column for dataset in rows.datasets for column in dataset.columns]
    return missing_values(
        f"{dropped} of {rows.rows} rows were dropped, as many as have {what}",
        {
            **_roles(rows),
            "rows": rows.rows,
            "rows_with_missing": rows.missing,
            "dropped_rows": dropped,
            "reason": "missing_value" if anywhere else "missing_label",
        },
        columns if anywhere else [column for column in columns if column.name == label],
    )


def _roles(rows: Rows) -> dict[str, Value]:
    if len(rows.datasets) == 1:
        return {"role": rows.datasets[0].role}
    return {"roles": [dataset.role for dataset in rows.datasets]}


def _claimed_samples(facts: Facts) -> Iterator[Diagnostic]:
    """The metrics against the trainer's record, and the rows that it says were dropped."""
    claimed = facts.claimed("num_samples")
    if len(set(claimed.values())) > 1:
        yield Diagnostic(
            code="SAMPLE_COUNT_MISMATCH",
            severity="warning",
            message=f"the metrics and the trainer's record differ in the number of samples: {_told(claimed)}",
            details=dict[str, Value](claimed),
        )
    said = facts.claims.dropped_rows if facts.claims is not None else None
    dropped = samples_of(facts).dropped
    if said is not None and dropped is not None and said != dropped:
        yield Diagnostic(
            code="SAMPLE_COUNT_MISMATCH",
            severity="warning",
            message=f"the trainer's record says that {said} rows were dropped; {dropped} are no samples",
            details={"record_dropped_rows": said, "dropped_rows": dropped},
        )


# ------------------------------------------------------------------ features


def _feature_count(facts: Facts) -> Iterator[Diagnostic]:
    """The columns of the data less the label, the features that are claimed, and those of the model."""
    features, model, table = facts.features, facts.model, facts.table
    told = facts.claimed("num_features")
    where: dict[str, Value] = {}
    if model is not None and model.n_features is not None:
        told["model"] = model.n_features
        where["artifact"] = model.role
    used = set(told.values())
    if features is not None and table is not None:
        told["data"] = len(features)
        where["role"] = table.role
    if len(set(told.values())) <= 1:
        return
    left_out = _left_out(facts) if len(used) == 1 else None
    details: dict[str, Value] = {**where, "counts": dict[str, Value](told)}
    if left_out is not None:
        details |= {"left_out": shown_names(left_out), "count": len(left_out)}
        message = f"{_counted(len(left_out), 'column')} of the data not among the features of the model"
    elif used <= {told.get("data"), told.get("model")} and _derived(facts):
        message = "features of the model were made of columns of the data"
        details["derived"] = True
    else:
        yield _count_mismatch("warning", f"the numbers of features differ: {_told(told)}", details)
        return
    yield _count_mismatch("info", message, details)


def _count_mismatch(severity: Severity, message: str, details: dict[str, Value]) -> Diagnostic:
    return Diagnostic(code="FEATURE_COUNT_MISMATCH", severity=severity, message=message, details=details)


def _left_out(facts: Facts) -> list[str] | None:
    """The columns that are no features, if that is what explains their number: the model names all that it
    takes and each is one of the data, or a column that is an index was passed over."""
    features, model = facts.features, facts.model
    if features is None or model is None:
        return None
    readable = _named_by_pandas(facts)
    names = model.feature_names
    if names is not None:
        taken = set(names)
        left = [name for name in readable if name not in taken]
        return left if taken <= set(readable) and len(left) == len(features) - len(names) else None
    if features and features[0].name in _INDEX_NAMES and model.n_features == len(features) - 1:
        return [features[0].name]
    return None


def _derived(facts: Facts) -> bool:
    """Whether all names that are no columns of the data were made of some: `sex_male` of `sex`."""
    unknown, columns = _unknown_names(facts), set(_named_by_pandas(facts))
    return bool(unknown) and all(_is_derived(name, columns) for name in unknown)


def _is_derived(name: str, columns: set[str]) -> bool:
    """As `pandas.get_dummies` names what it makes of a column: the column, `_`, a value."""
    return any(letter == "_" and name[:place] in columns for place, letter in enumerate(name))


def _unknown_names(facts: Facts) -> list[str]:
    """Features of the model that are no columns of the data."""
    names = facts.model.feature_names if facts.model is not None else None
    if facts.table is None or names is None:
        return []
    known = set(_named_by_pandas(facts))
    return [name for name in names if name not in known]


def _feature_names(facts: Facts) -> Iterator[Diagnostic]:
    """The names that the model has for its features against the columns of the data."""
    table, model = facts.table, facts.model
    names = model.feature_names if model is not None else None
    if table is None or model is None or names is None:
        return
    details: dict[str, Value] = {"role": table.role, "artifact": model.role}
    unknown = _unknown_names(facts)
    severity: Severity = "info"
    if unknown:
        details |= {"not_in_data": shown_names(unknown), "count": len(unknown)}
        message = f"{_counted(len(unknown), 'feature')} of the model not among the columns of the data"
        if facts.label is not None and facts.label in unknown and table.column(facts.label) is not None:
            details["label"] = facts.label
            severity, message = "warning", "the label is one of the model's features"
        elif _derived(facts):
            details["derived"] = True
            message += ", but made of some"
        else:
            severity = "warning"
    else:
        place = {name: number for number, name in enumerate(_named_by_pandas(facts))}
        if all(place[before] < place[after] for before, after in pairwise(names)):
            return
        message = "the features of the model stand in another order than the columns of the data"
        details["order"] = shown_names(names)
    yield Diagnostic(code="FEATURE_NAMES_MISMATCH", severity=severity, message=message, details=details)


def _named_by_pandas(facts: Facts) -> list[str]:
    """The features' names, where one is empty or repeated as pandas reads it (`Unnamed: 0`, `a.1`).

    Of all columns if it is not known which is the label.
    """
    columns: tuple[Column, ...] = facts.table.columns if facts.table is not None else ()
    given = {column.name for column in columns}
    seen: dict[str, int] = {}
    found: list[str] = []
    for number, column in enumerate(columns):
        name = column.name or f"Unnamed: {number}"
        count = seen.get(name, 0)
        while count and f"{name}.{count}" in given:
            count += 1
        seen[name] = count + 1
        if facts.features is None or column.name != facts.label:
            found.append(f"{name}.{count}" if count else name)
    return found


# ------------------------------------------------------------------ label


def _classes(facts: Facts) -> Iterator[Diagnostic]:
    """The values of the label column against the classes of the model."""
    table, model = facts.table, facts.model
    if table is None or table.content is None or model is None or facts.label is None:
        return
    column, label = table.column(facts.label), table.content.label
    if column is None or label is None:
        return
    from ..observe.tables.classes import classes_digest

    details: dict[str, Value] = {"role": table.role, "artifact": model.role, "label": facts.label}
    in_data = label.classes_digest.raw if label.classes_digest is not None else None
    in_model = classes_digest(model.classes) if model.classes is not None else None
    if in_data is not None and in_data == in_model:
        return
    too_many = label.classes is None and (model.class_count or 0) <= MAX_DISTINCT
    if model.kind == "classifier" and column.kind == "number" and (label.fractions or too_many):
        what = "which are not all integers" if label.fractions else "too many different ones to be classes"
        yield Diagnostic(
            code="LABEL_TYPE_INVALID",
            severity="warning",
            message=f"the model is a classifier, and the label holds numbers, {what}",
            details={**details, "kind": column.kind},
        )
    elif in_data is not None and in_model is not None:
        yield _other_classes(len(label.classes or ()), model.classes or (), details)


def _other_classes(
    in_data: int, in_model: Sequence[bool | float | str], details: dict[str, Value]
) -> Diagnostic:
    """That they are not the same. How many there are is told, and not which."""
    encoded = len(in_model) == in_data and sorted(in_model, key=str) == sorted(range(in_data), key=str)
    details = {**details, "classes_in_data": in_data, "classes_in_model": len(in_model)}
    if encoded:
        message = f"the model numbers its {in_data} classes from 0, and the label has as many other values"
        details["encoded"] = True
    elif len(in_model) == in_data:
        message = f"the label and the model have {in_data} classes each, but other ones"
    else:
        message = f"the label has {in_data} classes, and the model {len(in_model)}"
    return Diagnostic(
        code="CLASSES_MISMATCH",
        severity="info" if encoded else "warning",
        message=message,
        details=details,
    )


# ------------------------------------------------------------------ what was said


def _dataset_fingerprint(facts: Facts) -> Iterator[Diagnostic]:
    """The SHA-256 in the trainer's record against the bytes that were read."""
    claimed = facts.claims.dataset_sha256 if facts.claims is not None else None
    read = [(dataset.role, dataset.sha256) for dataset in facts.datasets]
    known = [(role, sha256) for role, sha256 in read if sha256 is not None]
    if claimed is None or not known or len(known) < len(read):
        return
    if all(sha256 != claimed for _, sha256 in known):
        yield Diagnostic(
            code="DATASET_FINGERPRINT_MISMATCH",
            severity="error",
            message="the trainer's record names other data: their SHA-256 is not that of what was read",
            details={"claimed": claimed.hex, "read": {role: sha256.hex for role, sha256 in known}},
        )


def _claimed_metrics(facts: Facts) -> Iterator[Diagnostic]:
    """The values in the trainer's record against those in the metrics file; counts have their own check."""
    claimed = facts.claims.metrics if facts.claims is not None else None
    shared = sorted(set(claimed or ()) & set(facts.metrics or ()) - _COUNTS)
    differing = [name for name in shared if _differ((claimed or {})[name], (facts.metrics or {})[name])]
    if differing:
        yield Diagnostic(
            code="METRICS_CONTRADICTED",
            severity="warning",
            message=f"{_counted(len(differing), 'metric')} not as the trainer's record has it",
            details={"metrics": shown_names(differing), "count": len(differing)},
        )


def _differ(claimed: Value, found: Value) -> bool:
    """Whether two values are not the same; NaN is NaN."""
    return claimed != found and not (claimed != claimed and found != found)


def _metrics_contract(facts: Facts) -> Iterator[Diagnostic]:
    """The keys of the metrics against those that the configuration declares."""
    if facts.contract is None or facts.metrics is None:
        return
    added = sorted(set(facts.metrics) - set(facts.contract))
    removed = sorted(set(facts.contract) - set(facts.metrics))
    if added or removed:
        told = [f"{len(added)} not declared"] * bool(added) + [f"{len(removed)} missing"] * bool(removed)
        yield Diagnostic(
            code="METRICS_SCHEMA_MISMATCH",
            severity="warning",
            message=f"the metrics have other keys than were declared: {', '.join(told)}",
            details={
                "role": "metrics",
                "added": shown_names(added),
                "removed": shown_names(removed),
            },
        )


def _counted(number: int, what: str) -> str:
    return f"1 {what} is" if number == 1 else f"{number} {what}s are"


def _told(counts: dict[str, int]) -> str:
    return ", ".join(f"{who} {count}" for who, count in sorted(counts.items()))
