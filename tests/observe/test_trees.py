"""Folders: every file in byte order, from the cache where it is known, the same for any number of jobs."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator
from pathlib import Path

import pytest
from blake3 import blake3
from obs.cas.errors import FileChanged, FileMissing, InvalidField, WrongFileType
from obs.cas.format.ids import BlobId
from obs.cas.format.names import name_bytes
from obs.cas.observe.files import Stamp, open_folder
from obs.cas.observe.reading import SMALL_BYTES, Sink
from obs.cas.observe.trees import TreeFile, read_folder, read_folder_beneath, some_names

ODD = b"caf\xe9.csv"  # no UTF-8


def content(name: bytes, size: int) -> bytes:
    return blake3(name).digest(size)


SIZES = {
    b"a-b": 10,
    b"a/b": SMALL_BYTES + 5,
    b"a/c": 0,
    b"a0": 3 * SMALL_BYTES,
    b"b/" + ODD: 7,
    b"b/z": SMALL_BYTES + 1,
    b"c": 1,
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    home = tmp_path / "data"
    for name, size in SIZES.items():
        path = os.path.join(os.fsencode(home), name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(content(name, size))
    return home


def raw(file: TreeFile) -> bytes:
    return name_bytes(file.entry.name)


@pytest.mark.parametrize("jobs", [1, 2, 7])
def test_every_file_comes_in_byte_order_with_its_size_and_digest(folder: Path, jobs: int) -> None:
    told: list[int] = []
    files = list(read_folder(str(folder), jobs=jobs, progress=told.append))
    assert [raw(file) for file in files] == sorted(SIZES)
    assert [type(file.entry.name) for file in files].count(bytes) == 1  # ODD
    for file in files:
        name = raw(file)
        assert file.entry.size == SIZES[name] == file.stamp.size
        assert file.entry.blake3.raw == blake3(content(name, SIZES[name])).digest()
        assert not file.from_cache
    assert sum(told) == sum(SIZES.values())


def test_more_large_files_than_are_open_at_once_come_in_order(tmp_path: Path) -> None:
    for number in range(70):
        with (tmp_path / f"{number:02}").open("wb") as file:
            file.truncate(SMALL_BYTES + 1 + number)
    one = list(read_folder(str(tmp_path)))
    assert list(read_folder(str(tmp_path), jobs=2)) == one
    assert [file.entry.size - SMALL_BYTES - 1 for file in one] == list(range(70))


@pytest.mark.parametrize("jobs", [1, 2])
def test_what_is_known_by_its_stat_is_not_opened(folder: Path, jobs: int) -> None:
    first = {raw(file): file for file in read_folder(str(folder))}
    known = {first[name].stamp: first[name].entry.blake3 for name in (b"a/b", b"c")}
    asked: list[Stamp] = []

    def find(stamp: Stamp) -> BlobId | None:
        asked.append(stamp)
        return known.get(stamp)

    again = list(read_folder(str(folder), known=find, jobs=jobs))
    assert [raw(file) for file in again if file.from_cache] == [b"a/b", b"c"]
    assert [(file.entry.name, file.entry.blake3, file.stamp) for file in again] == [
        (file.entry.name, file.entry.blake3, file.stamp) for file in first.values()
    ]
    assert asked == [file.stamp for file in again]
    # A digest that is a lie comes out as told: so it was not read.
    lie = BlobId(bytes(32))
    assert {file.entry.blake3 for file in read_folder(str(folder), known=lambda _: lie, jobs=jobs)} == {lie}


def test_copies_are_made_of_the_files_that_have_a_place(folder: Path) -> None:
    copies: dict[bytes, bytearray] = {}

    def sink_for(name: bytes) -> Sink | None:
        if name.endswith(b"b"):
            return copies.setdefault(name, bytearray()).extend
        return None

    list(read_folder(str(folder), sink_for=sink_for, jobs=2))
    assert {name: bytes(copy) for name, copy in copies.items()} == {
        name: content(name, SIZES[name]) for name in (b"a-b", b"a/b")
    }


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_symlink_in_a_folder_is_refused_by_name(folder: Path, jobs: int) -> None:
    (folder / "a" / "link").symlink_to("b")
    with pytest.raises(WrongFileType) as caught:
        list(read_folder(str(folder), jobs=jobs))
    assert caught.value.path == str(folder / "a" / "link")
    assert caught.value.found == "a symbolic link"


def test_a_file_that_grows_after_it_was_looked_at_is_read_as_it_is_then(folder: Path) -> None:
    def known(stamp: Stamp) -> None:
        if stamp.inode == (folder / "a-b").stat().st_ino:
            with (folder / "a-b").open("ab") as file:
                file.write(b"more")

    first = next(read_folder(str(folder), known=known))
    assert first.entry.size == first.stamp.size == SIZES[b"a-b"] + 4
    assert first.entry.blake3.raw == blake3(content(b"a-b", SIZES[b"a-b"]) + b"more").digest()


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_file_that_grows_while_it_is_read_is_an_error(folder: Path, jobs: int) -> None:
    def progress(_: int) -> None:
        with (folder / "a0").open("ab") as file:
            file.write(b"more")

    for other in SIZES.keys() - {b"a0", b"c"}:
        os.unlink(os.path.join(os.fsencode(folder), other))
    with pytest.raises(FileChanged) as caught:
        list(read_folder(str(folder), progress=progress, jobs=jobs))
    assert (caught.value.path, caught.value.problem) == (str(folder / "a0"), "grew")


def grow(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"more")


def shrink(path: Path) -> None:
    os.truncate(path, 3)


def rewrite(path: Path) -> None:
    path.write_bytes(path.read_bytes()[::-1])


@pytest.mark.parametrize(
    ("change", "problem"), [(grow, "grew"), (shrink, "shrank"), (rewrite, "was changed")]
)
@pytest.mark.parametrize("jobs", [1, 2])
def test_a_small_file_that_changes_while_it_is_read_is_an_error(
    folder: Path, jobs: int, change: Callable[[Path], object], problem: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The change comes between the reading and the second look at the file."""
    path, read = folder / "a-b", os.read
    os.utime(path, ns=(1, 1))

    def read_and_change(descriptor: int, most: int) -> bytes:
        data = read(descriptor, most)
        if os.fstat(descriptor).st_ino == path.stat().st_ino:
            monkeypatch.undo()
            change(path)
        return data

    monkeypatch.setattr(os, "read", read_and_change)
    with pytest.raises(FileChanged) as caught:
        list(read_folder(str(folder), jobs=jobs))
    assert (caught.value.path, caught.value.problem) == (str(path), problem)


@pytest.mark.parametrize("jobs", [1, 2])
def test_no_descriptor_stays_open_when_the_reader_gives_up(folder: Path, jobs: int) -> None:
    before = len(os.listdir("/proc/self/fd"))
    reading = read_folder(str(folder), jobs=jobs)
    next(reading)
    assert isinstance(reading, Generator)
    reading.close()
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_folder_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(WrongFileType):
        list(read_folder(str(tmp_path / "file")))
    with pytest.raises(FileMissing):
        list(read_folder(str(tmp_path / "absent")))
    assert next(iter(read_folder(str(tmp_path)))).entry.size == 0


def test_beneath_a_root_a_folder_is_read_and_nothing_leads_out(folder: Path) -> None:
    (folder.parent / "link").symlink_to("data")
    with open_folder(str(folder.parent)) as root:
        assert [raw(file) for file in read_folder_beneath(root.fd, b"data/a")] == [b"b", b"c"]
        with pytest.raises(WrongFileType):
            list(read_folder_beneath(root.fd, b"link"))
        with pytest.raises(InvalidField):
            list(read_folder_beneath(root.fd, b"../etc"))


def test_some_names_of_a_folder_are_few_and_never_an_error(folder: Path) -> None:
    names = {path.name for path in folder.rglob("*") if path.is_file()}
    assert set(some_names(str(folder), 1000)) == names
    assert len(list(some_names(str(folder), 2))) <= 2
    assert list(some_names(str(folder / "nothing"), 10)) == []
