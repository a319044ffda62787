"""obs prove, obs checkpoint, obs verify --proof: what they say without a store, and what they refuse."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any, Final

import obs as package
import pytest
import standalone_proof
from commandline import Answer, Project, assert_error, assert_readable, obs
from obs.cas.errors import BadArgument, MalformedProof
from obs.cas.format.data import Tree, TreeEntry
from obs.cas.format.ids import blob_id
from obs.cas.format.objects import object_id
from obs.cas.format.runs import Link, Run
from obs.cas.format.tlog import MAX_PROOF_BYTES, ProofFile
from obs.cas.store.store import Store
from smallruns import commit

GIB: Final = 1 << 30


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Three runs; what the first one wrote is `old.pkl`, and the files of a fourth lie there."""
    project = Project.make(tmp_path_factory.mktemp("template"))
    (project.home / "old.pkl").write_bytes(b"model 0")
    return project


@pytest.fixture
def project(template: Project, tmp_path: Path) -> Project:
    return template.copy(tmp_path / "home")


class Elsewhere:
    """A folder without a store, in which somebody has a model, a proof, and what they kept."""

    def __init__(self, folder: Path, project: Project) -> None:
        folder.mkdir()
        self.folder = folder
        self.project = project
        self.head = project.head.strip()
        (folder / "model.pkl").write_bytes(b"model 0")
        (folder / "proof").write_text(project.obs("prove", "old.pkl").out)
        (folder / "kept").write_text(project.obs("checkpoint").out)

    def obs(self, *arguments: str) -> Answer:
        return obs(*arguments, cwd=self.folder)

    def verify(self, *more: str, model: str = "model.pkl") -> Any:
        """The document, its verdict being that of the second checker."""
        answer = self.obs("verify", model, "--proof", "proof", *more, "--json")
        document = json.loads(answer.out)
        anchor: str | bytes | None = more[1] if more else None
        if isinstance(anchor, str) and len(anchor) != 64:
            anchor = (self.folder / anchor).read_bytes()
        theirs = standalone_proof.verdict(
            (self.folder / model).read_bytes(), (self.folder / "proof").read_bytes(), anchor
        )
        assert document["verdict"] == theirs
        assert standalone_proof.EXIT[theirs] == answer.code
        return document


@pytest.fixture
def elsewhere(project: Project, tmp_path: Path) -> Elsewhere:
    return Elsewhere(tmp_path / "elsewhere", project)


def ids(project: Project) -> list[str]:
    """Of the manifests, oldest first."""
    return [json.loads(line)["manifest"] for line in project.obs("log", "--json").out.splitlines()][::-1]


# ------------------------------------------------------------------ what is shown


@pytest.mark.parametrize("kind", ["checkpoint", "head", "the manifest itself"])
def test_proven_against_what_was_kept(elsewhere: Elsewhere, kind: str) -> None:
    anchors = {"checkpoint": "kept", "head": elsewhere.head, "the manifest itself": ids(elsewhere.project)[0]}
    found = elsewhere.verify("--against", anchors[kind])
    assert found["verdict"] == "PROVEN-AGAINST"
    assert found["levels"] == ["UNANCHORED-PROOF", "PROVEN-AGAINST"]
    (run,) = found["runs"]
    recorded = elsewhere.project.json("verify", "old.pkl")["runs"][0]
    assert run == recorded
    assert run["metrics"] == {"accuracy": 0.1}
    assert run["datasets"][0]["state"] == "not-checked"
    assert found["history"]["anchored_to"] == anchors[kind]
    assert found["history"]["head"] == (ids(elsewhere.project)[0] if kind[0] == "t" else elsewhere.head)
    assert not found["problems"]


def test_without_an_anchor_it_says_which_it_needs(elsewhere: Elsewhere) -> None:
    found = elsewhere.verify()
    assert (found["verdict"], found["history"]["anchored_to"]) == ("UNANCHORED-PROOF", None)
    answer = elsewhere.obs("verify", "model.pkl", "--proof", "proof")
    assert answer.code == 5
    assert elsewhere.head in answer.out
    held = json.loads(elsewhere.project.obs("checkpoint", "--json").out)
    assert (held["size"], held["root"]) == (3, found["history"]["root"])
    assert held["root"] in answer.out
    assert answer.out.endswith("UNANCHORED-PROOF\n")
    assert_readable(answer.out)


def test_another_file_is_not_recorded_and_no_damage(elsewhere: Elsewhere) -> None:
    (elsewhere.folder / "other.pkl").write_bytes(b"model 1")  # another run's
    found = elsewhere.verify("--against", "kept", model="other.pkl")
    assert (found["verdict"], found["runs"], found["problems"]) == ("NOT-RECORDED", [], [])
    answer = elsewhere.obs("verify", "other.pkl", "--proof", "proof", "--against", elsewhere.head)
    assert answer.code == 1
    assert "problem" not in answer.out


def test_every_file_of_the_run_is_proved(elsewhere: Elsewhere) -> None:
    for name, content, role in (
        ("data.csv", "x,y\n0,0\n1,1\n", "data"),
        ("metrics.json", '{"accuracy": 0.1}', "metrics"),
    ):
        (elsewhere.folder / name).write_text(content)
        found = elsewhere.verify("--against", "kept", model=name)
        assert [run["role"] for run in found["runs"]] == [role]


@pytest.mark.parametrize(
    ("changed", "verdict"),
    [
        (("example.com/log", "", ""), "ANCHOR-MISMATCH"),
        ((f"obs/{'0' * 64}", "", ""), "ANCHOR-MISMATCH"),
        (("", "", "A" * 43 + "="), "ANCHOR-MISMATCH"),
        (("", "1", ""), "ANCHOR-MISMATCH"),
        (("", "2", ""), "UNANCHORED-PROOF"),
        (("", "4", ""), "UNANCHORED-PROOF"),
    ],
    ids=["another log", "another origin", "another root", "of the manifest's own size", "older", "newer"],
)
def test_another_checkpoint(elsewhere: Elsewhere, changed: tuple[str, str, str], verdict: str) -> None:
    kept = elsewhere.folder / "kept"
    told = [new or old for new, old in zip(changed, kept.read_text().split(), strict=True)]
    kept.write_text("\n".join(told) + "\n")
    found = elsewhere.verify("--against", "kept")
    assert (found["verdict"], found["history"]["anchored_to"]) == (verdict, None)
    assert [problem["code"] for problem in found["problems"]] == ["ANCHOR_MISMATCH"] * (verdict[0] == "A")
    assert found["anchor_size"] is not None


def test_an_id_that_is_not_in_the_proof(elsewhere: Elsewhere) -> None:
    for anchor in ("0" * 64, ids(elsewhere.project)[1]):
        assert elsewhere.verify("--against", anchor)["verdict"] == "ANCHOR-MISMATCH"


def test_every_bit_of_a_kept_checkpoint(elsewhere: Elsewhere) -> None:
    """Nothing but the checkpoint that was kept proves anything."""
    kept, model = (elsewhere.folder / "kept").read_bytes(), elsewhere.folder / "model.pkl"
    proof = elsewhere.folder / "proof"
    for at in range(0, len(kept), 3):
        (elsewhere.folder / "kept").write_bytes(kept[:at] + bytes([kept[at] ^ 1]) + kept[at + 1 :])
        try:
            found = package.verify_proof(model, proof, against=str(elsewhere.folder / "kept"))
        except BadArgument:  # no checkpoint any more
            continue
        assert found.verdict in ("ANCHOR-MISMATCH", "UNANCHORED-PROOF"), at


def test_signatures_are_said_to_be_unchecked(elsewhere: Elsewhere) -> None:
    with (elsewhere.folder / "proof").open("ab") as file:
        file.write("\n— example.com/log Az3grlgtzPICa5OS8npV\n".encode())
    assert elsewhere.verify("--against", "kept")["signed"] is True
    answer = elsewhere.obs("verify", "model.pkl", "--proof", "proof", "--against", "kept")
    assert answer.code == 0
    assert "signatures in the proof were not checked" in answer.out


# ------------------------------------------------------------------ which run, which history


def test_of_a_file_the_newest_run_that_wrote_it_is_proved(project: Project) -> None:
    project.record("--run-id", "again", "--force")  # writes `model 3`, reads the fourth data
    (project.home / "read.csv").write_bytes(b"model 3")
    files = ("--data", "read.csv", "--model", "params.json")
    assert project.obs("record", "--no-git", *files, "--run-id", "reads what the last one wrote").code == 0
    assert project.json("prove", "model.pkl")["sequence"] == 3
    assert project.json("prove", "params.json")["sequence"] == 4
    assert project.json("prove", "data.csv")["sequence"] == 3
    assert project.json("prove", "HEAD")["sequence"] == 4
    assert project.json("prove")["sequence"] == 4
    assert project.json("prove", "HEAD~1:model")["sequence"] == 3
    assert project.json("prove", "run:second")["sequence"] == 1
    assert project.json("prove", "base")["sequence"] == 0


@pytest.mark.parametrize("form", ["head", "checkpoint"])
def test_at_an_older_anchor(project: Project, tmp_path: Path, form: str) -> None:
    older = Elsewhere(tmp_path / "elsewhere", project)
    assert project.record("--run-id", "fourth").code == 0
    (older.folder / "proof").write_text(project.obs("prove", "old.pkl").out)
    assert older.verify("--against", "kept")["verdict"] == "UNANCHORED-PROOF"
    kept = str(older.folder / "kept") if form == "checkpoint" else older.head
    (older.folder / "proof").write_text(project.obs("prove", "old.pkl", "--at", kept).out)
    assert older.verify("--against", "kept")["verdict"] == "PROVEN-AGAINST"
    assert older.verify("--against", older.head)["verdict"] == "PROVEN-AGAINST"
    project.assert_refused(("prove", "model.pkl", "--at", kept), 5, "BEYOND_ANCHOR", "manifest 3")
    told = json.loads(project.obs("prove", "--since", kept).out)
    assert (told["old_size"], told["size"]) == (3, 4)


@pytest.mark.parametrize("option", ["--at", "--since"])
def test_at_an_anchor_of_another_history(project: Project, option: str) -> None:
    kept = project.home / "kept"
    origin, size, root = project.obs("checkpoint").out.split()
    for text in (
        f"obs/{'0' * 64}\n{size}\n{root}\n",
        f"{origin}\n{size}\n{'A' * 43}=\n",
        f"{origin}\n9\n{root}\n",
    ):
        kept.write_text(text)
        project.assert_refused(("prove", option, "kept"), 3, "ANCHOR_MISMATCH", "kept")
    project.assert_refused(("prove", option, "0" * 64), 3, "ANCHOR_MISMATCH", "0" * 64)
    project.assert_refused(("prove", option, "base"), 2, "USAGE", "'base'")


@pytest.mark.parametrize("option", ["--at", "--since"])
def test_at_a_manifest_that_is_gone(project: Project, option: str) -> None:
    """Its child names it, so that the anchor may well be of this history."""
    assert project.record("--run-id", "later").code == 0
    assert project.obs("prove", "HEAD").code == 0  # fills the cache, by which nothing has to be walked
    gone = ids(project)[-3]
    project.object_path(gone).unlink()
    project.assert_refused(("prove", option, gone), 3, "OBJECT_MISSING", gone)


def test_with_a_report(project: Project, tmp_path: Path) -> None:
    bare, full = project.json("prove", "old.pkl"), project.json("prove", "old.pkl", "--with-report")
    assert len(full["text"]) > len(bare["text"])
    folder = Elsewhere(tmp_path / "elsewhere", project)
    (folder.folder / "proof").write_text(full["text"])
    assert folder.verify("--against", "kept")["verdict"] == "PROVEN-AGAINST"
    assert b"model 0" not in ProofFile.parse(full["text"].encode()).extra


@pytest.mark.parametrize(("count", "code"), [(4096, 0), (4097, 5)])
def test_a_single_file_of_a_large_folder_is_not_told(
    project: Project, tmp_path: Path, count: int, code: int
) -> None:
    (project.home / "one.txt").write_bytes(b"7")
    entries = tuple(
        TreeEntry(f"{number:04}", len(str(number)), blob_id(b"%d" % number)) for number in range(count)
    )
    parts = Tree.split(entries)
    tree = Tree.of(entries, tuple(map(object_id, parts)))
    run = Run(datasets=(Link(role="data", name="many", kind="tree", id=object_id(tree)),))
    with Store.open(str(project.store)) as store:
        commit(store, run, tree, *parts)
    answer = project.obs("prove", "one.txt")
    assert answer.code == code
    away = Elsewhere(tmp_path / "elsewhere", project)
    (away.folder / "proof").write_text(project.obs("prove", "HEAD").out)
    (away.folder / "one.txt").write_bytes(b"7")
    if code:
        assert_error(answer, 5, "4,096 files")
        assert_error(away.obs("verify", "one.txt", "--proof", "proof", "--against", "kept"), 5, "4,096 files")
        proof, anchor = (away.folder / "proof").read_bytes(), (away.folder / "kept").read_bytes()
        theirs = standalone_proof.verdict(b"7", proof, anchor)
        assert (theirs, standalone_proof.EXIT[theirs]) == ("NOT-TOLD", code)
    else:
        found = away.verify("--against", "kept", model="one.txt")
        assert (found["verdict"], found["runs"][0]["member"]) == ("PROVEN-AGAINST", "0007")


# ------------------------------------------------------------------ files and mistakes


def test_files_are_not_overwritten(project: Project) -> None:
    for command in (("checkpoint",), ("prove", "old.pkl")):
        (project.home / "out").write_text("mine")
        project.assert_refused((*command, "-o", "out"), 2, "FILE_EXISTS", "out")
        project.assert_refused((*command, "-o", ""), 2, "USAGE", "an empty path")
        project.assert_refused((*command, "-o", ".obs"), 2, "WRONG_FILE_TYPE", ".obs")
        project.assert_refused((*command, "-o", "no/where"), 4, "OS_REFUSED", "no")
        printed = project.obs(*command).out
        assert project.obs(*command, "-o", "out", "--force").code == 0
        assert (project.home / "out").read_text() == printed


@pytest.mark.parametrize("name", ["pipe", "link"])
def test_what_is_no_regular_file_stays(project: Project, name: str) -> None:
    """Else `-o /dev/null --force` would leave root without one."""
    os.mkfifo(project.home / "pipe")
    (project.home / "link").symlink_to("pipe")
    for arguments in (("prove",), ("checkpoint",), ("export",), ("restore", "HEAD:model")):
        assert_error(project.obs(*arguments, "-o", name, "--force"), 2, "a FIFO")
    assert stat.S_ISFIFO(os.stat(project.home / name).st_mode)
    assert (project.home / "link").is_symlink()


def test_nothing_recorded_yet(tmp_path: Path) -> None:
    assert obs("init", cwd=tmp_path).code == 0
    (tmp_path / "a").write_text("a")
    for command in (("checkpoint",), ("prove",), ("prove", "a"), ("prove", "--since", "0" * 64)):
        assert_error(obs(*command, cwd=tmp_path), 1, "nothing was recorded")


@pytest.mark.parametrize(
    ("arguments", "code", "word"),
    [
        (("prove", "--since", "0" * 64, "HEAD"), "USAGE", "--since"),
        (("prove", "--since", "0" * 64, "-o", "x"), "USAGE", "--since"),
        (("verify", "--proof", "p"), "USAGE", "name the file"),
        (("verify", "old.pkl", "--proof", "p", "--full"), "USAGE", "--full"),
        (("verify", "old.pkl", "--proof", "p", "--check-data"), "USAGE", "--check-data"),
        (("verify", "old.pkl", "--proof", "none"), "FILE_MISSING", "none"),
        (("verify", "old.pkl", "--proof", "."), "WRONG_FILE_TYPE", "a folder"),
        (("prove", "unknown"), "UNKNOWN_REVISION", "unknown"),
    ],
)
def test_usage(project: Project, arguments: tuple[str, ...], code: str, word: str) -> None:
    project.assert_refused(arguments, 2, code, word)


def test_a_file_that_was_never_recorded(project: Project) -> None:
    project.assert_refused(("prove", "model.pkl"), 1, "NOT_RECORDED", "model.pkl")


def test_a_file_that_is_not_there(elsewhere: Elsewhere) -> None:
    assert_error(elsewhere.obs("verify", "none", "--proof", "proof"), 2, "none")


def test_a_proof_that_is_none(elsewhere: Elsewhere) -> None:
    (elsewhere.folder / "proof").write_bytes(b"model 0")
    assert_error(elsewhere.obs("verify", "model.pkl", "--proof", "proof"), 3, "proof proves nothing")
    answer = elsewhere.obs("verify", "model.pkl", "--proof", "proof", "--json")
    assert json.loads(answer.err)["error"]["code"] == "PROOF_MALFORMED"


@pytest.mark.parametrize("size", [MAX_PROOF_BYTES + 1, GIB])
def test_a_proof_of_a_gigabyte_is_not_read(elsewhere: Elsewhere, size: int) -> None:
    os.truncate(elsewhere.folder / "proof", size)
    with pytest.raises(MalformedProof, match=f"more than {MAX_PROOF_BYTES} bytes"):
        package.verify_proof(elsewhere.folder / "model.pkl", elsewhere.folder / "proof")
    os.truncate(elsewhere.folder / "kept", size)
    answer = elsewhere.obs("verify", "model.pkl", "--proof", "model.pkl", "--against", "kept")
    assert_error(answer, 2, "more than 65536 bytes")


def test_a_damaged_store_proves_nothing(project: Project) -> None:
    head = json.loads(project.obs("log", "-n", "1", "--json").out)
    for what in (head["run"], head["artifacts"][0]["id"], ids(project)[-2]):
        path = project.object_path(what)
        data = path.read_bytes()
        path.chmod(0o600)
        path.write_bytes(data[:-1] + b"\x00")
        for _ in range(2):  # with and without what a first call may have cached
            answer = project.obs("prove", "HEAD")
            assert (answer.code, answer.out) == (3, ""), what
        path.write_bytes(data)
    assert project.obs("prove", "HEAD").code == 0


def test_from_python(project: Project, tmp_path: Path) -> None:
    with package.Store.open(project.home) as store:
        made, held = store.prove(project.home / "old.pkl"), store.checkpoint()
        assert store.prove(revision="base").text == made.text
    proof, kept = tmp_path / "proof", tmp_path / "kept"
    proof.write_text(made.text)
    kept.write_text(held.text)
    assert package.verify_proof(project.home / "old.pkl", proof).verdict == "UNANCHORED-PROOF"
    for against in (str(kept), held.head.hex):
        found = package.verify_proof(project.home / "old.pkl", proof, against=against)
        assert (found.verdict, found.exit_code) == ("PROVEN-AGAINST", 0)
