"""Metrics and params files as plain values: strict JSON (RFC 8259, with Python's NaN and Infinity) and TOML.

What two readers could take for two things is refused: duplicate keys, integers beyond 64 bits,
numbers that overflow a binary64, lone surrogates, a byte-order mark, trailing data, nesting that
nobody writes by hand. The parsers' hooks leave a `_Problem` where a value should be, and one walk
over the result finds the first of them and says at which key it stands.
"""

from __future__ import annotations

import json
import math
import re
from datetime import date, datetime, time
from typing import Any, Final, TypeAlias, cast

from ..errors import BadArgument, InvalidDocument
from ..format.canonical import Value
from ..format.frozen import row
from .files import OpenedFile
from .reading import FileDigests, read_file

MAX_DOCUMENT_BYTES: Final = 1 << 20
MAX_NESTING: Final = 32
"""Objects and arrays inside one another, the outermost included."""
_MIN_INT: Final = -(2**63)
_MAX_INT: Final = 2**64 - 1
_INT_DIGITS: Final = 20
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_SHOWN: Final = 40
_TOO_DEEP: Final = f"more than {MAX_NESTING} levels of nesting"

_Path: TypeAlias = tuple[str | int, ...]

_TOML_TOKEN: Final = re.compile(
    r'"""(?:[^"\\]|\\.|"(?!""))*+(?:""")?'
    r"|'''(?:[^']|'(?!''))*+(?:''')?"
    r'|"(?:[^"\\\n]|\\.)*+"?'
    r"|'[^'\n]*+'?"
    r"|\#[^\n]*+"
    r"|[=\n,{}\[\].]",
    re.DOTALL,
)
"""What may hold a dot that is none between two keys, and what a dotted key ends at (TOML 1.0)."""


@row
class _Problem:
    """What stands where a value should be; `key` where it is one key of an object."""

    text: str
    key: str | None = None


def read_document(
    opened: OpenedFile, *, sha256: bool, most: int = MAX_DOCUMENT_BYTES
) -> tuple[bytes, FileDigests]:
    """All bytes of a metrics or params file, or another one of at most `most` bytes, and its digests, from
    one reading.

    Raises InvalidDocument for one that is too large, FileChanged, OperatingSystemRefused.
    """
    if opened.stat.st_size > most:
        problem = (
            f"it has {opened.stat.st_size} bytes, and a metrics or params file has at most "
            f"{MAX_DOCUMENT_BYTES}; record it as an artifact instead"
        )
        raise InvalidDocument(path=opened.path, problem=problem)
    chunks: list[bytes] = []
    digests = read_file(opened, sha256=sha256, sink=lambda chunk: chunks.append(bytes(chunk)))
    return b"".join(chunks), digests


def parse_metrics(data: bytes, path: str) -> dict[str, Value]:
    """The values of a metrics file: a JSON object. Raises InvalidDocument."""
    return _checked(_parse_json(_text(data, path), path), path)


def parse_record(data: bytes, path: str, most: int = MAX_DOCUMENT_BYTES) -> dict[str, Value]:
    """The values of a trainer's record of a run: a JSON object of at most `most` bytes.

    Raises InvalidDocument.
    """
    return _checked(_parse_json(_text(data, path, most), path), path)


def parse_params(data: bytes, path: str) -> dict[str, Value]:
    """The values of a params file: a JSON object, or TOML if its name ends in `.toml`.

    TOML's dates and times become their text (RFC 3339). Raises InvalidDocument.
    """
    text = _text(data, path)
    is_toml = path.lower().endswith(".toml")
    return _checked(_parse_toml(text, path) if is_toml else _parse_json(text, path), path)


def parse_param_option(text: str) -> tuple[str, Value]:
    """`K=V`: V is the JSON scalar that it parses as and that can be stored, else text. Raises BadArgument."""
    key, equals, written = text.partition("=")
    if not equals or not key:
        raise BadArgument(what=f"'{text}' is not K=V", hint="as in --param learning_rate=0.1")
    if _SURROGATE.search(text):
        raise BadArgument(what="a parameter is not valid text (UTF-8)")
    try:
        value: object = _loads(written)
    except (ValueError, RecursionError):
        return key, written
    match value:
        case str() if not _SURROGATE.search(value):
            return key, value
        case None | bool() | int() | float():
            return key, value
        case _:
            return key, written


def _text(data: bytes, path: str, most: int = MAX_DOCUMENT_BYTES) -> str:
    if len(data) > most:
        raise InvalidDocument(path=path, problem=f"it has more than {most} bytes")
    if data.startswith(b"\xef\xbb\xbf"):
        raise InvalidDocument(path=path, problem="it begins with a byte-order mark", where="byte 0")
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        where = f"byte {error.start}"
        raise InvalidDocument(path=path, problem="it is not valid UTF-8", where=where) from None


def _cut(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _int(text: str) -> int | _Problem:
    # The length first: Python's own conversion takes quadratic time, and refuses from 4,300 digits on.
    if len(text) > _INT_DIGITS or not _MIN_INT <= int(text) <= _MAX_INT:
        return _Problem(f"the integer {_cut(text)} needs more than 64 bits")
    return int(text)


def _float(text: str) -> float | _Problem:
    value = float(text)
    if math.isinf(value):
        return _Problem(f"the number {_cut(text)} is too large for a 64-bit float")
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any] | _Problem:
    result = dict(pairs)
    if len(result) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                return _Problem("the key stands twice in one object", key)
            seen.add(key)
    return result


def _loads(text: str) -> Any:
    return json.loads(text, parse_int=_int, parse_float=_float, object_pairs_hook=_object)


def _parse_json(text: str, path: str) -> Any:
    try:
        return _loads(text)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        problem = f"it is not JSON ({error.msg[:1].lower()}{error.msg[1:]})"
        raise InvalidDocument(path=path, problem=problem, where=where) from None
    except RecursionError:
        raise InvalidDocument(path=path, problem=_TOO_DEEP) from None


def _toml_float(text: str) -> float | _Problem:
    return float(text) if text.lstrip("+-") in ("inf", "nan") else _float(text)


def _parse_toml(text: str, path: str) -> Any:
    import tomllib

    # Python's TOML parser takes quadratic time for a dotted key: one of 80 kB takes it half a minute.
    dots = 0
    for token in _TOML_TOKEN.finditer(text):
        if token[0] == ".":
            dots += 1
            if dots >= MAX_NESTING:
                where = f"line {text.count(chr(10), 0, token.start()) + 1}"
                raise InvalidDocument(path=path, problem=_TOO_DEEP, where=where)
        elif token[0][0] not in "\"'#":
            dots = 0
    try:
        return tomllib.loads(text, parse_float=_toml_float)
    except tomllib.TOMLDecodeError as error:
        raise InvalidDocument(path=path, problem=f"it is not TOML: {error}") from None
    except ValueError:  # more digits than Python converts, or a date such as the 30th of February
        raise InvalidDocument(path=path, problem="it holds a number or a date that does not exist") from None
    except RecursionError:
        raise InvalidDocument(path=path, problem=_TOO_DEEP) from None


def _checked(value: object, path: str) -> dict[str, Value]:
    """The value, if it is an object and everything in it can be stored."""
    if isinstance(value, _Problem):
        raise InvalidDocument(path=path, problem=value.text, where=value.key and _cut(value.key))
    if not isinstance(value, dict):
        raise InvalidDocument(path=path, problem="the top level is not an object")
    plain = _plain(cast("object", value), (), path)
    return cast("dict[str, Value]", plain)


def _plain(value: object, where: _Path, path: str) -> Value:
    """The value as it is stored. Raises InvalidDocument for the first thing in it that cannot be."""
    match value:
        case None | bool() | float():
            return value
        case int() if _MIN_INT <= value <= _MAX_INT:
            return value
        case str() if not _SURROGATE.search(value):
            return value
        case datetime() | date() | time():
            return value.isoformat()
        case dict() | list() if len(where) >= MAX_NESTING:
            problem = _TOO_DEEP
        case dict():
            items = cast("dict[str, object]", value)
            for key in items:
                if _SURROGATE.search(key):
                    raise InvalidDocument(
                        path=path, problem="a key holds a lone surrogate", where=_shown(where)
                    )
            return {key: _plain(item, (*where, key), path) for key, item in items.items()}
        case list():
            return [_plain(item, (*where, at), path) for at, item in enumerate(cast("list[object]", value))]
        case _Problem():
            problem = value.text
            where = where if value.key is None else (*where, value.key)
        case int():
            problem = "the integer needs more than 64 bits"
        case _:
            problem = "the text holds a lone surrogate"
    raise InvalidDocument(path=path, problem=problem, where=_shown(where))


def _shown(where: _Path) -> str | None:
    """A path of keys as people write it: `layers[3].size`."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{_cut(part)}" for part in where)
    return text.removeprefix(".")[:400] or None
