"""An index that lies, is damaged, is somebody else's or cannot be used changes no verdict."""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from longhistory import (
    OPEN,
    SEED,
    add_runs,
    both,
    bring_up_to_date,
    copied,
    database,
    make_history,
    rows,
    told,
    write_member,
    written_model,
)
from obs.cas.format.ids import ObjectId
from obs.cas.operations.anchors import Anchor
from obs.cas.operations.lineage import entries_with, file_of
from obs.cas.operations.log import LogRequest, log
from obs.cas.operations.verify import verify_file
from obs.cas.operations.where import parse
from obs.cas.store.index import Covered, Index, IndexUnusable, has_content
from obs.cas.store.store import Store
from smallruns import make_run, record_run

pytestmark = pytest.mark.usefixtures("indexed")


def execute(path: str, *statements: str) -> None:
    opened = sqlite3.connect(database(path))
    for statement in statements:
        opened.execute(statement)
    opened.commit()
    opened.close()


def _rows_removed(path: str) -> None:
    execute(path, "DELETE FROM places", "DELETE FROM members", "DELETE FROM facts", "DELETE FROM manifests")


def _rows_added(path: str) -> None:
    execute(path, "INSERT OR IGNORE INTO places SELECT content, 3, direction FROM places")
    execute(path, "INSERT OR IGNORE INTO places SELECT content, 50, 1 FROM places")


def _ids_exchanged(path: str) -> None:
    execute(path, "UPDATE manifests SET id = (SELECT id FROM manifests AS m WHERE m.sequence = 2)")


def _ids_of_nothing(path: str) -> None:
    execute(path, "UPDATE manifests SET id = randomblob(32)")


def _odd_types(path: str) -> None:
    execute(path, "UPDATE manifests SET id = 'text'", "UPDATE manifests SET time = 7, said = NULL")


def _another_head(path: str) -> None:
    execute(path, "UPDATE covered SET head = randomblob(32), size = size - 3", "DELETE FROM places")


def _a_later_head(path: str) -> None:
    execute(path, "UPDATE covered SET head = randomblob(32), size = 1000000", "DELETE FROM places")


def _an_odd_head(path: str) -> None:
    execute(path, "UPDATE covered SET head = 7, size = 'many'")


def _another_version(path: str) -> None:
    execute(path, "DELETE FROM places", "PRAGMA user_version = 99")


def _another_schema(path: str) -> None:
    endless = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x FROM n"
    execute(path, "DROP TABLE places", f"CREATE VIEW places AS SELECT x AS content FROM ({endless})")


def _a_trigger(path: str) -> None:
    execute(path, "CREATE TRIGGER t AFTER INSERT ON manifests BEGIN DELETE FROM places; END")
    execute(path, "DELETE FROM places")


def _garbage(path: str) -> None:
    Path(database(path)).write_bytes(random.Random(1).randbytes(70_000))


def _damaged_pages(path: str) -> None:
    data = bytearray(Path(database(path)).read_bytes())
    for at in range(5000, len(data), 701):
        data[at] ^= 0x5A
    Path(database(path)).write_bytes(data)


def _huge(path: str) -> None:
    os.truncate(database(path), 1 << 40)


def _cut(path: str) -> None:
    os.truncate(database(path), os.path.getsize(database(path)) // 3)


def _empty(path: str) -> None:
    os.truncate(database(path), 0)


def _a_link(path: str) -> None:
    os.rename(database(path), f"{database(path)}.moved")
    os.symlink(f"{OPEN}.moved", database(path))


def _a_folder(path: str) -> None:
    os.unlink(database(path))
    os.mkdir(database(path))


def _others_may_write(path: str) -> None:
    _rows_removed(path)
    os.chmod(database(path), 0o666)


def _anothers(path: str) -> None:
    _rows_removed(path)
    if os.geteuid() == 0:
        os.chown(database(path), 65534, 65534)


def _a_foreign_journal(path: str) -> None:
    Path(f"{database(path)}-journal").write_bytes(b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7" + bytes(2000))
    os.chmod(f"{database(path)}-journal", 0o666)


LIES: tuple[Callable[[str], None], ...] = (
    _rows_removed, _rows_added, _ids_exchanged, _ids_of_nothing, _odd_types, _another_head, _a_later_head,
    _an_odd_head, _another_version, _another_schema, _a_trigger, _garbage, _damaged_pages, _huge, _cut,
    _empty, _a_link, _a_folder, _others_may_write, _anothers, _a_foreign_journal,
)  # fmt: skip


def verdicts(path: str, folder: Path) -> list[tuple[object, ...]]:
    """What is said of a model, of a file of a folder, and of one that was never recorded."""
    never = folder / "never.pkl"
    never.write_bytes(b"nobody wrote this")
    found: list[tuple[object, ...]] = []
    for file in (written_model(path, folder), write_member(folder, 1, 7), str(never)):
        with Store.open(path) as store:
            answer = verify_file(store, file)
            found.append((answer.verdict, answer.levels, answer.exit_code, answer.problems))
    return found


@pytest.mark.parametrize("lie", LIES, ids=lambda lie: lie.__name__.strip("_"))
def test_a_lie_changes_no_verdict(obs_folder: str, tmp_path: Path, lie: Callable[[str], None]) -> None:
    honest = verdicts(obs_folder, tmp_path)
    assert [each[0] for each in honest] == ["CHAIN-CONSISTENT", "CHAIN-CONSISTENT", "NOT-RECORDED"]
    lie(obs_folder)
    assert verdicts(obs_folder, tmp_path) == honest
    known = {line.manifest for line in told(obs_folder, LogRequest(cache=False))}
    request = LogRequest(where=(parse("metrics.accuracy > 0.97"),))
    for line in told(obs_folder, request):  # some may be left out, and none is added
        assert line.manifest in known
        assert isinstance(accuracy := (line.metrics or {})["accuracy"], float)
        assert accuracy > 0.97


def test_the_index_of_another_store_is_made_anew(obs_folder: str, tmp_path: Path) -> None:
    other = make_history(tmp_path / "other", 70, seed=SEED + 1)
    bring_up_to_date(other)
    honest = rows(obs_folder)
    shutil.copy(database(other), database(obs_folder))
    both(obs_folder, where=(parse("metrics.accuracy > 0.97"),))
    assert rows(obs_folder) == honest


def test_a_history_that_was_cut_is_indexed_anew(obs_folder: str) -> None:
    with Store.open(obs_folder) as store:
        older = next(entry for entry in store.chain.entries() if entry.manifest.sequence == 30)
    Path(obs_folder, "HEAD").write_text(f"{older.id.hex}\n")
    assert both(obs_folder, where=(parse("metrics.accuracy > 0.9"),))
    assert rows(obs_folder)["covered"] == [(0, older.id.raw, 31)]


def test_a_manifest_outside_of_the_history_is_not_believed(obs_folder: str, tmp_path: Path) -> None:
    """Its objects are all there, and the index names it: but HEAD does not lead to it."""
    add_runs(obs_folder, tmp_path, 1)
    bring_up_to_date(obs_folder)
    model = str(tmp_path / "run-0/model.pkl")
    with Store.open(obs_folder) as store:
        head = store.chain.head()
        assert head is not None
        entry = store.chain.entry(head, "HEAD")
        parent = entry.manifest.parent
        assert parent is not None
        assert verify_file(store, model).verdict == "CHAIN-CONSISTENT"
    Path(obs_folder, "HEAD").write_text(f"{parent.hex}\n")
    execute(obs_folder, "UPDATE manifests SET sequence = sequence - 200 WHERE sequence < 5")
    opened = sqlite3.connect(database(obs_folder))
    opened.execute("UPDATE covered SET head = ?, size = ?", (parent.raw, entry.manifest.sequence))
    opened.execute("UPDATE places SET sequence = 4 WHERE sequence = ?", (entry.manifest.sequence,))
    opened.execute("INSERT INTO manifests VALUES (4, ?, '2026-01-01', 0, '')", (head.raw,))
    opened.commit()
    opened.close()
    with Store.open(obs_folder) as store:
        assert verify_file(store, model).verdict == "NOT-RECORDED"
        assert entries_with(store, file_of(model)) == []
        assert head not in {line.manifest for line in log(store, LogRequest(model=model))}


def test_a_locked_index_is_done_without(obs_folder: str, tmp_path: Path) -> None:
    honest = verdicts(obs_folder, tmp_path)
    holder = sqlite3.connect(database(obs_folder), isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    try:
        assert verdicts(obs_folder, tmp_path) == honest
    finally:
        holder.execute("ROLLBACK")
        holder.close()
    assert os.path.getsize(database(obs_folder)) > 0


def test_where_nothing_can_be_written_the_index_is_read_as_it_is(
    obs_folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_runs(obs_folder, tmp_path, 2)
    before = rows(obs_folder)

    def refuse(*_: object) -> None:
        raise IndexUnusable

    monkeypatch.setattr(Index, "writing", refuse)
    assert len(both(obs_folder, since="2026-01-01T00:00:00.000000Z")) == 2
    with Store.open(obs_folder) as store:
        assert len(entries_with(store, file_of(str(tmp_path / "run-1/model.pkl")))) == 1
    assert rows(obs_folder) == before


def test_an_index_that_is_not_ours_is_left_alone_and_one_of_our_own_is_made(obs_folder: str) -> None:
    os.chmod(database(obs_folder), 0o666)
    before = Path(database(obs_folder)).read_bytes()
    bring_up_to_date(obs_folder)
    assert Path(database(obs_folder)).read_bytes() == before
    assert os.path.exists(os.path.join(obs_folder, "cache", f"index-{os.geteuid()}.sqlite"))


def test_what_is_half_written_is_as_if_it_was_not(obs_folder: str) -> None:
    before = rows(obs_folder)
    with Store.open(obs_folder) as store, Index(store.files) as index:
        interrupted = pytest.raises(KeyboardInterrupt)
        with interrupted, index.writing():
            index.cover(Covered(head=bytes(32), size=5))
            raise KeyboardInterrupt
        assert index.covered is not None
        assert index.covered.size == len(before["manifests"])
        assert list(index.candidates((has_content(bytes(32), ("run",)),), 1000)) == []
    assert rows(obs_folder) == before


def test_a_short_history_has_no_index(
    original: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    path = copied(original, tmp_path / "copy")
    both(path, where=(parse("metrics.accuracy > 0.97"),))
    verdicts(path, tmp_path)
    assert not os.path.exists(database(path))


@pytest.mark.parametrize(
    "hidden", ["", "newest", "oldest", "oldest, middle", "oldest, middle, newest", "middle, newest"]
)
@pytest.mark.parametrize("damaged", ["newest", "newest, middle", "newest, middle, oldest"])
def test_the_verdict_is_that_of_the_best_run_whichever_an_index_names(
    obs_folder: str, tmp_path: Path, damaged: str, hidden: str
) -> None:
    """Three runs wrote one model. What an index hides of them takes nothing from what is shown."""
    sequences: dict[str, int] = {}
    tables: dict[str, str] = {}
    heads: list[ObjectId | None] = []
    for number, name in enumerate(("oldest", "middle", "newest")):
        done = record_run(obs_folder, make_run(str(tmp_path / name), data=1000 + number, model=7))
        assert done.sequence is not None
        sequences[name], tables[name] = done.sequence, done.datasets[0].id.hex
        heads.append(done.manifest)
    model = str(tmp_path / "newest/model.pkl")
    with Store.open(obs_folder) as store:
        entries_with(store, file_of(model))  # the index knows all three
    for name in damaged.split(", "):
        Path(obs_folder, "objects", tables[name][:2], tables[name][2:]).unlink()
    for name in filter(None, hidden.split(", ")):
        execute(obs_folder, f"DELETE FROM places WHERE sequence = {sequences[name]}")
    all_damaged = damaged.count(",") == 2
    with Store.open(obs_folder) as store:
        found = verify_file(store, model)
        anchored = verify_file(store, model, anchor=Anchor(text="kept", manifest=heads[0]))
    assert found.verdict == ("CORRUPT" if all_damaged else "CHAIN-CONSISTENT")
    covered, size = sequences["oldest"] + 1, sequences["newest"] + 1
    assert anchored.verdict == ("CORRUPT" if all_damaged else f"ANCHORED({covered} of {size})")
    if not hidden:
        assert (found.exit_code, anchored.exit_code) == (3, 3)
        assert {problem.code for problem in found.problems} == {"OBJECT_MISSING"}
