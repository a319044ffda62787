"""Results as text for people: lines, without colour decisions of their own meaning.

Whatever obs did not write itself goes through `escape`. Ids are shown as 12 digits where nobody has
to keep them; the head after a record is shown in full, because it is worth keeping.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Final

from .output import Style, escape, human_size, style

if TYPE_CHECKING:
    from ..cas.format.canonical import Value
    from ..cas.format.ids import ObjectId
    from ..cas.format.reports import Diagnostic
    from ..cas.operations.check import StoreCheck
    from ..cas.operations.log import Damage
    from ..cas.operations.record import Recorded
    from ..cas.operations.status import Status
    from ..cas.operations.upstream import Upstream
    from ..cas.operations.verify import Lineage, Verification
    from ..cas.operations.views import FileView, Problem, RunView

_COLOURS: Final[dict[str, Style]] = {"info": "cyan", "warning": "yellow", "error": "red"}
_MOST_PROBLEMS: Final = 40
_MOST_INDENT: Final = 12


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
    """Metrics on one line, the first few of them."""
    if not metrics:
        return ""
    shown = [f"{escape(name)} {value_text(value)}" for name, value in list(metrics.items())[:most]]
    if len(metrics) > most:
        shown.append(f"and {len(metrics) - most} more")
    return ", ".join(shown)


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
        mark = style(f"{found.severity}: {found.code}", _COLOURS[found.severity], color=color)
        yield f"  {mark}  {escape(found.message)}"


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
    subject = escape((view.message or "").split("\n", 1)[0])
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


def problem_lines(problems: Sequence[Problem], *, color: bool) -> Iterator[str]:
    """What is damaged, and which runs it touches."""
    for problem in problems[:_MOST_PROBLEMS]:
        runs = f" (run {', '.join(run.short for run in problem.runs[:8])})" if problem.runs else ""
        yield style(f"problem: {problem.code}", "red", color=color) + f"  {escape(problem.message)}{runs}"
    if len(problems) > _MOST_PROBLEMS:
        yield f"and {len(problems) - _MOST_PROBLEMS} more problems"


def verify_lines(result: Verification, *, color: bool) -> Iterator[str]:
    """The verdict on a file, what it rests on, and what was not shown."""
    yield f"{escape(result.file.path)}  {human_size(result.file.size)}  {result.file.blake3.short}"
    steps: dict[tuple[ObjectId, str], list[Upstream]] = {}
    for step in result.upstream:
        steps.setdefault((step.read_by, step.read_as), []).append(step)
    for found in result.runs:
        yield from lineage_lines(found, steps)
    yield from problem_lines(result.problems, color=color)
    if result.verdict == "NOT-RECORDED":
        yield "no run of this history has these bytes as an input or output"
    if result.verdict == "CORRUPT" and not result.runs:
        yield "no run was found that has these bytes"
        yield "but the history has gaps, and what they held is not known"
    history = result.history
    if result.levels:
        head = history.head.short if history.head else "none"
        yield f"history: {counted(history.size, 'manifest')}, head {head}"
        if result.not_anchored:
            yield "not shown: that the run is part of the history that the anchor names; it came later"
        elif history.anchored_to is None and result.verdict != "ANCHOR-MISMATCH":
            yield (
                "not shown: that this history is the one that was first written; "
                "keep a head and give it with --against"
            )
    shade: Style = "green" if result.exit_code == 0 else "yellow" if result.exit_code == 1 else "red"
    yield style(result.verdict, shade, "bold", color=color)


def lineage_lines(found: Lineage, steps: dict[tuple[ObjectId, str], list[Upstream]]) -> Iterator[str]:
    """One run that has the bytes. `steps` are what wrote its inputs; those that were told are taken out."""
    member = f" (as {escape(found.member)})" if found.member is not None else ""
    yield (
        f"  {found.direction} '{escape(found.role)}'{member} of run {found.run.short}, "
        f"manifest {found.sequence}, {found.recorded_at}"
    )
    for dataset in found.datasets:
        state = "" if dataset.state == "not-checked" else f", {dataset.state}"
        yield f"    from {escape(dataset.role)}: {'  '.join(file_row(dataset)[1:])}{state}"
        yield from _upstream_lines(steps.pop((found.run, dataset.role), []), steps, 3)
    if found.metrics:
        yield f"    with {metrics_text(found.metrics)}"


def _upstream_lines(
    written: list[Upstream], steps: dict[tuple[ObjectId, str], list[Upstream]], depth: int
) -> Iterator[str]:
    """Who wrote an input, and who wrote what they read; each step once."""
    left = [(step, depth) for step in reversed(written)]
    while left:
        step, depth = left.pop()
        member = f" (as {escape(step.member)})" if step.member is not None else ""
        yield (
            f"{'  ' * min(depth, _MOST_INDENT)}which is output '{escape(step.role)}'{member} of run "
            f"{step.run.short}, manifest {step.sequence}, {step.recorded_at}"
        )
        for reader, role in [key for key in steps if key[0] == step.run]:
            left += [(before, depth + 1) for before in reversed(steps.pop((reader, role)))]


def check_lines(result: StoreCheck, *, housekeeping: bool, color: bool) -> Iterator[str]:
    """The verdict on a store."""
    yield from problem_lines(result.problems, color=color)
    counts = ((result.manifests, "manifest"), (result.objects, "object"), (result.blobs, "blob"))
    yield ", ".join(counted(*count) for count in counts)
    if housekeeping:
        if result.orphans or result.orphan_blobs:
            orphans, blobs = counted(len(result.orphans), "object"), counted(len(result.orphan_blobs), "blob")
            yield f"{orphans} and {blobs} that nothing in the history of HEAD leads to"
            if result.orphan_manifests:
                manifests = counted(result.orphan_manifests, "manifest")
                yield f"{manifests} among them: an interrupted record leaves one, a cut-off history more"
        if result.leftovers:
            files = counted(len(result.leftovers), "file")
            yield f"{files} in tmp/ that an interrupted record left (they may be deleted when no obs runs)"
        yield from (escape(text) for text in result.permissions)
    if result.head is not None:
        yield f"head {result.head.hex}"
    yield style(result.verdict, "red" if result.problems else "green", "bold", color=color)


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
