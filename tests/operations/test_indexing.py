"""An index finds what a walk over the whole history finds, and is kept up to date."""

from __future__ import annotations

import itertools
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from multiprocessing import get_context
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from longhistory import (
    GENERATOR,
    RUNS,
    SEED,
    add_runs,
    always_index,
    both,
    bring_up_to_date,
    copied,
    database,
    make_history,
    rows,
    write_member,
    write_model,
    write_table,
    written_model,
)
from obs.cas.format.ids import ObjectId
from obs.cas.operations.check import check_store
from obs.cas.operations.indexing import update
from obs.cas.operations.lineage import entries_with, file_of
from obs.cas.operations.log import Damage, LogRequest, log
from obs.cas.operations.where import parse
from obs.cas.store.index import Covered, Index
from obs.cas.store.store import Store

pytestmark = pytest.mark.usefixtures("indexed")


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


def test_a_place_that_takes_no_history_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("no folder")
    (tmp_path / "linked").mkdir()
    (tmp_path / "linked" / ".obs").symlink_to(tmp_path / "elsewhere")
    for place in ("file", "file/below", "linked"):
        monkeypatch.setattr("sys.argv", ["", "--runs", "1", "--out", str(tmp_path / place)])
        with pytest.raises(SystemExit, match=r"^generate_history: .") as stopped:
            GENERATOR.main()
        assert isinstance(stopped.value.code, str)  # which Python prints, and exits with 1
    assert capsys.readouterr().out == ""


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
    "0.9", "0.97", "5", "0", "-1", "1e300", "99999999999999999999", "nan", "inf", "true", "null", "'saga'",
    "'target'", "'Größe'", "'ok'", "'failed'", "'trial-0000007'", '"2024-01-03T00:00:00.000000Z"', "0.01",
    "50000",
)  # fmt: skip
tests = st.one_of(
    st.tuples(
        st.sampled_from(FIELDS), st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), st.sampled_from(VALUES)
    ).flatmap(lambda parts: st.sampled_from([" ".join(parts), " ".join(reversed(parts))])),
    st.tuples(st.sampled_from(FIELDS), st.lists(st.sampled_from(VALUES), min_size=1, max_size=3)).map(
        lambda pair: f"{pair[0]} in ({', '.join(pair[1])})"
    ),
    st.tuples(st.sampled_from(FIELDS), st.sampled_from(["'a'", "'Größe'", "'-'"])).map(" contains ".join),
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
    assert both(searched, where=(parse("metrics.accuracy > 0.97 and params.solver == 'saga'"),))
    assert both(searched, where=(parse("metrics.per_class.precision > 0.5"),))
    assert both(searched, where=(parse("dropped_rows >= 1 or status == 'failed'"),))
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


@pytest.mark.parametrize("name", ["a?mode=memory", "a#b", "100%25", "ä ö", b"\xff\xfe", "a&b=c;d"])
def test_a_store_may_lie_anywhere(obs_folder: str, tmp_path: Path, name: str | bytes) -> None:
    """SQLite is given a URI, in which some characters mean something."""
    home = tmp_path / "odd"
    try:
        os.rename(os.path.dirname(obs_folder), home)
        odd = os.path.join(str(tmp_path), os.fsdecode(name))
        os.rename(home, odd)
    except OSError:
        pytest.skip("this file system has no such names")
    index = os.path.join(odd, ".obs/cache/index.sqlite")
    os.remove(index)
    with Store.open(os.path.join(odd, ".obs")) as store:
        found = [line.manifest for line in log(store, LogRequest(where=(parse("status == 'ok'"),)))]
        lines = list(log(store, LogRequest(cache=False)))
    assert found == [line.manifest for line in lines if line.status == "ok"]
    with closing(sqlite3.connect(index)) as made:
        assert made.execute("SELECT size FROM covered").fetchall() == [(len(lines),)]


# --------------------------------------------------------------------------- kept up to date


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


def test_processes_may_bring_it_up_to_date_at_once(obs_folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
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


def test_who_read_head_before_others_recorded_leaves_the_index_as_it_is(obs_folder: str) -> None:
    """What it holds of the older manifests is the same, and to make it anew takes long."""
    with Store.open(obs_folder) as store:
        (newest, *_, older) = list(itertools.islice(store.chain.entries(), 5))
        size = older.manifest.sequence + 1
        with Index(store.files) as index:
            assert update(store, index, newest) == size + 4
            before = index.covered
            assert update(store, index, older) == size
            assert index.covered == before == Covered(newest.id.raw, size + 4)
        # So it is within a question, for which HEAD is held as it was when it began.
        head = Path(obs_folder, "HEAD")
        now = head.read_bytes()
        head.write_text(f"{older.id.hex}\n")
        with store.chain.held(), Index(store.files) as index:
            assert store.chain.head() == older.id
            head.write_bytes(now)
            assert update(store, index, older) == size
            assert index.covered == before


def test_an_index_of_another_history_that_is_longer_is_made_anew(obs_folder: str) -> None:
    with Store.open(obs_folder) as store, Index(store.files) as index:
        (newest, older) = list(itertools.islice(store.chain.entries(), 2))
        update(store, index, newest)
        with sqlite3.connect(os.path.join(obs_folder, "cache/index.sqlite")) as other:
            other.execute(
                "UPDATE manifests SET id = ? WHERE sequence = ?", (bytes(32), older.manifest.sequence)
            )
        other.close()
        size = older.manifest.sequence + 1
        assert update(store, index, older) == size
        assert index.covered == Covered(older.id.raw, size)
        assert next(index.candidates((), size)) == older.id
