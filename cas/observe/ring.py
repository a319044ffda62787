"""Reading a large file with several threads: it goes round a ring of buffers.

    reader  ->  [ ][ ][ ][ ]  ->  BLAKE3
                              ->  SHA-256
                              ->  the copy

The calling thread reads ahead, and each thing that is done with the bytes has a thread of its own;
a buffer is filled again when all of them are done with it. Reading, hashing and writing release the
interpreter's lock, so they overlap. The ring is small on purpose: what was just read is hashed while
it is still in the processor's cache.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from mmap import mmap
from typing import Final, TypeAlias

Fill: TypeAlias = Callable[[bytearray | mmap], int]
"""Reads on into a buffer: how many bytes, 0 at the end."""
Sink: TypeAlias = Callable[[memoryview], object]
"""Takes each chunk in order; must not keep it."""

BUFFER_BYTES: Final = 1 << 20
BUFFERS: Final = 4


class _Stage(threading.Thread):
    """One consumer: takes filled buffers in order and gives each back when it is done with it.

    After an error it only gives back, so that nobody waits for it.
    """

    def __init__(self, work: Sink, done: Callable[[int], None]) -> None:
        super().__init__(daemon=True)  # a second Ctrl-C ends the process, whatever a disk may be waiting for
        self._work = work
        self._done = done
        self.inbox: queue.SimpleQueue[tuple[int, memoryview] | None] = queue.SimpleQueue()
        self.error: BaseException | None = None

    def run(self) -> None:
        while (item := self.inbox.get()) is not None:
            number, view = item
            if self.error is None:
                try:
                    self._work(view)
                except BaseException as error:  # noqa: BLE001 (raised by the thread that asked)
                    self.error = error
            self._done(number)


class _Ring:
    """Buffers, each free or with the stages; `pending` counts the stages that still need one."""

    def __init__(self, stages: int) -> None:
        # Anonymous maps, because they begin at a page: the kernel takes up to twice the processor time to
        # copy into a bytearray, which begins some bytes behind one.
        self.buffers = [mmap(-1, BUFFER_BYTES) for _ in range(BUFFERS)]
        self.free: queue.SimpleQueue[int] = queue.SimpleQueue()
        self._pending = [0] * BUFFERS
        self._stages = stages
        self._lock = threading.Lock()
        for number in range(BUFFERS):
            self.free.put(number)

    def lend(self, number: int) -> None:
        """Every stage gets the buffer."""
        self._pending[number] = self._stages

    def give_back(self, number: int) -> None:
        """One stage is done with the buffer."""
        with self._lock:
            self._pending[number] -= 1
            if self._pending[number]:
                return
        self.free.put(number)


def read_ring(fill: Fill, most_bytes: int, stages: list[Sink], progress: Callable[[int], None] | None) -> int:
    """Gives every chunk that `fill` reads to every stage; the number of bytes.

    It stops behind `most_bytes`: the file grew, and what else is in it does not matter. Raises what
    `fill`, a stage or `progress` raises.
    """
    ring = _Ring(len(stages))
    workers = [_Stage(stage, ring.give_back) for stage in stages]
    total = 0
    try:
        for worker in workers:
            worker.start()
        while total <= most_bytes and all(worker.error is None for worker in workers):
            number = ring.free.get()
            count = fill(ring.buffers[number])
            if count == 0:
                break
            total += count
            ring.lend(number)
            view = memoryview(ring.buffers[number])[:count]
            for worker in workers:
                worker.inbox.put((number, view))
            if progress is not None:
                progress(count)
    finally:
        for worker in workers:
            worker.inbox.put(None)
        for worker in workers:
            if worker.ident is not None:
                worker.join()
    for worker in workers:
        if worker.error is not None:
            raise worker.error
    return total
