"""Many processes at once, several users of one group, and a lock that somebody holds."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
import threading
from collections.abc import Iterator
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import pytest
from childruns import Identity, context, record_many, start
from obs.cas.errors import LockTimeout
from obs.cas.operations.requests import RecordRequest
from obs.cas.store.store import Store
from smallruns import again, assert_sound, make_run, make_store, record_run

PROCESSES, RECORDS = 8, 20
GROUP, USERS = 40000, (40001, 40002)
"""Ids that no machine gives to anybody."""

Answers = list[tuple[str, str, int, bool]]


def record_at_once(
    obs_folder: str, work: list[list[RecordRequest]], identities: list[Identity]
) -> list[Answers]:
    """One process for each list of requests, all released at the same moment; what each was told."""
    waiting: list[tuple[Connection, Connection]] = []
    children: list[ForkServerProcess] = []
    for requests, identity in zip(work, identities, strict=True):
        receiver, sender = context().Pipe(duplex=False)
        held, go = context().Pipe(duplex=False)
        children.append(start(record_many, sender, held, obs_folder, requests, identity))
        sender.close()
        held.close()
        waiting.append((receiver, go))
    for _, go in waiting:
        go.send(True)
    told: list[Answers] = []
    for receiver, go in waiting:
        answers: Answers = []
        while (answer := receiver.recv()) is not None:
            assert not isinstance(answer, str), answer
            answers.append(answer)
        told.append(answers)
        receiver.close()
        go.close()
    for child in children:
        child.join()
        assert child.exitcode == 0
    return told


def test_every_record_of_many_processes_is_in_one_history(tmp_path: Path) -> None:
    obs_folder = make_store(str(tmp_path))
    work = [
        [
            make_run(str(tmp_path / f"run-{process}-{number}"), data=number % 3, model=100 * process + number)
            for number in range(RECORDS)
        ]
        for process in range(PROCESSES)
    ]
    told = record_at_once(obs_folder, work, [Identity()] * PROCESSES)
    answers = [answer for of_one in told for answer in of_one]
    assert len(answers) == PROCESSES * RECORDS
    assert all(created for *_, created in answers)
    entries = assert_sound(obs_folder, recorded={run for run, *_ in answers})
    assert len(entries) == PROCESSES * RECORDS
    assert {(entry.manifest.run.hex, entry.id.hex, entry.manifest.sequence) for entry in entries} == {
        (run, manifest, sequence) for run, manifest, sequence, _ in answers
    }
    for of_one in told:  # what one process recorded later comes later
        assert [sequence for *_, sequence, _ in of_one] == sorted(sequence for *_, sequence, _ in of_one)
    assert os.listdir(os.path.join(obs_folder, "tmp")) == []


def test_one_run_recorded_by_all_at_once_has_one_manifest(tmp_path: Path) -> None:
    obs_folder = make_store(str(tmp_path))
    runs = [make_run(str(tmp_path / f"run-{number}"), model=number) for number in range(RECORDS)]
    told = record_at_once(obs_folder, [runs] * PROCESSES, [Identity()] * PROCESSES)
    entries = assert_sound(obs_folder, recorded=set())
    assert len(entries) == RECORDS
    by_run = {entry.manifest.run.hex: entry.id.hex for entry in entries}
    assert len(by_run) == RECORDS
    answers = [answer for of_one in told for answer in of_one]
    assert {(run, manifest) for run, manifest, *_ in answers} == set(by_run.items())
    assert sum(created for *_, created in answers) == RECORDS


def test_messages_make_a_manifest_each(tmp_path: Path) -> None:
    """With a message every record adds a manifest, however many do it at once."""
    obs_folder = make_store(str(tmp_path))
    request = again(make_run(str(tmp_path / "run")), message="once more")
    record_at_once(obs_folder, [[request] * 5] * 4, [Identity()] * 4)
    entries = assert_sound(obs_folder, recorded=set())
    assert len(entries) == 20
    assert len({entry.manifest.run for entry in entries}) == 1


# --------------------------------------------------------------------------- users of one group


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that other users can reach, which pytest's own are not."""
    folder = tempfile.mkdtemp(prefix="obs-test-")
    os.chmod(folder, 0o755)
    yield Path(folder)
    shutil.rmtree(folder)


def test_two_users_of_one_group_share_a_store(open_folder: Path) -> None:
    """Their umask is the strictest, and the store's own mode and group decide.

    Only root can become two users; anybody else is both of them, and the modes and groups show what
    a second one would meet.
    """
    is_root = os.geteuid() == 0
    home = open_folder / "home"
    home.mkdir()
    obs_folder = make_store(str(home))
    group = GROUP if is_root else os.getegid()
    for folder, _, names in os.walk(home):
        os.chown(folder, -1, group)
        os.chmod(folder, 0o2775)
        for name in names:
            os.chown(os.path.join(folder, name), -1, group)
    work: list[list[RecordRequest]] = []
    identities: list[Identity] = []
    for process in range(4):
        runs = [
            again(
                make_run(str(open_folder / "runs" / f"{process}-{number}"), data=number, model=process % 2),
                cache=True,
            )
            for number in range(RECORDS // 2)
        ]
        work.append(runs)
        user = USERS[process % 2] if is_root else None
        identities.append(Identity(user=user, group=group if is_root else None, umask=0o077))
    told = record_at_once(obs_folder, work, identities)
    runs_told = {run for of_one in told for run, *_ in of_one}
    assert len(runs_told) == 2 * (RECORDS // 2)
    assert_sound(obs_folder, recorded=runs_told)
    owners: set[int] = set()
    for folder, folders, names in os.walk(obs_folder):
        for name in folders:
            status = os.stat(os.path.join(folder, name))
            assert (status.st_gid, stat.S_IMODE(status.st_mode)) == (group, 0o2775), name
            owners.add(status.st_uid)
        for name in names:
            path = os.path.join(folder, name)
            status = os.stat(path)
            place = os.path.relpath(path, obs_folder).split("/")[0]
            wanted = {"objects": 0o444, "blobs": 0o444, "HEAD": 0o664, "lock": 0o664, "cache": 0o600}.get(
                place
            )
            assert wanted is None or stat.S_IMODE(status.st_mode) == wanted, path
            assert place == "cache" or status.st_gid == group, path
    assert not is_root or owners >= set(USERS)


# --------------------------------------------------------------------------- the lock


def test_a_held_lock_is_an_error_after_the_timeout(tmp_path: Path) -> None:
    obs_folder = make_store(str(tmp_path))
    request = again(make_run(str(tmp_path / "run")), lock_timeout_seconds=0.05)
    with Store.open(obs_folder) as holder, holder.chain.locked(0):
        with pytest.raises(LockTimeout) as caught:
            record_run(obs_folder, request)
        assert (caught.value.exit_code, caught.value.seconds) == (4, 0.05)
        assert os.path.join(obs_folder, "lock") in str(caught.value)
        assert os.listdir(os.path.join(obs_folder, "tmp")) == []
        assert assert_sound(obs_folder, recorded=set()) == []  # a reader takes no lock
    assert record_run(obs_folder, request).created


def test_a_lock_that_is_given_back_in_time_is_taken(tmp_path: Path) -> None:
    obs_folder = make_store(str(tmp_path))
    held, given_back = threading.Event(), threading.Event()

    def hold() -> None:
        with Store.open(obs_folder) as store, store.chain.locked(0):
            held.set()
            given_back.wait(0.1)

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait()
    try:
        assert record_run(obs_folder, make_run(str(tmp_path / "run"))).created
    finally:
        given_back.set()
        holder.join()


def test_a_lock_file_left_behind_locks_nothing(tmp_path: Path) -> None:
    obs_folder = make_store(str(tmp_path))
    (tmp_path / ".obs" / "lock").write_text("left by somebody")
    request = again(make_run(str(tmp_path / "run")), lock_timeout_seconds=0.0)
    assert record_run(obs_folder, request).created
