"""Record a large model, kept, fsynced, with both digests, against `cp` and an fsync of the copy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from bench import Bench
from harness import MIB, Comparison, Program

PEERS: Final[tuple[str, ...]] = ()
_AT_MOST: Final = 1.6


def comparisons(bench: Bench) -> Iterator[Comparison]:
    model = bench.big_file()
    with bench.folder("keep") as folder:
        copy = folder / "copy"

        def empty() -> None:
            """Neither a copy nor a store: one set of the bytes at a time is enough for the disk."""
            copy.unlink(missing_ok=True)
            bench.new_store(folder)

        yield Comparison(
            title=f"record a model of {model.stat().st_size // MIB:,} MiB, kept, both digests",
            ours=Program(
                label="obs",
                command=(*bench.obs, "record", "--model", "../big.bin", "-m", "a large model"),
                cwd=str(folder),
                env=bench.env,
                prepare=empty,
            ),
            peer=Program(
                label="cp, fsync",
                # Never by reference: where the file system can share blocks, nothing would be copied.
                command=("sh", "-c", "cp --reflink=never ../big.bin copy && sync copy"),
                cwd=str(folder),
                env=bench.env,
                prepare=empty,
            ),
            pairs=bench.count(5),
            at_most=_AT_MOST,
            target=f"≤ {_AT_MOST} ×",
        )
