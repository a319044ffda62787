"""The Merkle tree over the history, as far as a manifest carries it: its frontier.

RFC 9162 (RFC 6962) defines a tree of SHA-256 hashes over a list of entries; here the entries are
the canonical bytes of the manifests, in order. A tree of n leaves falls into complete subtrees,
one for each 1 bit of n, the largest leftmost: their roots are the frontier, popcount(n) hashes,
from which the root of the tree and the frontier of every longer tree follow.

    n = 6 = 4 + 2:   frontier = ( root of leaves 0..3 , root of leaves 4..5 )

Laws:  len(frontier of n leaves) == n.bit_count();  extend(frontier(n), leaf n) == frontier(n + 1).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, TypeAlias

from .sha256 import sha256

Hash: TypeAlias = bytes
"""32 bytes of SHA-256."""
Frontier: TypeAlias = tuple[Hash, ...]


HASH_BYTES: Final = 32
EMPTY_ROOT: Hash = sha256(b"").digest()  # RFC 9162 2.1.1: MTH({}) = HASH()


def leaf_hash(entry: bytes) -> Hash:
    """The hash of one entry."""
    return sha256(b"\x00" + entry).digest()  # RFC 9162 2.1.1: HASH(0x00 || d[0])


def node_hash(left: Hash, right: Hash) -> Hash:
    """The hash of two subtrees."""
    return sha256(b"\x01" + left + right).digest()  # RFC 9162 2.1.1: HASH(0x01 || MTH || MTH)


def extend(frontier: Frontier, size: int, leaf: Hash) -> Frontier:
    """The frontier of size + 1 leaves, from that of `size` leaves and the leaf hash that follows.

    Each trailing 1 bit of `size` is a subtree as large as the one that just became complete.
    """
    nodes = list(frontier)
    while size & 1:
        leaf = node_hash(nodes.pop(), leaf)
        size >>= 1
    return (*nodes, leaf)


def root(frontier: Iterable[Hash]) -> Hash:
    """The root of the tree: the subtrees joined from the right, the smallest first (RFC 9162 2.1.1)."""
    joined: Hash | None = None
    for node in reversed(tuple(frontier)):
        joined = node if joined is None else node_hash(node, joined)
    return EMPTY_ROOT if joined is None else joined
