"""`record` writes below `.obs/` and nowhere else: not in the tree, not in `.git/`, not in HOME or TMPDIR."""

from __future__ import annotations

from pathlib import Path

import pytest
from contract.repository import Repository
from contract.world import Answer, Commands, differences, fresh, snapshot


@pytest.fixture
def world(tmp_path: Path, obs: Commands) -> Repository:
    world = Repository(tmp_path / "world")
    obs.done("init", cwd=world.project)
    return world


OUTPUTS = ("--model", "../out/model.pkl", "--metrics", "../out/metrics.json")
FULL = (
    *("--data", "../table.csv", "--label", "y", *OUTPUTS, "--params", "../out/params.json"),
    *("--artifact", "plot=../out/roc.png"),
)
LINES = {
    "plain": (0, FULL),
    "keeping everything": (0, (*FULL, "--data", "images=../images", "--keep-data", "--jobs", "2")),
    "keeping nothing": (0, (*FULL, "--no-keep", "--no-sha256", "--no-cache", "--no-git", "-m", "again")),
    "of a file outside": (0, ("--data", "../../outside.csv", *OUTPUTS)),
    "through a link": (0, ("--data", "../link", *OUTPUTS, "--label", "y")),
    "the same again": (0, FULL),
    "a dry run": (0, (*FULL, "--dry-run")),
    "an unknown label": (1, ("--data", "../table.csv", "--label", "z", *OUTPUTS)),
    "a missing model": (2, ("--data", "../table.csv", "--model", "../out/absent.pkl")),
    "metrics that are none": (1, ("--data", "../table.csv", "--metrics", "../out/model.pkl")),
}


def test_record_writes_nothing_outside_its_folder(world: Repository, obs: Commands) -> None:
    before = snapshot(world.top, without=world.project / ".obs")
    for what, (code, words) in LINES.items():
        answer = obs("record", *words, "--json", cwd=world.inner, environ=world.variables)
        assert answer.code == code, f"{what}: {answer.err}"
        after = snapshot(world.top, without=world.project / ".obs")
        assert differences(before, after) == [], what
    # git was asked all the same: the run's report knows the commit, and that the tree differs from it.
    source = obs.done("show", "HEAD~1", cwd=world.project)["environment"]["source"]
    assert source == {"commit": world.git("rev-parse", "HEAD").strip(), "dirty": True}
    # And the trap was set: asked in the usual way, git does rewrite its index.
    index = world.project / ".git" / "index"
    old = index.stat().st_ino
    world.git("status")
    assert index.stat().st_ino != old


def test_a_new_interpreter_leaves_nothing_either(world: Repository) -> None:
    """With nothing loaded before: whatever a first start writes would be seen here."""
    before = snapshot(world.top, without=world.project / ".obs")
    answer: Answer = fresh("record", *FULL, "--json", cwd=world.inner, environ=world.environ)
    assert answer.code == 0, answer.err
    assert answer.document["created"] is True
    assert differences(before, snapshot(world.top, without=world.project / ".obs")) == []


@pytest.mark.parametrize("store", ["empty", "with a run"])
def test_a_dry_run_writes_nothing_at_all(world: Repository, obs: Commands, store: str) -> None:
    if store == "with a run":
        obs.done("record", *FULL, cwd=world.inner)
    before = snapshot(world.top)
    more = ("--data", "images=../images", "--keep-data", "--dry-run")
    answer = obs("record", *FULL, *more, "--json", cwd=world.inner, environ=world.variables)
    assert answer.code == 0, answer.err
    assert differences(before, snapshot(world.top)) == []
