"""The tree of estimators that a model file holds, from inert nodes.

    Pipeline                    Estimator(name=None, type="Pipeline", role="composition", children=(
      scale  StandardScaler         Estimator(name="scale", type="StandardScaler", role="preprocessing", …),
      model  LogisticRegression     Estimator(name="model", …)))

The graph may be cyclic or shared in ways that make a tree of 2^60 of it: each estimator is told once, the
highest place first, and later references say `seen_before`. What is told is cut at fixed numbers; of what was
left out there is a count.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Final

from ...format.canonical import Value
from ...format.frozen import frozen, replace
from .arrays import as_array
from .budget import Budget
from .components import Component, Components, components, is_object, is_word
from .nodes import Call, Dict, List, Node, Tuple, class_of, pairs
from .parameters import not_parameters
from .roles import role_of
from .survey import VERSION, is_estimator
from .values import (
    MAX_TEXT,
    Names,
    attributes,
    cut_text,
    described,
    name_of_call,
    names_of,
    python3_name,
    short,
    text_value,
    whole,
)

MAX_ESTIMATORS: Final = 512
MAX_DEPTH: Final = 12
MAX_ATTRIBUTES: Final = 100
"""Of one estimator: parameters, and as many fitted ones."""
_CONTAINER_DEPTH: Final = 3
_DATA_PACKAGES: Final = frozenset(
    {
        "__builtin__", "_codecs", "array", "builtins", "collections", "copy_reg", "copyreg", "datetime",
        "decimal", "functools", "joblib", "numpy", "operator", "pandas", "pathlib", "pyarrow", "re", "scipy",
        "torch", "types",
    }
)  # fmt: skip


@frozen
class Attribute:
    """A fitted attribute: what it is, and how large; never what was learned."""

    name: str
    type: str
    dtype: str | None = None
    shape: tuple[int, ...] | None = None
    bytes: int | None = None


@frozen
class Estimator:
    """An estimator of the tree, or what stands in place of one (`role` is None then, as for unknown classes).

    `name` is that of a step, or the attribute that holds it; None for the root. `attribute`: in which
    attribute of its parent. `node` is what it was made from. `count` are alike and told by this one.
    `more_children` were left out.
    """

    node: Node
    name: str | None
    type: str
    module: str | None
    role: str | None
    attribute: str | None
    parameters: dict[str, Value]
    fitted: tuple[Attribute, ...]
    more_attributes: int
    columns: Value
    n_features_in: int | None
    feature_names_in: Names | None
    classes: Names | None
    version: str | None
    count: int
    seen_before: bool
    children: tuple[Estimator, ...]
    more_children: int


class _Draft:
    """An estimator of which the children are not known yet."""

    def __init__(self, component: Component | None, node: Node, depth: int, parent: _Draft | None) -> None:
        self.component = component
        self.node = node
        self.depth = depth
        self.parent = parent
        self.again = False
        self.container = False
        self.children: list[Estimator] = []
        self.more = 0


def estimator_tree(roots: tuple[Node, ...], budget: Budget) -> Estimator | None:
    """The tree of what a file holds; None if there is no estimator in it.

    A dict, list or tuple of models is a node of its own, and so is a file of several pickles.
    """
    root: Node = roots[0] if len(roots) == 1 else Tuple(roots)
    first = _Draft(None, root, 0, None)
    drafts = [first]
    waiting = deque(drafts)
    seen: set[int] = set()
    while waiting:
        draft = waiting.popleft()
        node = draft.node
        if not isinstance(node, Call | Dict | List | Tuple):
            continue
        if id(node) in seen:
            draft.again = True
            continue
        seen.add(id(node))
        inner = _inside(draft, budget)
        draft.more = inner.total - len(inner.shown)
        for component in inner.shown:
            if len(drafts) >= MAX_ESTIMATORS or draft.depth + 1 >= MAX_DEPTH:
                draft.more += 1
                continue
            child = _Draft(component, component.node, draft.depth + 1, draft)
            drafts.append(child)
            waiting.append(child)
    # Children come after their parents: from the last to the first, each is whole when it is needed. Those
    # that are shown first are described first, as long as the budget lasts.
    facts = [_described(draft, budget) for draft in drafts]
    for draft, (made, is_any) in zip(reversed(drafts), reversed(facts), strict=True):
        children = tuple(reversed(draft.children))
        if not is_any and not children:
            continue
        whole_one = replace(made, children=children, more_children=draft.more)
        if draft.parent is None:
            return whole_one
        draft.parent.children.append(whole_one)
    return None


def _inside(draft: _Draft, budget: Budget) -> Components:
    node = draft.node
    if isinstance(node, Call):
        if draft.component is None and not is_root(node, budget):
            return Components([], 0)
        return components(attributes(node, budget) or {}, budget)
    draft.container = True
    if draft.component is not None and draft.component.attribute not in {"[]", "[…]"}:
        return Components([], 0)  # a list where an estimator should be
    return _contained(node, budget) if draft.depth < _CONTAINER_DEPTH else Components([], 0)


def _contained(node: Node, budget: Budget) -> Components:
    """What of a dict, list or tuple at the root is an estimator, or a container that may hold some."""
    found: list[Component] = []
    count = 0
    entries: Iterable[tuple[Node, Node]] = ()
    if isinstance(node, Dict):
        entries = pairs(node.flat)
    elif isinstance(node, List | Tuple):
        entries = ((f"[{number}]", item) for number, item in enumerate(node))
    for key, item in entries:
        if not budget.spend(4):
            break
        if is_root(item, budget) or isinstance(item, Dict | List | Tuple):
            is_one = isinstance(item, Call)
            if len(found) < MAX_ESTIMATORS:
                name = short(key, Budget(), 0)
                found.append(Component(name if isinstance(name, str) else f"[{name!r}]", "[]", item))
                count += 1
            elif is_one:
                count += 1
    return Components(found, count)


def is_root(node: Node, budget: Budget) -> bool:
    """Whether an object that stands by itself is to be told as an estimator."""
    if is_estimator(node, budget):
        return True
    cls = class_of(node)
    if cls is None or cls.dynamic or not isinstance(node, Call):
        return False
    if role_of(cls.module, cls.name) is not None and not node.states:
        return True  # a file that breaks off before the state
    package = cls.module.partition(".")[0]
    return is_object(node, budget) and package not in _DATA_PACKAGES and not package.startswith("_frozen")


def _described(draft: _Draft, budget: Budget) -> tuple[Estimator, bool]:
    """An estimator without its children, and whether it is one (or a word, or stands where one should)."""
    node, component = draft.node, draft.component
    name = component.name if component is not None else None
    attribute = component.attribute if component is not None else None
    count = component.alike if component is not None else 1
    budget.take(len(name or ""))
    columns = (
        short(component.columns, budget) if component is not None and component.columns is not None else None
    )
    kind, module = type_of(node)
    is_any = component is not None
    known: dict[str, Node] = {}
    if isinstance(node, Call) and (component is not None or is_root(node, budget)):
        known = {} if draft.again else attributes(node, budget) or {}
        is_any = True
    elif draft.container:
        # A list is told for what is in it, or where an estimator should be.
        is_any = component is not None and component.attribute != "[]"
    cls = class_of(node)
    role = role_of(cls.module, cls.name) if cls is not None and not cls.dynamic else None
    version = text_value(known.get(VERSION))
    left_out = not_parameters(cls.module, cls.name, version) if cls is not None else frozenset[str]()
    parameters, fitted, more = _attributes(known, left_out, budget)
    features = short(fitted_value(node, known, "n_features_in_"), budget, 0)
    names = known.get("feature_names_in_")
    classes = fitted_value(node, known, "classes_")
    made = Estimator(
        node=node,
        name=name,
        type=kind,
        module=module,
        role=role,
        attribute=attribute if attribute != "[]" else None,
        parameters=parameters,
        fitted=fitted,
        more_attributes=more,
        columns=columns,
        n_features_in=features if type(features) is int else None,
        feature_names_in=names_of(names, budget) if names is not None else None,
        classes=names_of(classes, budget) if classes is not None else None,
        version=version,
        count=count,
        seen_before=draft.again,
        children=(),
        more_children=0,
    )
    return made, is_any


def fitted_value(node: Node, known: dict[str, Node], name: str) -> Node:
    """The fitted attribute `name` of a node with the attributes `known`; None if the file does not have it.

    LightGBM keeps some of them under other names, behind properties.
    """
    cls = class_of(node)
    if known.get(name) is None and cls is not None and cls.module.startswith("lightgbm."):
        name = f"_{name.removesuffix('_')}"
    return known.get(name)


def type_of(node: Node) -> tuple[str, str | None]:
    """The name and module of a node's class; of what is no object, a word for it and None."""
    cls = class_of(node)
    if cls is not None:
        module, name = python3_name(cls)
        return cut_text(name), cut_text(module)
    if is_word(node):
        return ("passthrough" if node is None else str(node)), None
    if isinstance(node, Call):
        return name_of_call(node), None
    if isinstance(node, Dict | List | Tuple):
        return type(node).__name__.lower(), None
    return (cut_text(node, 100) if isinstance(node, str) else described(node)), None


def _attributes(
    known: dict[str, Node], left_out: frozenset[str], budget: Budget
) -> tuple[dict[str, Value], tuple[Attribute, ...], int]:
    """The parameters and the fitted attributes, and how many more there are."""
    parameters: dict[str, Value] = {}
    fitted: list[Attribute] = []
    more = 0
    for name, value in known.items():
        if name.startswith("_") or name in left_out:
            continue
        is_fitted = name.endswith("_")
        full = len(fitted if is_fitted else parameters) >= MAX_ATTRIBUTES
        shown = cut_text(name, 100)
        if full or not budget.take(2 * len(shown)):
            more += 1
        elif is_fitted:
            fitted.append(_attribute(shown, value))
        else:
            parameters[shown] = short(value, budget)
    return parameters, tuple(fitted), more


def _attribute(name: str, node: Node) -> Attribute:
    facts = as_array(node)
    if facts is None or facts.kind == "scalar":
        kind = described(node)[1:-1] if described(node).startswith("<") else "slice"
        return Attribute(name=name, type=cut_text(kind, MAX_TEXT))
    return Attribute(
        name=name,
        type=f"{facts.kind} array" if facts.kind in {"masked", "sparse"} else "array",
        dtype=cut_text(facts.dtype),
        shape=tuple(whole(axis) for axis in facts.shape),
        bytes=whole(facts.bytes),
    )
