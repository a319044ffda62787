"""The typical run in MLflow's own words; runs in MLflow's environment.

python mlflow_record.py FOLDER      # holding data.csv, model.pkl and metrics.json
"""

import json
import sys
from pathlib import Path

import mlflow  # type: ignore[import-not-found, unused-ignore]  # lives in its own environment
import pandas as pd  # type: ignore[import-untyped, unused-ignore]  # only `dev` has its stubs


def main(folder: Path) -> None:
    mlflow.set_tracking_uri(f"sqlite:///{folder}/mlflow.db")
    mlflow.set_experiment("benchmark")
    with mlflow.start_run():
        source = str(folder / "data.csv")
        frame = pd.read_csv(source)
        mlflow.log_input(mlflow.data.from_pandas(frame, source=source, targets="label"))
        mlflow.log_metrics(json.loads((folder / "metrics.json").read_text()))
        mlflow.log_artifact(str(folder / "model.pkl"))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
