"""A `schema.json`, parsed only when it can do no harm: bounded, and counted before anything is built."""

from __future__ import annotations

import json
import re
from itertools import accumulate
from typing import Any, Final

from .limits import Limits, Stopped

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
    """What a JSON text says. Raises Stopped, the same on every machine, if it is none, too large, or too deep."""
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
