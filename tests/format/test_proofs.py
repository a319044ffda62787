"""Inclusion and consistency proofs: the published ones, and pymerkle as a second implementation."""

from __future__ import annotations

import random
from functools import cache
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from obs.cas.format.merkle import EMPTY_ROOT, Frontier, Hash, extend, leaf_hash, node_hash, root
from obs.cas.format.proofs import (
    Proof,
    Subtree,
    check_consistency,
    check_inclusion,
    frontier_of,
    prove_consistency,
    prove_inclusion,
)
from pymerkle import InmemoryTree, verify_consistency, verify_inclusion
from rfc6962 import LEAVES, ROOTS

if TYPE_CHECKING:
    import pymerkle

SIZES = 300
"""Of pymerkle's tree below: every size up to it."""


def subtrees(entries: list[bytes]) -> Subtree:
    """The hashes of complete subtrees, by definition."""

    @cache
    def subtree(level: int, number: int) -> Hash:
        if level == 0:
            return leaf_hash(entries[number])
        return node_hash(subtree(level - 1, 2 * number), subtree(level - 1, 2 * number + 1))

    return subtree


def numbered(size: int) -> list[bytes]:
    return [f"entry {number}".encode() for number in range(size)]


PUBLISHED = subtrees(LEAVES)

# What the reference implementation's tests list (merkle_tree_test.cc, kSHA256Paths and kSHA256Proofs); its
# leaves count from 1.
A = "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7"
B = "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e"
C = "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"
D = "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"
E = "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0"
F = "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a"


@pytest.mark.parametrize(
    ("leaf", "size", "path"),
    [
        (1, 1, []),
        (1, 8, [A, B, C]),
        (6, 8, [D, E, ROOTS[4]]),
        (3, 3, [ROOTS[2]]),
        (2, 5, [ROOTS[1], B, D]),
    ],
)
def test_published_inclusion_proofs(leaf: int, size: int, path: list[str]) -> None:
    proof = prove_inclusion(leaf - 1, size, PUBLISHED)
    assert [node.hex() for node in proof] == path
    wanted = bytes.fromhex(ROOTS[size])
    assert check_inclusion(proof, leaf - 1, size, leaf_hash(LEAVES[leaf - 1]), wanted)


@pytest.mark.parametrize(
    ("old", "new", "path"),
    [(1, 1, []), (1, 8, [A, B, C]), (6, 8, [F, E, ROOTS[4]]), (2, 5, [B, D])],
)
def test_published_consistency_proofs(old: int, new: int, path: list[str]) -> None:
    proof = prove_consistency(old, new, PUBLISHED)
    assert [node.hex() for node in proof] == path
    assert check_consistency(proof, old, new, bytes.fromhex(ROOTS[old]), bytes.fromhex(ROOTS[new]))


@pytest.fixture(scope="module")
def oracle() -> InmemoryTree:
    tree = InmemoryTree(algorithm="sha256")
    for entry in numbered(SIZES):
        tree.append_entry(entry)
    return tree


def path_of(proof: pymerkle.Proof) -> Proof:
    """Of a proof of pymerkle's: it puts the node that is proved in front of an inclusion proof."""
    path: list[str] = proof.serialize()["path"]
    return tuple(bytes.fromhex(node) for node in path)


def test_every_size_against_pymerkle(oracle: InmemoryTree) -> None:
    subtree = subtrees(numbered(SIZES))
    draw = random.Random(1)
    for size in range(1, SIZES + 1):
        wanted = oracle.get_root(size)
        assert root(frontier_of(size, subtree)) == wanted
        for index in {0, size - 1, draw.randrange(size), draw.randrange(size)}:
            theirs = oracle.prove_inclusion(index + 1, size)
            ours = prove_inclusion(index, size, subtree)
            assert path_of(theirs) == (subtree(0, index), *ours)
            verify_inclusion(subtree(0, index), wanted, theirs)
            assert check_inclusion(ours, index, size, subtree(0, index), wanted)
        for old in {1, size, draw.randint(1, size), draw.randint(1, size)}:
            before = oracle.get_root(old)
            verify_consistency(before, wanted, oracle.prove_consistency(old, size))
            ours = prove_consistency(old, size, subtree)
            assert check_consistency(ours, old, size, before, wanted)


def defined_inclusion(index: int, entries: list[bytes]) -> list[Hash]:
    """PATH of RFC 9162 2.1.3.1, word for word."""
    if len(entries) == 1:
        return []
    k = 1 << (len(entries) - 1).bit_length() - 1
    if index < k:
        return [*defined_inclusion(index, entries[:k]), defined_root(entries[k:])]
    return [*defined_inclusion(index - k, entries[k:]), defined_root(entries[:k])]


def defined_consistency(old: int, entries: list[bytes], whole: bool = True) -> list[Hash]:
    """SUBPROOF of RFC 9162 2.1.4.1, word for word."""
    if old == len(entries):
        return [] if whole else [defined_root(entries)]
    k = 1 << (len(entries) - 1).bit_length() - 1
    if old <= k:
        return [*defined_consistency(old, entries[:k], whole), defined_root(entries[k:])]
    return [*defined_consistency(old - k, entries[k:], False), defined_root(entries[:k])]


def defined_root(entries: list[bytes]) -> Hash:
    if len(entries) == 1:
        return leaf_hash(entries[0])
    k = 1 << (len(entries) - 1).bit_length() - 1
    return node_hash(defined_root(entries[:k]), defined_root(entries[k:]))


@given(st.integers(1, 70), st.data())
def test_the_definitions(size: int, data: st.DataObject) -> None:
    entries, old = numbered(size), data.draw(st.integers(1, size))
    index = data.draw(st.integers(0, size - 1))
    assert list(prove_inclusion(index, size, subtrees(entries))) == defined_inclusion(index, entries)
    assert list(prove_consistency(old, size, subtrees(entries))) == defined_consistency(old, entries)


def repeated(level: int, _number: int) -> Hash:
    """Subtrees of a tree all of whose leaves are equal: as large as one likes."""
    node = leaf_hash(b"same")
    for _ in range(level):
        node = node_hash(node, node)
    return node


@given(st.integers(1, 1 << 40), st.data())
def test_large_trees(size: int, data: st.DataObject) -> None:
    index, old = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size))
    wanted, before = root(frontier_of(size, repeated)), root(frontier_of(old, repeated))
    inclusion, consistency = prove_inclusion(index, size, repeated), prove_consistency(old, size, repeated)
    assert len(inclusion) <= size.bit_length()
    assert len(consistency) <= size.bit_length() + 1
    assert check_inclusion(inclusion, index, size, leaf_hash(b"same"), wanted)
    assert check_consistency(consistency, old, size, before, wanted)


def test_what_a_proof_does_not_prove() -> None:
    """Every other leaf, index, size, root and path of small trees is refused."""
    entries = numbered(20)
    subtree = subtrees(entries)
    roots = [EMPTY_ROOT, *(root(frontier_of(size, subtree)) for size in range(1, 21))]
    other = sha256(b"other").digest()
    for size in range(1, 21):
        for index in range(size):
            path, leaf = prove_inclusion(index, size, subtree), subtree(0, index)
            assert not check_inclusion(path, index, size, other, roots[size])
            assert not check_inclusion(path, index, size, leaf, other)
            assert not check_inclusion((*path, other), index, size, leaf, roots[size])
            assert not any(
                check_inclusion(path[:at] + path[at + 1 :], index, size, leaf, roots[size])
                for at in range(len(path))
            )
            assert not any(
                check_inclusion((*path[:at], other, *path[at + 1 :]), index, size, leaf, roots[size])
                for at in range(len(path))
            )
            claims = [at for at in range(-1, size + 1) if check_inclusion(path, at, size, leaf, roots[size])]
            assert claims == [index]
    for new in range(1, 21):
        for old in range(1, new):
            path = prove_consistency(old, new, subtree)
            assert not check_consistency(path, old, new, other, roots[new])
            assert not check_consistency(path, old, new, roots[old], other)
            assert not check_consistency((*path, other), old, new, roots[old], roots[new])
            assert not check_consistency((), old, new, roots[old], roots[new])
            assert not any(
                check_consistency((*path[:at], other, *path[at + 1 :]), old, new, roots[old], roots[new])
                for at in range(len(path))
            )


def test_the_ends() -> None:
    subtree = subtrees(numbered(5))
    whole = root(frontier_of(5, subtree))
    assert check_consistency((), 0, 5, EMPTY_ROOT, whole)
    assert not check_consistency((), 0, 5, whole, whole)
    assert check_consistency((), 5, 5, whole, whole)
    assert not check_consistency((whole,), 5, 5, whole, whole)
    assert not check_consistency((), 6, 5, whole, whole)
    assert not check_consistency((), -1, 5, whole, whole)
    assert frontier_of(0, subtree) == ()
    for index, size in ((0, 0), (5, 5), (-1, 5)):
        assert not check_inclusion((), index, size, whole, whole)
        with pytest.raises(ValueError, match="no leaf"):
            prove_inclusion(index, size, subtree)
    for old, new in ((6, 5), (-1, 5)):
        with pytest.raises(ValueError, match="no beginning"):
            prove_consistency(old, new, subtree)


@given(st.integers(0, 200))
@settings(max_examples=30)
def test_the_frontier_is_that_of_the_manifests(size: int) -> None:
    entries, frontier = numbered(size), Frontier()
    for at, entry in enumerate(entries):
        frontier = extend(frontier, at, leaf_hash(entry))
    assert frontier_of(size, subtrees(entries)) == frontier
