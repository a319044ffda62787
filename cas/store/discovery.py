"""Finding a `.obs/`, opening it, making one.

Looking upwards is a risk: on a shared machine somebody else may have put a `.obs/` into a folder
above (git's CVE-2022-24765). So the search stops at a file-system boundary, and a store that
another user owns is opened only if it was named.
"""

from __future__ import annotations

import os
import stat
from typing import Final

from ..errors import ForeignStore, NoStore, UnknownStoreFormat, UnsafeStore
from .files import FileOperations, StoreFiles, refused

FOLDER: Final = ".obs"
FORMAT_FILE: Final = "format"
FORMAT: Final = "obs 1"


def find_upwards(start: str, user: int) -> str:
    """The path of the nearest `.obs/` in `start` or above it.

    `start` is absolute; `user` is the uid of whoever asks. Raises NoStore, ForeignStore, UnsafeStore.
    """
    folder = start
    try:
        device = os.stat(folder).st_dev
        while True:
            path = os.path.join(folder, FOLDER)
            try:
                status = os.lstat(path)
            except (FileNotFoundError, NotADirectoryError):
                parent = os.path.dirname(folder)
                if parent == folder or os.stat(parent).st_dev != device:
                    raise NoStore(start=start) from None
                folder = parent
                continue
            if not stat.S_ISDIR(status.st_mode):
                raise UnsafeStore(path=path, problem="is not a folder; obs follows no links here")
            if status.st_uid != user:
                raise ForeignStore(path=path, owner=status.st_uid)
            return path
    except OSError as error:
        raise refused("look into", folder, error) from None


def find_named(named: str) -> str:
    """The `.obs/` that a user named: the folder itself, or the one that holds it. Raises NoStore."""
    path = named if os.path.basename(os.path.normpath(named)) == FOLDER else os.path.join(named, FOLDER)
    try:
        if not stat.S_ISDIR(os.lstat(path).st_mode):
            raise UnsafeStore(path=path, problem="is not a folder; obs follows no links here")
    except (FileNotFoundError, NotADirectoryError):
        raise NoStore(start=named) from None
    except OSError as error:
        raise refused("look at", path, error) from None
    return path


def open_files(path: str, operations: FileOperations) -> StoreFiles:
    """The files of the store at `path`, after the format gate. Raises UnknownStoreFormat, UnsafeStore."""
    files = StoreFiles(path, operations)
    try:
        data = files.read(FORMAT_FILE, 256)
        found = "nothing" if data is None else data.decode("utf-8", "replace").removesuffix("\n")
        if found != FORMAT:
            raise UnknownStoreFormat(path=files.full(FORMAT_FILE), found=found)
        for name in ("objects", "blobs", "tags", "tmp", "cache"):
            files.folder_exists(name)  # refuses a link in its place
    except BaseException:
        files.close()
        raise
    return files


def create(folder: str, operations: FileOperations) -> tuple[str, bool]:
    """Makes a `.obs/` in `folder` (which is made too, in a folder that is there): its path, and whether it
    was not there before.

    Idempotent: what an interrupted `init` left out is added. The format file comes last, so that a
    half-made store is none. Raises FileMissing, WrongFileType, OperatingSystemRefused.
    """
    from ..errors import FileMissing, WrongFileType

    path = os.path.join(folder, FOLDER)
    if not os.path.lexists(folder):
        _make(folder, operations)
    try:
        above = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except FileNotFoundError:
        raise FileMissing(path=folder) from None
    except NotADirectoryError:
        raise WrongFileType(path=folder, found="a file", needed="a folder") from None
    except OSError as error:
        raise refused("open", folder, error) from None
    try:
        try:
            operations.make_folder(above, FOLDER)
        except FileExistsError:
            pass
        except OSError as error:
            raise refused("make", path, error) from None
        files = StoreFiles(path, operations)
        try:
            return path, _complete(files, above)
        finally:
            files.close()
    finally:
        os.close(above)


def _make(folder: str, operations: FileOperations) -> None:
    """Makes a folder in one that is there, durably. Where that cannot be, opening it says why."""
    parent, name = os.path.split(os.path.normpath(folder))
    try:
        above = os.open(parent or ".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        return
    try:
        operations.make_folder(above, name)
        operations.fsync_folder(above, ".")
    except FileExistsError:
        return  # another process was faster
    except OSError as error:
        raise refused("make", folder, error) from None
    finally:
        os.close(above)


def _complete(files: StoreFiles, above: int) -> bool:
    """Adds what a `.obs/` lacks; whether it was no store before. `above` is the folder that holds it.

    Whoever sees the format file may record and be told that it is done, so that by then `.obs/`
    itself has to be durable in the folder above.
    """
    data = files.read(FORMAT_FILE, 256)
    found = "nothing" if data is None else data.decode("utf-8", "replace").removesuffix("\n")
    if data is not None and found != FORMAT:
        raise UnknownStoreFormat(path=files.full(FORMAT_FILE), found=found)
    for name in ("objects", "blobs", "tags", "tmp"):
        files.make_folder(name)
    files.fsync_folder(".")
    try:
        files.operations.fsync_folder(above, ".")
    except OSError as error:
        raise refused("write", os.path.dirname(files.path), error) from None
    if data is None:
        files.replace(FORMAT_FILE, f"{FORMAT}\n".encode())
    return data is None
