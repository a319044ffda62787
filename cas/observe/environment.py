"""A Python environment as the names of its folders tell it.

Nothing of it is imported or run: its Python version stands in `pyvenv.cfg`, in `conda-meta/` or in
the name of its library folder, and its packages in the names of their `.dist-info` folders (reading
every METADATA file costs more than the rest of a record).

Source: the "Recording installed projects" specification of packaging.python.org.
"""

from __future__ import annotations

import os
import platform
import re
from dataclasses import dataclass
from typing import Final, Literal

from ..errors import FileMissing, OperatingSystemRefused, WrongFileType

Whose = Literal["prefix", "virtual-env", "conda", "obs"]

_INFO: Final = re.compile(
    r"([A-Za-z0-9][A-Za-z0-9._-]{0,199})-([A-Za-z0-9][A-Za-z0-9.!+_-]{0,99})\.dist-info\Z", re.ASCII
)
_EGG: Final = re.compile(
    r"([A-Za-z0-9][A-Za-z0-9._]{0,199})-([A-Za-z0-9][A-Za-z0-9.!+_]{0,99})(?:-py[0-9.]+)?\.egg-info\Z",
    re.ASCII,
)
_LIBRARY: Final = re.compile(r"(python|pypy)(\d+\.\d+)t?\Z", re.ASCII)
_CONDA_PYTHON: Final = re.compile(r"python-(\d+\.\d+\.\d+)-[^/]*\.json\Z", re.ASCII)
_VERSION: Final = re.compile(r"\d+\.\d+(?:\.\d+[a-z0-9+]*)?", re.ASCII)
_CONFIG_BYTES: Final = 64 * 1024
_MOST_PACKAGES: Final = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
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

    Raises FileMissing, WrongFileType where `prefix` is no Python environment.
    """
    if prefix is not None:
        libraries = _libraries(prefix)
        config = _config(prefix)
        site_dirs = tuple(site for library in libraries for site in _sites(library))
        if config.get("include-system-site-packages", "").lower() == "true" and "home" in config:
            base = os.path.dirname(config["home"])
            site_dirs += tuple(site for library in _found_libraries(base) for site in _sites(library))
        python = _python_version(prefix, config, libraries)
        implementation = config.get("implementation") or ("CPython" if python is not None else None)
    return EnvironmentFacts(
        whose=whose,
        python=python,
        implementation=implementation,
        system=platform.system() or None,
        machine=platform.machine() or None,
        packages=_packages(site_dirs),
    )


def _libraries(prefix: str) -> list[str]:
    if not os.path.lexists(prefix):
        raise FileMissing(path=prefix)
    found = _found_libraries(prefix)
    if not found:
        raise WrongFileType(
            path=prefix,
            found="no folder with lib/pythonX.Y in it",
            needed="the prefix of a Python environment",
        )
    return found


def _found_libraries(prefix: str) -> list[str]:
    found: dict[str, str] = {}
    for folder in ("lib", "lib64", "local/lib"):
        for name in _names(os.path.join(prefix, folder)):
            if _LIBRARY.match(name):
                path = os.path.join(prefix, folder, name)
                found.setdefault(os.path.realpath(path), path)
    windows = os.path.join(prefix, "Lib")
    if os.path.isdir(os.path.join(windows, "site-packages")):
        found.setdefault(os.path.realpath(windows), windows)
    return list(found.values())


def _sites(library: str) -> list[str]:
    sites = [os.path.join(library, "site-packages"), os.path.join(library, "dist-packages")]
    # Debian keeps the packages of its own Python beside the versioned folder.
    return [*sites, os.path.join(os.path.dirname(library), "python3", "dist-packages")]


def _names(folder: str) -> list[str]:
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return []


def _packages(site_dirs: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    found: set[tuple[str, str]] = set()
    for site in dict.fromkeys(site_dirs):
        for name in _names(site):
            match = _INFO.match(name) or _EGG.match(name)
            if match:
                found.add((re.sub(r"[-_.]+", "-", match[1]).lower(), match[2]))
                if len(found) >= _MOST_PACKAGES:
                    break
    return tuple(sorted(found))


def _config(prefix: str) -> dict[str, str]:
    """The keys of `pyvenv.cfg` (PEP 405); none where there is no such file."""
    try:
        with open(os.path.join(prefix, "pyvenv.cfg"), "rb") as file:
            text = file.read(_CONFIG_BYTES).decode("utf-8", "replace")
    except OSError as error:
        if isinstance(error, PermissionError):
            raise OperatingSystemRefused(
                action="read", path=os.path.join(prefix, "pyvenv.cfg"), reason=os.strerror(error.errno or 0)
            ) from None
        return {}
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
    for library in libraries:
        match = _LIBRARY.match(os.path.basename(library))
        if match:
            return match[2]
    return None
