"""What the documents name is there: files, pictures, headings, commands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
import typer
from markdown_it import MarkdownIt
from markdown_it.token import Token
from typer.core import TyperGroup

from console.commands import app
from runtime.settings import PROJECT, Settings
from workflows import search_attributes

DOCUMENTS = sorted(
    [
        *PROJECT.glob("*.md"),
        *PROJECT.glob("docs/**/*.md"),
        *PROJECT.glob("examples/*/*.md"),
    ]
)
NAMES = [str(document.relative_to(PROJECT)) for document in DOCUMENTS]

_TARGET = re.compile(r"^([a-z]+):", re.MULTILINE)
_MAKE = re.compile(r"\bmake ([a-z]+)\b")
_STARTER = re.compile(r"\bstarter\.py ([a-z][a-z-]*)((?: [^\s`]+)*)")
_OPTION = re.compile(r"--[a-z-]+")
_VARIABLE = re.compile(r"`([A-Z]+(?:_[A-Z]+)+)`")
_NOT_OURS = re.compile(r"TEMPORAL_(?!UI_URL)\w+|OTEL_\w+|\w+_FILE")
"""Temporal's and OpenTelemetry's own variables, and the files that settings may stand in."""


def _tokens(document: Path) -> Iterator[Token]:
    for token in MarkdownIt("commonmark").enable("table").parse(document.read_text("utf-8")):
        yield token
        yield from token.children or ()


def _code(document: Path) -> str:
    """All that a reader may type."""
    kinds = ("fence", "code_block", "code_inline")
    return "\n".join(token.content for token in _tokens(document) if token.type in kinds)


def _places(document: Path) -> set[str]:
    """What a link into the document may name, by the rule that repository pages follow."""
    found = set()
    tokens = list(_tokens(document))
    for token, following in pairwise(tokens):
        if token.type == "heading_open":
            words = re.sub(r"[^\w\- ]", "", following.content.lower())
            found.add(words.replace(" ", "-"))
    return found


@pytest.mark.parametrize("name", NAMES)
def test_every_relative_link_and_picture_leads_somewhere(name: str) -> None:
    document = PROJECT / name
    broken = []
    for token in _tokens(document):
        link = str(token.attrGet("href") or token.attrGet("src") or "")
        if not link or link.startswith(("http://", "https://", "mailto:")):
            continue
        path, _, place = link.partition("#")
        target = (document.parent / path).resolve() if path else document
        if not target.exists() or (place and place not in _places(target)):
            broken.append(link)
    assert broken == []


@pytest.mark.parametrize("name", NAMES)
def test_every_make_target_that_is_named_exists(name: str) -> None:
    targets = set(_TARGET.findall((PROJECT / "Makefile").read_text("utf-8")))
    assert {"demo", "test"} <= targets
    assert sorted(set(_MAKE.findall(_code(PROJECT / name))) - targets) == []


@pytest.mark.parametrize("name", NAMES)
def test_every_command_and_option_of_the_starter_that_is_named_exists(name: str) -> None:
    group = typer.main.get_command(app)
    assert isinstance(group, TyperGroup)
    context = typer.Context(group)
    commands = {
        word: found
        for word in group.list_commands(context)
        if (found := group.get_command(context, word)) is not None
    }
    for command, rest in _STARTER.findall(_code(PROJECT / name)):
        assert command in commands, f"{command} is no command of starter.py"
        known = {option for parameter in commands[command].params for option in parameter.opts}
        assert set(_OPTION.findall(rest)) <= known, f"{command}{rest}"


@pytest.mark.parametrize(
    "name", ["README.md", "docs/configuration.md", "docs/operating.md", "docs/watching.md"]
)
def test_every_setting_that_is_named_exists(name: str) -> None:
    known = {field.upper() for field in Settings.model_fields}
    named = set(_VARIABLE.findall((PROJECT / name).read_text("utf-8")))
    assert sorted(v for v in named - known if not _NOT_OURS.fullmatch(v)) == []


def test_operators_are_told_of_every_search_attribute() -> None:
    text = (PROJECT / "docs" / "operating.md").read_text("utf-8")
    assert [key.name for key in search_attributes.ALL if key.name not in text] == []


def test_every_change_to_a_workflow_that_runs_may_lack_is_named_for_operators() -> None:
    code = "".join(file.read_text("utf-8") for file in (PROJECT / "workflows").glob("*.py"))
    in_code = set(re.findall(r'workflow\.patched\("([^"]+)"\)', code))
    text = (PROJECT / "docs" / "upgrading.md").read_text("utf-8")
    assert set(re.findall(r"^\| `([a-z-]+)` \|", text, re.MULTILINE)) == in_code


def test_every_decision_is_listed_and_says_context_decision_and_consequences() -> None:
    folder = PROJECT / "docs" / "decisions"
    listed = (folder / "README.md").read_text("utf-8")
    for record in sorted(folder.glob("[0-9]*.md")):
        assert f"({record.name})" in listed
        text = record.read_text("utf-8")
        for part in ("**Context.**", "**Decision.**", "**Consequences.**"):
            assert part in text, f"{record.name} lacks {part}"


def test_every_picture_is_shown_somewhere() -> None:
    texts = "".join(document.read_text("utf-8") for document in DOCUMENTS)
    pictures = (PROJECT / "docs" / "images").iterdir()
    assert sorted(p.name for p in pictures if f"images/{p.name}" not in texts) == []
