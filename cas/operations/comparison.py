"""The metrics of a run beside those of the run before it: made when they are shown, never stored."""

from __future__ import annotations

from typing import TypeGuard

from ..errors import FormatError, IntegrityError
from ..format.canonical import Value
from ..format.frozen import frozen
from ..format.ids import ObjectId
from ..format.manifests import Manifest
from ..format.runs import Metrics, Run
from ..store.store import Store
from .views import document_values


@frozen
class Delta:
    """A metric of both runs. `delta` is `after - before`, None where that is no finite number."""

    before: int | float
    after: int | float
    delta: int | float | None


@frozen
class Comparison:
    """With the run of the parent manifest: the metrics that are numbers in both, by name."""

    manifest: ObjectId
    sequence: int
    metrics: dict[str, Delta]


def compare_with_parent(
    store: Store, manifest: Manifest | None, metrics: dict[str, Value] | None
) -> Comparison | None:
    """None without a parent, and where it cannot be read: `verify` names what is wrong with it."""
    if manifest is None or manifest.parent is None:
        return None
    try:
        parent = store.objects.get(Manifest, manifest.parent, "the manifest")
        run = store.objects.get(Run, parent.run, "the parent")
    except (IntegrityError, FormatError):
        return None
    before = document_values(store, run.metrics, Metrics) or {}
    found: dict[str, Delta] = {}
    for name, after in (metrics or {}).items():
        earlier = before.get(name)
        if _is_number(earlier) and _is_number(after):
            found[name] = Delta(before=earlier, after=after, delta=_difference(earlier, after))
    return Comparison(manifest=manifest.parent, sequence=parent.sequence, metrics=found)


def _is_number(value: Value) -> TypeGuard[int | float]:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _difference(before: float, after: float) -> float | None:
    delta = after - before  # ints have 64 bits at most, so that no float is too small for one
    return delta if delta - delta == 0 else None
