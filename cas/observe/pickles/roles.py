"""What an estimator does, told by the name of its class and the public package that the class is from.

Nothing is imported: the table below was written from scikit-learn's documentation, and a test compares it
with every estimator of the scikit-learn that is installed. The module is given as a file has it, and is
brought down to the public sub-package, for the private modules below it move from release to release:

    sklearn.linear_model._logistic  (0.22 and later)  ┐
    sklearn.linear_model.logistic   (before)          ┴>  sklearn.linear_model

A class can do several things. Its *role* is what its sub-package is for: KMeans, which also transforms, is a
clusterer, because sklearn.cluster is about that; PLSRegression, which also decomposes, is a regressor,
because that is what scikit-learn's own `is_regressor` says. Its *kind* is what a fitted one predicts: a
TransformedTargetRegressor is a composition by its role, and a regressor by its kind.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

COMPOSITION: Final = "composition"
MODEL_SELECTION: Final = "model selection"
PREPROCESSING: Final = "preprocessing"
FEATURE_EXTRACTION: Final = "feature extraction"
FEATURE_SELECTION: Final = "feature selection"
DECOMPOSITION: Final = "decomposition"
TRANSFORMER: Final = "transformer"
CLASSIFIER: Final = "classifier"
REGRESSOR: Final = "regressor"
RANKER: Final = "ranker"
CLUSTERER: Final = "clusterer"
OUTLIER_DETECTOR: Final = "outlier detector"
DENSITY_ESTIMATOR: Final = "density estimator"
COVARIANCE_ESTIMATOR: Final = "covariance estimator"
NEIGHBOR_SEARCH: Final = "neighbor search"

PREPARING_ROLES: Final = frozenset(
    {PREPROCESSING, FEATURE_EXTRACTION, FEATURE_SELECTION, DECOMPOSITION, TRANSFORMER}
)
"""The roles of what prepares data for a model."""

MODEL_ROLES: Final = frozenset(
    {CLASSIFIER, REGRESSOR, RANKER, CLUSTERER, OUTLIER_DETECTOR, DENSITY_ESTIMATOR}
)
"""The roles that are kinds of models as well."""

# Sub-package -> the role of every class in it that the next table does not name.
_PACKAGES: Final[Mapping[str, str]] = {
    "imblearn.pipeline": COMPOSITION,
    "sklearn.calibration": CLASSIFIER,
    "sklearn.cluster": CLUSTERER,
    "sklearn.compose": COMPOSITION,
    "sklearn.covariance": COVARIANCE_ESTIMATOR,
    "sklearn.decomposition": DECOMPOSITION,
    "sklearn.discriminant_analysis": CLASSIFIER,
    "sklearn.feature_extraction": FEATURE_EXTRACTION,
    "sklearn.feature_selection": FEATURE_SELECTION,
    "sklearn.frozen": COMPOSITION,
    "sklearn.grid_search": MODEL_SELECTION,  # until 0.19
    "sklearn.impute": PREPROCESSING,
    "sklearn.isotonic": REGRESSOR,
    "sklearn.kernel_approximation": TRANSFORMER,
    "sklearn.kernel_ridge": REGRESSOR,
    "sklearn.lda": CLASSIFIER,  # until 0.18
    "sklearn.manifold": DECOMPOSITION,
    "sklearn.mixture": DENSITY_ESTIMATOR,
    "sklearn.model_selection": MODEL_SELECTION,
    "sklearn.multiclass": CLASSIFIER,
    "sklearn.naive_bayes": CLASSIFIER,
    "sklearn.pipeline": COMPOSITION,
    "sklearn.preprocessing": PREPROCESSING,
    "sklearn.qda": CLASSIFIER,  # until 0.18
    "sklearn.random_projection": DECOMPOSITION,
    "sklearn.semi_supervised": CLASSIFIER,
}

# Sub-package -> role -> its classes: for packages that hold several roles, and for exceptions from the above.
_CLASSES: Final[Mapping[str, Mapping[str, str]]] = {
    "catboost.core": {
        CLASSIFIER: "CatBoostClassifier",
        RANKER: "CatBoostRanker",
        REGRESSOR: "CatBoostRegressor",
    },
    "lightgbm.sklearn": {
        CLASSIFIER: "LGBMClassifier",
        RANKER: "LGBMRanker",
        REGRESSOR: "LGBMRegressor",
    },
    "sklearn.covariance": {OUTLIER_DETECTOR: "EllipticEnvelope"},
    "sklearn.cross_decomposition": {
        DECOMPOSITION: "PLSSVD",
        REGRESSOR: "CCA PLSCanonical PLSRegression",
    },
    "sklearn.dummy": {CLASSIFIER: "DummyClassifier", REGRESSOR: "DummyRegressor"},
    "sklearn.ensemble": {
        CLASSIFIER: "AdaBoostClassifier BaggingClassifier ExtraTreesClassifier GradientBoostingClassifier"
        " HistGradientBoostingClassifier RandomForestClassifier StackingClassifier VotingClassifier",
        OUTLIER_DETECTOR: "IsolationForest",
        REGRESSOR: "AdaBoostRegressor BaggingRegressor ExtraTreesRegressor GradientBoostingRegressor"
        " HistGradientBoostingRegressor RandomForestRegressor StackingRegressor VotingRegressor",
        TRANSFORMER: "RandomTreesEmbedding",
    },
    "sklearn.gaussian_process": {
        CLASSIFIER: "GaussianProcessClassifier",
        REGRESSOR: "GaussianProcess GaussianProcessRegressor",  # GaussianProcess: until 0.19
    },
    "sklearn.linear_model": {
        CLASSIFIER: "LogisticRegression LogisticRegressionCV PassiveAggressiveClassifier Perceptron"
        " RidgeClassifier RidgeClassifierCV SGDClassifier",
        FEATURE_SELECTION: "RandomizedLasso RandomizedLogisticRegression",  # until 0.20
        OUTLIER_DETECTOR: "SGDOneClassSVM",
        REGRESSOR: "ARDRegression BayesianRidge ElasticNet ElasticNetCV GammaRegressor HuberRegressor Lars"
        " LarsCV Lasso LassoCV LassoLars LassoLarsCV LassoLarsIC LinearRegression MultiTaskElasticNet"
        " MultiTaskElasticNetCV MultiTaskLasso MultiTaskLassoCV OrthogonalMatchingPursuit"
        " OrthogonalMatchingPursuitCV PassiveAggressiveRegressor PoissonRegressor QuantileRegressor"
        " RANSACRegressor Ridge RidgeCV SGDRegressor TheilSenRegressor TweedieRegressor",
    },
    "sklearn.multioutput": {
        CLASSIFIER: "ClassifierChain MultiOutputClassifier",
        REGRESSOR: "MultiOutputRegressor RegressorChain",
    },
    "sklearn.neighbors": {
        CLASSIFIER: "KNeighborsClassifier NearestCentroid RadiusNeighborsClassifier",
        DENSITY_ESTIMATOR: "KernelDensity",
        NEIGHBOR_SEARCH: "LSHForest NearestNeighbors",  # LSHForest: until 0.20
        OUTLIER_DETECTOR: "LocalOutlierFactor",
        REGRESSOR: "KNeighborsRegressor RadiusNeighborsRegressor",
        TRANSFORMER: "KNeighborsTransformer NeighborhoodComponentsAnalysis RadiusNeighborsTransformer",
    },
    "sklearn.neural_network": {
        CLASSIFIER: "MLPClassifier",
        REGRESSOR: "MLPRegressor",
        TRANSFORMER: "BernoulliRBM",
    },
    "sklearn.svm": {
        CLASSIFIER: "LinearSVC NuSVC SVC",
        OUTLIER_DETECTOR: "OneClassSVM",
        REGRESSOR: "LinearSVR NuSVR SVR",
    },
    "sklearn.tree": {
        CLASSIFIER: "DecisionTreeClassifier ExtraTreeClassifier",
        REGRESSOR: "DecisionTreeRegressor ExtraTreeRegressor",
    },
    "xgboost.sklearn": {
        CLASSIFIER: "XGBClassifier XGBRFClassifier",
        RANKER: "XGBRanker",
        REGRESSOR: "XGBRFRegressor XGBRegressor",
    },
}

# What predicts, although it is there to compose or to select.
_KINDS: Final[Mapping[tuple[str, str], str]] = {
    ("sklearn.compose", "TransformedTargetRegressor"): REGRESSOR,
    ("sklearn.model_selection", "FixedThresholdClassifier"): CLASSIFIER,
    ("sklearn.model_selection", "TunedThresholdClassifierCV"): CLASSIFIER,
}


def public_package(module: str) -> str:
    """The public sub-package that a class is from, e.g. `sklearn.tree` for `sklearn.tree._classes`."""
    return ".".join(module.split(".", 2)[:2])


def listed_role(module: str, name: str) -> str | None:
    """The role that the table gives to exactly this class; None if only its package is in the table."""
    classes = _CLASSES.get(public_package(module), {})
    return next((role for role, names in classes.items() if name in names.split()), None)


def role_of(module: str, name: str) -> str | None:
    """The role of a class, as the module docstring tells; None where its name and package do not tell.

    A class of scikit-learn that is newer than the table has the role of its sub-package, if that has one.
    Helpers (`_BinMapper`) and functions (`chi2`) have none: an estimator's name begins with a capital.
    """
    listed = listed_role(module, name)
    if listed is not None:
        return listed
    return _PACKAGES.get(public_package(module)) if name[:1].isupper() else None


def kind_of(module: str, name: str) -> str | None:
    """What a model of this class is, one of MODEL_ROLES; None for what is no model or depends on its parts.

    A Pipeline and a GridSearchCV are what the estimator in them is.
    """
    kind = _KINDS.get((public_package(module), name)) or role_of(module, name)
    return kind if kind in MODEL_ROLES else None
