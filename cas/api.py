"""The Python interface: the same names and the same values as the commands.

    import obs

    store = obs.Store.open(".")
    store.record(data="data.csv", label="y", model="model.pkl", metrics="metrics.json")
    for run in store.log():
        print(run.sequence, run.metrics)
    store.verify("model.pkl").verdict

Beside `cli/` this is the only module that looks at the clock, the environment and the current
folder, so that everything below can be tested and replayed.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeAlias

from .format.canonical import Value
from .format.data import File, Tree
from .format.runs import Status
from .format.times import format_time, parse_rfc3339
from .operations.anchors import read_anchor
from .operations.check import StoreCheck, check_store
from .operations.environment import describe_environment
from .operations.export import ExportFormat, export
from .operations.log import Damage, LogRequest, log
from .operations.record import Recorded, record
from .operations.requests import Named, RecordRequest
from .operations.revisions import resolve, resolve_entry
from .operations.show import ShownObject, ShownRun, show
from .operations.verify import Verification, verify_file
from .operations.views import RunView
from .store.discovery import create, find_named, find_upwards
from .store.files import FileOperations
from .store.store import Store as _Store

if TYPE_CHECKING:
    import pandas as pd

    from .format.contents import Content
    from .operations.diff import Argument, Diff
    from .operations.inspect import Inspected
    from .operations.prove import HeldHead, Proved
    from .operations.schema import Schema
    from .operations.verifyproof import ProofVerification

__all__ = ["Store", "diff", "fingerprint", "inspect", "schema", "verify_proof"]

PathLike: TypeAlias = str | os.PathLike[str]
Paths: TypeAlias = PathLike | Sequence[PathLike] | Mapping[str, PathLike]


def _text(path: PathLike) -> str:
    return path if isinstance(path, str) else path.__fspath__()


def _named(given: Paths | None) -> tuple[Named, ...]:
    """One path, several, or role → path."""
    if given is None:
        return ()
    if isinstance(given, Mapping):
        return tuple(Named(path=os.fspath(path), role=role) for role, path in given.items())
    if isinstance(given, (str, os.PathLike)):
        return (Named(path=os.fspath(given)),)
    return tuple(Named(path=os.fspath(path)) for path in given)


def fingerprint(data: object) -> File | Tree | Content:
    """The very object that a record would name: of a path the fingerprint of its bytes, of a data frame (or
    anything that gives an Arrow stream) that of its content.

    Raises FileMissing, WrongFileType, FileChanged, OperatingSystemRefused; ContentUnreadable, BadArgument.
    """
    if isinstance(data, (str, os.PathLike)):
        from .operations.inputs import fingerprint_path

        return fingerprint_path(os.fspath(data))
    from .operations.contents import content_of_frame

    return content_of_frame(data)


def schema(
    data: object,
    *,
    label: str | None = None,
    values: bool = False,
    delimiter: str | None = None,
    jobs: int | None = None,
) -> Schema:
    """What a dataset holds, without training: a path (file, folder, pattern), a data frame, or anything that
    gives an Arrow stream; its attributes are the keys of `obs schema --json`.

    `jobs` files of a folder are read at once; None leaves it to the active backend of joblib, so that inside
    `joblib.parallel_config("dask")` a cluster reads them. Nothing is changed, nothing is stored.

    Raises FileMissing, WrongFileType, FileChanged, OperatingSystemRefused, BadArgument.
    """
    from .operations.schema import schema_frame, schema_path

    if isinstance(data, (str, os.PathLike)):
        return schema_path(
            os.fspath(data), label=label, values=values, delimiter=delimiter, jobs=jobs, threads=2
        )
    return schema_frame(data, label=label, values=values)


def inspect(path: PathLike, *, fingerprint: bool = True) -> Inspected:
    """What a model file holds, without executing it; its attributes are the keys of `obs inspect --json`.

    Raises NotAModelFile, FileMissing, WrongFileType, FileChanged, OperatingSystemRefused.
    """
    from .operations.inspect import inspect_path

    return inspect_path(os.fspath(path), fingerprint=fingerprint)


def verify_proof(path: PathLike, proof: PathLike, *, against: str | None = None) -> ProofVerification:
    """What a proof file shows about the file at `path`, without a store; its attributes are the keys of
    `obs verify FILE --proof PROOF --json`. `against` is the anchor that you kept: 64 digits, or the path of a
    checkpoint.

    Raises MalformedProof, NotProvable, FileMissing, WrongFileType, FileChanged, OperatingSystemRefused.
    """
    from .operations import verifyproof

    anchor = read_anchor(against) if against is not None else None
    return verifyproof.verify_proof(os.fspath(path), os.fspath(proof), anchor=anchor)


def diff(before: PathLike, after: PathLike) -> Diff:
    """What differs between two datasets, two model files or two other files (or folders) on disk; its
    attributes are the keys of `obs diff --json`. Runs are compared by `Store.diff`.

    Raises BadArgument, FileMissing, WrongFileType, FileChanged, OperatingSystemRefused.
    """
    from .operations.diff import Argument
    from .operations.diff import diff as compare

    sides = (Argument(text=os.fspath(path), is_file=True) for path in (before, after))
    return compare(None, *sides, threads=2)


def _argument(given: PathLike) -> Argument:
    from .operations.diff import Argument

    return Argument(text=os.fspath(given), is_file=not isinstance(given, str))


class Store:
    """An open `.obs/`. A context; nothing is read before it is asked for."""

    def __init__(self, store: _Store) -> None:
        self._store = store

    @classmethod
    def open(cls, path: PathLike = ".") -> Self:
        """The store in `path` or above it. A `.obs/` that another user owns is opened only if `path`
        itself holds it. Raises NoStore, ForeignStore, UnknownStoreFormat, UnsafeStore."""
        start = os.path.abspath(_text(path))
        named = os.path.basename(start) == ".obs" or os.path.lexists(os.path.join(start, ".obs"))
        return cls(_Store.open(find_named(start) if named else find_upwards(start, os.geteuid())))

    @classmethod
    def init(cls, path: PathLike = ".") -> Self:
        """Makes a `.obs/` in `path`, or opens the one that is there."""
        made, _ = create(os.path.abspath(os.fspath(path)), FileOperations())
        return cls(_Store.open(made))

    @property
    def path(self) -> str:
        """Of the `.obs/` folder."""
        return self._store.path

    def record(
        self,
        run_dir: PathLike | None = None,
        *,
        data: Paths | None = None,
        label: str | None = None,
        model: PathLike | None = None,
        metrics: PathLike | None = None,
        params: PathLike | Mapping[str, Value] | None = None,
        artifacts: Paths | None = None,
        message: str | None = None,
        run_id: str | None = None,
        status: Status | None = None,
        keep_data: bool = False,
        keep: bool = True,
        sha256: bool = True,
        inspect: bool = True,
        content: bool = True,
        cache: bool = True,
        git: bool = True,
        python: PathLike | None = None,
        timestamp: str | None = None,
        jobs: int | None = None,
        force: bool = False,
        dry_run: bool = False,
    ) -> Recorded:
        """Records a finished run, as `obs record` does; `run_dir` is a run folder.

        Raises as `operations.record.record`.
        """
        from .. import __version__

        given: Mapping[str, Value] = params if isinstance(params, Mapping) else {}
        request = RecordRequest(
            obs_version=__version__,
            run_dir=os.fspath(run_dir) if run_dir is not None else None,
            datasets=_named(data),
            model=_named(model)[0] if model is not None else None,
            artifacts=_named(artifacts),
            metrics=os.fspath(metrics) if metrics is not None else None,
            params=None if params is None or isinstance(params, Mapping) else os.fspath(params),
            given_params=tuple(given.items()),
            label=label,
            message=message,
            run_id=run_id,
            status=status or "ok",
            status_is_given=status is not None,
            keep_data=keep_data,
            keep_artifacts=keep,
            sha256=sha256,
            inspect=inspect,
            content=content,
            cache=cache,
            jobs=jobs,
            force=force,
            dry_run=dry_run,
        )
        stamp = parse_rfc3339(timestamp) if timestamp is not None else None
        prefix = os.fspath(python) if python is not None else None
        return record(
            self._store,
            request,
            environment=lambda: describe_environment(
                prefix, os.environ, tuple(sys.path), self._store.home if git else None
            ),
            now=lambda: stamp if stamp is not None else format_time(datetime.now(UTC)),
        )

    def log(self, limit: int | None = None, *, where: str | Sequence[str] = ()) -> Iterator[RunView | Damage]:
        """The run history, newest first. `where`: only runs of which these expressions hold, as in
        `obs log --where`. Raises BadExpression."""
        if not where:
            return log(self._store, LogRequest(limit=limit))
        from .operations.where import parse

        texts = (where,) if isinstance(where, str) else where
        return log(self._store, LogRequest(limit=limit, where=tuple(map(parse, texts))))

    def show(self, revision: str = "HEAD") -> ShownRun | ShownObject:
        """One manifest, run or object with its links resolved."""
        return show(self._store, resolve(self._store, revision))

    def diff(self, before: PathLike = "HEAD~1", after: PathLike = "HEAD") -> Diff:
        """What differs between two runs, or two files: text is a revision (`REV`, `REV:ROLE`), or else a
        path; a `Path` is always one. Raises as `operations.diff.diff`."""
        from .operations.diff import diff

        return diff(self._store, _argument(before), _argument(after), threads=2)

    def export(
        self,
        revision: str = "HEAD",
        *,
        format: ExportFormat = "json",  # noqa: A002 - the option's name
        run_only: bool = False,
    ) -> bytes:
        """The metadata of a run, as `obs export` writes it: the same bytes for the same manifest, anywhere.
        Raises UnknownRevision, AmbiguousRevision, IntegrityError; BadArgument for a page of `run_only`."""
        return export(self._store, resolve_entry(self._store, revision), form=format, run_only=run_only)

    def verify(
        self, path: PathLike, *, against: str | None = None, full: bool = False, check_data: bool = False
    ) -> Verification:
        """The lineage of a file, by its bytes."""
        anchor = read_anchor(against) if against is not None else None
        return verify_file(self._store, os.fspath(path), anchor=anchor, full=full, check_data=check_data)

    def prove(
        self,
        path: PathLike | None = None,
        *,
        revision: str = "HEAD",
        at: str | None = None,
        with_report: bool = False,
    ) -> Proved:
        """A proof about the newest run that has the bytes of the file at `path`, or about a revision; its
        `text` is what `verify_proof` reads from a file. Raises as `operations.prove.prove`."""
        from .operations.prove import prove

        anchor = read_anchor(at) if at is not None else None
        with self._store.chain.held():
            subject = os.fspath(path) if path is not None else resolve_entry(self._store, revision)
            return prove(self._store, subject, at=anchor, with_report=with_report)

    def checkpoint(self) -> HeldHead:
        """The head of the history; its `text` is what to keep elsewhere. Raises NothingRecorded."""
        from .operations.prove import checkpoint

        return checkpoint(self._store)

    def check(self, *, full: bool = False) -> StoreCheck:
        """The chain and all objects (`full`: blobs too)."""
        return check_store(self._store, full=full)

    def runs(self) -> pd.DataFrame:
        """The history as a pandas DataFrame, oldest first: one row a manifest, `metrics.NAME` columns."""
        import pandas as pd

        rows: list[dict[str, object]] = []
        for line in log(self._store, LogRequest(reverse=True)):
            if isinstance(line, Damage):
                continue
            row: dict[str, object] = {
                "manifest": line.manifest.hex,
                "sequence": line.sequence,
                "recorded_at": line.recorded_at,
                "message": line.message,
                "run": line.run.hex,
                "run_id": line.run_id,
                "status": line.status,
                "label": line.label,
            }
            row.update({f"metrics.{name}": value for name, value in (line.metrics or {}).items()})
            rows.append(row)
        return pd.DataFrame(rows)

    def close(self) -> None:
        """Gives the store's descriptor back."""
        self._store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._store.__exit__(kind, error, trace)
