"""Compressed streams, expanded in small pieces under limits.

Every module that can expand is imported when a file needs it. What an expander needs for itself is
bounded too: an xz file may ask for gigabytes before it gives the first byte.
"""

from __future__ import annotations

import importlib
import io
from collections.abc import Callable
from typing import Any, Final, Protocol

from .limits import Deadline, Limits, Stopped

_READ: Final = 16 << 10
_LZMA_BYTES: Final = 100 << 20
"""xz's strongest preset needs 65 MiB."""
_MAX_MEMBERS: Final = 1 << 20

MAGICS: Final = (
    (b"\x1f\x8b", "gzip"),
    (b"BZh", "bz2"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"\x04\x22\x4d\x18", "lz4"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"\x5d\x00\x00", "lzma"),
)


def compression_of(head: bytes) -> str | None:
    """How a file is compressed, by its first bytes; None if it is not, as far as they tell."""
    for magic, name in MAGICS:
        if head.startswith(magic):
            return name
    # RFC 1950: deflate with a window of 32 KiB, and a check over the first two bytes. (A smaller window is
    # legal too, but nobody writes it, and a pickle may begin with "(S".)
    if len(head) >= 2 and head[0] == 0x78 and int.from_bytes(head[:2], "big") % 31 == 0:
        return "zlib"
    return None


class _Expander(Protocol):
    """bz2's and lzma's interface."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes | None: ...  # None: lz4's, for nothing
    def decompress(self, data: bytes, max_length: int = ..., /) -> bytes: ...


class _Zlib:
    """zlib behind the interface of the others."""

    def __init__(self, window_bits: int) -> None:
        import zlib

        self._inner = zlib.decompressobj(window_bits)
        self._full = False

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def needs_input(self) -> bool:
        return not self._full and not self._inner.unconsumed_tail

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data

    def decompress(self, data: bytes, max_length: int = 0, /) -> bytes:
        found = self._inner.decompress(self._inner.unconsumed_tail + data, max_length)
        self._full = len(found) == max_length
        return found


class _Zstd:
    """zstd behind the interface of the others: Python has it from 3.14 on, and pyarrow before.

    Takes the file's bytes itself, from `source`.
    """

    needs_input: Final = False
    unused_data: Final = b""

    def __init__(self, source: Callable[[], bytes]) -> None:
        import pyarrow as pa

        class Raw(io.RawIOBase):
            def readable(self) -> bool:
                return True

            def readinto(self, buffer: Any) -> int:
                data = source()
                with memoryview(buffer) as view, view.cast("B") as into:
                    into[: len(data)] = data
                return len(data)

        self._stream: Any = pa.CompressedInputStream(
            pa.PythonFile(io.BufferedReader(Raw(), _READ), "r"), "zstd"
        )
        self.eof = False

    def decompress(self, data: bytes, max_length: int = 0, /) -> bytes:
        found: bytes = self._stream.read(max_length)
        self.eof = not found
        return found


class _NotHere(Exception):
    """A module that is not installed."""


def _maker(
    compression: str, source: Callable[[], bytes]
) -> tuple[Callable[[], Any], tuple[type[Exception], ...]]:
    """What makes an expander, and what it raises for bytes that mean nothing. Raises _NotHere."""
    if compression in {"gzip", "zlib"}:
        import zlib

        return lambda: _Zlib(31 if compression == "gzip" else 15), (zlib.error,)
    if compression == "bz2":
        import bz2

        return bz2.BZ2Decompressor, (OSError, ValueError)
    if compression in {"xz", "lzma"}:
        import lzma

        kind = lzma.FORMAT_XZ if compression == "xz" else lzma.FORMAT_ALONE
        return lambda: lzma.LZMADecompressor(kind, _LZMA_BYTES), (lzma.LZMAError,)
    if compression == "zstd":
        return lambda: _Zstd(source), (OSError, ValueError)
    try:
        lz4 = importlib.import_module("lz4.frame")
    except ImportError:
        raise _NotHere("lz4") from None
    return lz4.LZ4FrameDecompressor, (RuntimeError, ValueError)


class Expansion:
    """The expanded bytes of a file, one piece after the other: `more` is what StreamWindows asks.

    `source` gives so many bytes of the file from an offset on, fewer only at the end; it is asked for one
    after the other. `expanded` bytes were given so far, `read` of the file were taken. `trailing`: the
    stream ended, and bytes follow that are none.
    """

    def __init__(
        self, source: Callable[[int, int], bytes], compression: str, limits: Limits, net: Deadline
    ) -> None:
        self._source = source
        self._compression = compression
        self._limits = limits
        self._net = net
        self._make: Callable[[], _Expander] | None = None
        self._errors: tuple[type[Exception], ...] = ()
        self._current: _Expander | None = None
        self._pending = b""
        self._members = 0
        self._over = False
        self.read = 0
        self.expanded = 0
        self.trailing = False

    def more(self, count: int) -> bytes:
        """The next bytes, at most `count`; none at the end. Raises Stopped, OperatingSystemRefused."""
        if self._over:
            return b""
        self._check()
        if self._make is None:
            try:
                self._make, self._errors = _maker(self._compression, self._input)
            except _NotHere as missing:
                text = f"reading it needs the package {missing}, which is not installed"
                raise Stopped("NEEDS_MODULE", text, 0, broken=False) from None
            self._current = self._make()
        found = self._step(count)
        while not found and not self._over:
            self._net.check(self.expanded)
            found = self._step(count)
        self.expanded += len(found)
        return found

    def _check(self) -> None:
        limits = self._limits
        if self.expanded > limits.expanded_bytes:
            raise Stopped(
                "EXPANDED", "it expands to more bytes than are looked at", self.expanded, broken=False
            )
        if self.expanded > limits.ratio_from_bytes and self.expanded > limits.ratio * self.read:
            text = "it expands to more than a model could: a bomb"
            raise Stopped("RATIO", text, self.expanded, broken=False)
        self._net.check(self.expanded)

    def _step(self, count: int) -> bytes:
        """One call of the expander; it may give nothing."""
        current = self._current
        if current is None or current.eof:
            return self._next_member((current.unused_data or b"") if current is not None else b"")
        data = b""
        if current.needs_input:
            data = self._pending or self._input()
            self._pending = b""
            if not data:
                raise Stopped("TRUNCATED_STREAM", "the compressed stream ends too early", self.expanded)
        try:
            return current.decompress(data, count)
        except self._errors as error:
            if isinstance(error, OSError) and error.errno:
                raise
            text = f"the {self._compression} stream is damaged"
            raise Stopped("DAMAGED_STREAM", text, self.expanded) from None

    def _input(self) -> bytes:
        data = self._source(_READ, self.read)
        self.read += len(data)
        return data

    def _next_member(self, rest: bytes) -> bytes:
        """Another stream may follow the one that has ended (as gzip, bz2 and xz allow); zeros are padding."""
        self._pending += rest
        while True:
            self._pending = self._pending.lstrip(b"\0")
            if len(self._pending) >= 6 or not (more := self._input()):
                break
            self._pending += more
            self._net.check(self.expanded)
        self._members += 1
        if not self._pending or self._make is None:
            self._over = True
        elif compression_of(self._pending) != self._compression or self._members > _MAX_MEMBERS:
            self._over = self.trailing = True
        else:
            self._current = self._make()
        return b""
