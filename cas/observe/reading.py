"""Reading a file once: BLAKE3, SHA-256 and a copy in the same pass, in bounded memory.

A small file is read, hashed and copied in one thread. A large one goes round a ring of buffers:

    reader  ->  [ ][ ][ ][ ]  ->  BLAKE3
                              ->  SHA-256
                              ->  the copy

The calling thread reads ahead, and each thing that is done with the bytes has a thread of its own;
a buffer is filled again when all of them are done with it. Reading, hashing and writing release the
interpreter's lock, so they overlap. The ring is small on purpose: what was just read is hashed while
it is still in the processor's cache.

Files are read by descriptor, never through a memory map (a file that shrinks kills the process that
maps it, by SIGBUS). Size, inode, mtime and ctime are compared before and after.
"""

from __future__ import annotations

import hashlib
import os
import queue
import threading
from collections.abc import Callable
from typing import Final, TypeAlias

from blake3 import blake3

from ..errors import FileChanged, OperatingSystemRefused
from ..format.frozen import row
from ..format.ids import BlobId, Sha256
from .files import OpenedFile, Stamp

Sink: TypeAlias = Callable[[memoryview], object]
"""Takes each chunk in order; must not keep it."""
Progress: TypeAlias = Callable[[int], None]
"""Is told the bytes of each chunk."""

SMALL_BYTES: Final = 1 << 20
"""Up to here threads cost more than they give."""
BUFFER_BYTES: Final = 1 << 20
BUFFERS: Final = 8


@row
class FileDigests:
    """What one pass over a file gave. `size` is in bytes; `sha256` is None where it was not wanted."""

    size: int
    blake3: BlobId
    sha256: Sha256 | None
    stamp: Stamp


def read_file(
    opened: OpenedFile,
    *,
    sha256: bool,
    sink: Sink | None = None,
    progress: Progress | None = None,
    threads: bool = True,
) -> FileDigests:
    """Reads an open file from its beginning to its end, each byte once.

    `threads`: a large file may be read by several. Raises FileChanged, OperatingSystemRefused, and
    whatever the sink or `progress` raises.
    """
    hasher = blake3()
    secure = hashlib.sha256() if sha256 else None
    stages: list[Sink] = [hasher.update]
    if secure is not None:
        stages.append(secure.update)
    if sink is not None:
        stages.append(sink)
    if opened.stat.st_size <= SMALL_BYTES:
        size = _read_small(opened, stages, progress)
    elif threads:
        size = _read_ring(opened, stages, progress)
    else:
        size = _read_in_turns(opened, stages, progress)
    stamp = check_unchanged(opened, size)
    digest = Sha256(secure.digest()) if secure is not None else None
    return FileDigests(size, BlobId(hasher.digest()), digest, stamp)


def check_unchanged(opened: OpenedFile, size: int) -> Stamp:
    """The stamp of a file of which `size` bytes were read, if it still is the one that was opened.

    A file that was replaced lost a name, which its ctime tells. A path that the user typed may have
    been led elsewhere (a symlink on its way): it is asked again. Raises FileChanged.
    """
    before, after = opened.stat, os.fstat(opened.fd)
    if size != before.st_size or after.st_size != before.st_size:
        grew = max(size, after.st_size) > before.st_size
        raise FileChanged(path=opened.path, problem="grew" if grew else "shrank")
    stamp = Stamp.of(after)
    if stamp != Stamp.of(before):
        raise FileChanged(path=opened.path, problem="was changed")
    if opened.typed:
        try:
            now = os.stat(opened.path)
        except OSError:
            raise FileChanged(path=opened.path, problem="was removed") from None
        if (now.st_dev, now.st_ino) != (before.st_dev, before.st_ino):
            raise FileChanged(path=opened.path, problem="was replaced")
    return stamp


def _read_small(opened: OpenedFile, stages: list[Sink], progress: Progress | None) -> int:
    size = opened.stat.st_size
    try:
        # One byte more than the stat said: a file that grew is noticed without a second call.
        data = os.read(opened.fd, size + 1)
        while len(data) < size and (more := os.read(opened.fd, size + 1 - len(data))):
            data += more
    except OSError as error:
        raise _refused(opened, error) from None
    if data:
        view = memoryview(data)
        for stage in stages:
            stage(view)
        if progress is not None:
            progress(len(data))
    return len(data)


def _fill(opened: OpenedFile, buffer: bytearray) -> int:
    try:
        return os.readv(opened.fd, [buffer])
    except OSError as error:
        raise _refused(opened, error) from None


def _read_in_turns(opened: OpenedFile, stages: list[Sink], progress: Progress | None) -> int:
    buffer = bytearray(BUFFER_BYTES)
    total = 0
    while total <= opened.stat.st_size and (count := _fill(opened, buffer)):
        total += count
        with memoryview(buffer)[:count] as view:
            for stage in stages:
                stage(view)
        if progress is not None:
            progress(count)
    return total


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
        self.buffers = [bytearray(BUFFER_BYTES) for _ in range(BUFFERS)]
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


def _read_ring(opened: OpenedFile, stages: list[Sink], progress: Progress | None) -> int:
    ring = _Ring(len(stages))
    workers = [_Stage(stage, ring.give_back) for stage in stages]
    total = 0
    try:
        for worker in workers:
            worker.start()
        # Beyond the size that was opened nothing matters: the file grew.
        while total <= opened.stat.st_size and all(worker.error is None for worker in workers):
            number = ring.free.get()
            count = _fill(opened, ring.buffers[number])
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


def _refused(opened: OpenedFile, error: OSError) -> OperatingSystemRefused:
    reason = os.strerror(error.errno) if error.errno else str(error)
    return OperatingSystemRefused(action="read", path=opened.path, reason=reason)
