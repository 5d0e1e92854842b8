"""The training: every module can be read in one go, and each role finds what it needs."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from domain.definition import Definition, Mode
from domain.people import Role
from domain.problems import BadInput
from domain.sections import Training
from domain.training import Module, OnlyIf
from store.content import Content
from store.content_folders import SHIPPED
from tests.portal.scene import DEFINITION
from tests.shipped import CONTENT

MODULES = {module.id: module for module in CONTENT.training()}

WORDS_A_MINUTE = (100, 250)
"""How quickly people read with some thought."""


def words_of(html: str) -> list[str]:
    return re.sub(r"<[^>]+>", " ", html).split()


def definition(mode: Mode = Mode.ONE_WAY, training: Training | None = None) -> Definition:
    program = DEFINITION.program.model_copy(update={"mode": mode})
    return DEFINITION.model_copy(update={"program": program, "training": training or Training()})


def read_by(role: Role, given: Definition) -> list[str]:
    return [module.id for module in CONTENT.training_of(given, role)]


@pytest.mark.parametrize("module", MODULES.values(), ids=lambda module: module.id)
def test_a_module_is_short_and_takes_the_time_it_says(module: Module) -> None:
    words = len(words_of(module.html))
    assert 350 <= words <= 700
    slow, quick = WORDS_A_MINUTE
    assert words / quick <= module.minutes <= words / slow


@pytest.mark.parametrize("module", MODULES.values(), ids=lambda module: module.id)
def test_a_module_has_sections_something_to_say_and_something_to_try(module: Module) -> None:
    headings = re.findall(r"<h2>(.*?)</h2>", module.html)
    assert len(headings) >= 4
    assert headings[-1] == "Try it now"
    assert "<blockquote>" in module.html or module.html.count("“") >= 10
    assert "<h1" not in module.html  # the page has one
    assert "<table" not in module.html  # a phone is narrow


@pytest.mark.parametrize("module", MODULES.values(), ids=lambda module: module.id)
def test_no_paragraph_of_a_module_is_long(module: Module) -> None:
    for paragraph in re.findall(r"<p>(.*?)</p>", module.html, re.DOTALL):
        assert len(words_of(paragraph)) <= 90


def test_mentors_read_how_to_teach_and_mentees_how_to_learn() -> None:
    mentor = ["relationship", "conversation", "feedback", "teaching_senior", "boundaries"]
    mentee = ["goals", "needs", "challenge"]
    assert read_by(Role.MENTOR, definition()) == mentor
    assert read_by(Role.MENTEE, definition()) == mentee


@pytest.mark.parametrize("role", Role)
def test_privacy_is_read_by_both_where_the_topic_is_new_technology(role: Role) -> None:
    assert MODULES["privacy"].only_if is OnlyIf.NEW_TECHNOLOGY
    assert "privacy" not in read_by(role, definition())
    assert "privacy" in read_by(role, definition(training=Training(new_technology=True)))


@pytest.mark.parametrize("role", Role)
def test_in_mutual_mode_everybody_reads_both_sides(role: Role) -> None:
    everything = Training(new_technology=True)
    assert set(read_by(role, definition(Mode.MUTUAL, everything))) == set(MODULES)


def test_modules_that_are_wrong_are_all_told_at_once(tmp_path: Path) -> None:
    shutil.copytree(SHIPPED / "en", tmp_path / "en")
    training = tmp_path / "en" / "training"
    (training / "feedback.md").write_text("No head")
    (training / "needs.md").write_text("---\ntitle: Needs\nversion: 1\n---\nText\n")
    (training / "goals.md").write_text(
        "---\ntitle: Goals\nversion: 0\nminutes: 3\nroles: [mentoree]\nordr: 1\n---\nText\n"
    )
    (training / "Wrong name.md").write_text(
        "---\ntitle: x\nversion: 1\nminutes: 3\nroles: [mentor]\n---\nText\n"
    )
    with pytest.raises(BadInput) as caught:
        Content(tmp_path)
    said = "\n".join(str(problem) for problem in caught.value.problems)
    for words in (
        "feedback.md, line 1: it must begin with a head",
        "needs.md, line 1: its head lacks minutes, roles",
        "goals.md, line 1: version:",
        "goals.md, line 1: roles.0: Input should be 'mentor' or 'mentee'.",
        "goals.md, line 1: ordr: there is no such setting. Did you mean “order”?",
        "Wrong name.md, line 1: its name must be small letters, digits, “-” and “_”.",
    ):
        assert words in said
