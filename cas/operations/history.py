"""The Merkle tree over all manifests that a head leads to, and proofs about it.

The hashes come from a cache (`store/treehashes.py`), which is brought up to date by walking back to what it
has. Nothing in it is believed: every proof that is given was checked against the root, and the root follows
from the head alone. Where the cache is wrong it is made anew, once.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from types import TracebackType
from typing import Final, Self, TypeVar

from ..errors import BrokenChain, FormatError, IntegrityError
from ..format.merkle import HASH_BYTES, Hash, leaf_hash, node_hash, root
from ..format.proofs import (
    Proof,
    check_consistency,
    check_inclusion,
    frontier_nodes,
    frontier_of,
    prove_consistency,
    prove_inclusion,
)
from ..store.chain import Entry, check_history, check_sequence
from ..store.store import Store
from ..store.treehashes import TreeHashes

T = TypeVar("T")

_NOT_IN: Final = "manifest {} is not in the history that HEAD leads to"
_REMEMBERED: Final = 4
"""The level from which on nodes are remembered: an eighth of all that a tree has."""


class History:
    """A context. `size` leaves, the last of which is `head` itself; `root` is the root of their tree."""

    def __init__(self, store: Store, head: Entry, hashes: TreeHashes) -> None:
        self._store = store
        self._hashes = hashes
        self._stack = ExitStack()
        self.head = head
        self.size = head.manifest.sequence + 1
        frontier = head.next_history()
        self.root = root(frontier)
        self._known = dict(zip(frontier_nodes(self.size), frontier, strict=True))
        """(level, number) -> the hash of a subtree that is shown to be in the tree."""

    @classmethod
    def of(cls, store: Store, head: Entry) -> Self:
        """The history that ends with `head`, which is checked against its parent.

        Raises BrokenChain, MissingObject, CorruptObject where the way back to what the cache has is broken.
        """
        if head.manifest.parent is not None:
            parent = store.chain.entry(head.manifest.parent, f"manifest {head.id.short}")
            check_sequence(head, parent)
            check_history(head, parent)
        made = cls(store, head, TreeHashes(store.files))
        made._stack.enter_context(made._hashes)
        try:
            made._catch_up()
        except BaseException:
            made.close()
            raise
        return made

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Gives the cache back."""
        self._stack.close()

    @property
    def first(self) -> Entry:
        """Manifest 0. Raises BrokenChain."""

        def found() -> Entry | None:
            if self._hashes.first is None:
                return None
            try:
                entry = self._store.chain.entry(self._hashes.first, "the history")
            except (IntegrityError, FormatError):
                return None  # whatever the cache names
            return entry if entry.manifest.sequence == 0 and self._path_of(entry) is not None else None

        if (entry := found()) is None:
            self._hashes.clear()
            self._catch_up()
            if (entry := found()) is None:
                raise BrokenChain(problem="the first manifest of the history cannot be found")
        return entry

    @property
    def origin(self) -> str:
        """What copies and forks of a store have in common. Raises BrokenChain."""
        return f"obs/{self.first.id.hex}"

    def inclusion(self, entry: Entry) -> Proof:
        """That the manifest is in the tree. Raises BrokenChain if it is not."""
        return self._made_sure(lambda: self._path_of(entry), _NOT_IN.format(entry.id.short))

    def confirm(self, entry: Entry) -> None:
        """`inclusion` for those who keep no proof: each goes up the tree as far as those before it came.

        Raises BrokenChain if the manifest is not in the tree.
        """
        self._made_sure(lambda: self._climb(entry) or None, _NOT_IN.format(entry.id.short))

    def contains(self, entry: Entry) -> bool:
        """Whether the manifest is in the tree."""
        try:
            self.confirm(entry)
        except BrokenChain:
            return False
        return True

    def consistency(self, size: int, old_root: Hash) -> Proof:
        """That the tree begins with the one of `size` leaves and `old_root`. Raises BrokenChain if not."""

        def found() -> Proof | None:
            if not 0 < size <= self.size:
                return None
            path = prove_consistency(size, self.size, self._hashes.subtree)
            return path if check_consistency(path, size, self.size, old_root, self.root) else None

        return self._made_sure(found, f"the history does not begin with the {size} manifests of that root")

    def _path_of(self, entry: Entry) -> Proof | None:
        index = entry.manifest.sequence
        if index >= self.size:
            return None
        path = prove_inclusion(index, self.size, self._hashes.subtree)
        return path if check_inclusion(path, index, self.size, leaf_hash(entry.data), self.root) else None

    def _climb(self, entry: Entry) -> bool:
        """Whether the hashes above the manifest lead to one that is known to be in the tree."""
        level, number, node = 0, entry.manifest.sequence, leaf_hash(entry.data)
        if number >= self.size:
            return False
        passed: dict[tuple[int, int], Hash] = {}
        while (known := self._known.get((level, number))) is None:  # the frontier ends it
            beside = self._hashes.subtree(level, number ^ 1)
            if level >= _REMEMBERED:
                passed[level, number], passed[level, number ^ 1] = node, beside
            node = node_hash(beside, node) if number & 1 else node_hash(node, beside)
            level, number = level + 1, number >> 1
        if node != known:
            return False
        self._known.update(passed)
        return True

    def _made_sure(self, found: Callable[[], T | None], problem: str) -> T:
        """What `found` gives. If it gives nothing, that may be because the cache is wrong: then once more."""
        if (answer := found()) is not None:
            return answer
        if not self._hashes.is_whole(self.size, self.root):
            self._hashes.clear()
            self._catch_up()
            if (answer := found()) is not None:
                return answer
        raise BrokenChain(problem=problem)

    def _catch_up(self) -> None:
        """Brings the cache up to `size` leaves, by walking back to the leaves that it has."""
        hashes = self._hashes
        if hashes.leaves >= self.size:
            if root(frontier_of(self.size, hashes.subtree)) == self.root:
                return
            hashes.clear()
        leaves, first = bytearray(), hashes.first
        for entry in self._store.chain.entries(self.head.id):
            leaves += leaf_hash(entry.data)
            at = entry.manifest.sequence
            if at == 0:
                first = entry.id
            if at == hashes.leaves:
                if entry.manifest.history == frontier_of(at, hashes.subtree):
                    break
                hashes.clear()  # it is of another history
        if first is None:
            raise BrokenChain(problem="the history has no first manifest")
        newest_first = range(len(leaves) - HASH_BYTES, -1, -HASH_BYTES)
        hashes.extend(first, (bytes(leaves[at : at + HASH_BYTES]) for at in newest_first))
