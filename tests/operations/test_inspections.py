"""What `record` stores of a model file's inside: linked from the report, never in the way of the record."""

from __future__ import annotations

import pickle
from functools import partial
from pathlib import Path
from typing import Any

import joblib
import pytest
from modelfiles import evil
from modelzoo import model
from obs.cas.errors import ContentAbsent
from obs.cas.format.data import File
from obs.cas.format.frozen import fields_of
from obs.cas.format.ids import BlobId
from obs.cas.format.inspections import Inspection
from obs.cas.format.objects import object_id
from obs.cas.format.reports import Observation, Report
from obs.cas.format.runs import Link, Run
from obs.cas.observe.pickles.limits import Limits
from obs.cas.operations import inspect as inspecting
from obs.cas.operations.check import check_store
from obs.cas.operations.inspect import inspect_member, inspect_path
from obs.cas.operations.requests import Named, RecordRequest
from obs.cas.operations.revisions import resolve, resolve_member
from obs.cas.operations.show import ShownRun, show
from obs.cas.store.store import Store
from smallruns import again, checked, commit, history, make_store, record_run


def request_of(folder: Path, data: bytes, name: str = "model.pkl") -> RecordRequest:
    """The request that records these bytes as a model."""
    (folder / name).write_bytes(data)
    return RecordRequest(obs_version="0", model=Named(path=str(folder / name)), lock_timeout_seconds=30.0)


def shown(store: str, revision: str = "HEAD") -> ShownRun:
    with Store.open(store) as opened:
        run = show(opened, resolve(opened, revision))
    assert isinstance(run, ShownRun)
    return run


def test_what_is_stored_is_what_inspect_says(tmp_path: Path) -> None:
    store = make_store(str(tmp_path))
    record_run(store, request_of(tmp_path, pickle.dumps(model("pipeline"))))
    (file,) = shown(store).artifacts
    told = inspect_path(str(tmp_path / "model.pkl"))
    assert file.inspection is not None
    assert file.inspection["step_count"] == len(told.pipeline_steps) > 1
    for name in set(fields_of(type(told))) - {"artifact_path", "fingerprint"}:
        assert file.inspection[name] == getattr(told, name), name
    assert checked(store).problems == ()


def test_inspecting_changes_no_run_and_stores_it_once(tmp_path: Path) -> None:
    store = make_store(str(tmp_path))
    request = request_of(tmp_path, pickle.dumps(model("forest")))
    without = record_run(store, again(request, inspect=False))
    assert shown(store).artifacts[0].inspection is None
    first = record_run(store, request)
    assert first.run == without.run
    assert first.created  # the report differs
    assert not record_run(store, request).created
    assert shown(store).artifacts[0].inspection is not None


def test_other_artifacts_are_looked_into_if_they_are_called_as_models_are(tmp_path: Path) -> None:
    store = make_store(str(tmp_path))
    joblib.dump(model("pca"), tmp_path / "pca.joblib")
    (tmp_path / "notes.txt").write_bytes(pickle.dumps(model("pca")))
    named = tuple(Named(path=str(tmp_path / name)) for name in ("notes.txt", "pca.joblib"))
    record_run(store, RecordRequest(obs_version="0", artifacts=named))
    seen = {file.name: file.inspection for file in shown(store).artifacts}
    assert seen["notes.txt"] is None
    assert seen["pca.joblib"] is not None
    assert seen["pca.joblib"]["model"] is None
    assert seen["pca.joblib"]["n_features_in"] == model("pca").n_features_in_


@pytest.mark.parametrize("data", [b"", b"no model at all\n", b"\x00" * 5000, b"PAR1"], ids=repr)
def test_a_model_that_is_none_is_recorded_and_nothing_is_said(tmp_path: Path, data: bytes) -> None:
    store = make_store(str(tmp_path))
    done = record_run(store, request_of(tmp_path, data))
    assert done.created
    assert done.notes == ()
    assert shown(store).artifacts[0].inspection is None


def test_a_hostile_model_is_recorded_and_not_executed(tmp_path: Path) -> None:
    store, mark = make_store(str(tmp_path)), tmp_path / "mark"
    record_run(store, request_of(tmp_path, evil(mark)))
    assert not mark.exists()
    inspection = shown(store).artifacts[0].inspection
    assert inspection is not None
    rows: Any = inspection["globals"]
    assert [row["grade"] for row in rows] == ["dangerous"]


def test_a_model_that_breaks_off_is_stored_as_such(tmp_path: Path) -> None:
    store = make_store(str(tmp_path))
    record_run(store, request_of(tmp_path, pickle.dumps(model("pca"))[:-40]))
    inspection = shown(store).artifacts[0].inspection
    assert inspection is not None
    assert inspection["complete"] is False
    assert inspection["problems"]


def test_a_bug_in_the_inspection_costs_no_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: object) -> None:
        raise RecursionError

    monkeypatch.setattr(inspecting, "summarise", broken)
    store = make_store(str(tmp_path))
    done = record_run(store, request_of(tmp_path, pickle.dumps(model("pca"))))
    assert done.created
    assert done.notes == ("INSPECTION_FAILED",) == history(store)[0].manifest.notes == shown(store).notes


def test_what_the_clock_cut_short_is_not_stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    impatient = partial(inspecting.inspect_for_record, limits=Limits(seconds=0.0))
    monkeypatch.setattr(inspecting, "inspect_for_record", impatient)
    store = make_store(str(tmp_path))
    done = record_run(store, request_of(tmp_path, pickle.dumps(list(range(1_000_000)))))
    assert done.notes == ("INSPECTION_TIMED_OUT",) == history(store)[0].manifest.notes
    assert shown(store).artifacts[0].inspection is None


def test_of_a_file_that_was_not_kept_what_was_stored_is_told(tmp_path: Path) -> None:
    store = make_store(str(tmp_path))
    request = again(request_of(tmp_path, pickle.dumps(model("pca"))), keep_artifacts=False)
    record_run(store, request)
    record_run(store, again(request, inspect=False, force=True))
    told = inspect_path(str(tmp_path / "model.pkl"))
    with Store.open(store) as opened:
        found = inspect_member(opened, resolve_member(opened, "HEAD~1:model"), "HEAD~1:model")
        assert (found.tree, found.fingerprint) == (told.tree, told.fingerprint)
        with pytest.raises(ContentAbsent):
            inspect_member(opened, resolve_member(opened, "HEAD:model"), "HEAD:model")


def test_a_damaged_inspection_is_a_problem_of_the_run_and_no_more(tmp_path: Path) -> None:
    store = make_store(str(tmp_path))
    record_run(store, request_of(tmp_path, pickle.dumps(model("pca"))))
    with Store.open(store) as opened:
        report = opened.objects.get(Report, history(store)[0].manifest.report, "a manifest")
    (seen,) = report.observations
    path = Path(store, "objects", seen.id.hex[:2], seen.id.hex[2:])
    path.chmod(0o600)
    path.write_bytes(path.read_bytes()[:-1] + b"\xff")
    run = shown(store)
    assert run.artifacts[0].inspection is None
    assert [problem.id for problem in run.problems] == [seen.id.hex]
    assert [problem.id for problem in checked(store).problems] == [seen.id.hex]


def test_an_inspection_of_another_file_is_found(tmp_path: Path) -> None:
    """No obs writes it: a report that says of one model what is true of another."""
    store = make_store(str(tmp_path))
    record_run(store, request_of(tmp_path, pickle.dumps(model("pca"))))
    with Store.open(store) as opened:
        first = opened.objects.get(Report, history(store)[0].manifest.report, "a manifest")
        (seen,) = first.observations
        found = opened.objects.get(Inspection, seen.id, "a report")
        other = File(size=0, blake3=BlobId(b"\x01" * 32))
        run = Run(artifacts=(Link(role="model", name="m", kind="file", id=object_id(other)),))
        moved = Observation(role="model", kind="inspection", id=object_id(found))
        commit(opened, run, other, observations=(moved,))
        problems = check_store(opened, full=True).problems
    assert [(problem.code, problem.id) for problem in problems] == [("OBJECT_CORRUPT", seen.id.hex)]
    assert "another file" in problems[0].message


def test_an_artifact_that_is_a_dataset_by_its_first_bytes_is_not_kept(tmp_path: Path) -> None:
    store = make_store(str(tmp_path))
    for name, data in (("table.bin", b"PAR1 and so on"), ("weights.bin", b"no table")):
        record_run(store, request_of(tmp_path, data, name))
        (artifact,) = shown(store).artifacts
        assert artifact.kept is (name == "weights.bin")
