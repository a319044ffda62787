"""What is odd and right all the same, odd surroundings, and an output that nobody reads or that is full."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from badinput import M, each_command
from commandline import Answer, Project, assert_error, command, environment, obs, process

# -------------------------------------------------------------------------- odd, and right all the same


def test_the_model_is_the_data(project: Project) -> None:
    """A file that equals a dataset is not kept: datasets are not, unless that is asked for."""
    done = project.json("record", "--data", "data.csv", "--model", "data.csv")
    assert done["datasets"][0]["blake3"] == done["artifacts"][0]["blake3"]
    assert not project.object_path(done["datasets"][0]["blake3"], "blobs").exists()
    assert_error(project.obs("cat", "HEAD:model"), 5, "HEAD:model", "not kept")
    project.assert_refused(
        ("restore", "HEAD:model", "-o", "new"), 5, "CONTENT_ABSENT", "HEAD:model", "not kept"
    )
    project.assert_sound()


def test_a_path_out_of_the_project_is_stored_by_its_last_name(project: Project) -> None:
    (project.home.parent / "outside.csv").write_text("x,y\n1,2\n")
    (project.home / "sub").mkdir()
    answer = obs("record", "--json", "--data", "../../outside.csv", "--label", "y", cwd=project.home / "sub")
    assert answer.code == 0
    shown = project.json("show")["datasets"][0]
    assert (shown["path"], shown["outside"], shown["name"]) == ("outside.csv", True, "outside.csv")
    secret = os.fsencode(project.home.parent.name)
    for path in (project.store / "objects").rglob("*"):
        assert path.is_dir() or secret not in path.read_bytes()
    project.assert_sound()


def test_the_same_words_mean_a_file_after_two_dashes(project: Project) -> None:
    (project.home / "HEAD").write_bytes(b"a file of this name")
    assert project.json("show", "HEAD")["kind"] == "manifest"
    project.assert_refused(("show", "--", "HEAD"), 1, "NOT_RECORDED", "HEAD")
    assert project.obs("verify", "HEAD").code == 1


@pytest.mark.parametrize("times", [1, 2])
def test_the_same_run_again_adds_nothing(times: int, project: Project) -> None:
    assert project.record().code == 0
    for _ in range(times):
        project.assert_untouched_by(project.record)


@pytest.mark.parametrize(
    ("target", "code", "words"),
    [
        ("model.pkl", "FILE_EXISTS", ["model.pkl", "--force"]),
        ("link", "FILE_EXISTS", ["link", "--force"]),
        ("fifo", "FILE_EXISTS", ["fifo", "--force"]),
        (".", "WRONG_FILE_TYPE", ["folder"]),
        ("..", "WRONG_FILE_TYPE", ["folder"]),
        (".obs", "WRONG_FILE_TYPE", ["folder"]),
    ],
)
def test_a_place_that_is_taken(target: str, code: str, words: list[str], project: Project) -> None:
    (project.home / "link").symlink_to("nowhere")
    os.mkfifo(project.home / "fifo")
    project.assert_refused(("restore", "HEAD:model", "-o", target), 2, code, *words)
    if code == "WRONG_FILE_TYPE":
        project.assert_refused(("restore", "HEAD:model", "--force", "-o", target), 2, code, *words)


@pytest.mark.parametrize("target", ["none/new", "model.pkl/new", "n" * 256])
def test_a_place_that_cannot_be(target: str, project: Project) -> None:
    before = sorted(os.listdir(project.home))
    answer = project.obs("restore", "HEAD:model", "-o", target)
    assert answer.code in (2, 4)
    assert_error(answer, answer.code, target.split("/", maxsplit=1)[0])
    assert sorted(os.listdir(project.home)) == before


# -------------------------------------------------------------------------- odd surroundings

SURROUNDINGS: dict[str, dict[str, str]] = {
    "c-locale": {"LC_ALL": "C"},
    "ascii": {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
    "latin-1": {"PYTHONIOENCODING": "latin-1"},
    "unknown-locale": {"LC_ALL": "xx_YY.none"},
    "one-column": {"COLUMNS": "1", "LINES": "1"},
    "columns-that-are-none": {"COLUMNS": "x"},
    "no-columns": {"COLUMNS": "-5"},
    "dumb": {"TERM": "dumb"},
    "no-home": {"HOME": ""},
    "odd-pager": {"OBS_PAGER": "none 'at"},
}


@pytest.mark.parametrize("variables", SURROUNDINGS.values(), ids=SURROUNDINGS.keys())
def test_odd_surroundings_change_nothing(variables: dict[str, str], project: Project) -> None:
    name = "größe\x1b.csv"
    (project.home / name).write_text("x,größe\n1,2\n", encoding="utf-8")
    label = () if "PYTHONUTF8" in variables else ("--label", "größe")
    arguments = ("record", "--no-git", "--data", name, *label, "--param", "x=1")
    done = project.process(*arguments, variables=variables)
    assert (done.code, done.err) == (0, "")
    assert "\x1b" not in done.out
    for words in (("log",), ("show",), ("record", "--help")):
        answer = project.process(*words, variables=variables)
        assert (answer.code, answer.err) == (0, "")
        assert "\x1b" not in answer.out
    assert project.json("show")["datasets"][0]["name"] == name
    project.assert_sound()


def test_without_any_variables(project: Project) -> None:
    before = "path = os.environ['PYTHONPATH']\nos.environ.clear()\nos.environ['PYTHONPATH'] = path"
    for arguments in (("record", *M), ("log",), ("status",), ("fsck",)):
        answer = project.process(*arguments, before=before)
        assert answer.code in (0, 1)
        assert answer.err == ""


@each_command
def test_a_folder_that_is_gone(arguments: tuple[str, ...], tmp_path: Path) -> None:
    before = "os.mkdir('gone')\nos.chdir('gone')\nos.rmdir('../gone')"
    answer = process(*arguments, cwd=tmp_path, before=before)
    assert_error(answer, 4, "the current folder")


@pytest.fixture
def large_log(project: Project) -> Project:
    (project.home / "model.pkl").write_bytes(os.urandom(300_000))
    assert project.record("-m", "x" * 60_000).code == 0
    return project


PRINTING = [
    ("log",),
    ("log", "--json"),
    ("log", "--oneline"),
    ("show",),
    ("show", "--raw"),
    ("verify",),
    ("verify", "model.pkl"),
    ("cat", "HEAD:model"),
    ("tag",),
    ("status",),
    ("fsck",),
    ("restore", "HEAD:model", "-o", "again"),
    ("record", "--no-git", "--param", "a=1"),
]


def test_raw_bytes_or_json(template: Project) -> None:
    answer = template.obs("show", "--raw", "--json")
    assert (answer.code, answer.out) == (2, "")
    assert "--raw" in json.loads(answer.err)["error"]["message"]


@pytest.mark.parametrize("arguments", PRINTING, ids=" ".join)
def test_nobody_reads_the_output(arguments: tuple[str, ...], large_log: Project) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    answer = process(*arguments, cwd=large_log.home, stdout=writer)
    os.close(writer)
    assert (answer.code, answer.err) == (141, "")
    large_log.assert_sound()
    if arguments[0] == "record":
        assert large_log.json("show")["params"] == {"a": 1}
    if arguments[0] == "restore":
        assert (large_log.home / "again").stat().st_size == 300_000


@pytest.mark.parametrize("arguments", PRINTING, ids=" ".join)
def test_standard_output_is_closed(arguments: tuple[str, ...], large_log: Project) -> None:
    answer = process(*arguments, cwd=large_log.home, before="os.close(1)")
    if "--json" not in arguments:
        assert_error(answer, 4, "standard output", "Bad file descriptor")
    assert (answer.code, "Traceback" in answer.err) == (4, False)
    large_log.assert_sound()


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full")
@pytest.mark.parametrize("arguments", PRINTING, ids=" ".join)
def test_standard_output_is_a_full_disk(arguments: tuple[str, ...], large_log: Project) -> None:
    with open("/dev/full", "wb") as full:
        answer = process(*arguments, cwd=large_log.home, stdout=full)
    if "--json" not in arguments:
        assert_error(answer, 4, "standard output", "No space left")
    assert (answer.code, "Traceback" in answer.err) == (4, False)
    large_log.assert_sound()


def test_a_shell_pipe_that_takes_one_line(large_log: Project) -> None:
    line = f"{' '.join(command())} log | head -1; echo ${{PIPESTATUS[0]}}"
    answer = subprocess.run(
        ["bash", "-c", line],
        cwd=large_log.home,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.stderr == ""
    first, code = answer.stdout.splitlines()
    assert first.startswith("manifest ")
    assert code in ("0", "141")


@pytest.mark.parametrize("closing", ["os.close(2)", "os.close(0); os.close(1); os.close(2)"])
def test_nobody_hears_an_error(closing: str, project: Project) -> None:
    before = project.head
    answer = process("record", "--model", "none", cwd=project.home, before=closing)
    assert answer == Answer(code=2, out="", err="")
    answer = process("show", "nothing", cwd=project.home, before=closing)
    assert answer == Answer(code=2, out="", err="")
    assert project.head == before
    project.assert_sound()
