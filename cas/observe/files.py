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
from collections.abc import Callable, Iterator
from operator import itemgetter
from types import TracebackType
from typing import Final, Literal, NamedTuple, Self

from ..errors import BadArgument, FileChanged, FileMissing, ObsError, OperatingSystemRefused, WrongFileType
from ..format.frozen import row
from ..format.names import MAX_NAME_BYTES, check_name, name_from_bytes

# O_NONBLOCK: a FIFO without a writer opens at once, and is then refused. O_NOCTTY: so is a terminal.
_OPEN: Final = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY
_OPEN_BENEATH: Final = _OPEN | os.O_NOFOLLOW
_OPEN_FOLDER: Final = os.O_RDONLY | os.O_CLOEXEC | os.O_DIRECTORY
_OPEN_FOLDER_BENEATH: Final = _OPEN_FOLDER | os.O_NOFOLLOW
SKIPPED_FOLDER: Final = b".obs"
"""A store inside a recorded folder is never part of it."""


class Stamp(NamedTuple):
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


class OpenedFile:
    """An open file or folder. A context: closes the descriptor.

    `path` is what errors call it. `typed`: the user named it, and the path leads to it (so that it can
    be asked again whether it still does); otherwise it was opened beneath some folder.
    """

    __slots__ = ("fd", "path", "stat", "typed")

    def __init__(self, path: str, fd: int, stat: os.stat_result, typed: bool = False) -> None:
        self.path = path
        self.fd = fd
        self.stat = stat
        self.typed = typed

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
        return WrongFileType(path=path, found="a loop of symbolic links", needed=needed)
    if error.errno == errno.ENXIO:
        return WrongFileType(path=path, found="a socket", needed=needed)
    if error.errno == errno.ENODEV:
        return WrongFileType(path=path, found="a device", needed=needed)
    reason = os.strerror(error.errno) if error.errno else str(error)
    return OperatingSystemRefused(action="open", path=path, reason=reason)


def _typed(path: str) -> str:
    """A path that the user typed. Raises BadArgument for an empty one, which names the current folder or
    nothing, depending on whom one asks."""
    if not path:
        raise BadArgument(what="an empty path names no file")
    return path


def path_kind(path: str) -> Literal["file", "folder"]:
    """What a path that the user typed leads to.

    Raises FileMissing, WrongFileType, OperatingSystemRefused.
    """
    try:
        mode = os.stat(_typed(path)).st_mode
    except OSError as error:
        raise refusal(error, path, "a file or folder") from None
    except ValueError:  # an embedded NUL, or text that no file system has
        raise FileMissing(path=path) from None
    if stat.S_ISDIR(mode):
        return "folder"
    if stat.S_ISREG(mode):
        return "file"
    raise WrongFileType(path=path, found=kind_of(mode), needed="a file or folder")


def _checked(path: str, descriptor: int, *, typed: bool) -> OpenedFile:
    """Takes over the descriptor of what must be a regular file."""
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        os.close(descriptor)
        raise WrongFileType(path=path, found=kind_of(status.st_mode), needed="a regular file")
    return OpenedFile(path, descriptor, status, typed)


def open_regular(path: str) -> OpenedFile:
    """A file that the user named. Raises FileMissing, WrongFileType, OperatingSystemRefused."""
    try:
        descriptor = os.open(_typed(path), _OPEN)
    except OSError as error:
        raise refusal(error, path) from None
    except ValueError:  # an embedded NUL, or text that no file system has
        raise FileMissing(path=path) from None
    return _checked(path, descriptor, typed=True)


def open_folder(path: str) -> OpenedFile:
    """A folder that the user named. Raises FileMissing, WrongFileType, OperatingSystemRefused."""
    try:
        descriptor = os.open(_typed(path), _OPEN_FOLDER)
    except NotADirectoryError:
        if os.path.lexists(path):
            raise WrongFileType(path=path, found="no folder", needed="a folder") from None
        raise FileMissing(path=path) from None  # what stands before it in the path is no folder
    except OSError as error:
        raise refusal(error, path, "a folder") from None
    except ValueError:
        raise FileMissing(path=path) from None
    return OpenedFile(path, descriptor, os.fstat(descriptor), typed=True)


def _refusal_at(error: OSError, name: bytes | str, folder: int, path: str, needed: str) -> ObsError:
    """The error of a failed open that follows no symlink: the thing itself says what it is.

    (`O_NOFOLLOW` on a symlink is ELOOP, with `O_DIRECTORY` ENOTDIR: open(2).)
    """
    if error.errno in (errno.ELOOP, errno.ENOTDIR):
        try:
            mode = os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode
        except OSError as gone:
            return refusal(gone, path, needed)
        return WrongFileType(path=path, found=kind_of(mode), needed=needed)
    return refusal(error, path, needed)


def _descend(root: int, parts: list[bytes], path: str) -> int:
    """A descriptor of the folder at `parts` beneath `root`, no symlink followed."""
    descriptor = os.dup(root)
    for part in parts:
        try:
            deeper = os.open(part, _OPEN_FOLDER_BENEATH, dir_fd=descriptor)
        except OSError as error:
            raise _refusal_at(error, part, descriptor, path, "a path without symbolic links") from None
        finally:
            os.close(descriptor)
        descriptor = deeper
    return descriptor


def open_beneath(root: int, name: bytes, shown: str | None = None) -> OpenedFile:
    """A regular file at a relative path beneath a folder's descriptor, no symlink followed on the way.

    `shown` is what errors call it, if not by that path.
    Raises InvalidField for `..` and the like, FileMissing, WrongFileType, OperatingSystemRefused.
    """
    check_name(name_from_bytes(name))
    path = shown if shown is not None else os.fsdecode(name)
    *folders, last = name.split(b"/")
    folder = _descend(root, folders, path)
    try:
        return open_entry(folder, last, path)
    finally:
        os.close(folder)


def open_entry(folder: int, name: bytes | str, path: str) -> OpenedFile:
    """A regular file that is called `name` in the folder of this descriptor; a symlink is refused.

    `path` is what errors call it. Raises FileMissing, WrongFileType, OperatingSystemRefused.
    """
    try:
        descriptor = os.open(name, _OPEN_BENEATH, dir_fd=folder)
    except OSError as error:
        raise _refusal_at(error, name, folder, path, "a regular file") from None
    return _checked(path, descriptor, typed=False)


def open_folder_beneath(root: int, name: bytes, shown: str | None = None) -> OpenedFile:
    """A folder at a relative path beneath a folder's descriptor, no symlink followed on the way.

    Raises as `open_beneath`.
    """
    check_name(name_from_bytes(name))
    path = shown if shown is not None else os.fsdecode(name)
    descriptor = _descend(root, name.split(b"/"), path)
    return OpenedFile(path, descriptor, os.fstat(descriptor))


class Entry:
    """A file that a walk has come to. What it does works until the walk is asked for the next one.

    `name` is relative to where the walk began, with `/` between its parts; `path` is what errors call it.
    """

    __slots__ = ("_above", "folder", "found", "name")

    def __init__(self, name: bytes, above: str, folder: int, found: os.DirEntry[str]) -> None:
        self.name = name
        self._above = above
        self.folder = folder
        self.found = found

    @property
    def path(self) -> str:
        """Its folder's path and its name."""
        return self._above + self.found.name

    def stat(self) -> os.stat_result:
        """Its stat, without opening it. Raises FileMissing, OperatingSystemRefused."""
        try:
            return self.found.stat(follow_symlinks=False)
        except OSError as error:
            raise refusal(error, self.path) from None

    def open(self) -> OpenedFile:
        """Opens it. Raises FileMissing, WrongFileType, OperatingSystemRefused."""
        return open_entry(self.folder, self.found.name, self.path)

    def descriptor(self) -> int:
        """Opens what it leads to, whatever that is; no symlink. Raises as `open`."""
        try:
            return os.open(self.found.name, _OPEN_BENEATH, dir_fd=self.folder)
        except OSError as error:
            raise _refusal_at(error, self.found.name, self.folder, self.path, "a regular file") from None


@row
class _Level:
    """A folder that a walk is in: its stat before it was listed, and what is left of it, last name first.

    `prefix` (relative to where the walk began) is empty or ends in "/", and `path` ends in "/".
    """

    prefix: bytes
    path: str
    folder: int
    before: Stamp
    left: list[tuple[bytes, os.DirEntry[str]]]


def walk_folder(root: OpenedFile, wanted: Callable[[bytes], bool] | None = None) -> Iterator[Entry]:
    """Every file beneath a folder, in byte order of the names relative to it.

    No symlink is followed: one is refused, as are FIFOs, sockets and devices, so that nothing is
    guessed or silently left out; only folders called `.obs` are passed over, and the files and folders
    whose relative names `wanted` says no to. A folder that gains or loses files during the walk is an
    error. One descriptor is open for each level.

    Raises WrongFileType, FileMissing, FileChanged, OperatingSystemRefused.
    """
    levels = [_listed(b"", os.path.join(root.path, ""), os.dup(root.fd), wanted)]
    try:
        while levels:
            level = levels[-1]
            if not level.left:
                if Stamp.of(os.fstat(level.folder)) != level.before:
                    raise FileChanged(path=level.path, problem="gained or lost files")
                os.close(levels.pop().folder)
                continue
            raw, found = level.left.pop()
            name = level.prefix + raw
            if raw.endswith(b"/"):
                path = level.path + found.name
                try:
                    folder = os.open(found.name, _OPEN_FOLDER_BENEATH, dir_fd=level.folder)
                except OSError as error:
                    raise _refusal_at(error, found.name, level.folder, path, "a folder") from None
                levels.append(_listed(name, f"{path}/", folder, wanted))
            else:
                yield Entry(name, level.path, level.folder, found)
    finally:
        for level in levels:
            os.close(level.folder)


def _listed(prefix: bytes, path: str, folder: int, wanted: Callable[[bytes], bool] | None) -> _Level:
    """Takes over the descriptor of a folder and lists it: files and folders only, last name first.

    A folder's name sorts as if it ended in "/", which puts whole relative names in byte order.
    """
    left: list[tuple[bytes, os.DirEntry[str]]] = []
    try:
        before = Stamp.of(os.fstat(folder))
        with os.scandir(folder) as entries:
            for entry in entries:
                raw = os.fsencode(entry.name)
                if wanted is not None and not wanted(prefix + raw):
                    continue
                if entry.is_file(follow_symlinks=False):
                    pass
                elif entry.is_dir(follow_symlinks=False):
                    if raw == SKIPPED_FOLDER:
                        continue
                    raw += b"/"
                else:
                    mode = entry.stat(follow_symlinks=False).st_mode
                    raise WrongFileType(path=path + entry.name, found=kind_of(mode), needed="a regular file")
                left.append((raw, entry))
    except OSError as error:
        os.close(folder)
        raise refusal(error, path, "a folder") from None
    except WrongFileType:
        os.close(folder)
        raise
    if left and len(prefix) + max(len(raw) for raw, _ in left) > MAX_NAME_BYTES:
        os.close(folder)
        reason = f"the names beneath it have more than {MAX_NAME_BYTES} bytes"
        raise OperatingSystemRefused(action="record", path=f"{path[:200]}…", reason=reason)
    left.sort(key=itemgetter(0), reverse=True)
    return _Level(prefix, path, folder, before, left)
