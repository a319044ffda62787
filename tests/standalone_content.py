"""The content of a table of delimited text, from docs/format.md alone: the standard library, BLAKE3.

    python tests/standalone_content.py FILE [DELIMITER]

It shares no line with obs, holds the whole table in memory, and looks at one cell after the other.
"""

from __future__ import annotations

import csv
import io
import json
import re
import struct
import sys
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import cache
from typing import Any, cast

from blake3 import blake3

NULL, BOOLEAN, NUMBER, TIMESTAMP, ZONED, TEXT = range(6)
NULLS = {
    *("", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN"),
    *("<NA>", "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null"),
}
INFINITY = object()
MINUS_INFINITY = object()
PAGE, BLOCK = 4096, 65536


@cache
def number(cell: str) -> Any:
    """A Fraction, one of the two infinities, or None. Integers are exact, the rest is rounded to binary64."""
    cell = cell.strip(" \t")
    if re.fullmatch(r"[+-]?[0-9]+", cell):
        digits = cell.lstrip("+-").lstrip("0") or "0"
        if len(digits) > 20:  # Python converts no more than some thousand
            return None
        exact = Fraction(-int(digits) if cell[0] == "-" else int(digits))
        return exact if -(2**63) <= exact < 2**64 else None
    if re.fullmatch(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?", cell):
        return nearest(cell)
    if cell.lower().lstrip("+-") in ("inf", "infinity") and cell[1:].isalpha():
        return MINUS_INFINITY if cell[0] == "-" else INFINITY
    return None


def nearest(cell: str) -> Fraction | None:
    """The nearest binary64, ties to even, by exact arithmetic; None if that is an infinity."""
    decimal = Decimal(cell)
    if decimal == 0 or decimal.adjusted() < -400:
        return Fraction(0)
    if decimal.adjusted() > 400:
        return None
    exact = Fraction(decimal)
    size = abs(exact)
    exponent = size.numerator.bit_length() - size.denominator.bit_length()
    if Fraction(2) ** exponent > size:
        exponent -= 1
    step = Fraction(2) ** max(exponent - 52, -1074)
    rounded = round(size / step) * step  # Python rounds halves to even
    if rounded >= Fraction(2) ** 1024:
        return None
    return rounded if exact > 0 else -rounded


def boolean(cell: str) -> bool | None:
    return {"True": True, "TRUE": True, "true": True, "False": False, "FALSE": False, "false": False}.get(
        cell
    )


@cache
def instant(cell: str) -> tuple[bool, int] | None:
    """Whether there is a zone, and nanoseconds since 1970."""
    found = re.fullmatch(
        r"(\d{4}-\d\d-\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(Z|[+-]\d\d(?::?\d\d)?)?)?",
        cell,
        re.ASCII,
    )
    if not found:
        return None
    day, hour, minute, second, fraction, zone = found.groups()
    try:
        base = datetime.strptime(f"{day} +0000", "%Y-%m-%d %z")
        base = base.replace(hour=int(hour or 0), minute=int(minute or 0), second=int(second or 0))
    except ValueError:
        return None
    whole = (base - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(seconds=1)
    if zone and zone != "Z":
        digits = zone[1:].replace(":", "").ljust(4, "0")
        if int(digits[:2]) > 23 or int(digits[2:]) > 59:
            return None
        offset = int(digits[:2]) * 3600 + int(digits[2:]) * 60
        whole += offset if zone[0] == "-" else -offset
    return bool(zone), whole * 10**9 + int((fraction or "0").ljust(9, "0"))


def number_page(values: list[Any]) -> tuple[int, bytes] | None:
    """The first encoding that is exact for all values; None for nulls."""

    def real(value: Any) -> float:
        if value is INFINITY or value is MINUS_INFINITY:
            return float("inf" if value is INFINITY else "-inf")
        return float(value or 0)

    finite = [value for value in values if isinstance(value, Fraction)]
    if all(Fraction(float(value)) == value for value in finite):
        return 0, struct.pack(f"<{len(values)}d", *(real(value) for value in values))
    whole = all(value is None or (isinstance(value, Fraction) and value.denominator == 1) for value in values)
    integers = [int(value or 0) for value in values] if whole else []
    if whole and min(integers) >= -(2**63) and max(integers) < 2**63:
        return 1, struct.pack(f"<{len(values)}q", *integers)
    if whole and min(integers) >= 0:
        return 2, struct.pack(f"<{len(values)}Q", *integers)
    return None


def instant_page(values: list[int | None]) -> tuple[int, bytes]:
    micros = struct.pack(f"<{len(values)}q", *((value or 0) // 1000 for value in values))
    rests = [(value or 0) % 1000 for value in values]
    return (1, micros + struct.pack(f"<{len(values)}H", *rests)) if any(rests) else (0, micros)


def text_page(values: list[str | None]) -> tuple[int, bytes]:
    cells = [(value or "").encode() for value in values]
    return 0, struct.pack(f"<{len(cells)}I", *map(len, cells)) + b"".join(cells)


def payload(kind: int, values: list[Any]) -> tuple[int, bytes] | None:
    if kind == NUMBER:
        return number_page(values)
    if kind == BOOLEAN:
        return 0, bytes(bool(value) for value in values)
    return instant_page(values) if kind in (TIMESTAMP, ZONED) else text_page(values)


def pages(kind: int, values: list[Any]) -> list[bytes] | None:
    """The digest of each page; None if one has no encoding."""
    digests: list[bytes] = []
    for start in range(0, len(values), PAGE):
        page = values[start : start + PAGE]
        nulls = page.count(None)
        if nulls == len(page):
            digests.append(blake3(b"obsP1" + struct.pack("<BBBII", NULL, 0, 0, nulls, nulls)).digest())
            continue
        encoded = payload(kind, page)
        if encoded is None:
            return None
        bits = sum(1 << place for place, value in enumerate(page) if value is not None)
        validity = bits.to_bytes((len(page) + 7) // 8, "little") if nulls else b""
        head = b"obsP1" + struct.pack("<BBBII", kind, encoded[0], 0, len(page), nulls)
        digests.append(blake3(head + validity + encoded[1]).digest())
    return digests


def column(kind: int, values: list[Any]) -> dict[str, Any] | None:
    leaves = pages(kind, values)
    if leaves is None:
        return None
    blocks = [blake3(b"obsB1" + b"".join(leaves[i : i + 16])).digest() for i in range(0, len(leaves), 16)]
    head = b"obsC1" + struct.pack("<BIQ", kind, BLOCK, len(values))
    return {
        "digest": blake3(head + b"".join(blocks)).digest(),
        "blocks": blocks,
        "pages": leaves[len(leaves) // 16 * 16 :],
    }


def typed(cells: list[str | None]) -> tuple[int, list[Any]]:
    """The kind of a column of text cells, and its values under it."""
    given = [cell for cell in cells if cell is not None]
    if not given:
        return NULL, cells
    if all(number(cell) is not None for cell in given):
        values = [None if cell is None else number(cell) for cell in cells]
        if pages(NUMBER, values) is not None:
            return NUMBER, values
    if all(boolean(cell) is not None for cell in given):
        return BOOLEAN, [None if cell is None else boolean(cell) for cell in cells]
    times = [None if cell is None else instant(cell) for cell in cells]
    zoned = {found[0] for found in times if found is not None}
    if len(zoned) == 1 and sum(found is not None for found in times) == len(given):
        return (ZONED if zoned == {True} else TIMESTAMP), [found and found[1] for found in times]
    return TEXT, cells


def class_of(value: Any) -> bytes:
    """A value as one of the classes of a label."""
    if isinstance(value, str) and len(value.encode()) > 64:
        return struct.pack("<BI", 2, 32) + blake3(value.encode()).digest()
    if isinstance(value, str):
        found = number(value) if number(value) is not None else boolean(value)
        if found is None:
            return struct.pack("<BI", 1, len(value.encode())) + value.encode()
        value = found
    if value in (INFINITY, MINUS_INFINITY):
        text = "inf" if value is INFINITY else "-inf"
    else:
        exact = Fraction(value)
        text = str(exact.numerator) if exact.denominator == 1 else repr(float(exact))
    return struct.pack("<BI", 0, len(text)) + text.encode()


def classes(kind: int, distinct: set[Any]) -> bytes | None:
    """The digest of the values of a column as the classes of a label."""
    if kind not in (BOOLEAN, NUMBER, TEXT) or len(distinct) > 10_000:
        return None
    found = sorted({class_of(value) for value in distinct})
    return blake3(b"obsL1" + struct.pack("<I", len(found)) + b"".join(found)).digest()


def content(data: bytes, delimiter: str = ",") -> dict[str, Any]:
    """All digests of a well-formed file."""
    csv.field_size_limit(sys.maxsize)
    text = data.removeprefix(b"\xef\xbb\xbf").decode()
    header, *lines = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if row]
    if any(len(row) != len(header) for row in lines):
        raise ValueError("ragged")
    rows = [[None if cell in NULLS else cell for cell in row] for row in lines]
    columns: list[dict[str, Any]] = []
    for place, name in enumerate(header):
        cells = [row[place] for row in rows]
        kind, values = typed(cells)
        value, as_text = column(kind, values), column(TEXT, cells)
        assert value is not None
        assert as_text is not None
        distinct = {value for value in values if value is not None}
        nulls = cells.count(None)
        columns.append(
            {
                "name": name,
                "kind": kind,
                "nulls": nulls,
                "distinct": len(distinct),
                "classes": classes(kind, distinct),
                "value": value,
                "text": as_text,
            }
        )
    names = [struct.pack("<BI", c["kind"], len(c["name"].encode())) + c["name"].encode() for c in columns]
    heads = b"".join(names)
    table = b"".join(name + c["value"]["digest"] for name, c in zip(names, columns, strict=True))
    return {
        "rows": len(rows),
        "columns": columns,
        "rows_with_missing": sum(None in row for row in rows),
        "schema": blake3(b"obsS1" + struct.pack("<I", len(columns)) + heads).digest(),
        "table": blake3(b"obsT1" + struct.pack("<QI", len(rows), len(columns)) + table).digest(),
    }


def readable(found: Any) -> Any:
    """With digests as hexadecimal digits."""
    if isinstance(found, dict):
        return {name: readable(value) for name, value in cast("dict[str, Any]", found).items()}
    if isinstance(found, tuple | list):
        return [readable(value) for value in cast("tuple[Any, ...]", found)]
    return found.hex() if isinstance(found, bytes) else found


if __name__ == "__main__":
    with open(sys.argv[1], "rb") as file:
        print(json.dumps(readable(content(file.read(), *sys.argv[2:3])), indent=1))
