"""The pages in a real browser: by keyboard alone, on a phone, without scripts, for everybody."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, expect, sync_playwright
from sqlalchemy import select

from domain.goals import Goal
from domain.journal import EventKind
from domain.languages import FALLBACK
from domain.surveys import AnswerValue
from store import answers
from store.content import Words
from store.links import COORDINATOR, Link, Purpose
from store.tables import AnswerRow, PairRow, PersonRow, ProgramRow, SessionRow
from tests import shipped
from tests.accessibility import wrongs_of
from tests.chromium import ARGUMENTS, chromium_path
from tests.content.test_survey_files import CONTENT as OURS
from tests.portal.scene import EXPIRES, PROGRAM, STARTED, Scene, make_scene

PHONE = {"width": 320, "height": 640}
"""The narrowest screen that WCAG 1.4.10 asks for."""

ENGLISH = shipped.CONTENT

HERE: dict[str, AnswerValue] = {
    "place": "in_person",
    "reach": "chat",
    "between_sessions": "any_time",
    "notice": "one_day",
    "notes": "none",
    "openness": "anybody",
}
"""What a pair may choose in its agreement."""

IN_A_WEEK = (datetime.now(UTC) + timedelta(days=7)).date().isoformat()


@dataclass
class Served:
    """An example program, and the portal that serves it."""

    scene: Scene
    base_url: str

    def url(self, purpose: Purpose, person: str = "p-mia", **about: Any) -> str:
        return self.base_url + self.scene.url(purpose, person, **about)

    def link(self, purpose: Purpose, person: str, **about: Any) -> Link:
        token = self.url(purpose, person, **about).rsplit("/", 1)[1]
        return self.scene.links.open(token, purpose)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium. Skipped without it, but not in CI."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """The portal on a free port."""
    scene = make_scene(tmp_path)
    scene.content = OURS
    config = uvicorn.Config(
        scene.app(), host="127.0.0.1", port=0, access_log=False, log_level="warning"
    )
    server = uvicorn.Server(config)
    started = threading.Event()
    startup = server.startup

    async def tell(*arguments: Any, **keywords: Any) -> None:
        await startup(*arguments, **keywords)
        started.set()

    server.startup = tell  # type: ignore[method-assign]
    thread = threading.Thread(target=server.run)
    thread.start()
    assert started.wait(20)
    port = server.servers[0].sockets[0].getsockname()[1]
    scene.links.base_url = f"http://127.0.0.1:{port}"
    yield Served(scene, scene.links.base_url)
    server.should_exit = True
    thread.join()
    scene.database.close()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A phone without scripts: whatever works here works everywhere."""
    context = chromium.new_context(viewport=PHONE, java_script_enabled=False)  # type: ignore[arg-type]
    page, said = context.new_page(), []
    page.on("console", lambda message: said.append(message.text))
    yield page
    context.close()
    assert [text for text in said if "Content Security Policy" in text] == []


WITH_PROBLEMS = (
    "agreement", "goals", "goals-review", "book", "survey-final", "survey-pulse", "help", "away",
    "continue",
)  # fmt: skip
"""Pages that ask for something before they can be sent."""

SENT_AT_ONCE = (
    "join", "approval", "introduction", "module", "session", "safety", "task", "task-paused",
)  # fmt: skip
"""Pages on which the first button is enough."""


AXE_OPTIONS: dict[Literal["light", "dark"], dict[str, Any]] = {
    "light": {},
    "dark": {"runOnly": ["color-contrast", "link-in-text-block"]},
}
"""The accessibility check in each scheme: all of it, then what hangs on colours, which are all that
differs in the dark."""

TRIED_IN_EACH_LANGUAGE = ("overview", "agreement", "survey-final", "goals")
"""Pages that pass the accessibility check in every language; in English all of them do."""

MANY_WORDS = 4
"""Shorter ones may be a part of what a page says in another language."""


def in_the_middle(served: Served) -> dict[str, str]:
    """Every page there is, of a pair in the middle of its life, by name."""
    scene = served.scene
    scene.happened(EventKind.PAIR_INTRODUCED, EventKind.PAIR_PREPARING, EventKind.PAIR_MEETING)
    scene.happened(EventKind.CHECK_IN_SENT, survey="pulse", occasion="pulse:after-session-2")
    scene.happened(EventKind.PAIR_PAUSED, pair="pair-2")
    task = {"person": COORDINATOR, "occasion": "silence:3:1"}
    with scene.database.write() as session:
        next_week = datetime.now(UTC).replace(microsecond=0) + timedelta(days=7)
        times = [next_week, next_week + timedelta(days=1)]
        proposed, booked, held = (link_of(number) for number in (1, 2, 3))
        answers.propose_times(session, proposed, times, "Café")
        answers.book_session(session, booked, next_week, "Room 5")
        answers.log_session(session, held, held=True)
        session.add(
            PairRow(
                id="pair-3",
                program_id=PROGRAM,
                cohort=0,
                mentor_id="p-mia",
                mentee_id="p-vera",
                score=4.0,
                reasons=["You both like chess."],
            )
        )
        session.flush()
        for number in (1, 2, 3):
            at = STARTED + timedelta(days=7 * number)
            session.add(SessionRow(pair_id="pair-3", number=number, booked_for=at, held_at=at))
    scene.happened(EventKind.PAIR_INTRODUCED, EventKind.PAIR_COMPLETED, pair="pair-3")
    surveys = {
        f"survey-{name}": served.url(Purpose.SURVEY, survey=name, occasion=f"{name}:x")
        for name in ENGLISH.survey_ids
    }
    return surveys | {
        "join": served.url(Purpose.JOIN, pair=None),
        "approval": approval(served),
        "introduction": served.url(Purpose.INTRODUCTION),
        "training": served.url(Purpose.GUIDE),
        "training-mentee": served.url(Purpose.GUIDE, "p-theo"),
        "module": served.url(Purpose.TRAINING, occasion="feedback"),
        "agreement": served.url(Purpose.AGREEMENT),
        **signed_and_changed(served),
        "goals": served.url(Purpose.GOALS, "p-theo"),
        "goals-review": reviewed(served),
        "book": served.url(Purpose.BOOK, session=1),
        "pick": served.url(Purpose.PICK, session=1),
        "pick-own": served.url(Purpose.PICK, "p-theo", session=1),
        "pick-none": served.url(Purpose.PICK, session=4),
        "book-booked": served.url(Purpose.BOOK, session=2),
        "cancel": served.url(Purpose.CANCEL, session=2),
        "cancel-nothing": served.url(Purpose.CANCEL, session=4),
        "session": served.url(Purpose.SESSION, session=1),
        "session-held": served.url(Purpose.SESSION, session=3),
        "group": served.url(Purpose.GROUP, pair=None, occasion="supervision:1"),
        "group-before": served.url(Purpose.GROUP, pair=None, occasion="supervision:2"),
        "overview": served.url(Purpose.OVERVIEW, pair=None),
        "help": served.url(Purpose.HELP),
        "help-without-pair": served.url(Purpose.HELP, "p-nils", pair=None),
        "safety": served.url(Purpose.SAFETY),
        "safety-without-pair": served.url(Purpose.SAFETY, "p-nils", pair=None),
        "away": served.url(Purpose.AWAY, pair=None),
        "data": served.url(Purpose.DATA, pair=None),
        "continue": served.url(Purpose.CONTINUE),
        "certificate": served.url(Purpose.CERTIFICATE, "p-vera", pair="pair-3"),
        "certificate-none": served.url(Purpose.CERTIFICATE),
        "overview-after": served.url(Purpose.OVERVIEW, "p-vera", pair=None),
        "task": served.url(Purpose.TASK, **task),
        "task-sure": served.url(Purpose.TASK, **task) + "?done=sure-close",
        "task-paused": served.url(Purpose.TASK, **{**task, "pair": "pair-2"}),
        "overview-before": served.url(Purpose.OVERVIEW, "p-nils", pair=None),
        "expired": served.url(Purpose.JOIN, pair=None, expires=STARTED),
        "unknown": f"{served.base_url}/join/nonsense",
    }


def approval(served: Served, about: str = "p-mia") -> str:
    """The page on which Mia's manager is asked about her."""
    return served.url(Purpose.APPROVAL, "p-nils", pair=None, occasion=about)


def link_of(session: int) -> Link:
    return Link(
        purpose=Purpose.BOOK,
        program=PROGRAM,
        person="p-theo",
        pair="pair-1",
        session=session,
        expires=EXPIRES,
    )


def signed_and_changed(served: Served) -> dict[str, str]:
    """The agreement of the other pair, which one has changed, and what the other signed."""
    with served.scene.database.write() as session:
        for person, choices in (("p-nils", HERE), ("p-vera", {**HERE, "topics_out": "Pay"})):
            link = served.link(Purpose.AGREEMENT, person, pair="pair-2")
            text = "# Our agreement\n\nAll that we promise.\n\n## Our choices\n\n**Where?** Here\n"
            answers.sign_agreement(session, link, 2, "en", text, choices)
            session.flush()
    changed = served.url(Purpose.AGREEMENT, "p-nils", pair="pair-2")
    waiting = served.url(Purpose.AGREEMENT, "p-vera", pair="pair-2")
    return {
        "agreement-changed": changed,
        "agreement-waiting": waiting,
        "agreement-copy": f"{changed}?done=copy-1",
    }


def reviewed(served: Served) -> str:
    """Where Vera looks at her goals again."""
    with served.scene.database.write() as session:
        link = served.link(Purpose.GOALS, "p-vera", pair="pair-2")
        goals = [Goal(number=n, text=f"Goal number {n}", rating=n) for n in (1, 2, 3)]
        answers.write_goals(session, link, goals)
    return served.url(Purpose.GOALS, "p-vera", pair="pair-2", occasion="goals:share-50")


def test_an_instrument_with_words_for_every_point_fits_on_a_phone(
    chromium: Browser, served: Served
) -> None:
    context = chromium.new_context(viewport=PHONE)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(served.url(Purpose.SURVEY, survey="statements_21", occasion="statements_21:x"))
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    heights = page.locator(".scale label").evaluate_all(
        "all => all.map(one => one.getBoundingClientRect().height)"
    )
    assert len(heights) == 21 * 7
    assert min(heights) >= 44, "too small to be hit with a thumb"
    expect(page.get_by_role("radio", name="5 Very often").first).to_be_visible()
    assert not (wrongs := wrongs_of(page)), wrongs
    context.close()


def send(page: Page) -> None:
    page.locator("main form").first.locator("button").first.click()


def test_every_page_passes_the_accessibility_check_in_light_and_dark(
    chromium: Browser, served: Served
) -> None:
    # without motion, so that no colour is looked at on its way to another
    context = chromium.new_context(viewport=PHONE, reduced_motion="reduce")  # type: ignore[arg-type]
    page = context.new_page()
    found: dict[str, list[str]] = {}
    shots = os.environ.get("SCREENSHOTS")
    """A folder to leave pictures in, to look at."""

    def check(name: str) -> None:
        page.locator("details").evaluate_all("all => all.forEach(one => one.open = true)")
        for scheme, options in AXE_OPTIONS.items():
            page.emulate_media(color_scheme=scheme)
            if wrongs := wrongs_of(page, **options):
                found[f"{name} {scheme}"] = [wrongs]
            if shots:
                page.screenshot(path=f"{shots}/{scheme}-{name}.png", full_page=True)
        overflow = page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        if overflow > 0:
            found[f"{name} width"] = [f"{overflow} px too wide"]

    for name, url in in_the_middle(served).items():
        page.goto(url)
        check(name)
        if name in WITH_PROBLEMS:
            send(page)
            expect(page.locator(".summary")).to_be_visible()
            check(f"{name}-problems")
        elif name in SENT_AT_ONCE:
            send(page)
            expect(page.locator(".done")).to_be_visible()
            check(f"{name}-done")
    context.close()
    assert found == {}


@pytest.mark.parametrize("language", [each for each in ENGLISH.languages if each != FALLBACK])
def test_pages_in_another_language_fit_on_a_phone_and_leave_nothing_in_english(
    chromium: Browser, served: Served, language: str
) -> None:
    context = chromium.new_context(viewport=PHONE, locale=language)  # type: ignore[arg-type]
    page = context.new_page()
    shots = os.environ.get("SCREENSHOTS")
    english = list(english_sentences(ENGLISH.words))
    found: dict[str, list[str]] = {}
    pages = in_the_middle(served)
    everybody_reads(served.scene, language)
    for name, url in pages.items():
        page.goto(url)
        page.locator("details").evaluate_all("all => all.forEach(one => one.open = true)")
        said = page.inner_text("body")
        found[name] = [text for text in english if text in said]
        if page.locator("html").get_attribute("lang") != language:
            found[name].append("another language")
        if page.evaluate("document.documentElement.scrollWidth") > PHONE["width"]:
            found[name].append("too wide")
        if name in TRIED_IN_EACH_LANGUAGE and (wrongs := wrongs_of(page)):
            found[name].append(wrongs)
        if shots:
            page.screenshot(path=f"{shots}/{language}-{name}.png", full_page=True)
    context.close()
    assert {name: wrong for name, wrong in found.items() if wrong} == {}


def everybody_reads(scene: Scene, language: str) -> None:
    """Make it the language of everybody and of the program."""
    with scene.database.write() as session:
        for person in session.scalars(select(PersonRow)):
            person.language = language
        program = session.get_one(ProgramRow, PROGRAM)
        described = {**program.definition["program"], "language": language}
        program.definition = {**program.definition, "program": described}


def english_sentences(words: Words) -> Iterator[str]:
    """The words of the pages that can be looked for as they are."""
    for key in sorted(words.keys()):
        try:
            text = words(key, count=2)
        except KeyError:  # it takes other values
            continue
        if len(text.split()) >= MANY_WORDS:
            yield text


def test_a_survey_is_answered_by_keyboard_alone(page: Page, served: Served) -> None:
    page.goto(served.url(Purpose.SURVEY, survey="pulse", occasion="pulse:2"))
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.locator("#f-going_well")).to_be_focused()
    page.keyboard.press("Space")
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Tab")
    page.keyboard.type("More time, please")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Thank you, Mia")
    (answer,) = served.scene.rows(AnswerRow)
    assert isinstance(answer, AnswerRow)
    assert answer.content == {"going_well": 4, "useful": 5, "note": "More time, please"}


def test_the_training_is_read_by_keyboard_alone(page: Page, served: Served) -> None:
    page.goto(served.url(Purpose.GUIDE, "p-theo"))

    def press(name: str, then: str) -> None:
        for _ in range(12):
            page.keyboard.press("Tab")
            if page.locator(":focus").inner_text() == name:
                break
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text(then)

    press("Begin: Setting goals", "Setting goals")
    press("I have read it", "1 of 3 read")
    press("Next: Saying what you need", "Saying what you need")
    press("I have read it", "2 of 3 read")
    press("Next: Being challenged", "Being challenged")
    press("I have read it", "You have read all of your training")
    press("All parts of your training", "Your training")
    expect(page.get_by_role("heading", name="3 of 3 read")).to_be_visible()


def test_a_problem_leads_to_its_field(page: Page, served: Served) -> None:
    page.goto(served.url(Purpose.SURVEY, survey="pulse", occasion="pulse:2"))
    page.get_by_role("group", name="useful").get_by_text("5", exact=False).first.click()
    send(page)
    expect(page.get_by_role("alert")).to_be_focused()
    page.get_by_role("alert").get_by_role("link").first.click()
    assert page.url.endswith("#f-going_well")
    page.keyboard.press("Space")
    expect(page.locator("#f-going_well")).to_be_checked()
    assert page.get_by_role("group", name="useful").locator("input:checked").count() == 1


def test_times_are_proposed_and_one_is_picked_by_keyboard_on_a_phone_without_scripts(
    page: Page, served: Served
) -> None:
    page.goto(served.url(Purpose.BOOK, session=1))
    first, second = (page.get_by_role("group", name=f"Time {n}") for n in (1, 2))
    first.get_by_label("Date").fill(IN_A_WEEK)
    first.get_by_label("Time").fill("10:00")
    second.get_by_label("Date").fill(IN_A_WEEK)
    second.get_by_label("Time").fill("14:30")
    page.get_by_label("Where").first.fill("https://video.example.com/" + "long-room-name-" * 8)
    page.get_by_role("button", name="Send to Theo").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("on their way to Theo")
    page.goto(served.url(Purpose.PICK, "p-theo", session=1))
    page.get_by_role("button", name="15:30 (Europe/Prague)").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Session 1 with Mia is in the diary")
    (row,) = served.scene.rows(SessionRow)
    assert isinstance(row, SessionRow)
    assert row.booked_for is not None


def test_a_session_is_booked_moved_off_and_logged_on_a_phone_without_scripts(
    page: Page, served: Served
) -> None:
    page.goto(served.url(Purpose.BOOK, session=1))
    page.get_by_text("We have agreed on a time already").click()
    agreed = page.locator("details[open]")
    agreed.get_by_label("Date").fill(IN_A_WEEK)
    agreed.get_by_label("Time").fill("14:30")
    agreed.get_by_label("Where").fill("https://video.example.com/" + "long-room-name-" * 8)
    page.get_by_role("button", name="Save the date").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Session 1 with Theo is in the diary")
    page.goto(served.url(Purpose.CANCEL, session=1))
    page.get_by_label("A word to Theo").fill("My train is late, sorry!")
    page.get_by_role("button", name="Call it off").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Session 1 is called off")
    page.goto(served.url(Purpose.SESSION, session=1))
    page.get_by_role("button", name="Yes, we met").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Session 1 is noted, thank you")
    page.get_by_label("A note for yourself").fill("Ask about the budget")
    page.get_by_role("button", name="Keep the note").click()
    expect(page.get_by_role("status").last).to_have_text("Your note is kept.")
    (row,) = served.scene.rows(SessionRow)
    assert isinstance(row, SessionRow)
    assert row.held_at is not None


def test_a_manager_says_not_at_this_time_by_keyboard_alone(page: Page, served: Served) -> None:
    page.goto(approval(served))
    expect(page.get_by_role("heading", level=1)).to_contain_text("Mia Example")
    page.locator("summary").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("We are short of people until May.")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Thank you for telling us")
    (answer,) = served.scene.rows(AnswerRow)
    assert isinstance(answer, AnswerRow)
    assert answer.content == {"agrees": False, "reason": "We are short of people until May."}


def test_two_agree_on_a_phone_without_scripts(page: Page, served: Served) -> None:
    mine, theirs = (served.url(Purpose.AGREEMENT, who) for who in ("p-mia", "p-theo"))
    page.goto(mine)
    page.get_by_label("What do we leave out?").fill("Pay")
    for choice in ("By video", "By chat", "Yes, any time", "Two days before", "Yes, for our"):
        page.locator("label", has_text=choice).click()
    page.get_by_role("group", name="May others know").get_by_text("Yes", exact=True).click()
    page.get_by_label("I agree to this, and sign it").check()
    page.get_by_role("button", name="Sign", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Thank you, you have signed")
    page.goto(theirs)
    page.get_by_text("Suggest other choices", exact=True).click()
    page.get_by_text("In person", exact=True).click()
    page.get_by_label("I agree to this, and sign it").check()
    page.get_by_role("button", name="Sign with these choices").click()
    page.goto(mine)
    expect(page.locator("dl.changes")).to_contain_text("Where do we meet?")
    page.get_by_role("button", name="I agree to this, and sign it").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You have both signed")
    page.goto(mine)
    page.get_by_role("link", name="Signed on").first.click()
    expect(page.get_by_role("article")).to_contain_text("In person")
    page.emulate_media(media="print")
    expect(page.get_by_role("article")).to_be_visible()
    expect(page.get_by_text("save it as PDF")).to_be_hidden()


def test_leaving_works_without_scripts_and_not_by_accident(page: Page, served: Served) -> None:
    served.scene.happened(EventKind.PAIR_INTRODUCED)
    page.goto(served.url(Purpose.OVERVIEW, pair=None))
    button = page.get_by_role("button", name="Leave the program")
    expect(button).to_be_hidden()
    page.get_by_text("Leave the program").first.click()
    button.click()
    expect(page.get_by_role("alert")).to_contain_text("tick this box")
    page.get_by_label("Yes, I want to leave").check()
    button.click()
    expect(page.get_by_text("You have left the program")).to_be_visible()


def test_words_of_any_length_fit_on_a_phone(page: Page, served: Served) -> None:
    long = "Donaudampfschifffahrtsgesellschaftskapitän" * 4
    page.goto(served.url(Purpose.GOALS, "p-theo"))
    page.get_by_label("Goal 1", exact=True).fill(long)
    page.get_by_role("group", name="Goal 1").get_by_text("3", exact=True).click()
    send(page)
    expect(page.get_by_text(long)).to_be_visible()
    box = page.get_by_text(long).bounding_box()
    assert box is not None
    assert box["x"] + box["width"] <= PHONE["width"]


def test_leaving_for_a_while_and_coming_back_works_by_keyboard_alone(
    page: Page, served: Served
) -> None:
    served.scene.happened(EventKind.PAIR_INTRODUCED)
    page.goto(served.url(Purpose.AWAY, pair=None))
    page.get_by_label("The day on which you are back").fill(IN_A_WEEK)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Enjoy your time away")
    page.get_by_role("link", name="Back to my messages").press("Enter")
    page.get_by_role("button", name="I’m back").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Welcome back, Mia")


def test_who_does_not_feel_safe_needs_one_button_from_any_page(page: Page, served: Served) -> None:
    page.goto(served.url(Purpose.GUIDE))
    page.get_by_role("link", name="I don’t feel safe").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("If you don’t feel safe")
    page.get_by_role("button", name="Tell Cora Example").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Thank you for telling us")


def test_the_file_of_ones_data_is_saved_by_the_button(page: Page, served: Served) -> None:
    page.goto(served.url(Purpose.DATA, pair=None))
    with page.expect_download() as saved:
        page.get_by_role("button", name="Download everything").click()
    assert saved.value.suggested_filename == "my-data.json"
    assert "Mia Example" in saved.value.path().read_text(encoding="utf-8")


@pytest.mark.parametrize("paper", ["A4", "Letter"])
@pytest.mark.parametrize("landscape", [True, False])
def test_a_certificate_is_one_page_of_any_paper(
    page: Page, served: Served, paper: str, landscape: bool
) -> None:
    url = in_the_middle(served)["certificate"]
    with served.scene.database.write() as session:
        program = session.get_one(ProgramRow, PROGRAM)
        program.title = "Leaders learn from those who will lead when they have long retired 2026"
        session.get_one(PersonRow, "p-vera").name = "Vera Maximiliane Example-Musterfrau de Souza"
    page.goto(url)
    file = page.pdf(format=paper, landscape=landscape, print_background=True)
    assert len(re.findall(rb"/Type\s*/Page\b", file)) == 1
