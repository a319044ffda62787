"""Make a model file to look into. In a process of its own, for scikit-learn is large and the harness is not.

python make_model.py forest  SIZE_BYTES model.pkl      # 300 trees, about as many bytes
python make_model.py kneighbors SIZE_BYTES model.joblib
python make_model.py tfidf   WORDS model.pkl
python make_model.py pipeline SIZE_BYTES model.pkl     # with inputs.SALT in it, for copies that differ
"""

import pickle
import sys
from pathlib import Path

import inputs
import joblib  # type: ignore[import-untyped, unused-ignore]  # has no types
import numpy as np
from sklearn.ensemble import ExtraTreesRegressor  # type: ignore[import-untyped, unused-ignore]  # has no types
from sklearn.feature_extraction.text import TfidfVectorizer  # type: ignore[import-untyped, unused-ignore]  # has no types
from sklearn.neighbors import KNeighborsClassifier  # type: ignore[import-untyped, unused-ignore]  # has no types
from sklearn.pipeline import make_pipeline  # type: ignore[import-untyped, unused-ignore]  # has no types
from sklearn.preprocessing import StandardScaler  # type: ignore[import-untyped, unused-ignore]  # has no types

_TREES = 300
_NODE_BYTES = 64 + 8
"""Of a regression tree: what `Tree.nodes` and `Tree.values` hold of a node."""
_FEATURES = 64


def forest(size_bytes: int) -> object:
    """Trees that are grown until each leaf has one row: twice as many nodes as rows."""
    draw = np.random.default_rng(0)
    rows = size_bytes // (2 * _NODE_BYTES * _TREES)
    model = ExtraTreesRegressor(_TREES, max_features=1, n_jobs=-1, random_state=0)
    return model.fit(draw.random((rows, 4)), draw.random(rows))


def kneighbors(size_bytes: int) -> KNeighborsClassifier:
    """One array, and a label a row."""
    rows = size_bytes // (8 * _FEATURES)
    data = np.random.default_rng(0).random((rows, _FEATURES))
    return KNeighborsClassifier(algorithm="brute").fit(data, np.arange(rows) % 2)


def tfidf(words: int) -> object:
    """A vocabulary of so many words."""
    return TfidfVectorizer().fit([" ".join(f"word{number}" for number in range(words))])


def pipeline(size_bytes: int) -> object:
    """A scaler and a model, as a typical run writes it."""
    model = make_pipeline(StandardScaler(), kneighbors(size_bytes).set_params(n_neighbors=7))
    rows = size_bytes // (8 * _FEATURES)
    model.fit(np.random.default_rng(0).random((rows, _FEATURES)), np.arange(rows) % 2)
    model.salt_ = inputs.SALT
    return model


def main(kind: str, size: str, path: Path) -> None:
    model = {"forest": forest, "kneighbors": kneighbors, "tfidf": tfidf, "pipeline": pipeline}[kind](
        int(size)
    )
    if path.suffix == ".joblib":
        joblib.dump(model, path)
    else:
        with open(path, "wb") as file:
            pickle.dump(model, file, protocol=5)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
