"""The console entry `obs`."""

from __future__ import annotations

import _thread
import contextlib
import sys
from typing import Final, NoReturn

_INTERRUPTED: Final = 130


def start() -> NoReturn:
    """The console entry: `main`, and the end of the process without taking the interpreter apart.

    That would cost a sixth of a short command (mypy's `hard_exit` says the same). By then everything that
    obs opened is closed and all output flushed; what others registered for the end is still called.
    """
    import atexit
    import os

    code = _INTERRUPTED
    try:
        sys.unraisablehook = _unraisable
        try:
            from .later import import_later

            import_later("inspect")  # click needs it to print a help, and it takes a tenth of a short command
            main()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else code
        # There is no public way to call them.
        atexit._run_exitfuncs()  # pyright: ignore[reportPrivateUsage]
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError):  # `main` has told of what could not be written
                stream.flush()
    except KeyboardInterrupt:
        pass  # in these last moments: it is done, or it has said that it is not
    os._exit(code)


def main(argv: list[str] | None = None) -> None:
    """Runs one command line (without the program's name; None: the process' own) and ends the process.

    Nothing is imported before the first line of it runs, so that an early Ctrl-C is quiet as well.

    Raises:
        SystemExit: always, with one of the exit codes that `boundary` explains.
    """
    try:
        import gc

        gc.set_threshold(100_000)  # starting makes 30,000 objects and no garbage: nothing to look through

        from .application import run
        from .boundary import guarded

        arguments = sys.argv[1:] if argv is None else argv
        code = guarded(lambda: run(arguments), arguments)
    except KeyboardInterrupt:
        code = _INTERRUPTED
    except RuntimeError as error:  # what Python 3.11 makes of a Ctrl-C in the middle of a class statement
        if not isinstance(error.__cause__, KeyboardInterrupt):
            raise
        code = _INTERRUPTED
    sys.exit(code)


def _unraisable(unraisable: sys.UnraisableHookArgs) -> None:
    """A Ctrl-C that came where Python can only print it (a callback of the importer's) comes once more."""
    if issubclass(unraisable.exc_type, KeyboardInterrupt):
        _thread.start_new_thread(_interrupt_soon, ())
    else:
        sys.__unraisablehook__(unraisable)


def _interrupt_soon() -> None:
    """Not at once: in the hook it could only be printed again."""
    import time

    time.sleep(0.01)
    _thread.interrupt_main()
