"""Are the objects intact: of one run, or of the whole store.

`verify` without a file and `fsck` are the same walk: every manifest from HEAD down, everything that
a run or report leads to, then whatever else lies in the store. Each object is read and checked once.
"""

from __future__ import annotations

import stat

from ..errors import (
    CorruptObject,
    FormatError,
    IntegrityError,
    InvalidField,
    MissingObject,
    ObsError,
    UnknownKind,
    UnknownVersion,
)
from ..format.contents import Content, ContentPart, columns_of, digest_bytes, members_of
from ..format.data import File, Part, Tree
from ..format.frozen import frozen
from ..format.ids import BlobId, ObjectId
from ..format.inspections import Inspection
from ..format.manifests import Manifest
from ..format.objects import Object
from ..format.reports import Environment, Observation, Report
from ..format.runs import Document, Metrics, Params, Run
from ..store.chain import Entry, Gap
from ..store.store import Store
from .revisions import links_of
from .views import Problem


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


class Checker:
    """Checks objects, each once. What it reached and what was wrong with it stays known."""

    def __init__(self, store: Store, *, blobs: bool) -> None:
        self._store = store
        self._blobs = blobs
        self._state: dict[ObjectId, Problem | None] = {}
        self._values: dict[ObjectId, Object] = {}
        self._blob_state: dict[BlobId, Problem | None] = {}
        self.checked_blobs = 0

    @property
    def reached(self) -> set[ObjectId]:
        """The ids of everything that was asked for."""
        return set(self._state)

    @property
    def reached_blobs(self) -> set[BlobId]:
        """The ids of all blobs that something reached names, kept or not."""
        return set(self._blob_state)

    def mark(self, known: ObjectId) -> None:
        """Notes an object that somebody else has read and checked."""
        self._state.setdefault(known, None)

    def check_run(self, entry: Entry, run: Run) -> list[Problem]:
        """Everything that one manifest leads to. The problems name its run."""
        self.mark(entry.id)
        self.mark(entry.manifest.run)
        who = f"run {entry.manifest.run.short}"
        problems: list[Problem] = []
        report = self._get(Report, entry.manifest.report, f"manifest {entry.id.short}", problems)
        if isinstance(report, Report):
            if report.run != entry.manifest.run:
                text = f"the report of manifest {entry.id.short} is about another run"
                problems.append(
                    Problem(code="REPORT_OF_ANOTHER_RUN", id=entry.manifest.report.hex, message=text)
                )
            if report.environment is not None:
                self._get(Environment, report.environment, who, problems)
            for seen in report.observations:
                self._check_observation(seen, run, who, problems)
        for document, kind in ((run.metrics, Metrics), (run.params, Params)):
            if document is not None:
                self._check_document(document, kind, who, problems)
        for link in links_of(run):
            if link.kind == "file":
                file = self._get(File, link.id, who, problems)
                if isinstance(file, File):
                    self._check_blob(file, problems)
            else:
                self._check_tree(link.id, who, problems)
        return [_touching(problem, entry.manifest.run) for problem in problems]

    def _check_observation(self, seen: Observation, run: Run, who: str, problems: list[Problem]) -> None:
        """That it is there, of the kind that the report says, and about the file that has its role."""
        if seen.kind == Content.KIND:
            self._check_content(seen.id, who, problems)
            return
        if seen.kind != Inspection.KIND:  # a kind that came later
            self._any(seen.id, who, problems)
            return
        found = self._get(Inspection, seen.id, f"the report of {who}", problems)
        if isinstance(found, Inspection) and found.file not in (
            link.id for link in run.artifacts if link.role == seen.role
        ):
            text = f"the inspection of '{seen.role}' of {who} is of another file"
            problems.append(Problem(code="OBJECT_CORRUPT", id=seen.id.hex, message=text))

    def _check_content(self, wanted: ObjectId, who: str, problems: list[Problem]) -> None:
        """Its parts, and the blob of its digests if that is kept."""
        content = self._get(Content, wanted, f"the report of {who}", problems)
        if not isinstance(content, Content):
            return
        whole = True
        parts: dict[ObjectId, ContentPart] = {}
        for part in (*content.column_parts, *content.member_parts):
            found = self._get(ContentPart, part, f"content {wanted.short}", problems)
            whole = whole and isinstance(found, ContentPart)
            if isinstance(found, ContentPart):
                parts[part] = found
        if not whole:
            return
        try:
            for _ in members_of(content, [parts[part] for part in content.member_parts]):
                pass
            size = digest_bytes(content, columns_of(content, [parts[part] for part in content.column_parts]))
        except FormatError as error:
            problems.append(_corrupt(wanted, error.problem))
            return
        if content.digests is not None:
            self._check_blob(File(size=size, blake3=content.digests), problems)

    def _check_document(
        self, document: Document, kind: type[Metrics | Params], who: str, problems: list[Problem]
    ) -> None:
        """What was said, and that the file which is named for it is the one it was read from."""
        said = self._get(kind, document.values, who, problems)
        if not isinstance(said, Metrics | Params) or document.file is None:
            return
        file = self._get(File, document.file, who, problems)
        if isinstance(file, File) and said.source != file.blake3:
            text = f"the {kind.KIND} of {who} were read from another file than the one that it names"
            problems.append(Problem(code="OBJECT_CORRUPT", id=document.values.hex, message=text))

    def _check_tree(self, wanted: ObjectId, who: str, problems: list[Problem]) -> None:
        tree = self._get(Tree, wanted, who, problems)
        if not isinstance(tree, Tree):
            return
        found = [self._get(Part, part, f"tree {wanted.short}", problems) for part in tree.parts]
        parts = [part for part in found if isinstance(part, Part)]
        for entries in (tree.entries, *(part.entries for part in parts)):
            for entry in entries:
                self._check_blob(entry.file, problems)
        if len(parts) == len(tree.parts):
            try:
                for _ in tree.all_entries(parts):
                    pass
            except InvalidField as error:
                problems.append(_corrupt(wanted, error.problem))

    def _get(
        self, expected: type[Object], wanted: ObjectId, wanted_by: str, problems: list[Problem]
    ) -> Object | None:
        """The object, or None; what is wrong with it goes to `problems` each time it is asked for."""
        if wanted not in self._state:
            self._any(wanted, wanted_by, [])
        problem = self._state[wanted]
        if problem is not None:
            problems.append(problem)
            return None
        found = self._store.objects.find(wanted)
        if found is None or not isinstance(found[0], expected):
            problems.append(_corrupt(wanted, f"it is no {expected.KIND}, and {wanted_by} links to it as one"))
            return None
        return found[0]

    def _any(self, wanted: ObjectId, wanted_by: str, problems: list[Problem]) -> None:
        if wanted not in self._state:
            self._state[wanted] = None
            try:
                if self._store.objects.find(wanted) is None:
                    raise MissingObject(id=wanted.hex, wanted_by=wanted_by)
            except (UnknownKind, UnknownVersion):
                return  # intact bytes of a newer obs
            except (IntegrityError, FormatError) as error:
                self._state[wanted] = Problem(code=error.code, id=wanted.hex, message=str(error))
        problem = self._state[wanted]
        if problem is not None:
            problems.append(problem)

    def _check_blob(self, file: File, problems: list[Problem]) -> None:
        """A kept blob has the size that its file object says; with `blobs` it is read and hashed too."""
        if file.blake3 not in self._blob_state:
            self._blob_state[file.blake3] = None
            size = self._store.blobs.size_of(file.blake3)
            if size is not None:
                self.checked_blobs += 1
                try:
                    if size != file.size:
                        text = f"blob {file.blake3.hex} has {size} bytes, and {file.size} were recorded"
                        self._blob_state[file.blake3] = Problem(
                            code="BLOB_CORRUPT", id=file.blake3.hex, message=text
                        )
                    elif self._blobs:
                        self._store.blobs.check(file.blake3)
                except IntegrityError as error:
                    self._blob_state[file.blake3] = Problem(
                        code=error.code, id=file.blake3.hex, message=str(error)
                    )
        problem = self._blob_state[file.blake3]
        if problem is not None:
            problems.append(problem)


def _corrupt(damaged: ObjectId, problem: str) -> Problem:
    error = CorruptObject(id=damaged.hex, problem=problem)
    return Problem(code=error.code, id=damaged.hex, message=str(error))


def _touching(problem: Problem, run: ObjectId) -> Problem:
    return Problem(code=problem.code, id=problem.id, message=problem.message, runs=(run,))


def check_store(store: Store, *, full: bool) -> StoreCheck:
    """The chain and all objects; `full` reads every kept blob, and looks at what nothing names.

    Raises OperatingSystemRefused, UnsafeStore.
    """
    checker = Checker(store, blobs=full)
    problems: list[Problem] = []
    manifests, gaps = 0, False
    head: ObjectId | None = None
    try:
        head = store.chain.head()
        for step in store.chain.walk(head) if head is not None else ():
            if isinstance(step, Gap):
                gaps = True
                digits = step.id.hex if step.id is not None else None
                problems.append(Problem(code=step.error.code, id=digits, message=str(step.error)))
                if step.id is not None:
                    checker.mark(step.id)
                continue
            manifests += 1
            checker.mark(step.id)
            problems += _check_entry(store, checker, step)
    except IntegrityError as error:  # HEAD itself
        problems.append(Problem(code=error.code, id=None, message=str(error)))
    problems += _check_tags(store)
    present = list(store.objects.ids())
    orphans = tuple(found for found in present if found not in checker.reached)
    problems += _check_rest(store, orphans, gaps, head)
    kept = list(store.blobs.ids())
    orphan_blobs = tuple(found for found in kept if found not in checker.reached_blobs)
    for blob in orphan_blobs if full else ():
        try:
            store.blobs.check(blob)
        except IntegrityError as error:
            problems.append(Problem(code=error.code, id=blob.hex, message=str(error)))
    return StoreCheck(
        verdict="CORRUPT" if problems else "CHAIN-CONSISTENT",
        manifests=manifests,
        objects=len(present),
        blobs=len(kept),
        problems=_merged(problems),
        head=head,
        orphans=orphans,
        orphan_blobs=orphan_blobs,
        orphan_manifests=sum(
            1 for entry in store.chain.manifests_on_disk() if entry.id not in checker.reached
        )
        if full and orphans
        else 0,
        leftovers=tuple(store.files.list_folder("tmp")) if full else (),
        permissions=_permissions(store) if full else (),
    )


def _check_entry(store: Store, checker: Checker, entry: Entry) -> list[Problem]:
    run_id = entry.manifest.run
    try:
        run = store.objects.get(Run, run_id, f"manifest {entry.id.short}")
    except (IntegrityError, FormatError) as error:
        checker.mark(run_id)
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


def _check_rest(
    store: Store, orphans: tuple[ObjectId, ...], gaps: bool, head: ObjectId | None
) -> list[Problem]:
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
        elif isinstance(found[0], Manifest) and head is None and found[0].sequence > 0:
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
