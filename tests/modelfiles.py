"""For tests of model files: reading bytes as one, evaluating a graph, payloads that would leave a mark."""

from __future__ import annotations

import os
import pickle
import struct
from pathlib import Path
from typing import Any

from obs.cas.observe.files import OpenedFile, open_regular
from obs.cas.observe.pickles.containers import ModelGraph, read_model
from obs.cas.observe.pickles.limits import Limits
from obs.cas.observe.pickles.nodes import (
    Bytes,
    Call,
    Dict,
    FrozenSet,
    Global,
    List,
    Node,
    Set,
    Text,
    Tuple,
)

PATIENT = Limits(seconds=3600)
"""The usual limits, on a machine that may be busy with something else."""


def graph_of_file(path: Path, limits: Limits = PATIENT) -> ModelGraph:
    """What a file holds."""
    with open_regular(str(path)) as opened:
        return read_model(opened, limits=limits)


class Scratch:
    """A file that is written over and over, in memory where the system has such files."""

    def __init__(self) -> None:
        self.fd = os.memfd_create("model")

    def graph(self, data: bytes, limits: Limits = PATIENT) -> ModelGraph:
        """What these bytes hold as a file."""
        os.ftruncate(self.fd, 0)
        os.pwrite(self.fd, data, 0)
        return read_model(OpenedFile("model", self.fd, os.fstat(self.fd)), limits=limits)

    def close(self) -> None:
        os.close(self.fd)


def graph_of(data: bytes, limits: Limits = PATIENT) -> ModelGraph:
    """What these bytes hold as a file."""
    scratch = Scratch()
    try:
        return scratch.graph(data, limits)
    finally:
        scratch.close()


def names(graph: ModelGraph) -> list[tuple[str, str]]:
    return [(seen.module, seen.name) for seen in graph.globals]


def codes(graph: ModelGraph) -> list[str]:
    return [problem.code for problem in graph.problems]


def value_of(node: Node) -> Any:
    """The object that a node of plain data stands for. Recursive: for what tests made themselves."""
    if isinstance(node, List):
        return [value_of(item) for item in node]
    if isinstance(node, Tuple):
        return tuple(value_of(item) for item in node)
    if isinstance(node, FrozenSet):
        return frozenset(value_of(item) for item in node)
    if isinstance(node, Set):
        return {value_of(item) for item in node}
    if isinstance(node, Dict):
        return {value_of(key): value_of(value) for key, value in node.pairs()}
    if isinstance(node, Text | Bytes):
        return node
    if isinstance(node, Call):
        return call_value(node)
    return node


def call_value(node: Call) -> Any:
    """Protocols 0 to 2 build sets, bytes and bytearrays by calling something."""
    assert isinstance(node.function, Global)
    assert isinstance(node.args, Tuple)
    args = [value_of(arg) for arg in node.args]
    name = node.function.name
    if name == "encode":
        if isinstance(args[0], Text):
            return Bytes(-1, -1, b"")
        return args[0].encode(args[1])
    if name == "bytes":
        return b"".join(args)
    if name == "bytearray":
        return bytearray(args[0] if args else b"") if not isinstance(args[:1], Bytes) else args[0]
    made: Any = {"set": set, "frozenset": frozenset, "complex": complex}[name]
    return made(*args)


def short_unicode(text: str) -> bytes:
    data = text.encode()
    return b"\x8c" + bytes([len(data)]) + data


def stack_global(module: str, name: str) -> bytes:
    return short_unicode(module) + short_unicode(name) + b"\x93"


def proto(number: int, body: bytes) -> bytes:
    return b"\x80" + bytes([number]) + body


def long_binput(index: int) -> bytes:
    return b"r" + struct.pack("<I", index)


class Evil:
    """Pickles to a call of os.mkdir: harmless, and it leaves a mark."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return os.mkdir, (str(self.mark),)


def evil(mark: Path, protocol: int = 4) -> bytes:
    return pickle.dumps(Evil(mark), protocol)
