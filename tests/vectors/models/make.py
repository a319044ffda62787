"""Makes the model files here, and writes down what loading them gives: see README.md.

    python make.py NAME    (with the packages that are to write them; NAME is the prefix of the files)
"""

from __future__ import annotations

import importlib.metadata
import json
import pickle
import sys
from pathlib import Path
from typing import Any

import joblib
import lightgbm
import numpy as np
import xgboost
from sklearn.calibration import CalibratedClassifierCV
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

HERE = Path(__file__).parent
PACKAGES = ("catboost", "joblib", "lightgbm", "numpy", "scikit-learn", "xgboost", "xgboost-cpu")


def models() -> dict[str, tuple[Any, str, int]]:
    """The models, fitted, and how each is written: the file's extension, the protocol."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(60, 3))
    y = np.where(x[:, 0] > 0, 1, 0)
    words = np.where(y > 0, "yes", "no")
    small = {"n_estimators": 1, "max_depth": 1}
    quiet = {**small, "num_leaves": 2, "min_child_samples": 2, "verbose": -1}
    xgb = Pipeline([("scale", StandardScaler()), ("model", xgboost.XGBClassifier(**small, gamma=0.5))])
    search = GridSearchCV(xgboost.XGBClassifier(**small), {"learning_rate": [0.1, 0.3]}, cv=2)
    lgbm = Pipeline([("scale", StandardScaler()), ("model", lightgbm.LGBMClassifier(**quiet))])
    made = {
        "xgb-pipeline": (xgb.fit(x, y), "pkl", 5),
        "xgb-search": (search.fit(x, y), "joblib", 2),
        "xgb-regressor": (xgboost.XGBRegressor(**small).fit(x, x[:, 0]), "joblib", 2),
        "xgb-ranker": (xgboost.XGBRanker(**small).fit(x, y, group=[30, 30]), "joblib", 4),
        "lgbm-pipeline": (lgbm.fit(x, words), "pkl", 4),
        "lgbm-calibrated": (CalibratedClassifierCV(lightgbm.LGBMClassifier(**quiet), cv=2).fit(x, y), "joblib", 5),
        "lgbm-regressor": (lightgbm.LGBMRegressor(**quiet).fit(x, x[:, 0]), "joblib", 2),
    }
    try:
        import catboost
    except ImportError:
        return made
    cat = catboost.CatBoostClassifier(iterations=1, depth=1, verbose=False, allow_writing_files=False)
    return {**made, "cat": (cat.fit(x, y), "joblib", 4)}


def truth(model: Any) -> dict[str, Any]:
    """What a loaded model says about itself."""
    chain = [model]
    while not hasattr(chain[-1], "get_booster") and not hasattr(chain[-1], "booster_"):
        last = chain[-1]
        if hasattr(last, "steps"):
            chain.append(last.steps[-1][1])
        elif hasattr(last, "best_estimator_"):
            chain.append(last.best_estimator_)
        elif hasattr(last, "calibrated_classifiers_"):
            chain.append(last.calibrated_classifiers_[0].estimator)
        else:
            break
    final = chain[-1]
    classes = getattr(model, "classes_", None)
    return {
        "chain": [[type(one).__module__, type(one).__name__] for one in chain],
        "kind": getattr(model, "_estimator_type", None) or model.__sklearn_tags__().estimator_type,
        "n_features_in": int(model.n_features_in_),
        "classes": None if classes is None or not len(classes) else np.asarray(classes).tolist(),
        "parameters": {
            name: value
            for name, value in final.get_params().items()
            if value is None or isinstance(value, (bool, int, float, str)) and value == value
        },
    }


def main(prefix: str) -> None:
    path = HERE / "expected.json"
    expected = json.loads(path.read_text()) if path.exists() else {}
    installed = {one.metadata["Name"]: one.version for one in importlib.metadata.distributions()}
    for name, (model, extension, protocol) in models().items():
        file = HERE / f"{prefix}-{name}.{extension}"
        if extension == "pkl":
            file.write_bytes(pickle.dumps(model, protocol))
            loaded = pickle.loads(file.read_bytes())
        else:
            joblib.dump(model, file, compress=("zlib", 9), protocol=protocol)
            loaded = joblib.load(file)
        written_by = {package: installed[package] for package in PACKAGES if package in installed}
        expected[file.name] = {"protocol": protocol, "written_by": written_by, **truth(loaded)}
    path.write_text(json.dumps(expected, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
