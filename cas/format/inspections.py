"""What the static look into a model file found.

The object holds the document that `obs inspect --json` prints (docs/inspect.md), without the place of the
file and without what is null in it. `SHAPES` is that document's grammar: a reader refuses whatever else a
store may hold, so that those who show it need not look twice.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, ClassVar, Final, Self

from ..errors import InvalidField, MissingKey, UnknownKey
from .canonical import Path, Value
from .fields import Fields, Misplaced
from .frozen import frozen, row
from .ids import ObjectId

if TYPE_CHECKING:
    from collections.abc import Callable

    _Change = Callable[[str, dict[str, Value]], dict[str, Value]]

SHAPES: Final = {
    "found": "pipeline_steps:[step] step_count:uint has_preprocessing:bool model?model tree?estimator "
    "estimator_count:uint n_features_in?uint feature_names_in?[any] classes?[any] libraries:{text} "
    "format:format arrays:[array] globals:[global] complete:bool problems:[problem] cut:{cut}",
    "step": "name?text type?text module?text",
    "model": "type:text module:text kind?text",
    "format": "container?text protocol?uint compression?text",
    "array": "path:text dtype:text shape:[uint] bytes:uint",
    "global": "module:text name:text grade:grade reason?text",
    "problem": "code:text message:text offset:uint",
    "cut": "count~uint blake3~text",
    "estimator": "name?text type:text module?text role?text parameters:{any} fitted:[attribute] "
    "children:[estimator] attribute~text columns~any count~uint n_features_in~uint feature_names_in~names "
    "classes~names version~text seen_before~bool more_attributes~uint more_children~uint",
    "attribute": "name:text type:text dtype~text shape~[uint] bytes~uint",
    "names": "count:uint first:[any]",
}
"""Maps, and their keys: `key:type` is always there; `key?type` is null in the document where it is absent
here; `key~type` is absent in both. `[type]` is an array, `{type}` a map from any str, `any` any value."""
GRADES: Final = frozenset({"dangerous", "unknown", "known"})
_ATTRIBUTE_KEYS: Final = frozenset({2, 5})
"""Of an array dtype, shape and bytes are told, of anything else none of them."""
_FIELD: Final = re.compile(r"(?P<key>[a-z0-9_]+)(?P<mark>[:?~])(?P<type>\S+)")


@row
class _Field:
    key: str
    mark: str
    type: str


@cache
def _fields_of(shape: str) -> tuple[_Field, ...]:
    return tuple(_Field(*found.groups()) for found in _FIELD.finditer(SHAPES[shape]))


@frozen
class Inspection:
    """What was found in the file whose object is `file`; `found` follows `SHAPES`.

    Raises InvalidField, MissingKey, UnknownKey.
    """

    KIND: ClassVar[str] = "inspection"
    file: ObjectId
    found: dict[str, Value]

    def __post_init__(self) -> None:
        try:
            _check("found", self.found, ())
        except Misplaced as misplaced:
            raise misplaced.error from None

    @classmethod
    def of(cls, file: ObjectId, document: dict[str, Value]) -> Self:
        """The object that holds a document; the inverse of `document`."""
        return cls(file=file, found=_without_nulls("found", document))

    def document(self) -> dict[str, Value]:
        """What was found, with every key that is promised."""
        return _with_nulls("found", self.found)

    def to_value(self) -> dict[str, Value]:
        """The map of the fields."""
        return {"file": self.file.raw, "found": self.found}

    @classmethod
    def from_fields(cls, fields: Fields) -> Self:
        """The inverse of `to_value`."""
        file, found = fields.digest("file", ObjectId), fields.values("found")
        _check("found", found, ("found",))
        return fields.built(lambda: cls(file=file, found=found))


def _check(kind: str, value: Value, path: Path) -> None:
    """Refuses a value that is not of the type `kind`. (Recursive: what was decoded is 64 deep at most.)"""
    if kind == "any":
        _check_any(value, path)
    elif kind[0] == "[":
        if not isinstance(value, list):
            raise _wrong(path, "an array")
        for index, item in enumerate(value):
            _check(kind[1:-1], item, (*path, index))
    elif kind[0] == "{":
        if not isinstance(value, dict):
            raise _wrong(path, "a map")
        for key, item in value.items():
            _check(kind[1:-1], item, (*path, key))
    elif kind in SHAPES:
        _check_map(kind, value, path)
    elif kind == "text":
        if not isinstance(value, str):
            raise _wrong(path, "a str")
    elif kind == "bool":
        if not isinstance(value, bool):
            raise _wrong(path, "a bool")
    elif kind == "uint":
        if type(value) is not int or value < 0:
            raise _wrong(path, "an unsigned int")
    elif not isinstance(value, str) or value not in GRADES:
        raise _wrong(path, "a grade")


def _check_any(value: Value, path: Path) -> None:
    """Whatever JSON can hold."""
    if isinstance(value, bytes):
        raise _wrong(path, "JSON's")
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for place, item in items:
        _check_any(item, (*path, place))


def _check_map(kind: str, value: Value, path: Path) -> None:
    if not isinstance(value, dict):
        raise _wrong(path, f"a map ({kind})")
    if kind == "attribute" and len(value) not in _ATTRIBUTE_KEYS:
        raise _wrong(path, "an attribute, or one with dtype, shape and bytes")
    known = 0
    for field in _fields_of(kind):
        if field.key in value:
            known += 1
            _check(field.type, value[field.key], (*path, field.key))
        elif field.mark == ":":
            raise Misplaced(path, MissingKey(problem=f"{kind} lacks the key '{field.key}'"))
    if known != len(value):
        keys = {field.key for field in _fields_of(kind)}
        for key in value:
            if key not in keys:
                raise Misplaced((*path, key), UnknownKey(problem=f"{kind} has no key '{key[:64]}'"))


def _wrong(path: Path, needed: str) -> Misplaced:
    return Misplaced(path, InvalidField(problem=f"a value of an inspection is not {needed}"))


def _without_nulls(kind: str, value: dict[str, Value]) -> dict[str, Value]:
    kept = dict(value)
    for field in _fields_of(kind):
        if field.key in kept:
            if kept[field.key] is None and field.type != "any":
                del kept[field.key]
            else:
                kept[field.key] = _each(_without_nulls, field.type, kept[field.key])
    return kept


def _with_nulls(kind: str, value: dict[str, Value]) -> dict[str, Value]:
    filled: dict[str, Value] = {}
    for field in _fields_of(kind):
        if field.key in value:
            filled[field.key] = _each(_with_nulls, field.type, value[field.key])
        elif field.mark == "?":
            filled[field.key] = None
    return filled


def _each(change: _Change, kind: str, value: Value) -> Value:
    """A value with `change` made to every map of a known shape in it."""
    inner = kind.strip("[]{}")
    if inner not in SHAPES:
        return value
    if isinstance(value, list):
        return [_each(change, inner, item) for item in value]
    if isinstance(value, dict):
        if kind[0] == "{":
            return {key: _each(change, inner, item) for key, item in value.items()}
        return change(kind, value)
    return value
