"""Model files of skops: a zip archive whose `schema.json` says what to import and how to put it together.

    schema.json            {"__class__": "Ridge", "__module__": "sklearn.linear_model._ridge",
                            "__loader__": "ObjectNode", "__id__": 140…, "content": {…}, "protocol": 2, …}
    140….npy               an array, as numpy writes it
    141….npz               a sparse matrix, as scipy does

Each map with a `__loader__` stands for a value; `skopsvalues` makes it the node that a pickle of the same
value would give. What has an `__id__` that came before is that value again, whatever else stands there, as
for skops. The names that are told are those of every class that the schema states, and of every function,
method and type, whether skops would import it or knows it by itself. Members that the schema does not name
are read by nobody.

Written from skops 0.9 to 0.16, protocols 0 to 2 (skops/io/_audit.py, `get_tree`; _utils.py, `read_schema`).
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from ...format.frozen import frozen
from .limits import Deadline, Limits, Stopped
from .nodes import Node
from .schema import Context, RepeatedKeys, fields_of, is_map, parsed
from .skopsvalues import Making, making_of
from .state import Findings
from .zips import Archive

SCHEMA: Final = "schema.json"
_NEWEST_PROTOCOL: Final = 2
_CHECKED_EACH: Final = 256


@frozen
class SkopsFile:
    """What a file of skops holds and says of itself. `complete`: nothing was as skops would not write it."""

    root: Node
    protocol: int | None
    version: str | None
    complete: bool
    timed_out: bool


def read_skops(archive: Archive, findings: Findings, limits: Limits, net: Deadline) -> SkopsFile | None:
    """The value that a file of skops holds; None if the archive's `schema.json` is not one of skops.

    Whatever is not as skops writes it is a problem in `findings`, and the rest is told. Raises Stopped if the
    schema cannot be read at all, OperatingSystemRefused.
    """
    member = archive.member(SCHEMA)
    if member.size > limits.schema_bytes:
        raise Stopped("SCHEMA_BYTES", "the schema is longer than is read", member.offset, broken=False)
    data = member.start(member.size)
    if len(data) != member.size:
        raise Stopped("TRUNCATED", "the schema is shorter than the archive says", member.offset)
    repeated = RepeatedKeys()
    state = parsed(data.decode("utf-8-sig", "replace"), limits, repeated, member.offset)
    if not is_map(state) or "__loader__" not in state:
        return None
    context = Context(archive, findings, limits, net, repeated)
    builder = _Builder(context)
    root = builder.build(state)
    protocol = state.get("protocol")
    version = state.get("_skops_version")
    if type(protocol) is not int or not 0 <= protocol <= _NEWEST_PROTOCOL:
        context.note("PROTOCOL", "the file is of a protocol of skops that nobody knows yet")
    if repeated.seen:
        context.note("REPEATED_KEY", "a map of the schema has a key twice; the last one counts")
    if archive.repeated:
        context.note("REPEATED_MEMBER", "the archive has a member twice; the last one counts")
    return SkopsFile(
        root=root,
        protocol=protocol if type(protocol) is int and 0 <= protocol < 1 << 16 else None,
        version=version if isinstance(version, str) else None,
        complete=not findings.problems,
        timed_out=builder.timed_out,
    )


class _Open(NamedTuple):
    key: str | None
    making: Making


class _Builder:
    """Makes the nodes, with a stack of its own. What cannot be made is None and a problem.

    `over`: a limit was reached. What is left is None then, so that what was begun comes to its end.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._known: dict[str, Node] = {}
        self._begun: set[str] = set()
        self._waiting: list[_Open] = []
        self.over = False
        self.timed_out = False

    def build(self, state: dict[str, Any]) -> Node:
        """The node of a map and of all that it leads to. Raises OperatingSystemRefused."""
        value = self._begin(state)
        while self._waiting:
            top = self._waiting[-1]
            try:
                part = top.making.send(value)
            except StopIteration as done:
                value = done.value
            except Stopped as stopped:
                self._stopped(stopped)
                value = None
            else:
                value = self._begin(part)
                continue
            self._waiting.pop()
            if top.key is not None:
                self._known[top.key] = value
        return value

    def _begin(self, state: object) -> Node:
        """The node of a map that is known already; else None, and what makes it waits on top."""
        if self.over:
            return None
        try:
            self._check()
            fields = fields_of(state)
            key = self._context.key(fields)
            if key in self._known:
                return self._known[key]
            if key in self._begun:
                raise Stopped("CYCLE", "a value is a part of itself, which skops does not load", 0)
            if key is not None:
                self._begun.add(key)
            self._waiting.append(_Open(key, making_of(self._context, fields)))
        except Stopped as stopped:
            self._stopped(stopped)
        return None

    def _stopped(self, stopped: Stopped) -> None:
        self.over |= not stopped.broken
        self.timed_out |= stopped.timed_out
        self._context.findings.note(stopped.problem)

    def _check(self) -> None:
        findings, limits = self._context.findings, self._context.limits
        findings.opcodes += 1
        if findings.opcodes > limits.opcodes:
            raise Stopped("OPCODES", "more values than are followed", 0, broken=False)
        if not findings.opcodes % _CHECKED_EACH:
            self._context.net.check(0)
