"""Files of skops, written by skops itself: what is told of them is what is told of a pickle of the same."""

from __future__ import annotations

import json
import operator
import pickle
import zipfile
from collections import OrderedDict, defaultdict
from functools import partial
from typing import Any

import modelzoo
import numpy as np
import pytest
import scipy.sparse
import skops.io
from modelfiles import codes, graph_of, names
from obs.cas.observe.pickles.arrays import as_array
from obs.cas.observe.pickles.budget import Budget
from obs.cas.observe.pickles.nodes import Bytes, Call, Dict, Global, List, Node, Text, Tuple, class_of
from obs.cas.observe.pickles.summary import summarise
from obs.cas.observe.pickles.values import Names, attributes, described, names_of, raw_bytes, short
from sklearn.linear_model import LogisticRegression
from skopsfiles import archive_of, dict_of, plain, state_of

TOO_DEEP = {"randomized_search"}
"""What skops itself cannot write: its own recursion never ends there."""


def told(data: bytes) -> dict[str, Any]:
    """What is told of a file, without what differs between the formats."""
    found: dict[str, Any] = summarise(graph_of(data))
    # NaN is not equal to itself, and is text here. A RandomState has a state of its own in skops.
    text = json.dumps(found, sort_keys=True)
    text = text.replace("numpy.random._pickle.__randomstate_ctor", "numpy.random.mtrand.RandomState")
    plain_values: dict[str, Any] = json.loads(text, parse_constant=str)
    return plain_values


@pytest.mark.parametrize("name", sorted(set(modelzoo.ZOO) - TOO_DEEP))
def test_a_model_is_told_as_its_pickle_is(name: str) -> None:
    model = modelzoo.model(name)
    mine, pickled = told(skops.io.dumps(model)), told(pickle.dumps(model, 5))
    assert mine["complete"]
    assert mine["problems"] == []
    assert mine["format"] == {"container": "skops", "protocol": 2, "compression": None}
    assert mine["libraries"] == {**pickled["libraries"], "skops": skops.__version__}
    for key in (
        "tree", "model", "pipeline_steps", "step_count", "has_preprocessing", "estimator_count",
        "n_features_in", "feature_names_in", "classes", "cut",
    ):  # fmt: skip
        assert mine[key] == pickled[key], key
    # Pickles keep random generators as calls, with arrays among the arguments.
    rows = [row for row in mine["arrays"] if "rng" not in row["path"]]
    others = [row for row in pickled["arrays"] if "rng" not in row["path"]]
    others = [row for row in others if "random_state.__reduce__()" not in row["path"]]
    assert sorted(rows, key=str) == sorted(others, key=str)


@pytest.mark.parametrize("name", sorted(set(modelzoo.ZOO) - TOO_DEEP))
def test_what_skops_would_ask_for_is_among_the_names(name: str) -> None:
    data = skops.io.dumps(modelzoo.model(name))
    found = {f"{module}.{attribute}" for module, attribute in names(graph_of(data))}
    assert set(skops.io.get_untrusted_types(data=data)) <= found


def test_the_model_that_skops_cannot_write() -> None:
    for name in TOO_DEEP:
        with pytest.raises(RecursionError):
            skops.io.dumps(modelzoo.model(name))


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2])
def test_compressed_members(compression: int) -> None:
    for name in ("column_transformer", "svc_of_sparse"):
        model = modelzoo.model(name)
        plain, packed = told(skops.io.dumps(model)), told(skops.io.dumps(model, compression=compression))
        assert packed == plain


def test_a_compression_that_is_not_read_is_said() -> None:
    graph = graph_of(skops.io.dumps([1], compression=zipfile.ZIP_LZMA))
    assert (graph.format.container, graph.complete, codes(graph)) == ("skops", False, ["COMPRESSION"])


def node_of(value: Any) -> Node:
    graph = graph_of(skops.io.dumps([value]))
    assert graph.complete, graph.problems
    (root,) = graph.roots
    assert isinstance(root, List)
    return root[0]


VALUES: list[tuple[Any, Any]] = [
    (None, None),
    (True, True),
    (-3, -3),
    (2.5, 2.5),
    ("naïve", "naïve"),
    ([1, [2, "a"]], [1, [2, "a"]]),
    ((1, (2, 3)), [1, [2, 3]]),
    ({"a": 1, "b": [None]}, {"a": 1, "b": [None]}),
    ({1: "x", 2.5: "y"}, {"1": "x", "2.5": "y"}),
    ({np.int64(7): 1}, {"7": 1}),
    ({3}, [3]),
    (slice(1, None, 2), "slice(1, None, 2)"),
    (np.float32(0.5), 0.5),
    (np.int64(-9), -9),
    (np.str_("text"), "text"),
    (np.zeros((3, 2), "<f4"), "<float32[3, 2]>"),
    (np.zeros((3, 2), ">i2", order="F"), "<>i2[3, 2]>"),
    (np.array(["x", None, ["y"]], dtype=object), "<object[3]>"),
    (np.array([["x", None], [1, 2]], dtype=object), "<object[2, 2]>"),
    (np.array(["2020-01-01"], dtype="M8[D]"), "<datetime64[D][1]>"),
    (np.ma.masked_array([1.0, 2.0], [True, False]), "<masked float64[2]>"),
    (scipy.sparse.csr_matrix(np.eye(3)), "<sparse float64[3, 3]>"),
    (scipy.sparse.coo_array(np.eye(3, dtype="f4")), "<sparse float32[3, 3]>"),
    (np.dtype("f4"), "<dtype f4>"),
    (np.log, f"<function {'.'.join(names(graph_of(pickle.dumps(np.log)))[0])}>"),  # numpy < 2.2: private
    (LogisticRegression, "<class sklearn.linear_model._logistic.LogisticRegression>"),
    (partial(np.clip, a_min=0), "<functools.partial of numpy.clip>"),
    (operator.itemgetter(1), "<operator.itemgetter>"),
    (np.random.RandomState(0), "<numpy.random.mtrand.RandomState>"),
    (np.random.default_rng(0), "<numpy.random._generator.Generator>"),
    (b"abc", "<bytes: 3>"),
    (bytearray(b"abc"), "<bytes: 3>"),
    (OrderedDict(a=1), "<collections.OrderedDict>"),
    (defaultdict(list, a=[1]), "<collections.defaultdict>"),
]  # fmt: skip


@pytest.mark.parametrize(("value", "shown"), VALUES)
def test_values_as_they_are_shown(value: Any, shown: Any) -> None:
    assert short(node_of(value), Budget()) == shown


def test_keys_are_what_they_were() -> None:
    root = node_of({1: 0, np.int64(2): 0, 2.5: 0, "3": 0})
    assert isinstance(root, Dict)
    assert [(type(key), key) for key, _ in root.pairs()] == [(int, 1), (int, 2), (float, 2.5), (str, "3")]


def test_the_bytes_of_small_arrays_are_kept_and_those_of_large_ones_are_not() -> None:
    small = node_of(np.array(["a", "b"]))
    assert names_of(small, Budget()) == Names(["a", "b"], 2)
    assert names_of(node_of(np.arange(1000)), Budget()) is None
    assert raw_bytes(node_of(b"abc")) == b"abc"
    long = node_of(bytes(range(256)) * 2)
    assert isinstance(long, Bytes)
    assert (long.length, long.head) == (512, bytes(range(64)))
    text = node_of("ä" * 5000)
    assert isinstance(text, Text)
    assert (text.length, text.head) == (5000, "ä" * 64)


FIELDS: Any = [
    np.dtype([("a", "<i8"), ("b", "|b1")]),
    np.dtype([("a", "<i8"), ("b", "|b1")], align=True),
    np.dtype([("x", "<f4", (2, 3)), (("title", "name"), "S5")]),
    np.dtype([("outer", [("inner", ">U3"), ("d", "m8[25s]")])]),
    np.dtype({"names": ["a", "b"], "formats": ["u1", "<c16"], "offsets": [3, 8], "itemsize": 40}),
    np.dtype("V7"),
    np.dtype("float16"),
]


@pytest.mark.parametrize("dtype", FIELDS, ids=str)
def test_dtypes_as_numpy_reads_them_back(dtype: Any) -> None:
    array = np.zeros((2, 3), dtype)
    back = skops.io.loads(skops.io.dumps(array))
    facts = as_array(node_of(array))
    assert facts is not None
    assert (facts.dtype, facts.shape, facts.bytes) == (str(back.dtype), (2, 3), back.nbytes)


def test_what_stands_in_two_places_is_one() -> None:
    shared = np.arange(3)
    root = node_of({"a": shared, "b": [shared], "c": np.arange(3)})
    assert isinstance(root, Dict)
    inner = root.get("b")
    assert isinstance(inner, List)
    assert root.get("a") is inner[0]
    assert root.get("c") is not inner[0]


def test_a_method_is_told_with_its_class() -> None:
    model = LogisticRegression()
    graph = graph_of(skops.io.dumps([model.fit]))
    assert ("sklearn.linear_model._logistic", "LogisticRegression.fit") in names(graph)
    assert described(node_of(model.fit)) == "<builtins.getattr>"


# ------------------------------------------------------------------ what older versions write


def test_a_function_of_protocol_0() -> None:
    content = {"module_path": "numpy", "function": "log"}
    graph = graph_of(archive_of(state_of("FunctionNode", "a.b", content=content) | {"protocol": 0}))
    assert graph.complete
    assert graph.format.protocol == 0
    (root,) = graph.roots
    assert isinstance(root, Global)
    assert (root.module, root.name) == ("numpy", "log")


@pytest.mark.parametrize("protocol", [0, 1])
def test_the_bit_generator_is_a_name_that_is_called(protocol: int) -> None:
    bits: dict[str, Any] = {"bit_generator": "seed"}
    if protocol:
        bits = dict_of(bit_generator=plain("seed"))
    state = state_of(
        "RandomGeneratorNode", "numpy.random._generator.Generator", content={"bit_generator": bits}
    )
    graph = graph_of(archive_of(state | {"protocol": protocol}))
    assert graph.complete, graph.problems
    assert ("numpy.random", "seed") in names(graph)


def test_a_loss_of_skops_0_10() -> None:
    args = state_of("TupleNode", "builtins.tuple", content=[plain(1.0)])
    content = dict_of()
    state = state_of(
        "SGDNode", "sklearn.linear_model._sgd_fast.Hinge", content=content, __reduce__={"args": args}
    )
    (root,) = graph_of(archive_of(state)).roots
    cls = class_of(root)
    assert cls is not None
    assert (cls.name, attributes(root, Budget())) == ("Hinge", {})
    assert isinstance(root, Call)
    assert isinstance(root.args, Tuple)
    assert list(root.args) == [1.0]


def test_a_method_of_skops_0_11() -> None:
    model = state_of("ObjectNode", "sklearn.svm._classes.SVC", content=dict_of(C=plain(1.0)))
    content = {"func": "predict", "obj": model}
    graph = graph_of(archive_of(state_of("MethodNode", "sklearn.svm._classes.method", content=content)))
    assert graph.complete
    assert ("sklearn.svm._classes", "SVC.predict") in names(graph)
