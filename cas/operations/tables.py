"""The content of a run's datasets: known from before or just read; settled into objects and diagnostics."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from ..format.objects import Object
from ..format.reports import Diagnostic
from ..observe.headers import dataset_format, is_dataset_name
from ..observe.trees import some_names
from ..store.batch import Batch
from ..store.statcache import StatCache
from ..store.store import Store
from .contents import Described, Seen, answer_of, answered, content_key, settled, unavailable
from .findings import findings
from .inputs import Input
from .requests import RecordRequest

if TYPE_CHECKING:
    from ..observe.reading import Progress
    from ..observe.tables.folders import FolderReading

_OPAQUE: Final = b"opaque"
"""The answer about a folder without tables."""
_LOOKED_AT: Final = 100
"""Names in a folder, before it is read as one of tables."""


class Tables:
    """Finds, remembers and settles the contents of one record."""

    def __init__(self, store: Store, batch: Batch, request: RecordRequest) -> None:
        self._store = store
        self._batch = batch
        self._request = request

    def wants(self, path: str) -> bool:
        """Whether the content of a file is to be looked at."""
        return self._request.content and is_dataset_name(os.fsdecode(os.path.basename(path)))

    def wants_folder(self, path: str) -> bool:
        """Whether a folder begins with tables, so that it is best read as one of them."""
        if not self._request.content:
            return False
        return any(map(is_dataset_name, some_names(path, _LOOKED_AT)))

    def read_folder(self, path: str, progress: Progress | None) -> FolderReading:
        """The files of a folder and its content. Raises as `read_folder_tables`."""
        from ..observe.tables.folders import read_folder_tables

        request = self._request
        return read_folder_tables(path, label=request.label, jobs=request.jobs, progress=progress)

    def known(self, cache: StatCache, given: Input, digest: bytes) -> tuple[bool, Seen]:
        """Whether anything is known of the content of these bytes, or of this tree; and what."""
        answer = cache.find_answer(self._key(given, digest))
        if answer is None or answer == _OPAQUE:
            return answer is not None, None
        seen = answered(self._store, answer)
        return seen is not None, seen

    def remember(self, cache: StatCache, given: Input, digest: bytes, seen: Seen) -> None:
        """Notes that for the next time."""
        if self._request.content:
            answer = answer_of(given.content, seen)
            cache.remember_answer(self._key(given, digest), _OPAQUE if answer is None else answer)

    def settle(self, given: Input, seen: Seen, diagnostics: list[Diagnostic]) -> list[Object]:
        """The objects to be stored of what was found; what is odd goes to `diagnostics`."""
        label = self._request.label
        found = settled(seen, label)
        if not isinstance(found, Described):
            diagnostics.append(unavailable(found, {"role": given.role}))
            return []
        given.content = found
        odd = findings(found.content, found.columns, label=label, role=given.role)
        diagnostics += [one for one in odd if one.code != "LABEL_NOT_FOUND"]  # see labels.py
        if found is seen:  # it was stored before
            self._batch.rely_on((found.id, *found.content.column_parts, *found.content.member_parts))
            return []
        if found.content.digests is not None and not self._request.dry_run:
            blob = self._batch.open_blob()
            blob.write(found.digests)
            self._batch.keep_blob(blob, found.content.digests)
        return [*found.parts, found.content]

    def _key(self, given: Input, digest: bytes) -> bytes:
        form = dataset_format(given.path) if given.kind == "file" else None
        return content_key(digest, form, self._request.label)
