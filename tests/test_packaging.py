"""The package is what the folders say: in the checkout, in the wheel, in the sdist."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))

in_a_checkout = pytest.mark.skipif((ROOT / "PKG-INFO").exists(), reason="an sdist holds no links")


def packages_on_disk() -> set[str]:
    """Every folder of cas/ and cli/ that holds Python, by its import name."""
    folders = {path.parent for room in ("cas", "cli") for path in (ROOT / room).rglob("*.py")}
    return {"obs", *(".".join(("obs", *folder.relative_to(ROOT).parts)) for folder in folders)}


def version() -> str:
    match = re.search(r'^__version__ = "([^"]+)"', (ROOT / "__init__.py").read_text("utf-8"), re.MULTILINE)
    assert match is not None
    return match[1]


def test_the_list_of_packages_is_the_folders() -> None:
    assert set(PROJECT["tool"]["setuptools"]["packages"]) == packages_on_disk()


def test_every_package_has_an_init() -> None:
    missing = [
        name
        for name in packages_on_disk()
        if not ROOT.joinpath(*name.split(".")[1:], "__init__.py").is_file()
    ]
    assert missing == []


def test_the_root_holds_no_other_python_and_tests_is_no_package() -> None:
    assert {path.name for path in ROOT.glob("*.py")} == {"__init__.py", "__main__.py"}
    assert not (ROOT / "tests" / "__init__.py").exists()  # it would break pytest in a bare checkout


@in_a_checkout
def test_the_links_of_a_bare_checkout() -> None:
    folder = ROOT / ".pythonpath" / "obs"
    links = {path.name: os.readlink(path) for path in folder.iterdir() if path.name != "__pycache__"}
    assert links == {name: f"../../{name}" for name in ("__init__.py", "__main__.py", "cas", "cli")}


def test_the_version_stands_in_one_place() -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+((a|b|rc)\d+)?", version())
    assert "version" not in PROJECT["project"]
    assert PROJECT["tool"]["setuptools"]["dynamic"]["version"] == {"attr": "obs.__version__"}
    import obs

    assert obs.__version__ == version()


def test_the_public_names_are_the_facades() -> None:
    import obs
    from obs.cas import api

    public = set(obs.__all__) - {"__version__"}
    assert public == set(api.__all__)
    assert public <= set(dir(obs))
    for name in public:
        assert getattr(obs, name) is getattr(api, name)


def test_another_name_is_an_attribute_error() -> None:
    import obs

    name = "Stroe"
    with pytest.raises(AttributeError, match="has no attribute 'Stroe'"):
        getattr(obs, name)


def names_in(source: str, table: str) -> set[str]:
    """The keys of a module-level dictionary, or the items of a list."""
    for node in ast.parse(source).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == table:
            return set(ast.literal_eval(node.value))
    raise AssertionError(f"no {table}")


def test_the_lazy_table_is_the_list_of_public_names() -> None:
    source = (ROOT / "__init__.py").read_text("utf-8")
    assert names_in(source, "_PUBLIC") | {"__version__"} == names_in(source, "__all__")


def required(requirement: str) -> str:
    return re.split(r"[\[<>=!~; ]", requirement, maxsplit=1)[0].lower().replace("_", "-")


def test_every_dependency_is_pinned_for_the_tests() -> None:
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    assert all(re.fullmatch(r"[A-Za-z0-9_.-]+==[0-9][0-9a-z.]*", line) for line in pins)
    wanted = [*PROJECT["project"]["dependencies"]]
    for extra in PROJECT["project"]["optional-dependencies"].values():
        wanted += extra
    assert {required(line) for line in wanted} - {"obs-provenance"} <= {required(line) for line in pins}


# ------------------------------------------------------------------------------------------- what is shipped


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel and the sdist, built from a copy, without a network."""
    folder = tmp_path_factory.mktemp("built")
    copy = folder / "checkout"
    ignored = shutil.ignore_patterns(
        ".git", ".venv*", "build", "dist", "*.egg-info", "__pycache__", ".*_cache", ".hypothesis", ".obs"
    )
    shutil.copytree(ROOT, copy, symlinks=True, ignore=ignored)
    code = (
        "import sys\n"
        "from setuptools import build_meta\n"
        "folder = sys.argv[1]\n"  # setuptools puts arguments of its own into sys.argv
        "build_meta.build_sdist(folder)\n"
        "build_meta.build_wheel(folder)\n"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code, str(folder)], cwd=copy, capture_output=True, text=True, check=False
    )
    assert answer.returncode == 0, answer.stderr
    return folder


def test_the_wheel_holds_the_packages_and_nothing_else(built: Path) -> None:
    (wheel,) = built.glob("*.whl")
    assert wheel.name == f"obs_provenance-{version()}-py3-none-any.whl"
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        metadata = f"obs_provenance-{version()}.dist-info/"
        scripts = archive.read(metadata + "entry_points.txt").decode()
    shipped = {name for name in names if not name.startswith(metadata)}
    sources = {ROOT / "__init__.py", ROOT / "__main__.py", ROOT / "py.typed"}
    sources |= set((ROOT / "docs" / "schemas").glob("*.json"))
    sources |= {path for room in ("cas", "cli") for path in (ROOT / room).rglob("*.py")}
    assert shipped == {f"obs/{path.relative_to(ROOT).as_posix()}" for path in sources}
    assert metadata + "licenses/LICENSE" in names
    assert "obs = obs.cli.main:start" in scripts


def test_the_sdist_holds_tests_and_documents_and_the_code_once(built: Path) -> None:
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    for name in (
        "__init__.py",
        "py.typed",
        "cas/errors/answers.py",
        "Makefile",
        "constraints.txt",
        "CHANGELOG.md",
        "CONTRIBUTING.md",
        "LICENSE",
        "tests/test_packaging.py",
        "tests/pages.py",
        "docs/cli/record.md",
        "docs/adr/0002-identity.md",
        "typings/pyarrow/__init__.pyi",
        ".ci/run",
        ".obs-example/train.py",
        ".obs-example/breast_cancer.csv",
        "vscode/package.json",
        "vscode/src/extension.js",
        "vscode/test/run.sh",
    ):
        assert name in names
    assert not [name for name in names if name.startswith(".pythonpath")]
    assert not [name for name in names if "__pycache__" in name]
