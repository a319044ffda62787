"""Objects and a HEAD that are damaged, foreign or gone: told, and nothing else is hidden by it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from badinput import READING, RECORD, assert_told, overwrite
from blake3 import blake3
from commandline import Project, assert_error, obs, snapshot
from obs.cas.format.canonical import Value, decode, encode

# -------------------------------------------------------------------------------------- damaged objects


def flipped(data: bytes) -> bytes:
    return data[:-1] + bytes([data[-1] ^ 1])


def cut(data: bytes) -> bytes:
    return data[: len(data) // 2]


def nothing(data: bytes) -> bytes:
    del data
    return b""


def longer(data: bytes) -> bytes:
    return data + b"\0"


def text(data: bytes) -> bytes:
    del data
    return b"\x1b[2Jno object at all\n"


def newer(data: bytes) -> bytes:
    value = decode(data)
    assert isinstance(value, dict)
    return encode({**value, "version": 2})


def bomb(data: bytes) -> bytes:
    """An array that says it has 4,294,967,295 entries."""
    del data
    return b"\xdd\xff\xff\xff\xff"


def deep(data: bytes) -> bytes:
    del data
    return b"\x91" * 100_000


DAMAGES: list[Callable[[bytes], bytes]] = [flipped, cut, nothing, longer, text, newer, bomb, deep]
AFFECTED: dict[str, list[tuple[str, ...]]] = {
    "manifest": [
        ("log",),
        ("show",),
        ("verify",),
        ("cat", "HEAD:model"),
        ("status",),
        ("tag", "new"),
        RECORD,
    ],
    "parent": [("log",), ("show", "HEAD~1"), ("show", "HEAD~2"), ("verify",), ("verify", "data.csv")],
    "run": [
        ("log",),
        ("show",),
        ("verify",),
        ("cat", "HEAD:model"),
        ("status",),
        ("restore", "HEAD:model", "-o", "x"),
    ],
    "report": [("show",), ("verify",)],
    "environment": [("show",), ("verify",)],
    "model": [("verify",), ("cat", "HEAD:model"), ("restore", "HEAD:model", "-o", "x"), ("show",)],
    "model-blob": [("verify", "--full"), ("cat", "HEAD:model"), ("restore", "HEAD:model", "-o", "x")],
}


@pytest.mark.parametrize("damage", DAMAGES, ids=[damage.__name__ for damage in DAMAGES])
@pytest.mark.parametrize("what", AFFECTED)
def test_a_damaged_object(what: str, damage: Callable[[bytes], bytes], project: Project) -> None:
    digits = project.objects()[what]
    kind = "blobs" if what.endswith("blob") else "objects"
    path = project.object_path(digits, kind)
    before = path.read_bytes()
    overwrite(path, damage(before) if kind == "objects" or damage is not newer else flipped(before))
    head, files = project.head, snapshot(project.home)
    assert_told(project.obs("fsck"), 3, digits)
    for arguments in AFFECTED[what]:
        answer = project.obs(*arguments)
        assert_told(answer, 3)
        assert digits[:12] in answer.out + answer.err
        as_json = project.obs(arguments[0], "--json", *arguments[1:])
        assert as_json.code == 3
        for line in (as_json.out if arguments[0] == "log" else "").splitlines():
            json.loads(line)
    now = snapshot(project.home)
    assert {name: now.get(name) for name in files} == files
    assert all(name.startswith((".obs/objects/", ".obs/blobs/")) for name in now.keys() - files.keys())
    checked = json.loads(project.obs("fsck", "--json").out)
    assert checked["verdict"] == "CORRUPT"
    assert digits in [problem["id"] for problem in checked["problems"]]
    assert project.head == head
    assert path.read_bytes() != before  # obs repairs nothing


@pytest.mark.parametrize("other", ["model", "report", "parent", "model-blob"])
def test_a_foreign_object(other: str, project: Project) -> None:
    """The right bytes of another object under an object's name."""
    ids = project.objects()
    kind = "blobs" if other == "model-blob" else "objects"
    overwrite(project.object_path(ids["run"]), project.object_path(ids[other], kind).read_bytes())
    for arguments in (("show",), ("log",), ("verify",), ("fsck",)):
        assert_told(project.obs(*arguments), 3, ids["run"])


@pytest.mark.parametrize("what", ["parent", "manifest", "run", "report", "environment", "model"])
def test_a_missing_object(what: str, project: Project) -> None:
    digits = project.objects()[what]
    project.object_path(digits).unlink()
    assert_told(project.obs("fsck"), 3, digits)
    assert_told(project.obs("verify"), 3, digits)
    head = project.head
    for arguments in READING:
        answer = project.obs(*arguments)
        assert answer.code in (0, 1, 3)  # 1: the files of the project are those of a run that comes next
        assert_told(answer, answer.code)
    if what == "manifest":
        assert_error(project.obs(*RECORD), 3, digits)
        assert project.head == head


def test_a_missing_blob_is_no_damage(project: Project) -> None:
    digits = project.objects()["model-blob"]
    project.object_path(digits, "blobs").unlink()
    project.assert_sound()
    project.assert_refused(("cat", "HEAD:model"), 5, "CONTENT_ABSENT", "HEAD:model", digits, "not kept")
    project.assert_refused(("restore", "HEAD:model", "-o", "x"), 5, "CONTENT_ABSENT", "HEAD:model")


def link_head_to(project: Project, kind: str, change: Callable[[dict[str, Value]], dict[str, Value]]) -> str:
    """Another HEAD, intact under its id: the newest manifest, changed. Its id."""
    value = decode(project.object_path(project.head.strip()).read_bytes())
    assert isinstance(value, dict)
    data = encode(change(dict(value)))
    digits = blake3(data, derive_key_context=f"obs 2026-11-24 {kind} object").hexdigest()
    path = project.object_path(digits)
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    (project.store / "HEAD").write_text(f"{digits}\n")
    return digits


@pytest.mark.parametrize("change", ["version", "key", "kind"])
def test_a_newer_manifest_is_named_as_one(change: str, project: Project) -> None:
    """Intact, and not to be understood: nothing is recorded on top of it."""
    changes: dict[str, dict[str, Value]] = {
        "version": {"version": 2},
        "key": {"zzz": 1},
        "kind": {"kind": "commit"},
    }
    kind = "commit" if change == "kind" else "manifest"
    digits = link_head_to(project, kind, lambda value: {**value, **changes[change]})
    words = {"version": ["version 2", "newer obs"], "key": ["zzz"], "kind": ["commit"]}[change]
    for arguments in (("show",), ("cat", "HEAD:model"), ("tag", "new"), ("status",), RECORD):
        answer = project.obs(*arguments)
        assert_error(answer, 3, digits[:12], *words)
    for arguments in (("log",), ("verify",), ("fsck",)):
        assert_told(project.obs(*arguments), 3, digits[:12], *words)
    assert project.head.strip() == digits


def test_a_damaged_manifest_in_the_middle_hides_nothing_else(project: Project) -> None:
    ids = project.objects()
    overwrite(project.object_path(ids["parent"]), b"")
    answer = project.obs("log")
    assert_told(answer, 3, "the first", "the third", ids["parent"])
    assert "the second" not in answer.out
    lines = [json.loads(line) for line in project.obs("log", "--json").out.splitlines()]
    assert [line["sequence"] for line in lines] == [2, 1, 0]
    assert [line.get("message") for line in lines] == ["the third", None, "the first"]
    assert "damaged" in lines[1]["problem"]
    assert project.obs("show").code == 0
    assert project.obs("show", "base").code == 0
    assert project.obs("restore", "base:model", "-o", "old").code == 0
    assert (project.home / "old").read_bytes() == b"model 0"
    assert_told(project.obs("verify", "old"), 3, "manifest 0", ids["parent"])
    # the newest manifest is whole: a new run can stand on it
    assert project.obs(*RECORD).code == 0
    assert json.loads(project.obs("log", "--json", "-n", "1").out)["sequence"] == 3


# ---------------------------------------------------------------------------------------------- HEAD

HEADS = {
    "empty": b"",
    "line-end": b"\n",
    "spaces": b" " * 64 + b"\n",
    "short": b"a" * 63 + b"\n",
    "no-line-end": b"a" * 64,
    "long": b"a" * 65 + b"\n",
    "upper-case": b"A" * 64 + b"\n",
    "two-lines": b"a" * 64 + b"\n" + b"b" * 64 + b"\n",
    "crlf": b"a" * 64 + b"\r\n",
    "ref": b"ref: refs/heads/main\n",
    "escapes": b"\x1b[2J" * 16 + b"\n",
    "binary": bytes(range(256)),
    "zeros": bytes(65),
    "large": b"a" * (4 << 20),
}


@pytest.mark.parametrize("data", HEADS.values(), ids=HEADS.keys())
def test_a_head_that_is_none(data: bytes, project: Project) -> None:
    (project.store / "HEAD").write_bytes(data)
    for arguments in (("log",), ("show",), ("status",), ("cat", "HEAD:model"), RECORD, ("tag", "new")):
        project.assert_refused(arguments, 3, "CHAIN_BROKEN", ".obs/HEAD")
    for arguments in (("verify",), ("fsck",)):
        assert_told(project.obs(*arguments), 3, ".obs/HEAD", "CORRUPT")
    assert project.obs("show", "base").code == 0
    assert (project.store / "HEAD").read_bytes() == data


def test_a_head_that_points_nowhere(project: Project) -> None:
    nowhere = "ab" * 32
    (project.store / "HEAD").write_text(f"{nowhere}\n")
    for arguments in (("show",), ("status",), ("cat", "HEAD:model"), ("show", "HEAD~1"), ("tag", "new")):
        project.assert_refused(arguments, 3, "OBJECT_MISSING", nowhere, "HEAD")
    assert_error(project.obs(*RECORD), 3, nowhere, "HEAD")
    assert project.head.strip() == nowhere
    assert os.listdir(project.store / "tmp") == []
    for arguments in (("verify",), ("fsck",), ("log",)):
        assert_told(project.obs(*arguments), 3, nowhere)
    assert "the third" in project.obs("log").out  # what is there is shown


def test_a_head_that_names_no_manifest(project: Project) -> None:
    run = project.objects()["run"]
    (project.store / "HEAD").write_text(f"{run}\n")
    for arguments in (("show",), ("status",), RECORD):
        assert_error(project.obs(*arguments), 3, run)
    for arguments in (("verify",), ("fsck",), ("log",)):
        assert_told(project.obs(*arguments), 3, run)


def test_a_head_that_is_gone(project: Project) -> None:
    """Going on would begin a second history beside the one that is there."""
    (project.store / "HEAD").unlink()
    for arguments in (("log",), ("show",), ("status",), ("verify", "data.csv"), ("tag", "new"), RECORD):
        project.assert_refused(arguments, 3, "CHAIN_BROKEN", ".obs/HEAD is missing")
    assert not (project.store / "HEAD").exists()
    assert_told(project.obs("fsck"), 3, "HEAD is missing", "3 manifests among them")
    assert_told(project.obs("verify"), 3, "HEAD")
    assert os.listdir(project.store / "tmp") == []


# ---------------------------------------------------------------------------------------------- answers


def test_an_anchor_that_does_not_reach_the_run_is_no_yes(project: Project) -> None:
    """The history up to the anchor is the one that it names, and the file came later."""
    first = json.loads(project.obs("log", "--json", "--reverse", "-n", "1").out)["manifest"]
    project.obs("restore", "HEAD:model", "-o", "new")
    answer = project.obs("verify", "new", "--against", first)
    assert_told(answer, 5, "it came later", "CHAIN-CONSISTENT")
    assert "ANCHORED" not in answer.out
    project.obs("restore", "base:model", "-o", "old")
    assert_told(project.obs("verify", "old", "--against", first), 0, "ANCHORED(1 of 3)")
    wrong = project.obs("verify", "old", "--against", "0" * 64)
    assert_told(wrong, 3, "ANCHOR-MISMATCH")
    assert "keep a head" not in wrong.out


def test_what_a_gap_may_hide_is_not_called_not_recorded(project: Project) -> None:
    project.obs("restore", "HEAD:model", "-o", "model")
    project.object_path(project.objects()["run"]).unlink()
    answer = project.obs("verify", "model", "--json")
    assert (answer.code, json.loads(answer.out)["verdict"]) == (3, "CORRUPT")
    assert_told(project.obs("verify", "model"), 3, "the history has gaps")


@pytest.mark.parametrize("lost", ["manifest", "run"])
def test_the_runs_of_a_file_are_shown_beside_what_is_damaged(lost: str, project: Project) -> None:
    """The newest cannot be read; the file's own run, below it, is shown all the same."""
    project.obs("restore", "base:model", "-o", "old")
    project.object_path(project.json("log", "-n", "1")[lost]).unlink()
    answer = project.obs("show", "old")
    assert_told(answer, 3, "first", "problem: OBJECT_MISSING")
    found = project.obs("show", "old", "--json")
    document = json.loads(found.out)
    assert (found.code, [run["run_id"] for run in document["runs"]]) == (3, ["first"])
    assert [problem["code"] for problem in document["problems"]] == ["OBJECT_MISSING"]
    (project.home / "other").write_text("never recorded, or in what is damaged")
    project.assert_refused(("show", "other"), 3, "OBJECT_MISSING", "is missing")
    project.assert_refused(("tag", "best", "old"), 3, "OBJECT_MISSING", "is missing")


def test_a_damage_is_told_once_for_each_run_that_it_touches(project: Project) -> None:
    assert project.obs(*RECORD).code == 0
    assert project.obs(*RECORD, "-m", "again").code == 0
    name = RECORD[RECORD.index("--model") + 1]
    project.object_path(project.objects()["report"]).unlink()
    problems = json.loads(project.obs("verify", name, "--json").out)["problems"]
    assert len(problems) == len({json.dumps(problem) for problem in problems}) == 1


def test_a_damaged_line_of_the_log_has_every_key(project: Project) -> None:
    project.object_path(project.objects()["run"]).unlink()
    damaged, whole = (json.loads(line) for line in project.obs("log", "--json").out.splitlines()[:2])
    assert set(whole) <= set(damaged)
    assert (damaged["sequence"], damaged["message"], damaged["metrics"]) == (2, "the third", None)


def test_ids_inside_an_object_are_digits(project: Project) -> None:
    shown = project.json("show", "HEAD:model")
    assert shown["value"] == {"size": 7, "blake3": project.objects()["model-blob"]}


def test_a_store_is_made_in_a_folder_that_is_made_with_it(tmp_path: Path) -> None:
    assert obs("init", "experiments", cwd=tmp_path).code == 0
    assert obs("init", "experiments/.obs", cwd=tmp_path).code == 0
    assert os.listdir(tmp_path / "experiments") == [".obs"]
    assert ".obs" not in os.listdir(tmp_path / "experiments" / ".obs")


def test_a_tag_by_a_file_of_the_run(project: Project) -> None:
    project.obs("restore", "base:model", "-o", "old")
    assert project.obs("tag", "by-file", "old").code == 0
    tags = {tag["name"]: tag["manifest"] for tag in project.json("tag")["tags"]}
    assert tags["by-file"] == tags["base"]
    (project.home / "metrics.json").write_text('{"accuracy": 0.1}')
    assert project.obs("record", "--no-git", "--model", "old", "--run-id", "other").code == 0
    assert_error(project.obs("tag", "both", "old"), 2, "old belongs to several runs", "hint: ")


def test_a_kept_file_that_was_damaged_is_mended_by_who_brings_its_bytes(project: Project) -> None:
    (project.home / "model.pkl").write_bytes(b"model 2")
    path = project.object_path(project.objects()["model-blob"], "blobs")
    overwrite(path, flipped(path.read_bytes()))
    assert_told(project.obs("fsck"), 3, project.objects()["model-blob"])
    assert project.obs("record", "--no-git", "--model", "model.pkl", "--param", "x=1").code == 0
    project.assert_sound()
