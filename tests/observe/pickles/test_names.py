"""Classes, keys and names are told by what they are called, whichever way they were written."""

from __future__ import annotations

import pickle
from typing import Any

import cloudpickle
import numpy as np
import pytest
from modelfiles import graph_of
from obs.cas.observe.pickles.budget import Budget
from obs.cas.observe.pickles.summary import summarise
from obs.cas.observe.pickles.survey import survey
from obs.cas.observe.pickles.values import short
from sklearn.base import BaseEstimator
from sklearn.ensemble import VotingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer

WHERE = f"<by value>.{__name__}"


def classes() -> tuple[type[Any], type[Any], type[Any]]:
    """An estimator of scikit-learn's kind, one that says to be scikit-learn's own, and a class of no kind."""

    class Clip(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
        def __init__(self, low: int = 0) -> None:
            self.low = low

    class Plain:
        def __init__(self) -> None:
            self.high = 1

    made = type("LogisticRegression", (Plain,), {"__module__": "sklearn.linear_model._logistic"})
    return Clip, made, Plain


def estimators(thing: Any, protocol: int) -> list[Any]:
    graph = graph_of(cloudpickle.dumps(thing, protocol))
    assert graph.complete
    return [found.path for found in survey(graph.roots, 100, Budget()).estimators]


@pytest.mark.parametrize("writer", ["", "joblib.externals.", "ray."])
@pytest.mark.parametrize("protocol", [0, 2])
def test_a_class_by_value_has_its_name(writer: str, protocol: int) -> None:
    clip, _, plain = classes()
    model = Pipeline([("clip", clip(3)), ("plain", plain())])
    data = cloudpickle.dumps(model, protocol).replace(b"ccloudpickle.", f"c{writer}cloudpickle.".encode())
    found: Any = summarise(graph_of(data))
    assert found["pipeline_steps"] == [
        {"name": "clip", "type": "Clip", "module": WHERE},
        {"name": "plain", "type": "Plain", "module": WHERE},
    ]
    assert found["tree"]["children"][0]["parameters"] == {"low": 3}
    assert found["model"] == {"type": "Plain", "module": WHERE, "kind": None}
    assert found["has_preprocessing"]  # as with any class that stands before the model


@pytest.mark.parametrize("protocol", [0, 2, 5])
def test_a_class_by_value_is_an_estimator_if_its_base_is(protocol: int) -> None:
    clip, _, plain = classes()
    assert estimators([clip(), plain(), LogisticRegression()], protocol) == ["[0]", "[2]"]


@pytest.mark.parametrize("protocol", [0, 2, 5])
def test_a_class_by_value_is_never_taken_for_one_of_a_library(protocol: int) -> None:
    made = classes()[1]()
    assert type(made).__module__ == LogisticRegression.__module__
    assert type(made).__name__ == LogisticRegression.__name__
    found: Any = summarise(graph_of(cloudpickle.dumps(made, protocol)))
    assert found["tree"]["role"] is None
    assert found["model"] == {
        "type": "LogisticRegression",
        "module": "<by value>.sklearn.linear_model._logistic",
        "kind": None,
    }
    # What is graded is what loading would import, and it would not import this one.
    assert "sklearn.linear_model._logistic" not in [row["module"] for row in found["globals"]]
    assert estimators(made, protocol) == []


def test_alike_of_a_class_by_value_are_told_once() -> None:
    clip = classes()[0]
    model = VotingClassifier([])
    model.estimators_ = [clip(number) for number in range(5)]
    found: Any = summarise(graph_of(cloudpickle.dumps(model)))
    (told,) = found["tree"]["children"]
    assert (told["type"], told["count"]) == ("Clip", 5)


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize(
    ("keys", "paths"),
    [
        ([np.int64(0), np.int64(-1)], ["[0]", "[-1]"]),
        ([np.float32(0.5), np.float64(2.5)], ["[0.5]", "[2.5]"]),
        ([np.str_("a"), np.bool_(True)], ["['a']", "[True]"]),
    ],
)  # fmt: skip
def test_keys_that_are_scalars_of_numpy(keys: list[Any], paths: list[str], protocol: int) -> None:
    graph = graph_of(pickle.dumps({key: np.zeros(2) for key in keys}, protocol))
    rows: Any = survey(graph.roots, 1, Budget()).arrays.rows
    assert [row["path"] for row in rows] == paths


@pytest.mark.parametrize(
    "value",
    [abs, int, str, range, range(3), {1}, frozenset({1}), slice(1), ValueError, KeyError("x"), bytearray(2)],
    ids=repr,
)  # fmt: skip
def test_what_python_2_called_otherwise(value: Any) -> None:
    told = [short(graph_of(pickle.dumps(value, protocol)).roots[0], Budget()) for protocol in range(6)]
    assert told[:3] == [told[3]] * 3
    assert "__builtin__" not in str(told)


@pytest.mark.parametrize("protocol", range(6))
def test_functions_that_python_2_called_otherwise(protocol: int) -> None:
    found: Any = summarise(graph_of(pickle.dumps(FunctionTransformer(abs), protocol)))
    assert found["tree"]["parameters"]["func"] == "<function builtins.abs>"
    # A grade is that of the name that the file has.
    assert ("__builtin__" in [row["module"] for row in found["globals"]]) == (protocol < 3)
