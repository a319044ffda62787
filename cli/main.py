"""The console entry `obs`."""

from __future__ import annotations

import sys


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
        code = 130
    sys.exit(code)
