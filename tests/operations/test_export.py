"""`export`: the same bytes for the same manifest anywhere, whatever the names and numbers are."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from commandline import Project, obs, process
from obs import Store
from obs.cas.errors import BadArgument, CorruptObject, FileExists, MissingObject, OperatingSystemRefused
from obs.cas.format.canonical import Value
from obs.cas.format.claims import Claims
from obs.cas.format.data import File
from obs.cas.format.ids import blob_id
from obs.cas.format.objects import object_id
from obs.cas.format.reports import Observation
from obs.cas.format.runs import Document, Link, Metrics, Run
from obs.cas.operations.export import canonical_json, export
from obs.cas.operations.exportpage import escaped
from obs.cas.operations.placing import write_result
from obs.cas.store.store import Store as RawStore
from schemas import problems
from smallruns import commit, make_store

FORMS = (("--format", "json"), ("--run-only",), ("--format", "markdown"), ("--all",))


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return Project.make(tmp_path_factory.mktemp("export") / "project")


def exported(project: Project, *arguments: str) -> str:
    answer = project.obs("export", *arguments)
    assert (answer.code, answer.err) == (0, "")
    return answer.out


# --------------------------------------------------------------------------------------- the same bytes


@pytest.mark.parametrize("form", FORMS, ids=" ".join)
def test_a_copied_store_exports_the_same_bytes(
    project: Project, tmp_path: Path, form: tuple[str, ...]
) -> None:
    copy = project.copy(tmp_path / "elsewhere")
    (copy.home / "data.csv").unlink()  # nothing but the store counts
    shutil.rmtree(copy.store / "tags", ignore_errors=True)
    elsewhere = {
        "HOME": str(tmp_path),
        "TZ": "Pacific/Chatham",
        "LC_ALL": "C",
        "PYTHONHASHSEED": "4711",
        "COLUMNS": "20",
    }
    there = process("export", *form, cwd=copy.home, variables=elsewhere)
    assert (there.code, there.err) == (0, "")
    assert there.out == exported(project, *form)


def test_the_same_run_recorded_elsewhere_at_another_time_is_the_same_run_only(tmp_path: Path) -> None:
    texts: list[list[str]] = []
    for name, time in (("one", "2026-01-01T00:00:00Z"), ("two", "2031-07-09T12:00:00Z")):
        home = tmp_path / name / ("deeper" if name == "two" else "")
        home.mkdir(parents=True)
        (home / "data.csv").write_text("x,y\n1,0\n2,1\n")
        (home / "metrics.json").write_text('{"accuracy": 1.0, "num_samples": 2}')
        assert obs("init", cwd=home).code == 0
        given = ("--data", "data.csv", "--metrics", "metrics.json", "--label", "y", "--no-git")
        more = ("--no-sha256", "-m", "other words") if name == "two" else ()
        assert obs("record", *given, *more, "--timestamp", time, cwd=home).code == 0
        texts.append([obs("export", *form, cwd=home).out for form in (("--run-only",), ())])
    assert texts[0][0] == texts[1][0]
    assert texts[0][1] != texts[1][1]
    run_only = json.loads(texts[0][0])
    assert not {"created_at", "provenance", "diagnostics", "environment"} & set(run_only)
    assert "path" not in json.dumps(run_only)


def test_the_python_interface_gives_the_same_bytes(project: Project) -> None:
    with Store.open(project.home) as store:
        assert store.export().decode() == exported(project)
        assert store.export("HEAD~1", run_only=True).decode() == exported(project, "HEAD~1", "--run-only")
        assert store.export(format="markdown").decode() == exported(project, "--format", "markdown")
        with pytest.raises(BadArgument):
            store.export(format="markdown", run_only=True)


def test_json_is_the_same_as_format_json(project: Project) -> None:
    assert exported(project, "--json") == exported(project, "--format", "json") == exported(project)


# ----------------------------------------------------------------------------------------- what it says


def test_the_keys_say_what_was_recorded(project: Project) -> None:
    shown, told = project.json("show"), json.loads(exported(project))
    assert told["run_id"] == "third"
    assert (told["created_at"], told["created_at_source"]) == (shown["recorded_at"], "recorded_at")
    assert told["metrics"] == {"accuracy": 0.3}
    (data,), (model,) = shown["datasets"], shown["artifacts"]
    assert told["dataset"] == {
        "path": "data.csv",
        "fingerprint_blake3": data["blake3"],
        "fingerprint_sha256": data["sha256"],
        "content_fingerprint": data["content"]["content_fingerprint"],
    }
    assert list(told["artifacts"]) == ["model_pkl"]
    assert told["artifacts"]["model_pkl"]["fingerprint_blake3"] == model["blake3"]
    assert told["artifacts"]["model_pkl"]["size_bytes"] == len(b"model 2")
    assert told["provenance"] == {key: shown[key] for key in ("manifest", "run", "parent", "sequence")}
    assert (told["num_samples"], told["dropped_rows_missing_values"]) == (None, None)


def test_all_is_every_manifest_oldest_first(project: Project) -> None:
    lines = [json.loads(line) for line in exported(project, "--all").splitlines()]
    assert [line["run_id"] for line in lines] == ["first", "second", "third"]
    assert [line["provenance"]["sequence"] for line in lines] == [0, 1, 2]
    assert len(exported(project, "--all", "--run-only").splitlines()) == 3


def test_a_file_names_its_run(project: Project) -> None:
    (project.home / "kept.pkl").write_bytes(b"model 1")
    assert json.loads(exported(project, "kept.pkl"))["run_id"] == "second"


def test_an_empty_history_is_told(tmp_path: Path) -> None:
    obs("init", cwd=tmp_path)
    answer = obs("export", cwd=tmp_path)
    assert (answer.code, answer.out) == (2, "")
    assert "nothing was recorded yet" in answer.err
    assert obs("export", "--all", cwd=tmp_path).out == ""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[RawStore]:
    with RawStore.open(make_store(str(tmp_path / "raw"))) as opened:
        yield opened


FILE = File(size=0, blake3=blob_id(b""))
DATA = Link(role="data", name="d.csv", kind="file", id=object_id(FILE))


def told(store: RawStore, run: Run, *objects: Any, observations: tuple[Observation, ...] = ()) -> Any:
    text = export(store, commit(store, run, FILE, *objects, observations=observations))
    document = json.loads(text)
    assert problems("export", document) == []
    return document


def test_the_trainers_own_record_comes_second_to_the_metrics(store: RawStore) -> None:
    claims = Claims(
        adapter="trainer",
        created_at="2020-02-03T04:05:06.000000Z",
        num_samples=9,
        num_features=3,
        dropped_rows=1,
    )
    metrics = Metrics(values={"num_samples": 8})
    seen = (Observation(role="record", kind="claims", id=object_id(claims)),)
    run = Run(datasets=(DATA,), metrics=Document(values=object_id(metrics)))
    found = told(store, run, claims, metrics, observations=seen)
    assert (found["created_at"], found["created_at_source"]) == (claims.created_at, "trainer")
    counts = ("num_samples", "num_features", "dropped_rows_missing_values")
    assert [found[key] for key in counts] == [8, 3, 1]
    assert found["run_id"] == object_id(run).hex


def test_a_model_and_another_role_of_its_name_are_both_there(store: RawStore) -> None:
    links = [Link(role=role, name="a.pkl", kind="file", id=object_id(FILE)) for role in ("a_pkl", "model")]
    assert set(told(store, Run(artifacts=tuple(links)))["artifacts"]) == {"a_pkl", "model"}


def test_numbers_are_written_in_one_form() -> None:
    values = [1, 1.0, -0.0, 1e22, 0.1, 5e-324, 2**64 - 1, True, float("nan"), float("inf"), -float("inf")]
    expected = b'[1,1.0,-0.0,1e+22,0.1,5e-324,18446744073709551615,true,"NaN","Infinity","-Infinity"]\n'
    assert canonical_json(list(values)) == expected


def test_text_is_utf_8_and_loses_nothing() -> None:
    text: dict[str, Value] = {"é": '日本 \u202e \x1b "', "\\udc80": 1}
    data = canonical_json(dict(text))
    data.decode("utf-8", "strict")
    assert json.loads(data) == text
    assert "é".encode() in data
    assert list(json.loads(data)) == sorted(text)


def test_hostile_names_stay_text(store: RawStore) -> None:
    links = [
        Link(role="bytes", name=b"a\xff\x1b.csv", kind="file", id=object_id(FILE)),
        Link(role="marks", name="a|b`<img src=x>`[l](u)\n# \u202e.csv", kind="file", id=object_id(FILE)),
    ]
    metrics = Metrics(values={"a|b": float("nan"), "<script>": "x\ny", "x*y*": "*"})
    run = Run(datasets=tuple(links), metrics=Document(values=object_id(metrics)), label="| `y` |\r\n")
    found = told(store, run, metrics)
    assert found["datasets"][0]["name"] == "a\\xff\x1b.csv"
    assert found["metrics"] == {"a|b": "NaN", "<script>": "x\ny", "x*y*": "*"}
    page = export(store, next(iter(store.chain.entries())), form="markdown").decode("utf-8", "strict")
    assert "<" not in page
    assert all(character.isprintable() or character == "\n" for character in page)
    rows = [line.replace("\\|", "") for line in page.splitlines() if line.startswith("|")]
    assert {row.count("|") for row in rows} <= {3, 5, 6}
    assert [line for line in page.splitlines() if line.startswith("# ")] == [page.splitlines()[0]]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a_b*c", "a\\_b\\*c"),
        ("<b>&", "&lt;b&gt;&amp;"),
        ("\u202ex\u200b", "\\\\u202ex\\\\u200b"),
        ("https://e.org www.e.org", "https\\://e.org www\\.e.org"),
        (b"\xff\t", "\\\\xff\\\\t"),
        ("naïve 日本", "naïve 日本"),
    ],
)
def test_what_markdown_would_obey_is_escaped(text: str | bytes, shown: str) -> None:
    assert escaped(text) == shown


def test_a_run_that_is_damaged_is_not_exported(project: Project, tmp_path: Path) -> None:
    copy = project.copy(tmp_path / "damaged")
    lost = copy.objects()["model"]
    copy.object_path(lost).unlink()
    answer = copy.obs("export")
    assert (answer.code, answer.out) == (3, "")
    with Store.open(copy.home) as store, pytest.raises((CorruptObject, MissingObject)):
        store.export()


# ---------------------------------------------------------------------------------------------- -o


def test_a_file_is_written_once_and_replaced_only_when_forced(project: Project, tmp_path: Path) -> None:
    target = tmp_path / "run.json"
    assert project.obs("export", "-o", str(target)).code == 0
    assert target.read_text() == exported(project)
    answer = project.obs("export", "HEAD~1", "-o", str(target))
    assert (answer.code, target.read_text()) == (2, exported(project))
    assert project.obs("export", "HEAD~1", "-o", str(target), "--force").code == 0
    assert target.read_text() == exported(project, "HEAD~1")
    assert os.listdir(tmp_path) == ["run.json"]


def test_a_link_is_never_followed(project: Project, tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("mine")
    (tmp_path / "link").symlink_to("precious")
    assert project.obs("export", "-o", str(tmp_path / "link")).code == 2
    assert project.obs("export", "-o", str(tmp_path / "link"), "--force").code == 0
    assert (tmp_path / "precious").read_text() == "mine"
    assert not (tmp_path / "link").is_symlink()


@pytest.mark.parametrize("where", [".obs/run.json", ".obs/objects/x", "way/run.json", "way/../HEAD2"])
def test_nothing_is_written_into_the_store(project: Project, tmp_path: Path, where: str) -> None:
    copy = project.copy(tmp_path / "copy")
    (copy.home / "way").symlink_to(".obs/objects")
    answer = copy.obs("export", "-o", where, "--force")
    assert answer.code == 2
    assert "lies in the store" in answer.err
    copy.assert_sound()


def test_what_goes_wrong_on_the_way_leaves_nothing(project: Project, tmp_path: Path) -> None:
    target = tmp_path / "out.json"
    target.write_text("old")

    def broken() -> Iterator[bytes]:
        yield b"half"
        raise MissingObject(id="0" * 64, wanted_by="a test")

    with RawStore.open(str(project.store)) as store:
        with pytest.raises(MissingObject):
            write_result(store, str(target), broken(), force=True)
        with pytest.raises(FileExists):
            write_result(store, str(target), iter([b"x"]), force=False)
        with pytest.raises(OperatingSystemRefused):
            write_result(store, str(tmp_path / "no" / "out.json"), iter([b"x"]), force=False)
    assert target.read_text() == "old"
    assert os.listdir(tmp_path) == ["out.json"]


@pytest.mark.parametrize(
    "arguments",
    [("--format", "markdown", "--all"), ("--format", "markdown", "--json"), ("--all", "HEAD"), ("-o", "")],
    ids=" ".join,
)
def test_what_contradicts_itself_is_refused(project: Project, arguments: tuple[str, ...]) -> None:
    answer = project.obs("export", *arguments)
    assert (answer.code, answer.out) == (2, "")
