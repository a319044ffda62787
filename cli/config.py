"""Defaults for options, by their long names: in `obs.toml`, or in pyproject.toml under `[tool.obs]`.

    [tool.obs]
    data = "data/train.csv"            # or a list: ["train=data/train.csv", "test=data/test.csv"]
    label = "diagnosis"
    keep-data = true
    metrics = ["accuracy", "num_samples"]  # a list: the keys that the metrics are to have; a text: their file

The nearest file counts, from the current folder up to the one that holds `.obs/`; in one folder obs.toml
comes before pyproject.toml. If no `.obs/` stands above, only the current folder is looked at: who knows
whose file a longer search would find. Paths are relative to the file's folder. An option on the command
line replaces the value here, and the values of options that it does not go with.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Mapping
from typing import Final, TypeVar, cast

import click

from ..cas.errors import BadArgument, OperatingSystemRefused
from ..cas.format.frozen import frozen
from ..cas.format.names import is_role, role_from_name
from .application import did_you_mean

T = TypeVar("T")

MAX_BYTES: Final = 1024 * 1024
STORE_FOLDER: Final = ".obs"
MAX_DOTS: Final = 500
"""In one line: what tomllib does with `a.a.a.a… = 1` takes time that grows with the square of its parts."""
OWN_FILE: Final = "obs.toml"
SHARED_FILE: Final = "pyproject.toml"

PATHS: Final = frozenset({"model", "metrics", "params", "python", "all"})
"""Options whose value is a path."""
PATHS_WITH_ROLES: Final = frozenset({"data", "artifact"})
"""Options whose values are `[ROLE=]PATH`."""
CONTRACT: Final = "metrics"
"""The key that, with a list, names what the metrics are to have; with a text their file."""
NOT_CONFIGURABLE: Final = frozenset({"json", "help", "color", "no-pager", "dry-run"})
"""Options that belong to one call."""


@frozen
class Configuration:
    """The table of one file: `path` is the file's, `values` are as TOML gives them."""

    path: str
    values: Mapping[str, object]

    @property
    def folder(self) -> str:
        """What its paths are relative to."""
        return os.path.dirname(self.path)


def find_configuration(start: str) -> Configuration | None:
    """The nearest table, from the absolute folder `start` upwards.

    Raises BadArgument for a file that cannot be understood, OperatingSystemRefused.
    """
    for folder in _folders(start):
        path = os.path.join(folder, OWN_FILE)
        data = _read(path)
        if data is not None:
            return Configuration(path=path, values=_parse(path, data))
        path = os.path.join(folder, SHARED_FILE)
        data = _read(path)
        if data is not None and b"obs" in data:  # a file that never says the word need not be parsed
            tool = _parse(path, data).get("tool")
            table = cast("dict[str, object]", tool).get("obs") if isinstance(tool, dict) else None
            if isinstance(table, dict):
                return Configuration(path=path, values=cast("dict[str, object]", table))
            if table is not None:
                raise BadArgument(what=f"{path}: tool.obs has to be a table")
    return None


def load_defaults(command: click.Command, start: str) -> dict[str, object]:
    """A `default_map` for the command, from the nearest table.

    Raises BadArgument for a key that is no option of the command (it names the nearest) and for a value of
    another type than the option's; OperatingSystemRefused.
    """
    configuration = find_configuration(start)
    if configuration is None:
        return {}
    options = _options(command)
    found: dict[str, object] = {}
    for key, value in configuration.values.items():
        place = f"{configuration.path}: {key}"
        if key == CONTRACT and isinstance(value, list):
            continue  # see `metrics_contract`
        if key not in options:
            raise BadArgument(
                what=f"{place} is no option of 'obs {command.name}'{did_you_mean(key, options)}"
            )
        option, inverted = options[key]
        if option.name in found:
            raise BadArgument(what=f"{place} says again what another key says")
        checked = _check(option, value, place)
        if inverted and isinstance(checked, bool):
            checked = not checked
        if configuration.folder != start:
            checked = _relocate(key, checked, configuration.folder)
        found[option.name] = checked
    return found


def in_place_of(*names: str) -> Callable[[click.Context, click.Parameter, T], T]:
    """A callback for a parameter that does not go with others: where it stands on the command line, what a
    file says of these does not count. Together on the command line they are a contradiction as ever.

    (click takes what stands on the command line first, and looks for defaults of the others after that.)
    """

    def forget(ctx: click.Context, parameter: click.Parameter, value: T) -> T:
        given = ctx.get_parameter_source(parameter.name or "") is click.core.ParameterSource.COMMANDLINE
        if given and ctx.default_map is not None:
            for name in names:
                ctx.default_map.pop(name, None)
        return value

    return forget


def is_configured(name: str) -> bool:
    """Whether a parameter of the command that runs has its value from a file."""
    source = click.get_current_context().get_parameter_source(name)
    return source is click.core.ParameterSource.DEFAULT_MAP


def metrics_contract(start: str) -> tuple[str, ...] | None:
    """The keys that the nearest table says the metrics are to have, None if it does not say.

    Raises BadArgument, OperatingSystemRefused.
    """
    configuration = find_configuration(start)
    value = configuration.values.get(CONTRACT) if configuration is not None else None
    if configuration is None or not isinstance(value, list):
        return None
    keys = [key for key in cast("list[object]", value) if isinstance(key, str)]
    if len(keys) < len(cast("list[object]", value)) or len(set(keys)) < len(keys):
        raise BadArgument(
            what=f"{configuration.path}: {CONTRACT} has to be a path, or a list of different keys"
        )
    return tuple(sorted(keys))


def configured_files(start: str) -> tuple[tuple[str, str], ...]:
    """The files that the nearest table names, as (role, path); paths as seen from `start`.

    Raises BadArgument, OperatingSystemRefused.
    """
    configuration = find_configuration(start)
    if configuration is None:
        return ()
    found: list[tuple[str, str]] = []
    for key in ("data", "model", "metrics", "params", "artifact"):
        value = configuration.values.get(key, [])
        if key == CONTRACT and isinstance(value, list):
            continue
        for item in cast("list[object]", value) if isinstance(value, list) else [value]:
            if not isinstance(item, str) or not item:
                raise BadArgument(what=f"{configuration.path}: {key} has to be a path")
            role, path = _split(item, configuration.folder) if key in PATHS_WITH_ROLES else (None, item)
            if configuration.folder != start:
                path = os.path.join(configuration.folder, path)
            default = role_from_name(os.path.basename(os.path.normpath(path))) if key == "artifact" else key
            found.append((role or default, path))
    return tuple(found)


def _folders(start: str) -> Iterator[str]:
    """`start` and the folders above it that may be looked at, nearest first."""
    found: list[str] = []
    folder = start
    try:
        device = os.stat(start).st_dev
        while os.stat(folder).st_dev == device:
            found.append(folder)
            if os.path.lexists(os.path.join(folder, STORE_FOLDER)):
                yield from found
                return
            parent = os.path.dirname(folder)
            if parent == folder:
                break
            folder = parent
    except OSError:
        pass  # a folder above may be closed to us: then the search ends below it
    yield start


def _read(path: str) -> bytes | None:
    """The bytes of a configuration file, None if there is none."""
    try:
        # O_NONBLOCK: a FIFO of that name must not hold obs up
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise _refused(path, error) from None
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise BadArgument(what=f"{path} is not a regular file")
        data = b""
        while len(data) <= MAX_BYTES and (piece := os.read(descriptor, MAX_BYTES + 1 - len(data))):
            data += piece
    except OSError as error:
        raise _refused(path, error) from None
    finally:
        os.close(descriptor)
    if len(data) > MAX_BYTES:
        raise BadArgument(
            what=f"{path} has more than {MAX_BYTES} bytes, which is too much for a configuration"
        )
    return data


def _parse(path: str, data: bytes) -> dict[str, object]:
    import tomllib

    if any(line.count(b".") > MAX_DOTS for line in data.splitlines()):
        raise BadArgument(what=f"{path} has a line with more than {MAX_DOTS} dots")
    try:
        return tomllib.loads(data.decode())
    except UnicodeDecodeError as error:
        raise BadArgument(what=f"{path} is not UTF-8 (at byte {error.start})") from None
    except ValueError as error:  # TOMLDecodeError is one; a number of 5,000 digits is another
        raise BadArgument(what=f"{path} is not valid TOML: {error}") from None
    except RecursionError:
        raise BadArgument(what=f"{path} is nested too deeply") from None


def _refused(path: str, error: OSError) -> OperatingSystemRefused:
    return OperatingSystemRefused(action="read", path=path, reason=error.strerror or str(error))


def _options(command: click.Command) -> dict[str, tuple[click.Option, bool]]:
    """Key -> the option, and whether the key is its negative form (the second of `--a/--no-a`)."""
    found: dict[str, tuple[click.Option, bool]] = {}
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            for names, inverted in ((parameter.opts, False), (parameter.secondary_opts, True)):
                for name in names:
                    if name.startswith("--") and name[2:] not in NOT_CONFIGURABLE:
                        found[name[2:]] = (parameter, inverted)
    return found


def _check(option: click.Option, value: object, place: str) -> object:
    """The value, if it has the option's type and click takes it."""
    if option.is_flag:
        if isinstance(value, bool):
            return value
        raise BadArgument(what=f"{place} has to be true or false")
    if option.multiple:
        items = cast("list[object]", value) if isinstance(value, list) else [value]
        if all(isinstance(item, str) for item in items):
            return [_convert(option, item, place) for item in items]
        raise BadArgument(what=f"{place} has to be a text or a list of texts")
    if isinstance(option.type, click.types.IntParamType):
        if isinstance(value, int) and not isinstance(value, bool):
            return _convert(option, value, place)
        raise BadArgument(what=f"{place} has to be a whole number")
    if isinstance(value, str):
        return _convert(option, value, place)
    raise BadArgument(what=f"{place} has to be a text")


def _convert(option: click.Option, value: object, place: str) -> object:
    """The value, as on the command line: what is wrong with it is said with its place in the file."""
    if value == "" and option.name in PATHS | PATHS_WITH_ROLES:
        raise BadArgument(what=f"{place}: an empty path names no file")
    try:
        return cast("object", option.type.convert(value, option, None))
    except click.BadParameter as error:
        raise BadArgument(what=f"{place}: {error.message.rstrip('.')}") from None


def _relocate(key: str, value: object, folder: str) -> object:
    """The same paths, for somebody who is not in the file's folder."""
    if isinstance(value, list):
        return [_relocate(key, item, folder) for item in cast("list[object]", value)]
    if not isinstance(value, str) or not value:
        return value
    if key in PATHS:
        return os.path.join(folder, value)
    if key in PATHS_WITH_ROLES:
        role, path = _split(value, folder)
        path = os.path.join(folder, path)
        return path if role is None else f"{role}={path}"
    return value


def _split(text: str, folder: str) -> tuple[str | None, str]:
    """`ROLE=PATH` or PATH: split at the first `=` if the left side is a role and the whole is no path."""
    role, equals, path = text.partition("=")
    if equals and is_role(role) and not os.path.lexists(os.path.join(folder, text)):
        return role, path
    return None, text
