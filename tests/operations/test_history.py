"""Proofs about a real store's history, and a cache of hashes that may say anything."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from obs.cas.errors import BrokenChain
from obs.cas.format.ids import ObjectId
from obs.cas.format.merkle import leaf_hash, root
from obs.cas.format.proofs import check_consistency, check_inclusion
from obs.cas.operations.history import History
from obs.cas.store.chain import Entry
from obs.cas.store.store import Store
from obs.cas.store.treehashes import hashes_of, place_of
from pymerkle import InmemoryTree
from smallruns import grow_history, make_store

RUNS = 21


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = make_store(str(tmp_path_factory.mktemp("store")))
    grow_history(folder, RUNS)
    return folder


@pytest.fixture
def copy(home: str, tmp_path: Path) -> str:
    shutil.copytree(home, tmp_path / ".obs")
    return str(tmp_path / ".obs")


def entries_of(store: Store) -> list[Entry]:
    return list(store.chain.entries())[::-1]


def cache_of(obs_folder: str) -> Path:
    return Path(obs_folder, "cache", f"tree-{os.geteuid()}")


def prove_everything(obs_folder: str) -> None:
    """Every manifest and every beginning, against pymerkle's tree of the same entries."""
    with Store.open(obs_folder) as store:
        entries = entries_of(store)
        oracle = InmemoryTree(algorithm="sha256")
        for entry in entries:
            oracle.append_entry(entry.data)
        with History.of(store, entries[-1]) as history:
            assert (history.size, history.root) == (len(entries), oracle.get_root())
            assert history.origin == f"obs/{entries[0].id.hex}"
            for at, entry in enumerate(entries):
                path = history.inclusion(entry)
                assert check_inclusion(path, at, len(entries), leaf_hash(entry.data), oracle.get_root())
                old = root(entry.next_history())
                assert old == oracle.get_root(at + 1)
                path = history.consistency(at + 1, old)
                assert check_consistency(path, at + 1, len(entries), old, oracle.get_root())


def test_the_places_are_those_in_which_subtrees_become_complete() -> None:
    places: list[tuple[int, int]] = []
    for leaf in range(70):
        at, level = leaf, 0
        places.append((0, leaf))
        while at & 1:
            at, level = at >> 1, level + 1
            places.append((level, at))
        assert hashes_of(leaf + 1) == len(places)
    assert [place_of(*which) for which in places] == list(range(len(places)))


def test_proofs_with_and_without_the_cache(copy: str) -> None:
    prove_everything(copy)
    made = cache_of(copy).read_bytes()
    assert len(made) == 44 + 32 * hashes_of(RUNS)
    prove_everything(copy)
    assert cache_of(copy).read_bytes() == made


def test_the_cache_grows_with_the_history(copy: str) -> None:
    prove_everything(copy)
    before = cache_of(copy).read_bytes()
    for _ in range(3):
        grow_history(copy, 5)
        prove_everything(copy)
        after = cache_of(copy).read_bytes()
        assert after.startswith(before)
        before = after
    cache_of(copy).unlink()
    prove_everything(copy)
    assert cache_of(copy).read_bytes() == before


def test_only_what_is_new_is_walked(copy: str) -> None:
    """Manifests that the cache knows need not even be there."""
    prove_everything(copy)
    with Store.open(copy) as store:
        old = entries_of(store)[3]
    grow_history(copy, 1)
    Path(copy, "objects", old.id.hex[:2], old.id.hex[2:]).unlink()
    with Store.open(copy) as store:
        head = store.chain.head()
        assert head is not None
        with History.of(store, store.chain.entry(head, "HEAD")) as history:
            assert history.contains(old)
            assert history.size == RUNS + 1


def flip(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


LIES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _: b"",
    "another magic": lambda data: b"x" + data[1:],
    "another first manifest": lambda data: flip(data, 20),
    "a flipped leaf": lambda data: flip(data, 44 + 32 * place_of(0, 5)),
    "a flipped node": lambda data: flip(data, 44 + 32 * place_of(2, 1)),
    "a flipped last leaf": lambda data: flip(data, len(data) - 1),
    "cut in the middle of a hash": lambda data: data[: len(data) // 2 + 7],
    "cut behind the head": lambda data: data[:44],
    "zeros": lambda data: data[:44] + bytes(len(data) - 44),
    "twice as long": lambda data: data + data[44:],
    "longer by nonsense": lambda data: data + os.urandom(32 * 1000),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_cache_that_lies_changes_no_answer(copy: str, lie: str) -> None:
    prove_everything(copy)
    made = cache_of(copy).read_bytes()
    cache_of(copy).write_bytes(LIES[lie](made))
    prove_everything(copy)
    cache_of(copy).write_bytes(LIES[lie](made))
    grow_history(copy, 2)
    prove_everything(copy)


@pytest.mark.parametrize("what", ["a run", "another manifest", "a damaged object"])
def test_a_cache_that_names_another_first_manifest(copy: str, what: str) -> None:
    prove_everything(copy)
    with Store.open(copy) as store:
        entries = entries_of(store)
        named = entries[1].id if what == "another manifest" else entries[2].manifest.run
        if what == "a damaged object":
            named = entries[2].manifest.report
            path = Path(copy, "objects", named.hex[:2], named.hex[2:])
            path.chmod(0o600)
            path.write_bytes(b"x")
        made = cache_of(copy).read_bytes()
        cache_of(copy).write_bytes(made[:12] + named.raw + made[44:])
        with History.of(store, entries[-1]) as history:
            assert history.origin == f"obs/{entries[0].id.hex}"


@pytest.mark.parametrize("what", ["a folder", "a link", "a fifo"])
def test_something_else_in_the_place_of_the_cache(copy: str, what: str, tmp_path: Path) -> None:
    cache_of(copy).parent.mkdir(exist_ok=True)
    target = tmp_path / "precious"
    target.write_bytes(b"precious")
    if what == "a folder":
        cache_of(copy).mkdir()
    elif what == "a link":
        cache_of(copy).symlink_to(target)
    else:
        os.mkfifo(cache_of(copy))
    prove_everything(copy)
    assert target.read_bytes() == b"precious"


def test_a_history_of_another_store_under_the_same_cache(copy: str, tmp_path: Path) -> None:
    prove_everything(copy)
    other = make_store(str(tmp_path / "other"))
    grow_history(other, RUNS + 4, name="other")
    shutil.copytree(Path(copy, "cache"), Path(other, "cache"), dirs_exist_ok=True)
    prove_everything(other)


def test_what_is_not_in_the_history_is_refused(copy: str, tmp_path: Path) -> None:
    other = make_store(str(tmp_path / "other"))
    grow_history(other, 3, name="other")
    with Store.open(copy) as store, Store.open(other) as foreign:
        entries, strangers = entries_of(store), entries_of(foreign)
        with History.of(store, entries[-1]) as history:
            for stranger in strangers:
                assert not history.contains(stranger)
                with pytest.raises(BrokenChain):
                    history.consistency(stranger.manifest.sequence + 1, root(stranger.next_history()))
            for size in (0, -1, RUNS + 1):
                with pytest.raises(BrokenChain):
                    history.consistency(size, history.root)
        with History.of(store, entries[7]) as older:  # a tree that ends earlier
            assert (older.size, older.contains(entries[7]), older.contains(entries[8])) == (8, True, False)


def test_a_head_that_contradicts_its_parent(copy: str) -> None:
    """A manifest of a right sequence whose history is made up."""
    from obs.cas.format.frozen import replace

    with Store.open(copy) as store:
        head = entries_of(store)[-1]
        forged = replace(head.manifest, history=(bytes(32),) * len(head.manifest.history))
        with store.batch() as batch:
            made: ObjectId = batch.add(forged)
            batch.publish()
        with pytest.raises(BrokenChain, match="is not that of its parent"):
            History.of(store, store.chain.entry(made, "a test"))


def test_a_store_that_one_may_only_read(copy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> int:
        raise PermissionError

    monkeypatch.setattr("os.pwrite", refused)
    prove_everything(copy)
    assert not cache_of(copy).exists() or not cache_of(copy).stat().st_size
