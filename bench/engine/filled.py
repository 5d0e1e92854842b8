"""A store that holds a program of many pairs at the end of its meetings."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from sqlalchemy import insert, update
from sqlalchemy.orm import Session

from bench.engine.lab import REFERENCE
from domain.calendar import epoch_for
from domain.criteria import Objective
from domain.definition import Definition
from domain.ids import answer_id, pair_workflow_id
from domain.journal import EventKind
from domain.lifecycle import Stage
from domain.messages import message_key
from domain.people import Person, Role
from domain.proposal import Proposal, ProposedPair, Totals
from store import programs, proposals, standings
from store.answers import AnswerKind
from store.database import Database
from store.definition_file import load_definition
from store.ledger import MessageState
from store.migrate import migrate
from store.programs import Entrant
from store.tables import AnswerRow, Base, JournalRow, MessageRow, ParticipantRow

PROGRAM = "bench-reference"
SEED = 20261128
STALLS = 0.15
"""Share of pairs that fall silent once, and come back."""

ENDS_EARLY = 0.1
"""Share of pairs that are closed after the first session."""

STAGES = {Stage.DEFINITION: 0, Stage.MATCHING: 0, Stage.PREPARATION: 21, Stage.MEETINGS: 42}
"""Program days from the start to each stage."""

_SOME = 5_000
"""Rows that are written at once."""

Row = dict[str, Any]


def fill(database: Database, pairs: int) -> Definition:
    """Make the tables, and a program of so many pairs that has met: nobody is real.

    The same number gives the same program. Some pairs stalled on the way, and some ended early.
    """
    migrate(database)
    definition = load_definition(REFERENCE)
    now = datetime.now(UTC).replace(microsecond=0)
    started = now - timedelta(days=definition.stages.total - definition.stages.evaluation)
    starts = definition.program.model_copy(update={"starts": started.date()})
    definition = definition.model_copy(update={"program": starts})
    with database.write() as session:
        epoch = epoch_for(definition, started)
        programs.enter(session, definition, _people(pairs), epoch, started)
        joined = {"joined": True, "answered_at": started}
        session.execute(update(ParticipantRow).values(joined))
        ids = {one.person.reference: one.id for one in programs.participants(session, PROGRAM)}
        proposal = _proposal(pairs, ids)
        proposals.save_proposal(session, PROGRAM, proposal, "solver", started)
        programs.form_pairs(session, PROGRAM, proposal)
    with database.write() as session:
        luck = Random(SEED)  # noqa: S311 - figures, no secrets
        events = [_program_event(EventKind.PROGRAM_STARTED, started, 1)]
        for number, (stage, day) in enumerate(STAGES.items(), start=2):
            at = started + timedelta(days=day)
            events.append(_program_event(EventKind.STAGE_ENTERED, at, number, stage=stage.value))
        answers: list[Row] = []
        messages: list[Row] = []
        for match in proposal.pairs:
            pair = programs.pair_id(PROGRAM, match.mentor, match.mentee)
            life = _Life(pair, match.mentor, match.mentee, started, luck)
            life.live()
            events += life.events
            answers += life.answers
            messages += life.messages
        _write(session, JournalRow, sorted(events, key=lambda row: row["at"]))
        _write(session, AnswerRow, answers)
        _write(session, MessageRow, messages)
    standings.catch_up(database, PROGRAM)  # as `journal.append` would have done with each event
    return definition


def fill_invited(database: Database, people: int, now: datetime) -> Definition:
    """Make the tables, and a program that begins now, to which so many people are invited."""
    migrate(database)
    definition = load_definition(REFERENCE)
    starts = definition.program.model_copy(update={"starts": now.date()})
    calendar = definition.calendar.model_copy(
        update={"working_days": tuple(range(7)), "mail_hours": (0, 24 * 60 - 1)}
    )
    definition = definition.model_copy(update={"program": starts, "calendar": calendar})
    with database.write() as session:
        programs.enter(session, definition, _people(people // 2), now, now)
    return definition


def _people(pairs: int) -> list[Entrant]:
    return [
        Entrant(
            person=Person(
                reference=f"{role.value}-{number}",
                name=f"Example {role.value} {number}",
                email=f"{role.value}.{number}@example.com",
                roles=(role,),
            ),
            roles=(role,),
        )
        for number in range(pairs)
        for role in Role
    ]


def _proposal(pairs: int, ids: dict[str, str]) -> Proposal:
    return Proposal(
        pairs=tuple(
            ProposedPair(
                mentor=ids[f"{Role.MENTOR}-{number}"],
                mentee=ids[f"{Role.MENTEE}-{number}"],
                score=80,
                reasons=("The two can meet.",),
            )
            for number in range(pairs)
        ),
        unmatched=(),
        totals=Totals(
            objective=Objective.MOST_PEOPLE,
            pairs=pairs,
            people=2 * pairs,
            score=80.0 * pairs,
            lowest=80 if pairs else None,
        ),
    )


def _program_event(kind: EventKind, at: datetime, number: int, **data: int | str) -> Row:
    return _event(f"program/{PROGRAM}#{number}", kind, at, data)


def _event(
    identity: str,
    kind: EventKind,
    at: datetime,
    data: dict[str, int | str],
    pair: str | None = None,
    person: str | None = None,
    role: Role | None = None,
) -> Row:
    return {
        "id": identity,
        "program_id": PROGRAM,
        "kind": kind.value,
        "at": at,
        "pair_id": pair,
        "person_id": person,
        "role": role.value if role else None,
        "data": data,
    }


class _Life:
    """What the store holds of one pair."""

    def __init__(
        self, pair: str, mentor: str, mentee: str, started: datetime, luck: Random
    ) -> None:
        self._pair = pair
        self._people = {Role.MENTOR: mentor, Role.MENTEE: mentee}
        self._started = started
        self._luck = luck
        self.events: list[Row] = []
        self.answers: list[Row] = []
        self.messages: list[Row] = []

    def live(self) -> None:
        """Live to the end of the meetings, or less long."""
        self._happens(EventKind.PAIR_INTRODUCED, 21, sessions=6, needed=4)
        self._send("introduction", 21)
        for role in Role:
            self._does(EventKind.INTRODUCTION_ACCEPTED, role, 22)
        self._happens(EventKind.PAIR_PREPARING, 22)
        self._send("preparation", 22)
        for kind in (EventKind.TRAINING_DONE, EventKind.AGREEMENT_SIGNED):
            for role in Role:
                self._does(kind, role, 25)
        self._does(EventKind.GOALS_WRITTEN, Role.MENTEE, 25)
        self._happens(EventKind.PAIR_MEETING, 25)
        ends, stalls = self._luck.random() < ENDS_EARLY, self._luck.random() < STALLS
        for number in range(1, 7):
            day = 26 + 21 * (number - 1)
            self._meet(number, day)
            if ends:
                self._happens(EventKind.PAIR_CLOSED, day + 12, reason="coordinator")
                self._send("farewell_closed", day + 12)
                return
            if number == 2:
                self._answer("pulse:session-2", day + 8)
            if number == 3 and stalls:
                about: dict[str, int | str] = {"step": 1, "trigger": "silence"}
                self._happens(EventKind.LADDER_CLIMBED, day + 15, action="nudge_scheduler", **about)
                self._happens(EventKind.PAIR_STALLED, day + 15, **about)
        self._answer("pulse:share-50", 100)
        self._happens(EventKind.PAIR_EVALUATING, 140)

    def _meet(self, number: int, day: float) -> None:
        self._happens(EventKind.SESSION_DUE, day, session=number)
        self._send("session_due", day)
        self._does(EventKind.SESSION_PROPOSED, Role.MENTOR, day + 1, session=number)
        self._does(EventKind.SESSION_BOOKED, Role.MENTEE, day + 2, session=number)
        self._happens(EventKind.SESSION_INVITED, day + 2, session=number)
        for template in ("session_invitation", "session_reminder", "session_follow_up"):
            self._send(template, day + 2)
        self._does(EventKind.SESSION_HELD, Role.MENTOR, day + 7, session=number)

    def _answer(self, occasion: str, day: float) -> None:
        survey = occasion.partition(":")[0]
        self._happens(EventKind.CHECK_IN_SENT, day, survey=survey, occasion=occasion)
        self._send(f"check_in-{occasion}", day)
        for role, person in self._people.items():
            data = {"survey": survey, "occasion": occasion}
            self._does(EventKind.SURVEY_ANSWERED, role, day + 1, **data)
            content = {item: self._luck.randint(1, 5) for item in ("going_well", "useful")}
            self.answers.append(
                {
                    "id": answer_id(PROGRAM, self._pair, person, occasion),
                    "program_id": PROGRAM,
                    "pair_id": self._pair,
                    "person_id": person,
                    "role": role.value,
                    "kind": AnswerKind.SURVEY.value,
                    "occasion": occasion,
                    "version": 1,
                    "content": content,
                    "answered_at": self._at(day + 1),
                    "first_content": None,
                    "first_answered_at": None,
                }
            )

    def _at(self, day: float) -> datetime:
        return self._started + timedelta(days=day + self._luck.random() / 2)

    def _happens(self, kind: EventKind, day: float, **data: int | str) -> None:
        number = len(self.events) + 1
        identity = f"{pair_workflow_id(PROGRAM, self._pair)}#{number}"
        self.events.append(_event(identity, kind, self._at(day), data, pair=self._pair))

    def _does(self, kind: EventKind, role: Role, day: float, **data: int | str) -> None:
        person = self._people[role]
        identity = f"{person}-{len(self.events)}"
        at = self._at(day)
        self.events.append(_event(identity, kind, at, data, self._pair, person, role))

    def _send(self, template: str, day: float) -> None:
        for role, person in self._people.items():
            key = message_key(PROGRAM, self._pair, template, f"{day:g}", role.value)
            self.messages.append(
                {
                    "key": key,
                    "program_id": PROGRAM,
                    "pair_id": self._pair,
                    "person_id": person,
                    "recipient": role.value,
                    "kind": template,
                    "state": MessageState.SENT.value,
                    "message_id": f"<{len(self.messages)}.{self._pair}@example.com>",
                    "attempts": 1,
                    "error": None,
                    "queued_at": self._at(day),
                    "sent_at": self._at(day),
                    "send_after": None,
                    "letter": None,
                }
            )


def _write(session: Session, table: type[Base], rows: Sequence[Row]) -> None:
    for first in range(0, len(rows), _SOME):
        session.execute(insert(table), rows[first : first + _SOME])
