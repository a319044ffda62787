"""Every error a user can meet, in one tree.

An error is a class that holds its facts as fields, builds its own sentence from them and,
where there is one, carries a remedy. `code` is stable (scripts match on it), `exit_code`
is the process' answer:

    1  the answer is no             2  usage, or a named file that is missing or wrong
    3  integrity failure            4  the environment
    5  incomplete                   130 interrupted

Nothing here knows how an error is shown: `cli/` escapes and prints, everybody else raises.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, dataclass_transform

if TYPE_CHECKING:
    from .answers import AmbiguousRevision as AmbiguousRevision
    from .answers import AnswerIsNo as AnswerIsNo
    from .answers import BadArgument as BadArgument
    from .answers import BadExpression as BadExpression
    from .answers import BeyondAnchor as BeyondAnchor
    from .answers import ContentAbsent as ContentAbsent
    from .answers import ContentUnreadable as ContentUnreadable
    from .answers import FileExists as FileExists
    from .answers import FileMissing as FileMissing
    from .answers import Incomplete as Incomplete
    from .answers import InvalidDocument as InvalidDocument
    from .answers import InvalidRunFolder as InvalidRunFolder
    from .answers import LabelNotFound as LabelNotFound
    from .answers import NotAModelFile as NotAModelFile
    from .answers import NothingRecorded as NothingRecorded
    from .answers import NotProvable as NotProvable
    from .answers import NotRecorded as NotRecorded
    from .answers import UnknownRevision as UnknownRevision
    from .answers import Usage as Usage
    from .answers import WrongFileType as WrongFileType


@dataclass_transform(kw_only_default=True, eq_default=False)
class _Facts(Exception):
    """An exception whose annotated attributes are its facts, given by keyword (PEP 681).

    What `dataclasses` would do, without generating code for thirty classes whenever obs starts.
    """

    def __init__(self, **facts: object) -> None:
        super().__init__()
        names = self._fact_names()
        for name in names:
            if name not in facts and not hasattr(type(self), name):
                raise TypeError(f"{type(self).__name__} lacks the fact '{name}'")
            setattr(self, name, facts.pop(name, getattr(type(self), name, None)))
        if facts:
            raise TypeError(f"{type(self).__name__} has no fact '{next(iter(facts))}'")

    @classmethod
    def _fact_names(cls) -> list[str]:
        names: dict[str, None] = {}
        for base in reversed(cls.__mro__):
            # inspect.get_annotations would import what only an error needs, and evaluates nothing more
            for name, kind in base.__dict__.get("__annotations__", {}).items():  # noqa: RUF063  # see above
                if not str(kind).startswith("ClassVar"):
                    names[name] = None
        return list(names)

    def __reduce__(self) -> tuple[object, ...]:
        """Across processes by its facts."""
        return _rebuilt, (type(self), self.facts())

    def facts(self) -> dict[str, object]:
        """The fields, as they go into a JSON error document."""
        return {name: getattr(self, name) for name in self._fact_names()}


def _rebuilt(cls: type[_Facts], facts: dict[str, object]) -> _Facts:
    return cls(**facts)


class ObsError(_Facts):
    """The root: catch this to catch everything obs raises on purpose."""

    code: ClassVar[str] = "ERROR"
    exit_code: ClassVar[int] = 4
    remedy: ClassVar[str | None] = None

    def sentence(self) -> str:
        """What happened, and where: one sentence without a full stop."""
        raise NotImplementedError(type(self).__name__)  # an abstract method, not a gap

    def advice(self) -> str | None:
        """What the user can do about it, or None."""
        return self.remedy

    def points_at(self) -> tuple[str, int] | None:
        """The text and the column in it, from 1, that the error is about; None for most."""
        return None

    def __str__(self) -> str:
        advice = self.advice()
        return self.sentence() if advice is None else f"{self.sentence()}: {advice}"


# --------------------------------------------------------------------------- integrity


class IntegrityError(ObsError):
    """Bytes that are not what an id, a link or the format says they are."""

    code = "INTEGRITY"
    exit_code = 3


class FormatError(IntegrityError):
    """Bytes that are no canonical object: what is wrong, and at which byte (None: the whole)."""

    code = "FORMAT"
    problem: str
    offset: int | None = None

    def sentence(self) -> str:
        return self.problem if self.offset is None else f"{self.problem} (at byte {self.offset})"


class Truncated(FormatError):
    """The bytes end inside a value."""

    code = "FORMAT_TRUNCATED"


class TrailingBytes(FormatError):
    """Bytes follow the value."""

    code = "FORMAT_TRAILING_BYTES"


class NotCanonical(FormatError):
    """A value has a shorter or the one permitted spelling, and this is not it."""

    code = "FORMAT_NOT_CANONICAL"


class ForeignNaN(NotCanonical):
    """A NaN other than 7ff8000000000000."""

    code = "FORMAT_FOREIGN_NAN"


class UnsortedKeys(NotCanonical):
    """Map keys (or the entries of a set) out of byte order."""

    code = "FORMAT_UNSORTED"


class DuplicateKey(FormatError):
    """A map key, or an entry of a set, given twice."""

    code = "FORMAT_DUPLICATE"


class TooLong(FormatError):
    """More bytes or entries than the format permits."""

    code = "FORMAT_TOO_LONG"


class TooDeep(FormatError):
    """More nesting than the format permits."""

    code = "FORMAT_TOO_DEEP"


class ForbiddenType(FormatError):
    """A MessagePack type that the format does not use (extensions, float32, reserved)."""

    code = "FORMAT_FORBIDDEN_TYPE"


class BadText(FormatError):
    """A str that is not valid UTF-8."""

    code = "FORMAT_BAD_TEXT"


class InvalidField(FormatError):
    """A field whose value breaks the rules of its kind."""

    code = "FORMAT_INVALID_FIELD"


class MissingKey(FormatError):
    """A key that the kind requires is not there."""

    code = "FORMAT_MISSING_KEY"


class UnknownKey(FormatError):
    """A key that this version of the kind does not have."""

    code = "FORMAT_UNKNOWN_KEY"


class NewerObject(FormatError):
    """An object of another obs: not damage, but nothing can be said about it. `id` once it was asked for."""

    remedy = "read it with a newer obs"
    id: str | None = None

    def sentence(self) -> str:
        return super().sentence() if self.id is None else f"object {self.id}: {self.problem}"


class UnknownKind(NewerObject):
    """A kind that this obs does not know."""

    code = "FORMAT_UNKNOWN_KIND"


class UnknownVersion(NewerObject):
    """A version newer than this obs."""

    code = "FORMAT_UNKNOWN_VERSION"


class CorruptObject(IntegrityError):
    """An object file whose bytes do not hash to its name, or do not decode."""

    code = "OBJECT_CORRUPT"
    id: str
    problem: str

    def sentence(self) -> str:
        return f"object {self.id} is damaged: {self.problem}"


class MissingObject(IntegrityError):
    """An object that something links to, and that is not there."""

    code = "OBJECT_MISSING"
    id: str
    wanted_by: str

    def sentence(self) -> str:
        return f"object {self.id} is missing, and {self.wanted_by} needs it"


class CorruptBlob(IntegrityError):
    """A kept file whose bytes are not those of its id."""

    code = "BLOB_CORRUPT"
    id: str
    problem: str

    def sentence(self) -> str:
        return f"blob {self.id} is damaged: {self.problem}"


class BrokenChain(IntegrityError):
    """HEAD, a parent link or a history that does not fit."""

    code = "CHAIN_BROKEN"
    problem: str

    def sentence(self) -> str:
        return self.problem


class AnchorMismatch(IntegrityError):
    """The history does not contain what an anchor names."""

    code = "ANCHOR_MISMATCH"
    anchor: str
    problem: str

    def sentence(self) -> str:
        return f"the anchor {self.anchor} is not of this history: {self.problem}"


class MalformedProof(IntegrityError):
    """A proof file that is none, or that contradicts itself."""

    code = "PROOF_MALFORMED"
    path: str
    problem: str

    def sentence(self) -> str:
        return f"{self.path} proves nothing: {self.problem}"


class UnsafeStore(IntegrityError):
    """An entry of `.obs/` that is a symlink or not of the type it has to be."""

    code = "STORE_UNSAFE"
    path: str
    problem: str

    def sentence(self) -> str:
        return f"{self.path} {self.problem}"


# --------------------------------------------------------------------------- the environment


class EnvironmentProblem(ObsError):
    """Something around obs: the folder, rights, space, another process."""

    code = "ENVIRONMENT"
    exit_code = 4


class NoStore(EnvironmentProblem):
    """No `.obs/` was found."""

    code = "NO_STORE"
    start: str
    remedy = "make one with 'obs init', or name one with -C DIR or OBS_DIR"

    def sentence(self) -> str:
        return f"there is no .obs/ in {self.start} or above it"


class ForeignStore(EnvironmentProblem):
    """A `.obs/` that another user owns, found by searching upwards."""

    code = "STORE_OF_ANOTHER_USER"
    path: str
    owner: int
    remedy = "name it with -C DIR or OBS_DIR if you trust its owner"

    def sentence(self) -> str:
        return (
            f"{self.path} belongs to another user (uid {self.owner}), and was found only by looking upwards"
        )


class UnknownStoreFormat(EnvironmentProblem):
    """The `format` file is not one that this obs reads."""

    code = "STORE_FORMAT_UNKNOWN"
    path: str
    found: str
    remedy = "read it with a newer obs"

    def sentence(self) -> str:
        return f"{self.path} says '{self.found}', and this obs reads 'obs 1'"


class OperatingSystemRefused(EnvironmentProblem):
    """A system call failed: no permission, no space, a read-only mount, an I/O error."""

    code = "OS_REFUSED"
    action: str
    path: str
    reason: str
    hint: str | None = None

    def sentence(self) -> str:
        return f"could not {self.action} {self.path} ({self.reason})"

    def advice(self) -> str | None:
        return self.hint


class LockTimeout(EnvironmentProblem):
    """Another process held the lock for too long."""

    code = "LOCK_TIMEOUT"
    path: str
    seconds: float
    remedy = "wait for the other obs to end and try again"

    def sentence(self) -> str:
        return f"{self.path} was held by another process for {self.seconds:g} s"


class FileChanged(EnvironmentProblem):
    """A file that changed, shrank, grew or was replaced while it was read."""

    code = "FILE_CHANGED"
    path: str
    problem: str
    remedy = "nothing was recorded; try again when nobody writes to it"

    def sentence(self) -> str:
        return f"{self.path} {self.problem} while it was read"


if not TYPE_CHECKING:  # to a type checker this function would make every misspelt name an error of ours

    def __getattr__(name: str) -> object:
        """One of `answers`, which are imported when the first of them is asked for (PEP 562)."""
        from importlib import import_module

        if name == "answers" or name not in (found := vars(import_module(".answers", __name__))):
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return found[name]
