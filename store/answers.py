"""What people do in the portal, each deed recorded in one transaction.

A deed is four things that stand or fall together: the answer itself, the event in the journal,
the session's row where one is meant, and the signal that tells the pair's workflow. Doing the same
again (a double click, a page sent twice) changes nothing and tells nobody twice; changing one's
mind is a new event. Words that a person wrote go into the answer and nowhere else.

Every function takes the open transaction of `Database.write` and the link that proves who acts.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from domain.calendar import ProgramCalendar, calendar_of
from domain.deeds import Deed, DeedKind, Verdict, Wish
from domain.definition import Definition
from domain.goals import Goal, content_of_goals
from domain.ids import answer_id
from domain.journal import EventKind, JournalEvent
from domain.model import Value
from domain.people import Preferences, Role
from domain.plan import EXIT_SURVEY, GOALS
from domain.surveys import AnswerValue
from store import agreements, follow_ups, journal, lateness, outbox
from store.database import as_of_now, insert_new
from store.lateness import Standing, Until
from store.links import Link
from store.tables import (
    AnswerRow,
    JournalRow,
    PairRow,
    ParticipantRow,
    ProgramRow,
    SessionRow,
    SignatureRow,
)

pair_is_over = lateness.pair_is_over
pair_is_introduced = lateness.pair_is_introduced
program_is_over = lateness.program_is_over
enrolment_is_over = lateness.enrolment_is_over


class AnswerKind(StrEnum):
    """What an answer is: `AnswerRow.kind`."""

    SURVEY = "survey"
    DRAFT = "draft"
    """A survey that was put aside half-way. Becomes `survey` when it is sent."""
    AGREEMENT = "agreement"
    """A signature, as 0.2.0 and before kept it; now there is a table of them."""
    GOALS = "goals"
    GOALS_REVIEW = "goals_review"
    """Where somebody stands on their goals, at a later point."""
    GUIDE = "guide"
    """All of the training, as 0.2.0 and before kept it."""
    TRAINING = "training"
    """One module of the training. Belongs to the person, and so counts in all of their pairs."""
    INTRODUCTION = "introduction"
    SESSION = "session"
    """Whether a session took place, as one of the pair told it."""
    CANCEL = "cancel"
    """A booked session that was called off, with a word to the partner."""
    NOTE = "note"
    """What somebody wrote down about a session for nobody but themselves."""
    HELP = "help"
    SAFETY = "safety"
    """The words of somebody who does not feel safe: for the named contact alone."""
    WISH = "wish"
    """Whether somebody would like to go on meeting once the program is over."""
    APPROVAL = "approval"
    """A line manager's word on somebody who would like to take part."""
    ATTENDANCE = "attendance"
    """Whether somebody came to a date of a group session."""


class TooLate(Exception):
    """The pair or the program has ended, or the person has left it: nothing is to be done.

    `what` has ended, as in `portal.visits.Ended`.
    """

    def __init__(self, what: str = "pair") -> None:
        super().__init__(what)
        self.what = what


class TermsChanged(Exception):
    """The partner signed other terms of the agreement since the page was opened."""


class AlreadyHeld(Exception):
    """The session was recorded as held, so it can't be booked again."""


class Outdated(Exception):
    """What the page showed is no longer so: the partner was quicker. Nothing was recorded."""


MOST_TIMES = 3
"""Times in one proposal."""


def survey_is_closed(session: Session, program: str, pair: str | None, occasion: str) -> bool:
    """Whether it is too late to answer a survey, or to look at one's goals, on this occasion.

    What a pair is asked can be answered until the program is over, but for why it ended early:
    that may be on the program's last day. A survey about no pair is a follow-up, with a closing
    date of its own.
    """
    if pair is None:
        return follow_ups.is_closed(session, program, occasion)
    return occasion.partition(":")[0] != EXIT_SURVEY and program_is_over(session, program)


def _closing(session: Session, link: Link, occasion: str) -> Until:
    """Until when a survey can be answered. Raises TooLate where it is closed already.

    See `survey_is_closed`: what a pair is asked closes with the program, and `_answer` looks at
    that.
    """
    if link.pair is None and follow_ups.is_closed(session, link.program, occasion):
        raise TooLate("survey")
    is_early = occasion.partition(":")[0] == EXIT_SURVEY
    return Until.EVER if link.pair is None or is_early else Until.PROGRAM_ENDS


def who_answered(session: Session, program: str, occasion: str) -> frozenset[str]:
    """Who answered a survey that was about no pair, on this occasion."""
    found = session.scalars(
        select(AnswerRow.person_id).where(
            AnswerRow.program_id == program,
            AnswerRow.pair_id.is_(None),
            AnswerRow.occasion == occasion,
            AnswerRow.kind == AnswerKind.SURVEY.value,
        )
    )
    return frozenset(found)


def find(
    session: Session, program: str, pair: str | None, person: str, occasion: str
) -> AnswerRow | None:
    """What a person answered on one occasion, if they did."""
    return session.get(AnswerRow, answer_id(program, pair, person, occasion))


def session_occasion(number: int) -> str:
    """The occasion of an answer to whether a session took place."""
    return f"session:{number}"


# --- Before there are pairs ----------------------------------------------------------------------


def join(session: Session, link: Link, joins: bool) -> bool:
    """Take part, or stay out; can be changed while the link works. Returns whether it is new."""
    at = journal.now_of(session, link.program)
    participant = _participant(session, link.program, link.person)
    if participant.joined is joins:
        return False
    earlier = participant.answered_at
    participant.joined = joins
    participant.answered_at = at
    kind = EventKind.JOINED if joins else EventKind.STAYED_OUT
    name = answer_id(link.program, None, link.person, "join")
    event = JournalEvent(
        id=_event_id(name, {"joins": joins}, earlier), kind=kind, at=at, person=link.person
    )
    journal.append(session, link.program, [event])
    return True


# --- Getting to know each other and preparing ----------------------------------------------------


def accept_introduction(session: Session, link: Link) -> bool:
    """Be happy to meet the partner."""
    return _answer(
        session,
        link,
        AnswerKind.INTRODUCTION,
        {"accepts": True},
        event=EventKind.INTRODUCTION_ACCEPTED,
        deed=DeedKind.ACCEPTED,
    )


def decline_introduction(session: Session, link: Link, reason: str | None = None) -> bool:
    """Not meet this partner. The reason is for the coordinator and stays in the store."""
    return _answer(
        session,
        link,
        AnswerKind.INTRODUCTION,
        {"accepts": False, "reason": reason},
        event=EventKind.INTRODUCTION_DECLINED,
        deed=DeedKind.DECLINED,
    )


def read_module(
    session: Session, link: Link, module: str, version: int, wanted: Mapping[Role, Collection[str]]
) -> bool:
    """Have read a module of the training, in this version. What was read stays read.

    `wanted` are the ids that somebody has to read who has this role in a pair. The link's pair is
    told of each module; every pair that goes on, of the last one that was open for it.
    """
    here = _pair_of(session, link)
    read, has_read_the_guide = modules_read(session, link.program, link.person)
    if module in read or has_read_the_guide:
        return False
    at = journal.now_of(session, link.program)
    occasion = training_occasion(module)
    session.add(
        AnswerRow(
            id=answer_id(link.program, None, link.person, occasion),
            program_id=link.program,
            pair_id=None,
            person_id=link.person,
            role=_role_in(here, link.person).value,
            kind=AnswerKind.TRAINING.value,
            occasion=occasion,
            version=version,
            content={},
            answered_at=at,
        )
    )
    for pair in pairs_of(session, link.program, link.person):
        role = _role_in(pair, link.person)
        is_last = module in wanted[role] and read | {module} >= set(wanted[role])
        if pair_is_over(session, pair.id) or not (is_last or pair.id == here.id):
            continue
        event = JournalEvent(
            id=answer_id(link.program, pair.id, link.person, occasion),
            kind=EventKind.TRAINING_DONE if is_last else EventKind.TRAINING_READ,
            at=at,
            pair=pair.id,
            person=link.person,
            role=role,
            data={"module": module},
        )
        journal.append(session, link.program, [event])
        kind = DeedKind.TRAINING_DONE if is_last else DeedKind.TRAINING_READ
        outbox.add(session, link.program, pair.id, Deed(kind=kind, role=role, at=at))
    return True


def training_occasion(module: str) -> str:
    """The occasion of an answer to whether a module was read."""
    return f"{AnswerKind.TRAINING.value}:{module}"


def modules_read(session: Session, program: str, person: str) -> tuple[frozenset[str], bool]:
    """The ids of the modules that somebody has read, in whichever pair.

    And whether they read the guide, when that was all there was.
    """
    rows = session.execute(
        select(AnswerRow.kind, AnswerRow.occasion).where(
            AnswerRow.program_id == program,
            AnswerRow.person_id == person,
            AnswerRow.kind.in_([AnswerKind.TRAINING.value, AnswerKind.GUIDE.value]),
        )
    ).all()
    training = [occasion for kind, occasion in rows if kind == AnswerKind.TRAINING.value]
    modules = frozenset(occasion.partition(":")[2] for occasion in training)
    return modules, len(training) < len(rows)


def modules_open(
    session: Session, program: str, person: str, wanted: Iterable[str]
) -> tuple[str, ...]:
    """Which of these modules somebody has yet to read, in this order.

    None for who read the guide when that was all there was.
    """
    read, has_read_the_guide = modules_read(session, program, person)
    return () if has_read_the_guide else tuple(each for each in wanted if each not in read)


def training_is_done(session: Session, program: str, person: str, wanted: Iterable[str]) -> bool:
    """Whether somebody has read all of these modules; also where there are none to read."""
    return not modules_open(session, program, person, wanted)


def sign_agreement(
    session: Session,
    link: Link,
    version: int,
    language: str,
    text: str,
    choices: Mapping[str, AnswerValue],
    seen: int | None = None,
) -> bool:
    """Sign the mentoring agreement, with what was chosen in it.

    `text` is what the person read, all of it, and is kept word for word. Who signs what the partner
    signed last signs the same terms; anything else makes new terms, which the partner has to sign
    as well (`domain.agreement`). The pair is locked meanwhile, so that of two who sign at once the
    second one knows of the first.

    `seen` are the terms that the person was shown. Raises TermsChanged if there are others by now
    and these would replace them: nobody takes back what they have not read.
    """
    at = journal.now_of(session, link.program)
    pair = _pair_of(session, link)
    role = _role_in(pair, link.person)
    agreement = agreements.agreement_of(session, pair.id)
    terms = agreement.terms_for(version, choices)
    mine = agreement.of(role)
    if mine is not None and mine.terms == terms:
        return False
    if seen is not None and seen != agreement.terms < terms:
        raise TermsChanged
    session.add(
        SignatureRow(
            id=f"{pair.id}/{role.value}/{terms}",
            pair_id=pair.id,
            person_id=link.person,
            role=role.value,
            terms=terms,
            version=version,
            language=language,
            choices=dict(choices),
            text=text,
            signed_at=at,
        )
    )
    event = JournalEvent(
        id=answer_id(link.program, pair.id, link.person, f"agreement:{terms}"),
        kind=EventKind.AGREEMENT_SIGNED,
        at=at,
        pair=pair.id,
        person=link.person,
        role=role,
        data={"terms": terms, "version": version},
    )
    journal.append(session, link.program, [event])
    deed = Deed(kind=DeedKind.AGREEMENT_SIGNED, role=role, at=at, terms=terms)
    outbox.add(session, link.program, pair.id, deed)
    return True


def write_goals(session: Session, link: Link, goals: Sequence[Goal]) -> bool:
    """Write down what one wants to learn, and where one stands. The words stay in the answer."""
    return _answer(
        session,
        link,
        AnswerKind.GOALS,
        content_of_goals(goals),
        event=EventKind.GOALS_WRITTEN,
        deed=DeedKind.GOALS_WRITTEN,
        data={"count": len(goals)},
    )


def review_goals(session: Session, link: Link, goals: Sequence[Goal]) -> bool:
    """Say where one stands on one's goals now. The goals are kept as they were then.

    Raises TooLate once the program is over.
    """
    if link.occasion is None:
        raise ValueError("the link names no review")
    return _answer(
        session,
        link,
        AnswerKind.GOALS_REVIEW,
        content_of_goals(goals),
        occasion=link.occasion,
        event=EventKind.SURVEY_ANSWERED,
        deed=DeedKind.SURVEY_ANSWERED,
        data={"survey": GOALS, "occasion": link.occasion},
        until=_closing(session, link, link.occasion),
    )


# --- Meeting -------------------------------------------------------------------------------------


def propose_times(
    session: Session,
    link: Link,
    times: Sequence[datetime],
    place: str | None,
    seen: int | None = None,
) -> bool:
    """Propose one to three times for a session, of which the partner picks one.

    Either of the two may, also for a session that has a date: that stays until another is picked.
    A new proposal takes the place of the one before, whoever made it. `times` are in program time.
    `seen` is the number of the latest proposal that whoever proposes knew of: where the partner
    proposed or picked something since, they should see that first. Raises AlreadyHeld, Outdated.
    """
    if not 1 <= len(times) <= MOST_TIMES:
        raise ValueError(f"a proposal has 1 to {MOST_TIMES} times")
    at = journal.now_of(session, link.program)
    pair, number = _pair_of(session, link), _session_number(link)
    row = _open_session(session, pair, number)
    role = _role_in(pair, link.person)
    proposed = [time.astimezone(UTC).isoformat() for time in times]
    if row.proposed_by == role.value:
        if (row.proposed_times, row.proposed_place) == (proposed, place):
            return False
    elif seen is not None and seen != row.proposal:
        raise Outdated
    row.proposal += 1
    row.proposed_by, row.proposed_times, row.proposed_place = role.value, proposed, place
    event = JournalEvent(
        id=f"{answer_id(link.program, pair.id, '-', f'proposal:{number}')}#{row.proposal}",
        kind=EventKind.SESSION_PROPOSED,
        at=at,
        pair=pair.id,
        person=link.person,
        role=role,
        data={"session": number, "proposal": row.proposal},
    )
    journal.append(session, link.program, [event])
    deed = Deed(
        kind=DeedKind.SESSION_PROPOSED,
        role=role,
        at=at,
        session=number,
        proposal=row.proposal,
    )
    outbox.add(session, link.program, pair.id, deed)
    return True


def proposed_times(row: SessionRow | None) -> tuple[datetime, ...]:
    """The times that wait for the partner to pick one, in program time; none if none do."""
    if row is None or row.proposed_by is None:
        return ()
    return tuple(datetime.fromisoformat(time) for time in row.proposed_times or ())


def pick_time(session: Session, link: Link, proposal: int, index: int) -> bool:
    """Pick one of the times that the partner proposed, which books the session.

    `proposal` is the number of the proposal that was shown, `index` the place of the time in it,
    from 0. Raises AlreadyHeld; and Outdated where that proposal is not the latest any more, was
    answered already, or is one's own.
    """
    at = journal.now_of(session, link.program)
    pair, number = _pair_of(session, link), _session_number(link)
    row = _open_session(session, pair, number)
    role = _role_in(pair, link.person)
    times = [datetime.fromisoformat(time) for time in row.proposed_times or ()]
    if row.proposal != proposal or not 0 <= index < len(times):
        raise Outdated
    if row.proposed_by is None and row.booked_for == times[index]:
        return False  # a double click
    if row.proposed_by != role.other.value:
        raise Outdated
    _book(session, link, pair, row, at, times[index], row.proposed_place)
    return True


def book_session(session: Session, link: Link, booked_for: datetime, place: str | None) -> bool:
    """Agree on when and where a session is. Either of the two may, and may change it.

    `booked_for` is in program time, what the two read in their calendars; the workflow is told
    the instant at which it will be that time. `SessionRow.sequence` rises with every change, as
    iCalendar wants it. Times that wait for an answer wait no more. Raises AlreadyHeld.
    """
    at = journal.now_of(session, link.program)
    pair, number = _pair_of(session, link), _session_number(link)
    row = _open_session(session, pair, number)
    if (row.booked_for, row.place) == (booked_for, place) and row.proposed_by is None:
        return False
    _book(session, link, pair, row, at, booked_for, place)
    return True


def _book(
    session: Session,
    link: Link,
    pair: PairRow,
    row: SessionRow,
    at: datetime,
    booked_for: datetime,
    place: str | None,
) -> None:
    """Give a session a date, tell the journal and the pair's workflow."""
    moved = row.booked_for is not None
    row.booked_for, row.place, row.proposed_by = booked_for, place, None
    row.sequence += 1
    role = _role_in(pair, link.person)
    data: dict[str, int | str] = {"session": row.number}
    event = JournalEvent(
        id=f"{answer_id(link.program, pair.id, '-', f'booking:{row.number}')}#{row.sequence}",
        kind=EventKind.SESSION_BOOKED,
        at=at,
        pair=pair.id,
        person=link.person,
        role=role,
        data=data | {"moved": 1} if moved else data,
    )
    journal.append(session, link.program, [event])
    deed = Deed(
        kind=DeedKind.SESSION_BOOKED,
        role=role,
        at=at,
        session=row.number,
        booked_for=_calendar(session, link.program).to_instant(booked_for),
        booking=row.sequence,
    )
    outbox.add(session, link.program, pair.id, deed)


def was_moved(session: Session, pair: str, number: int) -> bool:
    """Whether the date that a session has took the place of another one."""
    bookings = session.scalars(
        select(JournalRow)
        .where(JournalRow.pair_id == pair, JournalRow.kind == EventKind.SESSION_BOOKED.value)
        .order_by(JournalRow.position.desc())
    )
    latest = next((row for row in bookings if row.data.get("session") == number), None)
    return latest is not None and "moved" in latest.data


class CalledOff(Value):
    """A session that had a date, and was called off."""

    by: Role
    booked_for: datetime
    """In program time."""
    place: str | None
    sequence: int
    """Of the cancellation, as iCalendar wants it: above that of the booking."""
    words: str | None
    """To the partner. They stand here and in the mail to them, and nowhere else."""


def cancel_session(session: Session, link: Link, booking: int, words: str | None) -> bool:
    """Call a session off that has a date. Either of the two may.

    `booking` is `SessionRow.sequence` of the date that was shown. Times that wait for an answer go
    on waiting. Raises AlreadyHeld; and Outdated where the session has another date by now.
    """
    pair, number = _pair_of(session, link), _session_number(link)
    row = _open_session(session, pair, number)
    if row.booked_for is None:
        return False
    if row.sequence != booking:
        raise Outdated
    content = {
        "booking": booking,
        "sequence": booking + 1,
        "booked_for": row.booked_for.isoformat(),
        "place": row.place,
        "words": words,
    }
    row.booked_for = row.place = None
    row.sequence += 1
    row.cancelled += 1
    return _answer(
        session,
        link,
        AnswerKind.CANCEL,
        content,
        occasion=f"cancel:{number}",
        event=EventKind.SESSION_CANCELLED,
        deed=DeedKind.SESSION_CANCELLED,
        data={"session": number},
    )


def called_off(session: Session, pair: str, number: int) -> CalledOff | None:
    """How a session was called off the last time, whether or not it has a date again."""
    told = session.scalars(
        select(AnswerRow).where(AnswerRow.pair_id == pair, AnswerRow.occasion == f"cancel:{number}")
    )
    latest = max(told, key=lambda row: int(row.content["sequence"]), default=None)
    if latest is None or latest.role is None:
        return None
    return CalledOff(
        by=Role(latest.role),
        booked_for=latest.content["booked_for"],
        place=latest.content["place"],
        sequence=latest.content["sequence"],
        words=latest.content["words"],
    )


def log_session(session: Session, link: Link, held: bool) -> bool:
    """Say that a session took place, or that it did not. One of the two is enough.

    A session that was held stays held: a later “it did not” raises AlreadyHeld. One that did not
    take place has no date any more and waits to be booked anew.
    """
    pair, number = _pair_of(session, link), _session_number(link)
    row = _session_of(session, pair, number)
    if row.held_at is not None:
        if not held:
            raise AlreadyHeld
        return False
    occasion = session_occasion(number)
    content = {"held": held, "booking": row.sequence}
    told = session.scalars(
        select(AnswerRow).where(AnswerRow.pair_id == pair.id, AnswerRow.occasion == occasion)
    )
    if any(answer.content == content for answer in told):
        return False
    if held:
        row.held_at = journal.now_of(session, link.program)
        row.proposed_by = None
    else:
        row.booked_for = row.place = None
    return _answer(
        session,
        link,
        AnswerKind.SESSION,
        content,
        occasion=occasion,
        event=EventKind.SESSION_HELD if held else EventKind.SESSION_MISSED,
        deed=DeedKind.SESSION_HELD if held else DeedKind.SESSION_MISSED,
        data={"session": number},
    )


def write_note(session: Session, link: Link, words: str) -> bool:
    """Keep a note about a session for oneself; an empty one takes it back. Tells nobody.

    Neither the partner nor anybody else is shown it, and no workflow learns that there is one.
    """
    return _answer(
        session, link, AnswerKind.NOTE, {"words": words}, occasion=_note(_session_number(link))
    )


def note_of(session: Session, program: str, pair: str, person: str, number: int) -> str:
    """What somebody wrote down for themselves about a session; empty if nothing."""
    row = find(session, program, pair, person, _note(number))
    return str(row.content["words"]) if row is not None else ""


def notes_in(mine: Iterable[AnswerRow]) -> list[tuple[int, str]]:
    """The notes among somebody's own answers, each with the number of its session, in order."""
    return sorted(
        (int(row.occasion.removeprefix(_note(""))), str(row.content["words"]))
        for row in mine
        if row.kind == AnswerKind.NOTE and row.content["words"]
    )


def _note(number: int | str) -> str:
    return f"note:{number}"


# --- Group sessions ------------------------------------------------------------------------------


def attendance_occasion(group: str, number: int) -> str:
    """The occasion of an answer to whether somebody came to a date of a group session."""
    return f"{AnswerKind.ATTENDANCE}:{group}:{number}"


def attend(session: Session, link: Link, group: str, number: int, came: bool) -> bool:
    """Say whether one came to a date of a group session. Can be changed while the link works."""
    return _answer(
        session,
        link,
        AnswerKind.ATTENDANCE,
        {"came": came},
        occasion=attendance_occasion(group, number),
        event=EventKind.ATTENDED if came else EventKind.MISSED_GROUP_SESSION,
        data={"group": group, "number": number},
        until=Until.EVER,
    )


# --- Saying how it goes --------------------------------------------------------------------------


def answer_survey(
    session: Session,
    link: Link,
    version: int,
    answers: Mapping[str, AnswerValue],
    partial: bool = False,
    *,
    verdict: Verdict | None = None,
    look: bool = False,
) -> bool:
    """Answer a survey; `content` of the answer holds each value by its item's id.

    `verdict` is what the answers say of the pair, and `look` whether the coordinator should look:
    see `domain.check_ins`. With `partial` it is only kept for later: no event, no signal, and not a
    `survey` answer yet. What was sent is never taken back by a partial one; where it is changed,
    what was sent first is kept beside it.

    Raises TooLate once the survey is closed.
    """
    if link.survey is None:
        raise ValueError("the link names no survey")
    occasion = link.occasion or link.survey
    if partial:
        if survey_is_closed(session, link.program, link.pair, occasion):
            raise TooLate("survey")
        sent = find(session, link.program, link.pair, link.person, occasion)
        if sent is not None and sent.kind == AnswerKind.SURVEY:
            return False
        return _answer(
            session, link, AnswerKind.DRAFT, dict(answers), version=version, occasion=occasion
        )
    data: dict[str, int | str] = {"survey": link.survey, "occasion": occasion}
    if verdict is not None:
        data["verdict"] = verdict.value
    if look:
        data["look"] = 1
    return _answer(
        session,
        link,
        AnswerKind.SURVEY,
        dict(answers),
        version=version,
        occasion=occasion,
        event=EventKind.SURVEY_ANSWERED,
        deed=DeedKind.SURVEY_ANSWERED,
        data=data,
        until=_closing(session, link, occasion),
        says={"verdict": verdict, "look": look},
    )


def ask_help(session: Session, link: Link, words: str, number: int) -> bool:
    """Ask the coordinator for help with a pair. What was written stays in the answer.

    `number` is 1 for the person's first call for help in this pair, and so on: a page sent twice
    has the same number, while the same words a month later are a new call.
    """
    return _answer(
        session,
        link,
        AnswerKind.HELP,
        {"words": words},
        occasion=f"help:{number}",
        event=EventKind.HELP_ASKED,
        deed=DeedKind.HELP_ASKED,
    )


def latest_help(session: Session, pair: str, person: str) -> str | None:
    """The words of somebody's latest call for help, for who is to help."""
    return _latest_words(session, AnswerKind.HELP, pair, person)


def raise_safety(session: Session, link: Link, words: str, number: int) -> bool:
    """Say that one does not feel safe in a pair, with words or without.

    The journal is told nothing: it is read by more people than the named contact. `number` is 1
    for the person's first time in this pair, and so on, as in `ask_help`.
    """
    return _answer(
        session,
        link,
        AnswerKind.SAFETY,
        {"words": words},
        occasion=f"safety:{number}",
        deed=DeedKind.SAFETY_RAISED,
    )


def latest_safety(session: Session, pair: str, person: str) -> str | None:
    """What somebody wrote when they last said that they don't feel safe, for the named contact.

    Empty where they wrote nothing; None if they never said so.
    """
    return _latest_words(session, AnswerKind.SAFETY, pair, person)


def _latest_words(session: Session, kind: AnswerKind, pair: str, person: str) -> str | None:
    row = session.scalar(
        select(AnswerRow)
        .where(
            AnswerRow.pair_id == pair,
            AnswerRow.person_id == person,
            AnswerRow.kind == kind.value,
        )
        .order_by(AnswerRow.answered_at.desc(), AnswerRow.occasion.desc())
        .limit(1)
    )
    return None if row is None else str(row.content["words"])


# --- Going on ------------------------------------------------------------------------------------


def wish(session: Session, link: Link, wished: Wish) -> bool:
    """Say whether one would like to go on meeting. Can be changed until the pair has ended.

    What was wished stays in the answer: the journal only knows that it was said.
    """
    return _wish(session, link, wished)


def wished(session: Session, program: str, pair: str | None, person: str) -> Wish | None:
    """What somebody said they would like once the program is over."""
    row = find(session, program, pair, person, AnswerKind.WISH.value)
    return None if row is None else Wish(row.content["wish"])


def stop_reminders(session: Session, link: Link) -> bool:
    """Go on meeting without the program's reminders: also once the pair has ended."""
    if wished(session, link.program, link.pair, link.person) is not Wish.GO_ON_WITH_MAILS:
        return False
    return _wish(session, link, Wish.GO_ON, until=Until.EVER)


def _wish(session: Session, link: Link, wished: Wish, *, until: Until = Until.PAIR_ENDS) -> bool:
    return _answer(
        session,
        link,
        AnswerKind.WISH,
        {"wish": wished.value},
        event=EventKind.WISHED,
        deed=DeedKind.WISHED,
        says={"wish": wished},
        until=until,
    )


# --- Being away, and leaving ---------------------------------------------------------------------


def go_away(session: Session, program: str, person: str, until: datetime) -> bool:
    """Be away until an instant (`domain.absence.back_on`): no message comes before it.

    Every pair of the person that goes on is told, and waits. Returns whether it is new.
    """
    participant = _participant(session, program, person)
    if participant.away_until == until:
        return False
    participant.away_until = until
    _tell_of_presence(session, program, person, EventKind.WENT_AWAY, until)
    return True


def come_back(session: Session, program: str, person: str) -> bool:
    """Be back before the date that was given. Returns whether the person was away."""
    participant = _participant(session, program, person)
    until, participant.away_until = participant.away_until, None
    if until is None or until <= journal.now_of(session, program):
        return False
    _tell_of_presence(session, program, person, EventKind.CAME_BACK)
    return True


def _tell_of_presence(
    session: Session, program: str, person: str, kind: EventKind, until: datetime | None = None
) -> None:
    """Write down that a locked participant went away or came back, and tell their pairs."""
    at = journal.now_of(session, program)
    before = session.scalar(
        select(func.count()).where(
            JournalRow.program_id == program,
            JournalRow.person_id == person,
            JournalRow.kind.in_([EventKind.WENT_AWAY.value, EventKind.CAME_BACK.value]),
        )
    )
    event = JournalEvent(
        id=f"{answer_id(program, None, person, 'presence')}#{before}",
        kind=kind,
        at=at,
        person=person,
    )
    journal.append(session, program, [event])
    for pair in pairs_of(session, program, person):
        if not pair_is_over(session, pair.id):
            deed = Deed(kind=DeedKind(kind.value), role=_role_in(pair, person), at=at, until=until)
            outbox.add(session, program, pair.id, deed)


def preferences_of(participant: ParticipantRow) -> Preferences:
    """How somebody would like to be written to."""
    return Preferences.model_validate(participant.preferences or {})


def prefer(session: Session, program: str, person: str, preferences: Preferences) -> bool:
    """Say how one would like to be written to. Holds from the next message on."""
    participant = _participant(session, program, person)
    if preferences_of(participant) == preferences:
        return False
    participant.preferences = preferences.model_dump(mode="json")
    return True


def withdraw(session: Session, program: str, person: str) -> bool:
    """Leave the program. Every pair of theirs in it is told. Returns whether it is new."""
    at = journal.now_of(session, program)
    participant = _participant(session, program, person, may_have_left=True)
    if participant.withdrew_at is not None:
        return False
    participant.withdrew_at = at
    event = JournalEvent(
        id=answer_id(program, None, person, "withdraw"),
        kind=EventKind.WITHDREW,
        at=at,
        person=person,
    )
    journal.append(session, program, [event])
    for pair in pairs_of(session, program, person):
        deed = Deed(kind=DeedKind.WITHDREW, role=_role_in(pair, person), at=at)
        outbox.add(session, program, pair.id, deed)
    return True


def count_of(session: Session, program: str, person: str, kind: AnswerKind) -> int:
    """How many answers of one kind a person gave in a program, in all their pairs."""
    query = select(func.count()).where(
        AnswerRow.program_id == program,
        AnswerRow.person_id == person,
        AnswerRow.kind == kind.value,
    )
    return session.scalar(query) or 0


def count(session: Session, program: str) -> int:
    """How many answers of any kind a program has."""
    return session.scalar(select(func.count()).where(AnswerRow.program_id == program)) or 0


def pairs_of(session: Session, program: str, person: str) -> list[PairRow]:
    """The pairs that somebody is or was in."""
    query = select(PairRow).where(
        PairRow.program_id == program,
        (PairRow.mentor_id == person) | (PairRow.mentee_id == person),
    )
    return list(session.scalars(query.order_by(PairRow.id)))


# --- How it is written ---------------------------------------------------------------------------


_ABOUT_A_SESSION = (AnswerKind.SESSION, AnswerKind.CANCEL)


def _answer(
    session: Session,
    link: Link,
    kind: AnswerKind,
    content: dict[str, Any],
    *,
    version: int = 1,
    occasion: str | None = None,
    event: EventKind | None = None,
    deed: DeedKind | None = None,
    data: dict[str, int | str] | None = None,
    says: Mapping[str, Any] | None = None,
    until: Until = Until.PAIR_ENDS,
) -> bool:
    """Write one answer with all that follows from it, unless it is there already.

    `data` is what the event holds, and `says` what the deed says beyond what every deed does.
    """
    stands = _locked(session, link, until)
    at, role = stands.now, link.role
    if stands.mentor is not None:
        role = _role_of(stands.mentor, link.person)
    occasion = occasion or kind.value
    name = answer_id(link.program, link.pair, link.person, occasion)
    new = {
        "id": name,
        "program_id": link.program,
        "pair_id": link.pair,
        "person_id": link.person,
        "role": role.value if role else None,
        "kind": kind.value,
        "occasion": occasion,
        "version": version,
        "content": content,
        "answered_at": at,
    }
    earlier = None
    if not insert_new(session, AnswerRow, [new], "id"):
        row = session.get_one(AnswerRow, name, populate_existing=True)
        if (row.kind, row.version, row.content) == (kind.value, version, content):
            return False
        if row.kind == AnswerKind.SURVEY and row.first_content is None:
            row.first_content, row.first_answered_at = row.content, row.answered_at
        earlier = row.answered_at
        row.kind, row.version, row.content, row.answered_at = kind.value, version, content, at
    if event is not None:
        written = JournalEvent(
            id=_event_id(name, content, earlier),
            kind=event,
            at=at,
            pair=link.pair,
            person=link.person,
            role=role,
            data=data or {},
        )
        journal.append(session, link.program, [written])
    if deed is not None and link.pair is not None and role is not None:
        told = Deed(
            kind=deed,
            role=role,
            at=at,
            session=link.session if kind in _ABOUT_A_SESSION else None,
            booking=int(content.get("booking", 0)) if kind in _ABOUT_A_SESSION else 0,
            occasion=occasion if deed is DeedKind.SURVEY_ANSWERED else None,
            **(says or {}),
        )
        outbox.add(session, link.program, link.pair, told)
    return True


def _event_id(name: str, content: Mapping[str, Any], earlier: datetime | None) -> str:
    """An id for this content of an answer, told apart from the same content at another time.

    The answer that it replaces is part of it: yes, no and yes again are three events.
    """
    said = json.dumps([content, earlier.isoformat() if earlier else None], sort_keys=True)
    return f"{name}#{hashlib.sha256(said.encode()).hexdigest()[:12]}"


def _locked(session: Session, link: Link, until: Until) -> Standing:
    """How who acts stands, locked with the pair of the link. Raises TooLate."""
    found = lateness.lock(session, link, until)
    if found is None:
        raise TooLate
    if found.is_over:
        raise TooLate("survey" if until is Until.PROGRAM_ENDS else "pair")
    if found.has_left and until is Until.PAIR_ENDS:
        raise TooLate
    return found


def _participant(
    session: Session, program: str, person: str, *, may_have_left: bool = False
) -> ParticipantRow:
    """The person in the program, locked, so that two clicks at once come one after the other."""
    row = as_of_now(session, ParticipantRow, (program, person))
    if row is None or (row.withdrew_at is not None and not may_have_left):
        raise TooLate
    return row


def _pair_of(session: Session, link: Link, *, may_be_over: bool = False) -> PairRow:
    """The link's pair, locked: sessions belong to both, so both may click at once."""
    if link.pair is None:
        raise ValueError(f"a link for {link.purpose.value} needs a pair")
    if not may_be_over:
        _participant(session, link.program, link.person)
    row = as_of_now(session, PairRow, link.pair)
    if row is None or (not may_be_over and pair_is_over(session, row.id)):
        raise TooLate
    return row


def _session_of(session: Session, pair: PairRow, number: int) -> SessionRow:
    """A session of a locked pair as it is now: a page may have read it before the lock."""
    row = as_of_now(session, SessionRow, (pair.id, number))
    if row is None:
        row = SessionRow(pair_id=pair.id, number=number, sequence=-1, proposal=0, cancelled=0)
        session.add(row)
    return row


def _open_session(session: Session, pair: PairRow, number: int) -> SessionRow:
    """The same, for what can't be done to one that took place. Raises AlreadyHeld."""
    row = _session_of(session, pair, number)
    if row.held_at is not None:
        raise AlreadyHeld
    return row


def _calendar(session: Session, program: str) -> ProgramCalendar:
    row = session.get_one(ProgramRow, program)
    return calendar_of(Definition.stored(row.definition), row.epoch)


def _role_in(pair: PairRow, person: str) -> Role:
    return _role_of(pair.mentor_id, person)


def _role_of(mentor: str, person: str) -> Role:
    return Role.MENTOR if mentor == person else Role.MENTEE


def _session_number(link: Link) -> int:
    if link.session is None:
        raise ValueError("the link names no session")
    return link.session
