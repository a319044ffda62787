"""`inspect`: what a model file holds, without executing, importing or unpacking anything of it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final

from ..errors import ContentAbsent, CorruptBlob, NotAModelFile, WrongFileType
from ..format.canonical import Value
from ..format.frozen import frozen
from ..format.ids import BlobId, Sha256
from ..observe.files import OpenedFile, open_regular
from ..observe.pickles.containers import ModelGraph, read_model
from ..observe.pickles.limits import DEFAULT, Deadline, Limits
from ..observe.pickles.summary import summarise
from ..observe.reading import read_file

if TYPE_CHECKING:  # a file needs no store: half of what a short inspect costs are imports
    from ..store.store import Store
    from .revisions import Member

_NO_MODELS: Final = frozenset({"npy", "parquet", "arrow"})
_NO_PICKLES: Final = frozenset(
    {"TRUNCATED_STREAM", "DAMAGED_STREAM", "NEEDS_MODULE", "EXPANDED", "RATIO", "TIME"}
)
"""Problems of a compressed file, which leave open what is in it."""


@frozen
class Fingerprint:
    """The file's own digests, read through the same descriptor."""

    blake3: BlobId
    sha256: Sha256


@frozen
class Inspected:
    """What a model file holds. The fields are those of `obs inspect --json`; docs/inspect.md says what the
    maps and lists in them hold. `fingerprint` is None where it was not wanted."""

    artifact_path: str
    pipeline_steps: list[dict[str, Any]]
    step_count: int
    has_preprocessing: bool
    model: dict[str, Any] | None
    tree: dict[str, Any] | None
    estimator_count: int
    n_features_in: int | None
    feature_names_in: list[Any] | None
    classes: list[Any] | None
    libraries: dict[str, str]
    format: dict[str, Any]
    arrays: list[dict[str, Any]]
    globals: list[dict[str, Any]]
    complete: bool
    problems: list[dict[str, Any]]
    cut: dict[str, Any]
    fingerprint: Fingerprint | None

    @property
    def exit_code(self) -> int:
        """0 if everything was seen, else 5."""
        return 0 if self.complete else 5


def inspect_path(path: str, *, fingerprint: bool = True, limits: Limits = DEFAULT) -> Inspected:
    """What the file at `path` holds.

    Raises NotAModelFile, FileMissing, WrongFileType, FileChanged, OperatingSystemRefused.
    """
    with open_regular(path) as opened:
        return _inspected(opened, path, fingerprint=fingerprint, limits=limits)


def inspect_member(
    store: Store, member: Member, text: str, *, fingerprint: bool = True, limits: Limits = DEFAULT
) -> Inspected:
    """What a file of a run holds; `text` is how the user named it.

    Of a file that was not kept it is what was found when the run was recorded. With `fingerprint` kept bytes
    are compared with their id. Raises ContentAbsent, CorruptBlob, WrongFileType, NotAModelFile.
    """
    from ..format.data import Tree
    from .show import file_object

    file = file_object(store, member.file)
    if isinstance(file, Tree):
        raise WrongFileType(path=text, found="a folder", needed="a file")
    descriptor = store.blobs.open(file.blake3)
    if descriptor is None:
        stored = _stored(store, member)
        if stored is None:
            raise ContentAbsent(revision=text, id=file.blake3.hex)
        note = member.entry.manifest.note_of(member.role)
        sha256 = note.sha256 if note is not None else None
        made = Fingerprint(blake3=file.blake3, sha256=sha256) if sha256 is not None and fingerprint else None
        return _answer(text, made, stored)
    with OpenedFile(text, descriptor, os.fstat(descriptor)) as opened:
        found = _inspected(opened, text, fingerprint=fingerprint, limits=limits)
    if found.fingerprint is not None and found.fingerprint.blake3 != file.blake3:
        raise CorruptBlob(id=file.blake3.hex, problem="its bytes do not hash to its id")
    return found


def inspect_for_record(opened: OpenedFile, *, limits: Limits = DEFAULT) -> dict[str, Value] | str | None:
    """The document that is stored of a file: None if it is no model file; a code for the manifest's notes
    where it would say more about this machine than about the file. Raises OperatingSystemRefused.
    """
    net = Deadline(limits.seconds)
    graph = read_model(opened, limits=limits, net=net)
    if opened.stat.st_size == 0 or _no_model(graph) is not None:
        return None
    if any(problem.code == "NEEDS_MODULE" for problem in graph.problems):
        return "INSPECTION_NEEDS_MODULE"
    found: dict[str, Value] = summarise(graph, limits=limits, net=net)
    problems = found["problems"]
    if not isinstance(problems, list) or any(
        isinstance(one, dict) and one["code"] == "TIME" for one in problems
    ):
        return "INSPECTION_TIMED_OUT"
    return found


def _inspected(opened: OpenedFile, path: str, *, fingerprint: bool, limits: Limits) -> Inspected:
    net = Deadline(limits.seconds)
    graph = read_model(opened, limits=limits, net=net)
    problem = "it is empty" if opened.stat.st_size == 0 else _no_model(graph)
    if problem is not None:
        raise NotAModelFile(path=path, problem=problem)
    found: dict[str, Value] = summarise(graph, limits=limits, net=net)
    made = None
    if fingerprint:
        digests = read_file(opened, sha256=True)
        if digests.sha256 is not None:
            made = Fingerprint(blake3=digests.blake3, sha256=digests.sha256)
    return _answer(path, made, found)


def _answer(path: str, fingerprint: Fingerprint | None, found: dict[str, Value]) -> Inspected:
    # The map has exactly the fields: the tests see to it.
    fields: dict[str, Any] = {"artifact_path": path, "fingerprint": fingerprint, **found}
    return Inspected(**fields)


def _stored(store: Store, member: Member) -> dict[str, Value] | None:
    """What was found in a file when it was recorded; None if nothing was stored of it."""
    from ..format.inspections import Inspection
    from ..format.reports import Report

    report = store.objects.get(Report, member.entry.manifest.report, "the manifest")
    for seen in report.observations:
        if (seen.role, seen.kind) == (member.role, Inspection.KIND):
            found = store.objects.get(Inspection, seen.id, "the report")
            return found.document() if found.file == member.file else None
    return None


def _no_model(graph: ModelGraph) -> str | None:
    """Why a file is no model file at all; None if it is one, or may be."""
    container = graph.format.container
    if container in _NO_MODELS:
        return next(
            (problem.message for problem in graph.problems), f"it is a file of the format {container}"
        )
    if container is None:
        unread = graph.format.compression is not None and any(
            problem.code in _NO_PICKLES for problem in graph.problems
        )
        return None if unread else "its bytes are no pickle, and of no other format that obs knows"
    return None
