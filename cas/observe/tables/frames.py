"""Tables in memory: pandas, polars, pyarrow, and whatever else gives an Arrow stream.

A frame is only looked at. Of pandas' the index is no column, and a name that is no string is its `str`, a
missing one empty.

    numbers, booleans, timestamps, pandas' nullable   by their type, as `typed.py` says
    and Arrow types, str
    categorical                                       as the categories
    object: strings only                              text, never parsed; bytes only: binary
    object: lists, dicts, arrays only                 as pyarrow types them
    object: anything else, periods, intervals,        as the cells of text that pandas writes in a CSV: the
    complex numbers                                   `str` of each value, by the rules for text sources

So integers with None, decimals, dates are what the frame's CSV has. What has no text of its own (an object of
some class) makes the content unavailable.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final, NoReturn, TypeAlias
from uuid import UUID

from ...errors import BadArgument
from .batches import observe_batches, read_batches
from .columns import Column, TextColumn
from .content import Place, Refusal, TableContent, Unavailable, most_distinct
from .digests import BLOCK_ROWS
from .grammar import NULLS
from .nested import text_array
from .typed import typed_column

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

Slice: TypeAlias = "Callable[[int, int], pa.Array]"
"""The cells from one row up to another."""
_PLAIN: Final = frozenset(
    {str, bool, int, float, complex, Decimal, Fraction, date, datetime, time, timedelta, UUID, bytes}
)
_NULLS: Final = frozenset(NULLS)


def read_frame(frame: Any, *, label: str | None = None, threads: int = 1) -> TableContent | Unavailable:
    """What a table in memory holds: a pandas.DataFrame, or anything that has `__arrow_c_stream__`.

    Raises BadArgument for anything else, and what a stream raises.
    """
    pandas: Any = sys.modules.get("pandas")  # a frame of it cannot be there without it
    if pandas is not None and isinstance(frame, pandas.DataFrame):
        return _read_pandas(frame, label, threads)
    if not hasattr(frame, "__arrow_c_stream__"):
        raise BadArgument(what=f"a {type(frame).__name__} is no table: it gives no Arrow stream")
    polars: Any = sys.modules.get("polars")
    if polars is not None and isinstance(frame, polars.DataFrame) and polars.Object in frame.dtypes:
        # What they give Arrow are the addresses of the objects.
        return Unavailable("UNREADABLE_VALUES", "a column holds objects that have no text of their own")
    import pyarrow as pa

    try:
        reader = pa.RecordBatchReader.from_stream(frame)
    except pa.ArrowException:
        if not (hasattr(frame, "columns") or hasattr(frame, "schema")):
            # A single column gives a stream too, but none of batches.
            raise BadArgument(
                what=f"a {type(frame).__name__} is no table: its Arrow stream has no columns"
            ) from None
        return Unavailable("UNREADABLE_VALUES", "a column is of a type that pyarrow does not know")
    return read_batches(reader.schema, reader, label=label, threads=threads)


def _read_pandas(frame: pd.DataFrame, label: str | None, threads: int) -> TableContent | Unavailable:
    import pandas as pd
    import pyarrow as pa

    names = ["" if pd.isna(name) else str(name) for name in frame.columns]
    columns: list[Column] = []
    slices: list[Slice] = []
    try:
        for number, name in enumerate(names):
            if not _is_unicode(name):
                raise Refusal(Unavailable("BAD_UTF8", "a name is no Unicode", Place("column", number + 1)))
            column, cells = _Source(number, most_distinct(name, label)).of(frame.iloc[:, number])
            columns.append(column)
            slices.append(cells)
    except Refusal as refusal:
        return refusal.why
    numbered = [str(number) for number in range(len(names))]

    def batches() -> Iterator[pa.RecordBatch]:
        for start in range(0, len(frame), BLOCK_ROWS):
            stop = min(start + BLOCK_ROWS, len(frame))
            yield pa.RecordBatch.from_arrays([cells(start, stop) for cells in slices], numbered)

    return observe_batches(names, columns, batches(), label=label, threads=threads)


class _Source:
    """Where the cells of the `number`-th column (from 0) of a pandas frame come from."""

    def __init__(self, number: int, most: int) -> None:
        self._number = number
        self._most = most

    def of(self, series: pd.Series[Any]) -> tuple[Column, Slice]:
        """A column that is to take the cells, and what gives them. Raises Refusal."""
        import pandas as pd
        import pyarrow as pa

        dtype: Any = series.dtype
        values: Any = series.array
        if isinstance(dtype, pd.CategoricalDtype):
            column, categories = self.of(pd.Series(dtype.categories))
            whole = categories(0, len(dtype.categories))
            codes = values.codes
            return column, lambda start, stop: whole.take(
                pa.array(codes[start:stop], mask=codes[start:stop] < 0)
            )
        if isinstance(dtype, pd.SparseDtype):
            return self.of(pd.Series(values.to_dense()))
        if str(dtype) != "object" and not isinstance(dtype, pd.PeriodDtype | pd.IntervalDtype):
            try:
                type_ = pa.array(values[:0], from_pandas=True).type
            except (pa.ArrowException, TypeError, ValueError):
                pass  # complex numbers, and arrays that know nothing of Arrow
            else:
                return typed_column(type_, self._most), lambda start, stop: self._typed(
                    values[start:stop], type_
                )
        return self._objects(series.to_numpy(dtype=object))

    def _typed(self, values: Any, type_: pa.DataType) -> pa.Array:
        import pyarrow as pa

        try:
            found: Any = pa.array(values, from_pandas=True)
        except (UnicodeEncodeError, pa.ArrowInvalid):
            self._refuse("BAD_UTF8", "a string has half of a surrogate pair")
        if isinstance(found, pa.ChunkedArray):
            found = pa.concat_arrays(found.chunks) if found.num_chunks else pa.nulls(0, type_)
        array: pa.Array = found if found.type == type_ else found.cast(type_)
        return array

    def _objects(self, values: Any) -> tuple[Column, Slice]:
        """Of an array of objects."""
        import numpy as np
        import pandas as pd
        import pyarrow as pa

        kinds: set[type] = set()
        for start in range(0, len(values), BLOCK_ROWS):
            run = values[start : start + BLOCK_ROWS]
            kinds.update(map(type, run[~pd.isna(run)]))
        if kinds and all(issubclass(kind, str) for kind in kinds):
            texts = _texts(values, str, frozenset())
            return typed_column(pa.large_string(), self._most), lambda start, stop: self._array(
                texts(start, stop)
            )
        if kinds and kinds <= {bytes, list, tuple, dict, np.ndarray}:
            try:
                array = pa.array(values, from_pandas=True)
            except (pa.ArrowException, ValueError, TypeError):
                self._refuse("UNREADABLE_VALUES", "a column holds values that have no common type")
            return typed_column(array.type, self._most), lambda start, stop: array.slice(start, stop - start)
        others = kinds - _PLAIN - {pd.Timestamp, pd.Timedelta, pd.Period, pd.Interval}
        if not all(issubclass(kind, np.generic) for kind in others):
            self._refuse("UNREADABLE_VALUES", "a column holds objects that have no text of their own")
        texts = _texts(values, _written, _NULLS)
        return TextColumn(self._most), lambda start, stop: self._array(texts(start, stop))

    def _array(self, texts: list[str | None]) -> pa.Array:
        if not _is_unicode("".join(text for text in texts if text)):
            self._refuse("BAD_UTF8", "a string has half of a surrogate pair")
        return text_array(texts)

    def _refuse(self, code: str, message: str) -> NoReturn:
        raise Refusal(Unavailable(code, message, Place("column", self._number + 1)))


def _texts(
    values: Any, text_of: Callable[[Any], str], nulls: frozenset[str]
) -> Callable[[int, int], list[str | None]]:
    import pandas as pd

    is_missing: Any = pd.isna

    def texts(start: int, stop: int) -> list[str | None]:
        run = values[start:stop]
        written = [None if null else text_of(value) for value, null in zip(run, is_missing(run), strict=True)]
        return [None if text in nulls else text for text in written] if nulls else written

    return texts


def _written(value: object) -> str:
    """What pandas writes of a value in a CSV."""
    if isinstance(value, bytes):
        return repr(value)  # what `str` gives, but for a warning that Python can be told to give
    return _digits(value) if type(value) is int else str(value)


def _digits(value: int) -> str:
    # Python writes no integer of more than 4,300 digits. No such one is a number to obs either.
    return str(value) if value.bit_length() < 1 << 13 else hex(value)


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
