"""Small fitted models of every shape that people save, and the truth about them.

`ZOO` names the builders; `model(name)` gives a fitted one, made once a process. All are seeded: a model is
the same in every process of the same libraries. `ground_truth` (of modeltruth.py) walks a model that was
really loaded, and tells in plain values what a view without loading must find.
"""

from __future__ import annotations

import functools
import sys
import types
import warnings
from collections.abc import Callable
from typing import Any, Final

import numpy as np
import pandas as pd
import scipy.sparse
from modeltruth import ground_truth
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.cluster import KMeans
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor, make_column_selector
from sklearn.decomposition import PCA, TruncatedSVD
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import (
    BaggingClassifier,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    IsolationForest,
    RandomForestClassifier,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.feature_selection import SelectKBest, f_classif
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge, SGDClassifier
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV, StratifiedKFold
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import MultiOutputClassifier, MultiOutputRegressor
from sklearn.naive_bayes import GaussianNB, MultinomialNB
from sklearn.neighbors import KNeighborsClassifier, NearestNeighbors
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, OrdinalEncoder, StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier
from threadpoolctl import threadpool_limits

__all__ = ["ROWS", "ZOO", "Clip", "frame", "ground_truth", "model", "numbers"]

ROWS: Final = 60
_SCRIPT_MODULE: Final = "modelzoo_script"
"""A module that stands for a training script: whoever loads its models imports modelzoo first."""

ZOO: dict[str, Callable[[], Any]] = {}
"""Name -> what builds the model, fitted where models of its kind are fitted."""


def _entry(builder: Callable[[], Any]) -> Callable[[], Any]:
    ZOO[builder.__name__] = builder
    return builder


@functools.cache
def model(name: str) -> Any:
    """The model of this name; the same object each time, which nobody changes."""
    # One thread: OpenMP's threads wait for each other in a loop, and for seconds where tests share the cores.
    with warnings.catch_warnings(), threadpool_limits(limits=1):
        warnings.simplefilter("ignore")  # so few rows that some do not converge, and nobody minds
        return ZOO[name]()


# ------------------------------------------------------------------------------------------------ data


@functools.cache
def numbers() -> Any:
    """ROWS × 4 numbers, float64."""
    return np.random.default_rng(7).normal(size=(ROWS, 4))


def two() -> Any:
    """A class 0 or 1 a row."""
    return (numbers()[:, 0] + numbers()[:, 1] > 0).astype(int)


def three() -> Any:
    """A class 0, 1 or 2 a row."""
    return np.arange(ROWS) % 3


def words() -> Any:
    """A class a row, as text."""
    return np.array(["ham", "spam", "eggs"])[three()]


def values() -> Any:
    """A positive number a row."""
    return np.exp(numbers()[:, 0] + 0.5 * numbers()[:, 1])


def texts() -> list[str]:
    """A document a row."""
    return [f"word{row % 7} and word{row % 5} again, naïve" for row in range(ROWS)]


@functools.cache
def frame() -> Any:
    """A table with numbers (one missing), categories and text, whose columns have names."""
    table = pd.DataFrame(numbers()[:, :2].copy(), columns=["age", "income"])  # pandas 2 would write into it
    table["city"] = np.array(["Bern", "Köln", "Wien"])[three()]
    table["note"] = texts()
    table.loc[3, "age"] = np.nan
    return table


def _columns(**more: Any) -> Any:
    return ColumnTransformer(
        [
            ("num", Pipeline([("fill", SimpleImputer()), ("scale", StandardScaler())]), ["age", "income"]),
            ("cat", OneHotEncoder(handle_unknown="ignore"), ["city"]),
        ],
        **more,
    )


# ------------------------------------------------------------------------------------- bare estimators


@_entry
def logistic() -> Any:
    return LogisticRegression(C=0.5).fit(numbers(), two())


@_entry
def text_classes() -> Any:
    return LogisticRegression().fit(numbers(), words())


@_entry
def linear_regression() -> Any:
    return LinearRegression().fit(numbers(), values())


@_entry
def ridge_of_float32() -> Any:
    return Ridge(alpha=2).fit(numbers().astype("f4"), values().astype("f4"))


@_entry
def sgd_sparse_coefficients() -> Any:
    return SGDClassifier(penalty="l1", random_state=0).fit(numbers(), three()).sparsify()


@_entry
def tree() -> Any:
    return DecisionTreeClassifier(max_depth=3, random_state=0).fit(numbers(), three())


@_entry
def forest() -> Any:
    return RandomForestClassifier(8, max_depth=4, random_state=0).fit(numbers(), three())


@_entry
def forest_two_outputs() -> Any:
    return RandomForestClassifier(3, max_depth=3, random_state=0).fit(numbers(), np.c_[two(), three()])


@_entry
def extra_trees() -> Any:
    return ExtraTreesRegressor(4, max_depth=3, random_state=np.random.RandomState(0)).fit(numbers(), values())


@_entry
def gradient_boosting() -> Any:
    return GradientBoostingClassifier(n_estimators=3, max_depth=2, random_state=0).fit(numbers(), three())


@_entry
def hist_gradient_boosting() -> Any:
    return HistGradientBoostingClassifier(max_iter=3, max_leaf_nodes=4, random_state=0).fit(
        numbers(), three()
    )


@_entry
def hist_gradient_boosting_categories() -> Any:
    table = frame()[["age", "city"]].astype({"city": "category"})
    booster = HistGradientBoostingRegressor(max_iter=2, categorical_features="from_dtype", random_state=0)
    return booster.fit(table, values())


@_entry
def nearest_neighbors() -> Any:
    return KNeighborsClassifier(3, algorithm="kd_tree").fit(numbers(), two())


@_entry
def ball_tree() -> Any:
    return NearestNeighbors(algorithm="ball_tree", metric="manhattan").fit(numbers())


@_entry
def svc() -> Any:
    return SVC(gamma="scale", random_state=0).fit(numbers(), three())


@_entry
def svc_of_sparse() -> Any:
    return SVC(kernel="linear").fit(scipy.sparse.csr_matrix(numbers()), two())


@_entry
def kmeans() -> Any:
    return KMeans(3, n_init=1, random_state=0).fit(numbers())


@_entry
def isolation_forest() -> Any:
    return IsolationForest(n_estimators=3, random_state=0).fit(numbers())


@_entry
def pca() -> Any:
    return PCA(2, random_state=0).fit(pd.DataFrame(numbers(), columns=list("abcd")))


@_entry
def select_k_best() -> Any:
    return SelectKBest(f_classif, k=2).fit(numbers(), two())


@_entry
def tfidf() -> Any:
    return TfidfVectorizer(ngram_range=(1, 2)).fit(texts())


@_entry
def ordinal_encoder() -> Any:
    return OrdinalEncoder().fit(frame()[["city"]])


@_entry
def mlp() -> Any:
    return MLPClassifier((5, 3), max_iter=5, random_state=0).fit(numbers(), two())


@_entry
def naive_bayes() -> Any:
    return GaussianNB().fit(numbers(), words())


@_entry
def dummy() -> Any:
    return DummyClassifier().fit(numbers(), two())


@_entry
def not_fitted() -> Any:
    return Pipeline([("scale", StandardScaler(with_mean=False)), ("model", LogisticRegression(max_iter=7))])


# --------------------------------------------------------------------------------------- compositions


@_entry
def pipeline() -> Any:
    return Pipeline([("scale", StandardScaler()), ("model", LogisticRegression())]).fit(numbers(), two())


@_entry
def nested_pipeline() -> Any:
    prepare = Pipeline(
        [("scale", StandardScaler()), ("reduce", Pipeline([("pca", PCA(2)), ("skip", "passthrough")]))]
    )
    return Pipeline([("prepare", prepare), ("off", None), ("model", LogisticRegression())]).fit(
        numbers(), two()
    )


@_entry
def column_transformer() -> Any:
    return Pipeline([("columns", _columns()), ("model", LogisticRegression())]).fit(frame(), two())


@_entry
def column_transformer_rest() -> Any:
    columns = ColumnTransformer(
        [
            ("num", StandardScaler(), make_column_selector(dtype_include="number")),
            ("text", TfidfVectorizer(), "note"),
            ("drop", "drop", [2]),
            ("same", "passthrough", slice(0, 1)),
        ],
        remainder="passthrough",
        sparse_threshold=0,
    )
    return columns.fit(frame())


@_entry
def pandas_output() -> Any:
    columns = _columns(remainder="drop").set_params(cat__sparse_output=False).set_output(transform="pandas")
    return Pipeline([("columns", columns), ("model", DecisionTreeClassifier(max_depth=2))]).fit(
        frame(), two()
    )


@_entry
def feature_union() -> Any:
    union = FeatureUnion([("pca", PCA(2)), ("best", SelectKBest(k=1))], transformer_weights={"pca": 0.5})
    return Pipeline([("union", union), ("model", GaussianNB())]).fit(numbers(), two())


@_entry
def grid_search() -> Any:
    steps = Pipeline([("scale", StandardScaler()), ("model", SVC())])
    grid = {"model__C": [0.1, 1.0], "model__kernel": ["linear", "rbf"]}
    return GridSearchCV(steps, grid, cv=StratifiedKFold(2), scoring="f1_macro").fit(numbers(), three())


@_entry
def randomized_search() -> Any:
    from scipy import stats

    spread = {
        "alpha": stats.loguniform(1e-3, 1),
        "max_iter": stats.randint(50, 90),
        "tol": stats.uniform(0.001, 0.1),
    }
    search = RandomizedSearchCV(SGDClassifier(random_state=0), spread, n_iter=2, cv=2, random_state=0)
    return search.fit(numbers(), two())


@_entry
def stacking() -> Any:
    members = [("tree", DecisionTreeClassifier(max_depth=2)), ("bayes", GaussianNB())]
    return StackingClassifier(members, final_estimator=LogisticRegression(), cv=2).fit(numbers(), two())


@_entry
def voting() -> Any:
    members = [("a", LogisticRegression()), ("b", GaussianNB()), ("c", "drop")]
    return VotingClassifier(members, voting="soft", weights=[1, 2, 1]).fit(numbers(), words())


@_entry
def calibrated() -> Any:
    return CalibratedClassifierCV(SVC(), cv=2).fit(numbers(), two())


@_entry
def calibrated_isotonic() -> Any:
    return CalibratedClassifierCV(GaussianNB(), method="isotonic", cv=2).fit(numbers(), three())


@_entry
def multi_output() -> Any:
    return MultiOutputClassifier(LogisticRegression()).fit(numbers(), np.c_[two(), three()])


@_entry
def multi_output_regressor() -> Any:
    return MultiOutputRegressor(Ridge()).fit(numbers(), np.c_[values(), values() ** 2])


@_entry
def one_vs_rest() -> Any:
    return OneVsRestClassifier(LogisticRegression()).fit(numbers(), words())


@_entry
def bagging() -> Any:
    return BaggingClassifier(DecisionTreeClassifier(max_depth=2), 3, random_state=0).fit(numbers(), two())


@_entry
def transformed_target() -> Any:
    steps = Pipeline([("scale", StandardScaler()), ("model", Ridge())])
    return TransformedTargetRegressor(steps, func=np.log1p, inverse_func=np.expm1).fit(numbers(), values())


@_entry
def function_transformer() -> Any:
    steps = [("abs", FunctionTransformer(np.abs, feature_names_out="one-to-one")), ("model", MultinomialNB())]
    return Pipeline(steps).fit(numbers(), two())


@_entry
def text_pipeline() -> Any:
    steps = [("words", TfidfVectorizer()), ("svd", TruncatedSVD(2, random_state=0)), ("model", GaussianNB())]
    return Pipeline(steps).fit(texts(), words())


# ------------------------------------------------------------------------- more than one, and others'


@_entry
def dict_of_models() -> Any:
    return {"model": logistic(), "scaler": StandardScaler().fit(numbers()), "threshold": 0.3, "note": "v2"}


@_entry
def list_of_models() -> Any:
    shared = StandardScaler().fit(numbers())
    return [shared, logistic(), shared, (tree(), numbers()[:3])]


class Clip(TransformerMixin, BaseEstimator):  # type: ignore[misc]  # its base is Any
    """Somebody's own transformer, from the training script."""

    def __init__(self, low: float = -1.0, high: float = 1.0) -> None:
        self.low = low
        self.high = high

    def fit(self, x: Any, y: Any = None) -> Clip:
        self.n_features_in_ = x.shape[1]
        self.seen_min_ = x.min(axis=0)
        return self

    def transform(self, x: Any) -> Any:
        return np.clip(x, self.low, self.high)


# Pickle finds a class by its module, which has to be there under that name.
Clip.__module__ = _SCRIPT_MODULE
_script = types.ModuleType(_SCRIPT_MODULE)
_script.__dict__["Clip"] = Clip
sys.modules[_SCRIPT_MODULE] = _script


@_entry
def class_of_the_script() -> Any:
    return Pipeline([("clip", Clip(high=2.0)), ("model", LogisticRegression())]).fit(numbers(), two())


def main() -> None:
    """Prints how long each model takes to build."""
    import time

    start = time.perf_counter()
    for name in ZOO:
        before = time.perf_counter()
        model(name)
        print(f"{time.perf_counter() - before:7.3f} s  {name}")
    print(f"{time.perf_counter() - start:7.3f} s  all {len(ZOO)}")


if __name__ == "__main__":
    main()
