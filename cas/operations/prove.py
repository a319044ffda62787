"""`prove` and `checkpoint`: what can be carried away from a store, and be checked without it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from ..errors import (
    AnchorMismatch,
    BeyondAnchor,
    BrokenChain,
    CorruptObject,
    FormatError,
    MissingObject,
    NothingRecorded,
    NotProvable,
    NotRecorded,
    TooLong,
)
from ..format.data import File, Tree
from ..format.evidence import check_proof, make_proof
from ..format.frozen import frozen
from ..format.ids import ObjectId
from ..format.merkle import root
from ..format.objects import KINDS, class_of
from ..format.reports import Environment, Report
from ..format.runs import Metrics, Params, Run
from ..format.tlog import Checkpoint
from ..store.chain import HEAD, Entry, Gap
from ..store.objects import AnyObject
from ..store.store import Store
from .anchors import Anchor, check_kind
from .history import History
from .lineage import file_of
from .lookups import entry_at, find_file
from .revisions import links_of
from .trace import trace
from .verifyproof import places_in


@frozen
class HeldHead:
    """The head of a history, as something to keep elsewhere: `root` in hex, `text` the three lines."""

    origin: str
    size: int
    head: ObjectId
    root: str
    text: str


@frozen
class Proved:
    """A proof that a manifest, and the run it names, is in the history of `size` manifests with this `head`.

    `text` is the whole proof file, and its characters are its bytes.
    """

    manifest: ObjectId
    run: ObjectId
    sequence: int
    origin: str
    size: int
    head: ObjectId
    root: str
    text: str


@frozen
class Continuation:
    """That a history of `old_size` manifests is the beginning of today's (RFC 9162 2.1.4); hashes in hex."""

    origin: str
    old_size: int
    old_root: str
    size: int
    root: str
    path: tuple[str, ...]


def checkpoint(store: Store) -> HeldHead:
    """Whose history this is, how long, and the root of its tree. Raises NothingRecorded, BrokenChain."""
    with History.of(store, _head(store)) as history:
        found = Checkpoint(origin=history.origin, size=history.size, root=history.root)
        return HeldHead(
            origin=found.origin,
            size=found.size,
            head=history.head.id,
            root=found.root.hex(),
            text=found.encode().decode(),
        )


def prove(store: Store, subject: Entry | str, *, at: Anchor | None, with_report: bool) -> Proved:
    """A proof about a manifest; or about the newest one whose run has the bytes of the file at a path as an
    output, or else in any other role. `at`: about the history as it was when that anchor was taken.

    Raises NothingRecorded, NotRecorded, AnchorMismatch, BeyondAnchor, NotProvable; BrokenChain,
    MissingObject, CorruptObject where the store is damaged.
    """
    top = _head(store)
    with History.of(store, top) as whole:
        origin = whole.origin
        head = top if at is None else _head_at(store, whole, at)
    entry = subject if isinstance(subject, Entry) else _newest_with(store, subject, head)
    if at is not None and entry.manifest.sequence > head.manifest.sequence:
        raise BeyondAnchor(anchor=at.text, size=head.manifest.sequence + 1, sequence=entry.manifest.sequence)
    with History.of(store, head) as history:
        try:
            made = make_proof(
                manifest=entry.data,
                head=head.data,
                origin=origin,
                path=history.inclusion(entry),
                objects=_objects(store, entry, with_report=with_report),
            )
        except TooLong as error:
            raise NotProvable(problem=f"run {entry.manifest.run.short} fits no proof: {error}") from None
        except FormatError as error:  # intact objects that do not belong together
            raise CorruptObject(id=entry.manifest.run.hex, problem=error.problem) from None
        if isinstance(subject, str):
            places_in(check_proof(made), file_of(subject), subject)
        return Proved(
            manifest=entry.id,
            run=entry.manifest.run,
            sequence=entry.manifest.sequence,
            origin=origin,
            size=history.size,
            head=head.id,
            root=history.root.hex(),
            text=made.decode("ascii"),
        )


def prove_continuation(store: Store, old: Anchor) -> Continuation:
    """That today's history begins with the one that the anchor names. Raises as `prove`."""
    with History.of(store, _head(store)) as history:
        before = _head_at(store, history, old)
        size, old_root = before.manifest.sequence + 1, root(before.next_history())
        return Continuation(
            origin=history.origin,
            old_size=size,
            old_root=old_root.hex(),
            size=history.size,
            root=history.root.hex(),
            path=tuple(node.hex() for node in history.consistency(size, old_root)),
        )


def _head(store: Store) -> Entry:
    head = store.chain.head()
    if head is None:
        raise NothingRecorded(path=store.path)
    return store.chain.entry(head, HEAD)


def _head_at(store: Store, history: History, anchor: Anchor) -> Entry:
    """The manifest that was the head when the anchor was taken. Raises AnchorMismatch, BrokenChain."""
    entry = _named_by(store, history, anchor)
    try:
        history.confirm(entry)
    except BrokenChain as error:
        raise AnchorMismatch(anchor=anchor.text, problem=error.problem) from None
    return entry


def _named_by(store: Store, history: History, anchor: Anchor) -> Entry:
    if anchor.manifest is not None:
        try:
            return store.chain.entry(anchor.manifest, "the anchor")
        except CorruptObject:
            check_kind(store, anchor.manifest)
            raise
        except MissingObject:
            for step in store.chain.walk(history.head.id, links=False):
                if isinstance(step, Gap):  # which the anchor may name
                    raise step.error from None
            problem = f"there is no manifest {anchor.manifest.hex}"
            raise AnchorMismatch(anchor=anchor.text, problem=problem) from None
    if anchor.origin != history.origin:
        problem = f"its origin is {anchor.origin}, and that of the history {history.origin}"
        raise AnchorMismatch(anchor=anchor.text, problem=problem)
    if anchor.size > history.size:
        problem = f"it names {anchor.size} manifests, and the history has {history.size}"
        raise AnchorMismatch(anchor=anchor.text, problem=problem)
    known = entry_at(store, history.head, anchor.size - 1)
    if known is not None and root(known.next_history()) == anchor.root:
        return known
    for step in store.chain.walk(history.head.id, links=False):
        if isinstance(step, Gap):
            raise step.error
        if step.manifest.sequence + 1 == anchor.size:
            if root(step.next_history()) == anchor.root:
                return step
            break
    problem = f"the history up to manifest {anchor.size - 1} is not the one that it names"
    raise AnchorMismatch(anchor=anchor.text, problem=problem)


def _newest_with(store: Store, path: str, head: Entry) -> Entry:
    """The newest manifest up to `head` whose run has the file as an output, else in any other role."""
    file = file_of(path)
    answer = trace(store, file, anchor=None, find=partial(find_file, store), full=False)
    if not answer.walked and all(hit.entry.manifest.sequence > head.manifest.sequence for hit in answer.hits):
        answer = trace(store, file, anchor=None, find=None, full=False)  # an index may have left some out
    found = answer.hits
    if not found and answer.problems:  # where the history has gaps, what they held is not known
        raise BrokenChain(problem=answer.problems[0].message)
    if not found:
        raise NotRecorded(path=path)
    # If all of them came later than the anchor, the oldest: it is told how much later.
    hits = [hit for hit in found if hit.entry.manifest.sequence <= head.manifest.sequence] or found[-1:]
    return next((hit for hit in hits if hit.wrote), hits[0]).entry


def _objects(store: Store, entry: Entry, *, with_report: bool) -> Iterator[bytes]:
    """The canonical bytes of what a proof about a manifest carries. Raises MissingObject, CorruptObject."""
    run_id, report_id = entry.manifest.run, entry.manifest.report

    def read(kind: type[AnyObject], wanted: ObjectId) -> tuple[AnyObject, bytes]:
        return store.objects.get_with_bytes(kind, wanted, f"manifest {entry.id.short}")

    run, data = read(Run, run_id)
    yield data
    for link in links_of(run):
        yield (read(File, link.id) if link.kind == "file" else read(Tree, link.id))[1]
    if run.metrics is not None:
        yield read(Metrics, run.metrics.values)[1]
    if run.params is not None:
        yield read(Params, run.params.values)[1]
    if with_report:
        report, data = read(Report, report_id)
        yield data
        if report.environment is not None:
            yield read(Environment, report.environment)[1]
        for seen in report.observations:
            if seen.kind in KINDS:  # else it is one that this obs cannot read
                yield read(class_of(seen.kind), seen.id)[1]
