"""The fourth story: runs that were there before obs was, of RunForge and of MLflow."""

from __future__ import annotations

import shutil
from pathlib import Path

from commandline import obs
from runfolders import VECTOR
from storyworld import forge_workspace


def test_a_workspace_of_runforge_is_taken_over_and_explained(tmp_path: Path) -> None:
    home = forge_workspace(tmp_path / "forge")
    assert obs("init", cwd=home).code == 0
    answer = obs("record", "--all", ".", cwd=home)
    assert answer.code == 0
    assert [line.split()[0] for line in answer.out.splitlines()] == ["recorded"] * 3

    # Oldest first, with the trainer's own names and the way each one ended.
    answer = obs("log", "--reverse", "--format", "{run_id} {status} {metrics.accuracy}", cwd=home)
    accuracies = "baseline ok 0.9910714285714286\nother-seed ok 0.9642857142857143\naborted failed \n"
    assert answer.out == accuracies

    # The trainer's word stands beside what obs found, and does not replace it.
    told = obs("show", "run:other-seed", cwd=home).out
    assert "trainer   runforge 0.3.4\n  created   2026-04-02T09:00:00.000000Z" in told
    assert "dropped   11 rows, for a missing value" in told
    assert "the trainer's record says that 2 rows were dropped; 11 are no samples" in told
    odd = obs("log", "--format", "{run_id}", "--where", "diagnostics has SAMPLE_COUNT_MISMATCH", cwd=home)
    assert odd.out == "other-seed\n"

    # What differs is the seed, and a model is traced to its data like any other.
    answer = obs("diff", "run:baseline", "run:other-seed", cwd=home)
    assert "parameter  classifier.random_state  42 → 7 (-35)" in answer.out
    answer = obs("verify", ".ml/runs/baseline/artifacts/model.pkl", "--check-data", cwd=home)
    assert "breast_cancer.csv  121.9 KiB  d9f4b8f972e0, unchanged" in answer.out

    # Taking it over again adds nothing.
    answer = obs("record", "--all", ".", cwd=home)
    assert [line.split()[0] for line in answer.out.splitlines()] == ["known"] * 3
    assert len(obs("log", "--oneline", cwd=home).out.splitlines()) == 3


def test_a_folder_that_mlflow_wrote_is_taken_over_and_explained(tmp_path: Path) -> None:
    home = tmp_path / "project"
    home.mkdir()
    shutil.copytree(VECTOR / "mlruns", home / "mlruns")
    shutil.copy(VECTOR / "data.csv", home)
    assert obs("init", cwd=home).code == 0
    assert obs("record", "--all", "mlruns", cwd=home).code == 0
    answer = obs("log", "--reverse", "--format", "{status} {metrics.accuracy}", cwd=home)
    assert answer.out == "ok 0.75\nfailed \n"
    answer = obs("log", "--format", "{run_id}", "--where", 'status == "ok" and params.C == "0.1"', cwd=home)
    told = obs("show", f"run:{answer.out.strip()}", cwd=home).out
    assert "data.csv" in told
    assert "read as  mlflow" in told
    [model] = home.glob("mlruns/*/models/*/artifacts/model.skops")
    answer = obs("verify", str(model), cwd=home)
    assert answer.code == 0
    assert answer.out.endswith("CHAIN-CONSISTENT\n")
