"""Opening: regular files only, nothing waited for, no symlink where none is meant; walks in byte order."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from obs.cas.errors import (
    FileChanged,
    FileMissing,
    InvalidField,
    ObsError,
    OperatingSystemRefused,
    WrongFileType,
)
from obs.cas.observe.files import (
    OpenedFile,
    open_beneath,
    open_folder,
    open_folder_beneath,
    open_regular,
    path_kind,
    walk_folder,
)


def make_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        here = Path.cwd()
        os.chdir(path.parent)  # a socket's path has at most 107 bytes
        try:
            listener.bind(path.name)
        finally:
            os.chdir(here)


@pytest.fixture
def zoo(tmp_path: Path) -> Path:
    """One of everything that a path may lead to."""
    (tmp_path / "file").write_bytes(b"data")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "inner").write_bytes(b"inner")
    (tmp_path / "to-file").symlink_to("file")
    (tmp_path / "to-folder").symlink_to("folder")
    (tmp_path / "dangling").symlink_to("nowhere")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "to-fifo").symlink_to("fifo")
    os.mkfifo(tmp_path / "fifo")
    make_socket(tmp_path / "socket")
    return tmp_path


def open_descriptors() -> int:
    return len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0


@pytest.mark.parametrize("name", ["file", "to-file"])
def test_a_file_that_the_user_named_is_opened_also_through_a_symlink(zoo: Path, name: str) -> None:
    with open_regular(str(zoo / name)) as opened:
        assert os.read(opened.fd, 100) == b"data"
        assert opened.stat.st_ino == (zoo / "file").stat().st_ino
        assert not os.get_inheritable(opened.fd)
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(opened.fd)


REFUSED = [
    pytest.param("folder", WrongFileType, "a folder", id="folder"),
    pytest.param("fifo", WrongFileType, "a FIFO", id="fifo"),
    pytest.param("to-fifo", WrongFileType, "a FIFO", id="symlink to a fifo"),
    pytest.param("socket", WrongFileType, "a socket", id="socket"),
    pytest.param("/dev/zero", WrongFileType, "a device", id="device"),
    pytest.param("loop", WrongFileType, "a loop of symbolic links", id="loop"),
    pytest.param("absent", FileMissing, None, id="absent"),
    pytest.param("dangling", FileMissing, None, id="dangling symlink"),
    pytest.param("file/below", FileMissing, None, id="below a file"),
    pytest.param("nul\0byte", FileMissing, None, id="NUL"),
    pytest.param("\ud800", FileMissing, None, id="no file system's text"),
    pytest.param("n" * 300, OperatingSystemRefused, None, id="too long"),
]


@pytest.mark.parametrize(("name", "error", "found"), REFUSED)
def test_anything_but_a_regular_file_is_refused_at_once(
    zoo: Path, name: str, error: type[ObsError], found: str | None
) -> None:
    before = open_descriptors()
    path = os.path.join(zoo, name)
    with pytest.raises(error) as caught:
        open_regular(path)
    assert vars(caught.value)["path"] == path
    if isinstance(caught.value, WrongFileType):
        assert caught.value.found == found
    assert open_descriptors() == before


@pytest.mark.parametrize(("name", "error", "found"), [row for row in REFUSED if row.id != "folder"])
def test_the_kind_of_a_path_is_told_or_refused_in_the_same_way(
    zoo: Path, name: str, error: type[ObsError], found: str | None
) -> None:
    assert path_kind(str(zoo / "to-file")) == "file"
    assert path_kind(str(zoo / "to-folder")) == "folder"
    with pytest.raises(error) as caught:
        path_kind(os.path.join(zoo, name))
    if isinstance(caught.value, WrongFileType):
        assert caught.value.found == found


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_the_environment_s_fault(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_bytes(b"")
    path.chmod(0)
    with pytest.raises(OperatingSystemRefused, match="Permission denied"):
        open_regular(str(path))


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("file", WrongFileType),
        ("fifo", WrongFileType),
        ("absent", FileMissing),
        ("file/below", FileMissing),
        ("nul\0byte", FileMissing),
    ],
)
def test_a_folder_that_the_user_named_has_to_be_one(zoo: Path, name: str, error: type[ObsError]) -> None:
    with open_folder(str(zoo / "to-folder")) as folder:
        assert os.listdir(folder.fd) == ["inner"]
    with pytest.raises(error):
        open_folder(os.path.join(zoo, name))


# ------------------------------------------------------------------ beneath a root


def test_beneath_a_root_files_are_opened_by_their_relative_names(zoo: Path) -> None:
    before = open_descriptors()
    with open_folder(str(zoo)) as root:
        with open_beneath(root.fd, b"file") as one, open_beneath(root.fd, b"folder/inner") as two:
            assert os.read(one.fd, 100) == b"data"
            assert os.read(two.fd, 100) == b"inner"
        with open_folder_beneath(root.fd, b"folder") as folder:
            assert os.listdir(folder.fd) == ["inner"]
    assert open_descriptors() == before


@pytest.mark.parametrize(
    ("name", "error", "found"),
    [
        pytest.param(b"to-file", WrongFileType, "a symbolic link", id="symlink"),
        pytest.param(b"to-folder/inner", WrongFileType, "a symbolic link", id="symlink on the way"),
        pytest.param(b"dangling", WrongFileType, "a symbolic link", id="dangling symlink"),
        pytest.param(b"file/below", WrongFileType, "a file", id="below a file"),
        pytest.param(b"fifo", WrongFileType, "a FIFO", id="fifo"),
        pytest.param(b"folder", WrongFileType, "a folder", id="folder"),
        pytest.param(b"absent", FileMissing, None, id="absent"),
        pytest.param(b"absent/below", FileMissing, None, id="below nothing"),
        pytest.param(b"../file", InvalidField, None, id="dot-dot"),
        pytest.param(b"folder/../file", InvalidField, None, id="dot-dot inside"),
        pytest.param(b"/etc/passwd", InvalidField, None, id="absolute"),
        pytest.param(b"folder//inner", InvalidField, None, id="empty part"),
        pytest.param(b"./file", InvalidField, None, id="dot"),
        pytest.param(b"a\0b", InvalidField, None, id="NUL"),
        pytest.param(b"", InvalidField, None, id="empty"),
    ],
)
def test_beneath_a_root_nothing_leads_out_of_it(
    zoo: Path, name: bytes, error: type[ObsError], found: str | None
) -> None:
    before = open_descriptors()
    with open_folder(str(zoo)) as root, pytest.raises(error) as caught:
        open_beneath(root.fd, name)
    if isinstance(caught.value, WrongFileType):
        assert caught.value.found == found
    assert open_descriptors() == before


# ------------------------------------------------------------------ walks


def names_of(folder: Path) -> list[bytes]:
    with open_folder(str(folder)) as root:
        return [entry.name for entry in walk_folder(root)]


PARTS = st.sampled_from([b"a", b"a-b", b"a.b", b"a0", b"b", b".hidden", b"\xff", "\u00e9".encode(), b"\x01"])


@given(st.lists(st.lists(PARTS, min_size=1, max_size=3).map(b"/".join), max_size=12))
def test_a_walk_names_every_file_in_the_byte_order_of_whole_names(
    tmp_path_factory: pytest.TempPathFactory, names: list[bytes]
) -> None:
    folder = tmp_path_factory.mktemp("walk")
    made: set[bytes] = set()
    for name in names:
        path = os.path.join(os.fsencode(folder), name)
        try:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb"):
                made.add(name)
        except OSError:  # a folder of that name is there, or a file where a folder is needed
            continue
    assert names_of(folder) == sorted(made)


def test_a_walk_gives_the_stat_and_the_bytes_of_what_it_names(zoo: Path) -> None:
    with open_folder(str(zoo / "folder")) as root:
        for entry in walk_folder(root):
            assert entry.stat().st_size == 5
            assert entry.path == str(zoo / "folder" / "inner")
            with entry.open() as opened:
                assert os.read(opened.fd, 100) == b"inner"


def test_hidden_files_are_walked_and_stores_are_not(tmp_path: Path) -> None:
    for name in (".obs/HEAD", ".git/HEAD", ".hidden", "sub/.obs/objects/aa", "sub/x.obs/y"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    (tmp_path / "sub" / "deeper").mkdir()
    (tmp_path / "sub" / "deeper" / ".obs").write_bytes(b"a file of that name is a file")
    assert names_of(tmp_path) == [b".git/HEAD", b".hidden", b"sub/deeper/.obs", b"sub/x.obs/y"]


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("to-file", "a symbolic link"),
        ("to-folder", "a symbolic link"),
        ("dangling", "a symbolic link"),
        ("fifo", "a FIFO"),
        ("socket", "a socket"),
    ],
)
def test_a_walk_refuses_what_is_no_file_and_names_it(zoo: Path, name: str, found: str) -> None:
    for path in zoo.iterdir():
        if path.name not in ("file", "folder", name):
            path.unlink()
    before = open_descriptors()
    with pytest.raises(WrongFileType) as caught:
        names_of(zoo)
    assert (caught.value.path, caught.value.found) == (str(zoo / name), found)
    assert open_descriptors() == before


def walk_and(folder: Path, change: str) -> None:
    """Walks `folder`, which changes at its first file."""
    with open_folder(str(folder)) as root:
        for number, entry in enumerate(walk_folder(root)):
            with entry.open():
                if number == 0:
                    match change:
                        case "add":
                            (folder / "sub" / "new").write_bytes(b"")
                        case "remove":
                            (folder / "sub" / "b").unlink()
                        case "symlink":
                            (folder / "sub" / "b").unlink()
                            (folder / "sub" / "b").symlink_to("/etc/passwd")
                        case "swap":
                            (folder / "sub").rename(folder / "away")
                            (folder / "sub").symlink_to("/etc")
                        case _:
                            raise NotImplementedError(change)


@pytest.mark.parametrize(
    ("change", "first", "error"),
    [
        pytest.param("add", "sub/a", FileChanged, id="a file more"),
        pytest.param("remove", "sub/a", FileMissing, id="a file less"),
        pytest.param("symlink", "sub/a", WrongFileType, id="a file becomes a symlink"),
        pytest.param("swap", "a", WrongFileType, id="a folder becomes a symlink"),
    ],
)
def test_a_folder_that_changes_during_the_walk_is_an_error(
    tmp_path: Path, change: str, first: str, error: type[ObsError]
) -> None:
    (tmp_path / "sub").mkdir()
    for name in ("sub/b", first):
        (tmp_path / name).write_bytes(b"")
    before = open_descriptors()
    with pytest.raises(error):
        walk_and(tmp_path, change)
    assert open_descriptors() == before


def test_a_walk_that_is_given_up_leaves_no_descriptor_open(tmp_path: Path) -> None:
    deep = tmp_path.joinpath(*["d"] * 20)
    deep.mkdir(parents=True)
    (deep / "file").write_bytes(b"")
    before = open_descriptors()
    with open_folder(str(tmp_path)) as root:
        walk = walk_folder(root)
        assert next(walk).name == b"d/" * 20 + b"file"
        del walk
    assert open_descriptors() == before


def deepen(folder: OpenedFile, levels: int) -> None:
    at = os.dup(folder.fd)
    for _ in range(levels):
        os.mkdir("d" * 100, dir_fd=at)
        deeper = os.open("d" * 100, os.O_RDONLY | os.O_DIRECTORY, dir_fd=at)
        os.close(at)
        at = deeper
    os.close(os.open("file", os.O_CREAT | os.O_WRONLY, dir_fd=at))
    os.close(at)


def test_a_name_that_is_longer_than_the_format_holds_is_refused(tmp_path: Path) -> None:
    with open_folder(str(tmp_path)) as root:
        deepen(root, 42)  # deeper than any path that the system takes
        with pytest.raises(OperatingSystemRefused, match="4000 bytes"):
            list(walk_folder(root))
