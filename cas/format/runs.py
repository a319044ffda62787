"""What was said: the run, and the documents that belong to it.

A run holds bytes and what was said about them, and nothing else: no time, no place, nothing that
obs concluded. The same inputs give the same run id in any folder, on any machine, under any
version of Python or of obs.
"""

from __future__ import annotations

from typing import ClassVar, Final, Literal, Self, get_args

from ..errors import DuplicateKey, InvalidField
from .canonical import Path, Value
from .fields import Fields, check_order, present
from .frozen import frozen
from .ids import BlobId, ObjectId
from .names import RESERVED_ROLES, FileName, check_base_name, check_role, name_bytes

Status = Literal["ok", "failed", "cancelled"]
LinkKind = Literal["file", "tree"]
STATUSES: Final[tuple[Status, ...]] = get_args(Status)
LINK_KINDS: Final[tuple[LinkKind, ...]] = get_args(LinkKind)

MAX_TEXT_BYTES: Final = 4096
"""Of a label or a trainer's run id."""


@frozen
class _Values:
    """A document's values, and the blob they were read from (None: they were given one by one).

    `values` is None where the file of a failed run could not be read as what it was said to be.
    """

    source: BlobId | None = None
    values: dict[str, Value] | None = None

    def __post_init__(self) -> None:
        if self.source is None and self.values is None:
            raise InvalidField(problem="a document has values or a source")

    def to_value(self) -> dict[str, Value]:
        """The map of the fields."""
        result = present((("source", self.source.raw if self.source else None),))
        if self.values is not None:  # an empty document is a document: here {} and absent are two things
            result["values"] = self.values
        return result

    @classmethod
    def from_fields(cls, fields: Fields) -> Self:
        """The inverse of `to_value`."""
        source = fields.digest("source", BlobId) if fields.has("source") else None
        values = fields.values("values") if fields.has("values") else None
        return fields.built(lambda: cls(source=source, values=values))


@frozen
class Metrics(_Values):
    """The numbers that a run reported, as its file has them."""

    KIND: ClassVar[str] = "metrics"


@frozen
class Params(_Values):
    """What a run was configured with."""

    KIND: ClassVar[str] = "params"


@frozen
class Link:
    """One input or output of a run: its role, its base name, and the file or tree it was."""

    role: str
    name: FileName
    kind: LinkKind
    id: ObjectId

    def __post_init__(self) -> None:
        check_role(self.role)
        check_base_name(self.name)
        if self.kind not in LINK_KINDS:
            raise InvalidField(problem="a link leads to a file or a tree")

    @property
    def order(self) -> tuple[bytes, bytes]:
        """The place among other links."""
        return self.role.encode(), name_bytes(self.name)

    def to_value(self) -> Value:
        """The map of the fields."""
        return {"role": self.role, "name": self.name, "kind": self.kind, "id": self.id.raw}

    @classmethod
    def read(cls, value: Value, path: Path) -> Self:
        """The inverse of `to_value`."""
        fields = Fields(value, path, "link")
        role, name = fields.text("role"), fields.name("name")
        kind: LinkKind = fields.one_of("kind", LINK_KINDS)
        target = fields.digest("id", ObjectId)
        return fields.built(lambda: cls(role=role, name=name, kind=kind, id=target))


@frozen
class Document:
    """A run's metrics or params: the values object, and the file (name and file object) it came from."""

    values: ObjectId
    name: FileName | None = None
    file: ObjectId | None = None

    def __post_init__(self) -> None:
        if (self.name is None) != (self.file is None):
            raise InvalidField(problem="a document has a name and a file, or neither")
        if self.name is not None:
            check_base_name(self.name)

    def to_value(self) -> Value:
        """The map of the fields."""
        file = self.file.raw if self.file else None
        return present((("values", self.values.raw), ("name", self.name), ("file", file)))

    @classmethod
    def read(cls, value: Value, path: Path) -> Self:
        """The inverse of `to_value`."""
        fields = Fields(value, path, "document")
        values = fields.digest("values", ObjectId)
        name = fields.name("name") if fields.has("name") else None
        file = fields.digest("file", ObjectId) if fields.has("file") else None
        return fields.built(lambda: cls(values=values, name=name, file=file))


@frozen
class Run:
    """One training run: what went in, what came out, what was said.

    `datasets` and `artifacts` are sets, sorted by (role, name); a role names one thing of the run.
    `record` is the trainer's own record of the run, a file that obs keeps but does not interpret here.
    """

    KIND: ClassVar[str] = "run"
    datasets: tuple[Link, ...] = ()
    artifacts: tuple[Link, ...] = ()
    metrics: Document | None = None
    params: Document | None = None
    record: Link | None = None
    label: str | None = None
    run_id: str | None = None
    status: Status = "ok"

    def __post_init__(self) -> None:
        check_order([link.order for link in self.datasets], "the datasets of a run")
        check_order([link.order for link in self.artifacts], "the artifacts of a run")
        taken: set[str] = set()
        for link in (*self.datasets, *self.artifacts):
            if link.role in RESERVED_ROLES:
                raise InvalidField(problem=f"the role '{link.role}' belongs to the run's own documents")
            if link.role in taken:
                raise DuplicateKey(problem=f"the role '{link.role}' is taken twice")
            taken.add(link.role)
        if self.record is not None and (self.record.role != "record" or self.record.kind != "file"):
            raise InvalidField(problem="a run's record is a file in the role 'record'")
        for what, text in (("label", self.label), ("run_id", self.run_id)):
            if text is not None and len(text.encode("utf-8", "surrogatepass")) > MAX_TEXT_BYTES:
                raise InvalidField(problem=f"a {what} has at most {MAX_TEXT_BYTES} bytes")
        if self.run_id == "":
            raise InvalidField(problem="a run_id is not empty")
        if self.status not in STATUSES:
            raise InvalidField(problem="a status is ok, failed or cancelled")

    def links(self) -> tuple[Link, ...]:
        """Everything that has a role: datasets, artifacts, the record."""
        return (*self.datasets, *self.artifacts, *((self.record,) if self.record else ()))

    def to_value(self) -> dict[str, Value]:
        """The map of the fields."""
        return present(
            (
                ("datasets", [link.to_value() for link in self.datasets]),
                ("artifacts", [link.to_value() for link in self.artifacts]),
                ("metrics", self.metrics.to_value() if self.metrics else None),
                ("params", self.params.to_value() if self.params else None),
                ("record", self.record.to_value() if self.record else None),
                ("label", self.label),
                ("run_id", self.run_id),
                ("status", self.status),
            )
        )

    @classmethod
    def from_fields(cls, fields: Fields) -> Self:
        """The inverse of `to_value`."""
        datasets, artifacts = fields.items("datasets", Link.read), fields.items("artifacts", Link.read)
        metrics = fields.within("metrics", Document.read) if fields.has("metrics") else None
        params = fields.within("params", Document.read) if fields.has("params") else None
        record = fields.within("record", Link.read) if fields.has("record") else None
        label = fields.text("label") if fields.has("label") else None
        run_id = fields.text("run_id") if fields.has("run_id") else None
        status: Status = fields.one_of("status", STATUSES)
        return fields.built(
            lambda: cls(
                datasets=datasets,
                artifacts=artifacts,
                metrics=metrics,
                params=params,
                record=record,
                label=label,
                run_id=run_id,
                status=status,
            )
        )
