"""`obs show`: one manifest, run or object with its links resolved."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ..application import ObsCommand, option
from ..context import Invocation
from ..output import to_json, write_bytes, write_json
from ..pager import paged
from ..revisions import NamedFile, entries_of_file, revision_or_file

if TYPE_CHECKING:
    from ...cas.store.chain import Gap


@click.command(
    "show",
    cls=ObsCommand,
    tells_files=True,
    examples=["obs show", "obs show HEAD~2 --json", "obs show model.pkl", "obs show -- HEAD"],
)
@click.argument("what", nargs=-1, metavar="[REV|ID|FILE]", type=click.UNPROCESSED)
@option("--raw", is_flag=True, help="The object's canonical bytes, as they are stored.")
@option("--no-cache", is_flag=True, help="Of a FILE: read the whole history, whatever the index says.")
@click.pass_obj
def command(
    invocation: Invocation, *, what: tuple[str, ...], raw: bool, no_cache: bool, as_json: bool
) -> int:
    """Show a run, or any object: what went in, what came out, under what, and what is odd.

    Without an argument: the newest run. Of a FILE: every run that has its bytes.
    """
    from ...cas.errors import BadArgument
    from ...cas.operations.revisions import Target
    from ...cas.operations.show import ShownRun, raw_bytes, show
    from ...cas.operations.views import problem_at
    from ..render_show import show_lines
    from ..render_verify import problem_lines

    if raw and as_json:
        raise BadArgument(what="--raw prints bytes and --json prints JSON: choose one")
    with invocation.open_store() as store, invocation.following(store) as answer_begins:
        gaps: list[Gap] = []
        named = revision_or_file(store, what, default="HEAD")
        if isinstance(named, Target):
            targets = [named]
        else:
            entries = entries_of_file(store, named, cache=not no_cache, gaps=None if raw else gaps)
            targets = [Target(id=entry.id, kind="manifest", entry=entry) for entry in entries]
        answer_begins()
        if raw:
            for target in targets:
                write_bytes(raw_bytes(store, target))
            return 0
        shown = [show(store, target) for target in targets]
        problems = tuple(map(problem_at, gaps))
        if as_json and isinstance(named, NamedFile):
            write_json(to_json({"file": named.path, "runs": shown, "problems": problems}))
        elif as_json:
            write_json(to_json(shown[0]))
        else:
            with paged(invocation.pager) as out:
                for at, one in enumerate(shown):
                    out.write("\n" if at else "")
                    for line in show_lines(one, color=invocation.color):
                        out.write(line + "\n")
                for line in problem_lines(problems, color=invocation.color):
                    out.write(line + "\n")
        return 3 if gaps or any(isinstance(one, ShownRun) and one.problems for one in shown) else 0
