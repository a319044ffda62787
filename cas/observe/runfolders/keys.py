"""The keys of a record, each taken if it has its type. One that has not is left out, and said."""

from __future__ import annotations

import re
from typing import Final

from ...errors import InvalidField
from ...format.canonical import Value
from ...format.ids import Sha256
from ...format.reports import Diagnostic
from ...format.times import parse_rfc3339
from .folder import claimed_text

_SHA256: Final = re.compile(r"(?:sha256:)?([0-9a-fA-F]{64})\Z")


class Keys:
    """An object of a record. What is null counts as absent."""

    def __init__(self, values: dict[str, Value], diagnostics: list[Diagnostic], where: str = "") -> None:
        self.values = values
        self._diagnostics = diagnostics
        self._where = where

    def invalid(self, key: str, needed: str) -> None:
        """Says that a key is left out."""
        name = f"{self._where}{key}"
        self._diagnostics.append(
            Diagnostic(
                code="RECORD_KEY_INVALID",
                severity="warning",
                message=f"'{name[:200]}' of the run's record is left out: it is not {needed}",
                details={"key": name[:200], "needed": needed},
            )
        )

    def get(self, key: str) -> Value:
        """The value as it stands there, None if it does not."""
        return self.values.get(key)

    def text(self, key: str) -> str | None:
        """A text of 1 to 4,096 bytes."""
        value = self.get(key)
        found = claimed_text(value)
        if value is not None and found is None:
            self.invalid(key, "a text of 1 to 4096 bytes")
        return found

    def count(self, key: str) -> int | None:
        """A count. (A whole number that was written as 150.0 is none: a trainer writes what it counted.)"""
        value = self.get(key)
        if value is None or (type(value) is int and value >= 0):
            return value
        self.invalid(key, "a count")
        return None

    def time(self, key: str) -> str | None:
        """A moment, in its stored form."""
        value = self.get(key)
        if isinstance(value, str):
            try:
                return parse_rfc3339(value)
            except InvalidField:
                pass
        if value is not None:
            self.invalid(key, "a time with its zone (RFC 3339)")
        return None

    def sha256(self, key: str) -> Sha256 | None:
        """A SHA-256 in hexadecimal digits."""
        value = self.get(key)
        match = _SHA256.match(value) if isinstance(value, str) else None
        if value is not None and match is None:
            self.invalid(key, "64 hexadecimal digits")
        return Sha256(bytes.fromhex(match[1])) if match else None

    def keys(self, key: str) -> Keys:
        """An object within it, empty if there is none."""
        value = self.get(key)
        if value is not None and not isinstance(value, dict):
            self.invalid(key, "an object")
        inner = value if isinstance(value, dict) else {}
        return Keys(inner, self._diagnostics, f"{self._where}{key}.")
