"""What a model file is: containers, compression, and what is said of those that are not read."""

from __future__ import annotations

import bz2
import gzip
import importlib
import io
import lzma
import os
import pickle
import pickletools
import threading
import zipfile
import zlib
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pyarrow as pa
import pytest
from modelfiles import codes, graph_of, graph_of_file, names
from obs.cas.errors import FileChanged, OperatingSystemRefused
from obs.cas.observe.files import OpenedFile, open_regular
from obs.cas.observe.pickles.containers import read_model
from obs.cas.observe.pickles.limits import Limits
from obs.cas.observe.pickles.nodes import Call, List, class_of
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler


@pytest.fixture(scope="module")
def model() -> Any:
    rng = np.random.default_rng(0)
    data = rng.integers(0, 3, (50, 4)).astype(float)
    columns = ColumnTransformer([("n", StandardScaler(), [0, 1]), ("c", OneHotEncoder(), [2, 3])])
    made = Pipeline([("columns", columns), ("forest", RandomForestClassifier(3, random_state=0))])
    return made.fit(data, data[:, 0])


def imported(data: bytes) -> set[tuple[str, str]]:
    """What CPython's unpickler asks for when it loads these bytes."""
    found: set[tuple[str, str]] = set()

    class Recorder(pickle.Unpickler):
        def find_class(self, module: str, name: str, /) -> Any:
            found.add((module, name))
            return super().find_class(module, name)

    Recorder(io.BytesIO(data)).load()
    return found


@pytest.mark.parametrize("protocol", range(6))
def test_a_pipeline_in_every_protocol(model: Any, protocol: int) -> None:
    data = pickle.dumps(model, protocol)
    graph = graph_of(data)
    assert graph.complete
    assert graph.problems == ()
    assert (graph.format.container, graph.format.protocol, graph.format.compression) == (
        "pickle",
        protocol,
        None,
    )
    assert set(names(graph)) == imported(data)
    assert graph.opcodes == sum(1 for _ in pickletools.genops(data))
    root = graph.roots[0]
    cls = class_of(root)
    assert cls is not None
    assert (cls.module, cls.name) == ("sklearn.pipeline", "Pipeline")


COMPRESSIONS: list[tuple[Any, str | None]] = [
    (0, None),
    (3, "zlib"),
    (("zlib", 9), "zlib"),
    (("gzip", 3), "gzip"),
    (("bz2", 3), "bz2"),
    (("lzma", 3), "lzma"),
    (("xz", 3), "xz"),
]


@pytest.mark.parametrize(("compress", "name"), COMPRESSIONS, ids=str)
@pytest.mark.parametrize("protocol", [0, 2, 4, 5])
def test_a_pipeline_in_every_compression_of_joblib(
    model: Any, compress: Any, name: str | None, protocol: int, tmp_path: Path
) -> None:
    joblib.dump(model, tmp_path / "model.any", compress=compress, protocol=protocol)
    graph = graph_of_file(tmp_path / "model.any")
    assert graph.complete
    assert graph.problems == ()
    assert (graph.format.container, graph.format.protocol, graph.format.compression) == (
        "joblib",
        protocol,
        name,
    )
    plain = set(names(graph_of(pickle.dumps(model, protocol))))
    mine = {("joblib.numpy_pickle", "NumpyArrayWrapper"), ("numpy", "ndarray")}
    assert {each for each in names(graph) if each[0].startswith("sklearn")} == {
        each for each in plain if each[0].startswith("sklearn")
    }
    assert mine <= set(names(graph))


def lzma_alone(data: bytes) -> bytes:
    return lzma.compress(data, lzma.FORMAT_ALONE)


def zstd(data: bytes) -> bytes:
    packed: bytes = pa.compress(data, "zstd", asbytes=True)
    return packed


def lz4(data: bytes) -> bytes:
    frame: Any = importlib.import_module("lz4.frame")
    packed: bytes = frame.compress(data)
    return packed


PACKED: list[tuple[str, Any]] = [
    ("gzip", gzip.compress),
    ("zlib", zlib.compress),
    ("bz2", bz2.compress),
    ("xz", lzma.compress),
    ("lzma", lzma_alone),
    ("zstd", zstd),
    ("lz4", lz4),
]
each_compression = pytest.mark.parametrize(("name", "pack"), PACKED, ids=[name for name, _ in PACKED])


@each_compression
def test_a_compressed_pickle(name: str, pack: Any) -> None:
    value = [os.urandom(300_000), "x" * 100_000, "end"]
    graph = graph_of(pack(pickle.dumps(value)))
    assert graph.complete
    assert graph.problems == ()
    assert (graph.format.container, graph.format.compression) == ("pickle", name)
    root = graph.roots[0]
    assert isinstance(root, List)
    assert root[2] == "end"


@each_compression
def test_a_compressed_stream_that_ends_early_or_is_damaged(name: str, pack: Any) -> None:
    data = pack(pickle.dumps([os.urandom(300_000), "end"]))
    cut = graph_of(data[:200_000])
    assert not cut.complete
    assert set(codes(cut)) <= {"TRUNCATED_STREAM", "DAMAGED_STREAM", "TRUNCATED"}
    damaged = graph_of(data[:150_000] + bytes(100) + data[150_100:])
    assert damaged.problems != () or name in {"zlib", "gzip", "zstd", "xz", "lzma", "lz4"}
    nothing = graph_of(data[:20])
    assert not nothing.complete
    assert nothing.roots == ()


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_a_stream_of_several_members(pack: Any) -> None:
    data = pickle.dumps(["a" * 1000, "end"])
    graph = graph_of(pack(data[:500]) + pack(data[500:]))
    assert graph.complete
    assert graph.problems == ()
    graph = graph_of(pack(data) + bytes(512))
    assert graph.problems == ()
    graph = graph_of(pack(data) + b"something else")
    assert graph.complete
    assert codes(graph) == ["TRAILING_BYTES"]


def test_a_second_pickle_in_a_second_member() -> None:
    graph = graph_of(gzip.compress(pickle.dumps(1)) + gzip.compress(pickle.dumps(2)))
    assert graph.roots == (1, 2)


@pytest.mark.parametrize("protocol", [2, 4, 5])
def test_a_model_that_joblib_wrote_with_lz4(model: Any, protocol: int, tmp_path: Path) -> None:
    joblib.dump(model, tmp_path / "model", compress="lz4", protocol=protocol)
    joblib.dump(model, tmp_path / "plain", protocol=protocol)
    graph, plain = graph_of_file(tmp_path / "model"), graph_of_file(tmp_path / "plain")
    assert (graph.complete, graph.problems) == (True, ())
    assert (graph.format.container, graph.format.compression) == ("joblib", "lz4")
    assert names(graph) == names(plain)
    assert graph.opcodes == plain.opcodes


@pytest.mark.parametrize(
    ("limits", "code"),
    [(Limits(expanded_bytes=4 << 20), "EXPANDED"), (Limits(ratio=100, ratio_from_bytes=4 << 20), "RATIO")],
)
def test_lz4_stays_within_the_limits(limits: Limits, code: str) -> None:
    data = lz4(pickle.dumps(["a", bytes(16 << 20), "b"]))
    assert graph_of(data).complete
    graph = graph_of(data, limits)
    assert (graph.complete, codes(graph)) == (False, [code])
    assert graph.problems[0].offset <= 8 << 20


def test_lz4_that_is_not_installed_is_said_to_be_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    data = lz4(pickle.dumps([1, 2]))

    def missing(name: str) -> Any:
        raise ImportError(name)

    monkeypatch.setattr(importlib, "import_module", missing)
    graph = graph_of(data)
    assert not graph.complete
    assert codes(graph) == ["NEEDS_MODULE"]
    assert "lz4" in graph.problems[0].message


def zipped() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps(1))
    return file.getvalue()


@pytest.mark.parametrize(
    ("data", "container"),
    [
        pytest.param(zipped(), "zip", id="zip"),
        pytest.param(b"ZF0x1a" + bytes(40), "joblib-zf", id="old joblib"),
        pytest.param(b"\x93NUMPY\x01\x00" + bytes(40), "npy", id="npy"),
        pytest.param(b"\x89HDF\r\n\x1a\n" + bytes(40), "hdf5", id="hdf5"),
        pytest.param(gzip.compress(zipped()), "zip", id="compressed zip"),
    ],
)
def test_other_formats_are_named_and_not_read(data: bytes, container: str) -> None:
    graph = graph_of(data)
    assert (graph.format.container, graph.complete, codes(graph)) == (container, False, ["OTHER_FORMAT"])


@pytest.mark.parametrize(
    "data",
    [b"", b"\n", b"hello, world\n", b"a,b\n1,2\n", b"\x00" * 100, b"{}", "é".encode(), b"PK"],
)  # fmt: skip
def test_what_is_no_model_file_has_no_container(data: bytes) -> None:
    graph = graph_of(data)
    assert graph.format.container is None
    assert not graph.complete
    assert graph.roots == ()
    assert len(graph.problems) == 1


def test_a_file_that_changes_while_it_is_read_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "model.pkl"
    path.write_bytes(pickle.dumps([1]))
    with open_regular(str(path)) as opened:
        path.write_bytes(pickle.dumps([1, 2]))
        with pytest.raises(FileChanged):
            read_model(opened)


def test_a_file_that_shrinks_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "model.pkl"
    path.write_bytes(pickle.dumps(b"x" * 1_000_000))
    with open_regular(str(path)) as opened:
        os.truncate(path, 10)
        with pytest.raises(FileChanged):
            read_model(opened)


@each_compression
def test_a_read_that_the_system_refuses_is_no_property_of_the_file(
    name: str, pack: Any, tmp_path: Path
) -> None:
    path = tmp_path / name
    path.write_bytes(pack(pickle.dumps(1)))
    descriptor = os.open(path, os.O_WRONLY)
    with (
        OpenedFile(str(path), descriptor, os.fstat(descriptor)) as opened,
        pytest.raises(OperatingSystemRefused),
    ):
        read_model(opened)


def test_the_position_of_the_descriptor_stays(tmp_path: Path) -> None:
    path = tmp_path / "model.pkl"
    joblib.dump([np.arange(100_000), 1], path)
    with open_regular(str(path)) as opened:
        os.lseek(opened.fd, 5, os.SEEK_SET)
        first = read_model(opened)
        assert os.lseek(opened.fd, 0, os.SEEK_CUR) == 5
        assert read_model(opened).opcodes == first.opcodes
    assert threading.active_count() == 1


def test_large_payloads_are_not_read(tmp_path: Path) -> None:
    """A file of 64 TiB, nearly all of it a hole that nobody could read in time."""
    import struct

    path = tmp_path / "model.pkl"
    size = 1 << 43
    with path.open("wb") as file:
        file.write(b"\x80\x05\x96" + struct.pack("<Q", size))
        try:
            file.seek(size, os.SEEK_CUR)
            file.write(b"ca\nb\n\x86.")
        except OSError:
            pytest.skip("the file system has no files of this size")
    graph = graph_of_file(path)
    assert graph.complete
    assert names(graph) == [("a", "b")]
    assert not isinstance(graph.roots[0], Call)
