"""Every command that reads works where nothing can be written, and changes nothing where it could."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from contract.repository import Repository
from contract.world import (
    IMAGES,
    METRICS,
    MODEL,
    NOBODY,
    Answer,
    Commands,
    copy_inputs,
    differences,
    file_id,
    make_inputs,
    snapshot,
)

INPUTS = ("--data", "table.csv", "--label", "y", "--model", "out/model.pkl", "--metrics", "out/metrics.json")
READING: dict[str, int] = {
    "--version": 0,
    "--help": 0,
    "verify --help": 0,
    "log": 0,
    "log --json": 0,
    "log --oneline": 0,
    "log --format {{sequence}}:{{metrics.accuracy}}": 0,
    "log -n 1 --reverse --json": 0,
    "log --since 2026-01-01 --until 2026-01-01 --grep second": 0,
    "log --model out/model.pkl --data table.csv": 0,
    "show": 0,
    "show HEAD": 0,
    "show HEAD --json": 0,
    "show @~1": 0,
    "show first": 0,
    "show run:trial-1": 0,
    "show {run}": 0,
    "show {head} --raw": 0,
    "show {model}": 0,
    "show {model} --raw": 0,
    "show HEAD:model": 0,
    "show out/model.pkl": 0,
    "show -- out/model.pkl --json": 2,  # after the dashes there are two files
    "show --json -- out/model.pkl": 0,
    "verify": 0,
    "verify --json": 0,
    "verify --full": 0,
    "verify out/model.pkl": 0,
    "verify out/model.pkl --json": 0,
    "verify out/model.pkl --full --check-data": 0,
    "verify out/model.pkl --against {head}": 0,
    "verify out/model.pkl --against {nothing}": 3,
    "verify out/roc.png": 1,
    "verify out/absent.pkl": 2,
    "verify out/model.pkl --proof out/model.pkl": 3,
    "prove": 0,
    "prove out/model.pkl --with-report": 0,
    "prove out/model.pkl --at {head} --json": 0,
    "prove --since {head}": 0,
    "prove out/roc.png": 1,
    "checkpoint": 0,
    "checkpoint --json": 0,
    "cat HEAD:model": 0,
    "cat HEAD:metrics": 0,
    "cat HEAD:data": 5,
    "tag": 0,
    "tag --json": 0,
    "status": 0,
    "status --json": 0,
    "fsck": 0,
    "fsck --json": 0,
    "init": 0,
    "record --data table.csv --model out/model.pkl --dry-run": 0,
}


class Recorded(NamedTuple):
    """A project with two runs and a tag."""

    repository: Repository
    words: dict[str, str]


@pytest.fixture
def recorded(open_folder: Path, obs: Commands) -> Recorded:
    repository = Repository(open_folder / "world")
    project = repository.project
    obs.done("init", cwd=project)
    first = obs.done("record", *INPUTS, "--run-id", "trial-1", cwd=project)
    obs.done("tag", "first", cwd=project)
    more = ("--artifact", "images", "-m", "the second", "--timestamp", "2026-01-01T00:00:00Z")
    second = obs.done("record", *INPUTS, *more, cwd=project)
    assert second["parent"] == first["manifest"]
    words = {"head": second["manifest"], "run": first["run"], "model": file_id(MODEL).hex()}
    return Recorded(repository, {**words, "nothing": "0" * 64})


def give_away(top: Path) -> None:
    """To nobody, if root is asked: who owns a tree could change its modes back, and must not."""
    if NOBODY is not None:
        for folder, folders, files in os.walk(top):
            for name in (".", *folders, *files):
                os.chown(os.path.join(folder, name), NOBODY, NOBODY, follow_symlinks=False)


def take_rights(top: Path) -> None:
    """chmod -R a-w, and everybody may read."""
    for folder, _, files in os.walk(top, topdown=False):
        for name in files:
            path = Path(folder, name)
            if not path.is_symlink():
                path.chmod(0o444)
        os.chmod(folder, 0o555)


def test_where_nothing_can_be_written_everything_can_be_read(recorded: Recorded, obs: Commands) -> None:
    repository, words = recorded
    give_away(repository.top)
    take_rights(repository.top)
    wrong: list[str] = []
    before = snapshot(repository.top)
    for line, code in READING.items():
        answer = obs(
            *line.format_map(words).split(), cwd=repository.project, user=NOBODY, environ=repository.variables
        )
        if answer.code != code:
            wrong.append(f"{line}: {answer.code} instead of {code}: {answer.err}")
        wrong += [f"{line}: {change}" for change in differences(before, snapshot(repository.top))]
        before = snapshot(repository.top)
    assert wrong == []
    # The rights were indeed taken: what writes is refused, and changes nothing either.
    for line in ("tag another", "record --data table.csv --model out/model.pkl", "tag -d first"):
        answer = obs(*line.split(), cwd=repository.project, user=NOBODY, environ=repository.variables)
        assert answer.code == 4, line
        assert differences(before, snapshot(repository.top)) == [], line


def test_where_it_could_write_reading_does_not(recorded: Recorded, obs: Commands) -> None:
    """But for the cache, which holds nothing that could not be computed again."""
    repository, words = recorded
    cache = repository.project / ".obs" / "cache"
    cache.mkdir(exist_ok=True)  # the first entry makes the folder, which would be seen in `.obs` itself
    wrong: list[str] = []
    before = snapshot(repository.top, without=cache)
    for line, code in READING.items():
        arguments = line.format_map(words).split()
        answer = obs(*arguments, cwd=repository.project, environ=repository.variables)
        if answer.code != code:
            wrong.append(f"{line}: {answer.code} instead of {code}: {answer.err}")
        now = snapshot(repository.top, without=cache)
        wrong += [f"{line}: {change}" for change in differences(before, now)]
        before = now
    assert wrong == []


def test_restoring_writes_the_file_that_was_named_and_no_other(recorded: Recorded, obs: Commands) -> None:
    repository, _ = recorded
    elsewhere = repository.top.parent / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "old.pkl").write_bytes(b"what stood here")
    give_away(repository.top)
    give_away(elsewhere)
    take_rights(repository.top)
    before = snapshot(repository.top)

    def restore(*words: str) -> Answer:
        return obs("-C", repository.project, "restore", *words, cwd=elsewhere, user=NOBODY)

    def found() -> dict[str, bytes]:
        return {
            str(path.relative_to(elsewhere)): path.read_bytes()
            for path in elsewhere.rglob("*")
            if path.is_file()
        }

    # -C is where obs starts, so that the paths are absolute here.
    assert restore("HEAD:model", "-o", str(elsewhere / "model.pkl")).code == 0
    assert restore("first:metrics", "-o", str(elsewhere / "metrics.json")).code == 0
    assert restore("HEAD:images", "-o", str(elsewhere / "images")).code == 0
    assert restore("HEAD:model", "-o", str(elsewhere / "old.pkl")).code == 2
    assert restore("HEAD:data", "-o", str(elsewhere / "table.csv")).code == 5
    images = {f"images/{name}": data for name, data in IMAGES.items()}
    expected = {"model.pkl": MODEL, "metrics.json": METRICS, "old.pkl": b"what stood here", **images}
    assert found() == expected
    assert restore("HEAD:model", "-o", str(elsewhere / "old.pkl"), "--force").code == 0
    assert found() == {**expected, "old.pkl": MODEL}
    assert differences(before, snapshot(repository.top)) == []


def test_what_differs_is_told_and_left_as_it_is(open_folder: Path, obs: Commands) -> None:
    """`status` and `--check-data` see a change; nothing is mended, and the answers are 1 and 0."""
    project = make_inputs(open_folder / "project")
    obs.done("init", cwd=project)
    obs.done("record", *INPUTS, cwd=project)
    (project / "table.csv").write_bytes(b"x,y\n9,z\n")
    (project / "out" / "metrics.json").unlink()
    before = snapshot(project)
    status = obs("status", "--json", cwd=project)
    states = {file["role"]: file["state"] for file in status.document["files"]}
    assert (status.code, states) == (1, {"data": "changed", "metrics": "absent", "model": "unchanged"})
    checked: Any = obs.done("verify", "out/model.pkl", "--check-data", cwd=project)
    assert [data["state"] for data in checked["runs"][0]["datasets"]] == ["changed"]
    assert differences(before, snapshot(project)) == []


def test_a_store_that_was_copied_from_elsewhere_reads_the_same(recorded: Recorded, obs: Commands) -> None:
    """git keeps no empty folders and no modes: what a clone leaves of a store can be read, unchanged."""
    repository, _ = recorded
    clone = copy_inputs(repository.project, repository.top.parent / "clone")
    shutil.copytree(repository.project / ".obs", clone / ".obs")
    for name in ("tmp", "cache"):
        shutil.rmtree(clone / ".obs" / name, ignore_errors=True)
    (clone / ".obs" / "lock").unlink()
    give_away(clone)
    take_rights(clone)
    before = snapshot(clone)
    for line in ("log --json", "show --json", "verify --full --json", "fsck", "tag", "status --json"):
        there = obs(*line.split(), cwd=repository.project)
        here = obs(*line.split(), cwd=clone, user=NOBODY)
        assert (here.code, here.out) == (there.code, there.out), line
    assert differences(before, snapshot(clone)) == []
