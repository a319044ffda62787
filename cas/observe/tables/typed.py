"""Columns of sources that have types: Parquet, Arrow, data frames.

    bool                                    boolean
    integers, floats                        number; a NaN is null
    decimals                                as the cells of text that they are in plain decimal digits
    timestamp, date                         timestamp, at midnight; with a zone zoned, the instant in UTC
    string and its variants                 text; the empty one is a value, and nothing is parsed
    binary and its variants                 binary
    dictionary, run-end encoded, extension  as what they hold
    anything else                           text: the value as JSON (`nested.py`)

A timestamp whose microseconds do not fit 64 bits makes the content unavailable.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from .cells import Cells, TextCells, buffer_array, valid_mask
from .columns import Column, TextColumn
from .content import Refusal, Unavailable
from .digests import Kind, Leaves
from .distinct import MOST, Tally, vocabulary
from .nested import check_depth, decode_dictionary, json_texts, plain_decimals, text_array, without_views
from .values import Booleans, Counts, Instants, Numbers, from_integers, from_reals

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

Convert: TypeAlias = "Callable[[pa.Array], Numbers | Booleans | Instants | Texts]"
_DAY_SECONDS: Final = 86_400
_PER_SECOND: Final = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}


class Texts:
    """Text or bytes, as they are."""

    __slots__ = ("cells", "kind")

    def __init__(self, kind: Kind, cells: TextCells) -> None:
        self.kind = kind
        self.cells = cells

    def page_digests(self) -> list[bytes]:
        """The digest of each page."""
        return self.cells.text_digests(self.kind)

    def counts(self, most: int) -> Counts | None:
        """How often each value occurs; None if there are more than `most`."""
        words = vocabulary(self.cells, most)
        return None if words is None else words.counts()


class TypedColumn:
    """A column whose type says its kind; null as long as it has no value."""

    def __init__(self, convert: Convert, most: int = MOST) -> None:
        self.kind = Kind.NULL
        self.rows = 0
        self.nulls = 0
        self.value = Leaves()
        self.text: Leaves | None = None
        self._convert = convert
        self._tally = Tally(most)

    def add(self, array: pa.Array) -> NDArray[np.bool_] | None:
        """See `Column`. Raises Refusal for a timestamp that is out of range."""
        values = self._convert(array)
        cells = values.cells
        self.value.add(values.page_digests())
        if cells.nulls < cells.rows:
            self.kind = values.kind
            self.text = self.value if values.kind is Kind.TEXT else None
            self._tally.add_values(values)
        self.rows += cells.rows
        self.nulls += cells.nulls
        return cells.valid

    def counts(self) -> Counts | None:
        """See `Column`."""
        return self._tally.counts


class DecimalColumn(TextColumn):
    """Decimals: as the cells of text that they are."""

    def __init__(self, written: Callable[[pa.Array], pa.Array], most: int = MOST) -> None:
        super().__init__(most)
        self._written = written

    def add(self, array: pa.Array) -> NDArray[np.bool_] | None:
        """See `Column`."""
        valid = super().add(self._written(array))
        self.text = self._text if self.kind is Kind.TEXT else None
        return valid


def typed_column(type_: pa.DataType, most: int = MOST) -> Column:
    """A column for arrays of a type. Raises Refusal for one that is nested too deeply."""
    import pyarrow.types as pt

    check_depth(type_)
    inner, decode = _decoded(type_)
    if pt.is_decimal(inner):
        return DecimalColumn(lambda array: plain_decimals(decode(array)), most)
    convert = _conversion(inner)
    return TypedColumn(lambda array: convert(decode(array)), most)


def _decoded(type_: pa.DataType) -> tuple[pa.DataType, Callable[[pa.Array], pa.Array]]:
    """The type of what is wrapped (dictionary, run-end encoded, extension), and how to get at it."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.types as pt

    steps: list[Callable[[pa.Array], pa.Array]] = []
    while True:
        if isinstance(type_, pa.BaseExtensionType):
            steps.append(lambda array: array.storage)
            type_ = type_.storage_type
        elif pt.is_dictionary(type_):
            steps.append(decode_dictionary)
            type_ = type_.value_type
        elif pt.is_run_end_encoded(type_):
            steps.append(pc.run_end_decode)
            type_ = type_.value_type
        else:
            return type_, lambda array: reduce(lambda inner, step: step(inner), steps, array)


def _conversion(type_: pa.DataType) -> Convert:
    import pyarrow as pa
    import pyarrow.types as pt

    if pt.is_null(type_):
        return lambda array: Texts(Kind.TEXT, TextCells(array.cast(pa.string())))
    if pt.is_boolean(type_):
        return _booleans
    if pt.is_integer(type_):
        return _integers
    if pt.is_floating(type_):
        return _floats
    if pt.is_timestamp(type_) or pt.is_date(type_):
        return _instants
    if pt.is_string(type_) or pt.is_large_string(type_):
        return lambda array: Texts(Kind.TEXT, TextCells(array))
    if pt.is_binary(type_) or pt.is_large_binary(type_):
        return lambda array: Texts(Kind.BINARY, TextCells(array))
    if pt.is_fixed_size_binary(type_):
        return lambda array: Texts(Kind.BINARY, TextCells(array.cast(pa.large_binary())))
    if str(type_) in {"string_view", "binary_view"}:
        kind = Kind.TEXT if str(type_) == "string_view" else Kind.BINARY
        return lambda array: Texts(kind, TextCells(without_views(array)))
    return lambda array: Texts(Kind.TEXT, TextCells(text_array(json_texts(array))))


def _booleans(array: pa.Array) -> Booleans:
    import numpy as np

    cells = Cells(len(array), valid_mask(array))
    first, skip = array.offset // 8, array.offset % 8
    packed = buffer_array(array.buffers()[1], np.uint8, first, (skip + len(array) + 7) // 8)
    bits = np.unpackbits(packed, count=skip + len(array), bitorder="little")[skip:]
    return Booleans(cells, bits if cells.valid is None else bits * cells.valid)


def _integers(array: pa.Array) -> Numbers:
    dtype = f"{'i' if str(array.type).startswith('i') else 'u'}{array.type.bit_width // 8}"
    return from_integers(Cells(len(array), valid_mask(array)), _items(array, dtype))


def _floats(array: pa.Array) -> Numbers:
    import numpy as np

    reals = _items(array, f"f{array.type.bit_width // 8}").astype(np.float64)
    valid = valid_mask(array)
    numbers = ~np.isnan(reals)
    return from_reals(Cells(len(array), numbers if valid is None else valid & numbers), reals)


def _items(array: pa.Array, dtype: Any) -> NDArray[Any]:
    return buffer_array(array.buffers()[1], dtype, array.offset, len(array))


def _instants(array: pa.Array) -> Instants:
    import numpy as np
    import pyarrow.types as pt

    cells = Cells(len(array), valid_mask(array))
    counts = _items(array, f"i{array.type.bit_width // 8}").astype(np.int64)
    if cells.valid is not None:
        counts[~cells.valid] = 0
    zoned = pt.is_timestamp(array.type) and array.type.tz is not None
    kind = Kind.ZONED_TIMESTAMP if zoned else Kind.TIMESTAMP
    if pt.is_timestamp(array.type):
        per_second = _PER_SECOND[array.type.unit]
        if per_second == _PER_SECOND["ns"]:
            nanos = (counts % 1000).astype(np.uint16)
            return Instants(kind, cells, counts // 1000, nanos if nanos.any() else None)
        factor = _PER_SECOND["us"] // per_second
    else:
        factor = _PER_SECOND["us"] * _DAY_SECONDS if pt.is_date32(array.type) else 1000
    most = ((1 << 63) - 1) // factor
    if len(counts) and (int(counts.max()) > most or int(counts.min()) < -most):
        raise Refusal(Unavailable("TIMESTAMP_RANGE", "a timestamp is too far from 1970 for 64 bits"))
    return Instants(kind, cells, counts * factor, None)
