"""git is asked for the commit: it writes nothing, and nothing that the repository names is run."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import time
from pathlib import Path

import pytest
from obs.cas.observe.source import SourceState, observe_source

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="needs git")


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    """A user without settings of their own."""
    home = tmp_path / "home"
    home.mkdir()
    return {
        "PATH": os.environ["PATH"], "HOME": str(home), "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CEILING_DIRECTORIES": str(tmp_path),
    }  # fmt: skip


class Repository:
    """A repository with one commit of `file` and `other`."""

    def __init__(self, path: Path, env: dict[str, str]) -> None:
        self.path = path
        self.env = env
        path.mkdir()
        self.git("init", "-q")
        self.git("config", "user.name", "t")
        self.git("config", "user.email", "t@example.org")
        for name in ("file", "other"):
            (path / name).write_text("one\n")
        self.commit()

    def git(self, *words: str) -> str:
        done = subprocess.run(
            ["git", *words], cwd=self.path, env=self.env, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    def commit(self) -> None:
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "m")

    def head(self) -> str:
        return self.git("rev-parse", "HEAD")

    def observe(self) -> SourceState | None:
        return observe_source(str(self.path), env=self.env, timeout_s=20.0)

    def stale(self) -> None:
        """Every file's stat is no longer that of the index, so that git looks at the bytes."""
        for path in self.path.iterdir():
            if path.is_file():
                os.utime(path, ns=(10**18, 10**18))


@pytest.fixture
def repository(tmp_path: Path, env: dict[str, str]) -> Repository:
    return Repository(tmp_path / "repository", env)


def snapshot(folder: Path) -> dict[str, tuple[object, ...]]:
    """Names, times and bytes of everything below a folder."""
    return {
        str(path.relative_to(folder)): (
            path.lstat().st_mtime_ns,
            path.lstat().st_ino,
            path.read_bytes() if path.is_file() else None,
        )
        for path in (folder, *sorted(folder.rglob("*")))
    }


def test_a_clean_repository(repository: Repository) -> None:
    assert repository.observe() == SourceState(repository.head(), False)


def test_from_a_folder_inside_it(repository: Repository, env: dict[str, str]) -> None:
    (repository.path / "sub").mkdir()
    state = observe_source(str(repository.path / "sub"), env=env, timeout_s=20.0)
    assert state == SourceState(repository.head(), False)


def modify(repository: Repository) -> None:
    (repository.path / "file").write_text("two\n")


def delete(repository: Repository) -> None:
    (repository.path / "file").unlink()


def stage(repository: Repository) -> None:
    modify(repository)
    repository.git("add", "file")


def stage_new(repository: Repository) -> None:
    (repository.path / "new").write_text("new\n")
    repository.git("add", "new")


def rename(repository: Repository) -> None:
    repository.git("mv", "file", "renamed")


def retype(repository: Repository) -> None:
    delete(repository)
    (repository.path / "file").symlink_to("other")


@pytest.mark.parametrize("with_filter", [False, True])
@pytest.mark.parametrize("change", [modify, delete, stage, stage_new, rename, retype])
def test_what_differs_from_the_commit_is_dirty(
    repository: Repository, change: object, with_filter: bool
) -> None:
    if with_filter:
        repository.git("config", "filter.x.clean", "cat")
    head = repository.head()
    assert callable(change)
    change(repository)
    assert repository.observe() == SourceState(head, True)


def test_files_that_are_not_tracked_and_touched_ones_are_not_dirty(repository: Repository) -> None:
    (repository.path / "new").write_text("new\n")
    repository.stale()
    assert repository.observe() == SourceState(repository.head(), False)


def test_without_a_commit_nothing_is_known(tmp_path: Path, env: dict[str, str]) -> None:
    subprocess.run(["git", "init", "-q", tmp_path / "new"], env=env, check=True)
    assert observe_source(str(tmp_path / "new"), env=env, timeout_s=20.0) == SourceState(None, None)


def test_outside_a_repository_there_is_no_state(tmp_path: Path, env: dict[str, str]) -> None:
    assert observe_source(str(tmp_path), env=env, timeout_s=20.0) is None
    assert observe_source(str(tmp_path / "absent"), env=env, timeout_s=20.0) is None
    assert observe_source("nul\0byte", env=env, timeout_s=20.0) is None


def test_without_git_there_is_no_state(repository: Repository, env: dict[str, str]) -> None:
    assert observe_source(str(repository.path), env={**env, "PATH": ""}) is None
    assert observe_source(str(repository.path), env={**env, "PATH": "/nonexistent:relative"}) is None


def test_a_bare_repository_has_a_commit_and_no_files(repository: Repository, tmp_path: Path) -> None:
    repository.git("clone", "-q", "--bare", ".", str(tmp_path / "bare"))
    state = observe_source(str(tmp_path / "bare"), env=repository.env, timeout_s=20.0)
    assert state == SourceState(repository.head(), None)


def program(path: Path, text: str) -> None:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def test_a_program_called_git_in_the_sources_is_not_run(repository: Repository, env: dict[str, str]) -> None:
    """Some have `.` in their PATH, and git is asked in the sources' folder."""
    program(repository.path / "git", "touch ran")
    env = {**env, "PATH": f".::{env['PATH']}"}
    state = observe_source(str(repository.path), env=env, timeout_s=20.0)
    assert state == SourceState(repository.head(), False)
    assert not (repository.path / "ran").exists()


def test_a_git_that_hangs_is_not_waited_for(
    repository: Repository, tmp_path: Path, env: dict[str, str]
) -> None:
    (tmp_path / "bin").mkdir()
    program(tmp_path / "bin" / "git", "exec sleep 600")
    before = time.monotonic()
    env = {**env, "PATH": f"{tmp_path}/bin:{env['PATH']}"}
    assert observe_source(str(repository.path), env=env, timeout_s=0.2) is None
    assert time.monotonic() - before < 60


@pytest.mark.parametrize("change", [None, modify, stage])
def test_nothing_below_dot_git_is_written(repository: Repository, change: object) -> None:
    repository.git("config", "core.untrackedCache", "true")
    repository.git("config", "core.fsmonitor", "true")
    if callable(change):
        change(repository)
    repository.stale()
    before = snapshot(repository.path)
    assert repository.observe() is not None
    assert snapshot(repository.path) == before
    # So would it be noticed: git's own status refreshes the index.
    repository.git("-c", "core.fsmonitor=false", "status")
    assert snapshot(repository.path) != before


# ------------------------------------------------------------------ what .git/config names


@pytest.fixture
def canary(repository: Repository) -> Path:
    """A program that leaves a file behind when it runs, passing its input on as a filter does."""
    program(repository.path.parent / "canary", f'touch "{repository.path.parent}/ran"; cat')
    return repository.path.parent / "canary"


def attack_fsmonitor(repository: Repository, canary: Path) -> None:
    repository.git("config", "core.fsmonitor", str(canary))


def attack_hooks(repository: Repository, canary: Path) -> None:
    for name in ("post-index-change", "pre-commit", "reference-transaction", "fsmonitor-watchman"):
        shutil.copy(canary, repository.path / ".git" / "hooks" / name)
    repository.git("config", "core.hooksPath", str(repository.path / ".git" / "hooks"))


def attack_clean_filter(repository: Repository, canary: Path) -> None:
    repository.git("config", "filter.x.clean", str(canary))
    repository.git("config", "filter.x.required", "true")
    (repository.path / ".git" / "info" / "attributes").write_text("* filter=x\n")


def attack_process_filter(repository: Repository, canary: Path) -> None:
    repository.git("config", "filter.a b.c.process", str(canary))
    repository.git("config", "filter.y.clean", str(canary))
    repository.git("config", "core.attributesFile", str(repository.path / ".git" / "attributes"))
    (repository.path / ".git" / "attributes").write_text('file filter="a b.c"\nother filter=y\n')


def attack_included_filter(repository: Repository, canary: Path) -> None:
    repository.git("config", "include.path", "more")
    (repository.path / ".git" / "more").write_text(f'[FILTER "x"]\n\tClean = {canary}\n')
    (repository.path / ".git" / "info" / "attributes").write_text("* filter=x\n")


def attack_equals_sign_filter(repository: Repository, canary: Path) -> None:
    repository.git("config", "filter.a=b.clean", str(canary))
    (repository.path / ".git" / "info" / "attributes").write_text("* filter=a=b\n")


def attack_many_filters(repository: Repository, canary: Path) -> None:
    config = repository.path / ".git" / "config"
    more = "".join(f'[filter "f{number}"]\n\tclean = {canary}\n' for number in range(500))
    config.write_text(config.read_text() + more)
    (repository.path / ".git" / "info" / "attributes").write_text("* filter=f499\n")


def attack_pager(repository: Repository, canary: Path) -> None:
    repository.git("config", "core.pager", str(canary))
    repository.git("config", "pager.status", str(canary))
    repository.git("config", "core.sshCommand", str(canary))
    repository.git("config", "core.editor", str(canary))
    repository.git("config", "diff.external", str(canary))
    repository.git("config", "alias.status", f"!{canary}")


ATTACKS = [
    attack_fsmonitor,
    attack_hooks,
    attack_clean_filter,
    attack_process_filter,
    attack_included_filter,
    attack_equals_sign_filter,
    attack_many_filters,
    attack_pager,
]


@pytest.mark.parametrize("change", [None, modify])
@pytest.mark.parametrize("attack", ATTACKS)
def test_nothing_that_the_configuration_names_is_run(
    repository: Repository, canary: Path, attack: object, change: object
) -> None:
    head = repository.head()
    repository.stale()
    assert callable(attack)
    attack(repository, canary)
    if callable(change):
        change(repository)
    state = repository.observe()
    assert not (canary.parent / "ran").exists()
    assert state is not None
    assert state.commit == head
    assert state.dirty is not (change is None)  # never the wrong answer; it may be that it is not known


@pytest.mark.parametrize("attack", [attack_fsmonitor, attack_clean_filter, attack_included_filter])
def test_these_attacks_work_on_a_plain_status(repository: Repository, canary: Path, attack: object) -> None:
    """Otherwise the test above would show nothing."""
    repository.stale()
    assert callable(attack)
    attack(repository, canary)
    subprocess.run(
        ["git", "status"],
        cwd=repository.path,
        env=repository.env,
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert (canary.parent / "ran").exists()


def partial_clone(repository: Repository, canary: Path) -> str:
    """A repository that lacks an object and says where to get it: by running a program. Gives its head."""
    program(canary, f'touch "{canary.parent}/ran"')  # not a filter: git would wait for its answer, it for git
    head = repository.head()
    tree = repository.git("rev-parse", "HEAD^{tree}")
    for key, value in (
        ("core.repositoryFormatVersion", "1"),
        ("extensions.partialClone", "origin"),
        ("remote.origin.url", str(repository.path)),
        ("remote.origin.promisor", "true"),
        ("remote.origin.uploadpack", str(canary)),
        ("protocol.file.allow", "always"),
        ("protocol.allow", "always"),
    ):
        repository.git("config", key, value)
    (repository.path / ".git" / "objects" / tree[:2] / tree[2:]).unlink()
    return head


def test_a_partial_clone_fetches_nothing(repository: Repository, canary: Path) -> None:
    head = partial_clone(repository, canary)
    assert repository.observe() == SourceState(head, None)
    assert not (canary.parent / "ran").exists()


def test_a_partial_clone_would_run_what_it_names(repository: Repository, canary: Path) -> None:
    """Otherwise the test above would show nothing."""
    partial_clone(repository, canary)
    subprocess.run(
        ["git", "status"],
        cwd=repository.path,
        env=repository.env,
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert (canary.parent / "ran").exists()


# ------------------------------------------------------------------ filters of good faith


@pytest.fixture
def stored(repository: Repository) -> Repository:
    """As with Git LFS: the commit holds what the filter makes of the file `data`, here in capitals."""
    repository.git("config", "filter.up.clean", "tr a-z A-Z")
    repository.git("config", "filter.up.smudge", "tr A-Z a-z")
    (repository.path / ".gitattributes").write_text("data filter=up\n")
    (repository.path / "data").write_text("data\n")
    repository.commit()
    assert repository.git("show", "HEAD:data") == "DATA"
    return repository


def test_a_filtered_file_that_only_was_touched_is_not_called_dirty(stored: Repository) -> None:
    stored.stale()
    assert stored.observe() == SourceState(stored.head(), None)


def test_beside_a_filtered_file_another_that_changed_is_seen(stored: Repository) -> None:
    stored.stale()
    modify(stored)
    assert stored.observe() == SourceState(stored.head(), True)


def test_submodules_are_not_looked_into(repository: Repository, tmp_path: Path) -> None:
    inner = Repository(tmp_path / "inner", repository.env)
    repository.git("-c", "protocol.file.allow=always", "submodule", "add", "-q", str(inner.path), "module")
    repository.commit()
    module = repository.path / "module"
    program(tmp_path / "canary", f'touch "{tmp_path}/ran"')
    subprocess.run(
        ["git", "config", "core.fsmonitor", str(tmp_path / "canary")],
        cwd=module,
        env=repository.env,
        check=True,
    )
    (module / "file").write_text("changed\n")
    assert repository.observe() == SourceState(repository.head(), False)
    assert not (tmp_path / "ran").exists()
