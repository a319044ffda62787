"""The models that other tests look at: they can be made, saved, really loaded, and truthfully described."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import joblib
import modelzoo
import pytest


@pytest.mark.parametrize("name", modelzoo.ZOO)
def test_a_loaded_model_is_described_as_the_one_that_was_saved(name: str, tmp_path: Path) -> None:
    model = modelzoo.model(name)
    truth = modelzoo.ground_truth(model)
    assert json.loads(json.dumps(truth)) == truth
    for protocol in (0, 2, 5):
        assert modelzoo.ground_truth(pickle.loads(pickle.dumps(model, protocol))) == truth
    path = tmp_path / "model.joblib"
    joblib.dump(model, path)
    loaded = modelzoo.ground_truth(joblib.load(path))
    # joblib writes an array once a reference, so what was shared comes back several times.
    assert loaded["estimators"] == truth["estimators"]
    assert [array for array in loaded["arrays"] if array in truth["arrays"]] == truth["arrays"]


def test_the_truth_of_a_pipeline() -> None:
    truth = modelzoo.ground_truth(modelzoo.model("pipeline"))
    assert [(found["path"], found["type"]) for found in truth["estimators"]] == [
        ("", "Pipeline"),
        (".steps[0][1]", "StandardScaler"),
        (".steps[1][1]", "LogisticRegression"),
    ]
    scaler, model = truth["estimators"][1:]
    assert scaler["params"] == ["copy", "with_mean", "with_std"]
    assert scaler["fitted"] == ["mean_", "n_features_in_", "n_samples_seen_", "scale_", "var_"]
    assert model["classes"] == [0, 1]
    assert model["n_features_in"] == 4
    coefficients = {"path": ".steps[1][1].coef_", "dtype": "<f8", "shape": [1, 4], "bytes": 32}
    assert coefficients in truth["arrays"]


def test_the_truth_of_what_has_its_state_elsewhere() -> None:
    tree = modelzoo.ground_truth(modelzoo.model("tree"))["arrays"]
    assert {".tree_.nodes", ".tree_.values"} <= {array["path"] for array in tree}
    ball = modelzoo.ground_truth(modelzoo.model("ball_tree"))["arrays"]
    assert "._tree.__getstate__()[1]" in {array["path"] for array in ball}
