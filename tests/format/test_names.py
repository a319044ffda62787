"""Names: roles, tags, names of files."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable

import pytest
import standalone
from hypothesis import example, given
from hypothesis import strategies as st
from obs.cas.errors import InvalidField
from obs.cas.format.names import (
    MAX_NAME_BYTES,
    FileName,
    check_base_name,
    check_name,
    check_names,
    check_role,
    check_tag,
    is_role,
    name_bytes,
    name_from_bytes,
    role_from_name,
)


def is_name(name: FileName) -> bool:
    try:
        return check_name(name) == name
    except InvalidField:
        return False


@given(st.binary(max_size=60))
@example(b"z\xc3\xa9")
@example(b"z\xe9")
def test_what_a_file_system_gives_is_kept_as_it_is(raw: bytes) -> None:
    name = name_from_bytes(raw)
    assert name_bytes(name) == raw
    assert isinstance(name, str) == standalone.is_utf8(raw)


@given(st.lists(st.sampled_from([b"a", b".", b"/", b"\0", b"\xff", "é".encode()]), max_size=6).map(b"".join))
def test_a_path_is_the_same_to_both_readers(raw: bytes) -> None:
    assert is_name(name_from_bytes(raw)) == standalone.is_path(raw)


@pytest.mark.parametrize(
    "name", ["a", "a/b", "...", ".obs", "a b", "a\n", "-", "a\\b", b"\xff", "x" * MAX_NAME_BYTES]
)
def test_names(name: FileName) -> None:
    assert check_name(name) == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        "/",
        "/a",
        "a/",
        "a//b",
        ".",
        "..",
        "a/../b",
        "./a",
        "a/.",
        "a\0",
        b"",
        b"a",
        b"\xff/..",
        "\ud800",
        "x" * 4001,
    ],
)
def test_what_is_no_name(name: FileName) -> None:
    with pytest.raises(InvalidField):
        check_name(name)


def test_a_base_name_has_no_folder() -> None:
    assert check_base_name("a.csv") == "a.csv"
    for name in ("a/b", b"\xff/b"):
        with pytest.raises(InvalidField):
            check_base_name(name)


@pytest.mark.parametrize("text", ["a", "data", "a0_-", "a" * 64])
def test_roles(text: str) -> None:
    assert check_role(text) == text


@pytest.mark.parametrize("text", ["", "A", "0a", "_a", "-a", "a b", "a.b", "é", "a\n", "a" * 65])
def test_what_is_no_role(text: str) -> None:
    assert not is_role(text)
    with pytest.raises(InvalidField):
        check_role(text)


@given(st.one_of(st.text(), st.binary()))
@example("")
@example("1")
@example(b"\xff" * 100)
def test_every_name_can_be_brought_into_the_form_of_a_role(name: FileName) -> None:
    assert is_role(role_from_name(name))


@given(st.from_regex(r"[a-z][a-z0-9_-]{0,63}", fullmatch=True))
def test_a_role_is_brought_into_its_own_form(text: str) -> None:
    assert role_from_name(text) == text


@pytest.mark.parametrize(
    ("name", "role"),
    [("Confusion.Matrix.png", "confusion_matrix_png"), ("1st", "file_1st"), (b"r\xff", "r_"), ("ROC", "roc")],
)
def test_roles_of_names(name: FileName, role: str) -> None:
    assert role_from_name(name) == role


@pytest.mark.parametrize(
    "text", ["a", "v1.2", "abc", "Baseline_2-final", "x" * 100, "deadbeefs", "runs", "head"]
)
def test_tags(text: str) -> None:
    assert check_tag(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1",
        "-x",
        "a..b",
        "a.lock",
        "HEAD",
        "run",
        "blake3",
        "sha256",
        "abcd",
        "DEADBEEF",
        "a/b",
        "a b",
        "é",
        "a\n",
        "x" * 101,
    ],
)
def test_what_is_no_tag(text: str) -> None:
    with pytest.raises(InvalidField):
        check_tag(text)


PIECES = st.sampled_from(["a", "b.c", ".", "..", "...", "", "/", "//", "\0", "\n", "é", "\udcff", "x" * 3999])
ODD_NAMES = st.one_of(
    st.lists(PIECES, max_size=4).map("".join),
    st.lists(PIECES, max_size=4).map("/".join),
    st.binary(max_size=4),
)


@given(st.lists(ODD_NAMES, max_size=5))
@example([])
@example([""])
@example(["a", ""])
@example(["a", "."])
@example(["a/..", "b"])
@example(["a\0b"])
@example([b"\xff", "a"])
@example([b"a"])
@example(["x" * 4001])
def test_many_names_are_checked_as_each_of_them_is(names: list[str | bytes]) -> None:
    def verdict(check: Callable[[], object]) -> object:
        try:
            return check()
        except InvalidField as error:
            return error.problem

    one_by_one = verdict(lambda: [name_bytes(check_name(name)) for name in names])
    assert verdict(lambda: check_names(names)) == one_by_one


def test_a_text_that_is_too_long_for_a_role_is_not_kept() -> None:
    """Answers are remembered; objects of a strange store may say very long ones."""
    tracemalloc.start()
    try:
        assert not any(is_role(f"{number}".rjust(1 << 16, "r")) for number in range(100))
        assert tracemalloc.get_traced_memory()[0] < 1 << 20
    finally:
        tracemalloc.stop()
