"""A plain run folder: the files that a trainer usually leaves behind, by their names.

`model.pkl` or `model.joblib`, `metrics.json`, `params.json`, and what lies in `artifacts/`. No other name
means anything.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ...errors import InvalidRunFolder
from .folder import Artifacts, Folder
from .values import FoundFile, Given, RunFolder

NAME: Final = "plain"
MODELS: Final = ("model.pkl", "model.joblib")


def read(folder: Folder, given: Given) -> RunFolder | None:
    """The run, None if the folder holds none of the names.

    Raises InvalidRunFolder where there are two models, FileMissing, WrongFileType, OperatingSystemRefused.
    """
    models = [] if given.model else [name for name in MODELS if folder.has(name)]
    if len(models) > 1:
        problem = f"it holds both {' and '.join(models)}"
        raise InvalidRunFolder(path=folder.path, problem=problem, hint="name one with --model")
    artifacts = Artifacts()
    artifacts.add_folder(folder, "artifacts")
    found = RunFolder(
        adapter=NAME,
        model=folder.found("model", models[0]) if models else None,
        metrics=document(folder, "metrics"),
        params=document(folder, "params"),
        artifacts=artifacts.all(),
        diagnostics=tuple(artifacts.diagnostics),
    )
    return found if found.model or found.metrics or found.params or found.artifacts else None


def document(folder: Folder, role: str) -> FoundFile | None:
    """`ROLE.json`, if it is there."""
    return folder.found(role, f"{role}.json") if folder.has(f"{role}.json") else None


def runs(folder: Folder) -> Iterator[str] | None:
    """Never any: what is not the workspace of another trainer is a folder of run folders."""
    del folder
    return None
