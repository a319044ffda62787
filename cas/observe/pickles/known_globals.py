"""Exactly these names stand in files that the libraries themselves write: module -> names.

Written by `tests/observe/pickles/make_known.py`; do not edit. Asked were (`collect_globals.py` says how):

* catboost: 1.2.10
* joblib: 0.13.2, 0.14.1, 0.17.0, 1.0.1, 1.1.1, 1.2.0, 1.3.2, 1.4.2, 1.5.0, 1.5.2, 1.6.0
* lightgbm: 2.3.1, 4.5.0, 4.7.0
* numpy: 1.16.6, 1.17.5, 1.18.5, 1.19.5, 1.20.3, 1.21.6, 1.23.5, 1.26.4, 2.1.3, 2.2.6, 2.3.3, 2.4.6,
  2.5.5
* pandas: 0.24.2, 0.25.3, 1.0.5, 1.1.5, 1.2.5, 1.3.5, 1.5.3, 2.1.4, 2.2.3, 2.3.3, 3.1.1
* pyarrow: 15.0.2, 19.0.1, 26.0.1
* python: 3.6.15, 3.7.16, 3.8.18, 3.9.18, 3.11.7, 3.12.1, 3.13.0
* scikit-learn: 0.20.4, 0.21.3, 0.22.2.post1, 0.23.2, 0.24.2, 1.0.2, 1.1.3, 1.2.2, 1.3.2, 1.4.2, 1.5.2,
  1.6.1, 1.7.2, 1.9.1
* scipy: 1.2.3, 1.3.3, 1.4.1, 1.5.4, 1.6.3, 1.7.3, 1.9.3, 1.11.4, 1.13.1, 1.14.1, 1.15.3, 1.16.2,
  1.17.1, 1.18.1
* xgboost: 2.1.4, 3.2.0
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

KNOWN: Final[Mapping[str, str]] = {
    "__builtin__": (
        "Ellipsis NotImplemented abs bool bytearray bytes complex dict float frozenset len list long max "
        "min object round set slice sorted sum tuple unicode xrange"
    ),
    "_codecs": "encode",
    "_loss": (
        "CyAbsoluteError CyExponentialLoss CyHalfBinomialLoss CyHalfGammaLoss CyHalfMultinomialLoss "
        "CyHalfPoissonLoss CyHalfSquaredError CyHalfTweedieLoss CyHalfTweedieLossIdentity CyHuberLoss "
        "CyPinballLoss __pyx_unpickle_CyAbsoluteError __pyx_unpickle_CyExponentialLoss "
        "__pyx_unpickle_CyHalfBinomialLoss __pyx_unpickle_CyHalfGammaLoss "
        "__pyx_unpickle_CyHalfMultinomialLoss __pyx_unpickle_CyHalfPoissonLoss "
        "__pyx_unpickle_CyHalfSquaredError __pyx_unpickle_CyHalfTweedieLoss "
        "__pyx_unpickle_CyHalfTweedieLossIdentity __pyx_unpickle_CyHuberLoss __pyx_unpickle_CyPinballLoss"
    ),
    "array": "_array_reconstructor array",
    "builtins": (
        "Ellipsis FutureWarning NotImplemented abs bool bytearray bytes complex dict float frozenset int "
        "len list max min object range round set slice sorted str sum tuple"
    ),
    "catboost.core": "CatBoost CatBoostClassifier CatBoostRanker CatBoostRegressor",
    "collections": "Counter OrderedDict defaultdict deque",
    "copy_reg": "_reconstructor",
    "copyreg": "_reconstructor",
    "datetime": "date datetime time timedelta timezone",
    "decimal": "Decimal",
    "exceptions": "FutureWarning",
    "fractions": "Fraction",
    "joblib.numpy_pickle": "NumpyArrayWrapper",
    "lightgbm.basic": "Booster",
    "lightgbm.sklearn": "LGBMClassifier LGBMModel LGBMRanker LGBMRegressor",
    "numpy": (
        "absolute add all amax amin angle any arccos arccosh arcsin arcsinh arctan arctan2 arctanh argmax "
        "argmin argsort around array asarray average bitwise_and bitwise_count bitwise_or bitwise_xor bool "
        "bool_ bytes_ cbrt ceil clip complex128 complex64 conjugate copysign cos cosh cumprod cumsum "
        "datetime64 deg2rad degrees diff divide divmod dot dtype equal exp exp2 expm1 fabs float128 float16 "
        "float32 float64 float_power floor floor_divide fmax fmin fmod frexp gcd greater greater_equal "
        "heaviside hypot imag int16 int32 int64 int8 invert isfinite isinf isnan isnat lcm ldexp left_shift "
        "less less_equal log log10 log1p log2 logaddexp logaddexp2 logical_and logical_not logical_or "
        "logical_xor longdouble matmul matrix matvec max maximum mean median min minimum modf multiply "
        "nan_to_num nanmax nanmean nanmedian nanmin nanstd nansum ndarray negative nextafter not_equal "
        "object_ percentile poly1d positive power prod ptp quantile rad2deg radians ravel real recarray "
        "reciprocal record remainder reshape right_shift rint round round_ sign signbit sin sinh sort "
        "spacing sqrt square squeeze std str_ subtract sum tan tanh timedelta64 transpose trunc uint16 "
        "uint32 uint64 uint8 unique var vecdot vecmat where"
    ),
    "numpy._core._internal": "_convert_to_stringdtype_kwargs",
    "numpy._core._multiarray_umath": (
        "absolute add arccos arccosh arcsin arcsinh arctan arctan2 arctanh bitwise_and bitwise_count "
        "bitwise_or bitwise_xor cbrt ceil conjugate copysign cos cosh deg2rad degrees divide divmod equal "
        "exp exp2 expm1 fabs float_power floor floor_divide fmax fmin fmod frexp gcd greater greater_equal "
        "heaviside hypot invert isfinite isinf isnan isnat lcm ldexp left_shift less less_equal log log10 "
        "log1p log2 logaddexp logaddexp2 logical_and logical_not logical_or logical_xor matmul maximum "
        "minimum modf multiply negative nextafter not_equal positive power rad2deg radians reciprocal "
        "remainder right_shift rint sign signbit sin sinh spacing sqrt square subtract tan tanh trunc "
        "vecdot"
    ),
    "numpy._core.multiarray": "_reconstruct scalar",
    "numpy._core.numeric": "_frombuffer",
    "numpy.core": "_DType_reconstruct",
    "numpy.core._multiarray_umath": (
        "absolute add arccos arccosh arcsin arcsinh arctan arctan2 arctanh bitwise_and bitwise_or "
        "bitwise_xor cbrt ceil conjugate copysign cos cosh deg2rad degrees divide divmod equal exp exp2 "
        "expm1 fabs float_power floor floor_divide fmax fmin fmod frexp gcd greater greater_equal heaviside "
        "hypot invert isfinite isinf isnan isnat lcm ldexp left_shift less less_equal log log10 log1p log2 "
        "logaddexp logaddexp2 logical_and logical_not logical_or logical_xor matmul maximum minimum modf "
        "multiply negative nextafter not_equal positive power rad2deg radians reciprocal remainder "
        "right_shift rint sign signbit sin sinh spacing sqrt square subtract tan tanh true_divide trunc"
    ),
    "numpy.core.multiarray": "_reconstruct scalar",
    "numpy.core.numeric": "_frombuffer",
    "numpy.dtypes": (
        "BoolDType BytesDType Complex128DType Complex64DType DateTime64DType Float16DType Float32DType "
        "Float64DType Int16DType Int32DType Int64DType Int8DType LongDoubleDType ObjectDType StrDType "
        "StringDType TimeDelta64DType UInt16DType UInt32DType UInt64DType UInt8DType"
    ),
    "numpy.ma": "MaskedArray",
    "numpy.ma.core": "MaskedArray MaskedConstant _mareconstruct",
    "numpy.polynomial.polynomial": "Polynomial",
    "numpy.random": "__RandomState_ctor",
    "numpy.random._bit_generator": "SeedSequence __pyx_unpickle_SeedSequence",
    "numpy.random._mt19937": "MT19937",
    "numpy.random._pcg64": "PCG64 PCG64DXSM",
    "numpy.random._philox": "Philox",
    "numpy.random._pickle": "__bit_generator_ctor __generator_ctor __randomstate_ctor",
    "numpy.random._sfc64": "SFC64",
    "numpy.random.bit_generator": "SeedSequence __pyx_unpickle_SeedSequence",
    "numpy.rec": "recarray",
    "pandas": (
        "ArrowDtype BooleanDtype Categorical CategoricalDtype CategoricalIndex DataFrame DatetimeIndex "
        "DatetimeTZDtype Float32Dtype Float64Dtype Index Int16Dtype Int32Dtype Int64Dtype Int8Dtype "
        "Interval IntervalDtype IntervalIndex MultiIndex NA Period PeriodDtype PeriodIndex RangeIndex "
        "Series SparseDtype StringDtype TimedeltaIndex UInt16Dtype UInt32Dtype UInt64Dtype UInt8Dtype"
    ),
    "pandas._libs.arrays": "__pyx_unpickle_NDArrayBacked",
    "pandas._libs.internals": "_unpickle_block",
    "pandas._libs.interval": "Interval",
    "pandas._libs.missing": "NA",
    "pandas._libs.sparse": "IntIndex",
    "pandas._libs.tslibs.nattype": "__nat_unpickle _nat_unpickle",
    "pandas._libs.tslibs.offsets": "Day MonthBegin MonthEnd",
    "pandas._libs.tslibs.period": "Period __pyx_unpickle_PeriodMixin",
    "pandas._libs.tslibs.timedeltas": "Timedelta _timedelta_unpickle",
    "pandas._libs.tslibs.timestamps": "Timestamp _unpickle_timestamp",
    "pandas.arrays": (
        "ArrowExtensionArray ArrowStringArray BooleanArray DatetimeArray FloatingArray IntegerArray "
        "PeriodArray SparseArray TimedeltaArray"
    ),
    "pandas.core.arrays.arrow.array": "ArrowExtensionArray",
    "pandas.core.arrays.boolean": "BooleanArray BooleanDtype",
    "pandas.core.arrays.categorical": "Categorical",
    "pandas.core.arrays.datetimes": "DatetimeArray",
    "pandas.core.arrays.floating": "Float32Dtype Float64Dtype FloatingArray",
    "pandas.core.arrays.integer": (
        "Int16Dtype Int32Dtype Int64Dtype Int8Dtype IntegerArray UInt16Dtype UInt32Dtype UInt64Dtype "
        "UInt8Dtype"
    ),
    "pandas.core.arrays.period": "PeriodArray",
    "pandas.core.arrays.sparse": "SparseArray SparseDtype",
    "pandas.core.arrays.sparse.array": "SparseArray",
    "pandas.core.arrays.sparse.dtype": "SparseDtype",
    "pandas.core.arrays.string_": "StringArray StringDtype",
    "pandas.core.arrays.string_arrow": "ArrowStringArray",
    "pandas.core.arrays.timedeltas": "TimedeltaArray",
    "pandas.core.dtypes.dtypes": (
        "ArrowDtype CategoricalDtype DatetimeTZDtype IntervalDtype PeriodDtype SparseDtype"
    ),
    "pandas.core.frame": "DataFrame",
    "pandas.core.indexes.base": "Index _new_Index",
    "pandas.core.indexes.category": "CategoricalIndex",
    "pandas.core.indexes.datetimes": "DatetimeIndex _new_DatetimeIndex",
    "pandas.core.indexes.frozen": "FrozenNDArray",
    "pandas.core.indexes.interval": "IntervalIndex _new_IntervalIndex",
    "pandas.core.indexes.multi": "MultiIndex",
    "pandas.core.indexes.numeric": "Float64Index Int64Index",
    "pandas.core.indexes.period": "PeriodIndex",
    "pandas.core.indexes.range": "RangeIndex",
    "pandas.core.indexes.timedeltas": "TimedeltaIndex _new_TimedeltaIndex",
    "pandas.core.internals.blocks": "new_block",
    "pandas.core.internals.managers": "BlockManager SingleBlockManager",
    "pandas.core.series": "Series",
    "pandas.tseries.offsets": "Day MonthBegin MonthEnd",
    "pathlib": "PosixPath PurePosixPath PureWindowsPath WindowsPath",
    "pathlib._local": "PosixPath PurePosixPath PureWindowsPath WindowsPath",
    "pyarrow.lib": "_restore_array py_buffer timestamp type_for_alias",
    "pytz": "_UTC",
    "random": "Random",
    "re": "_compile",
    "scipy._lib.array_api_compat.numpy._aliases": "asarray",
    "scipy.interpolate._bsplines": "BSpline _BSpline",
    "scipy.interpolate._cubic": "CubicSpline PchipInterpolator",
    "scipy.interpolate._fitpack2": "LSQUnivariateSpline",
    "scipy.interpolate._interpolate": "_PPoly interp1d",
    "scipy.interpolate.fitpack2": "LSQUnivariateSpline",
    "scipy.interpolate.interpolate": "interp1d",
    "scipy.optimize._optimize": "OptimizeResult",
    "scipy.optimize.optimize": "OptimizeResult",
    "scipy.sparse._arrays": "bsr_array coo_array csc_array csr_array dia_array dok_array lil_array",
    "scipy.sparse._bsr": "bsr_array bsr_matrix",
    "scipy.sparse._coo": "coo_array coo_matrix",
    "scipy.sparse._csc": "csc_array csc_matrix",
    "scipy.sparse._csr": "csr_array csr_matrix",
    "scipy.sparse._dia": "dia_array dia_matrix",
    "scipy.sparse._dok": "dok_array dok_matrix",
    "scipy.sparse._lil": "lil_array lil_matrix",
    "scipy.sparse.bsr": "bsr_matrix",
    "scipy.sparse.coo": "coo_matrix",
    "scipy.sparse.csc": "csc_matrix",
    "scipy.sparse.csr": "csr_matrix",
    "scipy.sparse.dia": "dia_matrix",
    "scipy.sparse.dok": "dok_matrix",
    "scipy.sparse.lil": "lil_matrix",
    "scipy.spatial._ckdtree": "cKDTree",
    "scipy.spatial._kdtree": "KDTree",
    "scipy.spatial.ckdtree": "cKDTree new_object",
    "scipy.spatial.kdtree": "KDTree",
    "scipy.spatial.transform._rotation": "Rotation",
    "scipy.spatial.transform.rotation": "Rotation",
    "scipy.special._basic": "erfinv",
    "scipy.special._logsumexp": "logsumexp softmax",
    "scipy.special._special_ufuncs": "erf expit expm1 gammaln log1p logit ndtr xlogy",
    "scipy.special._ufuncs": (
        "boxcox boxcox1p erf erfinv expit expm1 gammaln inv_boxcox inv_boxcox1p log1p logit ndtr ndtri xlogy"
    ),
    "scipy.special.basic": "erfinv",
    "scipy.stats._distn_infrastructure": "rv_continuous_frozen rv_discrete_frozen rv_frozen",
    "scipy.stats._kde": "gaussian_kde",
    "scipy.stats.kde": "gaussian_kde",
    "sklearn._loss._loss": (
        "CyAbsoluteError CyExponentialLoss CyHalfBinomialLoss CyHalfGammaLoss CyHalfMultinomialLoss "
        "CyHalfPoissonLoss CyHalfSquaredError CyHalfTweedieLoss CyHalfTweedieLossIdentity CyHuberLoss "
        "CyPinballLoss __pyx_unpickle_CyAbsoluteError __pyx_unpickle_CyExponentialLoss "
        "__pyx_unpickle_CyHalfBinomialLoss __pyx_unpickle_CyHalfGammaLoss "
        "__pyx_unpickle_CyHalfMultinomialLoss __pyx_unpickle_CyHalfPoissonLoss "
        "__pyx_unpickle_CyHalfSquaredError __pyx_unpickle_CyHalfTweedieLoss "
        "__pyx_unpickle_CyHalfTweedieLossIdentity __pyx_unpickle_CyHuberLoss __pyx_unpickle_CyPinballLoss"
    ),
    "sklearn._loss.glm_distribution": (
        "DistributionBoundary GammaDistribution NormalDistribution PoissonDistribution TweedieDistribution"
    ),
    "sklearn._loss.link": "HalfLogitLink IdentityLink Interval LogLink LogitLink MultinomialLogit",
    "sklearn._loss.loss": (
        "AbsoluteError ExponentialLoss HalfBinomialLoss HalfGammaLoss HalfMultinomialLoss HalfPoissonLoss "
        "HalfSquaredError HalfTweedieLoss HalfTweedieLossIdentity HuberLoss PinballLoss"
    ),
    "sklearn.calibration": "CalibratedClassifierCV _CalibratedClassifier _SigmoidCalibration",
    "sklearn.cluster._affinity_propagation": "AffinityPropagation",
    "sklearn.cluster._agglomerative": "AgglomerativeClustering FeatureAgglomeration",
    "sklearn.cluster._bicluster": "SpectralBiclustering SpectralCoclustering",
    "sklearn.cluster._birch": "Birch _CFNode _CFSubcluster",
    "sklearn.cluster._bisect_k_means": "BisectingKMeans _BisectingTree",
    "sklearn.cluster._dbscan": "DBSCAN",
    "sklearn.cluster._hdbscan.hdbscan": "HDBSCAN",
    "sklearn.cluster._kmeans": "KMeans MiniBatchKMeans _kmeans_single_lloyd",
    "sklearn.cluster._mean_shift": "MeanShift",
    "sklearn.cluster._optics": "OPTICS",
    "sklearn.cluster._spectral": "SpectralClustering",
    "sklearn.cluster.affinity_propagation_": "AffinityPropagation",
    "sklearn.cluster.bicluster": "SpectralBiclustering SpectralCoclustering",
    "sklearn.cluster.birch": "Birch _CFNode _CFSubcluster",
    "sklearn.cluster.dbscan_": "DBSCAN",
    "sklearn.cluster.hierarchical": "AgglomerativeClustering FeatureAgglomeration",
    "sklearn.cluster.k_means_": "KMeans MiniBatchKMeans",
    "sklearn.cluster.mean_shift_": "MeanShift",
    "sklearn.cluster.optics_": "OPTICS",
    "sklearn.cluster.spectral": "SpectralClustering",
    "sklearn.compose._column_transformer": "ColumnTransformer _RemainderColsList make_column_selector",
    "sklearn.compose._target": "TransformedTargetRegressor",
    "sklearn.covariance._elliptic_envelope": "EllipticEnvelope",
    "sklearn.covariance._empirical_covariance": "EmpiricalCovariance",
    "sklearn.covariance._graph_lasso": "GraphicalLasso GraphicalLassoCV _DictWithDeprecatedKeys",
    "sklearn.covariance._robust_covariance": "MinCovDet",
    "sklearn.covariance._shrunk_covariance": "LedoitWolf OAS ShrunkCovariance ledoit_wolf oas",
    "sklearn.covariance.elliptic_envelope": "EllipticEnvelope",
    "sklearn.covariance.empirical_covariance_": "EmpiricalCovariance",
    "sklearn.covariance.graph_lasso_": "GraphLasso GraphLassoCV GraphicalLasso GraphicalLassoCV",
    "sklearn.covariance.robust_covariance": "MinCovDet",
    "sklearn.covariance.shrunk_covariance_": "LedoitWolf OAS ShrunkCovariance ledoit_wolf oas",
    "sklearn.cross_decomposition._cca": "CCA",
    "sklearn.cross_decomposition._pls": "CCA PLSCanonical PLSRegression PLSSVD",
    "sklearn.cross_decomposition.cca_": "CCA",
    "sklearn.cross_decomposition.pls_": "PLSCanonical PLSRegression PLSSVD",
    "sklearn.decomposition._dict_learning": "DictionaryLearning MiniBatchDictionaryLearning SparseCoder",
    "sklearn.decomposition._factor_analysis": "FactorAnalysis",
    "sklearn.decomposition._fastica": "FastICA",
    "sklearn.decomposition._incremental_pca": "IncrementalPCA",
    "sklearn.decomposition._kernel_pca": "KernelPCA",
    "sklearn.decomposition._lda": "LatentDirichletAllocation",
    "sklearn.decomposition._nmf": "MiniBatchNMF NMF",
    "sklearn.decomposition._pca": "PCA",
    "sklearn.decomposition._sparse_pca": "MiniBatchSparsePCA SparsePCA",
    "sklearn.decomposition._truncated_svd": "TruncatedSVD",
    "sklearn.decomposition.dict_learning": "DictionaryLearning MiniBatchDictionaryLearning SparseCoder",
    "sklearn.decomposition.factor_analysis": "FactorAnalysis",
    "sklearn.decomposition.fastica_": "FastICA",
    "sklearn.decomposition.incremental_pca": "IncrementalPCA",
    "sklearn.decomposition.kernel_pca": "KernelPCA",
    "sklearn.decomposition.nmf": "NMF",
    "sklearn.decomposition.online_lda": "LatentDirichletAllocation",
    "sklearn.decomposition.pca": "PCA",
    "sklearn.decomposition.sparse_pca": "MiniBatchSparsePCA SparsePCA",
    "sklearn.decomposition.truncated_svd": "TruncatedSVD",
    "sklearn.discriminant_analysis": "LinearDiscriminantAnalysis QuadraticDiscriminantAnalysis",
    "sklearn.dummy": "DummyClassifier DummyRegressor",
    "sklearn.ensemble._bagging": "BaggingClassifier BaggingRegressor",
    "sklearn.ensemble._forest": (
        "ExtraTreesClassifier ExtraTreesRegressor RandomForestClassifier RandomForestRegressor "
        "RandomTreesEmbedding"
    ),
    "sklearn.ensemble._gb": "GradientBoostingClassifier GradientBoostingRegressor",
    "sklearn.ensemble._gb_losses": (
        "BinomialDeviance ExponentialLoss HuberLossFunction LeastAbsoluteError LeastSquaresError "
        "MultinomialDeviance QuantileLossFunction"
    ),
    "sklearn.ensemble._hist_gradient_boosting.binning": "_BinMapper",
    "sklearn.ensemble._hist_gradient_boosting.gradient_boosting": (
        "HistGradientBoostingClassifier HistGradientBoostingRegressor"
    ),
    "sklearn.ensemble._hist_gradient_boosting.loss": (
        "BinaryCrossEntropy CategoricalCrossEntropy LeastSquares"
    ),
    "sklearn.ensemble._hist_gradient_boosting.predictor": "TreePredictor",
    "sklearn.ensemble._iforest": "IsolationForest",
    "sklearn.ensemble._stacking": "StackingClassifier StackingRegressor",
    "sklearn.ensemble._voting": "VotingClassifier VotingRegressor",
    "sklearn.ensemble._weight_boosting": "AdaBoostClassifier AdaBoostRegressor",
    "sklearn.ensemble.bagging": "BaggingClassifier BaggingRegressor",
    "sklearn.ensemble.forest": (
        "ExtraTreesClassifier ExtraTreesRegressor RandomForestClassifier RandomForestRegressor "
        "RandomTreesEmbedding"
    ),
    "sklearn.ensemble.gradient_boosting": (
        "BinomialDeviance ExponentialLoss GradientBoostingClassifier GradientBoostingRegressor "
        "HuberLossFunction LeastAbsoluteError LeastSquaresError LogOddsEstimator MeanEstimator "
        "MultinomialDeviance PriorProbabilityEstimator QuantileEstimator QuantileLossFunction "
        "ScaledLogOddsEstimator ZeroEstimator"
    ),
    "sklearn.ensemble.iforest": "IsolationForest",
    "sklearn.ensemble.voting": "VotingClassifier VotingRegressor",
    "sklearn.ensemble.weight_boosting": "AdaBoostClassifier AdaBoostRegressor",
    "sklearn.externals.joblib.numpy_pickle": "NumpyArrayWrapper",
    "sklearn.feature_extraction._dict_vectorizer": "DictVectorizer",
    "sklearn.feature_extraction._hash": "FeatureHasher",
    "sklearn.feature_extraction.dict_vectorizer": "DictVectorizer",
    "sklearn.feature_extraction.hashing": "FeatureHasher",
    "sklearn.feature_extraction.image": "PatchExtractor",
    "sklearn.feature_extraction.text": (
        "CountVectorizer HashingVectorizer TfidfTransformer TfidfVectorizer strip_accents_ascii "
        "strip_accents_unicode strip_tags"
    ),
    "sklearn.feature_selection._from_model": "SelectFromModel",
    "sklearn.feature_selection._mutual_info": "mutual_info_classif mutual_info_regression",
    "sklearn.feature_selection._rfe": "RFE RFECV",
    "sklearn.feature_selection._sequential": "SequentialFeatureSelector",
    "sklearn.feature_selection._univariate_selection": (
        "GenericUnivariateSelect SelectFdr SelectFpr SelectFwe SelectKBest SelectPercentile chi2 f_classif "
        "f_oneway f_regression r_regression"
    ),
    "sklearn.feature_selection._variance_threshold": "VarianceThreshold",
    "sklearn.feature_selection.from_model": "SelectFromModel",
    "sklearn.feature_selection.mutual_info_": "mutual_info_classif mutual_info_regression",
    "sklearn.feature_selection.rfe": "RFE RFECV",
    "sklearn.feature_selection.univariate_selection": (
        "GenericUnivariateSelect SelectFdr SelectFpr SelectFwe SelectKBest SelectPercentile chi2 f_classif "
        "f_oneway f_regression"
    ),
    "sklearn.feature_selection.variance_threshold": "VarianceThreshold",
    "sklearn.frozen._frozen": "FrozenEstimator",
    "sklearn.gaussian_process._gpc": "GaussianProcessClassifier _BinaryGaussianProcessClassifierLaplace",
    "sklearn.gaussian_process._gpr": "GaussianProcessRegressor",
    "sklearn.gaussian_process.gpc": "GaussianProcessClassifier _BinaryGaussianProcessClassifierLaplace",
    "sklearn.gaussian_process.gpr": "GaussianProcessRegressor",
    "sklearn.gaussian_process.kernels": (
        "CompoundKernel ConstantKernel DotProduct ExpSineSquared Exponentiation Matern PairwiseKernel "
        "Product RBF RationalQuadratic Sum WhiteKernel"
    ),
    "sklearn.impute": "MissingIndicator SimpleImputer",
    "sklearn.impute._base": "MissingIndicator SimpleImputer _BaseImputer",
    "sklearn.impute._iterative": "IterativeImputer _ImputerTriplet",
    "sklearn.impute._knn": "KNNImputer",
    "sklearn.isotonic": "IsotonicRegression",
    "sklearn.kernel_approximation": (
        "AdditiveChi2Sampler Nystroem PolynomialCountSketch RBFSampler SkewedChi2Sampler"
    ),
    "sklearn.kernel_ridge": "KernelRidge",
    "sklearn.linear_model._base": "LinearRegression",
    "sklearn.linear_model._bayes": "ARDRegression BayesianRidge",
    "sklearn.linear_model._coordinate_descent": (
        "ElasticNet ElasticNetCV Lasso LassoCV MultiTaskElasticNet MultiTaskElasticNetCV MultiTaskLasso "
        "MultiTaskLassoCV"
    ),
    "sklearn.linear_model._glm.glm": (
        "GammaRegressor GeneralizedLinearRegressor PoissonRegressor TweedieRegressor"
    ),
    "sklearn.linear_model._glm.link": "IdentityLink LogLink",
    "sklearn.linear_model._huber": "HuberRegressor",
    "sklearn.linear_model._least_angle": "Lars LarsCV LassoLars LassoLarsCV LassoLarsIC",
    "sklearn.linear_model._logistic": "LogisticRegression LogisticRegressionCV",
    "sklearn.linear_model._omp": "OrthogonalMatchingPursuit OrthogonalMatchingPursuitCV",
    "sklearn.linear_model._passive_aggressive": "PassiveAggressiveClassifier PassiveAggressiveRegressor",
    "sklearn.linear_model._perceptron": "Perceptron",
    "sklearn.linear_model._quantile": "QuantileRegressor",
    "sklearn.linear_model._ransac": "RANSACRegressor",
    "sklearn.linear_model._ridge": "Ridge RidgeCV RidgeClassifier RidgeClassifierCV _BaseRidgeCV _RidgeGCV",
    "sklearn.linear_model._sgd_fast": (
        "EpsilonInsensitive Hinge Huber Log ModifiedHuber SquaredEpsilonInsensitive SquaredHinge SquaredLoss"
    ),
    "sklearn.linear_model._stochastic_gradient": "SGDClassifier SGDOneClassSVM SGDRegressor",
    "sklearn.linear_model._theil_sen": "TheilSenRegressor",
    "sklearn.linear_model.base": "LinearRegression",
    "sklearn.linear_model.bayes": "ARDRegression BayesianRidge",
    "sklearn.linear_model.coordinate_descent": (
        "ElasticNet ElasticNetCV Lasso LassoCV MultiTaskElasticNet MultiTaskElasticNetCV MultiTaskLasso "
        "MultiTaskLassoCV"
    ),
    "sklearn.linear_model.huber": "HuberRegressor",
    "sklearn.linear_model.least_angle": "Lars LarsCV LassoLars LassoLarsCV LassoLarsIC",
    "sklearn.linear_model.logistic": "LogisticRegression LogisticRegressionCV",
    "sklearn.linear_model.omp": "OrthogonalMatchingPursuit OrthogonalMatchingPursuitCV",
    "sklearn.linear_model.passive_aggressive": "PassiveAggressiveClassifier PassiveAggressiveRegressor",
    "sklearn.linear_model.perceptron": "Perceptron",
    "sklearn.linear_model.randomized_l1": "RandomizedLasso RandomizedLogisticRegression",
    "sklearn.linear_model.ransac": "RANSACRegressor",
    "sklearn.linear_model.ridge": "Ridge RidgeCV RidgeClassifier RidgeClassifierCV _BaseRidgeCV _RidgeGCV",
    "sklearn.linear_model.sgd_fast": (
        "EpsilonInsensitive Hinge Huber Log ModifiedHuber SquaredEpsilonInsensitive SquaredHinge SquaredLoss"
    ),
    "sklearn.linear_model.stochastic_gradient": "SGDClassifier SGDRegressor",
    "sklearn.linear_model.theil_sen": "TheilSenRegressor",
    "sklearn.manifold._classical_mds": "ClassicalMDS",
    "sklearn.manifold._isomap": "Isomap",
    "sklearn.manifold._locally_linear": "LocallyLinearEmbedding",
    "sklearn.manifold._mds": "MDS",
    "sklearn.manifold._spectral_embedding": "SpectralEmbedding",
    "sklearn.manifold._t_sne": "TSNE",
    "sklearn.manifold.isomap": "Isomap",
    "sklearn.manifold.locally_linear": "LocallyLinearEmbedding",
    "sklearn.manifold.mds": "MDS",
    "sklearn.manifold.spectral_embedding_": "SpectralEmbedding",
    "sklearn.manifold.t_sne": "TSNE",
    "sklearn.metrics._classification": (
        "accuracy_score balanced_accuracy_score brier_score_loss d2_brier_score d2_log_loss_score f1_score "
        "fbeta_score jaccard_score log_loss matthews_corrcoef precision_score recall_score"
    ),
    "sklearn.metrics._dist_metrics": (
        "BrayCurtisDistance BrayCurtisDistance64 CanberraDistance CanberraDistance64 ChebyshevDistance "
        "ChebyshevDistance32 ChebyshevDistance64 DiceDistance DiceDistance64 EuclideanDistance "
        "EuclideanDistance32 EuclideanDistance64 HammingDistance HammingDistance64 HaversineDistance "
        "HaversineDistance64 JaccardDistance JaccardDistance64 ManhattanDistance ManhattanDistance32 "
        "ManhattanDistance64 MatchingDistance MatchingDistance64 MinkowskiDistance MinkowskiDistance64 "
        "RogersTanimotoDistance RogersTanimotoDistance64 RussellRaoDistance RussellRaoDistance64 "
        "SEuclideanDistance SEuclideanDistance64 SokalMichenerDistance SokalMichenerDistance64 "
        "SokalSneathDistance SokalSneathDistance64 WMinkowskiDistance newObj"
    ),
    "sklearn.metrics._ranking": "average_precision_score roc_auc_score top_k_accuracy_score",
    "sklearn.metrics._regression": (
        "d2_absolute_error_score explained_variance_score max_error mean_absolute_error "
        "mean_absolute_percentage_error mean_gamma_deviance mean_poisson_deviance mean_squared_error "
        "mean_squared_log_error median_absolute_error r2_score root_mean_squared_error "
        "root_mean_squared_log_error"
    ),
    "sklearn.metrics._scorer": (
        "_CurveScorer _PassthroughScorer _PredictScorer _ProbaScorer _Scorer _ThresholdScorer "
        "_passthrough_scorer negative_likelihood_ratio positive_likelihood_ratio"
    ),
    "sklearn.metrics.classification": (
        "accuracy_score balanced_accuracy_score brier_score_loss f1_score fbeta_score jaccard_score "
        "log_loss precision_score recall_score"
    ),
    "sklearn.metrics.cluster._supervised": (
        "adjusted_mutual_info_score adjusted_rand_score completeness_score fowlkes_mallows_score "
        "homogeneity_score mutual_info_score normalized_mutual_info_score rand_score v_measure_score"
    ),
    "sklearn.metrics.cluster.supervised": (
        "adjusted_mutual_info_score adjusted_rand_score completeness_score fowlkes_mallows_score "
        "homogeneity_score mutual_info_score normalized_mutual_info_score v_measure_score"
    ),
    "sklearn.metrics.pairwise": (
        "additive_chi2_kernel chi2_kernel cosine_distances cosine_similarity euclidean_distances "
        "haversine_distances laplacian_kernel linear_kernel manhattan_distances nan_euclidean_distances "
        "paired_distances pairwise_distances polynomial_kernel rbf_kernel sigmoid_kernel"
    ),
    "sklearn.metrics.ranking": "average_precision_score roc_auc_score",
    "sklearn.metrics.regression": (
        "explained_variance_score max_error mean_absolute_error mean_squared_error mean_squared_log_error "
        "median_absolute_error r2_score"
    ),
    "sklearn.metrics.scorer": "_PredictScorer _ProbaScorer _ThresholdScorer _passthrough_scorer",
    "sklearn.mixture._bayesian_mixture": "BayesianGaussianMixture",
    "sklearn.mixture._gaussian_mixture": "GaussianMixture",
    "sklearn.mixture.bayesian_mixture": "BayesianGaussianMixture",
    "sklearn.mixture.gaussian_mixture": "GaussianMixture",
    "sklearn.model_selection._classification_threshold": (
        "FixedThresholdClassifier TunedThresholdClassifierCV _CurveScorer"
    ),
    "sklearn.model_selection._search": "GridSearchCV ParameterGrid ParameterSampler RandomizedSearchCV",
    "sklearn.model_selection._search_successive_halving": (
        "HalvingGridSearchCV HalvingRandomSearchCV _refit_callable"
    ),
    "sklearn.model_selection._split": (
        "GroupKFold GroupShuffleSplit KFold LeaveOneGroupOut LeaveOneOut LeavePGroupsOut LeavePOut "
        "PredefinedSplit RepeatedKFold RepeatedStratifiedKFold ShuffleSplit StratifiedGroupKFold "
        "StratifiedKFold StratifiedShuffleSplit TimeSeriesSplit _CVIterableWrapper"
    ),
    "sklearn.multiclass": "OneVsOneClassifier OneVsRestClassifier OutputCodeClassifier _ConstantPredictor",
    "sklearn.multioutput": "ClassifierChain MultiOutputClassifier MultiOutputRegressor RegressorChain",
    "sklearn.naive_bayes": "BernoulliNB CategoricalNB ComplementNB GaussianNB MultinomialNB",
    "sklearn.neighbors._ball_tree": "BallTree newObj",
    "sklearn.neighbors._classification": "KNeighborsClassifier RadiusNeighborsClassifier",
    "sklearn.neighbors._dist_metrics": (
        "BrayCurtisDistance CanberraDistance ChebyshevDistance DiceDistance EuclideanDistance "
        "HammingDistance HaversineDistance JaccardDistance ManhattanDistance MatchingDistance "
        "MinkowskiDistance RogersTanimotoDistance RussellRaoDistance SEuclideanDistance "
        "SokalMichenerDistance SokalSneathDistance WMinkowskiDistance newObj"
    ),
    "sklearn.neighbors._graph": "KNeighborsTransformer RadiusNeighborsTransformer",
    "sklearn.neighbors._kd_tree": "KDTree newObj",
    "sklearn.neighbors._kde": "KernelDensity",
    "sklearn.neighbors._lof": "LocalOutlierFactor",
    "sklearn.neighbors._nca": "NeighborhoodComponentsAnalysis",
    "sklearn.neighbors._nearest_centroid": "NearestCentroid",
    "sklearn.neighbors._regression": "KNeighborsRegressor RadiusNeighborsRegressor",
    "sklearn.neighbors._unsupervised": "NearestNeighbors",
    "sklearn.neighbors.approximate": "GaussianRandomProjectionHash LSHForest",
    "sklearn.neighbors.ball_tree": "BallTree newObj",
    "sklearn.neighbors.classification": "KNeighborsClassifier RadiusNeighborsClassifier",
    "sklearn.neighbors.dist_metrics": (
        "BrayCurtisDistance CanberraDistance ChebyshevDistance DiceDistance EuclideanDistance "
        "HammingDistance HaversineDistance JaccardDistance ManhattanDistance MatchingDistance "
        "MinkowskiDistance RogersTanimotoDistance RussellRaoDistance SEuclideanDistance "
        "SokalMichenerDistance SokalSneathDistance WMinkowskiDistance newObj"
    ),
    "sklearn.neighbors.kd_tree": "KDTree newObj",
    "sklearn.neighbors.kde": "KernelDensity",
    "sklearn.neighbors.lof": "LocalOutlierFactor",
    "sklearn.neighbors.nca": "NeighborhoodComponentsAnalysis",
    "sklearn.neighbors.nearest_centroid": "NearestCentroid",
    "sklearn.neighbors.regression": "KNeighborsRegressor RadiusNeighborsRegressor",
    "sklearn.neighbors.unsupervised": "NearestNeighbors",
    "sklearn.neural_network._multilayer_perceptron": "MLPClassifier MLPRegressor",
    "sklearn.neural_network._rbm": "BernoulliRBM",
    "sklearn.neural_network._stochastic_optimizers": "AdamOptimizer SGDOptimizer",
    "sklearn.neural_network.multilayer_perceptron": "MLPClassifier MLPRegressor",
    "sklearn.neural_network.rbm": "BernoulliRBM",
    "sklearn.pipeline": "FeatureUnion Pipeline",
    "sklearn.preprocessing._data": (
        "Binarizer KernelCenterer MaxAbsScaler MinMaxScaler Normalizer PolynomialFeatures PowerTransformer "
        "QuantileTransformer RobustScaler StandardScaler binarize maxabs_scale minmax_scale normalize "
        "power_transform quantile_transform robust_scale scale"
    ),
    "sklearn.preprocessing._discretization": "KBinsDiscretizer",
    "sklearn.preprocessing._encoders": "OneHotEncoder OrdinalEncoder _BaseEncoder",
    "sklearn.preprocessing._function_transformer": "FunctionTransformer",
    "sklearn.preprocessing._label": "LabelBinarizer LabelEncoder MultiLabelBinarizer",
    "sklearn.preprocessing._polynomial": "PolynomialFeatures SplineTransformer",
    "sklearn.preprocessing._target_encoder": "TargetEncoder",
    "sklearn.preprocessing.data": (
        "Binarizer KernelCenterer MaxAbsScaler MinMaxScaler Normalizer PolynomialFeatures PowerTransformer "
        "QuantileTransformer RobustScaler StandardScaler binarize maxabs_scale minmax_scale normalize "
        "power_transform quantile_transform robust_scale scale"
    ),
    "sklearn.preprocessing.imputation": "Imputer",
    "sklearn.preprocessing.label": "LabelBinarizer LabelEncoder MultiLabelBinarizer",
    "sklearn.random_projection": "GaussianRandomProjection SparseRandomProjection",
    "sklearn.semi_supervised._label_propagation": "LabelPropagation LabelSpreading",
    "sklearn.semi_supervised._self_training": "SelfTrainingClassifier",
    "sklearn.semi_supervised.label_propagation": "LabelPropagation LabelSpreading",
    "sklearn.svm._classes": "LinearSVC LinearSVR NuSVC NuSVR OneClassSVM SVC SVR",
    "sklearn.svm.classes": "LinearSVC LinearSVR NuSVC NuSVR OneClassSVM SVC SVR",
    "sklearn.tree._classes": (
        "DecisionTreeClassifier DecisionTreeRegressor ExtraTreeClassifier ExtraTreeRegressor"
    ),
    "sklearn.tree._tree": "Tree",
    "sklearn.tree.tree": (
        "DecisionTreeClassifier DecisionTreeRegressor ExtraTreeClassifier ExtraTreeRegressor"
    ),
    "sklearn.utils": "Bunch",
    "sklearn.utils._bunch": "Bunch",
    "sklearn.utils._metadata_requests": "MetadataRequest MethodMetadataRequest",
    "sklearn.utils._mocking": "CheckingClassifier NoSampleWeightWrapper",
    "sklearn.utils.deprecation": "DeprecationDict",
    "sklearn.utils.mocking": "CheckingClassifier",
    "sklearn.utils.validation": "check_array",
    "uuid": "UUID",
    "xgboost.callback": "EarlyStopping",
    "xgboost.core": "Booster",
    "xgboost.sklearn": "XGBClassifier XGBModel XGBRFClassifier XGBRFRegressor XGBRanker XGBRegressor",
}
