"""What an error means to a user: the sentence, the code, the remedy, the exit code.

Apart from `boundary`, so that `obs --version` need not load the errors.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from types import TracebackType
from typing import Final

import click

from ..cas.errors import ObsError
from ..cas.format.frozen import frozen
from .output import escape

USAGE: Final = 2
ENVIRONMENT: Final = 4
BUG: Final = 70
INTERRUPTED: Final = 130

_AROUND: Final = 50
"""Characters of an expression, on each side of the column that an error points at."""
_NO_FACTS: Final[dict[str, object]] = {}
_PACKAGE: Final = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


@frozen
class Failure:
    """An error as it is shown."""

    exit_code: int
    code: str
    message: str
    remedy: str | None = None
    facts: Mapping[str, object] = _NO_FACTS
    excerpt: tuple[str, ...] = ()


def explain(error: BaseException) -> Failure:
    """What an error means to a user."""
    if isinstance(error, ObsError):
        pointed = error.points_at()
        return Failure(
            exit_code=error.exit_code,
            code=error.code,
            message=error.sentence(),
            remedy=error.advice(),
            facts=error.facts(),
            excerpt=_excerpt(*pointed) if pointed is not None else (),
        )
    if isinstance(error, KeyboardInterrupt | click.Abort) or isinstance(error.__cause__, KeyboardInterrupt):
        return Failure(exit_code=INTERRUPTED, code="INTERRUPTED", message="interrupted")
    if isinstance(error, click.ClickException):
        return Failure(
            exit_code=USAGE, code="USAGE", message=_click_sentence(error), remedy=_click_remedy(error)
        )
    if isinstance(error, OSError):
        path = os.fsdecode(error.filename) if isinstance(error.filename, str | bytes) else None
        return Failure(
            exit_code=ENVIRONMENT,
            code="OS_REFUSED",
            message=f"the system refused to go on with {path or 'this'} ({error.strerror or error})",
            facts={"path": path, "reason": error.strerror or str(error)},
        )
    if isinstance(error, MemoryError):
        return Failure(
            exit_code=ENVIRONMENT, code="OUT_OF_MEMORY", message="there is not enough memory for this"
        )
    if isinstance(error, RecursionError):
        return Failure(
            exit_code=ENVIRONMENT,
            code="TOO_DEEP",
            message="something here is nested more deeply than obs can follow",
        )
    name, place = type(error).__name__, _place(error.__traceback__)
    return Failure(
        exit_code=BUG,
        code="BUG",
        message=f"this is a bug in obs: {name} at {place}: {error}",
        remedy="please report it; with OBS_DEBUG=1 the traceback is shown",
        facts={"type": name, "place": place},
    )


def _excerpt(text: str, column: int) -> tuple[str, ...]:
    """What stands around a column, and a mark below it."""
    if not text:
        return ()
    start, at = max(0, column - 1 - _AROUND), column - 1
    before = ("…" if start else "") + escape(text[start:at])
    after = escape(text[at : at + _AROUND]) + ("…" if at + _AROUND < len(text) else "")
    return f"  {before}{after}", f"  {' ' * _width(before)}^"


def _width(text: str) -> int:
    """How many places it takes on a terminal."""
    from unicodedata import category, east_asian_width

    return sum(
        0 if category(one) in ("Mn", "Me") else 2 if east_asian_width(one) in "WF" else 1 for one in text
    )


def _click_sentence(error: click.ClickException) -> str:
    """Click's message in our form: without a capital and without a full stop."""
    text = error.format_message().rstrip(".")
    return text[:1].lower() + text[1:] if text[1:2].islower() else text


def _click_remedy(error: click.ClickException) -> str | None:
    context = error.ctx if isinstance(error, click.UsageError) else None
    return f"'{context.command_path} --help' shows how it is used" if context is not None else None


def _place(trace: TracebackType | None) -> str:
    """`cas/store/chain.py:120`: the innermost line of obs itself."""
    place = "an unknown place"
    while trace is not None:
        path = os.path.abspath(trace.tb_frame.f_code.co_filename)
        if path.startswith(_PACKAGE + os.sep):
            place = f"{path[len(_PACKAGE) + 1 :]}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place
