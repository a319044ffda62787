"""What is odd about a dataset, as diagnostics: told from its content alone, for `schema` and `record` alike.

Column names are told, and how many rows; never the value of a cell.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Final

from ..format.canonical import Value
from ..format.contents import Column, Content
from ..format.reports import Diagnostic

_NO_LABELS: Final = frozenset({"null", "timestamp", "zoned_timestamp", "binary"})
"""Kinds that no class and no quantity has."""
MAX_NAMES: Final = 100
"""Of columns, in the details of one diagnostic."""
_MAX_NAME: Final = 200
"""Characters of a name: a header may have names that would make a report too large to be stored."""


def shown_names(names: Iterable[str]) -> list[Value]:
    """The first names, and of long ones the beginning."""
    return [_cut(name) for name in islice(names, MAX_NAMES)]


def _cut(name: str) -> str:
    return name if len(name) <= _MAX_NAME else f"{name[:_MAX_NAME]}…"


def findings(
    content: Content, columns: Sequence[Column], *, label: str | None, role: str | None = None
) -> list[Diagnostic]:
    """The diagnostics of a table, in no order. `role` goes into the details where there is a run."""
    where: dict[str, Value] = {"role": role} if role is not None else {}
    found = _table(content, columns, label, where)
    if label is not None:
        found += _label(content, columns, label, where)
    return found


def _table(
    content: Content, columns: Sequence[Column], label: str | None, where: dict[str, Value]
) -> list[Diagnostic]:
    found: list[Diagnostic] = []
    features = [column for column in columns if column.name != label]
    if not content.rows:
        found.append(
            Diagnostic(code="ZERO_ROWS", severity="error", message="the data has no rows", details=where)
        )
    if columns and not features:
        message = "the label is the only column"
        found.append(Diagnostic(code="LABEL_ONLY_DATASET", severity="error", message=message, details=where))
    elif content.rows and all(column.kind == "null" for column in features):
        message = "no column but the label has any value" if label is not None else "no column has any value"
        found.append(Diagnostic(code="ZERO_FEATURES", severity="error", message=message, details=where))
    repeated = [name for name, count in Counter(column.name for column in columns).items() if count > 1]
    if repeated:
        found.append(
            Diagnostic(
                code="DUPLICATE_COLUMNS",
                severity="warning",
                message=_repeated(len(repeated)),
                details={**where, "columns": shown_names(repeated), "count": len(repeated)},
            )
        )
    return found


def _repeated(count: int) -> str:
    return f"{count} column name{' stands' if count == 1 else 's stand'} there more than once"


def missing_rows(content: Content, columns: Sequence[Column], where: dict[str, Value]) -> Diagnostic | None:
    """What a trainer would drop that drops every row with a missing value; None if no row has one."""
    if not content.rows_with_missing:
        return None
    message = f"{content.rows_with_missing} of {content.rows} rows have a missing value"
    details: dict[str, Value] = {
        **where,
        "rows": content.rows,
        "rows_with_missing": content.rows_with_missing,
    }
    return missing_values(message, details, columns)


def missing_values(message: str, details: dict[str, Value], columns: Iterable[Column]) -> Diagnostic:
    """That rows were, or would be, dropped for the missing values in these columns."""
    nulls: Counter[str] = Counter()
    for column in columns:
        nulls[column.name] += column.nulls
    counted: list[tuple[str, Value]] = [(_cut(name), count) for name, count in nulls.items() if count]
    return Diagnostic(
        code="MISSING_VALUES_DROPPED",
        severity="warning",
        message=message,
        details={
            **details,
            "columns": dict(counted[:MAX_NAMES]),
            "columns_with_missing": len(counted),
        },
    )


def label_not_found(label: str, columns: Sequence[str], where: dict[str, Value]) -> Diagnostic:
    """That the label is none of the columns, and which there are."""
    return Diagnostic(
        code="LABEL_NOT_FOUND",
        severity="error",
        message=f"the label column '{label}' is not among the dataset's {len(columns)} columns",
        details={**where, "label": label, "columns": shown_names(columns), "count": len(columns)},
    )


def _label(
    content: Content, columns: Sequence[Column], label: str, where: dict[str, Value]
) -> list[Diagnostic]:
    named = [column for column in columns if column.name == label]
    details: dict[str, Value] = {**where, "label": label}
    if not named:
        return [label_not_found(label, [column.name for column in columns], where)]
    if len(named) > 1:
        message = f"{len(named)} columns are called as the label is"
        return [
            Diagnostic(
                code="LABEL_TYPE_INVALID",
                severity="error",
                message=message,
                details={**details, "count": len(named)},
            )
        ]
    (column,) = named
    found: list[Diagnostic] = []
    if content.rows and column.kind in _NO_LABELS:
        what = "has no value" if column.kind == "null" else f"holds values of the kind {column.kind}"
        message = (
            f"the label column {what}, which are no classes"
            if column.kind != "null"
            else f"the label column {what}"
        )
        found.append(
            Diagnostic(
                code="LABEL_TYPE_INVALID",
                severity="error",
                message=message,
                details={**details, "kind": column.kind},
            )
        )
    if column.nulls and column.kind != "null":
        found.append(
            Diagnostic(
                code="LABEL_MISSING_VALUES",
                severity="warning",
                message=f"the label is missing in {column.nulls} of {content.rows} rows",
                details={**details, "rows": column.nulls},
            )
        )
    if column.distinct == 1 and not column.more:
        found.append(
            Diagnostic(
                code="LABEL_SINGLE_CLASS",
                severity="warning",
                message="the label has the same value in every row that has one",
                details=details,
            )
        )
    return found
