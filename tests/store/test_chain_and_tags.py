"""HEAD, what it leads to, and names for it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from faultlayer import QuickOperations
from obs.cas.errors import BrokenChain, InvalidField, MissingObject, UnsafeStore
from obs.cas.format.ids import ObjectId
from obs.cas.format.manifests import Manifest
from obs.cas.format.merkle import extend, leaf_hash
from obs.cas.store.chain import Entry, Gap, Position
from obs.cas.store.store import Store
from smallruns import make_store

SOME = ObjectId(b"\x11" * 32)
OTHER = ObjectId(b"\x22" * 32)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(make_store(str(tmp_path)), QuickOperations()) as opened:
        yield opened


def append(store: Store, message: str) -> Entry:
    """One manifest more, of a run that nobody looks at."""

    def at(position: Position) -> Manifest:
        return Manifest(
            sequence=position.sequence,
            recorded_at="2026-01-01T00:00:00.000000Z",
            run=SOME,
            report=OTHER,
            parent=position.parent,
            message=message,
            history=position.history,
        )

    with store.chain.locked(0):
        entry = store.chain.append(at, store.chain.head())
    if entry is None:
        raise AssertionError("HEAD is not HEAD")
    return entry


def put(store: Store, name: str, data: bytes) -> None:
    path = os.path.join(store.path, name)
    if os.path.lexists(path):
        os.remove(path)
    Path(path).write_bytes(data)


# --------------------------------------------------------------------------- the chain


def test_a_history_grows_by_one_and_leads_back_to_its_beginning(store: Store) -> None:
    assert store.chain.head() is None
    assert list(store.chain.walk()) == []
    entries = [append(store, f"number {number}") for number in range(9)]
    assert store.chain.head() == entries[-1].id
    assert list(store.chain.walk()) == entries[::-1]
    assert [entry.manifest.parent for entry in entries] == [None, *(entry.id for entry in entries[:-1])]
    frontier: tuple[bytes, ...] = ()
    for number, entry in enumerate(entries):
        assert entry.manifest.history == frontier
        frontier = extend(frontier, number, leaf_hash(entry.data))
    assert list(store.chain.walk(entries[4].id)) == entries[4::-1]


def test_head_moves_only_from_where_it_is_expected(store: Store) -> None:
    first = append(store, "first")
    before = sorted(found.hex for found in store.objects.ids())

    def unwanted(position: Position) -> Manifest:
        raise AssertionError(f"built for {position}")

    for expected in (None, SOME):
        with store.chain.locked(0):
            assert store.chain.append(unwanted, expected) is None
    assert store.chain.head() == first.id
    assert sorted(found.hex for found in store.objects.ids()) == before


def test_a_missing_head_does_not_begin_a_second_history(store: Store) -> None:
    append(store, "first")
    append(store, "second")
    os.remove(os.path.join(store.path, "HEAD"))
    with pytest.raises(BrokenChain, match="HEAD is missing"):
        append(store, "third")


def test_a_manifest_that_never_became_head_is_no_history(store: Store) -> None:
    """What a crash before the first HEAD leaves."""
    first = append(store, "first")
    os.remove(os.path.join(store.path, "HEAD"))
    assert append(store, "again").manifest.sequence == 0
    assert first.id in set(store.objects.ids())


def test_a_history_that_begins_while_somebody_looks_is_not_a_lost_one(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Readers take no lock: two records may come after HEAD was not there, and before it is asked why."""
    newest: list[ObjectId] = []

    def manifests_a_moment_later() -> Iterator[Entry]:
        monkeypatch.undo()
        newest.extend(append(store, message).id for message in ("first", "second"))
        return store.chain.manifests_on_disk()

    monkeypatch.setattr(store.chain, "manifests_on_disk", manifests_a_moment_later)
    assert store.chain.head() == newest[1]


def test_while_head_is_held_it_is_the_one_that_was_read_first(store: Store) -> None:
    first = append(store, "first").id
    other = Store.open(store.path)
    with other, store.chain.held():
        with store.chain.held():
            assert store.chain.head() == first
        second = append(other, "second").id
        assert store.chain.head() == first
        assert [step.id for step in store.chain.walk()] == [first]
    assert store.chain.head() == second
    with store.chain.held():
        assert store.chain.head() == second


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b"\n", "is empty"),
        (b" " * 65, "is empty"),
        (b"1" * 64, "does not hold"),
        (b"1" * 63 + b"\n", "does not hold"),
        (b"1" * 64 + b"\n\n", "does not hold"),
        (b"1" * 64 + b"\r\n", "does not hold"),
        (b"A" * 64 + b"\n", "does not hold"),
        (b"g" * 64 + b"\n", "does not hold"),
        (b"ref: refs/heads/main\n", "does not hold"),
        (b"\xff" * 65, "does not hold"),
        ("\u0661".encode() * 32 + b"\n", "does not hold"),
    ],
)
def test_a_head_that_is_no_id(store: Store, content: bytes, says: str) -> None:
    append(store, "first")
    put(store, "HEAD", content)
    for attempt in (store.chain.head, lambda: list(store.chain.walk()), lambda: append(store, "second")):
        with pytest.raises(BrokenChain, match=says) as caught:
            attempt()
        assert caught.value.exit_code == 3


def test_a_head_that_points_nowhere(store: Store) -> None:
    entries = [append(store, f"number {number}") for number in range(3)]
    put(store, "HEAD", SOME.hex.encode() + b"\n")
    gap, *rest = store.chain.walk()
    assert isinstance(gap, Gap)
    assert (gap.id, gap.sequence) == (SOME, None)
    assert isinstance(gap.error, MissingObject)
    assert rest == entries[::-1]
    with pytest.raises(MissingObject):
        list(store.chain.entries())
    with pytest.raises(MissingObject):
        append(store, "on nothing")


def test_several_gaps(store: Store) -> None:
    entries = [append(store, f"number {number}") for number in range(8)]
    lost = {1, 2, 5, 7}
    for number in lost:
        digits = entries[number].id.hex
        os.remove(os.path.join(store.path, "objects", digits[:2], digits[2:]))
    told = [step.manifest.sequence if isinstance(step, Entry) else None for step in store.chain.walk()]
    assert told == [None, 6, None, 4, 3, None, 0]


def test_a_parent_that_does_not_fit_is_a_gap(store: Store) -> None:
    """A manifest whose history is not that of its parent: intact objects, another past."""
    first = append(store, "first")
    second = append(store, "second")
    forged = Manifest(
        sequence=2,
        recorded_at="2026-01-01T00:00:00.000000Z",
        run=SOME,
        report=OTHER,
        parent=second.id,
        history=(b"\0" * 32,),
    )
    with store.batch() as batch:
        new = batch.add(forged)
        batch.publish()
    put(store, "HEAD", new.hex.encode() + b"\n")
    top, gap, *rest = store.chain.walk()
    assert isinstance(top, Entry)
    assert isinstance(gap, Gap)
    assert isinstance(gap.error, BrokenChain)
    assert "history" in str(gap.error)
    assert rest == [first]


def test_a_walk_ends_whatever_the_links_say(store: Store) -> None:
    """A parent with a higher sequence cannot make a circle."""
    entries = [append(store, f"number {number}") for number in range(4)]
    forged = Manifest(
        sequence=1,
        recorded_at="2026-01-01T00:00:00.000000Z",
        run=SOME,
        report=OTHER,
        parent=entries[3].id,
        history=(b"\0" * 32,),
    )
    with store.batch() as batch:
        new = batch.add(forged)
        batch.publish()
    put(store, "HEAD", new.hex.encode() + b"\n")
    top, gap = store.chain.walk()
    assert isinstance(gap, Gap)
    assert (top.id, gap.id, gap.sequence) == (new, entries[3].id, 0)
    assert "its parent" in str(gap.error)


def test_a_lock_that_is_no_file(store: Store) -> None:
    os.mkdir(os.path.join(store.path, "lock"))
    with pytest.raises(UnsafeStore, match="lock"):
        append(store, "first")


# --------------------------------------------------------------------------- tags


def test_a_tag_is_set_moved_and_removed(store: Store) -> None:
    assert store.tags.names() == []
    assert store.tags.get("best") is None
    store.tags.put("best", SOME)
    store.tags.put("v1.0", OTHER)
    assert Path(store.path, "tags", "best").read_bytes() == SOME.hex.encode() + b"\n"
    assert store.tags.names() == ["best", "v1.0"]
    assert store.tags.get("best") == SOME
    store.tags.put("best", OTHER)
    assert store.tags.get("best") == OTHER
    assert store.tags.remove("best")
    assert not store.tags.remove("best")
    assert store.tags.names() == ["v1.0"]
    assert store.files.list_folder("tmp") == []


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "../HEAD",
        "../../outside",
        "a/b",
        "/etc/passwd",
        "HEAD",
        "run",
        "blake3",
        "sha256",
        "abcd",
        "DEADbeef",
        "a" * 64,
        "a..b",
        "a.lock",
        "-d",
        ".hidden",
        "1st",
        "a b",
        "a\n",
        "a\0",
        "é",
        "x" * 101,
    ],
)
def test_a_name_that_no_tag_may_have(store: Store, name: str) -> None:
    for attempt in (
        lambda: store.tags.put(name, SOME),
        lambda: store.tags.get(name),
        lambda: store.tags.remove(name),
    ):
        with pytest.raises(InvalidField):
            attempt()
    assert store.files.list_folder("tags") == []
    assert store.chain.head() is None


@pytest.mark.parametrize("content", [b"", b"1" * 64, b"1" * 65, b"x" * 64 + b"\n", b"1" * 64 + b"\n\n"])
def test_a_damaged_tag(store: Store, content: bytes) -> None:
    put(store, "tags/best", content)
    with pytest.raises(BrokenChain, match="best"):
        store.tags.get("best")
    store.tags.put("best", SOME)
    assert store.tags.get("best") == SOME


def test_files_that_are_no_tags_are_passed_over(store: Store) -> None:
    store.tags.put("best", SOME)
    for name in ("best.lock", ".swp", "#best#", "abcd"):
        put(store, f"tags/{name}", b"")
    assert store.tags.names() == ["best"]
