"""Metrics and params files as plain values: strict JSON (RFC 8259, with Python's NaN and Infinity) and TOML.

What a later reader could take for something else is refused: duplicate keys, integers beyond 64
bits, numbers that overflow a binary64, lone surrogates, a byte-order mark, trailing data, nesting
that nobody writes by hand.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from typing import Any, Final, NoReturn, cast

from ..errors import BadArgument, InvalidDocument
from ..format.canonical import Value

MAX_DOCUMENT_BYTES: Final = 1 << 20
MAX_NESTING: Final = 32
_MIN_INT, _MAX_INT = -(2**63), 2**64 - 1
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_OPENING: Final = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}]', re.DOTALL)


class _Refused(ValueError):
    """A problem on its way out of the parser's hooks."""


def parse_metrics(data: bytes, path: str) -> dict[str, Value]:
    """The values of a metrics file: a JSON object. Raises InvalidDocument."""
    return _checked(_parse_json(_text(data, path), path), path)


def parse_params(data: bytes, path: str) -> dict[str, Value]:
    """The values of a params file: a JSON object, or TOML if its name ends in `.toml`.

    Raises InvalidDocument.
    """
    text = _text(data, path)
    return _checked(_parse_toml(text, path) if path.endswith(".toml") else _parse_json(text, path), path)


def parse_param_option(text: str) -> tuple[str, Value]:
    """`K=V`: V is the JSON scalar that it parses as, else text. Raises BadArgument."""
    key, equals, written = text.partition("=")
    if not equals or not key:
        raise BadArgument(what=f"'{text}' is not K=V")
    if _SURROGATE.search(text):
        raise BadArgument(what="a parameter is not valid text (UTF-8)")
    try:
        value = json.loads(written, parse_int=_int, parse_float=_float)
    except (ValueError, RecursionError):
        return key, written
    if isinstance(value, (dict, list)):
        return key, written
    if isinstance(value, str) and _SURROGATE.search(value):
        return key, written
    return key, value


def _text(data: bytes, path: str) -> str:
    if len(data) > MAX_DOCUMENT_BYTES:
        raise InvalidDocument(path=path, problem=f"it has more than {MAX_DOCUMENT_BYTES} bytes")
    if data.startswith(b"\xef\xbb\xbf"):
        raise InvalidDocument(path=path, problem="it begins with a byte-order mark", where="byte 0")
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise InvalidDocument(
            path=path, problem="it is not valid UTF-8", where=f"byte {error.start}"
        ) from None


def _int(text: str) -> int:
    if len(text) > 20 or not _MIN_INT <= int(text) <= _MAX_INT:
        raise _Refused(f"the integer {text[:24]}{'…' if len(text) > 24 else ''} needs more than 64 bits")
    return int(text)


def _float(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise _Refused(f"the number {text[:24]} is too large for a 64-bit float")
    return value


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise _Refused(f"the key '{key[:64]}' stands twice in one object")
            seen.add(key)
    return result


def _parse_json(text: str, path: str) -> Any:
    depth = 0
    for found in _OPENING.finditer(text):  # before the parser, whose recursion a deep file would exhaust
        if found[0] in "[{":
            depth += 1
            if depth > MAX_NESTING:
                raise InvalidDocument(path=path, problem=f"more than {MAX_NESTING} levels of nesting")
        elif found[0] in "]}":
            depth -= 1
    try:
        return json.loads(text, parse_int=_int, parse_float=_float, object_pairs_hook=_pairs)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise InvalidDocument(path=path, problem="it is not JSON", where=where) from None
    except _Refused as error:
        raise InvalidDocument(path=path, problem=str(error)) from None


def _parse_toml(text: str, path: str) -> Any:
    import tomllib

    try:
        return _plain(tomllib.loads(text, parse_float=_float_or_special))
    except tomllib.TOMLDecodeError as error:
        raise InvalidDocument(path=path, problem=f"it is not TOML: {error}") from None
    except _Refused as error:
        raise InvalidDocument(path=path, problem=str(error)) from None
    except RecursionError:
        raise InvalidDocument(path=path, problem=f"more than {MAX_NESTING} levels of nesting") from None


def _float_or_special(text: str) -> float:
    return float(text) if "inf" in text or "nan" in text else _float(text)


def _plain(value: Any) -> Any:
    """TOML's dates and times become their RFC 3339 text."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in cast("dict[str, Any]", value).items()}
    if isinstance(value, list):
        items: list[Any] = value
        return [_plain(item) for item in items]
    isoformat: Callable[[], str] | None = getattr(value, "isoformat", None)
    return isoformat() if isoformat is not None else value


def _checked(value: Any, path: str) -> dict[str, Value]:
    """The value, if it is an object and everything in it can be stored."""

    def wrong(problem: str, where: str) -> NoReturn:
        raise InvalidDocument(path=path, problem=problem, where=where or None)

    if not isinstance(value, dict):
        wrong("the top level is not an object", "")
    waiting: list[tuple[Any, str, int]] = [(value, "", 1)]
    while waiting:
        item, where, depth = waiting.pop()
        if depth > MAX_NESTING + 1:
            wrong(f"more than {MAX_NESTING} levels of nesting", where[:200])
        if isinstance(item, dict):
            for key, inner in cast("dict[str, Any]", item).items():
                if _SURROGATE.search(key):
                    wrong("a key holds a lone surrogate", where)
                waiting.append((inner, f"{where}.{key}" if where else key, depth + 1))
        elif isinstance(item, list):
            items: list[Any] = item
            waiting += [(inner, f"{where}[{at}]", depth + 1) for at, inner in enumerate(items)]
        elif isinstance(item, str) and _SURROGATE.search(item):
            wrong("a text holds a lone surrogate", where)
        elif isinstance(item, int) and not _MIN_INT <= item <= _MAX_INT:
            wrong("an integer needs more than 64 bits", where)
    return cast("dict[str, Value]", value)
