"""What changed between two runs: what was said, what went in, what came out, under what, and what is odd.

Equal things are not told. When and where a run was recorded, how its trainer called it, its message, the
names of its files and the trainer's own record of it are no differences.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Final, TypeAlias, TypeVar

from ..errors import FormatError, IntegrityError
from ..format.canonical import Value, encode
from ..format.frozen import frozen
from ..format.ids import ObjectId
from ..format.reports import Diagnostic, Environment, Report
from ..format.runs import Link, Metrics, Params, Run
from ..store.chain import Entry
from ..store.store import Store
from .diffsides import side_of_run
from .filediff import FileChange, FileSide, compare_files, one_sided, problem_of
from .valuediff import ValueChange, diff_values
from .views import Problem, claimed_count

T = TypeVar("T", Report, Environment, Metrics, Params)
_Both: TypeAlias = tuple[Mapping[str, Value], Mapping[str, Value]]

_CLAIMED: Final = ("num_samples", "num_features")
_PLACES: Final = ("role", "roles", "artifact", "library", "key", "name")
"""Of the details of a diagnostic those that say what it is about. The others are what was found there."""


@frozen
class DiagnosticChange:
    """The same diagnostic of the same thing, with other facts."""

    before: Diagnostic
    after: Diagnostic


@frozen
class RunDiff:
    """What differs. `said` are label and status; `counts` those that the metrics claim and that obs derived;
    `environment` has Python, platform, packages and the sources' commit. `unknown` names what of both could
    not be compared."""

    said: tuple[ValueChange, ...]
    counts: tuple[ValueChange, ...]
    metrics: tuple[ValueChange, ...]
    params: tuple[ValueChange, ...]
    datasets: tuple[FileChange, ...]
    artifacts: tuple[FileChange, ...]
    environment: tuple[ValueChange, ...]
    diagnostics_added: tuple[Diagnostic, ...]
    diagnostics_removed: tuple[Diagnostic, ...]
    diagnostics_changed: tuple[DiagnosticChange, ...]
    unknown: tuple[str, ...]

    @property
    def differs(self) -> bool:
        """Whether any difference is known."""
        return any(value for name, value in self.__dict__.items() if name != "unknown")


class RunSide:
    """A run, and what obs saw of it. What is damaged of it becomes one of `problems`, and is None."""

    def __init__(self, store: Store, run: ObjectId, entry: Entry | None, problems: list[Problem]) -> None:
        """Raises MissingObject, CorruptObject if the run itself cannot be read."""
        self._store = store
        self._problems = problems
        self.id = run
        self.run = store.objects.get(Run, run, f"manifest {entry.id.short}" if entry else "the revision")
        self.report = self._get(Report, entry.manifest.report, "the manifest") if entry is not None else None

    def _get(self, kind: type[T], wanted: ObjectId, wanted_by: str) -> T | None:
        try:
            return self._store.objects.get(kind, wanted, wanted_by)
        except (IntegrityError, FormatError) as error:
            self._problems.append(problem_of(error, self.id))
            return None

    def values(self, what: str) -> Mapping[str, Value] | None:
        """The metrics or params: none if the run has no such document, None if it cannot be read."""
        document = self.run.metrics if what == "metrics" else self.run.params
        if document is None:
            return {}
        wanted = document.values
        found: Metrics | Params | None = (
            self._get(Metrics, wanted, "the run")
            if what == "metrics"
            else self._get(Params, wanted, "the run")
        )
        return found.values if found is not None else None

    def environment(self) -> Mapping[str, Value] | None:
        """The environment as a map, None if it is not known."""
        wanted = self.report.environment if self.report is not None else None
        seen = self._get(Environment, wanted, "the report") if wanted is not None else None
        if seen is None:
            return None
        source = seen.source
        found: dict[str, Value] = {
            "whose": seen.whose,
            "python": seen.python,
            "implementation": seen.implementation,
            "system": seen.system,
            "machine": seen.machine,
            "source": {"commit": source.commit, "dirty": source.dirty} if source is not None else None,
            "packages": dict[str, Value](seen.packages),
        }
        return {key: value for key, value in found.items() if value is not None}

    def file(self, link: Link) -> FileSide:
        """One of its files."""
        return side_of_run(self._store, self.run, link, self.report, self._problems)


def diff_runs(before: RunSide, after: RunSide, problems: list[Problem]) -> RunDiff:
    """What changed from one run to another; what is damaged is added to `problems`."""
    unknown: list[str] = []
    metrics = _documents("metrics", before, after, unknown)
    params = _documents("params", before, after, unknown)
    if (before.report is None) != (after.report is None):
        unknown.append("report")
    added, removed, changed = _diagnostics(before.report, after.report)
    return RunDiff(
        said=diff_values(_said(before.run), _said(after.run)),
        counts=_counts(metrics, before.report, after.report, unknown),
        metrics=diff_values(*metrics),
        params=diff_values(*params),
        datasets=tuple(_files(before, after, before.run.datasets, after.run.datasets, problems)),
        artifacts=tuple(_files(before, after, before.run.artifacts, after.run.artifacts, problems)),
        environment=_environment(before, after, unknown),
        diagnostics_added=added,
        diagnostics_removed=removed,
        diagnostics_changed=changed,
        unknown=tuple(unknown),
    )


def _documents(what: str, before: RunSide, after: RunSide, unknown: list[str]) -> _Both:
    """The metrics or params of both. They are left empty if they are the same object, or not both known."""
    old, new = (one.run.metrics if what == "metrics" else one.run.params for one in (before, after))
    if (old.values if old else None) == (new.values if new else None):
        return {}, {}
    values = before.values(what), after.values(what)
    if values[0] is None or values[1] is None:
        unknown.append(what)
        return {}, {}
    return values[0], values[1]


def _said(run: Run) -> dict[str, Value]:
    said: dict[str, Value] = {"status": run.status}
    return said if run.label is None else {"label": run.label, **said}


def _counts(
    metrics: _Both, before: Report | None, after: Report | None, unknown: list[str]
) -> tuple[ValueChange, ...]:
    """The counts that both have. One that only one of them has is not known of the other."""
    old, new = (
        {name: claimed_count(dict(one), name) for name in _CLAIMED}
        | dict[str, int | None](seen.counts if seen else {})
        for one, seen in zip(metrics, (before, after), strict=True)
    )
    if before is not None and after is not None:
        unknown += sorted(before.counts.keys() ^ after.counts.keys())
    both = [name for name in old if old[name] is not None and new.get(name) is not None]
    return diff_values({name: old[name] for name in both}, {name: new[name] for name in both})


def _files(
    before: RunSide, after: RunSide, old: tuple[Link, ...], new: tuple[Link, ...], problems: list[Problem]
) -> Iterator[FileChange]:
    """The files that differ, by role."""
    gone, come = {link.role: link for link in old}, {link.role: link for link in new}
    for role in sorted({*gone, *come}):
        one, other = gone.get(role), come.get(role)
        if one is None or other is None:
            yield one_sided(role, before.file(one) if one else None, after.file(other) if other else None)
        elif one.id != other.id:
            yield compare_files(before.file(one), after.file(other), problems, role)


def _environment(before: RunSide, after: RunSide, unknown: list[str]) -> tuple[ValueChange, ...]:
    if before.report is None or after.report is None:
        return ()
    if before.report.environment == after.report.environment:
        return ()
    old, new = before.environment(), after.environment()
    if old is None or new is None:
        unknown.append("environment")
        return ()
    return diff_values(old, new)


def _diagnostics(
    before: Report | None, after: Report | None
) -> tuple[tuple[Diagnostic, ...], tuple[Diagnostic, ...], tuple[DiagnosticChange, ...]]:
    """What is odd in the later one alone, in the earlier one alone, and in both with other facts. The wording
    does not count. Where more than one of a code are about one thing, nobody can say which became which."""
    if before is None or after is None:
        return (), (), ()
    gone, come = _by_place(before, after), _by_place(after, before)
    both = [place for place in gone if len(gone[place]) == len(come.get(place, ())) == 1]
    changed = tuple(DiagnosticChange(before=gone.pop(place)[0], after=come.pop(place)[0]) for place in both)
    added, removed = (tuple(chain.from_iterable(one.values())) for one in (come, gone))
    return added, removed, changed


def _by_place(here: Report, there: Report) -> dict[tuple[str, bytes], list[Diagnostic]]:
    """The diagnostics that only `here` has, by their code and by what they are about."""
    known = {one.order for one in there.diagnostics}
    found: dict[tuple[str, bytes], list[Diagnostic]] = {}
    for one in here.diagnostics:
        if one.order not in known:
            place: dict[str, Value] = {name: one.details[name] for name in _PLACES if name in one.details}
            found.setdefault((one.code, encode(place)), []).append(one)
    return found
