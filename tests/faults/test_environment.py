"""A full disk, a read-only mount, missing rights, and files that change while they are read.

Each is an error with a sentence and a remedy, the store is as it was, and nothing is left under tmp/.
"""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from childruns import Identity, outcome_as, read_all, record_one, record_under_limits
from faultlayer import QuickOperations, Tree, read_tree
from obs.cas.errors import FileChanged, ObsError, OperatingSystemRefused
from obs.cas.operations.record import record
from obs.cas.store.discovery import create, find_upwards
from obs.cas.store.store import Store
from smallruns import ENVIRONMENT, again, assert_sound, error_of, make_run, make_store, record_run

IS_ROOT = os.geteuid() == 0
STRANGER = Identity(user=40001 if IS_ROOT else None, group=40000 if IS_ROOT else None)
"""Somebody without rights; who is not root is that somebody already, once a mode bit was taken away."""
DISK_BYTES = 4 << 20


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that other users can reach, which pytest's own are not."""
    folder = tempfile.mkdtemp(prefix="obs-test-")
    os.chmod(folder, 0o755)
    yield Path(folder)
    for place, _, _ in os.walk(folder):
        os.chmod(place, 0o755)
    shutil.rmtree(folder)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path | None]:
    """A file system of 4 MiB, or None where this user may mount none."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES},mode=0755", "tmpfs", str(place)]
    try:
        mounted = subprocess.run(mount, capture_output=True, check=False).returncode == 0
    except OSError:
        mounted = False
    if not mounted:
        yield None
        return
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)


def leftovers(obs_folder: str) -> list[str]:
    return os.listdir(os.path.join(obs_folder, "tmp"))


# --------------------------------------------------------------------------- no room


@pytest.mark.parametrize("cache", [True, False], ids=["cache", "no-cache"])
def test_a_limit_on_file_sizes(tmp_path: Path, *, cache: bool) -> None:
    obs_folder = make_store(str(tmp_path))
    old = record_run(obs_folder, make_run(str(tmp_path / "old"), data=1, model=1)).run.hex
    request = again(make_run(str(tmp_path / "run"), model_bytes=5000), cache=cache)
    limits = [0, 1, 16, 23, 64, 65, 66, 100, 300, 400, 1000, 4096, 4999]
    code, answers = outcome_as(
        Identity(), partial(record_under_limits, obs_folder, request, [*limits, 50000])
    )
    assert code == "done"
    assert isinstance(answers, list)
    hint = "a limit on file sizes was hit; nothing was recorded"
    assert answers == [("OS_REFUSED", hint)] * len(limits) + [("done", None)]
    assert leftovers(obs_folder) == []
    assert len(assert_sound(obs_folder, recorded={old})) == 2


def test_init_under_a_limit_on_file_sizes_is_completed_later(tmp_path: Path) -> None:
    for limit in range(7):
        home = tmp_path / str(limit)
        home.mkdir()

        class Short(QuickOperations):
            def write(self, descriptor: int, data: bytes | memoryview, most: int = limit) -> None:
                if len(data) > most:
                    super().write(descriptor, data[:most])
                    raise OSError(errno.EFBIG, "too big")
                super().write(descriptor, data)

        try:
            create(str(home), Short())
            assert limit == 6
        except OperatingSystemRefused:
            assert leftovers(str(home / ".obs")) == []
        create(str(home), QuickOperations())
        assert_sound(str(home / ".obs"), recorded=set())


@pytest.mark.parametrize("model_bytes", [20_000, 1_500_000], ids=["small", "large"])
def test_a_full_disk(tmp_path: Path, small_disk: Path | None, model_bytes: int) -> None:
    """Filled up to the last n pages, so that each part of a record in turn has no room."""
    request = make_run(str(tmp_path / "run"), model=5, model_bytes=model_bytes)
    if small_disk is None:  # where nothing can be mounted the limit has to do
        obs_folder = make_store(str(tmp_path))
        work = partial(record_under_limits, obs_folder, request, [model_bytes // 2])
        assert outcome_as(Identity(), work)[1] != [("done", None)]
        return
    obs_folder = make_store(str(small_disk))
    old = record_run(obs_folder, make_run(str(tmp_path / "old"), data=1, model=1)).run.hex
    filler = small_disk / "filler"
    refused = 0
    for pages in range(0, (model_bytes >> 12) + 16, max(1, model_bytes >> 17)):
        room = os.statvfs(small_disk)
        with open(filler, "wb") as opened:
            opened.write(b"\0" * max(0, (room.f_bavail - pages) * room.f_bsize))
        error = error_of(partial(record_run, obs_folder, request))
        if error is None:
            break
        refused += 1
        assert (error.code, error.exit_code) == ("OS_REFUSED", 4)
        assert "No space left" in str(error)
        assert "make room" in str(error)
        assert leftovers(obs_folder) == []
        assert_sound(obs_folder, recorded={old})
        filler.unlink()
    assert refused > 5
    filler.unlink(missing_ok=True)
    run = record_run(obs_folder, request).run.hex
    assert_sound(obs_folder, recorded={old, run})


# --------------------------------------------------------------------------- no writing


def stamps(top: str) -> dict[str, tuple[int, int, int]]:
    """Mode, size and mtime of everything."""
    found: dict[str, tuple[int, int, int]] = {}
    for folder, folders, files in os.walk(top):
        for name in (*folders, *files):
            status = os.lstat(os.path.join(folder, name))
            found[os.path.join(folder, name)] = (status.st_mode, status.st_size, status.st_mtime_ns)
    return found


def test_a_read_only_mount(tmp_path: Path, small_disk: Path | None) -> None:
    """Everything can be read, nothing is written, and a record is refused."""
    home = small_disk or tmp_path / "home"
    obs_folder = make_store(str(home))
    record_run(obs_folder, again(make_run(str(tmp_path / "run")), cache=True))
    record_run(obs_folder, make_run(str(tmp_path / "run"), model=2))
    if small_disk is None:
        return  # the rights in the next test show the same
    (home / "no-store").mkdir()
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    before, content = stamps(str(home)), read_tree(str(home))
    assert read_all(obs_folder) == ("CHAIN-CONSISTENT", 2)
    with pytest.raises(OperatingSystemRefused, match="read-only"):
        record_run(obs_folder, again(make_run(str(tmp_path / "run"), model=3), cache=True))
    with Store.open(obs_folder) as store, pytest.raises(OperatingSystemRefused, match="read-only"):
        store.tags.put("best", store.chain.head() or pytest.fail("no HEAD"))
    assert create(str(home), QuickOperations()) == (obs_folder, False)
    with pytest.raises(OperatingSystemRefused, match="read-only"):
        create(str(home / "no-store"), QuickOperations())
    assert (stamps(str(home)), read_tree(str(home))) == (before, content)


def test_a_store_that_one_may_read_and_not_write(open_folder: Path) -> None:
    home = open_folder / "home"
    obs_folder = make_store(str(home))
    record_run(obs_folder, make_run(str(open_folder / "run")))
    request = make_run(str(open_folder / "run"), model=2)
    tree = _without_rights(home, 0o555)
    before = stamps(str(home))
    assert outcome_as(STRANGER, partial(read_all, obs_folder)) == ("done", ("CHAIN-CONSISTENT", 1))
    for cache in (True, False):
        code, text = outcome_as(STRANGER, partial(record_one, obs_folder, again(request, cache=cache)))
        assert code == "OS_REFUSED"
        assert "Permission denied" in str(text)
        assert "ask for the right" in str(text)
    assert (stamps(str(home)), read_tree(str(home))) == (before, tree)


def _without_rights(top: Path, mode: int) -> Tree:
    """Takes the right to write from all folders; what they hold."""
    tree = read_tree(str(top))
    for folder, _, _ in os.walk(top, topdown=False):
        os.chmod(folder, mode)
    return tree


@pytest.mark.parametrize("name", ["data.csv", "model.pkl", "metrics.json"])
def test_an_input_that_one_may_not_read(open_folder: Path, name: str) -> None:
    obs_folder = make_store(str(open_folder / "home"))
    for folder, _, _ in os.walk(obs_folder):
        os.chmod(folder, 0o777)
    request = make_run(str(open_folder / "run"))
    os.chmod(open_folder / "run" / name, 0)
    code, text = outcome_as(STRANGER, partial(record_one, obs_folder, request))
    assert code == "OS_REFUSED"
    assert name in str(text)
    assert "Permission denied" in str(text)
    assert leftovers(obs_folder) == []
    assert assert_sound(obs_folder, recorded=set()) == []


@pytest.mark.parametrize("part", ["", "objects", "HEAD", "format", "blobs", "one-object", "one-blob"])
def test_a_part_of_the_store_that_one_may_not_read(open_folder: Path, part: str) -> None:
    obs_folder = make_store(str(open_folder / "home"))
    done = record_run(obs_folder, make_run(str(open_folder / "run")))
    if part.startswith("one-"):
        kind = part.removeprefix("one-")
        digits = done.run.hex if kind == "object" else str(done.artifacts[0].blake3)
        part = f"{kind}s/{digits[:2]}/{digits[2:]}"
    path = os.path.join(obs_folder, part)
    mode = os.stat(path).st_mode
    os.chmod(path, 0)
    try:
        code, text = outcome_as(STRANGER, partial(read_all, obs_folder))
    finally:
        os.chmod(path, mode)
    assert code == "OS_REFUSED"  # no permission is not damage
    assert "Permission denied" in str(text)
    assert part.split("/")[0] in str(text)


def test_a_store_cannot_be_looked_for_in_a_closed_folder(open_folder: Path) -> None:
    closed = open_folder / "closed"
    (closed / "inner").mkdir(parents=True)
    os.chmod(closed, 0)
    user = STRANGER.user if STRANGER.user is not None else os.geteuid()
    code, text = outcome_as(STRANGER, partial(find_upwards, str(closed / "inner"), user))
    os.chmod(closed, 0o755)
    assert code == "OS_REFUSED"
    assert "Permission denied" in str(text)


# --------------------------------------------------------------------------- changing files


def grow(path: Path) -> None:
    with open(path, "ab") as opened:
        opened.write(b"more")


def shrink(path: Path) -> None:
    os.truncate(path, 100)


def empty(path: Path) -> None:
    os.truncate(path, 0)


def rewrite(path: Path) -> None:
    """Other bytes of the same size, and the old mtime put back."""
    status = os.stat(path)
    with open(path, "r+b") as opened:
        opened.write(b"\xff" * 64)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def replace(path: Path) -> None:
    other = path.with_name("other")
    other.write_bytes(b"another file")
    os.replace(other, path)


def vanish(path: Path) -> None:
    path.unlink()


@pytest.mark.parametrize("size", [300_000, 9_000_000], ids=["in-one-piece", "in-pieces"])
@pytest.mark.parametrize("change", [grow, shrink, empty, rewrite, replace, vanish])
@pytest.mark.parametrize("role", ["model", "data"])
def test_a_file_that_changes_while_it_is_read(
    tmp_path: Path, change: Callable[[Path], None], size: int, role: str
) -> None:
    obs_folder = make_store(str(tmp_path), QuickOperations())
    request = again(make_run(str(tmp_path / "run"), model_bytes=size), keep_data=True)
    victim = tmp_path / "run" / ("model.pkl" if role == "model" else "data.csv")
    if role == "data":
        with open(victim, "ab") as opened:
            opened.write(b"1,0\n" * (size // 4))
    os.utime(victim, ns=(1, 1))  # so that a change within the clock's tick is one all the same
    changed: list[int] = []

    def progress(count: int) -> None:
        if not changed and count > 64_000:
            changed.append(count)
            change(victim)

    with Store.open(obs_folder, QuickOperations()) as store, pytest.raises(FileChanged) as caught:
        record(
            store,
            request,
            environment=lambda: ENVIRONMENT,
            now=lambda: "2026-01-01T00:00:00.000000Z",
            progress=progress,
        )
    assert changed
    assert caught.value.path == str(victim)
    assert str(caught.value).endswith("nothing was recorded; try again when nobody writes to it")
    assert caught.value.exit_code == 4
    assert leftovers(obs_folder) == []
    assert assert_sound(obs_folder, recorded=set()) == []
    assert os.listdir(os.path.join(obs_folder, "objects")) == []


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, SystemExit, MemoryError])
def test_an_interruption_while_reading_leaves_nothing(
    tmp_path: Path, interruption: type[BaseException]
) -> None:
    obs_folder = make_store(str(tmp_path), QuickOperations())
    request = again(make_run(str(tmp_path / "run"), model_bytes=9_000_000), cache=True)
    for when in range(4):
        calls: list[int] = []

        def progress(count: int, calls: list[int] = calls, when: int = when) -> None:
            calls.append(count)
            if len(calls) > when:
                raise interruption

        with Store.open(obs_folder, QuickOperations()) as store, pytest.raises(interruption):
            record(store, request, environment=lambda: ENVIRONMENT, now=lambda: "", progress=progress)
        assert leftovers(obs_folder) == []
        assert assert_sound(obs_folder, recorded=set()) == []
    assert record_run(obs_folder, request, QuickOperations()).created


def folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def fifo(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def dangling_link(path: Path) -> None:
    path.unlink()
    path.symlink_to("nowhere")


def link_to_itself(path: Path) -> None:
    path.unlink()
    path.symlink_to(path.name)


@pytest.mark.parametrize(
    ("break_it", "code"),
    [
        (vanish, "FILE_MISSING"),
        (folder, "WRONG_FILE_TYPE"),
        (fifo, "WRONG_FILE_TYPE"),
        (dangling_link, "FILE_MISSING"),
        (link_to_itself, "WRONG_FILE_TYPE"),
    ],
)
def test_a_metrics_file_that_is_none(tmp_path: Path, break_it: Callable[[Path], object], code: str) -> None:
    obs_folder = make_store(str(tmp_path), QuickOperations())
    request = make_run(str(tmp_path / "run"))
    break_it(tmp_path / "run" / "metrics.json")
    with pytest.raises(ObsError) as caught:
        record_run(obs_folder, request, QuickOperations())
    assert (caught.value.code, caught.value.exit_code) == (code, 2)
    assert leftovers(obs_folder) == []
    assert os.listdir(os.path.join(obs_folder, "objects")) == []
