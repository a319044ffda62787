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

from typing import ClassVar, dataclass_transform


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

    def __str__(self) -> str:
        advice = self.advice()
        return self.sentence() if advice is None else f"{self.sentence()}: {advice}"


# --------------------------------------------------------------------------- the answer is no


class AnswerIsNo(ObsError):
    """The question was understood and the answer is no."""

    exit_code = 1


class LabelNotFound(AnswerIsNo):
    """The label column is not among the data's columns."""

    code = "LABEL_NOT_FOUND"
    label: str
    path: str
    columns: tuple[str, ...]

    def sentence(self) -> str:
        shown = ", ".join(self.columns[:40])
        if len(self.columns) > 40:
            shown += f", … ({len(self.columns)} in all)"
        return f"the label column '{self.label}' is not in {self.path}, whose columns are: {shown}"


class NotRecorded(AnswerIsNo):
    """No run of the history has a file's bytes."""

    code = "NOT_RECORDED"
    path: str

    def sentence(self) -> str:
        return f"no run of this history has the bytes of {self.path} as an input or output"


class NothingRecorded(AnswerIsNo):
    """A store without a history has no head, no checkpoint and no proof."""

    code = "NOTHING_RECORDED"
    path: str
    remedy = "record a run first"

    def sentence(self) -> str:
        return f"nothing was recorded in {self.path} yet, so that its history has no head"


class InvalidDocument(AnswerIsNo):
    """A metrics or params file that is not what it has to be (`where` is a key path or a line)."""

    code = "INVALID_DOCUMENT"
    path: str
    problem: str
    where: str | None = None

    def sentence(self) -> str:
        place = f" at {self.where}" if self.where else ""
        return f"{self.path}{place}: {self.problem}"


class NotAModelFile(AnswerIsNo):
    """A file that holds no model, as far as its bytes tell."""

    code = "NOT_A_MODEL_FILE"
    path: str
    problem: str

    def sentence(self) -> str:
        return f"{self.path} is not a model file: {self.problem}"


# --------------------------------------------------------------------------- usage


class Usage(ObsError):
    """The command line, the configuration, or a file that it names."""

    code = "USAGE"
    exit_code = 2


class BadArgument(Usage):
    """An argument that cannot be used as it is."""

    what: str
    hint: str | None = None

    def sentence(self) -> str:
        return self.what

    def advice(self) -> str | None:
        return self.hint


class BadExpression(Usage):
    """An expression that cannot be understood."""

    text: str
    column: int
    problem: str
    hint: str | None = None

    def sentence(self) -> str:
        return f"{self.problem}, at column {self.column} of the expression"

    def advice(self) -> str | None:
        return self.hint


class FileMissing(Usage):
    """A named file does not exist (or went away before it was opened)."""

    code = "FILE_MISSING"
    path: str

    def sentence(self) -> str:
        return f"there is no file {self.path}"


class WrongFileType(Usage):
    """A named file is there but is not of the type that is needed here."""

    code = "WRONG_FILE_TYPE"
    path: str
    found: str
    needed: str

    def sentence(self) -> str:
        return f"{self.path} is {self.found}, and {self.needed} is needed here"


class InvalidRunFolder(Usage):
    """A trainer's run folder that cannot be understood (`where` is a key of its record)."""

    code = "INVALID_RUN_FOLDER"
    path: str
    problem: str
    where: str | None = None
    hint: str | None = None

    def sentence(self) -> str:
        place = f" at {self.where}" if self.where else ""
        return f"{self.path}{place}: {self.problem}"

    def advice(self) -> str | None:
        return self.hint


class FileExists(Usage):
    """A file that would be overwritten."""

    code = "FILE_EXISTS"
    path: str
    remedy = "choose another name, or add --force to overwrite it"

    def sentence(self) -> str:
        return f"{self.path} is there already"


class UnknownRevision(Usage):
    """A revision that names nothing; `tried` says how it was read."""

    code = "UNKNOWN_REVISION"
    revision: str
    tried: tuple[str, ...]
    hint: str | None = None

    def sentence(self) -> str:
        return f"nothing is called '{self.revision}' (tried: {', '.join(self.tried)})"

    def advice(self) -> str | None:
        return self.hint


class AmbiguousRevision(Usage):
    """A prefix that more than one id begins with."""

    code = "AMBIGUOUS_REVISION"
    revision: str
    candidates: tuple[str, ...]
    remedy = "write more of its digits"

    def sentence(self) -> str:
        return f"'{self.revision}' could be any of: {'; '.join(self.candidates)}"


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


# --------------------------------------------------------------------------- incomplete


class Incomplete(ObsError):
    """The answer is right as far as it goes, and it does not go all the way."""

    code = "INCOMPLETE"
    exit_code = 5


class ContentUnreadable(Incomplete):
    """A table that cannot be read has no content."""

    code = "CONTENT_UNAVAILABLE"
    reason: str
    problem: str

    def sentence(self) -> str:
        return f"the content cannot be read ({self.reason}): {self.problem}"


class BeyondAnchor(Incomplete):
    """A run that was recorded after the anchor was taken."""

    code = "BEYOND_ANCHOR"
    anchor: str
    size: int
    sequence: int

    def sentence(self) -> str:
        return f"manifest {self.sequence} came later than the anchor {self.anchor}, of {self.size} manifests"


class NotProvable(Incomplete):
    """Something that a proof file cannot carry."""

    code = "NOT_PROVABLE"
    problem: str

    def sentence(self) -> str:
        return self.problem


class ContentAbsent(Incomplete):
    """Recorded, but its bytes were not kept."""

    code = "CONTENT_ABSENT"
    revision: str
    id: str

    def sentence(self) -> str:
        return f"the bytes of {self.revision} (blob {self.id}) were recorded but are not kept here"
