"""Checkpoints and proof files of transparency logs, as C2SP defines them, and as far as obs needs them.

A checkpoint is what a verifier keeps elsewhere: whose history, how long, the root of its Merkle tree.

    obs/<64 digits of manifest 0>
    4
    <base64 of the root>

A proof file holds one entry's way up to the root of a checkpoint, and (as `extra`) what obs needs to show
what the entry is: see `evidence`.

    c2sp.org/tlog-proof@v1
    extra <base64>
    index 2
    <base64 of the leaf's sibling>
    <…>

    <the checkpoint>

Laws:  X.parse(x.encode()) == x;  X.parse(b).encode() == b, but for signatures of a checkpoint, or it raises.

Sources: https://c2sp.org/tlog-checkpoint, https://c2sp.org/tlog-proof. obs signs nothing, so its checkpoints
are the body alone, which a tool that asks for signatures refuses; signatures by others are passed over.
"""

from __future__ import annotations

import re
from binascii import Error, a2b_base64, b2a_base64
from typing import Final, Self

from ..errors import InvalidField, TooLong
from .canonical import MAX_OBJECT_BYTES
from .frozen import frozen
from .merkle import Hash
from .proofs import Proof

MAX_CHECKPOINT_BYTES: Final = 64 * 1024
MAX_PROOF_BYTES: Final = 32 * 1024 * 1024
MAX_PATH: Final = 63
"""Hashes of a proof: a tree of less than 2**63 leaves is no higher."""
_FIRST_LINE: Final = b"c2sp.org/tlog-proof@v1"
_EXTRA: Final = b"extra "
_INDEX: Final = b"index "
_HASH_LINE: Final = 44
"""The base64 of 32 bytes."""
_DECIMAL: Final = re.compile(rb"(0|[1-9][0-9]{0,18})\Z")
_ORIGIN: Final = re.compile(r"[^\s+]{1,255}\Z")
_SIGNATURES: Final = re.compile(
    "\n(— [^\\s+]{1,255} [A-Za-z0-9+/]+={0,2}\n)+\\Z"
)  # https://c2sp.org/signed-note


@frozen
class Checkpoint:
    """The head of a history: its origin, how many manifests it has, the root of their tree.

    `signed`: signature lines stood behind it. Nobody has checked them, and `encode` leaves them out.
    """

    origin: str
    size: int
    root: Hash
    signed: bool = False

    def __post_init__(self) -> None:
        if not _ORIGIN.match(self.origin) or not self.origin.isprintable():
            raise InvalidField(problem="an origin has 1 to 255 characters, and no blank and no '+'")
        if not 0 < self.size < 1 << 63:
            raise InvalidField(problem="a checkpoint is of 1 to 2^63 - 1 manifests")
        if len(self.root) != 32:
            raise InvalidField(problem="a root has 32 bytes")

    def encode(self) -> bytes:
        """The three lines."""
        return f"{self.origin}\n{self.size}\n{_base64(self.root).decode()}\n".encode()

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """The inverse of `encode`. Raises InvalidField, TooLong."""
        if len(data) > MAX_CHECKPOINT_BYTES:
            raise TooLong(problem=f"a checkpoint has at most {MAX_CHECKPOINT_BYTES} bytes")
        _check_line_ends(data)
        lines = data.split(b"\n", 3)
        if len(lines) < 4:
            raise InvalidField(
                problem="a checkpoint has three lines, origin, size and root, each ended by LF"
            )
        try:
            origin, behind = lines[0].decode(), lines[3].decode()
        except UnicodeDecodeError:
            raise InvalidField(problem="a checkpoint is UTF-8") from None
        size, root = (
            _decimal(lines[1], "the size of a checkpoint"),
            _hash(lines[2], "the root of a checkpoint"),
        )
        if behind and not _SIGNATURES.match(behind):
            raise InvalidField(problem="behind the root stand an empty line and signatures, or nothing")
        return cls(origin=origin, size=size, root=root, signed=bool(behind))


@frozen
class ProofFile:
    """That some entry is leaf `index` of a checkpoint's tree: hashes from its sibling to the root's child.

    Whether that is so has to be checked; `extra` (up to 16 MiB) is trusted by nobody.
    """

    index: int
    path: Proof
    checkpoint: Checkpoint
    extra: bytes

    def __post_init__(self) -> None:
        if not 0 <= self.index < self.checkpoint.size:
            raise InvalidField(problem=f"a tree of {self.checkpoint.size} leaves has no leaf {self.index}")
        if len(self.path) > MAX_PATH or any(len(node) != 32 for node in self.path):
            raise InvalidField(problem=f"a path is of at most {MAX_PATH} hashes of 32 bytes")
        if len(self.extra) > MAX_OBJECT_BYTES:
            raise TooLong(problem=f"the extra data of a proof have at most {MAX_OBJECT_BYTES} bytes")

    def encode(self) -> bytes:
        """The lines."""
        lines = [_FIRST_LINE, _EXTRA + _base64(self.extra), b"%s%d" % (_INDEX, self.index)]
        return b"\n".join([*lines, *map(_base64, self.path), b"", self.checkpoint.encode()])

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """The inverse of `encode`. Raises InvalidField, TooLong."""
        if len(data) > MAX_PROOF_BYTES:
            raise TooLong(problem=f"a proof has at most {MAX_PROOF_BYTES} bytes")
        _check_line_ends(data)
        above, _, checkpoint = data.partition(b"\n\n")
        # Split no further than a proof has lines: each costs memory of its own.
        lines = above.split(b"\n", 3 + MAX_PATH)
        if lines[0] != _FIRST_LINE:
            raise InvalidField(problem=f"the first line is not '{_FIRST_LINE.decode()}'")
        if len(lines) < 3 or not lines[1].startswith(_EXTRA) or not lines[2].startswith(_INDEX):
            raise InvalidField(problem="the second line is not 'extra …', or the third not 'index …'")
        if len(lines) > 3 + MAX_PATH:
            raise TooLong(problem=f"a path is of at most {MAX_PATH} hashes")
        return cls(
            index=_decimal(lines[2].removeprefix(_INDEX), "the index"),
            path=tuple(_hash(line, "a hash of the path") for line in lines[3:]),
            checkpoint=Checkpoint.parse(checkpoint),
            extra=_bytes(lines[1].removeprefix(_EXTRA), "the extra line"),
        )


def _check_line_ends(data: bytes) -> None:
    """Nothing in these files has a CR: where one is, some tool has made it of LF. Raises InvalidField."""
    if b"\r" in data:
        raise InvalidField(problem="it has a CR: its lines have to end in LF, and not in CR LF")


def _base64(data: bytes) -> bytes:
    return b2a_base64(data, newline=False)  # RFC 4648, 4


def _bytes(text: bytes, what: str) -> bytes:
    """The bytes whose one base64 form is `text`. Raises InvalidField."""
    try:
        data = a2b_base64(text, strict_mode=True)
    except Error:
        raise InvalidField(problem=f"{what} is no base64") from None
    if _base64(data) != text:  # bits behind the last byte that are not 0
        raise InvalidField(problem=f"{what} is not in the one base64 form of its bytes")
    return data


def _hash(text: bytes, what: str) -> Hash:
    if len(text) != _HASH_LINE:
        raise InvalidField(problem=f"{what} is not the base64 of 32 bytes")
    data = _bytes(text, what)
    if len(data) != 32:
        raise InvalidField(problem=f"{what} is not the base64 of 32 bytes")
    return data


def _decimal(text: bytes, what: str) -> int:
    """A number below 2^63, as it is written without leading zeroes. Raises InvalidField."""
    if not _DECIMAL.match(text) or int(text) >= 1 << 63:
        raise InvalidField(problem=f"{what} is no decimal number below 2^63 without leading zeroes")
    return int(text)
