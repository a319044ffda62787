"""`log`: the run history, newest first, one manifest at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from typing import TYPE_CHECKING

from ..errors import FormatError, IntegrityError
from ..format.data import File, Tree
from ..format.frozen import frozen
from ..format.ids import ObjectId
from ..format.manifests import Manifest
from ..format.names import FileName
from ..format.objects import object_id
from ..format.runs import Link, Run
from ..store.chain import Entry, Gap
from ..store.store import Store
from .views import RunView, run_view

if TYPE_CHECKING:
    from .checker import Checker
    from .expressions import Expression


@frozen
class LogRequest:
    """Which manifests are wanted. Times are stored times, both ends included; files and folders are paths,
    and what counts is their content. `text` is looked for in messages and run ids, in any case; of each
    expression of `where` it has to be known that it holds. `verify`: every link of the history and every
    object of the runs that are told is checked. `cache`: an index says which manifests to look at, and may
    leave some out if it lies."""

    limit: int | None = None
    since: str | None = None
    until: str | None = None
    text: str | None = None
    data: str | None = None
    model: str | None = None
    where: tuple[Expression, ...] = ()
    verify: bool = False
    reverse: bool = False
    cache: bool = True


@frozen
class Damage:
    """A place in the history that cannot be told: what is wrong there. What a line has is not known."""

    manifest: ObjectId | None
    sequence: int | None
    recorded_at: str | None
    message: str | None
    run: ObjectId | None
    problem: str
    run_id: None = None
    status: None = None
    label: None = None
    metrics: None = None
    datasets: None = None
    artifacts: None = None


def log(store: Store, request: LogRequest) -> Iterator[RunView | Damage]:
    """The manifests that are wanted, newest first (`reverse`: oldest first); damage in its place.

    Raises BrokenChain if HEAD cannot be read, FileMissing and the like for the named files.
    """
    data = _recorded_as(request.data) if request.data is not None else None
    model = _recorded_as(request.model) if request.model is not None else None
    with nullcontext() if request.verify else store.objects.remembering():
        found = _matching(store, request, data, model)
        if request.reverse:
            newest_first = list(found)  # the chain can only be walked back
            yield from newest_first[::-1][: request.limit]
            return
        shown = 0
        for line in found:
            if request.limit is not None and shown >= request.limit:
                return
            shown += not isinstance(line, Damage)
            yield line


def _matching(
    store: Store, request: LogRequest, data: File | Tree | None, model: File | Tree | None
) -> Iterator[RunView | Damage]:
    data_trees: dict[ObjectId, tuple[FileName, ...]] = {}
    model_trees: dict[ObjectId, tuple[FileName, ...]] = {}
    is_meant = _filter(store, request.where)
    checker = _checker(store) if request.verify else None
    for step in _steps(store, request, data, model):
        if isinstance(step, Gap):
            yield _damage(step, None, str(step.error))
            continue
        manifest = step.manifest
        if request.since is not None and manifest.recorded_at < request.since:
            continue  # times need not rise along the chain: the walk goes on
        if request.until is not None and manifest.recorded_at > request.until:
            continue
        try:
            if is_meant is not None and not is_meant(step):
                continue
            run = store.objects.get(Run, manifest.run, f"manifest {step.id.short}")
            if data is not None and not _has(store, run, data, data_trees, run.datasets):
                continue
            if model is not None and not _has(store, run, model, model_trees, run.artifacts):
                continue
            view = run_view(store, step, run)
        except (IntegrityError, FormatError) as error:
            yield _damage(step, manifest, str(error))
            continue
        if request.text is not None:
            haystack = f"{manifest.message or ''}\n{view.run_id or ''}".casefold()
            if request.text.casefold() not in haystack:
                continue
        for problem in checker.check_run(step, run) if checker is not None else ():
            yield _damage(step, manifest, problem.message)
        yield view


def _steps(
    store: Store, request: LogRequest, data: File | Tree | None, model: File | Tree | None
) -> Iterator[Entry | Gap]:
    """The manifests to look at: the whole history, or those of it that an index names."""
    if request.verify or not request.cache:
        return store.chain.walk(links=request.verify)
    from .lookups import candidates
    from .narrowing import conditions_for

    asked = conditions_for(
        since=request.since,
        until=request.until,
        text=request.text,
        data=object_id(data) if data is not None else None,
        model=object_id(model) if model is not None else None,
        where=request.where,
    )
    return candidates(store, asked)


def _checker(store: Store) -> Checker:
    from .checker import Checker  # reads everything: not for those who only list

    return Checker(store, blobs=False)


def _filter(store: Store, where: tuple[Expression, ...]) -> Callable[[Entry], bool] | None:
    """Whether all expressions hold of a run, None if there are none."""
    if not where:
        return None
    from .expressions import names_in  # not for those who only list
    from .matching import matches
    from .subjects import subject_of

    needed = frozenset[str]().union(*map(names_in, where))

    def is_meant(entry: Entry) -> bool:
        subject = subject_of(store, entry, needed)
        return all(matches(expression, subject) for expression in where)

    return is_meant


def _damage(step: Entry | Gap, manifest: Manifest | None, problem: str) -> Damage:
    """What can still be told: all of the manifest, if it is the run that is damaged."""
    sequence = step.sequence if isinstance(step, Gap) else step.manifest.sequence
    return Damage(
        manifest=step.id,
        sequence=sequence,
        recorded_at=manifest.recorded_at if manifest is not None else None,
        message=manifest.message if manifest is not None else None,
        run=manifest.run if manifest is not None else None,
        problem=problem,
    )


def _has(
    store: Store,
    run: Run,
    wanted: File | Tree,
    trees: dict[ObjectId, tuple[FileName, ...]],
    links: tuple[Link, ...],
) -> bool:
    """Whether one of the links leads to these bytes, a file also within a folder."""
    from .lineage import roles_of  # reads files: not for those who only list

    name = object_id(wanted)
    if isinstance(wanted, Tree):
        return any(link.id == name for link in links)
    roles = {link.role for link in links}
    return any(place.role in roles for place in roles_of(store, run, wanted, name, trees))


def _recorded_as(path: str) -> File | Tree:
    from .inputs import fingerprint_path

    return fingerprint_path(path)
