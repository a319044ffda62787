"""A word that is no revision, as a user meets it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from commandline import Project, assert_error
from obs.cas.operations import revisions


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return Project.make(tmp_path_factory.mktemp("project"))


@pytest.mark.parametrize("command", ["show", "export", "prove", "diff"])
def test_the_name_of_a_run_leads_to_its_revision(shared: Project, command: str) -> None:
    answer = shared.obs(command, "first")
    assert_error(answer, 2, "nothing is called 'first'")
    assert answer.err.splitlines()[1:] == ["hint: a trainer called a run so: run:first"]
    assert shared.obs("show", "run:first").code == 0


def test_with_what_stands_behind_it(shared: Project) -> None:
    assert "hint: a trainer called a run so: run:third~2\n" in shared.obs("show", "third~2").err
    assert "hint: a trainer called a run so: run:third\n" in shared.obs("show", "third:model").err
    assert shared.obs("show", "run:third~2").out == shared.obs("show", "run:first").out
    error = json.loads(shared.obs("show", "first", "--json").err)["error"]
    assert error["remedy"] == "a trainer called a run so: run:first"


def test_what_no_trainer_said_has_no_hint(shared: Project) -> None:
    for word in ("fourth", "run:fourth", "run:first:first", "HEAD~9", "first "):
        assert "hint" not in shared.obs("show", word).err, word


def test_only_the_newest_runs_are_looked_through(shared: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(revisions, "_MOST_SUGGESTED", 2)
    assert "hint" in shared.obs("show", "second").err
    assert "hint" not in shared.obs("show", "first").err


def test_nobody_looks_where_a_file_or_a_role_is_meant(
    shared: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(revisions, "_is_run_id")
    for what in ("model.pkl", "HEAD:model", "HEAD"):
        assert shared.obs("show", what).code == (1 if what == "model.pkl" else 0)
    assert shared.obs("diff", "HEAD:data", "data.csv").code == 1


def test_damage_is_no_reason_to_say_something_else(shared: Project, tmp_path: Path) -> None:
    project = shared.copy(tmp_path / "copy")
    project.object_path(project.objects()["parent"]).write_bytes(b"damaged")
    assert_error(project.obs("show", "first"), 2, "nothing is called 'first'")
    assert "run:third" in project.obs("show", "third").err
