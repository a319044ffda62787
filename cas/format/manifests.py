"""The commit of the history: which run, which report, when, where the files lay, what came before.

Only a manifest holds a time or a place. It names its parent by id, and commits beside that to the
Merkle tree over all manifests before it (`history`, the tree's frontier).
"""

from __future__ import annotations

from bisect import bisect_left
from operator import attrgetter
from typing import TYPE_CHECKING, ClassVar, Final, Self

from ..errors import InvalidField
from .canonical import Path, Value
from .fields import Fields, Misplaced, check_order, present, text_order
from .frozen import frozen
from .ids import ObjectId, Sha256
from .names import FileName, check_base_name, check_name, check_role, is_code, name_bytes
from .times import check_time

if TYPE_CHECKING:
    from .merkle import Frontier

MAX_MESSAGE_BYTES: Final = 65536


@frozen
class FileNote:
    """Where one file of the run lay when it was recorded, and what was said about its bytes.

    `path` is relative to the folder that holds `.obs/`; what lies outside is known by its base name
    only. `cached` counts the files whose digest was taken from the stat cache: 0 means that every
    byte was read. `sha256` is None for folders, and where it was not wanted.
    """

    role: str
    name: FileName
    path: FileName
    outside: bool = False
    sha256: Sha256 | None = None
    cached: int = 0

    def __post_init__(self) -> None:
        check_role(self.role)
        check_base_name(self.name)
        (check_base_name if self.outside else check_name)(self.path)
        if self.cached < 0:
            raise InvalidField(problem="'cached' is not negative")

    @property
    def order(self) -> tuple[bytes, bytes]:
        """The place among other notes."""
        return self.role.encode(), name_bytes(self.name)

    def to_value(self) -> Value:
        """The map of the fields."""
        return present(
            (
                ("role", self.role),
                ("name", self.name),
                ("path", self.path),
                ("outside", self.outside or None),
                ("sha256", self.sha256.raw if self.sha256 else None),
                ("cached", self.cached or None),
            )
        )

    @classmethod
    def read(cls, value: Value, path: Path) -> Self:
        """The inverse of `to_value`."""
        fields = Fields(value, path, "file note")
        role, name, place = fields.text("role"), fields.name("name"), fields.name("path")
        outside = fields.flag("outside")
        sha256 = fields.digest("sha256", Sha256) if fields.has("sha256") else None
        has_cached = fields.has("cached")
        cached = fields.uint("cached") if has_cached else 0
        if has_cached and not cached:
            raise Misplaced((*path, "cached"), InvalidField(problem="'cached' is positive or absent"))
        return fields.built(
            lambda: cls(role=role, name=name, path=place, outside=outside, sha256=sha256, cached=cached)
        )


@frozen
class Manifest:
    """One entry of the history. `sequence` counts from 0; entry 0 alone has no parent.

    `notes` are codes of what happened at record time and has no place in a report, which never
    depends on the clock (an inspection that ran out of time).
    """

    KIND: ClassVar[str] = "manifest"
    sequence: int
    recorded_at: str
    run: ObjectId
    report: ObjectId
    parent: ObjectId | None = None
    message: str | None = None
    files: tuple[FileNote, ...] = ()
    notes: tuple[str, ...] = ()
    history: Frontier = ()

    def __post_init__(self) -> None:
        check_time(self.recorded_at)
        if self.sequence < 0 or (self.parent is None) != (self.sequence == 0):
            raise InvalidField(problem="manifest 0 has no parent, and every other has one")
        if len(self.history) != self.sequence.bit_count():
            raise InvalidField(problem="the history of n manifests has as many hashes as n has 1 bits")
        check_order([note.order for note in self.files], "the files of a manifest")
        check_order([(text_order(note),) for note in self.notes], "the notes of a manifest")
        if not all(is_code(note) for note in self.notes):
            raise InvalidField(problem="a note is upper-case letters, digits and '_'")
        if self.message is not None:
            size = len(self.message.encode("utf-8", "surrogatepass"))
            if not 0 < size <= MAX_MESSAGE_BYTES:
                raise InvalidField(problem=f"a message has 1 to {MAX_MESSAGE_BYTES} bytes")

    def note_of(self, role: str) -> FileNote | None:
        """What was noted of the file in `role`."""
        at = bisect_left(self.files, role, key=attrgetter("role"))
        return self.files[at] if at < len(self.files) and self.files[at].role == role else None

    def to_value(self) -> dict[str, Value]:
        """The map of the fields."""
        return present(
            (
                ("sequence", self.sequence),
                ("recorded_at", self.recorded_at),
                ("run", self.run.raw),
                ("report", self.report.raw),
                ("parent", self.parent.raw if self.parent else None),
                ("message", self.message),
                ("files", [note.to_value() for note in self.files]),
                ("notes", list[Value](self.notes)),
                ("history", list[Value](self.history)),
            )
        )

    @classmethod
    def from_fields(cls, fields: Fields) -> Self:
        """The inverse of `to_value`."""
        sequence, recorded_at = fields.uint("sequence"), fields.text("recorded_at")
        run, report = fields.digest("run", ObjectId), fields.digest("report", ObjectId)
        parent = fields.digest("parent", ObjectId) if fields.has("parent") else None
        message = fields.text("message") if fields.has("message") else None
        files = fields.items("files", FileNote.read)
        notes = fields.items("notes", _read_note)
        history = fields.items("history", _read_hash)
        return fields.built(
            lambda: cls(
                sequence=sequence,
                recorded_at=recorded_at,
                run=run,
                report=report,
                parent=parent,
                message=message,
                files=files,
                notes=notes,
                history=history,
            )
        )


def _read_hash(value: Value, path: Path) -> bytes:
    if not isinstance(value, bytes) or len(value) != 32:
        raise Misplaced(path, InvalidField(problem="a hash of the history is a bin of 32 bytes"))
    return value


def _read_note(value: Value, path: Path) -> str:
    if not isinstance(value, str):
        raise Misplaced(path, InvalidField(problem="a note is a str"))
    return value
