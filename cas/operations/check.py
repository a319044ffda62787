"""Is a store intact: the whole of it.

`verify` without a file and `fsck` are the same walk: every manifest from HEAD down, everything that
a run or report leads to, then whatever else lies in the store. Each object is read and checked once.
"""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterable
from typing import TypeVar

from ..errors import FormatError, IntegrityError, ObsError, UnknownKind, UnknownVersion
from ..format.frozen import frozen
from ..format.ids import BlobId, Digest, ObjectId
from ..format.manifests import Manifest
from ..format.runs import Run
from ..store.chain import Entry, Gap
from ..store.store import Store
from .checker import Checker
from .views import Problem, problem_at

AnyDigest = TypeVar("AnyDigest", bound=Digest)


@frozen
class StoreCheck:
    """What was found in a store. `objects` and `blobs` count what is there.

    `orphan_manifests` is how many of the orphans are manifests: an interrupted record leaves one, a history
    that was cut off leaves more.
    """

    verdict: str
    manifests: int
    objects: int
    blobs: int
    problems: tuple[Problem, ...]
    head: ObjectId | None
    orphans: tuple[ObjectId, ...] = ()
    orphan_blobs: tuple[BlobId, ...] = ()
    orphan_manifests: int = 0
    leftovers: tuple[str, ...] = ()
    permissions: tuple[str, ...] = ()

    @property
    def exit_code(self) -> int:
        """0 intact, 3 not."""
        return 3 if self.problems else 0


def check_store(store: Store, *, full: bool) -> StoreCheck:
    """The chain and all objects; `full` reads every kept blob, and looks at what nothing names.

    Raises OperatingSystemRefused, UnsafeStore.
    """
    checker = Checker(store, blobs=full)
    problems: list[Problem] = []
    manifests, gaps, lost = 0, False, False
    head: ObjectId | None = None
    try:
        head = store.chain.head()
        manifests, gaps = _check_history(store, checker, head, None, problems)
    except IntegrityError as error:
        lost = head is None  # it is HEAD itself
        problems.append(Problem(code=error.code, id=None, message=str(error)))
    problems += _check_tags(store)
    objects, orphans = _counted(store.objects.ids(), checker.has_reached)
    kept, orphan_blobs = _counted(store.blobs.ids(), checker.has_reached_blob)
    if not lost and (orphans or orphan_blobs):
        # Others may have recorded since: what they named is no orphan, and no history that was cut off.
        try:
            if (newest := store.chain.head()) not in (None, head):
                more, more_gaps = _check_history(store, checker, newest, head, problems)
                head, manifests, gaps = newest, manifests + more, gaps or more_gaps
        except IntegrityError as error:
            problems.append(Problem(code=error.code, id=None, message=str(error)))
        orphans = tuple(one for one in orphans if not checker.has_reached(one))
        orphan_blobs = tuple(one for one in orphan_blobs if not checker.has_reached_blob(one))
    problems += _check_rest(store, orphans, gaps, lost)
    for blob in orphan_blobs if full else ():
        try:
            store.blobs.check(blob)
        except IntegrityError as error:
            problems.append(Problem(code=error.code, id=blob.hex, message=str(error)))
    among = frozenset(orphans)
    return StoreCheck(
        verdict="CORRUPT" if problems else "CHAIN-CONSISTENT",
        manifests=manifests,
        objects=objects,
        blobs=kept,
        problems=_merged(problems),
        head=head,
        orphans=orphans,
        orphan_blobs=orphan_blobs,
        orphan_manifests=sum(1 for entry in store.chain.manifests_on_disk() if entry.id in among)
        if full and orphans
        else 0,
        leftovers=tuple(store.files.list_folder("tmp")) if full else (),
        permissions=_permissions(store) if full else (),
    )


def _check_history(
    store: Store, checker: Checker, head: ObjectId | None, until: ObjectId | None, problems: list[Problem]
) -> tuple[int, bool]:
    """What the manifests from `head` down to `until` (not included) lead to: how many they are, and whether
    there are gaps."""
    manifests, gaps = 0, False
    with store.objects.remembering():
        for step in store.chain.walk(head) if head is not None else ():
            if step.id is not None and step.id == until:
                break
            if isinstance(step, Gap):
                gaps = True
                problems.append(problem_at(step))
                if step.id is not None:
                    checker.mark(step.id, None)
                continue
            manifests += 1
            checker.mark(step.id, Manifest.KIND)
            problems += _check_entry(store, checker, step)
    return manifests, gaps


def _counted(
    ids: Iterable[AnyDigest], is_reached: Callable[[AnyDigest], bool]
) -> tuple[int, tuple[AnyDigest, ...]]:
    """How many there are, and those that nothing leads to."""
    count, orphans = 0, list[AnyDigest]()
    for found in ids:
        count += 1
        if not is_reached(found):
            orphans.append(found)
    return count, tuple(orphans)


def _check_entry(store: Store, checker: Checker, entry: Entry) -> list[Problem]:
    run_id = entry.manifest.run
    try:
        run = store.objects.get(Run, run_id, f"manifest {entry.id.short}")
    except (IntegrityError, FormatError) as error:
        checker.mark(run_id, None)
        return [Problem(code=error.code, id=run_id.hex, message=str(error), runs=(run_id,))]
    return checker.check_run(entry, run)


def _check_tags(store: Store) -> list[Problem]:
    problems: list[Problem] = []
    for name in store.tags.names():
        try:
            target = store.tags.get(name)
            if target is not None:
                store.objects.get(Manifest, target, f"tag {name}")
        except ObsError as error:
            problems.append(Problem(code=error.code, id=None, message=str(error)))
    return problems


def _check_rest(store: Store, orphans: tuple[ObjectId, ...], gaps: bool, lost: bool) -> list[Problem]:
    """What nothing reached: damaged objects, and what a lost HEAD or a gap has cut off."""
    problems: list[Problem] = []
    cut_off: list[ObjectId] = []
    for orphan in orphans:
        try:
            found = store.objects.find(orphan)
        except (UnknownKind, UnknownVersion):
            continue
        except (IntegrityError, FormatError) as error:
            problems.append(Problem(code=error.code, id=orphan.hex, message=str(error)))
            continue
        if found is None:
            continue
        if isinstance(found[0], Run):
            cut_off.append(orphan)
        elif isinstance(found[0], Manifest) and lost and found[0].sequence > 0:
            text = f"HEAD is missing, though manifest {orphan.hex} has sequence {found[0].sequence}"
            problems.append(Problem(code="CHAIN_BROKEN", id=orphan.hex, message=text, runs=(found[0].run,)))
    if gaps and cut_off:
        text = "these runs are named by no manifest that can be read: the gaps may have named them"
        problems.append(Problem(code="RUNS_CUT_OFF", id=None, message=text, runs=tuple(cut_off)))
    return problems


def _permissions(store: Store) -> tuple[str, ...]:
    """Folders of the store that are not shared as `.obs/` itself is."""
    wanted = stat.S_IMODE(store.files.status.st_mode) & 0o777
    odd: list[str] = []
    for name in ("objects", "blobs", "tags", "tmp"):
        found = store.files.mode_of(name)
        if found is not None and found & 0o777 != wanted:
            odd.append(f"{name} has mode {found & 0o777:04o}, and .obs has {wanted:04o}")
    return tuple(odd)


def _merged(problems: list[Problem]) -> tuple[Problem, ...]:
    """One problem once, with all the runs that it touches, in the order of their first mention."""
    merged: dict[tuple[str, str | None, str], dict[ObjectId, None]] = {}
    for problem in problems:
        runs = merged.setdefault((problem.code, problem.id, problem.message), {})
        runs.update(dict.fromkeys(problem.runs))
    return tuple(
        Problem(code=code, id=digits, message=message, runs=tuple(runs))
        for (code, digits, message), runs in merged.items()
    )
