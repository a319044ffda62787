"""A dataset's schema as text for people. Every name in it comes from the file, and goes through `escape`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from .output import escape, style
from .render import columns, counted, diagnostics_lines

if TYPE_CHECKING:
    from ..cas.operations.schema import Schema

_MOST_COLUMNS: Final = 200
_MOST_CLASSES: Final = 20


def schema_lines(found: Schema, *, color: bool) -> Iterator[str]:
    """Counts, the columns, the label, the fingerprints, and what is odd, in this order."""
    head = [] if found.dataset_path is None else [style(escape(found.dataset_path), "bold", color=color)]
    if found.num_rows is not None:
        head += [counted(found.num_rows, "row"), counted(len(found.columns), "column")]
    if found.tables is not None:
        head.append(counted(found.tables, "table"))
    yield "  ".join(head)
    rows: list[tuple[str, ...]] = []
    if found.fields:
        rows = [("column", "kind", "missing", "different values")]
    rows += [
        (
            f"{escape(field.name)}{' (label)' if field.name == found.label_column else ''}",
            field.kind.replace("_", " "),
            f"{field.nulls:,}" if field.nulls else "",
            f"{field.distinct:,}" if field.distinct_exact else f"more than {field.distinct:,}",
        )
        for field in found.fields[:_MOST_COLUMNS]
    ]
    if not found.fields:
        rows = [(escape(name),) for name in found.columns[:_MOST_COLUMNS]]
    if rows:
        yield ""
        yield from columns(rows)
    if len(found.columns) > _MOST_COLUMNS:
        yield f"  … and {len(found.columns) - _MOST_COLUMNS} more"
    if found.classes is not None:
        yield ""
        count = len(found.classes)
        yield f"label {escape(found.label_column or '')}: {count} {'class' if count == 1 else 'classes'}"
        shown = found.classes[:_MOST_CLASSES]
        yield from columns([("" if one.name is None else escape(one.name), f"{one.rows:,}") for one in shown])
        if len(found.classes) > len(shown):
            yield f"  … and {len(found.classes) - len(shown)} more"
    fingerprints = _fingerprints(found)
    if fingerprints:
        yield ""
        yield from fingerprints
    if found.diagnostics:
        yield ""
        yield from diagnostics_lines(found.diagnostics, color=color)


def _fingerprints(found: Schema) -> list[str]:
    named = (
        ("content", found.content_fingerprint),
        ("schema", found.schema_fingerprint),
        ("blake3", found.fingerprint_blake3),
        ("sha256", found.fingerprint_sha256),
    )
    return list(columns([(name, digest.hex) for name, digest in named if digest is not None]))
