"""The one place that prints errors and chooses the exit code.

    0    yes                                     5    incomplete
    1    the answer is no                        70   a bug in obs (EX_SOFTWARE of sysexits.h)
    2    usage, or a named file is wrong         130  interrupted (Ctrl-C)
    3    integrity failure                       141  whoever read the output went away (128 + SIGPIPE)
    4    the environment

Everybody else raises. Nothing that Python would print by itself (a traceback, "Exception ignored") reaches
a user, unless OBS_DEBUG is set; SIGTERM keeps its meaning. Standard output is flushed in here, so that a full
disk is an error and not a half-written file with exit code 0.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Final

import click

from ..cas.errors import ObsError
from .output import flush_output, forget_output, message, prepare_streams, write_error_document

USAGE: Final = 2
ENVIRONMENT: Final = 4
BUG: Final = 70
INTERRUPTED: Final = 130
PIPE_CLOSED: Final = 141

_PACKAGE: Final = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """An error as it is shown."""

    exit_code: int
    code: str
    message: str
    remedy: str | None = None
    facts: Mapping[str, object] = field(default_factory=dict[str, object])


def guarded(action: Callable[[], int], arguments: Sequence[str]) -> int:
    """Runs `action` and gives the exit code: its own, or that of the error that it ended with.

    `arguments` is the command line: errors are JSON if it asks for `--json`. Never raises an Exception.
    """
    prepare_streams()
    try:
        try:
            code = action()
        except click.exceptions.Exit as request:  # how click says that --help is done
            code = request.exit_code
        flush_output()
        return code
    except BrokenPipeError:
        forget_output()
        return PIPE_CLOSED
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - the boundary: nothing may pass it
        failure = explain(error)
        _debug(error)
    try:
        flush_output()  # what was said before the error comes before it
    except (OSError, ObsError):
        forget_output()
    show(failure, as_json=_wants_json(arguments))
    return failure.exit_code


def explain(error: BaseException) -> Failure:
    """What an error means to a user."""
    if isinstance(error, ObsError):
        return Failure(
            exit_code=error.exit_code,
            code=error.code,
            message=error.sentence(),
            remedy=error.advice(),
            facts=error.facts(),
        )
    if isinstance(error, KeyboardInterrupt | click.Abort):
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


def show(failure: Failure, *, as_json: bool) -> None:
    """Prints an error to standard error."""
    if as_json:
        write_error_document(failure.code, failure.message, failure.remedy, failure.facts)
        return
    message(f"obs: {failure.message}")
    if failure.remedy is not None:
        message(f"hint: {failure.remedy}")


def _wants_json(arguments: Sequence[str]) -> bool:
    options = arguments[: arguments.index("--")] if "--" in arguments else arguments
    return "--json" in options


def _debug(error: BaseException) -> None:
    if os.environ.get("OBS_DEBUG", "0") not in ("", "0"):
        from traceback import format_exception

        message("".join(format_exception(error)).rstrip("\n"))


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
