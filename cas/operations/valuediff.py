"""What changed between two maps of values, as metrics, params and environments are: key by key.

Law: of two maps there is no change exactly if they hold equal values; the changes from B to A are those from
A to B with `before` and `after` exchanged.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import isfinite
from typing import Literal, TypeAlias

from ..format.canonical import Value
from ..format.frozen import frozen

ChangeState: TypeAlias = Literal["added", "removed", "changed"]


@frozen
class ValueChange:
    """One value that differs. `path` are the keys that lead to it, from the outermost.

    `before` and `after` are None where there is none (`state` tells that from a null). `delta` is `after`
    less `before` of two numbers, None if it is not a finite number.
    """

    path: tuple[str, ...]
    state: ChangeState
    before: Value
    after: Value
    delta: int | float | None


def diff_values(
    before: Mapping[str, Value], after: Mapping[str, Value], path: tuple[str, ...] = ()
) -> tuple[ValueChange, ...]:
    """The changes from one map to another: in the order of the keys in `before`, then what was added. A map
    that both have is looked into; a list is one value. `path` leads to the maps themselves."""
    return tuple(_changes(path, before, after))


def _changes(
    path: tuple[str, ...], before: Mapping[str, Value], after: Mapping[str, Value]
) -> Iterator[ValueChange]:
    """(Recursive: what was decoded, or found in a model file, is 64 deep at most.)"""
    for key, old in before.items():
        here = (*path, key)
        if key not in after:
            yield ValueChange(path=here, state="removed", before=old, after=None, delta=None)
            continue
        new = after[key]
        if isinstance(old, dict) and isinstance(new, dict):
            yield from _changes(here, old, new)
        elif not same_value(old, new):
            yield ValueChange(path=here, state="changed", before=old, after=new, delta=_delta(old, new))
    for key, new in after.items():
        if key not in before:
            yield ValueChange(path=(*path, key), state="added", before=None, after=new, delta=None)


def same_value(one: Value, other: Value) -> bool:
    """Whether two values are equal: numbers by what they are worth (1 is 1.0), NaN to itself; a boolean is no
    number. (Recursive as above.)"""
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same_value, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same_value(one[key], other[key]) for key in one)
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    return one == other or (one != one and other != other)  # NaN alone differs from itself


def _delta(old: Value, new: Value) -> int | float | None:
    if isinstance(old, bool) or isinstance(new, bool):
        return None
    if not (isinstance(old, int | float) and isinstance(new, int | float)):
        return None
    found = new - old
    return found if isfinite(found) else None
