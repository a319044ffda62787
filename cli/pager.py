"""Long text, a screen at a time, where somebody sits at a terminal."""

from __future__ import annotations

import os
import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

from .context import DEFAULT_PAGER
from .output import Writer, flush_output, message, write

if TYPE_CHECKING:
    from subprocess import Popen

# What git sets where the user set nothing: less -F quits if all fits on a screen, -R shows colours, -X leaves
# the text standing; lv -c shows colours.
_SETTINGS: Final = {"LESS": "FRX", "LV": "-c"}


class _StandardOutput:
    """`output.write` as a Writer."""

    def write(self, text: str, /) -> None:
        """Raises OperatingSystemRefused, BrokenPipeError."""
        write(text)


@contextmanager
def paged(pager: str | None) -> Generator[Writer]:
    r"""Where long text goes, as it comes: a pager (`Invocation.pager`), or standard output.

        with paged(invocation.pager) as out:
            for line in lines:
                out.write(escape(line) + "\n")

    Whoever quits the pager early ends the block, quietly. A pager that cannot be started is named on standard
    error, and the text comes without one. Raises OperatingSystemRefused (standard output).
    """
    process = None if pager is None else _start(pager)
    if process is None or process.stdin is None:
        yield _StandardOutput()
        return
    try:
        yield process.stdin
        process.stdin.flush()
    except BrokenPipeError:
        pass  # it was quit: what remains is not wanted
    finally:
        _end(process)


def _start(pager: str) -> Popen[str] | None:
    """Starts it, split into words as a shell does, but without a shell."""
    import shlex
    import subprocess

    flush_output()
    try:
        return subprocess.Popen(
            shlex.split(pager),
            stdin=subprocess.PIPE,
            env={**_SETTINGS, **os.environ},
            encoding=sys.stdout.encoding,
            errors="backslashreplace",
        )
    except (OSError, ValueError, IndexError) as error:
        if pager != DEFAULT_PAGER:  # that less is not installed is nobody's mistake
            reason = error.strerror if isinstance(error, OSError) else error
            message(f"obs: the pager '{pager}' could not be started ({reason})")
        return None


def _end(process: Popen[str]) -> None:
    """Waits until the pager is quit: two programs must not read from one terminal."""
    if process.stdin is not None:
        with suppress(BrokenPipeError):
            process.stdin.close()
    while True:
        try:
            process.wait()
            return
        except KeyboardInterrupt:
            continue  # Ctrl-C goes to the pager too, which decides what it means
