"""The language of --where: what it means, that it can be written back, and that nothing breaks it."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from obs.cas.errors import BadExpression
from obs.cas.format.canonical import Value
from obs.cas.operations.expressions import (
    FIELDS,
    And,
    Comparison,
    Constant,
    Contains,
    Expression,
    Has,
    In,
    Name,
    Not,
    Or,
    names_in,
    to_text,
)
from obs.cas.operations.matching import UNREADABLE, Known, Subject, matches
from obs.cas.operations.where import MAX_CHARACTERS, MAX_DEPTH, parse

METRICS: dict[str, Value] = {
    "accuracy": 0.95,
    "n": 100,
    "a b": 1,
    "diverged": math.nan,
    "huge": math.inf,
    "nothing": None,
    "good": True,
    "macro": {"f1-score": 0.5, "0": 3},
    "list": [1],
    "word": "0.95",
    "big": 2**53 + 1,
}
VALUES: dict[str, Known] = {
    "sequence": 3,
    "recorded_at": "2025-03-03T09:00:00.000000Z",
    "message": 'a "first" try\n',
    "run_id": None,
    "status": "ok",
    "label": "diagnosis",
    "num_samples": 558,
    "num_features": 30,
    "dropped_rows": None,
    "metrics": METRICS,
    "params": {"seed": 42, "metrics": "x"},
}
SUBJECT = Subject(values=VALUES, codes=frozenset({"MISSING_VALUES_DROPPED"}))

# By hand, from the grammar and the rules in the docstrings. None: it is not known.
ANSWERS: list[tuple[str, bool | None]] = [
    ("metrics.accuracy > 0.9", True),
    ("metrics.accuracy > 0.95", False),
    ("metrics.accuracy >= .95", True),
    ("0.9 < metrics.accuracy", True),
    ("metrics.n == 1e2", True),
    ("metrics.n == 100.0 and metrics.n != -100", True),
    ("metrics.big == 9007199254740992", False),
    ("metrics.big > 9007199254740992.0", True),
    ('metrics."a b" == 1', True),
    ("metrics.'a b' == 1", True),
    ("metrics.macro.f1-score <= 0.5", True),
    ("metrics.macro.0 == 3", True),
    ("metrics.macro == 3", None),
    ("metrics.list == 1", None),
    ("metrics.macro != null", True),
    ("metrics.accuracy.deeper > 1", None),
    ("metrics.absent > 1", None),
    ("not metrics.absent > 1", None),
    ("metrics.absent != 1", None),
    ("metrics.absent == null", True),
    ("metrics.nothing == null", True),
    ("metrics.nothing > null", None),
    ("metrics.accuracy == null", False),
    ("null != metrics.accuracy", True),
    ("run_id == null and dropped_rows == null", True),
    ("run_id == metrics.absent", None),
    ("metrics.diverged == nan", True),
    ("metrics.diverged != nan", False),
    ("metrics.accuracy == nan", False),
    ("metrics.diverged < 1 or metrics.diverged >= 1", False),
    ("metrics.huge == inf", True),
    ("metrics.huge > -inf", True),
    ("metrics.good == true", True),
    ("metrics.good == 1", None),
    ("metrics.good > false", None),
    ("metrics.word == 0.95", None),
    ("metrics.word == '0.95'", True),
    ("params.metrics == 'x'", True),
    ("params.seed > metrics.n", False),
    ("status == 'ok'", True),
    ("status in ('failed', 'cancelled')", False),
    ("not status in ('failed', \"cancelled\")", True),
    ("status in (1, 'ok')", True),
    ("status in (1, 'no')", None),
    ("run_id in ('a', null)", True),
    ("run_id in ('a', 'b')", None),
    ("recorded_at >= '2025-03-03' and recorded_at < '2025-03-04'", True),
    (r"""message contains '"first"'""", True),
    (r"""message contains "\"first\" try\n" """, True),
    ("sequence contains '3'", None),
    ("diagnostics has MISSING_VALUES_DROPPED", True),
    ("diagnostics has 'LABEL_NOT_FOUND'", False),
    ("metrics.absent > 1 or status == 'ok'", True),
    ("metrics.absent > 1 or status == 'no'", None),
    ("metrics.absent > 1 and status == 'no'", False),
    ("metrics.absent > 1 and status == 'ok'", None),
    # `and` binds more than `or`, `not` more than both
    ("status == 'ok' or status == 'ok' and status == 'no'", True),
    ("(status == 'ok' or status == 'ok') and status == 'no'", False),
    ("not status == 'ok' or status == 'ok'", True),
    ("not (status == 'ok' or status == 'ok')", False),
    ("NOT status == 'no' AND num_samples==558", True),
    ("\tnot\nnot(status=='ok')", True),
]


@pytest.mark.parametrize(("text", "answer"), ANSWERS, ids=[text for text, _ in ANSWERS])
def test_what_an_expression_means(text: str, answer: bool | None) -> None:
    assert matches(parse(text), SUBJECT) is answer


@pytest.mark.parametrize(
    "text", ["metrics.a == null", "metrics.a > 1", "diagnostics has A", "num_samples == null"]
)
@pytest.mark.parametrize("negated", [False, True])
def test_of_what_cannot_be_read_nothing_is_known(text: str, negated: bool) -> None:
    damaged = Subject(values={"metrics": UNREADABLE, "num_samples": UNREADABLE})
    assert matches(parse(f"not {text}" if negated else text), damaged) is None


def test_the_fields_that_an_expression_needs() -> None:
    found = names_in(
        parse("metrics.a > params.b or not (diagnostics has X and label in ('a')) or message contains 'x'")
    )
    assert found == {"metrics", "params", "diagnostics", "label", "message"}


# (text, the column of the error counted from 1, a word of what is said)
MISTAKES: list[tuple[str, int, str]] = [
    ("", 1, "expected"),
    ("   ", 4, "expected"),
    ("status = 'ok'", 8, "did you mean '=='?"),
    ("status == ok", 11, "quotes"),
    ("metrics.a > 1 && status == 'ok'", 15, "write 'and'"),
    ("metrics.a <> 1", 11, "write '!='"),
    ("! status == 'ok'", 1, "write 'not'"),
    ("metrics > 1", 8, "metrics.NAME"),
    ("metrics. > 1", 9, "key"),
    ("metric.a > 1", 1, "did you mean 'metrics'?"),
    ("num_sample > 1", 1, "did you mean 'num_samples'?"),
    ("status.x == 1", 1, "no keys"),
    ("metrics.a", 10, "comparison"),
    ("metrics.a >", 12, "name or a value"),
    ("metrics.a > 1 status", 15, "'and', 'or' or the end"),
    ("(metrics.a > 1", 15, "')'"),
    ("metrics.a > 1)", 14, "the end"),
    ("1 < 2", 1, "one side has to be a name"),
    ("1 < metrics.a < 2", 15, "chain"),
    ("label == 'a", 10, "not closed"),
    (r"label == 'a\q'", 12, "backslash"),
    ("label in ()", 11, "value"),
    ("label in 'a'", 10, "'('"),
    ("label in ('a' 'b')", 15, "','"),
    ("label in (status)", 17, "value"),
    ("message contains 1", 18, "text in quotes"),
    ("message has X", 9, "contains"),
    ("diagnostics == 'X'", 13, "'has'"),
    ("diagnostics has lower", 17, "code"),
    ("metrics.a > 1.2.3", 13, "no expression"),
    ("metrics.a > 12abc", 13, "no expression"),
    ("metrics.a > " + "9" * 101, 13, "at most 100"),
    ("__import__('os')", 1, "no field"),
    ("metrics.a > 1; x", 14, "no expression"),
    ("metrics.a > \N{FULLWIDTH DIGIT ONE}", 13, "no expression"),
    ("a\N{COMBINING ACUTE ACCENT} == 1", 1, "no field"),
    ("\0", 1, "no expression"),
    ("\udc80", 1, "no expression"),
]


@pytest.mark.parametrize(
    ("text", "column", "words"), MISTAKES, ids=[ascii(text[:40]) for text, *_ in MISTAKES]
)
def test_a_mistake_is_pointed_at(text: str, column: int, words: str) -> None:
    with pytest.raises(BadExpression) as caught:
        parse(text)
    assert (caught.value.column, caught.value.exit_code) == (column, 2)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "(" * 100_000,
        "not " * 2_000,
        "(" * (MAX_DEPTH + 1) + "status == 'ok'" + ")" * (MAX_DEPTH + 1),
        "x" * 1_000_000,
        "'" * MAX_CHARACTERS,
        "1" * (MAX_CHARACTERS - 1) + "x",
        "metrics" + ".a" * 4_000,
    ],
    ids=lambda text: f"{text[:8]}... {len(text)}",
)
def test_large_and_deep_expressions_are_refused(text: str) -> None:
    with pytest.raises(BadExpression):
        parse(text)


def test_what_is_as_deep_and_long_as_may_be_is_understood() -> None:
    deep = "(" * MAX_DEPTH + "status == 'ok'" + ")" * MAX_DEPTH
    assert matches(parse(deep), SUBJECT) is True
    long = " or ".join(["status == 'no'"] * 500)
    assert matches(parse(long), SUBJECT) is False


def mistake_in(text: str) -> int | None:
    """The column that the error points at, None if there is none."""
    try:
        parse(text)
    except BadExpression as error:
        return error.column
    return None


@pytest.mark.parametrize("text", [text for text, _ in ANSWERS])
def test_every_beginning_is_an_expression_or_an_error(text: str) -> None:
    for end in range(len(text)):
        column = mistake_in(text[:end])
        assert column is None or 1 <= column <= end + 1


@given(st.text(st.sampled_from("metrics.a\"'\\ ()<>=!&|,-+.0129eEnotandori\n\0\udc80é٣")))
def test_any_text_is_an_expression_or_an_error(text: str) -> None:
    column = mistake_in(text)
    assert column is None or 1 <= column <= len(text) + 1
    if column is None:
        assert to_text(parse(to_text(parse(text)))) == to_text(parse(text))


# ------------------------------------------------------------------ trees, at random

# NaN equals no NaN, so trees with it could not be compared.
numbers = st.integers(-(10**20), 10**20) | st.floats(allow_nan=False)
scalars = st.none() | st.booleans() | numbers | st.text(max_size=5)
keys = st.sampled_from(["accuracy", "n", "absent", "nothing", "good", "word", "a b"]) | st.text(max_size=4)
fields = st.sampled_from(FIELDS).map(lambda name: (name,))
roots = st.sampled_from(["metrics", "params"])
paths = fields | st.tuples(roots, keys) | st.tuples(roots, keys, keys)
names = st.builds(Name, path=paths)
constants = st.builds(Constant, value=scalars | st.sampled_from(["ok", 0.95, 100, 42]))
signs = st.sampled_from(["<", "<=", ">", ">=", "==", "!="])
conditions: st.SearchStrategy[Expression] = st.one_of(
    st.builds(Comparison, left=names, operator=signs, right=names | constants),
    st.builds(Comparison, left=constants, operator=signs, right=names),
    st.builds(In, name=names, values=st.lists(constants, min_size=1, max_size=3).map(tuple)),
    st.builds(Contains, name=names, text=st.text(max_size=3)),
    st.builds(Has, code=st.sampled_from(["MISSING_VALUES_DROPPED", "ZERO_ROWS"])),
)


def larger(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    several = st.lists(inner, min_size=2, max_size=3).map(tuple)
    return st.builds(Not, part=inner) | st.builds(And, parts=several) | st.builds(Or, parts=several)


expressions = st.recursive(conditions, larger, max_leaves=8)


@given(expressions)
def test_what_is_written_is_read_as_the_same(expression: Expression) -> None:
    assert parse(to_text(expression)) == expression


SIGNS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def oracle(one: Expression, values: dict[str, Any], codes: set[str]) -> set[bool]:
    """The answers that are possible, if an unknown value may be anything: Kleene's logic, by sets."""

    def look(side: Name | Constant) -> Any:
        if isinstance(side, Constant):
            return side.value
        found: Any = values
        for part in side.path:
            found = cast("dict[str, Any]", found).get(part) if isinstance(found, dict) else None
        return found

    def compared(sign: str, left: Any, right: Any, null_is_asked: bool) -> set[bool]:
        if left is None or right is None:
            if not null_is_asked or sign not in ("==", "!="):
                return {True, False}
            return {(left is None and right is None) == (sign == "==")}
        kinds = {"number" if type(side) in (int, float) else type(side).__name__ for side in (left, right)}
        if len(kinds) > 1 or kinds & {"list", "dict"} or (sign in SIGNS and kinds == {"bool"}):
            return {True, False}
        if sign in SIGNS:
            return {SIGNS[sign](left, right)}
        return {
            (left == right or (math.isnan(left) and math.isnan(right) if kinds == {"number"} else False))
            == (sign == "==")
        }

    if isinstance(one, Comparison):
        asked = Constant(value=None) in (one.left, one.right)
        return compared(one.operator, look(one.left), look(one.right), asked)
    if isinstance(one, In):
        found = [compared("==", look(one.name), item.value, item.value is None) for item in one.values]
        return {True} if {True} in found else {False} if all(f == {False} for f in found) else {True, False}
    if isinstance(one, Contains):
        text = look(one.name)
        return {one.text in text} if isinstance(text, str) else {True, False}
    if isinstance(one, Has):
        return {one.code in codes}
    if isinstance(one, Not):
        return {not answer for answer in oracle(one.part, values, codes)}
    parts = [oracle(part, values, codes) for part in one.parts]
    decisive = isinstance(one, Or)
    if any(part == {decisive} for part in parts):
        return {decisive}
    return {not decisive} if all(part == {not decisive} for part in parts) else {True, False}


@given(expressions)
def test_it_means_what_plain_python_would_make_of_it(expression: Expression) -> None:
    possible = oracle(expression, dict(VALUES), set(SUBJECT.codes or ()))
    answer = matches(expression, SUBJECT)
    assert answer is (next(iter(possible)) if len(possible) == 1 else None)
