"""docs/tour.md is true: every command in it is run, in order, and prints what it says."""

from __future__ import annotations

import shutil
from pathlib import Path

from pages import ROOT, Shell
from runfolders import VECTOR
from storyworld import forge_workspace


def test_the_tour_prints_what_it_says(tmp_path: Path) -> None:
    shell = Shell(tmp_path)
    forge_workspace(tmp_path / "forge")
    shutil.copytree(VECTOR, tmp_path / "flow")
    assert shell.tour((ROOT / "docs" / "tour.md").read_text("utf-8")) >= 35
