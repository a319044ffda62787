"""The real command, in this process or in one of its own, and a small project to run it in."""

from __future__ import annotations

import gc
import io
import json
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from unittest import mock

from obs.cli.main import main
from schemas import check_answer

ROOT = Path(__file__).parent.parent
UNSET = {
    *("OBS_DIR", "OBS_DEBUG", "OBS_PAGER", "PAGER", "NO_COLOR", "SOURCE_DATE_EPOCH", "_OBS_COMPLETE"),
    *("PYTHONUNBUFFERED", "PYTHONIOENCODING", "PYTHONUTF8"),
}
TIME = "2026-01-02T03:04:05Z"

Snapshot = dict[str, tuple[int, bytes]]
"""Relative path to type and content: bytes of files, targets of links."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What one call came to; a byte that is no UTF-8 would be a surrogate here."""

    code: int
    out: str
    err: str


def environment(variables: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of a call: that of the tests, less what changes obs' answers."""
    inherited = {name: value for name, value in os.environ.items() if name not in UNSET}
    return {**inherited, "PYTHONPATH": str(ROOT / ".pythonpath"), **(variables or {})}


def obs(*arguments: str, cwd: str | Path, variables: Mapping[str, str] | None = None) -> Answer:
    """`obs ARGUMENTS` within this process."""
    raw = io.BytesIO(), io.BytesIO()
    out, err = (io.TextIOWrapper(buffer, encoding="utf-8") for buffer in raw)
    before, threshold = os.getcwd(), gc.get_threshold()
    os.chdir(cwd)
    try:
        with (
            mock.patch.dict(os.environ, environment(variables), clear=True),
            mock.patch.multiple(sys, stdout=out, stderr=err),
        ):
            code: object = None
            try:
                main(list(arguments))
            except SystemExit as end:
                code = end.code
            out.flush()
            err.flush()
    finally:
        os.chdir(before)
        gc.set_threshold(*threshold)
    assert isinstance(code, int)
    answer = Answer(code=code, out=_text(raw[0].getvalue()), err=_text(raw[1].getvalue()))
    check_answer(arguments, answer.out, answer.err)
    return answer


def process(
    *arguments: str | bytes,
    cwd: str | Path,
    variables: Mapping[str, str] | None = None,
    before: str = "",
    stdout: int | IO[Any] = subprocess.PIPE,
) -> Answer:
    """The same in a process of its own, which first does what the Python code `before` says."""
    answer = subprocess.run(
        [*command(before), *arguments],
        cwd=cwd,
        env=environment(variables),
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=subprocess.PIPE,
        timeout=60,
        check=False,
    )
    return Answer(code=answer.returncode, out=_text(answer.stdout or b""), err=_text(answer.stderr))


def command(before: str = "") -> list[str]:
    """The beginning of a command line: `python -m obs`, after the Python code `before`."""
    if not before:
        return [sys.executable, "-m", "obs"]
    start = "os.execv(sys.executable, [sys.executable, '-m', 'obs', *sys.argv[1:]])"
    return [sys.executable, "-c", f"import os, sys\n{before}\n{start}"]


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def snapshot(top: str | Path) -> Snapshot:
    """Everything below a folder but what obs may always touch: its lock and its cache."""
    found: Snapshot = {}
    for folder, folders, files in os.walk(top):
        if os.path.basename(folder) == ".obs" and "cache" in folders:
            folders.remove("cache")
        for name in (*folders, *files):
            path = os.path.join(folder, name)
            kind = stat.S_IFMT(os.lstat(path).st_mode)
            content = b""
            if kind == stat.S_IFREG:
                content = Path(path).read_bytes()
            elif kind == stat.S_IFLNK:
                content = os.fsencode(os.readlink(path))
            found[os.path.relpath(path, top)] = kind, content
    found.pop(".obs/lock", None)
    return found


def assert_readable(text: str) -> None:
    """Nothing in it that a terminal would obey or that cannot be seen."""
    odd = [character for character in text if not (character.isprintable() or character == "\n")]
    assert odd == []


def assert_error(answer: Answer, exit_code: int, *words: str) -> None:
    """One sentence that has the words, at most one hint beside it, nothing on standard output."""
    assert (answer.code, answer.out) == (exit_code, ""), answer
    assert_readable(answer.err)
    first, *others = answer.err.splitlines()
    assert first.startswith("obs: ")
    assert "Traceback" not in answer.err
    assert "bug in obs" not in answer.err
    assert len(others) <= 1
    assert all(line.startswith("hint: ") for line in others)
    for word in words:
        assert word in answer.err


class Project:
    """A folder with a store of three runs (tag `base` on the first), and the files of a fourth."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.store = home / ".obs"

    @classmethod
    def make(cls, home: Path) -> Project:
        """A new one."""
        project = cls(home)
        home.mkdir(exist_ok=True)
        assert project.obs("init").code == 0
        for number, run_id in enumerate(("first", "second", "third", "fourth")):
            (home / "data.csv").write_text(f"x,y\n{number},0\n1,1\n")
            (home / "model.pkl").write_bytes(f"model {number}".encode())
            (home / "metrics.json").write_text(f'{{"accuracy": 0.{number + 1}}}')
            (home / "params.json").write_text('{"seed": 1}')
            if run_id != "fourth":
                assert project.record("--run-id", run_id, "-m", f"the {run_id}").code == 0
            if run_id == "first":
                assert project.obs("tag", "base").code == 0
        return project

    def copy(self, home: Path) -> Project:
        """Another one like it."""
        shutil.copytree(self.home, home, symlinks=True)
        return Project(home)

    def obs(self, *arguments: str, variables: Mapping[str, str] | None = None) -> Answer:
        """Runs a command in the project's folder, within this process."""
        return obs(*arguments, cwd=self.home, variables=variables)

    def process(
        self, *arguments: str, before: str = "", variables: Mapping[str, str] | None = None
    ) -> Answer:
        """The same in a process of its own."""
        return process(*arguments, cwd=self.home, before=before, variables=variables)

    def record(self, *more: str) -> Answer:
        """Records the files of the project as a run."""
        files = ("--data", "data.csv", "--label", "y", "--model", "model.pkl", "--metrics", "metrics.json")
        return self.obs("record", "--no-git", "--timestamp", TIME, *files, *more)

    @property
    def head(self) -> str:
        """What HEAD says."""
        return (self.store / "HEAD").read_text()

    def json(self, *arguments: str) -> Any:
        """The document of a command that succeeds."""
        name, *rest = arguments
        answer = self.obs(name, "--json", *rest)
        assert (answer.code, answer.err) == (0, "")
        return json.loads(answer.out)

    def objects(self) -> dict[str, str]:
        """Of the newest run: what each of its objects is, and the object's id."""
        shown = self.json("show")
        return {
            "manifest": shown["manifest"],
            "parent": shown["parent"],
            "run": shown["run"],
            "report": shown["report"],
            "environment": shown["environment"]["id"],
            "model": shown["artifacts"][0]["id"],
            "model-blob": shown["artifacts"][0]["blake3"],
        }

    def object_path(self, digits: str, kind: str = "objects") -> Path:
        """Where an object or a blob lies."""
        return self.store / kind / digits[:2] / digits[2:]

    def assert_sound(self) -> None:
        """Nothing is damaged, and no temporary file lies around."""
        checked = self.json("fsck")
        assert checked["problems"] == []
        assert os.listdir(self.store / "tmp") == []

    def assert_refused(self, arguments: tuple[str, ...], exit_code: int, code: str, *words: str) -> None:
        """The call fails as it should, as text and as JSON, and changes nothing."""
        before = snapshot(self.home)
        assert_error(self.obs(*arguments), exit_code, *words)
        name, *rest = arguments
        answer = self.obs(name, "--json", *rest)
        assert (answer.code, answer.out) == (exit_code, "")
        document = json.loads(answer.err)
        assert answer.err.isascii()
        assert list(document) == ["schema_version", "error"]
        assert set(document["error"]) == {"code", "message", "remedy", "facts"}
        assert document["error"]["code"] == code
        assert snapshot(self.home) == before

    def assert_untouched_by(self, work: Callable[[], object]) -> None:
        """Whatever `work` does, HEAD stays, and the store is sound."""
        before = self.head
        work()
        assert self.head == before
        self.assert_sound()
