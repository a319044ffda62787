"""What an adapter is asked, and what it answers."""

from __future__ import annotations

from ...format.canonical import Value
from ...format.claims import Claims
from ...format.frozen import frozen
from ...format.ids import BlobId
from ...format.reports import Diagnostic
from ...format.runs import Status


@frozen
class Given:
    """What the user said about the run, which counts for more than what the folder says."""

    status: Status | None = None
    model: bool = False
    """Whether a model was named."""


@frozen
class FoundFile:
    """A file or folder of the run. `root` is the folder beneath which `path` is to be opened, no symlink
    followed."""

    role: str
    path: str
    root: str


@frozen
class Record:
    """The trainer's own record: where it is, what bytes it had when it was read, and what it says."""

    file: FoundFile
    blake3: BlobId
    claims: Claims


@frozen
class RunFolder:
    """A run as its folder tells it; None and empty for what is not there.

    `given_metrics` and `given_params` are values that stand in no single file. `status` is None where the
    folder does not say how the run ended. `workspace` is the folder that a relative dataset path is meant
    from, None if that is not known.
    """

    adapter: str
    model: FoundFile | None = None
    metrics: FoundFile | None = None
    params: FoundFile | None = None
    given_metrics: dict[str, Value] | None = None
    given_params: dict[str, Value] | None = None
    artifacts: tuple[FoundFile, ...] = ()
    record: Record | None = None
    workspace: str | None = None
    label: str | None = None
    run_id: str | None = None
    status: Status | None = None
    diagnostics: tuple[Diagnostic, ...] = ()
