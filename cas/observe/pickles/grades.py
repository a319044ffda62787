"""What is known about a name that a pickle would import: one of three grades, and why.

`known`: exactly this module and name stand in files that the libraries themselves write (which versions
were asked, `known_globals.py` says), and what it names neither runs code or commands nor imports, opens or
sends anything by itself. `dangerous`: the table of `dangerous_globals.py` says what it could do. `unknown`:
neither. No grade says that a file does no harm; and honest files hold dangerous names too, such as `getattr`.

Names are compared as the file has them, and only whole: `sklearn.utils` with the name `os.system` looks
like scikit-learn's, and is not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, Literal

from ...format.frozen import row
from . import dangerous_globals as dangers
from .known_globals import KNOWN

Level = Literal["known", "unknown", "dangerous"]

NO_ENTRY: Final = "is a class or function that obs has no entry for"
SCRIPT: Final = "was defined in the training script itself"
DOTTED: Final = "reaches for something inside of a class or module by a dotted name"
MODULE: Final = "is a module that another one has imported, and so everything in it"

# Neither known nor dangerous, but met in honest files, and there is something to say.
_REMARKS: Final[Mapping[tuple[str, str], str]] = {
    ("__builtin__", "type"): "makes classes",
    ("_operator", "itemgetter"): "takes items out of what it is given",
    ("builtins", "type"): "makes classes",
    ("numpy", "vectorize"): "wraps a function that it calls when it is called",
    ("numpy.lib._function_base_impl", "vectorize"): "wraps a function that it calls when it is called",
    ("numpy.lib.function_base", "vectorize"): "wraps a function that it calls when it is called",
    ("operator", "itemgetter"): "takes items out of what it is given",
    ("pytz", "_p"): "reads the description of a time zone from a file",
}

_MOST_DOTS: Final = 32
"""No honest name has as many; a hostile one can have millions, and is not split."""
_SCRIPTS: Final = frozenset({"__main__", "__mp_main__", "__parents_main__"})

# The last part of a name can be a module as well, for modules are attributes of those that import them. Only
# names that nobody gives to a function: numpy.trace is none of Python's module `trace`.
_MODULES_AS_NAMES: Final = frozenset(
    {
        "__builtin__", "__builtins__", "_io", "_pickle", "_thread", "asyncio", "builtins", "cloudpickle",
        "ctypes", "ftplib", "gc", "importlib", "inspect", "io", "marshal", "mmap", "multiprocessing",
        "nt", "ntpath", "operator", "os", "pickle", "pkgutil", "posix", "posixpath", "pty", "runpy",
        "shutil", "socket", "subprocess", "sys", "tempfile", "threading", "types", "urllib", "zipfile",
    }
)  # fmt: skip


@row
class Grade:
    """A grade, and the reason for it as a sentence whose subject is the name; None for what is known."""

    grade: Level
    reason: str | None


def _by_module(table: Mapping[str, str]) -> dict[str, str]:
    return {module: reason for reason, modules in table.items() for module in modules.split()}


def _by_name(table: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, str]]:
    turned: dict[str, dict[str, str]] = {}
    for reason, modules in table.items():
        for module, names in modules.items():
            turned.setdefault(module, {}).update(dict.fromkeys(names.split(), reason))
    return turned


_MODULE_DANGERS: Final = _by_module(dangers.MODULES)
_NAME_DANGERS: Final = _by_name(dangers.NAMES)
_DEEPEST: Final = 1 + max(module.count(".") for module in (*_MODULE_DANGERS, *_NAME_DANGERS))
"""The most parts that a module of the tables has; a hostile name has many more."""
_KNOWN: Final = Grade("known", None)


def grade(module: str, name: str) -> Grade:
    """The grade of the global `name` of `module`, both as the file has them: any text is allowed."""
    if is_known(module, name):
        return _KNOWN
    danger = danger_of(module, name)
    if danger is not None:
        return Grade("dangerous", danger)
    if module in _SCRIPTS:
        return Grade("unknown", SCRIPT)
    return Grade("unknown", DOTTED if "." in name else _REMARKS.get((module, name), NO_ENTRY))


def is_known(module: str, name: str) -> bool:
    """Whether exactly this module and name stand in the table of what real files hold."""
    return name in KNOWN.get(module, "").split()


def danger_of(module: str, name: str) -> str | None:
    """What the name could do, as the table of dangers has it; None where that is silent."""
    if name.count(".") > _MOST_DOTS or module.count(".") > _MOST_DOTS:
        return dangers.ATTRIBUTES
    parts = name.split(".")
    if len(parts) > 1 and any(part in dangers.INSIDES or _is_special(part) for part in parts):
        return dangers.ATTRIBUTES
    for path in _paths(module, parts):
        danger = _danger_on(path)
        # A method of a distribution is not the distribution: its state is what would be executed.
        if danger is not None and not (danger == dangers.STATE_CODE and len(parts) > 1):
            return danger
    return MODULE if parts[-1] in _MODULES_AS_NAMES else None


def _is_special(part: str) -> bool:
    return part.startswith("__") and part.endswith("__")


def _paths(module: str, parts: list[str]) -> Iterator[list[str]]:
    """The ways to read a global: as it stands and, as modules hold modules, from each part of its name."""
    yield [*module.split("."), *parts]
    for start in range(len(parts) if len(parts) > 1 else 0):
        yield parts[start:]


def _danger_on(path: list[str]) -> str | None:
    """The danger of the first module or name that the table lists, on the way from the root."""
    for end in range(1, min(len(path), _DEEPEST + 1)):
        module = ".".join(path[:end])
        if module in _MODULE_DANGERS:
            return _MODULE_DANGERS[module]
        names = _NAME_DANGERS.get(module, {})
        for last in range(end + 1, len(path) + 1) if names else ():
            danger = names.get(".".join(path[end:last]))
            if danger is not None:
                return danger
    return None
