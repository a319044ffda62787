"""A store: the rooms of one `.obs/` in one value."""

from __future__ import annotations

import os
from functools import cached_property
from types import TracebackType
from typing import TYPE_CHECKING, Self

from .chain import Chain
from .discovery import open_files
from .files import FileOperations, StoreFiles
from .objects import Objects

if TYPE_CHECKING:  # the rooms that a short command does not enter are not loaded for it
    from .batch import Batch
    from .blobs import Blobs
    from .statcache import StatCache
    from .tags import Tags


class Store:
    """An open `.obs/`. A context; nothing is read before it is asked for."""

    def __init__(self, files: StoreFiles) -> None:
        self.files = files
        self.objects = Objects(files)
        self.chain = Chain(files, self.objects)

    @classmethod
    def open(cls, path: str, operations: FileOperations | None = None) -> Self:
        """The store whose `.obs/` lies at `path`. Raises UnknownStoreFormat, UnsafeStore."""
        return cls(open_files(path, operations or FileOperations()))

    @property
    def path(self) -> str:
        """Of the `.obs/` folder."""
        return self.files.path

    @property
    def home(self) -> str:
        """The folder that holds `.obs/`: places are stored relative to it."""
        return os.path.dirname(os.path.abspath(self.files.path))

    @cached_property
    def blobs(self) -> Blobs:
        """Its blobs."""
        from .blobs import Blobs

        return Blobs(self.files)

    @cached_property
    def tags(self) -> Tags:
        """Its tags."""
        from .tags import Tags

        return Tags(self.files)

    def batch(self) -> Batch:
        """A new batch of writes."""
        from .batch import Batch

        return Batch(self.files)

    def stat_cache(self, *, read_only: bool = False) -> StatCache:
        """The digests of files that are known by their stat."""
        from .statcache import StatCache

        return StatCache(self.files, read_only=read_only)

    def close(self) -> None:
        """Gives the descriptor back."""
        self.files.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            self.files.sweep()
        self.close()
