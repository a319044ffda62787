"""The arrays that joblib writes into a pickle, outside of its opcodes.

Where a pickle would have an array, `joblib.dump` puts an object that describes it, and after the BUILD
of that object the raw data, straight into the file:

    … NumpyArrayWrapper, {"shape": (3,), "dtype": <f8, "order": "C", …}, BUILD
    07                            one byte: how long the padding is      } where the state has a
    ff ff ff ff ff ff ff          so that the data begin at 16 bytes     } numpy_array_alignment_bytes
    24 bytes                      the data
    … the next opcode

joblib before 1.2 has no padding. An array of objects is a pickle of its own there, without padding,
with a memo of its own.

A file that is meant for joblib can be given to `pickle.load`, which takes the data for opcodes. It fails at
the padding of honest files; one that means harm may have it do something else there than joblib does, and
is therefore looked at in both ways. (Only the first array matters, and none of objects: `pickle.load` ends
with the STOP of the pickle within.) (joblib/numpy_pickle.py, `NumpyArrayWrapper.write_array`, is the source.)
"""

from __future__ import annotations

from typing import Final

from .arrays import shape_of
from .dtypes import dtype_of
from .nodes import ArrayData, Call, Dict, Node, class_of, last_value
from .state import BYTES_BYTES, Outer, State
from .windows import WINDOW, MemoryWindows

_NAMES: Final = frozenset({"NumpyArrayWrapper", "_reconstructor"})
_MODULES: Final = frozenset({"joblib.numpy_pickle", "sklearn.externals.joblib.numpy_pickle"})
_MAX_KEYS: Final = 64
"""Of the state of a wrapper: joblib writes six, and each is looked for in all of them."""
OLD_NAMES: Final = frozenset({"NDArrayWrapper", "ZNDArrayWrapper"})
"""joblib before 0.10: the data lie in other files."""


def is_wrapper(call: Call) -> bool:
    """Whether it is an object that raw data follow, once it has its state."""
    name = getattr(call.function, "name", None)
    if name not in _NAMES:
        return False
    cls = class_of(call)
    return cls is not None and cls.name == "NumpyArrayWrapper" and cls.module in _MODULES


def _as_pickle(state: State, wrapper: Call) -> State:
    """The state in which `pickle.load` would be behind the wrapper: it takes the data for opcodes.

    Of a stream, which cannot be read twice, the next 64 KiB are kept for it.
    """
    offset, size = state.base + state.pos, state.windows.size
    part = None if size is None else state.windows.part(offset, size - offset)
    if part is None:
        state.turn_to(offset, WINDOW)
        part = MemoryWindows(state.buffer, offset)
    found = State(part, offset, state.findings, state.limits, state.net)
    found.stack, found.memo, found.sparse = [*state.stack, wrapper], state.memo.copy(), state.sparse.copy()
    found.marked = [stack.copy() for stack in state.marked]
    return found


def begin_array(state: State, wrapper: Call) -> None:
    """Passes over the data after a wrapper, or begins with the pickle that they are.

    The wrapper on the stack becomes the array. Raises Stopped if the array is not described, or its data
    end with the file.
    """
    findings = state.findings
    findings.raw_arrays += 1
    described = wrapper.states[-1]
    flat = described.flat if isinstance(described, Dict) and len(described) <= _MAX_KEYS else []
    node = last_value(flat, "dtype")
    dtype = dtype_of(node)
    shape = shape_of(last_value(flat, "shape"))
    if dtype is None or shape is None:
        raise state.stop("ARRAY", "raw data follow, and their type or shape is not described")
    order = "F" if last_value(flat, "order") == "F" else "C"
    findings.weight += 512
    state.stack.pop()
    if state.frame_end:
        state.end_frame(state.base + state.pos)
    if dtype.has_object:
        array = ArrayData(wrapper, node, shape, order, state.base + state.pos, 0)
        state.outer.append(Outer(array, state.stack, state.marked, state.memo, state.sparse))
        state.stack, state.marked, state.memo, state.sparse = [], [], [], {}
        state.raw = False  # joblib reads it with a plain unpickler
        return
    if findings.raw_arrays == 1:
        findings.as_pickle = _as_pickle(state, wrapper)
    if last_value(flat, "numpy_array_alignment_bytes") is not None:
        padding = state.take(1)[0]
        state.skip(state.base + state.pos + padding)
    length = dtype.item_bytes
    for axis in shape:
        length *= axis
    begin = state.base + state.pos
    array = ArrayData(wrapper, node, shape, order, begin, length)
    if length <= BYTES_BYTES:
        array.data = state.take(length)
    else:
        state.skip(begin + length)
    state.stack.append(array)


def end_array(state: State, value: Node) -> None:
    """The pickle within an array has come to its STOP: back to the one around it."""
    outer = state.outer.pop()
    array = outer.array
    array.value = value
    array.length = state.base + state.pos - array.offset
    state.stack, state.marked, state.memo, state.sparse = outer.stack, outer.marked, outer.memo, outer.sparse
    state.stack.append(array)
    state.raw = True
