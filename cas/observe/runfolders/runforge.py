"""The run folder of the RunForge trainer for VS Code, and the workspace that holds many.

    .ml/outputs/index.json          {"runs": [{"run_id": …, "run_dir": …}, …]}
    .ml/runs/RUN_ID/run.json        the record
                    metrics.json
                    artifacts/model.pkl, and other files

`run.json` has had these keys in all versions: run_id, runforge_version, created_at, dataset {path,
fingerprint_sha256}, label_column, num_samples, num_features, dropped_rows_missing_values, metrics, artifacts
{model_pkl: path, …}. Others came later; what they mean is not guessed at, and they stay in the record, which
is kept. Paths are relative to the run folder, with `/` or, written under Windows, with a backslash.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Final

from ...errors import FileMissing, InvalidRunFolder, ObsError, WrongFileType
from ...format.canonical import Value
from ...format.claims import Claims
from ...format.reports import Diagnostic
from ...format.runs import Status
from ..documents import parse_record
from .folder import Artifacts, Folder, claimed_text, relative_name, why_not
from .keys import Keys
from .plain import document
from .values import FoundFile, Given, Record, RunFolder

NAME: Final = "runforge"
RECORD: Final = "run.json"
RUNS: Final = ".ml/runs"
INDEX: Final = ".ml/outputs/index.json"
MAX_INDEX_BYTES: Final = 32 << 20
_MARKS: Final = frozenset({"run_id", "runforge_version"})
"""A run.json with neither is another program's."""
_MODEL: Final = "model_pkl"
_USUAL_MODEL: Final = "artifacts/model.pkl"
_FOLDER_KEYS: Final = ("run_dir", "path", "run_path")
_STATUS: Final[dict[str, Status]] = {
    **dict.fromkeys(("ok", "success", "succeeded", "completed"), "ok"),
    **dict.fromkeys(("failed", "failure", "error"), "failed"),
    **dict.fromkeys(("cancelled", "canceled"), "cancelled"),
}


def read(folder: Folder, given: Given) -> RunFolder | None:
    """The run, None if there is no run.json of this trainer.

    Raises InvalidDocument for a run.json that is no JSON object, InvalidRunFolder for a run that did not
    fail of which a file is missing or lies outside; FileMissing, WrongFileType, FileChanged,
    OperatingSystemRefused.
    """
    if not folder.has(RECORD):
        return None
    data, blake3 = folder.read(RECORD)
    values = parse_record(data, folder.join(RECORD))
    if not _MARKS & values.keys():
        return None
    diagnostics: list[Diagnostic] = []
    keys = Keys(values, diagnostics)
    status = given.status or _status(keys)
    artifacts = Artifacts()
    model = _files(folder, keys.keys("artifacts"), artifacts, status, has_model=given.model)
    metrics = document(folder, "metrics")
    claims = _claims(keys)
    return RunFolder(
        adapter=NAME,
        model=model,
        metrics=metrics,
        params=document(folder, "params"),
        given_metrics=claims.metrics if metrics is None else None,
        artifacts=artifacts.all(),
        record=Record(file=folder.found("record", RECORD), blake3=blake3, claims=claims),
        workspace=_workspace(folder.path),
        label=claims.label,
        run_id=keys.text("run_id"),
        status=status,
        diagnostics=(*diagnostics, *artifacts.diagnostics),
    )


def _status(keys: Keys) -> Status | None:
    value = keys.get("status")
    found = _STATUS.get(value.lower()) if isinstance(value, str) else None
    if value is not None and found is None:
        keys.invalid("status", "a known status")
    return found


def _claims(keys: Keys) -> Claims:
    version = keys.text("runforge_version")
    dataset = keys.keys("dataset")
    return Claims(
        adapter=NAME,
        trainer=f"runforge {version}"[:1000] if version is not None else None,
        created_at=keys.time("created_at"),
        dataset_path=dataset.text("path"),
        dataset_sha256=dataset.sha256("fingerprint_sha256"),
        label=keys.text("label_column"),
        num_samples=keys.count("num_samples"),
        num_features=keys.count("num_features"),
        dropped_rows=keys.count("dropped_rows_missing_values"),
        metrics=keys.keys("metrics").values or None,
    )


def _files(
    folder: Folder, named: Keys, artifacts: Artifacts, status: Status | None, *, has_model: bool
) -> FoundFile | None:
    """The model, and everything else that the record names or that lies in artifacts/."""
    model: FoundFile | None = None
    for key in sorted(named.values):
        if named.get(key) is None or (key == _MODEL and has_model):
            continue
        written = named.text(key)
        if written is None:
            continue
        try:
            name = _name(folder, written)
            if folder.kind(name) != "file" and key == _MODEL:
                raise WrongFileType(path=folder.join(name), found="a folder", needed="a regular file")
        except (InvalidRunFolder, FileMissing, WrongFileType) as error:
            problem = error.problem if isinstance(error, InvalidRunFolder) else why_not(error)
            if status in ("failed", "cancelled"):
                artifacts.leave_out(written, problem)
                continue
            where = f"artifacts.{key[:200]}"
            raise InvalidRunFolder(
                path=folder.join(RECORD),
                problem=f"it names '{written[:200]}', and {problem}",
                where=where,
                hint="if the run did not end well, say so with --status failed",
            ) from None
        if key == _MODEL:
            model = folder.found("model", name)
            artifacts.claim(model.path)
        elif name not in ("metrics.json", "params.json", RECORD):
            artifacts.add(folder, name, key)
    if model is None and not has_model and folder.has(_USUAL_MODEL):
        model = folder.found("model", _USUAL_MODEL)
        artifacts.claim(model.path)
    artifacts.add_folder(folder, "artifacts")
    return model


def _name(folder: Folder, written: str) -> str:
    """The name of a file beneath the run folder. Raises InvalidRunFolder."""
    name = written
    if "\\" in written and not folder.has(written):
        name = written.replace("\\", "/")
    name = os.path.normpath(name) if ".." not in name.split("/") else name
    if relative_name(name) is None:
        raise InvalidRunFolder(path=folder.path, problem="that is no path beneath the run folder")
    return name


def _workspace(path: str) -> str | None:
    """The folder that holds `.ml`, if the run folder lies in one."""
    parts = os.path.abspath(path).split(os.sep)
    return os.sep.join(parts[: parts.index(".ml")]) or os.sep if ".ml" in parts else None


# ---------------------------------------------------------------------- a workspace


def runs(folder: Folder) -> Iterator[str | ObsError] | None:
    """The names of the run folders of a workspace, relative to it, and what is wrong with its index; None if
    it is no workspace. First what the index lists, then what else lies in .ml/runs."""
    if not (folder.has(INDEX) or folder.has(RUNS)):
        return None
    return _runs(folder)


def _runs(folder: Folder) -> Iterator[str | ObsError]:
    seen: set[str] = set()
    for found in _indexed(folder) if folder.has(INDEX) else ():
        if isinstance(found, str):
            if found in seen:
                continue
            seen.add(found)
        yield found
    if not folder.has(RUNS):
        return
    with folder.inner(RUNS) as inner:
        names = inner.names()
    for name in names:
        if f"{RUNS}/{name}" in seen or not folder.is_folder(f"{RUNS}/{name}"):
            continue
        if folder.has(f"{RUNS}/{name}/{RECORD}"):
            yield f"{RUNS}/{name}"


def _indexed(folder: Folder) -> Iterator[str | ObsError]:
    try:
        data, _ = folder.read(INDEX, MAX_INDEX_BYTES)
        listed = parse_record(data, folder.join(INDEX), MAX_INDEX_BYTES).get("runs")
    except ObsError as error:
        yield error
        return
    if not isinstance(listed, list):
        yield InvalidRunFolder(path=folder.join(INDEX), problem="it is not a list", where="runs")
        return
    for number, entry in enumerate(listed):
        name = _folder_of(folder, entry) if isinstance(entry, dict) else None
        if name is None:
            problem = "it names no folder beneath the workspace"
            yield InvalidRunFolder(path=folder.join(INDEX), problem=problem, where=f"runs[{number}]")
        else:
            yield name


def _folder_of(folder: Folder, entry: dict[str, Value]) -> str | None:
    """Where the run of an entry lies: relative to the workspace, or to `.ml`, or by its id."""
    written = next((text for key in _FOLDER_KEYS if (text := claimed_text(entry.get(key)))), None)
    if written is None:
        run_id = claimed_text(entry.get("run_id"))
        return f"{RUNS}/{run_id}" if run_id and "/" not in run_id and relative_name(run_id) else None
    name = written.replace("\\", "/") if not folder.has(written) else written
    if os.path.isabs(name):
        inside = os.path.relpath(name, os.path.abspath(folder.path))
        return relative_name(inside)
    if ".." in name.split("/"):
        return None
    name = os.path.normpath(name)
    if name.rpartition("/")[2] == RECORD:
        name = os.path.dirname(name)
    for above in ("", ".ml/", ".ml/outputs/"):
        if relative_name(above + name) and folder.has(above + name):
            return above + name
    return relative_name(name)
