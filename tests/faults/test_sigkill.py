"""Real processes that are killed while they record, at every operation and at any moment.

A kill counts if it came between the first temporary file and the acknowledgement. `OBS_SOAK=N` asks
for N kills at random moments instead of a few dozen.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from childruns import context, record_and_tell, start
from obs.cas.operations.requests import RecordRequest
from smallruns import assert_sound, make_run, make_store, record_run

RANDOM_KILLS = int(os.environ.get("OBS_SOAK", "40"))
LONGEST_SECONDS = 0.04


def kill_one(
    obs_folder: str, request: RecordRequest, number: int, *, after_operation: int | None, delay_seconds: float
) -> tuple[bool, str | None]:
    """One record that is killed, by itself or from outside: whether it had begun, and the run if it was
    acknowledged before it died."""
    receiver, sender = context().Pipe(duplex=False)
    child = start(record_and_tell, sender, obs_folder, request, number % 3000, after_operation)
    sender.close()
    begun, acknowledged = False, None
    try:
        begun = receiver.recv() == "begun"
        if after_operation is None:
            time.sleep(delay_seconds)
            child.kill()
        acknowledged = receiver.recv()
    except EOFError:
        pass
    finally:
        child.join()
        receiver.close()
    assert child.exitcode in (0, -signal.SIGKILL), child.exitcode
    assert child.exitcode != 0 or acknowledged
    return begun, acknowledged


def test_a_kill_after_every_operation(tmp_path: Path) -> None:
    obs_folder = make_store(str(tmp_path))
    recorded: set[str] = set()
    in_between, operation = 0, 0
    while True:
        operation += 1
        request = make_run(str(tmp_path / "run"), data=operation, model=operation)
        begun, run = kill_one(obs_folder, request, operation, after_operation=operation, delay_seconds=0)
        in_between += begun and run is None
        recorded |= {run} if run else set()
        assert_sound(obs_folder, recorded=recorded)
        if run:
            break
        if operation % 5 == 0:
            recorded.add(record_run(obs_folder, request, second=operation).run.hex)
            assert_sound(obs_folder, recorded=recorded)
    assert in_between >= 60
    assert_sound(
        obs_folder, recorded={record_run(obs_folder, make_run(str(tmp_path / "run"))).run.hex} | recorded
    )


def test_kills_at_any_moment(tmp_path: Path) -> None:
    obs_folder = make_store(str(tmp_path))
    moments = random.Random(20261124)
    recorded: set[str] = set()
    in_between = 0
    for number in range(RANDOM_KILLS):
        request = make_run(str(tmp_path / "run"), model=number)
        delay = moments.uniform(0, LONGEST_SECONDS)
        begun, run = kill_one(obs_folder, request, number, after_operation=None, delay_seconds=delay)
        in_between += begun and run is None
        recorded |= {run} if run else set()
        if number % 4 == 0:
            recorded.add(record_run(obs_folder, request, second=number % 3000).run.hex)
        assert_sound(obs_folder, recorded=recorded)
    assert in_between > 0


def test_the_command_is_killed(tmp_path: Path) -> None:
    """`obs record` itself, from outside, at moments that sweep over its whole life."""
    home = tmp_path / "home"
    obs_folder = make_store(str(home))
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    recorded: set[str] = set()

    def command(number: int) -> list[str]:
        folder = str(home / f"run-{number}")
        make_run(folder, model=number)
        named = [f"--{what}={folder}/{file}" for what, file in (("data", "data.csv"), ("model", "model.pkl"))]
        return [sys.executable, "-m", "obs", "-C", str(home), "record", *named, "--label=y", "--no-git"]

    begun = time.monotonic()
    subprocess.run(command(0), env=environment, check=True, stdout=subprocess.DEVNULL)
    whole_seconds = time.monotonic() - begun
    for number in range(1, 9):
        child = subprocess.Popen(command(number), env=environment, stdout=subprocess.DEVNULL)
        time.sleep(whole_seconds * (0.3 + 0.1 * number))
        child.kill()
        acknowledged = child.wait() == 0
        entries = assert_sound(obs_folder, recorded=recorded)
        if acknowledged:
            recorded.add(entries[0].manifest.run.hex)
    subprocess.run(command(9), env=environment, check=True, stdout=subprocess.DEVNULL)
    assert_sound(obs_folder, recorded=recorded)
