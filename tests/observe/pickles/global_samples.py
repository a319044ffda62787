"""What numpy, scipy, pandas, the boosting libraries and Python can put into a file: see collect_globals.py.

It must run on Python 3.6, and so has no newer syntax; what it touches has no types.
"""

# mypy: disable-error-code="misc"
# pyright: basic, reportTypeCommentUsage=false
# ruff: noqa: UP017, UP032, UP035, SIM905, DTZ001, E501  # it must run on Python 3.6, and lists words as words

import array
import collections
import datetime
import decimal
import fractions
import pathlib
import random
import re
import uuid
from typing import Any, Iterator

from observe.pickles.global_listing import attempt, library


def standard() -> "Iterator[Any]":
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
        yield "standard library, {}: {}".format(number, type(value).__name__), value
    yield "array", array.array("d", [1.0])


def numpy_samples() -> "Iterator[Any]":
    np = library("numpy")
    if np is None:
        return
    kinds = "bool int8 uint8 int16 uint16 int32 uint32 int64 uint64 float16 float32 float64 complex64".split()
    for kind in [
        *kinds,
        "complex128",
        "longdouble",
        "str_",
        "bytes_",
        "object_",
        "datetime64",
        "timedelta64",
    ]:
        scalar = getattr(np, kind, None)
        yield "numpy type " + kind, scalar
        yield "numpy dtype " + kind, np.dtype(kind)
        yield "numpy dtype class " + kind, type(np.dtype(kind))
        yield "numpy array " + kind, attempt(lambda k=kind: np.zeros((2, 3), dtype=k), kind)
        yield "numpy scalar " + kind, attempt(lambda k=kind: np.zeros(2, dtype=k)[0], kind)
    yield "numpy structured", np.zeros(2, dtype=[("a", "f8"), ("b", "i4", (2,))])
    yield "numpy void", np.zeros(2, dtype=[("a", "f8"), ("b", "i4")])[0]
    yield (
        "numpy record array",
        attempt(lambda: np.rec.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f8")]), ""),
    )
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
        yield (
            "Generator " + generator,
            attempt(lambda g=generator: np.random.Generator(getattr(np.random, g)(0)), generator),
        )
        yield (
            "RandomState " + generator,
            attempt(lambda g=generator: np.random.RandomState(getattr(np.random, g)(0)), generator),
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


def scipy_samples() -> "Iterator[Any]":
    sparse, np = library("scipy.sparse"), library("numpy")
    if sparse is None:
        return
    for kind in ("bsr", "coo", "csc", "csr", "dia", "dok", "lil"):
        for suffix in ("_matrix", "_array"):
            for dtype in ("f8", "f4", "i8"):
                yield (
                    kind + suffix + dtype,
                    attempt(
                        lambda k=kind, s=suffix, d=dtype: getattr(sparse, k + s)(np.eye(3, dtype=d)), kind
                    ),
                )
    special, interpolate, spatial = (
        library("scipy.special"),
        library("scipy.interpolate"),
        library("scipy.spatial"),
    )
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


def pandas_samples() -> "Iterator[Any]":
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
    yield (
        "Timestamp",
        [pd.Timestamp("2020-01-01"), pd.Timestamp("2020-01-01", tz="UTC"), pd.Timedelta(1), pd.NaT],
    )
    yield "Period", attempt(lambda: [pd.Period("2020-01"), pd.Interval(0, 1), pd.NA], "")
    yield "NaT", [pd.NaT, np.nan]
    yield "classes", [pd.DataFrame, pd.Series, pd.Index]


def boosted_samples() -> "Iterator[Any]":
    np, pd = library("numpy"), library("pandas")
    if np is None:
        return
    x = np.random.RandomState(0).rand(80, 3)
    y = (x[:, 0] > 0.5).astype(int)
    frame = pd.DataFrame(x, columns=list("abc")) if pd is not None else x
    xgboost, lightgbm, catboost = library("xgboost"), library("lightgbm"), library("catboost")
    for name in "XGBClassifier XGBRegressor XGBRFClassifier XGBRFRegressor XGBRanker XGBModel".split():
        yield name, attempt(lambda n=name: getattr(xgboost, n)(), name)
        yield name, attempt(lambda n=name: getattr(xgboost, n)(n_estimators=2).fit(x, y), name)
        yield name, attempt(lambda n=name: getattr(xgboost, n)(n_estimators=2).fit(frame, y), name)
    yield "xgboost Booster", attempt(lambda: xgboost.train({}, xgboost.DMatrix(x, y), 2), "")
    yield (
        "xgboost callbacks",
        attempt(
            lambda: xgboost.XGBClassifier(n_estimators=2, callbacks=[xgboost.callback.EarlyStopping(2)]), ""
        ),
    )
    for name in "LGBMClassifier LGBMRegressor LGBMRanker LGBMModel".split():
        more = {"group": [40, 40]} if name == "LGBMRanker" else {}
        objective = {"objective": "binary"} if name == "LGBMModel" else {}
        yield name, attempt(lambda n=name: getattr(lightgbm, n)(), name)
        for data in (x, frame):
            yield (
                name,
                attempt(
                    lambda n=name, d=data, m=more, o=objective: getattr(lightgbm, n)(
                        n_estimators=2, verbose=-1, **o
                    ).fit(d, y, **m),
                    name,
                ),
            )
    yield (
        "lightgbm Booster",
        attempt(
            lambda: lightgbm.train({"objective": "binary", "verbose": -1}, lightgbm.Dataset(x, y), 2), ""
        ),
    )
    for name in "CatBoostClassifier CatBoostRegressor CatBoostRanker CatBoost".split():
        yield name, attempt(lambda n=name: getattr(catboost, n)(), name)
        yield name, attempt(lambda n=name: getattr(catboost, n)(**_quiet_catboost(n)).fit(frame, y), name)


def _quiet_catboost(name: str) -> "dict[str, Any]":
    if name == "CatBoost":
        return {"params": {"iterations": 2, "verbose": False, "allow_writing_files": False}}
    return {"iterations": 2, "verbose": False, "allow_writing_files": False}
