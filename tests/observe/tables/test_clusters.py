"""The same call on a cluster: Dask, with two workers that are processes of this machine."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import joblib
import pytest
from distributed import Client, LocalCluster
from obs.cas.errors import FileChanged
from obs.cas.observe.tables import folders
from obs.cas.observe.tables.folders import FolderReading, read_folder_tables
from obs.cas.observe.tables.merging import FolderContent


# What Dask warns of is not ours to mend.
@pytest.mark.filterwarnings("default")
def test_the_same_on_a_cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also if a worker dies while it reads. A file that changes is an error there too."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(folders, "_BATCH_FILES", 4)
    rows = "".join(f"{i},{i % 7},{'x' * (i % 3)}\n" for i in range(20_000))
    for number in range(60):
        (tmp_path / "data" / f"{number % 3}").mkdir(parents=True, exist_ok=True)
        (tmp_path / "data" / f"{number % 3}" / f"part-{number}.csv").write_text(
            f"id,n,t\n{rows}{number},1,y\n"
        )
    expected = read_folder_tables("data", label="n", jobs=1)
    assert isinstance(expected.content, FolderContent)
    killed: list[int] = []

    with (
        LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address=None
        ) as cluster,
        Client(cluster) as client,
        joblib.parallel_config("dask"),
    ):
        workers = set(client.run(os.getpid).values())
        assert len(workers) == 2
        assert os.getpid() not in workers

        def kill(_: int) -> None:
            if not killed:
                killed.append(workers.pop())
                os.kill(killed[0], signal.SIGKILL)

        def read(**options: Any) -> FolderReading:
            return read_folder_tables("data", label="n", **options)

        assert read() == expected
        assert read(progress=kill) == expected
        assert killed

        def meddle(_: int) -> None:
            with (tmp_path / "data" / "2" / "part-59.csv").open("ab") as file:
                file.write(b"1,2,3\n")

        with pytest.raises(FileChanged):
            read(progress=meddle)
