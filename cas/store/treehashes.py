"""The hashes of the history's Merkle tree: `cache/tree-UID`, which may be deleted at any time.

So that a proof costs O(log n) reads, the hash of every complete subtree is kept, in the order in which they
become complete: leaf after leaf, each followed by the parents that it completes (the stored hashes of R. Cox,
"Transparent Logs for Skeptical Clients", 2019).

    "obs tree 1\\n\\0"  12 bytes  |  id of manifest 0, 32 bytes  |  hashes, 32 bytes each

n leaves have 2n - popcount(n) hashes. The file only grows, and what stands at a place depends on the history
alone: processes that extend it at once write the same bytes. Nothing in it is believed: whoever makes a proof
of it checks the proof, and a file that is wrong is made anew.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from types import TracebackType
from typing import Final, Self

from ..errors import ObsError
from ..format.ids import DIGEST_BYTES, ObjectId
from ..format.merkle import Hash, node_hash, root
from .files import StoreFiles

FOLDER: Final = "cache"
_MAGIC: Final = b"obs tree 1\n\0"
_START: Final = len(_MAGIC) + DIGEST_BYTES
_OPEN: Final = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def hashes_of(leaves: int) -> int:
    """How many complete subtrees a tree of so many leaves has."""
    return 2 * leaves - leaves.bit_count()


def place_of(level: int, number: int) -> int:
    """Where the hash of the complete subtree of 2**level leaves from leaf number * 2**level stands."""
    last_leaf = ((number + 1) << level) - 1
    return hashes_of(last_leaf) + level


class TreeHashes:
    """A context. What cannot be written is kept in memory: it works in a store that one may only read."""

    def __init__(self, files: StoreFiles) -> None:
        self._files = files
        self._name = f"{FOLDER}/tree-{os.geteuid()}"
        self._descriptor: int | None = None
        self._stored = 0
        """Hashes in the file that are used; `_more` follow."""
        self._more = bytearray()
        self.first: ObjectId | None = None
        """Manifest 0, None while there are no leaves."""
        self.leaves = 0

    def __enter__(self) -> Self:
        try:
            self._open()
        except (ObsError, OSError):
            self.clear()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def subtree(self, level: int, number: int) -> Hash:
        """The hash of a complete subtree; all zeros where somebody cut the file short meanwhile.

        Raises IndexError for one that is not complete.
        """
        if (number + 1) << level > self.leaves:
            raise IndexError(f"the tree has {self.leaves} leaves")
        place = place_of(level, number)
        if place >= self._stored:
            start = DIGEST_BYTES * (place - self._stored)
            return bytes(self._more[start : start + DIGEST_BYTES])
        try:
            found = os.pread(self._descriptor or 0, DIGEST_BYTES, _START + DIGEST_BYTES * place)
        except OSError:
            found = b""
        return found.ljust(DIGEST_BYTES, b"\0")

    def is_whole(self, size: int, wanted: Hash) -> bool:
        """Whether every hash is that of its children, and `size` leaves have the root `wanted`. Reads all."""
        if self.leaves < size:
            return False
        nodes: list[Hash] = []
        for leaf in range(size):
            node, at, level = self.subtree(0, leaf), leaf, 0
            while at & 1:
                node = node_hash(nodes.pop(), node)
                at, level = at >> 1, level + 1
                if node != self.subtree(level, at):
                    return False
            nodes.append(node)
        return root(nodes) == wanted

    def extend(self, first: ObjectId, leaves: Iterable[Hash]) -> None:
        """Adds leaves, and what they complete; `first` is the id of manifest 0."""
        self.first = first
        for leaf in leaves:
            self._more += leaf
            node, at, level = leaf, self.leaves, 0
            self.leaves += 1
            while at & 1:  # a right child: it and its sibling on the left are complete now
                node = node_hash(self.subtree(level, at - 1), node)
                at, level = at >> 1, level + 1
                self._more += node
        try:
            self._save()
        except (ObsError, OSError):
            return  # it stays in memory

    def clear(self) -> None:
        """Forgets everything: the file is not of this history, or was damaged."""
        self._close()
        self._stored, self.leaves, self.first = 0, 0, None
        self._more.clear()
        try:
            self._files.discard(self._name)
        except (ObsError, OSError):
            return

    def _open(self) -> None:
        if self._files.size_of(self._name) is None:
            return
        descriptor = os.open(self._name, os.O_RDONLY | _OPEN, dir_fd=self._files.root)
        self._descriptor = descriptor
        status = os.fstat(descriptor)
        head = os.pread(descriptor, _START, 0) if stat.S_ISREG(status.st_mode) else b""
        if len(head) < _START or not head.startswith(_MAGIC):
            self.clear()
            return
        self.first = ObjectId(head[len(_MAGIC) :])
        stored = (status.st_size - _START) // DIGEST_BYTES
        # n leaves have between 2n - 64 and 2n hashes. A leaf counts if all that it completes is there.
        self.leaves = next(n for n in range(stored // 2 + 64, -1, -1) if hashes_of(n) <= stored)
        self._stored = hashes_of(self.leaves)

    def _save(self) -> None:
        """Writes what is in memory behind what is in the file, at its place."""
        if not self._more or self.first is None:
            return
        self._files.make_folder(FOLDER)
        flags = os.O_RDWR | os.O_CREAT | _OPEN
        descriptor = os.open(self._name, flags, 0o600, dir_fd=self._files.root)
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                return
            if not self._stored:
                os.pwrite(descriptor, _MAGIC + self.first.raw, 0)
            at, left = _START + DIGEST_BYTES * self._stored, memoryview(self._more)
            while left:
                written = os.pwrite(descriptor, left, at)
                at, left = at + written, left[written:]
            left.release()
        except BaseException:
            os.close(descriptor)
            raise
        self._close()
        self._descriptor = descriptor
        self._stored += len(self._more) // DIGEST_BYTES
        self._more = bytearray()

    def _close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
        self._descriptor = None
