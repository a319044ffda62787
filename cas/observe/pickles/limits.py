"""How far reading a file may go, and what is said where it went wrong.

All limits but one are counts, so that they stop in the same place on every machine: what was seen
depends on the file and on them alone. `seconds` is the net below for a machine that is slower than
anybody thought; a result that it cut short is marked `timed_out`, and is nothing to be stored.
"""

from __future__ import annotations

import time
from typing import Final

from ...format.frozen import frozen, row

MAX_PROBLEMS: Final = 64
"""Later ones are dropped: the first of each kind are told by then."""


@frozen
class Limits:
    """What reading one file may cost.

    `opcodes` are counted over all pickles of the file. `memory_bytes` is compared with an estimate of
    what the nodes take (references aside). `marks`: open MARKs at a time; `globals`: different names;
    `embedded`: pickles within bytes. Of a compressed file `expanded_bytes` are expanded at most, and from
    `ratio_from_bytes` on no more than `ratio` times what was read. Of a zip archive `directory_bytes` of its
    list of members, `schema_bytes` of a `schema.json`, nested to `schema_levels`, and `member_bytes` of a
    compressed archive within it. `steps` are what telling of it may take afterwards (budget.py).
    """

    opcodes: int = 5_000_000
    memory_bytes: int = 128 << 20
    marks: int = 200_000
    globals: int = 10_000
    embedded: int = 1_000
    expanded_bytes: int = 16 << 30
    ratio: int = 2_000
    ratio_from_bytes: int = 2 << 30
    directory_bytes: int = 8 << 20
    schema_bytes: int = 64 << 20
    schema_levels: int = 500
    member_bytes: int = 64 << 20
    steps: int = 20_000_000
    seconds: float = 30.0


DEFAULT: Final = Limits()


@row
class Problem:
    """Something that is not as it should be: a stable code, a sentence, and at which byte.

    The offset counts the bytes of the pickle, after decompression; of a zip archive those of the file.
    """

    code: str
    message: str
    offset: int


class Stopped(Exception):
    """Reading cannot go on. Never leaves this package.

    `broken`: the bytes mean nothing from here on; otherwise a limit was reached (`timed_out`: the clock).
    """

    def __init__(
        self, code: str, message: str, offset: int, *, broken: bool = True, timed_out: bool = False
    ) -> None:
        super().__init__(message)
        self.problem = Problem(code, message, offset)
        self.broken = broken
        self.timed_out = timed_out


class Deadline:
    """The wall-clock net."""

    __slots__ = ("_ends",)

    def __init__(self, seconds: float) -> None:
        self._ends = time.monotonic() + seconds

    @property
    def is_over(self) -> bool:
        """Whether the time is over."""
        return time.monotonic() > self._ends

    def check(self, offset: int) -> None:
        """Raises Stopped when the time is over."""
        if self.is_over:
            raise Stopped("TIME", "reading took too long", offset, broken=False, timed_out=True)
