"""`obs inspect`: what a model file holds, without executing it."""

from __future__ import annotations

import os

import click

from ..application import ObsCommand, option
from ..context import Invocation
from ..output import to_json, write_json
from ..pager import paged


@click.command(
    "inspect",
    cls=ObsCommand,
    examples=["obs inspect model.pkl", "obs inspect HEAD:model --depth 2", "obs inspect model.joblib --json"],
)
@click.argument("what", metavar="FILE|REV:ROLE")
@option(
    "--depth", type=click.IntRange(min=0), metavar="N", help="Show N levels below the outermost estimator."
)
@option("--no-fingerprint", is_flag=True, help="Leave out the file's own digests: arrays are not read.")
@click.pass_obj
def command(
    invocation: Invocation, *, what: str, depth: int | None, no_fingerprint: bool, as_json: bool
) -> int:
    """Tell what a model file holds: its steps, parameters, shapes, and the names that loading would import.

    Nothing in the file is executed or imported, and scikit-learn need not be installed. FILE is a pickle or a
    joblib file, compressed or not; REV:ROLE a kept file of a run. The grades say what a name could do, and
    never that a file does no harm.

    Exit status 0 if all of it was seen, 5 if not, 1 if the file holds no model.
    """
    from ...cas.operations.inspect import inspect_member, inspect_path
    from ..render_inspect import cut_tree, inspect_lines

    if os.path.lexists(what) or not _is_member(what):
        found = inspect_path(what, fingerprint=not no_fingerprint)
    else:
        from ...cas.operations.revisions import resolve_member

        with invocation.open_store() as store:
            found = inspect_member(store, resolve_member(store, what), what, fingerprint=not no_fingerprint)
    if as_json:
        document = to_json(found)
        if depth is not None:
            document["tree"] = cut_tree(document["tree"], depth)
        write_json(document)
    else:
        with paged(invocation.pager) as out:
            for line in inspect_lines(found, depth=depth, color=invocation.color):
                out.write(line + "\n")
    return found.exit_code


def _is_member(text: str) -> bool:
    """Whether it has the form REV:ROLE."""
    from ...cas.operations.revisions import split_member

    return ":" in text and split_member(text) is not None
