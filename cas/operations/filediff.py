"""What changed between two files or folders: their bytes, and what is in them as far as that is known.

A side is a file on disk, or one of a run, of which often no byte is there any more. Which they are does
not matter here: both have an id (a file's follows from its size and digest alone), and both can be asked what
is in them: a table, the tables of a folder, a model.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeAlias

from ..errors import FormatError, IntegrityError
from ..format.canonical import Value
from ..format.contents import Member
from ..format.frozen import frozen, replace
from ..format.ids import BlobId, ObjectId
from ..format.names import FileName
from ..format.runs import LinkKind
from .contentdiff import Side, TableDiff, diff_tables
from .contentsides import FolderDiff, diff_folders
from .modeldiff import ModelDiff, diff_models
from .views import Problem

FileState: TypeAlias = Literal["same", "added", "removed", "changed"]
Form: TypeAlias = Literal["dataset", "model", "file"]


@frozen
class FileFacts:
    """One file or folder. `id` is that of its file or tree object; `blake3` is None for a folder. `size` is
    in bytes, `count` the number of files; all three are None if the object is damaged."""

    name: FileName
    kind: LinkKind
    size: int | None
    count: int | None
    blake3: BlobId | None
    id: ObjectId


@frozen
class Inside:
    """What is known of the inside of a file: a table (and of a folder of tables each of them), or a model as
    `obs inspect` tells it. `missing` says why there is neither."""

    table: Side | None = None
    members: tuple[Member, ...] | None = None
    model: dict[str, Value] | None = None
    missing: str | None = None


@frozen
class FileSide:
    """One side of a diff. `look` raises IntegrityError where what it needs is damaged.

    `against` is there for a table on disk: what changed from another table to this one, for which its first
    rows are read by themselves if it is the longer one.
    """

    facts: FileFacts
    form: Form
    look: Callable[[], Inside]
    against: Callable[[Side], TableDiff] | None = None


@frozen
class FileChange:
    """Two files compared. A file that is new or gone has no `before` or no `after`.

    `content` is told of changed datasets, `folder` besides of folders of tables, `model` of model files;
    where they could not be compared, `unavailable` says why. `role` is None of files named by themselves.
    """

    role: str | None
    state: FileState
    before: FileFacts | None
    after: FileFacts | None
    content: TableDiff | None = None
    folder: FolderDiff | None = None
    model: ModelDiff | None = None
    unavailable: str | None = None


def one_sided(role: str, before: FileSide | None, after: FileSide | None) -> FileChange:
    """A file that only one of two runs has."""
    return FileChange(
        role=role,
        state="added" if before is None else "removed",
        before=before.facts if before is not None else None,
        after=after.facts if after is not None else None,
    )


def compare_files(
    before: FileSide, after: FileSide, problems: list[Problem], role: str | None = None
) -> FileChange:
    """What changed from one file to another; what is damaged is added to `problems`."""
    change = FileChange(
        role=role,
        state="same" if before.facts.id == after.facts.id else "changed",
        before=before.facts,
        after=after.facts,
    )
    if change.state == "same" or before.form != after.form or before.form == "file":
        return change
    old, new = _look(before, problems), _look(after, problems)
    if old.missing or new.missing:
        return replace(change, unavailable=_reason(old.missing, new.missing))
    if old.model is not None and new.model is not None:
        return replace(change, model=diff_models(old.model, new.model))
    if old.table is None or new.table is None:
        return replace(change, unavailable="a table and a model cannot be compared")
    if old.table.content.rules != new.table.content.rules:
        return replace(change, unavailable="their contents were described by different rules")
    if (old.members is None) != (new.members is None):
        return replace(change, unavailable="one is a file, and the other a folder of tables")
    folder = diff_folders(old.members, new.members) if old.members and new.members else None
    if after.against is not None and old.members is None:
        return replace(change, content=after.against(old.table))
    return replace(change, content=diff_tables(old.table, new.table), folder=folder)


def _reason(before: str | None, after: str | None) -> str:
    if before == after:
        return f"of both: {before}"
    told = (f"{side}: {why}" for side, why in (("before", before), ("after", after)) if why)
    return "; ".join(told)


def _look(side: FileSide, problems: list[Problem]) -> Inside:
    try:
        return side.look()
    except (IntegrityError, FormatError) as error:
        problems.append(problem_of(error))
        return Inside(missing=error.sentence())


def problem_of(error: IntegrityError, *runs: ObjectId) -> Problem:
    """Damage as a part of an answer."""
    wanted = error.facts().get("id")
    return Problem(
        code=error.code, id=wanted if isinstance(wanted, str) else None, message=error.sentence(), runs=runs
    )
