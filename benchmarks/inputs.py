"""Files to measure with, made in pieces: the harness must stay small (see harness.py)."""

from __future__ import annotations

import json
import os
import random
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

_PIECE: Final = 2**20
LABEL: Final = "label"
_FEATURES: Final = 12


def write_random(path: Path, size_bytes: int) -> None:
    """A file of `size_bytes` bytes that nothing compresses."""
    with open(path, "wb") as file:
        file.writelines(os.urandom(min(_PIECE, size_bytes - start)) for start in range(0, size_bytes, _PIECE))


def write_table(path: Path, size_bytes: int) -> None:
    """A CSV of about `size_bytes`: twelve numbers and a label of two classes; other numbers each time."""
    draw = random.Random()
    with open(path, "w", encoding="utf-8", newline="") as file:
        written = file.write(",".join([*(f"feature_{i}" for i in range(_FEATURES)), LABEL]) + "\n")
        while written < size_bytes:
            cells = [f"{draw.gauss(0, 1):.6f}" for _ in range(_FEATURES)]
            written += file.write(",".join([*cells, str(draw.randrange(2))]) + "\n")


def write_mixed(path: Path, rows: int) -> None:
    """A CSV of ten columns: numbers, missing values, booleans, times, words, codes; the same each time."""
    draw = random.Random(0)
    first = datetime(2020, 1, 1)  # noqa: DTZ001  # a time without a zone is what is to be written
    words = ["".join(draw.choices("abcdefghij klmn", k=12)) for _ in range(500)]
    with open(path, "w", encoding="utf-8", newline="") as file:
        file.write("id,real,price,count,few,flag,time,city,code,label\n")
        for row in range(rows):
            cells = (
                str(row),
                repr(draw.gauss(0, 1)),
                "" if draw.random() < 0.02 else f"{draw.gauss(0, 100):.2f}",
                str(draw.randrange(1_000_000)),
                "" if draw.random() < 0.01 else str(draw.randrange(100)),
                draw.choice(("true", "false")),
                f"{first + timedelta(minutes=row)}",
                f'"{draw.choice(words)}"',
                f"{draw.getrandbits(48):012x}",
                draw.choice(("yes", "no", "maybe")),
            )
            file.write(",".join(cells) + "\n")


def write_metrics(path: Path) -> None:
    """A small metrics file, other numbers each time."""
    metrics = {"accuracy": random.random(), "num_samples": 455, "num_features": _FEATURES}
    path.write_text(json.dumps(metrics) + "\n", encoding="utf-8")


def write_many(folder: Path, count: int, size_bytes: int) -> None:
    """`count` files of `size_bytes` bytes each, a hundred to a sub-folder."""
    for number in range(count):
        place = folder / f"{number // 100:03d}"
        if number % 100 == 0:
            place.mkdir(parents=True)
        (place / f"{number % 100:02d}.bin").write_bytes(os.urandom(size_bytes))
