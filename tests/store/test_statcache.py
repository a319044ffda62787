"""The stat cache: what it believes, what it does not, and the one thing that it cannot see."""

from __future__ import annotations

import mmap
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from blake3 import blake3
from faultlayer import QuickOperations
from obs.cas.api import fingerprint
from obs.cas.format.objects import object_id
from obs.cas.operations.reader import WORTH_CACHING_BYTES
from obs.cas.operations.requests import Named, RecordRequest
from obs.cas.store.statcache import OTHER_CLOCK_MARGIN_NS, SAME_CLOCK_MARGIN_NS, Digests, Key
from obs.cas.store.store import Store
from smallruns import again, checked, history, make_run, make_store, record_run

SECOND = 10**9
DIGESTS: Digests = (b"\x01" * 32, b"\x02" * 32)


class LaterOperations(QuickOperations):
    """On this file system it is an hour later: whatever was written before is old enough."""

    def create(self, root: int, name: str) -> int:
        """With times that lie ahead."""
        descriptor = super().create(root, name)
        later = os.fstat(descriptor).st_mtime_ns + 3600 * SECOND
        os.utime(descriptor, ns=(later, later))
        return descriptor


@pytest.fixture
def obs_folder(tmp_path: Path) -> str:
    return make_store(str(tmp_path / "home"), QuickOperations())


def old_key(obs_folder: str, *, inode: int = 7) -> Key:
    """Of a file on the store's file system that nobody has changed for long."""
    return (os.stat(obs_folder).st_dev, inode, 100, SECOND, SECOND)


def remember(obs_folder: str, *pairs: tuple[Key, Digests]) -> None:
    with Store.open(obs_folder, QuickOperations()) as store, store.stat_cache() as cache:
        for key, digests in pairs:
            cache.remember(key, digests)


def find(obs_folder: str, key: Key) -> Digests | None:
    with Store.open(obs_folder, QuickOperations()) as store, store.stat_cache() as cache:
        return cache.find(key)


def database(obs_folder: str) -> str:
    return os.path.join(obs_folder, "cache", f"stat-{os.geteuid()}.sqlite")


def key_of(path: Path) -> Key:
    status = os.stat(path)
    return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)


def wait_for_a_tick(folder: Path) -> None:
    """Until the file system's clock has moved on: a change within one tick has the same time."""
    probe = folder / "probe"
    probe.write_bytes(b"")
    begun = os.stat(probe).st_ctime_ns
    while os.stat(probe).st_ctime_ns == begun:
        os.chmod(probe, 0o600)
    probe.unlink()


# --------------------------------------------------------------------------- what is believed


def test_what_was_remembered_is_found_by_the_whole_stat(obs_folder: str) -> None:
    key = old_key(obs_folder)
    remember(obs_folder, (key, DIGESTS), (old_key(obs_folder, inode=99), (b"\x03" * 32, None)))
    assert find(obs_folder, key) == DIGESTS
    assert find(obs_folder, old_key(obs_folder, inode=99)) == (b"\x03" * 32, None)
    for at in range(5):
        changed = list(key)
        changed[at] += 1
        assert find(obs_folder, (changed[0], changed[1], changed[2], changed[3], changed[4])) is None


def test_the_newest_state_of_a_file_replaces_the_older(obs_folder: str) -> None:
    device, inode, size, mtime, ctime = old_key(obs_folder)
    remember(obs_folder, ((device, inode, size, mtime, ctime), DIGESTS))
    remember(obs_folder, ((device, inode, size, mtime, ctime + 1), (b"\x04" * 32, None)))
    assert find(obs_folder, (device, inode, size, mtime, ctime)) is None
    assert find(obs_folder, (device, inode, size, mtime, ctime + 1)) == (b"\x04" * 32, None)


@pytest.mark.parametrize("number", [2**63 - 1, 2**63, 2**64 - 1])
def test_devices_and_inodes_may_be_as_large_as_they_come(obs_folder: str, number: int) -> None:
    remember(obs_folder, ((number, number, 1, 1, 1), DIGESTS))
    assert find(obs_folder, (number, number, 1, 1, 1)) == DIGESTS


def test_a_time_or_size_that_no_database_holds_is_no_error(obs_folder: str) -> None:
    remember(obs_folder, ((1, 1, 2**70, 1, 1), DIGESTS))
    assert find(obs_folder, (1, 1, 2**70, 1, 1)) is None


@pytest.mark.parametrize("which", ["mtime", "ctime"])
@pytest.mark.parametrize(
    ("same_clock", "margin"), [(True, SAME_CLOCK_MARGIN_NS), (False, OTHER_CLOCK_MARGIN_NS)]
)
def test_a_file_that_was_just_changed_is_not_remembered(
    obs_folder: str, which: str, *, same_clock: bool, margin: int
) -> None:
    """The racy rule: a later change within the same tick would have the same time."""
    clock: list[int] = []

    class Clock(QuickOperations):
        def create(self, root: int, name: str) -> int:
            descriptor = super().create(root, name)
            clock.append(os.fstat(descriptor).st_mtime_ns)
            return descriptor

    device = os.stat(obs_folder).st_dev + (not same_clock)

    def key(inode: int, changed: int) -> Key:
        return (device, inode, 5, changed, 1) if which == "mtime" else (device, inode, 5, 1, changed)

    with Store.open(obs_folder, Clock()) as store:
        with store.stat_cache() as cache:
            now = clock[-1]
            for inode, age in enumerate((-SECOND, 0, margin - 1, margin, margin + 1)):
                cache.remember(key(inode, now - age), DIGESTS)
        with store.stat_cache() as cache:
            for inode, age in enumerate((-SECOND, 0, margin - 1, margin, margin + 1)):
                assert (cache.find(key(inode, now - age)) is not None) == (age > margin)


def test_nothing_is_remembered_of_what_failed(obs_folder: str) -> None:
    key = old_key(obs_folder)

    def interrupted() -> None:
        with Store.open(obs_folder, QuickOperations()) as store, store.stat_cache() as cache:
            cache.remember(key, DIGESTS)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert find(obs_folder, key) is None


# --------------------------------------------------------------------------- what is not


def _scribble(path: str) -> None:
    with open(path, "r+b") as opened:
        opened.write(b"this is no database, and never was one. " * 10)


def _cut(path: str) -> None:
    os.truncate(path, os.path.getsize(path) // 2)


def _another_schema(path: str) -> None:
    os.remove(path)
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE pages (something TEXT)")
    other.commit()
    other.close()
    os.chmod(path, 0o600)


def _link(path: str) -> None:
    os.rename(path, path + "-moved")
    os.symlink(path + "-moved", path)


def _folder(path: str) -> None:
    os.remove(path)
    os.mkdir(path)


def _group_may_write(path: str) -> None:
    os.chmod(path, 0o620)


def _all_may_write(path: str) -> None:
    os.chmod(path, 0o602)


def _anothers(path: str) -> None:
    if os.geteuid() == 0:
        os.chown(path, 40001, -1)
    else:  # nobody else can give it away: what another user could have done to it then
        os.chmod(path, 0o666)


def _forged(path: str) -> None:
    other = sqlite3.connect(path)
    entries = bytes(other.execute("SELECT entries FROM pages").fetchone()[0])
    other.execute("UPDATE pages SET entries = ?", (entries.replace(DIGESTS[0], b"\x66" * 32),))
    other.commit()
    other.close()


def _other_types(path: str) -> None:
    other = sqlite3.connect(path)
    other.execute("UPDATE pages SET entries = 'text', checksum = 1.5")
    other.commit()
    other.close()


@pytest.mark.parametrize(
    "damage",
    [
        _scribble,
        _cut,
        _another_schema,
        _link,
        _folder,
        _group_may_write,
        _all_may_write,
        _anothers,
        _forged,
        _other_types,
    ],
)
def test_a_cache_that_cannot_be_trusted_is_none(
    obs_folder: str, tmp_path: Path, damage: Callable[[str], None]
) -> None:
    key = old_key(obs_folder)
    remember(obs_folder, (key, DIGESTS))
    assert find(obs_folder, key) == DIGESTS
    damage(database(obs_folder))
    assert find(obs_folder, key) is None
    request = again(make_run(str(tmp_path / "run")), cache=True)
    assert record_run(obs_folder, request, QuickOperations()).created
    assert os.listdir(os.path.join(obs_folder, "tmp")) == []


def test_a_journal_that_somebody_else_left_is_not_rolled_back(obs_folder: str, tmp_path: Path) -> None:
    """A hot journal puts its own pages into the database, so that it has to be as trusted as that."""
    key = old_key(obs_folder)
    forged: Digests = (b"\x66" * 32, None)
    remember(obs_folder, (key, forged))
    path, journal = database(obs_folder), database(obs_folder) + "-journal"
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("PRAGMA synchronous = OFF")
    other.execute("BEGIN IMMEDIATE")
    other.execute("DELETE FROM pages")
    left = Path(journal).read_bytes()
    other.execute("COMMIT")
    other.close()
    remember(obs_folder, (key, DIGESTS))

    def plant(mode: int) -> None:
        Path(journal).write_bytes(left)
        os.chmod(journal, mode)

    plant(0o666)
    if os.geteuid() == 0:
        os.chown(journal, 40001, -1)
    assert find(obs_folder, key) is None
    plant(0o600)
    if os.geteuid() == 0:
        os.chown(journal, 0, -1)
    assert find(obs_folder, key) == forged  # it was one: what a crash of the user's own leaves is rolled back


def test_a_damaged_row_is_replaced_by_the_next_reading(obs_folder: str) -> None:
    key = old_key(obs_folder)
    remember(obs_folder, (key, DIGESTS))
    _forged(database(obs_folder))
    remember(obs_folder, (key, DIGESTS))
    assert find(obs_folder, key) == DIGESTS


def test_only_its_user_may_read_it(obs_folder: str) -> None:
    before = os.umask(0)
    try:
        remember(obs_folder, (old_key(obs_folder), DIGESTS))
    finally:
        os.umask(before)
    assert os.stat(database(obs_folder)).st_mode & 0o777 == 0o600


# --------------------------------------------------------------------------- in a record


class Repeated:
    """The same run recorded again and again, with the cache, on a file system where it is later."""

    def __init__(self, obs_folder: str, folder: Path) -> None:
        self.request = again(make_run(str(folder)), cache=True, force=True)
        self.data = folder / "data.csv"
        os.truncate(self.data, WORTH_CACHING_BYTES)  # no bytes on the disk
        self._obs_folder = obs_folder

    def record(self) -> int:
        """How many of the dataset's digests came from the cache. They are right in any case."""
        done = record_run(self._obs_folder, self.request, LaterOperations())
        data = self.data.read_bytes()
        assert (done.datasets[0].size, str(done.datasets[0].blake3)) == (len(data), blake3(data).hexdigest())
        note = history(self._obs_folder)[0].manifest.note_of("data")
        assert note is not None
        return note.cached


@pytest.fixture
def repeated(obs_folder: str, tmp_path: Path) -> Repeated:
    return Repeated(obs_folder, tmp_path / "run")


def test_an_unchanged_dataset_is_read_once(repeated: Repeated) -> None:
    assert [repeated.record() for _ in range(3)] == [0, 1, 1]


def test_a_young_dataset_is_read_again(obs_folder: str, repeated: Repeated) -> None:
    for _ in range(2):
        record_run(obs_folder, repeated.request, QuickOperations())
        note = history(obs_folder)[0].manifest.note_of("data")
        assert note is not None
        assert note.cached == 0


def test_a_rewrite_of_the_same_size_with_the_mtime_put_back_is_noticed(
    repeated: Repeated, tmp_path: Path
) -> None:
    repeated.record()
    assert repeated.record() == 1
    before = os.stat(repeated.data)
    wait_for_a_tick(tmp_path)
    with open(repeated.data, "r+b") as opened:
        opened.write(b"x,y\n7,7")
    os.utime(repeated.data, ns=(before.st_atime_ns, before.st_mtime_ns))
    after = os.stat(repeated.data)
    assert (after.st_size, after.st_mtime_ns, after.st_ino) == (
        before.st_size,
        before.st_mtime_ns,
        before.st_ino,
    )
    assert repeated.record() == 0


def test_another_file_moved_into_its_place_is_noticed(repeated: Repeated, tmp_path: Path) -> None:
    repeated.record()
    before = os.stat(repeated.data)
    other = tmp_path / "other"
    other.write_bytes(repeated.data.read_bytes().replace(b"0", b"9"))
    os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
    os.replace(other, repeated.data)
    assert repeated.record() == 0


class RepeatedFolder:
    """The same folder recorded again and again, with the cache, on a file system where it is later."""

    def __init__(self, obs_folder: str, folder: Path, count: int = 5) -> None:
        self.data = folder / "images"
        self.model = folder / "model.pkl"
        self.obs_folder = obs_folder
        self.data.mkdir(parents=True)
        for number in range(count):
            (self.data / f"{number:04}").write_bytes(b"image %d" % number)
        self.model.write_bytes(b"a model")

    def record(self) -> int:
        """How many digests came from the cache. The tree is right in any case, and all of it is there."""
        request = RecordRequest(
            obs_version="0",
            datasets=(Named(path=str(self.data)),),
            model=Named(path=str(self.model)),
            cache=True,
            force=True,
        )
        done = record_run(self.obs_folder, request, LaterOperations())
        assert done.datasets[0].id == object_id(fingerprint(self.data))
        assert checked(self.obs_folder).problems == ()
        note = history(self.obs_folder)[0].manifest.note_of("data")
        assert note is not None
        return note.cached

    def stored(self, kind: str) -> list[Path]:
        """The files of all objects of a kind."""
        with Store.open(self.obs_folder) as store:
            pairs = [(one, store.objects.find(one)) for one in store.objects.ids()]
        found = [one for one, read in pairs if read is not None and kind == read[0].KIND]
        return [Path(self.obs_folder, "objects", one.hex[:2], one.hex[2:]) for one in found]


@pytest.fixture
def images(obs_folder: str, tmp_path: Path) -> RepeatedFolder:
    return RepeatedFolder(obs_folder, tmp_path / "run")


def test_an_unchanged_folder_is_read_once(images: RepeatedFolder) -> None:
    assert [images.record() for _ in range(3)] == [0, 5, 5]


def test_of_a_folder_only_what_changed_is_read_again(images: RepeatedFolder, tmp_path: Path) -> None:
    images.record()
    wait_for_a_tick(tmp_path)
    before = os.stat(images.data / "0003")
    (images.data / "0003").write_bytes(b"IMAGE 3")
    os.utime(images.data / "0003", ns=(before.st_atime_ns, before.st_mtime_ns))
    assert images.record() == 4
    (images.data / "0000").rename(images.data / "9")
    assert images.record() in (4, 5)  # a rename may count as a change of the file
    (images.data / "more").write_bytes(b"more")
    (images.data / "0001").unlink()
    assert images.record() == 4


@pytest.mark.parametrize("kind", ["tree", "part"])
def test_a_tree_that_the_cache_knows_and_the_store_lost_is_made_anew(
    obs_folder: str, tmp_path: Path, kind: str
) -> None:
    images = RepeatedFolder(obs_folder, tmp_path / "run", 4097)
    images.record()
    for path in images.stored(kind):
        path.unlink()
    assert images.record() == 4097
    assert len(images.stored("part")) == 2


def test_an_artifact_that_is_a_file_of_a_known_folder_is_not_kept(images: RepeatedFolder) -> None:
    images.record()
    images.model.write_bytes((images.data / "0002").read_bytes())
    assert images.record() == 5
    kept = Path(images.obs_folder, "blobs")
    digits = blake3(images.model.read_bytes()).hexdigest()
    assert not (kept / digits[:2] / digits[2:]).exists()


def test_a_write_through_an_old_memory_map_is_not_seen(obs_folder: str, tmp_path: Path) -> None:
    """The limit of every cache that goes by the stat, shown here so that nobody is surprised.

    A page that is mapped and dirty already can be written again without a system call, and neither
    time moves until the kernel has written it back. `--no-cache` reads every byte, and so does `verify`.
    """
    path = tmp_path / "data.csv"
    path.write_bytes(b"x,y\n1,0\n")
    with open(path, "r+b") as opened, mmap.mmap(opened.fileno(), 0) as mapped:
        mapped[4:5] = b"2"  # the times move here
        key = key_of(path)
        digests: Digests = (blake3(path.read_bytes()).digest(), None)
        with Store.open(obs_folder, LaterOperations()) as store, store.stat_cache() as cache:
            cache.remember(key, digests)
        wait_for_a_tick(tmp_path)
        mapped[4:5] = b"3"
        assert path.read_bytes() == b"x,y\n3,0\n"
        assert key_of(path) == key
        assert find(obs_folder, key) == digests
        assert digests[0] != blake3(path.read_bytes()).digest()
