"""Every byte of a store flipped, every file cut short, removed, or replaced by a link.

`fsck`'s walk names the damage, nothing but an ObsError ever comes out, and `log` and `show` go on
past a damaged object.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest
from faultlayer import QuickOperations
from obs.cas.errors import ObsError, UnknownStoreFormat, UnsafeStore
from obs.cas.format.ids import ObjectId
from obs.cas.format.manifests import Manifest
from obs.cas.format.runs import Run
from obs.cas.operations.check import StoreCheck, check_store
from obs.cas.operations.log import Damage, LogRequest, log
from obs.cas.operations.revisions import resolve
from obs.cas.operations.show import show
from obs.cas.operations.tagging import set_tag
from obs.cas.operations.views import RunView
from obs.cas.store.store import Store
from smallruns import make_run, make_store, record_run

QUICK = QuickOperations()
RUNS = 3
PARTS = 4
"""The bytes are dealt out to this many tests, which several workers may run."""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Three runs that share a dataset, and a tag. Tests put back what they change."""
    return make_home(tmp_path_factory.mktemp("store"), RUNS)


@pytest.fixture(scope="module")
def small_home(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Two of them: every kind of object is there, HEAD has a parent, and there are fewer bytes to flip."""
    return make_home(tmp_path_factory.mktemp("small"), 2)


def make_home(folder: Path, runs: int) -> str:
    obs_folder = make_store(str(folder), QUICK)
    for number in range(runs):
        record_run(obs_folder, make_run(str(folder / str(number)), model=number), QUICK, second=number)
    with Store.open(obs_folder, QUICK) as store:
        set_tag(store, "best", "HEAD~1")
    os.remove(os.path.join(obs_folder, "lock"))
    return obs_folder


def files_of(obs_folder: str) -> list[str]:
    """Every file of the store, relative to it."""
    found = [
        os.path.relpath(os.path.join(folder, name), obs_folder)
        for folder, _, names in os.walk(obs_folder)
        for name in names
    ]
    return sorted(found)


def manifest_file(obs_folder: str, sequence: int) -> tuple[str, ObjectId]:
    """The file of one manifest, relative to the store, and its id."""
    with Store.open(obs_folder) as store:
        for entry in store.chain.entries():
            if entry.manifest.sequence == sequence:
                return f"objects/{entry.id.hex[:2]}/{entry.id.hex[2:]}", entry.id
    raise AssertionError(sequence)


@contextmanager
def content(path: str, data: bytes | None) -> Generator[None]:
    """The file holds other bytes, or is gone, for a while."""
    with open(path, "rb") as opened:
        before = opened.read()
    os.remove(path)
    if data is not None:
        write(path, data)
    try:
        yield
    finally:
        write(path, before)


def write(path: str, data: bytes) -> None:
    """Written in place."""
    with open(path, "wb") as opened:
        opened.write(data)


def look(obs_folder: str, *, full: bool = True) -> StoreCheck | ObsError:
    """What `fsck` finds: its result, or the one error that it ends with."""
    try:
        with Store.open(obs_folder) as store:
            return check_store(store, full=full)
    except ObsError as error:
        str(error)  # the sentence too can be built
        return error


def is_noticed(found: StoreCheck | ObsError) -> bool:
    return isinstance(found, ObsError) or (bool(found.problems) and found.exit_code == 3)


def read_everything(obs_folder: str) -> None:
    """`log` and `show` of everything: whatever the damage, only an ObsError may come out."""
    try:
        with Store.open(obs_folder) as store:
            for line in log(store, LogRequest()):
                assert isinstance(line, (RunView, Damage))
            for found in store.objects.ids():
                try:
                    show(store, resolve(store, found.hex))
                except ObsError as error:
                    str(error)
    except ObsError as error:
        str(error)


def test_the_store_is_sound_before(home: str) -> None:
    found = look(home)
    assert isinstance(found, StoreCheck)
    assert (found.problems, found.manifests, found.verdict) == ((), RUNS, "CHAIN-CONSISTENT")
    assert {name.split("/")[0] for name in files_of(home)} == {"HEAD", "format", "objects", "blobs", "tags"}


@pytest.mark.parametrize("part", range(PARTS))
def test_every_byte_flipped(small_home: str, part: int) -> None:
    flipped = 0
    for name in files_of(small_home):
        path = os.path.join(small_home, name)
        with open(path, "rb") as opened:
            before = opened.read()
        for at in range(part, len(before), PARTS):
            mask = (0x01, 0x80, 0x20, 0xFF)[at // PARTS % 4]  # one bit, the sign bit, a letter's case, all
            with content(path, before[:at] + bytes([before[at] ^ mask]) + before[at + 1 :]):
                assert is_noticed(look(small_home)), f"{name}, byte {at} xor {mask:#x}"
                if at // PARTS % 8 == 0:
                    read_everything(small_home)
            flipped += 1
    assert flipped > 2000 // PARTS


def test_without_full_every_object_is_still_checked(home: str) -> None:
    for name in files_of(home):
        path = os.path.join(home, name)
        with open(path, "rb") as opened:
            before = opened.read()
        middle = len(before) // 2
        with content(path, before[:middle] + bytes([before[middle] ^ 0x04]) + before[middle + 1 :]):
            assert is_noticed(look(home, full=False)) != name.startswith("blobs/"), name


def test_every_file_cut_short_or_longer(home: str) -> None:
    for name in files_of(home):
        path = os.path.join(home, name)
        with open(path, "rb") as opened:
            before = opened.read()
        cuts = {0, 1, 2, len(before) // 3, len(before) // 2, len(before) - 2, len(before) - 1}
        for data in [before[:cut] for cut in sorted(cuts)] + [
            before + b"\0",
            before + b"\n",
            before + before,
        ]:
            with content(path, data):
                harmless = name == "format" and data == before.rstrip(b"\n")  # a line end that an editor took
                assert is_noticed(look(home)) != harmless, f"{name} with {len(data)} bytes"
                read_everything(home)


def test_every_file_removed(home: str) -> None:
    for name in files_of(home):
        with content(os.path.join(home, name), None):
            found = look(home)
            read_everything(home)
            if name.startswith(("blobs/", "tags/")):  # not kept, or no such tag: no damage
                assert not is_noticed(found), name
            else:
                assert is_noticed(found), name
            if name == "format":
                assert isinstance(found, UnknownStoreFormat)


def test_every_file_replaced_by_another_of_the_store(home: str) -> None:
    """Intact bytes under a wrong name are damage too."""
    names = [name for name in files_of(home) if name.startswith(("objects/", "blobs/"))]
    for name, other in zip(names, [*names[1:], names[0]], strict=True):
        with open(os.path.join(home, other), "rb") as opened:
            data = opened.read()
        with content(os.path.join(home, name), data):
            assert is_noticed(look(home)), name
            read_everything(home)


@pytest.mark.parametrize("sequence", range(RUNS))
@pytest.mark.parametrize("damage", ["corrupt", "empty", "missing"])
def test_the_history_goes_on_past_a_damaged_manifest(home: str, sequence: int, damage: str) -> None:
    name, manifest = manifest_file(home, sequence)
    data = {"corrupt": b"\x81\xa4kind\xa8manifest", "empty": b"", "missing": None}[damage]
    with content(os.path.join(home, name), data), Store.open(home) as store:
        told = list(log(store, LogRequest()))
        assert [line.sequence for line in told if isinstance(line, RunView)] == [
            at for at in reversed(range(RUNS)) if at != sequence
        ]
        gaps = [line for line in told if isinstance(line, Damage)]
        assert [gap.manifest for gap in gaps] == [manifest]
        assert [gap.sequence for gap in gaps] == [sequence if sequence < RUNS - 1 else None]
        problems = check_store(store, full=True).problems
        assert manifest.hex in {problem.id for problem in problems}
        cut_off = [problem for problem in problems if problem.code == "RUNS_CUT_OFF"]
        assert [len(problem.runs) for problem in cut_off] == [1]


def test_damage_names_the_runs_that_it_touches(home: str) -> None:
    with Store.open(home) as store:
        entries = list(store.chain.entries())
        runs = [store.objects.get(Run, entry.manifest.run, "a test") for entry in entries]
    shared, own = runs[0].datasets[0].id, runs[0].artifacts[0].id
    assert {run.datasets[0].id for run in runs} == {shared}
    all_runs = {entry.manifest.run for entry in entries}
    for target, touched in ((shared, all_runs), (own, {entries[0].manifest.run})):
        with content(os.path.join(home, f"objects/{target.hex[:2]}/{target.hex[2:]}"), b"\xc0"):
            found = look(home)
            assert isinstance(found, StoreCheck)
            named = [set(problem.runs) for problem in found.problems if problem.id == target.hex]
            assert named == [touched]


def test_show_tells_the_rest_of_a_damaged_run(home: str) -> None:
    with Store.open(home) as store:
        head = resolve(store, "HEAD")
        assert head.entry is not None
        report = head.entry.manifest.report
        run = store.objects.get(Run, head.entry.manifest.run, "a test")
        for target in (report, run.artifacts[0].id):
            with content(os.path.join(home, f"objects/{target.hex[:2]}/{target.hex[2:]}"), b"\xc0"):
                shown = show(store, resolve(store, "HEAD"))
                problems = getattr(shown, "problems", ())
                assert target.hex in {problem.id for problem in problems}
                assert getattr(shown, "label", None) == "y"


def test_a_foreign_object_in_the_place_of_a_manifest(home: str) -> None:
    """HEAD and a tag that name an intact object of another kind."""
    with Store.open(home) as store:
        foreign = next(
            found for found in store.objects.ids() if not isinstance(_value(store, found), Manifest)
        )
    for name in ("HEAD", "tags/best"):
        with content(os.path.join(home, name), f"{foreign.hex}\n".encode()):
            found = look(home)
            assert isinstance(found, StoreCheck)
            assert any("links to it as a manifest" in problem.message for problem in found.problems)


def _value(store: Store, wanted: ObjectId) -> object:
    found = store.objects.find(wanted)
    return found[0] if found else None


# --------------------------------------------------------------------------- links and other things


def entries_of(obs_folder: str) -> list[str]:
    """Every file and folder of the store, and what is made there when it is needed."""
    found = files_of(obs_folder)
    for folder, folders, _ in os.walk(obs_folder):
        found += [os.path.relpath(os.path.join(folder, name), obs_folder) for name in folders]
    return sorted({*found, "lock", "cache", "tmp"})


def test_a_link_anywhere_is_refused_or_reported(home: str, tmp_path: Path) -> None:
    """Though it leads to the very same bytes. A record never writes through it."""
    request = make_run(str(tmp_path / "run"), model=77)
    for number, name in enumerate(entries_of(home)):
        place = os.path.join(home, name)
        moved = str(tmp_path / f"moved-{number}")
        there = os.path.lexists(place)
        if there:
            os.rename(place, moved)
        elif name == "cache":
            os.mkdir(moved)
        before = sorted(os.listdir(moved)) if os.path.isdir(moved) else None
        os.symlink(moved, place)
        try:
            if name != "lock":  # nothing reads it
                found = look(home)
                assert is_noticed(found), name
                reported = isinstance(found, StoreCheck) and {problem.code for problem in found.problems}
                assert isinstance(found, UnsafeStore) or (reported and "STORE_UNSAFE" in reported), name
            read_everything(home)
            if name in ("lock", "cache", "tmp", "HEAD", "objects", "tags", "format"):
                with pytest.raises(UnsafeStore, match=name):
                    record_run(home, request, QUICK, second=9)
                assert before is None or sorted(os.listdir(moved)) == before
                assert there or name != "lock" or not os.path.exists(moved)
        finally:
            os.remove(place)
            if there:
                os.rename(moved, place)
    remove_leftovers(home)


@pytest.mark.parametrize("name", ["HEAD", "lock", "tags/best", "format", "object", "blob"])
def test_a_fifo_in_the_place_of_a_file_is_refused_and_never_waited_for(
    home: str, tmp_path: Path, name: str
) -> None:
    if name in ("object", "blob"):
        name = next(file for file in files_of(home) if file.startswith(f"{name}s/"))
    place, moved = os.path.join(home, name), str(tmp_path / "moved")
    there = os.path.exists(place)
    if there:
        os.rename(place, moved)
    os.mkfifo(place)
    try:
        if name == "lock":
            with pytest.raises(UnsafeStore, match="lock"):
                record_run(home, make_run(str(tmp_path / "run"), model=78), QUICK, second=9)
        else:
            assert is_noticed(look(home))
        read_everything(home)
    finally:
        os.remove(place)
        if there:
            os.rename(moved, place)
    remove_leftovers(home)


@pytest.mark.parametrize("name", ["objects", "blobs", "tags", "tmp", "cache"])
def test_a_file_in_the_place_of_a_folder_is_refused(home: str, tmp_path: Path, name: str) -> None:
    place, moved = os.path.join(home, name), str(tmp_path / "moved")
    there = os.path.exists(place)
    if there:
        os.rename(place, moved)
    write(place, b"")
    try:
        with pytest.raises(UnsafeStore, match=name):
            Store.open(home)
    finally:
        os.remove(place)
        if there:
            os.rename(moved, place)


def test_the_store_itself_is_no_link(home: str, tmp_path: Path) -> None:
    os.symlink(home, tmp_path / ".obs")
    with pytest.raises(UnsafeStore):
        Store.open(str(tmp_path / ".obs"))


def test_missing_folders_that_git_does_not_keep(home: str, tmp_path: Path) -> None:
    copy = str(tmp_path / ".obs")
    shutil.copytree(home, copy)
    for name in ("tmp", "tags", "cache"):
        shutil.rmtree(os.path.join(copy, name), ignore_errors=True)
    found = look(copy)
    assert isinstance(found, StoreCheck)
    assert found.problems == ()
    assert record_run(copy, make_run(str(tmp_path / "run"), model=79), QUICK, second=9).created


def remove_leftovers(obs_folder: str) -> None:
    """What the attempts to record have left: orphans, the lock."""
    found = look(obs_folder)
    assert isinstance(found, StoreCheck)
    assert found.problems == ()
    for orphan in (*found.orphans, *found.orphan_blobs):
        folder = "objects" if orphan in found.orphans else "blobs"
        os.remove(os.path.join(obs_folder, folder, orphan.hex[:2], orphan.hex[2:]))
    lock = os.path.join(obs_folder, "lock")
    if os.path.lexists(lock):
        os.remove(lock)
