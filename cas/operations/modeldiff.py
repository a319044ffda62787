"""What changed between two model files, told from what was found in them: nothing of them is executed.

Estimators are paired by their place: the names that lead to them from the outermost one. Of an estimator that
is only in one of the files, or is of another type, its own parameters are not compared; what lies within an
added or removed one is not told again. What was learned is compared by type and shape: its values are not
known.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple, TypeAlias, cast

from ..format.canonical import Value
from ..format.frozen import frozen
from .valuediff import ValueChange, diff_values

Place: TypeAlias = tuple[str, ...]
_Map: TypeAlias = Mapping[str, Value]

_CHILDREN: Final = frozenset({"steps", "transformers", "transformer_list"})
"""Parameters that only name the children, which are compared themselves."""
_EXTRAS: Final = ("columns", "count")
"""What is told of an estimator beside its parameters: the columns it is given, how many alike there are."""
_MORE: Final = ("more_attributes", "more_children")
_CUTS: Final = frozenset({"classes", "feature_names_in", "globals", "texts"})


@frozen
class EstimatorType:
    """A class by its name and module (None: it is not known)."""

    type: str
    module: str | None


@frozen
class StepChange:
    """An estimator that was added or removed: where, and what it is."""

    path: Place
    type: str
    module: str | None


@frozen
class TypeChange:
    """An estimator of another type in the same place."""

    path: Place
    before: EstimatorType
    after: EstimatorType


@frozen
class Reordered:
    """The estimators in one place, by name: those that both files have, in another order."""

    path: Place
    before: tuple[str, ...]
    after: tuple[str, ...]


@frozen
class ModelDiff:
    """What differs. `parameters` and `fitted` (what was learned, by type and shape) have the path of their
    estimator before their own; `inputs` are the number of features and
    the classes; `globals` are names that loading would import, with their grades. `complete` is false where
    not all of a file was seen, or what was found in it was cut: there may be more that differs."""

    steps_added: tuple[StepChange, ...]
    steps_removed: tuple[StepChange, ...]
    types: tuple[TypeChange, ...]
    reordered: tuple[Reordered, ...]
    parameters: tuple[ValueChange, ...]
    fitted: tuple[ValueChange, ...]
    features_added: tuple[Value, ...]
    features_removed: tuple[Value, ...]
    features_reordered: bool
    inputs: tuple[ValueChange, ...]
    libraries: tuple[ValueChange, ...]
    globals: tuple[ValueChange, ...]
    complete: bool

    @property
    def equal(self) -> bool:
        """Whether nothing that is told differs: the values that were learned may."""
        return not any(value for name, value in self.__dict__.items() if name != "complete")


def diff_models(before: _Map, after: _Map) -> ModelDiff:
    """What changed from one file to another: two documents as `obs inspect --json` prints them."""
    walk = _Walk()
    walk.compare(_map(before["tree"]), _map(after["tree"]))
    old, new = _features(before), _features(after)
    common = [key for key in old if key in new]
    return ModelDiff(
        steps_added=tuple(walk.added),
        steps_removed=tuple(walk.removed),
        types=tuple(walk.types),
        reordered=tuple(walk.reordered),
        parameters=tuple(walk.parameters),
        fitted=tuple(walk.fitted),
        features_added=tuple(value for key, value in new.items() if key not in old),
        features_removed=tuple(value for key, value in old.items() if key not in new),
        features_reordered=common != [key for key in new if key in old],
        inputs=diff_values(
            _known(before, "n_features_in", "classes"), _known(after, "n_features_in", "classes")
        ),
        libraries=diff_values(_map(before["libraries"]) or {}, _map(after["libraries"]) or {}),
        globals=diff_values(_globals(before), _globals(after)),
        complete=not walk.partial and all(map(_is_whole, (before, after))),
    )


class _Pair(NamedTuple):
    path: Place
    before: _Map | None
    after: _Map | None


class _Walk:
    """Both trees at once, outermost first. A list and not recursion: a hostile file may be deep."""

    def __init__(self) -> None:
        self.added: list[StepChange] = []
        self.removed: list[StepChange] = []
        self.types: list[TypeChange] = []
        self.reordered: list[Reordered] = []
        self.parameters: list[ValueChange] = []
        self.fitted: list[ValueChange] = []
        self.partial = False

    def compare(self, before: _Map | None, after: _Map | None) -> None:
        """Takes two roots."""
        waiting = [_Pair((), before, after)]
        while waiting:
            pair = waiting.pop()
            if pair.before is not None and pair.after is not None:
                self._own(pair.path, pair.before, pair.after)
                waiting += reversed(list(self._children(pair.path, pair.before, pair.after)))
            elif pair.before is not None:
                self.removed.append(_step(pair.path, pair.before))
            elif pair.after is not None:
                self.added.append(_step(pair.path, pair.after))

    def _own(self, path: Place, before: _Map, after: _Map) -> None:
        self.partial |= any(key in side for key in _MORE for side in (before, after))
        types = _type(before), _type(after)
        if types[0] != types[1]:
            self.types.append(TypeChange(path=path, before=types[0], after=types[1]))
            return
        self.parameters += diff_values(_parameters(before), _parameters(after), path)
        self.fitted += diff_values(_fitted(before), _fitted(after), path)

    def _children(self, path: Place, before: _Map, after: _Map) -> Iterator[_Pair]:
        old, new = _named_children(before), _named_children(after)
        common = tuple(name for name in old if name in new)
        again = tuple(name for name in new if name in old)
        if common != again:
            self.reordered.append(Reordered(path=path, before=common, after=again))
        for name in (*old, *(name for name in new if name not in old)):
            yield _Pair((*path, name), old.get(name), new.get(name))


def _step(path: Place, one: _Map) -> StepChange:
    found = _type(one)
    return StepChange(path=path, type=found.type, module=found.module)


def _type(one: _Map) -> EstimatorType:
    return EstimatorType(type=str(one["type"]), module=cast("str | None", one["module"]))


def _named_children(one: _Map) -> dict[str, _Map]:
    """The children by name; one without a name by where it lies, and a second of a name with its number."""
    found: dict[str, _Map] = {}
    used: dict[str, int] = {}
    for child in _maps(one["children"]):
        name = key = str(
            child["name"] if child["name"] is not None else child.get("attribute", child["type"])
        )
        while key in found:
            used[name] = used.get(name, 1) + 1
            key = f"{name}#{used[name]}"
        found[key] = child
    return found


def _parameters(one: _Map) -> dict[str, Value]:
    given = _map(one["parameters"]) or {}
    extras = {key: one[key] for key in _EXTRAS if key in one}
    return {**extras, **{key: value for key, value in given.items() if key not in _CHILDREN}}


def _fitted(one: _Map) -> dict[str, Value]:
    """Of each attribute that was learned its type, and of an array dtype and shape, as one text."""
    found: dict[str, Value] = {}
    for each in _maps(one["fitted"]):
        text = f"{each['dtype']!s}{each['shape']!s}" if "dtype" in each else str(each["type"])
        found[str(each["name"])] = text
    return found


def _features(document: _Map) -> dict[str, Value]:
    """The names of the features in their order, each by a key of its own (a name may be a number)."""
    names = document["feature_names_in"]
    return {repr(name): name for name in names} if isinstance(names, list) else {}


def _globals(document: _Map) -> dict[str, Value]:
    return {f"{one['module']!s}.{one['name']!s}": one["grade"] for one in _maps(document["globals"])}


def _known(document: _Map, *keys: str) -> dict[str, Value]:
    return {key: document[key] for key in keys if document[key] is not None}


def _is_whole(document: _Map) -> bool:
    return bool(document["complete"]) and _CUTS.isdisjoint(_map(document["cut"]) or {})


def _map(value: Value) -> _Map | None:
    return value if isinstance(value, dict) else None


def _maps(value: Value) -> Iterator[_Map]:
    return (one for one in value if isinstance(one, dict)) if isinstance(value, list) else iter(())
