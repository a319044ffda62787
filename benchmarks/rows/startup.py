"""Start-up: the commands that answer at once, against a bare click program with the same libraries."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import inputs
from bench import HERE, Bench
from harness import Comparison, Program

PEERS: Final[tuple[str, ...]] = ()
_RUNS: Final = 25
_AT_MOST: Final = 1.3


def _program(bench: Bench, folder: Path, label: str, command: tuple[str, ...]) -> Program:
    return Program(label=label, command=command, cwd=str(folder), env=bench.env)


def comparisons(bench: Bench) -> Iterator[Comparison]:
    with bench.folder("startup") as folder:
        bench.new_store(folder)
        model, metrics = folder / "model.pkl", folder / "metrics.json"
        inputs.write_table(folder / "data.csv", 2**14)
        for number in range(_RUNS):
            inputs.write_random(model, 2**10)
            inputs.write_metrics(metrics)
            inputs_given = ("--data", "data.csv", "--label", inputs.LABEL, "--model", model.name)
            rest = ("--metrics", metrics.name, "-m", f"run {number}")
            bench.run((*bench.obs, "record", *inputs_given, *rest), folder)
        bare = (sys.executable, str(HERE / "bare_click.py"), "--version")
        peer = _program(bench, folder, "bare click program", bare)
        for arguments in (("--version",), ("log", "-n", "20")):
            yield Comparison(
                title=f"`obs {' '.join(arguments)}`",
                ours=_program(bench, folder, "obs", (*bench.obs, *arguments)),
                peer=peer,
                pairs=bench.count(30),
                at_most=_AT_MOST,
                target=f"≤ {_AT_MOST} ×",
            )
