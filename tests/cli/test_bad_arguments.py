"""Revisions, tags, arguments and configurations that cannot be used: which, and why, in one sentence."""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from badinput import M, device, empty_folder, fifo
from commandline import Project, assert_error
from obs.cas.format.data import File
from obs.cas.format.frozen import replace
from obs.cas.format.ids import BlobId, ObjectId
from obs.cas.format.manifests import Manifest
from obs.cas.format.objects import Object, encode_object, object_id
from obs.cas.store.store import Store

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
