"""The third story: what is in the outputs, on a machine that could not run the training if it wanted to."""

from __future__ import annotations

import json
import pickle
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from commandline import environment
from storyworld import Clinic

FAR = "import sys; sys.modules.update(dict.fromkeys(('sklearn', 'pandas', 'scipy', 'joblib')));"
"""In a process that begins so, `import sklearn` fails, and pandas, scipy and joblib are no better off."""


class Marker:
    """Loading this pickle writes a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        """What pickle is to call on loading."""
        return Path.write_text, (self.path, "it was executed")


@pytest.fixture
def clinic(tmp_path: Path) -> Clinic:
    """A clinic with one recorded run."""
    made = Clinic(tmp_path / "clinic")
    made.train("march")
    made.record("march", "first model")
    return made


def _far(clinic: Clinic, *arguments: str) -> str:
    """Standard output of a command on the machine without the trainer's libraries."""
    program = f"{FAR} from obs.cli.main import main; main(sys.argv[1:])"
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        cwd=clinic.home,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_outputs_are_read_without_training_again(clinic: Clinic, tmp_path: Path) -> None:
    # Of March's run the store is left, and the table. The machine cannot load the model, and is not asked to.
    model = (clinic.home / "runs" / "march" / "model.pkl").read_bytes()
    metrics = (clinic.home / "runs" / "march" / "metrics.json").read_bytes()
    shutil.rmtree(clinic.home / "runs")
    load = subprocess.run(
        [sys.executable, "-c", f"{FAR} import pickle; pickle.loads(sys.stdin.buffer.read())"],
        input=model,
        capture_output=True,
        check=False,
    )
    assert b"ModuleNotFoundError" in load.stderr

    # The model: its steps, what they were set to, the shapes of what they learned, the classes.
    inside = json.loads(_far(clinic, "inspect", "run:march:model", "--json"))
    assert [step["type"] for step in inside["pipeline_steps"]] == ["StandardScaler", "LogisticRegression"]
    assert (inside["n_features_in"], inside["feature_names_in"]) == (2, ["age", "dose"])
    assert inside["classes"] == ["ill", "well"]
    assert {one["grade"] for one in inside["globals"]} == {"known"}

    # The table: its columns, what is missing, and what dropping that would drop.
    table = _far(clinic, "schema", "patients.csv", "--label", "outcome")
    assert table.startswith("patients.csv  10,000 rows  3 columns\n")
    assert "MISSING_VALUES_DROPPED  40 of 10000 rows have a missing value" in table

    # The run as a document for other programs, and the outputs themselves, byte for byte.
    exported = json.loads(_far(clinic, "export", "run:march"))
    assert exported["metrics"] == json.loads(metrics)
    assert exported["dropped_rows_missing_values"] == 40
    _far(clinic, "restore", "run:march:model", "-o", str(tmp_path / "again.pkl"))
    assert (tmp_path / "again.pkl").read_bytes() == model
    assert _far(clinic, "cat", "run:march:metrics") == metrics.decode()


def test_a_model_that_would_execute_something_is_told_and_does_not(clinic: Clinic, tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    gift = clinic.home / "gift.pkl"
    gift.write_bytes(pickle.dumps(Marker(marker)))

    # obs looks into it, records it, shows it, and exports it.
    inside = json.loads(_far(clinic, "inspect", "gift.pkl", "--json"))
    assert "dangerous" in {one["grade"] for one in inside["globals"]}
    assert "ARTIFACT_GLOBALS_DANGEROUS" in _far(clinic, "record", "--model", "gift.pkl", "--no-git")
    assert "ARTIFACT_GLOBALS_DANGEROUS" in _far(clinic, "show")
    assert "ARTIFACT_GLOBALS_DANGEROUS" in _far(clinic, "export")
    assert not marker.exists()

    # That it is no empty threat: whoever loads it as a pickle runs it.
    pickle.loads(gift.read_bytes())
    assert marker.read_text() == "it was executed"
