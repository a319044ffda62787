"""Every command has a page, and the pages are true: options, JSON keys and examples are those of the code."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from obs.cli.application import COMMANDS
from pages import PAGES, ROOT, Shell, command_of, commands, option_names, pattern, sections, up_to_date

DOCUMENTS = sorted(path.relative_to(ROOT) for path in (ROOT / "docs").rglob("*.md"))
LINKING = [Path("CONTRIBUTING.md"), *DOCUMENTS]
SECTIONS = ["NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "JSON KEYS", "EXIT STATUS", "EXAMPLES"]
ADR_SECTIONS = ["Context", "Options", "Decision", "Consequences"]
DECISIONS = sorted((ROOT / "docs" / "adr").glob("0*.md"))

a_page = pytest.mark.parametrize("name", list(COMMANDS))


def page(name: str) -> str:
    return (PAGES / f"{name}.md").read_text("utf-8")


@a_page
def test_every_command_has_a_page_with_all_sections(name: str) -> None:
    found = sections(page(name))
    assert list(found) == SECTIONS
    assert all(text.strip() for text in found.values())
    assert found["NAME"].strip() == f"obs {name}: {COMMANDS[name]}"


def test_no_page_is_about_another_command() -> None:
    assert {path.stem for path in PAGES.glob("*.md")} == {"README", *COMMANDS}


@pytest.mark.parametrize("name", ["README", *COMMANDS])
def test_the_lists_are_what_the_code_says(name: str) -> None:
    text = page(name)
    assert "<!-- options: begin -->" in text
    assert text == up_to_date(PAGES / f"{name}.md", text), "make pages writes it anew"


@a_page
def test_the_synopsis_names_options_that_are_there(name: str) -> None:
    synopsis = sections(page(name))["SYNOPSIS"]
    used = set(re.findall(r"(?<![\w-])--?[a-z][a-z0-9-]*", synopsis))
    assert used <= option_names(command_of(PAGES / f"{name}.md"))
    assert re.search(rf"^    obs {name}\b", synopsis, re.MULTILINE)


@a_page
def test_the_examples_print_what_the_page_says(name: str, tmp_path: Path) -> None:
    examples = sections(page(name))["EXAMPLES"]
    assert any(command.startswith(f"obs {name}") for command, _ in commands(examples))
    assert Shell(tmp_path).tour(examples) >= 2


# ------------------------------------------------------------------------------------- the JSON keys
# A line of the section that is nothing but `code` is a command. Each table after it tells the keys of its
# answer: of the whole (`| key |`), or of what a path leads to (`| key of files[] |`).


def tables(text: str) -> Iterator[tuple[str, str, set[str]]]:
    """Every table: the command before it, the path in its heading (empty: the whole), and its keys."""
    command, lines = "", iter(text.splitlines())
    for line in lines:
        if said := re.fullmatch(r"`([^`]+)`", line):
            command = said[1]
        if heading := re.match(r"\| key(?: of `([^`]+)`)? \|", line):
            next(lines)
            keys: set[str] = set()
            for row in lines:
                if not row.startswith("|"):
                    break
                keys.update(re.findall(r"`([^`]+)`", row.split("|")[1]))
            yield command, heading[1] or "", keys


def follow(document: Any, path: str) -> Any:
    """What `runs[].datasets[]` leads to: of each list its first entry."""
    for part in path.split(".") if path else ():
        document = document[part.removesuffix("[]")]
        if part.endswith("[]"):
            document = document[0]
    return document


@a_page
def test_the_json_keys_are_those_that_the_page_says(name: str, tmp_path: Path) -> None:
    shell = Shell(tmp_path)
    answers: dict[str, Any] = {}
    for command, path, keys in tables(sections(page(name))["JSON KEYS"]):
        if command not in answers:
            answers[command] = json.loads(shell.run(command).stdout)
            assert answers[command].pop("schema_version") == 1
        assert set(follow(answers[command], path)) == keys, f"{command}: {path}"
    assert answers or name == "cat"  # whose answer is the bytes


# ----------------------------------------------------------------------------------- all documents


def anchors(path: Path) -> set[str]:
    """What `#…` may name in a document, as GitHub makes it of the headings."""
    headings = re.findall(r"^#+ (.+)$", path.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", LINKING, ids=str)
def test_links_lead_somewhere(document: Path) -> None:
    path = ROOT / document
    for link in re.findall(r"\]\(([^)\s]+)\)", path.read_text("utf-8")):
        if not re.match(r"[a-z]+:", link):
            name, _, anchor = link.partition("#")
            target = path.parent / name if name else path
            assert target.exists(), link
            assert not anchor or anchor in anchors(target), link


def test_every_document_is_in_the_index() -> None:
    index = (ROOT / "docs" / "README.md").read_text("utf-8")
    for document in DOCUMENTS:
        name = document.relative_to("docs").as_posix()
        assert name in ("README.md", "cli/README.md") or f"]({name})" in index, name


@pytest.mark.parametrize("path", DECISIONS, ids=lambda path: path.stem)
def test_a_decision_weighs_its_options(path: Path) -> None:
    text = path.read_text("utf-8")
    assert list(sections(text)) == ADR_SECTIONS
    assert text.startswith(f"# {path.stem[:4]} ")
    options = re.split(r"^### ", sections(text)["Options"], flags=re.MULTILINE)[1:]
    assert len(options) >= 2
    for option in options:
        assert "Good, because" in option
        assert "Bad, because" in option


def test_what_is_elided_is_elided_on_one_line() -> None:
    assert re.fullmatch(pattern("head …\nend\n"), "head 12 34\nend\n")
    assert not re.fullmatch(pattern("head …\nend\n"), "head 12\n34\nend\n")
    assert not re.fullmatch(pattern("a.c\n"), "abc\n")
