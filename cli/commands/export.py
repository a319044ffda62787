"""`obs export`: a run's metadata for other programs, or as a page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ..application import ObsCommand, option
from ..context import Invocation
from ..output import escape, write, write_bytes
from ..revisions import NamedFile, entries_of_file, revision_or_file

if TYPE_CHECKING:
    from ...cas.operations.export import ExportFormat
    from ...cas.store.chain import Entry
    from ...cas.store.store import Store


@click.command(
    "export",
    cls=ObsCommand,
    tells_files=True,
    examples=["obs export", "obs export HEAD~2 -o run.json", "obs export model.pkl --format markdown"],
)
@click.argument("what", nargs=-1, metavar="[REV|FILE]", type=click.UNPROCESSED)
@option(
    "--format",
    "form",
    type=click.Choice(["json", "markdown"]),
    help="A JSON document (default), or a page.",
)
@option("-o", "--output", metavar="PATH", help="Write to a file, which appears only when it is whole.")
@option("--run-only", is_flag=True, help="Only what the run holds: the same in every store.")
@option("--all", "every", is_flag=True, help="Every run of the history as JSON Lines, oldest first.")
@option("--force", is_flag=True, help="Overwrite a file that is there.")
@click.pass_obj
def command(
    invocation: Invocation,
    *,
    what: tuple[str, ...],
    form: ExportFormat | None,
    output: str | None,
    run_only: bool,
    every: bool,
    force: bool,
    as_json: bool,
) -> int:
    """Export a run's metadata: the same bytes for the same manifest, anywhere.

    Without an argument: the newest run.
    """
    from ...cas.errors import BadArgument
    from ...cas.operations.export import export, export_all
    from ...cas.operations.placing import write_result

    if form == "markdown" and (as_json or every):
        other = "--json" if as_json else "--all"
        raise BadArgument(what=f"--format markdown makes a page and {other} JSON: choose one")
    if every and what:
        raise BadArgument(what=f"--all exports every run, and '{what[-1]}' names one")
    with invocation.open_store() as store:
        if every:
            chunks = export_all(store, run_only=run_only)
        else:
            chunks = iter([export(store, _entry(store, what), form=form or "json", run_only=run_only)])
        if output is None:
            for chunk in chunks:
                write_bytes(chunk)
            return 0
        write_result(store, output, chunks, force=force)
    if not as_json:
        write(f"wrote {escape(output)}\n")
    return 0


def _entry(store: Store, what: tuple[str, ...]) -> Entry:
    """The manifest that is meant. Raises UnknownRevision, BadArgument, NotRecorded."""
    from ...cas.errors import BadArgument, UnknownRevision

    named = revision_or_file(store, what, default="HEAD")
    if not isinstance(named, NamedFile):
        if named.entry is None:
            raise UnknownRevision(
                revision=what[-1] if what else "HEAD",
                tried=(f"{named.id.short} is a {named.kind}, no manifest or run",),
            )
        return named.entry
    entries = entries_of_file(store, named)
    if len({entry.manifest.run for entry in entries}) > 1:
        shown = ", ".join(entry.id.short for entry in entries[:12])
        raise BadArgument(
            what=f"{named.path} belongs to several runs: {shown}", hint="name one of these instead"
        )
    return entries[0]
