"""The content of a table between observing and storing: as objects to store, and as it was stored before."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final, TypeAlias, TypeVar

from blake3 import blake3

from ..errors import ContentUnreadable, FormatError, IntegrityError
from ..format.canonical import Value, decode, encode
from ..format.contents import (
    COLUMN_KINDS,
    COLUMNS_PER_PART,
    DIGEST_BYTES,
    MEMBERS_PER_PART,
    RULES,
    Column,
    ColumnKind,
    Content,
    ContentPart,
    Label,
    Member,
    columns_of,
)
from ..format.frozen import frozen
from ..format.ids import ObjectId, blob_id
from ..format.objects import object_id
from ..format.reports import Diagnostic
from ..store.store import Store

if TYPE_CHECKING:
    from ..observe.headers import DatasetFormat
    from ..observe.tables.content import ColumnContent, TableContent, Unavailable
    from ..observe.tables.merging import FolderContent

Seen: TypeAlias = "TableContent | FolderContent | Unavailable | Described | None"
"""What was just seen of a dataset, or described before, or why there is nothing to be seen; None: it is
opaque, or nothing is known."""
T = TypeVar("T")

_ID: Final = b"\0"
"""Before an id: no array of MessagePack begins so."""


@frozen
class Described:
    """A content with all its columns, and what is to be stored beside it: nothing if it was there before."""

    id: ObjectId
    content: Content
    columns: tuple[Column, ...]
    parts: tuple[ContentPart, ...] = ()
    digests: bytes = b""


def describe(table: TableContent | FolderContent, label: str | None) -> Described:
    """The objects that hold what was seen of a table. `label` is the column whose classes were counted."""
    from ..observe.tables.content import TableContent

    columns = tuple(_column(column) for column in table.columns)
    column_parts = tuple(ContentPart(columns=part) for part in _split(columns, COLUMNS_PER_PART))
    members = None
    if not isinstance(table, TableContent):
        members = tuple(
            Member(name=one.name, rows=one.rows, table=ObjectId(one.table)) for one in table.members
        )
    member_parts = tuple(ContentPart(members=part) for part in _split(members or (), MEMBERS_PER_PART))
    digests = b"".join(
        column.value_blocks
        + column.value_pages
        + (column.text_blocks + column.text_pages if kept.text else b"")
        for column, kept in zip(table.columns, columns, strict=True)
    )
    seen = None
    if table.label is not None and label is not None:
        classes = table.label.classes
        rows = tuple(found.rows for found in classes) if classes is not None else None
        digest = table.label.digest
        seen = Label(
            name=label,
            nulls=table.label.nulls,
            classes=rows,
            classes_digest=ObjectId(digest) if digest is not None else None,
            fractions=table.label.fractions,
        )
    content = Content(
        rules=RULES,
        rows=table.rows,
        width=len(columns),
        rows_with_missing=table.rows_with_missing,
        schema=ObjectId(table.schema),
        table=ObjectId(table.table),
        columns=() if column_parts else columns,
        column_parts=tuple(object_id(part) for part in column_parts),
        digests=blob_id(digests) if digests else None,
        label=seen,
        tables=len(members) if members is not None else None,
        members=() if member_parts else members or (),
        member_parts=tuple(object_id(part) for part in member_parts),
    )
    parts = (*column_parts, *member_parts)
    return Described(id=object_id(content), content=content, columns=columns, parts=parts, digests=digests)


def _column(column: ColumnContent) -> Column:
    written = column.text is not None and column.text != column.value
    return Column(
        name=column.name,
        kind=COLUMN_KINDS[column.kind],
        nulls=column.nulls,
        distinct=column.distinct,
        more=not column.distinct_exact,
        value=ObjectId(column.value),
        text=ObjectId(column.text) if column.text is not None and written else None,
    )


def _split(items: tuple[T, ...], most: int) -> Iterator[tuple[T, ...]]:
    """What goes into parts: nothing up to the size of one."""
    if len(items) > most:
        yield from (items[start : start + most] for start in range(0, len(items), most))


@frozen
class ShownField:
    """One column; if `distinct_exact` is false there are more different values than were counted."""

    name: str
    kind: ColumnKind
    nulls: int
    distinct: int
    distinct_exact: bool


@frozen
class ShownContent:
    """A stored content: its fingerprints, counts, and columns. `classes` are the rows of each of the label's
    values in descending order, None without a label and where there are too many. `tables` is of a folder."""

    id: ObjectId
    content_fingerprint: ObjectId
    schema_fingerprint: ObjectId
    num_rows: int
    num_columns: int
    rows_with_missing: int
    label: str | None
    label_missing: int | None
    classes: tuple[int, ...] | None
    tables: int | None
    fields: tuple[ShownField, ...]


def shown_content(found: Described) -> ShownContent:
    """A content as `show` tells it."""
    content = found.content
    return ShownContent(
        id=found.id,
        content_fingerprint=content.table,
        schema_fingerprint=content.schema,
        num_rows=content.rows,
        num_columns=content.width,
        rows_with_missing=content.rows_with_missing,
        label=content.label.name if content.label is not None else None,
        label_missing=content.label.nulls if content.label is not None else None,
        classes=content.label.classes if content.label is not None else None,
        tables=content.tables,
        fields=shown_fields(found.columns),
    )


def shown_fields(columns: Sequence[Column]) -> tuple[ShownField, ...]:
    """The columns as `schema` and `show` tell them."""
    return tuple(
        ShownField(
            name=column.name,
            kind=column.kind,
            nulls=column.nulls,
            distinct=column.distinct,
            distinct_exact=not column.more,
        )
        for column in columns
    )


def content_key(digest: bytes, form: DatasetFormat | None, label: str | None) -> bytes:
    """What the content of a file or folder depends on, as a digest: `digest` is that of its bytes or the id
    of its tree, `form` how a file is read (None: a folder, each of its files by its name)."""
    asked: list[Value] = ["content", RULES, digest, label]
    if form is not None:
        asked += [form.kind, form.delimiter, form.compression]
    return blake3(encode(asked)).digest()


def content_of_frame(frame: object) -> Content:
    """The content of a table in memory. Raises BadArgument, ContentUnreadable."""
    from ..observe.tables.content import Unavailable
    from ..observe.tables.frames import read_frame

    seen = read_frame(frame)
    if isinstance(seen, Unavailable):
        raise ContentUnreadable(reason=seen.code, problem=seen.message)
    return describe(seen, None).content


def answer_of(content: Described | None, seen: Seen) -> bytes | None:
    """What the stat cache remembers of a table: the id of its content, or why there is none."""
    if content is not None:
        return _ID + content.id.raw
    from ..observe.tables.content import Unavailable

    if not isinstance(seen, Unavailable):
        return None
    place: list[Value] = [seen.place.unit, seen.place.number] if seen.place is not None else []
    return encode([seen.code, seen.message, seen.file, *place])


def answered(store: Store, answer: bytes) -> Described | Unavailable | None:
    """The inverse, for what the store still has; None if it has not."""
    if answer.startswith(_ID) and len(answer) == 1 + DIGEST_BYTES:
        return _known(store, ObjectId(answer[1:]))
    from ..observe.tables.content import Place, Unavailable

    try:
        match decode(answer):
            case [str() as code, str() as message, (str() | bytes() | None) as file]:
                return Unavailable(code, message, None, file)
            case [
                str() as code,
                str() as message,
                (str() | bytes() | None) as file,
                str() as unit,
                int() as at,
            ]:
                return Unavailable(code, message, Place(unit, at), file)
            case _:
                return None
    except FormatError:
        return None


def stored_content(store: Store, wanted: ObjectId) -> Described:
    """A content that was stored, with all its columns. Raises MissingObject, CorruptObject, InvalidField."""
    content = store.objects.get(Content, wanted, "a report")
    parts = tuple(store.objects.get(ContentPart, part, "a content") for part in content.column_parts)
    return Described(id=wanted, content=content, columns=tuple(columns_of(content, parts)))


def _known(store: Store, wanted: ObjectId) -> Described | None:
    """The same; None if not all of it is there and whole."""
    try:
        found = stored_content(store, wanted)
    except (IntegrityError, FormatError):
        return None
    return found if all(store.objects.has(part) for part in found.content.member_parts) else None


def settled(seen: Seen, label: str | None) -> Described | Unavailable | None:
    """What was seen of a table, described; as it is what was described before, and why there is none."""
    if seen is None or isinstance(seen, Described):
        return seen
    from ..observe.tables.content import Unavailable

    return seen if isinstance(seen, Unavailable) else describe(seen, label)


def unavailable(found: Unavailable | None, where: dict[str, Value]) -> Diagnostic:
    """Why the content of a dataset is not known; None: its format is not one that obs reads."""
    if found is None:
        return Diagnostic(
            code="CONTENT_UNAVAILABLE",
            severity="info",
            message="the content was not looked at: by its name the file is no table",
            details={**where, "reason": "OPAQUE_FORMAT"},
        )
    details: dict[str, Value] = {**where, "reason": found.code}
    places: list[str] = []
    if found.file is not None:
        details["file"] = found.file
        # A message is text; `details` has the name as it is.
        places.append(
            f"in {found.file if isinstance(found.file, str) else found.file.decode(errors='replace')}"
        )
    if found.place is not None:
        details[found.place.unit] = found.place.number
        places.append(f"{found.place.unit} {found.place.number}")
    at = f" ({', '.join(places)})" if places else ""
    return Diagnostic(
        code="CONTENT_UNAVAILABLE",
        severity="warning",
        message=f"the content cannot be read: {found.message}{at}",
        details=details,
    )
