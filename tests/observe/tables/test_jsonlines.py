"""JSON Lines, against what the same values are as Arrow arrays and as text."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from obs.cas.observe.tables import jsonlines
from obs.cas.observe.tables.batches import read_batches
from obs.cas.observe.tables.content import Place, TableContent, Unavailable
from obs.cas.observe.tables.digests import PAGE_ROWS, Kind
from obs.cas.observe.tables.jsonlines import read_json_lines
from standalone_content import content
from tablestream import Stream


def read(data: bytes, most: int = 1 << 30, **options: Any) -> TableContent | Unavailable:
    return read_json_lines(Stream(data, most), **options)


def table(*rows: dict[str, Any], **options: Any) -> TableContent:
    found = read("".join(json.dumps(row) + "\n" for row in rows).encode(), **options)
    assert isinstance(found, TableContent), found
    return found


def text_column(cells: list[str | None]) -> Any:
    """What Arrow's text is: never parsed."""
    arrow = pa.table({"a": pa.array(cells, pa.string())})
    found = read_batches(arrow.schema, arrow.to_batches())
    assert isinstance(found, TableContent)
    return found.columns[0]


def compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


NUMBERS = st.integers(-(2**70), 2**70) | st.floats(allow_nan=False) | st.integers(-3, 3)
TEXTS = st.text(st.characters(codec="utf-8"), max_size=5) | st.sampled_from(
    ["", "NA", "1", "true", "2024-01-01"]
)
LEAVES = st.none() | st.booleans() | st.integers(-9, 9) | TEXTS
NESTED = st.recursive(
    st.lists(LEAVES, max_size=3),
    lambda below: st.lists(below, max_size=2) | st.dictionaries(TEXTS, below, max_size=2),
)
COLUMNS = [
    NUMBERS,
    st.booleans(),
    TEXTS,
    NESTED,
    st.none(),
    NUMBERS | TEXTS,
    st.booleans() | NUMBERS,
    LEAVES | NESTED,
]


@given(st.data(), st.integers(1, 60))
@settings(max_examples=150)
def test_any_small_table(data: st.DataObject, most: int) -> None:
    """Of one type: as a text source has it, or as Arrow's text. Of several: as Arrow's text."""
    rows = data.draw(st.integers(1, 10))
    cells = data.draw(
        st.sampled_from(COLUMNS).flatmap(
            lambda values: st.lists(values | st.none(), min_size=rows, max_size=rows)
        )
    )
    absent = data.draw(st.lists(st.booleans(), min_size=rows, max_size=rows))
    lines = [
        {"i": i} if cell is None and gone else {"i": i, "a": cell}
        for i, (cell, gone) in enumerate(zip(cells, absent, strict=True))
    ]
    encoded = "".join(
        json.dumps(line, ensure_ascii=data.draw(st.booleans())) + "\n" for line in lines
    ).encode()
    found = read(encoded, most)
    assert isinstance(found, TableContent)
    assert found == read(encoded)
    assert found.rows == rows
    assert found.rows_with_missing == cells.count(None) * (len(found.columns) > 1)
    if len(found.columns) == 1:
        assert all(cell is None for cell in cells)
        return
    column = next(column for column in found.columns if column.name == "a")
    kinds = {type(cell) for cell in cells} - {type(None)}
    if (kinds and kinds <= {int, float}) or kinds == {bool}:
        written = ["" if cell is None else json.dumps(cell) for cell in cells]
        expected = content("\n".join(["a", *(f'"{cell}"' for cell in written)]).encode())["columns"][0]
        assert (column.kind, column.value) == (expected["kind"], expected["value"]["digest"])
        assert column.distinct == expected["distinct"]
    else:
        texts = [cell if cell is None or isinstance(cell, str) else compact(cell) for cell in cells]
        other = text_column(texts)
        assert (column.kind, column.value) == (other.kind, other.value)
        assert column.text == (other.text if texts.count(None) < rows else column.text)
        assert column.distinct == other.distinct
    assert column.nulls == cells.count(None)


def test_a_column_that_comes_late() -> None:
    """Its cells before are null: on pages, blocks and within a page."""
    rows = 70_000
    for first in (5000, 65_536, 65_537):
        found = table(*({"i": i} if i < first else {"i": i, "late": "x"} for i in range(rows)))
        assert [column.name for column in found.columns] == ["i", "late"]
        expected = text_column([None] * first + ["x"] * (rows - first))
        late = found.columns[1]
        assert (late.value, late.value_blocks, late.value_pages) == (
            expected.value,
            expected.value_blocks,
            expected.value_pages,
        )
        assert late.nulls == found.rows_with_missing == first


def test_a_column_that_is_absent_for_a_while() -> None:
    rows = 70_000
    cells = [i if i < 10 or i >= 66_000 else None for i in range(rows)]
    found = table(*({"i": 0} if cell is None else {"i": 0, "a": cell} for cell in cells))
    written = ["" if cell is None else str(cell) for cell in cells]
    expected = content("\n".join(["a", *(f'"{cell}"' for cell in written)]).encode())["columns"][0]
    assert found.columns[1].value == expected["value"]["digest"]
    assert found.rows_with_missing == found.columns[1].nulls == cells.count(None)
    ended = table(*({"i": 0, "a": 1} if i < 3 else {"i": 0} for i in range(rows)))
    assert ended.columns[1].nulls == ended.rows_with_missing == rows - 3


def test_a_kind_that_changes_late() -> None:
    rows = 70_000
    found = table(*({"a": i if i < rows - 1 else "x"} for i in range(rows)))
    expected = text_column([*map(str, range(rows - 1)), "x"])
    assert found.columns[0].kind is Kind.TEXT
    assert found.columns[0].value == expected.value


def test_the_label_counts_its_classes() -> None:
    found = table({"y": 1}, {"y": 0}, {"y": 1.0}, {"y": None}, {"x": 2}, label="y")
    assert found.label is not None
    assert found.label.nulls == 2
    assert found.label.classes is not None
    assert [(one.name, one.rows) for one in found.label.classes] == [("1", 2), ("0", 1)]


@pytest.mark.parametrize(
    ("line", "cells"),
    [
        ('{"a": NaN}', [None]),
        ('{"a": 1e999}', ["1e999"]),
        ('{"a": 18446744073709551616}', ["18446744073709551616"]),
        ('{"a": ' + "9" * 5000 + "}", ["9" * 5000]),
        (
            '{"a": {"b" : [1.50, -0, 1E5, null, NaN, -Infinity, "\\u00e9\\n"]}}',
            ['{"b":[1.50,-0,1E5,null,"NaN","-Infinity","é\\n"]}'],
        ),
        ('{"a": "\\ud83d\\ude00"}', ["\U0001f600"]),
        ('\t{"a":"x"} \r\n\r\n \n{"a":"y"}', ["x", "y"]),
        ('\ufeff{"a":"x"}', ["x"]),
        ('{"a": ' + "[" * 31 + "]" * 31 + "}", ["[" * 31 + "]" * 31]),
        ('{"": "x"}', ["x"]),
    ],
    ids=str,
)
def test_cells_that_are_text_or_null(line: str, cells: list[str | None]) -> None:
    found = read(line.encode())
    assert isinstance(found, TableContent), found
    assert found.columns[0].value == text_column(cells).value


@pytest.mark.parametrize(
    ("data", "code", "line"),
    [
        (b"", "EMPTY", None),
        (b"\n \r\n", "EMPTY", None),
        (b'{"a":1}\n[1]\n', "BAD_JSON", 2),
        (b'{"a":1}\n\n1\n', "BAD_JSON", 3),
        (b'{"a":1}{"a":2}\n', "BAD_JSON", 1),
        (b'{"a":1,}\n', "BAD_JSON", 1),
        (b"{'a':1}\n", "BAD_JSON", 1),
        (b'{"a":01}\n', "BAD_JSON", 1),
        (b'{"a":"\x00"}\n', "BAD_JSON", 1),
        (b'{"a":1}\n{"a":\n', "BAD_JSON", 2),
        (b'{"a":1,"a":1}\n', "REPEATED_KEY", 1),
        (b'{"a":{"b":1,"b":2}}\n', "REPEATED_KEY", 1),
        (b'{"a":"\xff"}\n', "BAD_UTF8", 1),
        (b'{}\n{"\\ud800":1}\n', "BAD_UTF8", 2),
        (b'{}\n{"a":"\\udc00"}\n', "BAD_UTF8", 2),
        (b'{}\n{"a":["\\ud800x"]}\n', "BAD_UTF8", 2),
        ('{"a":1}'.encode("utf-16"), "UTF16", None),
        (b'{"a":' + b"[" * 32 + b"]" * 32 + b"}", "NESTED_TOO_DEEPLY", 1),
        (b"{}\n" + b'{"a":' * 100_000 + b"}" * 100_000, "NESTED_TOO_DEEPLY", 2),
        (b'{"a":' + b"[" * 500, "NESTED_TOO_DEEPLY", 1),
        (b'{"a":"' + b"[" * 500, "BAD_JSON", 1),
        (b'{"a":"' + b"x" * (17 << 20), "LINE_TOO_LONG", 1),
        (b'{}\n{"a":[' + b"[]," * (1 << 20) + b"0]}", "LINE_TOO_LONG", 2),
        (b'{"a":1}\n{"a":"' + b"x" * (17 << 20) + b'"}\n', "LINE_TOO_LONG", 2),
    ],
    ids=lambda value: value.decode("latin-1")[:20] if isinstance(value, bytes) else None,
)
def test_what_cannot_be_read(data: bytes, code: str, line: int | None) -> None:
    found = read(data)
    assert isinstance(found, Unavailable)
    assert found.code == code
    assert line is None or found.place == Place("line", line)


def test_keys_that_are_absent_in_most_rows() -> None:
    """Numbers, text and nulls, each key in few rows of several pages, and one that is in all of them."""
    rows: list[dict[str, Any]] = []
    for number in range(2 * PAGE_ROWS + 500):
        key, value = f"k{number % 97}", [number, f"w{number % 5}", None][number % 97 % 3]
        rows.append({"all": number, key: value} if number % 3 else {"all": number})
    names = list(dict.fromkeys(name for row in rows for name in row))
    found = table(*rows)
    assert [column.name for column in found.columns] == names
    for column in found.columns:
        cells = [row.get(column.name) for row in rows]
        assert column.nulls == cells.count(None)
        if column.kind is Kind.TEXT:
            assert column.value == text_column(cells).value
        else:
            arrow = pa.table({"a": pa.array(cells)})
            typed = read_batches(arrow.schema, arrow.to_batches())
            assert isinstance(typed, TableContent)
            assert (column.kind, column.value) == (typed.columns[0].kind, typed.columns[0].value)


def test_a_new_key_on_every_line_is_no_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jsonlines, "_MANY_COLUMNS", 300)
    lines = [f'{{"k{number}":{number}}}\n'.encode() for number in range(PAGE_ROWS + 1)]
    found = read(b"".join(lines))
    assert isinstance(found, Unavailable)
    assert (found.code, found.place) == ("TOO_MANY_COLUMNS", Place("row", PAGE_ROWS))
    assert isinstance(read(b"".join(lines[:300])), TableContent)
    late = read(b"".join(lines[:301]))  # a page that is not full is looked at too
    assert isinstance(late, Unavailable)
    assert late.place == Place("row", 301)
    wide = json.dumps({f"k{number}": number for number in range(400)}).encode() + b"\n"
    assert isinstance(read(wide + b'{"k0":1}\n' * 399), TableContent)  # one in 200 cells is there


def test_more_keys_than_columns_are_kept_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jsonlines, "_MOST_COLUMNS", 100)
    lines = [b'{"%d":1}\n' % number for number in range(100)]
    assert isinstance(read(b"".join(lines)), TableContent)
    found = read(b"".join([*lines, b"\n", b'{"100":1}']))
    assert isinstance(found, Unavailable)
    assert (found.code, found.place) == ("TOO_MANY_COLUMNS", Place("line", 102))


@given(
    st.lists(
        st.sampled_from([b'{"a":1}', b'{"b":[2]}', b"{", b"[", b'"', b"\n", b"\xff", b"\\u", b"{}\n"]),
        max_size=9,
    )
)
@example([b'{"a":1}', b"\n", b"\xff"])
@settings(max_examples=200)
def test_any_bytes(pieces: list[bytes]) -> None:
    data = b"".join(pieces)
    assert read(data, 1) == read(data)
