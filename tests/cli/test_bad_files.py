"""No store, and files that are none or that change: a sentence, the right exit code, and nothing recorded."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from badinput import (
    dangling_link,
    device,
    each_command,
    empty_folder,
    fifo,
    folder,
    folder_with_fifo,
    folder_with_link,
    link_loop,
    missing,
    unix_socket,
)
from commandline import Answer, Project, assert_error, command, environment, obs

# ---------------------------------------------------------------------------------------- no store


@each_command
def test_without_a_store(arguments: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "model.pkl").write_bytes(b"m")
    answer = obs(*arguments, cwd=tmp_path)
    assert_error(answer, 4, "there is no .obs/", str(tmp_path), "hint: ", "obs init")
    as_json = obs(arguments[0], "--json", *arguments[1:], cwd=tmp_path)
    assert as_json.code == 4
    error = json.loads(as_json.err)["error"]
    assert (error["code"], error["facts"]) == ("NO_STORE", {"start": str(tmp_path)})
    assert os.listdir(tmp_path) == ["model.pkl"]


@pytest.mark.parametrize("named", ["none", "none/.obs", "model.pkl", "model.pkl/.obs"])
def test_a_named_store_that_is_not_there(named: str, template: Project) -> None:
    """One that is named is not looked for elsewhere."""
    answer = template.obs("log", variables={"OBS_DIR": named})
    assert_error(answer, 4, "there is no .obs/", named)


# ------------------------------------------------------------------------------------ files that are none


NO_FILES: list[tuple[Callable[[Path], None], str, str]] = [
    (missing, "FILE_MISSING", "there is no file"),
    (dangling_link, "FILE_MISSING", "there is no file"),
    (link_loop, "WRONG_FILE_TYPE", "a loop of symbolic links"),
    (fifo, "WRONG_FILE_TYPE", "a FIFO"),
    (device, "WRONG_FILE_TYPE", "a device"),
    (unix_socket, "WRONG_FILE_TYPE", "a socket"),
]
OPTIONS = ["--data", "--model", "--metrics", "--params", "--artifact"]


@pytest.mark.parametrize(("make", "code", "says"), NO_FILES, ids=[made[0].__name__ for made in NO_FILES])
@pytest.mark.parametrize("option", OPTIONS)
def test_a_named_file_that_is_none(
    option: str, make: Callable[[Path], None], code: str, says: str, project: Project
) -> None:
    make(project.home / "the-file")
    project.assert_refused(("record", option, "the-file"), 2, code, "the-file", says)
    project.assert_sound()


@pytest.mark.parametrize(("make", "code", "says"), NO_FILES, ids=[made[0].__name__ for made in NO_FILES])
@pytest.mark.parametrize(
    "arguments",
    [("verify", "f"), ("show", "--", "f"), ("log", "--data", "f"), ("log", "--model", "f")],
    ids=" ".join,
)
def test_a_question_about_a_file_that_is_none(
    arguments: tuple[str, ...], make: Callable[[Path], None], code: str, says: str, project: Project
) -> None:
    make(project.home / "f")
    project.assert_refused(arguments, 2, code, "f", says)


@pytest.mark.parametrize(
    "arguments",
    [
        ("record", "--metrics", "d"),
        ("record", "--params", "d"),
        ("verify", "d"),
        ("show", "--", "d"),
        ("verify", "model.pkl", "--against", "d"),
    ],
    ids=" ".join,
)
def test_a_folder_where_a_file_is_needed(arguments: tuple[str, ...], project: Project) -> None:
    folder(project.home / "d")
    project.assert_refused(arguments, 2, "WRONG_FILE_TYPE", "d is a folder", "a regular file is needed")


@pytest.mark.parametrize("option", ["--data", "--model", "--artifact"])
@pytest.mark.parametrize(
    ("make", "code", "says"),
    [
        (empty_folder, "USAGE", "holds no files"),
        (folder_with_fifo, "WRONG_FILE_TYPE", "the-folder/inner-fifo is a FIFO"),
        (folder_with_link, "WRONG_FILE_TYPE", "the-folder/inner-link is a symbolic link"),
    ],
)
def test_a_folder_that_cannot_be_recorded(
    option: str, make: Callable[[Path], None], code: str, says: str, project: Project
) -> None:
    make(project.home / "the-folder")
    project.assert_refused(("record", option, "the-folder"), 2, code, "the-folder", says)
    project.assert_sound()


def test_a_path_through_a_file(template: Project) -> None:
    template.assert_refused(("record", "--model", "model.pkl/x"), 2, "FILE_MISSING", "model.pkl/x")


@pytest.mark.parametrize("option", OPTIONS)
def test_a_name_that_is_longer_than_names_can_be(option: str, template: Project) -> None:
    template.assert_refused(("record", option, "n" * 256), 4, "OS_REFUSED", "n" * 256, "File name too long")


def test_empty_files_are_files(project: Project) -> None:
    (project.home / "empty").write_bytes(b"")
    assert project.json("record", "--data", "empty")["datasets"][0]["size"] == 0
    done = project.json("record", "--data", "data.csv", "--model", "empty")
    assert done["artifacts"][0]["size"] == 0
    assert project.obs("verify", "empty").code == 0
    assert project.obs("restore", "HEAD:model", "-o", "again").code == 0
    assert (project.home / "again").read_bytes() == b""
    project.assert_sound()


@pytest.mark.parametrize(
    ("names", "says"),
    [
        ([], "holds none of model.pkl"),
        (["other"], "holds none of model.pkl"),
        (["model.pkl", "model.joblib"], "holds both model.pkl and model.joblib"),
    ],
)
def test_a_run_folder_without_a_run(names: list[str], says: str, project: Project) -> None:
    (project.home / "run").mkdir()
    for name in names:
        (project.home / "run" / name).write_bytes(b"x")
    project.assert_refused(("record", "run"), 2, "INVALID_RUN_FOLDER", "run", says)


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("none",), "FILE_MISSING", "none"),
        (("model.pkl",), "WRONG_FILE_TYPE", "model.pkl is a file"),
        (("--model", "model.pkl", "--python", "none"), "FILE_MISSING", "none"),
        (("--model", "model.pkl", "--python", "model.pkl"), "WRONG_FILE_TYPE", "model.pkl"),
    ],
)
def test_a_folder_that_is_none(arguments: tuple[str, ...], code: str, says: str, template: Project) -> None:
    template.assert_refused(("record", *arguments), 2, code, says)


# ----------------------------------------------------------------------------------- files that change


def grow(path: Path) -> None:
    with path.open("ab") as opened:
        opened.write(b"more")


def shrink(path: Path) -> None:
    os.truncate(path, 1000)


def touch(path: Path) -> None:
    os.utime(path)


def vanish(path: Path) -> None:
    path.unlink()


def become_another(path: Path) -> None:
    other = path.with_name("other")
    other.write_bytes(b"another")
    other.replace(path)


def turn_into_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.skipif(not os.path.exists("/proc/self/fd"), reason="no /proc to see what another process reads")
@pytest.mark.parametrize("change", [grow, shrink, touch, vanish, become_another, turn_into_folder])
def test_a_file_that_changes_while_it_is_read(change: Callable[[Path], None], project: Project) -> None:
    path = project.home / "large.bin"
    path.touch()
    os.truncate(path, 200 << 20)  # no bytes on the disk, and long to read
    os.utime(path, ns=(1, 1))
    head = project.head
    running = subprocess.Popen(
        [*command(), "record", "--data", "large.bin", "--no-git"],
        cwd=project.home,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    while running.poll() is None and not reads(running.pid, path):
        time.sleep(0.001)
    change(path)
    out, err = running.communicate(timeout=60)
    answer = Answer(code=running.returncode, out=out.decode(), err=err.decode())
    assert_error(answer, 4, "large.bin", "while it was read", "nothing was recorded")
    assert project.head == head
    project.assert_sound()


def reads(pid: int, path: Path) -> bool:
    """Whether a process has read some of the file: opened, it may not have been looked at yet."""
    try:
        for name in os.listdir(f"/proc/{pid}/fd"):
            if os.readlink(f"/proc/{pid}/fd/{name}") == str(path):
                return "pos:\t0\n" not in Path(f"/proc/{pid}/fdinfo/{name}").read_text()
    except OSError:
        pass
    return False
