"""Opening what the world offers: regular files, never blocking, never more than was meant.

A path that a user typed is followed wherever it leads. A path that comes from a store or a record
is opened beneath its root: no symlink on the way, no `..`. Either way the file is looked at by its
descriptor before a byte of it is read, so that a FIFO, a device or an automount is refused and
never waited for.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Literal, Self

from ..errors import FileMissing, ObsError, OperatingSystemRefused, WrongFileType
from ..format.names import check_name, name_from_bytes

_OPEN: Final = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY
_OPEN_BENEATH: Final = _OPEN | os.O_NOFOLLOW
_OPEN_FOLDER_BENEATH: Final = os.O_RDONLY | os.O_CLOEXEC | os.O_DIRECTORY | os.O_NOFOLLOW
SKIPPED_FOLDER: Final = b".obs"
"""A store inside a recorded folder is never part of it."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a file's stat says about its identity and content. Times in ns, size in bytes."""

    device: int
    inode: int
    size: int
    mtime_ns: int
    ctime_ns: int

    @classmethod
    def of(cls, status: os.stat_result) -> Self:
        """The stamp of a stat."""
        return cls(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)


@dataclass(slots=True)
class OpenedFile:
    """An open file or folder. A context: closes the descriptor."""

    path: str
    fd: int
    stat: os.stat_result

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self.fd)


def kind_of(mode: int) -> str:
    """What a mode says a thing is, in words."""
    for test, word in (
        (stat.S_ISREG, "a file"),
        (stat.S_ISDIR, "a folder"),
        (stat.S_ISLNK, "a symbolic link"),
        (stat.S_ISFIFO, "a FIFO"),
        (stat.S_ISSOCK, "a socket"),
    ):
        if test(mode):
            return word
    return "a device"


def refusal(error: OSError, path: str, needed: str = "a regular file") -> ObsError:
    """The error that a failed open of `path` becomes."""
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return FileMissing(path=path)
    if error.errno == errno.ELOOP:
        return WrongFileType(
            path=path, found="a loop of symbolic links, or one that is not followed", needed=needed
        )
    if error.errno in (errno.ENXIO, errno.ENODEV):
        return WrongFileType(path=path, found="a socket or device", needed=needed)
    reason = os.strerror(error.errno) if error.errno else str(error)
    return OperatingSystemRefused(action="open", path=path, reason=reason)


def path_kind(path: str) -> Literal["file", "folder"]:
    """What a path that the user typed leads to. Raises FileMissing, WrongFileType, OperatingSystemRefused."""
    try:
        mode = os.stat(path).st_mode
    except OSError as error:
        raise refusal(error, path, "a file or folder") from None
    except ValueError:  # an embedded NUL
        raise FileMissing(path=path) from None
    if stat.S_ISDIR(mode):
        return "folder"
    if stat.S_ISREG(mode):
        return "file"
    raise WrongFileType(path=path, found=kind_of(mode), needed="a file or folder")


def _checked(path: str, descriptor: int) -> OpenedFile:
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        os.close(descriptor)
        raise WrongFileType(path=path, found=kind_of(status.st_mode), needed="a regular file")
    return OpenedFile(path, descriptor, status)


def open_regular(path: str) -> OpenedFile:
    """A file that the user named. Raises FileMissing, WrongFileType, OperatingSystemRefused."""
    try:
        descriptor = os.open(path, _OPEN)
    except OSError as error:
        raise refusal(error, path) from None
    except ValueError:  # an embedded NUL
        raise FileMissing(path=path) from None
    return _checked(path, descriptor)


def open_folder(path: str) -> OpenedFile:
    """A folder that the user named. Raises FileMissing, WrongFileType, OperatingSystemRefused."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_DIRECTORY)
    except NotADirectoryError:
        raise WrongFileType(path=path, found="no folder", needed="a folder") from None
    except OSError as error:
        raise refusal(error, path, "a folder") from None
    return OpenedFile(path, descriptor, os.fstat(descriptor))


def _descend(root: int, parts: list[bytes], path: str) -> int:
    """A descriptor of the folder at `parts` beneath `root`, no symlink followed."""
    descriptor = os.dup(root)
    try:
        for part in parts:
            deeper = os.open(part, _OPEN_FOLDER_BENEATH, dir_fd=descriptor)
            os.close(descriptor)
            descriptor = deeper
    except OSError as error:
        os.close(descriptor)
        raise refusal(error, path, "a folder") from None
    return descriptor


def open_beneath(root: int, name: bytes) -> OpenedFile:
    """A regular file at a relative path beneath a folder's descriptor, no symlink followed on the way.

    Raises InvalidField for `..` and the like, FileMissing, WrongFileType, OperatingSystemRefused.
    """
    check_name(name_from_bytes(name))
    path = os.fsdecode(name)
    *folders, last = name.split(b"/")
    folder = _descend(root, folders, path)
    try:
        descriptor = os.open(last, _OPEN_BENEATH, dir_fd=folder)
    except OSError as error:
        raise refusal(error, path) from None
    finally:
        os.close(folder)
    return _checked(path, descriptor)


def open_folder_beneath(root: int, name: bytes) -> OpenedFile:
    """A folder at a relative path beneath a folder's descriptor, no symlink followed on the way."""
    check_name(name_from_bytes(name))
    path = os.fsdecode(name)
    descriptor = _descend(root, name.split(b"/"), path)
    return OpenedFile(path, descriptor, os.fstat(descriptor))


def walk_folder(root: OpenedFile) -> Iterator[tuple[bytes, os.stat_result]]:
    """Every file beneath a folder: its name relative to it and its stat, in byte order of the names.

    No symlink is followed: one is refused, as are FIFOs, sockets and devices, so that nothing is
    guessed or silently left out. `.obs/` folders are passed over. Raises WrongFileType, FileMissing,
    OperatingSystemRefused.
    """
    yield from _walk(root.fd, b"", root.path)


def _walk(folder: int, prefix: bytes, path: str) -> Iterator[tuple[bytes, os.stat_result]]:
    # A folder's names sort as if they ended in "/", which puts whole relative names in byte order.
    try:
        names = sorted(
            (os.fsencode(entry.name) + (b"/" if entry.is_dir(follow_symlinks=False) else b""))
            for entry in os.scandir(folder)
        )
        for name in names:
            if name.endswith(b"/"):
                if name[:-1] == SKIPPED_FOLDER:
                    continue
                deeper = os.open(name[:-1], _OPEN_FOLDER_BENEATH, dir_fd=folder)
                try:
                    yield from _walk(deeper, prefix + name, path)
                finally:
                    os.close(deeper)
                continue
            status = os.stat(name, dir_fd=folder, follow_symlinks=False)
            if not stat.S_ISREG(status.st_mode):
                full = os.path.join(path, os.fsdecode(prefix + name))
                raise WrongFileType(path=full, found=kind_of(status.st_mode), needed="a regular file")
            yield prefix + name, status
    except OSError as error:
        raise refusal(error, os.path.join(path, os.fsdecode(prefix))) from None
