"""A long history with an index, as a store that a test may change."""

from __future__ import annotations

from pathlib import Path

import pytest
from longhistory import RUNS, always_index, bring_up_to_date, copied, make_history


@pytest.fixture(scope="session")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A history that nobody changes; its index is not made."""
    folder = tmp_path_factory.mktemp("history")
    make_history(folder, RUNS)
    return folder


@pytest.fixture
def indexed(monkeypatch: pytest.MonkeyPatch) -> None:
    """However short a history is, it has an index."""
    always_index(monkeypatch)


@pytest.fixture
def obs_folder(original: Path, tmp_path: Path, indexed: None) -> str:
    """A copy of it, with an index."""
    del indexed
    path = copied(original, tmp_path / "copy")
    bring_up_to_date(path)
    return path
