"""The pass itself: units go by, and every column sees its cells. Reading and looking overlap."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from .columns import Column
from .content import MissingRows
from .units import Unit

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def observe(
    units: Iterator[Unit], columns: Sequence[Column], missing: MissingRows, threads: int, group: int = 0
) -> int:
    """Gives each column its cells of all units; the number of rows.

    With two threads the next unit is read while this one is looked at; with more, columns are looked at
    side by side. Raises what reading the units raises.
    """
    if threads < 2:
        return sum(_look(unit, columns, missing, group, map) for unit in units)
    from concurrent.futures import ThreadPoolExecutor

    rows = 0
    with ThreadPoolExecutor(1) as ahead, ThreadPoolExecutor(threads) as side_by_side:
        coming = ahead.submit(next, units, None)
        while (unit := coming.result()) is not None:
            coming = ahead.submit(next, units, None)
            rows += _look(unit, columns, missing, group, side_by_side.map)
    return rows


def _look(unit: Unit, columns: Sequence[Column], missing: MissingRows, group: int, each: type[map]) -> int:
    def look(number: int) -> NDArray[np.bool_] | None:
        return columns[number].add(unit.column(number))

    missing.add(group, unit.rows, list(each(look, range(len(columns)))))
    return unit.rows
