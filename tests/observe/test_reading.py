"""One pass: both hashes and the copy are those of the bytes; a file that changes is an error."""

from __future__ import annotations

import errno
import hashlib
import os
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from blake3 import blake3
from hypothesis import example, given
from hypothesis import strategies as st
from obs.cas.errors import FileChanged, OperatingSystemRefused
from obs.cas.observe.files import OpenedFile, open_beneath, open_folder, open_regular
from obs.cas.observe.reading import SMALL_BYTES, FileDigests, read_file
from obs.cas.observe.ring import BUFFER_BYTES, BUFFERS

LARGE = (BUFFERS + 2) * BUFFER_BYTES + 7


def content(size: int) -> bytes:
    """Bytes without a period that could hide a buffer given twice or out of order."""
    return blake3(b"content").digest(size)


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    before = threading.active_count()
    yield
    assert threading.active_count() == before


@pytest.fixture
def large(tmp_path: Path) -> Path:
    path = tmp_path / "large"
    path.write_bytes(content(LARGE))
    return path


def read(path: Path, *, sha256: bool = True, threads: bool = True) -> tuple[FileDigests, bytes, int]:
    """The digests, what the sink got, and what was told as progress."""
    copy = bytearray()
    told: list[int] = []
    with open_regular(str(path)) as opened:
        digests = read_file(opened, sha256=sha256, sink=copy.extend, progress=told.append, threads=threads)
    return digests, bytes(copy), sum(told)


SIZES = [0, 1, SMALL_BYTES - 1, SMALL_BYTES, SMALL_BYTES + 1, BUFFERS * BUFFER_BYTES, LARGE]


@pytest.mark.parametrize("threads", [True, False])
@pytest.mark.parametrize("size", SIZES)
def test_both_digests_and_the_copy_are_those_of_the_bytes(tmp_path: Path, size: int, threads: bool) -> None:
    data = content(size)
    (tmp_path / "file").write_bytes(data)
    digests, copy, told = read(tmp_path / "file", threads=threads)
    assert digests.size == told == size
    assert digests.blake3.raw == blake3(data).digest()
    assert digests.sha256 is not None
    assert digests.sha256.raw == hashlib.sha256(data).digest()
    assert copy == data
    status = (tmp_path / "file").stat()
    assert digests.stamp.inode == status.st_ino
    assert digests.stamp.mtime_ns == status.st_mtime_ns


def test_sha256_is_left_out_where_it_is_not_wanted(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"data")
    assert read(tmp_path / "file", sha256=False)[0].sha256 is None


def test_reading_begins_at_the_beginning_and_needs_no_sink(large: Path) -> None:
    with open_regular(str(large)) as opened:
        assert read_file(opened, sha256=False).blake3.raw == blake3(content(LARGE)).digest()


def test_memory_is_bounded_by_the_ring(tmp_path: Path) -> None:
    path = tmp_path / "sparse"
    with path.open("wb") as file:
        file.truncate(100 * BUFFER_BYTES)
    tracemalloc.start()
    try:
        with open_regular(str(path)) as opened:
            read_file(opened, sha256=True, sink=len)
        assert tracemalloc.get_traced_memory()[1] < (BUFFERS + 1) * BUFFER_BYTES
    finally:
        tracemalloc.stop()


# ------------------------------------------------------------------ a file that changes


def grow(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"more")


def shrink(path: Path) -> None:
    os.truncate(path, path.stat().st_size - 1)


def rewrite(path: Path) -> None:
    with path.open("r+b") as file:
        file.write(b"X")


def touch(path: Path) -> None:
    os.utime(path, ns=(1, 1))


def rewrite_and_set_the_time_back(path: Path) -> None:
    before = path.stat()
    rewrite(path)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def replace(path: Path) -> None:
    other = path.with_name("other")
    other.write_bytes(path.read_bytes())
    other.replace(path)


def remove(path: Path) -> None:
    path.unlink()


CHANGES = [grow, shrink, rewrite, touch, rewrite_and_set_the_time_back, replace, remove]


def read_while(opened: OpenedFile, change: Callable[[], None], *, threads: bool = True) -> None:
    """Reads a file that changes when its first chunk was seen."""
    changed: list[bool] = []

    def sink(_: memoryview) -> None:
        if not changed:
            change()
            changed.append(True)

    read_file(opened, sha256=False, sink=sink, threads=threads)
    assert changed


@pytest.mark.parametrize("threads", [True, False])
@pytest.mark.parametrize("size", [10, SMALL_BYTES + 1, LARGE])
@pytest.mark.parametrize("change", CHANGES)
def test_a_file_that_changes_while_it_is_read_is_an_error(
    tmp_path: Path, change: Callable[[Path], None], size: int, threads: bool
) -> None:
    path = tmp_path / "file"
    path.write_bytes(content(size))
    with open_regular(str(path)) as opened, pytest.raises(FileChanged) as caught:
        read_while(opened, lambda: change(path), threads=threads)
    assert caught.value.path == str(path)


@pytest.mark.parametrize("change", CHANGES)
def test_so_it_is_beneath_a_folder(tmp_path: Path, change: Callable[[Path], None]) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"0123456789")
    with open_folder(str(tmp_path)) as root, open_beneath(root.fd, b"file") as opened:  # noqa: SIM117
        with pytest.raises(FileChanged):
            read_while(opened, lambda: change(path))


@pytest.mark.parametrize(("change", "problem"), [(grow, "grew"), (shrink, "shrank")])
def test_a_file_that_changed_between_opening_and_reading_is_an_error(
    tmp_path: Path, change: Callable[[Path], None], problem: str
) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"0123456789")
    with open_regular(str(path)) as opened:
        change(path)
        with pytest.raises(FileChanged) as caught:
            read_file(opened, sha256=False)
    assert caught.value.problem == problem


def test_a_path_that_is_led_elsewhere_meanwhile_is_an_error(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).write_bytes(b"the same bytes")
    link = tmp_path / "latest"
    link.symlink_to("one")

    def relink() -> None:
        link.unlink()
        link.symlink_to("two")

    with open_regular(str(link)) as opened, pytest.raises(FileChanged, match="was replaced"):
        read_while(opened, relink)


def test_a_file_that_never_ends_is_not_read_for_ever(tmp_path: Path) -> None:
    """As many bytes are read as were there when it was opened, and a buffer more."""
    path = tmp_path / "file"
    path.write_bytes(content(2 * BUFFER_BYTES))
    seen = 0
    with open_regular(str(path)) as opened:
        os.truncate(path, 1 << 40)

        def count(chunk: memoryview) -> None:
            nonlocal seen
            seen += len(chunk)

        with pytest.raises(FileChanged, match="grew"):
            read_file(opened, sha256=False, sink=count)
    assert seen <= 4 * BUFFER_BYTES


# ------------------------------------------------------------------ errors on the way


class SinkFailed(Exception):
    """An error that nothing else raises."""


@pytest.mark.parametrize(
    "error", [SinkFailed("full"), OSError(errno.ENOSPC, "no space"), KeyboardInterrupt()]
)
@pytest.mark.parametrize("at", [0, 3, BUFFERS + 1])
@pytest.mark.parametrize("threads", [True, False])
def test_what_the_sink_raises_comes_out_unchanged(
    large: Path, error: BaseException, at: int, threads: bool
) -> None:
    calls = 0

    def sink(_: memoryview) -> None:
        nonlocal calls
        calls += 1
        if calls > at:
            raise error

    with open_regular(str(large)) as opened, pytest.raises(type(error)) as caught:
        read_file(opened, sha256=True, sink=sink, threads=threads)
    assert caught.value is error
    assert calls == at + 1  # nothing more is written after an error


def test_an_interrupt_in_the_reading_thread_ends_the_others(large: Path) -> None:
    def interrupt(_: int) -> None:
        raise KeyboardInterrupt

    with open_regular(str(large)) as opened, pytest.raises(KeyboardInterrupt):
        read_file(opened, sha256=True, sink=len, progress=interrupt)


@pytest.mark.parametrize("size", [10, LARGE])
def test_a_read_that_the_system_refuses_is_the_environment_s_fault(tmp_path: Path, size: int) -> None:
    path = tmp_path / "file"
    path.write_bytes(content(size))
    descriptor = os.open(path, os.O_WRONLY)  # reading from it is EBADF, as a failing disk's is EIO
    opened = OpenedFile(str(path), descriptor, os.fstat(descriptor))
    with opened, pytest.raises(OperatingSystemRefused, match="Bad file descriptor") as caught:
        read_file(opened, sha256=True)
    assert (caught.value.action, caught.value.path) == ("read", str(path))


@example(size=0)
@given(size=st.integers(0, 5000))
def test_small_files_are_hashed_without_a_thread(tmp_path_factory: pytest.TempPathFactory, size: int) -> None:
    path = tmp_path_factory.mktemp("small") / "file"
    path.write_bytes(content(size))
    names: set[str] = set()
    with open_regular(str(path)) as opened:
        digests = read_file(opened, sha256=False, sink=lambda _: names.add(threading.current_thread().name))
    assert digests.blake3.raw == blake3(content(size)).digest()
    assert names <= {threading.main_thread().name}
