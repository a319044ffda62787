"""`log`: the run history, newest first, one manifest at a time."""

from __future__ import annotations

from collections.abc import Iterator

from ..errors import FormatError, IntegrityError
from ..format.data import File
from ..format.frozen import frozen
from ..format.ids import ObjectId
from ..format.manifests import Manifest
from ..format.names import FileName
from ..format.objects import object_id
from ..format.runs import Run
from ..store.chain import Entry, Gap
from ..store.store import Store
from .views import RunView, run_view


@frozen
class LogRequest:
    """Which manifests are wanted. Times are stored times, both ends included; files are paths, and
    what counts is their content. `text` is looked for in messages and run ids, in any case.

    Without `cache` every manifest is read; with it an index says which (it may leave some out if it lies).
    """

    limit: int | None = None
    since: str | None = None
    until: str | None = None
    text: str | None = None
    data: str | None = None
    model: str | None = None
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
    data = _file_of(request.data) if request.data is not None else None
    model = _file_of(request.model) if request.model is not None else None
    found = _matching(store, request, data, model)
    if request.reverse:
        newest_first = list(found)  # the chain can only be walked back
        found = iter(newest_first[::-1][: request.limit])
        yield from found
        return
    shown = 0
    for line in found:
        if request.limit is not None and shown >= request.limit:
            return
        shown += not isinstance(line, Damage)
        yield line


def _matching(
    store: Store, request: LogRequest, data: File | None, model: File | None
) -> Iterator[RunView | Damage]:
    trees: dict[ObjectId, tuple[FileName, ...]] = {}
    for step in _steps(store, request, data, model):
        if isinstance(step, Gap):
            yield _damage(step, None, step.error)
            continue
        manifest = step.manifest
        if request.since is not None and manifest.recorded_at < request.since:
            continue  # times need not rise along the chain: the walk goes on
        if request.until is not None and manifest.recorded_at > request.until:
            continue
        try:
            view = run_view(store, step)
            if data is not None or model is not None:
                run = store.objects.get(Run, manifest.run, f"manifest {step.id.short}")
                if data is not None and not _has(
                    store, run, data, trees, {link.role for link in run.datasets}
                ):
                    continue
                if model is not None and not _has(
                    store, run, model, trees, {link.role for link in run.artifacts}
                ):
                    continue
        except (IntegrityError, FormatError) as error:
            yield _damage(step, manifest, error)
            continue
        if request.text is not None:
            haystack = f"{manifest.message or ''}\n{view.run_id or ''}".casefold()
            if request.text.casefold() not in haystack:
                continue
        yield view


def _steps(
    store: Store, request: LogRequest, data: File | None, model: File | None
) -> Iterator[Entry | Gap]:
    """The manifests to look at: the whole history, or those of it that an index names."""
    asked = (request.since, request.until, request.text, data, model)
    if not request.cache or all(one is None for one in asked):
        return store.chain.walk(links=False)
    from ..store.index import has_content, is_between, says
    from .indexing import candidates

    conditions = list(is_between(request.since, request.until))
    conditions += [says(request.text)] if request.text is not None else []
    conditions += [has_content(object_id(data).raw, ("input",))] if data is not None else []
    conditions += [has_content(object_id(model).raw, ("output",))] if model is not None else []
    return candidates(store, conditions)


def _damage(step: Entry | Gap, manifest: Manifest | None, error: IntegrityError) -> Damage:
    """What can still be told: all of the manifest, if it is the run that is damaged."""
    sequence = step.sequence if isinstance(step, Gap) else step.manifest.sequence
    return Damage(
        manifest=step.id,
        sequence=sequence,
        recorded_at=manifest.recorded_at if manifest is not None else None,
        message=manifest.message if manifest is not None else None,
        run=manifest.run if manifest is not None else None,
        problem=str(error),
    )


def _has(
    store: Store, run: Run, file: File, trees: dict[ObjectId, tuple[FileName, ...]], roles: set[str]
) -> bool:
    from .lineage import roles_of  # reads files: not for those who only list

    wanted = object_id(file)
    return any(place.role in roles for place in roles_of(store, run, file, wanted, trees))


def _file_of(path: str) -> File:
    from .lineage import file_of

    return file_of(path)
