"""Surveys and the agreement hold what the rest of the program relies on."""

from __future__ import annotations

import math
import re
import shutil
from pathlib import Path

import pytest

from domain.agreement import Particulars, particulars_of
from domain.definition import Delivery, Mode
from domain.lifecycle import ENDINGS
from domain.pair import EndReason, Step
from domain.people import Role
from domain.problems import BadInput
from domain.sections import AgreementSection, Leader
from domain.surveys import ItemKind
from store.content import Content
from tests.portal.scene import DEFINITION
from tests.shipped import CONTENT

ROOT = Path(__file__).parents[2]

PARTICULARS = Particulars(
    program="Looking Up",
    organisation="Example Ltd",
    coordinator="Cora",
    safety="Sam",
    sessions=5,
    minutes=45,
    delivery="hybrid",
    leader="mentor",
    reply_within=48,
)


def test_the_final_survey_holds_what_the_metrics_are_made_of() -> None:
    items = {item.id: item for item in CONTENT.survey("final").items}
    assert (items["recommendation"].low, items["recommendation"].high) == (0, 10)
    for scale in ("satisfaction", "learned"):
        assert (items[scale].low, items[scale].high) == (1, 5)
    assert items["best_part"].kind is items["to_improve"].kind is ItemKind.TEXT
    assert any(item.reversed for item in items.values())


@pytest.mark.parametrize("language", ["en", "de"])
def test_change_is_measured_by_the_same_questions_before_after_and_later(language: str) -> None:
    content = Content(ROOT / "content", language)
    before, after, later = (
        {item.id: item for item in content.survey(name).items}
        for name in ("baseline", "final", "follow_up")
    )
    for scale in ("speaks_up", "far_apart"):
        assert before[scale] == after[scale] == later[scale]
    confidence = after["confidence"]
    assert confidence == later["confidence"]
    assert before["confidence"].text_mentor == confidence.text_mentor
    assert before["confidence"].subscale == confidence.subscale


def test_the_pulse_is_two_clicks() -> None:
    items = CONTENT.survey("pulse").items
    assert [item.id for item in items if item.required] == ["going_well", "useful"]


SECONDS = {ItemKind.SCALE: 7.5, ItemKind.CHOICE: 10, ItemKind.TEXT: 25}
"""What a question takes: our own estimate. A question that stands alone takes some ten seconds in
an online panel, and one of several alike less (Pew Research Center, “How we keep our online surveys
from running too long”, December 2022)."""

WORDS_A_SECOND = 4
"""How fast people read what stands above the questions."""


@pytest.mark.parametrize("language", CONTENT.languages)
@pytest.mark.parametrize("survey", CONTENT.survey_ids)
def test_a_survey_takes_less_than_three_minutes_and_as_long_as_it_says(
    survey: str, language: str
) -> None:
    asked = CONTENT.in_language(language).survey(survey)
    reading = len(asked.intro.split()) / WORDS_A_SECOND
    seconds = max(reading + sum(SECONDS[i.kind] for i in asked.items_for(role)) for role in Role)
    assert seconds < 180
    assert asked.minutes == math.ceil(seconds / 60)


@pytest.mark.parametrize("survey", CONTENT.survey_ids)
def test_a_survey_says_where_it_comes_from_and_what_its_subscales_are(survey: str) -> None:
    asked = CONTENT.survey(survey)
    assert asked.source
    assert asked.licence
    assert asked.scales == asked.scales[: len(asked.subscales)], "a subscale has no title"


@pytest.mark.parametrize("survey", CONTENT.survey_ids)
def test_a_reversed_item_shares_its_subscale_with_one_that_is_not(survey: str) -> None:
    items = CONTENT.survey(survey).items
    for item in items:
        if item.reversed:
            assert [i for i in items if i.subscale == item.subscale and not i.reversed]


def test_the_agreement_speaks_of_all_that_a_pair_should_settle() -> None:
    agreement = CONTENT.agreement()
    text = CONTENT.agreement_text(PARTICULARS)
    for heading in (
        "What we talk about",
        "What stays between us",
        "How we meet",
        "How we reach each other",
        "Being on time, and calling off",
        "Notes and recordings",
        "How it ends",
        "When we want to change something",
    ):
        assert f"## {heading}\n" in text
    for limit in ("**Harm.**", "**The law.**", "safeguarding.**", "**Wrongdoing.**"):
        assert limit in text
    assert agreement.choices.version == agreement.version


def test_the_agreement_says_what_the_program_decides() -> None:
    text = CONTENT.agreement_text(PARTICULARS)
    assert "5 sessions of 45 minutes" in text
    assert "answers within 48 hours" in text
    assert "“Looking Up”" in text
    assert "the person to turn to is Sam" in text
    free = CONTENT.agreement_text(PARTICULARS.model_copy(update={"reply_within": None}))
    assert "within a few working days" in free
    assert "None" not in free


@pytest.mark.parametrize(
    ("leader", "says"),
    [
        ("mentor", "The mentor leads: prepares the session"),
        ("mentee", "The mentee leads: prepares the session"),
        ("alternating", "We take turns at leading"),
        ("both", "Each session has two halves"),
    ],
)
def test_the_agreement_says_who_leads(leader: str, says: str) -> None:
    texts = {
        who: CONTENT.agreement_text(PARTICULARS.model_copy(update={"leader": who}))
        for who in ("mentor", "mentee", "alternating", "both")
    }
    assert [who for who, text in texts.items() if says in text] == [leader]


@pytest.mark.parametrize(
    ("delivery", "says"),
    [
        ("in_person", "We meet in person, where"),
        ("remote", "We meet by video call, each"),
        ("hybrid", "We meet in person or by video call"),
    ],
)
def test_the_agreement_says_where_the_two_meet(delivery: str, says: str) -> None:
    texts = {
        one: CONTENT.agreement_text(PARTICULARS.model_copy(update={"delivery": one}))
        for one in Delivery
    }
    assert [one for one, text in texts.items() if says in text] == [delivery]


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize("led_by", Leader)
def test_the_definition_gives_the_agreement_its_particulars(mode: Mode, led_by: Leader) -> None:
    definition = DEFINITION.model_copy(
        update={
            "program": DEFINITION.program.model_copy(update={"mode": mode}),
            "sessions": DEFINITION.sessions.model_copy(update={"led_by": led_by}),
            "agreement": AgreementSection(reply_within=48),
        }
    )
    found = particulars_of(definition, sessions=4)
    assert found.leader == ("both" if mode is Mode.MUTUAL else led_by.value)
    assert (found.sessions, found.reply_within) == (4, 48)
    assert particulars_of(definition).sessions == definition.sessions.count


def test_what_is_signed_holds_the_text_and_every_choice_in_words() -> None:
    choices = {"place": "remote", "topics_out": "*Pay*\n# and <b>bonus</b>", "notes": "none"}
    signed = CONTENT.agreement_signed(PARTICULARS, choices, Role.MENTOR)
    assert signed.startswith(f"# {CONTENT.agreement().title}\n")
    assert CONTENT.agreement_text(PARTICULARS).strip() in signed
    html = CONTENT.html(signed)
    assert "<strong>Where do we meet?</strong><br />\nBy video" in html
    assert "<p><strong>What do we want to talk about?</strong><br />\n(nothing)</p>" in html
    assert "*Pay*<br />\n# and &lt;b&gt;bonus&lt;/b&gt;</p>" in html


def test_all_languages_have_the_same_agreement_to_sign() -> None:
    english = CONTENT.agreement()
    asked = [(i.id, i.kind, i.required, [o.id for o in i.options]) for i in english.choices.items]
    for translated in (ROOT / "content").glob("*/agreement.md"):
        assert f"version: {english.version}\n" in translated.read_text(encoding="utf-8")
        items = CONTENT.in_language(translated.parent.name).agreement().choices.items
        assert [(i.id, i.kind, i.required, [o.id for o in i.options]) for i in items] == asked


def agreement_in(folder: Path, language: str, version: int, text: str) -> None:
    (folder / language).mkdir(exist_ok=True)
    head = f"---\ntitle: {language}\nversion: {version}\n---\n"
    (folder / language / "agreement.md").write_text(head + text, encoding="utf-8")
    choices = (folder / "en" / "agreement.yaml").read_text("utf-8")
    choices = re.sub(r"(?m)^version: \d+", f"version: {version}", choices)
    (folder / language / "agreement.yaml").write_text(choices, encoding="utf-8")


def test_a_translation_of_another_version_is_left_aside(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "content" / "en", tmp_path / "en")
    agreement_in(tmp_path, "en", 7, "All of it.\n")
    agreement_in(tmp_path, "fr", 7, "Tout.\n")
    assert Content(tmp_path, "fr").agreement_text(PARTICULARS) == "Tout.\n"
    agreement_in(tmp_path, "en", 8, "More than that.\n")
    french = Content(tmp_path, "fr")
    assert french.agreement_text(PARTICULARS) == "More than that.\n"
    assert french.agreement().version == french.agreement().choices.version == 8


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{{ reply_whithin }}", "'reply_whithin' is undefined"),
        ("One.\n{% if leader %}", "(line 2 after its head)"),
    ],
)
def test_an_agreement_that_can_not_be_written_is_told_when_it_is_read(
    tmp_path: Path, text: str, says: str
) -> None:
    shutil.copytree(ROOT / "content" / "en", tmp_path / "en")
    agreement_in(tmp_path, "en", 9, text)
    with pytest.raises(BadInput) as caught:
        Content(tmp_path)
    (problem,) = caught.value.problems
    assert says in str(problem)
    assert "agreement.md" in str(problem)


def test_the_words_cover_every_step_reason_and_ending() -> None:
    for step in Step:
        assert CONTENT.words(f"mail.steps.{step}")
    for reason in (*EndReason, *ENDINGS, "none"):
        assert CONTENT.words(f"mail.reasons.{reason}")


def test_an_unknown_key_is_named() -> None:
    with pytest.raises(KeyError, match=r"base\.nothing"):
        CONTENT.words("base.nothing")
