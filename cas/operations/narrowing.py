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
    from .expressions import Comparison, Expression, Name, Scalar

_SIGNS: Final[dict[str, Sign]] = {"==": "=", "<": "<=", "<=": "<=", ">": ">=", ">=": ">="}
_MIRRORED: Final[dict[Sign, Sign]] = {"=": "=", "<=": ">=", ">=": "<="}
_FACTS: Final = {
    "status": ("status",),
    "label": ("label",),
    "run_id": ("run_id",),
    "num_samples": ("counts.num_samples", "metrics.num_samples"),
    "num_features": ("counts.num_features", "metrics.num_features"),
    "dropped_rows": ("counts.dropped_rows",),
}
"""Field of an expression -> what the index may call it."""


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
        case In():
            values = [_compared(expression.name, "=", one.value) for one in expression.values]
            return [any_of([part[0] for part in values])] if values and all(values) else []
        case Has():
            return [has_fact("diagnostics", "=", expression.code)]
        case Comparison():
            return _of_comparison(expression)
        case _:
            return []


def _of_comparison(test: Comparison) -> list[Condition]:
    from .expressions import Constant, Name

    sign = _SIGNS.get(test.operator)
    if sign is None:
        return []
    match test.left, test.right:
        case Name() as name, Constant(value=value):
            return _compared(name, sign, value)
        case Constant(value=value), Name() as name:
            return _compared(name, _MIRRORED[sign], value)
        case _:
            return []


def _compared(name: Name, sign: Sign, value: Scalar) -> list[Condition]:
    if value is None or value != value:
        return []
    if name.path == ("recorded_at",):
        return [has_time(sign, value)] if isinstance(value, str) else []
    whole = ".".join(name.path)
    names = _FACTS.get(whole, (whole,) if len(name.path) > 1 else ())
    return [any_of([has_fact(one, sign, value) for one in names])] if names else []
