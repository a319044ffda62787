"""The language of `obs log --where`: from text to an expression. It is parsed, and never run as code.

    expression  =  conjunction { "or" conjunction }
    conjunction =  negation { "and" negation }
    negation    =  "not" negation  |  "(" expression ")"  |  condition
    condition   =  operand ("<" | "<=" | ">" | ">=" | "==" | "!=") operand
                |  name "in" "(" value { "," value } ")"
                |  name "contains" text
                |  "diagnostics" "has" (CODE | text)
    operand     =  name | value
    value       =  number | text | "true" | "false" | "null" | "nan" | "inf" | "-inf"
    name        =  FIELD | ("metrics" | "params") "." key { "." key }

A key is letters, digits, `_` and `-`, or a quoted text. Text stands in `'` or `"`; a backslash goes before
a quote or a backslash, and `\\n` and `\\t` are what they are elsewhere. Words of the language may be in any
case. Law: `parse(to_text(expression)) == expression`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Final, NoReturn, cast

from ..format.frozen import row
from ..format.names import is_code
from .expressions import (
    DIAGNOSTICS,
    FIELDS,
    KEY,
    MAPS,
    And,
    Comparison,
    Constant,
    Contains,
    Expression,
    Has,
    In,
    Name,
    Not,
    Operand,
    Operator,
    Or,
    Scalar,
)

MAX_CHARACTERS: Final = 10_000
MAX_DEPTH: Final = 50
"""Of parentheses and `not` within each other."""
_MAX_DIGITS: Final = 100
_WORDS: Final = ("and", "or", "not", "in", "contains", "has", "true", "false", "null", "nan", "inf")
_MISTAKES: Final = {
    "=": "did you mean '=='?",
    "&&": "write 'and'",
    "&": "write 'and'",
    "||": "write 'or'",
    "|": "write 'or'",
    "<>": "write '!='",
    "!": "write 'not', or '!=' between two values",
}
_TOKEN: Final = re.compile(
    r"""(?P<space>\s+)
    | (?P<comparison><=|>=|==|!=|<(?!>)|>)
    | (?P<mark>[(),])
    | (?P<number>[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?(?![\w.]))
    | (?P<inf>[+-]inf\b)
    | (?P<quote>["'])
    | (?P<word>[^\W\d]\w*)
    | (?P<mistake>&&|\|\||<>|[=&|!])""",
    re.VERBOSE,
)
_ESCAPES: Final = {"n": "\n", "t": "\t", "\\": "\\", "'": "'", '"': '"'}


@row
class _Token:
    """`kind`: name, value, word, comparison, mark, end; `at` counts from 0."""

    kind: str
    text: str
    at: int
    meaning: Name | Constant | None = None


def parse(text: str) -> Expression:
    """The expression. Raises BadExpression, which points at the column of what is wrong."""
    if len(text) > MAX_CHARACTERS:
        from ..errors import BadExpression

        problem = f"the expression has more than {MAX_CHARACTERS} characters"
        raise BadExpression(text="", column=1, problem=problem)
    parser = _Parser(text)
    found = parser.either(0)
    parser.expect_end()
    return found


class _Parser:
    """Reads one expression, a token ahead. Only `(` and `not` go deeper, and MAX_DEPTH bounds them."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = self._read()
        self._next = next(self._tokens)

    # -------------------------------------------------------------- grammar

    def either(self, depth: int) -> Expression:
        parts = [self._all(depth)]
        while self._take("word", "or"):
            parts.append(self._all(depth))
        return Or(parts=tuple(parts)) if len(parts) > 1 else parts[0]

    def _all(self, depth: int) -> Expression:
        parts = [self._negation(depth)]
        while self._take("word", "and"):
            parts.append(self._negation(depth))
        return And(parts=tuple(parts)) if len(parts) > 1 else parts[0]

    def _negation(self, depth: int) -> Expression:
        if depth > MAX_DEPTH:
            self._fail(f"parentheses and 'not' are nested more than {MAX_DEPTH} deep")
        if self._take("word", "not"):
            return Not(part=self._negation(depth + 1))
        if self._take("mark", "("):
            found = self.either(depth + 1)
            if not self._take("mark", ")"):
                self._fail("expected 'and', 'or' or ')'")
            return found
        return self._condition()

    def _condition(self) -> Expression:
        start = self._next
        left = self._operand("a name, a value, 'not' or '('")
        if isinstance(left, Name):
            if left.path == (DIAGNOSTICS,):
                return self._has()
            if self._take("word", "in"):
                return self._in(left)
            if self._take("word", "contains"):
                return Contains(name=left, text=self._contained())
            if self._next.text == "has":
                self._fail("only 'diagnostics' has anything", "of a text: 'contains'")
        operator = self._next
        if operator.kind != "comparison":
            self._fail("expected a comparison, as '=='" + (", 'in' or 'contains'" * isinstance(left, Name)))
        self._advance()
        right = self._operand("a name or a value")
        if isinstance(right, Name) and right.path == (DIAGNOSTICS,):
            self._fail_at(operator.at, "diagnostics cannot be compared", "write 'diagnostics has CODE'")
        if isinstance(left, Constant) and isinstance(right, Constant):
            self._fail_at(start.at, "one side has to be a name", _hint_names())
        if self._next.kind == "comparison":
            self._fail("comparisons do not chain", "write 'A < B and B < C'")
        return Comparison(left=left, operator=cast("Operator", operator.text), right=right)

    def _has(self) -> Expression:
        if not self._take("word", "has"):
            self._fail("expected 'has' after 'diagnostics'")
        code = self._next
        text = code.meaning.value if isinstance(code.meaning, Constant) else code.text
        if code.kind not in ("bare", "value") or not isinstance(text, str) or not is_code(text):
            self._fail("expected the code of a diagnostic, as MISSING_VALUES_DROPPED")
        self._advance()
        return Has(code=text)

    def _in(self, name: Name) -> Expression:
        if not self._take("mark", "("):
            self._fail("expected '(' after 'in'")
        values: list[Constant] = []
        while True:
            found = self._operand("a value")
            if isinstance(found, Name):
                self._fail("expected a value before this", "names do not stand in a list")
            values.append(found)
            if self._take("mark", ")"):
                return In(name=name, values=tuple(values))
            if not self._take("mark", ","):
                self._fail("expected ',' or ')'")

    def _contained(self) -> str:
        meaning = self._next.meaning
        if not isinstance(meaning, Constant) or not isinstance(meaning.value, str):
            self._fail("expected a text in quotes after 'contains'")
        self._advance()
        return meaning.value

    def _operand(self, wanted: str) -> Operand:
        token = self._next
        if token.kind == "bare":
            from difflib import get_close_matches  # for a mistake alone

            near = get_close_matches(token.text, (*FIELDS, *MAPS, DIAGNOSTICS), 1)
            hint = f"did you mean '{near[0]}'?" if near else f"a text stands in quotes; {_hint_names()}"
            self._fail(f"no field is called '{token.text[:40]}'", hint)
        if token.meaning is None:
            self._fail(f"expected {wanted}")
        self._advance()
        return token.meaning

    def expect_end(self) -> None:
        if self._next.kind != "end":
            self._fail("expected 'and', 'or' or the end")

    # -------------------------------------------------------------- tokens

    def _advance(self) -> None:
        self._next = next(self._tokens)

    def _take(self, kind: str, text: str) -> bool:
        if (self._next.kind, self._next.text) != (kind, text):
            return False
        self._advance()
        return True

    def _fail(self, problem: str, hint: str | None = None) -> NoReturn:
        self._fail_at(self._next.at, problem, hint)

    def _fail_at(self, at: int, problem: str, hint: str | None = None) -> NoReturn:
        from ..errors import BadExpression  # for a mistake alone

        raise BadExpression(text=self._text, column=at + 1, problem=problem, hint=hint)

    def _read(self) -> Iterator[_Token]:
        at = 0
        while at < len(self._text):
            found = _TOKEN.match(self._text, at)
            kind = found.lastgroup if found is not None else None
            if found is None or kind is None:
                self._fail_at(at, "no expression has this here", _hint_names())
            text, start, at = found[0], at, found.end()
            if kind == "mistake":
                self._fail_at(start, f"'{text}' is no operator", _MISTAKES[text])
            elif kind == "number":
                yield _Token("value", text, start, Constant(value=self._number(text, start)))
            elif kind == "inf":
                yield _Token("value", text, start, Constant(value=float(text)))
            elif kind == "quote":
                value, at = self._quoted(start)
                yield _Token("value", text, start, Constant(value=value))
            elif kind == "word":
                token, at = self._word(text, start, at)
                yield token
            elif kind != "space":
                yield _Token(kind, text, start)
        while True:
            yield _Token("end", "", len(self._text))

    def _number(self, text: str, at: int) -> float:
        if len(text) > _MAX_DIGITS:
            self._fail_at(at, f"a number has at most {_MAX_DIGITS} characters")
        return float(text) if set(text) & set(".eE") else int(text)

    def _quoted(self, start: int) -> tuple[str, int]:
        """The text that begins with the quote at `start`, and the place behind it."""
        quote, at, pieces = self._text[start], start + 1, list[str]()
        while at < len(self._text) and self._text[at] != quote:
            one = self._text[at]
            if one == "\\":
                at += 1
                escape = self._text[at : at + 1]
                if escape not in _ESCAPES:
                    self._fail_at(at - 1, "a backslash stands before a quote, a backslash, n or t")
                one = _ESCAPES[escape]
            pieces.append(one)
            at += 1
        if at >= len(self._text):
            self._fail_at(start, "this quote is not closed")
        return "".join(pieces), at + 1

    def _word(self, text: str, start: int, at: int) -> tuple[_Token, int]:
        """A word of the language, a name with its keys, or a bare word; and the place behind it."""
        keys: list[str] = []
        while self._text[at : at + 1] == ".":
            at += 1
            if self._text[at : at + 1] in ('"', "'"):
                key, at = self._quoted(at)
            else:
                found = KEY.match(self._text, at)
                if found is None:
                    self._fail_at(at, "expected a key after '.'", f'odd ones in quotes: {text}."a b"')
                key, at = found[0], found.end()
            keys.append(key)
        lower = text.lower()
        if not keys and lower in _WORDS:
            constants: dict[str, Scalar] = {"true": True, "false": False, "null": None}
            constants |= {"nan": math.nan, "inf": math.inf}
            if lower in constants:
                return _Token("value", text, start, Constant(value=constants[lower])), at
            return _Token("word", lower, start), at
        if text in MAPS and not keys:
            self._fail_at(at, f"expected '.' and a key: {text}.NAME")
        if keys and text in (*FIELDS, DIAGNOSTICS):
            self._fail_at(start, f"'{text}' has no keys")
        if text in (*MAPS, *FIELDS, DIAGNOSTICS):
            return _Token("name", text, start, Name(path=(text, *keys))), at
        return _Token("bare", text, start), at


def _hint_names() -> str:
    return f"names are metrics.NAME, params.NAME, {', '.join(FIELDS)}, diagnostics"
