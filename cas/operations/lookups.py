"""The index of a history, asked: which manifests may be what somebody looks for.

Every answer is a list of candidates that are read, proved to be in the history that HEAD leads to, and
looked at by whoever asked. A history that is too short for an index, and whatever an index cannot tell, is
walked: an index that lies makes an answer slow, or leaves out what a list would have had, and never adds
anything to it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from ..errors import FormatError, IntegrityError
from ..format.data import File
from ..format.ids import ObjectId
from ..format.names import FileName
from ..format.objects import object_id
from ..format.runs import Link, Run
from ..store.chain import Entry, Gap
from ..store.index import Condition, Direction, Index, IndexUnusable, has_content
from ..store.store import Store
from .history import History

WORTH_INDEXING: Final = 500
"""A shorter history is walked in less time than an index takes to open."""
_ANYWHERE: Final[tuple[Direction, ...]] = ("input", "output", "document")


def candidates(store: Store, conditions: Sequence[Condition]) -> Iterator[Entry | Gap]:
    """What `chain.walk` gives, newest first, without most of the manifests that do not meet the conditions.

    Raises BrokenChain where HEAD cannot be read.
    """
    head = _worth_indexing(store) if conditions else None
    following = store.chain.head() if head is None else head.id
    if head is not None:
        try:
            for entry in _named(store, head, conditions):
                yield entry
                following = entry.manifest.parent
            return
        except (IndexUnusable, IntegrityError, FormatError):
            pass  # from there on nothing is known
    if following is not None:
        yield from store.chain.walk(following, links=False)


def entries_named(store: Store, file: File) -> list[Entry] | None:
    """The manifests whose runs have the file anywhere, newest first: none that has not, but maybe not all.

    None: there is no index that knows. Raises BrokenChain where HEAD cannot be read.
    """
    from .lineage import roles_of

    wanted = object_id(file)
    named = _with_content(store, wanted, _ANYWHERE)
    if named is None:
        return None
    trees: dict[ObjectId, tuple[FileName, ...]] = {}
    try:
        return [
            entry
            for entry in named
            if roles_of(
                store,
                store.objects.get(Run, entry.manifest.run, f"manifest {entry.id.short}"),
                file,
                wanted,
                trees,
            )
        ]
    except (IntegrityError, FormatError):
        return None


def find_file(store: Store, file: File) -> list[ObjectId] | None:
    """The manifests, newest first, whose runs may have the file: who asks looks at each. None as above."""
    named = _with_content(store, object_id(file), _ANYWHERE)
    return None if named is None else [entry.id for entry in named]


def producers_named(store: Store, link: Link) -> list[Entry] | None:
    """The manifests, newest first, whose runs may have written what a link names; None as above."""
    return _with_content(store, link.id, ("output",))


def entry_at(store: Store, head: Entry, sequence: int) -> Entry | None:
    """The manifest of a sequence in the history that `head` ends: who asks proves that it is in there.

    None where no index names one.
    """
    if head.manifest.sequence + 1 < WORTH_INDEXING:
        return None
    try:
        with Index(store.files) as index:
            _covered(store, index, head)
            named = next(index.candidates((), sequence + 1), None)
        entry = store.chain.entry(named, "the index") if named is not None else None
    except (IndexUnusable, IntegrityError, FormatError):
        return None
    return entry if entry is not None and entry.manifest.sequence == sequence else None


def _with_content(store: Store, wanted: ObjectId, directions: tuple[Direction, ...]) -> list[Entry] | None:
    """The manifests that the index names for a file or tree object, each proved to be in the history."""
    head = _worth_indexing(store)
    if head is None:
        return None
    try:
        return list(_named(store, head, (has_content(wanted.raw, directions),)))
    except (IndexUnusable, IntegrityError, FormatError):
        return None


def _worth_indexing(store: Store) -> Entry | None:
    """HEAD, if the history is long enough, and it can be read."""
    head = store.chain.head()
    try:
        entry = store.chain.entry(head, "HEAD") if head is not None else None
    except (IntegrityError, FormatError):
        return None
    return entry if entry is not None and entry.manifest.sequence + 1 >= WORTH_INDEXING else None


def _named(store: Store, head: Entry, conditions: Sequence[Condition]) -> Iterator[Entry]:
    """The manifests that an index names, newest first, each proved to be in the history that `head` ends, and
    before them all that are too new for it. Raises IndexUnusable, IntegrityError, FormatError."""
    with Index(store.files) as index:
        below = _covered(store, index, head)
        entry = head
        while entry.manifest.sequence >= below:
            yield entry
            if entry.manifest.parent is None:
                return
            entry = store.chain.entry(entry.manifest.parent, f"manifest {entry.id.short}")
        with History.of(store, head) as history:
            for one in index.candidates(conditions, below):
                entry = store.chain.entry(one, "the index")
                history.confirm(entry)
                yield entry


def _covered(store: Store, index: Index, head: Entry) -> int:
    """How many manifests of the history are in the index, after it was brought up to `head` if it can be."""
    covered, size = index.covered, head.manifest.sequence + 1
    if covered is not None and covered.head == head.id.raw and covered.size == size:
        return size
    from .indexing import update  # reads runs, which a list that asks needs not

    return update(store, index, head)
