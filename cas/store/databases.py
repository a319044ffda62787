"""SQLite files under `cache/`: which of them may be opened.

Whoever opens a database runs what stands in it (views, triggers), and an unfinished journal beside it is
rolled back into it. So only a regular file is opened that is the user's own and that nobody else may write,
and whose journal is the same. SQLite is never the truth: any error of it means that there is no cache.
"""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, Final

from .files import StoreFiles

if TYPE_CHECKING:
    import sqlite3

FOLDER: Final = "cache"
_BESIDE: Final = ("", "-journal", "-wal", "-shm")
_TIMEOUT_SECONDS: Final = 1.0


def is_own(files: StoreFiles, name: str) -> bool:
    """Whether the file `name` and its journals, those that are there, are believed. Raises OSError."""
    for beside in _BESIDE:
        try:
            status = os.stat(f"{name}{beside}", dir_fd=files.root, follow_symlinks=False)
        except FileNotFoundError:
            continue
        if not stat.S_ISREG(status.st_mode) or status.st_uid != os.geteuid():
            return False
        if stat.S_IMODE(status.st_mode) & 0o022:
            return False
    return True


def open_database(files: StoreFiles, name: str, *, read_only: bool) -> sqlite3.Connection | None:
    """The database, made if it is not there; None if it is not believed (`read_only`: or not there).

    Transactions are the caller's. Raises ObsError, OSError, sqlite3.Error.
    """
    import sqlite3

    if files.size_of(name) is None:
        if read_only:
            return None
        flags = os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        os.close(os.open(name, flags, 0o600, dir_fd=files.root))
    if not is_own(files, name):
        return None
    place = f"{_uri(files.full(name))}?mode={'ro' if read_only else 'rw'}"
    return sqlite3.connect(place, timeout=_TIMEOUT_SECONDS, isolation_level=None, uri=True)


def _uri(path: str) -> str:
    """The URI of a file, by the rules of https://www.sqlite.org/uri.html (urllib takes long to import)."""
    absolute = "/" + os.path.abspath(path).lstrip("/")  # two at the beginning would begin a host's name
    return "file:" + absolute.replace("%", "%25").replace("?", "%3f").replace("#", "%23")
