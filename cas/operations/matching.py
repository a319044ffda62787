"""Whether a run is one that an expression of `where.py` means.

An answer is yes, no, or unknown (None), and only yes matches. What a run does not have is unknown in every
comparison, and so is a comparison of a text with a number, of true or false with anything else, and of a
list or map with anything. `not` of unknown is unknown; `and` is no if one part is, `or` yes if one part is.

`== null` and `!= null` ask whether there is a value, and are yes or no. `nan` equals `nan` (as in a search
for runs that diverged) and is neither smaller nor larger than anything. Texts compare by code point; ints and
floats by their exact values.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, TypeAlias

from ..format.canonical import Value
from ..format.frozen import frozen
from .expressions import And, Comparison, Constant, Contains, Expression, Has, In, Not, Operand, Or

Answer: TypeAlias = bool | None


class Unreadable:
    """In place of a value that nobody can read: even `== null` is unknown of it."""


UNREADABLE: Final = Unreadable()
Known: TypeAlias = "Value | Unreadable"

_ORDER: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


@frozen
class Subject:
    """One run, as far as it is asked for. `values`: field → value, `metrics` and `params` as maps; what is
    damaged is `UNREADABLE`. `codes` are those of its diagnostics (None: they are not known)."""

    values: Mapping[str, Known]
    codes: frozenset[str] | None = None


def matches(expression: Expression, subject: Subject) -> Answer:
    """Whether it holds; None if that is unknown. (Recursive: an expression has few levels.)"""
    match expression:
        case And():
            return _all(matches(part, subject) for part in expression.parts)
        case Or():
            answer = _all(_inverse(matches(part, subject)) for part in expression.parts)
            return _inverse(answer)
        case Not():
            return _inverse(matches(expression.part, subject))
        case Has():
            return None if subject.codes is None else expression.code in subject.codes
        case In():
            equal = (_compare("==", expression.name, one, subject) for one in expression.values)
            return _inverse(_all(map(_inverse, equal)))
        case Contains():
            value = _value(expression.name, subject)
            return expression.text in value if isinstance(value, str) else None
        case Comparison():
            return _compare(expression.operator, expression.left, expression.right, subject)


def _all(answers: Iterable[Answer]) -> Answer:
    found: Answer = True
    for answer in answers:
        if answer is False:
            return False
        if answer is None:
            found = None
    return found


def _inverse(answer: Answer) -> Answer:
    return None if answer is None else not answer


def _value(operand: Operand, subject: Subject) -> Known:
    """None where there is none."""
    if isinstance(operand, Constant):
        return operand.value
    root, *keys = operand.path
    found = subject.values.get(root)
    for key in keys:
        if found is UNREADABLE:
            return UNREADABLE
        found = found.get(key) if isinstance(found, dict) else None
    return found


def _compare(sign: str, first: Operand, second: Operand, subject: Subject) -> Answer:
    left, right = _value(first, subject), _value(second, subject)
    if left is UNREADABLE or right is UNREADABLE:
        return None
    if sign in ("==", "!=") and any(
        isinstance(one, Constant) and one.value is None for one in (first, second)
    ):
        return (left is right) == (sign == "==")
    if not _comparable(left, right):
        return None
    if sign in _ORDER:
        return None if isinstance(left, bool) else _ORDER[sign](left, right)
    both_nan = left != left and right != right
    return (left == right or both_nan) == (sign == "==")


def _comparable(left: Known, right: Known) -> bool:
    for kind in (bool, str, (int, float)):
        if isinstance(left, kind):
            return isinstance(right, kind) and isinstance(left, bool) == isinstance(right, bool)
    return False
