"""`verify --against` and `prove --at`: what an anchor covers is told from what it does not, and no more is
said of it than was seen."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from commandline import Project, assert_error
from longhistory import always_index
from obs.cas.store.chain import Chain


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Four runs that read the same table; `kept-N` is the checkpoint after N of them."""
    project = Project(tmp_path_factory.mktemp("template"))
    assert project.obs("init").code == 0
    (project.home / "data.csv").write_text("x,y\n1,0\n2,1\n")
    (project.home / "metrics.json").write_text('{"accuracy": 0.5}')
    for number in range(4):
        (project.home / "model.pkl").write_bytes(b"model %d" % number)
        assert project.record("--run-id", f"run {number}").code == 0
        assert project.obs("checkpoint", "-o", f"kept-{number + 1}").code == 0
    return project


@pytest.fixture
def project(template: Project, tmp_path: Path) -> Project:
    return template.copy(tmp_path / "home")


def ids(project: Project) -> list[str]:
    """Of the manifests, oldest first."""
    return [json.loads(line)["manifest"] for line in project.obs("log", "--json").out.splitlines()][::-1]


# ------------------------------------------------------------------ what came after the anchor


@pytest.mark.parametrize("form", ["checkpoint", "head"])
def test_what_came_later_is_marked(project: Project, form: str) -> None:
    anchor = "kept-2" if form == "checkpoint" else ids(project)[1]
    found = project.json("verify", "data.csv", "--against", anchor)
    assert found["verdict"] == "ANCHORED(2 of 4)"
    assert (found["history"]["anchored_to"], found["history"]["anchored_size"]) == (anchor, 2)
    told = project.obs("verify", "data.csv", "--against", anchor).out.splitlines()
    runs = [line for line in told if "input 'data' of run" in line]
    assert [line.endswith(", not anchored") for line in runs] == [True, True, False, False]
    assert "not anchored: 2 later manifests" in told
    for covered in (
        project.obs("verify", "data.csv", "--against", "kept-4"),
        project.obs("verify", "data.csv"),
    ):
        assert "not anchored" not in covered.out


def test_a_run_upstream_that_came_later_is_marked(project: Project) -> None:
    """Somebody records only afterwards where the table came from."""
    (project.home / "raw.csv").write_text("x,y\n1,0\n")
    wrote = ("--data", "raw.csv", "--artifact", "table=data.csv", "--run-id", "cleaning")
    assert project.obs("record", "--no-git", *wrote).code == 0
    told = project.obs("verify", "model.pkl", "--against", "kept-4").out.splitlines()
    (step,) = [line for line in told if "which is output 'table'" in line]
    assert step.endswith(", not anchored")
    assert told[-1] == "ANCHORED(4 of 5)"
    assert project.json("verify", "model.pkl", "--against", "kept-4")["upstream"][0]["sequence"] == 4


# ------------------------------------------------------------------ where the history has a damaged place


def _gone(path: Path) -> None:
    path.unlink()


def _rotten(path: Path) -> None:
    os.chmod(path, 0o600)
    path.write_bytes(path.read_bytes()[:-1])


@pytest.mark.parametrize("damage", [_gone, _rotten])
@pytest.mark.parametrize("number", [0, 1, 2])
def test_an_anchor_at_a_manifest_that_cannot_be_read(
    project: Project, number: int, damage: Callable[[Path], None]
) -> None:
    """Its child names it: the history is not said to lack what the anchor names. It is damaged, though."""
    manifest = ids(project)[number]
    damage(project.object_path(manifest))
    for anchor in (manifest, f"kept-{number + 1}", "kept-4"):
        answer = project.obs("verify", "model.pkl", "--against", anchor, "--json")
        found = json.loads(answer.out)
        assert (answer.code, found["verdict"], found["levels"]) == (3, "RECORDED", ["RECORDED"])
        assert found["history"]["anchored_to"] == anchor
        assert {problem["code"] for problem in found["problems"]} <= {"OBJECT_MISSING", "OBJECT_CORRUPT"}


def test_why_a_run_before_the_anchor_is_not_anchored(project: Project) -> None:
    """It did not come later: there is a gap between the run and the anchor."""
    (project.home / "model.pkl").write_bytes(b"model 0")
    project.object_path(ids(project)[1]).unlink()
    told = project.obs("verify", "model.pkl", "--against", "kept-3").out.splitlines()
    assert told[-1] == "RECORDED"
    (line,) = [line for line in told if line.startswith("not shown: ")]
    assert line.endswith("the history that the anchor names; the history has a damaged place")
    (project.home / "model.pkl").write_bytes(b"model 3")
    assert "names; it came later\n" in project.obs("verify", "model.pkl", "--against", "kept-3").out


def test_what_a_gap_may_hide_is_not_said_to_be_absent(project: Project) -> None:
    for number in (1, 2):
        project.object_path(ids(project)[number]).unlink()
    answer = project.obs("verify", "model.pkl", "--against", "kept-2")
    assert answer.code == 3
    assert "ANCHOR_MISMATCH  as far as it can be read, the history up to manifest 1" in answer.out


# ------------------------------------------------------------------ what is no anchor of this history


def test_a_checkpoint_of_another_history_is_told_by_its_origin(project: Project) -> None:
    origin, size, root = (project.home / "kept-2").read_text().split()
    for other_size in (size, "9"):
        (project.home / "other").write_text(f"obs/{'7' * 64}\n{other_size}\n{root}\n")
        answer = project.obs("verify", "model.pkl", "--against", "other", "--json")
        (problem,) = json.loads(answer.out)["problems"]
        assert (answer.code, problem["code"]) == (3, "ANCHOR_MISMATCH")
        assert origin in problem["message"]
        assert f"obs/{'7' * 64}" in problem["message"]


@pytest.mark.parametrize(
    "arguments", [("verify", "model.pkl", "--against"), ("prove", "--at"), ("prove", "--since")]
)
def test_an_id_of_something_else_is_no_damage(project: Project, arguments: tuple[str, ...]) -> None:
    objects = project.objects()
    for kind in ("run", "report", "model"):
        project.assert_refused((*arguments, objects[kind]), 2, "USAGE", "not of a manifest", "the head")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"obs/0\r\n1\r\nAAAA\r\n", ("CR LF", "obs checkpoint")),
        (b"", ("three lines", "obs checkpoint")),
        (b"\n" * 65537, ("65536 bytes", "obs checkpoint")),
    ],
    ids=["CRLF", "empty", "long"],
)
def test_a_file_that_is_no_checkpoint_says_what_is_one(
    project: Project, data: bytes, words: tuple[str, ...]
) -> None:
    (project.home / "other").write_bytes(data)
    project.assert_refused(("verify", "model.pkl", "--against", "other"), 2, "USAGE", "other", *words)


def test_upper_case_digits_are_told_to_be_none(project: Project) -> None:
    answer = project.obs("verify", "model.pkl", "--against", project.head.strip().upper())
    assert_error(answer, 2, "in lower case")


# ------------------------------------------------------------------ the manifest that a checkpoint names


def _walks(monkeypatch: pytest.MonkeyPatch) -> list[None]:
    """Grows by one with each walk over the history."""
    seen: list[None] = []
    walk = Chain.walk

    def counted(chain: Chain, *arguments: object, **more: object) -> object:
        seen.append(None)
        return walk(chain, *arguments, **more)  # type: ignore[arg-type]  # as it was called

    monkeypatch.setattr(Chain, "walk", counted)
    return seen


def test_a_checkpoint_is_found_by_the_index_which_is_not_believed(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = [(command, f"kept-{size}") for command in ("--at", "--since") for size in (1, 2, 3, 4)]
    honest = [project.obs("prove", "run:run 0", *each).out for each in asked[:4]]
    honest += [project.obs("prove", *each).out for each in asked[4:]]
    assert all(honest)
    always_index(monkeypatch)
    assert project.obs("log", "--grep", "nothing").code == 0  # makes the index

    def answers() -> list[str]:
        first = [project.obs("prove", "run:run 0", *each).out for each in asked[:4]]
        return first + [project.obs("prove", *each).out for each in asked[4:]]

    assert answers() == honest  # and the hashes of the tree are there, too
    walked = _walks(monkeypatch)
    assert [project.obs("prove", *each).out for each in asked[4:]] == honest[4:]
    assert walked == []
    index = project.store / "cache" / "index.sqlite"
    for lie in (
        "UPDATE manifests SET id = randomblob(32)",
        "UPDATE manifests SET id = (SELECT id FROM manifests AS m WHERE m.sequence = 3)",
        "DELETE FROM manifests",
        "UPDATE manifests SET id = 'text'",
    ):
        opened = sqlite3.connect(index)
        opened.execute(lie)
        opened.commit()
        opened.close()
        assert answers() == honest
    index.write_bytes(b"nothing of the kind")
    assert answers() == honest
    project.assert_refused(("prove", "--since", "0" * 64), 3, "ANCHOR_MISMATCH")
