"""How a result becomes a file: whole before it has its name, and never unasked in place of another."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterable

from ..errors import BadArgument, FileExists, WrongFileType
from ..observe.files import kind_of
from ..store.files import refused
from ..store.store import Store


def umask() -> int:
    """The process' umask; there is no way to ask for it without setting it."""
    current = os.umask(0o077)
    os.umask(current)
    return current


def write_atomically(target: str, chunks: Iterable[bytes], *, replace: bool) -> None:
    """A new file with these bytes, under its name only when it is whole and on the disk.

    A symbolic link in its place is never followed: with `replace` the link itself gives way. Whatever goes
    wrong, also while `chunks` are made, leaves the folder as it was.

    Raises FileExists, WrongFileType, OperatingSystemRefused, and what making the chunks raises.
    """
    if replace:
        _check_may_give_way(target)
    folder = os.path.dirname(os.path.abspath(target))
    try:
        descriptor, temporary = tempfile.mkstemp(prefix=".obs-write-", dir=folder)
    except OSError as error:
        raise refused("write into", folder, error) from None
    try:
        try:
            with os.fdopen(descriptor, "wb") as file:
                for chunk in chunks:
                    file.write(chunk)
                file.flush()
                os.fchmod(file.fileno(), 0o666 & ~umask())
                os.fsync(file.fileno())
            if replace:
                os.replace(temporary, target)
            else:
                os.link(temporary, target)  # unlike rename(2), link(2) never overwrites
                os.unlink(temporary)
            _sync(folder)
        except FileExistsError:
            raise FileExists(path=target) from None
        except OSError as error:
            raise refused("write", target, error) from None
    except BaseException:
        if os.path.lexists(temporary):
            os.unlink(temporary)
        raise


def write_result(store: Store, target: str, chunks: Iterable[bytes], *, force: bool) -> None:
    """Writes a result to the file that the user named for it, which appears only when it is whole.

    Raises BadArgument inside of `.obs/`, WrongFileType, FileExists, OperatingSystemRefused, and what making
    the chunks raises.
    """
    if not target:
        raise BadArgument(what="an empty path names no file to write to")
    if os.path.isdir(target):
        raise WrongFileType(path=target, found="a folder", needed="the name of a file")
    # Resolved as the system will: `..` after a link leads elsewhere than it reads.
    folder = os.path.realpath(os.path.dirname(target) or os.curdir)
    inside = os.path.realpath(store.path)
    if os.path.commonpath((folder, inside)) == inside:
        raise BadArgument(what=f"{target} lies in the store", hint="write it anywhere outside of .obs/")
    if os.path.lexists(target) and not force:
        raise FileExists(path=target)
    write_atomically(target, chunks, replace=force)


def _check_may_give_way(target: str) -> None:
    """Whatever others write to or wait for stays: root would else put a file in the place of /dev/null.

    So does a link to such a thing (/dev/stdout). Raises WrongFileType.
    """
    try:
        mode = os.stat(target).st_mode
    except OSError:  # nothing is there, or a link that leads nowhere
        return
    if not stat.S_ISREG(mode):
        raise WrongFileType(path=target, found=kind_of(mode), needed="a regular file or a new name")


def _sync(folder: str) -> None:
    """The new name is on the disk too."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
