"""`obs status`: what the last run's files are now."""

from __future__ import annotations

import click

from ..application import ObsCommand
from ..context import Invocation
from ..output import to_json, write, write_json


@click.command("status", cls=ObsCommand, examples=["obs status", "obs status --json"])
@click.pass_obj
def command(invocation: Invocation, *, as_json: bool) -> int:
    """Compare the files of the last run, and those that the configuration names, with their records.

    Every file is read, but for those that lay outside of the store's folder. Exit status 0 if all that were
    read are unchanged, 1 if any is changed, absent or was never recorded.
    """
    from ...cas.operations.status import status
    from ..config import configured_files
    from ..render import status_lines

    with invocation.open_store() as store:
        result = status(store, configured_files(invocation.cwd))
    if as_json:
        write_json(to_json(result))
    else:
        for line in status_lines(result):
            write(line + "\n")
    return result.exit_code
