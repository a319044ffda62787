"""How many distinct values a column has, and how often each occurs: exactly up to a bound, then "more".

The cells of a text column are counted as they are written, so that nothing is lost if its kind turns out
to be text late; only when those are too many are values counted (`1` and `1.0` are two texts and one value).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, Final, Protocol

from .cells import Cells, TextCells, buffer_array
from .digests import PAGE_ROWS
from .values import Counts

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MOST: Final = 1000
MOST_CLASSES: Final = 10_000
"""Of the label."""
_FEW_VALUES: Final = 64
_KEPT_BYTES: Final = 64
"""A longer cell is known by its digest."""


class Countable(Protocol):
    """Values that know how often each of them occurs."""

    @property
    def cells(self) -> Cells: ...

    def counts(self, most: int) -> Counts | None:
        """None if there are more than `most`."""
        ...


def key_of(cell: bytes) -> Hashable:
    """What a cell is known by: itself, or its digest."""
    if len(cell) <= _KEPT_BYTES:
        return cell
    from blake3 import blake3

    return (blake3(cell).digest(),)


class Vocabulary:
    """The few different cells of a run, and by its code which of them each cell is (a null has any code)."""

    __slots__ = ("_numbers", "codes", "words")

    def __init__(self, words: list[bytes], numbers: list[int], codes: NDArray[np.int32]) -> None:
        self.words = words
        self._numbers = numbers
        self.codes = codes

    def counts(self) -> Counts:
        """How often each word occurs, by its key."""
        return dict(zip(map(key_of, self.words), self._numbers, strict=True))

    def long_words(self) -> list[tuple[Hashable, bytes]]:
        """The words that are known by their digest, and the digest."""
        return [(key_of(word), word) for word in self.words if len(word) > _KEPT_BYTES]


def vocabulary(cells: TextCells, most: int) -> Vocabulary | None:
    """None if there are more than `most`."""
    import numpy as np

    if cells.rows - cells.nulls <= _FEW_VALUES:
        return _few_words(cells, most)
    if cells.rows > PAGE_ROWS and len(cells.array.slice(0, PAGE_ROWS).dictionary_encode().dictionary) > most:
        return None  # a first look: most columns have few values or, in the first page already, too many
    encoded = cells.array.dictionary_encode()
    if len(encoded.dictionary) > most:
        return None
    indices = encoded.indices
    codes: NDArray[np.int32] = buffer_array(indices.buffers()[1], np.int32, indices.offset, len(indices))
    if cells.valid is not None:
        codes = codes * cells.valid
    used = codes if cells.valid is None else codes[cells.valid]
    words = TextCells(encoded.dictionary).to_list()
    return Vocabulary(words, np.bincount(used, minlength=len(words)).tolist(), codes)


def _few_words(cells: TextCells, most: int) -> Vocabulary | None:
    """The same of few values, where one call of Arrow takes longer than all of them."""
    import numpy as np

    places = range(cells.rows) if cells.valid is None else np.flatnonzero(cells.valid).tolist()
    known: dict[bytes, int] = {}
    found = [known.setdefault(cells.cell(place), len(known)) for place in places]
    if len(known) > most:
        return None
    codes = np.zeros(cells.rows, np.int32)
    codes[places] = found
    return Vocabulary(list(known), [found.count(code) for code in range(len(known))], codes)


class Tally:
    """Counts up to `most` keys; None as soon as there are more."""

    __slots__ = ("counts", "most")

    def __init__(self, most: int) -> None:
        self.most = most
        self.counts: Counts | None = {}

    def add(self, more: Counts | None) -> None:
        """None: more than `most`, whatever they are."""
        if self.counts is None or more is None:
            self.counts = None
            return
        if len(self.counts) + len(more) > self.most and len(self.counts.keys() | more.keys()) > self.most:
            self.counts = None
            return
        for key, count in more.items():
            self.counts[key] = self.counts.get(key, 0) + count

    def add_values(self, values: Countable) -> None:
        """Counts on, as long as it is worth while."""
        if self.counts is not None:
            self.add(values.counts(self.most))


def merged(counts: Counts, value_of: Callable[[Hashable], Hashable]) -> Counts:
    """The counts by another key."""
    total: Counts = {}
    for key, count in counts.items():
        value = value_of(key)
        total[value] = total.get(value, 0) + count
    return total
