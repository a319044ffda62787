"""Record a typical run: a table of 1 MB, a pipeline of 200 KB, metrics.

All sides work in a git repository, as a user would. The model and the metrics are new each time; the dataset
is new too, or known: unchanged since an earlier record, and old enough for a stat cache to believe in it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import inputs
from bench import HERE, Bench
from harness import Comparison, Program

PEERS: Final = ("dvc", "mlflow")
_DATA_BYTES: Final = 10**6
_MODEL_BYTES: Final = 200_000
_DVC_AT_MOST: Final = 1 / 2.5
_FLOOR_AT_MOST: Final = 1.5
_OPTIONS: Final = ("--data", "data.csv", "--label", inputs.LABEL, "--model", "model.pkl")
_RECORD: Final = ("record", *_OPTIONS, "--metrics", "metrics.json", "-m", "a typical run")
_COMMIT: Final = "git commit -q -m 'a typical run'"


def _fresh(bench: Bench, folder: Path, *, data: bool) -> Callable[[], None]:
    """What makes the next run's files in `folder`."""
    template = bench.work / "typical.pkl"
    if not template.exists():
        maker = (sys.executable, str(HERE / "make_model.py"), "pipeline", str(_MODEL_BYTES), str(template))
        bench.run(maker, bench.work)

    def write() -> None:
        if data:
            inputs.write_table(folder / "data.csv", _DATA_BYTES)
        inputs.write_model(folder / "model.pkl", template)
        inputs.write_metrics(folder / "metrics.json")

    return write


def _repository(bench: Bench, folder: Path) -> None:
    """A git repository with a commit, and no housekeeping of git's in the middle of a measurement."""
    folder.mkdir()
    (folder / "train.py").write_text("print('training')\n", encoding="utf-8")
    for command in (
        ("git", "init", "-q"),
        ("git", "config", "gc.auto", "0"),
        ("git", "config", "maintenance.auto", "false"),
        ("git", "add", "train.py"),
        ("git", "commit", "-q", "-m", "start"),
    ):
        bench.run(command, folder)
    _fresh(bench, folder, data=True)()


def _dvc(bench: Bench, folder: Path) -> str:
    """A dvc project in a repository; the answer is the script that records a run in it."""
    _repository(bench, folder)
    dvc = str(bench.peers["dvc"] / "dvc")
    bench.run((dvc, "init", "-q"), folder)
    for setting in ("core.analytics", "core.check_update"):
        bench.run((dvc, "config", setting, "false"), folder)
    bench.run(("git", "commit", "-q", "-a", "-m", "dvc"), folder)
    record = f"dvc add -q data.csv model.pkl && git add .gitignore *.dvc metrics.json && {_COMMIT}"
    bench.run(("sh", "-c", record.replace("dvc", dvc, 1)), folder)
    return record


def comparisons(bench: Bench) -> Iterator[Comparison]:
    with bench.folder("record") as base:
        ours, theirs, plain, floor, flow = (base / name for name in ("obs", "dvc", "git", "floor", "mlflow"))
        _repository(bench, ours)
        bench.new_store(ours)
        script = _dvc(bench, theirs)
        _repository(bench, plain)
        _repository(bench, floor)
        _repository(bench, flow)
        with_dvc = {**bench.env, "PATH": f"{bench.peers['dvc']}{os.pathsep}{bench.env['PATH']}"}

        def obs(*, data: bool, extra: tuple[str, ...] = ()) -> Program:
            command = (*bench.obs, *_RECORD, *extra)
            prepare = _fresh(bench, ours, data=data)
            return Program(label="obs", command=command, cwd=str(ours), env=bench.env, prepare=prepare)

        def dvc(*, data: bool) -> Program:
            command, prepare = ("sh", "-c", script), _fresh(bench, theirs, data=data)
            label = "dvc add, git add, git commit"
            return Program(label=label, command=command, cwd=str(theirs), env=with_dvc, prepare=prepare)

        yield Comparison(
            title="record a typical run, everything new",
            ours=obs(data=True),
            peer=dvc(data=True),
            pairs=bench.count(10),
            at_most=_DVC_AT_MOST,
            target="≤ 0.4 × (2.5 × faster)",
        )
        bench.settle()
        yield Comparison(
            title="record a typical run, dataset known",
            ours=obs(data=False),
            peer=dvc(data=False),
            pairs=bench.count(10),
            at_most=_DVC_AT_MOST,
            target="≤ 0.4 × (2.5 × faster)",
        )
        floor_command = (sys.executable, str(HERE / "floor.py"), ".obs-floor", "--model", "model.pkl")
        lowest = Program(
            label="the floor",
            command=(*floor_command, "--metrics", "metrics.json"),
            cwd=str(floor),
            env=bench.env,
            prepare=_fresh(bench, floor, data=False),
        )
        yield Comparison(
            title="record a typical run, dataset known",
            ours=obs(data=False),
            peer=lowest,
            pairs=bench.count(20),
            at_most=_FLOOR_AT_MOST,
            target=f"≤ {_FLOOR_AT_MOST} ×",
        )
        yield Comparison(
            title="the same, `--no-git --no-sha256 --no-keep`",
            ours=obs(data=False, extra=("--no-git", "--no-sha256", "--no-keep")),
            peer=lowest,
            pairs=bench.count(20),
        )
        yield Comparison(
            title="record a typical run, everything new",
            ours=obs(data=True),
            peer=Program(
                label="git add, git commit",
                command=("sh", "-c", f"git add data.csv model.pkl metrics.json && {_COMMIT}"),
                cwd=str(plain),
                env=bench.env,
                prepare=_fresh(bench, plain, data=True),
            ),
            pairs=bench.count(10),
        )
        yield Comparison(
            title="record a typical run, everything new",
            ours=obs(data=True),
            peer=Program(
                label="MLflow (SQLite, local files)",
                command=(str(bench.peers["mlflow"] / "python"), str(HERE / "mlflow_record.py"), str(flow)),
                cwd=str(flow),
                env={key: value for key, value in bench.env.items() if key != "PYTHONPATH"},
                prepare=_fresh(bench, flow, data=True),
            ),
            pairs=bench.count(3),
        )
