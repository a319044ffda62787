"""The rooms of the house, enforced: who may import whom, who may look at the environment, what loads when.

    errors  <-  format  <-  { store | observe }  <-  operations  <-  cli

The source is parsed, never imported, but for the last tests, which ask a fresh interpreter what was loaded.
"""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

# Room -> the rooms that it may import from, beside itself. The root package holds `__version__`, a constant.
ARROWS: dict[str, frozenset[str]] = {
    "root": frozenset({"api", "cli"}),  # lazily: `obs.Store`, `python -m obs`
    "errors": frozenset(),
    "format": frozenset({"errors"}),
    "store": frozenset({"errors", "format"}),
    "observe": frozenset({"errors", "format"}),
    "operations": frozenset({"errors", "format", "store", "observe"}),
    "api": frozenset({"errors", "format", "store", "observe", "operations"}),
    "cli": frozenset({"errors", "format", "store", "observe", "operations", "api"}),
}

# Only cli/ and cas/api.py look at these; everything else is told.
OUTSIDE_WORLD = frozenset(
    {
        "builtins.input",
        "builtins.print",
        "datetime.date.today",
        "datetime.datetime.now",
        "datetime.datetime.today",
        "datetime.datetime.utcnow",
        "os.chdir",
        "os.environ",
        "os.environb",
        "os.get_terminal_size",
        "os.getcwd",
        "os.getcwdb",
        "os.getenv",
        "os.getenvb",
        "os.path.expanduser",
        "os.path.expandvars",
        "os.putenv",
        "pathlib.Path.cwd",
        "pathlib.Path.home",
        "shutil.get_terminal_size",
        "sys.argv",
        "sys.exit",
        "sys.stderr",
        "sys.stdin",
        "sys.stdout",
        "time.ctime",
        "time.gmtime",
        "time.localtime",
        "time.strftime",
        "time.time",
        "time.time_ns",
    }
)
MAY_LOOK_OUTSIDE = ("cli/", "cas/api.py")

# Slow to load, and not needed to say what a store holds.
HEAVY = frozenset(
    {"asyncio", "filelock", "joblib", "numpy", "pandas", "pyarrow", "scipy", "sklearn", "sqlite3"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """One imported module or name, absolute (`obs.cas.errors.ObsError`), and where it stands."""

    target: str
    line: int
    lazy: bool  # within a function, or for type checkers only


def module_name(path: Path) -> str:
    """`cas/format/ids.py` is `obs.cas.format.ids`; a package is named without its `__init__`."""
    parts = ("obs", *path.relative_to(ROOT).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def room_of(name: str) -> str | None:
    """The room of a module or of a name within it; None for the root's constants and for cas/__init__.py."""
    parts = name.split(".")
    if parts[:2] == ["obs", "cli"]:
        return "cli"
    if parts[:2] == ["obs", "cas"] and len(parts) > 2:
        return parts[2]
    return None


def is_type_checking(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and any(
        (isinstance(part, ast.Name) and part.id == "TYPE_CHECKING")
        or (isinstance(part, ast.Attribute) and part.attr == "TYPE_CHECKING")
        for part in ast.walk(node.test)
    )


def imports(tree: ast.Module, name: str, *, is_package: bool) -> Iterator[Import]:
    """Every import of a module, relative ones resolved.

    `from X import a` gives `X.a`: whether `a` is a module or a name in one, its room is the same.
    """

    def walk(node: ast.AST, lazy: bool) -> Iterator[Import]:
        for child in ast.iter_child_nodes(node):
            below = lazy or isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            if isinstance(child, ast.Import):
                for alias in child.names:
                    yield Import(target=alias.name, line=child.lineno, lazy=lazy)
            elif isinstance(child, ast.ImportFrom):
                base = child.module or ""
                if child.level:
                    package = name.split(".") if is_package else name.split(".")[:-1]
                    parents = package[: len(package) - (child.level - 1)]
                    base = ".".join([*parents, base]) if base else ".".join(parents)
                for alias in child.names:
                    yield Import(target=f"{base}.{alias.name}", line=child.lineno, lazy=lazy)
            elif isinstance(child, ast.If) and is_type_checking(child):
                for statement in child.body:
                    yield from walk(ast.Module(body=[statement], type_ignores=[]), True)
                for statement in child.orelse:
                    yield from walk(ast.Module(body=[statement], type_ignores=[]), below)
            else:
                yield from walk(child, below)

    yield from walk(tree, False)


def wrong_arrows(source: str, name: str, *, is_package: bool) -> list[str]:
    """The imports that point the wrong way, as sentences."""
    room = room_of(name)
    if room is None:
        room = "root" if not name.startswith("obs.cas") else "errors"  # cas/__init__.py imports nothing
    found: list[str] = []
    for item in imports(ast.parse(source), name, is_package=is_package):
        top = item.target.split(".")[0]
        if top in {"cas", "cli"}:
            found.append(f"line {item.line}: {item.target}: imports are relative, from obs.{top}")
        elif top == "obs":
            other = room_of(item.target)
            if other is None:
                allowed = item.target == "obs.__version__"
            else:
                allowed = other == room or other in ARROWS[room]
            if not allowed:
                found.append(f"line {item.line}: {room} must not import {item.target}")
    return found


def looks_outside(source: str) -> list[str]:
    """Where a module touches the clock, the environment, the current folder or the terminal."""
    tree = ast.parse(source)
    known = {"print": "builtins.print", "input": "builtins.input"}  # a local name -> what it stands for
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.split(".")[0]
                known[alias.asname or top] = alias.name if alias.asname else top
        elif isinstance(node, ast.ImportFrom) and not node.level:
            for alias in node.names:
                known[alias.asname or alias.name] = f"{node.module}.{alias.name}"

    def dotted(node: ast.expr) -> str | None:
        if isinstance(node, ast.Name):
            return known.get(node.id)
        if isinstance(node, ast.Attribute):
            base = dotted(node.value)
            return None if base is None else f"{base}.{node.attr}"
        return None

    return [
        f"line {node.lineno}: {name}"
        for node in ast.walk(tree)
        if isinstance(node, ast.Name | ast.Attribute) and (name := dotted(node)) in OUTSIDE_WORLD
    ]


def heavy_imports(source: str, name: str, *, is_package: bool) -> list[str]:
    """Heavy modules imported as soon as this module is."""
    return [
        f"line {item.line}: {item.target}"
        for item in imports(ast.parse(source), name, is_package=is_package)
        if not item.lazy and item.target.split(".")[0] in HEAVY
    ]


FILES = sorted(
    [ROOT / "__init__.py", ROOT / "__main__.py", *(ROOT / "cas").rglob("*.py"), *(ROOT / "cli").rglob("*.py")]
)
each_file = pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())


@each_file
def test_imports_point_one_way(path: Path) -> None:
    source, name = path.read_text("utf-8"), module_name(path)
    assert wrong_arrows(source, name, is_package=path.name == "__init__.py") == []


@each_file
def test_every_module_stands_in_a_known_room(path: Path) -> None:
    room = room_of(module_name(path))
    assert room in ARROWS or path.relative_to(ROOT).as_posix() in {
        "__init__.py",
        "__main__.py",
        "cas/__init__.py",
    }


@each_file
def test_the_environment_is_read_in_two_places_only(path: Path) -> None:
    if not path.relative_to(ROOT).as_posix().startswith(MAY_LOOK_OUTSIDE):
        assert looks_outside(path.read_text("utf-8")) == []


@each_file
def test_heavy_modules_are_imported_where_they_are_used(path: Path) -> None:
    source, name = path.read_text("utf-8"), module_name(path)
    assert heavy_imports(source, name, is_package=path.name == "__init__.py") == []


# ------------------------------------------------------------------ the machine that enforces can itself fail


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("obs.cas.errors", "from .format import ids"),
        ("obs.cas.format.ids", "from ..store import files"),
        ("obs.cas.format.ids", "from ..store.files import StoreFiles"),
        ("obs.cas.store.chain", "from ..observe import datasets"),
        ("obs.cas.observe.datasets", "from .. import store"),
        ("obs.cas.observe.datasets", "def f():\n    from ..store import files"),
        ("obs.cas.operations.record", "from ...cli import main"),
        ("obs.cas.operations.record", "from ..api import Store"),
        ("obs.cas.operations.record", "import obs"),
        ("obs.cas.api", "import obs.cli.main"),
        ("obs.cli.main", "from cas.errors import ObsError"),
        ("obs.cli.main", "from .. import Store"),
    ],
)
def test_a_wrong_arrow_is_found(name: str, source: str) -> None:
    assert len(wrong_arrows(source, name, is_package=False)) == 1


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("obs.cas.format.ids", "from ..errors import ObsError"),
        (
            "obs.cas.store.chain",
            "from . import files\nfrom .files import StoreFiles\nfrom ..format import ids",
        ),
        ("obs.cas.operations.record", "from ..store import chain\nfrom ..observe import git\nimport os"),
        (
            "obs.cli.main",
            "from .. import __version__\nfrom ..cas import api\nfrom ..cas.errors import ObsError",
        ),
    ],
)
def test_a_right_arrow_is_not_found(name: str, source: str) -> None:
    assert wrong_arrows(source, name, is_package=False) == []


def test_a_packages_own_dots_are_counted_right() -> None:
    assert wrong_arrows("from .ids import Digest", "obs.cas.format", is_package=True) == []
    assert len(wrong_arrows("from ..store import chain", "obs.cas.format", is_package=True)) == 1


@pytest.mark.parametrize(
    "source",
    [
        "import os\nos.environ['HOME']",
        "import os as system\nsystem.getcwd()",
        "from os import environ as e\ne.get('HOME')",
        "import os.path\nos.path.expanduser('~')",
        "from datetime import datetime\ndatetime.now()",
        "import datetime\ndatetime.datetime.now()",
        "import time\ndef f():\n    return time.time()",
        "from pathlib import Path\nPath.cwd()",
        "import sys\nsys.stdout.write('x')",
        "print('x')",
    ],
)
def test_a_look_outside_is_found(source: str) -> None:
    assert len(looks_outside(source)) == 1


def test_what_only_resembles_a_look_outside_is_not_found() -> None:
    assert looks_outside("import os, time\nos.fsdecode(b'')\ntime.monotonic()\nself.environ\nx.print()") == []


@pytest.mark.parametrize(
    "source",
    [
        "import pyarrow",
        "import pyarrow.csv as csv",
        "from pandas import DataFrame",
        "class A:\n    import sqlite3",
        "try:\n    import joblib\nexcept ImportError:\n    pass",
        "if TYPE_CHECKING:\n    pass\nelse:\n    import numpy",
    ],
)
def test_a_heavy_import_is_found(source: str) -> None:
    assert len(heavy_imports(source, "obs.cas.observe.x", is_package=False)) == 1


@pytest.mark.parametrize(
    "source", ["def f():\n    import pyarrow", "if TYPE_CHECKING:\n    import pyarrow", "import pyarrowx"]
)
def test_a_lazy_import_is_not_heavy(source: str) -> None:
    assert heavy_imports(source, "obs.cas.observe.x", is_package=False) == []


# ------------------------------------------------------------------------------------ asked of an interpreter


def loaded_after(statements: str) -> set[str]:
    """The top-level modules that a fresh interpreter holds after the statements, from a bare checkout."""
    code = f"{statements}\nimport sys\nprint('\\n'.join({{name.split('.')[0] for name in sys.modules}}))"
    answer = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(ROOT / ".pythonpath")},
        check=True,
        capture_output=True,
        text=True,
    )
    return set(answer.stdout.split())


def test_importing_obs_imports_nothing() -> None:
    assert loaded_after("import obs") - loaded_after("") <= {"obs"}


def test_no_module_of_obs_loads_a_heavy_one() -> None:
    modules = sorted(module_name(path) for path in FILES if path.name != "__main__.py")
    assert loaded_after("import " + ", ".join(modules)) & HEAVY == set()
