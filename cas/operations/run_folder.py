"""A plain run folder: the files that a trainer usually leaves behind, by their names.

`model.pkl` or `model.joblib`, `metrics.json`, `params.json`, and the files under `artifacts/`. No
dot-folder is looked into, and no other name means anything.
"""

from __future__ import annotations

import os

from ..errors import BadArgument, WrongFileType
from ..format.frozen import frozen
from ..observe.files import path_kind


@frozen
class RunFolder:
    """The paths that were found; None or empty where there was none."""

    model: str | None
    metrics: str | None
    params: str | None
    artifacts: tuple[str, ...]


def plain_run_folder(path: str) -> RunFolder:
    """What a folder holds under the usual names. Raises FileMissing, WrongFileType, BadArgument."""
    if path_kind(path) != "folder":
        raise WrongFileType(path=path, found="a file", needed="a run folder")
    named = (_file(path, name) for name in ("model.pkl", "model.joblib"))
    models = [model for model in named if model is not None]
    if len(models) > 1:
        raise BadArgument(what=f"{path} holds both model.pkl and model.joblib", hint="name one with --model")
    artifacts: list[str] = []
    folder = os.path.join(path, "artifacts")
    if os.path.isdir(folder) and not os.path.islink(folder):
        names = sorted(os.listdir(folder), key=os.fsencode)
        artifacts += [os.path.join(folder, name) for name in names if not name.startswith(".")]
    found = RunFolder(
        model=models[0] if models else None,
        metrics=_file(path, "metrics.json"),
        params=_file(path, "params.json"),
        artifacts=tuple(artifacts),
    )
    if not (found.model or found.metrics or found.params or found.artifacts):
        raise BadArgument(
            what=f"{path} holds none of model.pkl, model.joblib, metrics.json, params.json, artifacts/",
            hint="name the run's files with --model, --metrics, --artifact",
        )
    return found


def _file(folder: str, name: str) -> str | None:
    path = os.path.join(folder, name)
    return path if os.path.lexists(path) else None
