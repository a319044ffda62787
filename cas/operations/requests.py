"""What a user asks `record` for, checked as far as that needs no file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from ..errors import BadArgument, InvalidField
from ..format.canonical import Value
from ..format.frozen import frozen
from ..format.manifests import MAX_MESSAGE_BYTES
from ..format.names import RESERVED_ROLES, check_role
from ..format.runs import MAX_TEXT_BYTES, STATUSES, Status

if TYPE_CHECKING:
    from ..format.claims import Claims
    from ..format.ids import BlobId
    from ..format.reports import Diagnostic

_NOWHERE: Final[Mapping[str, str]] = {}  # shared, and changed by nobody


@frozen
class Named:
    """A path as the user wrote it, and the role if one was given with it."""

    path: str
    role: str | None = None

    def __post_init__(self) -> None:
        if not self.path:
            raise BadArgument(what="an empty path names no file")
        if self.role is not None:
            try:
                check_role(self.role)
            except InvalidField as error:
                raise BadArgument(what=error.problem) from None
            if self.role in RESERVED_ROLES:
                raise BadArgument(what=f"the role '{self.role}' belongs to the run's own documents")


@frozen
class RecordRequest:
    """One `record`: what went in, what came out, what was said, and how to go about it.

    `run_dir` is a run folder; `run_folders.complete` puts what it holds where the user said nothing
    (`status_is_given`: how the run ended is said; `defaults`: of `data` and `label` those that are meant only
    where the folder says nothing). `found` are the paths that come from there, each with the
    folder beneath which it is opened, no symlink followed.
    `given_params` (and `given_metrics`) are (key, value) pairs in the order given. `record` is the path of
    the trainer's own record of the run, `record_is` what it was when `claims` were read out of it;
    `label_is_claimed` where the label comes from there too. `diagnostics` and `remarks` are about the folder.
    `metrics_contract` are the keys that the metrics are to have.
    `only_new`: a run that is recorded already gets no other manifest, whatever is new about it.
    `jobs` files are read at once (None: as many as the active backend of joblib says), `threads` may work at
    one table; the result depends on neither. Raises BadArgument.
    """

    obs_version: str
    run_dir: str | None = None
    defaults: frozenset[str] = frozenset()
    found: Mapping[str, str] = _NOWHERE
    datasets: tuple[Named, ...] = ()
    model: Named | None = None
    artifacts: tuple[Named, ...] = ()
    metrics: str | None = None
    params: str | None = None
    record: str | None = None
    record_is: BlobId | None = None
    claims: Claims | None = None
    diagnostics: tuple[Diagnostic, ...] = ()
    remarks: tuple[str, ...] = ()
    given_metrics: tuple[tuple[str, Value], ...] = ()
    given_params: tuple[tuple[str, Value], ...] = ()
    label: str | None = None
    label_is_claimed: bool = False
    metrics_contract: tuple[str, ...] | None = None
    message: str | None = None
    run_id: str | None = None
    status: Status = "ok"
    status_is_given: bool = False
    keep_data: bool = False
    keep_artifacts: bool = True
    sha256: bool = True
    inspect: bool = True
    content: bool = True
    cache: bool = True
    jobs: int | None = 1
    threads: int = 1
    force: bool = False
    only_new: bool = False
    dry_run: bool = False
    lock_timeout_seconds: float = 60.0

    def __post_init__(self) -> None:
        documents = any(path is not None for path in (self.metrics, self.params, self.record, self.run_dir))
        if not (self.datasets or self.model or self.artifacts or documents or self.given_params):
            raise BadArgument(
                what="there is nothing to record",
                hint="name what the run read and wrote: --data, --model, --metrics, --artifact",
            )
        for what, text, most in (
            ("message", self.message, MAX_MESSAGE_BYTES),
            ("run id", self.run_id, MAX_TEXT_BYTES),
            ("label", self.label, MAX_TEXT_BYTES),
        ):
            if text is None:
                continue
            try:
                size = len(text.encode())
            except UnicodeEncodeError:
                raise BadArgument(what=f"the {what} is not valid text (UTF-8)") from None
            if size > most:
                raise BadArgument(what=f"the {what} has {size} bytes, and {most} is the most")
        if self.message == "" or self.run_id == "":
            raise BadArgument(what=f"the {'message' if self.message == '' else 'run id'} is empty")
        if self.status not in STATUSES:
            raise BadArgument(what=f"a status is one of {', '.join(STATUSES)}, and not '{self.status}'")
        if self.jobs is not None and self.jobs < 1:
            raise BadArgument(what=f"--jobs is at least 1, and not {self.jobs}")
