"""The Merkle tree: the published roots of RFC 6962, and pymerkle as a second implementation."""

from __future__ import annotations

from hashlib import sha256

import pytest
import standalone
from hypothesis import given
from hypothesis import strategies as st
from obs.cas.format.merkle import EMPTY_ROOT, Frontier, Hash, extend, leaf_hash, node_hash, root
from pymerkle import InmemoryTree
from rfc6962 import LEAVES, ROOTS


def frontier_of(entries: list[bytes]) -> Frontier:
    frontier: Frontier = ()
    for size, entry in enumerate(entries):
        frontier = extend(frontier, size, leaf_hash(entry))
    return frontier


def defined_root(entries: list[bytes]) -> Hash:
    """RFC 9162 2.1.1, word for word: split at the largest power of two below n."""
    if len(entries) <= 1:
        return sha256(b"\x00" + entries[0]).digest() if entries else sha256(b"").digest()
    split = 1 << (len(entries) - 1).bit_length() - 1
    return sha256(b"\x01" + defined_root(entries[:split]) + defined_root(entries[split:])).digest()


@pytest.mark.parametrize("size", range(9))
def test_published_roots(size: int) -> None:
    assert root(frontier_of(LEAVES[:size])).hex() == ROOTS[size]


@pytest.mark.parametrize("size", range(1, 70))
def test_pymerkle_has_the_same_root(size: int) -> None:
    entries = [index.to_bytes(2, "big") for index in range(size)]
    tree = InmemoryTree(algorithm="sha256")
    for entry in entries:
        tree.append_entry(entry)
    assert root(frontier_of(entries)) == tree.get_root()


@given(st.lists(st.binary(max_size=8), max_size=140))
def test_the_root_is_the_one_that_the_rfc_defines(entries: list[bytes]) -> None:
    assert root(frontier_of(entries)) == defined_root(entries)


@given(st.lists(st.binary(max_size=4), max_size=140))
def test_a_frontier_holds_the_roots_of_the_complete_subtrees(entries: list[bytes]) -> None:
    frontier = frontier_of(entries)
    assert len(frontier) == len(entries).bit_count()
    start = 0
    for bit in reversed(range(len(entries).bit_length())):
        if len(entries) >> bit & 1:
            assert frontier[start.bit_count()] == defined_root(entries[start : start + (1 << bit)])
            start += 1 << bit
    assert start == len(entries)


@given(st.lists(st.binary(max_size=4), max_size=70))
def test_the_second_reader_extends_in_the_same_way(entries: list[bytes]) -> None:
    frontier: list[bytes] = []
    for size, entry in enumerate(entries):
        frontier = standalone.extend(frontier, size, sha256(b"\x00" + entry).digest())
    assert tuple(frontier) == frontier_of(entries)


def test_leaves_and_nodes_are_told_apart() -> None:
    left, right = leaf_hash(b"a"), leaf_hash(b"b")
    assert node_hash(left, right) != leaf_hash(left + right)
    assert node_hash(left, right) != node_hash(right, left)
    assert leaf_hash(b"") != EMPTY_ROOT


def test_extend_leaves_its_argument_alone() -> None:
    before = frontier_of(LEAVES[:3])
    after = extend(before, 3, leaf_hash(LEAVES[3]))
    assert len(before) == 2
    assert after == frontier_of(LEAVES[:4])
