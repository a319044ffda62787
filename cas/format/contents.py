"""What a dataset holds: the fingerprint of a table's content, or of the tables in a folder.

How the digests are made stands in docs/format.md. No value of any cell is in these objects.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import ClassVar, Final, Literal, Self, TypeVar, get_args

from ..errors import InvalidField
from .canonical import Path, Value
from .data import read_object_id
from .fields import Fields, Misplaced, check_order, present
from .frozen import frozen
from .ids import BlobId, ObjectId
from .names import FileName, check_name, name_bytes

ColumnKind = Literal["null", "boolean", "number", "timestamp", "zoned_timestamp", "text", "binary"]
COLUMN_KINDS: Final[tuple[ColumnKind, ...]] = get_args(ColumnKind)
"""In the order of their numbers in the digests, from 0."""
RULES: Final = 1
"""The version of the rules by which cells become digests."""
COLUMNS_PER_PART: Final = 1024
MEMBERS_PER_PART: Final = 4096
MAX_DISTINCT: Final = 10_000
PAGE_ROWS: Final = 4096
BLOCK_ROWS: Final = 16 * PAGE_ROWS
DIGEST_BYTES: Final = 32

T = TypeVar("T")


@frozen
class Column:
    """One column. `value` is the digest of its typed cells, `text` that of the cells as they were written,
    None where that is the same or where nothing was written. Of the distinct values that are not null
    `distinct` were counted; if `more` is true there are more.
    """

    name: str
    kind: ColumnKind
    nulls: int
    distinct: int
    value: ObjectId
    text: ObjectId | None = None
    more: bool = False

    def __post_init__(self) -> None:
        if self.kind not in COLUMN_KINDS or self.nulls < 0 or not 0 <= self.distinct <= MAX_DISTINCT:
            raise InvalidField(problem="a column has a kind, and counts that are not negative")

    def to_value(self) -> Value:
        """The map of the fields."""
        return present(
            (
                ("name", self.name),
                ("kind", self.kind),
                ("nulls", self.nulls),
                ("distinct", self.distinct),
                ("more", self.more or None),
                ("value", self.value.raw),
                ("text", self.text.raw if self.text is not None else None),
            )
        )

    @classmethod
    def read(cls, value: Value, path: Path) -> Self:
        """The inverse of `to_value`."""
        fields = Fields(value, path, "column")
        name, nulls, distinct = fields.text("name"), fields.uint("nulls"), fields.uint("distinct")
        kind: ColumnKind = fields.one_of("kind", COLUMN_KINDS)
        digest = fields.digest("value", ObjectId)
        text = fields.digest("text", ObjectId) if fields.has("text") else None
        more = fields.flag("more")
        return fields.built(
            lambda: cls(
                name=name, kind=kind, nulls=nulls, distinct=distinct, value=digest, text=text, more=more
            )
        )


@frozen
class Member:
    """One table of a folder: where it lies in it, its rows, and its table digest."""

    name: FileName
    rows: int
    table: ObjectId

    def __post_init__(self) -> None:
        check_name(self.name)
        if self.rows < 0:
            raise InvalidField(problem="a number of rows is not negative")

    def to_value(self) -> Value:
        """The array [name, rows, table]."""
        return [self.name, self.rows, self.table.raw]

    @classmethod
    def read(cls, value: Value, path: Path) -> Self:
        """The inverse of `to_value`."""
        match value:
            case [(str() | bytes()) as name, int() as rows, bytes() as table] if (
                type(rows) is int and len(table) == 32
            ):
                try:
                    return cls(name=name, rows=rows, table=ObjectId(table))
                except InvalidField as error:
                    raise Misplaced(path, error) from None
            case _:
                raise Misplaced(path, InvalidField(problem="a member is [name, rows, table]"))


@frozen
class Label:
    """The label column: its name, and the rows of each class in descending order (None: too many classes).
    A class has no name here; `classes_digest` is that of the set of them, None where it is not known.
    `fractions`: they are numbers, and not all of them integers."""

    name: str
    nulls: int
    classes: tuple[int, ...] | None
    classes_digest: ObjectId | None = None
    fractions: bool = False

    def __post_init__(self) -> None:
        rows = self.classes or ()
        if self.nulls < 0 or len(rows) > MAX_DISTINCT or any(count < 1 for count in rows):
            raise InvalidField(problem="a label has counts of rows, at most 10,000")
        if any(before < after for before, after in pairwise(rows)):
            raise InvalidField(problem="the classes of a label are in descending order of their rows")
        if not rows and (self.classes_digest is not None or self.fractions):
            raise InvalidField(problem="only classes that were counted have a digest, or fractions")

    def to_value(self) -> Value:
        """The map of the fields."""
        counted = None if self.classes is None else list[Value](self.classes)
        return present(
            (
                ("name", self.name),
                ("nulls", self.nulls),
                ("classes", counted),
                ("more", True if self.classes is None else None),
                ("classes_digest", self.classes_digest.raw if self.classes_digest is not None else None),
                ("fractions", self.fractions or None),
            )
        )

    @classmethod
    def read(cls, value: Value, path: Path) -> Self:
        """The inverse of `to_value`."""
        fields = Fields(value, path, "label")
        name, nulls = fields.text("name"), fields.uint("nulls")
        classes = fields.items("classes", _read_count)
        more, fractions = fields.flag("more"), fields.flag("fractions")
        digest = fields.digest("classes_digest", ObjectId) if fields.has("classes_digest") else None
        if more and classes:
            raise Misplaced(path, InvalidField(problem="a label has its classes or more than can be counted"))
        return fields.built(
            lambda: cls(
                name=name,
                nulls=nulls,
                classes=None if more else classes,
                classes_digest=digest,
                fractions=fractions,
            )
        )


@frozen
class ContentPart:
    """1,024 columns of a wide table, or 4,096 tables of a folder (the last part: what is left)."""

    KIND: ClassVar[str] = "content-part"
    columns: tuple[Column, ...] = ()
    members: tuple[Member, ...] = ()

    def __post_init__(self) -> None:
        columns, members = len(self.columns), len(self.members)
        if bool(columns) == bool(members) or columns > COLUMNS_PER_PART or members > MEMBERS_PER_PART:
            raise InvalidField(problem="a part has up to 1,024 columns, or up to 4,096 members")
        check_members(self.members)

    def to_value(self) -> dict[str, Value]:
        """The map of the fields."""
        return present(
            (
                ("columns", [column.to_value() for column in self.columns]),
                ("members", [member.to_value() for member in self.members]),
            )
        )

    @classmethod
    def from_fields(cls, fields: Fields) -> Self:
        """The inverse of `to_value`."""
        columns, members = fields.items("columns", Column.read), fields.items("members", Member.read)
        return fields.built(lambda: cls(columns=columns, members=members))


@frozen
class Content:
    """A table, or all tables of a folder as one: `tables` is how many, None for a single file.

    `width` is the number of columns. Up to 1,024 columns and 4,096 members stand here, more of either in
    parts. `digests` is a blob: of each column the block digests and the page digests of a last block that is
    not full, by value and then, if it has a `text` of its own, by text. A folder has none, nor has a table
    without rows or columns.
    """

    KIND: ClassVar[str] = "content"
    rules: int
    rows: int
    width: int
    rows_with_missing: int
    schema: ObjectId
    table: ObjectId
    columns: tuple[Column, ...] = ()
    column_parts: tuple[ObjectId, ...] = ()
    digests: BlobId | None = None
    label: Label | None = None
    tables: int | None = None
    members: tuple[Member, ...] = ()
    member_parts: tuple[ObjectId, ...] = ()

    def __post_init__(self) -> None:
        if self.rules < 1 or self.rows < 0 or not 0 <= self.rows_with_missing <= self.rows:
            raise InvalidField(problem="a content has rules, and counts of rows that fit together")
        _check_split(self.width, len(self.columns), len(self.column_parts), COLUMNS_PER_PART)
        _check_split(self.tables or 0, len(self.members), len(self.member_parts), MEMBERS_PER_PART)
        if (self.digests is not None) != (self.tables is None and self.rows > 0 and self.width > 0):
            raise InvalidField(problem="a table with rows has digests, and nothing else has")
        check_members(self.members)

    def to_value(self) -> dict[str, Value]:
        """The map of the fields."""
        return present(
            (
                ("rules", self.rules),
                ("rows", self.rows),
                ("width", self.width),
                ("rows_with_missing", self.rows_with_missing),
                ("schema", self.schema.raw),
                ("table", self.table.raw),
                ("columns", [column.to_value() for column in self.columns]),
                ("column_parts", [part.raw for part in self.column_parts]),
                ("digests", self.digests.raw if self.digests is not None else None),
                ("label", self.label.to_value() if self.label is not None else None),
                ("tables", self.tables),
                ("members", [member.to_value() for member in self.members]),
                ("member_parts", [part.raw for part in self.member_parts]),
            )
        )

    @classmethod
    def from_fields(cls, fields: Fields) -> Self:
        """The inverse of `to_value`."""
        rules, rows, width = fields.uint("rules"), fields.uint("rows"), fields.uint("width")
        missing = fields.uint("rows_with_missing")
        schema, table = fields.digest("schema", ObjectId), fields.digest("table", ObjectId)
        columns = fields.items("columns", Column.read)
        column_parts = fields.items("column_parts", read_object_id)
        digests = fields.digest("digests", BlobId) if fields.has("digests") else None
        label = fields.within("label", Label.read) if fields.has("label") else None
        tables = fields.uint("tables") if fields.has("tables") else None
        members = fields.items("members", Member.read)
        member_parts = fields.items("member_parts", read_object_id)
        return fields.built(
            lambda: cls(
                rules=rules,
                rows=rows,
                width=width,
                rows_with_missing=missing,
                schema=schema,
                table=table,
                columns=columns,
                column_parts=column_parts,
                digests=digests,
                label=label,
                tables=tables,
                members=members,
                member_parts=member_parts,
            )
        )


def columns_of(content: Content, parts: Iterable[ContentPart]) -> Iterator[Column]:
    """Every column in its order; `parts` are the content's `column_parts`. Raises InvalidField, at the latest
    behind the last column, if they are not what belongs to it."""
    yield from _all_of(content.columns, (part.columns for part in parts), content.width, COLUMNS_PER_PART)


def members_of(content: Content, parts: Iterable[ContentPart]) -> Iterator[Member]:
    """Every member in its order; `parts` are the content's `member_parts`. Raises as `columns_of`, and
    UnsortedKeys or DuplicateKey."""
    last = b""
    rows = 0
    for member in _all_of(
        content.members, (part.members for part in parts), content.tables or 0, MEMBERS_PER_PART
    ):
        name = name_bytes(member.name)
        check_order([(last,), (name,)] if last else [], "the members of a folder")
        last, rows = name, rows + member.rows
        yield member
    if content.tables is not None and rows != content.rows:
        raise InvalidField(problem="the rows of a folder's tables do not add up to its rows")


def _all_of(here: tuple[T, ...], parts: Iterable[tuple[T, ...]], count: int, most: int) -> Iterator[T]:
    yield from here
    found = len(here)
    for part in parts:
        if len(part) != min(most, count - found):
            raise InvalidField(
                problem=f"the parts of a content hold {most} entries each, the last one the rest"
            )
        found += len(part)
        yield from part
    if found != count:
        raise InvalidField(problem="the parts of a content do not add up to its count")


def pages_of(rows: int) -> tuple[int, int]:
    """How many blocks a column of so many rows has, and how many pages of a last one that is not full."""
    blocks, rest = divmod(rows, BLOCK_ROWS)
    return blocks + (rest > 0), -(-rest // PAGE_ROWS)


def digest_bytes(content: Content, columns: Iterable[Column]) -> int:
    """The size of the blob of digests."""
    each = DIGEST_BYTES * sum(pages_of(content.rows))
    return sum(each * (1 + (column.text is not None)) for column in columns)


def check_members(members: tuple[Member, ...]) -> None:
    """Whether they are in byte order of their names. Raises UnsortedKeys, DuplicateKey."""
    check_order([(name_bytes(member.name),) for member in members], "the members of a folder")


def _check_split(count: int, held: int, parts: int, most: int) -> None:
    small = held == count and not parts
    if not small if count <= most else held or parts != -(-count // most):
        raise InvalidField(problem=f"up to {most} stand in the object itself, and more in parts of {most}")


def _read_count(value: Value, path: Path) -> int:
    if type(value) is not int:
        raise Misplaced(path, InvalidField(problem="a count is an int"))
    return value
