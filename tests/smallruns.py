"""Small runs to record: a table, a model, metrics; each number gives other bytes for what it names."""

from __future__ import annotations

import json
import os
from collections.abc import Callable

from faultlayer import QuickOperations
from obs.cas.errors import ObsError
from obs.cas.format.frozen import replace
from obs.cas.format.ids import blob_id
from obs.cas.format.manifests import Manifest
from obs.cas.format.objects import Object, object_id
from obs.cas.format.reports import Environment, Observation, Report
from obs.cas.format.runs import Run
from obs.cas.operations.check import StoreCheck, check_store
from obs.cas.operations.record import Recorded, record
from obs.cas.operations.requests import Named, RecordRequest
from obs.cas.store.chain import Entry, Position
from obs.cas.store.discovery import create
from obs.cas.store.files import FileOperations
from obs.cas.store.store import Store

ENVIRONMENT = Environment(whose="obs", python="3.12.1", packages=(("numpy", "2.1.0"),))


def make_store(home: str, operations: FileOperations | None = None) -> str:
    """A store in the folder `home`, which is made if need be; the path of its `.obs/`."""
    os.makedirs(home, exist_ok=True)
    return create(home, operations or FileOperations())[0]


def make_run(folder: str, *, data: int = 0, model: int = 0, model_bytes: int = 24) -> RecordRequest:
    """The files of one run in a new or old folder, and the request that records them, by their bytes only:
    what a table holds is tested elsewhere, and would be half of the time here."""
    os.makedirs(folder, exist_ok=True)
    table, trained, metrics = (
        os.path.join(folder, name) for name in ("data.csv", "model.pkl", "metrics.json")
    )
    with open(table, "w", encoding="ascii") as opened:
        opened.write(f"x,y\n{data},0\n")
    with open(trained, "wb") as opened:
        opened.write((f"model {model} ".encode() * model_bytes)[:model_bytes])
    with open(metrics, "w", encoding="ascii") as opened:
        json.dump({"accuracy": 0.5 + model / 1000}, opened)
    return RecordRequest(
        obs_version="0",
        datasets=(Named(path=table),),
        model=Named(path=trained),
        metrics=metrics,
        label="y",
        content=False,
        cache=False,
        lock_timeout_seconds=30.0,
    )


def record_run(
    obs_folder: str, request: RecordRequest, operations: FileOperations | None = None, *, second: int = 0
) -> Recorded:
    """Records, at a time that is given in seconds after an hour of no importance."""
    time = f"2026-01-01T00:{second // 60:02}:{second % 60:02}.000000Z"
    with Store.open(obs_folder, operations or FileOperations()) as store:
        return record(store, request, environment=lambda: ENVIRONMENT, now=lambda: time)


def again(request: RecordRequest, **changes: object) -> RecordRequest:
    """The request with other settings."""
    return replace(request, **changes)


def error_of(work: Callable[[], object]) -> ObsError | None:
    """The error that some work ends with, None if it succeeds. Anything but an ObsError goes through."""
    try:
        work()
    except ObsError as error:
        return error
    return None


def history(obs_folder: str) -> list[Entry]:
    """All manifests, newest first. Raises at the first thing that is wrong."""
    with Store.open(obs_folder) as store:
        return list(store.chain.entries())


def checked(obs_folder: str) -> StoreCheck:
    """The store, looked at in full."""
    with Store.open(obs_folder) as store:
        return check_store(store, full=True)


def assert_sound(obs_folder: str, *, recorded: set[str]) -> list[Entry]:
    """The store is clean but for orphans and leftovers, and its history has every run of `recorded` (ids)."""
    check = checked(obs_folder)
    assert check.problems == ()
    entries = history(obs_folder)
    assert check.manifests == len(entries)
    assert [entry.manifest.sequence for entry in entries] == list(range(len(entries)))[::-1]
    missing = recorded - {entry.manifest.run.hex for entry in entries}
    assert not missing, f"acknowledged and lost: {missing}"
    return entries


def commit(store: Store, run: Run, *objects: Object, observations: tuple[Observation, ...] = ()) -> Entry:
    """Puts a run into the history as it is, with what it links to."""
    report = Report(run=object_id(run), obs="0", observations=observations)

    def build(position: Position) -> Manifest:
        return Manifest(
            sequence=position.sequence,
            recorded_at="2026-01-01T00:00:00.000000Z",
            run=object_id(run),
            report=object_id(report),
            parent=position.parent,
            history=position.history,
        )

    with store.batch() as batch:
        for each in (*objects, run, report):
            batch.add(each)
        blob = batch.open_blob()  # without a byte: what tests name that need none
        batch.keep_blob(blob, blob_id(b""))
        batch.publish()
    with store.chain.locked(10):
        entry = store.chain.append(build, store.chain.head())
    assert entry is not None
    return entry


def grow_history(obs_folder: str, count: int, *, name: str = "run") -> None:
    """Adds so many manifests, each of a run of its own."""
    with Store.open(obs_folder, QuickOperations()) as store:
        head = store.chain.head()
        begin = 0 if head is None else store.chain.entry(head, "a test").manifest.sequence + 1
        for number in range(begin, begin + count):
            commit(store, Run(run_id=f"{name} {number}"))
