"""A Python environment as the names of its folders tell it.

Nothing of it is imported or run: its Python version stands in `pyvenv.cfg`, in `conda-meta/` or in
the name of its library folder, and its packages in the names of their `.dist-info` folders (reading
every METADATA file costs more than the rest of a record).

Source: the "Recording installed projects" specification of packaging.python.org.
"""

from __future__ import annotations

import os
import re
from typing import Final, Literal

from ..errors import FileMissing, OperatingSystemRefused, WrongFileType
from ..format.frozen import frozen
from .files import open_regular, path_kind

Whose = Literal["prefix", "virtual-env", "conda", "obs"]

_INFO: Final = re.compile(
    r"([A-Za-z0-9][A-Za-z0-9._-]{0,199})-([A-Za-z0-9][A-Za-z0-9.!+_-]{0,99})\.dist-info\Z", re.ASCII
)
_EGG: Final = re.compile(
    r"([A-Za-z0-9][A-Za-z0-9._]{0,199})-([A-Za-z0-9][A-Za-z0-9.!+_]{0,99})(?:-py[0-9.]+)?\.egg-info\Z",
    re.ASCII,
)
_LIBRARY: Final = re.compile(r"(python|pypy)(\d{1,2}\.\d{1,3})t?\Z", re.ASCII)
_CONDA_PYTHON: Final = re.compile(r"python-(\d{1,2}\.\d{1,3}\.\d{1,3}[a-z0-9]{0,8})-[^/]*\.json\Z", re.ASCII)
_VERSION: Final = re.compile(r"\d{1,2}\.\d{1,3}(?:\.\d{1,3}(?:(?:a|b|rc)\d{1,3})?\+?)?(?=\.|\Z)", re.ASCII)
_IMPLEMENTATION: Final = re.compile(r"[A-Za-z][A-Za-z0-9]{0,31}\Z", re.ASCII)
_CONFIG_BYTES: Final = 64 * 1024
_MOST_PACKAGES: Final = 20_000


@frozen
class EnvironmentFacts:
    """What the folders say. `packages` are (normalised name, version) pairs, sorted."""

    whose: Whose
    python: str | None
    implementation: str | None
    system: str | None
    machine: str | None
    packages: tuple[tuple[str, str], ...]


def observe_environment(
    prefix: str | None,
    *,
    whose: Whose,
    site_dirs: tuple[str, ...] = (),
    python: str | None = None,
    implementation: str | None = None,
) -> EnvironmentFacts:
    """The environment below `prefix`; without one, that of `site_dirs`, `python` and `implementation`.

    `site_dirs` are in the order of `sys.path`: of two versions of a package, the first is what runs.
    Raises FileMissing, WrongFileType where `prefix` is no Python environment.
    """
    if prefix is not None:
        libraries = _libraries(prefix)
        config = _config(prefix)
        site_dirs = _sites(libraries)
        home = config.get("home", "")
        if config.get("include-system-site-packages", "").lower() == "true" and os.path.isabs(home):
            site_dirs += _sites(_found_libraries(os.path.dirname(home)))
        python = _python_version(prefix, config, libraries)
        implementation = _implementation(config, libraries)
    here = os.uname()
    return EnvironmentFacts(
        whose=whose,
        python=python,
        implementation=implementation,
        system=here.sysname or None,
        machine=here.machine or None,
        packages=_packages(site_dirs),
    )


def _libraries(prefix: str) -> list[str]:
    needed = "the prefix of a Python environment"
    if path_kind(prefix) != "folder":
        raise WrongFileType(path=prefix, found="a file", needed=needed)
    found = _found_libraries(prefix)
    if not found:
        raise WrongFileType(path=prefix, found="a folder without lib/pythonX.Y", needed=needed)
    return found


def _found_libraries(prefix: str) -> list[str]:
    """The library folders below a prefix: only the one of its `bin/python` where that says which it is.

    (/usr may hold the libraries of several Pythons. Debian's `local/lib` belongs to the same one.)
    """
    found: dict[str, str] = {}
    for folder in ("lib", "lib64", "local/lib"):
        for name in _names(os.path.join(prefix, folder)):
            path = os.path.join(prefix, folder, name)
            if _LIBRARY.match(name) and os.path.isdir(path):
                found.setdefault(os.path.realpath(path), path)
    windows = os.path.join(prefix, "Lib")
    if os.path.isdir(os.path.join(windows, "site-packages")):
        found.setdefault(os.path.realpath(windows), windows)
    for name in ("python3", "python"):
        program = os.path.basename(os.path.realpath(os.path.join(prefix, "bin", name)))
        own = [path for path in found.values() if os.path.basename(path) == program]
        if own:
            return own
    return list(found.values())


def _sites(libraries: list[str]) -> tuple[str, ...]:
    sites: list[str] = []
    for library in libraries:
        sites += (os.path.join(library, "site-packages"), os.path.join(library, "dist-packages"))
        # Debian keeps the packages of its own Python beside the versioned folder.
        sites.append(os.path.join(os.path.dirname(library), "python3", "dist-packages"))
    return tuple(dict.fromkeys(sites))


def _names(folder: str) -> list[str]:
    """What a folder lists, sorted; nothing where it cannot be listed, or is no folder."""
    try:
        return sorted(os.listdir(folder))
    except (OSError, ValueError):
        return []


def _packages(site_dirs: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    found: dict[str, set[str]] = {}
    for site in dict.fromkeys(site_dirs):
        here: dict[str, set[str]] = {}
        for name in _names(site):
            match = _INFO.match(name) or _EGG.match(name)
            if match:
                # The normalised form of PEP 503.
                here.setdefault(re.sub(r"[-_.]+", "-", match[1]).lower(), set()).add(match[2])
        found = {**here, **found}
    pairs = sorted((name, version) for name, versions in found.items() for version in versions)
    return tuple(pairs[:_MOST_PACKAGES])


def _config(prefix: str) -> dict[str, str]:
    """The keys of `pyvenv.cfg` (PEP 405); none where there is no such file. Raises OperatingSystemRefused."""
    try:
        with open_regular(os.path.join(prefix, "pyvenv.cfg")) as opened:
            text = os.pread(opened.fd, _CONFIG_BYTES, 0).decode("utf-8", "replace")
    except (FileMissing, WrongFileType):
        return {}
    except OSError as error:
        path, why = os.path.join(prefix, "pyvenv.cfg"), os.strerror(error.errno or 0)
        raise OperatingSystemRefused(action="read", path=path, reason=why) from None
    pairs = (line.partition("=") for line in text.splitlines())
    return {key.strip().lower(): value.strip() for key, equals, value in pairs if equals}


def _python_version(prefix: str, config: dict[str, str], libraries: list[str]) -> str | None:
    for key in ("version", "version_info"):
        found = _VERSION.match(config.get(key, ""))
        if found:
            return found[0]
    for name in _names(os.path.join(prefix, "conda-meta")):
        match = _CONDA_PYTHON.match(name)
        if match:
            return match[1]
    # Of several, none is *the* Python of this prefix.
    versions = {match[2] for path in libraries if (match := _LIBRARY.match(os.path.basename(path)))}
    return versions.pop() if len(versions) == 1 else None


def _implementation(config: dict[str, str], libraries: list[str]) -> str | None:
    written = config.get("implementation", "")
    if _IMPLEMENTATION.match(written):
        return written
    kinds = {match[1] for path in libraries if (match := _LIBRARY.match(os.path.basename(path)))}
    return {"pypy": "PyPy", "python": "CPython"}[kinds.pop()] if len(kinds) == 1 else None
