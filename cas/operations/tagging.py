"""`tag`: names for manifests."""

from __future__ import annotations

from ..errors import BadArgument, BrokenChain, InvalidField, UnknownRevision
from ..format.frozen import frozen
from ..format.ids import ObjectId
from ..format.names import check_tag
from ..store.store import Store
from .revisions import resolve_entry


@frozen
class Tag:
    """A tag and the manifest that it names (None: its file is damaged)."""

    name: str
    manifest: ObjectId | None


def list_tags(store: Store) -> tuple[Tag, ...]:
    """All tags, by name."""
    return tuple(Tag(name=name, manifest=_manifest(store, name)) for name in store.tags.names())


def set_tag(store: Store, name: str, revision: str) -> Tag:
    """Makes `name`, which must be new, a name of the revision's manifest. Raises BadArgument."""
    _check(name)
    if store.tags.get(name) is not None:
        raise BadArgument(
            what=f"the tag '{name}' is there already", hint=f"remove it first: obs tag -d {name}"
        )
    entry = resolve_entry(store, revision)
    store.tags.put(name, entry.id)
    return Tag(name=name, manifest=entry.id)


def remove_tag(store: Store, name: str) -> Tag:
    """Removes a tag; what it named stays. Raises UnknownRevision, BadArgument."""
    _check(name)
    manifest = _manifest(store, name)  # removing it is the way out of a damaged one
    if not store.tags.remove(name):
        raise UnknownRevision(revision=name, tried=("a tag",))
    return Tag(name=name, manifest=manifest)


def _manifest(store: Store, name: str) -> ObjectId | None:
    try:
        return store.tags.get(name)
    except BrokenChain:
        return None


def _check(name: str) -> None:
    try:
        check_tag(name)
    except InvalidField as error:
        raise BadArgument(what=error.problem) from None
