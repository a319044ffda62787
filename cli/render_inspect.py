"""An inspected model file as text for people: a tree of estimators, and what loading would import.

Every text in it comes from the file, and goes through `escape`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from .output import Style, escape, human_size, style
from .render import columns

if TYPE_CHECKING:
    from ..cas.operations.inspect import Inspected

_COLOURS: Final[dict[str, Style]] = {"dangerous": "red", "unknown": "yellow"}
_SHOWN_BELOW: Final = frozenset({"steps", "transformers", "transformer_list"})
_MOST_PARAMETERS: Final = 12
_MOST_FITTED: Final = 8
_MOST_CHILDREN: Final = 30
_MOST_ARRAYS: Final = 10
_MOST_GLOBALS: Final = 30
_MOST_NAMES: Final = 12
_MOST_STEPS: Final = 8
_MOST_TEXT: Final = 60
_MOST_TELLING: Final = 4
_MOST_BRIEF: Final = 20
_TELLING: Final = (
    *("C", "alpha", "n_estimators", "max_depth", "learning_rate", "num_leaves"),
    *("max_leaf_nodes", "min_samples_leaf", "n_neighbors", "kernel", "gamma", "degree"),
    *("n_components", "n_clusters", "k", "strategy", "class_weight", "max_iter", "random_state"),
)
"""Parameters of estimators, the ones first that tell most of how one was set up."""


def inspect_lines(found: Inspected, *, depth: int | None, color: bool) -> Iterator[str]:
    """The file's format, its tree, what is known of the input, the arrays, and the names, in this order."""
    yield f"{style(escape(found.artifact_path), 'bold', color=color)}  {_format_text(found)}"
    for name, version in found.libraries.items():
        yield f"  written by {escape(name)} {escape(version)}"
    if found.fingerprint is not None:
        yield f"  blake3  {found.fingerprint.blake3.hex}"
        yield f"  sha256  {found.fingerprint.sha256.hex}"
    yield ""
    if found.tree is None:
        yield "  no estimator was found in it"
    else:
        yield from _tree_lines(found.tree, depth, color)
    yield ""
    yield from _input_lines(found)
    yield from _array_lines(found)
    yield from _global_lines(found, color)
    if found.cut:
        names = ", ".join(sorted(found.cut))
        yield f"  too long to be shown in full, here and with --json: {escape(names)}"
    for problem in found.problems:
        mark = style(escape(problem["code"]), "yellow", color=color)
        yield f"  {mark}  {escape(problem['message'])} (at byte {problem['offset']})"
    if not found.complete:
        yield style("  incomplete: there may be more in the file than is shown here", "yellow", color=color)


def pipeline_text(found: Mapping[str, Any]) -> str:
    """The model on one line: `StandardScaler -> LogisticRegression(C=0.1)`, of each step the parameters that
    are tuned most (`_TELLING`)."""
    tree: Mapping[str, Any] | None = found["tree"]
    if tree is None:
        return "no estimator was found in it"
    steps: Sequence[Mapping[str, Any]] = found["pipeline_steps"]
    by_name = {child["name"]: child for child in tree["children"]}
    words = [_step_text(step, by_name.get(step["name"])) for step in steps] or [_step_text(tree, tree)]
    if len(words) > _MOST_STEPS:
        words = [*words[: _MOST_STEPS - 1], "…", words[-1]]
    kind = found["model"]["kind"] if found["model"] is not None else None
    return " -> ".join(words) + (f"  ({escape(kind)})" if kind else "")


def _step_text(step: Mapping[str, Any], node: Mapping[str, Any] | None) -> str:
    values: Mapping[str, Any] = node["parameters"] if node is not None else {}
    known = [name for name in _TELLING if isinstance(values.get(name), (int, float, str))]
    shown = ", ".join(f"{name}={_brief(values[name])}" for name in known[:_MOST_TELLING])
    return escape(step["type"] or "?") + (f"({shown})" if shown else "")


def _brief(value: object) -> str:
    text = escape(json.dumps(value) if isinstance(value, str) else repr(value))
    return text if len(text) <= _MOST_BRIEF else text[: _MOST_BRIEF - 1] + "…"


def summary_rows(found: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """A stored inspection in a few words: what it takes, what wrote it, what loading would import."""
    if found["n_features_in"] is not None:
        yield "features", str(found["n_features_in"])
    if found["libraries"]:
        yield "written by", ", ".join(f"{escape(name)} {escape(v)}" for name, v in found["libraries"].items())
    yield "names", _grade_counts(found["globals"]) + ("" if found["complete"] else "; incomplete")


def _grade_counts(found: Sequence[Mapping[str, Any]]) -> str:
    counts = {
        grade: sum(one["grade"] == grade for one in found) for grade in ("dangerous", "unknown", "known")
    }
    return ", ".join(f"{count} {grade}" for grade, count in counts.items() if count) or "none"


def _format_text(found: Inspected) -> str:
    parts = [str(found.format["container"] or "no known format")]
    if found.format["protocol"] is not None:
        parts.append(f"protocol {found.format['protocol']}")
    if found.format["compression"] is not None:
        parts.append(str(found.format["compression"]))
    return ", ".join(map(escape, parts))


def cut_tree(tree: dict[str, Any] | None, depth: int) -> dict[str, Any] | None:
    """The tree without what is deeper than `depth` below its root; what is left out is counted.

    Recursive: a tree has few levels.
    """
    if tree is None:
        return None
    children: list[dict[str, Any]] = tree["children"]
    if depth <= 0:
        more = tree.get("more_children", 0) + len(children)
        return {**tree, "children": [], **({"more_children": more} if more else {})}
    return {**tree, "children": [cut_tree(child, depth - 1) for child in children]}


def _tree_lines(root: dict[str, Any], depth: int | None, color: bool) -> Iterator[str]:
    waiting: list[tuple[dict[str, Any] | str, int]] = [(root, 0)]
    while waiting:
        one, level = waiting.pop()
        indent = "  " * (level + 1)
        if isinstance(one, str):
            yield indent + one
            continue
        yield indent + _heading(one, color)
        yield from (f"{indent}    {line}" for line in _facts(one, color))
        children: list[dict[str, Any]] = one["children"]
        more = one.get("more_children", 0)
        if depth is not None and level >= depth:
            more, children = more + len(children), []
        elif len(children) > _MOST_CHILDREN:
            # Of a long pipeline the beginning and the end, where its model is.
            more += len(children) - _MOST_CHILDREN
            children = [*children[: _MOST_CHILDREN - 1], children[-1]]
        if more:
            waiting.append((style(f"… and {more} more", "dim", color=color), level + 1))
        waiting += [(child, level + 1) for child in reversed(children)]


def _heading(one: Mapping[str, Any], color: bool) -> str:
    name = f"{escape(one['name'])}: " if one["name"] is not None else ""
    count = f"{one['count']} × " if "count" in one else ""
    role = f"  {one['role']}" if one["role"] is not None else ""
    module = f"  {escape(one['module'])}" if one["module"] is not None else ""
    again = "  (the same as above)" if one.get("seen_before") else ""
    kind = style(escape(one["type"]), "bold", color=color)
    return f"{name}{count}{kind}{role}{style(module, 'dim', color=color)}{again}"


def _facts(one: Mapping[str, Any], color: bool) -> Iterator[str]:
    if "columns" in one:
        yield f"columns {_short(one['columns'])}"
    parameters = {name: value for name, value in one["parameters"].items() if name not in _SHOWN_BELOW}
    shown = [f"{escape(name)}={_short(value)}" for name, value in list(parameters.items())[:_MOST_PARAMETERS]]
    if shown:
        yield ", ".join(shown) + _rest(len(parameters) - len(shown))
    fitted: Sequence[Mapping[str, Any]] = one["fitted"]
    learned = [_fitted_text(each) for each in fitted[:_MOST_FITTED]]
    if learned:
        yield style(f"fitted: {', '.join(learned)}{_rest(len(fitted) - len(learned))}", "dim", color=color)


def _fitted_text(each: Mapping[str, Any]) -> str:
    if "dtype" not in each:
        return f"{escape(each['name'])} ({escape(each['type'])})"
    return f"{escape(each['name'])} {escape(each['dtype'])}{each['shape']}"


def _dtype_text(dtype: str) -> str:
    """One word for a type of several fields, which `--json` spells out."""
    return "structured" if dtype[:1] in {"[", "{", "("} else escape(dtype)


def _rest(count: int) -> str:
    return f", … and {count} more" if count > 0 else ""


def _short(value: Any) -> str:
    """A value on one line, cut."""
    text = (
        value if isinstance(value, str) and value.startswith("<") else json.dumps(value, ensure_ascii=False)
    )
    shown = escape(text)
    return shown if len(shown) <= _MOST_TEXT else f"{shown[: _MOST_TEXT - 1]}…"


def _names_text(names: Sequence[Any], count: int) -> str:
    shown = ", ".join(_short(name) for name in names[:_MOST_NAMES])
    return shown + _rest(count - min(len(names), _MOST_NAMES))


def _input_lines(found: Inspected) -> Iterator[str]:
    if found.n_features_in is not None:
        yield f"  features  {found.n_features_in}"
    for label, key, names in (
        ("names   ", "feature_names_in", found.feature_names_in),
        ("classes ", "classes", found.classes),
    ):
        if names is not None:
            yield f"  {label}  {_names_text(names, found.cut.get(key, {}).get('count', len(names)))}"


def _array_lines(found: Inspected) -> Iterator[str]:
    count = found.cut.get("arrays", {}).get("count", len(found.arrays))
    if not count:
        return
    size = sum(array["bytes"] for array in found.arrays)
    at_least = "at least " if count > len(found.arrays) else ""
    yield f"  arrays    {count}, {at_least}{human_size(size)}; the largest:"
    largest = sorted(found.arrays, key=lambda array: (-array["bytes"], array["path"]))[:_MOST_ARRAYS]
    rows = [
        (
            escape(array["path"]) or ".",
            f"{_dtype_text(array['dtype'])}{array['shape']}",
            human_size(array["bytes"]),
        )
        for array in largest
    ]
    yield from columns(rows, indent="    ")


def _global_lines(found: Inspected, color: bool) -> Iterator[str]:
    by_grade: dict[str, list[dict[str, Any]]] = {"dangerous": [], "unknown": [], "known": []}
    for one in found.globals:
        by_grade[one["grade"]].append(one)
    yield f"  names that loading would import: {_grade_counts(found.globals)}"
    for name in ("dangerous", "unknown"):
        rows = by_grade[name]
        for one in rows[:_MOST_GLOBALS]:
            mark = style(name, _COLOURS[name], color=color)
            reason = f": {escape(one['reason'])}" if one["reason"] else ""
            yield f"    {mark}  {escape(one['module'])}.{escape(one['name'])}{reason}"
        if len(rows) > _MOST_GLOBALS:
            yield f"    … and {len(rows) - _MOST_GLOBALS} more {name}"
