"""What a model file holds, as one plain map: what `obs inspect` prints.

The map depends on the bytes of the file and on the limits of reading only. It is made of None, bool, int,
float, str, lists and maps, in the order in which a person would ask; docs/inspect.md lists its keys. Lists
are cut at fixed numbers; `cut` then has their full count and the digest of all their rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ...format.canonical import Value
from .budget import Budget
from .components import is_word, named_items
from .containers import ModelGraph
from .estimators import Attribute, Estimator, estimator_tree, fitted_value, type_of
from .grades import grade
from .limits import DEFAULT, Deadline, Limits, Problem
from .nodes import Call, Global, List, Node, class_of
from .roles import COMPOSITION, MODEL_SELECTION, PREPARING_ROLES, kind_of, role_of
from .survey import ROW_STEPS, CutList, survey
from .values import MAX_WHOLE, Names, attributes, cut_text, names_of, text_value

MAX_GLOBALS: Final = 1_000
MAX_STEPS: Final = 1_000
_FLAT_ESTIMATORS: Final = 1
_MAX_HOPS: Final = 64
_COMPUTED: Final = "is a name that is put together only when the file is loaded"
_RANKS: Final = {"dangerous": 0, "unknown": 1, "known": 2}
_FINAL: Final = ("best_estimator_", "estimator_", "estimator", "base_estimator")
_INPUTS: Final = ("best_estimator_", "regressor_", "estimator_")
_TRANSFORMERS: Final = frozenset({"transformer_list", "transformers", "transformers_"})
_INNER: Final = frozenset(
    {
        "base_estimator", "best_estimator_", "calibrated_classifiers_", "estimator", "estimator_",
        "estimators", "estimators_", "regressor", "regressor_", "steps", "transformer_list", "transformers",
        "transformers_",
    }
)  # fmt: skip
"""The attributes through which data go on to the model; a label encoder beside it prepares none of them."""


def summarise(
    graph: ModelGraph, *, limits: Limits = DEFAULT, net: Deadline | None = None
) -> dict[str, Value]:
    """The map of everything that is told of a file, but for its path and its own digests.

    A problem TIME says that the clock has cut it short: that is nothing to be stored. `net` is that of
    reading, if both are to take no longer together.
    """
    budget = Budget(steps=limits.steps, net=net or Deadline(limits.seconds))
    roots = graph.roots or graph.partial
    tree = estimator_tree(roots, budget) if roots else None
    chain = _chain(tree, budget)
    steps = _steps(chain, budget)
    cut: dict[str, Value] = {}
    n_features = _features(chain, budget)
    features = _feature_names(chain, budget)
    classes = _classes(chain, budget)
    seen = survey((*roots, *graph.embedded), _FLAT_ESTIMATORS, budget)  # last: it may take all that is left
    globals_ = CutList(MAX_GLOBALS)
    for row in _graded(graph.globals):
        globals_.add(row)
    for name, rows in (("arrays", seen.arrays), ("globals", globals_), ("pipeline_steps", steps)):
        digest = rows.digest()
        if digest is not None:
            cut[name] = {"count": rows.count, "blake3": digest.hex()}
    for name, names in (("feature_names_in", features), ("classes", classes)):
        if names is not None and names.total > len(names.shown):
            cut[name] = {"count": names.total}
    if budget.spent:
        cut["texts"] = {}
    return {
        "pipeline_steps": steps.rows,
        "step_count": steps.count,
        "has_preprocessing": tree is not None and _prepares(tree),
        "model": _model(chain),
        "tree": tree_value(tree) if tree is not None else None,
        "estimator_count": seen.estimator_count,
        "n_features_in": n_features,
        "feature_names_in": list(features.shown) if features is not None else None,
        "classes": list(classes.shown) if classes is not None else None,
        "libraries": _libraries(graph, seen.versions),
        "format": {
            "container": graph.format.container,
            "protocol": graph.format.protocol,
            "compression": graph.format.compression,
        },
        "arrays": seen.arrays.rows,
        "globals": globals_.rows,
        "complete": graph.complete and not budget.exhausted,
        "problems": [
            {"code": found.code, "message": cut_text(found.message), "offset": found.offset}
            for found in (*graph.problems, *_untold(budget, graph.problems))
        ],
        "cut": cut,
    }


def _libraries(graph: ModelGraph, versions: tuple[str, ...]) -> dict[str, Value]:
    found: dict[str, Value] = {"scikit-learn": ", ".join(versions)} if versions else {}
    if graph.format.writer is not None:
        found["skops"] = cut_text(graph.format.writer, 40)
    return found


def _untold(budget: Budget, problems: tuple[Problem, ...]) -> Iterator[Problem]:
    """That more was read than is told, and why."""
    if budget.timed_out and not any(known.code == "TIME" for known in problems):
        yield Problem("TIME", "telling what was read took too long", 0)
    elif budget.exhausted:
        yield Problem("STEPS", "more was read than can be told: it is put together in an unusual way", 0)


def tree_value(tree: Estimator) -> Value:
    """The tree as nested maps. What is not known of an estimator, beyond what interface.md promises, is not
    there. (Recursive: a tree is at most MAX_DEPTH deep.)"""
    found: dict[str, Value] = {
        "name": tree.name,
        "type": tree.type,
        "module": tree.module,
        "role": tree.role,
        "parameters": tree.parameters,
        "fitted": [_attribute(one) for one in tree.fitted],
        "children": [tree_value(child) for child in tree.children],
    }
    more: tuple[tuple[str, Value], ...] = (
        ("attribute", tree.attribute),
        ("columns", tree.columns),
        ("count", tree.count if tree.count > 1 else None),
        ("n_features_in", tree.n_features_in),
        ("feature_names_in", _names(tree.feature_names_in)),
        ("classes", _names(tree.classes)),
        ("version", tree.version),
        ("seen_before", tree.seen_before or None),
        ("more_attributes", tree.more_attributes or None),
        ("more_children", tree.more_children or None),
    )
    found.update({key: value for key, value in more if value is not None})
    return found


def _attribute(one: Attribute) -> Value:
    found: dict[str, Value] = {"name": one.name, "type": one.type}
    if one.dtype is not None and one.shape is not None:
        found |= {"dtype": one.dtype, "shape": list(one.shape), "bytes": one.bytes}
    return found


def _names(names: Names | None) -> Value:
    return None if names is None else {"count": names.total, "first": names.shown[:20]}


# ------------------------------------------------------------------ the model


def _chain(tree: Estimator | None, budget: Budget) -> list[Node]:
    """From the object that the file is about to its final model: through pipelines and searches.

    Of a dict or list of models the one that leads to a model, if only one does. The last may be a word
    ("passthrough"). Empty if there is no such object.
    """
    if tree is None:
        return []
    if isinstance(tree.node, Call):
        return _followed(tree.node, budget)
    found: list[list[Node]] = []
    waiting = [tree]
    while waiting:
        for child in waiting.pop().children:
            if isinstance(child.node, Call):
                chain = _followed(child.node, budget)
                if not child.seen_before and _model(chain) is not None:
                    found.append(chain)
            else:
                waiting.append(child)
    return found[0] if len(found) == 1 else []


def _followed(node: Node, budget: Budget) -> list[Node]:
    chain: list[Node] = []
    while len(chain) < _MAX_HOPS and not any(node is before for before in chain):
        chain.append(node)
        known = attributes(node, budget) or {}
        if "steps" in known:
            steps = named_items(known["steps"], budget)
            if not steps:
                break
            node = steps[-1][1]
            continue
        cls = class_of(node)
        if cls is None or kind_of(cls.module, cls.name) is not None:
            break
        if role_of(cls.module, cls.name) not in {COMPOSITION, MODEL_SELECTION}:
            break
        inner = next((known[name] for name in _FINAL if isinstance(known.get(name), Call)), None)
        if inner is None:
            break
        node = inner
    return chain


def _model(chain: list[Node]) -> Value:
    """Type, module and kind of the final estimator; None if what comes last prepares data, or is none."""
    cls = class_of(chain[-1]) if chain else None
    if cls is None:
        return None
    role = role_of(cls.module, cls.name)
    kind = kind_of(cls.module, cls.name)
    if kind is None and (role in PREPARING_ROLES or role in {COMPOSITION, MODEL_SELECTION}):
        return None
    return {"type": cut_text(cls.name), "module": cut_text(cls.module), "kind": kind}


def _steps(chain: list[Node], budget: Budget) -> CutList:
    """The steps of the first pipeline on the way to the model."""
    rows = CutList(MAX_STEPS)
    objects = (attributes(node, budget) or {} for node in chain)
    pipeline = next((known for known in objects if "steps" in known), None)
    for step in named_items(pipeline["steps"], budget) if pipeline else ():
        if not budget.spend(ROW_STEPS):
            break
        cls = class_of(step[1])
        kind, module = type_of(step[1])
        rows.add({"name": text_value(step[0]), "type": kind, "module": module if cls is not None else None})
    return rows


def _prepares(tree: Estimator) -> bool:
    """Whether something on the way to the model prepares the data.

    An unknown class does so as a step that is not the last, and beside others: it can only be a transformer.
    """
    waiting = [tree]
    while waiting:
        one = waiting.pop()
        if one.role in PREPARING_ROLES:
            return True
        last = len(one.children) - 1
        for number, child in enumerate(one.children):
            if child.attribute is not None and child.attribute not in _INNER:
                continue
            transforms = child.attribute in _TRANSFORMERS or (child.attribute == "steps" and number < last)
            if transforms and child.role is None and child.module is not None:
                return True
            waiting.append(child)
    return False


def _input(chain: list[Node], name: str, budget: Budget) -> Node:
    """An attribute that tells of the input, of the first object that data come to and that has it."""
    node = chain[0] if chain else None
    for _ in range(_MAX_HOPS):
        known = attributes(node, budget) or {}
        value = fitted_value(node, known, name)
        if value is not None:
            return value
        entries = named_items(known.get("steps") or known.get("transformer_list"), budget)
        inner = [entry[1] for entry in entries if not is_word(entry[1])]
        inner += [known[one] for one in _INPUTS if isinstance(known.get(one), Call)]
        several = known.get("estimators_")
        inner += several[:1] if isinstance(several, List) else []
        if not inner:
            break
        node = inner[0]
    return None


def _features(chain: list[Node], budget: Budget) -> int | None:
    value = _input(chain, "n_features_in_", budget)
    return value if type(value) is int and 0 <= value <= MAX_WHOLE else None


def _feature_names(chain: list[Node], budget: Budget) -> Names | None:
    value = _input(chain, "feature_names_in_", budget)
    return names_of(value, budget) if value is not None else None


def _classes(chain: list[Node], budget: Budget) -> Names | None:
    for node in chain:
        value = fitted_value(node, attributes(node, budget) or {}, "classes_")
        if value is not None:
            return names_of(value, budget)
    return None


# ------------------------------------------------------------------ globals


def _graded(found: tuple[Global, ...]) -> list[Value]:
    """A row for each name, what is dangerous first, so that no cut hides it; sorted and unique."""
    rows: dict[tuple[int, str, str], Value] = {}
    for one in found:
        if one.dynamic:
            level, reason = "dangerous", _COMPUTED
        else:
            graded = grade(one.module, one.name)
            level, reason = graded.grade, graded.reason or ""
        module, name = cut_text(one.module), cut_text(one.name)
        rows[(_RANKS[level], module, name)] = {
            "module": module,
            "name": name,
            "grade": level,
            "reason": reason or None,
        }
    return [rows[key] for key in sorted(rows)]
