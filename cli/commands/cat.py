"""`obs cat`: the kept bytes of one file to standard output."""

from __future__ import annotations

import click

from ..application import ObsCommand
from ..context import Invocation
from ..output import write_bytes


@click.command("cat", cls=ObsCommand, examples=["obs cat HEAD:metrics", "obs cat HEAD~1:model > old.pkl"])
@click.argument("what", metavar="REV:ROLE")
@click.pass_obj
def command(invocation: Invocation, *, what: str, as_json: bool) -> int:
    """Write the kept bytes of a run's file to standard output, verified on the way.

    Damage is found before the last piece is written, and the exit status is 3 then; to have the bytes
    only if they are whole, use `obs restore`.
    """
    del as_json  # the bytes are the answer; --json says how an error is told
    from ...cas.operations.restore import cat
    from ...cas.operations.revisions import resolve_member

    with invocation.open_store() as store:
        for chunk in cat(store, resolve_member(store, what), what):
            write_bytes(chunk)
    return 0
