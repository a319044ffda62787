"""Tables of delimited text, against tests/standalone_content.py, which shares no line with obs."""

from __future__ import annotations

import csv
import io
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from obs.cas.errors import BadArgument
from obs.cas.observe.tables.content import Place, TableContent, Unavailable
from obs.cas.observe.tables.csvfiles import read_csv
from standalone_content import content
from tablestream import Stream


def read(data: bytes, *, delimiter: str = ",", **options: Any) -> TableContent | Unavailable:
    return read_csv(Stream(data), delimiter=delimiter, **options)


def agree(data: bytes, delimiter: str = ",", **options: Any) -> TableContent:
    """What obs says, which is what the stand-alone checker says."""
    found = read(data, delimiter=delimiter, **options)
    assert isinstance(found, TableContent), found
    expected = content(data, delimiter)
    assert [column.name for column in found.columns] == [column["name"] for column in expected["columns"]]
    for column, other in zip(found.columns, expected["columns"], strict=True):
        assert column.kind == other["kind"], column.name
        assert column.nulls == other["nulls"]
        assert column.distinct == min(other["distinct"], 1000)
        assert column.distinct_exact == (other["distinct"] <= 1000)
        assert column.value_pages == b"".join(other["value"]["pages"])
        assert column.value_blocks == b"".join(other["value"]["blocks"])
        assert column.value == other["value"]["digest"]
        assert column.text_pages == b"".join(other["text"]["pages"])
        assert column.text_blocks == b"".join(other["text"]["blocks"])
        assert column.text == other["text"]["digest"]
    assert found.rows == expected["rows"]
    assert found.rows_with_missing == expected["rows_with_missing"]
    assert found.schema == expected["schema"]
    assert found.table == expected["table"]
    return found


def as_csv(names: list[str], rows: list[list[str]], quoting: Any = csv.QUOTE_MINIMAL) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n", quoting=quoting)
    writer.writerow(names)
    writer.writerows(rows)
    return out.getvalue().encode()


# What a column may hold: cells of one kind, and now and then one of another.
NUMBERS = st.one_of(
    st.integers(-(2**64), 2**65).map(str),
    st.integers(-(2**53) - 3, -(2**53) + 3).map(str),
    st.integers(2**53 - 3, 2**53 + 3).map(str),
    st.integers(-9, 9).map(str),
    st.floats(allow_nan=False).map(repr),
    st.from_regex(
        r"[ \t]{0,2}[+-]?([0-9]{1,20}(\.[0-9]{0,20})?|\.[0-9]{1,9})([eE][+-]?[0-9]{1,3})?[ \t]?",
        fullmatch=True,
    ),
    st.sampled_from(
        ["inf", "-Inf", "+INFINITY", "0x10", "1_0", "٣", "-0", "-0.0", "1e999", "1e-999", "+-1", "1/2", "."]
    ),
)
TIMES = st.one_of(
    st.datetimes().map(lambda time: time.isoformat()),
    st.datetimes().map(lambda time: time.isoformat(" ", "minutes")),
    st.dates().map(str),
    st.from_regex(
        r"[0-2][0-9]{3}-[01][0-9]-[0-3][0-9][T ][0-2][0-9]:[0-5][0-9](:[0-6][0-9](\.[0-9]{1,10})?)?",
        fullmatch=True,
    ),
)
ZONES = st.one_of(st.just("Z"), st.from_regex(r"[+-][0-2][0-9](:?[0-6][0-9])?", fullmatch=True))
KINDS: list[st.SearchStrategy[str]] = [
    NUMBERS,
    st.integers(-5, 1500).map(str),
    st.floats(-1e3, 1e3).map(lambda x: f"{x:.3f}"),
    st.sampled_from(["True", "TRUE", "true", "False", "FALSE", "false"]),
    st.sampled_from(["true", "False", "tRUE", " true", "1"]),
    TIMES,
    st.tuples(TIMES, ZONES).map("".join),
    st.text(st.characters(codec="utf-8", exclude_characters="\r\0"), max_size=9),
    st.just(""),
]
NULL_CELLS: st.SearchStrategy[str] = st.sampled_from(
    ["", "NA", "NaN", "null", " NA", "na", "#N/A N/A", "None", "<NA>"]
)


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[str], list[list[str]]]:
    rows = draw(st.integers(0, 12))
    columns: list[list[str]] = []
    for _ in range(draw(st.integers(1, 4))):
        cells = draw(st.sampled_from(KINDS))
        mixed = draw(
            st.sampled_from([cells, cells | NULL_CELLS, cells | NULL_CELLS | draw(st.sampled_from(KINDS))])
        )
        columns.append(draw(st.lists(mixed, min_size=rows, max_size=rows)))
    names = draw(
        st.lists(
            st.text(st.characters(codec="utf-8", exclude_characters="\r\0"), max_size=4),
            min_size=len(columns),
            max_size=len(columns),
        )
    )
    return names, [list(row) for row in zip(*columns, strict=True)]


@given(tables(), st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]), st.integers(1, 50))
@settings(max_examples=120)
def test_any_small_table(table: tuple[list[str], list[list[str]]], quoting: int, most: int) -> None:
    names, rows = table
    if names == [""]:
        quoting = csv.QUOTE_ALL  # or it would be a blank line
    data = as_csv(names, rows, quoting)
    found = agree(data)
    assert read_csv(Stream(data, most), delimiter=",") == found


def test_a_table_of_several_blocks() -> None:
    """Kinds that change late, nulls by the page, integers that need another encoding in one page only."""
    draw = random.Random(7)
    rows = 65_536 + 4096 + 17
    reals = [repr(draw.gauss(0, 1)) for _ in range(3000)]
    columns: dict[str, list[str]] = {
        "counter": [str(i) for i in range(rows)],
        "reals": [draw.choice(reals) for _ in range(rows)],
        "few": [draw.choice(["1", "1.0", "2", "+3", " 4", ""]) for _ in range(rows)],
        "many texts, one value": ["1." + "0" * (i % 1500) if i < 6000 else "1" for i in range(rows)],
        "late text": ["0.5"] * (rows - 1) + ["x"],
        "a late null": ["7"] * (rows - 1) + ["NA"],
        "late number": [""] * 66_000 + ["3"] * (rows - 66_000),
        "null": ["null"] * rows,
        "wide": [str(2**53 + 1 if i == 5000 else -i) for i in range(rows)],
        "wider": [str(2**64 - 1 if i == 66_001 else i) for i in range(rows)],
        "no encoding": [str(2**64 - 1) if i == 66_001 else "-1" if i == 66_002 else "1" for i in range(rows)],
        "flag": [draw.choice(["true", "FALSE"]) for _ in range(rows)],
        "time": [f"2024-02-{1 + i % 29:02d} {i % 24:02d}:00:00.00{i % 10}" for i in range(rows)],
        "nanoseconds": [f"1969-12-31T23:59:59.{i % 3000:09d}Z" for i in range(rows)],
        "words": [draw.choice(["a", "b,", 'c"', "d\ne", "é"]) for _ in range(rows)],
        "hashes": [f"{draw.getrandbits(64):016x}" for _ in range(rows)],
        "1000": [f"w{i % 1000}" for i in range(rows)],
        "1001": [str(i % 1001) for i in range(rows)],
    }
    data = as_csv(list(columns), [list(row) for row in zip(*columns.values(), strict=True)])
    found = agree(data)
    assert read(data, threads=3) == found
    assert read_csv(Stream(data, 70_001), delimiter=",", threads=2) == found


def test_the_pages_that_an_append_is_told_by() -> None:
    rows = [[str(i)] for i in range(65_536 + 5000)]
    short, long = read(as_csv(["a"], rows[:-400])), agree(as_csv(["a"], rows))
    assert isinstance(short, TableContent)
    assert short.columns[0].value_blocks[:32] == long.columns[0].value_blocks[:32]
    assert short.columns[0].value_pages[:32] == long.columns[0].value_pages[:32]
    assert [len(table.columns[0].value_pages) for table in (short, long)] == [64, 64]


@pytest.mark.parametrize(
    "data",
    [
        b"a,b\n",
        b"a,b",
        b"a\n1\n2\n",
        b"\n\r\n\na,b\n\n1,2\n\r\n3,4\n\n",
        b"a,a,,\n1,2,3,4\n",
        b'"","x\ny"\n1,2\n',
        b"\xef\xbb\xbfa,b\n1,2\n",
        b"a,b\r\n1,2\r\n3,4",
        b"a,b\r1,2\r3,4\r",
        b'a,b\n1,"x,""y""\n\nz"\n3,4\n',
        b'a\n""\n"NA"\n1\n',
        b"a,b\n\x00,1\nx\x00y,2\n",
        "ä,日本\nx,é\ny,🙂\n".encode(),
        b"x\nx\nx\n",
        b"x,y\nx,\nx,\n",
        b"a\tb\n1,5\t2\n",
        b"t\n0001-01-01\n9999-12-31T23:59:59.999999999\n",
        b"t\n0001-01-01T00:00+23:59\n9999-12-31T23:59-2359\n2000-02-29 00:00Z\n",
        b"t\n2024-02-30\n",
        b"t\n2024-02-29T00:00:00\n2024-02-29T00:00:00Z\n",
        b"n\n9223372036854775807\n9223372036854775808\n",
        b"n\n18446744073709551615\n-1\n",
        b"n\n18446744073709551616\n1\n",
        b"n\n9007199254740993\n0.5\n",
        b"n\n9007199254740993.0\n1e400\n",
        b"n\n-0\n-0.0\n+0\n" + b"0" * 50 + b"1\n",
        b"n\n1\ntrue\n",
    ],
    ids=repr,
)
def test_well_formed(data: bytes) -> None:
    agree(data, "\t" if b"\t" in data else ",")


@pytest.mark.parametrize(
    ("data", "code", "place"),
    [
        (b"", "EMPTY", None),
        (b"\n\r\n", "EMPTY", None),
        (b"\xef\xbb\xbf", "EMPTY", None),
        (b"a,b\n1,2\n\n3\n4,5\n", "RAGGED_ROW", Place("row", 2)),
        (b"a,b\n1,2\n3,4,5\n", "RAGGED_ROW", Place("row", 2)),
        (b"a,b\n1,2\n3,4,", "RAGGED_ROW", Place("row", 2)),
        (b"a,b\n1,2\n \n", "RAGGED_ROW", Place("row", 2)),
        (b'a,b\n1,2\n3,"4\n5,6\n', "UNCLOSED_QUOTE", Place("row", 2)),
        (b'a,b\n1,2\n"3,4\n5,6\n', "UNCLOSED_QUOTE", Place("row", 2)),
        (b'a\n1\n"', "UNCLOSED_QUOTE", Place("row", 2)),
        (b'a,"b\n1,2\n', "BAD_HEADER", None),
        (b"a,b\n1,\xff\n", "BAD_UTF8", Place("byte", 6)),
        (b"a,\xe9\n1,2\n", "BAD_UTF8", Place("byte", 2)),
        (b"a,b\n1,2,3\n1,caf\xe9\n", "BAD_UTF8", Place("byte", 15)),
        (b"a\n1\n\xc3", "BAD_UTF8", Place("byte", 4)),
        (b"a\n\xed\xa0\x80\n", "BAD_UTF8", Place("byte", 2)),
        ("a,b\n1,2\n".encode("utf-16"), "UTF16", Place("byte", 0)),
        ("a,b\n1,2\n".encode("utf-16-be"), "NUL_BYTE", None),
        (b"a,\x00\n1,2\n", "NUL_BYTE", None),
    ],
    ids=repr,
)
@pytest.mark.parametrize("most", [1, 3, 1 << 20])
def test_unavailable(data: bytes, code: str, place: Place | None, most: int) -> None:
    stream = Stream(data, most)
    found = read_csv(stream, delimiter=",")
    assert isinstance(found, Unavailable)
    assert (found.code, found.place) == (code, place)
    assert stream.furthest == len(data)


def test_bad_bytes_far_behind_a_bad_row_are_what_is_told() -> None:
    found = read(b"a,b\n1\n" + b"1,2\n" * 1_000_000 + b"\xff")
    assert isinstance(found, Unavailable)
    assert found.code == "BAD_UTF8"
    assert found.place == Place("byte", 4_000_006)


@pytest.mark.parametrize(
    "cell", [b"x" * 10_000_000, b"x\n" * 5_000_000, b"1" * 10_000_000], ids=["plain", "lines", "digits"]
)
def test_a_cell_of_ten_megabytes(cell: bytes) -> None:
    found = agree(b'a,b\n1,2\n3,"' + cell + b'"\n5,6\n')
    assert [column.kind.name for column in found.columns] == ["NUMBER", "TEXT"]


@pytest.mark.parametrize("cell", [b"x" * 70_000_000, b"x\n" * 70_000_000], ids=["plain", "lines"])
def test_a_row_that_is_too_long(cell: bytes) -> None:
    data = b'a,b\n1,2\n3,"' + cell + b'"\n5,6\n'
    stream = Stream(data)
    found = read_csv(stream, delimiter=",")
    assert isinstance(found, Unavailable)
    whole = stream.furthest == len(data)  # pytest would show all of it
    assert (found.code, whole) == ("ROW_TOO_LONG", True)


def test_very_many_columns() -> None:
    count = 10_000
    data = b",".join([b"c"] * count) + b"\n" + b",".join([b"1"] * count) + b"\n" + b"," * (count - 1) + b"\n"
    found = read(data)
    assert isinstance(found, TableContent)
    assert (found.rows, len(found.columns), found.rows_with_missing) == (2, count, 1)
    assert len({column.value for column in found.columns}) == 1
    assert found.columns[0].value == agree(b'c\n1\n""\n').columns[0].value


def test_the_label() -> None:
    data = b"y,x\n1,a\n1.0,b\n,c\n2,d\n+1,e\n"
    found = read(data, label="y")
    assert isinstance(found, TableContent)
    assert found.label is not None
    assert found.label.nulls == 1
    assert found.label.classes is not None
    assert [(each.name, each.rows) for each in found.label.classes] == [("1", 3), ("2", 1)]
    for absent in (read(data, label="z"), read(b"y,y\n1,2\n", label="y")):
        assert isinstance(absent, TableContent)
        assert absent.label is None


@pytest.mark.parametrize("count", [10_000, 10_001])
def test_the_classes_of_the_label_are_counted_up_to_a_bound(count: int) -> None:
    found = read(as_csv(["y"], [[f"c{i % count}"] for i in range(90_000)]), label="y")
    assert isinstance(found, TableContent)
    assert found.label is not None
    if count > 10_000:
        assert found.label.classes is None
    else:
        assert found.label.classes is not None
        assert [each.rows for each in found.label.classes[:1]] == [9]
        assert sum(each.rows for each in found.label.classes) == 90_000


@pytest.mark.parametrize("delimiter", ["", ",,", '"', "\n", "é"])
def test_a_delimiter_that_is_none(delimiter: str) -> None:
    with pytest.raises(BadArgument):
        read(b"a\n1\n", delimiter=delimiter)
