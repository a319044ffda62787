"""The fast ways of reading many cells at a time, each against the stand-alone checker, cell by cell."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
import standalone_content as checker
from hypothesis import example, given
from hypothesis import strategies as st
from obs.cas.observe.tables.cells import TextCells
from obs.cas.observe.tables.digests import Kind
from obs.cas.observe.tables.kinds import convert

DIGITS = st.from_regex(r"[0-9]{1,19}", fullmatch=True)
NUMBERS: list[st.SearchStrategy[str]] = [
    st.integers(-(2**64), 2**65).map(str),
    st.integers(2**53 - 3, 2**53 + 3).map(str),
    st.floats(allow_nan=False).map(repr),
    st.tuples(
        st.sampled_from(["", "-", "+", " ", "\t-"]), DIGITS, st.sampled_from(["", ".", ".5", "e3", "E+2"])
    ).map("".join),
    st.sampled_from(["0x10", "1_0", "1/2", "--1", "+-1", "1e999", "-inf", "Infinity", ".", "", "٣", "1e"]),
]
TIME = r"(20(00|23|24)|1900|0001|9999|0000)-(0[0-9]|1[0-3])-([012][0-9]|3[0-2])"
TIMES: list[st.SearchStrategy[str]] = [
    st.from_regex(TIME, fullmatch=True),
    st.from_regex(TIME + r"[T ](2[0-4]|1[0-9]):[0-6][0-9]", fullmatch=True),
    st.from_regex(TIME + r"[T ]2[0-3]:[0-5][0-9]:[0-6][0-9]\.[0-9]{3,9}", fullmatch=True),
    st.from_regex(
        TIME + r"[T ]2[0-3]:[0-5][0-9]:[0-5][0-9](Z|[+-][0-2][0-9](:?[0-6][0-9])?)", fullmatch=True
    ),
    st.sampled_from(
        ["2024-02-29x", "2024/02/29", "2024-02-29T", "2024-02-29t10:00", "2024-02-29Z", "２０２４-02-29"]
    ),
]


def check(cells: list[str | None], kind: Kind, values: list[Any]) -> None:
    """`values`: what the checker says of each cell, None also where it does not match."""
    found = convert(TextCells(pa.array(cells, pa.string())), kind)
    matched = all((cell is None) == (value is None) for cell, value in zip(cells, values, strict=True))
    expected = checker.pages(kind, values) if matched else None
    assert (None if found is None else found.page_digests()) == expected


@given(st.sampled_from(NUMBERS).flatmap(lambda cell: st.lists(cell | st.none(), min_size=1)))
@example(["9007199254740993.0", "0.5"])
@example(["9007199254740993", "0.5"])
@example(["0x10"])
@example(["-0.0", None])
def test_numbers(cells: list[str | None]) -> None:
    check(cells, Kind.NUMBER, [None if cell is None else checker.number(cell) for cell in cells])


@pytest.mark.parametrize("kind", [Kind.TIMESTAMP, Kind.ZONED_TIMESTAMP])
@given(st.sampled_from(TIMES).flatmap(lambda cell: st.lists(cell | st.none(), min_size=1, max_size=6)))
@example(["2023-02-29"])
@example(["2024-02-29", "2023-02-29"])
@example(["2024-02-29 10:00:00", "2024-02-29T10:00:00"])
@example(["2024-02-29 10:00+01", "2024-02-29 10:00-01"])
@example(["2024-02-29 10:00+0100", "2024-02-29 10:00+01:0", "2024-02-29 10:0+0100"])
@example(["2024-02-29 10:00+01", "2024-02-29 10:00:01"])
def test_timestamps(kind: Kind, cells: list[str | None]) -> None:
    def value(cell: str | None) -> int | None:
        found = None if cell is None else checker.instant(cell)
        return found[1] if found is not None and found[0] == (kind is Kind.ZONED_TIMESTAMP) else None

    check(cells, kind, [value(cell) for cell in cells])


@given(
    st.lists(
        st.sampled_from(["true", "FALSE", "True", "false", "tRUE", "1", " true", None]),
        min_size=1,
        max_size=5,
    )
)
def test_booleans(cells: list[str | None]) -> None:
    check(cells, Kind.BOOLEAN, [None if cell is None else checker.boolean(cell) for cell in cells])
