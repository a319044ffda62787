"""The published JSON Schemas (docs/schemas/), and which of them an answer of the command has to follow.

A reader of the schemas has to expect keys that they do not name, for keys may be added. The tests do not:
here a key that is not described is an error, so that nothing is printed that is written down nowhere.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final, cast

from jsonschema import Draft202012Validator
from obs.cli.application import COMMANDS

SCHEMAS: Final = Path(__file__).parent.parent / "docs" / "schemas"

_BY_COMMAND: Final[dict[str, Callable[[dict[str, Any]], str]]] = {
    "record": lambda found: "record-all" if "state" in found else "record",
    "show": lambda found: (
        "show-file"
        if "runs" in found
        else "show-run"
        if found["kind"] in ("manifest", "run") and "run" in found
        else "show-object"
    ),
    "verify": lambda found: (
        "verify-proof" if "proof" in found else "verify-file" if "file" in found else "verify-store"
    ),
    "prove": lambda found: "prove-since" if "old_size" in found else "prove",
    "tag": lambda found: "tags" if "tags" in found else "tag",
    "export": lambda found: "export" if "provenance" in found else "export-run-only",
}
"""Commands whose answer has one of several forms; the others have one, called as they are."""

_VARYING: Final = re.compile(
    r'(?P<digest>"[0-9a-f]{64}")|"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z"'
)
"""Digests and times: answers that are else the same differ in them, and to a schema one is like another."""
_passed: Final[set[tuple[str, str]]] = set()


def names() -> list[str]:
    """Every schema, as its file is called before `-v1.json`."""
    return sorted(path.name.removesuffix("-v1.json") for path in SCHEMAS.glob("*.json"))


@cache
def published(name: str) -> dict[str, Any]:
    """A schema as it is published."""
    found: dict[str, Any] = json.loads((SCHEMAS / f"{name}-v1.json").read_text("utf-8"))
    return found


def closed(schema: Any) -> Any:
    """The schema, but that no object may have a key that it does not name."""
    if isinstance(schema, dict):
        parts = cast("dict[str, Any]", schema)
        inner = {key: closed(value) for key, value in parts.items()}
        return {"additionalProperties": False, **inner} if isinstance(inner.get("required"), list) else inner
    return [closed(item) for item in cast("list[object]", schema)] if isinstance(schema, list) else schema


@cache
def _validator(name: str) -> Draft202012Validator:
    return Draft202012Validator(closed(published(name)))


def problems(name: str, document: object) -> list[str]:
    """What is wrong with a document, by its schema; nothing if it is as it has to be."""
    return [
        f"{name}: {found.json_path}: {found.message[:300]}"
        for found in _validator(name).iter_errors(document)
    ]


def schema_of(command: str, document: dict[str, Any]) -> str:
    """The schema that a command's document has to follow."""
    return _BY_COMMAND[command](document) if command in _BY_COMMAND else command


def check_answer(arguments: Sequence[str | bytes], out: str, err: str) -> None:
    """Holds an answer to its schema, if it is in JSON: standard output, and an error's document."""
    words = [word for word in arguments if isinstance(word, str)]
    words = words[: words.index("--")] if "--" in words else words
    command = next((word for word in words if word in COMMANDS), None)
    if command is None or "--json" not in words or {"-h", "--help"} & set(words) or "--raw" in words:
        return
    if out:
        lines = out.splitlines() if command in ("log", "export") or "--all" in words else [out]
        for line in lines:
            _check(command, line, arguments)
    for line in err.splitlines():
        if line.startswith('{"schema_version"'):
            _check("error", line, arguments)


def _check(command: str, text: str, arguments: Sequence[str | bytes]) -> None:
    """Most answers of a suite were seen before, but for digests and times: those are not looked at again."""
    seen = command, _VARYING.sub(lambda found: "digest" if found["digest"] else "time", text)
    if seen not in _passed:
        document = json.loads(text)
        found = problems(schema_of(command, document), document)
        assert not found, f"{arguments}: {found}"
        _passed.add(seen)
