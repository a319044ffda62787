"""What a run said of itself in files: its metrics and its params, read before anything large is."""

from __future__ import annotations

from ..errors import BadArgument, FileChanged, InvalidDocument, WrongFileType
from ..format.canonical import Value
from ..format.data import File
from ..format.frozen import replace
from ..format.ids import BlobId
from ..format.objects import Object
from ..format.reports import Diagnostic
from ..format.runs import Metrics, Params
from ..observe.files import OpenedFile
from ..store.batch import Batch
from .inputs import DocumentInput, Input, base_name, open_input
from .requests import RecordRequest


def read_metrics(
    request: RecordRequest, batch: Batch, diagnostics: list[Diagnostic]
) -> tuple[DocumentInput | None, list[Object]]:
    """The metrics, None if the run has none, and the objects that hold them. Raises InvalidDocument."""
    if request.metrics is None:
        if not request.given_metrics:
            return None, []
        values = dict(request.given_metrics)
        made = DocumentInput(role="metrics", values=values, object=Metrics(values=values))
        return made, _objects_of(made)
    read = _read(request, batch, request.metrics, "metrics", diagnostics)
    return read, _objects_of(read)


def read_params(
    request: RecordRequest, batch: Batch, diagnostics: list[Diagnostic]
) -> tuple[DocumentInput | None, list[Object]]:
    """The params of the file and those given one by one. Raises BadArgument, InvalidDocument."""
    path = request.params
    if path is None and not request.given_params:
        return None, []
    read = _read(request, batch, path, "params", diagnostics) if path is not None else None
    if read is not None and not request.given_params:
        return read, _objects_of(read)
    values = dict(read.values or {}) if read is not None else {}
    for key, value in request.given_params:
        if key in values:
            raise BadArgument(what=f"the parameter '{key}' is given twice")
        values[key] = value
    stored = Params(source=read.object.source if read is not None else None, values=values)
    made = (
        DocumentInput(role="params", values=values, object=stored)
        if read is None
        else replace(read, values=values, object=stored)
    )
    return made, _objects_of(made)


def read_record(request: RecordRequest, batch: Batch) -> tuple[Input | None, list[Object]]:
    """The trainer's own record, None if the run has none, and the objects: its file, and what was read in it.

    Raises FileChanged if it is not what it was then; InvalidDocument for one that is too large.
    """
    from ..observe.documents import read_document

    if request.record is None:
        return None, []
    with _open(request, request.record) as opened:
        data, digests = read_document(opened, sha256=request.sha256)
    if request.record_is is not None and digests.blake3 != request.record_is:
        raise FileChanged(path=request.record, problem="was changed")
    _keep(request, batch, data, digests.blake3)
    file = File(size=digests.size, blake3=digests.blake3)
    read = Input(path=request.record, role="record", name=base_name(request.record), kind="file", opened=None)
    read.object, read.sha256 = file, digests.sha256
    return read, [file, *([request.claims] if request.claims is not None else [])]


def _open(request: RecordRequest, path: str) -> OpenedFile:
    opened = open_input(path, request.found)
    if opened is None:
        raise WrongFileType(path=path, found="a folder", needed="a regular file")
    return opened


def _keep(request: RecordRequest, batch: Batch, data: bytes, name: BlobId) -> None:
    if request.keep_artifacts and not request.dry_run:
        blob = batch.open_blob()
        blob.write(data)
        batch.keep_blob(blob, name)


def _objects_of(read: DocumentInput) -> list[Object]:
    return [read.object] if read.file is None else [read.file, read.object]


def _read(
    request: RecordRequest, batch: Batch, path: str, role: str, diagnostics: list[Diagnostic]
) -> DocumentInput:
    """Metrics or params from a file; of a failed run, and where a trainer left them, they may be anything."""
    from ..observe.documents import parse_metrics, parse_params, read_document

    with _open(request, path) as opened:
        data, digests = read_document(opened, sha256=request.sha256)
    values: dict[str, Value] | None = None
    try:
        values = (parse_metrics if role == "metrics" else parse_params)(data, path)
    except InvalidDocument:
        if request.status != "failed" and path not in request.found:
            raise
        whose = "failed run" if request.status == "failed" else "run folder"
        diagnostics.append(
            Diagnostic(
                code="METRICS_SCHEMA_MISMATCH",
                severity="error",
                message=f"the {role} file of this {whose} could not be read as {role}",
                details={"role": role},
            )
        )
    kind = Metrics if role == "metrics" else Params
    _keep(request, batch, data, digests.blake3)
    return DocumentInput(
        role=role,
        values=values,
        object=kind(source=digests.blake3, values=values),
        path=path,
        file=File(size=digests.size, blake3=digests.blake3),
        sha256=digests.sha256,
    )
