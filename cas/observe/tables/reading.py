"""One door to tables (until the others come: CSV)."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from typing import Any

from blake3 import blake3

from ...format.ids import BlobId, Sha256
from ..files import OpenedFile
from ..reading import FileDigests, Progress, Sink, check_unchanged
from .content import TableContent, Unavailable
from .csvfiles import read_csv
from .streams import FileStream


def read_table(
    opened: OpenedFile,
    *,
    sha256: bool,
    sink: Sink | None = None,
    label: str | None = None,
    delimiter: str | None = None,
    progress: Progress | None = None,
) -> tuple[FileDigests, TableContent | Unavailable | None]:
    name = os.fsdecode(opened.path)
    if delimiter is None and not name.endswith((".csv", ".tsv")):
        from ..reading import read_file

        return read_file(opened, sha256=sha256, sink=sink, progress=progress), None
    hasher, secure = blake3(), hashlib.sha256()
    sinks: list[Callable[[Any], object]] = [hasher.update, secure.update]
    if sink is not None:
        sinks.append(sink)
    stream = FileStream(opened, sinks, progress)
    found = read_csv(stream, delimiter=delimiter or ("," if name.endswith(".csv") else "\t"), label=label)
    stamp = check_unchanged(opened, stream.size)
    secured = Sha256(secure.digest()) if sha256 else None
    return FileDigests(stream.size, BlobId(hasher.digest()), secured, stamp), found
