"""The same call on a cluster: Dask, with two workers that are processes of this machine."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]


def test_the_same_on_a_cluster(tmp_path: Path) -> None:
    """Also if a worker dies while it reads. A file that changes is an error there too."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "tests" / "clusterrun.py")],
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT / ".pythonpath")},
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["the same", "the same, though a worker died", "a file changed"]
