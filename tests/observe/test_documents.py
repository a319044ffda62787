"""Metrics and params: strict, with the place of each problem, and never a crash."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from obs.cas.errors import BadArgument, InvalidDocument
from obs.cas.format.canonical import Value, encode
from obs.cas.observe.documents import (
    MAX_DOCUMENT_BYTES,
    parse_metrics,
    parse_param_option,
    parse_params,
    read_document,
)
from obs.cas.observe.files import open_regular

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**64 - 1),
    st.floats(),
    st.text(st.characters(codec="utf-8")),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.text(st.characters(codec="utf-8")), inner, max_size=4)
    ),
    max_leaves=20,
)
DOCUMENTS = st.dictionaries(st.text(st.characters(codec="utf-8")), VALUES, max_size=5)


def same(one: object, two: object) -> bool:
    """Equal with types, -0.0 and NaN kept apart: as the format tells values apart."""
    return encode({"": one}) == encode({"": two})  # type: ignore[dict-item]


# ------------------------------------------------------------------ what is read


@given(DOCUMENTS, st.booleans(), st.sampled_from([None, 2]))
@example({"a": -0.0, "b": math.nan, "c": [math.inf, -math.inf]}, True, None)
@example({"n": 2**64 - 1, "m": -(2**63), "i": 1, "f": 1.0}, True, None)
@example({"\U0001f600": "\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16")}, True, None)
def test_what_json_writes_is_read_back(
    document: dict[str, Value], ensure_ascii: bool, indent: int | None
) -> None:
    data = json.dumps(document, ensure_ascii=ensure_ascii, indent=indent).encode()
    assert same(parse_metrics(data, "metrics.json"), document)
    assert same(parse_params(data, "params.json"), document)


@given(
    st.binary(max_size=60) | st.text('{}[]",:0123456789.eE+-truefalsn \\ud80bc', max_size=60).map(str.encode)
)
@example(b'{"a": "\\ud800"}')
@example(b"[" * 100_000)
@example(b'{"a":' * 100_000)
@example(b'{"a": ' + b"9" * 5000 + b"}")
@example(b'"' + b'\\"' * 400_000)
def test_any_bytes_are_a_document_or_an_invalid_one(data: bytes) -> None:
    for path in ("x.json", "x.toml"):
        try:
            read = parse_params(data, path)
        except InvalidDocument as error:
            seen = error
            assert seen.path == path
            str(seen).encode()
        else:
            encode(dict(read))  # whatever is accepted can be stored


def test_ints_and_floats_stay_apart() -> None:
    read = parse_metrics(b'{"i": 1, "f": 1.0, "e": 1e0, "z": -0.0, "small": 1e-400}', "m")
    assert {key: type(value) for key, value in read.items()} == {
        "i": int, "f": float, "e": float, "z": float, "small": float,
    }  # fmt: skip
    assert math.copysign(1, float(str(read["z"]))) == -1


JSON_PROBLEMS = [
    pytest.param(b"", "not JSON", "line 1, column 1", id="empty"),
    pytest.param(b"[1]", "top level", None, id="array"),
    pytest.param(b"3", "top level", None, id="number"),
    pytest.param(b"\xef\xbb\xbf{}", "byte-order mark", "byte 0", id="BOM"),
    pytest.param('{"a": 1}'.encode("utf-16"), "UTF-8", "byte 0", id="UTF-16"),
    pytest.param(b'{"a": "\xff"}', "UTF-8", "byte 7", id="Latin-1"),
    pytest.param(b'{"a": 1} x', "not JSON", "line 1, column 10", id="trailing data"),
    pytest.param(b'{"a": 1}{}', "not JSON", "line 1, column 9", id="two documents"),
    pytest.param(b'{"a": 1,\n "b": }', "not JSON", "line 2, column 7", id="no value"),
    pytest.param(b'{"a": 1,}', "not JSON", None, id="trailing comma"),
    pytest.param(b"{'a': 1}", "not JSON", "line 1, column 2", id="single quotes"),
    pytest.param(b'{"a": 01}', "not JSON", None, id="leading zero"),
    pytest.param(b'{"a": "\n"}', "not JSON", None, id="line end in a string"),
    pytest.param(b'{"a": 1, "a": 1}', "twice", "a", id="duplicate"),
    pytest.param(b'{"a": 1, "\\u0061": 2}', "twice", "a", id="duplicate by escape"),
    pytest.param(b'{"x": [1, {"y": {"a": 1, "a": 2}}]}', "twice", "x[1].y.a", id="duplicate inside"),
    pytest.param(b'{"x": [0, 18446744073709551616]}', "64 bits", "x[1]", id="2^64"),
    pytest.param(b'{"x": -9223372036854775809}', "64 bits", "x", id="-2^63-1"),
    pytest.param(b'{"x": ' + b"1" * 10_000 + b"}", "64 bits", "x", id="10,000 digits"),
    pytest.param(b'{"x": {"y": 1e400}}', "too large", "x.y", id="1e400"),
    pytest.param(b'{"x": -1e400}', "too large", "x", id="-1e400"),
    pytest.param(b'{"x": "\\ud800"}', "surrogate", "x", id="lone surrogate"),
    pytest.param(b'{"x": {"\\udc00": 1}}', "surrogate", "x", id="lone surrogate in a key"),
    pytest.param(b'{"a": ' + b"[" * 32 + b"]" * 32 + b"}", "32 levels", None, id="33 levels"),
    pytest.param(b'{"a": ' + b"[" * 100_000, "32 levels", None, id="100,000 levels"),
    pytest.param(b'{"a": "' + b"x" * MAX_DOCUMENT_BYTES + b'"}', "1048576 bytes", None, id="too large"),
]


@pytest.mark.parametrize(("data", "problem", "where"), JSON_PROBLEMS)
def test_what_could_be_taken_for_something_else_is_refused_with_its_place(
    data: bytes, problem: str, where: str | None
) -> None:
    for parse in (parse_metrics, parse_params):
        with pytest.raises(InvalidDocument) as caught:
            parse(data, "m.json")
        assert problem in caught.value.problem
        assert len(str(caught.value)) < 500
        if where is not None:
            assert caught.value.where == where


def test_the_first_problem_is_the_one_that_is_named() -> None:
    with pytest.raises(InvalidDocument) as caught:
        parse_metrics(b'{"b": [1, 1e999], "a": "\\ud800"}', "m")
    assert caught.value.where == "b[1]"


def test_32_levels_are_read() -> None:
    parse_metrics(b'{"a": ' + b"[" * 31 + b"]" * 31 + b"}", "m")


# ------------------------------------------------------------------ TOML


def test_toml_is_read_by_its_extension_alone() -> None:
    data = b"""
    lr = 0.1
    epochs = 1_000
    best = inf
    none = -nan
    when = 1979-05-27T07:32:00.5Z
    local = 1979-05-27 07:32:00
    day = 1979-05-27
    clock = 07:32:00
    layers = [{size = 3}, {size = 0x10}]
    name = "1.2.3.4"
    [optimizer.args]
    "quoted.key" = 'a # b'
    """
    expected: dict[str, Value] = {
        "lr": 0.1,
        "epochs": 1000,
        "best": math.inf,
        "none": math.nan,
        "when": "1979-05-27T07:32:00.500000+00:00",
        "local": "1979-05-27T07:32:00",
        "day": "1979-05-27",
        "clock": "07:32:00",
        "layers": [{"size": 3}, {"size": 16}],
        "name": "1.2.3.4",
        "optimizer": {"args": {"quoted.key": "a # b"}},
    }
    assert same(parse_params(data, "p.toml"), expected)
    assert same(parse_params(data, "P.TOML"), expected)
    with pytest.raises(InvalidDocument, match="not JSON"):
        parse_params(data, "p.json")
    with pytest.raises(InvalidDocument, match="not JSON"):
        parse_metrics(data, "m.toml")


@pytest.mark.parametrize(
    ("data", "problem", "where"),
    [
        pytest.param(b"a = ", "not TOML", None, id="no value"),
        pytest.param(b"a = 1\na = 2", "not TOML", None, id="duplicate"),
        pytest.param(b"a = [1, 18446744073709551616]", "64 bits", "a[1]", id="2^64"),
        pytest.param(b"a = " + b"9" * 5000, "does not exist", None, id="5,000 digits"),
        pytest.param(b"a = 2021-02-30", "not TOML", None, id="30th of February"),
        pytest.param(b"[t]\na = 1e400", "too large", "t.a", id="1e400"),
        pytest.param(b"a = " + b"[" * 100_000, "32 levels", None, id="100,000 brackets"),
        pytest.param(b"x = 1\n" + b"a." * 40 + b"b = 1", "32 levels", "line 2", id="40 dots"),
        pytest.param(b"a ." * 200_000 + b"b = 1", "32 levels", "line 1", id="200,000 dots"),
        pytest.param(b"['a'." + b'"b".' * 200_000 + b"c]", "32 levels", "line 1", id="quoted keys"),
        pytest.param(b"x = { y." + b"a." * 200_000 + b"c = 1}", "32 levels", None, id="inline table"),
        pytest.param(b"a = [" + b"{b=" * 31 + b"1" + b"}" * 31 + b"]", "32 levels", None, id="tables"),
    ],
)
def test_toml_keeps_to_the_same_rules(data: bytes, problem: str, where: str | None) -> None:
    with pytest.raises(InvalidDocument) as caught:
        parse_params(data, "p.toml")
    assert problem in caught.value.problem
    if where is not None:
        assert caught.value.where == where


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('a = "' + "x." * 100 + '"', id="string"),
        pytest.param("a = '" + "x." * 100 + "'", id="literal string"),
        pytest.param('a = """\n' + 'x."".' * 100 + '\n"""', id="multi-line string"),
        pytest.param("a = '''\n" + "x.''." * 100 + "\n'''", id="multi-line literal string"),
        pytest.param("a = 1 # " + "x." * 100, id="comment"),
        pytest.param("a = [" + "1.5," * 100 + "]", id="floats"),
        pytest.param("\n".join(f"a.b{n} = 1.5" for n in range(100)), id="many keys"),
        pytest.param('a = "\\"' + "x." * 100 + '"', id="escaped quote"),
    ],
)
def test_dots_that_are_no_nesting_are_no_nesting(text: str) -> None:
    assert "a" in parse_params(text.encode(), "p.toml")


# ------------------------------------------------------------------ --param


@pytest.mark.parametrize(
    ("text", "key", "value"),
    [
        ("lr=0.1", "lr", 0.1),
        ("n=3", "n", 3),
        ("n= 3", "n", 3),
        ("flag=true", "flag", True),
        ("flag=True", "flag", "True"),
        ("none=null", "none", None),
        ("x=NaN", "x", math.nan),
        ("name=adam", "name", "adam"),
        ('name="adam"', "name", "adam"),
        ("a.b.c=1", "a.b.c", 1),
        ("eq=a=b", "eq", "a=b"),
        ("empty=", "empty", ""),
        ("list=[1, 2]", "list", "[1, 2]"),
        ("map={}", "map", "{}"),
        ('double={"a": 1, "a": 2}', "double", '{"a": 1, "a": 2}'),
        ("big=18446744073709551616", "big", "18446744073709551616"),
        ("big=1e400", "big", "1e400"),
        ('bad="\\ud800"', "bad", '"\\ud800"'),
        ("zip=01234", "zip", "01234"),
        ("deep=" + "[" * 100_000, "deep", "[" * 100_000),
        ("mark=\ufeff1", "mark", "\ufeff1"),
    ],
)
def test_an_option_is_the_scalar_that_it_parses_as_else_text(text: str, key: str, value: Value) -> None:
    found_key, found = parse_param_option(text)
    assert found_key == key
    assert same(found, value)


@pytest.mark.parametrize("text", ["novalue", "=1", "", "a=\udcff", "\udcff=1"])
def test_an_option_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(BadArgument):
        parse_param_option(text)


@given(st.text(st.characters(codec="utf-8")))
def test_any_option_gives_something_that_can_be_stored(written: str) -> None:
    assert parse_param_option("k=" + written)[0] == "k"
    encode({"v": parse_param_option("k=" + written)[1]})


# ------------------------------------------------------------------ files


def test_a_document_is_read_once_with_its_digests(tmp_path: Path) -> None:
    path = tmp_path / "metrics.json"
    path.write_bytes(b'{"a": 1}')
    with open_regular(str(path)) as opened:
        data, digests = read_document(opened, sha256=True)
    assert data == b'{"a": 1}'
    assert digests.size == len(data)
    assert digests.sha256 is not None


def test_a_document_that_is_too_large_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "metrics.json"
    with path.open("wb") as file:
        file.truncate(1 << 40)
    with open_regular(str(path)) as opened, pytest.raises(InvalidDocument, match="artifact"):
        read_document(opened, sha256=True)
