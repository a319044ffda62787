"""No room on the disk, no descriptors, and no rights."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from badinput import RECORD
from childruns import Identity, outcome_as
from commandline import Answer, Project, assert_error, obs, snapshot

IS_ROOT = os.geteuid() == 0
STRANGER = Identity(user=40001 if IS_ROOT else None, group=40000 if IS_ROOT else None)
"""Somebody without rights; who is not root is that somebody already, once a mode bit was taken away."""
DISK_BYTES = 1 << 20


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that other users can reach, which pytest's own are not."""
    made = tempfile.mkdtemp(prefix="obs-test-")
    os.chmod(made, 0o755)
    yield Path(made)
    for place, _, _ in os.walk(made):
        os.chmod(place, 0o755)
    shutil.rmtree(made)


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


def test_a_file_that_cannot_be_read_is_not_called_changed(open_folder: Path, template: Project) -> None:
    project = template.copy(open_folder / "home")
    allow(project.home, 0o777, 0o666)
    os.chmod(project.home / "data.csv", 0)
    assert_error(as_stranger("status", cwd=project.home), 4, "data.csv", "Permission denied")
    project.obs("restore", "HEAD:model", "-o", "kept")
    os.chmod(project.home / "kept", 0o644)
    answer = as_stranger("verify", "kept", "--check-data", "--json", cwd=project.home)
    assert [data["state"] for data in json.loads(answer.out)["runs"][0]["datasets"]] == ["not-checked"]
