"""`obs diff`: two runs, two datasets or two model files, side by side."""

from __future__ import annotations

import os
from contextlib import ExitStack
from typing import TYPE_CHECKING

import click

from ..application import ObsCommand
from ..context import Invocation
from ..output import to_json, write_json
from ..pager import paged

if TYPE_CHECKING:
    from ...cas.operations.diff import Argument
    from ...cas.store.store import Store


@click.command(
    "diff",
    cls=ObsCommand,
    tells_files=True,
    examples=[
        "obs diff",
        "obs diff HEAD~2 HEAD",
        "obs diff HEAD:data data.csv",
        "obs diff HEAD:model -- model.pkl",
        "obs diff old.csv new.csv --json",
    ],
)
@click.argument("what", nargs=-1, metavar="[A] [B]", type=click.UNPROCESSED)
@click.pass_obj
def command(invocation: Invocation, *, what: tuple[str, ...], as_json: bool) -> int:
    """Tell what differs between two runs, two datasets, two model files, or two other files.

    A and B are each a run (REV), a file of one (REV:ROLE), or a FILE or folder. Without B: the newest run, or
    its file in the same role; without both: the run before the newest one, and that. Files on disk need no
    store, and of a dataset of a run no byte has to be there any more.

    Exit status 0 if they are equal, 1 if they differ.
    """
    from ...cas.operations.diff import diff
    from ..progress import Progress
    from ..render_diff import diff_lines

    before, after = _arguments(what)
    with ExitStack() as stack:
        store = _store(invocation, stack, before, after)
        progress = stack.enter_context(Progress.of(invocation, "reading"))
        found = diff(store, before, after, threads=min(2, os.cpu_count() or 1), progress=progress)
    if as_json:
        write_json(to_json(found))
    else:
        with paged(invocation.pager) as out:
            for line in diff_lines(found, color=invocation.color):
                out.write(line + "\n")
    return found.exit_code


def _arguments(what: tuple[str, ...]) -> tuple[Argument, Argument]:
    """What stands after `--` is a file. Raises BadArgument."""
    from ...cas.errors import BadArgument
    from ...cas.operations.diff import Argument
    from ...cas.operations.revisions import split_member

    at = what.index("--") if "--" in what else len(what)
    words = [Argument(text=text) for text in what[:at]]
    words += [Argument(text=text, is_file=True) for text in what[at + 1 :]]
    if len(words) > 2:
        raise BadArgument(what=f"two things are compared, and '{words[2].text}' is a third")
    if not words:
        words = [Argument(text="HEAD~1")]
    if len(words) == 1:
        member = split_member(words[0].text) if not words[0].is_file else None
        words.append(Argument(text=f"HEAD:{member[1]}" if member is not None else "HEAD"))
    return words[0], words[1]


def _store(invocation: Invocation, stack: ExitStack, *arguments: Argument) -> Store | None:
    """The store; None where two files are compared, and there is none or something is wrong with it."""
    from ...cas.errors import ObsError

    if all(one.is_file for one in arguments):
        return None
    try:
        return stack.enter_context(invocation.open_store())
    except ObsError:
        if all(one.is_file or os.path.lexists(one.text) for one in arguments):
            return None
        raise
