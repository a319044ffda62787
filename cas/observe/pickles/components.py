"""Where an estimator keeps the estimators that it is made of.

    Pipeline            steps                  (name, estimator or "passthrough")
    FeatureUnion        transformer_list       (name, estimator or "drop")
    ColumnTransformer   transformers_          (name, estimator, columns); before fitting: transformers
    searches            best_estimator_        before fitting: estimator
    voting, stacking    estimators_            names in estimators; final_estimator_
    forests, bagging …  estimators_            many alike: told once, with their number

The rule behind the table: what was fitted counts, that is attributes that end in `_`; only where none of them
holds an estimator, the parameters do, for those of a fitted estimator are templates. `steps` and
`transformer_list` are parameters that are fitted in place.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ...format.frozen import replace, row
from .budget import Budget
from .nodes import ArrayData, Call, Dict, Global, List, Node, Text, Tuple, class_of, pairs
from .survey import is_estimator
from .values import attributes, cut_text, object_items, text_value

MAX_CHILDREN: Final = 200
"""Of one estimator."""
_LISTED: Final = frozenset({"steps", "transformers", "transformers_", "transformer_list", "estimators"})
_SINGLE: Final = frozenset(
    {
        "base_estimator", "best_estimator_", "estimator", "estimator_", "final_estimator", "final_estimator_",
        "init_", "regressor", "regressor_", "transformer", "transformer_",
    }
)  # fmt: skip
_MANY: Final = frozenset({"estimators_", "calibrated_classifiers_", "calibrators"})
_IN_PLACE: Final = frozenset({"steps", "transformer_list"})
_TEMPLATES: Final = frozenset({"estimator_", "base_estimator_"})
"""Beside `estimators_`: what they were copied from."""
_LOOKED_AT: Final = 8
_WORDS: Final = frozenset({"passthrough", "drop"})


@row
class Component:
    """An estimator within another one, and where: `attribute` is the other's.

    `node` is a text ("passthrough", "drop") or None where there is no estimator under a name. `columns` is
    what a ColumnTransformer gives it, None elsewhere. `alike` of one class are told by this one.
    """

    name: str
    attribute: str
    node: Node
    columns: Node = None
    alike: int = 1


@row
class Components:
    """The first components, and how many there are."""

    shown: list[Component]
    total: int


def is_object(node: Node, budget: Budget) -> bool:
    """Whether a node would be an instance of some class, with attributes."""
    return class_of(node) is not None and bool(attributes(node, budget))


def named_items(node: Node, budget: Budget) -> list[Tuple | List]:
    """The (name, estimator, …) pairs and triples of a list of steps; what has another form is left out."""
    if not isinstance(node, List | Tuple) or not budget.spend(len(node)):
        return []
    return [
        item
        for item in node
        if isinstance(item, Tuple | List) and len(item) > 1 and isinstance(item[0], str | Text)
    ]


def components(known: dict[str, Node], budget: Budget) -> Components:
    """What the estimator with these attributes is made of, in their order."""
    fitted: list[tuple[str, Node]] = []
    private: list[tuple[str, Node]] = []
    given: list[tuple[str, Node]] = []
    for name, value in known.items():
        if isinstance(value, Call | ArrayData | List | Tuple):
            in_place = name in _IN_PLACE
            kind = private if name.startswith("_") else fitted if in_place or name.endswith("_") else given
            if name not in _TEMPLATES or "estimators_" not in known:
                kind.append((name, value))
    templates: set[int] = set()
    parameters, count_of_parameters = _all(given, known, templates, budget)
    told: set[int] = set()
    found, count = _all(fitted, known, told, budget)
    if not found:
        found, count = parameters, count_of_parameters
    hidden, more = _all(private, known, templates | told, budget)
    return Components([*found, *hidden][:MAX_CHILDREN], count + more)


def _all(
    attributes_: list[tuple[str, Node]], known: dict[str, Node], seen: set[int], budget: Budget
) -> tuple[list[Component], int]:
    found: list[Component] = []
    count = 0
    for name, value in attributes_:
        some, number = _in_attribute(name, value, known, seen, budget)
        found += some
        count += number
    return found, count


def _in_attribute(
    name: str, value: Node, known: dict[str, Node], seen: set[int], budget: Budget
) -> tuple[list[Component], int]:
    """The components that one attribute holds, and how many there are; `seen` are those told already."""
    shown_name = cut_text(name, 100)
    if is_estimator(value, budget) or (name in _SINGLE and is_object(value, budget)):
        if id(value) in seen:
            return [], 0
        seen.add(id(value))
        return [Component(shown_name, shown_name, value)], 1
    if name in _LISTED:
        return _listed(shown_name, value, seen, budget)
    items = _items_of(value)
    known_place = name in _MANY
    if items and any(
        is_estimator(item, budget) or (known_place and is_object(item, budget)) for item in items[:_LOOKED_AT]
    ):
        if not budget.spend(2 * len(items)):
            return [], 0
        return _alike(shown_name, items, _names_for(name, known, budget), seen)
    named = _mapped(value, budget)
    if named:
        found = [
            Component(text_value(key) or "?", shown_name, item) for key, item in named if id(item) not in seen
        ]
        seen.update(id(one.node) for one in found)
        return found[:MAX_CHILDREN], len(found)
    return [], 0


def _listed(attribute: str, value: Node, seen: set[int], budget: Budget) -> tuple[list[Component], int]:
    items = named_items(value, budget)
    found: list[Component] = []
    for item in items[:MAX_CHILDREN]:
        node = item[1]
        seen.add(id(node) if isinstance(node, Call) else 0)
        columns = item[2] if len(item) > 2 and attribute.startswith("transformers") else None
        found.append(Component(text_value(item[0]) or "?", attribute, node, columns))
    return found, len(items)


def _items_of(value: Node) -> List | Tuple | None:
    if isinstance(value, List | Tuple):
        return value
    return object_items(value)


def _alike(
    attribute: str, items: List | Tuple, names: dict[int, str], seen: set[int]
) -> tuple[list[Component], int]:
    """Estimators in a list: those with names one by one, of the others one for each run of one class."""
    found: list[Component] = []
    total = 0
    for item in items:
        cls = class_of(item)
        if cls is None or id(item) in seen:
            continue
        seen.add(id(item))
        name = names.get(id(item))
        last = found[-1] if found else None
        if name is not None:
            if len(found) < MAX_CHILDREN:
                found.append(Component(name, attribute, item))
        elif last is not None and last.name == attribute and _are_one(class_of(last.node), cls):
            found[-1] = replace(last, alike=last.alike + 1)
            continue
        elif len(found) < MAX_CHILDREN:
            found.append(Component(attribute, attribute, item))
        total += 1
    return found, total


def _are_one(cls: Global | None, other: Global) -> bool:
    return cls is other or (cls is not None and (cls.module, cls.name) == (other.module, other.name))


def _names_for(attribute: str, known: dict[str, Node], budget: Budget) -> dict[int, str]:
    """The names of fitted estimators, by their ids, where a map beside them tells."""
    if attribute != "estimators_":
        return {}
    return {id(item): text_value(key) or "?" for key, item in _mapped(known.get("named_estimators_"), budget)}


def _mapped(value: Node, budget: Budget) -> list[tuple[Node, Node]]:
    """The pairs of a dict (or of an object that is one) whose values are estimators."""
    flat: Sequence[Node]
    if isinstance(value, Dict):
        flat = value.flat
    elif isinstance(value, Call):
        flat = value.items
        last = value.args[-1] if isinstance(value.args, Tuple) and value.args else None
        if not flat and isinstance(last, Dict):  # protocols 0 and 1
            flat = last.flat
    else:
        return []
    if not any(is_estimator(item, budget) for item in flat[1 : 2 * _LOOKED_AT : 2]):
        return []
    if not budget.spend(len(flat)):
        return []
    return [
        (key, item) for key, item in pairs(flat) if is_estimator(item, budget) and text_value(key) is not None
    ]


def is_word(node: Node) -> bool:
    """Whether it says that there is no estimator: "passthrough", "drop", or None as of old."""
    return node is None or (isinstance(node, str) and node in _WORDS)
