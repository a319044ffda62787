"""The floor: what any recorder must do that is written in Python and loses nothing it has acknowledged.

It hashes the model, reads the metrics, and writes four objects (the metrics, the run, the report, the
manifest) and HEAD, each durably: temporary file, fsync, rename, fsync of the folder. It does nothing else:
it checks no input, takes no lock, keeps no copy of the model, knows nothing of the past but the parent, and
looks neither at the dataset (known, so its digest is taken as given) nor at the environment.

    python benchmarks/floor.py STORE --model model.pkl --metrics metrics.json
"""

import json
import os
from datetime import UTC, datetime

import click
import msgpack
from blake3 import blake3

DATASET = bytes(32)  # as if it came from the stat cache


def write(folder: str, name: str, data: bytes) -> None:
    """Put `data` at `folder/name` so that a power cut leaves the old file or the whole new one."""
    os.makedirs(folder, exist_ok=True)
    temporary = os.path.join(folder, f".{name}.tmp")
    with open(temporary, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.rename(temporary, os.path.join(folder, name))
    descriptor = os.open(folder, os.O_RDONLY)
    os.fsync(descriptor)
    os.close(descriptor)


def put(store: str, value: dict[str, object]) -> bytes:
    """Store one object under its BLAKE3 digest, which is the answer."""
    data = msgpack.packb(value)
    digest = blake3(data).digest()
    name = digest.hex()
    write(os.path.join(store, "objects", name[:2]), name[2:], data)
    return digest


@click.command()
@click.argument("store")
@click.option("--model", required=True)
@click.option("--metrics", required=True)
def main(store: str, model: str, metrics: str) -> None:
    """Record one run, as cheaply as it can honestly be done."""
    with open(model, "rb") as file:
        model_digest = blake3(file.read()).digest()
    with open(metrics, "rb") as file:
        numbers = put(store, {"kind": "metrics", "values": json.load(file)})
    run = put(store, {"kind": "run", "data": DATASET, "model": model_digest, "metrics": numbers})
    report = put(store, {"kind": "report", "run": run})
    head = os.path.join(store, "HEAD")
    parent = b""
    if os.path.exists(head):
        with open(head, "rb") as file:
            parent = bytes.fromhex(file.read().decode())
    at = datetime.now(UTC).isoformat()
    manifest = put(store, {"kind": "manifest", "parent": parent, "run": run, "report": report, "at": at})
    write(store, "HEAD", manifest.hex().encode())
    click.echo(manifest.hex())


if __name__ == "__main__":
    main()
