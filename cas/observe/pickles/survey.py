"""One walk over everything that a file holds: each node once, with the path on which it is first reached.

A path is what one would write in Python to get there from the loaded model:

    .steps[0][1].scale_            an attribute of an item of an item of an attribute
    ['model'].coef_                a value of a dict
    .classes_.flat[3]              an item of an array of objects
    ._tree.__getstate__()[1]       a part of a state that is no dict
    .bins.__reduce__()[1][0]       an argument of what would be called to make the object

The walk has a stack of its own, since a file can nest values a hundred thousand deep, and puts a path
together only for what is told, from its last parts: long paths begin with `…`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Final, TypeAlias

from ...format.canonical import Value, encode
from ...format.frozen import frozen, row
from .arrays import ArrayFacts, as_array
from .budget import Budget
from .nodes import (
    ArrayData,
    Call,
    Dict,
    Global,
    List,
    Node,
    Persistent,
    Set,
    Tuple,
    bases_by_value,
    class_of,
    pairs,
)
from .roles import MODEL_SELECTION, role_of
from .values import attributes, cut_text, described, object_items, scalar_value, whole

MAX_ARRAYS: Final = 4_096
VERSION: Final = "_sklearn_version"
"""Every estimator of scikit-learn since 0.18 writes the version that it was fitted with into its state."""
_MAX_VERSIONS: Final = 16
_MAX_STEPS: Final = 48
_MAX_KEY: Final = 80
_MAX_PATH: Final = 250
_COMPOUND: Final = (Call, Dict, List, Tuple, Set, ArrayData, Persistent)
_OBJECTS: Final = (Call, ArrayData)
_LISTS: Final = (List, Tuple, Set)  # a tuple of classes is asked faster than a union
ROW_STEPS: Final = 64
"""What a row costs that is put together, encoded and hashed, in a budget's steps."""
_NODE_STEPS: Final = 8
_MAX_MET: Final = 1_200_000
_MAX_WAITING: Final = 250_000
_WIDE: Final = 1_000
"""Of a wider node so many parts are looked for at a time."""
_RECONSTRUCTORS: Final = frozenset({"copyreg", "copy_reg"})

Step: TypeAlias = "tuple[Step | None, str, Node]"
"""The step before, the kind of this one, and its name, number or key."""


class CutList:
    """Rows of which the first are kept, all counted, and all in a digest where they are too many."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._hasher: object = None
        self.rows: list[Value] = []
        self.count = 0
        self._digest = b""

    def add(self, row: Value) -> None:
        """One more."""
        from blake3 import blake3

        self.count += 1
        if self.count <= self._most:
            self.rows.append(row)
            return
        if not isinstance(self._hasher, blake3):
            self._hasher = blake3()
            for kept in self.rows:
                self._hasher.update(encode(kept))
        self._hasher.update(encode(row))

    def digest(self) -> bytes | None:
        """BLAKE3 of the canonical bytes of all rows, one after the other; None where all were kept."""
        from blake3 import blake3

        return self._hasher.digest() if isinstance(self._hasher, blake3) else None


@row
class Found:
    """An estimator and its path."""

    path: str
    node: Call


@frozen
class Survey:
    """What the walk has met. `estimators` are the first of `estimator_count`, in the order of the walk."""

    arrays: CutList
    estimators: tuple[Found, ...]
    estimator_count: int
    versions: tuple[str, ...]


def is_estimator(node: Node, budget: Budget, known: dict[str, Node] | None = None) -> bool:
    """Whether a node would be an estimator, by what it says itself (`known`: its attributes, if at hand).

    It has the version of scikit-learn in its state, or is of a class that `roles` knows, or, as somebody's
    own class, was fitted as scikit-learn's are, or is derived from one of them as far as the file tells.
    """
    cls = class_of(node)
    if cls is None or cls.dynamic:
        return False
    found = attributes(node, budget) if known is None else known
    if not found:
        return False
    if VERSION in found or "n_features_in_" in found:
        return True
    if any(base.module.startswith("sklearn.") for base in bases_by_value(node)):
        return True
    role = role_of(cls.module, cls.name)
    return role is not None and (role != MODEL_SELECTION or "estimator" in found)


class _Seen:
    """Which nodes were met: a bit for every 16 bytes of memory that may hold one.

    `id()` is an address, and no object of Python is smaller. A set of ids would take as much as the nodes.
    """

    def __init__(self) -> None:
        self.pages: dict[int, bytearray] = {}

    def add(self, node: Node) -> bool:
        """Whether it was not met before."""
        page, place = divmod(id(node) >> 4, 1 << 16)
        byte, bit = place >> 3, 1 << (place & 7)
        bits = self.pages.get(page)
        if bits is None:
            bits = self.pages[page] = bytearray(1 << 13)
        if bits[byte] & bit:
            return False
        bits[byte] |= bit
        return True


_Waiting: TypeAlias = "tuple[Node, Step | None] | Iterator[tuple[Node, Step]]"
"""A node to be looked at, or what is left of the parts of a wide one."""


class _Walk:
    """The state of `survey`."""

    def __init__(self, roots: Sequence[Node], most_estimators: int, budget: Budget) -> None:
        self.arrays = CutList(MAX_ARRAYS)
        self.estimators: list[Found] = []
        self.estimator_count = 0
        self.versions: dict[str, None] = {}
        self._most = most_estimators
        self._budget = budget
        self._seen = _Seen()
        # What a broken file leaves on its stack can be millions of roots.
        several = ((root, (None, "item", number)) for number, root in enumerate(roots))
        self._waiting: list[_Waiting] = [several] if len(roots) > 1 else [(root, None) for root in roots]

    def walk(self) -> None:
        """Looks at every node, as far as the budget goes."""
        waiting, met, seen, budget = self._waiting, 0, self._seen, self._budget
        while waiting:
            found = waiting.pop()
            if not isinstance(found, tuple):
                following = next(found, None)
                if following is None:
                    continue
                waiting.append(found)
                found = following
            node, step = found
            if not isinstance(node, _COMPOUND):
                continue
            if not seen.add(node):
                if not budget.spend(4):
                    return
                continue
            met += 1
            if met > _MAX_MET or len(waiting) > _MAX_WAITING:
                budget.exhausted = True
            if not budget.spend(_NODE_STEPS):
                return
            parts = _parts(node, step, self._told(node, step), budget)
            inner = list(islice(parts, _WIDE))
            if len(inner) == _WIDE:
                waiting.append(parts)
            inner.reverse()
            waiting.extend(inner)

    def _told(self, node: Node, step: Step | None) -> ArrayFacts | None:
        """Keeps what is told of a node; returns what is known of it as an array."""
        if not isinstance(node, _OBJECTS):
            return None
        facts = as_array(node)
        if facts is not None and facts.kind in {"array", "masked"}:
            path = path_text(step)
            if self._budget.spend(ROW_STEPS + 2 * len(path) + len(facts.dtype) // 2):
                self.arrays.add(_row(path, facts))
        elif facts is None and isinstance(node, Call) and node.states:
            known = attributes(node, self._budget)
            version = known.get(VERSION) if known else None
            if isinstance(version, str) and len(self.versions) < _MAX_VERSIONS:
                self.versions[cut_text(version, 40)] = None
            if is_estimator(node, self._budget, known):
                self.estimator_count += 1
                if len(self.estimators) < self._most:
                    self.estimators.append(Found(path_text(step), node))
        return facts


def survey(roots: Sequence[Node], most_estimators: int, budget: Budget) -> Survey:
    """Walks over everything that these nodes lead to, as far as the budget goes."""
    walk = _Walk(roots, most_estimators, budget)
    walk.walk()
    return Survey(
        arrays=walk.arrays,
        estimators=tuple(walk.estimators),
        estimator_count=walk.estimator_count,
        versions=tuple(sorted(walk.versions)),
    )


def _row(path: str, facts: ArrayFacts) -> Value:
    return {
        "path": path,
        "dtype": cut_text(facts.dtype, 100),
        "shape": [whole(axis) for axis in facts.shape],
        "bytes": whole(facts.bytes),
    }


def path_text(step: Step | None) -> str:
    """A path as text, from its last parts if it has very many."""
    parts: list[str] = []
    while step is not None and len(parts) < _MAX_STEPS:
        step, kind, key = step
        parts.append(_part_text(kind, key))
    text = "".join(reversed(parts))
    if step is not None or len(text) > _MAX_PATH:
        return f"…{text[-_MAX_PATH:]}"
    return text


def _part_text(kind: str, key: Node) -> str:
    if type(key) is int and kind == "item":
        return f"[{repr(key)[:_MAX_KEY]}]"
    if kind == "attribute" and isinstance(key, str):
        return f".{cut_text(key, _MAX_KEY)}"
    if kind == "item":
        return f"[{_key_text(key)}]"
    if kind == "flat":
        return f".flat[{key!r}]"
    if kind == "state":
        return f".__getstate__(){'' if key is None else f'[{key!r}]'}"
    if kind == "argument":
        return f".__reduce__()[1]{'' if key is None else f'[{key!r}]'}"
    return f".{kind}"


def _key_text(key: Node) -> str:
    if isinstance(key, str):
        return repr(cut_text(key, _MAX_KEY))
    if key is None or isinstance(key, bool | int | float):
        return repr(key)[:_MAX_KEY]
    if isinstance(key, bytes):
        return repr(key[:_MAX_KEY])
    value = scalar_value(key)
    return described(key) if value is None else _key_text(value)


def _parts(
    node: Node, step: Step | None, facts: ArrayFacts | None, budget: Budget
) -> Iterator[tuple[Node, Step]]:
    """What stands directly within a node, in its order; leaves are left out where there are many.

    A list or map in the state of an object is asked the budget for each time: many objects may share it.
    """
    if isinstance(node, Dict):
        yield from _pairs(node.flat, step, "item", budget)
    elif isinstance(node, _LISTS):
        yield from _items(node, step, "item", budget)
    elif isinstance(node, ArrayData):
        yield from _items(object_items(node) or (), step, "flat", budget)
    elif isinstance(node, Persistent):
        yield node.id, (step, "id", None)
    elif isinstance(node, Call):
        if facts is None or facts.kind == "sparse":
            yield from _object(node, step, budget)
        else:
            yield from _items(object_items(node) or (), step, "flat", budget)


def _items(
    items: Sequence[Node], step: Step | None, kind: str, budget: Budget
) -> Iterator[tuple[Node, Step]]:
    if not budget.spend(len(items)):
        return
    for number, item in enumerate(items):
        if isinstance(item, _COMPOUND):
            yield item, (step, kind, number)


def _pairs(flat: Sequence[Node], step: Step | None, kind: str, budget: Budget) -> Iterator[tuple[Node, Step]]:
    if not budget.spend(len(flat)):
        return
    for key, value in pairs(flat):
        if isinstance(value, _COMPOUND):
            named = kind if isinstance(key, str) else "item"
            yield value, (step, named, key)
        if isinstance(key, _COMPOUND):
            yield key, (step, "key", None)


def _object(node: Call, step: Step | None, budget: Budget) -> Iterator[tuple[Node, Step]]:
    for state in node.states:
        if isinstance(state, Dict):
            yield from _pairs(state.flat, step, "attribute", budget)
        elif isinstance(state, Tuple) and len(state) == 2 and all(_is_part(part) for part in state):
            for part in state:
                if isinstance(part, Dict):
                    yield from _pairs(part.flat, step, "attribute", budget)
        elif isinstance(state, Tuple):
            yield from _items(state, step, "state", budget)
        else:
            yield state, (step, "state", None)
    yield from _pairs(node.items, step, "item", budget)
    yield from _items(node.appends, step, "item", budget)
    yield from _arguments(node, step, budget)
    if isinstance(node.function, Call):
        yield node.function, (step, "__reduce__()[0]", None)


def _arguments(node: Call, step: Step | None, budget: Budget) -> Iterator[tuple[Node, Step]]:
    args = node.args
    if not isinstance(args, Tuple):
        yield args, (step, "argument", None)
    elif _is_reconstructed(node) and len(args) == 3 and isinstance(args[2], Dict | List):
        # Protocols 0 and 1: the dict or list that an object also is.
        yield from _parts(args[2], step, None, budget)
    else:
        yield from _items(args, step, "argument", budget)
    if node.kwargs is not None:
        yield node.kwargs, (step, "argument", None)


def _is_reconstructed(node: Call) -> bool:
    function = node.function
    return (
        isinstance(function, Global)
        and function.module in _RECONSTRUCTORS
        and function.name == "_reconstructor"
    )


def _is_part(node: Node) -> bool:
    """Half of a state (attributes, slots)."""
    return node is None or isinstance(node, Dict)
