"""Names, documents and labels that are bad or odd: told in a sentence, shown escaped, nothing recorded."""

from __future__ import annotations

import json
import os

import pytest
from commandline import Project, assert_readable

# -------------------------------------------------------------------------------------------- names

ESC = "\x1b]0;owned\x07\x1b[2J"
NAMES = {
    "newline": ("a\nhint: all is well", "a\\nhint: all is well"),
    "escape": (f"a{ESC}b", "a\\x1b]0;owned\\x07\\x1b[2Jb"),
    "carriage-return": ("a\rb", "a\\rb"),
    "tab": ("a\tb", "a\\tb"),
    "c1": ("a\x9b31mb", "a\\u009b31mb"),
    "no-utf8": (os.fsdecode(b"a\xff\xfeb"), "a\\xff\\xfeb"),
    "bidi": ("a\u202eb", "a\\u202eb"),
    "line-separator": ("a\u2028b", "a\\u2028b"),
    "255-bytes": ("n" * 255, "n" * 255),
    "255-bytes-of-utf8": ("ä" * 127 + "n", "ä" * 127 + "n"),
    "spaces": ("  a b", "  a b"),
    "quote": ("a'b\"c$(d)", "a'b\"c$(d)"),
    "backslash": ("a\\nb", "a\\nb"),
    "equals": ("a=b", "a=b"),
    "percent": ("%s{0}{x}", "%s{0}{x}"),
    "emoji": ("\U0001f600", "\U0001f600"),
    "like-a-revision": ("HEAD", "HEAD"),
    "dash": ("-", "-"),
    "two-dashes": ("--", "--"),
    "option": ("--json", "--json"),
}
each_name = pytest.mark.parametrize(("name", "shown"), NAMES.values(), ids=NAMES.keys())


@each_name
def test_any_legal_name_is_a_name(name: str, shown: str, project: Project) -> None:
    (project.home / name).write_bytes(b"some bytes of its own")
    done = project.obs("record", "--no-git", f"--model={name}")
    assert (done.code, done.err) == (0, "")
    for answer in (
        done,
        project.obs("show"),
        project.obs("status"),
        project.obs("verify", "--", name),
        project.obs("show", "--", name),
    ):
        assert answer.code == 0
        assert_readable(answer.out)
        assert any(shown in line for line in answer.out.splitlines())
    for arguments in (("show",), ("status",), ("verify", "--", name), ("log", "--model", name)):
        answer = project.obs(arguments[0], "--json", *arguments[1:])
        assert answer.code == 0
        assert answer.out.isascii()
        for line in [answer.out] if arguments[0] != "log" else answer.out.splitlines():
            json.loads(line)
    as_it_is = name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    assert project.json("show")["artifacts"][0]["name"] == as_it_is
    (project.home / name).unlink()
    back = project.obs("restore", "HEAD:model", f"--output={name}")
    assert back.code == 0
    assert_readable(back.out)
    assert shown in back.out
    assert (project.home / name).read_bytes() == b"some bytes of its own"
    project.assert_sound()


@each_name
def test_any_name_in_a_folder(name: str, shown: str, project: Project) -> None:
    (project.home / "d").mkdir()
    (project.home / "d" / name).write_bytes(b"inner bytes")
    assert project.obs("record", "--no-git", "--artifact", "d").code == 0
    answer = project.obs("verify", f"d/{name}")
    assert answer.code == 0
    assert_readable(answer.out)
    assert shown in answer.out
    assert project.obs("restore", "HEAD:d", "-o", "again").code == 0
    assert os.listdir(project.home / "again") == [name]
    project.assert_sound()


@each_name
def test_a_missing_file_of_any_name_is_named(name: str, shown: str, template: Project) -> None:
    """In one line: a name is no place to write a second sentence."""
    template.assert_refused(("record", f"--model={name}"), 2, "FILE_MISSING", f"there is no file {shown}")
    template.assert_refused(("verify", "--", name), 2, "FILE_MISSING", f"there is no file {shown}")


def test_a_name_that_is_one_dash_as_the_value_of_an_option(project: Project) -> None:
    (project.home / "-").write_bytes(b"dash")
    assert project.obs("record", "--no-git", "--model", "-", "--artifact", "minus=-").code == 0
    project.assert_sound()


@pytest.mark.parametrize(
    "text",
    ["a\x1b[2Jb", "a\u202eb", "a\x9bb", "a\rb", "a\x7fb", "a\u200bb", "a\x00b"],
    ids=["escape", "bidi", "c1", "return", "delete", "zero-width", "nul"],
)
def test_texts_of_any_kind_are_shown_escaped(text: str, project: Project) -> None:
    (project.home / "metrics.json").write_text(json.dumps({text: 1.0, "s": text, "deep": {text: [text]}}))
    (project.home / "params.json").write_text(json.dumps({text: text}))
    (project.home / "data.csv").write_text(f"x,{text}\n1,2\n" if "\r" not in text else f'x,"{text}"\n1,2\n')
    label = ("--label", text) if "\x00" not in text else ()
    said = () if "\x00" in text else ("-m", text, "--run-id", text, "--param", f"k={text}")
    files = ("--data", "data.csv", "--model", "model.pkl", "--metrics", "metrics.json")
    done = project.obs("record", "--no-git", *files, "--params", "params.json", *label, *said)
    assert (done.code, done.err) == (0, "")
    for arguments in (("show",), ("log",), ("log", "--oneline"), ("verify", "model.pkl"), ("status",)):
        answer = project.obs(*arguments)
        assert answer.code == 0
        assert_readable(answer.out)
    if "\x00" not in text:
        template = project.obs("log", "--format", "{message} {run_id}")
        assert_readable(template.out)
        project.assert_refused(("show", text), 2, "UNKNOWN_REVISION")
    project.assert_sound()


# -------------------------------------------------------------------------------------------- documents

DEEP = 40
DOCUMENTS = {
    "empty": (b"", "not JSON"),
    "spaces": (b"  \n", "not JSON"),
    "no-json": (b"accuracy: 0.5", "not JSON"),
    "half": (b'{"a": 1', "not JSON"),
    "two": (b'{"a": 1}{"b": 2}', "not JSON"),
    "comma": (b'{"a": 1,}', "not JSON"),
    "array": (b"[1]", "not an object"),
    "number": (b"1", "not an object"),
    "text": (b'"a"', "not an object"),
    "null": (b"null", "not an object"),
    "duplicate": (b'{"key7": 1, "b": 2, "key7": 3}', "key7"),
    "duplicate-inside": (b'{"outer": {"key7": 1, "key7": 1}}', "key7"),
    "int-over-64-bits": (b'{"key7": 18446744073709551616}', "64 bits"),
    "int-under-64-bits": (b'{"key7": -9223372036854775809}', "64 bits"),
    "int-of-5000-digits": (b'{"key7": ' + b"9" * 5000 + b"}", "64 bits"),
    "float-overflow": (b'{"key7": 1e999}', "too large"),
    "surrogate": (b'{"key7": "\\ud800"}', "surrogate"),
    "surrogate-key": (b'{"\\udfff": 1}', "surrogate"),
    "deep": (b'{"a":' + b"[" * DEEP + b"]" * DEEP + b"}", "nesting"),
    "very-deep": (b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "nesting"),
    "very-deep-objects": (b'{"a":' * 50_000 + b"1" + b"}" * 50_000, "nesting"),
    "no-utf8": (b'{"a": "\xff"}', "UTF-8"),
    "utf-16": ('{"a": 1}'.encode("utf-16"), "UTF-8"),
    "bom": (b'\xef\xbb\xbf{"a": 1}', "byte-order mark"),
    "nul": (b'{"a": 1}\0', "not JSON"),
    "control": (b'{"a": "\n"}', "not JSON"),
}


@pytest.mark.parametrize(("data", "says"), DOCUMENTS.values(), ids=DOCUMENTS.keys())
@pytest.mark.parametrize("option", ["--metrics", "--params"])
def test_a_document_that_is_none(option: str, data: bytes, says: str, project: Project) -> None:
    (project.home / "said.json").write_bytes(data)
    arguments = ("record", "--no-git", "--model", "model.pkl", option, "said.json")
    project.assert_refused(arguments, 1, "INVALID_DOCUMENT", "said.json", says)
    # a run that failed may have left anything behind
    done = project.json(*arguments, "--status", "failed")
    assert done["created"] is True
    assert "METRICS_SCHEMA_MISMATCH" in [found["code"] for found in done["diagnostics"]]
    project.assert_sound()


@pytest.mark.parametrize("option", ["--metrics", "--params"])
def test_a_document_over_one_mebibyte(option: str, project: Project) -> None:
    path = project.home / "said.json"
    for size, taken in ((1 << 20, True), ((1 << 20) + 1, False)):
        path.write_bytes(b'{"a": "' + b"x" * (size - 9) + b'"}')
        assert path.stat().st_size == size
        arguments = ("record", "--no-git", option, "said.json")
        if taken:
            assert project.obs(*arguments).code == 0
        else:
            project.assert_refused(arguments, 1, "INVALID_DOCUMENT", "said.json", "1048577", "artifact")
            assert project.obs("record", "--no-git", "--artifact", "said.json").code == 0
    project.assert_sound()


ODD_DOCUMENTS: dict[str, tuple[bytes, dict[str, object] | None]] = {
    "nothing": (b"{}", {}),
    "nan": (b'{"a": NaN, "b": Infinity, "c": -Infinity}', {"a": "NaN", "b": "Infinity", "c": "-Infinity"}),
    "limits": (b'{"a": 18446744073709551615, "b": -9223372036854775808}', {"a": 2**64 - 1, "b": -(2**63)}),
    "texts": (b'{"accuracy": "0.5", "": "", "e": "\\u001b[2J"}', {"accuracy": "0.5", "": "", "e": "\x1b[2J"}),
    "others": (b'{"a": null, "b": [true, {}], "c": -0.0}', {"a": None, "b": [True, {}], "c": -0.0}),
    "pair": (b'{"a": "\\ud83d\\ude00"}', {"a": "\U0001f600"}),
    "32-levels": (b'{"a":' + b"[" * 31 + b"]" * 31 + b"}", None),
    "samples-of-another-type": (b'{"num_samples": "many", "num_features": -1}', None),
}


@pytest.mark.parametrize(("data", "values"), ODD_DOCUMENTS.values(), ids=ODD_DOCUMENTS.keys())
def test_an_odd_document_is_one(data: bytes, values: dict[str, object] | None, project: Project) -> None:
    (project.home / "metrics.json").write_bytes(data)
    done = project.json("record", "--no-git", "--metrics", "metrics.json")
    if values is not None:
        assert done["metrics"] == values
        assert project.json("show")["metrics"] == values
    for arguments in (("show",), ("log",), ("log", "--oneline"), ("verify", "metrics.json")):
        answer = project.obs(*arguments)
        assert answer.code == 0
        assert_readable(answer.out)
    project.assert_sound()


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"a = ", "not TOML"),
        (b"a = 1\na = 2", "not TOML"),
        (b"a = 99999999999999999999", "64 bits"),
        (b"a." * 5000 + b"a = 1", "nesting"),
        (b"a = " + b"[" * 5000 + b"]" * 5000, "nesting"),
        (b"a = 2026-02-30", "date"),
        (b"a = '\xff'", "UTF-8"),
    ],
    ids=["half", "duplicate", "integer", "dotted", "deep", "date", "no-utf8"],
)
def test_toml_params_that_are_none(data: bytes, says: str, project: Project) -> None:
    (project.home / "params.toml").write_bytes(data)
    project.assert_refused(("record", "--params", "params.toml"), 1, "INVALID_DOCUMENT", "params.toml", says)


# -------------------------------------------------------------------------------------------- labels


@pytest.mark.parametrize(
    ("data", "label", "words"),
    [
        (b"x,y\n1,2\n", "z", ["'z'", "x, y"]),
        (b"x,y\n1,2\n", "Y", ["'Y'", "x, y"]),
        (b"x,y\n1,2\n", "", ["''", "x, y"]),
        (b"x,\x1b[2J\n1,2\n", "\x1b[3J", ["'\\x1b[3J'", "\\x1b[2J"]),
    ],
)
def test_a_label_that_the_data_lacks(data: bytes, label: str, words: list[str], project: Project) -> None:
    (project.home / "d.csv").write_bytes(data)
    arguments = ("record", "--no-git", "--data", "d.csv", "--label", label)
    project.assert_refused(arguments, 1, "LABEL_NOT_FOUND", "d.csv", *words)
    assert project.obs(*arguments, "--status", "failed").code == 0
    project.assert_sound()


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("d.csv", b""),
        ("d.csv", b"\xff\xfe"),
        ("d.csv", b"\0"),
        ("d.bin", b"\0\1"),
        ("d.parquet", b"PAR1"),
        ("d.feather", b"ARROW1"),
        ("d.csv.gz", b"\x1f\x8b"),
        ("d.jsonl", b"{"),
        ("d.jsonl", b"[" * 100_000),
    ],
)
def test_data_whose_columns_cannot_be_read(name: str, data: bytes, project: Project) -> None:
    """Bytes are recorded whatever they are; that the label was not looked for is said."""
    (project.home / name).write_bytes(data)
    done = project.json("record", "--no-git", "--data", name, "--label", "y")
    assert [found["code"] for found in done["diagnostics"]] == ["CONTENT_UNAVAILABLE"]
    project.assert_sound()


def test_a_label_of_the_configuration_that_the_data_lacks(project: Project) -> None:
    (project.home / "obs.toml").write_text('data = "data.csv"\nlabel = "z"\n')
    project.assert_refused(("record",), 1, "LABEL_NOT_FOUND", "data.csv", "'z'", "x, y")
