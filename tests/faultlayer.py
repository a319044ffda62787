"""A layer under the store that records every file operation, and a disk that forgets what was not fsynced.

`RecordingOperations` stands in for `FileOperations`: it does what it is told, notes it with its
content, and can stop the world after the n-th operation (`PowerCut`). `Disk` replays such notes and
says what may be left of them after the power went:

    a file's bytes are durable from its own fsync on, a name in a folder from the folder's fsync on;
    everything else may or may not be there, each piece on its own.

That is what POSIX promises and no more (T. Pillai et al., "All File Systems Are Not Created Equal",
OSDI 2014): no order between two things that were not fsynced. The fsyncs are noted and not done:
nothing here reads a disk after a real power cut, and the tests are quicker by it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

from obs.cas.store.files import FileOperations

Tree: TypeAlias = dict[str, bytes | None]
"""A folder's content: relative path to bytes, or to None for a folder. Parents come first."""

Kind = Literal[
    "make_folder", "create", "write", "fsync", "rename", "link", "fsync_folder", "unlink", "remove_folder"
]


class PowerCut(BaseException):
    """The process ends here: not an Exception, so that nothing handles it."""


@dataclass(frozen=True, slots=True)
class Step:
    """One operation that was done. Names are relative to the top; `file` names an open file by number."""

    kind: Kind
    name: str = ""
    target: str = ""
    file: int = -1
    data: bytes = b""


class QuickOperations(FileOperations):
    """Does everything but the fsyncs, for tests in which nothing is cut off."""

    def fsync(self, descriptor: int) -> None:
        """Nothing."""

    def fsync_folder(self, root: int, name: str) -> None:
        """Only what would fail still fails."""
        os.close(os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=root))


class RecordingOperations(QuickOperations):
    """Notes every operation below `top` in `steps`, which several processes' operations may share.

    `stop_after` n raises PowerCut as soon as n operations were done; from then on nothing more
    happens, whatever is tried. `after` is called behind each operation with the number of those that
    this one has done.
    """

    def __init__(
        self,
        top: str,
        steps: list[Step] | None = None,
        *,
        stop_after: int | None = None,
        after: Callable[[int], None] | None = None,
    ) -> None:
        self.top = os.path.realpath(top)
        self.steps: list[Step] = [] if steps is None else steps
        self.done = 0
        self.stopped = False
        self._stop_after = stop_after
        self._after = after
        self._files: dict[int, int] = {}

    def make_folder(self, root: int, name: str) -> None:
        """Noted with its name."""
        if self._begin():
            super().make_folder(root, name)
            self._note(Step("make_folder", self._name(root, name)))

    def create(self, root: int, name: str) -> int:
        """Noted with its name; the file's number is that of this step."""
        if not self._begin():
            raise PowerCut
        descriptor = super().create(root, name)
        self._files[descriptor] = len(self.steps)
        try:
            self._note(Step("create", self._name(root, name), file=len(self.steps)))
        except PowerCut:
            os.close(descriptor)
            raise
        return descriptor

    def write(self, descriptor: int, data: bytes | memoryview) -> None:
        """Noted with its bytes."""
        if self._begin():
            super().write(descriptor, data)
            self._note(Step("write", file=self._files[descriptor], data=bytes(data)))

    def fsync(self, descriptor: int) -> None:
        """Noted, not done."""
        if self._begin():
            self._note(Step("fsync", file=self._files[descriptor]))

    def rename(self, root: int, source: str, target: str) -> None:
        """Noted with both names."""
        if self._begin():
            super().rename(root, source, target)
            self._note(Step("rename", self._name(root, source), self._name(root, target)))

    def link(self, root: int, source: str, target: str) -> None:
        """Noted with both names."""
        if self._begin():
            super().link(root, source, target)
            self._note(Step("link", self._name(root, source), self._name(root, target)))

    def fsync_folder(self, root: int, name: str) -> None:
        """Noted, not done."""
        if self._begin():
            super().fsync_folder(root, name)
            self._note(Step("fsync_folder", self._name(root, name)))

    def unlink(self, root: int, name: str) -> None:
        """Noted with its name."""
        if self._begin():
            super().unlink(root, name)
            self._note(Step("unlink", self._name(root, name)))

    def remove_folder(self, root: int, name: str) -> None:
        """Noted with its name."""
        if self._begin():
            super().remove_folder(root, name)
            self._note(Step("remove_folder", self._name(root, name)))

    def _begin(self) -> bool:
        """False once the power is off: what cleans up then does so in vain."""
        return not self.stopped

    def _note(self, step: Step) -> None:
        self.steps.append(step)
        self.done += 1
        if self._stop_after is not None and self.done >= self._stop_after:
            self.stopped = True
            raise PowerCut
        if self._after is not None:
            self._after(self.done)

    def _name(self, root: int, name: str) -> str:
        """`name` relative to the top, whichever of its folders `root` is."""
        here = os.fstat(root)
        for prefix in ("", ".obs"):
            try:
                there = os.stat(os.path.join(self.top, prefix))
            except FileNotFoundError:
                continue
            if (here.st_dev, here.st_ino) == (there.st_dev, there.st_ino):
                return os.path.normpath(os.path.join(prefix, name))
        raise AssertionError(f"an operation outside {self.top}")


class FailingOperations(QuickOperations):
    """Fails one operation, the n-th (from 0), with an error number, instead of doing it."""

    def __init__(self, fail_at: int, error: int) -> None:
        self.done = 0
        self.failed: Kind | None = None
        self._fail_at = fail_at
        self._error = error

    def make_folder(self, root: int, name: str) -> None:
        """May fail."""
        self._count("make_folder")
        super().make_folder(root, name)

    def create(self, root: int, name: str) -> int:
        """May fail."""
        self._count("create")
        return super().create(root, name)

    def write(self, descriptor: int, data: bytes | memoryview) -> None:
        """May fail, with half of the data written."""
        try:
            self._count("write")
        except OSError:
            super().write(descriptor, data[: len(data) // 2])
            raise
        super().write(descriptor, data)

    def fsync(self, descriptor: int) -> None:
        """May fail."""
        self._count("fsync")

    def rename(self, root: int, source: str, target: str) -> None:
        """May fail."""
        self._count("rename")
        super().rename(root, source, target)

    def link(self, root: int, source: str, target: str) -> None:
        """May fail."""
        self._count("link")
        super().link(root, source, target)

    def fsync_folder(self, root: int, name: str) -> None:
        """May fail."""
        self._count("fsync_folder")
        super().fsync_folder(root, name)

    def _count(self, kind: Kind) -> None:
        self.done += 1
        if self.done == self._fail_at + 1:
            self.failed = kind
            raise OSError(self._error, os.strerror(self._error))


# --------------------------------------------------------------------------- the disk


class _File:
    """A file's bytes now, and those that its last fsync made durable."""

    def __init__(self, data: bytes = b"") -> None:
        self.now = data
        self.durable = data


class _Folder:
    """A folder's entries now, and those that its last fsync made durable."""

    def __init__(self) -> None:
        self.now: dict[str, _File | _Folder] = {}
        self.durable: dict[str, _File | _Folder] = {}


_Entries: TypeAlias = Callable[[str, _Folder], dict[str, _File | _Folder]]
_Bytes: TypeAlias = Callable[[_File], bytes]


class Disk:
    """What a disk holds, and what it may hold after a power cut. It begins with `tree`, all of it durable."""

    def __init__(self, tree: Tree) -> None:
        self._root = _Folder()
        self._files: dict[int, _File] = {}
        for path, data in tree.items():
            folder, name = self._parent(path)
            folder.now[name] = folder.durable[name] = _Folder() if data is None else _File(data)

    def apply(self, step: Step) -> None:
        """One operation more."""
        match step.kind:
            case "make_folder":
                folder, name = self._parent(step.name)
                folder.now[name] = _Folder()
            case "create":
                folder, name = self._parent(step.name)
                folder.now[name] = self._files[step.file] = _File()
            case "write":
                self._files[step.file].now += step.data
            case "fsync":
                self._files[step.file].durable = self._files[step.file].now
            case "rename" | "link":
                folder, name = self._parent(step.name)
                moved = folder.now[name]
                if step.kind == "rename":
                    del folder.now[name]
                folder, name = self._parent(step.target)
                folder.now[name] = moved
            case "fsync_folder":
                found = self._find(step.name)
                found.durable = dict(found.now)
            case "unlink" | "remove_folder":
                folder, name = self._parent(step.name)
                del folder.now[name]

    def tree(self) -> Tree:
        """What a running system sees."""
        return _recover(self._root, _all_kept, _kept)

    def after_power_cut(self) -> Iterator[tuple[str, Tree]]:
        """What may be found later, each with a word for what was lost.

        Names: all there, none of those that were not fsynced, and each of these alone there or alone
        lost. Data that was not fsynced: there, gone, cut in half, zeros. Both in every combination.
        """
        choices: list[tuple[str, _Entries]] = [("every name kept", _all_kept), ("names lost", _all_lost)]
        for place, name in self._pending():
            choices.append((f"only {place}/{name} kept", _one(place, name, kept=True)))
            choices.append((f"only {place}/{name} lost", _one(place, name, kept=False)))
        for names, entries in choices:
            for data, content in (("kept", _kept), ("gone", _gone), ("halved", _halved), ("zeros", _zeros)):
                yield f"{names}, data {data}", _recover(self._root, entries, content)

    def _pending(self) -> list[tuple[str, str]]:
        """Names that a power cut may bring or take, but for those of leftovers."""
        pending: list[tuple[str, str]] = []

        def look(place: str, folder: _Folder) -> None:
            for name in sorted(folder.now.keys() | folder.durable.keys()):
                there, before = folder.now.get(name), folder.durable.get(name)
                if there is not before:
                    pending.append((place, name))
                if isinstance(there, _Folder) and name != "tmp":
                    look(os.path.join(place, name), there)

        look("", self._root)
        return pending

    def _find(self, path: str) -> _Folder:
        folder = self._root
        for part in path.split("/"):
            if part not in ("", "."):
                found = folder.now[part]
                if not isinstance(found, _Folder):
                    raise NotADirectoryError(path)
                folder = found
        return folder

    def _parent(self, path: str) -> tuple[_Folder, str]:
        return self._find(os.path.dirname(path)), os.path.basename(path)


def _all_kept(place: str, folder: _Folder) -> dict[str, _File | _Folder]:
    del place
    return folder.now


def _all_lost(place: str, folder: _Folder) -> dict[str, _File | _Folder]:
    del place
    return folder.durable


def _one(wanted_place: str, wanted: str, *, kept: bool) -> _Entries:
    """All names lost but one, or all kept but one."""

    def entries(place: str, folder: _Folder) -> dict[str, _File | _Folder]:
        chosen, other = (folder.durable, folder.now) if kept else (folder.now, folder.durable)
        if place != wanted_place:
            return chosen
        result = {name: entry for name, entry in chosen.items() if name != wanted}
        if wanted in other:
            result[wanted] = other[wanted]
        return result

    return entries


def _kept(file: _File) -> bytes:
    return file.now


def _gone(file: _File) -> bytes:
    return file.durable


def _halved(file: _File) -> bytes:
    return file.now if file.now == file.durable else file.now[: (len(file.durable) + len(file.now)) // 2]


def _zeros(file: _File) -> bytes:
    return file.now if file.now == file.durable else file.durable.ljust(len(file.now), b"\0")


def _recover(root: _Folder, entries: _Entries, content: _Bytes) -> Tree:
    tree: Tree = {}

    def walk(place: str, folder: _Folder) -> None:
        for name, entry in sorted(entries(place, folder).items()):
            path = os.path.join(place, name)
            if isinstance(entry, _Folder):
                tree[path] = None
                walk(path, entry)
            else:
                tree[path] = content(entry)

    walk("", root)
    return tree


# --------------------------------------------------------------------------- trees and real folders


def read_tree(top: str) -> Tree:
    """What lies in a folder, but for caches and the lock, which are not part of the history."""
    tree: Tree = {}
    for folder, folders, files in os.walk(top):
        folders[:] = sorted(name for name in folders if name != "cache")
        for name in folders:
            tree[os.path.relpath(os.path.join(folder, name), top)] = None
        for name in sorted(files):
            if name != "lock":
                path = os.path.join(folder, name)
                with open(path, "rb") as opened:
                    tree[os.path.relpath(path, top)] = opened.read()
    return tree


def write_tree(top: str, tree: Tree) -> None:
    """Makes the folder `top`, which must not be there, with this content."""
    os.mkdir(top)
    for path, data in tree.items():
        if data is None:
            os.mkdir(os.path.join(top, path))
        else:
            with open(os.path.join(top, path), "wb") as opened:
                opened.write(data)
