"""File operations beneath `.obs/`: the layer under the store.

Every change that obs makes to a file system is one method of `FileOperations`, so that a test can
stand in between, stop after any of them, or replay them with what was not fsynced lost. A write is
durable after: create a temporary file in the same file system, write, fsync, rename, fsync of the
folder (POSIX rename(2) and fsync(2); T. Pillai et al., "All File Systems Are Not Created Equal",
OSDI 2014).

Names are relative to the root, `/`-separated, and made by obs alone. No symlink below the root is
ever followed. Folders and files get the root's group and its mode bits, as git's sharedRepository
does, so that two users of one group can write.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Generator
from contextlib import contextmanager, suppress
from typing import Final

from ..errors import OperatingSystemRefused, UnsafeStore

_OPEN_READ: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_OPEN_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_OPEN_NEW: Final = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_SEND: Final = getattr(os, "fdatasync", os.fsync)  # macOS has only the latter
_RENAMES: Final = 100
"""More than the processes that make one folder at once; each can get in the way once."""
_HINTS: Final = {
    errno.ENOSPC: "make room on that disk; nothing was recorded",
    errno.EDQUOT: "the quota is used up; nothing was recorded",
    errno.EFBIG: "a limit on file sizes was hit; nothing was recorded",
    errno.EROFS: "the file system is mounted read-only",
    errno.EACCES: "ask for the right, or use an account that has it",
    errno.EPERM: "ask for the right, or use an account that has it",
}


def refused(action: str, path: str, error: OSError) -> OperatingSystemRefused:
    """The error that a failed system call becomes."""
    reason = os.strerror(error.errno) if error.errno else str(error)
    return OperatingSystemRefused(action=action, path=path, reason=reason, hint=_HINTS.get(error.errno or 0))


class FileOperations:
    """The operations that change a file system, on names relative to a folder's descriptor."""

    def make_folder(self, root: int, name: str) -> None:
        """mkdir(2)."""
        os.mkdir(name, dir_fd=root)

    def create(self, root: int, name: str) -> int:
        """A new file, open for writing. Never one that is there."""
        return os.open(name, _OPEN_NEW, 0o600, dir_fd=root)

    def write(self, descriptor: int, data: bytes | memoryview) -> None:
        """All of `data` at the end of the file."""
        view = memoryview(data)
        while view:
            view = view[os.write(descriptor, view) :]

    def fsync(self, descriptor: int) -> None:
        """The file's bytes are on the disk."""
        os.fsync(descriptor)

    def flush(self, descriptor: int) -> None:
        """The file's bytes so far are on the disk; nothing relies on it, the fsync comes in any case."""
        _SEND(descriptor)

    def rename(self, root: int, source: str, target: str) -> None:
        """Atomically; what stood at `target` is gone."""
        os.rename(source, target, src_dir_fd=root, dst_dir_fd=root)

    def fsync_folder(self, root: int, name: str) -> None:
        """The folder's entries are on the disk."""
        descriptor = os.open(name, _OPEN_FOLDER, dir_fd=root)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def link(self, root: int, source: str, target: str) -> None:
        """A second name for a file, if nothing has that name yet."""
        os.link(source, target, src_dir_fd=root, dst_dir_fd=root, follow_symlinks=False)

    def unlink(self, root: int, name: str) -> None:
        """Removes a name."""
        os.unlink(name, dir_fd=root)

    def remove_folder(self, root: int, name: str) -> None:
        """rmdir(2)."""
        os.rmdir(name, dir_fd=root)


class StoreFiles:
    """Reads and writes below one `.obs/`, opened once and addressed by its descriptor."""

    def __init__(self, path: str, operations: FileOperations) -> None:
        """Opens the folder at `path`. Raises UnsafeStore for a symlink, OperatingSystemRefused."""
        self.path = path
        self.operations = operations
        try:
            self.root = os.open(path, _OPEN_FOLDER)
        except OSError as error:
            if error.errno in (errno.ELOOP, errno.ENOTDIR):
                raise UnsafeStore(path=path, problem="is not a folder of its own (a link?)") from None
            raise refused("open", path, error) from None
        self.status = os.fstat(self.root)
        self._checked_folders: set[str] = set()
        self._own = f"{os.getpid()}-{os.urandom(4).hex()}-"
        """What the names of all temporary files begin with that are made through this value."""

    def sweep(self) -> None:
        """Removes what is left of its own temporary files, after an interruption.

        A Ctrl-C may come between the making of a file and the line that notes its name.
        """
        try:
            left = [name for name in os.listdir(os.path.join(self.path, "tmp")) if name.startswith(self._own)]
        except OSError:
            return
        for name in left:
            self.discard(f"tmp/{name}")
            with suppress(OSError):  # a folder that was to become one of the store's
                self.operations.remove_folder(self.root, f"tmp/{name}")

    def close(self) -> None:
        """Gives the descriptor back."""
        os.close(self.root)

    def full(self, name: str) -> str:
        """The path of `name`, for messages."""
        return os.path.join(self.path, name)

    @contextmanager
    def guarded(self, action: str, name: str) -> Generator[None]:
        """Turns an OSError about `name` into the error that a user can read."""
        try:
            yield
        except OSError as error:
            if error.errno in (errno.ELOOP, errno.ENOTDIR):
                raise UnsafeStore(
                    path=self.full(name), problem="is a link or no folder; obs follows none"
                ) from None
            raise refused(action, self.full(name), error) from None

    # ------------------------------------------------------------------ reading

    def folder_exists(self, name: str) -> bool:
        """Whether there is a folder `name`. Raises UnsafeStore if it is anything but a folder."""
        if name in self._checked_folders:
            return True
        parent = name.rpartition("/")[0]
        if parent and not self.folder_exists(parent):
            return False
        try:
            mode = os.stat(name, dir_fd=self.root, follow_symlinks=False).st_mode
        except FileNotFoundError:
            return False
        except OSError as error:
            raise refused("look at", self.full(name), error) from None
        if not stat.S_ISDIR(mode):
            raise UnsafeStore(path=self.full(name), problem="is not a folder; obs follows no links here")
        self._checked_folders.add(name)
        return True

    def open_file(self, name: str) -> int | None:
        """A descriptor of a regular file, or None where there is none. Raises UnsafeStore."""
        opened = self._opened(name)
        return None if opened is None else opened[0]

    def _opened(self, name: str) -> tuple[int, os.stat_result] | None:
        folder = name.rpartition("/")[0]
        if folder and not self.folder_exists(folder):
            return None
        try:
            descriptor = os.open(name, _OPEN_READ, dir_fd=self.root)
        except FileNotFoundError:
            return None
        except OSError as error:
            if error.errno in (errno.ELOOP, errno.EMLINK, errno.ENXIO):
                raise UnsafeStore(path=self.full(name), problem="is not a regular file") from None
            raise refused("open", self.full(name), error) from None
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            os.close(descriptor)
            raise UnsafeStore(path=self.full(name), problem="is not a regular file")
        return descriptor, status

    def read(self, name: str, most_bytes: int) -> bytes | None:
        """The whole file, or its first most_bytes + 1 bytes if it has more; None where there is none."""
        opened = self._opened(name)
        if opened is None:
            return None
        descriptor, status = opened
        try:
            # No allocation on a length's word: what the file claims is capped by what a caller can use.
            wanted = min(status.st_size, most_bytes) + 1
            chunks: list[bytes] = []
            while wanted > 0 and (chunk := os.read(descriptor, wanted)):
                chunks.append(chunk)
                wanted -= len(chunk)
            return b"".join(chunks)
        except OSError as error:
            raise refused("read", self.full(name), error) from None
        finally:
            os.close(descriptor)

    def size_of(self, name: str) -> int | None:
        """The size in bytes of a regular file, None where there is none. Raises UnsafeStore."""
        folder = os.path.dirname(name)
        if folder and not self.folder_exists(folder):
            return None
        try:
            status = os.stat(name, dir_fd=self.root, follow_symlinks=False)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise refused("look at", self.full(name), error) from None
        if not stat.S_ISREG(status.st_mode):
            raise UnsafeStore(path=self.full(name), problem="is not a regular file")
        return status.st_size

    def mode_of(self, name: str) -> int | None:
        """The mode bits of a folder, None where there is none. Raises UnsafeStore."""
        if not self.folder_exists(name):
            return None
        with self.guarded("look at", name):
            return stat.S_IMODE(os.stat(name, dir_fd=self.root, follow_symlinks=False).st_mode)

    def list_folder(self, name: str) -> list[str]:
        """The names in a folder, sorted; none where there is no such folder."""
        if not self.folder_exists(name):
            return []
        with self.guarded("list", name):
            descriptor = os.open(name, _OPEN_FOLDER, dir_fd=self.root)
            try:
                return sorted(os.listdir(descriptor))
            finally:
                os.close(descriptor)

    # ------------------------------------------------------------------ writing

    def make_folder(self, name: str) -> bool:
        """Makes `name` and the folders above it; making it durable is the caller's. True if it was made."""
        if self.folder_exists(name):
            return False
        parent = os.path.dirname(name)
        if parent:
            self.make_folder(parent)
        with self.guarded("make", name):
            try:
                if parent:
                    self._make_shared(name)
                else:
                    self.operations.make_folder(self.root, name)
                    self._share_folder(name)
            except OSError as error:
                if error.errno not in (errno.EEXIST, errno.ENOTEMPTY):
                    raise
                return not self.folder_exists(name)  # another process was faster
        self._checked_folders.add(name)
        return True

    def _make_shared(self, name: str) -> None:
        """Makes a folder that has its group and mode from the moment it can be seen.

        mkdir(2) obeys the umask: a second user who met the folder before its chmod could not write.
        """
        self.make_folder("tmp")
        temporary = f"tmp/{self._own}{os.urandom(8).hex()}"
        self.operations.make_folder(self.root, temporary)
        try:
            self._share_folder(temporary)
            self.operations.rename(self.root, temporary, name)
        except OSError:
            self.operations.remove_folder(self.root, temporary)
            raise

    def _share_folder(self, name: str) -> None:
        descriptor = os.open(name, _OPEN_FOLDER, dir_fd=self.root)
        try:
            self._share(descriptor, stat.S_IMODE(self.status.st_mode))
        finally:
            os.close(descriptor)

    def new_temporary(self) -> tuple[str, int]:
        """A new file under tmp/: its name and a descriptor to write to."""
        self.make_folder("tmp")
        name = f"tmp/{self._own}{os.urandom(8).hex()}"
        with self.guarded("create", name):
            return name, self.operations.create(self.root, name)

    def write(self, name: str, descriptor: int, data: bytes | memoryview) -> None:
        """Appends `data` to the file that `new_temporary` made."""
        with self.guarded("write", name):
            self.operations.write(descriptor, data)

    def flush(self, name: str, descriptor: int) -> None:
        """Sends what was written so far to the disk, ahead of the fsync."""
        with self.guarded("write", name):
            self.operations.flush(descriptor)

    def finish_temporary(self, name: str, descriptor: int, *, read_only: bool) -> None:
        """Gives the file its final mode and group, fsyncs and closes it."""
        try:
            with self.guarded("write", name):
                self._share(descriptor, stat.S_IMODE(self.status.st_mode) & (0o444 if read_only else 0o666))
                self.operations.fsync(descriptor)
        finally:
            os.close(descriptor)

    def rename(self, source: str, target: str) -> None:
        """Puts a finished temporary file where it belongs; the folder is to be fsynced after."""
        with self.guarded("write", target):
            for left in range(_RENAMES, -1, -1):
                try:
                    self.operations.rename(self.root, source, target)
                    return
                except FileNotFoundError:
                    # At this very moment another process put its new folder over ours, which was still
                    # empty (`_make_shared`); the name leads to the new one now.
                    if not left or self.size_of(source) is None:
                        raise

    def fsync_folder(self, name: str) -> None:
        """Makes renames into the folder durable."""
        with self.guarded("write", name):
            self.operations.fsync_folder(self.root, name)

    def replace(self, name: str, data: bytes) -> None:
        """Atomically and durably makes `data` the content of `name`."""
        folder = os.path.dirname(name)
        temporary, descriptor = self.new_temporary()
        try:
            try:
                self.write(temporary, descriptor, data)
            except BaseException:
                os.close(descriptor)
                raise
            self.finish_temporary(temporary, descriptor, read_only=False)
            if folder:
                self.make_folder(folder)
            self.rename(temporary, name)
        except BaseException:
            self.discard(temporary)
            raise
        if folder:
            self.fsync_folder(folder)
        self.fsync_folder(".")

    def ensure_file(self, name: str) -> None:
        """Makes an empty file if there is none, with its group and mode from the moment it can be seen.

        Where hard links are not possible nothing is made, and whoever needs the file makes it.
        Raises UnsafeStore if something else has the name, OperatingSystemRefused.
        """
        if self.size_of(name) is not None:
            return
        temporary, descriptor = self.new_temporary()
        try:
            try:
                self._share(descriptor, stat.S_IMODE(self.status.st_mode) & 0o666 | 0o600)
            finally:
                os.close(descriptor)
            self.operations.link(self.root, temporary, name)
        except OSError:  # another process was faster, or no hard links here
            pass
        finally:
            self.discard(temporary)

    def remove(self, name: str) -> None:
        """Removes a file. Raises OperatingSystemRefused."""
        with self.guarded("remove", name):
            self.operations.unlink(self.root, name)

    def discard(self, name: str) -> None:
        """Removes a temporary file if that is possible: a leftover under tmp/ harms nobody."""
        try:
            self.operations.unlink(self.root, name)
        except OSError:
            return

    def _share(self, descriptor: int, mode: int) -> None:
        """The root's group and the given mode bits, whatever the umask says."""
        if os.fstat(descriptor).st_gid != self.status.st_gid:
            try:
                os.fchown(descriptor, -1, self.status.st_gid)
            except PermissionError:  # not a member of the group: then nothing can be shared with it
                mode &= ~stat.S_ISGID
        os.fchmod(descriptor, mode)
