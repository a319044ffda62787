"""`schema`: what a dataset holds, without training: columns, kinds, missing values, label, fingerprints."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ..errors import BadArgument, FileMissing
from ..format.contents import Content
from ..format.frozen import frozen
from ..format.ids import BlobId, ObjectId, Sha256
from ..format.reports import Diagnostic
from ..observe.files import OpenedFile, Stamp, open_regular, path_kind
from ..observe.headers import NoHeader, dataset_format, read_columns
from .contents import Described, ShownField, answered, content_key, settled, shown_fields, unavailable
from .findings import findings, label_not_found, missing_rows

if TYPE_CHECKING:
    from ..observe.reading import FileDigests, Progress
    from ..observe.tables.content import TableContent, Unavailable
    from ..observe.tables.merging import FolderContent
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
    jobs: int | None = 1,
    threads: int = 1,
    store: Store | None = None,
    progress: Progress | None = None,
) -> Schema:
    """What lies at `path`: a file; a folder of part files, or a pattern (`parts/*.csv`), as one table.

    `jobs` files of a folder are read at once (None: as many as the active backend of joblib says), `threads`
    may work at one file. With a `store`, what was recorded of an unchanged file is told without reading it,
    unless values are asked for, which are not stored.

    Raises FileMissing, WrongFileType, FileChanged, OperatingSystemRefused, BadArgument.
    """
    _check_label(label)
    if delimiter == "":
        raise BadArgument(what="an empty delimiter separates nothing")
    if not os.path.lexists(path) or path_kind(path) == "folder":
        folder = _read_folder(path, delimiter, label, jobs, threads, progress)
        return _schema(path, _seen(folder, label, values=values), (), label)
    with open_regular(path) as opened:
        seen = None
        if store is not None and not values:
            seen = _recorded(store, opened, label=label, delimiter=delimiter)
        if seen is None:
            from ..observe.tables.reading import read_dataset

            digests, table = read_dataset(
                opened, sha256=True, label=label, delimiter=delimiter, threads=threads, progress=progress
            )
            seen = _seen(table, label, values=values, digests=digests)
        header: tuple[str, ...] | NoHeader = ()
        if not isinstance(seen.found, Described):
            header = read_columns(opened, delimiter=delimiter)
    return _schema(path, seen, () if isinstance(header, NoHeader) else header, label)


def _check_label(label: str | None) -> None:
    """A command line may hold any bytes, and the name of a column is text. Raises BadArgument."""
    try:
        (label or "").encode()
    except UnicodeEncodeError:
        raise BadArgument(what="the label is not valid text (UTF-8)") from None


def _read_folder(
    path: str,
    delimiter: str | None,
    label: str | None,
    jobs: int | None,
    threads: int,
    progress: Progress | None,
) -> FolderContent | Unavailable | None:
    """The tables of a folder, or of a pattern, as one. Raises as `read_folder_tables`."""
    from ..observe.tables.folders import read_folder_tables, split_pattern

    folder, pattern = split_pattern(path)
    reading = read_folder_tables(
        folder,
        pattern=pattern,
        delimiter=delimiter,
        label=label,
        jobs=jobs,
        threads=threads,
        progress=progress,
    )
    if not reading.files:
        if pattern is not None:
            raise FileMissing(path=path)
        raise BadArgument(what=f"the folder {path} holds no files")
    return reading.content


def schema_frame(frame: object, *, label: str | None = None, values: bool = False) -> Schema:
    """What a table in memory holds: a data frame of pandas, or anything that gives an Arrow stream.

    Raises BadArgument for anything else.
    """
    from ..observe.tables.frames import read_frame

    _check_label(label)
    return _schema(None, _seen(read_frame(frame, label=label), label, values=values), (), label)


@frozen
class _Seen:
    """What is known of a dataset before it is told. `names` are those of the label's values, if wanted."""

    blake3: BlobId | None
    sha256: Sha256 | None
    found: Described | Unavailable | None
    names: tuple[str | None, ...] | None = None


def _seen(
    table: TableContent | FolderContent | Unavailable | None,
    label: str | None,
    *,
    values: bool,
    digests: FileDigests | None = None,
) -> _Seen:
    """What was just read; a folder and a table in memory have no digests of bytes."""
    found = settled(table, label)
    classes = getattr(getattr(table, "label", None), "classes", None) if values else None
    return _Seen(
        blake3=digests.blake3 if digests is not None else None,
        sha256=digests.sha256 if digests is not None else None,
        found=found,
        names=tuple(one.name for one in classes) if classes is not None else None,
    )


def _recorded(store: Store, opened: OpenedFile, *, label: str | None, delimiter: str | None) -> _Seen | None:
    """What the stat cache and the store know of an unchanged file."""
    with store.stat_cache(read_only=True) as cache:
        digests = cache.find(Stamp.of(opened.stat))
        if digests is None or digests[1] is None:
            return None
        blake3 = BlobId(digests[0])
        form = dataset_format(opened.path, delimiter)
        answer = cache.find_answer(content_key(digests[0], form, label)) if form is not None else None
    found = answered(store, answer) if answer is not None else None
    return _Seen(blake3=blake3, sha256=Sha256(digests[1]), found=found) if found is not None else None


def _schema(path: str | None, seen: _Seen, header: tuple[str, ...], label: str | None) -> Schema:
    """`header`: the names of the columns where the content is not known."""
    diagnostics: list[Diagnostic] = []
    found = seen.found
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
        classes=_classes(content, seen.names),
        fields=shown_fields(found.columns) if isinstance(found, Described) else (),
        tables=content.tables if content is not None else None,
        diagnostics=tuple(sorted(diagnostics, key=lambda one: one.order)),
    )


def _classes(content: Content | None, names: tuple[str | None, ...] | None) -> tuple[LabelClass, ...] | None:
    """The label's values; `names` are theirs, None if they are not to be told."""
    if content is None or content.label is None or content.label.classes is None:
        return None
    rows = content.label.classes
    return tuple(
        LabelClass(name=name, rows=count)
        for name, count in zip(names or [None] * len(rows), rows, strict=True)
    )
