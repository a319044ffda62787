"""`obs record`: one finished run into the history."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from ...cas.errors import BadArgument
from ...cas.format.names import is_role
from ..application import ObsCommand, option
from ..config import in_place_of, is_configured, metrics_contract
from ..context import Invocation
from ..output import to_json, write, write_json

if TYPE_CHECKING:
    from ...cas.format.canonical import Value
    from ...cas.operations.requests import Named


def named(text: str) -> Named:
    """`ROLE=PATH` or PATH: split at the first `=` if the left side is a role and the whole is no path."""
    from ...cas.operations.requests import Named

    role, equals, path = text.partition("=")
    if equals and is_role(role) and not os.path.lexists(text):
        return Named(path=path, role=role)
    return Named(path=text)


@click.command(
    "record",
    cls=ObsCommand,
    configured=True,
    examples=[
        "obs record --data data.csv --label diagnosis --model model.pkl --metrics metrics.json -m first",
        "obs record .ml/runs/20261124-093000",
        "obs record --all .",
        "obs record --data train=train.csv --data test=test.csv --artifact plot=roc.png --param C=0.1",
    ],
)
@click.argument("run_dir", required=False)
@option("--data", multiple=True, metavar="[ROLE=]PATH", help="A dataset that the run read: a file or folder.")
@option("--label", metavar="COL", help="The label column; it has to be in the data.")
@option("--model", metavar="PATH", help="The model that the run wrote.")
@option("--metrics", metavar="PATH", help="The metrics that the run wrote: a JSON object.")
@option("--params", metavar="PATH", help="What the run was configured with: JSON or TOML.")
@option("--param", multiple=True, metavar="K=V", help="One parameter; V is a JSON scalar, else text.")
@option("--artifact", multiple=True, metavar="[ROLE=]PATH", help="Another file or folder that the run wrote.")
@option("-m", "--message", metavar="MSG", help="What this run was about.")
@option("--run-id", metavar="ID", help="What the trainer calls this run.")
@option(
    "--status", type=click.Choice(["ok", "failed", "cancelled"]), help="How the run ended; ok if not said."
)
@option("--keep-data", is_flag=True, help="Keep the bytes of the datasets too.")
@option("--no-keep", is_flag=True, help="Keep no bytes at all, only what they were.")
@option("--no-sha256", is_flag=True, help="Leave SHA-256 out (for very large data).")
@option("--no-inspect", is_flag=True, help="Store nothing of what the model file says about itself.")
@option("--no-content", is_flag=True, help="Fingerprint the datasets' bytes only, not what is in them.")
@option("--no-git", is_flag=True, help="Do not ask git for the commit of the sources.")
@option("--no-cache", is_flag=True, help="Read every byte, whatever the stat cache says.")
@option("--python", metavar="PREFIX", help="The environment that the run ran in.")
@option("--timestamp", metavar="RFC3339", help="The time to write down, instead of now.")
@option("--jobs", type=click.IntRange(min=1), default=1, metavar="N", help="Hash N large files at once.")
@option(
    "--all",
    "workspace",
    metavar="WORKSPACE",
    help="Record every run of a trainer's workspace that is not recorded yet.",
)
@option("--force", is_flag=True, help="Add a manifest even if the run is recorded already.")
@option("--dry-run", is_flag=True, help="Say what would be recorded, and write nothing.")
@click.pass_obj
def command(
    invocation: Invocation,
    *,
    run_dir: str | None,
    data: tuple[str, ...],
    label: str | None,
    model: str | None,
    metrics: str | None,
    params: str | None,
    param: tuple[str, ...],
    artifact: tuple[str, ...],
    message: str | None,
    run_id: str | None,
    status: str | None,
    keep_data: bool,
    no_keep: bool,
    no_sha256: bool,
    no_inspect: bool,
    no_content: bool,
    no_git: bool,
    no_cache: bool,
    python: str | None,
    timestamp: str | None,
    jobs: int,
    workspace: str | None,
    force: bool,
    dry_run: bool,
    as_json: bool,
) -> int:
    """Record a finished run: what it read, what it wrote, what was said.

    Every file is read once. The model, the metrics and other artifacts are kept as they are; datasets
    are not, unless --keep-data says so. Files are only read, and nothing outside .obs/ is written.

    RUN_DIR names a folder with the trainer's usual file names (model.pkl or model.joblib, metrics.json,
    params.json, and what lies under artifacts/), or the folder of a run of RunForge or MLflow. What it says
    of the run counts where no option does.
    """
    from ... import __version__
    from ...cas.operations.environment import begin_environment

    moment = invocation.now(timestamp)
    if workspace is not None and run_dir is not None:
        raise BadArgument(what="--all takes every run of a workspace, and RUN_DIR names one")
    if keep_data and no_keep:
        raise BadArgument(what="--keep-data and --no-keep contradict each other")
    store = invocation.open_store()
    environment = begin_environment(
        python, invocation.environ, tuple(sys.path), None if no_git else store.home
    )
    # The rest is imported, and the files are read, while git is asked.
    from ...cas.operations.record import record
    from ...cas.operations.requests import Named, RecordRequest
    from ..progress import Progress
    from ..render import record_lines

    given_params: list[tuple[str, Value]] = []
    if param:
        from ...cas.observe.documents import parse_param_option

        given_params += [parse_param_option(text) for text in param]
    artifacts = tuple(named(text) for text in artifact)
    model_named = Named(path=model) if model is not None else None
    request = RecordRequest(
        obs_version=__version__,
        run_dir=workspace if workspace is not None else run_dir,
        defaults=frozenset(name for name in ("data", "label") if is_configured(name)),
        datasets=tuple(named(text) for text in data),
        model=model_named,
        artifacts=artifacts,
        metrics=metrics,
        params=params,
        given_params=tuple(given_params),
        label=label,
        metrics_contract=metrics_contract(invocation.cwd),
        message=message,
        run_id=run_id,
        status="failed" if status == "failed" else "cancelled" if status == "cancelled" else "ok",
        status_is_given=status is not None,
        keep_data=keep_data,
        keep_artifacts=not no_keep,
        sha256=not no_sha256,
        inspect=not no_inspect,
        content=not no_content,
        cache=not no_cache,
        jobs=jobs,
        threads=min(2, os.cpu_count() or 1),
        force=force,
        only_new=workspace is not None,
        dry_run=dry_run,
    )
    if workspace is not None:
        from ..workspace import record_workspace

        return record_workspace(invocation, store, request, environment, moment, as_json=as_json)
    with store, Progress.of(invocation, "reading") as progress:
        done = record(store, request, environment=environment, now=lambda: moment, progress=progress)
    if as_json:
        write_json(to_json(done))
    else:
        for line in record_lines(done, color=invocation.color):
            write(line + "\n")
    return 0


_OF_A_FOLDER = ("model", "metrics", "params", "artifact", "run_id")
_OF_ONE_RUN = (*_OF_A_FOLDER, "param")
_IN_PLACE_OF = {
    "workspace": _OF_ONE_RUN,
    "run_dir": ("workspace", *_OF_A_FOLDER),
    **dict.fromkeys(_OF_ONE_RUN, ("workspace",)),
    "keep_data": ("no_keep",),
    "no_keep": ("keep_data",),
}
"""What the command line has, and the settings of a file that do not go with it."""
for _parameter in command.params:
    if _parameter.name in _IN_PLACE_OF:
        _parameter.callback = in_place_of(*_IN_PLACE_OF[_parameter.name])
