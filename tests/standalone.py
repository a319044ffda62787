"""A second reader of `.obs/`, written from docs/format.md alone: it imports nothing of obs.

    python standalone.py DIR        exit code 0: everything that HEAD leads to is intact, 3: it is not

It is as strict as the format is: what obs refuses, it has to refuse too, and the tests compare them.
"""

from __future__ import annotations

import re
import struct
import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any

from blake3 import blake3


class Bad(Exception):
    """What is wrong."""


class Map(dict[str, Any]):
    """A map, and the bytes that it was read from."""

    raw: bytes


def need(truth: object, problem: str) -> None:
    """Refuses what is not so."""
    if not truth:
        raise Bad(problem)


# ---------------------------------------------------------------------- "Canonical MessagePack"

# Type byte: what it begins, how many bytes its number has, the least number that needs this form.
SIZED = {
    tag + step: (what, width << step, least)
    for what, tag, width, leasts in (
        ("bin", 0xC4, 1, (0, 1 << 8, 1 << 16)),
        ("str", 0xD9, 1, (1 << 5, 1 << 8, 1 << 16)),
        ("uint", 0xCC, 1, (1 << 7, 1 << 8, 1 << 16, 1 << 32)),
        ("array", 0xDC, 2, (1 << 4, 1 << 16)),
        ("map", 0xDE, 2, (1 << 4, 1 << 16)),
    )
    for step, least in enumerate(leasts)
}
SIGNED = {0xD0: (1, -(1 << 5)), 0xD1: (2, -(1 << 7)), 0xD2: (4, -(1 << 15)), 0xD3: (8, -(1 << 31))}


def unpack(data: bytes) -> Any:
    """The value whose canonical bytes are `data`."""
    need(len(data) <= 16 * 1024 * 1024, "an object of more than 16 MiB")
    value, end = read(data, 0, 1)
    need(end == len(data), "bytes follow the value")
    return value


def take(data: bytes, at: int, count: int) -> bytes:
    """`count` bytes from `at`."""
    need(at + count <= len(data), "the bytes end too early")
    return data[at : at + count]


def read(data: bytes, at: int, depth: int) -> tuple[Any, int]:
    """The value that begins at `at`, and where it ends."""
    start, tag, at = at, take(data, at, 1)[0], at + 1
    if tag <= 0x7F or tag >= 0xE0:
        return (tag if tag <= 0x7F else tag - 256), at
    if tag in (0xC0, 0xC2, 0xC3):
        return {0xC0: None, 0xC2: False, 0xC3: True}[tag], at
    if tag == 0xCB:
        spelled = take(data, at, 8)
        (number,) = struct.unpack(">d", spelled)
        need(number == number or spelled.hex() == "7ff8000000000000", "another NaN")
        return number, at + 8
    if tag in SIGNED:
        width, bound = SIGNED[tag]
        number = int.from_bytes(take(data, at, width), "big", signed=True)
        need(number < bound, "an integer in a form that is not its own")
        return number, at + width
    if tag <= 0xBF:
        what, number = ("map" if tag <= 0x8F else "array", tag & 15) if tag <= 0x9F else ("str", tag & 31)
    else:
        need(tag in SIZED, f"the type byte {tag:02x}")
        what, width, least = SIZED[tag]
        number, at = int.from_bytes(take(data, at, width), "big"), at + width
        need(number >= least, "a number in a longer form than it needs")
    if what == "uint":
        return number, at
    if what in ("bin", "str"):
        content = take(data, at, number)
        need(what == "bin" or is_utf8(content), "a str that is not UTF-8")
        return (content if what == "bin" else content.decode()), at + number
    need(depth <= 64, "more than 64 levels")
    if what == "array":
        items: list[Any] = []
        for _ in range(number):
            item, at = read(data, at, depth + 1)
            items.append(item)
        return items, at
    result, last = Map(), b""
    for index in range(number):
        key, at = read(data, at, depth + 1)
        need(type(key) is str and (index == 0 or last < key.encode()), "keys that are no sorted, unique strs")
        last = key.encode()
        result[key], at = read(data, at, depth + 1)
    result.raw = data[start:at]
    return result, at


def is_utf8(raw: bytes) -> bool:
    """Whether `raw` can be a str."""
    try:
        return bool(raw.decode() or True)
    except UnicodeDecodeError:
        return False


# ---------------------------------------------------------------------- "Object kinds"

# The keys of each map, `key:type`, or `key?type` where it may be absent.
MAPS = {
    "file": "size:uint blake3:id",
    "part": "entries:entries",
    "tree": "count:uint size:uint entries?entries parts?ids",
    "metrics": "source?id values?map",
    "params": "source?id values?map",
    "run": "status:status datasets?links artifacts?links record?link metrics?document params?document "
    "label?label run_id?run_id",
    "environment": "whose:whose python?text implementation?text system?text machine?text packages?packages "
    "source?source",
    "report": "run:id obs:text environment?id counts?counts observations?observations "
    "diagnostics?diagnostics",
    "manifest": "sequence:uint recorded_at:time run:id report:id parent?id message?message files?file_notes "
    "notes?codes history?ids",
    "inspection": "file:id found:found",
    "content": "rules:positive rows:uint width:uint rows_with_missing:uint schema:id table:id "
    "columns?columns column_parts?ids digests?id label?label_counts tables?uint members?members "
    "member_parts?ids",
    "content-part": "columns?columns members?members",
    "claims": "adapter:role trainer?run_id created_at?time dataset_path?run_id dataset_sha256?id "
    "label?run_id num_samples?uint num_features?uint dropped_rows?uint metrics?full_map",
    # What stands inside them:
    "link": "role:role name:base kind:link_kind id:id",
    "document": "values:id name?base file?id",
    "source": "commit:commit dirty?bool",
    "observation": "role:role kind:role id:id",
    "diagnostic": "code:code severity:severity message:text details?full_map",
    "file_note": "role:role name:base path:path outside?true sha256?id cached?positive",
    "column": "name:text kind:column_kind nulls:uint distinct:distinct more?true value:id text?id",
    "label_counts": "name:text nulls:uint classes?class_rows more?true classes_digest?id fractions?true",
    # An inspection; `[type]` is an array, `{type}` a map from any str, and both may be empty:
    "found": "pipeline_steps:[step] step_count:uint has_preprocessing:bool model?model tree?estimator "
    "estimator_count:uint n_features_in?uint feature_names_in?[any] classes?[any] libraries:{text} "
    "format:model_format arrays:[array] globals:[global] complete:bool problems:[problem] cut:{cut}",
    "step": "name?text type?text module?text",
    "model": "type:text module:text kind?text",
    "model_format": "container?text protocol?uint compression?text",
    "array": "path:text dtype:text shape:[uint] bytes:uint",
    "global": "module:text name:text grade:grade reason?text",
    "problem": "code:text message:text offset:uint",
    "cut": "count?uint blake3?text",
    "estimator": "name?text type:text module?text role?text parameters:{any} fitted:[attribute] "
    "children:[estimator] attribute?text columns?any count?uint n_features_in?uint feature_names_in?names "
    "classes?names version?text seen_before?bool more_attributes?uint more_children?uint",
    "attribute": "name:text type:text dtype?text shape?[uint] bytes?uint",
    "names": "count:uint first:[any]",
}
KINDS = tuple(MAPS)[:13]
# What matches as a whole is a str of that type.
PATTERNS = {
    "role": "[a-z][a-z0-9_-]{0,63}",
    "status": "ok|failed|cancelled",
    "link_kind": "file|tree",
    "whose": "prefix|virtual-env|conda|obs",
    "commit": "[0-9a-f]{40}([0-9a-f]{24})?",
    "code": "[A-Z][A-Z0-9_]{0,63}",
    "column_kind": "null|boolean|number|timestamp|zoned_timestamp|text|binary",
    "grade": "dangerous|unknown|known",
    "severity": "info|warning|error",
    "count_name": "[a-z][a-z0-9_]{0,63}",
    "time": r"[0-9]{4}-[0-9]{2}-[0-9]{2}T([01][0-9]|2[0-3])(:[0-5][0-9]){2}\.[0-9]{6}Z",
}
# The least and the most bytes of a str of that type.
SIZES = {"text": (0, 1 << 32), "label": (0, 4096), "run_id": (1, 4096), "message": (1, 65536)}
# The type of a list's items, and how they are sorted.
LISTS: dict[str, tuple[str, Callable[[Any], Any] | None]] = {
    "ids": ("id", None),
    "codes": ("code", lambda item: item.encode()),
    "entries": ("entry", lambda item: name_bytes(item[0])),
    "columns": ("column", None),
    "class_rows": ("positive", None),
    "members": ("member", lambda item: name_bytes(item[0])),
    "links": ("link", lambda item: (item["role"], name_bytes(item["name"]))),
    "file_notes": ("file_note", lambda item: (item["role"], name_bytes(item["name"]))),
    "packages": ("package", lambda item: [part.encode() for part in item]),
    "observations": ("observation", lambda item: (item["role"], item["kind"])),
    "diagnostics": (
        "diagnostic",
        lambda item: (item["code"], item["details"].raw if "details" in item else b"\x80"),
    ),
}
OTHERS: dict[str, Callable[[Any], object]] = {
    "uint": lambda value: type(value) is int and value >= 0,
    "positive": lambda value: type(value) is int and value > 0,
    "bool": lambda value: type(value) is bool,
    "true": lambda value: value is True,
    "id": lambda value: type(value) is bytes and len(value) == 32,
    "map": lambda value: type(value) is Map,
    "full_map": lambda value: type(value) is Map and value,
    "path": lambda value: is_path(name_bytes(value)),
    "base": lambda value: is_path(name_bytes(value)) and b"/" not in name_bytes(value),
    "entry": lambda value: is_row(value, "path", "uint", "id"),
    "member": lambda value: is_row(value, "path", "uint", "id"),
    "distinct": lambda value: type(value) is int and 0 <= value <= 10_000,
    "package": lambda value: is_row(value, "text", "text"),
    "counts": lambda value: type(value) is Map and value and all(map(count_is, value, value.values())),
}


def name_bytes(value: Any) -> bytes:
    """The bytes of a name: a str, or a bin that could be none."""
    if type(value) is str:
        return value.encode()
    if type(value) is bytes and not is_utf8(value):
        return value
    raise Bad("a name of the wrong type")


def is_path(raw: bytes) -> bool:
    """Whether a name is a relative path."""
    return 0 < len(raw) <= 4000 and b"\0" not in raw and not {b"", b".", b".."} & set(raw.split(b"/"))


def is_row(value: Any, *types: str) -> bool:
    """An array of a fixed length, each place with its type."""
    row: list[Any] = value
    return (
        type(value) is list
        and len(row) == len(types)
        and all(is_a(what, item) for what, item in zip(types, row, strict=True))
    )


def count_is(name: Any, value: Any) -> bool:
    """One entry of a report's counts."""
    return is_a("count_name", name) and is_a("uint", value)


def inside(value: Any) -> list[Any]:
    """The items of an array, the values of a map."""
    items: list[Any] = value
    entries: dict[str, Any] = value
    return items if type(value) is list else list(entries.values()) if type(value) is Map else []


def is_a(what: str, value: Any) -> bool:
    """Whether `value` is of the type `what`; may also raise Bad."""
    if what in PATTERNS:
        return type(value) is str and bool(re.fullmatch(PATTERNS[what], value)) and rule(what, value)
    if what in SIZES:
        return type(value) is str and SIZES[what][0] <= len(value.encode()) <= SIZES[what][1]
    if what in OTHERS:
        return bool(OTHERS[what](value))
    if what in LISTS:
        item, order = LISTS[what]
        need(type(value) is list and value and all(is_a(item, each) for each in value), f"wrong {what}")
        return order is None or all(order(one) < order(two) for one, two in pairwise(value))
    if what == "any":
        return type(value) is not bytes and all(is_a("any", each) for each in inside(value))
    if what[0] in "[{":
        fits = type(value) is (list if what[0] == "[" else Map)
        return fits and all(is_a(what[1:-1], each) for each in inside(value))
    need(type(value) is Map, f"{what} is no map")
    known = dict(re.split("[:?]", field) for field in MAPS[what].split())
    for key in value:
        need(
            key in known and is_a(known[key], value[key]),
            f"an unknown key of {what}, or a wrong one: {key[:64]}",
        )
    for field in MAPS[what].split():
        need("?" in field or field.split(":")[0] in value, f"{what} without {field}")
    return rule(what, value)


def is_split(value: Any, here: str, aside: str, count: int, most: int) -> bool:
    """Whether a list stands in its map if it is short, and else in parts."""
    held, parts = len(value.get(here, [])), len(value.get(aside, []))
    return (held, parts) == ((count, 0) if count <= most else (0, (count + most - 1) // most))


def rule(what: str, value: Any) -> bool:
    """What a type says beyond the types of its keys."""
    if what == "time":
        try:
            return bool(datetime.fromisoformat(value))
        except ValueError:
            return False
    if what == "part":
        return len(value["entries"]) <= 4096
    if what == "tree":
        entries, parts = value.get("entries", []), value.get("parts", [])
        if value["count"] > 4096:
            return not entries and len(parts) == (value["count"] + 4095) // 4096
        size = sum(entry[1] for entry in entries)
        return not parts and (len(entries), size) == (value["count"], value["size"])
    if what in ("metrics", "params"):
        return bool(value)
    if what == "document":
        return ("name" in value) == ("file" in value)
    if what == "run":
        roles = [link["role"] for link in value.get("datasets", []) + value.get("artifacts", [])]
        record = value.get("record", {"role": "record", "kind": "file"})
        free = len(set(roles)) == len(roles) and not {"metrics", "params", "record"} & set(roles)
        return free and (record["role"], record["kind"]) == ("record", "file")
    if what == "label_counts":
        rows = value.get("classes", [])
        told = rows or not {"classes_digest", "fractions"} & set(value)
        fits = len(rows) <= 10_000 and sorted(rows, reverse=True) == rows
        return fits and bool(told) and not (rows and "more" in value)
    if what == "content":
        held = is_split(value, "columns", "column_parts", value["width"], 1024)
        held = held and is_split(value, "members", "member_parts", value.get("tables", 0), 4096)
        listed = "tables" not in value and value["rows"] > 0 and value["width"] > 0
        return held and ("digests" in value) == listed and value["rows_with_missing"] <= value["rows"]
    if what == "content-part":
        columns, members = len(value.get("columns", [])), len(value.get("members", []))
        return (columns == 0) != (members == 0) and columns <= 1024 and members <= 4096
    if what == "attribute":
        return len(value) in (2, 5)
    if what == "file_note":
        return "outside" not in value or is_a("base", value["path"])
    if what == "manifest":
        sequence = value["sequence"]
        fits = len(value.get("history", [])) == int(sequence).bit_count()
        return fits and ("parent" in value) == (sequence > 0)
    return True


def check_object(data: bytes) -> tuple[str, Any]:
    """The kind and the fields of an object, checked."""
    value = unpack(data)
    need(type(value) is Map and type(value.get("kind")) is str, "no kind")
    kind, version = value.pop("kind"), value.pop("version", None)
    need(kind in KINDS, f"an unknown kind '{kind[:64]}'")
    need(type(version) is int and version == 1, "an unknown version")
    need(is_a(kind, value), f"a {kind} that breaks a rule of its kind")
    return kind, value


# ---------------------------------------------------------------------- "The folder", "The history"


def extend(frontier: list[bytes], size: int, leaf: bytes) -> list[bytes]:
    """The frontier of size + 1 leaves."""
    frontier = list(frontier)
    while size & 1:
        leaf, size = sha256(b"\x01" + frontier.pop() + leaf).digest(), size >> 1
    return [*frontier, leaf]


class Store:
    """One `.obs/`: reads and checks what it is asked for, each object once."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.objects: dict[bytes, tuple[Any, Any, bytes]] = {}
        self.blobs: dict[bytes, int | None] = {}

    def file(self, name: str) -> bytes | None:
        """The bytes of a regular file; nothing below the root may be a link."""
        at = self.root
        for part in name.split("/"):
            at /= part
            need(not at.is_symlink(), f"{name} is a link, or lies behind one")
        need(at.is_file() or not at.exists(), f"{name} is no regular file")
        return at.read_bytes() if at.exists() else None

    def get(self, kind: str, wanted: bytes) -> Any:
        """The fields of the object that a link to a `kind` leads to."""
        if wanted not in self.objects:
            data = self.file(f"objects/{wanted.hex()[:2]}/{wanted.hex()[2:]}")
            if data is None:
                raise Bad(f"{kind} {wanted.hex()} is missing")
            derived: bytes = blake3(data, derive_key_context=f"obs 2026-11-24 {kind} object").digest()
            need(derived == wanted, f"{kind} {wanted.hex()} is damaged")
            if kind in KINDS:
                self.objects[wanted] = (*check_object(data), data)
            else:  # a report may lead to a kind that the page does not describe
                value = unpack(data)
                self.objects[wanted] = (value.get("kind") if type(value) is Map else None, value, data)
        found = self.objects[wanted]
        need(found[0] == kind, f"{wanted.hex()} is no {kind}")
        return found[1]

    def blob(self, wanted: bytes, size: int) -> None:
        """A blob, if it is kept."""
        if wanted not in self.blobs:
            data = self.file(f"blobs/{wanted.hex()[:2]}/{wanted.hex()[2:]}")
            derived: bytes = blake3(data or b"").digest()
            need(data is None or derived == wanted, f"blob {wanted.hex()} is damaged")
            self.blobs[wanted] = None if data is None else len(data)
        need(self.blobs[wanted] in (None, size), f"blob {wanted.hex()} has another size than was recorded")

    def link(self, kind: str, wanted: bytes) -> Any:
        """A file or a tree, and all the blobs of it."""
        found = self.get(kind, wanted)
        if kind == "file":
            self.blob(found["blake3"], found["size"])
            return found
        parts = [self.get("part", part)["entries"] for part in found.get("parts", [])]
        files = [each for part in parts for each in part] or found.get("entries", [])
        need(all(len(part) == 4096 for part in parts[:-1]), "a part that is not full")
        need(len(files) == found["count"], "a tree with another count than its parts")
        need(sum(each[1] for each in files) == found["size"], "a tree with another size than its parts")
        need(
            all(name_bytes(one[0]) < name_bytes(two[0]) for one, two in pairwise(files)), "parts out of order"
        )
        for _, size, wanted_blob in files:
            self.blob(wanted_blob, size)
        return found

    def run(self, run: Any) -> None:
        """Everything that a run leads to."""
        for each in run.get("datasets", []) + run.get("artifacts", []):
            self.link(each["kind"], each["id"])
        if "record" in run:
            self.link("file", run["record"]["id"])
        for kind in ("metrics", "params"):
            if kind in run:
                said, document = self.get(kind, run[kind]["values"]), run[kind]
                need(said or "file" in document, f"{kind} without values and without a file")
                if "file" in document:
                    file = self.link("file", document["file"])
                    need(said.get("source") == file["blake3"], f"{kind} that were read from another file")

    def report(self, report: Any, wanted: bytes, run: Any) -> None:
        """Everything that the report on a run leads to."""
        need(report["run"] == wanted, "a report on another run")
        if "environment" in report:
            self.get("environment", report["environment"])
        for seen in report.get("observations", []):
            found = self.get(seen["kind"], seen["id"])
            if seen["kind"] == "content":
                self.content(found)
            files = {link["id"] for link in run.get("artifacts", []) if link["role"] == seen["role"]}
            need(seen["kind"] != "inspection" or found["file"] in files, "an inspection of another file")

    def content(self, content: Any) -> None:
        """The parts of a content, and the blob of its digests."""
        columns = self.split(content, "columns", "column_parts", content["width"], 1024)
        members = self.split(content, "members", "member_parts", content.get("tables", 0), 4096)
        need("tables" not in content or sum(one[1] for one in members) == content["rows"], "other rows")
        if "digests" in content:
            blocks, rest = divmod(content["rows"], 65536)
            each = 32 * (blocks + (rest > 0) + (rest + 4095) // 4096)
            self.blob(content["digests"], each * sum(1 + ("text" in column) for column in columns))

    def split(self, content: Any, here: str, aside: str, count: int, most: int) -> list[Any]:
        """A list that stands in an object, or in parts of a fixed length."""
        parts = [self.get("content-part", part).get(here, []) for part in content.get(aside, [])]
        need(all(len(part) == most for part in parts[:-1]), f"{here} that are split in another way")
        found = [each for part in parts for each in part] or content.get(here, [])
        need(len(found) == count, f"another number of {here}")
        if here == "members":
            need(all(name_bytes(a[0]) < name_bytes(b[0]) for a, b in pairwise(found)), "members out of order")
        return found

    def walk(self, wanted: bytes) -> Iterator[Any]:
        """The manifests from `wanted` down to number 0."""
        child = None
        while True:
            manifest = self.get("manifest", wanted)
            leaf = sha256(b"\x00" + self.objects[wanted][2]).digest()
            if child is not None:
                need(child["sequence"] == manifest["sequence"] + 1, f"a wrong sequence above {wanted.hex()}")
                history = extend(manifest.get("history", []), manifest["sequence"], leaf)
                need(child.get("history", []) == history, f"a wrong history above {wanted.hex()}")
            yield manifest
            if "parent" not in manifest:
                return
            child, wanted = manifest, manifest["parent"]

    def reference(self, name: str) -> bytes | None:
        """The id in HEAD or a tag."""
        data = self.file(name)
        need(data is None or re.fullmatch(rb"[0-9a-f]{64}\n", data), f"{name} does not hold an id")
        return bytes.fromhex(data.decode()) if data else None

    def check(self) -> str:
        """Checks everything and says what was found."""
        need(self.file("format") == b"obs 1\n", "no store of format 1")
        head, manifests = self.reference("HEAD"), 0
        for manifest in self.walk(head) if head else ():
            manifests += 1
            run = self.get("run", manifest["run"])
            self.run(run)
            self.report(self.get("report", manifest["report"]), manifest["run"], run)
        for tag in sorted((self.root / "tags").glob("[A-Za-z]*")):
            self.get("manifest", self.reference(f"tags/{tag.name}") or b"")
        kept = sum(size is not None for size in self.blobs.values())
        where = f"head {head.hex()}" if head else "no head"
        return (
            f"{manifests} manifests, {len(self.objects)} objects, {kept} blobs kept and "
            f"{len(self.blobs) - kept} not, {where}"
        )


def main(arguments: list[str]) -> int:
    """`DIR` is the `.obs/` folder."""
    try:
        need(len(arguments) == 1, "usage: standalone.py DIR")
        print("intact:", Store(Path(arguments[0])).check())
    except Bad as bad:
        print("damaged:", bad)
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
