"""One module a row of the table: each is a `Row`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from bench import Bench
from harness import Comparison


class Row(Protocol):
    """What a module here offers."""

    PEERS: tuple[str, ...]
    """The Python peers that the row needs."""

    def comparisons(self, bench: Bench) -> Iterator[Comparison]:
        """Make the inputs, yield what is to be compared one by one, and clean up at the end."""
        ...
