#!/usr/bin/env python3
"""A trainer as obs finds it: an ordinary program that knows nothing of obs.

    python train.py --data breast_cancer.csv --label diagnosis --out runs/baseline

Its contract:

* the data is a CSV file with a header; the label column is named, never guessed;
* rows with a missing value are dropped, and counted;
* the rest is split 80/20, stratified by the label, under a seed;
* `model.pkl` is a pickled scikit-learn Pipeline(StandardScaler, LogisticRegression);
* `metrics.json` holds exactly `accuracy` (on the 20 %), `num_samples` (rows used, of both parts) and
  `num_features` (columns without the label).

The same data, label and seed give the same two files under the same versions of its libraries.
"""

from __future__ import annotations

import argparse
import json
import pickle
import sys
from pathlib import Path

import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

TEST_SHARE = 0.2
# Readable by every supported Python, and written alike by each; the default moves with the version.
PICKLE_PROTOCOL = 4


class CannotTrain(Exception):
    """The data and the options do not give a model; the message says why."""


def load(path: Path, label: str | None) -> tuple[pd.DataFrame, pd.Series, int]:
    """The features, the label, and how many rows were dropped because a cell of theirs was empty.

    Raises:
        CannotTrain: the file is no table, the label is not one of its columns, or there is nothing left.
    """
    try:
        table = pd.read_csv(path)
    except (OSError, ValueError) as error:  # pandas' parser errors are ValueErrors
        raise CannotTrain(f"{path}: {error}") from None
    columns = ", ".join(map(str, table.columns))
    if label is None:
        raise CannotTrain(f"--label is required; the columns of {path} are: {columns}")
    if label not in table.columns:
        raise CannotTrain(f"the label column {label!r} is not in {path}, whose columns are: {columns}")
    complete = table.dropna()
    features, target = complete.drop(columns=[label]), complete[label]
    if features.shape[1] == 0:
        raise CannotTrain(f"{path} holds the label column and no features")
    textual = [str(name) for name in features.columns if not pd.api.types.is_numeric_dtype(features[name])]
    if textual:
        raise CannotTrain(f"these features of {path} are not numbers: {', '.join(textual)}")
    counts = target.value_counts()
    if len(counts) < 2 or counts.min() < 2:
        raise CannotTrain(f"the label {label!r} needs two classes with two complete rows each")
    return features, target, len(table) - len(complete)


def train(features: pd.DataFrame, target: pd.Series, seed: int) -> tuple[Pipeline, float]:
    """A fitted pipeline, and its accuracy on the part of the rows that it did not see."""
    seen, unseen, seen_target, unseen_target = train_test_split(
        features, target, test_size=TEST_SHARE, stratify=target, random_state=seed
    )
    model = Pipeline(
        [("scaler", StandardScaler()), ("classifier", LogisticRegression(max_iter=1000, random_state=seed))]
    )
    model.fit(seen, seen_target)
    return model, float(model.score(unseen, unseen_target))


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Train a classifier on a CSV file with a label column.")
    parser.add_argument("--data", type=Path, required=True, help="the CSV file")
    parser.add_argument("--label", help="the label's column (required: without it the columns are listed)")
    parser.add_argument("--seed", type=int, default=42, help="of the split (default: %(default)s)")
    parser.add_argument("--out", type=Path, default=Path(), help="the folder to write to (default: this one)")
    options = parser.parse_args(arguments)
    try:
        features, target, dropped = load(options.data, options.label)
        try:
            model, accuracy = train(features, target, options.seed)
        except ValueError as error:  # too few rows for a stratified split, for instance
            raise CannotTrain(f"{options.data}: {error}") from None
    except CannotTrain as error:
        print(f"train.py: {error}", file=sys.stderr)
        return 1
    metrics = {"accuracy": accuracy, "num_features": features.shape[1], "num_samples": features.shape[0]}
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "model.pkl").write_bytes(pickle.dumps(model, protocol=PICKLE_PROTOCOL))
    (options.out / "metrics.json").write_text(json.dumps(metrics, indent=2, sort_keys=True) + "\n", "utf-8")
    used = features.shape[0]
    print(f"trained on {used} rows ({dropped} with missing values dropped), accuracy {accuracy:.4f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
