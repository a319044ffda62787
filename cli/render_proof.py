"""What a proof shows, as text for people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from .output import Style, escape, human_size, style
from .render import counted, lineage_lines, problem_lines

if TYPE_CHECKING:
    from ..cas.operations.verifyproof import ProofVerification


def proof_lines(result: ProofVerification, *, color: bool) -> Iterator[str]:
    """The verdict on a file and its proof, what it rests on, and what was not shown."""
    yield f"{escape(result.file.path)}  {human_size(result.file.size)}  {result.file.blake3.short}"
    for found in result.runs:
        yield from lineage_lines(found, {})
    yield from problem_lines(result.problems, color=color)
    history = result.history
    if result.verdict == "NOT-RECORDED":
        yield f"the run that {escape(result.proof)} is about has these bytes nowhere"
    elif history.head is not None:
        yield f"proof: in a history of {counted(history.size, 'manifest')} with the head {history.head.hex}"
        yield f"       and the root {history.root}"
    if result.signed:
        yield "the signatures in the proof were not checked"
    if result.verdict == "UNANCHORED-PROOF":
        if result.anchor_size is not None:
            yield (
                f"the anchor names {counted(result.anchor_size, 'manifest')}, and says nothing about "
                "this proof; 'obs prove --at' makes one for it"
            )
        yield "not shown: whose history that is; this needs that head, or a checkpoint of that size and root,"
        yield "kept elsewhere and given with --against"
    shade: Style = "green" if result.exit_code == 0 else "yellow" if result.exit_code == 1 else "red"
    yield style(result.verdict, shade, "bold", color=color)
