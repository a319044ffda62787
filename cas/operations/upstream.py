"""What came before a run: the runs that wrote what it read, and those that wrote what they read, to the end.

Bytes decide, not names or times: a dataset of one run is an output of another if they are the same file or
folder, or if the file lies in a folder that the other wrote. Bytes can go in a circle (two runs that each
read what the other wrote), so each run is followed once.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Final, TypeAlias

from ..errors import FormatError, IntegrityError
from ..format.data import File
from ..format.frozen import frozen
from ..format.ids import ObjectId
from ..format.names import FileName
from ..format.runs import Link, Run
from ..store.chain import Entry, Gap
from ..store.store import Store
from .lineage import Place, roles_of
from .views import FileView, file_view

MAX_STEPS: Final = 1000

Producers: TypeAlias = Callable[[Link], Iterable[Entry]]
"""The manifests, newest first, that may have written what a link names."""


@frozen
class Upstream:
    """A run that wrote what run `read_by` read in the role `read_as`. `member` is the file's name where the
    output `role` is a folder; `manifest` is the newest that records the run. `datasets` is what it read
    itself, None where an earlier step of the same run tells it."""

    manifest: ObjectId
    run: ObjectId
    sequence: int
    recorded_at: str
    run_id: str | None
    role: str
    member: FileName | None
    read_by: ObjectId
    read_as: str
    datasets: tuple[FileView, ...] | None


def follow(
    store: Store, runs: Iterable[tuple[ObjectId, Run]], producers: Producers
) -> Iterator[tuple[Upstream, Entry, Run]]:
    """Every step upstream of `runs`, the nearest first, up to `MAX_STEPS`; with the manifest and its run.

    Raises MissingObject, CorruptObject where a run cannot be read.
    """
    left = deque(runs)
    seen = {run_id for run_id, _ in left}
    described: set[ObjectId] = set()
    steps = 0
    while left:
        reader_id, reader = left.popleft()
        for link in reader.datasets:
            told: set[ObjectId] = set()
            trees: dict[ObjectId, tuple[FileName, ...]] = {}
            for entry in producers(link):
                run_id = entry.manifest.run
                if run_id == reader_id or run_id in told:
                    continue
                run = store.objects.get(Run, run_id, f"manifest {entry.id.short}")
                place = _written(store, run, link, trees)
                if place is None:
                    continue
                told.add(run_id)
                # Once a run: one that thousands of links lead to may have as many datasets.
                datasets = _datasets(store, entry, run) if run_id not in described else None
                described.add(run_id)
                yield _step(entry, run, place, reader_id, link, datasets), entry, run
                steps += 1
                if steps == MAX_STEPS:
                    return
                if run_id not in seen:
                    seen.add(run_id)
                    left.append((run_id, run))


def producers_of(store: Store) -> Producers:
    """By an index where there is one, else by walking. An index that lies may leave some out."""
    from .lookups import producers_named

    walked = walked_producers(store)

    def producers(link: Link) -> Iterable[Entry]:
        named = producers_named(store, link)
        return walked(link) if named is None else named

    return producers


def walked_producers(store: Store) -> Producers:
    """By one walk over the history, made when it is first asked for: which manifest has which outputs."""
    writers: dict[ObjectId, list[ObjectId]] = {}
    with_trees: list[ObjectId] = []
    walked = False

    def walk() -> None:
        for step in store.chain.walk(links=False):
            if isinstance(step, Gap):
                continue  # who walks for the verdict names it
            try:
                run = store.objects.get(Run, step.manifest.run, "a manifest")
            except (IntegrityError, FormatError):
                continue
            for link in run.artifacts:
                writers.setdefault(link.id, []).append(step.id)
            if any(link.kind == "tree" for link in run.artifacts):
                with_trees.append(step.id)

    def producers(link: Link) -> Iterator[Entry]:
        nonlocal walked
        if not walked:
            walk()
            walked = True
        named = dict.fromkeys((*writers.get(link.id, ()), *(with_trees if link.kind == "file" else ())))
        for manifest in named:
            yield store.chain.entry(manifest, "the history")

    return producers


def _written(store: Store, run: Run, link: Link, trees: dict[ObjectId, tuple[FileName, ...]]) -> Place | None:
    """Where among the outputs of a run stands what a link of another names."""
    outputs = {output.role for output in run.artifacts}
    if link.kind == "tree":
        return next((Place(role=out.role, member=None) for out in run.artifacts if out.id == link.id), None)
    file = store.objects.get(File, link.id, "a run")
    found = roles_of(store, run, file, link.id, trees)
    return next((place for place in found if place.role in outputs), None)


def _datasets(store: Store, entry: Entry, run: Run) -> tuple[FileView, ...]:
    return tuple(file_view(store, link, entry.manifest) for link in run.datasets)


def _step(
    entry: Entry,
    run: Run,
    place: Place,
    reader: ObjectId,
    link: Link,
    datasets: tuple[FileView, ...] | None,
) -> Upstream:
    return Upstream(
        manifest=entry.id,
        run=entry.manifest.run,
        sequence=entry.manifest.sequence,
        recorded_at=entry.manifest.recorded_at,
        run_id=run.run_id,
        role=place.role,
        member=place.member,
        read_by=reader,
        read_as=link.role,
        datasets=datasets,
    )
