"""`verify FILE`: what can be shown about where a file came from, and no more than that.

    RECORDED            these bytes are an output (or input) of run X, and the run's objects are intact
    CHAIN-CONSISTENT    its manifest is in the history that HEAD leads to, every link of it checked
    ANCHORED(n of N)    that history, up to n, is the one that an id or checkpoint kept elsewhere names

Without an anchor a store that was rewritten or cut short as a whole cannot be told.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Literal

from ..errors import (
    FileChanged,
    FileMissing,
    FormatError,
    IntegrityError,
    OperatingSystemRefused,
    WrongFileType,
)
from ..format.canonical import Value
from ..format.data import File
from ..format.frozen import frozen
from ..format.ids import BlobId, ObjectId, Sha256
from ..format.merkle import root
from ..format.names import FileName
from ..format.objects import object_id
from ..format.runs import Link, Metrics, Run
from ..observe.files import open_beneath, open_folder
from ..observe.reading import read_file
from ..observe.trees import read_folder_beneath
from ..store.chain import Entry, Gap
from ..store.store import Store
from .anchors import Anchor
from .check import Checker
from .lineage import Place, digest_file, roles_of, tree_entries
from .views import FileView, Problem, document_values, file_view

State = Literal["not-checked", "unchanged", "changed", "absent"]


@frozen
class VerifiedFile:
    """The file that was asked about, as it was read just now. `size` is in bytes."""

    path: str
    size: int
    blake3: BlobId
    sha256: Sha256 | None


@frozen
class DatasetState(FileView):
    """A dataset of the run, and how it compares with what lies at its place now."""

    path: FileName | None
    state: State


@frozen
class Lineage:
    """One manifest whose run has the bytes. `member` is the file's name where `role` is a folder."""

    manifest: ObjectId
    run: ObjectId
    sequence: int
    recorded_at: str
    role: str
    member: FileName | None
    direction: Literal["output", "input", "document"]
    run_id: str | None
    label: str | None
    datasets: tuple[DatasetState, ...]
    metrics: dict[str, Value] | None


@frozen
class History:
    """The history that was walked: its length, HEAD, the root of its Merkle tree (SHA-256, hex)."""

    size: int
    head: ObjectId | None
    root: str
    anchored_to: str | None
    walked: bool


@frozen
class Verification:
    """The answer. `verdict` is the highest level reached, or NOT-RECORDED, CORRUPT, ANCHOR-MISMATCH."""

    file: VerifiedFile
    verdict: str
    levels: tuple[str, ...]
    runs: tuple[Lineage, ...]
    history: History
    problems: tuple[Problem, ...]

    @property
    def exit_code(self) -> int:
        """0 shown, 1 not recorded, 3 something is damaged or contradicted, 5 the anchor does not reach it."""
        if self.verdict in ("CORRUPT", "ANCHOR-MISMATCH") or self.problems:
            return 3
        if self.verdict == "NOT-RECORDED":
            return 1
        return 5 if self.not_anchored else 0

    @property
    def not_anchored(self) -> bool:
        """An anchor was given and is part of the history, and the file came after it."""
        return self.history.anchored_to is not None and not self.verdict.startswith("ANCHORED")


class _Walk:
    """What one walk over the history found."""

    def __init__(self, head: ObjectId | None) -> None:
        self.head = head
        self.entries = 0
        self.root = root(())
        self.first: ObjectId | None = None
        self.hits: list[tuple[Entry, Run, list[Place]]] = []
        self.problems: list[Problem] = []
        self.anchored_at: int | None = None
        self.anchor_root: bytes | None = None


def verify_file(
    store: Store, path: str, *, anchor: Anchor | None = None, full: bool = False, check_data: bool = False
) -> Verification:
    """The lineage of the file at `path`. `full` also reads every kept blob of the runs.

    Raises FileMissing, WrongFileType, FileChanged, OperatingSystemRefused, BrokenChain (HEAD).
    """
    file, sha256 = digest_file(path)
    wanted = object_id(file)
    walk = _walk(store, file, wanted, anchor)
    problems = list(walk.problems)
    checker = Checker(store, blobs=full)
    damaged = False
    for entry, run, _ in walk.hits:
        found = checker.check_run(entry, run)
        damaged = damaged or bool(found)
        problems += found
    lineages = tuple(
        _lineage(store, entry, run, place, check_data) for entry, run, places in walk.hits for place in places
    )
    levels = _levels(walk, anchor, damaged)
    # Where the history has gaps, what they held is not known: that nothing was found there is no answer.
    if damaged or (walk.problems and not walk.hits):
        verdict = "CORRUPT"
    elif anchor is not None and walk.anchored_at is None:
        verdict = "ANCHOR-MISMATCH"
        problems.append(_mismatch(walk, anchor))
    else:
        verdict = levels[-1] if levels else "NOT-RECORDED"
    return Verification(
        file=VerifiedFile(path=path, size=file.size, blake3=file.blake3, sha256=sha256),
        verdict=verdict,
        levels=levels,
        runs=lineages,
        history=History(
            size=walk.entries,
            head=walk.head,
            root=walk.root.hex(),
            anchored_to=anchor.text if anchor is not None and walk.anchored_at is not None else None,
            walked=not walk.problems,
        ),
        problems=tuple(dict.fromkeys(problems)),
    )


def _levels(walk: _Walk, anchor: Anchor | None, damaged: bool) -> tuple[str, ...]:
    if not walk.hits or damaged:
        return ()
    levels = ["RECORDED"]
    if not walk.problems:
        levels.append("CHAIN-CONSISTENT")
        oldest = min(entry.manifest.sequence for entry, _, _ in walk.hits)
        if anchor is not None and walk.anchored_at is not None and oldest < walk.anchored_at:
            levels.append(f"ANCHORED({walk.anchored_at} of {walk.entries})")
    return tuple(levels)


def _walk(store: Store, file: File, wanted: ObjectId, anchor: Anchor | None) -> _Walk:
    """The whole history: every parent link checked, every run asked for the bytes."""
    walk = _Walk(store.chain.head())
    trees: dict[ObjectId, tuple[FileName, ...]] = {}
    runs: dict[ObjectId, tuple[Run, list[Place]]] = {}
    for step in store.chain.walk(walk.head):
        if isinstance(step, Gap):
            digits = step.id.hex if step.id is not None else None
            walk.problems.append(Problem(code=step.error.code, id=digits, message=str(step.error)))
            continue
        if not walk.entries:
            walk.entries = step.manifest.sequence + 1
            walk.root = root(step.next_history())
        walk.first = step.id
        if anchor is not None:
            _meet_anchor(walk, anchor, step)
        run_id = step.manifest.run
        if run_id not in runs:
            try:
                run = store.objects.get(Run, run_id, f"manifest {step.id.short}")
            except (IntegrityError, FormatError) as error:
                walk.problems.append(
                    Problem(code=error.code, id=run_id.hex, message=str(error), runs=(run_id,))
                )
                continue
            runs[run_id] = (run, roles_of(store, run, file, wanted, trees))
        run, places = runs[run_id]
        if places:
            walk.hits.append((step, run, places))
    origin = f"obs/{walk.first.hex}" if walk.first is not None else None
    if anchor is not None and anchor.origin not in (None, origin):
        walk.anchored_at = None
    return walk


def _meet_anchor(walk: _Walk, anchor: Anchor, step: Entry) -> None:
    size = step.manifest.sequence + 1
    if anchor.manifest is not None:
        if step.id == anchor.manifest:
            walk.anchored_at = size
    elif size == anchor.size:
        walk.anchor_root = root(step.next_history())
        if walk.anchor_root == anchor.root:
            walk.anchored_at = size


def _mismatch(walk: _Walk, anchor: Anchor) -> Problem:
    if anchor.manifest is not None:
        message = f"the history of {walk.entries} manifests does not contain manifest {anchor.manifest.hex}"
    elif anchor.size > walk.entries:
        message = f"the checkpoint names {anchor.size} manifests, and the history has {walk.entries}"
    else:
        message = f"the first {anchor.size} manifests are not those that the checkpoint names"
    return Problem(code="ANCHOR_MISMATCH", id=None, message=message)


def _lineage(store: Store, entry: Entry, run: Run, place: Place, check_data: bool) -> Lineage:
    roles = {link.role: "input" for link in run.datasets} | {link.role: "output" for link in run.artifacts}
    direction = roles.get(place.role, "document")
    return Lineage(
        manifest=entry.id,
        run=entry.manifest.run,
        sequence=entry.manifest.sequence,
        recorded_at=entry.manifest.recorded_at,
        role=place.role,
        member=place.member,
        direction="output" if direction == "output" else "input" if direction == "input" else "document",
        run_id=run.run_id,
        label=run.label,
        datasets=tuple(dataset_state(store, entry, link, check_data) for link in run.datasets),
        metrics=document_values(store, run.metrics, Metrics),
    )


def dataset_state(store: Store, entry: Entry, link: Link, check: bool) -> DatasetState:
    """A link of a run beside what lies at its place now (if `check`, by reading all of it)."""
    note = entry.manifest.note_of(link.role)
    view = file_view(store, link, entry.manifest)
    path = note.path if note is not None and not note.outside else None
    state: State = "not-checked"
    if check and path is not None:
        with suppress(FileChanged, OperatingSystemRefused):  # it cannot be read now: nothing is known of it
            state = compare_with_disk(store, link, path)
    return DatasetState(
        role=view.role,
        name=view.name,
        kind=view.kind,
        size=view.size,
        count=view.count,
        blake3=view.blake3,
        sha256=view.sha256,
        id=view.id,
        path=path,
        state=state,
    )


def compare_with_disk(store: Store, link: Link, path: FileName) -> State:
    """Whether what lies at `path` below the store's home is what the link says. Reads all of it.

    The path comes from the store, so no symlink on it is followed. Raises IntegrityError, FileChanged,
    OperatingSystemRefused.
    """
    raw = path.encode() if isinstance(path, str) else path
    try:
        with open_folder(store.home) as home:
            if link.kind == "file":
                with open_beneath(home.fd, raw) as opened:
                    digests = read_file(opened, sha256=False)
                same = object_id(File(size=digests.size, blake3=digests.blake3)) == link.id
                return "unchanged" if same else "changed"
            recorded = {entry.name: (entry.size, entry.blake3) for entry in tree_entries(store, link.id)}
            read = (file.entry for file in read_folder_beneath(home.fd, raw))
            found = {entry.name: (entry.size, entry.blake3) for entry in read}
            return "unchanged" if found == recorded else "changed"
    except FileMissing:
        return "absent"
    except WrongFileType:  # another kind of thing, or a symlink on the way
        return "changed"
