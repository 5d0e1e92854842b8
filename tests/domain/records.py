"""Small records of programs, told event by event, and the surveys that their people answer."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from domain.calendar import calendar_of
from domain.definition import Columns, Definition
from domain.evaluation import Evaluation, evaluate
from domain.journal import EventKind, JournalEvent
from domain.people import Role
from domain.projection import ProgramStatus, project
from domain.record import Record
from domain.responses import Instruments, Response
from domain.surveys import Item, ItemKind, Option, Survey

START = datetime(2026, 3, 2, 9, tzinfo=UTC)


def _scale(name: str, **more: Any) -> Item:
    return Item(id=name, kind=ItemKind.SCALE, text=f"{name}?", **more)


BEFORE = Survey(
    id="baseline",
    version=1,
    title="Before",
    intro="",
    minutes=1,
    items=(
        _scale("trust", subscale="relationship"),
        _scale("held_back", subscale="relationship", reversed=True),
        _scale("confidence"),
    ),
)
FINAL = Survey(
    id="final",
    version=1,
    title="Looking back",
    intro="",
    minutes=3,
    items=(
        _scale("recommendation", low=0, high=10),
        _scale("satisfaction"),
        *BEFORE.items,
        Item(
            id="worth",
            kind=ItemKind.CHOICE,
            text="Worth it?",
            options=(Option(id="more", text="More"), Option(id="less", text="Less")),
        ),
        Item(id="best", kind=ItemKind.TEXT, text="Best?"),
    ),
)
PULSE = Survey(
    id="pulse", version=1, title="How?", intro="", minutes=1, items=(_scale("going_well"),)
)
SURVEYS = {survey.id: survey for survey in (BEFORE, FINAL, PULSE)}


def definition(*success: dict[str, Any], **changes: Any) -> Definition:
    """A definition with these success metrics."""
    values: dict[str, Any] = {
        "program": {
            "id": "example",
            "title": "Example",
            "organisation": "Example",
            "starts": date(2026, 3, 2),
            "goals": [{"goal": "g", "priority": "p"}],
        },
        "coordinator": {"name": "C", "email": "c@example.org"},
        "sponsor": {"name": "S", "email": "s@example.org"},
        "people": {"columns": Columns(id="id", name="n", email="e")},
        "sessions": {"count": 4, "minimum": 2},
        "check_ins": [
            {"survey": "baseline", "when": "preparation"},
            {"survey": "pulse", "when": "after session 2"},
            {"survey": "final", "when": "evaluation"},
        ],
        "success": success or [{"metric": "sessions_held", "target": ">= 80%"}],
    }
    return Definition.model_validate({**values, **changes})


class Story:
    """Events, one a day, as they are told."""

    def __init__(self) -> None:
        self.events: list[JournalEvent] = []

    def tell(self, kind: EventKind, pair: str | None = None, **data: int | str) -> Story:
        number = len(self.events)
        at = START + timedelta(days=number)
        self.events.append(
            JournalEvent(id=str(number), kind=kind, at=at, pair=pair, person="x", data=data)
        )
        return self

    def meets(self, pair: str, sessions: int) -> Story:
        self.tell(EventKind.PAIR_INTRODUCED, pair).tell(EventKind.PAIR_PREPARING, pair)
        self.tell(EventKind.PAIR_MEETING, pair)
        for session in range(1, sessions + 1):
            self.tell(EventKind.SESSION_HELD, pair, session=session)
        return self

    def over(self) -> ProgramStatus:
        return project(self.tell(EventKind.PROGRAM_COMPLETED).events)

    def at_stage(self, stage: str) -> ProgramStatus:
        return project(self.tell(EventKind.STAGE_ENTERED, stage=stage).events)


def answered(
    survey: str,
    occasion: str,
    number: int,
    role: Role | None,
    answers: dict[str, int | str],
    pair: str | None = None,
) -> Response:
    """What person `number` answered: before the first event, in the order of their numbers."""
    return Response(
        survey=survey,
        occasion=occasion,
        version=1,
        role=role,
        person=f"p{number}",
        pair=pair,
        answers=answers,
        answered_at=START - timedelta(days=100 - number),
    )


def before(number: int, role: Role | None = Role.MENTOR, **answers: int | str) -> Response:
    return answered("baseline", "preparation", number, role, answers)


def final(number: int, role: Role | None = Role.MENTOR, **answers: int | str) -> Response:
    return answered("final", "evaluation", number, role, answers)


def pulse(number: int, role: Role | None = Role.MENTOR, **answers: int | str) -> Response:
    return answered("pulse", "session-2", number, role, answers)


def record_of(
    defined: Definition, status: ProgramStatus, *responses: Response, **more: Any
) -> Record:
    """A record of nothing but this."""
    return Record(
        program="example",
        definition=defined,
        calendar=calendar_of(defined, START),
        status=status,
        responses=responses,
        members=more.pop("members", ()),
        participants=more.pop("participants", ()),
        **more,
    )


def evaluated(
    defined: Definition, status: ProgramStatus, *responses: Response, **more: Any
) -> Evaluation:
    """What such a record comes to."""
    return evaluate(record_of(defined, status, *responses, **more), Instruments(SURVEYS))


def completed() -> ProgramStatus:
    """A program that is over, of which nothing else is known."""
    return Story().over()


def running() -> ProgramStatus:
    """A program in which pairs are meeting."""
    return Story().at_stage("meetings")
