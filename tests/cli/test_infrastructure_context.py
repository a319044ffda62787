"""What a command knows of the world: the store that is meant, the time, colours and the pager."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

import pytest
from obs.cas.errors import BadArgument, ForeignStore, NoStore, UnsafeStore
from obs.cas.store.discovery import create
from obs.cas.store.files import FileOperations
from obs.cli.context import Invocation, make_invocation


@pytest.fixture(autouse=True)
def a_plain_world(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("OBS_DIR", "SOURCE_DATE_EPOCH"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)  # also brings the current folder back when -C has changed it


def invocation(environ: Mapping[str, str] | None = None, **changes: object) -> Invocation:
    fields: dict[str, object] = {
        "cwd": "/",
        "environ": environ or {},
        "named_store": None,
        "color_choice": "auto",
        "paging": True,
        "user": 0,
        **changes,
    }
    # The fields are of several types, and a test changes one or two of them.
    return Invocation(**fields)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def call(*folders: str) -> Invocation:
    return make_invocation(folders=folders, color_choice="auto", paging=True)


def make_store(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return Path(create(str(folder), FileOperations())[0])


# ------------------------------------------------------------------------------------------------- the store


def test_the_store_is_found_upwards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = make_store(tmp_path / "a")
    (tmp_path / "a" / "b" / "c").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "a" / "b" / "c")
    found = call()
    assert found.named_store is None
    assert found.store_path() == str(store)
    with found.open_store() as opened:
        assert opened.home == str(tmp_path / "a")


def test_a_folder_names_the_store_that_it_holds(tmp_path: Path) -> None:
    store = make_store(tmp_path / "a")
    found = call("a")
    assert found.cwd == found.named_store == os.getcwd() == str(tmp_path / "a")
    assert found.store_path() == str(store)


def test_a_folder_may_be_the_store_itself(tmp_path: Path) -> None:
    store = make_store(tmp_path / "a")
    assert call("a/.obs").store_path() == str(store)


def test_from_another_folder_the_search_goes_on_unnamed(tmp_path: Path) -> None:
    store = make_store(tmp_path / "a")
    (tmp_path / "a" / "b").mkdir()
    found = call("a", "b")
    assert found.named_store is None
    assert found.store_path() == str(store)


@pytest.mark.parametrize("value", ["a", "a/.obs", "a/.obs/", "{}/a"])
def test_the_environment_names_a_store(value: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = make_store(tmp_path / "a")
    monkeypatch.setenv("OBS_DIR", value.format(tmp_path))
    assert os.path.normpath(call().store_path()) == str(store)


def test_the_command_line_comes_before_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = make_store(tmp_path / "a"), make_store(tmp_path / "b")
    (tmp_path / "c").mkdir()
    monkeypatch.setenv("OBS_DIR", str(tmp_path / "b"))
    assert call().store_path() == str(second)
    assert call("c").store_path() == str(second)
    assert call("../a").store_path() == str(first)


def test_another_users_store_is_opened_only_if_it_is_named(tmp_path: Path) -> None:
    store = make_store(tmp_path)
    somebody = os.geteuid() + 1
    with pytest.raises(ForeignStore):
        invocation(cwd=str(tmp_path), user=somebody).store_path()
    named = invocation(cwd=str(tmp_path), user=somebody, named_store=str(tmp_path))
    assert named.store_path() == str(store)


def test_a_link_in_place_of_the_store_is_refused_even_if_named(tmp_path: Path) -> None:
    make_store(tmp_path / "real")
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / ".obs").symlink_to(tmp_path / "real" / ".obs")
    with pytest.raises(UnsafeStore):
        call("a").store_path()


def test_a_name_that_holds_no_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_store(tmp_path)
    (tmp_path / "a").mkdir()
    monkeypatch.setenv("OBS_DIR", "a")
    with pytest.raises(NoStore):
        call().store_path()  # and not the one above, which nobody named


@pytest.mark.parametrize("folder", ["none", "file", "n\0l"])
def test_a_folder_that_is_none(folder: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(BadArgument, match=r"^-C names "):
        call(folder)


# -------------------------------------------------------------------------------------------------- the time


def test_a_given_time_comes_first() -> None:
    world = invocation({"SOURCE_DATE_EPOCH": "0"})
    assert world.now("2026-01-31T10:30:00+01:00") == "2026-01-31T09:30:00.000000Z"
    assert world.now() == "1970-01-01T00:00:00.000000Z"


@pytest.mark.parametrize(
    ("seconds", "stored"),
    [("1767225600", "2026-01-01T00:00:00.000000Z"), ("-1", "1969-12-31T23:59:59.000000Z")],
)
def test_the_reproducible_builds_time(seconds: str, stored: str) -> None:
    assert invocation({"SOURCE_DATE_EPOCH": seconds}).now() == stored


@pytest.mark.parametrize("seconds", ["", "x", "1.5", " 1", "1_000", "٣", "--1", "9" * 30, "9" * 5000])
def test_a_reproducible_time_that_is_none(seconds: str) -> None:
    with pytest.raises(BadArgument, match="SOURCE_DATE_EPOCH"):
        invocation({"SOURCE_DATE_EPOCH": seconds}).now()


@pytest.mark.parametrize("text", ["", "yesterday", "2026-01-31", "2026-02-30T00:00:00Z"])
def test_a_given_time_that_is_none_is_a_usage_error(text: str) -> None:
    with pytest.raises(BadArgument):
        invocation().now(text)


def test_otherwise_it_is_now() -> None:
    first, second = invocation().now(), invocation().now()
    assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", first)
    assert first <= second


# --------------------------------------------------------------- colours and pager where there is no terminal


@pytest.mark.parametrize(("choice", "wanted"), [("auto", False), ("never", False), ("always", True)])
def test_colours_into_a_file(choice: str, wanted: bool) -> None:
    assert invocation({"TERM": "xterm", "NO_COLOR": "1"}, color_choice=choice).color is wanted


def test_no_pager_for_a_file() -> None:
    assert invocation({"TERM": "xterm", "PAGER": "less"}).pager is None
