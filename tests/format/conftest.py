"""The example store, as a folder that a test may change."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from format_samples import VECTORS


@pytest.fixture
def example_store(tmp_path: Path) -> Path:
    """A copy of tests/vectors/store as the `.obs` of an empty folder."""
    return Path(shutil.copytree(VECTORS / "store", tmp_path / "home" / ".obs"))
