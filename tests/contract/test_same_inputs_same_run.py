"""A run is bytes and what was said, and nothing else: its id is the same wherever, whenever and however.

The expected id is computed here, from `docs/format.md` alone.
"""

from __future__ import annotations

import hashlib
import itertools
import os
import shutil
import stat
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from blake3 import blake3
from contract.world import (
    IMAGES,
    METRICS,
    MODEL,
    PARAMS,
    PLOT,
    TABLE,
    Commands,
    copy_inputs,
    document,
    file_id,
    fresh,
    link,
    make_inputs,
    object_id,
    plain_environ,
    snapshot,
    tree_id,
)
from hypothesis import example, given, settings
from hypothesis import strategies as st

Words = tuple[str, ...]

INPUTS: tuple[Words, ...] = (
    ("--data", "table.csv"),
    ("--data", "images=images"),
    ("--label", "y"),
    ("--model", "out/model.pkl"),
    ("--metrics", "out/metrics.json"),
    ("--params", "out/params.json"),
    ("--param", "depth=3"),
    ("--param", "rate=0.5"),
    ("--artifact", "plot=out/roc.png"),
    ("--run-id", "trial-7"),
)
OTHERWISE: tuple[Words, ...] = (
    ("--no-sha256",),
    ("--keep-data",),
    ("--no-keep",),
    ("--jobs", "3"),
    ("--no-cache",),
    ("--no-git",),
    ("--no-inspect",),
    ("--force",),
    ("--status", "ok"),
    ("--timestamp", "1999-12-31T23:59:59.5+14:00"),
    ("-m", "another word about it"),
    ("--python", "../venv"),
    ("--dry-run",),
)
PARAMS_SAID: dict[str, object] = {"C": 1.0, "depth": 3, "rate": 0.5}


def expected_run() -> str:
    """The id of what INPUTS say, by the book."""
    params = object_id("params", {"source": blake3(PARAMS).digest(), "values": PARAMS_SAID})
    metrics = {"accuracy": 0.75, "num_samples": 3, "num_features": 1}
    run = {
        "datasets": [
            link("data", "table.csv", "file", file_id(TABLE)),
            link("images", "images", "tree", tree_id(IMAGES)),
        ],
        "artifacts": [
            link("model", "model.pkl", "file", file_id(MODEL)),
            link("plot", "roc.png", "file", file_id(PLOT)),
        ],
        "metrics": document("metrics", "metrics.json", METRICS, metrics),
        "params": {"values": params, "name": "params.json", "file": file_id(PARAMS)},
        "label": "y",
        "run_id": "trial-7",
        "status": "ok",
    }
    return object_id("run", run).hex()


def words_of(groups: Sequence[Words] = INPUTS) -> Words:
    """A command line."""
    return tuple(itertools.chain.from_iterable(groups))


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The inputs, and beside them an environment that is no more than its folders."""
    top = tmp_path_factory.mktemp("origin")
    packages = top / "venv" / "lib" / "python3.12" / "site-packages"
    (packages / "something-1.5.dist-info").mkdir(parents=True)
    (top / "venv" / "pyvenv.cfg").write_text("home = /nowhere\nversion = 3.12.1\n")
    return make_inputs(top / "project")


@pytest.fixture
def project(origin: Path, tmp_path: Path, obs: Commands) -> Path:
    """A copy of the inputs, with a store, and the environment beside it."""
    folder = copy_inputs(origin, tmp_path / "project")
    shutil.copytree(origin.parent / "venv", tmp_path / "venv")
    obs.done("init", cwd=folder)
    return folder


# --------------------------------------------------------------------------- however it was asked for


def one_of_both(groups: list[Words]) -> bool:
    """The two contradict each other."""
    return not {("--keep-data",), ("--no-keep",)} <= set(groups)


def command_lines() -> st.SearchStrategy[list[Words]]:
    """The inputs and any of the options that are none, in any order."""
    chosen = st.lists(st.sampled_from(OTHERWISE), unique=True).filter(one_of_both)
    return chosen.flatmap(lambda options: st.permutations([*INPUTS, *options]))


NUMBERS = itertools.count()


@settings(max_examples=30)
@given(groups=command_lines())
@example(groups=[*INPUTS])
@example(groups=[*INPUTS[::-1]])
@example(groups=[*INPUTS, *(group for group in OTHERWISE if group != ("--keep-data",))])
@example(groups=[*(group for group in OTHERWISE if group != ("--no-keep",)), *INPUTS])
def test_options_and_their_order_are_no_part_of_a_run(
    origin: Path, obs: Commands, groups: list[Words]
) -> None:
    folder = copy_inputs(origin, origin.parent / f"copy-{next(NUMBERS)}")
    obs.done("init", cwd=folder)
    recorded = obs.done("record", *words_of(groups), cwd=folder)
    assert recorded["run"] == expected_run()
    assert recorded["created"] is (("--dry-run",) not in groups)


@pytest.mark.parametrize(
    "option", [group for group in OTHERWISE if group != ("--dry-run",)], ids=lambda group: group[0].strip("-")
)
def test_what_is_no_input_makes_no_other_run(project: Path, obs: Commands, option: Words) -> None:
    """One store: the second record is of the same run, and adds a manifest only where it says more."""
    first = obs.done("record", *words_of(), cwd=project)
    second = obs.done("record", *words_of(), *option, cwd=project)
    assert first["run"] == second["run"] == expected_run()
    says_more = option[0] in ("--force", "-m", "--python")  # the last of them sees another environment
    assert second["created"] is says_more
    assert len(obs("log", "--json", cwd=project).lines) == 1 + says_more


# --------------------------------------------------------------------------- wherever, whenever

ENVIRONMENTS: dict[str, tuple[dict[str, str], Words]] = {
    "another home": ({"HOME": "/nonexistent"}, ()),
    "another zone": ({"TZ": "Pacific/Kiritimati"}, ()),
    "no locale": ({"LC_ALL": "C", "LANG": ""}, ()),
    "no UTF-8 mode": ({"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}, ()),
    "another hash seed": ({"PYTHONHASHSEED": "1"}, ()),
    "no hash seed": ({"PYTHONHASHSEED": "0"}, ()),
    "another environment": ({"VIRTUAL_ENV": "../venv"}, ()),
    "an environment of conda's": ({"CONDA_PREFIX": "../venv"}, ()),
    "another day": ({"SOURCE_DATE_EPOCH": "1"}, ()),
    "an optimising interpreter": ({}, ("-OO", "-X", "dev")),
}


@pytest.mark.parametrize(("variables", "flags"), ENVIRONMENTS.values(), ids=ENVIRONMENTS)
def test_the_world_around_is_no_part_of_a_run(project: Path, variables: dict[str, str], flags: Words) -> None:
    environ = plain_environ(project.parent, **variables)
    recorded = fresh("record", *words_of(), "--json", cwd=project, environ=environ, flags=flags)
    assert recorded.code == 0, recorded.err
    assert recorded.document["run"] == expected_run()


@pytest.mark.parametrize("variables", [{}, {"LC_ALL": "C", "LANG": ""}], ids=["UTF-8", "C"])
def test_names_in_any_script_are_the_same_in_any_locale(tmp_path: Path, variables: dict[str, str]) -> None:
    (tmp_path / "größe.csv").write_text("höhe,y\n1,2\n", "utf-8")
    environ = plain_environ(tmp_path, **variables)
    assert fresh("init", cwd=tmp_path, environ=environ).code == 0
    words = ("--data", "größe.csv", "--label", "höhe", "--param", "straße=ü", "--run-id", "日本", "--json")
    recorded = fresh("record", *words, cwd=tmp_path, environ=environ)
    assert recorded.code == 0, recorded.err
    data = (tmp_path / "größe.csv").read_bytes()
    run = {
        "datasets": [link("data", "größe.csv", "file", file_id(data))],
        "params": {"values": object_id("params", {"values": {"straße": "ü"}})},
        "label": "höhe",
        "run_id": "日本",
        "status": "ok",
    }
    assert recorded.document["run"] == object_id("run", run).hex()


def from_below(folder: Path, obs: Commands) -> Any:
    inner = folder / "deep" / "down"
    inner.mkdir(parents=True)
    return obs.done("record", *words_below("../.."), cwd=inner)


def from_above(folder: Path, obs: Commands) -> Any:
    return obs.done("-C", folder.name, "record", *words_of(), cwd=folder.parent)


def by_absolute_paths(folder: Path, obs: Commands) -> Any:
    return obs.done("record", *words_below(str(folder)), cwd=folder)


def into_a_store_elsewhere(folder: Path, obs: Commands) -> Any:
    elsewhere = folder.parent / "elsewhere"
    elsewhere.mkdir()
    obs.done("init", cwd=elsewhere)
    return obs.done("record", *words_of(), cwd=folder, environ={"OBS_DIR": str(elsewhere)})


def by_configuration(folder: Path, obs: Commands) -> Any:
    lists = {"data": ["images=images", "table.csv"], "param": ["rate=0.5", "depth=3"]}
    said = {name[2:]: value for name, value in INPUTS if name[2:] not in lists}
    lines = [f"{name} = {value!r}" for name, value in (*lists.items(), *said.items())]
    (folder / "obs.toml").write_text("\n".join(lines))
    return obs.done("record", cwd=folder)


def by_a_run_folder(folder: Path, obs: Commands) -> Any:
    named = ("--model", "--metrics", "--params")
    rest = words_of([group for group in INPUTS if group[0] not in named])
    return obs.done("record", "out", *rest, cwd=folder)


def with_every_role_written_out(folder: Path, obs: Commands) -> Any:
    roles = {"table.csv": "data=table.csv"}
    return obs.done("record", *(roles.get(word, word) for word in words_of()), cwd=folder)


def through_links(folder: Path, obs: Commands) -> Any:
    """Of each kind, under the same names: a path that the user typed is followed."""
    linked = folder / "linked"
    linked.mkdir()
    (linked / "out").symlink_to(folder / "out")
    (linked / "table.csv").symlink_to(folder / "table.csv")
    (linked / "images").mkdir()
    for name in IMAGES:
        (linked / "images" / name).parent.mkdir(exist_ok=True)
        os.link(folder / "images" / name, linked / "images" / name)
    return obs.done("record", *words_of(), cwd=linked)


def after_everything_was_touched(folder: Path, obs: Commands) -> Any:
    """Times, modes and empty folders are nothing that a run holds."""
    (folder / "images" / "empty" / "folders").mkdir(parents=True)
    for place, folders, files in os.walk(folder / "images"):
        for name in (*folders, *files):
            os.utime(os.path.join(place, name), (1, 1))
    for name in ("table.csv", "out/model.pkl", "images/a.bin"):
        (folder / name).chmod(0o700)
    return obs.done("record", *words_of(), cwd=folder)


def words_below(top: str) -> Words:
    """The words with the paths as they are seen from elsewhere."""
    paths = {"table.csv", "out/model.pkl", "out/metrics.json", "out/params.json"}
    words: list[str] = []
    for word in words_of():
        role, equals, path = word.partition("=")
        if word in paths:
            words.append(f"{top}/{word}")
        elif path in ("images", "out/roc.png"):
            words.append(f"{role}{equals}{top}/{path}")
        else:
            words.append(word)
    return tuple(words)


@pytest.mark.parametrize(
    "way",
    [
        from_below,
        from_above,
        by_absolute_paths,
        into_a_store_elsewhere,
        by_configuration,
        by_a_run_folder,
        with_every_role_written_out,
        through_links,
        after_everything_was_touched,
    ],
)
def test_no_way_of_naming_the_same_makes_another_run(
    project: Path, obs: Commands, way: Callable[[Path, Commands], Any]
) -> None:
    assert way(project, obs)["run"] == expected_run()


def test_python_records_what_the_command_records(
    project: Path, obs: Commands, monkeypatch: pytest.MonkeyPatch
) -> None:
    import obs as library

    words = words_of([group for group in INPUTS if group[0] != "--params"])
    monkeypatch.chdir(project)
    with library.Store.open(project) as store:
        recorded = store.record(
            data={"images": "images", "data": "table.csv"},
            label="y",
            model=Path("out/model.pkl"),
            metrics="out/metrics.json",
            params={"rate": 0.5, "depth": 3},
            artifacts={"plot": "out/roc.png"},
            run_id="trial-7",
        )
    assert recorded.run.hex == obs.done("record", *words, "--dry-run", cwd=project)["run"]


# --------------------------------------------------------------------------- twice


def kept(project: Path) -> dict[str, bytes]:
    """What the store holds for good: all but the cache and the lock."""
    store = project / ".obs"
    return {
        path: trace.content
        for path, trace in snapshot(store, without=store / "cache").items()
        if stat.S_ISREG(trace.mode) and path != str(store / "lock")
    }


@pytest.mark.parametrize(
    "options", [(), ("--no-cache",), ("--jobs", "2"), ("--timestamp", "2030-01-01T00:00:00Z")]
)
def test_the_same_twice_is_recorded_once(project: Path, obs: Commands, options: Words) -> None:
    first = obs.done("record", *words_of(), cwd=project)
    before = kept(project)
    second = obs.done("record", *words_of(INPUTS[::-1]), *options, cwd=project)
    assert (first["created"], second["created"]) == (True, False)
    assert {**second, "created": True} == first  # the answer says where it stands, and what it is
    assert kept(project) == before
    assert [line["manifest"] for line in obs("log", "--json", cwd=project).lines] == [first["manifest"]]


def test_an_earlier_run_once_more_is_recorded_once(project: Path, obs: Commands) -> None:
    first = obs.done("record", *words_of(), cwd=project)
    other = obs.done("record", *words_of(), "--param", "more=1", cwd=project)
    again = obs.done("record", *words_of(), cwd=project)
    assert (other["created"], other["sequence"], other["parent"]) == (True, 1, first["manifest"])
    assert (again["created"], again["sequence"], again["manifest"]) == (False, 0, first["manifest"])
    assert len(obs("log", "--json", cwd=project).lines) == 2


def test_bytes_that_were_not_kept_are_added_later_and_nothing_else(project: Path, obs: Commands) -> None:
    first = obs.done("record", *words_of(), "--no-keep", cwd=project)
    assert obs("cat", "HEAD:model", cwd=project).code == 5
    before = kept(project)
    again = obs.done("record", *words_of(), cwd=project)
    assert (again["run"], again["manifest"]) == (expected_run(), first["manifest"])
    after = kept(project)
    assert {path: data for path, data in after.items() if path in before} == before
    blobs = project / ".obs" / "blobs"
    added = {os.path.relpath(path, blobs).replace("/", "") for path in after.keys() - before.keys()}
    assert added == {blake3(data).hexdigest() for data in (MODEL, METRICS, PARAMS, PLOT)}
    assert obs("cat", "HEAD:model", cwd=project).out == MODEL


# --------------------------------------------------------------------------- and what makes another


def flipped(data: bytes) -> bytes:
    """With one bit of the last byte turned over."""
    return data[:-1] + bytes([data[-1] ^ 1])


OTHER_BYTES: dict[str, tuple[str, bytes]] = {
    "a byte of the data": ("table.csv", flipped(TABLE)),
    "one byte more": ("table.csv", TABLE + b"\n"),
    "a byte of a file in the folder": ("images/a.bin", flipped(IMAGES["a.bin"])),
    "a file more in the folder": ("images/another.bin", b""),
    "a byte of the model": ("out/model.pkl", flipped(MODEL)),
    "a byte of the artifact": ("out/roc.png", flipped(PLOT)),
    "a metric": ("out/metrics.json", METRICS.replace(b"0.75", b"0.76")),
    "an integer for a float": ("out/metrics.json", METRICS.replace(b"0.75", b"1")),
    "a float for an integer": ("out/metrics.json", METRICS.replace(b"0.75", b"1.0")),
    "a blank in the metrics": ("out/metrics.json", METRICS.replace(b": ", b":  ", 1)),
    "a parameter in the file": ("out/params.json", b'{"C": 2.0}'),
    "the order in the metrics": ("out/metrics.json", b'{"num_features":1,"num_samples":3,"accuracy":0.75}'),
}
OTHER_WORDS: dict[str, tuple[Words, Words]] = {
    "a parameter": (("--param", "depth=3"), ("--param", "depth=4")),
    "a parameter that is a float": (("--param", "depth=3"), ("--param", "depth=3.0")),
    "a parameter that is text": (("--param", "depth=3"), ("--param", 'depth="3"')),
    "a parameter's name": (("--param", "depth=3"), ("--param", "height=3")),
    "no parameter": (("--param", "depth=3"), ()),
    "the label": (("--label", "y"), ("--label", "x")),
    "no label": (("--label", "y"), ()),
    "a dataset's role": (("--data", "table.csv"), ("--data", "train=table.csv")),
    "an artifact's role": (("--artifact", "plot=out/roc.png"), ("--artifact", "curve=out/roc.png")),
    "an artifact's own role": (("--artifact", "plot=out/roc.png"), ("--artifact", "out/roc.png")),
    "a dataset as an artifact": (("--data", "images=images"), ("--artifact", "images=images")),
    "a file for the folder": (("--data", "images=images"), ("--data", "images=images/a.bin")),
    "a name": (("--artifact", "plot=out/roc.png"), ("--artifact", "plot=renamed.png")),
    "a name in the folder": (("--data", "images=images"), ("--data", "images=renamed/images")),
    "the trainer's id": (("--run-id", "trial-7"), ("--run-id", "trial-8")),
    "no trainer's id": (("--run-id", "trial-7"), ()),
    "how it ended": (("--label", "y"), ("--label", "y", "--status", "failed")),
    "that it was cancelled": (("--label", "y"), ("--label", "y", "--status", "cancelled")),
    "no metrics": (("--metrics", "out/metrics.json"), ()),
    "no model": (("--model", "out/model.pkl"), ()),
    "no params file": (("--params", "out/params.json"), ()),
}


def test_whatever_a_run_holds_makes_another_run(project: Path, obs: Commands) -> None:
    """Every one of these differs from the run, and from every other one."""
    (project / "renamed").mkdir()
    (project / "renamed.png").write_bytes(PLOT)
    for name, data in IMAGES.items():
        target = project / "renamed" / "images" / name.replace("a.bin", "A.bin")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    runs: dict[str, str] = {"the run itself": expected_run()}

    def record(what: str, words: Words) -> None:
        recorded = obs.done("record", *words, "--no-git", cwd=project)
        assert recorded["created"] is True, what
        runs[what] = recorded["run"]

    for what, (name, data) in OTHER_BYTES.items():
        path = project / name
        before = path.read_bytes() if path.exists() else None
        path.write_bytes(data)
        record(what, words_of())
        if before is None:
            path.unlink()
        else:
            path.write_bytes(before)
    for what, (old, new) in OTHER_WORDS.items():
        assert old in INPUTS
        record(what, words_of([new if group == old else group for group in INPUTS]))
    swapped = {"table.csv": "images=table.csv", "images=images": "data=images"}
    labelled = [group for group in INPUTS if group[0] != "--label"]
    record("two roles swapped", tuple(swapped.get(word, word) for word in words_of(labelled)))
    assert len(set(runs.values())) == len(runs), runs
    assert obs.done("record", *words_of(), cwd=project)["run"] == runs["the run itself"]


def test_a_run_of_the_data_alone(project: Path, obs: Commands) -> None:
    """The smallest of runs, by the book: nothing is added that was not said."""
    run = {"datasets": [link("data", "table.csv", "file", file_id(TABLE))], "status": "failed"}
    recorded = obs.done("record", "--data", "table.csv", "--status", "failed", cwd=project)
    assert recorded["run"] == object_id("run", run).hex()
    assert recorded["datasets"][0]["id"] == file_id(TABLE).hex()
    assert recorded["datasets"][0]["blake3"] == blake3(TABLE).hexdigest()
    assert recorded["datasets"][0]["sha256"] == hashlib.sha256(TABLE).hexdigest()
