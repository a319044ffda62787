"""Look into a model file, against loading it, against starting at all, and against scanners of pickles."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from bench import HERE, Bench
from harness import MIB, Comparison, Program

PEERS: Final = ("picklescan", "modelscan", "fickling")
_SCANNERS: Final = {
    "picklescan": ("picklescan", "-p"),
    "modelscan": ("modelscan", "-p"),
    "fickling": ("fickling", "--check-safety"),
}
_LOAD_AT_MOST: Final = 1 / 15
_PEAK_AT_MOST: Final = 40 * MIB
_BIG_ABOVE: Final = 0.25
_FOREST_ABOVE: Final = 0.15
_TFIDF_ABOVE: Final = 0.25
_OPCODES: Final = 3_000_000
_RATE_AT_LEAST: Final = 1_500_000


def _make(bench: Bench, folder: Path, kind: str, size: int, name: str) -> None:
    bench.run((sys.executable, str(HERE / "make_model.py"), kind, str(size), name), folder)


def _count_opcodes(bench: Bench, path: Path) -> int:
    command = (sys.executable, str(HERE / "run_machine.py"), str(path))
    return int(subprocess.run(command, env=dict(bench.env), capture_output=True, check=True).stdout)


def comparisons(bench: Bench) -> Iterator[Comparison]:
    with bench.folder("inspect") as folder:

        def program(label: str, *command: str) -> Program:
            return Program(label=label, command=command, cwd=str(folder), env=bench.env)

        def obs(name: str) -> Program:
            return program("obs", *bench.obs, "inspect", "--no-fingerprint", name)

        def machine(label: str, name: str) -> Program:
            return program(label, sys.executable, str(HERE / "run_machine.py"), name)

        start = program("`obs --version`", *bench.obs, "--version")

        def against_start(title: str, name: str, above: float) -> Comparison:
            return Comparison(
                title=title,
                ours=obs(name),
                peer=start,
                pairs=bench.count(15),
                cpu_above_at_most=above,
                peak_at_most=_PEAK_AT_MOST,
                target=f"≤ {above} s cpu more, ≤ {_PEAK_AT_MOST // MIB} MiB",
            )

        size = bench.size(1024, 32) * MIB
        for kind, what in (("forest", "a forest of 300 trees"), ("kneighbors", "k nearest neighbours")):
            for suffix, written in (("pkl", "pickle"), ("joblib", "joblib")):
                name = f"{kind}.{suffix}"
                _make(bench, folder, kind, size, name)
                title = f"look into {what}, {size // MIB:,} MiB, {written}"
                yield Comparison(
                    title=title,
                    ours=obs(name),
                    peer=program("loading it in Python", sys.executable, str(HERE / "load_model.py"), name),
                    pairs=bench.count(5),
                    cpu_at_most=_LOAD_AT_MOST,
                    target="≤ 1/15 of the cpu",
                )
                yield against_start(title, name, _BIG_ABOVE)
                for scanner, (command, *options) in _SCANNERS.items() if kind == "forest" else ():
                    path = str(bench.peers[scanner] / command)
                    yield Comparison(
                        title=title,
                        ours=obs(name),
                        peer=program(scanner, path, *options, name),
                        pairs=bench.count(3),
                        may_fail=True,
                    )
                (folder / name).unlink()

        _make(bench, folder, "forest", 28 * MIB, "small.pkl")
        yield against_start("look into a forest of 300 trees, 28 MiB, pickle", "small.pkl", _FOREST_ABOVE)
        words = bench.size(50_000, 5_000)
        _make(bench, folder, "tfidf", words, "tfidf.pkl")
        yield against_start(
            f"look into a TF-IDF vocabulary of {words:,} words, pickle", "tfidf.pkl", _TFIDF_ABOVE
        )

        # Several pickles may stand in one file: forests of small trees, one after the other.
        _make(bench, folder, "forest", MIB, "one.pkl")
        one = (folder / "one.pkl").read_bytes()
        times = bench.size(_OPCODES, _OPCODES // 10) // _count_opcodes(bench, folder / "one.pkl")
        with open(folder / "many.pkl", "wb") as file:
            file.writelines(one for _ in range(times))
        opcodes = _count_opcodes(bench, folder / "many.pkl")
        above = round(opcodes / _RATE_AT_LEAST, 2)
        yield Comparison(
            title=f"execute {opcodes:,} opcodes",
            ours=machine("obs' reader", "many.pkl"),
            peer=machine("the same, of a small forest", "one.pkl"),
            pairs=bench.count(5),
            cpu_above_at_most=above,
            target=f"≤ {above} s cpu more ({_RATE_AT_LEAST / 10**6} million a second)",
        )
