"""`obs record --all`: one line a run."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from .output import escape, flush_output, message, style, to_json, write, write_json_line

if TYPE_CHECKING:
    from ..cas.format.reports import Environment
    from ..cas.operations.record_all import Taken
    from ..cas.operations.requests import RecordRequest
    from ..cas.store.store import Store
    from .context import Invocation


def record_workspace(
    invocation: Invocation,
    store: Store,
    request: RecordRequest,
    environment: Callable[[], Environment],
    moment: str,
    *,
    as_json: bool,
) -> int:
    """Records a workspace and tells of each run; the exit code is the worst one's. Raises as `record_all`."""
    from ..cas.operations.record_all import record_all
    from .progress import Progress

    worst = 0
    counts: dict[str, int] = {}
    with store, Progress.of(invocation, "reading") as progress:
        for taken in record_all(
            store, request, environment=environment, now=lambda: moment, progress=progress
        ):
            counts[taken.state] = counts.get(taken.state, 0) + 1
            if taken.error is not None:
                worst = max(worst, taken.error.exit_code)
            if as_json:
                write_json_line(_document(taken))
            else:
                write(_line(taken, color=invocation.color) + "\n")
    if not as_json:
        flush_output()  # or the sum would stand before what it sums up, where both go to one file
        message(", ".join(f"{count} {state}" for state, count in sorted(counts.items())))
    return worst


def _document(taken: Taken) -> dict[str, object]:
    error = taken.error
    return {
        **{name: to_json(getattr(taken, name)) for name in ("path", "run_id", "state", "run", "manifest")},
        "sequence": taken.sequence,
        "diagnostics": to_json(taken.diagnostics),
        "error": None
        if error is None
        else {"code": error.code, "message": to_json(error.sentence()), "remedy": to_json(error.advice())},
    }


def _line(taken: Taken, *, color: bool) -> str:
    if taken.error is not None:
        return f"{style('failed', 'red', color=color)}        {escape(str(taken.error))}"
    what = f"{taken.state.ljust(12)}  {taken.run.short if taken.run is not None else ''}"
    where = f"  {escape(taken.path)}"
    odd = ", ".join(sorted({found.code for found in taken.diagnostics}))
    return what + where + (f"  {style(odd, 'yellow', color=color)}" if odd else "")
