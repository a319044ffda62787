"""An environment as its folders name it: nothing of it is run, and odd or hostile folders do no harm."""

from __future__ import annotations

import os
import sys
import sysconfig
from importlib import metadata
from pathlib import Path

import pytest
from obs.cas.errors import FileMissing, ObsError, WrongFileType
from obs.cas.observe.environment import EnvironmentFacts, observe_environment


def make(prefix: Path, *names: str) -> Path:
    """A prefix with these files and (ending in a slash) folders."""
    for name in names:
        path = prefix / name
        if name.endswith("/"):
            path.mkdir(parents=True, exist_ok=True)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"raise SystemExit('executed')\n")
    return prefix


def observe(prefix: Path) -> EnvironmentFacts:
    return observe_environment(str(prefix), whose="prefix")


SITE = "lib/python3.12/site-packages"


def test_names_and_versions_come_from_the_folders(tmp_path: Path) -> None:
    make(
        tmp_path,
        f"{SITE}/scikit_learn-1.5.2.dist-info/",
        f"{SITE}/Zope.Interface-7.0.post1.dist-info/",
        f"{SITE}/torch-2.4.0+cu121.dist-info/",
        f"{SITE}/a__.-b-1!2.0rc1.dist-info/",
        f"{SITE}/old_style-0.3-py3.12.egg-info/",
        f"{SITE}/flat-0.4.egg-info",
        f"{SITE}/scikit_learn/__init__.py",
        f"{SITE}/editable.egg-info/",
        f"{SITE}/no-version.dist-info/",
        f"{SITE}/-1.0.dist-info/",
        f"{SITE}/sitecustomize.py",
        f"{SITE}/evil.pth",
        "bin/python",
    )
    facts = observe(tmp_path)
    assert facts.packages == (
        ("a-b", "1!2.0rc1"),
        ("flat", "0.4"),
        ("no", "version"),
        ("old-style", "0.3"),
        ("scikit-learn", "1.5.2"),
        ("torch", "2.4.0+cu121"),
        ("zope-interface", "7.0.post1"),
    )
    assert (facts.whose, facts.python, facts.implementation) == ("prefix", "3.12", "CPython")


@pytest.mark.parametrize(
    ("config", "files", "python", "implementation"),
    [
        pytest.param("version = 3.12.4\n", [], "3.12.4", "CPython", id="venv"),
        pytest.param("version=3.13.0rc1", [], "3.13.0rc1", "CPython", id="release candidate"),
        pytest.param("version = 3.13.0+", [], "3.13.0+", "CPython", id="a build between releases"),
        pytest.param(
            "version_info = 3.9.2.final.0\nimplementation = PyPy\n", [], "3.9.2", "PyPy", id="virtualenv"
        ),
        pytest.param("VERSION = 3.12.4\r\n", [], "3.12.4", "CPython", id="capitals and CRLF"),
        pytest.param("version = $(id)\nimplementation = \x1b[31m", [], "3.12", "CPython", id="nonsense"),
        pytest.param("version = 3.12.4; rm\n", [], "3.12", "CPython", id="more than a version"),
        pytest.param(None, ["conda-meta/python-3.12.7-h1_cpython.json"], "3.12.7", "CPython", id="conda"),
        pytest.param(
            None, ["conda-meta/python-dateutil-2.9.0-py.json"], "3.12", "CPython", id="other package"
        ),
    ],
)
def test_the_version_of_python(
    tmp_path: Path, config: str | None, files: list[str], python: str, implementation: str
) -> None:
    make(tmp_path, f"{SITE}/", *files)
    if config is not None:
        (tmp_path / "pyvenv.cfg").write_bytes(config.encode())
    facts = observe(tmp_path)
    assert (facts.python, facts.implementation) == (python, implementation)


@pytest.mark.parametrize(
    "site",
    [
        "lib/python3.12/site-packages",
        "lib64/python3.12/site-packages",
        "lib/python3.12/dist-packages",
        "lib/python3/dist-packages",
        "local/lib/python3.12/dist-packages",
        "Lib/site-packages",
        "lib/python3.12t/site-packages",
        "lib/pypy3.10/site-packages",
    ],
)
def test_where_packages_may_lie(tmp_path: Path, site: str) -> None:
    make(tmp_path, f"{site}/pkg-1.0.dist-info/")
    if site == "lib/python3/dist-packages":
        make(tmp_path, "lib/python3.12/")
    assert observe(tmp_path).packages == (("pkg", "1.0"),)


def test_lib64_that_is_lib_is_counted_once(tmp_path: Path) -> None:
    make(tmp_path, f"{SITE}/pkg-1.0.dist-info/")
    (tmp_path / "lib64").symlink_to("lib")
    assert observe(tmp_path).packages == (("pkg", "1.0"),)


def test_of_several_pythons_the_one_of_the_program_counts(tmp_path: Path) -> None:
    make(
        tmp_path,
        "lib/python3.9/site-packages/old-1.0.dist-info/",
        "lib/python3.11/site-packages/new-1.0.dist-info/",
    )
    both = observe(tmp_path)
    assert both.python is None  # which of them is meant is not known
    assert both.packages == (("new", "1.0"), ("old", "1.0"))
    make(tmp_path, "bin/python3.9")
    (tmp_path / "bin" / "python3").symlink_to("python3.9")
    one = observe(tmp_path)
    assert (one.python, one.packages) == ("3.9", (("old", "1.0"),))


@pytest.mark.parametrize(("setting", "sees"), [("true", True), ("True", True), ("false", False)])
def test_the_system_s_packages_count_where_the_environment_sees_them(
    tmp_path: Path, setting: str, sees: bool
) -> None:
    base = make(
        tmp_path / "usr", f"{SITE}/shared-1.0.dist-info/", f"{SITE}/numpy-1.0.dist-info/", "bin/python"
    )
    venv = make(tmp_path / "venv", f"{SITE}/numpy-2.0.dist-info/")
    (venv / "pyvenv.cfg").write_text(f"home = {base}/bin\ninclude-system-site-packages = {setting}\n")
    expected = {("numpy", "2.0"), ("shared", "1.0")} if sees else {("numpy", "2.0")}
    assert set(observe(venv).packages) == expected  # its own numpy comes first


def test_a_relative_home_leads_nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path / "usr", f"{SITE}/shared-1.0.dist-info/")
    venv = make(tmp_path / "venv", f"{SITE}/")
    (venv / "pyvenv.cfg").write_text("home = usr/bin\ninclude-system-site-packages = true\n")
    monkeypatch.chdir(tmp_path)
    assert observe(venv).packages == ()


@pytest.mark.parametrize(
    ("files", "error"),
    [
        pytest.param([], WrongFileType, id="empty folder"),
        pytest.param(["lib/python/"], WrongFileType, id="no version"),
        pytest.param(["lib/python3.12"], WrongFileType, id="a file called like it"),
        pytest.param(["lib"], WrongFileType, id="lib is a file"),
    ],
)
def test_a_prefix_without_a_python_is_refused(
    tmp_path: Path, files: list[str], error: type[ObsError]
) -> None:
    with pytest.raises(error):
        observe(make(tmp_path, *files))


def test_a_prefix_that_is_no_folder_is_refused(tmp_path: Path) -> None:
    make(tmp_path, "file")
    with pytest.raises(WrongFileType):
        observe(tmp_path / "file")
    with pytest.raises(FileMissing):
        observe(tmp_path / "absent")
    with pytest.raises(FileMissing):
        observe_environment("nul\0byte", whose="prefix")


def test_hostile_folders_are_bounded_and_say_nothing(tmp_path: Path) -> None:
    site = make(tmp_path, f"{SITE}/ok-1.0.dist-info/") / SITE
    for name in (
        b"red\x1b[31m-1.0.dist-info",
        b"a-1.0\n.dist-info",
        b"\xff-1.0.dist-info",
        b"x" * 230 + b"-1.dist-info",
        "\u202etxt-1.0.dist-info".encode(),
        "p\u0430ndas-1.0.dist-info".encode(),
        b"a b-1.0.dist-info",
    ):
        os.mkdir(os.path.join(os.fsencode(site), name))
    os.mkfifo(tmp_path / "pyvenv.cfg")
    (tmp_path / "conda-meta").symlink_to("conda-meta")
    assert observe(tmp_path).packages == (("ok", "1.0"),)


def test_a_large_pyvenv_cfg_is_read_up_to_a_limit(tmp_path: Path) -> None:
    make(tmp_path, f"{SITE}/")
    with (tmp_path / "pyvenv.cfg").open("wb") as file:
        file.write(b"version = 3.12.1\n")
        file.truncate(1 << 40)
    assert observe(tmp_path).python == "3.12.1"


def test_obs_own_environment_is_what_its_caller_says_and_what_runs(tmp_path: Path) -> None:
    make(tmp_path, "one/pkg-2.0.dist-info/", "two/pkg-1.0.dist-info/", "two/other-1.0.dist-info/")
    facts = observe_environment(
        None,
        whose="obs",
        site_dirs=("", str(tmp_path / "one"), str(tmp_path / "absent"), str(tmp_path / "two"), "x\0y"),
        python="3.12.4",
        implementation="CPython",
    )
    assert facts.packages == (("other", "1.0"), ("pkg", "2.0"))
    assert (facts.whose, facts.python, facts.implementation) == ("obs", "3.12.4", "CPython")
    assert facts.system
    assert facts.machine


def test_this_environment_has_what_importlib_metadata_finds() -> None:
    site = sysconfig.get_path("purelib")
    facts = observe_environment(None, whose="obs", site_dirs=(site,))
    found = {
        (str(each.metadata["Name"]).lower().replace("_", "-").replace(".", "-"), each.version)
        for each in metadata.distributions(path=[site])
    }
    assert {name for name, _ in found} == {name for name, _ in facts.packages}
    if sys.prefix != sys.base_prefix:
        prefixed = observe_environment(sys.prefix, whose="prefix")
        assert set(facts.packages) <= set(prefixed.packages)
        assert prefixed.python == ".".join(map(str, sys.version_info[:3]))
