"""What obs saw: the environment of a run, and the report on it.

A report depends on the run, on obs' version and on the environment only: never on the clock, on
earlier runs, or on how fast the machine was.
"""

from __future__ import annotations

import re
from typing import ClassVar, Final, Literal, Self, get_args

from ..errors import InvalidField
from .canonical import Path, Value, encode
from .fields import Fields, Misplaced, check_order, present, text_order
from .frozen import frozen
from .ids import ObjectId
from .names import check_role, is_code

Whose = Literal["prefix", "virtual-env", "conda", "obs"]
Severity = Literal["info", "warning", "error"]
WHOSE: Final[tuple[Whose, ...]] = get_args(Whose)
SEVERITIES: Final[tuple[Severity, ...]] = get_args(Severity)

_COUNT_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,63}\Z")
_NO_DETAILS: Final[dict[str, Value]] = {}  # shared, and changed by nobody
_NO_COUNTS: Final[dict[str, int]] = {}
_COMMIT: Final = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?\Z")


@frozen
class Source:
    """The commit that the sources stood at, and whether they differed from it (None: unknown)."""

    commit: str
    dirty: bool | None = None

    def __post_init__(self) -> None:
        if not _COMMIT.match(self.commit):
            raise InvalidField(problem="a commit is 40 or 64 lower-case hex digits")

    def to_value(self) -> Value:
        """The map of the fields."""
        return present((("commit", self.commit), ("dirty", self.dirty)))

    @classmethod
    def read(cls, value: Value, path: Path) -> Self:
        """The inverse of `to_value`."""
        fields = Fields(value, path, "source")
        commit = fields.text("commit")
        dirty = fields.boolean("dirty") if fields.has("dirty") else None
        return fields.built(lambda: cls(commit=commit, dirty=dirty))


@frozen
class Environment:
    """A Python environment as its folders name it, the machine's kind, and the sources' commit.

    `whose` says which environment this is: the one named on the command line (`prefix`), the
    active virtual or conda environment, or obs' own. `packages` are (name, version) pairs in
    byte order. No user, host or environment variable is in it.
    """

    KIND: ClassVar[str] = "environment"
    whose: Whose
    python: str | None = None
    implementation: str | None = None
    system: str | None = None
    machine: str | None = None
    packages: tuple[tuple[str, str], ...] = ()
    source: Source | None = None

    def __post_init__(self) -> None:
        if self.whose not in WHOSE:
            raise InvalidField(problem="an environment is of a prefix, a virtual-env, conda or obs")
        check_order(
            [(text_order(name), text_order(version)) for name, version in self.packages], "the packages"
        )

    def to_value(self) -> dict[str, Value]:
        """The map of the fields."""
        return present(
            (
                ("whose", self.whose),
                ("python", self.python),
                ("implementation", self.implementation),
                ("system", self.system),
                ("machine", self.machine),
                ("packages", [[name, version] for name, version in self.packages]),
                ("source", self.source.to_value() if self.source else None),
            )
        )

    @classmethod
    def from_fields(cls, fields: Fields) -> Self:
        """The inverse of `to_value`."""
        whose: Whose = fields.one_of("whose", WHOSE)
        python = fields.text("python") if fields.has("python") else None
        implementation = fields.text("implementation") if fields.has("implementation") else None
        system = fields.text("system") if fields.has("system") else None
        machine = fields.text("machine") if fields.has("machine") else None
        packages = fields.items("packages", _read_package)
        source = fields.within("source", Source.read) if fields.has("source") else None
        return fields.built(
            lambda: cls(
                whose=whose,
                python=python,
                implementation=implementation,
                system=system,
                machine=machine,
                packages=packages,
                source=source,
            )
        )


@frozen
class Diagnostic:
    """One thing that obs noticed. `message` is for people, `code` and `details` are for programs."""

    code: str
    severity: Severity
    message: str
    details: dict[str, Value] = _NO_DETAILS

    def __post_init__(self) -> None:
        if not is_code(self.code):
            raise InvalidField(problem="a diagnostic's code is upper-case letters, digits and '_'")
        if self.severity not in SEVERITIES:
            raise InvalidField(problem="a severity is info, warning or error")

    @property
    def order(self) -> tuple[bytes, bytes]:
        """The place among other diagnostics."""
        return self.code.encode(), encode(self.details)

    def to_value(self) -> dict[str, Value]:
        """The map of the fields."""
        return present(
            (
                ("code", self.code),
                ("severity", self.severity),
                ("message", self.message),
                ("details", self.details),
            )
        )

    @classmethod
    def read(cls, value: Value, path: Path) -> Self:
        """The inverse of `to_value`."""
        fields = Fields(value, path, "diagnostic")
        code, message = fields.text("code"), fields.text("message")
        has_details = fields.has("details")
        details = fields.values("details") if has_details else {}
        if has_details and not details:
            raise Misplaced((*path, "details"), InvalidField(problem="'details' is not empty, or absent"))
        severity: Severity = fields.one_of("severity", SEVERITIES)
        return fields.built(lambda: cls(code=code, severity=severity, message=message, details=details))


@frozen
class Observation:
    """Something that obs found out about one input or output: an object of its own, linked by role.

    `kind` is the kind of that object (`content`, `inspection`, …), so that a report can link to
    kinds that came later.
    """

    role: str
    kind: str
    id: ObjectId

    def __post_init__(self) -> None:
        check_role(self.role)
        check_role(self.kind)

    def to_value(self) -> Value:
        """The map of the fields."""
        return {"role": self.role, "kind": self.kind, "id": self.id.raw}

    @classmethod
    def read(cls, value: Value, path: Path) -> Self:
        """The inverse of `to_value`."""
        fields = Fields(value, path, "observation")
        role, kind, target = fields.text("role"), fields.text("kind"), fields.digest("id", ObjectId)
        return fields.built(lambda: cls(role=role, kind=kind, id=target))


@frozen
class Report:
    """What obs saw of one run: the environment, counts (a count that is not known is absent, never
    zero), observations sorted by (role, kind), diagnostics sorted by (code, details).
    """

    KIND: ClassVar[str] = "report"
    run: ObjectId
    obs: str
    environment: ObjectId | None = None
    counts: dict[str, int] = _NO_COUNTS
    observations: tuple[Observation, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()

    def __post_init__(self) -> None:
        check_order([(seen.role.encode(), seen.kind.encode()) for seen in self.observations], "observations")
        check_order([diagnostic.order for diagnostic in self.diagnostics], "diagnostics")
        for name, count in self.counts.items():
            if not _COUNT_NAME.match(name) or type(count) is not int or count < 0:
                raise InvalidField(problem="a count is a name in a-z 0-9 _ and an unsigned int")

    def to_value(self) -> dict[str, Value]:
        """The map of the fields."""
        return present(
            (
                ("run", self.run.raw),
                ("obs", self.obs),
                ("environment", self.environment.raw if self.environment else None),
                ("counts", dict[str, Value](self.counts)),
                ("observations", [seen.to_value() for seen in self.observations]),
                ("diagnostics", [diagnostic.to_value() for diagnostic in self.diagnostics]),
            )
        )

    @classmethod
    def from_fields(cls, fields: Fields) -> Self:
        """The inverse of `to_value`."""
        run, version = fields.digest("run", ObjectId), fields.text("obs")
        environment = fields.digest("environment", ObjectId) if fields.has("environment") else None
        counts = fields.within("counts", _read_counts) if fields.has("counts") else {}
        observations = fields.items("observations", Observation.read)
        diagnostics = fields.items("diagnostics", Diagnostic.read)
        return fields.built(
            lambda: cls(
                run=run,
                obs=version,
                environment=environment,
                counts=counts,
                observations=observations,
                diagnostics=diagnostics,
            )
        )


def _read_package(value: Value, path: Path) -> tuple[str, str]:
    match value:
        case [str() as name, str() as version]:
            return name, version
        case _:
            raise Misplaced(path, InvalidField(problem="a package is [name, version]"))


def _read_counts(value: Value, path: Path) -> dict[str, int]:
    fields = Fields(value, path, "counts")
    names = list(value) if isinstance(value, dict) else []
    if not names:
        raise Misplaced(path, InvalidField(problem="counts are a non-empty map or absent"))
    return {name: fields.uint(name) for name in names}
