"""Bad input: files, names, documents, arguments. A sentence, the right exit code, and nothing recorded."""

from __future__ import annotations

import itertools
import json
import os
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from commandline import Answer, Project, assert_error, assert_readable, command, environment, obs, process
from obs.cas.format.data import File
from obs.cas.format.frozen import replace
from obs.cas.format.ids import BlobId, ObjectId
from obs.cas.format.manifests import Manifest
from obs.cas.format.objects import Object, encode_object, object_id
from obs.cas.store.store import Store


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return Project.make(tmp_path_factory.mktemp("template"))


@pytest.fixture
def project(template: Project, tmp_path: Path) -> Project:
    return template.copy(tmp_path / "home")


# ---------------------------------------------------------------------------------------- no store

NEED_A_STORE = [
    ("record", "--model", "model.pkl"),
    ("log",),
    ("show",),
    ("show", "model.pkl"),
    ("verify",),
    ("verify", "model.pkl"),
    ("cat", "HEAD:model"),
    ("restore", "HEAD:model", "-o", "new"),
    ("tag",),
    ("tag", "best"),
    ("status",),
    ("fsck",),
]
each_command = pytest.mark.parametrize("arguments", NEED_A_STORE, ids=" ".join)


@each_command
def test_without_a_store(arguments: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "model.pkl").write_bytes(b"m")
    answer = obs(*arguments, cwd=tmp_path)
    assert_error(answer, 4, "there is no .obs/", str(tmp_path), "hint: ", "obs init")
    as_json = obs(arguments[0], "--json", *arguments[1:], cwd=tmp_path)
    assert as_json.code == 4
    error = json.loads(as_json.err)["error"]
    assert (error["code"], error["facts"]) == ("NO_STORE", {"start": str(tmp_path)})
    assert os.listdir(tmp_path) == ["model.pkl"]


@pytest.mark.parametrize("named", ["none", "none/.obs", "model.pkl", "model.pkl/.obs"])
def test_a_named_store_that_is_not_there(named: str, template: Project) -> None:
    """One that is named is not looked for elsewhere."""
    answer = template.obs("log", variables={"OBS_DIR": named})
    assert_error(answer, 4, "there is no .obs/", named)


# ------------------------------------------------------------------------------------ files that are none


def missing(path: Path) -> None:
    del path


def dangling_link(path: Path) -> None:
    path.symlink_to("nowhere")


def link_loop(path: Path) -> None:
    path.symlink_to("other-loop")
    path.with_name("other-loop").symlink_to(path.name)


def fifo(path: Path) -> None:
    os.mkfifo(path)


def device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def unix_socket(path: Path) -> None:
    before = os.getcwd()
    os.chdir(path.parent)  # the path of a socket may have 108 bytes
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(path.name)
    os.chdir(before)


def folder(path: Path) -> None:
    path.mkdir()
    (path / "inner").write_bytes(b"x")


def empty_folder(path: Path) -> None:
    path.mkdir()


def folder_with_fifo(path: Path) -> None:
    folder(path)
    os.mkfifo(path / "inner-fifo")


def folder_with_link(path: Path) -> None:
    folder(path)
    (path / "inner-link").symlink_to("/etc/passwd")


NO_FILES: list[tuple[Callable[[Path], None], str, str]] = [
    (missing, "FILE_MISSING", "there is no file"),
    (dangling_link, "FILE_MISSING", "there is no file"),
    (link_loop, "WRONG_FILE_TYPE", "a loop of symbolic links"),
    (fifo, "WRONG_FILE_TYPE", "a FIFO"),
    (device, "WRONG_FILE_TYPE", "a device"),
    (unix_socket, "WRONG_FILE_TYPE", "a socket"),
]
OPTIONS = ["--data", "--model", "--metrics", "--params", "--artifact"]


@pytest.mark.parametrize(("make", "code", "says"), NO_FILES, ids=[made[0].__name__ for made in NO_FILES])
@pytest.mark.parametrize("option", OPTIONS)
def test_a_named_file_that_is_none(
    option: str, make: Callable[[Path], None], code: str, says: str, project: Project
) -> None:
    make(project.home / "the-file")
    project.assert_refused(("record", option, "the-file"), 2, code, "the-file", says)
    project.assert_sound()


@pytest.mark.parametrize(("make", "code", "says"), NO_FILES, ids=[made[0].__name__ for made in NO_FILES])
@pytest.mark.parametrize(
    "arguments",
    [("verify", "f"), ("show", "--", "f"), ("log", "--data", "f"), ("log", "--model", "f")],
    ids=" ".join,
)
def test_a_question_about_a_file_that_is_none(
    arguments: tuple[str, ...], make: Callable[[Path], None], code: str, says: str, project: Project
) -> None:
    make(project.home / "f")
    project.assert_refused(arguments, 2, code, "f", says)


@pytest.mark.parametrize(
    "arguments",
    [
        ("record", "--metrics", "d"),
        ("record", "--params", "d"),
        ("verify", "d"),
        ("show", "--", "d"),
        ("verify", "model.pkl", "--against", "d"),
    ],
    ids=" ".join,
)
def test_a_folder_where_a_file_is_needed(arguments: tuple[str, ...], project: Project) -> None:
    folder(project.home / "d")
    project.assert_refused(arguments, 2, "WRONG_FILE_TYPE", "d is a folder", "a regular file is needed")


@pytest.mark.parametrize("option", ["--data", "--model", "--artifact"])
@pytest.mark.parametrize(
    ("make", "code", "says"),
    [
        (empty_folder, "USAGE", "holds no files"),
        (folder_with_fifo, "WRONG_FILE_TYPE", "the-folder/inner-fifo is a FIFO"),
        (folder_with_link, "WRONG_FILE_TYPE", "the-folder/inner-link is a symbolic link"),
    ],
)
def test_a_folder_that_cannot_be_recorded(
    option: str, make: Callable[[Path], None], code: str, says: str, project: Project
) -> None:
    make(project.home / "the-folder")
    project.assert_refused(("record", option, "the-folder"), 2, code, "the-folder", says)
    project.assert_sound()


def test_a_path_through_a_file(template: Project) -> None:
    template.assert_refused(("record", "--model", "model.pkl/x"), 2, "FILE_MISSING", "model.pkl/x")


@pytest.mark.parametrize("option", OPTIONS)
def test_a_name_that_is_longer_than_names_can_be(option: str, template: Project) -> None:
    template.assert_refused(("record", option, "n" * 256), 4, "OS_REFUSED", "n" * 256, "File name too long")


def test_empty_files_are_files(project: Project) -> None:
    (project.home / "empty").write_bytes(b"")
    assert project.json("record", "--data", "empty")["datasets"][0]["size"] == 0
    done = project.json("record", "--data", "data.csv", "--model", "empty")
    assert done["artifacts"][0]["size"] == 0
    assert project.obs("verify", "empty").code == 0
    assert project.obs("restore", "HEAD:model", "-o", "again").code == 0
    assert (project.home / "again").read_bytes() == b""
    project.assert_sound()


@pytest.mark.parametrize(
    ("names", "says"),
    [
        ([], "holds none of model.pkl"),
        (["other"], "holds none of model.pkl"),
        (["model.pkl", "model.joblib"], "holds both model.pkl and model.joblib"),
    ],
)
def test_a_run_folder_without_a_run(names: list[str], says: str, project: Project) -> None:
    (project.home / "run").mkdir()
    for name in names:
        (project.home / "run" / name).write_bytes(b"x")
    project.assert_refused(("record", "run"), 2, "INVALID_RUN_FOLDER", "run", says)


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("none",), "FILE_MISSING", "none"),
        (("model.pkl",), "WRONG_FILE_TYPE", "model.pkl is a file"),
        (("--model", "model.pkl", "--python", "none"), "FILE_MISSING", "none"),
        (("--model", "model.pkl", "--python", "model.pkl"), "WRONG_FILE_TYPE", "model.pkl"),
    ],
)
def test_a_folder_that_is_none(arguments: tuple[str, ...], code: str, says: str, template: Project) -> None:
    template.assert_refused(("record", *arguments), 2, code, says)


# ----------------------------------------------------------------------------------- files that change


def grow(path: Path) -> None:
    with path.open("ab") as opened:
        opened.write(b"more")


def shrink(path: Path) -> None:
    os.truncate(path, 1000)


def touch(path: Path) -> None:
    os.utime(path)


def vanish(path: Path) -> None:
    path.unlink()


def become_another(path: Path) -> None:
    other = path.with_name("other")
    other.write_bytes(b"another")
    other.replace(path)


def turn_into_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.skipif(not os.path.exists("/proc/self/fd"), reason="no /proc to see what another process reads")
@pytest.mark.parametrize("change", [grow, shrink, touch, vanish, become_another, turn_into_folder])
def test_a_file_that_changes_while_it_is_read(change: Callable[[Path], None], project: Project) -> None:
    path = project.home / "large.bin"
    path.touch()
    os.truncate(path, 200 << 20)  # no bytes on the disk, and long to read
    os.utime(path, ns=(1, 1))
    head = project.head
    running = subprocess.Popen(
        [*command(), "record", "--data", "large.bin", "--no-git"],
        cwd=project.home,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    while running.poll() is None and not reads(running.pid, path):
        time.sleep(0.001)
    change(path)
    out, err = running.communicate(timeout=60)
    answer = Answer(code=running.returncode, out=out.decode(), err=err.decode())
    assert_error(answer, 4, "large.bin", "while it was read", "nothing was recorded")
    assert project.head == head
    project.assert_sound()


def reads(pid: int, path: Path) -> bool:
    """Whether a process has read some of the file: opened, it may not have been looked at yet."""
    try:
        for name in os.listdir(f"/proc/{pid}/fd"):
            if os.readlink(f"/proc/{pid}/fd/{name}") == str(path):
                return "pos:\t0\n" not in Path(f"/proc/{pid}/fdinfo/{name}").read_text()
    except OSError:
        pass
    return False


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


# -------------------------------------------------------------------------------------------- revisions


@pytest.mark.parametrize(
    "revision",
    [
        *("nothing", "zzzz", "dead", "HEAD~3", "HEAD~999999999", "HEAD~9999999999999", "base~1", "~", "~1"),
        *("HEAD^", "HEAD~-1", "HEAD~x", "head", "run:", "run:none", "run", "abc", "0" * 64, "0" * 65, "@@"),
        *("../HEAD", "tags/base", "/", ".", "*", "base.lock", "\x1b[2J", "\udcff", "HEAD\n", "é", "x" * 5000),
    ],
)
def test_an_unknown_revision(revision: str, template: Project) -> None:
    if os.path.lexists(template.home / revision[:200]):
        pytest.skip("a file of the template")
    template.assert_refused(("show", revision), 2, "UNKNOWN_REVISION", "tried: ")
    template.assert_refused(("tag", "new", revision), 2, "UNKNOWN_REVISION", "tried: ")
    assert_error(template.obs("cat", f"{revision}:model"), 2)


@pytest.mark.parametrize("revision", ["", "HEAD", "HEAD:", ":model", "HEAD:Model", "run:model", "HEAD:a/b"])
def test_no_member_of_a_run(revision: str, template: Project) -> None:
    for arguments in (("cat", revision), ("restore", revision, "-o", "new")):
        template.assert_refused(arguments, 2, "USAGE", "is not REV:ROLE", "HEAD:model")


def test_a_role_that_the_run_lacks(template: Project) -> None:
    for arguments in (("cat", "HEAD:plot"), ("restore", "HEAD:plot", "-o", "new"), ("show", "HEAD:plot")):
        template.assert_refused(arguments, 2, "UNKNOWN_REVISION", "HEAD:plot", "data, metrics, model")


def test_an_empty_revision(template: Project) -> None:
    template.assert_refused(("show", ""), 2, "UNKNOWN_REVISION", "nothing is called ''")


def test_an_upper_case_id_is_not_guessed(template: Project) -> None:
    """An id is lower-case digits; its first digits in capitals name nothing, if a letter is among them."""
    head = template.head.strip()
    if head[:12].upper() != head[:12]:
        template.assert_refused(("show", head[:12].upper()), 2, "UNKNOWN_REVISION")


def twins(make: Callable[[int], Object]) -> tuple[Object, Object, str]:
    """Two objects whose ids begin with the same four digits, and the digits."""
    seen: dict[str, Object] = {}
    for number in itertools.count():
        made = make(number)
        digits = object_id(made).hex[:4]
        if digits in seen:
            return seen[digits], made, digits
        seen[digits] = made
    raise AssertionError


def put(project: Project, *objects: Object) -> None:
    for one in objects:
        path = project.object_path(object_id(one).hex)
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(encode_object(one))


def test_an_ambiguous_object(project: Project) -> None:
    first, second, digits = twins(lambda number: File(size=number, blake3=BlobId(bytes(32))))
    put(project, first, second)
    for arguments in (("show", digits), ("tag", "new", digits)):
        project.assert_refused(arguments, 2, "AMBIGUOUS_REVISION", digits, "file", "more of its digits")
    answer = project.obs("show", digits, "--json")
    candidates = json.loads(answer.err)["error"]["facts"]["candidates"]
    assert len(candidates) == 2
    for one in (first, second):
        assert object_id(one).hex[:16] in " ".join(candidates)
        assert project.obs("show", object_id(one).hex).code == 0


def test_an_ambiguous_manifest(project: Project) -> None:
    with Store.open(str(project.store)) as store:
        newest = store.chain.entry(ObjectId.parse(project.head.strip()), "a test").manifest

    def other(number: int) -> Manifest:
        at = f"2026-05-05T00:{number // 60:02}:{number % 60:02}.000000Z"
        return replace(newest, message=f"subject {number}\x1b[2J", recorded_at=at)

    first, second, digits = twins(other)
    put(project, first, second)
    answer = project.obs("show", digits)
    assert_error(answer, 2, digits)
    for one in (first, second):
        assert isinstance(one, Manifest)
        assert one.message is not None
        for word in (object_id(one).hex[:16], "manifest", one.recorded_at, one.message.partition("\x1b")[0]):
            assert word in answer.err


def test_an_ambiguous_run_id(project: Project) -> None:
    for name in ("a", "b"):
        assert project.obs("record", "--no-git", "--run-id", "twice", "--param", f"x={name}").code == 0
    project.assert_refused(("show", "run:twice"), 2, "AMBIGUOUS_REVISION", "run:twice", "manifest")


# -------------------------------------------------------------------------------------------- tags


@pytest.mark.parametrize(
    "name",
    [
        *(
            "",
            " ",
            "../x",
            "../../HEAD",
            "a/b",
            "/x",
            ".x",
            "a..b",
            "x.lock",
            "1a",
            "-",
            "a b",
            "a\nb",
            "a:b",
        ),
        *("a~1", "dead", "DEADBEEF", "face1234", "f" * 64, "HEAD", "run", "blake3", "sha256", "é", "\x1b[2J"),
        *("x" * 101, "\udcff", "a\x00"),
    ],
)
def test_a_name_that_no_tag_may_have(name: str, template: Project) -> None:
    for arguments in (("tag", "--", name), ("tag", "-d", "--", name)):
        template.assert_refused(arguments, 2, "USAGE", "cannot be a tag")


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("base",), "USAGE", ["'base'", "there already", "obs tag -d base"]),
        (("-d", "none"), "UNKNOWN_REVISION", ["'none'"]),
        (("-d",), "USAGE", ["--delete"]),
        (("-d", "base", "HEAD"), "USAGE", ["--delete"]),
        (("new", "HEAD:model"), "UNKNOWN_REVISION", ["HEAD:model"]),
        (("a", "HEAD", "b"), "USAGE", ["b"]),
    ],
)
def test_a_tag_that_cannot_be(
    arguments: tuple[str, ...], code: str, words: list[str], template: Project
) -> None:
    template.assert_refused(("tag", *arguments), 2, code, *words)


def test_a_tag_on_what_is_no_manifest(template: Project) -> None:
    model = template.objects()["model"]
    template.assert_refused(("tag", "new", model), 2, "UNKNOWN_REVISION", model[:12], "file")


# -------------------------------------------------------------------------------------------- arguments

M = ("--model", "model.pkl")
USAGE_ERRORS: list[tuple[tuple[str, ...], list[str]]] = [
    (("record",), ["nothing to record"]),
    (("record", "--label", "y"), ["nothing to record"]),
    (("record", *M, "--keep-data", "--no-keep"), ["--keep-data", "--no-keep"]),
    (("record", *M, "--param", "a=1", "--param", "a=1"), ["'a'", "twice"]),
    (("record", *M, "--params", "params.json", "--param", "seed=2"), ["'seed'", "twice"]),
    (("record", *M, "--param", "a"), ["'a' is not K=V"]),
    (("record", *M, "--param", "=1"), ["'=1' is not K=V"]),
    (("record", *M, "--param", ""), ["'' is not K=V"]),
    (("record", *M, "--param", "a=\udcff"), ["UTF-8"]),
    (("record", *M, "--jobs", "0"), ["--jobs", "0"]),
    (("record", *M, "--jobs", "-1"), ["--jobs", "-1"]),
    (("record", *M, "--jobs", "many"), ["--jobs", "many"]),
    (("record", *M, "--status", "maybe"), ["--status", "maybe", "cancelled"]),
    (("record", *M, "-m", ""), ["message is empty"]),
    (("record", *M, "-m", "\udcff"), ["message", "UTF-8"]),
    (("record", *M, "-m", "x" * 65537), ["message", "65537", "65536"]),
    (("record", *M, "--run-id", ""), ["run id is empty"]),
    (("record", *M, "--run-id", "x" * 4097), ["run id", "4097", "4096"]),
    (("record", *M, "--run-id", "\udcff"), ["run id", "UTF-8"]),
    (("record", "--data", "data.csv", "--label", "x" * 4097), ["label", "4097", "4096"]),
    (("record", "--data", "data.csv", "--label", "\udcff"), ["label", "UTF-8"]),
    (("record", "--data", "data.csv", "--data", "params.json"), ["params.json", "second", "--data train="]),
    (("record", "--data", "a=data.csv", "--data", "a=params.json"), ["'a'", "data.csv", "params.json"]),
    (("record", "--data", "a=data.csv", "--artifact", "a=model.pkl"), ["'a'", "data.csv", "model.pkl"]),
    (("record", *M, "--artifact", "model=params.json"), ["'model'", "model.pkl", "params.json"]),
    (("record", "--artifact", "params.json", "--artifact", "./params.json"), ["'params_json'", "ROLE=PATH"]),
    (("record", "--data", "metrics=data.csv"), ["'metrics'"]),
    (("record", "--data", "record=data.csv"), ["'record'"]),
    (("record", "--artifact", "params=model.pkl"), ["'params'"]),
    (("record", *M, "--nonsense"), ["--nonsense"]),
    (("record", "--model"), ["--model"]),
    (("record", "a", "b"), ["b"]),
    (("log", "-n", "-1"), ["-n", "-1"]),
    (("log", "-n", "x"), ["-n", "x"]),
    (("log", "-n", "1.5"), ["-n", "1.5"]),
    (("log", "--since", "yesterday"), ["--since", "yesterday"]),
    (("log", "--until", ""), ["--until"]),
    (("log", "--until", "2026-02-30"), ["--until", "2026-02-30"]),
    (("log", "--format", "{nonsense}"), ["nonsense"]),
    (("log", "--format", "{"), ["{"]),
    (("log", "extra"), ["extra"]),
    (("show", "HEAD", "HEAD"), ["HEAD", "second"]),
    (("verify", "model.pkl", "data.csv"), ["data.csv"]),
    (("verify", "--check-data"), ["--check-data", "file"]),
    (("verify", "--against", "0" * 64), ["--against", "file"]),
    (("verify", "model.pkl", "--against", "base"), ["'base'", "64 hex digits"]),
    (("verify", "model.pkl", "--against", "HEAD"), ["'HEAD'", "64 hex digits"]),
    (("verify", "model.pkl", "--against", "0" * 63), ["64 hex digits"]),
    (("verify", "model.pkl", "--against", ""), ["64 hex digits"]),
    (("verify", "model.pkl", "--against", "data.csv"), ["data.csv", "no checkpoint"]),
    (("cat",), ["REV:ROLE"]),
    (("cat", "HEAD:model", "HEAD:model"), ["HEAD:model"]),
    (("restore", "HEAD:model"), ["--output"]),
    (("restore", "-o", "new"), ["REV:ROLE"]),
    (("status", "model.pkl"), ["model.pkl"]),
    (("fsck", "model.pkl"), ["model.pkl"]),
    (("init", "none/at/all"), ["none/at/all"]),
    (("init", "model.pkl"), ["model.pkl"]),
    (("init", ""), ["an empty path"]),
]


@pytest.mark.parametrize(
    ("arguments", "words"),
    USAGE_ERRORS,
    ids=[" ".join(a)[:60].encode("unicode_escape").decode() for a, _ in USAGE_ERRORS],
)
def test_arguments_that_cannot_be_used(
    arguments: tuple[str, ...], words: list[str], template: Project
) -> None:
    before = template.head
    assert_error(template.obs(*arguments), 2, *words)
    as_json = template.obs(*arguments, "--json")
    assert (as_json.code, as_json.out) == (2, "")
    if arguments[-1] != "--model":  # `--model --json` has a value
        assert json.loads(as_json.err)["error"]["message"]
    assert template.head == before
    template.assert_sound()


EMPTY = [
    ("record", "--model", ""),
    ("record", "--data", ""),
    ("record", "--artifact", ""),
    ("record", "--artifact", "plot="),
    ("record", "--metrics", ""),
    ("record", "--params", ""),
    ("record", "--model", "model.pkl", "--metrics", ""),
    ("record", "--model", "model.pkl", "--params", ""),
    ("record", "--model", "model.pkl", "--python", ""),
    ("record", ""),
    ("verify", ""),
    ("show", "--", ""),
    ("log", "--data", ""),
    ("log", "--model", ""),
    ("restore", "HEAD:model", "-o", ""),
]


@pytest.mark.parametrize("arguments", EMPTY, ids=[" ".join(repr(word) for word in words) for words in EMPTY])
def test_an_empty_path_is_a_mistake_that_is_named(arguments: tuple[str, ...], template: Project) -> None:
    around = sorted(os.listdir(template.home.parent))
    template.assert_refused(arguments, 2, "USAGE", "an empty path")
    assert sorted(os.listdir(template.home.parent)) == around


@pytest.mark.parametrize(
    "text",
    [
        *("", "now", "yesterday", "2026", "2026-01-01", "2026-13-01T00:00:00Z", "2026-02-30T00:00:00Z"),
        *("2026-01-01T24:00:00Z", "2026-01-01T00:00:60Z", "2026-01-01T00:00:00", "0000-01-01T00:00:00Z"),
        *(
            "10000-01-01T00:00:00Z",
            "-1",
            "1767225600",
            "2026-01-01T00:00:00+99:00",
            "0001-01-01T00:00:00+23:59",
        ),
        *("2026-01-01T00:00:00Z\n", "２０２６-01-01T00:00:00Z", "\x1b[2J", "\udcff", "9" * 5000),
    ],
)
def test_a_timestamp_that_is_none(text: str, template: Project) -> None:
    template.assert_refused(("record", *M, f"--timestamp={text}"), 2, "USAGE")


@pytest.mark.parametrize(
    "text", ["", "now", "1.5", "1e9", " 1", "99999999999999999999", "-99999999999999", "１"]
)
def test_a_source_date_epoch_that_is_none(text: str, template: Project) -> None:
    answer = template.obs("record", *M, variables={"SOURCE_DATE_EPOCH": text})
    assert_error(answer, 2, "SOURCE_DATE_EPOCH", "hint: ")


def link_to_itself(path: Path) -> None:
    path.symlink_to(path.name)


def writes(data: bytes) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        path.write_bytes(data)

    return write


CONFIGURATIONS: dict[str, tuple[Callable[[Path], None], int]] = {
    "no-toml": (writes(b"model = "), 2),
    "no-utf8": (writes(b"model = '\xff'"), 2),
    "nul": (writes(b"\0"), 2),
    "unknown-key": (writes(b"modle = 'x'"), 2),
    "escapes-in-a-key": (writes(b'"\\u001b[2J" = 1'), 2),
    "newline-in-a-key": (writes(b'"a\\nb" = 1'), 2),
    "type": (writes(b"model = 3"), 2),
    "flag": (writes(b"keep-data = 'yes'"), 2),
    "jobs": (writes(b"jobs = 'many'"), 2),
    "negative-jobs": (writes(b"jobs = -1"), 2),
    "status": (writes(b"status = 'x'"), 2),
    "json": (writes(b"json = true"), 2),
    "list-of-numbers": (writes(b"data = [1]"), 2),
    "missing-file": (writes(b"model = 'none'"), 2),
    "empty-path": (writes(b"model = ''"), 2),
    "large": (writes(b"#" * (1 << 20) + b"\n"), 2),
    "deep": (writes(b"a = " + b"[" * 100_000), 2),
    "dotted": (writes(b"a." * 50_000 + b"a = 1"), 2),
    "huge-number": (writes(b"jobs = " + b"9" * 5000), 2),
    "folder": (empty_folder, 2),
    "fifo": (fifo, 2),
    "device": (device, 2),
    "loop": (link_to_itself, 4),
}


@pytest.mark.parametrize(("make", "code"), CONFIGURATIONS.values(), ids=CONFIGURATIONS.keys())
def test_a_configuration_that_is_none(
    make: Callable[[Path], None], code: int, project: Project, request: pytest.FixtureRequest
) -> None:
    make(project.home / "obs.toml")
    answer = project.obs("record", "--data", "data.csv")
    assert_error(answer, code, "none" if "missing-file" in request.node.name else "obs.toml")
    project.assert_sound()
    assert project.obs("record", "--help").code == 0


def test_a_configuration_that_is_none_does_not_hinder_reading(project: Project) -> None:
    (project.home / "obs.toml").write_text("model = ")
    for arguments in (
        ("log",),
        ("show",),
        ("verify", "model.pkl"),
        ("fsck",),
        ("tag",),
        ("cat", "HEAD:model"),
    ):
        assert project.obs(*arguments).code in (0, 1)


# -------------------------------------------------------------------------- odd, and right all the same


def test_the_model_is_the_data(project: Project) -> None:
    """A file that equals a dataset is not kept: datasets are not, unless that is asked for."""
    done = project.json("record", "--data", "data.csv", "--model", "data.csv")
    assert done["datasets"][0]["blake3"] == done["artifacts"][0]["blake3"]
    assert not project.object_path(done["datasets"][0]["blake3"], "blobs").exists()
    assert_error(project.obs("cat", "HEAD:model"), 5, "HEAD:model", "not kept")
    project.assert_refused(
        ("restore", "HEAD:model", "-o", "new"), 5, "CONTENT_ABSENT", "HEAD:model", "not kept"
    )
    project.assert_sound()


def test_a_path_out_of_the_project_is_stored_by_its_last_name(project: Project) -> None:
    (project.home.parent / "outside.csv").write_text("x,y\n1,2\n")
    (project.home / "sub").mkdir()
    answer = obs("record", "--json", "--data", "../../outside.csv", "--label", "y", cwd=project.home / "sub")
    assert answer.code == 0
    shown = project.json("show")["datasets"][0]
    assert (shown["path"], shown["outside"], shown["name"]) == ("outside.csv", True, "outside.csv")
    secret = os.fsencode(project.home.parent.name)
    for path in (project.store / "objects").rglob("*"):
        assert path.is_dir() or secret not in path.read_bytes()
    project.assert_sound()


def test_the_same_words_mean_a_file_after_two_dashes(project: Project) -> None:
    (project.home / "HEAD").write_bytes(b"a file of this name")
    assert project.json("show", "HEAD")["kind"] == "manifest"
    project.assert_refused(("show", "--", "HEAD"), 1, "NOT_RECORDED", "HEAD")
    assert project.obs("verify", "HEAD").code == 1


@pytest.mark.parametrize("times", [1, 2])
def test_the_same_run_again_adds_nothing(times: int, project: Project) -> None:
    assert project.record().code == 0
    for _ in range(times):
        project.assert_untouched_by(project.record)


@pytest.mark.parametrize(
    ("target", "code", "words"),
    [
        ("model.pkl", "FILE_EXISTS", ["model.pkl", "--force"]),
        ("link", "FILE_EXISTS", ["link", "--force"]),
        ("fifo", "FILE_EXISTS", ["fifo", "--force"]),
        (".", "WRONG_FILE_TYPE", ["folder"]),
        ("..", "WRONG_FILE_TYPE", ["folder"]),
        (".obs", "WRONG_FILE_TYPE", ["folder"]),
    ],
)
def test_a_place_that_is_taken(target: str, code: str, words: list[str], project: Project) -> None:
    (project.home / "link").symlink_to("nowhere")
    os.mkfifo(project.home / "fifo")
    project.assert_refused(("restore", "HEAD:model", "-o", target), 2, code, *words)
    if code == "WRONG_FILE_TYPE":
        project.assert_refused(("restore", "HEAD:model", "--force", "-o", target), 2, code, *words)


@pytest.mark.parametrize("target", ["none/new", "model.pkl/new", "n" * 256])
def test_a_place_that_cannot_be(target: str, project: Project) -> None:
    before = sorted(os.listdir(project.home))
    answer = project.obs("restore", "HEAD:model", "-o", target)
    assert answer.code in (2, 4)
    assert_error(answer, answer.code, target.split("/", maxsplit=1)[0])
    assert sorted(os.listdir(project.home)) == before


# -------------------------------------------------------------------------- odd surroundings

SURROUNDINGS: dict[str, dict[str, str]] = {
    "c-locale": {"LC_ALL": "C"},
    "ascii": {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
    "latin-1": {"PYTHONIOENCODING": "latin-1"},
    "unknown-locale": {"LC_ALL": "xx_YY.none"},
    "one-column": {"COLUMNS": "1", "LINES": "1"},
    "columns-that-are-none": {"COLUMNS": "x"},
    "no-columns": {"COLUMNS": "-5"},
    "dumb": {"TERM": "dumb"},
    "no-home": {"HOME": ""},
    "odd-pager": {"OBS_PAGER": "none 'at"},
}


@pytest.mark.parametrize("variables", SURROUNDINGS.values(), ids=SURROUNDINGS.keys())
def test_odd_surroundings_change_nothing(variables: dict[str, str], project: Project) -> None:
    name = "größe\x1b.csv"
    (project.home / name).write_text("x,größe\n1,2\n", encoding="utf-8")
    label = () if "PYTHONUTF8" in variables else ("--label", "größe")
    arguments = ("record", "--no-git", "--data", name, *label, "--param", "x=1")
    done = project.process(*arguments, variables=variables)
    assert (done.code, done.err) == (0, "")
    assert "\x1b" not in done.out
    for words in (("log",), ("show",), ("record", "--help")):
        answer = project.process(*words, variables=variables)
        assert (answer.code, answer.err) == (0, "")
        assert "\x1b" not in answer.out
    assert project.json("show")["datasets"][0]["name"] == name
    project.assert_sound()


def test_without_any_variables(project: Project) -> None:
    before = "path = os.environ['PYTHONPATH']\nos.environ.clear()\nos.environ['PYTHONPATH'] = path"
    for arguments in (("record", *M), ("log",), ("status",), ("fsck",)):
        answer = project.process(*arguments, before=before)
        assert answer.code in (0, 1)
        assert answer.err == ""


@each_command
def test_a_folder_that_is_gone(arguments: tuple[str, ...], tmp_path: Path) -> None:
    before = "os.mkdir('gone')\nos.chdir('gone')\nos.rmdir('../gone')"
    answer = process(*arguments, cwd=tmp_path, before=before)
    assert_error(answer, 4, "the current folder")


@pytest.fixture
def large_log(project: Project) -> Project:
    (project.home / "model.pkl").write_bytes(os.urandom(300_000))
    assert project.record("-m", "x" * 60_000).code == 0
    return project


PRINTING = [
    ("log",),
    ("log", "--json"),
    ("log", "--oneline"),
    ("show",),
    ("show", "--raw"),
    ("verify",),
    ("verify", "model.pkl"),
    ("cat", "HEAD:model"),
    ("tag",),
    ("status",),
    ("fsck",),
    ("restore", "HEAD:model", "-o", "again"),
    ("record", "--no-git", "--param", "a=1"),
]


def test_raw_bytes_or_json(template: Project) -> None:
    answer = template.obs("show", "--raw", "--json")
    assert (answer.code, answer.out) == (2, "")
    assert "--raw" in json.loads(answer.err)["error"]["message"]


@pytest.mark.parametrize("arguments", PRINTING, ids=" ".join)
def test_nobody_reads_the_output(arguments: tuple[str, ...], large_log: Project) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    answer = process(*arguments, cwd=large_log.home, stdout=writer)
    os.close(writer)
    assert (answer.code, answer.err) == (141, "")
    large_log.assert_sound()
    if arguments[0] == "record":
        assert large_log.json("show")["params"] == {"a": 1}
    if arguments[0] == "restore":
        assert (large_log.home / "again").stat().st_size == 300_000


@pytest.mark.parametrize("arguments", PRINTING, ids=" ".join)
def test_standard_output_is_closed(arguments: tuple[str, ...], large_log: Project) -> None:
    answer = process(*arguments, cwd=large_log.home, before="os.close(1)")
    if "--json" not in arguments:
        assert_error(answer, 4, "standard output", "Bad file descriptor")
    assert (answer.code, "Traceback" in answer.err) == (4, False)
    large_log.assert_sound()


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full")
@pytest.mark.parametrize("arguments", PRINTING, ids=" ".join)
def test_standard_output_is_a_full_disk(arguments: tuple[str, ...], large_log: Project) -> None:
    with open("/dev/full", "wb") as full:
        answer = process(*arguments, cwd=large_log.home, stdout=full)
    if "--json" not in arguments:
        assert_error(answer, 4, "standard output", "No space left")
    assert (answer.code, "Traceback" in answer.err) == (4, False)
    large_log.assert_sound()


def test_a_shell_pipe_that_takes_one_line(large_log: Project) -> None:
    line = f"{' '.join(command())} log | head -1; echo ${{PIPESTATUS[0]}}"
    answer = subprocess.run(
        ["bash", "-c", line],
        cwd=large_log.home,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.stderr == ""
    first, code = answer.stdout.splitlines()
    assert first.startswith("manifest ")
    assert code in ("0", "141")


@pytest.mark.parametrize("closing", ["os.close(2)", "os.close(0); os.close(1); os.close(2)"])
def test_nobody_hears_an_error(closing: str, project: Project) -> None:
    before = project.head
    answer = process("record", "--model", "none", cwd=project.home, before=closing)
    assert answer == Answer(code=2, out="", err="")
    answer = process("show", "nothing", cwd=project.home, before=closing)
    assert answer == Answer(code=2, out="", err="")
    assert project.head == before
    project.assert_sound()
