"""`diff` of values, of tables and of models: each kind of difference is told, and nothing that is equal."""

from __future__ import annotations

import math
import pickle
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from obs.cas.api import diff as diff_paths
from obs.cas.format.contents import PAGE_ROWS
from obs.cas.operations.filediff import FileChange
from obs.cas.operations.modeldiff import ModelDiff, diff_models
from obs.cas.operations.valuediff import ValueChange, diff_values, same_value
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler

# --------------------------------------------------------------------------------------- values


def maps_of(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(st.sampled_from(["x", "y", "z", "x.y"]), inner, max_size=3)


scalars = (
    st.none() | st.booleans() | st.integers(-3, 3) | st.floats(width=16) | st.sampled_from(["", "a", "b"])
)
values = st.recursive(scalars, lambda inner: st.lists(inner, max_size=2) | maps_of(inner), max_leaves=6)


maps = maps_of(values)


def applied(before: Mapping[str, Any], changes: tuple[ValueChange, ...]) -> dict[str, Any]:
    """The map that the changes lead to."""
    after: dict[str, Any] = deepcopy(dict(before))
    for change in changes:
        place = after
        for key in change.path[:-1]:
            place = place[key]
        if change.state == "removed":
            del place[change.path[-1]]
        else:
            assert (change.path[-1] in place) == (change.state == "changed")
            place[change.path[-1]] = change.after
    return after


@given(before=maps, after=maps)
def test_the_changes_lead_from_one_map_to_the_other(before: dict[str, Any], after: dict[str, Any]) -> None:
    assert same_value(applied(before, diff_values(before, after)), after)
    assert diff_values(before, before) == ()


@given(before=maps, after=maps)
def test_the_other_way_round_before_and_after_change_places(
    before: dict[str, Any], after: dict[str, Any]
) -> None:
    forth, back = diff_values(before, after), diff_values(after, before)
    other = {"added": "removed", "removed": "added", "changed": "changed"}
    assert sorted((one.path, one.state) for one in forth) == sorted(
        (one.path, other[one.state]) for one in back
    )
    for one in forth:
        mirror = next(each for each in back if each.path == one.path)
        assert same_value(one.before, mirror.after)
        assert same_value(one.after, mirror.before)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (1, 1.0, True),
        (0.0, -0.0, True),
        (math.nan, math.nan, True),
        ([math.nan, {"a": 1}], [math.nan, {"a": 1.0}], True),
        (True, 1, False),
        (False, None, False),
        (1, "1", False),
        (2**63, 2.0**63, True),
        (2**63 + 1, 2.0**63, False),
        ([1], [1, 1], False),
        ({"a": 1}, {"b": 1}, False),
    ],
)
def test_what_is_equal(one: Any, other: Any, same: bool) -> None:
    assert same_value(one, other) is same
    assert same_value(other, one) is same


@pytest.mark.parametrize(
    ("before", "after", "delta"),
    [
        (0.5, 0.75, 0.25),
        (558, 520, -38),
        (1, 1.5, 0.5),
        (0, math.nan, None),
        (-math.inf, 1, None),
        (True, 2, None),
        ("1", 2, None),
        (1.7e308, -1.7e308, None),
    ],
)
def test_the_delta_of_numbers(before: Any, after: Any, delta: float | None) -> None:
    (change,) = diff_values({"m": before}, {"m": after})
    assert change.delta == delta


# --------------------------------------------------------------------------------------- datasets


def table(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def change_of(before: Path, after: Path) -> FileChange:
    found = diff_paths(before, after)
    assert found.file is not None
    assert found.exit_code == (0 if found.equal else 1)
    return found.file


def told(change: FileChange) -> dict[str, Any]:
    """What is told of a table beside its length, without what is empty."""
    assert change.content is not None
    found = {name: value for name, value in change.content.__dict__.items() if value}
    return {
        name: value for name, value in found.items() if name not in ("rows_before", "rows_after", "identical")
    }


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("a,b\n1,2\n", "a,b,c\n1,2,3\n", {"columns_added": ("c",)}),
        ("a,b\n1,2\n", "a\n1\n", {"columns_removed": ("b",)}),
        ("a,b\n1,2\n", "a,z\n1,2\n", {"columns_renamed": (("b", "z"),)}),
        ("a,b\n1,2\n", "b,a\n2,1\n", {"reordered": True}),
        ("a,b\n1,2\n", "a,b\n1,2.0\n", {"formatting_only": ("b",)}),
        ("a,b\n1,2\n3,4\n", "a,b\n1,2\n3,4\n5,6\n", {"appended": 1}),
        ("a,b\n1,2\n3,4\n", "a,b\n1,2\n", {"removed": 1, "unknown": (1, 1)}),
    ],
    ids=["added", "removed", "renamed", "reordered", "formatting", "longer", "shorter"],
)
def test_each_difference_of_a_table(
    before: str, after: str, expected: dict[str, Any], tmp_path: Path
) -> None:
    change = change_of(table(tmp_path / "before.csv", before), table(tmp_path / "after.csv", after))
    assert told(change) == expected


def test_a_column_of_another_kind(tmp_path: Path) -> None:
    found = told(change_of(table(tmp_path / "a.csv", "a\n1\n"), table(tmp_path / "b.csv", "a\nx\n")))
    assert found["columns_retyped"] == (("a", "number", "text"),)
    assert [(one.name, one.rows) for one in found["changed"]] == [("a", ((1, 1),))]


def test_equal_bytes_are_equal_whatever_the_file_is_called(tmp_path: Path) -> None:
    before, after = table(tmp_path / "a.csv", "a\n1\n"), table(tmp_path / "b.csv", "a\n1\n")
    change = change_of(before, after)
    assert (change.state, change.content) == ("same", None)


def test_the_same_cells_in_another_format_are_told_as_such(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.table({"a": [1, 2], "b": ["x", None]}), tmp_path / "b.parquet")
    change = change_of(table(tmp_path / "a.csv", "a,b\n1,x\n2,\n"), tmp_path / "b.parquet")
    assert change.state == "changed"
    assert change.content is not None
    assert change.content.equal


@settings(max_examples=12)
@given(
    rows=st.integers(1, 3 * PAGE_ROWS), place=st.integers(0, 2**20), column=st.sampled_from(["a", "b", "c"])
)
@example(rows=PAGE_ROWS, place=PAGE_ROWS - 1, column="a")
@example(rows=PAGE_ROWS + 1, place=PAGE_ROWS, column="c")
def test_a_changed_cell_is_told_in_the_range_of_its_row(
    rows: int, place: int, column: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("cell")
    lines = [[str(row), str(row % 7), f"t{row}"] for row in range(rows)]
    before = table(folder / "a.csv", "a,b,c\n" + "".join(",".join(line) + "\n" for line in lines))
    row = place % rows
    lines[row]["abc".index(column)] += "5"
    after = table(folder / "b.csv", "a,b,c\n" + "".join(",".join(line) + "\n" for line in lines))
    for one, other in ((before, after), (after, before)):
        (found,) = told(change_of(one, other))["changed"]
        (held,) = found.rows
        assert found.name == column
        assert held.first <= row + 1 <= held.last <= rows
        assert held.last - held.first < PAGE_ROWS


def test_a_table_that_cannot_be_read_is_compared_by_its_bytes(tmp_path: Path) -> None:
    change = change_of(table(tmp_path / "a.csv", "a,b\n1\n"), table(tmp_path / "b.csv", "a,b\n1,2\n"))
    assert (change.state, change.content) == ("changed", None)
    assert change.unavailable is not None
    assert change.unavailable.startswith("before: ")


def test_each_difference_of_a_folder(tmp_path: Path) -> None:
    before, after = tmp_path / "before", tmp_path / "after"
    for folder, files in (
        (before, {"same": "a\n1\n", "gone": "a\n2\n", "moved": "a\n3\n", "edited": "a\n4\n"}),
        (after, {"same": "a\n1\n", "new": "a\n5\n", "moved2": "a\n3\n", "edited": "a\n6\n"}),
    ):
        folder.mkdir()
        for name, text in files.items():
            table(folder / f"{name}.csv", text)
    folder_diff = change_of(before, after).folder
    assert folder_diff is not None
    assert folder_diff.added == ("new.csv",)
    assert folder_diff.removed == ("gone.csv",)
    assert folder_diff.renamed == (("moved.csv", "moved2.csv"),)
    assert folder_diff.changed == ("edited.csv",)
    assert folder_diff.identical == 1
    mixed = change_of(before, before / "same.csv")
    assert (mixed.state, mixed.content) == ("changed", None)
    assert mixed.unavailable == "one is a file, and the other a folder of tables"


def test_other_files_have_equal_bytes_or_not(tmp_path: Path) -> None:
    before, after = table(tmp_path / "a.txt", "one"), table(tmp_path / "b.txt", "three")
    found = diff_paths(before, after)
    assert (found.kind, found.equal, found.exit_code) == ("files", False, 1)
    assert found.file is not None
    assert found.file.before is not None
    assert found.file.after is not None
    assert (found.file.before.size, found.file.after.size) == (3, 5)
    assert diff_paths(before, before).equal


# --------------------------------------------------------------------------------------- models

ROWS = [[0.0, 1.0, 5.0], [1.0, 0.0, 4.0], [2.0, 5.0, 1.0], [3.0, 4.0, 2.0]]


def pipeline(*steps: tuple[str, Any], columns: int = 3, classes: tuple[int, int] = (0, 1)) -> Any:
    rows = [row[:columns] for row in ROWS]
    return Pipeline(list(steps)).fit(rows, [classes[0], classes[0], classes[1], classes[1]])


def saved(path: Path, model: object) -> Path:
    path.write_bytes(pickle.dumps(model, 4))
    return path


def model_diff(folder: Path, before: object, after: object) -> ModelDiff:
    """Of two models, both ways: the other one says the same, turned round."""
    one, other = saved(folder / "before.pkl", before), saved(folder / "after.pkl", after)
    found, back = diff_paths(one, other), diff_paths(other, one)
    assert found.kind == "models"
    assert found.file is not None
    assert found.file.model is not None
    assert back.file is not None
    assert back.file.model is not None
    assert found.file.model.steps_added == back.file.model.steps_removed
    assert found.file.model.features_added == back.file.model.features_removed
    assert len(found.file.model.parameters) == len(back.file.model.parameters)
    assert diff_paths(one, one).equal
    return found.file.model


def test_steps_added_and_removed(tmp_path: Path) -> None:
    found = model_diff(
        tmp_path,
        pipeline(("scale", StandardScaler()), ("model", LogisticRegression())),
        pipeline(("scale", StandardScaler()), ("pca", PCA(2)), ("model", LogisticRegression())),
    )
    assert [(step.path, step.type) for step in found.steps_added] == [(("pca",), "PCA")]
    assert (found.steps_removed, found.types, found.reordered, found.parameters) == ((), (), (), ())


def test_steps_in_another_order(tmp_path: Path) -> None:
    a, b = ("a", StandardScaler()), ("b", MinMaxScaler())
    last = ("model", LogisticRegression())
    found = model_diff(tmp_path, pipeline(a, b, last), pipeline(b, a, last))
    assert [(one.path, one.before, one.after) for one in found.reordered] == [
        ((), ("a", "b", "model"), ("b", "a", "model"))
    ]
    assert (found.steps_added, found.steps_removed, found.types) == ((), (), ())


def test_another_class_in_the_same_place(tmp_path: Path) -> None:
    found = model_diff(
        tmp_path,
        pipeline(("scale", StandardScaler()), ("model", LogisticRegression())),
        pipeline(("scale", StandardScaler()), ("model", Ridge())),
    )
    (change,) = found.types
    assert (change.path, change.before.type, change.after.type) == (("model",), "LogisticRegression", "Ridge")
    assert found.parameters == ()
    assert {one.path[0].rpartition(".")[2] for one in found.globals} >= {"LogisticRegression", "Ridge"}


def test_parameters_of_a_nested_step(tmp_path: Path) -> None:
    def build(c: float) -> Any:
        inner = Pipeline([("scale", StandardScaler(with_mean=c > 1)), ("pca", PCA(2))])
        return pipeline(("prep", inner), ("model", LogisticRegression(C=c)))

    found = model_diff(tmp_path, build(1.0), build(2.5))
    assert {(one.path, one.before, one.after, one.delta) for one in found.parameters} == {
        (("prep", "scale", "with_mean"), False, True, None),
        (("model", "C"), 1.0, 2.5, 1.5),
    }
    assert (found.types, found.steps_added, found.steps_removed, found.complete) == ((), (), (), True)


def test_what_the_model_takes_and_tells(tmp_path: Path) -> None:
    import pandas as pd

    frame = pd.DataFrame(ROWS, columns=["x", "y", "z"])
    before = StandardScaler().fit(frame[["x", "y", "z"]])
    after = StandardScaler().fit(frame[["z", "x"]].rename(columns={"x": "w"}))
    found = model_diff(tmp_path, before, after)
    assert (found.features_added, found.features_removed, found.features_reordered) == (
        ("w",),
        ("x", "y"),
        False,
    )
    assert [(one.path, one.before, one.after) for one in found.inputs] == [(("n_features_in",), 3, 2)]
    assert (("mean_",), "float64[3]", "float64[2]") in {
        (one.path, one.before, one.after) for one in found.fitted
    }
    turned = model_diff(tmp_path, before, StandardScaler().fit(frame[["y", "x", "z"]]))
    assert (turned.features_added, turned.features_removed, turned.features_reordered) == ((), (), True)
    classes = model_diff(
        tmp_path,
        pipeline(("model", LogisticRegression())),
        pipeline(("model", LogisticRegression()), classes=(1, 2)),
    )
    assert [(one.path, one.before, one.after) for one in classes.inputs] == [(("classes",), [0, 1], [1, 2])]


def test_a_model_that_learned_something_else_only(tmp_path: Path) -> None:
    before = StandardScaler().fit([[1.0], [2.0]])
    after = StandardScaler().fit([[1.0], [3.0]])
    found = model_diff(tmp_path, before, after)
    assert found.equal
    assert not diff_paths(tmp_path / "before.pkl", tmp_path / "after.pkl").equal


def document(tree: Mapping[str, Any] | None, **more: Any) -> dict[str, Any]:
    base: dict[str, Any] = {
        "n_features_in": None,
        "feature_names_in": None,
        "classes": None,
        "libraries": {},
        "globals": [],
    }
    return {**base, "tree": tree, "complete": True, "cut": {}, **more}


def node(name: str | None, *children: Any, **parameters: Any) -> dict[str, Any]:
    return {
        "name": name, "type": "T", "module": None, "role": None, "parameters": parameters, "fitted": [],
        "children": list(children),
    }  # fmt: skip


def test_libraries_and_what_was_cut() -> None:
    before = document(None, libraries={"scikit-learn": "1.5.2"})
    found = diff_models(before, document(None, libraries={"scikit-learn": "1.6.0"}, cut={"globals": {}}))
    assert [(one.path, one.before, one.after) for one in found.libraries] == [
        (("scikit-learn",), "1.5.2", "1.6.0")
    ]
    assert not found.complete
    assert diff_models(before, before).complete
    more = node(None, more_children=1) | {"more_children": 1}
    assert not diff_models(document(more), document(more)).complete


def test_a_tree_as_deep_as_nobody_builds_one() -> None:
    before, after = node("leaf", C=1), node("leaf", C=2)
    for _ in range(3_000):
        before, after = node("x", before), node("x", after)
    (change,) = diff_models(document(before), document(after)).parameters
    assert (len(change.path), change.path[-2:]) == (3_001, ("leaf", "C"))


def test_steps_of_one_name_are_paired_in_order() -> None:
    before = document(node(None, node("a", p=1), node("a", p=2), node(None), node(None)))
    after = document(node(None, node("a", p=1), node("a", p=3), node(None)))
    found = diff_models(before, after)
    assert [(one.path, one.before, one.after) for one in found.parameters] == [(("a#2", "p"), 2, 3)]
    assert [step.path for step in found.steps_removed] == [("T#2",)]
