"""Objects that are sound one by one and do not fit together: no obs writes them, somebody may."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from blake3 import blake3
from faultlayer import QuickOperations
from obs.cas.errors import CorruptObject
from obs.cas.format.data import File, Tree, TreeEntry
from obs.cas.format.frozen import replace
from obs.cas.format.ids import BlobId, ObjectId
from obs.cas.format.objects import Object, object_id
from obs.cas.format.runs import Document, Link, Metrics, Run
from obs.cas.operations.check import check_store
from obs.cas.operations.restore import restore
from obs.cas.operations.revisions import Member
from obs.cas.store.store import Store
from smallruns import commit, make_store

EMPTY = b""
BLOB = BlobId(blake3(EMPTY).digest())
OTHER = BlobId(blake3(b"other").digest())


def messages(store: Store) -> list[tuple[str, str]]:
    return [(problem.code, problem.message) for problem in check_store(store, full=True).problems]


def folder_of(names: list[str]) -> tuple[TreeEntry, ...]:
    return tuple(TreeEntry(name, 0, BLOB) for name in sorted(names))


ENTRIES = folder_of([f"{number:05}" for number in range(5000)])
FULL, REST = Tree.split(ENTRIES)
TREE = Tree.of(ENTRIES, (object_id(FULL), object_id(REST)))
SHORT = replace(REST, entries=REST.entries[1:])
OVERLAPPING = replace(REST, entries=(TreeEntry("00000", 0, BLOB), *REST.entries[1:]))


@pytest.mark.parametrize(
    ("tree", "parts"),
    [
        pytest.param(replace(TREE, size=1), (FULL, REST), id="another size"),
        pytest.param(replace(TREE, count=5001), (FULL, REST), id="another count"),
        pytest.param(
            Tree.of(ENTRIES, (object_id(REST), object_id(FULL))), (FULL, REST), id="parts out of order"
        ),
        pytest.param(Tree.of(ENTRIES, (object_id(FULL), object_id(SHORT))), (FULL, SHORT), id="short part"),
        pytest.param(Tree.of(ENTRIES, (object_id(FULL), object_id(FULL))), (FULL,), id="a part twice"),
        pytest.param(
            Tree.of(ENTRIES, (object_id(FULL), object_id(OVERLAPPING))),
            (FULL, OVERLAPPING),
            id="a name twice",
        ),
    ],
)
def test_parts_that_are_not_those_of_their_tree(
    tmp_path: Path, tree: Tree, parts: tuple[Object, ...]
) -> None:
    with Store.open(make_store(str(tmp_path))) as store:
        link = Link(role="data", name="d", kind="tree", id=object_id(TREE))
        commit(store, Run(datasets=(link,)), TREE, FULL, REST)
        assert messages(store) == []
        commit(store, Run(datasets=(replace(link, id=object_id(tree)),)), tree, *parts)
        (found,) = messages(store)
        assert found[0] == "OBJECT_CORRUPT"
        assert object_id(tree).hex in found[1]


@pytest.mark.parametrize("source", [OTHER, None], ids=["another file", "no file"])
def test_metrics_that_were_read_from_another_file_than_the_run_names(
    tmp_path: Path, source: BlobId | None
) -> None:
    with Store.open(make_store(str(tmp_path))) as store:
        file, metrics = File(size=0, blake3=BLOB), Metrics(source=source, values={"accuracy": 1.0})
        document = Document(values=object_id(metrics), name="m.json", file=object_id(file))
        commit(store, Run(metrics=document), file, metrics)
        (found,) = messages(store)
        assert found[0] == "OBJECT_CORRUPT"
        assert "another file" in found[1]


def test_a_folder_that_no_file_system_can_hold_is_not_restored(tmp_path: Path) -> None:
    with Store.open(make_store(str(tmp_path))) as store:
        tree = Tree.of(folder_of(["a", "a-b", "a/b/c"]), ())
        link = Link(role="data", name="d", kind="tree", id=object_id(tree))
        entry = commit(store, Run(datasets=(link,)), tree)
        member = Member(entry=entry, role="data", kind="tree", name="d", file=object_id(tree))
        with pytest.raises(CorruptObject, match="'a' as a file and as a folder"):
            restore(store, member, "HEAD:data", str(tmp_path / "out"), force=False)
        assert sorted(path.name for path in tmp_path.iterdir()) == [".obs"]


def test_what_many_runs_share_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder and a table that all runs read, and metrics that all have: not once for each of them."""
    runs = 60
    quick = QuickOperations()
    with Store.open(make_store(str(tmp_path), quick), quick) as store:
        file, metrics = File(size=0, blake3=BLOB), Metrics(source=BLOB, values={"accuracy": 1.0})
        folder = Link(role="data", name="d", kind="tree", id=object_id(TREE))
        table = Link(role="table", name="t", kind="file", id=object_id(file))
        said = Document(values=object_id(metrics), name="m.json", file=object_id(file))
        shared = (TREE, FULL, REST, file, metrics)
        for number in range(runs):
            run = Run(datasets=(folder, table), metrics=said, run_id=f"run {number}")
            commit(store, run, *(shared if number == 0 else ()))
        counts: Counter[ObjectId] = Counter()
        read_bytes = store.objects.read_bytes

        def counted(wanted: ObjectId) -> bytes | None:
            counts[wanted] += 1
            return read_bytes(wanted)

        monkeypatch.setattr(store.objects, "read_bytes", counted)
        found = check_store(store, full=False)
    assert (found.verdict, found.manifests, found.orphans) == ("CHAIN-CONSISTENT", runs, ())
    assert len(counts) == found.objects
    # Twice only where it was forgotten meanwhile: small ones are remembered, some 20 runs long.
    assert [counts[object_id(one)] for one in (TREE, FULL, REST)] == [1, 1, 1]
    assert counts.total() - found.objects < runs / 3


def record_meanwhile(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two runs are recorded by others between the walk of a check and its listing of all objects."""
    listed = store.objects.ids

    def after_two_more() -> Iterator[ObjectId]:
        monkeypatch.undo()
        for number in range(2):
            commit(store, Run(run_id=f"run {number}"))
        return listed()

    monkeypatch.setattr(store.objects, "ids", after_two_more)


def test_a_history_that_begins_during_a_check_is_no_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """HEAD was not there when the check began, and then somebody recorded twice: nothing is lost."""
    with Store.open(make_store(str(tmp_path)), QuickOperations()) as store:
        assert store.chain.head() is None
        monkeypatch.setattr(store.chain, "head", lambda: None)
        record_meanwhile(store, monkeypatch)
        found = check_store(store, full=True)
        newest = store.chain.head()
    assert (found.verdict, found.problems, found.head, found.manifests) == ("CHAIN-CONSISTENT", (), newest, 2)
    assert (found.orphans, found.orphan_manifests) == ((), 0)


@pytest.mark.parametrize("full", [True, False])
def test_what_is_recorded_during_a_check_is_no_cut_off_history(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, full: bool
) -> None:
    with Store.open(make_store(str(tmp_path)), QuickOperations()) as store:
        commit(store, Run(run_id="before"))
        record_meanwhile(store, monkeypatch)
        found = check_store(store, full=full)
        newest = store.chain.head()
    assert (found.verdict, found.head, found.manifests) == ("CHAIN-CONSISTENT", newest, 3)
    assert (found.orphans, found.orphan_manifests) == ((), 0)


def test_a_blob_that_is_a_link_is_one_problem(tmp_path: Path) -> None:
    """It is told with its runs, and neither ends the check nor makes HEAD a lost one."""
    with Store.open(make_store(str(tmp_path / "home")), QuickOperations()) as store:
        file = File(size=0, blake3=BLOB)
        link = Link(role="data", name="d", kind="file", id=object_id(file))
        runs = [Run(datasets=(link,), run_id=f"run {number}") for number in range(3)]
        for run in runs:
            commit(store, run, file)
        blob = tmp_path / "home" / ".obs" / "blobs" / BLOB.hex[:2] / BLOB.hex[2:]
        blob.rename(tmp_path / "outside")
        blob.symlink_to(tmp_path / "outside")
        found = check_store(store, full=True)
    assert [(problem.code, problem.id) for problem in found.problems] == [("STORE_UNSAFE", BLOB.hex)]
    assert set(found.problems[0].runs) == set(map(object_id, runs))
    assert (found.manifests, found.orphans) == (3, ())
