"""What the rows of the table share: the scratch folder, a clean environment, and how obs is called."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import inputs
from harness import BenchmarkError

HERE: Final = Path(__file__).resolve().parent
_IDENTITY: Final = "bench"
_SETTLE_SECONDS: Final = 2.5
"""A stat cache believes in a file only if it is more than 2 s older than its entry (git's racy rule)."""


def obs_command() -> tuple[str, ...]:
    """`obs` of the environment that runs the benchmark, or `python -m obs` in a bare checkout."""
    script = Path(sys.executable).parent / "obs"
    return (str(script),) if script.exists() else (sys.executable, "-m", "obs")


def clean_environment(home: Path) -> dict[str, str]:
    """What every measured program sees: no configuration of the user's, no telemetry, no update checks."""
    return {
        **{key: os.environ[key] for key in ("PATH", "PYTHONPATH") if key in os.environ},
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_AUTHOR_NAME": _IDENTITY,
        "GIT_AUTHOR_EMAIL": f"{_IDENTITY}@example.org",
        "GIT_COMMITTER_NAME": _IDENTITY,
        "GIT_COMMITTER_EMAIL": f"{_IDENTITY}@example.org",
        "DVC_NO_ANALYTICS": "true",
        "DVC_SITE_CACHE_DIR": str(home / "dvc-site"),
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "DO_NOT_TRACK": "true",
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """One session. `pairs` is what `-n` says, None where each row chooses for itself."""

    work: Path
    obs: tuple[str, ...]
    env: Mapping[str, str]
    peers: Mapping[str, Path]
    """Name of a Python peer -> the bin folder of its environment."""
    pairs: int | None
    quick: bool

    def count(self, full: int) -> int:
        """How many pairs: what the user said, else the row's own number, else 3 for a quick look."""
        if self.pairs is not None:
            return self.pairs
        return min(3, full) if self.quick else full

    def size(self, full: int, quick: int) -> int:
        return quick if self.quick else full

    @contextmanager
    def folder(self, name: str) -> Iterator[Path]:
        """An empty folder, removed with all that is in it when the row is done."""
        path = self.work / name
        path.mkdir()
        try:
            yield path
        finally:
            shutil.rmtree(path)

    def run(self, command: tuple[str, ...], cwd: Path) -> None:
        """Run a step that is not measured.

        Raises:
            BenchmarkError: it did not end with 0.
        """
        done = subprocess.run(command, check=False, cwd=cwd, env=dict(self.env), capture_output=True)
        if done.returncode != 0:
            said = (done.stderr + done.stdout).decode(errors="backslashreplace").strip()
            raise BenchmarkError(f"{' '.join(command)} ended with {done.returncode}:\n{said[-1500:]}")

    def new_store(self, folder: Path) -> None:
        """An empty store in `folder`, in the place of one that may be there: no cache, no kept bytes."""
        shutil.rmtree(folder / ".obs", ignore_errors=True)
        self.run((*self.obs, "init"), folder)

    def big_file(self) -> Path:
        """The 2 GiB file (256 MiB for a quick look), made once a session."""
        path = self.work / "big.bin"
        if not path.exists():
            inputs.write_random(path, self.size(2 * 2**30, 256 * 2**20))
        return path

    @staticmethod
    def settle() -> None:
        """Let files grow old enough for a stat cache to believe in them."""
        time.sleep(_SETTLE_SECONDS)
