"""`obs checkpoint`: the three lines to keep elsewhere."""

from __future__ import annotations

import click

from ..application import ObsCommand, option
from ..context import Invocation
from ..output import to_json, write, write_json


@click.command("checkpoint", cls=ObsCommand, examples=["obs checkpoint", "obs checkpoint -o runs.checkpoint"])
@option("-o", "--output", metavar="FILE", help="Write it to FILE.")
@option("--force", is_flag=True, help="Overwrite a file that is there.")
@click.pass_obj
def command(invocation: Invocation, *, output: str | None, force: bool, as_json: bool) -> int:
    """Print three lines that name the history as it is now: whose it is, how long, and its root.

    Kept where nobody who writes to the store can change it, it is an anchor for obs verify --against.
    """
    from ...cas.operations.placing import write_result
    from ...cas.operations.prove import checkpoint

    with invocation.open_store() as store, invocation.following(store):
        found = checkpoint(store)
        if output is not None:
            write_result(store, output, [found.text.encode()], force=force)
    if as_json:
        write_json(to_json(found))
    elif output is None:
        write(found.text)
    return 0
