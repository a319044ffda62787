"""The command line as a whole: the table of commands, the group's options, usage errors."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import click
import pytest
from obs.cli.application import COMMANDS, ObsCommand, group
from smallruns import make_run, make_store, record_run

ROOT = Path(__file__).parent.parent.parent
UNSET = {
    *("OBS_DIR", "OBS_DEBUG", "OBS_PAGER", "PAGER", "NO_COLOR", "SOURCE_DATE_EPOCH", "_OBS_COMPLETE"),
    "PYTHONUNBUFFERED",
}


def environment(**more: str) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if name not in UNSET}
    return {**inherited, "PYTHONPATH": str(ROOT / ".pythonpath"), **more}


def obs(*arguments: str, cwd: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "obs", *arguments],
        cwd=cwd,
        env=environment(**variables),
        capture_output=True,
        text=True,
        check=False,
    )


HEAVY = {"asyncio", "difflib", "filelock", "joblib", "json", "pyarrow", "sqlite3", "subprocess", "tomllib"}


def loaded_by(*arguments: str, cwd: Path | None = None) -> set[str]:
    """The modules that the command itself holds when it ends."""
    code = (
        "import atexit, sys\n"
        "atexit.register(lambda: print('LOADED', *sys.modules, file=sys.stderr))\n"
        "from obs.cli.main import start\n"
        "start()"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        env=environment(),
        cwd=cwd,
        capture_output=True,
        text=True,
        check=True,
    )
    return set(answer.stderr.rpartition("LOADED")[2].split())


BROUGHT_BY_INSPECT = {"ast", "dis", "opcode"}


@pytest.mark.parametrize(
    "words", [("--version",), ("log", "-n", "3"), ("verify", "run/model.pkl"), ("status",)]
)
def test_a_short_command_does_without_inspect(words: tuple[str, ...], tmp_path: Path) -> None:
    """click imports it, for a help that is not asked for. (A bare interpreter may have some of it.)"""
    (tmp_path / "run").mkdir()
    record_run(make_store(str(tmp_path)), make_run(str(tmp_path / "run")))
    loaded = loaded_by(*words, cwd=tmp_path)
    assert "click.core" in loaded
    bare = subprocess.run(
        [sys.executable, "-c", "import sys; print(*sys.modules)"], capture_output=True, text=True, check=True
    )
    assert loaded & BROUGHT_BY_INSPECT <= set(bare.stdout.split())


def test_a_help_has_inspect_when_it_needs_it(tmp_path: Path) -> None:
    assert loaded_by("record", "--help", cwd=tmp_path) >= BROUGHT_BY_INSPECT


def test_a_module_that_is_imported_later() -> None:
    """Whoever imports it and in whichever way, from several threads too, gets what is in it."""
    code = """
import sys
from obs.cli.later import import_later
assert "colorsys" not in sys.modules
import_later("colorsys")
import colorsys as first
import colorsys as second
assert first is second and "rgb_to_hls" not in vars(first)
try:
    first.no_such_name
except AttributeError as error:
    assert "no_such_name" in str(error)
from threading import Barrier, Thread
barrier, found = Barrier(8), []
def use():
    barrier.wait()
    found.append((first.rgb_to_hls, second.ONE_THIRD))
threads = [Thread(target=use) for _ in range(8)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
from colorsys import rgb_to_hls
import colorsys
assert found == [(colorsys.rgb_to_hls, 1 / 3)] * 8 and rgb_to_hls is colorsys.rgb_to_hls
assert colorsys is sys.modules["colorsys"] is not first
import_later("colorsys")  # it is there: nothing changes
assert colorsys is sys.modules["colorsys"]
"""
    subprocess.run([sys.executable, "-c", code], env=environment(), check=True)


def test_the_version(tmp_path: Path) -> None:
    answer = obs("--version", cwd=tmp_path)
    assert (answer.returncode, answer.stdout, answer.stderr) == (0, "obs 0.1.0\n", "")


@pytest.mark.parametrize("option", ["--version", "--help"])
def test_what_asks_for_little_loads_little(option: str) -> None:
    loaded = loaded_by(option)
    assert loaded & HEAVY == set()
    assert {name for name in loaded if name.startswith("obs.")} == {
        "obs.cli",
        "obs.cli.application",
        "obs.cli.boundary",
        "obs.cli.later",
        "obs.cli.main",
        "obs.cli.output",
    }


def test_a_command_loads_no_other_command() -> None:
    loaded = loaded_by("init", "--help")
    assert {name for name in loaded if name.startswith("obs.cli.commands.")} == {"obs.cli.commands.init"}


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_of_the_table_is_there(name: str) -> None:
    command = group.get_command(click.Context(group), name)
    assert isinstance(command, ObsCommand)
    assert command.name == name
    assert command.examples
    assert all(example.startswith(f"obs {name}") for example in command.examples)


@pytest.mark.parametrize("arguments", [["--help"], ["-h"], ["init", "--help"], ["init", "-h"]])
def test_every_help_begins_with_an_example(arguments: list[str], tmp_path: Path) -> None:
    answer = obs(*arguments, cwd=tmp_path)
    assert answer.returncode == 0
    lines = answer.stdout.splitlines()
    assert lines[0] in ("Example:", "Examples:")
    assert lines[1].startswith("  obs init")
    assert "--help" in answer.stdout


def test_the_help_names_every_command(tmp_path: Path) -> None:
    text = obs("--help", cwd=tmp_path).stdout
    assert [name for name in COMMANDS if f"\n  {name} " not in text] == []


def test_no_command_is_a_mistake_and_shows_the_help(tmp_path: Path) -> None:
    answer = obs(cwd=tmp_path)
    assert (answer.returncode, answer.stdout) == (2, "")
    assert "Usage: obs" in answer.stderr
    assert "obs: a command is needed\n" in answer.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["recrod"], "obs: there is no command 'recrod'; did you mean 'record'?"),
        (["zzz"], "obs: there is no command 'zzz'"),
        (["in\x1b[2Jit"], "obs: there is no command 'in\\x1b[2Jit'; did you mean 'init'?"),
        (["init", "a", "b"], "obs: got unexpected extra argument (b)"),
        (["--color", "no", "init"], "obs: invalid value for '--color': 'no' is not one of"),
        (["-C"], "obs: option '-C' requires an argument"),
        (["-C", "none", "init"], "obs: -C names none, and there is no such folder"),
        (["-C", "file", "init"], "obs: -C names file, which is no folder"),
        (["init", ""], "obs: an empty path names no folder"),
    ],
)
def test_a_usage_error_is_one_sentence(arguments: list[str], said: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    answer = obs(*arguments, cwd=tmp_path)
    assert (answer.returncode, answer.stdout) == (2, "")
    first, *others = answer.stderr.splitlines()
    assert first.startswith(said)
    assert all(line.startswith("hint: ") for line in others)
    assert sorted(os.listdir(tmp_path)) == ["file"]


def test_a_usage_error_as_json(tmp_path: Path) -> None:
    answer = obs("init", "--json", "--nonsense", cwd=tmp_path)
    assert (answer.returncode, answer.stdout) == (2, "")
    document = json.loads(answer.stderr)
    assert document["schema_version"] == 1
    assert set(document["error"]) == {"code", "message", "remedy", "facts"}
    assert document["error"]["code"] == "USAGE"
    assert "--nonsense" in document["error"]["message"]


def test_after_two_dashes_json_is_a_name(tmp_path: Path) -> None:
    answer = obs("init", "--", "--json", cwd=tmp_path)
    assert answer.returncode == 0
    assert answer.stdout == f"made {tmp_path.resolve()}/--json/.obs\n"


def test_a_shell_can_complete(tmp_path: Path) -> None:
    answer = obs(cwd=tmp_path, _OBS_COMPLETE="bash_complete", COMP_WORDS="obs ver", COMP_CWORD="1")
    assert "verify" in answer.stdout


# ----------------------------------------------------------------------------------------------------- init


def test_init_makes_a_store_once(tmp_path: Path) -> None:
    first, second = obs("init", cwd=tmp_path), obs("init", cwd=tmp_path)
    assert (first.returncode, first.stdout) == (0, f"made {tmp_path / '.obs'}\n")
    assert (second.returncode, second.stdout) == (0, f"{tmp_path / '.obs'} is there already\n")
    assert (tmp_path / ".obs" / "format").read_text() == "obs 1\n"


def test_init_as_json(tmp_path: Path) -> None:
    answer = obs("init", "--json", cwd=tmp_path)
    expected = {"schema_version": 1, "path": str(tmp_path / ".obs"), "created": True}
    assert json.loads(answer.stdout) == expected
    assert list(json.loads(answer.stdout)) == list(expected)
    assert json.loads(obs("init", "--json", cwd=tmp_path).stdout)["created"] is False


def test_init_in_a_named_folder(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    assert obs("-C", "a", "-C", "", "-C", "b", "init", cwd=tmp_path).returncode == 0
    assert (tmp_path / "a" / "b" / ".obs").is_dir()
    assert obs("-C", "a/b", "init", "..", cwd=tmp_path).stdout == f"made {tmp_path / 'a' / '.obs'}\n"


@pytest.mark.parametrize("named", ["other", "other/.obs", "other/.obs/"])
def test_init_makes_the_store_that_the_environment_names(named: str, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    for created in (True, False):
        answer = obs("init", "--json", cwd=tmp_path, OBS_DIR=named)
        assert json.loads(answer.stdout)["created"] is created
        assert json.loads(answer.stdout)["path"] == str(tmp_path / "other" / ".obs")
    assert not (tmp_path / ".obs").exists()


def test_a_name_that_is_not_utf8_and_one_with_controls(tmp_path: Path) -> None:
    odd = os.fsdecode(b"\xff\x1b[31m")
    (tmp_path / odd).mkdir()
    shown = obs("init", odd, cwd=tmp_path).stdout
    assert shown == f"made {tmp_path}/\\xff\\x1b[31m/.obs\n"
    document = json.loads(obs("init", odd, "--json", cwd=tmp_path).stdout)
    assert document["path"] == f"{tmp_path}/\\xff\x1b[31m/.obs"


def test_a_current_folder_that_is_gone(tmp_path: Path) -> None:
    code = (
        "import os, sys\nos.mkdir('gone')\nos.chdir('gone')\nos.rmdir('../gone')\n"
        "os.execv(sys.executable, [sys.executable, '-m', 'obs', *sys.argv[1:]])"
    )

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", code, *arguments],
            cwd=tmp_path,
            env=environment(),
            capture_output=True,
            text=True,
            check=False,
        )

    answer = run("init")
    assert answer.returncode == 4
    assert answer.stderr.startswith("obs: could not look at the current folder (")
    assert run("--version").stdout == "obs 0.1.0\n"
    assert run("-C", str(tmp_path), "init").returncode == 0
