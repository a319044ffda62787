"""What an index can tell of a question: conditions that every manifest meets that is an answer.

They may be met by others too, for each is looked at. So `<` becomes `<=`, since numbers are rounded and texts
are cut in the index, and what it cannot tell (`not`, `!=`, `contains`, `== null`, NaN) is left out. Of `a and
b` one part is enough; of `a or b` both are needed.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from ..format.ids import ObjectId
from ..store.index import Condition, Sign, any_of, has_content, has_fact, has_time, says

if TYPE_CHECKING:
    from ..format.canonical import Value
    from .where import Condition as Test
    from .where import Expression

_SIGNS: Final[dict[str, Sign]] = {
    "==": "=",
    "in": "=",
    "has": "=",
    "<": "<=",
    "<=": "<=",
    ">": ">=",
    ">=": ">=",
}
_FACTS: Final = {
    "status": "status",
    "label": "label",
    "run_id": "run_id",
    "num_samples": "metrics.num_samples",
    "num_features": "metrics.num_features",
    "dropped_rows": "counts.dropped_rows",
    "diagnostics": "diagnostics",
}
"""Field of an expression -> what the index calls it."""


def conditions_for(
    *,
    since: str | None,
    until: str | None,
    text: str | None,
    data: ObjectId | None,
    model: ObjectId | None,
    where: Iterable[Expression],
) -> list[Condition]:
    """What a request of `log` asks for; `data` and `model` are file or tree objects."""
    found: list[Condition] = []
    if since is not None:
        found.append(has_time(">=", since))
    if until is not None:
        found.append(has_time("<=", until))
    if text is not None:
        found.append(says(text))
    if data is not None:
        found.append(has_content(data.raw, ("input",)))
    if model is not None:
        found.append(has_content(model.raw, ("output",)))
    for expression in where:
        found += _narrowed(expression)
    return found


def _narrowed(expression: Expression) -> list[Condition]:
    """Conditions that are all met wherever the expression holds."""
    from .where import Both, Either, Not

    if isinstance(expression, Not):
        return []
    if isinstance(expression, Both):
        return [condition for part in expression.parts for condition in _narrowed(part)]
    if isinstance(expression, Either):
        parts = [_narrowed(part) for part in expression.parts]
        return [any_of([part[0] for part in parts])] if all(parts) else []
    return _tested(expression)


def _tested(test: Test) -> list[Condition]:
    sign = _SIGNS.get(test.operator)
    if sign is None:
        return []
    found: list[Condition] = []
    for value in test.values:
        condition = _compared(test, sign, value)
        if condition is None:
            return []
        found.append(condition)
    return [any_of(found)] if found else []


def _compared(test: Test, sign: Sign, value: Value) -> Condition | None:
    if not isinstance(value, int | float | str) or value != value:
        return None
    if test.field.name == "recorded_at":
        return has_time(sign, value) if isinstance(value, str) else None
    name = ".".join((test.field.name, *test.field.path)) if test.field.path else _FACTS.get(test.field.name)
    return has_fact(name, sign, value) if name is not None else None
