"""Names for manifests: `tags/NAME`, 64 digits and a line end. A tag may be moved; history may not."""

from __future__ import annotations

from typing import Final

from ..errors import BrokenChain, InvalidField
from ..format.ids import ObjectId
from ..format.names import check_tag
from .files import StoreFiles

FOLDER: Final = "tags"


class Tags:
    """The tags of one store."""

    def __init__(self, files: StoreFiles) -> None:
        self._files = files

    def names(self) -> list[str]:
        """All names, sorted; files whose names no tag may have are passed over."""
        found: list[str] = []
        for name in self._files.list_folder(FOLDER):
            try:
                found.append(check_tag(name))
            except InvalidField:
                continue
        return found

    def get(self, name: str) -> ObjectId | None:
        """The manifest that a tag names, None if there is no such tag. Raises InvalidField, BrokenChain."""
        data = self._files.read(f"{FOLDER}/{check_tag(name)}", 65)
        if data is None:
            return None
        try:
            if len(data) != 65 or data[64:] != b"\n":
                raise InvalidField(problem="not 64 digits and a line end")
            return ObjectId.parse(data[:64].decode("ascii"))
        except (UnicodeDecodeError, InvalidField):
            path = self._files.full(f"{FOLDER}/{name}")
            raise BrokenChain(problem=f"{path} does not hold 64 hex digits and a line end") from None

    def put(self, name: str, target: ObjectId) -> None:
        """Makes or moves a tag. Raises InvalidField, OperatingSystemRefused."""
        self._files.replace(f"{FOLDER}/{check_tag(name)}", f"{target.hex}\n".encode())

    def remove(self, name: str) -> bool:
        """Removes a tag; False if there was none. Raises InvalidField, OperatingSystemRefused."""
        path = f"{FOLDER}/{check_tag(name)}"
        if self._files.size_of(path) is None:
            return False
        self._files.remove(path)
        self._files.fsync_folder(FOLDER)
        return True
