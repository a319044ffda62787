"""Arguments that are a revision or a file: which of the two was meant."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ..cas.errors import BadArgument, UnknownRevision
from ..cas.format.frozen import frozen

if TYPE_CHECKING:
    from ..cas.operations.revisions import Target
    from ..cas.store.chain import Entry, Gap
    from ..cas.store.store import Store


@frozen
class NamedFile:
    """A file that stands where a revision is expected."""

    path: str


def revision_or_file(store: Store, words: tuple[str, ...], default: str) -> Target | NamedFile:
    """What one argument means: a revision if it is one, else a file if there is one.

    `--` before it makes it a file. Raises UnknownRevision, AmbiguousRevision, BadArgument.
    """
    from ..cas.operations.revisions import resolve, resolve_member, split_member, target_of_member

    only_file = words[:1] == ("--",)
    rest = words[1:] if only_file else words
    if len(rest) > 1:
        raise BadArgument(what=f"one revision or file is expected here, and '{rest[1]}' is a second")
    if not rest:
        return resolve(store, default)
    text = rest[0]
    if only_file:
        return NamedFile(path=text)
    is_path, is_member = os.path.lexists(text), split_member(text) is not None
    try:
        return resolve(store, text, suggest=not (is_path or is_member))
    except UnknownRevision:
        if is_path:
            return NamedFile(path=text)
        if is_member:
            return target_of_member(resolve_member(store, text))
        raise


def entries_of_file(
    store: Store, named: NamedFile, *, cache: bool = True, gaps: list[Gap] | None = None
) -> list[Entry]:
    """The manifests whose runs have the file's bytes, newest first. `gaps` as in `entries_with`.

    Raises NotRecorded if there are none; what makes the first gap where they may be in one.
    """
    from ..cas.errors import NotRecorded
    from ..cas.operations.lineage import entries_with, file_of

    found = entries_with(store, file_of(named.path), cache=cache, gaps=gaps)
    if not found and gaps:
        raise gaps[0].error
    if not found:
        raise NotRecorded(path=named.path)
    return found
