"""What a pickle builds, as inert values.

A node is one of Python's own harmless values (None, bool, int, float, str, bytes) or one of the
classes here. What would be an object when loaded is a `Call`: what would be called, with which
arguments, and what would be done to the result afterwards.

    GLOBAL 'numpy' 'dtype', 'f8', TUPLE1, REDUCE, (3, '<', …), BUILD

    Call("reduce", Global("numpy", "dtype"), Tuple(("f8",)), states=[Tuple((3, "<", …))])

Laws:

* Nothing from a file is hashed: integers and tuples can be made to collide. A `Dict` is therefore a
  list of keys and values as they were written, duplicates included; the last one wins (`Dict.get`).
* Two nodes of the classes here are equal only if they are the same one: to compare structures is to
  recurse, and a file may nest them a hundred thousand deep. `repr` shows one level for the same reason.
* The graph may have cycles, and what was shared is shared. A container may be filled long after it
  was put into another one: look at nodes when the whole file has been read, and keep track of those
  that were seen by `id()` (none but Python's own values can be hashed, and of those no int should be).
* An int has at most 256 bytes (so that printing one never fails), a str at most 4 KiB of UTF-8, bytes
  at most 256. What is longer is a `LongInt`, a `Text`, a `Bytes`: a length and a beginning.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, Literal, TypeAlias

CallKind: TypeAlias = Literal["reduce", "newobj", "newobj_ex", "obj", "inst"]

_NONE: Final[tuple[Node, ...]] = ()


class List(list["Node"]):  # noqa: PLW1641 (to hash one would be to hash what a file holds)
    """A list, in order."""

    __slots__ = ()
    __eq__ = object.__eq__
    __ne__ = object.__ne__

    def __repr__(self) -> str:
        return f"List(<{len(self)}>)"


class Tuple(tuple["Node", ...]):  # noqa: PLW1641 (to hash one would be to hash what a file holds)
    """A tuple."""

    __slots__ = ()
    __eq__ = object.__eq__
    __ne__ = object.__ne__

    def __repr__(self) -> str:
        return f"Tuple(<{len(self)}>)"


class Set(list["Node"]):  # noqa: PLW1641 (to hash one would be to hash what a file holds)
    """A set: its items as they were written, duplicates included."""

    __slots__ = ()
    __eq__ = object.__eq__
    __ne__ = object.__ne__

    def __repr__(self) -> str:
        return f"{type(self).__name__}(<{len(self)}>)"


class FrozenSet(Set):
    """A frozen set."""

    __slots__ = ()


class Dict:
    """A dict: key, value, key, value … in `flat`, as they were written, duplicates included."""

    __slots__ = ("flat",)

    def __init__(self, flat: list[Node]) -> None:
        self.flat = flat

    def __len__(self) -> int:
        """How many pairs were written."""
        return len(self.flat) // 2

    def __bool__(self) -> bool:
        return True

    def __repr__(self) -> str:
        return f"Dict(<{len(self)}>)"

    def pairs(self) -> Iterator[tuple[Node, Node]]:
        """Every pair in the order of writing."""
        return pairs(self.flat)

    def get(self, key: str) -> Node:
        """The value last written for a text key; None if there is none (as for one that is None)."""
        return last_value(self.flat, key)


class Global:
    """A name that loading would import.

    `module` and `name` (possibly dotted) as the file spells them. `dynamic`: they were computed, or are
    longer than any real name, and are not known: they are then descriptions. `offset` is that of the
    opcode. `called`: something was made with it, even if the result was dropped. `states`: what BUILD
    would do to the thing itself.
    """

    __slots__ = ("called", "dynamic", "module", "name", "offset", "states")

    def __init__(self, module: str, name: str, offset: int, *, dynamic: bool = False) -> None:
        self.module = module
        self.name = name
        self.offset = offset
        self.dynamic = dynamic
        self.called = False
        self.states: Sequence[Node] = _NONE

    def __repr__(self) -> str:
        return f"Global({self.module!r}, {self.name!r})"


class Call:
    """What loading would get by calling `function`; `kind` is the opcode that asked for it.

    `args` is a Tuple, unless the file means harm; `kwargs` is a Dict for NEWOBJ_EX and else None.
    What would be done to the result, in the order of writing: `states` (BUILD, usually one), `items`
    (SETITEM and SETITEMS: key, value, key, value …), `appends` (APPEND, APPENDS, ADDITEMS).
    """

    __slots__ = ("appends", "args", "function", "items", "kind", "kwargs", "offset", "states")

    def __init__(self, kind: CallKind, function: Node, args: Node, offset: int, kwargs: Node = None) -> None:
        self.kind: CallKind = kind
        self.function = function
        self.args = args
        self.kwargs = kwargs
        self.offset = offset
        self.states: Sequence[Node] = _NONE
        self.items: Sequence[Node] = _NONE
        self.appends: Sequence[Node] = _NONE

    def __repr__(self) -> str:
        return f"Call({self.kind!r}, {self.function!r})"


class Text:
    """A str too long to keep: bytes as written (UTF-8, or escaped in a text line), where they start."""

    __slots__ = ("head", "length", "offset")

    def __init__(self, length: int, offset: int, head: str) -> None:
        self.length = length
        self.offset = offset
        self.head = head

    def __repr__(self) -> str:
        return f"Text(<{self.length}>)"


class Bytes:
    """Bytes too long to keep, or a bytearray of any length (`mutable`; a short one's head is all of it)."""

    __slots__ = ("head", "length", "mutable", "offset")

    def __init__(self, length: int, offset: int, head: bytes, *, mutable: bool = False) -> None:
        self.length = length
        self.offset = offset
        self.head = head
        self.mutable = mutable

    def __repr__(self) -> str:
        return f"Bytes(<{self.length}>)"


class LongInt:
    """An int too long to keep: `length` counts bytes, or (`decimal`) characters of a text line."""

    __slots__ = ("decimal", "length", "offset")

    def __init__(self, length: int, offset: int, *, decimal: bool = False) -> None:
        self.length = length
        self.offset = offset
        self.decimal = decimal

    def __repr__(self) -> str:
        return f"LongInt(<{self.length}>)"


class Persistent:
    """What the loading program would look up by an id (PERSID, BINPERSID)."""

    __slots__ = ("id", "offset")

    def __init__(self, id: Node, offset: int) -> None:  # noqa: A002 (the field's own name)
        self.id = id
        self.offset = offset

    def __repr__(self) -> str:
        return "Persistent()"


class Extension:
    """What the loading process has registered under a number (EXT1, EXT2, EXT4; copyreg)."""

    __slots__ = ("code", "offset")

    def __init__(self, code: int, offset: int) -> None:
        self.code = code
        self.offset = offset

    def __repr__(self) -> str:
        return f"Extension({self.code})"


class Buffer:
    """Data that was handed over beside the pickle (NEXT_BUFFER, PEP 574): not in the file."""

    __slots__ = ("offset", "readonly")

    def __init__(self, offset: int, *, readonly: bool = False) -> None:
        self.offset = offset
        self.readonly = readonly

    def __repr__(self) -> str:
        return "Buffer()"


class ArrayData:
    """An array whose raw data joblib wrote into the stream, after the object that describes it.

    `wrapper` is that object (`joblib.numpy_pickle.NumpyArrayWrapper`), `dtype` the node that describes
    its type, `shape` and `order` ("C", "F") as stated. The data are `length` bytes at `offset`; `data` are
    they, if there are at most 256, else empty. An array of objects is a pickle of its own there: `value` is
    what that builds, and None otherwise.
    """

    __slots__ = ("data", "dtype", "length", "offset", "order", "shape", "value", "wrapper")

    def __init__(
        self, wrapper: Call, dtype: Node, shape: tuple[int, ...], order: str, offset: int, length: int
    ) -> None:
        self.wrapper = wrapper
        self.dtype = dtype
        self.shape = shape
        self.order = order
        self.offset = offset
        self.length = length
        self.data = b""
        self.value: Node = None

    def __repr__(self) -> str:
        return f"ArrayData(<{self.length}>)"


Node: TypeAlias = (
    bool
    | int
    | float
    | str
    | bytes
    | List
    | Tuple
    | Set
    | Dict
    | Global
    | Call
    | Text
    | Bytes
    | LongInt
    | Persistent
    | Extension
    | Buffer
    | ArrayData
    | None
)
"""Anything that a pickle can build. (`Set` stands for `FrozenSet` as well.)"""


def pairs(flat: Sequence[Node]) -> Iterator[tuple[Node, Node]]:
    """Key, value, key, value … in twos (of `Dict.flat` or `Call.items`)."""
    each = iter(flat)
    return zip(each, each, strict=False)


def extended(old: Sequence[Node], new: list[Node]) -> list[Node]:
    """`old` and then `new`, in place where there was something (`Call.items` and its like begin as `()`)."""
    if isinstance(old, list):
        old.extend(new)
        return old
    return list(new)


def last_value(flat: Sequence[Node], key: str) -> Node:
    """The value last written for a text key; None if there is none."""
    found: Node = None
    for name, value in pairs(flat):
        if isinstance(name, str) and name == key:
            found = value
    return found


_RECONSTRUCTORS: Final = ("copyreg", "copy_reg")
_BY_VALUE: Final = "<by value>"
"""No module can be called so: what a file makes itself is never taken for what a library has."""


def class_of(node: Node) -> Global | None:
    """The class of which a `Call` makes an instance, where the call says so; None for other nodes.

    Protocols 0 and 1 make instances through `copyreg._reconstructor(class, base, state)` and
    `copyreg.__newobj__(class, …)`; the others name the class itself. (A function that returns an
    instance looks the same as a class that is called: the name has to tell.)

    A class that cloudpickle wrote by value is no global. It is told as one of the module `<by value>.…`, a
    new node each time.
    """
    cls = _instantiated(node)
    if not isinstance(cls, Call):
        return cls
    skeleton = _skeleton(cls)
    if skeleton is None:
        return None
    name, namespace = skeleton[1], skeleton[3]
    if not isinstance(name, str):
        return None
    module = namespace.get("__module__") if isinstance(namespace, Dict) else None
    where = f"{_BY_VALUE}.{module}" if isinstance(module, str) else _BY_VALUE
    return Global(where, name, cls.offset)


def bases_by_value(node: Node) -> list[Global]:
    """Those bases that have a name of the class of an instance, if cloudpickle wrote that class by value."""
    cls = _instantiated(node)
    skeleton = _skeleton(cls) if isinstance(cls, Call) else None
    bases = skeleton[2] if skeleton is not None else None
    return [base for base in bases if isinstance(base, Global)] if isinstance(bases, Tuple) else []


def _instantiated(node: Node) -> Global | Call | None:
    """What a call makes an instance of."""
    if not isinstance(node, Call):
        return None
    made = node.function
    if (
        isinstance(made, Global)
        and made.module in _RECONSTRUCTORS
        and made.name in {"_reconstructor", "__newobj__", "__newobj_ex__"}
    ):
        made = node.args[0] if isinstance(node.args, Tuple) and node.args else None
    return made if isinstance(made, Global | Call) else None


def _skeleton(cls: Call) -> Tuple | None:
    """The arguments of cloudpickle's `_make_skeleton_class`: metaclass, name, bases, {"__module__": …}, …"""
    function, args = cls.function, cls.args
    if not isinstance(function, Global) or not isinstance(args, Tuple) or len(args) < 4:
        return None
    is_skeleton = function.name == "_make_skeleton_class"
    return args if is_skeleton and function.module.rpartition(".")[2] == "cloudpickle" else None
