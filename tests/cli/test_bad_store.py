"""Links, tags, names and formats in a store that do not belong there."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from badinput import RECORD, assert_told
from commandline import Project, assert_error, assert_readable, obs, snapshot

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
