"""The golden files as obs, the second reader, msgpack and b3sum see them; and the page's own examples."""

from __future__ import annotations

import importlib.util
import re
import subprocess
from pathlib import Path
from typing import Any

import msgpack
import pytest
import standalone
from blake3 import blake3
from format_samples import VECTORS, manifest_of, name_of, named, needs_b3sum, restored, same, sorted_deep
from obs.cas.format.canonical import decode, encode
from obs.cas.format.merkle import extend, leaf_hash, root
from obs.cas.format.objects import decode_object, encode_object, object_id

PAGE = (Path(__file__).parents[2] / "docs" / "format.md").read_text(encoding="utf-8")
STORE = VECTORS / "store"


def make() -> Any:
    """tests/vectors/make.py as a module."""
    spec = importlib.util.spec_from_file_location("make_vectors", VECTORS / "make.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_golden_files_are_what_make_vectors_writes() -> None:
    made = make()
    assert (VECTORS / "format-1.json").read_text(encoding="ascii") == made.golden_text()
    stored = {str(path.relative_to(STORE)): path.read_bytes() for path in STORE.rglob("*") if path.is_file()}
    assert stored == made.example_files()


@pytest.mark.parametrize("vector", named("values") + named("objects"), ids=name_of)
def test_bytes_and_value(vector: Any) -> None:
    data, value = bytes.fromhex(vector["bytes"]), restored(vector["value"])
    assert encode(value) == data
    assert same(decode(data), value)
    assert msgpack.packb(sorted_deep(value), use_bin_type=True) == data
    standalone.unpack(data)


@pytest.mark.parametrize("vector", named("objects"), ids=name_of)
def test_kind_and_id(vector: Any) -> None:
    data = bytes.fromhex(vector["bytes"])
    value = decode_object(data)
    assert (value.KIND, object_id(value).hex) == (vector["kind"], vector["id"])
    assert encode_object(value) == data
    kind, _ = standalone.check_object(data)
    by_hand: bytes = blake3(data, derive_key_context=f"obs 2026-11-24 {kind} object").digest()
    assert by_hand.hex() == vector["id"]


def test_every_kind_of_the_page_has_vectors() -> None:
    assert {vector["kind"] for vector in named("objects")} == set(standalone.KINDS)


# ---------------------------------------------------------------------- docs/format.md


def console_examples() -> list[tuple[str, str]]:
    """Each command of the page's console blocks, and what it prints."""
    found: list[tuple[str, str]] = []
    for block in re.findall(r"^```console\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            found.append((command, output))
    return found


@needs_b3sum
@pytest.mark.parametrize(("command", "output"), console_examples(), ids=lambda text: text[:40])
def test_the_commands_of_the_page(command: str, output: str) -> None:
    done = subprocess.run(["bash", "-c", command], cwd=STORE, check=True, capture_output=True, text=True)
    assert done.stdout == output


def test_the_page_has_commands() -> None:
    assert len(console_examples()) == 6


def test_the_bytes_of_the_page() -> None:
    dump = PAGE[PAGE.index("    84  ") : PAGE.index("To decode it is not enough")]
    # What is no pair of digits is the remark: it begins with a quote or with the name of a type.
    digits = "".join(re.sub(r"(map of|bin of|\"|\x27).*", "", line) for line in dump.splitlines())
    data = bytes.fromhex(digits)
    assert (
        data
        == (STORE / "objects/5e/413ebd2038b04934694d07360164024ef117b4a69edb4971310dab1cb11d38").read_bytes()
    )


def test_the_hashes_of_the_page() -> None:
    head = (STORE / "HEAD").read_text(encoding="ascii").strip()
    data = (STORE / "objects" / head[:2] / head[2:]).read_bytes()
    manifest = manifest_of(data)
    assert manifest.sequence == 3
    for node in manifest.history:
        assert f"    {node.hex()}    " in PAGE
    assert f"`{root(extend(manifest.history, 3, leaf_hash(data))).hex()}`" in PAGE


def test_the_tables_of_the_page_name_the_keys_of_every_kind() -> None:
    sections = dict(re.findall(r"^### ([a-z, -]+)\n(.*?)(?=^##)", PAGE, re.MULTILINE | re.DOTALL))
    for kind in standalone.KINDS:
        section = next(text for heading, text in sections.items() if kind in heading.split(", "))
        for field in standalone.MAPS[kind].split():
            key, optional = re.split("[:?]", field)[0], "?" if "?" in field else ""
            assert f"| `{key}{optional}` |" in section
