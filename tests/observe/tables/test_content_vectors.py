"""The golden digests of tests/vectors/content.json, which the stand-alone checker made."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from obs.cas.observe.tables.content import TableContent
from obs.cas.observe.tables.csvfiles import read_csv
from standalone_content import content, readable
from tablestream import Stream

VECTORS: dict[str, Any] = json.loads(
    Path(__file__).parents[2].joinpath("vectors", "content.json").read_text("utf-8")
)


@pytest.mark.parametrize("name", VECTORS)
def test_golden(name: str) -> None:
    data, expected = VECTORS[name]["csv"].encode(), VECTORS[name]["content"]
    assert readable(content(data)) == expected
    found = read_csv(Stream(data), delimiter=",")
    assert isinstance(found, TableContent)
    assert (found.rows, found.table.hex(), found.schema.hex()) == (
        expected["rows"],
        expected["table"],
        expected["schema"],
    )
    for column, other in zip(found.columns, expected["columns"], strict=True):
        assert (column.name, column.kind) == (other["name"], other["kind"])
        assert column.value.hex() == other["value"]["digest"]
        assert column.text is not None
        assert column.text.hex() == other["text"]["digest"]


@pytest.mark.parametrize("name", VECTORS)
def test_golden_classes(name: str) -> None:
    data, expected = VECTORS[name]["csv"].encode(), VECTORS[name]["content"]["columns"]
    names = [column["name"] for column in expected]
    for column in expected:
        found = read_csv(Stream(data), delimiter=",", label=column["name"])
        assert isinstance(found, TableContent)
        if names.count(column["name"]) > 1:
            assert found.label is None
        else:
            assert found.label is not None
            digest = found.label.digest
            assert (digest.hex() if digest is not None else None) == column["classes"]


def test_formatting_alone_changes_the_text_and_not_the_value() -> None:
    plain = read_csv(Stream(b"a\n1\n1\n1\n"), delimiter=",")
    assert isinstance(plain, TableContent)
    other = VECTORS["formatting only"]["content"]["columns"][0]
    assert plain.columns[0].value.hex() == other["value"]["digest"]
    assert plain.columns[0].text is not None
    assert plain.columns[0].text.hex() != other["text"]["digest"]
