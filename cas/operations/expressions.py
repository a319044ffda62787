"""An expression about runs, as a value: what `where.py` parses and `matching.py` answers."""

from __future__ import annotations

import re
from typing import Final, Literal, TypeAlias

from ..format.frozen import frozen

Operator: TypeAlias = Literal["<", "<=", ">", ">=", "==", "!="]
Scalar: TypeAlias = bool | int | float | str | None

FIELDS: Final = (
    *("manifest", "sequence", "recorded_at", "message", "run", "run_id", "status", "label"),
    *("num_samples", "num_features", "dropped_rows"),
)
MAPS: Final = ("metrics", "params")
DIAGNOSTICS: Final = "diagnostics"
KEY: Final = re.compile(r"[\w-]+")
"""What a key is that stands without quotes."""


@frozen
class Name:
    """A field, or a key of the metrics or params: `("metrics", "accuracy")`."""

    path: tuple[str, ...]


@frozen
class Constant:
    """A value that stands in the expression."""

    value: Scalar


Operand: TypeAlias = Name | Constant


@frozen
class Comparison:
    """`left operator right`."""

    left: Operand
    operator: Operator
    right: Operand


@frozen
class In:
    """Whether a field is one of some values."""

    name: Name
    values: tuple[Constant, ...]


@frozen
class Contains:
    """Whether a text is part of a field's text."""

    name: Name
    text: str


@frozen
class Has:
    """Whether a diagnostic of this code was raised."""

    code: str


@frozen
class Not:
    """What is not so."""

    part: Expression


@frozen
class And:
    """Two parts or more, of which all are so."""

    parts: tuple[Expression, ...]


@frozen
class Or:
    """Two parts or more, of which one is so."""

    parts: tuple[Expression, ...]


Expression: TypeAlias = Comparison | In | Contains | Has | Not | And | Or


def names_in(expression: Expression) -> frozenset[str]:
    """The fields that have to be known to say whether it holds: of `FIELDS`, `MAPS`, `diagnostics`."""
    found: set[str] = set()
    waiting: list[Expression] = [expression]
    while waiting:
        one = waiting.pop()
        match one:
            case And() | Or():
                waiting += one.parts
            case Not():
                waiting.append(one.part)
            case Has():
                found.add(DIAGNOSTICS)
            case Comparison():
                found.update(side.path[0] for side in (one.left, one.right) if isinstance(side, Name))
            case In() | Contains():
                found.add(one.name.path[0])
    return frozenset(found)


# ------------------------------------------------------------------ to text


def to_text(expression: Expression) -> str:
    """The expression as it may be written; the inverse of `parse`."""
    match expression:
        case And() | Or():
            word = " and " if isinstance(expression, And) else " or "
            return word.join(_within(part) for part in expression.parts)
        case Not():
            return f"not {_within(expression.part)}"
        case Has():
            return f"{DIAGNOSTICS} has {expression.code}"
        case In():
            values = ", ".join(map(_operand_text, expression.values))
            return f"{_operand_text(expression.name)} in ({values})"
        case Contains():
            return f"{_operand_text(expression.name)} contains {_quoted(expression.text)}"
        case Comparison():
            left, right = _operand_text(expression.left), _operand_text(expression.right)
            return f"{left} {expression.operator} {right}"


def _within(part: Expression) -> str:
    return f"({to_text(part)})" if isinstance(part, (And, Or)) else to_text(part)


def _operand_text(operand: Operand) -> str:
    if isinstance(operand, Name):
        root, *keys = operand.path
        return ".".join([root, *(key_text(key) for key in keys)])
    value = operand.value
    if isinstance(value, str):
        return _quoted(value)
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else _number_text(value)


def _number_text(value: float | None) -> str:
    return "null" if value is None else repr(value)


def key_text(key: str) -> str:
    """A key as it may be written after a dot: in quotes if it has to be."""
    return key if KEY.fullmatch(key) else _quoted(key)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
    return f'"{escaped}"'
