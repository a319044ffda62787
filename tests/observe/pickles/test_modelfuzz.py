"""The fuzzer itself: it runs, it can be replayed, and it notices what it is there to notice."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import modelfuzz
import pytest
from modelfiles import evil
from obs.cas.operations.inspect import Inspected


@pytest.fixture
def judge(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> modelfuzz.Judge:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(modelfuzz, "MEMORY", 1 << 40)  # this process has scikit-learn in it
    return modelfuzz.Judge()


def test_the_program_judges_as_many_as_it_was_told(tmp_path: Path) -> None:
    program = [sys.executable, modelfuzz.__file__]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3] / ".pythonpath")}
    done = subprocess.run(
        [*program, "300"], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    counts = re.search(r"seed .*: (\d+) complete, (\d+) incomplete, (\d+) no model; 0 failed", done.stdout)
    assert counts is not None
    assert sum(map(int, counts.groups())) == 300
    assert all(int(count) > 0 for count in counts.groups())


def test_verdicts(judge: modelfuzz.Judge) -> None:
    body = evil(Path("mark"))
    assert [judge.verdict(data) for data in (body, body[:-1], b"no pickle")] == list(modelfuzz.VERDICTS)


def test_what_a_payload_makes_is_noticed(judge: modelfuzz.Judge) -> None:
    Path("mark").mkdir()
    with pytest.raises(modelfuzz.Failed, match="mark was made"):
        judge.verdict(evil(Path("mark")))


def test_a_hang_is_noticed(judge: modelfuzz.Judge, monkeypatch: pytest.MonkeyPatch) -> None:
    def hang(*_: object, **__: object) -> Inspected:
        until = time.process_time() + 30
        while time.process_time() < until:
            pass
        raise AssertionError("nobody has noticed")

    monkeypatch.setattr(modelfuzz, "BUDGET_SECONDS", 0.05)
    monkeypatch.setattr(judge, "inspect", hang)
    with pytest.raises(modelfuzz.Failed, match="processor time"):
        judge.verdict(b".")


def test_memory_is_noticed(judge: modelfuzz.Judge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(modelfuzz, "MEMORY", 1 << 20)
    with pytest.raises(modelfuzz.Failed, match="MiB of memory"):
        judge.verdict(evil(Path("mark")))
