"""`obs inspect` as a user meets it."""

from __future__ import annotations

import gzip
import json
import os
import pickle
from pathlib import Path
from typing import Any

import joblib
import modelzoo
import pytest
from commandline import TIME, obs
from modelfiles import evil
from obs.cas.format.data import File

KEYS = [
    "schema_version", "artifact_path", "pipeline_steps", "step_count", "has_preprocessing", "model", "tree",
    "estimator_count", "n_features_in", "feature_names_in", "classes", "libraries", "format", "arrays",
    "globals", "complete", "problems", "cut", "fingerprint",
]  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "model.pkl").write_bytes(pickle.dumps(modelzoo.model("column_transformer"), 4))
    return tmp_path


def document(folder: Path, *arguments: str, code: int = 0) -> dict[str, Any]:
    answer = obs("inspect", *arguments, "--json", cwd=folder)
    assert answer.code == code, answer.err
    found: dict[str, Any] = json.loads(answer.out)
    assert list(found) == KEYS
    return found


def test_the_tree_for_people(folder: Path) -> None:
    answer = obs("inspect", "model.pkl", cwd=folder)
    assert (answer.code, answer.err) == (0, "")
    for text in (
        "pickle, protocol 4",
        "written by scikit-learn",
        "columns: ColumnTransformer  composition",
        "num: Pipeline",
        'columns ["age", "income"]',
        "model: LogisticRegression  classifier  sklearn.linear_model._logistic",
        "coef_ float64[1, 5]",
        'names     "age", "income", "city", "note"',
        "names that loading would import: 12 known",
    ):
        assert text in answer.out
    assert "safe" not in answer.out


def test_the_document(folder: Path) -> None:
    found = document(folder, "model.pkl")
    assert found["artifact_path"] == "model.pkl"
    assert found["pipeline_steps"] == [
        {"name": "columns", "type": "ColumnTransformer", "module": "sklearn.compose._column_transformer"},
        {"name": "model", "type": "LogisticRegression", "module": "sklearn.linear_model._logistic"},
    ]
    assert (found["step_count"], found["has_preprocessing"], found["complete"]) == (2, True, True)
    assert found["model"]["kind"] == "classifier"
    assert (found["n_features_in"], found["classes"]) == (4, [0, 1])
    assert found["format"] == {"container": "pickle", "protocol": 4, "compression": None}
    assert set(found["libraries"]) == {"scikit-learn"}
    assert {"name", "type", "module", "role", "parameters", "fitted", "children"} <= set(found["tree"])
    assert len(found["fingerprint"]["blake3"]) == len(found["fingerprint"]["sha256"]) == 64
    assert found == document(folder, "model.pkl")
    assert document(folder, "model.pkl", "--no-fingerprint")["fingerprint"] is None


def test_a_path_and_a_time_change_nothing_but_the_path(folder: Path) -> None:
    (folder / "b").mkdir()
    copy = folder / "b" / "other.bin"
    copy.write_bytes((folder / "model.pkl").read_bytes())
    os.utime(copy, (1, 1))
    found, other = document(folder, "model.pkl"), document(folder, str(copy))
    assert {**found, "artifact_path": ""} == {**other, "artifact_path": ""}


def test_depth(folder: Path) -> None:
    found = document(folder, "model.pkl", "--depth", "0")
    assert (found["tree"]["children"], found["tree"]["more_children"]) == ([], 2)
    one = document(folder, "model.pkl", "--depth", "1")
    assert [child["children"] for child in one["tree"]["children"]] == [[], []]
    shown = obs("inspect", "model.pkl", "--depth", "1", cwd=folder).out
    assert "ColumnTransformer" in shown
    assert "SimpleImputer" not in shown
    assert "… and 3 more" in shown
    assert obs("inspect", "model.pkl", "--depth", "-1", cwd=folder).code == 2


@pytest.mark.parametrize("compress", [0, 3, ("gzip", 3), ("bz2", 3), ("xz", 3)], ids=str)
def test_joblib(folder: Path, compress: Any) -> None:
    joblib.dump(modelzoo.model("forest"), folder / "model.joblib", compress=compress)
    found = document(folder, "model.joblib")
    assert found["format"]["container"] == "joblib"
    assert found["tree"]["children"][0]["count"] == 8
    assert found["classes"] == [0, 1, 2]


def test_a_kept_file_of_a_run(folder: Path) -> None:
    (folder / "data.csv").write_text("a,label\n1,0\n2,1\n", encoding="ascii")
    (folder / "metrics.json").write_text('{"accuracy": 1.0}', encoding="ascii")
    assert obs("init", cwd=folder).code == 0
    recorded = obs(
        *("record", "--data", "data.csv", "--label", "label", "--model", "model.pkl"),
        *("--metrics", "metrics.json", "--timestamp", TIME, "--no-git"),
        cwd=folder,
    )
    assert recorded.code == 0, recorded.err
    (folder / "model.pkl").unlink()
    found = document(folder, "HEAD:model")
    assert found["artifact_path"] == "HEAD:model"
    assert found["step_count"] == 2
    absent = obs("inspect", "HEAD:data", cwd=folder)
    assert (absent.code, "not kept" in absent.err) == (5, True)
    assert obs("inspect", "HEAD:nothing", cwd=folder).code == 2
    assert obs("inspect", "HEAD:metrics", cwd=folder).code == 1
    # A file of that name comes first.
    (folder / "HEAD:model").write_bytes(pickle.dumps(modelzoo.model("logistic")))
    assert document(folder, "HEAD:model")["step_count"] == 0
    (folder / "HEAD:model").unlink()
    blob = folder / ".obs" / "blobs" / found["fingerprint"]["blake3"][:2] / found["fingerprint"]["blake3"][2:]
    blob.chmod(0o600)
    data = bytearray(blob.read_bytes())
    data[-2] ^= 1
    blob.write_bytes(data)
    assert obs("inspect", "HEAD:model", cwd=folder).code == 3


@pytest.mark.parametrize(
    "data",
    [b"", b"hello world\n", b"age,city\n1,2\n", b"city,age\n1,2\n", b"country\nNorway\nSweden\n",
     b"cos\nsin\n", b"N.B. this is text\n", b"\x00" * 100, b"PAR1" + b"\0" * 60,
     b"\x93NUMPY\x01\0" + b"\0" * 60, gzip.compress(b"hello world")],
    ids=["empty", "text", "csv", "csv that begins with c", "csv of one column", "csv of names", "nota bene",
         "zeros", "parquet", "npy", "gzip of text"],
)  # fmt: skip
def test_what_is_no_model_file(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "x").write_bytes(data)
    answer = obs("inspect", "x", cwd=tmp_path)
    assert (answer.code, answer.out) == (1, "")
    assert "x is not a model file" in answer.err
    error = json.loads(obs("inspect", "x", "--json", cwd=tmp_path).err)["error"]
    assert error["code"] == "NOT_A_MODEL_FILE"


def test_what_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    for name in ("folder", "pipe", "absent", ""):
        assert obs("inspect", name, cwd=tmp_path).code == 2, name
    assert obs("inspect", cwd=tmp_path).code == 2
    assert obs("inspect", "HEAD:model", cwd=tmp_path).code == 4  # no store


def test_a_file_that_breaks_off(folder: Path) -> None:
    data = (folder / "model.pkl").read_bytes()
    (folder / "half.pkl").write_bytes(data[: len(data) // 2])
    found = document(folder, "half.pkl", code=5)
    assert not found["complete"]
    assert "TRUNCATED" in [problem["code"] for problem in found["problems"]]
    answer = obs("inspect", "half.pkl", cwd=folder)
    assert answer.code == 5
    assert "incomplete" in answer.out
    (folder / "half.gz").write_bytes(gzip.compress(data)[:-200])
    assert document(folder, "half.gz", code=5)["format"]["compression"] == "gzip"


def test_other_formats_of_models_are_named(tmp_path: Path) -> None:
    (tmp_path / "x.skops").write_bytes(b"PK\x03\x04" + b"\0" * 60)
    found = document(tmp_path, "x.skops", code=5)
    assert found["format"]["container"] == "zip"
    assert found["tree"] is None


@pytest.mark.parametrize("protocol", range(6))
def test_a_payload_is_listed_and_not_run(tmp_path: Path, protocol: int) -> None:
    mark = tmp_path / "mark"
    (tmp_path / "x.pkl").write_bytes(evil(mark, protocol))
    found = document(tmp_path, "x.pkl")
    assert found["globals"] == [
        {"module": "posix", "name": "mkdir", "grade": "dangerous", "reason": found["globals"][0]["reason"]}
    ]
    answer = obs("inspect", "x.pkl", cwd=tmp_path)
    assert answer.code == 0
    assert "dangerous  posix.mkdir:" in answer.out
    assert "1 dangerous" in answer.out
    assert not mark.exists()


def test_texts_of_a_file_cannot_steer_a_terminal(tmp_path: Path) -> None:
    from sklearn.pipeline import Pipeline

    names = ["\x1b[2J", "\u202egnp", "a\nb", "\ud800", "\x9b1m", "x" * 5_000_000]
    model = Pipeline([])
    model.steps = [(name, {"\x1b[31m": name}) for name in names]
    model.memory = "\x1b]0;owned\x07"
    (tmp_path / "x.pkl").write_bytes(pickle.dumps(model))
    answer = obs("inspect", "x.pkl", cwd=tmp_path)
    assert answer.code == 0
    for bad in ("\x1b", "\u202e", "\x9b", "\x07"):
        assert bad not in answer.out
    assert len(answer.out) < 20_000
    raw = obs("inspect", "x.pkl", "--json", cwd=tmp_path).out
    assert raw.isascii()
    assert json.loads(raw)["step_count"] == len(names)


def test_from_python(folder: Path) -> None:
    from obs.cas import api

    found = api.inspect(folder / "model.pkl")
    assert found.step_count == 2
    assert found.tree is not None
    assert found.tree["type"] == "Pipeline"
    assert found.fingerprint is not None
    whole = api.fingerprint(folder / "model.pkl")
    assert isinstance(whole, File)
    assert found.fingerprint.blake3 == whole.blake3


def test_scikit_learn_is_not_imported(folder: Path) -> None:
    from commandline import process

    before = (
        "import sys; sys.modules.update(dict.fromkeys(('sklearn', 'numpy', 'pandas', 'scipy', 'joblib')))"
    )
    answer = process("inspect", "model.pkl", cwd=folder, before=before)
    assert answer.code == 0, answer.err
    assert "LogisticRegression" in answer.out


def test_a_file_of_skops(folder: Path) -> None:
    import pickle

    import skops.io

    model = pickle.loads((folder / "model.pkl").read_bytes())
    (folder / "model.skops").write_bytes(skops.io.dumps(model))
    mine, pickled = document(folder, "model.skops"), document(folder, "model.pkl")
    assert mine["format"]["container"] == "skops"
    assert mine["tree"] == pickled["tree"]
    first = obs("inspect", "model.skops", cwd=folder).out.splitlines()[0]
    assert first.endswith("skops, protocol 2")
