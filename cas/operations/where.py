"""The expressions of `log --where`: what has to be true of a run.

    expression   a and b, a or b, not a, (a)                    `not` binds closest, then `and`
    test         FIELD OP VALUE        OP: < <= > >= == !=
                 FIELD contains VALUE  a text has it in it, a list has it as an item
                 FIELD in (VALUE, …)
                 diagnostics has CODE
    FIELD        status label run_id message recorded_at sequence num_samples num_features dropped_rows
                 metrics.NAME params.NAME, and NAME.NAME for what is nested; NAME may be quoted
    VALUE        a number (nan, inf, -inf too), "text", 'text', true, false, null; a bare word is a text

What is not known is neither true nor false: a test of it does not hold, and its `not` does not either. Only
`== null` and `!= null` ask whether something is known. Numbers compare with numbers and texts with texts (by
code points); between others `==` is false, `!=` true, and order unknown. An expression is parsed, never
evaluated as code, and is read in time that is linear in its length.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final, NamedTuple, TypeAlias, TypeGuard

from ..errors import BadExpression
from ..format.canonical import Value
from ..format.frozen import frozen

MAX_CHARACTERS: Final = 10_000
MAX_DEPTH: Final = 50
FIELDS: Final = (
    *("status", "label", "run_id", "message", "recorded_at", "sequence"),
    *("num_samples", "num_features", "dropped_rows"),
)
DOCUMENTS: Final = ("metrics", "params")
_COMPARISONS: Final = ("<=", ">=", "==", "!=", "<", ">")
_WORDS: Final = frozenset({"and", "or", "not", "in", "has", "contains"})
_CONSTANTS: Final[dict[str, Value]] = {
    "true": True, "false": False, "null": None, "nan": math.nan, "inf": math.inf, "-inf": -math.inf,
}  # fmt: skip
_NUMBER: Final = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_TOKEN: Final = re.compile(
    r"""\s*(?:(?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
    |(?P<sign><=|>=|==|!=|<|>|=|\(|\)|,)
    |(?P<word>[^\s"'()<>=!,]+(?:"(?:[^"\\]|\\.)*"[^\s"'()<>=!,]*)*))""",
    re.VERBOSE | re.DOTALL,
)

Truth: TypeAlias = bool | None
"""None: not known."""


@frozen
class Subject:
    """What a run is asked for. A document that is not there, or cannot be read, is None."""

    fields: Mapping[str, Value]
    metrics: dict[str, Value] | None
    params: dict[str, Value] | None
    diagnostics: frozenset[str] | None


@frozen
class Field:
    """What a test is about: `path` is empty for the run's own fields, and leads into a document else."""

    name: str
    path: tuple[str, ...] = ()


@frozen
class Condition:
    """One question. `operator` is a comparison, `in`, `contains` or `has`; `values` are its right side."""

    field: Field
    operator: str
    values: tuple[Value, ...]


@frozen
class Not:
    """The opposite of what is known."""

    of: Expression


@frozen
class Both:
    """All of two or more."""

    parts: tuple[Expression, ...]


@frozen
class Either:
    """One of two or more."""

    parts: tuple[Expression, ...]


Expression: TypeAlias = "Condition | Not | Both | Either"


# ------------------------------------------------------------------ asking


def holds(expression: Expression, subject: Subject) -> Truth:
    """Whether it is true of a run, by Kleene's three-valued logic."""
    if isinstance(expression, Condition):
        return _condition(expression, subject)
    if isinstance(expression, Not):
        found = holds(expression.of, subject)
        return None if found is None else not found
    decisive = isinstance(expression, Either)
    known = True
    for part in expression.parts:
        found = holds(part, subject)
        if found is decisive:
            return decisive
        known = known and found is not None
    return (not decisive) if known else None


def conditions_of(expression: Expression) -> Iterator[Condition]:
    """Every test in it: what has to be read to answer it."""
    if isinstance(expression, Condition):
        yield expression
    elif isinstance(expression, Not):
        yield from conditions_of(expression.of)
    else:
        for part in expression.parts:
            yield from conditions_of(part)


def _condition(asked: Condition, subject: Subject) -> Truth:
    if asked.operator == "has":
        codes = subject.diagnostics
        return None if codes is None else asked.values[0] in codes
    found = _value_of(asked.field, subject)
    if asked.operator in ("==", "!=") and asked.values[0] is None:
        return (found is None) == (asked.operator == "==")
    if found is None:
        return None
    if asked.operator == "contains":
        return _contains(found, asked.values[0])
    if asked.operator == "in":
        return any(_equal(found, value) for value in asked.values)
    (value,) = asked.values
    if asked.operator in ("==", "!="):
        return _equal(found, value) == (asked.operator == "==")
    order = _order(found, value)
    return None if order is None else order(asked.operator)


def _value_of(field: Field, subject: Subject) -> Value:
    if not field.path:
        return subject.fields.get(field.name)
    found: Value = subject.metrics if field.name == "metrics" else subject.params
    for at, name in enumerate(field.path):
        if not isinstance(found, dict):
            return None
        whole = ".".join(field.path[at:])
        if whole in found:  # a key with dots in it, as it stands in the document
            return found[whole]
        found = found.get(name)
    return found


def _is_number(value: Value) -> TypeGuard[int | float]:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _equal(found: Value, value: Value) -> bool:
    if isinstance(found, float) and isinstance(value, float) and math.isnan(found) and math.isnan(value):
        return True
    return (type(found) is type(value) or (_is_number(found) and _is_number(value))) and found == value


def _order(found: Value, value: Value) -> Callable[[str], bool] | None:
    """How two values compare; None if they have no order."""
    if isinstance(found, str) and isinstance(value, str):
        less, same = found < value, found == value
    elif _is_number(found) and _is_number(value):
        less, same = found < value, found == value
        if found != found or value != value:
            return lambda _: False
    else:
        return None
    return lambda sign: (same and "=" in sign) or (not same and less == (sign[0] == "<"))


def _contains(found: Value, value: Value) -> Truth:
    if isinstance(found, str):
        return value in found if isinstance(value, str) else None
    return any(_equal(item, value) for item in found) if isinstance(found, list) else None


# ------------------------------------------------------------------ reading


class _Token(NamedTuple):
    kind: str
    text: str
    column: int
    """Counted from 1."""


def parse(text: str) -> Expression:
    """The expression that a text says. Raises BadExpression, which knows the column."""
    if len(text) > MAX_CHARACTERS:
        problem = f"an expression has at most {MAX_CHARACTERS:,} characters, and this one has {len(text):,}"
        raise BadExpression(expression=text[:80], column=MAX_CHARACTERS + 1, problem=problem)
    return _Parser(text).whole()


class _Parser:
    """Recursive descent, as deep as the parentheses and `not`s that are counted."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = list(self._cut())
        self._at = 0
        self._depth = 0

    def whole(self) -> Expression:
        found = self._either()
        if (token := self._peek()).kind != "end":
            raise self._wrong(token, "'and', 'or' or the end is expected here")
        return found

    def _cut(self) -> Iterator[_Token]:
        at, end = 0, len(self._text.rstrip())
        while at < end:
            found = _TOKEN.match(self._text, at)
            if found is None or found.lastgroup is None:
                at += len(self._text[at:]) - len(self._text[at:].lstrip())
                sign = self._text[at]
                problem = "this quote is never closed" if sign in "\"'" else f"'{sign}' means nothing here"
                raise self._wrong(_Token("end", "", at + 1), problem)
            start = found.start(found.lastgroup)
            yield _Token(found.lastgroup, found[found.lastgroup], start + 1)
            at = found.end()
        yield _Token("end", "", end + 1)

    def _peek(self) -> _Token:
        return self._tokens[self._at]

    def _next(self) -> _Token:
        token = self._tokens[self._at]
        self._at += token.kind != "end"
        return token

    def _takes(self, kind: str, text: str) -> bool:
        token = self._peek()
        if token.kind == kind and token.text == text:
            self._at += 1
            return True
        return False

    def _either(self) -> Expression:
        parts = [self._both()]
        while self._takes("word", "or"):
            parts.append(self._both())
        return parts[0] if len(parts) == 1 else Either(parts=tuple(parts))

    def _both(self) -> Expression:
        parts = [self._not()]
        while self._takes("word", "and"):
            parts.append(self._not())
        return parts[0] if len(parts) == 1 else Both(parts=tuple(parts))

    def _not(self) -> Expression:
        token = self._peek()
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise self._wrong(token, f"this is nested more than {MAX_DEPTH} deep")
        if self._takes("word", "not"):
            found: Expression = Not(of=self._not())
        elif self._takes("sign", "("):
            found = self._either()
            if not self._takes("sign", ")"):
                raise self._wrong(self._peek(), "')' is expected here")
        else:
            found = self._condition()
        self._depth -= 1
        return found

    def _condition(self) -> Condition:
        token = self._next()
        if token.kind != "word" or token.text in _WORDS:
            raise self._wrong(token, "a field is expected here, as in metrics.accuracy > 0.9")
        if token.text == "diagnostics":
            if not self._takes("word", "has"):
                raise self._wrong(self._peek(), "'has' and a code are expected here")
            return Condition(field=Field(name="diagnostics"), operator="has", values=(self._code(),))
        field = self._field(token)
        sign = self._next()
        if sign.kind == "sign" and sign.text in _COMPARISONS:
            return Condition(field=field, operator=sign.text, values=(self._value(),))
        if sign.kind == "word" and sign.text == "contains":
            return Condition(field=field, operator="contains", values=(self._value(),))
        if sign.kind == "word" and sign.text == "in":
            return Condition(field=field, operator="in", values=self._list())
        if sign.text == "=":
            raise self._wrong(sign, "equality is written ==")
        if sign.text == "has":
            raise self._wrong(sign, "only diagnostics has codes; of a text or list ask whether it contains")
        raise self._wrong(sign, "a comparison is expected here: < <= > >= == != in contains")

    def _field(self, token: _Token) -> Field:
        name, dot, rest = token.text.partition(".")
        if not dot and name in FIELDS:
            return Field(name=name)
        if dot and name in DOCUMENTS and rest:
            path = tuple(_unquoted(part) for part in re.findall(r'"(?:[^"\\]|\\.)*"|[^."]+', rest))
            if path and all(path):
                return Field(name=name, path=path)
        from difflib import get_close_matches

        known = [*FIELDS, *(f"{document}.NAME" for document in DOCUMENTS), "diagnostics"]
        near = get_close_matches(token.text, known, 1)
        ask = f"; did you mean {near[0]}?" if near else f"; there are {', '.join(known)}"
        raise self._wrong(token, f"there is no field '{token.text[:40]}'{ask}")

    def _code(self) -> str:
        token = self._next()
        if token.kind not in ("word", "text") or token.text in _WORDS:
            raise self._wrong(token, "a code is expected here, as in MISSING_VALUES_DROPPED")
        return _unquoted(token.text)

    def _value(self) -> Value:
        token = self._next()
        if token.kind == "text":
            return _unquoted(token.text)
        if token.kind != "word" or token.text in _WORDS:
            raise self._wrong(token, 'a value is expected here: a number, a word or "a text"')
        if token.text in _CONSTANTS:
            return _CONSTANTS[token.text]
        if _NUMBER.fullmatch(token.text):
            return _number(token.text)
        return _unquoted(token.text)

    def _list(self) -> tuple[Value, ...]:
        if not self._takes("sign", "("):
            raise self._wrong(self._peek(), "a list in parentheses is expected here, as in (1, 2)")
        values = [self._value()]
        while self._takes("sign", ","):
            values.append(self._value())
        if not self._takes("sign", ")"):
            raise self._wrong(self._peek(), "',' or ')' is expected here")
        return tuple(values)

    def _wrong(self, token: _Token, problem: str) -> BadExpression:
        return BadExpression(expression=self._text, column=token.column, problem=problem)


def _number(text: str) -> Value:
    """An int if it is written as one. (One of thousands of digits is as far from any count as infinity.)"""
    if text.lstrip("+-").isdigit() and len(text) <= 40:
        return int(text)
    return float(text)


def _unquoted(text: str) -> str:
    if text[:1] not in ("'", '"'):
        return text
    return re.sub(r"\\(.)", r"\1", text[1:-1], flags=re.DOTALL)
