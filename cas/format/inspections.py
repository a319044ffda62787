"""What the static look into a model file found, as an object.

An inspection depends on the bytes of the file, and on the rules and the limits by which obs reads: never on
the clock, or on where the file lay. A look that the clock ended gives none.
"""

from __future__ import annotations

from typing import ClassVar, Final, Self

from ..errors import InvalidField, MissingKey, UnknownKey
from .canonical import Value
from .fields import Fields
from .frozen import frozen

_UINT, _BOOL, _MAP, _ARRAY = "an unsigned int", "a bool", "a map", "an array"
FOUND: Final[dict[str, tuple[str, bool]]] = {
    "pipeline_steps": (_ARRAY, False),
    "step_count": (_UINT, False),
    "has_preprocessing": (_BOOL, False),
    "model": (_MAP, True),
    "tree": (_MAP, True),
    "estimator_count": (_UINT, False),
    "n_features_in": (_UINT, True),
    "feature_names_in": (_ARRAY, True),
    "classes": (_ARRAY, True),
    "libraries": (_MAP, False),
    "format": (_MAP, False),
    "arrays": (_ARRAY, False),
    "globals": (_ARRAY, False),
    "complete": (_BOOL, False),
    "problems": (_ARRAY, False),
    "cut": (_MAP, False),
}
"""The keys of what was found: what each is, and whether it may be nil, which means that it is not known."""


@frozen
class Inspection:
    """`rules`: the version of the rules by which obs read, 1 or more. `found`: the map of FOUND's keys; what
    the maps and arrays in it hold, docs/format.md says."""

    KIND: ClassVar[str] = "inspection"
    rules: int
    found: dict[str, Value]

    def __post_init__(self) -> None:
        if type(self.rules) is not int or self.rules < 1:
            raise InvalidField(problem="the version of the rules is 1 or more")
        for key, value in self.found.items():
            if key not in FOUND:
                raise UnknownKey(problem=f"what was found has no key '{key[:64]}'")
            needed, may_be_nil = FOUND[key]
            if not (may_be_nil and value is None) and not _is(needed, value):
                raise InvalidField(problem=f"'{key}' of what was found is not {needed}")
        for key in FOUND:
            if key not in self.found:
                raise MissingKey(problem=f"what was found lacks the key '{key}'")

    def to_value(self) -> dict[str, Value]:
        """The map of the fields."""
        return {"rules": self.rules, "found": self.found}

    @classmethod
    def from_fields(cls, fields: Fields) -> Self:
        """The inverse of `to_value`."""
        rules, found = fields.uint("rules"), fields.values("found")
        return fields.built(lambda: cls(rules=rules, found=found))


def _is(needed: str, value: Value) -> bool:
    if needed == _UINT:
        return type(value) is int and value >= 0
    if needed == _BOOL:
        return isinstance(value, bool)
    return isinstance(value, dict if needed == _MAP else list)
