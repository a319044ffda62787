"""Nodes as short values that can be shown and stored: parameters, attributes, the few items of small arrays.

What is shown is JSON's: None, bool, int, float, str, lists and maps of them. What has no such form becomes
a description in angle brackets:

    <float64[30]>   <function math.log>   <class numpy.float64>   <sklearn.svm._classes.SVC>   <bytes: 12>

Everything is cut: texts at a number of characters, lists at a number of items, nesting at a few levels; and
what all values of one file take together is held below a limit by a `Budget`. Nothing here follows a graph
further than that, so that cycles and sharing do no harm.
"""

from __future__ import annotations

import _compat_pickle
import builtins
import re
import struct
from itertools import islice
from typing import Final

from ...format.canonical import Value
from ...format.frozen import row
from .arrays import ArrayFacts, as_array
from .budget import Budget
from .nodes import (
    ArrayData,
    Buffer,
    Bytes,
    Call,
    Dict,
    Extension,
    Global,
    List,
    LongInt,
    Node,
    Persistent,
    Set,
    Text,
    Tuple,
    class_of,
)

MAX_TEXT: Final = 200
MAX_ITEMS: Final = 20
"""Of a list or map among the parameters."""
MAX_NAMES: Final = 1_000
"""Of feature names, and of classes."""
MAX_WHOLE: Final = 2**64 - 1
_MAX_LEVELS: Final = 3
_CUT: Final = "…"
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_ITEM: Final = re.compile(r"([<>|=]?)([a-zA-Z]+)([0-9]*)", re.ASCII)
_CODES: Final = {
    "bool": "?", "int8": "b", "int16": "h", "int32": "i", "int64": "q", "uint8": "B", "uint16": "H",
    "uint32": "I", "uint64": "Q", "float16": "e", "float32": "f", "float64": "d",
    "i1": "b", "i2": "h", "i4": "i", "i8": "q", "u1": "B", "u2": "H", "u4": "I", "u8": "Q",
    "f2": "e", "f4": "f", "f8": "d",
}  # fmt: skip
_SLICES: Final = frozenset({("builtins", "slice"), ("__builtin__", "slice")})
_PARTIALS: Final = frozenset({("functools", "partial")})
_ENCODERS: Final = frozenset({("_codecs", "encode")})
_SCALARS: Final = re.compile(
    r"numpy\.(bool_?|str_|object_|u?int[0-9]+|float[0-9]+|complex[0-9]+)",
    re.ASCII,
)


@row
class Names:
    """The first items of an array or list of names or numbers, and how many there are in all."""

    shown: list[Value]
    total: int


def cut_text(text: str, most: int = MAX_TEXT, length: int | None = None) -> str:
    r"""A text, or its beginning and how long it is; valid UTF-8, for a lone surrogate becomes `\udc80`.

    `length` is given where `text` is only the beginning of something longer; it counts bytes then.
    """
    shown = text[:most]
    if not shown.isascii():
        shown = _SURROGATE.sub(lambda found: f"\\u{ord(found[0]):04x}", shown)
    if length is not None:
        return f"{shown}{_CUT} ({length} bytes in all)"
    return shown if len(text) <= most else f"{shown}{_CUT} ({len(text)} characters in all)"


def whole(number: int) -> int:
    """A size from a file, at most as large as a stored int can be."""
    return min(number, MAX_WHOLE)


def text_value(node: Node) -> str | None:
    """A text, cut; None if it is none."""
    if isinstance(node, str):
        return cut_text(node)
    if isinstance(node, Text):
        return cut_text(node.head, length=node.length)
    return None


def full_name(found: Global) -> str:
    """`module.name` as Python 3 calls it, cut."""
    module, name = python3_name(found)
    return cut_text(f"{module[: 2 * MAX_TEXT]}.{name}")


def python3_name(found: Global) -> tuple[str, str]:
    """Module and name as Python 3 has them: protocols 0 to 2 write those of Python 2, whoever writes them."""
    both = (found.module, found.name)
    return _compat_pickle.NAME_MAPPING.get(both) or (
        _compat_pickle.IMPORT_MAPPING.get(found.module, found.module),
        found.name,
    )


def name_of_call(node: Call) -> str:
    """What a call makes, as a name: its class if it says so, else what is called."""
    made = class_of(node)
    if made is not None:
        return full_name(made)
    return full_name(node.function) if isinstance(node.function, Global) else "object"


def array_text(facts: ArrayFacts) -> str:
    """`float64[30, 4]`, with `sparse ` or `masked ` before it where that is so."""
    axes = ", ".join(str(whole(axis)) for axis in facts.shape)
    before = f"{facts.kind} " if facts.kind in {"sparse", "masked"} else ""
    return f"{before}{cut_text(facts.dtype, 60)}[{axes}]"


def short(node: Node, budget: Budget, levels: int = _MAX_LEVELS) -> Value:
    """A node as a value that can be shown. Goes `levels` deep, and no further than the budget."""
    if node is None or isinstance(node, bool):
        found: Value = node
    elif isinstance(node, float):
        found = node
    elif isinstance(node, int):
        found = node if -(2**63) <= node <= MAX_WHOLE else cut_text(str(node))
    elif isinstance(node, List | Tuple | Set):
        return _items(node, budget, levels)
    elif isinstance(node, Dict):
        return _map(node, budget, levels)
    elif (items := _items_of_set(node)) is not None and levels > 0:
        return _items(items, budget, levels)
    else:
        found = text_value(node)
        if found is None:
            found = scalar_value(node)
        if found is None:
            found = described(node)
    taken = budget.take(len(found) if isinstance(found, str) else 8)
    return found if taken else _CUT


def _items_of_set(node: Node) -> List | None:
    """What a set is made of where protocols before 4 call for one: `set([1, 2])`. None for all else."""
    if not isinstance(node, Call) or not isinstance(node.function, Global) or node.function.dynamic:
        return None
    if python3_name(node.function) not in _SETS or not isinstance(node.args, Tuple) or len(node.args) != 1:
        return None
    (items,) = node.args
    return items if isinstance(items, List) else None


_SETS: Final = frozenset({("builtins", "set"), ("builtins", "frozenset")})


def _items(node: List | Tuple | Set, budget: Budget, levels: int) -> Value:
    if levels <= 0 or budget.left <= 0:
        return described(node)
    budget.take(0)
    shown = [short(item, budget, levels - 1) for item in node[:MAX_ITEMS]]
    if len(node) > MAX_ITEMS:
        shown.append(f"{_CUT} ({len(node)} in all)")
    return shown


def _map(node: Dict, budget: Budget, levels: int) -> Value:
    if levels <= 0 or budget.left <= 0:
        return described(node)
    budget.take(0)
    shown: dict[str, Value] = {}
    for key, value in islice(node.pairs(), MAX_ITEMS):
        name = short(key, budget, 0)
        shown[name if isinstance(name, str) else repr(name)] = short(value, budget, levels - 1)
    if len(node) > MAX_ITEMS:
        shown[_CUT] = f"{len(node)} in all"
    return shown


def described(node: Node) -> str:
    """What a node is, in angle brackets: nothing of what it holds but its size."""
    if isinstance(node, Global):
        if node.dynamic:
            return f"<{full_name(node)}>"
        module, name = python3_name(node)
        last = name.rpartition(".")[2]
        is_class = last[:1].isupper() or _SCALARS.fullmatch(f"{module}.{last}") is not None
        if module == "builtins":
            is_class = isinstance(vars(builtins).get(last), type)
        return f"<{'class' if is_class else 'function'} {full_name(node)}>"
    facts = as_array(node)
    if facts is not None and facts.kind != "scalar":
        return f"<{array_text(facts)}>"
    items = _items_of_set(node)
    if items is not None:
        return f"<set: {whole(len(items))}>"
    if isinstance(node, Call):
        return _call(node)
    for kind, word in _WORDS:
        if isinstance(node, kind):
            count: int | None = getattr(node, "length", None)
            if isinstance(node, list | tuple | Dict | bytes):
                count = len(node)
            return f"<{word}>" if count is None else f"<{word}: {whole(count)}>"
    return f"<{type(node).__name__}>"


_WORDS: Final[tuple[tuple[type, str], ...]] = (
    (List, "list"),
    (Tuple, "tuple"),
    (Set, "set"),
    (Dict, "dict"),
    (bytes, "bytes"),
    (Bytes, "bytes"),
    (LongInt, "int of many digits"),
    (ArrayData, "array"),
    (Persistent, "persistent id"),
    (Extension, "extension code"),
    (Buffer, "buffer outside of the file"),
    (Text, "str"),
    (str, "str"),
    (float, "float"),
    (bool, "bool"),
    (int, "int"),
    (type(None), "None"),
)


def _call(node: Call) -> str:
    function = node.function
    args = node.args if isinstance(node.args, Tuple) else Tuple(())
    if isinstance(function, Global):
        if (function.module, function.name) in _SLICES and len(args) == 3:
            return f"slice({', '.join(cut_text(repr(short(arg, Budget(), 0)), 40) for arg in args)})"
        first = args[0] if args else None
        if (function.module, function.name) in _PARTIALS and isinstance(first, Global):
            return f"<functools.partial of {full_name(first)}>"
        if function.name == "_ufunc_reconstruct" and len(args) == 2:
            module, name = text_value(args[0]), text_value(args[1])
            return f"<function {module}.{name}>"
        facts = as_array(node)
        if facts is not None:
            return f"<{cut_text(facts.dtype, 60)}>"
        if (function.module, function.name) == ("numpy", "dtype") and args:
            return f"<dtype {text_value(args[0]) or '?'}>"
    return f"<{name_of_call(node)}>"


# ------------------------------------------------------------------ the items of small arrays


def attributes(node: Node, budget: Budget) -> dict[str, Node] | None:
    """The attributes that an object would have, in the order of writing; None for what is no object.

    The last state that names one wins, as it would when loading. What the budget does not reach is left out.
    """
    if not isinstance(node, Call):
        return None
    found: dict[str, Node] = {}
    for state in node.states:
        parts = state if isinstance(state, Tuple) and len(state) == 2 else (state,)
        for part in parts:
            if not budget.spend(1 + (len(part) if isinstance(part, Dict) else 0)):
                return found
            if isinstance(part, Dict):
                found.update({name: value for name, value in part.pairs() if isinstance(name, str)})
    return found


def raw_bytes(node: Node) -> bytes | None:
    """Bytes that the nodes hold in full: as such, as a short bytearray, or as protocols 0 to 2 write them."""
    if isinstance(node, bytes):
        return node
    if isinstance(node, Bytes):
        return node.head if len(node.head) == node.length else None
    if isinstance(node, Call) and isinstance(node.function, Global) and isinstance(node.args, Tuple):
        encoder = (node.function.module, node.function.name) in _ENCODERS
        text = node.args[0] if encoder and node.args else None
        if isinstance(text, str) and _is_latin(text):
            return text.encode("latin-1")
    return None


def _is_latin(text: str) -> bool:
    return text.isascii() or max(text) <= "\xff"


def scalar_value(node: Node) -> bool | float | str | None:
    """The value of a numpy scalar (`scalar(dtype, bytes)`); None for other nodes and other types."""
    facts = as_array(node) if isinstance(node, Call) else None
    if facts is None or facts.kind != "scalar" or not isinstance(node, Call):
        return None
    if not isinstance(node.args, Tuple) or len(node.args) < 2:
        return None
    data = raw_bytes(node.args[1])
    items = _decoded(facts.dtype, data, 1) if data is not None else None
    return items[0] if items else None


def object_items(node: Node) -> List | None:
    """The items of an array of objects, in the order of writing; None if it is none."""
    if isinstance(node, ArrayData):
        node = node.value
    if not isinstance(node, Call) or not node.states:
        return None
    facts = as_array(node)
    state = node.states[-1]
    if facts is None or facts.kind not in {"array", "masked"} or not isinstance(state, Tuple):
        return None
    data = state[4] if facts.kind == "masked" and len(state) == 7 else state[-1]
    return data if isinstance(data, List) else None


def names_of(node: Node, budget: Budget, levels: int = 1) -> Names | None:
    """The items of a small array or list (`classes_`, `feature_names_in_`), cut; None if they are not clear.

    An array has to have one axis. A list may hold such arrays (the classes of several outputs).
    """
    if isinstance(node, List | Tuple):
        shown: list[Value] = []
        for item in node[:MAX_NAMES]:
            inner = names_of(item, budget, 0) if levels and isinstance(item, Call | ArrayData) else None
            shown.append(inner.shown if inner is not None else short(item, budget, 0))
        return Names(shown, len(node))
    facts = as_array(node)
    if facts is None or facts.kind != "array" or len(facts.shape) != 1:
        return None
    items = object_items(node)
    if items is not None:
        return Names([short(item, budget, 0) for item in items[:MAX_NAMES]], len(items))
    data = _data_of(node)
    found = _decoded(facts.dtype, data, facts.shape[0]) if data is not None else None
    if found is None:
        return None
    return Names([short_value(item, budget) for item in found[:MAX_NAMES]], len(found))


def short_value(item: bool | float | str, budget: Budget) -> Value:
    """An item of an array, within the budget."""
    found = cut_text(item) if isinstance(item, str) else item
    return found if budget.take(len(found) if isinstance(found, str) else 8) else _CUT


def _data_of(node: Node) -> bytes | None:
    if isinstance(node, ArrayData):
        return node.data if len(node.data) == node.length else None
    if isinstance(node, Call):
        if node.states and isinstance(node.states[-1], Tuple):
            return raw_bytes(node.states[-1][-1])
        if isinstance(node.args, Tuple) and node.args:  # _frombuffer
            return raw_bytes(node.args[0])
    return None


def _decoded(dtype: str, data: bytes, count: int) -> list[bool | int | float | str] | None:
    """The items of an array's data; None for a type that is not spelled out, or another size."""
    if dtype in _CODES:
        order, code = "<", _CODES[dtype]
    else:
        matched = _ITEM.fullmatch(dtype)
        if matched is None:
            return None
        order = ">" if matched[1] == ">" else "<"
        if matched[2] == "U" and matched[3]:
            return _texts(data, int(matched[3]) * 4, "utf-32-be" if order == ">" else "utf-32-le", count)
        code = _CODES.get(matched[2] + matched[3], "")
    if not code or struct.calcsize(f"<{code}") * count != len(data):
        return None
    return list(struct.unpack(f"{order}{count}{code}", data))


def _texts(data: bytes, width: int, encoding: str, count: int) -> list[bool | int | float | str] | None:
    if not width or width * count != len(data):
        return None
    parts = (data[at : at + width] for at in range(0, len(data), width))
    return [part.decode(encoding, "replace").rstrip("\0") for part in parts]
