"""What the tests of this folder share: a process that runs command lines, and folders others can reach."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from contract.world import Commands


@pytest.fixture(scope="session")
def obs() -> Iterator[Commands]:
    """Runs `obs`; HOME is an empty folder that has to stay empty."""
    home = Path(tempfile.mkdtemp(prefix="obs-home-"))
    home.chmod(0o755)
    with Commands(home) as commands:
        yield commands
    left = os.listdir(home)
    shutil.rmtree(home)
    assert left == [], "obs writes nothing into HOME"


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that other users can reach, which pytest's own are not."""
    folder = Path(tempfile.mkdtemp(prefix="obs-test-")).resolve()
    folder.chmod(0o755)
    yield folder
    for place, _, _ in os.walk(folder):
        os.chmod(place, 0o755)
    shutil.rmtree(folder)
