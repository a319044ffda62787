"""The README's tour is true: every command in it is run, in order, and prints what the README says.

`…` in the README stands for text that differs between machines; everything else is compared.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
BLOCK = re.compile(r"^```console\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def commands(text: str) -> list[tuple[str, str]]:
    """Every command of the console blocks, with the output that follows it."""
    found: list[tuple[str, str]] = []
    for block in BLOCK.findall(text):
        for piece in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = piece.partition("\n")
            found.append((command, output))
    return found


def pattern(expected: str) -> str:
    """The expected output as a regular expression."""
    return r"[^\n]*".join(map(re.escape, expected.split("…")))


def test_the_tour_prints_what_the_readme_says(tmp_path: Path) -> None:
    folder = tmp_path / "example"
    shutil.copytree(ROOT / ".obs-example", folder)
    tour = commands((ROOT / "README.md").read_text())
    assert len(tour) >= 7
    environ = {**os.environ, "PATH": os.path.dirname(sys.executable) + os.pathsep + os.environ["PATH"]}
    for name in ("OBS_DIR", "VIRTUAL_ENV", "CONDA_PREFIX", "PYTHONPATH"):
        environ.pop(name, None)
    for command, expected in tour:
        done = subprocess.run(  # a shell, because that is what a reader types into
            command, shell=True, cwd=folder, env=environ, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{command}\n{done.stderr}"
        assert re.fullmatch(pattern(expected), done.stdout), f"{command}\n{done.stdout}"


def test_every_command_is_in_the_table() -> None:
    from obs.cli.application import COMMANDS

    text = (ROOT / "README.md").read_text()
    for name in COMMANDS:
        assert f"`obs {name}`" in text, name
