"""The one place that prints errors and chooses the exit code.

    0    yes                                     5    incomplete
    1    the answer is no                        70   a bug in obs (EX_SOFTWARE of sysexits.h)
    2    usage, or a named file is wrong         130  interrupted (Ctrl-C)
    3    integrity failure                       141  whoever read the output went away (128 + SIGPIPE)
    4    the environment

Everybody else raises. Nothing that Python would print by itself (a traceback, "Exception ignored") reaches
a user, unless OBS_DEBUG is set; SIGTERM keeps its meaning. Standard output is flushed in here, so that a full
disk, or an output that is closed, is an error and not a half-written answer with exit code 0.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

import click

from .output import escape, flush_output, message, prepare_streams, settle_output, write_error_document

if TYPE_CHECKING:
    from .failures import Failure

PIPE_CLOSED: Final = 141


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
        settle_output()
        return PIPE_CLOSED
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - the boundary: nothing may pass it
        failure = _failure(error)
        _debug(error)
    settle_output()  # what was said before the error comes before it
    if _wants_json(arguments):
        write_error_document(failure.code, failure.message, failure.remedy, failure.facts)
    else:
        message(f"obs: {escape(failure.message)}")  # one line: no name in it can write a second
        for line in failure.excerpt:
            message(line)
        if failure.remedy is not None:
            message(f"hint: {escape(failure.remedy)}")
    return failure.exit_code


def _failure(error: BaseException) -> Failure:
    from .failures import explain

    try:
        return explain(error)
    except Exception as bug:  # noqa: BLE001 - an error that cannot say what it is
        return explain(bug)


def _wants_json(arguments: Sequence[str]) -> bool:
    options = arguments[: arguments.index("--")] if "--" in arguments else arguments
    return "--json" in options


def _debug(error: BaseException) -> None:
    if os.environ.get("OBS_DEBUG", "0") not in ("", "0"):
        from traceback import format_exception

        message("".join(format_exception(error)).rstrip("\n"))
