"""The cross-checks one by one: what explains a difference, what does not, and what is not known."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
from diagnosticruns import Run, agreeing, fitted, honest, table
from obs.cas.format.claims import Claims
from obs.cas.format.ids import Sha256
from obs.cas.format.reports import Diagnostic
from obs.cas.operations.requests import Named
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import LabelEncoder, OneHotEncoder, StandardScaler


def told(run: Run, **settings: Any) -> dict[str, str]:
    """The codes, and how severe each is."""
    return {found.code: found.severity for found in run.record(**settings).diagnostics}


def only(run: Run, **settings: Any) -> Diagnostic:
    (found,) = run.record(**settings).diagnostics
    return found


def pipeline() -> Any:
    return make_pipeline(StandardScaler(), LogisticRegression())


def mixed() -> pd.DataFrame:
    """Numbers, two columns of text, a missing number, and the label."""
    frame = table(60)
    frame.insert(0, "sex", ["m", "f"] * 30)
    frame.insert(2, "city", ["x", "y", "z"] * 20)
    frame.loc[4, "age"] = np.nan
    return frame


def prepared() -> Any:
    numbers = make_pipeline(SimpleImputer(), StandardScaler())
    columns = ColumnTransformer(
        [("numbers", numbers, ["age", "dose", "weight"]), ("texts", OneHotEncoder(), ["sex", "city"])]
    )
    return make_pipeline(columns, LogisticRegression())


# ------------------------------------------------------------------ honest runs


def column_transformer(run: Run) -> Run:
    frame = mixed()
    return run.data(frame).model(fitted(frame, model=prepared())).metrics(num_samples=60, num_features=5)


def search(run: Run) -> Run:
    frame = mixed()
    model = GridSearchCV(prepared(), {"logisticregression__C": [0.5, 1.0]}, cv=2)
    return run.data(frame).model(fitted(frame, model=model)).metrics(num_samples=60, num_features=5)


def regression(run: Run) -> Run:
    frame = table()
    frame["y"] = frame["age"] * 2 + 0.5
    model = make_pipeline(StandardScaler(), Ridge())
    return run.data(frame).model(fitted(frame, model=model)).metrics(num_samples=40, num_features=3)


def encoded(run: Run) -> Run:
    frame = table()
    return run.data(frame).model(fitted(frame, LabelEncoder().fit_transform(frame["y"])))


def numbers_as(kind: Any) -> Any:
    def make(run: Run) -> Run:
        frame = table()
        frame["y"] = (frame["y"] == "yes").astype(int)
        return run.data(frame).model(fitted(frame, frame["y"].astype(kind)))

    return make


def some_columns(run: Run) -> Run:
    frame = table()
    model = pipeline().fit(frame[["weight", "age"]], frame["y"])
    return run.data(frame).model(model).metrics(num_samples=40, num_features=2)


def index_column(run: Run) -> Run:
    frame = table()
    return run.data(frame, index=True).model(fitted(frame)).metrics(num_samples=40, num_features=3)


def index_column_without_names(run: Run) -> Run:
    frame = table()
    model = pipeline().fit(frame.drop(columns="y").to_numpy(), frame["y"])
    return run.data(frame, index=True).model(model).metrics(num_samples=40, num_features=3)


def dummies(run: Run) -> Run:
    frame = mixed().drop(index=4)
    made = pd.get_dummies(frame.drop(columns="y"))
    return run.data(frame).model(pipeline().fit(made, frame["y"])).metrics(num_samples=59, num_features=5)


def from_joblib(run: Run) -> Run:
    frame = table()
    path = str(run.folder / "model.joblib")
    joblib.dump(fitted(frame), path, compress=3)
    return run.data(frame).set(model=Named(path=path))


def without_label(run: Run) -> Run:
    return honest(run.folder).set(label=None)


HONEST: dict[str, tuple[Any, set[str]]] = {
    "a ColumnTransformer": (column_transformer, set()),
    "a search": (search, set()),
    "a regression": (regression, set()),
    "encoded labels": (encoded, {"CLASSES_MISMATCH"}),
    "numbers as floats": (numbers_as(float), set()),
    "numbers as booleans": (numbers_as(bool), set()),
    "numbers as texts": (numbers_as(str), set()),
    "some of the columns": (some_columns, {"FEATURE_COUNT_MISMATCH", "FEATURE_NAMES_MISMATCH"}),
    "an index": (index_column, {"FEATURE_COUNT_MISMATCH"}),
    "an index, without names": (index_column_without_names, {"FEATURE_COUNT_MISMATCH"}),
    "get_dummies": (dummies, {"FEATURE_COUNT_MISMATCH", "FEATURE_NAMES_MISMATCH"}),
    "joblib": (from_joblib, set()),
    "no label": (without_label, set()),
}


@pytest.mark.parametrize("name", HONEST)
def test_an_honest_run_is_not_warned_of(tmp_path: Path, name: str) -> None:
    make, codes = HONEST[name]
    assert told(make(Run(tmp_path))) == dict.fromkeys(codes, "info")


# ------------------------------------------------------------------ rows


@pytest.mark.parametrize(
    ("samples", "dropped"), [(40, 0), (30, 0), (12, None)], ids=["of both", "of train", "neither"]
)
def test_train_and_test(tmp_path: Path, samples: int, dropped: int | None) -> None:
    frame = table()
    run = Run(tmp_path).data(frame[:30], "train").data(frame[30:], "test").model(fitted(frame[:30]))
    done = run.metrics(num_samples=samples, num_features=3).record()
    assert done.diagnostics == ()
    assert done.dropped_rows == dropped


def test_what_train_and_test_lack_together(tmp_path: Path) -> None:
    frame = table()
    frame.loc[[3, 35, 36], "age"] = np.nan
    run = Run(tmp_path).data(frame[:30], "train").data(frame[30:], "test").metrics(num_samples=37)
    found = only(run)
    assert found.code == "MISSING_VALUES_DROPPED"
    assert found.details["roles"] == ["test", "train"]
    assert (found.details["dropped_rows"], found.details["columns"]) == (3, {"age": 3})


def test_rows_without_a_label_are_an_explanation(tmp_path: Path) -> None:
    frame = table()
    frame.loc[[1, 2], "y"] = None
    frame.loc[9, "age"] = np.nan
    used = frame.dropna(subset=["y"])
    model = fitted(used, model=make_pipeline(SimpleImputer(), LogisticRegression()))
    run = Run(tmp_path).data(frame).model(model).metrics(num_samples=38)
    found = {one.code: one for one in run.record().diagnostics}
    assert set(found) == {"LABEL_MISSING_VALUES", "MISSING_VALUES_DROPPED"}
    details = found["MISSING_VALUES_DROPPED"].details
    assert (details["reason"], details["columns"], details["dropped_rows"]) == ("missing_label", {"y": 2}, 2)


def test_more_samples_than_rows(tmp_path: Path) -> None:
    done = agreeing(Run(tmp_path)).metrics(num_samples=41).record()
    assert [found.code for found in done.diagnostics] == ["SAMPLE_COUNT_MISMATCH"]
    assert done.dropped_rows is None


def test_the_record_is_asked_where_the_metrics_say_nothing(tmp_path: Path) -> None:
    frame = table()
    frame.loc[3, "age"] = np.nan
    run = Run(tmp_path).data(frame).set(claims=Claims(adapter="x", num_samples=39, dropped_rows=1))
    assert only(run).code == "MISSING_VALUES_DROPPED"


@pytest.mark.parametrize(
    ("claims", "code", "details"),
    [
        ({"num_samples": 39}, "SAMPLE_COUNT_MISMATCH", {"metrics": 40, "record": 39}),
        ({"dropped_rows": 2}, "SAMPLE_COUNT_MISMATCH", {"record_dropped_rows": 2, "dropped_rows": 0}),
        (
            {"num_features": 4},
            "FEATURE_COUNT_MISMATCH",
            {
                "artifact": "model",
                "role": "data",
                "counts": {"metrics": 3, "record": 4, "model": 3, "data": 3},
            },
        ),
    ],
    ids=["samples", "dropped", "features"],
)
def test_a_claim_that_is_contradicted(
    tmp_path: Path, claims: dict[str, Any], code: str, details: dict[str, Any]
) -> None:
    found = only(honest(tmp_path).set(claims=Claims(adapter="x", **claims)))
    assert (found.code, found.severity, found.details) == (code, "warning", details)


def test_claims_that_agree(tmp_path: Path) -> None:
    run = honest(tmp_path)
    sha256 = run.record().datasets[0].sha256
    assert isinstance(sha256, Sha256)
    claims = Claims(
        adapter="x",
        dataset_path="/other",
        dataset_sha256=sha256,
        num_samples=40,
        num_features=3,
        dropped_rows=0,
    )
    assert told(run, claims=claims) == {}
    other = Claims(adapter="x", dataset_sha256=Sha256(b"\x11" * 32))
    assert told(run, claims=other, sha256=False) == {}  # it is not known
    assert told(run, claims=other) == {"DATASET_FINGERPRINT_MISMATCH": "error"}


# ------------------------------------------------------------------ features and classes


def test_the_label_among_the_features(tmp_path: Path) -> None:
    frame = table()
    frame["y"] = (frame["y"] == "yes").astype(int)
    run = Run(tmp_path).data(frame).model(pipeline().fit(frame, frame["y"]))
    found = {one.code: one for one in run.record().diagnostics}
    assert {code: one.severity for code, one in found.items()} == {
        "FEATURE_COUNT_MISMATCH": "warning",
        "FEATURE_NAMES_MISMATCH": "warning",
    }
    assert found["FEATURE_NAMES_MISMATCH"].details["label"] == "y"


def test_another_order(tmp_path: Path) -> None:
    frame = table()
    run = Run(tmp_path).data(frame).model(fitted(frame[["weight", "age", "dose", "y"]]))
    found = only(run)
    assert (found.code, found.severity) == ("FEATURE_NAMES_MISMATCH", "info")
    assert found.details["order"] == ["weight", "age", "dose"]


def test_names_in_details_are_cut(tmp_path: Path) -> None:
    frame = pd.DataFrame(np.eye(4, 150), columns=[f"c{number}" for number in range(150)])
    frame["y"] = [0, 1, 0, 1]
    run = Run(tmp_path).data(frame).model(fitted(frame.rename(columns=lambda name: name.replace("c", "d"))))
    found = only(run)
    unknown = found.details["not_in_data"]
    assert isinstance(unknown, list)
    assert (len(unknown), found.details["count"]) == (100, 150)


def test_fewer_classes(tmp_path: Path) -> None:
    frame = table()
    data = frame.copy()
    data.loc[0, "y"] = "perhaps"
    found = only(Run(tmp_path).data(data).model(fitted(frame)))
    assert (found.code, found.severity) == ("CLASSES_MISMATCH", "warning")
    assert (found.details["classes_in_data"], found.details["classes_in_model"]) == (3, 2)
    assert "perhaps" not in repr(found)


def test_too_many_values_for_a_classifier(tmp_path: Path) -> None:
    frame = pd.DataFrame({"x": range(10_001), "y": range(10_001)})
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(frame[["x"]], frame["y"] > 5000)
    assert told(Run(tmp_path).data(frame).model(model)) == {"LABEL_TYPE_INVALID": "warning"}


def test_obs_own_environment_need_not_be_the_runs(tmp_path: Path) -> None:
    run = agreeing(Run(tmp_path)).within(("scikit-learn", "0.1"), whose="obs")
    assert told(run) == {"LIBRARY_VERSION_MISMATCH": "info"}


def test_the_same_from_the_stat_cache(tmp_path: Path) -> None:
    frame = table(4000)
    run = Run(tmp_path).data(frame).set(cache=True)
    run.model(fitted(frame, frame["y"].map({"no": "a", "yes": "b"})))
    first, second = run.record(), run.record()
    assert [found.code for found in first.diagnostics] == ["CLASSES_MISMATCH"]
    assert second.diagnostics == first.diagnostics
    assert not second.created


def test_names_of_any_length_are_cut(tmp_path: Path) -> None:
    long = [f"{number:03}" + "x" * 1_000 for number in range(100)]
    header = ",".join([*long, *["a"] * 100, *(f"a.{number}" for number in range(1, 100)), "y"])
    run = Run(tmp_path).data(f"{header}\n{',' * 299}\n{'1,' * 299}no\n").metrics(num_samples=1)
    frame = pd.DataFrame({"other": [1.0, 2.0], "y": ["no", "yes"]})
    found = {one.code: one for one in run.model(fitted(frame)).record().diagnostics}
    assert {"FEATURE_NAMES_MISMATCH", "MISSING_VALUES_DROPPED", "DUPLICATE_COLUMNS"} < set(found)
    assert len(repr(found)) < 100_000
