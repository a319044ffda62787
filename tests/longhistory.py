"""Long histories for tests, made by benchmarks/generate_history.py, which belongs to no package."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest
from obs.cas.operations import indexing

SEED = 12
_PLACE = Path(__file__).parent.parent / "benchmarks" / "generate_history.py"


def generator() -> ModuleType:
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
    patch.setattr(indexing, "WORTH_INDEXING", 1)
