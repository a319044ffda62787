"""The digest of a label's classes: the same for the same classes, whatever file or type holds them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from obs.cas.observe.files import open_regular
from obs.cas.observe.tables.classes import classes_digest
from obs.cas.observe.tables.content import LabelContent
from obs.cas.observe.tables.folders import read_folder_tables
from obs.cas.observe.tables.frames import read_frame
from obs.cas.observe.tables.reading import read_dataset
from pyarrow import feather, parquet

classes = st.sets(st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False), min_size=1) | st.sets(
    st.text(st.characters(codec="utf-8")), min_size=1
)


def label_of(path: Path) -> LabelContent:
    with open_regular(str(path)) as opened:
        _, table = read_dataset(opened, sha256=False, label="y")
    label = getattr(table, "label", None)
    assert isinstance(label, LabelContent)
    return label


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0, 1, 1, 0], [0, 1]),
        ([0.0, 1.0, 1.0, 0.0], [0, 1]),
        ([False, True, True, False], [0, 1]),
        (["yes", "no", "no", "é" * 40], ["no", "yes", "é" * 40]),
        ([1.5, 2, 2, 1.5], [1.5, 2]),
        ([2**60 + 1, 5, 5, 2**60], [5, 2**60, 2**60 + 1]),
    ],
    ids=["ints", "floats", "booleans", "texts", "fractions", "large"],
)
def test_every_format_gives_what_the_model_gives(
    tmp_path: Path, values: list[Any], expected: list[Any]
) -> None:
    frame = pd.DataFrame({"x": range(4), "y": values})
    table = pa.table({"x": list(range(4)), "y": values})
    frame.to_csv(tmp_path / "d.csv", index=False)
    frame.to_csv(tmp_path / "d.tsv.gz", index=False, sep="\t")
    frame.to_json(tmp_path / "d.jsonl", orient="records", lines=True, double_precision=15)
    parquet.write_table(table, tmp_path / "d.parquet")
    feather.write_feather(table, str(tmp_path / "d.feather"))
    wanted = classes_digest(expected)
    assert wanted is not None
    for path in sorted(tmp_path.iterdir()):
        assert label_of(path).digest == wanted, path.name
    framed: Any = read_frame(frame, label="y")
    assert framed.label.digest == wanted
    parts = tmp_path / "parts"
    parts.mkdir()
    frame[:2].to_csv(parts / "1.csv", index=False)
    frame[2:].to_csv(parts / "2.csv", index=False)
    merged: Any = read_folder_tables(str(parts), label="y").content
    assert merged.label.digest == wanted
    assert label_of(tmp_path / "d.csv").fractions is (1.5 in values)


@pytest.mark.parametrize(
    "same",
    [
        [0, 1],
        [0.0, 1.0],
        [-0.0, 1],
        [False, True],
        ["0", "1"],
        ["1.0", " 0"],
        ["false", "True"],
        [b"0", b"1e0"],
        [1, 0],
        [1, "1", True, 0],
    ],
    ids=repr,
)
def test_what_is_the_same_class(same: list[Any]) -> None:
    assert classes_digest(same) == classes_digest([0, 1])


def test_what_has_no_digest() -> None:
    assert classes_digest([]) is None
    assert classes_digest(range(10_001)) is None
    assert classes_digest(range(10_000)) is not None


@pytest.mark.parametrize("text", ["2024-01-01\n2024-01-02\n", "NA\n\n"], ids=["times", "nulls"])
def test_columns_that_have_no_classes(tmp_path: Path, text: str) -> None:
    (tmp_path / "d.csv").write_text("x,y\n" + "".join(f"1,{line}\n" for line in text.splitlines()))
    assert label_of(tmp_path / "d.csv").digest is None


@given(classes, st.data())
def test_order_and_repetition_do_not_matter_and_members_do(found: set[Any], data: st.DataObject) -> None:
    ordered = data.draw(st.permutations(sorted(found, key=repr)))
    assert classes_digest(ordered) == classes_digest([*ordered, *ordered])
    other = "a class that is none of these, and is no number"
    assert classes_digest([*ordered, other]) != classes_digest(ordered)


@given(st.lists(st.floats(allow_nan=False, width=32), min_size=1, max_size=5))
def test_numpy_and_python_agree(values: list[float]) -> None:
    array = np.array(values, np.float32)
    assert classes_digest([float(value) for value in array]) == classes_digest(values)
