"""`obs diff` as a user meets it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from commandline import Project, assert_error, assert_readable, obs

KEYS = ["schema_version", "kind", "equal", "before", "after", "runs", "file", "problems"]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Three runs, of which each has its own data, model and metrics. Nothing here changes it."""
    return Project.make(tmp_path_factory.mktemp("project"))


def document(folder: Path, *arguments: str, code: int) -> dict[str, Any]:
    answer = obs("diff", "--json", *arguments, cwd=folder)
    assert (answer.code, answer.err) == (code, "")
    found: dict[str, Any] = json.loads(answer.out)
    assert list(found) == KEYS
    assert found["equal"] is (code == 0)
    return found


def test_two_runs_for_people(shared: Project) -> None:
    answer = shared.obs("diff", "base", "HEAD~1")
    assert (answer.code, answer.err) == (1, "")
    lines = answer.out.splitlines()
    assert lines[0].startswith("base (manifest 0, ")
    assert ", first) → HEAD~1 (manifest 1, " in lines[0]
    assert "  accuracy  0.1  →  0.2  (+0.1)" in lines
    assert "  data  changed  data.csv (12 bytes) → data.csv (12 bytes)" in lines
    assert "    x changed in rows 1-2" in lines
    assert "    all else identical" in lines
    assert "  model  changed  model.pkl (7 bytes) → model.pkl (7 bytes)" in lines
    for equal in ("params", "environment", "said", "diagnostics", "label"):
        assert equal not in answer.out


def test_what_is_left_out_is_the_newest_run(shared: Project) -> None:
    assert shared.obs("diff").out == shared.obs("diff", "HEAD~1", "HEAD").out
    assert shared.obs("diff", "base").out == shared.obs("diff", "base", "HEAD").out
    assert shared.obs("diff", "base:data").out == shared.obs("diff", "base:data", "HEAD:data").out
    same = shared.obs("diff", "HEAD")
    assert (same.code, same.out.splitlines()[1:]) == (0, ["no difference"])


def test_the_document(shared: Project) -> None:
    found = document(shared.home, "base", "HEAD", code=1)
    assert (found["kind"], found["file"], found["problems"]) == ("runs", None, [])
    assert (found["before"]["sequence"], found["after"]["sequence"]) == (0, 2)
    assert found["runs"]["metrics"] == [
        {"path": ["accuracy"], "state": "changed", "before": 0.1, "after": 0.3, "delta": 0.3 - 0.1}
    ]
    assert found["runs"]["params"] == found["runs"]["environment"] == found["runs"]["unknown"] == []
    assert document(shared.home, "HEAD", "HEAD", code=0)["runs"]["datasets"] == []


def test_a_file_of_a_run_and_one_on_disk(shared: Project) -> None:
    found = document(shared.home, "HEAD:data", "data.csv", code=1)
    assert (found["kind"], found["runs"]) == ("datasets", None)
    assert found["file"]["content"]["changed"] == [{"name": "x", "rows": [[1, 2]]}]
    assert found["before"]["role"] == "data"
    assert found["after"] == {
        "given": "data.csv", "manifest": None, "sequence": None, "run": None, "run_id": None, "role": None,
    }  # fmt: skip
    assert found == document(shared.home, "HEAD:data", "--", "data.csv", code=1)


def test_a_word_that_is_both_is_the_revision_and_after_the_dashes_the_file(
    shared: Project, tmp_path: Path
) -> None:
    project = shared.copy(tmp_path / "copy")
    (project.home / "base").write_text("a file")
    (project.home / "other").write_text("a file")
    assert document(project.home, "base", "HEAD", code=1)["kind"] == "runs"
    assert document(project.home, "--", "base", "other", code=0)["kind"] == "files"
    assert_error(project.obs("diff", "base", "other"), 2, "base is a run, and other is a file")


def test_files_need_no_store(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x\n1\n")
    (tmp_path / "b.csv").write_text("x\n1\n2\n")
    answer = obs("diff", "a.csv", "b.csv", cwd=tmp_path)
    assert (answer.code, answer.err) == (1, "")
    assert "1 → 2 rows: 1 appended" in answer.out
    assert_error(obs("diff", "a.csv", "c.csv", cwd=tmp_path), 4, "there is no .obs/")
    assert_error(obs("diff", "--", "a.csv", "c.csv", cwd=tmp_path), 2, "c.csv")
    assert_error(obs("diff", "a.csv", "b.csv", "c.csv", cwd=tmp_path), 2, "'c.csv' is a third")


def test_files_need_no_store_that_is_whole(shared: Project, tmp_path: Path) -> None:
    project = shared.copy(tmp_path / "copy")
    (project.store / "format").write_text("obs 99\n")
    (project.home / "b.csv").write_bytes((project.home / "data.csv").read_bytes())
    assert project.obs("diff", "data.csv", "b.csv").code == 0
    assert project.obs("diff", "HEAD:data", "b.csv").code == 4


def test_wrong_pairs_are_told_in_one_sentence(shared: Project) -> None:
    for arguments, words in (
        (("HEAD", "data.csv"), "HEAD is a run, and data.csv is a file"),
        (("HEAD:data", "HEAD:model"), "HEAD:data is a dataset, and HEAD:model is a model"),
        (("HEAD:nothing", "data.csv"), "HEAD:nothing"),
        (("", "data.csv"), ""),
        (("--", "data.csv"), "HEAD is a run, and data.csv is a file"),
    ):
        assert_error(shared.obs("diff", *arguments), 2, words)


def test_a_damaged_object_is_told_with_all_the_rest(shared: Project, tmp_path: Path) -> None:
    project = shared.copy(tmp_path / "copy")
    project.object_path(project.objects()["report"]).write_bytes(b"damaged")
    answer = project.obs("diff")
    assert answer.code == 3
    assert "accuracy  0.2  →  0.3" in answer.out
    assert "problem: OBJECT_CORRUPT" in answer.out
    found = document(project.home, code=3)
    assert found["runs"]["unknown"] == ["report"]
    assert [problem["code"] for problem in found["problems"]] == ["OBJECT_CORRUPT"]


def test_names_that_mean_harm_are_shown_and_obeyed_by_nobody(tmp_path: Path) -> None:
    harm = "\x1b[2J\u202e"
    project = Project(tmp_path)
    project.obs("init")
    for number in (1, 2):
        (tmp_path / f"{harm}.csv").write_text(f"{harm}{number}\n1\n")
        (tmp_path / "m.json").write_text(json.dumps({harm: harm * number}))
        arguments = ("--data", f"{harm}.csv", "--metrics", "m.json", "--run-id", harm, "--no-git")
        assert project.obs("record", *arguments).code == 0
    answer = project.obs("diff")
    assert (answer.code, answer.err) == (1, "")
    assert_readable(answer.out)
    assert "\\x1b[2J\\u202e1 → \\x1b[2J\\u202e2 renamed" in answer.out
    assert project.obs("diff", "--json").out.isascii()


def test_long_lists_are_cut_for_people_and_whole_as_json(tmp_path: Path) -> None:
    many = 60
    cells = ",".join("1" for _ in range(many))
    (tmp_path / "a.csv").write_text("id\n1\n")
    (tmp_path / "b.csv").write_text("id," + ",".join(f"c{at}" for at in range(many)) + f"\n1,{cells}\n")
    (tmp_path / "c.csv").write_text("id," + ",".join(f"d{at}" for at in range(many)) + f"\n1,{cells}\n")
    (tmp_path / "d.csv").write_text("id," + ",".join(f"d{at}" for at in range(many)) + f"\n1,{cells}9\n")
    text = obs("diff", "a.csv", "b.csv", cwd=tmp_path).out
    assert f"{many} columns added: c0, c1" in text
    assert f"… and {many - 12} more" in text
    found = document(tmp_path, "a.csv", "b.csv", code=1)
    assert found["file"]["content"]["columns_added"] == [f"c{at}" for at in range(many)]
    assert "renamed\n    … and 20 more" in obs("diff", "b.csv", "c.csv", cwd=tmp_path).out
    found = document(tmp_path, "c.csv", "d.csv", code=1)
    assert [one["name"] for one in found["file"]["content"]["changed"]] == [f"d{many - 1}"]
    assert found["file"]["content"]["identical"] == many


def test_a_diagnostic_whose_numbers_changed_is_one_that_changed(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.obs("init")
    for rows, samples in (("1,0\n,1\n", 1), ("1,0\n,1\n,0\n", 1)):
        (tmp_path / "data.csv").write_text("x,y\n" + rows)
        (tmp_path / "m.json").write_text(json.dumps({"num_samples": samples}))
        arguments = ("--data", "data.csv", "--label", "y", "--metrics", "m.json", "--no-git")
        assert project.obs("record", *arguments).code == 0
    runs = document(tmp_path, code=1)["runs"]
    assert (runs["diagnostics_added"], runs["diagnostics_removed"]) == ([], [])
    (change,) = runs["diagnostics_changed"]
    assert [change[side]["details"]["rows_with_missing"] for side in ("before", "after")] == [1, 2]
    assert project.obs("diff").out.endswith(
        "\ndiagnostics changed\n"
        "  warning: MISSING_VALUES_DROPPED  1 of 2 rows were dropped, as many as have a missing value"
        " → 2 of 3 rows were dropped, as many as have a missing value\n"
    )
