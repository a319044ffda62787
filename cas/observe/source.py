"""The commit that the sources stand at, asked of git in a way that runs nothing and writes nothing.

A plain `git status` rewrites `.git/index`, and runs what `.git/config` names: a file-system monitor,
hooks, clean filters. Here the optional locks, the monitor and the hooks are turned off, and two
seconds are the limit; on any failure the answer is that it is not known.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

_COMMIT: Final = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?\Z")
_GIT: Final = ("git", "--no-optional-locks", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null")


@dataclass(frozen=True, slots=True)
class SourceState:
    """A commit in hex, and whether tracked files differ from it; None where git did not say."""

    commit: str | None
    dirty: bool | None


def observe_source(folder: str, *, env: Mapping[str, str], timeout_s: float = 2.0) -> SourceState | None:
    """The state of the sources that `folder` belongs to, None outside a repository or without git."""
    commit = _ask(folder, env, timeout_s, "rev-parse", "--verify", "--quiet", "HEAD^{commit}")
    if commit is None or not _COMMIT.match(commit.strip()):
        return None
    changes = _ask(folder, env, timeout_s, "status", "--porcelain", "-uno", "--ignore-submodules=all")
    return SourceState(commit.strip(), None if changes is None else bool(changes.strip()))


def _ask(folder: str, env: Mapping[str, str], timeout_s: float, *words: str) -> str | None:
    settings = {"GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
    try:
        done = subprocess.run(
            [*_GIT, *words],
            cwd=folder,
            env={**env, **settings},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=timeout_s,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return os.fsdecode(done.stdout) if done.returncode == 0 else None
