"""Each diagnostic has a real run that raises it and no other, and docs/diagnostics.md shows what it gives."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, cast

import pytest
from diagnosticruns import CASES, Run, honest
from obs.cas.format.reports import Report
from pages import ROOT, pattern
from smallruns import history, make_store

PAGE = (ROOT / "docs" / "diagnostics.md").read_text("utf-8")
SECTIONS = dict(re.findall(r"^### ([A-Z_]+)\n(.*?)(?=^##|\Z)", PAGE, re.MULTILINE | re.DOTALL))

a_code = pytest.mark.parametrize("code", CASES)


def agrees(found: Any, told: Any) -> bool:
    """Whether a value is what the page shows; `…` in its texts stands for anything."""
    if isinstance(told, dict) and isinstance(found, dict):
        here, there = cast("dict[str, Any]", found), cast("dict[str, Any]", told)
        return here.keys() == there.keys() and all(agrees(here[key], there[key]) for key in there)
    if isinstance(told, str) and isinstance(found, str):
        return re.fullmatch(pattern(told), found) is not None
    return bool(found == told)


@a_code
def test_a_run_raises_exactly_this_and_the_page_shows_it(tmp_path: Path, code: str) -> None:
    (found,) = CASES[code](Run(tmp_path)).record().diagnostics
    (example,) = re.findall(r"```json\n(.*?)```", SECTIONS[code], re.DOTALL)
    shown = {name: getattr(found, name) for name in ("code", "severity", "message", "details")}
    assert found.code == code
    assert agrees(shown, json.loads(example)), shown


@a_code
def test_the_page_says_what_it_means_and_how_severe_it_is(code: str) -> None:
    text = SECTIONS[code]
    severity = json.loads(re.findall(r"```json\n(.*?)```", text, re.DOTALL)[0])["severity"]
    assert re.match(rf"\n(`[a-z]+` or )?`{severity}`(\.| or )", text)
    assert "\nCompared: " in text


def test_the_page_has_no_other_code() -> None:
    assert list(SECTIONS) == list(CASES)
    assert len(CASES) == 24


def test_every_code_that_is_raised_anywhere_is_on_the_page() -> None:
    rooms = (ROOT / "cas" / "operations", ROOT / "cas" / "observe" / "runfolders")
    sources = [path.read_text("utf-8") for room in rooms for path in room.glob("*.py")]
    raised = {code for text in sources for code in re.findall(r"\bcode=\"([A-Z_]+)\"", text)}
    grades = {"ARTIFACT_GLOBALS_UNKNOWN", "ARTIFACT_GLOBALS_DANGEROUS"}
    problems = {code for text in sources for code in re.findall(r"Problem\(\s*code=\"([A-Z_]+)\"", text)}
    assert (raised - problems) | grades == set(CASES)


@a_code
def test_a_dry_run_says_the_same_and_stores_nothing(tmp_path: Path, code: str) -> None:
    run = CASES[code](Run(tmp_path))
    make_store(str(tmp_path))
    dry = run.record(dry_run=True)
    assert not history(str(tmp_path / ".obs"))
    assert dry.diagnostics == run.record().diagnostics
    assert [found.code for found in dry.diagnostics] == [code]


@a_code
def test_whoever_looks_at_less_adds_nothing(tmp_path: Path, code: str) -> None:
    run = CASES[code](Run(tmp_path))
    assert run.record().created
    for less in ({"inspect": False}, {"content": False}, {"inspect": False, "content": False}):
        done = run.record(**less)
        assert {found.code for found in done.diagnostics} <= {code}, less
        assert not done.created, less
    assert not run.record().created


def test_whoever_looks_at_more_adds_a_manifest(tmp_path: Path) -> None:
    run = CASES["MISSING_VALUES_DROPPED"](Run(tmp_path))
    assert run.record(content=False).created
    assert run.record().created


def test_a_contract_that_came_later_adds_a_manifest(tmp_path: Path) -> None:
    run = honest(tmp_path)
    assert run.record().created
    done = run.record(metrics_contract=("accuracy",), inspect=False)
    assert [found.code for found in done.diagnostics] == ["METRICS_SCHEMA_MISMATCH"]
    assert done.created


def test_an_honest_run_has_nothing_to_explain(tmp_path: Path) -> None:
    done = honest(tmp_path).record()
    assert done.diagnostics == ()
    assert done.dropped_rows == 0


def test_the_counts_that_are_stored(tmp_path: Path) -> None:
    from obs.cas.store.store import Store

    assert CASES["MISSING_VALUES_DROPPED"](Run(tmp_path)).record().dropped_rows == 2
    (entry,) = history(str(tmp_path / ".obs"))
    with Store.open(str(tmp_path / ".obs")) as store:
        report = store.objects.get(Report, entry.manifest.report, "a test")
    assert report.counts == {
        "rows": 40,
        "rows_with_missing": 2,
        "dropped_rows": 2,
        "num_samples": 38,
        "num_features": 3,
        "features": 3,
        "classes": 2,
    }
