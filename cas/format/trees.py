"""The tree of a folder, made entry by entry, so that a folder of any size takes the room of one part.

Law: the parts and the tree that come out are those of `Tree.split` and `Tree.of` for all entries at once.
"""

from __future__ import annotations

from .data import ENTRIES_PER_PART, Part, Tree, TreeEntry
from .ids import ObjectId
from .objects import object_id


class TreeBuilder:
    """Takes the entries in byte order of their names, and gives out parts as they are full."""

    def __init__(self) -> None:
        self._pending: list[TreeEntry] = []
        self._parts: list[ObjectId] = []
        self._count = 0
        self._size = 0

    def add(self, entry: TreeEntry) -> Part | None:
        """Takes the next entry; a part, if one became full. Raises UnsortedKeys, DuplicateKey."""
        self._count += 1
        self._size += entry.size
        self._pending.append(entry)
        # A folder of just one part's size needs no part: it waits for one entry more.
        return self._part() if len(self._pending) > ENTRIES_PER_PART else None

    def finish(self) -> tuple[Part | None, Tree]:
        """The last part, if the tree has parts, and the tree. Raises UnsortedKeys, DuplicateKey."""
        last = self._part() if self._parts else None
        entries = tuple(self._pending)
        return last, Tree(count=self._count, size=self._size, entries=entries, parts=tuple(self._parts))

    def _part(self) -> Part:
        part = Part(entries=tuple(self._pending[:ENTRIES_PER_PART]))
        del self._pending[:ENTRIES_PER_PART]
        self._parts.append(object_id(part))
        return part
