"""Where what a run read came from: the runs that wrote it, and so on."""

from __future__ import annotations

from pathlib import Path

import pytest
from faultlayer import QuickOperations
from obs.cas.format.frozen import replace
from obs.cas.operations.record import Recorded
from obs.cas.operations.requests import Named, RecordRequest
from obs.cas.operations.upstream import MAX_STEPS
from obs.cas.operations.verify import Verification, verify_file
from obs.cas.store.store import Store
from obs.cli.render_verify import verify_lines
from smallruns import make_store, record_run


@pytest.fixture
def home(tmp_path: Path) -> str:
    return make_store(str(tmp_path))


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def run(
    home: str, second: int, *, reads: dict[str, Path], writes: dict[str, Path], run_id: str | None = None
) -> Recorded:
    request = RecordRequest(
        obs_version="0",
        datasets=tuple(Named(path=str(path), role=role) for role, path in reads.items()),
        artifacts=tuple(Named(path=str(path), role=role) for role, path in writes.items()),
        run_id=run_id,
        content=False,
        cache=False,
    )
    return record_run(home, request, QuickOperations(), second=second)


def verified(home: str, path: Path) -> Verification:
    with Store.open(home) as store:
        return verify_file(store, str(path))


def steps(found: Verification) -> list[tuple[str | None, str, str]]:
    return [(step.run_id, step.role, step.read_as) for step in found.upstream]


def test_the_whole_chain_from_the_raw_data_to_the_model(home: str, tmp_path: Path) -> None:
    raw, clean = write(tmp_path / "raw.csv", "a\n1\n"), write(tmp_path / "clean.parquet", "clean")
    features, model = write(tmp_path / "features.csv", "b\n2\n"), write(tmp_path / "model.pkl", "model")
    cleaning = run(home, 1, reads={"data": raw}, writes={"clean": clean}, run_id="cleaning")
    building = run(home, 2, reads={"data": clean}, writes={"features": features}, run_id="building")
    training = run(home, 3, reads={"data": features}, writes={"model": model}, run_id="training")
    found = verified(home, model)
    assert (found.verdict, found.exit_code) == ("CHAIN-CONSISTENT", 0)
    assert steps(found) == [("building", "features", "data"), ("cleaning", "clean", "data")]
    assert [(step.run, step.read_by) for step in found.upstream] == [
        (building.run, training.run),
        (cleaning.run, building.run),
    ]
    assert [[str(one.name) for one in step.datasets or ()] for step in found.upstream] == [
        ["clean.parquet"],
        ["raw.csv"],
    ]
    told = list(verify_lines(found, color=False))
    assert [line.split(", ")[1] for line in told if "which is output" in line] == ["manifest 1", "manifest 0"]
    read = [line.split("  ") for line in told if line.lstrip().startswith("from data: ")]
    assert [next(part for part in line if part).strip() for line in read] == [
        "from data: features.csv",
        "from data: clean.parquet",
        "from data: raw.csv",
    ]
    assert steps(verified(home, clean)) == []  # nobody wrote the raw data
    assert steps(verified(home, features)) == [("cleaning", "clean", "data")]


def test_a_file_out_of_a_folder_and_a_whole_folder(home: str, tmp_path: Path) -> None:
    raw = write(tmp_path / "raw.csv", "a\n1\n")
    parts = tmp_path / "parts"
    one = write(parts / "deep" / "one.csv", "a\n1\n2\n")
    write(parts / "two.csv", "a\n3\n")
    by_file, by_folder = write(tmp_path / "m1.pkl", "1"), write(tmp_path / "m2.pkl", "2")
    run(home, 1, reads={"data": raw}, writes={"parts": parts}, run_id="splitting")
    run(home, 2, reads={"train": one}, writes={"model": by_file}, run_id="of one")
    run(home, 3, reads={"train": parts}, writes={"model": by_folder}, run_id="of all")
    (step,) = verified(home, by_file).upstream
    assert (step.run_id, step.role, step.member) == ("splitting", "parts", "deep/one.csv")
    (step,) = verified(home, by_folder).upstream
    assert (step.run_id, step.role, step.member) == ("splitting", "parts", None)


def test_what_a_run_read_is_told_once(home: str, tmp_path: Path) -> None:
    raw, model = write(tmp_path / "raw.csv", "a\n1\n"), write(tmp_path / "model.pkl", "m")
    train, test = write(tmp_path / "train.csv", "a\n2\n"), write(tmp_path / "test.csv", "a\n3\n")
    run(home, 1, reads={"data": raw}, writes={"train": train, "test": test}, run_id="splitting")
    run(home, 2, reads={"train": train, "test": test}, writes={"model": model}, run_id="training")
    found = verified(home, model)
    assert steps(found) == [("splitting", "test", "test"), ("splitting", "train", "train")]
    first, second = found.upstream
    assert [one.role for one in first.datasets or ()] == ["data"]
    assert second.datasets is None
    told = list(verify_lines(found, color=False))
    assert len([line for line in told if "raw.csv" in line]) == 1


def test_bytes_that_go_in_a_circle(home: str, tmp_path: Path) -> None:
    one, two = write(tmp_path / "one.csv", "a\n1\n"), write(tmp_path / "two.csv", "a\n2\n")
    run(home, 1, reads={"data": one}, writes={"out": two}, run_id="there")
    run(home, 2, reads={"data": two}, writes={"out": one}, run_id="back")
    found = verified(home, two)
    assert steps(found) == [("back", "out", "data"), ("there", "out", "data")]
    assert found.exit_code == 0
    assert len([line for line in verify_lines(found, color=False) if "which is output" in line]) <= 3


def test_a_run_that_writes_what_it_read_is_not_its_own_ancestor(home: str, tmp_path: Path) -> None:
    data = write(tmp_path / "data.csv", "a\n1\n")
    run(home, 1, reads={"data": data}, writes={"copy": data})
    assert verified(home, data).upstream == ()


def test_several_writers_of_one_file_and_a_run_recorded_twice(home: str, tmp_path: Path) -> None:
    data, model = write(tmp_path / "data.csv", "a\n1\n"), write(tmp_path / "model.pkl", "m")
    for second, name in enumerate(("first", "second")):
        run(home, second, reads={}, writes={"table": data}, run_id=name)
    training = RecordRequest(
        obs_version="0",
        datasets=(Named(path=str(data)),),
        model=Named(path=str(model)),
        message="once more",
        content=False,
        cache=False,
    )
    record_run(home, training, QuickOperations(), second=5)
    record_run(home, replace(training, message="and again"), QuickOperations(), second=6)
    found = verified(home, model)
    assert len(found.runs) == 2
    assert steps(found) == [("second", "table", "data"), ("first", "table", "data")]


def test_damage_upstream_is_told_and_the_verdict_is_about_the_file(home: str, tmp_path: Path) -> None:
    raw, clean = write(tmp_path / "raw.csv", "a\n1\n"), write(tmp_path / "clean.csv", "a\n2\n")
    model = write(tmp_path / "model.pkl", "m")
    cleaning = run(home, 1, reads={"data": raw}, writes={"clean": clean})
    run(home, 2, reads={"data": clean}, writes={"model": model})
    victim = cleaning.datasets[0].id.hex
    Path(home, "objects", victim[:2], victim[2:]).unlink()
    found = verified(home, model)
    assert (found.verdict, found.exit_code) == ("CHAIN-CONSISTENT", 3)
    assert [(problem.code, problem.runs) for problem in found.problems] == [
        ("OBJECT_MISSING", (cleaning.run,))
    ]


def test_a_list_that_was_cut_says_so(home: str, tmp_path: Path) -> None:
    raw, clean = write(tmp_path / "raw.csv", "a\n1\n"), write(tmp_path / "clean.csv", "a\n2\n")
    model = write(tmp_path / "model.pkl", "m")
    run(home, 1, reads={"data": raw}, writes={"clean": clean})
    run(home, 2, reads={"data": clean}, writes={"model": model})
    found = verified(home, model)
    assert len(found.upstream) == 1
    assert not any("not listed" in line for line in verify_lines(found, color=False))
    cut = replace(found, upstream=found.upstream * MAX_STEPS)
    assert any("beyond 1,000 steps" in line for line in verify_lines(cut, color=False))
