"""A stop after every single file operation, and a power cut that takes what was not fsynced.

Whatever is left, the store opens and is clean but for orphans and leftovers, HEAD is the old or the
new manifest, every acknowledged record is there, and the next record works.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from faultlayer import (
    Disk,
    FailingOperations,
    PowerCut,
    QuickOperations,
    RecordingOperations,
    Step,
    Tree,
    read_tree,
    write_tree,
)
from obs.cas.errors import LockTimeout, NoStore, ObsError, UnknownStoreFormat
from obs.cas.format.ids import ObjectId
from obs.cas.operations.requests import RecordRequest
from obs.cas.operations.tagging import remove_tag, set_tag
from obs.cas.store.discovery import create, find_named
from obs.cas.store.store import Store
from smallruns import again, assert_sound, checked, error_of, history, make_run, make_store, record_run

QUICK = QuickOperations()


class Workshop:
    """Inputs, and a fresh home for every state of the disk."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.seen: set[tuple[object, ...]] = set()
        self._homes = 0

    def run(self, name: str, *, data: int = 0, model: int = 0) -> RecordRequest:
        """A run whose files lie outside every home."""
        return make_run(str(self.folder / "runs" / name), data=data, model=model)

    def home(self, tree: Tree) -> str:
        """A new folder with this content."""
        self._homes += 1
        home = str(self.folder / f"home-{self._homes}")
        write_tree(home, tree)
        return home

    def fresh_store(self) -> str:
        """A new home with an empty store."""
        home = self.home({})
        make_store(home, QUICK)
        return home

    def is_new(self, tree: Tree, *more: object) -> bool:
        """Whether this state was not looked at before. Leftovers make no state of their own."""
        key = (frozenset((path, data) for path, data in tree.items() if "/tmp/" not in path), *more)
        if key in self.seen:
            return False
        self.seen.add(key)
        return True


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    return Workshop(tmp_path)


def obs_of(home: str) -> str:
    return os.path.join(home, ".obs")


def heads(home: str) -> list[str]:
    """The ids of the history, newest first."""
    return [entry.id.hex for entry in history(obs_of(home))]


def expect_sound(home: str, recorded: set[str], next_runs: list[RecordRequest]) -> None:
    """Sound as it is, and after each of the next records, which is acknowledged."""
    assert_sound(obs_of(home), recorded=recorded)
    known = set(recorded)
    for number, request in enumerate(next_runs):
        known.add(record_run(obs_of(home), request, QUICK, second=100 + number).run.hex)
        assert_sound(obs_of(home), recorded=known)


def states(before: Tree, steps: list[Step], *, last_only: bool = False) -> Iterator[tuple[int, str, Tree]]:
    """Every state that a power cut may leave after each prefix of the steps, with the prefix's length."""
    disk = Disk(before)
    for done in range(len(steps) + 1):
        if done:
            disk.apply(steps[done - 1])
        if done == len(steps) or not last_only:
            for what, tree in disk.after_power_cut():
                yield done, what, tree


# --------------------------------------------------------------------------- the model itself


def test_the_disk_model_follows_the_real_folder(workshop: Workshop) -> None:
    home = workshop.home({})
    recorder = RecordingOperations(home)
    make_store(home, recorder)
    record_run(obs_of(home), again(workshop.run("a"), cache=True), recorder)
    disk = Disk({})
    for step in recorder.steps:
        disk.apply(step)
    modelled = {path: data for path, data in disk.tree().items() if path not in (".obs/cache", ".obs/lock")}
    assert modelled == read_tree(home)


def test_the_disk_model_can_lose_what_a_store_without_fsyncs_needs(workshop: Workshop) -> None:
    home = workshop.fresh_store()
    before, recorder = read_tree(home), RecordingOperations(home)
    record_run(obs_of(home), workshop.run("a"), recorder)
    broken = 0
    careless = [step for step in recorder.steps if step.kind not in ("fsync", "fsync_folder")]
    for _, _, tree in states(before, careless, last_only=True):
        after = workshop.home(tree)
        try:
            broken += bool(checked(obs_of(after)).problems)
        except ObsError:
            broken += 1
    assert broken > 10


# --------------------------------------------------------------------------- record


def test_a_stop_after_every_operation_of_two_records(workshop: Workshop) -> None:
    runs = [again(workshop.run("a"), cache=True), again(workshop.run("b", model=1), cache=True)]
    start = workshop.fresh_store()
    record_run(obs_of(start), runs[0], QUICK)
    after_one = read_tree(start)
    for before, request, old in ((read_tree(workshop.fresh_store()), runs[0], 0), (after_one, runs[1], 1)):
        stop = 0
        acknowledged = False
        while not acknowledged:
            stop += 1
            home = workshop.home(before)
            recorder = RecordingOperations(home, stop_after=stop)
            known = {entry.manifest.run.hex for entry in history(obs_of(home))}
            old_ids = heads(home)
            try:
                result = record_run(obs_of(home), request, recorder, second=1)
                known.add(result.run.hex)
                acknowledged = not recorder.stopped
            except PowerCut:
                pass
            assert heads(home)[-old:] == old_ids if old else len(heads(home)) <= 1
            expect_sound(home, known, [request, workshop.run("c", data=7, model=7)])
        assert stop > 60 if not old else stop > 30


def test_a_power_cut_after_every_operation_of_two_records(workshop: Workshop) -> None:
    home = workshop.fresh_store()
    before = read_tree(home)
    recorder = RecordingOperations(home)
    requests = [workshop.run("a"), workshop.run("b", model=1)]
    acknowledged: list[tuple[int, str]] = []  # number of operations, run
    ids: list[str] = []
    for second, request in enumerate(requests):
        run = record_run(obs_of(home), request, recorder, second=second).run.hex
        acknowledged.append((len(recorder.steps), run))
        ids = heads(home)
    looked_at = 0
    for done, what, tree in states(before, recorder.steps):
        known = {run for at, run in acknowledged if at <= done}
        if not workshop.is_new(tree, frozenset(known)):
            continue
        looked_at += 1
        after = workshop.home(tree)
        try:
            found = heads(after)
            assert found == ids[len(ids) - len(found) :]
            assert len(known) <= len(found) <= len(known) + 1
            expect_sound(after, known, [requests[1], workshop.run("c", data=7, model=7)])
        except (ObsError, AssertionError) as error:
            raise AssertionError(f"after {done} operations, {what}") from error
    assert looked_at > 100


def test_a_damaged_object_is_mended_by_the_record_that_needs_it(workshop: Workshop) -> None:
    home = workshop.fresh_store()
    request = workshop.run("a")
    recorded = record_run(obs_of(home), request, QUICK)
    digits = recorded.datasets[0].id.hex
    path = os.path.join(obs_of(home), "objects", digits[:2], digits[2:])
    os.chmod(path, 0o600)
    with open(path, "r+b") as opened:
        opened.truncate(3)
    assert checked(obs_of(home)).problems
    expect_sound_after = record_run(obs_of(home), request, QUICK, second=1)
    assert not expect_sound_after.created
    assert_sound(obs_of(home), recorded={recorded.run.hex})


# --------------------------------------------------------------------------- init, tags


def test_init_stopped_anywhere_is_no_store_or_is_completed_by_init(workshop: Workshop) -> None:
    stop, completed = 0, False
    while not completed:
        stop += 1
        home = workshop.home({})
        recorder = RecordingOperations(home, stop_after=stop)
        try:
            create(home, recorder)
            completed = not recorder.stopped
        except PowerCut:
            pass
        expect_none_or_whole(home)
        create(home, QUICK)
        expect_sound(home, set(), [workshop.run("a")])
    assert stop > 8


def test_init_and_a_power_cut(workshop: Workshop) -> None:
    home = workshop.home({})
    recorder = RecordingOperations(home)
    create(home, recorder)
    for done, what, tree in states({}, recorder.steps):
        if not workshop.is_new(tree, done == len(recorder.steps)):
            continue
        after = workshop.home(tree)
        whole = expect_none_or_whole(after)
        assert whole or done < len(recorder.steps), what
        create(after, QUICK)
        expect_sound(after, set(), [workshop.run("a")])


def expect_none_or_whole(home: str) -> bool:
    """Whether there is a store; if there is, it works."""
    error = error_of(lambda: Store.open(find_named(home)).close())
    assert error is None or isinstance(error, (NoStore, UnknownStoreFormat))
    assert not isinstance(error, UnknownStoreFormat) or error.found == "nothing"
    return error is None


def test_what_follows_a_stopped_init_is_durable(workshop: Workshop) -> None:
    """Whoever finds the format file may record and is told that it is done: then .obs/ itself has to stay."""
    total = _count(create, workshop.home({}))
    for stop in range(1, total + 1):
        home = workshop.home({})
        recorder = RecordingOperations(home, stop_after=stop)
        with pytest.raises(PowerCut):
            create(home, recorder)
        if not expect_none_or_whole(home):
            continue
        second = RecordingOperations(home, recorder.steps)
        run = record_run(obs_of(home), workshop.run("a"), second).run.hex
        for _, what, tree in states({}, recorder.steps, last_only=True):
            if workshop.is_new(tree):
                after = workshop.home(tree)
                assert os.path.isdir(obs_of(after)), what
                expect_sound(after, {run}, [])


def _count(work: Callable[[str, RecordingOperations], object], home: str) -> int:
    recorder = RecordingOperations(home)
    work(home, recorder)
    return len(recorder.steps)


def test_a_tag_is_the_old_or_the_new_one_and_stays_once_it_was_set(workshop: Workshop) -> None:
    home = workshop.fresh_store()
    record_run(obs_of(home), workshop.run("a"), QUICK)
    first = heads(home)[0]
    record_run(obs_of(home), workshop.run("b", model=1), QUICK, second=1)
    second = heads(home)[0]
    before = read_tree(home)
    recorder = RecordingOperations(home)
    expected: list[tuple[int, str | None]] = [(0, None)]
    with Store.open(obs_of(home), recorder) as store:
        assert set_tag(store, "best", "HEAD~1").manifest == ObjectId.parse(first)
        expected.append((len(recorder.steps), first))
        remove_tag(store, "best")
        expected.append((len(recorder.steps), None))
        assert set_tag(store, "best", "HEAD").manifest == ObjectId.parse(second)
        expected.append((len(recorder.steps), second))
    for done, what, tree in states(before, recorder.steps):
        settled = max(index for index, (at, _) in enumerate(expected) if at <= done)
        allowed = {name for _, name in expected[settled : settled + 2]}
        if workshop.is_new(tree, settled):
            after = workshop.home(tree)
            with Store.open(obs_of(after)) as store:
                tag = store.tags.get("best")
            assert (tag.hex if tag else None) in allowed, (done, what)
            expect_sound(after, set(), [])


# --------------------------------------------------------------------------- two processes


@pytest.mark.parametrize("same", [True, False], ids=["the-same-run", "shared-objects"])
def test_another_process_is_stopped_first(workshop: Workshop, *, same: bool) -> None:
    """A stops anywhere, B records what A half published, and is acknowledged; then the power goes."""
    start = workshop.fresh_store()
    record_run(obs_of(start), workshop.run("old", data=3, model=3), QUICK)
    before = read_tree(start)
    first = workshop.run("a")
    second = first if same else workshop.run("b", model=1)
    old = {entry.manifest.run.hex for entry in history(obs_of(start))}
    total = _count(lambda home, ops: record_run(obs_of(home), first, ops, second=5), workshop.home(before))
    for stop in range(1, total + 1):
        home = workshop.home(before)
        steps: list[Step] = []
        with pytest.raises(PowerCut):
            record_run(obs_of(home), first, RecordingOperations(home, steps, stop_after=stop), second=5)
        result = record_run(obs_of(home), second, RecordingOperations(home, steps), second=6)
        for _, what, tree in states(before, steps, last_only=True):
            if workshop.is_new(tree, stop == total):
                try:
                    expect_sound(workshop.home(tree), old | {result.run.hex}, [])
                except (ObsError, AssertionError) as error:
                    raise AssertionError(f"A stopped after {stop} operations, {what}") from error


def test_another_process_moves_head_in_the_middle_and_is_stopped(workshop: Workshop) -> None:
    """A records the same run while B is at work, and is stopped before HEAD is durable.

    B may then answer that the run is recorded already: that too is an acknowledgement.
    """
    start = workshop.fresh_store()
    record_run(obs_of(start), workshop.run("old", data=3, model=3), QUICK)
    before = read_tree(start)
    request = again(workshop.run("a"), lock_timeout_seconds=0.0)
    recorder = RecordingOperations(start)
    record_run(obs_of(start), request, recorder, second=5)
    total = len(recorder.steps)
    answers: set[bool] = set()
    for meeting in range(1, total):
        home = workshop.home(before)
        steps: list[Step] = []

        def meet(done: int, home: str = home, steps: list[Step] = steps, meeting: int = meeting) -> None:
            if done == meeting:
                _stopped_record(home, request, steps)

        result = record_run(obs_of(home), request, RecordingOperations(home, steps, after=meet), second=6)
        answers.add(result.created)
        for _, what, tree in states(before, steps, last_only=True):
            if workshop.is_new(tree):
                try:
                    expect_sound(workshop.home(tree), {result.run.hex}, [])
                except (ObsError, AssertionError) as error:
                    raise AssertionError(f"A came after operation {meeting} of B, {what}") from error
    assert answers == {True, False}


def _stopped_record(home: str, request: RecordRequest, steps: list[Step]) -> None:
    """A record that ends after HEAD was renamed, or that does not get the lock."""

    class UpToHead(RecordingOperations):
        def rename(self, root: int, source: str, target: str) -> None:
            super().rename(root, source, target)
            if target == "HEAD":
                self.stopped = True
                raise PowerCut

    operations = UpToHead(home, steps)
    try:
        error = error_of(lambda: record_run(obs_of(home), request, operations, second=5))
    except PowerCut:
        return
    assert error is None or isinstance(error, LockTimeout)  # None: HEAD named the run already


# --------------------------------------------------------------------------- operations that fail


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EIO, errno.EACCES], ids=["space", "io", "access"])
def test_every_operation_may_fail(workshop: Workshop, error: int) -> None:
    """A failed operation is an error with a sentence; nothing is left under tmp/, and no descriptor open."""
    start = workshop.fresh_store()
    record_run(obs_of(start), workshop.run("old", data=3, model=3), QUICK)
    before = read_tree(start)
    request = again(workshop.run("a"), cache=True)
    at = 0
    while True:
        home = workshop.home(before)
        descriptors = len(os.listdir("/dev/fd"))
        operations = FailingOperations(at, error)
        recorded: set[str] = set()

        def attempt(
            home: str = home, operations: FailingOperations = operations, recorded: set[str] = recorded
        ) -> None:
            recorded.add(record_run(obs_of(home), request, operations, second=5).run.hex)

        refusal = error_of(attempt)
        if refusal is not None:
            assert operations.failed is not None
            assert os.strerror(error) in str(refusal)
            assert (refusal.code, refusal.exit_code) == ("OS_REFUSED", 4)
        assert len(os.listdir("/dev/fd")) == descriptors
        assert os.listdir(os.path.join(obs_of(home), "tmp")) == []
        expect_sound(home, recorded, [request])
        if operations.failed is None:
            break
        at += 1
    assert at > 60
