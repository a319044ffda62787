"""Immutable values: `@frozen` is what `@dataclass(frozen=True, kw_only=True)` would be, but for its price.

A dataclass is half a millisecond of generated code, and obs has some sixty: half of what a short
command costs. These share their methods instead. Type checkers know them as dataclasses (PEP 681).
A class may check itself in `__post_init__`, and is given whole or not at all.
"""

from __future__ import annotations

from typing import Any, TypeVar, dataclass_transform

T = TypeVar("T")


def _init(self: Any, *given: object, **named: object) -> None:
    cls: Any = self.__class__
    values = self.__dict__
    values.update(cls.__value_defaults__)
    if given:
        values.update(zip(cls.__value_fields__, given, strict=False))
    values.update(named)
    if len(given) > len(cls.__value_fields__) or values.keys() != cls.__value_names__:
        wrong = values.keys() ^ cls.__value_names__
        raise TypeError(f"{cls.__name__} has other fields than were given: {', '.join(sorted(wrong))}")
    check = getattr(cls, "__post_init__", None)
    if check is not None:
        check(self)


def _frozen(self: object, name: str, *_: object) -> None:
    raise AttributeError(f"{type(self).__name__}.{name} cannot be changed: a value is made anew")


def _equal(self: object, other: object) -> bool:
    return self.__dict__ == other.__dict__ if type(self) is type(other) else NotImplemented


def _hash(self: object) -> int:
    return hash((type(self), *self.__dict__.values()))


def _text(self: object) -> str:
    shown = ", ".join(f"{name}={value!r}" for name, value in self.__dict__.items())
    return f"{type(self).__name__}({shown})"


def _made(cls: type[T]) -> type[T]:
    """`cls` with the methods above; the fields are its annotations after those of its bases."""
    fields: dict[str, None] = {}
    defaults: dict[str, object] = {}
    for base in reversed(cls.__mro__):
        for name, kind in base.__dict__.get("__annotations__", {}).items():  # noqa: RUF063  # they are text
            if not kind.startswith("ClassVar"):
                fields[name] = None
                if name in base.__dict__:
                    defaults[name] = base.__dict__[name]
    for name, attribute in (
        ("__value_fields__", tuple(fields)),
        ("__value_names__", fields.keys()),
        ("__value_defaults__", defaults),
        ("__match_args__", tuple(fields)),
        ("__init__", _init),
        ("__setattr__", _frozen),
        ("__delattr__", _frozen),
        ("__eq__", _equal),
        ("__hash__", _hash),
        ("__repr__", _text),
    ):
        setattr(cls, name, attribute)
    return cls


@dataclass_transform(frozen_default=True, kw_only_default=True)
def frozen(cls: type[T]) -> type[T]:
    """Makes `cls` an immutable value whose fields are given by name."""
    return _made(cls)


@dataclass_transform(frozen_default=True)
def row(cls: type[T]) -> type[T]:
    """The same for a few fields in an order that everybody knows: they may be given by position."""
    return _made(cls)


def replace(old: T, **changes: object) -> T:
    """A value like `old`, with some fields changed. Raises TypeError, and whatever the class refuses."""
    return type(old)(**{**old.__dict__, **changes})


def fields_of(cls: type[object]) -> tuple[str, ...]:
    """The names of a value's fields, in their order."""
    names: tuple[str, ...] = getattr(cls, "__value_fields__", ())
    return names
