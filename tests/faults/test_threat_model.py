"""docs/threat-model.md, line by line: each event is done to a store, and the verdicts are the table's."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest
import standalone
from commandline import Project
from longhistory import always_index
from obs.cas.format.frozen import replace
from obs.cas.format.ids import ObjectId
from obs.cas.format.manifests import Manifest
from obs.cas.format.objects import encode_object, object_id
from obs.cas.format.runs import Run
from obs.cas.operations.checker import Checker
from obs.cas.operations.views import Problem
from obs.cas.store.chain import Entry
from obs.cas.store.store import Store

PAGE: Final = (Path(__file__).parents[2] / "docs" / "threat-model.md").read_text("utf-8")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of the table: for each column the verdict, and whether the exit status is not 0."""

    event: str
    alone: tuple[bool, str]
    anchored: tuple[bool, str]


def lines() -> list[Line]:
    table = PAGE.split("<!-- table: begin -->")[1].split("<!-- table: end -->")[0]
    rows = [[text.strip() for text in row.split("|")[1:-1]] for row in table.strip().splitlines()[2:]]
    return [Line(event=event, alone=cell(alone), anchored=cell(anchored)) for event, alone, anchored in rows]


def cell(text: str) -> tuple[bool, str]:
    found = re.fullmatch(r"(not detected|detected): `([A-Z-]+)`", text)
    assert found is not None, text
    return found[1] == "detected", found[2]


class Scene:
    """Five runs; `model.pkl` is what the first one wrote."""

    def __init__(self, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
        self.project = project
        self.monkeypatch = monkeypatch
        self.model = project.home / "model.pkl"
        self.model.write_bytes(b"model 0")
        self.question = ["verify", "model.pkl"]
        self.anchors: list[str] = []
        self.keep()

    def keep(self) -> None:
        """Keeps an anchor, in both forms, in place of the last."""
        kept = self.project.home.parent / "kept.checkpoint"
        assert self.project.obs("checkpoint", "-o", str(kept), "--force").code == 0
        self.anchors = [str(kept), self.project.head.strip()]

    def ask(self, *more: str) -> tuple[bool, str]:
        answer = self.project.obs(*self.question, *more, "--json")
        return answer.code != 0, re.sub(r"\(.*", "", json.loads(answer.out)["verdict"])

    @property
    def ids(self) -> list[str]:
        """Of the manifests, oldest first."""
        told = self.project.obs("log", "--json").out.splitlines()
        return [json.loads(line)["manifest"] for line in told][::-1]

    def first(self) -> dict[str, str]:
        """The ids of the first run and of its model's kept bytes."""
        told = self.project.json("verify", "model.pkl")
        return {"run": told["runs"][0]["run"], "blob": told["file"]["blake3"]}

    def overwrite(self, path: Path, data: bytes) -> None:
        os.chmod(path, 0o600)
        path.write_bytes(data)

    def flip(self, digits: str, kind: str = "objects") -> None:
        path = self.project.object_path(digits, kind)
        data = path.read_bytes()
        self.overwrite(path, data[:-1] + bytes([data[-1] ^ 1]))

    def put(self, manifest: Manifest) -> ObjectId:
        """Writes a manifest as an object, and lets HEAD name it."""
        new = object_id(manifest)
        path = self.project.object_path(new.hex)
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(encode_object(manifest))
        (self.project.store / "HEAD").write_text(f"{new.hex}\n")
        return new

    def record(self, number: int, *more: str) -> None:
        """Records the run that wrote `model NUMBER`, as the project did."""
        self.model.write_bytes(f"model {number}".encode())
        assert self.project.record(*more).code == 0
        self.model.write_bytes(b"model 0")


def change_the_model(scene: Scene) -> None:
    scene.model.write_bytes(b"model 0, a little better")


def rot_a_kept_file(scene: Scene) -> None:
    scene.flip(scene.first()["blob"], "blobs")
    scene.question.append("--full")


def rot_an_object(scene: Scene) -> None:
    scene.flip(scene.first()["run"])


def edit_a_manifest(scene: Scene) -> None:
    path = scene.project.object_path(scene.ids[1])
    data = path.read_bytes()
    assert b"the second" in data
    scene.overwrite(path, data.replace(b"the second", b"the sorry!"))
    scene.question.append("--full")


def remove_a_manifest(scene: Scene) -> None:
    scene.project.object_path(scene.ids[1]).unlink()
    scene.question.append("--full")


def reorder(scene: Scene) -> None:
    with Store.open(str(scene.project.store)) as store:
        third, second, *_ = [entry.manifest for entry in store.chain.entries()]
    moved = scene.put(replace(second, run=third.run, report=third.report, files=third.files))
    scene.put(replace(third, run=second.run, report=second.report, files=second.files, parent=moved))


def cut_the_tail(scene: Scene) -> None:
    (scene.project.store / "HEAD").write_text(f"{scene.ids[1]}\n")


def rebuild(scene: Scene) -> None:
    """With the same messages, times and models, and with other data for the first."""
    shutil.rmtree(scene.project.store)
    assert scene.project.obs("init").code == 0
    for number, run_id in enumerate(("first", "second", "third")):
        (scene.project.home / "data.csv").write_text(f"x,y\n{100 + number},0\n1,1\n")
        scene.record(number, "--run-id", run_id, "-m", f"the {run_id}")


def rebuild_behind_the_anchor(scene: Scene) -> None:
    """The anchor is of two manifests; the third becomes another."""
    third = scene.ids[2]
    cut_the_tail(scene)
    scene.keep()
    (scene.project.store / "HEAD").write_text(f"{third}\n")
    cut_the_tail(scene)
    scene.record(7, "--run-id", "another third")
    assert len(scene.ids) == 3
    assert scene.ids[2] != third


def claim_something_false(scene: Scene) -> None:
    (scene.project.home / "data.csv").write_text("x,y\nnever,0\nseen,1\n")
    scene.record(0, "--run-id", "a lie")
    scene.keep()


def never_record(scene: Scene) -> None:
    (scene.project.home / "secret.pkl").write_bytes(b"a model that did worse")
    scene.keep()
    assert scene.project.obs("verify", "secret.pkl").code == 1


def make_up_a_time(scene: Scene) -> None:
    again = ("--model", "model.pkl", "--run-id", "long ago", "--timestamp", "1999-12-31T23:59:59Z")
    assert scene.project.obs("record", "--no-git", "--data", "data.csv", *again).code == 0
    scene.keep()


def delete_kept_files(scene: Scene) -> None:
    shutil.rmtree(scene.project.store / "blobs")
    scene.question.append("--full")


def move_a_tag(scene: Scene) -> None:
    (scene.project.store / "tags" / "base").write_text(f"{scene.ids[2]}\n")


def finds_nothing(_checker: Checker, _entry: Entry, _run: Run) -> list[Problem]:
    return []


def modify_obs(scene: Scene) -> None:
    """One that finds nothing wrong with an object; another program does."""
    rot_a_kept_file(scene)
    scene.monkeypatch.setattr(Checker, "check_run", finds_nothing)
    assert standalone.main([str(scene.project.store)]) == 3


EVENTS: Final[dict[str, Callable[[Scene], None]]] = {
    "the model file is changed after it was recorded": change_the_model,
    "bit rot in a kept file, or somebody edits it (`--full`)": rot_a_kept_file,
    "bit rot in the run's objects, or somebody edits them": rot_an_object,
    "a manifest is edited where it lies (`--full`)": edit_a_manifest,
    "a manifest is removed (`--full`)": remove_a_manifest,
    "manifests are reordered, and their histories left as they were": reorder,
    "the tail is cut off: `HEAD` is set back": cut_the_tail,
    "the whole chain is rebuilt, with another dataset for the model": rebuild,
    "what came after the anchor is cut off or rebuilt": rebuild_behind_the_anchor,
    "a false claim at record time: another dataset than the one trained on": claim_something_false,
    "a run is never recorded": never_record,
    "a time is made up": make_up_a_time,
    "kept files are deleted (`--full`)": delete_kept_files,
    "a tag is moved": move_a_tag,
    "a modified obs checks the store": modify_obs,
}


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Five runs, so that one may be damaged that is neither asked about nor the parent of HEAD."""
    project = Project.make(tmp_path_factory.mktemp("template"))
    for number in (4, 5):
        (project.home / "model.pkl").write_bytes(b"model %d" % number)
        assert project.record("--run-id", f"run {number}").code == 0
    return project


@pytest.fixture(params=["walked", "indexed"])
def scene(
    template: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Scene:
    """`indexed`: as in a long history, with an index and the hashes of the tree made before it happened."""
    scene = Scene(template.copy(tmp_path / "home"), monkeypatch)
    if request.param == "indexed":
        always_index(monkeypatch)
        assert scene.ask() == (False, "CHAIN-CONSISTENT")
        assert {"index.sqlite", f"tree-{os.geteuid()}"} <= set(os.listdir(scene.project.store / "cache"))
    return scene


def test_each_line_has_an_event() -> None:
    assert [line.event for line in lines()] == list(EVENTS)


def test_before_anything_happens(scene: Scene) -> None:
    assert scene.ask() == (False, "CHAIN-CONSISTENT")
    for anchor in scene.anchors:
        assert scene.ask("--against", anchor) == (False, "ANCHORED")


@pytest.mark.parametrize("line", lines(), ids=lambda line: line.event)
def test_what_the_page_says_is_so(line: Line, scene: Scene) -> None:
    EVENTS[line.event](scene)
    assert scene.ask() == line.alone
    for anchor in scene.anchors:
        assert scene.ask("--against", anchor) == line.anchored


@pytest.mark.parametrize("event", [edit_a_manifest, remove_a_manifest])
def test_only_a_walk_finds_a_damaged_manifest_that_nobody_asked_about(
    scene: Scene, event: Callable[[Scene], None]
) -> None:
    """As the page says: an index answers by what it was asked about, and a walk always finds it."""
    indexed = (scene.project.store / "cache" / "index.sqlite").exists()
    event(scene)
    scene.question.remove("--full")
    assert scene.ask() == ((False, "CHAIN-CONSISTENT") if indexed else (True, "RECORDED"))
