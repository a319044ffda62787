"""Tables in memory: what a pandas frame holds is what the CSV holds that pandas writes of it."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from obs.cas.errors import BadArgument
from obs.cas.observe.tables import frames
from obs.cas.observe.tables.batches import read_batches
from obs.cas.observe.tables.content import Place, TableContent, Unavailable
from obs.cas.observe.tables.csvfiles import read_csv
from obs.cas.observe.tables.digests import Kind
from obs.cas.observe.tables.frames import read_frame
from obs.cas.observe.tables.grammar import NULLS
from tablestream import Stream


def read(frame: Any, **options: Any) -> TableContent:
    found = read_frame(frame, **options)
    assert isinstance(found, TableContent), found
    return found


def of_csv(frame: pd.DataFrame) -> TableContent:
    found = read_csv(Stream(frame.to_csv(index=False).encode()), delimiter=",")
    assert isinstance(found, TableContent), found
    return found


def agree(frame: pd.DataFrame) -> TableContent:
    """The frame's content, which is that of its CSV: by value, or by text where the CSV has other kinds."""
    before = frame.copy(deep=True)
    found, written = read(frame), of_csv(frame)
    pd.testing.assert_frame_equal(frame, before)
    assert [column.name for column in found.columns] == [column.name for column in written.columns]
    for column, other in zip(found.columns, written.columns, strict=True):
        same = column.value == other.value and column.kind is other.kind
        assert same or (column.kind is Kind.TEXT and column.text == other.text), column.name
        assert column.nulls == other.nulls
    assert (found.rows, found.rows_with_missing) == (written.rows, written.rows_with_missing)
    return found


def objects(*values: object) -> pd.Series[Any]:
    return pd.Series(list(values), dtype=object)


def arrow(values: list[Any], type_: pa.DataType) -> pd.Series[Any]:
    return pd.Series(values, dtype=pd.ArrowDtype(type_))


# pandas 2.2 writes the year 1 with one digit into a CSV.
EARLY = next(
    early
    for early in ("0001-01-01T00:00:01", "1000-01-01T00:00:01")
    if f",{early[:10]}" in pd.Series(np.array([early], "M8[s]")).to_csv()
)
MOMENT = datetime.fromisoformat("2024-02-29T23:59:58.123456")
SERIES: dict[str, Callable[[], pd.Series[Any]]] = {
    "int8": lambda: pd.Series([1, -2, 3], dtype="int8"),
    "uint64": lambda: pd.Series([2**64 - 1, 2**53 + 1, 0], dtype="uint64"),
    "float64": lambda: pd.Series([0.1, np.nan, -0.0, np.inf, 1e300, 1e16]),
    "bool": lambda: pd.Series([True, False]),
    "str": lambda: pd.Series(["a", None, "1", "naïve\n", '"'], dtype="str"),
    "text of numbers": lambda: pd.Series(["1", "2", None]),
    "datetime64[ns]": lambda: pd.Series(
        np.array(["2024-01-01", "NaT", "1969-12-31T23:59:59.999999999"], "M8[ns]")
    ),
    "datetime64[s]": lambda: pd.Series(np.array(["2024-01-01", "NaT", EARLY], "M8[s]")),
    "zoned": lambda: pd.Series([MOMENT, None]).dt.tz_localize("Europe/Berlin"),
    "category of str": lambda: pd.Series(["a", None, "b", "a"], dtype="category"),
    "category of int": lambda: pd.Series([1, None, 3, 1], dtype="category"),
    "category of float": lambda: pd.Series([1.5, None, 3], dtype="category"),
    "category of bool": lambda: pd.Series([True, None, False], dtype="category"),
    "category of times": lambda: pd.Series(pd.Categorical(pd.Series([MOMENT, None]))),
    "category of many": lambda: pd.Series([Decimal(1), None, date(2024, 1, 1)], dtype="category"),
    "category never used": lambda: pd.Series(pd.Categorical([1, 2], categories=[3, 2, 1, "x"])),
    "category of nothing": lambda: pd.Series(pd.Categorical([None, None], categories=[])),
    "Int64": lambda: pd.Series([1, None, 2**53 + 1], dtype="Int64"),
    "UInt8": lambda: pd.Series([1, None, 255], dtype="UInt8"),
    "Float64": lambda: pd.Series([1.5, None, 2], dtype="Float64"),
    "boolean": lambda: pd.Series([True, None, False], dtype="boolean"),
    "string": lambda: pd.Series(["a", None, "1"], dtype="string"),
    "Sparse": lambda: pd.Series(pd.arrays.SparseArray([0, 1, 0])),
    "complex": lambda: pd.Series([1 + 2j, 2]),
    "period": lambda: pd.Series(pd.period_range("2024-01", periods=2, freq="M")),
    "interval": lambda: pd.Series(pd.interval_range(0, 2)),
    "ints with None": lambda: objects(1, None, 2**53 + 1, -(2**63)),
    "ints beyond 64 bits": lambda: objects(1, None, 2**70),
    "bools with None": lambda: objects(True, None, False),
    "floats with None": lambda: objects(1.0, None, float("nan"), float("inf"), np.float32(0.1)),
    "numbers": lambda: objects(1, 2.5, np.int8(3), Decimal("1.10"), Decimal("1E+2"), Decimal("NaN")),
    "decimals": lambda: objects(Decimal("1.10"), None, Decimal("0E-8")),
    "dates": lambda: objects(date(2024, 1, 1), None),
    "moments": lambda: objects(MOMENT, pd.NaT, pd.Timestamp("2024-01-01 00:00:00.000000001")),
    "zoned moments": lambda: objects(
        MOMENT.replace(tzinfo=UTC), MOMENT.replace(tzinfo=timezone(timedelta(hours=2)))
    ),
    "naive and zoned": lambda: objects(MOMENT, MOMENT.replace(tzinfo=UTC)),
    "mixed": lambda: objects(1, "a", None, 2.5, True, b"x", date(2024, 1, 1), timedelta(1), uuid.UUID(int=1)),
    "mixed with NA": lambda: objects(1, "NA", "", None),
    "fractions": lambda: objects(Fraction(1, 3), Fraction(2)),
    "strings": lambda: objects("a", None, "b", float("nan"), pd.NA),
    "nothing": lambda: objects(None, float("nan"), pd.NaT, pd.NA),
    "arrow timestamp": lambda: arrow([MOMENT, None], pa.timestamp("us")),
    "arrow zoned": lambda: arrow([MOMENT.replace(tzinfo=UTC), None], pa.timestamp("ns", "Asia/Tokyo")),
    "arrow date": lambda: arrow([date(2024, 1, 1), None], pa.date32()),
    "arrow decimal": lambda: arrow([Decimal("1.10"), None, Decimal(0)], pa.decimal128(20, 8)),
    "arrow bool": lambda: arrow([True, None], pa.bool_()),
    "arrow int": lambda: arrow([1, None], pa.int16()),
    "arrow string": lambda: arrow(["a", None], pa.string()),
    "arrow dictionary": lambda: arrow(["a", None, "b"], pa.dictionary(pa.int8(), pa.string())),
    "arrow null": lambda: arrow([None, None], pa.null()),
}


@pytest.mark.parametrize("name", SERIES)
def test_a_column_is_what_its_csv_is(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    series = SERIES[name]()
    frame = pd.DataFrame({"a": series, "i": range(len(series))})
    found = agree(frame)
    agree(frame.iloc[::-1])  # no run of memory
    monkeypatch.setattr(frames, "BLOCK_ROWS", 2)  # more than one batch
    assert read(frame).table == found.table


VALUES = [
    st.integers(-(2**63), 2**63 - 1),
    st.floats(),
    st.booleans(),
    st.text(st.characters(codec="utf-8", exclude_characters="\r\0"), min_size=1, max_size=5).filter(
        lambda text: text not in NULLS
    ),
    st.datetimes(datetime.fromisoformat("1700-01-01"), datetime.fromisoformat("2200-01-01")),
    st.dates(),
    st.decimals(allow_infinity=False, min_value=-(10**9), max_value=10**9),
]
DTYPES = ["object", "category", None]


@given(st.data())
@settings(max_examples=120)
def test_any_small_frame(data: st.DataObject) -> None:
    rows = data.draw(st.integers(1, 8))
    columns: dict[str, Any] = {}
    for number in range(data.draw(st.integers(1, 3))):
        values = data.draw(
            st.sampled_from([*VALUES, VALUES[0] | VALUES[3], VALUES[0] | VALUES[1] | VALUES[2]])
        )
        cells = data.draw(st.lists(values | st.none(), min_size=rows, max_size=rows))
        dtype = data.draw(st.sampled_from(DTYPES))
        columns[str(number)] = pd.Series(cells, dtype=dtype)
    agree(pd.DataFrame({"i": range(rows), **columns}))


def test_missing_names_are_what_a_csv_has() -> None:
    frame = pd.DataFrame([[1, 2, 3]], columns=pd.Index([None, "a", float("nan")], dtype=object))
    found = read_frame(frame)
    assert isinstance(found, TableContent)
    written = frame.to_csv(index=False)
    assert [column.name for column in found.columns] == written.split("\n")[0].split(",") == ["", "a", ""]


def test_names() -> None:
    frame = pd.DataFrame([[1, 2, 3, 4]], columns=["a", "a", 7, (1, "x")])
    assert [column.name for column in read(frame).columns] == ["a", "a", "7", "(1, 'x')"]
    assert read(frame, label="a").label is None
    label = read(frame, label="7").label
    assert label is not None
    assert label.classes is not None


def test_the_index_is_no_column() -> None:
    frame = pd.DataFrame({"a": [1, 2]})
    assert read(frame.set_index(pd.Index(["x", "y"], name="i"))) == read(frame)


def test_what_its_type_says_and_no_csv() -> None:
    """float32 is exact, time spans are Arrow's, bytes are binary, lists are what Parquet has."""
    frame = pd.DataFrame(
        {
            "f": pd.Series([0.1], dtype="float32"),
            "t": pd.to_timedelta([1], unit="s"),
            "b": objects(b"x"),
            "l": objects([1, 2]),
            "n": objects(np.array([1, 2])),
        }
    )
    table = pa.Table.from_pandas(frame, preserve_index=False)
    expected = read_batches(table.schema, table.to_batches())
    assert isinstance(expected, TableContent)
    assert read(frame).table == expected.table


@pytest.mark.parametrize(
    ("values", "code"),
    [
        (objects(object()), "UNREADABLE_VALUES"),
        (objects([1], ["x", object()]), "UNREADABLE_VALUES"),
        (objects([1], "x"), "UNREADABLE_VALUES"),
        (objects("\ud800"), "BAD_UTF8"),
        (objects("x", 1, "\ud800"), "BAD_UTF8"),
    ],
    ids=["an object", "in a list", "lists and others", "a surrogate", "among others"],
)
def test_what_has_no_text(values: pd.Series[Any], code: str) -> None:
    found = read_frame(pd.DataFrame({"i": range(len(values)), "a": values}))
    assert isinstance(found, Unavailable)
    assert (found.code, found.place) == (code, Place("column", 2))


def test_an_integer_of_very_many_digits() -> None:
    assert read(pd.DataFrame({"a": objects(10**5000, 1)})).columns[0].kind is Kind.TEXT


class Exported:
    """Nothing but an Arrow stream, as polars and others give one."""

    def __init__(self, table: pa.Table) -> None:
        self._table = table

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self._table.__arrow_c_stream__(requested_schema)


def test_an_arrow_stream() -> None:
    words = ["x", None, "long enough to lie outside of a view", "x"]
    views = pa.chunked_array([pa.array(words, pa.string_view()), pa.array(words[::-1], pa.string_view())])
    categories = pa.DictionaryArray.from_arrays(
        pa.array([0, None, 1, 0], pa.uint32()), pa.array([words[0], words[2]], pa.string_view())
    )
    other = pa.DictionaryArray.from_arrays(
        pa.array([1, 0, None, 1], pa.uint32()), pa.array([words[2], words[0]], pa.string_view())
    )
    table = pa.table({"a": views, "k": pa.chunked_array([categories, other]), "n": range(8)})
    plain = pa.table({"a": words + words[::-1], "k": words + words[::-1], "n": range(8)})
    expected = read(plain)
    assert read(Exported(table)).table == expected.table
    assert read(table.to_reader()).table == expected.table
    assert read(table.to_batches()[0]).rows == 4


@pytest.mark.parametrize(
    "thing", [None, [1], {"a": [1]}, pd.Series([1]), pd.Series([1]).to_numpy()], ids=type
)
def test_what_is_no_table(thing: object) -> None:
    with pytest.raises(BadArgument):
        read_frame(thing)
