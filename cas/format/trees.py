"""The tree of a folder, made entry by entry, so that a folder of any size takes the room of one part.

Law: the parts and the tree that come out are those of `Tree.split` and `Tree.of` for all entries at once.
"""

from __future__ import annotations

from collections.abc import Callable

from .data import ENTRIES_PER_PART, Part, Tree, TreeEntry
from .ids import ObjectId
from .objects import object_id


class TreeBuilder:
    """Takes the entries in byte order of their names.

    Each part goes to `keep` when it is full, which answers with its id (`object_id`: it is not kept).
    """

    def __init__(self, keep: Callable[[Part], ObjectId] = object_id) -> None:
        self._keep = keep
        self._pending: list[TreeEntry] = []
        self._parts: list[ObjectId] = []
        self._count = 0
        self._size = 0

    def add(self, entry: TreeEntry) -> None:
        """Takes the next entry. Raises UnsortedKeys, DuplicateKey."""
        self._count += 1
        self._size += entry.size
        self._pending.append(entry)
        if len(self._pending) > ENTRIES_PER_PART:  # a folder of just one part's size needs no part
            self._end_part()

    def finish(self) -> Tree:
        """The tree. Raises UnsortedKeys, DuplicateKey."""
        if self._parts:
            self._end_part()
        entries = tuple(self._pending)
        return Tree(count=self._count, size=self._size, entries=entries, parts=tuple(self._parts))

    def _end_part(self) -> None:
        part = Part(entries=tuple(self._pending[:ENTRIES_PER_PART]))
        del self._pending[:ENTRIES_PER_PART]
        self._parts.append(self._keep(part))
