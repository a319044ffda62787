"""Long histories for tests, made by benchmarks/generate_history.py, which belongs to no package."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from obs.cas.operations import lookups
from obs.cas.operations.indexing import update
from obs.cas.operations.lineage import entries_with, file_of
from obs.cas.operations.log import LogRequest, log
from obs.cas.operations.record import record
from obs.cas.operations.views import RunView
from obs.cas.store.index import Index
from obs.cas.store.store import Store
from smallruns import ENVIRONMENT, make_run

SEED = 12
RUNS = 60
OPEN = "index.sqlite"
_PLACE = Path(__file__).parent.parent / "benchmarks" / "generate_history.py"


def generator() -> Any:
    """The module of the benchmark."""
    spec = importlib.util.spec_from_file_location("generate_history", _PLACE)
    if spec is None or spec.loader is None:
        raise ImportError(str(_PLACE))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


GENERATOR = generator()
GENERATOR.FOLDERS, GENERATOR.TABLES = (3, 60), 5  # to read more takes its time


def make_history(folder: Path, runs: int, seed: int = SEED) -> str:
    """A store with so many runs; the path of its `.obs/`."""
    folder.mkdir(parents=True, exist_ok=True)
    GENERATOR.generate(str(folder), runs, seed)
    return str(folder / ".obs")


def write_model(folder: Path, number: int, seed: int = SEED) -> str:
    """The model that run `number` wrote, if it was not one that failed."""
    return _written(folder / f"model-{number}.pkl", GENERATOR.model_bytes(seed, number))


def write_table(folder: Path, number: int, seed: int = SEED) -> str:
    """A table that many runs read."""
    return _written(folder / f"table-{number}.csv", GENERATOR.table_bytes(seed, number))


def write_member(folder: Path, number: int, at: int, seed: int = SEED) -> str:
    """A file of a folder that many runs read; there is no file object of it."""
    return _written(folder / f"member-{number}-{at}.csv", GENERATOR.member_bytes(seed, number, at))


def _written(path: Path, data: bytes) -> str:
    path.write_bytes(data)
    return str(path)


def always_index(patch: pytest.MonkeyPatch) -> None:
    """A history of any length is worth an index."""
    patch.setattr(lookups, "WORTH_INDEXING", 1)


def copied(original: Path, folder: Path) -> str:
    """A copy of a store, whose objects and blobs may be removed and not changed."""

    def copy(source: str, target: str) -> None:
        (os.link if "/objects/" in source or "/blobs/" in source else shutil.copy2)(source, target)

    shutil.copytree(original, folder, copy_function=copy)
    return str(folder / ".obs")


def bring_up_to_date(path: str) -> int:
    with Store.open(path) as store, Index(store.files) as index:
        head = store.chain.head()
        assert head is not None
        return update(store, index, store.chain.entry(head, "HEAD"))


def database(path: str) -> str:
    return os.path.join(path, "cache", OPEN)


def rows(path: str) -> dict[str, list[object]]:
    """All that an index holds; numbers that stand for names are replaced by them."""
    opened = sqlite3.connect(database(path))
    try:
        found: dict[str, list[object]] = {
            table: sorted(opened.execute(f"SELECT * FROM {table}").fetchall())
            for table in ("covered", "manifests", "places", "trees", "members")
        }
        facts = "SELECT names.name, sequence, value FROM facts JOIN names ON names.key = facts.name"
        found["facts"] = sorted(opened.execute(facts).fetchall(), key=repr)
        return found
    finally:
        opened.close()


def told(path: str, request: LogRequest) -> list[RunView]:
    with Store.open(path) as store:
        lines = list(log(store, request))
    assert all(isinstance(line, RunView) for line in lines)
    return [line for line in lines if isinstance(line, RunView)]


def both(path: str, **wanted: object) -> list[RunView]:
    """The answer by the index, which has to be that of a walk."""
    named = told(path, LogRequest(**wanted))  # type: ignore[arg-type]  # what a test wants
    walked = told(path, LogRequest(cache=False, **wanted))  # type: ignore[arg-type]  # the same
    assert [line.manifest for line in named] == [line.manifest for line in walked]
    return named


def written_model(obs_folder: str, folder: Path) -> str:
    """The model of the oldest run that has one."""
    with Store.open(obs_folder) as store:
        number = next(
            number
            for number in range(RUNS)
            if entries_with(store, file_of(write_model(folder, number)), cache=False)
        )
    return write_model(folder, number)


def add_runs(obs_folder: str, folder: Path, count: int, first: int = 0) -> None:
    with Store.open(obs_folder) as store:
        for number in range(first, first + count):
            request = make_run(str(folder / f"run-{number}"), data=number, model=number)
            time = f"2026-01-01T00:00:{number:02}.000000Z"
            record(store, request, environment=lambda: ENVIRONMENT, now=time.__str__)
