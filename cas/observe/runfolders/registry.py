"""Every adapter that there is, in the order in which they are asked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Protocol

from ...errors import InvalidDocument, InvalidRunFolder, ObsError
from ...format.frozen import frozen
from . import mlflow, plain, runforge
from .folder import Folder
from .values import Given, RunFolder


class Adapter(Protocol):
    """What a module of this room offers that knows the layout of one trainer."""

    def read(self, folder: Folder, given: Given, /) -> RunFolder | None:
        """The run in a folder; None if the folder is not of this trainer.

        Raises InvalidDocument, InvalidRunFolder, FileMissing, WrongFileType, FileChanged,
        OperatingSystemRefused.
        """
        ...

    def runs(self, folder: Folder, /) -> Iterator[str | ObsError] | None:
        """The names of the run folders of a workspace, relative to it, and what hinders naming one; None if
        the folder is no workspace of this trainer."""
        ...


ADAPTERS: Final[tuple[Adapter, ...]] = (runforge, mlflow, plain)


@frozen
class Listed:
    """A run of a workspace: where it is, and when its trainer says it began, or why it cannot be read."""

    path: str
    run_id: str | None = None
    created_at: str | None = None
    error: ObsError | None = None

    @property
    def order(self) -> tuple[bool, str, str, str]:
        """Oldest first, then by run id; what says no time comes last, in the order of its name."""
        return self.created_at is None, self.created_at or "", self.run_id or "", self.path


def read_run_folder(path: str, given: Given) -> RunFolder:
    """What a run folder holds, as the first adapter that knows it says.

    Raises InvalidRunFolder, FileMissing, WrongFileType, FileChanged, OperatingSystemRefused.
    """
    with Folder.at(path) as folder:
        found = _read(folder, given)
    if found is None:
        raise InvalidRunFolder(
            path=path,
            problem="it holds none of model.pkl, model.joblib, metrics.json, params.json, artifacts/, and no "
            "record of a trainer that obs knows",
            hint="name the run's files with --model, --metrics, --artifact",
        )
    return found


def _read(folder: Folder, given: Given) -> RunFolder | None:
    """The run, None if no adapter knows it. A document in a run folder that is none is no answer to anything
    that was asked: it is an error of the folder."""
    try:
        known = (found for adapter in ADAPTERS if (found := adapter.read(folder, given)) is not None)
        return next(known, None)
    except InvalidDocument as error:
        raise InvalidRunFolder(path=error.path, problem=error.problem, where=error.where) from None


def list_runs(path: str, given: Given) -> list[Listed]:
    """The runs of a workspace, oldest first: of a trainer that obs knows, or a folder of run folders.

    A run that cannot be read is listed with its error. Raises InvalidRunFolder where there is none,
    FileMissing, WrongFileType, OperatingSystemRefused.
    """
    with Folder.at(path) as folder:
        known = (found for adapter in ADAPTERS if (found := adapter.runs(folder)) is not None)
        names = next(known, None)
        listed = [
            one
            for name in (folder.names() if names is None else names)
            if (one := _listed(folder, name, given, is_run=names is not None)) is not None
        ]
    if not listed:
        raise InvalidRunFolder(path=path, problem="no run folder lies in it")
    return sorted(listed, key=lambda one: one.order)


def _listed(folder: Folder, name: str | ObsError, given: Given, *, is_run: bool) -> Listed | None:
    """One run, None for what is none among the run folders of a plain workspace."""
    if isinstance(name, ObsError):
        return Listed(path=folder.path, error=name)
    path = folder.join(name)
    if not is_run and not folder.is_folder(name):
        return None
    try:
        with folder.inner(name) as inner:
            found = _read(inner, given)
    except ObsError as error:
        return Listed(path=path, error=error)
    if found is None:
        problem = "it holds no run"
        return Listed(path=path, error=InvalidRunFolder(path=path, problem=problem)) if is_run else None
    created_at = found.record.claims.created_at if found.record is not None else None
    return Listed(path=path, run_id=found.run_id, created_at=created_at)
