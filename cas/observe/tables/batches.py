"""Tables that come as Arrow record batches: Arrow files, data frames, what readers of other formats give."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from .content import MissingRows, Refusal, TableContent, Unavailable, most_distinct, table_content
from .passes import observe
from .typed import typed_column
from .units import cut

if TYPE_CHECKING:
    import pyarrow as pa

    from .columns import Column


def read_batches(
    schema: pa.Schema,
    batches: Iterable[pa.RecordBatch],
    *,
    label: str | None = None,
    threads: int = 1,
    rows: int | None = None,
) -> TableContent | Unavailable:
    """What a table, or its first `rows`, holds that comes in record batches of one schema.

    The batches are believed: those of a file have to go through `checked` first. Raises what reading
    the batches raises, pyarrow's errors apart, which make the content unavailable.
    """
    try:
        columns = [typed_column(field.type, most_distinct(field.name, label)) for field in schema]
    except Refusal as refusal:
        return refusal.why
    return observe_batches(schema.names, columns, batches, label=label, threads=threads, rows=rows)


def observe_batches(
    names: Sequence[str],
    columns: Sequence[Column],
    batches: Iterable[pa.RecordBatch],
    *,
    label: str | None,
    threads: int,
    rows: int | None = None,
) -> TableContent | Unavailable:
    """The same with columns that somebody else chose. Raises as `read_batches`."""
    import pyarrow as pa

    missing = MissingRows()
    try:
        seen = observe(cut(batches, rows), [columns], missing, threads)
    except Refusal as refusal:
        return refusal.why
    except pa.ArrowException:
        return Unavailable("BAD_FILE", "the file is damaged, or holds what pyarrow cannot read")
    return table_content(names, columns, rows=seen, rows_with_missing=missing.count, label=label)


def checked(batches: Iterable[pa.RecordBatch]) -> Iterable[pa.RecordBatch]:
    """The same batches, if they are what they say: no offset or index points outside, text is UTF-8.

    Raises pyarrow.ArrowInvalid.
    """
    for batch in batches:
        batch.validate(full=True)
        yield batch
