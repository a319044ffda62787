"""The example's trainer keeps its contract: this is what obs may rely on, from any such trainer."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import pickle
import runpy
import subprocess
import sys
from pathlib import Path
from unittest import mock

import pytest

EXAMPLE = Path(__file__).parent.parent.parent / ".obs-example"


def run(*arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *map(str, arguments)], cwd=cwd, capture_output=True, text=True, check=False
    )


def run_here(*arguments: str | Path, cwd: Path) -> tuple[object, str, str]:
    """What the trainer exits with, and what it prints, in this process: scikit-learn is loaded once for all.
    A traceback is the test's own."""
    out, err = io.StringIO(), io.StringIO()
    command = [str(EXAMPLE / "train.py"), *map(str, arguments)]
    with (
        contextlib.chdir(cwd),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        mock.patch.object(sys, "argv", command),
        pytest.raises(SystemExit) as ended,
    ):
        runpy.run_path(command[0], run_name="__main__")
    return ended.value.code, out.getvalue(), err.getvalue()


def train(folder: Path, *options: str, data: str | Path = EXAMPLE / "breast_cancer.csv") -> str:
    """The trainer's output; it must end well."""
    code, output, complaint = run_here("--data", data, *options, cwd=folder)
    assert code == 0, complaint
    return output


def refused(folder: Path, *options: str, data: str | Path = EXAMPLE / "breast_cancer.csv") -> str:
    """The trainer's complaint; it must end with 1 and leave nothing behind."""
    before = sorted(folder.iterdir())
    code, _, complaint = run_here("--data", data, *options, cwd=folder)
    assert code == 1
    assert sorted(folder.iterdir()) == before
    return complaint


def metrics(folder: Path) -> dict[str, object]:
    document: dict[str, object] = json.loads((folder / "metrics.json").read_text("utf-8"))
    return document


def test_a_run_writes_a_pipeline_and_three_metrics(tmp_path: Path) -> None:
    output = train(tmp_path, "--label", "diagnosis")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["metrics.json", "model.pkl"]
    found = metrics(tmp_path)
    accuracy = found.pop("accuracy")
    assert isinstance(accuracy, float)
    assert 0.9 < accuracy <= 1.0
    assert found == {"num_samples": 558, "num_features": 30}  # 569 rows, eleven of them incomplete
    assert "558 rows (11 with missing values dropped)" in output

    with (tmp_path / "model.pkl").open("rb") as file:
        model = pickle.load(file)
    assert [type(step).__name__ for _, step in model.steps] == ["StandardScaler", "LogisticRegression"]
    assert type(model).__module__ == "sklearn.pipeline"
    assert list(model.classes_) == ["benign", "malignant"]
    assert model.n_features_in_ == 30


def test_the_same_inputs_give_the_same_bytes_and_another_seed_does_not(tmp_path: Path) -> None:
    options = ("--label", "diagnosis", "--seed")
    for name, seed in (("one", "5"), ("three", "6")):
        train(tmp_path, *options, seed, "--out", name)
    again = run(
        *(EXAMPLE / "train.py", "--data", EXAMPLE / "breast_cancer.csv"),
        *(*options, "5", "--out", "two"),
        cwd=tmp_path,
    )
    assert again.returncode == 0, again.stderr
    one, two, three = ((tmp_path / name / "model.pkl").read_bytes() for name in ("one", "two", "three"))
    assert one == two
    assert one != three


def test_the_split_is_stratified_by_the_label_and_a_fifth_of_the_rows(tmp_path: Path) -> None:
    # Ten rows a class, told apart by their only feature. Both parts hold as many of the one as of the other:
    # the scaler, which saw eight of each, has the mean of the two values, and the 20 % are all right.
    rows = [f"{value},{label}" for value, label in ((0.0, "no"), (10.0, "yes")) for _ in range(10)]
    (tmp_path / "data.csv").write_text("\n".join(["x,y", *rows, ""]))
    train(tmp_path, "--label", "y", data="data.csv")
    with (tmp_path / "model.pkl").open("rb") as file:
        scaler = pickle.load(file).steps[0][1]
    assert scaler.n_samples_seen_ == 16
    assert scaler.mean_.tolist() == [5.0]
    assert metrics(tmp_path) == {"accuracy": 1.0, "num_features": 1, "num_samples": 20}


def test_without_a_label_nothing_is_guessed(tmp_path: Path) -> None:
    complaint = refused(tmp_path)
    assert "--label is required" in complaint
    assert "mean_radius" in complaint
    assert "diagnosis" in complaint


def test_an_unknown_label_lists_the_columns(tmp_path: Path) -> None:
    complaint = refused(tmp_path, "--label", "diagnosys")
    assert "'diagnosys' is not in" in complaint
    assert "worst_fractal_dimension, diagnosis" in complaint


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        pytest.param("", "No columns", id="empty"),
        pytest.param("y\na\nb\n", "no features", id="label only"),
        pytest.param("x,y\n1,a\n2,a\n3,a\n", "two classes", id="one class"),
        pytest.param("x,y\n,a\n2,\n", "two classes", id="every row incomplete"),
        pytest.param("x,y\nred,a\nblue,b\nred,a\nblue,b\n", "not numbers: x", id="text feature"),
        pytest.param("x,y\n1,a\n2,b\n3,a\n4,b\n", "test_size", id="too few rows for the split"),
    ],
)
def test_data_that_cannot_be_trained_on_is_refused(tmp_path: Path, table: str, reason: str) -> None:
    (tmp_path / "data.csv").write_text(table)
    assert reason in refused(tmp_path, "--label", "y", data="data.csv")


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    assert "absent.csv" in refused(tmp_path, "--label", "y", data="absent.csv")


def test_the_committed_data_is_what_its_script_makes(tmp_path: Path) -> None:
    assert run(EXAMPLE / "make_data.py", tmp_path, cwd=tmp_path).returncode == 0
    for name in ("breast_cancer.csv", "breast_cancer_trimmed.csv"):
        assert (tmp_path / name).read_bytes() == (EXAMPLE / name).read_bytes()


def test_the_committed_data_has_a_dozen_empty_cells_and_one_label() -> None:
    with (EXAMPLE / "breast_cancer.csv").open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    assert header[-1] == "diagnosis"
    assert {row[-1] for row in rows} == {"malignant", "benign"}
    assert sum(cell == "" for row in rows for cell in row) == 12
    assert (len(header), len(rows)) == (31, 569)


def test_the_trainer_knows_nothing_of_obs() -> None:
    source = (EXAMPLE / "train.py").read_text("utf-8")
    assert "import obs" not in source
    assert "from obs" not in source
