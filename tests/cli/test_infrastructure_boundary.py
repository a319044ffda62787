"""The boundary: every way to fail has a sentence, an exit code, and no noise from Python."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import typing
from pathlib import Path

import pytest
from obs.cas import errors
from obs.cas.errors import answers
from obs.cli.failures import explain
from obs.cli.output import to_json

ROOT = Path(__file__).parent.parent.parent
START = """
import sys, os, click
from obs.cas.errors import *
from obs.cas.errors.answers import *
from obs.cli.boundary import guarded
"""
STOP = "\nsys.exit(guarded(action, sys.argv[1:]))"


def environment(**more: str) -> dict[str, str]:
    unset = ("OBS_DEBUG", "PYTHONUNBUFFERED")  # what waits in a buffer is what these tests are about
    inherited = {name: value for name, value in os.environ.items() if name not in unset}
    return {**inherited, "PYTHONPATH": str(ROOT / ".pythonpath"), **more}


def guarded(body: str, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Runs `def action(): body` within the boundary, in a process of its own."""
    return subprocess.run(
        program(body, *arguments), env=environment(**variables), capture_output=True, text=True, check=False
    )


def program(body: str, *arguments: str) -> list[str]:
    lines = "\n".join(f"    {line}" for line in body.splitlines())
    return [sys.executable, "-c", f"{START}def action():\n{lines}{STOP}", *arguments]


FAILURES = [
    ("raise BadArgument(what='a thing is wrong', hint='mend it')", 2, "USAGE", "a thing is wrong"),
    (
        "raise LabelNotFound(label='y', path='d.csv', columns=('a',))",
        1,
        "LABEL_NOT_FOUND",
        "the label column 'y'",
    ),
    ("raise BrokenChain(problem='HEAD leads nowhere')", 3, "CHAIN_BROKEN", "HEAD leads nowhere"),
    ("raise NoStore(start='/x')", 4, "NO_STORE", "there is no .obs/ in /x"),
    ("raise ContentAbsent(revision='HEAD:data', id='ab')", 5, "CONTENT_ABSENT", "the bytes of HEAD:data"),
    ("raise click.UsageError('Something is odd.')", 2, "USAGE", "something is odd"),
    ("raise click.ClickException('X is odd')", 2, "USAGE", "X is odd"),
    ("raise KeyboardInterrupt", 130, "INTERRUPTED", "interrupted"),
    ("raise click.Abort", 130, "INTERRUPTED", "interrupted"),
    ("raise MemoryError", 4, "OUT_OF_MEMORY", "there is not enough memory for this"),
    ("f = lambda: f()\nf()", 4, "TOO_DEEP", "something here is nested more deeply"),
    ("open('/none/at/all')", 4, "OS_REFUSED", "the system refused to go on with /none/at/all (No such file"),
    (
        "raise OSError(5, 'Input/output error')",
        4,
        "OS_REFUSED",
        "the system refused to go on with this (Input",
    ),
    ("{}['k']", 70, "BUG", "this is a bug in obs: KeyError at cli/boundary.py:"),
    (
        "from obs.cli.output import to_json; to_json(1j)",
        70,
        "BUG",
        "this is a bug in obs: TypeError at cli/output.py:",
    ),
    (
        "raise InvalidDocument(path='m', problem=None, where=1j) from None",
        1,
        "INVALID_DOCUMENT",
        "m at 1j: None",
    ),
    ("raise LabelNotFound(label='y', path='d', columns=(1,))", 70, "BUG", "this is a bug in obs: TypeError"),
]
each_failure = pytest.mark.parametrize(
    ("body", "exit_code", "code", "said"), FAILURES, ids=[failure[0][:40] for failure in FAILURES]
)


@each_failure
def test_a_failure_is_a_sentence_and_an_exit_code(body: str, exit_code: int, code: str, said: str) -> None:
    answer = guarded(f"print('so far')\n{body}")
    assert answer.returncode == exit_code
    assert answer.stdout == "so far\n"
    first, *others = answer.stderr.splitlines()
    assert first.startswith(f"obs: {said}")
    assert len(others) <= 1
    assert all(line.startswith("hint: ") for line in others)


@each_failure
def test_a_failure_as_json(body: str, exit_code: int, code: str, said: str) -> None:
    answer = guarded(body, "--json")
    assert (answer.returncode, answer.stdout) == (exit_code, "")
    document = json.loads(answer.stderr)
    assert list(document) == ["schema_version", "error"]
    assert list(document["error"]) == ["code", "message", "remedy", "facts"]
    assert document["error"]["code"] == code
    assert document["error"]["message"].startswith(said)
    assert isinstance(document["error"]["facts"], dict)


def test_the_facts_and_the_remedy_of_an_error() -> None:
    error = json.loads(guarded("raise NoStore(start='/x')", "--json").stderr)["error"]
    assert error["facts"] == {"start": "/x"}
    assert error["remedy"] == errors.NoStore.remedy


def test_text_that_is_not_ours_is_escaped() -> None:
    answer = guarded(r"raise BadArgument(what='a\x1b[2J\nb\udcff', hint='c\u202e')")
    assert answer.stderr == "obs: a\\x1b[2J\\nb\\xff\nhint: c\\u202e\n"


def test_a_traceback_is_there_for_who_asks() -> None:
    assert "Traceback" not in guarded("1 / 0").stderr
    assert "Traceback" not in guarded("1 / 0", OBS_DEBUG="0").stderr
    shown = guarded("1 / 0", OBS_DEBUG="1")
    assert shown.stderr.startswith("Traceback (most recent call last):\n")
    assert "\nobs: this is a bug in obs: ZeroDivisionError" in shown.stderr
    assert shown.returncode == 70


def test_an_answer_is_the_exit_code() -> None:
    assert guarded("return 0").returncode == 0
    assert guarded("return 5").returncode == 5
    assert guarded("raise click.exceptions.Exit(3)").returncode == 3


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full")
@pytest.mark.parametrize("count", [1, 100_000])
@pytest.mark.parametrize("how", ["print('x' * {})", "from obs.cli.output import write; write('x' * {})"])
def test_a_full_disk_is_an_error(count: int, how: str) -> None:
    body = f"{how.format(count)}\nreturn 0"
    with open("/dev/full", "w") as full:
        answer = subprocess.run(
            program(body), stdout=full, stderr=subprocess.PIPE, env=environment(), text=True, check=False
        )
    assert answer.returncode == 4
    assert answer.stderr.count("\n") == 1
    assert "No space left on device" in answer.stderr


@pytest.mark.parametrize("count", [1, 1_000_000])
def test_a_closed_pipe_is_quiet(count: int) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    body = f"print('x' * {count})\nreturn 0"
    answer = subprocess.run(
        program(body), stdout=writer, stderr=subprocess.PIPE, env=environment(), text=True, check=False
    )
    os.close(writer)
    assert (answer.returncode, answer.stderr) == (141, "")


def test_a_failure_that_nobody_hears_keeps_its_exit_code() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    answer = subprocess.run(
        program("raise NoStore(start='/x')"), stdout=writer, stderr=writer, env=environment(), check=False
    )
    os.close(writer)
    assert answer.returncode == 4


CLOSED = "import os, sys\nfor n in {}:\n    os.close(n)\nos.execv(sys.argv[1], sys.argv[1:])"
"""A Python program that runs another one without some of the standard streams."""


def test_closed_streams_are_no_files_of_ours(tmp_path: Path) -> None:
    """Whatever is opened first must not become standard output."""
    body = "handle = open('data', 'w')\n{}print('y', file=sys.stderr)\nreturn 7 if handle.fileno() > 2 else 8"
    for said, code in (("", 7), ("print('x')\n", 4)):  # to nobody: as on a full disk
        answer = subprocess.run(
            [sys.executable, "-c", CLOSED.format((0, 1, 2)), *program(body.format(said))],
            cwd=tmp_path,
            env=environment(),
            check=False,
        )
        assert answer.returncode == code
        assert (tmp_path / "data").read_text() == ""


@pytest.mark.parametrize("count", [0, 1, 100_000])
@pytest.mark.parametrize("how", ["write('x' * {})", "write_bytes(b'x' * {})"])
def test_an_answer_that_cannot_be_written_anywhere_is_an_error(count: int, how: str) -> None:
    body = f"from obs.cli.output import write, write_bytes\n{how.format(count)}\nreturn 5"
    answer = subprocess.run(
        [sys.executable, "-c", CLOSED.format((1,)), *program(body)],
        stderr=subprocess.PIPE,
        env=environment(),
        text=True,
        check=False,
    )
    assert answer.returncode == (4 if count else 5)
    refused = "obs: could not write to standard output (Bad file descriptor)\n"
    assert answer.stderr == (refused if count else "")


def test_a_narrow_encoding_loses_nothing_but_beauty() -> None:
    answer = guarded("print('é \u2026')\nreturn 0", PYTHONIOENCODING="ascii")
    assert (answer.returncode, answer.stdout) == (0, "\\xe9 \\u2026\n")


def test_an_interrupt_is_quiet() -> None:
    process = subprocess.Popen(
        program("print('ready', flush=True)\nimport time\ntime.sleep(60)"),
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)
    assert (process.returncode, said) == (130, "obs: interrupted\n")


def test_a_termination_is_not_held_up() -> None:
    process = subprocess.Popen(
        program("print('ready', flush=True)\nimport time\ntime.sleep(60)"),
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.terminate()
    _, said = process.communicate(timeout=30)
    assert (process.returncode, said) == (-signal.SIGTERM, "")


# ----------------------------------------------------------------------------------------- the tree of errors

SAMPLES = {
    "str": "a\udcffb",
    "int": 3,
    "float": 1.5,
    "str | None": None,
    "int | None": None,
    "tuple[str, ...]": ("a", "b\x1b"),
}


def concrete() -> list[type[errors.ObsError]]:
    """Every class that has a sentence."""
    found = [value for value in {**vars(errors), **vars(answers)}.values() if isinstance(value, type)]
    kinds = [value for value in found if issubclass(value, errors.ObsError)]
    return [kind for kind in kinds if kind.sentence is not errors.ObsError.sentence]


def facts_of(kind: type[errors.ObsError]) -> dict[str, str]:
    """The facts of an error, and their types as they are written."""
    return {
        name: annotation
        for base in kind.__mro__
        for name, annotation in vars(base).get("__annotations__", {}).items()
        if not annotation.startswith("ClassVar")
    }


def test_there_are_errors_to_look_at() -> None:
    assert {errors.BadArgument, errors.NoStore, errors.Truncated} <= set(concrete())


@pytest.mark.parametrize("kind", concrete(), ids=lambda kind: kind.__name__)
def test_every_error_can_be_told_and_is_json(kind: type[errors.ObsError]) -> None:
    facts = {name: SAMPLES[annotation] for name, annotation in facts_of(kind).items()}
    failure = explain(typing.cast("typing.Any", kind)(**facts))
    assert failure.exit_code in {1, 2, 3, 4, 5}
    assert failure.code == kind.code != "ERROR"
    assert failure.message
    assert not failure.message.endswith(".")
    document = to_json(failure.facts)
    assert set(document) == set(facts)
    assert json.loads(json.dumps(document, allow_nan=False)) == document
