"""A run of one column's cells as values of one kind: what is hashed, and what is counted as distinct.

The slots of nulls hold 0.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from .cells import Cells, raw
from .digests import PAGE_ROWS, Bytes, Kind

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from .grammar import Number

    Page: TypeAlias = tuple[int, NDArray[Any]]

Counts: TypeAlias = dict[Hashable, int]
_EXACT: Final = 1 << 53
"""Every integer up to here is exact in binary64."""
_F64, _I64, _U64 = range(3)


class Numbers:
    """Numbers: `reals` are binary64. `wide`: the pages that it cannot hold, encoding and integers of each."""

    kind: Final = Kind.NUMBER
    __slots__ = ("cells", "reals", "wide")

    def __init__(self, cells: Cells, reals: NDArray[np.float64], wide: dict[int, Page]) -> None:
        self.cells = cells
        self.reals = reals
        self.wide = wide

    def page_digests(self) -> list[bytes]:
        """The digest of each page."""
        return self.cells.page_digests(self.kind, self._payload)

    def _payload(self, start: int, stop: int) -> tuple[int, tuple[Bytes, ...]]:
        encoding, values = self.wide.get(start // PAGE_ROWS) or (_F64, self.reals[start:stop])
        return encoding, (raw(values),)

    def counts(self, most: int) -> Counts | None:
        """How often each value occurs; None if there are more than `most`."""
        total: Counts = {}
        valid = self.cells.valid
        runs = [(page * PAGE_ROWS, values) for page, (_, values) in self.wide.items()]
        for start, values in runs or [(0, self.reals)]:
            chosen = values if valid is None else values[valid[start : start + len(values)]]
            if not _counted(chosen, most, total):
                return None
        if self.wide:
            import numpy as np

            rest = np.ones(len(self.reals), np.bool_) if valid is None else valid.copy()
            for page in self.wide:
                rest[page * PAGE_ROWS : (page + 1) * PAGE_ROWS] = False
            if not _counted(self.reals[rest], most, total):
                return None
        return total


class Booleans:
    """Booleans: `bits` are 0 or 1."""

    kind: Final = Kind.BOOLEAN
    __slots__ = ("bits", "cells")

    def __init__(self, cells: Cells, bits: NDArray[np.uint8]) -> None:
        self.cells = cells
        self.bits = bits

    def page_digests(self) -> list[bytes]:
        """The digest of each page."""
        return self.cells.page_digests(self.kind, lambda start, stop: (0, (self.bits[start:stop],)))

    def counts(self, most: int) -> Counts | None:
        """How often each value occurs; None if there are more than `most`."""
        total: Counts = {}
        valid = self.cells.valid
        if not _counted(self.bits if valid is None else self.bits[valid], most, total):
            return None
        return {bool(bit): count for bit, count in total.items()}


class Instants:
    """Timestamps: microseconds since 1970-01-01T00:00:00, and the nanoseconds beyond them if any has them."""

    __slots__ = ("cells", "kind", "micros", "nanos")

    def __init__(
        self, kind: Kind, cells: Cells, micros: NDArray[np.int64], nanos: NDArray[np.uint16] | None
    ) -> None:
        self.kind = kind
        self.cells = cells
        self.micros = micros
        self.nanos = nanos

    def page_digests(self) -> list[bytes]:
        """The digest of each page."""
        return self.cells.page_digests(self.kind, self._payload)

    def _payload(self, start: int, stop: int) -> tuple[int, tuple[Bytes, ...]]:
        micros = raw(self.micros[start:stop])
        if self.nanos is None or not self.nanos[start:stop].any():
            return 0, (micros,)
        return 1, (micros, raw(self.nanos[start:stop]))

    def counts(self, most: int) -> Counts | None:
        """How often each value occurs; None if there are more than `most`."""
        total: Counts = {}
        valid = self.cells.valid
        if self.nanos is None:
            if not _counted(self.micros if valid is None else self.micros[valid], most, total):
                return None
            return {(micros, 0): count for micros, count in total.items()}
        import numpy as np

        pairs = np.stack([self.micros, self.nanos.astype(np.int64)], axis=1)
        kinds, numbers = np.unique(pairs if valid is None else pairs[valid], axis=0, return_counts=True)
        if len(kinds) > most:
            return None
        return {(a, b): n for (a, b), n in zip(kinds.tolist(), numbers.tolist(), strict=True)}


Values: TypeAlias = Numbers | Booleans | Instants


def _counted(values: NDArray[Any], most: int, total: Counts) -> bool:
    """Adds how often each value occurs; False if there are more than `most`."""
    import pyarrow as pa

    # A first look: most columns have few values or, in the first page already, too many.
    probe = values[:PAGE_ROWS] if len(values) > PAGE_ROWS else values[:0]
    for run in (probe, values):
        array = pa.Array.from_buffers(pa.from_numpy_dtype(run.dtype), len(run), [None, pa.py_buffer(run)])
        found = array.value_counts()
        if len(found) > most:
            return False
        if run is values:
            for value, count in zip(found.field(0).to_pylist(), found.field(1).to_pylist(), strict=True):
                total[value] = total.get(value, 0) + count
    return len(total) <= most


def from_reals(cells: Cells, reals: NDArray[np.float64]) -> Numbers:
    """Of finite or infinite binary64 numbers; what stands in the slots of nulls does not matter."""
    clean: NDArray[np.float64] = reals + 0.0  # -0.0 becomes 0.0
    if cells.valid is not None:
        clean[~cells.valid] = 0.0
    return Numbers(cells, clean, {})


def from_integers(
    cells: Cells, integers: NDArray[np.signedinteger[Any] | np.unsignedinteger[Any]]
) -> Numbers:
    """Of integers of up to 64 bits; what stands in the slots of nulls does not matter."""
    import numpy as np

    if cells.valid is not None:
        integers = np.where(cells.valid, integers, integers.dtype.type(0))
    numbers = Numbers(cells, integers.astype(np.float64), {})
    if integers.dtype.itemsize < 8 or not len(integers):
        return numbers
    if int(integers.min()) < -_EXACT or int(integers.max()) > _EXACT:
        for start in range(0, len(integers), PAGE_ROWS):
            page = integers[start : start + PAGE_ROWS]
            if not _exact(page, numbers.reals[start : start + PAGE_ROWS]):
                signed = page.dtype.kind == "i" or int(page.max()) < 1 << 63
                numbers.wide[start // PAGE_ROWS] = (
                    (_I64, page.astype(np.int64)) if signed else (_U64, page.astype(np.uint64))
                )
    return numbers


def _exact(integers: NDArray[Any], reals: NDArray[np.float64]) -> bool:
    """Whether all 64-bit integers are exact in binary64 (`reals` are the nearest)."""
    import numpy as np

    above = 2.0**63 if integers.dtype.kind == "i" else 2.0**64
    if reals.max() >= above:  # rounded up to what the integers do not reach
        return False
    return bool(np.array_equal(reals.astype(integers.dtype), integers))


def encode_numbers(values: list[Number]) -> Page | None:
    """A page of numbers in the first encoding that holds them all exactly; None if there is none."""
    import numpy as np

    if all(isinstance(value, float) or int(float(value)) == value for value in values):
        return _F64, np.array([float(value) for value in values]) + 0.0
    if all(isinstance(value, int) or value.is_integer() for value in values):
        integers = [int(value) for value in values]
        low, high = min(integers), max(integers)
        if low >= -(1 << 63) and high < 1 << 63:
            return _I64, np.array(integers, np.int64)
        if low >= 0 and high < 1 << 64:
            return _U64, np.array(integers, np.uint64)
    return None
