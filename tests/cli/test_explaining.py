"""`log --where`, `show` and `status` from the command line: what a person and a script are told."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import obs as library
import pytest
from commandline import TIME, Project, assert_readable
from obs.cas.errors import BadExpression
from obs.cli.failures import explain


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Accuracies 0.1, 0.2, 0.3 of the runs first, second, third."""
    return Project.make(tmp_path_factory.mktemp("project") / "home")


@pytest.fixture
def project(made: Project, tmp_path: Path) -> Project:
    return made.copy(tmp_path / "home")


def found(project: Project, *arguments: str) -> list[str]:
    answer = project.obs("log", "--format", "{run_id}", *arguments)
    assert (answer.code, answer.err) == (0, "")
    return answer.out.split()


def test_log_finds_runs_by_what_they_are(made: Project) -> None:
    assert found(made, "--where", "metrics.accuracy > 0.15") == ["third", "second"]
    assert found(made, "--where", "metrics.accuracy > 0.15", "--where", "sequence < 2") == ["second"]
    assert found(made, "--where", "run_id in ('first', 'third')", "--reverse") == ["first", "third"]
    assert found(made, "--where", "metrics.loss < 1 or not metrics.loss < 1") == []
    assert found(made, "--where", "message contains 'the s'", "-n", "1") == ["second"]
    assert found(made, "--where", "params.seed == 1") == []


def test_log_tells_the_same_in_python(made: Project) -> None:
    with library.Store.open(made.home) as store:
        assert [line.run_id for line in store.log(where="metrics.accuracy < 0.25")] == ["second", "first"]
        both = ["metrics.accuracy < 0.25", "sequence > 0"]
        assert [line.run_id for line in store.log(1, where=both)] == ["second"]
        with pytest.raises(BadExpression):
            store.log(where="metrics.accuracy = 1")


def test_a_mistake_has_a_mark_below_it(made: Project) -> None:
    answer = made.obs("log", "--where", "status = 'ok'")
    assert (answer.code, answer.out) == (2, "")
    said, text, mark, hint = answer.err.splitlines()
    assert said == "obs: '=' is no operator, at column 8 of the expression"
    assert text[mark.index("^")] == "="
    assert hint == "hint: did you mean '=='?"
    document = json.loads(made.obs("log", "--json", "--where", "status = 'ok'").err)
    assert document["error"]["facts"]["column"] == 8


@pytest.mark.parametrize(
    "before", ["", "\x1b[31m ", "\n", "漢字 ", "e\N{COMBINING ACUTE ACCENT} ", "x " * 4_000]
)
def test_the_mark_stands_below_its_place(before: str) -> None:
    text = before + "= 1"
    shown, mark = explain(BadExpression(text=text, column=len(before) + 1, problem="")).excerpt
    assert_readable(shown)
    assert len(shown) < 300
    wide = sum(character in "漢字" for character in shown) - shown.count("\N{COMBINING ACUTE ACCENT}")
    assert shown[mark.index("^") - wide] == "="


def test_a_damaged_report_is_neither_yes_nor_no(project: Project) -> None:
    project.object_path(project.objects()["report"]).unlink()
    assert found(project, "--where", "diagnostics has ZERO_ROWS or not diagnostics has ZERO_ROWS") == [
        "second",
        "first",
    ]
    assert found(project, "--where", "metrics.accuracy == 0.3") == ["third"]  # which needs no report


@pytest.mark.parametrize("forms", [("--json", "--oneline"), ("--oneline", "--format", "{run}")])
def test_log_has_one_form_of_a_line(made: Project, forms: tuple[str, ...]) -> None:
    answer = made.obs("log", *forms)
    assert answer.code == 2
    assert "choose one" in answer.err


def test_log_finds_a_folder_by_its_files(project: Project) -> None:
    for name in ("a", "b"):
        (project.home / name).mkdir()
        (project.home / name / "part.csv").write_text("x,y\n7,0\n")
    assert project.obs("record", "--no-git", "--data", "a", "--run-id", "folder").code == 0
    assert found(project, "--data", "b") == ["folder"]
    assert found(project, "--data", "b/part.csv") == ["folder"]
    assert found(project, "--model", "b") == []
    (project.home / "b" / "more.csv").write_text("x,y\n")
    assert found(project, "--data", "b") == []


# ------------------------------------------------------------------ show


def test_show_answers_its_questions_in_their_order(made: Project) -> None:
    answer = made.obs("show")
    assert_readable(answer.out)
    titles = [line for line in answer.out.splitlines() if line and not line.startswith((" ", "manifest"))]
    assert titles[:2] == ["went in", "came out"]
    assert titles[-1] == "in the history"
    assert titles.index("metrics") < titles.index("under")
    assert "2 rows, 2 columns" in answer.out
    assert "y, 2 different values (1, 1 rows)" in answer.out
    assert "accuracy +0.1" in answer.out


def test_show_compares_with_the_run_before(made: Project) -> None:
    shown = made.json("show")
    assert shown["comparison"]["manifest"] == shown["parent"]
    delta = shown["comparison"]["metrics"]["accuracy"]
    assert (delta["before"], delta["after"]) == (0.2, 0.3)
    assert abs(delta["delta"] - 0.1) < 1e-12
    assert made.json("show", "base")["comparison"] is None
    assert shown["claims"] is None


PACKAGES = ("zlib_ng-1.0", "scikit_learn-1.5.2", "numpy-2.1.0", "joblib-1.4.0", "pip-24.0")


def a_prefix(top: Path) -> Path:
    """The folders of an environment, as Python writes them."""
    for name in PACKAGES:
        (top / "lib" / "python3.12" / "site-packages" / f"{name}.dist-info").mkdir(parents=True)
    (top / "pyvenv.cfg").write_text("home = /nowhere\nversion = 3.12.4\nimplementation = CPython\n")
    return top


@pytest.mark.parametrize(
    ("arguments", "variable", "words"),
    [
        (("--python", "venv"), None, "the environment named with --python"),
        ((), "VIRTUAL_ENV", "the active virtual environment"),
        ((), "CONDA_PREFIX", "the active conda environment"),
        ((), None, "the environment that obs is installed in"),
    ],
    ids=["prefix", "virtual-env", "conda", "obs"],
)
def test_show_says_in_words_which_environment_it_was(
    arguments: tuple[str, ...], variable: str | None, words: str, project: Project
) -> None:
    prefix = a_prefix(project.home / "venv")
    variables = {"VIRTUAL_ENV": "", "CONDA_PREFIX": ""} | ({variable: str(prefix)} if variable else {})
    record = ("record", "--no-git", "--metrics", "metrics.json", *arguments)
    assert project.obs(*record, variables=variables).code == 0
    (line,) = [line for line in project.obs("show").out.splitlines() if line.startswith("  python ")]
    assert line.endswith(f", in {words}")
    assert ("CPython 3.12.4," in line) is bool(variable or arguments)


def test_the_page_of_a_run_lists_the_packages_that_a_model_depends_on(project: Project) -> None:
    a_prefix(project.home / "venv")
    assert project.obs("record", "--no-git", "--metrics", "metrics.json", "--python", "venv").code == 0
    page = project.obs("export", "--format", "markdown").out
    under = page.split("## Under what\n")[1].split("## ")[0].strip().splitlines()[2:]
    assert under[0] == "| Python | CPython 3.12.4 |"
    assert under[2:] == [
        "| scikit-learn | 1.5.2 |",
        "| numpy | 2.1.0 |",
        "| joblib | 1.4.0 |",
        "| Packages in all | 5 |",
    ]
    assert "  libraries  scikit-learn 1.5.2, numpy 2.1.0, joblib 1.4.0, and 2 more packages\n" in (
        project.obs("show").out
    )


def test_show_compares_numbers_alone(project: Project) -> None:
    metrics = project.home / "metrics.json"
    metrics.write_text(json.dumps({"a": 1, "b": True, "c": "x", "big": 2**63, "bad": 1e308, "\x1b[2J": 1}))
    assert project.record("--run-id", "one").code == 0
    metrics.write_text(json.dumps({"a": 3, "b": False, "c": "y", "big": 0.5, "bad": -1e308, "\x1b[2J": 2}))
    assert project.record("--run-id", "two").code == 0
    metrics_shown: dict[str, Any] = project.json("show")["comparison"]["metrics"]
    assert metrics_shown["a"] == {"before": 1, "after": 3, "delta": 2}
    assert not {"b", "c"} & set(metrics_shown)
    assert metrics_shown["bad"]["delta"] is None
    assert_readable(project.obs("show").out)


# ------------------------------------------------------------------ status


def status(project: Project) -> dict[str, Any]:
    answer = project.obs("status", "--json")
    return {file["role"]: file for file in json.loads(answer.out)["files"]}


def record(project: Project, rows: list[str]) -> None:
    (project.home / "table.csv").write_text("\n".join(["x,y", *rows]) + "\n")
    arguments = ("--no-git", "--timestamp", TIME, "--data", "table.csv", "--run-id", "table")
    assert project.obs("record", *arguments).code == 0


def test_status_tells_how_a_table_changed(project: Project) -> None:
    rows = [f"{number},{number % 3}" for number in range(5000)]
    record(project, rows)
    table = project.home / "table.csv"
    assert status(project)["data"]["change"] is None
    table.write_text("\n".join(["x,y", *rows[:4500], "-1,0", *rows[4501:]]) + "\n")
    change = status(project)["data"]["change"]
    assert change["changed"] == [{"name": "x", "rows": [[4097, 5000]]}]  # the second page of 4,096 rows
    assert (change["appended"], change["removed"], change["unknown"]) == (0, 0, None)
    assert "column x changed in rows 4,097-5,000" in project.obs("status").out
    table.write_text("\n".join(["x,y", *rows, *["1,1"] * 50]) + "\n")
    assert "50 rows appended (5,000 before)" in project.obs("status").out
    table.write_text("\n".join(["x,y", *rows]).replace("\n1,", "\n1.0,", 1) + "\n")
    assert "column x written otherwise" in project.obs("status").out
    table.write_text("\r\n".join(["x,y", *rows]) + "\r\n")
    assert "the same cells, in other bytes" in project.obs("status").out
    table.write_text("\x1b[2J,y\n1,2\n")
    assert_readable(project.obs("status").out)
    for unreadable in (b"", b'x,y\n"', b"\xff\xfe"):
        table.write_bytes(unreadable)
        found = status(project)["data"]
        assert (found["state"], found["change"]) == ("changed", None)
    table.unlink()
    table.symlink_to("data.csv")
    assert status(project)["data"]["change"] is None


def test_status_tells_what_it_can_of_a_damaged_store(project: Project) -> None:
    record(project, ["1,2"])
    (project.home / "table.csv").write_text("x,y\n1,3\n")
    shown = project.json("show")
    project.object_path(shown["datasets"][0]["content"]["id"]).unlink()
    found = status(project)["data"]
    assert (found["state"], found["change"]) == ("changed", None)


def test_status_compares_folders(project: Project) -> None:
    folder = project.home / "parts"
    folder.mkdir()
    for name in ("a.csv", "b.csv"):
        (folder / name).write_text(f"x\n{name[0]}\n")
    (project.home / "obs.toml").write_text('data = ["parts=parts", "other=other/"]')
    shutil.copytree(folder, project.home / "other")
    found = status(project)
    assert (found["parts"]["state"], found["other"]["state"]) == ("never-recorded", "never-recorded")
    assert project.obs("record", "--no-git", "--data", "parts=parts").code == 0
    found = status(project)
    assert (found["parts"]["state"], found["other"]["state"]) == ("unchanged", "recorded")
    (folder / "a.csv").rename(folder / "c.csv")
    (folder / "b.csv").write_text("x\nz\n")
    change = status(project)["parts"]["change"]
    assert (change["renamed"], change["changed"]) == ([["a.csv", "c.csv"]], ["b.csv"])
    shutil.rmtree(project.home / "other")
    assert status(project)["other"]["state"] == "absent"
