"""Compare two programs fairly, on a machine that others use as well.

What is compared runs in turns, A B A B, in one session: whatever slows the machine down for a while slows
both. A ratio is taken inside each pair, and the median of these ratios is the result; medians of the two
sides are shown beside it. The first pair is thrown away: it warms the page cache and the compiled modules.

Time, processor time and peak memory are what the kernel says of the child (`wait4`), its own waited-for
children included, from before it is started until it is gone. Before each run, outside the clock, the side's
`prepare` makes what is to be new, and `sync` empties the write cache, so that no fsync pays for what somebody
else has written.

**Peak memory has a floor.** Linux carries the high-water mark of the process that starts a program over into
the program (`exec_mmap` in fs/exec.c), by fork, by vfork and by posix_spawn alike. So this process must stay
small: it imports nothing heavy and makes data in pieces. `memory_floor` is its own mark; a smaller figure
than that cannot be seen, and is printed as "≤".
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median
from typing import Final

MIB: Final = 2**20
_STDERR_SHOWN: Final = 2000  # bytes of a failed command's last words


class BenchmarkError(Exception):
    """The benchmark cannot go on; the text is a sentence for the user."""


class CommandFailed(BenchmarkError):
    """A measured command ended with something else than 0."""

    def __init__(self, program: Program, code: int, said: str) -> None:
        super().__init__(f"{program.label} ended with {code}: {shown(program)}\n{said}")
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """One side of a comparison: a command, and what has to be made before each of its runs."""

    label: str
    command: tuple[str, ...]
    cwd: str
    env: Mapping[str, str]
    prepare: Callable[[], None] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What one run cost. Processor time is user and system time of all its processes."""

    wall_seconds: float
    cpu_seconds: float
    peak_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Ours against a peer, and its targets; None: no target.

    `at_most` bounds the median of ours / peer by the wall clock, `cpu_at_most` the same by processor time,
    and `cpu_above_at_most` the median of ours - peer, in seconds of processor time. A peer that `may_fail`
    does not stop the benchmark: that it cannot do the work is the result.
    """

    title: str
    ours: Program
    peer: Program
    pairs: int
    at_most: float | None = None
    cpu_at_most: float | None = None
    cpu_above_at_most: float | None = None
    peak_at_most: int | None = None
    target: str = "—"
    """The targets in words, as the table shows them."""
    may_fail: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """All samples of a comparison, in the order in which they were taken.

    There are none where the peer failed: `failed` is its exit code.
    """

    comparison: Comparison
    ours: tuple[Sample, ...]
    peer: tuple[Sample, ...]
    failed: int | None = None

    @property
    def ratios(self) -> tuple[float, ...]:
        """ours / peer by the wall clock, pair by pair."""
        return tuple(a.wall_seconds / b.wall_seconds for a, b in zip(self.ours, self.peer, strict=True))

    @property
    def ratio(self) -> float:
        return median(self.ratios)

    @property
    def cpu_ratio(self) -> float:
        """The tie-breaker where the wall clock is noisy: the median of ours / peer by processor time."""
        return median(a.cpu_seconds / b.cpu_seconds for a, b in zip(self.ours, self.peer, strict=True))

    @property
    def cpu_above(self) -> float:
        """The median of ours - peer in seconds of processor time: what the work costs beyond the peer's."""
        return median(a.cpu_seconds - b.cpu_seconds for a, b in zip(self.ours, self.peer, strict=True))

    @property
    def peak_bytes(self) -> int:
        """The largest of ours: a bound holds only if it always holds."""
        return max(sample.peak_bytes for sample in self.ours)

    @property
    def met(self) -> bool | None:
        """Whether every target of the comparison is met; None if it has none."""
        wanted = self.comparison
        if self.failed is not None:
            return None
        bounds = (
            (wanted.at_most, self.ratio),
            (wanted.cpu_at_most, self.cpu_ratio),
            (wanted.cpu_above_at_most, self.cpu_above),
            (wanted.peak_at_most, self.peak_bytes),
        )
        kept = [figure <= bound for bound, figure in bounds if bound is not None]
        return all(kept) if kept else None


def memory_floor() -> int:
    """This process's own high-water mark in bytes: no smaller peak can be seen in a child."""
    # macOS counts in bytes, everybody else in KiB (getrusage(2)).
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def run_once(program: Program, errors: str) -> Sample:
    """Prepare, sync, run, and wait. `errors` is a scratch file for the standard error of the command.

    Raises:
        BenchmarkError: the command cannot be started; CommandFailed: it ended with anything but 0.
    """
    if program.prepare is not None:
        program.prepare()
    os.sync()
    with open(errors, "wb+") as stderr, open(os.devnull, "rb+") as null:
        start = time.perf_counter()
        try:
            child = subprocess.Popen(
                program.command,
                cwd=program.cwd,
                env=dict(program.env),
                stdin=null,
                stdout=null,
                stderr=stderr,
            )
        except OSError as error:
            raise BenchmarkError(f"cannot start {program.command[0]}: {error.strerror}") from error
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.perf_counter() - start
        child.returncode = os.waitstatus_to_exitcode(status)  # so that Popen does not wait for it again
        if child.returncode != 0:
            stderr.seek(max(0, stderr.seek(0, os.SEEK_END) - _STDERR_SHOWN))
            said = stderr.read().decode(errors="backslashreplace").strip()
            raise CommandFailed(program, child.returncode, said)
    unit = 1 if sys.platform == "darwin" else 1024
    return Sample(
        wall_seconds=wall, cpu_seconds=usage.ru_utime + usage.ru_stime, peak_bytes=usage.ru_maxrss * unit
    )


def compare(comparison: Comparison, errors: str) -> Result:
    """Run both sides in turns, one pair to warm up and then `pairs` pairs that count.

    Raises:
        BenchmarkError: see `run_once`.
    """
    ours: list[Sample] = []
    peer: list[Sample] = []
    for _ in range(comparison.pairs + 1):
        ours.append(run_once(comparison.ours, errors))
        try:
            peer.append(run_once(comparison.peer, errors))
        except CommandFailed as failed:
            if not comparison.may_fail:
                raise
            return Result(comparison=comparison, ours=(), peer=(), failed=failed.code)
    return Result(comparison=comparison, ours=tuple(ours[1:]), peer=tuple(peer[1:]))


def shown(program: Program) -> str:
    """The command as it could be typed; a shell script is shown as its text."""
    if program.command[:2] == ("sh", "-c"):
        return program.command[2]
    # Not shlex.join: the words hold no blanks but in messages, and base names are what a reader wants.
    words = [os.path.basename(program.command[0]), *program.command[1:]]
    return " ".join(f'"{word}"' if " " in word else word for word in words)
