"""The content of tables, every cell digested: CSV, Parquet, data frames, part files, and what is known."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Final

import inputs
from bench import HERE, Bench
from harness import MIB, Comparison, Program

PEERS: Final[tuple[str, ...]] = ("mlflow",)
_ROWS: Final = 2_000_000
_ROWS_QUICK: Final = 100_000
_CSV_CPU_AT_MOST: Final = 1.7
_CSV_WALL_AT_MOST: Final = 1.35
_PARQUET_CPU_AT_MOST: Final = 3.0
_PEAK_AT_MOST: Final = 400 * MIB
_WIDE_ROWS: Final = 20_000
_WIDE_ROWS_QUICK: Final = 500
_WIDE_CSV_PEAK_AT_MOST: Final = 600 * MIB
_FRAME_TIMES: Final = {"pandas": 2, "mlflow": 8}
"""So many fingerprints are to cost no more than one digest of the peer's."""
_FILES: Final = 200
_FILES_QUICK: Final = 20
_JOBS_FASTER: Final = 1.6
_KNOWN_TIMES: Final = 100


def comparisons(bench: Bench) -> Iterator[Comparison]:
    with bench.folder("content") as folder:
        rows = bench.size(_ROWS, _ROWS_QUICK)
        inputs.write_mixed(folder / "mixed.csv", rows)
        run = _Programs(bench, str(folder))
        bench.run(run.script("make_tables.py", "parquet", "mixed.csv", "mixed.parquet"), folder)
        yield from _files(bench, run, f"the content of {rows:,} rows of ten mixed columns")
        yield from _frames(bench, run, rows)
        yield from _known(bench, run, rows)
        count = bench.size(_FILES, _FILES_QUICK)
        bench.run(run.script("make_tables.py", "parts", "mixed.csv", "parts", str(count)), folder)
        yield from _parts(bench, run, count)
        wide = bench.size(_WIDE_ROWS, _WIDE_ROWS_QUICK)
        bench.run(run.script("make_tables.py", "wide", str(wide), "wide.csv"), folder)
        bench.run(run.script("make_tables.py", "parquet", "wide.csv", "wide.parquet"), folder)
        yield from _wide(bench, run, f"the content of {wide:,} rows of 2,000 columns")


class _Programs:
    """Programs that run in the folder of the tables."""

    def __init__(self, bench: Bench, folder: str) -> None:
        self._env = {**bench.env, "PYTHONPATH": str(HERE.parent / ".pythonpath")}
        self._folder = folder

    @staticmethod
    def script(name: str, *arguments: str) -> tuple[str, ...]:
        return (sys.executable, str(HERE / name), *arguments)

    def program(self, label: str, *command: str) -> Program:
        return Program(label=label, command=command, cwd=self._folder, env=self._env)

    def obs(self, path: str, threads: int) -> Program:
        return self.program("obs", *self.script("read_table.py", "obs", path, str(threads)))

    def plain(self, path: str, threads: int) -> Program:
        label = f"pyarrow, typed, threads: {threads}"
        return self.program(label, *self.script("read_table.py", "pyarrow", path, str(threads)))


def _files(bench: Bench, run: _Programs, title: str) -> Iterator[Comparison]:
    memory = f"≤ {_PEAK_AT_MOST // MIB} MiB"
    yield Comparison(
        title=f"{title}, CSV, threads: 1",
        ours=run.obs("mixed.csv", 1),
        peer=run.plain("mixed.csv", 1),
        pairs=bench.count(7),
        cpu_at_most=_CSV_CPU_AT_MOST,
        peak_at_most=_PEAK_AT_MOST,
        target=f"≤ {_CSV_CPU_AT_MOST} × the cpu, {memory}",
    )
    yield Comparison(
        title=f"{title}, CSV, threads: 2",
        ours=run.obs("mixed.csv", 2),
        peer=run.plain("mixed.csv", 1),
        pairs=bench.count(7),
        at_most=_CSV_WALL_AT_MOST,
        peak_at_most=_PEAK_AT_MOST,
        target=f"≤ {_CSV_WALL_AT_MOST} ×, {memory}",
    )
    yield Comparison(
        title=f"{title}, CSV, threads: 2",
        ours=run.obs("mixed.csv", 2),
        peer=run.plain("mixed.csv", 2),
        pairs=bench.count(7),
    )
    yield _parquet(bench, run, f"{title}, Parquet", "mixed.parquet", pairs=7)


def _parquet(bench: Bench, run: _Programs, title: str, path: str, *, pairs: int) -> Comparison:
    return Comparison(
        title=title,
        ours=run.obs(path, 1),
        peer=run.plain(path, 1),
        pairs=bench.count(pairs),
        cpu_at_most=_PARQUET_CPU_AT_MOST,
        peak_at_most=_PEAK_AT_MOST,
        target=f"≤ {_PARQUET_CPU_AT_MOST:.0f} × the cpu, ≤ {_PEAK_AT_MOST // MIB} MiB",
    )


def _wide(bench: Bench, run: _Programs, title: str) -> Iterator[Comparison]:
    yield Comparison(
        title=f"{title}, CSV, threads: 2",
        ours=run.obs("wide.csv", 2),
        peer=run.plain("wide.csv", 1),
        pairs=bench.count(3),
        peak_at_most=_WIDE_CSV_PEAK_AT_MOST,
        target=f"≤ {_WIDE_CSV_PEAK_AT_MOST // MIB} MiB",
    )
    yield _parquet(bench, run, f"{title}, Parquet", "wide.parquet", pairs=3)


def _frames(bench: Bench, run: _Programs, rows: int) -> Iterator[Comparison]:
    peer_python = {"pandas": sys.executable, "mlflow": str(bench.peers["mlflow"] / "python")}
    labels = {"pandas": "pandas.util.hash_pandas_object, once", "mlflow": "MLflow's digest, once"}
    for name, times in _FRAME_TIMES.items():
        ours = run.script("digest_frame.py", "obs", "mixed.parquet", str(times))
        if name == "mlflow":
            # To import MLflow takes a second. It is no part of its digest, so that both sides do it.
            load = "import mlflow.data.digest_utils"
            both = f"'{peer_python[name]}' -c '{load}' && '{ours[0]}' '{ours[1]}' {' '.join(ours[2:])}"
            ours = ("sh", "-c", both)
        theirs = (peer_python[name], str(HERE / "digest_frame.py"), name, "mixed.parquet", "1")
        yield Comparison(
            title=f"fingerprint a DataFrame of {rows:,} rows, {times} times",
            ours=run.program("obs", *ours),
            peer=run.program(labels[name], *theirs),
            pairs=bench.count(5),
            cpu_at_most=1.0,
            target=f"≤ 1 × the cpu (once: 1/{times})",
        )


def _known(bench: Bench, run: _Programs, rows: int) -> Iterator[Comparison]:
    """Unchanged data. To start takes as long as many look-ups, so one process makes them."""
    folder = bench.work / "content"
    bench.new_store(folder)
    bench.settle()
    recorded = ("record", "--data", "mixed.csv", "--label", "label", "--no-git", "--no-keep", "-m", "a table")
    bench.run((*bench.obs, *recorded), folder)
    yield Comparison(
        title=f"tell what {rows:,} unchanged rows hold, {_KNOWN_TIMES} times from the stat cache",
        ours=run.program("obs", *run.script("tell_schema.py", "known", "mixed.csv", str(_KNOWN_TIMES))),
        peer=run.program("obs, reading it, once", *run.script("tell_schema.py", "read", "mixed.csv", "1")),
        pairs=bench.count(5),
        at_most=1.0,
        target=f"≤ 1 × ({_KNOWN_TIMES} × faster)",
    )
    schema = (*bench.obs, "schema", "mixed.csv", "--label", "label")
    yield Comparison(
        title=f"`obs schema` of {rows:,} unchanged rows, the command with its start",
        ours=run.program("obs", *schema),
        peer=run.program("obs, `--no-cache`", *schema, "--no-cache"),
        pairs=bench.count(5),
    )


def _parts(bench: Bench, run: _Programs, count: int) -> Iterator[Comparison]:
    def reading(label: str, jobs: int) -> Program:
        return run.program(label, *run.script("tell_schema.py", "parts", "parts", str(jobs)))

    yield Comparison(
        title=f"{count} part files of 1.2 MB as one table, two joblib threads",
        ours=reading("obs", 2),
        peer=reading("obs, one thread", 1),
        pairs=bench.count(5),
        at_most=1 / _JOBS_FASTER,
        target=f"≤ {1 / _JOBS_FASTER} × ({_JOBS_FASTER} × faster)",
    )
