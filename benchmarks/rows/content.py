"""The content of a CSV of ten mixed columns, every cell digested, against plain typed reading by pyarrow."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Final

import inputs
from bench import HERE, Bench
from harness import MIB, Comparison, Program

PEERS: Final[tuple[str, ...]] = ()
_ROWS: Final = 2_000_000
_ROWS_QUICK: Final = 100_000
_PEAK_AT_MOST: Final = 400 * MIB
_AT_MOST: Final = {1: 1.7, 2: 1.35}
"""Threads -> the bound."""

_OURS: Final = """
import sys
from obs.cas.observe.files import open_regular
from obs.cas.observe.tables.csvfiles import read_csv
from obs.cas.observe.tables.streams import FileStream
with open_regular(sys.argv[1]) as opened:
    read_csv(FileStream(opened), delimiter=",", label="label", threads=int(sys.argv[2])).table
"""
_PYARROW: Final = """
import sys
import pyarrow
from pyarrow import csv
pyarrow.set_cpu_count(int(sys.argv[2]))
csv.read_csv(sys.argv[1], csv.ReadOptions(use_threads=sys.argv[2] != "1"))
"""


def comparisons(bench: Bench) -> Iterator[Comparison]:
    with bench.folder("content") as folder:
        data = folder / "mixed.csv"
        rows = bench.size(_ROWS, _ROWS_QUICK)
        inputs.write_mixed(data, rows)
        env = {**bench.env, "PYTHONPATH": str(HERE.parent / ".pythonpath")}
        for threads, at_most in _AT_MOST.items():

            def program(label: str, code: str, threads: int = threads) -> Program:
                command = (sys.executable, "-c", code, "mixed.csv", str(threads))
                return Program(label=label, command=command, cwd=str(folder), env=env)

            yield Comparison(
                title=f"the content of {rows:,} rows of ten mixed columns, threads: {threads}",
                ours=program("obs", _OURS),
                peer=program("pyarrow.csv, typed", _PYARROW),
                pairs=bench.count(7),
                at_most=at_most,
                peak_at_most=_PEAK_AT_MOST,
                target=f"≤ {at_most} ×, ≤ {_PEAK_AT_MOST // MIB} MiB",
            )
