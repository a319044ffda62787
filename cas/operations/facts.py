"""What is known of a run once everything was read: the values that the cross-checks compare.

Nothing here is guessed. What was not looked at, was cut, or can be understood in two ways is None.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import TYPE_CHECKING, Final

from ..format.canonical import Value
from ..format.claims import Claims
from ..format.contents import Column, Content
from ..format.frozen import frozen
from ..format.ids import Sha256
from ..format.reports import Environment
from .views import claimed_count

if TYPE_CHECKING:
    from .reader import Reader
    from .requests import RecordRequest

_MAX_TEXT: Final = 200
"""A longer text in the document of a model is one that was cut (docs/inspect.md)."""


@frozen
class DatasetFacts:
    """A dataset; without content `columns` are empty. `sha256` is that of a file."""

    role: str
    content: Content | None = None
    columns: tuple[Column, ...] = ()
    sha256: Sha256 | None = None

    def column(self, name: str | None) -> Column | None:
        """The column of that name, if there is exactly one."""
        found = [column for column in self.columns if column.name == name]
        return found[0] if len(found) == 1 else None


@frozen
class ModelFacts:
    """A model file: the document that `obs inspect` prints of it."""

    role: str
    document: dict[str, Value]

    @property
    def kind(self) -> str | None:
        """`classifier`, `regressor`, …: of the final estimator."""
        model = self.document["model"]
        kind = model.get("kind") if isinstance(model, dict) else None
        return kind if isinstance(kind, str) else None

    @property
    def n_features(self) -> int | None:
        """How many features its first step takes."""
        count = self.document["n_features_in"]
        return count if type(count) is int else None

    @property
    def feature_names(self) -> tuple[str, ...] | None:
        """Their names, all of them and whole."""
        names = self._whole("feature_names_in")
        texts = [name for name in names or () if isinstance(name, str)]
        return tuple(texts) if names is not None and len(texts) == len(names) else None

    @property
    def classes(self) -> tuple[bool | int | float | str, ...] | None:
        """Its classes, all of them and whole."""
        values = self._whole("classes")
        found = [value for value in values or () if isinstance(value, bool | int | float | str)]
        usable = values is not None and len(found) == len(values) and all(value == value for value in found)
        return tuple(found) if usable else None

    @property
    def class_count(self) -> int | None:
        """How many there are, also where they were cut."""
        cut = self.document["cut"]
        counted = cut.get("classes") if isinstance(cut, dict) else None
        count = counted.get("count") if isinstance(counted, dict) else None
        if type(count) is int:
            return count
        return len(self.classes) if self.classes is not None else None

    def _whole(self, key: str) -> list[Value] | None:
        values, cut = self.document[key], self.document["cut"]
        if not isinstance(values, list) or not isinstance(cut, dict) or key in cut or "texts" in cut:
            return None
        long = any(isinstance(value, str) and len(value) > _MAX_TEXT for value in values)
        return None if long else values


@frozen
class Facts:
    """All of a run: `metrics` are None where there are none or none that could be read, `contract` is what
    they are to have."""

    label: str | None = None
    datasets: tuple[DatasetFacts, ...] = ()
    models: tuple[ModelFacts, ...] = ()
    metrics: dict[str, Value] | None = None
    contract: tuple[str, ...] | None = None
    claims: Claims | None = None
    environment: Environment | None = None

    @property
    def dataset(self) -> DatasetFacts | None:
        """The one that the model learned from: `data`, else the only one, else `train`."""
        roles = {dataset.role: dataset for dataset in self.datasets}
        only = self.datasets[0] if len(self.datasets) == 1 else None
        return roles.get("data") or only or roles.get("train")

    @property
    def table(self) -> DatasetFacts | None:
        """The same, if its content is known."""
        found = self.dataset
        return found if found is not None and found.content is not None else None

    @property
    def model(self) -> ModelFacts | None:
        """The one called `model`, else the only one."""
        roles = {model.role: model for model in self.models}
        return roles.get("model") or (self.models[0] if len(self.models) == 1 else None)

    @property
    def features(self) -> tuple[Column, ...] | None:
        """The columns of the data that are not the label; None if it is not known which is."""
        table = self.table
        everywhere = chain.from_iterable(dataset.columns for dataset in self.datasets)
        if table is None or self.label is None or all(column.name != self.label for column in everywhere):
            return None
        return tuple(column for column in table.columns if column.name != self.label)

    def claimed(self, name: str) -> dict[str, int]:
        """Who says how much of `num_samples` or `num_features`: the `metrics`, the trainer's own `record`."""
        told = {
            "metrics": claimed_count(self.metrics, name),
            "record": getattr(self.claims, name) if self.claims is not None else None,
        }
        return {who: count for who, count in told.items() if count is not None}


@frozen
class Rows:
    """The rows of one dataset, or of all together: those with a missing value, those that lack the label."""

    datasets: tuple[DatasetFacts, ...]
    rows: int
    missing: int
    unlabelled: int | None

    @classmethod
    def of(cls, datasets: Sequence[DatasetFacts], label: str | None) -> Rows | None:
        """None if the content of one is not known, or there is none."""
        contents = [dataset.content for dataset in datasets if dataset.content is not None]
        if not contents or len(contents) < len(datasets):
            return None
        labels = [dataset.column(label) for dataset in datasets]
        nulls = [column.nulls for column in labels if column is not None]
        return cls(
            datasets=tuple(datasets),
            rows=sum(content.rows for content in contents),
            missing=sum(content.rows_with_missing for content in contents),
            unlabelled=sum(nulls) if len(nulls) == len(datasets) else None,
        )

    def explains(self, samples: int) -> bool:
        """Whether all rows were used, or all but those with a missing value or without a label."""
        return self.rows - samples in (0, self.missing, self.unlabelled)


@frozen
class Samples:
    """What was trained on: how many samples are claimed, and the rows that they are to be compared with."""

    rows: Rows | None
    claimed: int | None

    @property
    def dropped(self) -> int | None:
        """Rows that are no samples; None if it is not known, or if there are more samples than rows."""
        if self.rows is None or self.claimed is None or self.claimed > self.rows.rows:
            return None
        return self.rows.rows - self.claimed


def samples_of(facts: Facts) -> Samples:
    """The metrics are asked first, then the trainer's record. The rows are those of the dataset, or of all
    datasets together where only that explains the samples. Those of a `train` that does not are not known."""
    claimed = next(iter(facts.claimed("num_samples").values()), None)
    dataset = facts.dataset
    chosen = Rows.of([dataset], facts.label) if dataset is not None else None
    for rows in (chosen, Rows.of(facts.datasets, facts.label)):
        if claimed is not None and rows is not None and rows.explains(claimed):
            return Samples(rows=rows, claimed=claimed)
    is_part = dataset is not None and dataset.role != "data" and len(facts.datasets) > 1
    return Samples(rows=None if is_part else chosen, claimed=claimed)


def derived_counts(facts: Facts) -> dict[str, int]:
    """The counts of the report; what is not known is not there."""
    samples, features, table = samples_of(facts), facts.features, facts.table
    label = table.content.label if table is not None and table.content is not None else None
    found = {
        "rows": samples.rows.rows if samples.rows is not None else None,
        "rows_with_missing": samples.rows.missing if samples.rows is not None else None,
        "dropped_rows": samples.dropped,
        "num_samples": samples.claimed,
        "num_features": next(iter(facts.claimed("num_features").values()), None),
        "features": len(features) if features is not None else None,
        "classes": len(label.classes) if label is not None and label.classes is not None else None,
    }
    return {name: count for name, count in found.items() if count is not None}


def facts_of(request: RecordRequest, reader: Reader, environment: Environment) -> Facts:
    """Of a record whose files were all read."""
    return Facts(
        label=request.label,
        datasets=tuple(
            DatasetFacts(
                role=given.role,
                content=given.content.content if given.content is not None else None,
                columns=given.content.columns if given.content is not None else (),
                sha256=given.sha256,
            )
            for given in sorted(reader.datasets, key=lambda given: given.role)
        ),
        models=tuple(
            ModelFacts(role=given.role, document=given.document)
            for given in sorted(reader.artifacts, key=lambda given: given.role)
            if given.document is not None
        ),
        metrics=reader.metrics.values if reader.metrics is not None else None,
        contract=request.metrics_contract,
        claims=request.claims,
        environment=environment,
    )
