"""The pass itself: units go by, and every column sees its cells. Reading and looking overlap."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Final

from .columns import Column
from .content import MissingRows
from .units import Unit

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_WIDE_COLUMNS: Final = 256
"""Of more than so many there is one unit in memory at a time, and not two."""


def observe(
    units: Iterator[tuple[int, Unit]],
    groups: Sequence[Sequence[Column]],
    missing: MissingRows,
    threads: int,
) -> int:
    """Gives each column its cells of all units, which come with the number of their group.

    With more than one thread the next unit is read while this one is looked at, its columns side by side.
    Gives the number of rows. Raises what reading the units raises.
    """
    rows = 0
    if threads < 2:
        for group, unit in units:
            valid = [column.add(unit.column(number)) for number, column in enumerate(groups[group])]
            missing.add(group, unit.rows, valid)
            unit.release()
            rows += 0 if group else unit.rows
        return rows
    from concurrent.futures import ThreadPoolExecutor

    # The thread that reads is one of them: one more than there are processors costs more than it gives.
    wide = len(groups[0]) > _WIDE_COLUMNS
    with ThreadPoolExecutor(1) as ahead, ThreadPoolExecutor(threads - 1) as side_by_side:
        coming = ahead.submit(next, units, None)
        while (found := coming.result()) is not None:
            group, unit = found
            columns = groups[group]
            if not wide:
                coming = ahead.submit(next, units, None)
            look = partial(_look, unit, columns)
            missing.add(group, unit.rows, list(side_by_side.map(look, range(len(columns)))))
            unit.release()
            if wide:
                coming = ahead.submit(next, units, None)
            rows += 0 if group else unit.rows
    return rows


def _look(unit: Unit, columns: Sequence[Column], number: int) -> NDArray[np.bool_] | None:
    return columns[number].add(unit.column(number))
