"""The view of what a model file holds, field by field against the models, and on hostile graphs."""

from __future__ import annotations

import io
import json
import pickle
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import joblib
import modelzoo
import numpy as np
import pytest
from modelfiles import evil, graph_of, short_unicode, stack_global
from obs.cas.format.canonical import MAX_OBJECT_BYTES, decode, encode
from obs.cas.observe.pickles.budget import Budget
from obs.cas.observe.pickles.estimators import MAX_ESTIMATORS, estimator_tree
from obs.cas.observe.pickles.nodes import Call, Dict
from obs.cas.observe.pickles.summary import summarise
from obs.cas.observe.pickles.survey import MAX_ARRAYS, survey
from obs.cas.observe.pickles.values import attributes, names_of, short


def pickled(protocol: int) -> Callable[[Any], bytes]:
    return lambda model: pickle.dumps(model, protocol)


def dumped(compress: int) -> Callable[[Any], bytes]:
    def dump(model: Any) -> bytes:
        out = io.BytesIO()
        joblib.dump(model, out, compress=compress)
        return out.getvalue()

    return dump


WRITERS: Final[dict[str, Callable[[Any], bytes]]] = {
    **{f"protocol {number}": pickled(number) for number in (0, 2, 4, 5)},
    "joblib": dumped(0),
    "joblib compressed": dumped(3),
}
# IsotonicRegression leaves it out of its state, and makes it anew when it is loaded.
_MADE_ANEW: Final = "f_"


def found_in(model: Any, protocol: int = 4) -> Any:
    return summarise(graph_of(pickle.dumps(model, protocol)))


def types_in(tree: Any) -> Any:
    """The tree as (name, type, children)."""
    return (tree["name"], tree["type"], [types_in(child) for child in tree["children"]])


# ---------------------------------------------------------------------- field by field


@pytest.mark.parametrize("how", WRITERS)
@pytest.mark.parametrize("name", modelzoo.ZOO)
def test_what_is_told_is_what_loading_gives(name: str, how: str) -> None:
    model = modelzoo.model(name)
    truth = modelzoo.ground_truth(model)
    graph = graph_of(WRITERS[how](model))
    assert graph.complete
    seen = survey(graph.roots, 10_000, Budget())
    assert [found.path for found in seen.estimators] == [one["path"] for one in truth["estimators"]]
    assert seen.estimator_count == len(truth["estimators"])
    for found, one in zip(seen.estimators, truth["estimators"], strict=True):
        check_estimator(found.node, one)
    rows: Any = {row["path"]: row for row in seen.arrays.rows if isinstance(row, dict)}
    for array in truth["arrays"]:
        if f".{_MADE_ANEW}." not in array["path"]:
            check_array(rows[array["path"]], array)
    # What is told beyond that are arguments and states that loading consumes.
    for path in rows.keys() - {array["path"] for array in truth["arrays"]}:
        assert "__reduce__()" in path or ".state['key']" in path or how.startswith("joblib"), path
    check_summary(summarise(graph), model)


def check_estimator(node: Call, one: dict[str, Any]) -> None:
    tree = estimator_tree((node,), Budget())
    known = attributes(node, Budget())
    assert tree is not None
    assert known is not None
    assert (tree.type, tree.module) == (one["type"], one["module"])
    assert sorted(tree.parameters) == one["params"]
    fitted = sorted(attribute.name for attribute in tree.fitted)
    assert fitted == [name for name in one["fitted"] if name != _MADE_ANEW]
    assert tree.n_features_in == one["n_features_in"]
    for shown, truth in (
        (tree.feature_names_in, one["feature_names_in"]),
        (tree.classes, one["classes"]),
    ):
        assert (None if shown is None else shown.shown) == truth


def check_array(row: dict[str, Any], array: dict[str, Any]) -> None:
    assert row["shape"] == array["shape"]
    if isinstance(array["dtype"], str):
        assert row["dtype"] == str(np.dtype(array["dtype"]))
    else:
        shown = row["dtype"].partition("…")[0]  # a long one is cut
        assert len(shown) >= 100 or all(name in shown for name, *_ in array["dtype"])
    mask = array["shape"][0] if "cv_results_['param_" in array["path"] else 0  # of a masked array
    assert row["bytes"] == array["bytes"] + mask


def check_summary(found: dict[str, Any], model: Any) -> None:
    assert encode(decode(encode(found))) == encode(found)
    assert json.loads(json.dumps(found, allow_nan=True))
    steps = getattr(getattr(model, "best_estimator_", model), "steps", [])
    assert [step["name"] for step in found["pipeline_steps"]] == [step[0] for step in steps]
    assert found["step_count"] == len(steps)
    if isinstance(model, dict | list):
        return
    features = getattr(model, "n_features_in_", None)
    assert found["n_features_in"] == features
    names = getattr(model, "feature_names_in_", None)
    assert found["feature_names_in"] == (None if names is None else list(names))
    classes: Any = getattr(model, "classes_", None)
    if classes is not None and found["model"] is not None:
        truth = modelzoo.ground_truth(model)["estimators"]
        assert found["classes"] in [one["classes"] for one in truth]
        assert len(found["classes"]) == len(classes)


def test_what_all_writers_write_is_told_alike() -> None:
    for name in ("column_transformer", "stacking", "calibrated", "text_pipeline"):
        told = [summarise(graph_of(write(modelzoo.model(name)))) for write in WRITERS.values()]
        for one in told:
            for key in ("pipeline_steps", "tree", "model", "classes", "feature_names_in", "libraries"):
                # As text: NaN, the usual mark of a missing value, is not equal to itself.
                assert json.dumps(one[key]) == json.dumps(told[0][key]), (name, key)


# ---------------------------------------------------------------------- the trees


TREES: Final[list[tuple[str, Any]]] = [
    ("forest", [("estimators_", "DecisionTreeClassifier", [])]),
    (
        "column_transformer",
        [
            (
                "columns",
                "ColumnTransformer",
                [
                    (
                        "num",
                        "Pipeline",
                        [("fill", "SimpleImputer", []), ("scale", "StandardScaler", [])],
                    ),
                    ("cat", "OneHotEncoder", []),
                    ("remainder", "drop", []),
                ],
            ),
            ("model", "LogisticRegression", []),
        ],
    ),
    (
        "grid_search",
        [("best_estimator_", "Pipeline", [("scale", "StandardScaler", []), ("model", "SVC", [])])],
    ),
    (
        "feature_union",
        [
            ("union", "FeatureUnion", [("pca", "PCA", []), ("best", "SelectKBest", [])]),
            ("model", "GaussianNB", []),
        ],
    ),
    (
        "stacking",
        [
            ("final_estimator_", "LogisticRegression", []),
            ("tree", "DecisionTreeClassifier", []),
            ("bayes", "GaussianNB", []),
            ("_label_encoder", "LabelEncoder", []),
        ],
    ),
    (
        "transformed_target",
        [
            ("transformer_", "FunctionTransformer", []),
            ("regressor_", "Pipeline", [("scale", "StandardScaler", []), ("model", "Ridge", [])]),
        ],
    ),
    ("class_of_the_script", [("clip", "Clip", []), ("model", "LogisticRegression", [])]),
]


@pytest.mark.parametrize(("name", "tree"), TREES)
def test_trees(name: str, tree: Any) -> None:
    assert types_in(found_in(modelzoo.model(name))["tree"])[2] == tree


@pytest.mark.parametrize(
    ("name", "count"), [("forest", 8), ("gradient_boosting", 9), ("bagging", 3), ("one_vs_rest", 3)]
)
def test_many_alike_are_told_once(name: str, count: int) -> None:
    tree = found_in(modelzoo.model(name))["tree"]
    assert [child["count"] for child in tree["children"] if "count" in child] == [count]


@pytest.mark.parametrize(
    ("name", "kind", "prepares"),
    [
        ("logistic", "classifier", False),
        ("pipeline", "classifier", True),
        ("grid_search", "classifier", True),
        ("randomized_search", "classifier", False),
        ("transformed_target", "regressor", True),
        ("kmeans", "clusterer", False),
        ("isolation_forest", "outlier detector", False),
        ("mlp", "classifier", False),  # its label binarizer prepares no data
        ("one_vs_rest", "classifier", False),
        ("class_of_the_script", "classifier", True),
        ("ball_tree", None, False),
    ],
)
def test_the_model_and_what_comes_before_it(name: str, kind: str | None, prepares: bool) -> None:
    found = found_in(modelzoo.model(name))
    assert found["model"]["kind"] == kind
    assert found["has_preprocessing"] is prepares


@pytest.mark.parametrize("name", ["pca", "tfidf", "column_transformer_rest", "list_of_models"])
def test_no_model_or_more_than_one(name: str) -> None:
    assert found_in(modelzoo.model(name))["model"] is None


def test_columns_and_words() -> None:
    tree = found_in(modelzoo.model("column_transformer_rest"))["tree"]
    assert [(child["name"], child["type"], child["columns"]) for child in tree["children"]][:3] == [
        ("num", "StandardScaler", ["age", "income"]),
        ("text", "TfidfVectorizer", "note"),
        ("drop", "drop", [2]),
    ]
    steps = found_in(modelzoo.model("nested_pipeline"))["pipeline_steps"]
    assert steps[1] == {"name": "off", "type": "passthrough", "module": None}


def test_a_list_of_models_tells_a_shared_one_once() -> None:
    children = found_in(modelzoo.model("list_of_models"))["tree"]["children"]
    assert [(child["name"], child.get("seen_before", False)) for child in children] == [
        ("[0]", False), ("[1]", False), ("[2]", True), ("[3]", False),
    ]  # fmt: skip
    assert children[2]["parameters"] == {}


@pytest.mark.parametrize(
    "thing", [np.zeros((3, 4)), [1, 2], {"a": "b"}, None, 5, "text", {"frame": modelzoo.frame()}],
    ids=["array", "list", "dict", "None", "int", "str", "frame"],
)  # fmt: skip
@pytest.mark.parametrize("protocol", [0, 2, 5])
def test_what_is_no_model_is_told_completely(thing: Any, protocol: int) -> None:
    found = found_in(thing, protocol)
    assert found["tree"] is None
    assert found["model"] is None
    assert found["complete"]
    if isinstance(thing, np.ndarray):
        assert found["arrays"] == [{"path": "", "dtype": "float64", "shape": [3, 4], "bytes": 96}]


def test_learned_values_are_never_told() -> None:
    rng = np.random.default_rng(3)
    from sklearn.linear_model import Ridge

    model = Ridge().fit(rng.normal(size=(20, 3)), rng.normal(size=20))
    text = json.dumps(found_in(model))
    assert repr(float(model.intercept_)) not in text
    assert repr(float(model.coef_[0])) not in text


@pytest.mark.parametrize("protocol", range(6))
def test_short_values(protocol: int) -> None:
    import functools
    import math

    thing = {
        "none": None, "true": True, "int": 3, "float": 0.5, "text": "é", "tuple": (1, "b"),
        "scalar": np.float64(0.25), "small": np.int16(-3), "flag": np.bool_(True), "word": np.str_("ab"),
        "array": np.zeros((2, 3)), "function": math.log, "class": np.float64, "ufunc": np.log1p,
        "slice": slice(0, 3), "partial": functools.partial(math.log, 2), "dtype": np.dtype("f4"),
        "long": "x" * 300, "list": list(range(40)), "deep": [[[[[1]]]]], "big": 10**40,
        "set": {1, 2, 3}, "frozen": frozenset([7]), "within": [[[{1, 2}]]],
    }  # fmt: skip
    budget = Budget()
    shown: Any = {}
    root = graph_of(pickle.dumps(thing, protocol)).roots[0]
    assert isinstance(root, Dict)
    for key, node in root.pairs():
        shown[key] = short(node, budget)
    assert shown["tuple"] == [1, "b"]
    assert (shown["scalar"], shown["small"], shown["flag"], shown["word"]) == (0.25, -3, True, "ab")
    assert shown["array"] == "<float64[2, 3]>"
    assert shown["function"] == "<function math.log>"
    assert shown["class"] == "<class numpy.float64>"
    assert shown["ufunc"] == "<function numpy.log1p>"
    assert shown["slice"] == "slice(0, 3, None)"
    assert (shown["set"], shown["frozen"], shown["within"]) == ([1, 2, 3], [7], [[["<set: 2>"]]])
    assert shown["dtype"] == "<dtype f4>"
    assert shown["long"] == "x" * 200 + "… (300 characters in all)"
    assert shown["list"][-1] == "… (40 in all)"
    assert shown["deep"] == [[["<list: 1>"]]]
    assert shown["big"] == str(10**40)
    assert not budget.spent


def test_long_lists_are_cut_counted_and_hashed() -> None:
    arrays = [np.zeros(1) for _ in range(MAX_ARRAYS + 1)]
    found = found_in(arrays)
    assert len(found["arrays"]) == MAX_ARRAYS
    assert found["cut"]["arrays"]["count"] == MAX_ARRAYS + 1
    other = found_in([*arrays[:-1], np.zeros(2)])
    assert other["arrays"] == found["arrays"]
    assert other["cut"]["arrays"]["blake3"] != found["cut"]["arrays"]["blake3"]
    names = np.array([f"feature {number}" for number in range(3000)], dtype=object)
    shown = names_of(graph_of(pickle.dumps(names)).roots[0], Budget())
    assert shown is not None
    assert (len(shown.shown), shown.total) == (1000, 3000)


# ---------------------------------------------------------------------- hostile graphs


def step(name: Any, inner: Any) -> Any:
    from sklearn.pipeline import Pipeline

    made = Pipeline([])
    made.steps = [(name, inner)]
    return made


def told_quickly(data: bytes) -> Any:
    """What is told of it: as valid JSON, as an object that can be stored, and soon."""
    before = time.process_time()
    found = summarise(graph_of(data))
    assert time.process_time() - before < 60
    assert len(encode(found)) <= MAX_OBJECT_BYTES
    json.dumps(found)
    return found


def test_a_cycle_is_told_once() -> None:
    pipeline = step("self", None)
    pipeline.steps = [("self", pipeline), ("other", step("back", pipeline))]
    found = told_quickly(pickle.dumps(pipeline))
    first, second = found["tree"]["children"]
    assert first["seen_before"]
    assert second["children"][0]["seen_before"]
    assert found["model"] is None


def test_a_tree_of_2_to_the_60_through_sharing() -> None:
    inner = step("leaf", "passthrough")
    for _ in range(60):
        outer = step("a", inner)
        outer.steps = [("a", inner), ("b", inner)]
        inner = outer
    found = told_quickly(pickle.dumps(inner))
    assert found["estimator_count"] == 61


def test_lists_within_lists_through_sharing() -> None:
    shared: Any = [1, 2]
    for _ in range(60):
        shared = [shared, shared]
    told_quickly(pickle.dumps(step("a", shared)))
    told_quickly(pickle.dumps(shared))


def test_twenty_thousand_steps() -> None:
    pipeline = step("a", None)
    pipeline.steps = [(f"step{number}", step("inner", "drop")) for number in range(20_000)]
    pipeline.steps[-1] = ("last", modelzoo.model("logistic"))
    found = told_quickly(pickle.dumps(pipeline))
    assert found["step_count"] == 20_000
    assert found["cut"]["pipeline_steps"]["count"] == 20_000
    assert found["tree"]["more_children"] == 20_000 - 200
    assert found["model"]["type"] == "LogisticRegression"


def test_more_estimators_than_are_told() -> None:
    pipelines = {f"model {number}": step("a", step("b", "drop")) for number in range(1_000)}
    found = told_quickly(pickle.dumps(pipelines))
    assert found["estimator_count"] == 2_000

    def count(tree: Any) -> int:
        return 1 + sum(map(count, tree["children"]))

    assert count(found["tree"]) <= MAX_ESTIMATORS


@pytest.mark.parametrize(
    "name",
    [
        "\x1b[2J\x1b]0;owned\x07",
        "\u202egnp.exe",
        "a\nb\r\nc",
        "\ud800\udfff",
        "x" * 60_000_000,
        "",
        5,
        None,
        b"x",
    ],
    ids=["ansi", "bidi", "lines", "surrogates", "60 MB", "empty", "int", "None", "bytes"],
)
def test_names_of_steps_that_mean_harm(name: Any) -> None:
    found = told_quickly(pickle.dumps(step(name, modelzoo.model("logistic"))))
    assert found["complete"]
    shown = [one["name"] for one in found["pipeline_steps"]]
    assert all(len(text) < 300 for text in shown)
    assert bool(shown) == isinstance(name, str)


@pytest.mark.parametrize(
    "steps",
    [
        None,
        5,
        "steps",
        {"a": 1},
        [1, 2],
        [()],
        [("a",)],
        [("a", 5)],
        ["ab"],
        [[1, 2]],
        [("a", ["x"])],
        ((), ()),
    ],
    ids=repr,
)
def test_steps_that_are_no_list_of_steps(steps: Any) -> None:
    pipeline = step("a", None)
    pipeline.steps = steps
    for protocol in (0, 2, 5):
        found = told_quickly(pickle.dumps(pipeline, protocol))
        assert found["tree"]["type"] == "Pipeline"
        assert found["model"] is None


@pytest.mark.parametrize(
    "value", [None, -1, 2**70, "3", [4], {"a": 5}, b"6", True, np.zeros((3, 3)), 1e400], ids=repr
)
@pytest.mark.parametrize(
    "attribute",
    ["n_features_in_", "feature_names_in_", "classes_", "estimators_", "best_estimator_", "transformers_",
     "_sklearn_version", "named_estimators_", "calibrated_classifiers_"],
)  # fmt: skip
def test_attributes_of_wrong_types(attribute: str, value: Any) -> None:
    from sklearn.linear_model import Ridge

    model = Ridge()
    setattr(model, attribute, value)
    found = told_quickly(pickle.dumps(model))
    assert found["tree"]["type"] == "Ridge"
    assert found["n_features_in"] is None or isinstance(found["n_features_in"], int)


def test_states_given_twice_and_keys_written_twice() -> None:
    made = stack_global("sklearn.linear_model", "Ridge") + b")\x81"
    state = b"}(" + short_unicode("alpha") + b"K\x01" + short_unicode("alpha") + b"K\x02u"
    later = b"}(" + short_unicode("alpha") + b"K\x03" + short_unicode("coef_") + b"Nu"
    found = told_quickly(b"\x80\x04" + made + state + b"b" + later + b"b.")
    assert found["tree"]["parameters"] == {"alpha": 3}


def test_a_payload_within_a_step_is_told_and_not_run(tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self) -> Any:
            import os

            return os.mkdir, (str(tmp_path / "mark"),)

    found = told_quickly(pickle.dumps(step("model", Evil())))
    assert not (tmp_path / "mark").exists()
    assert [(one["module"], one["name"]) for one in found["globals"] if one["grade"] == "dangerous"] == [
        ("posix", "mkdir")
    ]
    assert found["globals"][0]["reason"]
    assert told_quickly(evil(tmp_path / "mark"))["tree"] is None


def test_what_was_seen_before_the_end_of_a_broken_file() -> None:
    data = pickle.dumps(modelzoo.model("pipeline"))
    for length in range(2, len(data), 37):
        found = told_quickly(data[:length])
        assert not found["complete"]
        assert found["problems"]


def test_the_longest_texts_everywhere_fit_into_an_object() -> None:
    wide = "\U0001f600" * 400
    dtype = np.dtype([("\U0001f600" * 100 + str(number), "f8") for number in range(3)])
    models = [step(wide + str(number), wide) for number in range(1_200)]
    for number, model in enumerate(models):
        for name in range(30):
            setattr(model, f"{wide[:90]}{number}{name}", wide)
    arrays = {f"{wide}{number}": {wide: np.zeros(1, dtype)} for number in range(5_000)}
    root = step(wide, models)
    root.steps = [(f"{wide}{number}", model) for number, model in enumerate(models)]
    root.arrays = arrays
    found = told_quickly(pickle.dumps(root))
    assert found["cut"]["texts"] == {}
    assert found["cut"]["arrays"]["count"] == 5_000


def test_a_type_of_thousands_of_fields_that_every_array_has() -> None:
    dtype = np.dtype([(f"field{number}", "f8") for number in range(2_000)])
    found = told_quickly(pickle.dumps([np.zeros(0, dtype) for _ in range(3_000)]))
    assert len(found["arrays"]) == 3_000
