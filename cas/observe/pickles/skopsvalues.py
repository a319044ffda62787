"""What the maps of a skops schema stand for: one generator for each loader, named after it.

A generator yields the maps of its parts, in skops' own order, is sent their nodes, and returns the node of
the whole (the module `skops` has the loop). A part that could not be made is None. Raises Stopped for what is
not as skops writes it. The comments name the file in skops/io/ where more is to be read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator
from typing import Any, Final, TypeAlias

from . import npy
from .nodes import Bytes, Call, Dict, Global, List, Node, Set, Text, Tuple, class_of, last_value
from .schema import (
    INT_BITS,
    NAME_CHARACTERS,
    TEXT_CHARACTERS,
    Context,
    Fields,
    fields_of,
    is_map,
    list_of,
    odd,
    text_of,
)
from .state import BYTES_BYTES, HEAD_BYTES

Making: TypeAlias = Generator[object, Node, Node]

_NODE_BYTES: Final = 256
_INTEGER: Final = re.compile(r"-?[0-9]{1,300}", re.ASCII)
_INTEGERS: Final = re.compile(r"u?int[0-9]*", re.ASCII)
_FLOATS: Final = re.compile(r"float[0-9]*", re.ASCII)
_GETATTR: Final = Global("builtins", "getattr", 0)
_NO_ARGUMENTS: Final = Tuple()


# ------------------------------------------------------------------ containers (_general.py)


def _dict(context: Context, cls: Global, fields: Fields) -> Making:
    types = yield fields.get("key_types")
    content = fields_of(fields.get("content"))
    flat: list[Node] = []
    named = types if isinstance(types, List) else List()
    for number, (key, value) in enumerate(content.items()):
        flat.append(_key(key, named[number] if number < len(named) else None))
        flat.append((yield value))
    return _like(cls, "builtins", "dict", Dict(flat), items=flat)


def _key(text: str, kind: Node) -> Node:
    """A key, which JSON has as text, as what it was."""
    name = kind.name if isinstance(kind, Global) else "str"
    if _INTEGERS.fullmatch(name) and _INTEGER.fullmatch(text):
        return int(text)
    if _FLOATS.fullmatch(name) and len(text) < 64:
        try:
            return float(text)
        except ValueError:
            return text
    return text if len(text) <= TEXT_CHARACTERS else Text(len(text), 0, text[:HEAD_BYTES])


def _like(
    cls: Global,
    module: str,
    name: str,
    plain: Node,
    *,
    items: list[Node] | None = None,
    appends: list[Node] | None = None,
    args: Tuple = _NO_ARGUMENTS,
) -> Node:
    """A plain container, or an object of a class that is one, too: made of it as pickle has it."""
    if (cls.module, cls.name) == (module, name):
        return plain
    made = _call("newobj", cls, args)
    made.items, made.appends = items or (), appends or ()
    return made


def _call(kind: Any, function: Node, args: Node) -> Call:
    if isinstance(function, Global):
        function.called = True
    return Call(kind, function, args, 0)


def _items(fields: Fields) -> Generator[object, Node, list[Node]]:
    found: list[Node] = []
    for item in list_of(fields.get("content")):
        found.append((yield item))  # noqa: PERF401 (a comprehension cannot yield)
    return found


def _list_node(context: Context, cls: Global, fields: Fields) -> Making:
    items = yield from _items(fields)
    return _like(cls, "builtins", "list", List(items), appends=items)


def _set(context: Context, cls: Global, fields: Fields) -> Making:
    items = yield from _items(fields)
    return _like(cls, "builtins", "set", Set(items), appends=items)


def _tuple(context: Context, cls: Global, fields: Fields) -> Making:
    items = yield from _items(fields)
    return _like(cls, "builtins", "tuple", Tuple(items), args=Tuple(items))


def _defaultdict(context: Context, cls: Global, fields: Fields) -> Making:
    content = fields_of(fields.get("content"))
    main = yield content.get("main")
    factory = yield content.get("default_factory")
    made = _call("reduce", cls, Tuple((factory,)))
    made.items = main.flat if isinstance(main, Dict) else ()
    return made


def _renamed_dict(context: Context, cls: Global, fields: Fields) -> Making:
    content = fields_of(fields.get("content"))
    main = yield content.get("main")
    names = yield content.get("_deprecated_key_to_new_key")
    made = _call("newobj", cls, _NO_ARGUMENTS)
    made.items = main.flat if isinstance(main, Dict) else ()
    made.states = [Dict(["_deprecated_key_to_new_key", names])]
    return made


# ------------------------------------------------------------------ names and plain values (_general.py)


def _json(context: Context, cls: Global, fields: Fields) -> Node:
    return context.json(text_of(fields.get("content")))


def _type(context: Context, cls: Global, fields: Fields) -> Node:
    return cls


def _function(context: Context, cls: Global, fields: Fields) -> Node:
    named = fields.get("content")  # of protocol 0 (old/_general_v0.py)
    if is_map(named):
        return context.name(named.get("module_path"), named.get("function"))
    return cls


def _method(context: Context, cls: Global, fields: Fields) -> Making:
    content = fields_of(fields.get("content"))
    name = text_of(content.get("func"))
    owner = yield content.get("obj")
    # Until 0.11 the class is "method", and not that of the object.
    made = (class_of(owner) if cls.name == "method" else None) or cls
    context.name(made.module, f"{made.name}.{name}")
    return _call("reduce", _GETATTR, Tuple((owner, name[:NAME_CHARACTERS])))


def _partial(context: Context, cls: Global, fields: Fields) -> Making:
    content = fields_of(fields.get("content"))
    function = yield content.get("func")
    args = yield content.get("args")
    kwargs = yield content.get("kwds")
    namespace = yield content.get("namespace")
    made = _call("reduce", cls, Tuple((function,)))
    made.states = [Tuple((function, args, kwargs, namespace))]
    return made


def _slice(context: Context, cls: Global, fields: Fields) -> Node:
    content = fields_of(fields.get("content"))
    ends = [content.get(name) for name in ("start", "stop", "step")]
    if not all(end is None or (type(end) is int and end.bit_length() <= INT_BITS) for end in ends):
        raise odd("an end of a slice is no number")
    return _call("reduce", cls, Tuple(ends))


def _operator(context: Context, cls: Global, fields: Fields) -> Making:
    args = yield fields.get("attrs")
    return _call("reduce", cls, args)


def _bytes(context: Context, cls: Global, fields: Fields) -> Node:
    file = text_of(fields.get("file"))
    member = context.archive.member(file)
    mutable = cls.name == "bytearray"
    head = member.start(BYTES_BYTES)
    if member.size <= BYTES_BYTES and not mutable:
        return head
    return Bytes(member.size, member.offset, head if mutable else head[:HEAD_BYTES], mutable=mutable)


# ------------------------------------------------------------------ objects (_general.py, _sklearn.py)


def _object(context: Context, cls: Global, fields: Fields) -> Making:
    made = _call("newobj", cls, _NO_ARGUMENTS)
    content = fields.get("content")
    state = None if content is None else (yield content)
    if state is not None:
        made.states = [state]
    return made


def _constructed(context: Context, cls: Global, fields: Fields) -> Making:
    args = yield fields.get("content")
    return _call("reduce", cls, args)


def _reduced(context: Context, cls: Global, fields: Fields) -> Making:
    state = yield fields.get("content")
    args = yield fields_of(fields.get("__reduce__")).get("args")
    made = _call("reduce", cls, args)
    if state is not None:
        made.states = [state]
    return made


def _unknown(context: Context, cls: Global, fields: Fields) -> Making:
    context.note("LOADER", "the schema names a way to load a value that skops does not have")
    return _object(context, cls, fields)


# ------------------------------------------------------------------ arrays (_numpy.py, _scipy.py)


def _ndarray(context: Context, cls: Global, fields: Fields) -> Making:
    kind = fields.get("type")
    if kind == "numpy":
        found = context.array(text_of(fields.get("file")))
        if not found.shape and cls.module == "numpy" and cls.name not in {"ndarray", "memmap", "matrix"}:
            return npy.scalar_node(found.dtype, found.data)
        return npy.array_node(found.dtype, found.shape, found.data, fortran=found.fortran)
    if kind != "json":
        raise odd("the data of an array are in a form that skops does not have")
    items = List((yield from _items(fields)))
    shape = yield fields.get("shape")
    if not isinstance(shape, Tuple) or not npy.is_shape(shape):
        raise odd("the shape of an array of objects is none")
    count = 1
    for axis in shape:
        count *= axis if isinstance(axis, int) else 0
    for _ in shape[1:]:  # an array of several axes is a list of lists
        rows = [row for row in items if isinstance(row, List)]
        context.take(8 * sum(map(len, rows)))  # one list can be every row
        items = List(item for row in rows for item in row)
    if len(items) != count:
        raise odd("an array of objects has more or fewer items than its shape says")
    return npy.object_array(shape, items)


def _masked(context: Context, cls: Global, fields: Fields) -> Making:
    content = fields_of(fields.get("content"))
    made = npy.masked_node((yield content.get("data")))
    yield content.get("mask")
    if made is None:
        raise odd("the data of a masked array are no array")
    return made


def _dtype(context: Context, cls: Global, fields: Fields) -> Making:
    return npy.dtype_of_array((yield fields.get("content")))


def _sparse(context: Context, cls: Global, fields: Fields) -> Node:
    made = _call("newobj", cls, _NO_ARGUMENTS)
    file = text_of(fields.get("file"))
    made.states = [context.sparse(file)]
    return made


def _random_state(context: Context, cls: Global, fields: Fields) -> Making:
    made = _call("newobj", cls, _NO_ARGUMENTS)
    made.states = [(yield fields.get("content"))]
    return made


def _generator(context: Context, cls: Global, fields: Fields) -> Making:
    made = _call("newobj", cls, _NO_ARGUMENTS)
    content = fields_of(fields.get("content"))
    bits = fields_of(content.get("bit_generator"))
    flat: list[Node] = []
    if "__loader__" in bits:
        state = yield bits
        flat = state.flat if isinstance(state, Dict) else flat
        flat = ["bit_generator", state] if (named := last_value(flat, "bit_generator")) is not None else []
    else:  # protocol 0 (old/_numpy_v0.py)
        named = bits.get("bit_generator")
    context.name("numpy.random", named)  # skops looks it up and calls it
    if "seed_seq" in content:  # from protocol 2 on
        context.name("numpy.random.bit_generator", "SeedSequence")
        flat += ["seed_seq", (yield content["seed_seq"])]
    made.states = [Dict(flat)]
    return made


def _at_once(read: Callable[[Context, Global, Fields], Node]) -> Callable[[Context, Global, Fields], Making]:
    """The same for a value that has no parts."""

    def making(context: Context, cls: Global, fields: Fields) -> Making:
        yield from ()
        return read(context, cls, fields)

    return making


LOADERS: Final[dict[str, Callable[[Context, Global, Fields], Making]]] = {
    "BytearrayNode": _at_once(_bytes),
    "BytesNode": _at_once(_bytes),
    "ConstructorFromReduceNode": _constructed,
    "DTypeNode": _dtype,
    "DefaultDictNode": _defaultdict,
    "DictNode": _dict,
    "FunctionNode": _at_once(_function),
    "JsonNode": _at_once(_json),
    "ListNode": _list_node,
    "LossNode": _reduced,
    "MaskedArrayNode": _masked,
    "MethodNode": _method,
    "NdArrayNode": _ndarray,
    "ObjectNode": _object,
    "OperatorFuncNode": _operator,
    "PartialNode": _partial,
    "QuantileForestNode": _reduced,
    "RandomGeneratorNode": _generator,
    "RandomStateNode": _random_state,
    "SGDNode": _reduced,  # until 0.10
    "SetNode": _set,
    "SliceNode": _at_once(_slice),
    "SparseMatrixNode": _at_once(_sparse),
    "TreeNode": _reduced,
    "TupleNode": _tuple,
    "TypeNode": _at_once(_type),
    "_DictWithDeprecatedKeysNode": _renamed_dict,
}
"""`CachedNode` is none: what it names came before, or it names nothing."""


def making_of(context: Context, fields: Fields) -> Making:
    """What makes the value that a map stands for. Raises Stopped if the map names no loader."""
    context.take(_NODE_BYTES)
    cls = context.name(fields.get("__module__"), fields.get("__class__"))
    return LOADERS.get(text_of(fields.get("__loader__")), _unknown)(context, cls, fields)
