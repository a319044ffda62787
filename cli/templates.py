"""`--format`: a line with `{KEY}` filled in from a result; `{metrics.accuracy}` goes into maps.

The keys are those of the command's JSON. A key that a line does not have is filled in as nothing,
one that no line could have is an error. `{{` and `}}` are braces.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from ..cas.errors import BadArgument
from ..cas.format.frozen import fields_of
from .output import escape, to_json
from .render import value_text

if TYPE_CHECKING:
    from ..cas.format.canonical import Value
    from ..cas.operations.views import RunView

_FIELD: Final = re.compile(r"\{\{|\}\}|\{([a-z_0-9]+)((?:\.[^{}.]+)*)\}|[{}]")


class Template:
    """A parsed format. Raises BadArgument with the column of what is wrong."""

    def __init__(self, text: str) -> None:
        from ..cas.operations.views import RunView

        known = list(fields_of(RunView))
        self._text = text
        for found in _FIELD.finditer(text):
            if found[0] in "{}":
                raise BadArgument(
                    what=f"--format: a single '{found[0]}' at column {found.start() + 1}",
                    hint="write {{ or }}",
                )
            if found[1] is not None and found[1] not in known:
                raise BadArgument(
                    what=f"--format: no key '{found[1]}' at column {found.start() + 1}",
                    hint=f"the keys are {', '.join(known)}",
                )

    def fill(self, view: RunView) -> str:
        """The line for one manifest."""

        def value(found: re.Match[str]) -> str:
            if found[1] is None:
                return found[0][0]
            place: Value = to_json(getattr(view, found[1]))
            for part in found[2].split(".")[1:]:
                place = place.get(part) if isinstance(place, dict) else None
            return "" if place is None else value_text(place)

        pieces: list[str] = []
        at = 0
        for found in _FIELD.finditer(self._text):
            pieces += [escape(self._text[at : found.start()]), value(found)]
            at = found.end()
        return "".join([*pieces, escape(self._text[at:])])
