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
    from .expressions import Comparison, Constant, Expression, Name

_SIGNS: Final[dict[str, Sign]] = {"==": "=", "<": "<=", "<=": "<=", ">": ">=", ">=": ">="}
_TURNED: Final[dict[str, Sign]] = {"==": "=", "<": ">=", "<=": ">=", ">": "<=", ">=": "<="}
"""Where the value stands on the left."""
_FACTS: Final = {
    "status": ("status",),
    "label": ("label",),
    "run_id": ("run_id",),
    "num_samples": ("metrics.num_samples", "counts.num_samples"),
    "num_features": ("metrics.num_features", "counts.num_features"),
    "dropped_rows": ("counts.dropped_rows",),
}
"""Field of an expression -> what the index calls it: one of them is what was asked for."""


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
    from .expressions import And, Comparison, Has, In, Or

    match expression:
        case And():
            return [condition for part in expression.parts for condition in _narrowed(part)]
        case Or():
            parts = [_narrowed(part) for part in expression.parts]
            return [any_of([part[0] for part in parts])] if all(parts) else []
        case Has():
            return [has_fact("diagnostics", "=", expression.code)]
        case In():
            found = [_fact(expression.name, "=", one) for one in expression.values]
            known = [condition for condition in found if condition is not None]
            return [any_of(known)] if len(known) == len(found) else []
        case Comparison():
            condition = _compared(expression)
            return [condition] if condition is not None else []
        case _:
            return []


def _compared(asked: Comparison) -> Condition | None:
    from .expressions import Constant, Name

    left, right = asked.left, asked.right
    if isinstance(left, Name) and isinstance(right, Constant):
        return _fact(left, _SIGNS.get(asked.operator), right)
    if isinstance(left, Constant) and isinstance(right, Name):
        return _fact(right, _TURNED.get(asked.operator), left)
    return None


def _fact(name: Name, sign: Sign | None, constant: Constant) -> Condition | None:
    value = constant.value
    if sign is None or isinstance(value, bool) or value is None or value != value:
        return None
    field = name.path[0]
    if field == "recorded_at":
        return has_time(sign, value) if isinstance(value, str) else None
    names = (".".join(name.path),) if len(name.path) > 1 else _FACTS.get(field, ())
    return any_of([has_fact(one, sign, value) for one in names]) if names else None
