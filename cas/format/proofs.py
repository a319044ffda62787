"""Proofs about the Merkle tree over the history: that a leaf is in it; that an older tree is its beginning.

Each `prove_*` has a twin `check_*`, and both are pure functions. A prover is given the hashes of complete
subtrees, as a function `subtree(level, number)`: the root of leaves number * 2**level to
(number + 1) * 2**level - 1, so that it needs O(log n) of them. A checker is given hashes alone.

Laws, for 0 <= i < m <= n:
    check_inclusion(prove_inclusion(i, n, s), i, n, leaf i, root n)
    check_consistency(prove_consistency(m, n, s), m, n, root m, root n)

Source: RFC 9162 2.1.3 and 2.1.4 (RFC 6962 2.1.1 and 2.1.2 have the same proofs).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

from .merkle import EMPTY_ROOT, Frontier, Hash, node_hash, root

Subtree: TypeAlias = Callable[[int, int], Hash]
"""(level, number) -> the root of the complete subtree of 2**level leaves that begins at number * 2**level."""
Proof: TypeAlias = tuple[Hash, ...]


def frontier_of(size: int, subtree: Subtree) -> Frontier:
    """The roots of the complete subtrees of the first `size` leaves, the largest first."""
    return _complete(0, size, subtree)


def frontier_nodes(size: int) -> Iterator[tuple[int, int]]:
    """(level, number) of those subtrees."""
    return _nodes(0, size)


def prove_inclusion(index: int, size: int, subtree: Subtree) -> Proof:
    """That leaf `index` is in the tree of `size` leaves: hashes from its sibling up to the root's child.

    Raises ValueError unless 0 <= index < size.
    """
    if not 0 <= index < size:
        raise ValueError(f"a tree of {size} leaves has no leaf {index}")
    path: list[Hash] = []
    start, end = 0, size
    while end - start > 1:  # RFC 9162 2.1.3.1, from the root down
        middle = start + _split(end - start)
        if index < middle:
            path.append(_range(middle, end, subtree))
            end = middle
        else:
            path.append(_range(start, middle, subtree))
            start = middle
    return tuple(reversed(path))


def check_inclusion(path: Sequence[Hash], index: int, size: int, leaf: Hash, wanted: Hash) -> bool:
    """Whether the leaf hash stands at `index` in the tree of `size` leaves whose root is `wanted`."""
    if not 0 <= index < size:
        return False
    at, last, found = index, size - 1, leaf
    for node in path:  # RFC 9162 2.1.3.2
        if last == 0:
            return False
        if at & 1 or at == last:
            found = node_hash(node, found)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            found = node_hash(found, node)
        at, last = at >> 1, last >> 1
    return last == 0 and found == wanted


def prove_consistency(old: int, new: int, subtree: Subtree) -> Proof:
    """That the tree of `old` leaves is the beginning of the tree of `new` ones.

    Empty where there is nothing to prove: the trees are one, or the old one is empty.
    Raises ValueError unless 0 <= old <= new.
    """
    if not 0 <= old <= new:
        raise ValueError(f"a tree of {old} leaves is no beginning of one of {new}")
    if old in (0, new):
        return ()
    path: list[Hash] = []
    start, end = 0, new
    while old != end:  # RFC 9162 2.1.4.1: SUBPROOF, from the root down
        middle = start + _split(end - start)
        if old <= middle:
            path.append(_range(middle, end, subtree))
            end = middle
        else:
            path.append(_range(start, middle, subtree))
            start = middle
    if start:  # else it is the old root, which the checker has
        path.append(_range(start, end, subtree))
    return tuple(reversed(path))


def check_consistency(path: Sequence[Hash], old: int, new: int, old_root: Hash, new_root: Hash) -> bool:
    """Whether the tree of `new` leaves and `new_root` begins with that of `old` leaves and `old_root`."""
    if not 0 <= old <= new:
        return False
    if old == new:
        return not path and old_root == new_root
    if old == 0:
        return not path and old_root == EMPTY_ROOT
    nodes = list(path)
    if old & (old - 1) == 0:  # RFC 9162 2.1.4.2: a complete subtree is a node of the new tree
        nodes.insert(0, old_root)
    if not nodes:
        return False
    at, last = old - 1, new - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    found_old = found_new = nodes[0]
    for node in nodes[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            found_old, found_new = node_hash(node, found_old), node_hash(node, found_new)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            found_new = node_hash(found_new, node)
        at, last = at >> 1, last >> 1
    return last == 0 and found_old == old_root and found_new == new_root


def _split(size: int) -> int:
    """The largest power of two below `size`."""
    return 1 << (size - 1).bit_length() - 1


def _range(start: int, end: int, subtree: Subtree) -> Hash:
    """The root over leaves start … end - 1, which begin where a subtree of that size may begin."""
    return root(_complete(start, end, subtree))


def _complete(start: int, end: int, subtree: Subtree) -> Frontier:
    return tuple(subtree(level, number) for level, number in _nodes(start, end))


def _nodes(start: int, end: int) -> Iterator[tuple[int, int]]:
    """The complete subtrees that leaves start … end - 1 fall into, from the left."""
    while start < end:
        level = (end - start).bit_length() - 1
        yield level, start >> level
        start += 1 << level
