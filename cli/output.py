"""Text and JSON on their way out: escaping, standard output and error, colours.

Whatever obs did not write itself (names, messages, metric strings, paths in errors) may hold control
sequences that rewrite a terminal, or characters that turn text around or cannot be seen. `escape` makes
all of them visible. JSON needs none of that: it is ASCII, its control characters are escaped.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from io import TextIOWrapper
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol, TextIO, TypeAlias, cast

if TYPE_CHECKING:  # `obs --version` comes through here, and needs no errors
    from ..cas.errors import OperatingSystemRefused

SCHEMA_VERSION: Final = 1

Style: TypeAlias = Literal["bold", "dim", "red", "green", "yellow", "blue", "cyan"]
_SGR: Final[dict[Style, str]] = {  # ECMA-48, 8.3.117 Select Graphic Rendition
    "bold": "1",
    "dim": "2",
    "red": "31",
    "green": "32",
    "yellow": "33",
    "blue": "34",
    "cyan": "36",
}

# Characters that take no room, though Unicode counts them as letters or marks: joiners, fillers, selectors.
_UNSEEN: Final = frozenset(
    map(
        chr,
        [
            *(0x34F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x3164, 0xFFA0),
            *range(0x180B, 0x1810),
            *range(0xFE00, 0xFE10),
            *range(0xE0100, 0xE01F0),
        ],
    )
)
_SHORT: Final = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}

# --------------------------------------------------------------------------- text


def escape(text: str | bytes) -> str:
    r"""One line that is safe on a terminal and shows what is there.

    Control characters (C0, DEL, C1), format characters (bidirectional controls, zero widths), line and
    paragraph separators, unassigned and unseen ones become `\n`, `\r`, `\t`, `\x1b`, `\u202e`, `\U000e0001`;
    a byte that is no UTF-8 (in bytes, or as a lone surrogate that `os.fsdecode` made of it) becomes `\xff`.
    A backslash stays one: this is for reading, not for parsing.
    """
    if isinstance(text, bytes):
        text = text.decode("utf-8", "surrogateescape")
    if text.isprintable() and (text.isascii() or _UNSEEN.isdisjoint(text)):
        return text
    return "".join(map(_escape_one, text))


def escape_lines(text: str | bytes) -> str:
    """The same for text that may have several lines: they stay."""
    if isinstance(text, bytes):
        text = text.decode("utf-8", "surrogateescape")
    return "\n".join(map(escape, text.split("\n")))


def _escape_one(character: str) -> str:
    if character.isprintable() and character not in _UNSEEN:
        return character
    code = ord(character)
    if character in _SHORT:
        return _SHORT[character]
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    if code < 0x80:
        return f"\\x{code:02x}"
    if code > 0xFFFF:
        return f"\\U{code:08x}"
    if character.isspace() and code not in (0x85, 0x2028, 0x2029):
        return character  # a space of another width, as in many languages' names
    return f"\\u{code:04x}"


def human_size(size_bytes: int) -> str:
    """`1 byte`, `999 bytes`, `1.5 KiB`: units of 1024."""
    if size_bytes < 1024:
        return f"{size_bytes} byte{'' if size_bytes == 1 else 's'}"
    size = float(size_bytes)
    for unit in ("KiB", "MiB", "GiB", "TiB", "PiB"):
        size /= 1024
        if size < 1023.95:  # 1023.96 would be shown as 1024.0
            return f"{size:.1f} {unit}"
    return f"{size / 1024:.1f} EiB"


def style(text: str, *styles: Style, color: bool) -> str:
    """`text` in colours, if there are to be any (`Invocation.color`). Escape it first, never afterwards."""
    if not color or not styles or not text:
        return text
    return f"\x1b[{';'.join(_SGR[name] for name in styles)}m{text}\x1b[0m"


# --------------------------------------------------------------------------- the streams


class Writer(Protocol):
    """Where text goes."""

    def write(self, text: str, /) -> object:
        """Writes it."""
        ...


def prepare_streams() -> None:
    """Standard streams that are always there, and that no character can break.

    A closed one becomes /dev/null: otherwise the next file that is opened takes its number, and what is
    printed lands in it. To standard output nothing can be written then, as the system has it: an answer that
    nobody gets is an error, and a message that nobody hears is none.
    """
    if any(getattr(sys, name) is None for name in ("stdin", "stdout", "stderr")):
        while (descriptor := os.open(os.devnull, os.O_RDONLY)) <= 2:
            os.set_inheritable(descriptor, True)
        os.close(descriptor)
        for number, name in enumerate(("stdin", "stdout", "stderr")):
            if getattr(sys, name) is None:
                mode = "w" if number else "r"
                stream = open(number, mode, encoding="utf-8", closefd=False)  # noqa: SIM115 - it stays
                setattr(sys, name, stream)
                if name == "stderr":
                    _redirect_to_null(sys.stderr)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def write(text: str) -> None:
    """Data, to standard output: as it is, so escape what is not yours. Raises OperatingSystemRefused.

    BrokenPipeError passes: it is no error, and the boundary ends the process quietly.
    """
    try:
        sys.stdout.write(text)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise _output_refused(error) from None


def write_bytes(data: bytes | memoryview) -> None:
    """The same for bytes."""
    try:
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise _output_refused(error) from None


def flush_output() -> None:
    """All that was written has arrived. Raises OperatingSystemRefused, BrokenPipeError."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise _output_refused(error) from None


def settle_output() -> None:
    """What cannot be written any more goes to /dev/null, lest Python complain of it when it ends."""
    try:
        sys.stdout.flush()
    except (OSError, ValueError):  # ValueError: it is closed
        _redirect_to_null(sys.stdout)


def message(text: str) -> None:
    """Says something to a person, on standard error. If nobody can hear it, that is no error."""
    _to_stderr(escape_lines(text) + "\n")


def _to_stderr(text: str) -> None:
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except OSError:
        _redirect_to_null(sys.stderr)


def _redirect_to_null(stream: TextIO) -> None:
    try:
        descriptor = stream.fileno()
    except (OSError, ValueError):
        return  # no file: a test's buffer
    sink = os.open(os.devnull, os.O_WRONLY)
    os.dup2(sink, descriptor)
    os.close(sink)


def _output_refused(error: OSError) -> OperatingSystemRefused:
    from ..cas.errors import OperatingSystemRefused

    return OperatingSystemRefused(
        action="write to", path="standard output", reason=error.strerror or str(error)
    )


# --------------------------------------------------------------------------- JSON


def to_json(value: object) -> Any:
    r"""What `json.dumps` can write without loss or invalid JSON.

    Values are objects with their fields in order, digests 64 hex digits, tuples lists; floats that are
    not finite are "NaN", "Infinity", "-Infinity". A name that is no valid UTF-8 (bytes, or a str with lone
    surrogates) has `\xff` for each byte that does not belong. Raises TypeError for anything else.
    """
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str):
        return value if value.isascii() else _without_surrogates(value)
    if isinstance(value, float):
        if value - value == 0:
            return value
        return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    if isinstance(value, Mapping):
        entries = cast("Mapping[object, object]", value)
        return {_key(key): to_json(item) for key, item in entries.items()}
    if isinstance(value, list | tuple):
        return [to_json(item) for item in cast("list[object]", value)]
    from ..cas.format.ids import Digest

    if isinstance(value, Digest):
        return value.hex
    names: tuple[str, ...] | None = getattr(value, "__value_fields__", None)
    if names is None or isinstance(value, type):
        raise TypeError(f"{type(value).__name__} has no JSON form")
    return {name: to_json(getattr(value, name)) for name in names}


def write_json(document: object) -> None:
    """One document (a mapping or a value) on standard output, `schema_version` first, indented.

    Raises TypeError as `to_json`, OperatingSystemRefused, BrokenPipeError.
    """
    import json

    write(json.dumps(_versioned(document), ensure_ascii=True, allow_nan=False, indent=2) + "\n")


def write_json_line(document: object, out: Writer | None = None) -> None:
    """The same on one line (JSON Lines), to standard output or to where `out` leads."""
    import json

    text = json.dumps(_versioned(document), ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    (write if out is None else out.write)(text + "\n")


def write_error_document(code: str, text: str, remedy: str | None, facts: Mapping[str, object]) -> None:
    """An error as JSON, on standard error."""
    import json

    try:
        shown = to_json(facts)
    except TypeError:  # an error must be told, whatever stands in it
        shown = {name: str(value) for name, value in facts.items()}
    error = {"code": code, "message": to_json(text), "remedy": to_json(remedy), "facts": shown}
    document = {"schema_version": SCHEMA_VERSION, "error": error}
    _to_stderr(json.dumps(document, ensure_ascii=True, allow_nan=False) + "\n")


def _versioned(document: object) -> dict[str, object]:
    converted = to_json(document)
    if not isinstance(converted, dict):
        raise TypeError(f"a document is a JSON object, and {type(document).__name__} gives none")
    return {"schema_version": SCHEMA_VERSION, **cast("dict[str, object]", converted)}


def _key(key: object) -> str:
    if not isinstance(key, str):
        raise TypeError(f"a key of a JSON object is text, and not {type(key).__name__}")
    return key if key.isascii() else _without_surrogates(key)


def _without_surrogates(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        return "".join(_escape_one(c) if "\ud800" <= c <= "\udfff" else c for c in text)
    return text
