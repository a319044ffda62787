"""What scikit-learn can put into a file: see collect_globals.py.

It must run on Python 3.6, and so has no newer syntax; what it touches has no types.
"""

# mypy: disable-error-code="misc, assignment, arg-type"
# pyright: basic, reportTypeCommentUsage=false, reportArgumentType=false
# ruff: noqa: UP032, UP035, SIM905, E501, ISC004  # it must run on Python 3.6, and lists words as words

import sys
import unittest.mock
from typing import Any, Callable, Iterator

from observe.pickles.global_listing import attempt, library


def estimator_samples() -> "Iterator[Any]":
    """Every estimator as it is made, and fitted to each kind of data that it accepts."""
    estimators = all_estimators()
    small = small_models()
    for name, cls in estimators:
        yield name, attempt(cls, name)
        done = set()  # type: set[str]  # each kind of data once, by the first way of making that accepts it
        for number, made in enumerate(makers(cls, small)):
            estimator = attempt(made, name)
            if estimator is None:
                continue
            yield "{} made {}".format(name, number), estimator
            for kind, arguments in trials():
                if kind in done and kind != "numbers and classes":
                    continue
                fitted = attempt(lambda m=made, a=arguments: m().fit(*a), name)
                if fitted is not None:
                    done.add(kind)
                    yield "{} made {} fitted to {}".format(name, number, kind), fitted


def class_samples() -> "Iterator[Any]":
    """The classes themselves, among them some that nothing below manages to make."""
    if library("sklearn") is not None:
        for name, cls in all_estimators():
            yield name + " itself", cls


def all_estimators() -> "list[Any]":
    for name in ("enable_iterative_imputer", "enable_hist_gradient_boosting", "enable_halving_search_cv"):
        library("sklearn.experimental." + name)
    for name in ("pytest", "Cython"):  # scikit-learn before 1.0 imports its own tests and setup.py on the way
        if library(name) is None:
            sys.modules[name] = unittest.mock.MagicMock()
    where = (
        library("sklearn.utils.discovery")
        or library("sklearn.utils.testing")
        or library("sklearn.utils._testing")
    )
    if hasattr(where, "all_estimators"):
        found = (
            attempt(lambda: where.all_estimators(include_meta_estimators=True), "") or where.all_estimators()
        )
    else:
        found = library("sklearn.utils").all_estimators()
    return list(found)


def small_models() -> "dict[str, Any]":
    linear, tree = library("sklearn.linear_model"), library("sklearn.tree")
    preprocessing = library("sklearn.preprocessing")
    return {
        "classifier": linear.LogisticRegression(),
        "regressor": linear.Ridge(),
        "tree": tree.DecisionTreeClassifier(max_depth=2),
        "scaler": preprocessing.StandardScaler(),
    }


def makers(cls: "Any", small: "dict[str, Any]") -> "Iterator[Callable[[], Any]]":
    """Ways to make a class: as it is, quickly, and around another estimator."""
    c, r, s = small["classifier"], small["regressor"], small["scaler"]
    trials = [
        {}, {"n_estimators": 3}, {"max_iter": 5}, {"n_components": 2}, {"n_clusters": 2}, {"solver": "sgd"},
        {"estimator": c}, {"estimator": r}, {"base_estimator": c}, {"base_estimator": r}, {"estimator": s},
        {"estimators": [("a", c), ("b", small["tree"])]}, {"estimators": [("a", r), ("b", r)]},
        {"steps": [("s", s), ("m", c)]}, {"transformer_list": [("s", s)]}, {"transformers": [("s", s, [0, 1])]},
        {"regressor": r, "func": library("numpy").log1p, "inverse_func": library("numpy").expm1, "check_inverse": False},
        {"estimator": c, "param_grid": {"C": [1, 2]}}, {"estimator": c, "param_distributions": {"C": [1, 2]}, "n_iter": 2},
        {"estimator": r, "param_grid": {"alpha": [1, 2]}}, {"input_features": "string"},
        {"dictionary": library("numpy").eye(4)}, {"random_state": library("numpy").random.RandomState(0)},
    ]  # fmt: skip
    for arguments in trials:
        yield lambda a=arguments: cls(**a)


def trials() -> "Iterator[tuple[str, tuple[Any, ...]]]":
    np, sparse, pd = library("numpy"), library("scipy.sparse"), library("pandas")
    rng = np.random.RandomState(0)
    x = rng.rand(40, 4)
    y = (x[:, 0] > 0.5).astype(int)
    yield "numbers and classes", (x, y)
    yield "numbers and values", (x, x[:, 0] * 3)
    yield "numbers and three text classes", (x, np.array(["a", "b", "c", "a"] * 10))
    yield "text", (["a b c", "b c d", "d e f g"] * 5, [0, 1, 1] * 5)
    yield "two outputs", (x, np.c_[y, 1 - y])
    yield "two sets", (x, rng.rand(40, 2))
    yield "dictionaries", ([{"a": 1, "b": "x"}, {"a": 2.5, "b": "y"}],)
    yield "one column", (x[:, 0], x[:, 1])
    yield "labels", (["a", "b", "c"],)
    yield "label sets", ([["a"], ["a", "b"]],)
    yield "sparse", (sparse.csr_matrix(x), y)
    yield "float32", (x.astype("f4"), y)
    if pd is not None:
        frame = pd.DataFrame(x, columns=list("abcd"))
        yield "a DataFrame", (frame, pd.Series(y))
        yield "categories", (pd.DataFrame({"a": list("xyxy") * 10, "b": list("uvwu") * 10}), y)


def sklearn_samples() -> "Iterator[Any]":
    """What the defaults of the estimators do not show: losses, metrics, kernels, scorers, splitters, functions."""
    if library("sklearn") is None:
        return
    for sample in estimator_samples():
        yield sample
    np = library("numpy")
    names = "linear_model ensemble svm neighbors cluster gaussian_process neural_network tree feature_selection".split()
    modules = {name: library("sklearn." + name) for name in names}
    x = np.random.RandomState(0).rand(60, 4)
    y, three = (x[:, 0] > 0.5).astype(int), np.arange(60) % 3
    v = 1 + x[:, 0] * 3

    def fitted(module: str, name: str, target: "Any", **parameters: "Any") -> "Iterator[Any]":
        made = attempt(lambda: getattr(modules[module], name)(**parameters).fit(x, target), name)
        if made is not None:
            yield "{}({})".format(name, parameters), made

    for loss in ("hinge log log_loss modified_huber squared_hinge perceptron squared_loss squared_error huber "
                 "epsilon_insensitive squared_epsilon_insensitive").split():  # fmt: skip
        yield from fitted("linear_model", "SGDClassifier", y, loss=loss, max_iter=5)
        yield from fitted("linear_model", "SGDRegressor", v, loss=loss, max_iter=5)
        yield from fitted("linear_model", "PassiveAggressiveClassifier", y, loss=loss, max_iter=5)
    for loss in ("deviance log_loss exponential ls lad squared_error absolute_error huber quantile "
                 "least_absolute_deviation least_squares poisson gamma binary_crossentropy "
                 "categorical_crossentropy auto").split():  # fmt: skip
        for target in (y, three, v):
            yield from fitted("ensemble", "GradientBoostingClassifier", target, loss=loss, n_estimators=2)
            yield from fitted("ensemble", "GradientBoostingRegressor", target, loss=loss, n_estimators=2)
            yield from fitted("ensemble", "HistGradientBoostingClassifier", target, loss=loss, max_iter=2)
            yield from fitted(
                "ensemble", "HistGradientBoostingRegressor", target, loss=loss, max_iter=2, quantile=0.5
            )
    yield from fitted("ensemble", "HistGradientBoostingClassifier", y, max_iter=20, early_stopping=True)
    yield from fitted("ensemble", "GradientBoostingClassifier", y, n_estimators=2, init="zero")
    for power in (0, 1, 1.5, 2, 3):
        yield from fitted("linear_model", "TweedieRegressor", v, power=power)
    for (
        criterion
    ) in "gini entropy log_loss mse squared_error friedman_mse mae absolute_error poisson".split():
        yield from fitted("ensemble", "RandomForestClassifier", three, criterion=criterion, n_estimators=2)
        yield from fitted("ensemble", "RandomForestRegressor", v, criterion=criterion, n_estimators=2)
    for metric in ("euclidean manhattan chebyshev minkowski seuclidean mahalanobis wminkowski hamming canberra "
                   "braycurtis matching jaccard dice russellrao rogerstanimoto sokalmichener sokalsneath "
                   "haversine cosine correlation sqeuclidean cityblock l1 l2").split():  # fmt: skip
        for algorithm in ("kd_tree", "ball_tree", "brute"):
            for name in (
                "KNeighborsClassifier",
                "KNeighborsRegressor",
                "LocalOutlierFactor",
                "RadiusNeighborsRegressor",
            ):
                yield from fitted("neighbors", name, y, metric=metric, algorithm=algorithm)
        for more in ({}, {"V": np.ones(4)}, {"p": 3}, {"p": 2, "w": np.ones(4)}):
            for module in ("sklearn.metrics", "sklearn.neighbors"):
                for cls in ("DistanceMetric", "dist_metrics.DistanceMetric"):
                    yield (
                        "metric " + metric,
                        attempt(
                            lambda m=module, c=cls, k=metric, o=more: getattr(library(m), c).get_metric(
                                k, **o
                            ),
                            metric,
                        ),
                    )
    f4 = x.astype("f4")
    for metric in ("euclidean", "manhattan", "minkowski", "chebyshev"):
        for name in ("KNeighborsClassifier", "NearestNeighbors"):
            yield (
                "float32 " + metric,
                attempt(
                    lambda n=name, k=metric: getattr(modules["neighbors"], n)(
                        metric=k, algorithm="ball_tree"
                    ).fit(f4, y),
                    "",
                ),
            )
        yield (
            "DistanceMetric32 " + metric,
            attempt(
                lambda k=metric: library("sklearn.metrics").DistanceMetric.get_metric(k, dtype=np.float32), ""
            ),
        )
    for kernel in "gaussian tophat epanechnikov exponential linear cosine".split():
        yield from fitted("neighbors", "KernelDensity", y, kernel=kernel)
    for solver in ("adam", "sgd", "lbfgs"):
        for early in (False, True):
            yield from fitted(
                "neural_network", "MLPClassifier", y, solver=solver, max_iter=3, early_stopping=early
            )
            yield from fitted(
                "neural_network", "MLPRegressor", v, solver=solver, max_iter=3, early_stopping=early
            )
    for kernel in ("linear", "poly", "rbf", "sigmoid"):
        yield from fitted("svm", "SVC", three, kernel=kernel, probability=True)
    for sample in functions_of_sklearn():
        yield sample
    kernels = library("sklearn.gaussian_process.kernels")
    for name in ("RBF Matern RationalQuadratic ExpSineSquared DotProduct WhiteKernel ConstantKernel PairwiseKernel "
                 "CompoundKernel").split():  # fmt: skip
        yield name, attempt(lambda n=name: getattr(kernels, n)(), name)
    for kernel in (lambda: kernels.RBF() + kernels.WhiteKernel(), lambda: kernels.RBF() * 2, lambda: kernels.RBF() ** 2,
                   lambda: kernels.CompoundKernel([kernels.RBF()])):  # fmt: skip
        made = attempt(kernel, "")
        yield "kernel", made
        yield from fitted("gaussian_process", "GaussianProcessRegressor", v, kernel=made)
        yield from fitted("gaussian_process", "GaussianProcessClassifier", three, kernel=made)


def functions_of_sklearn() -> "Iterator[Any]":
    """Functions and helpers that are given as parameters."""
    selection, metrics = library("sklearn.model_selection"), library("sklearn.metrics")
    scorers = getattr(metrics, "get_scorer_names", None)
    names = (
        scorers()
        if scorers
        else list((library("sklearn.metrics._scorer") or library("sklearn.metrics.scorer")).SCORERS)
    )
    linear = library("sklearn.linear_model")
    for name in names:
        yield "scorer " + name, attempt(lambda n=name: metrics.get_scorer(n), name)
    yield "make_scorer", metrics.make_scorer(metrics.fbeta_score, beta=2)
    for kind in ("max_error", "accuracy_score"):
        yield kind, getattr(metrics, kind, None)
    for arguments in ({"needs_proba": True}, {"needs_threshold": True}, {"response_method": "predict_proba"}):
        yield (
            "make_scorer {}".format(arguments),
            attempt(lambda a=arguments: metrics.make_scorer(metrics.log_loss, **a), ""),
        )
    for name in ("BaseCrossValidator KFold GroupKFold StratifiedKFold StratifiedGroupKFold TimeSeriesSplit LeaveOneOut "
                 "LeaveOneGroupOut ShuffleSplit GroupShuffleSplit StratifiedShuffleSplit PredefinedSplit RepeatedKFold "
                 "RepeatedStratifiedKFold LeavePOut LeavePGroupsOut ParameterGrid ParameterSampler").split():  # fmt: skip
        for arguments in ((), ([0, 1, 0],), (2,), ({"a": [1]},), ({"a": [1]}, 1)):
            yield name, attempt(lambda n=name, a=arguments: getattr(selection, n)(*a), name)
    yield "iterable as cv", attempt(
        lambda: selection.GridSearchCV(
            linear.Ridge(), {"alpha": [1, 2]}, cv=[([0, 1, 2, 3], [4, 5]), ([2, 3, 4, 5], [0, 1])]
        ).fit([[1.0]] * 6, [1.0, 2, 3, 4, 5, 6]), "",
    )  # fmt: skip
    for module, names_of in (
        ("sklearn.feature_selection", "chi2 f_classif f_regression mutual_info_classif mutual_info_regression r_regression f_oneway"),
        ("sklearn.metrics.pairwise", "additive_chi2_kernel chi2_kernel cosine_distances cosine_similarity euclidean_distances "
         "haversine_distances laplacian_kernel linear_kernel manhattan_distances nan_euclidean_distances polynomial_kernel "
         "rbf_kernel sigmoid_kernel paired_distances pairwise_distances"),
        ("sklearn.preprocessing", "scale normalize binarize maxabs_scale minmax_scale robust_scale power_transform quantile_transform"),
        ("sklearn.feature_extraction.text", "strip_accents_unicode strip_accents_ascii strip_tags"),
        ("sklearn.utils.validation", "check_array"),
        ("sklearn.covariance", "ledoit_wolf oas"),
    ):  # fmt: skip
        for name in names_of.split():
            yield name, getattr(library(module), name, None)
    utils = library("sklearn.utils")
    yield "Bunch", attempt(lambda: utils.Bunch(a=1), "")
    for name in ("KDTree", "BallTree"):
        yield (
            name,
            attempt(lambda n=name: getattr(library("sklearn.neighbors"), n)([[1.0, 2.0], [2.0, 3.0]]), name),
        )
    yield "estimator classes", [linear.LogisticRegression, library("sklearn.pipeline").Pipeline]


def composed_samples() -> "Iterator[Any]":
    """Pipelines over a DataFrame, in the ways that people write them."""
    np, pd = library("numpy"), library("pandas")
    if library("sklearn") is None or pd is None:
        return
    x = np.random.RandomState(0).rand(60, 2)
    y = (x[:, 0] > 0.5).astype(int)
    frame = pd.DataFrame(
        {"n": x[:, 0], "m": x[:, 1], "t": ["aa bb", "bb", "cc cc"] * 20, "k": list("xyz") * 20}
    )
    pipe, pre, linear = (
        library("sklearn.pipeline"),
        library("sklearn.preprocessing"),
        library("sklearn.linear_model"),
    )
    compose, text = library("sklearn.compose"), library("sklearn.feature_extraction.text")
    ensemble = library("sklearn.ensemble")

    def columns(remainder: "Any" = "drop", selector: bool = False, pandas: bool = False) -> "Any":
        numbers = compose.make_column_selector(dtype_include="number") if selector else ["n", "m"]
        transformer = compose.ColumnTransformer(
            [("n", pre.StandardScaler(), numbers), ("k", pre.OneHotEncoder(handle_unknown="ignore"), ["k"]),
             ("t", text.TfidfVectorizer(), "t"), ("p", "passthrough", slice(0, 1))],
            remainder=remainder,
        )  # fmt: skip
        if pandas:
            transformer.set_params(k__sparse_output=False, t="drop")
            transformer.set_output(transform="pandas")
        return transformer

    for number, options in enumerate(
        (
            {},
            {"remainder": "passthrough"},
            {"selector": True},
            {"pandas": True},
            {"remainder": pre.StandardScaler()},
        )
    ):
        for model in (linear.LogisticRegression(), ensemble.RandomForestClassifier(3)):
            yield (
                "columns {}".format(number),
                attempt(
                    lambda o=options, m=model: pipe.Pipeline([("c", columns(**o)), ("m", m)]).fit(frame, y),
                    "",
                ),
            )
    yield (
        "encoders",
        attempt(
            lambda: [pre.OneHotEncoder().fit(frame[["k"]]), pre.OrdinalEncoder().fit(frame[["k", "t"]])], ""
        ),
    )
    yield (
        "output as pandas",
        attempt(lambda: pre.StandardScaler().set_output(transform="pandas").fit(frame[["n", "m"]]), ""),
    )

    def routed() -> "Any":
        library("sklearn").set_config(enable_metadata_routing=True)
        try:
            return (
                linear.LogisticRegression()
                .set_fit_request(sample_weight=True)
                .set_score_request(sample_weight="w")
            )
        finally:
            library("sklearn").set_config(enable_metadata_routing=False)

    yield "routed", attempt(routed, "")
