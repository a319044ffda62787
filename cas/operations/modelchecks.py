"""What is odd about the model files of a run: what each holds, and by which libraries it was written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from ..format.canonical import Value
from ..format.reports import Diagnostic, Environment, Severity
from .facts import Facts, ModelFacts
from .findings import MAX_NAMES

_SEPARATORS: Final = re.compile(r"[-_.]+")


def model_checks(facts: Facts) -> Iterator[Diagnostic]:
    """The diagnostics of all model files. Only the run's model is asked for a pipeline: other artifacts may
    well be parts of one."""
    for model in facts.models:
        yield from _globals(model)
        yield from _incomplete(model)
        if facts.environment is not None:
            yield from _libraries(model, facts.environment)
    if facts.model is not None:
        yield from _no_pipeline(facts.model)


def _globals(model: ModelFacts) -> Iterator[Diagnostic]:
    """The names that loading would import, and that are not known to be harmless."""
    found: dict[str, list[Value]] = {"dangerous": [], "unknown": []}
    rows = model.document["globals"]
    for row in rows if isinstance(rows, list) else []:
        match row:
            case {"module": str() as module, "name": str() as name, "grade": str() as grade} if (
                grade in found
            ):
                found[grade].append(f"{module}.{name}")
            case _:
                pass  # a known name
    cut = model.document["cut"]
    is_cut = isinstance(cut, dict) and "globals" in cut
    grades: tuple[tuple[str, Severity, str], ...] = (
        ("dangerous", "warning", "loading the file would import {} that can run code, open or send"),
        ("unknown", "info", "loading the file would import {} that obs does not know"),
    )
    for grade, severity, message in grades:
        names = found[grade]
        if names:
            details: dict[str, Value] = {
                "artifact": model.role,
                "globals": names[:MAX_NAMES],
                "count": len(names),
            }
            if is_cut:
                details["more"] = True  # the list in the document ends before all names were told
            counted = f"{len(names)} name{'s' * (len(names) > 1)}"
            yield Diagnostic(
                code=f"ARTIFACT_GLOBALS_{grade.upper()}",
                severity=severity,
                message=message.format(counted),
                details=details,
            )


def _incomplete(model: ModelFacts) -> Iterator[Diagnostic]:
    if model.document["complete"] is False:
        problems = model.document["problems"]
        rows = problems if isinstance(problems, list) else []
        codes = sorted({str(row["code"]) for row in rows if isinstance(row, dict)})
        yield Diagnostic(
            code="ARTIFACT_INCOMPLETE",
            severity="warning",
            message="the file may hold more than could be seen",
            details={"artifact": model.role, "problems": list[Value](codes[:MAX_NAMES])},
        )


def _no_pipeline(model: ModelFacts) -> Iterator[Diagnostic]:
    """Of a file that was not seen as a whole it is not known."""
    if model.document["complete"] is True and model.document["step_count"] == 0:
        estimator = model.document["model"]
        details: dict[str, Value] = {"artifact": model.role}
        if isinstance(estimator, dict):
            details["type"] = estimator["type"]
        yield Diagnostic(
            code="ARTIFACT_NOT_A_PIPELINE",
            severity="info",
            message="the model is no Pipeline: what was done to the data before it is not in the file",
            details=details,
        )


def _libraries(model: ModelFacts, environment: Environment) -> Iterator[Diagnostic]:
    """The versions that the file names against the packages of the environment, where both are known.

    obs' own environment need not be the one that the run ran in.
    """
    installed: dict[str, set[str]] = {}
    for name, version in environment.packages:
        installed.setdefault(_normalised(name), set()).add(version)
    libraries = model.document["libraries"]
    for name, versions in libraries.items() if isinstance(libraries, dict) else ():
        here = installed.get(_normalised(name))
        if here and isinstance(versions, str) and not here & set(versions.split(", ")):
            there = ", ".join(sorted(here))
            yield Diagnostic(
                code="LIBRARY_VERSION_MISMATCH",
                severity="info" if environment.whose == "obs" else "warning",
                message=f"the file was written by {name} {versions}; the environment has {there}",
                details={
                    "artifact": model.role,
                    "library": name,
                    "model": versions,
                    "environment": there,
                    "whose": environment.whose,
                },
            )


def _normalised(name: str) -> str:
    """https://packaging.python.org/en/latest/specifications/name-normalization/"""
    return _SEPARATORS.sub("-", name).lower()
