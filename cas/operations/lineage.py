"""Which runs have these bytes: by content, however the file is named and wherever it lies."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from ..errors import CorruptObject, FormatError, IntegrityError, InvalidField
from ..format.data import File, Part, Tree, TreeEntry
from ..format.frozen import frozen
from ..format.ids import ObjectId, Sha256
from ..format.names import FileName
from ..format.objects import object_id
from ..format.runs import Run
from ..observe.files import open_regular
from ..observe.reading import read_file
from ..store.chain import Entry, Gap
from ..store.store import Store
from .revisions import links_of


@frozen
class Place:
    """Where in a run some bytes stand: the role, and the file's name within it if that is a folder."""

    role: str
    member: FileName | None


def digest_file(path: str) -> tuple[File, Sha256 | None]:
    """The file object of the bytes at `path`, always read anew, and their SHA-256."""
    with open_regular(path) as opened:
        digests = read_file(opened, sha256=True)
    return File(size=digests.size, blake3=digests.blake3), digests.sha256


def file_of(path: str) -> File:
    """The file object of the bytes at `path`."""
    with open_regular(path) as opened:
        digests = read_file(opened, sha256=False)
    return File(size=digests.size, blake3=digests.blake3)


def tree_entries(store: Store, wanted: ObjectId) -> Iterator[TreeEntry]:
    """All entries of a tree, out of its parts too. Raises MissingObject, CorruptObject."""
    tree = store.objects.get(Tree, wanted, "a run")
    parts = (store.objects.get(Part, part, f"tree {wanted.short}") for part in tree.parts)
    try:
        yield from tree.all_entries(parts)
    except InvalidField as error:
        raise CorruptObject(id=wanted.hex, problem=error.problem) from None


def roles_of(
    store: Store, run: Run, file: File, wanted: ObjectId, trees: dict[ObjectId, tuple[FileName, ...]]
) -> list[Place]:
    """Every place of a run where these bytes stand; `wanted` is the id of `file`.

    `trees` remembers which names each tree has for them, so that a tree that many runs share is read
    once. A tree that cannot be read has none: `verify` names what is wrong with it.
    """

    def names_in(tree: ObjectId) -> tuple[FileName, ...]:
        if tree not in trees:
            try:
                trees[tree] = names_of(tree_entries(store, tree), file)
            except (IntegrityError, FormatError):
                trees[tree] = ()
        return trees[tree]

    return list(places_of(run, wanted, names_in))


def places_of(
    run: Run, wanted: ObjectId, names_in: Callable[[ObjectId], tuple[FileName, ...]]
) -> Iterator[Place]:
    """The same, where `names_in` says which names a tree has for the bytes."""
    for link in links_of(run):
        if link.kind == "tree":
            yield from (Place(role=link.role, member=name) for name in names_in(link.id))
        elif link.id == wanted:
            yield Place(role=link.role, member=None)


def names_of(entries: Iterable[TreeEntry], file: File) -> tuple[FileName, ...]:
    """The names that a folder has for the bytes of a file."""
    return tuple(entry.name for entry in entries if entry.blake3 == file.blake3 and entry.size == file.size)


def entries_with(
    store: Store, file: File, *, cache: bool = True, gaps: list[Gap] | None = None
) -> list[Entry]:
    """The manifests whose runs have these bytes anywhere, newest first.

    With `cache` those that an index names, each read and proved to be in the history, if there are any. Where
    the history or a run cannot be read that is added to `gaps`, and the search goes on; without a list for
    them it is raised.
    """
    if cache:
        from .lookups import entries_named

        if named := entries_named(store, file):
            return named
    trees: dict[ObjectId, tuple[FileName, ...]] = {}
    wanted = object_id(file)
    found: list[Entry] = []
    for step in store.chain.walk():
        try:
            if isinstance(step, Gap):
                raise step.error
            run = store.objects.get(Run, step.manifest.run, f"manifest {step.id.short}")
            if roles_of(store, run, file, wanted, trees):
                found.append(step)
        except IntegrityError as error:
            if gaps is None:
                raise
            sequence = step.sequence if isinstance(step, Gap) else step.manifest.sequence
            gaps.append(Gap(id=step.id, sequence=sequence, error=error))
    return found
