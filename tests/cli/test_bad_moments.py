"""A lock that is held, Ctrl-C, and other signals."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest
from badinput import READING, RECORD
from commandline import Project, assert_error, command, environment
from obs.cas.store.chain import Chain

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
