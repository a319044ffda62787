"""Which public attributes of scikit-learn's estimators are no parameters.

An object's state does not tell: a class that shares its constructor with others (`SVR` with `SVC`, a forest
with bagging) has attributes that look like parameters, and that nobody can set. Names that became parameters
later have the version from which on they are: `loss<1.7`. A test compares the table with `get_params()` of
every estimator of the scikit-learn that is installed; by hand it was compared with those of 1.0 to 1.9.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from .roles import public_package

_FOREST: Final = "base_estimator estimator estimator_params"
_PASSIVE: Final = "alpha eta0 l1_ratio learning_rate penalty power_t"
_PLS: Final = "algorithm deflation_mode mode"
_VECTORS: Final = "class_weight epsilon probability random_state"

# Sub-package -> class -> the attributes.
_NO_PARAMETERS: Final[Mapping[str, Mapping[str, str]]] = {
    "sklearn.cluster": {"MiniBatchKMeans": "algorithm copy_x"},
    "sklearn.covariance": {"GraphicalLasso": "store_precision", "GraphicalLassoCV": "alpha store_precision"},
    "sklearn.cross_decomposition": {
        "CCA": _PLS,
        "PLSCanonical": "deflation_mode mode",
        "PLSRegression": _PLS,
    },
    "sklearn.decomposition": {"MiniBatchSparsePCA": "U_init V_init max_iter<1.2 tol<1.2"},
    "sklearn.ensemble": {
        "AdaBoostClassifier": "estimator_params",
        "AdaBoostRegressor": "estimator_params",
        "BaggingClassifier": "estimator_params",
        "BaggingRegressor": "estimator_params",
        "ExtraTreesClassifier": _FOREST,
        "ExtraTreesRegressor": f"{_FOREST} class_weight",
        "GradientBoostingClassifier": "alpha",
        "IsolationForest": f"{_FOREST} bootstrap_features oob_score",
        "RandomForestClassifier": _FOREST,
        "RandomForestRegressor": f"{_FOREST} class_weight",
        "RandomTreesEmbedding": f"{_FOREST} bootstrap class_weight max_samples oob_score",
        "StackingRegressor": "stack_method",
    },
    "sklearn.gaussian_process": {"_BinaryGaussianProcessClassifierLaplace": "f_cached rng"},
    "sklearn.linear_model": {
        "GammaRegressor": "link solver<1.2",
        "LarsCV": "fit_path jitter n_nonzero_coefs random_state",
        "Lasso": "l1_ratio",
        "LassoLarsIC": "fit_path",
        "MultiTaskLasso": "l1_ratio",
        "MultiTaskLassoCV": "positive precompute",
        "PassiveAggressiveClassifier": f"{_PASSIVE} epsilon",
        "PassiveAggressiveRegressor": _PASSIVE,
        "Perceptron": "C average epsilon learning_rate loss power_t",
        "PoissonRegressor": "link solver<1.2",
        "RidgeClassifierCV": "alpha_per_target gcv_mode",
        "SGDClassifier": "C",
        "SGDOneClassSVM": (
            "C alpha early_stopping epsilon l1_ratio loss n_iter_no_change penalty validation_fraction"
        ),
        "SGDRegressor": "C",
        "TweedieRegressor": "solver<1.2",
    },
    "sklearn.model_selection": {
        "HalvingGridSearchCV": "pre_dispatch",
        "HalvingRandomSearchCV": "pre_dispatch",
    },
    "sklearn.neighbors": {
        "KNeighborsClassifier": "radius",
        "KNeighborsRegressor": "radius",
        "KNeighborsTransformer": "radius",
        "LocalOutlierFactor": "radius",
        "RadiusNeighborsClassifier": "n_neighbors",
        "RadiusNeighborsRegressor": "n_neighbors",
        "RadiusNeighborsTransformer": "n_neighbors",
    },
    "sklearn.neural_network": {"MLPClassifier": "loss", "MLPRegressor": "loss<1.7"},
    "sklearn.random_projection": {"GaussianRandomProjection": "dense_output"},
    "sklearn.semi_supervised": {"LabelPropagation": "alpha"},
    "sklearn.svm": {
        "NuSVC": "C epsilon",
        "NuSVR": _VECTORS,
        "OneClassSVM": f"{_VECTORS} C",
        "SVC": "epsilon nu",
        "SVR": "class_weight nu probability random_state",
    },
    "sklearn.tree": dict.fromkeys(("DecisionTreeRegressor", "ExtraTreeRegressor"), "class_weight"),
}
_RELEASE: Final = re.compile(r"([0-9]{1,4})\.([0-9]{1,4})", re.ASCII)


def not_parameters(module: str, name: str, version: str | None) -> frozenset[str]:
    """The public attributes of a class that are no parameters in a version (None: the newest)."""
    written = _NO_PARAMETERS.get(public_package(module), {}).get(name, "")
    release = _release(version or "")
    found: set[str] = set()
    for attribute in written.split():
        shown, _, since = attribute.partition("<")
        if not since or (release is not None and release < (_release(since) or ())):
            found.add(shown)
    return frozenset(found)


def _release(version: str) -> tuple[int, ...] | None:
    matched = _RELEASE.match(version)
    return None if matched is None else (int(matched[1]), int(matched[2]))
