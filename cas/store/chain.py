"""The history: `HEAD`, the manifests it leads to, and how one is added.

Manifests form one line, each naming its parent. `HEAD` is the last thing that a record moves,
under one lock and only from the head that the new manifest was built on. Readers take no lock: a
head that they read was durable before it was named, and stays readable for ever.
"""

from __future__ import annotations

import fcntl
import os
import stat
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Final

from ..errors import BrokenChain, FormatError, IntegrityError, InvalidField, LockTimeout
from ..format.frozen import frozen
from ..format.ids import ObjectId
from ..format.manifests import Manifest
from .files import StoreFiles, refused
from .objects import Objects

if TYPE_CHECKING:
    from ..format.merkle import Frontier

HEAD: Final = "HEAD"
LOCK: Final = "lock"
_MANIFEST: Final = b"\xa4kind\xa8manifest"
"""In the canonical bytes of every manifest (and maybe in others)."""


@frozen
class Entry:
    """One manifest of the walk, with its canonical bytes."""

    id: ObjectId
    manifest: Manifest
    data: bytes

    def next_history(self) -> Frontier:
        """The frontier that the manifest after this one has to carry."""
        from ..format.merkle import extend, leaf_hash  # not for those who only read

        return extend(self.manifest.history, self.manifest.sequence, leaf_hash(self.data))


@frozen
class Gap:
    """A place where the walk could not go on by parent links: what was wrong with which manifest."""

    id: ObjectId | None
    sequence: int | None
    error: IntegrityError


@frozen
class Position:
    """Where a new manifest goes: what it has to say about its place."""

    parent: ObjectId | None
    sequence: int
    history: Frontier


class Chain:
    """The history of one store."""

    def __init__(self, files: StoreFiles, objects: Objects) -> None:
        self._files = files
        self._objects = objects
        self.watch: Callable[[int], object] | None = None
        """Told of every manifest that a walk has read, or that was looked into for the index: 1 more."""
        self._holds = False
        self._held: ObjectId | None = None

    @contextmanager
    def held(self) -> Generator[None]:
        """Within it HEAD is read once, so that an answer is about one history while others record.

        Not for those who write.
        """
        before, self._holds = self._holds, True
        try:
            yield
        finally:
            self._holds = before
            if not before:
                self._held = None

    def head(self) -> ObjectId | None:
        """The newest manifest's id, None before the first record.

        Raises BrokenChain, also where HEAD is gone though there is a history: to say that nothing was
        recorded would be wrong, and to go on would begin a second history beside it.
        """
        if self._held is not None:
            return self._held
        found = self.newest()
        if self._holds:
            self._held = found
        return found

    def newest(self) -> ObjectId | None:
        """`head` as it is now, whatever is held. Raises as `head`."""
        data = self._files.read(HEAD, 65)
        if data is None and any(entry.manifest.sequence > 0 for entry in self.manifests_on_disk()):
            # Others may have recorded since: HEAD stands before a second manifest is written, so it does now.
            data = self._files.read(HEAD, 65)
            if data is None:
                raise BrokenChain(problem=f"{self._files.full(HEAD)} is missing, though there are manifests")
        if data is None:
            return None
        try:
            text = data.decode("ascii")
            if len(text) != 65 or text[64] != "\n":
                raise InvalidField(problem="not 64 digits and a line end")
            return ObjectId.parse(text[:64])
        except (UnicodeDecodeError, InvalidField):
            what = "is empty" if not data.strip() else "does not hold 64 hex digits and a line end"
            raise BrokenChain(problem=f"{self._files.full(HEAD)} {what}") from None

    def entry(self, wanted: ObjectId, wanted_by: str) -> Entry:
        """One manifest. Raises MissingObject, CorruptObject, FormatError."""
        manifest, data = self._objects.get_with_bytes(Manifest, wanted, wanted_by)
        return Entry(id=wanted, manifest=manifest, data=data)

    def walk(self, start: ObjectId | None = None, *, links: bool = True) -> Iterator[Entry | Gap]:
        """The history from `start` (HEAD if None), newest first.

        Each manifest is checked against its parent: sequence and frontier (not the latter without
        `links`: the ids alone show that what is read is what was named). Where one is missing or
        damaged a Gap comes instead of it, and the walk goes on at the next lower sequence that is
        found in `objects/`.
        """
        child: Entry | None = None
        wanted = start if start is not None else self.head()
        while wanted is not None:
            wanted_by = HEAD if child is None else f"manifest {child.id.short}"
            try:
                entry = self.entry(wanted, wanted_by)
                if self.watch is not None:
                    self.watch(1)
                if child is not None:
                    check_sequence(child, entry)
                    if links:
                        check_history(child, entry)
            except (IntegrityError, FormatError) as error:
                below = None if child is None else child.manifest.sequence - 1
                yield Gap(id=wanted, sequence=below, error=error)
                following = self._highest_below(below, wanted)
                if following is None:
                    return
                child, wanted = following, following.manifest.parent
                yield following
                continue
            yield entry
            child, wanted = entry, entry.manifest.parent

    def entries(self, start: ObjectId | None = None) -> Iterator[Entry]:
        """`walk`, for those who cannot go on over a gap. Raises what made the gap."""
        for step in self.walk(start):
            if isinstance(step, Gap):
                raise step.error
            yield step

    def manifests_on_disk(self) -> Iterator[Entry]:
        """Every readable manifest in `objects/`, reachable or not, in the order of ids."""
        for found in self._objects.ids():
            if _MANIFEST not in (self._objects.read_bytes(found) or b""):
                continue  # what else is here may be large, and need not be understood
            try:
                read = self._objects.find(found)
            except (IntegrityError, FormatError):
                continue
            if read is not None and isinstance(read[0], Manifest):
                yield Entry(id=found, manifest=read[0], data=read[1])

    def _highest_below(self, sequence: int | None, but: ObjectId) -> Entry | None:
        """The manifest with the highest sequence under `sequence`; of several the lowest id."""
        best: Entry | None = None
        for entry in self.manifests_on_disk():
            at = entry.manifest.sequence
            if entry.id == but or (sequence is not None and at >= sequence):
                continue
            if best is None or at > best.manifest.sequence:
                best = entry
        return best

    # ------------------------------------------------------------------ writing

    @contextmanager
    def locked(self, timeout_seconds: float) -> Generator[None]:
        """Holds the one lock of the store. Raises LockTimeout, OperatingSystemRefused."""
        path = self._files.full(LOCK)
        # Refuses anything but a regular file. The lock is not left to filelock to make: until its chmod
        # a second user who met the new file could not open it.
        self._files.ensure_file(LOCK)
        with ExitStack() as stack:
            try:
                mode = stat.S_IMODE(self._files.status.st_mode) & 0o666 | 0o600
                if not _locked_at_once(self._files.root, stack, mode):
                    _wait_for_lock(path, timeout_seconds, stack, mode)
            except OSError as error:
                raise refused("lock", path, error) from None
            self._share_lock(path)
            yield

    def _share_lock(self, path: str) -> None:
        """Gives a new lock file the store's group."""
        try:
            if os.stat(path, follow_symlinks=False).st_gid != self._files.status.st_gid:
                os.chown(path, -1, self._files.status.st_gid, follow_symlinks=False)
        except OSError:  # another user's lock file, or a group one is not in: it locks all the same
            return

    def position(self) -> Position:
        """Where the next manifest goes. To be asked and used under the lock.

        Raises BrokenChain where HEAD is gone though there is a history: going on would begin a
        second one beside it.
        """
        head = self.head()
        if head is not None:
            entry = self.entry(head, HEAD)
            return Position(parent=head, sequence=entry.manifest.sequence + 1, history=entry.next_history())
        return Position(parent=None, sequence=0, history=())

    def settle(self) -> None:
        """Makes the HEAD that was read durable: whoever moved it may have been stopped before the fsync.

        For those who acknowledge what stands in the history already. Raises OperatingSystemRefused.
        """
        self._files.fsync_folder(".")

    def append(self, build: Callable[[Position], Manifest], expected: ObjectId | None) -> Entry | None:
        """Adds the manifest that `build` makes for its place, and moves HEAD to it.

        To be called under the lock. None, and nothing is written, if HEAD is not `expected`.
        """
        if self.head() != expected:
            return None
        from .batch import Batch

        manifest = build(self.position())
        with Batch(self._files) as batch:
            new = batch.add(manifest)
            batch.publish()
        self._files.replace(HEAD, f"{new.hex}\n".encode())
        return self.entry(new, HEAD)


def _locked_at_once(root: int, stack: ExitStack, mode: int) -> bool:
    """Takes the lock if nobody holds it, as filelock does: flock(2), which the kernel ends with its process.

    (It is nearly always free, and importing filelock costs as much as the rest of a record's imports.)
    Makes the file where `ensure_file` could not. Raises OSError, also where the file system has no locks.
    """
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
    descriptor = os.open(LOCK, flags, mode, dir_fd=root)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return False
    except OSError:
        os.close(descriptor)
        raise
    stack.callback(os.close, descriptor)  # which unlocks it
    return True


def _wait_for_lock(path: str, timeout_seconds: float, stack: ExitStack, mode: int) -> None:
    """Waits until whoever holds the lock is done. Raises LockTimeout, OSError.

    (filelock's silent soft lock, which stays behind after a SIGKILL, is out of reach here: it is for file
    systems without flock, and `_locked_at_once` has just been told by flock that somebody holds it.)
    """
    import filelock

    lock = filelock.FileLock(path, timeout=timeout_seconds, mode=mode)
    try:
        stack.enter_context(lock)
    except filelock.Timeout:
        raise LockTimeout(path=path, seconds=timeout_seconds) from None


def check_sequence(child: Entry, parent: Entry) -> None:
    """Whether `parent` stands just before `child`. Raises BrokenChain."""
    if parent.manifest.sequence + 1 != child.manifest.sequence:
        raise BrokenChain(
            problem=f"manifest {child.id.short} has sequence {child.manifest.sequence}, "
            f"and its parent {parent.id.short} has {parent.manifest.sequence}"
        )


def check_history(child: Entry, parent: Entry) -> None:
    """Whether the history in `child` is that of `parent` and `parent` itself. Raises BrokenChain."""
    if child.manifest.history != parent.next_history():
        raise BrokenChain(
            problem=f"the history in manifest {child.id.short} is not that of its parent {parent.id.short}"
        )
