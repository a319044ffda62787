"""For tests of skops files: schemas and archives that skops would not write."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any


def archive_of(
    state: Any, members: dict[str, bytes] | None = None, compression: int = zipfile.ZIP_STORED
) -> bytes:
    """A zip archive with these members, and last a schema (text or bytes as they are)."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        for name, data in (members or {}).items():
            archive.writestr(name, data)
        archive.writestr("schema.json", state if isinstance(state, str | bytes) else json.dumps(state))
    return file.getvalue()


def state_of(loader: str, name: str = "x.Y", **more: Any) -> dict[str, Any]:
    """The map of a value of the class or function `name`."""
    module, _, cls = name.rpartition(".")
    return {"__class__": cls, "__module__": module, "__loader__": loader, "protocol": 2, **more}


def plain(value: Any) -> dict[str, Any]:
    """The map of a plain value."""
    return state_of("JsonNode", "builtins.str", content=json.dumps(value), is_json=True)


def list_of(*states: Any) -> dict[str, Any]:
    """The map of a list."""
    return state_of("ListNode", "builtins.list", content=list(states))


def dict_of(**states: Any) -> dict[str, Any]:
    """The map of a dict whose keys are text."""
    types = list_of(*[state_of("TypeNode", "builtins.str")] * len(states))
    return state_of("DictNode", "builtins.dict", content=states, key_types=types)
