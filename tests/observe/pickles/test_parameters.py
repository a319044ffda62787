"""The parameters that are told are those that scikit-learn's own `get_params()` gives."""

from __future__ import annotations

import pickle
import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
from modelfiles import graph_of
from modeltruth import ground_truth
from obs.cas.observe.pickles.budget import Budget
from obs.cas.observe.pickles.estimators import estimator_tree
from obs.cas.observe.pickles.parameters import not_parameters
from obs.cas.observe.pickles.survey import survey
from observe.pickles.global_listing import attempt
from observe.pickles.sklearn_samples import all_estimators, makers, small_models

X = np.random.RandomState(0).rand(40, 4)
CLASSES = (X[:, 0] > 0.5).astype(int)
DATA: tuple[tuple[Any, ...], ...] = (
    (X, CLASSES),
    (X, 1 + X[:, 0]),
    (X, np.c_[CLASSES, 1 - CLASSES]),
    (["one two", "two three", "four five one"],),
    (X[:, 0], X[:, 1]),
    ([["a"], ["a", "b"]],),
    ([{"a": 1, "b": "x"}, {"a": 2.5, "b": "y"}],),
    (["a", "b", "c"],),
    (X @ X.T,),
)
"""What one estimator or another can be fitted to."""
ESTIMATORS = all_estimators()


def fitted(cls: type[Any]) -> Any:
    """An estimator of a class, fitted; None if it accepts nothing of the above."""
    small = small_models()
    inner = small["classifier"]
    default, *faster = makers(cls, small)
    ways: list[Callable[[], Any]] = [*faster, default, lambda: cls(inner, {"C": [1, 2]})]
    ways.append(lambda: cls(inner.fit(X, CLASSES)))
    for make in ways:
        if attempt(make, cls.__name__) is not None:
            for data in DATA:
                found = attempt(partial(_fit, make, data), cls.__name__)
                if found is not None:
                    return found
    return None


def _fit(make: Callable[[], Any], data: tuple[Any, ...]) -> Any:
    return make().fit(*data)


@pytest.mark.parametrize(("name", "cls"), ESTIMATORS, ids=[name for name, _ in ESTIMATORS])
def test_parameters_are_those_of_get_params(name: str, cls: type[Any]) -> None:
    with warnings.catch_warnings(action="ignore"), np.errstate(all="ignore"):
        model = fitted(cls)
    assert model is not None, f"nothing here fits {name}"
    truth = ground_truth(model)["estimators"]
    seen = survey(graph_of(pickle.dumps(model)).roots, len(truth) + 1, Budget()).estimators
    assert len(seen) == len(truth)
    for found, one in zip(seen, truth, strict=True):
        tree = estimator_tree((found.node,), Budget())
        assert tree is not None
        assert sorted(tree.parameters) == one["params"], (found.path, one["type"])


@pytest.mark.parametrize(
    ("version", "names"),
    [
        ("1.6.1", {"loss"}),
        ("0.24.2", {"loss"}),
        ("1.7.0", set[str]()),
        ("1.10.dev0", set[str]()),
        ("1", set[str]()),
        ("x.y", set[str]()),
        ("9" * 5000 + ".1", set[str]()),
        (None, set[str]()),
    ],
)  # fmt: skip
def test_what_became_a_parameter_later(version: str | None, names: set[str]) -> None:
    assert not_parameters("sklearn.neural_network._multilayer_perceptron", "MLPRegressor", version) == names


def test_a_class_of_another_package_is_not_asked_about() -> None:
    assert not_parameters("sklearn.svm._classes", "SVR", None)
    assert not not_parameters("mine.svm._classes", "SVR", None)
    assert not not_parameters("<by value>.sklearn.svm", "SVR", None)
