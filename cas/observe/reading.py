"""Reading a file once: BLAKE3, SHA-256 and a copy in the same pass, in bounded memory.

A small file is read, hashed and copied in one thread. A large one goes through a ring of buffers: a
reader ahead, and behind it one thread for each thing that is done with the bytes, so that reading,
both hashes and writing overlap. All of these release the interpreter's lock.

Files are read by descriptor, never through a memory map (one that shrinks kills the process by
SIGBUS). Size, inode, mtime and ctime are compared before and after.
"""

from __future__ import annotations

import hashlib
import os
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

from blake3 import blake3

from ..errors import FileChanged, OperatingSystemRefused
from ..format.ids import BlobId, Sha256
from .files import OpenedFile, Stamp

Sink: TypeAlias = Callable[[memoryview], object]

SMALL_BYTES: Final = 1 << 20
BUFFER_BYTES: Final = 4 << 20
BUFFERS: Final = 4
THREADED_HASH_BYTES: Final = 1 << 20
"""From this size on a single update pays for BLAKE3's own threads."""


@dataclass(frozen=True, slots=True)
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
    progress: Callable[[int], None] | None = None,
) -> FileDigests:
    """Reads an open file from its beginning to its end, each byte once.

    `sink` gets every chunk in order and must not keep it; `progress` is told the bytes of each chunk.
    Raises FileChanged, OperatingSystemRefused, and whatever the sink raises.
    """
    hasher = blake3(max_threads=blake3.AUTO) if opened.stat.st_size > SMALL_BYTES else blake3()
    secure = hashlib.sha256() if sha256 else None
    stages: list[Sink] = [hasher.update]
    if secure is not None:
        stages.append(secure.update)
    if sink is not None:
        stages.append(sink)
    reader = _read_small if opened.stat.st_size <= SMALL_BYTES else _read_large
    size = reader(opened, stages, progress)
    stamp = check_unchanged(opened, size)
    digest = Sha256(secure.digest()) if secure is not None else None
    return FileDigests(size, BlobId(hasher.digest()), digest, stamp)


def check_unchanged(opened: OpenedFile, size: int) -> Stamp:
    """The stamp of a file that was read, if it still is the one that was opened. Raises FileChanged."""
    after = os.fstat(opened.fd)
    before = Stamp.of(opened.stat)
    stamp = Stamp.of(after)
    if size != before.size or stamp.size != before.size:
        raise FileChanged(
            path=opened.path, problem="grew" if max(size, stamp.size) > before.size else "shrank"
        )
    if stamp != before:
        raise FileChanged(path=opened.path, problem="was changed")
    return stamp


def _read_small(opened: OpenedFile, stages: list[Sink], progress: Callable[[int], None] | None) -> int:
    # One byte more than the stat said: a file that grew is noticed without a second call.
    try:
        data = os.read(opened.fd, opened.stat.st_size + 1)
        while len(data) < opened.stat.st_size and (more := os.read(opened.fd, SMALL_BYTES)):
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


class _Stage(threading.Thread):
    """One consumer: takes numbered buffers in order, gives each back when it is done with it."""

    def __init__(self, work: Sink, done: Callable[[int], None]) -> None:
        super().__init__(daemon=True)
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
                except BaseException as error:  # noqa: BLE001  # raised again in the thread that asked
                    self.error = error
            view.release()
            self._done(number)


def _read_large(opened: OpenedFile, stages: list[Sink], progress: Callable[[int], None] | None) -> int:
    buffers = [bytearray(BUFFER_BYTES) for _ in range(BUFFERS)]
    free: queue.SimpleQueue[int] = queue.SimpleQueue()
    for number in range(BUFFERS):
        free.put(number)
    pending = [0] * BUFFERS
    lock = threading.Lock()

    def done(number: int) -> None:
        with lock:
            pending[number] -= 1
            if pending[number]:
                return
        free.put(number)

    workers = [_Stage(stage, done) for stage in stages]
    for worker in workers:
        worker.start()
    total = 0
    try:
        while all(worker.error is None for worker in workers):
            number = free.get()
            try:
                count = os.readv(opened.fd, [buffers[number]])
            except OSError as error:
                raise _refused(opened, error) from None
            if count == 0:
                break
            total += count
            if total > opened.stat.st_size:
                break  # it grew: whatever follows is not what was opened
            pending[number] = len(workers)
            for worker in workers:
                worker.inbox.put((number, memoryview(buffers[number])[:count]))
            if progress is not None:
                progress(count)
    finally:
        for worker in workers:
            worker.inbox.put(None)
        for worker in workers:
            worker.join()
    for worker in workers:
        if worker.error is not None:
            raise worker.error
    return total


def _refused(opened: OpenedFile, error: OSError) -> OperatingSystemRefused:
    reason = os.strerror(error.errno) if error.errno else str(error)
    return OperatingSystemRefused(action="read", path=opened.path, reason=reason)
