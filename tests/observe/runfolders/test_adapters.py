"""What each adapter reads out of a run folder, and what it leaves out."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from obs.cas.errors import FileMissing, InvalidRunFolder, WrongFileType
from obs.cas.format.claims import Claims
from obs.cas.format.ids import Sha256, blob_id
from obs.cas.observe.runfolders.flatyaml import parse_flat_yaml
from obs.cas.observe.runfolders.registry import list_runs, read_run_folder
from obs.cas.observe.runfolders.values import Given, RunFolder
from runfolders import VECTOR, mlflow_run, new_record, old_record, runforge_run, write_index

NOTHING = Given()


def claims_of(found: RunFolder) -> Claims:
    assert found.record is not None
    return found.record.claims


def roles(found: RunFolder) -> dict[str, str]:
    return {one.role: Path(one.path).name for one in found.artifacts}


# ---------------------------------------------------------------------- RunForge


def test_the_first_version(tmp_path: Path) -> None:
    folder = runforge_run(tmp_path / "r1", old_record())
    found = read_run_folder(str(folder), NOTHING)
    assert (found.adapter, found.run_id, found.label, found.status) == ("runforge", "r1", "y", None)
    assert claims_of(found) == Claims(
        adapter="runforge",
        trainer="runforge 0.1.0",
        created_at="2026-01-02T03:04:05.000000Z",
        dataset_path="data.csv",
        label="y",
        num_samples=3,
        num_features=2,
        dropped_rows=1,
        metrics={"accuracy": 0.5, "num_samples": 3, "num_features": 2},
    )
    assert found.record is not None
    assert found.record.blake3 == blob_id((folder / "run.json").read_bytes())
    assert found.model is not None
    assert (found.model.path, found.model.root) == (str(folder / "artifacts" / "model.pkl"), str(folder))
    assert found.metrics is not None
    assert found.given_metrics is None
    assert roles(found) == {"linear_json": "linear.json"}  # found, though the record does not name it
    assert found.diagnostics == ()


def test_a_later_version_has_roles_for_its_artifacts_and_keys_that_mean_nothing(tmp_path: Path) -> None:
    folder = runforge_run(tmp_path / "r1", new_record(dataset={"path": "d", "fingerprint_sha256": "aB" * 32}))
    (folder / "artifacts" / "m1.json").write_text("{}")
    found = read_run_folder(str(folder), NOTHING)
    assert roles(found) == {"linear_coefficients_json": "linear.json", "m1_json": "m1.json"}
    assert claims_of(found).dataset_sha256 == Sha256(b"\xab" * 32)
    assert found.diagnostics == ()


def test_without_a_metrics_file_the_records_metrics_are_the_runs(tmp_path: Path) -> None:
    folder = runforge_run(tmp_path / "r1", old_record(), {"metrics.json": ""})
    found = read_run_folder(str(folder), NOTHING)
    assert (found.metrics, found.given_metrics) == (None, old_record()["metrics"])


def test_paths_written_under_windows(tmp_path: Path) -> None:
    folder = runforge_run(tmp_path / "r1", old_record(artifacts={"model_pkl": "artifacts\\model.pkl"}))
    found = read_run_folder(str(folder), NOTHING)
    assert found.model is not None
    assert found.model.path == str(folder / "artifacts" / "model.pkl")


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"run_id": 7}, "run_id"),
        ({"run_id": "a\0b"}, "run_id"),
        ({"label_column": ["y"]}, "label_column"),
        ({"label_column": "y" * 5000}, "label_column"),
        ({"created_at": "yesterday"}, "created_at"),
        ({"created_at": "2026-01-02T03:04:05"}, "created_at"),
        ({"created_at": 1767323045}, "created_at"),
        ({"num_samples": -1}, "num_samples"),
        ({"num_samples": True}, "num_samples"),
        ({"num_features": 2.0}, "num_features"),
        ({"dropped_rows_missing_values": math.nan}, "dropped_rows_missing_values"),
        ({"dataset": "data.csv"}, "dataset"),
        ({"dataset": {"path": 5}}, "dataset.path"),
        ({"dataset": {"path": "a\0"}}, "dataset.path"),
        ({"dataset": {"fingerprint_sha256": "12"}}, "dataset.fingerprint_sha256"),
        ({"metrics": [1]}, "metrics"),
        ({"artifacts": "artifacts/model.pkl"}, "artifacts"),
        ({"artifacts": {"model_pkl": 1}}, "artifacts.model_pkl"),
        ({"status": "well"}, "status"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_key_of_the_wrong_type_is_left_out_and_said(
    changes: dict[str, Any], key: str, tmp_path: Path
) -> None:
    found = read_run_folder(str(runforge_run(tmp_path / "r1", old_record(**changes))), NOTHING)
    assert [(one.code, one.details["key"]) for one in found.diagnostics] == [("RECORD_KEY_INVALID", key)]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        '{"run_id": "r1", ',
        '{"run_id": "a", "run_id": "b"}',
        '{"run_id": "\\ud800"}',
        '{"run_id": "a", "n": 123456789012345678901234567890}',
        '{"run_id": ' + "[" * 40 + "]" * 40 + "}",
        '{"run_id": ' + "[" * 100_000,
        '{"run_id": "' + "a" * (1 << 20) + '"}',
        "\ufeff{}",
    ],
    ids=lambda text: text[:30],
)
def test_a_record_that_is_no_object(text: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidRunFolder, match=r"run\.json"):
        read_run_folder(str(runforge_run(tmp_path / "r1", text)), NOTHING)


def test_another_programs_run_json_means_nothing(tmp_path: Path) -> None:
    folder = runforge_run(tmp_path / "r1", {"id": 1}, {"model.pkl": "m"})
    found = read_run_folder(str(folder), NOTHING)
    assert (found.adapter, found.record) == ("plain", None)
    assert found.model is not None


HOSTILE = [
    "../../secret",
    "artifacts/../../../secret",
    "/etc/passwd",
    "artifacts/link",
    "linked/secret",
    "none",
]
HOSTILE_MORE = ["artifacts", "fifo", "a\0b", "", "..\\..\\secret", "."]


@pytest.mark.parametrize("path", HOSTILE + HOSTILE_MORE)
def test_a_model_that_leads_outside_or_nowhere(path: str, tmp_path: Path) -> None:
    import os

    (tmp_path / "secret").write_text("secret")
    folder = runforge_run(tmp_path / "runs" / "r1", old_record(artifacts={"model_pkl": path}))
    (folder / "linked").symlink_to(tmp_path)
    os.mkfifo(folder / "fifo")
    if path == "artifacts/link":
        (folder / "artifacts" / "link").symlink_to(tmp_path / "secret")
    if path in ("", "a\0b"):  # no path at all: the key is left out
        found = read_run_folder(str(folder), NOTHING)
        assert [one.details["key"] for one in found.diagnostics] == ["artifacts.model_pkl"]
        return
    with pytest.raises(InvalidRunFolder, match=r"artifacts\.model_pkl") as caught:
        read_run_folder(str(folder), NOTHING)
    assert "--status failed" in (caught.value.advice() or "")
    if path == "artifacts/link":
        return  # the artifacts folder itself holds a link, whatever the record says
    found = read_run_folder(str(folder), Given(status="failed"))
    assert {one.code for one in found.diagnostics} == {"ARTIFACT_NOT_RECORDED"}
    assert "secret" not in roles(found).values()


def test_a_link_among_the_artifacts_is_refused(tmp_path: Path) -> None:
    folder = runforge_run(tmp_path / "r1", old_record())
    (folder / "artifacts" / "link").symlink_to("/etc/passwd")
    with pytest.raises(WrongFileType, match="a symbolic link"):
        read_run_folder(str(folder), NOTHING)


def test_two_keys_for_one_absent_file_are_said_once(tmp_path: Path) -> None:
    record = old_record(status="failed", artifacts={"a": "gone", "b": "gone"})
    found = read_run_folder(str(runforge_run(tmp_path / "r1", record)), NOTHING)
    assert [one.details["name"] for one in found.diagnostics] == ["gone"]


# ---------------------------------------------------------------------- plain


def test_a_plain_folder(tmp_path: Path) -> None:
    for name in ("model.joblib", "metrics.json", "artifacts/plots/a.png", "artifacts/metrics", "artifacts/x"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("{}")
    for name in ("other.json", ".git/config", "artifacts/.hidden", "artifacts/d/.git/config"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("{}")
    (tmp_path / "artifacts" / "empty").mkdir()
    found = read_run_folder(str(tmp_path), NOTHING)
    assert roles(found) == {"plots": "plots", "metrics_2": "metrics", "x": "x"}
    assert [one.details["name"] for one in found.diagnostics] == ["artifacts/d"]
    assert (found.record, found.run_id, found.status) == (None, None, None)


def test_too_many_artifacts(tmp_path: Path) -> None:
    (tmp_path / "artifacts").mkdir()
    for number in range(257):
        (tmp_path / "artifacts" / f"{number}").touch()
    with pytest.raises(InvalidRunFolder, match="more than 256"):
        read_run_folder(str(tmp_path), NOTHING)


# ---------------------------------------------------------------------- MLflow


def test_what_the_real_mlflow_wrote() -> None:
    listed = list_runs(str(VECTOR / "mlruns"), NOTHING)
    assert len(listed) == 2
    good, bad = (read_run_folder(one.path, NOTHING) for one in listed)
    assert (good.status, bad.status) == ("ok", "failed")
    assert good.run_id == Path(listed[0].path).name
    assert good.given_params == {"C": "0.1", "solver": "lbfgs"}
    assert good.given_metrics is not None
    assert good.given_metrics["accuracy"] == 0.75  # of the highest step, which is not the last line
    loss = good.given_metrics["val/loss"]
    assert isinstance(loss, float)
    assert math.isnan(loss)
    assert good.model is not None
    assert good.model.path.endswith("artifacts/model.skops")
    assert roles(good) == {"extra": "extra", "mlmodel": "artifacts"}
    assert claims_of(good).dataset_path == "data.csv"
    assert good.diagnostics == ()
    assert (bad.model, bad.given_metrics, bad.artifacts) == (None, None, ())


def test_mlflow_2_keeps_models_among_the_artifacts(tmp_path: Path) -> None:
    found = read_run_folder(str(mlflow_run(tmp_path / "mlruns" / "1" / "ab12")), NOTHING)
    assert found.model is not None
    assert found.model.path.endswith("artifacts/model/model.pkl")
    assert roles(found) == {"mlmodel": "model", "notes_json": "notes.json"}
    assert found.given_metrics == {"accuracy": 0.75}
    assert claims_of(found).created_at == "2026-01-02T03:04:05.000000Z"


@pytest.mark.parametrize(("code", "status"), [(3, "ok"), (4, "failed"), (5, "cancelled")])
def test_statuses_of_mlflow(code: int, status: str, tmp_path: Path) -> None:
    assert read_run_folder(str(mlflow_run(tmp_path / "r", status=code)), NOTHING).status == status


@pytest.mark.parametrize("code", [1, 2])
def test_a_run_that_has_not_ended(code: int, tmp_path: Path) -> None:
    folder = str(mlflow_run(tmp_path / "r", status=code))
    with pytest.raises(InvalidRunFolder, match="has not ended"):
        read_run_folder(folder, NOTHING)
    assert read_run_folder(folder, Given(status="failed")).status == "failed"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("meta.yaml", b"run_id: a\nrun_id: b\n"),
        ("meta.yaml", b"{run_id: a}\n"),
        ("meta.yaml", b"\xff"),
        ("meta.yaml", b""),
        ("meta.yaml", b"run_id: a\n" + b"#" * (1 << 20)),
        ("metrics/accuracy", b""),
        ("metrics/accuracy", b"1 x 0\n"),
        ("metrics/accuracy", b"1\n"),
        ("metrics/accuracy", b"1 2 " + b"9" * 5000),
        ("params/C", b"a" * ((1 << 20) + 1)),
    ],
    ids=lambda value: repr(value)[:25],
)
def test_a_broken_mlflow_run(name: str, content: bytes, tmp_path: Path) -> None:
    folder = mlflow_run(tmp_path / "r")
    (folder / name).write_bytes(content)
    with pytest.raises(InvalidRunFolder, match=name.rsplit("/", maxsplit=1)[-1]):
        read_run_folder(str(folder), NOTHING)


@pytest.mark.parametrize("value", ["../../secret", "/etc/passwd", "none", "", "link", " " * 100_000 + "x"])
def test_an_mlmodel_that_names_no_file_beneath_it(value: str, tmp_path: Path) -> None:
    (tmp_path / "secret").touch()
    folder = mlflow_run(tmp_path / "r")
    (folder / "artifacts" / "model" / "MLmodel").write_text(f"flavors:\n    pickled_model: {value}\n")
    if value == "link":
        (folder / "artifacts" / "model" / "link").symlink_to(tmp_path / "secret")
        with pytest.raises(WrongFileType):
            read_run_folder(str(folder), NOTHING)
    else:
        assert read_run_folder(str(folder), NOTHING).model is None


def test_flat_yaml() -> None:
    text = (
        "a: plain: text\nb: 'it''s\n  folded'\nc: \"x\\u00fc\"\nd: null\ne:\nf: []\ng:\n- 1\n# comment\n"
        "h: '1'\ni:   spaced  \n"
    )
    assert parse_flat_yaml(text.encode(), "m") == {
        "a": "plain: text",
        "b": "it's folded",
        "c": "x\u00fc",
        "h": "1",
        "i": "spaced",
    }


# ---------------------------------------------------------------------- workspaces


def test_the_runs_of_a_workspace_oldest_first(tmp_path: Path) -> None:
    for name, day in (("b", 2), ("a", 2), ("c", 1), ("unlisted", 3)):
        record = old_record(name, created_at=f"2026-01-0{day}T00:00:00+01:00")
        runforge_run(tmp_path / ".ml" / "runs" / name, record)
    entries = [
        {"run_id": "a", "run_dir": ".ml/runs/a"},
        {"run_id": "b", "path": "runs\\b\\run.json"},
        {"run_id": "c"},
        {"run_id": "c", "run_path": str(tmp_path / ".ml" / "runs" / "c")},
    ]
    write_index(tmp_path, entries)
    assert [one.run_id for one in list_runs(str(tmp_path), NOTHING)] == ["c", "a", "b", "unlisted"]
    (tmp_path / ".ml" / "outputs" / "index.json").unlink()
    assert [one.run_id for one in list_runs(str(tmp_path), NOTHING)] == ["c", "a", "b", "unlisted"]


@pytest.mark.parametrize(
    "entry",
    [{"run_dir": "../outside"}, {"run_dir": "/outside"}, {"run_id": ".."}, {}, "a", {"path": "link/outside"}],
    ids=str,
)
def test_an_index_never_leads_outside(entry: Any, tmp_path: Path) -> None:
    runforge_run(tmp_path / "outside", old_record("outside"))
    workspace = tmp_path / "w"
    runforge_run(workspace / ".ml" / "runs" / "a", old_record("a"))
    (workspace / "link").symlink_to(tmp_path)
    write_index(workspace, [entry])
    good, bad = list_runs(str(workspace), NOTHING)
    assert (good.run_id, good.error) == ("a", None)
    assert bad.run_id is None
    assert isinstance(bad.error, InvalidRunFolder | WrongFileType)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"runs": {}}', '{"runs": [], "runs": []}'])
def test_a_broken_index_is_said_and_the_folders_are_looked_through(text: str, tmp_path: Path) -> None:
    runforge_run(tmp_path / ".ml" / "runs" / "a", old_record("a"))
    write_index(tmp_path, []).write_text(text)
    good, bad = list_runs(str(tmp_path), NOTHING)
    assert good.run_id == "a"
    assert "index.json" in str(bad.error)


def test_a_run_of_the_index_that_is_gone(tmp_path: Path) -> None:
    write_index(tmp_path, [{"run_id": "gone"}])
    (one,) = list_runs(str(tmp_path), NOTHING)
    assert isinstance(one.error, FileMissing)


def test_a_folder_of_plain_run_folders(tmp_path: Path) -> None:
    for name in ("b", "a"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "metrics.json").write_text(json.dumps({"a": 1}))
    (tmp_path / "none").mkdir()
    (tmp_path / "file").touch()
    (tmp_path / "latest").symlink_to("a")
    assert [Path(one.path).name for one in list_runs(str(tmp_path), NOTHING)] == ["a", "b"]
    with pytest.raises(InvalidRunFolder, match="no run folder"):
        list_runs(str(tmp_path / "none"), NOTHING)


def test_runs_that_mlflow_has_deleted_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "1").mkdir()
    (tmp_path / "1" / "meta.yaml").write_text("experiment_id: '1'\nname: iris\n")
    mlflow_run(tmp_path / "1" / "aa", lifecycle_stage="deleted")
    mlflow_run(tmp_path / "1" / "bb")
    for workspace in (tmp_path, tmp_path / "1"):
        assert [one.run_id for one in list_runs(str(workspace), NOTHING)] == ["bb"]
