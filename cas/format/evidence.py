"""What a proof file carries beside hashes: the objects that say what the proved leaf is, all of them checked.

    proof file  ->  index, path, checkpoint           the leaf is in the tree of that root
    extra       ->  manifest  ->  leaf, run           what the leaf is
                    head      ->  root, size          whose tree it is: a kept head id is an anchor, too
                    objects   ->  run, files, …       what the manifest names, by id

Nothing here is believed: every byte of `extra` hashes to something that the manifest, the run or the report
names, and the manifests to the leaf and the root. What is left to believe is the root, and for that there is
the anchor that a verifier kept.

Law:  check_proof(make_proof(…)) succeeds, and no other bytes give the same claim about another leaf or root.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, Self, TypeVar

from ..errors import FormatError, InvalidField, UnknownVersion
from .canonical import Path, Value, count_values, decode_flat, encode
from .data import File, Tree
from .fields import Fields, Misplaced, check_order, present
from .frozen import frozen
from .ids import ObjectId, derive_object_id
from .inspections import Inspection
from .manifests import Manifest
from .merkle import Hash, extend, leaf_hash, root
from .objects import KINDS, Object, class_of, decode_object
from .proofs import Proof, check_inclusion
from .reports import Environment, Report
from .runs import Document, Metrics, Params, Run
from .tlog import Checkpoint, ProofFile

T = TypeVar("T", bound="Object")

VERSION: Final = 1
MAX_OBJECTS: Final = 8192
"""In one proof."""
MAX_VALUES: Final = 1 << 20
"""In all manifests and objects of one proof together."""
ORIGIN: Final = "obs/"
"""Before the digits of manifest 0 in the origin of a history."""


@frozen
class Leaf:
    """A manifest, and the tree that ends with it."""

    id: ObjectId
    manifest: Manifest
    leaf: Hash
    root: Hash

    @property
    def size(self) -> int:
        """Of that tree."""
        return self.manifest.sequence + 1

    @classmethod
    def of(cls, data: bytes) -> Self:
        """From the canonical bytes of a manifest. Raises FormatError."""
        manifest = decode_object(data)
        if not isinstance(manifest, Manifest):
            raise InvalidField(problem=f"a {manifest.KIND} stands where a manifest has to be")
        leaf = leaf_hash(data)
        return cls(
            id=derive_object_id(Manifest.KIND, data),
            manifest=manifest,
            leaf=leaf,
            root=root(extend(manifest.history, manifest.sequence, leaf)),
        )


@frozen
class Proven:
    """What a proof file shows, given that somebody trusts the root of `head`.

    `objects` are what the manifest leads to: the run, its files, trees (not their parts), metrics and params;
    with `report` also the environment and what was observed.
    """

    checkpoint: Checkpoint
    proved: Leaf
    head: Leaf
    run: Run
    report: Report | None
    objects: dict[ObjectId, Object]


def make_proof(*, manifest: bytes, head: bytes, origin: str, path: Proof, objects: Iterable[bytes]) -> bytes:
    """The proof file; manifests and objects are their canonical bytes. Raises FormatError if it is none."""
    proved, top = Leaf.of(manifest), Leaf.of(head)
    extra: dict[str, Value] = present(
        (
            ("version", VERSION),
            ("manifest", manifest),
            ("head", head if head != manifest else None),
            ("objects", list[Value](sorted(set(objects)))),
        )
    )
    made = ProofFile(
        index=proved.manifest.sequence,
        path=path,
        checkpoint=Checkpoint(origin=origin, size=top.size, root=top.root),
        extra=encode(extra),
    ).encode()
    check_proof(made)
    return made


def check_proof(data: bytes) -> Proven:
    """What a proof file shows. Raises FormatError where it is malformed, or contradicts itself."""
    file = ProofFile.parse(data)
    try:
        manifest, head, objects = _read_extra(decode_flat(file.extra, MAX_OBJECTS))
    except Misplaced as misplaced:
        raise misplaced.error from None
    _check_room((manifest, *((head,) if head is not None else ()), *objects))
    proved = Leaf.of(manifest)
    top = Leaf.of(head) if head is not None else proved
    checkpoint = file.checkpoint
    if proved.manifest.sequence != file.index:
        raise InvalidField(problem=f"manifest {proved.manifest.sequence} stands under index {file.index}")
    if (top.size, top.root) != (checkpoint.size, checkpoint.root):
        raise InvalidField(problem="size and root of the checkpoint are not those of the head")
    if not check_inclusion(file.path, file.index, checkpoint.size, proved.leaf, checkpoint.root):
        raise InvalidField(problem="the path does not lead from the manifest to the root")
    if head is not None and top.id == proved.id:
        raise InvalidField(problem="the manifest stands there twice")
    _check_origin(checkpoint.origin, proved)
    found = dict(map(_named, objects))
    run, report = _check_objects(proved.manifest, found)
    return Proven(checkpoint=checkpoint, proved=proved, head=top, run=run, report=report, objects=found)


def _read_extra(value: Value) -> tuple[bytes, bytes | None, tuple[bytes, ...]]:
    """The manifest, the head if that is another, the other objects. Raises Misplaced."""
    fields = Fields(value, (), "the extra data of a proof")
    if (version := fields.uint("version")) != VERSION:
        raise Misplaced(
            ("version",), UnknownVersion(problem=f"this obs knows no version {version} of a proof")
        )
    manifest = fields.within("manifest", _read_bytes)
    head = fields.within("head", _read_bytes) if fields.has("head") else None
    objects = fields.items("objects", _read_bytes)
    fields.built(lambda: check_order([(data,) for data in objects], "the objects of a proof"))
    return manifest, head, objects


def _read_bytes(value: Value, path: Path) -> bytes:
    if not isinstance(value, bytes):
        raise Misplaced(path, InvalidField(problem="an object stands in a proof as the bin of its bytes"))
    return value


def _check_room(objects: Sequence[bytes]) -> None:
    """That what follows takes little memory: an empty list has one byte, and takes 56. Raises FormatError."""
    if sum(map(len, objects)) <= MAX_VALUES:  # a value has a byte at least
        return
    left = MAX_VALUES
    for data in objects:
        left -= count_values(data, left)


def _named(data: bytes) -> tuple[ObjectId, Object]:
    value = decode_object(data)
    return derive_object_id(value.KIND, data), value


def _check_origin(origin: str, proved: Leaf) -> None:
    """The origin has the form that all histories have; manifest 0 itself says which one it is."""
    try:
        first = ObjectId.parse(origin.removeprefix(ORIGIN))
    except FormatError:
        raise InvalidField(problem="an origin is 'obs/' and the 64 digits of manifest 0") from None
    if origin != ORIGIN + first.hex or (proved.manifest.sequence == 0 and first != proved.id):
        raise InvalidField(problem="the origin is not that of the manifest")


class _Reached:
    """Takes what is named out of the objects of a proof, so that what nobody named is left over."""

    def __init__(self, objects: dict[ObjectId, Object]) -> None:
        self._objects = objects
        self.ids: set[ObjectId] = set()

    def get(self, kind: type[T], wanted: ObjectId) -> T:
        """The object of this kind and id. Raises InvalidField if it is not there."""
        found = self._objects.get(wanted)
        if not isinstance(found, kind):
            raise InvalidField(problem=f"the {kind.KIND} {wanted.hex} is not in the proof")
        self.ids.add(wanted)
        return found


def _check_objects(manifest: Manifest, objects: dict[ObjectId, Object]) -> tuple[Run, Report | None]:
    """That the objects are what the manifest leads to, all of it and nothing else. Raises InvalidField."""
    reached = _Reached(objects)
    run = reached.get(Run, manifest.run)
    for link in run.links():
        reached.get(File if link.kind == "file" else Tree, link.id)
    _check_document(Metrics, run.metrics, reached)
    _check_document(Params, run.params, reached)
    report = _check_report(manifest, run, reached) if manifest.report in objects else None
    if left := objects.keys() - reached.ids:
        raise InvalidField(problem=f"nothing in the proof names the object {min(left).hex}")
    return run, report


def _check_document(kind: type[Metrics | Params], document: Document | None, reached: _Reached) -> None:
    if document is None:
        return
    values = reached.get(kind, document.values)
    if document.file is not None and reached.get(File, document.file).blake3 != values.source:
        raise InvalidField(problem=f"the {kind.KIND} were read from another file than the run's")


def _check_report(manifest: Manifest, run: Run, reached: _Reached) -> Report:
    report = reached.get(Report, manifest.report)
    if report.run != manifest.run:
        raise InvalidField(problem="the report is about another run")
    if report.environment is not None:
        reached.get(Environment, report.environment)
    outputs = {link.role: link.id for link in run.artifacts}
    for seen in report.observations:
        if seen.kind not in KINDS:  # one that came later: of these a proof has none
            continue
        found = reached.get(class_of(seen.kind), seen.id)
        if isinstance(found, Inspection) and found.file != outputs.get(seen.role):
            raise InvalidField(problem=f"the inspection of '{seen.role}' is of another file")
    return report
