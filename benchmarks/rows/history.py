"""Long histories: what a question costs after 100,000 runs, beside the same after 1,000.

The stores come from generate_history.py and stay in the cache folder, as does MLflow's database of 5,000
runs. Every question finds its index and the hashes of the history's tree up to date, but for the row that
makes them.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from bench import HERE, Bench
from harness import BenchmarkError, Comparison, Program
from peers import cache_folder

PEERS: Final = ("mlflow",)
_SMALL: Final = 1_000
_LARGE: Final = 100_000
_LARGE_QUICK: Final = 3_000
_RUN: Final = 501
"""Whose model is asked for."""
_WHERE: Final = ("--where", "metrics.accuracy > 0.99", "-n", "20")
_NOBODY: Final = ("--where", "metrics.accuracy > 2", "-n", "20")
_OLD: Final = "OLDER-HEAD"
"""Stands for the manifest of that run: a head that the history had once."""
_MLFLOW_RUNS: Final = 5_000
_PEAK: Final = 150 * 2**20


def _store(bench: Bench, runs: int) -> Path:
    """The folder of a history, made once and for all."""
    folder = cache_folder() / "histories" / str(runs)
    if not (folder / ".obs" / "HEAD").exists():
        print(f"making a history of {runs:,} runs in {folder} (once)", file=sys.stderr)
        script = str(HERE / "generate_history.py")
        bench.run((sys.executable, script, "--runs", str(runs), "--out", str(folder)), HERE.parent)
    return folder


def _model(folder: Path) -> Path:
    """The model of run `_RUN`: a file beside the store."""
    from generate_history import model_bytes

    path = folder / "model.pkl"
    path.write_bytes(model_bytes(0, _RUN))
    return path


def _manifest(bench: Bench, folder: Path) -> str:
    """The manifest of run `_RUN`; the index and the hashes of the tree are there after that."""
    command = (*bench.obs, "verify", "model.pkl", "--json")
    done = subprocess.run(command, cwd=folder, env=dict(bench.env), check=True, stdout=subprocess.PIPE)
    return str(json.loads(done.stdout)["runs"][0]["manifest"])


def _git(bench: Bench, store: Path) -> Path:
    """A git repository with the store's objects as blobs in a pack, made once."""
    folder = store / "git"
    if folder.exists():
        return folder
    bench.run(("git", "init", "-q", str(folder)), store)
    command = ("git", "-C", str(folder), "fast-import", "--quiet")
    with subprocess.Popen(command, stdin=subprocess.PIPE, env=dict(bench.env)) as importer:
        if importer.stdin is None:
            raise BenchmarkError("git fast-import has no standard input")
        for path in sorted((store / ".obs/objects").glob("*/*")):
            data = path.read_bytes()
            importer.stdin.write(b"blob\ndata %d\n%s\n" % (len(data), data))
    if importer.returncode != 0:
        raise BenchmarkError("git fast-import failed")
    return folder


def comparisons(bench: Bench) -> Iterator[Comparison]:
    large_runs = bench.size(_LARGE, _LARGE_QUICK)
    small, large = _store(bench, _SMALL), _store(bench, large_runs)
    for folder in (small, large):
        _model(folder)

    def obs(folder: Path, *words: str) -> Program:
        label = f"obs, {_SMALL if folder is small else large_runs:,} runs"
        return Program(label=label, command=(*bench.obs, *words), cwd=str(folder), env=bench.env)

    def forget() -> None:
        for path in (large / ".obs/cache").glob("*"):
            path.unlink()

    nobody = obs(large, "log", *_NOBODY)
    making = Program(
        label="obs, making the index",
        command=nobody.command,
        cwd=nobody.cwd,
        env=nobody.env,
        prepare=forget,
    )
    yield Comparison(
        title=f"make the index of {large_runs:,} runs, and ask it",
        ours=making,
        peer=obs(large, "log", *_NOBODY, "--no-cache"),
        pairs=1,
        peak_at_most=_PEAK,
        target="≤ 150 MiB",
    )
    old = {folder: _manifest(bench, folder) for folder in (small, large)}
    for words, at_most in (
        (("verify", "model.pkl"), 1.3),
        (("show", "model.pkl"), 1.3),
        (("prove", "model.pkl"), 1.3),
        (("prove", "--since", _OLD), 1.3),
        (("log", "-n", "20"), 1.2),
    ):
        yield Comparison(
            title=f"`obs {' '.join(words)}` after {large_runs:,} runs",
            ours=obs(large, *(old[large] if word is _OLD else word for word in words)),
            peer=obs(small, *(old[small] if word is _OLD else word for word in words)),
            pairs=bench.count(20),
            at_most=at_most,
            peak_at_most=_PEAK,
            target=f"≤ {at_most} ×, ≤ 150 MiB",
        )
    yield Comparison(
        title=f"`obs log --where 'metrics.accuracy > 0.99' -n 20`, {large_runs:,} runs",
        ours=obs(large, "log", *_WHERE),
        peer=Program(
            label="`obs log -n 20`",
            command=(*bench.obs, "log", "-n", "20"),
            cwd=str(large),
            env=bench.env,
        ),
        pairs=bench.count(20),
        at_most=2.0,
        peak_at_most=_PEAK,
        target="≤ 2 ×, ≤ 150 MiB",
    )
    search = (str(bench.peers["mlflow"] / "python"), str(HERE / "mlflow_search.py"))
    runs = bench.size(_MLFLOW_RUNS, 200)
    database = cache_folder() / "histories" / f"mlflow-{runs}.db"
    bench.run((*search, str(database), str(runs)), HERE.parent)  # makes it, if it is not there
    yield Comparison(
        title=f"`obs log --where 'metrics.accuracy > 0.99' -n 20`, {large_runs:,} runs",
        ours=obs(large, "log", *_WHERE),
        peer=Program(
            label=f"MLflow (SQLite), {runs:,} runs",
            command=(*search, str(database), str(runs)),
            cwd=str(large),
            env={key: value for key, value in bench.env.items() if key != "PYTHONPATH"},
        ),
        pairs=bench.count(5),
        at_most=1 / 40,
        target="≤ 1/40",
    )
    if os.environ.get("OBS_BENCH_FSCK"):  # half an hour and more
        yield Comparison(
            title=f"`obs verify` of {large_runs:,} runs",
            ours=obs(large, "verify"),
            peer=Program(
                label="git fsck --full of as many objects",
                command=("git", "-C", str(_git(bench, large)), "fsck", "--full", "--no-dangling"),
                cwd=str(large),
                env=bench.env,
            ),
            pairs=1,
        )
