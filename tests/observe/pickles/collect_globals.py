"""Which globals do real model files contain? Run by hand, in an environment with the libraries to ask.

    path/to/venv/bin/python tests/observe/pickles/collect_globals.py > /tmp/with-scikit-learn-1.5.json

Names of groups after it (`composed_samples boosted_samples`) ask for these only; all of them take minutes.

Every estimator of the installed scikit-learn (as it is made, and fitted to whatever data it accepts), and a
few hundred other objects of numpy, scipy, pandas, xgboost, lightgbm, catboost and the standard library, are
written in protocols 0, 2 and 4 and through joblib, and read again by an unpickler that notes what it is asked
for. `make_known.py` merges the answers into `cas/observe/pickles/known_globals.py`.

This file alone must run on Python 3.6, whose scikit-learn 0.20 wrote files that are still about: hence no
newer syntax here, and every library is optional.
"""

import collections
import datetime
import decimal
import fractions
import importlib
import io
import json
import pathlib
import pickle
import platform
import random
import re
import sys
import tempfile
import traceback
import unittest.mock
import uuid
import warnings
from typing import Any, Callable, Iterator  # noqa: UP035  # Python 3.6 has them nowhere else

Sample = "tuple[str, Any]"
LIBRARIES = "sklearn numpy scipy pandas pyarrow joblib xgboost lightgbm catboost".split()  # noqa: SIM905


class Notes:
    """What was asked for, where, and what could not be written or read again."""

    def __init__(self) -> None:
        self.found = {}  # type: dict[tuple[str, str], str]
        self.failed = {}  # type: dict[str, str]

    def note(self, module: str, name: str, label: str) -> None:
        self.found.setdefault((module, name), label)


def attempt(action: "Callable[[], Any]", label: str, notes: "Notes | None" = None) -> "Any":
    """What `action` gives; None where this version of the library has no such thing."""
    try:
        return action()
    except Exception as error:  # noqa: BLE001  # any library may refuse anything: the sample is left out
        if notes is not None:
            notes.failed[label] = "".join(traceback.format_exception_only(type(error), error)).strip()[:200]
        return None


def library(name: str) -> "Any":
    return attempt(lambda: importlib.import_module(name), name)


def listing(label: str, thing: "Any", notes: Notes) -> None:
    """Writes `thing` in three protocols and through joblib, and notes what reading it asks for."""

    class Listing(pickle.Unpickler):
        def find_class(self, module: str, name: str) -> "Any":
            notes.note(module, name, label)
            return super().find_class(module, name)

    for protocol in (0, 2, 4):  # 1, 3 and 5 differ from these in how values are written, not in names
        if protocol > pickle.HIGHEST_PROTOCOL:
            continue
        where = "%s, protocol %d" % (label, protocol)  # noqa: UP031  # as short as it gets
        data = attempt(lambda p=protocol: pickle.dumps(thing, p), where, notes)  # type: ignore[misc]
        if data is not None:
            attempt(lambda d=data: Listing(io.BytesIO(d)).load(), where, notes)  # type: ignore[misc]
    joblib = library("joblib") or library("sklearn.externals.joblib")
    if joblib is None:
        return
    reader = importlib.import_module(joblib.__name__ + ".numpy_pickle")

    class ListingJoblib(reader.NumpyUnpickler):  # type: ignore[name-defined,misc]
        def find_class(self, module: str, name: str) -> "Any":
            notes.note(module, name, label)
            return super().find_class(module, name)

    with tempfile.TemporaryDirectory() as folder:
        path = folder + "/model.joblib"
        if attempt(lambda: joblib.dump(thing, path), label, notes):
            with open(path, "rb") as file:
                attempt(lambda: _with_joblib(ListingJoblib, path, file), label, notes)


def _with_joblib(reader: "Any", path: str, file: "Any") -> "Any":
    try:
        return reader(path, file, ensure_native_byte_order=False).load()
    except TypeError:  # joblib before 1.5 has no such argument
        file.seek(0)
        return reader(path, file).load()


# --------------------------------------------------------------------------------- the standard library


def standard() -> "Iterator[Sample]":
    values = [
        collections.OrderedDict(a=1), collections.Counter("aab"), collections.deque([1], 3),
        collections.defaultdict(int), collections.defaultdict(list), collections.defaultdict(dict),
        collections.defaultdict(set), collections.defaultdict(float),
        {1}, frozenset([1]), bytearray(b"1"), 1j, slice(1, 2), range(3), b"\xff", Ellipsis, NotImplemented,
        [int, float, str, bool, bytes, list, dict, tuple, set, frozenset, object, complex, slice, range],
        [abs, len, max, min, round, sum, sorted],
        datetime.datetime(2020, 1, 1), datetime.date(2020, 1, 1), datetime.time(1), datetime.timedelta(1),
        datetime.datetime(2020, 1, 1, tzinfo=datetime.timezone.utc),
        decimal.Decimal("1.5"), fractions.Fraction(1, 2), uuid.UUID(int=5), re.compile("a+"),
        pathlib.Path("a"), pathlib.PurePosixPath("a"), pathlib.PureWindowsPath("a"), random.Random(1),
    ]  # fmt: skip
    for number, value in enumerate(values):
        yield "standard library, {}: {}".format(number, type(value).__name__), value  # noqa: UP032
    import array

    yield "array", array.array("d", [1.0])


# --------------------------------------------------------------------------------- numpy, scipy, pandas


def numpy_samples() -> "Iterator[Sample]":
    np = library("numpy")
    if np is None:
        return
    kinds = "bool int8 uint8 int16 uint16 int32 uint32 int64 uint64 float16 float32 float64 complex64".split()  # noqa: SIM905
    for kind in [*kinds, "complex128", "longdouble", "str_", "bytes_", "object_", "datetime64", "timedelta64"]:
        scalar = getattr(np, kind, None)
        yield "numpy type " + kind, scalar
        yield "numpy dtype " + kind, np.dtype(kind)
        yield "numpy dtype class " + kind, type(np.dtype(kind))
        yield "numpy array " + kind, attempt(lambda k=kind: np.zeros((2, 3), dtype=k), kind)
        yield "numpy scalar " + kind, attempt(lambda k=kind: np.zeros(2, dtype=k)[0], kind)
    yield "numpy structured", np.zeros(2, dtype=[("a", "f8"), ("b", "i4", (2,))])
    yield "numpy void", np.zeros(2, dtype=[("a", "f8"), ("b", "i4")])[0]
    yield "numpy record array", attempt(lambda: np.rec.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f8")]), "")
    yield "numpy record", attempt(lambda: np.rec.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f8")])[0], "")
    yield "numpy fortran", np.asfortranarray(np.ones((3, 2)))
    yield "numpy strided", np.ones((6, 4))[::2, ::2]
    yield "numpy objects", np.array([None, "a", 1], dtype=object)
    yield "numpy strings", np.array(["a", "bb"])
    yield "numpy new strings", attempt(lambda: np.array(["a"], dtype=np.dtypes.StringDType()), "")
    yield "numpy times", np.array(["2020-01-01"], dtype="M8[s]")
    yield "numpy matrix", attempt(lambda: np.matrix([[1]]), "matrix")
    yield "numpy masked", np.ma.masked_array([1.0, 2.0], mask=[0, 1])
    yield "numpy masked constant", np.ma.masked
    yield "numpy polynomial", attempt(lambda: np.polynomial.Polynomial([1, 2]), "")
    yield "numpy poly1d", attempt(lambda: np.poly1d([1, 2]), "")
    yield "numpy RandomState", np.random.RandomState(0)
    yield "numpy global RandomState", np.random.mtrand._rand
    for generator in ("MT19937", "PCG64", "PCG64DXSM", "Philox", "SFC64"):
        yield generator, attempt(lambda g=generator: getattr(np.random, g)(0), generator)
        yield "Generator " + generator, attempt(
            lambda g=generator: np.random.Generator(getattr(np.random, g)(0)), generator
        )
        yield "RandomState " + generator, attempt(
            lambda g=generator: np.random.RandomState(getattr(np.random, g)(0)), generator
        )
    yield "SeedSequence", attempt(lambda: np.random.SeedSequence(1), "")
    for name in sorted(dir(np)):
        if isinstance(getattr(np, name, None), np.ufunc):
            yield "numpy ufunc " + name, getattr(np, name)
    functions = (
        "nan_to_num mean median std var sum min max amin amax nanmean nanmedian nanstd nansum nanmin nanmax prod "
        "ravel reshape transpose squeeze round around clip cumsum cumprod diff dot sort argsort argmax argmin "
        "unique where percentile quantile asarray array abs real imag angle average any all ptp"
    )
    for name in functions.split():
        yield "numpy function " + name, getattr(np, name, None)


def scipy_samples() -> "Iterator[Sample]":
    sparse, np = library("scipy.sparse"), library("numpy")
    if sparse is None:
        return
    for kind in ("bsr", "coo", "csc", "csr", "dia", "dok", "lil"):
        for suffix in ("_matrix", "_array"):
            for dtype in ("f8", "f4", "i8"):
                yield kind + suffix + dtype, attempt(
                    lambda k=kind, s=suffix, d=dtype: getattr(sparse, k + s)(np.eye(3, dtype=d)), kind
                )
    special, interpolate, spatial = library("scipy.special"), library("scipy.interpolate"), library("scipy.spatial")
    for name in ("expit", "logit", "boxcox", "boxcox1p", "inv_boxcox", "inv_boxcox1p", "log1p", "expm1", "xlogy",
                 "softmax", "logsumexp", "erf", "erfinv", "gammaln", "ndtr", "ndtri"):  # fmt: skip
        yield "scipy.special " + name, getattr(special, name, None)
    stats = library("scipy.stats")
    # The distributions are collected so that make_known.py can show why it leaves them out.
    for name, args in (("uniform", (0, 1)), ("randint", (1, 9)), ("norm", ()), ("loguniform", (0.1, 1)),
                       ("reciprocal", (0.1, 1)), ("expon", ()), ("gamma", (1,)), ("beta", (1, 1)),
                       ("lognorm", (1,)), ("poisson", (1,)), ("binom", (3, 0.5)), ("geom", (0.5,))):  # fmt: skip
        yield "scipy.stats " + name, attempt(lambda n=name, a=args: getattr(stats, n)(*a), name)
    yield "gaussian_kde", attempt(lambda: stats.gaussian_kde(np.arange(5.0)), "")
    x = np.arange(6.0)
    yield "interp1d", attempt(lambda: interpolate.interp1d(x, x**2), "")
    yield "spline", attempt(lambda: interpolate.UnivariateSpline(x, x**2), "")
    yield "BSpline", attempt(lambda: interpolate.make_interp_spline(x, x**2), "")
    yield "CubicSpline", attempt(lambda: interpolate.CubicSpline(x, x**2), "")
    yield "Pchip", attempt(lambda: interpolate.PchipInterpolator(x, x**2), "")
    yield "cKDTree", attempt(lambda: spatial.cKDTree(np.random.RandomState(0).rand(20, 2)), "")
    yield "KDTree", attempt(lambda: spatial.KDTree(np.random.RandomState(0).rand(20, 2)), "")
    yield "Rotation", attempt(lambda: spatial.transform.Rotation.from_euler("x", 1), "")
    optimize = library("scipy.optimize")
    yield "OptimizeResult", attempt(lambda: optimize.minimize(lambda v: (v**2).sum(), [1.0]), "")


def pandas_samples() -> "Iterator[Sample]":
    pd, np = library("pandas"), library("numpy")
    if pd is None:
        return
    yield "DataFrame", pd.DataFrame({"a": [1, 2], "b": ["x", "y"], "c": [0.5, None], "d": [True, False]})
    yield "empty DataFrame", pd.DataFrame()
    yield "Series", pd.Series([1.0, 2.0], name="s")
    for dtype in ("category", "string", "Int8", "Int16", "Int32", "Int64", "UInt8", "UInt16", "UInt32", "UInt64",
                  "Float32", "Float64", "boolean", "str", "object", "string[pyarrow]", "int64[pyarrow]",
                  "float64[pyarrow]", "bool[pyarrow]", "timestamp[ns][pyarrow]", "Sparse[float]", "Sparse[int]",
                  "datetime64[ns]", "timedelta64[ns]", "datetime64[ns, UTC]", "period[D]", "interval"):  # fmt: skip
        values = ["1", "0"] if dtype in ("category", "string", "str", "object", "string[pyarrow]") else [1, 0]
        yield "pandas dtype " + dtype, attempt(lambda d=dtype: pd.api.types.pandas_dtype(d), dtype)
        yield "Series " + dtype, attempt(lambda v=values, d=dtype: pd.Series(v, dtype=d), dtype)
        yield "Frame " + dtype, attempt(lambda v=values, d=dtype: pd.DataFrame({"a": v}).astype(d), dtype)
        yield "Index " + dtype, attempt(lambda v=values, d=dtype: pd.Index(pd.Series(v, dtype=d)), dtype)
    yield "ordered categories", pd.Categorical(["a", "b"], ordered=True)
    yield "RangeIndex", pd.RangeIndex(3)
    yield "Index text", pd.Index(["a", "b"])
    yield "Index int", pd.Index([1, 5])
    yield "Index float", pd.Index([1.5])
    yield "MultiIndex", pd.MultiIndex.from_product([["a"], [1, 2]], names=["x", "y"])
    yield "DatetimeIndex", pd.date_range("2020-01-01", periods=3)
    yield "DatetimeIndex UTC", pd.date_range("2020-01-01", periods=3, tz="UTC")
    yield "DatetimeIndex month", pd.date_range("2020-01-01", periods=3, freq="MS")
    yield "TimedeltaIndex", pd.timedelta_range(0, periods=3)
    yield "PeriodIndex", pd.period_range("2020-01", periods=3, freq="M")
    yield "IntervalIndex", pd.interval_range(0, 3)
    yield "CategoricalIndex", pd.CategoricalIndex(["a", "b"])
    yield "cut", attempt(lambda: pd.cut(pd.Series([1, 2, 3]), 2), "")
    yield "Timestamp", [pd.Timestamp("2020-01-01"), pd.Timestamp("2020-01-01", tz="UTC"), pd.Timedelta(1), pd.NaT]
    yield "Period", attempt(lambda: [pd.Period("2020-01"), pd.Interval(0, 1), pd.NA], "")
    yield "NaT", [pd.NaT, np.nan]
    yield "classes", [pd.DataFrame, pd.Series, pd.Index]


# ------------------------------------------------------------------------------------------ scikit-learn


def estimator_samples() -> "Iterator[Sample]":
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
            yield "{} made {}".format(name, number), estimator  # noqa: UP032
            for kind, arguments in trials():
                if kind in done and kind != "numbers and classes":
                    continue
                fitted = attempt(lambda m=made, a=arguments: m().fit(*a), name)
                if fitted is not None:
                    done.add(kind)
                    yield "{} made {} fitted to {}".format(name, number, kind), fitted  # noqa: UP032


def all_estimators() -> "list[Any]":
    for name in ("enable_iterative_imputer", "enable_hist_gradient_boosting", "enable_halving_search_cv"):
        library("sklearn.experimental." + name)
    for name in ("pytest", "Cython"):  # scikit-learn before 1.0 imports its own tests and setup.py on the way
        if library(name) is None:
            sys.modules[name] = unittest.mock.MagicMock()
    where = library("sklearn.utils.discovery") or library("sklearn.utils.testing") or library("sklearn.utils._testing")
    if hasattr(where, "all_estimators"):
        found = attempt(lambda: where.all_estimators(include_meta_estimators=True), "") or where.all_estimators()
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
        yield lambda a=arguments: cls(**a)  # type: ignore[misc]


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


def sklearn_samples() -> "Iterator[Sample]":
    """What the defaults of the estimators do not show: losses, metrics, kernels, scorers, splitters, functions."""
    if library("sklearn") is None:
        return
    for sample in estimator_samples():
        yield sample
    np = library("numpy")
    names = "linear_model ensemble svm neighbors cluster gaussian_process neural_network tree feature_selection".split()  # noqa: SIM905
    modules = {name: library("sklearn." + name) for name in names}
    x = np.random.RandomState(0).rand(60, 4)
    y, three = (x[:, 0] > 0.5).astype(int), np.arange(60) % 3
    v = 1 + x[:, 0] * 3

    def fitted(module: str, name: str, target: "Any", **parameters: "Any") -> "Iterator[Sample]":
        made = attempt(lambda: getattr(modules[module], name)(**parameters).fit(x, target), name)
        if made is not None:
            yield "{}({})".format(name, parameters), made  # noqa: UP032

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
            yield from fitted("ensemble", "HistGradientBoostingRegressor", target, loss=loss, max_iter=2, quantile=0.5)
    yield from fitted("ensemble", "HistGradientBoostingClassifier", y, max_iter=20, early_stopping=True)
    yield from fitted("ensemble", "GradientBoostingClassifier", y, n_estimators=2, init="zero")
    for power in (0, 1, 1.5, 2, 3):
        yield from fitted("linear_model", "TweedieRegressor", v, power=power)
    for criterion in "gini entropy log_loss mse squared_error friedman_mse mae absolute_error poisson".split():  # noqa: SIM905
        yield from fitted("ensemble", "RandomForestClassifier", three, criterion=criterion, n_estimators=2)
        yield from fitted("ensemble", "RandomForestRegressor", v, criterion=criterion, n_estimators=2)
    for metric in ("euclidean manhattan chebyshev minkowski seuclidean mahalanobis wminkowski hamming canberra "
                   "braycurtis matching jaccard dice russellrao rogerstanimoto sokalmichener sokalsneath "
                   "haversine cosine correlation sqeuclidean cityblock l1 l2").split():  # fmt: skip
        for algorithm in ("kd_tree", "ball_tree", "brute"):
            for name in ("KNeighborsClassifier", "KNeighborsRegressor", "LocalOutlierFactor", "RadiusNeighborsRegressor"):
                yield from fitted("neighbors", name, y, metric=metric, algorithm=algorithm)
        for more in ({}, {"V": np.ones(4)}, {"p": 3}, {"p": 2, "w": np.ones(4)}):
            for module in ("sklearn.metrics", "sklearn.neighbors"):
                for cls in ("DistanceMetric", "dist_metrics.DistanceMetric"):
                    yield "metric " + metric, attempt(
                        lambda m=module, c=cls, k=metric, o=more: getattr(library(m), c).get_metric(k, **o), metric
                    )
    f4 = x.astype("f4")
    for metric in ("euclidean", "manhattan", "minkowski", "chebyshev"):
        for name in ("KNeighborsClassifier", "NearestNeighbors"):
            yield "float32 " + metric, attempt(
                lambda n=name, k=metric: getattr(modules["neighbors"], n)(metric=k, algorithm="ball_tree").fit(f4, y), ""
            )
        yield "DistanceMetric32 " + metric, attempt(
            lambda k=metric: library("sklearn.metrics").DistanceMetric.get_metric(k, dtype=np.float32), ""
        )
    for kernel in "gaussian tophat epanechnikov exponential linear cosine".split():  # noqa: SIM905
        yield from fitted("neighbors", "KernelDensity", y, kernel=kernel)
    for solver in ("adam", "sgd", "lbfgs"):
        for early in (False, True):
            yield from fitted("neural_network", "MLPClassifier", y, solver=solver, max_iter=3, early_stopping=early)
            yield from fitted("neural_network", "MLPRegressor", v, solver=solver, max_iter=3, early_stopping=early)
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


def functions_of_sklearn() -> "Iterator[Sample]":
    """Functions and helpers that are given as parameters."""
    selection, metrics = library("sklearn.model_selection"), library("sklearn.metrics")
    scorers = getattr(metrics, "get_scorer_names", None)
    names = scorers() if scorers else list(library("sklearn.metrics.scorer").SCORERS)
    linear = library("sklearn.linear_model")
    for name in names:
        yield "scorer " + name, attempt(lambda n=name: metrics.get_scorer(n), name)
    yield "make_scorer", metrics.make_scorer(metrics.fbeta_score, beta=2)
    for kind in ("max_error", "accuracy_score"):
        yield kind, getattr(metrics, kind, None)
    for arguments in ({"needs_proba": True}, {"needs_threshold": True}, {"response_method": "predict_proba"}):
        yield "make_scorer {}".format(arguments), attempt(lambda a=arguments: metrics.make_scorer(metrics.log_loss, **a), "")  # noqa: UP032
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
        yield name, attempt(lambda n=name: getattr(library("sklearn.neighbors"), n)([[1.0, 2.0], [2.0, 3.0]]), name)
    yield "estimator classes", [linear.LogisticRegression, library("sklearn.pipeline").Pipeline]


def composed_samples() -> "Iterator[Sample]":
    """Pipelines over a DataFrame, in the ways that people write them."""
    np, pd = library("numpy"), library("pandas")
    if library("sklearn") is None or pd is None:
        return
    x = np.random.RandomState(0).rand(60, 2)
    y = (x[:, 0] > 0.5).astype(int)
    frame = pd.DataFrame({"n": x[:, 0], "m": x[:, 1], "t": ["aa bb", "bb", "cc cc"] * 20, "k": list("xyz") * 20})
    pipe, pre, linear = library("sklearn.pipeline"), library("sklearn.preprocessing"), library("sklearn.linear_model")
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
        ({}, {"remainder": "passthrough"}, {"selector": True}, {"pandas": True}, {"remainder": pre.StandardScaler()})
    ):
        for model in (linear.LogisticRegression(), ensemble.RandomForestClassifier(3)):
            yield "columns {}".format(number), attempt(  # noqa: UP032
                lambda o=options, m=model: pipe.Pipeline([("c", columns(**o)), ("m", m)]).fit(frame, y), ""
            )
    yield "encoders", attempt(
        lambda: [pre.OneHotEncoder().fit(frame[["k"]]), pre.OrdinalEncoder().fit(frame[["k", "t"]])], ""
    )
    yield "output as pandas", attempt(
        lambda: pre.StandardScaler().set_output(transform="pandas").fit(frame[["n", "m"]]), ""
    )

    def routed() -> "Any":
        library("sklearn").set_config(enable_metadata_routing=True)
        try:
            return linear.LogisticRegression().set_fit_request(sample_weight=True).set_score_request(sample_weight="w")
        finally:
            library("sklearn").set_config(enable_metadata_routing=False)

    yield "routed", attempt(routed, "")


# -------------------------------------------------------------------------------------------- gradient boosting


def boosted_samples() -> "Iterator[Sample]":
    np, pd = library("numpy"), library("pandas")
    if np is None:
        return
    x = np.random.RandomState(0).rand(80, 3)
    y = (x[:, 0] > 0.5).astype(int)
    frame = pd.DataFrame(x, columns=list("abc")) if pd is not None else x
    xgboost, lightgbm, catboost = library("xgboost"), library("lightgbm"), library("catboost")
    for name in "XGBClassifier XGBRegressor XGBRFClassifier XGBRFRegressor XGBRanker XGBModel".split():  # noqa: SIM905
        yield name, attempt(lambda n=name: getattr(xgboost, n)(), name)
        yield name, attempt(lambda n=name: getattr(xgboost, n)(n_estimators=2).fit(x, y), name)
        yield name, attempt(lambda n=name: getattr(xgboost, n)(n_estimators=2).fit(frame, y), name)
    yield "xgboost Booster", attempt(lambda: xgboost.train({}, xgboost.DMatrix(x, y), 2), "")
    yield "xgboost callbacks", attempt(
        lambda: xgboost.XGBClassifier(n_estimators=2, callbacks=[xgboost.callback.EarlyStopping(2)]), ""
    )
    for name in "LGBMClassifier LGBMRegressor LGBMRanker LGBMModel".split():  # noqa: SIM905
        more = {"group": [40, 40]} if name == "LGBMRanker" else {}
        objective = {"objective": "binary"} if name == "LGBMModel" else {}
        yield name, attempt(lambda n=name: getattr(lightgbm, n)(), name)
        for data in (x, frame):
            yield name, attempt(
                lambda n=name, d=data, m=more, o=objective: getattr(lightgbm, n)(n_estimators=2, verbose=-1, **o).fit(d, y, **m),
                name,
            )
    yield "lightgbm Booster", attempt(
        lambda: lightgbm.train({"objective": "binary", "verbose": -1}, lightgbm.Dataset(x, y), 2), ""
    )
    for name in "CatBoostClassifier CatBoostRegressor CatBoostRanker CatBoost".split():  # noqa: SIM905
        yield name, attempt(lambda n=name: getattr(catboost, n)(), name)
        yield name, attempt(
            lambda n=name: getattr(catboost, n)(**_quiet_catboost(n)).fit(frame, y), name
        )


def _quiet_catboost(name: str) -> "dict[str, Any]":
    if name == "CatBoost":
        return {"params": {"iterations": 2, "verbose": False, "allow_writing_files": False}}
    return {"iterations": 2, "verbose": False, "allow_writing_files": False}


GROUPS = (
    standard, numpy_samples, scipy_samples, pandas_samples, sklearn_samples, composed_samples, boosted_samples,
)  # fmt: skip


def versions() -> "dict[str, str]":
    found = {"python": platform.python_version()}
    for name in LIBRARIES:
        module = library(name)
        if module is not None:
            found["scikit-learn" if name == "sklearn" else name] = str(module.__version__)
    return found


def main() -> None:
    warnings.simplefilter("ignore")
    notes = Notes()
    seen = 0
    for samples in GROUPS:
        if len(sys.argv) > 1 and samples.__name__ not in sys.argv[1:]:
            continue
        for label, thing in samples():
            if thing is not None:
                seen += 1
                listing(label, thing, notes)
    for label, reason in sorted(notes.failed.items()):
        print(label + ": " + reason, file=sys.stderr)
    document = {
        "versions": versions(),
        "samples": seen,
        "globals": [[module, name, label] for (module, name), label in sorted(notes.found.items())],
    }
    json.dump(document, sys.stdout, indent=1)


if __name__ == "__main__":
    main()
