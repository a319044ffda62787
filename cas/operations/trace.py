"""Where some bytes stand in the history: which runs have them, and how far that is shown.

Two ways, one answer. Where an index names the manifests, each of them is read and proved to be in the history
that HEAD leads to, which takes O(log n) reads. Whatever cannot be shown in this way, every "no" among it, is
decided by walking the whole history, every parent link checked: an index or a cache that lies makes it slow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeAlias

from ..errors import BrokenChain, FormatError, IntegrityError
from ..format.data import File
from ..format.frozen import frozen
from ..format.ids import ObjectId
from ..format.merkle import EMPTY_ROOT, Hash, root
from ..format.names import FileName
from ..format.objects import object_id
from ..format.runs import Run
from ..store.chain import Entry, Gap
from ..store.store import Store
from .anchors import Anchor
from .history import History
from .lineage import Place, roles_of
from .views import Problem, problem_at

Finder: TypeAlias = Callable[[File], Iterable[ObjectId] | None]
"""Gives the ids of the manifests whose runs may have a file, newest first; None: it does not know."""


@frozen
class Hit:
    """A manifest whose run has the bytes, and where in the run."""

    entry: Entry
    run: Run
    places: tuple[Place, ...]

    @property
    def wrote(self) -> bool:
        """Whether they are an output of the run."""
        outputs = {link.role for link in self.run.artifacts}
        return any(place.role in outputs for place in self.places)


@frozen
class Trace:
    """What was found. `anchored_at` is the number of manifests that the anchor covers, None without one and
    where the history does not begin as it says. `walked`: every parent link was followed and checked.
    `origin` is told by manifest 0, None where nobody came so far."""

    head: ObjectId | None
    size: int
    root: Hash
    hits: tuple[Hit, ...]
    problems: tuple[Problem, ...]
    anchored_at: int | None
    walked: bool
    origin: str | None = None


def trace(store: Store, file: File, *, anchor: Anchor | None, find: Finder | None, full: bool) -> Trace:
    """The manifests whose runs have the bytes of `file`, newest first. `full` always walks.

    Raises BrokenChain if HEAD cannot be read.
    """
    with store.chain.held():
        if find is not None and not full:
            try:
                found = _looked_up(store, file, anchor, find)
            except (IntegrityError, FormatError):
                found = None  # walking will name what is wrong
            if found is not None:
                return found
        return _walked(store, file, anchor)


# ------------------------------------------------------------------ by an index


def _looked_up(store: Store, file: File, anchor: Anchor | None, find: Finder) -> Trace | None:
    """The answer, if it is yes in every respect. Raises IntegrityError, FormatError."""
    head = store.chain.head()
    named = find(file) if head is not None else None
    if head is None or named is None:
        return None
    wanted = object_id(file)
    trees: dict[ObjectId, tuple[FileName, ...]] = {}
    hits: list[Hit] = []
    with History.of(store, store.chain.entry(head, "HEAD")) as history:
        for manifest in named:
            entry = store.chain.entry(manifest, "the index")
            run = store.objects.get(Run, entry.manifest.run, f"manifest {entry.id.short}")
            places = roles_of(store, run, file, wanted, trees)
            if not places:
                continue  # an index names candidates
            if not history.contains(entry):
                return None
            hits.append(Hit(entry=entry, run=run, places=tuple(places)))
        anchored_at = _anchored(store, history, anchor) if anchor is not None else None
        if not hits or (anchor is not None and not _covers(anchored_at, hits)):
            return None
        return Trace(
            head=head,
            size=history.size,
            root=history.root,
            hits=tuple(hits),
            problems=(),
            anchored_at=anchored_at,
            walked=False,
        )


def _anchored(store: Store, history: History, anchor: Anchor) -> int:
    """How many manifests the anchor covers. Raises IntegrityError if it contradicts the history."""
    if anchor.manifest is not None:
        entry = store.chain.entry(anchor.manifest, "the anchor")
        history.confirm(entry)
        size, known = entry.manifest.sequence + 1, root(entry.next_history())
    else:
        if anchor.origin != history.origin:
            return 0
        size, known = anchor.size, anchor.root
    history.consistency(size, known)
    return size


def _covers(anchored_at: int | None, hits: list[Hit]) -> bool:
    oldest = min(hit.entry.manifest.sequence for hit in hits)
    return anchored_at is not None and oldest < anchored_at


# ------------------------------------------------------------------ by walking


def _walked(store: Store, file: File, anchor: Anchor | None) -> Trace:
    """The whole history: every parent link checked, every run asked for the bytes."""
    wanted, head = object_id(file), store.chain.head()
    size, top, first, anchored_at = 0, EMPTY_ROOT, None, None
    child: Entry | None = None
    hits: list[Hit] = []
    problems: list[Problem] = []
    trees: dict[ObjectId, tuple[FileName, ...]] = {}
    runs: dict[ObjectId, Hit | None] = {}
    for step in store.chain.walk(head):
        if isinstance(step, Gap):
            problems.append(problem_at(step))
            if anchor is not None and child is not None and _is_below(anchor, child, step):
                anchored_at = child.manifest.sequence
            first, child = step.id if step.sequence == 0 else None, None
            continue
        if not size:
            size, top = step.manifest.sequence + 1, root(step.next_history())
        first, child = step.id, step
        if anchor is not None and _is_at(anchor, step):
            anchored_at = step.manifest.sequence + 1
        run_id = step.manifest.run
        if run_id not in runs:
            try:
                run = store.objects.get(Run, run_id, f"manifest {step.id.short}")
            except (IntegrityError, FormatError) as error:
                problems.append(Problem(code=error.code, id=run_id.hex, message=str(error), runs=(run_id,)))
                continue
            places = roles_of(store, run, file, wanted, trees)
            runs[run_id] = Hit(entry=step, run=run, places=tuple(places)) if places else None
        known = runs[run_id]
        if known is not None:
            hits.append(Hit(entry=step, run=known.run, places=known.places))
    origin = f"obs/{first.hex}" if first is not None else None
    if anchor is not None and anchor.origin is not None and origin not in (None, anchor.origin):
        anchored_at = None
    return Trace(
        head=head,
        size=size,
        root=top,
        hits=tuple(hits),
        problems=tuple(problems),
        anchored_at=anchored_at,
        walked=not problems,
        origin=origin,
    )


def _is_at(anchor: Anchor, step: Entry) -> bool:
    """Whether the manifest is the last that the anchor covers."""
    if anchor.manifest is not None:
        return step.id == anchor.manifest
    return step.manifest.sequence + 1 == anchor.size and root(step.next_history()) == anchor.root


def _is_below(anchor: Anchor, child: Entry, gap: Gap) -> bool:
    """The same of a manifest that cannot be read, by what its child says of it."""
    if isinstance(gap.error, BrokenChain):  # it can be read, and is not what the child says
        return False
    if anchor.manifest is not None:
        return gap.id == anchor.manifest
    return child.manifest.sequence == anchor.size and root(child.manifest.history) == anchor.root
