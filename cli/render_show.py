"""A run as an explanation: what went in, what came out, under what, what is odd, and where in the history.

Whatever comes from the store goes through `escape`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Final

from .output import escape, style
from .render import columns, counted, diagnostics_lines, file_row, note_lines, value_text
from .render_verify import problem_lines

if TYPE_CHECKING:
    from ..cas.format.canonical import Value
    from ..cas.format.claims import Claims
    from ..cas.operations.comparison import Comparison
    from ..cas.operations.contents import ShownContent
    from ..cas.operations.show import ShownEnvironment, ShownFile, ShownObject, ShownRun

_WHOSE: Final = {
    "prefix": "the environment named with --python",
    "virtual-env": "the active virtual environment",
    "conda": "the active conda environment",
    "obs": "the environment that obs is installed in",
}
"""Which environment was looked at, in words: obs' own need not be the one that the run ran in."""
_MOST_CLASSES: Final = 8
_MOST_COLUMNS: Final = 6
_MOST_DELTAS: Final = 6
_MOST_VALUES: Final = 60


def show_lines(shown: ShownRun | ShownObject, *, color: bool) -> Iterator[str]:
    """One run, explained; or any object as it is."""
    from ..cas.operations.show import ShownObject

    if isinstance(shown, ShownObject):
        yield f"{shown.kind} {shown.id.hex}"
        yield from _tree_lines(shown.value, "  ")
        return
    run = shown
    yield from _heading(run, color=color)
    yield from _part("went in", _rows_in(run))
    yield from _part("came out", _rows_out(run))
    for title, values in (("metrics", run.metrics), ("params", run.params)):
        yield from _part(title, _value_rows(values or {}))
    if run.environment is not None:
        yield from _part("under", _environment_rows(run.environment))
    if run.claims is not None:
        yield from _part("the trainer's record says", _claim_rows(run.claims))
    if run.notes or run.diagnostics or run.problems:
        yield ""
        yield "odd"
        yield from note_lines(run.notes)
        yield from diagnostics_lines(run.diagnostics, color=color)
        yield from problem_lines(run.problems, color=color)
    yield from _part("in the history", _history_rows(run))


def _heading(run: ShownRun, *, color: bool) -> Iterator[str]:
    if run.manifest is not None:
        tags = f"  ({', '.join(run.tags)})" if run.tags else ""
        yield style(f"manifest {run.manifest.hex}", "yellow", color=color) + tags
    rows = [("run", run.run.hex)]
    if run.run_id is not None:
        rows.append(("run id", escape(run.run_id)))
    rows.append(("status", run.status))
    yield from columns(rows)
    if run.message:
        yield ""
        yield from (f"    {escape(text)}" for text in run.message.split("\n"))


# ------------------------------------------------------------------ what went in


def _rows_in(run: ShownRun) -> Iterator[tuple[str, str]]:
    for file in run.datasets:
        yield escape(file.role), _file_text(file)
        if file.content is not None:
            yield "", _content_text(file.content)
    if run.label is not None:
        counted_in = next((f.content for f in run.datasets if f.content and f.content.label), None)
        yield "label", escape(run.label) + (_classes_text(counted_in) if counted_in is not None else "")
    for name, count in (("samples", run.num_samples), ("features", run.num_features)):
        if count is not None:
            yield name, f"{count:,}"
    if run.dropped_rows is not None:
        yield "dropped", counted(run.dropped_rows, "row") + _reasons(run)


def _content_text(found: ShownContent) -> str:
    parts = [counted(found.num_rows, "row"), counted(found.num_columns, "column")]
    if found.tables is not None:
        parts.insert(0, counted(found.tables, "table"))
    text = ", ".join(parts)
    if found.rows_with_missing:
        text += f"; {counted(found.rows_with_missing, 'row')} with a missing value"
    return text


def _classes_text(found: ShownContent) -> str:
    """How often each class of the label is there, without the classes themselves: they are not stored."""
    text = ", very many different values"
    if found.classes is not None:
        shown = ", ".join(f"{count:,}" for count in found.classes[:_MOST_CLASSES])
        more = ", …" if len(found.classes) > _MOST_CLASSES else ""
        plural = "value" if len(found.classes) == 1 else "different values"
        text = f", {len(found.classes):,} {plural}" + (f" ({shown}{more} rows)" if shown else "")
    if found.label_missing:
        text += f", missing in {counted(found.label_missing, 'row')}"
    return text


def _reasons(run: ShownRun) -> str:
    """Which columns lacked a value in the rows that were dropped, those that lacked the most first."""
    for found in run.diagnostics:
        named = found.details.get("columns")
        if found.code == "MISSING_VALUES_DROPPED" and isinstance(named, dict) and named:
            most = sorted(named.items(), key=lambda item: -item[1] if isinstance(item[1], int) else 0)
            shown = [f"{escape(name)} {value_text(count)}" for name, count in most]
            more = ", …" if len(shown) > _MOST_COLUMNS else ""
            return f", for a missing value ({', '.join(shown[:_MOST_COLUMNS])}{more})"
    return ""


# ------------------------------------------------------------------ what came out


def _rows_out(run: ShownRun) -> Iterator[tuple[str, str]]:
    for file in run.artifacts:
        yield escape(file.role), _file_text(file)
        if file.inspection is not None:
            from .render_inspect import pipeline_text, summary_rows

            yield "", pipeline_text(file.inspection)
            for name, text in summary_rows(file.inspection):
                yield "", f"{name} {text}"
    for file in run.documents:
        yield escape(file.role), _file_text(file)


def _file_text(file: ShownFile) -> str:
    kept = {True: "kept", False: "not kept", None: ""}[file.kept]
    if file.outside:
        place = "outside this folder"
    else:
        place = escape(file.path) if file.path is not None and file.path != file.name else ""
    return "  ".join(part for part in (*file_row(file)[1:], kept, place) if part)


def _value_rows(values: dict[str, Value]) -> Iterator[tuple[str, str]]:
    for name, value in list(values.items())[:_MOST_VALUES]:
        yield escape(name), value_text(value)
    if len(values) > _MOST_VALUES:
        yield "…", f"and {len(values) - _MOST_VALUES:,} more: --json has them all"


# ------------------------------------------------------------------ under what


def _environment_rows(seen: ShownEnvironment) -> Iterator[tuple[str, str]]:
    python = f"{seen.implementation or 'Python'} {seen.python or 'unknown'}, in {_WHOSE[seen.whose]}"
    yield "python", escape(python)
    yield "platform", escape(f"{seen.system or 'unknown'} {seen.machine or ''}".rstrip())
    named = [f"{name} {version}" for name, version in seen.libraries.items()]
    others = len(seen.packages) - len(named)
    if others:
        named.append(f"{'and ' if named else ''}{counted(others, 'more package' if named else 'package')}")
    if named:
        yield "libraries", escape(", ".join(named))
    if seen.source is not None:
        state = {None: "", True: ", with changes that are in no commit", False: ""}[seen.source.dirty]
        yield "source", escape(f"commit {seen.source.commit[:12]}{state}")


def _claim_rows(claims: Claims) -> Iterator[tuple[str, str]]:
    yield "read as", escape(claims.adapter)
    for name, value in (
        ("trainer", claims.trainer),
        ("created", claims.created_at),
        ("dataset", claims.dataset_path),
        ("sha256", claims.dataset_sha256.hex if claims.dataset_sha256 is not None else None),
        ("samples", claims.num_samples),
        ("features", claims.num_features),
        ("dropped", claims.dropped_rows),
    ):
        if value is not None:
            yield name, escape(str(value))


# ------------------------------------------------------------------ where in the history


def _history_rows(run: ShownRun) -> Iterator[tuple[str, str]]:
    if run.sequence is not None and run.recorded_at is not None:
        version = f" by obs {escape(run.obs)}" if run.obs is not None else ""
        yield "recorded", f"{run.recorded_at}{version}, as number {run.sequence}"
    if run.parent is not None:
        yield "parent", run.parent.short
    if run.comparison is not None and run.comparison.metrics:
        yield f"since {run.comparison.sequence}", _deltas_text(run.comparison)


def _deltas_text(found: Comparison) -> str:
    shown: list[str] = []
    for name, one in found.metrics.items():
        if one.before == one.after:
            continue
        change = f"{one.delta:+.6g}" if one.delta is not None else f"from {value_text(one.before)}"
        shown.append(f"{escape(name)} {change}")
    if not shown:
        return "the same metrics"
    more = f", and {len(shown) - _MOST_DELTAS} more" if len(shown) > _MOST_DELTAS else ""
    return ", ".join(shown[:_MOST_DELTAS]) + more


# ------------------------------------------------------------------ any object


def _part(title: str, rows: Iterable[Sequence[str]]) -> Iterator[str]:
    found = list(rows)
    if found:
        yield ""
        yield title
        yield from columns(found)


def _tree_lines(value: Value, indent: str) -> Iterator[str]:
    items: Iterable[tuple[str, Value]]
    if isinstance(value, dict):
        items = [(f"{escape(key)}:", item) for key, item in value.items()]
    else:
        items = [("-", item) for item in value] if isinstance(value, list) else []
    for name, item in items:
        if isinstance(item, (dict, list)):
            yield f"{indent}{name}"
            yield from _tree_lines(item, indent + "  ")
        else:
            text = item.hex() if isinstance(item, bytes) and len(item) == 32 else value_text(item)
            yield f"{indent}{name} {text}"
