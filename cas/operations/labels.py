"""Is the label column in the data? Asked of the header, before anything is read or stored."""

from __future__ import annotations

from ..errors import LabelNotFound
from ..format.reports import Diagnostic
from ..observe.headers import NoHeader, read_columns, read_folder_columns
from .findings import label_not_found
from .inputs import Input
from .reader import Reader
from .requests import RecordRequest


def check_label(request: RecordRequest, reader: Reader, diagnostics: list[Diagnostic]) -> None:
    """Looks for the label in the datasets' columns.

    It has to be in one of those whose columns can be read; where none can, that is a diagnostic and
    no guess. Raises LabelNotFound, naming the columns, unless the run is said to have failed, or
    the label comes from its run folder.
    """
    if request.label is None:
        return
    lacking: list[tuple[Input, tuple[str, ...]]] = []
    for given in sorted(reader.datasets, key=lambda given: given.role != "data"):
        columns = read_columns(given.opened) if given.opened else read_folder_columns(given.path)
        if isinstance(columns, NoHeader) and request.content:
            continue  # reading the content will say so
        if isinstance(columns, NoHeader):
            diagnostics.append(
                Diagnostic(
                    code="CONTENT_UNAVAILABLE",
                    severity="warning",
                    message=f"the label was not looked for in '{given.role}': its columns cannot be read",
                    details={"role": given.role, "reason": columns.reason},
                )
            )
        elif request.label in columns:
            return
        else:
            lacking.append((given, columns))
    if not lacking:
        return
    given, columns = lacking[0]
    if request.status != "failed" and not request.label_is_claimed:
        raise LabelNotFound(label=request.label, path=given.path, columns=columns)
    diagnostics.append(label_not_found(request.label, columns, {"role": given.role}))
