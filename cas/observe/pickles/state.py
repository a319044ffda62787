"""The registers of the pickle machine, and how it moves through its bytes.

`stack` is the part above the innermost MARK; those below lie in `marked`. The memo is a list as long as
its indices are given out one after the other, as every pickler does; any other index goes into
`sparse`, so that none of them allocates. `buffer` is a window of the bytes that begins at `base`, and
`pos` the next one in it; below `safe` an opcode may be executed without looking whether its
arguments are there.
"""

from __future__ import annotations

from typing import Final

from ...format.frozen import row
from .limits import MAX_PROBLEMS, Deadline, Limits, Problem, Stopped
from .nodes import ArrayData, Bytes, Global, Node, Text
from .opcodes import COUNTED, FIXED_BYTES, INLINE_BYTES, MARGIN
from .windows import MemoryWindows, Windows

TEXT_BYTES: Final = 4096
"""A longer str is kept as a Text."""
BYTES_BYTES: Final = 256
"""Longer bytes are kept as a Bytes."""
LINE_BYTES: Final = 4096
"""Of a longer line only the beginning is looked at."""
HEAD_BYTES: Final = 64
_EMBEDDED_BYTES: Final = 1 << 20
"""Bytes of a stream that are kept to be looked into for a pickle; all together, eight times as many."""
_MAX_INDEX: Final = 1 << 60
"""Beyond, two different integers may have one hash."""


class Findings:
    """What is told about a file beside its values. The globals are in the order in which they appear."""

    def __init__(self) -> None:
        self.globals: dict[tuple[str, str, bool], Global] = {}
        self.problems: list[Problem] = []
        self.embedded: list[tuple[Windows, int]] = []
        self.protocol: int | None = None
        self.binary = False
        self.raw_arrays = 0
        self.old_joblib = False
        self.opcodes = 0
        self.surcharge = 0
        self.weight = 0
        self.kept_for_later = 0
        self.as_pickle: State | None = None
        self._codes: set[str] = set()

    def note(self, problem: Problem) -> None:
        """Keeps the first problem of each kind."""
        if problem.code not in self._codes and len(self.problems) < MAX_PROBLEMS:
            self._codes.add(problem.code)
            self.problems.append(problem)

    def name(self, module: str, name: str, offset: int, limits: Limits, *, dynamic: bool = False) -> Global:
        """The node of a global, one for each name. Raises Stopped beyond the limit."""
        key = (module, name, dynamic)
        found = self.globals.get(key)
        if found is None:
            if len(self.globals) >= limits.globals:
                raise Stopped("GLOBALS", "more different names than are kept", offset, broken=False)
            found = self.globals[key] = Global(module, name, offset, dynamic=dynamic)
            text = f"{module}{name}"
            self.weight += 512 + (len(text) if text.isascii() else 4 * len(text))
        return found

    def forget_problems(self, count: int) -> None:
        """Keeps the first `count` problems only."""
        self._codes.difference_update(problem.code for problem in self.problems[count:])
        del self.problems[count:]


@row
class Outer:
    """A pickle that waits for the one within an array of its own."""

    array: ArrayData
    stack: list[Node]
    marked: list[list[Node]]
    memo: list[Node]
    sparse: dict[int, Node]


class State:
    """Everything that one pickle changes, and the bytes that it is read from."""

    def __init__(
        self,
        windows: Windows,
        offset: int,
        findings: Findings,
        limits: Limits,
        net: Deadline,
        *,
        raw: bool = False,
    ) -> None:
        """To read pickles from `offset` on. `raw`: joblib's arrays are followed by their data."""
        self.windows = windows
        self.raw = raw
        self.findings = findings
        self.limits = limits
        self.net = net
        self.stack: list[Node] = []
        self.marked: list[list[Node]] = []
        self.memo: list[Node] = []
        self.sparse: dict[int, Node] = {}
        self.outer: list[Outer] = []
        self.buffer = b""
        self.base = offset
        self.pos = 0
        self.safe = 0
        self.started = 0
        self.frame_end = 0
        self._whole = False

    def begin_next(self) -> bool:
        """Gets ready for a pickle behind the one that has come to its STOP; False if there is nothing."""
        self.findings.surcharge += 8  # it may be one opcode long, and costs more
        self.stack, self.marked, self.memo, self.sparse = [], [], [], {}
        return bool(self.peek(1))

    # ------------------------------------------------------------------ moving

    def peek(self, count: int) -> bytes:
        """The next few bytes, which are not passed over."""
        if len(self.buffer) - self.pos < count:
            self.turn_to(self.base + self.pos)
        return self.buffer[self.pos : self.pos + count]

    def stop(self, code: str, message: str, *, broken: bool = True) -> Stopped:
        """That reading cannot go on, at the opcode that is being executed."""
        return Stopped(code, message, self.started, broken=broken)

    def note(self, code: str, message: str) -> None:
        """Keeps a problem that does not stop anything."""
        self.findings.note(Problem(code, message, self.started))

    def truncated(self) -> Stopped:
        """That the bytes end within the opcode that is being executed (or why they do)."""
        return self.windows.fault or self.stop("TRUNCATED", "the file ends within a value")

    def turn_to(self, offset: int, need: int = MARGIN) -> None:
        """Moves the window so that it begins at `offset`."""
        self.buffer = self.windows.at(offset, need)
        self.base = offset
        self.pos = 0
        self._whole = len(self.buffer) < need
        self._settle()

    def _settle(self) -> None:
        """Where an opcode may not begin without a look: close to the window's end, and at the frame's."""
        self.safe = len(self.buffer) - MARGIN
        if self.frame_end:
            self.safe = min(self.safe, self.frame_end - self.base)

    def start_frame(self, end: int) -> None:
        """A frame begins at the next byte and is stated to end at `end`."""
        self.frame_end = end
        self._settle()

    def leave_frame(self, offset: int) -> None:
        """Compares the frame that is stated with where an opcode begins, or the pickle ends."""
        if offset > self.frame_end:
            self.findings.note(
                Problem("FRAME", "a value goes on beyond the end of its frame", self.frame_end)
            )
        self.frame_end = 0
        self._settle()

    def end_frame(self, offset: int) -> None:
        """Compares the frame that is stated with where the opcodes end, or raw data begin."""
        if offset < self.frame_end:
            self.note("FRAME", "a frame is stated to go on where there are no opcodes")
        self.leave_frame(offset)

    def prepare(self) -> None:
        """Sees to it that the next opcode and its arguments (up to 256 bytes) lie in the window.

        Raises Stopped (TRUNCATED).
        """
        self.started = self.base + self.pos
        if self.frame_end and self.started >= self.frame_end:
            self.leave_frame(self.started)
        if len(self.buffer) - self.pos < MARGIN and not self._whole:
            self.turn_to(self.started)
        left = len(self.buffer) - self.pos
        if not left:
            raise self.windows.fault or self.stop("TRUNCATED", "the file ends before the pickle does")
        op = self.buffer[self.pos]
        need, count = FIXED_BYTES[op], COUNTED[op]
        if count and need <= left:
            begin = self.pos + 1
            counted = int.from_bytes(self.buffer[begin : begin + count], "little")
            need += counted if counted <= INLINE_BYTES else 0
        if need > left:
            raise self.truncated()

    def skip(self, end: int) -> None:
        """Goes on at the offset `end`. Raises Stopped (TRUNCATED) if the bytes end before it."""
        if end <= self.base + len(self.buffer):
            self.pos = end - self.base
        elif self.windows.reaches(end):
            self.turn_to(end)
        else:
            raise self.truncated()

    # ------------------------------------------------------------------ arguments

    def number(self, count: int) -> int:
        """The next `count` bytes as an unsigned number (they are a fixed part of an opcode)."""
        end = self.pos + count
        found = int.from_bytes(self.buffer[self.pos : end], "little")
        self.pos = end
        return found

    def take(self, count: int) -> bytes:
        """The next bytes, of which there are not many. Raises Stopped (TRUNCATED)."""
        if len(self.buffer) - self.pos < count:
            self.turn_to(self.base + self.pos, max(count, MARGIN))
            if len(self.buffer) < count:
                raise self.truncated()
        end = self.pos + count
        data = self.buffer[self.pos : end]
        self.pos = end
        return data

    def head(self, count: int) -> bytes:
        """The beginning of the next `count` bytes, which are not passed over."""
        return self.peek(min(count, HEAD_BYTES))

    def line(self) -> tuple[bytes, int]:
        """The next line without its end (its beginning, if it is long), and its length in bytes.

        Raises Stopped (TRUNCATED).
        """
        end = self.buffer.find(b"\n", self.pos)
        if end >= 0:
            line, length = self.buffer[self.pos : min(end, self.pos + LINE_BYTES)], end - self.pos
            self.pos = end + 1
        else:
            line, length = self.buffer[self.pos : self.pos + LINE_BYTES], len(self.buffer) - self.pos
            while True:
                self.turn_to(self.base + len(self.buffer), 1)
                if not self.buffer:
                    raise self.truncated()
                end = self.buffer.find(b"\n")
                line += self.buffer[: max(0, min(end if end >= 0 else LINE_BYTES, LINE_BYTES - len(line)))]
                if end >= 0:
                    break
                length += len(self.buffer)
                self._go_on(len(self.buffer))
            length += end
            self.pos = end + 1
        self.findings.surcharge += 1  # a line costs as much as two or three opcodes
        self.findings.weight += len(line)
        return line, length

    def _go_on(self, count: int) -> None:
        """Charges for reading so many bytes of a line that nothing is kept of. Raises Stopped."""
        self.findings.surcharge += count >> 10
        if self.findings.surcharge > self.limits.opcodes:
            raise self.stop("OPCODES", "a longer line than is read", broken=False)
        self.net.check(self.base)

    # ------------------------------------------------------------------ values

    def text(self, count: int) -> Node:
        """The next `count` bytes of UTF-8."""
        if count > TEXT_BYTES:
            offset = self.base + self.pos
            head = self.head(count).decode("utf-8", "replace")
            self.skip(offset + count)
            self.findings.weight += 256
            return Text(count, offset, head)
        return self.kept(self.take(count).decode("utf-8", "surrogatepass"))

    def kept(self, text: str) -> str:
        """A text that is kept: one character that is not ASCII may make all others take four bytes.

        Raises Stopped at once when there are too many, for a few thousand of them make a difference.
        """
        self.findings.weight += 64 + (len(text) if text.isascii() else 4 * len(text))
        if self.findings.weight > self.limits.memory_bytes:
            raise self.stop("MEMORY", "more values than are kept", broken=False)
        return text

    def data(self, count: int, *, mutable: bool = False) -> Node:
        """The next `count` bytes, as a value."""
        offset = self.base + self.pos
        self.findings.weight += 256
        head = self.head(count)
        self.look_into(offset, count, head)
        if mutable and count <= BYTES_BYTES:
            return Bytes(count, offset, self.take(count), mutable=True)
        if count > BYTES_BYTES:
            self.skip(offset + count)
            return Bytes(count, offset, head, mutable=mutable)
        return self.take(count)

    def look_into(self, offset: int, count: int, head: bytes) -> None:
        """Bytes that begin as a pickle does (PROTO 2 to 5) are read as one later."""
        if count < 4 or len(head) < 2 or head[0] != 0x80 or not 2 <= head[1] <= 5:
            return
        found = self.findings.embedded
        if len(found) >= self.limits.embedded:
            raise self.stop("EMBEDDED", "more pickles within bytes than are looked into", broken=False)
        part = self.windows.part(offset, count)
        if part is None:
            self.findings.kept_for_later += count
            if count > _EMBEDDED_BYTES or self.findings.kept_for_later > 8 * _EMBEDDED_BYTES:
                self.note("EMBEDDED_LARGE", "bytes that may hold a pickle are too long to be looked into")
                return
            part = MemoryWindows(self.take(count), offset)
            self.pos -= count
        found.append((part, offset))

    # ------------------------------------------------------------------ memo

    def put(self, index: int, value: Node, started: int) -> None:
        """Keeps a value in the memo. Raises Stopped for an index that no pickler gives out."""
        if index < len(self.memo):
            self.memo[index] = value
        elif index == len(self.memo) and not self.sparse:
            self.memo.append(value)
        elif index < _MAX_INDEX:
            self.sparse[index] = value
            self.findings.weight += 160
        else:
            self.started = started
            raise self.stop("MEMO", "the memo is used with an index that no pickler gives out")

    def get(self, index: int, started: int) -> Node:
        """A value of the memo. Raises Stopped if there is none."""
        if index < len(self.memo):
            return self.memo[index]
        if index < _MAX_INDEX and index in self.sparse:
            return self.sparse[index]
        self.started = started
        raise self.stop("MEMO", "a value of the memo is used that was never put there")

    # ------------------------------------------------------------------ names

    def name(self, module: str, name: str, *, dynamic: bool = False) -> Global:
        """The node of a global, one for each name. Raises Stopped beyond the limit."""
        return self.findings.name(module, name, self.started, self.limits, dynamic=dynamic)
