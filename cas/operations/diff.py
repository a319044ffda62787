"""`diff`: two runs, two datasets, two model files, or two other files, side by side."""

from __future__ import annotations

import os
from contextlib import nullcontext
from typing import TYPE_CHECKING, Literal, TypeAlias

from ..errors import BadArgument, FormatError, IntegrityError, UnknownRevision
from ..format.frozen import frozen
from ..format.ids import ObjectId
from ..format.reports import Report
from ..format.runs import Run
from .diffsides import side_of_run, side_on_disk
from .filediff import FileChange, FileSide, compare_files, problem_of
from .revisions import Member, Target, links_of, resolve, resolve_member, split_member
from .rundiff import RunDiff, RunSide, diff_runs
from .views import Problem

if TYPE_CHECKING:
    from ..observe.reading import Progress
    from ..store.chain import Entry
    from ..store.store import Store

DiffKind: TypeAlias = Literal["runs", "datasets", "models", "files"]


@frozen
class Argument:
    """What a user named: a revision (REV or REV:ROLE), or a file if there is no such revision; with `is_file`
    only a file."""

    text: str
    is_file: bool = False


@frozen
class Compared:
    """One of the two: the word for it, and which run it is, or which run's file. `role` is None for a run as
    a whole, and everything but `given` for a file on disk."""

    given: str
    manifest: ObjectId | None = None
    sequence: int | None = None
    run: ObjectId | None = None
    run_id: str | None = None
    role: str | None = None


@frozen
class Diff:
    """The answer. `equal`: everything was compared, and nothing differs. Of two runs `runs` has what differs,
    of two files `file`; the other one is None."""

    kind: DiffKind
    equal: bool
    before: Compared
    after: Compared
    runs: RunDiff | None
    file: FileChange | None
    problems: tuple[Problem, ...]

    @property
    def exit_code(self) -> int:
        """3: something is damaged. 0: equal. 1: different. 5: no difference, as far as could be compared."""
        if self.problems:
            return 3
        if self.equal:
            return 0
        return 5 if self.runs is not None and not self.runs.differs else 1


def diff(
    store: Store | None,
    before: Argument,
    after: Argument,
    *,
    threads: int = 1,
    progress: Progress | None = None,
) -> Diff:
    """What changed from one to the other. Without a store both are files.

    Raises UnknownRevision, AmbiguousRevision, BadArgument (a run and a file, a dataset and a model),
    FileMissing, WrongFileType, FileChanged, OperatingSystemRefused, MissingObject, CorruptObject.
    """
    with nullcontext() if store is None else store.chain.held():
        old, new = _locate(store, before), _locate(store, after)
    if isinstance(old, Target) != isinstance(new, Target):
        run, file = (before, after) if isinstance(old, Target) else (after, before)
        raise BadArgument(
            what=f"{run.text} is a run, and {file.text} is a file",
            hint=f"name a file of the run, as in {run.text}:data or {run.text}:model",
        )
    problems: list[Problem] = []
    if store is not None and isinstance(old, Target) and isinstance(new, Target):
        return _diff_runs(store, (before, old), (after, new), problems)
    sides: list[tuple[Compared, FileSide]] = []
    for argument, place in ((before, old), (after, new)):
        if store is not None and isinstance(place, Member):
            sides.append(_member_side(store, argument, place, problems))
        else:
            side = side_on_disk(argument.text, threads=threads, progress=progress)
            sides.append((Compared(given=argument.text), side))
    (old_name, old_side), (new_name, new_side) = sides
    change = compare_files(old_side, new_side, problems)
    return Diff(
        kind=_kind(sides),
        equal=change.state == "same" and not problems,
        before=old_name,
        after=new_name,
        runs=None,
        file=change,
        problems=tuple(problems),
    )


def _locate(store: Store | None, argument: Argument) -> Target | Member | str:
    """What a word means: a run; a file of one; or a path, which need not lead anywhere."""
    text = argument.text
    if argument.is_file or store is None:
        return text
    is_path, is_member = os.path.lexists(text), split_member(text) is not None
    try:
        return resolve(store, text, suggest=not (is_path or is_member))
    except UnknownRevision:
        if is_path:
            return text
        if is_member:
            return resolve_member(store, text)
        raise


def _diff_runs(
    store: Store, before: tuple[Argument, Target], after: tuple[Argument, Target], problems: list[Problem]
) -> Diff:
    (old_name, old), (new_name, new) = (
        _run_side(store, argument, target, problems) for argument, target in (before, after)
    )
    found = diff_runs(old, new, problems)
    return Diff(
        kind="runs",
        equal=not (found.differs or found.unknown or problems),
        before=old_name,
        after=new_name,
        runs=found,
        file=None,
        problems=tuple(problems),
    )


def _run_side(
    store: Store, argument: Argument, target: Target, problems: list[Problem]
) -> tuple[Compared, RunSide]:
    if target.entry is None and target.kind != Run.KIND:
        raise BadArgument(
            what=f"{argument.text} is a {target.kind}, and no run", hint="name a file of a run as REV:ROLE"
        )
    run = target.entry.manifest.run if target.entry is not None else target.id
    side = RunSide(store, run, target.entry, problems)
    return _compared(argument, side.run, run, target.entry), side


def _member_side(
    store: Store, argument: Argument, member: Member, problems: list[Problem]
) -> tuple[Compared, FileSide]:
    manifest = member.entry.manifest
    run = store.objects.get(Run, manifest.run, f"manifest {member.entry.id.short}")
    link = next(link for link in links_of(run) if link.role == member.role)
    report = None
    try:
        report = store.objects.get(Report, manifest.report, "the manifest")
    except (IntegrityError, FormatError) as error:
        problems.append(problem_of(error, manifest.run))
    side = side_of_run(store, run, link, report, problems)
    return _compared(argument, run, manifest.run, member.entry, member.role), side


def _compared(
    argument: Argument, run: Run, wanted: ObjectId, entry: Entry | None, role: str | None = None
) -> Compared:
    return Compared(
        given=argument.text,
        manifest=entry.id if entry is not None else None,
        sequence=entry.manifest.sequence if entry is not None else None,
        run=wanted,
        run_id=run.run_id,
        role=role,
    )


def _kind(sides: list[tuple[Compared, FileSide]]) -> DiffKind:
    """What two files are. Raises BadArgument for a dataset and a model."""
    forms = {side.form for _, side in sides}
    if forms == {"dataset", "model"}:
        named = {side.form: name.given for name, side in sides}
        raise BadArgument(
            what=f"{named['dataset']} is a dataset, and {named['model']} is a model",
            hint="compare two datasets, two models or two runs",
        )
    return "datasets" if forms == {"dataset"} else "models" if forms == {"model"} else "files"
