"""Every mail: it can be written, it says what it should, and nobody's name is markup."""

from __future__ import annotations

import shutil
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

from domain.enrolling import NotApproved
from domain.problems import BadInput
from store.content import Content, Mail, Section
from tests import shipped

CONTENT = Path(__file__).parents[2] / "content"
CONTENT_EN = shipped.CONTENT
URL = "https://mentoring.example.com/{}/WyJ0b2tlbiJd.sig-nature_x"

COMMON: dict[str, Any] = {
    "me": {"first_name": "Mia", "name": "Mia Example", "email": "mia@example.com"},
    "program": {"id": "up", "title": "Looking Up 2026", "organisation": "Example Ltd"},
    "coordinator": {
        "name": "Cora Example",
        "first_name": "Cora",
        "email": "cora.example@example.com",
    },
    "overview_url": URL.format("overview"),
}

PAIR: dict[str, Any] = {
    "partner": {"name": "Theo Example", "first_name": "Theo", "email": "theo@example.com"},
    "my_role": "mentor",
    "reasons": ["Mia can teach data literacy.", "You both like chess."],
    "deadline": "Friday 13 March 2026",
    "open_steps": ["read the training"],
    "session": {
        "number": 2,
        "count": 6,
        "minutes": 60,
        "when": "Monday 2 March 2026, 14:30 (Europe/London)",
        "place": "Room 5_a [blue]",
        "moved": False,
        "lead": "me",
        "agenda": ["10 min: Look back.", "25 min: “Read *any* dashboard”"],
        "times": ["Tuesday 3 March 2026, 10:00 (Europe/London)"],
        "proposed_place": "Room 6_b [red]",
        "called_off": {
            "by": "partner",
            "when": "Monday 2 March 2026, 14:30 (Europe/London)",
            "words": "My train is late.\n<b>Sorry!</b>",
        },
    },
    "survey": {"title": "How is it going?", "minutes": 1},
    "reason": "ladder",
    "links": {
        name: URL.format(name)
        for name in (
            "introduction",
            "guide",
            "agreement",
            "goals",
            "book",
            "pick",
            "cancel",
            "session",
            "survey",
            "help",
            "away",
            "continue",
            "certificate",
        )
    },
    "until": "Monday 30 March 2026",
    "asks_to_go_on": True,
    "gets_reminders": True,
}

HR: dict[str, Any] = {
    "overview_url": None,
    "mentor": {"name": "Mia Example", "first_name": "Mia"},
    "mentee": {"name": "Theo Example", "first_name": "Theo"},
    "calls": [{"name": "Mia Example", "words": "We never find a date.\nCould you help?"}],
    "were_reminded": True,
    "open_steps": ["Theo Example: write down the goals"],
    "trigger": "There has been no sign of life for a while.",
    "happened": ["Friday, 13 March 2026: Mia Example asked for help. “We [never] find a date”"],
    "task_url": URL.format("task"),
    "survey": {"title": "How is it going?", "minutes": 1},
    "flagged": [
        {"name": "Mia Example", "question": "Do the two of you fit?", "answer": "I’m deciding"}
    ],
    "who": {"name": "Mia Example", "first_name": "Mia", "email": "mia@example.com"},
    "code": 550,
    "days_quiet": 21,
    "sessions_held": 1,
    "next_step": "If nothing changes, the sponsor is told in 7 days.",
    "reason": "One of the two has left the program.",
    "count": 12,
    "unmatched": 3,
    "new": False,
    "parted": 1,
    "more": 3,
    "people": [{"name": "Mia Example", "role": "mentor"}],
    "pairs": [
        {
            "id": "m-1",
            "mentor": "Mia Example",
            "mentee": "Theo Example",
            "why": "a reporting line of up to 2 steps: one is above the other in the line of "
            "managers.",
            "stopped": stopped,
        }
        for stopped in (True, False)
    ],
    "commands": ["python starter.py matches looking-up-2026 show"],
    "report": "python starter.py report looking-up-2026 --out report",
    "hold": "python starter.py hold looking-up-2026",
    "until": "Monday 30 March 2026",
    "starts": "Monday 12 January 2026",
    "people_from": "Wednesday 3 December 2025",
}

TO_MANAGERS = (Mail.APPROVAL_REQUEST, Mail.APPROVAL_REQUEST_REMINDER)

MANAGER: dict[str, Any] = {
    "overview_url": None,
    "to_manager": True,
    "closes": "Friday 13 March 2026",
    "sessions": {"count": 6, "minutes": 60},
    "people": [
        {
            "name": "Theo Example",
            "first_name": "Theo",
            "email": "theo@example.com",
            "roles": ["mentor"],
            "url": URL.format("approval"),
        }
    ],
}

TO_HR = (
    Mail.PROGRAM_OPENED,
    Mail.DELETION_AHEAD,
    Mail.DATA_DELETED,
    Mail.SELECTION_READY,
    Mail.SELECTION_REMINDER,
    Mail.MATCHES_READY,
    Mail.MATCHES_REMINDER,
    Mail.NEW_PAIRS_READY,
    Mail.NOBODY_FOUND,
    Mail.RULES_BROKEN,
    Mail.ADDRESS_REFUSED,
    Mail.PREPARATION_OVERDUE,
    Mail.PAIR_STALLED,
    Mail.PAIR_STALLED_SPONSOR,
    Mail.PAIR_RECOVERED,
    Mail.COORDINATOR_TASK,
    Mail.CHECK_IN_FLAGGED,
    Mail.PAIR_ENDED,
    Mail.HELP_ASKED,
    Mail.REPORT_READY,
    Mail.SAFETY_RAISED,
)

GROUP: dict[str, Any] = {
    "group": {
        "title": "Mentor supervision",
        "number": 2,
        "count": 3,
        "needed": 2,
        "minutes": 60,
        "when": "Wednesday 19 May 2027, 12:30 (Europe/London)",
        "place": "Seminar room [1st floor]",
        "moved": False,
        "attached": True,
    },
    "links": {"group": URL.format("group")},
}

BEFORE_PAIRS: dict[Mail, dict[str, Any]] = {
    Mail.INVITATION: {
        "links": {"join": URL.format("join")},
        "closes": "Friday 13 March 2026",
        "privacy": ["The basis is your consent.", "All of it is deleted."],
    },
    Mail.INVITATION_REMINDER: {
        "links": {"join": URL.format("join")},
        "closes": "Friday 13 March 2026",
    },
    Mail.NOT_APPROVED: {"reason": "said_no"},
    Mail.NOT_SELECTED: {},
    Mail.NOT_MATCHED: {},
    **dict.fromkeys(
        (Mail.GROUP_SESSION, Mail.GROUP_SESSION_FOLLOW_UP, Mail.GROUP_SESSION_CANCELLED), GROUP
    ),
    Mail.PROGRAM_POSTPONED: {"until": "Monday 13 April 2026"},
}


def values_for(mail: Mail) -> dict[str, Any]:
    if mail in TO_HR:
        return {**COMMON, **HR}
    if mail in TO_MANAGERS:
        return {**COMMON, **MANAGER}
    return {**COMMON, **BEFORE_PAIRS.get(mail, PAIR)}


@pytest.mark.parametrize("mail", Mail)
def test_every_mail_can_be_written(mail: Mail) -> None:
    text = CONTENT_EN.mail(mail.value, **values_for(mail))
    assert "\n" not in text.subject
    assert 10 < len(text.subject) < 100
    assert "None" not in text.subject + text.text
    assert "{" not in text.text
    assert "\\" not in text.text
    assert "**" not in text.text
    assert "Cora Example" in text.text
    if mail not in TO_HR:
        assert text.text.startswith("Hello Mia,")
        assert (URL.format("overview") in text.text) is (mail not in TO_MANAGERS)


@pytest.mark.parametrize("mail", Mail)
def test_the_html_of_a_mail_is_well_formed_and_says_the_same(mail: Mail) -> None:
    text = CONTENT_EN.mail(mail.value, **values_for(mail))
    tree = ET.fromstring(text.html.removeprefix("<!DOCTYPE html>"))
    words = " ".join("".join(tree.itertext()).split())
    assert tree.get("lang") == "en"
    greeting = text.text.split("\n\n")[1]
    assert greeting.split("\n")[0].lstrip("- ").split(" (")[0][:60] in words
    for link in tree.iter("a"):
        address = str(link.get("href"))
        assert address.startswith(("https://mentoring.example.com/", "mailto:"))
        assert address.removeprefix("mailto:") in text.text


@pytest.mark.parametrize("mail", Mail)
@pytest.mark.parametrize(
    "name",
    [
        "[click](https://evil.example)",
        "<b>x</b>",
        "*x* _y_ `z` # ~",
        "1. x",
        "Ann\nBcc: evil@example.com",
        "{{ 7*7 }}",
        "&amp; <https://evil.example>",
        "- x\n\n> y",
    ],
)
def test_a_name_is_never_markup(mail: Mail, name: str) -> None:
    values = values_for(mail)
    for key in ("me", "partner", "mentor", "mentee", "who"):
        if key in values:
            values[key] = {**values[key], "name": name, "first_name": name}
    text = CONTENT_EN.mail(mail.value, **values)
    assert "\n" not in text.subject
    tree = ET.fromstring(text.html.removeprefix("<!DOCTYPE html>"))
    assert not [a for a in tree.iter("a") if "evil" in str(a.get("href"))]
    assert not list(tree.iter("b"))
    assert not list(tree.iter("em"))
    assert not list(tree.iter("code"))
    assert " ".join(name.split()) in " ".join("".join(tree.itertext()).split())


@pytest.mark.parametrize("role", ["mentor", "mentee"])
def test_a_mentor_is_asked_for_no_goals(role: str) -> None:
    links = {**PAIR["links"], "goals": URL.format("goals") if role == "mentee" else None}
    for mail in (Mail.PREPARATION, Mail.PREPARATION_REMINDER):
        text = CONTENT_EN.mail(mail, **{**COMMON, **PAIR, "my_role": role, "links": links}).text
        assert ("goals" in text.lower()) is (role == "mentee")


def test_who_is_ready_is_not_told_off_for_who_is_not() -> None:
    values = {**COMMON, **PAIR, "open_steps": []}
    text = CONTENT_EN.mail(Mail.PREPARATION_REMINDER, **values)
    assert "everything is ready" in text.text
    assert text.subject == "Ready to meet Theo"


def session_mail(mail: Mail, **session: Any) -> str:
    values = {**COMMON, **PAIR, "session": {**PAIR["session"], **session}}
    return CONTENT_EN.mail(mail, **values).text


@pytest.mark.parametrize(
    ("lead", "says"), [("me", "You lead"), ("partner", "Theo leads"), ("both", "Each of you leads")]
)
def test_who_leads_and_what_one_could_do_stand_in_the_mail(lead: str, says: str) -> None:
    for mail in (Mail.SESSION_DUE, Mail.SESSION_INVITATION):
        text = session_mail(mail, lead=lead)
        assert says in text
        assert "- 25 min: “Read *any* dashboard”" in text


def test_times_are_listed_with_their_place_and_an_earlier_date_is_said_to_stay() -> None:
    times = [
        "Tuesday 3 March 2026, 10:00 (Europe/London)",
        "Friday 6 March 2026, 9:00 (Europe/London)",
    ]
    text = session_mail(Mail.SESSION_PROPOSED, times=times, when=None)
    assert "".join(f"- {time}\n" for time in times) in text
    assert "Where: Room 6_b [red]" in text
    assert "/pick/" in text
    assert "stays as it is" not in text
    assert "stays as it is: Monday" in session_mail(Mail.SESSION_PROPOSED, when="Monday")


def test_a_word_to_the_partner_is_read_by_the_partner_and_by_nobody_else() -> None:
    text = session_mail(Mail.SESSION_CANCELLED)
    assert "Theo writes:\n\n> My train is late. <b>Sorry!</b>" in text
    off = {**PAIR["session"]["called_off"], "by": "me"}
    own = session_mail(Mail.SESSION_CANCELLED, called_off=off)
    assert "My train" not in own
    assert "You have called off" in own
    silent = {**PAIR["session"]["called_off"], "words": None}
    assert "writes" not in session_mail(Mail.SESSION_CANCELLED, called_off=silent)


def test_a_session_that_moved_is_said_to_have_moved() -> None:
    assert "has moved to a new date" in session_mail(Mail.SESSION_INVITATION, moved=True)
    assert "has a date:" in session_mail(Mail.SESSION_INVITATION, moved=False)


@pytest.mark.parametrize("reason", ["ladder", "too_few_sessions", "never_prepared", "coordinator"])
def test_a_pair_is_closed_with_the_words_that_fit_and_without_blame(reason: str) -> None:
    text = CONTENT_EN.mail(Mail.FAREWELL_CLOSED, **{**COMMON, **PAIR, "reason": reason}).text
    assert ("not heard from" in text) is (reason == "ladder")
    assert "nobody is to blame" in text


def test_a_manager_is_asked_about_all_of_their_people_in_one_mail() -> None:
    others = [{**MANAGER["people"][0], "name": "Ann Example", "url": URL.format("approval") + "2"}]
    for mail in TO_MANAGERS:
        values = {**COMMON, **MANAGER, "people": [*MANAGER["people"], *others]}
        text = CONTENT_EN.mail(mail, **values).text
        assert "2 people who report to you" in text
        assert URL.format("approval") + "2" in text
        assert "because you help to run" not in text


@pytest.mark.parametrize("reason", NotApproved)
def test_who_has_no_yes_is_told_what_is_true(reason: NotApproved) -> None:
    text = CONTENT_EN.mail(Mail.NOT_APPROVED, **{**COMMON, "reason": reason.value}).text
    assert ("answered “not at this time”" in text) is (reason is NotApproved.SAID_NO)
    assert ("nobody has said no" in text.lower()) is (reason is not NotApproved.SAID_NO)


def test_a_farewell_without_a_survey_offers_none() -> None:
    values = {**COMMON, **PAIR, "links": {**PAIR["links"], "survey": None}}
    for mail in Mail:
        if mail.value.startswith("farewell"):
            assert "/survey/" not in CONTENT_EN.mail(mail, **values).text


GREETS = ("hello", "dear", "hi", "good morning", "hallo", "liebe", "guten tag")


@pytest.mark.parametrize("file", sorted(CONTENT.glob("*/mail/[!_]*.md")), ids=lambda f: f.stem)
def test_no_template_greets_because_every_mail_does(file: Path) -> None:
    body = file.read_text("utf-8").partition("\n\n")[2].lower()
    assert not body.startswith(GREETS)


def sections(*mails: Mail) -> list[Section]:
    return [CONTENT_EN.section(mail.value, **values_for(mail)) for mail in mails]


def test_a_letter_of_one_section_is_the_mail_itself() -> None:
    for mail in Mail:
        values = values_for(mail)
        assert CONTENT_EN.letter(sections(mail), **values) == CONTENT_EN.mail(mail, **values)


def test_several_sections_share_a_greeting_and_a_footer_and_have_a_heading_each() -> None:
    both = sections(Mail.SESSION_DUE, Mail.CHECK_IN)
    letter = CONTENT_EN.letter(both, **COMMON)
    assert letter.subject == "2 things for you in “Looking Up 2026”"
    assert letter.text.startswith(f"Hello Mia,\n\n{both[0].subject}\n\n")
    assert letter.text.count("Hello Mia") == 1
    assert letter.text.count("You get this because") == 1
    assert letter.text.index(both[0].subject) < letter.text.index(both[1].subject)
    tree = ET.fromstring(letter.html.removeprefix("<!DOCTYPE html>"))
    assert ["".join(h.itertext()) for h in tree.iter("h2")] == [s.subject for s in both]
    assert {str(a.get("href")) for a in tree.iter("a")} >= {
        URL.format("book"),
        URL.format("survey"),
    }


def test_a_name_in_a_heading_is_no_markup() -> None:
    name = "*x* [click](https://evil.example) # <b>"
    values = {**PAIR, "partner": {**PAIR["partner"], "first_name": name}, **COMMON}
    two = [CONTENT_EN.section("session_due", **values), *sections(Mail.CHECK_IN)]
    letter = CONTENT_EN.letter(two, **COMMON)
    tree = ET.fromstring(letter.html.removeprefix("<!DOCTYPE html>"))
    assert name in "".join(next(tree.iter("h2")).itertext())
    assert not [a for a in tree.iter("a") if "evil" in str(a.get("href"))]


def test_a_section_can_be_kept_as_json_and_says_the_same() -> None:
    (one,) = sections(Mail.INTRODUCTION)
    kept = Section.model_validate_json(one.model_dump_json())
    assert CONTENT_EN.letter([kept], **COMMON) == CONTENT_EN.letter([one], **COMMON)


def test_an_answer_is_told_only_where_the_survey_says_so() -> None:
    told = CONTENT_EN.mail(Mail.CHECK_IN_FLAGGED, **{**COMMON, **HR}).text
    assert "Mia Example, “Do the two of you fit?”: I’m deciding" in told
    untold = CONTENT_EN.mail(Mail.CHECK_IN_FLAGGED, **{**COMMON, **HR, "flagged": []}).text
    assert "we don’t say whose it was" in untold
    assert "deciding" not in untold


def test_who_asks_about_another_partner_tells_each_alone() -> None:
    text = CONTENT_EN.mail(Mail.OFFER_REMATCH, **{**COMMON, **PAIR}).text
    assert "does not see your answer" in text
    assert "nobody is to blame" in text


def test_the_contact_for_safety_reads_who_it_is_and_what_has_been_done() -> None:
    values = {
        **COMMON,
        **HR,
        "me": {"name": "Sade", "first_name": "Sade", "email": "s@example.com"},
    }
    text = CONTENT_EN.mail(Mail.SAFETY_RAISED, **values)
    assert "Mia" not in text.subject
    assert "Theo" not in text.subject
    assert "We never find a date." in text.text
    assert "have stopped" in text.text
    assert "Cora Example, who coordinates the program, has not been told" in text.text
    assert "python starter.py" in text.text


def test_a_contact_who_coordinates_too_is_not_told_about_themselves() -> None:
    calls = [{"name": "Mia Example", "words": ""}]
    values = {**COMMON, **HR, "me": COMMON["coordinator"], "calls": calls}
    text = CONTENT_EN.mail(Mail.SAFETY_RAISED, **values).text
    assert "has not been told either" not in text
    assert "They wrote nothing more" in text


def test_nobody_is_told_who_found_that_two_do_not_fit() -> None:
    values = {**COMMON, **PAIR}
    text = CONTENT_EN.mail(Mail.FAREWELL_NO_FIT, **values).text
    assert "nobody’s fault" in text
    assert "said" not in text


@pytest.mark.parametrize("mail", [Mail.FAREWELL_COMPLETED, Mail.FAREWELL_CONTINUED])
def test_a_certificate_is_linked_for_who_has_one(mail: Mail) -> None:
    assert "/certificate/" in CONTENT_EN.mail(mail, **{**COMMON, **PAIR}).text
    links = {**PAIR["links"], "certificate": None}
    assert "certificate" not in CONTENT_EN.mail(mail, **{**COMMON, **PAIR, "links": links}).text


def test_at_the_end_both_are_asked_whether_they_would_like_to_go_on() -> None:
    assert "/continue/" in CONTENT_EN.mail(Mail.CHECK_IN, **{**COMMON, **PAIR}).text
    values = {**COMMON, **PAIR, "asks_to_go_on": False}
    assert "/continue/" not in CONTENT_EN.mail(Mail.CHECK_IN, **values).text


def test_reminders_can_be_stopped_where_they_come() -> None:
    assert "/continue/" in CONTENT_EN.mail(Mail.CONTINUED_REMINDER, **{**COMMON, **PAIR}).text
    assert "/continue/" in CONTENT_EN.mail(Mail.FAREWELL_CONTINUED, **{**COMMON, **PAIR}).text
    values = {**COMMON, **PAIR, "gets_reminders": False}
    assert "reminder" not in CONTENT_EN.mail(Mail.FAREWELL_CONTINUED, **values).text


def test_a_value_that_is_missing_is_named_and_no_half_mail_is_made() -> None:
    with pytest.raises(ValueError, match=r"invitation.*'closes' is undefined"):
        CONTENT_EN.mail(Mail.INVITATION, **COMMON, links={"join": "x"})


def test_an_unknown_mail_is_refused() -> None:
    with pytest.raises(ValueError, match="nothing"):
        CONTENT_EN.mail("nothing", **COMMON)


def test_every_template_in_the_folder_is_a_mail_that_is_sent() -> None:
    files = {path.stem for path in (CONTENT / "en" / "mail").glob("[!_]*.md")}
    assert files == {mail.value for mail in Mail}


def test_files_that_are_wrong_are_all_told_at_once(tmp_path: Path) -> None:
    shutil.copytree(CONTENT / "en", tmp_path / "en")
    mails = tmp_path / "en" / "mail"
    (mails / "invitation.md").write_text("Hello\n\nno subject")
    (mails / "check_in.md").write_text("Subject: x\n\n{% if x %}")
    (mails / "invitatoin.md").write_text("Subject: x\n\ny")
    (mails / "not_matched.md").unlink()
    (tmp_path / "en" / "surveys" / "pulse.yaml").write_text("id: pulse\nversion: 0\n")
    (tmp_path / "en" / "agreement.md").write_text("No head")
    (tmp_path / "en" / "portal.yaml").write_text("base: [\n")
    with pytest.raises(BadInput) as caught:
        Content(tmp_path)
    said = "\n".join(str(problem) for problem in caught.value.problems)
    for words in (
        "invitation.md, line 1: the first line must be",
        "check_in.md, line 3: the template can't be read",
        "invitatoin.md: no mail is called so. Did you mean “invitation”?",
        "not_matched.md: this file is missing",
        "pulse.yaml, line 2, version: this must be at least 1; it is 0.",
        "agreement.md, line 1: it must begin with a head",
        "portal.yaml, line",
    ):
        assert words in said


def test_another_language_is_a_folder_and_english_fills_the_gaps(tmp_path: Path) -> None:
    shutil.copytree(CONTENT / "en", tmp_path / "en")
    (tmp_path / "cs" / "mail").mkdir(parents=True)
    (tmp_path / "cs" / "mail" / "not_matched.md").write_text(
        "Subject: Zatím bez dvojice\n\nJste na seznamu náhradníků.\n", encoding="utf-8"
    )
    (tmp_path / "cs" / "mail" / "_greeting.md").write_text(
        "Dobrý den, {{ me.first_name }},\n", encoding="utf-8"
    )
    (tmp_path / "cs" / "portal.yaml").write_text(
        "locale: cs_CZ\nmodule:\n  minutes:\n    one: Minuta.\n    few: '{count} minuty.'\n"
        "    other: '{count} minut.'\n",
        encoding="utf-8",
    )
    czech = Content(tmp_path).in_language("cs-CZ")
    assert czech.mail(Mail.NOT_MATCHED, **COMMON).subject == "Zatím bez dvojice"
    assert czech.mail(Mail.NOT_MATCHED, **COMMON).text.startswith("Dobrý den, Mia,\n\nJste")
    assert 'lang="cs"' in czech.mail(Mail.NOT_MATCHED, **COMMON).html
    invitation = czech.mail(Mail.INVITATION, **values_for(Mail.INVITATION))
    assert invitation.text.startswith("Dobrý den, Mia,")
    assert "Questions? Cora Example" in invitation.text
    assert [czech.words("module.minutes", count=n) for n in (1, 3, 5)] == [
        "Minuta.",
        "3 minuty.",
        "5 minut.",
    ]
    assert czech.words("module.button") == "I have read it"
    assert czech.in_language("fr").language == "en"
