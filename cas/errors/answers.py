"""Errors that answer a user: no (exit code 1), not like this (2), not all of it (5).

Apart from what may be wrong with a store, since most commands are asked well and need none of these; who
wants them finds them in `errors` all the same.
"""

from __future__ import annotations

from . import ObsError

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

    def points_at(self) -> tuple[str, int] | None:
        return self.text, self.column

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
