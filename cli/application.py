"""The table of commands, and what they have in common.

A command is imported when it is called: the help of `obs` comes from the summaries here, so that
`obs --help` and `obs --version` load none. To add a command, add its line to `COMMANDS` and write
`commands/NAME.py`, which defines `command`:

    @click.command("tag", cls=ObsCommand, examples=["obs tag best HEAD"])
    @click.argument("name")
    @click.pass_obj
    def command(invocation: Invocation, name: str, as_json: bool) -> int: ...

Its answer is its exit code (None: 0). What it cannot do it raises, as an ObsError.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

import click

from .. import __version__

if TYPE_CHECKING:  # `obs --version` and `obs --help` need neither
    from .context import ColorChoice, Invocation

Decorated = TypeVar("Decorated", bound="Callable[..., Any] | click.Command")

COMMANDS: Final = {
    "init": "Make a store (.obs/) in a folder.",
    "record": "Record a finished run.",
    "log": "Tell the run history, newest first.",
    "show": "Show a manifest, a run, an object, or the runs that a file belongs to.",
    "export": "Export a run's metadata, the same bytes everywhere.",
    "verify": "Check where a file came from, or the whole store.",
    "prove": "Write a proof of where a file came from, to be checked without the store.",
    "checkpoint": "Print the head of the history, to be kept elsewhere.",
    "schema": "Tell what a dataset holds, without training.",
    "inspect": "Tell what a model file holds, without executing it.",
    "diff": "Tell what differs between two runs, datasets or model files.",
    "cat": "Write kept bytes to standard output.",
    "restore": "Bring a kept file back.",
    "tag": "Give a run a name, list the names, or remove one.",
    "status": "Tell which files of the last run are unchanged.",
    "fsck": "Check every byte of the store, and its housekeeping.",
}
"""Name -> summary, in the order of the help."""

EXAMPLES: Final = (
    "obs init",
    "obs record --data train.csv --label diagnosis --model model.pkl --metrics metrics.json",
    "obs verify model.pkl",
)


COLOR_CHOICES: Final = click.Choice(["auto", "always", "never"])


def _print_help(ctx: click.Context, _parameter: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        click.echo(ctx.get_help(), color=ctx.color)
        ctx.exit()


class ObsOption(click.Option):
    """An option whose help is one line as it stands: click would import `inspect` to bring it into form."""

    def __init__(self, *names: Any, help: str | None = None, **settings: Any) -> None:  # noqa: A002  # click's word
        super().__init__(*names, **settings)
        self.help = help


def option(*names: str, **settings: Any) -> Callable[[Decorated], Decorated]:
    """`click.option`, for all options of obs."""
    return click.option(*names, cls=ObsOption, **settings)


_HELP: Final = ObsOption(
    ["-h", "--help"],
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_help,
    help="Show this message and exit.",
)


class _Prompt(click.Command):
    """What click does at every start, without what only a mistake needs: a catalogue of translations for the
    words about `--help`, and difflib for an option that is not there."""

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        """`-h`, `--help`."""
        return _HELP

    def make_parser(self, ctx: click.Context) -> Any:
        """click looks for `-n` among the long options first, and then for one that is spelled like it."""
        parser: Any = super().make_parser(ctx)
        long, short = getattr(parser, "_long_opt", None), getattr(parser, "_short_opt", None)
        if isinstance(long, dict) and isinstance(short, dict):  # else: another click, and a slower start
            for name, option in cast("dict[str, object]", short).items():
                cast("dict[str, object]", long).setdefault(name, option)
        return parser


class ObsCommand(_Prompt):
    """A command whose help begins with examples, and that has `--json` (as `as_json`).

    `configured`: the options' defaults may stand in obs.toml or in pyproject.toml. `tells_files`: the
    command is told of `--`, as the first of its words, since what follows is a file and no revision.
    """

    def __init__(
        self,
        *arguments: Any,
        examples: Sequence[str] = (),
        configured: bool = False,
        tells_files: bool = False,
        **settings: Any,
    ) -> None:
        super().__init__(*arguments, **settings)
        self.examples = tuple(examples)
        self.configured = configured
        self.tells_files = tells_files
        self.params += _common_options()

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Reads the configuration first, unless only the help is wanted."""
        if self.configured and not asks_for(args, "-h", "--help") and not ctx.resilient_parsing:
            from .config import load_defaults

            ctx.default_map = load_defaults(self, os.getcwd())
        if self.tells_files and "--" in args:
            at = args.index("--")
            args = [*args[:at], "--", *args[at:]]  # click takes one away
        return super().parse_args(ctx, args)

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The examples, then what click prints."""
        write_examples(self.examples, formatter)
        super().format_help(ctx, formatter)


class ObsGroup(_Prompt, click.Group):
    """The command `obs`: its commands are named here and imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Their names, in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Imports one."""
        if cmd_name not in COMMANDS:
            return None
        from importlib import import_module

        module = import_module(f".commands.{cmd_name}", __package__)
        return cast("click.Command", module.command)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """`obs` alone shows the help, and is a mistake all the same: a script forgot something."""
        if not args and not ctx.resilient_parsing:
            sys.stderr.write(f"{ctx.get_help()}\n\n")
            raise click.UsageError("a command is needed", ctx)
        return super().parse_args(ctx, args)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that is called. Raises UsageError with the nearest name for one that is not there."""
        name = args[0]
        if name not in COMMANDS and not name.startswith("-") and not ctx.resilient_parsing:
            raise click.UsageError(f"there is no command '{name}'{did_you_mean(name, COMMANDS)}", ctx)
        return super().resolve_command(ctx, args)

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The examples, then what click prints."""
        write_examples(EXAMPLES, formatter)
        super().format_help(ctx, formatter)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The table, without importing what it names."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


def write_examples(examples: Sequence[str], formatter: click.HelpFormatter) -> None:
    """The block that every help begins with."""
    if examples:
        formatter.write_heading("Example" if len(examples) == 1 else "Examples")
        for example in examples:
            formatter.write(f"  {example}\n")  # as it is: a wrapped command line cannot be copied
        formatter.write_paragraph()


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """`; did you mean 'record'?`, or nothing if no known name is near."""
    from difflib import get_close_matches

    near = get_close_matches(name, list(known), 1)
    return f"; did you mean '{near[0]}'?" if near else ""


def asks_for(arguments: Sequence[str], *options: str) -> bool:
    """Whether one of the options stands on a command line, before any `--`."""
    for argument in arguments:
        if argument == "--":
            return False
        if argument in options:
            return True
    return False


def _print_version(ctx: click.Context, _parameter: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        sys.stdout.write(f"obs {__version__}\n")
        ctx.exit()


def _set_color(ctx: click.Context, _parameter: click.Parameter, choice: ColorChoice | None) -> None:
    if choice is not None:
        _change(ctx, color_choice=choice)


def _unset_pager(ctx: click.Context, _parameter: click.Parameter, wanted: bool) -> None:
    if wanted:
        _change(ctx, paging=False)


def _change(ctx: click.Context, **fields: Any) -> None:
    """Another Invocation for this command."""
    from ..cas.format.frozen import replace

    invocation: Invocation | None = ctx.obj
    if invocation is not None:  # None: a shell completes a line
        ctx.obj = replace(invocation, **fields)


def _common_options() -> list[click.Parameter]:
    """What every command understands; the last two may stand before the command's name as well."""
    return [
        ObsOption(["--json", "as_json"], is_flag=True, help="Print JSON: a document, or JSON Lines."),
        ObsOption(["--color"], type=COLOR_CHOICES, expose_value=False, hidden=True, callback=_set_color),
        ObsOption(["--no-pager"], is_flag=True, expose_value=False, hidden=True, callback=_unset_pager),
    ]


@click.group("obs", cls=ObsGroup)
@option(
    "-C",
    "folders",
    metavar="DIR",
    multiple=True,
    help="Run as if started in DIR; its .obs/ counts as named. Each further one is relative to the last.",
)
@option(
    "--color",
    type=COLOR_CHOICES,
    default="auto",
    show_default=True,
    help="Colours: auto means on a terminal, unless NO_COLOR is set.",
)
@option("--no-pager", is_flag=True, help="Never send long text to a pager (OBS_PAGER, PAGER, less).")
@option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_version,
    help="Print the version and exit.",
)
@click.pass_context
def group(ctx: click.Context, folders: tuple[str, ...], color: ColorChoice, no_pager: bool) -> None:
    """Keep the provenance of machine-learning runs in a .obs/ folder.

    obs records which bytes went into a finished run and which came out, and can show it again.
    """
    from . import failures
    from .context import make_invocation

    del failures  # loaded now: when memory or descriptors run out, it is too late
    ctx.obj = make_invocation(folders=folders, color_choice=color, paging=not no_pager)


def run(arguments: Sequence[str]) -> int:
    """Runs one command line and gives its exit code.

    Raises ObsError, click's exceptions and whatever else goes wrong: `boundary.guarded` stands around it.
    """
    if "_OBS_COMPLETE" in os.environ:
        group.main(list(arguments), "obs")  # click answers a shell that completes a line, and exits
    with group.make_context("obs", list(arguments)) as ctx:
        code: object = group.invoke(ctx)
    return code if isinstance(code, int) else 0
