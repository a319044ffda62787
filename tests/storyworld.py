"""The small clinic in which the stories in tests/stories/ happen: a table of patients, a trainer, and obs."""

from __future__ import annotations

import csv
import importlib.util
import json
import random
import shutil
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from commandline import ROOT, Answer, obs

ROWS: Final = 10_000
NO_AGE: Final = range(20, 40)
NO_DOSE: Final = range(30, 60)
"""Rows that lack a value, counted from 1: 20 and 30 of them, and 10 lack both."""
DROPPED: Final = 40
"""The rows that lack age, dose or both: 20 to 59."""


class Clinic:
    """A folder with `patients.csv` (10,000 rows: age, dose, outcome) and an empty store."""

    def __init__(self, home: Path) -> None:
        """Makes it; the same table every time."""
        self.home = home
        home.mkdir()
        chance = random.Random(1)
        rows: list[dict[str, str]] = []
        for number in range(1, ROWS + 1):
            age, dose = chance.randint(18, 90), round(chance.uniform(0, 10), 2)
            ill = age + 8 * dose + chance.gauss(0, 10) > 95
            row = {"age": str(age), "dose": str(dose), "outcome": "ill" if ill else "well"}
            row |= {"age": ""} if number in NO_AGE else {}
            row |= {"dose": ""} if number in NO_DOSE else {}
            rows.append(row)
        self._write(rows)
        assert self.obs("init").code == 0

    def obs(self, *arguments: str, cwd: Path | None = None) -> Answer:
        """What somebody types in the clinic's folder, or in another."""
        return obs(*arguments, cwd=cwd or self.home)

    def json(self, *arguments: str) -> Any:
        """The document of a command that succeeds."""
        name, *rest = arguments
        answer = self.obs(name, "--json", *rest)
        assert (answer.code, answer.err) == (0, "")
        return json.loads(answer.out)

    def train(self, run_id: str) -> dict[str, Any]:
        """The trainer of the example, which knows nothing of obs, writes `runs/RUN_ID/`; its metrics."""
        out = self.home / "runs" / run_id
        data = str(self.home / "patients.csv")
        assert _trainer().main(["--data", data, "--label", "outcome", "--out", str(out)]) == 0
        metrics: dict[str, Any] = json.loads((out / "metrics.json").read_text())
        return metrics

    def record(self, run_id: str, message: str) -> str:
        """Records that run; the head that obs prints, in full."""
        files = (f"runs/{run_id}", "--data", "patients.csv", "--label", "outcome")
        answer = self.obs("record", "--no-git", *files, "--run-id", run_id, "-m", message)
        assert answer.code == 0, answer
        head = answer.out.splitlines()[-1].removeprefix("head ")
        assert len(head) == 64
        return head

    def lose_doses(self, numbers: Iterable[int]) -> None:
        """An export goes wrong: the dose is missing in these rows, counted from 1."""
        with (self.home / "patients.csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        for number in numbers:
            rows[number - 1]["dose"] = ""
        self._write(rows)

    def _write(self, rows: list[dict[str, str]]) -> None:
        with (self.home / "patients.csv").open("w", encoding="utf-8", newline="") as file:
            table = csv.DictWriter(file, ["age", "dose", "outcome"], lineterminator="\n")
            table.writeheader()
            table.writerows(rows)


def forge_workspace(home: Path) -> Path:
    """A workspace of RunForge with three runs: two of the example's models, and one that failed.

    The records are written as versions 0.1.0 and 0.3.4 of that trainer write them. What the second one
    claims of its data (2 rows dropped, where 11 lack a value) does not fit.
    """
    example = ROOT / ".obs-example"
    home.mkdir()
    shutil.copy(example / "breast_cancer.csv", home)
    _forge_run(home, example, "baseline", "2026-03-02T09:00:00Z")
    later = {"schema_version": "run.v0.3.4", "model_family": "logistic_regression"}
    _forge_run(home, example, "other-seed", "2026-04-02T09:00:00Z", 2, runforge_version="0.3.4", **later)
    failed = {"run_id": "aborted", "runforge_version": "0.3.4", "created_at": "2026-05-02T09:00:00Z"}
    failed |= {"status": "failed", "label_column": "diagnosys"}
    (home / ".ml" / "runs" / "aborted").mkdir()
    (home / ".ml" / "runs" / "aborted" / "run.json").write_text(json.dumps(failed))
    index = home / ".ml" / "outputs" / "index.json"
    index.parent.mkdir()
    runs = ("baseline", "other-seed", "aborted")
    listed = [{"run_id": name, "run_dir": f".ml/runs/{name}"} for name in runs]
    index.write_text(json.dumps({"schema_version": "index.v1", "runs": listed}))
    return home


def _forge_run(home: Path, example: Path, name: str, created_at: str, dropped: int = 11, **more: str) -> None:
    source, folder = example / "runs" / name, home / ".ml" / "runs" / name
    (folder / "artifacts").mkdir(parents=True)
    shutil.copy(source / "model.pkl", folder / "artifacts")
    shutil.copy(source / "metrics.json", folder)
    metrics = json.loads((source / "metrics.json").read_text())
    record = {
        "run_id": name,
        "runforge_version": "0.1.0",
        "created_at": created_at,
        "dataset": {"path": "breast_cancer.csv"},
        "label_column": "diagnosis",
        "num_samples": metrics["num_samples"],
        "num_features": metrics["num_features"],
        "dropped_rows_missing_values": dropped,
        "metrics": metrics,
        "artifacts": {"model_pkl": "artifacts/model.pkl"},
        **more,
    }
    (folder / "run.json").write_text(json.dumps(record))


def _trainer() -> ModuleType:
    spec = importlib.util.spec_from_file_location("train", ROOT / ".obs-example" / "train.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
