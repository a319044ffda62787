"""`obs schema`: what a dataset holds, without training."""

from __future__ import annotations

import os
from contextlib import ExitStack
from typing import TYPE_CHECKING

import click

from ..application import ObsCommand, option
from ..context import Invocation
from ..output import to_json, write_json
from ..pager import paged

if TYPE_CHECKING:
    from ...cas.store.store import Store


@click.command(
    "schema",
    cls=ObsCommand,
    examples=[
        "obs schema data.csv --label y",
        "obs schema parts/ --label y --json",
        "obs schema data.txt --delimiter ';'",
    ],
)
@click.argument("path")
@option("--label", metavar="COL", help="The label column; the answer is no (1) if the data lacks it.")
@option("--values", is_flag=True, help="Name the classes of the label: values from the data are shown.")
@option("--delimiter", metavar="C", help="The file is text with this between its cells, whatever its name.")
@option(
    "--jobs", type=click.IntRange(min=1), default=1, metavar="N", help="Read N files of a folder at once."
)
@option("--no-cache", is_flag=True, help="Read every byte, whatever the stat cache says.")
@click.pass_obj
def command(
    invocation: Invocation,
    *,
    path: str,
    label: str | None,
    values: bool,
    delimiter: str | None,
    jobs: int,
    no_cache: bool,
    as_json: bool,
) -> int:
    """Tell what a dataset holds: its columns and their kinds, missing values, the label, fingerprints.

    PATH is a file (CSV, TSV, JSON Lines, Parquet, Feather, Arrow) or a folder of such files. Every cell is
    read, and nothing is changed, guessed, or stored. No value from the data is shown but with --values.

    Exit status 0 if the content was read, 1 if the label is not there, 5 if the content cannot be read.
    """
    from ...cas.operations.schema import schema_path
    from ..progress import Progress
    from ..render_schema import schema_lines

    with ExitStack() as stack:
        store = None if no_cache else _store(invocation, stack)
        progress = stack.enter_context(Progress.of(invocation, "reading"))
        found = schema_path(
            path,
            label=label,
            values=values,
            delimiter=delimiter,
            jobs=jobs,
            threads=min(2, os.cpu_count() or 1),
            store=store,
            progress=progress,
        )
    if as_json:
        write_json(to_json(found))
    else:
        with paged(invocation.pager) as out:
            for line in schema_lines(found, color=invocation.color):
                out.write(line + "\n")
    return found.exit_code


def _store(invocation: Invocation, stack: ExitStack) -> Store | None:
    """The store that may know the file. A dataset needs none, so it is no matter what is wrong with it."""
    from ...cas.errors import ObsError

    try:
        return stack.enter_context(invocation.open_store())
    except ObsError:
        return None
