"""The page of an exported run: GitHub-flavoured Markdown that an editor or a review shows.

Every text of the run is escaped, so that it is shown and never obeyed. Which characters are made visible is
written down here and does not follow Python's tables, since these change with Python's version and the page
of a manifest is the same everywhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from ..format.canonical import Value
from .export import ExportedRun, artifact_keys, canonical_json, count, dropped_rows
from .show import ShownFile

_MARKUP: Final = re.compile(r"[\\`*_{}\[\]()#+!|~^$<>&]|:(?=/)|(?<=www)\.")
_UNSEEN: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ud800-\udfff\ufe00-\ufe0f\ufeff\uffa0\ufff0-\uffff\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
"""Controls, bidirectional and zero-width characters, line separators, lone surrogates, tags and selectors."""
_REFERENCES: Final = {"<": "&lt;", ">": "&gt;", "&": "&amp;"}


def escaped(text: str | bytes) -> str:
    r"""One line of Markdown that shows the text as it is; what cannot be seen is `\n`, `\x1b`, `\u202e`.

    Of a name in bytes, each byte that is no UTF-8 is `\xff`.
    """
    if isinstance(text, bytes):
        text = text.decode("utf-8", "surrogateescape")
    return _MARKUP.sub(_shown, _UNSEEN.sub(_visible, text))


def _visible(found: re.Match[str]) -> str:
    code = ord(found[0])
    if found[0] in "\n\r\t":
        return {"\n": "\\n", "\r": "\\r", "\t": "\\t"}[found[0]]
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    return f"\\x{code:02x}" if code < 0x80 else f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def _shown(found: re.Match[str]) -> str:
    return _REFERENCES.get(found[0], f"\\{found[0]}")


def page(found: ExportedRun) -> str:
    """The whole page, with a newline at its end."""
    run = found.run
    lines = [f"# Run {escaped(run.run_id or run.run.short)}", ""]
    claimed = found.claims.created_at if found.claims is not None else None
    lines += _table(
        ("", ""),
        (
            ("Message", escaped(run.message) if run.message is not None else None),
            ("Status", run.status),
            ("Created", f"{claimed} (as the trainer says)" if claimed else None),
            ("Recorded", run.recorded_at),
        ),
    )
    lines += ["## What went in", "", *_went_in(found)]
    lines += ["## What came out", "", *_came_out(found)]
    lines += ["## Under what", "", *_under_what(found)]
    lines += ["## What is odd", ""]
    if run.diagnostics:
        rows = [(f"`{one.code}`", one.severity, escaped(one.message)) for one in run.diagnostics]
        lines += _table(("Code", "Severity", "What"), rows)
    else:
        lines += ["Nothing that was noticed.", ""]
    lines += ["## Where in history", ""]
    lines += _table(
        ("", ""),
        (
            ("Manifest", f"`{found.entry.id.hex}`"),
            ("Run", f"`{run.run.hex}`"),
            ("Parent", f"`{run.parent.hex}`" if run.parent is not None else "none"),
            ("Sequence", str(run.sequence)),
        ),
    )
    return "\n".join(lines[:-1]) + "\n"


def _went_in(found: ExportedRun) -> Iterator[str]:
    run = found.run
    if run.datasets:
        rows = [
            (
                escaped(file.role),
                escaped(file.path if file.path is not None else file.name),
                str(file.content.num_rows) if file.content is not None else "not known",
                _fingerprint(file),
            )
            for file in run.datasets
        ]
        yield from _table(("Role", "Dataset", "Rows", "BLAKE3"), rows)
    else:
        yield from ("No dataset.", "")
    dropped, reason = dropped_rows(found), "MISSING_VALUES_DROPPED"
    why = next((one.message for one in run.diagnostics if one.code == reason), None)
    told = None if dropped is None else f"{dropped} ({escaped(why)})" if why else str(dropped)
    yield from _table(
        ("", ""),
        (
            ("Label", escaped(run.label) if run.label is not None else None),
            ("Samples", _number(count(found, "num_samples"))),
            ("Features", _number(count(found, "num_features"))),
            ("Rows dropped for missing values", told),
        ),
    )
    params = (run.params or {}).items()
    yield from _table(("Parameter", "Value"), [(escaped(name), _value(value)) for name, value in params])


def _came_out(found: ExportedRun) -> Iterator[str]:
    run = found.run
    if run.artifacts:
        rows = [
            (escaped(file.role), escaped(file.name), pipeline(file) or "", str(file.size), _fingerprint(file))
            for file in artifact_keys(run.artifacts).values()
        ]
        yield from _table(("Role", "File", "Model", "Bytes", "BLAKE3"), rows)
    else:
        yield from ("No artifact.", "")
    if run.metrics:
        yield from _table(
            ("Metric", "Value"), [(escaped(name), _value(value)) for name, value in run.metrics.items()]
        )


def pipeline(file: ShownFile) -> str | None:
    """A model on one line: the types of its steps, `StandardScaler → LogisticRegression`."""
    if file.inspection is None:
        return None
    steps, model = file.inspection.get("pipeline_steps"), file.inspection.get("model")
    types = [step.get("type") for step in steps if isinstance(step, dict)] if isinstance(steps, list) else []
    if not types and isinstance(model, dict):
        types = [model.get("type")]
    return " → ".join(escaped(kind) if isinstance(kind, str) else "?" for kind in types) or None


def _under_what(found: ExportedRun) -> Iterator[str]:
    seen = found.run.environment
    libraries: dict[str, Value] = {}
    for file in found.run.artifacts:
        stated = file.inspection.get("libraries") if file.inspection is not None else None
        libraries.update(stated if isinstance(stated, dict) else {})
    rows: list[tuple[str, str | None]] = [
        (f"{escaped(name)} (as the model says)", escaped(str(libraries[name]))) for name in sorted(libraries)
    ]
    if seen is not None:
        python = " ".join(filter(None, (seen.implementation, seen.python)))
        platform = " ".join(filter(None, (seen.system, seen.machine)))
        rows += [
            ("Python", escaped(python) or None),
            ("Platform", escaped(platform) or None),
            *((escaped(name), escaped(version)) for name, version in seen.libraries.items()),
            ("Packages in all", str(len(seen.packages))),
        ]
        if seen.source is not None:
            dirty = {True: ", with changes", False: "", None: ", unknown whether with changes"}
            rows.append(("Source commit", f"`{seen.source.commit}`{dirty[seen.source.dirty]}"))
    yield from _table(("", ""), rows) if rows else ("Not recorded.", "")


def _table(heading: tuple[str, ...], rows: Iterable[tuple[str | None, ...]]) -> list[str]:
    """A table and an empty line; a row with an unknown cell is left out, a table without rows as well."""
    known = [row for row in rows if None not in row]
    if not known:
        return []
    lines = [heading, ("---",) * len(heading), *known]
    return [*(f"| {' | '.join(map(str, line))} |" for line in lines), ""]


def _fingerprint(file: ShownFile) -> str:
    return f"`{file.blake3.hex}`" if file.blake3 is not None else f"tree `{file.id.hex}`"


def _number(value: int | None) -> str | None:
    return str(value) if value is not None else None


def _value(value: Value) -> str:
    """A metric or a parameter as JSON, text without its quotation marks."""
    if isinstance(value, str):
        return escaped(value)
    return escaped(canonical_json(value).decode().strip('"\n'))  # a float that is not finite has marks
