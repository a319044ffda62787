"""`obs restore`: kept bytes back into a file."""

from __future__ import annotations

import click

from ..application import ObsCommand, option
from ..context import Invocation
from ..output import escape, human_size, to_json, write, write_json


@click.command("restore", cls=ObsCommand, examples=["obs restore HEAD:model -o model.pkl"])
@click.argument("what", metavar="REV:ROLE")
@option("-o", "--output", required=True, metavar="FILE", help="Where to write it.")
@option("--force", is_flag=True, help="Overwrite a file that is there.")
@click.pass_obj
def command(invocation: Invocation, *, what: str, output: str, force: bool, as_json: bool) -> int:
    """Write the kept bytes of a run's file or folder to FILE, which appears only when all were verified."""
    from ...cas.operations.restore import restore
    from ...cas.operations.revisions import resolve_member

    with invocation.open_store() as store:
        done = restore(store, resolve_member(store, what), what, output, force=force)
    if as_json:
        write_json(to_json(done))
    else:
        size = human_size(done.size)
        write(f"restored {escape(done.role)} of run {done.run.short} to {escape(output)} ({size})\n")
    return 0
