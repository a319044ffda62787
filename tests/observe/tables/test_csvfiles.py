"""Tables of delimited text, against tests/standalone_content.py, which shares no line with obs."""

from __future__ import annotations

import csv
import io
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from obs.cas.observe.tables.content import TableContent, Unavailable
from obs.cas.observe.tables.csvfiles import read_csv
from standalone_content import content


class Stream:
    """Bytes in memory, given in pieces of at most `most`."""

    def __init__(self, data: bytes, most: int = 1 << 30) -> None:
        self._data = data
        self._most = most
        self._at = 0
        self.furthest = 0

    def read(self, size: int) -> bytes:
        piece = self._data[self._at : self._at + min(size, self._most)]
        self._at += len(piece)
        self.furthest = max(self.furthest, self._at)
        return piece

    def rewind(self) -> None:
        self._at = 0

    def drain(self) -> None:
        self.furthest = len(self._data)


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
KINDS = [
    NUMBERS,
    st.integers(-5, 1500).map(str),
    st.floats(-1e3, 1e3).map(lambda x: f"{x:.3f}"),
    st.sampled_from(["True", "TRUE", "true", "False", "FALSE", "false"]),
    st.sampled_from(["true", "False", "tRUE", " true", "1"]),
    TIMES,
    st.builds(lambda time, zone: time + zone, TIMES, ZONES),
    st.text(st.characters(codec="utf-8", exclude_characters="\r\0"), max_size=9),
    st.just(""),
]
NULL_CELLS = st.sampled_from(["", "NA", "NaN", "null", " NA", "na", "#N/A N/A", "None", "<NA>"])


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[str], list[list[str]]]:
    rows = draw(st.integers(0, 12))
    columns = []
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
@settings(max_examples=200)
def test_any_small_table(table: tuple[list[str], list[list[str]]], quoting: int, most: int) -> None:
    names, rows = table
    if names == [""]:
        quoting = csv.QUOTE_ALL  # or it would be a blank line
    data = as_csv(names, rows, quoting)
    found = agree(data)
    assert read_csv(Stream(data, most), delimiter=",") == found
