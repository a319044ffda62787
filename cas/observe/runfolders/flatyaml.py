"""The one form of YAML that MLflow writes its meta.yaml in: a map of scalars, one key a line.

    key: plain text
    key: 'single quoted, '' for a quote, which may go on in
      indented lines'
    key: "double quoted: a JSON string"

What is a list or a map within it is left out, and so are null and empty values (YAML 1.1, chapters 7 and 8).
"""

from __future__ import annotations

import json
import re
from typing import Final

from ...errors import InvalidDocument

_LINE: Final = re.compile(r"([A-Za-z_][A-Za-z0-9_.-]{0,99}):(?: +(.*))?")
_NOTHING: Final = frozenset({"", "null", "~", "Null", "NULL"})


def parse_flat_yaml(data: bytes, path: str) -> dict[str, str]:
    """Every scalar by its key, as text. Raises InvalidDocument for what is no such map, and for a key that
    stands twice."""
    try:
        lines = data.decode().replace("\r\n", "\n").split("\n")
    except UnicodeDecodeError as error:
        raise InvalidDocument(
            path=path, problem="it is not valid UTF-8", where=f"byte {error.start}"
        ) from None
    written: dict[str, list[str]] = {}
    key: str | None = None
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        if key is not None and line[0] in " -":
            written[key].append(line.strip())
            continue
        match = _LINE.fullmatch(line)
        if match is None:
            raise InvalidDocument(path=path, problem="it is no line of 'key: value'", where=f"line {number}")
        key = match[1]
        if match[1] in written:
            raise InvalidDocument(path=path, problem="the key stands twice", where=key)
        written[match[1]] = [(match[2] or "").strip()]
    if not written:
        raise InvalidDocument(path=path, problem="it is empty")
    values = ((key, _scalar(parts)) for key, parts in written.items())
    return {key: value for key, value in values if value is not None}


def _scalar(parts: list[str]) -> str | None:
    """The text of a scalar; None for what is nothing, or none."""
    text = " ".join(part for part in parts if part)
    if text.startswith("'"):
        return text[1:-1].replace("''", "'") if re.fullmatch(r"'(?:[^']|'')*'", text) else None
    if text.startswith('"'):
        try:
            value: object = json.loads(text)
        except (ValueError, RecursionError):
            return None
        return value if isinstance(value, str) else None
    return None if text in _NOTHING or text[0] in "[{&*!|>%@`-" or len(parts) > 1 else text
