"""Make tables to read. In a process of its own, for pyarrow is large and the harness is not.

python make_tables.py parquet data.csv data.parquet      # the same rows, typed
python make_tables.py wide    ROWS wide.csv              # 2,000 columns: numbers, words, a label
python make_tables.py parts   data.csv FOLDER FILES      # part files of `PART_ROWS` rows, over and over
"""

import itertools
import sys
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import csv

COLUMNS: Final = 2_000
_BLOCK_ROWS: Final = 2_000
PART_ROWS: Final = 12_000
"""Of `inputs.write_mixed`: 1.2 MB."""


def make_parquet(source: str, target: str) -> None:
    pq.write_table(csv.read_csv(source), target)


def make_wide(rows: str, target: str) -> None:
    draw = np.random.default_rng(0)
    words = pa.array([f"word {number}" for number in range(500)])
    names = [*(f"column_{number}" for number in range(COLUMNS - 1)), "label"]
    schema = pa.schema([(name, _type(number)) for number, name in enumerate(names)])
    with csv.CSVWriter(target, schema) as writer:
        for start in range(0, int(rows), _BLOCK_ROWS):
            size = min(_BLOCK_ROWS, int(rows) - start)
            columns: list[pa.Array] = []
            for number in range(COLUMNS):
                kind = number % 4
                if kind == 0:
                    columns.append(pa.array(draw.normal(size=size)))
                elif kind == 1:
                    columns.append(pa.array(draw.integers(0, 1_000_000, size)))
                elif kind == 2:
                    columns.append(pa.array(draw.integers(0, 10_000, size) / 100))
                else:
                    columns.append(words.take(pa.array(draw.integers(0, len(words), size))))
            writer.write_table(pa.table(columns, schema=schema))


def _type(number: int) -> pa.DataType:
    return (pa.float64(), pa.int64(), pa.float64(), pa.string())[number % 4]


def make_parts(source: str, folder: str, files: str) -> None:
    Path(folder).mkdir()
    with open(source, "rb") as file:
        header = file.readline()
        start = file.tell()
        for number in range(int(files)):
            rows = list(itertools.islice(file, PART_ROWS))
            if len(rows) < PART_ROWS:  # begin again
                file.seek(start)
                rows += itertools.islice(file, PART_ROWS - len(rows))
            Path(folder, f"part-{number:04d}.csv").write_bytes(header + b"".join(rows))


if __name__ == "__main__":
    {"parquet": make_parquet, "wide": make_wide, "parts": make_parts}[sys.argv[1]](*sys.argv[2:])
