"""A program with a known truth: its journal, its people and their answers, made up from a seed.

Thirteen pairs are introduced and one of them declines. Of the twelve that start, nine hold all six
sessions or nearly so, one stalls and comes back, one stalls and is closed, and the mentee of one
withdraws. On average everybody is more at ease with the topics at the end than before. Everybody in
it is an example.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from domain.definition import Columns, Definition
from domain.journal import EventKind, JournalEvent
from domain.outcomes import Later
from domain.people import Role
from domain.projection import project
from domain.record import GroupAttendance, Record
from domain.sections import FollowUp
from store import journal
from store.report_data import load_record
from store.tables import AnswerRow, MessageRow, PairRow, ParticipantRow, PersonRow, ProgramRow

START = datetime(2026, 1, 12, 8, tzinfo=UTC)
SESSIONS = 6
BASELINE, PULSE, FINAL = "baseline:preparation", "pulse:session-2", "final:evaluation"

FIRST = (  # noqa: SIM905 - a list of eighty names reads better so
    "Aiko Bram Chiara Dilnoza Emeka Farah Gethin Hana Ivo Jamila Kofi Leona Mateus Nadia Oisin "
    "Priya Quentin Rosa Sanna Tomasz Ulla Viktor Wanda Xenia Yusuf Zelda Anouk Bastian Carys "
    "Dimitri Elif Fiona Goran Hedda Imre Jowita Kenji Lucia Malik Noor"
).split()
LAST = (  # noqa: SIM905 - as above
    "Abernathy Bergstrom Castellanos Dembele Eriksdotter Fitzgerald Grabowska Haraldsen Ivanova "
    "Jankowski Kowalczyk Lindqvist Marchetti Nakamura Oyelaran Papadakis Quintero Rasmussen "
    "Szymanska Thorvaldsen Underhill Vandenberg Wojciech Xanthopoulos Yamaguchi Zimmermann "
    "Achterberg Bonnefoy Czerny Delacroix Espinoza Fredriksen Guerreiro Hoffmann Iglesias "
    "Jorgensen Karlsson Lefebvre Montague Novakova"
).split()
DEPARTMENTS = (
    ("Operations",) * 16
    + ("Finance",) * 11
    + ("Technology",) * 8
    + ("Legal",) * 3
    + ("Communications",) * 2
)
BEST = (
    "Seeing how the teams below mine really use our tools.",
    "That {first} took the time to show me things twice.",
    "Being asked what I think, and then seeing it change something.",
    "I learned to prepare a talk with a model and to check what it says.",
    "An hour in which nobody wanted a decision from me.",
    "Hearing how decisions are made two floors up. {first} {last} explained it well.",
    "We laughed a lot.",
    "It made me less afraid of asking simple questions.",
)
BETTER = (
    "Start with a session where everybody is in one room.",
    "Six weeks between two sessions was too long over the summer.",
    "A list of topics to begin with.",
    "More time at the start to find out what we want.",
    "Nothing comes to mind.",
    "Tell my line manager beforehand that it takes an hour.",
)


def definition(**changes: Any) -> Definition:
    """The definition of the example program."""
    values: dict[str, Any] = {
        "program": {
            "id": "example-2026",
            "title": "Learning from each other 2026 (example)",
            "organisation": "Example Organisation",
            "starts": date(2026, 1, 12),
            "goals": [
                {
                    "goal": "Senior leaders use digital tools in their own work",
                    "priority": "Digital first",
                },
                {
                    "goal": "Decisions are made with an ear to people early in their career",
                    "priority": "A place where people stay",
                },
            ],
        },
        "coordinator": {"name": "Corinna Coordinatrix", "email": "coordinator@example.org"},
        "sponsor": {"name": "Spiros Sponsoridis", "email": "sponsor@example.org"},
        "people": {
            "columns": Columns(
                id="id", name="name", email="email", department="dept", level="grade"
            ),
            "levels": ["Analyst", "Manager", "Director", "Executive"],
        },
        "sessions": {"count": SESSIONS, "every": "3 weeks", "minimum": 4},
        "success": [
            {"metric": "pairs_completed", "target": ">= 75%"},
            {"metric": "sessions_held", "target": ">= 80%"},
            {"metric": "recommendation", "target": ">= 30"},
            {"metric": "satisfaction", "target": ">= 4.2"},
            {"metric": "response_rate", "target": ">= 70%"},
            {"metric": "stalled_pairs", "target": "<= 25%"},
            {"metric": "recovered_pairs", "target": ">= 50%"},
            {"metric": "days_to_first_session", "target": "<= 35"},
            {"metric": "rematched_pairs", "target": "<= 10%"},
            {"metric": "interventions", "target": "<= 0.5"},
            {"metric": "change", "scale": "confidence", "target": ">= 0.5"},
            {"metric": "change", "scale": "confidence", "role": "mentee", "target": ">= 0.5"},
            {"metric": "stayed", "target": ">= 90%"},
            {"metric": "promoted", "target": ">= 10%"},
        ],
    }
    return Definition.model_validate({**values, **changes})


@dataclass
class Sample:
    """An example program, ready to be written into a store."""

    definition: Definition
    events: list[JournalEvent] = field(default_factory=list)
    people: list[PersonRow] = field(default_factory=list)
    participants: list[ParticipantRow] = field(default_factory=list)
    pairs: list[PairRow] = field(default_factory=list)
    answers: list[AnswerRow] = field(default_factory=list)
    messages: list[MessageRow] = field(default_factory=list)

    @property
    def program(self) -> str:
        return self.definition.program.id

    def until(self, moment: datetime) -> Sample:
        """The same program as it stood at a moment."""
        return Sample(
            definition=self.definition,
            events=[event for event in self.events if event.at <= moment],
            people=self.people,
            participants=self.participants,
            pairs=[
                p for p in self.pairs if any(e.pair == p.id and e.at <= moment for e in self.events)
            ],
            answers=[answer for answer in self.answers if answer.answered_at <= moment],
            messages=[message for message in self.messages if message.queued_at <= moment],
        )

    def write(self, session: Session) -> None:
        """Write all of it into an empty store."""
        session.add(
            ProgramRow(
                id=self.program,
                title=self.definition.program.title,
                definition=self.definition.model_dump(mode="json"),
                epoch=START,
                created_at=START,
            )
        )
        session.add_all(self.people)
        session.flush()
        for rows in (self.participants, self.pairs, self.answers, self.messages):
            session.add_all(rows)
            session.flush()
        journal.append(session, self.program, self.events)


class Writer:
    """Tells a sample's story: what happened, and what was answered."""

    def __init__(self, sample: Sample, seed: int) -> None:
        self.sample = sample
        self.random = random.Random(seed)
        self.number = 0

    def event(
        self,
        kind: EventKind,
        day: float,
        data: dict[str, int | str] | None = None,
        *,
        pair: str | None = None,
        person: str | None = None,
        role: Role | None = None,
    ) -> None:
        self.number += 1
        self.sample.events.append(
            JournalEvent(
                id=f"{pair or 'program'}#{self.number}",
                kind=kind,
                at=START + timedelta(days=day),
                pair=pair,
                person=person,
                role=role,
                data=data or {},
            )
        )

    def answer(
        self,
        occasion: str,
        day: float,
        pair: PairRow,
        role: Role,
        content: dict[str, Any],
        version: int = 1,
    ) -> None:
        person = pair.mentor_id if role is Role.MENTOR else pair.mentee_id
        survey = occasion.partition(":")[0]
        self.sample.answers.append(
            AnswerRow(
                id=f"{self.sample.program}/{pair.id}/{person}/{occasion}",
                program_id=self.sample.program,
                pair_id=pair.id,
                person_id=person,
                role=role.value,
                kind="survey",
                occasion=occasion,
                version=version,
                content=content,
                answered_at=START + timedelta(days=day),
            )
        )
        self.event(
            EventKind.SURVEY_ANSWERED,
            day,
            {"survey": survey, "occasion": occasion},
            pair=pair.id,
            person=person,
            role=role,
        )


def make(seed: int = 20260112) -> Sample:
    """The example program, whole, from invitation to completion."""
    sample = Sample(definition())
    writer = Writer(sample, seed)
    _add_people(writer)
    _add_enrolment(writer)
    _add_pairs(writer)
    for number, pair in enumerate(sample.pairs):
        _live(writer, number, pair)
    writer.event(EventKind.STAGE_ENTERED, 35, {"stage": "meetings"})
    writer.event(EventKind.STAGE_ENTERED, 161, {"stage": "evaluation"})
    writer.event(EventKind.STAGE_ENTERED, 176, {"stage": "completed"})
    writer.event(EventKind.PROGRAM_COMPLETED, 176)
    sample.events.sort(key=lambda event: event.at)
    return sample


def _add_people(writer: Writer) -> None:
    for number, (first, last) in enumerate(zip(FIRST, LAST, strict=True)):
        person = f"p{writer.random.getrandbits(64):016x}"
        is_mentor = number % 2 == 0
        name, email = f"{first} {last}", f"{first}.{last}@example.org".lower()
        joined = None if number in (36, 37, 38, 39) else number < 30
        writer.sample.people.append(
            PersonRow(
                id=person,
                reference=f"E{number:04}",
                name=name,
                email=email,
                language="en",
                timezone=None,
            )
        )
        writer.sample.participants.append(
            ParticipantRow(
                program_id=writer.sample.program,
                person_id=person,
                profile={
                    "reference": f"E{number:04}",
                    "roles": ["mentor" if is_mentor else "mentee"],
                    "name": name,
                    "email": email,
                    "department": DEPARTMENTS[(number * 7) % 40],
                    "level": ("Analyst", "Manager")[number % 3 == 0]
                    if is_mentor
                    else ("Director", "Executive")[number % 3 == 0],
                },
                eligible_roles=["mentor" if is_mentor else "mentee"],
                joined=joined,
                answered_at=None if joined is None else START + timedelta(days=2),
                withdrew_at=None,
            )
        )


def _add_enrolment(writer: Writer) -> None:
    writer.event(EventKind.PROGRAM_STARTED, 0)
    writer.event(EventKind.STAGE_ENTERED, 0, {"stage": "matching"})
    writer.event(EventKind.PEOPLE_INVITED, 0.01, {"count": len(writer.sample.participants)})
    for participant in writer.sample.participants:
        if participant.joined is not None:
            kind = EventKind.JOINED if participant.joined else EventKind.STAYED_OUT
            writer.event(kind, writer.random.uniform(0.1, 13), person=participant.person_id)
        writer.sample.messages.append(
            MessageRow(
                key=f"{writer.sample.program}/-/invitation/start/{participant.person_id}",
                program_id=writer.sample.program,
                pair_id=None,
                person_id=participant.person_id,
                recipient="participant",
                kind="invitation",
                state="sent",
                message_id=f"<{participant.person_id}@example.org>",
                attempts=1,
                error=None,
                queued_at=START,
                sent_at=START,
            )
        )


def _add_pairs(writer: Writer) -> None:
    people = [person.id for person in writer.sample.people]
    mentors, mentees = people[0:26:2], people[1:26:2]
    for mentor, mentee in zip(mentors, mentees, strict=True):
        writer.sample.pairs.append(
            PairRow(
                id=f"q{writer.random.getrandbits(64):016x}",
                program_id=writer.sample.program,
                cohort=0,
                mentor_id=mentor,
                mentee_id=mentee,
                score=round(writer.random.uniform(40, 95), 1),
                reasons=[],
            )
        )
    count = len(writer.sample.pairs)
    writer.event(EventKind.MATCHES_PROPOSED, 14, {"proposal": "r1", "pairs": count, "unmatched": 4})
    writer.event(EventKind.MATCHES_APPROVED, 16, {"proposal": "r1", "pairs": count})
    writer.event(EventKind.STAGE_ENTERED, 16.01, {"stage": "preparation"})


DECLINES, RECOVERS, CLOSES, WITHDRAWS = 0, 3, 7, 10
HELD = {
    1: 6,
    2: 6,
    4: 6,
    5: 6,
    6: 5,
    8: 6,
    9: 6,
    11: 5,
    12: 6,
    RECOVERS: 4,
    CLOSES: 1,
    WITHDRAWS: 2,
}


def _live(writer: Writer, number: int, pair: PairRow) -> None:
    day = 16.1 + number / 100

    def happens(kind: EventKind, at: float, **data: int | str) -> None:
        writer.event(kind, at, data, pair=pair.id)

    def does(kind: EventKind, at: float, who: Role, **data: int | str) -> None:
        person = pair.mentor_id if who is Role.MENTOR else pair.mentee_id
        writer.event(kind, at, data, pair=pair.id, person=person, role=who)

    happens(EventKind.PAIR_INTRODUCED, day)
    if number == DECLINES:
        does(EventKind.INTRODUCTION_DECLINED, day + 2, Role.MENTEE)
        happens(EventKind.PAIR_DECLINED, day + 2.01)
        return
    for role in Role:
        does(EventKind.INTRODUCTION_ACCEPTED, day + writer.random.uniform(0.2, 5), role)
    happens(EventKind.PAIR_PREPARING, day + 6)
    for role in Role:
        does(EventKind.GUIDE_READ, day + writer.random.uniform(6.2, 12), role)
        does(EventKind.AGREEMENT_SIGNED, day + writer.random.uniform(6.2, 12), role)
    does(EventKind.GOALS_WRITTEN, day + 12, Role.MENTEE, count=2)
    _baseline(writer, happens, pair, day + 7)
    happens(EventKind.PAIR_MEETING, day + 12.1)
    at = day + 12.1
    for session in range(1, HELD[number] + 1):
        if number == RECOVERS and session == 3:
            at = _stall(happens, at, steps=("nudge_scheduler", "nudge_both"))
        at += writer.random.uniform(15, 21.5)
        happens(EventKind.SESSION_DUE, at - 8, session=session)
        does(EventKind.SESSION_BOOKED, at - 6, Role.MENTOR, session=session)
        happens(EventKind.SESSION_INVITED, at - 5.99, session=session)
        does(EventKind.SESSION_HELD, at, writer.random.choice(list(Role)), session=session)
        if session == 2:
            _pulse(writer, happens, pair, at)
    if number == CLOSES:
        steps = ("nudge_scheduler", "nudge_both", "tell_coordinator", "tell_sponsor")
        at = _stall(happens, at, steps=steps)
        happens(EventKind.PAIR_CLOSED, at + 14, sessions=1, reason="ladder", step=5)
    elif number == WITHDRAWS:
        does(EventKind.WITHDREW, at + 3, Role.MENTEE)
        happens(EventKind.PAIR_WITHDRAWN, at + 3.01, sessions=2)
    else:
        _evaluate(writer, happens, pair, number)


def _stall(happens: Any, at: float, steps: Sequence[str]) -> float:
    for number, action in enumerate(steps, start=1):
        if number == 1:
            happens(EventKind.PAIR_STALLED, at + 7, step=1)
        happens(EventKind.LADDER_CLIMBED, at + 7 * number, step=number, action=action)
    return at + 7 * len(steps)


def _baseline(writer: Writer, happens: Any, pair: PairRow, at: float) -> None:
    happens(EventKind.CHECK_IN_SENT, at, survey="baseline", occasion=BASELINE, count=2)
    for role in Role:
        if writer.random.random() < 0.9:
            pick = writer.random.choice
            content: dict[str, Any] = {
                "confidence": pick((1, 2, 2, 3, 3, 4)),
                "speaks_up": pick((2, 3, 3, 4)),
                "far_apart": pick((2, 3, 4, 5)),
                "expects": pick((2, 3, 4, 4, 5)),
            }
            writer.answer(BASELINE, at + writer.random.uniform(0.1, 4), pair, role, content)


def _pulse(writer: Writer, happens: Any, pair: PairRow, at: float) -> None:
    happens(EventKind.CHECK_IN_SENT, at + 1, survey="pulse", occasion=PULSE, count=2)
    for role in Role:
        if writer.random.random() < 0.85:
            content: dict[str, Any] = {
                "going_well": writer.random.choice((3, 4, 4, 5, 5)),
                "useful": writer.random.choice((2, 3, 4, 5, 5)),
            }
            writer.answer(PULSE, at + writer.random.uniform(1.1, 6), pair, role, content)


def _evaluate(writer: Writer, happens: Any, pair: PairRow, number: int) -> None:
    happens(EventKind.PAIR_EVALUATING, 161.1)
    happens(EventKind.CHECK_IN_SENT, 161.11, survey="final", occasion=FINAL, count=2)
    for place, role in enumerate(Role):
        if (number, role) in ((4, Role.MENTEE), (9, Role.MENTOR), (6, Role.MENTEE)):
            continue
        pick = writer.random.choice
        content: dict[str, Any] = {
            "recommendation": pick((6, 8, 8, 9, 9, 10, 10)),
            "satisfaction": pick((3, 4, 4, 5, 5)),
            "learned": pick((3, 4, 4, 5)),
            "confidence": pick((3, 4, 5, 5)),
            "trust": pick((3, 4, 5, 5)),
            "held_back": pick((1, 1, 2, 2, 3, 4)),
            "speaks_up": pick((2, 3, 4, 4, 5)),
            "worth_the_time": pick(("more", "as_expected", "as_expected", "less")),
        }
        if role is Role.MENTEE:
            content["goals_reached"] = pick((3, 4, 4, 5))
        if number + place < 10:
            words = BEST[(number + 3 * place) % len(BEST)]
            content["best_part"] = words.format(first=FIRST[number * 2], last=LAST[number * 2])
        if place == 0 and number < 7:
            content["to_improve"] = BETTER[number % len(BETTER)]
        writer.answer(FINAL, 161.5 + writer.random.uniform(0, 12), pair, role, content)
    happens(EventKind.PAIR_COMPLETED, 175, sessions=HELD[number])


def ask_again(sample: Sample, days: int = 91, *, closed: bool = True) -> None:
    """Ask the baseline's questions once more, some time after the end, with a planted effect.

    Whoever answered before and at the end answers again, so that all of them may be told of.
    """
    follow_up = FollowUp(survey="baseline", after=days)
    sample.definition = sample.definition.model_copy(update={"follow_ups": (follow_up,)})
    writer = Writer(sample, seed=days)
    writer.number = len(sample.events)
    occasion, at = follow_up.occasion, 176.0 + days
    answered: dict[str, set[str]] = {}
    for answer in sample.answers:
        answered.setdefault(answer.person_id, set()).add(answer.occasion)
    for pair in sample.pairs[1:]:
        sent: dict[str, int | str] = {"survey": "baseline", "occasion": occasion, "count": 2}
        writer.event(EventKind.CHECK_IN_SENT, at, sent, pair=pair.id)
        for role in Role:
            person = pair.mentor_id if role is Role.MENTOR else pair.mentee_id
            if not {BASELINE, FINAL} <= answered.get(person, set()):
                continue
            pick = writer.random.choice
            scales = ("confidence", "speaks_up", "far_apart", "expects")
            content = {item: pick((3, 4, 4, 5)) for item in scales}
            writer.answer(occasion, at + writer.random.uniform(0.1, 20), pair, role, content)
    if closed:
        over: dict[str, int | str] = {"survey": "baseline", "occasion": occasion}
        writer.event(EventKind.FOLLOW_UP_CLOSED, at + 21, over)
    sample.events.sort(key=lambda event: event.at)


def with_everything(record: Record) -> Record:
    """The same program with all that few programs have: group sessions, earlier runs, a later file.

    Of those in the later file everybody who took part is there still, and one in three rose.
    """
    before = record.definition.program.model_copy(
        update={"title": "Learning from each other 2025 (example)", "starts": date(2025, 1, 13)}
    )
    earlier = record.model_copy(
        update={"definition": record.definition.model_copy(update={"program": before})}
    )
    took_part = {person for pair in record.members for person in pair.people}
    rose = {"Analyst": "Manager", "Manager": "Director", "Director": "Executive"}
    later = {
        one.person: Later(
            present=one.person in took_part or number % 2 == 0,
            level=rose.get(one.level or "", one.level) if number % 3 == 0 else one.level,
        )
        for number, one in enumerate(record.participants)
    }
    return record.model_copy(
        update={
            "group_sessions": (
                GroupAttendance(
                    title="Kick-off", dates=1, needed=1, people=24, came=21, came_to_enough=21
                ),
                GroupAttendance(
                    title="Supervision", dates=3, needed=2, people=12, came=11, came_to_enough=9
                ),
            ),
            "later": later,
            "earlier": (earlier,),
        }
    )


def load(session: Session, sample: Sample) -> Record:
    """Write a sample into an empty store and read it back as a record."""
    sample.write(session)
    session.flush()
    data = load_record(session, sample.program)
    assert data.status == project(sample.events)
    return data
