"""`obs prove`: a proof that can be checked without the store."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ..application import ObsCommand, option
from ..context import Invocation
from ..output import escape, human_size, to_json, write, write_json
from ..revisions import NamedFile, revision_or_file

if TYPE_CHECKING:
    from ...cas.store.chain import Entry
    from ...cas.store.store import Store


@click.command(
    "prove",
    cls=ObsCommand,
    tells_files=True,
    examples=[
        "obs prove model.pkl -o model.pkl.tlog-proof",
        "obs prove HEAD~1 --with-report > run.tlog-proof",
        "obs prove model.pkl --at runs.checkpoint -o model.pkl.tlog-proof",
    ],
)
@click.argument("what", nargs=-1, metavar="[FILE|REV]", type=click.UNPROCESSED)
@option(
    "--at", metavar="ID64|FILE", help="About the history as this anchor names it: a head, or a checkpoint."
)
@option("--with-report", is_flag=True, help="Carry what obs saw too: report, inspections, environment.")
@option("--since", metavar="ID64|FILE", help="Prove instead that the history goes on from this anchor.")
@option("-o", "--output", metavar="FILE", help="Write it to FILE.")
@option("--force", is_flag=True, help="Overwrite a file that is there.")
@click.pass_obj
def command(
    invocation: Invocation,
    *,
    what: tuple[str, ...],
    at: str | None,
    with_report: bool,
    since: str | None,
    output: str | None,
    force: bool,
    as_json: bool,
) -> int:
    """Write a proof that a run, and with it its files, is part of the history (by default the newest).

    It is a C2SP tlog-proof that carries what the run says, and none of its files' bytes. Of a FILE: about the
    newest run that wrote it, else the newest that read it. obs verify FILE --proof checks it anywhere.
    """
    from ...cas.errors import BadArgument
    from ...cas.operations.anchors import read_anchor
    from ...cas.operations.placing import write_result
    from ...cas.operations.prove import prove, prove_continuation

    if since is not None and (what or at is not None or with_report or output is not None):
        raise BadArgument(what="--since is about the history as a whole, and stands alone")
    anchor = read_anchor(at) if at is not None else None
    with invocation.open_store() as store, invocation.following(store):
        if since is not None:
            write_json(to_json(prove_continuation(store, read_anchor(since))))
            return 0
        with store.chain.held():
            made = prove(store, _subject(store, what), at=anchor, with_report=with_report)
        if output is not None:
            write_result(store, output, [made.text.encode()], force=force)
    if as_json:
        write_json(to_json(made))
    elif output is None:
        write(made.text)
    else:
        write(f"proof of run {made.run.short}, manifest {made.sequence} of a history of {made.size}\n")
        write(f"written to {escape(output)} ({human_size(len(made.text))})\n")
        write(f"head {made.head.hex}\n")
    return 0


def _subject(store: Store, what: tuple[str, ...]) -> Entry | str:
    """The manifest that a revision names, or the path of a file. Raises NothingRecorded without a word."""
    from ...cas.errors import NothingRecorded
    from ...cas.operations.revisions import resolve_entry, split_member

    if not what and store.chain.head() is None:
        raise NothingRecorded(path=store.path)
    named = revision_or_file(store, what, "HEAD")
    if isinstance(named, NamedFile):
        return named.path
    if named.entry is not None:
        return named.entry
    member = split_member(what[-1])
    return resolve_entry(store, member[0] if member is not None else what[-1])
