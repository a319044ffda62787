"""Real processes that record: started, killed and waited for by tests, which then look at the store.

The children come from a fork server, which has imported everything: a child starts within
milliseconds, and needs to read no file of the interpreter's after it took another user's place.
"""

from __future__ import annotations

import multiprocessing
import os
import resource
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing import forkserver
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext, ForkServerProcess

from faultlayer import QuickOperations
from obs.cas.errors import ObsError
from obs.cas.format.data import File
from obs.cas.format.runs import Run
from obs.cas.operations.check import check_store
from obs.cas.operations.log import LogRequest, log
from obs.cas.operations.requests import RecordRequest
from obs.cas.operations.revisions import resolve
from obs.cas.operations.show import show
from obs.cas.operations.tagging import list_tags
from obs.cas.store.files import FileOperations
from obs.cas.store.store import Store
from smallruns import record_run

_PRELOADED = ["__main__", "preloaded", "childruns"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Whom a child is to be: user, group, umask. None: whoever started it."""

    user: int | None = None
    group: int | None = None
    umask: int = 0o022


def context() -> ForkServerContext:
    """The fork server that all tests share."""
    found = multiprocessing.get_context("forkserver")
    found.set_forkserver_preload(_PRELOADED)
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
    try:
        forkserver.ensure_running()  # does nothing if it runs; some versions of Python pass no path on
    finally:
        del os.environ["PYTHONPATH"]
        if before is not None:
            os.environ["PYTHONPATH"] = before
    return found


def start(work: Callable[..., None], *arguments: object) -> ForkServerProcess:
    """A child that does the work; what it has to say goes through a pipe among the arguments."""
    process = context().Process(target=work, args=arguments, daemon=True)
    process.start()
    return process


class _Watched(FileOperations):
    """Tells when the first temporary file was made, and ends the process after the n-th operation."""

    def __init__(self, pipe: Connection, kill_after: int | None) -> None:
        self._pipe = pipe
        self._kill_after = kill_after
        self._done = 0
        self._told = False

    def make_folder(self, root: int, name: str) -> None:
        super().make_folder(root, name)
        self._count()

    def create(self, root: int, name: str) -> int:
        descriptor = super().create(root, name)
        if not self._told:
            self._told = True
            self._pipe.send("begun")
        self._count()
        return descriptor

    def write(self, descriptor: int, data: bytes | memoryview) -> None:
        super().write(descriptor, data)
        self._count()

    def fsync(self, descriptor: int) -> None:
        super().fsync(descriptor)
        self._count()

    def rename(self, root: int, source: str, target: str) -> None:
        super().rename(root, source, target)
        self._count()

    def link(self, root: int, source: str, target: str) -> None:
        super().link(root, source, target)
        self._count()

    def fsync_folder(self, root: int, name: str) -> None:
        super().fsync_folder(root, name)
        self._count()

    def unlink(self, root: int, name: str) -> None:
        super().unlink(root, name)
        self._count()

    def _count(self) -> None:
        self._done += 1
        if self._done == self._kill_after:
            os.kill(os.getpid(), signal.SIGKILL)


def record_and_tell(
    pipe: Connection, obs_folder: str, request: RecordRequest, second: int, kill_after: int | None
) -> None:
    """Records; says "begun" at the first temporary file, and the run's id when it is acknowledged."""
    result = record_run(obs_folder, request, _Watched(pipe, kill_after), second=second)
    pipe.send(result.run.hex)
    pipe.close()


def record_many(
    pipe: Connection, go: Connection, obs_folder: str, requests: list[RecordRequest], identity: Identity
) -> None:
    """Takes an identity, waits for the word, records all, and says which runs and manifests are there.

    Sends (run, manifest, sequence, created) of each, then None; an error's text instead if one comes.
    """
    os.umask(identity.umask)
    if identity.group is not None:
        os.setgroups([])
        os.setgid(identity.group)
    if identity.user is not None:
        os.setuid(identity.user)
    go.recv()
    try:
        for number, request in enumerate(requests):
            done = record_run(obs_folder, request, QuickOperations(), second=number)
            manifest = done.manifest.hex if done.manifest is not None else ""
            pipe.send((done.run.hex, manifest, done.sequence, done.created))
        pipe.send(None)
    except ObsError as error:
        pipe.send(f"{error.code}: {error}")


def run_as(pipe: Connection, identity: Identity, work: Callable[[], object]) -> None:
    """Does `work` as somebody else, and sends what it returned, or the ObsError's code and text."""
    os.umask(identity.umask)
    if identity.group is not None:
        os.setgroups([])
        os.setgid(identity.group)
    if identity.user is not None:
        os.setuid(identity.user)
    try:
        pipe.send(("done", work()))
    except ObsError as error:
        pipe.send((error.code, str(error)))


def outcome_as(identity: Identity, work: Callable[[], object]) -> tuple[str, object]:
    """What `work` comes to when somebody else does it: ("done", its result) or an error's code and text."""
    receiver, sender = context().Pipe(duplex=False)
    child = start(run_as, sender, identity, work)
    sender.close()
    try:
        answer: tuple[str, object] = receiver.recv()
    finally:
        child.join()
        receiver.close()
    return answer


def record_under_limits(
    obs_folder: str, request: RecordRequest, limits: list[int]
) -> list[tuple[str, str | None]]:
    """Records once under each limit on a file's size (RLIMIT_FSIZE, in bytes): code and remedy, or "done"."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    answers: list[tuple[str, str | None]] = []
    for limit in limits:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
        try:
            record_run(obs_folder, request)
            answers.append(("done", None))
        except ObsError as error:
            answers.append((error.code, error.advice()))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    return answers


def record_one(obs_folder: str, request: RecordRequest) -> str:
    """Records, and returns the run's id."""
    return record_run(obs_folder, request).run.hex


def read_all(obs_folder: str) -> tuple[str, int]:
    """Every reading operation on a store: the verdict of `fsck`, and how many manifests `log` tells."""
    with Store.open(obs_folder) as store:
        told = list(log(store, LogRequest()))
        for entry in store.chain.entries():
            show(store, resolve(store, entry.id.hex))
            run = store.objects.get(Run, entry.manifest.run, "a test")
            for link in run.artifacts:
                list(store.blobs.chunks(store.objects.get(File, link.id, "a test").blake3) or ())
        list_tags(store)
        return check_store(store, full=True).verdict, len(told)
