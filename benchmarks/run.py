"""Measure obs beside its peers, and print a table. `make bench` runs it.

    python benchmarks/run.py                                all rows, some minutes, 7 GiB of disk
    python benchmarks/run.py --rows startup,record -n 50    two rows, fifty pairs each
    python benchmarks/run.py --quick                        small inputs: does it work at all?
    python benchmarks/run.py --markdown docs/benchmarks.md  the table into a document

With `--markdown` the table goes between the lines `<!-- benchmark: begin -->` and `<!-- benchmark: end -->`
of the document, and what is written around them stays. How it is measured: harness.py. What: rows/.

Exit code: 0; with `--strict` 1 if a target was not met; 2 if a program is missing or a command failed.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import shlex
import shutil
import sys
import tempfile
import time
from importlib import import_module
from pathlib import Path
from statistics import median
from typing import Final, cast

import peers
from bench import HERE, Bench, clean_environment, obs_command
from harness import MIB, BenchmarkError, Program, Result, compare, memory_floor, shown
from rows import Row

ROWS: Final = ("startup", "record", "keep", "fingerprint", "tree", "inspect", "content", "history")
_BIG: Final = frozenset({"keep", "fingerprint"})
_BEGIN: Final = "<!-- benchmark: begin -->"
_END: Final = "<!-- benchmark: end -->"


def machine(work: Path) -> list[str]:
    """What the figures depend on, one fact an entry."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return [
        f"{_processor()}, {os.cpu_count()} cores",
        f"{memory / 2**30:.0f} GiB of memory",
        f"{platform.system()} {platform.release()}",
        f"{_file_system(work)}",
        f"Python {platform.python_version()}",
        f"load {os.getloadavg()[0]:.1f} at the start",
    ]


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            for line in file:
                if line.startswith("model name"):
                    return line.partition(":")[2].strip()
    except OSError:
        pass  # not Linux
    return platform.processor() or platform.machine()


def _file_system(path: Path) -> str:
    """The type of the file system that holds `path`: of all mount points above it the longest (proc(5))."""
    best, kind = "", "an unknown file system"
    try:
        with open("/proc/self/mounts", encoding="utf-8") as file:
            for line in file:
                _, point, name = line.split(" ")[:3]
                if len(point) >= len(best) and path.is_relative_to(point):
                    best, kind = point, name
    except OSError:
        pass
    return kind


def _seconds(value: float) -> str:
    return f"{value * 1000:.0f} ms" if value < 1 else f"{value:.2f} s"


def _ratio(value: float) -> str:
    return f"{value:.2f}" if value >= 0.1 else f"{value:.3f}"  # a fortieth is not a fiftieth


def _memory(value: int) -> str:
    sign = "≤ " if value <= memory_floor() else ""
    return f"{sign}{value / MIB:.0f} MiB"


def _verdict(result: Result, *, judged: bool) -> str:
    """`judged` is false where the inputs are not those that the targets speak of."""
    if result.met is None:
        return "—"
    if not judged:
        return "not judged"
    return "met" if result.met else "NOT met"


def _row(result: Result, *, judged: bool) -> str:
    comparison = result.comparison
    if result.failed is not None:
        nothing = ["—"] * 7
        failure = f"the peer fails (exit code {result.failed})"
        cells = (comparison.title, comparison.peer.label, *nothing, comparison.target, failure)
        return f"| {' | '.join(cells)} |"
    verdict = _verdict(result, judged=judged).replace("NOT met", "**NOT met**")
    above = "" if comparison.cpu_above_at_most is None else f" ({result.cpu_above:+.2f} s)"
    low, high = min(result.ratios), max(result.ratios)
    cells = (
        comparison.title,
        comparison.peer.label,
        str(comparison.pairs),
        _seconds(median(sample.wall_seconds for sample in result.ours)),
        _seconds(median(sample.wall_seconds for sample in result.peer)),
        f"**{_ratio(result.ratio)}** ({_ratio(low)}–{_ratio(high)})",
        f"{_ratio(result.cpu_ratio)}{above}",
        _memory(result.peak_bytes),
        _memory(max(sample.peak_bytes for sample in result.peer)),
        comparison.target,
        verdict,
    )
    return f"| {' | '.join(cells)} |"


_HEADS: Final = (
    "work | against | pairs | obs | peer | ratio (range) | cpu ratio | peak | peer's | target | verdict"
)


def document(
    results: list[Result], facts: list[str], versions: list[str], *, command: str, quick: bool
) -> str:
    """The table in Markdown, with what is needed to make it again."""
    note = (
        "Times are medians; a ratio is the median of the pairs' own ratios, obs / peer by the wall clock, "
        "and the cpu ratio the same by processor time of all processes (beside it, where a target speaks of "
        "it, the median of the pairs' differences). Peak memory is the largest of all "
        f"runs; below {memory_floor() / MIB:.0f} MiB it cannot be seen. Rows without a target are for "
        "information."
    )
    lines = [
        f"Machine: {'; '.join(facts)}.",
        "",
        f"Versions: {'; '.join(versions)}.",
        "",
        f"Command: `{command}`, {time.strftime('%Y-%m-%d', time.gmtime())}.",
        *(("", "A quick look with small inputs: the targets hold for the full sizes.") if quick else ()),
        "",
        f"| {_HEADS} |",
        f"|{' --- |' * len(_HEADS.split('|'))}",
        *(_row(result, judged=not quick) for result in results),
        "",
        note,
        "",
        "What ran, in each comparison obs and then the peer:",
        "",
    ]
    for result in results:
        lines.append(f"* {result.comparison.title}")
        lines += [f"  `{_portable(program)}`" for program in (result.comparison.ours, result.comparison.peer)]
    return "\n".join(lines) + "\n"


def _portable(program: Program) -> str:
    """The command without this machine's places: as from the repository's root, in the scratch folder."""
    text = shown(program).replace(f"{HERE}{os.sep}", "benchmarks/").replace(program.cwd, ".")
    return re.sub(r"'?(?:/[^\s'/]+)+/bin/([^\s'/]+)'?", r"\1", text)


def write_between(path: Path, table: str) -> None:
    """Put the table between the two marks of a document, or make a document that holds nothing else."""
    text = path.read_text(encoding="utf-8") if path.exists() else f"# Benchmarks\n\n{_BEGIN}\n{_END}\n"
    before, found_begin, rest = text.partition(_BEGIN)
    _, found_end, after = rest.partition(_END)
    if not found_begin or not found_end:
        raise BenchmarkError(f"{path} has no lines {_BEGIN} and {_END}, between which the table would go")
    path.write_text(f"{before}{_BEGIN}\n{table}{_END}{after}", encoding="utf-8")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    add = parser.add_argument
    add("--rows", default=",".join(ROWS), help=f"which, by commas (default: {','.join(ROWS)})")
    add("-n", type=int, metavar="PAIRS", help="how many pairs (default: each row's own number)")
    add("--markdown", type=Path, metavar="PATH", help="write the table into this document too")
    add("--quick", action="store_true", help="small inputs and three pairs; no target is judged")
    add("--strict", action="store_true", help="end with 1 if a target was not met")
    add("--work", type=Path, metavar="FOLDER", help="where scratch files go (a real disk)")
    parsed = parser.parse_args()
    unknown = sorted(set(parsed.rows.split(",")) - set(ROWS))
    if unknown:
        parser.error(f"no row {', '.join(unknown)}; there are {', '.join(ROWS)}")
    if parsed.n is not None and parsed.n < 1:
        parser.error("-n wants at least one pair")
    return parsed


def measure(bench: Bench, chosen: list[Row]) -> list[Result]:
    """All comparisons of the chosen rows, each told on the terminal as it is done."""
    results: list[Result] = []
    for row in chosen:
        for comparison in row.comparisons(bench):
            result = compare(comparison, str(bench.work / "stderr"))
            results.append(result)
            print(_told(result, judged=not bench.quick), file=sys.stderr, flush=True)
    return results


def _told(result: Result, *, judged: bool) -> str:
    comparison = result.comparison
    if result.failed is not None:
        return f"{comparison.title}: {comparison.peer.label} fails (exit code {result.failed})"
    verdict = _verdict(result, judged=judged)
    target = f" (target {comparison.target}: {verdict})" if result.met is not None else ""
    return f"{comparison.title}: {_ratio(result.ratio)} × {comparison.peer.label}{target}"


def main() -> int:
    parsed = arguments()
    names = [name for name in ROWS if name in parsed.rows.split(",")]
    # A module has the attributes that the protocol names; the type checker cannot see that of a name.
    chosen = [cast("Row", import_module(f"rows.{name}")) for name in names]
    peers.find_system()
    wanted = sorted({peer for row in chosen for peer in row.PEERS})
    found = {name: peers.install(name) for name in wanted}
    base = parsed.work or peers.cache_folder()
    base.mkdir(parents=True, exist_ok=True)
    if not parsed.quick and _BIG.intersection(names) and shutil.disk_usage(base).free < 8 * 2**30:
        raise BenchmarkError(f"less than 8 GiB are free in {base}: use --work FOLDER, --quick, or other rows")
    work = Path(tempfile.mkdtemp(prefix="work-", dir=base)).resolve()
    try:
        bench = Bench(
            work=work,
            obs=obs_command(),
            env=clean_environment(work),
            peers=found,
            pairs=parsed.n,
            quick=parsed.quick,
        )
        versions = [peers.version(bench.obs), *(peers.version((name,)) for name in ("git", "b3sum"))]
        versions += [f"{name} {peers.PINNED[name]}" for name in wanted]
        facts = machine(work)
        results = measure(bench, chosen)
    finally:
        shutil.rmtree(work)
    command = shlex.join(["python", "benchmarks/run.py", *sys.argv[1:]])
    table = document(results, facts, versions, command=command, quick=parsed.quick)
    print(table)
    if parsed.markdown is not None:
        write_between(parsed.markdown, table)
    missed = not parsed.quick and any(result.met is False for result in results)
    return 1 if parsed.strict and missed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except BenchmarkError as error:
        print(f"benchmark: {error}", file=sys.stderr)
        sys.exit(2)
