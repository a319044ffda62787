"""The Merkle tree: the published roots of RFC 6962, and pymerkle as a second implementation."""

from __future__ import annotations

from hashlib import sha256

import pytest
import standalone
from hypothesis import given
from hypothesis import strategies as st
from obs.cas.format.merkle import EMPTY_ROOT, Frontier, Hash, extend, leaf_hash, node_hash, root
from pymerkle import InmemoryTree

# From the tests of the reference implementation (google/certificate-transparency, merkle_tree_test.cc).
LEAVES = [
    bytes.fromhex(digits)
    for digits in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


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
