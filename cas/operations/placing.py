"""How a result becomes a file: whole before it has its name, and never unasked in place of another."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable

from ..errors import FileExists
from ..store.files import refused


def umask() -> int:
    """The process' umask; there is no way to ask for it without setting it."""
    current = os.umask(0o077)
    os.umask(current)
    return current


def write_atomically(target: str, chunks: Iterable[bytes], *, replace: bool) -> None:
    """A new file with these bytes, under its name only when it is whole and on the disk.

    A symbolic link in its place is never followed: with `replace` the link itself gives way. Whatever goes
    wrong, also while `chunks` are made, leaves the folder as it was.

    Raises FileExists, OperatingSystemRefused, and what making the chunks raises.
    """
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


def _sync(folder: str) -> None:
    """The new name is on the disk too."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
