"""Arrays in pickles and joblib files, compared with what really loading them gives."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest
import scipy.sparse
from modelfiles import codes, graph_of, graph_of_file
from obs.cas.observe.pickles.arrays import as_array
from obs.cas.observe.pickles.dtypes import dtype_of, dtype_text
from obs.cas.observe.pickles.nodes import ArrayData, Dict, Node, Tuple

DTYPES = [
    "?", "i1", "u1", "<i2", "<u4", "<i8", ">i4", "<f2", "<f4", "<f8", ">f8", "<c8", "<c16", ">c16", "g",
    "S3", "S0", "U10", ">U2", "U0", "V7", "M8[ns]", "m8[25s]", "M8", ">M8[D]", "O",
]  # fmt: skip
STRUCTURES: list[Any] = [
    [("a", "<f8"), ("b", "<i4")],
    [("a", "u1"), ("b", "?"), ("c", "S3"), ("d", "U2"), ("e", ">i2")],
    [("t", "M8[ns]"), ("sub", "u1", (2, 3)), ("one", "<f8", (4,))],
    [(("title", "a"), "<f8")],
    [("inner", [("x", "<f4"), ("y", ">f4")]), ("v", "V3")],
    {"names": ["a", "b"], "formats": ["<i8", "u1"], "offsets": [0, 8], "itemsize": 64},
    [("o", "O"), ("n", "<i4")],
]
ALL_DTYPES = [
    *(pytest.param(np.dtype(text), id=f"{text}") for text in DTYPES),
    *(pytest.param(np.dtype(one), id=f"structure {number}") for number, one in enumerate(STRUCTURES)),
    pytest.param(np.dtype([("a", "u1"), ("b", "<f8")], align=True), id="aligned"),
    pytest.param(np.dtype((np.record, [("a", "<i4")])), id="record"),
    pytest.param(np.dtype(np.void), id="void"),
]
SHAPES = [(), (0,), (3,), (2, 3), (2, 0, 4)]


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("dtype", ALL_DTYPES)
def test_a_dtype_is_written_as_numpy_writes_it(dtype: np.dtype[Any], protocol: int) -> None:
    root = graph_of(pickle.dumps(dtype, protocol)).roots[0]
    found = dtype_of(root)
    assert found is not None
    assert (found.item_bytes, found.has_object) == (dtype.itemsize, dtype.hasobject)
    assert dtype_text(root) == str(dtype)


def check(node: Node, array: np.ndarray[Any, Any], kind: str = "array") -> None:
    facts = as_array(node)
    assert facts is not None
    assert (facts.kind, facts.dtype, facts.shape, facts.bytes) == (
        kind,
        str(array.dtype),
        array.shape,
        array.nbytes,
    )


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("dtype", ALL_DTYPES)
def test_a_pickled_array(dtype: np.dtype[Any], protocol: int, shape: tuple[int, ...]) -> None:
    array = np.zeros(shape, dtype)
    check(graph_of(pickle.dumps(array, protocol)).roots[0], array)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("compress", [0, 3])
@pytest.mark.parametrize("dtype", ALL_DTYPES)
def test_a_raw_array_of_joblib_and_what_follows(
    dtype: np.dtype[Any], compress: int, shape: tuple[int, ...], tmp_path: Path
) -> None:
    if dtype.itemsize == 0:
        pytest.skip("joblib divides by the size of an item")
    array = np.zeros(shape, dtype)
    joblib.dump({"before": 1, "array": array, "after": "end"}, tmp_path / "x", compress=compress)
    graph = graph_of_file(tmp_path / "x")
    assert graph.complete
    assert graph.problems == ()
    assert graph.format.container == "joblib"
    root = graph.roots[0]
    assert isinstance(root, Dict)
    assert root.get("after") == "end"
    node = root.get("array")
    assert isinstance(node, ArrayData)
    check(node, array)
    if not compress and not dtype.hasobject:
        data = (tmp_path / "x").read_bytes()
        assert data[node.offset : node.offset + node.length] == array.tobytes()


@pytest.mark.parametrize("protocol", range(6))
def test_orders_views_and_large_arrays(protocol: int, tmp_path: Path) -> None:
    arrays = {
        "large": np.arange(200_000, dtype="f8"),
        "fortran": np.asfortranarray(np.arange(12).reshape(3, 4)),
        "strided": np.arange(20)[::2],
        "turned": np.zeros((2, 3, 4)).transpose(1, 0, 2),
        "latin": np.arange(256, dtype="u1"),
    }
    joblib.dump(arrays, tmp_path / "x", protocol=protocol)
    for data in (pickle.dumps(arrays, protocol), (tmp_path / "x").read_bytes()):
        graph = graph_of(data)
        assert graph.complete
        root = graph.roots[0]
        assert isinstance(root, Dict)
        for name, array in arrays.items():
            check(root.get(name), array)


def test_an_array_that_is_shared_is_written_twice_by_joblib(tmp_path: Path) -> None:
    array = np.arange(5)
    joblib.dump([array, array, np.array(["a", None], dtype=object), array], tmp_path / "x")
    graph = graph_of_file(tmp_path / "x")
    assert graph.complete
    root = graph.roots[0]
    assert isinstance(root, list)
    offsets = [node.offset for node in root if isinstance(node, ArrayData)]
    assert len(set(offsets)) == 4


def test_objects_within_objects_of_joblib(tmp_path: Path) -> None:
    inner = np.array([np.array(["x", 1], dtype=object), {"k": np.arange(3)}], dtype=object)
    joblib.dump((inner, "end"), tmp_path / "x", compress=("xz", 1))
    graph = graph_of_file(tmp_path / "x")
    assert graph.complete
    root = graph.roots[0]
    assert isinstance(root, Tuple)
    node, end = root
    assert end == "end"
    assert isinstance(node, ArrayData)
    check(node.value, inner)


@pytest.mark.parametrize("protocol", range(6))
def test_scalars_masked_arrays_and_sparse_matrices(protocol: int) -> None:
    scalar = graph_of(pickle.dumps(np.float32(1.5), protocol)).roots[0]
    facts = as_array(scalar)
    assert facts is not None
    assert (facts.kind, facts.dtype, facts.shape, facts.bytes) == ("scalar", "float32", (), 4)
    masked = np.ma.array(np.arange(6.0).reshape(2, 3), mask=[[False, True, False], [False] * 3])
    facts = as_array(graph_of(pickle.dumps(masked, protocol)).roots[0])
    assert facts is not None
    assert (facts.kind, facts.dtype, facts.shape, facts.bytes) == ("masked", "float64", (2, 3), 6 * 9)
    for form in ("csr_matrix", "csc_matrix", "csr_array", "coo_matrix"):
        matrix = getattr(scipy.sparse, form)(np.eye(4))
        facts = as_array(graph_of(pickle.dumps(matrix, protocol)).roots[0])
        assert facts is not None, form
        assert (facts.kind, facts.dtype, facts.shape) == ("sparse", "float64", (4, 4))
        parts = (
            (matrix.data, matrix.indices, matrix.indptr)
            if form != "coo_matrix"
            else (matrix.data, matrix.row, matrix.col)
        )
        assert facts.bytes == sum(part.nbytes for part in parts)


def test_what_is_no_array_is_none() -> None:
    values: list[Any] = [1, "x", [1], {}, (np.dtype("f8"), (3,)), complex(1)]
    for value in values:
        assert as_array(graph_of(pickle.dumps(value)).roots[0]) is None


# ------------------------------------------------------------------ what joblib has written in its time


def old_joblib(tmp_path: Path, module: str, *, padded: bool) -> bytes:
    """As joblib before 1.2 wrote: no padding, and nothing that speaks of it."""
    array = np.arange(7, dtype="<i4")
    joblib.dump([array, "end"], tmp_path / "x", protocol=2)
    data = (tmp_path / "x").read_bytes()
    if not padded:
        begin = data.index(array.tobytes())
        padding = next(size for size in range(1, 18) if data[begin - size - 1] == size)
        data = data[: begin - padding - 1] + data[begin:]
        key = b"X\x1b\x00\x00\x00numpy_array_alignment_bytes"
        at = data.index(key)
        end = data.index(b"K\x10", at) + 2
        data = data[:at] + data[end:]
    return data.replace(b"cjoblib.numpy_pickle\n", b"c" + module.encode() + b"\n")


@pytest.mark.parametrize("padded", [True, False])
@pytest.mark.parametrize("module", ["joblib.numpy_pickle", "sklearn.externals.joblib.numpy_pickle"])
def test_old_module_names_and_files_without_padding(tmp_path: Path, module: str, padded: bool) -> None:
    graph = graph_of(old_joblib(tmp_path, module, padded=padded))
    assert graph.complete, graph.problems
    root = graph.roots[0]
    assert isinstance(root, list)
    check(root[0], np.arange(7, dtype="<i4"))
    assert root[1] == "end"


def test_files_whose_arrays_are_elsewhere_are_named() -> None:
    body = b"cjoblib.numpy_pickle\nNDArrayWrapper\n)\x81}X\x08\x00\x00\x00filenameX\x05\x00\x00\x00x.npysb."
    graph = graph_of(b"\x80\x02" + body)
    assert graph.complete
    assert codes(graph) == ["SIDE_FILES"]
    assert graph.format.container == "joblib"


def wrapper(shape: bytes, dtype: bytes = b"cnumpy\ndtype\nVf8\n\x85R") -> bytes:
    return (
        b"\x80\x04cjoblib.numpy_pickle\nNumpyArrayWrapper\n)\x81}(Vshape\n"
        + shape
        + b"Vdtype\n"
        + dtype
        + b"Vnumpy_array_alignment_bytes\nK\x10ub"
    )


@pytest.mark.parametrize(
    ("shape", "dtype", "code"),
    [
        pytest.param(b"\x8a\x09" + bytes(8) + b"\x01\x85", b"cnumpy\ndtype\nVf8\n\x85R", "ARRAY", id="2^64"),
        pytest.param(b"K\x04\x85", b"cnumpy\ndtype\nVf8\n\x85R", "TRUNCATED", id="longer than the file"),
        pytest.param(b"J\xff\xff\xff\xff\x85", b"cnumpy\ndtype\nVf8\n\x85R", "ARRAY", id="negative"),
        pytest.param(b"N", b"cnumpy\ndtype\nVf8\n\x85R", "ARRAY", id="no shape"),
        pytest.param(b"\x88\x85", b"cnumpy\ndtype\nVf8\n\x85R", "ARRAY", id="a bool"),
        pytest.param(b"(" + b"K\x01" * 65 + b"t", b"cnumpy\ndtype\nVf8\n\x85R", "ARRAY", id="65 axes"),
        pytest.param(b"K\x01\x85", b"N", "ARRAY", id="no dtype"),
        pytest.param(b"K\x01\x85", b"cnumpy\ndtype\nVq9x\n\x85R", "ARRAY", id="an unknown dtype"),
        pytest.param(b"K\x01\x85", b"cnumpy\ndtype\nVU99999999999999\n\x85R", "TRUNCATED", id="long items"),
    ],
)
def test_a_raw_array_that_cannot_be_there_stops_the_machine(shape: bytes, dtype: bytes, code: str) -> None:
    graph = graph_of(wrapper(shape, dtype) + b"\x00" + bytes(30))
    assert (graph.complete, codes(graph)) == (False, [code])


def test_a_right_one_goes_on() -> None:
    graph = graph_of(wrapper(b"K\x03\x85") + b"\x05" + bytes(5) + bytes(24) + b".")
    assert graph.complete
    node = graph.roots[0]
    assert isinstance(node, ArrayData)
    assert (node.length, node.shape) == (24, (3,))


def test_a_dtype_that_holds_itself_has_a_text() -> None:
    body = (
        b"cnumpy\ndtype\nVV8\n\x85Rq\x00(K\x03V|\nN(Va\nVb\nt}("
        b"Va\nh\x00K\x00\x86Vb\nh\x00K\x08\x86uK\x10K\x01K\x00tb."
    )
    root = graph_of(b"\x80\x04" + body).roots[0]
    text = dtype_text(root)
    assert text is not None
    assert len(text) < 1 << 20
