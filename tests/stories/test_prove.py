"""The second story: a model turns up on a laptop, under another name. Where does it come from?"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from storyworld import Clinic


@pytest.fixture
def clinic(tmp_path: Path) -> Clinic:
    """A clinic with two recorded runs."""
    made = Clinic(tmp_path / "clinic")
    made.train("march")
    made.record("march", "first model")
    return made


def test_a_file_is_known_by_its_bytes_and_a_rewritten_history_shows(clinic: Clinic, tmp_path: Path) -> None:
    # The head is kept where nobody who can write to the store can change it: here, in a folder beside.
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    kept = str(elsewhere / "kept.checkpoint")
    assert clinic.obs("checkpoint", "-o", kept).code == 0
    clinic.lose_doses(range(5001, 5041))
    clinic.train("april")
    clinic.record("april", "the monthly model")

    # March's model turns up under another name. The store knows it, and the data that it was made of,
    # and sees that the table that lies there now is another one.
    found = str(elsewhere / "final_v2.pkl")
    shutil.copy(clinic.home / "runs" / "march" / "model.pkl", found)
    answer = clinic.obs("verify", found, "--check-data")
    assert answer.code == 0
    [run] = clinic.json("verify", found)["runs"]
    assert (run["run_id"], run["role"], run["direction"]) == ("march", "model", "output")
    assert (
        f"from data: patients.csv  {_size(run)}  {run['datasets'][0]['blake3'][:12]}, changed" in answer.out
    )
    assert answer.out.endswith("CHAIN-CONSISTENT\n")
    assert "not shown: that this history is the one that was first written" in answer.out

    # April's table is still as it was. A patient's age is corrected: status says where.
    assert clinic.obs("status").code == 0
    table = clinic.home / "patients.csv"
    lines = table.read_text().splitlines()
    lines[9_000] = "99" + lines[9_000][lines[9_000].index(",") :]
    table.write_text("\n".join(lines) + "\n")
    answer = clinic.obs("status")
    assert answer.code == 1
    assert "changed    data     patients.csv\n    column age changed in rows 8,193-10,000\n" in answer.out

    # One byte more, and it is a file that nobody recorded.
    changed = elsewhere / "changed.pkl"
    changed.write_bytes(Path(found).read_bytes() + b"x")
    answer = clinic.obs("verify", str(changed))
    assert (answer.code, answer.out.splitlines()[-1]) == (1, "NOT-RECORDED")

    # With what was kept, more is shown: the history still begins as it did then, and March is in it.
    answer = clinic.obs("verify", found, "--against", kept)
    assert (answer.code, answer.out.splitlines()[-1]) == (0, "ANCHORED(1 of 2)")

    # Somebody who has no store gets the model and a proof.
    proof = str(elsewhere / "model.proof")
    run_then = (clinic.home / ".obs").rename(tmp_path / "taken-away")
    assert clinic.obs("prove", found).code == 4
    run_then.rename(clinic.home / ".obs")
    assert clinic.obs("prove", found, "--at", kept, "-o", proof).code == 0
    answer = clinic.obs("verify", found, "--proof", proof, "--against", kept, cwd=elsewhere)
    assert (answer.code, answer.out.splitlines()[-1]) == (0, "PROVEN-AGAINST")
    answer = clinic.obs("verify", str(changed), "--proof", proof, "--against", kept, cwd=elsewhere)
    assert (answer.code, answer.out.splitlines()[-1]) == (1, "NOT-RECORDED")

    # Somebody writes the store anew, with April's model as the first one. By itself it looks like any
    # other history; against what was kept it does not.
    shutil.rmtree(clinic.home / ".obs")
    assert clinic.obs("init").code == 0
    clinic.record("april", "first model")
    forged = str(clinic.home / "runs" / "april" / "model.pkl")
    answer = clinic.obs("verify", forged)
    assert (answer.code, answer.out.splitlines()[-1]) == (0, "CHAIN-CONSISTENT")
    answer = clinic.obs("verify", forged, "--against", kept)
    assert (answer.code, answer.out.splitlines()[-1]) == (3, "ANCHOR-MISMATCH")
    answer = clinic.obs("verify", found, "--against", kept)
    assert (answer.code, answer.out.splitlines()[-1]) == (3, "ANCHOR-MISMATCH")


def _size(run: dict[str, list[dict[str, int]]]) -> str:
    return f"{run['datasets'][0]['size'] / 1024:.1f} KiB"
