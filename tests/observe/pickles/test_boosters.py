"""Files that xgboost, lightgbm and catboost wrote (tests/vectors/models), and what loading them gave."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from obs.cas.operations.inspect import Inspected, inspect_path

FOLDER = Path(__file__).parents[2] / "vectors" / "models"
EXPECTED: dict[str, dict[str, Any]] = json.loads((FOLDER / "expected.json").read_text())
every_file = pytest.mark.parametrize("name", EXPECTED)


def inspected(name: str) -> Inspected:
    return inspect_path(str(FOLDER / name), fingerprint=False)


def nodes(tree: dict[str, Any]) -> list[dict[str, Any]]:
    return [tree, *(node for child in tree["children"] for node in nodes(child))]


def test_every_file_is_expected() -> None:
    assert set(EXPECTED) == {path.name for path in FOLDER.iterdir() if path.suffix in {".pkl", ".joblib"}}


@every_file
def test_the_file_is_seen_whole_and_its_names_are_known(name: str) -> None:
    found = inspected(name)
    assert found.complete
    assert found.problems == []
    assert {row["grade"] for row in found.globals} == {"known"}, found.globals
    assert found.format["protocol"] == EXPECTED[name]["protocol"]


@every_file
def test_the_model_is_what_loading_gives(name: str) -> None:
    found, expected = inspected(name), EXPECTED[name]
    assert found.tree is not None
    assert found.model is not None
    told = [(node["module"], node["type"]) for node in nodes(found.tree)]
    for module, kind in expected["chain"]:
        assert (module, kind) in told
    assert told[0] == tuple(expected["chain"][0])
    module, kind = expected["chain"][-1]
    calibrated = expected["chain"][0][1] == "CalibratedClassifierCV"
    if not calibrated:  # it is a classifier itself
        assert (found.model["module"], found.model["type"]) == (module, kind)
    assert found.model["kind"] == expected["kind"]
    assert found.has_preprocessing is ("pipeline" in name)


@every_file
def test_parameters_are_what_loading_gives(name: str) -> None:
    found, expected = inspected(name), EXPECTED[name]
    assert found.tree is not None
    final = next(node for node in nodes(found.tree) if node["type"] == expected["chain"][-1][1])
    told = final["parameters"]
    for parameter, value in expected["parameters"].items():
        assert told[parameter] == value, parameter


@every_file
def test_features_and_classes_are_those_of_the_loaded_model_or_not_known(name: str) -> None:
    """xgboost and catboost keep them within the bytes of the booster, which are not looked into."""
    found, expected = inspected(name), EXPECTED[name]
    own = expected["chain"][-1][0].split(".")[0] in {"xgboost", "catboost"}
    scaled = "pipeline" in name  # the scaler tells
    assert found.n_features_in == (None if own and not scaled else expected["n_features_in"])
    assert found.classes == (None if own else expected["classes"])


@every_file
def test_only_versions_that_stand_in_the_file_are_told(name: str) -> None:
    """A pickled lightgbm or xgboost model does not say, outside of the booster's bytes, what wrote it."""
    found, expected = inspected(name), EXPECTED[name]
    assert found.libraries in ({}, {"scikit-learn": expected["written_by"]["scikit-learn"]})
