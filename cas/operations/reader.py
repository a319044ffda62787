"""The files of a record: opened first, then read once each, in the order that decides what is kept."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

from ..errors import BadArgument, FileChanged, FormatError, IntegrityError, ObsError
from ..format.canonical import Value
from ..format.contents import Content
from ..format.data import File, Part, Tree
from ..format.ids import BlobId, ObjectId, Sha256
from ..format.inspections import Inspection
from ..format.manifests import FileNote
from ..format.names import name_bytes, role_from_name
from ..format.objects import Object, object_id
from ..format.reports import Diagnostic, Observation
from ..format.runs import LinkKind
from ..format.trees import TreeBuilder
from ..observe.files import OpenedFile, Stamp
from ..observe.headers import is_dataset_name, is_model_name, looks_like_dataset, may_be_dataset
from ..observe.reading import FileDigests, read_file
from ..observe.trees import FolderState, TreeFile, read_folder, state_of_folder
from ..store.batch import Batch, BlobWriter
from ..store.statcache import StatCache
from ..store.store import Store
from .documents import read_metrics, read_params, read_record
from .inputs import DocumentInput, Input, base_name, open_input, place_of
from .requests import Named, RecordRequest
from .tables import Tables

if TYPE_CHECKING:
    from .contents import Seen

WORTH_CACHING_BYTES: Final = 16 << 20
"""A smaller file is read in less time than the stat cache takes to open."""
WORTH_CACHING_TABLE_BYTES: Final = 64 << 10
"""The same of a table, the content of which takes longer."""
WORTH_THREADS_BYTES: Final = 4 << 20
"""Of a table: a smaller one is read before a second thread has begun."""


class Reader:
    """Opens and reads everything that a request names. A context: it closes what it opened."""

    def __init__(
        self, store: Store, batch: Batch, request: RecordRequest, progress: Callable[[int], None] | None
    ) -> None:
        self._store = store
        self._batch = batch
        self._request = request
        self._progress = progress
        self._stack = ExitStack()
        self._tables = Tables(store, batch, request)
        self._cache: StatCache | None = None
        self._dataset_blobs: set[bytes] = set()
        self._dataset_trees: list[Tree] = []
        self._writers: dict[bytes, BlobWriter] = {}
        self.datasets: list[Input] = []
        self.artifacts: list[Input] = []
        self.metrics: DocumentInput | None = None
        self.params: DocumentInput | None = None
        self.record: Input | None = None
        self.objects: list[Object] = []
        self.remarks: set[str] = set(request.remarks)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.__exit__(kind, error, trace)

    # ------------------------------------------------------------------ opening

    def open_all(self) -> None:
        """Opens every dataset and artifact and settles the roles: what is wrong here costs no reading."""
        request = self._request
        unnamed = [given.path for given in request.datasets if given.role is None]
        if len(unnamed) > 1:
            raise BadArgument(
                what=f"{unnamed[1]} is a second dataset without a role",
                hint=f"name them, as in --data train={unnamed[0]} --data test={unnamed[1]}",
            )
        self.datasets = [self._open(given, given.role or "data") for given in request.datasets]
        if request.model is not None:
            self.artifacts.append(self._open(request.model, request.model.role or "model"))
        for given in request.artifacts:
            self.artifacts.append(self._open(given, given.role or role_from_name(base_name(given.path))))
        paths: dict[str, str] = {}
        for one in (*self.datasets, *self.artifacts):
            if one.role in paths:
                raise BadArgument(
                    what=f"the role '{one.role}' is taken by both {paths[one.role]} and {one.path}",
                    hint="give one of them another: ROLE=PATH",
                )
            paths[one.role] = one.path

    def _open(self, given: Named, role: str) -> Input:
        opened = open_input(given.path, self._request.found)
        kind: LinkKind = "tree" if opened is None else "file"
        if opened is not None:
            self._stack.enter_context(opened)
        return Input(path=given.path, role=role, name=base_name(given.path), kind=kind, opened=opened)

    # ------------------------------------------------------------------ reading

    def read_all(self, diagnostics: list[Diagnostic]) -> None:
        """Reads everything. The documents first (they are small and may be wrong), then the datasets,
        so that an artifact that equals one is known not to be kept."""
        request = self._request
        self.metrics, objects = read_metrics(request, self._batch, diagnostics)
        self.params, more = read_params(request, self._batch, diagnostics)
        self.record, recorded = read_record(request, self._batch)
        self.objects += [*objects, *more, *recorded]
        for given in self.datasets:
            known = request.cache and not request.dry_run and not request.keep_data
            cache = self._stat_cache(given) if known else None
            if given.opened is None:
                self._read_dataset_folder(given, cache=cache, diagnostics=diagnostics)
            else:
                self._read_dataset(given, given.opened, cache=cache, diagnostics=diagnostics)
        for given in self.artifacts:
            if given.opened is None:
                self._read_tree(given, self._files_of(given, keep=request.keep_artifacts), cache=None)
            else:
                self._read_artifact(given, given.opened)

    def _stat_cache(self, given: Input) -> StatCache | None:
        """The stat cache, which is opened for the first dataset that is worth it."""
        if given.opened is not None and given.opened.stat.st_size < (
            WORTH_CACHING_TABLE_BYTES if self._tables.wants(given.path) else WORTH_CACHING_BYTES
        ):
            return None
        if self._cache is None:
            self._cache = self._stack.enter_context(self._store.stat_cache())
        return self._cache

    def _read_dataset(
        self, given: Input, opened: OpenedFile, *, cache: StatCache | None, diagnostics: list[Diagnostic]
    ) -> None:
        """A file of data: its bytes, and in the same pass its content if it is a table."""
        request, is_table = self._request, self._tables.wants(given.path)
        known = cache.find(Stamp.of(opened.stat)) if cache is not None else None
        if cache is not None and known is not None and (known[1] is not None or not request.sha256):
            found, seen = self._tables.known(cache, given, known[0]) if is_table else (True, None)
            if found:
                given.cached = 1
                given.sha256 = Sha256(known[1]) if known[1] is not None and request.sha256 else None
                self._add_dataset(given, File(size=opened.stat.st_size, blake3=BlobId(known[0])))
                self._settle_content(given, seen, diagnostics)
                return
        seen = None
        if is_table:
            digests, blob, seen = self._read_table(opened)
        else:
            digests, blob = self._read_bytes(opened, keep=request.keep_data)
        if blob is not None:
            self._batch.keep_blob(blob, digests.blake3)
        given.sha256 = digests.sha256
        self._add_dataset(given, File(size=digests.size, blake3=digests.blake3))
        self._settle_content(given, seen, diagnostics)
        if cache is not None:
            sha256 = digests.sha256.raw if digests.sha256 else None
            cache.remember(digests.stamp, (digests.blake3.raw, sha256))
            if is_table:
                self._tables.remember(cache, given, digests.blake3.raw, seen)

    def _read_table(self, opened: OpenedFile) -> tuple[FileDigests, BlobWriter | None, Seen]:
        """The bytes of a table and its content."""
        from ..observe.tables.reading import read_dataset

        request = self._request
        blob = self._batch.open_blob() if request.keep_data and not request.dry_run else None
        digests, table = read_dataset(
            opened,
            sha256=request.sha256,
            sink=blob.write if blob is not None else None,
            label=request.label,
            threads=request.threads if opened.stat.st_size > WORTH_THREADS_BYTES else 1,
            progress=self._progress,
        )
        return digests, blob, table

    def _add_dataset(self, given: Input, file: File) -> None:
        given.object = file
        self._dataset_blobs.add(file.blake3.raw)
        self.objects.append(file)

    def _settle_content(self, given: Input, seen: Seen, diagnostics: list[Diagnostic]) -> None:
        if self._request.content:
            self.objects += self._tables.settle(given, seen, diagnostics)

    def _read_artifact(self, given: Input, opened: OpenedFile) -> None:
        """A file that the run wrote: kept, unless it is a dataset; looked into, if it is a model."""
        keep = self._request.keep_artifacts
        if looks_like_dataset(os.fsdecode(os.path.basename(given.path)), os.pread(opened.fd, 8, 0)):
            keep = False
        # Inspected first: reading to the end then shows that the file stayed what it was meanwhile.
        found = self._inspect(given, opened) if self._request.inspect else None
        digests, blob = self._read_bytes(opened, keep=keep)
        given.object = File(size=digests.size, blake3=digests.blake3)
        given.sha256 = digests.sha256
        if found is not None:
            self._add_inspection(given, found)
        self._settle(blob, digests.blake3, is_artifact=True)
        self.objects.append(given.object)

    def _inspect(self, given: Input, opened: OpenedFile) -> dict[str, Value] | None:
        """What is told of a model file. What goes wrong is a remark: the file is recorded all the same."""
        if given.role != "model" and not is_model_name(os.fsdecode(os.path.basename(given.path))):
            return None
        from .inspect import inspect_for_record

        try:
            found = inspect_for_record(opened)
        except ObsError:
            raise
        except Exception:  # noqa: BLE001  # a bug there, which `obs inspect` shows, costs no record here
            found = "INSPECTION_FAILED"
        if isinstance(found, str):
            self.remarks.add(found)
            return None
        return found

    def _add_inspection(self, given: Input, found: dict[str, Value]) -> None:
        try:
            given.inspection = self._batch.add(Inspection.of(object_id(given.recorded()), found))
            given.document = found
        except FormatError:
            self.remarks.add("INSPECTION_TOO_LARGE")

    def _read_bytes(self, opened: OpenedFile, *, keep: bool) -> tuple[FileDigests, BlobWriter | None]:
        blob = self._batch.open_blob() if keep and not self._request.dry_run else None
        digests = read_file(
            opened,
            sha256=self._request.sha256,
            sink=blob.write if blob is not None else None,
            progress=self._progress,
        )
        return digests, blob

    def _settle(self, blob: BlobWriter | None, name: BlobId, *, is_artifact: bool) -> None:
        """Keeps what was copied, unless it turned out to be one of the datasets."""
        if blob is not None and is_artifact and self._is_of_dataset(name):
            self._batch.drop_blob(blob)
        elif blob is not None:
            self._batch.keep_blob(blob, name)

    def _read_dataset_folder(
        self, given: Input, *, cache: StatCache | None, diagnostics: list[Diagnostic]
    ) -> None:
        """A folder of data. One that begins with tables is read as such; another one is read for its bytes,
        and once more if there were tables after all."""
        if cache is not None and (same := self._same_tree(given.path, cache)) is not None:
            found, seen = True, None
            if self._request.content:
                found, seen = self._tables.known(cache, given, object_id(same).raw)
            if found:
                given.object, given.cached = same, same.count
                self._dataset_trees.append(same)
                self.objects.append(same)
                self._batch.rely_on(same.parts)
                self._settle_content(given, seen, diagnostics)
                return
        keep = self._request.keep_data
        reading = None
        if not keep and self._tables.wants_folder(given.path):
            reading = self._tables.read_folder(given.path, self._progress)
            self._read_tree(given, reading.files, cache=cache)
        else:
            has_tables = self._read_tree(given, self._files_of(given, keep=keep, cache=cache), cache=cache)
            if has_tables and self._request.content:
                reading = self._tables.read_folder(given.path, self._progress)
                again = TreeBuilder()
                for file in reading.files:
                    again.add(file.entry)
                if again.finish() != given.object:
                    raise FileChanged(path=given.path, problem="was changed")
        seen = reading.content if reading is not None else None
        self._settle_content(given, seen, diagnostics)
        if cache is not None:
            self._tables.remember(cache, given, object_id(given.recorded()).raw, seen)

    def _files_of(self, given: Input, *, keep: bool, cache: StatCache | None = None) -> Iterator[TreeFile]:
        """The files of a folder, read for their bytes, and copied if they are to be kept."""
        is_artifact = given in self.artifacts

        def sink_for(name: bytes) -> Callable[[memoryview], object] | None:
            if not keep or self._request.dry_run or (is_artifact and is_dataset_name(os.fsdecode(name))):
                return None
            self._writers[name] = self._batch.open_blob()
            return self._writers[name].write

        def known(stamp: Stamp) -> BlobId | None:
            found = cache.find(stamp) if cache is not None else None
            return BlobId(found[0]) if found is not None else None

        return read_folder(
            given.path,
            known=known if cache is not None and not cache.is_empty else None,
            sink_for=sink_for if keep else None,
            jobs=self._request.jobs or 1,
            progress=self._progress,
        )

    def _read_tree(self, given: Input, files: Iterable[TreeFile], *, cache: StatCache | None) -> bool:
        """Puts the tree of a folder together; whether any of its files is called as datasets are."""
        is_artifact, has_tables = given in self.artifacts, False
        builder, state, lasting = TreeBuilder(self._batch.add), FolderState(), True
        for file in files:
            entry = file.entry
            builder.add(entry)
            if not is_artifact:
                self._dataset_blobs.add(entry.blake3.raw)
                has_tables = has_tables or may_be_dataset(entry.name)
            if cache is not None:
                state.add(entry.name, file.stamp)
                if file.from_cache:
                    given.cached += 1
                else:
                    lasting = cache.remember(file.stamp, (entry.blake3.raw, None)) and lasting
            if self._writers:
                blob = self._writers.pop(name_bytes(entry.name), None)
                self._settle(blob, entry.blake3, is_artifact=is_artifact)
        given.object = builder.finish()
        if not given.object.count:
            raise BadArgument(what=f"the folder {given.path} holds no files")
        self.objects.append(given.object)
        if cache is not None and lasting:
            cache.remember_answer(state.digest(), object_id(given.object).raw)
        return has_tables

    def _same_tree(self, path: str, cache: StatCache) -> Tree | None:
        """The tree that was recorded of a folder in which nothing has changed since, if it is known."""
        if cache.is_empty:
            return None
        known = cache.find_answer(state_of_folder(path))
        if known is None or len(known) != 32:
            return None
        objects = self._store.objects
        try:
            tree = objects.get(Tree, ObjectId(known), "the stat cache")
        except IntegrityError:
            return None  # made anew
        return tree if all(objects.has(part) for part in tree.parts) else None

    def _is_of_dataset(self, blob: BlobId) -> bool:
        """Whether a dataset has a file of these bytes."""
        for tree in self._dataset_trees:  # taken from the cache, and looked into now that somebody asks
            parts = (self._store.objects.get(Part, part, "a tree") for part in tree.parts)
            self._dataset_blobs.update(entry.blake3.raw for entry in tree.all_entries(parts))
        self._dataset_trees.clear()
        return blob.raw in self._dataset_blobs

    # ------------------------------------------------------------------ what was seen

    def observations(self) -> tuple[Observation, ...]:
        """What was found out about single files, for the report."""
        seen = [
            Observation(role=given.role, kind=Inspection.KIND, id=given.inspection)
            for given in self.artifacts
            if given.inspection is not None
        ]
        seen += [
            Observation(role=given.role, kind=Content.KIND, id=given.content.id)
            for given in self.datasets
            if given.content is not None
        ]
        if self._request.claims is not None:
            claims = self._request.claims
            seen.append(Observation(role="record", kind=claims.KIND, id=object_id(claims)))
        return tuple(sorted(seen, key=lambda one: (one.role, one.kind)))

    # ------------------------------------------------------------------ places

    def places(self) -> tuple[FileNote, ...]:
        """Where each file lay, for the manifest."""
        notes = [
            self._note(given.role, given.path, given.sha256, given.cached)
            for given in (*self.datasets, *self.artifacts, *([self.record] if self.record else []))
        ]
        notes += [
            self._note(document.role, document.path, document.sha256, 0)
            for document in (self.metrics, self.params)
            if document is not None and document.path is not None
        ]
        return tuple(sorted(notes, key=lambda note: note.order))

    def _note(self, role: str, path: str, sha256: Sha256 | None, cached: int) -> FileNote:
        place, outside = place_of(path, self._store.home)
        return FileNote(
            role=role, name=base_name(path), path=place, outside=outside, sha256=sha256, cached=cached
        )
