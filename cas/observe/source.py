"""The commit that the sources stand at, asked of git in a way that writes nothing and runs nothing else.

A plain `git status` rewrites `.git/index`, and runs what `.git/config` names. Each way to a program
of the repository's own choice is closed before git looks at a file:

* `core.fsmonitor` is turned off and `core.hooksPath` leads nowhere; no lock that is optional is taken,
  so that the index stays as it is and no hook has a reason to run;
* a clean filter (`filter.NAME.clean`, `filter.NAME.process`) would be run on every file whose stat is
  not the index's. The names are listed first, which runs nothing, and each is set to nothing. Where
  all that differs is files that such a filter stands for, whether they differ is not known;
* a partial clone would fetch what it lacks, with a transport, an ssh command or an upload-pack of the
  configuration: no protocol is allowed, and no lazy fetch is made;
* submodules, which have configurations of their own, are not looked into.

git itself refuses a repository that another user owns. Two seconds are the limit for all of it; on any
failure the answer is that it is not known.

Sources: git-config(1), gitattributes(5) "filter", git(1) GIT_ALLOW_PROTOCOL, GIT_NO_LAZY_FETCH.
"""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Mapping
from typing import Final

from ..format.frozen import row

_COMMIT: Final = re.compile(rb"[0-9a-f]{40}(?:[0-9a-f]{24})?\Z")
_FLAGS: Final = (
    "--no-pager",
    "--no-optional-locks",
    "-c",
    "core.fsmonitor=false",
    "-c",
    "core.hooksPath=/dev/null",
    "-c",
    "protocol.allow=never",
)
_SETTINGS: Final = {
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ALLOW_PROTOCOL": "none",  # over protocol.file.allow and the like, which .git/config may hold
    "GIT_NO_LAZY_FETCH": "1",
    "LC_ALL": "C",
}
_MOST_FILTERS: Final = 32
_MOST_CHANGES: Final = 1000


@row
class SourceState:
    """A commit in hex, and whether tracked files differ from it; None where git did not say."""

    commit: str | None
    dirty: bool | None


def observe_source(folder: str, *, env: Mapping[str, str], timeout_s: float = 2.0) -> SourceState | None:
    """The state of the sources that `folder` belongs to, None outside a repository or without git.

    `env` is all that git sees of the environment; it is looked for in the absolute folders of its PATH.
    """
    program = _find_git(env)
    if program is None:
        return None
    git = _Git(program, folder, {**env, **_SETTINGS}, time.monotonic() + timeout_s)
    head = git.ask("rev-parse", "--verify", "--quiet", "HEAD^{commit}")
    if head is None:
        inside = git.ask("rev-parse", "--git-dir")
        return None if inside is None else SourceState(None, None)  # before the first commit
    commit = head.strip()
    return SourceState(commit.decode(), _is_dirty(git)) if _COMMIT.match(commit) else None


def _find_git(env: Mapping[str, str]) -> str | None:
    # Never through a relative entry: git is run in a folder that may hold a program of that name.
    for folder in env.get("PATH", os.defpath).split(os.pathsep):
        path = os.path.join(folder, "git")
        if os.path.isabs(folder) and os.path.isfile(path) and os.access(path, os.X_OK):
            return path
    return None


@row
class _Git:
    """How git is called; `deadline` is on the monotonic clock."""

    program: str
    folder: str
    env: Mapping[str, str]
    deadline: float

    def ask(
        self, *words: str, flags: tuple[str, ...] = (), given: bytes = b"", no: int | None = None
    ) -> bytes | None:
        """What git prints, None if it fails; an exit status of `no` is an empty answer."""
        try:
            done = subprocess.run(
                [self.program, *_FLAGS, *flags, *words],
                cwd=self.folder,
                env=self.env,
                input=given,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                timeout=max(0.001, self.deadline - time.monotonic()),
                check=False,
            )
        except (OSError, ValueError, subprocess.SubprocessError):
            return None
        if done.returncode == no:
            return b""
        return done.stdout if done.returncode == 0 else None


def _is_dirty(git: _Git) -> bool | None:
    """Whether tracked files differ from the commit; None if that cannot be told without running something."""
    keys = git.ask("config", "--null", "--name-only", "--get-regexp", r"^filter\.", no=1)
    if keys is None:
        return None
    filters = {key[len(b"filter.") :].rpartition(b".")[0] for key in keys.split(b"\0") if key}
    if len(filters) > _MOST_FILTERS or any(b"=" in name for name in filters):
        return None  # `-c filter.a=b.clean=` would set another key
    flags: list[str] = []
    for name in sorted(filters):
        for setting in ("clean=", "process=", "required=false"):
            flags += ["-c", f"filter.{os.fsdecode(name)}.{setting}"]
    changes = git.ask(
        "status", "--porcelain", "-z", "--no-renames", "-uno", "--ignore-submodules=all", flags=tuple(flags)
    )
    if changes is None:
        return None
    listed = [change for change in changes.split(b"\0") if change]
    if not listed or not filters:
        return bool(listed)
    # " M": the file's bytes differ from the index, and nothing else does. (git-status(1), porcelain v1)
    if len(listed) > _MOST_CHANGES or any(change[:3] != b" M " for change in listed):
        return True
    paths = b"\0".join(change[3:] for change in listed) + b"\0"
    attributes = git.ask("check-attr", "-z", "--stdin", "filter", given=paths)
    if attributes is None:
        return None
    values = attributes.split(b"\0")[2::3]
    return None if len(values) == len(listed) and all(value in filters for value in values) else True
