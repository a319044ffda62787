"""What one record writes, made durable together.

Everything goes to temporary files first. `publish` fsyncs the files, renames them to where they
belong, and fsyncs each folder that got one once. Only after that may anything name them: a crash
before leaves leftovers under tmp/, a crash after leaves orphans, and neither harms a reader.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

from ..errors import CorruptBlob
from ..format.ids import BlobId, ObjectId, derive_object_id
from ..format.objects import Object, encode_object
from . import blobs, objects
from .files import StoreFiles

if TYPE_CHECKING:
    from threading import Thread

_FLUSH_BYTES: Final = 32 << 20
"""As often as this many bytes were written, they are sent to the disk."""


class BlobWriter:
    """A blob on its way into the store; its id is known when all of it was seen.

    The bytes of a large one go to the disk while the next are still being read and hashed: otherwise the
    disk would stand still until the fsync at the end, and then everybody would wait for it.
    """

    def __init__(self, files: StoreFiles) -> None:
        self._files = files
        self.name, self.descriptor = files.new_temporary()
        self._pending_bytes = 0
        self._flusher: Thread | None = None
        self._errors: list[BaseException] = []

    def write(self, chunk: memoryview | bytes) -> None:
        """Appends to it."""
        self._files.write(self.name, self.descriptor, chunk)
        self._pending_bytes += len(chunk)
        if self._pending_bytes >= _FLUSH_BYTES and (self._flusher is None or not self._flusher.is_alive()):
            from threading import Thread

            self._pending_bytes = 0
            self._flusher = Thread(target=self._flush, daemon=True)
            self._flusher.start()

    def settle(self) -> None:
        """Waits for the disk, before the descriptor is used for anything else. Raises OperatingSystemRefused.

        An error of the disk is told once, to whoever asks first: so it is kept until here.
        """
        if self._flusher is not None:
            self._flusher.join()
        if self._errors:
            raise self._errors.pop()

    def discard(self) -> None:
        """Gives it up."""
        if self._flusher is not None:
            self._flusher.join()
        os.close(self.descriptor)
        self._files.discard(self.name)

    def _flush(self) -> None:
        try:
            self._files.flush(self.name, self.descriptor)
        except BaseException as error:  # noqa: BLE001 (raised by `settle`)
            self._errors.append(error)


class Batch:
    """Objects and blobs that are published together. A context: what was not published is removed."""

    def __init__(self, files: StoreFiles) -> None:
        self._files = files
        self._objects: dict[ObjectId, bytes] = {}
        self._open: list[BlobWriter] = []
        self._blobs: dict[str, BlobWriter] = {}
        self._temporaries: set[str] = set()
        self._relied_on: set[str] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for writer in (*self._open, *self._blobs.values()):
            writer.discard()
        for name in self._temporaries:
            self._files.discard(name)

    def add(self, value: Object) -> ObjectId:
        """Adds an object and returns its id. Raises InvalidField, TooLong."""
        data = encode_object(value)
        new = derive_object_id(value.KIND, data)
        self._objects[new] = data
        return new

    def rely_on(self, present: Iterable[ObjectId]) -> None:
        """Notes objects that are there already, and are to be as durable as what is published."""
        self._relied_on.update(objects.name_of(objects.FOLDER, one.hex) for one in present)

    def open_blob(self) -> BlobWriter:
        """Begins a blob."""
        writer = BlobWriter(self._files)
        self._open.append(writer)
        return writer

    def keep_blob(self, writer: BlobWriter, name: BlobId) -> None:
        """Ends a blob whose bytes hash to `name`."""
        if name.hex in self._blobs:
            self.drop_blob(writer)
        else:
            self._open.remove(writer)
            self._blobs[name.hex] = writer

    def drop_blob(self, writer: BlobWriter) -> None:
        """Gives a blob up."""
        self._open.remove(writer)
        writer.discard()

    def publish(self) -> int:
        """Makes everything durable under its name; returns how many files that were not there before.

        What is there already with the same bytes is left alone; an object or a blob whose file was damaged
        is written anew. Raises OperatingSystemRefused, UnsafeStore.
        """
        moves: list[tuple[str, str]] = []
        present: list[str] = []
        for digits, writer in list(self._blobs.items()):
            writer.settle()
            target = objects.name_of(blobs.FOLDER, digits)
            size = os.fstat(writer.descriptor).st_size
            del self._blobs[digits]
            self._temporaries.add(writer.name)
            if self._files.size_of(target) == size and self._is_whole(digits):
                os.close(writer.descriptor)
                present.append(target)
                continue
            self._files.finish_temporary(writer.name, writer.descriptor, read_only=True)
            moves.append((writer.name, target))
        for new, data in self._objects.items():
            target = objects.name_of(objects.FOLDER, new.hex)
            if self._files.read(target, len(data)) == data:
                present.append(target)
                continue
            name, descriptor = self._files.new_temporary()
            self._temporaries.add(name)
            try:
                self._files.write(name, descriptor, data)
            except BaseException:
                os.close(descriptor)
                raise
            self._files.finish_temporary(name, descriptor, read_only=True)
            moves.append((name, target))
        self._move(moves, [*present, *sorted(self._relied_on)])
        self._objects.clear()
        return len(moves)

    def _is_whole(self, digits: str) -> bool:
        """Whether a blob that is there has its bytes: if not, those that came now take its place."""
        try:
            return blobs.Blobs(self._files).check(BlobId.parse(digits))
        except CorruptBlob:
            return False

    def _move(self, moves: Iterable[tuple[str, str]], present: Iterable[str]) -> None:
        """Renames, then fsyncs the folders and the folders above them.

        Those of files that were `present` too: whoever put one there may have been stopped before
        the fsync, and what is named from now on has to be as durable as if it were new.
        """
        folders = {os.path.dirname(target): None for target in present}
        for temporary, target in moves:
            folder = os.path.dirname(target)
            self._files.make_folder(folder)
            self._files.rename(temporary, target)
            self._temporaries.discard(temporary)
            folders[folder] = None
        folders.update({os.path.dirname(folder): None for folder in folders})
        if folders:
            folders["."] = None
        for folder in folders:
            self._files.fsync_folder(folder)
