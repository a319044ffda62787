"""What telling of one file may cost, when it has been read.

Reading is bounded by the opcodes. What they have built can still be told at any price: a map of a million
attributes takes two million opcodes, and three more for each object that shares it. So everything that
follows the graph asks here before it goes on.
"""

from __future__ import annotations

from typing import Final

from .limits import DEFAULT, Deadline

_CHARACTERS: Final = 1 << 19
_LOOK_AT_CLOCK: Final = 1 << 16
"""Steps between two looks at the clock."""


class Budget:
    """How many characters the shown values of one file may still take, and how many steps finding them.

    Both are counts, so that everybody is told the same. `spent`: there were not enough characters.
    `exhausted`: not enough steps; from then on no more are to be had. `timed_out`: the clock was why.
    """

    def __init__(
        self, left: int = _CHARACTERS, *, steps: int = DEFAULT.steps, net: Deadline | None = None
    ) -> None:
        self.left = left
        self.spent = False
        self.steps = steps
        self.exhausted = False
        self.timed_out = False
        self._net = net
        self._next_look = steps - _LOOK_AT_CLOCK

    def take(self, count: int) -> bool:
        """Whether `count` more characters (and a little for what surrounds them) are to be had."""
        self.left -= count + 8
        if self.left < 0:
            self.spent = True
        return self.left >= 0

    def spend(self, steps: int) -> bool:
        """Whether so many steps are to be had (one is a look at an item of a list: about 0.2 µs)."""
        self.steps -= steps
        if self.steps < self._next_look and not self.exhausted:
            self._next_look = self.steps - _LOOK_AT_CLOCK
            self.timed_out = self._net is not None and self._net.is_over
            self.exhausted = self.timed_out
        if self.steps < 0:
            self.exhausted = True
        return not self.exhausted
