"""Times on the command line: RFC 3339, or a date for a whole day in UTC."""

from __future__ import annotations

import re

from ..cas.errors import BadArgument, InvalidField
from ..cas.format.times import parse_rfc3339

_DATE = re.compile(r"\d{4}-\d\d-\d\d\Z", re.ASCII)


def moment_of(text: str, option: str, *, end_of_day: bool) -> str:
    """The stored form of a time or date. Raises BadArgument naming the option."""
    clock = "23:59:59.999999" if end_of_day else "00:00:00"
    try:
        return parse_rfc3339(f"{text}T{clock}Z" if _DATE.match(text) else text)
    except InvalidField as error:
        raise BadArgument(what=f"{option}: {error.problem}") from None
