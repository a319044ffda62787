"""numpy's dtypes, from what a pickle says about them, without numpy.

A dtype is written as a call and a state (numpy's `arraydescr_reduce`, descriptor.c):

    numpy.dtype("f8", False, True)
    (version, byte order, sub-array, names, fields, item bytes, alignment, flags[, metadata])

The size of an item stands there or follows from the code; a text like numpy's own `str(dtype)` is put
together only when it is asked for.
"""

from __future__ import annotations

import re
from typing import Final

from ...format.frozen import row
from .nodes import Call, Dict, Global, List, Node, Tuple, pairs

_CODE: Final = re.compile(r"[|<>=]?([biufcSUVOMm])([0-9]{1,18})?", re.ASCII)
_NUMBERS: Final = {"i": "int", "u": "uint", "f": "float", "c": "complex"}
_TIMES: Final = {"M": "datetime64", "m": "timedelta64"}
_HAS_OBJECT: Final = 0x01
_ALIGNED: Final = 0x80
_MAX_DEPTH: Final = 16
_MAX_PARTS: Final = 128
"""More fields than these (in all levels together) are not written out."""
_MAX_NAME: Final = 255
_MAX_TEXT: Final = 8_192
_MAX_AXIS: Final = 1 << 63
_UNITS: Final = re.compile(r"[A-Za-z]{1,8}", re.ASCII)
_UNKNOWN: Final = "?"


@row
class DType:
    """The size of an item in bytes, and whether it holds Python objects (then it is pickled as one)."""

    kind: str
    item_bytes: int
    has_object: bool


@row
class _Parts:
    """What a dtype's call and state say; `item_bytes` is None where they do not."""

    kind: str
    item_bytes: int | None
    order: str
    sub: Node
    names: Node
    fields: Node
    flags: int
    times: Node
    record: bool
    aligned_size: bool


def text_of(node: Node) -> str | None:
    """A short text, written as str or as ASCII bytes; None for everything else.

    Protocols 0 to 2 have no bytes, and write `_codecs.encode(text, "latin1")` for them.
    """
    if isinstance(node, Call) and isinstance(node.function, Global) and isinstance(node.args, Tuple):
        function = node.function
        encoded = function.module == "_codecs" and function.name == "encode" and len(node.args) > 0
        node = node.args[0] if encoded else None
    if isinstance(node, str):
        return node
    if isinstance(node, bytes) and node.isascii():
        return node.decode("ascii")
    return None


def _parts(node: Node) -> _Parts | None:
    if not isinstance(node, Call) or not isinstance(node.function, Global):
        return None
    if node.function.name == "_convert_to_stringdtype_kwargs":
        return _Parts("T", 16, "|", None, None, None, _HAS_OBJECT, None, False, False)
    if (node.function.module, node.function.name) != ("numpy", "dtype"):
        return None
    first = node.args[0] if isinstance(node.args, Tuple) and node.args else None
    record = isinstance(first, Global) and first.module == "numpy" and first.name == "record"
    if record or (isinstance(first, Global) and first.module == "numpy" and first.name == "void"):
        kind, size = "V", None
    else:
        matched = _CODE.fullmatch(text_of(first) or "")
        if matched is None:
            return None
        kind = matched[1]
        size = int(matched[2]) if matched[2] else None
    if kind == "U" and size is not None:
        size *= 4
    elif kind == "O":
        size = 8
    elif kind == "b":
        size = 1
    elif kind in _TIMES and size is None:
        size = 8
    state = node.states[-1] if node.states else None
    if not isinstance(state, Tuple) or len(state) < 7 or text_of(state[1]) is None:
        return _Parts(kind, size, "|", None, None, None, 0, None, record, False)
    _, order, sub, names, fields, stated, _, *more = state
    if kind in "SUV" and isinstance(stated, int) and stated >= 0:
        size = stated
    flags = more[0] if more and isinstance(more[0], int) else 0
    times = more[1] if len(more) > 1 and kind in _TIMES else None
    return _Parts(kind, size, text_of(order) or "|", sub, names, fields, flags, times, record, False)


def dtype_of(node: Node) -> DType | None:
    """What a node says about an array's items; None if it is no dtype, or says too little."""
    parts = _parts(node)
    if parts is None or parts.item_bytes is None:
        return None
    has_object = parts.kind in "OT" or (parts.kind == "V" and bool(parts.flags & _HAS_OBJECT))
    return DType(parts.kind, parts.item_bytes, has_object)


def dtype_text(node: Node) -> str | None:
    """The text that `str()` of the dtype would be in numpy; None if the node is none.

    One of very many or very long fields is told without them, and a very long text is cut.
    """
    left = [_MAX_PARTS]
    text = _text(node, left, _MAX_DEPTH, short=False)
    return text if text is None or len(text) <= _MAX_TEXT else f"{text[:_MAX_TEXT]}…"


def _text(node: Node, left: list[int], depth: int, *, short: bool) -> str | None:
    """`short`: as within a structured dtype. `left[0]` counts the parts that may still be written."""
    parts = _parts(node)
    left[0] -= 1
    if parts is None or parts.item_bytes is None:
        return None
    if not depth or left[0] < 0:
        return _UNKNOWN
    size = parts.item_bytes
    order = parts.order if parts.order in "<>" else "|" if parts.order == "|" else "<"
    if parts.kind == "V":
        return _void_text(parts, size, left, depth, short=short)
    if parts.kind == "T":
        return "StringDType()"
    if parts.kind == "O":
        return "O" if short else "object"
    if parts.kind == "b":
        return "?" if short else "bool"
    if parts.kind == "S":
        return f"S{size}" if short else f"|S{size}"
    if parts.kind == "U":
        return f"{order}U{size // 4}"
    if parts.kind in _TIMES:
        unit = _unit(parts.times)
        return f"{order}{parts.kind}{size}{unit}" if short or order == ">" else f"{_TIMES[parts.kind]}{unit}"
    if short:
        return f"{order if size > 1 else ''}{parts.kind}{size}"
    return f">{parts.kind}{size}" if order == ">" and size > 1 else f"{_NUMBERS[parts.kind]}{size * 8}"


def _unit(times: Node) -> str:
    """`[ns]`, `[25s]`, or nothing, of a date's metadata: (…, (unit, count, divisor, events))."""
    inner = times[1] if isinstance(times, Tuple) and len(times) > 1 else None
    if not isinstance(inner, Tuple) or len(inner) < 2:
        return ""
    unit, count = text_of(inner[0]), inner[1]
    if unit is None or not _UNITS.fullmatch(unit) or unit == "generic":
        return ""
    return f"[{count if isinstance(count, int) and count != 1 else ''}{unit}]"


@row
class _Field:
    name: str
    node: Node
    offset: int
    title: str | None


def _void_text(parts: _Parts, size: int, left: list[int], depth: int, *, short: bool) -> str:
    if isinstance(parts.sub, Tuple) and len(parts.sub) == 2:
        base, shape = _base_and_shape(parts.sub, left, depth)
        return f"({base}, {shape})"
    fields = _fields(parts)
    if not fields:
        return f"V{size}" if short else f"|V{size}"
    shown = [_quoted(field.node, left, depth - 1) for field in fields]
    if _is_packed(parts, fields, size):
        items = ", ".join(
            f"({_named(field)}, {text[1:-1] if _is_sub(field.node) else text})"
            for field, text in zip(fields, shown, strict=True)
        )
        text = f"[{items}]"
    else:
        text = f"{{'names': [{', '.join(repr(field.name) for field in fields)}]"
        text += f", 'formats': [{', '.join(shown)}]"
        text += f", 'offsets': [{', '.join(str(field.offset) for field in fields)}]"
        if any(field.title is not None for field in fields):
            text += f", 'titles': [{', '.join(repr(field.title) for field in fields)}]"
        text += f", 'itemsize': {size}"
        text += ", 'aligned': True}" if parts.flags & _ALIGNED else "}"
    return f"(numpy.record, {text})" if parts.record else text


def _named(field: _Field) -> str:
    return repr(field.name) if field.title is None else f"({field.title!r}, {field.name!r})"


def _is_sub(node: Node) -> bool:
    parts = _parts(node)
    return parts is not None and isinstance(parts.sub, Tuple)


def _quoted(node: Node, left: list[int], depth: int) -> str:
    """A field's dtype as numpy writes it there: a code in quotes, a list, a dict, a pair."""
    text = _text(node, left, depth, short=True) or _UNKNOWN
    return text if text[0] in "[{(" else f"'{text}'"


def _base_and_shape(sub: Tuple, left: list[int], depth: int) -> tuple[str, str]:
    shape = sub[1]
    axes = tuple(axis for axis in shape if isinstance(axis, int)) if isinstance(shape, Tuple) else (shape,)
    return _quoted(sub[0], left, depth - 1), repr(axes) if _is_shape(axes) else _UNKNOWN


def _is_shape(axes: tuple[Node, ...]) -> bool:
    return len(axes) <= 64 and all(type(axis) is int and 0 <= axis < _MAX_AXIS for axis in axes)


def _fields(parts: _Parts) -> list[_Field]:
    """The fields in their order; none if anything about them is not as numpy writes it."""
    if not isinstance(parts.names, Tuple | List) or not isinstance(parts.fields, Dict):
        return []
    if len(parts.names) > _MAX_PARTS or len(parts.fields) > 2 * _MAX_PARTS:
        return []
    known = {key: value for key, value in pairs(parts.fields.flat) if isinstance(key, str)}
    found: list[_Field] = []
    for name in parts.names:
        described = known.get(name) if isinstance(name, str) else None
        if not isinstance(name, str) or len(name) > _MAX_NAME:
            return []
        if not isinstance(described, Tuple) or len(described) < 2:
            return []
        offset = described[1]
        title = described[2] if len(described) > 2 else None
        if not isinstance(offset, int) or (isinstance(title, str) and len(title) > _MAX_NAME):
            return []
        found.append(_Field(name, described[0], offset, title if isinstance(title, str) else None))
    return found


def _is_packed(parts: _Parts, fields: list[_Field], size: int) -> bool:
    """Whether each field follows the one before it without a gap (numpy, `_is_packed` in _dtype.py)."""
    if parts.flags & _ALIGNED:
        return False
    end = 0
    for field in fields:
        dtype = dtype_of(field.node)
        if field.offset != end or dtype is None:
            return False
        end += dtype.item_bytes
    return end == size
