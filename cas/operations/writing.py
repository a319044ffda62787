"""Files that a command writes because its user named them (`-o`): whole and on the disk, or not there."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable

from ..errors import BadArgument, FileExists, ObsError, WrongFileType
from ..store.files import refused


def check_target(target: str, *, replace: bool) -> None:
    """Whether a file may be written to `target`, asked before the work begins.

    Raises BadArgument, WrongFileType; FileExists, unless it is to be replaced.
    """
    if not target:
        raise BadArgument(what="an empty path names no file to write to")
    if os.path.isdir(target):
        raise WrongFileType(path=target, found="a folder", needed="the name of a file")
    if os.path.lexists(target) and not replace:
        raise FileExists(path=target)


def write_file(target: str, chunks: Iterable[bytes], *, replace: bool) -> None:
    """A new file with these bytes, under its name only when it is whole and on the disk.

    Raises FileExists, unless it is to be replaced; OperatingSystemRefused; whatever `chunks` raises.
    """
    folder = os.path.dirname(os.path.abspath(target))
    try:
        descriptor, temporary = tempfile.mkstemp(prefix=".obs-new-", dir=folder)
    except OSError as error:
        raise refused("write into", folder, error) from None
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
    except FileExistsError:
        os.unlink(temporary)
        raise FileExists(path=target) from None
    except OSError as error:
        os.unlink(temporary)
        raise refused("write", target, error) from None
    except (ObsError, KeyboardInterrupt):
        os.unlink(temporary)
        raise


def umask() -> int:
    """The process' umask; there is no way to ask for it without setting it."""
    current = os.umask(0o077)
    os.umask(current)
    return current
