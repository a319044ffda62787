"""Parquet and Arrow files (Feather version 2 is one), read by descriptor, never through a memory map."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from ..headers import PositionedReader
from ..reading import read_refused
from .batches import checked, read_batches
from .columns import Column
from .content import MissingRows, Refusal, TableContent, Unavailable, most_distinct, table_content
from .passes import observe
from .typed import typed_column
from .units import Cutter, Unit, first_rows

if TYPE_CHECKING:
    from pyarrow.parquet import ParquetFile

    from ..files import OpenedFile

_GROUP_COLUMNS: Final = 64
"""Columns of a Parquet file that are read at a time: those of wide files do not fit in memory together."""
_BATCH_ROWS: Final = 65_536
_BUFFER_BYTES: Final = 1 << 20
"""Of each column: a row group is read in pieces, however large it is."""


def read_parquet(
    opened: OpenedFile, *, label: str | None = None, threads: int = 1, rows: int | None = None
) -> TableContent | Unavailable:
    """What a Parquet file, or its first `rows`, holds. Raises OperatingSystemRefused."""
    return _read(opened, partial(_parquet, label=label, threads=threads, rows=rows))


def read_arrow(
    opened: OpenedFile, *, label: str | None = None, threads: int = 1, rows: int | None = None
) -> TableContent | Unavailable:
    """What an Arrow file (Feather version 2 is one), or its first `rows`, holds.

    Raises OperatingSystemRefused.
    """
    return _read(opened, partial(_arrow, label=label, threads=threads, rows=rows))


def _read(
    opened: OpenedFile, read: Callable[[Any], TableContent | Unavailable]
) -> TableContent | Unavailable:
    """What `read` finds in a file that may be damaged in any way."""
    import pyarrow as pa

    try:
        with PositionedReader(opened.fd) as file:
            return read(file)
    except Refusal as refusal:
        return refusal.why
    except OSError as error:
        if error.errno:  # pyarrow raises one without a number for bytes that mean nothing
            raise read_refused(opened.path, error) from None
    except (pa.ArrowException, ValueError):
        pass
    return Unavailable("BAD_FILE", "the file is damaged, or holds what pyarrow cannot read")


def _arrow(file: Any, *, label: str | None, threads: int, rows: int | None) -> TableContent | Unavailable:
    from pyarrow import ipc

    with ipc.open_file(file) as reader:
        batches = (reader.get_batch(number) for number in range(reader.num_record_batches))
        return read_batches(reader.schema, checked(batches), label=label, threads=threads, rows=rows)


def _parquet(file: Any, *, label: str | None, threads: int, rows: int | None) -> TableContent:
    import pyarrow.parquet as pq

    with pq.ParquetFile(file, pre_buffer=False, buffer_size=_BUFFER_BYTES) as reader:
        schema = reader.schema_arrow
        names = schema.names
        columns = [typed_column(field.type, most_distinct(field.name, label)) for field in schema]
        # A group is asked for by its names, so they have to be unique.
        size = _GROUP_COLUMNS if len(set(names)) == len(names) else max(1, len(names))
        starts = range(0, max(1, len(names)), size)
        groups: list[Sequence[Column]] = [columns[start : start + size] for start in starts]
        missing = MissingRows(len(groups))
        units = _units(reader, [names[start : start + size] for start in starts], threads, rows)
        seen = observe(units, groups, missing, threads)
        return table_content(names, columns, rows=seen, rows_with_missing=missing.count, label=label)


def _units(
    reader: ParquetFile, groups: Sequence[list[str]], threads: int, rows: int | None
) -> Iterator[tuple[int, Unit]]:
    """The units of all groups of columns, row group by row group, of the first `rows` only if that is not
    None. Raises Refusal, pyarrow's errors."""
    cutters = [Cutter() for _ in groups]
    left = [rows] * len(groups)
    for row_group in range(reader.num_row_groups):
        for number, names in enumerate(groups):
            batches = reader.iter_batches(
                _BATCH_ROWS, [row_group], names if len(groups) > 1 else None, use_threads=threads > 1
            )
            for batch in checked(first_rows(batches, left[number])):
                left[number] = None if (most := left[number]) is None else most - batch.num_rows
                if batch.schema.names != names:
                    raise Refusal(Unavailable("BAD_FILE", "columns of the file cannot be told apart"))
                for unit in cutters[number].add(batch):
                    yield number, unit
            if len(groups) > 1:
                for unit in cutters[number].whole_pages():
                    yield number, unit
    for number, cutter in enumerate(cutters):
        for unit in cutter.end():
            yield number, unit
