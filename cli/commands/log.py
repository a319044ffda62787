"""`obs log`: the run history, newest first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ..application import ObsCommand, option
from ..context import Invocation
from ..output import to_json, write_json_line
from ..pager import paged

if TYPE_CHECKING:
    from ...cas.operations.expressions import Expression
    from ..templates import Template


@click.command(
    "log",
    cls=ObsCommand,
    examples=[
        "obs log -n 20",
        "obs log --oneline --model model.pkl",
        "obs log --format '{sequence} {metrics.accuracy}'",
        "obs log --where 'metrics.accuracy > 0.9 and diagnostics has MISSING_VALUES_DROPPED'",
    ],
)
@option("-n", "--max-count", type=click.IntRange(min=0), metavar="N", help="At most N manifests.")
@option("--oneline", is_flag=True, help="One line each.")
@option("--format", "template", metavar="F", help="A line each, with {KEY} and {metrics.NAME} filled in.")
@option("--since", metavar="TIME", help="Recorded at this time or later (RFC 3339, or a date).")
@option("--until", metavar="TIME", help="Recorded at this time or earlier (a date: the whole day).")
@option("--grep", metavar="TEXT", help="TEXT is in the message or the run id, in any case.")
@option("--where", metavar="EXPR", multiple=True, help="Runs of which EXPR holds.")
@option("--data", metavar="PATH", help="Runs that read these bytes (a file or a folder).")
@option("--model", metavar="PATH", help="Runs that wrote these bytes (a file or a folder).")
@option("--verify", is_flag=True, help="Check every link of the history, and every object of the runs.")
@option("--reverse", is_flag=True, help="Oldest first.")
@option("--no-cache", is_flag=True, help="Read the whole history, whatever the index says.")
@click.pass_obj
def command(
    invocation: Invocation,
    *,
    max_count: int | None,
    oneline: bool,
    template: str | None,
    since: str | None,
    until: str | None,
    grep: str | None,
    where: tuple[str, ...],
    data: str | None,
    model: str | None,
    verify: bool,
    reverse: bool,
    no_cache: bool,
    as_json: bool,
) -> int:
    """Show the run history, newest first.

    A place in the history that is damaged is shown as such, the walk goes on below it, and the exit
    status is 3.
    """
    from ...cas.operations.log import Damage, LogRequest, log
    from ..render import log_lines

    _check_forms(as_json=as_json, oneline=oneline, template=template)
    request = LogRequest(
        limit=max_count,
        since=_moment(since, "--since", end_of_day=False),
        until=_moment(until, "--until", end_of_day=True),
        text=grep,
        data=data,
        model=model,
        where=_expressions(where),
        verify=verify,
        reverse=reverse,
        cache=not no_cache,
    )
    filled = _template(template)
    damaged = False
    with (
        invocation.open_store() as store,
        invocation.following(store) as answer_begins,
        paged(None if as_json else invocation.pager) as out,
    ):
        for line in log(store, request):
            answer_begins()
            damaged = damaged or isinstance(line, Damage)
            if as_json:
                write_json_line(to_json(line))
            elif filled is not None and not isinstance(line, Damage):
                out.write(filled.fill(line) + "\n")
            else:
                for text in log_lines(line, oneline=oneline, color=invocation.color):
                    out.write(text + "\n")
    return 3 if damaged else 0


def _check_forms(*, as_json: bool, oneline: bool, template: str | None) -> None:
    """One form of a line at a time."""
    asked = [("--json", as_json), ("--oneline", oneline), ("--format", template is not None)]
    given = [name for name, is_given in asked if is_given]
    if len(given) > 1:
        from ...cas.errors import BadArgument

        raise BadArgument(what=f"{' and '.join(given)} are different forms of a line: choose one")


def _expressions(texts: tuple[str, ...]) -> tuple[Expression, ...]:
    if not texts:
        return ()
    from ...cas.operations.where import parse

    return tuple(map(parse, texts))


def _moment(text: str | None, option: str, *, end_of_day: bool) -> str | None:
    if text is None:
        return None
    from ..times import moment_of

    return moment_of(text, option, end_of_day=end_of_day)


def _template(text: str | None) -> Template | None:
    if text is None:
        return None
    from ..templates import Template

    return Template(text)
