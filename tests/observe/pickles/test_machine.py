"""The pickle machine against CPython's own: what is built, for every protocol and every opcode."""

from __future__ import annotations

import collections
import pickle
import pickletools
import struct
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from modelfiles import codes, graph_of, long_binput, names, proto, short_unicode, stack_global, value_of
from obs.cas.observe.pickles.limits import Limits
from obs.cas.observe.pickles.machine import FREQUENT
from obs.cas.observe.pickles.nodes import (
    Buffer,
    Bytes,
    Call,
    Dict,
    Extension,
    Global,
    List,
    LongInt,
    Persistent,
    Text,
    Tuple,
    class_of,
    last_value,
)
from obs.cas.observe.pickles.rare import RARE

OPCODES = {ord(opcode.code): opcode for opcode in pickletools.opcodes}

# ------------------------------------------------------------------ what is built

ATOMS = (
    st.none()
    | st.booleans()
    | st.integers(-(1 << 70), 1 << 70)
    | st.integers(-(1 << 1900), 1 << 1900)
    | st.floats(allow_nan=False)
    | st.text(st.characters(exclude_categories=()), max_size=300)
    | st.binary(max_size=256)
)
KEYS = (
    st.integers(-(1 << 70), 1 << 70) | st.text(max_size=8) | st.tuples(st.integers(0, 9), st.text(max_size=3))
)
VALUES = st.recursive(
    ATOMS,
    lambda inner: (
        st.lists(inner, max_size=6)
        | st.lists(inner, max_size=6).map(tuple)
        | st.dictionaries(KEYS, inner, max_size=6)
        | st.sets(KEYS, max_size=6)
        | st.frozensets(KEYS, max_size=6)
    ),
    max_leaves=40,
)


def alike(left: Any, right: Any) -> bool:
    """Equal, and of the same types all the way down."""
    return (
        repr(left) == repr(right) if isinstance(left, float) else type(left) is type(right) and left == right
    )


def only_of_constants(value: Any) -> bool:
    """Whether protocols 0 and 1 write all of it alike (but for the marks and lists that tell them apart)."""
    return value is None or isinstance(value, bool)


@pytest.mark.parametrize("protocol", range(6))
@given(value=VALUES)
def test_plain_data_come_back_as_they_were(protocol: int, value: Any) -> None:
    graph = graph_of(pickle.dumps(value, protocol))
    assert graph.complete
    assert graph.problems == ()
    assert graph.format.container == "pickle"
    if protocol != 1 or graph.opcodes > 2:  # None, False, True are written alike in protocols 0 and 1
        assert graph.format.protocol == protocol or (protocol == 1 and only_of_constants(value))
    assert len(graph.roots) == 1
    assert alike(value_of(graph.roots[0]), value)


@pytest.mark.parametrize("protocol", range(6))
@given(value=VALUES)
def test_every_opcode_is_executed(protocol: int, value: Any) -> None:
    data = pickle.dumps(value, protocol)
    assert graph_of(data).opcodes == sum(1 for _ in pickletools.genops(data))


@pytest.mark.parametrize("protocol", range(6))
def test_sharing_and_cycles_are_kept(protocol: int) -> None:
    shared: list[Any] = [1]
    value: dict[str, Any] = {"a": shared, "b": shared}
    value["self"] = value
    root = graph_of(pickle.dumps(value, protocol)).roots[0]
    assert isinstance(root, Dict)
    assert root.get("a") is root.get("b")
    assert root.get("self") is root


class Plain:
    """Pickled by its state; not found where tests are imported, so that nothing could load it."""

    def __init__(self) -> None:
        self.x = 1


Plain.__module__ = "__main__"


@pytest.mark.parametrize("protocol", range(6))
def test_an_instance_is_a_class_and_a_state(protocol: int, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(sys.modules["__main__"], "Plain", Plain, raising=False)
        data = pickle.dumps(Plain(), protocol)
    root = graph_of(data).roots[0]
    assert isinstance(root, Call)
    cls = class_of(root)
    assert isinstance(cls, Global)
    assert (cls.module, cls.name) == ("__main__", "Plain")
    assert len(root.states) == 1
    state = root.states[0]
    assert isinstance(state, Dict)
    assert state.get("x") == 1


@pytest.mark.parametrize("protocol", range(2, 6))
def test_what_is_put_into_an_object_is_kept(protocol: int) -> None:
    ordered = collections.OrderedDict([("a", 1), ("b", 2)])
    queue = collections.deque([1, 2, 3])
    root = graph_of(pickle.dumps((ordered, queue), protocol)).roots[0]
    assert isinstance(root, Tuple)
    first, second = root
    assert isinstance(first, Call)
    assert isinstance(second, Call)
    assert (list(first.items), list(second.appends)) == (["a", 1, "b", 2], [1, 2, 3])
    assert last_value(first.items, "b") == 2


def test_later_keys_win_and_no_key_is_lost() -> None:
    root = graph_of(b"}(K\x01K\x02X\x01\x00\x00\x00aK\x03X\x01\x00\x00\x00aK\x04K\x01K\x05u.").roots[0]
    assert isinstance(root, Dict)
    assert root.flat == [1, 2, "a", 3, "a", 4, 1, 5]
    assert root.get("a") == 4
    assert len(root) == 4


# ------------------------------------------------------------------ every opcode

MINIMAL = {
    # what has to stand before an opcode, its argument, and what makes one value of what it leaves
    "MARK": (b"", b"", b"t"),
    "STOP": (b"N", b"", None),
    "POP": (b"NN", b"", b""),
    "POP_MARK": (b"N(N", b"", b""),
    "DUP": (b"N", b"", b"\x86"),
    "INT": (b"", b"-12\n", b""),
    "LONG": (b"", b"12L\n", b""),
    "FLOAT": (b"", b"1.5\n", b""),
    "STRING": (b"", b"'a\\n'\n", b""),
    "UNICODE": (b"", b"a\\u0041\n", b""),
    "PERSID": (b"", b"x\n", b""),
    "BINPERSID": (b"K\x01", b"", b""),
    "GLOBAL": (b"", b"a\nb\n", b""),
    "INST": (b"(", b"a\nb\n", b""),
    "STACK_GLOBAL": (short_unicode("a") + short_unicode("b"), b"", b""),
    "REDUCE": (b"ca\nb\n)", b"", b""),
    "NEWOBJ": (b"ca\nb\n)", b"", b""),
    "NEWOBJ_EX": (b"ca\nb\n)}", b"", b""),
    "OBJ": (b"(ca\nb\nK\x01", b"", b""),
    "BUILD": (b"ca\nb\n)R}", b"", b""),
    "LONG1": (b"", b"\x01\xff", b""),
    "LONG4": (b"", b"\x01\0\0\0\xff", b""),
    "BINSTRING": (b"", b"\x01\0\0\0a", b""),
    "SHORT_BINSTRING": (b"", b"\x01a", b""),
    "BINBYTES": (b"", b"\x01\0\0\0a", b""),
    "SHORT_BINBYTES": (b"", b"\x01a", b""),
    "BINBYTES8": (b"", b"\x01" + bytes(7) + b"a", b""),
    "BYTEARRAY8": (b"", b"\x01" + bytes(7) + b"a", b""),
    "BINUNICODE": (b"", b"\x01\0\0\0a", b""),
    "SHORT_BINUNICODE": (b"", b"\x01a", b""),
    "BINUNICODE8": (b"", b"\x01" + bytes(7) + b"a", b""),
    "NEXT_BUFFER": (b"", b"", b""),
    "READONLY_BUFFER": (b"\x97", b"", b""),
    "TUPLE": (b"(NN", b"", b""),
    "TUPLE1": (b"N", b"", b""),
    "TUPLE2": (b"NN", b"", b""),
    "TUPLE3": (b"NNN", b"", b""),
    "LIST": (b"(NN", b"", b""),
    "DICT": (b"(NN", b"", b""),
    "APPEND": (b"]N", b"", b""),
    "APPENDS": (b"](NN", b"", b""),
    "SETITEM": (b"}NN", b"", b""),
    "SETITEMS": (b"}(NN", b"", b""),
    "ADDITEMS": (b"\x8f(NN", b"", b""),
    "FROZENSET": (b"(NN", b"", b""),
    "PUT": (b"N", b"7\n", b""),
    "BINPUT": (b"N", b"\x07", b""),
    "LONG_BINPUT": (b"N", b"\x07\0\0\0", b""),
    "MEMOIZE": (b"N", b"", b""),
    "GET": (b"Nq\x070", b"7\n", b""),
    "BINGET": (b"Nq\x070", b"\x07", b""),
    "LONG_BINGET": (b"Nq\x070", b"\x07\0\0\0", b""),
    "PROTO": (b"", b"\x05", b"N"),
    "FRAME": (b"", b"\x02" + bytes(7), b"N"),
}


def argument(opcode: Any) -> bytes:
    if opcode.name in MINIMAL:
        found: bytes = MINIMAL[opcode.name][1]
        return found
    return bytes(max(0, opcode.arg.n)) if opcode.arg is not None else b""


def test_the_machine_knows_the_opcodes_of_pickletools() -> None:
    assert {*FREQUENT, *RARE} == set(OPCODES)
    assert not FREQUENT & (RARE.keys() - {0x8A, 0x58, 0x43})  # those three have two cases


@pytest.mark.parametrize("opcode", OPCODES.values(), ids=lambda opcode: opcode.name)
@pytest.mark.parametrize("room", [0, 1000], ids=["at the end", "far from it"])
def test_each_opcode_consumes_its_argument_and_leaves_one_value(opcode: Any, room: int) -> None:
    before, _, after = MINIMAL.get(opcode.name, (b"", b"", b""))
    data = (
        before + opcode.code.encode("latin-1") + argument(opcode) + (b"" if after is None else after + b".")
    )
    graph = graph_of(data + b"N." * room)
    assert graph.complete, graph.problems
    assert set(codes(graph)) <= {"PERSISTENT_ID", "EXTENSION", "BUFFER"}
    assert len(graph.roots) == 1 + room
    for end in range(len(data)):
        cut = graph_of(data[:end])
        assert not cut.complete
        assert cut.roots == ()


@pytest.mark.parametrize("number", sorted(set(range(256)) - set(OPCODES)))
def test_what_is_no_opcode_stops_the_machine(number: int) -> None:
    graph = graph_of(b"\x80\x04ca\nb\n" + bytes([number]) + b".")
    assert (graph.complete, codes(graph), names(graph)) == (False, ["OPCODE"], [("a", "b")])
    assert graph.problems[0].offset == 7


def test_what_is_outside_of_the_file_is_named() -> None:
    graph = graph_of(b"\x80\x05(K\x07QPid\n\x82\x05\x97\x98t.")
    root = graph.roots[0]
    assert isinstance(root, Tuple)
    first, second, third, fourth = root
    assert isinstance(first, Persistent)
    assert first.id == 7
    assert isinstance(second, Persistent)
    assert second.id == "id"
    assert isinstance(third, Extension)
    assert third.code == 5
    assert isinstance(fourth, Buffer)
    assert fourth.readonly
    assert codes(graph) == ["PERSISTENT_ID", "EXTENSION", "BUFFER"]


# ------------------------------------------------------------------ what is long


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("size", [4096, 4097, 70_000, 1 << 20])
def test_long_text_is_a_length_and_a_beginning(protocol: int, size: int) -> None:
    data = pickle.dumps(("x" * size, 1), protocol)
    root = graph_of(data).roots[0]
    assert isinstance(root, Tuple)
    if size <= 4096:
        assert list(root) == ["x" * size, 1]
    else:
        text = root[0]
        assert isinstance(text, Text)
        assert (text.length, text.head) == (size, "x" * 64)
        assert data[text.offset : text.offset + size] == b"x" * size
        assert root[1] == 1


@pytest.mark.parametrize("protocol", [3, 4, 5])
@pytest.mark.parametrize("size", [256, 257, 70_000, 1 << 20])
def test_long_bytes_are_a_length_and_a_beginning(protocol: int, size: int) -> None:
    data = pickle.dumps((b"x" * size, 1), protocol)
    root = graph_of(data).roots[0]
    assert isinstance(root, Tuple)
    if size <= 256:
        assert list(root) == [b"x" * size, 1]
    else:
        found = root[0]
        assert isinstance(found, Bytes)
        assert (found.length, found.head, found.mutable) == (size, b"x" * 64, False)
        assert data[found.offset : found.offset + size] == b"x" * size
        assert root[1] == 1


@pytest.mark.parametrize("bits", [2047, 2048, 100_000])
@pytest.mark.parametrize("protocol", [1, 2])
def test_long_integers_are_a_length(bits: int, protocol: int) -> None:
    value = 1 << (bits - 1)
    if protocol == 1:
        data = b"L" + (b"9" * (bits // 3)) + b"L\n."
        (root,) = graph_of(data).roots
    else:
        (root,) = graph_of(pickle.dumps(value, protocol)).roots
    if protocol == 2 and bits == 2047:
        assert root == value
    elif protocol == 2:
        assert isinstance(root, LongInt)
        assert (root.length, root.decimal) == (bits // 8 + 1, False)
    else:
        assert isinstance(root, LongInt)
        assert (root.length, root.decimal) == (bits // 3 + 1, True)


def test_a_line_of_millions_of_digits_is_passed_over() -> None:
    graph = graph_of(b"(I" + b"7" * 5_000_000 + b"\nI7\nt.")
    root = graph.roots[0]
    assert isinstance(root, Tuple)
    first = root[0]
    assert isinstance(first, LongInt)
    assert first.length == 5_000_000
    assert root[1] == 7


# ------------------------------------------------------------------ globals and names


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param(b"ca\nb.c\n.", ("a", "b.c", False), id="GLOBAL"),
        pytest.param(b"(ia\nb\n.", ("a", "b", False), id="INST"),
        pytest.param(stack_global("a", "b") + b".", ("a", "b", False), id="STACK_GLOBAL"),
        pytest.param(b"Va\nUb".replace(b"U", b"U\x01") + b"\x93.", ("a", "b", False), id="text lines"),
        pytest.param(b"S'a'\nS'b'\n\x93.", ("a", "b", False), id="strings"),
        pytest.param(b"Vb\nq\x000Va\nh\x00\x93.", ("a", "b", False), id="through the memo"),
        pytest.param(b"Vx\nq\x000Vb\nq\x000Va\nh\x00\x93.", ("a", "b", False), id="memo overwritten"),
        pytest.param(b"Va\n2\x93.", ("a", "a", False), id="DUP"),
        pytest.param(b"Va\nVb\nNNN000\x93.", ("a", "b", False), id="POP"),
        pytest.param(b"Va\nVb\n(NNN1\x93.", ("a", "b", False), id="POP_MARK"),
        pytest.param(b"Va\nVb\n(0\x93.", ("a", "b", False), id="POP of a MARK"),
        pytest.param(b"Va\nK\x01\x93.", ("a", "<computed>", True), id="no text"),
        pytest.param(b"cx\ny\n)RVb\n\x93.", ("<computed>", "b", True), id="computed"),
        pytest.param(b"ca\nb\n0N.", ("a", "b", False), id="popped"),
        pytest.param(b"ca\nb\nhN.", ("a", "b", False), id="broken later"),
        pytest.param(b"ca\nb\n", ("a", "b", False), id="cut off"),
    ],
)
def test_a_name_is_found_however_it_is_written(body: bytes, expected: tuple[str, str, bool]) -> None:
    graph = graph_of(proto(4, body))
    assert expected in [(seen.module, seen.name, seen.dynamic) for seen in graph.globals]


def test_names_come_in_order_with_their_first_place() -> None:
    graph = graph_of(b"(ca\nb\ncc\nd\nca\nb\n)Rt.")
    assert [(seen.module, seen.offset, seen.called) for seen in graph.globals] == [
        ("a", 1, True),
        ("c", 6, False),
    ]


@pytest.mark.parametrize("kind", ["reduce", "newobj", "newobj_ex", "obj", "inst"])
def test_every_way_to_call_is_a_call(kind: str) -> None:
    body = {
        "reduce": b"ca\nb\n(K\x01tR",
        "newobj": b"ca\nb\n(K\x01t\x81",
        "newobj_ex": b"ca\nb\n(K\x01t}(Vk\nK\x02u\x92",
        "obj": b"(ca\nb\nK\x01o",
        "inst": b"(K\x01ia\nb\n",
    }[kind]
    graph = graph_of(proto(4, body + b"."))
    root = graph.roots[0]
    assert isinstance(root, Call)
    assert (root.kind, names(graph), graph.globals[0].called) == (kind, [("a", "b")], True)
    assert isinstance(root.args, Tuple)
    assert list(root.args) == [1]
    if kind == "newobj_ex":
        assert isinstance(root.kwargs, Dict)
        assert root.kwargs.get("k") == 2


# ------------------------------------------------------------------ frames, memo, what follows


def frame(body: bytes, length: int | None = None) -> bytes:
    return b"\x95" + struct.pack("<Q", len(body) if length is None else length) + body


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param(frame(b"NN\x86."), [], id="right"),
        pytest.param(frame(b"NN") + frame(b"\x86."), [], id="two"),
        pytest.param(frame(b"N") + b"N\x86.", [], id="opcodes outside of a frame"),
        pytest.param(frame(b"N.", 3) + b"N.", ["FRAME"], id="longer than the pickle"),
        pytest.param(frame(b"N.", 1 << 62), ["FRAME"], id="longer than the file"),
        pytest.param(frame(short_unicode("abc") + b".", 3), ["FRAME"], id="ends in a value"),
        pytest.param(frame(b"N" + frame(b"N\x86.")), ["FRAME"], id="frame in a frame"),
    ],
)
def test_a_frame_that_does_not_fit_is_told_and_stops_nothing(data: bytes, expected: list[str]) -> None:
    graph = graph_of(proto(4, data))
    assert graph.complete
    assert codes(graph) == expected
    assert graph.roots


def test_a_memo_index_allocates_nothing() -> None:
    graph = graph_of(proto(2, b"K\x07" + long_binput(2**31) + b"0j" + struct.pack("<I", 2**31) + b"."))
    assert graph.roots == (7,)
    graph = graph_of(b"Vx\np1000000000000000000\n0g1000000000000000000\n.")
    assert graph.roots == ("x",)


@pytest.mark.parametrize("line", [b"99999999999999999999999", b"2305843009213693951", b"-1", b"x", b""])
def test_a_memo_index_that_no_pickler_gives_out_stops_the_machine(line: bytes) -> None:
    graph = graph_of(b"ca\nb\np" + line + b"\n.")
    assert (graph.complete, names(graph)) == (False, [("a", "b")])


def test_memoize_counts_what_was_put() -> None:
    graph = graph_of(
        proto(4, b"K\x01q\x05K\x02\x94K\x03\x940000".replace(b"0000", b"000") + b"h\x01h\x02\x86.")
    )
    root = graph.roots[0]
    assert isinstance(root, Tuple)
    assert list(root) == [2, 3]


@pytest.mark.parametrize("protocol", range(6))
def test_a_second_pickle_is_followed(protocol: int) -> None:
    data = pickle.dumps([1], protocol) + pickle.dumps({"a": 2}, protocol)
    graph = graph_of(data)
    assert graph.complete
    assert [value_of(root) for root in graph.roots] == [[1], {"a": 2}]


def test_what_follows_and_is_no_pickle_is_told() -> None:
    graph = graph_of(pickle.dumps(1) + bytes(100))
    assert (graph.complete, codes(graph), len(graph.roots)) == (True, ["TRAILING_BYTES"], 1)
    assert graph.problems[0].offset == len(pickle.dumps(1))


def test_a_second_pickle_that_is_cut_off_is_incomplete() -> None:
    data = pickle.dumps(1) + pickle.dumps([1, 2, 3], 3)[:-2]
    graph = graph_of(data)
    assert (graph.complete, codes(graph), graph.roots) == (False, ["TRUNCATED"], (1,))


def test_a_pickle_within_bytes_is_looked_into() -> None:
    inner = pickle.dumps(pickle.dumps(collections.deque([1]), 4), 4)
    data = pickle.dumps(
        [b"\x80\x04 no pickle at all", inner, bytearray(pickle.dumps(collections.Counter, 2))], 5
    )
    graph = graph_of(data)
    assert graph.complete
    assert names(graph) == [("collections", "Counter"), ("collections", "deque")]
    assert len(graph.embedded) == 3
    assert graph.problems == ()


# ------------------------------------------------------------------ limits


def test_the_opcodes_are_counted_exactly() -> None:
    data = b"N0" * 50_000 + b"ca\nb\n."
    for most in (1, 7, 16_384, 16_385, 99_999, 100_000):
        graph = graph_of(data, Limits(opcodes=most))
        assert (graph.opcodes, graph.complete, codes(graph), names(graph)) == (most, False, ["OPCODES"], [])
        assert graph.problems[0].offset == most
    assert not graph_of(data, Limits(opcodes=100_001)).complete
    assert graph_of(data, Limits(opcodes=100_002)).complete


def test_an_escape_that_python_does_not_know_is_no_warning() -> None:
    assert graph_of(b"S'a\\8'\n.").roots == ("a\\8",)


def test_endless_opcodes_stop_at_the_limit_and_the_clock_is_not_asked() -> None:
    graph = graph_of(b"N0" * 4_000_000)
    assert (graph.complete, graph.timed_out, codes(graph)) == (False, False, ["OPCODES"])
    assert graph.opcodes == Limits().opcodes


def test_the_clock_is_told_apart_from_the_limits() -> None:
    graph = graph_of(b"N0" * 100_000 + b"N.", Limits(seconds=-1))
    assert (graph.complete, graph.timed_out, codes(graph)) == (False, True, ["TIME"])


def test_what_was_on_the_stack_is_kept() -> None:
    graph = graph_of(proto(4, b"]K\x01(K\x02"))
    assert graph.roots == ()
    assert isinstance(graph.partial[0], List)
    assert list(graph.partial[1:]) == [1, 2]
