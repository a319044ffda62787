"""Objects as bytes: every kind, its canonical bytes, its id.

    map { "kind": KIND, "version": 1, … the kind's own keys … }

Laws:  decode_object(encode_object(o)) == o;  encode_object(decode_object(b)) == b, or it raises.
An encoder writes the lowest version that can hold the value; so far every kind has version 1.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final, TypeAlias, cast

from ..errors import InvalidField, UnknownKind, UnknownVersion
from .canonical import decode, encode, locate
from .fields import Fields, Misplaced
from .ids import ObjectId, derive_object_id

if TYPE_CHECKING:
    from .claims import Claims
    from .contents import Content, ContentPart
    from .data import File, Part, Tree
    from .inspections import Inspection
    from .manifests import Manifest
    from .reports import Environment, Report
    from .runs import Metrics, Params, Run

Observed: TypeAlias = "Claims | Content | ContentPart | Environment | Inspection | Report"
"""What obs saw; the others are what was there, and what was said."""
Object: TypeAlias = "File | Tree | Part | Metrics | Params | Run | Manifest | Observed"

VERSION: Final = 1
KINDS: Final = {
    "file": ("data", "File"),
    "tree": ("data", "Tree"),
    "part": ("data", "Part"),
    "metrics": ("runs", "Metrics"),
    "params": ("runs", "Params"),
    "run": ("runs", "Run"),
    "claims": ("claims", "Claims"),
    "content": ("contents", "Content"),
    "content-part": ("contents", "ContentPart"),
    "inspection": ("inspections", "Inspection"),
    "environment": ("reports", "Environment"),
    "report": ("reports", "Report"),
    "manifest": ("manifests", "Manifest"),
}
"""Kind -> module and class: a kind is imported when the first object of it is read."""
_CLASSES: Final[dict[str, type[Object]]] = {}
"""Of the kinds that were met."""


def class_of(kind: str) -> type[Object]:
    """The class of a kind. Raises KeyError."""
    if (found := _CLASSES.get(kind)) is None:
        module, name = KINDS[kind]
        found = cast("type[Object]", getattr(import_module(f".{module}", __package__), name))
        _CLASSES[kind] = found
    return found


def encode_object(value: Object) -> bytes:
    """The canonical bytes of an object. Raises InvalidField, TooLong, TooDeep."""
    return encode({"kind": value.KIND, "version": VERSION, **value.to_value()})


def object_id(value: Object) -> ObjectId:
    """The id of an object."""
    return derive_object_id(value.KIND, encode_object(value))


def decode_object(data: bytes) -> Object:
    """The object whose canonical bytes are `data`.

    Raises a FormatError with the offset of what is wrong: not canonical, an unknown kind, version
    or key, a missing key, a field that breaks the rules of its kind.
    """
    value = decode(data)
    try:
        fields = Fields(value)
        kind, version = fields.text("kind"), fields.uint("version")
        if kind not in KINDS:
            raise Misplaced(("kind",), UnknownKind(problem=f"this obs knows no kind '{kind[:64]}'"))
        if version != VERSION:
            wrong = UnknownVersion if version > VERSION else InvalidField
            raise Misplaced(("version",), wrong(problem=f"this obs knows no version {version} of {kind}"))
        return class_of(kind).from_fields(fields)
    except Misplaced as misplaced:
        error = misplaced.error
        raise type(error)(problem=error.problem, offset=locate(data, misplaced.path)) from None
