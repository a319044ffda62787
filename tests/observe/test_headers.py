"""Columns from the beginning of a file; what cannot be read gives a reason, and nothing is guessed."""

from __future__ import annotations

import bz2
import gzip
import io
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pytest
from hypothesis import given
from hypothesis import strategies as st
from obs.cas.errors import OperatingSystemRefused
from obs.cas.observe.files import OpenedFile, open_regular
from obs.cas.observe.headers import (
    HEADER_BYTES,
    NoHeader,
    PositionedReader,
    is_dataset_name,
    looks_like_dataset,
    read_columns,
    read_folder_columns,
)
from pyarrow import feather, parquet


def columns(folder: Path, name: str, data: bytes, *, delimiter: str | None = None) -> tuple[str, ...] | str:
    """The columns of a file with these bytes, or the reason why there are none."""
    path = folder / name
    path.write_bytes(data)
    with open_regular(str(path)) as opened:
        os.lseek(opened.fd, 1, os.SEEK_SET)
        found = read_columns(opened, delimiter=delimiter)
        assert os.lseek(opened.fd, 0, os.SEEK_CUR) == 1  # whoever reads the file afterwards is not disturbed
    return found.reason if isinstance(found, NoHeader) else found


TABLE = b"a,b\n1,2\n"


@pytest.mark.parametrize(
    ("name", "data", "expected"),
    [
        pytest.param("t.csv", TABLE, ("a", "b"), id="plain"),
        pytest.param("T.CSV", TABLE, ("a", "b"), id="capitals"),
        pytest.param("t.csv", b"a,b", ("a", "b"), id="header without a line end"),
        pytest.param("t.csv", b"a,b\r\n1,2\r\n", ("a", "b"), id="CRLF"),
        pytest.param("t.csv", b"a,b\r1,2\r", ("a", "b"), id="CR"),
        pytest.param("t.csv", b"\xef\xbb\xbfa,b\n", ("a", "b"), id="BOM"),
        pytest.param("t.csv", b"\n\r\n\na,b\n", ("a", "b"), id="blank lines first"),
        pytest.param("t.csv", b"a,a,,a\n", ("a", "a", "", "a"), id="duplicate and empty names"),
        pytest.param("t.csv", b"a, b \n", ("a", " b "), id="spaces are kept"),
        pytest.param("t.csv", b'"a\nx","b,""y"""\n', ("a\nx", 'b,"y"'), id="quoted"),
        pytest.param("t.csv", b'"a"x,b\n', ("ax", "b"), id="text after a quote"),
        pytest.param("t.csv", "é,日本\n".encode(), ("é", "日本"), id="UTF-8"),
        pytest.param("t.csv", b"a;b\n", ("a;b",), id="no delimiter is guessed"),
        pytest.param("t.tsv", b"a,x\tb\n", ("a,x", "b"), id="TSV"),
        pytest.param("t.tab", b"a\tb\n", ("a", "b"), id="TAB"),
        pytest.param("t.csv", b"a,b\n\xff\xfe\x00", ("a", "b"), id="bad bytes below the header"),
        pytest.param("t.csv.gz", gzip.compress(TABLE), ("a", "b"), id="gzip"),
        pytest.param("t.csv.bz2", bz2.compress(TABLE), ("a", "b"), id="bzip2"),
        pytest.param("t.tsv.zst", pa.compress(b"a\tb\n", "zstd", asbytes=True), ("a", "b"), id="zstd"),
        pytest.param("t.csv.gz", gzip.compress(b"a,") + gzip.compress(b"b\n"), ("a", "b"), id="gzip members"),
        pytest.param("t.jsonl", b'\n{"b": 1, "a": {"c": 2}}\nnonsense', ("b", "a"), id="JSON Lines"),
        pytest.param("t.ndjson.gz", gzip.compress(b'{"b": NaN}'), ("b",), id="compressed JSON Lines"),
        pytest.param("t.jsonl", b'{"a": "' + b"x" * 100_000 + b'", "b": 1}\n{}', ("a", "b"), id="long line"),
        pytest.param("t.csv", b"", "EMPTY", id="empty"),
        pytest.param("t.csv", b"\n\n", "EMPTY", id="blank lines only"),
        pytest.param("t.csv", b"\xef\xbb\xbf", "EMPTY", id="BOM only"),
        pytest.param("t.csv", b'"a,b\n1,2\n', "BAD_HEADER", id="a quote that is never closed"),
        pytest.param("t.csv", b"a,\xff\n", "BAD_UTF8", id="Latin-1"),
        pytest.param("t.csv", "a,b\n".encode("utf-16"), "UTF16", id="UTF-16"),
        pytest.param("t.csv", "a,b\n".encode("utf-16-be"), "NUL_BYTE", id="UTF-16 without a BOM"),
        pytest.param("t.csv", b"a,b\0\n", "NUL_BYTE", id="NUL"),
        pytest.param("t.csv.gz", TABLE, "BAD_COMPRESSION", id="no gzip"),
        pytest.param("t.csv.gz", gzip.compress(TABLE)[:-9], "BAD_COMPRESSION", id="gzip cut off"),
        pytest.param("t.csv.bz2", TABLE, "BAD_COMPRESSION", id="no bzip2"),
        pytest.param("t.csv.zst", TABLE, "BAD_COMPRESSION", id="no zstd"),
        pytest.param("t.jsonl", b"[1]\n", "BAD_HEADER", id="no object"),
        pytest.param("t.jsonl", b"{\n", "BAD_HEADER", id="object over lines"),
        pytest.param("t.jsonl", b"[" * 100_000, "BAD_HEADER", id="deep"),
        pytest.param("t.jsonl", b'{"\xff": 1}\n', "BAD_UTF8", id="JSON Lines in Latin-1"),
        pytest.param("t.jsonl", b'{"\\ud800": 1}\n', "BAD_UTF8", id="lone surrogate"),
        pytest.param("t.jsonl", b"", "EMPTY", id="empty JSON Lines"),
        pytest.param("t.parquet", b"PAR1 nonsense PAR1", "BAD_FILE", id="no Parquet"),
        pytest.param("t.parquet", b"", "BAD_FILE", id="empty Parquet"),
        pytest.param("t.feather", b"ARROW1 nonsense", "BAD_FILE", id="no Feather"),
        pytest.param("t.bin", TABLE, "OPAQUE_FORMAT", id="other extension"),
        pytest.param("csv", TABLE, "OPAQUE_FORMAT", id="no extension"),
        pytest.param("t.parquet.gz", b"", "OPAQUE_FORMAT", id="compressed Parquet"),
    ],
)
def test_the_columns_or_the_reason(
    tmp_path: Path, name: str, data: bytes, expected: tuple[str, ...] | str
) -> None:
    assert columns(tmp_path, name, data) == expected


def test_a_delimiter_that_is_named_makes_any_file_delimited_text(tmp_path: Path) -> None:
    assert columns(tmp_path, "t.txt", b"a;b,c\n", delimiter=";") == ("a", "b,c")
    assert columns(tmp_path, "t.csv.gz", gzip.compress(b"a|b\n"), delimiter="|") == ("a", "b")


NAMES = st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8), min_size=1)


@given(NAMES, st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_quoted_names_come_back_as_they_were_written(
    tmp_path_factory: pytest.TempPathFactory, names: list[str], end: str, more: bool
) -> None:
    header = ",".join('"' + name.replace('"', '""') + '"' for name in names) + end
    data = (header + (f"1{end}" * 30_000 if more else "")).encode()
    assert columns(tmp_path_factory.mktemp("csv"), "t.csv", data) == tuple(names)


@given(st.text('ab",\n \r', min_size=1, max_size=12))
def test_a_header_is_what_pyarrow_reads(tmp_path_factory: pytest.TempPathFactory, head: str) -> None:
    """The content of a dataset is read by pyarrow later: a label found here has to be there as well."""
    found = columns(tmp_path_factory.mktemp("csv"), "t.csv", head.encode())
    try:
        reader = pyarrow.csv.open_csv(
            io.BytesIO(head.encode() + b"\n"),
            parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True),
        )
    except pa.ArrowInvalid:
        return  # a ragged row, an empty file, an open quote: its own affair
    if not isinstance(found, str):
        assert found == tuple(reader.schema.names)


@pytest.mark.parametrize("size", [65_535, 65_536, 65_537, 1 << 20, (1 << 20) + 1])
@pytest.mark.parametrize("end", [b"\n", b"\r\n", b""])
def test_a_header_may_end_anywhere(tmp_path: Path, size: int, end: bytes) -> None:
    """Also at, just before and just after what is read of the file at first; in the middle of a character."""
    count = size // 9
    names = tuple(f"{number:06}é" for number in range(count))  # 9 bytes with the comma
    head = ",".join(names).encode()
    assert columns(tmp_path, "t.csv", head + end) == names
    if end:
        assert columns(tmp_path, "t.csv", head + end + b"1," * 200_000) == names
        assert (
            columns(tmp_path, "t.csv", b'"x\n' + head.replace(b",", b";") + b'"' + end + b"1\n")[0]
            == ("x\n" + head.decode().replace(",", ";"))
            or size > 131_000
        )  # a cell of more than 128 KiB is no name


def test_a_header_without_an_end_is_given_up_in_time(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    with path.open("wb") as file:
        file.write(b"a,b")
        file.truncate(1 << 40)
    with open_regular(str(path)) as opened:
        assert isinstance(read_columns(opened), NoHeader)
    assert columns(tmp_path, "u.csv", b"a," * (HEADER_BYTES // 2 + 10)) == "BAD_HEADER"


def test_a_decompression_bomb_is_given_up_in_time(tmp_path: Path) -> None:
    bomb = io.BytesIO()
    with gzip.GzipFile(fileobj=bomb, mode="wb", compresslevel=1) as file:
        for _ in range(64):
            file.write(b"," * (1 << 20))
    assert columns(tmp_path, "t.csv.gz", bomb.getvalue()) == "BAD_HEADER"


# ------------------------------------------------------------------ Parquet and Arrow


def table() -> pa.Table:
    made: pa.Table = pa.table({"b": [1], "a": ["x"], "é": [1.5]})
    return made


def test_parquet_and_arrow_files_tell_their_columns(tmp_path: Path) -> None:
    parquet.write_table(table(), tmp_path / "t.parquet")
    parquet.write_table(table(), tmp_path / "t.pq")
    feather.write_feather(table(), str(tmp_path / "t.feather"))
    feather.write_feather(table(), str(tmp_path / "t.arrow"), compression="uncompressed")
    for name in ("t.parquet", "t.pq", "t.feather", "t.arrow"):
        assert columns(tmp_path, name, (tmp_path / name).read_bytes()) == ("b", "a", "é")


def test_nested_columns_are_named_once(tmp_path: Path) -> None:
    parquet.write_table(pa.table({"s": [{"x": 1, "y": 2}], "l": [[1]]}), tmp_path / "t.parquet")
    with open_regular(str(tmp_path / "t.parquet")) as opened:
        assert read_columns(opened) == ("s", "l")


@pytest.mark.parametrize("name", ["t.parquet", "t.feather"])
def test_damaged_files_have_columns_or_a_reason_and_never_an_error(tmp_path: Path, name: str) -> None:
    if name == "t.parquet":
        parquet.write_table(table(), tmp_path / name)
    else:
        feather.write_feather(table(), str(tmp_path / name))
    data = (tmp_path / name).read_bytes()
    for length in range(0, len(data), 37):
        columns(tmp_path, name, data[:length])
    for at in range(0, len(data), 13):
        columns(tmp_path, name, data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1 :])


@pytest.mark.parametrize("name", ["t.csv", "t.csv.gz", "t.jsonl", "t.parquet", "t.feather"])
def test_a_read_that_the_system_refuses_is_no_property_of_the_data(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(TABLE * 10)
    descriptor = os.open(path, os.O_WRONLY)  # reading from it fails, as a failing disk does
    opened = OpenedFile(str(path), descriptor, os.fstat(descriptor))
    with opened, pytest.raises(OperatingSystemRefused):
        read_columns(opened)


def test_text_needs_no_pyarrow(tmp_path: Path) -> None:
    for name, data in (
        ("t.csv", TABLE),
        ("t.tsv.gz", gzip.compress(TABLE)),
        ("t.csv.bz2", bz2.compress(TABLE)),
        ("t.jsonl", b"{}"),
    ):
        (tmp_path / name).write_bytes(data)
    program = """
import sys
from obs.cas.observe.files import open_regular
from obs.cas.observe.headers import read_columns
for path in sys.argv[1:]:
    with open_regular(path) as opened:
        print(read_columns(opened))
print(sorted({"pyarrow", "numpy", "pandas", "joblib"} & set(sys.modules)))
"""
    root = Path(__file__).parent.parent.parent / ".pythonpath"
    answer = subprocess.run(
        [sys.executable, "-c", program, *map(str, sorted(tmp_path.iterdir()))],
        env={"PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert answer.stdout.splitlines()[-1] == "[]"
    assert len(answer.stdout.splitlines()) == 5


# ------------------------------------------------------------------ folders and names


def test_a_folder_has_the_columns_of_its_first_data_file(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "README.md").write_bytes(b"no data")
    (tmp_path / "b" / "1.csv").write_bytes(b"first\n")
    (tmp_path / "c.csv").write_bytes(b"second\n")
    assert read_folder_columns(str(tmp_path)) == ("first",)
    (tmp_path / "b" / "1.csv").unlink()
    assert read_folder_columns(str(tmp_path)) == ("second",)
    (tmp_path / "c.csv").unlink()
    assert read_folder_columns(str(tmp_path)) == NoHeader("OPAQUE_FORMAT")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.csv", True),
        ("A.CSV.GZ", True),
        ("a.tsv.zst", True),
        ("a.parquet", True),
        ("a.arrow", True),
        ("a.jsonl.bz2", True),
        ("a.ipc", True),
        ("a.json", False),
        ("model.pkl", False),
        ("a.gz", False),
        ("csv", False),
        ("a.parquet.gz", False),
        ("", False),
        ("a.csv.pkl", False),
        ("\udcff.csv", True),
    ],
)
def test_datasets_are_told_by_their_names(name: str, expected: bool) -> None:
    assert is_dataset_name(name) is expected
    assert looks_like_dataset(name, b"\x80\x04") is expected


def test_datasets_are_told_by_their_first_bytes_too(tmp_path: Path) -> None:
    pd.DataFrame({"a": [1]}).to_parquet(tmp_path / "x")
    feather.write_feather(table(), str(tmp_path / "y"))
    assert looks_like_dataset("model.bin", (tmp_path / "x").read_bytes()[:8])
    assert looks_like_dataset("model.bin", (tmp_path / "y").read_bytes()[:8])
    assert not looks_like_dataset("model.bin", b"")


def test_a_length_that_a_file_makes_up_is_no_reason_to_make_room(tmp_path: Path) -> None:
    path = tmp_path / "data.feather"
    path.write_bytes(b"0123456789")
    with open_regular(str(path)) as opened, PositionedReader(opened.fd) as file:
        assert file.read(4) == b"0123"
        assert file.read(1 << 62) == b"456789"
        assert file.seek(1) == 1
        assert file.read() == b"123456789"
