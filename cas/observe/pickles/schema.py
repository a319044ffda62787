"""A `schema.json` of skops: parsed only when it can do no harm, and looked at with nothing taken for granted.

Its size is bounded, and what it would take is counted, before anything is built of it.
"""

from __future__ import annotations

import json
import re
from itertools import accumulate
from typing import Any, Final, TypeAlias, TypeGuard

from . import npy
from .limits import Deadline, Limits, Problem, Stopped
from .nodes import Dict, Global, LongInt, Node, Text
from .state import HEAD_BYTES, TEXT_BYTES, Findings
from .zips import Archive

Fields: TypeAlias = dict[str, Any]

INT_BITS: Final = 255 * 8
TEXT_CHARACTERS: Final = TEXT_BYTES // 4
NAME_CHARACTERS: Final = 1024
"""What is longer is no plain int, no plain text, no name that can be real."""
_OBJECT_BYTES: Final = 360
_LIST_BYTES: Final = 88
_VALUE_BYTES: Final = 72
"""What Python takes for a map, a list and a value in one, about; and a value's own text besides."""
_STRINGS: Final = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
_NO_BRACKETS: Final = re.compile(r"[^\[\]{}]++")
_STEPS: Final = {"[": 1, "{": 1, "]": -1, "}": -1}


class RepeatedKeys:
    """Makes maps of pairs, the last of a key, as `json` does; and notes that one came twice (`seen`)."""

    def __init__(self) -> None:
        self.seen = False

    def __call__(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(pairs)
        self.seen |= len(made) != len(pairs)
        return made


def parsed(text: str, limits: Limits, repeated: RepeatedKeys, offset: int) -> Any:
    """What a JSON text says. Raises Stopped if it is none, too large, or too deep: on every machine alike."""
    maps, lists = text.count("{"), text.count("[")
    weight = _OBJECT_BYTES * maps + _LIST_BYTES * lists + _VALUE_BYTES * text.count(",") + len(text)
    if weight > limits.memory_bytes:
        raise Stopped("MEMORY", "the schema has more values than are kept", offset, broken=False)
    if maps + lists > limits.schema_levels and _levels(text) > limits.schema_levels:
        text = "the schema has more values within values than are followed"
        raise Stopped("SCHEMA_LEVELS", text, offset, broken=False)
    try:
        return json.loads(text, object_pairs_hook=repeated)
    except (ValueError, RecursionError):  # a number of too many digits is a ValueError, too
        raise Stopped("SCHEMA", "the schema is no JSON", offset) from None


def _levels(text: str) -> int:
    """How deep lists and maps lie within each other."""
    brackets = _NO_BRACKETS.sub("", _STRINGS.sub("", text))
    return max(accumulate(map(_STEPS.__getitem__, brackets)), default=0)


def odd(message: str) -> Stopped:
    return Stopped("SCHEMA_VALUE", message, 0)


def is_map(value: object) -> TypeGuard[Fields]:
    """Whether a value of JSON is a map."""
    return isinstance(value, dict)


def is_list(value: object) -> TypeGuard[list[Any]]:
    """Whether a value of JSON is a list."""
    return isinstance(value, list)


def fields_of(state: object) -> Fields:
    """A map of the schema. Raises Stopped if it is none."""
    if not is_map(state):
        raise odd("something else stands where the schema has to have a map")
    return state


def list_of(state: object) -> list[Any]:
    if not is_list(state):
        raise odd("something else stands where the schema has to have a list")
    return state


def text_of(state: object) -> str:
    if not isinstance(state, str):
        raise odd("something else stands where the schema has to have a text")
    return state


class Context:
    """What the making of values needs beside the maps: the archive, and what was found so far."""

    def __init__(
        self, archive: Archive, findings: Findings, limits: Limits, net: Deadline, repeated: RepeatedKeys
    ) -> None:
        self.archive = archive
        self.findings = findings
        self.limits = limits
        self.net = net
        self._repeated = repeated
        self._arrays: dict[str, npy.Npy] = {}
        self._matrices: dict[str, Dict] = {}

    def note(self, code: str, message: str) -> None:
        """Keeps a problem."""
        self.findings.note(Problem(code, message, 0))

    def key(self, fields: Fields) -> str | None:
        """What tells a value from others, if it has one; as text, since integers can be made to collide."""
        found = fields.get("__id__")
        if not found:
            return None
        if type(found) is not int:
            raise odd("an __id__ is no number")
        return str(found)

    def name(self, module: object, name: object) -> Global:
        """The node of a name that the schema states."""
        module, name = text_of(module), text_of(name)
        dynamic = max(len(module), len(name)) > NAME_CHARACTERS
        if dynamic:
            module, name = module[:NAME_CHARACTERS], name[:NAME_CHARACTERS]
        return self.findings.name(module, name, 0, self.limits, dynamic=dynamic)

    def array(self, file: str) -> npy.Npy:
        """The array in a member."""
        found = self._arrays.get(file)
        if found is None:
            found = self._arrays[file] = npy.read_npy(self.archive.member(file))
            self.take(found.weight)
        return found

    def sparse(self, file: str) -> Dict:
        """The attributes of the sparse matrix in a member."""
        found = self._matrices.get(file)
        if found is None:
            found, weight = npy.read_npz(self.archive.member(file), self.limits, self.net)
            self._matrices[file] = found
            self.take(weight)
        return found

    def take(self, count: int) -> None:
        """Counts what values take, in bytes. Raises Stopped if it is too much."""
        self.findings.weight += count
        if self.findings.weight > self.limits.memory_bytes:
            raise Stopped("MEMORY", "more values than are kept", 0, broken=False)

    def json(self, text: str) -> Node:
        """A plain value of JSON."""
        found = parsed(text, self.limits, self._repeated, 0)
        if isinstance(found, str):
            return Text(len(found), 0, found[:HEAD_BYTES]) if len(found) > TEXT_CHARACTERS else found
        if isinstance(found, bool | float) or found is None:
            return found
        if isinstance(found, int):
            return found if found.bit_length() <= INT_BITS else LongInt(found.bit_length() // 8, 0)
        raise odd("a list or map stands where skops has a plain value")
