"""The first story: in April the accuracy is another one, and months later somebody asks why."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from storyworld import DROPPED, ROWS, Clinic


@pytest.fixture
def clinic(tmp_path: Path) -> Clinic:
    return Clinic(tmp_path / "clinic")


def test_months_later_the_history_says_what_happened(clinic: Clinic) -> None:
    # In March a model is trained on 10,000 patients. Some rows lack a value, and the trainer drops them.
    march = clinic.train("march")
    clinic.record("march", "first model")

    # In April an export loses the dose of the patients 5,001 to 5,040. Nobody notices.
    clinic.lose_doses(range(5001, 5041))
    april = clinic.train("april")
    clinic.record("april", "the monthly model")
    assert april["accuracy"] != march["accuracy"]

    # Months later: both tables, the models and the trainer's output are gone. What happened in April?
    (clinic.home / "patients.csv").unlink()
    for path in clinic.home.glob("runs/*/*"):
        path.unlink()
    told = clinic.obs("show", "run:april").out

    # What went in, and what became of it: 9,920 of 10,000 rows, the others dropped for a missing value.
    assert "10,000 rows, 3 columns; 80 rows with a missing value" in told
    assert "label     outcome, 2 different values" in told
    assert "samples   9,920" in told
    assert "dropped   80 rows, for a missing value (dose 70, age 20)" in told
    # What came out, and under what.
    assert "StandardScaler -> LogisticRegression(C=1.0, max_iter=1000, random_state=42)" in told
    assert f"accuracy      {april['accuracy']}" in told
    assert "scikit-learn" in told
    # What is odd, and what is different from the run before.
    assert "MISSING_VALUES_DROPPED" in told
    assert "num_samples -40" in told

    # Which runs dropped more rows than the first one did?
    more = clinic.obs("log", "--format", "{run_id}", "--where", f"dropped_rows > {DROPPED}")
    assert more.out == "april\n"
    both = clinic.obs("log", "--format", "{run_id}", "--where", "diagnostics has MISSING_VALUES_DROPPED")
    assert both.out == "april\nmarch\n"

    # How does it differ from March? The dose did it, in the page of rows that holds 5,001 to 5,040; the
    # model was built alike and learned something else.
    answer = clinic.obs("diff", "run:march", "run:april")
    assert answer.code == 1
    assert "dose changed in rows 4,097-8,192\n    all else identical" in answer.out
    assert "structure and parameters are equal; what was learned differs" in answer.out
    document = json.loads(clinic.obs("diff", "run:march", "run:april", "--json").out)
    counts = {change["path"][0]: (change["before"], change["after"]) for change in document["runs"]["counts"]}
    assert counts["dropped_rows"] == (DROPPED, DROPPED + 40)
    metrics = {one["path"][0]: (one["before"], one["after"]) for one in document["runs"]["metrics"]}
    assert metrics == {
        "accuracy": (march["accuracy"], april["accuracy"]),
        "num_samples": (ROWS - DROPPED, ROWS - DROPPED - 40),
    }


def test_a_run_that_does_not_fit_its_data_is_not_explained_away(clinic: Clinic) -> None:
    # The model is trained, and only then is the table replaced, and recorded as if it were the same.
    clinic.train("march")
    clinic.lose_doses(range(5001, 5041))
    clinic.record("march", "first model")
    told = clinic.obs("show").out
    assert "SAMPLE_COUNT_MISMATCH" in told
    assert "MISSING_VALUES_DROPPED" not in told
    assert clinic.json("show")["dropped_rows"] == DROPPED
