"""Objects and blobs on disk, and what one batch makes of them."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from blake3 import blake3
from faultlayer import QuickOperations
from obs.cas.errors import (
    CorruptBlob,
    CorruptObject,
    MissingObject,
    OperatingSystemRefused,
    UnknownKind,
    UnknownVersion,
    UnsafeStore,
)
from obs.cas.format.canonical import MAX_OBJECT_BYTES, Value, encode
from obs.cas.format.data import File
from obs.cas.format.ids import BlobId, ObjectId, blob_id, context_of, derive_object_id
from obs.cas.format.objects import encode_object, object_id
from obs.cas.format.reports import Environment
from obs.cas.format.runs import Run
from obs.cas.store.store import Store
from smallruns import make_store

FILE = File(size=3, blake3=blob_id(b"abc"))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(make_store(str(tmp_path)), QuickOperations()) as opened:
        yield opened


def put(store: Store, name: str, data: bytes) -> None:
    """A file of the store, made by hand."""
    path = os.path.join(store.path, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    if os.path.exists(path):
        os.remove(path)
    Path(path).write_bytes(data)


def place(kind: str, digest: ObjectId | BlobId) -> str:
    return f"{kind}/{digest.hex[:2]}/{digest.hex[2:]}"


def put_object(store: Store, value: dict[str, Value]) -> ObjectId:
    """An object of any kind under its right id."""
    data = encode(value)
    found = derive_object_id(str(value["kind"]), data)
    put(store, place("objects", found), data)
    return found


def keep(store: Store, data: bytes) -> BlobId:
    """A blob, through a batch."""
    with store.batch() as batch:
        writer = batch.open_blob()
        writer.write(data)
        batch.keep_blob(writer, blob_id(data))
        batch.publish()
    return blob_id(data)


# --------------------------------------------------------------------------- objects


def test_an_object_comes_back_and_lies_where_its_id_says(store: Store) -> None:
    with store.batch() as batch:
        new = batch.add(FILE)
        assert store.objects.find(new) is None
        assert batch.publish() == 1
    assert new == object_id(FILE)
    assert store.objects.find(new) == (FILE, encode_object(FILE))
    assert store.objects.has(new)
    assert list(store.objects.ids()) == [new]
    assert store.objects.get(File, new, "a test") == FILE
    stored = Path(store.path, place("objects", new)).read_bytes()
    assert blake3(stored, derive_key_context=context_of("file")).hexdigest() == new.hex


def test_what_is_not_there_is_missing_and_not_corrupt(store: Store) -> None:
    wanted = object_id(FILE)
    assert store.objects.find(wanted) is None
    assert not store.objects.has(wanted)
    with pytest.raises(MissingObject, match="run 0"):
        store.objects.get(File, wanted, "run 0")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xc0",
        encode_object(FILE)[:-1],
        encode_object(FILE) + b"\0",
        encode_object(File(size=4, blake3=FILE.blake3)),
        encode_object(Environment(whose="obs")),
        b"\xff" * 100,
    ],
    ids=["empty", "nil", "cut", "longer", "another", "another-kind", "garbage"],
)
def test_other_bytes_are_corrupt(store: Store, data: bytes) -> None:
    wanted = object_id(FILE)
    put(store, place("objects", wanted), data)
    assert store.objects.has(wanted)
    with pytest.raises(CorruptObject) as caught:
        store.objects.find(wanted)
    assert caught.value.id == wanted.hex
    assert caught.value.exit_code == 3
    with store.batch() as batch:  # and are mended by whoever has the right ones
        batch.add(FILE)
        assert batch.publish() == 1
    assert store.objects.get(File, wanted, "a test") == FILE


def test_a_file_beyond_the_limit_is_corrupt_and_not_read_whole(store: Store) -> None:
    wanted = object_id(FILE)
    put(store, place("objects", wanted), b"")
    os.truncate(os.path.join(store.path, place("objects", wanted)), 1 << 40)  # sparse
    assert len(store.objects.read_bytes(wanted) or b"") == MAX_OBJECT_BYTES + 1
    with pytest.raises(CorruptObject):
        store.objects.find(wanted)


def test_a_link_to_another_kind_is_corrupt(store: Store) -> None:
    with store.batch() as batch:
        new = batch.add(FILE)
        batch.publish()
    with pytest.raises(CorruptObject, match="it is a file, and manifest 7 links to it as a run"):
        store.objects.get(Run, new, "manifest 7")


def test_a_newer_obs_may_have_written_it(store: Store) -> None:
    """Intact bytes of an unknown kind or version are no damage; damaged ones are."""
    novel = put_object(store, {"kind": "novelty", "version": 1})
    newer = put_object(store, {"kind": "file", "version": 2, "colour": "red"})
    with pytest.raises(UnknownKind, match="novelty"):
        store.objects.find(novel)
    with pytest.raises(UnknownVersion) as caught:
        store.objects.find(newer)
    assert "newer obs" in str(caught.value)
    data = {found: store.objects.read_bytes(found) or b"" for found in (novel, newer)}
    for found, other in ((novel, newer), (newer, novel)):
        put(store, place("objects", found), data[other])
        with pytest.raises(CorruptObject):
            store.objects.find(found)


def test_ids_by_prefix_and_names_that_are_none(store: Store) -> None:
    with store.batch() as batch:
        ids = sorted(batch.add(File(size=size, blake3=FILE.blake3)).hex for size in range(200))
        batch.publish()
    put(store, "objects/README", b"")
    for odd in ("ab/short", "ab/" + "g" * 62, "ab/" + "A" * 62, "ABC/x", "ab/" + "0" * 63):
        put(store, f"objects/{odd}", b"")
    assert [found.hex for found in store.objects.ids()] == ids
    for prefix in ("", ids[0][:1], ids[7][:2], ids[9][:5], ids[11], "ffffffff"):
        assert [found.hex for found in store.objects.ids(prefix)] == [x for x in ids if x.startswith(prefix)]


# --------------------------------------------------------------------------- blobs


@pytest.mark.parametrize("size", [0, 1, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, 3 << 20])
def test_a_blob_comes_back(store: Store, size: int) -> None:
    data = bytes(range(256)) * (size // 256) + b"\7" * (size % 256)
    kept = keep(store, data)
    assert b"".join(store.blobs.chunks(kept) or ()) == data
    assert store.blobs.size_of(kept) == size
    assert store.blobs.check(kept)
    assert list(store.blobs.ids()) == [kept]
    assert Path(store.path, place("blobs", kept)).read_bytes() == data


def test_a_blob_that_was_not_kept_is_none(store: Store) -> None:
    assert store.blobs.chunks(FILE.blake3) is None
    assert store.blobs.size_of(FILE.blake3) is None
    assert not store.blobs.check(FILE.blake3)


def test_the_last_piece_of_a_damaged_blob_is_never_given(store: Store) -> None:
    data = b"x" * ((2 << 20) + 5)
    kept = keep(store, data)
    for damaged in (data[:-1] + b"y", data[:-1], b"y" + data[1:], b"", data + b"x"):
        put(store, place("blobs", kept), damaged)
        seen: list[int] = []
        with pytest.raises(CorruptBlob) as caught:
            seen.extend(map(len, store.blobs.chunks(kept) or ()))
        assert sum(seen) < max(len(damaged), 1)
        assert caught.value.id == kept.hex
        with pytest.raises(CorruptBlob):
            store.blobs.check(kept)


# --------------------------------------------------------------------------- batches


def test_what_is_not_published_leaves_nothing(store: Store) -> None:
    with store.batch() as batch:
        batch.add(FILE)
        batch.open_blob().write(b"half")
        kept = batch.open_blob()
        kept.write(b"abc")
        batch.keep_blob(kept, blob_id(b"abc"))
        assert len(store.files.list_folder("tmp")) == 2
    assert store.files.list_folder("tmp") == []
    assert list(store.objects.ids()) == []
    assert list(store.blobs.ids()) == []


def test_the_same_twice_is_written_once(store: Store) -> None:
    for published in (2, 0):
        with store.batch() as batch:
            assert batch.add(FILE) == batch.add(File(size=3, blake3=blob_id(b"abc")))
            for _ in range(2):
                writer = batch.open_blob()
                writer.write(b"abc")
                batch.keep_blob(writer, blob_id(b"abc"))
            dropped = batch.open_blob()
            dropped.write(b"not this")
            batch.drop_blob(dropped)
            assert batch.publish() == published
            assert batch.publish() == 0
        assert store.files.list_folder("tmp") == []
        assert list(store.blobs.ids()) == [blob_id(b"abc")]


def test_a_blob_that_was_cut_short_is_mended(store: Store) -> None:
    kept = keep(store, b"abc")
    put(store, place("blobs", kept), b"ab")
    assert keep(store, b"abc") == kept
    assert store.blobs.check(kept)


def test_stored_files_are_read_only(store: Store) -> None:
    kept = keep(store, b"abc")
    with store.batch() as batch:
        new = batch.add(FILE)
        batch.publish()
    for name in (place("blobs", kept), place("objects", new)):
        assert os.stat(os.path.join(store.path, name)).st_mode & 0o222 == 0


# --------------------------------------------------------------------------- what is in the way


@pytest.mark.parametrize("what", ["link", "folder", "fifo", "fan-link", "fan-file"])
def test_what_is_no_file_of_its_own_is_refused(store: Store, tmp_path: Path, what: str) -> None:
    wanted = object_id(FILE)
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / wanted.hex[2:]).write_bytes(encode_object(FILE))
    fan = Path(store.path, "objects", wanted.hex[:2])
    target = fan / wanted.hex[2:]
    if what == "fan-link":
        fan.symlink_to(outside)
    elif what == "fan-file":
        fan.write_bytes(b"")
    else:
        fan.mkdir()
        if what == "link":
            target.symlink_to(outside / wanted.hex[2:])
        elif what == "folder":
            target.mkdir()
        else:
            os.mkfifo(target)
    for attempt in (
        lambda: store.objects.find(wanted),
        lambda: store.objects.has(wanted),
        lambda: store.objects.read_bytes(wanted),
    ):
        with pytest.raises(UnsafeStore) as caught:
            attempt()
        assert wanted.hex[:2] in str(caught.value)
    with store.batch() as batch:
        batch.add(FILE)
        with pytest.raises(UnsafeStore):
            batch.publish()
    assert store.files.list_folder("tmp") == []
    assert os.listdir(outside) == [wanted.hex[2:]]


def test_a_store_that_is_gone_is_an_error_and_no_traceback(store: Store) -> None:
    Path(store.path).rename(Path(store.home) / "moved")
    assert store.objects.find(object_id(FILE)) is None  # the descriptor still holds the folder
    for folder, _, names in os.walk(Path(store.home) / "moved", topdown=False):
        for name in names:
            os.remove(os.path.join(folder, name))
        os.rmdir(folder)
    with store.batch() as batch, pytest.raises(OperatingSystemRefused):
        batch.open_blob()


def test_a_disk_that_fails_while_a_large_blob_is_written_is_told_and_nothing_is_left(tmp_path: Path) -> None:
    """Its error is told once, to whoever asks first, and that is not the fsync at the end."""

    class FullDisk(QuickOperations):
        def flush(self, descriptor: int) -> None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    obs_folder = make_store(str(tmp_path / "home"), QuickOperations())
    piece = bytes(16 << 20)

    def publish() -> None:
        with Store.open(obs_folder, FullDisk()) as store, store.batch() as batch:
            blob = batch.open_blob()
            for _ in range(4):
                blob.write(piece)
            batch.keep_blob(blob, blob_id(b"no matter"))
            batch.publish()

    with pytest.raises(OperatingSystemRefused) as caught:
        publish()
    assert caught.value.reason == os.strerror(errno.ENOSPC)
    assert os.listdir(os.path.join(obs_folder, "tmp")) == os.listdir(os.path.join(obs_folder, "blobs")) == []


def test_a_large_blob_is_on_its_way_to_the_disk_while_it_is_written(tmp_path: Path) -> None:
    sent: list[int] = []

    class Disk(QuickOperations):
        def flush(self, descriptor: int) -> None:
            sent.append(os.fstat(descriptor).st_size)

    obs_folder = make_store(str(tmp_path / "home"), QuickOperations())
    with Store.open(obs_folder, Disk()) as store, store.batch() as batch:
        blob = batch.open_blob()
        for _ in range(100):
            blob.write(bytes(1 << 20))
        batch.drop_blob(blob)
    assert sent
    assert 32 << 20 <= sent[0] <= 100 << 20
