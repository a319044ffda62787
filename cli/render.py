"""Results as text for people: lines, without colour decisions of their own meaning.

Whatever obs did not write itself goes through `escape`. Ids are shown as 12 digits where nobody has
to keep them; the head after a record is shown in full, because it is worth keeping.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Final

from .output import Style, escape, human_size, style

if TYPE_CHECKING:
    from ..cas.format.canonical import Value
    from ..cas.format.reports import Diagnostic
    from ..cas.operations.log import Damage
    from ..cas.operations.record import Recorded
    from ..cas.operations.status import Status
    from ..cas.operations.views import FileView, RunView

_COLOURS: Final[dict[str, Style]] = {"info": "cyan", "warning": "yellow", "error": "red"}


def columns(rows: Sequence[Sequence[str]], indent: str = "  ") -> Iterator[str]:
    """Rows as aligned columns."""
    if not rows:
        return
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    for row in rows:
        yield (
            indent + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        ).rstrip()


_NOTES: Final = {
    "DATASET_ABSENT": "the dataset that the run's record names is not here: --data names another",
    "DATASET_OUTSIDE": "the dataset that the run's record names lies outside the folder of .obs/: see --data",
    "INSPECTION_FAILED": "a model file could not be inspected, for a bug in obs: `obs inspect` shows it",
    "INSPECTION_NEEDS_MODULE": "a model file is packed in a way that needs a package which is not installed",
    "INSPECTION_TIMED_OUT": "a model file took too long to inspect here, so nothing is stored of its inside",
    "INSPECTION_TOO_LARGE": "what was found in a model file is too large to be stored",
}


def value_text(value: Value) -> str:
    """A metric or parameter on one line."""
    if isinstance(value, (dict, list)):
        from json import dumps

        return escape(dumps(value, default=str))[:120]
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    return escape(value) if isinstance(value, (str, bytes)) else repr(value)


def metrics_text(metrics: dict[str, Value] | None, most: int = 6) -> str:
    """Metrics on one line, the first few of them, by the names that `--where` knows them by."""
    values = metrics or {}
    shown = [f"{escape(name)} {value_text(value)}" for name, value in islice(dotted(values), most)]
    if (count := _count(values)) > most:
        shown.append(f"and {count - most} more")
    return ", ".join(shown)


def dotted(values: dict[str, Value], prefix: str = "") -> Iterator[tuple[str, Value]]:
    """The values of maps within maps. (Recursive: what was decoded is 64 deep at most.)"""
    for key, value in values.items():
        name = f"{prefix}{_key(key)}"
        if isinstance(value, dict) and value:
            yield from dotted(value, f"{name}.")
        else:
            yield name, value


def _key(key: str) -> str:
    if key.replace("_", "a").replace("-", "a").isalnum():  # the same rule: most have neither dots nor spaces
        return key
    from ..cas.operations.expressions import key_text

    return key_text(key)


def _count(values: dict[str, Value]) -> int:
    """How many `dotted` gives, without their names: a long one above many others would be made for each."""
    return sum(_count(value) if isinstance(value, dict) and value else 1 for value in values.values())


def counted(number: int, what: str) -> str:
    """`1 file`, `2 files`."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def file_row(file: FileView) -> tuple[str, ...]:
    size = human_size(file.size) if file.size is not None else "damaged"
    if file.kind == "tree" and file.count is not None:
        size = f"{counted(file.count, 'file')}, {size}"
    digest = file.blake3.short if file.blake3 is not None else file.id.short
    return escape(file.role), escape(file.name), size, digest


def diagnostics_lines(diagnostics: Iterable[Diagnostic], *, color: bool) -> Iterator[str]:
    """One line each, the code first."""
    for found in diagnostics:
        yield f"  {diagnostic_mark(found, color=color)}  {escape(found.message)}"


def diagnostic_mark(found: Diagnostic, *, color: bool) -> str:
    """`warning: ZERO_ROWS`."""
    return style(f"{found.severity}: {found.code}", _COLOURS[found.severity], color=color)


def note_lines(notes: Sequence[str]) -> Iterator[str]:
    """What happened while recording, one line each."""
    yield from (f"  note: {note}  {_NOTES.get(note, 'a note of another version of obs')}" for note in notes)


def record_lines(done: Recorded, *, color: bool) -> Iterator[str]:
    """What `record` did."""
    if done.manifest is None:
        yield f"would record run {done.run.hex}"
    elif done.created:
        yield f"recorded run {done.run.short} as manifest {done.sequence}"
    else:
        yield f"run {done.run.short} is recorded already, as manifest {done.sequence}"
    rows = [("data", *file_row(file)[0:]) for file in done.datasets]
    rows += [("output", *file_row(file)[0:]) for file in done.artifacts]
    yield from columns(rows)
    if done.label is not None:
        yield f"  label    {escape(done.label)}"
    if done.metrics:
        yield f"  metrics  {metrics_text(done.metrics)}"
    if done.status != "ok":
        yield f"  status   {done.status}"
    yield from note_lines(done.notes)
    yield from diagnostics_lines(done.diagnostics, color=color)
    if done.manifest is not None:
        yield f"head {done.manifest.hex}" if done.created else f"manifest {done.manifest.hex}"


def log_lines(line: RunView | Damage, *, oneline: bool, color: bool) -> Iterator[str]:
    """One manifest of the history."""
    from ..cas.operations.log import Damage

    if isinstance(line, Damage):
        where = f"manifest {line.sequence}" if line.sequence is not None else "the history"
        yield style(f"{where} cannot be read: {escape(line.problem)}", "red", color=color)
        if not oneline:
            yield ""
        return
    view = line
    subject = escape((view.message or view.run_id or "").split("\n", 1)[0])
    if oneline:
        what = metrics_text(view.metrics, 1)
        yield " ".join(
            part for part in (style(view.manifest.short, "yellow", color=color), subject, what) if part
        )
        return
    yield style(f"manifest {view.manifest.hex}", "yellow", color=color) + f"  ({view.sequence})"
    rows = [("run", view.run.short + (f"  {escape(view.run_id)}" if view.run_id else ""))]
    rows.append(("time", view.recorded_at))
    if view.status != "ok":
        rows.append(("status", view.status))
    if view.label is not None:
        rows.append(("label", escape(view.label)))
    rows += [("data", "  ".join(file_row(file))) for file in view.datasets]
    rows += [("output", "  ".join(file_row(file))) for file in view.artifacts]
    if view.metrics:
        rows.append(("metrics", metrics_text(view.metrics)))
    yield from columns(rows)
    if view.message:
        yield ""
        yield from (f"    {escape(text)}" for text in view.message.split("\n"))
    yield ""


def status_lines(result: Status) -> Iterator[str]:
    """The files of the last run, one a line; below a dataset that changed what changed in it."""
    from .render_change import change_lines

    if result.manifest is None:
        yield "nothing was recorded yet"
    else:
        yield f"compared with manifest {result.sequence} ({result.manifest.short})"
    rows = columns([(file.state, escape(file.role), escape(file.path)) for file in result.files])
    for file, row in zip(result.files, rows, strict=True):
        yield row
        if file.change is not None:
            yield from (f"    {text}" for text in change_lines(file.change))
