"""A folder of many small files as one dataset: the first time against b3sum, and again, unchanged."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import inputs
from bench import Bench
from harness import Comparison, Program

PEERS: Final[tuple[str, ...]] = ()
_FILES: Final = 20_000
_FILES_QUICK: Final = 2_000
_FILE_BYTES: Final = 4096
_FIRST_AT_MOST: Final = 2.5
_AGAIN_AT_MOST: Final = 0.5
_RECORD: Final = ("record", "--data", "../files", "--no-sha256", "--no-git", "-m", "many files")


def comparisons(bench: Bench) -> Iterator[Comparison]:
    with bench.folder("tree") as folder:
        count = bench.size(_FILES, _FILES_QUICK)
        inputs.write_many(folder / "files", count, _FILE_BYTES)
        first, again = folder / "first", folder / "again"
        for place in (first, again):
            place.mkdir()
        bench.new_store(again)
        bench.settle()
        bench.run((*bench.obs, *_RECORD), again)  # now the store knows the files
        title = f"{count:,} files of 4 KiB as one dataset, `--no-sha256`"
        new = Program(
            label="obs, the first time",
            command=(*bench.obs, *_RECORD),
            cwd=str(first),
            env=bench.env,
            prepare=lambda: bench.new_store(first),
        )
        yield Comparison(
            title=title,
            ours=new,
            peer=Program(
                label="find, xargs b3sum",
                command=("sh", "-c", "find ../files -type f -print0 | xargs -0 b3sum"),
                cwd=str(first),
                env=bench.env,
            ),
            pairs=bench.count(10),
            at_most=_FIRST_AT_MOST,
            target=f"≤ {_FIRST_AT_MOST} ×",
        )
        yield Comparison(
            title=f"{title}, again, unchanged",
            ours=Program(label="obs", command=(*bench.obs, *_RECORD), cwd=str(again), env=bench.env),
            peer=new,
            pairs=bench.count(10),
            at_most=_AGAIN_AT_MOST,
            target=f"≤ {_AGAIN_AT_MOST} ×",
        )
