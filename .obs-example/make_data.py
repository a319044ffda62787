#!/usr/bin/env python3
"""Writes the example's two datasets, always the same bytes.

    python make_data.py [FOLDER]

`breast_cancer.csv` is the Breast Cancer Wisconsin (Diagnostic) table that scikit-learn carries (569 rows, 30
measurements; W. H. Wolberg, W. N. Street, O. L. Mangasarian, 1995, CC BY 4.0), with the label column
`diagnosis`, and with a dozen cells emptied so that there is something to drop. `breast_cancer_trimmed.csv`
is the same table without its first 40 rows and without its last two measurements.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

from sklearn.datasets import load_breast_cancer

# (row, column) of the emptied cells; two of them lie in one row: twelve cells, eleven incomplete rows.
EMPTIED = (
    (17, 2), (58, 9), (101, 0), (101, 21), (160, 13), (222, 5), (287, 28), (301, 17), (359, 11), (420, 25),
    (488, 7), (541, 19),
)  # fmt: skip
TRIMMED_ROWS, TRIMMED_COLUMNS = 40, 2


def tables() -> tuple[list[list[str]], list[list[str]]]:
    """The whole table and the trimmed one, header first, the label in the last column."""
    bunch = load_breast_cancer()
    names = [str(name).replace(" ", "_") for name in bunch.feature_names]
    rows = [[repr(float(cell)) for cell in row] for row in bunch.data]
    for row, column in EMPTIED:
        rows[row][column] = ""
    labels = [str(bunch.target_names[code]) for code in bunch.target]
    whole = [[*names, "diagnosis"]]
    whole += [[*row, label] for row, label in zip(rows, labels, strict=True)]
    kept = slice(None, -TRIMMED_COLUMNS)
    trimmed = [[*names[kept], "diagnosis"]]
    trimmed += [[*row[kept], label] for row, label in zip(rows, labels, strict=True)][TRIMMED_ROWS:]
    return whole, trimmed


def main() -> None:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent)
    for name, table in zip(("breast_cancer.csv", "breast_cancer_trimmed.csv"), tables(), strict=True):
        with (folder / name).open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows(table)


if __name__ == "__main__":
    main()
