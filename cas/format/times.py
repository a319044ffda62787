"""Times: exactly `YYYY-MM-DDTHH:MM:SS.ffffffZ`, so that a moment has one spelling (RFC 3339, UTC)."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

from ..errors import InvalidField

# 00 to 23 by the pattern: whether fromisoformat takes 24:00 depends on the version of Python.
_STORED: Final = re.compile(r"\d{4}-\d\d-\d\dT(?:[01]\d|2[0-3]):\d\d:\d\d\.\d{6}Z\Z", re.ASCII)
_RFC3339: Final = r"(\d{4}-\d\d-\d\d)[Tt ]((?:[01]\d|2[0-3]):\d\d:\d\d)(?:\.(\d{1,9}))?([Zz]|[+-]\d\d:\d\d)"


def check_time(text: str) -> str:
    """`text` if it is a stored time. Raises InvalidField."""
    if not _STORED.match(text):
        raise InvalidField(problem="a time is YYYY-MM-DDTHH:MM:SS.ffffffZ")
    try:
        datetime.fromisoformat(text)
    except ValueError:
        raise InvalidField(problem=f"there is no time {text}") from None
    return text


def format_time(moment: datetime) -> str:
    """The stored form of an aware datetime, to the microsecond."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ").rjust(27, "0")


def parse_rfc3339(text: str) -> str:
    """The stored form of an RFC 3339 time with any offset; digits past the microsecond are cut.

    Raises InvalidField.
    """
    found = re.fullmatch(_RFC3339, text, re.ASCII)
    if not found:
        raise InvalidField(problem=f"'{text}' is not an RFC 3339 time such as 2026-01-31T09:30:00Z")
    date, clock, fraction, zone = found.groups()
    try:
        moment = datetime.fromisoformat(f"{date}T{clock}.{(fraction or '').ljust(6, '0')[:6]}{zone.upper()}")
        return format_time(moment)
    except (ValueError, OverflowError):
        raise InvalidField(problem=f"there is no time '{text}'") from None
