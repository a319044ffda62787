"""`verify FILE`: what can be shown about where a file came from, and no more than that.

    RECORDED            these bytes are an output (or input) of run X, and the run's objects are intact
    CHAIN-CONSISTENT    its manifest is in the history that HEAD leads to, every link of it checked
    ANCHORED(n of N)    that history, up to n, is the one that an id or checkpoint kept elsewhere names

Without an anchor a store that was rewritten or cut short as a whole cannot be told.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import partial
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
from ..format.manifests import Manifest
from ..format.names import FileName
from ..format.objects import object_id
from ..format.runs import Link, Metrics, Run
from ..observe.files import open_beneath, open_folder
from ..observe.reading import read_file
from ..observe.trees import read_folder_beneath
from ..store.chain import Entry
from ..store.store import Store
from .anchors import Anchor, check_kind
from .checker import Checker
from .lineage import Place, digest_file, tree_entries
from .lookups import find_file
from .trace import Hit, Trace, trace
from .upstream import Upstream, follow, producers_of, walked_producers
from .views import FileView, Problem, document_values, file_view

State = Literal["not-checked", "unchanged", "changed", "absent"]
Direction = Literal["output", "input", "document"]


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
    direction: Direction
    run_id: str | None
    label: str | None
    datasets: tuple[DatasetState, ...]
    metrics: dict[str, Value] | None


@frozen
class History:
    """The history: its length, HEAD, the root of its Merkle tree (SHA-256, hex).

    `anchored_to` is the anchor, where the history contains what it names, and `anchored_size` how many
    manifests it covers: what has that sequence or a higher one came later, and is not anchored.
    """

    size: int
    head: ObjectId | None
    root: str
    anchored_to: str | None
    anchored_size: int | None
    walked: bool


@frozen
class Verification:
    """The answer. `verdict` is the highest level reached, or NOT-RECORDED, CORRUPT, ANCHOR-MISMATCH."""

    file: VerifiedFile
    verdict: str
    levels: tuple[str, ...]
    runs: tuple[Lineage, ...]
    upstream: tuple[Upstream, ...]
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


def verify_file(
    store: Store, path: str, *, anchor: Anchor | None = None, full: bool = False, check_data: bool = False
) -> Verification:
    """The lineage of the file at `path`. `full` also reads every kept blob of the runs.

    Raises FileMissing, WrongFileType, FileChanged, OperatingSystemRefused, BrokenChain (HEAD).
    """
    file, sha256 = digest_file(path)
    checker = Checker(store, blobs=full)
    found = trace(store, file, anchor=anchor, find=partial(find_file, store), full=full)
    intact, wrong = _checked(checker, found)
    if wrong and not found.walked and not found.problems and _shown_least(found, intact, anchor):
        # Nobody vouches for the index: a run that it does not name may show more than these.
        found = trace(store, file, anchor=anchor, find=None, full=True)
        intact, wrong = _checked(checker, found)
    problems = [*found.problems, *wrong]
    levels = _levels(found, intact)
    steps: list[Upstream] = []
    if intact:
        try:
            producers = walked_producers(store) if found.walked else producers_of(store)
            for step, entry, run in follow(store, _runs_of(intact), producers):
                steps.append(step)
                problems += checker.check_run(entry, run)
        except (IntegrityError, FormatError) as error:
            problems.append(Problem(code=error.code, id=None, message=str(error)))
    # Where the history has gaps, what they held is not known: that nothing was found there is no answer.
    if not intact and problems:
        verdict = "CORRUPT"
    elif anchor is not None and found.anchored_at is None:
        verdict = "ANCHOR-MISMATCH"
        problems.append(_mismatch(store, found, anchor))
    else:
        verdict = levels[-1] if levels else "NOT-RECORDED"
    return Verification(
        file=VerifiedFile(path=path, size=file.size, blake3=file.blake3, sha256=sha256),
        verdict=verdict,
        levels=levels,
        runs=tuple(told for hit in found.hits for told in _lineages_of(store, hit, check_data)),
        upstream=tuple(steps),
        history=History(
            size=found.size,
            head=found.head,
            root=found.root.hex(),
            anchored_to=anchor.text if anchor is not None and found.anchored_at is not None else None,
            anchored_size=found.anchored_at,
            walked=found.walked,
        ),
        problems=tuple(dict.fromkeys(problems)),
    )


def _checked(checker: Checker, found: Trace) -> tuple[list[Hit], list[Problem]]:
    """The manifests of which the run and all its objects are intact, and what is wrong with the others."""
    intact: list[Hit] = []
    problems: list[Problem] = []
    for hit in found.hits:
        wrong = checker.check_run(hit.entry, hit.run)
        problems += wrong
        if not wrong:
            intact.append(hit)
    return intact, problems


def _shown_least(found: Trace, intact: list[Hit], anchor: Anchor | None) -> bool:
    """Whether a further run could show more than the intact ones: a run at all, or one before the anchor."""
    return not intact or (anchor is not None and not _is_anchored(found, intact))


def _is_anchored(found: Trace, intact: list[Hit]) -> bool:
    oldest = min(hit.entry.manifest.sequence for hit in intact)
    return found.anchored_at is not None and oldest < found.anchored_at


def _runs_of(hits: Iterable[Hit]) -> list[tuple[ObjectId, Run]]:
    """The runs that wrote the bytes, each once."""
    return list({hit.entry.manifest.run: hit.run for hit in hits if hit.wrote}.items())


def _levels(found: Trace, intact: list[Hit]) -> tuple[str, ...]:
    if not intact:
        return ()
    levels = ["RECORDED"]
    if not found.problems:
        levels.append("CHAIN-CONSISTENT")
        if _is_anchored(found, intact):
            levels.append(f"ANCHORED({found.anchored_at} of {found.size})")
    return tuple(levels)


def _mismatch(store: Store, found: Trace, anchor: Anchor) -> Problem:
    """How the history contradicts the anchor. Raises BadArgument if that is the id of something else."""
    if anchor.manifest is not None:
        check_kind(store, anchor.manifest)
        message = f"the history does not contain manifest {anchor.manifest.hex}"
    elif found.origin not in (None, anchor.origin):
        message = f"the history is {found.origin}, and the checkpoint names {anchor.origin}"
    elif anchor.size > found.size:
        message = f"the checkpoint names {anchor.size} manifests, and the history has {found.size}"
    else:
        message = f"the history up to manifest {anchor.size - 1} is not the one that the checkpoint names"
    if found.problems:
        message = f"as far as it can be read, {message}"
    return Problem(code="ANCHOR_MISMATCH", id=None, message=message)


def lineages(
    manifest: ObjectId,
    value: Manifest,
    run: Run,
    places: Iterable[Place],
    datasets: tuple[DatasetState, ...],
    metrics: dict[str, Value] | None,
) -> Iterator[Lineage]:
    """What is told of a manifest and its run, for each place where the run has the bytes."""
    directions: dict[str, Direction] = dict.fromkeys((link.role for link in run.datasets), "input")
    directions |= dict.fromkeys((link.role for link in run.artifacts), "output")
    for place in places:
        yield Lineage(
            manifest=manifest,
            run=value.run,
            sequence=value.sequence,
            recorded_at=value.recorded_at,
            role=place.role,
            member=place.member,
            direction=directions.get(place.role, "document"),
            run_id=run.run_id,
            label=run.label,
            datasets=datasets,
            metrics=metrics,
        )


def _lineages_of(store: Store, hit: Hit, check_data: bool) -> Iterator[Lineage]:
    entry, run = hit.entry, hit.run
    datasets = tuple(dataset_state(store, entry, link, check_data) for link in run.datasets)
    metrics = document_values(store, run.metrics, Metrics)
    return lineages(entry.id, entry.manifest, run, hit.places, datasets, metrics)


def dataset_state(store: Store, entry: Entry, link: Link, check: bool) -> DatasetState:
    """A link of a run beside what lies at its place now (if `check`, by reading all of it)."""
    path = _path_of(entry.manifest, link)
    state: State = "not-checked"
    if check and path is not None:
        with suppress(FileChanged, OperatingSystemRefused):  # it cannot be read now: nothing is known of it
            state = compare_with_disk(store, link, path)
    return state_of(file_view(store, link, entry.manifest), entry.manifest, link, state)


def state_of(view: FileView, manifest: Manifest, link: Link, state: State) -> DatasetState:
    """A dataset's view, and how it compares with what lies at its place."""
    return DatasetState(
        role=view.role,
        name=view.name,
        kind=view.kind,
        size=view.size,
        count=view.count,
        blake3=view.blake3,
        sha256=view.sha256,
        id=view.id,
        path=_path_of(manifest, link),
        state=state,
    )


def _path_of(manifest: Manifest, link: Link) -> FileName | None:
    """Where it lay, if that was in the folder that holds `.obs/`."""
    note = manifest.note_of(link.role)
    return note.path if note is not None and not note.outside else None


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
