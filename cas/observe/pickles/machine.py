"""The pickle machine: runs the opcodes of protocols 0 to 5 over inert values.

One loop, no recursion: a file can nest values as deep as it likes. The frequent opcodes are executed in
the loop itself, on local variables; the others are functions in `rare`. Nothing that a file holds is
called, imported, hashed or compared.

The loop runs in rounds. Between two of them the limits are looked at, so that they stop reading after
the same opcode everywhere.
"""

from __future__ import annotations

from struct import Struct
from typing import Final

from . import opcodes as op
from .limits import Stopped
from .nodes import Call, Dict, Global, List, Node, Tuple, extended
from .opcodes import INLINE_BYTES
from .rare import NODE_BYTES, RARE, grow, keep_pairs
from .rawarrays import begin_array, end_array, is_wrapper
from .state import State

_ROUND: Final = 1 << 14
_INT: Final = Struct("<i").unpack_from
_INDEX: Final = Struct("<I").unpack_from
_FLOAT: Final = Struct(">d").unpack_from

FREQUENT: Final = frozenset(
    {
        op.MARK, op.STOP, op.NONE, op.NEWTRUE, op.NEWFALSE,
        op.BININT, op.BININT1, op.BININT2, op.LONG1, op.BINFLOAT,
        op.SHORT_BINUNICODE, op.BINUNICODE, op.SHORT_BINBYTES,
        op.EMPTY_TUPLE, op.TUPLE, op.TUPLE1, op.TUPLE2, op.TUPLE3,
        op.EMPTY_LIST, op.APPEND, op.APPENDS, op.EMPTY_DICT, op.SETITEM, op.SETITEMS,
        op.MEMOIZE, op.BINPUT, op.LONG_BINPUT, op.BINGET, op.LONG_BINGET,
        op.REDUCE, op.NEWOBJ, op.BUILD,
    }
)  # fmt: skip
"""The opcodes that the loop executes itself."""


def run(state: State) -> Node:
    """Executes one pickle, from where the state stands to its STOP, and leaves the state behind it.

    Returns what the pickle builds. Raises Stopped where it cannot go on, OperatingSystemRefused; what was
    found until then is in `state.findings`.
    """
    findings = state.findings
    while True:
        _check_limits(state)
        left = state.limits.opcodes - findings.opcodes - findings.surcharge
        if left <= 0:
            raise Stopped("OPCODES", "more opcodes than are executed", state.base + state.pos, broken=False)
        done = _round(state, min(left, _ROUND))
        if done is not None:
            return done[0]


def _check_limits(state: State) -> None:
    offset = state.base + state.pos
    if state.findings.weight > state.limits.memory_bytes:
        raise Stopped("MEMORY", "more values than are kept", offset, broken=False)
    if len(state.marked) > state.limits.marks:
        raise Stopped("MARKS", "more values within values than are followed", offset, broken=False)
    state.net.check(offset)


def _values(state: State) -> tuple[list[Node], list[list[Node]], list[Node], dict[int, Node]]:
    return state.stack, state.marked, state.memo, state.sparse


def _round(state: State, most: int) -> tuple[Node] | None:
    """Executes at most so many opcodes; the pickle's value in a tuple if it has come to its STOP."""
    buffer, pos, base, safe = state.buffer, state.pos, state.base, state.safe
    stack, marked, memo, sparse = _values(state)
    started = pos
    executed = weight = 0
    binary = False
    state.started = base + pos
    try:
        for executed in range(1, most + 1):  # noqa: B007 (counted for `finally`)
            if pos >= safe:
                state.pos = pos
                state.prepare()
                buffer, pos, base, safe = state.buffer, state.pos, state.base, state.safe
            started = pos
            code = buffer[pos]
            pos += 1
            if code >= 0x80:
                if code == 0x94:  # MEMOIZE
                    if sparse:
                        state.put(len(memo) + len(sparse), stack[-1], base + started)
                    else:
                        memo.append(stack[-1])
                    continue
                if code == 0x8C:  # SHORT_BINUNICODE
                    count = buffer[pos]
                    end = pos + 1 + count
                    text = buffer[pos + 1 : end].decode("utf-8", "surrogatepass")
                    stack.append(text)
                    pos = end
                    weight += 56 + (count if text.isascii() else 4 * count)
                    continue
                if code == 0x86:  # TUPLE2
                    last = stack.pop()
                    stack[-1] = Tuple((stack[-1], last))
                    weight += 72
                    continue
                if code == 0x85:  # TUPLE1
                    stack[-1] = Tuple((stack[-1],))
                    weight += 64
                    continue
                if code == 0x87:  # TUPLE3
                    last = stack.pop()
                    middle = stack.pop()
                    stack[-1] = Tuple((stack[-1], middle, last))
                    weight += 80
                    continue
                if code == 0x89:  # NEWFALSE
                    stack.append(False)
                    continue
                if code == 0x88:  # NEWTRUE
                    stack.append(True)
                    continue
                if code == 0x81:  # NEWOBJ
                    last = stack.pop()
                    function = stack[-1]
                    if type(function) is Global:
                        function.called = True
                    stack[-1] = Call("newobj", function, last, base + started)
                    weight += NODE_BYTES
                    continue
                if code == 0x8A:  # LONG1
                    count = buffer[pos]
                    end = pos + 1 + count
                    stack.append(int.from_bytes(buffer[pos + 1 : end], "little", signed=True))
                    pos = end
                    weight += count + 32
                    continue
            elif code >= 0x5E:
                if code == 0x68:  # BINGET
                    index = buffer[pos]
                    pos += 1
                    stack.append(memo[index] if index < len(memo) else state.get(index, base + started))
                    continue
                if code == 0x71:  # BINPUT
                    index = buffer[pos]
                    pos += 1
                    if index == len(memo) and not sparse:
                        memo.append(stack[-1])
                    else:
                        state.put(index, stack[-1], base + started)
                    binary = True
                    continue
                if code == 0x74:  # TUPLE
                    made = Tuple(stack)
                    stack = marked.pop()
                    stack.append(made)
                    weight += 64
                    continue
                if code == 0x75:  # SETITEMS
                    items = stack
                    stack = marked.pop()
                    target = stack[-1]
                    if type(target) is Dict and not len(items) & 1:
                        target.flat.extend(items)
                    else:
                        state.started = base + started
                        keep_pairs(state, target, items)
                    continue
                if code == 0x62:  # BUILD
                    last = stack.pop()
                    target = stack[-1]
                    if type(target) is Call or type(target) is Global:
                        target.states = extended(target.states, [last])
                        weight += 64
                        if not (type(target) is Call and state.raw and is_wrapper(target)):
                            continue
                        state.pos, state.stack, state.started = pos, stack, base + started
                        begin_array(state, target)
                        buffer, pos, base, safe = state.buffer, state.pos, state.base, state.safe
                        stack, marked, memo, sparse = _values(state)
                    else:
                        state.started = base + started
                        state.note("TARGET", "a state is set on something that has none")
                    continue
                if code == 0x6A:  # LONG_BINGET
                    index = int.from_bytes(buffer[pos : pos + 4], "little")
                    pos += 4
                    stack.append(memo[index] if index < len(memo) else state.get(index, base + started))
                    continue
                if code == 0x72:  # LONG_BINPUT
                    index = _INDEX(buffer, pos)[0]
                    pos += 4
                    if index == len(memo) and not sparse:
                        memo.append(stack[-1])
                    else:
                        state.put(index, stack[-1], base + started)
                    binary = True
                    continue
                if code == 0x7D:  # EMPTY_DICT
                    stack.append(Dict([]))
                    weight += NODE_BYTES
                    continue
                if code == 0x65:  # APPENDS
                    items = stack
                    stack = marked.pop()
                    target = stack[-1]
                    if type(target) is List:
                        target.extend(items)
                    else:
                        state.started = base + started
                        grow(state, target, items)
                    continue
                if code == 0x61:  # APPEND
                    last = stack.pop()
                    state.started = base + started
                    grow(state, stack[-1], [last])
                    continue
                if code == 0x73:  # SETITEM
                    last = stack.pop()
                    key = stack.pop()
                    state.started = base + started
                    keep_pairs(state, stack[-1], [key, last])
                    continue
            else:
                if code == 0x4B:  # BININT1
                    stack.append(buffer[pos])
                    pos += 1
                    continue
                if code == 0x4D:  # BININT2
                    stack.append(buffer[pos] | buffer[pos + 1] << 8)
                    pos += 2
                    weight += 32
                    continue
                if code == 0x28:  # MARK
                    marked.append(stack)
                    stack = []
                    continue
                if code == 0x58:  # BINUNICODE
                    count = _INDEX(buffer, pos)[0]
                    if count <= INLINE_BYTES:
                        end = pos + 4 + count
                        text = buffer[pos + 4 : end].decode("utf-8", "surrogatepass")
                        stack.append(text)
                        pos = end
                        weight += 56 + (count if text.isascii() else 4 * count)
                        continue
                if code == 0x4E:  # NONE
                    stack.append(None)
                    continue
                if code == 0x4A:  # BININT
                    stack.append(_INT(buffer, pos)[0])
                    pos += 4
                    weight += 32
                    continue
                if code == 0x52:  # REDUCE
                    last = stack.pop()
                    function = stack[-1]
                    if type(function) is Global:
                        function.called = True
                    stack[-1] = Call("reduce", function, last, base + started)
                    weight += NODE_BYTES
                    continue
                if code == 0x47:  # BINFLOAT
                    stack.append(_FLOAT(buffer, pos)[0])
                    pos += 8
                    weight += 24
                    continue
                if code == 0x43:  # SHORT_BINBYTES
                    count = buffer[pos]
                    if count < 4 or buffer[pos + 1] != 0x80:  # else it may be a pickle
                        end = pos + 1 + count
                        stack.append(buffer[pos + 1 : end])
                        pos = end
                        weight += count + 40
                        continue
                if code == 0x5D:  # EMPTY_LIST
                    stack.append(List())
                    weight += 96
                    continue
                if code == 0x29:  # EMPTY_TUPLE
                    stack.append(Tuple())
                    weight += 48
                    continue
                if code == 0x2E:  # STOP
                    value = stack.pop()
                    if state.frame_end:
                        state.started = base + started
                        state.end_frame(base + pos)
                        safe = state.safe
                    if not state.outer:
                        return (value,)
                    state.pos = pos
                    end_array(state, value)
                    stack, marked, memo, sparse = _values(state)
                    continue
            state.pos, state.stack, state.started = pos, stack, base + started
            rare = RARE.get(code)
            if rare is None:
                raise state.stop("OPCODE", f"the byte {code:#04x} is no opcode")
            rare(state)
            buffer, pos, base, safe = state.buffer, state.pos, state.base, state.safe
            stack = state.stack
    except IndexError:
        raise Stopped("STACK", "an opcode wants more values than there are", base + started) from None
    except ValueError:  # UnicodeDecodeError among them
        raise Stopped("VALUE", "a value's text is not what it has to be", base + started) from None
    finally:
        state.pos, state.stack = pos, stack
        findings = state.findings
        findings.opcodes += executed
        findings.weight += weight
        findings.binary |= binary
    return None
