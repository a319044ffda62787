"""Documents that are held to what they say: console blocks that are run, and lists that the code writes.

The pages in docs/cli/ have blocks between marker lines: options as click knows them, and error codes. As
a program (`make pages`) this writes these blocks anew; tests/test_pages.py compares them.

In a console block `…` stands for text that differs between machines; everything else is compared.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import click
from obs.cas import errors
from obs.cas.errors import answers
from obs.cli.application import COMMANDS, group

ROOT: Final = Path(__file__).parent.parent
EXAMPLE: Final = ROOT / ".obs-example"
PAGES: Final = ROOT / "docs" / "cli"

_BLOCK: Final = re.compile(r"^```console\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_MARKED: Final = re.compile(
    r"(?P<begin>^<!-- (?P<name>options|errors): begin -->\n).*?(?P<end>^<!-- (?P=name): end -->$)",
    re.DOTALL | re.MULTILINE,
)
_UNSET: Final = (
    *("OBS_DIR", "OBS_PAGER", "PAGER", "OBS_DEBUG", "SOURCE_DATE_EPOCH", "NO_COLOR"),
    *("VIRTUAL_ENV", "CONDA_PREFIX", "PYTHONPATH", "PYTHONUNBUFFERED"),
)
_NEVER_RAISED: Final = {"ERROR", "INTEGRITY", "ENVIRONMENT", "INCOMPLETE"}
"""Codes of the classes that only hold others together."""


# ------------------------------------------------------------------------------------ what is run


def commands(text: str) -> list[tuple[str, str]]:
    """Every command of the console blocks, with the output that follows it."""
    found: list[tuple[str, str]] = []
    for block in _BLOCK.findall(text):
        for piece in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = piece.partition("\n")
            found.append((command, output))
    return found


def pattern(expected: str) -> str:
    """The expected output as a regular expression."""
    return r"[^\n]*".join(map(re.escape, expected.split("…")))


class Shell:
    """A shell in a copy of the example, where `obs` is this checkout's."""

    def __init__(self, folder: Path) -> None:
        """`folder` is an empty one of its own."""
        self._cwd = folder / "example"
        shutil.copytree(EXAMPLE, self._cwd)
        programs = folder / "bin"
        programs.mkdir()
        program = programs / "obs"
        checkout, python = shlex.quote(str(ROOT / ".pythonpath")), shlex.quote(sys.executable)
        program.write_text(f'#!/bin/sh\nPYTHONPATH={checkout} exec {python} -m obs "$@"\n')
        program.chmod(0o755)
        self._environ = {name: value for name, value in os.environ.items() if name not in _UNSET}
        path = (str(programs), os.path.dirname(sys.executable), os.environ["PATH"])
        self._environ["PATH"] = os.pathsep.join(path)

    def run(self, command: str) -> subprocess.CompletedProcess[str]:
        """One line, as a reader types it."""
        return subprocess.run(
            command, shell=True, cwd=self._cwd, env=self._environ, capture_output=True, text=True, check=False
        )

    def tour(self, text: str) -> int:
        """Runs all commands of a document in order, and compares; how many there were."""
        found = commands(text)
        for command, expected in found:
            done = self.run(command)
            assert done.returncode == 0, f"{command}\n{done.stderr}"
            assert re.fullmatch(pattern(expected), done.stdout), f"{command}\n{done.stdout}"
        return len(found)


# -------------------------------------------------------------------------------- what is written


def sections(text: str) -> dict[str, str]:
    """The text below each `## NAME` of a page."""
    pieces = re.split(r"^## (.+)\n", text, flags=re.MULTILINE)
    return dict(zip(pieces[1::2], pieces[2::2], strict=True))


def command_of(page: Path) -> click.Command:
    """The command that a page is about; `obs` itself for README.md."""
    command = group if page.stem == "README" else group.get_command(click.Context(group), page.stem)
    assert command is not None, page.stem
    return command


def option_names(command: click.Command) -> set[str]:
    """Every spelling of a command's options."""
    with click.Context(command) as ctx:
        return {name for found in command.get_params(ctx) for name in found.opts if name.startswith("-")}


def up_to_date(page: Path, text: str) -> str:
    """The page's text with its marked blocks as they have to be."""
    writers: dict[str, Callable[[], str]] = {
        "options": lambda: _table("option", _options(command_of(page))),
        "errors": lambda: _table("code", _errors()),
    }
    return _MARKED.sub(lambda found: found["begin"] + writers[found["name"]]() + found["end"], text)


def _options(command: click.Command) -> Iterator[tuple[str, str]]:
    name = "obs" if command is group else f"obs {command.name}"
    with click.Context(command, info_name=name, help_option_names=["-h", "--help"]) as ctx:
        for parameter in command.get_params(ctx):
            record = parameter.get_help_record(ctx) if isinstance(parameter, click.Option) else None
            if record is not None:
                again = " May be given several times." if parameter.multiple else ""
                yield record[0], re.sub(r" +", " ", record[1]) + again


def _errors() -> Iterator[tuple[str, str]]:
    """Code, exit status and meaning, by exit status and in the order of cas/errors/."""
    found: dict[str, tuple[int, str]] = {}
    for kind in (*vars(answers).values(), *vars(errors).values()):
        if isinstance(kind, type) and issubclass(kind, errors.ObsError) and kind.code not in found:
            found[kind.code] = (kind.exit_code, (kind.__doc__ or "").split("\n\n")[0])
    for code, (status, meaning) in sorted(found.items(), key=lambda item: item[1][0]):
        if code not in _NEVER_RAISED:
            yield code, f"{status}. {' '.join(meaning.split())}"


def _table(heading: str, rows: Iterator[tuple[str, str]]) -> str:
    lines = [f"| {heading} | |", "| --- | --- |"]
    lines += [f"| `{_cell(name)}` | {_cell(text)} |" for name, text in rows]
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def main() -> None:
    """Writes the marked blocks of all pages."""
    for name in ("README", *COMMANDS):
        page = PAGES / f"{name}.md"
        text = page.read_text("utf-8")
        new = up_to_date(page, text)
        if new != text:
            page.write_text(new, "utf-8")
            print(f"wrote {page.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
