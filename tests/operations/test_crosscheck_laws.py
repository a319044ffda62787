"""Laws of the cross-checks, over facts alone: no file, no model that was trained."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from obs.cas.observe.tables.content import TableContent
from obs.cas.observe.tables.csvfiles import read_csv
from obs.cas.operations.contents import describe
from obs.cas.operations.crosschecks import cross_checks
from obs.cas.operations.facts import DatasetFacts, Facts, ModelFacts, derived_counts
from tablestream import Stream

cells = st.sampled_from(["", "1", "2.5", "x"])
tables = st.lists(st.tuples(cells, cells, cells), min_size=1, max_size=12)


def dataset(rows: list[tuple[str, ...]], role: str = "data") -> DatasetFacts:
    data = "".join(f"{','.join(row)}\n" for row in [("a", "b", "y"), *rows])
    found = read_csv(Stream(data.encode()), delimiter=",", label="y")
    assert isinstance(found, TableContent)
    described = describe(found, "y")
    return DatasetFacts(role=role, content=described.content, columns=described.columns)


def document(**found: Any) -> dict[str, Any]:
    empty: dict[str, Any] = {
        "globals": [],
        "libraries": {},
        "problems": [],
        "cut": {},
        "complete": True,
        "step_count": 2,
    }
    known: dict[str, Any] = {
        "model": {"kind": "classifier"},
        "n_features_in": 2,
        "feature_names_in": ["a", "b"],
    }
    return {**empty, **known, **found}


@given(tables)
def test_dropping_exactly_the_rows_with_a_missing_value_is_explained(rows: list[tuple[str, ...]]) -> None:
    whole = [row for row in rows if "" not in row]
    facts = Facts(label="y", datasets=(dataset(rows),), metrics={"num_samples": len(whole)})
    codes = [found.code for found in cross_checks(facts)]
    assert codes == ["MISSING_VALUES_DROPPED"] * (len(whole) < len(rows))
    assert derived_counts(facts)["dropped_rows"] == len(rows) - len(whole)


@given(tables, st.integers(0, 20))
def test_rows_and_samples_are_explained_or_not(rows: list[tuple[str, ...]], samples: int) -> None:
    missing, unlabelled = sum("" in row for row in rows), sum(row[2] == "" for row in rows)
    found = cross_checks(Facts(label="y", datasets=(dataset(rows),), metrics={"num_samples": samples}))
    dropped = len(rows) - samples
    explained = "MISSING_VALUES_DROPPED" if dropped in (missing, unlabelled) else "SAMPLE_COUNT_MISMATCH"
    assert [one.code for one in found] == ([explained] if dropped else [])


@given(tables, st.integers(0, 20), st.integers(0, 4), st.data())
def test_whoever_knows_less_raises_no_other_code(
    rows: list[tuple[str, ...]], samples: int, features: int, data: st.DataObject
) -> None:
    some = data.draw(st.sampled_from([["x"], [1, 2.5], None]))
    names = data.draw(st.sampled_from([["a", "b"], ["b", "a"], ["a"], ["a", "c"], ["a", "b", "y"], None]))
    taken = len(names) if names is not None else features
    model = ModelFacts(
        role="model", document=document(classes=some, feature_names_in=names, n_features_in=taken)
    )
    metrics: dict[str, Any] = {"num_samples": samples, "num_features": features}
    known = Facts(label="y", datasets=(dataset(rows),), models=(model,), metrics=metrics)
    codes = {found.code for found in cross_checks(known)}
    unknown = (DatasetFacts(role="data"),)
    for less in (
        Facts(label="y", datasets=known.datasets, metrics=metrics),
        Facts(label="y", datasets=unknown, models=known.models, metrics=metrics),
        Facts(label="y", datasets=known.datasets, models=known.models),
        Facts(label="y", datasets=unknown, metrics=metrics),
    ):
        assert {found.code for found in cross_checks(less)} <= codes


@pytest.mark.parametrize("cut", [{"classes": {"count": 3}}, {"texts": {}}], ids=["list", "texts"])
def test_classes_that_were_cut_are_not_known(cut: dict[str, Any]) -> None:
    model = ModelFacts(role="model", document=document(classes=["z"], cut=cut))
    whole = ModelFacts(role="model", document=document(classes=["z"]))
    data = (dataset([("1", "2", "x")]),)
    assert cross_checks(Facts(label="y", datasets=data, models=(model,))) == []
    (found,) = cross_checks(Facts(label="y", datasets=data, models=(whole,)))
    assert found.code == "CLASSES_MISMATCH"


def test_nothing_is_known_of_nothing() -> None:
    assert cross_checks(Facts()) == []
    assert derived_counts(Facts()) == {}
