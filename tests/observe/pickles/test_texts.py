"""Plain text is no model file, however it begins; a pickle of protocol 0, which is text as well, is one."""

from __future__ import annotations

import csv
import io
import json
import pickle
import pickletools
import string
import warnings
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from modelfiles import graph_of
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

ROOT = Path(__file__).parents[3]
_AWKWARD = """
    city country age name c cos os sin types N NA NaN None ( ) ] } 0 1 2 20 2020 2020-01-01 2222222222 I1 I01
    1L F1 .x ..note . V1 V Version S'a' p0x p t( (t l R b import class true builtins eval
"""
"""What opcodes, their arguments, and the names of modules look like."""
WORDS = st.one_of(
    st.text(string.ascii_letters + string.digits + "_.-", min_size=1, max_size=12),
    st.sampled_from(_AWKWARD.split()),
)


def opcodes(data: bytes) -> list[Any]:
    """As CPython's own reader sees them; none if it gives up."""
    with warnings.catch_warnings(action="ignore"):  # of escapes
        try:
            return list(pickletools.genops(data))
        except (ValueError, IndexError):
            return []


def is_whole_pickle(data: bytes) -> bool:
    found = opcodes(data)
    return bool(found) and found[-1][2] == len(data) - 1


def texts(words: list[list[str]]) -> dict[str, bytes]:
    """The same words as files of many kinds."""
    file = io.StringIO()
    csv.writer(file, lineterminator="\n").writerows(words)
    flat = [word for row in words for word in row]
    found = {
        "csv": file.getvalue(),
        "lines": "".join(f"{word}\n" for word in flat),
        "windows": "".join(f"{word}\r\n" for word in flat),
        "tsv": "".join("\t".join(row) + "\n" for row in words),
        "json": json.dumps(words),
        "json lines": "".join(json.dumps(dict(enumerate(row))) + "\n" for row in words),
        "xml": f"<a>{''.join(f'<b>{word}</b>' for word in flat)}</a>",
        "ini": "".join(f"[{row[0]}]\n{row[-1]} = {row[0]}\n" for row in words),
        "markdown": "".join(f"# {row[0]}\n\n* {' '.join(row)}\n\n" for row in words),
        "log": "".join(f"2024-01-01 00:00:00 INFO {' '.join(row)}\n" for row in words),
        "python": "".join(f"class {row[0]}:\n    {row[-1]} = 1\n" for row in words),
        "prose": " ".join(flat),
    }
    return {kind: text.encode() for kind, text in found.items()}


@settings(max_examples=100, deadline=None)
@given(st.lists(st.lists(WORDS, min_size=1, max_size=4), min_size=1, max_size=6))
@example([["country"], ["Norway"], ["2222222222"]])
@example([["city"], ["age"], ["."], ["x"]])
@example([["cos"], ["sin"], ["tan"]])
@example([["colors"], ["types"], ["(]"]])
@example([["Version", "1"], ["..note"]])
def test_text_is_no_model_file(words: list[list[str]]) -> None:
    for kind, data in texts(words).items():
        if not is_whole_pickle(data):
            assert graph_of(data).format.container is None, (kind, data)


@settings(max_examples=150, deadline=None)
@given(st.text(string.printable, max_size=60), st.text(string.ascii_letters, min_size=1, max_size=6))
def test_two_lines_and_anything_are_none_either(rest: str, word: str) -> None:
    data = f"c{word}\n{word}\n{rest}".encode()
    assume(not opcodes(data))  # else it may load
    graph = graph_of(data)
    called = any(found.called for found in graph.globals)
    kept = (
        any(line[:1] in {"p", "q", "r"} for line in rest.splitlines())
        or "p" in rest
        or "q" in rest
        or "r" in rest
    )
    assert graph.format.container is None or called or kept


def test_the_texts_of_this_project_are_none() -> None:
    files = [path for kind in ("py", "md", "toml", "json", "txt") for path in ROOT.glob(f"**/*.{kind}")]
    assert len(files) > 150
    for path in files:
        if path.is_file() and ".venv" not in path.parts:
            data = path.read_bytes()
            assert graph_of(data).format.container is None, path


@pytest.mark.parametrize("protocol", [0, 1])
def test_a_pickle_that_breaks_off_is_one(protocol: int) -> None:
    model: Any = make_pipeline(StandardScaler(), LinearRegression()).fit([[0.0], [1.0]], [0, 1])
    data = pickle.dumps(model, protocol)
    begins = len(b"ccopy_reg\n_reconstructor\n")
    assert data[:begins] == b"ccopy_reg\n_reconstructor\n"
    for end in range(begins, len(data)):
        graph = graph_of(data[:end])
        assert (graph.format.container, graph.complete) == ("pickle", False), end


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"cposix\nmkdir\np0\n(S'", id="memo"),
        pytest.param(b"(cposix\nmkdir\nS'x'\no", id="OBJ"),
        pytest.param(b"cposix\nmkdir\n(tR", id="REDUCE"),
        pytest.param(b"(iposix\nmkdir\n", id="INST"),
        pytest.param(b"cany\nname\n.", id="whole"),
        pytest.param(b"cany\nname\n(tR. and more", id="followed"),
    ],
)  # fmt: skip
def test_what_names_and_calls_is_one(data: bytes) -> None:
    assert graph_of(data).format.container == "pickle"
