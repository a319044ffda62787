"""A folder read on a cluster of two workers, which are processes of this machine: run as a program, since
Dask's threads outlive the cluster.

It makes the folder `data` where it is started, and ends with a failure if anything is not as it should be.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path

import joblib
from distributed import Client, LocalCluster
from obs.cas.errors import FileChanged
from obs.cas.observe.tables import folders
from obs.cas.observe.tables.folders import read_folder_tables
from obs.cas.observe.tables.merging import FolderContent

FILES = 60


def make() -> None:
    rows = "".join(f"{i},{i % 7},{'x' * (i % 3)}\n" for i in range(20_000))
    for number in range(FILES):
        folder = Path("data") / f"{number % 3}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"part-{number}.csv").write_text(f"id,n,t\n{rows}{number},1,y\n")


def main() -> None:
    make()
    folders.__dict__["_BATCH_FILES"] = 4  # many small batches
    expected = read_folder_tables("data", label="n", jobs=1)
    assert isinstance(expected.content, FolderContent)
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
        assert read_folder_tables("data", label="n") == expected
        print("the same")

        killed: list[int] = []

        def kill(_: int) -> None:
            if not killed:
                killed.append(workers.pop())
                os.kill(killed[0], signal.SIGKILL)

        assert read_folder_tables("data", label="n", progress=kill) == expected
        assert killed
        assert killed[0] not in client.run(os.getpid, on_error="ignore").values()  # one may be just starting
        print("the same, though a worker died")

        def meddle(_: int) -> None:
            with (Path("data") / "2" / "part-59.csv").open("ab") as file:
                file.write(b"1,2,3\n")

        try:
            read_folder_tables("data", label="n", progress=meddle)
        except FileChanged:
            print("a file changed")


if __name__ == "__main__":
    main()
