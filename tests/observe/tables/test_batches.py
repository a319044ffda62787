"""Typed sources: the digests are those of the same table as text, and every type has its rule."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq
import pytest
from obs.cas.observe.files import open_regular
from obs.cas.observe.tables.arrowfiles import read_arrow, read_parquet
from obs.cas.observe.tables.batches import read_batches
from obs.cas.observe.tables.content import TableContent, Unavailable
from obs.cas.observe.tables.csvfiles import read_csv
from obs.cas.observe.tables.streams import FileStream
from pyarrow import feather
from standalone_content import content


def read(table: pa.Table, **options: Any) -> TableContent:
    found = read_batches(table.schema, table.to_batches(), **options)
    assert isinstance(found, TableContent), found
    return found


def one(array: Any, type_: Any = None) -> Any:
    """The only column of a table that holds this array."""
    made: Any = pa.array(array, type_) if isinstance(array, list) else array
    return read(pa.table({"a": made})).columns[0]


def as_text(*cells: str) -> Any:
    """What the stand-alone checker says of these cells of text."""
    quoted = [f'"{cell.replace(chr(34), chr(34) * 2)}"' for cell in cells]
    return content("\n".join(["a", *quoted]).encode())["columns"][0]


def mixed(rows: int) -> pa.Table:
    draw = random.Random(3)

    def sometimes(values: list[Any]) -> list[Any]:
        return [None if draw.random() < 0.1 else value for value in values]

    table: pa.Table = pa.table(
        {
            "counter": pa.array(range(rows), pa.int32()),
            "large": pa.array([2**53 + i % 3 for i in range(rows)], pa.int64()),
            "reals": pa.array(sometimes([draw.gauss(0, 1) for _ in range(rows)])),
            "flag": pa.array(sometimes([i % 3 == 0 for i in range(rows)])),
            "time": pa.array(
                sometimes([datetime(2024, 1, 1 + i % 31, 5, 6, 7, i, UTC) for i in range(rows)]),
                pa.timestamp("us"),
            ),
            "instant": pa.array([datetime(1960, 1, 1 + i % 31, tzinfo=UTC) for i in range(rows)]),
            "day": pa.array([date(2024, 1, 1 + i % 31) for i in range(rows)]),
            "word": pa.array(sometimes([f"w{i % 700}" for i in range(rows)])),
            "coded": pa.array(sometimes([f"c{i % 7}" for i in range(rows)])).dictionary_encode(),
            "empty": pa.nulls(rows),
        }
    )
    return table


Write = Callable[[pa.Table, str], object]
FORMATS: dict[str, tuple[Write, Any]] = {
    "parquet": (pq.write_table, read_parquet),
    "row groups": (lambda table, path: pq.write_table(table, path, row_group_size=5000), read_parquet),
    "feather": (feather.write_feather, read_arrow),
    "small batches": (lambda table, path: feather.write_feather(table, path, chunksize=777), read_arrow),
}


@pytest.fixture(scope="module")
def text_content(tmp_path_factory: pytest.TempPathFactory) -> TableContent:
    path = str(tmp_path_factory.mktemp("text") / "table.csv")
    pc.write_csv(mixed(70_000), path)
    with open_regular(path) as opened:
        found = read_csv(FileStream(opened), delimiter=",", label="word")
    assert isinstance(found, TableContent)
    return found


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("threads", [1, 2])
def test_every_format_says_the_same(
    name: str, threads: int, text_content: TableContent, tmp_path: Path
) -> None:
    write, read_file = FORMATS[name]
    path = str(tmp_path / "table")
    write(mixed(70_000), path)
    with open_regular(path) as opened:
        found = read_file(opened, label="word", threads=threads)
    assert isinstance(found, TableContent)
    for column, other in zip(found.columns, text_content.columns, strict=True):
        assert (column.name, column.kind, column.value) == (other.name, other.kind, other.value)
        assert (column.value_blocks, column.value_pages) == (other.value_blocks, other.value_pages)
        assert (column.nulls, column.distinct, column.distinct_exact) == (
            other.nulls,
            other.distinct,
            other.distinct_exact,
        )
    assert found.table == text_content.table
    assert found.schema == text_content.schema
    assert found.rows_with_missing == text_content.rows_with_missing
    assert found.label == text_content.label


def test_a_wide_parquet_file_is_read_in_groups_of_columns(tmp_path: Path) -> None:
    table = pa.table(
        {f"c{i}": [None if (row + i) % 199 == 0 else row * i for row in range(9000)] for i in range(150)}
    )
    path = str(tmp_path / "wide.parquet")
    pq.write_table(table, path, row_group_size=2500)
    with open_regular(path) as opened:
        assert read_parquet(opened) == read(table)


def test_an_array_that_is_a_part_of_another() -> None:
    whole = mixed(9000)
    part = whole.slice(4099, 4500)
    again = pa.Table.from_batches(pa.ipc.open_stream(stream(part)).read_all().to_batches())
    assert read(part) == read(again)


def stream(table: pa.Table) -> Any:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()


@pytest.mark.parametrize(
    ("array", "cells"),
    [
        (pa.array([1, None, -3], pa.int8()), ("1", "", "-3")),
        (pa.array([0, 2**16 - 1], pa.uint16()), ("0", "65535")),
        (pa.array([2**63, 2**64 - 1], pa.uint64()), (str(2**63), str(2**64 - 1))),
        (pa.array([2**62 + 1], pa.uint64()), (str(2**62 + 1),)),
        (pa.array([2**63 - 1, -(2**63)], pa.int64()), (str(2**63 - 1), str(-(2**63)))),
        (pa.array([0.5, float("nan"), -0.0, float("inf")], pa.float64()), ("0.5", "NaN", "0", "inf")),
        (pa.array([0.1], pa.float32()), ("0.10000000149011612",)),
        (pa.array(np.array([1.5, np.nan], np.float16), from_pandas=True), ("1.5", "")),
        (pa.array([Decimal("1.50"), None], pa.decimal128(9, 2)), ("1.50", "")),
        (pa.array([Decimal(2**53 + 1)], pa.decimal128(20, 0)), (str(2**53 + 1),)),
        (pa.array([Decimal("1E-12")], pa.decimal128(20, 12)), ("0.000000000001",)),
        (pa.array([Decimal(2**70)], pa.decimal256(40, 0)), (str(2**70),)),
        (pa.array([True, None, False]), ("true", "", "false")),
        (pa.array([1, None], pa.timestamp("s")), ("1970-01-01T00:00:01", "")),
        (pa.array([-1], pa.timestamp("ns")), ("1969-12-31T23:59:59.999999999",)),
        (pa.array([1], pa.timestamp("ms", "Europe/Berlin")), ("1970-01-01T00:00:00.001Z",)),
        (pa.array([-1], pa.date32()), ("1969-12-31",)),
        (pa.array([86_400_000], pa.date64()), ("1970-01-02",)),
        (pa.array(["x", None, "y"]).dictionary_encode(), ("x", "", "y")),
        (pa.array([5, 6, 5]).dictionary_encode(), ("5", "6", "5")),
        (pa.array(["x", "é"], pa.large_string()), ("x", "é")),
        (pa.array(["x", "a long text in a view"], pa.string_view()), ("x", "a long text in a view")),
        (pa.array([["x"], None], pa.list_(pa.string_view())), ('["x"]', "")),
        (pa.RunEndEncodedArray.from_arrays([2, 3], ["u", "v"]), ("u", "u", "v")),
        (pa.array([[1, None], None, []], pa.list_(pa.int8())), ("[1,null]", "", "[]")),
        (pa.array([[1, 2], [3, 4]], pa.list_(pa.int8(), 2)).slice(1), ("[3,4]",)),
        (
            pa.array([{"a": 'ä"', "b": 1.0}], pa.struct([("a", pa.string()), ("b", pa.float64())])),
            ('{"a":"ä\\"","b":1.0}',),
        ),
        (pa.array([[("k", b"\x01")]], pa.map_(pa.string(), pa.binary())), ('[["k","01"]]',)),
        (pa.array([time(0, 0, 1)], pa.time32("ms")), ("{1000}",)),
        (pa.array([7], pa.duration("ns")), ("{7}",)),
        (pa.array([[86_400 * 10**9]], pa.list_(pa.timestamp("ns"))), (f"[{86_400 * 10**9}]",)),
        (pa.array([pa.MonthDayNano((1, 2, 3))]), ("[1,2,3]",)),
        (pa.nulls(3), ("", "", "")),
    ],
    ids=lambda value: str(value.type) if isinstance(value, pa.Array) else "",
)  # fmt: skip
def test_each_type(array: pa.Array, cells: tuple[str, ...]) -> None:
    found = one(array)
    if cells[0].startswith("{") and cells[0][1:-1].isdigit():
        # Text, although a cell of text that is written so would be a number.
        assert found.kind.name == "TEXT"
        assert found.value == one([cell[1:-1] for cell in cells], pa.string()).value
        return
    expected = as_text(*cells)
    assert found.kind == expected["kind"]
    assert found.nulls == expected["nulls"]
    assert found.distinct == expected["distinct"]
    assert found.value == expected["value"]["digest"]
    assert (found.text is not None) == (found.kind.name == "TEXT")


def test_text_is_never_parsed_and_the_empty_one_is_a_value() -> None:
    column = one(["1", "", "NA"], pa.string())
    assert (column.kind.name, column.nulls, column.distinct) == ("TEXT", 0, 3)


def test_bytes_beneath_a_null_say_nothing() -> None:
    data = [pa.py_buffer(b"\x05"), pa.py_buffer(b"\0\0\0\0\1\0\0\0\3\0\0\0\4\0\0\0"), pa.py_buffer(b"axxb")]
    assert one(pa.Array.from_buffers(pa.string(), 3, data)) == one(["a", None, "b"])


def test_binary_is_no_text() -> None:
    texts, binaries = one(["a", None]), one([b"a", None], pa.binary())
    assert binaries == one([b"a", None], pa.binary_view())
    assert (binaries.kind.name, binaries.text) == ("BINARY", None)
    assert binaries.value != texts.value
    assert (
        binaries.value == one([b"a", None], pa.binary(1)).value == one([b"a", None], pa.large_binary()).value
    )


def test_what_has_no_rule_is_unavailable() -> None:
    far = pa.table({"a": pa.array([2**60], pa.timestamp("s"))})
    deep: Any = pa.int8()
    for _ in range(40):
        deep = pa.list_(deep)
    for table, code in (
        (far, "TIMESTAMP_RANGE"),
        (pa.table({"a": pa.array([None], deep)}), "NESTED_TOO_DEEPLY"),
    ):
        found = read_batches(table.schema, table.to_batches())
        assert isinstance(found, Unavailable)
        assert found.code == code


@pytest.mark.parametrize("name", ["parquet", "feather"])
def test_a_damaged_file(name: str, tmp_path: Path) -> None:
    """Truncated anywhere, or with bytes changed: a content or a reason, never an error."""
    write, read_file = FORMATS[name]
    path = tmp_path / "table"
    write(mixed(300), str(path))
    whole = path.read_bytes()
    draw = random.Random(1)
    damaged = [whole[: len(whole) * part // 20] for part in range(20)]
    for _ in range(60):
        changed = bytearray(whole)
        for _ in range(draw.randrange(1, 5)):
            changed[draw.randrange(len(changed))] = draw.randrange(256)
        damaged.append(bytes(changed))
    reasons: set[str] = set()
    for data in damaged:
        path.write_bytes(data)
        with open_regular(str(path)) as opened:
            found = read_file(opened)
        reasons.add(found.code if isinstance(found, Unavailable) else "")
    assert "BAD_FILE" in reasons
