"""Writers of run folders as trainers leave them: RunForge's in its versions, and MLflow's file store."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

VECTOR: Final = Path(__file__).parent / "vectors" / "mlflow"
"""A file store that MLflow itself wrote; its README.md says how."""

DATA: Final = "x,z,y\n1,2,a\n2,,b\n3,4,a\n5,6,b\n"


def old_record(run_id: str = "r1", **changes: Any) -> dict[str, Any]:
    """run.json of the first versions; a change to None leaves the key out."""
    record: dict[str, Any] = {
        "run_id": run_id,
        "runforge_version": "0.1.0",
        "created_at": "2026-01-02T03:04:05Z",
        "dataset": {"path": "data.csv"},
        "label_column": "y",
        "num_samples": 3,
        "num_features": 2,
        "dropped_rows_missing_values": 1,
        "metrics": {"accuracy": 0.5, "num_samples": 3, "num_features": 2},
        "artifacts": {"model_pkl": "artifacts/model.pkl"},
    }
    record.update(changes)
    return {key: value for key, value in record.items() if value is not None}


def new_record(run_id: str = "r1", **changes: Any) -> dict[str, Any]:
    """run.json of later versions, with keys that obs knows nothing of."""
    artifacts = {"model_pkl": "artifacts/model.pkl", "linear_coefficients_json": "artifacts/linear.json"}
    return old_record(
        run_id,
        **{
            "schema_version": "run.v0.3.4",
            "runforge_version": "0.3.4",
            "model_family": "logistic_regression",
            "metrics_v1": {"metrics_profile": "classification.base.v1", "artifact_path": "artifacts/m1.json"},
            "artifacts": artifacts,
            **changes,
        },
    )


def runforge_run(folder: Path, record: dict[str, Any] | str, files: dict[str, str] | None = None) -> Path:
    """A run folder with the usual files (`files` changes them; an empty text leaves one out)."""
    usual = {"metrics.json": '{"accuracy": 0.5, "num_samples": 3, "num_features": 2}'}
    usual |= {"artifacts/model.pkl": f"model of {folder.name}", "artifacts/linear.json": '{"coef": [1.0]}'}
    text = record if isinstance(record, str) else json.dumps(record)
    for name, content in {**usual, **(files or {}), "run.json": text}.items():
        if content or name == "run.json":
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(content)
    return folder


def write_index(workspace: Path, entries: list[Any]) -> Path:
    """.ml/outputs/index.json."""
    path = workspace / ".ml" / "outputs" / "index.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"schema_version": "index.v1", "runs": entries}))
    return path


def mlflow_run(folder: Path, *, status: int = 3, **meta: str) -> Path:
    """A run folder as MLflow 2 writes it, with its model among the artifacts."""
    lines = {
        "artifact_uri": f"file://{folder}/artifacts",
        "end_time": "1795621335819",
        "entry_point_name": "''",
        "experiment_id": "'1'",
        "lifecycle_stage": "active",
        "run_id": folder.name,
        "run_name": 'it\'s "odd"',
        "start_time": "1767323045000",
        "status": str(status),
        "tags": "[]",
        "user_id": "somebody",
        **meta,
    }
    files = {
        "meta.yaml": "".join(f"{key}: {value}\n" for key, value in lines.items()),
        "metrics/accuracy": "1767323046000 0.75 1\n1767323045000 0.5 0\n",
        "params/C": "0.1",
        "tags/mlflow.user": "somebody",
        "artifacts/model/MLmodel": "flavors:\n  sklearn:\n    pickled_model: model.pkl\n",
        "artifacts/model/model.pkl": "a model",
        "artifacts/notes.json": "{}",
    }
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    return folder
