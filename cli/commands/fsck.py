"""`obs fsck`: `verify --full` and housekeeping."""

from __future__ import annotations

import click

from ..application import ObsCommand
from ..context import Invocation
from ..output import to_json, write, write_json


@click.command("fsck", cls=ObsCommand, examples=["obs fsck", "obs fsck --json"])
@click.pass_obj
def command(invocation: Invocation, *, as_json: bool) -> int:
    """Check the chain, every object and every kept byte, and say what lies around.

    Orphans and files in tmp/ are what an interrupted record leaves behind: they harm nobody. Nothing
    is repaired and nothing is removed.
    """
    from ...cas.operations.check import check_store
    from ..render_verify import check_lines

    with invocation.open_store() as store, invocation.following(store):
        result = check_store(store, full=True)
    if as_json:
        write_json(to_json(result))
    else:
        for line in check_lines(result, housekeeping=True, color=invocation.color):
            write(line + "\n")
    return result.exit_code
