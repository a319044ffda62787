"""Digests of files that are known by their stat: `cache/stat-UID.sqlite`, which may be deleted at any time.

A file whose (device, inode, size, mtime, ctime) is in the cache need not be read again. A time
stamp says nothing about a change within its own tick, so an entry is made only for a file whose
times were older than 2 s when its reading began, on the clock of the file system that holds the
store (git's racy rule, Documentation/technical/racy-git.txt). The times of another file system may
come from another machine's clock: there the margin is 5 minutes.

What it cannot see: a write through a memory map that was made earlier may leave both times alone.
Nothing that proves anything reads this cache. Only the user's own file is believed, if nobody else
may write it, and each row only with its check sum; any `sqlite3.Error` means that there is no cache.
"""

from __future__ import annotations

import os
import stat
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self, TypeAlias

from blake3 import blake3

from ..errors import ObsError
from .files import StoreFiles

if TYPE_CHECKING:
    import sqlite3

Key: TypeAlias = tuple[int, int, int, int, int]
"""device, inode, size in bytes, mtime in ns, ctime in ns."""
Digests: TypeAlias = tuple[bytes, bytes | None]
"""BLAKE3, and SHA-256 where it was computed."""

FOLDER: Final = "cache"
SAME_CLOCK_MARGIN_NS: Final = 2 * 10**9
OTHER_CLOCK_MARGIN_NS: Final = 300 * 10**9
_SCHEMA: Final = (
    "CREATE TABLE IF NOT EXISTS known (device INTEGER, inode INTEGER, size INTEGER, mtime INTEGER, "
    "ctime INTEGER, blake3 BLOB, sha256 BLOB, checksum BLOB, PRIMARY KEY (device, inode)) WITHOUT ROWID"
)
_SELECT: Final = (
    "SELECT size, mtime, ctime, blake3, sha256, checksum FROM known WHERE device = ? AND inode = ?"
)


def _signed(number: int) -> int:
    """SQLite's integers are signed, devices and inodes are not."""
    return number - 2**64 if number >= 2**63 else number


def _checksum(key: Key, digests: Digests) -> bytes:
    return blake3(repr((key, digests)).encode()).digest(8)


class StatCache:
    """A context: opened (or found unusable) on entering, written on leaving."""

    def __init__(self, files: StoreFiles) -> None:
        self._files = files
        self._database: sqlite3.Connection | None = None
        self._new: list[tuple[Key, Digests]] = []
        self._now_ns = 0

    def __enter__(self) -> Self:
        import sqlite3

        try:
            self._files.make_folder(FOLDER)
            self._now_ns = self._clock()
            path = self._path()
            if path is not None:
                self._database = sqlite3.connect(path, timeout=1.0, isolation_level=None)
                self._database.execute(_SCHEMA)
        except (ObsError, OSError, sqlite3.Error):
            self._forget()  # a store on a read-only mount, or a damaged cache: everything is read again
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        import sqlite3

        try:
            if self._database is not None and self._new and error is None:
                rows = [
                    (_signed(key[0]), _signed(key[1]), *key[2:], *digests, _checksum(key, digests))
                    for key, digests in self._new
                ]
                self._database.execute("PRAGMA synchronous = OFF")  # the check sums find a torn write
                self._database.execute("BEGIN IMMEDIATE")
                self._database.executemany("INSERT OR REPLACE INTO known VALUES (?,?,?,?,?,?,?,?)", rows)
                self._database.execute("COMMIT")
        except (sqlite3.Error, OverflowError):
            pass  # what could not be remembered is read again
        finally:
            if self._database is not None:
                self._database.close()
            self._database = None

    def find(self, key: Key) -> Digests | None:
        """The digests of the file with this stat, None if they are not known for certain."""
        if self._database is None:
            return None
        import sqlite3

        try:
            row = self._database.execute(_SELECT, (_signed(key[0]), _signed(key[1]))).fetchone()
        except (sqlite3.Error, OverflowError):
            self._forget()
            return None
        if row is None or row[:3] != key[2:]:
            return None
        digests: Digests = (row[3], row[4])
        return digests if row[5] == _checksum(key, digests) else None

    def remember(self, key: Key, digests: Digests) -> None:
        """Notes the digests of a file that was read after this cache was opened."""
        same = key[0] == self._files.status.st_dev
        margin = SAME_CLOCK_MARGIN_NS if same else OTHER_CLOCK_MARGIN_NS
        if max(key[3], key[4]) < self._now_ns - margin:
            self._new.append((key, digests))

    def _forget(self) -> None:
        if self._database is not None:
            self._database.close()
        self._database = None

    def _clock(self) -> int:
        """What the store's file system says the time is: the mtime of a file made just now."""
        name, descriptor = self._files.new_temporary()
        try:
            return os.fstat(descriptor).st_mtime_ns
        finally:
            os.close(descriptor)
            self._files.discard(name)

    def _path(self) -> str | None:
        """The cache's path, None if somebody else owns it or may write it."""
        user = os.geteuid()
        name = f"{FOLDER}/stat-{user}.sqlite"
        if self._files.size_of(name) is None:
            os.close(os.open(name, os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600, dir_fd=self._files.root))
        # A journal too: one that looks unfinished is rolled back into the database when that is opened.
        for beside in (name, f"{name}-journal", f"{name}-wal"):
            try:
                status = os.stat(beside, dir_fd=self._files.root, follow_symlinks=False)
            except FileNotFoundError:
                continue
            if status.st_uid != user or stat.S_IMODE(status.st_mode) & 0o022:
                return None
        return self._files.full(name)
