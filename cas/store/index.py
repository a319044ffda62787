"""The index of the history: `cache/index.sqlite`, which may be deleted at any time.

It says which manifests may be what somebody looks for, so that not all have to be read. It covers the history
up to one manifest, its **head**; what came later is not in it. It is a list of candidates and no more:

    manifests   sequence, id, time, what is said in it; `partial`: there is more than the index holds
    places      the first 8 bytes of a digest -> the manifests that have it: the id of a file object, of a
                tree or of a run, or the SHA-256 of a file's bytes
    members     the first 8 bytes of a file object's id -> those of the trees that hold the file, once a tree
    facts       name -> sequence -> value: a metric, a param, the label, …

So whoever asks reads each object that is named, and believes that. Two digests that begin alike, numbers that
were rounded and texts that were cut give candidates that turn out to be none. What the index does not name
may still be there: a "no" is never taken from it.

Any `sqlite3.Error`, and any row that is not of the form that is written here, means that there is no index
(IndexUnusable). One that was made by other rules, or has a table that is not written here, is made anew.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import TYPE_CHECKING, Final, Literal, Self, TypeAlias

from ..errors import ObsError
from ..format.frozen import row
from ..format.ids import DIGEST_BYTES, ObjectId
from .databases import FOLDER, is_own, open_database
from .files import StoreFiles

if TYPE_CHECKING:
    import sqlite3

Direction = Literal["input", "output", "document", "run"]
Sign = Literal["=", ">=", "<="]
Scalar: TypeAlias = "int | float | str"

MAX_TEXT: Final = 256
"""Characters of a text that are held."""
_VERSION: Final = 1
_DIRECTIONS: Final[tuple[Direction, ...]] = ("input", "output", "document", "run")
_SCHEMA: Final = (
    "CREATE TABLE covered (only INTEGER PRIMARY KEY, head BLOB, size INTEGER)",
    "CREATE TABLE manifests (sequence INTEGER PRIMARY KEY, id BLOB, time TEXT, partial INTEGER, said TEXT)",
    "CREATE INDEX partials ON manifests (sequence) WHERE partial",
    """CREATE TABLE places (content INTEGER, sequence INTEGER, direction INTEGER,
    PRIMARY KEY (content, sequence, direction)) WITHOUT ROWID""",
    "CREATE TABLE trees (tree INTEGER PRIMARY KEY)",
    "CREATE TABLE members (content INTEGER, tree INTEGER, PRIMARY KEY (content, tree)) WITHOUT ROWID",
    "CREATE TABLE names (key INTEGER PRIMARY KEY, name TEXT UNIQUE)",
    """CREATE TABLE facts (name INTEGER, sequence INTEGER, value,
    PRIMARY KEY (name, sequence, value)) WITHOUT ROWID""",
)
_PLACED: Final = (
    "sequence IN (SELECT sequence FROM places WHERE content = ? AND direction {of} UNION ALL "
    "SELECT p.sequence FROM members JOIN places AS p ON p.content = members.tree "
    "WHERE members.content = ? AND p.direction {of})"
)
_FACT: Final = (
    "EXISTS (SELECT 1 FROM facts WHERE name = (SELECT key FROM names WHERE name = ?) "
    "AND facts.sequence = manifests.sequence AND value {sign} ? AND typeof(value) {kind})"
)
_MOST_NAMES: Final = 4096
"""That are remembered while the index is written."""
_STEPS: Final = 100_000
_CACHE_KIB: Final = 16384
_NOT_ITS_FAULT: Final = frozenset({5, 6, 8, 10, 13, 14})
"""SQLITE_BUSY, LOCKED, READONLY, IOERR, FULL, CANTOPEN (sqlite.org/rescode.html): the file may be sound."""


class IndexUnusable(Exception):
    """There is no index that can be believed, or it cannot be read now. Never told to a user."""


@row
class Covered:
    """What the index covers: `size` manifests, from the first to `head`."""

    head: bytes
    size: int


@row
class Row:
    """What the index holds of one manifest. `contents` are ids and SHA-256 digests; `members` those of trees
    that it does not have yet: (id of the tree, ids of the file objects of its files)."""

    sequence: int
    id: ObjectId
    time: str
    said: str
    partial: bool
    contents: Sequence[tuple[bytes, Direction]]
    members: Iterable[tuple[bytes, Iterable[bytes]]]
    facts: Sequence[tuple[str, Scalar]]


@row
class Condition:
    """What SQL can look for: a piece of a WHERE, and its parameters. `has_content` and the like make them."""

    sql: str
    parameters: tuple[Scalar, ...]


def content_key(digest: bytes) -> int:
    """The first 8 bytes of a digest as one of SQLite's integers."""
    return int.from_bytes(digest[:8], "big", signed=True)


def fact_value(value: Scalar) -> Scalar:
    """A value as it is stored: SQLite's integers have 64 bits, and texts are cut."""
    if isinstance(value, str):
        return value[:MAX_TEXT]
    return float(value) if isinstance(value, int) and not -(2**63) <= value < 2**63 else value


def has_content(digest: bytes, directions: Iterable[Direction]) -> Condition:
    """The run has the file or tree of this id, by itself or in a folder (or a file of this SHA-256, by
    itself; or is the run of this id)."""
    numbers = ", ".join(str(_DIRECTIONS.index(direction)) for direction in directions)
    key = content_key(digest)
    return Condition(_PLACED.format(of=f"IN ({numbers})"), (key, key))


def has_fact(name: str, sign: Sign, value: Scalar) -> Condition:
    """The run has a value of this name that compares so. There is no NaN: nothing compares with it."""
    kind = "= 'text'" if isinstance(value, str) else "<> 'text'"
    return Condition(_FACT.format(sign=sign, kind=kind), (name[:MAX_TEXT], fact_value(value)))


def has_time(sign: Sign, time: str) -> Condition:
    """The manifest was recorded at a stored time that compares so."""
    return Condition(f"time {sign} ?", (time,))


def says(text: str) -> Condition:
    """A text is in the message or the trainer's run id, in any case."""
    return Condition("instr(said, ?) > 0", (text.casefold(),))


def any_of(conditions: Sequence[Condition]) -> Condition:
    """At least one of the conditions is met."""
    parameters = (value for condition in conditions for value in condition.parameters)
    return Condition(f"({' OR '.join(condition.sql for condition in conditions)})", tuple(parameters))


class Index:
    """A context: opened (or found unusable) on entering. Every method may raise IndexUnusable."""

    def __init__(self, files: StoreFiles) -> None:
        self._files = files
        self._connection: sqlite3.Connection | None = None
        self._names: dict[str, int] = {}
        self._most_steps = 0
        """Of one query: a hostile file may be a maze, and no honest query takes so many."""

    def __enter__(self) -> Self:
        self._make(anew=False)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    # ------------------------------------------------------------------ asking

    @property
    def covered(self) -> Covered | None:
        """What it covers; None: nothing yet."""
        for found in self._ask("SELECT head, size FROM covered", ()):
            match found:
                case (bytes() as head, int() as size) if size > 0:
                    return Covered(_whole(head), size)
                case _:
                    raise IndexUnusable
        return None

    def candidates(self, conditions: Sequence[Condition], below: int) -> Iterator[ObjectId]:
        """The manifests of a sequence under `below` that may meet all conditions, newest first."""
        where = " AND ".join(("sequence < ?", *(condition.sql for condition in conditions)))
        parameters = [below, *(value for condition in conditions for value in condition.parameters), below]
        rows = "SELECT sequence, id FROM manifests WHERE"
        sql = f"{rows} {where} UNION {rows} partial AND sequence < ? ORDER BY sequence DESC"
        before = below
        for found in self._ask(sql, parameters):
            match found:
                case (int() as sequence, bytes() as raw) if 0 <= sequence < before:
                    before = sequence
                    yield ObjectId(_whole(raw))
                case _:
                    raise IndexUnusable

    def has_tree(self, digest: bytes) -> bool:
        """Whether the members of a tree are known."""
        return bool(list(self._ask("SELECT 1 FROM trees WHERE tree = ?", (content_key(digest),))))

    def _ask(self, sql: str, parameters: Sequence[Scalar]) -> Iterator[tuple[object, ...]]:
        import sqlite3

        database = self._database
        steps = 0

        def is_a_maze() -> bool:
            nonlocal steps
            steps += _STEPS
            return steps > self._most_steps

        try:
            database.set_progress_handler(is_a_maze, _STEPS)
            yield from database.execute(sql, parameters)
        except (sqlite3.Error, OverflowError, UnicodeError):
            raise IndexUnusable from None

    # ------------------------------------------------------------------ writing

    @contextmanager
    def writing(self) -> Generator[None]:
        """A transaction, for one writer at a time: it happens as a whole or not at all."""
        import sqlite3

        database = self._database
        try:
            database.execute("BEGIN IMMEDIATE")
            try:
                yield
                database.execute("COMMIT")
            except BaseException:
                self._names.clear()
                with suppress(sqlite3.Error):
                    database.execute("ROLLBACK")
                raise
        except (sqlite3.Error, OverflowError, UnicodeError):
            raise IndexUnusable from None

    def renew(self) -> None:
        """Begins anew with an empty index."""
        self._make(anew=True)

    def add(self, row: Row) -> None:
        """Adds a manifest, not yet covered. Within `writing`."""
        database, at = self._database, row.sequence
        database.execute(
            "INSERT INTO manifests VALUES (?, ?, ?, ?, ?)",
            (at, row.id.raw, row.time, row.partial, row.said),
        )
        database.executemany(
            "INSERT OR IGNORE INTO places VALUES (?, ?, ?)",
            ((content_key(digest), at, _DIRECTIONS.index(direction)) for digest, direction in row.contents),
        )
        for tree, files in row.members:
            key = content_key(tree)
            database.executemany(
                "INSERT OR IGNORE INTO members VALUES (?, ?)", ((content_key(file), key) for file in files)
            )
            database.execute("INSERT OR IGNORE INTO trees VALUES (?)", (key,))
        database.executemany(
            "INSERT OR IGNORE INTO facts VALUES (?, ?, ?)",
            # (no NaN: SQLite would make it NULL)
            ((self._name(name), at, fact_value(value)) for name, value in row.facts if value == value),
        )

    def cover(self, covered: Covered) -> None:
        """Notes what is covered now. Within `writing`."""
        self._database.execute(
            "INSERT OR REPLACE INTO covered VALUES (0, ?, ?)", (covered.head, covered.size)
        )

    def _name(self, name: str) -> int:
        """The number of a fact's name."""
        name = name[:MAX_TEXT]
        key = self._names.get(name)
        if key is None:
            self._database.execute("INSERT OR IGNORE INTO names (name) VALUES (?)", (name,))
            (key,) = self._database.execute("SELECT key FROM names WHERE name = ?", (name,)).fetchone()
            if len(self._names) >= _MOST_NAMES:
                self._names.clear()
            self._names[name] = key
        return key

    # ------------------------------------------------------------------ the file

    @property
    def _database(self) -> sqlite3.Connection:
        if self._connection is None:
            raise IndexUnusable
        return self._connection

    def _choose(self) -> str | None:
        """The name of this user's index: one that somebody else owns, or may write, is left alone."""
        for name in (f"{FOLDER}/index.sqlite", f"{FOLDER}/index-{os.geteuid()}.sqlite"):
            if is_own(self._files, name):
                return name
        return None

    def _make(self, *, anew: bool) -> None:
        """Opens the index. `anew`, or if it is none of this version: an empty one in its place."""
        import sqlite3

        try:
            self._files.make_folder(FOLDER)
            name = self._choose()
            if name is not None and (anew or not self._open(name)):
                self._remove(name)
                self._open(name)
        except (ObsError, OSError, sqlite3.Error):
            self._close()

    def _open(self, name: str) -> bool:
        """Opens the file. False, and it is closed, if it is no index of this version. Raises sqlite3.Error
        where it is locked, or cannot be read or written."""
        import sqlite3

        database = self._connection = open_database(self._files, name, read_only=False)
        if database is None:
            return True
        self._most_steps = 10_000_000 + 10 * (self._files.size_of(name) or 0)
        try:
            for setting in ("trusted_schema = 0", "cell_size_check = 1", "temp_store = 2"):
                database.execute(f"PRAGMA {setting}")
            database.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
            if not self._found(database):
                database.execute("BEGIN IMMEDIATE")
                if not self._found(database):  # another process may have been faster
                    for statement in _SCHEMA:
                        database.execute(statement)
                    database.execute(f"PRAGMA user_version = {_VERSION}")
                database.execute("COMMIT")
            is_ours = self._is_ours(database)
        except sqlite3.Error as error:
            self._close()
            if getattr(error, "sqlite_errorcode", 0) & 0xFF in _NOT_ITS_FAULT:
                raise
            return False
        if not is_ours:
            self._close()
        return is_ours

    @staticmethod
    def _found(database: sqlite3.Connection) -> bool:
        """Whether there is anything in the file."""
        return database.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone() is not None

    @staticmethod
    def _is_ours(database: sqlite3.Connection) -> bool:
        """Whether the file has exactly what is written above: nothing else in it is ever run."""
        (version,) = database.execute("PRAGMA user_version").fetchone()
        found = "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL LIMIT ?"
        rows = [sql for (sql,) in database.execute(found, (len(_SCHEMA) + 1,))]
        return version == _VERSION and len(rows) == len(_SCHEMA) and set(rows) == set(_SCHEMA)

    def _remove(self, name: str) -> None:
        """Removes an index, and what may be left beside it."""
        self._close()
        for beside in ("", "-journal", "-wal", "-shm"):
            with suppress(OSError):
                self._files.operations.unlink(self._files.root, f"{name}{beside}")

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None


def _whole(digest: bytes) -> bytes:
    if len(digest) != DIGEST_BYTES:
        raise IndexUnusable
    return digest
