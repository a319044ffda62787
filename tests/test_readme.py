"""The README's tour is true: every command in it is run, in order, and prints what the README says."""

from __future__ import annotations

from pathlib import Path

from pages import ROOT, Shell


def test_the_tour_prints_what_the_readme_says(tmp_path: Path) -> None:
    assert Shell(tmp_path).tour((ROOT / "README.md").read_text("utf-8")) >= 7


def test_every_command_is_in_the_table() -> None:
    from obs.cli.application import COMMANDS

    text = (ROOT / "README.md").read_text("utf-8")
    for name in COMMANDS:
        assert f"`obs {name}`" in text, name
