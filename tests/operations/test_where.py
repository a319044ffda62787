"""The expressions of `log --where`: what they mean, and what is said of those that mean nothing."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from obs.cas.errors import BadExpression
from obs.cas.operations.where import (
    FIELDS,
    MAX_DEPTH,
    Both,
    Condition,
    Either,
    Expression,
    Field,
    Not,
    Subject,
    holds,
    parse,
)

RUN = Subject(
    fields={
        "status": "ok",
        "label": "diagnosis",
        "run_id": None,
        "message": 'the "first" one',
        "recorded_at": "2026-01-02T03:04:05.000000Z",
        "sequence": 7,
        "num_samples": 558,
        "num_features": None,
        "dropped_rows": 0,
    },
    metrics={
        "accuracy": 0.95,
        "loss": math.nan,
        "best": math.inf,
        "count": 3,
        "per class": {"a": 0.5, "b.c": 1},
        "x.y": 2,
        "note": None,
    },
    params={"model": {"C": 0.1, "penalty": "l2"}, "layers": [64, 32], "verbose": False, "seed": 2**70},
    diagnostics=frozenset({"MISSING_VALUES_DROPPED"}),
)
NOTHING = Subject(fields=dict.fromkeys(FIELDS), metrics=None, params=None, diagnostics=None)


@pytest.mark.parametrize(
    ("text", "truth"),
    [
        ("metrics.accuracy > 0.9 and diagnostics has MISSING_VALUES_DROPPED", True),
        ("metrics.accuracy>0.9", True),
        ("metrics.accuracy < 0.95", False),
        ("metrics.accuracy <= 0.95", True),
        ("metrics.accuracy >= .95", True),
        ("metrics.accuracy == 9.5e-1", True),
        ("metrics.count == 3.0", True),
        ('metrics.count == "3"', False),
        ("metrics.count != '3'", True),
        ("metrics.count < 'a'", None),
        ("metrics.loss == nan", True),
        ("metrics.loss != nan", False),
        ("metrics.loss < 1", False),
        ("metrics.loss >= 1", False),
        ("metrics.best == inf", True),
        ("metrics.best > 1e308", True),
        ("metrics.absent > 1", None),
        ("not metrics.absent > 1", None),
        ("metrics.absent > 1 or status == ok", True),
        ("metrics.absent > 1 and status == failed", False),
        ("metrics.absent == null", True),
        ("metrics.note == null", True),
        ("metrics.accuracy != null", True),
        ("run_id == null and label != null", True),
        ('metrics."per class".a == 0.5', True),
        ('metrics."per class"."b.c" == 1', True),
        ("metrics.x.y == 2", True),
        ('metrics."x.y" == 2', True),
        ("metrics.accuracy.a == null", True),
        ("params.model.C in (0.01, 0.1)", True),
        ("params.model.penalty in (l1)", False),
        ("params.layers contains 64", True),
        ("params.layers contains '64'", False),
        ("params.layers > 1", None),
        ("params.verbose == false", True),
        ("params.verbose == 0", False),
        ("params.verbose < 1", None),
        ("params.seed == 1180591620717411303424", True),
        ("message contains '\"first\"'", True),
        ('message contains "\\"first\\""', True),
        ("message contains second", False),
        ("message contains 1", None),
        ("status == ok or status == failed and label == x", True),
        ("(status == ok or status == failed) and label == x", False),
        ("not status == ok and label == diagnosis", False),
        ("not (status == ok and label == x)", True),
        ("not not sequence == 7", True),
        ("recorded_at >= 2026-01-02 and recorded_at < 2026-01-03", True),
        ("num_samples > 557 and num_features == null and dropped_rows == 0", True),
        ("diagnostics has LABEL_NOT_FOUND", False),
        ('not diagnostics has "LABEL_NOT_FOUND"', True),
        ("sequence in (1, 7, 9)", True),
        ("label == 'and'", False),
    ],
)
def test_what_an_expression_means(text: str, truth: bool | None) -> None:
    assert holds(parse(text), RUN) is truth


def test_nothing_is_true_of_a_run_of_which_nothing_is_known() -> None:
    for text in ("status == ok", "not status == ok", "metrics.a > 1", "diagnostics has X", "params.a in (1)"):
        assert holds(parse(text), NOTHING) is None
    assert holds(parse("status == null and params.a == null"), NOTHING) is True


@pytest.mark.parametrize(
    ("text", "column", "problem"),
    [
        ("", 1, "a field is expected"),
        ("   ", 1, "a field is expected"),
        ("metrics.accuracy >", 19, "a value is expected"),
        ("metrics.accuracy > and status == ok", 20, "a value is expected"),
        ("metrics.accuracy = 0.9", 18, "equality is written =="),
        ("accuracy > 0.9", 1, "there is no field 'accuracy'"),
        ("stauts == ok", 1, "did you mean status"),
        ("metrics > 1", 1, "there is no field 'metrics'; did you mean metrics.NAME"),
        ("status == ok extra", 14, "'and', 'or' or the end is expected"),
        ("status == ok and", 17, "a field is expected"),
        ("(status == ok", 14, "')' is expected"),
        ("status == ok)", 13, "'and', 'or' or the end"),
        ("status == 'ok", 11, "never closed"),
        ("status in ok", 11, "a list in parentheses"),
        ("status in (ok", 14, "',' or ')'"),
        ("status in ()", 12, "a value is expected"),
        ("diagnostics == X", 13, "'has' and a code"),
        ("diagnostics has", 16, "a code is expected"),
        ("status has ok", 8, "only diagnostics has codes"),
        ("status", 7, "a comparison is expected"),
        ("status ! ok", 8, "'!' means nothing"),
        ("not", 4, "a field is expected"),
        ("metrics.", 1, "there is no field"),
        ('metrics."a', 9, "never closed"),
        ("status == ok or or", 17, "a field is expected"),
    ],
)
def test_the_column_of_what_is_wrong(text: str, column: int, problem: str) -> None:
    with pytest.raises(BadExpression) as caught:
        parse(text)
    assert problem in caught.value.problem
    assert caught.value.column == column
    assert str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "(" * 100_000,
        "not " * 2_000 + "status == ok",
        "(" * (MAX_DEPTH + 1) + "status == ok" + ")" * (MAX_DEPTH + 1),
        "status == " + "9" * 1_000_000,
        "x" * 9_999,
        '"' * 9_999,
        '\\"' * 4_000,
        "status == ok and " * 500,
        "\0",
        "status == \ud800",
        "ſtatus == ok",
    ],
    ids=lambda text: f"{text[:6]!a} {len(text)}",
)
def test_hostile_expressions_are_answered_at_once(text: str) -> None:
    assert len(answer(text)) < 700


def answer(text: str) -> str:
    """What is said of an expression: of a run, or why not."""
    try:
        return str(holds(parse(text), RUN))
    except BadExpression as error:
        assert 1 <= error.column <= len(text) + 1  # noqa: PT017  # either is right
        return str(error)


def test_long_and_wide_is_no_deep_recursion() -> None:
    assert holds(parse(" or ".join(["sequence == 1"] * 500)), RUN) is False
    assert holds(parse("(" * (MAX_DEPTH - 1) + "status == ok" + ")" * (MAX_DEPTH - 1)), RUN) is True


def test_every_beginning_of_an_expression() -> None:
    text = """not (metrics."per class".a <= 0.5 or params.model.C in (1, 'a"', inf)) and diagnostics has X"""
    for end in range(len(text) + 1):
        assert answer(text[:end])


names = st.text(min_size=1, max_size=8).filter(lambda text: max(text) < "\ud800" or max(text) > "\udfff")
values: st.SearchStrategy[Any] = st.one_of(
    st.none(), st.booleans(), st.integers(-(10**30), 10**30), st.floats(), st.text(max_size=8)
)
fields = st.one_of(
    st.sampled_from(FIELDS).map(lambda name: Field(name=name)),
    st.builds(
        lambda document, path: Field(name=document, path=tuple(path)),
        st.sampled_from(["metrics", "params"]),
        st.lists(names, min_size=1, max_size=3),
    ),
)
tests = st.one_of(
    st.builds(
        lambda field, sign, value: Condition(field=field, operator=sign, values=(value,)),
        fields,
        st.sampled_from(["<", "<=", ">", ">=", "==", "!=", "contains"]),
        values,
    ),
    st.builds(
        lambda field, many: Condition(field=field, operator="in", values=tuple(many)),
        fields,
        st.lists(values, min_size=1, max_size=3),
    ),
    st.builds(
        lambda code: Condition(field=Field(name="diagnostics"), operator="has", values=(code,)),
        st.sampled_from(["MISSING_VALUES_DROPPED", "ZERO_ROWS", "and"]),
    ),
)
expressions: st.SearchStrategy[Expression] = st.recursive(
    tests,
    lambda inner: st.one_of(
        inner.map(lambda of: Not(of=of)),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: Both(parts=tuple(parts))),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: Either(parts=tuple(parts))),
    ),
    max_leaves=6,
)


def quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def written(value: Any) -> str:
    if isinstance(value, str):
        return quoted(value)
    return "null" if value is None else str(value).lower() if isinstance(value, bool) else repr(value)


def printed(expression: Expression) -> str:
    if isinstance(expression, Not):
        return f"not ({printed(expression.of)})"
    if isinstance(expression, (Both, Either)):
        word = " and " if isinstance(expression, Both) else " or "
        return word.join(f"({printed(part)})" for part in expression.parts)
    field = ".".join([expression.field.name, *(quoted(name) for name in expression.field.path)])
    if expression.operator == "in":
        return f"{field} in ({', '.join(written(value) for value in expression.values)})"
    return f"{field} {expression.operator} {written(expression.values[0])}"


@given(expressions)
def test_what_is_printed_is_parsed_back(expression: Expression) -> None:
    again = parse(printed(expression))
    assert printed(again) == printed(expression)


documents = st.dictionaries(st.sampled_from("abc"), values, max_size=3)
small = st.builds(
    lambda name, sign, value: (name, sign, value),
    st.sampled_from("abc"),
    st.sampled_from(["<", "<=", ">", ">=", "==", "!="]),
    st.one_of(st.integers(-3, 3), st.floats(-3, 3), st.sampled_from(["a", "b"]), st.booleans()),
)


@given(documents, small)
def test_a_comparison_is_that_of_python_where_that_has_one(
    document: dict[str, Any], asked: tuple[str, str, Any]
) -> None:
    name, sign, value = asked
    subject = Subject(fields={}, metrics=document, params=None, diagnostics=None)
    found = document.get(name)
    truth = holds(parse(f"metrics.{name} {sign} {json.dumps(value)}"), subject)
    kinds = {bool if isinstance(it, bool) else str if isinstance(it, str) else float for it in (found, value)}
    if found is None:
        assert truth is None
    elif len(kinds) > 1:
        assert truth is {"==": False, "!=": True}.get(sign)
    elif bool in kinds and sign not in ("==", "!="):
        assert truth is None
    else:
        compared = {"<": found < value, "<=": found <= value, ">": found > value, ">=": found >= value}
        assert truth is {**compared, "==": found == value, "!=": found != value}[sign]
