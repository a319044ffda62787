"""What a model file is, and the way in: `read_model`.

    a pickle                           one or several, one after the other
    a pickle with joblib's raw arrays  the same bytes, with arrays outside of its opcodes
    a compressed stream of either      gzip, zlib, bz2, xz, lzma, lz4, zstd
    a file of skops                    a zip archive with a schema.json
    anything else                      named where it is known (other zips, old joblib, HDF5 …), not read

The first bytes tell; the name of the file does not matter.
"""

from __future__ import annotations

import re
from functools import partial
from typing import Final

from ...format.frozen import frozen
from ..files import OpenedFile
from ..reading import check_unchanged
from .limits import DEFAULT, Deadline, Limits, Problem, Stopped
from .machine import run
from .nodes import Global, Node
from .rawarrays import OLD_NAMES
from .state import Findings, State
from .streams import Expansion, compression_of
from .windows import FileWindows, StreamWindows, Windows, pread

_HEAD: Final = 64
_OTHERS: Final = (
    (b"PK\x03\x04", "zip", "a zip archive (such as PyTorch and numpy's .npz write)"),
    (b"PK\x05\x06", "zip", "an empty zip archive"),
    (b"ZF", "joblib-zf", "a compressed file of joblib before 0.10, with its arrays in other files"),
    (b"\x93NUMPY", "npy", "a numpy array"),
    (b"\x89HDF\r\n\x1a\n", "hdf5", "an HDF5 file (such as Keras writes)"),
    (b"PAR1", "parquet", "a Parquet file"),
    (b"ARROW1", "arrow", "an Arrow file"),
)
_NAME: Final = re.compile(r"[^\W\d]\w*(\.\w+)*")
_BINARY_STARTS: Final = frozenset(b"KMJGUTX])}")
"""A pickle that begins with one of these is of protocol 1, if it does not say what it is of."""


@frozen
class FormatFacts:
    """How a file is written. `container` is None where it is no model file as far as obs knows.

    `container`: "pickle", "joblib" (a pickle with raw arrays), "skops", or one of those that are not read:
    "zip", "joblib-zf", "npy", "hdf5", "parquet", "arrow". `compression`: "gzip", "zlib", "bz2", "xz",
    "lzma", "lz4", "zstd", or None. `protocol` is the first pickle's, or that of skops; `writer`: which
    version of skops wrote it.
    """

    container: str | None
    protocol: int | None
    compression: str | None
    writer: str | None = None


@frozen
class ModelGraph:
    """What reading a file without executing it has shown.

    `roots`: the value of each pickle in the file, in order; `embedded`: of each that was found within
    bytes. `partial`: what lay on the stack of a pickle that broke off, the lowest first. `globals`: every
    name that loading would import, each once, in the order of appearance, those within bytes last.
    `complete`: nothing was left out; `timed_out`: the clock ended it, so that another machine would see
    more or less. `opcodes` were executed.
    """

    roots: tuple[Node, ...]
    embedded: tuple[Node, ...]
    partial: tuple[Node, ...]
    format: FormatFacts
    globals: tuple[Global, ...]
    problems: tuple[Problem, ...]
    complete: bool
    timed_out: bool
    opcodes: int


def read_model(opened: OpenedFile, *, limits: Limits = DEFAULT, net: Deadline | None = None) -> ModelGraph:
    """Reads what a model file holds, without executing, importing or unpacking anything of it.

    Whatever the bytes are, there is a graph, with problems and `complete=False` where it ends early.
    `net` is for a caller that has more to do in the same time. Raises FileChanged, OperatingSystemRefused.
    """
    reader = _Reader(opened, limits, net or Deadline(limits.seconds))
    graph = reader.read()
    check_unchanged(opened, opened.stat.st_size)
    return graph


class _Reader:
    def __init__(self, opened: OpenedFile, limits: Limits, net: Deadline) -> None:
        self._opened = opened
        self._limits = limits
        self._net = net
        self._findings = Findings()
        self._roots: list[Node] = []
        self._embedded: list[Node] = []
        self._partial: list[Node] = []
        self._complete = True
        self._timed_out = False
        self._memoised = False
        self._followed_by_others = False

    def read(self) -> ModelGraph:
        windows: Windows = FileWindows(self._opened)
        head = windows.at(0, _HEAD)
        compression = compression_of(head)
        expansion = None
        if compression is not None:
            expansion = Expansion(partial(pread, self._opened), compression, self._limits, self._net)
            windows = StreamWindows(expansion.more)
            head = windows.at(0, _HEAD)
        container = _other(head)
        if container is not None and container[0] == "zip" and compression is None:
            graph = self._skops()
            if graph is not None:
                return graph
        if container is not None:
            self._note("OTHER_FORMAT", f"this is {container[1]}, which is not looked into", 0)
            self._complete = False
            return self._graph(container[0], None, compression)
        self._pickles(windows)
        if expansion is not None and expansion.trailing:
            self._note("TRAILING_BYTES", "bytes follow the compressed stream", expansion.expanded)
        self._read_as_pickle()
        self._look_into_bytes()
        return self._graph(self._container(head), self._protocol(head), compression)

    def _skops(self) -> ModelGraph | None:
        """What a file of skops holds; None if the zip archive is none, or its members cannot be found."""
        from .skops import SCHEMA, read_skops
        from .zips import Archive

        limits = self._limits
        try:
            archive = Archive(partial(pread, self._opened), self._opened.stat.st_size, limits, self._net)
            if SCHEMA not in archive:
                return None
        except Stopped as stopped:
            self._stopped(stopped)
            return None
        try:
            found = read_skops(archive, self._findings, limits, self._net)
        except Stopped as stopped:
            self._stopped(stopped)
            return self._graph("skops", None, None)
        if found is None:
            return None
        self._roots.append(found.root)
        self._complete, self._timed_out = found.complete, found.timed_out
        return self._graph("skops", found.protocol, None, found.version)

    def _graph(
        self, container: str | None, protocol: int | None, compression: str | None, writer: str | None = None
    ) -> ModelGraph:
        findings = self._findings
        return ModelGraph(
            roots=tuple(self._roots),
            embedded=tuple(self._embedded),
            partial=tuple(self._partial),
            format=FormatFacts(
                container=container, protocol=protocol, compression=compression, writer=writer
            ),
            globals=tuple(findings.globals.values()),
            problems=tuple(findings.problems),
            complete=self._complete,
            timed_out=self._timed_out,
            opcodes=findings.opcodes,
        )

    def _container(self, head: bytes) -> str | None:
        findings = self._findings
        if any(seen.name in OLD_NAMES and "joblib" in seen.module for seen in findings.globals.values()):
            self._note(
                "SIDE_FILES", "its arrays are in other files (joblib before 0.10), which are not opened", 0
            )
            return "joblib"
        if findings.raw_arrays:
            return "joblib"
        says_so = len(head) > 1 and head[0] == 0x80 and head[1] <= 5
        return "pickle" if says_so or not self._is_text() else None

    def _is_text(self) -> bool:
        """Whether a file only begins like a pickle of old, as text can.

            country     c imports what two lines name
            Norway

            N.B. this   N is None, and . ends the pickle

        A pickle that is whole is one. One that breaks off, or has other bytes behind it, is one if it calls
        what it imports, keeps a value for later (picklers do so after each import), or imports what is known.
        """
        if self._roots and not self._followed_by_others:
            return False
        names = self._findings.globals.values()
        if any(one.called for one in names):
            return False
        from .grades import is_known

        real = [one for one in names if not one.dynamic and _could_be(one)]
        return not (self._memoised and real) and not any(is_known(one.module, one.name) for one in real)

    def _protocol(self, head: bytes) -> int | None:
        findings = self._findings
        if findings.protocol is not None or not self._roots:
            return findings.protocol
        return 1 if findings.binary or head[0] in _BINARY_STARTS else 0

    def _note(self, code: str, message: str, offset: int) -> None:
        self._findings.note(Problem(code, message, offset))

    def _stopped(self, stopped: Stopped) -> None:
        self._complete = False
        self._timed_out |= stopped.timed_out
        self._findings.note(stopped.problem)

    def _pickles(self, windows: Windows) -> None:
        """Every pickle of the file, one after the other."""
        state = State(windows, 0, self._findings, self._limits, self._net, raw=True)
        while True:
            known = len(self._findings.globals)
            begins, offset = state.peek(2), state.base + state.pos
            try:
                self._roots.append(run(state))
            except Stopped as stopped:
                self._memoised |= bool(state.memo or state.sparse or state.outer)
                # What follows a whole pickle, names nothing and does not begin as one was not meant as one.
                meant = known != len(self._findings.globals) or (
                    begins[:1] == b"\x80" and begins[1:] <= b"\x05"
                )
                if self._roots and stopped.broken and windows.fault is None and not meant:
                    self._note("TRAILING_BYTES", "bytes follow the pickle that are none themselves", offset)
                    self._followed_by_others = True
                else:
                    self._stopped(stopped)
                    self._keep_partial(state)
                return
            self._memoised |= bool(state.memo or state.sparse)
            if not state.begin_next():
                if windows.fault is not None:
                    self._stopped(windows.fault)
                return

    def _keep_partial(self, state: State) -> None:
        """What a pickle had built when it broke off, those around an array's own pickle first."""
        levels = [(*outer.marked, outer.stack) for outer in state.outer]
        for stacks in (*levels, (*state.marked, state.stack)):
            for stack in stacks:
                self._partial.extend(stack)

    def _read_as_pickle(self) -> None:
        """Of a file with joblib's raw arrays, what `pickle.load` would take the first one's data for."""
        findings = self._findings
        state = findings.as_pickle
        if state is None:
            return
        known, problems, opcodes = len(findings.globals), len(findings.problems), findings.opcodes
        stopped = None
        try:
            run(state)
            while state.begin_next():
                run(state)
        except Stopped as reason:
            stopped = reason
        findings.forget_problems(problems)
        if stopped is not None and not stopped.broken:
            self._stopped(stopped)
        seen = list(findings.globals.values())[known:]
        if seen:
            text = (
                "pickle.load would take the data of an array for opcodes, and import other names than joblib"
            )
            self._note("AMBIGUOUS", text, seen[0].offset)
        else:
            findings.opcodes = opcodes  # a few, and only to be sure

    def _look_into_bytes(self) -> None:
        """The pickles that bytes may hold. What does not come to a STOP was none, and is forgotten."""
        findings = self._findings
        done = 0
        while done < len(findings.embedded):
            windows, offset = findings.embedded[done]
            done += 1
            known = len(findings.globals)
            problems = len(findings.problems)
            state = State(windows, offset, findings, self._limits, self._net)
            try:
                self._embedded.append(run(state))
            except Stopped as stopped:
                if not stopped.broken:
                    self._stopped(stopped)
                    return
                for key in list(findings.globals)[known:]:
                    del findings.globals[key]
                findings.forget_problems(problems)


def _could_be(found: Global) -> bool:
    """Whether module and name are such as Python would have."""
    return all(_NAME.fullmatch(part) is not None for part in (found.module, found.name))


def _other(head: bytes) -> tuple[str, str] | None:
    for magic, name, words in _OTHERS:
        if head.startswith(magic):
            return name, words
    return None
