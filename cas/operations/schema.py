"""`schema`: what a dataset holds, without training: columns, kinds, missing values, label, fingerprints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..format.contents import Column, ColumnKind
from ..format.frozen import frozen
from ..format.ids import BlobId, ObjectId, Sha256
from ..format.reports import Diagnostic
from ..observe.files import open_regular
from ..observe.headers import NoHeader, read_columns
from .contents import Described, describe, unavailable
from .findings import findings, missing_rows

if TYPE_CHECKING:
    from ..observe.reading import Progress
    from ..observe.tables.content import LabelContent, TableContent, Unavailable


@frozen
class SchemaField:
    """One column; if `distinct_exact` is false there are more different values than were counted."""

    name: str
    kind: ColumnKind
    nulls: int
    distinct: int
    distinct_exact: bool


@frozen
class LabelClass:
    """One value of the label, and in how many rows it stands. `name` is None unless values were asked for."""

    name: str | None
    rows: int


@frozen
class Schema:
    """What a dataset holds. What is not known is None; `diagnostics` say why.

    `label_present` is None where no label was asked for, or no columns can be read. `classes` are in
    descending order of their rows, None if there are too many.
    """

    dataset_path: str | None
    fingerprint_sha256: Sha256 | None
    fingerprint_blake3: BlobId | None
    content_fingerprint: ObjectId | None
    schema_fingerprint: ObjectId | None
    columns: tuple[str, ...]
    num_rows: int | None
    label_column: str | None
    label_present: bool | None
    num_features_excluding_label: int | None
    rows_with_missing: int | None
    label_missing: int | None
    classes: tuple[LabelClass, ...] | None
    fields: tuple[SchemaField, ...]
    tables: int | None
    diagnostics: tuple[Diagnostic, ...]

    @property
    def exit_code(self) -> int:
        """1: the label is not there. 5: the content is not known. Else 0."""
        if self.label_present is False:
            return 1
        return 0 if self.content_fingerprint is not None else 5


def schema_file(
    path: str,
    *,
    label: str | None = None,
    values: bool = False,
    delimiter: str | None = None,
    progress: Progress | None = None,
) -> Schema:
    """What the file at `path` holds.

    Raises FileMissing, WrongFileType, FileChanged, OperatingSystemRefused, BadArgument.
    """
    from ..observe.tables.reading import read_table

    with open_regular(path) as opened:
        header = read_columns(opened, delimiter=delimiter)
        digests, seen = read_table(opened, sha256=True, label=label, delimiter=delimiter, progress=progress)
    columns = () if isinstance(header, NoHeader) else header
    return _schema(path, digests.blake3, digests.sha256, columns, seen, label, values=values)


def schema_table(seen: TableContent | Unavailable, *, label: str | None, values: bool) -> Schema:
    """What a table holds that is in memory: it has no path and no bytes."""
    return _schema(None, None, None, (), seen, label, values=values)


def _schema(
    path: str | None,
    blake3: BlobId | None,
    sha256: Sha256 | None,
    header: tuple[str, ...],
    seen: TableContent | Unavailable | None,
    label: str | None,
    *,
    values: bool,
) -> Schema:
    from ..observe.tables.content import TableContent

    found: Described | None = None
    label_seen: LabelContent | None = None
    diagnostics: list[Diagnostic] = []
    if isinstance(seen, TableContent):
        found, label_seen = describe(seen, label), seen.label
        header = tuple(column.name for column in found.columns)
        diagnostics += findings(found.content, found.columns, label=label)
        dropped = missing_rows(found.content, found.columns, {})
        diagnostics += [dropped] if dropped is not None else []
    else:
        diagnostics.append(unavailable(seen, {}))
    known = bool(header) or found is not None
    content = found.content if found is not None else None
    return Schema(
        dataset_path=path,
        fingerprint_sha256=sha256,
        fingerprint_blake3=blake3,
        content_fingerprint=content.table if content is not None else None,
        schema_fingerprint=content.schema if content is not None else None,
        columns=header,
        num_rows=content.rows if content is not None else None,
        label_column=label,
        label_present=label in header if label is not None and known else None,
        num_features_excluding_label=sum(name != label for name in header) if known else None,
        rows_with_missing=content.rows_with_missing if content is not None else None,
        label_missing=label_seen.nulls if label_seen is not None else None,
        classes=_classes(label_seen, values=values),
        fields=tuple(_field(column) for column in found.columns) if found is not None else (),
        tables=content.tables if content is not None else None,
        diagnostics=tuple(sorted(diagnostics, key=lambda one: one.order)),
    )


def _field(column: Column) -> SchemaField:
    return SchemaField(
        name=column.name,
        kind=column.kind,
        nulls=column.nulls,
        distinct=column.distinct,
        distinct_exact=not column.more,
    )


def _classes(label: LabelContent | None, *, values: bool) -> tuple[LabelClass, ...] | None:
    if label is None or label.classes is None:
        return None
    return tuple(LabelClass(name=found.name if values else None, rows=found.rows) for found in label.classes)


def schema_path(
    path: str,
    *,
    label: str | None = None,
    values: bool = False,
    delimiter: str | None = None,
    jobs: int = 1,
    progress: Progress | None = None,
) -> Schema:
    """What the file or folder at `path` holds; `jobs` files of a folder are read at once. Raises as
    `schema_file`."""
    return schema_file(path, label=label, values=values, delimiter=delimiter, progress=progress)
