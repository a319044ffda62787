"""Defaults from obs.toml and pyproject.toml."""

from __future__ import annotations

import json
import os
from pathlib import Path

import click
import pytest
from commandline import obs
from obs.cas.errors import BadArgument, OperatingSystemRefused
from obs.cli.application import ObsCommand
from obs.cli.config import MAX_BYTES, configured_files, find_configuration, load_defaults, metrics_contract


def make_command() -> click.Command:
    """A command with an option of every type."""
    return ObsCommand(
        "record",
        params=[
            click.Option(["--data"], multiple=True),
            click.Option(["--artifact"], multiple=True),
            click.Option(["--label"]),
            click.Option(["--model"]),
            click.Option(["-m", "--message"]),
            click.Option(["--keep-data"], is_flag=True),
            click.Option(["--inspect/--no-inspect"], default=True),
            click.Option(["--jobs"], type=click.IntRange(min=1), default=1),
            click.Option(["--dry-run"], is_flag=True),
        ],
        callback=dict[str, object],
        configured=True,
    )


def defaults(folder: Path) -> dict[str, object]:
    return load_defaults(make_command(), str(folder))


def test_nothing_is_configured(tmp_path: Path) -> None:
    assert defaults(tmp_path) == {}
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "obs"\n[tool.other]\nobs = 1\n')
    assert defaults(tmp_path) == {}


@pytest.mark.parametrize(("name", "head"), [("obs.toml", ""), ("pyproject.toml", "[tool.obs]\n")])
def test_every_type_of_option(name: str, head: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(
        head + 'data = "d.csv"\nartifact = ["a", "plot=b"]\nlabel = "y"\nmessage = "m"\n'
        "keep-data = true\nno-inspect = true\njobs = 4\n"
    )
    assert defaults(tmp_path) == {
        "data": ["d.csv"],
        "artifact": ["a", "plot=b"],
        "label": "y",
        "message": "m",
        "keep_data": True,
        "inspect": False,
        "jobs": 4,
    }


def test_they_reach_the_command_and_the_command_line_wins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "obs.toml").write_text(
        'data = ["a", "b"]\nlabel = "y"\nkeep-data = true\nno-inspect = true\n'
    )
    monkeypatch.chdir(tmp_path)
    values = make_command().main(["--data", "c", "--inspect"], "record", standalone_mode=False)
    assert values == {
        "data": ("c",),
        "artifact": (),
        "label": "y",
        "model": None,
        "message": None,
        "keep_data": True,
        "inspect": True,
        "jobs": 1,
        "dry_run": False,
        "as_json": False,
    }


def test_the_help_does_not_read_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "obs.toml").write_text("broken")
    monkeypatch.chdir(tmp_path)
    make_command().main(["--help"], "record", standalone_mode=False)
    assert "--keep-data" in capsys.readouterr().out


# ------------------------------------------------------------------------------------------------ which file


def test_the_nearest_file_counts_up_to_the_store(tmp_path: Path) -> None:
    inner = tmp_path / "project" / "a" / "b"
    inner.mkdir(parents=True)
    (tmp_path / "obs.toml").write_text('label = "above the store"\n')
    (tmp_path / "project" / ".obs").mkdir()
    assert defaults(inner) == {}
    (tmp_path / "project" / "pyproject.toml").write_text('[tool.obs]\nlabel = "pyproject"\n')
    assert defaults(inner) == {"label": "pyproject"}
    (tmp_path / "project" / "obs.toml").write_text('label = "own"\n')
    assert defaults(inner) == {"label": "own"}
    (tmp_path / "project" / "a" / "pyproject.toml").write_text("[tool.ruff]\n")
    assert defaults(inner) == {"label": "own"}
    (inner / "obs.toml").write_text('label = "nearest"\n')
    assert defaults(inner) == {"label": "nearest"}


def test_without_a_store_only_the_current_folder_is_looked_at(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "obs.toml").write_text('label = "y"\n')
    assert defaults(tmp_path) == {"label": "y"}
    assert defaults(tmp_path / "a") == {}


def test_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    (tmp_path / ".obs").mkdir()
    (tmp_path / "a").mkdir()
    (tmp_path / "plot=1.png").touch()
    (tmp_path / "obs.toml").write_text(
        'data = "d.csv"\nmodel = "out/m.pkl"\nlabel = "y"\n'
        'artifact = ["plot=b.png", "plot=1.png", "/x", "B=c"]\n'
    )
    assert defaults(tmp_path / "a") == {
        "data": [f"{tmp_path}/d.csv"],
        "model": f"{tmp_path}/out/m.pkl",
        "label": "y",
        "artifact": [f"plot={tmp_path}/b.png", f"{tmp_path}/plot=1.png", "/x", f"{tmp_path}/B=c"],
    }
    assert configured_files(str(tmp_path / "a")) == (
        ("data", f"{tmp_path}/d.csv"),
        ("model", f"{tmp_path}/out/m.pkl"),
        ("plot", f"{tmp_path}/b.png"),
        ("plot_1_png", f"{tmp_path}/plot=1.png"),
        ("x", "/x"),
        ("b_c", f"{tmp_path}/B=c"),
    )


# ------------------------------------------------------------------------------------------------- mistakes


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("lable = 'y'", "obs.toml: lable is no option of 'obs record'; did you mean 'label'?"),
        ("zzz = 1", "obs.toml: zzz is no option of 'obs record'"),
        ("dry-run = true", "obs.toml: dry-run is no option of 'obs record'"),
        ("json = true", "obs.toml: json is no option of 'obs record'"),
        ("keep_data = true", "keep_data is no option of 'obs record'; did you mean 'keep-data'?"),
        ("[record]\nlabel = 'y'", "obs.toml: record is no option"),
        ("label = 1", "obs.toml: label has to be a text"),
        ("label = ['y']", "obs.toml: label has to be a text"),
        ("data = [1]", "obs.toml: data has to be a text or a list of texts"),
        ("data = {a = 'b'}", "obs.toml: data has to be a text or a list of texts"),
        ("keep-data = 'yes'", "obs.toml: keep-data has to be true or false"),
        ("keep-data = 1", "obs.toml: keep-data has to be true or false"),
        ("jobs = true", "obs.toml: jobs has to be a whole number"),
        ("jobs = 1.0", "obs.toml: jobs has to be a whole number"),
        ("inspect = true\nno-inspect = true", "obs.toml: no-inspect says again what another key says"),
        ("label = ", "obs.toml is not valid TOML: "),
        ("label = 'a'\nlabel = 'b'", "obs.toml is not valid TOML: "),
        (f"jobs = {'9' * 5000}", "obs.toml is not valid TOML: "),
        (f"label = {'[' * 50_000}", "obs.toml is "),
        ("a." * 100_000 + "a = 1", "obs.toml has a line with more than 500 dots"),
        ("#" * (MAX_BYTES + 1), "obs.toml has more than 1048576 bytes"),
    ],
    ids=lambda text: text[:30],
)
def test_a_mistake_is_named(text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "obs.toml").write_text(text)
    with pytest.raises(BadArgument) as caught:
        defaults(tmp_path)
    assert said in caught.value.what
    assert caught.value.exit_code == 2


def test_a_table_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool]\nobs = 3\n")
    with pytest.raises(BadArgument, match=r"tool\.obs has to be a table"):
        defaults(tmp_path)


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    (tmp_path / "obs.toml").write_bytes(b"label = '\xff'")
    with pytest.raises(BadArgument, match=r"is not UTF-8 \(at byte 9\)"):
        defaults(tmp_path)


def test_a_fifo_does_not_hold_it_up(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "obs.toml")
    with pytest.raises(BadArgument, match="is not a regular file"):
        find_configuration(str(tmp_path))


def test_a_folder_of_that_name(tmp_path: Path) -> None:
    (tmp_path / "obs.toml").mkdir()
    with pytest.raises(BadArgument, match="is not a regular file"):
        find_configuration(str(tmp_path))


def test_a_link_that_leads_round(tmp_path: Path) -> None:
    (tmp_path / "obs.toml").symlink_to("obs.toml")
    with pytest.raises(OperatingSystemRefused):
        find_configuration(str(tmp_path))


@pytest.mark.parametrize("text", ["data = 1", "model = ''", "artifact = [['a']]"])
def test_a_configured_file_that_is_no_path(text: str, tmp_path: Path) -> None:
    (tmp_path / "obs.toml").write_text(text)
    with pytest.raises(BadArgument, match="has to be a path"):
        configured_files(str(tmp_path))


# ------------------------------------------------------------------ what the metrics are to have


def test_a_list_of_metrics_is_a_contract_and_a_text_is_a_path(tmp_path: Path) -> None:
    (tmp_path / "obs.toml").write_text('metrics = ["num_samples", "accuracy"]\nlabel = "y"\n')
    assert metrics_contract(str(tmp_path)) == ("accuracy", "num_samples")
    assert defaults(tmp_path) == {"label": "y"}
    assert configured_files(str(tmp_path)) == ()
    (tmp_path / "obs.toml").write_text('metrics = "m.json"\n')
    assert metrics_contract(str(tmp_path)) is None
    assert configured_files(str(tmp_path)) == (("metrics", "m.json"),)


def test_an_empty_contract_is_one(tmp_path: Path) -> None:
    assert metrics_contract(str(tmp_path)) is None
    (tmp_path / "pyproject.toml").write_text("[tool.obs]\nmetrics = []\n")
    assert metrics_contract(str(tmp_path)) == ()


@pytest.mark.parametrize("value", ['["a", 1]', '["a", "a"]', '[["a"]]'])
def test_a_contract_that_is_none(tmp_path: Path, value: str) -> None:
    (tmp_path / "obs.toml").write_text(f"metrics = {value}\n")
    with pytest.raises(BadArgument, match="list of different keys"):
        metrics_contract(str(tmp_path))


def test_the_contract_is_compared_when_a_run_is_recorded(tmp_path: Path) -> None:
    (tmp_path / "m.json").write_text('{"accuracy": 0.5, "f1": 0.25}')
    (tmp_path / "obs.toml").write_text('metrics = ["accuracy", "num_samples"]\n')
    assert obs("init", cwd=tmp_path).code == 0
    answer = obs("record", "--metrics", "m.json", "--no-git", "--dry-run", "--json", cwd=tmp_path)
    (found,) = json.loads(answer.out)["diagnostics"]
    assert found["code"] == "METRICS_SCHEMA_MISMATCH"
    assert found["details"] == {"role": "metrics", "added": ["f1"], "removed": ["num_samples"]}
    (tmp_path / "obs.toml").write_text('metrics = ["accuracy", 1]\n')
    assert obs("record", "--metrics", "m.json", cwd=tmp_path).code == 2
