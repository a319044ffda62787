"""`record --all`: every run of a workspace that is not in the history yet, oldest first.

Which run it is, its bytes decide: the id of the run object. So that a workspace of many runs need not be read
again for that, the stat cache knows the run of a folder in which nothing has changed.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Final, Literal

from blake3 import blake3

from ..errors import BadArgument, IntegrityError, LockTimeout, ObsError
from ..format.canonical import Value, encode
from ..format.frozen import frozen, replace
from ..format.ids import ObjectId
from ..format.names import name_from_bytes
from ..format.reports import Diagnostic, Environment
from ..observe.files import Stamp, open_folder, walk_folder
from ..observe.runfolders.registry import Listed, list_runs
from ..observe.trees import FolderState
from ..store.statcache import StatCache
from ..store.store import Store
from .record import record
from .requests import RecordRequest
from .run_folders import given_by

_CHUNK: Final = 256
"""Runs after which the cache is written: as many are read again after an interruption."""

State = Literal["recorded", "known", "would-record", "failed"]


@frozen
class Taken:
    """What became of one run of a workspace. `run` is None if it failed, `manifest` and `sequence` also if it
    was known by its stat, or nothing was to be written."""

    path: str
    run_id: str | None
    state: State
    run: ObjectId | None = None
    manifest: ObjectId | None = None
    sequence: int | None = None
    diagnostics: tuple[Diagnostic, ...] = ()
    error: ObsError | None = None


def record_all(
    store: Store,
    request: RecordRequest,
    *,
    environment: Callable[[], Environment],
    now: Callable[[], str],
    progress: Callable[[int], None] | None = None,
) -> Iterator[Taken]:
    """Records the runs of the workspace `request.run_dir`, in turn; one that fails is passed over.

    Raises BadArgument for what belongs to one run, InvalidRunFolder where there is no run, FileMissing,
    WrongFileType, OperatingSystemRefused; IntegrityError and LockTimeout, which the next run would meet too.
    """
    workspace = request.run_dir
    if workspace is None:
        raise BadArgument(what="there is no workspace to record")
    of_one_run = (request.model, request.metrics, request.params, request.run_id)
    if request.artifacts or request.given_params or any(given is not None for given in of_one_run):
        raise BadArgument(
            what="--model, --metrics, --params, --param, --artifact and --run-id belong to one run, "
            "and --all takes many",
            hint="name the folder of that run instead",
        )
    listed = list_runs(workspace, given_by(request))
    recorded = {entry.manifest.run for entry in store.chain.entries()}
    use_cache = request.cache and not request.force
    for start in range(0, len(listed), _CHUNK):
        with store.stat_cache(read_only=request.dry_run) as cache:
            for one in listed[start : start + _CHUNK]:
                asked = _asked(one, request, cache) if use_cache else None
                known = cache.find_answer(asked[0]) if asked is not None else None
                if known is not None and len(known) == 32 and ObjectId(known) in recorded:
                    yield Taken(path=one.path, run_id=one.run_id, state="known", run=ObjectId(known))
                    continue
                taken = _take(store, replace(request, run_dir=one.path), one, environment, now, progress)
                if taken.run is not None and not request.dry_run:
                    recorded.add(taken.run)
                    if asked is not None and asked[1]:
                        cache.remember_answer(asked[0], taken.run.raw)
                yield taken


def _take(
    store: Store,
    request: RecordRequest,
    one: Listed,
    environment: Callable[[], Environment],
    now: Callable[[], str],
    progress: Callable[[int], None] | None,
) -> Taken:
    if one.error is not None:
        return Taken(path=one.path, run_id=one.run_id, state="failed", error=one.error)
    try:
        done = record(store, request, environment=environment, now=now, progress=progress)
    except (IntegrityError, LockTimeout):
        raise
    except ObsError as error:
        return Taken(path=one.path, run_id=one.run_id, state="failed", error=error)
    state: State = "recorded" if done.created else "known"
    return Taken(
        path=one.path,
        run_id=done.run_id,
        state="would-record" if done.manifest is None else state,
        run=done.run,
        manifest=done.manifest,
        sequence=done.sequence,
        diagnostics=done.diagnostics,
    )


def _asked(one: Listed, request: RecordRequest, cache: StatCache) -> tuple[bytes, bool] | None:
    """What the cache is asked about a run folder: a digest of its names and stats and of what the user said.

    Beside it, whether its files are old enough for an answer to be remembered. None if it cannot be walked.
    """
    state, lasting = FolderState(), True
    try:
        with open_folder(one.path) as root:
            for entry in walk_folder(root):
                stamp = Stamp.of(entry.stat())
                state.add(name_from_bytes(entry.name), stamp)
                lasting = lasting and cache.is_settled(stamp)
    except ObsError:
        return None  # recording it says what is wrong, if that matters to it
    said: list[Value] = [request.label, request.status if request.status_is_given else None]
    for named in request.datasets:
        said += [named.role, os.fsencode(named.path)]
    return blake3(b"obs run folder" + state.digest() + encode(said)).digest(), lasting
