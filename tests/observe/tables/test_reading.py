"""One door to every format: the same table has the same content, and every byte is hashed once."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from blake3 import blake3
from obs.cas.errors import FileChanged
from obs.cas.observe.files import open_regular
from obs.cas.observe.pickles.limits import Limits
from obs.cas.observe.tables import packed
from obs.cas.observe.tables.content import Place, TableContent, Unavailable
from obs.cas.observe.tables.reading import Content, DatasetReading, read_dataset, read_table
from pyarrow import feather

ROWS = 9_000
COLUMNS: dict[str, list[Any]] = {
    "n": [None if i % 7 == 0 else i * 10**13 for i in range(ROWS)],
    "x": [i / 8 for i in range(ROWS)],
    "s": [f"word {i % 50}" for i in range(ROWS)],
    "b": [i % 3 == 0 for i in range(ROWS)],
}
CELLS = [["" if cell is None else str(cell) for cell in row] for row in zip(*COLUMNS.values(), strict=True)]
CSV = "\n".join([",".join(COLUMNS), *map(",".join, CELLS), ""]).encode()
TSV = CSV.replace(b",", b"\t")
LINES = b"".join(
    json.dumps(dict(zip(COLUMNS, row, strict=True))).encode() + b"\n"
    for row in zip(*COLUMNS.values(), strict=True)
)


def zstd(data: bytes) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(data)
    return bytes(sink.getvalue().to_pybytes())


def as_parquet(data: bytes) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table(COLUMNS), sink)
    return bytes(sink.getvalue().to_pybytes())


def as_feather(data: bytes) -> bytes:
    sink = pa.BufferOutputStream()
    feather.write_feather(pa.table(COLUMNS), sink)
    return bytes(sink.getvalue().to_pybytes())


def reading(path: Path, data: bytes, **options: Any) -> DatasetReading:
    """What is read of a file with these bytes. All of them were hashed, whatever the content is."""
    path.write_bytes(data)
    told: list[int] = []
    kept: list[bytes] = []
    with open_regular(str(path)) as opened:
        found = read_dataset(
            opened, sha256=True, sink=lambda view: kept.append(bytes(view)), progress=told.append, **options
        )
    assert found.digests.size == sum(told) == len(data)
    assert found.digests.blake3.raw == blake3(data).digest()
    assert found.digests.sha256 is not None
    assert found.digests.sha256.raw == hashlib.sha256(data).digest()
    assert b"".join(kept) == data
    return found


def read(path: Path, data: bytes, **options: Any) -> Content:
    return reading(path, data, **options).content


FORMATS: dict[str, tuple[bytes, Callable[[bytes], bytes]]] = {
    "a.csv": (CSV, bytes),
    "a.CSV.gz": (CSV, gzip.compress),
    "a.csv.bz2": (CSV, bz2.compress),
    "a.csv.zst": (CSV, zstd),
    "a.tsv": (TSV, bytes),
    "a.tab.gz": (TSV, gzip.compress),
    "a.jsonl": (LINES, bytes),
    "a.ndjson.gz": (LINES, gzip.compress),
    "a.parquet": (b"", as_parquet),
    "a.pq": (b"", as_parquet),
    "a.feather": (b"", as_feather),
    "a.arrow": (b"", as_feather),
}


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("name", FORMATS)
def test_the_same_table_in_every_format(name: str, threads: int, tmp_path: Path) -> None:
    expected = read(tmp_path / "expected.csv", CSV, label="b")
    data, write = FORMATS[name]
    found = read(tmp_path / name, write(data), threads=threads, label="b")
    assert isinstance(expected, TableContent)
    assert isinstance(found, TableContent)
    assert found.table == expected.table
    assert found.schema == expected.schema
    assert found.rows_with_missing == expected.rows_with_missing == COLUMNS["n"].count(None)
    assert found.label == expected.label
    assert [column.distinct for column in found.columns] == [column.distinct for column in expected.columns]


@pytest.mark.parametrize("rows", [1, 4096, 5000, ROWS, ROWS + 1])
@pytest.mark.parametrize("name", FORMATS)
def test_the_first_rows_are_a_table_that_was_cut_by_hand(name: str, rows: int, tmp_path: Path) -> None:
    data, write = FORMATS[name]
    lines = CSV.splitlines(keepends=True)[: rows + 1]
    expected = read(tmp_path / "expected.csv", b"".join(lines), label="b")
    path = tmp_path / name
    path.write_bytes(write(data))
    seen: list[bytes] = []
    with open_regular(str(path)) as opened:
        found = read_table(
            opened, label="b", rows=rows, threads=1 + rows % 2, sinks=[lambda part: seen.append(bytes(part))]
        )
    assert isinstance(expected, TableContent)
    assert isinstance(found, TableContent)
    assert b"".join(seen) == path.read_bytes()
    assert found.rows == min(rows, ROWS)
    assert (found.table, found.schema, found.label) == (expected.table, expected.schema, expected.label)
    assert found.rows_with_missing == expected.rows_with_missing
    for one, other in zip(found.columns, expected.columns, strict=True):
        assert (one.value_blocks, one.value_pages) == (other.value_blocks, other.value_pages)


def test_the_first_rows_of_a_parquet_file_of_many_columns_and_row_groups(tmp_path: Path) -> None:
    cells = {f"c{number}": [number + row for row in range(6000)] for number in range(130)}
    path, start = tmp_path / "a.parquet", tmp_path / "start.parquet"
    pq.write_table(pa.table(cells), str(path), row_group_size=1000)
    pq.write_table(pa.table(cells).slice(0, 4500), str(start))
    with open_regular(str(path)) as opened, open_regular(str(start)) as expected:
        assert read_table(opened, rows=4500) == read_table(expected)


def test_the_first_rows_do_not_depend_on_what_follows(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"a,b\n" + b"1,x\n" * 3 + b"late,x\n")
    with open_regular(str(path)) as opened:
        found = read_table(opened, rows=3)
    assert found == read(tmp_path / "expected.csv", b"a,b\n" + b"1,x\n" * 3)


@pytest.mark.parametrize("name", ["README", "model.pkl", "a.parquet.gz", "a.txt"])
def test_what_is_called_as_no_dataset_is_bytes(name: str, tmp_path: Path) -> None:
    assert read(tmp_path / name, CSV) is None


@pytest.mark.parametrize(
    ("name", "pack"), [("a.txt", bytes), ("a.parquet", bytes), ("a.dat.gz", gzip.compress)]
)
def test_a_delimiter_makes_any_file_one_of_text(
    name: str, pack: Callable[[bytes], bytes], tmp_path: Path
) -> None:
    found = read(tmp_path / name, pack(CSV.replace(b",", b";")), delimiter=";")
    assert isinstance(found, TableContent)
    assert found == read(tmp_path / "expected.csv", CSV)


@pytest.mark.parametrize(("end", "pack"), [("gz", gzip.compress), ("bz2", bz2.compress), ("zst", zstd)])
class TestCompression:
    def test_members_one_behind_the_other(
        self, end: str, pack: Callable[[bytes], bytes], tmp_path: Path
    ) -> None:
        data = b"".join(pack(CSV[start : start + 50_000]) for start in range(0, len(CSV), 50_000))
        found = read(tmp_path / f"a.csv.{end}", data)
        assert found == read(tmp_path / "a.csv", CSV)
        assert isinstance(found, TableContent)

    @pytest.mark.parametrize("left", [1, 10, 1000, -1])
    def test_cut_off(self, end: str, pack: Callable[[bytes], bytes], left: int, tmp_path: Path) -> None:
        found = read(tmp_path / f"a.csv.{end}", pack(CSV)[:left])
        assert isinstance(found, Unavailable)
        assert found.code == "BAD_COMPRESSION"

    def test_bytes_behind_the_stream(self, end: str, pack: Callable[[bytes], bytes], tmp_path: Path) -> None:
        found = read(tmp_path / f"a.csv.{end}", pack(CSV) + b"and something else")
        assert isinstance(found, Unavailable)
        assert found.code == "BAD_COMPRESSION"
        assert found.place == Place("byte", len(CSV)) or end == "zst"  # it looks ahead

    def test_a_byte_that_is_wrong(self, end: str, pack: Callable[[bytes], bytes], tmp_path: Path) -> None:
        data = bytearray(pack(LINES))
        data[len(data) // 2] ^= 0x55
        for name in (f"a.csv.{end}", f"a.jsonl.{end}"):
            found = read(tmp_path / name, bytes(data))
            # zstd has no checksum here: a wrong byte may be a wrong cell, which no reader can know.
            assert isinstance(found, Unavailable) or end == "zst"

    def test_a_bomb(
        self, end: str, pack: Callable[[bytes], bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        limits = Limits(expanded_bytes=1 << 40, ratio=100, ratio_from_bytes=1 << 18, seconds=9e9)
        monkeypatch.setattr(packed, "_LIMITS", limits)
        found = read(tmp_path / f"a.csv.{end}", pack(b"a\n" + b"0\n" * (2 << 20)))
        assert isinstance(found, Unavailable)
        assert found.code == "EXPANDS_TOO_FAR"
        assert found.place is not None
        assert found.place.number < 2 << 20  # it was left early


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.csv", b"a,b\n1\n" + CSV),
        ("a.csv", b"\xff\xfe" + CSV),
        ("a.csv", b""),
        ("a.jsonl", b"[1]\n" + LINES * 4),
        ("a.jsonl", b""),
        ("a.jsonl.gz", gzip.compress(b"{}{}\n" + LINES)),
        ("a.parquet", CSV),
        ("a.parquet", as_parquet(b"")[:-9]),
        ("a.feather", as_feather(b"")[100:]),
        ("a.arrow", b""),
    ],
)
def test_bytes_are_hashed_whatever_the_content_is(name: str, data: bytes, tmp_path: Path) -> None:
    assert isinstance(read(tmp_path / name, data), Unavailable)


@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz", "a.jsonl", "a.parquet", "a.feather", "a.bin"])
@pytest.mark.parametrize("change", ["append", "rewrite", "replace"])
def test_a_file_that_changes_is_an_error(name: str, change: str, tmp_path: Path) -> None:
    path = tmp_path / name
    data, write = FORMATS.get(name, (CSV, bytes)) if name != "a.csv.gz" else (CSV, gzip.compress)
    path.write_bytes(write(data))

    def meddle(view: memoryview) -> None:
        if change == "replace":
            (tmp_path / "other").write_bytes(write(data))
            os.replace(tmp_path / "other", path)
        else:
            with path.open("ab" if change == "append" else "r+b") as file:
                file.write(b"x")

    with open_regular(str(path)) as opened, pytest.raises(FileChanged):
        read_table(opened, sinks=[meddle])
