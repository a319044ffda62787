"""The index finds what a walk over the whole history finds, and a lie in it changes no verdict."""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from multiprocessing import get_context
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from longhistory import GENERATOR, SEED, always_index, make_history, write_member, write_model, write_table
from obs.cas.format.ids import ObjectId
from obs.cas.operations.check import check_store
from obs.cas.operations.indexing import update
from obs.cas.operations.lineage import entries_with, file_of
from obs.cas.operations.log import Damage, LogRequest, log
from obs.cas.operations.record import record
from obs.cas.operations.verify import verify_file
from obs.cas.operations.views import RunView
from obs.cas.operations.where import parse
from obs.cas.store.index import Covered, Index, IndexUnusable, has_content
from obs.cas.store.store import Store
from smallruns import ENVIRONMENT, make_run

RUNS = 60
OPEN = "index.sqlite"


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A history that nobody changes; its index is not made."""
    folder = tmp_path_factory.mktemp("history")
    make_history(folder, RUNS)
    return folder


@pytest.fixture(autouse=True)
def _indexed(monkeypatch: pytest.MonkeyPatch) -> None:
    always_index(monkeypatch)


def copied(original: Path, folder: Path) -> str:
    """A copy of a store, whose objects and blobs may be removed and not changed."""

    def copy(source: str, target: str) -> None:
        (os.link if "/objects/" in source or "/blobs/" in source else shutil.copy2)(source, target)

    shutil.copytree(original, folder, copy_function=copy)
    return str(folder / ".obs")


@pytest.fixture
def obs_folder(original: Path, tmp_path: Path) -> str:
    """A copy of it, with an index."""
    path = copied(original, tmp_path / "copy")
    bring_up_to_date(path)
    return path


def bring_up_to_date(path: str) -> int:
    with Store.open(path) as store, Index(store.files) as index:
        head = store.chain.head()
        assert head is not None
        return update(store, index, store.chain.entry(head, "HEAD"))


def database(path: str) -> str:
    return os.path.join(path, "cache", OPEN)


def rows(path: str) -> dict[str, list[object]]:
    """All that an index holds; numbers that stand for names are replaced by them."""
    opened = sqlite3.connect(database(path))
    try:
        found: dict[str, list[object]] = {
            table: sorted(opened.execute(f"SELECT * FROM {table}").fetchall())
            for table in ("covered", "manifests", "places", "trees", "members")
        }
        facts = "SELECT names.name, sequence, value FROM facts JOIN names ON names.key = facts.name"
        found["facts"] = sorted(opened.execute(facts).fetchall(), key=repr)
        return found
    finally:
        opened.close()


def told(path: str, request: LogRequest) -> list[RunView]:
    with Store.open(path) as store:
        lines = list(log(store, request))
    assert all(isinstance(line, RunView) for line in lines)
    return [line for line in lines if isinstance(line, RunView)]


def both(path: str, **wanted: object) -> list[RunView]:
    """The answer by the index, which has to be that of a walk."""
    named = told(path, LogRequest(**wanted))  # type: ignore[arg-type]  # what a test wants
    walked = told(path, LogRequest(cache=False, **wanted))  # type: ignore[arg-type]
    assert [line.manifest for line in named] == [line.manifest for line in walked]
    return named


@pytest.fixture
def walks(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Is added to where somebody reads the whole history."""
    from obs.cas.store.chain import Chain

    seen: list[str] = []
    walk = Chain.walk

    def noted(self: Chain, start: ObjectId | None = None, *, links: bool = True) -> Iterator[object]:
        seen.append("walk")
        return walk(self, start, links=links)

    monkeypatch.setattr(Chain, "walk", noted)
    return seen


# --------------------------------------------------------------------------- the generator


def test_fsck_accepts_what_is_generated(original: Path) -> None:
    with Store.open(str(original / ".obs")) as store:
        check = check_store(store, full=True)
    assert (check.problems, check.orphan_manifests, check.leftovers) == ((), 0, ())
    assert check.orphans == ()
    assert check.manifests > RUNS  # some were recorded twice
    assert check.blobs > 0


def test_the_same_numbers_make_the_same_history(original: Path, tmp_path: Path) -> None:
    make_history(tmp_path / "again", RUNS)
    head = (original / ".obs/HEAD").read_bytes()
    assert (tmp_path / "again/.obs/HEAD").read_bytes() == head
    make_history(tmp_path / "other", 10, seed=SEED + 1)
    shorter = (tmp_path / "other/.obs/HEAD").read_bytes()
    make_history(tmp_path / "shorter", 10)
    assert (tmp_path / "shorter/.obs/HEAD").read_bytes() not in (head, shorter)
    with Store.open(str(original / ".obs")) as store:
        known = {entry.id.hex for entry in store.chain.entries()}
    assert (tmp_path / "shorter/.obs/HEAD").read_text().strip() in known


# --------------------------------------------------------------------------- the same as a walk


FIELDS = (
    "metrics.accuracy", "metrics.loss", "metrics.per_class.precision", "metrics.num_samples", "params.depth",
    "params.rate", "params.balanced", "params.solver", "label", "status", "run_id", "message", "sequence",
    "num_samples", "num_features", "dropped_rows", "recorded_at", "metrics.absent",
)  # fmt: skip
VALUES = (
    "0.9", "0.97", "5", "0", "-1", "1e300", "99999999999999999999", "nan", "inf", "true", "null", "saga",
    "target", "Größe", "ok", "failed", "trial-0000007", '"2024-01-03T00:00:00.000000Z"', "0.01", "50000",
)  # fmt: skip
tests = st.one_of(
    st.tuples(
        st.sampled_from(FIELDS), st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), st.sampled_from(VALUES)
    ).map(" ".join),
    st.tuples(st.sampled_from(FIELDS), st.lists(st.sampled_from(VALUES), min_size=1, max_size=3)).map(
        lambda pair: f"{pair[0]} in ({', '.join(pair[1])})"
    ),
    st.tuples(st.sampled_from(FIELDS), st.sampled_from(VALUES)).map(" contains ".join),
    st.sampled_from(["diagnostics has MISSING_VALUES_DROPPED", "diagnostics has OTHER"]),
)
expressions = st.recursive(
    tests,
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: f"({' and '.join(parts)})"),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: f"({' or '.join(parts)})"),
        inner.map(lambda part: f"not {part}"),
    ),
    max_leaves=5,
)
moments = st.none() | st.integers(1, 9).map(lambda day: f"2024-01-{day:02}T12:00:00.000000Z")


@pytest.fixture(scope="module")
def searched(original: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("searched")
    path = copied(original, folder / "copy")
    bring_up_to_date(path)
    for number in range(GENERATOR.TABLES):
        write_table(folder, number)
    for number in range(RUNS):
        write_model(folder, number)
    for number in range(2):
        write_member(folder, number, 2)
    return path


@settings(deadline=None)
@given(data=st.data())
def test_every_question_has_the_answer_of_a_walk(searched: str, data: st.DataObject) -> None:
    folder = Path(searched).parent.parent
    files = sorted(str(path) for path in folder.iterdir() if path.is_file())
    file = st.none() | st.sampled_from(files)
    both(
        searched,
        where=tuple(parse(text) for text in data.draw(st.lists(expressions, max_size=2))),
        since=data.draw(moments),
        until=data.draw(moments),
        text=data.draw(st.sampled_from([None, None, "WIDER", "trial-000001", "once more", "ß"])),
        data=data.draw(file),
        model=data.draw(file),
        limit=data.draw(st.sampled_from([None, 1, 3])),
        reverse=data.draw(st.booleans()),
    )


def test_the_questions_above_have_answers(searched: str) -> None:
    """Else the test above would compare nothing with nothing."""
    folder = Path(searched).parent.parent
    assert both(searched, where=(parse("metrics.accuracy > 0.97 and params.solver == saga"),))
    assert both(searched, where=(parse("metrics.per_class.precision > 0.5"),))
    assert both(searched, where=(parse("dropped_rows >= 1 or status == failed"),))
    assert both(searched, data=str(folder / "table-3.csv"))
    assert both(searched, data=str(folder / "member-1-2.csv"))
    assert both(searched, text="WIDER")
    models = [number for number in range(RUNS) if both(searched, model=str(folder / f"model-{number}.pkl"))]
    assert len(models) > RUNS / 2


def test_a_file_is_found_without_a_walk(obs_folder: str, tmp_path: Path, walks: list[str]) -> None:
    for path in (written_model(obs_folder, tmp_path), write_member(tmp_path, 1, 7), write_table(tmp_path, 3)):
        with Store.open(obs_folder) as store:
            entries_with(store, file_of(path))  # the tree of the history is hashed once
            walks.clear()
            named = entries_with(store, file_of(path))
            assert walks == []
            assert named == entries_with(store, file_of(path), cache=False) != []


def written_model(obs_folder: str, folder: Path) -> str:
    """The model of the oldest run that has one."""
    with Store.open(obs_folder) as store:
        number = next(
            number
            for number in range(RUNS)
            if entries_with(store, file_of(write_model(folder, number)), cache=False)
        )
    return write_model(folder, number)


# --------------------------------------------------------------------------- kept up to date


def add_runs(obs_folder: str, folder: Path, count: int, first: int = 0) -> None:
    with Store.open(obs_folder) as store:
        for number in range(first, first + count):
            request = make_run(str(folder / f"run-{number}"), data=number, model=number)
            time = f"2026-01-01T00:00:{number:02}.000000Z"
            record(store, request, environment=lambda: ENVIRONMENT, now=lambda time=time: time)


def test_what_comes_later_is_added_and_all_is_as_if_made_anew(obs_folder: str, tmp_path: Path) -> None:
    for count in (1, 3):
        add_runs(obs_folder, tmp_path, count, first=10 * count)
        assert len(both(obs_folder, since="2026-01-01T00:00:00.000000Z")) >= count
    step_by_step = rows(obs_folder)
    os.unlink(database(obs_folder))
    bring_up_to_date(obs_folder)
    assert rows(obs_folder) == step_by_step


def test_an_index_is_added_to_and_not_made_anew(obs_folder: str, tmp_path: Path) -> None:
    before = os.stat(database(obs_folder)).st_ino
    add_runs(obs_folder, tmp_path, 1)
    changed = sqlite3.connect(database(obs_folder))
    changed.execute("UPDATE manifests SET said = 'a mark' WHERE sequence = 0")
    changed.commit()
    changed.close()
    bring_up_to_date(obs_folder)
    assert os.stat(database(obs_folder)).st_ino == before
    assert any("a mark" in row for row in rows(obs_folder)["manifests"])  # type: ignore[operator]  # tuples


def _many_times(path: str) -> int:
    always_index(pytest.MonkeyPatch())
    return bring_up_to_date(path)


def test_processes_may_bring_it_up_to_date_at_once(
    obs_folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = rows(obs_folder)
    os.unlink(database(obs_folder))
    monkeypatch.setattr("obs.cas.operations.indexing._PER_TRANSACTION", 10)
    with get_context("fork").Pool(4) as pool:
        sizes = pool.map(_many_times, [obs_folder] * 8)
    assert sizes == [len(whole["manifests"])] * 8
    assert rows(obs_folder) == whole


def test_a_damaged_run_is_told_as_by_a_walk(original: Path, tmp_path: Path) -> None:
    path = copied(original, tmp_path / "copy")
    with Store.open(path) as store:
        entries = list(store.chain.entries())
    for entry in entries[5:40:9]:
        run = os.path.join(path, "objects", entry.manifest.run.hex[:2], entry.manifest.run.hex[2:])
        if os.path.exists(run):
            os.unlink(run)
    with Store.open(path) as store:
        where = (parse("metrics.accuracy > 0.97"),)
        assert bring_up_to_date(path) == len(entries)
        named = list(log(store, LogRequest(where=where)))
        walked = list(log(store, LogRequest(where=where, cache=False)))
    assert [(line.manifest, type(line)) for line in named] == [(line.manifest, type(line)) for line in walked]
    assert any(isinstance(line, Damage) for line in named)


# --------------------------------------------------------------------------- an index that lies


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
    execute(path, "DROP TABLE places", f"CREATE VIEW places AS SELECT x AS content, x AS sequence FROM ({endless})")


def _a_trigger(path: str) -> None:
    execute(path, "CREATE TRIGGER t AFTER INSERT ON manifests BEGIN DELETE FROM places; END", "DELETE FROM places")


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
    _an_odd_head, _another_version, _another_schema, _a_trigger, _garbage, _damaged_pages, _huge, _cut, _empty,
    _a_link, _a_folder, _others_may_write, _anothers, _a_foreign_journal,
)  # fmt: skip


def verdicts(path: str, folder: Path) -> list[object]:
    """What is said of a model, of a file of a folder, and of one that was never recorded."""
    never = folder / "never.pkl"
    never.write_bytes(b"nobody wrote this")
    found: list[object] = []
    for file in (written_model(path, folder), write_member(folder, 1, 7), str(never)):
        with Store.open(path) as store:
            answer = verify_file(store, file)
            found.append((answer.verdict, answer.levels, answer.exit_code, answer.problems))
    return found


@pytest.mark.parametrize("lie", LIES, ids=lambda lie: lie.__name__.strip("_"))
def test_a_lie_changes_no_verdict(obs_folder: str, tmp_path: Path, lie: Callable[[str], None]) -> None:
    honest = verdicts(obs_folder, tmp_path)
    assert [verdict for verdict, *_ in honest] == ["CHAIN-CONSISTENT", "CHAIN-CONSISTENT", "NOT-RECORDED"]  # type: ignore[misc]
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
        with pytest.raises(KeyboardInterrupt), index.writing():
            index.cover(Covered(head=bytes(32), size=5))
            raise KeyboardInterrupt
        assert index.covered is not None
        assert index.covered.size == len(before["manifests"])
        assert list(index.candidates((has_content(bytes(32), ("run",)),), 1000)) == []
    assert rows(obs_folder) == before


def test_a_short_history_has_no_index(original: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    path = copied(original, tmp_path / "copy")
    both(path, where=(parse("metrics.accuracy > 0.97"),))
    verdicts(path, tmp_path)
    assert not os.path.exists(database(path))
