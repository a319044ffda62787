"""obs adds information to a training run and changes none of it: the outputs are the same, byte for byte."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from contract.world import EXAMPLE, Commands, differences, plain_environ, snapshot


def start_training(folder: Path) -> subprocess.Popen[bytes]:
    """The example's trainer, which knows nothing of obs, in a folder that holds its data."""
    words = ["--data", "breast_cancer.csv", "--label", "diagnosis", "--seed", "11"]
    one_thread = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    return subprocess.Popen(
        [sys.executable, str(EXAMPLE / "train.py"), *words],
        cwd=folder,
        env=plain_environ(folder, **one_thread),
        stdout=subprocess.PIPE,
    )


def test_a_run_between_two_records_is_the_run_without_them(tmp_path: Path, obs: Commands) -> None:
    without, within = tmp_path / "without", tmp_path / "within"
    for folder in (without, within):
        folder.mkdir()
        shutil.copy2(EXAMPLE / "breast_cancer.csv", folder)
    alone = start_training(without)

    obs.done("init", cwd=within)
    data = ("--data", "breast_cancer.csv", "--label", "diagnosis")
    shutil.copytree(EXAMPLE / "runs" / "baseline", within / "earlier")
    obs.done("record", "earlier", *data, cwd=within)
    observed = start_training(within)
    said, said_alone = observed.communicate()[0], alone.communicate()[0]
    assert (observed.returncode, alone.returncode) == (0, 0)
    before = snapshot(within, without=within / ".obs")
    outputs = ("--model", "model.pkl", "--metrics", "metrics.json")
    assert obs.done("record", *data, *outputs, cwd=within)["created"] is True

    assert said == said_alone
    assert differences(before, snapshot(within, without=within / ".obs")) == []
    assert sorted(os.listdir(within)) == sorted([*os.listdir(without), ".obs", "earlier"])
    for name in ("model.pkl", "metrics.json", "breast_cancer.csv"):
        assert (within / name).read_bytes() == (without / name).read_bytes(), name
    # And what came out in the one folder is known by its bytes in the other.
    for name in ("model.pkl", "metrics.json"):
        assert obs("-C", within, "verify", without / name, cwd=without).code == 0
