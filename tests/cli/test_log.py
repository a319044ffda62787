"""`obs log`: which runs are told, by expressions and by bytes, and what is checked on the way."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path

import pytest
from commandline import Project
from hypothesis import given
from hypothesis import strategies as st
from obs.cas.format.canonical import Value
from obs.cas.operations.expressions import Comparison, Constant, Name
from obs.cas.operations.where import parse
from obs.cli.render import dotted, metrics_text


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Runs first (accuracy 0.1), second (0.2), third (0.3); the data of a fourth lies there."""
    return Project.make(tmp_path_factory.mktemp("project"))


def ids(project: Project, *options: str) -> list[str]:
    answer = project.obs("log", "--format", "{run_id}", *options)
    assert (answer.code, answer.err) == (0, "")
    return answer.out.split()


@pytest.mark.parametrize(
    ("expressions", "expected"),
    [
        (["metrics.accuracy > 0.15"], ["third", "second"]),
        (["metrics.accuracy > 0.15", "metrics.accuracy < 0.25"], ["second"]),
        (["run_id == 'first' or message contains 'the th'"], ["third", "first"]),
        (["label == 'y' and sequence >= 1"], ["third", "second"]),
        (["num_samples == null"], ["third", "second", "first"]),
        (["num_samples > 0"], []),
        (["not num_samples > 0"], []),
        (["diagnostics has ZERO_ROWS"], []),
    ],
)
def test_what_an_expression_chooses(project: Project, expressions: list[str], expected: list[str]) -> None:
    options = [word for text in expressions for word in ("--where", text)]
    assert ids(project, *options) == expected
    lines = project.obs("log", "--json", *options).out.splitlines()
    assert [json.loads(line)["run_id"] for line in lines] == expected
    assert ids(project, "--reverse", "-n", "1", *options) == expected[-1:]


def test_an_expression_that_means_nothing(project: Project) -> None:
    answer = project.obs("log", "--where", "metrics.accuracy > 'x")
    assert (answer.code, answer.out) == (2, "")
    assert "column 20" in answer.err
    assert f"\n  metrics.accuracy > 'x\n  {' ' * 19}^\n" in answer.err
    document = json.loads(project.obs("log", "--json", "--where", "accuracy > 1").err)
    assert (document["error"]["code"], document["error"]["facts"]["column"]) == ("USAGE", 1)


@pytest.mark.parametrize(
    "options", [["--json", "--oneline"], ["--json", "--format", "x"], ["--oneline", "--format", "x"]]
)
def test_two_forms_at_once(project: Project, options: list[str]) -> None:
    assert project.obs("log", *options).code == 2


def test_folders_are_found_by_their_bytes(project: Project, tmp_path: Path) -> None:
    copy = project.copy(tmp_path / "copy")
    for name in ("one", "two"):
        (copy.home / name / "deep").mkdir(parents=True)
        (copy.home / name / "deep" / "part.csv").write_text("a\n1\n")
        (copy.home / name / "other.bin").write_bytes(name.encode())
    assert copy.obs("record", "--data", "one", "--artifact", "two", "--run-id", "folders").code == 0
    assert ids(copy, "--data", "one") == ids(copy, "--model", "two") == ["folders"]
    assert ids(copy, "--data", "two") == ids(copy, "--model", "one") == []
    assert ids(copy, "--data", "two/deep/part.csv", "--model", "two/other.bin") == ["folders"]
    assert ids(copy, "--data", "two/other.bin", "--model", "two/other.bin") == []


def test_verify_checks_the_links_and_the_objects(project: Project, tmp_path: Path) -> None:
    copy = project.copy(tmp_path / "copy")
    answer = copy.obs("log", "--verify", "--oneline")
    assert (answer.code, len(answer.out.splitlines())) == (0, 3)
    report = json.loads(copy.obs("show", "HEAD~1", "--json").out)["report"]
    (copy.store / "objects" / report[:2] / report[2:]).unlink()
    assert copy.obs("log", "--oneline").code == 0  # a list of runs needs no report
    answer = copy.obs("log", "--verify", "--oneline")
    assert answer.code == 3
    assert f"manifest 1 cannot be read: object {report} is missing" in answer.out
    assert len(answer.out.splitlines()) == 4
    assert copy.obs("log", "--verify", "--where", "sequence == 2").code == 0


def test_metrics_on_one_line_are_named_as_expressions_name_them() -> None:
    nested: dict[str, Value] = {
        "a": {"b": {"c": 1}, "d": {}},
        "e": [1],
        "f": 2,
        "g": 3,
        "h": 4,
        "i": {"j": 5},
    }
    assert metrics_text(nested) == "a.b.c 1, a.d {}, e [1], f 2, g 3, h 4, and 1 more"
    assert metrics_text(nested, 1) == "a.b.c 1, and 6 more"
    assert metrics_text({}) == metrics_text(None) == ""


@given(st.lists(st.text(max_size=6), min_size=1, max_size=4))
def test_a_metric_is_told_by_the_name_that_where_takes(keys: list[str]) -> None:
    value: Value = 1
    for key in reversed(keys):
        value = {key: value}
    assert isinstance(value, dict)
    ((name, told),) = dotted(value)  # before it is escaped
    assert told == 1
    assert parse(f"metrics.{name} == 1") == Comparison(
        left=Name(path=("metrics", *keys)), operator="==", right=Constant(value=1)
    )


def test_a_long_name_above_many_metrics_is_not_repeated_for_each() -> None:
    """A metrics file of a mebibyte would take tens of gigabytes."""
    many: dict[str, Value] = {str(number): number for number in range(1000)}
    tracemalloc.start()
    try:
        shown = metrics_text({"k" * 100_000: many})
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()
    assert shown.endswith(", and 994 more")
