"""Digests of files that are known by their stat: `cache/stat-UID.sqlite`, which may be deleted at any time.

A file whose (device, inode, size, mtime, ctime) is in the cache need not be read again. A time
stamp says nothing about a change within its own tick, so an entry is made only for a file whose
times were older than 2 s when its reading began, on the clock of the file system that holds the
store (git's racy rule, Documentation/technical/racy-git.txt). The times of another file system may
come from another machine's clock: there the margin is 5 minutes.

Files that were made together have inodes that lie together, so entries are kept in pages of 1,024
inodes: a folder of 20,000 files is some twenty rows, and asking for one file costs a look into a dict.

    row   device, inode // 1024, check sum,
          MessagePack [[inode, size, mtime, ctime, blake3, sha256 or nil], …]

What was made of files need not be made again where the same is asked for: `answers` has what is to be known
of it, by a digest of all that it depends on. For a folder in one state (a digest of the names and stats of
its files) that is the id of its tree; for a table (its bytes, and how they were read) the id of its content,
or why it has none.

What it cannot see: a write through a memory map that was made earlier may leave both times alone.
Nothing that proves anything reads this cache. Only the user's own file is believed, if nobody else
may write it, and each row only with its check sum; any `sqlite3.Error` means that there is no cache.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from struct import Struct, error
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self, TypeAlias

import msgpack
from blake3 import blake3

from ..errors import ObsError
from .databases import FOLDER, open_database
from .files import StoreFiles

if TYPE_CHECKING:
    import sqlite3

Key: TypeAlias = tuple[int, int, int, int, int]
"""device, inode, size in bytes, mtime in ns, ctime in ns."""
Digests: TypeAlias = tuple[bytes, bytes | None]
"""BLAKE3, and SHA-256 where it was computed."""

SAME_CLOCK_MARGIN_NS: Final = 2 * 10**9
OTHER_CLOCK_MARGIN_NS: Final = 300 * 10**9
_INODES: Final = 1024
"""Of one page."""
_MOST_PAGES: Final = 64
"""That are held: 65,536 entries, some 30 MB."""
_MOST_PAGE_BYTES: Final = 256 * _INODES
_MOST_ANSWER_BYTES: Final = 4096
_PAGES: Final = (
    "CREATE TABLE IF NOT EXISTS pages "
    "(device INTEGER, number INTEGER, entries BLOB, checksum BLOB, PRIMARY KEY (device, number)) "
    "WITHOUT ROWID"
)
_ANSWERS: Final = (
    "CREATE TABLE IF NOT EXISTS answers (asked BLOB PRIMARY KEY, answer BLOB, checksum BLOB) WITHOUT ROWID"
)
_SELECT: Final = "SELECT entries, checksum FROM pages WHERE device = ? AND number = ?"
_INSERT: Final = "INSERT OR REPLACE INTO pages VALUES (?, ?, ?, ?)"
_SELECT_ANSWER: Final = "SELECT answer, checksum FROM answers WHERE asked = ?"
_NEW: Final = Struct("<QQQqq?32s32s")
"""A new entry: key, whether there is a SHA-256, digests."""
_INSERT_ANSWER: Final = "INSERT OR REPLACE INTO answers VALUES (?, ?, ?)"

_Place: TypeAlias = tuple[int, int]
"""device, number of the page."""
_Page: TypeAlias = dict[int, tuple[Key, Digests]]
"""inode -> the stat that the file had, and its digests."""


def _place(key: Key) -> _Place:
    return key[0], key[1] // _INODES


def _signed(number: int) -> int:
    """SQLite's integers are signed, devices are not."""
    return number - 2**64 if number >= 2**63 else number


def _checksum(place: _Place, entries: bytes) -> bytes:
    return blake3(b"%d %d " % place + entries).digest(16)


def _answer_checksum(asked: bytes, answer: bytes) -> bytes:
    return blake3(b"answer " + asked + answer).digest(16)


def _packed(page: _Page) -> bytes:
    rows = [[*key[1:], *digests] for key, digests in page.values()]
    return msgpack.packb(rows, use_bin_type=True)


def _unpacked(device: int, entries: bytes) -> _Page:
    """The inverse, for bytes whose check sum was right."""
    rows = msgpack.unpackb(entries, raw=False, max_array_len=_INODES, max_ext_len=0)
    return {row[0]: ((device, *row[:4]), (row[4], row[5])) for row in rows}


class StatCache:
    """A context: opened (or found unusable) on entering, written on leaving."""

    def __init__(self, files: StoreFiles, *, read_only: bool = False) -> None:
        """`read_only`: nothing is written, not even the cache, and what is remembered is forgotten."""
        self._files = files
        self._read_only = read_only
        self._device = files.status.st_dev
        self._database: sqlite3.Connection | None = None
        self._pages: dict[_Place, _Page] = {}
        self._new: dict[_Place, bytearray] = {}  # packed, for there may be very many
        self._new_answers: list[tuple[bytes, bytes]] = []
        self._now_ns = 0

    def __enter__(self) -> Self:
        import sqlite3

        try:
            if not self._read_only:
                self._files.make_folder(FOLDER)
                self._now_ns = self._clock()
            name = f"{FOLDER}/stat-{os.geteuid()}.sqlite"
            self._database = open_database(self._files, name, read_only=self._read_only)
            if self._database is not None and not self._read_only:
                self._database.execute("PRAGMA synchronous = OFF")  # the check sums find a torn write
                for table in (_PAGES, _ANSWERS):
                    self._database.execute(table)
        except (ObsError, OSError, sqlite3.Error):
            self._forget()  # a store on a read-only mount, or a damaged cache: everything is read again
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        import sqlite3

        try:
            changed = (self._new or self._new_answers) and not self._read_only
            if self._database is not None and changed and error is None:
                self._database.execute("BEGIN IMMEDIATE")
                self._database.executemany(_INSERT, self._changed_rows())
                rows = [
                    (asked, answer, _answer_checksum(asked, answer)) for asked, answer in self._new_answers
                ]
                self._database.executemany(_INSERT_ANSWER, rows)
                self._database.execute("COMMIT")
        except (sqlite3.Error, OverflowError):
            pass  # what could not be remembered is read again
        finally:
            if self._database is not None:
                self._database.close()
            self._database = None

    def find(self, key: Key) -> Digests | None:
        """The digests of the file with this stat, None if they are not known for certain."""
        place = _place(key)
        page = self._pages.get(place)
        if page is None:
            page = self._load(place)
        known = page.get(key[1])
        return known[1] if known is not None and known[0] == key else None

    @property
    def is_empty(self) -> bool:
        """Nothing is known yet, so that it is not worth asking."""
        if self._database is None:
            return True
        import sqlite3

        try:
            return self._database.execute("SELECT 1 FROM pages LIMIT 1").fetchone() is None
        except sqlite3.Error:
            self._forget()
            return True

    def remember(self, key: Key, digests: Digests) -> bool:
        """Notes the digests of a file that was read after this cache was opened; False if it is too young."""
        if not self.is_settled(key):
            return False
        blake3_digest, sha256 = digests
        try:
            row = _NEW.pack(*key, sha256 is not None, blake3_digest, sha256 or b"")
        except error:  # a size or time of more than 64 bits
            return False
        place = _place(key)
        rows = self._new.get(place)
        if rows is None:
            self._new[place] = bytearray(row)
        else:
            rows += row
        return True

    def is_settled(self, key: Key) -> bool:
        """Whether a file was so old when this cache was opened that its stat tells of a later change."""
        margin = SAME_CLOCK_MARGIN_NS if key[0] == self._device else OTHER_CLOCK_MARGIN_NS
        newest = self._now_ns - margin
        return key[3] < newest and key[4] < newest

    def find_answer(self, asked: bytes) -> bytes | None:
        """The answer to what `asked` is a digest of, at most 4 KiB; None if it is not known."""
        if self._database is None:
            return None
        import sqlite3

        try:
            row = self._database.execute(_SELECT_ANSWER, (asked,)).fetchone()
        except sqlite3.Error:
            self._forget()
            return None
        if row is None or not isinstance(row[0], bytes) or len(row[0]) > _MOST_ANSWER_BYTES:
            return None
        return row[0] if row[1] == _answer_checksum(asked, row[0]) else None

    def remember_answer(self, asked: bytes, answer: bytes) -> None:
        """Notes an answer; about a folder only if every file was found here or could be remembered."""
        self._new_answers.append((asked, answer))

    def _load(self, place: _Place) -> _Page:
        """A page as it is stored; an empty one where there is none that can be believed."""
        page = self._read(place)
        if len(self._pages) >= _MOST_PAGES:
            del self._pages[next(iter(self._pages))]  # the one that was loaded first
        self._pages[place] = page
        return page

    def _read(self, place: _Place) -> _Page:
        if self._database is None:
            return {}
        import sqlite3

        try:
            row = self._database.execute(_SELECT, (_signed(place[0]), place[1])).fetchone()
        except (sqlite3.Error, OverflowError):
            self._forget()
            return {}
        if row is None or not isinstance(row[0], bytes) or len(row[0]) > _MOST_PAGE_BYTES:
            return {}
        return _unpacked(place[0], row[0]) if row[1] == _checksum(place, row[0]) else {}

    def _changed_rows(self) -> Iterator[tuple[int, int, bytes, bytes]]:
        """The pages that have new entries, as they are now (under the lock of the database) with these."""
        for place, rows in self._new.items():
            page = self._read(place)
            for device, inode, size, mtime, ctime, has_sha256, digest, sha256 in _NEW.iter_unpack(rows):
                key: Key = (device, inode, size, mtime, ctime)
                page[inode] = key, (digest, sha256 if has_sha256 else None)
            entries = _packed(page)
            yield _signed(place[0]), place[1], entries, _checksum(place, entries)

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
