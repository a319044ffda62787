"""Which environment a run is said to have run in, as the object that is stored."""

from __future__ import annotations

import platform
from collections.abc import Mapping

from ..errors import ObsError
from ..format.reports import Environment, Source
from ..observe.environment import EnvironmentFacts, observe_environment
from ..observe.source import observe_source

_GIT_VARIABLES = ("PATH", "HOME", "LANG", "TMPDIR", "XDG_CONFIG_HOME", "SYSTEMROOT")


def git_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """What git gets to see of the environment: nothing that points it at another repository."""
    return {name: environ[name] for name in _GIT_VARIABLES if name in environ}


def describe_environment(
    *,
    prefix: str | None,
    virtual_env: str | None,
    conda: str | None,
    own_site_dirs: tuple[str, ...],
    git_folder: str | None,
    git_env: Mapping[str, str],
) -> Environment:
    """The environment of `prefix`, else of the active virtual or conda environment, else obs' own.

    A prefix that was named has to be a Python environment; one that a variable points to is passed
    over if it is none. Raises FileMissing, WrongFileType.
    """
    facts = _facts(prefix, virtual_env, conda, own_site_dirs)
    source = None
    if git_folder is not None:
        seen = observe_source(git_folder, env=git_env)
        if seen is not None and seen.commit is not None:
            source = Source(commit=seen.commit, dirty=seen.dirty)
    return Environment(
        whose=facts.whose,
        python=facts.python,
        implementation=facts.implementation,
        system=facts.system,
        machine=facts.machine,
        packages=tuple(sorted(set(facts.packages), key=lambda pair: (pair[0].encode(), pair[1].encode()))),
        source=source,
    )


def _facts(
    prefix: str | None, virtual_env: str | None, conda: str | None, own_site_dirs: tuple[str, ...]
) -> EnvironmentFacts:
    if prefix is not None:
        return observe_environment(prefix, whose="prefix")
    for candidate, whose in ((virtual_env, "virtual-env"), (conda, "conda")):
        if candidate:
            try:
                return observe_environment(
                    candidate, whose="virtual-env" if whose == "virtual-env" else "conda"
                )
            except ObsError:
                continue  # a stale variable says nothing about the run
    return observe_environment(
        None,
        whose="obs",
        site_dirs=own_site_dirs,
        python=platform.python_version(),
        implementation=platform.python_implementation(),
    )
