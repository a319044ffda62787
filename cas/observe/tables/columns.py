"""The state of one column while its pages go by: digests and counts, and no cell.

A column of text cells has two rows of leaves: the cells as they are written, and as values. Its first
value says which kind it may be. As soon as a cell disagrees, the column is text, and its values are what
is written: the leaves for that are there already, so that nothing has to be read twice.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING, Final, Protocol

from . import grammar
from .cells import TextCells
from .digests import Kind, Leaves
from .distinct import MOST, Tally, Vocabulary, merged, vocabulary
from .kinds import convert, spread
from .values import Counts

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

_FEW_WORDS: Final = 100
"""So few are looked at one by one, instead of all cells."""


class Column(Protocol):
    """What a column of any source is asked for in the end."""

    kind: Kind
    rows: int
    nulls: int
    value: Leaves
    text: Leaves | None
    """The cells as they are written: of text sources, and where the kind is text."""

    def add(self, array: pa.Array) -> NDArray[np.bool_] | None:
        """The cells that follow: whole pages, but for the last ones of all.

        Where they are values (None: everywhere).
        """
        ...

    def counts(self) -> Counts | None:
        """How often each value occurs; None if there are more than are counted."""
        ...


class TextColumn:
    """A column of a text source. `most`: how many distinct values are counted."""

    def __init__(self, most: int = MOST) -> None:
        self.kind = Kind.NULL
        self.rows = 0
        self.nulls = 0
        self._text = Leaves()
        self.text: Leaves | None = self._text
        self.value = Leaves()
        """The same leaves as those of the text once the kind is text."""
        self._words = Tally(most)
        self._values = Tally(most)
        """Used when there are too many words."""
        self._long_words: dict[Hashable, grammar.Value] = {}
        """The values of those that are known by their digest."""

    def add(self, array: pa.Array) -> NDArray[np.bool_] | None:
        """See `Column`."""
        cells = TextCells(array)
        pages = cells.text_digests()
        self.rows += cells.rows
        self.nulls += cells.nulls
        self._text.add(list(pages))
        if cells.nulls == cells.rows:
            if self.value is not self._text:
                self.value.add(pages)
            return cells.valid
        if self.kind is Kind.NULL:
            first = 0 if cells.valid is None else int(cells.valid.argmax())
            self._become(grammar.kind_of(cells.cell(first)))
        words = self._count_words(cells)
        if self.kind is not Kind.TEXT:
            self._add_values(cells, words)
        return cells.valid

    def counts(self) -> Counts | None:
        """See `Column`."""
        if self.kind is Kind.TEXT or self._words.counts is None:
            return self._values.counts
        return merged(self._words.counts, self._meaning)

    def _become(self, kind: Kind) -> None:
        self.kind = kind
        if kind is Kind.TEXT:
            self.value = self._text
            self._values = self._words
            self._long_words.clear()

    def _count_words(self, cells: TextCells) -> Vocabulary | None:
        """The vocabulary of the cells, if they have few different ones together with all before them."""
        before = self._words.counts
        if before is None:
            return None
        words = vocabulary(cells, self._words.most)
        self._words.add(None if words is None else words.counts())
        if self._words.counts is not None:
            return words
        if self._values is not self._words:
            self._values.counts = merged(before, self._meaning)
            self._long_words.clear()
        return None

    def _meaning(self, key: Hashable) -> grammar.Value:
        """The value of a word that was met."""
        return grammar.value_of(key, self.kind) if isinstance(key, bytes) else self._long_words[key]

    def _add_values(self, cells: TextCells, words: Vocabulary | None) -> None:
        values = None
        if words is not None and len(words.words) <= _FEW_WORDS:
            meanings = [grammar.value_of(word, self.kind) for word in words.words]
            if None in meanings:
                return self._become(Kind.TEXT)
            values = spread(cells, self.kind, words.codes, meanings)
        if values is None:
            values = convert(cells, self.kind)
        if values is None:
            return self._become(Kind.TEXT)
        self.value.add(values.page_digests())
        if words is None:
            self._values.add_values(values)
        else:
            for key, word in words.long_words():
                self._long_words[key] = grammar.value_of(word, self.kind)
        return None
