"""What a proof shows, as text for people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from .output import Style, escape, human_size, style
from .render import counted
from .render_verify import lineage_lines, problem_lines

if TYPE_CHECKING:
    from ..cas.operations.verifyproof import ProofVerification


def proof_lines(result: ProofVerification, *, color: bool) -> Iterator[str]:
    """The verdict on a file and its proof, what it rests on, and what was not shown."""
    yield f"{escape(result.file.path)}  {human_size(result.file.size)}  {result.file.blake3.short}"
    yield from lineage_lines(result.runs, {}, None)
    yield from problem_lines(result.problems, color=color)
    history = result.history
    if result.verdict == "NOT-RECORDED":
        yield f"the run that {escape(result.proof)} is about has these bytes nowhere"
    elif history.head is not None:
        named = (
            "a history"
            if history.anchored_to is None
            else f"the history that {escape(history.anchored_to)} names"
        )
        yield f"in {named}: {counted(history.size, 'manifest')}"
        yield f"  head  {history.head.hex}"
        yield f"  root  {history.root}"
    if result.signed:
        yield "the signatures in the proof were not checked"
    if result.verdict == "UNANCHORED-PROOF":
        if result.anchor_size is not None:
            yield (
                f"the anchor names {counted(result.anchor_size, 'manifest')}, and says nothing about "
                "this proof; 'obs prove --at' makes one for it"
            )
        yield "not shown: that this history is the one that was written; that needs its head, or a checkpoint"
        yield "of that size and root, which was kept elsewhere and is given with --against"
    shade: Style = "green" if result.exit_code == 0 else "yellow" if result.exit_code == 1 else "red"
    yield style(result.verdict, shade, "bold", color=color)
