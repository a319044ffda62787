"""A diff as text for people: only what differs, in words and not in colours. Lists are cut.

Every name and value in it comes from files or from the store, and goes through `escape`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Final

from .output import escape, human_size, style
from .render import columns, counted, diagnostic_mark, diagnostics_lines, value_text
from .render_verify import problem_lines

if TYPE_CHECKING:
    from ..cas.format.canonical import Value
    from ..cas.operations.contentdiff import ColumnChange, Rows, TableDiff
    from ..cas.operations.contentsides import FolderDiff
    from ..cas.operations.diff import Compared, Diff
    from ..cas.operations.filediff import FileChange, FileFacts
    from ..cas.operations.modeldiff import EstimatorType, ModelDiff, StepChange
    from ..cas.operations.rundiff import DiagnosticChange, RunDiff
    from ..cas.operations.valuediff import ValueChange

_MOST_ROWS: Final = 40
_MOST_NAMES: Final = 12
_MOST_RANGES: Final = 8
_MOST_TEXT: Final = 60


def diff_lines(found: Diff, *, color: bool) -> Iterator[str]:
    """The two sides, then what differs, then what is damaged."""
    yield style(f"{_side_text(found.before)} → {_side_text(found.after)}", "bold", color=color)
    if found.runs is not None:
        yield from _run_lines(found.runs, color=color)
    if found.file is not None and found.file.state != "same":
        yield from _file_lines((found.file,))
    if found.problems:
        yield ""
        yield from problem_lines(found.problems, color=color)
    elif found.exit_code in (0, 5):
        yield "no difference"


def _side_text(side: Compared) -> str:
    """`HEAD (manifest 3, ba90d8483543, trimmed)`, or the path."""
    about = [f"manifest {side.sequence}"] if side.sequence is not None else []
    about += [side.manifest.short] if side.manifest is not None else []
    about += [escape(side.run_id)] if side.run_id is not None else []
    return f"{escape(side.given)} ({', '.join(about)})" if about else escape(side.given)


def _run_lines(found: RunDiff, *, color: bool) -> Iterator[str]:
    told = {change.path for change in found.metrics}
    counts = [change for change in found.counts if change.path not in told]
    for title, changes in (
        ("said", found.said),
        ("counts", counts),
        ("metrics", found.metrics),
        ("params", found.params),
    ):
        yield from _section(title, _value_rows(changes))
    for title, files in (("went in", found.datasets), ("came out", found.artifacts)):
        if files:
            yield ""
            yield title
            yield from _file_lines(files)
    yield from _section("environment", _value_rows(found.environment))
    for title, diagnostics in (
        ("diagnostics added", found.diagnostics_added),
        ("diagnostics removed", found.diagnostics_removed),
    ):
        if diagnostics:
            yield ""
            yield title
            yield from diagnostics_lines(diagnostics[:_MOST_ROWS], color=color)
            yield from _more(len(diagnostics), "  ")
    if found.diagnostics_changed:
        yield ""
        yield "diagnostics changed"
        for change in found.diagnostics_changed[:_MOST_ROWS]:
            yield from _diagnostic_lines(change, color=color)
        yield from _more(len(found.diagnostics_changed), "  ")
    if found.unknown:
        yield ""
        yield f"not known of both, and not compared: {_names(found.unknown)}"


def _diagnostic_lines(change: DiagnosticChange, *, color: bool) -> Iterator[str]:
    """The two messages; where they are the same, below it the facts that are not."""
    before, after = change.before, change.after
    said = [before.message, after.message] if before.message != after.message else [after.message]
    was = f"{before.severity} → " if before.severity != after.severity else ""
    yield f"  {was}{diagnostic_mark(after, color=color)}  {' → '.join(map(escape, said))}"
    if before.message == after.message:
        from ..cas.operations.valuediff import diff_values

        facts = _value_rows(diff_values(before.details, after.details))
        yield from columns(facts[:_MOST_ROWS], indent="    ")
        yield from _more(len(facts), "    ")


def _section(title: str, rows: Sequence[Sequence[str]]) -> Iterator[str]:
    if rows:
        yield ""
        yield title
        yield from columns(rows[:_MOST_ROWS])
        yield from _more(len(rows), "  ")


def _more(count: int, indent: str) -> Iterator[str]:
    if count > _MOST_ROWS:
        yield f"{indent}… and {count - _MOST_ROWS} more"


def _value_rows(changes: Iterable[ValueChange]) -> list[tuple[str, ...]]:
    return [(_path(change.path), *_value_cells(change)) for change in changes]


def _value_cells(change: ValueChange) -> tuple[str, ...]:
    before = "absent" if change.state == "added" else _short(change.before)
    after = "absent" if change.state == "removed" else _short(change.after)
    delta = "" if change.delta is None else f"({change.delta:+})" if isinstance(change.delta, int) else ""
    return before, "→", after, delta or (f"({change.delta:+.6g})" if change.delta is not None else "")


def _short(value: Value) -> str:
    text = value_text(value)
    return text if len(text) <= _MOST_TEXT else f"{text[: _MOST_TEXT - 1]}…"


def _path(path: Sequence[str]) -> str:
    # The end of each is enough: a long name above many values would be escaped for each of them.
    text = ".".join(escape(part[-_MOST_TEXT:]) for part in path)
    return text if len(text) <= _MOST_TEXT else f"…{text[1 - _MOST_TEXT :]}"


def _names(names: Sequence[str | bytes]) -> str:
    """A list on one line, cut."""
    shown = ", ".join(escape(name) for name in names[:_MOST_NAMES])
    return shown if len(names) <= _MOST_NAMES else f"{shown}, … and {len(names) - _MOST_NAMES} more"


# ------------------------------------------------------------------ files


def _file_lines(files: Sequence[FileChange]) -> Iterator[str]:
    for change in files[:_MOST_ROWS]:
        parts = [escape(change.role)] if change.role is not None else []
        parts.append(change.state)
        parts.append(" → ".join(_facts(one) for one in (change.before, change.after) if one is not None))
        yield f"  {'  '.join(parts)}"
        yield from (f"    {line}" for line in _inside_lines(change))
    yield from _more(len(files), "  ")


def _facts(file: FileFacts) -> str:
    size = human_size(file.size) if file.size is not None else "damaged"
    if file.kind == "tree" and file.count is not None:
        size = f"{counted(file.count, 'file')}, {size}"
    return f"{escape(file.name)} ({size})"


def _inside_lines(change: FileChange) -> Iterator[str]:
    if change.unavailable is not None:
        yield f"the bytes differ; what is in them was not compared ({escape(change.unavailable)})"
    if change.content is not None:
        yield from _content_lines(change.content, change.folder)
    if change.model is not None:
        yield from _model_lines(change.model)


def _content_lines(found: TableDiff, folder: FolderDiff | None) -> Iterator[str]:
    """What changed in a table. What is not told is identical, unless rows are said to be unknown."""
    if found.rows_before != found.rows_after:
        yield f"{found.rows_before:,} → {found.rows_after:,} rows: {_length_text(found)}"
    for word, names in (("added", found.columns_added), ("removed", found.columns_removed)):
        if names:
            yield f"{counted(len(names), 'column')} {word}: {_names(names)}"
    lines = [f"{escape(one.before)} → {escape(one.after)} renamed" for one in found.columns_renamed]
    lines += [
        f"{escape(one.name)} was {one.before.replace('_', ' ')} and is {one.after.replace('_', ' ')}"
        for one in found.columns_retyped
    ]
    lines += [_changed_text(one) for one in found.changed]
    yield from lines[:_MOST_ROWS]
    yield from _more(len(lines), "")
    if found.reordered:
        yield "the columns are in another order"
    if found.formatting_only:
        yield f"written in another way, with equal values: {_names(found.formatting_only)}"
    if folder is not None:
        yield from _folder_lines(folder)
    elif found.unknown is not None:
        yield f"rows {_range(found.unknown)}: it is not known whether they changed"
    elif found.equal and not found.formatting_only:
        yield "all cells are identical"
    elif found.identical:
        yield "all else identical"


def _length_text(found: TableDiff) -> str:
    """Where the rows went, said only if those that both tables have are known."""
    if found.unknown is not None:
        return f"{found.appended:,} more" if found.appended else f"{found.removed:,} fewer"
    return f"{found.appended:,} appended" if found.appended else f"{found.removed:,} removed at the end"


def _changed_text(change: ColumnChange) -> str:
    if change.rows is None:
        return f"{escape(change.name)} changed"
    shown = ", ".join(map(_range, islice(change.rows, _MOST_RANGES)))
    more = len(change.rows) - _MOST_RANGES
    return f"{escape(change.name)} changed in rows {shown}{f', … and {more} more ranges' if more > 0 else ''}"


def _range(rows: Rows) -> str:
    return f"{rows.first:,}-{rows.last:,}" if rows.first != rows.last else f"{rows.first:,}"


def _folder_lines(found: FolderDiff) -> Iterator[str]:
    for word, names in (("added", found.added), ("removed", found.removed), ("changed", found.changed)):
        if names:
            yield f"{counted(len(names), 'table')} {word}: {_names(names)}"
    yield from (f"{escape(old)} → {escape(new)} renamed" for old, new in found.renamed[:_MOST_ROWS])
    yield from _more(len(found.renamed), "")
    if found.identical:
        yield f"{counted(found.identical, 'table')} identical"


# ------------------------------------------------------------------ models


def _model_lines(found: ModelDiff) -> Iterator[str]:
    rows = list(_model_rows(found))
    yield from columns(rows[:_MOST_ROWS], indent="")
    yield from _more(len(rows), "")
    if found.features_reordered:
        yield "the features are in another order"
    if not found.complete:
        yield "not all of both was seen or told: more may differ"
    elif found.equal:
        yield "structure and parameters are equal; what was learned differs"


def _model_rows(found: ModelDiff) -> Iterator[tuple[str, str, str]]:
    """What it is, where, and what changed."""
    for word, steps in (("added", found.steps_added), ("removed", found.steps_removed)):
        yield from (("step " + word, _place(step.path), _step_text(step)) for step in steps)
    for kind in found.types:
        before, after = _types_text(kind.before, kind.after)
        yield "type", _place(kind.path), f"{before} → {after}"
    for moved in found.reordered:
        yield "order", _place(moved.path), f"{_names(moved.before)} → {_names(moved.after)}"
    for word, changes in (("parameter", found.parameters), ("fitted", found.fitted)):
        yield from ((word, _path(change.path), _cells_text(change)) for change in changes)
    for word, values in (("added", found.features_added), ("removed", found.features_removed)):
        if values:
            shown = [value if isinstance(value, str) else value_text(value) for value in values]
            yield f"features {word}", str(len(values)), _names(shown)
    for word, more in (("input", found.inputs), ("library", found.libraries), ("import", found.globals)):
        yield from ((word, _path(change.path), _cells_text(change)) for change in more)


def _cells_text(change: ValueChange) -> str:
    return " ".join(cell for cell in _value_cells(change) if cell)


def _place(path: Sequence[str]) -> str:
    return _path(path) or "(outermost)"


def _step_text(step: StepChange) -> str:
    return escape(step.type)


def _types_text(before: EstimatorType, after: EstimatorType) -> tuple[str, str]:
    """With the modules where the names alone do not differ."""
    if before.type != after.type:
        return escape(before.type), escape(after.type)
    return f"{escape(before.module or '?')}.{escape(before.type)}", (
        f"{escape(after.module or '?')}.{escape(after.type)}"
    )
