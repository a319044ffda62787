"""`obs record RUN_DIR` and `obs record --all`: what of a trainer's folder becomes a run."""

from __future__ import annotations

import json
import os
import shutil
import time
from pathlib import Path
from typing import Any

import pytest
import standalone
from commandline import Project, assert_error, snapshot
from obs.cas.api import Store
from obs.cas.operations.run_folders import complete
from runfolders import DATA, VECTOR, new_record, old_record, runforge_run, write_index

RECORD = ("record", "--no-git")


@pytest.fixture
def home(tmp_path: Path) -> Project:
    """An empty store, and the data beside it."""
    project = Project(tmp_path / "home")
    project.home.mkdir()
    assert project.obs("init").code == 0
    (project.home / "data.csv").write_text(DATA)
    return project


def run(project: Project, name: str = "r1", record: Any = None, files: dict[str, str] | None = None) -> str:
    folder = Path(".ml", "runs", name)
    runforge_run(project.home / folder, old_record(name) if record is None else record, files)
    return str(folder)


def codes(document: Any) -> list[str]:
    return [found["code"] for found in document["diagnostics"]]


def claims_of_head(project: Project) -> str:
    """The id of what was read out of the newest run's record."""
    report = project.json("show", project.json("show")["report"])["value"]
    (found,) = [one["id"] for one in report["observations"] if one["kind"] == "claims"]
    return str(found)


def lines(project: Project, *more: str, code: int = 0) -> list[Any]:
    answer = project.obs(*RECORD, "--json", "--all", *more)
    assert answer.code == code, answer
    return [json.loads(line) for line in answer.out.splitlines()]


# ---------------------------------------------------------------------- one run


@pytest.mark.parametrize("record", [old_record(), new_record()], ids=["old", "new"])
def test_a_run_of_the_trainer_says_everything_itself(record: dict[str, Any], home: Project) -> None:
    done = home.json(*RECORD, run(home, record=record))
    assert (done["run_id"], done["status"], done["label"]) == ("r1", "ok", "y")
    assert [(one["role"], one["name"]) for one in done["datasets"]] == [("data", "data.csv")]
    assert done["metrics"] == old_record()["metrics"]
    assert "model" in {one["role"] for one in done["artifacts"]}
    assert done["notes"] == []
    assert home.obs("cat", "HEAD:record").out == (home.home / ".ml/runs/r1/run.json").read_text()
    claims = home.json("show", claims_of_head(home))["value"]
    assert (claims["adapter"], claims["num_samples"], claims["dropped_rows"]) == ("runforge", 3, 1)
    standalone.Store(home.store).check()
    assert home.obs("fsck").code == 0


def test_options_count_for_more_than_the_folder(home: Project) -> None:
    (home.home / "other.csv").write_text("x,w\n1,2\n")
    (home.home / "m.json").write_text('{"accuracy": 1}')
    options = ("--data", "other.csv", "--label", "w", "--run-id", "mine", "--status", "cancelled")
    done = home.json(*RECORD, run(home), *options, "--model", "other.csv", "--metrics", "m.json")
    assert (done["run_id"], done["status"], done["label"]) == ("mine", "cancelled", "w")
    assert done["datasets"][0]["name"] == "other.csv"
    assert {one["role"]: one["name"] for one in done["artifacts"]}["model"] == "other.csv"
    assert done["metrics"] == {"accuracy": 1}


@pytest.mark.parametrize(
    ("path", "note"),
    [
        ("C:\\Users\\somebody\\data.csv", "DATASET_ABSENT"),
        ("/home/somebody/of/another/machine.csv", "DATASET_ABSENT"),
        ("../outside.csv", "DATASET_OUTSIDE"),
        ("link.csv", "DATASET_OUTSIDE"),
        (".obs/HEAD", "DATASET_ABSENT"),
        (".", "DATASET_OUTSIDE"),
        ("fifo", "DATASET_ABSENT"),
    ],
)
def test_a_dataset_that_is_not_followed(path: str, note: str, home: Project) -> None:
    (home.home.parent / "outside.csv").write_text(DATA)
    (home.home / "link.csv").symlink_to(home.home.parent / "outside.csv")
    os.mkfifo(home.home / "fifo")
    done = home.json(*RECORD, run(home, record=old_record(dataset={"path": path})))
    assert (done["datasets"], done["notes"]) == ([], [note])


def test_a_label_that_the_data_lacks_is_recorded_if_the_folder_says_it(home: Project) -> None:
    folder = run(home, record=old_record(label_column="none"))
    assert "LABEL_NOT_FOUND" in codes(home.json(*RECORD, folder))
    answer = home.obs(*RECORD, folder, "--label", "nothing")
    assert_error(answer, 1, "nothing", "data.csv")


@pytest.mark.parametrize("text", ["[1]", '{"a": 1, "a": 2}', "{", "\ufeff{}"])
def test_metrics_of_a_folder_that_are_none(text: str, home: Project) -> None:
    folder = run(home, files={"metrics.json": text})
    done = home.json(*RECORD, folder)
    assert done["metrics"] is None
    assert "METRICS_SCHEMA_MISMATCH" in codes(done)
    assert home.obs("cat", "HEAD:metrics").out == text
    assert home.obs(*RECORD, "--metrics", f"{folder}/metrics.json").code == 1


def test_a_failed_run_without_a_model(home: Project) -> None:
    folder = run(home, record=old_record(status="failed"), files={"artifacts/model.pkl": ""})
    done = home.json(*RECORD, folder)
    assert done["status"] == "failed"
    assert "ARTIFACT_NOT_RECORDED" in codes(done)
    folder = run(home, "r2", files={"artifacts/model.pkl": ""})
    home.assert_refused((*RECORD, folder), 2, "INVALID_RUN_FOLDER", "artifacts.model_pkl", "--status failed")
    assert home.json(*RECORD, folder, "--status", "cancelled")["status"] == "cancelled"


def test_the_same_run_id_with_other_bytes_is_another_run(home: Project) -> None:
    folder = run(home)
    first = home.json(*RECORD, folder)
    (home.home / folder / "artifacts" / "model.pkl").write_text("another model")
    second = home.json(*RECORD, folder)
    assert first["run"] != second["run"]
    answer = home.obs("show", "run:r1")
    assert_error(answer, 2, "run:r1")
    assert first["manifest"][:16] in answer.err
    assert second["manifest"][:16] in answer.err


def test_a_record_that_changes_between_two_readings(home: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = run(home)

    def then_rewritten(*arguments: Any) -> Any:
        done = complete(*arguments)
        (home.home / folder / "run.json").write_text(json.dumps(old_record("r1", num_samples=4)))
        return done

    monkeypatch.setattr("obs.cas.operations.run_folders.complete", then_rewritten)
    assert_error(home.obs(*RECORD, folder), 4, "run.json was changed")
    assert home.obs("log").out == ""


def test_a_model_that_becomes_a_link_between_two_looks(
    home: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = run(home)
    model = home.home / folder / "artifacts" / "model.pkl"

    def then_linked(*arguments: Any) -> Any:
        done = complete(*arguments)
        model.unlink()
        model.symlink_to("/etc/passwd")
        return done

    monkeypatch.setattr("obs.cas.operations.run_folders.complete", then_linked)
    assert_error(home.obs(*RECORD, folder), 2, "model.pkl is a symbolic link")


def test_the_same_folder_by_the_python_interface(home: Project) -> None:
    folder = run(home)
    done = home.json(*RECORD, folder)
    with Store.open(home.home) as store:
        again = store.record(home.home / folder, git=False)
    assert (again.run.hex, again.created) == (done["run"], False)


def test_what_mlflow_wrote(home: Project) -> None:
    shutil.copytree(VECTOR / "mlruns", home.home / "mlruns")
    shutil.copy(VECTOR / "data.csv", home.home / "data.csv")
    good, bad = lines(home, "mlruns")
    assert (good["state"], bad["state"]) == ("recorded", "recorded")
    log = [json.loads(line) for line in home.obs("log", "--json").out.splitlines()]
    assert [line["status"] for line in log] == ["failed", "ok"]
    assert log[1]["metrics"] == {"accuracy": 0.75, "val/loss": "NaN"}
    assert log[1]["run_id"] == good["run_id"]
    assert [one["name"] for one in log[1]["datasets"]] == ["data.csv"]
    shown = home.json("show", good["run"])
    assert shown["params"] == {"C": "0.1", "solver": "lbfgs"}
    standalone.Store(home.store).check()


def test_a_model_of_mlflow_is_a_file_and_in_a_folder_of_one_run(home: Project) -> None:
    shutil.copytree(VECTOR / "mlruns", home.home / "mlruns")
    (good, _) = lines(home, "mlruns")
    (model,) = home.home.glob("mlruns/*/models/*/artifacts/model.skops")
    shown = home.json("verify", str(model))
    assert {(one["role"], one["member"]) for one in shown["runs"]} == {
        ("mlmodel", "model.skops"),
        ("model", None),
    }
    told = [line for line in home.obs("verify", str(model)).out.splitlines() if good["run"][:12] in line]
    (line,) = told
    assert line.startswith("  output 'model' and output 'mlmodel' (as model.skops) of run ")


def test_bytes_that_stand_in_many_places_of_a_run(home: Project) -> None:
    (home.home / "parts").mkdir()
    for name in range(9):
        (home.home / "parts" / f"{name}.csv").write_text("x\n1\n")
    home.json(*RECORD, "--data", "parts", "--artifact", "copy=parts/0.csv")
    assert len(home.json("verify", "parts/3.csv")["runs"]) == 10
    (line,) = [line for line in home.obs("verify", "parts/3.csv").out.splitlines() if " of run " in line]
    assert line.startswith("  output 'copy' and input 'data' (as 0.csv) and input 'data' (as 1.csv) and ")
    assert " (as 2.csv) and 6 more places of run " in line


# ---------------------------------------------------------------------- a workspace


def test_a_workspace_oldest_first_and_once(home: Project) -> None:
    for name, day in (("b", 1), ("a", 2), ("c", 3)):
        run(home, name, old_record(name, created_at=f"2026-01-0{day}T00:00:00Z"))
    found = lines(home, ".")
    assert [(one["run_id"], one["state"], one["sequence"]) for one in found] == [
        ("b", "recorded", 0),
        ("a", "recorded", 1),
        ("c", "recorded", 2),
    ]
    run(home, "d", old_record("d", created_at="2026-01-04T00:00:00Z"))
    again = lines(home, ".")
    assert [(one["run_id"], one["state"]) for one in again] == [
        ("b", "known"),
        ("a", "known"),
        ("c", "known"),
        ("d", "recorded"),
    ]
    assert [one["run"] for one in again[:3]] == [one["run"] for one in found]


def test_a_known_run_gets_no_second_manifest_for_a_new_environment(home: Project) -> None:
    run(home)
    lines(home, ".")
    venv = home.home / "venv"
    (venv / "lib" / "python3.12" / "site-packages").mkdir(parents=True)
    (venv / "pyvenv.cfg").write_text("home = /nowhere\nversion = 3.12.1\n")
    assert [one["state"] for one in lines(home, ".", "--python", "venv", "--no-cache", "-m", "x")] == [
        "known"
    ]
    assert [one["state"] for one in lines(home, ".", "--force")] == ["recorded"]


def test_a_folder_in_which_nothing_changed_is_not_read_again(home: Project) -> None:
    folder = home.home / run(home)
    lines(home, ".")
    time.sleep(2.1)  # what is younger than 2 s is always read
    assert lines(home, ".")[0]["manifest"] is not None
    known = lines(home, ".")[0]
    assert (known["state"], known["manifest"]) == ("known", None)  # by its stat
    (folder / "artifacts" / "model.pkl").write_text("model_of_r1")  # of the same size
    assert lines(home, ".")[0]["state"] == "recorded"
    assert lines(home, ".", "--status", "cancelled")[0]["state"] == "recorded"


def test_a_broken_run_is_told_and_the_others_go_on(home: Project) -> None:
    run(home, "a")
    run(home, "b", '{"run_id": ')
    run(home, "c", files={"artifacts/model.pkl": ""})
    run(home, "d", old_record("d", created_at=None))
    found = lines(home, ".", code=2)
    assert [(Path(one["path"]).name, one["state"]) for one in found] == [
        ("a", "recorded"),
        ("b", "failed"),
        ("c", "failed"),
        ("d", "recorded"),
    ]
    said = [one["error"]["code"] for one in found if one["error"] is not None]
    assert said == ["INVALID_RUN_FOLDER"] * 2
    answer = home.obs(*RECORD, "--all", ".")
    assert answer.code == 2
    assert len(answer.out.splitlines()) == 4
    assert answer.err == "2 failed, 2 known\n"


def test_a_dry_run_of_a_workspace_writes_nothing(home: Project) -> None:
    run(home)
    before = snapshot(home.home)
    assert [one["state"] for one in lines(home, ".", "--dry-run")] == ["would-record"]
    assert snapshot(home.home) == before


@pytest.mark.parametrize(
    "arguments",
    [("--all", ".", "run"), ("--all", ".", "--model", "m"), ("--all", ".", "--param", "a=1")],
    ids=" ".join,
)
def test_what_belongs_to_one_run(arguments: tuple[str, ...], home: Project) -> None:
    run(home)
    home.assert_refused((*RECORD, *arguments), 2, "USAGE", "--all")


ONE_RUN = """
model = "none.pkl"
metrics = "none.json"
params = "none.toml"
param = ["a=1"]
artifact = ["none"]
run-id = "configured"
"""


def test_settings_that_belong_to_one_run_are_not_meant_with_a_workspace(home: Project) -> None:
    run(home, "a")
    run(home, "b", old_record("b"))
    plain = {(one["run_id"], one["run"]) for one in lines(home, ".", "--dry-run")}
    (home.home / "obs.toml").write_text(ONE_RUN)
    assert {(one["run_id"], one["run"]) for one in lines(home, ".")} == plain
    home.assert_refused((*RECORD, "--all", ".", "--run-id", "x"), 2, "USAGE", "--all")
    home.assert_refused(RECORD, 2, "FILE_MISSING", "none.pkl")  # elsewhere they count


def test_settings_of_files_are_not_meant_with_a_run_folder(home: Project) -> None:
    folder = run(home)
    plain = home.json(*RECORD, folder, "--param", "a=1", "--dry-run")
    (home.home / "obs.toml").write_text(ONE_RUN)
    assert home.json(*RECORD, folder, "--dry-run")["run"] == plain["run"]
    home.assert_refused((*RECORD, folder, "--model", "m"), 2, "FILE_MISSING", "m")


@pytest.mark.parametrize("arguments", [("--all", "."), (".ml/runs/r1",)], ids=["workspace", "folder"])
def test_what_the_folder_says_counts_for_more_than_the_settings(
    arguments: tuple[str, ...], home: Project
) -> None:
    run(home)
    (home.home / "other.csv").write_text("x,w\n1,2\n")
    (home.home / "obs.toml").write_text('data = "other.csv"\nlabel = "w"\n')
    assert home.obs(*RECORD, *arguments).code == 0
    shown = home.json("show")
    assert ([one["name"] for one in shown["datasets"]], shown["label"]) == (["data.csv"], "y")
    said = home.obs(*RECORD, *arguments, "--data", "other.csv", "--label", "w")
    assert said.code == 0
    shown = home.json("show")
    assert ([one["name"] for one in shown["datasets"]], shown["label"]) == (["other.csv"], "w")


def test_the_settings_count_where_the_folder_says_nothing(home: Project) -> None:
    (home.home / "runs" / "a").mkdir(parents=True)
    (home.home / "runs" / "a" / "metrics.json").write_text("{}")
    (home.home / "obs.toml").write_text('data = "data.csv"\nlabel = "y"\n')
    assert home.obs(*RECORD, "--all", "runs").code == 0
    shown = home.json("show")
    assert ([one["name"] for one in shown["datasets"]], shown["label"]) == (["data.csv"], "y")


def test_other_data_do_not_stand_in_for_those_that_a_record_names(home: Project) -> None:
    run(home)
    (home.home / "data.csv").rename(home.home / "other.csv")
    (home.home / "obs.toml").write_text('data = "other.csv"')
    done = home.json(*RECORD, ".ml/runs/r1")
    assert (done["datasets"], done["notes"]) == ([], ["DATASET_ABSENT"])


def test_a_workspace_in_the_settings_is_not_meant_with_one_run(home: Project) -> None:
    (home.home / "obs.toml").write_text('all = "."')
    folder = run(home, "a")
    run(home, "b", old_record("b"))
    assert home.json(*RECORD, folder)["run_id"] == "a"
    (home.home / "m.json").write_text("{}")
    assert home.json(*RECORD, "--metrics", "m.json")["sequence"] == 1
    assert len(home.obs(*RECORD).out.splitlines()) == 2  # alone: the workspace


@pytest.mark.parametrize(("setting", "option"), [("keep-data", "--no-keep"), ("no-keep", "--keep-data")])
def test_what_is_kept_the_command_line_says(setting: str, option: str, home: Project) -> None:
    (home.home / "obs.toml").write_text(f"{setting} = true")
    (home.home / "d.csv").write_text("x\n1\n")
    home.json(*RECORD, "--data", "d.csv", option)
    assert home.json("show")["datasets"][0]["kept"] is (option == "--keep-data")
    home.assert_refused((*RECORD, "--data", "d.csv", "--no-keep", "--keep-data"), 2, "USAGE", "contradict")


def test_an_index_of_many_runs(home: Project) -> None:
    """1,000 runs of which all but one are gone: as many answers, and the one is recorded."""
    names = [f"r{number}" for number in range(1000)]
    run(home, "r500")
    write_index(home.home, [{"run_id": name, "run_dir": f".ml/runs/{name}"} for name in names])
    found = lines(home, ".", code=2)
    assert len(found) == 1000
    assert [one["run_id"] for one in found if one["state"] == "recorded"] == ["r500"]
