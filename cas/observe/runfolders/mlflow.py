"""A run in MLflow's local file store, read without MLflow and without a YAML library.

    mlruns/EXPERIMENT/meta.yaml
                      RUN_ID/meta.yaml                the record: flat `key: value` lines
                             metrics/NAME             lines of `timestamp value step`, NAME may have slashes
                             params/NAME              the value as text
                             inputs/ID/meta.yaml      source_id: the dataset's id in datasets/
                             outputs/MODEL/meta.yaml  which models the run made (MLflow 3)
                             artifacts/               what the run logged; a model is a folder with an MLmodel
                      datasets/ID/meta.yaml           source: JSON with the place it came from
                      models/MODEL/meta.yaml, artifacts/  (MLflow 3)

Source: mlflow/store/tracking/file_store.py and mlflow/entities/run_status.py of MLflow 2 and 3. Tags are not
read: they hold the user's name, and nothing that a run of obs has a place for.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from ...errors import FileMissing, InvalidDocument, InvalidRunFolder, ObsError, WrongFileType
from ...format.canonical import Value
from ...format.claims import Claims
from ...format.reports import Diagnostic
from ...format.runs import Status
from ...format.times import format_time
from ..documents import MAX_DOCUMENT_BYTES, parse_record
from .flatyaml import parse_flat_yaml
from .folder import Artifacts, Folder, claimed_text, name_for_details, relative_name, stored_text
from .keys import Keys
from .values import FoundFile, Given, Record, RunFolder

NAME: Final = "mlflow"
RECORD: Final = "meta.yaml"
MAX_VALUES: Final = 10_000
"""Metrics of one run, and parameters."""
MAX_METRIC_BYTES: Final = 32 << 20
"""Of one metric: a line for each step."""
_STATUS: Final[dict[str, Status | None]] = {
    **dict.fromkeys(("1", "2", "RUNNING", "SCHEDULED"), None),
    **dict.fromkeys(("3", "FINISHED"), "ok"),
    **dict.fromkeys(("4", "FAILED"), "failed"),
    **dict.fromkeys(("5", "KILLED"), "cancelled"),
}
"""RunStatus by number, and by name as old versions wrote it; None: the run has not ended."""
_MODEL_KEYS: Final = frozenset({"model_path", "pickled_model", "python_model"})
_MODEL_ID: Final = re.compile(r"m-[0-9a-f]{1,64}\Z")


def read(folder: Folder, given: Given) -> RunFolder | None:
    """The run, None if this is not the folder of one.

    Raises InvalidDocument for a meta.yaml that cannot be read, InvalidRunFolder for a run that has not ended
    and metrics that are no numbers; FileMissing, WrongFileType, FileChanged, OperatingSystemRefused.
    """
    if not folder.has(RECORD):
        return None
    data, blake3 = folder.read(RECORD)
    values = parse_flat_yaml(data, folder.join(RECORD))
    if not {"run_id", "run_uuid"} & values.keys():  # run_uuid: before MLflow 1.0
        return None
    diagnostics: list[Diagnostic] = []
    keys = Keys(dict(values), diagnostics)
    run_id = keys.text("run_id") or keys.text("run_uuid")
    artifacts = Artifacts()
    model = _models(folder, artifacts, run_id, has_model=given.model)
    artifacts.add_folder(folder, "artifacts")
    source, workspace = _dataset(folder), os.path.dirname(os.path.abspath(folder.path))
    claims = Claims(adapter=NAME, trainer="mlflow", created_at=_time(keys), dataset_path=source)
    metrics = {name: _last(folder, file) for name, file in _value_files(folder, "metrics")}
    params = _params(folder, diagnostics)
    return RunFolder(
        adapter=NAME,
        model=model,
        given_metrics=metrics or None,
        given_params=params or None,
        artifacts=artifacts.all(),
        record=Record(file=folder.found("record", RECORD), blake3=blake3, claims=claims),
        workspace=os.path.dirname(os.path.dirname(workspace)),
        run_id=run_id,
        status=given.status or _status(folder, keys),
        diagnostics=(*diagnostics, *artifacts.diagnostics),
    )


def _status(folder: Folder, keys: Keys) -> Status | None:
    value = keys.get("status")
    if value is None:
        return None
    if value not in _STATUS:
        keys.invalid("status", "one of MLflow's")
        return None
    found = _STATUS[str(value)]
    if found is None:
        raise InvalidRunFolder(
            path=folder.join(RECORD),
            problem="MLflow says that this run has not ended",
            where="status",
            hint="if it never will, say how it ended: --status failed",
        )
    return found


def _time(keys: Keys) -> str | None:
    """`start_time` is in milliseconds since 1970."""
    value = keys.get("start_time")
    try:
        return format_time(datetime.fromtimestamp(int(str(value)[:20]) / 1000, UTC))
    except (ValueError, OverflowError, OSError):
        if value is not None:
            keys.invalid("start_time", "a time in milliseconds")
        return None


# ---------------------------------------------------------------------- metrics and params


def _value_files(folder: Folder, what: str) -> Iterator[tuple[str, str]]:
    """(name of a metric or parameter, its file), in the order of names."""
    names = folder.files(what, most=MAX_VALUES) if folder.has(what) else []
    if sum(map(len, names)) > MAX_DOCUMENT_BYTES:
        raise InvalidRunFolder(path=folder.join(what), problem="the names in it are too long")
    for name in names:
        yield stored_text(name), f"{what}/{name}"


def _last(folder: Folder, file: str) -> Value:
    """The value that MLflow shows: of the highest step, then of the latest time.

    (Lines are not in that order: MLflow 3 writes values again when a model is logged.)
    """
    data, _ = folder.read(file, MAX_METRIC_BYTES)
    best: tuple[int, int, float] | None = None
    for number, line in enumerate(data.split(b"\n"), 1):
        if not line.strip():
            continue
        parts = line.split()
        try:
            found = (_int(parts[2]) if len(parts) > 2 else 0, _int(parts[0]), float(parts[1]))
        except (ValueError, IndexError):
            problem = "it is no line of 'timestamp value step'"
            raise InvalidRunFolder(path=folder.join(file), problem=problem, where=f"line {number}") from None
        if best is None or found[:2] > best[:2] or (found[:2] == best[:2] and not found[2] <= best[2]):
            best = found
    if best is None:
        raise InvalidRunFolder(path=folder.join(file), problem="it holds no value")
    return math.nan if math.isnan(best[2]) else best[2]


def _int(text: bytes) -> int:
    if len(text) > 20:
        raise ValueError("a number of that length is no time and no step")
    return int(text)


def _params(folder: Folder, diagnostics: list[Diagnostic]) -> dict[str, Value]:
    """Texts, as MLflow itself has them; together no more than a params file may hold."""
    found: dict[str, Value] = {}
    left = MAX_DOCUMENT_BYTES
    for name, file in _value_files(folder, "params"):
        data, _ = folder.read(file, left)
        left -= len(data)
        try:
            found[name] = data.decode()
        except UnicodeDecodeError:
            Keys({}, diagnostics).invalid(name_for_details(file), "text in UTF-8")
    return found


# ---------------------------------------------------------------------- models and data


def _models(folder: Folder, artifacts: Artifacts, run_id: str | None, *, has_model: bool) -> FoundFile | None:
    """The first model of the run, and the folder of each as an artifact."""
    model: FoundFile | None = None
    with Folder.at(os.path.join(folder.path, os.pardir)) as experiment:
        logged = _logged_models(folder, experiment, run_id)
        models = [(experiment, name) for name in logged] + [(folder, name) for name in _in_artifacts(folder)]
        for where, name in models:
            if model is None and not has_model:
                file = _model_file(where, name)
                model = where.found("model", file) if file is not None else None
                if model is not None:
                    artifacts.claim(model.path)
            artifacts.add(where, name, "mlmodel")
    return model


def _in_artifacts(folder: Folder) -> list[str]:
    """Folders in artifacts/ that hold an MLmodel."""
    if not folder.has("artifacts"):
        return []
    with folder.inner("artifacts") as inner:
        return [f"artifacts/{name}" for name in inner.names() if inner.has(f"{name}/MLmodel")]


def _logged_models(folder: Folder, experiment: Folder, run_id: str | None) -> list[str]:
    """Folders beneath the experiment that hold the models of this run (MLflow 3)."""
    if not folder.has("outputs"):
        return []
    with folder.inner("outputs") as inner:
        ids = [name for name in inner.names() if _MODEL_ID.match(name)]
    found: list[str] = []
    for one in ids:
        try:
            meta = _meta(experiment, f"models/{one}/{RECORD}")
        except (FileMissing, WrongFileType, InvalidDocument):
            continue
        if (
            run_id is not None
            and meta.get("source_run_id") == run_id
            and experiment.has(f"models/{one}/artifacts")
        ):
            found.append(f"models/{one}/artifacts")
    return found


def _model_file(folder: Folder, name: str) -> str | None:
    """The one file of a model's folder that is the model, as its MLmodel says."""
    try:
        data, _ = folder.read(f"{name}/MLmodel")
    except (FileMissing, WrongFileType, InvalidDocument):
        return None
    for line in data.decode("utf-8", "replace").splitlines():
        key, _, value = line.strip().partition(":")
        file = name + "/" + value.strip(" '\"")
        try:
            if key in _MODEL_KEYS and relative_name(file) and folder.kind(file) == "file":
                return file
        except (FileMissing, WrongFileType):
            continue
    return None


def _meta(folder: Folder, name: str) -> dict[str, str]:
    """Raises FileMissing, WrongFileType, InvalidDocument."""
    data, _ = folder.read(name)
    return parse_flat_yaml(data, folder.join(name))


def _dataset(folder: Folder) -> str | None:
    """Where the one dataset of the run came from, if that is said, and there is one only."""
    if not folder.has("inputs"):
        return None
    with folder.inner("inputs") as inner:
        names = inner.names()
        if len(names) != 1:
            return None
        try:
            wanted = _meta(inner, f"{names[0]}/{RECORD}").get("source_id", "")
        except (FileMissing, WrongFileType, InvalidDocument):
            return None
    if not re.fullmatch("[0-9a-f]{1,64}", wanted):
        return None
    with Folder.at(os.path.join(folder.path, os.pardir)) as experiment:
        try:
            meta = _meta(experiment, f"datasets/{wanted}/{RECORD}")
            source = parse_record(meta.get("source", "").encode(), "source")
        except (FileMissing, WrongFileType, InvalidDocument):
            return None
    uri = claimed_text(source.get("uri"))
    if meta.get("source_type") != "local" or uri is None:
        return None
    return uri.removeprefix("file://")


# ---------------------------------------------------------------------- a store


def runs(folder: Folder) -> Iterator[str | ObsError] | None:
    """The names of the run folders of `mlruns/`, or of one experiment in it, relative to it; None if it is
    neither. Runs that were deleted in MLflow are left out."""
    own = _meta_or_none(folder, RECORD)
    if own is not None and "run_id" not in own and "experiment_id" in own:
        return _runs_of(folder, "")
    experiments = [
        name
        for name in folder.names()
        if folder.is_folder(name)
        and (meta := _meta_or_none(folder, f"{name}/{RECORD}")) is not None
        and "experiment_id" in meta
        and "run_id" not in meta
    ]
    if not experiments:
        return None
    return (run for name in experiments for run in _runs_of(folder, f"{name}/"))


def _runs_of(folder: Folder, prefix: str) -> Iterator[str]:
    with folder.inner(prefix.rstrip("/")) if prefix else Folder.at(folder.path) as experiment:
        names = experiment.names()
    for name in names:
        if not folder.is_folder(f"{prefix}{name}") or not folder.has(f"{prefix}{name}/{RECORD}"):
            continue
        meta = _meta_or_none(folder, f"{prefix}{name}/{RECORD}")
        if meta is None or meta.get("lifecycle_stage") != "deleted":
            yield f"{prefix}{name}"


def _meta_or_none(folder: Folder, name: str) -> dict[str, str] | None:
    try:
        return _meta(folder, name)
    except (FileMissing, WrongFileType, InvalidDocument):
        return None
