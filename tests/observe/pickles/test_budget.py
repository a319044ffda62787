"""What reading and telling may cost is counted: no file takes hours or gigabytes, all are told alike."""

from __future__ import annotations

import json
import os
import pickle
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import hostilemodels
import pytest
from modelfiles import PATIENT, graph_of, proto, short_unicode, stack_global
from obs.cas.observe.pickles.budget import Budget
from obs.cas.observe.pickles.limits import DEFAULT, Deadline, Limits
from obs.cas.observe.pickles.summary import summarise
from obs.cas.observe.pickles.survey import survey
from obs.cas.operations.inspect import inspect_path
from obs.cli.output import to_json
from obs.cli.render_inspect import inspect_lines

SCALE = 1.0 if "OBS_SOAK" in os.environ else 0.025

_PROGRAM = """
import json, resource, sys, time
from obs.cas.observe.pickles.limits import DEFAULT, Limits
from obs.cas.operations.inspect import inspect_path
from obs.cli.output import to_json
from obs.cli.render_inspect import inspect_lines
paths, scale = sys.argv[2:], float(sys.argv[1])
limits = Limits(
    opcodes=int(DEFAULT.opcodes * scale), memory_bytes=int(DEFAULT.memory_bytes * scale),
    steps=int(DEFAULT.steps * scale), seconds=3600,
)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for path in paths:
    found = inspect_path(path, fingerprint=False, limits=limits)
    text = json.dumps(to_json(found))
    lines = sum(map(len, inspect_lines(found, depth=None, color=False)))
    took, rss = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(path.rpartition("/")[2], len(text) + lines, (rss - before) >> 10, took)
"""


def test_no_file_takes_long_or_much_memory(tmp_path: Path) -> None:
    """A part of everything, and under `make soak` all of it: then in less than 256 MiB and 30 seconds each.

    A machine that is busy may take twice as long as it should; what nothing counts takes hours.
    """
    for name, make in hostilemodels.HOSTILE.items():
        (tmp_path / name).write_bytes(make(SCALE))
    for some in ([name] for name in hostilemodels.HOSTILE) if SCALE == 1 else [list(hostilemodels.HOSTILE)]:
        answer = subprocess.run(
            [sys.executable, "-c", _PROGRAM, str(SCALE), *(str(tmp_path / name) for name in some)],
            env={"PYTHONPATH": str(Path(__file__).parents[3] / ".pythonpath")},
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        before = 0.0
        for line in answer.stdout.splitlines():
            name, characters, mebibytes, took = line.split()
            assert int(characters) < 2 << 20, name
            assert int(mebibytes) < 20 + 220 * SCALE, line
            assert float(took) - before < 30 * SCALE + 1, line
            before = float(took)
        assert before


_FEW = Limits(steps=100_000, seconds=3600)


@pytest.mark.parametrize(
    ("name", "limits", "codes"),
    [
        *((name, _FEW, ["STEPS"]) for name in (
            "one_list_many_times", "shared_attributes", "shared_steps", "shared_parts_of_sparse",
            "many_types", "many_arrays", "shared_state", "the_same_in_several",
        )),
        ("shared_state_of_wrappers", _FEW, ["ARRAY"]),
        ("wide_characters", Limits(memory_bytes=2 << 20), ["MEMORY"]),
        ("many_pickles", Limits(memory_bytes=2 << 20), ["MEMORY"]),
        ("tiny_pickles", Limits(opcodes=50_000), ["OPCODES"]),
        ("names_line_by_line", Limits(opcodes=50_000), ["OPCODES"]),
        ("one_key_many_times", _FEW, []),
        ("names_with_many_dots", _FEW, []),
    ],
)  # fmt: skip
def test_what_is_told_depends_on_counts(name: str, limits: Limits, codes: list[str]) -> None:
    data = hostilemodels.HOSTILE[name](0.02)
    told = summarise(graph_of(data, limits), limits=limits)
    problems = told["problems"]
    assert isinstance(problems, list)
    assert [problem["code"] for problem in problems if isinstance(problem, dict)] == codes
    assert told["complete"] is (codes == [])
    assert told == summarise(graph_of(data, limits), limits=limits)


@pytest.mark.parametrize("name", ["shared_state", "shared_attributes", "one_list_many_times", "many_arrays"])
def test_no_more_steps_are_taken_than_were_to_be_had(name: str) -> None:
    """One question may go beyond what is left, and is then not followed: no more than one list or map."""
    graph = graph_of(hostilemodels.HOSTILE[name](0.02))
    budget = Budget(steps=50_000)
    survey(graph.roots, 1, budget)
    assert budget.exhausted
    assert budget.steps > -2 * graph.opcodes
    left = budget.steps
    assert not budget.spend(1)
    assert budget.steps == left - 1


def test_a_whole_forest_is_told_within_the_budget() -> None:
    import numpy as np
    from sklearn.ensemble import RandomForestClassifier

    data = np.arange(20.0).reshape(-1, 1)
    forest = RandomForestClassifier(200, max_depth=1, random_state=0).fit(data, data[:, 0] > 9)
    graph = graph_of(pickle.dumps(forest))
    budget = Budget()
    found = survey(graph.roots, 1, budget)
    assert found.estimator_count > 200
    # So that one of a hundred times as many trees, five million opcodes, has enough.
    assert DEFAULT.steps - budget.steps < DEFAULT.steps * graph.opcodes / DEFAULT.opcodes * 1.2


def test_the_clock_ends_telling_as_well() -> None:
    graph = graph_of(hostilemodels.the_same_in_several(0.1))
    told = summarise(graph, net=Deadline(0.0))
    assert told["complete"] is False
    assert told["problems"] == [
        {"code": "TIME", "message": "telling what was read took too long", "offset": 0}
    ]
    assert summarise(graph, net=Deadline(3600))["complete"] is True


# ---------------------------------------------------------------------- depth

DEPTH = 100_000 if "OBS_SOAK" in os.environ else 30_000
_CALL = stack_global("a", "B") + b"\x940"
_NESTED = {
    "tuples": proto(4, b"N" + b"\x85" * DEPTH + b"."),
    "lists": proto(4, b"]" * DEPTH + b"a" * (DEPTH - 1) + b"."),
    "marked lists": proto(4, b"(" * DEPTH + b"l" * DEPTH + b"."),
    "sets": proto(4, b"(" * DEPTH + b"\x91" * DEPTH + b"."),
    "values": proto(4, b"}K\x01" * DEPTH + b"N" + b"s" * DEPTH + b"."),
    "keys": proto(4, b"}" * DEPTH + b"NNs" + b"Ns" * (DEPTH - 1) + b"."),
    "arguments": proto(4, _CALL + b"h\x00" * DEPTH + b")R" + b"\x85R" * (DEPTH - 1) + b"."),
    "functions": proto(4, _CALL + b"h\x00" + b")R" * DEPTH + b"."),
    "classes": proto(4, _CALL + b"h\x00" + b")\x81" * DEPTH + b"."),
    "keywords": proto(4, _CALL + b"h\x00)" * DEPTH + b"}" + b"\x92" * DEPTH + b"."),
    "states": proto(4, _CALL + b"h\x00)\x81" * DEPTH + b"N" + b"b" * DEPTH + b"."),
    "attributes": proto(
        4, _CALL + (b"h\x00)\x81}" + short_unicode("estimator")) * DEPTH + b"N" + b"sb" * DEPTH + b"."
    ),
    "estimators": proto(
        4,
        stack_global("sklearn.pipeline", "Pipeline") + b"\x940"
        + (b"h\x00)\x81}" + short_unicode("steps") + b"]" + short_unicode("a")) * DEPTH
        + b"N" + b"\x86asb" * DEPTH + b".",
    ),
    "persistent ids": proto(4, b"N" + b"Q" * DEPTH + b"."),
    "appended": proto(4, _CALL + b"h\x00)R" * DEPTH + b"a" * (DEPTH - 1) + b"."),
}  # fmt: skip


@pytest.mark.parametrize("name", _NESTED)
def test_very_many_levels_are_no_recursion(name: str, tmp_path: Path) -> None:
    """Read, told, and written as JSON and for people."""
    (tmp_path / "x").write_bytes(_NESTED[name])
    found = inspect_path(str(tmp_path / "x"), limits=PATIENT)
    assert found.complete or [problem["code"] for problem in found.problems] == ["PERSISTENT_ID"]
    assert len(json.dumps(to_json(found))) < 1 << 20
    assert all(len(line) < 10_000 for line in inspect_lines(found, depth=None, color=True))


@pytest.mark.parametrize("pack", [bytes, zlib.compress])
def test_pickles_within_pickles(pack: Callable[[bytes], bytes]) -> None:
    data = proto(4, stack_global("posix", "mkdir") + b".")
    for _ in range(DEFAULT.embedded):
        data = proto(4, b"B" + struct.pack("<I", len(data)) + data + b".")
    graph = graph_of(pack(data))
    assert (graph.complete, len(graph.embedded)) == (True, DEFAULT.embedded)
    assert [found.name for found in graph.globals] == ["mkdir"]
    graph = graph_of(pack(proto(4, b"B" + struct.pack("<I", len(data)) + data + b".")))
    assert [problem.code for problem in graph.problems] == ["EMBEDDED"]
