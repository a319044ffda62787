"""Model files that mean harm: nothing of them runs, hangs or fills the memory, and what they name is told."""

from __future__ import annotations

import bz2
import contextlib
import gzip
import io
import lzma
import os
import pickle
import random
import struct
import subprocess
import sys
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest
from modelfiles import Scratch, codes, evil, graph_of, names, proto, short_unicode, stack_global
from modelfuzz import SEED, damaged
from obs.cas.observe.pickles.arrays import as_array
from obs.cas.observe.pickles.containers import ModelGraph
from obs.cas.observe.pickles.limits import Limits
from obs.cas.observe.pickles.nodes import ArrayData, Call, Dict, Node, Set, Tuple
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

SOAK = max(1, int(os.environ.get("OBS_SOAK", "100")) // 100)

MKDIR = "posix" if os.name == "posix" else "nt"


def mark_argument(mark: Path) -> bytes:
    data = str(mark).encode()
    return b"X" + struct.pack("<I", len(data)) + data


def payloads(mark: Path) -> Iterator[tuple[str, bytes]]:
    """Ways to have `os.mkdir(mark)` called by loading a pickle."""
    argument = mark_argument(mark)
    by_line = f"c{MKDIR}\nmkdir\n".encode()
    by_stack = stack_global(MKDIR, "mkdir")
    for protocol in range(6):
        yield f"REDUCE, protocol {protocol}", evil(mark, protocol)
    yield "INST", b"(" + argument + f"i{MKDIR}\nmkdir\n.".encode()
    yield "OBJ", b"(" + by_line + argument + b"o."
    yield (
        "NEWOBJ of map and tuple",
        proto(2, b"cbuiltins\ntuple\n(cbuiltins\nmap\n(" + by_line + argument + b"\x85t\x81t\x81."),
    )
    yield (
        "NEWOBJ_EX",
        proto(4, b"cbuiltins\ntuple\n(cbuiltins\nmap\n(" + by_line + argument + b"\x85t}\x92t}\x92."),
    )
    yield (
        "BUILD with __setstate__",
        proto(
            2,
            b"c__main__\nPlain\n)\x81}X\x0c\x00\x00\x00__setstate__" + by_line + b"sb" + argument + b"b.",
        ),
    )
    yield (
        "memo",
        proto(
            4, short_unicode("mkdir") + b"\x940" + short_unicode(MKDIR) + b"h\x00\x93" + argument + b"\x85R."
        ),
    )
    yield "memo overwritten", proto(
        4,
        short_unicode("x") + b"q\x000" + short_unicode("mkdir") + b"q\x000" + short_unicode(MKDIR)
        + b"h\x00\x93" + argument + b"\x85R.",
    )  # fmt: skip
    yield "DUP and POP", proto(4, by_stack + b"20" + argument + b"\x85R.")
    yield "result popped", proto(4, by_stack + argument + b"\x85R0N.")
    yield "result popped by POP_MARK", proto(4, b"N(" + by_stack + argument + b"\x85R1.")
    yield "broken afterwards", proto(4, by_stack + argument + b"\x85R\xff")
    yield "cut off afterwards", proto(4, by_stack + argument + b"\x85R")
    yield "after STOP", pickle.dumps({"a": 1}) + evil(mark)
    yield (
        "within bytes",
        proto(4, stack_global("_pickle", "loads") + b"C" + bytes([len(evil(mark))]) + evil(mark) + b"\x85R."),
    )
    yield "as a key", proto(4, b"}" + by_stack + argument + b"\x85RNs.")
    yield "in a frame that lies", proto(4, b"\x95" + bytes([3, *bytes(7)]) + by_stack + argument + b"\x85R.")


def loads(data: bytes) -> None:
    """What a victim does."""
    try:
        file = io.BytesIO(data)
        while file.tell() < len(data):
            pickle.load(file)
    except Exception:  # noqa: BLE001 (the payload ran before, or never)
        return


NAMES = [name for name, _ in payloads(Path("x"))]


@pytest.mark.parametrize("number", range(len(NAMES)), ids=NAMES)
def test_a_payload_is_named_and_does_not_run(number: int, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    name, data = list(payloads(mark))[number]
    graph = graph_of(data)
    assert (MKDIR, "mkdir") in names(graph)
    assert not mark.exists()
    if "__setstate__" not in name and "lies" not in name:  # its class is nowhere; CPython refuses the frame
        loads(data)
        assert mark.exists(), "the payload of this test is none"


def test_computed_names_are_told(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    rot13 = stack_global("codecs", "decode") + short_unicode("zxqve") + short_unicode("rot13") + b"\x86R"
    data = proto(4, short_unicode(MKDIR) + rot13 + b"\x93" + mark_argument(mark) + b"\x85R.")
    graph = graph_of(data)
    assert [(seen.module, seen.name, seen.dynamic) for seen in graph.globals] == [
        ("codecs", "decode", False),
        (MKDIR, "<computed>", True),
    ]
    assert not mark.exists()
    loads(data)
    assert mark.exists()


@pytest.mark.parametrize("compress", [0, 3, ("gzip", 1), ("bz2", 1), ("xz", 1), ("lzma", 1)], ids=str)
def test_a_payload_after_a_raw_array_and_within_one(tmp_path: Path, compress: Any) -> None:
    from modelfiles import Evil

    mark = tmp_path / "mark"
    for value in ([np.arange(100_000), Evil(mark)], [np.array([Evil(mark)], dtype=object), 1]):
        joblib.dump(value, tmp_path / "x", compress=compress)
        graph = graph_of((tmp_path / "x").read_bytes())
        assert graph.complete
        assert (MKDIR, "mkdir") in names(graph)
        assert not mark.exists()
        joblib.load(tmp_path / "x")
        mark.rmdir()


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress, bz2.compress, lzma.compress])
@pytest.mark.parametrize("end", [0, 4, 9])
def test_a_payload_in_a_stream_that_breaks_off_is_named(pack: Any, end: int, tmp_path: Path) -> None:
    if end and pack is not gzip.compress and pack is not zlib.compress:
        pytest.skip("nothing of a block is known before its end")
    rest = random.Random(0).randbytes(40_000)
    data = pack(evil(tmp_path / "mark") + rest)
    graph = graph_of(data[: len(data) - end])
    assert (MKDIR, "mkdir") in names(graph)


# ------------------------------------------------------------------ bombs


def within(seconds: float, data: bytes, limits: Limits | None = None) -> ModelGraph:
    started = time.process_time()
    graph = graph_of(data) if limits is None else graph_of(data, limits)
    assert time.process_time() - started < seconds
    assert not graph.timed_out
    return graph


@pytest.mark.parametrize(
    "head",
    [
        pytest.param(b"X\xff\xff\xff\x7f", id="BINUNICODE"),
        pytest.param(b"B\xff\xff\xff\x7f", id="BINBYTES"),
        pytest.param(b"T\xff\xff\xff\x7f", id="BINSTRING"),
        pytest.param(b"T\xff\xff\xff\xff", id="negative BINSTRING"),
        pytest.param(b"\x8b\xff\xff\xff\x7f", id="LONG4"),
        pytest.param(b"\x8b\xff\xff\xff\xff", id="negative LONG4"),
        pytest.param(b"\x8d" + struct.pack("<Q", 1 << 62), id="BINUNICODE8"),
        pytest.param(b"\x8e" + struct.pack("<Q", (1 << 64) - 1), id="BINBYTES8"),
        pytest.param(b"\x96" + struct.pack("<Q", 1 << 62), id="BYTEARRAY8"),
    ],
)
@pytest.mark.parametrize("pack", [bytes, zlib.compress])
def test_a_length_that_cannot_be_stops_the_machine(head: bytes, pack: Any) -> None:
    graph = within(1, pack(proto(4, b"ca\nb\n" + head + b"abc.")))
    assert names(graph) == [("a", "b")]
    assert not graph.complete
    assert codes(graph) in (["TRUNCATED"], ["VALUE"])
    assert graph.problems[0].offset == 7


def test_a_billion_laughs() -> None:
    body = b"X\x02\x00\x00\x00ha\x94"
    for level in range(60):
        body += b"(" + b"h" + bytes([level]) + b"h" + bytes([level]) + b"t\x94"
    graph = within(1, proto(4, body + b"."))
    assert graph.complete
    assert as_array(graph.roots[0]) is None


@pytest.mark.parametrize("body", [b"]" * 100_000 + b"a" * 99_999, b"(" * 100_000 + b"t" * 100_000,
                                  b"N" + b"\x85" * 100_000, b"}N" * 99_999 + b"}" + b"s" * 99_999,
                                  b"ca\nb\n" * 100_000 + b")R" + b"\x85R" * 99_999])  # fmt: skip
def test_deep_nesting_is_no_recursion(body: bytes) -> None:
    graph = within(5, proto(4, body + b"."))
    assert graph.complete
    assert as_array(graph.roots[0]) is None
    repr(graph)


WRAPPER = (
    b"cjoblib.numpy_pickle\nNumpyArrayWrapper\n)\x81}(Vsubclass\ncnumpy\nndarray\nVorder\nVC\nVallow_mmap\n\x89"
    b"Vshape\nK%c\x85Vdtype\ncnumpy\ndtype\nV%b\n\x85Rub"
)


def test_within_an_array_of_objects_there_are_no_raw_arrays() -> None:
    """joblib reads one with a plain unpickler: what follows a wrapper there are opcodes."""
    graph = graph_of(proto(4, WRAPPER % (1, b"O8")) + proto(4, WRAPPER % (8, b"u1") + b"ca\nb\n0.") + b".")
    assert graph.complete
    assert ("a", "b") in names(graph)
    root = graph.roots[0]
    assert isinstance(root, ArrayData)
    assert isinstance(root.value, Call)


@pytest.mark.parametrize("pack", [bytes, zlib.compress])
def test_raw_data_that_pickle_would_take_for_opcodes_are_told(pack: Any, tmp_path: Path) -> None:
    """To joblib it is an array of bytes, to `pickle.load` a call."""
    mark = tmp_path / "mark"
    attack = f"c{MKDIR}\nmkdir\n".encode() + mark_argument(mark) + b"\x85R."
    data = proto(4, WRAPPER % (len(attack), b"u1") + attack) + b"."
    graph = graph_of(pack(data))
    root = graph.roots[0]
    assert isinstance(root, ArrayData)
    assert root.length == len(attack)
    assert (MKDIR, "mkdir") in names(graph)
    assert codes(graph) == ["AMBIGUOUS"]
    (tmp_path / "x").write_bytes(data)
    assert joblib.load(tmp_path / "x").tobytes() == attack
    assert not mark.exists()
    loads(data)
    assert mark.exists()


def imported(data: bytes) -> list[tuple[str, str]]:
    """What `pickle.load` asks for, until it fails or ends."""
    found: list[tuple[str, str]] = []

    class Recorder(pickle.Unpickler):
        def find_class(self, module: str, name: str, /) -> Any:
            found.append((module, name))
            return super().find_class(module, name)

    with contextlib.suppress(Exception):
        Recorder(io.BytesIO(data)).load()
    return found


def test_what_is_not_seen_of_a_file_with_two_readings() -> None:
    """docs/inspect.md, "Two readings": these files are read as joblib does, and hide from that a name."""
    within = short_unicode("collections") + b"\x940" + short_unicode("OrderedDict") + b"\x940h\x00h\x01\x93"
    outer = short_unicode(MKDIR) + b"\x940" + short_unicode("mkdir") + b"\x940"
    shifted = proto(4, outer + WRAPPER % (1, b"O8") + proto(4, within + b".")) + b"."
    assert (MKDIR, "mkdir") in imported(shifted)
    assert ("collections", "OrderedDict") not in imported(shifted)
    graph = graph_of(shifted)
    assert ("collections", "OrderedDict") in names(graph)
    assert (MKDIR, "mkdir") not in names(graph)

    far = b"B" + struct.pack("<I", 200_000) + bytes(200_000) + stack_global(MKDIR, "mkdir") + b"."
    described = WRAPPER.replace(b"K%c", b"J%b") % (struct.pack("<i", len(far)), b"u1")
    data = proto(4, described + far) + b"."
    assert imported(data)[-1] == (MKDIR, "mkdir")
    assert codes(graph_of(data)) == ["AMBIGUOUS"]
    assert (MKDIR, "mkdir") in names(graph_of(data))
    assert (MKDIR, "mkdir") not in names(graph_of(zlib.compress(data)))  # pickle.load cannot read it as it is


def test_integers_that_collide_are_never_hashed() -> None:
    modulus = (1 << 61) - 1
    numbers = [b"\x8a\x0a" + (number * modulus).to_bytes(10, "little") for number in range(20_000)]
    assert hash(7 * modulus) == hash(8 * modulus)
    graph = within(2, proto(4, b"}(" + b"".join(number + b"N" for number in numbers) + b"u."))
    assert graph.complete
    graph = within(2, proto(4, b"\x8f(" + b"".join(numbers) + b"\x90."))
    root = graph.roots[0]
    assert isinstance(root, Set)
    assert len(root) == 20_000


@pytest.mark.parametrize(
    "unit",
    [
        b"]", b"N\x94", b"X\x40\x00\x00\x00" + b"x" * 64, b"ca\nb\n)R",
    ],
)  # fmt: skip
def test_the_memory_is_bounded(unit: bytes, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"\x80\x04" + unit * ((24 << 20) // len(unit)))
    program = """
import sys
from modelfuzz import peak
from obs.cas.observe.files import open_regular
from obs.cas.observe.pickles.containers import read_model
from obs.cas.observe.pickles.limits import Limits
before = peak()
with open_regular(sys.argv[1]) as opened:
    graph = read_model(opened, limits=Limits(seconds=3600))
print(graph.complete, graph.timed_out, (peak() - before) >> 20)
"""
    root = Path(__file__).parents[3]
    answer = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "x")],
        env={"PYTHONPATH": f"{root / '.pythonpath'}{os.pathsep}{root / 'tests'}"},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    complete, timed_out, mebibytes = answer.stdout.split()
    assert (complete, timed_out) == ("False", "False")
    assert 0 < int(mebibytes) < 256 - 16


def zeros(pack: Any, count: int) -> bytes:
    """A pickle of so many MiB of zeros and a global after it, compressed."""
    packed = [pack.compress(b"\x80\x04B" + struct.pack("<I", count << 20))]
    packed += [pack.compress(bytes(1 << 20)) for _ in range(count)]
    return b"".join([*packed, pack.compress(b"ca\nb\n."), pack.flush()])


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda: zlib.compressobj(9), id="zlib"),
        pytest.param(lambda: zlib.compressobj(1, zlib.DEFLATED, 31), id="gzip"),
        pytest.param(bz2.BZ2Compressor, id="bz2"),
        pytest.param(lambda: lzma.LZMACompressor(preset=0), id="xz"),
        pytest.param(lambda: lzma.LZMACompressor(lzma.FORMAT_ALONE, preset=0), id="lzma"),
    ],
)
def test_a_bomb_of_zeros_is_passed_over(make: Any) -> None:
    """32 MiB, and a gigabyte under `make soak`."""
    graph = graph_of(zeros(make(), 1024 if "OBS_SOAK" in os.environ else 32))
    assert graph.complete
    assert names(graph) == [("a", "b")]


@pytest.mark.parametrize(
    ("limits", "code"),
    [(Limits(expanded_bytes=10 << 20), "EXPANDED"), (Limits(ratio=1000, ratio_from_bytes=10 << 20), "RATIO")],
)
def test_a_bomb_is_given_up(limits: Limits, code: str) -> None:
    graph = graph_of(zeros(zlib.compressobj(9), 64), limits)
    assert (graph.complete, codes(graph)) == (False, [code])
    assert graph.problems[0].offset <= 20 << 20  # what was read is counted in blocks of 16 KiB


def test_the_ratio_lets_zlib_pass_and_xz_not() -> None:
    limits = Limits(ratio_from_bytes=10 << 20)
    assert graph_of(zeros(zlib.compressobj(9), 64), limits).complete
    assert codes(graph_of(zeros(lzma.LZMACompressor(preset=0), 64), limits)) == ["RATIO"]


# ------------------------------------------------------------------ damage


def walk(graph: ModelGraph) -> int:
    """Looks at every node once, asking each whether it is an array."""
    seen: set[int] = set()
    left: list[Node] = [*graph.roots, *graph.partial, *graph.embedded]
    while left:
        node = left.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        as_array(node)
        repr(node)
        if isinstance(node, Tuple | list):
            left.extend(node)
        elif isinstance(node, Dict):
            left.extend(node.flat)
        elif isinstance(node, Call):
            left.extend([node.function, node.args, node.kwargs, *node.states, *node.items, *node.appends])
        elif isinstance(node, ArrayData):
            left.extend([node.wrapper, node.dtype, node.value])
    return len(seen)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """A small pipeline in many forms."""
    data = np.random.default_rng(0).normal(size=(30, 3))
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(data, (data[:, 0] > 0).astype(int))
    found = {f"pickle {protocol}": pickle.dumps(model, protocol) for protocol in range(6)}
    path = tmp_path_factory.mktemp("models") / "x"
    for compress in (0, 3, ("gzip", 3), ("bz2", 3), ("xz", 3), ("lzma", 3)):
        joblib.dump([model, np.array(["a", None], dtype=object)], path, compress=compress)
        found[f"joblib {compress}"] = path.read_bytes()
    return found


def test_a_file_that_is_cut_off_anywhere_is_incomplete(files: dict[str, bytes]) -> None:
    scratch = Scratch()
    for name, data in files.items():
        whole = scratch.graph(data)
        assert whole.complete, name
        known = names(whole)
        for end in range(len(data)):
            graph = scratch.graph(data[:end])
            found = names(graph)
            assert found == known[: len(found)], (name, end)
            if name.startswith("pickle") or name == "joblib 0":
                assert not graph.complete, (name, end)
                assert graph.problems[-1].code == "TRUNCATED"
                assert graph.problems[-1].offset <= end
    scratch.close()


def test_random_damage(files: dict[str, bytes]) -> None:
    rng = random.Random(SEED)
    bodies = list(files.values())
    limits = Limits(opcodes=100_000, seconds=3600)
    scratch = Scratch()
    for _ in range(12_000 * SOAK):
        graph = scratch.graph(damaged(rng, bodies), limits)
        assert not graph.timed_out
        assert graph.complete or graph.problems
        if rng.random() < 0.2:
            walk(graph)
    scratch.close()


def test_reading_imports_nothing_that_a_file_names(files: dict[str, bytes], tmp_path: Path) -> None:
    for number, data in enumerate(files.values()):
        (tmp_path / str(number)).write_bytes(data)
    program = """
import sys
from obs.cas.observe.files import open_regular
from obs.cas.observe.pickles.containers import read_model
for path in sys.argv[1:]:
    with open_regular(path) as opened:
        assert read_model(opened).complete
print(sorted({"pyarrow", "numpy", "pandas", "joblib", "sklearn", "pickle"} & set(sys.modules)))
"""
    answer = subprocess.run(
        [sys.executable, "-c", program, *map(str, tmp_path.iterdir())],
        env={"PYTHONPATH": str(Path(__file__).parents[3] / ".pythonpath")},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert answer.stdout == "[]\n"
