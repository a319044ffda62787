"""Make a store with a long history, that `obs fsck` accepts: for benchmarks, and for tests of what is slow.

    python benchmarks/generate_history.py --runs 100000 --out /big/history        # some minutes, 4 GiB
    python benchmarks/generate_history.py --runs 300 --out history --seed 7

DIR/.obs is the store. The same numbers give the same bytes, HEAD included, and a longer history begins with
the shorter one. Runs are varied as a team's are: a few tables and folders that many runs share, a model that
is new each time (small pickles, one in ten kept), metrics, params, some without label or without a trainer's
id, some failed, some recorded twice, times that nearly always rise.

Everything is written by the store's own layers, without fsync and without reading it back.
"""

from __future__ import annotations

import argparse
import json
import os
import pickle
import random
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from obs.cas.errors import ObsError
from obs.cas.format.data import File, TreeEntry
from obs.cas.format.ids import BlobId, ObjectId, blob_id
from obs.cas.format.manifests import Manifest
from obs.cas.format.merkle import Frontier, extend, leaf_hash
from obs.cas.format.objects import encode_object, object_id
from obs.cas.format.reports import Diagnostic, Environment, Report
from obs.cas.format.runs import Document, Link, Metrics, Params, Run, Status
from obs.cas.format.trees import TreeBuilder
from obs.cas.store.batch import Batch
from obs.cas.store.chain import HEAD
from obs.cas.store.discovery import create
from obs.cas.store.files import FileOperations
from obs.cas.store.store import Store

TABLES: Final = 40
FOLDERS: Final = (3, 60, 700, 5000)
"""How many files the folders have that stand as datasets."""
KEPT_EVERY: Final = 10
_RUNS_PER_BATCH: Final = 500
_BEGIN: Final = datetime(2024, 1, 1, tzinfo=UTC)
_VERSION: Final = "0.1.0"
_LABELS: Final = ("target", "diagnosis", "species", "Größe")


class UnsyncedOperations(FileOperations):
    """Everything but the fsyncs: whoever loses this store makes it anew."""

    def fsync(self, descriptor: int) -> None:
        """Nothing."""

    def flush(self, descriptor: int) -> None:
        """Nothing."""

    def fsync_folder(self, root: int, name: str) -> None:
        """Nothing."""


def random_of(seed: int, what: str, number: int) -> random.Random:
    """The source of everything about one thing: so no run depends on how many others there are."""
    return random.Random(f"{seed} {what} {number}")  # text is hashed with SHA-512, the same everywhere


def table_bytes(seed: int, number: int) -> bytes:
    """A small CSV."""
    choose = random_of(seed, "table", number)
    rows = [f"{choose.random():.6f},{choose.randrange(100)},{choose.randrange(2)}" for _ in range(20)]
    return "\n".join(("x,y,target", *rows, "")).encode()


def member_bytes(seed: int, folder: int, number: int) -> bytes:
    """A file of a folder."""
    return f"{seed} folder {folder} file {number}\n".encode()


def model_bytes(seed: int, number: int) -> bytes:
    """The model that run `number` wrote: a pickle."""
    choose = random_of(seed, "model", number)
    weights = [round(choose.gauss(0, 1), 6) for _ in range(choose.randrange(3, 20))]
    return pickle.dumps({"weights": weights, "intercept": choose.random(), "run": number}, protocol=4)


def is_kept(number: int) -> bool:
    """Whether the store has the bytes of that model."""
    return number % KEPT_EVERY == 0


def file_of(data: bytes) -> File:
    """The file object of some bytes."""
    return File(size=len(data), blake3=blob_id(data))


class _Shared(NamedTuple):
    """What many runs have in common."""

    tables: list[ObjectId]
    folders: list[ObjectId]
    environments: list[ObjectId]


def _keep(batch: Batch, data: bytes) -> BlobId:
    """Adds a blob to the batch."""
    writer = batch.open_blob()
    writer.write(data)
    name = blob_id(data)
    batch.keep_blob(writer, name)
    return name


def _write_shared(store: Store, seed: int) -> _Shared:
    with store.batch() as batch:
        tables = [batch.add(file_of(table_bytes(seed, number))) for number in range(TABLES)]
        folders: list[ObjectId] = []
        for number, count in enumerate(FOLDERS):
            builder = TreeBuilder(batch.add)
            for at in range(count):
                member = file_of(member_bytes(seed, number, at))
                builder.add(TreeEntry(f"part-{at:05}.csv", member.size, member.blake3))
            folders.append(batch.add(builder.finish()))
        environments = [
            batch.add(
                Environment(
                    whose="virtual-env",
                    python=f"3.{minor}.4",
                    implementation="CPython",
                    system="Linux",
                    machine="x86_64",
                    packages=(("numpy", f"2.{minor}.0"), ("scikit-learn", f"1.{minor}.1")),
                )
            )
            for minor in (11, 12, 13)
        ]
        batch.publish()
    return _Shared(tables, folders, environments)


def _metrics(choose: random.Random, number: int) -> dict[str, object]:
    values: dict[str, object] = {
        "accuracy": round(1 - choose.expovariate(12), 6),
        "loss": round(choose.expovariate(2), 6),
        "num_samples": choose.randrange(100, 100_000),
        "num_features": choose.randrange(2, 200),
    }
    if number % 7 == 0:
        values["per_class"] = {"precision": round(choose.random(), 4), "recall": round(choose.random(), 4)}
    if number % 31 == 0:
        values["loss"] = float("nan")
    return values


def _write_run(batch: Batch, shared: _Shared, seed: int, number: int) -> Report:
    """Adds one run with all that it links to, and the report on it."""
    choose = random_of(seed, "run", number)
    folder = choose.random() < 0.1
    data = (
        Link(role="data", name="parts", kind="tree", id=choose.choice(shared.folders))
        if folder
        else Link(role="data", name="train.csv", kind="file", id=choose.choice(shared.tables))
    )
    datasets = [data]
    if choose.random() < 0.3:
        datasets.append(Link(role="test", name="test.csv", kind="file", id=choose.choice(shared.tables)))
    status: Status = choose.choices(("ok", "failed", "cancelled"), (94, 5, 1))[0]
    artifacts: list[Link] = []
    if status == "ok":
        model = model_bytes(seed, number)
        artifacts.append(Link(role="model", name="model.pkl", kind="file", id=batch.add(file_of(model))))
        if is_kept(number):
            _keep(batch, model)
    metrics: Document | None = None
    if status != "cancelled":
        values = _metrics(choose, number)
        text = json.dumps(values).encode()
        file = file_of(text)
        said = batch.add(Metrics(source=file.blake3, values=json.loads(text)))
        metrics = Document(values=said, name="metrics.json", file=batch.add(file))
        if is_kept(number):
            _keep(batch, text)
    params = Params(
        values={
            "depth": choose.randrange(1, 12),
            "rate": choose.choice((0.1, 0.01, 0.001)),
            "solver": choose.choice(("lbfgs", "saga", "newton-cg")),
            "balanced": choose.random() < 0.5,
            "seed": number,
        }
    )
    run = Run(
        datasets=tuple(datasets),
        artifacts=tuple(artifacts),
        metrics=metrics,
        params=Document(values=batch.add(params)) if choose.random() < 0.9 else None,
        label=choose.choice(_LABELS) if choose.random() < 0.9 else None,
        run_id=f"trial-{number:07}" if choose.random() < 0.8 else None,
        status=status,
    )
    dropped = choose.randrange(1, 50) if choose.random() < 0.15 else 0
    found = Diagnostic(
        code="MISSING_VALUES_DROPPED",
        severity="info",
        message=f"{dropped} rows with missing values were dropped",
        details={"rows": dropped},
    )
    report = Report(
        run=batch.add(run),
        obs=_VERSION,
        environment=choose.choice(shared.environments),
        counts={"num_samples": choose.randrange(100, 100_000), "dropped_rows": dropped},
        diagnostics=(found,) if dropped else (),
    )
    batch.add(report)
    return report


def _history(batch: Batch, shared: _Shared, seed: int, numbers: range) -> Iterator[tuple[Report, str | None]]:
    """The reports of some runs, with the message of the manifest: one in fifty runs comes twice."""
    for number in numbers:
        choose = random_of(seed, "manifest", number)
        report = _write_run(batch, shared, seed, number)
        message = f"trial {number}: a wider grid" if choose.random() < 0.2 else None
        yield report, message
        if choose.random() < 0.02:
            yield report, "looked at once more"


def generate(folder: str, runs: int, seed: int = 0) -> ObjectId | None:
    """A new store in `folder` with `runs` runs (and some more manifests); the id of its head."""
    path, is_new = create(folder, UnsyncedOperations())
    if not is_new:
        sys.exit(f"generate_history: {path} is there already")
    parent: ObjectId | None = None
    history: Frontier = ()
    sequence, moment = 0, _BEGIN
    with Store.open(path, UnsyncedOperations()) as store:
        shared = _write_shared(store, seed)
        for start in range(0, runs, _RUNS_PER_BATCH):
            numbers = range(start, min(start + _RUNS_PER_BATCH, runs))
            with store.batch() as batch:
                for report, message in _history(batch, shared, seed, numbers):
                    choose = random_of(seed, "time", sequence)
                    moment += timedelta(
                        seconds=choose.randrange(1, 3600), microseconds=choose.randrange(10**6)
                    )
                    late = timedelta(hours=5) if choose.random() < 0.01 else timedelta()
                    manifest = Manifest(
                        sequence=sequence,
                        recorded_at=(moment - late).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
                        run=report.run,
                        report=object_id(report),
                        parent=parent,
                        message=message,
                        history=history,
                    )
                    parent = batch.add(manifest)
                    history = extend(history, sequence, leaf_hash(encode_object(manifest)))
                    sequence += 1
                batch.publish()
            if sys.stderr.isatty():
                print(f"\r{numbers.stop:,} of {runs:,} runs", end="", file=sys.stderr, flush=True)
        if parent is not None:
            store.files.replace(HEAD, f"{parent.hex}\n".encode())
    if sys.stderr.isatty():
        print(file=sys.stderr)
    return parent


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--runs", type=int, required=True, metavar="N")
    parser.add_argument("--out", required=True, metavar="DIR", help="a folder without a store; may be new")
    parser.add_argument("--seed", type=int, default=0, metavar="S")
    parsed = parser.parse_args()
    if parsed.runs < 0:
        parser.error("--runs wants a number that is not negative")
    try:
        os.makedirs(parsed.out, exist_ok=True)
        head = generate(parsed.out, parsed.runs, parsed.seed)
    except (ObsError, OSError) as error:  # no such place, no right, no room
        sys.exit(f"generate_history: {error}")
    print(head.hex if head is not None else "nothing was recorded")


if __name__ == "__main__":
    main()
