"""`schema`: what a dataset holds, without training: columns, kinds, missing values, label, fingerprints."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ..format.contents import Content
from ..format.frozen import frozen
from ..format.ids import BlobId, ObjectId, Sha256
from ..format.reports import Diagnostic
from ..observe.files import OpenedFile, Stamp, open_regular
from ..observe.headers import NoHeader, read_columns
from .contents import Described, ShownField, answered, content_key, settled, shown_fields, unavailable
from .findings import findings, label_not_found, missing_rows

if TYPE_CHECKING:
    from ..observe.reading import Progress
    from ..observe.tables.content import TableContent, Unavailable
    from ..store.store import Store


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
    fields: tuple[ShownField, ...]
    tables: int | None
    diagnostics: tuple[Diagnostic, ...]

    @property
    def exit_code(self) -> int:
        """1: the label is not there. 5: the content is not known. Else 0."""
        if self.label_present is False:
            return 1
        return 0 if self.content_fingerprint is not None else 5


def schema_path(
    path: str,
    *,
    label: str | None = None,
    values: bool = False,
    delimiter: str | None = None,
    store: Store | None = None,
    progress: Progress | None = None,
) -> Schema:
    """What the file at `path` holds. With a `store`, what was recorded of an unchanged file is told without
    reading it, unless values are asked for, which are not stored.

    Raises FileMissing, WrongFileType, FileChanged, OperatingSystemRefused, BadArgument.
    """
    with open_regular(path) as opened:
        seen = None
        if store is not None and not values:
            seen = _recorded(store, opened, label=label, delimiter=delimiter)
        if seen is None:
            from ..observe.tables.reading import read_dataset

            digests, table = read_dataset(
                opened, sha256=True, label=label, delimiter=delimiter, progress=progress
            )
            seen = _Seen(blake3=digests.blake3, sha256=digests.sha256, table=table)
        header: tuple[str, ...] | NoHeader = ()
        if not isinstance(settled(seen.table, label), Described):
            header = read_columns(opened, delimiter=delimiter)
    return _schema(path, seen, () if isinstance(header, NoHeader) else header, label, values=values)


def schema_table(table: TableContent | Unavailable, *, label: str | None, values: bool) -> Schema:
    """What a table holds that is in memory: it has no path and no bytes."""
    return _schema(None, _Seen(blake3=None, sha256=None, table=table), (), label, values=values)


@frozen
class _Seen:
    """What is known of a dataset before it is told."""

    blake3: BlobId | None
    sha256: Sha256 | None
    table: TableContent | Described | Unavailable | None


def _recorded(store: Store, opened: OpenedFile, *, label: str | None, delimiter: str | None) -> _Seen | None:
    """What the stat cache and the store know of an unchanged file."""
    with store.stat_cache(read_only=True) as cache:
        digests = cache.find(Stamp.of(opened.stat))
        if digests is None or digests[1] is None:
            return None
        blake3 = BlobId(digests[0])
        asked = content_key(digests[0], os.path.basename(opened.path), delimiter=delimiter, label=label)
        answer = cache.find_answer(asked)
    found = answered(store, answer) if answer is not None else None
    return _Seen(blake3=blake3, sha256=Sha256(digests[1]), table=found) if found is not None else None


def _schema(
    path: str | None, seen: _Seen, header: tuple[str, ...], label: str | None, *, values: bool
) -> Schema:
    """`header`: the names of the columns where the content is not known."""
    diagnostics: list[Diagnostic] = []
    found = settled(seen.table, label)
    content = None
    if isinstance(found, Described):
        content = found.content
        header = tuple(column.name for column in found.columns)
        diagnostics += findings(content, found.columns, label=label)
        dropped = missing_rows(content, found.columns, {})
        diagnostics += [dropped] if dropped is not None else []
    else:
        diagnostics.append(unavailable(found, {}))
        if label is not None and header and label not in header:
            diagnostics.append(label_not_found(label, header, {}))
    known = bool(header) or content is not None
    return Schema(
        dataset_path=path,
        fingerprint_sha256=seen.sha256,
        fingerprint_blake3=seen.blake3,
        content_fingerprint=content.table if content is not None else None,
        schema_fingerprint=content.schema if content is not None else None,
        columns=header,
        num_rows=content.rows if content is not None else None,
        label_column=label,
        label_present=label in header if label is not None and known else None,
        num_features_excluding_label=sum(name != label for name in header) if known else None,
        rows_with_missing=content.rows_with_missing if content is not None else None,
        label_missing=content.label.nulls if content is not None and content.label is not None else None,
        classes=_classes(content, seen.table, values=values),
        fields=shown_fields(found.columns) if isinstance(found, Described) else (),
        tables=content.tables if content is not None else None,
        diagnostics=tuple(sorted(diagnostics, key=lambda one: one.order)),
    )


def _classes(content: Content | None, seen: object, *, values: bool) -> tuple[LabelClass, ...] | None:
    """The label's values, with their names if those are wanted: only what was just seen has them."""
    if content is None or content.label is None or content.label.classes is None:
        return None
    from ..observe.tables.content import TableContent

    names: list[str | None] = [None] * len(content.label.classes)
    if (
        values
        and isinstance(seen, TableContent)
        and seen.label is not None
        and seen.label.classes is not None
    ):
        names = [found.name for found in seen.label.classes]
    return tuple(
        LabelClass(name=name, rows=rows) for name, rows in zip(names, content.label.classes, strict=True)
    )
