"""Running obs, looking at everything around it, and the ids as `docs/format.md` defines them."""

from __future__ import annotations

import base64
import json
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self, cast

import msgpack
from blake3 import blake3

ROOT = Path(__file__).parent.parent.parent
EXAMPLE = ROOT / ".obs-example"
NOBODY = 65534 if os.geteuid() == 0 else None
"""Whom root becomes where permissions are to bind; anybody else is somebody without rights already."""
CHECKOUT = {"PYTHONPATH": os.pathsep.join(map(str, (ROOT / ".pythonpath", ROOT / "tests")))}


# --------------------------------------------------------------------------- running obs


class Answer(NamedTuple):
    """What a command said, and its exit code."""

    code: int
    out: bytes
    err: str

    @property
    def document(self) -> Any:
        """Its standard output, as the JSON document that it is."""
        return json.loads(self.out)

    @property
    def lines(self) -> list[Any]:
        """The same of JSON Lines."""
        return [json.loads(line) for line in self.out.splitlines()]


def plain_environ(home: Path | str, **variables: str) -> dict[str, str]:
    """An environment that names no store, no Python and no pager; HOME is `home`."""
    settings = {"LANG": "C.UTF-8", "GIT_CONFIG_NOSYSTEM": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    return {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(home), **settings, **variables}


class Commands:
    """Runs command lines, each in a process of its own that is forked from one that has loaded obs."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._server = subprocess.Popen(
            [sys.executable, "-P", "-m", "contract.serving"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **CHECKOUT},
            cwd=home,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.communicate()

    def __call__(
        self,
        *arguments: str | Path,
        cwd: Path,
        user: int | None = None,
        group: int | None = None,
        umask: int = 0o022,
        environ: Mapping[str, str] | None = None,
    ) -> Answer:
        """Runs `obs` with these arguments. None for `user`: whoever runs the tests."""
        request = {
            "arguments": [str(argument) for argument in arguments],
            "cwd": str(cwd),
            "user": user,
            "group": group if group is not None else user,
            "umask": umask,
            "environ": plain_environ(self._home, **(environ or {})),
        }
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        self._server.stdin.write(json.dumps(request).encode() + b"\n")
        self._server.stdin.flush()
        answer = json.loads(self._server.stdout.readline())
        out, err = (base64.b64decode(answer[name]) for name in ("out", "err"))
        return Answer(answer["code"], out, err.decode("utf-8", "replace"))

    def done(self, *arguments: str | Path, cwd: Path, environ: Mapping[str, str] | None = None) -> Any:
        """The document of a command with `--json`, which has to end well."""
        answer = self(*arguments, "--json", cwd=cwd, environ=environ)
        assert answer.code == 0, answer.err
        return answer.document


def fresh(
    *arguments: str | Path,
    cwd: Path,
    environ: Mapping[str, str],
    module: str = "obs",
    flags: Iterable[str] = (),
) -> Answer:
    """Runs obs, or another module of the checkout, in an interpreter that starts anew."""
    done = subprocess.run(
        [sys.executable, "-P", *flags, "-m", module, *map(str, arguments)],
        cwd=cwd,
        env={**environ, **CHECKOUT},
        capture_output=True,
        check=False,
    )
    return Answer(done.returncode, done.stdout, done.stderr.decode("utf-8", "replace"))


# --------------------------------------------------------------------------- looking


class Trace(NamedTuple):
    """All that is to be known of a path but its times of access."""

    mode: int
    inode: int
    links: int
    owner: tuple[int, int]
    mtime_ns: int
    ctime_ns: int
    content: bytes


def snapshot(top: Path, *, without: Path | None = None) -> dict[str, Trace]:
    """Every path from `top` down, no link followed; `without` names one that is left out."""
    found: dict[str, Trace] = {}
    waiting = [top]
    while waiting:
        path = waiting.pop()
        if path == without:
            continue
        status = path.lstat()
        content = b""
        if stat.S_ISLNK(status.st_mode):
            content = os.fsencode(path.readlink())
        elif stat.S_ISREG(status.st_mode):
            content = path.read_bytes()
        elif stat.S_ISDIR(status.st_mode):
            waiting += path.iterdir()
        found[str(path)] = Trace(
            status.st_mode,
            status.st_ino,
            status.st_nlink,
            (status.st_uid, status.st_gid),
            status.st_mtime_ns,
            status.st_ctime_ns,
            content,
        )
    return found


def differences(before: Mapping[str, Trace], after: Mapping[str, Trace]) -> list[str]:
    """What is new, gone or changed, in words; nothing where all is as it was."""
    words = [f"new: {path}" for path in sorted(after.keys() - before.keys())]
    words += [f"gone: {path}" for path in sorted(before.keys() - after.keys())]
    for path in sorted(before.keys() & after.keys()):
        pairs = zip(Trace._fields, before[path], after[path], strict=True)
        words += [f"{path}: {name} {old!r} -> {new!r}" for name, old, new in pairs if old != new]
    return words


# --------------------------------------------------------------------------- a run to record

TABLE = b"x,y\n1,a\n2,b\n3,a\n"
IMAGES = {"a.bin": b"\x00\x01", "deep/b.bin": b"\x02", "z.bin": b""}
MODEL = b"\x80\x05K\x01." + b"the model"
METRICS = b'{"accuracy": 0.75, "num_samples": 3, "num_features": 1}\n'
PARAMS = b'{"C": 1.0}'
PLOT = b"\x89PNG"


def make_inputs(folder: Path) -> Path:
    """The files of one run, below `folder`, which is made."""
    files = {
        "table.csv": TABLE,
        **{f"images/{name}": data for name, data in IMAGES.items()},
        "out/model.pkl": MODEL,
        "out/metrics.json": METRICS,
        "out/params.json": PARAMS,
        "out/roc.png": PLOT,
    }
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


def copy_inputs(source: Path, target: Path) -> Path:
    """The same files once more, without what obs made."""
    shutil.copytree(source, target, ignore=shutil.ignore_patterns(".obs"))
    return target


# --------------------------------------------------------------------------- ids, by the book


def object_id(kind: str, fields: Mapping[str, object]) -> bytes:
    """The id of an object, from what `docs/format.md` says and not from the code under test."""
    packed = msgpack.packb(_in_order({"kind": kind, "version": 1, **fields}))
    return blake3(packed, derive_key_context=f"obs 2026-11-24 {kind} object").digest()


def _in_order(value: object) -> object:
    if isinstance(value, dict):
        items = cast("dict[str, object]", value)
        return {key: _in_order(items[key]) for key in sorted(items, key=str.encode)}
    return [_in_order(item) for item in cast("list[object]", value)] if isinstance(value, list) else value


def file_id(data: bytes) -> bytes:
    """Of one file."""
    return object_id("file", {"size": len(data), "blake3": blake3(data).digest()})


def tree_id(files: Mapping[str, bytes]) -> bytes:
    """Of a folder with few files."""
    names = sorted(files, key=str.encode)
    entries = [[name, len(files[name]), blake3(files[name]).digest()] for name in names]
    size = sum(map(len, files.values()))
    return object_id("tree", {"count": len(files), "size": size, "entries": entries})


def link(role: str, name: str, kind: str, target: bytes) -> dict[str, object]:
    """A run's link to an input or output."""
    return {"role": role, "name": name, "kind": kind, "id": target}


def document(kind: str, name: str, data: bytes, values: Mapping[str, object]) -> dict[str, object]:
    """A run's metrics or params, read from a file."""
    stored = object_id(kind, {"source": blake3(data).digest(), "values": dict(values)})
    return {"values": stored, "name": name, "file": file_id(data)}
