"""A record of a run folder: what the user said, and beneath it what the folder says."""

from __future__ import annotations

import os

from ..errors import ObsError
from ..format.canonical import Value
from ..format.frozen import replace
from ..observe.runfolders.registry import read_run_folder
from ..observe.runfolders.values import FoundFile, Given, RunFolder
from .inputs import open_input
from .requests import Named, RecordRequest


def given_by(request: RecordRequest) -> Given:
    """What of a request counts for more than what a run folder says."""
    status = request.status if request.status_is_given else None
    return Given(status=status, model=request.model is not None)


def complete(request: RecordRequest, home: str) -> RecordRequest:
    """The request with all that its run folder holds, where the user named nothing else.

    The dataset that the record names is followed inside `home`, the folder that holds `.obs/`, and nowhere
    else; if it is not there, that is a remark. Raises BadArgument, and as `read_run_folder`.
    """
    if request.run_dir is None:
        return request
    folder = read_run_folder(request.run_dir, given_by(request))
    files: list[FoundFile] = [*folder.artifacts]
    model = request.model
    if model is None and folder.model is not None:
        files.append(folder.model)
        model = Named(path=folder.model.path)
    metrics = request.metrics or _path(folder.metrics, files)
    params = request.params or _path(folder.params, files)
    record = folder.record
    if record is not None:
        files.append(record.file)
    datasets, remarks = request.datasets, request.remarks
    is_free = not datasets or "data" in request.defaults
    if is_free and record is not None and record.claims.dataset_path is not None:
        datasets = ()
        dataset = _dataset(record.claims.dataset_path, folder, home)
        if isinstance(dataset, str):
            remarks = (*remarks, dataset)
        else:
            files.append(dataset)
            datasets = (Named(path=dataset.path),)
    label_is_claimed = folder.label is not None and (request.label is None or "label" in request.defaults)
    given = tuple(name for name, _ in request.given_params)
    said = () if params is not None else _pairs(folder.given_params)
    return replace(
        request,
        run_dir=None,
        found={file.path: file.root for file in files},
        datasets=datasets,
        model=model,
        artifacts=(*request.artifacts, *(Named(path=one.path, role=one.role) for one in folder.artifacts)),
        metrics=metrics,
        given_metrics=() if metrics is not None else _pairs(folder.given_metrics),
        params=params,
        given_params=(*request.given_params, *(pair for pair in said if pair[0] not in given)),
        record=record.file.path if record is not None else None,
        record_is=record.blake3 if record is not None else None,
        claims=record.claims if record is not None else None,
        label=folder.label if label_is_claimed else request.label,
        label_is_claimed=label_is_claimed,
        run_id=request.run_id if request.run_id is not None else folder.run_id,
        status=request.status if request.status_is_given else folder.status or "ok",
        diagnostics=tuple({found.order: found for found in folder.diagnostics}.values()),
        remarks=remarks,
    )


def _path(found: FoundFile | None, files: list[FoundFile]) -> str | None:
    if found is None:
        return None
    files.append(found)
    return found.path


def _pairs(values: dict[str, Value] | None) -> tuple[tuple[str, Value], ...]:
    return tuple((values or {}).items())


def _dataset(written: str, folder: RunFolder, home: str) -> FoundFile | str:
    """The dataset that a record names, or the code of the remark why it is not recorded.

    A relative path is meant from the trainer's workspace, else from `home`. A path from another machine is
    absent here, or is another file: whether it is the one that was meant, the hash in the record tells.
    """
    root, outside = os.path.realpath(home), False
    spellings = [written, written.replace("\\", "/")]
    if "%" in written:  # a file's URI may have its odd characters encoded
        from urllib.parse import unquote

        spellings.append(unquote(written))
    for name in dict.fromkeys(spellings):
        for above in (folder.workspace, root):
            if above is None:
                continue
            path = os.path.realpath(os.path.join(above, name))
            inside = path != root and os.path.commonpath((path, root)) == root
            if not inside:
                outside = outside or os.path.lexists(path)
                continue
            found = FoundFile(role="data", path=path, root=root)
            if not _is_in_store(path, root) and _is_there(found):
                return found
    return "DATASET_OUTSIDE" if outside else "DATASET_ABSENT"


def _is_in_store(path: str, root: str) -> bool:
    return ".obs" in os.path.relpath(path, root).split(os.sep)


def _is_there(found: FoundFile) -> bool:
    """Whether it is a file, or a folder with something in it."""
    try:
        opened = open_input(found.path, {found.path: found.root})
    except ObsError:
        return False
    if opened is None:
        return any(os.scandir(found.path))
    opened.__exit__(None, None, None)
    return True
