"""On a real terminal (a pty): colours, the pager, the progress line."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from smallruns import make_run, make_store, record_run

ROOT = Path(__file__).parent.parent.parent
UNSET = {"OBS_PAGER", "PAGER", "LESS", "NO_COLOR", "TERM", "OBS_DEBUG", "PYTHONUNBUFFERED"}

WORLD = """
import sys
from obs.cli.boundary import guarded
from obs.cli.context import make_invocation
from obs.cli.output import escape, style
from obs.cli.pager import paged
from obs.cli.progress import Progress
def action():
    invocation = make_invocation(folders=(), color_choice=sys.argv[1], paging=sys.argv[2] == "yes")
"""
PAGED = """
sys.stdout.write('before ')
with paged(invocation.pager) as out:
    out.write('one\\n')
    out.write('two\\n')
return 0
"""


def on_a_terminal(
    body: str,
    variables: dict[str, str] | None = None,
    *,
    color: str = "auto",
    paging: str = "yes",
    stdout: int | None = None,
) -> tuple[int, str]:
    """Runs the body with an Invocation in hand; its exit code and what the terminal showed."""
    lines = "\n".join(f"    {line}" for line in body.splitlines())
    program = f"{WORLD}{lines}\nsys.exit(guarded(action, []))"
    inherited = {name: value for name, value in os.environ.items() if name not in UNSET}
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", program, color, paging],
        stdin=theirs,
        stdout=theirs if stdout is None else stdout,
        stderr=theirs,
        env={**inherited, "PYTHONPATH": str(ROOT / ".pythonpath"), "TERM": "xterm", **(variables or {})},
    )
    os.close(theirs)
    shown = b""
    while True:
        try:
            piece = os.read(ours, 65536)
        except OSError:  # EIO: the last one on the other side has gone (Linux)
            break
        if not piece:
            break
        shown += piece
    os.close(ours)
    return process.wait(timeout=30), shown.decode().replace("\r\n", "\n")


@pytest.fixture
def pager(tmp_path: Path) -> str:
    """A pager that shows what it gets in capitals, and says when it is through."""
    script = tmp_path / "pager.py"
    script.write_text(
        "import os, sys\n"
        "for line in sys.stdin:\n    print('|' + line.strip().upper())\n"
        "print('end', os.environ.get('LESS'), os.environ.get('LV'))\n"
    )
    return f"{sys.executable} '{script}'"


@pytest.mark.parametrize(
    ("choice", "variables", "wanted"),
    [
        ("auto", {}, True),
        ("auto", {"NO_COLOR": ""}, True),
        ("auto", {"NO_COLOR": "1"}, False),
        ("auto", {"TERM": "dumb"}, False),
        ("never", {}, False),
        ("always", {"NO_COLOR": "1", "TERM": "dumb"}, True),
    ],
)
def test_colours_on_a_terminal(choice: str, variables: dict[str, str], wanted: bool) -> None:
    body = "sys.stdout.write(style('x', 'red', color=invocation.color))\nreturn 0"
    assert on_a_terminal(body, variables, color=choice) == (0, "\x1b[31mx\x1b[0m" if wanted else "x")


def test_the_pager_shows_it_and_is_waited_for(pager: str) -> None:
    assert on_a_terminal(PAGED, {"OBS_PAGER": pager, "PAGER": "false"}) == (
        0,
        "before |ONE\n|TWO\nend FRX -c\n",
    )
    assert on_a_terminal(PAGED, {"PAGER": pager, "LESS": "x"}) == (0, "before |ONE\n|TWO\nend x -c\n")


@pytest.mark.parametrize(
    "variables",
    [
        {"PAGER": ""},
        {"PAGER": "cat"},
        {"OBS_PAGER": "", "PAGER": "false"},
        {"TERM": "dumb", "PAGER": "false"},
    ],
)
def test_no_pager_is_wanted(variables: dict[str, str]) -> None:
    assert on_a_terminal(PAGED, variables) == (0, "before one\ntwo\n")


def test_no_pager_as_an_option() -> None:
    assert on_a_terminal(PAGED, {"PAGER": "false"}, paging="no") == (0, "before one\ntwo\n")


def test_no_pager_into_a_pipe() -> None:
    reader, writer = os.pipe()
    assert on_a_terminal(PAGED, {"PAGER": "false"}, stdout=writer) == (0, "")
    os.close(writer)
    with open(reader) as pipe:
        assert pipe.read() == "before one\ntwo\n"


@pytest.mark.parametrize("command", ["/none/pager -x", "'unbalanced"])
def test_a_pager_that_cannot_be_started(command: str) -> None:
    code, shown = on_a_terminal(PAGED, {"PAGER": command})
    assert code == 0
    assert shown.startswith(f"before obs: the pager '{command}' could not be started (")
    assert shown.endswith("\none\ntwo\n")


def test_without_less_there_is_no_pager() -> None:
    assert on_a_terminal(PAGED, {"PATH": "/none"}) == (0, "before one\ntwo\n")


def test_endless_text_is_passed_on_as_it_comes_until_the_pager_is_quit(tmp_path: Path) -> None:
    script = tmp_path / "quits.py"
    script.write_text("import sys\nprint(sys.stdin.readline(), end='')\n")
    body = (
        "import itertools\n"
        "with paged(invocation.pager) as out:\n"
        "    for number in itertools.count():\n        out.write(f'line {number}\\n')\n"
        "return 0"
    )
    assert on_a_terminal(body, {"PAGER": f"{sys.executable} '{script}'"}) == (0, "line 0\n")


def test_an_error_comes_after_what_was_shown(pager: str) -> None:
    body = "with paged(invocation.pager) as out:\n    out.write('one\\n')\n    1 / 0\nreturn 0"
    code, shown = on_a_terminal(body, {"PAGER": pager})
    assert code == 70
    assert shown.startswith("|ONE\nend FRX -c\nobs: this is a bug in obs: ZeroDivisionError")


def test_an_interrupt_leaves_the_terminal_to_the_pager(tmp_path: Path) -> None:
    script = tmp_path / "stays.py"
    script.write_text(
        "import os, signal, sys, time\n"
        f"signal.signal({int(signal.SIGINT)}, signal.SIG_IGN)\n"
        "print(sys.stdin.readline(), end='', flush=True)\n"
        f"os.kill(os.getppid(), {int(signal.SIGINT)})\n"
        "sys.stdin.read()\n"  # until nothing more comes: obs waits now
        "time.sleep(0.2)\n"
        f"os.kill(os.getppid(), {int(signal.SIGINT)})\n"
        "time.sleep(1)\n"  # longer than subprocess by itself would wait then
        "print('quit', flush=True)\n"
    )
    body = (
        "import time\n"
        "with paged(invocation.pager) as out:\n"
        "    out.write('one\\n')\n    out.flush()\n    time.sleep(60)\n"
        "return 0"
    )
    assert on_a_terminal(body, {"PAGER": f"{sys.executable} '{script}'"}) == (
        130,
        "one\nquit\nobs: interrupted\n",
    )


@pytest.mark.parametrize(("term", "seen"), [("xterm", True), ("dumb", False)])
def test_progress_is_for_a_terminal_that_understands_it(term: str, seen: bool) -> None:
    body = (
        "progress = Progress.of(invocation, 'reading')\n"
        "progress._due = 0\n"  # as if two seconds had passed
        "with progress:\n    progress(5)\n"
        "return 0"
    )
    code, shown = on_a_terminal(body, {"TERM": term})
    assert code == 0
    assert ("reading  5 bytes" in shown) is seen
    assert shown.endswith("\r\x1b[K") is seen


@pytest.mark.parametrize("command", [["verify"], ["verify", "model.pkl"], ["log"], ["fsck"], ["checkpoint"]])
def test_a_long_walk_along_the_history_is_told_and_gone_before_the_answer(
    command: list[str], tmp_path: Path
) -> None:
    store = make_store(str(tmp_path))
    for number in range(4):
        record_run(store, make_run(str(tmp_path), model=number), second=number)
    body = (
        "from obs.cli import progress\n"
        "from obs.cli.application import run\n"
        "progress.DELAY_SECONDS = 0\n"
        f"return run(['-C', {str(tmp_path)!r}, '--no-pager', '--color', 'never', *{command}])"
    )
    code, shown = on_a_terminal(body)
    walked, answer = shown.rsplit("\r\x1b[K", 1)
    assert code == 0
    assert walked.startswith("\r\x1b[Kreading the history  1 manifest")
    assert "\n" not in walked
    assert "reading" not in answer
    plain = subprocess.run(
        [sys.executable, "-m", "obs", "-C", str(tmp_path), *command],
        capture_output=True,
        env={**os.environ, "PYTHONPATH": str(ROOT / ".pythonpath")},
        check=True,
    )
    assert (answer, plain.stderr) == (plain.stdout.decode(), b"")
