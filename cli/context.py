"""What a command knows of the world around it, read once at the door and handed on as a value."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from ..cas.errors import InvalidField, OperatingSystemRefused
from ..cas.format.frozen import frozen

if TYPE_CHECKING:
    from ..cas.errors import BadArgument
    from ..cas.store.store import Store

ColorChoice: TypeAlias = Literal["auto", "always", "never"]

DEFAULT_PAGER: Final = "less -FRX"
_NO_PAGER: Final = frozenset({"", "cat"})
_STORE_FOLDER: Final = ".obs"


@frozen
class Invocation:
    """One call of `obs`: `click.pass_obj` hands it to every command.

    `cwd` is absolute, and the process' own current folder: relative paths mean what they say.
    `named_store` is the `.obs/` that -C or OBS_DIR names, or the folder that holds it; None if the store
    is to be searched for. `user` is the effective uid.
    """

    cwd: str
    environ: Mapping[str, str]
    named_store: str | None
    color_choice: ColorChoice
    paging: bool
    user: int

    @property
    def color(self) -> bool:
        """Whether standard output gets colours (https://no-color.org)."""
        if self.color_choice != "auto":
            return self.color_choice == "always"
        return not self.environ.get("NO_COLOR") and not self.dumb_terminal and sys.stdout.isatty()

    @property
    def pager(self) -> str | None:
        """The command that shows long text, for `pager.paged`; None where there is to be none.

        OBS_PAGER, else PAGER, else less; an empty one and `cat` mean none.
        """
        if not self.paging or self.dumb_terminal or not sys.stdout.isatty():
            return None
        command = self.environ.get("OBS_PAGER", self.environ.get("PAGER", DEFAULT_PAGER)).strip()
        return None if command in _NO_PAGER else command

    @property
    def dumb_terminal(self) -> bool:
        """Whether the terminal understands no control sequences."""
        return self.environ.get("TERM", "dumb") == "dumb"

    def now(self, timestamp: str | None = None) -> str:
        """The time that is to be recorded, in its stored form.

        `timestamp` (RFC 3339), else SOURCE_DATE_EPOCH (whole seconds since 1970,
        https://reproducible-builds.org/specs/source-date-epoch/), else the clock. Raises BadArgument.
        """
        from datetime import UTC, datetime

        from ..cas.errors import BadArgument
        from ..cas.format.times import format_time, parse_rfc3339

        if timestamp is not None:
            try:
                return parse_rfc3339(timestamp)
            except InvalidField as error:
                raise BadArgument(what=error.problem) from None
        seconds = self.environ.get("SOURCE_DATE_EPOCH")
        if seconds is None:
            return format_time(datetime.now(UTC))
        try:
            if not (seconds.isascii() and seconds.removeprefix("-").isdigit()):
                raise ValueError(seconds)
            return format_time(datetime.fromtimestamp(int(seconds), UTC))
        except (ValueError, OverflowError, OSError):
            raise BadArgument(
                what=f"SOURCE_DATE_EPOCH is '{seconds[:40]}', which is no time in whole seconds since 1970",
                hint="set it to a number such as 1767225600, or unset it",
            ) from None

    def store_path(self) -> str:
        """The `.obs/` that this call is about. Raises NoStore, ForeignStore, UnsafeStore."""
        from ..cas.store.discovery import find_named, find_upwards

        if self.named_store is not None:
            return find_named(self.named_store)
        return find_upwards(self.cwd, self.user)

    def open_store(self) -> Store:
        """That store, open. Raises as `store_path`, and UnknownStoreFormat."""
        from ..cas.store.store import Store

        return Store.open(self.store_path())

    @contextmanager
    def following(self, store: Store) -> Generator[Callable[[], None]]:
        """Says on a terminal how far long walks along the history have come. What it gives ends that: to be
        called before the first line of an answer that comes bit by bit."""
        if not sys.stderr.isatty():
            yield lambda: None
            return
        from .progress import Progress, manifests

        with Progress.of(self, "reading the history", tell=manifests) as progress:
            store.chain.watch = progress
            try:
                yield progress.close
            finally:
                store.chain.watch = None


def make_invocation(*, folders: Sequence[str], color_choice: ColorChoice, paging: bool) -> Invocation:
    """Changes to the folders of -C, one after the other, and looks around.

    A store is named by -C if the folder is a `.obs/` or holds one; else by OBS_DIR (as with git's GIT_DIR, a
    relative one is meant from where -C leads). Raises BadArgument, OperatingSystemRefused.
    """
    for folder in folders:
        if folder:  # as with git: an empty one changes nothing
            _change_to(folder)
    try:
        cwd = os.getcwd()
    except OSError as error:
        raise _refused("look at", "the current folder", error) from None
    named = None
    if folders and (
        os.path.basename(cwd) == _STORE_FOLDER or os.path.lexists(os.path.join(cwd, _STORE_FOLDER))
    ):
        named = cwd
    elif os.environ.get("OBS_DIR"):
        named = os.path.join(cwd, os.environ["OBS_DIR"])
    return Invocation(
        cwd=cwd,
        environ=os.environ,
        named_store=named,
        color_choice=color_choice,
        paging=paging,
        user=os.geteuid(),
    )


def _change_to(folder: str) -> None:
    try:
        os.chdir(folder)
    except FileNotFoundError:
        raise _no_folder(folder, "and there is no such folder") from None
    except NotADirectoryError:
        raise _no_folder(folder, "which is no folder") from None
    except ValueError:  # a NUL character
        raise _no_folder(folder, "which cannot be a folder's name") from None
    except OSError as error:
        raise _refused("change to", folder, error) from None


def _no_folder(folder: str, why: str) -> BadArgument:
    from ..cas.errors import BadArgument

    return BadArgument(what=f"-C names {folder}, {why}")


def _refused(action: str, path: str, error: OSError) -> OperatingSystemRefused:
    return OperatingSystemRefused(action=action, path=path, reason=error.strerror or str(error))
