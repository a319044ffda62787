"""What the trainer's own record of a run says, as an adapter read it: claims, which the files may contradict.

The record itself is a file of the run (its role is `record`). What is read out of it is interpretation: a
later obs may read it otherwise, and so it hangs from the report and is no part of the run.
"""

from __future__ import annotations

from typing import ClassVar, Self

from ..errors import InvalidField
from .canonical import Value
from .fields import Fields, present
from .frozen import frozen
from .ids import Sha256
from .names import check_role
from .runs import MAX_TEXT_BYTES
from .times import check_time


@frozen
class Claims:
    """`adapter` is the name of the reader. What the record does not say, or says in a form that cannot be
    understood, is None. `created_at` is a stored time (UTC, microseconds); counts are of rows and columns.
    `metrics` are those that stand in the record itself."""

    KIND: ClassVar[str] = "claims"
    adapter: str
    trainer: str | None = None
    created_at: str | None = None
    dataset_path: str | None = None
    dataset_sha256: Sha256 | None = None
    label: str | None = None
    num_samples: int | None = None
    num_features: int | None = None
    dropped_rows: int | None = None
    metrics: dict[str, Value] | None = None

    def __post_init__(self) -> None:
        check_role(self.adapter)
        if self.created_at is not None:
            check_time(self.created_at)
        if self.metrics is not None and not self.metrics:
            raise InvalidField(problem="'metrics' is not empty, or absent")
        texts = (("trainer", self.trainer), ("dataset_path", self.dataset_path), ("label", self.label))
        for what, text in texts:
            if text is not None and not 0 < len(text.encode("utf-8", "surrogatepass")) <= MAX_TEXT_BYTES:
                raise InvalidField(problem=f"'{what}' has 1 to {MAX_TEXT_BYTES} bytes")
        for count in (self.num_samples, self.num_features, self.dropped_rows):
            if count is not None and (type(count) is not int or count < 0):
                raise InvalidField(problem="a count is an unsigned int")

    def to_value(self) -> dict[str, Value]:
        """The map of the fields."""
        return present(
            (
                ("adapter", self.adapter),
                ("trainer", self.trainer),
                ("created_at", self.created_at),
                ("dataset_path", self.dataset_path),
                ("dataset_sha256", self.dataset_sha256.raw if self.dataset_sha256 else None),
                ("label", self.label),
                ("num_samples", self.num_samples),
                ("num_features", self.num_features),
                ("dropped_rows", self.dropped_rows),
                ("metrics", self.metrics),
            )
        )

    @classmethod
    def from_fields(cls, fields: Fields) -> Self:
        """The inverse of `to_value`."""

        def text(key: str) -> str | None:
            return fields.text(key) if fields.has(key) else None

        def count(key: str) -> int | None:
            return fields.uint(key) if fields.has(key) else None

        adapter, trainer, created_at = fields.text("adapter"), text("trainer"), text("created_at")
        dataset_path, label = text("dataset_path"), text("label")
        dataset_sha256 = fields.digest("dataset_sha256", Sha256) if fields.has("dataset_sha256") else None
        samples, features, dropped = count("num_samples"), count("num_features"), count("dropped_rows")
        metrics = fields.values("metrics") if fields.has("metrics") else None
        return fields.built(
            lambda: cls(
                adapter=adapter,
                trainer=trainer,
                created_at=created_at,
                dataset_path=dataset_path,
                dataset_sha256=dataset_sha256,
                label=label,
                num_samples=samples,
                num_features=features,
                dropped_rows=dropped,
                metrics=metrics,
            )
        )
