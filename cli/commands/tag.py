"""`obs tag`: names for manifests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ..application import ObsCommand, option
from ..context import Invocation
from ..output import write, write_json

if TYPE_CHECKING:
    from ...cas.store.store import Store


def _named(store: Store, text: str) -> str:
    """A revision as it is; of a file, the newest manifest of the one run that has its bytes."""
    from ...cas.errors import BadArgument
    from ..revisions import NamedFile, entries_of_file, revision_or_file

    named = revision_or_file(store, (text,), default="HEAD")
    if not isinstance(named, NamedFile):
        return text
    entries = entries_of_file(store, named)
    if len({entry.manifest.run for entry in entries}) > 1:
        shown = ", ".join(entry.id.short for entry in entries[:12])
        raise BadArgument(what=f"{text} belongs to several runs: {shown}", hint="name one of these instead")
    return entries[0].id.hex


@click.command("tag", cls=ObsCommand, examples=["obs tag", "obs tag best HEAD~1", "obs tag -d best"])
@click.argument("name", required=False)
@click.argument("revision", required=False, metavar="[REV|FILE]")
@option("-d", "--delete", is_flag=True, help="Remove the tag; what it names stays.")
@click.pass_obj
def command(
    invocation: Invocation, *, name: str | None, revision: str | None, delete: bool, as_json: bool
) -> int:
    """List the tags, name a manifest (HEAD by default; of a FILE: its run's), or remove a name."""
    from ...cas.errors import BadArgument
    from ...cas.operations.tagging import list_tags, remove_tag, set_tag

    with invocation.open_store() as store:
        if name is None:
            if delete:
                raise BadArgument(what="--delete needs the name of a tag")
            tags = list_tags(store)
            if as_json:
                write_json({"tags": tags})
            else:
                for tag in tags:
                    write(f"{tag.name}  {tag.manifest.short if tag.manifest else 'damaged'}\n")
            return 3 if any(tag.manifest is None for tag in tags) else 0
        if delete and revision is not None:
            raise BadArgument(what="--delete takes a tag, and no revision beside it")
        done = remove_tag(store, name) if delete else set_tag(store, name, _named(store, revision or "HEAD"))
    if as_json:
        write_json({"name": done.name, "manifest": done.manifest, "deleted": delete})
    else:
        digits = done.manifest.short if done.manifest is not None else "nothing"
        write(f"{'removed' if delete else 'tagged'} {done.name}  {digits}\n")
    return 0
