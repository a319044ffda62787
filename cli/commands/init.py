"""`obs init`: makes a store."""

from __future__ import annotations

import os

import click

from ...cas.errors import BadArgument
from ..application import ObsCommand
from ..context import Invocation
from ..output import escape, write, write_json


@click.command("init", cls=ObsCommand, examples=["obs init", "obs init experiments"])
@click.argument("folder", metavar="[DIR]", required=False)
@click.pass_obj
def command(invocation: Invocation, folder: str | None, as_json: bool) -> int:
    """Make a store (.obs/) in DIR, or in the current folder.

    DIR is made if it is not there, in a folder that is. Where a store is already, nothing is changed. With
    OBS_DIR and no DIR, the store that OBS_DIR names is made.
    """
    from ...cas.store.discovery import FOLDER, create
    from ...cas.store.files import FileOperations

    if folder is None:
        folder = invocation.named_store or invocation.cwd
    elif not folder:
        raise BadArgument(what="an empty path names no folder")
    folder = os.path.normpath(os.path.join(invocation.cwd, folder))
    if os.path.basename(folder) == FOLDER:
        folder = os.path.dirname(folder)
    path, created = create(folder, FileOperations())
    path = os.path.realpath(path)  # absolute, without `..`
    if as_json:
        write_json({"path": path, "created": created})
    elif created:
        write(f"made {escape(path)}\n")
    else:
        write(f"{escape(path)} is there already\n")
    return 0
