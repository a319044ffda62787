"""Bad stores and bad surroundings: damage, links, rights, a full disk, a held lock, Ctrl-C."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from blake3 import blake3
from childruns import Identity, outcome_as
from commandline import (
    TIME,
    Answer,
    Project,
    assert_error,
    assert_readable,
    command,
    environment,
    obs,
    snapshot,
)
from obs.cas.format.canonical import Value, decode, encode
from obs.cas.store.chain import Chain

IS_ROOT = os.geteuid() == 0
STRANGER = Identity(user=40001 if IS_ROOT else None, group=40000 if IS_ROOT else None)
"""Somebody without rights; who is not root is that somebody already, once a mode bit was taken away."""
DISK_BYTES = 1 << 20
RECORD: tuple[str, ...] = (
    "record",
    "--no-git",
    "--timestamp",
    TIME,
    "--data",
    "data.csv",
    "--model",
    "model.pkl",
)
READING: list[tuple[str, ...]] = [
    ("log",),
    ("log", "--oneline"),
    ("show",),
    ("verify",),
    ("verify", "data.csv"),
    ("cat", "HEAD:model"),
    ("restore", "HEAD:model", "-o", "again"),
    ("status",),
    ("fsck",),
]


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return Project.make(tmp_path_factory.mktemp("template"))


@pytest.fixture
def project(template: Project, tmp_path: Path) -> Project:
    return template.copy(tmp_path / "home")


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that other users can reach, which pytest's own are not."""
    made = tempfile.mkdtemp(prefix="obs-test-")
    os.chmod(made, 0o755)
    yield Path(made)
    for place, _, _ in os.walk(made):
        os.chmod(place, 0o755)
    shutil.rmtree(made)


def overwrite(path: Path, data: bytes) -> None:
    """Objects are read-only files: who is not root has to put another in their place."""
    path.unlink()
    path.write_bytes(data)


def assert_told(answer: Answer, exit_code: int, *words: str) -> None:
    """Damage is told, on whichever stream; never by a traceback."""
    assert answer.code == exit_code, answer
    assert_readable(answer.out)
    assert_readable(answer.err)
    for noise in ("Traceback", "bug in obs"):
        assert noise not in answer.out + answer.err
    for word in words:
        assert word in answer.out + answer.err


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


# ------------------------------------------------------------------------------------ links in the store

ENTRIES = ["objects", "blobs", "tags", "tmp", "HEAD", "format"]


def away(path: Path, outside: Path) -> None:
    """Moves an entry out of the store, and leaves a link to it."""
    path.rename(outside)
    path.symlink_to(outside)


def dangling(path: Path, outside: Path) -> None:
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    path.symlink_to(outside)


def to_itself(path: Path, outside: Path) -> None:
    del outside
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    path.symlink_to(path.name)


def pipe(path: Path, outside: Path) -> None:
    del outside
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    os.mkfifo(path)


def other_type(path: Path, outside: Path) -> None:
    del outside
    if path.is_dir():
        shutil.rmtree(path)
        path.write_bytes(b"")
    else:
        path.unlink()
        path.mkdir()


@pytest.mark.parametrize("change", [away, dangling, to_itself, pipe, other_type])
@pytest.mark.parametrize("entry", ENTRIES)
def test_an_entry_of_the_store_that_leads_away(
    entry: str, change: Callable[[Path, Path], None], project: Project
) -> None:
    outside = project.home.parent / "outside"
    change(project.store / entry, outside)
    before = snapshot(project.home.parent)
    for arguments in (("log",), ("show",), ("fsck",), ("verify", "data.csv"), RECORD, ("tag", "new")):
        answer = project.obs(*arguments)
        assert_told(answer, 3, f".obs/{entry}")
        if arguments[0] not in ("fsck", "verify"):
            assert_error(answer, 3)
    assert snapshot(project.home.parent) == before


@pytest.mark.parametrize("change", [away, dangling, to_itself, pipe, other_type])
def test_a_lock_that_leads_away(change: Callable[[Path, Path], None], project: Project) -> None:
    (project.store / "lock").touch()
    outside = project.home.parent / "outside"
    change(project.store / "lock", outside)
    head = project.head
    assert_error(project.obs(*RECORD), 3, ".obs/lock")
    assert project.head == head
    assert not outside.exists() or outside.read_bytes() == b""
    project.assert_sound()


@pytest.mark.parametrize("change", [away, dangling, to_itself, pipe, other_type])
def test_a_cache_that_leads_away(change: Callable[[Path, Path], None], project: Project) -> None:
    (project.store / "cache").mkdir(exist_ok=True)
    outside = project.home.parent / "outside"
    change(project.store / "cache", outside)
    before = snapshot(project.home.parent)
    for arguments in (("log",), RECORD):
        assert_error(project.obs(*arguments), 3, ".obs/cache")
    assert snapshot(project.home.parent) == before


@pytest.mark.parametrize("change", [away, to_itself, pipe, other_type])
@pytest.mark.parametrize("what", ["object", "object-folder", "blob", "blob-folder", "tag"])
def test_a_file_of_the_store_that_leads_away(
    what: str, change: Callable[[Path, Path], None], project: Project
) -> None:
    ids = project.objects()
    kind, _, folder = what.partition("-")
    path = {
        "object": project.object_path(ids["run"]),
        "blob": project.object_path(ids["model-blob"], "blobs"),
        "tag": project.store / "tags" / "base",
    }[kind]
    change(path.parent if folder else path, project.home.parent / "outside")
    affected: dict[str, list[tuple[str, ...]]] = {
        "object": [("show",)],
        "blob": [("cat", "HEAD:model")],
        "tag": [("show", "base"), ("tag",)],
    }
    before = snapshot(project.home.parent)
    for arguments in (*affected[kind], ("fsck",)):
        assert_told(project.obs(*arguments), 3, str(path.parent.name if folder else path.name))
    assert snapshot(project.home.parent) == before


@pytest.mark.parametrize("change", [away, to_itself, pipe, other_type])
def test_a_store_that_leads_away(change: Callable[[Path, Path], None], project: Project) -> None:
    change(project.store, project.home.parent / "outside")
    before = snapshot(project.home.parent)
    for arguments in (("log",), ("init",), ("fsck",), RECORD):
        assert_error(project.obs(*arguments), 3, ".obs")
        assert_error(obs("-C", str(project.home), *arguments, cwd=project.home.parent), 3, ".obs")
    assert snapshot(project.home.parent) == before


# ---------------------------------------------------------------------------------------- tags, format

TAGS = {
    "empty": b"",
    "text": b"HEAD\n",
    "escapes": b"\x1b[2J" * 16 + b"\n",
    "no-line-end": b"a" * 64,
    "nowhere": b"ab" * 32 + b"\n",
}


@pytest.mark.parametrize("data", TAGS.values(), ids=TAGS.keys())
def test_a_damaged_tag(data: bytes, project: Project) -> None:
    (project.store / "tags" / "base").write_bytes(data)
    assert_error(project.obs("show", "base"), 3, "base" if data[:2] != b"ab" else "ab" * 32)
    assert_told(project.obs("fsck"), 3, "base")
    if data[:2] != b"ab":
        assert_told(project.obs("tag"), 3, "base")
    assert project.obs("show").code == 0
    assert project.obs("log").code == 0
    assert project.obs(*RECORD).code == 0
    # the way out of it
    assert project.obs("tag", "-d", "base").code == 0
    project.assert_sound()
    assert project.obs("tag", "base").code == 0


def test_names_in_the_store_that_are_none_are_passed_over(project: Project) -> None:
    for folder in ("", "objects", "objects/ab", "blobs", "tags"):
        (project.store / folder).mkdir(exist_ok=True)
        for name in (".gitkeep", "x\x1b[2J", "HEAD.lock", os.fsdecode(b"\xff"), "a b"):
            (project.store / folder / name).write_bytes(b"")
    for arguments in (("log",), ("show",), ("tag",), ("verify",), RECORD, ("fsck",)):
        answer = project.obs(*arguments)
        assert (answer.code, answer.err) == (0, "")
        assert_readable(answer.out)


FORMATS = {
    "newer": (b"obs 2\n", "'obs 2'"),
    "empty": (b"", "''"),
    "without-a-space": (b"obs1\n", "'obs1'"),
    "two-lines": (b"obs 1\n\n", "obs 1"),
    "escapes": (b"\x1b[2J\x9b\xff\n", "\\x1b[2J"),
    "large": (b"x" * (1 << 20), "xxx"),
}


@pytest.mark.parametrize(("data", "says"), FORMATS.values(), ids=FORMATS.keys())
def test_a_store_of_another_format(data: bytes, says: str, project: Project) -> None:
    (project.store / "format").write_bytes(data)
    for arguments in (("log",), ("fsck",), ("verify", "data.csv"), ("init",), RECORD, ("tag", "new")):
        project.assert_refused(arguments, 4, "STORE_FORMAT_UNKNOWN", ".obs/format", says, "'obs 1'")
    assert len(project.obs("log").err) < 1000


def test_a_store_without_a_format(project: Project) -> None:
    (project.store / "format").unlink()
    for arguments in (("log",), ("fsck",), RECORD):
        project.assert_refused(arguments, 4, "STORE_FORMAT_UNKNOWN", ".obs/format")
    assert project.obs("init").code == 0
    project.assert_sound()


@pytest.mark.parametrize("name", ["tmp", "tags", "cache", "lock"])
def test_an_entry_that_may_be_missing(name: str, project: Project) -> None:
    path = project.store / name
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
    for arguments in (("log",), ("show",), ("tag",), ("fsck",), ("tag", "new"), RECORD, ("fsck",)):
        assert project.obs(*arguments).code == 0


def test_leftovers_are_told_and_harm_nobody(project: Project) -> None:
    (project.store / "tmp" / "123-\x1b[2J").write_bytes(b"half")
    answer = project.obs("fsck")
    assert answer.code == 0
    assert_readable(answer.out)
    assert "1 file in tmp/" in answer.out
    assert project.obs(*RECORD).code == 0


# ---------------------------------------------------------------------------------------------- no room


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 1 MiB; where this user may mount none, the limit on file sizes has to do."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES},mode=0755", "tmpfs", str(place)]
    try:
        mounted = subprocess.run(mount, capture_output=True, check=False).returncode == 0
    except OSError:
        mounted = False
    if not mounted:
        pytest.skip("no file system can be mounted here")
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)


def test_a_full_disk(small_disk: Path, template: Project, tmp_path: Path) -> None:
    project = template.copy(small_disk / "home")
    (tmp_path / "large.pkl").write_bytes(os.urandom(2 * DISK_BYTES))
    large = ("record", "--no-git", "--model", str(tmp_path / "large.pkl"))
    project.assert_refused(large, 4, "OS_REFUSED", "No space left", "make room", "nothing was recorded")
    project.assert_sound()
    filler = small_disk / "filler"
    room = os.statvfs(small_disk)
    filler.write_bytes(bytes(room.f_bavail * room.f_bsize))
    for arguments in (RECORD, ("tag", "new")):
        project.assert_refused(arguments, 4, "OS_REFUSED", "No space left", "make room")
    project.assert_refused(("restore", "HEAD:model", "-o", "new"), 4, "OS_REFUSED", "new", "No space left")
    other = small_disk / "other"
    for reading in (("log",), ("show",), ("verify", "data.csv"), ("cat", "HEAD:model")):
        assert project.obs(*reading).code in (0, 1)
    filler.unlink()
    other.mkdir()
    filler.write_bytes(bytes(os.statvfs(small_disk).f_bavail * room.f_bsize))
    answer = obs("init", cwd=other)
    if answer.code:
        assert_error(answer, 4, ".obs", "No space left")
    filler.unlink()
    assert obs("init", cwd=other).code == 0
    assert project.obs(*RECORD).code == 0
    project.assert_sound()


@pytest.mark.parametrize("limit", [0, 1, 64, 70, 500, 100_000])
def test_a_limit_on_file_sizes(limit: int, project: Project) -> None:
    (project.home / "model.pkl").write_bytes(bytes(200_000))
    head, files = project.head, snapshot(project.home)
    before = f"import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))"
    answer = project.process(*RECORD, before=before)
    assert_error(answer, 4, ".obs/", "File too large", "nothing was recorded")
    if limit < 65:
        assert_error(project.process("tag", "new", before=before), 4, "File too large")
        assert not (project.store / "tags" / "new").exists()
    if limit < 7:
        restored = project.process("restore", "HEAD:model", "-o", "again", before=before)
        assert_error(restored, 4, "again", "File too large")
    assert project.head == head
    assert snapshot(project.home) == files
    project.assert_sound()


@pytest.mark.parametrize("limit", [3, 4, 5, 6, 8])
def test_hardly_any_descriptors(limit: int, project: Project) -> None:
    """Whatever cannot be opened: a sentence, never a traceback."""
    before = f"import resource\nresource.setrlimit(resource.RLIMIT_NOFILE, ({limit}, {limit}))"
    head = project.head
    answer = project.process(*RECORD, before=before)
    assert answer.code != 0 or project.head != head
    assert "bug in obs" not in answer.err
    if answer.code:
        assert project.head == head
    project.assert_sound()


# --------------------------------------------------------------------------------------------- no rights


def as_stranger(*arguments: str, cwd: Path) -> Answer:
    """The command as somebody without rights."""
    outcome, answer = outcome_as(STRANGER, partial(_inside, *arguments, cwd=str(cwd)))
    assert outcome == "done"
    assert isinstance(answer, Answer)
    return answer


def _inside(*arguments: str, cwd: str) -> Answer:
    os.chdir(cwd)  # whoever has no rights might not get back to where the tests run
    return obs(*arguments, cwd=cwd, variables={"OBS_DIR": cwd})


def allow(top: Path, folders: int, files: int) -> None:
    for folder, _, names in os.walk(top, topdown=False):
        for name in names:
            os.chmod(os.path.join(folder, name), files)
        os.chmod(folder, folders)


@pytest.mark.parametrize(
    ("option", "name"),
    [
        ("--data", "data.csv"),
        ("--model", "model.pkl"),
        ("--metrics", "metrics.json"),
        ("--params", "params.json"),
    ],
)
def test_a_file_that_one_may_not_read(option: str, name: str, open_folder: Path, template: Project) -> None:
    project = template.copy(open_folder / "home")
    allow(project.home, 0o777, 0o666)
    os.chmod(project.home / name, 0)
    before = snapshot(project.home)
    answer = as_stranger("record", "--no-git", option, name, cwd=project.home)
    assert_error(answer, 4, name, "Permission denied")
    if option != "--data":
        assert_error(as_stranger("verify", name, cwd=project.home), 4, name, "Permission denied")
    assert snapshot(project.home) == before
    project.assert_sound()


def test_a_folder_that_one_may_not_read(open_folder: Path, template: Project) -> None:
    project = template.copy(open_folder / "home")
    allow(project.home, 0o777, 0o666)
    (project.home / "closed" / "inner").mkdir(parents=True)
    (project.home / "closed" / "file").write_bytes(b"x")
    for closed in ("closed/inner", "closed"):
        os.chmod(project.home / closed, 0)
        for option in ("--data", "--artifact"):
            answer = as_stranger("record", "--no-git", option, "closed", cwd=project.home)
            assert_error(answer, 4, closed, "Permission denied")
    answer = as_stranger("record", "--no-git", "--model", "closed/file", cwd=project.home)
    assert_error(answer, 4, "closed/file", "Permission denied")
    project.assert_sound()


def test_a_store_that_one_may_only_read(open_folder: Path, template: Project) -> None:
    project = template.copy(open_folder / "home")
    allow(project.home, 0o555, 0o444)
    before = snapshot(project.home)
    for arguments in (("log",), ("show",), ("verify",), ("tag",), ("cat", "HEAD:model"), ("fsck",)):
        answer = as_stranger(*arguments, cwd=project.home)
        assert (answer.code, answer.err) == (0, "")
    for writing in (RECORD, ("tag", "new"), ("tag", "-d", "base")):
        answer = as_stranger(*writing, cwd=project.home)
        assert_error(answer, 4, ".obs/", "Permission denied", "hint: ")
    answer = as_stranger("restore", "HEAD:model", "-o", "new", cwd=project.home)
    assert_error(answer, 4, str(project.home), "Permission denied")
    assert as_stranger(*RECORD, "--dry-run", cwd=project.home).code == 0
    allow(project.home, 0o755, 0o644)
    assert {name: data for name, (_, data) in snapshot(project.home).items()} == {
        name: data for name, (_, data) in before.items()
    }
    project.assert_sound()


@pytest.mark.parametrize("part", ["", "objects", "blobs", "tags", "HEAD", "format"])
def test_a_part_of_the_store_that_one_may_not_read(part: str, open_folder: Path, template: Project) -> None:
    project = template.copy(open_folder / "home")
    allow(project.home, 0o777, 0o666)
    os.chmod(project.store / part, 0)
    try:
        for arguments in (("fsck",), RECORD, ("tag", "new")):
            answer = as_stranger(*arguments, cwd=project.home)
            if answer.code == 0:
                assert (part, arguments[0]) in (("blobs", "tag"), ("tags", "record"))
                continue
            assert_error(answer, 4, f".obs/{part}".rstrip("/"), "Permission denied", "hint: ")
    finally:
        os.chmod(project.store / part, 0o755)
    project.assert_sound()


def test_no_right_to_make_a_store(open_folder: Path) -> None:
    os.chmod(open_folder, 0o555)
    answer = as_stranger("init", cwd=open_folder)
    assert_error(answer, 4, ".obs", "Permission denied", "hint: ")
    assert os.listdir(open_folder) == []


@pytest.mark.skipif(not IS_ROOT, reason="only root can give a folder away")
def test_a_store_of_another_user(project: Project) -> None:
    os.chown(project.store, 40001, 40000)
    (project.home / "inner").mkdir()
    for folder in (project.home, project.home / "inner"):
        answer = obs("log", cwd=folder)
        assert_error(answer, 4, str(project.store), "another user", "40001", "OBS_DIR")
    assert obs("-C", str(project.home), "log", cwd=project.home.parent).code == 0
    assert project.obs("log", variables={"OBS_DIR": ".obs"}).code == 0


# ----------------------------------------------------------------------------------------------- the lock

HOLD = """
import fcntl, sys
opened = open(sys.argv[1], "r+")
fcntl.flock(opened, fcntl.LOCK_EX)
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def holder(project: Project) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lock of the project until its standard input is closed."""
    (project.store / "lock").touch()
    held = subprocess.Popen(
        [sys.executable, "-S", "-c", HOLD, str(project.store / "lock")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert held.stdout is not None
    assert held.stdout.readline() == "held\n"
    yield held
    held.communicate()


def test_a_lock_that_is_held_for_too_long(
    project: Project, holder: subprocess.Popen[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    taking = Chain.locked
    asked: list[float] = []

    def impatient(chain: Chain, timeout_seconds: float) -> object:
        asked.append(timeout_seconds)
        return taking(chain, 0.2)

    monkeypatch.setattr(Chain, "locked", impatient)
    head = project.head
    answer = project.obs(*RECORD)
    assert_error(answer, 4, ".obs/lock", "another process", "try again")
    error = json.loads(project.obs(RECORD[0], "--json", *RECORD[1:]).err)["error"]
    assert error["code"] == "LOCK_TIMEOUT"
    assert asked == [60.0, 60.0]  # the true patience: a minute
    assert project.head == head
    for arguments in READING:  # readers take no lock
        assert project.obs(*arguments).code in (0, 1)
    project.assert_sound()
    holder.communicate()
    assert project.obs(*RECORD).code == 0
    assert project.head != head
    project.assert_sound()


def test_a_lock_that_is_given_back_in_time(project: Project, holder: subprocess.Popen[str]) -> None:
    waiting = start(project, *RECORD)
    time.sleep(0.4)
    assert waiting.poll() is None
    holder.communicate()
    _, said = waiting.communicate(timeout=30)
    assert (waiting.returncode, said) == (0, b"")
    project.assert_sound()


def test_an_interrupt_while_waiting_for_the_lock(project: Project, holder: subprocess.Popen[str]) -> None:
    head = project.head
    waiting = start(project, *RECORD)
    time.sleep(0.5)
    waiting.send_signal(signal.SIGINT)
    out, said = waiting.communicate(timeout=30)
    assert (waiting.returncode, out, said) == (130, b"", b"obs: interrupted\n")
    assert project.head == head
    project.assert_sound()
    holder.communicate()
    assert project.obs(*RECORD).code == 0


def test_the_lock_is_free_after_a_process_was_killed(project: Project) -> None:
    with open(project.store / "lock", "w") as opened:
        held = subprocess.Popen(
            [sys.executable, "-S", "-c", "import sys; sys.stdin.read()"],
            stdin=subprocess.PIPE,
            pass_fds=[opened.fileno()],
        )
        fcntl.flock(opened, fcntl.LOCK_EX)
    held.kill()
    held.communicate()
    assert project.obs(*RECORD).code == 0


# ---------------------------------------------------------------------------------------------- Ctrl-C


def start(project: Project, *arguments: str) -> subprocess.Popen[bytes]:
    """A command that runs."""
    return subprocess.Popen(
        [*command(), *arguments],
        cwd=project.home,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def test_an_interrupt_at_any_moment(project: Project) -> None:
    """From the first temporary file to the end; whatever came of it, the store is sound."""
    size = 24 << 20
    outcomes: set[int] = set()
    for number in range(12):
        (project.home / "large.bin").write_bytes(bytes([number]) * size)
        head = project.head
        running = start(project, "record", "--no-git", "--model", "large.bin", "--no-cache")
        deadline = time.monotonic() + 10
        while (
            not os.listdir(project.store / "tmp") and running.poll() is None and time.monotonic() < deadline
        ):
            time.sleep(0.001)
        time.sleep(0.008 * number)
        running.send_signal(signal.SIGINT)
        out, said = running.communicate(timeout=30)
        outcomes.add(running.returncode)
        if running.returncode == 130:
            assert said == b"obs: interrupted\n"
        else:  # it was done, and so perhaps were Python's own handlers
            assert running.returncode in (0, -signal.SIGINT)
            assert said == b""
            assert b"recorded run" in out
            assert project.head != head
        assert os.listdir(project.store / "tmp") == []
    assert 130 in outcomes
    project.assert_sound()
    assert project.obs(*RECORD).code == 0
    project.assert_sound()


INTERRUPTED = """
import signal, sys
from obs.cli.main import start
signal.signal(signal.SIGALRM, signal.default_int_handler)
signal.setitimer(signal.ITIMER_REAL, float(sys.argv.pop(1)))
start()
"""


def test_an_interrupt_from_the_first_line_on(project: Project) -> None:
    """A clock in the process itself does what Ctrl-C does, n milliseconds after the first line of obs.

    (What Python says of an interrupt before that line is not obs' to change.)
    """
    for number in range(16):
        milliseconds = 1 + 4 * number
        (project.home / "model.pkl").write_bytes(b"%d" % milliseconds)
        head = project.head
        answer = subprocess.run(
            [sys.executable, "-c", INTERRUPTED, str(milliseconds / 1000), *RECORD],
            cwd=project.home,
            env=environment(),
            capture_output=True,
            timeout=30,
            check=False,
        )
        assert (answer.returncode, answer.stderr) in (
            (130, b""),
            (130, b"obs: interrupted\n"),
            (0, b""),
            (-signal.SIGALRM, b""),  # when everything is done and Python ends
        )
        assert answer.returncode == 130 or project.head != head
        assert os.listdir(project.store / "tmp") == []
    project.assert_sound()


@pytest.mark.parametrize("which", [signal.SIGTERM, signal.SIGHUP])
def test_another_signal_leaves_nothing_half_written(which: signal.Signals, project: Project) -> None:
    (project.home / "large.bin").write_bytes(bytes(24 << 20))
    head = project.head
    running = start(project, "record", "--no-git", "--model", "large.bin")
    while not os.listdir(project.store / "tmp") and running.poll() is None:
        time.sleep(0.001)
    running.send_signal(which)
    running.communicate(timeout=30)
    assert running.returncode == -which
    assert project.head == head
    assert project.obs("fsck").code == 0  # with a leftover that it tells
    assert project.obs(*RECORD).code == 0


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


def test_a_file_that_cannot_be_read_is_not_called_changed(open_folder: Path, template: Project) -> None:
    project = template.copy(open_folder / "home")
    allow(project.home, 0o777, 0o666)
    os.chmod(project.home / "data.csv", 0)
    assert_error(as_stranger("status", cwd=project.home), 4, "data.csv", "Permission denied")
    project.obs("restore", "HEAD:model", "-o", "kept")
    os.chmod(project.home / "kept", 0o644)
    answer = as_stranger("verify", "kept", "--check-data", "--json", cwd=project.home)
    assert [data["state"] for data in json.loads(answer.out)["runs"][0]["datasets"]] == ["not-checked"]
