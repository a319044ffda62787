"""The verdict on a file or a store as text for people, and what is damaged."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Final

from ..cas.operations.upstream import MAX_STEPS
from .output import Style, escape, human_size, style
from .render import counted, file_row, metrics_text

if TYPE_CHECKING:
    from ..cas.format.ids import ObjectId
    from ..cas.operations.check import StoreCheck
    from ..cas.operations.upstream import Upstream
    from ..cas.operations.verify import Lineage, Verification
    from ..cas.operations.views import Problem

_MOST_PROBLEMS: Final = 40
_MOST_INDENT: Final = 12
_MOST_PLACES: Final = 4


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
    covered = result.history.anchored_size
    yield from lineage_lines(result.runs, steps, covered)
    if len(result.upstream) == MAX_STEPS:
        yield f"  what else is upstream is not listed, beyond {MAX_STEPS:,} steps"
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
            came_later = covered is not None and all(found.sequence >= covered for found in result.runs)
            why = "it came later" if came_later else "the history has a damaged place"
            yield f"not shown: that the run is part of the history that the anchor names; {why}"
        elif covered is not None and covered < history.size:
            yield f"not anchored: {counted(history.size - covered, 'later manifest')}"
        elif history.anchored_to is None and result.verdict != "ANCHOR-MISMATCH":
            yield (
                "not shown: that this history is the one that was first written; "
                "keep a head and give it with --against"
            )
    shade: Style = "green" if result.exit_code == 0 else "yellow" if result.exit_code == 1 else "red"
    yield style(result.verdict, shade, "bold", color=color)


def lineage_lines(
    runs: Sequence[Lineage], steps: dict[tuple[ObjectId, str], list[Upstream]], covered: int | None
) -> Iterator[str]:
    """The runs that have the bytes. `steps` are what wrote their inputs; what was told is taken out.

    `covered` is how many manifests an anchor covers: what came later is marked.
    """
    for _, places in groupby(runs, key=lambda place: place.manifest):
        yield from _run_lines(list(places), steps, covered)


def _run_lines(
    places: Sequence[Lineage], steps: dict[tuple[ObjectId, str], list[Upstream]], covered: int | None
) -> Iterator[str]:
    """One run, told once, wherever in it the bytes stand: as a file of its own before those in folders."""
    found = places[0]
    told = [_place_text(place) for place in sorted(places, key=lambda place: place.member is not None)]
    more = [counted(len(told) - _MOST_PLACES, "more place")] if len(told) > _MOST_PLACES else []
    yield (
        f"  {' and '.join(told[:_MOST_PLACES] + more)} of run {found.run.short}, "
        f"manifest {found.sequence}, {found.recorded_at}{_beyond(found, covered)}"
    )
    for dataset in found.datasets:
        state = "" if dataset.state == "not-checked" else f", {dataset.state}"
        yield f"    from {escape(dataset.role)}: {'  '.join(file_row(dataset)[1:])}{state}"
        yield from _upstream_lines(steps.pop((found.run, dataset.role), []), steps, 3, covered)
    if found.metrics:
        yield f"    with {metrics_text(found.metrics)}"


def _place_text(place: Lineage) -> str:
    member = f" (as {escape(place.member)})" if place.member is not None else ""
    return f"{place.direction} '{escape(place.role)}'{member}"


def _upstream_lines(
    written: list[Upstream],
    steps: dict[tuple[ObjectId, str], list[Upstream]],
    depth: int,
    covered: int | None,
) -> Iterator[str]:
    """Who wrote an input, what they read, and who wrote that; each step once, and so what each run read."""
    left: list[tuple[Upstream | str, int]] = [(step, depth) for step in reversed(written)]
    while left:
        step, depth = left.pop()
        indent = "  " * min(depth, _MOST_INDENT)
        if isinstance(step, str):
            yield f"{indent}{step}"
            continue
        member = f" (as {escape(step.member)})" if step.member is not None else ""
        yield (
            f"{indent}which is output '{escape(step.role)}'{member} of run "
            f"{step.run.short}, manifest {step.sequence}, {step.recorded_at}{_beyond(step, covered)}"
        )
        for dataset in reversed(step.datasets or ()):
            before = steps.pop((step.run, dataset.role), [])
            left += [(one, depth + 2) for one in reversed(before)]
            left.append((f"from {escape(dataset.role)}: {'  '.join(file_row(dataset)[1:])}", depth + 1))


def _beyond(found: Lineage | Upstream, covered: int | None) -> str:
    return ", not anchored" if covered is not None and found.sequence >= covered else ""


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
