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
from typing import Final, NamedTuple, TypeAlias

from ...format.canonical import Value, encode
from ...format.frozen import frozen
from .arrays import ArrayFacts, as_array
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
    class_of,
    pairs,
)
from .roles import MODEL_SELECTION, role_of
from .values import attributes, cut_text, described, object_items, whole

MAX_ARRAYS: Final = 4_096
VERSION: Final = "_sklearn_version"
"""Every estimator of scikit-learn since 0.18 writes the version that it was fitted with into its state."""
_MAX_VERSIONS: Final = 16
_MAX_STEPS: Final = 48
_MAX_KEY: Final = 80
_MAX_PATH: Final = 250
_COMPOUND: Final = (Call, Dict, List, Tuple, Set, ArrayData, Persistent)
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


class Found(NamedTuple):
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


def is_estimator(node: Node, known: dict[str, Node] | None = None) -> bool:
    """Whether a node would be an estimator, by what it says itself (`known`: its attributes, if at hand).

    It has the version of scikit-learn in its state, or is of a class that `roles` knows, or, as somebody's
    own class, was fitted as scikit-learn's are.
    """
    cls = class_of(node)
    if cls is None or cls.dynamic:
        return False
    found = attributes(node) if known is None else known
    if not found:
        return False
    if VERSION in found or "n_features_in_" in found:
        return True
    role = role_of(cls.module, cls.name)
    return role is not None and (role != MODEL_SELECTION or "estimator" in found)


def survey(roots: Sequence[Node], most_estimators: int) -> Survey:
    """Walks over everything that these nodes lead to."""
    arrays = CutList(MAX_ARRAYS)
    estimators: list[Found] = []
    count = 0
    versions: dict[str, None] = {}
    seen: set[int] = set()
    several = len(roots) > 1
    waiting: list[tuple[Node, Step | None]] = [
        (root, (None, "item", number) if several else None) for number, root in enumerate(roots)
    ]
    waiting.reverse()
    while waiting:
        node, step = waiting.pop()
        if id(node) in seen or not isinstance(node, _COMPOUND):
            continue
        seen.add(id(node))
        if isinstance(node, Call | ArrayData):
            facts = as_array(node)
            if facts is not None and facts.kind in {"array", "masked"}:
                arrays.add(_row(path_text(step), facts))
            elif facts is None and isinstance(node, Call) and node.states:
                known = attributes(node)
                version = known.get(VERSION) if known else None
                if isinstance(version, str) and len(versions) < _MAX_VERSIONS:
                    versions[cut_text(version, 40)] = None
                if is_estimator(node, known):
                    count += 1
                    if len(estimators) < most_estimators:
                        estimators.append(Found(path_text(step), node))
            inner = list(_parts(node, step, facts))
        else:
            inner = list(_parts(node, step, None))
        inner.reverse()
        waiting.extend(inner)
    return Survey(
        arrays=arrays, estimators=tuple(estimators), estimator_count=count, versions=tuple(sorted(versions))
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
    return described(key)


def _parts(node: Node, step: Step | None, facts: ArrayFacts | None) -> Iterator[tuple[Node, Step]]:
    """What stands directly within a node, in its order; leaves are left out where there are many."""
    if isinstance(node, Dict):
        yield from _pairs(node.flat, step, "item")
    elif isinstance(node, List | Tuple | Set):
        for number, item in enumerate(node):
            if isinstance(item, _COMPOUND):
                yield item, (step, "item", number)
    elif isinstance(node, ArrayData):
        yield from _flat(node, step)
    elif isinstance(node, Persistent):
        yield node.id, (step, "id", None)
    elif isinstance(node, Call):
        if facts is None or facts.kind == "sparse":
            yield from _object(node, step)
        else:
            yield from _flat(node, step)


def _pairs(flat: Sequence[Node], step: Step | None, kind: str) -> Iterator[tuple[Node, Step]]:
    for key, value in pairs(flat):
        if isinstance(value, _COMPOUND):
            named = kind if isinstance(key, str) else "item"
            yield value, (step, named, key)
        if isinstance(key, _COMPOUND):
            yield key, (step, "key", None)


def _flat(node: Call | ArrayData, step: Step | None) -> Iterator[tuple[Node, Step]]:
    """The items of an array of objects."""
    for number, item in enumerate(object_items(node) or ()):
        if isinstance(item, _COMPOUND):
            yield item, (step, "flat", number)


def _object(node: Call, step: Step | None) -> Iterator[tuple[Node, Step]]:
    for state in node.states:
        if isinstance(state, Dict):
            yield from _pairs(state.flat, step, "attribute")
        elif isinstance(state, Tuple) and len(state) == 2 and all(_is_part(part) for part in state):
            for part in state:
                if isinstance(part, Dict):
                    yield from _pairs(part.flat, step, "attribute")
        elif isinstance(state, Tuple):
            for number, item in enumerate(state):
                if isinstance(item, _COMPOUND):
                    yield item, (step, "state", number)
        else:
            yield state, (step, "state", None)
    yield from _pairs(node.items, step, "item")
    for number, item in enumerate(node.appends):
        if isinstance(item, _COMPOUND):
            yield item, (step, "item", number)
    yield from _arguments(node, step)
    if isinstance(node.function, Call):
        yield node.function, (step, "__reduce__()[0]", None)


def _arguments(node: Call, step: Step | None) -> Iterator[tuple[Node, Step]]:
    args = node.args
    if not isinstance(args, Tuple):
        yield args, (step, "argument", None)
    elif _is_reconstructed(node) and len(args) == 3 and isinstance(args[2], Dict | List):
        # Protocols 0 and 1: the dict or list that an object also is.
        yield from _parts(args[2], step, None)
    else:
        for number, item in enumerate(args):
            if isinstance(item, _COMPOUND):
                yield item, (step, "argument", number)
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
