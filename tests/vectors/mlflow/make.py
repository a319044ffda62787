"""Writes `mlruns/` and `data.csv` anew with the real MLflow: see README.md."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

os.environ["MLFLOW_ALLOW_FILE_STORE"] = "1"  # MLflow 3 asks for this

import mlflow
import pandas as pd
from sklearn.linear_model import LogisticRegression

HERE = Path(__file__).parent


def main() -> None:
    """One run that ended well, with parameters, metrics of several steps, a dataset, files and a model; one that
    failed."""
    os.chdir(HERE)
    shutil.rmtree("mlruns", ignore_errors=True)
    frame = pd.DataFrame({"a": [1.0, 2.0, 3.0, 4.0], "b": [1.0, 0.0, 1.0, 0.0], "y": [0, 1, 0, 1]})
    frame.to_csv("data.csv", index=False)
    mlflow.set_tracking_uri("file:./mlruns")
    mlflow.set_experiment("iris")
    with mlflow.start_run(run_name="good"):
        mlflow.log_params({"C": 0.1, "solver": "lbfgs"})
        mlflow.log_metric("accuracy", 0.5, step=0)
        mlflow.log_metric("accuracy", 0.75, step=1)
        mlflow.log_metric("val/loss", float("nan"))
        mlflow.log_input(mlflow.data.from_pandas(frame, source="data.csv", targets="y"), context="training")
        mlflow.log_dict({"x": 1}, "extra/x.json")
        model = LogisticRegression(C=0.1).fit(frame[["a", "b"]], frame["y"])
        mlflow.sklearn.log_model(model, name="model", pip_requirements=["scikit-learn"])
        mlflow.set_tag("note", "two\nlines: 'quoted'")
    try:
        with mlflow.start_run(run_name="bad"):
            raise ValueError("as if training had failed")
    except ValueError:
        pass
    for path in Path("mlruns").rglob("*"):  # git keeps no empty folders, and the user's name is nobody's business
        if path.name in ("mlflow.user", "mlflow.source.name"):
            path.unlink()
    for path in Path("mlruns").rglob("meta.yaml"):
        text = path.read_text()
        kept = [line for line in text.splitlines(keepends=True) if not line.startswith("user_id:")]
        path.write_text("".join(kept).replace(str(HERE), "/somewhere"))
    for path in Path("mlruns").rglob("MLmodel"):
        path.write_text(path.read_text().replace(str(HERE), "/somewhere"))


if __name__ == "__main__":
    main()
