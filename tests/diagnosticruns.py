"""Real runs that raise one diagnostic each: tables, fitted models, metrics, recorded as a user does.

`CASES` has a function for each code; docs/diagnostics.md shows what each gives.
"""

from __future__ import annotations

import functools
import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from obs.cas.format.claims import Claims
from obs.cas.format.ids import Sha256
from obs.cas.format.reports import Environment
from obs.cas.operations.record import Recorded, record
from obs.cas.operations.requests import Named, RecordRequest
from obs.cas.store.store import Store
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from smallruns import make_store

ENVIRONMENT = Environment(whose="prefix", python="3.12.1", packages=(("numpy", "2.1.0"),))


class Shift(BaseEstimator, TransformerMixin):  # type: ignore[misc]  # scikit-learn has no types
    """A transformer that obs does not know."""

    def fit(self, table: Any, y: Any = None) -> Shift:
        self.n_features_in_ = table.shape[1]
        return self

    def transform(self, table: Any) -> Any:
        return table + 1


def table(rows: int = 40) -> pd.DataFrame:
    """Three numbers and the label `y`, of which two thirds are `no`."""
    random = np.random.default_rng(7)
    frame = pd.DataFrame(random.normal(size=(rows, 3)).round(3), columns=["age", "dose", "weight"])
    frame["y"] = ["no", "no", "yes"] * (rows // 3) + ["no"] * (rows % 3)
    return frame


def fitted(frame: pd.DataFrame, y: Any = None, model: Any = None) -> Any:
    """A pipeline that was trained on all other columns than `y`."""
    pipeline = model if model is not None else make_pipeline(StandardScaler(), LogisticRegression())
    return pipeline.fit(frame.drop(columns="y", errors="ignore"), frame["y"] if y is None else y)


class Run:
    """The files of one run in a folder of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = ENVIRONMENT
        self.settings: dict[str, Any] = {"label": "y", "cache": False}
        self.datasets: list[Named] = []

    def data(self, frame: pd.DataFrame | str, role: str | None = None, *, index: bool = False) -> Run:
        path = self.folder / f"{role or 'data'}.csv"
        if isinstance(frame, str):
            path.write_text(frame, encoding="utf-8")
        else:
            frame.to_csv(path, index=index)
        self.datasets.append(Named(path=str(path), role=role))
        return self

    def model(self, model: Any, name: str = "model.pkl") -> Run:
        data = model if isinstance(model, bytes) else pickle.dumps(model)
        (self.folder / name).write_bytes(data)
        return self.set(model=Named(path=str(self.folder / name)))

    def metrics(self, **values: Any) -> Run:
        (self.folder / "metrics.json").write_text(json.dumps(values), encoding="utf-8")
        return self.set(metrics=str(self.folder / "metrics.json"))

    def set(self, **settings: Any) -> Run:
        self.settings.update(settings)
        return self

    def within(self, *packages: tuple[str, str], whose: Any = "prefix") -> Run:
        self.environment = Environment(whose=whose, packages=packages)
        return self

    def record(self, **settings: Any) -> Recorded:
        """As `obs record` does, in a store of the folder."""
        path = self.folder / ".obs"
        wanted: dict[str, Any] = {"datasets": tuple(self.datasets), **self.settings, **settings}
        request = RecordRequest(obs_version="0", **wanted)
        with Store.open(str(path) if path.exists() else make_store(str(self.folder))) as store:
            return record(
                store,
                request,
                environment=lambda: self.environment,
                now=lambda: "2026-01-01T00:00:00.000000Z",
            )


def honest(folder: Path) -> Run:
    """A run of which everything is known and agrees."""
    frame = table()
    return Run(folder).data(frame).model(fitted(frame)).metrics(accuracy=0.9, num_samples=40, num_features=3)


def missing(run: Run) -> Run:
    frame = table()
    frame.loc[[3, 8], "age"] = np.nan
    frame.loc[8, "dose"] = np.nan
    run.data(frame).model(fitted(frame.dropna()))
    return run.metrics(num_samples=38, num_features=3)


def label_missing(run: Run) -> Run:
    frame = table()
    frame.loc[5, "y"] = None
    return run.data(frame).model(fitted(frame.dropna())).metrics(accuracy=0.9)


def continuous(run: Run) -> Run:
    frame = table()
    frame["y"] = frame["age"] * 2 + frame["dose"]
    return run.data(frame).model(fitted(frame, np.where(frame["y"] > 0, "high", "low")))


def single_class(run: Run) -> Run:
    frame = table()
    frame["y"] = "no"
    return run.data(frame).model(fitted(frame, model=make_pipeline(StandardScaler(), DummyClassifier())))


def repeated(run: Run) -> Run:
    run.data(table().rename(columns={"dose": "age"}))
    return run.model(fitted(pd.read_csv(run.folder / "data.csv"))).metrics(num_features=3)


def fewer_features(run: Run) -> Run:
    frame = table()
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(
        frame[["age", "dose"]].values, frame["y"]
    )
    return run.data(frame).model(model).metrics(num_samples=40, num_features=2)


def other_names(run: Run) -> Run:
    frame = table()
    return run.data(frame).model(fitted(frame.rename(columns={"dose": "dosis"})))


def other_classes(run: Run) -> Run:
    frame = table()
    return run.data(frame).model(fitted(frame, frame["y"].map({"no": "benign", "yes": "malignant"})))


def with_step(run: Run, step: Any) -> Run:
    frame = table()
    model = Pipeline([("step", step), ("scale", StandardScaler()), ("model", LogisticRegression())])
    return run.data(frame).model(fitted(frame, model=model))


def agreeing(run: Run, model: Any = None) -> Run:
    frame = table()
    return run.data(frame).model(fitted(frame, model=model)).metrics(accuracy=0.9, num_samples=40, f1=0.8)


def cut_off(run: Run) -> Run:
    frame = table()
    return run.data(frame).model(pickle.dumps(fitted(frame))[:-40])


def run_folder(run: Run, **record: Any) -> Run:
    """The folder of a run, as RunForge leaves it: a model, a metrics file, its own record."""
    folder = run.folder / "run"
    (folder / "artifacts").mkdir(parents=True)
    (folder / "artifacts" / "model.pkl").write_bytes(pickle.dumps(fitted(table())))
    (folder / "metrics.json").write_text('{"accuracy": 0.9}')
    told = {"run_id": "r1", "runforge_version": "0.2.0", "artifacts": {"model_pkl": "artifacts/model.pkl"}}
    (folder / "run.json").write_text(json.dumps({**told, **record}))
    return run.data(table()).set(run_dir=str(folder))


CASES: dict[str, Callable[[Run], Run]] = {
    "MISSING_VALUES_DROPPED": missing,
    "SAMPLE_COUNT_MISMATCH": lambda run: agreeing(run).metrics(num_samples=32, num_features=3),
    "LABEL_NOT_FOUND": lambda run: agreeing(run).set(label="outcome", status="failed"),
    "LABEL_TYPE_INVALID": continuous,
    "LABEL_MISSING_VALUES": label_missing,
    "LABEL_SINGLE_CLASS": single_class,
    "CLASSES_MISMATCH": other_classes,
    "FEATURE_COUNT_MISMATCH": fewer_features,
    "FEATURE_NAMES_MISMATCH": other_names,
    "ZERO_ROWS": lambda run: run.data("age,dose,y\n"),
    "ZERO_FEATURES": lambda run: run.data("age,dose,y\n,,no\n,,yes\n"),
    "LABEL_ONLY_DATASET": lambda run: run.data("y\nno\nyes\n"),
    "DUPLICATE_COLUMNS": repeated,
    "CONTENT_UNAVAILABLE": lambda run: run.data("age,dose,y\n1,2,no\n3,yes\n"),
    "DATASET_FINGERPRINT_MISMATCH": lambda run: agreeing(run).set(
        claims=Claims(adapter="trainer", dataset_sha256=Sha256(b"\x11" * 32))
    ),
    "METRICS_CONTRADICTED": lambda run: run_folder(run, metrics={"accuracy": 0.8}),
    "METRICS_SCHEMA_MISMATCH": lambda run: agreeing(run).set(
        metrics_contract=("accuracy", "num_features", "num_samples")
    ),
    "RECORD_KEY_INVALID": lambda run: run_folder(run, num_samples="forty"),
    "ARTIFACT_NOT_RECORDED": lambda run: run_folder(
        run, artifacts={"model_pkl": "artifacts/model.pkl", "plot_json": "artifacts/plot.json"}
    ).set(status="failed", status_is_given=True),
    "LIBRARY_VERSION_MISMATCH": lambda run: agreeing(run).within(("scikit_learn", "0.24.2")),
    "ARTIFACT_NOT_A_PIPELINE": lambda run: agreeing(run, LogisticRegression()),
    "ARTIFACT_INCOMPLETE": cut_off,
    "ARTIFACT_GLOBALS_UNKNOWN": lambda run: with_step(run, Shift()),
    "ARTIFACT_GLOBALS_DANGEROUS": lambda run: with_step(
        run, FunctionTransformer(functools.partial(np.multiply, 2.0))
    ),
}
"""In the order of docs/diagnostics.md."""
