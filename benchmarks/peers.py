"""The programs that obs is compared with: the system's are looked for, and installed where apt-get may.

The Python programs get an environment each, in versions that are written here,
below `${XDG_CACHE_HOME:-~/.cache}/obs-bench/`: made by the first call, found by the later ones.

    python benchmarks/peers.py      # find and install them all, and print their versions
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

from harness import BenchmarkError

PINNED: Final = {
    "dvc": "3.67.1",
    "mlflow": "3.17.2",
    "picklescan": "1.0.5",
    "modelscan": "0.8.8",
    "fickling": "0.1.12",
}
_BESIDE: Final = {"fickling": ("typing_extensions==4.15.0",)}
"""What a peer imports and does not declare."""
SYSTEM: Final = ("git", "b3sum", "find", "xargs", "cp", "sync")
# `cp FILE COPY && sync COPY` wants GNU coreutils: elsewhere `sync` takes no file.
_PACKAGES: Final = {
    "git": "git",
    "b3sum": "b3sum",
    "find": "findutils",
    "xargs": "findutils",
    "cp": "coreutils",
    "sync": "coreutils",
}


def cache_folder() -> Path:
    """Where the peers' environments lie, and scratch files: a real disk, where /tmp is often memory."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return Path(base) / "obs-bench"


def find_system(names: tuple[str, ...] = SYSTEM) -> None:
    """See that the system's programs are there; root on Debian or Ubuntu gets those that are missing.

    Raises:
        BenchmarkError: one is missing.
    """
    missing = [name for name in names if shutil.which(name) is None]
    packages = sorted({_PACKAGES[name] for name in missing})
    if packages and os.geteuid() == 0 and shutil.which("apt-get"):
        print(f"installing {' '.join(packages)} (once)", file=sys.stderr)
        for command in (("update",), ("install", "-y", "--no-install-recommends", *packages)):
            subprocess.run(("apt-get", "-qq", *command), check=False, stdout=subprocess.DEVNULL)
        missing = [name for name in names if shutil.which(name) is None]
    if missing:
        raise BenchmarkError(
            f"the benchmark needs {', '.join(missing)}, which this machine lacks; "
            f"on Debian and Ubuntu: apt-get install {' '.join(packages)}"
        )


def install(name: str) -> Path:
    """The `bin` folder of the environment that holds the pinned version of a Python peer.

    Raises:
        BenchmarkError: the environment cannot be made, or the package cannot be installed.
    """
    pinned = f"{name}=={PINNED[name]}"
    folder = cache_folder() / f"{name}-{PINNED[name]}-py{sys.version_info[0]}.{sys.version_info[1]}"
    ready = folder / ".ready"
    if not ready.exists():
        print(f"installing {pinned} into {folder} (once)", file=sys.stderr)
        shutil.rmtree(folder, ignore_errors=True)  # a half-made one
        folder.parent.mkdir(parents=True, exist_ok=True)
        pip = (
            "-m",
            "pip",
            "--disable-pip-version-check",
            "install",
            "--quiet",
            pinned,
            *_BESIDE.get(name, ()),
        )
        # Isolated from whatever PYTHONPATH obs is run with.
        env = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
        for command in ((sys.executable, "-m", "venv", str(folder)), (str(folder / "bin/python"), *pip)):
            done = subprocess.run(command, check=False, env=env, capture_output=True)
            if done.returncode != 0:
                said = done.stderr.decode(errors="backslashreplace").strip()
                raise BenchmarkError(f"cannot install {pinned}, which the benchmark needs:\n{said[-1500:]}")
        ready.touch()
    return folder / "bin"


def version(command: tuple[str, ...]) -> str:
    """What `COMMAND --version` says, in one line.

    Raises:
        BenchmarkError: it does not run.
    """
    try:
        done = subprocess.run((*command, "--version"), capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise BenchmarkError(f"{' '.join(command)} --version does not work: {error}") from error
    return done.stdout.strip().splitlines()[0]


def main() -> None:
    find_system()
    for name in ("git", "b3sum"):
        print(version((name,)))
    for name, pinned in PINNED.items():
        print(f"{name} {pinned} in {install(name)}")


if __name__ == "__main__":
    try:
        main()
    except BenchmarkError as error:
        sys.exit(f"benchmark: {error}")
