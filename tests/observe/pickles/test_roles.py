"""The roles of estimators, compared with what the installed scikit-learn says about each of its classes."""

from __future__ import annotations

import importlib
import warnings
from typing import Any

import pytest
import sklearn.utils
from obs.cas.observe.pickles.roles import (
    CLASSIFIER,
    CLUSTERER,
    DENSITY_ESTIMATOR,
    MODEL_ROLES,
    OUTLIER_DETECTOR,
    PREPARING_ROLES,
    REGRESSOR,
    kind_of,
    listed_role,
    public_package,
    role_of,
)

# Packages in which a class need not stand in the table: all in them have one role. What does not have it
# stands in the table, and the tests below would tell.
ONE_ROLE = {
    "sklearn.calibration",
    "sklearn.cluster",
    "sklearn.compose",
    "sklearn.covariance",
    "sklearn.decomposition",
    "sklearn.discriminant_analysis",
    "sklearn.feature_extraction",
    "sklearn.feature_selection",
    "sklearn.frozen",
    "sklearn.impute",
    "sklearn.isotonic",
    "sklearn.kernel_approximation",
    "sklearn.kernel_ridge",
    "sklearn.manifold",
    "sklearn.mixture",
    "sklearn.model_selection",
    "sklearn.multiclass",
    "sklearn.naive_bayes",
    "sklearn.pipeline",
    "sklearn.preprocessing",
    "sklearn.random_projection",
    "sklearn.semi_supervised",
}


def estimators(type_filter: str | None = None) -> list[tuple[str, Any]]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # scikit-learn imports its own deprecated modules
        for name in ("enable_iterative_imputer", "enable_halving_search_cv"):
            importlib.import_module(f"sklearn.experimental.{name}")
        found: list[tuple[str, Any]] = sklearn.utils.all_estimators(type_filter=type_filter)
    return found


ALL = estimators()
OF_TYPE = {
    kind: {name for name, _ in estimators(kind)}
    for kind in ("classifier", "regressor", "transformer", "cluster")
}


@pytest.mark.parametrize(("name", "cls"), ALL, ids=[name for name, _ in ALL])
class TestEveryEstimator:
    def test_has_a_role(self, name: str, cls: Any) -> None:
        if public_package(cls.__module__) in ONE_ROLE:
            assert role_of(cls.__module__, name) is not None
        else:  # a new release has a new class: add it to roles.py
            assert listed_role(cls.__module__, name) is not None

    def test_has_the_kind_that_scikit_learn_gives_it(self, name: str, cls: Any) -> None:
        kind = kind_of(cls.__module__, name)
        said = getattr(cls, "_estimator_type", None)  # until scikit-learn 1.6; tags from then on
        assert (kind == CLASSIFIER) == (name in OF_TYPE["classifier"] or said == "classifier")
        assert (kind == REGRESSOR) == (name in OF_TYPE["regressor"])
        assert (kind == CLUSTERER) == (name in OF_TYPE["cluster"] or hasattr(cls, "biclusters_"))
        if said in ("outlier_detector", "density_estimator"):
            assert kind == said.replace("_", " ")
        assert (kind == OUTLIER_DETECTOR) == ("OutlierMixin" in {base.__name__ for base in cls.__mro__})

    def test_that_prepares_data_transforms(self, name: str, cls: Any) -> None:
        if role_of(cls.__module__, name) in PREPARING_ROLES:
            # Some of sklearn.manifold only know the points that they were fitted to.
            assert hasattr(cls, "transform") or hasattr(cls, "fit_transform")
        elif kind_of(cls.__module__, name) is None:
            assert name not in OF_TYPE["transformer"] or public_package(cls.__module__) in (
                "sklearn.compose", "sklearn.pipeline",
            )  # fmt: skip


def test_density_estimators_are_what_scikit_learn_calls_so() -> None:
    found = {name for name, cls in ALL if kind_of(cls.__module__, name) == DENSITY_ESTIMATOR}
    assert found == {"BayesianGaussianMixture", "GaussianMixture", "KernelDensity"}


@pytest.mark.parametrize(
    ("module", "name", "role"),
    [
        ("sklearn.linear_model._logistic", "LogisticRegression", "classifier"),
        ("sklearn.linear_model.logistic", "LogisticRegression", "classifier"),
        ("sklearn.linear_model", "LogisticRegression", "classifier"),
        ("sklearn.ensemble.forest", "RandomForestRegressor", "regressor"),
        (
            "sklearn.ensemble._hist_gradient_boosting.gradient_boosting",
            "HistGradientBoostingRegressor",
            "regressor",
        ),
        ("sklearn.preprocessing.data", "StandardScaler", "preprocessing"),
        ("sklearn.preprocessing.imputation", "Imputer", "preprocessing"),
        ("sklearn.feature_extraction.text", "TfidfVectorizer", "feature extraction"),
        ("sklearn.cluster.k_means_", "KMeans", "clusterer"),
        ("sklearn.pipeline", "Pipeline", "composition"),
        ("sklearn.compose._target", "TransformedTargetRegressor", "composition"),
        ("sklearn.model_selection._search", "GridSearchCV", "model selection"),
        ("sklearn.grid_search", "GridSearchCV", "model selection"),
        ("sklearn.cross_decomposition.pls_", "PLSRegression", "regressor"),
        ("sklearn.svm.classes", "OneClassSVM", "outlier detector"),
        ("xgboost.sklearn", "XGBClassifier", "classifier"),
        ("lightgbm.sklearn", "LGBMRanker", "ranker"),
        ("catboost.core", "CatBoostRegressor", "regressor"),
        ("imblearn.pipeline", "Pipeline", "composition"),
        # newer than the table: the sub-package tells, where it has one role
        ("sklearn.preprocessing._later", "RotatingScaler", "preprocessing"),
        ("sklearn.linear_model._later", "LaterRegressor", None),
        # no estimators
        ("sklearn.ensemble._hist_gradient_boosting.binning", "_BinMapper", None),
        ("sklearn.feature_selection._univariate_selection", "chi2", None),
        ("sklearn.tree._tree", "Tree", None),
        # whoever else uses the same names
        ("__main__", "LogisticRegression", None),
        ("sklearn_extra.cluster", "KMeans", None),
        ("mysklearn.pipeline", "Pipeline", None),
        ("sklearn", "Pipeline", None),
        ("", "", None),
    ],
)
def test_role_by_name(module: str, name: str, role: str | None) -> None:
    assert role_of(module, name) == role


@pytest.mark.parametrize(
    ("module", "name", "kind"),
    [
        ("sklearn.compose._target", "TransformedTargetRegressor", "regressor"),
        ("sklearn.pipeline", "Pipeline", None),
        ("sklearn.decomposition._pca", "PCA", None),
        ("sklearn.covariance._empirical_covariance", "EmpiricalCovariance", None),
        ("sklearn.mixture._gaussian_mixture", "GaussianMixture", "density estimator"),
    ],
)
def test_kind_by_name(module: str, name: str, kind: str | None) -> None:
    assert kind_of(module, name) == kind
    assert kind is None or kind in MODEL_ROLES
