"""Anchors: what a verifier kept elsewhere, and a history or proof is compared with."""

from __future__ import annotations

import os

from ..errors import BadArgument, FormatError, IntegrityError
from ..format.frozen import frozen
from ..format.ids import ObjectId, is_hex
from ..format.manifests import Manifest
from ..format.merkle import Hash
from ..format.tlog import MAX_CHECKPOINT_BYTES, Checkpoint
from ..observe.files import open_regular
from ..observe.reading import read_file
from ..store.store import Store


@frozen
class Anchor:
    """What a verifier kept elsewhere: a manifest's id, or a checkpoint (origin, size, root)."""

    text: str
    manifest: ObjectId | None = None
    origin: str | None = None
    size: int = 0
    root: Hash = b""


def read_anchor(text: str) -> Anchor:
    """An anchor from the command line: 64 hex digits, or a checkpoint file.

    Signatures are passed over, unchecked. Raises BadArgument: names, tags and prefixes are resolved by the
    very store under test, and prove nothing; WrongFileType, FileChanged, OperatingSystemRefused.
    """
    if is_hex(text, 64):
        return Anchor(text=text, manifest=ObjectId.parse(text))
    if not os.path.exists(text):
        raise BadArgument(
            what=f"'{text}' is no anchor: neither 64 hex digits (in lower case) nor a checkpoint file",
            hint="a name, tag or prefix would be resolved by the very store under test",
        )
    data = read_up_to(text, MAX_CHECKPOINT_BYTES)
    try:
        if data is None:
            raise _no_checkpoint(text, f"it has more than {MAX_CHECKPOINT_BYTES} bytes")
        found = Checkpoint.parse(data)
    except FormatError as error:
        raise _no_checkpoint(text, error.problem) from None
    return Anchor(text=text, origin=found.origin, size=found.size, root=found.root)


def check_kind(store: Store, anchor: ObjectId) -> None:
    """For an anchor that no manifest of the history has: whether it is an id of something else.

    That needs no trust in the store, for an id is of one kind only. Raises BadArgument if so.
    """
    try:
        found = store.objects.find(anchor)
    except (IntegrityError, FormatError):
        return
    if found is not None and not isinstance(found[0], Manifest):
        raise BadArgument(
            what=f"{anchor.hex} is the id of an object of kind {found[0].KIND}, not of a manifest",
            hint="'obs record' and 'obs checkpoint --json' print it as the head",
        )


def read_up_to(path: str, most_bytes: int) -> bytes | None:
    """All bytes of a file; None, and nothing is read, if there are more than that.

    Raises FileMissing, WrongFileType, FileChanged, OperatingSystemRefused.
    """
    with open_regular(path) as opened:
        if opened.stat.st_size > most_bytes:
            return None
        chunks: list[bytes] = []
        read_file(opened, sha256=False, sink=lambda chunk: chunks.append(bytes(chunk)))
    return b"".join(chunks)


def _no_checkpoint(path: str, problem: str) -> BadArgument:
    return BadArgument(what=f"{path} is no checkpoint: {problem}", hint="'obs checkpoint' prints one")
