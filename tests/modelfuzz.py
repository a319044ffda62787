"""The fuzzer of `obs inspect`: damaged model files, and what must hold of each, whatever the bytes are.

    python tests/modelfuzz.py 20000             that many (`make fuzz N=20000`), from the seed OBS_FUZZ_SEED
    python tests/modelfuzz.py --replay FILE     one file again

No traceback, no hang, JSON that a strict reader takes, 256 MiB at most, and nothing that the payloads among
the files would do. Where one of these fails, the file is kept in `fuzz-failures/`, and the exit code is 1.

Where atheris is installed, as many again are made by it, led by which branches of the reader they reach:
such files go further in than blind ones. The models are made in a process of their own, since what is
measured here is the reader's memory.
"""

from __future__ import annotations

import argparse
import json
import os
import pickletools
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import FrameType
from typing import Any, Final, NoReturn

SEED: Final = os.environ.get("OBS_FUZZ_SEED", "1")
BUDGET_SECONDS: Final = 5.0
"""Processor time a file: a hundred times what the slowest takes, and less than the reader's own net."""
MEMORY: Final = 256 << 20
MOST_FAILURES: Final = 10
"""Then it ends. (The memory is the largest so far: after one file that takes too much, all others do.)"""
VERDICTS: Final = ("complete", "incomplete", "no model")
_OPCODES: Final = tuple(op.code.encode("latin-1") for op in pickletools.opcodes)
_NUMBERS: Final = (b"\x00", b"\x7f", b"\x80", b"\xff", b"\xff\xff\xff\x7f", b"\x00\x00\x00\x80", b"\xff" * 8)


def damaged(rng: random.Random, bodies: Sequence[bytes]) -> bytes:
    """One of the files, with one to four small wounds."""
    data = bytearray(rng.choice(bodies))
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(data))
        match rng.randrange(6):
            case 0:
                data[at] = rng.randrange(256)
            case 1:
                data[at : at + 1] = rng.choice(_OPCODES)
            case 2:
                del data[at : at + rng.randint(1, 8)]
            case 3:
                data[at:at] = rng.choice(_OPCODES) + rng.randbytes(rng.randint(0, 8))
            case 4:
                number = rng.choice(_NUMBERS)
                data[at : at + len(number)] = number
            case _:
                other = data if rng.random() < 0.5 else rng.choice(bodies)
                start = rng.randrange(len(other))
                data[at:at] = other[start : start + rng.randint(1, 40)]
        data = data or bytearray(b".")
    return bytes(data)


def write_models(folder: Path) -> None:
    """Models of several kinds in all the ways that they are written, and payloads that would leave a mark."""
    import pickle

    import joblib
    import modelzoo
    from modelfiles import evil

    for name in ("pipeline", "tree", "column_transformer", "randomized_search"):
        model = modelzoo.model(name)
        for protocol in range(6):
            (folder / f"{name}-{protocol}").write_bytes(pickle.dumps(model, protocol))
        for compress in (0, ("zlib", 3), ("gzip", 3), ("bz2", 3), ("xz", 3), ("lzma", 3)):
            joblib.dump(model, folder / f"{name}-{compress}", compress=compress)
    for protocol in range(6):
        (folder / f"payload-{protocol}").write_bytes(evil(Path("mark"), protocol))


def models() -> list[bytes]:
    """What `write_models` writes, made by a child."""
    with tempfile.TemporaryDirectory(prefix="obs-fuzz-") as folder:
        subprocess.run([sys.executable, __file__, "--write-models", folder], check=True)
        return [path.read_bytes() for path in sorted(Path(folder).iterdir())]


class Failed(BaseException):
    """What must hold did not. (No Exception, so that nothing takes it for one of its own.)"""


def _hang(_number: int, _frame: FrameType | None) -> NoReturn:
    raise Failed(f"more than {BUDGET_SECONDS} s of processor time")


def _no_constant(name: str) -> NoReturn:
    raise Failed(f"JSON does not know {name}")


class Judge:
    """Looks into one file after the other, as the command does. Made in an empty folder, the current one."""

    def __init__(self) -> None:
        # Here, so that atheris can watch what is imported.
        from obs.cas.errors import NotAModelFile
        from obs.cas.operations.inspect import inspect_path
        from obs.cli.output import escape, to_json
        from obs.cli.render_inspect import inspect_lines

        self._no_model = NotAModelFile
        self.inspect, self._to_json = inspect_path, to_json
        self._lines, self._escape = inspect_lines, escape
        signal.signal(signal.SIGPROF, _hang)

    def verdict(self, data: bytes) -> str:
        """One of VERDICTS. Raises Failed, and whatever should not have been raised."""
        Path("model").write_bytes(data)
        signal.setitimer(signal.ITIMER_PROF, BUDGET_SECONDS)
        try:
            return self._told()
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
            self._look_around()

    def _told(self) -> str:
        """What the command would tell of the file, in both forms."""
        try:
            found = self.inspect("model", fingerprint=False)
        except self._no_model:
            return "no model"
        text = json.dumps(self._to_json(found))
        if not text.isascii() or json.loads(text, parse_constant=_no_constant)["complete"] != found.complete:
            raise Failed("the JSON is not what was found")
        if any(line != self._escape(line) for line in self._lines(found, depth=None, color=False)):
            raise Failed("a line that is not safe on a terminal")
        if not found.complete and not found.problems:
            raise Failed("incomplete, and no problem says why")
        return "complete" if found.complete else "incomplete"

    @staticmethod
    def _look_around() -> None:
        beside = sorted({*os.listdir()} - {"model"})
        if beside:
            raise Failed(f"something ran: {beside[0]} was made")
        if peak() > MEMORY:
            raise Failed(f"{peak() >> 20} MiB of memory")


def peak() -> int:
    """This process's largest memory so far, in bytes.

    Not `ru_maxrss` where there is another way: it includes that of the process which started this one.
    """
    if sys.platform == "linux":
        status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
        return int(status.partition("VmHWM:")[2].split()[0]) << 10  # proc_pid_status(5)
    unit = 1 if sys.platform == "darwin" else 1024  # getrusage(2)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def seeded(count: int, kept: Path) -> bool:
    """Judges `count` damaged files, each with a seed of its own, and prints the sum; whether all held."""
    judge = Judge()
    bodies = models()
    verdicts: Counter[str] = Counter()
    slowest, failures = (0.0, 0), 0
    for number in range(count):
        data = damaged(random.Random(f"{SEED}/{number}"), bodies)
        started = time.process_time()
        try:
            verdicts[judge.verdict(data)] += 1
        except (Exception, Failed):  # noqa: BLE001 (whatever it is, it is what is looked for)
            traceback.print_exc()
            (kept / f"seed-{SEED}-{number}").write_bytes(data)
            print(f"mutation {number} failed: --replay {kept.name}/seed-{SEED}-{number}")
            failures += 1
            if failures == MOST_FAILURES:
                break
        slowest = max(slowest, (time.process_time() - started, number))
    told = ", ".join(f"{verdicts[verdict]:,} {verdict}" for verdict in VERDICTS)
    print(f"{sum(verdicts.values()) + failures:,} damaged files, seed {SEED}: {told}; {failures} failed")
    print(f"slowest {slowest[0] * 1000:.0f} ms (mutation {slowest[1]}), peak {peak() >> 20} MiB", flush=True)
    return failures == 0


def guided(count: int, kept: Path) -> NoReturn:
    """Judges `count` files that atheris makes, led by coverage. Ends the process, with 0 if all held."""
    atheris: Any = import_module("atheris")
    with atheris.instrument_imports(include=["obs.cas.observe.pickles", "obs.cas.operations.inspect"]):
        judge = Judge()
    corpus, work = Path("corpus").absolute(), Path("work").absolute()
    for folder in (corpus, work):
        folder.mkdir()
    for number, body in enumerate(models()):
        (corpus / str(number)).write_bytes(body)
    os.chdir(work)
    options = (f"-runs={count}", f"-seed={sum(SEED.encode())}", "-max_len=30000", f"-artifact_prefix={kept}/")
    quiet = ("-verbosity=0", "-print_final_stats=1", f"-timeout={2 * BUDGET_SECONDS:.0f}")
    atheris.Setup([sys.argv[0], *options, *quiet, str(corpus)], judge.verdict)
    atheris.Fuzz()
    sys.exit()


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("count", type=int, nargs="?", default=20_000, help="how many files (20,000)")
    parser.add_argument("--replay", type=Path, metavar="FILE", help="look into this file, and no other")
    for name in ("--guided", "--write-models"):  # how this program calls itself
        parser.add_argument(name, type=Path, help=argparse.SUPPRESS)
    parsed = parser.parse_args()
    if parsed.write_models is not None:
        write_models(parsed.write_models)
        return 0
    if parsed.guided is not None:
        guided(parsed.count, parsed.guided)
    replayed = None if parsed.replay is None else parsed.replay.read_bytes()
    kept = Path("fuzz-failures").absolute()
    kept.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="obs-fuzz-") as folder:
        os.chdir(folder)
        if replayed is not None:
            print(Judge().verdict(replayed))
            return 0
        held = seeded(parsed.count, kept)
    if find_spec("atheris") is None:
        print("no guided search: atheris is not installed (python -m pip install atheris)")
        return 0 if held else 1
    with tempfile.TemporaryDirectory(prefix="obs-fuzz-") as folder:
        command = (sys.executable, __file__, str(parsed.count), "--guided", str(kept))
        found = subprocess.run(command, cwd=folder, check=False).returncode
    print(f"{parsed.count:,} files led by coverage: {'none' if found == 0 else 'one'} failed")
    return 0 if held and found == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
