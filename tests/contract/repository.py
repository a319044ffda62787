"""A project under git, with everything beside it that a program might be tempted to write to."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from contract.world import make_inputs, plain_environ

FOLDERS = ("home", "cache", "config", "state", "run", "temporary")


class Repository:
    """A git repository with a store, a dataset outside, and every folder that a program may write to."""

    def __init__(self, top: Path) -> None:
        self.top = top
        self.project = make_inputs(top / "project")
        self.inner = self.project / "notebooks"
        self.inner.mkdir()
        for name in FOLDERS:
            (top / name).mkdir()
        home, cache, config, state, run, temporary = (str(top / name) for name in FOLDERS)
        self.variables = {
            "HOME": home,
            "XDG_CACHE_HOME": cache,
            "XDG_CONFIG_HOME": config,
            "XDG_STATE_HOME": state,
            "XDG_DATA_HOME": state,
            "XDG_RUNTIME_DIR": run,
            "TMPDIR": temporary,
        }
        self.environ = plain_environ(home, **self.variables)
        (top / "outside.csv").write_bytes(b"x,y\n5,c\n")
        (self.project / "link").symlink_to("table.csv")
        (self.project / "table.csv").chmod(0o640)
        self._make_repository()

    def git(self, *words: str) -> str:
        who = ("-c", "user.name=a", "-c", "user.email=a@example.org")
        done = subprocess.run(
            ["git", *who, *words],
            cwd=self.project,
            env=self.environ,
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout

    def _make_repository(self) -> None:
        """One commit; then a change that is staged, one that is not, and an index whose times are stale."""
        self.git("init", "--quiet")
        for name in ("stale.py", "staged.py", "changed.py"):
            (self.project / name).write_text("old = 1\n")
        self.git("add", "stale.py", "staged.py", "changed.py", "table.csv", "out")
        self.git("commit", "--quiet", "-m", "first")
        (self.project / "staged.py").write_text("new = 2\n")
        self.git("add", "staged.py")
        (self.project / "changed.py").write_text("new = 3\n")
        for name in ("stale.py", "table.csv"):
            os.utime(self.project / name, (1_000_000_000, 1_000_000_000))
