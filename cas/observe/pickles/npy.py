"""numpy's own files, `.npy` and scipy's `.npz`: what their headers say, as a pickle's nodes.

    93 "NUMPY" 01 00                              magic, version
    76 00                                         length of the header: 2 bytes, from version 2 on 4
    {'descr': '<f8', 'fortran_order': False, 'shape': (30, 4), }
    960 bytes                                     the data, which are stepped over

(numpy/lib/format.py is the source, scipy/sparse/_matrix_io.py that of `.npz`.) The header is a literal of
Python. It is read by a few lines here, not by Python's parser, which recurses.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final, NamedTuple

from .dtypes import dtype_of
from .limits import Deadline, Limits, Stopped
from .nodes import Bytes, Call, Dict, Global, List, Node, Tuple, last_value
from .state import BYTES_BYTES, HEAD_BYTES
from .zips import Archive, Member

HEADER_BYTES: Final = 10_000
"""numpy reads no longer ones (`max_header_size`)."""
_MAGIC: Final = b"\x93NUMPY"
_LENGTH_BYTES: Final = {1: 2, 2: 4, 3: 4}
_TOKEN: Final = re.compile(
    r"\s*+(?:'([^'\\]*+)'|\"([^\"\\]*+)\"|(\d{1,18}+)L?(?!\d)|(True|False|None)|([\[({])|([\])}])|([,:]))\s*+",
    re.ASCII,
)
_WORDS: Final[dict[str, Node]] = {"True": True, "False": False, "None": None}
_MAX_LEVELS: Final = 16
_DESCR: Final = re.compile(
    r"([|<>=]?)([biufcSUVOMm?])([0-9]{0,18})(?:\[([0-9]{0,18})([A-Za-z]{1,8})\])?", re.ASCII
)
_HAS_OBJECT: Final = 0x01
_NODE_BYTES: Final = 128
"""What a token of a header takes once it is a dtype, about."""

_DTYPE: Final = Global("numpy", "dtype", 0)
_VOID: Final = Global("numpy", "void", 0)
_SCALAR: Final = Global("numpy._core.multiarray", "scalar", 0)
_ARRAY: Final = Global("numpy._core.multiarray", "_reconstruct", 0)
_MASKED: Final = Global("numpy.ma.core", "_mareconstruct", 0)
# They stand for what numpy does with its own files: the file itself does not name them.


class Npy(NamedTuple):
    """An array as its header has it; `data` are its bytes, as nodes have them. `weight`: what it takes."""

    dtype: Node
    shape: Tuple
    fortran: bool
    data: Node
    weight: int


def read_npy(member: Member) -> Npy:
    """The array in a member of an archive. Raises Stopped, OperatingSystemRefused."""
    wrong = Stopped("NPY", "a member is no array as numpy writes one", member.offset)
    start = member.start(12)
    count = _LENGTH_BYTES.get(start[6]) if len(start) == 12 and start.startswith(_MAGIC) else None
    if count is None:
        raise wrong
    length = int.from_bytes(start[8 : 8 + count], "little")
    if length > HEADER_BYTES:
        raise Stopped("NPY", "the header of an array is longer than numpy reads", member.offset)
    begin = 8 + count + length
    text = member.start(begin)[8 + count :].decode("utf-8" if start[6] == 3 else "latin-1", "replace")
    header, tokens = _literal(text)
    flat = header.flat if isinstance(header, Dict) else []
    dtype = dtype_node(last_value(flat, "descr"))
    fortran, shape = last_value(flat, "fortran_order"), last_value(flat, "shape")
    item = dtype_of(dtype)
    if item is None or not isinstance(fortran, bool) or not isinstance(shape, Tuple) or not is_shape(shape):
        raise wrong
    if item.has_object:
        raise Stopped("NPY", "an array holds a pickle, which skops and numpy would not load", member.offset)
    size = item.item_bytes
    for axis in shape:
        size *= axis if isinstance(axis, int) else 0
    if begin + size != member.size:
        raise Stopped("NPY", "the data of an array are not as long as its header says", member.offset)
    head = member.start(begin + min(size, BYTES_BYTES))[begin:]
    data: Node = head if size <= BYTES_BYTES else Bytes(size, member.offset + begin, head[:HEAD_BYTES])
    return Npy(dtype, shape, fortran, data, tokens * _NODE_BYTES)


def is_shape(node: Node) -> bool:
    """Whether a node is the shape of an array."""
    return (
        isinstance(node, Tuple) and len(node) <= 64 and all(type(axis) is int and axis >= 0 for axis in node)
    )


def _literal(text: str) -> tuple[Node, int]:
    """What a literal of dicts, lists, tuples, texts and numbers says, and how many tokens it has.

    Commas and colons are passed over. None if there is anything else.
    """
    open_: list[tuple[str, list[Node]]] = [("", [])]
    at = count = 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            return None, count
        at = found.end()
        count += 1
        single, double, number, word, opening, closing, _ = found.groups()
        if opening:
            if len(open_) > 2 * _MAX_LEVELS:
                return None, count
            open_.append((opening, []))
        elif closing:
            bracket, items = open_.pop()
            if bracket + closing not in {"()", "[]", "{}"}:
                return None, count
            made: Node = Tuple(items) if bracket == "(" else List(items) if bracket == "[" else Dict(items)
            open_[-1][1].append(made)
        elif word:
            open_[-1][1].append(_WORDS[word])
        elif number:
            open_[-1][1].append(int(number))
        elif single is not None or double is not None:
            open_[-1][1].append(single if single is not None else double)
    return (open_[0][1][0] if len(open_) == 1 and len(open_[0][1]) == 1 else None), count


# ------------------------------------------------------------------ dtypes


def dtype_node(descr: Node, levels: int = _MAX_LEVELS) -> Node:
    """The dtype that a header's `descr` says, as a pickle would write it; None if it says none.

    Recursive, `levels` deep. (numpy, `descr_to_dtype`.)
    """
    if not levels:
        return None
    if isinstance(descr, str):
        return _simple(descr)
    if isinstance(descr, Tuple) and len(descr) == 2:
        base, shape = dtype_node(descr[0], levels - 1), descr[1]
        item = dtype_of(base)
        if item is None or not isinstance(shape, Tuple) or not is_shape(shape):
            return None
        size = item.item_bytes
        for axis in shape:
            size *= axis if isinstance(axis, int) else 0
        return _void(size, has_object=item.has_object, sub=Tuple((base, shape)))
    return _fields(descr, levels) if isinstance(descr, List) else None


@lru_cache(maxsize=256)
def _simple(descr: str) -> Node:
    """The dtype that a text says: one node for each, since thousands of arrays have the same."""
    matched = _DESCR.fullmatch(descr)
    if matched is None:
        return None
    order, kind, digits, count, unit = matched.groups()
    size = int(digits) if digits else 8 if kind in "OMm" else 1
    order = "|" if kind in "SVO?b" or size == 1 else order or "<"
    if kind == "U":
        order = matched[1] or "<"
    stated = {"S": size, "U": 4 * size, "V": size}.get(kind, -1)
    times = Tuple((Dict([]), Tuple((unit, int(count) if count else 1, 1, 1)))) if unit else None
    code = "b1" if kind == "?" else f"{kind}{size}"
    state = Tuple((4, order, None, None, None, stated, -1, _HAS_OBJECT if kind == "O" else 0, times))
    return _dtype(code, state)


def _dtype(code: Node, state: Tuple) -> Call:
    made = Call("reduce", _DTYPE, Tuple((code, False, True)), 0)
    made.states = [state]
    return made


def _void(size: int, *, has_object: bool, sub: Node = None, names: Node = None, fields: Node = None) -> Call:
    flags = _HAS_OBJECT if has_object else 0
    return _dtype(_VOID, Tuple((3, "|", sub, names, fields, size, -1, flags)))


def _fields(descr: List, levels: int) -> Node:
    """A dtype of fields (name, descr[, shape]); one without a name is a gap, a pair of names has a title."""
    names: list[Node] = []
    fields: list[Node] = []
    offset = 0
    has_object = False
    for field in descr:
        if not isinstance(field, Tuple) or len(field) not in {2, 3}:
            return None
        name, inner = field[0], field[1] if len(field) == 2 else Tuple(field[1:])
        title: Iterable[Node] = ()
        if isinstance(name, Tuple) and len(name) == 2:
            title, name = (name[0],), name[1]
        dtype = dtype_node(inner, levels - 1)
        item = dtype_of(dtype)
        if item is None or not isinstance(name, str):
            return None
        if name or item.kind != "V":
            names.append(name or f"f{len(names)}")
            fields += [names[-1], Tuple((dtype, offset, *title))]
        has_object |= item.has_object
        offset += item.item_bytes
    return _void(offset, has_object=has_object, names=Tuple(names), fields=Dict(fields))


# ------------------------------------------------------------------ arrays


def array_node(dtype: Node, shape: Node, data: Node, *, fortran: bool = False) -> Call:
    """An array, as a pickle of protocol 2 and later would have it."""
    made = Call("reduce", _ARRAY, Tuple(), 0)
    made.states = [Tuple((1, shape, dtype, fortran, data))]
    return made


def object_array(shape: Tuple, items: List) -> Call:
    """An array of objects; `items` are all of them."""
    return array_node(_simple("|O"), shape, items)


def scalar_node(dtype: Node, data: Node) -> Call:
    """A scalar of numpy's."""
    return Call("reduce", _SCALAR, Tuple((dtype, data)), 0)


def masked_node(array: Node) -> Call | None:
    """A masked array over an array; None if that is none."""
    state = array.states[0] if isinstance(array, Call) and array.function is _ARRAY else None
    if not isinstance(state, Tuple):
        return None
    made = Call("reduce", _MASKED, Tuple(), 0)
    made.states = [Tuple((*state, None, None))]
    return made


def dtype_of_array(array: Node) -> Node:
    """The dtype of what `array_node` has made; None of anything else."""
    state = array.states[0] if isinstance(array, Call) and array.function is _ARRAY else None
    return state[2] if isinstance(state, Tuple) else None


# ------------------------------------------------------------------ sparse matrices


def read_npz(member: Member, limits: Limits, net: Deadline) -> tuple[Dict, int]:
    """The attributes that a sparse matrix in a `.npz` will have, and what they take.

    Raises Stopped, OperatingSystemRefused.
    """
    archive = Archive(member.source(), member.size, limits, net)
    flat: list[Node] = []
    weight = 0
    for part in ("shape", "indices", "indptr", "offsets", "row", "col", "coords", "data"):
        if f"{part}.npy" not in archive:
            continue
        npy = read_npy(archive.member(f"{part}.npy"))
        weight += npy.weight
        if part == "shape":
            flat += ["_shape", _numbers(npy)]
        else:
            flat += [part, array_node(npy.dtype, npy.shape, npy.data, fortran=npy.fortran)]
    if last_value(flat, "_shape") is None or last_value(flat, "data") is None:
        raise Stopped("NPY", "a member is no sparse matrix as scipy writes one", member.offset)
    return Dict(flat), weight


def _numbers(npy: Npy) -> Node:
    """A few integers, as a shape; None if they are none."""
    item = dtype_of(npy.dtype)
    data = npy.data
    if item is None or item.kind not in "iu" or not isinstance(data, bytes) or len(npy.shape) != 1:
        return None
    width = item.item_bytes
    parts = (data[at : at + width] for at in range(0, len(data), width or 1))
    made = Tuple(int.from_bytes(part, "little", signed=item.kind == "i") for part in parts)
    return made if is_shape(made) else None
