"""A line that says how far long work has come: on a terminal only, after two seconds, and never for good."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self, TextIO

from .context import Invocation
from .output import escape, human_size
from .render import counted

DELAY_SECONDS: Final = 2.0
INTERVAL_SECONDS: Final = 0.2
_ERASE: Final = "\r\x1b[K"  # ECMA-48, 8.3.41 Erase in Line


def manifests(count: int) -> str:
    """`1,234 manifests`: how a walk along the history is told."""
    return counted(count, "manifest")


class Progress:
    """Counts bytes, or what `tell` makes of a number: `progress(n)` says that `n` more are done.

        with Progress.of(invocation, "hashing", total_bytes) as progress:
            read(path, progress)

    No thread: the line is drawn by the call that finds it due. `total` None: not known.
    """

    def __init__(
        self,
        label: str,
        total: int | None,
        *,
        stream: TextIO | None,
        tell: Callable[[int], str] = human_size,
        clock: Callable[[], float] = time.monotonic,
        columns: Callable[[], int] = lambda: 80,
    ) -> None:
        """`stream` None: nothing is ever shown. `clock` is in seconds."""
        self._label = escape(label)
        self._total = total
        self._tell = tell
        self._stream = stream
        self._clock = clock
        self._columns = columns
        self._done = 0
        self._shown = False
        self._start = clock()
        self._due = self._start + DELAY_SECONDS

    @classmethod
    def of(
        cls,
        invocation: Invocation,
        label: str,
        total: int | None = None,
        *,
        tell: Callable[[int], str] = human_size,
    ) -> Self:
        """On standard error, if that is a terminal that understands it."""
        stream = sys.stderr if sys.stderr.isatty() and not invocation.dumb_terminal else None
        return cls(label, total, stream=stream, tell=tell, columns=_terminal_columns)

    def __call__(self, count: int) -> None:
        self._done += count
        if self._stream is None:
            return
        now = self._clock()
        if now >= self._due:
            self._due = now + INTERVAL_SECONDS
            self._draw(_ERASE + self.line(now)[: max(self._columns() - 1, 0)])
            self._shown = True

    def line(self, now: float) -> str:
        """`hashing  42 %  1.3 GiB of 3.1 GiB  512.0 MiB/s  0:03 left`."""
        seconds = max(now - self._start, 1e-9)
        rate = self._done / seconds
        parts = [self._label]
        if self._total:
            done = min(self._done, self._total)
            parts += [f"{100 * done // self._total} %", f"{self._tell(done)} of {self._tell(self._total)}"]
        else:
            parts.append(self._tell(self._done))
        parts.append(f"{self._tell(int(rate))}/s")
        if self._total and rate > 0 and self._done < self._total:
            parts.append(f"{_duration((self._total - self._done) / rate)} left")
        return "  ".join(parts)

    def close(self) -> None:
        """Removes the line. Nothing is drawn afterwards."""
        if self._shown:
            self._draw(_ERASE)
        self._stream = None

    def _draw(self, text: str) -> None:
        if self._stream is None:
            return
        try:
            self._stream.write(text)
            self._stream.flush()
        except OSError:
            self._stream = None  # the terminal is gone; the work is not

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _terminal_columns() -> int:
    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns or 80
    except (OSError, ValueError):
        return 80


def _duration(seconds: float) -> str:
    """`0:03`, `12:34`, `1:02:03`."""
    minutes, rest = divmod(int(seconds + 0.999), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
