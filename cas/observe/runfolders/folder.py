"""A run folder, open: everything in it is looked at beneath its descriptor."""

from __future__ import annotations

import os
import stat
from collections.abc import Generator
from contextlib import contextmanager
from typing import Final, Literal

from ...errors import FileMissing, InvalidDocument, InvalidField, InvalidRunFolder, ObsError, WrongFileType
from ...format.canonical import Value
from ...format.ids import BlobId
from ...format.names import MAX_ROLE, RESERVED_ROLES, check_name, name_from_bytes, role_from_name
from ...format.reports import Diagnostic
from ..documents import MAX_DOCUMENT_BYTES, read_document
from ..files import (
    OpenedFile,
    open_beneath,
    open_folder,
    open_folder_beneath,
    path_kind,
    refusal,
    walk_folder,
)
from .values import FoundFile

MAX_ARTIFACTS: Final = 256
"""Files and folders directly in one folder of artifacts: each is an artifact of its own, and open at once."""
MAX_TEXT_BYTES: Final = 4096

Kind = Literal["file", "folder", "empty", "hidden"]


class Folder:
    """An open folder. Names in it are relative, with `/` between their parts."""

    def __init__(self, opened: OpenedFile, path: str) -> None:
        self.path = path
        self._opened = opened

    @classmethod
    @contextmanager
    def at(cls, path: str) -> Generator[Folder]:
        """A folder that the user named. Raises FileMissing, WrongFileType, OperatingSystemRefused."""
        if path_kind(path) != "folder":
            raise WrongFileType(path=path, found="a file", needed="a folder")
        with open_folder(path) as opened:
            yield cls(opened, path)

    @contextmanager
    def inner(self, name: str) -> Generator[Folder]:
        """A folder beneath it. Raises as `open_folder_beneath`."""
        with open_folder_beneath(self._opened.fd, os.fsencode(name), self.join(name)) as opened:
            yield Folder(opened, self.join(name))

    def join(self, name: str) -> str:
        """The path of something in it."""
        return name if self.path == os.curdir else os.path.join(self.path, name)

    def found(self, role: str, name: str) -> FoundFile:
        """Something in it, as a file of the run."""
        return FoundFile(role=role, path=self.join(name), root=self.path)

    def open(self, name: str) -> OpenedFile:
        """A regular file. Raises InvalidField for `..` and the like, FileMissing, WrongFileType,
        OperatingSystemRefused."""
        return open_beneath(self._opened.fd, os.fsencode(name), self.join(name))

    def has(self, name: str) -> bool:
        """Whether there is anything of that name, a link that leads nowhere included."""
        try:
            os.stat(name, dir_fd=self._opened.fd, follow_symlinks=False)
        except (OSError, ValueError):
            return False
        return True

    def is_folder(self, name: str) -> bool:
        """Whether there is a folder of that name; a link to one is none."""
        try:
            mode = os.stat(name, dir_fd=self._opened.fd, follow_symlinks=False).st_mode
        except (OSError, ValueError):
            return False
        return stat.S_ISDIR(mode)

    def kind(self, name: str) -> Kind:
        """What there is. A folder is `empty` if it holds no file, `hidden` if one in it is a dot-folder.

        Raises FileMissing, WrongFileType (a symlink, a device…), FileChanged, OperatingSystemRefused.
        """
        try:
            self.open(name).__exit__(None, None, None)
        except WrongFileType as wrong:
            if wrong.found != "a folder":
                raise
        else:
            return "file"
        result: Kind = "empty"
        with open_folder_beneath(self._opened.fd, os.fsencode(name), self.join(name)) as opened:
            for entry in walk_folder(opened):
                if any(part.startswith(b".") for part in entry.name.split(b"/")[:-1]):
                    return "hidden"
                result = "folder"
        return result

    def names(self, *, most: int | None = None) -> list[str]:
        """What lies in it, less what begins with a dot, in the order of bytes.

        Raises InvalidRunFolder for more than `most`, OperatingSystemRefused.
        """
        found: list[str] = []
        try:
            with os.scandir(self._opened.fd) as entries:
                for entry in entries:
                    if entry.name.startswith("."):
                        continue
                    found.append(entry.name)
                    if most is not None and len(found) > most:
                        raise InvalidRunFolder(
                            path=self.path,
                            problem=f"it holds more than {most} files and folders, each of which would be an "
                            "artifact",
                            hint="record the folder as one, with --artifact",
                        )
        except OSError as error:
            raise refusal(error, self.path, "a folder") from None
        return sorted(found, key=os.fsencode)

    def files(self, name: str, *, most: int) -> list[str]:
        """Every file beneath a folder in it, relative to that, in the order of bytes.

        Raises InvalidRunFolder for more than `most`, and as `walk_folder`.
        """
        found: list[str] = []
        with open_folder_beneath(self._opened.fd, os.fsencode(name), self.join(name)) as opened:
            for entry in walk_folder(opened):
                if len(found) == most:
                    raise InvalidRunFolder(path=opened.path, problem=f"it holds more than {most} files")
                found.append(os.fsdecode(entry.name))
        return found

    def read(self, name: str, most: int = MAX_DOCUMENT_BYTES) -> tuple[bytes, BlobId]:
        """A small file. Raises as `open` and `read_document`."""
        with self.open(name) as opened:
            if opened.stat.st_size > most:
                problem = f"it has {opened.stat.st_size} bytes, and {most} is the most"
                raise InvalidDocument(path=opened.path, problem=problem)
            data, digests = read_document(opened, sha256=False, most=most)
        return data, digests.blake3


def claimed_text(value: object) -> str | None:
    """A text that can be stored, else None."""
    if isinstance(value, str) and value and "\0" not in value:
        try:
            return value if len(value.encode()) <= MAX_TEXT_BYTES else None
        except UnicodeEncodeError:
            return None
    return None


def relative_name(text: str) -> str | None:
    """A path that a record names, if it is a relative one that stays beneath where it is meant from."""
    try:
        check_name(name_from_bytes(os.fsencode(text)))
    except (InvalidField, UnicodeEncodeError):
        return None
    return text


class Artifacts:
    """The artifacts of a run, each in a role of its own."""

    def __init__(self) -> None:
        self._taken: set[str] = {"data", "model", *RESERVED_ROLES}
        self._paths: set[str] = set()
        self._found: list[FoundFile] = []
        self.diagnostics: list[Diagnostic] = []

    def claim(self, path: str) -> None:
        """Notes something that is recorded otherwise: it is no artifact a second time."""
        self._paths.add(path)

    def add(self, folder: Folder, name: str, wanted: str | None = None) -> None:
        """One file or folder. The role is `wanted`, else its name; if it is taken, with a number behind it.

        Raises as `Folder.kind`.
        """
        path = folder.join(name)
        if path in self._paths:
            return
        kind = folder.kind(name)
        if kind == "hidden":
            self.leave_out(name, "it holds a dot-folder")
        if kind in ("hidden", "empty"):
            return
        role = role_from_name(wanted or name.rpartition("/")[2])
        base, number = role, 2
        while role in self._taken:
            role = f"{base[: MAX_ROLE - 5]}_{number}"
            number += 1
        self._taken.add(role)
        self._paths.add(path)
        self._found.append(folder.found(role, name))

    def add_folder(self, folder: Folder, name: str) -> None:
        """Everything directly in a folder of that name, if there is one.

        Raises InvalidRunFolder for too much, and as `add`.
        """
        if not folder.has(name):
            return
        with folder.inner(name) as inner:
            names = inner.names(most=MAX_ARTIFACTS)
        for one in names:
            self.add(folder, f"{name}/{one}")

    def leave_out(self, name: str, reason: str) -> None:
        """Says what of the run is not recorded."""
        details: dict[str, Value] = {"name": name_for_details(name), "reason": reason}
        if any(found.details == details for found in self.diagnostics):
            return
        self.diagnostics.append(
            Diagnostic(
                code="ARTIFACT_NOT_RECORDED",
                severity="warning",
                message=f"'{name_for_details(name)}' of the run folder is not recorded: {reason}",
                details=details,
            )
        )

    def all(self) -> tuple[FoundFile, ...]:
        """In the order of their roles."""
        return tuple(sorted(self._found, key=lambda found: found.role))


def stored_text(name: str) -> str:
    """A name as text that can be stored."""
    return name.encode("utf-8", "backslashreplace").decode()


def name_for_details(name: str) -> str:
    """The same, and not a long one."""
    return stored_text(name)[:200]


def why_not(error: ObsError) -> str:
    """Why a file that a record names cannot be recorded, without the place it lies in."""
    if isinstance(error, FileMissing):
        return "there is no such file"
    if isinstance(error, WrongFileType):
        return f"it is {error.found}, and {error.needed} is needed"
    return error.sentence()
