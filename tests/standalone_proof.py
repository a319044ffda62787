"""A second checker of proof files, written from docs/format.md alone: it imports nothing of obs.

    python standalone_proof.py FILE PROOF [ID64|CHECKPOINT]     exits with 0 proven, 1 not, 3 wrong, 5 open

Objects are read by tests/standalone.py, which is written in the same way.
"""

from __future__ import annotations

import base64
import re
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any

from blake3 import blake3
from standalone import KINDS, Bad, Map, check_object, extend, need, unpack

EXIT = {
    "PROVEN-AGAINST": 0,
    "NOT-RECORDED": 1,
    "ANCHOR-MISMATCH": 3,
    "MALFORMED": 3,
    "UNANCHORED-PROOF": 5,
    "NOT-TOLD": 5,
}
MOST_VALUES = 1_048_576
NUMBER = "(0|[1-9][0-9]{0,18})"


def decoded(text: str) -> bytes:
    """The bytes of base64 in its one form."""
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:
        raise Bad("no base64") from None
    need(base64.b64encode(data).decode() == text, "another base64 than that of the bytes")
    return data


def read_checkpoint(data: bytes) -> tuple[str, int, bytes]:
    """Origin, size, root."""
    need(len(data) <= 65_536, "a checkpoint of more than 64 KiB")
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise Bad("a checkpoint that is not UTF-8") from None
    form = rf"([^\s+]{{1,255}})\n{NUMBER}\n(.{{44}})\n(\n(— [^\s+]{{1,255}} [A-Za-z0-9+/]+={{0,2}}\n)+)?"
    found = re.fullmatch(form, text)
    if found is None:
        raise Bad("no checkpoint")
    origin, size, root = found[1], int(found[2]), decoded(found[3])
    need(origin.isprintable() and 0 < size < 2**63 and len(root) == 32, "a wrong line of a checkpoint")
    return origin, size, root


def node(left: bytes, right: bytes) -> bytes:
    """The hash of two subtrees."""
    return sha256(b"\x01" + left + right).digest()


def root_above(leaf: bytes, index: int, size: int, path: list[bytes]) -> bytes:
    """The root to which the path leads: by the sizes of the subtrees on the way down, then up again."""
    sides: list[bool] = []  # from the root down: whether the leaf is on the right
    while size > 1:
        left = 1 << (size - 1).bit_length() - 1
        sides.append(index >= left)
        index, size = (index - left, size - left) if index >= left else (index, left)
    need(len(path) == len(sides), "a path of the wrong length")
    for other, right in zip(path, reversed(sides), strict=True):
        leaf = node(other, leaf) if right else node(leaf, other)
    return leaf


def object_id(kind: str, data: bytes) -> bytes:
    """The id of an object."""
    digest: bytes = blake3(data, derive_key_context=f"obs 2026-11-24 {kind} object").digest()
    return digest


def count(value: Any) -> int:
    """How many values stand in it, itself and keys among them."""
    if type(value) is Map:
        return 1 + sum(1 + count(each) for each in value.values())
    return 1 + sum(map(count, value)) if value.__class__ is list else 1


class Tip:
    """A manifest, and the tree that ends with it."""

    def __init__(self, data: bytes) -> None:
        kind, self.value = check_object(data)
        need(kind == "manifest", "no manifest")
        self.id = object_id("manifest", data)
        self.index: int = self.value["sequence"]
        self.leaf = sha256(b"\x00" + data).digest()
        frontier = extend(self.value.get("history", []), self.index, self.leaf)
        self.root = frontier[-1]
        for one in reversed(frontier[:-1]):
            self.root = node(one, self.root)


class Proof:
    """A proof file that agrees with itself. `objects`: id -> (kind, fields)."""

    def __init__(self, data: bytes) -> None:
        need(len(data) <= 32 * 1024 * 1024, "a proof of more than 32 MiB")
        above, empty, below = data.partition(b"\n\n")
        need(empty, "no empty line")
        lines = [line.decode("latin-1") for line in above.split(b"\n")]
        need(3 <= len(lines) <= 66 and lines[0] == "c2sp.org/tlog-proof@v1", "no proof of this version")
        index = re.fullmatch(f"index {NUMBER}", lines[2])
        if index is None or not lines[1].startswith("extra "):
            raise Bad("no extra or no index")
        path = [decoded(line) for line in lines[3:]]
        need(all(len(each) == 32 for each in path), "a hash of another length")
        self.origin, self.size, self.root = read_checkpoint(below)
        self.objects: dict[bytes, tuple[str, Any]] = {}
        self.read_extra(unpack(decoded(lines[1].removeprefix("extra "))))
        tip = self.tip
        need(tip.index == int(index[1]) < self.size, "another index")
        need(root_above(tip.leaf, tip.index, self.size, path) == self.root, "a path to another root")
        need((self.head.index + 1, self.head.root) == (self.size, self.root), "a head of another tree")
        need(re.fullmatch("obs/[0-9a-f]{64}", self.origin), "no origin of obs")
        need(tip.index or self.origin == f"obs/{tip.id.hex()}", "another manifest 0")
        self.named: set[bytes] = set()
        self.run = self.get("run", tip.value["run"])
        self.follow()
        need(self.named == set(self.objects), "an object that nothing names")

    def read_extra(self, extra: Any) -> None:
        """Manifest, head and objects, each as this format has it."""
        need(type(extra) is Map and {"version", "manifest", "objects"} <= set(extra), "keys that are missing")
        need(set(extra) <= {"version", "manifest", "head", "objects"}, "an unknown key")
        need(type(extra["version"]) is int and extra["version"] == 1, "another version")
        objects: list[Any] = extra["objects"]
        need(type(objects) is list and 0 < len(objects) <= 8192, "no objects, or too many")
        need(all(type(one) is bytes for one in objects), "objects that are no bytes")
        need(objects == sorted(set(objects)), "objects that are no sorted set")
        need(type(extra["manifest"]) is bytes and type(extra.get("head", b"")) is bytes, "no bytes")
        need(extra.get("head") != extra["manifest"], "a manifest twice")
        parts = [extra["manifest"], *([extra["head"]] if "head" in extra else []), *objects]
        need(sum(count(unpack(part)) for part in parts) <= MOST_VALUES, "too many values")
        self.tip = Tip(extra["manifest"])
        self.head = Tip(extra["head"]) if "head" in extra else self.tip
        for data in objects:
            kind, value = check_object(data)
            self.objects[object_id(kind, data)] = (kind, value)

    def get(self, kind: str, wanted: bytes) -> Any:
        """The fields of an object that something names."""
        need(self.objects.get(wanted, ("",))[0] == kind, f"no {kind} {wanted.hex()}")
        self.named.add(wanted)
        return self.objects[wanted][1]

    def links(self) -> list[Any]:
        """Of the run."""
        run = self.run
        return [
            *run.get("datasets", []),
            *run.get("artifacts", []),
            *([run["record"]] if "record" in run else []),
        ]

    def documents(self) -> list[tuple[str, Any]]:
        """Metrics and params of the run, by kind."""
        return [(kind, self.run[kind]) for kind in ("metrics", "params") if kind in self.run]

    def follow(self) -> None:
        """Everything that the run, and the report if it is here, lead to."""
        for link in self.links():
            self.get(link["kind"], link["id"])
        for kind, document in self.documents():
            values = self.get(kind, document["values"])
            if "file" in document:
                need(self.get("file", document["file"])["blake3"] == values.get("source"), "another source")
        if self.tip.value["report"] not in self.objects:
            return
        report = self.get("report", self.tip.value["report"])
        need(report["run"] == self.tip.value["run"], "a report on another run")
        if "environment" in report:
            self.get("environment", report["environment"])
        for seen in report.get("observations", []):
            if seen["kind"] in KINDS:
                found = self.get(seen["kind"], seen["id"])
                looked_into = [
                    each["id"] for each in self.run.get("artifacts", []) if each["role"] == seen["role"]
                ]
                need(seen["kind"] != "inspection" or found["file"] in looked_into, "looked into another file")

    def roles_of(self, data: bytes) -> list[str]:
        """The roles in which the run has these bytes."""
        digest: bytes = blake3(data).digest()
        places = [(link["role"], link["id"]) for link in self.links()]
        places += [(kind, document["file"]) for kind, document in self.documents() if "file" in document]
        found: list[str] = []
        for role, wanted in places:
            kind, value = self.objects[wanted]
            files = (
                [value]
                if kind == "file"
                else [{"size": size, "blake3": name} for _, size, name in value.get("entries", [])]
            )
            found += [role for file in files if (file["size"], file["blake3"]) == (len(data), digest)]
        return found

    def has_unlisted(self) -> bool:
        """Whether the run has a folder whose files are not in the proof."""
        return any("parts" in self.objects[link["id"]][1] for link in self.links())


def verdict(data: bytes, proof: bytes, anchor: str | bytes | None = None) -> str:
    """What the proof shows about these bytes. The anchor is an id or the bytes of a checkpoint."""
    try:
        checked = Proof(proof)
        kept = read_checkpoint(anchor) if isinstance(anchor, bytes) else None
    except Bad:
        return "MALFORMED"
    if not checked.roles_of(data):
        return "NOT-TOLD" if checked.has_unlisted() else "NOT-RECORDED"
    tips = (checked.head, checked.tip)
    if kept is not None:
        origin, size, root = kept
        of_size = [tip for tip in tips if tip.index + 1 == size]
        if origin != checked.origin or (of_size and root not in [tip.root for tip in of_size]):
            return "ANCHOR-MISMATCH"
        return "PROVEN-AGAINST" if of_size else "UNANCHORED-PROOF"
    if anchor is None:
        return "UNANCHORED-PROOF"
    return "PROVEN-AGAINST" if anchor in [tip.id.hex() for tip in tips] else "ANCHOR-MISMATCH"


def main(arguments: list[str]) -> int:
    """Checks one proof."""
    file, proof, *rest = arguments
    anchor: str | bytes | None = rest[0] if rest else None
    if isinstance(anchor, str) and not re.fullmatch("[0-9a-f]{64}", anchor):
        anchor = Path(anchor).read_bytes()
    answer = verdict(Path(file).read_bytes(), Path(proof).read_bytes(), anchor)
    print(answer)
    return EXIT[answer]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
