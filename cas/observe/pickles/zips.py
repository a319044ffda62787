"""Zip archives, looked into where they lie: a list of members, and the first bytes of each.

The list is read by Python's own `zipfile`, through a file that is bounded; nothing is extracted, and the name
of a member is only ever compared with other names. The data are read here, in small pieces: `zipfile` would
expand bz2 and lzma without a bound.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from .limits import Deadline, Limits, Stopped
from .streams import Expansion
from .windows import Read

if TYPE_CHECKING:
    from zipfile import ZipInfo

_METHODS: Final = {0: None, 8: "deflate", 12: "bz2"}
_LOCAL_HEADER: Final = struct.Struct("<4sHHHHHLLLHH")
"""Of APPNOTE.TXT 4.3.7; the name and the extra field, whose lengths come last, follow."""
_ENCRYPTED: Final = 0x01 | 0x40
_UTF8: Final = 0x800
_PIECE: Final = 64 << 10


class _Bounded:
    """The file that `zipfile` reads: a part that can be read, and no more at a time than `most`."""

    def __init__(self, read: Read, size: int, most: int) -> None:
        self._read = read
        self._size = size
        self._most = most
        self._at = 0

    def seek(self, offset: int, whence: int = 0) -> int:
        self._at = offset + (0, self._at, self._size)[whence]
        if self._at < 0:
            raise ValueError("before the beginning")
        return self._at

    def tell(self) -> int:
        return self._at

    def read(self, count: int = -1) -> bytes:
        left = max(0, self._size - self._at)
        count = left if count < 0 else min(count, left)
        if count > self._most:
            text = "the zip archive has a longer list of members than is read"
            raise Stopped("ZIP_DIRECTORY", text, self._at, broken=False)
        data = self._read(count, self._at)
        self._at += len(data)
        return data


class Member:
    """A member of an archive: `size` bytes as stated; what stands for them in the file begins at `offset`."""

    def __init__(
        self, name: str, size: int, offset: int, read: Read, expansion: Expansion | None, limits: Limits
    ) -> None:
        self.name = name
        self.size = size
        self.offset = offset
        self._read = read
        self._expansion = expansion
        self._limits = limits
        self._pieces = b""

    def start(self, count: int) -> bytes:
        """The first `count` bytes, fewer only at the end. Raises Stopped, OperatingSystemRefused."""
        count = min(count, self.size)
        if self._expansion is None:
            return self._read(count, 0)
        pieces, have = [self._pieces], len(self._pieces)
        while have < count and (more := self._expansion.more(min(_PIECE, count - have))):
            pieces.append(more)
            have += len(more)
        self._pieces = b"".join(pieces)
        return self._pieces[:count]

    def source(self) -> Read:
        """What reads it anywhere; a compressed one is expanded for that. Raises as `start`."""
        if self._expansion is None:
            return self._read
        if self.size > self._limits.member_bytes:
            raise Stopped("MEMBER", "a member is too long to be expanded", self.offset, broken=False)
        data = self.start(self.size)
        return lambda count, offset: data[offset : offset + count]


class Archive:
    """The members of a zip archive of `size` bytes."""

    def __init__(self, read: Read, size: int, limits: Limits, net: Deadline) -> None:
        """Raises Stopped where the list cannot be read, OperatingSystemRefused."""
        import zipfile
        from typing import IO, cast

        self._source = read
        self._size = size
        self._limits = limits
        self._net = net
        # Everything that it raises for bytes that mean nothing; the descriptor's own errors are others.
        broken = (
            zipfile.BadZipFile,
            NotImplementedError,
            ValueError,
            struct.error,
            IndexError,
            OverflowError,
        )
        try:
            file = cast("IO[bytes]", _Bounded(read, size, limits.directory_bytes))
            members = zipfile.ZipFile(file).infolist()
        except broken:
            raise Stopped("ZIP", "the zip archive has no list of its members that can be read", 0) from None
        self._members: dict[str, ZipInfo] = {found.filename: found for found in members}
        self.repeated = len(members) - len(self._members)

    def __contains__(self, name: str) -> bool:
        return name in self._members

    def member(self, name: str) -> Member:
        """The member of this name, the last one of several. Raises Stopped, OperatingSystemRefused."""
        found = self._members.get(name)
        if found is None:
            raise Stopped("MEMBER", "a member of the archive is named that is not there", 0)
        begin = found.header_offset
        self._net.check(max(0, begin))
        if found.flag_bits & _ENCRYPTED:
            raise Stopped("ENCRYPTED", "a member of the archive is encrypted", begin)
        if found.compress_type not in _METHODS:
            text = f"a member is compressed by method {found.compress_type}, which is not read"
            raise Stopped("COMPRESSION", text, begin)
        data = self._data_offset(found)
        end = data + found.compress_size
        method = _METHODS[found.compress_type]
        if begin < 0 or end > self._size or (method is None and found.compress_size != found.file_size):
            raise Stopped("MEMBER_SIZE", "a member is stated to be longer than it can be", begin)

        def read(count: int, offset: int) -> bytes:
            return self._source(max(0, min(count, end - data - offset)), data + offset)

        expansion = None if method is None else Expansion(read, method, self._limits, self._net)
        return Member(name, found.file_size, data, read, expansion, self._limits)

    def _data_offset(self, found: ZipInfo) -> int:
        """Where a member's data begin. Raises Stopped if there is not what the list of members says."""
        begin = found.header_offset
        fixed = self._source(_LOCAL_HEADER.size, begin) if 0 <= begin < self._size else b""
        if len(fixed) == _LOCAL_HEADER.size:
            signature, _, flags, *_, name_length, extra_length = _LOCAL_HEADER.unpack(fixed)
            name = self._source(name_length, begin + len(fixed))
            encoding = "utf-8" if flags & _UTF8 else "cp437"
            if signature == b"PK\x03\x04" and name.decode(encoding, "replace") == found.orig_filename:
                data: int = begin + len(fixed) + name_length + extra_length
                return data
        raise Stopped(
            "MEMBER", "a member of the archive is not where the list of members has it", max(0, begin)
        )
