"""The process behind `Commands`: it has loaded obs, and forks for every command line.

A fork starts within milliseconds, and needs to read no file of the interpreter's after it took another
user's place. Each line of standard input is a request in JSON, each line of standard output its answer.
"""

from __future__ import annotations

import base64
import json
import os
import sys
import tempfile
import time
import traceback
from typing import IO, Any, NoReturn

import preloaded
from obs.cli.main import main

del preloaded  # it has done its work


def become(request: dict[str, Any], answers: tuple[int, int]) -> NoReturn:
    """In the fork: takes the place that the request describes, and runs its command line."""
    code = 99
    try:
        for target, source in enumerate((os.open(os.devnull, os.O_RDONLY), *answers)):
            os.dup2(source, target)
        os.environ.clear()
        os.environ.update(request["environ"])
        time.tzset()
        os.umask(request["umask"])
        if request["group"] is not None:
            os.setgroups([])
            os.setgid(request["group"])
        if request["user"] is not None:
            os.setuid(request["user"])
        os.chdir(request["cwd"])
        main(request["arguments"])
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 98
        sys.stdout.flush()
    except BaseException:  # noqa: BLE001 (told to whoever asked, and the child ends)
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """Runs one request to its end."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        child = os.fork()
        if child == 0:
            become(request, (out.fileno(), err.fileno()))
        _, status = os.waitpid(child, 0)
        return {"code": os.waitstatus_to_exitcode(status), "out": _all(out), "err": _all(err)}


def _all(file: IO[bytes]) -> str:
    file.seek(0)
    return base64.b64encode(file.read()).decode()


def serve() -> None:
    """Until nobody asks any more."""
    with os.fdopen(os.dup(0)) as requests, os.fdopen(os.dup(1), "w") as answers:
        os.dup2(2, 1)
        for line in requests:
            answers.write(json.dumps(answer(json.loads(line))) + "\n")
            answers.flush()


if __name__ == "__main__":
    serve()
