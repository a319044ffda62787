"""`verify FILE --proof`: what a proof file shows about a file, without any store.

    UNANCHORED-PROOF   the proof agrees with itself, and its run has these bytes; whose history it is, is open
    PROVEN-AGAINST     the history is the one that an id or checkpoint names which the verifier kept

The verdict rests on the anchor: whoever makes proofs can make up a whole history for one.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Final

from ..errors import FormatError, MalformedProof, NotProvable
from ..format.data import File, Tree
from ..format.evidence import Leaf, Proven, check_proof
from ..format.frozen import frozen
from ..format.ids import ObjectId
from ..format.names import FileName
from ..format.objects import Object, encode_object, object_id
from ..format.runs import Link, Metrics
from ..format.tlog import MAX_PROOF_BYTES
from .anchors import Anchor, read_up_to
from .lineage import Place, digest_file, names_of, places_of
from .verify import DatasetState, History, Lineage, Verification, VerifiedFile, lineages, state_of
from .views import Problem, view_of

_MOST_TOLD: Final = 1 << 20
"""Bytes of manifest, run and metrics, which are told of each place where the run has the file."""


@frozen
class ProofVerification(Verification):
    """The answer. Its history is the one that the proof is about, and `history.head` or a checkpoint of that
    size and root the anchor that it needs; with PROVEN-AGAINST it is the one that the anchor names.

    `origin` is None where it was not confirmed, by a checkpoint or by manifest 0 itself. `signed`: the
    checkpoint in the proof has signatures, which were not checked. `anchor_size`: how many manifests the
    anchor names that was given, where it is a checkpoint.
    """

    proof: str
    origin: str | None
    signed: bool
    anchor_size: int | None

    @property
    def exit_code(self) -> int:
        """0 proven, 1 not about this file, 3 the anchor is contradicted, 5 no anchor that says anything."""
        return {"PROVEN-AGAINST": 0, "NOT-RECORDED": 1, "ANCHOR-MISMATCH": 3}.get(self.verdict, 5)


def verify_proof(path: str, proof: str, *, anchor: Anchor | None) -> ProofVerification:
    """What the proof file shows about the file at `path`.

    Raises MalformedProof; NotProvable where the file might stand in a list that no proof carries;
    FileMissing, WrongFileType, FileChanged, OperatingSystemRefused.
    """
    data = read_up_to(proof, MAX_PROOF_BYTES)
    if data is None:
        raise MalformedProof(path=proof, problem=f"it has more than {MAX_PROOF_BYTES} bytes")
    try:
        proven = check_proof(data)
    except FormatError as error:
        raise MalformedProof(path=proof, problem=str(error)) from None
    file, sha256 = digest_file(path)
    places = places_in(proven, file, path)
    anchored, problem = _meet(proven, anchor) if anchor is not None and places else (None, None)
    if not places:
        levels: tuple[str, ...] = ()
    elif problem is not None or anchored is None:
        levels = ("UNANCHORED-PROOF",)
    else:
        levels = ("UNANCHORED-PROOF", "PROVEN-AGAINST")
    by_checkpoint = anchored is not None and anchor is not None and anchor.origin is not None
    confirmed = by_checkpoint or proven.proved.manifest.sequence == 0
    shown = anchored if anchored is not None else proven.head
    return ProofVerification(
        file=VerifiedFile(path=path, size=file.size, blake3=file.blake3, sha256=sha256),
        verdict="ANCHOR-MISMATCH" if problem is not None else levels[-1] if levels else "NOT-RECORDED",
        levels=levels,
        runs=tuple(_lineages_of(proven, places)),
        upstream=(),
        history=History(
            size=shown.size,
            head=shown.id,
            root=shown.root.hex(),
            anchored_to=anchor.text if anchor is not None and anchored is not None else None,
            anchored_size=anchored.size if anchored is not None else None,
            walked=False,
        ),
        problems=(problem,) if problem is not None else (),
        proof=proof,
        origin=proven.checkpoint.origin if confirmed else None,
        signed=proven.checkpoint.signed,
        anchor_size=anchor.size if anchor is not None and anchor.manifest is None else None,
    )


def places_in(proven: Proven, file: File, path: str) -> list[Place]:
    """Where the run of a proof has the bytes of a file: not all places, if a run is made up to have too many.

    Raises NotProvable if it has them nowhere that the proof tells, and has a folder that is not listed in it.
    """
    not_listed: list[ObjectId] = []
    trees: dict[ObjectId, tuple[FileName, ...]] = {}

    def names_in(wanted: ObjectId) -> tuple[FileName, ...]:
        tree = proven.objects[wanted]
        if wanted not in trees and isinstance(tree, Tree):
            trees[wanted] = names_of(tree.entries, file)
            if tree.parts:
                not_listed.append(wanted)
        return trees.get(wanted, ())

    places = list(islice(places_of(proven.run, object_id(file), names_in), _most_places(proven)))
    if not places and not_listed:
        role = next(link.role for link in proven.run.links() if link.id == not_listed[0])
        raise NotProvable(
            problem=f"whether {path} is one of the files in '{role}' is not told by a proof: "
            "it lists no folder of more than 4,096 files"
        )
    return places


def _meet(proven: Proven, anchor: Anchor) -> tuple[Leaf | None, Problem | None]:
    """The manifest at which the anchor stands, or how the anchor contradicts the proof; neither where it is a
    checkpoint of another size, about which the proof says nothing."""
    leaves = (proven.head, proven.proved)
    if anchor.manifest is not None:
        found = next((leaf for leaf in leaves if leaf.id == anchor.manifest), None)
        message = (
            f"manifest {anchor.manifest.hex} is neither the one that is proved nor the head of the proof"
        )
    elif anchor.origin != proven.checkpoint.origin:
        found, message = None, f"the proof is about the history {proven.checkpoint.origin}"
    else:
        of_size = [leaf for leaf in leaves if leaf.size == anchor.size]
        if not of_size:
            return None, None
        found = next((leaf for leaf in of_size if leaf.root == anchor.root), None)
        message = f"the history up to manifest {anchor.size - 1} is not the one that the checkpoint names"
    if found is not None:
        return found, None
    return None, Problem(code="ANCHOR_MISMATCH", id=None, message=message)


def _most_places(proven: Proven) -> int:
    """Of how many places the run is told, so that it takes no more than `_MOST_TOLD`; one at least."""
    told: list[Object] = [proven.proved.manifest, proven.run]
    told += [proven.objects[proven.run.metrics.values]] if proven.run.metrics is not None else []
    return max(1, _MOST_TOLD // sum(len(encode_object(value)) for value in told))


def _lineages_of(proven: Proven, places: list[Place]) -> Iterator[Lineage]:
    manifest, run = proven.proved.manifest, proven.run
    metrics = proven.objects[run.metrics.values] if run.metrics is not None else None
    values = metrics.values if isinstance(metrics, Metrics) else None
    datasets = tuple(_dataset(proven, link) for link in run.datasets)
    return lineages(proven.proved.id, manifest, run, places, datasets, values)


def _dataset(proven: Proven, link: Link) -> DatasetState:
    found, manifest = proven.objects[link.id], proven.proved.manifest
    view = view_of(link, found if isinstance(found, File | Tree) else None, manifest)
    return state_of(view, manifest, link, "not-checked")
