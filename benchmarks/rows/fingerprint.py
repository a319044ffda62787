"""Fingerprint a large file as a dataset, every byte read, against b3sum (mapped, on all cores)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from bench import Bench
from harness import MIB, Comparison, Program

PEERS: Final[tuple[str, ...]] = ()
_AT_MOST: Final = 1.6
_PEAK_AT_MOST: Final = 64 * MIB
_OPTIONS: Final = ("--no-sha256", "--no-keep", "--no-cache", "--no-git", "-m", "a large dataset")


def comparisons(bench: Bench) -> Iterator[Comparison]:
    data = bench.big_file()
    with bench.folder("fingerprint") as folder:
        yield Comparison(
            title=f"fingerprint a file of {data.stat().st_size // MIB:,} MiB, `--no-sha256 --no-keep`",
            ours=Program(
                label="obs",
                command=(*bench.obs, "record", "--data", "../big.bin", *_OPTIONS),
                cwd=str(folder),
                env=bench.env,
                prepare=lambda: bench.new_store(folder),
            ),
            peer=Program(label="b3sum", command=("b3sum", "../big.bin"), cwd=str(folder), env=bench.env),
            pairs=bench.count(10),
            at_most=_AT_MOST,
            peak_at_most=_PEAK_AT_MOST,
            target=f"≤ {_AT_MOST} ×, ≤ {_PEAK_AT_MOST // MIB} MiB",
        )
