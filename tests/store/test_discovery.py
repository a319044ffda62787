"""Finding a store, refusing one, making one."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
from pathlib import Path

import pytest
from faultlayer import QuickOperations, read_tree
from obs.cas.errors import (
    FileMissing,
    ForeignStore,
    NoStore,
    ObsError,
    OperatingSystemRefused,
    UnknownStoreFormat,
    UnsafeStore,
    WrongFileType,
)
from obs.cas.store.discovery import create, find_named, find_upwards
from obs.cas.store.store import Store

QUICK = QuickOperations()
ME = os.geteuid()


def test_the_nearest_store_above_is_found(tmp_path: Path) -> None:
    deep = tmp_path / "a" / "b" / "c"
    deep.mkdir(parents=True)
    outer, _ = create(str(tmp_path), QUICK)
    assert find_upwards(str(deep), ME) == outer
    inner, _ = create(str(tmp_path / "a" / "b"), QUICK)
    assert find_upwards(str(deep), ME) == inner
    assert find_upwards(str(tmp_path / "a" / "b"), ME) == inner
    assert find_upwards(str(tmp_path / "a"), ME) == outer


def test_no_store_names_where_the_search_began(tmp_path: Path) -> None:
    with pytest.raises(NoStore) as caught:
        find_upwards(str(tmp_path), ME)
    assert caught.value.exit_code == 4
    assert str(tmp_path) in str(caught.value)
    assert "obs init" in str(caught.value)
    with pytest.raises(NoStore):
        find_named(str(tmp_path))
    with pytest.raises(NoStore):
        find_named(str(tmp_path / "not-there"))


def test_the_search_ends_at_a_file_system_boundary(tmp_path: Path) -> None:
    create(str(tmp_path), QUICK)
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)]
    if ME == 0 and subprocess.run(mount, capture_output=True, check=False).returncode == 0:
        try:
            (disk / "inner").mkdir()
            with pytest.raises(NoStore):
                find_upwards(str(disk / "inner"), ME)
        finally:
            subprocess.run(["umount", str(disk)], check=True)
    else:  # nothing can be mounted here: a boundary that every Linux has
        with pytest.raises(NoStore):
            find_upwards("/proc/self", ME)
    assert find_upwards(str(disk), ME) == str(tmp_path / ".obs")


def test_a_store_of_another_user_is_opened_only_if_it_is_named(tmp_path: Path) -> None:
    path, _ = create(str(tmp_path), QUICK)
    asking = ME + 1 if ME else ME
    owner = ME
    if ME == 0:
        owner = 40001
        os.chown(path, owner, -1)
    with pytest.raises(ForeignStore) as caught:
        find_upwards(str(tmp_path), asking)
    assert caught.value.owner == owner
    assert caught.value.exit_code == 4
    assert find_named(str(tmp_path)) == path
    Store.open(find_named(str(tmp_path))).close()


def test_a_foreign_store_hides_the_own_one_above_it(tmp_path: Path) -> None:
    """Going on past it would let its owner choose which store is found."""
    create(str(tmp_path), QUICK)
    inner = tmp_path / "inner"
    inner.mkdir()
    create(str(inner), QUICK)
    with pytest.raises(ForeignStore, match="inner"):
        find_upwards(str(inner), ME + 1)


@pytest.mark.parametrize("kind", ["link", "file", "fifo", "dangling"])
def test_what_is_no_folder_is_refused(tmp_path: Path, kind: str) -> None:
    real = tmp_path / "real"
    real.mkdir()
    create(str(real), QUICK)
    home = tmp_path / "home"
    home.mkdir()
    place = home / ".obs"
    match kind:
        case "link":
            place.symlink_to(real / ".obs")
        case "file":
            place.write_text("obs 1\n")
        case "fifo":
            os.mkfifo(place)
        case _:
            place.symlink_to("nowhere")
    for attempt in (
        lambda: find_upwards(str(home), ME),
        lambda: find_named(str(home)),
        lambda: create(str(home), QUICK),
        lambda: Store.open(str(place)),
    ):
        with pytest.raises(UnsafeStore):
            attempt()


def test_a_store_can_be_named_by_either_folder(tmp_path: Path) -> None:
    path, _ = create(str(tmp_path), QUICK)
    assert os.path.samefile(find_named(path), path)
    assert os.path.samefile(find_named(path + "/"), path)
    assert find_named(str(tmp_path)) == path


@pytest.mark.parametrize(
    "content",
    [
        b"obs 2\n",
        b"obs 10\n",
        b"obs 1.1\n",
        b"obs 1\n\n",
        b"OBS 1\n",
        b" obs 1\n",
        b"",
        b"\n",
        b"\xff\xfe\x00",
        b"\x1b]0;x\x07",
        b"obs 1" * 1000,
        None,
    ],
    ids=repr,
)
def test_the_format_gate(tmp_path: Path, content: bytes | None) -> None:
    path, _ = create(str(tmp_path), QUICK)
    gate = tmp_path / ".obs" / "format"
    gate.unlink()
    if content is not None:
        gate.write_bytes(content)
    with pytest.raises(UnknownStoreFormat) as caught:
        Store.open(path)
    assert caught.value.exit_code == 4
    assert len(caught.value.found) <= 300
    before = read_tree(str(tmp_path))
    if content is None:  # a half-made store is completed
        assert create(str(tmp_path), QUICK) == (path, True)
        Store.open(path).close()
    else:  # somebody else's is not
        with pytest.raises(UnknownStoreFormat):
            create(str(tmp_path), QUICK)
        assert read_tree(str(tmp_path)) == before


def test_an_editor_may_take_the_line_end(tmp_path: Path) -> None:
    path, _ = create(str(tmp_path), QUICK)
    (tmp_path / ".obs" / "format").write_bytes(b"obs 1")
    Store.open(path).close()


def test_making_one_again_changes_nothing(tmp_path: Path) -> None:
    assert create(str(tmp_path), QUICK) == (str(tmp_path / ".obs"), True)
    before = read_tree(str(tmp_path))
    assert create(str(tmp_path), QUICK) == (str(tmp_path / ".obs"), False)
    assert read_tree(str(tmp_path)) == before
    assert before == {
        ".obs": None,
        ".obs/blobs": None,
        ".obs/format": b"obs 1\n",
        ".obs/objects": None,
        ".obs/tags": None,
        ".obs/tmp": None,
    }


def test_where_none_can_be_made(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    cases: list[tuple[Path, type[ObsError]]] = [
        (tmp_path / "not" / "there", FileMissing),
        (file, WrongFileType),
        (file / "below", WrongFileType),
    ]
    for place, error in cases:
        with pytest.raises(error) as caught:
            create(str(place), QUICK)
        assert caught.value.exit_code == 2


@pytest.mark.parametrize("mode", [0o700, 0o750, 0o2770, 0o2775, 0o755], ids=oct)
def test_everything_gets_the_mode_of_the_store(tmp_path: Path, mode: int) -> None:
    (tmp_path / ".obs").mkdir()
    os.chmod(tmp_path / ".obs", mode)
    before = os.umask(0o077 if mode & 0o070 else 0)
    try:
        path, _ = create(str(tmp_path), QUICK)
        with Store.open(path, QUICK) as store:
            store.files.make_folder("objects/ab")
            store.files.replace("tags/best", b"")
    finally:
        os.umask(before)
    for name in ("objects", "blobs", "tags", "tmp", "objects/ab"):
        assert stat.S_IMODE(os.stat(os.path.join(path, name)).st_mode) == mode, name
    for name in ("format", "tags/best"):
        assert stat.S_IMODE(os.stat(os.path.join(path, name)).st_mode) == mode & 0o666, name


def test_a_new_folder_has_its_mode_before_anybody_can_see_it(tmp_path: Path) -> None:
    """mkdir obeys the umask: a second user must not meet a folder that waits for its chmod."""
    os.mkdir(tmp_path / ".obs")
    os.chmod(tmp_path / ".obs", 0o2775)
    path, _ = create(str(tmp_path), QUICK)
    met: list[int] = []

    class Looking(QuickOperations):
        def make_folder(self, root: int, name: str) -> None:
            super().make_folder(root, name)
            place = os.path.join(path, "objects", "ab")
            if os.path.exists(place):
                met.append(stat.S_IMODE(os.stat(place).st_mode))

        def rename(self, root: int, source: str, target: str) -> None:
            super().rename(root, source, target)
            met.append(stat.S_IMODE(os.stat(target, dir_fd=root).st_mode))

    before = os.umask(0o077)
    try:
        with Store.open(path, Looking()) as store:
            assert store.files.make_folder("objects/ab")
    finally:
        os.umask(before)
    assert met == [0o2775]


def test_the_lock_has_its_mode_before_anybody_can_see_it(tmp_path: Path) -> None:
    os.mkdir(tmp_path / ".obs")
    os.chmod(tmp_path / ".obs", 0o2775)
    path, _ = create(str(tmp_path), QUICK)
    met: list[int] = []

    class Looking(QuickOperations):
        def link(self, root: int, source: str, target: str) -> None:
            assert not os.path.exists(os.path.join(path, "lock"))
            super().link(root, source, target)
            met.append(stat.S_IMODE(os.stat(target, dir_fd=root).st_mode))

    before = os.umask(0o077)
    try:
        for _ in range(2):
            with Store.open(path, Looking()) as store, store.chain.locked(0):
                assert store.files.list_folder("tmp") == []
    finally:
        os.umask(before)
    assert met == [0o664]


def test_the_lock_where_there_are_no_hard_links(tmp_path: Path) -> None:
    path, _ = create(str(tmp_path), QUICK)

    class Without(QuickOperations):
        def link(self, root: int, source: str, target: str) -> None:
            del root, source, target
            raise OSError(errno.EPERM, "no hard links here")

    with Store.open(path, Without()) as store:
        with store.chain.locked(0):
            pass
        assert store.files.size_of("lock") == 0
        assert store.files.list_folder("tmp") == []


def test_a_folder_that_is_replaced_at_the_moment_of_a_rename(tmp_path: Path) -> None:
    """The kernel answers ENOENT where the folder that it had found was replaced by another process' own."""
    path, _ = create(str(tmp_path), QUICK)

    class Replaced(QuickOperations):
        times = 0

        def rename(self, root: int, source: str, target: str) -> None:
            if target.startswith("tags/") and self.times < 3:
                self.times += 1
                raise FileNotFoundError(errno.ENOENT, "replaced")
            super().rename(root, source, target)

    with Store.open(path, Replaced()) as store:
        store.files.replace("tags/best", b"there")
        assert store.files.read("tags/best", 100) == b"there"
        os.rmdir(os.path.join(path, "blobs"))
        with pytest.raises(OperatingSystemRefused):  # and where it is gone for good that is said
            store.files.replace("blobs/best", b"there")
        assert store.files.list_folder("tmp") == []


def test_a_folder_that_another_process_makes_in_the_meantime_is_used(tmp_path: Path) -> None:
    path, _ = create(str(tmp_path), QUICK)

    class Slower(QuickOperations):
        def make_folder(self, root: int, name: str) -> None:
            super().make_folder(root, name)
            os.makedirs(os.path.join(path, "objects", "ab"), exist_ok=True)
            Path(path, "objects", "ab", "file").write_bytes(b"theirs")

    with Store.open(path, Slower()) as store:
        assert not store.files.make_folder("objects/ab")
        assert store.files.read("objects/ab/file", 100) == b"theirs"
        assert store.files.list_folder("tmp") == []
