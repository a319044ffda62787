"""What the tests of bad input share: files that are none, command lines, and what they look at."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest
from commandline import TIME, Answer, assert_readable

M = ("--model", "model.pkl")
RECORD: tuple[str, ...] = (
    "record",
    "--no-git",
    "--timestamp",
    TIME,
    "--data",
    "data.csv",
    "--model",
    "model.pkl",
)
READING: list[tuple[str, ...]] = [
    ("log",),
    ("log", "--oneline"),
    ("show",),
    ("verify",),
    ("verify", "data.csv"),
    ("cat", "HEAD:model"),
    ("restore", "HEAD:model", "-o", "again"),
    ("status",),
    ("fsck",),
]
NEED_A_STORE = [
    ("record", "--model", "model.pkl"),
    ("log",),
    ("show",),
    ("show", "model.pkl"),
    ("verify",),
    ("verify", "model.pkl"),
    ("cat", "HEAD:model"),
    ("restore", "HEAD:model", "-o", "new"),
    ("tag",),
    ("tag", "best"),
    ("status",),
    ("fsck",),
]
each_command = pytest.mark.parametrize("arguments", NEED_A_STORE, ids=" ".join)


def overwrite(path: Path, data: bytes) -> None:
    """Objects are read-only files: who is not root has to put another in their place."""
    path.unlink()
    path.write_bytes(data)


def assert_told(answer: Answer, exit_code: int, *words: str) -> None:
    """Damage is told, on whichever stream; never by a traceback."""
    assert answer.code == exit_code, answer
    assert_readable(answer.out)
    assert_readable(answer.err)
    for noise in ("Traceback", "bug in obs"):
        assert noise not in answer.out + answer.err
    for word in words:
        assert word in answer.out + answer.err


# ------------------------------------------------------------------------------------ files that are none


def missing(path: Path) -> None:
    del path


def dangling_link(path: Path) -> None:
    path.symlink_to("nowhere")


def link_loop(path: Path) -> None:
    path.symlink_to("other-loop")
    path.with_name("other-loop").symlink_to(path.name)


def fifo(path: Path) -> None:
    os.mkfifo(path)


def device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def unix_socket(path: Path) -> None:
    before = os.getcwd()
    os.chdir(path.parent)  # the path of a socket may have 108 bytes
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(path.name)
    os.chdir(before)


def folder(path: Path) -> None:
    path.mkdir()
    (path / "inner").write_bytes(b"x")


def empty_folder(path: Path) -> None:
    path.mkdir()


def folder_with_fifo(path: Path) -> None:
    folder(path)
    os.mkfifo(path / "inner-fifo")


def folder_with_link(path: Path) -> None:
    folder(path)
    (path / "inner-link").symlink_to("/etc/passwd")
