"""`diff` of runs, and of their files: what is told, what is unknown, and what damage leaves of it."""

from __future__ import annotations

import json
import pickle
import shutil
from pathlib import Path
from typing import Any

import pytest
from obs.cas.api import Store
from obs.cas.errors import BadArgument, CorruptObject, FileMissing, UnknownRevision
from obs.cas.format.ids import ObjectId
from obs.cas.format.manifests import Manifest
from obs.cas.format.objects import object_id
from obs.cas.format.reports import Diagnostic, Environment, Report, Severity, Source
from obs.cas.format.runs import Run
from obs.cas.operations import diff as diffs
from obs.cas.operations import revisions
from obs.cas.operations.diff import Diff
from obs.cas.operations.rundiff import DiagnosticChange, RunDiff
from obs.cas.operations.show import ShownRun
from obs.cas.store.chain import Position
from obs.cas.store.store import Store as StoreFolder
from obs.cli.render_diff import diff_lines
from sklearn.preprocessing import StandardScaler
from smallruns import commit, make_store

TABLE = "x,y\n1,0\n2,1\n3,0\n"
MODEL = pickle.dumps(StandardScaler().fit([[1.0], [2.0]]), 4)
OTHER = pickle.dumps(StandardScaler(with_mean=False).fit([[1.0], [2.0]]), 4)
METRICS: dict[str, Any] = {"accuracy": 0.5, "num_samples": 3}
ONE = Environment(
    whose="prefix",
    python="3.12.1",
    packages=(("joblib", "1.4.0"), ("numpy", "2.1.0")),
    source=Source(commit="a" * 40),
)
TWO = Environment(
    whose="prefix",
    python="3.12.2",
    packages=(("numpy", "2.2.0"), ("scipy", "1.14.0")),
    source=Source(commit="a" * 40, dirty=True),
)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "data.csv").write_text(TABLE)
    (tmp_path / "model.pkl").write_bytes(MODEL)
    (tmp_path / "metrics.json").write_text(json.dumps(METRICS))
    Store.init(tmp_path).close()
    return tmp_path


def record(home: Path, **more: Any) -> None:
    """Records the files as they are."""
    given: dict[str, Any] = {
        "data": home / "data.csv",
        "label": "y",
        "model": home / "model.pkl",
        "metrics": home / "metrics.json",
    }
    with Store.open(home) as store:
        store.record(git=False, cache=False, force=True, **{**given, **more})


def compare(home: Path, before: str | Path = "HEAD~1", after: str | Path = "HEAD") -> Diff:
    with Store.open(home) as store:
        return store.diff(before, after)


def runs_of(found: Diff) -> RunDiff:
    assert (found.kind, found.file) == ("runs", None)
    assert found.runs is not None
    return found.runs


def told(found: Diff) -> dict[str, Any]:
    """What differs, without what is empty."""
    return {name: value for name, value in runs_of(found).__dict__.items() if value}


def changes(found: Any) -> list[tuple[Any, ...]]:
    return [(one.path, one.state, one.before, one.after, one.delta) for one in found]


def shown_run(home: Path, revision: str = "HEAD") -> ShownRun:
    with Store.open(home) as store:
        shown = store.show(revision)
    assert isinstance(shown, ShownRun)
    return shown


def damage(home: Path, wanted: ObjectId) -> None:
    (home / ".obs" / "objects" / wanted.hex[:2] / wanted.hex[2:]).write_bytes(b"\0")


def test_a_run_that_was_repeated_is_equal(home: Path) -> None:
    record(home, run_id="first", message="once")
    shutil.copy(home / "data.csv", home / "copy.csv")
    (home / "metrics.json").write_text(json.dumps(METRICS, indent=4))
    record(home, data=home / "copy.csv", run_id="second", message="again")
    found = compare(home)
    assert (told(found), found.equal, found.exit_code) == ({}, True, 0)
    assert (found.before.run_id, found.after.run_id) == ("first", "second")
    assert found.before.run != found.after.run
    assert compare(home, "HEAD", "HEAD").equal


def test_metrics_and_params_and_what_was_said(home: Path) -> None:
    record(home, params={"seed": 1, "depth": 3, "net": {"width": 8}}, status="failed")
    (home / "metrics.json").write_text('{"accuracy": 0.75, "num_samples": 4, "auc": NaN}')
    record(home, params={"seed": 2, "net": {"width": 16}}, label="x")
    found = compare(home)
    assert set(told(found)) == {"said", "counts", "metrics", "params", "diagnostics_added", "unknown"}
    run = runs_of(found)
    # Four samples where the data have other rows; how many features were used is claimed no longer.
    assert {one.code for one in run.diagnostics_added} == {"SAMPLE_COUNT_MISMATCH"}
    assert changes(run.said) == [
        (("label",), "changed", "y", "x", None),
        (("status",), "changed", "failed", "ok", None),
    ]
    assert changes(run.metrics)[:2] == [
        (("accuracy",), "changed", 0.5, 0.75, 0.25),
        (("num_samples",), "changed", 3, 4, 1),
    ]
    assert (run.metrics[2].path, run.metrics[2].state, run.metrics[2].delta) == (("auc",), "added", None)
    assert changes(run.counts) == [
        (("num_samples",), "changed", 3, 4, 1),
        (("classes",), "changed", 2, 3, 1),  # of the label, which is another column
    ]
    assert changes(run.params) == [
        (("depth",), "removed", 3, None, None),
        (("net", "width"), "changed", 8, 16, 8),
        (("seed",), "changed", 1, 2, 1),
    ]
    assert found.exit_code == 1


def test_files_by_role(home: Path) -> None:
    record(home, data={"train": home / "data.csv", "test": home / "data.csv"})
    (home / "data.csv").write_text("x,y\n1,0\n2,1\n4,0\n")
    (home / "model.pkl").write_bytes(OTHER)
    (home / "plot.png").write_bytes(b"png")
    record(home, data={"train": home / "data.csv", "holdout": home / "data.csv"}, artifacts=home / "plot.png")
    found = compare(home)
    assert set(told(found)) == {"datasets", "artifacts"}
    data = {change.role: change for change in runs_of(found).datasets}
    assert {role: change.state for role, change in data.items()} == {
        "holdout": "added", "test": "removed", "train": "changed",
    }  # fmt: skip
    assert data["holdout"].before is None
    assert data["test"].after is None
    content = data["train"].content
    assert content is not None
    assert [(one.name, one.rows) for one in content.changed] == [("x", ((1, 3),))]
    model, plot = runs_of(found).artifacts
    assert (model.role, model.state, plot.role, plot.state) == ("model", "changed", "plot_png", "added")
    assert model.model is not None
    assert [one.path for one in model.model.parameters] == [("with_mean",)]


def test_a_dataset_of_which_no_byte_is_left(home: Path) -> None:
    record(home)
    (home / "data.csv").write_text("x,z,y\n1,7,0\n2,7,1\n3,7,0\n")
    found = compare(home, "HEAD:data", home / "data.csv")
    assert (found.kind, found.exit_code, found.before.role) == ("datasets", 1, "data")
    assert found.file is not None
    assert found.file.content is not None
    assert found.file.content.columns_added == ("z",)
    assert found.file.content.identical == 2
    (home / "data.csv").write_text(TABLE)
    assert compare(home, "HEAD:data", home / "data.csv").equal


def test_without_the_digests_it_is_told_what_changed_and_not_where(home: Path) -> None:
    record(home)
    (home / "data.csv").write_text("x,y\n1,0\n2,1\n4,0\n")
    with StoreFolder.open(str(home / ".obs")) as store:
        blobs = [blob for blob in store.blobs.ids() if (store.blobs.size_of(blob) or 0) % 32 == 0]
    for blob in blobs:
        (home / ".obs" / "blobs" / blob.hex[:2] / blob.hex[2:]).unlink()
    found = compare(home, "HEAD:data", home / "data.csv").file
    assert found is not None
    assert found.content is not None
    assert [(one.name, one.rows) for one in found.content.changed] == [("x", None)]


def test_a_content_that_is_damaged_leaves_the_bytes(home: Path) -> None:
    record(home)
    (home / "data.csv").write_text("x,y\n1,0\n")
    content = shown_run(home).datasets[0].content
    assert content is not None
    damage(home, content.id)
    found = compare(home, "HEAD:data", home / "data.csv")
    assert [problem.id for problem in found.problems] == [content.id.hex]
    assert found.file is not None
    assert (found.exit_code, found.file.state, found.file.content) == (3, "changed", None)


def test_a_dataset_of_which_nothing_was_recorded_but_its_bytes(home: Path) -> None:
    record(home, content=False)
    found = compare(home, "HEAD:data", home / "data.csv")
    assert found.equal
    (home / "data.csv").write_text("x,y\n1,0\n")
    found = compare(home, "HEAD:data", home / "data.csv")
    assert found.file is not None
    assert (found.file.state, found.file.content, found.exit_code) == ("changed", None, 1)
    assert found.file.unavailable == "before: nothing was recorded of its content"


def test_a_model_that_was_not_kept_is_known_from_its_inspection(home: Path) -> None:
    record(home, keep=False)
    (home / "model.pkl").write_bytes(OTHER)
    found = compare(home, "HEAD:model", home / "model.pkl").file
    assert found is not None
    assert found.model is not None
    assert changes(found.model.parameters) == [(("with_mean",), "changed", True, False, None)]
    record(home, keep=False, inspect=False)
    (change,) = runs_of(compare(home)).artifacts
    assert (change.state, change.model) == ("changed", None)
    assert change.unavailable == "after: it was neither kept nor looked into when it was recorded"


def append(home: Path, run: Run, report: Report, environment: Environment | None) -> None:
    """A manifest for a run that is there, with another report."""
    with StoreFolder.open(str(home / ".obs")) as store:
        with store.batch() as batch:
            batch.add(report)
            if environment is not None:
                batch.add(environment)
            batch.publish()

        def build(position: Position) -> Manifest:
            return Manifest(
                sequence=position.sequence,
                recorded_at="2026-01-01T00:00:00.000000Z",
                run=object_id(run),
                report=object_id(report),
                parent=position.parent,
                history=position.history,
            )

        with store.chain.locked(10):
            store.chain.append(build, store.chain.head())


def reported(home: Path, environment: Environment | None, **more: Any) -> None:
    """Appends the run of HEAD once more, as another obs may have seen it."""
    with StoreFolder.open(str(home / ".obs")) as store:
        entry = next(iter(store.chain.entries()))
        run = store.objects.get(Run, entry.manifest.run, "HEAD")
    wanted = object_id(environment) if environment else None
    append(home, run, Report(run=object_id(run), obs="0", environment=wanted, **more), environment)


def test_environments(home: Path) -> None:
    record(home)
    reported(home, ONE)
    reported(home, TWO)
    found = compare(home)
    assert set(told(found)) == {"environment"}
    assert changes(runs_of(found).environment) == [
        (("python",), "changed", "3.12.1", "3.12.2", None),
        (("source", "dirty"), "changed", None, True, None),
        (("packages", "joblib"), "removed", "1.4.0", None, None),
        (("packages", "numpy"), "changed", "2.1.0", "2.2.0", None),
        (("packages", "scipy"), "added", None, "1.14.0", None),
    ]


def test_what_is_not_known_of_both_is_no_difference_and_not_equal(home: Path) -> None:
    record(home)
    reported(home, ONE)
    reported(home, None, counts={"dropped_rows": 1})
    found = compare(home)
    assert told(found) == {"unknown": ("dropped_rows", "environment")}
    assert (found.equal, found.exit_code) == (False, 5)


def test_counts_and_diagnostics(home: Path) -> None:
    record(home)
    old = Diagnostic(code="ZERO_ROWS", severity="warning", message="none", details={"role": "data"})
    new = Diagnostic(code="LABEL_SINGLE_CLASS", severity="error", message="one", details={"role": "data"})
    both = Diagnostic(code="DUPLICATE_COLUMNS", severity="info", message="in these words")
    reworded = Diagnostic(code="DUPLICATE_COLUMNS", severity="info", message="in other words")
    reported(home, ONE, counts={"dropped_rows": 1}, diagnostics=(both, old))
    reported(home, ONE, counts={"dropped_rows": 4}, diagnostics=(reworded, new))
    run = runs_of(compare(home))
    assert changes(run.counts) == [(("dropped_rows",), "changed", 1, 4, 3)]
    assert (run.diagnostics_added, run.diagnostics_removed) == ((new,), (old,))


def warning(code: str, rows: int, **about: Any) -> Diagnostic:
    return Diagnostic(code=code, severity="warning", message=f"{rows} rows", details={**about, "rows": rows})


def test_a_diagnostic_of_the_same_thing_with_other_facts_has_changed(home: Path) -> None:
    record(home)
    train, test = (warning("MISSING_VALUES_DROPPED", 1, role=role) for role in ("train", "test"))
    named = warning("LIBRARY_VERSION_MISMATCH", 1, artifact="model", library="numpy")
    reported(home, ONE, diagnostics=sorted([train, test, named], key=lambda one: one.order))
    more = warning("MISSING_VALUES_DROPPED", 2, role="train")
    other = warning("LIBRARY_VERSION_MISMATCH", 1, artifact="model", library="scipy")
    reported(home, ONE, diagnostics=sorted([more, test, other], key=lambda one: one.order))
    found = compare(home)
    run = runs_of(found)
    assert (run.diagnostics_added, run.diagnostics_removed) == ((other,), (named,))
    assert run.diagnostics_changed == (DiagnosticChange(before=train, after=more),)
    text = list(diff_lines(found, color=False))
    at = text.index("diagnostics changed")
    assert text[at + 1 :] == ["  warning: MISSING_VALUES_DROPPED  1 rows → 2 rows"]


def test_two_diagnostics_of_the_same_thing_are_not_paired(home: Path) -> None:
    record(home)
    one, two, three = (warning("SAMPLE_COUNT_MISMATCH", rows) for rows in (1, 2, 3))
    reported(home, ONE, diagnostics=(one, two))
    reported(home, ONE, diagnostics=(three,))
    run = runs_of(compare(home))
    assert (run.diagnostics_added, run.diagnostics_removed) == ((three,), (one, two))
    assert run.diagnostics_changed == ()


def test_facts_that_changed_under_the_same_message_are_told(home: Path) -> None:
    record(home)
    seen: list[tuple[Severity, str]] = [("info", "a\x1b[2J"), ("error", "b")]
    for severity, name in seen:
        reported(
            home,
            ONE,
            diagnostics=(
                Diagnostic(
                    code="DUPLICATE_COLUMNS", severity=severity, message="one", details={"columns": [name]}
                ),
            ),
        )
    found = compare(home)
    assert told(found).keys() == {"diagnostics_changed"}
    assert list(diff_lines(found, color=False))[-2:] == [
        "  info → error: DUPLICATE_COLUMNS  one",
        '    columns  ["a\\u001b[2J"]  →  ["b"]',
    ]


def test_the_rest_is_told_of_a_damaged_run(home: Path) -> None:
    record(home, params={"seed": 1})
    (home / "metrics.json").write_text('{"accuracy": 0.75}')
    (home / "model.pkl").write_bytes(OTHER)
    record(home, params={"seed": 2})
    run = shown_run(home, "HEAD~1").run
    with StoreFolder.open(str(home / ".obs")) as store:
        stored = store.objects.get(Run, run, "HEAD~1")
    assert stored.metrics is not None
    damage(home, stored.metrics.values)
    damage(home, stored.artifacts[0].id)
    found = compare(home)
    assert {problem.code for problem in found.problems} == {"OBJECT_CORRUPT"}
    assert len(found.problems) == 2
    assert (found.exit_code, found.equal) == (3, False)
    assert changes(runs_of(found).params) == [(("seed",), "changed", 1, 2, 1)]
    assert runs_of(found).unknown[0] == "metrics"
    (change,) = runs_of(found).artifacts
    assert change.before is not None
    assert change.before.size is None
    damage(home, run)
    with pytest.raises(CorruptObject):
        compare(home)


def test_kept_bytes_that_are_damaged_are_a_problem_and_no_model(home: Path) -> None:
    record(home)
    (home / "model.pkl").write_bytes(OTHER)
    with StoreFolder.open(str(home / ".obs")) as store:
        (blob,) = [one for one in store.blobs.ids() if store.blobs.size_of(one) == len(MODEL)]
    (home / ".obs" / "blobs" / blob.hex[:2] / blob.hex[2:]).write_bytes(OTHER)
    found = compare(home, "HEAD:model", home / "model.pkl")
    assert [problem.code for problem in found.problems] == ["BLOB_CORRUPT"]
    assert found.file is not None
    assert (found.exit_code, found.file.model) == (3, None)


def test_like_is_compared_with_like(home: Path) -> None:
    record(home)
    for before, after, words in (
        ("HEAD", home / "data.csv", "HEAD is a run"),
        (home / "model.pkl", "HEAD", "HEAD is a run"),
        ("HEAD:data", "HEAD:model", "is a dataset"),
        (home / "model.pkl", home / "data.csv", "is a model"),
    ):
        with pytest.raises(BadArgument, match=words):
            compare(home, before, after)
    with pytest.raises(FileMissing):
        compare(home, "HEAD:data", home / "absent.csv")
    with pytest.raises(UnknownRevision):
        compare(home, "HEAD:nothing", "HEAD:data")
    content = shown_run(home).datasets[0].content
    assert content is not None
    with pytest.raises(BadArgument, match="is a content, and no run"):
        compare(home, content.id.hex, "HEAD")


def test_both_sides_are_of_one_history_while_others_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`HEAD` is one manifest, however often it is named in a question."""
    obs_folder = make_store(str(tmp_path))
    with StoreFolder.open(obs_folder) as store, StoreFolder.open(obs_folder) as others:
        first = commit(others, Run(run_id="first"))
        calls: list[str] = []

        def and_somebody_records(*arguments: Any, **settings: Any) -> Any:
            found = revisions.resolve(*arguments, **settings)
            calls.append(arguments[1])
            commit(others, Run(run_id=f"after {len(calls)}"))
            return found

        monkeypatch.setattr("obs.cas.operations.diff.resolve", and_somebody_records)
        found = diffs.diff(store, diffs.Argument(text="HEAD"), diffs.Argument(text="HEAD"))
    assert (calls, found.equal) == (["HEAD", "HEAD"], True)
    assert (found.before.manifest, found.after.manifest) == (first.id, first.id)
