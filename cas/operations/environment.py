"""Which environment a run is said to have run in, as the object that is stored."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping

from ..errors import ObsError
from ..format.reports import Environment, Source
from ..observe.environment import EnvironmentFacts, observe_environment

_GIT_VARIABLES = ("PATH", "HOME", "LANG", "TMPDIR", "XDG_CONFIG_HOME", "SYSTEMROOT")
"""What git gets to see of the environment: nothing that points it at another repository."""

_NAMES = {"cpython": "CPython", "pypy": "PyPy", "graalpy": "GraalVM"}
"""Of implementations, as they are written."""


def begin_environment(
    prefix: str | None, environ: Mapping[str, str], own_site_dirs: tuple[str, ...], git_folder: str | None
) -> Callable[[], Environment]:
    """As `describe_environment`, which begins at once in a thread (git takes its time); what is returned
    waits for it and gives or raises what it did."""
    import threading

    done: list[Environment | BaseException] = []

    def describe() -> None:
        try:
            done.append(describe_environment(prefix, environ, own_site_dirs, git_folder))
        except BaseException as error:  # noqa: BLE001 (raised by the thread that asked)
            done.append(error)

    thread = threading.Thread(target=describe, daemon=True)
    thread.start()

    def finish() -> Environment:
        thread.join()
        if isinstance(done[0], BaseException):
            raise done[0]
        return done[0]

    return finish


def describe_environment(
    prefix: str | None, environ: Mapping[str, str], own_site_dirs: tuple[str, ...], git_folder: str | None
) -> Environment:
    """The environment of `prefix`, else of the one that VIRTUAL_ENV or CONDA_PREFIX in `environ` names,
    else obs' own, whose modules lie in `own_site_dirs`; with the commit of the sources in `git_folder`.

    A prefix that was named has to be a Python environment; one that a variable points to is passed
    over if it is none. Raises FileMissing, WrongFileType.
    """
    facts = _facts(prefix, environ.get("VIRTUAL_ENV"), environ.get("CONDA_PREFIX"), own_site_dirs)
    source = None
    if git_folder is not None:
        from ..observe.source import observe_source

        git_env = {name: environ[name] for name in _GIT_VARIABLES if name in environ}
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
        # As `platform` says them, which costs more to import than the rest of this takes.
        python=sys.version.split(" ", 1)[0],
        implementation=_NAMES.get(sys.implementation.name, sys.implementation.name),
    )
