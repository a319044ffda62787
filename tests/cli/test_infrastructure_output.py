"""Text and JSON on their way out, and the progress line."""

from __future__ import annotations

import io
import json
import math
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from obs.cas.format.frozen import frozen
from obs.cas.format.ids import ObjectId
from obs.cli.output import escape, escape_lines, human_size, style, to_json, write_json, write_json_line
from obs.cli.progress import Progress, manifests


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("model.pkl", "model.pkl"),
        ("Größe 模型 😀", "Größe 模型 😀"),
        ("a b\u00a0c\u3000d", "a b\u00a0c\u3000d"),
        ("a\nb\r\tc", "a\\nb\\r\\tc"),
        ("\x1b[31mred\x07\x7f", "\\x1b[31mred\\x07\\x7f"),
        ("\x00\x1c", "\\x00\\x1c"),
        ("\x9b31m\x85", "\\u009b31m\\u0085"),
        ("a\u202egnp.exe\u2066", "a\\u202egnp.exe\\u2066"),
        ("zero\u200bwidth\u200d\ufeff\u00ad", "zero\\u200bwidth\\u200d\\ufeff\\u00ad"),
        ("line\u2028paragraph\u2029", "line\\u2028paragraph\\u2029"),
        ("tag\U000e0041selector\ufe0f\u3164", "tag\\U000e0041selector\\ufe0f\\u3164"),
        ("\u3164", "\\u3164"),
        ("a\u034fb\ufe00\U000e0100", "a\\u034fb\\ufe00\\U000e0100"),
        ("\udcff\ud800", "\\xff\\ud800"),
        (b"caf\xc3\xa9 \xff\x1b", "café \\xff\\x1b"),
        ("back\\slash", "back\\slash"),
        ("", ""),
    ],
)
def test_escape(text: str | bytes, shown: str) -> None:
    assert escape(text) == shown


@given(st.text(st.characters()) | st.binary())
@example("\U000e01ef")
def test_nothing_unseen_is_left(text: str | bytes) -> None:
    shown = escape(text)
    assert not [c for c in shown if unicodedata.category(c) in {"Cc", "Cf", "Cs", "Cn", "Co", "Zl", "Zp"}]
    shown.encode()
    assert escape(shown) == shown


def test_lines_stay_lines() -> None:
    assert escape_lines("a\x1b\nb\u2028c\n") == "a\\x1b\nb\\u2028c\n"


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (1023, "1023 bytes"),
        (1024, "1.0 KiB"),
        (1024 * 1024 - 1, "1.0 MiB"),
        (1536 * 1024, "1.5 MiB"),
        (10 * 2**40, "10.0 TiB"),
        (2**64, "16.0 EiB"),
    ],
)
def test_sizes(size: int, shown: str) -> None:
    assert human_size(size) == shown


def test_colours_are_there_only_if_wanted() -> None:
    assert style("x", "red", "bold", color=True) == "\x1b[31;1mx\x1b[0m"
    assert style("x", "red", color=False) == style("x", color=True) == "x"


# ----------------------------------------------------------------------------------------------------- JSON


@frozen
class Inner:
    """Part of a document."""

    id: ObjectId
    name: str | bytes


@frozen
class Outer:
    """A document; its fields are out of the alphabet's order."""

    zeta: tuple[Inner, ...]
    alpha: dict[str, float | int | bool | None]


def test_a_value_is_an_object_with_its_fields_in_order() -> None:
    document = Outer(
        zeta=(
            Inner(id=ObjectId(b"\xab" * 32), name=b"caf\xc3\xa9\xff"),
            Inner(id=ObjectId(bytes(32)), name="é"),
        ),
        alpha={"b": 1, "a": True, "c": None, "d": 0.5, "e": 2**64 - 1},
    )
    converted = to_json(document)
    assert converted == {
        "zeta": [{"id": "ab" * 32, "name": "café\\xff"}, {"id": "00" * 32, "name": "é"}],
        "alpha": {"b": 1, "a": True, "c": None, "d": 0.5, "e": 2**64 - 1},
    }
    assert list(converted) == ["zeta", "alpha"]
    assert list(converted["alpha"]) == ["b", "a", "c", "d", "e"]
    assert type(converted["alpha"]["a"]) is bool
    assert type(converted["alpha"]["e"]) is int


def test_floats_that_json_does_not_have() -> None:
    assert to_json([math.nan, math.inf, -math.inf, -0.0]) == ["NaN", "Infinity", "-Infinity", -0.0]


@pytest.mark.parametrize(
    "value", [1j, {1: 2}, {3}, object(), ObjectId], ids=lambda value: type(value).__name__
)
def test_what_has_no_json_form_is_refused(value: object) -> None:
    with pytest.raises(TypeError):
        to_json(value)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()) | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters()), inner),
)


@given(VALUES)
@example({"\udcff": "\ud800"})
def test_any_value_becomes_valid_json(value: object) -> None:
    text = json.dumps(to_json(value), allow_nan=False)
    read = json.loads(text)
    assert to_json(read) == read
    json.dumps(read, ensure_ascii=False).encode()  # no lone surrogate: other readers refuse them


def test_documents_begin_with_their_version(capsys: pytest.CaptureFixture[str]) -> None:
    write_json({"b": "é\x1b", "a": ()})
    assert capsys.readouterr().out == ('{\n  "schema_version": 1,\n  "b": "\\u00e9\\u001b",\n  "a": []\n}\n')
    write_json_line(Inner(id=ObjectId(bytes(32)), name="n\n"))
    assert capsys.readouterr().out == f'{{"schema_version":1,"id":"{"00" * 32}","name":"n\\n"}}\n'
    out = io.StringIO()
    write_json_line({"a": 1}, out)
    assert out.getvalue() == '{"schema_version":1,"a":1}\n'


def test_a_document_is_an_object() -> None:
    with pytest.raises(TypeError, match="a document is a JSON object"):
        write_json([1])


# ------------------------------------------------------------------------------------------------- progress


class Clock:
    """A clock that is set by hand, in seconds."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


def test_short_work_shows_nothing() -> None:
    clock, out = Clock(), io.StringIO()
    with Progress("reading", 1000, stream=out, clock=clock) as progress:
        for _ in range(19):
            clock.seconds += 0.1
            progress(50)
    assert out.getvalue() == ""


def test_long_work_shows_a_line_and_removes_it() -> None:
    clock, out = Clock(), io.StringIO()
    with Progress("reading\x1b", 4 * 2**20, stream=out, clock=clock) as progress:
        clock.seconds += 2
        progress(2**20)
        assert out.getvalue() == "\r\x1b[Kreading\\x1b  25 %  1.0 MiB of 4.0 MiB  512.0 KiB/s  0:06 left"
        clock.seconds += 0.1
        progress(1)  # too soon after the last
        assert out.getvalue().count("\r") == 1
        clock.seconds += 0.9
        progress(3 * 2**20 - 1)
        assert out.getvalue().endswith("\r\x1b[Kreading\\x1b  100 %  4.0 MiB of 4.0 MiB  1.3 MiB/s")
    assert out.getvalue().endswith("\r\x1b[K")
    shown = out.getvalue()
    clock.seconds += 9
    progress(1)
    assert out.getvalue() == shown


def test_work_of_unknown_size_and_a_narrow_terminal() -> None:
    clock, out = Clock(), io.StringIO()
    progress = Progress("reading", None, stream=out, clock=clock)
    clock.seconds += 2
    progress(2048)
    assert out.getvalue() == "\r\x1b[Kreading  2.0 KiB  1.0 KiB/s"
    narrow = io.StringIO()
    progress = Progress("reading", None, stream=narrow, clock=clock, columns=lambda: 10)
    clock.seconds += 2
    progress(1)
    assert narrow.getvalue() == "\r\x1b[Kreading  "


def test_a_walk_along_the_history_counts_manifests() -> None:
    clock, out = Clock(), io.StringIO()
    progress = Progress("reading the history", None, stream=out, tell=manifests, clock=clock)
    clock.seconds += 4
    progress(1)
    assert out.getvalue() == "\r\x1b[Kreading the history  1 manifest  0 manifests/s"
    clock.seconds += 1
    progress(12_344)
    assert out.getvalue().endswith("\r\x1b[Kreading the history  12,345 manifests  2,469 manifests/s")


def test_more_than_was_announced_is_no_more_than_all() -> None:
    clock = Clock()
    progress = Progress("reading", 10, stream=None, clock=clock)
    progress(25)
    assert progress.line(clock.seconds + 3600) == "reading  100 %  10 bytes of 10 bytes  0 bytes/s"


def test_a_long_time_has_hours() -> None:
    clock = Clock()
    progress = Progress("reading", 2**20, stream=None, clock=clock)
    progress(1024)
    assert progress.line(clock.seconds + 4).endswith("256 bytes/s  1:08:12 left")
