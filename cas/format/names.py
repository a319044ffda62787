"""Names: roles, tags, and the names of files, each with one grammar, checked at both doors.

A file's name is str where its bytes are valid UTF-8, else bytes: what a file system gives is
kept as it is, and two different names never become one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final, TypeAlias

from ..errors import InvalidField

FileName: TypeAlias = str | bytes

MAX_NAME_BYTES: Final = 4000
"""Longer than any one path component (255) and than what PATH_MAX (4096) leaves to a relative path."""
MAX_ROLE: Final = 64
MAX_TAG: Final = 100
RESERVED_ROLES: Final = frozenset({"metrics", "params", "record"})
"""Roles of the run's own documents; no dataset or artifact may take them."""

# Patterns are compiled when they are first used: most commands need one of them.
_ROLE: Final = r"[a-z][a-z0-9_-]{0,63}\Z"
_CODE: Final = r"[A-Z][A-Z0-9_]{0,63}\Z"
_TAG: Final = r"[A-Za-z][A-Za-z0-9._-]{0,99}\Z"
_HASH_LIKE: Final = r"[0-9A-Fa-f]{4,}\Z"
_ODD: Final = rb"(?:\A|[/\0])\.{0,2}(?=[/\0]|\Z)"
"""An empty part, `.` or `..` as one, in names that are joined by NUL."""
_TAG_WORDS: Final = frozenset({"HEAD", "run", "blake3", "sha256"})


def _cut(text: str) -> str:
    """What a message shows of a text that may be of any length."""
    return text if len(text) <= MAX_TAG else f"{text[:MAX_TAG]}…"


def is_role(text: str) -> bool:
    """Whether `text` is a role."""
    return len(text) <= MAX_ROLE and _is_role(text)


@lru_cache(maxsize=256)  # a history says the same few again and again; what is too long is not kept
def _is_role(text: str) -> bool:
    return re.match(_ROLE, text) is not None


def check_role(text: str) -> str:
    """`text` if it is a role. Raises InvalidField."""
    if not is_role(text):
        raise InvalidField(problem=f"'{_cut(text)}' is not a role: a-z, then at most 63 of a-z 0-9 _ -")
    return text


def is_code(text: str) -> bool:
    """Whether `text` is the code of a diagnostic or note."""
    return re.match(_CODE, text) is not None


def role_from_name(name: FileName) -> str:
    """A file's name brought into the form of a role: `Confusion.Matrix.png` is `confusion_matrix_png`."""
    text = name if isinstance(name, str) else name.decode("ascii", "replace")
    role = re.sub(r"[^a-z0-9_-]", "_", text.lower())
    if not role or not "a" <= role[0] <= "z":
        role = f"file_{role}"
    return role[:MAX_ROLE]


def check_tag(text: str) -> str:
    """`text` if it may name a tag. Raises InvalidField saying which rule it breaks."""
    if not re.match(_TAG, text) or ".." in text or text.endswith(".lock"):
        raise InvalidField(
            problem=f"'{_cut(text)}' cannot be a tag: a letter, then at most 99 letters, digits, "
            "'.', '_' or '-', without '..' and not ending in '.lock'"
        )
    if text in _TAG_WORDS or re.match(_HASH_LIKE, text):
        raise InvalidField(problem=f"'{_cut(text)}' cannot be a tag: it would be read as something else")
    return text


def name_from_bytes(raw: bytes) -> FileName:
    """A file system's name as the format holds it."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw


def name_bytes(name: FileName) -> bytes:
    """The inverse of `name_from_bytes`; also the order of names."""
    return name.encode() if isinstance(name, str) else name


def check_name(name: FileName) -> FileName:
    """`name` if it is a relative path: no empty part, no `.` or `..`, no NUL. Raises InvalidField."""
    try:
        raw = name_bytes(name)
    except UnicodeEncodeError:
        raise InvalidField(problem="a name that is not UTF-8 is stored as bytes") from None
    if isinstance(name, bytes) and not isinstance(name_from_bytes(raw), bytes):
        raise InvalidField(problem="a name that is valid UTF-8 is stored as text")
    if not 0 < len(raw) <= MAX_NAME_BYTES:
        raise InvalidField(problem=f"a name has 1 to {MAX_NAME_BYTES} bytes")
    if b"\0" in raw or any(part in (b"", b".", b"..") for part in raw.split(b"/")):
        raise InvalidField(problem="a name is a relative path without empty parts, '.', '..' or NUL")
    return name


def check_names(names: Sequence[FileName]) -> list[bytes]:
    """The bytes of names that are relative paths, as `check_name` sees it. Raises InvalidField.

    All at once, since a large folder has very many; what is wrong is then looked for one by one.
    """
    try:
        raw = list(map(name_bytes, names))
    except UnicodeEncodeError:
        raw = [b""]  # which is no name either
    joined = b"\0".join(raw)
    plain = bytes not in set(map(type, names)) and max(map(len, raw), default=0) <= MAX_NAME_BYTES
    if not plain or joined.count(b"\0") != max(0, len(names) - 1) or (names and re.search(_ODD, joined)):
        for name in names:
            check_name(name)
    return raw


@lru_cache(maxsize=256)
def check_base_name(name: FileName) -> FileName:
    """`name` if it is the name of one file, without a folder. Raises InvalidField."""
    if b"/" in name_bytes(check_name(name)):
        raise InvalidField(problem="a base name has no '/'")
    return name
