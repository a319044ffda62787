"""What of a graph is an array: its dtype, its shape, and how many bytes its data take.

Arrays are written in many ways: by `_reconstruct` and a state, by `_frombuffer` over a buffer (protocol
5), as raw data (joblib), with their bytes as Latin-1 text (protocols 0 to 2); masked arrays, scalars and
sparse matrices each in their own. The size is always that of dtype times shape, and never that of a text.
"""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

from ...format.frozen import frozen
from .dtypes import dtype_of, dtype_text
from .nodes import ArrayData, Call, Dict, Global, List, Node, Tuple, class_of, last_value

ArrayKind: TypeAlias = Literal["array", "scalar", "masked", "sparse"]

_CORES: Final = frozenset({"numpy.core.multiarray", "numpy._core.multiarray"})
_NUMERIC: Final = frozenset({"numpy.core.numeric", "numpy._core.numeric"})
_MASKED: Final = frozenset({"numpy.ma.core", "numpy.ma"})
_SPARSE: Final = frozenset(
    f"{form}_{kind}" for form in ("csr", "csc", "bsr", "coo", "dia") for kind in ("matrix", "array")
)
_SPARSE_PARTS: Final = ("data", "indices", "indptr", "row", "col", "offsets", "coords")
_LISTS: Final = (Tuple, List)
_MAX_AXES: Final = 64
"""As many as numpy knows."""
_MAX_AXIS: Final = 1 << 63
_MAX_ATTRIBUTES: Final = 64
"""A sparse matrix has six or so."""


@frozen
class ArrayFacts:
    """What is known of an array. `item` describes its dtype; `bytes` are what its data take.

    Of a masked array the bytes of the data and the mask, of a sparse matrix those of its parts; `shape`
    is then that of the whole.
    """

    kind: ArrayKind
    item: Node
    shape: tuple[int, ...]
    bytes: int

    @property
    def dtype(self) -> str:
        """The text of numpy's own dtype; put together when it is asked for."""
        return _dtype_text(self.item)


def shape_of(node: Node) -> tuple[int, ...] | None:
    """A shape, written as a tuple or a list; None if it is none (numpy's axes are signed, of 64 bits)."""
    if not isinstance(node, _LISTS) or len(node) > _MAX_AXES:
        return None
    found = tuple(axis for axis in node if type(axis) is int and 0 <= axis < _MAX_AXIS)
    return found if len(found) == len(node) else None


def _facts(kind: ArrayKind, dtype: Node, shape: tuple[int, ...] | None) -> ArrayFacts | None:
    item = dtype_of(dtype)
    if item is None or shape is None:
        return None
    size = item.item_bytes
    for axis in shape:
        size *= axis
    return ArrayFacts(kind=kind, item=dtype, shape=shape, bytes=size)


_MOST_KNOWN: Final = 64
_known: dict[int, tuple[Node, str]] = {}


def _dtype_text(dtype: Node) -> str:
    """What a dtype says. The last few are kept: a file can give one of many fields to every array.

    A node that is kept cannot lose its id to another one.
    """
    known = _known.get(id(dtype))
    if known is None or known[0] is not dtype:
        if len(_known) >= _MOST_KNOWN:
            _known.clear()
        known = _known[id(dtype)] = (dtype, dtype_text(dtype) or "?")
    return known[1]


def as_array(node: Node) -> ArrayFacts | None:
    """What is known of an array, a numpy scalar or a sparse matrix; None for every other node.

    Looks at the whole description: to be called when the whole file has been read.
    """
    if isinstance(node, ArrayData):
        return _facts("array", node.dtype, node.shape)
    if not isinstance(node, Call):
        return None
    function = node.function
    if isinstance(function, Global):
        if function.name == "_reconstruct" and function.module in _CORES:
            return _reconstructed(node)
        if function.name == "_frombuffer" and function.module in _NUMERIC:
            return _from_buffer(node)
        if function.name == "scalar" and function.module in _CORES:
            first = node.args[0] if isinstance(node.args, Tuple) and node.args else None
            return _facts("scalar", first, ())
        if function.name == "_mareconstruct" and function.module in _MASKED:
            return _masked(node)
    cls = class_of(node)
    if cls is not None and cls.module.startswith("scipy.sparse") and cls.name in _SPARSE:
        return _sparse(node)
    return None


def _reconstructed(node: Call) -> ArrayFacts | None:
    """`_reconstruct(…)` and the state ([version,] shape, dtype, is Fortran order, data)."""
    state = node.states[-1] if node.states else None
    if not isinstance(state, Tuple) or len(state) not in {4, 5}:
        return None
    shape, dtype, _, _ = state[-4:]
    return _facts("array", dtype, shape_of(shape))


def _from_buffer(node: Call) -> ArrayFacts | None:
    """`_frombuffer(buffer, dtype, shape, order)`, with an order of the axes if `order` is "K"."""
    args = node.args
    if not isinstance(args, Tuple) or len(args) < 4:
        return None
    shape = shape_of(args[2])
    turned = shape_of(args[4]) if len(args) > 4 and args[3] == "K" else None
    if shape is not None and turned is not None and sorted(turned) == list(range(len(shape))):
        shape = tuple(shape[axis] for axis in turned)
    return _facts("array", args[1], shape)


def _masked(node: Call) -> ArrayFacts | None:
    """`_mareconstruct(…)` and the state (1, shape, dtype, is Fortran order, data, mask, fill value)."""
    state = node.states[-1] if node.states else None
    if not isinstance(state, Tuple) or len(state) != 7:
        return None
    found = _facts("masked", state[2], shape_of(state[1]))
    if found is None:
        return None
    count = 1
    for axis in found.shape:
        count *= axis
    return ArrayFacts(kind="masked", item=found.item, shape=found.shape, bytes=found.bytes + count)


def _sparse(node: Call) -> ArrayFacts | None:
    state = node.states[-1] if node.states else None
    if isinstance(state, Tuple) and state:  # (its dict, its slots)
        state = state[0]
    if not isinstance(state, Dict) or len(state) > _MAX_ATTRIBUTES:
        return None
    shape = shape_of(last_value(state.flat, "_shape"))
    data = last_value(state.flat, "data")
    values = None if data is node else _plain(data)
    if shape is None or values is None:
        return None
    size = 0
    for name in _SPARSE_PARTS:
        part = last_value(state.flat, name)
        for each in part[:_MAX_AXES] if isinstance(part, Tuple) else (part,):
            facts = _plain(each)
            size += facts.bytes if facts is not None else 0
    return ArrayFacts(kind="sparse", item=values.item, shape=shape, bytes=size)


def _plain(node: Node) -> ArrayFacts | None:
    """An array that is no sparse matrix itself, so that one never leads to another."""
    if isinstance(node, Call):
        cls = class_of(node)
        if cls is not None and cls.name in _SPARSE:
            return None
    return as_array(node)
