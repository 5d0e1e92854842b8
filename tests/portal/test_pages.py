"""Each page: opening it changes nothing, the button does, and it says what happens next."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from domain.journal import EventKind
from domain.people import Role
from domain.reaching import public_holidays
from domain.sections import CheckIn
from portal.pages import PAGES
from store import answers, journal
from store.content import SURVEYS
from store.links import COORDINATOR, Links, Purpose
from store.tables import (
    AnswerRow,
    OutboxRow,
    ParticipantRow,
    PersonRow,
    ProgramRow,
    SessionRow,
)
from tests.portal.scene import DEFINITION, EXPIRES, STARTED, Scene

IN_A_WEEK = (datetime.now(UTC) + timedelta(days=7)).date().isoformat()

ABOUT: dict[Purpose, dict[str, object]] = {
    Purpose.JOIN: {"pair": None},
    Purpose.APPROVAL: {"pair": None, "person": "p-nils", "occasion": "p-mia"},
    Purpose.BOOK: {"session": 1},
    Purpose.PICK: {"session": 1},
    Purpose.CANCEL: {"session": 1},
    Purpose.SESSION: {"session": 1},
    Purpose.SURVEY: {"survey": "pulse", "occasion": "pulse:after-session-2"},
    Purpose.OVERVIEW: {"pair": None},
    Purpose.AWAY: {"pair": None},
    Purpose.DATA: {"pair": None},
    Purpose.GROUP: {"pair": None, "occasion": "supervision:1"},
    Purpose.TASK: {"person": COORDINATOR, "occasion": "silence:3:1"},
    Purpose.TRAINING: {"occasion": "feedback"},
}
"""What a link needs beyond the pair, by purpose."""

AGREES = {
    "topics_in": "AI in our daily work",
    "topics_out": "",
    "place": "remote",
    "reach": "chat",
    "between_sessions": "any_time",
    "notice": "one_day",
    "notes": "none",
    "openness": "anybody",
    "more": "",
    "signs": "yes",
}

SENDS: dict[Purpose, dict[str, str]] = {
    Purpose.JOIN: {"joins": "no"},
    Purpose.APPROVAL: {"agrees": "no", "reason": "We are short of people."},
    Purpose.INTRODUCTION: {"accepts": "yes"},
    Purpose.TRAINING: {"read": "yes"},
    Purpose.AGREEMENT: AGREES,
    Purpose.GOALS: {"goal_1": "Read a dashboard", "rating_1": "2", "goal_2": "", "goal_3": ""},
    Purpose.BOOK: {"date": IN_A_WEEK, "time": "14:30", "place": "Room 5"},
    Purpose.PICK: {"proposal": "1", "pick": "1"},
    Purpose.CANCEL: {"booking": "0", "words": "My train is late"},
    Purpose.SESSION: {"held": "yes"},
    Purpose.SURVEY: {"going_well": "4", "useful": "5", "note": ""},
    Purpose.OVERVIEW: {"action": "withdraw", "sure": "yes"},
    Purpose.HELP: {"pair": "pair-1", "number": "1", "words": "We are stuck"},
    Purpose.SAFETY: {"pair": "pair-1", "number": "1", "words": ""},
    Purpose.AWAY: {"action": "away", "until": IN_A_WEEK},
    Purpose.CONTINUE: {"wish": "go_on"},
    Purpose.GROUP: {"came": "yes"},
    Purpose.TASK: {"action": "snooze", "days": "5"},
}
"""A good answer to every page on which there is something to send."""

OF_A_PERSON = {
    Purpose.JOIN,
    Purpose.OVERVIEW,
    Purpose.HELP,
    Purpose.SAFETY,
    Purpose.AWAY,
    Purpose.DATA,
}
"""Pages that need no pair."""


TIMES = {
    "action": "propose",
    "date_1": IN_A_WEEK,
    "time_1": "09:00",
    "date_2": IN_A_WEEK,
    "time_2": "16:30",
    "proposed_place": "Café",
}
"""Two times to choose from."""


def prepare(scene: Scene, purpose: Purpose) -> None:
    """What has to be there before a page can be sent: times to pick from, a date to call off."""
    if purpose is Purpose.PICK:
        with TestClient(scene.app()) as partner:
            partner.post(address(scene, Purpose.BOOK, person="p-theo"), data=TIMES)
    if purpose is Purpose.CANCEL:
        with TestClient(scene.app()) as partner:
            partner.post(address(scene, Purpose.BOOK, person="p-theo"), data=SENDS[Purpose.BOOK])


def address(scene: Scene, purpose: Purpose, **about: object) -> str:
    fields: dict[str, Any] = {**ABOUT.get(purpose, {}), **about}
    return scene.url(purpose, **fields)


def heading(page: str) -> str:
    match = re.search(r"<h1>(.*?)</h1>", page, re.DOTALL)
    assert match is not None
    return match[1]


def look_at(scene: Scene, survey: str, **look_if: str) -> None:
    """Have the coordinator look at answers to a survey from these on."""
    check_in = CheckIn.model_validate(
        {"survey": survey, "when": "after session 2", "look_if": look_if}
    )
    definition = DEFINITION.model_copy(update={"check_ins": (check_in,)})
    with scene.database.write() as session:
        row = session.get_one(ProgramRow, definition.program.id)
        row.definition = definition.model_dump(mode="json")


# --- What holds for every page -------------------------------------------------------------------


@pytest.mark.parametrize("purpose", Purpose)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_opening_a_page_changes_nothing(
    scene: Scene, browser: TestClient, purpose: Purpose, method: str
) -> None:
    scene.happened(EventKind.PAIR_INTRODUCED, EventKind.PAIR_PREPARING, EventKind.PAIR_MEETING)
    prepare(scene, purpose)
    before = scene.everything()
    for query in ("", "?done=1", "?done=withdraw", "?joins=yes&accepts=no&held=yes&action=help"):
        assert browser.request(method, address(scene, purpose) + query).status_code == 200
    assert scene.everything() == before


@pytest.mark.parametrize("purpose", SENDS)
def test_the_button_records_it_and_the_page_says_what_happens_next(
    scene: Scene, browser: TestClient, purpose: Purpose
) -> None:
    prepare(scene, purpose)
    before = scene.everything()
    url = address(scene, purpose)
    sent = browser.post(url, data=SENDS[purpose], follow_redirects=False)
    assert sent.status_code == 303
    assert sent.headers["location"].startswith("?done=")
    assert scene.everything() != before
    done = browser.get(url + sent.headers["location"])
    assert done.status_code == 200
    assert "done_" not in done.text
    assert 'class="next"' in done.text


@pytest.mark.parametrize("purpose", SENDS)
def test_sending_a_page_twice_records_it_once(
    scene: Scene, browser: TestClient, purpose: Purpose
) -> None:
    prepare(scene, purpose)
    url = address(scene, purpose)
    browser.post(url, data=SENDS[purpose])
    once = scene.everything()
    assert browser.post(url, data=SENDS[purpose], follow_redirects=False).status_code in (303, 410)
    assert scene.everything() == once


@pytest.mark.parametrize("purpose", Purpose)
def test_a_page_opened_after_its_time_says_so_and_does_nothing(
    scene: Scene, browser: TestClient, purpose: Purpose
) -> None:
    url = address(scene, purpose, expires=STARTED)
    before = scene.everything()
    for answer in (browser.get(url), browser.post(url, data=SENDS.get(purpose))):
        assert answer.status_code == 410
        assert "no longer valid" in heading(answer.text)
        assert "Mia" not in answer.text
        assert "Looking Up" not in answer.text
    assert scene.everything() == before


def test_the_journals_time_decides_whether_a_link_has_expired(
    scene: Scene, browser: TestClient
) -> None:
    url = address(scene, Purpose.GUIDE)
    assert browser.get(url).status_code == 200
    with scene.database.write() as session:
        from domain.journal import JournalEvent
        from store import journal

        late = JournalEvent(id="late", kind=EventKind.STAGE_ENTERED, at=EXPIRES)
        journal.append(session, DEFINITION.program.id, [late])
    assert browser.get(url).status_code == 410


@pytest.mark.parametrize("purpose", Purpose)
def test_a_token_for_one_page_opens_no_other(
    scene: Scene, browser: TestClient, purpose: Purpose
) -> None:
    token = address(scene, purpose).rsplit("/", 1)[1]
    for other in set(Purpose) - {purpose}:
        assert browser.get(f"/{other.value}/{token}").status_code == 404


def test_a_token_signed_with_a_foreign_key_opens_nothing(scene: Scene, browser: TestClient) -> None:
    foreign = Scene(scene.database, Links("http://testserver", ["other"]), scene.content)
    answer = browser.get(address(foreign, Purpose.OVERVIEW))
    assert answer.status_code == 404
    assert "Looking Up" not in answer.text


def test_a_link_into_somebody_elses_pair_opens_nothing(scene: Scene, browser: TestClient) -> None:
    assert browser.get(address(scene, Purpose.GOALS, pair="pair-2")).status_code == 404


@pytest.mark.parametrize("purpose", sorted(set(Purpose) - OF_A_PERSON))
def test_a_page_of_a_pair_needs_what_its_link_should_hold(
    scene: Scene, browser: TestClient, purpose: Purpose
) -> None:
    if purpose is Purpose.SURVEY:
        url = scene.url(purpose, survey="unknown")
    else:
        url = scene.url(purpose, pair=None, session=None, occasion=None)
    assert browser.get(url).status_code == 404


@pytest.mark.parametrize(
    "purpose",
    sorted(
        set(SENDS) - OF_A_PERSON - {Purpose.APPROVAL, Purpose.SURVEY, Purpose.GROUP, Purpose.TASK}
    ),
)
def test_nothing_can_be_sent_once_the_pair_has_ended(
    scene: Scene, browser: TestClient, purpose: Purpose
) -> None:
    scene.happened(EventKind.PAIR_INTRODUCED, EventKind.PAIR_CLOSED)
    before = scene.everything()
    answer = browser.post(address(scene, purpose), data=SENDS.get(purpose))
    assert answer.status_code == 410
    assert heading(answer.text) == "This pair has come to its end"
    assert scene.everything() == before


def test_a_survey_can_still_be_answered_once_the_pair_has_ended(
    scene: Scene, browser: TestClient
) -> None:
    scene.happened(EventKind.PAIR_INTRODUCED, EventKind.PAIR_CLOSED)
    url = scene.url(Purpose.SURVEY, survey="exit", occasion="exit:closed")
    data = {"main_reason": "time", "went_ok": "4"}
    assert "Thank you, Mia" in browser.post(url, data=data).text


def test_a_name_is_text_and_never_markup(scene: Scene, browser: TestClient) -> None:
    with scene.database.write() as session:
        session.get_one(PersonRow, "p-theo").name = "<script>alert(1)</script> & Söhne"
    page = browser.get(address(scene, Purpose.INTRODUCTION)).text
    assert "<script>" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; Söhne" in page


def test_every_purpose_has_a_page() -> None:
    assert set(PAGES) == set(Purpose)


def test_who_comes_without_a_link_is_told_where_to_find_one(browser: TestClient) -> None:
    answer = browser.get("/")
    assert answer.status_code == 200
    assert "open the link in the message" in answer.text


# --- Joining -------------------------------------------------------------------------------------


def test_joining_is_recorded_and_can_be_changed(scene: Scene, browser: TestClient) -> None:
    with scene.database.write() as session:
        session.get_one(ParticipantRow, (DEFINITION.program.id, "p-mia")).joined = None
    url = address(scene, Purpose.JOIN)
    page = browser.get(url).text
    assert "You would be a mentor" in page
    assert "6 sessions of 60 minutes" in page
    assert "groups of 5 or more" in page
    assert "Great to have you with us, Mia" in browser.post(url, data={"joins": "yes"}).text
    assert "You said yes" in browser.get(url).text
    browser.post(url, data={"joins": "no"})
    assert scene.events() == ["program_started", "joined", "stayed_out"]
    assert scene.rows(OutboxRow) == []


def test_the_page_to_join_names_the_closing_date_of_enrolment(
    scene: Scene, browser: TestClient
) -> None:
    long = DEFINITION.stages.model_copy(update={"enrolment": 60})
    definition = DEFINITION.model_copy(update={"stages": long})
    with scene.database.write() as session:
        row = session.get_one(ProgramRow, definition.program.id)
        row.definition = definition.model_dump(mode="json")
    closes = definition.program.starts + timedelta(days=60)
    expected = f"Please answer by {scene.content.words.day(closes)}."
    assert expected in browser.get(address(scene, Purpose.JOIN)).text


def test_a_closing_date_that_a_pause_made_later_is_not_named(
    scene: Scene, browser: TestClient
) -> None:
    assert "Please answer as soon as you can." in browser.get(address(scene, Purpose.JOIN)).text


def test_nobody_is_thanked_for_joining_once_people_were_matched(
    scene: Scene, browser: TestClient
) -> None:
    url = address(scene, Purpose.JOIN)
    scene.happened(EventKind.MATCHES_PROPOSED, pair=None)
    before = scene.everything()
    for answer in (browser.get(url), browser.post(url, data={"joins": "no"})):
        assert answer.status_code == 410
        assert heading(answer.text) == "Enrolment is closed"
    assert scene.everything() == before


# --- Introduction --------------------------------------------------------------------------------


def test_the_introduction_says_who_and_why(scene: Scene, browser: TestClient) -> None:
    page = browser.get(address(scene, Purpose.INTRODUCTION)).text
    assert heading(page) == "Meet Theo Example"
    assert "would like to learn from you" in page
    assert "the first of Theo’s goals" in page
    assert "Example Dept" in page


def test_a_no_keeps_its_reason_in_the_store_and_is_kind(scene: Scene, browser: TestClient) -> None:
    url = address(scene, Purpose.INTRODUCTION)
    data = {"accepts": "no", "reason": "We have worked together before"}
    assert "Thank you for being open" in browser.post(url, data=data).text
    (answer,) = scene.rows(AnswerRow)
    assert isinstance(answer, AnswerRow)
    assert answer.content == {"accepts": False, "reason": "We have worked together before"}
    assert scene.events()[-1] == "introduction_declined"


def test_a_no_is_not_turned_into_a_yes_by_a_second_click(scene: Scene, browser: TestClient) -> None:
    url = address(scene, Purpose.INTRODUCTION)
    browser.post(url, data={"accepts": "no"})
    assert "being open with us" in browser.post(url, data={"accepts": "yes"}).text
    assert scene.events()[1:] == ["introduction_declined"]


# --- Sessions ------------------------------------------------------------------------------------


def test_a_date_is_shown_back_in_both_time_zones(scene: Scene, browser: TestClient) -> None:
    url = address(scene, Purpose.BOOK)
    form = browser.get(url).text
    assert "Time in Europe/London" in form
    assert "Theo lives by the time of Europe/Prague" in form
    done = browser.post(url, data=SENDS[Purpose.BOOK]).text
    assert "14:30 (Europe/London)" in done
    assert "15:30 (Europe/Prague)" in done
    assert "Room 5" in done
    again = browser.get(url).text
    assert f'value="{IN_A_WEEK}"' in again
    assert 'value="14:30"' in again


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ({"date": "", "time": ""}, ("choose a date", "enter a time")),
        ({"date": "soon", "time": "25:00"}, ("choose a date", "enter a time")),
        ({"date": "2020-01-01", "time": "10:00"}, ("is past",)),
        ({"date": "2999-01-01", "time": "10:00"}, ("more than a year away",)),
        ({"date": IN_A_WEEK, "time": "10:00", "place": "x" * 301}, ("under 300 characters",)),
    ],
)
def test_a_date_that_can_not_be_is_explained(
    scene: Scene, browser: TestClient, data: dict[str, str], says: tuple[str, ...]
) -> None:
    answer = browser.post(address(scene, Purpose.BOOK), data=data)
    assert answer.status_code == 422
    for words in says:
        assert words in answer.text
    assert scene.rows(SessionRow) == []


def test_an_hour_that_summer_time_skips_is_explained(scene: Scene, browser: TestClient) -> None:
    year = datetime.now(UTC).year
    spring = next(
        day
        for start in (datetime(year, 3, 31, tzinfo=UTC), datetime(year + 1, 3, 31, tzinfo=UTC))
        for day in (start - timedelta(days=(start.weekday() + 1) % 7),)
        if day > datetime.now(UTC)
    )
    data = {"date": spring.date().isoformat(), "time": "01:30"}
    answer = browser.post(address(scene, Purpose.BOOK), data=data)
    assert answer.status_code == 422
    assert "clocks go forward" in answer.text


def test_one_click_says_that_they_met_and_the_partner_need_not(
    scene: Scene, browser: TestClient
) -> None:
    browser.post(address(scene, Purpose.BOOK), data=SENDS[Purpose.BOOK])
    assert "It was planned for" in browser.get(address(scene, Purpose.SESSION)).text
    browser.post(address(scene, Purpose.SESSION), data={"held": "yes"})
    theirs = address(scene, Purpose.SESSION, person="p-theo")
    page = browser.get(theirs).text
    assert "Session 1 is noted" in page
    assert 'name="held"' not in page
    browser.post(theirs, data={"held": "no"})
    assert scene.events()[1:] == ["session_booked", "session_held"]


def test_after_the_last_session_no_next_one_is_promised(scene: Scene, browser: TestClient) -> None:
    count = DEFINITION.sessions.count
    for number, promised in ((count - 1, True), (count, False)):
        url = address(scene, Purpose.SESSION, session=number)
        page = browser.post(url, data={"held": "yes"}).text
        assert f"Session {number} is noted" in page
        assert ("plan the next session" in page) is promised


def test_after_a_session_that_did_not_happen_a_new_date_is_one_click_away(
    scene: Scene, browser: TestClient
) -> None:
    browser.post(address(scene, Purpose.BOOK), data=SENDS[Purpose.BOOK])
    done = browser.post(address(scene, Purpose.SESSION), data={"held": "no"}).text
    match = re.search(r'class="button" href="http://testserver(/book/[^"]+)"', done)
    assert match is not None
    assert "in the diary" in browser.post(match[1], data=SENDS[Purpose.BOOK]).text


def test_in_a_demonstration_dates_are_the_programs_and_signals_carry_real_instants(
    scene: Scene, browser: TestClient
) -> None:
    with scene.database.write() as session:
        program = session.get_one(ProgramRow, DEFINITION.program.id)
        program.definition = {**program.definition, "calendar": {"day": 60.0, "timezone": "UTC"}}
        program.epoch = datetime.now(UTC)
    first = datetime.combine(DEFINITION.program.starts, datetime.min.time(), UTC)
    day = (first + timedelta(days=10)).date().isoformat()
    url = address(scene, Purpose.BOOK, person="p-nils", pair="pair-2")
    browser.post(url, data={"date": day, "time": "09:00", "place": ""})
    (row,) = scene.rows(SessionRow)
    (told,) = scene.rows(OutboxRow)
    assert isinstance(row, SessionRow)
    assert isinstance(told, OutboxRow)
    assert row.booked_for == first + timedelta(days=10, hours=9)
    instant = datetime.fromisoformat(told.argument["booked_for"])
    assert abs(instant - datetime.now(UTC) - timedelta(minutes=10)) < timedelta(seconds=30)


# --- Finding a date ------------------------------------------------------------------------------


def picks(page: str) -> list[str]:
    """The times on a page, as its reader picks them."""
    return re.findall(r'name="pick" value="\d+"[^>]*>([^<]+)</button>', page)


def test_times_are_shown_to_each_in_their_own_zone_with_the_others_beside(
    scene: Scene, browser: TestClient
) -> None:
    done = browser.post(address(scene, Purpose.BOOK), data=TIMES).text
    assert heading(done) == "Your times are on their way to Theo"
    assert "09:00 (Europe/London)" in done
    assert "For Theo:" in done
    assert "10:00 (Europe/Prague)" in done
    page = browser.get(address(scene, Purpose.PICK, person="p-theo")).text
    assert [text.split(", ")[-1] for text in picks(page)] == [
        "10:00 (Europe/Prague)",
        "17:30 (Europe/Prague)",
    ]
    assert "For Mia:" in page
    assert "09:00 (Europe/London)" in page
    assert "Where: Café" in page


@pytest.mark.parametrize(
    ("delivery", "hint"),
    [
        ("in_person", "A room or a café"),
        ("remote", "The link to a video call"),
        ("hybrid", "A room, a café, or the link"),
    ],
)
def test_whoever_proposes_is_asked_for_the_kind_of_place_that_the_program_has(
    scene: Scene, browser: TestClient, delivery: str, hint: str
) -> None:
    with scene.database.write() as session:
        row = session.get_one(ProgramRow, DEFINITION.program.id)
        program = {**row.definition["program"], "delivery": delivery}
        row.definition = {**row.definition, "program": program}
    assert hint in browser.get(address(scene, Purpose.BOOK)).text


def test_one_click_picks_a_time(scene: Scene, browser: TestClient) -> None:
    prepare(scene, Purpose.PICK)
    url = address(scene, Purpose.PICK)
    done = browser.post(url, data=SENDS[Purpose.PICK]).text
    assert heading(done) == "Session 1 with Theo is in the diary"
    assert "15:30 (Europe/London)" in done
    assert "Café" in done
    assert scene.events()[1:] == ["session_proposed", "session_booked"]
    assert "has a date" in heading(browser.get(url).text)


def test_a_time_of_an_earlier_proposal_is_not_booked_and_the_current_ones_are_shown(
    scene: Scene, browser: TestClient
) -> None:
    book = address(scene, Purpose.BOOK, person="p-theo")
    browser.post(book, data=TIMES)
    browser.post(book, data={**TIMES, "time_1": "11:00", "time_2": "", "date_2": ""})
    late = browser.post(address(scene, Purpose.PICK), data=SENDS[Purpose.PICK])
    assert late.status_code == 422
    assert "Theo has changed something in the meantime" in late.text
    assert [text.split(", ")[-1] for text in picks(late.text)] == ["10:00 (Europe/London)"]
    assert 'id="f-pick"' in late.text
    assert "session_booked" not in scene.events()


def test_who_picks_too_late_sees_the_date_that_there_is(scene: Scene, browser: TestClient) -> None:
    prepare(scene, Purpose.PICK)
    browser.post(address(scene, Purpose.BOOK, person="p-theo"), data=SENDS[Purpose.BOOK])
    late = browser.post(address(scene, Purpose.PICK), data=SENDS[Purpose.PICK])
    assert late.status_code == 422
    assert "in the meantime" in late.text
    assert heading(late.text) == "Session 1 with Theo has a date"
    assert "13:30 (Europe/London)" in late.text
    assert 'id="f-pick"' in late.text


@pytest.mark.parametrize("picked", ["", "-1", "9", "soon", "²"])
def test_a_time_that_is_not_on_the_page_is_not_picked(
    scene: Scene, browser: TestClient, picked: str
) -> None:
    prepare(scene, Purpose.PICK)
    data = {"proposal": "1", "pick": picked}
    assert browser.post(address(scene, Purpose.PICK), data=data).status_code == 422
    assert "session_booked" not in scene.events()


def test_a_time_that_is_past_is_not_offered(scene: Scene, browser: TestClient) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    link = scene.links.open(
        address(scene, Purpose.BOOK, person="p-theo").rsplit("/", 1)[1], Purpose.BOOK
    )
    with scene.database.write() as session:
        times = [now - timedelta(hours=2), now + timedelta(days=2)]
        answers.propose_times(session, link, times, None)
    url = address(scene, Purpose.PICK)
    page = browser.get(url).text
    assert len(picks(page)) == 1
    assert "is past" in page
    late = browser.post(url, data={"proposal": "1", "pick": "0"})
    assert late.status_code == 422
    assert "This time is past by now" in late.text


def test_when_none_suits_the_roles_swap(scene: Scene, browser: TestClient) -> None:
    prepare(scene, Purpose.PICK)
    url = address(scene, Purpose.PICK)
    assert "None of these suits me" in browser.get(url).text
    other = {**TIMES, "proposal": "1", "time_1": "11:00"}
    assert "on their way to Theo" in browser.post(url, data=other).text
    assert heading(browser.get(url).text) == "Your times are with Theo"
    theirs = address(scene, Purpose.PICK, person="p-theo")
    assert len(picks(browser.get(theirs).text)) == 2
    assert "is in the diary" in browser.post(theirs, data={"proposal": "2", "pick": "0"}).text


def test_all_that_is_wrong_with_times_is_told_at_once_and_nothing_is_lost(
    scene: Scene, browser: TestClient
) -> None:
    data = {
        "action": "propose",
        "date_1": "",
        "time_1": "",
        "date_2": IN_A_WEEK,
        "time_3": "15:45",
        "proposed_place": "x" * 301,
    }
    answer = browser.post(address(scene, Purpose.BOOK), data=data)
    assert answer.status_code == 422
    for field in ("date_1", "time_1", "time_2", "date_3", "proposed_place"):
        assert f'href="#f-{field}"' in answer.text
        assert f'id="f-{field}"' in answer.text
    assert "Time 3 – Please choose a date." in answer.text
    assert 'value="15:45"' in answer.text
    assert scene.rows(SessionRow) == []


def test_who_proposes_while_the_partner_does_too_sees_theirs_and_keeps_what_was_typed(
    scene: Scene, browser: TestClient
) -> None:
    url = address(scene, Purpose.BOOK)
    assert 'name="proposal" value="0"' in browser.get(url).text
    prepare(scene, Purpose.PICK)
    late = browser.post(url, data={**TIMES, "proposal": "0", "time_1": "11:11"})
    assert late.status_code == 422
    assert "Theo has suggested times." in late.text
    assert 'value="11:11"' in late.text
    assert 'name="proposal" value="1"' in late.text


def test_one_s_own_times_can_be_changed_and_the_old_date_stays(
    scene: Scene, browser: TestClient
) -> None:
    url = address(scene, Purpose.BOOK)
    browser.post(url, data=SENDS[Purpose.BOOK])
    browser.post(url, data=TIMES)
    page = browser.get(url).text
    assert "These times are with Theo" in page
    assert "So far:" in page
    assert "14:30 (Europe/London)" in page
    assert 'value="16:30"' in page
    (row,) = scene.rows(SessionRow)
    assert isinstance(row, SessionRow)
    assert row.sequence == 0


def test_a_time_at_which_the_partner_does_not_work_is_hinted_at_and_taken(
    scene: Scene, browser: TestClient
) -> None:
    day = datetime.now(UTC).date() + timedelta(days=7)
    saturday = (day + timedelta(days=(5 - day.weekday()) % 7)).isoformat()
    monday = (day + timedelta(days=(0 - day.weekday()) % 7)).isoformat()
    data = {
        **TIMES,
        "date_1": saturday,
        "time_1": "10:00",
        "date_2": monday,
        "time_2": "21:00",
        "date_3": monday,
        "time_3": "10:00",
    }
    done = browser.post(address(scene, Purpose.BOOK), data=data).text
    assert "on their way to Theo" in done
    assert done.count("By the way:") == 2
    assert "Theo does not usually work on that day (Saturday" in done
    assert "outside of usual working hours (Monday" in done


def test_a_public_holiday_of_the_partner_is_hinted_at(scene: Scene, browser: TestClient) -> None:
    with scene.database.write() as session:
        row = session.get_one(ParticipantRow, (DEFINITION.program.id, "p-theo"))
        row.profile = {**row.profile, "country": "CZ"}
    today = datetime.now(UTC).date()
    days = [today + timedelta(days=days) for days in range(1, 360)]
    holiday = next(day for day in days if day in public_holidays("CZ", day.year))
    data = {**TIMES, "date_1": holiday.isoformat(), "time_1": "10:00"}
    done = browser.post(address(scene, Purpose.BOOK), data=data).text
    assert "a public holiday where Theo works" in done


def test_a_session_is_called_off_with_a_word_that_only_the_partner_gets(
    scene: Scene, browser: TestClient
) -> None:
    browser.post(address(scene, Purpose.BOOK), data=SENDS[Purpose.BOOK])
    url = address(scene, Purpose.CANCEL)
    page = browser.get(url).text
    assert "14:30 (Europe/London)" in page
    assert "15:30 (Europe/Prague)" in page
    done = browser.post(url, data=SENDS[Purpose.CANCEL]).text
    assert heading(done) == "Session 1 is called off"
    assert 'class="button" href="http://testserver/book/' in done
    (answer,) = scene.rows(AnswerRow)
    assert isinstance(answer, AnswerRow)
    assert answer.content["words"] == "My train is late"
    (_, told) = scene.rows(OutboxRow)
    assert isinstance(told, OutboxRow)
    assert "My train" not in str(told.argument)
    for who in ("p-mia", "p-theo"):
        assert "My train" not in browser.get(address(scene, Purpose.BOOK, person=who)).text
    assert "nothing to call off" in browser.get(url).text


def test_a_date_that_the_partner_moved_meanwhile_is_not_called_off_unseen(
    scene: Scene, browser: TestClient
) -> None:
    url = address(scene, Purpose.CANCEL)
    browser.post(address(scene, Purpose.BOOK), data=SENDS[Purpose.BOOK])
    assert 'name="booking" value="0"' in browser.get(url).text
    moved = {**SENDS[Purpose.BOOK], "time": "09:15"}
    browser.post(address(scene, Purpose.BOOK, person="p-theo"), data=moved)
    late = browser.post(url, data=SENDS[Purpose.CANCEL])
    assert late.status_code == 422
    assert "got another date" in late.text
    assert "08:15 (Europe/London)" in late.text
    assert "My train is late</textarea>" in late.text
    again = browser.post(url, data={**SENDS[Purpose.CANCEL], "booking": "1"})
    assert heading(again.text) == "Session 1 is called off"


def test_the_pages_show_what_one_could_do_and_who_leads(scene: Scene, browser: TestClient) -> None:
    prepare(scene, Purpose.PICK)
    browser.post(
        address(scene, Purpose.GOALS, person="p-theo"),
        data={"goal_1": "Read a <dashboard>", "rating_1": "2"},
    )
    for purpose in (Purpose.BOOK, Purpose.PICK, Purpose.SESSION):
        page = browser.get(address(scene, purpose)).text
        assert "What you could do in 60 minutes" in page
        assert "You lead this session" in page
        assert "Read a &lt;dashboard&gt;" in page
    theirs = browser.get(address(scene, Purpose.SESSION, person="p-theo")).text
    assert "Mia leads this session" in theirs


def test_a_note_is_seen_by_who_wrote_it_and_by_nobody_else(
    scene: Scene, browser: TestClient
) -> None:
    scene.happened(EventKind.PAIR_INTRODUCED, EventKind.PAIR_PREPARING, EventKind.PAIR_MEETING)
    url = address(scene, Purpose.SESSION)
    browser.post(url, data={"held": "yes"})
    noted = browser.post(url, data={"action": "note", "note": "Ask about the <budget>"}).text
    assert "Your note is kept." in noted
    secret = "Ask about the &lt;budget&gt;"
    assert secret in browser.get(url).text
    assert secret in browser.get(address(scene, Purpose.OVERVIEW)).text
    for purpose in (Purpose.SESSION, Purpose.BOOK, Purpose.OVERVIEW):
        assert "budget" not in browser.get(address(scene, purpose, person="p-theo")).text
    assert "budget" not in str([row.argument for row in scene.rows(OutboxRow)])  # type: ignore[attr-defined]
    long = browser.post(url, data={"action": "note", "note": "x" * 2001})
    assert long.status_code == 422
    assert "x" * 2001 in long.text


def test_a_note_needs_a_session_that_took_place(scene: Scene, browser: TestClient) -> None:
    url = address(scene, Purpose.SESSION)
    assert browser.post(url, data={"action": "note", "note": "x"}).status_code == 422
    assert scene.rows(AnswerRow) == []


def test_the_overview_leads_to_what_is_open_about_a_date(scene: Scene, browser: TestClient) -> None:
    scene.happened(EventKind.PAIR_INTRODUCED, EventKind.PAIR_PREPARING, EventKind.PAIR_MEETING)
    prepare(scene, Purpose.PICK)
    mine, theirs = (address(scene, Purpose.OVERVIEW, person=who) for who in ("p-mia", "p-theo"))
    assert "Pick one of the times that Theo suggests" in browser.get(mine).text
    assert "Your times for session 1 are with Mia" in browser.get(theirs).text
    browser.post(address(scene, Purpose.PICK), data=SENDS[Purpose.PICK])
    page = browser.get(mine).text
    for words in ("Tell us whether session 1", "Change the date of", "Call off session 1"):
        assert words in page


# --- Surveys -------------------------------------------------------------------------------------


@pytest.mark.parametrize("survey", SURVEYS)
@pytest.mark.parametrize("role", Role)
def test_every_survey_can_be_answered_in_both_roles(
    scene: Scene, browser: TestClient, survey: str, role: Role
) -> None:
    person = "p-mia" if role is Role.MENTOR else "p-theo"
    url = scene.url(Purpose.SURVEY, person=person, survey=survey, occasion=f"{survey}:x")
    page = browser.get(url).text
    data: dict[str, str] = {}
    for item in scene.content.survey(survey).items_for(role):
        assert f'name="{item.id}"' in page
        data[item.id] = {"scale": str(item.high), "text": "Fine"}.get(
            item.kind.value, item.options[0].id if item.options else ""
        )
    assert "Thank you" in browser.post(url, data=data).text
    (answer,) = scene.rows(AnswerRow)
    assert isinstance(answer, AnswerRow)
    assert set(answer.content) == set(data)


def test_what_a_pair_was_asked_is_closed_with_the_program_and_thanks_are_said(
    scene: Scene, browser: TestClient
) -> None:
    scene.happened(EventKind.PAIR_INTRODUCED)
    scene.happened(EventKind.CHECK_IN_SENT, survey="final", occasion="final:evaluation")
    scene.happened(EventKind.CHECK_IN_SENT, survey="goals", occasion="goals:evaluation")
    review = scene.url(Purpose.GOALS, person="p-theo", occasion="goals:evaluation")
    url = scene.url(Purpose.SURVEY, survey="final", occasion="final:evaluation")
    overview = scene.url(Purpose.OVERVIEW, pair=None)
    assert "/survey/" in browser.get(overview).text
    browser.post(url, data={"satisfaction": "4", "later": "yes"})
    scene.happened(EventKind.PAIR_COMPLETED)
    scene.happened(EventKind.PROGRAM_COMPLETED, pair=None)
    before = scene.everything()
    for answer in (
        browser.get(url),
        browser.post(url, data={"satisfaction": "4", "later": "yes"}),
        browser.post(url, data={"send": "yes"}),
        browser.get(review),
    ):
        assert answer.status_code == 410
        assert heading(answer.text) == "Thank you, the evaluation has closed"
    assert "/survey/" not in browser.get(overview).text
    assert scene.everything() == before


def follow_up(scene: Scene, survey: str = "follow_up") -> str:
    """The page of a follow-up, after the end of the program."""
    scene.happened(EventKind.PAIR_INTRODUCED, EventKind.PAIR_COMPLETED)
    scene.happened(EventKind.PROGRAM_COMPLETED, pair=None)
    about = {"survey": survey, "occasion": f"{survey}:after-91", "role": Role.MENTOR}
    return scene.url(Purpose.SURVEY, pair=None, **about)


def test_a_follow_up_is_answered_after_the_end_and_can_be_put_aside(
    scene: Scene, browser: TestClient
) -> None:
    url = follow_up(scene)
    page = browser.get(url).text
    assert heading(page) == "How is it now?"
    assert "explaining what I know to a senior colleague" in page
    saved = browser.post(url, data={"still_uses": "5", "later": "yes"}).text
    assert "once the evaluation has closed" in saved.lower()
    page = browser.get(url).text
    assert re.search(r'name="still_uses" value="5"[^>]* checked', page)
    given = dict.fromkeys(("still_uses", "confidence", "speaks_up", "far_apart"), "4")
    done = browser.post(url, data={**given, "still_in_touch": "now_and_then"}).text
    assert heading(done) == "Thank you, Mia"
    assert "You have answered already" in browser.get(url).text
    assert scene.events()[-1] == "survey_answered"


def test_a_follow_up_that_is_closed_says_thanks_and_takes_nothing(
    scene: Scene, browser: TestClient
) -> None:
    url = follow_up(scene)
    scene.happened(EventKind.FOLLOW_UP_CLOSED, pair=None, occasion="follow_up:after-91")
    before = scene.everything()
    for answer in (browser.get(url), browser.post(url, data={"still_uses": "4"})):
        assert answer.status_code == 410
        assert heading(answer.text) == "Thank you, the evaluation has closed"
    assert scene.everything() == before


def test_nobody_looks_after_a_pair_because_of_a_follow_up(
    scene: Scene, browser: TestClient
) -> None:
    look_at(scene, "pulse", going_well="<= 2")
    url = follow_up(scene, "pulse")
    assert "is asked to look" not in browser.get(url).text
    browser.post(url, data={"going_well": "1", "useful": "1"})
    with scene.database.read() as session:
        (*_, (_, event)) = journal.read(session, DEFINITION.program.id)
    assert event.kind is EventKind.SURVEY_ANSWERED
    assert "look" not in event.data


def test_a_long_survey_can_be_put_aside_and_finished_later(
    scene: Scene, browser: TestClient
) -> None:
    url = scene.url(Purpose.SURVEY, survey="final", occasion="final:evaluation")
    saved = browser.post(url, data={"recommendation": "9", "later": "yes"}).text
    assert "Saved" in heading(saved)
    assert scene.rows(OutboxRow) == []
    page = browser.get(url).text
    assert re.search(r'name="recommendation" value="9"[^>]* checked', page)


@pytest.mark.parametrize("given", ["", "6", "0", "-1", "4.5", "many", "²"])
def test_a_number_that_is_not_on_the_scale_is_not_taken(
    scene: Scene, browser: TestClient, given: str
) -> None:
    answer = browser.post(address(scene, Purpose.SURVEY), data={"going_well": given, "useful": "5"})
    assert answer.status_code == 422
    assert 'href="#f-going_well"' in answer.text
    assert re.search(r'name="useful" value="5"[^>]* checked', answer.text)
    assert scene.rows(AnswerRow) == []


# --- Overview ------------------------------------------------------------------------------------


def links_in(page: str) -> list[str]:
    """Where the steps on an overview lead: not what every page offers."""
    steps = page.partition("<h2>Your own pages")[0]
    return re.findall(r'href="http://testserver/([a-z]+)/', steps)


def test_the_overview_shows_what_is_open_at_each_point_of_a_pairs_life(
    scene: Scene, browser: TestClient
) -> None:
    url = address(scene, Purpose.OVERVIEW, person="p-theo")
    assert "looking for a partner" in browser.get(url).text
    scene.happened(EventKind.PAIR_INTRODUCED)
    assert links_in(browser.get(url).text) == ["introduction"]
    scene.happened(EventKind.PAIR_PREPARING)
    assert links_in(browser.get(url).text) == ["guide", "agreement", "goals"]
    for number, module in enumerate(("goals", "needs", "challenge")):
        assert f"Read your training: {number} of 3" in browser.get(url).text
        browser.post(address(scene, Purpose.TRAINING, person="p-theo", occasion=module))
    assert links_in(browser.get(url).text) == ["agreement", "goals", "guide"]
    for purpose in (Purpose.AGREEMENT, Purpose.GOALS):
        browser.post(address(scene, purpose, person="p-theo"), data=SENDS[purpose])
    assert "Nothing is open for you" in browser.get(url).text
    scene.happened(EventKind.PAIR_MEETING)
    scene.happened(EventKind.CHECK_IN_SENT, survey="pulse", occasion="pulse:after-session-2")
    assert links_in(browser.get(url).text)[:2] == ["survey", "book"]
    browser.post(address(scene, Purpose.SURVEY, person="p-theo"), data=SENDS[Purpose.SURVEY])
    browser.post(address(scene, Purpose.BOOK, person="p-theo"), data=SENDS[Purpose.BOOK])
    assert links_in(browser.get(url).text)[0] == "session"
    browser.post(address(scene, Purpose.SESSION, person="p-theo"), data=SENDS[Purpose.SESSION])
    page = browser.get(url).text
    assert "Sessions held so far, 1 of 6" in page
    assert "Find a date for session 2" in page
    assert "What you would like to learn" in page


def test_the_links_on_the_overview_work(scene: Scene, browser: TestClient) -> None:
    scene.happened(EventKind.PAIR_INTRODUCED, EventKind.PAIR_PREPARING, EventKind.PAIR_MEETING)
    page = browser.get(address(scene, Purpose.OVERVIEW)).text
    found = re.findall(r'href="http://testserver(/[a-z]+/[^"]+)"', page)
    assert len(found) == 9
    for link in found:
        assert browser.get(link).status_code == 200


def test_leaving_needs_a_second_thought(scene: Scene, browser: TestClient) -> None:
    scene.happened(EventKind.PAIR_INTRODUCED)
    url = address(scene, Purpose.OVERVIEW)
    hasty = browser.post(url, data={"action": "withdraw"})
    assert hasty.status_code == 422
    assert "tick this box if you are sure" in hasty.text
    assert "Theo" in hasty.text
    done = browser.post(url, data={"action": "withdraw", "sure": "yes"}).text
    assert "You have left the program" in done
    page = browser.get(url).text
    assert "You have left the program" in page
    assert "Theo" not in page
    assert browser.get(address(scene, Purpose.INTRODUCTION)).status_code == 410


def test_a_pair_is_not_shown_before_it_is_introduced(scene: Scene, browser: TestClient) -> None:
    assert "Theo" not in browser.get(address(scene, Purpose.OVERVIEW)).text


# --- What answers mean ---------------------------------------------------------------------------


def told(scene: Scene) -> list[dict[str, object]]:
    return [row.argument for row in scene.rows(OutboxRow) if isinstance(row, OutboxRow)]


@pytest.mark.parametrize(("answer", "looks"), [("2", True), ("3", False)])
def test_an_answer_at_the_threshold_makes_the_coordinator_look(
    scene: Scene, browser: TestClient, answer: str, looks: bool
) -> None:
    look_at(scene, "pulse", going_well="<= 2")
    url = scene.url(Purpose.SURVEY, survey="pulse", occasion="pulse:session-2")
    page = browser.get(url).text
    assert "Cora Example is asked to look after your pair if you answer:" in page
    assert "“My pair is going well.” – 2 or lower" in page
    assert "not whose it was or what it said" in page
    browser.post(url, data={"going_well": answer, "useful": "1", "note": "Not for history"})
    (deed,) = told(scene)
    assert deed["look"] is looks
    assert "Not for history" not in str(deed)
    with scene.database.read() as session:
        (*_, event) = journal.read_pair(session, DEFINITION.program.id, "pair-1")
    assert event.data.get("look", 0) == looks


def test_a_survey_without_thresholds_speaks_of_none(scene: Scene, browser: TestClient) -> None:
    look_at(scene, "pulse", going_well="<= 2")
    url = scene.url(Purpose.SURVEY, survey="final", occasion="final:evaluation")
    assert "is asked to look" not in browser.get(url).text


@pytest.mark.parametrize("verdict", ["good", "undecided", "not_good"])
def test_how_a_pair_fits_is_told_to_its_workflow(
    scene: Scene, browser: TestClient, verdict: str
) -> None:
    url = scene.url(Purpose.SURVEY, survey="pair_fit", occasion="pair_fit:session-1")
    assert "The coordinator sees your answers" in browser.get(url).text
    browser.post(url, data={"fit": verdict, "why": "Not for history"})
    (deed,) = told(scene)
    assert (deed["verdict"], deed["occasion"]) == (verdict, "pair_fit:session-1")
    with scene.database.read() as session:
        (*_, event) = journal.read_pair(session, DEFINITION.program.id, "pair-1")
    assert event.data == {
        "survey": "pair_fit",
        "occasion": "pair_fit:session-1",
        "verdict": verdict,
    }


def test_what_was_put_aside_half_way_says_nothing_yet(scene: Scene, browser: TestClient) -> None:
    look_at(scene, "final", satisfaction="<= 2")
    url = scene.url(Purpose.SURVEY, survey="final", occasion="final:x")
    browser.post(url, data={"satisfaction": "1", "later": "yes"})
    assert told(scene) == []
