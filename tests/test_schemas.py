"""The published schemas: valid, strict where something is promised, and followed by every command."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, cast

import pytest
from commandline import Project
from jsonschema import Draft202012Validator
from obs.cli.application import COMMANDS
from schemas import SCHEMAS, check_answer, names, problems, published, schema_of
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

a_schema = pytest.mark.parametrize("name", names())


def objects(schema: Any) -> Iterator[dict[str, Any]]:
    """Every part of a schema that describes an object by its keys."""
    if isinstance(schema, dict):
        parts = cast("dict[str, Any]", schema)
        if "properties" in parts and isinstance(parts.get("required"), list):
            yield parts
        for value in parts.values():
            yield from objects(value)
    elif isinstance(schema, list):
        for item in cast("list[object]", schema):
            yield from objects(item)


@a_schema
def test_a_schema_is_one_and_says_which(name: str) -> None:
    schema = published(name)
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["$id"] == f"urn:obs:schema:{name}-v1"
    assert schema["properties"]["schema_version"] == {"const": 1}
    assert "schema_version" in schema["required"]


@a_schema
def test_keys_may_be_added_and_what_is_required_is_described(name: str) -> None:
    for part in objects(published(name)):
        assert set(part["required"]) <= set(part["properties"])
        assert "additionalProperties" not in part


def test_a_schema_does_not_change() -> None:
    """docs/schemas/README.md says when a line of the list may."""
    listed = (SCHEMAS / "SHA256SUMS").read_text("ascii")
    found = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in SCHEMAS.glob("*.json")}
    assert listed == "".join(f"{found[name]}  {name}\n" for name in sorted(found))


def test_the_interface_is_required() -> None:
    """The keys that scripts, editors and other programs were promised, written down a second time."""
    assert set(published("export")["required"]) >= {
        *("run_id", "created_at", "created_at_source", "dataset", "datasets", "label_column", "num_samples"),
        *("num_features", "dropped_rows_missing_values", "metrics", "artifacts", "diagnostics", "provenance"),
    }
    assert set(published("record")["required"]) >= {
        *("manifest", "run", "sequence", "parent", "created", "diagnostics", "label", "num_samples"),
        *("num_features", "dropped_rows", "metrics", "datasets", "artifacts"),
    }
    assert set(published("log")["required"]) >= {
        *("manifest", "sequence", "recorded_at", "message", "run", "run_id", "status", "label", "metrics"),
        *("datasets", "artifacts"),
    }
    assert set(published("verify-file")["required"]) >= {
        *("file", "verdict", "levels", "runs"),
        "history",
        "problems",
    }
    assert set(published("verify-store")["required"]) >= {
        "verdict",
        "manifests",
        "objects",
        "blobs",
        "problems",
    }
    assert set(published("inspect")["required"]) >= {
        *("artifact_path", "pipeline_steps", "step_count", "has_preprocessing", "model", "tree", "arrays"),
        *("n_features_in", "feature_names_in", "classes", "libraries", "format", "globals", "complete"),
        *("problems", "fingerprint"),
    }
    assert set(published("schema")["required"]) >= {
        *("dataset_path", "fingerprint_sha256", "fingerprint_blake3", "content_fingerprint", "columns"),
        *("num_rows", "label_column", "label_present", "num_features_excluding_label", "rows_with_missing"),
        *("fields", "diagnostics"),
    }


# ------------------------------------------------------------------------------------ what commands print


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Three runs, and a fourth with a real pipeline, params and an artifact."""
    import joblib

    made = Project.make(tmp_path_factory.mktemp("schemas") / "project")
    pipe = make_pipeline(StandardScaler(), LogisticRegression()).fit([[0.0], [1.0], [2.0]], [0, 1, 1])
    joblib.dump(pipe, made.home / "pipe.joblib")
    (made.home / "plot.txt").write_text("a plot")
    (made.home / "runs" / "one").mkdir(parents=True)
    (made.home / "runs" / "one" / "metrics.json").write_text("{}")
    more = ("--model", "pipe.joblib", "--artifact", "plot.txt", "--params", "params.json")
    data = ("--data", "data.csv", "--label", "y", "--metrics", "metrics.json")
    assert made.obs("record", "--no-git", *data, *more).code == 0
    assert made.obs("prove", "-o", "proof").code == 0
    assert made.obs("checkpoint", "-o", "kept").code == 0
    return made


ANSWERS: Final[dict[tuple[str, ...], str]] = {
    ("init",): "init",
    ("record", "--data", "data.csv", "--dry-run"): "record",
    ("record", "--all", "runs", "--dry-run"): "record-all",
    ("log",): "log",
    ("show",): "show-run",
    ("show", "HEAD:model"): "show-object",
    ("show", "pipe.joblib"): "show-file",
    ("verify",): "verify-store",
    ("verify", "pipe.joblib"): "verify-file",
    ("verify", "data.csv", "--check-data"): "verify-file",
    ("verify", "pipe.joblib", "--proof", "proof", "--against", "kept"): "verify-proof",
    ("prove", "pipe.joblib"): "prove",
    ("prove", "--since", "kept"): "prove-since",
    ("checkpoint",): "checkpoint",
    ("schema", "data.csv", "--label", "y"): "schema",
    ("inspect", "pipe.joblib"): "inspect",
    ("export",): "export",
    ("export", "--all"): "export",
    ("export", "--run-only"): "export-run-only",
    ("restore", "HEAD:model", "-o", "back.joblib", "--force"): "restore",
    ("tag",): "tags",
    ("tag", "again", "HEAD"): "tag",
    ("status",): "status",
    ("diff", "HEAD~1", "HEAD~1"): "diff",
    ("diff", "data.csv", "data.csv"): "diff",
    ("fsck",): "fsck",
}


@pytest.mark.parametrize("arguments", ANSWERS, ids=" ".join)
def test_an_answer_follows_its_schema(project: Project, arguments: tuple[str, ...]) -> None:
    answer = project.obs(*arguments, "--json")
    assert answer.code == 0
    is_lines = arguments[0] in ("log", "export") or "--all" in arguments
    lines = answer.out.splitlines() if is_lines else [answer.out]
    assert lines
    for document in map(json.loads, lines):
        assert schema_of(arguments[0], document) == ANSWERS[arguments]
        assert problems(ANSWERS[arguments], document) == []


def test_an_error_follows_its_schema(project: Project) -> None:
    answer = project.obs("show", "nothing-here", "--json")
    assert problems("error", json.loads(answer.err)) == []


def test_every_command_and_every_schema_is_in_the_table() -> None:
    assert {arguments[0] for arguments in ANSWERS} | {"cat"} == set(COMMANDS)  # the answer of `cat` is bytes
    assert set(ANSWERS.values()) | {"error"} == set(names())


def test_what_is_missing_added_or_of_another_type_is_told(project: Project) -> None:
    document = project.json("show")
    assert problems("show-run", document) == []
    assert problems("show-run", {**document, "new": 1})
    assert problems("show-run", {key: value for key, value in document.items() if key != "run"})
    assert problems("show-run", {**document, "run": "abc"})
    assert problems("show-run", {**document, "datasets": [{**document["datasets"][0], "odd": 1}]})
    with pytest.raises(AssertionError):
        check_answer(("fsck", "--json"), json.dumps({"schema_version": 1}), "")


def test_an_answer_that_was_seen_vouches_for_no_other(project: Project) -> None:
    text, document = project.obs("show", "--json").out, project.json("show")
    for good in (document["run"], document["recorded_at"]):
        check_answer(("show", "--json"), text.replace(good, good.replace("1", "0")), "")
        with pytest.raises(AssertionError):
            check_answer(("show", "--json"), text.replace(good, good[:-1]), "")
    with pytest.raises(AssertionError):
        check_answer(("log", "--json"), json.dumps(document), "")


def test_the_readme_lists_every_schema() -> None:
    text = (Path(SCHEMAS) / "README.md").read_text("utf-8")
    assert set(re.findall(r"\]\(([a-z-]+)-v1\.json\)", text)) == set(names())
