"""The index of a history, brought up to date: what it holds of each manifest.

Only what was read and hashes to its name goes in, in transactions from the oldest manifest on, so that an
interruption loses little, and several processes can share the work. Who asks it: `lookups.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Final

from ..errors import FormatError, IntegrityError
from ..format.canonical import Value
from ..format.ids import DIGEST_BYTES, ObjectId
from ..format.objects import object_id
from ..format.reports import Report
from ..format.runs import Document, Metrics, Params, Run
from ..store.chain import Entry, Gap
from ..store.index import MAX_TEXT, Covered, Direction, Index, IndexUnusable, Row, Scalar
from ..store.store import Store
from .lineage import tree_entries
from .revisions import links_of

_PER_TRANSACTION: Final = 2000
_MOST_SAID: Final = 1000
"""Characters of message and run id."""
_MOST_FACTS: Final = 512
"""Of one document."""


def update(store: Store, index: Index, head: Entry) -> int:
    """Brings the index up to `head`, as far as that is possible: how many of its manifests are covered.

    A history with gaps is not indexed any further, for what is in them is not known. Where the index cannot
    be written it stays as it is. Raises IndexUnusable, BrokenChain where HEAD cannot be read.
    """
    covered = index.covered
    size = head.manifest.sequence + 1
    if (
        covered is not None
        and covered.size > size
        and store.chain.newest() != head.id  # else the history was cut
        and next(index.candidates((), size), None) == head.id
    ):
        return size  # others have recorded since HEAD was read, and have brought the index further
    ids = bytearray()  # newest first
    start = 0
    for step in store.chain.walk(head.id, links=False):
        if isinstance(step, Gap):
            raise IndexUnusable
        if covered is not None and step.manifest.sequence < covered.size:
            if step.manifest.sequence + 1 == covered.size and step.id.raw == covered.head:
                start = covered.size
                break
            covered = None  # of another history, or of another store
            index.renew()
        ids += step.id.raw
    with suppress(IndexUnusable, IntegrityError, FormatError):
        while (start := _add_some(store, index, ids, start, size)) < size:
            pass
    covered = index.covered
    return min(covered.size, size) if covered is not None else 0


def _add_some(store: Store, index: Index, ids: bytearray, start: int, size: int) -> int:
    """Adds some of the manifests up to `size`, whose ids are given, the newest first; how many are covered.

    Another process may do the same: under the lock it is seen how far it has come.
    """

    def id_of(sequence: int) -> ObjectId:
        at = (size - 1 - sequence) * DIGEST_BYTES
        return ObjectId(bytes(ids[at : at + DIGEST_BYTES]))

    with index.writing():
        covered = index.covered
        at = covered.size if covered is not None else 0
        if covered is not None and start < at <= size and covered.head != id_of(at - 1).raw:
            raise IndexUnusable
        if at >= size:
            return size
        if at < start:
            raise IndexUnusable
        end = min(at + _PER_TRANSACTION, size)
        for sequence in range(at, end):
            index.add(_row(store, index, store.chain.entry(id_of(sequence), "the history")))
            if store.chain.watch is not None:
                store.chain.watch(1)
        index.cover(Covered(head=id_of(end - 1).raw, size=end))
    return end


def _row(store: Store, index: Index, entry: Entry) -> Row:
    """What the index holds of a manifest. Whatever cannot be read or is too much makes it a partial one."""
    manifest = entry.manifest
    contents: list[tuple[bytes, Direction]] = [(manifest.run.raw, "run")]
    members: list[tuple[bytes, Iterator[bytes]]] = []
    facts: list[tuple[str, Scalar]] = []
    said = manifest.message or ""
    partial = False
    try:
        run = store.objects.get(Run, manifest.run, f"manifest {entry.id.short}")
        said = f"{said}\n{run.run_id or ''}"
        partial = _add_links(store, index, entry, run, contents, members)
        facts += [("status", run.status)]
        facts += [("label", run.label)] if run.label is not None else []
        facts += [("run_id", run.run_id)] if run.run_id is not None else []
        partial |= _add_document(store, run.metrics, Metrics, facts)
        partial |= _add_document(store, run.params, Params, facts)
        report = store.objects.get(Report, manifest.report, f"manifest {entry.id.short}")
        partial |= _add_facts("counts", dict[str, Value](report.counts), facts)
        facts += [("diagnostics", found.code) for found in report.diagnostics[:_MOST_FACTS]]
        partial |= len(report.diagnostics) > _MOST_FACTS
    except (IntegrityError, FormatError):
        partial = True
    said = said.casefold()
    return Row(
        sequence=manifest.sequence,
        id=entry.id,
        time=manifest.recorded_at,
        said=said[:_MOST_SAID],
        partial=partial or len(said) > _MOST_SAID,
        contents=contents,
        members=members,
        facts=facts,
    )


def _add_links(
    store: Store,
    index: Index,
    entry: Entry,
    run: Run,
    contents: list[tuple[bytes, Direction]],
    members: list[tuple[bytes, Iterator[bytes]]],
) -> bool:
    """The files and folders of a run. True if not all could be read. Raises IntegrityError, FormatError."""
    partial = False
    directions: dict[str, Direction] = dict.fromkeys((link.role for link in run.datasets), "input")
    directions |= dict.fromkeys((link.role for link in run.artifacts), "output")
    for link in links_of(run):
        direction = directions.get(link.role, "document")
        note = entry.manifest.note_of(link.role)
        if note is not None and note.sha256 is not None:
            contents.append((note.sha256.raw, direction))
        contents.append((link.id.raw, direction))
        if link.kind == "tree" and not index.has_tree(link.id.raw):
            try:
                for _ in tree_entries(store, link.id):  # before a part of it is taken for all
                    pass
                members.append(
                    (link.id.raw, (object_id(one.file).raw for one in tree_entries(store, link.id)))
                )
            except (IntegrityError, FormatError):
                partial = True
    return partial


def _add_document(
    store: Store, document: Document | None, kind: type[Metrics | Params], facts: list[tuple[str, Scalar]]
) -> bool:
    """The values of metrics or params. True if not all. Raises IntegrityError, FormatError."""
    if document is None:
        return False
    return _add_facts(kind.KIND, store.objects.get(kind, document.values, "a run").values or {}, facts)


def _add_facts(prefix: str, values: dict[str, Value], facts: list[tuple[str, Scalar]]) -> bool:
    """The numbers and texts of a document, those of maps within it as `outer.inner`. True if not all.

    A list is no number and no text: no comparison with one is ever true.
    """
    left: list[tuple[str, Value]] = [(f"{prefix}.{name}", value) for name, value in values.items()]
    for taken, (name, value) in enumerate(left):
        if taken >= _MOST_FACTS or len(name) > MAX_TEXT:
            return True
        if isinstance(value, dict):
            left += [(f"{name}.{inner}", item) for inner, item in value.items()]
        elif isinstance(value, int | float | str):
            facts.append((name, value))
    return False
