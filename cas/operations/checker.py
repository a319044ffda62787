"""Are objects intact: those that one manifest leads to, each read and checked once.

What is shared by many runs (a dataset, an environment) is not gone through again for each of them.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Final

from ..errors import (
    CorruptObject,
    FormatError,
    IntegrityError,
    InvalidField,
    MissingObject,
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
from ..store.chain import Entry
from ..store.objects import AnyObject
from ..store.store import Store
from .revisions import links_of
from .views import Problem

_NEWER: Final = (UnknownKind.code, UnknownVersion.code)


@frozen
class _Reached:
    """An object that was read: its kind (None: it is damaged), and whether what it leads to was checked."""

    kind: str | None
    within: bool


@cache  # one value for all objects of a kind: there may be millions
def _reached(kind: str | None, *, within: bool) -> _Reached:
    return _Reached(kind=kind, within=within)


class Checker:
    """Checks objects, each once. What it reached and what was wrong with it stays known: some 110 bytes for
    each object and each blob, so that a history of 100,000 runs takes less than 150 MiB."""

    def __init__(self, store: Store, *, blobs: bool) -> None:
        self._store = store
        self._blobs = blobs
        self._reached: dict[bytes, _Reached] = {}
        self._damaged: dict[bytes, Problem] = {}
        """What is wrong with an object itself. (Keys are digests, by which an object has one place.)"""
        self._wrong_within: dict[bytes, tuple[Problem, ...]] = {}
        self._blobs_reached: set[bytes] = set()
        self._damaged_blobs: dict[bytes, Problem] = {}

    def has_reached(self, wanted: ObjectId) -> bool:
        """Whether the object was asked for."""
        return wanted.raw in self._reached

    def has_reached_blob(self, wanted: BlobId) -> bool:
        """Whether something reached names the blob, kept or not."""
        return wanted.raw in self._blobs_reached

    def mark(self, known: ObjectId, kind: str | None) -> None:
        """Notes an object that somebody else has read and checked (None: and found damaged)."""
        self._reached.setdefault(known.raw, _reached(kind, within=True))

    def check_run(self, entry: Entry, run: Run) -> list[Problem]:
        """Everything that one manifest leads to. The problems name its run."""
        self.mark(entry.id, Manifest.KIND)
        self.mark(entry.manifest.run, Run.KIND)
        who = f"run {entry.manifest.run.short}"
        problems: list[Problem] = []
        report = self._get(Report, entry.manifest.report, f"manifest {entry.id.short}", problems)
        if report is not None:
            if report.run != entry.manifest.run:
                text = f"the report of manifest {entry.id.short} is about another run"
                problems.append(
                    Problem(code="REPORT_OF_ANOTHER_RUN", id=entry.manifest.report.hex, message=text)
                )
            if report.environment is not None:
                self._check(Environment, report.environment, who, problems)
            for seen in report.observations:
                self._check_observation(seen, run, who, problems)
        for document, kind in ((run.metrics, Metrics), (run.params, Params)):
            if document is not None:
                self._check_document(document, kind, who, problems)
        for link in links_of(run):
            if link.kind == "file":
                self._check(File, link.id, who, problems, self._within_file)
            else:
                self._check(Tree, link.id, who, problems, self._within_tree)
        return [_touching(problem, entry.manifest.run) for problem in problems]

    # ------------------------------------------------------------------ by kind

    def _check_observation(self, seen: Observation, run: Run, who: str, problems: list[Problem]) -> None:
        """That it is there, of the kind that the report says, and about the file that has its role."""
        report = f"the report of {who}"
        if seen.kind == Content.KIND:
            self._check(Content, seen.id, report, problems, self._within_content)
            return
        if seen.kind != Inspection.KIND:  # one that came later: that its bytes are intact is all one can see
            if self._read(seen.id, report) is None and self._damaged[seen.id.raw].code not in _NEWER:
                problems.append(self._damaged[seen.id.raw])
            return
        found = self._get(Inspection, seen.id, report, problems)
        if found is not None and found.file not in (
            link.id for link in run.artifacts if link.role == seen.role
        ):
            text = f"the inspection of '{seen.role}' of {who} is of another file"
            problems.append(Problem(code="OBJECT_CORRUPT", id=seen.id.hex, message=text))

    def _check_document(
        self, document: Document, kind: type[Metrics | Params], who: str, problems: list[Problem]
    ) -> None:
        """What was said, and that the file which is named for it is the one it was read from."""
        said = self._get(kind, document.values, who, problems)
        if said is None or document.file is None:
            return
        file = self._get(File, document.file, who, problems)
        if file is not None and said.source != file.blake3:
            text = f"the {kind.KIND} of {who} were read from another file than the one that it names"
            problems.append(Problem(code="OBJECT_CORRUPT", id=document.values.hex, message=text))

    def _within_file(self, _wanted: ObjectId, file: File, problems: list[Problem]) -> None:
        self._check_blob(file.blake3, file.size, problems)

    def _within_content(self, wanted: ObjectId, content: Content, problems: list[Problem]) -> None:
        """Its parts, and the blob of its digests if that is kept."""
        who = f"content {wanted.short}"
        parts: dict[ObjectId, ContentPart] = {}
        for part in (*content.column_parts, *content.member_parts):
            found = self._get(ContentPart, part, who, problems)
            if found is not None:
                parts[part] = found
        if problems:
            return
        try:
            for _ in members_of(content, [parts[part] for part in content.member_parts]):
                pass
            size = digest_bytes(content, columns_of(content, [parts[part] for part in content.column_parts]))
        except FormatError as error:
            problems.append(_corrupt(wanted, error.problem))
            return
        if content.digests is not None:
            self._check_blob(content.digests, size, problems)

    def _within_tree(self, wanted: ObjectId, tree: Tree, problems: list[Problem]) -> None:
        found = [self._get(Part, part, f"tree {wanted.short}", problems) for part in tree.parts]
        parts = [part for part in found if part is not None]
        for entries in (tree.entries, *(part.entries for part in parts)):
            for entry in entries:
                self._check_blob(entry.blake3, entry.size, problems)
        if len(parts) == len(tree.parts):
            try:
                for _ in tree.all_entries(parts):
                    pass
            except InvalidField as error:
                problems.append(_corrupt(wanted, error.problem))

    # ------------------------------------------------------------------ objects and blobs

    def _check(
        self,
        expected: type[AnyObject],
        wanted: ObjectId,
        wanted_by: str,
        problems: list[Problem],
        within: Callable[[ObjectId, AnyObject, list[Problem]], None] | None = None,
    ) -> None:
        """Checks an object, and by `within` what it leads to: once, however many others lead to it."""
        known = self._reached.get(wanted.raw)
        if known is not None and known.within and known.kind == expected.KIND:
            problems += self._wrong_within.get(wanted.raw, ())
            return
        found: list[Problem] = []
        value = self._get(expected, wanted, wanted_by, problems)
        if value is None:
            return
        if within is not None:
            within(wanted, value, found)
        self._reached[wanted.raw] = _reached(value.KIND, within=True)
        if found:
            self._wrong_within[wanted.raw] = tuple(found)
        problems += found

    def _get(
        self, expected: type[AnyObject], wanted: ObjectId, wanted_by: str, problems: list[Problem]
    ) -> AnyObject | None:
        """The object, or None; what is wrong with it goes to `problems` each time it is asked for."""
        value = self._read(wanted, wanted_by)
        if value is None:
            problems.append(self._damaged[wanted.raw])
        elif not isinstance(value, expected):
            problems.append(_corrupt(wanted, f"it is no {expected.KIND}, and {wanted_by} links to it as one"))
        else:
            return value
        return None

    def _read(self, wanted: ObjectId, wanted_by: str) -> Object | None:
        """The object, None if it is in `_damaged`: an intact one of a newer obs is, too."""
        if wanted.raw in self._damaged:
            return None
        try:
            found = self._store.objects.find(wanted)
            if found is None:
                raise MissingObject(id=wanted.hex, wanted_by=wanted_by)
        except (IntegrityError, FormatError) as error:
            self._reached[wanted.raw] = _reached(None, within=True)
            self._damaged[wanted.raw] = Problem(code=error.code, id=wanted.hex, message=str(error))
            return None
        self._reached.setdefault(wanted.raw, _reached(found[0].KIND, within=False))
        return found[0]

    def _check_blob(self, blob: BlobId, recorded: int, problems: list[Problem]) -> None:
        """A kept blob has the size that was recorded; with `blobs` it is read and hashed too."""
        digest = blob.raw
        if digest not in self._blobs_reached:
            self._blobs_reached.add(digest)
            try:
                size = self._store.blobs.size_of(blob)
                if size is not None and size != recorded:
                    text = f"blob {blob.hex} has {size} bytes, and {recorded} were recorded"
                    self._damaged_blobs[digest] = Problem(code="BLOB_CORRUPT", id=blob.hex, message=text)
                elif size is not None and self._blobs:
                    self._store.blobs.check(blob)
            except IntegrityError as error:
                self._damaged_blobs[digest] = Problem(code=error.code, id=blob.hex, message=str(error))
        if (problem := self._damaged_blobs.get(digest)) is not None:
            problems.append(problem)


def _corrupt(damaged: ObjectId, problem: str) -> Problem:
    error = CorruptObject(id=damaged.hex, problem=problem)
    return Problem(code=error.code, id=damaged.hex, message=str(error))


def _touching(problem: Problem, run: ObjectId) -> Problem:
    return Problem(code=problem.code, id=problem.id, message=problem.message, runs=(run,))
