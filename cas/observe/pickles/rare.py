"""The opcodes that no file has many of: text lines of protocols 0 and 1, long payloads, calls of old.

Each is a function of the machine's state, with the opcode's number already passed over. What CPython
would refuse raises Stopped, IndexError (a stack that is too short) or ValueError (text that is none);
what it would accept goes on.
"""

from __future__ import annotations

import codecs
import warnings
from collections.abc import Callable
from typing import Final

from . import opcodes as op
from .nodes import (
    Buffer,
    Call,
    Dict,
    Extension,
    FrozenSet,
    Global,
    List,
    LongInt,
    Node,
    Persistent,
    Set,
    Text,
    Tuple,
    extended,
)
from .state import HEAD_BYTES, LINE_BYTES, State

INT_BYTES: Final = 256
"""A longer int is kept as a LongInt."""
_DIGITS: Final = 600
"""So are more digits than these: Python itself may refuse to convert them (sys.set_int_max_str_digits)."""
_INDEX_DIGITS: Final = 20
_NAME_CHARACTERS: Final = 1024
_COMPUTED: Final = "<computed>"
NODE_BYTES: Final = 160
LIST_BYTES: Final = 96
"""What a node, and a list with a few items, are estimated to take."""


def from_mark(state: State) -> list[Node]:
    """What lies above the innermost MARK, which goes."""
    items = state.stack
    state.stack = state.marked.pop()
    return items


def grow(state: State, target: Node, items: list[Node]) -> None:
    """APPEND, APPENDS, ADDITEMS: onto a list or a set, or as calls on what an object would be."""
    if isinstance(target, List | Set):
        target.extend(items)
    elif isinstance(target, Call):
        state.findings.weight += 0 if target.appends else LIST_BYTES
        target.appends = extended(target.appends, items)
    else:
        state.note("TARGET", "values are added to something that holds none")


def keep_pairs(state: State, target: Node, items: list[Node]) -> None:
    """SETITEM, SETITEMS: into a dict, or as calls on what an object would be."""
    if len(items) % 2:
        raise state.stop("STACK", "keys and values are not in pairs")
    if isinstance(target, Dict):
        target.flat.extend(items)
    elif isinstance(target, Call):
        state.findings.weight += 0 if target.items else LIST_BYTES
        target.items = extended(target.items, items)
    else:
        state.note("TARGET", "keys are set on something that has none")


def call(state: State, made: Call) -> None:
    """Puts the result of a call onto the stack."""
    if isinstance(made.function, Global):
        made.function.called = True
    state.findings.weight += NODE_BYTES
    state.stack.append(made)


# ---------------------------------------------------------------------- text lines (protocol 0)


def _int(state: State) -> None:
    offset = state.base + state.pos
    line, length = state.line()
    if line in {b"00", b"01"}:  # how protocol 1 wrote False and True
        state.stack.append(line == b"01")
    else:
        state.stack.append(_decimal(line, length, offset))


def _long(state: State) -> None:
    offset = state.base + state.pos
    line, length = state.line()
    state.stack.append(_decimal(line.removesuffix(b"L"), length, offset))


def _decimal(line: bytes, length: int, offset: int) -> Node:
    if length > _DIGITS:
        return LongInt(length, offset, decimal=True)
    return int(line.decode("ascii"))


def _float(state: State) -> None:
    line, _ = state.line()
    state.stack.append(float(line.decode("ascii")))


def _short_line(state: State) -> bytes | None:
    """A line with a text; None if it is a long one, of which a Text is put onto the stack."""
    offset = state.base + state.pos
    line, length = state.line()
    if length == len(line):
        return line
    state.stack.append(Text(length, offset, line[:HEAD_BYTES].decode("latin-1")))
    return None


def _string(state: State) -> None:
    line = _short_line(state)
    if line is None:
        return
    if len(line) < 2 or line[:1] != line[-1:] or line[:1] not in {b"'", b'"'}:
        raise state.stop("VALUE", "a string is not within quotes")
    inner = line[1:-1]
    if b"\\" in inner:
        state.findings.surcharge += 8  # setting the filter costs more than the rest
        with warnings.catch_warnings(action="ignore"):  # of an escape that Python does not know
            inner, _ = codecs.escape_decode(inner)
    state.stack.append(state.kept(inner.decode("latin-1")))  # what it was in Python 2, nobody knows


def _unicode(state: State) -> None:
    line = _short_line(state)
    if line is not None:
        state.stack.append(state.kept(line.decode("raw-unicode-escape")))


def _index(state: State) -> int:
    line, length = state.line()
    if length > _INDEX_DIGITS:
        raise state.stop("MEMO", "the memo is used with an index that no pickler gives out")
    index = int(line.decode("ascii"))
    if index < 0:
        raise state.stop("MEMO", "the memo is used with a negative index")
    return index


def _put(state: State) -> None:
    state.put(_index(state), state.stack[-1], state.started)


def _get(state: State) -> None:
    state.stack.append(state.get(_index(state), state.started))


def _persid(state: State) -> None:
    line, length = state.line()
    state.note("PERSISTENT_ID", "a value is named by an id that only the loading program can look up")
    shown = line.decode("utf-8", "backslashreplace") + ("…" if length > LINE_BYTES else "")
    state.findings.weight += NODE_BYTES
    state.stack.append(Persistent(shown, state.started))


# ---------------------------------------------------------------------- names and calls


def _name_line(state: State) -> tuple[str, bool]:
    """A module's or an attribute's name from a text line, and whether it is no name that can be real."""
    line, length = state.line()
    text = line.decode("utf-8", "backslashreplace")
    if length > _NAME_CHARACTERS:
        return f"{text[:_NAME_CHARACTERS]}…", True
    return text, False


def _global_lines(state: State) -> Global:
    module, odd = _name_line(state)
    name, odder = _name_line(state)
    return state.name(module, name, dynamic=odd or odder)


def _global(state: State) -> None:
    state.stack.append(_global_lines(state))


def _operand(node: Node) -> tuple[str, bool]:
    if isinstance(node, str) and len(node) <= _NAME_CHARACTERS:
        return node, False
    if isinstance(node, str):
        return f"{node[:_NAME_CHARACTERS]}…", True
    return (f"{node.head}…" if isinstance(node, Text) else _COMPUTED), True


def stack_global(state: State) -> None:
    """STACK_GLOBAL: the names come from the stack, whatever put them there."""
    name, odd = _operand(state.stack.pop())
    module, odder = _operand(state.stack.pop())
    state.stack.append(state.name(module, name, dynamic=odd or odder))


def _inst(state: State) -> None:
    cls = _global_lines(state)
    args = from_mark(state)
    call(state, Call("inst", cls, Tuple(args), state.started))


def _obj(state: State) -> None:
    items = from_mark(state)
    cls = items.pop(0)
    call(state, Call("obj", cls, Tuple(items), state.started))


def _newobj_ex(state: State) -> None:
    kwargs = state.stack.pop()
    args = state.stack.pop()
    call(state, Call("newobj_ex", state.stack.pop(), args, state.started, kwargs))


def _extension(count: int) -> Callable[[State], None]:
    def push(state: State) -> None:
        code = state.number(count)
        state.note("EXTENSION", "a value is named by a number that only the loading process knows")
        state.findings.weight += NODE_BYTES
        state.stack.append(Extension(code, state.started))

    return push


def _binpersid(state: State) -> None:
    state.note("PERSISTENT_ID", "a value is named by an id that only the loading program can look up")
    state.findings.weight += NODE_BYTES
    state.stack.append(Persistent(state.stack.pop(), state.started))


# ---------------------------------------------------------------------- payloads


def _long1(state: State) -> None:
    state.stack.append(int.from_bytes(state.take(state.number(1)), "little", signed=True))


def _long4(state: State) -> None:
    count = state.number(4)
    if count >= 1 << 31:
        raise state.stop("VALUE", "an integer has a negative length")
    offset = state.base + state.pos
    state.findings.weight += INT_BYTES
    if count > INT_BYTES:
        state.skip(offset + count)
        state.stack.append(LongInt(count, offset))
    else:
        state.stack.append(int.from_bytes(state.take(count), "little", signed=True))


def _text(size: int) -> Callable[[State], None]:
    return lambda state: state.stack.append(state.text(state.number(size)))


def _bytes(size: int) -> Callable[[State], None]:
    return lambda state: state.stack.append(state.data(state.number(size)))


def _binstring(size: int) -> Callable[[State], None]:
    def push(state: State) -> None:
        """Protocol 1 of Python 2: a str that may be text or bytes (each character one byte)."""
        count = state.number(size)
        if size == 4 and count >= 1 << 31:
            raise state.stop("VALUE", "a string has a negative length")
        found = state.data(count)
        if isinstance(found, bytes):
            state.stack.append(found.decode("latin-1"))
        else:
            state.stack.append(found)

    return push


def _next_buffer(state: State) -> None:
    state.note("BUFFER", "data were handed over beside the pickle, and are not in the file")
    state.findings.weight += NODE_BYTES
    state.stack.append(Buffer(state.started))


def _readonly_buffer(state: State) -> None:
    top = state.stack[-1]
    if isinstance(top, Buffer):
        top.readonly = True


# ---------------------------------------------------------------------- stack, containers, frames


def _pop(state: State) -> None:
    if state.stack:
        state.stack.pop()
    else:  # of a MARK with nothing above it (as CPython does)
        from_mark(state)


def _dup(state: State) -> None:
    state.stack.append(state.stack[-1])


def _list(state: State) -> None:
    made = List(from_mark(state))
    state.findings.weight += NODE_BYTES
    state.stack.append(made)


def _dict(state: State) -> None:
    made = Dict([])
    keep_pairs(state, made, from_mark(state))
    state.findings.weight += NODE_BYTES
    state.stack.append(made)


def _empty_set(state: State) -> None:
    state.findings.weight += NODE_BYTES
    state.stack.append(Set())


def _frozenset(state: State) -> None:
    made = FrozenSet(from_mark(state))
    state.findings.weight += NODE_BYTES
    state.stack.append(made)


def _additems(state: State) -> None:
    items = from_mark(state)
    grow(state, state.stack[-1], items)


def _proto(state: State) -> None:
    protocol = state.number(1)
    if protocol > 5:
        state.note("PROTOCOL", f"the pickle says that it is of protocol {protocol}, which nobody knows yet")
    if state.findings.protocol is None:
        state.findings.protocol = protocol


def _frame(state: State) -> None:
    length = state.number(8)
    begin = state.base + state.pos
    if state.frame_end:
        state.note("FRAME", "a frame begins within a frame")
    size = state.windows.size
    if size is not None and begin + length > size:
        state.note("FRAME", "a frame is stated to be longer than the file")
        length = 0
    state.start_frame(begin + length if length else 0)


RARE: Final[dict[int, Callable[[State], object]]] = {
    op.INT: _int,
    op.LONG: _long,
    op.FLOAT: _float,
    op.STRING: _string,
    op.UNICODE: _unicode,
    op.PUT: _put,
    op.GET: _get,
    op.PERSID: _persid,
    op.GLOBAL: _global,
    op.STACK_GLOBAL: stack_global,
    op.INST: _inst,
    op.OBJ: _obj,
    op.NEWOBJ_EX: _newobj_ex,
    op.EXT1: _extension(1),
    op.EXT2: _extension(2),
    op.EXT4: _extension(4),
    op.BINPERSID: _binpersid,
    op.LONG1: _long1,
    op.LONG4: _long4,
    op.BINUNICODE: _text(4),
    op.BINUNICODE8: _text(8),
    op.BINBYTES: _bytes(4),
    op.SHORT_BINBYTES: _bytes(1),
    op.BINBYTES8: _bytes(8),
    op.BYTEARRAY8: lambda state: state.stack.append(state.data(state.number(8), mutable=True)),
    op.BINSTRING: _binstring(4),
    op.SHORT_BINSTRING: _binstring(1),
    op.NEXT_BUFFER: _next_buffer,
    op.READONLY_BUFFER: _readonly_buffer,
    op.POP: _pop,
    op.DUP: _dup,
    op.POP_MARK: from_mark,
    op.LIST: _list,
    op.DICT: _dict,
    op.EMPTY_SET: _empty_set,
    op.FROZENSET: _frozenset,
    op.ADDITEMS: _additems,
    op.PROTO: _proto,
    op.FRAME: _frame,
}
