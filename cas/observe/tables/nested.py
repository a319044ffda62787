"""Values that are no number, boolean, timestamp, text or bytes, as JSON: one text for each value.

    list                     [item, …]
    struct                   {"field": value, …} in the order of the type; fields may repeat
    map                      [[key, value], …]
    integer, time, duration, date, timestamp   the integer, in the type's own unit
    interval                 [months, days, nanoseconds], [days, milliseconds] or the months
    float                    as Python writes it (shortest), "NaN", "Infinity", "-Infinity" as strings
    decimal                  its plain decimal digits
    bytes                    a string of lower-case hexadecimal digits
    null                     null; where the whole value is null, the cell is

No blanks, and strings escape only `"`, `\\` and control characters, as `json.dumps(ensure_ascii=False)` does.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise
from math import isfinite
from typing import TYPE_CHECKING, Any, Final, cast

from .cells import buffer_array, valid_mask
from .content import Refusal, Unavailable

if TYPE_CHECKING:
    import pyarrow as pa

_MOST_DEPTH: Final = 32
_PLAIN_SCALES: Final = range(7)
"""Arrow writes decimals of these scales without an exponent."""


def text_array(texts: Sequence[str | None]) -> pa.Array:
    """An Arrow array of strings (made from buffers: `pyarrow.array` of a list imports pandas)."""
    import numpy as np
    import pyarrow as pa

    cells = ["" if text is None else text for text in texts]
    written = "".join(cells)
    data = written.encode(errors="replace")
    ascii_only = len(data) == len(written)
    lengths = map(len, cells if ascii_only else (cell.encode(errors="replace") for cell in cells))
    offsets = np.zeros(len(cells) + 1, np.int64)
    np.cumsum(np.fromiter(lengths, np.int64, len(cells)), out=offsets[1:])
    valid = np.packbits(np.array([text is not None for text in texts], np.bool_), bitorder="little")
    buffers = [pa.py_buffer(valid), pa.py_buffer(offsets), pa.py_buffer(data)]
    return pa.Array.from_buffers(pa.large_string(), len(cells), buffers)


def plain_decimals(array: pa.Array) -> pa.Array:
    """Decimals as strings in plain digits: as many behind the point as the scale says, no exponent."""
    import pyarrow as pa

    if array.type.scale in _PLAIN_SCALES:
        return array.cast(pa.string())
    return text_array([None if value is None else f"{value:f}" for value in array.to_pylist()])


def without_views(array: pa.Array) -> pa.Array:
    """Views of strings or bytes as large strings or bytes; any other array as it is."""
    import pyarrow as pa

    large = {"string_view": pa.large_string(), "binary_view": pa.large_binary()}.get(str(array.type))
    if large is None:
        return array
    try:
        found: pa.Array = array.cast(large)
    except pa.ArrowNotImplementedError:  # pyarrow before 18
        found = pa.array(array.to_pylist(), large)
    return found


def decode_dictionary(array: pa.Array) -> pa.Array:
    """The values themselves."""
    import pyarrow as pa

    # Arrow takes nothing out of a dictionary of views.
    dictionary = without_views(array.dictionary)
    if dictionary.type != array.type.value_type:
        array = pa.DictionaryArray.from_arrays(array.indices, dictionary)
    found: pa.Array = array.dictionary_decode()
    return found


def check_depth(type_: pa.DataType) -> None:
    """Raises Refusal for a type that is nested in more than 32 levels."""
    level = [type_]
    for _ in range(_MOST_DEPTH):
        level = [below for one in level for below in _below(one)]
        if not level:
            return
    raise Refusal(Unavailable("NESTED_TOO_DEEPLY", f"a type has more than {_MOST_DEPTH} levels"))


def _below(type_: pa.DataType) -> list[pa.DataType]:
    import pyarrow as pa

    if isinstance(type_, pa.BaseExtensionType):
        return [type_.storage_type]
    if isinstance(type_, pa.DictionaryType):
        return [type_.value_type]
    return [type_.field(number).type for number in range(type_.num_fields)]


def json_texts(array: pa.Array) -> list[str | None]:
    """One text for each value, None for those that are null. `check_depth` was asked before."""
    valid = valid_mask(array)
    texts = _texts(array)
    if valid is None:
        return texts
    return [text if value else None for text, value in zip(texts, valid.tolist(), strict=True)]


def _texts(array: pa.Array) -> list[str | None]:
    """Whatever stands in the slots of nulls is left there."""
    import pyarrow as pa
    import pyarrow.types as pt

    kind = array.type
    if isinstance(kind, pa.BaseExtensionType):
        return json_texts(array.storage)
    if pt.is_dictionary(kind):
        return json_texts(decode_dictionary(array))
    if pt.is_run_end_encoded(kind):
        import pyarrow.compute as pc

        return json_texts(pc.run_end_decode(array))
    if pt.is_struct(kind):
        names = [json.dumps(kind.field(number).name, ensure_ascii=False) for number in range(kind.num_fields)]
        fields = [_filled(array.field(number)) for number in range(kind.num_fields)]
        rows = zip(*fields, strict=True) if fields else [()] * len(array)
        return [
            "{" + ",".join(f"{name}:{text}" for name, text in zip(names, row, strict=True)) + "}"
            for row in rows
        ]
    if pt.is_map(kind):
        pairs = zip(_filled(array.keys), _filled(array.items), strict=True)
        return _lists([f"[{key},{item}]" for key, item in pairs], _bounds(array, "i4"))
    if pt.is_fixed_size_list(kind):
        size = kind.list_size
        return _lists(_filled(array.values), [(array.offset + i) * size for i in range(len(array) + 1)])
    if pt.is_list(kind) or pt.is_large_list(kind):
        return _lists(_filled(array.values), _bounds(array, "i8" if pt.is_large_list(kind) else "i4"))
    if pt.is_nested(kind):  # unions, list views
        return [
            None if value is None else json.dumps(value, ensure_ascii=False, default=str)
            for value in array.to_pylist()
        ]
    if pt.is_temporal(kind) and not pt.is_interval(kind):
        array = array.view(pa.int64() if kind.bit_width == 64 else pa.int32())
    return [None if value is None else _scalar(value) for value in array.to_pylist()]


def _filled(array: pa.Array) -> list[str]:
    return ["null" if text is None else text for text in json_texts(array)]


def _bounds(array: pa.Array, dtype: str) -> list[int]:
    """Where each list begins among the items, and the last one ends."""
    bounds: list[int] = buffer_array(array.buffers()[1], dtype, array.offset, len(array) + 1).tolist()
    return bounds


def _lists(items: list[str], bounds: list[int]) -> list[str | None]:
    return [f"[{','.join(items[start:stop])}]" for start, stop in pairwise(bounds)]


def _scalar(value: Any) -> str:
    if isinstance(value, bool | str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, bytes):
        return f'"{value.hex()}"'
    if isinstance(value, tuple):  # months, days, nanoseconds
        return f"[{','.join(map(str, cast('tuple[int, ...]', value)))}]"
    real = float(value)
    if isfinite(real):
        return repr(real)
    return '"NaN"' if real != real else '"Infinity"' if real > 0 else '"-Infinity"'
