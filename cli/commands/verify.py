"""`obs verify`: the lineage of a file, or the whole store."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ..application import ObsCommand, option
from ..context import Invocation
from ..output import to_json, write, write_json

if TYPE_CHECKING:
    from ...cas.operations.anchors import Anchor


@click.command(
    "verify",
    cls=ObsCommand,
    examples=[
        "obs verify model.pkl",
        "obs verify model.pkl --against runs.checkpoint",
        "obs verify model.pkl --proof model.pkl.tlog-proof --against runs.checkpoint",
        "obs verify --full",
    ],
)
@click.argument("file", required=False)
@option(
    "--against", metavar="ID64|FILE", help="An anchor kept elsewhere: a head's 64 digits, or a checkpoint."
)
@option("--proof", metavar="FILE", help="Check this proof of 'obs prove' instead of a store.")
@option("--full", is_flag=True, help="Walk the whole history, and read and hash the kept bytes too.")
@option("--check-data", is_flag=True, help="Read the datasets that still lie where they lay.")
@click.pass_obj
def command(
    invocation: Invocation,
    *,
    file: str | None,
    against: str | None,
    proof: str | None,
    full: bool,
    check_data: bool,
    as_json: bool,
) -> int:
    """Say what can be shown about where FILE came from, and no more.

    RECORDED: these bytes are an output (or input) of a run whose objects are intact.
    CHAIN-CONSISTENT: its manifest is in the history that HEAD commits to.
    ANCHORED(n of N): the history up to n is the one that the anchor names.

    With --proof no store is needed, and it is PROVEN-AGAINST the anchor, or an UNANCHORED-PROOF.
    Without FILE: the chain and all objects. FILE is always read; what counts is its content.
    """
    from ...cas.errors import BadArgument
    from ...cas.operations.anchors import read_anchor

    if file is None and (against is not None or proof is not None or check_data):
        raise BadArgument(
            what="--against, --proof and --check-data are about a file", hint="name the file to verify"
        )
    if proof is not None and (full or check_data):
        raise BadArgument(what="--full and --check-data look into a store, and --proof does without one")
    anchor = read_anchor(against) if against is not None else None
    if file is not None and proof is not None:
        return _verify_proof(invocation, file, proof, anchor, as_json=as_json)
    from ...cas.operations.check import StoreCheck, check_store
    from ...cas.operations.verify import Verification, verify_file
    from ..render_verify import check_lines, verify_lines

    with invocation.open_store() as store, invocation.following(store):
        if file is None:
            result: StoreCheck | Verification = check_store(store, full=full)
        else:
            result = verify_file(store, file, anchor=anchor, full=full, check_data=check_data)
    if as_json:
        write_json(to_json(result))
    else:
        lines = (
            check_lines(result, housekeeping=False, color=invocation.color)
            if isinstance(result, StoreCheck)
            else verify_lines(result, color=invocation.color)
        )
        for line in lines:
            write(line + "\n")
    return result.exit_code


def _verify_proof(
    invocation: Invocation, file: str, proof: str, anchor: Anchor | None, *, as_json: bool
) -> int:
    from ...cas.operations.verifyproof import verify_proof
    from ..render_proof import proof_lines

    result = verify_proof(file, proof, anchor=anchor)
    if as_json:
        write_json(to_json(result))
    else:
        for line in proof_lines(result, color=invocation.color):
            write(line + "\n")
    return result.exit_code
